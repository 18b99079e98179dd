"""An enterprise's own CA for tests, by the openssl command: what imitated services
(est_ca.py, ces_ca.py, vault_ca.py) issue with, and a server for them."""
import http.server
import os
import ssl
import subprocess
import threading


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True,
                          capture_output=True).stdout


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of serve()."""
    protocol_version = "HTTP/1.1"
    timeout = 20

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, *_):
        pass


class CorpCa:
    """Root, issuing CA below it, TLS certificate for a name and a client
    certificate for the one who may ask."""

    def __init__(self, folder, server="IP:127.0.0.1"):
        self.folder = folder
        os.makedirs(folder)
        self._authority("root", None)
        self._authority("issuing", "root")
        self._leaf("server", f"subjectAltName={server}\n"
                   "extendedKeyUsage=serverAuth\n")
        self._leaf("ra", "extendedKeyUsage=clientAuth\n")
        with open(self.path("anchors.pem"), "wb") as out:
            for name in ("issuing", "root"):
                out.write(self.read(f"{name}.pem"))

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def path(self, name):
        return os.path.join(self.folder, name)

    def _key(self, name):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", self.path(f"{name}.key"))
        os.chmod(self.path(f"{name}.key"), 0o600)

    def _authority(self, name, issuer):
        self._key(name)
        words = ["req", "-x509", "-new", "-key", self.path(f"{name}.key"),
                 "-subj", f"/O=Corp/CN=Corp {name} CA", "-days", "3650",
                 "-out", self.path(f"{name}.pem")]
        if issuer:
            words += ["-CA", self.path(f"{issuer}.pem"),
                      "-CAkey", self.path(f"{issuer}.key")]
        openssl(*words, "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def sign(self, csr, extensions, copy="copy", days=365):
        """CSR in DER; the certificate in PEM."""
        config = self.path("ext.cnf")
        with open(config, "w") as f:
            f.write("basicConstraints=critical,CA:FALSE\n"
                    "authorityKeyIdentifier=keyid\n" + extensions)
        return openssl("x509", "-req", "-inform", "DER", "-CA",
                       self.path("issuing.pem"), "-CAkey",
                       self.path("issuing.key"), "-copy_extensions", copy,
                       "-days", str(days), "-extfile", config, data=csr)

    def _leaf(self, name, extensions):
        self._key(name)
        csr = openssl("req", "-new", "-key", self.path(f"{name}.key"),
                      "-subj", f"/CN={name}", "-outform", "DER")
        with open(self.path(f"{name}.pem"), "wb") as f:
            f.write(self.sign(csr, extensions))

    def serve(self, handler, port):
        """With TLS, at this port of 127.0.0.1 or at any; stop() ends it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("server.pem"),
                                self.path("server.key"))
        context.load_verify_locations(self.path("anchors.pem"))
        context.verify_mode = ssl.CERT_OPTIONAL
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port),
                                                      handler)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
