#!/usr/bin/python3
"""The requirements and what shows that each is met: schemas/validation.yaml, requirements.txt and
conformance.yaml as one table.

usage: scripts/matrix.py [--check] [ROOT]
Prints the table and writes it to build/matrix.csv and build/matrix.html. --check only says what is
wrong in it: a test that is not there, a requirement that nothing answers; exit 1 where anything is.
"""
import csv
import functools
import html
import pathlib
import re
import sys

import yaml

arguments = [a for a in sys.argv[1:] if a != "--check"]
CHECK = "--check" in sys.argv[1:]
ROOT = pathlib.Path(arguments[0] if arguments else ".")
FOLDERS = ("unit", "scenario", "scripts", "fault", "sim")
NAMED = re.compile(r"^(?:def (test_\w+)\(|static void (\w+)\(void \*\*)", re.M)
ID = re.compile(r"[A-Z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)+")
ANSWERS = ("tests", "duty", "lacks", "says")
HEAD = ("id", "source", "asks", "tests", "duty", "lacks")
STYLE = """body { font: 10pt sans-serif } table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #999; padding: 3px 6px; text-align: left; vertical-align: top }
thead { display: table-header-group } tr { break-inside: avoid } .lacks { font-weight: bold }"""


def read(path):
    path = ROOT / path
    return path.read_text(encoding="utf-8") if path.exists() else ""


@functools.cache
def test_files():
    """The text of every file of tests, by its name."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / "tests" / folder).glob("*")):
            if path.suffix in (".c", ".py") and path.is_file():
                found[path.name] = path.read_text(encoding="utf-8", errors="replace")
    return found


@functools.cache
def claims(file):
    """(where it begins, its name) of each test in a file."""
    return [(m.start(), m[1] or m[2]) for m in NAMED.finditer(test_files().get(file, ""))]


def naming(requirement):
    """The tests that name an id: in their own lines, or in a comment of its own at the margin,
    which belongs to what follows."""
    word = re.compile(rf"(?<![\w.-]){re.escape(requirement)}(?![\w-])")
    found = []
    for file, text in test_files().items():
        for at in (m.start() for m in word.finditer(text)):
            above = [name for start, name in claims(file) if start <= at]
            below = [name for start, name in claims(file) if start > at]
            comment = text[text.rfind("\n", 0, at) + 1:at].startswith(("//", "#"))
            if comment and below:
                found.append(f"{file}::{below[0]}")
            elif above and not comment:
                found.append(f"{file}::{above[-1]}")
    return list(dict.fromkeys(found))


def rows():
    """Each requirement as a dict, with `at`: the file that states it."""
    for name, row in (yaml.safe_load(read("schemas/validation.yaml")) or {}).items():
        yield {"id": name, "at": "schemas/validation.yaml", **row}
    for line in read("schemas/requirements.txt").splitlines():
        name, *asks = line.split("#", 1)[0].split(None, 1) or [""]
        if name:
            yield {"id": name, "at": "schemas/requirements.txt", "source": "rules of the house",
                   "asks": asks[0] if asks else "", "tests": naming(name)}
    section = ""
    for line in read("schemas/conformance.yaml").splitlines():
        if line.startswith("# ---- "):
            section = line.removeprefix("# ---- ")
        elif line.startswith('"'):
            (number, row), = yaml.safe_load(line).items()
            yield {"id": f"EPCIS-CHECKLIST-{number}", "at": "schemas/conformance.yaml",
                   "source": f"GS1 EPCIS, {section}", "asks": row.get("asks") or row.get("says"),
                   "tests": row.get("tests", []), "says": row.get("says", "")}


def trouble(table):
    seen = set()
    for row in table:
        def wrong(sentence, row=row):
            return f"{row['at']}: {row['id']}: {sentence}"
        if row["id"] in seen:
            yield wrong("is stated twice")
        seen.add(row["id"])
        if not ID.fullmatch(row["id"]):
            yield wrong("an id is words with - or . between, such as FMD-4.c")
        if unknown := set(row) - {"id", "at", "source", "asks", *ANSWERS}:
            yield wrong(f"has no member {', '.join(sorted(unknown))}")
        if not row.get("source") or not row.get("asks"):
            yield wrong("says neither whose it is nor what it asks")
        if not any(row.get(key) for key in ANSWERS):
            yield wrong("no test, duty or lack answers it")
        for test in row.get("tests", []):
            file, _, name = test.partition("::")
            if name not in [known for _, known in claims(file)]:
                yield wrong(f"there is no test {test}")


def cells(row):
    return [row["id"], row["source"], row["asks"], "\n".join(row.get("tests", [])),
            row.get("duty", ""), row.get("lacks", "")]


def write(table):
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with open(build / "matrix.csv", "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([HEAD, *map(cells, table)])
    lines = ["<!doctype html><html lang=en><meta charset=utf-8><title>Requirements and tests</title>",
             f"<style>{STYLE}</style><table><thead><tr>",
             *(f"<th>{word}" for word in HEAD), "</thead>"]
    for row in table:
        lines.append("<tr>" + "".join(
            f"<td class={word}>" + html.escape(cell).replace("\n", "<br>")
            for word, cell in zip(HEAD, cells(row))))
    (build / "matrix.html").write_text("\n".join(lines) + "</table></html>\n", encoding="utf-8")


def show(table):
    for row in table:
        print(f"{row['id']}  [{row['source']}]\n    {row['asks']}")
        for test in row.get("tests", []):
            print(f"    test   {test}")
        for key in ("duty", "lacks"):
            if row.get(key):
                print(f"    {key:<6} {row[key]}")
    shown = sum(1 for row in table if row.get("tests"))
    tests = {test for row in table for test in row.get("tests", [])}
    print(f"{len(table)} requirements: {shown} shown by {len(tests)} tests, "
          f"{len(table) - shown} answered otherwise, "
          f"{sum(1 for row in table if row.get('lacks'))} lack something")


table = list(rows())
findings = list(trouble(table))
for finding in findings:
    print(finding, file=sys.stdout if CHECK else sys.stderr)
if not CHECK:
    write(table)
    show(table)
sys.exit(1 if findings else 0)
