#!/usr/bin/python3
"""krb.py: what `krb status`, `krb check` and `krb keytab export` say beside a real
controller, when all is well and when each thing in turn is not; MIT's own tools
judge the keytab."""
import base64
import itertools
import json
import os
import stat
import subprocess

from far import OTHER_ADDRESS, OTHER_DC, far_kdc, in_the_dns
from fleet import PATIENCE, Keeper, Sim, check, equal, finish, folder

ENV = os.environ
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def administrator(ldif):
    """As the domain's Administrator."""
    with open(ENV["LAB_ADMIN_PASSWORD_FILE"]) as f:
        password = f.read().rstrip("\n")
    path = os.path.join(ENV["LAB_DIR"], "administrator")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(password)
    out = subprocess.run(
        ["ldapmodify", "-H", f"ldaps://{ENV['LAB_DC']}", "-x", "-D",
         f"Administrator@{ENV['LAB_DOMAIN']}", "-y", path], input=ldif,
        text=True, capture_output=True, timeout=PATIENCE,
        env=dict(ENV, LDAPTLS_CACERT=ENV["LAB_CA"]))
    equal(out.returncode, 0, f"ldapmodify: {out.stdout}{out.stderr}")


def replace(dn, attribute, value):
    administrator(f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n"
                  f"{attribute}{value}\n")


def service(attribute, value):
    """Change our own account."""
    replace(f"CN=svc-amt,CN=Users,{ENV['LAB_BASE']}", attribute, ": " + value)


def unicode_password(text):
    return ":: " + base64.b64encode(f'"{text}"'.encode("utf-16-le")).decode()


def keytab(path, password, *kvnos):
    """As an administrator makes one, with a password and key versions."""
    salt = ENV["LAB_REALM"] + "svc-amt"
    lines = []
    for kvno, kind in itertools.product(kvnos, (
            "aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96")):
        lines += [f"addent -password -p {ENV['LAB_PRINCIPAL']} -k {kvno} "
                  f"-e {kind} -s {salt}", password]
    new = path + ".new"
    subprocess.run(["ktutil"], input="\n".join([*lines, f"wkt {new}", "q", ""]),
                   text=True, check=True, capture_output=True,
                   timeout=PATIENCE)
    os.chmod(new, 0o600)
    os.rename(new, path)


class Status:
    def __init__(self, keeper, *args):
        out = keeper.run("krb", "status", "-o", "json", *args)
        self.code, self.said = out.returncode, out.stderr
        self.rows = json.loads(out.stdout or "[]")
        self.codes = {row["code"]: row for row in self.rows if row["code"]}

    def part(self, name):
        return [row for row in self.rows if row["part"] == name]

    def finds(self, exit_code, what, **texts):
        """These findings and no others; each text is part of what it says."""
        wanted = {code.replace("_", "-"): text for code, text in texts.items()}
        equal(set(self.codes), set(wanted), f"{what}: findings")
        equal(self.code, exit_code, f"{what}: exit code")
        for code, text in wanted.items():
            said = self.codes.get(code, {}).get("finding") or ""
            check(text in said, f"{what}: {code} says '{text}': {said}")
        return self


def well(keeper):
    s = Status(keeper).finds(0, "all is well")
    kdc, = s.part("kdc")
    equal(kdc["name"], ENV["LAB_DC"], "the KDC")
    equal(kdc["enctypes"], ["aes256", "aes128", "rc4"], "types it offers")
    check(abs(kdc["offset_ms"]) <= kdc["error_ms"] + 2,
          f"one machine, one clock: {kdc['offset_ms']} ms")
    ticket, = s.part("ticket")
    equal(ticket["name"], ENV["LAB_PRINCIPAL"], "whose ticket")
    check(ticket["until"] and ticket["renew_until"], "its times")
    account, = s.part("account")
    key, = s.part("keytab")
    equal(key["kvno"], account["kvno"], "key version here and there")
    out = keeper.run("krb", "status", "-o", "csv", expect=0).stdout
    check(out.startswith("level,part,name,"), "CSV has its heading")


# --- our account -------------------------------------------------------------

