#!/usr/bin/python3
"""Makes service/catalog/market_table.c from schemas/markets/*.yaml.

market_table.py          writes the table
market_table.py --check  exit 1 when the table is not what the files say
"""
import os
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(os.path.abspath(__file__)).parents[1]
FOLDER = ROOT / "schemas/markets"
TABLE = ROOT / "service/catalog/market_table.c"
KINDS = ("random", "sequential", "list")
CHARSETS = ("digits", "alnum", "base64", "gs1")
WORDS = {"issuer": ("owner", "authority"), "levels": ("pack", "all"), "expiry": ("day", "month")}
EMPTIED = ("keep", "decommission")
DUTIES = ("none", "de_facto", "required")
NEEDED = {"market", "name", "issuer", "pools", "serial", "levels", "code", "aggregation", "expiry"}
TEXTS = ("unique", "retention", "report", "source")
KNOWN = NEEDED | {"covers", "guess", "attributes", "printed", "produced", "unsure", *TEXTS}
SERIAL_MAX, ATTRIBUTES_MAX, FMD_GUESS = 20, 4, 10000  # the policy eu-fmd has this one guess


def need(right, says):
    if not right:
        raise ValueError(says)


def text(s):
    need(isinstance(s, str) and s.isprintable() and s.isascii(), f"{s!r} is not plain text")
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"'


def chars(said, most):
    need({"min", "max", "charset"} <= set(said), "min, max and charset")
    need(1 <= said["min"] <= said["max"] <= most, "min and max")
    need(said["charset"] in CHARSETS, f"charset {said['charset']!r}")
    return f"{{{said['min']}, {said['max']}, MARKET_{said['charset'].upper()}}}"


def check(m):
    need(not NEEDED - set(m), f"it lacks {sorted(NEEDED - set(m))}")
    need(set(m) <= KNOWN, f"it has {sorted(set(m) - KNOWN)}")
    for word in (m["market"], *m.get("covers", [])):
        need(re.fullmatch(r"[A-Z]{2,4}(-[A-Z]+)?", str(word)), f"market {word!r}")
    for field, words in WORDS.items():
        need(m[field] in words, f"{field} {m[field]!r}")
    need(m["pools"] and set(m["pools"]) <= set(KINDS), f"pools {m['pools']!r}")
    need(m["issuer"] == "owner" or m["pools"] == ["list"], "an authority's numbers come as a list")
    need(not m.get("attributes") or m["pools"] == ["list"], "only lists bring attributes")
    need(len(m.get("attributes", [])) <= ATTRIBUTES_MAX, "too many attributes")
    need(m.get("guess", FMD_GUESS) == FMD_GUESS, f"guess is {FMD_GUESS}, what eu-fmd keeps")
    need("guess" not in m or "sequential" not in m["pools"], "who counts is guessed")
    need(m["aggregation"]["duty"] in DUTIES, f"duty {m['aggregation']['duty']!r}")
    need((m["aggregation"]["levels"] > 0) == (m["aggregation"]["duty"] == "required"),
         "levels are for a required aggregation")
    need(m["aggregation"].get("emptied", "keep") in EMPTIED, "emptied")
    need(set(m.get("unsure", [])) <= KNOWN, f"unsure {m.get('unsure')!r}")
    for ai in (*m["code"], *(a["ai"] for a in m.get("attributes", []))):
        need(re.fullmatch(r"\d{2,4}", str(ai)) and isinstance(ai, str), f"ai {ai!r}")


def member(name, value):
    return f"     .{name} = {value},"


def joined(words):
    return text(" ".join(words))


def row(m):
    check(m)
    duty = m["aggregation"]
    attributes = [f"{{{text(a['name'])}, {text(a['ai'])}, {chars(a, 90)}}}"
                  for a in m.get("attributes", [])]
    out = [
        f"    {{.word = {text(m['market'])},",
        member("name", text(m["name"])),
        member("covers", wrapped(" ".join(m.get("covers", [])))),
        member("issuer", text(m["issuer"])),
        member("pools", " | ".join(f"MARKET_{k.upper()}" for k in m["pools"])),
        member("serial", chars(m["serial"], SERIAL_MAX)),
        member("guess", m.get("guess", 0)),
        member("all_levels", str(m["levels"] == "all").lower()),
        member("attribute_count", len(attributes)),
        *([member("attributes", "{" + ",\n                    ".join(attributes) + "}")]
          if attributes else []),
        member("code", joined(m["code"])),
        member("printed", wrapped("; ".join(m.get("printed", [])))),
        member("duty", f"MARKET_AGGREGATION_{duty['duty'].upper()}"),
        member("containers", duty["levels"]),
        member("sscc", str(duty.get("sscc", False)).lower()),
        member("ends_emptied", str(duty.get("emptied") == "decommission").lower()),
        member("expiry_day", str(m["expiry"] == "day").lower()),
        member("produced", str(m.get("produced", False)).lower()),
        *(member(name, wrapped(m.get(name, ""))) for name in TEXTS),
        member("unsure", joined(m.get("unsure", []))),
    ]
    return "\n".join(out)[:-1] + "},"


def wrapped(words, width=72):
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines[-1] += " "
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return ("\n" + " " * 9).join(text(line) for line in lines)


def table():
    rows, seen = [], set()
    for path in sorted(FOLDER.glob("*.yaml")):
        try:
            m = yaml.safe_load(path.read_text(encoding="utf-8"))
            rows.append(row(m))
            words = [m["market"], *m.get("covers", [])]
            need(path.stem == m["market"].lower(), "the file is not named as the market")
            need(not seen & set(words) and len(set(words)) == len(words), "a word stands twice")
            seen |= set(words)
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            sys.exit(f"schemas/markets/{path.name}: {e}")
    return "\n".join([
        "// Made by scripts/market_table.py from schemas/markets/; do not edit.",
        "// clang-format off",
        '#include "service/catalog/market.h"',
        "",
        "const struct market markets[] = {",
        *rows,
        "};",
        "const size_t market_count = sizeof markets / sizeof markets[0];",
    ]) + "\n"


def main():
    made = table()
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if TABLE.read_text(encoding="utf-8") == made
                 else "service/catalog/market_table.c is not current")
    TABLE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
