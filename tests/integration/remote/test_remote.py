#!/usr/bin/env python3
"""test_remote.py AMTKEEPER AMTKEEPER-SIM: remote commands by the rules of the
clients that are out there, against `serve`; then by curl, as a person would."""
import re
import subprocess
import sys
import urllib.error
import urllib.parse

import clients
from clients import Failed
from serving import PASSWORD, Serving, check, equal, far_off, finish

WHERE = ('( where ( and (startsWith EPOLeafNode.NodeName "pc") '
         '(doesNotHaveTag EPOLeafNode.AppliedTags "AMT OK: not") ) )')


def fails(call, code, text, what):
    try:
        call()
    except Failed as e:
        if e.code is not None:
            equal(e.code, code, f"{what}: code")
        check(text in str(e), f"{what}: {e} has {text}")
    else:
        check(False, f"{what}: fails")


def by_json(server, kind, names):
    """What every client of JSON does: find, query, tag, clear, wake up."""
    c, me = kind(server), kind.__name__
    tag = "AMT OK: <checked>'s /"
    found = c.ask("system.find", searchText=names[0])
    equal([row["EPOLeafNode.NodeName"] for row in found], names[:1],
          f"{me}: find")
    tags = {row["tagName"]: row["tagId"] for row in c.ask("system.findTag")}
    if kind is not clients.Ibm:  # it takes the "OK:" out of what it sent too
        check(tag in tags, f"{me}: {tag} is in {tags}")
    equal(c.ask("system.applyTag", names=names[0], tagName=tag), 1,
          f"{me}: applyTag")
    equal(c.ask("system.applyTag", ids=found[0]["EPOLeafNode.AutoID"],
                tagID=list(tags.values())[0]), 0, f"{me}: applyTag again")
    row = c.ask("core.executeQuery", target="EPOLeafNode",
                select="(select EPOLeafNode.Tags)",
                where=f'(eq EPOLeafNode.NodeName "{names[0]}")')
    equal(row, [{"EPOLeafNode.Tags": tag}], f"{me}: the tag comes back whole")
    equal(c.ask("system.clearTag", names=names[0], tagName=tag), 1,
          f"{me}: clearTag")
    equal(len(c.ask("core.executeQuery", target="EPOLeafNode", where=WHERE)),
          len(names), f"{me}: ad hoc query")
    equal(c.ask("core.executeQuery", target="EPOLeafNode",
                where="(eq EPOLeafNode.AutoID 0)"), [], f"{me}: no rows")
    check(any(q["name"] == "Never maintained"
              for q in c.ask("core.listQueries")), f"{me}: listQueries")
    equal(c.ask("epo.getVersion"), "5.10.0", f"{me}: getVersion")
    fails(lambda: c.ask("Something.Random"), 1, "No such command",
          f"{me}: no such command")
    fails(lambda: c.ask("system.applyTag", names="nobody", tagName=tag), 4,
          "nobody", f"{me}: no such system")


def by_place(server, names):
    """Splunk's connector and the others that know arguments by their place."""
    spl = clients.Splunk(server)
    row = spl.ask("system.find", names[0])[0]
    equal(row["EPOLeafNode.Tags"].split(","), [""], "SPL: tags are a text")
    check("EPOComputerProperties.IPAddress" in row, "SPL: address")
    equal(spl.ask("system.applyTag", names[0], "1"), 1, "SPL: applyTag")
    equal(spl.ask("system.clearTag", names[0], "1"), 1, "SPL: clearTag")
    text = spl.ask("system.wakeupAgent", ",".join(names))
    equal([re.search(k + r": (\d+)", text)[1]
           for k in ("completed", "failed", "expired")],
          [str(len(names)), "0", "0"], "R7: wake-up's counts")
    lines = dict(line.split(":") for line in text.split("\n"))
    equal(int(lines["completed"]), len(names), "EPS: wake-up's lines")
    pep = clients.Pep(server)
    equal(pep.ask("core.executeQuery", "6"), [],
          "PEP: saved query by place, after the wake-up")
    off = clients.Official(server)
    check(off.ask("core.help", "core.help").startswith("core.help [command]"),
          "OFF: help of one")
    table = off.ask("core.listTables", "EPOLeafNode")[0]["columns"]
    check(table.split("\r\n")[0].split() ==
          "Name Type Select? Condition? GroupBy? Order? Number?".split(),
          "EPS: table of columns")


def by_xml(server, kind, names):
    c, me = kind(server), kind.__name__
    rows = c.ask("system.find", searchText="").findall("list/row")
    equal(sorted(r.find("EPOLeafNode.NodeName").text for r in rows), names,
          f"{me}: rows")
    for command, path, field in (
            ("system.findTag", "list/element/TagEPO", "tagName"),
            ("clienttask.find", "list/element/objectTask", "objectName"),
            ("agentmgmt.listAgentHandlers",
             "list/element/EPORegisteredApacheServer", "lastUpdate"),
            ("scheduler.listAllServerTasks", "list/serverTask", "nextRunTime"),
            ("scheduler.listRunningServerTasks", "list", None),
            ("tasklog.listTaskHistory", "list/taskLogEntry", "startDate"),
            ("core.listQueries", "list/query", "conditionSexp"),
            ("core.listTables", "list/table", "foreignKeys")):
        found = c.ask(command).findall(path)
        check(found and (field is None or found[0].find(field) is not None),
              f"{me}: {command} has {path}/{field}")
    equal(c.ask("epo.getVersion").text, "5.10.0", f"{me}: scalar")


def by_lines(server):
    aka = clients.Akahn(server)
    check(any("core.help" in line for line in aka.ask("core.help")),
          "AKA: help")
    fails(lambda: aka.ask("no.such"), 1, "Error 1 :", "AKA: failure")


