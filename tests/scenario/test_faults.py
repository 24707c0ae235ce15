"""Whatever call fails, the service says so or goes on, and keeps what it answered."""
import errno
import os
import random
import signal

import pytest

import faults
import harness

ALL = 10 ** 9
MOST = os.environ.get("PACKTRAIL_FAULTS", "2")  # of each kind of call, in each scene: a number, all
MOST = ALL if MOST == "all" else int(MOST)
PART = tuple(map(int, os.environ.get("PACKTRAIL_FAULTS_PART", "1/1").split("/")))
KINDS = os.environ.get("PACKTRAIL_FAULTS_KINDS", " ".join(faults.KINDS[1:])).split()
pytestmark = pytest.mark.skipif(harness.SANITIZED, reason="the failing calls are preloaded first")


def shim(folder):
    if not faults.SHIM.exists():
        pytest.fail(f"{faults.SHIM} is missing: make shims")
    return faults.Faults(folder)


@pytest.mark.parametrize("name", faults.SCENES)
def test_no_call_that_fails_costs_what_was_answered(tmp_path, seed, capsys, name):
    stage = faults.Stage(name, tmp_path, shim(tmp_path))
    choose = random.Random(seed)
    said, tried, met, odd = [], 0, 0, []
    if MOST == ALL:
        faults.Start.LOOKS = 10
    try:
        for kind in KINDS:
            calls, runs, hits, strange = faults.walk(stage, kind, MOST, PART, choose)
            odd += strange
            said.append(f"{kind} {runs}/{2 * calls}")
            tried, met = tried + runs, met + hits
    finally:
        stage.end()
    assert 2 * met >= tried  # the very last call of a run may not come in the next
    with capsys.disabled():
        print(f"\n{name}: {met} calls failed ({', '.join(said)})")
        for one in odd:
            print(f"once: {one[:2000]}")


def test_a_store_whose_own_page_is_not_written_dies_with_a_word_and_is_whole_at_the_next_start(
        tmp_path):
    shared = shim(tmp_path)
    story = faults.Story(tmp_path, shared)
    site = story.site
    lot = lambda name: {"lot": name, "gtin": harness.GTIN, "expiry": "2030-12"}
    before = story.call("operator", "POST", "/v1/lots", lot("L8"), "K8")
    assert before.status_code == 201
    shared.arm(faults.Fault("meta", 1, 0, errno.EIO))
    failed = story.call("operator", "POST", "/v1/lots", lot("L9"), "K9")
    assert failed is None or failed.status_code == 503  # it may end before it answers
    if failed is not None:
        assert story.call("auditor", "GET", "/v1/lots") is None
    assert shared.hits == 1
    shared.disarm()
    assert site.wait() == -signal.SIGABRT
    assert "event=store.died" in site.log()
    site.verify()
    site.start()
    assert story.call("operator", "POST", "/v1/lots", lot("L8"), "K8").content == before.content
    assert story.call("operator", "POST", "/v1/lots", lot("L9"), "K9").status_code == 201
    story.end()


# Of files, for there are few such calls; what the store fails is the scene's.
@pytest.mark.parametrize("kind", ["open", "read"])
def test_a_document_that_was_answered_is_kept_whatever_fails_while_it_is_read_again(tmp_path, kind):
    shared = shim(tmp_path)
    stage = faults.Stage("capture", tmp_path, shared)
    calls, tried, hits, _ = faults.walk(stage, kind, ALL, (1, 1), random.Random(1))
    stage.end()
    assert tried == 2 * calls and hits > 0


def test_init_ends_where_no_descriptor_can_be_watched(tmp_path):
    shared = shim(tmp_path)
    scene = faults.Init(tmp_path, shared)
    shared.arm(None)
    scene.run(None)
    calls = shared.counted[faults.KINDS.index("poll")]
    assert calls > 0
    for nth in range(1, calls + 1):
        scene.run(faults.Fault("poll", nth, 0, errno.ENOMEM))  # its end is waited for
        assert shared.hits == 1


# The first calls are OpenSSL's, which does not look whether it got anything.
def test_openssl_without_memory_ends_the_program_with_a_word(tmp_path):
    shared = shim(tmp_path)
    ended = 0
    for nth in range(1, 61):
        shared.arm(faults.Fault("alloc", nth, 0, errno.ENOMEM))
        done = harness.packtrail("init", tmp_path / f"site-{nth}", env=shared.env)
        assert shared.hits == 1
        faults.assert_said_why(done.returncode, done.stderr)
        ended += done.returncode == -signal.SIGABRT
    assert ended > 30
