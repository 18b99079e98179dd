"""The OpenAPI document held against the rules of its own specification
(3.0.3), and answers against its schemas.  Only what the document uses is
known here: anything else is a fault of one of the two."""
import re

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
METHODS = {"get", "put", "post", "delete", "patch"}
# Members an object may have, those it must have with "!".
OBJECTS = {
    "root": "openapi! info! servers security paths! components tags",
    "info": "title! version! description",
    "operation": "operationId tags summary parameters requestBody responses!"
                 " x-right",
    "parameter": "name! in! description required schema!",
    "body": "required content! description",
    "response": "description! content headers",
    "header": "description schema! required",
    "media": "schema!",
    "components": "schemas responses securitySchemes",
    "scheme": "type! scheme in name",
    "schema": "type! format nullable description properties required items"
              " enum minimum maximum minLength maxLength minItems maxItems"
              " additionalProperties writeOnly",
}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int}


class Document:
    def __init__(self, text):
        self.root = text
        self.faults = []
        self.operations = {}  # id -> (method, path, operation)
        self.schemas = text["components"]["schemas"]
        self.used = set()

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def members(self, kind, o, where):
        names = OBJECTS[kind].split()
        known = {n.rstrip("!") for n in names}
        for name in o:
            if name not in known:
                self.fault(where, f"{kind} has no {name}")
        for name in names:
            if name.endswith("!") and name[:-1] not in o:
                self.fault(where, f"{kind} lacks {name[:-1]}")

    def follow(self, o, where):
        if "$ref" not in o:
            return o
        if len(o) != 1:
            self.fault(where, "$ref has company")
        at = self.root
        self.used.add(o["$ref"])
        for word in o["$ref"].lstrip("#/").split("/"):
            if word not in at:
                self.fault(where, f"{o['$ref']} leads nowhere")
                return {"type": "object"}
            at = at[word]
        return at

    def check_schema(self, s, where):
        if "$ref" in s:
            self.follow(s, where)
            return
        self.members("schema", s, where)
        if s["type"] not in TYPES:
            self.fault(where, f"no type {s['type']}")
        for name, each in s.get("properties", {}).items():
            self.check_schema(each, f"{where}.{name}")
        for name in s.get("required", []):
            if name not in s["properties"]:
                self.fault(where, f"requires {name}, which is none")
        if s["type"] == "array":
            self.check_schema(s["items"], where + "[]")

    def check_content(self, content, where):
        for kind, media in content.items():
            if "/" not in kind:
                self.fault(where, f"{kind} is no type")
            self.members("media", media, where)
            self.check_schema(media["schema"], where)

    def check_parameters(self, path, op, where):
        seen = set()
        for p in op.get("parameters", []):
            self.members("parameter", p, where)
            self.check_schema(p["schema"], f"{where} {p['name']}")
            if (p["in"], p["name"]) in seen:
                self.fault(where, f"{p['name']} is there twice")
            seen.add((p["in"], p["name"]))
            if p["in"] == "path" and not p.get("required"):
                self.fault(where, f"{p['name']} has to be required")
        if {n for i, n in seen if i == "path"} != \
                set(re.findall(r"{(\w+)}", path)):
            self.fault(where, "path parameters are not those of the path")

    def check_operation(self, method, path, op):
        where = op.get("operationId", f"{method} {path}")
        self.members("operation", op, where)
        if where in self.operations:
            self.fault(where, "is there twice")
        self.operations[where] = (method.upper(), path, op)
        self.check_parameters(path, op, where)
        if "requestBody" in op:
            self.members("body", op["requestBody"], where)
            self.check_content(op["requestBody"]["content"], where)
        for status, answer in op["responses"].items():
            if not re.fullmatch(r"[1-5]\d\d|default", status):
                self.fault(where, f"no status {status}")
            answer = self.follow(answer, where)
            self.members("response", answer, where)
            self.check_content(answer.get("content", {}), where)
            for header in answer.get("headers", {}).values():
                self.members("header", header, where)

    def check(self):
        """What is wrong with it; [] when nothing is."""
        self.members("root", self.root, "document")
        self.members("info", self.root["info"], "info")
        self.members("components", self.root["components"], "components")
        if self.root["openapi"] != "3.0.3":
            self.fault("document", "is not of 3.0.3")
        for path, item in self.root["paths"].items():
            if not path.startswith("/"):
                self.fault(path, "begins with no slash")
            for method, op in item.items():
                if method not in METHODS:
                    self.fault(path, f"no method {method}")
                self.check_operation(method, path, op)
        schemes = self.root["components"]["securitySchemes"]
        for name, scheme in schemes.items():
            self.members("scheme", scheme, name)
        for need in self.root["security"]:
            for name in need:
                if name not in schemes:
                    self.fault("security", f"no scheme {name}")
        for name, s in self.schemas.items():
            self.check_schema(s, name)
        for name in self.schemas:
            if f"#/components/schemas/{name}" not in self.used:
                self.fault(name, "is used nowhere")
        return self.faults

    # --- values ---

    def differs(self, s, value, where=""):
        """Why value is none of the schema; None when it is one."""
        s = self.follow(s, where)
        if value is None:
            return None if s.get("nullable") else f"{where}: null"
        kind = TYPES[s["type"]]
        if not isinstance(value, kind) or \
                isinstance(value, bool) != (kind is bool):
            return f"{where}: {value!r} is no {s['type']}"
        return getattr(self, s["type"] + "_differs", lambda *_: None)(
            s, value, where)

    def string_differs(self, s, value, where):
        size = len(value.encode())
        if not s.get("minLength", 0) <= size <= s.get("maxLength", size):
            return f"{where}: has {size} bytes"
        if "enum" in s and value not in s["enum"]:
            return f"{where}: {value!r} is none of {s['enum']}"
        if s.get("format") == "date-time" and not TIME.match(value):
            return f"{where}: {value!r} is no time"
        return None

    def integer_differs(self, s, value, where):
        if not s.get("minimum", value) <= value <= s.get("maximum", value):
            return f"{where}: {value} is out of range"
        return None

    def array_differs(self, s, value, where):
        if not s.get("minItems", 0) <= len(value) <= \
                s.get("maxItems", len(value)):
            return f"{where}: has {len(value)} items"
        for i, item in enumerate(value):
            why = self.differs(s["items"], item, f"{where}[{i}]")
            if why:
                return why
        return None

    def object_differs(self, s, value, where):
        known = s.get("properties", {})
        for name in s.get("required", []):
            if name not in value:
                return f"{where}: lacks {name}"
        for name, member in value.items():
            if name not in known:
                if s.get("additionalProperties", True) is False:
                    return f"{where}: has {name}"
                continue
            why = self.differs(known[name], member, f"{where}.{name}")
            if why:
                return why
        return None

    # --- requests that are none ---

    def wrong_values(self, s):
        """Values that the schema forbids."""
        s = self.follow(s, "")
        if s["type"] == "integer":
            return ["x", 1.5, None, s["minimum"] - 1, s["maximum"] + 1]
        if s["type"] == "boolean":
            return ["true", 1, None]
        if s["type"] == "array":
            return ["x", [1], [None], [""], {}]
        wrong = [1, None, ["x"], {}, "nul\0"]
        if s.get("minLength", 0) > 0:
            wrong.append("")
        if s["maxLength"] < 10000:
            wrong.append("x" * (s["maxLength"] + 1))
        if "enum" in s:
            wrong.append("none of them")
        return wrong
