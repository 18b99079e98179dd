#!/usr/bin/python3
"""server.py AMTKEEPER AMTKEEPER-SIM: --server URL.  Each command that can says
over the API, byte for byte, what it says of the store here; and what becomes of
servers that are away, others, wrong or hostile."""
import base64
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, HERE)
sys.path.insert(1, os.path.join(HERE, "..", "remote"))

from hostile import Hostile, identity  # noqa: E402
from serving import PATIENCE, Serving, check, equal, finish  # noqa: E402
from checks import wait_for  # noqa: E402

AWAY = 1100     # devices that are not there: more than two pages
THERE = 3
FORMATS = ("table", "json", "csv")
(OK, FAILED, USAGE, PARTIAL, NOTHING, REFUSED, INTERRUPTED, WARNED) = (
    0, 1, 2, 3, 4, 5, 6, 7)
INPUT, EXISTS = 20, 21
UNREACHABLE, DENIED, UNTRUSTED, PROTOCOL = 70, 71, 72, 101
PORT = 18443
PASSWORD = "Fleet-Pass-1234!"


class Far:
    """The program where there is no store."""
    def __init__(self, serving):
        self.s = serving
        self.url = f"https://localhost:{serving.port}"
        self.token = os.path.join(serving.where, "token")
        self.env = dict(serving.env, AMTKEEPER_CONFIG="/nonexistent")

    def run(self, *args, url=None, token=None, ca=None):
        return subprocess.run(
            [self.s.program, "--server", url or self.url, *args,
             "--token-file", token or self.token,
             "--ca-file", ca or self.s.ca],
            env=self.env, text=True, capture_output=True, timeout=PATIENCE)

    def here(self, *args):
        return subprocess.run([self.s.program, *args], env=self.s.env,
                              text=True, capture_output=True, timeout=PATIENCE)

    def login(self, user, password):
        """The status that the API answers this user with."""
        client = http.client.HTTPSConnection(
            "localhost", self.s.port, timeout=PATIENCE,
            context=ssl.create_default_context(cafile=self.s.ca))
        both = base64.b64encode(f"{user}:{password}".encode()).decode()
        client.request("GET", "/api/v1/self",
                       headers={"Authorization": "Basic " + both})
        return client.getresponse().status

    def same(self, *args, formats=None, code=OK):
        """In each format; once more when the service wrote in between."""
        for form in formats or (FORMATS if code == OK else ("json",)):
            words = (*args, "-o", form)
            for _ in range(10):
                near, far = self.here(*words), self.run(*words)
                if far.stdout == near.stdout:
                    break
            what = " ".join(words)
            equal(far.returncode, code, f"{what}: exit code ({far.stderr})")
            equal(near.returncode, code, f"{what} here: exit code")
            check(far.stdout == near.stdout, f"{what}: the same rows:\n"
                  f"{far.stdout[:600]}\n--\n{near.stdout[:600]}")
            equal(far.stderr, near.stderr, f"{what}: the same words")

    def fails(self, code, text, *args, **more):
        out = self.run(*args, **more)
        equal(out.returncode, code, f"{args} {more}: exit code ({out.stderr})")
        check(text in out.stderr, f"{args} {more}: {out.stderr!r}")
        equal(out.stdout, "", f"{args} {more}: no rows")


def prepare(s, sim):
    s.prepare(sim, THERE)
    folder = os.path.join(os.path.dirname(s.config), "conf.d")
    os.makedirs(folder, exist_ok=True)
    anchors = os.path.join(s.where, "anchors.pem")
    with open(anchors, "w") as f:
        f.write(s.run("ca", "chain"))
    slow = os.path.join(s.where, "slow")
    with open(slow, "w", opener=lambda p, f: os.open(p, f, 0o755)) as f:
        f.write("#!/bin/sh\n: > \"${0%/*}/asked\"\nexec sleep 1000\n")
    with open(os.path.join(folder, "rare.yaml"), "w") as f:
        f.write("run: {retry_first: 1d}\n"
                "forward:\n  - {name: hook, kind: webhook, from: now, "
                "to: 'http://127.0.0.1:9/'}\n"
                "epo:\n  - {name: console, url: 'https://127.0.0.1:9', "
                f"ca: {anchors}}}\n"
                "bridges:\n  - {name: corp, kind: helper, "
                f"command: /bin/false, anchors: {anchors}}}\n"
                f"  - {{name: slow, kind: helper, command: {slow}, "
                f"timeout: 5m, anchors: {anchors}}}\n")
    # The same port when it comes again: the test has a network of its own.
    with open(s.config) as f:
        text = f.read()
    assert text.count("127.0.0.1:0\n") == 1, text
    client_ca = identity(s.where, "client")[0]
    with open(s.config, "w") as f:
        f.write(text.replace("127.0.0.1:0\n", f"127.0.0.1:{PORT}\n"
                             f"  client_ca: {client_ca}\n"))
    path = os.path.join(s.where, "away.csv")
    with open(path, "w") as f:
        f.write("name,address,password,site\n")
        for i in range(AWAY):
            f.write(f"away{i:04}.fleet.example,127.87.{9 + i // 250}."
                    f"{1 + i % 250},{PASSWORD},{'east' if i % 2 else ''}\n")
    s.run("device", "import", path)
    s.run("user", "add", "robot", "--sets", "administrator", "--no-password",
          "--note", "\"quotes\", a comma; \u00e9", "--certificate",
          "subject:CN=localhost")
    s.run("user", "add", "weak", "--sets", "monitor", "--no-password")
    s.run("user", "add", "gone", "--sets", "monitor", "--no-password")
    for user, name in (("robot", "token"), ("weak", "weak.token"),
                       ("gone", "gone.token")):
        s.run("user", "token", "add", user, "--name", "t", "--to",
              os.path.join(s.where, name))


