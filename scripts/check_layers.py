"""Includes point down only, as scripts/layers.txt orders the rooms.

Also: a .c includes its own header first, a `_int.h` stays in its room, paths begin at the root.
"""
import re

import source

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
LAYERS = "scripts/layers.txt"


def levels():
    found = {}
    for number, (top, *rooms) in source.table(LAYERS):
        for room in rooms:
            key = (top.rstrip(":"), room)
            if key in found:
                source.finding(LAYERS, number, f"room '{room}' is listed twice")
            found[key] = number
    return found


def room_of(path, known):
    """(top, room) of a path, or None when no line of layers.txt names it."""
    top, *inner = path.split("/")
    stem = inner[0] if len(inner) > 1 else re.sub(r"\.[ch]$", "", inner[-1])
    fits = [r for t, r in known if t == top and (stem == r or stem.startswith(r + "_"))]
    return (top, max(fits, key=len)) if fits else None


def check_include(path, line, target, known):
    if not target.startswith(("common/", "service/")):
        source.finding(path, line, f'"{target}" must be written from the root and be of the product')
        return
    if not (source.ROOT / target).is_file():
        source.finding(path, line, f'"{target}" does not exist')
        return
    here, there = room_of(path, known), room_of(target, known)
    if here is None or there is None:
        return  # the file itself is reported
    if target.endswith("_int.h") and here != there:
        source.finding(path, line, f'"{target}" is private to room \'{there[1]}\'')
    elif here != there and known[there] >= known[here]:
        source.finding(path, line, f"room '{here[1]}' may not include '{there[1]}': it is not lower")


def check_file(path, known):
    text = source.read(path)
    if room_of(path, known) is None:
        source.finding(path, 1, f"its room is not in {LAYERS}: give it the place it belongs to")
    includes = [(source.line_of(text, m.start(1)), m.group(1)) for m in INCLUDE.finditer(text)]
    own = path[:-2] + ".h"
    if path.endswith(".c") and (source.ROOT / own).is_file():
        if not includes or includes[0][1] != own:
            source.finding(path, includes[0][0] if includes else 1, f'must include "{own}" first')
    for line, target in includes:
        check_include(path, line, target, known)


known_rooms = levels()
for name in source.files(*source.PRODUCT):
    check_file(name, known_rooms)
source.finish()
