"""The harness does what scenarios rely on."""
import mmap
import os
import pathlib
import tempfile
import threading

import pytest
import requests

import harness

MEBI = 1 << 20


def send(partner, body=b"{}"):
    session = requests.Session()
    session.trust_env = False
    return session.post(partner.url, data=body, timeout=20)


def mapped(number):
    """A shared mapping of 32 MB that is resident: of a file, or of none (-1)."""
    pages = mmap.mmap(number, 32 * MEBI)
    for at in range(0, len(pages), mmap.PAGESIZE):
        pages[at] = 1
    return pages


def test_shared_memory_is_counted_and_mapped_files_are_not_even_in_memory():
    if not pathlib.Path("/dev/shm").is_dir():
        pytest.skip("needs /dev/shm")
    before = harness.resident_kb(os.getpid())
    with mapped(-1):
        shared = harness.resident_kb(os.getpid())
        assert 24_000 < shared - before < 42_000
        with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
            file.truncate(32 * MEBI)
            with mapped(file.fileno()):
                assert abs(harness.resident_kb(os.getpid()) - shared) < 8000


def test_a_partner_keeps_what_came_and_accepts(partner):
    assert send(partner, b"one").status_code == 200
    assert send(partner, iter([b"tw", b"o"])).status_code == 200  # chunked
    assert [m.body for m in partner.wait_for(2)] == [b"one", b"two"]
    assert partner.received[0].path == "/capture"


def test_a_partner_answers_as_told_and_then_as_always(partner):
    partner.then(harness.REFUSE, harness.FAIL, lambda m: harness.Answer.of(207, m.body.upper()))
    answers = [send(partner, b"x") for _ in range(4)]
    assert [a.status_code for a in answers] == [400, 500, 207, 200]
    assert answers[2].content == b"X"


def test_a_partner_may_hang_up(partner):
    partner.then(harness.CLOSE)
    with pytest.raises(requests.ConnectionError):
        send(partner)
    assert len(partner.received) == 1


def test_a_partner_may_hang_until_let_go(partner):
    partner.then(harness.HANG)
    ends = []

    def wait():
        try:
            ends.append(send(partner))
        except requests.ConnectionError as e:
            ends.append(e)

    waiter = threading.Thread(target=wait)
    waiter.start()
    partner.wait_for(1)
    assert not ends
    partner.let_go()
    waiter.join(10)
    assert isinstance(ends[0], requests.ConnectionError)
