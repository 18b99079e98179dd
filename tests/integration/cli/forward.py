#!/usr/bin/python3
"""forward.py AMTKEEPER: events as syslog over TLS, TCP and UDP to a real
rsyslogd, as CEF, and as signed webhooks to a receiver that fails, stalls and
loses answers; kill -9 of the service in between loses none."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import checks  # noqa: E402
from checks import PATIENCE, check, finish  # noqa: E402

KEEPER = os.path.abspath(sys.argv[1])
WHERE = tempfile.mkdtemp(prefix="forward.")
SECRET = "whsec_" + base64.b64encode(b"a key of the test's own").decode()
FAULT_EXIT = 66
WAIT = 5  # seconds that a receiver asks for
children = []


def wait_for(condition, what):
    return checks.wait_for(condition, PATIENCE, what)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def path(name):
    return os.path.join(WHERE, name)


def write(name, text):
    with open(path(name), "w") as f:
        f.write(text)


# --- certificates ---

def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def make_ca(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            f"/CN={name}", "-keyout", path(name + ".key"), "-out",
            path(name + ".pem"))


def make_leaf(ca, name, san):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", f"/CN={name}", "-keyout", path(name + ".key"),
            "-out", path(name + ".csr"))
    write(name + ".ext", f"subjectAltName={san}\n")
    openssl("x509", "-req", "-in", path(name + ".csr"), "-CA",
            path(ca + ".pem"), "-CAkey", path(ca + ".key"), "-CAcreateserial",
            "-days", "30", "-extfile", path(name + ".ext"), "-out",
            path(name + ".pem"))


# --- rsyslogd ---

class Syslog:
    """A real server: TLS, TCP and UDP, a file each."""

    def __init__(self, leaf):
        self.leaf = leaf
        self.torn = Torn()
        self.ports = [free_port(), free_port(),
                      free_port(socket.SOCK_DGRAM)]
        self.child = None

    def start(self):
        tls, tcp, udp = self.ports
        write("rsyslog.conf", f"""
global(workDirectory="{WHERE}"
  defaultNetstreamDriverCAFile="{path('ca.pem')}"
  defaultNetstreamDriverCertFile="{path(self.leaf + '.pem')}"
  defaultNetstreamDriverKeyFile="{path(self.leaf + '.key')}")
module(load="imtcp")
module(load="imudp")
template(name="parts" type="string"
  string="%pri%|%timestamp:::date-rfc3339%|%app-name%|%msgid%|\
%structured-data%|%msg%\\n")
ruleset(name="tls") {{ action(type="omfile" file="{path('tls.log')}"
  template="parts") }}
ruleset(name="tcp") {{ action(type="omfile" file="{path('tcp.log')}"
  template="parts") }}
ruleset(name="udp") {{ action(type="omfile" file="{path('udp.log')}"
  template="parts") }}
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="tls"
  streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" address="127.0.0.1" port="{tcp}" ruleset="tcp")
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="udp")
""")
        self.child = subprocess.Popen(
            ["/usr/sbin/rsyslogd", "-n", "-f", path("rsyslog.conf"), "-i",
             path("rsyslog.pid")], stdout=subprocess.DEVNULL,
            stderr=open(path("rsyslog.err"), "a"))
        children.append(self.child)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                for port in (tls, tcp):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        check(False, "rsyslogd listens")

    def stop(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        self.child.wait(PATIENCE)

    @staticmethod
    def lines(name):
        try:
            with open(path(name + ".log"), encoding="utf-8") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def ids(self, name):
        """Of events, in the order they came."""
        found = [re.search(r'\[amtkeeper@32473 id="(\d+)"|externalId=(\d+)', l)
                 for l in self.lines(name)]
        return [int(m[1] or m[2]) for m in found if m]


# --- the webhook's receiver ---

class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    moods = []      # of the next requests; none: well
    poison = set()  # ids that are refused for ever
    taken = []      # bodies answered, or that we let them believe were not
    problems = []

    asked = []      # when /patient was told, the first time to come later

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/patient":
            return self.ask_for_patience()
        mood = Receiver.moods.pop(0) if Receiver.moods else "well"
        self.verify(body)
        event = json.loads(body)
        if event["id"] in Receiver.poison:
            mood = "400"
        if mood == "stall":
            time.sleep(4)
        if mood in ("well", "lose"):
            Receiver.taken.append(event)
        if mood in ("lose", "stall"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(204 if mood == "well" else int(mood))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def ask_for_patience(self):
        Receiver.asked.append(time.monotonic())
        self.send_response(503 if len(Receiver.asked) == 1 else 204)
        self.send_header("Retry-After", str(WAIT))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def verify(self, body):
        ident, at = self.headers["webhook-id"], self.headers[
            "webhook-timestamp"]
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        mac = hmac.new(key, f"{ident}.{at}.".encode() + body, hashlib.sha256)
        wanted = "v1," + base64.b64encode(mac.digest()).decode()
        if self.headers["webhook-signature"] != wanted:
            Receiver.problems.append("signature")
        if abs(int(at) - time.time()) > 300:
            Receiver.problems.append("timestamp")
        if self.headers["Content-Type"] != "application/cloudevents+json":
            Receiver.problems.append("type")

    def log_message(self, *_):
        pass

    @classmethod
    def ids(cls):
        """Each once, in the order of the first time."""
        return list(dict.fromkeys(int(e["id"]) for e in cls.taken))


class Torn:
    """A syslog server of our own that closes its first connections at once,
    with what was sent unread."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.torn = 0
        self.bytes = b""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            link = self.listener.accept()[0]
            if self.torn < 3:
                self.torn += 1
            else:
                while part := link.recv(65536):
                    self.bytes += part
            link.close()

    def ids(self):
        return sorted({int(m) for m in re.findall(
            rb'\[amtkeeper@32473 id="(\d+)"', self.bytes)})


