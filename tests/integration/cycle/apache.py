"""Apache in front of an imitated service, with what enrolment web services have on
IIS: TLS, Kerberos by SPNEGO (mod_auth_gssapi), client certificates, which are asked for
when a request for one of those addresses has come."""
import os
import shutil
import socket
import subprocess
import time

from fleet import PATIENCE

MODULES = "/usr/lib/apache2/modules"
ACCOUNT = "www-data"
CONF = """\
ServerRoot {dir}
PidFile {dir}/pid
ErrorLog {dir}/error.log
LogLevel info
Listen {address}:443
ServerName {host}
User {account}
Group {account}
{modules}
SSLEngine on
SSLCertificateFile {dir}/server.pem
SSLCertificateKeyFile {dir}/server.key
SSLCACertificateFile {dir}/anchors.pem
RequestHeader unset X-User early
<LocationMatch "_Kerberos/">
  AuthType GSSAPI
  AuthName "Corp"
  GssapiCredStore keytab:{dir}/service.keytab
  Require valid-user
  RequestHeader set X-User "expr=%{{REMOTE_USER}}"
</LocationMatch>
<LocationMatch "_Certificate/">
  SSLVerifyClient require
  SSLVerifyDepth 3
  RequestHeader set X-User "expr=%{{SSL_CLIENT_S_DN}}"
</LocationMatch>
ProxyPass / http://127.0.0.1:{port}/
"""


class Apache:
    def __init__(self, folder, ca, keytab, address):
        """ca: its host, port, server.pem, server.key and anchors.pem."""
        self.folder, self.address = folder, address
        os.makedirs(folder)
        names = ("mpm_event authn_core authz_core authz_user auth_gssapi ssl "
                 "headers proxy proxy_http").split()
        with open(os.path.join(folder, "conf"), "w") as f:
            f.write(CONF.format(
                dir=folder, address=address, host=ca.host, port=ca.port,
                account=ACCOUNT, modules="\n".join(
                    f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                    for name in names)))
        for name in ("server.pem", "server.key", "anchors.pem"):
            shutil.copy(ca.path(name), folder)
        # It opens that as its own user, for whom the way there is open.
        shutil.copy(keytab, os.path.join(folder, "service.keytab"))
        shutil.chown(os.path.join(folder, "service.keytab"), ACCOUNT)
        os.chmod(os.environ["LAB_DIR"], 0o711)
        self.start()

    def start(self):
        env = dict(os.environ, KRB5RCACHENAME="none:")
        self.child = subprocess.Popen(
            ["apache2", "-f", os.path.join(self.folder, "conf"),
             "-DFOREGROUND"], env=env)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection((self.address, 443), 5).close()
                return
            except OSError:
                if self.child.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("Apache: " + self.last_words())
                time.sleep(0.05)

    def last_words(self):
        with open(os.path.join(self.folder, "error.log")) as f:
            return f.read()[-3000:]

    def stop(self):
        self.child.terminate()
        self.child.wait(PATIENCE)
