#!/usr/bin/env python3
"""lengths.py ROOT: functions of at most 100 lines, files of at most 800,
headers of at most 400; prints the shape of the tree."""
import os
import statistics
import subprocess
import sys

ROOT = sys.argv[1]
FUNCTION, FILE, HEADER = 100, 800, 400


def files():
    for top in ("adapter", "ca", "directory", "krb", "tests/sim"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            yield from (os.path.join(folder, n) for n in sorted(names)
                        if n.endswith((".c", ".h")))


def functions(sources):
    out = subprocess.run(
        ["ctags", "-x", "--_xformat=%N\t%F\t%n\t%e", "--kinds-C=f",
         "--languages=C", "-L", "-"], input="\n".join(sources), text=True,
        capture_output=True, check=True).stdout
    for line in out.splitlines():
        name, path, first, last = line.split("\t")
        yield name, path, int(last) - int(first) + 1


def main():
    bad, sources = [], list(files())
    for path in sources:
        with open(path) as f:
            count = sum(1 for _ in f)
        limit = HEADER if path.endswith(".h") else FILE
        if count > limit:
            bad.append(f"{path}: {count} lines, {limit} at most")
    sizes = []
    for name, path, count in functions([s for s in sources
                                        if s.endswith(".c")]):
        sizes.append(count)
        if count > FUNCTION:
            bad.append(f"{path}: {name} has {count} lines")
    sizes.sort()
    print(f"lengths: {len(sources)} files, {len(sizes)} functions, median "
          f"{statistics.median(sizes):g}, p90 {sizes[len(sizes) * 9 // 10]}, "
          f"longest {sizes[-1]}")
    print("\n".join(bad), end="\n" if bad else "")
    return bool(bad)


sys.exit(main())