# --- the program ---

ENV = dict(os.environ, AMTKEEPER_CONFIG=path("etc/amtkeeper.yaml"),
           NO_COLOR="1")


def keep(*args, expect=0, text=None):
    out = subprocess.run([KEEPER, *args], env=ENV, text=True, input=text,
                         capture_output=True, timeout=PATIENCE)
    if out.returncode != expect:
        check(False, f"{args}: {out.returncode}, not {expect}: "
              f"{out.stdout[-500:]}{out.stderr[-500:]}")
    return out


def rows(*args, expect=0):
    return json.loads(keep(*args, "-o", "json", expect=expect).stdout)


def status(expect=(0, 7)):
    out = subprocess.run([KEEPER, "forward", "status", "-o", "json"], env=ENV,
                         text=True, capture_output=True, timeout=PATIENCE)
    assert out.returncode in expect, out
    return {row["name"]: row for row in json.loads(out.stdout)}


class Service:
    def __init__(self, fault=None):
        env = dict(ENV, AMTKEEPER_FAULT=fault) if fault else ENV
        self.child = subprocess.Popen([KEEPER, "serve"], env=env,
                                      stdout=subprocess.DEVNULL,
                                      stderr=open(path("serve.err"), "a"))
        children.append(self.child)

    def stop(self):
        self.child.terminate()
        check(self.child.wait(PATIENCE) == 0, "serve ends well")

    def kill(self):
        self.child.kill()
        self.child.wait(PATIENCE)


added = 0


def add_devices(count):
    """Each is an event."""
    global added
    lines = "".join(f"pc{added + i}.corp.example\n" for i in range(count))
    keep("device", "import", "-", text="name\n" + lines)
    added += count


def events():
    return [row["id"] for row in rows("events")]


def all_there(syslog):
    wanted = events()
    return (sorted(set(syslog.ids("tls"))) == wanted and
            sorted(set(syslog.ids("tcp"))) == wanted and
            Receiver.ids() == wanted)


def configure(syslog, web, more=""):
    tls, tcp, udp = syslog.ports
    os.makedirs(path("etc/conf.d"), exist_ok=True)
    write("etc/conf.d/forward.yaml", f"""forward:
  - {{name: siem, kind: syslog, to: "tls://127.0.0.1:{tls}", from: first,
     tls_ca: {path('ca.pem')}, retry_first: 1s, retry_most: 2s}}
  - {{name: arc, kind: cef, to: "tcp://127.0.0.1:{tcp}", from: first,
     retry_first: 1s, retry_most: 2s, facility: local4}}
  - {{name: old, kind: syslog, to: "udp://127.0.0.1:{udp}"}}
  - {{name: hook, kind: webhook, to: "http://127.0.0.1:{web}/in", from: first,
     timeout: 2s, retry_first: 1s, retry_most: 1s, refusals: 3}}
  - {{name: patient, kind: webhook, to: "http://127.0.0.1:{web}/patient",
     from: first, retry_first: 1s, retry_most: 1m}}
  - {{name: torn, kind: syslog, to: "tcp://127.0.0.1:{syslog.torn.port}",
     from: first, retry_first: 1s, retry_most: 1s}}
{more}""")


# --- what must hold ---

