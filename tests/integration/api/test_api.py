#!/usr/bin/env python3
"""test_api.py AMTKEEPER AMTKEEPER-SIM: the API held against the document it
serves.  Every operation of it is called rightly, and wrongly in each way its
schemas forbid; what is answered is compared with the schemas."""
import base64
import contextlib
import datetime
import http.server
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "remote"))

from client import Client  # noqa: E402
from openapi import Document  # noqa: E402
from serving import (PASSWORD, PATIENCE, Serving, check, equal,  # noqa: E402
                     finish)
from checks import far_off, wait_for  # noqa: E402

NEW = {"name": "new.corp.example", "password": "Passw0rd!", "site": "Berlin",
       "group": "Berlin\\Lab"}
SERVER = """{name: Tag all, description: by query, actions: [
  {run-query: {query: (isNotBlank EPOLeafNode.NodeName)},
   then: [{apply-tag: {tag: all of them}}]}]}
"""
TREE = ('[{"run-query":{"query":"(isNotBlank EPOLeafNode.NodeName)"},"then":'
        '[{"apply-tag":{"tag":"all of them"}}]}]')
LACKING = '[{"webhook":{"to":"nobody"}},{"nothing":{}}]'
PURGE = '[{"purge-log":{"older-than":"30d"}}]'
ROWS = "(select EPOLeafNode.NodeName)"


def typed(op):
    """The header that a body needs which is no JSON."""
    for kind in op.get("requestBody", {}).get("content", {}):
        if kind != "application/json":
            return {"Content_Type": kind}
    return {}


class Walk:
    """Calls by operationId; each answer is compared with the document."""
    def __init__(self, client):
        self.client = client
        answer = client.get("/openapi.json")
        equal(answer.status, 200, "the document is served")
        self.document = Document(answer.json)
        equal(self.document.check(), [], "the document is sound")
        self.called = set()

    def target(self, name, places):
        method, path, op = self.document.operations[name]
        for p in places:
            start, _, rest = path.partition("{")
            path = start + urllib.parse.quote(str(p), safe="") + rest.partition("}")[2]
        return method, path, op

    def problem(self, answer, status, what):
        equal(answer.status, status, f"{what}: {answer.bytes[:200]}")
        equal(answer.type, "application/problem+json", f"{what}: type")
        if answer.json is None:
            return check(False, f"{what}: no JSON: {answer!r}")
        equal(answer.json.get("status"), answer.status, f"{what}: its status")
        why = self.document.differs(
            {"$ref": "#/components/schemas/Problem"}, answer.json)
        return check(why is None, f"{what}: {why}")

    def ok(self, name, *places, body=None, query=None, **more):
        """The answer, which has to be one of success."""
        method, path, op = self.target(name, places)
        self.called.add(name)
        answer = self.client.call(method, path, body, query,
                                  **{**typed(op), **more})
        said = op["responses"].get(str(answer.status))
        if not check(said is not None, f"{name}: {answer!r}"):
            return answer
        content = said.get("content", {})
        if not content:
            equal(answer.bytes, b"", f"{name}: no body")
            return answer
        if check(answer.type in content, f"{name}: type {answer.type}") and \
                answer.json is not None:
            why = self.document.differs(
                content[answer.type]["schema"], answer.json, name)
            check(why is None, why)
        for header in said.get("headers", {}):
            check(header.lower() in answer.headers, f"{name}: has {header}")
        return answer

    def fails(self, status, name, *places, body=None, query=None, **more):
        method, path, op = self.target(name, places)
        answer = self.client.call(method, path, body, query,
                                  **{**typed(op), **more})
        self.problem(answer, status, f"{name} {body} {query} {more}"[:150])
        return answer

    def wrong(self, name, *places, body=None, query=None):
        """Everything its schemas forbid is refused and changes nothing."""
        _, _, op = self.target(name, places)
        self.fails(400, name, *places, body=body,
                   query={**(query or {}), "no": "such"})
        for p in op["parameters"]:
            if p["in"] == "query":
                for value in self.document.wrong_values(p["schema"]):
                    if len(str(value)) > 2000:
                        continue  # no URL is that long
                    if isinstance(value, (str, int, float)) and \
                            (p["schema"]["type"] != "string"
                             or isinstance(value, str)):
                        self.fails(400, name, *places, body=body,
                                   query={**(query or {}), p["name"]: value})
        if "requestBody" in op:
            self.wrong_bodies(name, places, op, body or {})
        elif op["operationId"].startswith(("get", "list")):
            self.fails(400, name, *places, body={"a": 1}, query=query)

    def wrong_bodies(self, name, places, op, body):
        content = op["requestBody"]["content"]
        if "application/json" not in content:
            self.fails(415, name, *places, body=b"x",
                       Content_Type="application/json")
            return
        media = content["application/json"]
        schema = self.document.follow(media["schema"], name)
        for bad in (b"{", b"[]", b"{}{}", b'{"a":' * 99, b"\xff"):
            self.fails(400, name, *places, body=bad)
        self.fails(415, name, *places, body=b"{}", Content_Type="text/plain")
        self.fails(422, name, *places, body={**body, "surprise": 1})
        for member, s in schema["properties"].items():
            for value in self.document.wrong_values(s):
                self.fails(422, name, *places, body={**body, member: value})
        for member in schema.get("required", []):
            less = {k: v for k, v in body.items() if k != member}
            self.fails(422, name, *places, body=less)


# --- by subject ---

def devices(w, names):
    page = w.ok("listDevices", query={"limit": 2}).json
    seen = [d["name"] for d in page["items"]]
    while page["next"]:
        page = w.ok("listDevices",
                    query={"limit": 2, "cursor": page["next"]}).json
        seen += [d["name"] for d in page["items"]]
    equal(seen, names, "pages have each device once, in order")
    page = w.ok("listDevices", query={
        "query": "(isNotBlank EPOLeafNode.NodeName)", "limit": 3}).json
    seen = [d["name"] for d in page["items"]]
    page = w.ok("listDevices", query={
        "query": "(isNotBlank EPOLeafNode.NodeName)",
        "cursor": page["next"]}).json
    equal(sorted(seen + [d["name"] for d in page["items"]]), names,
          "pages of a query")
    equal([d["name"] for d in w.ok("listDevices", query={
        "filter": names[1][:3] + "*", "limit": 500}).json["items"]],
        [n for n in names if n.startswith(names[1][:3])], "a pattern")
    w.wrong("listDevices")
    w.fails(422, "listDevices", query={"query": "(eq Nobody 1)"})
    w.fails(404, "listDevices", query={"query": "no such query"})
    w.wrong("addDevice", body=NEW)
    answer = w.ok("addDevice", body=NEW)
    equal(answer.headers["location"], "/api/v1/devices/new.corp.example",
          "where it is")
    equal(answer.json["site"], "Berlin", "what was said of it")
    check("Passw0rd" not in answer.bytes.decode(), "no password in answers")
    w.fails(409, "addDevice", body=NEW)
    w.fails(422, "addDevice", body={**NEW, "password": "short,\u00fc,comma"})
    changes(w)


def changes(w):
    w.wrong("changeDevice", NEW["name"], body={"site": "Bonn"})
    first = w.ok("getDevice", NEW["name"])
    w.wrong("getDevice", NEW["name"])
    equal(w.ok("getDevice", NEW["name"].upper()).json, first.json,
          "names have no case")
    equal(w.client.get("/devices/" + NEW["name"],
                       If_None_Match=first.headers["etag"]).status, 304,
          "it is the same still")
    w.fails(412, "changeDevice", NEW["name"], body={"site": "Bonn"},
            If_Match='"another"')
    equal(w.ok("getDevice", NEW["name"]).json["site"], "Berlin",
          "nothing was changed")
    second = w.ok("changeDevice", NEW["name"],
                  body={"site": "Bonn", "custom1": "a <b>"},
                  If_Match=first.headers["etag"])
    equal((second.json["site"], second.json["custom1"]), ("Bonn", "a <b>"),
          "changed")
    w.fails(412, "changeDevice", NEW["name"], body={"site": "Mainz"},
            If_Match=first.headers["etag"])
    w.fails(422, "changeDevice", NEW["name"], body={"address": "no address"})
    known(w, NEW["name"])
    w.fails(404, "changeDevice", "nobody", body={"site": "x"})
    trust(w)
    w.fails(412, "removeDevice", NEW["name"],
            If_Match=first.headers["etag"])
    equal(w.ok("removeDevice", NEW["name"]).status, 204, "removed")
    w.fails(404, "getDevice", NEW["name"])
    w.fails(404, "removeDevice", NEW["name"])


