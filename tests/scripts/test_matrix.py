"""The matrix of requirements and tests is whole, and what is wrong in one is found."""
import csv
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = 'ANNEX11-9: {source: "Annex 11", asks: "Changes are recorded", tests: [a_test.c::it_is_so]}\n'
UNIT = """// HOUSE-1: why
static void it_is_so(void **state)
{
}

static void it_is_not(void **state) // HOUSE-2
{
    x(); // HOUSE-3
}
"""
SCENARIO = """def test_one():
    pass


# HOUSE-5
@pytest.mark.parametrize("word", [
    "a", "b"])
def test_two(word):
    '''REQ HOUSE-6'''
"""


def matrix(root, *args):
    return subprocess.run(["/usr/bin/python3", ROOT / "scripts/matrix.py", *args, root],
                          capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path):
    """A small tree; house({path: text}) writes files and says what the check finds."""
    def put(files):
        for path, text in {"tests/unit/a_test.c": UNIT, "schemas/validation.yaml": ROW,
                           "schemas/requirements.txt": "# none\n", **files}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        done = matrix(tmp_path, "--check")
        assert done.stderr == "" and done.returncode == (1 if done.stdout else 0)
        return done.stdout.splitlines()
    put.root = tmp_path
    return put


def test_every_requirement_is_answered_and_every_test_is_there():
    done = matrix(ROOT, "--check")
    assert (done.returncode, done.stdout) == (0, "")


def test_every_paragraph_that_binds_is_in_it():
    text = (ROOT / "schemas/validation.yaml").read_text()
    wanted = [f"PART11-10.{c}" for c in "bcdfghijk"] + ["PART11-10.a1", "PART11-10.a2", "PART11-50",
              "PART11-10.e1", "PART11-70", "PART11-200.a", *(f"PART11-300.{c}" for c in "abcde")]
    wanted += [f"ANNEX11-{n}" for n in (1, 2, 3, 4, 5, 6, 9, 10, 11, 13, 14, 15, 16, 17)]
    wanted += [f"DRAFT11-12.{n}" for n in (1, 2, 3, 4, 6, 8)] + [f"FMD-4.{c}" for c in "abcd"]
    assert [name for name in wanted if f"\n{name}: " not in text] == []


@pytest.mark.parametrize("rows,words", [
    (ROW.replace("it_is_so", "it_was_so"), "there is no test a_test.c::it_was_so"),
    (ROW.replace("a_test.c", "b_test.c"), "there is no test b_test.c::it_is_so"),
    (ROW.replace("[a_test.c::it_is_so]", "[]"), "no test, duty or lack"),
    (ROW.replace("tests:", "proves:"), "has no member proves"),
    (ROW.replace("Changes are recorded", ""), "what it asks"),
    (ROW.replace("ANNEX11-9", "nine"), "an id is"),
])
def test_a_row_that_is_wrong_is_found(house, rows, words):
    findings = house({"schemas/validation.yaml": rows})
    assert findings and all(line.startswith("schemas/validation.yaml: ") for line in findings)
    assert any(words in line for line in findings)


def test_an_id_is_stated_once_in_all_files(house):
    assert house({"schemas/requirements.txt": "ANNEX11-9  Something else\n"})[0].endswith(
        "ANNEX11-9: is stated twice")
    assert house({"schemas/requirements.txt": "HOUSE-4  Nobody names it\n"}) == [
        "schemas/requirements.txt: HOUSE-4: no test, duty or lack answers it"]


def test_a_comment_at_the_margin_belongs_to_the_test_below_it(house):
    assert house({"tests/scenario/test_b.py": SCENARIO,
                  "schemas/requirements.txt": "HOUSE-5  Five\nHOUSE-6  Six\n"}) == []
    assert matrix(house.root).stdout.count("test_b.py::test_two") == 2


def test_tests_that_name_an_id_are_found_and_all_is_written(house):
    assert house({"schemas/requirements.txt": "HOUSE-1  One\nHOUSE-2  Two\nHOUSE-3  <b>\n",
                  "schemas/conformance.yaml": '# ---- paths\n"1": {policy: README.md, says: "so"}\n'
                  }) == []
    done = matrix(house.root)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == (
        "5 requirements: 4 shown by 2 tests, 1 answered otherwise, 0 lack something")
    with open(house.root / "build/matrix.csv", encoding="utf-8", newline="") as text:
        rows = {row["id"]: row for row in csv.DictReader(text)}
    assert {name: row["tests"] for name, row in rows.items()} == {
        "ANNEX11-9": "a_test.c::it_is_so", "HOUSE-1": "a_test.c::it_is_so",
        "HOUSE-2": "a_test.c::it_is_not", "HOUSE-3": "a_test.c::it_is_not",
        "EPCIS-CHECKLIST-1": ""}
    page = (house.root / "build/matrix.html").read_text()
    assert "&lt;b&gt;" in page and "a_test.c::it_is_not" in page
