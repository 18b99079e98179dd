#!/usr/bin/python3
"""console.py AMTKEEPER: TLS, logins, lock-out, slow clients, certificates."""
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile

from service import (NAME, PASSWORD, Service, check, equal, finish, wait_for)

WHO = "/session"


def named(answer):
    """Whom the console took it from; "" when nobody."""
    status, _, body = answer
    return json.loads(body)["user"] if status in (200, 201) else ""


def tls_versions(s):
    for version, words in (("1.3", ("--tlsv1.3",)),
                           ("1.2", ("--tls-max", "1.2")),
                           ("1.1", ("--tlsv1.0", "--tls-max", "1.1"))):
        status, _, body = s.curl("/health", *words)
        if version == "1.1":
            equal(status, 0, "TLS 1.1 is refused")
        else:
            equal((status, body), (200, "ok\n"), f"health by TLS {version}")


def plain_text(s):
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        c.settimeout(60)
        check(c.recv(1) != b"H", "no HTTP in plain text")


def logins(s):
    status, heads, _ = s.curl(WHO)
    equal(status, 401, "nobody is let in")
    check(heads.get("www-authenticate", "").startswith("Basic realm="),
          "the challenge is Basic")
    equal(s.as_user(WHO, "alice", PASSWORD)[0], 200, "the right password")
    equal(named(s.as_user(WHO, "ALICE", PASSWORD)), "alice",
          "names have no case")
    rights = json.loads(s.as_user(WHO, "alice", PASSWORD)[2])["rights"]
    check("task.run" in rights and "user.admin" not in rights,
          "an operator's rights")
    equal(s.as_user(WHO, "alice", "wrong")[0], 401, "a wrong password")
    equal(s.as_user(WHO, "mallory", PASSWORD)[0], 401, "a name of nobody's")


def tokens(s):
    s.run("user", "token", "add", "robot", "--name", "test", "--to",
          s.path("token"))
    equal(os.stat(s.path("token")).st_mode & 0o777, 0o600, "a private file")
    with open(s.path("token")) as f:
        token = f.read().strip()
    given = f'header = "Authorization: Bearer {token}"\n'
    equal(named(s.curl(WHO, given=given)), "robot", "by a token")
    s.run("user", "token", "remove", "robot", "1")
    equal(s.curl(WHO, given=given)[0], 401, "not after it was removed")
    stored = open(s.path("fleet.db"), "rb").read()
    if os.path.exists(s.path("fleet.db-wal")):
        stored += open(s.path("fleet.db-wal"), "rb").read()
    check(token.encode() not in stored, "no token in the store")
    check(PASSWORD.encode() not in stored, "no password in the store")


def sessions(s):
    """A cookie stands for the login, and does nothing by itself."""
    status, heads, body = s.as_user(WHO, "alice", PASSWORD, "-X", "POST")
    equal(status, 201, "a session begins")
    cookie = heads["set-cookie"]
    for rule in ("Secure", "HttpOnly", "SameSite=Strict"):
        check(rule in cookie, f"its cookie is {rule}")
    given = f'header = "Cookie: {cookie.split(";")[0]}"\n'
    equal(named(s.curl(WHO, given=given)), "alice", "by a session")
    token = json.loads(s.curl(WHO, given=given)[2])["security_token"]
    check(token != json.loads(body)["security_token"], "its own proof")
    equal(s.curl(WHO, "-X", "DELETE", given=given)[0], 403, "without proof")
    given += f'header = "X-Security-Token: {token}"\n'
    equal(s.curl(WHO, "-X", "DELETE", given=given)[0], 204, "its end")
    wait_for(lambda: s.curl(WHO, given=given)[0] == 401, "and it is over")


def foreign_pages(s):
    """What browsers say of requests that a page of a stranger makes."""
    for header in ("Sec-Fetch-Site: cross-site",
                   "Origin: https://evil.example"):
        equal(s.as_user(WHO, "alice", PASSWORD, "-H", header)[0], 403, header)
    for header in ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none",
                   f"Origin: https://{NAME}:{s.port}"):
        equal(s.as_user(WHO, "alice", PASSWORD, "-H", header)[0], 200, header)


def lock_out(s):
    """Locked also for the right password, and after a restart."""
    for _ in range(5):
        s.as_user(WHO, "alice", "wrong")
    status, heads, _ = s.as_user(WHO, "alice", PASSWORD)
    equal(status, 429, "locked after five wrong ones")
    check(0 < int(heads.get("retry-after", 0)) <= 60, "and for how long")
    s.stop()
    s.start()
    equal(s.as_user(WHO, "alice", PASSWORD)[0], 429, "after a restart too")
    s.run("user", "set", "alice", "--password-file", "-", given=PASSWORD)
    equal(s.as_user(WHO, "alice", PASSWORD)[0], 200, "a new password ends it")


def slow_clients(s):
    """Half handshakes, silence, half requests: others do not notice."""
    context = ssl.create_default_context(cafile=s.chain)
    silent = [socket.create_connection(("127.0.0.1", s.port))
              for _ in range(20)]
    for c in silent[:10]:
        c.sendall(b"\x16\x03\x01\x02\x00\x01")
    half = []
    for _ in range(10):
        c = context.wrap_socket(
            socket.create_connection(("127.0.0.1", s.port)),
            server_hostname=NAME)
        c.sendall(b"GET /health HTTP/1.1\r\nHo")
        half.append(c)
    for _ in range(5):
        equal(s.curl("/health")[0], 200, "others are answered")
    # Of one address there are so many, then no more.
    more = []
    for _ in range(60):
        more.append(socket.create_connection(("127.0.0.1", s.port)))
    more[-1].settimeout(60)
    equal(more[-1].recv(1), b"", "beyond its limit an address is cut off")
    for c in silent + half + more:
        c.close()
    wait_for(lambda: s.curl("/health")[0] == 200, "and comes back")