def account(keeper, where, name):
    service("userAccountControl", "514")
    Status(keeper).finds(3, "disabled", login_failed="is disabled")
    service("userAccountControl", "512")
    Status(keeper).finds(0, "a password that expires, later")
    service("userAccountControl", "4260352")
    s = Status(keeper).finds(7, "without preauthentication",
                             account_no_preauth="clear")
    equal(s.part("kdc")[0]["enctypes"], ["aes256", "aes128", "rc4"],
          "types, told by tickets")
    service("userAccountControl", "512")
    service("accountExpires", "116444736000000000")
    Status(keeper).finds(3, "expired account", login_failed="expired")
    service("accountExpires", "0")
    replace(ENV["LAB_BASE"], "maxPwdAge", f": {-10 * 864000000000}")
    s = Status(keeper).finds(
        7, "a password that expires soon",
        account_password_expiring="make the keytab anew")
    check(s.part("account")[0]["until"], "and when")
    service("pwdLastSet", "0")
    Status(keeper).finds(3, "to be changed", login_failed="make the keytab")
    service("pwdLastSet", "-1")
    service("userAccountControl", "66048")
    replace(ENV["LAB_BASE"], "maxPwdAge", f": {-42 * 864000000000}")

    # Its password is set anew: the keytab is old, then made again.
    mine = os.path.join(where, "svc.keytab")
    with open(ENV["LAB_KEYTAB"], "rb") as old, open(
            mine, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as new:
        new.write(old.read())
    keeper.edit("amtkeeper.yaml", "  keytab:", f"  keytab: {mine}")
    kvno = Status(keeper).part("account")[0]["kvno"]
    replace(
        f"CN=svc-amt,CN=Users,{ENV['LAB_BASE']}", "unicodePwd",
        unicode_password("Second-Passw0rd"))
    Status(keeper).finds(71, "old keytab", login_refused="make the keytab anew")
    keytab(mine, "Second-Passw0rd", kvno + 7)
    Status(keeper).finds(7, "a version of somewhere else",
                         keytab_ahead=f"has key version {kvno + 1}")
    keytab(mine, "Second-Passw0rd", kvno)
    Status(keeper).finds(7, "a version from before",
                         keytab_old=f"has key version {kvno + 1}")
    os.unlink(mine)
    Status(keeper).finds(3, "no keytab", keytab_unreadable="create it")
    out = keeper.run("run", "auto", name)
    check("create it with the key" in out.stderr and out.returncode != 0,
          f"a run says so: {out.stderr}")
    keytab(mine, "Second-Passw0rd", kvno + 1)
    os.chmod(mine, 0o644)
    Status(keeper).finds(3, "an open keytab", keytab_unreadable="make it mode")
    os.chmod(mine, 0o600)
    Status(keeper).finds(0, "the new keytab")
    keytab(mine, "Second-Passw0rd", kvno + 1, kvno)
    s = Status(keeper).finds(0, "with the old key behind the new one")
    equal([row["kvno"] for row in s.part("keytab")], [kvno + 1, kvno], "both")


def over_tls(keeper, where):
    """LDAP with a password of its own: what is wrong with that."""
    secret = os.path.join(where, "bind.password")

    def bind_with(text):
        with open(secret, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text + "\n")

    keeper.edit("amtkeeper.yaml", "  #transport:", "  transport: ldaps")
    keeper.edit("amtkeeper.yaml", "  #ldap_ca:", f"  ldap_ca: {ENV['LAB_CA']}")
    keeper.edit("amtkeeper.yaml", "  #bind_dn:",
                f"  bind_dn: svc-none@{ENV['LAB_DOMAIN']}")
    keeper.edit("amtkeeper.yaml", "  #bind_password_file:",
                f"  bind_password_file: {secret}")
    bind_with("wrong")
    Status(keeper).finds(3, "a wrong bind", ldap_refused="wrong password")
    with open(ENV["LAB_NONE_PASSWORD_FILE"]) as f:
        bind_with(f.read().rstrip("\n"))
    Status(keeper).finds(0, "the right one")
    dn = f"CN=svc-none,CN=Users,{ENV['LAB_BASE']}"
    replace(dn, "accountExpires", ": 116444736000000000")
    Status(keeper).finds(3, "it expired", ldap_refused="give it a later end")
    replace(dn, "accountExpires", ": 0")
    replace(dn, "userAccountControl", ": 66050")
    Status(keeper).finds(3, "it is disabled", ldap_refused="enable it")
    replace(dn, "userAccountControl", ": 66048")
    keeper.edit("amtkeeper.yaml", "  ldap_ca:", "  ldap_ca: " + os.path.join(
        where, "other-ca.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Other",
                    "-keyout", "/dev/null", "-out",
                    os.path.join(where, "other-ca.pem")], check=True,
                   capture_output=True)
    Status(keeper).finds(3, "another CA", ldap_failed="not from the configured")
    keeper.edit("amtkeeper.yaml", "  transport:", "  transport: gssapi")
    keeper.edit("amtkeeper.yaml", "  bind_dn:", "")
    keeper.edit("amtkeeper.yaml", "  bind_password_file:", "")
    Status(keeper).finds(0, "without")


# --- clocks ------------------------------------------------------------------

def clocks(keeper, name):
    """Our clock is wrong; a controller's is; the DNS names what is none."""
    for time, words in (("-600", "behind"), ("+600", "ahead of"),
                        ("+3000d", "ahead of")):
        keeper.env.update(LD_PRELOAD=FAKETIME, FAKETIME=time)
        s = Status(keeper)
        check("clock-off" in s.codes and "kdc-clock" in s.codes,
              f"our clock is off by {time}: {sorted(s.codes)}")
        said = s.codes["clock-off"]["finding"]
        check(words in said and "kerberos" in said, f"{time}: {said}")
        equal(s.code, 3, f"{time}: exit code")
        out = keeper.run("run", "auto", name, expect=5)
        check("correct it first" in out.stderr, f"{time}: {out.stderr}")
    for name_ in ("LD_PRELOAD", "FAKETIME"):
        del keeper.env[name_]

    in_the_dns("files." + ENV["LAB_DOMAIN"], ENV["LAB_DC_ADDRESS"])
    Status(keeper).finds(3, "a name that is no controller's",
                         ldap_failed="is no domain controller of")
    # Not the one that knows of the last change, but whichever is found.
    keeper.edit("amtkeeper.yaml", "  #replication:", "  replication: 0s")
    kvno = keeper.device(name)["ad_kvno"]
    keeper.edit("amtkeeper.yaml", "  dc:", "  #dc:")
    keeper.run("run", "renew-ad-password", name, expect=0)
    equal(keeper.device(name)["ad_kvno"], kvno + 1, "the next one is used")
    keeper.edit("amtkeeper.yaml", "  #dc:",
                "  dc: files." + ENV["LAB_DOMAIN"])
    out = keeper.run("run", "renew-ad-password", name, expect=1)
    check("is no domain controller of" in out.stdout, out.stdout)
    keeper.edit("amtkeeper.yaml", "  dc:", f"  dc: {ENV['LAB_DC']}")
    in_the_dns("gone." + ENV["LAB_DOMAIN"], "127.0.0.99")
    Status(keeper).finds(7, "a controller that is gone",
                         kdc_unreachable="must leave the DNS")
    far_kdc()
    in_the_dns(OTHER_DC, OTHER_ADDRESS)
    s = Status(keeper)
    equal(s.codes["kdc-clock"]["name"], OTHER_DC, "whose clock is off")
    check("clock-spread" in s.codes, f"a spread: {sorted(s.codes)}")
    keeper.edit("amtkeeper.yaml", "  dc:", f"  dc: {OTHER_DC}")
    out = keeper.run("run", "auto", name, expect=5)
    check(f"wrong is the clock of {OTHER_DC}" in out.stderr, out.stderr)
    keeper.edit("amtkeeper.yaml", "  dc:", f"  dc: {ENV['LAB_DC']}")
    keeper.run("run", "auto", name, expect=0)


# --- one device --------------------------------------------------------------

def chain(keeper, name, exit_code, what, **broken):
    out = keeper.run("krb", "check", name, "-o", "json", expect=exit_code)
    rows = json.loads(out.stdout or "[]")
    failed = {}
    for row in rows:
        if row["state"] == "failed":
            failed.setdefault(row["check"], row["text"])
    equal(set(failed), set(broken), f"{what}: what is broken")
    for link, text in broken.items():
        check(text in failed.get(link, ""), f"{what}: {failed.get(link)}")
    return rows


def device(sim, keeper, name):
    rows = chain(keeper, name, 0, "all is well")
    equal([r["check"] for r in rows], ["object"] + 6 * ["ticket"] +
          ["device", "settings", "clock", "login", "answer"], "the chain")
    record = keeper.device(name)
    dn, fqdn = record["ad_dn"], record["ad_dns_host"]

    sim.fault(f"{name} * any-ticket")
    chain(keeper, name, 3, "any ticket", answer="lets in anybody")
    sim.ctl("clear")
    sim.fault(f"{name} * forged-answer")
    chain(keeper, name, 3, "a forged answer", answer="does not fit")
    sim.ctl("clear")
    replace(dn, "userAccountControl", ": 4098")
    chain(keeper, name, 3, "disabled", object="enable it")
    replace(dn, "userAccountControl", ": 4096")
    replace(dn, "servicePrincipalName", f": HTTP/{fqdn}:16992")
    chain(keeper, name, 3, "no name for the port in use",
          login="does not know this service")
    keeper.run("run", "auto", name, expect=0)
    replace(dn, "unicodePwd", unicode_password("Somebody-Elses-1"))
    chain(keeper, name, 3, "a password of somebody else's",
          ticket="run renew-ad-password", settings="run renew-ad-password",
          login="another key")
    path = os.path.join(keeper.folder, "wrong.keytab")
    out = keeper.run("krb", "keytab", "export", name, "--out", path, expect=21)
    check("run renew-ad-password first" in out.stderr, out.stderr)
    check(not os.path.exists(path), "no keytab of keys that open nothing")
    equal([e for e in keeper.json("events") if e["kind"] == "keytab.exported"],
          [], "and no event")
    equal(keeper.device(name)["strikes"], 0, "no credential was refused")
    keeper.run("run", "renew-ad-password", name, expect=0)
    chain(keeper, name, 0, "after its renewal")


def credentials(sim, keeper, name):
    """A refused admin password counts, and the third is the last."""
    good = keeper.password(name)
    path = os.path.join(keeper.folder, "bad")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("Wrong-Passw0rd-1\n")
    keeper.run("device", "set", name, "--password-file", path, expect=0)
    sent = sim.get(name)["wrong_credentials"]
    chain(keeper, name, 3, "a wrong password", device="")
    equal(keeper.device(name)["strikes"], 1, "it was counted")
    equal(sim.get(name)["wrong_credentials"], sent + 1, "and sent once")
    with open(path, "w") as f:
        f.write(good + "\n")
    keeper.run("device", "set", name, "--password-file", path, expect=0)
    chain(keeper, name, 0, "the right one")
    equal(keeper.device(name)["strikes"], 0, "the count is taken back")


def export(keeper, names):
    path = os.path.join(keeper.folder, "devices.keytab")
    keeper.run("krb", "keytab", "export", *names, "--out", path, expect=0)
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
    keeper.run("krb", "keytab", "export", names[0], "--out", path, expect=21)
    out = subprocess.run(["klist", "-ke", path], capture_output=True,
                         text=True, check=True).stdout
    subprocess.run(["kinit", "-k", "-t", ENV["LAB_OPERATOR_KEYTAB"],
                    ENV["LAB_OPERATOR_PRINCIPAL"]], check=True)
    for name in names:
        record = keeper.device(name)
        spn = f"HTTP/{record['ad_dns_host']}:16993"
        lines = [line for line in out.splitlines() if spn + "@" in line]
        rc4 = record["ad_enctypes"] == 4
        equal(len(lines), 1 if rc4 else 2, f"{name}: keys of {spn}")
        check(all(line.split()[0] == str(record["ad_kvno"])
                  for line in lines), f"{name}: key version: {lines}")
        told = subprocess.run(["kvno", "-k", path, spn], capture_output=True,
                              text=True)
        check(told.returncode == 0 and "keytab entry valid" in told.stdout,
              f"{name}: kvno opens a ticket: {told.stdout}{told.stderr}")
    events = [e for e in keeper.json("events")
              if e["kind"] == "keytab.exported"]
    equal([e["device"] for e in events], names, "the audit chain knows it")
    equal(json.loads(events[0]["detail"])["file"], path, "and where it is")
    keeper.run("krb", "keytab", "export", names[0], "--out", path,
               "--replace", expect=0)
    keeper.run("krb", "keytab", "export", names[0], expect=2)
    keeper.run("events", "--verify", expect=0)


def main():
    where = folder()
    keeper = Keeper(where)
    sim = Sim(where, 2, "--firmware", "15.0.23", "--seed", "31",
              "--drift", "clock-renamed")
    well(keeper)
    keeper.run("device", "import", sim.csv, expect=0)
    names = [row["name"] for row in sim.devices]
    out = keeper.run("krb", "check", names[0])
    equal(out.returncode, 3, "a device without an object")
    check("run renew-ad-password" in out.stdout, out.stdout)
    keeper.run("run", "auto", "--all", expect=0)
    device(sim, keeper, names[0])
    credentials(sim, keeper, names[1])
    export(keeper, names)
    account(keeper, where, names[0])
    over_tls(keeper, where)
    clocks(keeper, names[0])
    sim.stop()
    finish()


main()
