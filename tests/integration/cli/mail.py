#!/usr/bin/python3
"""mail.py AMTKEEPER: `mail test` to servers that take it, offer no TLS, are
somebody else, refuse, lose the answer, or are not there.  They are all one
imitation (mail_server.py)."""
import base64
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import PATIENCE, check, equal, finish  # noqa: E402
from mail_server import Mail, certificate, listen  # noqa: E402

KEEPER = os.path.abspath(sys.argv[1])
WHERE = tempfile.mkdtemp(prefix="mail.")
ENV = dict(os.environ, NO_COLOR="1",
           AMTKEEPER_CONFIG=os.path.join(WHERE, "etc/amtkeeper.yaml"))
PASSWORD = "mail's own password"
SUBJECT = base64.b64encode(b"amtkeeper: test")
TO = "helpdesk@example.test"
REFUSED, UNREACHABLE, UNTRUSTED, UNKNOWN = 5, 70, 72, 73


def keep(*args, text=None):
    return subprocess.run([KEEPER, *args], env=ENV, text=True, input=text,
                          capture_output=True, timeout=PATIENCE)


def configure(server, ca):
    folder = os.path.join(WHERE, "etc/conf.d")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "mail.yaml"), "w") as f:
        f.write(f"""mail:
  server: {server}
  from: amtkeeper@example.test
  user: keeper
  tls_ca: {ca}
  timeout: 30s
""")


def send(code, what, said=""):
    """The test message's end; what the server heard of it."""
    Mail.got.clear()
    Mail.heard.clear()
    out = keep("mail", "test", TO)
    equal(out.returncode, code, f"{what}: {out.stderr.strip()}")
    check(said in out.stderr, f"{what}: \"{said}\" in {out.stderr.strip()}")
    check(PASSWORD not in out.stdout + out.stderr, f"{what}: no password")
    return [word.upper().split()[0] for _, word in Mail.heard if word]


def taken(what):
    send(0, what)
    if not check(len(Mail.got) == 1, f"{what}: one message {Mail.heard}"):
        return
    login, to, body = Mail.got[0]
    equal((login, to), (f"\0keeper\0{PASSWORD}", [f"RCPT TO:<{TO}>"]),
          f"{what}: who and to whom")
    check(SUBJECT in body and f"To: <{TO}>".encode() in body,
          f"{what}: the message {body}")
    equal([w for secure, w in Mail.heard if not secure and
           w.split()[0].upper() not in (b"EHLO", b"STARTTLS")], [],
          f"{what}: said before TLS")


def secured(context, ours, other):
    """By STARTTLS, which is never left out."""
    plain = listen(socketserver.ThreadingTCPServer, Mail)
    configure(f"smtp://127.0.0.1:{plain}", ours)
    heard = send(UNTRUSTED, "no STARTTLS")
    equal([w for w in heard if w not in (b"EHLO", b"QUIT")], [],
          "no STARTTLS: nothing else is said")
    Mail.starttls = context
    taken("STARTTLS")
    Mail.refuse = b"STARTTLS"
    heard = send(UNTRUSTED, "STARTTLS refused")
    equal([w for w in heard if w not in (b"EHLO", b"STARTTLS", b"QUIT")], [],
          "STARTTLS refused: nothing else is said")
    Mail.refuse = b""
    for url, ca in ((f"smtp://127.0.0.1:{plain}", other),
                    (f"smtp://localhost:{plain}", ours)):
        configure(url, ca)
        heard = send(UNTRUSTED, f"{url}, {os.path.basename(ca)}")
        check(b"AUTH" not in heard and b"MAIL" not in heard,
              f"{url}: nothing is said to a stranger: {heard}")
    Mail.starttls = None


def refused():
    for command, after in ((b"RCPT", False), (b"MAIL", False), (b".", True)):
        Mail.refuse = command
        heard = send(REFUSED, f"550 to {command}", "550")
        equal((b"DATA" in heard, Mail.got), (after, []),
              f"550 to {command}: nothing is delivered")
    Mail.refuse = b""


def main():
    context, ours = certificate(WHERE)
    _, other = certificate(WHERE, "other")
    equal(keep("init", "--dir", os.path.join(WHERE, "etc")).returncode, 0,
          "init")
    direct = listen(socketserver.ThreadingTCPServer, Mail, context)
    configure(f"smtps://127.0.0.1:{direct}", ours)
    check("amtkeeper mail password" in keep("mail", "test", TO).stderr,
          "a password is wanted")
    equal(keep("mail", "password", "--password-file", "-",
               text=PASSWORD + "\n").returncode, 0, "mail password")
    taken("TLS from the first byte")
    refused()
    Mail.lose = True
    send(UNKNOWN, "the answer is lost")
    equal(len(Mail.got), 1, "the answer is lost: it was taken")
    Mail.lose = False
    configure(f"smtps://127.0.0.1:{direct}", other)
    equal(send(UNTRUSTED, "another CA"), [], "another CA: nothing is said")
    secured(context, ours, other)
    with socket.socket() as s:  # bound, and nobody listens
        s.bind(("127.0.0.1", 0))
        configure(f"smtps://127.0.0.1:{s.getsockname()[1]}", ours)
        send(UNREACHABLE, "nobody there")
    shutil.rmtree(WHERE)
    return finish()


sys.exit(main())
