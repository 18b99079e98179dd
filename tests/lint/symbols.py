#!/usr/bin/env python3
"""symbols.py BUILD: every global symbol carries a prefix of its module and is
there for the program, not for tests alone, and no library calls what we do not
want called."""
import os
import re
import subprocess
import sys

BUILD = sys.argv[1]
ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
PREFIXES = {
    "base": "process_ err_ mem_ buf_ str_ utf8_ secret_ clock_ log_ file_ pem_ fault_",
    "metric": "metric_",
    "forward": "forward_",
    "record": "record_", "tagging": "tagging_",
    "report": "report_ shown_ chart_ svg_ html_",
    "loop": "loop_ work_ periodic_", "db": "db_", "conf": "conf_ profile_ yaml_",
    "net": "net_", "http": "http_", "vault": "vault_", "xml": "xml_", "wsman": "wsman_",
    "amt": "amt_ op_ field_ sid_ csr_ pki_ realms_ store_ patch_",
    "store": "store_ relation_ device_ census_ upstream_ journal_",
    "store_task": "task_ server_", "daemon": "daemon_ upstream_conf_",
    "port": "port_ visit_ desk_ office_ site_ errand_ errands_ cert_",
    "hygiene": "hygiene_ audit_ ad_ repair_ survey_ our_clock_ clock_guard_",
    "serve": "serve ca_watch_ epo_watch_ server_watch_ revocation_",
    "console": "console_ metrics_ looks_",
    "epo": "remote_ args_ call_ escape_ out_",
    "api": "api_",
    "intake": "intake_ csv_",
    "task": "catalog_ order_ runner_ wear_",
    "action": "query_ action_ server_ mailer_ mail_ work_ job_ do_",
    "epo_client": "epo_", "api_client": "api_client_",
    "engine": "engine_ idset_ pace_ run_ step_ plan_ play_ plays wish_ diagnose reason_ port_",
    "cli": "cli_ command_ table_ progress_ output_ outflow_ mdoc_ ask_",
    "commands": "commands",
    "commands_setup": "commands_ cmd_",
    "commands_device": "commands_ cmd_ foreign_ passwords_ remove_ device_remote_ import_far_",
    "commands_run": "commands_ cmd_ fleet_",
    "commands_query": "commands_ cmd_ query_", "commands_event": "commands_ cmd_",
    "commands_task": "commands_ cmd_ runs_ assign_ server_cli_ server_remote_",
    "commands_user": "commands_ cmd_ user_remote_", "commands_epo": "commands_ cmd_",
    "commands_ca": "commands_ cmd_ca_ key_ root_key_ revoke_",
    "commands_directory": "commands_ cmd_", "commands_wsman": "commands_ cmd_",
    "schedule": "schedule_ date_ zone_ posix_ tzif_ word_ parse_ token_ text_ cron_ epo_ next_ allowed_ closed_ except_",
    "query": "query_ sexp_ table_ column_ value_ condition_ cond_ literal_ clause_ term_",
    "der": "ca_", "bridge": "ca_",
    "ca": "ca_ csr_ names_ name_ template_ tbs_ signer_ key_ issuer_ store_ crl_",
    "directory": "directory_ dir_ watchdog_", "krb": "krb_",
}
BANNED = set("""gets strcpy strcat stpcpy sprintf vsprintf strncpy strtok atoi
atol atoll atof alloca system popen rand srand random mktemp tmpnam tempnam
localtime gmtime ctime asctime inet_ntoa inet_addr gethostbyname setjmp longjmp
putenv strerror usleep""".split())


# What tests, benches and fault runs alone call, and why it is there.
KEPT = {
    "fault_arm": "kills the process where a test says",
    "fault_passed": "how often it went by there",
    "ca_csr_rule_name": "each rule has a vector",
    "ca_verify": "who relies on a certificate, in tests of all that issues",
    "wsman_disconnect": "a session that stays while its connection does not",
}


def count_words(end):
    """How often each word stands in the program's files that end so."""
    count = {}
    for top in ("adapter", "ca", "directory", "krb"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                if name.endswith(end):
                    with open(os.path.join(folder, name)) as f:
                        for word in re.findall(r"\w+", f.read()):
                            count[word] = count.get(word, 0) + 1
    return count


def archive(module):
    tops = {"ca": "ca", "der": "ca/der", "bridge": "ca/bridge",
            "directory": "directory", "krb": "krb",
            "store_task": "adapter/store/task",
            "epo_client": "adapter/epo/client",
            "api_client": "adapter/api/client"}
    folder = tops.get(module, os.path.join("adapter", module))
    if module.startswith("commands_"):
        folder = os.path.join("adapter", *module.split("_"))
    return os.path.join(BUILD, folder, f"lib{module}.a")


def main():
    bad, calls, shown = set(), count_words(".c"), count_words(".h")
    for module, prefixes in PREFIXES.items():
        out = subprocess.run(["nm", "-A", archive(module)], text=True,
                             capture_output=True, check=True).stdout
        for line in out.splitlines():
            fields = line.split()
            name, kind = fields[-1], fields[-2]
            if kind in "TDBRVWC" and not name.startswith(("_", "llvm")) \
                    and not name.startswith(tuple(prefixes.split())):
                bad.add(f"{module}: exports {name}")
            # Defined once, declared once, and that is all.
            if kind == "T" and name not in KEPT and \
                    calls.get(name) == 1 and shown.get(name) == 1:
                bad.add(f"{module}: the program does not call {name}")
            if kind == "U":
                plain = name.removeprefix("__").removesuffix("_chk")
                if plain in BANNED:
                    bad.add(f"{module}: calls {plain} ({fields[0]})")
    print("\n".join(sorted(bad)) or f"symbols: {len(PREFIXES)} modules clean")
    return bool(bad)


sys.exit(main())