def devices(far, name):
    far.same("device", "list")
    far.same("device", "list", "--limit", "1003", formats=("csv",))
    far.same("device", "list", name)
    far.same("device", "list", "away000*", name, "away0001*", "--limit", "7")
    far.same("device", "list", "--device", "away0*", "--reason", "offline",
             "--site", "east", formats=("json",))
    far.same("device", "list", "--reason", "clock-skew", code=NOTHING)
    far.same("device", "list", "away0001.fleet.example", "nobody", code=NOTHING)
    far.same("device", "list", "no such & device?", code=NOTHING)
    far.same("device", "list", "--reason", "what", formats=("table",),
             code=USAGE)
    far.same("device", "show", name, "away0002.fleet.example")
    far.same("device", "show", "--all", formats=("json",))
    far.same("device", "show", "nobody", code=NOTHING)
    far.same("device", "show", code=USAGE)


def private(far, name, text):
    path = os.path.join(far.s.where, name)
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text + "\n")
    return path


def alike(far, words, near_name, far_name, code=OK):
    """The same of one that is here and one that is there, but for its name."""
    def told(out, name):
        return (out.returncode, *(text.replace(name, "NAME")
                                  for text in (out.stdout, out.stderr)))

    there = told(far.run(*(w.replace("NAME", far_name) for w in words)),
                 far_name)
    here = told(far.here(*(w.replace("NAME", near_name) for w in words)),
                near_name)
    equal(there, here, " ".join(words))
    equal(there[0], code, f"{words}: {there[2]}")
    return there[2]


def taken(far):
    """Devices taken in and changed."""
    secret = private(far, "device.password", "Quo-te\\1'x!")
    add = ("device", "add", "NAME", "--password-file", secret)
    near, there = "near.fleet.example", "there.fleet.example"

    def row(name):
        rows = far.s.json("device", "list", name)
        return [{k: v for k, v in r.items() if k not in ("name", "next_due")}
                for r in rows]

    alike(far, (*add, "--site", "Bonn", "--group", "Rhein\\Lab", "--os-host",
                "pc9", "--plain"), near, there)
    equal(row(there), row(near), "what is said of it")
    alike(far, add, near, there, EXISTS)
    alike(far, (*add, "--uuid", "x"), "n2.fleet.example", "t2.fleet.example",
          INPUT)
    alike(far, (*add, "--plain", "--tls"), near, there, USAGE)
    bad = private(far, "bad.password", "with:colon,")
    alike(far, (*add[:4], bad), "n2.fleet.example", "t2.fleet.example", INPUT)
    far.same("device", "add", "x.fleet.example", formats=("table",),
             code=INPUT)
    names = {d["name"] for d in far.s.json("device", "list")}
    check(not names & {"n2.fleet.example", "t2.fleet.example"}, "not in")
    alike(far, ("device", "set", "NAME"), near, there, USAGE)
    alike(far, ("device", "set", "NAME", "--site", "Trier", "--os-host", "p8"),
          near, there)
    alike(far, ("device", "set", "NAME", "--uuid", "x"), near, there, INPUT)
    far.same("device", "set", "nobody", "--site", "x", code=NOTHING)
    equal([r["site"] for r in row(there)], ["Trier"], "changed")

    def free(run, name):
        out = []
        wait_for(lambda: out.append(run(
            "device", "set", name, "--tls", "--password-file", secret)) or
            "works on" not in out[-1].stderr, PATIENCE, f"{name} is free")
        return out[-1].returncode, out[-1].stderr.replace(name, "NAME")

    equal(free(far.run, there), free(far.here, near), "device set --tls")
    for name in (near, there):
        to = os.path.join(far.s.where, name)
        far.s.run("secret", "show", name, "--to", to)
        with open(to) as f, open(secret) as g:
            equal(f.read(), g.read(), f"{name}: the password it came with")
        far.s.run("device", "remove", name, "-y")


def files(far):
    """Devices of files: line by line as here."""
    def fleet(who):
        rows = ["name,address,password,os_host,site,group,tags,tls,colour",
                f"{who}1.fleet.example,127.87.1.1,\"Quo\te1'x!\",pc1,Bonn,"
                "Rhein\\Lab,\"a,b\",no,red", "",
                f"{who}2.fleet.example,,Passw0rd!,,\"a \"\"site\"\"\",,,,",
                "no name!,,Passw0rd!,,,,,,", f"{who}3.fleet.example,,short,,,,,,",
                f"{who}4.fleet.example,,,,,,,,", "too,few",
                f"{who}1.fleet.example,,Passw0rd!,,Trier,,,,"]
        return private(far, f"{who}.csv", "\n".join(rows))

    for who in ("near", "afar"):
        fleet(who)
    path = os.path.join(far.s.where, "NAME.csv")
    for words, code in (
            (("--strict",), INPUT), ((), PARTIAL), ((), PARTIAL),
            (("--update",), PARTIAL), (("--update", "--plain"), PARTIAL)):
        for form in FORMATS:
            alike(far, ("device", "import", path, *words, "-o", form), "near",
                  "afar", code)
            if not words:
                break
    keys = ("address", "os_host", "site", "group_path", "use_tls")

    def known(who):
        return [[d.get(k) for k in keys] for d in json.loads(far.here(
            "device", "show", f"{who}[0-9]*", "-o", "json").stdout)]

    equal(known("afar"), known("near"), "what is said of them")
    equal(len(known("afar")), 3, "how many")
    alike(far, ("device", "import", path, "--passwords", private(
        far, "no.csv", "name,password")), "near", "afar", INPUT)
    for who in ("near", "afar"):
        private(far, f"{who}.csv", f"name\n{who}5.fleet.example\n"
                f"{who}6.fleet.example")
        private(far, f"{who}.pw", f"name,password\n{who}5.fleet.example,"
                "Passw0rd!\nnobody.fleet.example,Passw0rd!")
    alike(far, ("device", "import", path, "--passwords", os.path.join(
        far.s.where, "NAME.pw")), "near", "afar", PARTIAL)
    private(far, "many.csv", "name,site\n" + "\n".join(
        f"afar{i:05}.fleet.example,{'x' * 60}" for i in range(12000)))
    out = far.run("device", "import", os.path.join(far.s.where, "many.csv"),
                  "-o", "csv")
    equal((out.returncode, out.stdout.count(",added,")), (OK, 12000),
          f"more than one request takes: {out.stderr}")
    far.s.run("device", "remove", "near*", "afar*", "-y")
    far.fails(DENIED, "lack the right", "device", "import",
              os.path.join(far.s.where, "afar.csv"),
              token=os.path.join(far.s.where, "weak.token"))


