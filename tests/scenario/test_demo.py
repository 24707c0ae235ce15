"""`packtrail demo` tells the main job, proves it, and what it sends is valid."""
import collections
import re

import epcis_documents
from harness import CALL_S, packtrail

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


def test_wrong_usage_is_told():
    for says, *args in (("option.range: --packs: a number from 2 to 10000000, not none", "--packs", "none"),
                        ("option.value: --packs: has no value", "--packs"),
                        ("option.range: --speed: a number from 1 to 1000000, not 0", "--speed", "0"),
                        ("option.unknown: there is no option --unknown", "--unknown", "1")):
        done = packtrail("demo", *args)
        assert done.returncode == 2 and "usage: packtrail demo" in done.stderr
        assert done.stderr.startswith(f"packtrail demo: {says}\n")
