"""An imitation of Vault's PKI engine for tests, as strict as the real one where
we meet it: tokens and their policies, AppRole, a namespace, a role's names, key
and life; sealed when it is told to be.  Not Vault, and no line of it."""
import json
import re
import secrets
import subprocess
import threading

from corp_ca import CorpCa, Handler, openssl

MOUNT, ROLE, SPACE = "corp/pki", "amt", "corp"
ROLE_ID, SECRET_ID = "4f2a6c1e-role", "c1d2-secret \"quoted\""
POLICY = {f"{MOUNT}/sign/{ROLE}": ["update"], f"{MOUNT}/revoke": ["update"],
          f"{MOUNT}/certs": ["list"], f"{MOUNT}/roles/{ROLE}": ["read"],
          "sys/capabilities-self": ["update"]}


class Refused(Exception):
    """Status and words."""


class VaultCa(CorpCa):
    def __init__(self, folder, domain):
        self.sealed = False
        self.tokens = {"root-made": dict(POLICY)}
        self.logins = 0
        self.signs = 0      # answers with a certificate
        self.certs = {}     # PEM by serial
        self.revoked = set()
        self.listed = 0
        self.wrong_names = False
        self.role = {"allowed_domains": [domain], "allow_subdomains": True,
                     "allow_any_name": False, "key_type": "rsa",
                     "key_bits": 2048, "max_ttl": 31536000 * 2,
                     "ttl": 86400, "generate_lease": False,
                     "no_store": False}
        super().__init__(folder)
        self.serve(self.handler(threading.Lock()), 0)

    # --- what a role allows ---

    def names_of(self, text):
        return re.findall(r"(?:DNS|IP Address):([^\s,]+)", text)

    def check_csr(self, pem):
        out = subprocess.run(
            ["openssl", "req", "-noout", "-text", "-verify"],
            input=pem.encode(), capture_output=True)
        text = out.stdout.decode()
        if out.returncode or b"verify OK" not in out.stderr + out.stdout:
            raise Refused(400, "request signature invalid")
        bits = re.search(r"Public-Key: \((\d+) bit\)", text)
        if "rsaEncryption" not in text or \
                int(bits.group(1)) < self.role["key_bits"]:
            raise Refused(400, "role requires a key of type rsa")
        for name in self.names_of(text):
            if not any(name.endswith("." + domain)
                       for domain in self.role["allowed_domains"]):
                raise Refused(400, f"subject alternate name {name} not "
                              "allowed by this role")
        return text

    def sign_csr(self, body):
        text = self.check_csr(body.get("csr", ""))
        asked = {body["common_name"], *body["alt_names"].split(",")}
        if asked != set(self.names_of(text)) or body["format"] != "pem":
            raise Refused(400, "names of the parameters are not the CSR's")
        warnings = []
        life = int(re.fullmatch(r"(\d+)s", body["ttl"]).group(1))
        if life > self.role["max_ttl"]:
            life = self.role["max_ttl"]
            warnings.append(f"TTL \"{body['ttl']}\" is longer than permitted "
                            f"maxTTL \"{life}s\", so maxTTL is being used")
        der = openssl("req", "-outform", "DER", data=body["csr"].encode())
        usage = "extendedKeyUsage=serverAuth\n"
        if self.wrong_names:
            pem = self.sign(der, usage + "subjectAltName=DNS:evil.example\n",
                            "none", life // 86400)
        else:
            pem = self.sign(der, usage, days=life // 86400)
        digits = openssl("x509", "-noout", "-serial", data=pem).decode()
        digits = digits.split("=")[1].strip().lower()
        serial = ":".join(re.findall("..", digits))
        self.certs[serial] = pem.decode()
        self.signs += 1
        return {"data": {"certificate": pem.decode(), "serial_number": serial,
                         "issuing_ca": self.text("issuing.pem"),
                         "ca_chain": [self.text("issuing.pem")]},
                "lease_id": "", "warnings": warnings or None}

    def text(self, name):
        return self.read(name).decode()

    # --- paths ---

    def login(self, body):
        if (body.get("role_id"), body.get("secret_id")) != (ROLE_ID, SECRET_ID):
            raise Refused(400, "invalid role or secret ID")
        self.logins += 1
        token = secrets.token_urlsafe(16)
        self.tokens[token] = dict(POLICY)
        return {"auth": {"client_token": token, "lease_duration": 3600}}

    def revoke(self, body):
        serial = body["serial_number"]
        if serial not in self.certs:
            raise Refused(400, f"certificate with serial {serial} not found.")
        self.revoked.add(serial)
        return {"data": {"revocation_time": 1, "state": "revoked"}}

    def capabilities(self, body, policy):
        found = {p: policy.get(p, ["deny"]) for p in body["paths"]}
        return {"data": dict(found, capabilities=[])}

    def open_path(self, path):
        """What everybody may read; None: it is no such path."""
        if path == f"{MOUNT}/ca_chain":
            return 200, (self.text("issuing.pem") +
                         self.text("root.pem")).encode()
        match = re.fullmatch(f"{MOUNT}/cert/([0-9a-f:]+)", path)
        if match and match.group(1) in self.certs:
            serial = match.group(1)
            return 200, {"data": {"certificate": self.certs[serial],
                                  "revocation_time":
                                  int(serial in self.revoked)}}
        return None

    def closed_path(self, path, body, policy):
        bare = path.split("?")[0]
        want = "update" if body is not None else \
            "list" if path.endswith("?list=true") else "read"
        if want not in policy.get(bare, []):
            raise Refused(403, "1 error occurred:\n\t* permission denied\n\n")
        if bare == f"{MOUNT}/sign/{ROLE}":
            return self.sign_csr(body)
        if bare == f"{MOUNT}/revoke":
            return self.revoke(body)
        if bare == "sys/capabilities-self":
            return self.capabilities(body, policy)
        if bare == f"{MOUNT}/roles/{ROLE}":
            return {"data": self.role}
        self.listed += 1
        if not self.certs:
            raise Refused(404, None)
        return {"data": {"keys": sorted(self.certs)}}

    def answer(self, path, body, headers):
        """Status and what to say."""
        if path == "sys/health":
            return (503 if self.sealed else 200), {
                "initialized": True, "sealed": self.sealed,
                "version": "1.0-imitation"}
        if self.sealed:
            raise Refused(503, "Vault is sealed")
        if headers["X-Vault-Namespace"] != SPACE:
            raise Refused(404, "no handler for route")
        if path == "auth/approle/login":
            return 200, self.login(body)
        found = self.open_path(path) if body is None else None
        if found:
            return found
        policy = self.tokens.get(headers["X-Vault-Token"])
        if policy is None:
            raise Refused(403, "permission denied")
        return 200, self.closed_path(path, body, policy)

    def handler(self, lock):
        ca = self

        class VaultHandler(Handler):
            def serve(self, body):
                try:
                    with lock:
                        status, said = ca.answer(
                            self.path.removeprefix("/v1/"), body,
                            self.headers)
                except Refused as refused:
                    status, words = refused.args
                    said = {"errors": [words] if words else []}
                if isinstance(said, dict):
                    said = json.dumps(said).encode() + b"\n"
                Handler.answer(self, status,
                               {"Content-Type": "application/json"}, said)

            def do_GET(self):
                self.serve(None)

            def do_POST(self):
                self.serve(json.loads(self.body()))

        return VaultHandler
