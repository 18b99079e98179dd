"""A fleet of simulated devices, the program that keeps it, and what to ask of
both.  Run beside tests/lab/labrun, which gives a real Active Directory."""
import datetime
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
FAULT_EXIT = 66
sys.path.insert(0, os.path.dirname(HERE))
from checks import PATIENCE, check, equal, far_off, wait_for  # noqa: E402
from checks import finish as any_failed  # noqa: E402
from served import Served  # noqa: E402


def finish():
    sys.exit(any_failed())


class Sim:
    """amtkeeper-sim as a child; its control socket tells the truth."""

    def __init__(self, folder, devices, *options):
        self.folder = folder
        self.socket = os.path.join(folder, "sim.sock")
        self.csv = os.path.join(folder, "fleet.csv")
        self.hosts = os.path.join(folder, "hosts")
        self.program = os.environ["SIM"]
        read, write = os.pipe()
        self.child = subprocess.Popen(
            [self.program, "--devices", str(devices),
             "--domain", os.environ["LAB_DOMAIN"],
             "--state", os.path.join(folder, "sim"),
             "--control", self.socket, "--write-fleet", self.csv,
             "--write-hosts", self.hosts, "--ready-fd", str(write),
             *options], pass_fds=[write])
        os.close(write)
        os.read(read, 1)
        os.close(read)
        subprocess.run([os.path.join(ROOT, "tests/lab/labdns"), self.hosts],
                       check=True)
        with open(self.csv) as f:
            lines = [line.rstrip("\n").split(",") for line in f]
        self.devices = [dict(zip(lines[0], line)) for line in lines[1:]]

    def ctl(self, *words):
        out = subprocess.run([self.program, "--ctl", self.socket, *words],
                             capture_output=True, text=True)
        return json.loads(out.stdout)

    def get(self, name):
        return self.ctl("get", name)

    def fault(self, rule):
        answer = self.ctl("fault", *rule.split())
        assert "error" not in answer, answer

    def hold(self, name, method):
        """Its answer to that is kept back until let_go()."""
        self.fault(f"{name} {method} delay 3600000 times 1")

    def held(self):
        """How many answers were kept back since rules were cleared."""
        return sum(f["fired"] for f in self.ctl("faults")
                   if f["argument"] == 3600000)

    def let_go(self, *names):
        for name in names:
            self.ctl("set", name, "answer-now")

    def stop(self):
        self.child.terminate()
        self.child.wait(PATIENCE)


