#!/usr/bin/python3
"""Writes the tables of README.md that the program itself knows best: its commands and settings.

usage: scripts/readme_tables.py [--write]     without it, says whether README.md is as it should be
The program is PACKTRAIL_BIN, build/packtrail unless told otherwise.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BIN = os.path.abspath(os.environ.get("PACKTRAIL_BIN", ROOT / "build/packtrail"))


def packtrail(*args):
    return subprocess.run([BIN, *args], capture_output=True, text=True, check=True).stdout


def table(head, rows):
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
                     for line in lines)


def commands():
    names = re.findall(r"^  (\w+) ", packtrail("--help"), re.M)
    rows = []
    for name in names:
        usage, says = packtrail(name, "--help").strip().split("\n", 1)
        rows.append((f"`{usage.removeprefix('usage: ')}`", " ".join(says.split())))
    return table(("command", "what it does"), rows)


def settings():
    with tempfile.TemporaryDirectory() as folder:
        packtrail("init", f"{folder}/site")
        text = pathlib.Path(folder, "site/packtrail.yaml").read_text()
    section, says, rows = "", "", []
    for line in text[text.index("\n\n"):].splitlines():
        if match := re.fullmatch(r"(\w+):", line):
            section = match[1] + "."
        elif match := re.fullmatch(r" *# (.*)", line):
            says = match[1]
        elif match := re.fullmatch(r"( *)#(\w+): (.*)", line):
            name = (section if match[1] else "") + match[2]
            what, limits = re.fullmatch(r"(.*?)(?: \((?:([^()]*); )?taken up by [^()]*\))?",
                                        says).groups()
            value = match[3].strip('"')
            rows.append((f"`{name}`", f"`{value}`" if value else "", limits or "", what))
    return table(("setting", "default", "values", ""), rows)


def whole(text):
    for name, make in (("commands", commands), ("settings", settings)):
        part = re.compile(rf"(<!-- {name}: .*? -->\n).*?(\n<!-- end -->)", re.S)
        assert part.search(text), f"README.md has no place for its {name}"
        text = part.sub(lambda m: m[1] + make() + m[2], text)
    return text


def main():
    now = README.read_text()
    good = whole(now)
    if sys.argv[1:] == ["--write"]:
        README.write_text(good)
    elif sys.argv[1:]:
        sys.exit(__doc__)
    elif now != good:
        sys.exit("README.md: its tables are old: scripts/readme_tables.py --write")


main()
