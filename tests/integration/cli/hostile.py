"""A server that is proven and answers what the test wants: no amtkeeper."""
import http.server
import os
import ssl
import subprocess
import threading

VERSION = b'{"name":"amtkeeper","version":"1","api":"v1"}'


def identity(where, name):
    """Certificate and key of a "localhost" of its own making."""
    pem, key = (os.path.join(where, f"{name}.{end}") for end in ("pem", "key"))
    if not os.path.exists(pem):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", key,
                        "-out", pem], check=True, capture_output=True)
    return pem, key


class Hostile:
    def __init__(self, pem, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        self.answers()

    def answers(self, version=VERSION, bodies=(), body=b"{}", status=200,
                location=None, size=0):
        self.version, self.bodies, self.body = version, list(bodies), body
        self.status, self.location, self.size = status, location, size
        self.asked = 0

    def handler(self):
        hostile = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                if self.path.endswith("/version"):
                    self.say(200, hostile.version, 0)
                    return
                hostile.asked += 1
                body = hostile.bodies.pop(0) if hostile.bodies \
                    else hostile.body
                self.say(hostile.status, body, hostile.size)

            def say(self, status, body, size):
                self.send_response(status)
                if status == 307:
                    self.send_header("Location", hostile.location)
                self.send_header("Content-Length", str(size or len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                    for _ in range(size >> 16):
                        self.wfile.write(b" " * 65536)
                except OSError:
                    self.close_connection = True

        return Handler

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
