"""schemas/store.txt names every number that lies on disk, once, and the file that owns it."""
import collections
import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORE = ROOT / "schemas/store.txt"
LINE = re.compile(r"(row|fact) (\S+)(?: (\S+))?: (.+) \((service/\S+\.[ch])\)")

Entry = collections.namedtuple("Entry", "sort mark name says owner")


def entries():
    """The lines of store.txt but for its comments; indented lines continue the one before."""
    text = re.sub(r"\n +", " ", STORE.read_text())
    for line in text.splitlines():
        if line and not line.startswith("#"):
            found = LINE.fullmatch(line)
            assert found, f"not a line of store.txt: {line}"
            yield Entry(*found.groups())


def numbers(table):
    """The rows of an X macro of numbers.h: [(NAME, 'rest of the row'), ...]."""
    text = (ROOT / "service/journal/numbers.h").read_text()
    body = re.search(rf"#define {table}\(X\)(.*?)\n\n", text, re.S)[1]
    return [(name, rest) for name, rest in re.findall(r"X\((\w+), ([^)]*)\)", body)]


def sources():
    return {path: path.read_text() for path in (ROOT / "service").rglob("*.[ch]")
            if path.name != "numbers.h"}


def test_no_number_stands_twice():
    kinds = [rest.split(", ") for _, rest in numbers("FACT_KINDS")]
    tags = [rest for _, rest in numbers("ROW_TAGS")]
    for column in ([k[0] for k in kinds], [k[1] for k in kinds], tags):
        assert len(column) == len(set(column)), column


def test_every_kind_of_fact_is_described_once():
    there = {(number, text.strip('"')) for number, text in
             (rest.split(", ") for _, rest in numbers("FACT_KINDS"))}
    said = [(e.mark, e.name) for e in entries() if e.sort == "fact"]
    assert len(said) == len(set(said)), "a kind is described twice"
    assert set(said) == there


def test_every_tag_of_rows_is_described_and_has_one_owner():
    there = {rest.strip("'") for _, rest in numbers("ROW_TAGS")}
    rows = [e for e in entries() if e.sort == "row"]
    assert {e.mark for e in rows} == there
    keys = [(e.mark, e.says.split(" -> ")[0]) for e in rows]
    assert len(keys) == len(set(keys)), "a key is described twice"
    for e in rows:
        assert e.says.startswith("key") and " -> " in e.says, e


def test_every_list_is_described_once():
    said = yaml.safe_load((ROOT / "schemas/indexed.yaml").read_text())
    assert [e["number"] for e in said] == [int(n) for _, n in numbers("LIST_ATTRIBUTES")]
    assert all(set(e) == {"number", "of", "value"} for e in said)


def test_every_owner_is_there_and_speaks_of_what_it_owns():
    names = {rest.strip("'"): name for name, rest in numbers("ROW_TAGS")}
    kinds = {rest.split(", ")[0]: name for name, rest in numbers("FACT_KINDS")}
    for e in entries():
        text = (ROOT / e.owner).read_text()
        if e.sort == "row":
            assert f"ROW_{names[e.mark]}" in text, e
        if e.sort == "fact":
            assert any(f"FACT_{kinds[e.mark]}" in t for t in sources().values()), e


def test_no_room_but_its_owner_s_knows_a_row():
    owners = collections.defaultdict(set)
    for e in entries():
        if e.sort == "row":
            owners[e.mark].add((ROOT / e.owner).parent)
    users = collections.defaultdict(set)
    names = {name: rest.strip("'") for name, rest in numbers("ROW_TAGS")}
    for path, text in sources().items():
        for name in re.findall(r"\bROW_(\w+)\b", text):
            if name in names:
                users[names[name]].add(path.parent)
    for tag, rooms in users.items():
        assert rooms <= owners[tag], f"row {tag} is known outside its room"


@pytest.mark.parametrize("line", [
    "row P key pool 4 -> nothing (service/a.c)", "fact 8 x.y: something", "rows P: key -> v (a.c)"])
def test_a_line_that_is_none_is_found(line):
    assert not LINE.fullmatch(line)
