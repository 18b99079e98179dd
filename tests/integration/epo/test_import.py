#!/usr/bin/env python3
"""Devices from other consoles: Device Management Toolkit Console is imitated
by a few lines that answer as its REST API does, MeshCentral by files of the
shape that its command line writes."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import http.server
import ssl
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../cycle"))
sys.path.insert(0, os.path.dirname(__file__))
from fleet import PATIENCE, check, equal, finish  # noqa: E402
from stand_in import make_ca  # noqa: E402

DEVICES = [{"guid": f"4c4c4544-0000-1111-2222-{i:012d}",
            "hostname": f"pc{i}", "dnsSuffix": "corp.example",
            "friendlyName": "", "tags": ["Lab"], "useTLS": i % 2 == 0,
            "username": "admin", "password": "", "mpsusername": "",
            "certHash": "ab" * 32 if i % 2 == 0 else ""}
           for i in range(1, 703)]
asked = []


class Console(http.server.BaseHTTPRequestHandler):
    """An imitation of the console's API, as far as an import needs it."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def say(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if json.loads(body) != {"username": "admin", "password": "G3heim\"x"}:
            return self.say(401, {"error": "Invalid credentials"})
        return self.say(200, {"token": "eyJ.abc.def"})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        args = dict(urllib.parse.parse_qsl(url.query))
        if self.headers.get("Authorization") != "Bearer eyJ.abc.def":
            return self.say(401, {"error": "no token"})
        asked.append(args)
        skip, top = int(args["$skip"]), min(int(args["$top"]), 500)
        return self.say(200, DEVICES[skip:skip + top])


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args):
        pass


def serve(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    server = Server(("127.0.0.1", 0), Console)
    server.daemon_threads = True
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://localhost:{server.server_address[1]}"


class Keeper:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "keeper")
        self.env = dict(os.environ, AMTKEEPER_CONFIG=os.path.join(
            self.folder, "amtkeeper.yaml"))
        self.run("init", "--dir", self.folder)

    def run(self, *args, expect=0, text=None):
        out = subprocess.run([os.environ["AMTKEEPER"], *args], env=self.env,
                             text=True, capture_output=True,
                             timeout=PATIENCE, input=text)
        if out.returncode != expect:
            print(out.stdout[-1000:], out.stderr[-1000:])
            equal(out.returncode, expect, " ".join(args))
        return out

    def query(self, *args):
        return json.loads(self.run("query", *args, "-o", "json").stdout)


def from_dmt(keeper, folder):
    url = serve(folder)
    words = ("device", "import", "--from", "dmt", url, "--user", "admin",
             "--password-file", "-", "--ca")
    keeper.run(*words, f"{folder}/ca.pem", text="wrong\n", expect=71)
    equal(asked, [], "no device without login")
    out = keeper.run(*words, f"{folder}/ca.pem", text="G3heim\"x\n")
    check("702 devices added" in out.stderr, out.stderr)
    check("702 come without password" in out.stderr, out.stderr)
    equal([a["$skip"] for a in asked], ["0", "500", "702"], "pages")
    rows = keeper.query("--select", "NodeName AgentGUID Tags",
                        "--where", "(eq NodeName \"pc700.corp.example\")")
    equal([r["EPOLeafNode.Tags"] for r in rows], ["Lab"], "tags")
    device = json.loads(keeper.run("device", "show", "pc700.corp.example",
                                   "-o", "json").stdout)[0]
    equal((device["os_host"], device["leaf_sha256"], device["use_tls"]),
          ("pc700", "ab" * 32, True), "facts")
    out = keeper.run(*words, f"{folder}/ca.pem", text="G3heim\"x\n")
    check("702 were there already" in out.stderr, out.stderr)
    os.mkdir(f"{folder}/other")
    make_ca(f"{folder}/other")
    before = len(asked)
    keeper.run(*words, f"{folder}/other/ca.pem", text="x\n", expect=72)
    equal(len(asked), before, "nobody else is asked")


def from_meshcentral(keeper, folder):
    path = f"{folder}/devices.json"
    with open(path, "w") as f:
        json.dump([{"_id": "node//1", "name": "MESH1",
                    "host": "mesh1.corp.example", "groupname": "Lab",
                    "tags": ["VIP"],
                    "intelamt": {"state": 2, "tls": 1, "user": "root",
                                 "uuid": "5c4c4544-0000-1111-2222-"
                                 "000000000001"}},
                   {"name": "PHONE"}], f)
    out = keeper.run("device", "import", "--from", "meshcentral", path)
    check("1 devices added" in out.stderr and "1 passed over" in out.stderr
          and "another user" in out.stderr, out.stderr)
    rows = keeper.query("--select", "Tags EPOBranchNode.NodeTextPath",
                        "--where", "(eq NodeName \"mesh1.corp.example\")")
    equal([tuple(r.values()) for r in rows],
          [("VIP", "My Organization\\Lab")], "tags and group")
    with open(path, "w") as f:
        f.write("[{\"name\":")
    for words in (("meshcentral", "https://x"), ("dmt", "http://x")):
        out = keeper.run("device", "import", "--from", *words, expect=2)
        check("https:// URL" in out.stderr, out.stderr)
    keeper.run("device", "import", "--from", "meshcentral", path, expect=20)


def main():
    folder = tempfile.mkdtemp(prefix="amtkeeper-import-")
    try:
        make_ca(folder)
        keeper = Keeper(folder)
        from_dmt(keeper, folder)
        from_meshcentral(keeper, folder)
    finally:
        shutil.rmtree(folder)
    finish()


main()
