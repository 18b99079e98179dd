"""An imitation of an enterprise CA with an EST interface (RFC 7030) for tests:
http.server and ssl of Python, certificates by the openssl command.  It does what
it is told to: issue, wait, refuse, issue something else."""
import base64
import threading

from corp_ca import CorpCa, Handler, openssl

PREFIX = "/.well-known/est/amt/"


class EstCa(CorpCa):
    """Who may ask has a client certificate, or is a user with a password."""

    def __init__(self, folder):
        super().__init__(folder)
        self.mode = "issue"
        self.retry_after = 3600
        self.asked = []     # CSRs, DER
        self.issued = 0
        self.start(0)

    def message(self, *pems):
        """A certs-only message with these, base64."""
        with open(self.path("answer.pem"), "wb") as f:
            f.write(b"".join(pems))
        der = openssl("crl2pkcs7", "-nocrl", "-certfile",
                      self.path("answer.pem"), "-outform", "DER")
        return base64.encodebytes(der)

    def enroll(self, csr):
        """Status, headers, body."""
        self.asked.append(csr)
        if self.mode == "wait":
            return 202, {"Retry-After": str(self.retry_after)}, b""
        if self.mode == "refuse":
            return 400, {"Content-Type": "text/plain"}, b"not on my list\n"
        usage = "extendedKeyUsage=serverAuth\n"
        if self.mode == "wrong names":
            pem = self.sign(csr, usage + "subjectAltName=DNS:evil.example\n",
                            "none")
        else:
            pem = self.sign(csr, usage)
        self.issued += 1
        return 200, {"Content-Type":
                     "application/pkcs7-mime; smime-type=certs-only"}, \
            self.message(pem)

    def start(self, port):
        ca, lock = self, threading.Lock()

        class EstHandler(Handler):
            def allowed(self):
                basic = base64.b64encode(b"ra:open sesame").decode()
                return self.connection.getpeercert() or \
                    self.headers["Authorization"] == f"Basic {basic}"

            def do_GET(self):
                pems = [ca.read("issuing.pem"), ca.read("root.pem")]
                with lock:
                    if self.path == PREFIX + "cacerts":
                        self.answer(200, {}, ca.message(*pems))
                    elif self.path == PREFIX + "csrattrs":
                        self.answer(204, {}, b"")
                    else:
                        self.answer(404, {}, b"")

            def do_POST(self):
                body = self.body()
                with lock:
                    if self.path != PREFIX + "simpleenroll":
                        self.answer(404, {}, b"")
                    elif not self.allowed():
                        self.answer(401, {"WWW-Authenticate":
                                          'Basic realm="est"'}, b"")
                    else:
                        self.answer(*ca.enroll(base64.b64decode(body)))

        self.serve(EstHandler, port)
