"""Computers by the hundred thousand, in the database of the lab's controller.

Through the directory's own modules each takes milliseconds, and the longer the
more there are: an index entry such as "all computers" is read and written anew
for each.  So a few are made that way and the others copied from them, record by
record, with names of the same length; they are put into the index entries that
all share once, at the end.
"""
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys

GUID_BYTES = 16
RID_BYTES = 4
FIRST_RID = 1 << 24  # far above those that the controller gives out
INDEX = b"DN=@INDEX:"


def name(i):
    return f"bench{i:06}"


def guid(i):
    return hashlib.md5(name(i).encode()).digest()


class Model:
    """One to copy: what has to be something else in a copy."""

    def __init__(self, i, guid_hex, sid_hex):
        self.i = i
        self.guid = bytes.fromhex(guid_hex)
        self.sid = bytes.fromhex(sid_hex)
        self.records = []

    def changes(self, i):
        sid = self.sid[:-RID_BYTES] + struct.pack("<I", FIRST_RID + i)
        old, new = name(self.i).encode(), name(i).encode()
        return [(old, new), (old.upper(), new.upper()),
                (self.guid, guid(i)), (self.sid, sid),
                (base64.b64encode(self.sid), base64.b64encode(sid))]

    def copy(self, data, i):
        for old, new in self.changes(i):
            data = data.replace(old, new)
        return data

    def take(self, key, data):
        """Is it a record of this one's own?"""
        if self.copy(key, self.i + 1) == key:
            return False
        self.records.append((key, data))
        return True


def write(path, models, first, count):
    """In a process of its own, as none can open a database twice.  Prints the names of the index entries that are shared."""
    import tdb
    db = tdb.open(path, 0, 0, os.O_RDWR)
    models = [Model(*m) for m in models]
    shared = set()
    for key in db:
        data = db[key]
        for m in models:
            if (m.guid in data and not m.take(key, data) and
                    key.startswith(INDEX)):
                shared.add(key[len("DN="):-1].decode())
    db.lock_all()  # a transaction of so many records takes much longer
    for i in range(first, first + count):
        m = models[0] if i % 100 == 0 else models[-1]
        for key, data in m.records:
            db[m.copy(key, i)] = m.copy(data, i)
    db.unlock_all()
    print(json.dumps(sorted(shared)))


def make(domain, models, first, count):
    """Copies [first, first + count) of two models, given by their DNs: of the
    first each hundredth, of the second the others."""
    import ldb
    described = []
    for dn in models:
        found = domain.raw.search(dn, scope=ldb.SCOPE_BASE)[0]
        described.append([int(str(found["cn"][0])[5:11]),
                          bytes(found["objectGUID"][0]).hex(),
                          bytes(found["objectSid"][0]).hex()])
    job = json.dumps([domain.partition, described, first, count])
    out = subprocess.run([sys.executable, __file__], input=job, text=True,
                         stdout=subprocess.PIPE, check=True)
    domain.raw.transaction_start()
    for dn in json.loads(out.stdout):
        share(domain.raw, dn, first, count)
    domain.raw.transaction_commit()


def share(raw, dn, first, count):
    """The copies into an index entry: GUIDs, sorted, end to end."""
    import ldb
    old = bytes(raw.search(dn, scope=ldb.SCOPE_BASE)[0]["@IDX"][0])
    all_of_it = sorted([old[at:at + GUID_BYTES]
                        for at in range(0, len(old), GUID_BYTES)] +
                       [guid(i) for i in range(first, first + count)])
    message = ldb.Message(ldb.Dn(raw, dn))
    message["@IDX"] = ldb.MessageElement(b"".join(all_of_it),
                                         ldb.FLAG_MOD_REPLACE, "@IDX")
    raw.modify(message)


if __name__ == "__main__":
    write(*json.load(sys.stdin))
