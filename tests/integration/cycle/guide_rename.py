#!/usr/bin/python3
"""guide_rename.py: scenario 1 of the maintenance guide as its first section has
it, by remote commands alone.  Consoles reach devices by their hosts' names; two
hosts are called otherwise and their old names are gone from DNS.  That shows as
a communication error, which the guide's query finds; the script says how these
hosts are called now, as their agents would, and runs a client task on the rows.
Two others are then repaired by the guide's server task, which joins query and
client task, imported as ePO exports it."""
import os
import subprocess

from fleet import (PATIENCE, ROOT, Keeper, Sim, check, equal, finish, folder,
                   journal_empty, verifies)
from script import Console

DEVICES = 4
ERRORS, RENAMED = "AMT communication errors", "Renamed systems"
REPAIR = "Repair renamed systems"
SERVER_TASK = "Repair communication errors"
XML = f"""<list><scheduled-task><name>{SERVER_TASK}</name>
<type>NORMAL</type><enabled>true</enabled>
<schedule>period:daily?h=3&amp;m=0&amp;f=1</schedule>
<command-chain><command-name>core.executeQuery</command-name>
<commmand-params><entry><string>query</string><string>{ERRORS}</string></entry>
</commmand-params><children>
<command-chain><command-name>clienttask.run</command-name>
<commmand-params><entry><string>taskName</string><string>{REPAIR}</string>
</entry></commmand-params><children/></command-chain>
</children></command-chain></scheduled-task></list>"""


def by_name(sim, where):
    """A list of devices whose address is their name."""
    path = os.path.join(where, "names.csv")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("name,address,password\n")
        for row in sim.devices:
            f.write(f"{row['name']},{row['name']},{row['password']}\n")
    return path


def dns(text, *options):
    subprocess.run([os.path.join(ROOT, "tests/lab/labdns"), *options, "-"],
                   input=text, text=True, timeout=PATIENCE, check=True)


def rename(sim, names):
    """The hosts, and DNS with them; firmware is not told."""
    new = {n: "new-" + n for n in names}
    rows = [r for r in sim.devices if r["name"] in new]
    for row in rows:
        sim.ctl("set", row["name"], "os-fqdn", new[row["name"]])
    dns("".join(f"{r['address']} {r['name']}\n" for r in rows), "--remove")
    dns("".join(f"{r['address']} {new[r['name']]}\n" for r in rows))
    return new


def found(console, query):
    return sorted(r["EPOLeafNode.NodeName"] for r in console.query(query))


def errors(console, renamed, names):
    """A look at all, as a console has every day: the renamed do not answer."""
    equal(found(console, ERRORS), [], "no errors at first")
    text = console.ask("system.wakeupAgent", ",".join(names))
    equal(text, f"completed: {len(names) - len(renamed)}\n"
          f"failed: {len(renamed)}\nexpired: 0", "a look at all")
    rows = console.query(ERRORS)
    equal(sorted(r["EPOLeafNode.NodeName"] for r in rows), sorted(renamed),
          "the guide's query finds them")
    for row in rows:
        text = row["AMT_CustomProps.LastErrorMessage"]
        check(text.startswith("Failed to enforce policy: ")
              and row["EPOLeafNode.NodeName"] in text,
              f"and says that the name is gone: {text}")
        equal(row["AMT_CustomProps.TLS"], "Supported and Enabled", "its TLS")


def in_vain(console, sim, renamed):
    """The task alone cannot help: nobody knows where they are."""
    before = {n: sim.get(n)["requests"] for n in renamed}
    equal(console.run_on(REPAIR, sorted(renamed), retryAttempts=0),
          dict.fromkeys(renamed, "offline"), "not reached by the old name")
    equal({n: sim.get(n)["requests"] for n in renamed}, before, "not at all")


def told(console, renamed):
    """What their agents say of the rows; who they are."""
    rows = [r["EPOLeafNode.NodeName"] for r in console.query(ERRORS)]
    for name in rows:
        equal(console.ask("amt.setHost", name, renamed[name],
                          address=renamed[name]), 1, f"{name}: its host")
    equal(found(console, RENAMED), sorted(renamed),
          "the other query names the reason")
    return rows


def by_task(console, renamed):
    rows = told(console, renamed)
    ids = [str(console.ask("system.find", n)[0]["EPOLeafNode.AutoID"])
           for n in rows]
    equal(console.run_on(REPAIR, ids), dict.fromkeys(renamed, "changed"),
          "the task on the rows")


def by_server_task(console, renamed):
    told(console, renamed)
    equal(console.epo.upload("task.importTasks", "file", XML), 1, "imported")
    row = console.ask("scheduler.getServerTask", SERVER_TASK)
    equal((row["enabled"], row["valid"]), (True, True), "it can be run")
    before = console.newest()
    log = console.ask("scheduler.runServerTask", SERVER_TASK)
    entry = console.ended(before, SERVER_TASK)
    equal((entry["id"], entry["status"]), (log, "ended"), "its run")
    parts = {p["name"]: p for p in console.ask("tasklog.listSubtasks", log)}
    equal(parts.keys(), {REPAIR, f"run-query {ERRORS}"}, "its parts")
    equal(console.results(parts[REPAIR]), dict.fromkeys(renamed, "changed"),
          "the rows of the query")


def proven(console, keeper, sim, renamed, names):
    anchors = os.path.join(console.where, "anchors.pem")
    with open(anchors, "w") as f:
        f.write(keeper.run("ca", "chain", expect=0).stdout)
    for row in sim.devices:
        name, true = row["name"], sim.get(row["name"])
        wished = renamed.get(name, name)
        equal(f"{true['host']}.{true['domain']}", wished,
              f"{name}: the firmware's name")
        verifies(row, wished, anchors)
    text = console.ask("system.wakeupAgent", ",".join(names))
    equal(text, f"completed: {len(names)}\nfailed: 0\nexpired: 0",
          "all answer")
    for query in (ERRORS, RENAMED):
        equal(found(console, query), [], f"{query}: none is left")


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, DEVICES, "--firmware", "15.0.23", "--seed", "43")
    names = sorted(row["name"] for row in sim.devices)
    keeper.run("device", "import", by_name(sim, where), expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    console = Console(keeper, where)
    console.start()
    first, second = names[:2], names[2:]
    leaves = {n: sim.get(n)["leaf_sha256"] for n in second}
    renamed = rename(sim, first)
    errors(console, renamed, names)
    in_vain(console, sim, renamed)
    by_task(console, renamed)
    proven(console, keeper, sim, renamed, names)
    equal({n: sim.get(n)["leaf_sha256"] for n in second}, leaves,
          "the others keep their certificates")
    more = rename(sim, second)
    errors(console, more, names)
    by_server_task(console, more)
    proven(console, keeper, sim, renamed | more, names)
    console.stop()
    journal_empty(keeper, "after the service")
    keeper.run("events", "--verify", expect=0)
    sim.stop()
    finish()


main()
