"""What any released version has written is read, its facts still yield the same rows, and it is
served."""
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEEP = ROOT / "scripts/release_folder.sh"
RELEASED = sorted((ROOT / "tests/released").glob("*.tar.gz"))
SIZE_MAX = 100_000


def unpacked(archive, to):
    with tarfile.open(archive) as tar:
        tar.extractall(to)
    folder, = to.iterdir()
    return folder


def proof(site):
    done = harness.packtrail("verify", site)
    return done.returncode, done.stdout + done.stderr


def contains(now, then):
    """What was told then is told now; there may be more by now."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(k in now and contains(now[k], v)
                                             for k, v in then.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(map(contains, now, then))
    return now == then


def lots_of(site):
    """What a service on the folder says of its lots."""
    made = harness.packtrail("token", "create", site, "--role", "admin")
    assert made.returncode == 0, made.stderr
    with subprocess.Popen([harness.BIN, "serve", "-c", site / "packtrail.yaml"], text=True,
                          env={**os.environ, "PACKTRAIL_LISTEN": "127.0.0.1:0"},
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            url = server.stdout.readline().split()[-1]
            return harness.Caller(url, made.stdout.split()[-1]).get("/v1/lots")
        finally:
            server.terminate()


@pytest.mark.parametrize("archive", RELEASED, ids=lambda p: p.name)
def test_a_folder_of_every_release_is_still_whole(archive, tmp_path):
    assert archive.stat().st_size < SIZE_MAX
    kept = unpacked(archive, tmp_path)
    assert proof(kept / "site") == (0, (kept / "verified").read_text())


@pytest.mark.parametrize("archive", RELEASED, ids=lambda p: p.name)
def test_a_folder_of_every_release_is_served_and_tells_the_same_lots(archive, tmp_path):
    kept = unpacked(archive, tmp_path)
    then = json.loads((kept / "lots.json").read_text())
    assert len(then["items"]) == 2
    assert contains(lots_of(kept / "site"), then)
    code, said = proof(kept / "site")  # also what it wrote since
    assert code == 0, said


def test_there_is_a_folder_of_the_first_format():
    assert RELEASED


def keep(version, folder):
    return subprocess.run([KEEP, version, folder], env={**os.environ, "PACKTRAIL": harness.BIN},
                          capture_output=True, text=True, timeout=2 * harness.CALL_S, check=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A site of this version, kept as a release's would be."""
    folder = tmp_path_factory.mktemp("released")
    done = keep("now", folder)
    assert done.returncode == 0, done.stderr
    return folder / "now.tar.gz"


@pytest.fixture
def kept(archive, tmp_path):
    return unpacked(archive, tmp_path)


def test_a_release_is_kept_with_what_verify_said_of_it(archive, kept):
    assert sorted(p.name for p in kept.iterdir()) == ["lots.json", "site", "verified"]
    assert sorted(p.name for p in (kept / "site").iterdir()) == [
        "data", "export.key", "messages", "packtrail.yaml", "site.key"]
    assert proof(kept / "site") == (0, (kept / "verified").read_text())
    assert harness.VERIFIED.fullmatch((kept / "verified").read_text().strip())
    assert archive.stat().st_size < SIZE_MAX
    again = keep("now", archive.parent)
    assert again.returncode == 1 and "never changed" in again.stderr


def test_a_lot_that_is_told_otherwise_is_noticed(kept):
    then = json.loads((kept / "lots.json").read_text())
    now = lots_of(kept / "site")
    assert contains(now, then)
    then["items"][0]["levels"][0]["commissioned"] += 1
    assert not contains(now, then)


def test_a_row_that_facts_no_longer_yield_is_found(kept, tmp_path):
    """As where a later version wrote a fact otherwise: here a row is changed instead."""
    store, name = (kept / "site/data/data.mdb").read_bytes(), b"Northwind"  # in facts and rows
    at, found = store.find(name), []
    while at >= 0:
        changed = tmp_path / f"changed-{at}"
        shutil.copytree(kept / "site", changed)
        (changed / "data/data.mdb").write_bytes(store[:at] + b"S" + store[at + 1:])
        found.append(proof(changed)[1])
        at = store.find(name, at + 1)
    assert any("journal.differs" in said for said in found), found
    assert any("journal.broken" in said for said in found), found