class Keeper:
    """amtkeeper with a configuration of its own."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "keeper")
        self.program = os.environ["AMTKEEPER"]
        self.env = dict(os.environ, AMTKEEPER_CONFIG=os.path.join(
            self.folder, "amtkeeper.yaml"))
        env = os.environ
        self.run("init", "--dir", self.folder, "--realm", env["LAB_REALM"],
                 "--domain", env["LAB_DOMAIN"], "--dc", env["LAB_DC"],
                 "--ou", env["LAB_OU"], "--principal", env["LAB_PRINCIPAL"],
                 "--keytab", env["LAB_KEYTAB"], expect=0)
        # Of a loaded machine's, not of a device's: those are told to be silent.
        self.edit("amtkeeper.yaml", "  #connect_timeout:",
                  "  connect_timeout: 5m")
        self.edit("amtkeeper.yaml", "  #call_timeout:", "  call_timeout: 10m")
        self.edit("profile.yaml", "  #acl:",
                  f"  acl:\n    - {{sid: {env['LAB_ADMINS_SID']}, "
                  "realms: \"3\", access: 2}")

    def edit(self, file, start, new, section=None):
        """Replace the one line that begins so, or the first in a section."""
        path = os.path.join(self.folder, file)
        with open(path) as f:
            lines = f.read().split("\n")
        first = lines.index(section + ":") if section else 0
        at = [i for i, line in enumerate(lines)
              if i >= first and line.startswith(start)]
        assert len(at) == 1 or (at and section), (file, start, at)
        lines[at[0]] = new
        with open(path, "w") as f:
            f.write("\n".join(lines))

    def run(self, *args, expect=None, fault=None, timeout=PATIENCE):
        env = dict(self.env, AMTKEEPER_FAULT=fault) if fault else self.env
        out = subprocess.run([self.program, *args], env=env, text=True,
                             capture_output=True, timeout=timeout)
        if expect is not None and out.returncode != expect:
            print(out.stdout[-3000:], out.stderr[-3000:], sep="\n")
            equal(out.returncode, expect, "exit code of " + " ".join(args))
        return out

    def serve(self, *options, fault=None):
        env = dict(self.env, AMTKEEPER_FAULT=fault) if fault else self.env
        return Served(self.program, env,
                      os.path.join(self.folder, "serve.log"), *options)

    def json(self, *args):
        out = self.run(*args, "-o", "json")
        return json.loads(out.stdout or "[]")

    def device(self, name):
        found = self.json("device", "show", name)
        return found[0] if isinstance(found, list) else found

    def password(self, name):
        path = os.path.join(self.folder, "password")
        if os.path.exists(path):
            os.unlink(path)
        self.run("secret", "show", name, "--to", path, expect=0)
        with open(path) as f:
            return f.read().rstrip("\n")

    def reasons(self, *args):
        """Reason codes by device name."""
        return {row["name"]: set(row["reasons"] or [])
                for row in self.json("diagnose", *args)}


def digest_status(address, password, port=16993):
    """HTTP status of a login as admin, by curl."""
    url = f"{'https' if port == 16993 else 'http'}://{address}:{port}/wsman"
    out = subprocess.run(
        ["curl", "-s", "-k", "-K", "-", "--digest", "-o", "/dev/null",
         "-w", "%{http_code}", "-H", "Content-Type: application/soap+xml",
         "--data", "@" + os.path.join(
             ROOT, "contrib/get-general-settings.xml"), url],
        input=f'user = "admin:{password}"\n', text=True, capture_output=True)
    return int(out.stdout or 0)


def consistent(sim, keeper, row, what, wrong=1):
    """A device is as the store believes, and the store as it must be; so many
    wrong credentials may have been sent: one for each run that was ended."""
    name = row["name"]
    true, record = sim.get(name), keeper.device(name)
    equal(record["leaf_sha256"], true["leaf_sha256"], f"{what}: pinned leaf")
    equal(digest_status(row["address"], keeper.password(name)), 200,
          f"{what}: login with the stored password")
    check(true["wrong_credentials"] <= wrong, f"{what}: {wrong} wrong "
          f"credentials at most, {true['wrong_credentials']} were sent")
    if record["ad_dn"]:
        equal(true["krb_kvno"], record["ad_kvno"], f"{what}: kvno")
    valid = [c for c in keeper.json("ca", "list")
             if c["device"] == name and not c["revoked_at"]]
    known = {record[k] for k in ("cert_serial", "next_cert_serial",
                                 "old_cert_serial")}
    check(all(c["serial"] in known for c in valid),
          f"{what}: no valid certificate without a record")
    equal(record["cert_ours"], True, f"{what}: certificate is ours")
    equal(record["reasons"] or [], [], f"{what}: healthy")


def journal_empty(keeper, what):
    equal(keeper.json("journal"), [], f"{what}: journal is empty")


def outcomes(keeper, *words):
    """Of a run, by device."""
    return {row["name"]: row["outcome"]
            for row in keeper.json("run", *words)}


def until_changed(sim, keeper, name, old):
    """What is asked anew after a second, is so in a second or two."""
    for _ in range(5):
        keeper.run("ca", "bridge", "hasten", name)
        keeper.run("run", "reissue-certificates", name)
        if sim.get(name)["leaf_sha256"] != old:
            return True
    return False


def once_soon(give):
    """give(schedule) once, for a moment ahead of us; false: it had passed by
    then, as on a loaded machine."""
    for lead in (2, 20, 200):
        at = datetime.datetime.now(datetime.timezone.utc) + \
            datetime.timedelta(seconds=lead)
        if give(at.strftime("once on %Y-%m-%d at %H:%M:%S UTC")):
            return at
    check(False, "a schedule is there before its time")
    return at


def verifies(row, name, anchors):
    out = subprocess.run(
        ["openssl", "s_client", "-connect", f"{row['address']}:16993",
         "-verify_hostname", name, "-CAfile", anchors,
         "-verify_return_error"], stdin=subprocess.DEVNULL, text=True,
        capture_output=True, timeout=PATIENCE)
    check("Verify return code: 0 (ok)" in out.stdout,
          f"{name}: openssl verifies against the enterprise's CA")


def who_holds(where, text):
    """Names of files with this text in them."""
    found = []
    for top, _, names in os.walk(where):
        for name in names:
            with open(os.path.join(top, name), "rb") as f:
                if text.encode() in f.read():
                    found.append(name)
    return found


def administrate(command, text):
    """LDIF for ldapadd or ldapmodify, as the domain's Administrator."""
    env = os.environ
    with open(env["LAB_ADMIN_PASSWORD_FILE"]) as f:
        password = f.read().rstrip("\n")
    path = os.path.join(env["LAB_DIR"], "administrator")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(password)
    out = subprocess.run(
        [command, "-H", f"ldaps://{env['LAB_DC']}", "-x", "-D",
         f"Administrator@{env['LAB_DOMAIN']}", "-y", path],
        input=text, text=True, capture_output=True, timeout=PATIENCE,
        env=dict(env, LDAPTLS_CACERT=env["LAB_CA"]))
    equal(out.returncode, 0, f"{command}: {out.stdout}{out.stderr}")


def folder():
    path = os.path.join(os.environ["LAB_DIR"], "test")
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path
