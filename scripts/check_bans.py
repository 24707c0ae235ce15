"""Calls that the house does without, and calls that only their owners may make.

scripts/owners.txt lists the owners: path, calls, why. Comments and literals do not count.
"""
import itertools
import re

import source

OWNERS = "scripts/owners.txt"
BANNED = {
    "strcpy": "use a str or a buf", "stpcpy": "use a str or a buf", "strcat": "use a buf",
    "strncat": "use a buf",
    "sprintf": "use buf_addf or snprintf", "vsprintf": "use buf_addf or vsnprintf",
    "gets": "it has no ceiling", "strtok": "use str_cut", "strtok_r": "use str_cut",
    "atoi": "use str_u64", "atol": "use str_u64", "atoll": "use str_u64", "atof": "no floats",
    "scanf": "use str_cut and str_u64", "fscanf": "use str_cut and str_u64",
    "sscanf": "use str_cut and str_u64",
    "gmtime": "use common/when.h", "localtime": "use common/when.h",
    "ctime": "use common/when.h", "asctime": "use common/when.h", "mktime": "use common/when.h",
    "alloca": "use an arena", "system": "nothing is run through a shell",
    "popen": "nothing is run through a shell",
}
ALLOCATION = "malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf".split()
WORLD = "time gettimeofday clock_gettime rand srand random srandom rand_r drand48 getenv".split()
OWNED = {
    **{call: "memory is an arena's, a buf's or an owner's" for call in ALLOCATION},
    **{call: "the world is reached through struct env and the settings" for call in WORLD},
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join([*BANNED, *OWNED]) + r")\b(?=\s*\()")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
MARK = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
ONCE = "#pragma once"


def owners():
    found = {}
    for number, (path, *words) in source.table(OWNERS):
        calls = list(itertools.takewhile(OWNED.__contains__, words))
        if not calls or len(words) == len(calls):
            source.finding(OWNERS, number, "a row is: path, the calls, why")
        for call in calls:
            if (path, call) in found:
                source.finding(OWNERS, number, f"{path} has {call} on line {found[path, call]}, too")
            found[path, call] = number
    return found


def check_calls(path, text, allowed, used):
    for m in CALL.finditer(text):
        call, line = m.group(1), source.line_of(text, m.start())
        if call in BANNED:
            source.finding(path, line, f"{call} is banned: {BANNED[call]}")
        elif (path, call) in allowed:
            used.add((path, call))
        else:
            source.finding(path, line, f"{call} outside its owners ({OWNERS}): {OWNED[call]}")


def check_file(path, allowed, used):
    text = source.read(path)
    bare = source.code(text)
    check_calls(path, bare, allowed, used)
    for m in MACRO.finditer(bare):
        if re.search(r"\breturn\b", m.group(2)) and m.group(1) != "TRY":
            line = source.line_of(bare, m.start(1))
            source.finding(path, line, f"{m.group(1)} hides a return; only TRY may")
    if re.search(r"#\s*include\s*<assert\.h>", bare):
        line = source.line_of(bare, bare.index("assert.h"))
        source.finding(path, line, "assert is the one of common/base.h: it stays on")
    if path.endswith(".h") and bare.count(ONCE) != 1:
        source.finding(path, 1, f"a header has {ONCE} once")


used_rows = set()
allowed_rows = owners()
for name in source.files(*source.PRODUCT):
    check_file(name, allowed_rows, used_rows)
for row, row_line in allowed_rows.items():
    if row not in used_rows:
        source.finding(OWNERS, row_line, f"{row[0]} does not call {row[1]} any more")
everything = source.files(*source.PRODUCT, "scripts", "schemas", "tests",
                          ends=(".c", ".h", ".py", ".sh", ".txt", ".yaml", ".md"))
for name in everything:
    for number, text_line in enumerate(source.read(name).splitlines(), 1):
        mark = MARK.search(text_line)
        if mark:
            source.finding(name, number, f"{mark.group(1)} marks unfinished work: finish it")
source.finish()
