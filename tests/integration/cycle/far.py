"""A second domain controller that is none: what the DNS may name, and a KDC with
a clock of its own."""
import os
import socket
import subprocess
import threading

from fleet import ROOT

ENV = os.environ
OTHER_DC = "dc2." + ENV["LAB_DOMAIN"]
OTHER_ADDRESS = "127.0.0.11"
AHEAD = 600


def far_kdc():
    """A KDC in front of the real one whose clock is ahead: what a KRB-ERROR says
    of the time is sealed by nothing."""
    server = socket.create_server((OTHER_ADDRESS, 88))

    def shift(reply):
        at = reply.find(b"\x18\x0f2")  # GeneralizedTime, 15 characters
        if reply[4:5] != b"\x7e" or at < 0:
            return reply
        now = subprocess.run(
            ["date", "-u", "-d", f"+{AHEAD} seconds", "+%Y%m%d%H%M%SZ"],
            capture_output=True, check=True).stdout.strip()
        return reply[:at + 2] + now + reply[at + 17:]

    def message(peer):
        head = peer.recv(4, socket.MSG_WAITALL)
        return head + peer.recv(int.from_bytes(head, "big"),
                                socket.MSG_WAITALL)

    def serve():
        while True:
            client = server.accept()[0]
            with client, socket.create_connection(
                    (ENV["LAB_DC_ADDRESS"], 88)) as kdc:
                kdc.sendall(message(client))
                client.sendall(shift(message(kdc)))

    threading.Thread(target=serve, daemon=True).start()


def in_the_dns(name, address):
    hosts = os.path.join(ENV["LAB_DIR"], "more-hosts")
    with open(hosts, "w") as f:
        f.write(f"{address} {name}\n")
    subprocess.run([os.path.join(ROOT, "tests/lab/labdns"), hosts], check=True)
    subprocess.run([os.path.join(ROOT, "tests/lab/labdns"), "--controller",
                    name], check=True)