def messages_are_as_said(syslog):
    added_line = [l.split("|") for l in syslog.lines("tls")
                  if "|device.added|" in l][0]
    check(added_line[0] == str(13 * 8 + 5), "facility and severity")
    check(added_line[2] == "amtkeeper", "the name of the application")
    check('class="1001" kind="device.added" device="pc0.corp.example" '
          'actor="cli:' in added_line[4], f"its data: {added_line[4]}")
    check("Device added: pc0.corp.example" in added_line[5], "its text")
    cef = [l.split("|", 5)[5] for l in syslog.lines("tcp")
           if "pc0.corp.example" in l][0]
    check(re.search(r"CEF:0\|amtkeeper\|amtkeeper\|[\d.]+\|1001\|Device added"
                    r"\|4\|rt=\d{13} externalId=\d+ cat=device.added "
                    r"dhost=pc0.corp.example suser=cli:", cef), f"CEF: {cef}")
    cloud = [e for e in Receiver.taken if e["type"] ==
             "amtkeeper.device.added"][0]
    check(cloud["specversion"] == "1.0" and cloud["source"].startswith("//")
          and cloud["subject"] == "pc0.corp.example" and
          cloud["data"]["kind"] == "device.added", f"CloudEvents: {cloud}")
    check(Receiver.problems == [], f"headers: {Receiver.problems[:3]}")


def tests_by_hand(syslog):
    for name in ("siem", "arc", "old"):
        keep("forward", "test", name)
    out = keep("forward", "test", "hook", expect=4)
    check("amtkeeper forward secret hook" in out.stderr, "a secret is wanted")
    keep("forward", "secret", "hook", "--secret-file", "-", text=SECRET)
    keep("forward", "secret", "patient", "--secret-file", "-", text=SECRET)
    keep("forward", "test", "hook")
    keep("forward", "test", "nobody", expect=4)
    for name in ("tls", "tcp", "udp"):
        wait_for(lambda: any("|forward.test|" in l
                             for l in syslog.lines(name)),
                 f"a test message by {name}")
    check(Receiver.taken[-1]["type"] == "amtkeeper.forward.test",
          "a test message by webhook")
    Receiver.taken.clear()
    for name in ("tls", "tcp", "udp"):
        open(path(name + ".log"), "w").close()


def untrusted(syslog, web):
    """Another CA, or another name: not a byte of an event leaves."""
    tls = syslog.ports[0]
    configure(syslog, web, f"""
  - {{name: stranger, kind: syslog, to: "tls://127.0.0.1:{tls}",
     tls_ca: {path('other.pem')}}}
  - {{name: alias, kind: syslog, to: "tls://localhost:{tls}",
     tls_ca: {path('ca.pem')}}}
""")
    for name, why in (("stranger", "self-signed certificate in certificate "
                       "chain|unable to get local issuer"),
                      ("alias", "[Hh]ostname mismatch")):
        out = keep("forward", "test", name, expect=72)
        check(re.search(why, out.stderr), f"{name}: {out.stderr.strip()}")
    configure(syslog, web)


def letters(event):
    """A dead letter is sent again when a person says so, or never; what that
    orders are are events too, and arrive."""
    keep("forward", "again", "nobody", expect=4)
    keep("forward", "again", "hook", str(event + 1), expect=4)
    keep("forward", "again", "hook", "first", expect=2)
    keep("forward", "again", "hook", str(event))
    wait_for(lambda: [d["attempts"] for d in rows("forward", "dead")] == [4],
             "refused again: a dead letter again, and tried no more")
    check(rows("forward", "dead", "hook")[0]["again_at"] is None,
          "nobody wants it sent")
    Receiver.poison.clear()
    Receiver.moods += ["503", "lose"]
    keep("forward", "again", "hook")
    wait_for(lambda: rows("forward", "dead") == [], "once it has arrived, "
             "after failures of the place, it is gone")
    check(event in Receiver.ids(), "it has arrived")
    Receiver.taken.sort(key=lambda e: int(e["id"]))
    last = events()[-1]
    Receiver.poison.add(str(last + 1))
    add_devices(2)
    wait_for(lambda: status()["hook"]["dead"] == 1, "another dead letter")
    keep("forward", "drop", "hook", expect=5, text="")
    check(len(rows("forward", "dead")) == 1, "it is there until one says yes")
    keep("forward", "drop", "hook", str(last + 1), "--yes")
    check(rows("forward", "dead") == [], "dropped")
    keep("forward", "drop", "hook", str(last + 1), "--yes", expect=4)
    Receiver.poison.clear()
    Receiver.taken.append({"id": str(last + 1)})
    Receiver.taken.sort(key=lambda e: int(e["id"]))
    said = [(e["kind"], json.loads(e["detail"])) for e in rows("events")
            if e["kind"] in ("forward.again", "forward.dropped")]
    check(said == [
        ("forward.again", {"place": "hook", "letters": 1, "event": event}),
        ("forward.again", {"place": "hook", "letters": 1}),
        ("forward.dropped", {"place": "hook", "letters": 1,
                             "event": last + 1})], f"who ordered: {said}")


