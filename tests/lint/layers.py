#!/usr/bin/env python3
"""layers.py ROOT: what the compiler cannot see: private headers, paths in
includes, header names taken twice, and which folder may talk to which
third-party library."""
import os
import re
import sys

ROOT = sys.argv[1]
TOPS = ("adapter", "ca", "directory", "krb")
OPENSSL = {"adapter/base", "adapter/net", "adapter/vault", "adapter/wsman",
           "adapter/http", "adapter/access", "adapter/amt", "adapter/store", "adapter/forward", "adapter/port", "ca",
           "ca/bridge", "ca/der"}
ONLY = {  # header prefix: the folders that may include it
    "curl/": {"adapter/net"},
    "microhttpd.h": {"adapter/http"},
    "sqlite3.h": {"adapter/db"},
    "uv.h": {"adapter/loop"},
    "expat": {"adapter/xml"},
    "yaml.h": {"adapter/conf"},
    "json-c/": {"adapter/api", "adapter/api/client", "adapter/wsman", "adapter/epo/client", "adapter/store", "adapter/engine",
                "adapter/hygiene", "adapter/report", "adapter/cli", "adapter/commands/ca", "adapter/commands/device",
                "adapter/commands/directory", "adapter/commands/query", "adapter/commands/run",
                "adapter/commands/task", "adapter/commands/wsman",
                "adapter/access", "adapter/action", "adapter/console", "adapter/task", "adapter/forward",
                "ca/bridge"},
    "ldap": {"directory"}, "lber": {"directory"}, "sasl/": {"directory"},
    "krb5": {"krb"}, "gssapi": {"krb"},
    "libical/": {"adapter/schedule"},
    "openssl/": OPENSSL,
    "getopt.h": {"adapter/cli"},
    "pthread.h": {"directory", "ca", "ca/bridge", "adapter/port", "adapter/api",
                  "adapter/base",
                  "adapter/schedule"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)', re.M)


def sources():
    for top in TOPS:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(folder, ROOT), name


def check_own(folder, name, header, home):
    if "/" in header:
        yield f"path in include {header}"
    if header not in home:
        yield f"{header} is nobody's header"
    elif header.endswith("_internal.h"):
        if home[header] != folder:
            yield f"{header} is private to {home[header]}"
        if name.endswith(".h") and not name.endswith("_internal.h"):
            yield f"a public header shows {header}"


def check_foreign(folder, header):
    for prefix, allowed in ONLY.items():
        if header.startswith(prefix) and folder not in allowed:
            yield f"<{header}> belongs to {', '.join(sorted(allowed))}"


def main():
    files, home, bad = list(sources()), {}, []
    for folder, name in files:
        if name.endswith(".h"):
            if name in home:
                bad.append(f"{folder}/{name}: name taken by {home[name]}")
            home[name] = folder
    for folder, name in files:
        with open(os.path.join(ROOT, folder, name)) as f:
            text = f.read()
        for quote, header in INCLUDE.findall(text):
            found = (check_own(folder, name, header, home) if quote == '"'
                     else check_foreign(folder, header))
            bad += [f"{folder}/{name}: {what}" for what in found]
    print("\n".join(bad) or f"layers: {len(files)} files clean")
    return bool(bad)


sys.exit(main())
