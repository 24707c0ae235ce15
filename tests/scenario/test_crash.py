"""Killed a hundred times under load, the service loses nothing and does nothing twice."""
import collections
import json
import os
import pathlib
import threading

import pytest
import requests

import crash_driver
import harness
from epcis_documents import event_id

KILLS = int(os.environ.get("PACKTRAIL_KILLS", "20" if harness.SANITIZED else "102"))
SWITCH = b"PACKTRAIL_KILL_AFTER_COMMITS"

Story = collections.namedtuple("Story", "fleet received read_again journal journal_id verified")


@pytest.fixture(scope="module")
def story(make_story_site, seed):
    """Everything that happened, and what was found afterwards."""
    if not (harness.SANITIZED or os.access(crash_driver.FAULTS_BIN, os.X_OK)):
        pytest.fail(f"{crash_driver.FAULTS_BIN} is missing: make FAULTS=1")
    site = make_story_site().start()
    receiver = crash_driver.Receiver(seed)
    partner = harness.Partner(receiver.take)
    tokens = crash_driver.furnish(site, partner.url)
    site.kill()
    fleet = crash_driver.Fleet(site, tokens, seed)
    fleet.run(KILLS, 3 * KILLS)
    journal_id = site.admin.get("/version")["journal_id"]
    wanted = {event_id(journal_id, f.seq, part) for f in fleet.facts() for part in range(f.parts)}
    received = receiver.wait_for(wanted)
    read_again = read_all_again(site, fleet)
    site.stop()
    partner.close()
    yield Story(fleet, received, read_again, site.journal(), journal_id, site.verify())


def read_all_again(site, fleet):
    """What the service still says of all that it ever answered."""
    caller = site.caller(fleet.tokens["line"])
    found = {}
    for client in fleet.clients:
        for request in client.issued:
            found[request] = caller.get(f"/v1/serials/requests/{request}")
        client.life = 0
        client.connection = None
        for before in client.requests:
            client.repeat(before)
        for sscc in [*client.cases, *client.pallets]:
            found[sscc] = caller.unit(sscc)
        for serials in client.cases.values():
            found[client.pack(serials[0])] = caller.unit(client.pack(serials[0]))
    return found


def test_every_kill_that_counts_met_twenty_requests_in_flight(story):
    met = [story.fleet.broken[kill.life] for kill in story.fleet.kills]
    assert sum(count >= crash_driver.IN_FLIGHT for count in met) >= KILLS, met


@pytest.mark.skipif(harness.SANITIZED, reason="there is no such build with sanitizers")
def test_a_third_of_the_kills_came_between_commit_and_answer(story):
    good = story.fleet.good_kills()
    assert 3 * sum(kill.from_inside for kill in good) >= len(good)


def test_no_number_was_given_twice(story):
    given = collections.Counter(
        (client.gtin if len(number) != 18 else "sscc", number)
        for client in story.fleet.clients for numbers in client.issued.values()
        for number in numbers)
    assert given and max(given.values()) == 1


def test_no_number_was_drawn_for_an_answer_that_nobody_got(story):
    """Each issue of the journal is one request of ours, though it was asked again and again."""
    issued = [r for r in story.journal if r["kind"] == "numbers.issued"]
    requests = [request for client in story.fleet.clients for request in client.issued]
    assert len(set(requests)) == len(requests) == len(issued)


def test_requests_are_read_again_as_they_were_answered(story):
    for client in story.fleet.clients:
        for request, numbers in client.issued.items():
            again = story.read_again[request]
            assert again["request"] == request
            assert (again.get("serials") or again.get("ssccs")) == numbers


def test_every_unit_is_where_it_was_reported_to_be(story):
    for client in story.fleet.clients:
        pallet_of = {case: p for p, cases in client.pallets.items() for case in cases}
        for case, serials in client.cases.items():
            unit = story.read_again[case]
            gone = pallet_of.get(case) in client.shipped
            assert unit["state"] == ("shipped" if gone else "closed")
            assert unit["contents"] == [
                {"gtin": client.gtin, "lot": client.lot, "count": crash_driver.CASE}]
            assert unit["parent"] == (f"(00){pallet_of[case]}" if case in pallet_of else None)
            pack = story.read_again[client.pack(serials[0])]
            assert pack["state"] == ("shipped" if gone else "packed")
            assert pack["parent"] == f"(00){case}"
        for pallet in client.pallets:
            gone = pallet in client.shipped
            assert story.read_again[pallet]["state"] == ("shipped" if gone else "closed")


def test_the_journal_holds_exactly_what_was_answered(story):
    kinds = {"commission": "units.commissioned", "scrap": "units.scrapped", "pack": "units.packed",
             "unpack": "units.unpacked", "ship": "shipment.made"}
    assert {fact.type for fact in story.fleet.facts()} == kinds.keys()
    ours = sorted((fact.seq, kinds[fact.type]) for fact in story.fleet.facts())
    theirs = [(r["seq"], r["kind"]) for r in story.journal if r["kind"] in kinds.values()]
    assert ours == theirs


def test_the_partner_knows_exactly_the_events_of_the_journal(story):
    wanted = [event_id(story.journal_id, fact.seq, part)
              for fact in sorted(story.fleet.facts()) for part in range(fact.parts)]
    assert list(story.received) == wanted  # none missing, none more, first come in order


def test_verify_is_clean(story):
    records, units = story.verified
    assert records == len(story.journal)
    assert units >= sum(len(numbers) for c in story.fleet.clients for numbers in c.cases.values())


def test_the_shipped_program_cannot_kill_itself(make_site):
    assert SWITCH not in pathlib.Path(harness.BIN).read_bytes()
    if os.access(crash_driver.FAULTS_BIN, os.X_OK):
        assert SWITCH in pathlib.Path(crash_driver.FAULTS_BIN).read_bytes()
    site = make_site(env={SWITCH.decode(): "1"}).start()
    harness.Line(site).serials(3)
    site.stop()
    assert json.dumps(site.journal()).count("numbers.issued") == 1


def test_an_import_that_was_killed_half_way_is_taken_whole_when_repeated(make_site):
    site = make_site().start()
    admin = site.admin
    admin.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": [harness.PREFIX]})
    admin.put(f"/v1/products/{harness.GTIN}", {"client": "acme", "name": "Exampline 5 mg"})
    admin.put("/v1/pools/list", {"gtin": harness.GTIN, "kind": "list"})
    numbers = "".join(f"N{n:09d}\n" for n in range(200_000))
    seen = {"records": len(site.journal())}

    def kill_in_the_middle():
        while seen["records"] < 30:  # each part of it is a record
            seen["records"] = len(site.journal())
        site.kill()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    as_text = {"headers": {"Content-Type": "text/plain"}}
    with pytest.raises(requests.ConnectionError):
        admin.post("/v1/pools/list/import", numbers, 201, **as_text)
    killer.join()
    site.start()
    assert admin.get("/v1/pools/list")["left"] == 0
    assert admin.post("/v1/pools/list/import", numbers, 201, **as_text) == {"imported": 200_000}
    assert admin.get("/v1/pools/list")["left"] == 200_000
    site.stop()
    kinds = [record["kind"] for record in site.journal()]
    assert "import.dropped" in kinds and kinds[-1] == "import.done"
    site.verify()
