#!/usr/bin/python3
"""apis.py: devices get their certificates from CAs with an HTTP API, first from
an imitation of Vault's PKI engine (vault_ca.py), then from a real step-ca
(step_ca.py): at once, after a kill at any word between us and it, or not at all;
what they replace is revoked there.  The device keeps what it has until then."""
import os
import re

from fleet import (FAULT_EXIT, Keeper, Sim, check, consistent, equal, finish,
                   folder, journal_empty, verifies, who_holds)
from step_ca import StepCa
from vault_ca import MOUNT, ROLE, ROLE_ID, SECRET_ID, SPACE, VaultCa

REFUSED = 5
POINTS = ("bridge.before-asked", "bridge.asked", "bridge.answered")


def secret(keeper, name, text):
    path = os.path.join(keeper.folder, name)
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text + "\n")
    return path


def configure(keeper, name, ca, lines):
    """One bridge more, or another instead of the one of this name."""
    text = "\n    ".join(lines)
    keeper.bridges[name] = f"""
  - name: {name}
    kind: {name}
    url: https://127.0.0.1:{ca.port}
    anchors: {ca.path("anchors.pem")}
    timeout: 5m
    retry_first: 1s
    retry_most: 1s
    {text}
"""
    with open(os.path.join(keeper.folder, "conf.d", "bridge.yaml"), "w") as f:
        f.write("bridges:" + "".join(keeper.bridges.values()))


def tested(keeper, name, words, expect):
    """bridge test finds what is wrong before a device waits for it."""
    out = keeper.run("ca", "bridge", "test", name)
    equal(out.returncode, expect, f"bridge test, {words}")
    check(words in out.stdout + out.stderr,
          f"{words}: {out.stdout}{out.stderr}")


def reissue(sim, keeper, names):
    """What is asked anew after a second, is so in a second or two."""
    old = {name: sim.get(name)["leaf_sha256"] for name in names}
    for _ in range(5):
        left = [n for n in names if sim.get(n)["leaf_sha256"] == old[n]]
        if not left:
            return
        for name in left:
            keeper.run("ca", "bridge", "hasten", name)
        out = keeper.run("run", "reissue-certificates", *left)
    check(not left, f"{left} have a new one: {out.stdout}{out.stderr}")


def all_have(sim, keeper, ca, issuer):
    valid = {c["serial"] for c in keeper.json("ca", "list")
             if c["issuer"] == issuer and not c["revoked_at"]}
    for row in sim.devices:
        check(keeper.device(row["name"])["cert_serial"] in valid,
              f"{row['name']}: has one of {issuer}")
        verifies(row, row["name"], ca.path("anchors.pem"))
        consistent(sim, keeper, row, f"{row['name']}, {issuer}")
    equal(len(valid), len(sim.devices), f"{issuer}: valid on record")
    journal_empty(keeper, f"{issuer}: everybody has one")


def killed(sim, keeper, issuer):
    """The program is killed at each word between it and the CA, each time for
    another device; then they are run to their end."""
    names = [row["name"] for row in sim.devices]
    for name, point in zip(names, POINTS):
        what = f"{name}: {issuer}, killed at {point}"
        old = sim.get(name)["leaf_sha256"]
        out = keeper.run("run", "reissue-certificates", name,
                         fault=f"{point}:1")
        equal(out.returncode, FAULT_EXIT, what)
        equal(sim.get(name)["leaf_sha256"], old,
              f"{what}, keeps its certificate")
    reissue(sim, keeper, names)


def refused(sim, keeper, row, words):
    """A run that changes nothing, and says why."""
    name = row["name"]
    old = sim.get(name)["leaf_sha256"]
    keeper.run("ca", "bridge", "hasten", name)
    out = keeper.run("run", "reissue-certificates", name)
    check(out.returncode != 0 and words in out.stdout + out.stderr,
          f"{name}: {words}: {out.stdout}{out.stderr}")
    equal(sim.get(name)["leaf_sha256"], old, f"{name}: {words}")


def role_id(keeper):
    path = secret(keeper, "secret-id", SECRET_ID)
    return [f"label: {ROLE}", f"mount: {MOUNT}", f"namespace: {SPACE}",
            f"user: {ROLE_ID}", f"password_file: {path}"]


def vault_configured(keeper, ca):
    common = [f"label: {ROLE}", f"mount: {MOUNT}", f"namespace: {SPACE}"]
    token = secret(keeper, "vault-token", "nobody's")
    configure(keeper, "vault", ca, common + [f"token_file: {token}"])
    tested(keeper, "vault", "does not let our token do this", REFUSED)
    secret(keeper, "vault-token", "root-made")
    tested(keeper, "vault", "CN=Corp issuing CA,O=Corp: chains to anchors", 0)
    ca.tokens["poor"] = {"sys/capabilities-self": ["update"]}
    secret(keeper, "vault-token", "poor")
    tested(keeper, "vault", f"does not allow to update {MOUNT}/sign/{ROLE}",
           REFUSED)
    ca.sealed = True
    tested(keeper, "vault", "sealed: somebody must unseal it", REFUSED)
    ca.sealed = False
    configure(keeper, "vault", ca, [
        "label: amt", "user: nobody",
        "password_file: " + secret(keeper, "wrong-id", "no")])
    tested(keeper, "vault", "no handler for route", REFUSED)
    configure(keeper, "vault", ca, role_id(keeper))
    tested(keeper, "vault", "role, domains: " + os.environ["LAB_DOMAIN"], 0)


