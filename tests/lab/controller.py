"""One Samba Active Directory domain controller, used by labrun.

Provisioning takes four seconds, unpacking a provisioned domain a tenth of one:
domains are kept, under a name made of everything they depend on.
"""
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
PYTHON = "/usr/bin/python3"  # the one Samba's modules are installed for

ADDRESS = "127.0.0.10"
DOMAIN = "ad.example.test"
REALM = DOMAIN.upper()
NETBIOS = "ADTEST"
DC = "dc1." + DOMAIN
BASE = ",".join("DC=" + part for part in DOMAIN.split("."))
OU = "OU=AMT," + BASE

READY_SECONDS = 120
CACHE_DAYS = 30
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

# samba -M single with these services is one process of some 50 MB.
SMB_CONF = """\
[global]
  realm = {realm}
  workgroup = {netbios}
  netbios name = DC1
  server role = active directory domain controller
  server services = rpc, ldap, cldap, kdc, dns
  dcerpc endpoint servers = epmapper, samr, netlogon, lsarpc, drsuapi, dnsserver
  interfaces = {address}/8
  bind interfaces only = yes
  disable netbios = yes
  dns forwarder = 0.0.0.0
  allow dns updates = disabled
  private dir = {dir}/dc/private
  state directory = {dir}/dc/state
  cache directory = {dir}/dc/cache
  lock directory = {dir}/dc/run
  pid directory = {dir}/dc/run
  ncalrpc dir = {dir}/dc/run/ncalrpc
  binddns dir = {dir}/dc/bind-dns
  winbindd socket directory = {dir}/dc/run/winbindd
  ntp signd socket directory = {dir}/dc/run/ntp_signd
  log file = {dir}/dc/log/samba.log
  log level = {loglevel}
  tls certfile = {dir}/dc/private/tls/dc.crt
  tls keyfile = {dir}/dc/private/tls/dc.key
  tls cafile = {dir}/dc/private/tls/ca.crt
[sysvol]
  path = {dir}/dc/state/sysvol
[netlogon]
  path = {dir}/dc/state/sysvol/{domain}/scripts
"""

KRB5_CONF = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  rdns = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 0
[realms]
  {realm} = {{
    kdc = {address}
    admin_server = {address}
    kpasswd_server = {address}
  }}
[domain_realm]
  .{domain} = {realm}
  {domain} = {realm}
