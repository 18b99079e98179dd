#!/usr/bin/python3
"""templates.py: certificate templates in a real Active Directory, beside those
of the profile."""
import base64
import os
import struct

from fleet import Keeper, administrate, check, equal, finish, folder

DAY = 86400
SERVER, CLIENT = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
CONSOLE = "2.16.840.1.113741.1.2.1"
GIVEN, BY_DNS = 0x1, 0x18000000


def period(days):
    return base64.b64encode(struct.pack("<q", -days * DAY * 10**7)).decode()


def entry(name, names=GIVEN, usages=(SERVER,), bits=2048, days=365, renew=42,
          enrollment=0, signatures=0, flags=0x40):
    """LDIF of a template, as an administrator's console makes it."""
    base = ",".join("DC=" + part for part in
                    os.environ["LAB_DOMAIN"].split("."))
    lines = [f"dn: CN={name},CN=Certificate Templates,CN=Public Key Services,"
             f"CN=Services,CN=Configuration,{base}",
             "objectClass: pKICertificateTemplate", f"cn: {name}",
             f"flags: {flags}",
             f"pKIExpirationPeriod:: {period(days)}",
             f"pKIOverlapPeriod:: {period(renew)}",
             f"msPKI-Minimal-Key-Size: {bits}",
             f"msPKI-RA-Signature: {signatures}",
             "msPKI-Certificate-Name-Flag: "
             f"{struct.unpack('<i', struct.pack('<I', names))[0]}",
             f"msPKI-Enrollment-Flag: {enrollment}"]
    lines += [f"pKIExtendedKeyUsage: {oid}" for oid in usages]
    return "\n".join(lines) + "\n\n"


def main():
    keeper = Keeper(folder())
    rows = keeper.json("ca", "template", "list", "--directory")
    equal([r["source"] for r in rows], ["profile"], "a forest without any")

    administrate("ldapadd", entry("AmtTls", usages=(SERVER, CONSOLE)) +
        entry("AmtWaits", enrollment=0x2, usages=()) +
        entry("ByDns", names=BY_DNS) +
        entry("High", names=0x80000001) +
        entry("Ipsec", usages=(SERVER + "7",)) +
        entry("LongKeys", bits=4096) +
        entry("Nonsense", days=30, renew=60) +
        entry("Signed", signatures=1) +
        entry("SubCA", flags=0xc0) +
        entry("Users", usages=(CLIENT, "1.3.6.1.5.5.7.3.4")))
    rows = keeper.json("ca", "template", "list", "--directory")
    equal(rows[0]["source"], "profile", "ours first")
    found = {r["name"]: r for r in rows if r["source"] == "directory"}
    equal(list(found), ["AmtTls", "AmtWaits", "ByDns", "High", "Ipsec",
                        "LongKeys", "Nonsense", "Signed", "Users"],
          "by name, without those of CAs")
    row = found["AmtTls"]
    equal((row["validity"], row["renew_before"]), ("365d", "42d"), "periods")
    equal(row["key"], "at least 2048 bits", "key")
    equal(sorted(row["usages"]), ["amt-remote-console", "server"], "usages")
    equal(row["for_devices"], "yes", "one for devices")
    for name, words in (("AmtWaits", "a person must agree"), ("High", "yes"),
                        ("ByDns", "names come from the directory"),
                        ("Ipsec", "not for TLS servers"),
                        ("LongKeys", "wants keys of 4096 bits"),
                        ("Nonsense", "periods do not fit"),
                        ("Signed", "1 signatures of registration"),
                        ("Users", "not for TLS servers")):
        check(words in found[name]["for_devices"],
              f"{name}: {found[name]['for_devices']}")
    equal(found["Users"]["usages"], ["client", "1.3.6.1.5.5.7.3.4"],
          "an OID that is nobody's word")

    rows = keeper.json("ca", "template", "show", "tls", "--beside", "AmtTls")
    facts = {r["fact"]: r for r in rows}
    equal(facts["validity"]["same"], True, "fact by fact: validity")
    equal((facts["renew_before"]["profile"],
           facts["renew_before"]["directory"], facts["renew_before"]["same"]),
          ("30d", "42d", False), "fact by fact: renew_before")
    equal((facts["usages"]["directory"], facts["usages"]["same"]),
          ("server,amt-remote-console", False), "fact by fact: usages")
    equal(facts["for devices"]["directory"], "yes", "fact by fact: fit")
    keeper.run("ca", "template", "show", "tls", "--beside", "Nobodys",
               expect=4)

    finish()


main()
