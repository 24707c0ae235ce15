#!/usr/bin/python3
"""Makes service/gs1/ai_table.c from schemas/gs1/ai.txt and schemas/gs1/codes.txt.

gs1_ai_table.py          writes the table
gs1_ai_table.py --check  exit 1 when the table is not what the two files say
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TABLE = os.path.join(ROOT, "service/gs1/ai_table.c")
PARTS_MAX, CHECKS_MAX = 5, 3  # struct gs1_ai and struct gs1_part


def lines(name):
    with open(os.path.join(ROOT, "schemas/gs1", name), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                yield number, line


def part_of(text):
    """A part in C, and the fewest and most characters that it takes."""
    optional = text.startswith("[")
    kind, *checks = text.replace("[", "").replace("]", "").split(":")
    m = re.fullmatch(r"([NXYZ])(\.\.)?(\d+)", kind)
    if not m or len(checks) > CHECKS_MAX:
        raise ValueError(f"part {text!r}")
    low, high = 1 if m[2] else int(m[3]), int(m[3])
    lints = ", ".join(f"LINT_{c}" for c in checks) or "LINT_none"
    may = "true" if optional else "false"
    return f"{{'{m[1]}', {low}, {high}, {may}, {{{lints}}}}}", 0 if optional else low, high


def row_of(line):
    ai, flags, value, requires, excludes, path, _title = line.split(None, 6)
    first, _, last = ai.partition("-")
    last = last or first
    if len(first) != len(last) or first[:-1] != last[:-1]:
        raise ValueError(f"range {ai!r}")
    parts = [part_of(p) for p in value.split("+")]
    if len(parts) > PARTS_MAX:
        raise ValueError("too many parts")
    low, high = sum(p[1] for p in parts), sum(p[2] for p in parts)
    if "p" in flags and low != high:
        raise ValueError("a predefined length cannot vary")
    numbers = f"{int(first)}, {int(last)}, {low}, {high}, {len(parts)}"
    bools = f"{'true' if 'p' in flags else 'false'}, {'true' if 'q' in flags else 'false'}"
    text = ["NULL" if t == "-" else f'"{t}"' for t in (requires, excludes)]
    text.append("NULL" if path == "-" else '""' if path == "key" else f'"{path}"')
    shown = [f"    {{{numbers}, {bools}, {{{parts[0][0]}"]
    if len(shown[0]) > 96:
        shown = [f"    {{{numbers}, {bools},", f"     {{{parts[0][0]}"]
    for part, _, _ in parts[1:]:
        shown[-1] += ","
        shown.append(f"      {part}")
    shown[-1] += "},"
    shown.append(f"     {', '.join(text)}}},")
    return first, last, "\n".join(shown)


def rows():
    shown, heads = [], {}
    for number, line in lines("ai.txt"):
        try:
            first, last, row = row_of(line)
        except ValueError as e:
            sys.exit(f"schemas/gs1/ai.txt:{number}: {e}")
        # The first two digits tell how many digits an identifier has; its rows stand together.
        for two in range(int(first[:2]), int(last[:2]) + 1):
            head = heads.setdefault(two, {"digits": len(first), "first": len(shown), "n": 0})
            if head["digits"] != len(first) or head["first"] + head["n"] != len(shown):
                sys.exit(f"schemas/gs1/ai.txt:{number}: not with its neighbours")
            head["n"] += 1
        shown.append(row)
    return shown, heads


def code_lists():
    lists, codes = {}, None
    for _, line in lines("codes.txt"):
        if re.fullmatch(r"[a-z]+[0-9]?", line):
            codes = lists.setdefault(line, [])
        else:
            codes.extend(line.split())
    return lists


def table():
    shown, heads = rows()
    out = [
        "// Made by scripts/gs1_ai_table.py from schemas/gs1/ai.txt and codes.txt; do not edit.",
        "// clang-format off",
        '#include "service/gs1/gs1_int.h"',
        "",
        "const struct gs1_ai gs1_ai_rows[] = {",
        *shown,
        "};",
        "",
        "const struct gs1_ai_head gs1_ai_heads[100] = {",
        *(f"    [{k}] = {{{h['digits']}, {h['n']}, {h['first']}}}," for k, h in heads.items()),
        "};",
    ]
    for name, codes in code_lists().items():
        if len({len(c) for c in codes}) != 1:
            sys.exit(f"schemas/gs1/codes.txt: the codes of {name} differ in length")
        codes = sorted(set(codes))
        out += ["", f"const char gs1_codes_{name}[] ="]
        out += [f'    "{"".join(codes[i:i + 24])}"' for i in range(0, len(codes), 24)]
        out[-1] += ";"
    return "\n".join(out) + "\n"


def main():
    made = table()
    if sys.argv[1:] == ["--check"]:
        with open(TABLE, encoding="utf-8") as f:
            sys.exit(0 if f.read() == made else "service/gs1/ai_table.c is not current")
    with open(TABLE, "w", encoding="utf-8") as f:
        f.write(made)


if __name__ == "__main__":
    main()
