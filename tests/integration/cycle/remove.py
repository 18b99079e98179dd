#!/usr/bin/python3
"""remove.py: devices leave the fleet, with and without their certificates;
killed at every fault point of that, the same command finishes it. What is told
to be done by hand is done, by hand."""
import os
import shlex
import subprocess

from fleet import (FAULT_EXIT, PATIENCE, Keeper, Sim, check, equal, finish,
                   folder, journal_empty)

MOST_POINTS = 12
MOST_OBJECT_POINTS = 5


def certificates(keeper, name):
    return {c["serial"]: c for c in keeper.json("ca", "list", "-d", name)}


def rows(out, what):
    """Of one device, by what they are about."""
    found = {}
    for row in what:
        found.setdefault(row["what"], []).append(row)
    equal(len(found.get("device", [])), 1, f"{out}: one row for the device")
    return found


def by_hand(keeper, command):
    """As a person would, logged in as the service account."""
    words = shlex.split(command)
    if words[0] == "amtkeeper":
        words = [keeper.program, *words[1:], "--yes"]
    env = dict(keeper.env, KRB5CCNAME="FILE:" + os.path.join(
        keeper.folder, "cc"))
    subprocess.run(["kinit", "-k", "-t", os.environ["LAB_KEYTAB"],
                    os.environ["LAB_PRINCIPAL"]], env=env, check=True)
    out = subprocess.run(words, env=env, text=True, capture_output=True,
                         timeout=PATIENCE)
    check(out.returncode == 0, f"{command}: {out.stdout}{out.stderr}")


def stays(keeper, name):
    record = keeper.device(name)
    told = rows(name, keeper.json("device", "remove", name, "--yes"))
    equal([c["name"] for c in told["certificate"]], [record["cert_serial"]],
          f"{name}: the certificate that stays")
    equal(told["certificate"][0]["state"], "valid", f"{name}: its state")
    equal([o["name"] for o in told["ad-object"]], [record["ad_dn"]],
          f"{name}: the object that stays")
    keeper.run("device", "show", name, expect=4)
    for row in told["certificate"] + told["ad-object"]:
        by_hand(keeper, row["by_hand"])
    cert = certificates(keeper, name)[record["cert_serial"]]
    check(cert["revoked_at"], f"{name}: revoked by hand")
    out = subprocess.run(
        ["ldapsearch", "-Q", "-Y", "GSSAPI", "-LLL", "-b", record["ad_dn"],
         "-s", "base", "dn"], text=True, capture_output=True,
        env=dict(keeper.env, KRB5CCNAME="FILE:" + os.path.join(
            keeper.folder, "cc")))
    equal(out.returncode, 32, f"{name}: its object is gone: {out.stderr}")


def attribute(keeper, dn, name):
    """Of an object in Active Directory; None when it is not there."""
    out = subprocess.run(
        ["ldapsearch", "-Q", "-Y", "GSSAPI", "-LLL", "-b", dn, "-s", "base",
         name], text=True, capture_output=True, env=dict(
             keeper.env, KRB5CCNAME="FILE:" + os.path.join(
                 keeper.folder, "cc")))
    check(out.returncode in (0, 32), f"{dn}: {out.stderr}")
    found = [line.split(": ", 1)[1] for line in out.stdout.split("\n")
             if line.startswith(name + ": ")]
    return found[0] if found else None


def foreseen(keeper, name):
    """A dry run says it all and does nothing."""
    before = keeper.device(name)
    told = rows(name, keeper.json("device", "remove", name, "--revoke",
                                  "--delete-object", "--dry-run"))
    equal([told[k][0]["state"] for k in ("device", "certificate",
                                         "ad-object")],
          ["to be removed", "to be revoked", "to be deleted"],
          f"{name}: what would be done")
    equal(keeper.device(name), before, f"{name}: a dry run changes nothing")
    check(attribute(keeper, before["ad_dn"], "description"),
          f"{name}: its object is there")


def object_ends(keeper, name, option):
    dn = keeper.device(name)["ad_dn"]
    told = rows(name, keeper.json("device", "remove", name, "--yes", option))
    equal([o["name"] for o in told["ad-object"]], [dn], f"{name}: which")
    state = told["ad-object"][0]["state"]
    uac = attribute(keeper, dn, "userAccountControl")
    if option == "--disable-object":
        equal((state, uac), ("disabled", "4098"), f"{name}: disabled")
    else:
        equal((state, uac), ("deleted", None), f"{name}: deleted")
    keeper.run("device", "show", name, expect=4)


