"""What the checks share: which files there are, C text without comments and strings, findings.

Every check runs over the folder it is started in (or the one named as first argument), prints
`file:line: sentence` for each finding and exits with 1 when there was one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
PRODUCT = ("common", "service")

_DEAD = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)
_findings = []


def files(*folders, ends=(".c", ".h")):
    """Paths below the folders, from the root, in name order."""
    found = []
    for folder in folders:
        found += [p for p in (ROOT / folder).rglob("*") if p.suffix in ends and p.is_file()]
    return sorted(str(p.relative_to(ROOT)) for p in found)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def code(text):
    """The text with comments and literals blanked, every line still at its number."""
    return _DEAD.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def table(path):
    """Rows of a small text file: (line number, words). `#` begins a comment."""
    rows = []
    for number, line in enumerate(read(path).splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if words:
            rows.append((number, words))
    return rows


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def finding(path, line, sentence):
    _findings.append((path, line, sentence))


def finish():
    for path, line, sentence in sorted(set(_findings)):
        print(f"{path}:{line}: {sentence}")
    sys.exit(1 if _findings else 0)
