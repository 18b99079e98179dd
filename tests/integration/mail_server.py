"""An imitation of a mail server, of Python's own library: enough of SMTP for one
message, what it heard and took kept for the test, and moods for what servers
do wrong."""
import base64
import os
import socketserver
import ssl
import subprocess
import threading


def certificate(where, name="mail"):
    """A key and a certificate of its own: the context, and the PEM file."""
    key, pem = (os.path.join(where, f"{name}.{end}") for end in ("key", "pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj",
         "/CN=imitation", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", pem], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context, pem


def listen(server_class, handler, context=None):
    """Its port; context: TLS from the first byte."""
    server = server_class(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Mail(socketserver.StreamRequestHandler):
    got = []         # (login, recipients, body) of each message taken
    heard = []       # (was it by TLS, command) of all connections
    starttls = None  # the context, for servers that offer it
    refuse = b""     # the command that is answered by 550; b".": the message
    lose = False     # the answer to the message

    def handle(self):
        try:
            self.talk()
        except OSError:
            pass  # the client went away, as it does from a stranger

    def talk(self):
        self.secure = isinstance(self.connection, ssl.SSLSocket)
        self.login, self.to = None, []
        self.say("220 imitation")
        while line := self.rfile.readline():
            word = line.strip().upper()
            self.heard.append((self.secure, line.strip()))
            if self.refuse and word.startswith(self.refuse):
                self.say("550 not here")
            elif word == b"STARTTLS" and self.starttls:
                self.secured()
            elif word == b"DATA":
                if self.message():
                    return
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.command(word, line)

    def command(self, word, line):
        if word.startswith(b"EHLO"):
            offer = "STARTTLS" if self.starttls and not self.secure \
                else "AUTH PLAIN"
            self.say(f"250-imitation\r\n250 {offer}")
        elif word.startswith(b"AUTH PLAIN"):
            words = line.split()
            if len(words) == 2:
                self.say("334 ")
                words.append(self.rfile.readline().strip())
            self.login = base64.b64decode(words[2]).decode()
            self.say("235 ok")
        else:
            if word.startswith(b"RCPT"):
                self.to.append(line.strip().decode())
            self.say("250 ok")

    def secured(self):
        self.say("220 go on")
        self.connection = self.starttls.wrap_socket(self.connection,
                                                    server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.secure = True

    def message(self):
        """True: nothing more is said."""
        self.say("354 go on")
        body = b"".join(iter(self.rfile.readline, b".\r\n"))
        if self.refuse == b".":
            self.say("550 not this")
            return False
        self.got.append((self.login, self.to, body))
        if not self.lose:
            self.say("250 taken")
        return self.lose

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
