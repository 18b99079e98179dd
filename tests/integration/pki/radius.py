#!/usr/bin/python3
"""radius.py AMTKEEPER: a device's 802.1x certificate proves itself by EAP-TLS
to a RADIUS server that trusts our root and reads our revocation list.  The
server is FreeRADIUS, the device is wpa_supplicant's eapol_test."""
import os
import shutil
import subprocess
import sys
import tempfile

from authority import PATIENCE, Authority, call, wait_for

TEMPLATES = """templates:
  - {name: server, usages: server, short_name: false}
  - {name: client, usages: client, short_name: false}
  - {name: strong, usages: client, key: rsa-3072, short_name: false}
  - {name: curve, usages: client, key: ec-p384, short_name: false}
"""
ADDRESS, PORT, SECRET = "127.0.0.1", 1812, "between-switch-and-server"
HOME = "radius.corp.example"
SERVER = """
name = radius
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {0}
run_dir = {0}
raddbdir = {0}
client switch {{
	ipaddr = {1}
	secret = {3}
}}
modules {{
	eap {{
		default_eap_type = tls
		tls-config issued {{
			private_key_file = {0}/radius.key
			certificate_file = {0}/radius.pem
			ca_file = {0}/trusted.pem
			check_crl = yes
			# Without it FreeRADIUS takes P-256 and no other curve,
			# of a certificate's key too.
			ecdh_curve = "prime256v1:secp384r1"
			tls_min_version = "1.2"
			tls_max_version = "1.2"
		}}
		tls {{
			tls = issued
		}}
	}}
}}
server default {{
	listen {{
		type = auth
		ipaddr = {1}
		port = {2}
	}}
	authorize {{
		eap
	}}
	authenticate {{
		eap
	}}
}}
"""
DEVICE = """
eapol_version=2
network={{
	key_mgmt=IEEE8021X
	eapol_flags=0
	eap=TLS
	identity="host/{0}"
	ca_cert="{1}"
	domain_match="{2}"
	client_cert="{3}.pem"
	private_key="{3}.key"
}}
"""


class Radius:
    """FreeRADIUS with what the CA has published up to now."""

    def __init__(self, ca, folder):
        self.folder = folder
        self.log = os.path.join(folder, "radius.log")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        ca.crl()
        self.join("trusted.pem", ca.path("chain.pem"), ca.path("crl.pem"))
        self.join("radius.pem", ca.path(f"{HOME}.pem"), ca.path("issuing.pem"))
        self.join("radius.key", ca.path(f"{HOME}.key"))
        with open(os.path.join(folder, "radiusd.conf"), "w") as f:
            f.write(SERVER.format(folder, ADDRESS, PORT, SECRET))
        with open(self.log, "w") as log:
            self.child = subprocess.Popen(
                ["freeradius", "-d", folder, "-n", "radiusd", "-X"],
                stdout=log, stderr=subprocess.STDOUT)
        wait_for(lambda: self.ready(), self.log)

    def join(self, name, *files):
        with open(os.path.join(self.folder, name), "w") as out:
            for file in files:
                with open(file) as f:
                    out.write(f.read())

    def ready(self):
        if self.child.poll() is not None:
            raise AssertionError(open(self.log).read()[-3000:])
        return self.says("Ready to process requests")

    def says(self, text):
        with open(self.log) as f:
            return text in f.read()

    def stop(self):
        self.child.terminate()
        self.child.wait(PATIENCE)


class Test:
    def __init__(self, ca):
        self.ca, self.failed, self.passed = ca, 0, 0

    def check(self, holds, what):
        self.passed += bool(holds)
        self.failed += not holds
        print("ok  " if holds else "FAIL", what, flush=True)

    def login(self, host, ca=None):
        """Does a device get in with this certificate? What eapol_test says."""
        ca = ca or self.ca
        conf = self.ca.path("device.conf")
        with open(conf, "w") as f:
            f.write(DEVICE.format(host, self.ca.path("root.pem"), HOME,
                                  ca.path(host)))
        code, said = call("eapol_test", "-c", conf, "-a", ADDRESS, "-p",
                          str(PORT), "-s", SECRET, "-t", "30")
        return code == 0 and said.endswith("SUCCESS"), said

    def enters(self, host):
        entered, said = self.login(host)
        self.check(entered, f"{host} gets in")
        if not entered:
            print(said[-2000:])

    def refused(self, radius, host, why, ca=None):
        entered, said = self.login(host, ca)
        self.check(not entered and said.endswith("FAILURE"),
                   f"{host} is refused")
        self.check(radius.says(why), f"since: {why}")


def test(ca, other, folder):
    devices = [("pc1.corp.example", "client", "rsa-2048"),
               ("pc2.corp.example", "strong", "rsa-3072"),
               ("pc3.corp.example", "curve", "ec-p384")]
    ca.add(HOME, "web.corp.example", *(host for host, _, _ in devices))
    ca.sign(HOME, "server", "rsa-2048")
    ca.sign("web.corp.example", "server", "rsa-2048")
    for device in devices:
        ca.sign(*device)
    other.add("pc9.corp.example")
    other.sign("pc9.corp.example", "client", "rsa-2048")
    t = Test(ca)
    radius = Radius(ca, os.path.join(folder, "radius"))
    for host, _, _ in devices:
        t.enters(host)
    t.refused(radius, "web.corp.example", "unsuitable certificate purpose")
    t.refused(radius, "pc9.corp.example", "unable to get local issuer", other)
    radius.stop()
    ca.revoke("pc1.corp.example", "superseded")
    radius = Radius(ca, os.path.join(folder, "radius"))
    t.refused(radius, "pc1.corp.example", "certificate revoked")
    t.enters("pc3.corp.example")
    radius.stop()
    return t


def main():
    folder = tempfile.mkdtemp(prefix="amtkeeper-radius.")
    try:
        ca, other = (Authority(sys.argv[1], os.path.join(folder, name),
                               TEMPLATES) for name in ("ca", "other"))
        t = test(ca, other, folder)
    finally:
        shutil.rmtree(folder)
    print(f"{t.passed} passed, {t.failed} failed")
    sys.exit(bool(t.failed))


main()