def known(w, name):
    """The host and what a person knows better, as one change."""
    method, path, _ = w.target("changeDevice", [name])
    body = {"site": "Trier", "tls": True, "password": "Other!456"}
    said = []

    def told():
        said[:] = [w.client.call(method, path, body)]
        return said[0].status != 409

    wait_for(told, PATIENCE, "nobody works on it for a moment")
    equal((said[0].status, said[0].json["site"]), (200, "Trier"), "changed")
    last = [json.loads(e["detail"] or "{}") for e in w.ok(
        "listEvents", query={"device": name, "last": 50}).json["items"]
        if e["kind"] == "device.changed"][-1]
    equal(last, {"fields": ["site", "tls", "password"]}, "one event, by name")
    w.fails(422, "changeDevice", name,
            body={"site": "Worms", "password": "a:colon,b"})
    equal(w.ok("getDevice", name).json["site"], "Trier", "all or nothing")
    w.ok("changeDevice", name, body={"site": "Bonn"})


def trust(w):
    """What a person knows better; while serve is at it, it is not told."""
    pin = {"forget_identity": True, "password": "Other!123"}
    w.wrong("trustDevice", NEW["name"], body=pin)
    w.fails(422, "trustDevice", NEW["name"], body={})
    w.fails(422, "trustDevice", NEW["name"], body={"tls": False})
    w.fails(422, "trustDevice", NEW["name"], body={"password": "a:colon,b"})
    w.fails(404, "trustDevice", "nobody", body=pin)
    method, path, _ = w.target("trustDevice", [NEW["name"]])
    said = []

    def told():
        said[:] = [w.client.call(method, path, pin)]
        return said[0].status != 409

    wait_for(told, PATIENCE, "nobody works on it for a moment")
    answer = said[0]
    w.called.add("trustDevice")
    equal((answer.status, answer.json["name"]), (200, NEW["name"]), "told")
    why = w.document.differs({"$ref": "#/components/schemas/Device"},
                             answer.json)
    check(why is None, f"trustDevice: {why}")
    check("Other!" not in answer.bytes.decode(), "no password in answers")
    said = [json.loads(e["detail"] or "{}") for e in w.ok(
        "listEvents", query={"device": NEW["name"], "last": 50}
        ).json["items"] if e["kind"] == "device.changed"]
    check({"fields": ["forget-identity", "password"]} in said,
          f"in the audit chain by name: {said}")


def imports(w, serving):
    """Devices by a CSV file, as the command takes them."""
    name = f"csv{{}}.corp.example"
    lines = ["name,password,site,uuid,tags,colour",
             f"{name.format(1)},Passw0rd!,Bonn,,\"a,b\",red",
             "no name!,Passw0rd!,,,,",
             f"{name.format(2)},short,,,,",
             f"{name.format(1)},Passw0rd!,Trier,,,"]
    text = "\n".join(lines).encode()

    def results(**query):
        return [(r["line"], r["result"], r["changed"]) for r in w.ok(
            "importDevices", body=text, query=query).json["items"]]

    w.wrong("importDevices", body=text)
    equal(results(strict="yes"), [(2, "left", []), (3, "bad", []),
                                  (4, "bad", []), (5, "left", [])],
          "all or nothing")
    w.fails(404, "getDevice", name.format(1))
    equal(results(), [(2, "added", []), (3, "bad", []), (4, "bad", []),
                      (5, "bad", [])], "an earlier line says otherwise")
    got = w.ok("getDevice", name.format(1)).json
    equal(got["site"], "Bonn", "taken in")
    equal({t["name"] for t in w.ok("listTags").json["items"]} & {"a", "b"},
          {"a", "b"}, "and its tags")
    text = text.replace(b"Bonn", b"Mainz")
    equal(results(), [(2, "present", []), (3, "bad", []), (4, "bad", []),
                      (5, "present", [])], "left alone")
    equal(results(update="yes"),
          [(2, "changed", ["site"]), (3, "bad", []), (4, "bad", []),
           (5, "changed", ["site"])], "taken over")
    for bad in (b"", b"nothing\n1\n", b"name,name\n", b"name\n\0\n"):
        w.fails(422, "importDevices", body=bad)
    events = [e for e in w.ok("listEvents", query={
        "device": name.format(1), "last": 50}).json["items"]]
    equal({e["actor"] for e in events} & {"api:admin"}, {"api:admin"}, "by whom")
    olga = Client(*serving.at, token(serving, "watcher"))
    w.problem(olga.call("POST", "/device-import", text, Content_Type="text/csv"),
              403, "it asks for its right")
    w.ok("removeDevice", name.format(1))


EXPORT = b"""<list>
  <query><name>Of ePO</name><target>EPOLeafNode</target>
    <table-uri>query:table?orion.table.columns=EPOLeafNode.NodeName</table-uri>
    <summary-uri>query:summary?orion.query.type=pie.pie&amp;orion.sum.query=true\
&amp;orion.sum.group.by=AMT_CustomProps.Version&amp;pie.title=x</summary-uri>
  </query>
  <query><name>Events</name><target>EPOEvents</target></query>
</list>"""


def exported_queries(w):
    """Queries that ePO exported."""
    def results(**query):
        return [(r["name"], r["result"]) for r in w.ok(
            "importQueries", body=EXPORT, query=query).json["items"]]

    w.wrong("importQueries", body=EXPORT)
    equal(results(), [("Of ePO", "saved"), ("Events", "bad")], "taken")
    equal(w.ok("getQuery", "Of ePO").json["chart"], "pie", "its chart")
    equal(results(), [("Of ePO", "bad"), ("Events", "bad")], "there already")
    equal(results(replace="yes"), [("Of ePO", "saved"), ("Events", "bad")],
          "replaced")
    for bad in (b"", b"<list/>", b"<a>", b"{}", b"<!DOCTYPE a []><list/>"):
        w.fails(422, "importQueries", body=bad)
    w.ok("removeQuery", "Of ePO")


def pages(w, name, limit, **query):
    """All rows of a list, so many a page."""
    rows, page = [], w.ok(name, query={"limit": limit, **query}).json
    while True:
        rows += page["items"]
        if not page["next"]:
            return rows
        page = w.ok(name, query={"limit": limit, **query,
                                 "cursor": page["next"]}).json


def agree(ask, local, what):
    """serve may work on a device in between, and change what both say."""
    said = []

    def same():
        said[:] = [ask(), local()]
        return said[0] == said[1]

    wait_for(same, PATIENCE, what)
    return said[0]


def as_read(w, serving, names):
    """Findings and plans by the last reading, as the command line has them."""
    w.ok("removeDevice", NEW["name"])
    found = agree(lambda: [{k: v for k, v in f.items() if k != "error_kind"}
                           for f in pages(w, "listFindings", 2)],
                  lambda: serving.json("diagnose", "--offline", "--all"),
                  "findings")
    equal([f["name"] for f in found], names, "of all")
    query = f'(eq EPOLeafNode.NodeName "{names[1]}")'
    equal([f["name"] for f in pages(w, "listFindings", 2, query=query)],
          [names[1]], "of a query")
    w.wrong("listFindings")
    planned = agree(
        lambda: pages(w, "listPlan", 2, task="reissue-certificates"),
        lambda: serving.json("plan", "reissue-certificates", "--all"), "a plan")
    equal({p["name"] for p in planned if p["step"]}, set(names),
          "who asks for it gets it")
    equal(pages(w, "listPlan", 2), pages(w, "listPlan", 2, task="auto"),
          "all that is due, unless another is named")
    w.wrong("listPlan")
    w.fails(422, "listPlan", query={"task": "juggle"})
    w.ok("addDevice", body=NEW)
    equal([(p["step"], "never read" in p["error"]) for p in
           pages(w, "listPlan", 2, filter=NEW["name"])], [(None, True)],
          "of one that was never read nothing is known")
    w.ok("removeDevice", NEW["name"])
    equal(w.ok("listTaskTypes").json["items"], serving.json("task", "types"),
          "task types")
    w.wrong("listTaskTypes")


def of_run(w, names):
    """Lists of devices, of a run: by their turn, with what went wrong."""
    w.ok("addDevice", body={**NEW, "address": "127.0.0.1"})  # nothing there
    run = w.ok("addRun", body={
        "type": "collect-properties", "retries": 0,
        "devices": [names[1], NEW["name"], names[0]]}).json["id"]
    wait_for(lambda: w.ok("getRun", run).json["state"] == "ended", PATIENCE,
             "its end")
    turn = [i["device"] for i in w.ok("listRunItems", run).json["items"]]
    equal(sorted(turn), sorted([names[0], names[1], NEW["name"]]), "items")
    for name in ("listDevices", "listFindings"):
        equal([d["name"] for d in pages(w, name, 1, run=run)], turn, name)
        w.fails(404, name, query={"run": 999999})
        for other in ({"query": "renamed-systems"}, {"filter": "*"}):
            w.fails(400, name, query={"run": run, **other})
    found = {f["name"]: f for f in pages(w, "listFindings", 2, run=run)}
    equal((found[names[0]]["error"], found[names[0]]["error_kind"]),
          (None, None), "nothing went wrong")
    check(found[NEW["name"]]["error"] and found[NEW["name"]]["error_kind"],
          f"what went wrong: {found[NEW['name']]}")
    planned = pages(w, "listPlan", 500, run=run, task="reissue-certificates")
    equal({p["name"]: p["error"] for p in planned if p["error"]},
          {NEW["name"]: found[NEW["name"]]["error"]}, "and that alone")
    equal({p["name"] for p in planned}, set(turn), "a plan of all of them")
    w.ok("removeDevice", NEW["name"])
    equal(len(pages(w, "listDevices", 500, run=run)), 2, "who left is none")


