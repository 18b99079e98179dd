#!/usr/bin/python3
"""revocation.py: others ask for the CRL, the CA certificate and OCSP, with
their own tools, of certificates that devices were given."""
import base64
import http.client
import json
import os
import random
import re
import socket
import sqlite3
import subprocess
import threading
import urllib.parse

from fleet import (FAULT_EXIT, PATIENCE, Keeper, Served, Sim, check, equal,
                   finish, folder, wait_for)

HOST, PORT = "127.0.0.1", 8080
URL = f"http://{HOST}:{PORT}/amt"
NEVER = "0x40000000000000000000000000000001"


class Readers:
    """openssl and curl, in a folder."""

    def __init__(self, where):
        self.where = where

    def path(self, name):
        return os.path.join(self.where, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def run(self, *words, given=None):
        out = subprocess.run(words, cwd=self.where, capture_output=True,
                             input=given, timeout=PATIENCE)
        return (out.stdout + out.stderr).decode("utf-8", "replace")

    def ocsp(self, *words):
        return self.run("openssl", "ocsp", "-CAfile", "chain.pem", "-url",
                        f"{URL}/ocsp", *words)

    def curl(self, url, name, *words):
        """Status and headers (lower-case names)."""
        self.run("curl", "-s", "-D", "head", "-o", name, *words, url)
        lines = self.read("head").decode().split("\r\n")
        heads = dict(line.split(": ", 1) for line in lines if ": " in line)
        return int(lines[0].split()[1]), {k.lower(): v
                                          for k, v in heads.items()}

    def leaf(self, address, name):
        """What the device shows, as a file."""
        out = self.run("openssl", "s_client", "-connect", f"{address}:16993",
                       given=b"")
        pem = re.search("-----BEGIN CERT.*?END CERTIFICATE-----\n", out, re.S)
        with open(self.path(name), "w") as f:
            f.write(pem.group(0))


class Service(Served):
    def __init__(self, keeper, fault=None):
        env = dict(keeper.env, AMTKEEPER_FAULT=fault) if fault else keeper.env
        super().__init__(keeper.program, env,
                         os.path.join(keeper.folder, "serve.log"), "-v")

    def says(self, text):
        return text in self.said()

    def ready(self):
        return wait_for(lambda: self.says("revocation.crl"), PATIENCE,
                        "the service serves")

    def memory_kb(self):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def stop(self):
        equal(super().stop(), 0, "exit code after SIGTERM")


def setup(where):
    keeper = Keeper(where)
    os.mkdir(os.path.join(keeper.folder, "conf.d"))
    with open(os.path.join(keeper.folder, "conf.d/pki.yaml"), "w") as f:
        f.write(f"revocation:\n  listen: {HOST}:{PORT}\n  url: {URL}\n")
    sim = Sim(where, 2, "--drift", "cert-expired", "--firmware", "15.0.23")
    keeper.run("device", "import", sim.csv, expect=0)
    keeper.run("run", "auto", "--all", expect=0)
    readers = Readers(where)
    for row, name in zip(sim.devices, ("good.pem", "bad.pem")):
        readers.leaf(row["address"], name)
    for name, words in (("chain.pem", ()), ("root.pem", ("--root",))):
        with open(readers.path(name), "w") as f:
            f.write(keeper.run("ca", "chain", *words, expect=0).stdout)
    return keeper, sim, readers


def certificates(readers):
    """Certificates say where to ask, and the CA's own can be had there."""
    text = readers.run("openssl", "x509", "-in", "good.pem", "-noout", "-text")
    place = re.search(r"CRL Distribution Points:.*?URI:(\S+)", text,
                      re.S).group(1)
    issuer = re.search(r"CA Issuers - URI:(\S+)", text).group(1)
    check(f"OCSP - URI:{URL}/ocsp\n" in text, "the certificate names OCSP")
    check(place.startswith(f"{URL}/crl/"), "the certificate names the CRL")
    status, heads = readers.curl(issuer, "issuing.der")
    equal((status, heads.get("content-type")), (200, "application/pkix-cert"),
          "the issuing certificate")
    readers.run("openssl", "x509", "-inform", "DER", "-in", "issuing.der",
                "-out", "issuing.pem")
    check("issuing.pem: OK" in readers.run(
        "openssl", "verify", "-CAfile", "root.pem", "issuing.pem"),
        "what AIA names is the issuer")
    for path in ("/amt/ca/0123456789abcdef.cer", "/amt/ca/../ca.db", "/ocsp",
                 "/amt/crl/", "/amt/crl/0123456789abcdef.crl",
                 issuer[len(f"http://{HOST}:{PORT}"):] + "x"):
        equal(readers.curl(f"http://{HOST}:{PORT}{path}", "none")[0], 404,
              path)
    equal(readers.curl(f"{URL}/ocsp", "none", "-X", "DELETE")[0], 405,
          "another method")
    return place


def by_ocsp(readers, keeper):
    ask = ("-issuer", "issuing.pem")
    good = readers.ocsp(*ask, "-cert", "good.pem")
    check("good.pem: good" in good and "Response verify OK" in good, good)
    check("nonce" not in good.lower(), "the nonce comes back: " + good)
    good = readers.ocsp("-sha256", *ask, "-cert", "good.pem", "-no_nonce")
    check("good.pem: good" in good and "Response verify OK" in good, good)
    unknown = readers.ocsp(*ask, "-serial", NEVER)
    check(f"{NEVER}: unknown" in unknown and "verify OK" in unknown, unknown)
    foreign = readers.ocsp("-issuer", "root.pem", "-cert", "good.pem")
    check("unauthorized" in foreign, "another issuer: " + foreign)
    both = readers.ocsp(*ask, "-cert", "good.pem", "-serial", NEVER)
    check("good.pem: good" in both and f"{NEVER}: unknown" in both, both)
    serial = readers.run("openssl", "x509", "-in", "bad.pem", "-noout",
                         "-serial").strip().partition("=")[2].lower()
    keeper.run("ca", "revoke", serial, "--reason", "key-compromise", "--yes",
               expect=0)
    revoked = readers.ocsp(*ask, "-cert", "bad.pem")
    check("bad.pem: revoked" in revoked and "keyCompromise" in revoked and
          "verify OK" in revoked, revoked)


def by_hand(readers, keeper):
    """ca ocsp: the same answers without a network."""
    row = keeper.json("ca", "ocsp", readers.path("good.pem"), "--out",
                      readers.path("own.der"))[0]
    equal((row["status"], row["reason"]), ("good", None), "ca ocsp FILE")
    out = readers.run("openssl", "ocsp", "-CAfile", "chain.pem", "-issuer",
                      "issuing.pem", "-cert", "good.pem", "-no_nonce",
                      "-respin", "own.der")
    check("good.pem: good" in out and "verify OK" in out, out)
    out = keeper.run("ca", "ocsp", readers.path("bad.pem"), expect=3).stdout
    check("revoked" in out, out)
    out = keeper.run("ca", "ocsp", NEVER[2:], expect=3).stdout
    check("unknown" in out, out)
    readers.run("openssl", "ocsp", "-issuer", "issuing.pem", "-cert",
                "good.pem", "-serial", NEVER, "-reqout", "ask2.der")
    rows = keeper.json("ca", "ocsp", "--request", readers.path("ask2.der"))
    equal([r["status"] for r in rows], ["good", "unknown"], "--request")
    check(keeper.run("ca", "ocsp", "--request", readers.path("good.pem"))
          .returncode not in (0, 3), "what is no request")


def by_get(readers):
    readers.run("openssl", "ocsp", "-issuer", "issuing.pem", "-cert",
                "good.pem", "-no_nonce", "-reqout", "ask.der")
    plain = base64.b64encode(readers.read("ask.der")).decode()
    for text in (plain, urllib.parse.quote(plain, safe="")):
        status, heads = readers.curl(f"{URL}/ocsp/{text}", "answer.der")
        equal((status, heads["content-type"]),
              (200, "application/ocsp-response"), "OCSP by GET")
        check("max-age=3600" in heads["cache-control"] and
              "expires" in heads and "etag" in heads and
              "last-modified" in heads, f"may be kept: {heads}")
        out = readers.run("openssl", "ocsp", "-CAfile", "chain.pem", "-issuer",
                          "issuing.pem", "-cert", "good.pem", "-no_nonce",
                          "-respin", "answer.der")
        check("good.pem: good" in out and "verify OK" in out, out)
    status, heads = readers.curl(f"{URL}/ocsp/!!!", "answer.der")
    equal((status, heads["cache-control"]), (200, "no-store"), "no base64")
    check("malformedrequest" in readers.run(
        "openssl", "ocsp", "-respin", "answer.der"), "is malformed")


def crl_number(readers, name):
    text = readers.run("openssl", "crl", "-inform", "DER", "-in", name,
                       "-noout", "-crlnumber")
    return int(text.partition("=")[2].strip(), 16)


def by_crl(readers, place):
    status, heads = readers.curl(place, "crl.der")
    equal((status, heads["content-type"]), (200, "application/pkix-crl"),
          "the CRL")
    readers.run("openssl", "crl", "-inform", "DER", "-in", "crl.der", "-out",
                "crl.pem")
    verify = ("openssl", "verify", "-x509_strict", "-crl_check", "-CAfile",
              "chain.pem", "-CRLfile", "crl.pem")
    check("good.pem: OK" in readers.run(*verify, "good.pem"), "not revoked")
    check("certificate revoked" in readers.run(*verify, "bad.pem"), "revoked")
    equal(readers.curl(place, "none", "-H",
                       f"If-None-Match: {heads['etag']}")[0], 304, "by ETag")
    equal(readers.curl(place, "none", "-z", heads["last-modified"])[0], 304,
          "by date")
    equal(readers.curl(place, "none", "-I")[0], 200, "HEAD")


def garbage(seed):
    """A hundred requests of one connection's worth of nonsense each."""
    dice = random.Random(seed)
    for _ in range(100):
        body = dice.randbytes(dice.choice((0, 1, 50, 4096, 4097)))
        kind = dice.randrange(4)
        try:
            if kind == 0:
                with socket.create_connection((HOST, PORT), 10) as s:
                    s.sendall(body or b"\0")
                continue
            c = http.client.HTTPConnection(HOST, PORT, timeout=30)
            if kind == 1:
                c.request("POST", "/amt/ocsp", body)
            elif kind == 2:
                c.request("GET", "/amt/ocsp/" +
                          base64.urlsafe_b64encode(body[:500]).decode())
            else:
                c.request("POST", "/amt/ocsp", iter([body, body]))
            c.getresponse().read()
            c.close()
        except (OSError, http.client.HTTPException):
            pass  # cut: fine, as long as the service stays


def hammer(readers, service):
    garbage(0)
    before = service.memory_kb()
    threads = [threading.Thread(target=garbage, args=(n,))
               for n in range(1, 17)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    grown = service.memory_kb() - before
    check(grown < 20000, f"1,600 bad requests leave nothing: {grown} kB")
    wait_for(lambda: "good.pem: good" in readers.ocsp(
        "-issuer", "issuing.pem", "-cert", "good.pem"), PATIENCE,
             "still answers")


def change(keeper, sql):
    with sqlite3.connect(os.path.join(keeper.folder, "ca.db")) as db:
        db.execute(sql)
    db.close()


def killed_in_renewal(readers, keeper, place):
    """The service dies while it makes a responder; the next one answers, and
    what may have been signed is revoked."""
    for point in ("after-intent", "after-sign", "after-commit"):
        change(keeper, "DELETE FROM ca_responder")
        equal(Service(keeper, f"ca.issue.{point}:1").child.wait(PATIENCE),
              FAULT_EXIT, f"killed at {point}")
        service = Service(keeper)
        service.ready()
        out = readers.ocsp("-issuer", "issuing.pem", "-cert", "good.pem")
        check("good.pem: good" in out and "verify OK" in out, out)
        service.child.kill()
        service.child.wait(PATIENCE)
    service = Service(keeper)
    service.ready()
    readers.curl(place, "crl2.der")
    text = readers.run("openssl", "crl", "-inform", "DER", "-in", "crl2.der",
                       "-noout", "-text")
    equal(text.count("Serial Number:"), 3, "the revoked, and two lost")
    check(crl_number(readers, "crl2.der") > crl_number(readers, "crl.der"),
          "numbers grow")
    service.stop()


def renewed_unasked(readers, keeper):
    """Half its life over: a new CRL, though nobody asks for it."""
    number = crl_number(readers, "crl2.der")
    change(keeper, "UPDATE ca_crl SET made_at = made_at - 4 * 86400")
    service = Service(keeper)
    check(wait_for(lambda: service.says(f"number={number + 1}"), PATIENCE,
                   "a new CRL"), "renewed")
    # Somebody who keeps a connection open does not keep us.
    with socket.create_connection((HOST, PORT), 10):
        service.stop()


def root_listed(readers, keeper):
    """The new issuing CA says where its root's list is; with it every CA of a
    chain can be checked."""
    with open(readers.path("new.pem"), "w") as f:
        f.write(keeper.run("ca", "chain", expect=0).stdout)
    text = readers.run("openssl", "x509", "-in", "new.pem", "-noout", "-text")
    place = re.search(r"CRL Distribution Points:.*?URI:(\S+)", text,
                      re.S).group(1)
    status, heads = readers.curl(place, "root.crl")
    equal((status, heads["content-type"]), (200, "application/pkix-crl"),
          "the root's CRL")
    readers.run("openssl", "crl", "-inform", "DER", "-in", "root.crl", "-out",
                "root-crl.pem")
    out = readers.run("openssl", "verify", "-x509_strict", "-crl_check_all",
                      "-CAfile", "root.pem", "-CRLfile", "root-crl.pem",
                      "new.pem")
    check("new.pem: OK" in out, f"the issuing CA is not revoked: {out}")
    with open(readers.path("root.crl"), "rb") as f:
        served = f.read()
    keeper.run("ca", "crl", "--root", "--out", readers.path("own.crl"),
               expect=0)
    equal(readers.read("own.crl"), served, "ca crl --root has the same")
    out = keeper.run("ca", "crl", "--import", readers.path("own.crl"))
    check(out.returncode != 0, "not newer: not taken")
    keeper.run("ca", "health", expect=0)


def rolled_over(readers, keeper, place):
    """A new issuing CA under the eyes of the service, which goes over to it; for
    the one before it is answered all the same."""
    service = Service(keeper)
    service.ready()
    files = [os.path.join(keeper.folder, n) for n in ("ca.csr", "ca.pem")]
    keeper.run("ca", "csr", "--out", files[0], expect=0)
    keeper.run("ca", "certify", files[0], "--out", files[1], expect=0)
    keeper.run("ca", "import", files[1], "--yes", expect=0)
    with open(readers.path("all.pem"), "w") as f:
        f.write(keeper.run("ca", "chain", "--all", expect=0).stdout)
    wait_for(lambda: service.says("serve.ca name="), PATIENCE,
             "the service notices")
    with open(service.log) as f:
        names = set(re.findall(r"serve\.ca name=(\S+)", f.read()))
    old = place.rsplit("/", 1)[1].removesuffix(".crl")
    names.add(old)
    wait_for(lambda: all(readers.curl(f"{URL}/crl/{n}.crl", n)[0] == 200
                         for n in names), PATIENCE, "the lists of both")
    check(len(names) == 2 and old in names, f"a list of each: {names}")
    for name in names:
        equal(readers.curl(f"{URL}/crl/{name}.crl", name)[0], 200, name)
        out = readers.run("openssl", "crl", "-inform", "DER", "-in", name,
                          "-noout", "-CAfile", "all.pem")
        check("verify OK" in out, f"{name}: {out}")
    equal(readers.curl(f"{URL}/crl/{old[::-1]}.crl", "none")[0], 404,
          "the list of no CA")
    root_listed(readers, keeper)
    out = readers.ocsp("-issuer", "issuing.pem", "-cert", "good.pem")
    check("good.pem: good" in out and "verify OK" in out, out)
    old_revoked(readers, keeper)
    service.stop()


def root_says(readers, cert):
    """By the root's list as it is served, and by its OCSP answer."""
    text = readers.run("openssl", "x509", "-in", "new.pem", "-noout", "-text")
    place = re.search(r"CRL Distribution Points:.*?URI:(\S+)", text,
                      re.S).group(1)
    readers.curl(place, "root.crl")
    readers.run("openssl", "crl", "-inform", "DER", "-in", "root.crl", "-out",
                "root-crl.pem")
    listed = readers.run("openssl", "verify", "-x509_strict",
                         "-crl_check_all", "-CAfile", "root.pem", "-CRLfile",
                         "root-crl.pem", cert)
    asked = readers.ocsp("-issuer", "root.pem", "-cert", cert)
    check("Response verify OK" in asked, f"{cert}: {asked}")
    return listed, asked


def old_revoked(readers, keeper):
    """The issuing CA before is revoked while the service runs, which says so at
    once; devices' certificates by it stand in the way first."""
    serial = readers.run("openssl", "x509", "-in", "issuing.pem", "-noout",
                         "-serial").strip().partition("=")[2]
    out = keeper.run("ca", "revoke", "--yes", serial)
    check(out.returncode != 0 and "valid certificate" in out.stderr,
          f"not yet: {out.stderr}")
    listed, asked = root_says(readers, "issuing.pem")
    check("issuing.pem: OK" in listed and "issuing.pem: good" in asked,
          f"nothing was done: {listed} {asked}")
    keeper.run("ca", "revoke", "--yes", "--force", "--reason", "superseded",
               serial, expect=0)
    listed, asked = root_says(readers, "issuing.pem")
    check("certificate revoked" in listed, f"in the list: {listed}")
    check("issuing.pem: revoked" in asked and "superseded" in asked,
          f"in the answer: {asked}")
    listed, asked = root_says(readers, "new.pem")
    check("new.pem: OK" in listed and "new.pem: good" in asked,
          f"the new one is not: {listed} {asked}")
    rows = keeper.json("ca", "show")
    equal([r["state"] for r in rows], ["active", "revoked"], "ca show")
    out = keeper.run("ca", "health")
    check("line-revoked" in out.stdout, f"ca health: {out.stdout}")


def main():
    where = folder()
    keeper, sim, readers = setup(where)
    service = Service(keeper)
    service.ready()
    place = certificates(readers)
    by_ocsp(readers, keeper)
    by_hand(readers, keeper)
    by_get(readers)
    by_crl(readers, place)
    rows = keeper.json("ca", "check")
    equal([(r["place"], r["problem"]) for r in rows],
          [("crl", None), ("ca", None), ("root-crl", None), ("ocsp", None)],
          "ca check")
    keeper.run("ca", "template", "check", expect=0)
    hammer(readers, service)
    service.stop()
    rows = json.loads(keeper.run("ca", "template", "check", "-o", "json",
                                 expect=3).stdout)
    equal([r["template"] for r in rows], [None] * 4,
          "what no certificate's reader would find")
    out = keeper.run("ca", "check", expect=3)
    equal(out.stdout.count("refused"), 4, f"nobody there: {out.stdout}")
    killed_in_renewal(readers, keeper, place)
    renewed_unasked(readers, keeper)
    rolled_over(readers, keeper, place)
    keeper.run("ca", "list", expect=0)
    sim.stop()
    finish()


main()
