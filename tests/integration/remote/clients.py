"""Clients of ePO's Web API as they are found in the wild: how each asks, and
by which rule it takes an answer apart.  The rules are as the reference tells
them, the words our own; keys are the reference's."""
import base64
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
import uuid
import xml.etree.ElementTree as ET
from http.cookiejar import CookieJar


class Failed(Exception):
    """What a client makes of a failure; code is None where it has none."""

    def __init__(self, text, code=None):
        super().__init__(text)
        self.code = code


class Server:
    """Where it is and who asks."""

    def __init__(self, port, user, password, ca):
        self.base = f"https://localhost:{port}/remote/"
        self.user, self.password = user, password
        self.tls = ssl.create_default_context(cafile=ca)

    def opener(self, *more):
        return urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=self.tls), *more)


class Client:
    """At once with the password, GET, names as they are."""
    output = "json"

    def __init__(self, server):
        self.server = server
        self.web = server.opener()

    def head(self):
        pair = f"{self.server.user}:{self.server.password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def fetch(self, command, args, body=None, head=None):
        url = self.server.base + command
        if args:
            url += "?" + urllib.parse.urlencode(args)
        request = urllib.request.Request(url, body,
                                         dict(self.head(), **(head or {})))
        with self.web.open(request, timeout=120) as answer:
            return answer.read().decode()

    def ask(self, command, **args):
        args[":output"] = self.output
        return self.parse(self.fetch(command, args))

    def parse(self, text):
        raise NotImplementedError


class Official(Client):
    """OFF: asks without a password first, keeps cookies, ".do", a fresh token
    for each command, files as multipart."""
    output = "json"

    def __init__(self, server):
        super().__init__(server)
        known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        known.add_password(None, server.base, server.user, server.password)
        self.web = server.opener(urllib.request.HTTPBasicAuthHandler(known),
                                 urllib.request.HTTPCookieProcessor(
                                     CookieJar()))

    def head(self):
        return {}

    def token(self):
        return self.parse(self.fetch("core.getSecurityToken.do",
                                     {":output": "json"}))

    def ask(self, command, *places, **args):
        args.update({f"param{i + 1}": p for i, p in enumerate(places)})
        args[":output"] = self.output
        args["orion.user.security.token"] = self.token()
        return self.parse(self.fetch(command + ".do", args))

    def upload(self, command, name, content, **args):
        args["orion.user.security.token"] = self.token()
        args[":output"] = self.output
        mark = uuid.uuid4().hex
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"'
                 f"\r\n\r\n{v}\r\n" for k, v in args.items()]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; '
                     f'name="{name}"; filename="a.xml"\r\n'
                     f"Content-Type: text/xml\r\n\r\n{content}\r\n"
                     f"--{mark}--\r\n")
        return self.parse(self.fetch(
            command + ".do", None, "".join(parts).encode(),
            {"Content-Type": f"multipart/form-data; boundary={mark}"}))

    def parse(self, text):
        status, rest = text.split(":", 1)
        words = status.strip().split()
        if words[0] == "Error":
            raise Failed(rest.strip(), int(words[1]))
        assert words == ["OK"], text
        return json.loads(rest.strip()) if self.output == "json" \
            else rest.strip()


class Demisto(Client):
    """DEM: first colon too; JSON, and when it is none the text itself."""

    def parse(self, text):
        status, rest = text.split(":", 1)
        if status.strip().split()[0] != "OK":
            raise Failed(rest.strip(), int(status.split()[1]))
        try:
            return json.loads(rest.strip())
        except ValueError:
            return rest.strip()


class Dxl(Client):
    """DXS: what is before the first colon; with "Error" in it, the number is
    all from its first blank on.  A token for each command."""

    def ask(self, command, **args):
        token = self.parse(self.fetch("core.getSecurityToken",
                                      {":output": "json"}))
        args["orion.user.security.token"] = json.loads(token)
        return json.loads(super().ask(command, **args))

    def parse(self, text):
        at = text.find(":")
        status, rest = text[:at], text[at + 1:]
        if "Error" in status:
            raise Failed(rest.strip(), int(status[status.find(" "):]))
        return rest


class Pep(Client):
    """PEP: begins with "OK:", the rest is JSON; a token once, sent always."""

    def __init__(self, server):
        super().__init__(server)
        self.token = None

    def ask(self, command, *places, **args):
        if self.token is None:
            self.token = self.parse(self.fetch("core.getSecurityToken",
                                               {":output": "json"}))
        args["orion.user.security.token"] = self.token
        args.update({f"param{i + 1}": p for i, p in enumerate(places)})
        return super().ask(command, **args)

    def parse(self, text):
        if not text.startswith("OK:"):
            raise Failed(text)
        return json.loads(text[3:])


class Google(Client):
    """GOO: as PEP, without any token."""
    parse = Pep.parse


class Splunk(Client):
    """SPL: looks at no status; ":output" only along with other arguments."""

    def ask(self, command, *places):
        args = {f"param{i + 1}": p for i, p in enumerate(places)}
        if args:
            args[":output"] = "json"
        return self.parse(self.fetch(command, args))

    def parse(self, text):
        return json.loads(text[3:])


class Ibm(Client):
    """IBM: every "OK:" of the body is taken out; no JSON is an empty answer."""

    def parse(self, text):
        if not text.startswith("OK"):
            raise Failed(text)
        try:
            return json.loads(text.replace("OK:", ""))
        except ValueError:
            return {}


class EPowerShell(Client):
    """EPS: behind "OK:", trimmed."""

    def parse(self, text):
        if not text.startswith("OK:"):
            raise Failed(text)
        return json.loads(text[3:].strip())


class Vidrine(Client):
    """VID, KRE: XML behind the very bytes "OK:", CR, LF; a cast that takes
    nothing in front of the root, not even white space before a prolog."""
    output = "xml"

    def parse(self, text):
        return ET.fromstring(text.replace("OK:\r\n", ""))


class Mmp(Client):
    """MMP: "OK:" away by a regular expression, trimmed, then XML."""
    output = "xml"

    def parse(self, text):
        return ET.fromstring(re.sub("OK:", "", text).strip())


class Akahn(Client):
    """AKA: "OK" or "Error" anywhere; lines."""
    output = "terse"

    def parse(self, text):
        if re.search("Error", text):
            raise Failed(text)
        assert re.search("OK", text), text
        return text.splitlines()[1:]


JSON = [Official, Demisto, Dxl, Pep, Google, Ibm, EPowerShell]
XML = [Vidrine, Mmp]