def journal(w, serving, names):
    """Changes that maintenance made."""
    run = w.ok("addRun", body={
        "type": "amt-maintenance", "tasks": ["reissue-certificates"],
        "when": "always", "devices": names[:2]}).json["id"]
    follow(w, run, 2)
    ended = pages(w, "listJournalEnded", 3)
    equal(ended, serving.json("journal", "--ended", "--limit", "10000"),
          "the journal")
    check(len(ended) > 3, f"there are some: {ended}")
    equal({i["device"] for i in w.ok("listJournalEnded", query={
        "device": names[1]}).json["items"]}, {names[1]}, "of a device")
    w.wrong("listJournalEnded")
    w.fails(404, "listJournalEnded", query={"device": "nobody"})
    equal(w.ok("listJournal").json["items"], [], "nothing is under way")
    w.wrong("listJournal")


def purge(w, serving):
    ended = len(w.ok("listRuns", query={"limit": 500}).json["items"])
    w.wrong("purgeRuns", body={"older_than": 604800})
    equal(w.ok("purgeRuns", body={"older_than": 604800}).json,
          {"runs": 0, "more": False}, "none is so old")
    equal(len(w.ok("listRuns", query={"limit": 500}).json["items"]), ended,
          "and all are there")
    operator = Client(*serving.at, token(serving, "olga"))
    w.problem(operator.call("POST", "/run-purge", {"older_than": 604800}), 403,
              "an operator purges nothing")


def keys(w, names):
    """The same request again is answered again, and done once."""
    tag = {"devices": [names[0]]}
    w.ok("addTag", body={"name": "once"})
    first = w.ok("applyTag", "once", body=tag, Idempotency_Key="k1")
    equal(first.json["changed"], 1, "done")
    again = w.ok("applyTag", "once", body=tag, Idempotency_Key="k1")
    equal((again.json, again.headers.get("idempotency-replayed")),
          (first.json, "true"), "the answer again")
    equal(w.ok("applyTag", "once", body=tag, Idempotency_Key="k2")
          .json["changed"], 0, "another key: asked anew")
    w.fails(422, "applyTag", "once", body={"devices": [names[1]]},
            Idempotency_Key="k1")
    w.fails(422, "clearTag", "once", body=tag, Idempotency_Key="k1")
    w.fails(400, "applyTag", "once", body=tag, Idempotency_Key="k" * 256)
    runs = [w.ok("lookAtDevice", names[0], Idempotency_Key="k3")
            for _ in range(3)]
    equal(len({r.json["id"] for r in runs}), 1, "one run for one key")
    equal(len({r.headers["location"] for r in runs}), 1, "and its place")


def queries(w, serving, names):
    items = w.ok("listQueries").json["items"]
    check(any(q["name"] == "Never maintained" for q in items), "shipped ones")
    w.wrong("listQueries")
    form = {"select": ROWS, "where": "(isNotBlank EPOLeafNode.NodeName)"}
    w.wrong("putQuery", "mine", body=form)
    equal(w.ok("putQuery", "mine", body=form).status, 201, "a new one")
    equal(w.ok("putQuery", "mine", body=form).status, 200, "replaced")
    tag = w.ok("getQuery", "mine").headers["etag"]
    for there in ("*", tag, "W/" + tag):
        w.fails(412, "putQuery", "mine", body={**form, "description": "lost"},
                If_None_Match=there)
    equal(w.ok("getQuery", "mine").json["description"], None, "as it was")
    equal(w.ok("putQuery", "mine", body=form, If_None_Match='"x"').status, 200,
          "another tag forbids nothing")
    equal(w.ok("putQuery", "yours", body=form, If_None_Match="*").status, 201,
          "it was not there")
    w.ok("removeQuery", "yours")
    w.fails(422, "putQuery", "mine", body={"where": "(eq Nothing 1)"})
    w.fails(412, "putQuery", "other", body=form, If_Match='"x"')
    equal(w.ok("getQuery", "mine").json["where"], form["where"], "kept")
    w.wrong("getQuery", "mine")
    w.fails(404, "getQuery", "nothing")
    rows = w.ok("runQuery", "mine").json
    equal(sorted(r["EPOLeafNode.NodeName"] for r in rows["rows"]), names,
          "its rows")
    equal(len(w.ok("runQuery", "mine", query={"top": 2}).json["rows"]), 2,
          "so many")
    w.wrong("runQuery", "mine")
    equal(w.ok("askQuery", body=form).json, rows, "the same, not saved")
    csv = w.ok("askQuery", body=form, Accept="text/csv")
    equal((csv.type, len(csv.bytes.decode().split("\r\n"))),
          ("text/csv", len(names) + 2), "as CSV")
    w.wrong("askQuery", body=form)
    for name, command in (("listQueryColumns", "tables"),
                          ("listQueryOperators", "operators")):
        equal(w.ok(name).json["items"], serving.json("query", command),
              f"query {command}")
        w.wrong(name)
    drawn = {**form, "chart": "pie"}
    equal(w.ok("putQuery", "mine", body=drawn).json["chart"], "pie", "drawn so")
    w.fails(422, "putQuery", "mine", body={**form, "chart": "cake"})
    months = {"table": "AMT_CustomProps", "group": "(month LastRead)"}
    rows = w.ok("askQuery", body=months).json["rows"]
    equal(sum(r["count"] for r in rows), len(names), f"by month: {rows}")
    runs = w.ok("runQuery", "Runs by result").json["rows"]
    check(all(r["AMT_RunItems.Result"] in ("ok", "changed", "failed", "skipped")
              for r in runs), f"words, not numbers: {runs}")
    w.ok("removeQuery", "mine")
    w.fails(404, "removeQuery", "mine")
    w.fails(409, "removeQuery", "Never maintained")


def tasks(w, names):
    form = {"name": "collect", "type": "collect-properties"}
    w.wrong("listTasks")
    w.wrong("addTask", body=form)
    task = w.ok("addTask", body=form)
    w.fails(409, "addTask", body=form)
    w.fails(422, "addTask", body={"name": "x", "type": "amt-maintenance",
                                  "settings": "{}"})
    check(form["name"] in [t["name"] for t in w.ok("listTasks").json["items"]],
          "it is listed")
    equal(len(w.ok("listTasks", query={"limit": 1}).json["items"]), 1, "one")
    w.wrong("changeTask", "collect", body={"description": "x"})
    w.ok("changeTask", "collect", body={"description": "reads"},
         If_Match=task.headers["etag"])
    w.fails(412, "changeTask", "collect", body={"description": "y"},
            If_Match=task.headers["etag"])
    equal(w.ok("getTask", "collect").json["description"], "reads", "changed")
    w.fails(404, "getTask", "nothing")
    target = {"devices": names[:2]}
    w.wrong("runTask", "collect", body=target)
    w.fails(422, "runTask", "collect", body={})
    w.fails(422, "runTask", "collect", body={**target, "all": True})
    w.fails(404, "runTask", "collect", body={"devices": ["nobody"]})
    w.fails(404, "runTask", "nothing", body=target)
    assign = {"task": "collect", "schedule": far_off("daily at %H:%M UTC"),
              "all": True}
    w.wrong("addAssignment", body=assign)
    made = w.ok("addAssignment", body=assign)
    number = made.json["id"]
    w.fails(422, "addAssignment", body={**assign, "schedule": "never ever"})
    equal([a["id"] for a in w.ok("listAssignments", query={
        "task": "collect"}).json["items"]], [number], "listed")
    w.wrong("listAssignments")
    w.wrong("changeAssignment", number, body={"enabled": False})
    w.ok("changeAssignment", number, body={"enabled": False},
         If_Match=made.headers["etag"])
    equal(w.ok("getAssignment", number).json["enabled"], False, "disabled")
    w.fails(404, "getAssignment", 999)
    w.fails(404, "getAssignment", "x")
    run = w.ok("runAssignment", number).json["id"]
    w.ok("removeAssignment", number)
    w.fails(404, "removeAssignment", number)
    follow(w, run, len(names))
    runs(w, names)
    w.ok("removeTask", "collect")
    w.fails(404, "removeTask", "collect")


