#!/usr/bin/python3
"""server_tasks.py: the maintenance guide's scenario 1 as a server task: renamed
systems found by a query, repaired, tagged, reported by file, mail and webhook;
killed between any two actions it goes on, and repeats none that must not be.
The mail server and the webhook's receiver are imitations, of the standard
library."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import socketserver

from fleet import (FAULT_EXIT, PATIENCE, Keeper, Sim, check, digest_status,
                   equal, finish, folder, journal_empty, once_soon, wait_for)
from mail_server import Mail, certificate, listen

DEVICES = 4
KEY = b"a key of the test's own"
PASSWORD = "mail's own password"

TASK = """
name: Repair renamed systems nightly
description: scenario 1 of the maintenance guide
actions:
  - run-query: {query: "(startsWith EPOLeafNode.NodeName pc)"}
    then:
      - run-client-task: {task: Collect properties}
  - run-query: {query: Renamed systems}
    then:
      - apply-tag: {tag: renamed}
      - run-client-task: {task: Repair renamed systems, pass: succeeded}
        then:
          - apply-tag: {tag: repaired}
          - clear-tag: {tag: renamed}
      - export-report: {file: "renamed-{run}.html"}
        then:
          - send-email: {to: "a@example.test, b@example.test",
                         subject: "Größe: renamed systems"}
            on-failure: continue
      - export-report: {file: "renamed-{run}.csv"}
      - webhook: {to: chatops}
  - purge-log: {older-than: 90d}
"""


# --- imitations ---

class Hook(http.server.BaseHTTPRequestHandler):
    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers), body))
        self.send_response(204 if len(self.got) > 1 else 503)  # once more
        self.end_headers()

    def log_message(self, *args):
        pass


def configure(keeper, where):
    context, pem = certificate(where)
    hook = listen(http.server.ThreadingHTTPServer, Hook)
    mail = listen(socketserver.ThreadingTCPServer, Mail, context)
    reports = os.path.join(where, "reports")
    os.mkdir(reports)
    folder_d = os.path.join(keeper.folder, "conf.d")
    os.makedirs(folder_d, exist_ok=True)
    with open(os.path.join(folder_d, "servers.yaml"), "w") as f:
        f.write(f"""serve: {{automatic: false}}
report: {{folder: {reports}}}
mail:
  server: smtps://127.0.0.1:{mail}
  from: amtkeeper@example.test
  user: keeper
  tls_ca: {pem}
forward:
  - {{name: chatops, kind: webhook, to: "http://127.0.0.1:{hook}/",
      severity: critical}}