def tasks(server, names):
    """A client task from a file, given to a query, run and followed."""
    off = clients.Official(server)
    xml = ('<EPOTaskSchema><EPOTaskObjectInstance name="Look" '
           'typeid="collect-properties" description=""><Section name="G">'
           '<Setting name="settings" value="{}"/></Section>'
           "</EPOTaskObjectInstance></EPOTaskSchema>")
    equal(off.upload("clienttask.importClientTask", "importFileName", xml), 1,
          "a file by multipart")
    task = off.ask("clienttask.find", "Look")[0]["objectId"]
    server_task = off.ask("amt.assignTask", task, query="(isBlank "
                          "AMT_CustomProps.LastTask)",
                          schedule=far_off("daily at %H:%M UTC"))
    log = off.ask("scheduler.runServerTask", taskId=server_task)
    done(off, log)
    off.ask("clienttask.run", names=",".join(names), productId="AMTKEEPER",
            taskId=task)
    done(off, log + 1)
    equal({r["outcome"] for r in off.ask("amt.listResults", log + 1)}, {"ok"},
          "results")


def done(off, log):
    entry = {}
    while entry.get("status") not in ("ended", "aborted"):
        entry = [e for e in off.ask("tasklog.listTaskHistory")
                 if e["id"] == log][0]
    equal((entry["status"], entry["failures"]), ("ended", 0), f"run {log}")


def curl(server, ca, *args, user="admin", password=PASSWORD):
    """Status, headers, body."""
    out = subprocess.run(
        ["curl", "-sS", "-i", "--cacert", ca, "-K", "-", *args],
        input=f'user = "{user}:{password}"\n' if user else "", text=True,
        capture_output=True, timeout=60, check=True)
    while out.stdout.startswith("HTTP/1.1 100"):
        out.stdout = out.stdout.split("\n\n", 1)[1]
    head, body = out.stdout.split("\n\n", 1)
    return int(head.split()[1]), head, body


def by_session(server, ca):
    """A browser's cookie alone changes nothing: another page sends it, too."""
    base = server.base
    _, head, _ = curl(server, ca, "-X", "POST",
                      base.replace("/remote/", "/session"))
    cookie = re.search(r"(?i)set-cookie: ([^;]+)", head)[1]

    def ask(words):
        return curl(server, ca, "-H", "Cookie: " + cookie, base + words,
                    user=None)

    equal(ask("epo.getVersion")[0], 403, "a cookie without the token")
    status, _, body = ask("core.getSecurityToken")
    equal(status, 200, "the token may be asked for")
    token = body.split("\n")[1]
    equal(ask("epo.getVersion?orion.user.security.token=" + token)[2],
          "OK:\n5.10.0\n", "and lets the cookie in")
    equal(curl(server, ca, base + "epo.getVersion?orion.user.security.token=" +
               token)[0], 403, "but is this session's alone")


def by_hand(server, ca):
    base = server.base
    status, head, _ = curl(server, ca, base + "core.help", user=None)
    equal(status, 401, "without a password")
    check("WWW-Authenticate: Basic realm=" in head, "and a challenge")
    equal(curl(server, ca, base + "core.help", password="wrong")[0], 401,
          "a wrong password")
    status, head, body = curl(server, ca, base +
                              "core.help.do?command=core.help&%3Aoutput=json")
    equal(status, 200, "core.help.do")
    check("text/plain" in head and "nosniff" in head, "a text, not to guess")
    check(body.startswith('OK:\n"core.help [command]'), f"in JSON: {body}")
    equal(curl(server, ca, base + "system.find", "-d", "searchText=zzz",
               "-d", ":output=json")[2], "OK:\n[]\n", "a form")
    equal(curl(server, ca, base + "system.find", "-F", "searchText=zzz",
               "-F", ":output=json")[2], "OK:\n[]\n", "multipart")
    for bad in (base + "epo.getVersion?a=%zz",):
        equal(curl(server, ca, bad)[0], 400, f"{bad}: no form")
    status, head, _ = curl(server, ca, "-I", base + "epo.getVersion")
    equal(status, 405, "HEAD")
    check("Allow: GET, POST\n" in head, f"and what it may be: {head}")
    many = "&".join(f"a{i}=" for i in range(200))
    body = curl(server, ca, base + "epo.getVersion?" + many)[2]
    check(body.startswith("Error 2 :\n"), f"too many arguments: {body}")
    equal(curl(server, ca, base + "epo.getVersion?"
               "orion.user.security.token=x")[0], 403, "another token")
    equal(curl(server, ca, "-H", "Origin: https://evil.example", base +
               "epo.getVersion")[0], 403, "a stranger's page")
    by_session(server, ca)
    status, _, body = curl(server, ca, base + "core.executeQuery?"
                           "target=EPOLeafNode&where=(x)", user="monitor")
    equal(status, 200, "a failure of a command")
    check(body.startswith("Error 3 :\n"), f"least privilege: {body}")


def main():
    keeper, sim = sys.argv[1:]
    with Serving(keeper, "127.83.0.1") as s:
        s.prepare(sim, 4)
        s.user("admin", "administrator")
        s.user("monitor", "monitor")
        server = s.start()
        names = sorted(d["name"] for d in s.json("device", "list"))
        clients.Official(server).ask("amt.createTag", "AMT OK: <checked>'s /")
        for kind in clients.JSON:
            by_json(server, kind, names)
        by_place(server, names)
        tasks(server, names)
        for kind in clients.XML:
            by_xml(server, kind, names)
        by_lines(server)
        by_hand(server, s.ca)
        s.run("events", "--verify")
        equal(s.stop(), 0, "serve ends")
    sys.exit(finish())


main()
