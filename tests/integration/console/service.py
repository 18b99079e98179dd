"""`amtkeeper serve` with a console, in a folder of its own, and what is asked
of it: by curl, which is nobody's of ours."""
import os
import re
import subprocess
import sys

NAME = "console.example.test"
PASSWORD = "correct horse battery"

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import checks  # noqa: E402
from checks import PATIENCE, check, equal, finish  # noqa: E402, F401
from served import Served  # noqa: E402


def wait_for(is_so, what):
    return checks.wait_for(is_so, PATIENCE, what)


class Service:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.child = None
        self.run("init", "--dir", folder)
        self.env = dict(os.environ, AMTKEEPER_CONFIG=os.path.join(
            folder, "amtkeeper.yaml"))
        os.mkdir(os.path.join(folder, "conf.d"))
        self.chain = os.path.join(folder, "chain.pem")
        with open(self.chain, "w") as f:
            f.write(self.run("ca", "chain").stdout)

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, **options):
        """Options of the section console; also listen and name."""
        options = {"listen": "127.0.0.1:0", "name": NAME, **options}
        with open(self.path("conf.d/console.yaml"), "w") as f:
            f.write("console:\n")
            for key, value in options.items():
                f.write(f"  {key}: '{value}'\n")

    def run(self, *words, given=None, expect=0):
        out = subprocess.run(
            [self.program, *words], env=getattr(self, "env", None), text=True,
            input=given, capture_output=True, timeout=PATIENCE)
        if out.returncode != expect:
            print(out.stdout, out.stderr)
            equal(out.returncode, expect, " ".join(words))
        return out

    def said(self):
        return self.child.said()

    def start(self):
        """Whether it serves; else it has ended."""
        self.child = Served(self.program, self.env, self.path("serve.log"),
                            "-v")
        self.port = self.child.port()
        return self.port != 0 and wait_for(
            lambda: "event=serve.start" in self.said(), "serve starts")

    def stop(self):
        if self.child is None:
            return None
        code = self.child.stop()
        self.child = None
        return code

    def curl(self, path, *words, given=None):
        """Status (0: none), headers by lower-case name, body."""
        out = subprocess.run(
            ["curl", "-s", "-i", "--max-time", str(PATIENCE), "--cacert",
             self.chain, "--resolve", f"{NAME}:{self.port}:127.0.0.1",
             "-K", "-", *words, f"https://{NAME}:{self.port}{path}"],
            input=given or "", text=True, capture_output=True)
        head, _, body = out.stdout.partition("\n\n")
        lines = head.split("\n")
        if not lines[0].startswith("HTTP/"):
            return 0, {}, ""
        heads = dict(line.split(": ", 1) for line in lines[1:]
                     if ": " in line)
        return (int(lines[0].split()[1]),
                {k.lower(): v for k, v in heads.items()}, body)

    def as_user(self, path, name, password, *words):
        """Credentials by a configuration on curl's input, not as arguments."""
        return self.curl(path, *words,
                         given=f'user = "{name}:{password}"\n')

    def events(self):
        out = self.run("events", "--last", "1000", "-o", "json").stdout
        return re.findall(r'"kind": ?"([^"]+)"', out)