def server_tasks(w, serving, names):
    """Trees of actions: the command line adds them."""
    path = os.path.join(serving.where, "task.yaml")
    with open(path, "w") as f:
        f.write(SERVER)
    serving.run("server-task", "add", path)
    serving.run("server-task", "add", path, "--name", "untouched")
    page = w.ok("listServerTasks", query={"limit": 1}).json
    more = w.ok("listServerTasks", query={"cursor": page["next"]}).json
    equal([t["name"] for t in page["items"] + more["items"]],
          ["Tag all", "untouched"], "pages have each once")
    w.wrong("listServerTasks")
    first = w.ok("getServerTask", "tag-all")
    local = serving.json("server-task", "show", "Tag all")[0]
    equal(first.json, {**local, "last_run": 0}, "as the command line has it")
    w.wrong("getServerTask", "Tag all")
    w.fails(404, "getServerTask", "nothing")
    w.wrong("changeServerTask", "Tag all", body={"enabled": False})
    w.fails(422, "changeServerTask", "Tag all", body={"schedule": "never"})
    w.fails(404, "changeServerTask", "nothing", body={"enabled": False})
    equal(w.ok("getServerTask", "Tag all").json, first.json, "as it was")
    changed = w.ok("changeServerTask", "Tag all", body={
        "schedule": far_off("daily at %H:00 UTC")},
        If_Match=first.headers["etag"]).json
    check(changed["next_due"].endswith(":00:00Z"), f"it is due: {changed}")
    w.fails(412, "changeServerTask", "Tag all", body={"enabled": False},
            If_Match=first.headers["etag"])
    changed = w.ok("changeServerTask", "Tag all", body={"enabled": False}).json
    equal((changed["enabled"], changed["next_due"], changed["actions"]),
          (False, None, first.json["actions"]), "disabled, and nothing else")
    w.wrong("runServerTask", "Tag all")
    w.fails(404, "runServerTask", "nothing")
    authors(w, serving, names)
    executions(w, serving, names)


def authors(w, serving, names):
    """Made, looked through, changed, sent away and taken in again."""
    new = {"name": "ours", "actions": TREE,
           "schedule": far_off("daily at %H:%M UTC")}
    w.wrong("addServerTask", body=new)
    w.fails(422, "addServerTask", body={**new, "actions": '[{"dance":{}}]'})
    w.fails(404, "addServerTask", body={
        **new, "actions": '[{"run-query":{"query":"no such"}}]'})
    made = w.ok("addServerTask", body=new, Idempotency_Key="t1")
    number = made.json["id"]
    equal(w.ok("addServerTask", body=new, Idempotency_Key="t1").json,
          made.json, "made once")
    equal((made.headers["location"], made.json["owner"],
           made.json["enabled"], made.json["actions"]),
          (f"/api/v1/server-tasks/{number}", "api:admin", True, TREE), "made")
    w.fails(409, "addServerTask", body=new)
    flow = [(1, 0, len(names)), (2, 1, len(names))]
    equal([(a["action"], a["under"], a["rows"]) for a in
           w.ok("getServerTaskFlow", "ours").json["items"]], flow, "its flow")
    w.wrong("getServerTaskFlow", "ours")
    w.fails(404, "getServerTaskFlow", "nothing")
    found = w.ok("checkServerTask", body={"actions": TREE}).json["items"]
    equal([(a["action"], a["under"], a["rows"]) for a in found], flow,
          "the same, not saved")
    equal([a["rights"] for a in found], [["query.run"], ["tag.write"]],
          "what it asks for")
    w.wrong("checkServerTask", body={"actions": TREE})
    found = w.ok("checkServerTask", body={"actions": LACKING}).json["items"]
    equal([a["runnable"] for a in found], [False, True],
          "what the configuration lacks something for")
    kinds = w.ok("listActionKinds").json["items"]
    equal([k["name"] for k in kinds],
          [k["name"] for k in serving.json("server-task", "actions")], "kinds")
    w.wrong("listActionKinds")
    changed = w.ok("changeServerTask", "ours", body={
        "name": "theirs", "description": "x", "actions": PURGE},
        If_Match=made.headers["etag"]).json
    equal((changed["id"], changed["name"], changed["description"],
           changed["does"], changed["schedule"]),
          (number, "theirs", "x", "purge-log 30d", made.json["schedule"]),
          "changed")
    files(w, serving)
    rights(w, serving)
    w.fails(412, "removeServerTask", "theirs", If_Match='"x"')
    w.wrong("removeServerTask", "theirs")
    w.ok("removeServerTask", "theirs")
    w.fails(404, "removeServerTask", "theirs")


def files(w, serving):
    all_ = w.ok("exportServerTasks")
    equal(all_.bytes.decode(), serving.run("server-task", "export"),
          "as the command line writes it")
    one = w.ok("exportServerTasks", query={"task": "theirs"}).bytes.decode()
    equal((one.count("<scheduled-task>"), "theirs" in one), (1, True), "one")
    w.wrong("exportServerTasks")
    w.fails(404, "exportServerTasks", query={"task": "nothing"})
    w.wrong("importServerTasks", body={"xml": one, "replace": True})
    w.fails(409, "importServerTasks", body={"xml": one})
    w.fails(422, "importServerTasks", body={"xml": "<list>"})
    equal(w.ok("importServerTasks", body={"xml": one, "replace": True}).json,
          {"tasks": 1, "kept": 0}, "in place of itself")
    foreign = one.replace("theirs", "foreign").replace("tasklog.purge", "x.y")
    equal(w.ok("importServerTasks", body={"xml": foreign}).json,
          {"tasks": 1, "kept": 1}, "what is not known is kept")
    w.fails(409, "runServerTask", "foreign")
    w.ok("removeServerTask", "foreign")


def rights(w, serving):
    """Operators run server tasks, but purge no log by one either."""
    operator = Client(*serving.at, token(serving, "olga"))
    told = w.problem(operator.call("POST", "/server-tasks/theirs/run"), 403,
                     "purging as an operator")
    answer = operator.call("POST", "/server-tasks/theirs/run")
    check(told and "run.purge" in answer.json["detail"], f"why: {answer!r}")


def executions(w, serving, names):
    equal(w.ok("listServerTaskRuns", "Tag all").json["items"], [], "none yet")
    made = [w.ok("runServerTask", "Tag all", Idempotency_Key="s1")
            for _ in range(2)]
    run = made[0].json["id"]
    equal(made[0].json, made[1].json, "one run for one key")
    equal(made[0].headers["location"], f"/api/v1/runs/{run}", "where it is")
    follow(w, run, 2)
    actions = w.ok("listRunActions", run).json["items"]
    equal([(a["under"], a["state"], a["rows"]) for a in actions],
          [(0, "ok", len(names)), (1, "changed", -1)], "its actions")
    equal([a["does"] for a in actions],
          [a["does"] for a in serving.json("server-task", "log", "--run",
                                           str(run))], "in the same words")
    w.wrong("listRunActions", run)
    w.fails(404, "listRunActions", 999999)
    equal([t["devices"] for t in w.ok("listTags").json["items"]
           if t["name"] == "all of them"], [len(names)], "they have the tag")
    w.fails(409, "removeTag", "all of them")  # the task goes by it
    second = w.ok("runServerTask", "tag-all").json["id"]
    follow(w, second, 2)
    w.ok("addTask", body={"name": "Tag all", "type": "collect-properties"})
    follow(w, w.ok("runTask", "Tag all", body={"all": True}).json["id"],
           len(names))  # another's run of that name is none of its
    w.ok("removeTask", "Tag all")
    page = w.ok("listServerTaskRuns", "Tag all", query={"limit": 1}).json
    more = w.ok("listServerTaskRuns", "Tag all",
                query={"cursor": page["next"]}).json
    equal([r["id"] for r in page["items"] + more["items"]], [second, run],
          "the newest first")
    equal([r["run"] for r in serving.json("server-task", "log", "Tag all")],
          [second, run], "as the command line has it")
    w.wrong("listServerTaskRuns", "Tag all")
    w.fails(404, "listServerTaskRuns", "nothing")


def follow(w, run, count):
    """Its progress to the end."""
    stream = w.client.follow(f"/runs/{run}/stream")
    w.called.add("followRun")
    equal((stream.status, stream.type), (200, "text/event-stream"), "stream")
    told = list(stream)
    stream.close()
    equal(told[-1][0], "end", "the stream says that it is over")
    rows = [data for event, _, data in told if event == "run"]
    for row in rows:
        why = w.document.differs({"$ref": "#/components/schemas/Run"}, row)
        check(why is None, f"followRun: {why}")
    equal((rows[-1]["state"], rows[-1]["percent"]), ("ended", 100), "its end")
    percents = [row["percent"] for row in rows]
    equal(percents, sorted(percents), "progress goes one way")
    equal(rows[-1]["devices"], count, "for all")
    w.fails(404, "followRun", 999999)