""")
    for name, text, words in (
            ("hook", "whsec_" + base64.b64encode(KEY).decode(),
             ("forward", "secret", "chatops", "--secret-file")),
            ("word", PASSWORD, ("mail", "password", "--password-file"))):
        path = os.path.join(where, name)
        with open(path, "w", opener=lambda p, m: os.open(p, m, 0o600)) as f:
            f.write(text + "\n")
        keeper.run(*words, path, expect=0)
    return reports


# --- the service ---

def run_of(keeper, number):
    row = keeper.json("runs", "show", str(number))
    return row[0] if isinstance(row, list) else row


def actions(keeper, number):
    return keeper.json("server-task", "log", "--run", str(number))


def tagged(keeper, tag):
    return {row["name"]: row["devices"]
            for row in keeper.json("tag", "list")}.get(tag)


def killed_between(keeper, number):
    """Each life of the service ends at another point, as a power cut would."""
    for fault in ("action.begun:1", "action.done:1", "action.ended:5",
                  "action.done:2", "action.report:1", "action.mailed:1",
                  "action.posted:1", "action.ended:1"):
        child = keeper.serve(fault=fault).child
        wait_for(lambda: child.poll() is not None or
                 run_of(keeper, number)["state"] == "ended", PATIENCE,
                 f"{fault} is reached")
        if child.poll() is None:
            child.kill()
            check(False, f"{fault}: the run was over before")
        else:
            equal(child.returncode, FAULT_EXIT, f"killed at {fault}")
        child.wait()


# --- what must hold ---

def signature_holds(headers, body):
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    mac = hmac.new(KEY, text + body, hashlib.sha256).digest()
    return headers["webhook-signature"] == \
        "v1," + base64.b64encode(mac).decode()


def look_at_messages(number):
    ids = {headers["webhook-id"] for headers, _ in Hook.got}
    check(len(Hook.got) >= 2, "the webhook was told again after a 503")
    equal(len(ids), 1, "under one id")
    check(all(signature_holds(*got) for got in Hook.got), "signed each time")
    data = json.loads(Hook.got[-1][1])["data"]["detail"]
    equal((data["run"], data["rows"], len(data["devices"])),
          (number, DEVICES, DEVICES), "what the webhook was told")
    equal(len(Mail.got), 1, "mail: at most once, also when killed behind it")
    login, to, body = Mail.got[0]
    equal((login, len(to)), (f"\0keeper\0{PASSWORD}", 2), "mail: login, to")
    check(b"Subject: =?UTF-8?B?" in body and b"renamed-" in body and
          b"text/html" in body, "mail: subject and report")


def look_at_reports(reports, number):
    with open(os.path.join(reports, f"renamed-{number}.csv")) as f:
        rows = f.read().splitlines()
    equal(len(rows), 1 + DEVICES, "the report's rows")
    with open(os.path.join(reports, f"renamed-{number}.html")) as f:
        check("</html>" in f.read(), "a whole HTML report")
    equal([n for n in os.listdir(reports) if n.endswith(".part")], [],
          "no parts are left")


def scenario(keeper, sim, reports):
    path = os.path.join(keeper.folder, "task.yaml")
    with open(path, "w") as f:
        f.write(TASK)
    rows = keeper.json("server-task", "add", path, "--dry-run")
    equal([row["rows"] for row in rows][:2], [DEVICES] * 2, "a dry run")
    check(all(row["runnable"] for row in rows), "all of it can be run")
    equal(keeper.json("server-task", "list"), [], "and nothing was kept")
    with open(path, "w") as f:
        f.write(TASK.replace("{to: chatops}", "{to: nobody}"))
    rows = keeper.json("server-task", "add", path, "--dry-run")
    equal(sum(not row["runnable"] for row in rows), 1,
          "a dry run finds a place that is not configured")
    out = keeper.run("server-task", "add", path, "--dry-run", "--schedule",
                     "once on 2020-01-01 at 03:00", expect=20)
    check("never runs" in out.stderr, "and a schedule that is over")
    with open(path, "w") as f:
        f.write(TASK)
    keeper.run("server-task", "add", path, expect=0)
    keeper.run("server-task", "run", "repair-renamed-systems-nightly",
               expect=0)
    number = keeper.json("server-task", "log")[0]["run"]
    keeper.run("server-task", "run", "repair-renamed-systems-nightly",
               expect=21)  # never two at once
    killed_between(keeper, number)
    service = keeper.serve()
    wait_for(lambda: run_of(keeper, number)["state"] in ("ended", "aborted"),
             PATIENCE, "it goes on to its end")
    row = run_of(keeper, number)
    equal((row["state"], row["percent"]), ("ended", 100), f"the run {row}")
    found = actions(keeper, number)
    equal([a["does"].split()[0] for a in found if a["state"] == "failed"],
          ["send-email"], "mail that may have left counts as failed")
    for device in sim.devices:
        name = keeper.device(device["name"])["amt_host"] or ""
        check(name.startswith("new-"), f"{device['name']}: renamed ({name})")
        equal(digest_status(device["address"],
                            keeper.password(device["name"])), 200,
              f"{device['name']}: login with the stored password")
    equal((tagged(keeper, "repaired"), tagged(keeper, "renamed")),
          (DEVICES, 0), "tags")
    equal(keeper.json("query", "Renamed systems"), [], "none is left")
    equal(sum(r["source"] == "task" and r["devices"] == DEVICES and
              r["task"] in ("Collect properties", "Repair renamed systems")
              for r in keeper.json("runs", "list")), 2,
          "each client task has run once")
    look_at_reports(reports, number)
    look_at_messages(number)
    return service


def by_schedule(keeper):
    def schedule(text):
        keeper.run("server-task", "set", "repair-renamed-systems-nightly",
                   "--schedule", text, expect=0)
        return (keeper.json("server-task", "list")[0]["next_due"] or
                keeper.json("server-task", "log")[0]["source"] == "schedule")

    once_soon(schedule)
    wait_for(lambda: keeper.json("server-task", "log")[0]["source"] ==
             "schedule", PATIENCE, "its schedule has made a run")
    number = keeper.json("server-task", "log")[0]["run"]
    wait_for(lambda: run_of(keeper, number)["state"] == "ended", PATIENCE,
             "which ends")
    equal(len(Mail.got), 2, "a run of its own has mail of its own")
    equal(keeper.json("server-task", "list")[0]["next_due"], None,
          "once is once")


def main():
    where = folder()
    keeper = Keeper(where)
    keeper.edit("profile.yaml", "  enabled: true", "  enabled: false")  # ad
    reports = configure(keeper, where)
    sim = Sim(where, DEVICES, "--drift", "renamed", "--firmware", "15.0.23",
              "--seed", "31")
    keeper.run("device", "import", sim.csv, expect=0)
    service = scenario(keeper, sim, reports)
    by_schedule(keeper)
    equal(service.stop(), 0, "exit code after SIGTERM")
    journal_empty(keeper, "after the service")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


main()