def exports(far):
    """Queries that ePO exported."""
    path = os.path.join(far.s.where, "NAME.xml")
    for who in ("near", "afar"):
        private(far, f"{who}.xml", f"<list><query><name>{who} 1</name>"
                "<target>EPOLeafNode</target><summary-uri>query:summary?"
                "orion.query.type=pie.pie&amp;orion.sum.query=true&amp;"
                "orion.sum.group.by=AMT_CustomProps.Version&amp;pie.title=x"
                "</summary-uri></query><query><name>Events</name>"
                "<target>EPOEvents</target></query></list>")
    for words in ((), (), ("--replace", "-o", "json"), ("--replace", "-o",
                                                        "csv", "-q")):
        alike(far, ("query", "import", path, *words), "near", "afar", PARTIAL)
    near, there = ([{k: v for k, v in q.items() if k not in ("id", "name")}
                    for q in far.s.json("query", "list")
                    if q["name"] == f"{who} 1"] for who in ("near", "afar"))
    equal((there, len(near)), (near, 1), "saved alike")
    for text in ("<list/>", "<list>", "{}"):
        for who in ("near", "afar"):
            private(far, f"{who}.xml", text)
        alike(far, ("query", "import", path), "near", "afar", INPUT)
    far.same("query", "import", "/nonexistent", formats=("table",), code=INPUT)
    for who in ("near", "afar"):
        equal(far.run("query", "remove", f"{who} 1").returncode, OK, "gone")


def people(far):
    """Users made and changed."""
    secret = private(far, "user.password", "b\u00e4ttery \"horse\\ staple")
    add = ("user", "add", "NAME", "--sets", "monitor,auditor")
    alike(far, (*add, "--password-file", secret, "--note", "a & b",
                "--certificate", "upn:NAME@corp.example"), "nora", "theo")
    alike(far, (*add, "--no-password"), "nora", "theo", EXISTS)
    alike(far, ("user", "add", "NAME", "--no-password"), "n2", "t2", USAGE)
    alike(far, (*add[:3], "--sets", "x", "--no-password"), "n2", "t2", INPUT)
    alike(far, (*add, "--password-file", private(far, "short", "short")),
          "n2", "t2", INPUT)
    alike(far, ("user", "set", "NAME", "--sets", "monitor", "--note", "",
                "--no-certificate", "--disable"), "nora", "theo")
    alike(far, ("user", "set", "NAME", "--enable", "--disable"), "nora",
          "theo", USAGE)
    users = {u["name"]: u for u in far.s.json("user", "list")}
    check("t2" not in users and "n2" not in users, "not let in")
    keys = ("sets", "enabled", "password", "certificate", "note")
    equal([users["theo"][k] for k in keys], [users["nora"][k] for k in keys],
          "what is said of them")
    equal([users["theo"][k] for k in keys], [["monitor"], False, True, None,
                                             None], "and what that is")
    alike(far, ("user", "set", "NAME", "--enable", "--password-file", secret),
          "nora", "theo")
    with open(secret) as f:
        for name in ("nora", "theo"):
            equal(far.login(name, f.read().rstrip("\n")), 200, name)
            f.seek(0)
    alike(far, ("user", "remove", "NAME", "-y"), "nora", "theo")


def findings(far, name):
    far.same("diagnose", "--offline")
    far.same("diagnose", "--offline", name)
    far.same("diagnose", "--offline", "away000*", "--limit", "7")
    far.same("diagnose", "--offline", "--reason", "offline", "--site", "east",
             "--check", code=PARTIAL)
    far.same("diagnose", "--offline", "nobody", code=NOTHING)
    far.same("diagnose", "--offline", "--reason", "what", formats=("table",),
             code=USAGE)
    far.fails(USAGE, "one name", "diagnose", "--offline", "away0*", name)


def visits(far, name):
    """Devices are read and changed by the service: a run of its own."""
    moves = {"ms", "clock_offset_ms", "read_at"}

    def rows(out):
        return sorted(([{k: v for k, v in r.items() if k not in moves}
                        for r in json.loads(out.stdout or "[]")]),
                      key=lambda r: (r["name"], str(r.get("step"))))

    def alike(*words, code=OK):
        for _ in range(20):  # serve may be at a device
            near, there = (run(*words, "-o", "json", "-q")
                           for run in (far.here, far.run))
            if near.returncode == there.returncode and \
                    rows(near) == rows(there):
                break
            time.sleep(0.5)
        equal((there.returncode, rows(there)), (code, rows(near)),
              f"{words}: {there.stderr}")
        equal(near.returncode, code, f"{words} here: {near.stderr}")
        return rows(there)

    near, there = (run("discover", name) for run in (far.here, far.run))
    equal([r["name"] for r in alike("discover", name)], [name], "discover")
    equal(there.stderr.split("; ")[0], near.stderr.split("; ")[0], "summary")
    equal(there.stdout.splitlines()[0].split(),
          near.stdout.splitlines()[0].split(), "the head of a table")
    check(alike("discover", "away0001*", name, "--limit", "2",
                code=PARTIAL)[0]["error"], "why it could not be read")
    alike("discover", "away0001.fleet.example", code=UNREACHABLE)
    alike("diagnose", name, "away0002*")
    alike("diagnose", "away0002*", "--check", code=PARTIAL)
    alike("discover", "nobody", code=NOTHING)
    steps = alike("plan", "reissue-certificates", name)
    check(len(steps) > 1 and all(s["step"] for s in steps), f"{steps}")
    equal([(s["step"], bool(s["error"])) for s in alike(
        "plan", "auto", "away0003*", code=UNREACHABLE)], [(None, True)],
        "of one that is away nothing is planned")
    alike("plan", "juggle", name, code=USAGE)
    alike("run", "sync-clock", code=REFUSED)
    alike("run", "sync-clock", name)
    alike("run", "auto", name)
    alike("run", "auto", "away0004*", code=UNREACHABLE)
    alike("run", "sync-clock", name, "--dry-run")
    alike("run", "sync-clock", name, "--max-failures", "x", code=USAGE)
    out = far.run("run", "renew-admin-password", name, "-o", "json")
    row = json.loads(out.stdout)[0]
    equal((out.returncode, row["outcome"], row["error"]),
          (OK, "changed", None), f"a change: {out.stderr}")
    check(row["steps"] > 0 and row["task"] == "renew-admin-password", row)
    out = far.run("run", "sync-clock", "--device", "away*",
                  "--max-failures", "3", "-o", "json")
    equal(out.returncode, REFUSED, f"stopped for its failures: {out.stderr}")
    check("stopped after" in out.stderr, out.stderr)
    equal({r["outcome"] for r in json.loads(out.stdout)} | {"skipped"},
          {"failed", "skipped"}, "the others are left alone")
    far.fails(USAGE, "no part of amt-maintenance", "run", "sync-ad-object",
              name)
    far.fails(DENIED, "lack the right", "discover", name,
              token=os.path.join(far.s.where, "weak.token"))