def runs(w, names):
    made = w.ok("runTask", "collect",
                body={"devices": names[:3], "canary": 1})
    equal(made.status, 202, "taken")
    run = made.json["id"]
    equal(made.headers["location"], f"/api/v1/runs/{run}", "where it is")
    follow(w, run, 3)
    equal(w.ok("getRun", run).json["ok"], 3, "all of them")
    w.fails(404, "getRun", 999999)
    w.wrong("getRun", run)
    items = w.ok("listRunItems", run, query={"limit": 2}).json
    more = w.ok("listRunItems", run, query={"cursor": items["next"]}).json
    equal(sorted(i["device"] for i in items["items"] + more["items"]),
          sorted(names[:3]), "each device once")
    equal(w.ok("listRunItems", run, query={"outcome": "failed"}).json["items"],
          [], "none failed")
    w.wrong("listRunItems", run)
    check(w.ok("listRunMessages", run).json["items"], "messages")
    w.wrong("listRunMessages", run)
    w.fails(404, "listRunItems", 999999)
    page = w.ok("listRuns", query={"limit": 1}).json
    equal(page["items"][0]["id"], run, "the newest first")
    check(run not in [r["id"] for r in w.ok("listRuns", query={
        "cursor": page["next"]}).json["items"]], "and not again")
    w.wrong("listRuns")
    w.fails(409, "pauseRun", run)  # it is over
    paused = w.ok("maintainDevice", names[0]).json["id"]
    w.wrong("maintainDevice", names[0], body={"tasks": ["sync-clock"]})
    w.fails(422, "maintainDevice", names[0], body={"tasks": ["juggle"]})
    w.fails(404, "lookAtDevice", "nobody")
    follow(w, paused, 1)
    work(w, names)


def work(w, names):
    """Runs of no task that is kept, over devices of any choice."""
    form = {"type": "collect-properties", "all": True, "canary": 1}
    w.wrong("addRun", body=form)
    w.fails(422, "addRun", body={**form, "tasks": ["sync-clock"]})
    w.fails(422, "addRun", body={**form, "devices": names[:1]})
    w.fails(422, "addRun", body={"type": "amt-maintenance", "all": True,
                                 "tasks": ["juggle"]})
    begun = w.ok("getVersion").headers["date"]
    made = [w.ok("addRun", body=form, Idempotency_Key="w1") for _ in range(2)]
    run = made[0].json["id"]
    equal((made[0].status, made[1].json["id"]), (202, run), "one for one key")
    follow(w, run, len(names))
    equal(w.ok("getRun", run).json["ok"], len(names), "all of them")
    seen = w.ok("listRuns", query={
        "type": "collect-properties", "since": rfc3339(begun)}).json["items"]
    equal([r["id"] for r in seen], [run], "by type and time")
    w.fails(400, "listRuns", query={"since": "yesterday"})
    equal(w.ok("listRuns", query={"type": "server-task", "limit": 500})
          .json["items"], [], "none of a server task yet")
    follow(w, w.ok("addRun", body={
        "type": "enforce-profile", "devices": names[:1]}).json["id"], 1)


def rfc3339(date):
    """A header's date; the second before it."""
    at = datetime.datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")
    return (at - datetime.timedelta(seconds=1)).isoformat() + "Z"


def many(w):
    """More than there may be are told to come again; others are answered."""
    streams = []
    while len(streams) <= 64:
        stream = w.client.follow("/events/stream")
        streams.append(stream)
        if stream.status != 200:
            break
    equal((streams[-1].status, streams[-1].type),
          (503, "application/problem+json"), "no more streams")
    w.ok("getVersion")
    other = Client(*w.client.where_from, basic("olga")).follow(
        "/events/stream")
    equal(other.status, 200, "one user does not have them all")
    other.close()
    for stream in streams:
        stream.close()
    while True:  # that these are gone is noticed by and by
        stream = w.client.follow("/events/stream")
        stream.close()
        if stream.status == 200:
            return
        time.sleep(0.2)


def control(w):
    """A device that is not there keeps its run from ending."""
    w.ok("addDevice", body={**NEW, "address": "127.83.9.9"})
    run = w.ok("lookAtDevice", NEW["name"]).json["id"]
    for word, state in (("pause", "paused"), ("resume", "queued"),
                        ("abort", "aborted")):
        w.fails(422, word + "Run", run, body={"why": ""})
        w.fails(404, word + "Run", 999999)
        told = w.ok(word + "Run", run, body={"why": "a test"}).json
        check(told["state"] in (state, "running"), f"{word}: {told}")
    equal(w.ok("getRun", run).json["why"], "a test", "why")
    w.fails(409, "resumeRun", run)
    told = list(w.client.follow(f"/runs/{run}/stream"))
    equal(told[-1][0], "end", "a stream of a run that is over ends")
    check("aborted" in [d["state"] for e, _, d in told if e == "run"],
          "and says how")


def tags(w, names):
    w.wrong("addTag", body={"name": "lab"})
    equal(w.ok("addTag", body={"name": "lab"}).json["devices"], 0, "a tag")
    w.wrong("applyTag", "lab", body={"devices": names[:1]})
    w.fails(422, "applyTag", "lab", body={})
    w.fails(404, "applyTag", "nothing", body={"devices": names[:1]})
    equal(w.ok("applyTag", "lab", body={
        "query": "(isNotBlank EPOLeafNode.NodeName)"}).json,
        {"tag": "lab", "changed": len(names), "same": 0}, "all have it")
    equal([t["devices"] for t in w.ok("listTags").json["items"]
           if t["name"] == "lab"], [len(names)], "how many")
    equal(w.ok("clearTag", "lab", body={"devices": names[:2]})
          .json["changed"], 2, "two have it no more")
    w.wrong("clearTag", "lab", body={"devices": names[:1]})
    equal(w.ok("excludeTag", "lab", body={"devices": names[:1]})
          .json["changed"], 1, "one never again")
    equal(w.ok("applyTag", "lab", body={"devices": names[:1]})
          .json["changed"], 0, "not even so")
    w.wrong("excludeTag", "lab", body={"devices": names[:1]})
    w.ok("removeTag", "lab")
    w.fails(404, "removeTag", "lab")
    check("My Organization" in w.ok("listGroups").json["items"][0]["path"],
          "the tree")


def certificates(w, serving):
    """The console's own is one of them."""
    page = w.ok("listCertificates", query={"limit": 1}).json
    w.wrong("listCertificates")
    ours = page["items"][0]
    equal(w.ok("getCertificate", ours["serial"]).json, ours, "by its serial")
    w.fails(404, "getCertificate", "abcdef")
    equal(w.ok("listCertificates", query={"device": "nobody"}).json["items"],
          [], "of one device")
    equal(serving.json("ca", "list")[0], ours, "as the command line says")
    w.wrong("revokeCertificate", ours["serial"],
            body={"reason": "superseded"})
    told = w.ok("revokeCertificate", ours["serial"],
                body={"reason": "superseded"}).json
    check(told["revoked_at"] is not None, "revoked")
    said = [json.loads(e["detail"]) for e in serving.json("events", "--last",
                                                          "10")
            if e["kind"] == "certificate.revoked"]
    equal(said, [{"serial": ours["serial"], "reason": 4}],
          "and in the audit chain")
    w.fails(404, "revokeCertificate", "abcdef", body={})


def authority(w, serving, names):
    """The CA itself, as the command line has it."""
    local = serving.json("ca", "show")
    for line in local:
        line.pop("key_file")
    equal(w.ok("listIssuers").json["items"], local, "issuers")
    w.wrong("listIssuers")
    for part, option in ("chain", []), ("all", ["--all"]), ("root", ["--root"]):
        equal(w.ok("getCaChain", query={"part": part}).bytes.decode(),
              serving.run("ca", "chain", *option), f"PEM: {part}")
    equal(w.ok("getCaChain").bytes.decode(), serving.run("ca", "chain"), "PEM")
    w.wrong("getCaChain")
    for issuer, option in ("issuing", []), ("root", ["--root"]):
        path = os.path.join(serving.where, "crl")
        serving.run("ca", "crl", "--out", path, *option)
        with open(path, "rb") as f:
            equal(w.ok("getCrl", query={"issuer": issuer}).bytes, f.read(),
                  f"revocation list: {issuer}")
    w.wrong("getCrl")
    templates = w.ok("listTemplates").json["items"]
    local = serving.json("ca", "template", "show",
                         *[t["name"] for t in templates])
    for both in templates + local:
        check(both.pop("ends_if_now"), "when one ends that is issued now")
    equal(templates, local, "templates")
    equal(len(templates), len(serving.json("ca", "template", "list")), "all")
    w.wrong("listTemplates")
    equal(w.ok("listTemplateProblems").json["items"],
          serving.json("ca", "template", "check", "--offline"), "problems")
    w.wrong("listTemplateProblems")
    bridges = w.ok("listBridges").json["items"]
    equal([(b["name"], b["kind"], b["waiting"]) for b in bridges],
          [("corp", "helper", 0), ("slow", "helper", 0)], "bridges")
    w.wrong("listBridges")
    equal(w.ok("listBridgeRequests").json["items"], [], "nothing waits")
    w.wrong("listBridgeRequests")
    w.fails(404, "hastenBridgeRequest", names[0])
    w.fails(404, "hastenBridgeRequest", "nobody")
    waiting(w, serving, names[0])
    page = w.ok("listCertificates", query={"limit": 1}).json["items"][0]
    equal(w.ok("getCertificatePem", page["serial"]).bytes.decode(),
          serving.run("ca", "export", page["serial"]), "a certificate")
    w.wrong("getCertificatePem", page["serial"])
    w.fails(404, "getCertificatePem", "abcdef")
    equal(pages(w, "listCertificates", 3, expiring=1), [], "none ends now")
    equal(len(pages(w, "listCertificates", 3, expiring=31622400)) > 1, True,
          "all end within a year")
    blocks(w, serving)


