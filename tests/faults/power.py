"""What a power cut can leave of a folder, worked out from what a program did to it (FAULT_LOG of fault.c).

A file's bytes are safe once the file was synced, a name once its folder was. Of everything else a cut may keep any part:
each write that was not synced may be there, missing or torn at a block; each change of a name that was not synced may be
there or not. A rename itself is never halved: file systems with a journal promise that.
"""
import os
import struct
from pathlib import Path

BLOCK = 512


class File:
    def __init__(self, content=b""):
        self.safe, self.live, self.pending = bytes(content), bytearray(content), []

    def write(self, at, data):
        self.pending.append(("write", at, data))
        apply(self.live, ("write", at, data))

    def truncate(self, size):
        self.pending.append(("size", size, b""))
        apply(self.live, ("size", size, b""))

    def sync(self, content):
        self.safe, self.live, self.pending = bytes(content), bytearray(content), []

    def left(self, chance):
        """What a cut leaves of it."""
        how = chance.random()
        if how < .3 or not self.pending:
            return self.safe
        if how < .5:
            return bytes(self.live)
        bytes_left = bytearray(self.safe)
        for change in self.pending:
            fate = chance.random()
            if fate < .5:
                apply(bytes_left, change)
            elif fate < .7 and change[0] == "write" and len(change[2]) > BLOCK:
                first = chance.randrange(0, len(change[2]), BLOCK)
                some = change[2][first:first + BLOCK * chance.randrange(1, 9)]
                apply(bytes_left, ("write", change[1] + first, some))
        return bytes(bytes_left)


def apply(content, change):
    what, at, data = change
    if what == "size":
        content[at:] = b"\0" * max(0, at - len(content))
        return
    if len(content) < at:
        content.extend(b"\0" * (at - len(content)))
    content[at:at + len(data)] = data


class Disk:
    """Names and files: what is there, and what would be after a cut. Names are paths relative to the root."""

    def __init__(self, root):
        self.root = Path(root)
        self.names = {}  # path → File, or None for a folder; as safe on the disk
        self.changes = []  # of names, not yet safe: (path gone or None, path new or None, File or None)
        self.live, self.inodes = {}, {}
        for path in sorted(self.root.rglob("*")):
            if not path.name.endswith("-shm"):
                self.names[str(path.relative_to(self.root))] = None if path.is_dir() else File(path.read_bytes())
        self.live = dict(self.names)

    def adopt(self):
        """The inodes of the files that are there, before the program runs."""
        for name, file in self.names.items():
            if file is not None:
                self.inodes[(self.root / name).stat().st_ino] = file

    def name(self, path):
        return os.path.relpath(os.path.normpath(path), self.root)

    def change(self, gone, new, what):
        if gone is not None:
            self.live.pop(gone, None)
        if new is not None:
            self.live[new] = what
        self.changes.append((gone, new, what))

    def play(self, record):
        """One thing that the program did."""
        what, a, b, first, second = record
        if what == "C":
            self.inodes[a] = file = File()
            self.change(None, self.name(first.decode()), file)
        elif what == "T" and a in self.inodes:
            self.inodes[a].truncate(0)
        elif what == "W" and a in self.inodes:
            self.inodes[a].write(b, first)
        elif what == "Z" and a in self.inodes:
            self.inodes[a].truncate(b)
        elif what == "S":
            self.inodes.setdefault(a, File()).sync(first)
        elif what == "M":
            self.change(None, self.name(first.decode()), None)
        elif what == "U":
            self.change(self.name(first.decode()), None, None)
        elif what == "R":
            gone = self.name(first.decode())
            self.change(gone, self.name(second.decode()), self.live.get(gone))
        elif what == "D":
            self.sync_folder(self.name(first.decode()))

    def sync_folder(self, folder):
        """Everything that changes a name in it is safe, and what those changes stand on."""
        touched = [i for i, (gone, new, _) in enumerate(self.changes)
                   if any(name is not None and (os.path.dirname(name) or ".") == folder for name in (gone, new))]
        kept = []
        for i, change in enumerate(self.changes):
            if i in touched:
                settle(self.names, change)
            else:
                kept.append(change)
        self.changes = kept

    def cut(self, target, chance):
        """Writes what a power cut now would leave into the folder target."""
        names, mood = dict(self.names), chance.random()
        for change in self.changes:
            if mood < .25 or (mood < .8 and chance.random() < .5):
                settle(names, change)
        for name in sorted(names):
            folder = os.path.dirname(name)
            path = Path(target) / name
            if names[name] is None:
                path.mkdir(parents=True, exist_ok=True)
            elif folder == "" or folder in names:  # else its folder never was
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(names[name].left(chance))


def settle(names, change):
    gone, new, what = change
    if gone is not None:
        names.pop(gone, None)
    if new is not None:
        names[new] = what


def read_log(path):
    """The records of a FAULT_LOG: (what, number, number, bytes, bytes)."""
    content, at, records = Path(path).read_bytes(), 0, []
    while at < len(content):
        what = chr(content[at])
        a, b, first, second = struct.unpack_from("<4Q", content, at + 1)
        at += 33
        records.append((what, a, b, content[at:at + first], content[at + first:at + first + second]))
        at += first + second
    return records