def interrupted(far, name):
    """Who is not waited for goes on."""
    with subprocess.Popen(
            [far.s.program, "discover", "--server", far.url, "--token-file",
             far.token, "--ca-file", far.s.ca, "--device", "away0*",
             name], env=far.env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as waiting:
        before = far.s.json("runs", "list")[0]["id"]
        wait_for(lambda: far.s.json("runs", "list")[0]["id"] != before or
                 waiting.poll() is not None, PATIENCE, "its run")
        run = str(far.s.json("runs", "list")[0]["id"])
        far.run("runs", "pause", run)
        time.sleep(1)
        waiting.send_signal(signal.SIGINT)
        stdout, stderr = waiting.communicate(timeout=PATIENCE)
    equal((waiting.returncode, stdout), (INTERRUPTED, ""), stderr)
    check(f"run {run} goes on there" in stderr, stderr)
    equal(far.s.json("runs", "show", run)[0]["state"], "paused",
          "it was not ended")
    far.run("runs", "abort", run)


def lists(far, name):
    far.same("query", "list")
    far.same("query", "show", "amt-communication-errors")
    far.same("query", "show", "no such", code=NOTHING)
    far.same("tag", "list")
    far.same("task", "list")
    far.same("task", "show", "Collect properties")
    far.same("task", "show", "no such", code=NOTHING)
    far.same("task", "types", formats=("json",))
    far.same("user", "list")
    far.same("user", "token", "list", "robot")
    far.same("user", "token", "list", "nobody", code=NOTHING)
    far.same("journal", "--ended", "--limit", "5")
    far.same("journal", "--ended", "--device", name)
    far.same("journal", "--device", "nobody", code=NOTHING)
    far.same("ca", "list")
    far.same("ca", "list", "--device", name)
    far.same("forward", "status", code=WARNED)  # nobody listens there
    far.same("forward", "dead")
    far.same("forward", "drop", "x", code=REFUSED)
    far.fails(NOTHING, "", "forward", "again", "x")
    far.fails(USAGE, "numbers of events", "forward", "again", "x", "y")
    far.same("server-task", "list")
    far.same("events", "--limit", "1020")
    far.same("events", "--after", "3", "--device", name)
    far.same("events", "--last", "5")
    far.same("events", "--since", "2000-01-01", "--limit", "3")
    far.same("events", "--since", "2100-01-01")
    far.same("events", "--since", "1d", "--last", "3", code=USAGE)
    far.same("events", "--device", "nobody", code=NOTHING)
    far.same("events", "--follow", "--limit", "4", "--last", "9")


def tests(far):
    """What takes its time, and what asks other machines: jobs there."""
    out = far.run("events", "--verify")
    equal((out.returncode, out.stdout), (OK, ""), out.stderr)
    check("is whole" in out.stderr, out.stderr)
    equal(far.run("events", "--verify", "-q").stderr, "", "quiet")
    for words, code in (
            (("forward", "test", "hook"), None),
            (("forward", "test", "none"), NOTHING),
            (("ca", "bridge", "test", "corp"), OK),
            (("ca", "bridge", "test", "none"), NOTHING),
            (("epo", "test", "none"), NOTHING),
            (("epo", "test", "console"), None),
            (("mail", "test", "a@b.example"), None),
            (("directory", "audit"), NOTHING),
            (("directory", "audit", "--ou", "OU=x", "--stale", "2d"), NOTHING),
            (("krb", "status"), NOTHING)):
        near, there = far.here(*words), far.run(*words)
        equal((there.returncode, there.stdout, there.stderr),
              (near.returncode, near.stdout, near.stderr), f"{words}")
        check(near.returncode != USAGE, f"{words}: {near}")
        if code is not None:
            equal(there.returncode, code, f"{words}: exit code")
    with subprocess.Popen(
            [far.s.program, "ca", "bridge", "test", "slow", "--server",
             far.url, "--token-file", far.token, "--ca-file", far.s.ca],
            env=far.env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as waiting:
        wait_for(lambda: os.path.exists(os.path.join(far.s.where, "asked")),
                 PATIENCE, "it is asked")
        waiting.send_signal(signal.SIGINT)
        _, stderr = waiting.communicate(timeout=PATIENCE)
    equal(waiting.returncode, INTERRUPTED, stderr)
    check("was ended" in stderr, stderr)
    out = far.run("mail", "test", "a@b.example",
                  token=os.path.join(far.s.where, "weak.token"))
    equal(out.returncode, DENIED, f"without the right: {out.stderr}")


def queries(far):
    far.same("query", "amt-communication-errors")
    far.same("query", "(startsWith EPOLeafNode.NodeName \"away00\")")
    far.same("query", "--table", "AMT_CustomProps", "--group", "Reasons",
             "--order", "(desc (count))")
    far.same("query", "--select", "NodeName", "--top", "3",
             "--join", "AMT_CustomProps")
    far.same("query", "--join", "*", "--top", "5")
    far.same("query", "--where", "(eq EPOLeafNode.NodeName \"x\")")
    far.same("query", "(eq Nothing 1)", code=INPUT)
    far.same("query", "no such", code=NOTHING)
    save = ("query", "save", "East", "--where", "(eq EPOLeafNode.Site \"east\")",
            "--description", "of a site", "--chart", "pie")
    for args, code in ((save, INPUT), ((*save[:4], "(startsWith "
                       "EPOLeafNode.NodeName \"away1\")", *save[5:]), OK)):
        out = far.run(*args)
        equal(out.returncode, code, f"{args}: {out.stderr}")
    equal(far.run(*args).returncode, EXISTS, "query save, once more")
    equal(far.run(*args, "--replace").returncode, OK, "query save --replace")
    far.same("query", "show", "East")
    far.same("query", "East", formats=("csv",))
    far.same("query", "list")
    equal(far.run("query", "remove", "East").returncode, OK, "query remove")
    far.same("query", "remove", "East", code=NOTHING)
    near, there = (run("query", "amt-communication-errors", "-o", "html").stdout
                   for run in (far.here, far.run))
    check(len(near) > 1000 and len(there) == len(near),
          f"a report: {len(near)} bytes, {len(there)}")


def tags(far, name):
    equal(far.run("tag", "add", "Lab & more", name, "away000*").stderr,
          "amtkeeper: Lab & more: 11 devices changed, 0 were so already\n",
          "tag add")
    equal(far.run("tag", "remove", "Lab & more", "away0001*").stderr,
          "amtkeeper: Lab & more: 1 devices changed, 0 were so already\n",
          "tag remove")
    out = far.run("tag", "add", "Errors", "--query",
                  "amt-communication-errors", "-q")
    equal((out.returncode, out.stderr), (OK, ""), "tag add --query")
    far.same("tag", "list")
    far.same("tag", "remove", "Errors", code=REFUSED)
    far.same("tag", "remove", "no such", name, code=NOTHING)
    equal(far.run("tag", "exclude", "Errors", "away0005*").stderr,
          "amtkeeper: Errors: 1 devices changed, 0 were so already\n",
          "tag exclude")
    far.same("tag", "list")
    far.same("tag", "delete", "Errors", code=REFUSED)
    equal(far.run("tag", "delete", "Errors", "--yes").returncode, OK, "delete")
    far.fails(INPUT, "cannot be asked", "tag", "delete", "a/b", "--yes")
    check("Errors" not in far.here("tag", "list").stdout, "it is gone")
    last = far.s.json("events", "--last", "40")
    check("api:robot" in {e["actor"] for e in last}, "who did it")


def runs(far, name):
    out = far.run("task", "run", "Collect properties", name, "--wait", "-o",
                  "json", "-q")
    equal(out.returncode, OK, f"task run --wait: {out.stderr}")
    run = str(far.s.json("runs", "list")[0]["id"])
    equal(out.stdout, far.here("runs", "items", run, "-o", "json").stdout,
          "its items")
    far.same("runs", "wait", run)
    out = far.run("task", "run", "Collect properties", "--device", "away00*",
                  "--canary", "2", "--retries", "1", "--retry-wait", "1h")
    equal(out.returncode, OK, f"task run: {out.stderr}")
    check(out.stderr.startswith("amtkeeper: Collect properties: run "),
          out.stderr)
    paused = out.stderr.split()[-1]
    for verb, code in (("pause", OK), ("resume", OK), ("abort", OK),
                       ("abort", REFUSED)):
        out = far.run("runs", verb, paused, "--why", "enough & \"more\"")
        equal(out.returncode, code, f"{verb}: {out.stderr}")
    far.same("runs", "resume", paused, code=REFUSED)
    far.same("runs", "wait", paused, code=REFUSED)
    far.same("runs", "list")
    far.same("runs", "list", "--state", "ended", "--limit", "1")
    far.same("runs", "list", "--state", "paused")
    far.same("runs", "list", "--task", "Collect properties", "--since", "1h")
    far.same("runs", "list", "--since", "2100-01-01")
    far.same("runs", "show", run)
    far.same("runs", "items", run)
    far.same("runs", "items", paused, "--limit", "3")
    far.same("runs", "items", run, "--outcome", "failed")
    far.same("runs", "messages", paused)
    for what in ("show", "items", "messages", "wait", "abort"):
        far.same("runs", what, "999999", code=NOTHING)
        far.same("runs", what, "x", code=USAGE)
    far.fails(USAGE, "one --state", "runs", "list", "--state", "ended",
              "--state", "paused")


def assignments(far):
    for args in (("task", "assign", "Collect properties", "--all",
                  "--schedule", "yearly on 1 jan at 00:00", "--disabled",
                  "--canary", "2"),
                 ("task", "assign", "Collect properties", "--query",
                  "renamed-systems"),
                 ("task", "add", "Far", "-t", "sync-clock", "--description",
                  "made there")):
        out = far.run(*args)
        equal(out.returncode, OK, f"{args}: {out.stderr}")
    far.same("task", "show", "Far")
    far.same("task", "add", "Far", "-t", "sync-clock", code=EXISTS)
    far.same("task", "remove", "Far", code=REFUSED)
    equal(far.run("task", "remove", "Far", "-y").returncode, OK, "task remove")
    far.same("task", "remove", "Far", "-y", code=NOTHING)
    made = far.run("task", "assign", "Collect properties", "--all",
                   "--canary", "3", "--wave", "10%", "--max-failures", "5",
                   "--stop-after", "90m", "--no-retries")
    equal(made.returncode, OK, f"rules by the API: {made.stderr}")
    last = far.s.json("task", "assignments")[-1]
    equal(last["rules"], "--canary 3 --wave 10% --max-failures 5 "
          "--stop-after 90m --no-retries", "how a run goes about its devices")
    far.same("task", "run", "Collect properties", "--assignment",
             str(last["id"]), "--all", code=USAGE)
    far.same("task", "assignments")
    far.same("task", "assignments", "Collect properties", formats=("json",))
    far.same("task", "assignments", "no such", code=NOTHING)
    first = str(far.s.json("task", "assignments")[0]["id"])
    for verb in ("enable", "disable"):
        equal(far.run("task", verb, first).returncode, OK, f"task {verb}")
        far.same("task", "assignments")
    far.same("task", "enable", "x", code=USAGE)
    far.same("task", "run", "Synchronize clocks", "--assignment", first,
             code=USAGE)
    out = far.run("task", "run", "Collect properties", "--assignment", first)
    equal(out.returncode, OK, f"run --assignment: {out.stderr}")
    far.run("runs", "abort", out.stderr.split()[-1])
    equal(far.run("task", "unassign", first).returncode, OK, "unassign")
    far.same("task", "unassign", first, code=NOTHING)
    far.same("task", "run", "Collect properties", code=REFUSED)
    far.same("task", "run", "Collect properties", "--tag", "no such",
             code=NOTHING)
    far.same("task", "run", "no such", "--all", code=NOTHING)
    far.same("task", "run", "Collect properties", "--all", "--wave", "x",
             code=USAGE)


def server_tasks(far):
    path = os.path.join(far.s.where, "task.yaml")
    with open(path, "w") as f:
        f.write("name: Find\nactions:\n"
                "  - run-query: {query: amt-communication-errors}\n"
                "    then:\n      - apply-tag: {tag: Found}\n")
    far.here("server-task", "add", path)
    far.same("server-task", "list")
    far.same("server-task", "show", "Find")
    far.same("server-task", "show", "no such", code=NOTHING)
    for verb in ("disable", "enable"):
        equal(far.run("server-task", verb, "Find").returncode, OK, verb)
        far.same("server-task", "list")
    out = far.run("server-task", "run", "Find", "--wait", "-o", "json", "-q")
    equal(out.returncode, OK, f"server-task run: {out.stderr}")
    run = str(far.s.json("server-task", "log")[0]["run"])
    equal(out.stdout,
          far.here("server-task", "log", "--run", run, "-o", "json").stdout,
          "its actions")
    far.same("server-task", "log", "--run", run)
    far.same("server-task", "log", "Find")
    far.fails(NOTHING, "", "server-task", "log", "no such")
    far.fails(USAGE, "name a task", "server-task", "log")
    far.fails(USAGE, "--dry-run does not work", "server-task", "run", "Find",
              "--dry-run")
    equal(far.run("server-task", "remove", "Find", "-y").returncode, OK,
          "server-task remove")
    far.same("server-task", "remove", "Find", "-y", code=NOTHING)
    server_task_files(far, path)


def server_task_files(far, path):
    """What is sent from files here, and comes as a file."""
    def what(name):
        row = far.s.json("server-task", "show", name)[0]
        return {k: v for k, v in row.items() if not k.endswith("_at") and
                k not in ("id", "owner", "name")}

    args = ("server-task", "add", path, "--schedule", "daily at 02:00",
            "--disabled", "--name")
    out = far.run(*args, "Far")
    equal(out.returncode, OK, f"server-task add: {out.stderr}")
    number = far.s.json("server-task", "show", "Far")[0]["id"]
    equal(out.stderr, f"amtkeeper: Far: server task {number}\n", "its number")
    far.here(*args, "Near")
    equal(what("Far"), what("Near"), "a task by the API")
    far.same(*args, "Far", code=EXISTS)
    far.fails(USAGE, "--dry-run does not work", *args, "x", "--dry-run")
    far.same("server-task", "add", "/nonexistent", code=INPUT)
    far.same("server-task", "show", "Far", "--edit", formats=("table",))
    other = os.path.join(far.s.where, "other.yaml")
    with open(other, "w") as f:
        f.write("overlap: true\nenabled: true\n")
    for change in (("--file", other), ("--description", "\"it\" & \u00e9"),
                   ("--schedule", ""), ("--file", other),
                   ("--schedule", "daily at 03:00", "--file", path)):
        for name, run in (("Far", far.run), ("Near", far.here)):
            out = run("server-task", "set", name, *change, "--name", name)
            equal(out.returncode, OK, f"set {name} {change}: {out.stderr}")
        equal(what("Far"), what("Near"), f"after {change}")
    equal((what("Far")["overlap"], what("Far")["schedule"][:14]),
          (True, "daily at 03:00"), "it was changed at all")
    far.same("server-task", "set", "Far", code=USAGE)
    far.same("server-task", "set", "no such", code=NOTHING)
    far.same("server-task", "set", "Far", "--schedule", "x", code=INPUT)
    far.same("server-task", "export", formats=("table",))
    far.same("server-task", "export", "Far", formats=("table",))
    far.same("server-task", "export", "no such", code=NOTHING)
    far.fails(USAGE, "name one task", "server-task", "export", "Far", "Near")
    with open(other, "w") as f:
        f.write(far.run("server-task", "export", "Far").stdout)
    equal(far.run("server-task", "remove", "Near", "-y").returncode, OK, "away")
    far.fails(EXISTS, "a server task of this name", "server-task", "import",
              other)
    out = far.run("server-task", "import", other, "--replace")
    equal((out.returncode, out.stderr),
          (OK, far.here("server-task", "import", other, "--replace").stderr),
          "server-task import")
    check("1 server tasks" in out.stderr, out.stderr)
    with open(other, "wb") as f:
        f.write(b"<list>\xff</list>")
    far.fails(INPUT, "not UTF-8", "server-task", "import", other)
    equal(far.run("server-task", "remove", "Far", "-y").returncode, OK, "away")


def authority(far, name):
    """The CA: what is read of it, and a certificate's end."""
    def shown(run):
        rows = json.loads(run("ca", "show", "-o", "json").stdout)
        return [{k: v for k, v in row.items() if k != "key_file"}
                for row in rows]

    equal(shown(far.run), shown(far.here), "ca show")
    check(len(shown(far.run)) == 1, "an issuing CA")
    for part in ((), ("--root",), ("--all",)):
        far.same("ca", "chain", *part, formats=("table",))
    for args in (("ca", "chain", "--issuer", "1"),
                 ("ca", "chain", "--cross", "1"),
                 ("ca", "crl", "--issuer", "1", "--pem"),
                 ("ca", "crl", "--import", "x", "--pem")):
        far.fails(USAGE, "does not work with --server", *args)
    certs = [c for c in far.s.json("ca", "list", "--device", name)
             if c["revoked_at"] is None]
    check(certs, f"{name} has a certificate")
    serial = certs[0]["serial"]
    far.same("ca", "export", serial, formats=("table",))
    far.same("ca", "export", serial.upper(), formats=("table",))
    far.same("ca", "export", "abcdef", code=NOTHING)
    far.fails(USAGE, "--chain does not", "ca", "export", serial, "--chain")
    far.same("device", "remove", name, "--dry-run")
    far.same("ca", "revoke", serial, code=REFUSED)
    far.same("ca", "revoke", "abcdef", "-y", code=NOTHING)
    far.fails(USAGE, "--force does not", "ca", "revoke", serial, "--force")
    far.fails(USAGE, "a serial number", "ca", "revoke", far.s.ca, "-y")
    out = far.run("ca", "revoke", serial, "-y", "--reason", "superseded")
    equal((out.returncode, out.stderr),
          (OK, f"amtkeeper: {serial} is revoked; \"ca crl\" has it\n"),
          "ca revoke")
    far.same("ca", "list", "--device", name)
    for part in ((), ("--root",)):
        far.same("ca", "crl", "--pem", *part, formats=("table",))
    crl = os.path.join(far.s.where, "far.crl")
    equal(far.run("ca", "crl", "--out", crl).returncode, OK, "ca crl --out")
    text = subprocess.run(["openssl", "crl", "-in", crl, "-inform", "DER",
                           "-noout", "-text"], text=True, check=True,
                          capture_output=True).stdout.lower()
    check(serial.lstrip("0") in text and "superseded" in text, text)


def removals(far):
    def told(out):
        return out.returncode, out.stdout.replace("1098", "1099"), out.stderr

    far.same("device", "remove", "away109*", code=REFUSED)
    far.same("device", "remove", "away109*", "--dry-run")
    far.same("device", "remove", code=USAGE)
    far.same("device", "remove", "nobody", "-y", code=NOTHING)
    for option in ("--revoke", "--disable-object", "--delete-object"):
        far.fails(USAGE, f"{option} does not work", "device", "remove",
                  "away1099*", "-y", option)
    equal(told(far.run("device", "remove", "away1099*", "-y")),
          told(far.here("device", "remove", "away1098*", "-y")),
          "device remove")
    far.same("device", "list", "away1099*", code=NOTHING)
    out = far.run("device", "remove", "away1096*", "away1097*", "-y", "-q",
                  token=os.path.join(far.s.where, "weak.token"))
    equal((out.returncode, out.stdout), (DENIED, ""), "without the right")
    far.same("device", "list", "away109*")
    check(far.s.json("device", "list", "away1097*"), "it stays")


def refusals(far):
    s = far.s
    far.fails(USAGE, "serve does not work with --server", "serve")
    far.fails(USAGE, "config check does not work", "config", "check")
    for args in (("device", "list", "--query", "renamed-systems"),
                 ("tag", "add", "x", "away*", "--query", "renamed-systems")):
        far.fails(USAGE, "does not go with other choices", *args)
    token = str(s.json("user", "token", "list", "gone")[0]["id"])
    equal(far.run("user", "token", "remove", "gone", token).stderr,
          f"amtkeeper: gone: token {token} is gone\n", "a token")
    far.same("user", "token", "remove", "gone", token, code=NOTHING)
    far.same("user", "token", "remove", "gone", "x", code=USAGE)
    equal(far.run("user", "remove", "gone", "-y").returncode, OK, "a user")
    far.same("user", "remove", "gone", "-y", code=NOTHING)
    far.fails(USAGE, "wanted https", "tag", "list", url="http://localhost")
    out = far.run("tag", "list", url="https://u:hidden@localhost")
    equal(out.returncode, USAGE, "a password in the URL")
    check("hidden" not in out.stderr, "it is not said again")
    equal(far.here("tag", "list", "--ca-file", s.ca).returncode, USAGE,
          "--ca-file alone")
    out = far.here("tag", "list", "--server", far.url)
    check(out.returncode == USAGE and "--token-file" in out.stderr,
          f"without a token: {out.stderr}")

    there = dict(far.env, AMTKEEPER_SERVER=far.url,
                 AMTKEEPER_TOKEN_FILE=far.token, AMTKEEPER_CA_FILE=s.ca)
    for args, code in ((("tag", "list"), OK), (("version",), OK),
                       (("query", "operators"), OK), (("ca", "init"), USAGE),
                       (("config", "check"), USAGE)):
        out = subprocess.run([s.program, *args], env=there, text=True,
                             capture_output=True, timeout=PATIENCE)
        equal(out.returncode, code, f"{args} by the environment: {out.stderr}")

    bad = os.path.join(s.where, "bad.token")
    with open(bad, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("nobodys\n")
    far.fails(DENIED, "refuses our token", "tag", "list", token=bad)
    os.chmod(bad, 0o644)
    far.fails(INPUT, "--token-file", "tag", "list", token=bad)
    far.fails(INPUT, "--ca-file", "tag", "list", ca="/nonexistent")
    far.fails(DENIED, "lack the right", "user", "list",
              token=os.path.join(s.where, "weak.token"))
    other, _ = identity(s.where, "other")
    far.fails(UNTRUSTED, far.url, "tag", "list", ca=other)
    far.fails(UNTRUSTED, "127.0.0.1", "tag", "list",
              url=f"https://127.0.0.1:{s.port}")
    far.fails(UNREACHABLE, "", "tag", "list", url="https://localhost:1")


def certificate(far):
    """In place of a token."""
    pem, key = identity(far.s.where, "client")
    stranger, other = identity(far.s.where, "hostile")

    def run(cert, private):
        return subprocess.run(
            [far.s.program, "user", "list", "--server", far.url, "--ca-file",
             far.s.ca, "--cert-file", cert, "--key-file", private],
            env=far.env, text=True, capture_output=True, timeout=PATIENCE)

    out = run(pem, key)
    equal((out.returncode, out.stdout),
          (OK, far.here("user", "list").stdout), f"by certificate {out.stderr}")
    check(run(stranger, other).returncode not in (OK, USAGE), "a stranger's")
    equal(run(pem, other).returncode, INPUT, "another's key")
    os.chmod(key, 0o644)
    equal(run(pem, key).returncode, INPUT, "a key that all may read")
    equal(far.run("tag", "list", "--key-file", key).returncode, USAGE,
          "a key alone")


def outlives(far, run):
    """Whether a command that waits for the run does so without the service,
    and ends when the run does; False: it had not begun to wait."""
    with subprocess.Popen(
            [far.s.program, "runs", "wait", run, "--server", far.url,
             "--token-file", far.token, "--ca-file", far.s.ca, "-o", "csv"],
            env=far.env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as waiting:
        time.sleep(2)
        equal(far.s.child.stop(), 0, "exit code of the service")
        far.fails(UNREACHABLE, far.url, "tag", "list")
        try:
            waiting.wait(2)
        except subprocess.TimeoutExpired:
            pass
        far.s.start()
        if waiting.returncode == UNREACHABLE:
            return False
        equal(far.run("runs", "abort", run, "--why", "enough").returncode, OK,
              "runs abort")
        stdout, stderr = waiting.communicate(timeout=PATIENCE)
    equal(waiting.returncode, REFUSED, f"runs wait: {stderr}")
    check("asked again" in stderr and "was aborted: enough" in stderr, stderr)
    equal(stdout, far.here("runs", "items", run, "-o", "csv").stdout,
          "and its items")
    return True


def restarts(far, name):
    """Who waits for a run outlives the service."""
    out = far.run("task", "run", "Collect properties", name, "away0003*",
                  "--retries", "1", "--retry-wait", "1d")
    run = out.stderr.split()[-1]
    far.run("runs", "pause", run)
    check(any(outlives(far, run) for _ in range(5)), "it waits")


def hostile(far):
    """Servers that are proven, and wrong."""
    ca, key = identity(far.s.where, "hostile")
    with Hostile(ca, key) as h:
        def fails(code, text, *args, **answers):
            h.answers(**answers)
            far.fails(code, text, *args, url=h.url, ca=ca)

        fails(PROTOCOL, "not amtkeeper's API", "tag", "list", version=b"{}")
        fails(PROTOCOL, "version v9", "tag", "list",
              version=b'{"name":"amtkeeper","version":"1","api":"v9"}')
        fails(PROTOCOL, "no JSON", "tag", "list", body=b"<html>")
        fails(PROTOCOL, "not application/x-pem-file", "ca", "chain",
              body=b"<html>")
        fails(PROTOCOL, "no name", "server-task", "show", "x", "--edit")
        fails(PROTOCOL, "no page", "tag", "list", body=b"{}")
        fails(PROTOCOL, "no name", "tag", "list", body=b'{"items":[{"id":1}]}')
        fails(PROTOCOL, "empty", "device", "list",
              body=b'{"items":[],"next":"a"}')
        fails(PROTOCOL, "exceeds", "tag", "list", size=64 << 20)
        fails(PROTOCOL, "elsewhere", "tag", "list", status=307,
              location=far.url + "/api/v1/tags")
        run = (b'{"id":%d,"task":"t","state":"ended","percent":1,"devices":1,'
               b'"ok":1,"changed":0,"waiting":0,"failed":0,"parked":0,'
               b'"offline":0,"busy":0,"skipped":0,"source":"user",'
               b'"actor":"a","created_at":null,"started_at":null,'
               b'"ended_at":null,"why":null}')
        h.answers(bodies=[b'{"items":[' + run % i + b'],"next":"%d"}' % (i % 3)
                          for i in range(9)])
        out = far.run("runs", "list", url=h.url, ca=ca)
        equal(out.returncode, PROTOCOL, f"a list that goes round: {out.stderr}")
        check("came again" in out.stderr, out.stderr)
        check(h.asked < 9, f"{h.asked} pages of it")


def main():
    with Serving(sys.argv[1], "127.87.0.1") as s:
        prepare(s, sys.argv[2])
        s.start()
        far = Far(s)
        wait_for(lambda: all(d["run_result"] for d in s.json("device", "list")),
                 PATIENCE, "every device was looked at")
        name = next(d["name"] for d in s.json("device", "list")
                    if not d["name"].startswith("away"))
        devices(far, name)
        taken(far)
        files(far)
        exports(far)
        people(far)
        findings(far, name)
        visits(far, name)
        interrupted(far, name)
        tags(far, name)
        lists(far, name)
        tests(far)
        queries(far)
        runs(far, name)
        assignments(far)
        server_tasks(far)
        authority(far, name)
        removals(far)
        refusals(far)
        certificate(far)
        restarts(far, name)
        hostile(far)
        equal(s.stop(), 0, "exit code of the service")
    sys.exit(finish())


main()
