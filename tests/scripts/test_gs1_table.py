"""The C table of application identifiers is what its data files say, and the data is refused when
it contradicts itself."""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def make_table(root, *options):
    return subprocess.run(["/usr/bin/python3", root / "scripts/gs1_ai_table.py", *options],
                          capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    for path in ("scripts/gs1_ai_table.py", "schemas/gs1/ai.txt", "schemas/gs1/codes.txt",
                 "service/gs1/ai_table.c"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def test_the_table_is_current():
    done = make_table(ROOT, "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_row_makes_the_table_stale_until_it_is_made_again(copy):
    ai = copy / "schemas/gs1/ai.txt"
    ai.write_text(ai.read_text().replace("X..28 ", "X..27 ", 1))
    assert make_table(copy, "--check").returncode == 1
    assert make_table(copy).returncode == 0
    assert make_table(copy, "--check").returncode == 0


@pytest.mark.parametrize("row,words", [
    ("99  p  X..20  -  -  -  X", "cannot vary"),
    ("99  -  Q6  -  -  -  X", "part 'Q6'"),
    ("01  -  N6  -  -  -  X", "not with its neighbours"),
    ("3100-3205  -  N6  -  -  -  X", "range"),
])
def test_a_row_that_contradicts_the_format_is_refused_with_its_line(copy, row, words):
    ai = copy / "schemas/gs1/ai.txt"
    ai.write_text(ai.read_text() + row + "\n")
    done = make_table(copy)
    assert done.returncode == 1
    assert f"ai.txt:{len(ai.read_text().splitlines())}: " in done.stderr and words in done.stderr