def openssl(s, *words):
    subprocess.run(["openssl", *words], cwd=s.folder, check=True,
                   capture_output=True)


def make_pair(s, stem, subject, *more):
    openssl(s, "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            subject, "-keyout", f"{stem}.key", "-out", f"{stem}.pem", *more)


def shown(s):
    """SHA-256 of the certificate that the console shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection(
            ("127.0.0.1", s.port)), server_hostname=NAME) as c:
        return c.getpeercert(binary_form=True)


def certificate_files(s):
    """Another pair is taken while connections go on; a wrong one is not."""
    s.stop()
    for stem in ("one", "two"):
        make_pair(s, stem, f"/CN={NAME}", "-addext",
                  f"subjectAltName=DNS:{NAME}")
        os.chmod(s.path(f"{stem}.key"), 0o600)

    def use(pem, key):
        for name, source in (("c.key", key), ("c.pem", pem)):
            with open(s.path(source), "rb") as f:
                content = f.read()
            with open(s.path(name + ".new"), "wb") as f:
                os.fchmod(f.fileno(), 0o600)
                f.write(content)
            os.rename(s.path(name + ".new"), s.path(name))

    use("one.pem", "one.key")
    s.configure(certificate=s.path("c.pem"), key=s.path("c.key"))
    check(s.start(), "starts with a pair of files")
    first = shown(s)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    kept = context.wrap_socket(socket.create_connection(
        ("127.0.0.1", s.port)), server_hostname=NAME)
    use("two.pem", "one.key")
    wait_for(lambda: "is not that of its certificate" in s.said(),
             "a pair that does not fit is complained of")
    equal(shown(s), first, "and not used")
    use("two.pem", "two.key")
    wait_for(lambda: shown(s) != first, "another pair is used by itself")
    wait_for(lambda: "event=console.certificate kind=none" in s.said(),
             "that it does well again is told")
    equal(s.said().count("is not that of its certificate"), 1,
          "that it did not, once")
    kept.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    check(kept.recv(4096).startswith(b"HTTP/1.1 200"),
          "a connection from before goes on")
    kept.close()
    os.chmod(s.path("c.key"), 0o644)
    s.stop()
    check(not s.start(), "a key that others may read is refused")
    s.stop()


def client_certificates(s):
    make_pair(s, "clients", "/CN=clients")
    openssl(s, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=robot/O=Example", "-keyout", "robot.key",
            "-out", "robot.csr")
    with open(s.path("ext"), "w") as f:
        f.write("subjectAltName=email:robot@example.test\n")
    openssl(s, "x509", "-req", "-in", "robot.csr", "-CA", "clients.pem",
            "-CAkey", "clients.key", "-days", "30", "-extfile", "ext", "-out", "robot.pem")
    make_pair(s, "self", "/CN=robot/O=Example")
    s.configure(client_ca=s.path("clients.pem"))
    check(s.start(), "starts with CAs of clients")

    def by(stem):
        return s.curl(WHO, "--cert", s.path(f"{stem}.pem"), "--key",
                      s.path(f"{stem}.key"))

    equal(by("robot")[0], 401, "a certificate of nobody's")
    s.run("user", "set", "robot", "--certificate", "subject:O=Example,CN=robot")
    equal(named(by("robot")), "robot", "by its subject")
    s.run("user", "set", "robot", "--certificate", "email:robot@example.test")
    equal(named(by("robot")), "robot", "by its mail address")
    equal(by("self")[0], 0, "one of another CA is refused")
    equal(s.curl("/health")[0], 200, "none is fine")
    s.run("user", "set", "robot", "--disable")
    equal(by("robot")[0], 401, "not when the user is disabled")
    s.run("user", "set", "robot", "--enable")


def own_certificate(s):
    """Made once; again when the name is another one."""
    rows = s.run("ca", "list", "-o", "json").stdout
    equal(rows.count('"console"'), 2, "one certificate: device and template")
    out = s.run("ca", "health", "-o", "json")
    equal(out.stdout.strip() or "[]", "[]", "and the CA is healthy")
    s.stop()
    s.configure(name="other.example.test")
    s.start()
    out = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{s.port}",
         "-verify_hostname", "other.example.test", "-CAfile", s.chain,
         "-verify_return_error"], stdin=subprocess.DEVNULL, text=True,
        capture_output=True)
    check("Verify return code: 0 (ok)" in out.stdout,
          "openssl verifies the new name")
    s.stop()
    s.configure()
    s.start()


def main():
    with tempfile.TemporaryDirectory() as folder:
        s = Service(os.path.abspath(sys.argv[1]), folder)
        s.run("user", "add", "alice", "--sets", "operator", "--password-file",
              "-", given=PASSWORD)
        s.run("user", "add", "robot", "--sets", "monitor", "--no-password")
        s.configure()
        try:
            check(s.start(), "serve listens")
            tls_versions(s)
            plain_text(s)
            logins(s)
            tokens(s)
            sessions(s)
            foreign_pages(s)
            own_certificate(s)
            lock_out(s)
            slow_clients(s)
            certificate_files(s)
            client_certificates(s)
            equal(s.stop(), 0, "ends well")
        finally:
            s.stop()
        kinds = s.events()
        for kind in ("user.added", "token.added", "access.login",
                     "access.refused", "access.locked", "token.removed"):
            check(kind in kinds, f"the audit chain has {kind}")
        s.run("events", "--verify")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
