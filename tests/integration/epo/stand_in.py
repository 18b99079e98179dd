"""An imitation of an ePO server, for its faults: enough of the Web API for a
client that reads systems and publishes tags, texts and issues, written from
what is known of the real one's answers.  It is no ePO: it knows only the
queries and commands that the tests below make it answer."""
import base64
import http.server
import json
import re
import secrets
import ssl
import subprocess
import threading
import time
import urllib.parse
from email.utils import formatdate


def make_ca(folder):
    """A CA and a certificate for localhost: paths of ca, chain with key."""
    def run(*args):
        subprocess.run(["openssl", *args], check=True, cwd=folder,
                       stderr=subprocess.DEVNULL)
    with open(f"{folder}/ext", "w") as f:
        f.write("subjectAltName=DNS:localhost\n")
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run("req", "-x509", *ec, "-keyout", "ca.key", "-out", "ca.pem",
        "-subj", "/CN=Orion_CA", "-days", "30")
    run("req", *ec, "-keyout", "server.key", "-out", "server.csr",
        "-subj", "/CN=localhost")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey",
        "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "ext",
        "-out", "server.pem")


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class StandIn:
    """The server's state, which tests read and change, and its faults: a list
    of (command, fault) that are used up in order, the first that fits."""

    def __init__(self, folder, user="svc", password="Sesam-0ffne"):
        self.login = f"{user}:{password}"
        self.version, self.unique_id = "5.10.0", "{11111111-aaaa}"
        self.systems, self.tags, self.issues = {}, {"Server"}, {}
        self.queries = []
        self.faults, self.log, self.denied = [], [], 0
        self.sessions = {}  # cookie: token
        self.newline, self.texts = "\r\n", False
        self.page_cap, self.commands_gone = None, set()
        self.next_issue = 34
        self.lock = threading.RLock()
        self.gate = threading.Event()  # where "slow" waits
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/server.pem",
                                f"{folder}/server.key")
        stand_in = self

        class Handler(RequestHandler):
            epo = stand_in

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *args):
                pass  # the client left, or does not trust us

        self.http = Server(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.socket = context.wrap_socket(
            self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def let_go(self):
        """What "slow" holds back happens now."""
        gate, self.gate = self.gate, threading.Event()
        gate.set()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def add(self, number, name, **more):
        host = name.split(".")[0]
        self.systems[number] = {
            "EPOLeafNode.AutoID": number,
            "EPOLeafNode.NodeName": host.upper(),
            "EPOLeafNode.Tags": set(more.get("tags", ())),
            "EPOComputerProperties.ComputerName": host.upper(),
            "EPOComputerProperties.DomainName": "CORP",
            "EPOComputerProperties.IPHostName": name,
            "EPOComputerProperties.IPAddress": more.get("ip", "192.0.2.9"),
            "EPOBranchNode.NodeTextPath2":
                more.get("path", "My Organization\\Lab"),
            "updated": time.time(), "fields": {}}

    def fault_of(self, command):
        with self.lock:
            for i, (where, fault) in enumerate(self.faults):
                if where == command:
                    del self.faults[i]
                    return fault
        return None

    def count(self, command):
        return sum(1 for name, _ in self.log if name == command)

    # --- the commands ---

    def chosen(self, args):
        if "ids" in args:
            wanted = [int(i) for i in args["ids"].split(",")]
            return [self.systems[i] for i in wanted if i in self.systems]
        wanted = args["names"].split(",")
        return [s for s in self.systems.values()
                if s["EPOLeafNode.NodeName"] in wanted]

    def run(self, command, args, fault):
        if command in self.commands_gone:
            raise Refused(1, f"No such command: {command}")
        name = command.replace(".", "_")
        if not hasattr(self, name):
            raise Refused(1, f"No such command: {command}")
        with self.lock:
            return getattr(self, name)(args, fault)

    def epo_getVersion(self, args, fault):
        return self.version

    def DxlClient_getStatusReport(self, args, fault):
        return {"keepAliveInterval": 30, "uniqueId": self.unique_id}

    def core_listQueries(self, args, fault):
        return self.queries

    def core_executeQuery(self, args, fault):
        if "queryId" in args:
            rows = [s for s in self.systems.values()]
            return [self.row(s) for s in rows]
        where = args["where"]
        after = int(re.search(r"\(gt EPOLeafNode.AutoID (\d+)\)", where)[1])
        top = int(re.search(r"\(top (\d+)\)", args["select"])[1])
        newer = re.search(r"newerThan EPOLeafNode.LastUpdate (\d+)", where)
        rows = [self.systems[i] for i in sorted(self.systems)
                if i > after or fault == "ignore"]
        if newer:
            since = time.time() - int(newer[1]) / 1000
            rows = [s for s in rows if s["updated"] >= since]
        rows = rows[:min(top, self.page_cap or top)]
        if fault == "shuffle":
            rows.reverse()
        rows = [self.row(s) for s in rows]
        if fault == "double":
            rows = [r for r in rows for _ in range(2)]
        return rows

    def row(self, system):
        row = {k: v for k, v in system.items() if "." in k}
        row["EPOLeafNode.Tags"] = ", ".join(
            sorted(system["EPOLeafNode.Tags"]))
        if self.texts:
            row = {k: f" {v} " if v else v for k, v in row.items()}
        return row

    def system_findTag(self, args, fault):
        return [{"tagId": i, "tagName": t, "tagNotes": ""}
                for i, t in enumerate(sorted(self.tags))]

    def system_applyTag(self, args, fault):
        if args["tagName"] not in self.tags:
            raise Refused(0, "Tag was not found")
        chosen = [s for s in self.chosen(args)
                  if args["tagName"] not in s["EPOLeafNode.Tags"]]
        for s in chosen:
            s["EPOLeafNode.Tags"].add(args["tagName"])
        return len(chosen)

    def system_clearTag(self, args, fault):
        chosen = [s for s in self.chosen(args)
                  if args["tagName"] in s["EPOLeafNode.Tags"]]
        for s in chosen:
            s["EPOLeafNode.Tags"].discard(args["tagName"])
        return len(chosen)

    def system_setUserProperties(self, args, fault):
        if fault == "one" and "," in args["ids"]:
            raise Refused(0, "One of them cannot be set")
        for s in self.chosen(args):
            s["fields"].update({k: v for k, v in args.items()
                                if k.startswith("customField")})
        return "OK"

    def issue_listIssues(self, args, fault):
        if "id" in args:
            return [i for i in self.issues.values()
                    if i["id"] == int(args["id"])]
        return list(self.issues.values())

    def issue_createIssue(self, args, fault):
        self.next_issue += 1
        self.issues[self.next_issue] = {
            "id": self.next_issue, "name": args["name"],
            "description": args["desc"], "state": args.get("state", "NEW")}
        return self.next_issue

    def issue_updateIssue(self, args, fault):
        issue = self.issues.get(int(args["id"]))
        if issue is None:
            raise Refused(0, "no such issue")
        issue["state"] = args.get("state", issue["state"])
        issue["resolution"] = args.get("resolution")
        return True

    def core_help(self, args, fault):
        return [f"{n.replace('_', '.', 1)} names - does it"
                for n in dir(self) if re.match(r"[a-zA-Z]+_[a-z]", n)]


class RequestHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    epo = None

    def log_message(self, *args):
        pass

    def cookie(self):
        found = re.search(r"JSESSIONID=(\w+)", self.headers.get("Cookie", ""))
        return found[1] if found else None

    def answer(self, status, body, headers=(), cut=None, length=True):
        body = body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def challenge(self):
        self.answer(401, "", [("WWW-Authenticate", 'Basic realm="Orion"')])

    def logged_in(self):
        given = self.headers.get("Authorization", "")
        if not given.startswith("Basic "):
            return False
        return base64.b64decode(given[6:]).decode() == self.epo.login

    def do_GET(self):
        epo = self.epo
        url = urllib.parse.urlsplit(self.path)
        command = url.path.removeprefix("/remote/")
        args = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        fault = epo.fault_of(command)
        if not self.logged_in():
            epo.denied += 1
            return self.challenge()
        if fault == "401":
            return self.challenge()
        if fault == "expire":
            epo.sessions.clear()
        cookie, headers = self.cookie(), []
        if cookie not in epo.sessions:
            cookie = secrets.token_hex(8)
            epo.sessions[cookie] = secrets.token_hex(8)
            headers = [("Set-Cookie", f"JSESSIONID={cookie}; Path=/; Secure")]
        token = args.pop("orion.user.security.token", None)
        if command == "core.getSecurityToken":
            return self.frame(epo.sessions[cookie], headers, fault)
        if token is not None and token != epo.sessions[cookie]:
            return self.say("Error 3 :" + epo.newline
                            + "The security token is not valid", headers)
        epo.log.append((command, args))
        if fault == "503":
            return self.answer(503, "", [("Retry-After", "90")])
        if fault == "503 until":
            return self.answer(503, "", [("Retry-After", formatdate(
                time.time() + 1800, usegmt=True))])
        if fault == "slow":
            epo.gate.wait()
        try:
            value = epo.run(command, args, fault)
        except Refused as why:
            return self.say(f"Error {why.code} :{epo.newline}{why}", headers)
        return self.frame(value, headers, fault)

    def say(self, body, headers=()):
        self.answer(200, body, headers)

    def frame(self, value, headers, fault):
        """The answer to what was done, if it comes at all."""
        body = "OK:" + self.epo.newline + json.dumps(value)
        if fault == "lost":
            self.close_connection = True
            return None
        if fault == "html":
            return self.answer(200, "<html>Log on to ePO</html>", headers)
        if fault == "half":
            return self.answer(200, body, headers, cut=len(body) // 2)
        if fault == "cut":  # without a length nobody sees the end
            return self.answer(200, body[:-1], headers, length=False)
        return self.answer(200, body, headers)