def main():
    make_ca("ca")
    make_ca("other")
    make_leaf("ca", "siem", "IP:127.0.0.1")
    syslog = Syslog("siem")
    syslog.start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    web = server.server_port

    keep("init", "--dir", path("etc"))
    keep("device", "import", "-", text="name\n")
    configure(syslog, web)
    keep("config", "check")
    tests_by_hand(syslog)
    untrusted(syslog, web)

    # All of the past, then what happens.
    add_devices(3)
    service = Service()
    wait_for(lambda: all_there(syslog), "the events of the past")
    add_devices(300)
    wait_for(lambda: all_there(syslog), "and those that come, in batches")
    check(syslog.ids("tls") == events(), "in order, each once")
    messages_are_as_said(syslog)
    wait_for(lambda: all(r["state"] == "well" for r in status().values()),
             "status: all are well")

    wait_for(lambda: len(Receiver.asked) > 1, "it is tried again")
    check(Receiver.asked[1] - Receiver.asked[0] >= WAIT - 1,
          "Retry-After is waited for")
    wait_for(lambda: syslog.torn.ids() == events() and syslog.torn.torn == 3,
             "what was sent and not read is sent again")

    # A receiver that fails, loses answers, stalls.
    Receiver.moods += ["500", "lose", "stall", "503"]
    add_devices(5)
    wait_for(lambda: all_there(syslog), "after failures nothing is lost")
    Receiver.moods += ["429", "302", "401", "404", "410", "503"]
    add_devices(2)
    wait_for(lambda: all_there(syslog), "a place that is busy, elsewhere or "
             "closed is waited for, whatever refusals: says")
    check(rows("forward", "dead") == [], "and nothing is put aside for that")
    Receiver.poison.add(str(events()[-1] + 2))
    add_devices(3)
    poisoned = int(next(iter(Receiver.poison)))
    wait_for(lambda: events()[-1] in Receiver.ids(),
             "one that is refused holds up nobody")
    dead = rows("forward", "dead")
    check([d["event"] for d in dead] == [poisoned] and
          "HTTP 400" in dead[0]["error"], f"and is a dead letter: {dead}")
    letters(poisoned)

    # The servers go away, killed; what was said meanwhile waits.
    syslog.stop(signal.SIGKILL)
    add_devices(20)
    wait_for(lambda: status()["siem"]["state"] == "failing",
             "status tells of a server that is away")
    check(status((7,))["siem"]["behind"] >= 20, "and how far it is behind")
    syslog.start()
    wait_for(lambda: all_there(syslog), "and they come once it is back")

    # kill -9 between sending and the cursor.
    last = events()[-1]
    Receiver.poison.add(str(last + 1))
    add_devices(1)
    wait_for(lambda: status()["hook"]["dead"] == 1, "a last dead letter")
    Receiver.poison.clear()
    service.stop()
    keep("forward", "again", "hook")
    service = Service("forward.letter:1")
    check(service.child.wait(PATIENCE) == FAULT_EXIT, "killed, a letter sent")
    check(len(rows("forward", "dead")) == 1 and last + 1 in Receiver.ids(),
          "it is sent again rather than not at all")
    add_devices(10)
    for fault in ("forward.posted:3", "forward.sent:1"):
        service = Service(fault)
        check(service.child.wait(PATIENCE) == FAULT_EXIT, f"killed at {fault}")
        add_devices(2)
    service = Service()
    add_devices(50)
    time.sleep(0.7)
    service.kill()
    service = Service()
    Receiver.taken.sort(key=lambda e: int(e["id"]))
    wait_for(lambda: all_there(syslog), "kill -9 loses nothing")
    check(rows("forward", "dead") == [], "nor is a letter left")
    wait_for(lambda: all(r["behind"] == 0 for r in status().values()),
             "status knows that")
    # What arrived is known at the end, without a second's wait.
    add_devices(3)
    wait_for(lambda: all_there(syslog), "the last events")
    service.stop()
    check(all_there(syslog), "and nothing after them")
    rest = status()
    check(all(r["behind"] == 0 for r in rest.values()),
          f"nothing is left: {rest}")
    keep("events", "--verify")
    with open(path("serve.err")) as f:
        log = f.read()
    check(SECRET not in log and "whsec_" not in log, "no secret in the log")
    syslog.stop()


try:
    main()
finally:
    for child in children:
        child.kill()
    shutil.rmtree(WHERE, ignore_errors=True)
sys.exit(finish())
