#!/usr/bin/python3
"""delegate.py: a new account and a new OU; what "directory delegate" prints is
run as it stands, and is enough for the whole of upkeep, and no more than the
audit allows."""
import json
import os
import subprocess

from fleet import PATIENCE, Keeper, Sim, check, equal, finish, folder
from samdb import BASE, Domain

OU = "OU=It's new," + BASE
NAME = "svc-new"


def as_root_on_the_controller(domain, where, script):
    """samba-tool there finds its configuration by itself."""
    tools = os.path.join(where, "bin")
    os.makedirs(tools)
    tool = os.path.join(tools, "samba-tool")
    with open(tool, "w", opener=lambda p, f: os.open(p, f, 0o700)) as f:
        f.write("#!/bin/sh\nexec /usr/bin/samba-tool \"$@\" "
                f"-s {domain.smbconf}\n")
    out = subprocess.run(
        ["sh", "-eu"], input=script, text=True, capture_output=True,
        timeout=PATIENCE,
        env=dict(os.environ, PATH=tools + ":" + os.environ["PATH"]))
    check(out.returncode == 0, f"samba-tool: {out.stdout}{out.stderr}")


def audit(keeper, code):
    out = keeper.run("directory", "audit", "-o", "json", expect=code)
    return {(r["code"], r["object"]) for r in json.loads(out.stdout or "[]")}


def upkeep(keeper, sim):
    keeper.run("run", "auto", "--all", expect=0)
    before = {r["name"]: keeper.device(r["name"]) for r in sim.devices}
    keeper.run("run", "renew-ad-password", "--all", expect=0)
    for name, record in before.items():
        equal(keeper.device(name)["ad_kvno"], record["ad_kvno"] + 1,
              f"{name}: a new password")
        equal(sim.get(name)["krb_kvno"], record["ad_kvno"] + 1,
              f"{name}: and its key in the device")


def main():
    where, domain = folder(), Domain()
    env = os.environ
    env.update(LAB_OU=domain.ou(OU), LAB_KEYTAB=domain.account(NAME),
               LAB_PRINCIPAL=f"{NAME}@{env['LAB_REALM']}")
    domain.sam.add_remove_group_members("AMT-Admins", [NAME])
    keeper = Keeper(where)
    sim = Sim(where, 2, "--firmware", "16.1.25")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", sim.devices[0]["name"], expect=71)
    check(not domain.exists(f"CN={sim.devices[0]['name'].split('.')[0]}-iME,"
                            + OU), "without rights no object")

    equal(keeper.run("directory", "delegate").returncode, 2, "no --print")
    out = keeper.run("directory", "delegate", "--print", expect=0).stdout
    windows, samba = out.split("\n\n")
    equal(windows.count("dsacls"), samba.count("dsacl set"), "both ways")
    as_root_on_the_controller(domain, where, samba)
    upkeep(keeper, sim)
    equal(audit(keeper, 0), set(), "nothing is too much, nothing is wrong")
    # Not a right more: elsewhere, on others, or beyond computers.
    record = keeper.device(sim.devices[0]["name"])
    env["KRB5_CLIENT_KTNAME"] = env["LAB_KEYTAB"]
    for what, ldif in (
            ("another OU", f"dn: CN=x,OU=Other,{BASE}\nchangetype: add\n"
             "objectClass: computer\nsAMAccountName: x$\n"),
            ("a user", f"dn: CN=x,{OU}\nchangetype: add\n"
             "objectClass: user\nsAMAccountName: x\n"),
            ("another attribute", f"dn: {record['ad_dn']}\n"
             "changetype: modify\nreplace: managedBy\n"
             f"managedBy: CN={NAME},CN=Users,{BASE}\n")):
        out = subprocess.run(["ldapmodify", "-Q", "-Y", "GSSAPI", "-H",
                              "ldap://" + env["LAB_DC"]], input=ldif,
                             text=True, capture_output=True, timeout=PATIENCE,
                             env=dict(env, KRB5CCNAME="MEMORY:x"))
        equal(out.returncode, 50, f"{what}: no right: {out.stderr}")
    finish()


main()
