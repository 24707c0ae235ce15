"""The C table of units is what its data file says, and the data is refused when it is wrong."""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def make_table(root, *options):
    return subprocess.run(["/usr/bin/python3", root / "scripts/epcis_uom_table.py", *options],
                          capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    for path in ("scripts/epcis_uom_table.py", "schemas/cbv/uom.txt", "service/epcis/uom_table.c"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def test_the_table_is_current():
    done = make_table(ROOT, "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_row_makes_the_table_stale_until_it_is_made_again(copy):
    units = copy / "schemas/cbv/uom.txt"
    units.write_text(units.read_text().replace("273.15", "273.16", 1))
    assert make_table(copy, "--check").returncode == 1
    assert make_table(copy).returncode == 0
    assert make_table(copy, "--check").returncode == 0


@pytest.mark.parametrize("row,words", [
    ("KGM  mass  2  -  kilogram again", "code 'KGM'"),
    ("kgx  mass  2  -  small", "code 'kgx'"),
    ("ZZZ  mass  0  -  nothing", "does not fit"),
    ("ZZZ  mass  1e30  -  huge", "does not fit"),
    ("ZZZ  mass  x  -  no number", "x"),
    ("ZZZ  mass  1", "not enough"),
])
def test_a_row_that_cannot_be_is_refused_with_its_line(copy, row, words):
    units = copy / "schemas/cbv/uom.txt"
    units.write_text(units.read_text() + row + "\n")
    done = make_table(copy)
    assert done.returncode == 1
    assert f"uom.txt:{len(units.read_text().splitlines())}: " in done.stderr
    assert words in done.stderr