def vault(sim, keeper, ca):
    row = sim.devices[0]
    ca.role["max_ttl"] = 300 * 86400
    out = keeper.run("run", "auto", "--all", expect=0).stderr
    equal(out.count("ca.remark"), len(POINTS), "what the CA remarks is logged")
    check("is longer than permitted maxTTL" in out, f"in its words: {out}")
    ca.role["max_ttl"] = 31536000
    before = ca.signs
    killed(sim, keeper, "vault")
    # The one whose answer was lost is found among the CA's.
    equal(ca.signs - before, len(POINTS), "certificates were made")
    check(ca.listed > 0, "it was looked for")
    all_have(sim, keeper, ca, "vault")
    valid = {c["serial"] for c in keeper.json("ca", "list")
             if not c["revoked_at"]}
    equal({s.replace(":", "") for s in set(ca.certs) - ca.revoked}, valid,
          "what is valid there")
    for token in [t for t in ca.tokens if t not in ("root-made", "poor")]:
        del ca.tokens[token]    # the CA forgets whom it let in
    logins = ca.logins
    ca.role["allowed_domains"] = ["elsewhere.example"]
    refused(sim, keeper, row, "not allowed by this role")
    equal(ca.logins - logins, 1, "it logged in once")
    ca.role["allowed_domains"] = [os.environ["LAB_DOMAIN"]]
    ca.wrong_names, revoked = True, len(ca.revoked)
    refused(sim, keeper, row, "not a name of the device")
    equal(len(ca.revoked) - revoked, 1, "what is not taken is revoked")
    ca.wrong_names = False
    # A short life is remarked on, and that is why it is not taken.
    ca.role["max_ttl"] = 86400
    refused(sim, keeper, row, "is longer than permitted")
    ca.role["max_ttl"] = 31536000
    ca.sealed = True
    keeper.run("ca", "bridge", "hasten", row["name"])
    old = sim.get(row["name"])["leaf_sha256"]
    keeper.run("run", "reissue-certificates", row["name"])
    equal(sim.get(row["name"])["leaf_sha256"], old, "sealed: nothing changed")
    pending = keeper.json("ca", "bridge", "pending")
    check(len(pending) == 1 and "Vault is sealed" in pending[0]["text"],
          f"and it is said: {pending}")
    ca.sealed = False
    keeper.run("run", "auto", row["name"])


def step_configured(keeper, ca):
    jwk = ["label: amt-keys", f"key: {ca.path('jwk.key')}"]
    x5c = ["label: amt fleet", f"certificate: {ca.path('ra.pem')}",
           f"key: {ca.path('ra.key')}"]
    configure(keeper, "step", ca, ["label: nobody"] + x5c[1:])
    tested(keeper, "step", "has no X5C provisioner nobody", REFUSED)
    configure(keeper, "step", ca, [x5c[0],
              f"certificate: {ca.path('issuing.pem')}",
              f"key: {ca.path('issuing.key')}"])
    tested(keeper, "step", "does not trust our certificate", REFUSED)
    configure(keeper, "step", ca, [jwk[0], f"key: {ca.path('ra.key')}"])
    tested(keeper, "step", "has another key than ours", REFUSED)
    configure(keeper, "step", ca, jwk)
    tested(keeper, "step", "CN=Step root,O=Corp: chains to anchors", 0)
    return x5c


def made(ca):
    """Certificates that the CA says it has made."""
    return len(re.findall(r"path=/1.0/sign .* status=201", ca.said()))


def step(sim, keeper, ca, x5c):
    names = [row["name"] for row in sim.devices]
    reissue(sim, keeper, names)
    all_have(sim, keeper, ca, "step")
    equal(made(ca), len(names), "made by a JWK provisioner")
    configure(keeper, "step", ca, x5c)
    tested(keeper, "step", "life at most: ", 0)
    before = made(ca)
    killed(sim, keeper, "step")
    # The token of the one whose answer was lost is refused the second time,
    # and another certificate is made.
    equal(made(ca) - before, len(POINTS) + 1, "made by an X5C provisioner")
    all_have(sim, keeper, ca, "step")
    revoked = len(re.findall(r"path=/1.0/revoke .* status=200", ca.said()))
    replaced = [c for c in keeper.json("ca", "list")
                if c["issuer"] == "step" and c["revoked_at"]]
    equal(revoked, len(replaced), "revoked there, and on record")
    equal(revoked, len(names), "they are those that were replaced")
    ca.stop()
    ca.lives = "48h"
    ca.start()
    refused(sim, keeper, sim.devices[0], "the CA refuses (HTTP 403): ")


def main():
    where = folder()
    keeper = Keeper(where)
    keeper.bridges = {}
    vault_ca = VaultCa(os.path.join(where, "vault"), os.environ["LAB_DOMAIN"])
    step_ca = StepCa(os.path.join(where, "step"))
    try:
        os.mkdir(os.path.join(keeper.folder, "conf.d"))
        vault_configured(keeper, vault_ca)
        keeper.edit("profile.yaml", "#templates:", "templates:\n  - {name: "
                    "tls, issuer: vault, short_name: false}")
        sim = Sim(where, len(POINTS), "--firmware", "12.0.67", "--seed", "9")
        keeper.run("device", "import", sim.csv, expect=0)
        vault(sim, keeper, vault_ca)
        x5c = step_configured(keeper, step_ca)
        keeper.edit("profile.yaml", "  - {name: tls", "  - {name: tls, "
                    "issuer: step, short_name: false}")
        step(sim, keeper, step_ca, x5c)
        equal(set().union(*keeper.reasons("--all").values()), set(), "healthy")
        equal(who_holds(keeper.folder, SECRET_ID), ["secret-id"],
              "where the secret is")
        sim.stop()
    finally:
        vault_ca.stop()
        step_ca.stop()
    finish()


main()
