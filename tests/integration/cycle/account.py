#!/usr/bin/python3
"""account.py: certificates that name what only others know: the address that
the firmware keeps, and the account that Active Directory has for the device."""
import base64
import os
import re
import subprocess

from fleet import (PATIENCE, Keeper, Sim, check, consistent, equal, finish,
                   folder)

FIRST = '  - {name: tls, usages: "server,client", address: false, upn: true'
TEMPLATES = f"""
templates:
{FIRST}, sid: true}}
  - {{name: login, usages: client, short_name: false, upn: true, sid: true}}
"""


def openssl(*words, given=None):
    return subprocess.run(("openssl", *words), input=given, text=True,
                          capture_output=True, timeout=PATIENCE).stdout


def shown(address):
    """The certificate that the device shows, in words."""
    out = openssl("s_client", "-connect", f"{address}:16993", given="")
    return openssl("x509", "-noout", "-text", given=out)


def in_directory(account):
    """objectSid as the directory's own tools read it."""
    env = os.environ
    path = os.path.join(env["LAB_DIR"], "administrator")
    with open(env["LAB_ADMIN_PASSWORD_FILE"]) as f:
        password = f.read().rstrip("\n")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(password)
    out = subprocess.run(
        ["ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-H",
         f"ldaps://{env['LAB_DC']}", "-x", "-D",
         f"Administrator@{env['LAB_DOMAIN']}", "-y", path, "-b",
         env["LAB_BASE"], f"(sAMAccountName={account})", "objectSid"],
        text=True, capture_output=True, timeout=PATIENCE,
        env=dict(env, LDAPTLS_CACERT=env["LAB_CA"])).stdout
    raw = base64.b64decode(re.search(r"objectSid:: (\S+)", out).group(1))
    parts = [int.from_bytes(raw[8 + 4 * i:12 + 4 * i], "little")
             for i in range(raw[1])]
    return f"S-1-{int.from_bytes(raw[2:8], 'big')}-" + "-".join(map(str, parts))


def names(row, keeper, static, what):
    """In the device, in the record, in the directory: the same."""
    text, record = shown(row["address"]), keeper.device(row["name"])
    sid, upn = record["ad_sid"], record["ad_upn"]
    equal(sid, in_directory(record["ad_account"]), f"{what}: SID")
    equal(upn, f"{record['ad_account']}@{os.environ['LAB_DOMAIN']}",
          f"{what}: UPN")
    check(f"UPN::{upn}" in text, f"{what}: UPN in {text}")
    check("1.3.6.1.4.1.311.25.2:" in text and sid in text,
          f"{what}: SID in {text}")
    address = re.search(r"IP Address:([\d.]+)", text)
    equal(address and address.group(1),
          record["ip_address"] if static else None, f"{what}: address")
    wanted = {f"sid:{sid}", f"upn:{upn}"}
    if static:
        wanted.add(f"ip:{record['ip_address']}")
    equal({n for n in record["cert_names"].split() if n[:4] != "dns:"}, wanted,
          f"{what}: names on record")


def by_hand(keeper, name, other):
    """A login certificate; for a device without an account there is none."""
    path = os.path.join(keeper.folder, "login")
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes",
                    "-keyout", path + ".key", "-out", path + ".csr", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
                   capture_output=True, check=True, timeout=PATIENCE)
    sign = ("ca", "sign", "--template", "login", path + ".csr")
    pem = keeper.run(*sign, name, expect=0).stdout
    text = openssl("x509", "-noout", "-text", given=pem)
    check(keeper.device(name)["ad_sid"] in text, "signed by hand: SID")
    out = keeper.run(*sign, other)
    check(out.returncode != 0 and "account of" in out.stderr,
          f"no account, no certificate: {out.stderr}")


def main():
    where = folder()
    # What a certificate names must be an address that hosts have.
    subprocess.run(["ip", "address", "add", "192.0.2.0/24", "dev", "lo"],
                   check=True)
    keeper, sim = Keeper(where), Sim(where, 2, "--first", "192.0.2.1",
                                     "--drift", "cert-expired",
                                     "--firmware", "15.0.23")
    profile = os.path.join(keeper.folder, "profile.yaml")
    keeper.edit("profile.yaml", "#ip: keep", "ip: host")
    with open(profile, "a") as f:
        f.write(TEMPLATES)
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    # As soon as the template names it, a certificate without is a wrong one.
    keeper.edit("profile.yaml", FIRST,
                FIRST.replace("false", "true") + ", sid: true}")
    keeper.run("discover", "--all", expect=0)
    for name, reasons in keeper.reasons().items():
        equal(reasons, {"certificate-name-mismatch"}, f"{name} lacks it")
    keeper.run("run", "auto", "--all", expect=0)
    for row in sim.devices:
        names(row, keeper, True, "static")
        consistent(sim, keeper, row, "static")
    # By DHCP it is nobody's to keep.
    keeper.edit("profile.yaml", "ip: host", "ip: dhcp")
    keeper.run("run", "auto", "--all", expect=0)
    for row in sim.devices:
        names(row, keeper, False, "by DHCP")
        consistent(sim, keeper, row, "by DHCP")
    sim.stop()
    other = "pc9." + os.environ["LAB_DOMAIN"]
    keeper.run("device", "add", other, "--address", "127.0.0.9",
               "--password-file", os.environ["LAB_PASSWORD_FILE"])
    by_hand(keeper, sim.devices[0]["name"], other)
    finish()


main()
