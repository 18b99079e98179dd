"""A CA as an administrator has it: the program with a configuration of its own,
and devices whose keys are made here, by openssl."""
import os
import signal
import sqlite3
import subprocess
import time

# Seconds for what must come: no measure, a loaded machine has all of them.
PATIENCE = 120
KEYS = {"rsa-2048": ("RSA", "rsa_keygen_bits:2048", "sha256"),
        "rsa-3072": ("RSA", "rsa_keygen_bits:3072", "sha384"),
        "ec-p384": ("EC", "ec_paramgen_curve:P-384", "sha384")}


# Never asked: what is known of accounts is told by know().
DIRECTORY = """directory:
  enabled: true
  realm: CORP.EXAMPLE
  domain: corp.example
  dc: dc.corp.example
  principal: svc@CORP.EXAMPLE
  keytab: /dev/null
"""


def call(*words, given=None, folder=None, env=None):
    """Exit code and everything that was said."""
    out = subprocess.run(words, input=given, cwd=folder, env=env,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=PATIENCE)
    return out.returncode, out.stdout.decode("utf-8", "replace").strip()


def must(*words, **how):
    code, said = call(*words, **how)
    if code != 0:
        raise AssertionError(f"{' '.join(words)}: {code}: {said}")
    return said


class Authority:
    """`amtkeeper` in a folder, with these templates (text of the profile), of
    which one is named server."""

    def __init__(self, program, folder, templates, url=None, init=(), env=()):
        self.program, self.folder = program, folder
        self.made = os.path.join(folder, "etc")
        self.service = None
        self.env = dict(os.environ, **dict(env), AMTKEEPER_CONFIG=os.path.join(
            self.made, "amtkeeper.yaml"))
        os.makedirs(folder)
        self.run("init", "-q", "--dir", self.made, *init)
        profile = os.path.join(self.made, "profile.yaml")
        with open(profile) as f:
            text = f.read().replace("  #template: tls\n",
                                    "  template: server\n")
        with open(profile, "w") as f:
            f.write(text.replace("  #enabled: false\n", "  enabled: true\n")
                    .replace("  #ou: ''", "  ou: OU=AMT,DC=corp,DC=example") +
                    templates)
        os.mkdir(os.path.join(self.made, "conf.d"))
        with open(os.path.join(self.made, "conf.d/all.yaml"), "w") as f:
            f.write(DIRECTORY)
            if url:
                f.write(f"revocation:\n  listen: {url.split('/')[2]}\n"
                        f"  url: {url}\n")
        self.run("ca", "chain", "--root", "--out", self.path("root.pem"))
        self.run("ca", "chain", "--all", "--out", self.path("chain.pem"))
        with open(self.path("chain.pem")) as f:
            first = f.read().partition("-----END CERTIFICATE-----\n")
        self.write("issuing.pem", first[0] + first[1])

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def run(self, *words, given=None):
        return must(self.program, *words, given=given, env=self.env)

    def add(self, *names):
        rows = "".join(f"{name},127.0.0.1,not-a-real-1\n" for name in names)
        self.run("device", "import", "--strict", "-",
                 given=f"name,address,password\n{rows}".encode())

    def know(self, name, **facts):
        """What a run would have read of the device and its account."""
        with sqlite3.connect(os.path.join(self.made, "fleet.db")) as db:
            for column, value in facts.items():
                db.execute(f"UPDATE device SET {column} = ? WHERE name = ?",
                           (value, name))
        db.close()

    def sign(self, name, template, kind, names=None):
        """NAME.key and NAME.pem of this host."""
        algorithm, option, digest = KEYS[kind]
        key = self.path(f"{name}.key")
        if not os.path.exists(key):
            must("openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt",
                 option, "-out", key)
        must("openssl", "req", "-new", "-key", key, f"-{digest}", "-out",
             self.path(f"{name}.csr"), "-subj", f"/CN={name}", "-addext",
             f"subjectAltName={names or 'DNS:' + name}")
        self.run("ca", "sign", "--template", template, "--out",
                 self.path(f"{name}.pem"), self.path(f"{name}.csr"), name)
        return self.path(f"{name}.pem")

    def revoke(self, name, reason):
        serial = must("openssl", "x509", "-in", self.path(f"{name}.pem"),
                      "-noout", "-serial").partition("=")[2].lower()
        self.run("ca", "revoke", "--yes", "--reason", reason, serial)

    def crl(self):
        self.run("ca", "crl", "--pem", "--out", self.path("crl.pem"))
        must("openssl", "crl", "-in", self.path("crl.pem"), "-outform", "DER",
             "-out", self.path("crl.der"))

    def serve(self):
        log = self.path("serve.log")
        with open(log, "w") as f:
            self.service = subprocess.Popen([self.program, "serve", "-v"],
                                            env=self.env, stderr=f)
        wait_for(lambda: "revocation.crl" in open(log).read(), log)

    def stop(self):
        if self.service is not None:
            self.service.send_signal(signal.SIGTERM)
            self.service.wait(PATIENCE)


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)


class Token:
    """A PKCS#11 token by SoftHSM2, with a key of each kind."""
    MODULE = "/usr/lib/softhsm/libsofthsm2.so"
    PIN = "735-token-928"

    def __init__(self, folder):
        self.folder = os.path.join(folder, "token")
        os.makedirs(os.path.join(self.folder, "tokens"))
        conf = os.path.join(self.folder, "softhsm2.conf")
        self.pin = os.path.join(self.folder, "pin")
        self.env, self.keys = {"SOFTHSM2_CONF": conf}, 0
        with open(conf, "w") as f:
            f.write(f"directories.tokendir = {self.folder}/tokens\n"
                    "log.level = ERROR\n")
        with open(self.pin, "w", opener=lambda p, how: os.open(p, how, 0o600)
                  ) as f:
            f.write(self.PIN + "\n")
        self.call("softhsm2-util", "--init-token", "--free", "--label", "amt",
                  "--pin", self.PIN, "--so-pin", "5678")

    def call(self, *words):
        must(*words, env=dict(os.environ, **self.env))

    def options(self, label, kind):
        """Of `init`, for a CA on a new key of this kind."""
        self.keys += 1
        self.call("pkcs11-tool", "--module", self.MODULE, "--token-label",
                  "amt", "--login", "--pin", self.PIN, "--keypairgen",
                  "--key-type", kind, "--label", label, "--id",
                  f"{self.keys:02}")
        return ("--pin-file", self.pin, "--key",
                f"pkcs11:token=amt;object={label}?module-path={self.MODULE}")
