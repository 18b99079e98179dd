"""domain.py FOLDER: provision the lab's domain into FOLDER, offline.

`samba-tool domain provision` needs root and extended attributes for sysvol's
ACLs, which nothing here uses; the library call behind it can leave them out.

In the domain: OU=AMT for the devices; svc-amt with rights on computers in that
OU alone, svc-none with none, operator, a person; the group AMT-Admins with
operator and svc-amt; a password settings object of 7 days that applies to the
user amt-user in OU=AMT.  FOLDER/private/lab has their passwords and keytabs.
"""
import logging
import os
import secrets
import sys

sys.dont_write_bytecode = True  # before the import of controller

import samba.getopt  # noqa: F401  (loads the credentials bindings)
import samba.dckeytab  # noqa: F401  (adds export_keytab to Net)
from samba.auth import system_session
from samba.credentials import Credentials
from samba.net import Net
from samba.param import LoadParm
from samba.provision import provision
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

import controller

COMPUTER = "bf967a86-0de6-11d0-a285-00aa003049e2"
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
WRITE = {
    "servicePrincipalName": "f3a64788-5306-11d1-a9c5-0000f80367c1",
    "dNSHostName": "72e39547-7b18-11d1-adef-00c04fd8d5cd",
    "userAccountControl": "bf967a68-0de6-11d0-a285-00aa003049e2",
    "msDS-SupportedEncryptionTypes": "20119867-1d04-4ab7-9371-cfc3d5df0afd",
    "sAMAccountName": "3e0abfd0-126a-11d0-a060-00aa006c33ed",
    "pwdLastSet": "bf967a0a-0de6-11d0-a285-00aa003049e2",
    "description": "bf967950-0de6-11d0-a285-00aa003049e2",
    "name": "bf967a0e-0de6-11d0-a285-00aa003049e2",
    "cn": "bf96793f-0de6-11d0-a285-00aa003049e2",
}
ACCOUNTS = ("svc-amt", "svc-none", "operator")
PSO_DAYS = 7


class Domain:
    def __init__(self, folder):
        self.folder = folder
        self.smbconf = os.path.join(folder, "smb.conf")
        self.lab = os.path.join(folder, "private", "lab")
        self.lp = LoadParm()
        self.lp.load(self.smbconf)
        os.makedirs(self.lab, mode=0o700)
        self.sam = None

    def password(self, name):
        """A new one, which is also put into the account's file."""
        text = "Aa1-" + secrets.token_urlsafe(18)
        path = os.path.join(self.lab, name + ".password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="ascii") as f:
            f.write(text + "\n")
        return text

    def create(self):
        provision(logging.getLogger("provision"), system_session(),
                  smbconf=self.smbconf, lp=self.lp, realm=controller.REALM,
                  domain=controller.NETBIOS, hostname="dc1",
                  serverrole="active directory domain controller",
                  hostip=controller.ADDRESS,
                  adminpass=self.password("Administrator"),
                  dns_backend="SAMBA_INTERNAL", dns_forwarder=None,
                  skip_sysvolacl=True, use_ntvfs=False, dom_for_fun_level=4)
        self.sam = SamDB(url=os.path.join(self.folder, "private", "sam.ldb"),
                         session_info=system_session(), lp=self.lp)
        self.never_expires("Administrator")

    def never_expires(self, account):
        """A kept domain is used for longer than passwords live."""
        self.sam.setexpiry(f"(sAMAccountName={account})", 0,
                           no_expiry_req=True)

    def register_services(self):
        """What samba_spnupdate does where the dnsupdate service runs; without
        these no GSSAPI bind finds the directory's principal."""
        dc, domain = controller.DC, controller.DOMAIN
        self.sam.modify_ldif("\n".join([
            f"dn: CN=DC1,OU=Domain Controllers,{controller.BASE}",
            "changetype: modify", "add: servicePrincipalName",
            *(f"servicePrincipalName: {name}" for name in
              (f"ldap/{dc}", f"ldap/{dc}/{domain}", "ldap/DC1",
               f"GC/{dc}/{domain}"))]))

    def sid(self, account):
        found = self.sam.search(controller.BASE, attrs=["objectSid"],
                                expression=f"(sAMAccountName={account})")
        sid = found[0]["objectSid"][0]
        return self.sam.schema_format_value("objectSid", sid).decode()

    def populate(self):
        self.sam.add({"dn": controller.OU, "objectClass": "organizationalUnit"})
        self.sam.add({"dn": f"OU=Other,{controller.BASE}",
                      "objectClass": "organizationalUnit"})
        for name in ACCOUNTS:
            self.sam.newuser(name, self.password(name))
            self.never_expires(name)
        self.sam.newgroup("AMT-Admins")
        self.sam.add_remove_group_members("AMT-Admins",
                                          ["operator", "svc-amt"])
        with open(os.path.join(self.lab, "admins.sid"), "w",
                  encoding="ascii") as f:
            f.write(self.sid("AMT-Admins") + "\n")
        self.sam.newuser("amt-user", self.password("amt-user"),
                         userou="OU=AMT")

    def delegate(self):
        """svc-amt: computers below OU=AMT, and to read password settings."""
        sid = self.sid("svc-amt")
        aces = [f"(OA;CI;CCDC;{COMPUTER};;{sid})",
                f"(OA;CIIO;CR;{RESET_PASSWORD};{COMPUTER};{sid})"]
        aces += [f"(OA;CIIO;RPWP;{guid};{COMPUTER};{sid})"
                 for guid in WRITE.values()]
        acl = SDUtils(self.sam)
        for ace in aces:
            acl.dacl_add_ace(controller.OU, ace)
        acl.dacl_add_ace(self.settings(), f"(A;CI;LCRPRC;;;{sid})")

    def settings(self):
        return f"CN=Password Settings Container,CN=System,{controller.BASE}"

    def password_settings(self):
        day = 864000000000  # in 100 ns
        self.sam.add({
            "dn": f"CN=AMT-Users,{self.settings()}",
            "objectClass": "msDS-PasswordSettings",
            "msDS-PasswordSettingsPrecedence": "10",
            "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
            "msDS-PasswordHistoryLength": "0",
            "msDS-PasswordComplexityEnabled": "FALSE",
            "msDS-MinimumPasswordLength": "7",
            "msDS-MinimumPasswordAge": "0",
            "msDS-MaximumPasswordAge": str(-PSO_DAYS * day),
            "msDS-LockoutThreshold": "0",
            "msDS-LockoutObservationWindow": str(-18000000000),
            "msDS-LockoutDuration": str(-18000000000),
            "msDS-PSOAppliesTo": f"CN=amt-user,{controller.OU}",
        })

    def keytabs(self):
        creds = Credentials()
        creds.guess(self.lp)
        net = Net(creds, self.lp)
        for name in ACCOUNTS:
            net.export_keytab(keytab=os.path.join(self.lab, name + ".keytab"),
                              principal=f"{name}@{controller.REALM}")


def main(folder):
    os.umask(0o077)
    domain = Domain(folder)
    domain.create()
    domain.sam.transaction_start()
    domain.register_services()
    domain.populate()
    domain.delegate()
    domain.password_settings()
    domain.sam.transaction_commit()
    domain.keytabs()


if __name__ == "__main__":
    main(sys.argv[1])