def anothers_object(keeper, name):
    """The mark is another's now: it stays, and so does the device."""
    dn = keeper.device(name)["ad_dn"]

    def describe(text):
        subprocess.run(
            ["ldapmodify", "-Q", "-Y", "GSSAPI"], check=True, text=True,
            capture_output=True, env=dict(
                keeper.env, KRB5CCNAME="FILE:" + os.path.join(
                    keeper.folder, "cc")),
            input=f"dn: {dn}\nchangetype: modify\nreplace: description\n"
            f"description: {text}\n")
    mark = attribute(keeper, dn, "description")
    describe("the printer")
    for option in ("--disable-object", "--delete-object"):
        out = keeper.run("device", "remove", name, "--revoke", option,
                         "--yes", expect=21)
        check("device's mark" in out.stderr, f"{name}: why: {out.stderr}")
    equal(attribute(keeper, dn, "userAccountControl"), "4096",
          f"{name}: another's object stays")
    equal(keeper.json("ca", "list", "-d", name)[0]["revoked_at"], None,
          f"{name}: nothing is revoked")
    describe(mark)


def object_killed(keeper, name, point):
    """False when there was no such point any more."""
    dn = keeper.device(name)["ad_dn"]
    out = keeper.run("device", "remove", name, "--delete-object", "--yes",
                     fault=f"*:{point}")
    if keeper.run("device", "show", name).returncode == 0:
        keeper.run("device", "remove", name, "--delete-object", "--yes",
                   expect=0)
    keeper.run("device", "show", name, expect=4)
    equal(attribute(keeper, dn, "description"), None,
          f"{name}: killed at {point}: deleted in the end")
    return out.returncode == FAULT_EXIT


def objects(keeper, names):
    foreseen(keeper, names[-1])
    anothers_object(keeper, names[-1])
    object_ends(keeper, names.pop(), "--disable-object")
    object_ends(keeper, names.pop(), "--delete-object")
    points = 0
    while points < MOST_OBJECT_POINTS and object_killed(
            keeper, names.pop(), points + 1):
        points += 1
    check(points >= 2, f"{points} fault points were met with objects")


def under_way(keeper, name):
    """A change that was cut short keeps the device and all it has."""
    code = keeper.run("run", "reissue-certificates", name,
                      fault="step.intended:1").returncode
    equal(code, FAULT_EXIT, f"{name}: killed in a change")
    before = certificates(keeper, name)
    out = keeper.run("device", "remove", name, "--revoke", "--yes", expect=21)
    check("under way" in out.stderr, f"{name}: says why")
    equal(certificates(keeper, name), before, f"{name}: nothing is revoked")
    keeper.run("run", "auto", name, expect=0)
    journal_empty(keeper, name)


def killed(keeper, name, point):
    """False when there was no such point any more."""
    what = f"{name}: killed at {point}"
    out = keeper.run("device", "remove", name, "--revoke", "--yes",
                     fault=f"*:{point}")
    if out.returncode != FAULT_EXIT:
        equal(out.returncode, 0, f"{name}: removed")
    here = keeper.run("device", "show", name).returncode == 0
    valid = [c for c in certificates(keeper, name).values()
             if not c["revoked_at"]]
    kinds = [e["kind"] for e in keeper.json("events", "-d", name)] \
        if here else []
    check(here or not valid, f"{what}: gone, but for a valid certificate")
    check(valid or not here or "device.removing" in kinds,
          f"{what}: revoked, and the chain does not know for whom")
    if here:
        told = rows(what, keeper.json("device", "remove", name, "--revoke",
                                      "--yes"))
        check(all(c["state"] == "revoked" for c in
                  told.get("certificate", [])), f"{what}: then revoked")
    keeper.run("device", "show", name, expect=4)
    check(all(c["revoked_at"] for c in certificates(keeper, name).values()),
          f"{what}: no certificate is valid in the end")
    return out.returncode == FAULT_EXIT


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, MOST_POINTS + MOST_OBJECT_POINTS + 5, "--firmware",
              "16.1.25")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    names = [row["name"] for row in sim.devices]
    stays(keeper, names.pop())
    objects(keeper, names)
    names = names[:MOST_POINTS + 1]
    under_way(keeper, names[-1])
    points = 0
    while names and killed(keeper, names.pop(), points + 1):
        points += 1
    check(points >= 3, f"{points} fault points were met")
    check(bool(names), "devices are left")
    out = keeper.json("device", "remove", "--all", "--revoke", "--yes")
    equal({r["state"] for r in out if r["what"] == "certificate"},
          {"revoked"}, "all the others' are revoked")
    equal(keeper.json("device", "list"), [], "the fleet is empty")
    keeper.run("events", "--verify", expect=0)
    crl = os.path.join(where, "crl")
    keeper.run("ca", "crl", "--out", crl, expect=0)
    text = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout",
                           "-text", "-in", crl], text=True,
                          capture_output=True).stdout
    equal(text.count("Cessation Of Operation"), MOST_POINTS + 2,
          "certificates on the list, with the reason")
    finish()


main()
