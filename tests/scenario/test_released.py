"""What any released version has written is read, and its facts still yield the same rows."""
import os
import pathlib
import shutil
import subprocess

import pytest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEEP = ROOT / "scripts/release_folder.sh"
RELEASED = sorted(p for p in (ROOT / "tests/released").glob("*") if p.is_dir())


def proof(kept, work):
    """What verify says of a copy, and what was said when the folder was kept."""
    shutil.copytree(kept, work)
    done = harness.packtrail("verify", work)
    return done.returncode, done.stdout + done.stderr, (kept / "verified").read_text()


@pytest.mark.parametrize("kept", RELEASED or [None], ids=lambda p: p.name if p else "none")
def test_a_folder_of_every_release_is_still_whole(kept, tmp_path):
    if kept is None:
        pytest.skip("nothing was released yet")
    code, said, then = proof(kept, tmp_path / "folder")
    assert (code, said) == (0, then)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder of this version, kept as a release's would be."""
    folder = tmp_path_factory.mktemp("released")
    done = subprocess.run([KEEP, "now", folder], env={**os.environ, "PACKTRAIL": harness.BIN},
                          capture_output=True, text=True, timeout=harness.CALL_S, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "now"


def test_a_release_is_kept_with_what_verify_said_of_it(kept, tmp_path):
    assert sorted(p.name for p in kept.iterdir()) == ["data.mdb", "format", "verified"]
    code, said, then = proof(kept, tmp_path / "folder")
    assert (code, said) == (0, then)
    assert harness.VERIFIED.fullmatch(then.strip())
    again = subprocess.run([KEEP, "now", kept.parent], env={**os.environ, "PACKTRAIL": harness.BIN},
                           capture_output=True, text=True, check=False)
    assert again.returncode == 1 and "never changed" in again.stderr


def test_a_row_that_facts_no_longer_yield_is_found(kept, tmp_path):
    """As where a later version wrote a fact otherwise: here a row is changed instead."""
    store, name = (kept / "data.mdb").read_bytes(), b"Northwind"  # in a fact, in rows of it, ...
    at, found = store.find(name), []
    while at >= 0:
        changed = tmp_path / f"changed-{at}"
        shutil.copytree(kept, changed)
        (changed / "data.mdb").write_bytes(store[:at] + b"S" + store[at + 1:])
        found.append(proof(changed, tmp_path / f"folder-{at}")[1])
        at = store.find(name, at + 1)
    assert any("journal.differs" in said for said in found), found
    assert any("journal.broken" in said for said in found), found
