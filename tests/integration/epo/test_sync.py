#!/usr/bin/env python3
"""amtkeeper as a client of an ePO server that misbehaves: whatever it does,
both sides end in the right state.  The server is the imitation in stand_in.py,
the program the real one; what is wrong with devices is put into the store
behind its back."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../cycle"))
sys.path.insert(0, os.path.dirname(__file__))
from fleet import FAULT_EXIT, PATIENCE, check, equal, finish, wait_for  # noqa: E402
from stand_in import StandIn, make_ca  # noqa: E402

OPTIONS = """epo:
  - name: corp
    url: https://localhost:{port}
    ca: {folder}/ca.pem
    add: true
    field: 2
    issues: needs-person credentials-rejected
    page: 3
"""


class Keeper:
    def __init__(self, folder, port):
        self.folder = os.path.join(folder, "keeper")
        self.program = os.environ["AMTKEEPER"]
        self.env = dict(os.environ, AMTKEEPER_CONFIG=os.path.join(
            self.folder, "amtkeeper.yaml"))
        self.run("init", "--dir", self.folder, expect=0)
        os.mkdir(os.path.join(self.folder, "conf.d"))
        self.base = OPTIONS.format(port=port, folder=folder)
        self.options("")

    def options(self, more):
        with open(os.path.join(self.folder, "conf.d/epo.yaml"), "w") as f:
            f.write(self.base + more)

    def run(self, *args, expect=None, fault=None, text=None):
        env = dict(self.env, AMTKEEPER_FAULT=fault) if fault else self.env
        out = subprocess.run([self.program, *args], env=env, text=True,
                             capture_output=True, timeout=PATIENCE,
                             input=text)
        if expect is not None and out.returncode != expect:
            print(out.stdout[-2000:], out.stderr[-2000:], sep="\n")
            equal(out.returncode, expect, "exit code of " + " ".join(args))
        return out

    def impatient(self, expect=None):
        """A sync that does not wait for long."""
        self.options("    timeout: 2s\n")
        self.sync(expect=expect)
        self.options("")

    def sync(self, expect=0, **more):
        """The report of a sync; None when there is none."""
        out = self.run("epo", "sync", "corp", "-o", "json", expect=expect,
                       **more)
        self.said = out.stderr
        return json.loads(out.stdout)[0] if out.stdout else None

    def json(self, *args):
        return json.loads(self.run(*args, "-o", "json").stdout or "[]")

    def status(self):
        return self.json("epo", "status")[0]

    def next_at(self):
        with sqlite3.connect(os.path.join(self.folder, "fleet.db")) as db:
            found = db.execute("SELECT next_at FROM upstream").fetchone()[0]
        db.close()
        return found

    def devices(self):
        return {d["name"]: d for d in self.json("device", "show", "--all")}

    def place(self, name):
        """Tags and group."""
        rows = self.json("query", "--select",
                         "NodeName Tags EPOBranchNode.NodeTextPath")
        return next((r["EPOLeafNode.Tags"], r["EPOBranchNode.NodeTextPath"])
                    for r in rows if r["EPOLeafNode.NodeName"] == name)

    def tamper(self, sql, *values):
        with sqlite3.connect(os.path.join(self.folder, "fleet.db"),
                             timeout=PATIENCE) as db:
            db.execute(sql, values)
        db.close()

    def suffer(self, name, reasons, code=None, text=None):
        self.tamper("UPDATE device SET reasons = ?, error_code = ?,"
                    " error_text = ?, read_at = 1 WHERE name = ?",
                    reasons, code, text, name)

    def settle(self):
        """The server had all the time it could need for what it was sent."""
        self.tamper("UPDATE upstream_issue SET at = at - 1000")


def shown(epo, number):
    return epo.systems[number]["fields"].get("customField2")


def tags(epo, number):
    return {t for t in epo.systems[number]["EPOLeafNode.Tags"]
            if t.startswith("AMT-")}


def open_issues(epo):
    return sorted(i["name"] for i in epo.issues.values()
                  if i["state"] != "CLOSED")


def checks(epo, keeper):
    """config check says what a sync would refuse."""
    keeper.run("config", "check", expect=0)
    for line, text in (("tags: AMT-X=no-such-code", "no finding no-such-code"),
                       ("tags: AMT-X", "must be TAG=CODE"),
                       ("where: (eq T.C 1", "must be one condition"),
                       ("ca: /nowhere", "/nowhere")):
        base, keeper.base = keeper.base, keeper.base.replace(
            "    ca:", "    #ca:") if line.startswith("ca") else keeper.base
        keeper.options(f"    {line}\n")
        keeper.base = base
        out = keeper.run("config", "check", expect=10)
        check(text in out.stderr, f"{line}: {out.stderr}")
    keeper.options("")


# --- what a well-behaved server and a strange one have in common ---

def logs_in(epo, keeper):
    keeper.run("epo", "sync", "corp", expect=4)
    keeper.run("epo", "login", "corp", "--user", "svc", "--password-file",
               "-", text="wrong\n", expect=0)
    keeper.run("epo", "sync", "corp", expect=71)
    equal(epo.denied, 1, "a wrong password is sent once")
    keeper.run("epo", "sync", "corp", expect=71)
    equal(epo.denied, 1, "and not again by the next sync")
    equal(keeper.status()["state"], "denied", "state")
    keeper.run("epo", "login", "corp", "--user", "svc", "--password-file",
               "-", text="Sesam-0ffne\n", expect=0)
    with open(os.path.join(keeper.folder, "fleet.db"), "rb") as f:
        check(b"Sesam-0ffne" not in f.read(), "the password is sealed")


def pulls(epo, keeper):
    for i in range(1, 8):
        epo.add(100 + i, f"pc{i}.corp.example", tags={"Server"})
    epo.add(120, "under_score.corp.example")
    report = keeper.sync()
    equal((report["full"], report["read"], report["added"],
           report["problems"]), (True, 8, 7, 1), "first pull")
    device = keeper.devices()["pc3.corp.example"]
    equal((device["os_host"], device["os_domain"]), ("pc3", "corp.example"),
          "host facts")
    equal(keeper.place("pc3.corp.example"), ("Server", "My Organization\\Lab"),
          "tags and group")
    trouble = keeper.json("epo", "status", "corp")
    equal([t["system"] for t in trouble], [120], "what cannot be a name")
    report = keeper.sync()
    equal((report["full"], report["added"], report["changed"]),
          (False, 0, 0), "nothing changed")


def follows(epo, keeper):
    """Renamed, moved, other tags; long silent ones are not read."""
    s = epo.systems[103]
    s["EPOComputerProperties.IPHostName"] = "neu3.corp.example"
    s["EPOBranchNode.NodeTextPath2"] = "My Organization\\Berlin\\R1"
    s["EPOLeafNode.Tags"] = {"VIP"}
    for i in (101, 102, 104):
        epo.systems[i]["updated"] -= 7200
    report = keeper.sync()
    equal((report["read"], report["changed"]), (5, 1), "one was renamed")
    device = keeper.devices()["pc3.corp.example"]
    equal(device["os_host"], "neu3", "its device knows")
    equal(keeper.place("pc3.corp.example"), ("VIP", "My Organization\\Berlin\\R1"), "and is where it is")


def pushes(epo, keeper):
    epo.tags |= {"AMT-CommError", "AMT-CertDue", "AMT-ADPwdDue"}
    keeper.suffer("pc1.corp.example", "certificate-expiring,clock-skew")
    keeper.suffer("pc2.corp.example", "", "offline", "nobody answers")
    keeper.suffer("pc4.corp.example", "needs-person", None, None)
    report = keeper.sync()
    equal((report["tagged"], report["opened"]), (2, 1), "pushed")
    equal(tags(epo, 101), {"AMT-CertDue"}, "tag of an old certificate")
    equal(tags(epo, 102), {"AMT-CommError"}, "tag of an error")
    equal(shown(epo, 101), "AMT: certificate-expiring, clock-skew", "text")
    equal(shown(epo, 102), "Failed to enforce policy: offline", "its text")
    equal(open_issues(epo), ["AMT needs-person: pc4.corp.example"], "issue")
    before = len(epo.log)
    report = keeper.sync()
    sent = {name for name, _ in epo.log[before:]}
    check(not sent & {"system.applyTag", "system.clearTag",
                      "system.setUserProperties", "issue.createIssue",
                      "issue.updateIssue"}, f"only differences: {sent}")
    keeper.suffer("pc1.corp.example", "")
    keeper.suffer("pc4.corp.example", "")
    report = keeper.sync()
    equal((report["untagged"], report["closed"]), (1, 1), "taken back")
    equal((tags(epo, 101), shown(epo, 101)), (set(), "AMT: ok"), "mended")
    equal(open_issues(epo), [], "closed")


def misses_a_tag(epo, keeper):
    epo.tags.discard("AMT-ADPwdDue")
    keeper.suffer("pc5.corp.example", "ad-password-due")
    keeper.sync(expect=3)
    check("no tag AMT-ADPwdDue" in keeper.said, "a tag is missing there")
    equal(keeper.status()["state"], "good", "and all else went well")
    epo.tags.add("AMT-ADPwdDue")
    keeper.sync()
    equal(tags(epo, 105), {"AMT-ADPwdDue"}, "made, it is given")


# --- faults ---

def frames(epo, keeper):
    epo.newline, epo.texts = "\n", True
    keeper.suffer("pc5.corp.example", "")
    keeper.sync()
    equal(tags(epo, 105), set(), "LF, blanks and numbers as texts are read")
    epo.newline, epo.texts = "\r\n", False


def reads_in_spite(epo, keeper):
    """Each breaks one pull off; the next one has it all."""
    for command, fault, code in (
            ("core.executeQuery", "slow", 73),
            ("core.executeQuery", "half", 73),
            ("core.executeQuery", "cut", 101),
            ("core.executeQuery", "html", 101),
            ("core.executeQuery", "503", 73),
            ("core.executeQuery", "shuffle", 101),
            ("epo.getVersion", "lost", 73)):
        epo.faults = [(command, fault)]
        sync = keeper.impatient if fault == "slow" else keeper.sync
        sync(expect=code)
        epo.let_go()
        status = keeper.status()
        equal((status["state"], status["devices"]), ("failed", 7),
              f"{command} {fault}: nothing is lost")
        equal(keeper.sync()["added"], 0, f"{command} {fault}: goes on")
    # Later each time, and as the server asks.
    epo.faults = [("epo.getVersion", "lost")] * 3
    waits = []
    for _ in range(3):
        began = time.time()
        keeper.sync(expect=73)
        waits.append(keeper.next_at() - began)
    check(all(w <= wait <= w + 30 for w, wait in zip((59, 119, 239), waits)),
          f"it waits longer each time: {waits}")
    keeper.sync()
    for fault, seconds in (("503", 90), ("503 until", 1800)):
        epo.faults = [("epo.getVersion", fault)]
        began = time.time()
        keeper.sync(expect=73)
        check(keeper.next_at() - began > seconds - 2,
              f"{fault}: as long as the server asks")
    keeper.sync()
    for fault in ("double", "401", "expire"):
        epo.faults = [("core.executeQuery", fault)]
        keeper.sync()
        equal(keeper.status()["devices"], 7, f"{fault}: takes no notice")
    equal(epo.denied, 1, "no further wrong password")
    epo.faults = [("core.executeQuery", None), ("core.executeQuery", "ignore")]
    keeper.sync(expect=101)
    keeper.sync()
    equal(keeper.status()["devices"], 7, "a server that begins anew")


def goes_on(epo, keeper):
    """A pull of all that breaks off on its second page goes on from there."""
    keeper.tamper("UPDATE upstream SET full_at = 0")
    epo.faults = [("core.executeQuery", None), ("core.executeQuery", "slow")]
    before = epo.count("core.executeQuery")
    keeper.impatient(expect=73)
    epo.let_go()
    first = [a["where"] for n, a in epo.log if n == "core.executeQuery"]
    check("AutoID 103" in first[-1], "the second page")
    keeper.sync()
    asked = [a["where"] for n, a in epo.log if n == "core.executeQuery"]
    check("AutoID 103" in asked[before + 2], f"goes on: {asked[before + 2]}")
    check("newerThan" not in asked[before + 2], "with all systems")


def loses_answers(epo, keeper):
    """Done, and not answered: published again, where that is harmless."""
    keeper.suffer("pc1.corp.example", "certificate-expired")
    epo.faults = [("system.applyTag", "lost")]
    keeper.sync(expect=73)
    equal(keeper.status()["unsure"], 1, "it is known not to be known")
    equal(tags(epo, 101), {"AMT-CertDue"}, "but it arrived")
    # The device is mended meanwhile: what is unsure is taken back.
    keeper.suffer("pc1.corp.example", "")
    epo.systems[101]["updated"] -= 7200  # and the pull does not see it
    keeper.sync()
    equal((tags(epo, 101), keeper.status()["unsure"]), (set(), 0),
          "a lost answer leaves no tag behind")
    keeper.suffer("pc6.corp.example", "clock-skew")
    epo.faults = [("system.setUserProperties", "half")]
    keeper.sync(expect=73)
    keeper.sync()
    equal(shown(epo, 106), "AMT: clock-skew", "a text is written again")


def creates_once(epo, keeper):
    for fault, number in (("lost", 1), ("half", 2), ("cut", 3), ("slow", 4)):
        name = f"pc{number}.corp.example"
        keeper.suffer(name, "credentials-rejected")
        epo.faults = [("issue.createIssue", fault)]
        sync = keeper.impatient if fault == "slow" else keeper.sync
        sync(expect=None)
        keeper.sync()  # it may still come: no second one
        epo.let_go()
        wait_for(lambda: f"AMT credentials-rejected: {name}" in
                 open_issues(epo), PATIENCE, f"{fault}: it is made")
        keeper.settle()
        keeper.sync()
        equal(open_issues(epo).count(f"AMT credentials-rejected: {name}"), 1,
              f"{fault}: one issue")
    # Never arrived: made once the server had the time to.
    keeper.suffer("pc5.corp.example", "credentials-rejected")
    epo.faults = [("issue.createIssue", "503")]
    keeper.sync(expect=73)
    for _ in range(2):
        keeper.settle()
        keeper.sync()
    equal(len(open_issues(epo)), 5, "one that did not arrive is made")
    # An issue that a person deleted is not looked for for ever.
    victim = next(n for n, i in epo.issues.items() if i["state"] != "CLOSED")
    del epo.issues[victim]
    for i in range(1, 6):
        keeper.suffer(f"pc{i}.corp.example", "")
    keeper.sync()
    equal((open_issues(epo), keeper.status()["issues"]), ([], 0),
          "all are closed")


def dies(epo, keeper):
    """Killed between sending and noting the answer."""
    keeper.suffer("pc7.corp.example", "credentials-rejected",
                  "credentials-rejected", "401")
    for point in ("epo.push.before", "epo.push.after", "epo.issue.before",
                  "epo.issue.after"):
        keeper.run("epo", "sync", "corp", expect=FAULT_EXIT,
                   fault=f"{point}:1")
        keeper.tamper("UPDATE upstream SET held_until = 0")
        if point == "epo.issue.before":
            keeper.settle()
            keeper.sync()  # looks for it, and it is not there
            keeper.tamper("UPDATE upstream_issue SET state = 0")
            epo.issues = {n: i for n, i in epo.issues.items()
                          if i["state"] == "CLOSED"}
    keeper.settle()
    for _ in range(2):
        keeper.sync()
    equal((tags(epo, 107), open_issues(epo)),
          ({"AMT-CommError"}, ["AMT credentials-rejected: pc7.corp.example"]),
          "after four deaths")
    equal(keeper.status()["unsure"], 0, "nothing is unsure")


def loses_systems(epo, keeper):
    gone = epo.systems.pop(106)
    keeper.tamper("UPDATE upstream SET full_at = 0")
    report = keeper.sync()
    equal(report["gone"], 1, "one is gone")
    check("pc6.corp.example" in keeper.devices(), "its device stays")
    trouble = keeper.json("epo", "status", "corp")
    check(106 in [t["system"] for t in trouble if t["gone"]], "it is listed")
    epo.systems[106] = gone
    gone["updated"] = time.time()
    equal(keeper.sync()["back"], 1, "and back again")
    everything, epo.systems = epo.systems, {}
    keeper.tamper("UPDATE upstream SET full_at = 0")
    keeper.sync(expect=5)
    equal(keeper.status()["gone"], 0, "an empty server is not believed")
    epo.systems = everything
    keeper.sync()


def twins(epo, keeper):
    """Two systems of one name: the first keeps the device, until it is gone."""
    epo.add(130, "pc5.corp.example")
    equal(keeper.sync()["added"], 0, "no second device")
    check(130 in [t["system"] for t in keeper.json("epo", "status", "corp")],
          "which a person can see")
    keeper.suffer("pc5.corp.example", "certificate-expiring")
    keeper.sync()
    equal((tags(epo, 105), tags(epo, 130)), ({"AMT-CertDue"}, set()),
          "one of them is told")
    del epo.systems[105]
    for _ in range(2):  # gone in the first, free for its twin in the second
        keeper.tamper("UPDATE upstream SET full_at = 0")
        report = keeper.sync()
    equal(report["added"], 0, "nor when the first is gone")
    equal(tags(epo, 130), {"AMT-CertDue"}, "and is told")
    # Back under another number, and their names swapped.
    for here, other in ((101, 102), (102, 101)):
        s = epo.systems[here]
        s["EPOComputerProperties.IPHostName"] = f"pc{other - 100}.corp.example"
        s["updated"] = time.time()
    equal(keeper.sync()["added"], 0, "two that swapped their names")
    devices = keeper.devices()
    equal([devices[f"pc{i}.corp.example"]["os_host"] for i in (1, 2)],
          ["pc2", "pc1"], "each knows its host's new name")
    for here in (101, 102):
        s = epo.systems[here]
        s["EPOComputerProperties.IPHostName"] = f"pc{here - 100}.corp.example"
        s["updated"] = time.time()
    keeper.suffer("pc5.corp.example", "")
    del epo.systems[130]
    epo.add(105, "pc5.corp.example")
    for _ in range(2):
        keeper.tamper("UPDATE upstream SET full_at = 0")
        keeper.sync()
    equal((len(keeper.devices()), keeper.status()["problems"]), (7, 1),
          "as before")


def removes(epo, keeper):
    """A device that leaves us takes its tags, text and issue with it."""
    equal(tags(epo, 107), {"AMT-CommError"}, "it has a tag")
    keeper.run("device", "remove", "pc7.corp.example", "--yes", expect=0)
    keeper.sync()
    equal((tags(epo, 107), shown(epo, 107), open_issues(epo)),
          (set(), "", []), "nothing is left there")
    check("pc7.corp.example" not in keeper.devices(),
          "and it is not taken in again")


def changes(epo, keeper):
    epo.version = "5.11.0"
    before = len(epo.log)
    keeper.sync(expect=5)
    equal(keeper.status()["state"], "changed", "another version")
    keeper.suffer("pc1.corp.example", "certificate-expired")
    keeper.sync(expect=5)
    check(not {n for n, _ in epo.log[before:]} & {
        "system.applyTag", "core.executeQuery"}, "nothing is done there")
    keeper.run("epo", "accept", "corp", "--yes", expect=0)
    keeper.sync()
    equal(tags(epo, 101), {"AMT-CertDue"}, "accepted, it goes on")
    epo.unique_id = "{22222222-bbbb}"
    epo.systems = {200 + i - 100: s for i, s in epo.systems.items()}
    for i, s in epo.systems.items():
        s["EPOLeafNode.AutoID"] = i
        s["EPOLeafNode.Tags"] = set()
        s["fields"] = {}
    keeper.sync(expect=5)
    keeper.run("epo", "accept", "corp", "--yes", expect=0)
    report = keeper.sync()
    equal((report["full"], report["tagged"]), (True, 1), "another server")
    equal(tags(epo, 201), {"AMT-CertDue"}, "is given all anew")


def splits(epo, keeper):
    """Refused as a whole for the sake of one: the others get it."""
    epo.faults = [("system.setUserProperties", "one")] * 8
    for i in (2, 3, 4):
        keeper.suffer(f"pc{i}.corp.example", "clock-skew")
    keeper.run("epo", "sync", "corp")
    equal([shown(epo, 200 + i) for i in (2, 3, 4)], ["AMT: clock-skew"] * 3,
          "in smaller batches")
    epo.faults = []


def queries(epo, keeper):
    keeper.options("    query: AMT systems\n"
                   "    where: (startsWith EPOLeafNode.NodeName \"PC\")\n")
    keeper.run("epo", "sync", "corp", expect=4)
    epo.queries = [{"id": "7", "name": "Other", "target": "EPOLeafNode"},
                   {"id": 8, "name": "AMT systems", "target": "EPOLeafNode",
                    "conditionSexp": "( where ( hasTag "
                    "EPOLeafNode.AppliedTags \"vPro)\" ) )"}]
    keeper.sync()
    asked = [a for n, a in epo.log if n == "core.executeQuery"][-1]["where"]
    check("(hasTag" in asked.replace("( ", "(") and "startsWith" in asked
          and "vPro)" in asked, f"its condition is taken: {asked}")
    epo.queries[1]["conditionSexp"] = "Error reading property; see log"
    keeper.sync()
    asked = [a for n, a in epo.log if n == "core.executeQuery"][-1]
    equal(asked.get("queryId"), "8", "or it is run by its number")
    keeper.options("")


def tests(epo, keeper):
    out = keeper.json("epo", "test", "corp")
    equal([r["what"] for r in out if r["problem"]], [], "all is there")
    epo.tags.discard("AMT-CertDue")
    epo.commands_gone.add("issue.createIssue")
    keeper.suffer("pc2.corp.example", "needs-person")
    keeper.sync(expect=3)
    check("issue.createIssue" in keeper.said, "a server without issues")
    out = keeper.run("epo", "test", "corp", expect=3).stdout
    check("AMT-CertDue" in out, "test says what is missing")


def serves(epo, keeper):
    """By itself, when it is due; and it ends when told to, sync or not."""
    keeper.suffer("pc2.corp.example", "")
    keeper.suffer("pc3.corp.example", "certificate-expired")
    epo.tags.add("AMT-CertDue")
    keeper.tamper("UPDATE upstream SET next_at = 0")
    # It would look at the devices, and find them away.
    keeper.tamper("UPDATE device SET next_due = 0")
    log = open(os.path.join(keeper.folder, "serve.log"), "w+")
    serve = subprocess.Popen([keeper.program, "serve"], env=keeper.env,
                             stderr=log)
    try:
        wait_for(lambda: tags(epo, 203) == {"AMT-CertDue"}, PATIENCE,
                 "serve gives a tag")
        wait_for(lambda: keeper.status()["state"] == "good", PATIENCE,
                 "and is done")
        out = keeper.run("epo", "sync", "corp")
        equal(out.returncode in (0, 3), True, "a command may sync as well")
        before = epo.count("epo.getVersion")
        epo.faults = [("epo.getVersion", "slow")]
        keeper.tamper("UPDATE upstream SET next_at = 0")
        wait_for(lambda: epo.count("epo.getVersion") > before, PATIENCE,
                 "the next is under way")
        serve.terminate()
        epo.let_go()
        equal(serve.wait(PATIENCE), 0, "serve ends well in its midst")
        keeper.run("epo", "sync", "corp")
        check(keeper.status()["state"] == "good", "nobody holds it")
    finally:
        serve.kill()
        serve.wait()
    log.seek(0)
    check("epo.sync" in log.read(), "the log has what it did")
    log.close()


def distrusts(epo, keeper, folder):
    other = os.path.join(folder, "other")
    os.mkdir(other)
    make_ca(other)
    before = len(epo.log)
    shutil.copy(f"{folder}/ca.pem", f"{folder}/right.pem")
    shutil.copy(f"{other}/ca.pem", f"{folder}/ca.pem")
    keeper.sync(expect=72)
    equal(len(epo.log), before, "nothing is sent to whom we do not trust")
    shutil.copy(f"{folder}/right.pem", f"{folder}/ca.pem")


def main():
    folder = tempfile.mkdtemp(prefix="amtkeeper-epo-")
    try:
        make_ca(folder)
        epo = StandIn(folder)
        keeper = Keeper(folder, epo.port)
        for test in (checks, logs_in, pulls, follows, pushes, misses_a_tag, frames,
                     reads_in_spite, goes_on, loses_answers, creates_once,
                     dies, loses_systems, twins, removes, changes, splits, queries,
                     tests, serves):
            test(epo, keeper)
        distrusts(epo, keeper, folder)
        equal(keeper.run("events", "--verify").returncode, 0, "audit chain")
        epo.stop()
    finally:
        shutil.rmtree(folder)
    finish()


main()
