"""Disks as they may be after a power cut, built from the record of tests/power/disk_shim.c.

What a sync has confirmed is there. Of everything else a seeded choice is made, write by write:
dropped, whole, or some of its sectors; later ones without earlier ones. What was done to a folder
(files made, renamed, removed) is there up to some point of its order, at least to the folder's
last sync. A write that was under way at the cut is one that nobody has confirmed.
"""
import os
import pathlib
import struct

ENTRY = struct.Struct("<BBHIQq")
OPENED, WRITTEN, CUT, SYNC_BEGUN, SYNCED, RENAMED, UNLINKED, MADE = range(1, 9)
EMPTIED, AT_ONCE = 1, 2
SECTOR = 512


class File:
    """`sure` is on the disk. `maybe` is what was done since, each with its number."""

    def __init__(self):
        self.sure = bytearray()
        self.maybe = []  # (number, offset, bytes), or (number, size, None)

    def confirm(self, until):
        for number, at, data in self.maybe:
            if number <= until:
                apply(self.sure, at, data)
        self.maybe = [change for change in self.maybe if change[0] > until]

    def after_cut(self, choose):
        found = bytearray(self.sure)
        for _, at, data in self.maybe:
            fate = choose.random()
            if fate < 0.3:
                continue
            if fate < 0.7 or data is None:
                apply(found, at, data)
                continue
            start = 0
            while start < len(data):
                end = start + SECTOR - (at + start) % SECTOR
                if choose.random() < 0.5:
                    apply(found, at + start, data[start:end])
                start = end
        return found


def apply(found, at, data):
    if data is None:
        del found[at:]
        found.extend(bytes(at - len(found)))
        return
    if len(found) < at:
        found.extend(bytes(at - len(found)))
    found[at:at + len(data)] = data


class Folder:
    """`now` is what programs see. What was done since the last sync: (number, names)."""

    def __init__(self):
        self.now, self.sure = {}, {}
        self.maybe = []

    def change(self, number, names):
        """All of it or nothing; a name that leads to None is removed."""
        put(self.now, names)
        self.maybe.append((number, names))

    def confirm(self, until):
        for number, names in self.maybe:
            if number <= until:
                put(self.sure, names)
        self.maybe = [change for change in self.maybe if change[0] > until]

    def after_cut(self, choose):
        found = dict(self.sure)
        for _, names in self.maybe[:choose.randint(0, len(self.maybe))]:
            put(found, names)
        return found


def put(into, names):
    into.update(names)
    for name in [name for name, what in into.items() if what is None]:
        del into[name]


class Disk:
    """Follows the record, entry by entry."""

    def __init__(self, record):
        self.record, self.place = record, 0
        self.root = Folder()
        self.opened = {}  # handle -> what it is
        self.begun = {}   # handle -> number of the entry that began its sync
        self.number = 0

    def end_of_next(self):
        """Where the entry ends that comes next; None at the end of the record."""
        if self.place + ENTRY.size > len(self.record):
            return None
        return self.place + ENTRY.size + ENTRY.unpack_from(self.record, self.place)[3]

    def step(self, confirmed=True):
        """Takes one entry. Not `confirmed`: it was under way at the cut."""
        kind, flags, _, size, handle, at = ENTRY.unpack_from(self.record, self.place)
        start = self.place + ENTRY.size
        body = self.record[start:start + size]
        self.place = start + size
        self.number += 1
        if kind in (OPENED, RENAMED, UNLINKED, MADE):
            self.name(kind, flags, handle, body.decode())
        elif kind == WRITTEN:
            self.write(self.opened[handle], at, body, bool(flags & AT_ONCE) and confirmed)
        elif kind == CUT:
            self.opened[handle].maybe.append((self.number, at, None))
        elif kind == SYNC_BEGUN:
            self.begun[handle] = self.number
        elif kind == SYNCED and confirmed:
            self.opened[handle].confirm(self.begun[handle])

    def write(self, file, at, data, confirmed):
        if confirmed:  # alone: what was written to the file before is not
            apply(file.sure, at, data)
        else:
            file.maybe.append((self.number, at, data))

    def name(self, kind, flags, handle, path):
        if kind == OPENED:
            self.open(handle, path, flags)
        elif kind == RENAMED:
            self.rename(*path.split("\0"))
        elif path != "":
            folder, name = self.find(path)
            folder.change(self.number, {name: Folder() if kind == MADE else None})

    def rename(self, old, new):
        source, name = self.find(old)
        target, new_name = self.find(new)
        what = source.now[name]
        if source is target:
            source.change(self.number, {name: None, new_name: what})
        else:
            source.change(self.number, {name: None})
            target.change(self.number, {new_name: what})

    def find(self, path):
        """The folder and the name in it."""
        *above, name = path.strip("/").split("/")
        folder = self.root
        for one in above:
            folder = folder.now[one]
        return folder, name

    def open(self, handle, path, flags):
        if path.strip("/") == "":
            self.opened[handle] = self.root
            return
        folder, name = self.find(path)
        if name not in folder.now:
            folder.change(self.number, {name: File()})
        self.opened[handle] = what = folder.now[name]
        if flags & EMPTIED:
            what.maybe.append((self.number, 0, None))

    def after_cut(self, to, choose):
        """Writes the disk as it may be after a cut now."""
        write_out(self.root, pathlib.Path(to), choose)


def write_out(folder, to, choose):
    os.makedirs(to, mode=0o700, exist_ok=True)
    for name, what in folder.after_cut(choose).items():
        if isinstance(what, Folder):
            write_out(what, to / name, choose)
        else:
            (to / name).write_bytes(what.after_cut(choose))
            (to / name).chmod(0o600)