def waiting(w, serving, name):
    """A request that another CA has not granted, as bridges write it down."""
    (database,) = [o["value"] for o in serving.json("config", "show")
                   if o["key"] == "ca_database"]
    later = int(time.time()) + 86400
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        db.execute(
            "INSERT INTO bridge_request (bridge, key, device, template, "
            "subject, names, spki_sha256, csr_sha256, csr, state, request_id, "
            "text, tries, made_at, asked_at, retry_at, urgent_at) VALUES "
            "('corp', 'a key', ?, 'tls', '', ?, x'', x'', x'', 'pending', "
            "'7', 'soon', 1, 1, 1, ?, 0)", (name, "dns:" + name, later))
    (found,) = w.ok("listBridgeRequests").json["items"]
    equal(serving.json("ca", "bridge", "pending"), [found], "it waits")
    equal((found["device"], found["request"], w.ok("listBridges").json["items"]
           [0]["waiting"]), (name, "7", 1), "for this CA")
    w.wrong("hastenBridgeRequest", name)
    w.ok("hastenBridgeRequest", name)
    equal(w.ok("listBridgeRequests").json["items"][0]["next_try"], None,
          "it is asked for at the next occasion")
    check("certificate.hastened" in serving.run("events", "--last", "5"),
          "and in the audit chain")
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        db.execute("DELETE FROM bridge_request")


def blocks(w, serving):
    found = agree(lambda: w.ok("listCaFindings").json["items"],
                  lambda: serving.json("ca", "health", expect=(0, 3)),
                  "the CA's health")
    w.wrong("listCaFindings")
    keys = [f"{i:064x}" for i in range(1, 6)]
    text = "\n".join(f"{k} leaked {i}" for i, k in enumerate(keys))
    w.wrong("blockKeys", body={"keys": text})
    w.fails(422, "blockKeys", body={"keys": keys[0] + "\nno key\n"})
    equal(w.ok("listBlockedKeys").json["items"], [], "a bad line blocks none")
    equal(w.ok("blockKeys", body={"keys": text}).json,
          {"added": 5, "known": 0, "devices": []}, "blocked")
    equal(w.ok("blockKeys", body={"keys": keys[0], "note": "x"}).json["known"],
          1, "it was so already")
    listed = pages(w, "listBlockedKeys", 2)
    equal(listed, serving.json("ca", "block", "list"), "as locally")
    equal([b["note"] for b in listed], [f"leaked {i}" for i in range(5)],
          "with their notes")
    w.wrong("listBlockedKeys")
    w.wrong("unblockKey", keys[0])
    w.ok("unblockKey", keys[0])
    w.fails(404, "unblockKey", keys[0])
    equal(len(pages(w, "listBlockedKeys", 9)), 4, "and one is allowed again")
    issued = pages(w, "listCertificates", 100)
    own = next(c for c in issued if c["device"] == "console")
    pem = w.ok("getCertificatePem", own["serial"]).bytes.decode()
    equal(w.ok("blockKeys", body={"keys": pem}).json,
          {"added": 1, "known": 0, "devices": ["console"]}, "who has it")
    worse = agree(lambda: w.ok("listCaFindings").json["items"],
                  lambda: serving.json("ca", "health", expect=(0, 3)),
                  "and its health then")
    check(len(worse) > len(found) and "key-blocked" in
          [f["code"] for f in worse], f"a finding more: {worse}")
    for b in pages(w, "listBlockedKeys", 9):
        w.ok("unblockKey", b["sha256"])


def letters(w, serving):
    """What a webhook would not take: tests/integration/cli/forward.py sends."""
    wait_for(lambda: len(pages(w, "listDeadLetters", 9)) == 3, PATIENCE,
             "three are put aside")
    places = w.ok("listForwardPlaces").json["items"]
    equal([(p["name"], p["kind"], p["dead"]) for p in places],
          [("hook", "webhook", 3)], f"places: {places}")
    w.wrong("listForwardPlaces")
    equal(w.ok("listEpoServers").json["items"], serving.json("epo", "status"),
          "no ePO server")
    w.wrong("listEpoServers")
    dead = pages(w, "listDeadLetters", 2, place="hook")
    equal(dead, serving.json("forward", "dead"), "as the command line says")
    equal([d["event"] for d in dead], [1, 2, 3], "in order")
    equal(pages(w, "listDeadLetters", 2, place="none"), [], "of another")
    w.wrong("listDeadLetters")
    w.wrong("sendDeadLetters", "hook", body={"event": 2})
    w.fails(404, "sendDeadLetters", "hook", body={"event": 99})
    w.fails(404, "sendDeadLetters", "nobody", body={})
    told = w.ok("sendDeadLetters", "hook", body={"event": 2}).json
    equal(told, {"name": "hook", "letters": 1}, "one is to be sent again")
    check(wait_for(lambda: [d["attempts"] for d in pages(
        w, "listDeadLetters", 9)] == [3, 4, 3], PATIENCE, "it was tried"),
        "by serve")
    w.wrong("dropDeadLetters", "hook", body={"event": 1})
    equal(w.ok("dropDeadLetters", "hook", body={"event": 1},
               Idempotency_Key="d1").json["letters"], 1, "one is dropped")
    equal(w.ok("dropDeadLetters", "hook").json["letters"], 2, "and the rest")
    w.fails(404, "dropDeadLetters", "nobody")
    w.fails(404, "dropDeadLetters", "hook", body={"event": 1})


