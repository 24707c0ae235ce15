"""The C table of markets is what its files say, and a file that contradicts itself is refused."""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def make_table(root, *options):
    return subprocess.run(["/usr/bin/python3", root / "scripts/market_table.py", *options],
                          capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    for path in ("scripts", "schemas/markets"):
        shutil.copytree(ROOT / path, tmp_path / path)
    (tmp_path / "service/catalog").mkdir(parents=True)
    shutil.copy(ROOT / "service/catalog/market_table.c", tmp_path / "service/catalog")
    return tmp_path


def change(root, name, old, new):
    path = root / "schemas/markets" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_table_is_current():
    done = make_table(ROOT, "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_rule_makes_the_table_stale_until_it_is_made_again(copy):
    change(copy, "ru.yaml", "min: 44, max: 44", "min: 44, max: 88")
    assert make_table(copy, "--check").returncode == 1
    assert make_table(copy).returncode == 0
    assert make_table(copy, "--check").returncode == 0


@pytest.mark.parametrize("name,old,new,words", [
    ("eu.yaml", "expiry: month", "expiry: year", "expiry 'year'"),
    ("eu.yaml", "max: 20", "max: 21", "min and max"),
    ("eu.yaml", "charset: alnum", "charset: ebcdic", "charset 'ebcdic'"),
    ("eu.yaml", "guess: 10000", "guess: 100", "what eu-fmd keeps"),
    ("eu.yaml", "[random, list]", "[random, sequential]", "who counts is guessed"),
    ("us.yaml", "market: US", "market: US\ncovers: [US]", "a word stands twice"),
    ("eu.yaml", "market: EU", "market: EUR", "not named as the market"),
    ("ru.yaml", "pools: [list]", "pools: [random]", "come as a list"),
    ("ru.yaml", "ai: '91'", "ai: 91", "ai 91"),
    ("us.yaml", "levels: all\n", "", "it lacks ['levels']"),
    ("us.yaml", "expiry: month", "expiry: month\nexpires: day", "it has ['expires']"),
    ("eg.yaml", "levels: 1", "levels: 0", "levels are for a required aggregation"),
    ("eu.yaml", "'NO'", "NO", "market False"),  # a bare NO is false in YAML
])
def test_a_file_that_contradicts_itself_is_refused_by_name(copy, name, old, new, words):
    change(copy, name, old, new)
    done = make_table(copy)
    assert done.returncode == 1
    assert done.stderr.startswith(f"schemas/markets/{name}: ") and words in done.stderr
