"""step-ca, the real one, for tests: smallstep's authority as Debian packages it
for programs in Go, behind a main of our own (../step/step_ca.go), with a root,
an issuing CA, an X5C and a JWK provisioner made by the openssl command."""
import base64
import hashlib
import json
import os
import socket
import subprocess
import time

PATIENCE = 300


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True,
                          capture_output=True).stdout


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwk(key):
    """The public half of a P-256 key file, and its thumbprint (RFC 7638)."""
    point = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-64:]
    words = {"crv": "P-256", "kty": "EC", "x": base64url(point[:32]),
             "y": base64url(point[32:])}
    text = json.dumps(words, sort_keys=True, separators=(",", ":"))
    kid = base64url(hashlib.sha256(text.encode()).digest())
    return dict(words, use="sig", alg="ES256", kid=kid)


class StepCa:
    def __init__(self, folder, lives="9000h"):
        self.folder = folder
        self.lives = lives
        self.port = 0
        os.makedirs(folder)
        self._certificate("root", None, "basicConstraints=critical,CA:TRUE",
                          "keyUsage=critical,keyCertSign,cRLSign")
        self._certificate("issuing", "root",
                          "basicConstraints=critical,CA:TRUE",
                          "keyUsage=critical,keyCertSign,cRLSign")
        self._certificate("ra-root", None, "basicConstraints=critical,CA:TRUE")
        self._certificate("ra", "ra-root", "keyUsage=critical,digitalSignature",
                          "extendedKeyUsage=clientAuth")
        self._key("jwk")
        with open(self.path("anchors.pem"), "wb") as out:
            for name in ("issuing", "root"):
                with open(self.path(f"{name}.pem"), "rb") as f:
                    out.write(f.read())
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def _key(self, name):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", self.path(f"{name}.key"))
        os.chmod(self.path(f"{name}.key"), 0o600)

    def _certificate(self, name, issuer, *extensions):
        self._key(name)
        words = ["req", "-x509", "-new", "-key", self.path(f"{name}.key"),
                 "-subj", f"/O=Corp/CN=Step {name}", "-days", "3650",
                 "-out", self.path(f"{name}.pem")]
        if issuer:
            words += ["-CA", self.path(f"{issuer}.pem"),
                      "-CAkey", self.path(f"{issuer}.key")]
        for extension in extensions:
            words += ["-addext", extension]
        if extensions and "CA:TRUE" not in extensions[0]:
            words += ["-addext", "basicConstraints=critical,CA:FALSE"]
        openssl(*words)

    def _configure(self):
        claims = {"maxTLSCertDuration": self.lives,
                  "defaultTLSCertDuration": "24h"}
        with open(self.path("ra-root.pem"), "rb") as f:
            roots = base64.b64encode(f.read()).decode()
        config = {
            "root": self.path("root.pem"), "crt": self.path("issuing.pem"),
            "key": self.path("issuing.key"),
            "address": f"127.0.0.1:{self.port}", "dnsNames": ["127.0.0.1"],
            "logger": {"format": "text"},
            "db": {"type": "bbolt", "dataSource": self.path("db")},
            "authority": {"provisioners": [
                {"type": "X5C", "name": "amt fleet", "roots": roots,
                 "claims": claims},
                {"type": "JWK", "name": "amt-keys",
                 "key": jwk(self.path("jwk.key")), "claims": claims}]}}
        with open(self.path("ca.json"), "w") as f:
            json.dump(config, f)

    def start(self):
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        self._configure()
        self.log = open(self.path("log"), "ab")
        self.child = subprocess.Popen(
            [os.environ["STEP_CA"], self.path("ca.json")], stdout=self.log,
            stderr=self.log)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("step-ca does not start: " + self.said())

    def said(self):
        with open(self.path("log"), errors="replace") as f:
            return f.read()

    def stop(self):
        self.child.terminate()
        self.child.wait(PATIENCE)
        self.log.close()