class Refusing(http.server.BaseHTTPRequestHandler):
    """A webhook that takes all but three events."""
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(400 if body["id"] in ("1", "2", "3") else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def refusing(serving):
    """Its place in the configuration, and a bridge that nothing goes over."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    anchors = os.path.join(serving.where, "anchors.pem")
    with open(anchors, "w") as f:
        f.write(serving.run("ca", "chain"))
    folder = os.path.join(os.path.dirname(serving.config), "conf.d")
    os.makedirs(folder, exist_ok=True)
    slow = os.path.join(serving.where, "slow")
    with open(slow, "w", opener=lambda p, f: os.open(p, f, 0o755)) as f:
        f.write("#!/bin/sh\nexec sleep 1000\n")
    with open(os.path.join(folder, "forward.yaml"), "w") as f:
        f.write("forward:\n  - {name: hook, kind: webhook, from: first, "
                f"to: 'http://127.0.0.1:{server.server_port}/', refusals: 3, "
                "retry_first: 1s, retry_most: 1s}\n"
                "bridges:\n  - {name: corp, kind: helper, "
                f"command: /bin/false, anchors: {anchors}}}\n"
                f"  - {{name: slow, kind: helper, command: {slow}, "
                f"timeout: 5m, anchors: {anchors}}}\n")
    path = os.path.join(serving.where, "secret")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("a secret of the test\n")
    serving.run("forward", "secret", "hook", "--secret-file", path)


def users(w):
    new = {"name": "carol", "sets": "monitor", "password": PASSWORD}
    w.wrong("addUser", body=new)
    w.fails(422, "addUser", body={**new, "sets": "no such set"})
    made = w.ok("addUser", body=new)
    equal(made.headers["location"], "/api/v1/users/carol", "where it is")
    check(PASSWORD not in made.bytes.decode(), "no password in answers")
    w.fails(409, "addUser", body=new)
    carol = Client(*w.client.where_from, basic("carol"))
    equal(carol.get("/self").json["user"], "carol", "she may come in")
    w.problem(carol.call("PATCH", "/users/carol", {"sets": "administrator"}),
              403, "and not raise herself")
    w.wrong("changeUser", "carol", body={"note": "x"})
    w.fails(404, "changeUser", "nobody", body={"note": "x"})
    by = "upn:carol@corp.example"
    equal(w.ok("changeUser", "carol", body={"certificate": by})
          .json["certificate"], by, "by certificate as well")
    equal(w.ok("changeUser", "carol", body={"certificate": ""})
          .json["certificate"], None, "no more")
    w.fails(422, "changeUser", "carol", body={"certificate": "carol"})
    tokens(w)
    withdrawn(w)
    now = w.ok("getUser", "carol").headers["etag"]  # she was here since
    equal(w.ok("changeUser", "carol", body={"enabled": False},
               If_Match=now).json["enabled"], False, "disabled")
    equal(carol.get("/self").status, 401, "she may not any more")
    w.fails(412, "removeUser", "carol", If_Match=now)
    w.ok("removeUser", "carol")
    w.fails(404, "removeUser", "carol")


def withdrawn(w):
    """Who is not let in any more is not told any more, on what is open."""
    w.ok("addUser", body={"name": "eve", "sets": "auditor",
                          "password": PASSWORD})
    made = w.ok("addToken", "eve", body={"name": "t", "life": 3600}).json
    at = w.client.where_from
    time.sleep(1.1)  # a change is known by its second
    by_token = Client(*at, "Bearer " + made["token"]).follow("/events/stream")
    by_password = Client(*at, basic("eve")).follow("/events/stream")
    equal((by_token.status, by_password.status), (200, 200), "eve follows")
    w.ok("removeToken", "eve", made["id"])
    list(by_token)  # to its end
    w.ok("changeUser", "eve", body={"password": PASSWORD + "2"})
    list(by_password)  # likewise
    time.sleep(1.1)
    again = Client(*at, basic("eve", PASSWORD + "2")).follow("/events/stream")
    w.ok("removeUser", "eve")
    list(again)


def ended(w, begun):
    """A job that was just begun, at its end; and its rows."""
    equal((begun.status, begun.headers["location"]),
          (202, f"/api/v1/jobs/{begun.json['id']}"), "begun")
    number = begun.json["id"]
    said = []

    def over():
        said[:] = [w.ok("getJob", number).json]
        return said[0]["state"] in ("ended", "failed")

    wait_for(over, PATIENCE, f"the end of {begun.json}")
    return said[0], w.ok("getJobRows", number).json


def jobs(w, serving):
    """What takes its time: each as its command says it."""
    job, rows = ended(w, w.ok("verifyEvents", Idempotency_Key="verify"))
    equal((job["kind"], job["owner"], job["state"], job["code"], job["rows"]),
          ("verify-events", "admin", "ended", 0, -1), f"{job}")
    check("is whole" in job["said"], f"{job['said']}")
    equal(rows, {"rows": [], "cut": False}, "without rows")
    equal(w.ok("verifyEvents", Idempotency_Key="verify").json["id"], job["id"],
          "the same again is the same job")
    for name, places, body, code in (
            ("testBridge", ["none"], None, 4), ("testBridge", ["-h"], None, 4),
            ("testEpoServer", ["none"], None, 4),
            ("testForwardPlace", ["none"], None, 4),
            ("testMail", [], {"to": "a@b.example"}, None),
            ("auditDirectory", [], {"stale": 86400}, 4),
            ("krbStatus", [], None, 4)):
        job, _ = ended(w, w.ok(name, *places, body=body))
        check(job["said"].startswith("amtkeeper: ") and job["code"] != 0 and
              code in (None, job["code"]), f"{name} {places}: {job}")
    job, _ = ended(w, w.ok("testBridge", "corp"))
    check(job["code"] == 0 and job["text"].startswith("helper: "), f"{job}")
    job, _ = ended(w, w.ok("testForwardPlace", "hook"))
    check(job["code"] == 0 and "test message" in job["said"], f"{job}")
    for name in ("verifyEvents", "krbStatus"):
        w.wrong(name)
    w.wrong("testBridge", "corp")
    w.wrong("testEpoServer", "none")
    w.wrong("testForwardPlace", "hook")
    w.wrong("testMail", body={"to": "a@b.example"})
    w.wrong("auditDirectory", body={"ou": "OU=x"})
    w.wrong("listJobs")
    w.wrong("getJob", 1)
    w.wrong("getJobRows", 1)
    killed_job(w)
    others_jobs(w, serving)


def killed_job(w):
    """One that would take for ever, and one that waits behind it."""
    slow = [w.ok("testBridge", "slow").json["id"] for _ in range(3)]
    wait_for(lambda: [w.ok("getJob", n).json["state"] for n in slow] ==
             ["running", "running", "waiting"], PATIENCE, "two at once")
    w.fails(409, "getJobRows", slow[0])
    w.ok("removeJob", slow[2])
    w.fails(404, "getJob", slow[2])
    for number in slow[:2]:
        w.ok("removeJob", number)
        wait_for(lambda n=number: w.ok("getJob", n).json["state"] == "failed",
                 PATIENCE, "it is killed")
        job = w.ok("getJob", number).json
        equal((job["code"], job["said"]),
              (-1, "test-bridge: it was stopped\n"), "and says so")


def others_jobs(w, serving):
    """Nobody sees what is not his, and nobody has too many."""
    olga = Client(*serving.at, token(serving, "olga"))
    watcher = Client(*serving.at, token(serving, "watcher"))
    w.problem(watcher.call("POST", "/forward/hook/test"), 403,
              "a test asks for its right")
    answers = [olga.call("POST", "/forward/none/test") for _ in range(20)]
    made = [a.json["id"] for a in answers if a.status == 202]
    check(len(made) >= 4, "some at a time")
    for a in answers:
        if a.status != 202:
            w.problem(a, 503, "too many at once")
    wait_for(lambda: all(j["state"] == "ended" for j in olga.get(
        "/jobs").json["items"]), PATIENCE, "their end")
    equal({j["owner"] for j in olga.get("/jobs").json["items"]}, {"olga"},
          "his own")
    check({"olga", "admin"} >= {j["owner"] for j in w.ok(
        "listJobs").json["items"]}, "who manages users sees all")
    for method, path in (("GET", ""), ("GET", "/rows"), ("DELETE", "")):
        w.problem(watcher.call(method, f"/jobs/{made[-1]}{path}"), 404,
                  f"another's: {method} {path}")
    w.ok("removeJob", made[-1])
    w.fails(404, "getJob", made[-1])
    w.fails(404, "removeJob", "x")
    told = {json.loads(e["detail"])["operation"]: e["actor"]
            for e in w.ok("listEvents", query={
                "last": 500, "limit": 500}).json["items"]
            if e["kind"] == "api.request"}
    equal((told.get("testForwardPlace"), told.get("verifyEvents"),
           told.get("removeJob")), ("api:olga", "api:admin", "api:admin"),
          "in the audit chain")


def tokens(w):
    """Shown once, and good until they are taken away."""
    new = {"name": "script", "life": 3600}
    w.wrong("addToken", "carol", body=new)
    w.fails(404, "addToken", "nobody", body=new)
    made = w.ok("addToken", "carol", body=new).json
    equal((made["user"], made["name"]), ("carol", "script"), "made")
    carol = Client(*w.client.where_from, "Bearer " + made["token"])
    equal(carol.get("/self").json["user"], "carol", "and good")
    listed = w.ok("listTokens", "carol")
    check(made["token"] not in listed.bytes.decode(), "not shown again")
    equal([t["id"] for t in listed.json["items"]], [made["id"]], "listed")
    w.wrong("listTokens", "carol")
    w.fails(404, "listTokens", "nobody")
    w.fails(404, "removeToken", "admin", made["id"])
    w.wrong("removeToken", "carol", made["id"])
    w.ok("removeToken", "carol", made["id"])
    equal(carol.get("/self").status, 401, "no more")
    w.fails(404, "removeToken", "carol", made["id"])


def others(w):
    w.wrong("listTags")
    w.wrong("listGroups")
    page = w.ok("listEvents", query={"limit": 3}).json
    equal([e["id"] for e in page["items"]], [1, 2, 3], "from the beginning")
    equal(w.ok("listEvents", query={"cursor": page["next"]})
          .json["items"][0]["id"], 4, "and on")
    w.wrong("listEvents")
    equal(len(w.ok("listEvents", query={"last": 5}).json["items"]), 5,
          "the last")
    equal(w.ok("listEvents", query={"since": "2999-01-01T00:00:00Z"})
          .json["items"], [], "of a time to come")
    w.fails(400, "listEvents", query={"since": "lately"})
    sets = w.ok("listPermissionSets").json["items"]
    check(sets[0]["name"] == "administrator" and "user.admin" in
          sets[0]["rights"], f"permission sets: {sets}")
    w.wrong("listPermissionSets")
    check("admin" in [u["name"] for u in w.ok("listUsers").json["items"]],
          "users")
    w.wrong("listUsers")
    user = w.ok("getUser", "admin")
    check("$" not in user.bytes.decode(), "no hash in answers")
    w.fails(404, "getUser", "nobody")
    preview = w.ok("previewSchedule", query={
        "schedule": "monthly on first thu of nov at 03:00 UTC", "count": 2,
        "after": "2026-01-01T00:00:00Z"}).json
    equal(preview["utc"], ["2026-11-05T03:00:00Z", "2027-11-04T03:00:00Z"],
          "first Thursdays")
    w.wrong("previewSchedule", query={"schedule": "daily"})
    w.fails(400, "previewSchedule")
    w.fails(400, "previewSchedule", query={"schedule": "at some time"})
    check_schedules(w)
    equal(w.ok("getSelf").json["user"], "admin", "who asks")
    w.wrong("getSelf")
    equal(w.ok("getVersion").json["api"], "v1", "what answers")
    w.wrong("getVersion")
    w.ok("getDocument")
    w.wrong("getDocument")


def check_schedules(w):
    """Of certificates that are known to end, by what the store says."""
    rule = {"schedule": "every 30 days at 00:00 UTC", "duration": 30,
            "for": ["certificates"]}
    w.wrong("checkSchedule", body=rule)
    w.fails(422, "checkSchedule", body={**rule, "schedule": "when reachable"})
    w.fails(422, "checkSchedule", body={**rule, "for": ["shoes"]})
    w.fails(422, "checkSchedule", body={**rule, "task": "amt-maintenance"})
    w.fails(422, "checkSchedule", body={**rule, "tag": "x", "all": True})
    w.fails(404, "checkSchedule", body={**rule, "tag": "no such tag"})
    fleet = w.ok("listDevices").json["items"]
    ends = [d for d in fleet if d["cert_not_after"]]
    check(len(ends) > 1, f"some have certificates: {len(ends)}")
    found, = w.ok("checkSchedule", body=rule).json["items"]
    equal((found["what"], found["devices"], found["late"], found["took"]),
          ("certificates", len(ends), 0, 30), f"in time: {found}")
    check(found["margin"] > 0 and found["closest"] in
          [d["name"] for d in ends], f"the closest: {found}")
    one, = w.ok("checkSchedule", body={
        **rule, "devices": [ends[0]["name"]]}).json["items"]
    equal((one["devices"], one["closest"]), (1, ends[0]["name"]), "of one")
    last = max(d["cert_not_after"] for d in ends)[:10]
    day = datetime.date.fromisoformat(last) + datetime.timedelta(days=2)
    late, = w.ok("checkSchedule", body={
        **rule, "schedule": f"every 999 days at 00:00 UTC from {day}"}
        ).json["items"]
    equal(late["late"], len(ends), f"all too late: {late}")
    check(late["margin"] < 0, f"by so much: {late}")


def events(w, names):
    """As they happen, to many at once; and behind the last one seen."""
    stream = w.client.follow("/events/stream")
    w.called.add("followEvents")
    equal((stream.status, stream.type), (200, "text/event-stream"), "events")
    others_ = [w.client.follow("/events/stream") for _ in range(20)]
    w.ok("addTag", body={"name": "seen"})
    found = []

    def read():
        for _, number, event in stream:
            found.append((number, event))
            if event["kind"] == "tag.created":
                return

    reader = threading.Thread(target=read)
    reader.start()
    made = 0
    while reader.is_alive():  # it begins with what is new once it stands
        made += 1
        w.ok("addTag", body={"name": f"seen {made}"})
        reader.join(0.3)
    why = w.document.differs({"$ref": "#/components/schemas/Event"},
                             found[-1][1])
    check(why is None, f"followEvents: {why}")
    for other in others_:
        check(next(iter(other))[2]["kind"], "each gets it")
        other.close()
    stream.close()
    many(w)
    again = w.client.follow("/events/stream", Last_Event_ID="2")
    ids = [number for (_, number, _), _ in zip(again, range(5))]
    equal(ids, ["3", "4", "5", "6", "7"], "behind that one")
    again.close()
    for i in range(made + 1):
        w.ok("removeTag", "seen" + (f" {i}" if i else ""))


def access(w, serving):
    """Nobody, somebody who may not, a browser, another method."""
    nobody = Client(*serving.at, "")
    reader = Client(*serving.at, token(serving, "watcher"))
    allowed = {}
    for name, (method, path, op) in w.document.operations.items():
        path = path.replace("{", "").replace("}", "")
        body = b"{}" if "requestBody" in op else None
        w.problem(nobody.call(method, path, body), 401, f"{name}: nobody")
        if op["x-right"].endswith((".write", ".run", ".control", ".admin")):
            w.problem(reader.call(method, path, body, **typed(op)), 403,
                      f"{name}: a monitor")
        allowed.setdefault(path, set()).add(method)
    for path, methods in allowed.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            answer = w.client.call(method, path)
            w.problem(answer, 405, f"{method} {path}")
            equal(set(answer.headers["allow"].split(", ")) - {"HEAD"},
                  methods, f"{path}: what it takes")
    for path in ("/", "/nothing", "/devices/a/b", "/devices/", "//devices",
                 "/devices/x/look/y"):
        w.problem(w.client.get(path), 404, path)
    w.problem(w.client.call("POST", "/tags", b" " * (1 << 20) + b"{}"), 413,
              "a long body")
    w.problem(w.client.get("/devices", Sec_Fetch_Site="cross-site"), 403,
              "from a page elsewhere")
    for path in ("/devices", "/events/stream"):
        answer = w.client.call("HEAD", path)
        equal((answer.status, answer.bytes), (200, b""), f"HEAD {path}")


def sessions(w, serving):
    """A cookie alone changes nothing."""
    client = Client(*serving.at, basic("admin"))
    connection = client.connect()
    connection.request("POST", "/session", headers=client.headers(None, {}))
    response = connection.getresponse()
    cookie = response.getheader("Set-Cookie").split(";")[0]
    response.read()
    connection.request("GET", "/session", headers={"Cookie": cookie})
    token = json.loads(connection.getresponse().read())["security_token"]
    connection.close()
    client.authorization = ""
    equal(client.get("/self", Cookie=cookie).status, 200, "a cookie reads")
    w.problem(client.call("POST", "/tags", {"name": "c"}, Cookie=cookie), 403,
              "a cookie alone")
    equal(client.call("POST", "/tags", {"name": "c"}, Cookie=cookie,
                      X_Security_Token=token).status, 200, "with its proof")


def chain(serving):
    """What was done, and what was refused, is in the audit chain."""
    kinds = [(e["kind"], e["actor"], e["detail"])
             for e in serving.json("events", "--last", "100000")]
    for kind in ("device.added", "device.removed", "tag.applied", "task.run",
                 "query.saved", "task.assigned", "server_task.added",
                 "server_task.removed"):
        check(any(k == kind and a == "api:admin" for k, a, _ in kinds),
              f"{kind} by api:admin")
    said = [json.loads(d) for k, a, d in kinds if k == "api.request"]
    check({"operation": "addDevice", "outcome": "ok"} in said, "done")
    check({"operation": "addDevice", "outcome": "conflict"} in said, "refused")
    check(any(k == "api.request" and a == "api:watcher" and
              json.loads(d)["outcome"] == "denied" for k, a, d in kinds),
          "denied")
    check(all("Passw0rd" not in d for _, _, d in kinds), "no password")
    serving.run("events", "--verify")


def token(serving, name):
    """A password costs a tenth of a second each time."""
    path = os.path.join(serving.where, f"token.{name}")
    if os.path.exists(path):
        os.unlink(path)
    serving.run("user", "token", "add", name, "--name", "test", "--to", path)
    with open(path) as f:
        return "Bearer " + f.read().strip()


def basic(name, password=PASSWORD):
    return "Basic " + base64.b64encode(
        f"{name}:{password}".encode()).decode()


def as_locally(w, serving, names):
    """The command line and the API say the same of the same."""
    local = serving.json("device", "show", names[0])[0]
    equal(w.ok("getDevice", names[0]).json, local, "a device")
    local = serving.json("runs", "list")
    equal(w.ok("listRuns", query={"limit": 500}).json["items"], local, "runs")
    equal(w.ok("listEvents", query={"limit": 20}).json["items"],
          serving.json("events", "--limit", "20"), "events")
    equal(w.ok("listEvents", query={"last": 7}).json["items"],
          serving.json("events", "--last", "7"), "the last events")
    for since in ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"):
        local = serving.json("events", "--since", since, "--limit", "20")
        query = {"since": since, "limit": 20}
        equal(w.ok("listEvents", query=query).json["items"], local,
              f"events since {since}")
        equal(w.ok("listRuns", query=query).json["items"],
              serving.json("runs", "list", "--since", since, "--limit", "20"),
              f"runs since {since}")


def main():
    keeper, sim = sys.argv[1:]
    with Serving(keeper, "127.84.0.1") as serving:
        serving.prepare(sim, 5)
        with open(serving.config) as f:
            text = f.read()
        assert text.count("\nconsole:\n") == 1, text
        with open(serving.config, "w") as f:  # many() has them all
            f.write(text.replace("\nconsole:\n",
                                 "\nconsole:\n  per_address: 200\n"))
        serving.user("admin", "administrator")
        serving.user("watcher", "monitor")
        serving.user("olga", "operator")
        refusing(serving)
        serving.start()
        serving.at = serving.port, serving.ca
        names = sorted(d["name"] for d in serving.json("device", "list"))
        w = Walk(Client(*serving.at, token(serving, "admin")))
        devices(w, names)
        keys(w, names)
        queries(w, serving, names)
        tags(w, names)
        tasks(w, names)
        server_tasks(w, serving, names)
        events(w, names)
        control(w)
        journal(w, serving, names)
        as_read(w, serving, names)
        of_run(w, names)
        imports(w, serving)
        exported_queries(w)
        purge(w, serving)
        letters(w, serving)
        jobs(w, serving)
        authority(w, serving, names)
        users(w)
        others(w)
        access(w, serving)
        sessions(w, serving)
        as_locally(w, serving, names)
        certificates(w, serving)
        equal(set(w.document.operations) - w.called, set(),
              "every operation was called")
        chain(serving)
        equal(serving.stop(), 0, "serve ends well")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
