#!/usr/bin/env python3
"""One amtkeeper as a client of another, whose remote commands stand for an
ePO's: both ends are the real program."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../cycle"))
from fleet import PATIENCE, check, equal, finish, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
NAMES = [f"pc{i}.corp.example" for i in range(1, 8)]
OPTIONS = """epo:
  - name: upper
    url: https://localhost:{port}
    ca: {ca}
    query: With UUID
    uuid: AMT_CustomProps.UUID
    add: true
    page: 3
    field: 1
"""


class Keeper:
    def __init__(self, folder, name):
        self.folder = os.path.join(folder, name)
        self.env = dict(os.environ, AMTKEEPER_CONFIG=os.path.join(
            self.folder, "amtkeeper.yaml"))
        self.run("init", "--dir", self.folder)
        os.mkdir(os.path.join(self.folder, "conf.d"))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def run(self, *args, expect=0, text=None):
        out = subprocess.run([os.environ["AMTKEEPER"], *args], env=self.env,
                             text=True, capture_output=True,
                             timeout=PATIENCE, input=text)
        if out.returncode != expect:
            print(out.stdout[-2000:], out.stderr[-2000:])
            equal(out.returncode, expect, " ".join(args))
        return out

    def json(self, *args, expect=0):
        return json.loads(self.run(*args, "-o", "json", expect=expect).stdout)

    def rows(self, *columns):
        rows = self.json("query", "--select", " ".join(columns), "--order",
                         "(asc EPOLeafNode.NodeName)")
        return [tuple(row.values()) for row in rows]


def begin_upper(folder):
    """With its fleet, which it never looks at; returns it, and serve's end."""
    upper = Keeper(folder, "upper")
    fleet = upper.write("fleet.csv", "name,os_host,os_domain,uuid,group\n"
                        + "".join(
                            f"{name},{name.split('.')[0]},corp.example,"
                            f"4c4c4544-0000-1111-2222-{i:012d},Lab\\R{i % 2}\n"
                            for i, name in enumerate(NAMES)))
    upper.write("conf.d/console.yaml", "console:\n  listen: 127.0.0.1:0\n"
                "  name: localhost\n  rate: 0\n")
    upper.run("device", "import", fleet)
    upper.run("user", "add", "svc", "--sets", "administrator",
              "--password-file",
              "-", text=PASSWORD + "\n")
    upper.run("tag", "add", "AMT-CommError", *NAMES[:1])
    upper.run("tag", "remove", "AMT-CommError", *NAMES[:1])
    upper.run("tag", "add", "AMT-CertDue", *NAMES[1:2])
    upper.run("tag", "add", "VIP", *NAMES[2:3])
    upper.run("query", "save", "With UUID", "--select", "NodeName",
              "--where", "(notBlank AMT_CustomProps.UUID)")
    log = open(os.path.join(folder, "log"), "w")
    serve = subprocess.Popen([os.environ["AMTKEEPER"], "serve"],
                             env=upper.env, stderr=log)

    def port():
        with open(log.name) as f:
            return re.search(r"console\.listen .*port=(\d+)", f.read())
    wait_for(port, PATIENCE, "the console listens")
    return upper, serve, int(port()[1])


def tamper(keeper, sql, *values):
    with sqlite3.connect(os.path.join(keeper.folder, "fleet.db"),
                         timeout=PATIENCE) as db:
        db.execute(sql, values)
    db.close()


def suffer(keeper, name, reasons, code=None):
    tamper(keeper, "UPDATE device SET reasons = ?, error_code = ?,"
           " read_at = 1 WHERE name = ?", reasons, code, name)


def pulls(upper, lower):
    report = lower.json("epo", "sync", "upper")[0]
    equal((report["read"], report["added"], report["problems"]), (7, 7, 0),
          "all are taken in")
    columns = ("NodeName", "EPOComputerProperties.IPHostName",
               "AMT_CustomProps.UUID", "EPOBranchNode.NodeTextPath")
    equal(lower.rows(*columns), upper.rows(*columns), "facts are the same")
    equal([t for _, t in lower.rows("NodeName", "Tags")],
          ["", "", "VIP"] + [""] * 4, "and tags but our own")


def tags(keeper):
    return dict(keeper.rows("NodeName", "Tags"))


def pushes(upper, lower):
    texts = dict(upper.rows("NodeName",
                            "EPOComputerProperties.UserProperty1"))
    equal(set(texts.values()), {None}, "nothing to say yet")
    equal(tags(upper)[NAMES[1]], "", "a tag of ours without reason is gone")
    suffer(lower, NAMES[0], "offline", "offline")
    suffer(lower, NAMES[2], "certificate-expired")
    report = lower.json("epo", "sync", "upper")[0]
    equal(report["tagged"], 2, "tags are given")
    found = tags(upper)
    equal((found[NAMES[0]], found[NAMES[2]]),
          ("AMT-CommError", "AMT-CertDue, VIP"), "where they belong")
    texts = dict(upper.rows("NodeName",
                            "EPOComputerProperties.UserProperty1"))
    equal((texts[NAMES[0]], texts[NAMES[2]]),
          ("Failed to enforce policy: offline", "AMT: certificate-expired"),
          "and what is wrong")
    suffer(lower, NAMES[0], "")
    report = lower.json("epo", "sync", "upper")[0]
    equal((report["untagged"], tags(upper)[NAMES[0]]), (1, ""), "and taken")
    check("remote:svc" in upper.run("events", "-o", "csv").stdout,
          "the other's audit chain has who did it")


def follows(upper, lower):
    upper.run("device", "set", NAMES[3], "--os-host", "neu4")
    upper.run("device", "remove", NAMES[6], "--yes")
    lower.run("epo", "sync", "upper")
    tamper(lower, "UPDATE upstream SET full_at = 0")
    report = lower.json("epo", "sync", "upper")[0]
    equal((report["full"], report["gone"]), (True, 1), "one is gone")
    found = dict(lower.rows("NodeName", "EPOComputerProperties.IPHostName"))
    equal(found[NAMES[3]], "neu4.corp.example", "one was renamed")
    check(NAMES[6] in found, "what is gone there stays here")


def main():
    folder = tempfile.mkdtemp(prefix="amtkeeper-peer-")
    serve = None
    try:
        upper, serve, port = begin_upper(folder)
        lower = Keeper(folder, "lower")
        ca = lower.write("upper.pem", upper.run("ca", "chain").stdout)
        lower.write("conf.d/epo.yaml", OPTIONS.format(port=port, ca=ca))
        lower.run("epo", "login", "upper", "--user", "svc",
                  "--password-file", "-", text=PASSWORD + "\n")
        found = lower.json("epo", "test", "upper", expect=3)
        equal([(r["what"], r["found"]) for r in found if r["problem"]],
              [("tag", "AMT-ADPwdDue")], "one tag is missing there")
        pulls(upper, lower)
        pushes(upper, lower)
        follows(upper, lower)
        serve.terminate()
        equal(serve.wait(PATIENCE), 0, "the other ends well")
        equal(lower.run("events", "--verify").returncode, 0, "audit chain")
    finally:
        if serve is not None:
            serve.kill()
            serve.wait()
        shutil.rmtree(folder)
    finish()


main()