"""

LDAP_CONF = """\
URI ldap://{dc}
BASE {base}
TLS_CACERT {dir}/dc/private/tls/ca.crt
TLS_REQCERT demand
SASL_NOCANON on
REFERRALS off
"""

RESOLV_CONF = """\
nameserver {address}
search {domain}
options timeout:1 attempts:1
"""

# libldap looks the own name up when it starts: that must not need the DNS.
HOSTS = """\
127.0.0.1 localhost {host}
{address} {dc} dc1
"""

# LDAPMessage 1: SearchRequest, base "", (objectClass=*), attribute "1.1".
ROOT_DSE = bytes.fromhex("302a020101632504000a01000a0100020100020101010100"
                         "870b6f626a656374436c61737330050403312e31")


class LabError(Exception):
    pass


def in_another_time(variable):
    """The environment of a controller that lives in the time it names."""
    env = dict(os.environ)
    if env.get(variable):
        # Without the second, the KDC lives in the false time and the
        # directory's modules in the true one.
        env.update(LD_PRELOAD=FAKETIME, FAKETIME=env[variable],
                   LDB_MODULES_DISABLE_DEEPBIND="1")
    return env


def in_a_time_that_moves(path):
    """From here on this process's children, the controller too, live in the
    time that the file names (libfaketime: "+30d"), at each look at it."""
    with open(path, "w", encoding="ascii") as f:
        f.write("+0\n")
    os.environ.update(
        LAB_CLOCK=path, LD_PRELOAD=FAKETIME, FAKETIME_TIMESTAMP_FILE=path,
        FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1",
        NO_FAKE_STAT="1", LDB_MODULES_DISABLE_DEEPBIND="1")


class Controller:
    def __init__(self, folder):
        self.dir = folder
        self.process = None
        self.words = {
            "dir": folder, "realm": REALM, "domain": DOMAIN, "base": BASE,
            "netbios": NETBIOS, "address": ADDRESS, "dc": DC,
            "host": socket.gethostname(),
            "loglevel": os.environ.get("LAB_LOGLEVEL", "1"),
        }

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(text.format(**self.words))

    # -- namespace

    def namespace(self):
        """Loopback up; name resolution through the controller."""
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.write("hosts", HOSTS)
        self.write("resolv.conf", RESOLV_CONF)
        for name in ("hosts", "resolv.conf"):
            subprocess.run(["mount", "--bind", self.path(name),
                            os.path.realpath("/etc/" + name)], check=True)

    # -- state

    def prepare(self):
        for name in ("run/ncalrpc", "private/tls", "state", "cache", "log"):
            os.makedirs(self.path("dc", name), mode=0o700)
        self.write("dc/smb.conf", SMB_CONF)
        self.write("krb5.conf", KRB5_CONF)
        self.write("ldap.conf", LDAP_CONF)
        os.environ.update(self.clients())
        kept = self.kept()
        if kept and os.path.exists(kept):
            subprocess.run(["tar", "-C", self.path("dc"), "--no-same-owner",
                            "-I", "zstd", "-xf", kept], check=True)
            return
        self.certificate()
        log = self.path("dc/log/provision.log")
        with open(log, "w", encoding="utf-8") as out:
            done = subprocess.run([PYTHON, os.path.join(HERE, "domain.py"),
                                   self.path("dc")], stdout=out, stderr=out,
                                  check=False)
        if done.returncode != 0:
            raise LabError("provisioning failed:\n" + tail(log))
        if kept:
            self.save(kept)

    def certificate(self):
        """A CA and the controller's certificate, both P-256."""
        tls = self.path("dc/private/tls")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        extensions = (f"subjectAltName=DNS:{DC},DNS:{DOMAIN},IP:{ADDRESS}\n"
                      "extendedKeyUsage=serverAuth\n"
                      "keyUsage=digitalSignature\n"
                      "basicConstraints=CA:FALSE\n")
        with open(os.path.join(tls, "ext"), "w", encoding="ascii") as f:
            f.write(extensions)
        for args in (
                ["req", "-x509", *key, "-days", "3650", "-subj",
                 "/CN=Lab CA", "-keyout", "ca.key", "-out", "ca.crt"],
                ["req", *key, "-subj", f"/CN={DC}", "-keyout", "dc.key",
                 "-out", "dc.csr"],
                ["x509", "-req", "-in", "dc.csr", "-CA", "ca.crt", "-CAkey",
                 "ca.key", "-CAcreateserial", "-days", "3650", "-extfile",
                 "ext", "-out", "dc.crt"]):
            done = subprocess.run(["openssl", *args], cwd=tls, check=False,
                                  capture_output=True, text=True)
            if done.returncode != 0:
                raise LabError("openssl: " + done.stderr)
        for name in ("ca.key", "dc.key"):
            # Samba's ldap service ends at start when others may read its key.
            os.chmod(os.path.join(tls, name), 0o600)

    def kept(self):
        """Where this domain is kept; None when there is no safe place."""
        folder = os.environ.get("LAB_CACHE") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or "/var/tmp", "amtkeeper-lab")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if os.stat(folder).st_uid != os.geteuid():
                return None
        except OSError:
            return None
        key = hashlib.sha256()
        for name in ("domain.py", "controller.py"):
            with open(os.path.join(HERE, name), "rb") as f:
                key.update(f.read())
        version = subprocess.run(["samba", "--version"], check=True,
                                 capture_output=True)
        key.update(version.stdout)
        return os.path.join(folder, key.hexdigest()[:16] + ".tar.zst")

    def save(self, kept):
        """Losing it only costs the next run four seconds."""
        folder = os.path.dirname(kept)
        now = time.time()
        for name in os.listdir(folder):
            old = os.path.join(folder, name)
            if os.stat(old).st_mtime < now - CACHE_DAYS * 86400:
                os.unlink(old)
        fd, new = tempfile.mkstemp(dir=folder)
        os.close(fd)
        # Only private/ matters: no file service runs.
        done = subprocess.run(["tar", "-C", self.path("dc"), "-S", "-I",
                               "zstd -1", "-cf", new, "private"], check=False)
        if done.returncode == 0:
            os.rename(new, kept)
        else:
            os.unlink(new)

    # -- process

    def start(self):
        env = in_another_time("LAB_FAKETIME")
        with open(self.path("dc/log/stdout"), "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                ["samba", "--foreground", "--no-process-group", "-M", "single",
                 "-s", self.path("dc/smb.conf")], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env=env, start_new_session=True)

    def wait_ready(self):
        """LDAP answers, and the KDC and the DNS listen."""
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                for port in (53, 88):
                    socket.create_connection((ADDRESS, port), 1).close()
                with socket.create_connection((ADDRESS, 389), 5) as s:
                    s.sendall(ROOT_DSE)
                    if s.recv(1) == b"\x30":
                        return
            except OSError:
                pass
            if self.process.poll() is not None:
                raise LabError("the controller ended:\n" + self.last_words())
            if time.monotonic() > end:
                raise LabError("the controller is not ready:\n" +
                               self.last_words())
            time.sleep(0.02)

    def last_words(self):
        return (tail(self.path("dc/log/samba.log")) +
                tail(self.path("dc/log/stdout")))

    # -- what clients need to know

    def clients(self):
        return {
            "KRB5_CONFIG": self.path("krb5.conf"),
            "LDAPCONF": self.path("ldap.conf"),
            "KRB5CCNAME": "FILE:" + self.path("ccache"),
            # The default is one file per uid in /var/tmp, which a user
            # namespace's root does not own.
            "KRB5RCACHENAME": "file2:" + self.path("rcache"),
        }

    def environment(self):
        private = self.path("dc/private")
        env = self.clients()
        env.update({
            "LAB_DIR": self.dir,
            "LAB_DC": DC, "LAB_DC_ADDRESS": ADDRESS,
            "LAB_DC_PID": str(self.process.pid),
            "LAB_REALM": REALM, "LAB_DOMAIN": DOMAIN, "LAB_NETBIOS": NETBIOS,
            "LAB_BASE": BASE, "LAB_OU": OU,
            "LAB_CA": os.path.join(private, "tls/ca.crt"),
            "LAB_ADMIN_PASSWORD_FILE":
                os.path.join(private, "lab/Administrator.password"),
        })
        for word, name in (("", "svc-amt"), ("NONE_", "svc-none"),
                           ("OPERATOR_", "operator")):
            start = os.path.join(private, "lab", name)
            env[f"LAB_{word}PRINCIPAL"] = f"{name}@{REALM}"
            env[f"LAB_{word}KEYTAB"] = start + ".keytab"
            env[f"LAB_{word}PASSWORD_FILE"] = start + ".password"
        with open(os.path.join(private, "lab/admins.sid"),
                  encoding="ascii") as f:
            env["LAB_ADMINS_SID"] = f.read().strip()
        return env


def tail(path, lines=8):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-lines:])
    except OSError:
        return ""
