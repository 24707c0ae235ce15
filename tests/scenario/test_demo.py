"""`packtrail demo` tells the main job, proves it, and what it sends is valid."""
import collections
import os
import re
import signal
import socket
import subprocess

import pytest

import epcis_documents
from harness import BIN, CALL_S, packtrail

PACKS = 600
LEFT = re.compile(r"lot +(\S+) +issued +(\d+) = commissioned +(\d+) \+ scrapped +(\d+) \+ "
                  r"left +(\d+); +packed +(\d+)")


def test_the_demo_balances_verifies_and_leaves_nothing_behind():
    done = packtrail("demo", "--packs", PACKS, "--speed", "max", timeout=2 * CALL_S)
    assert done.returncode == 0, done.stdout + done.stderr
    balances = [tuple(map(int, found[1:])) for found in LEFT.findall(done.stdout)]
    assert len(balances) == 2
    for issued, commissioned, scrapped, left, packed in balances:
        assert issued == commissioned + scrapped + left and packed == commissioned
    assert sum(commissioned for _, commissioned, *_ in balances) == PACKS
    assert re.search(r"^verified \d+ records, \d+ units$", done.stdout, re.M)


def test_what_the_demo_sends_holds_to_the_official_schemas(tmp_path, shared):
    folder = tmp_path / "kept"
    done = packtrail("demo", "--packs", PACKS, "--speed", "max", "--keep", folder, "--listen",
                     "127.0.0.1:0", timeout=2 * CALL_S)
    assert done.returncode == 0, done.stdout + done.stderr
    steps = collections.Counter()
    for document in (folder / "partner").iterdir():
        body = document.read_bytes()
        assert not epcis_documents.faults(body), document.name
        for event in epcis_documents.events(body):
            steps[document.suffix, event.step] += 1
    for suffix in (".json", ".xml"):
        for step in ("commissioning", "packing", "shipping"):
            assert steps[suffix, step], (suffix, step)
    done = packtrail("verify", folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("group", [False, True], ids=["alone", "group"])
def test_a_demo_that_is_ended_leaves_neither_service_nor_folder(tmp_path, how, group):
    demo = subprocess.Popen(
        [BIN, "demo", "--packs", "2000", "--speed", "50"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=lambda: signal.signal(how, signal.SIG_DFL))
    try:
        lies = re.match(r"the site lies in (\S+) and answers at http://(\S+):(\d+)",
                        demo.stdout.readline())
        assert os.path.dirname(lies[1]) == str(tmp_path) and os.path.exists(f"{lies[1]}/site.key")
        (os.killpg if group else os.kill)(demo.pid, how)
        assert demo.wait(CALL_S) in ([-how, 1] if group else [-how])
    finally:
        demo.kill()
        demo.stdout.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((lies[2], int(lies[3])))


def test_no_service_outlives_a_demo_that_is_killed(tmp_path):
    with subprocess.Popen([BIN, "demo", "--packs", "2000", "--speed", "50"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "TMPDIR": str(tmp_path)}) as demo:
        port = re.search(r"answers at http://\S+:(\d+)", demo.stdout.readline())[1]
        demo.kill()
        demo.stderr.read()  # to its end: the service has it, too
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)))


def test_wrong_usage_is_told():
    for says, *args in (("option.range: --packs: a number from 2 to 10000000, not none", "--packs", "none"),
                        ("option.value: --packs: has no value", "--packs"),
                        ("option.range: --speed: a number from 1 to 1000000, not 0", "--speed", "0"),
                        ("option.unknown: there is no option --unknown", "--unknown", "1")):
        done = packtrail("demo", *args)
        assert done.returncode == 2 and "usage: packtrail demo" in done.stderr
        assert done.stderr.startswith(f"packtrail demo: {says}\n")
