#!/usr/bin/env python3
"""kinds.py ROOT: every kind of event that the sources write is in the table by
which others are told of it (adapter/forward/kind.c), with a number of its own,
and fits where it is told (RFC 5424, 6.2.7)."""
import os
import re
import sys

ROOT = sys.argv[1]
# Calls that write an event, and members and variables that name its kind.
CALLS = re.compile(r"\b(?:\w*event|\w*tell\w*|note|write_settled)\s*"
                   r"\(([^;{]*);")
NAMES = re.compile(r"(?:\.event|\.kind|\bkind)\s*=\s*([^;,]*)[;,]")
ROW = re.compile(r'^    \{"([^"]+)", (\d+), [A-Z]+,', re.M)
NAME_MAX = 32
KIND = re.compile(r'"([a-z]+(?:\.[a-z_-]+)+)"')


def sources():
    for top in ("adapter", "ca", "directory", "krb"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            if not folder.endswith("adapter/forward"):
                yield from (os.path.join(folder, n) for n in names
                            if n.endswith(".c"))


def main():
    with open(os.path.join(ROOT, "adapter/forward/kind.c")) as f:
        rows = ROW.findall(f.read())
    table, found = {name for name, _ in rows}, set()
    bad = [f"no kind: {name}" for name, _ in rows if len(name) > NAME_MAX]
    for what in zip(*rows):
        bad += [f"twice in the table: {k}" for k in what if what.count(k) > 1]
    for path in sources():
        with open(path) as f:
            text = f.read()
        for pattern in (CALLS, NAMES):
            for part in pattern.findall(text):
                for kind in KIND.findall(part):
                    found.add(kind)
                    if kind not in table:
                        bad.append(f"{os.path.relpath(path, ROOT)}: {kind}")
    print("\n".join(sorted(set(bad))) or f"kinds: {len(found)} of events, "
          "all have a number")
    return bool(bad)


sys.exit(main())
