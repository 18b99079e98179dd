"""The lab's domain behind the controller's back: what no client may write, and
quickly.  Times are seconds ago."""
import os
import secrets
import time

import ldb
import samba.getopt  # noqa: F401  (loads the credentials bindings)
import samba.dckeytab  # noqa: F401  (adds export_keytab to Net)
from samba.auth import system_session
from samba.credentials import Credentials
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

BASE = ",".join("DC=" + part for part in os.environ["LAB_DOMAIN"].split("."))
DAY = 86400
PASSWORD_AGE = "local_oid:1.3.6.1.4.1.7165.4.3.12:0"  # pwdLastSet as given


def filetime(ago):
    return str(int((time.time() - ago + 11644473600) * 10**7))


class Domain:
    def __init__(self):
        folder = os.path.join(os.environ["LAB_DIR"], "dc")
        self.lp = LoadParm()
        self.smbconf = os.path.join(folder, "smb.conf")
        self.lp.load(self.smbconf)
        private = os.path.join(folder, "private")
        self.sam = SamDB(url=os.path.join(private, "sam.ldb"),
                         session_info=system_session(), lp=self.lp)
        self.partition = os.path.join(private, "sam.ldb.d",
                                      BASE.upper() + ".ldb")
        self.raw = ldb.Ldb("tdb://" + self.partition,
                           flags=ldb.FLG_DONT_CREATE_DB)

    def ou(self, dn):
        self.sam.add({"dn": dn, "objectClass": "organizationalUnit"})
        return dn

    def computer(self, ou, name, host=None, **attributes):
        """A healthy one, but for what is given; None leaves one out."""
        host = host or f"{name}.{os.environ['LAB_DOMAIN']}"
        values = {"objectClass": "computer", "sAMAccountName": name + "$",
                  "userAccountControl": "4096", "dNSHostName": host,
                  "servicePrincipalName": [f"HOST/{host}", f"HOST/{name}"],
                  "msDS-SupportedEncryptionTypes": "24", **attributes}
        dn = f"CN={name},{ou}"
        self.sam.add({"dn": dn, **{k: v for k, v in values.items()
                                   if v is not None}})
        self.set(dn, pwdLastSet=filetime(0))
        return dn

    def user(self, ou, name, **attributes):
        dn = f"CN={name},{ou}"
        self.sam.add({"dn": dn, "objectClass": "user", "sAMAccountName": name,
                      "userAccountControl": "544", **attributes})
        self.set(dn, pwdLastSet=filetime(0), userAccountControl="512")
        return dn

    def account(self, name):
        """A service account without any right; its keytab."""
        self.sam.newuser(name, "Aa1-" + secrets.token_urlsafe(18))
        self.sam.setexpiry(f"(sAMAccountName={name})", 0, no_expiry_req=True)
        keytab = os.path.join(os.environ["LAB_DIR"], name + ".keytab")
        creds = Credentials()
        creds.guess(self.lp)
        Net(creds, self.lp).export_keytab(
            keytab=keytab, principal=f"{name}@{os.environ['LAB_REALM']}")
        return keytab

    @staticmethod
    def message(db, dn, values, flag):
        m = ldb.Message(ldb.Dn(db, dn))
        for name, value in values.items():
            m[name] = ldb.MessageElement(value, flag, name)
        return m

    def set(self, dn, **values):
        values = {k.replace("_", "-"): v for k, v in values.items()}
        self.sam.modify(self.message(self.sam, dn, values,
                                     ldb.FLAG_MOD_REPLACE), [PASSWORD_AGE])

    def add(self, dn, **values):
        self.sam.modify(self.message(self.sam, dn, values, ldb.FLAG_MOD_ADD))

    def take(self, dn, **values):
        self.sam.modify(self.message(self.sam, dn, values,
                                     ldb.FLAG_MOD_DELETE))

    def created(self, dn, ago):
        at = time.strftime("%Y%m%d%H%M%S.0Z", time.gmtime(time.time() - ago))
        self.raw.modify(self.message(self.raw, dn, {"whenCreated": at},
                                     ldb.FLAG_MOD_REPLACE))

    def second_spn(self, dn, spn):
        """One that another has; the index is in upper case."""
        self.raw.modify(self.message(
            self.raw, dn, {"servicePrincipalName": spn.upper()},
            ldb.FLAG_MOD_ADD))

    def get(self, dn, attribute):
        found = self.sam.search(dn, scope=ldb.SCOPE_BASE, attrs=[attribute])
        values = found[0].get(attribute) if found else None
        return sorted(str(v) for v in values) if values else []

    def exists(self, dn):
        try:
            return bool(self.sam.search(dn, scope=ldb.SCOPE_BASE, attrs=[]))
        except ldb.LdbError:
            return False

    def sid(self, account):
        found = self.sam.search(BASE, attrs=["objectSid"],
                                expression=f"(sAMAccountName={account})")
        return self.sam.schema_format_value(
            "objectSid", found[0]["objectSid"][0]).decode()

    def allow(self, dn, ace):
        SDUtils(self.sam).dacl_add_ace(dn, ace)
