"""Events are found by the query language of EPCIS 2.0, whoever told of them, and by nobody else.

What must be found is worked out here anew, event by event, from what was captured.
"""
import datetime
import json
import random
import threading
import time
from urllib.parse import quote, urlencode

import jsonschema
import lxml.etree
import pytest

import harness
from epcis_documents import DATA, FORMATS, need

TOP = "/epcis/v2"
EVENTS = TOP + "/events"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EXAMPLES = DATA / "gs1-EPCIS/examples-json-2.0"
XSD = DATA / "gs1-EPCIS/XSD-2.0/EPCglobal-epcis-query-2_0.xsd"
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def listed(answer):
    assert answer["type"] == "EPCISQueryDocument"
    return answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def ids(events):
    return [e["eventID"] for e in events]


def capture(caller, events, context=CONTEXT):
    """Captures and waits until it is done."""
    answer = caller.call("POST", TOP + "/capture", {
        "@context": context, "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-01-01T00:00:00Z", "epcisBody": {"eventList": events}})
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + harness.CALL_S
    while (job := caller.get(answer.headers["Location"]))["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert job["success"], job


def pages(caller, **params):
    """All events, page after page."""
    path = EVENTS + "?" + urlencode(params)
    while path is not None:
        answer = caller.call("GET", path)
        assert answer.status_code == 200, answer.text[:500]
        page = listed(answer.json())
        assert len(page) <= int(params.get("perPage", 30))
        yield page
        path = answer.links.get("next", {}).get("url")


def found(caller, **params):
    return [e for page in pages(caller, perPage=1000, **params) for e in page]


# ---- an oracle of its own

STEPS = ["shipping", "receiving", "packing", "inspecting", "https://example.com/own-step"]
PLACES = [f"urn:epc:id:sgln:9506000.0000{i}.0" for i in range(3)]
CLASSES = [f"urn:epc:class:lgtin:9506000.01234{i}.L{i}" for i in range(3)]
ITEMS = [f"urn:epc:id:sgtin:950600{i % 2}.01343{i}.S{n}" for i in range(3) for n in range(8)] + [
    "urn:example:crate:7"]


def some_event(dice, number):
    kind = dice.choice(["ObjectEvent", "AggregationEvent", "TransformationEvent"])
    at = START + datetime.timedelta(minutes=dice.randrange(60 * 72), seconds=dice.randrange(60))
    event = {
        "type": kind, "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "eventTime": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventTimeZoneOffset": "+00:00", "bizStep": dice.choice(STEPS)}
    if dice.random() < 0.6:
        event["readPoint"] = {"id": dice.choice(PLACES)}
    if dice.random() < 0.3:
        event["bizTransactionList"] = [
            {"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:9506000134352:{dice.randrange(3)}"}]
    if dice.random() < 0.3:
        event["ex:score"] = dice.randrange(10)
    items = dice.sample(ITEMS, dice.randint(1, 3))
    quantity = [{"epcClass": dice.choice(CLASSES), "quantity": dice.randint(1, 9), "uom": "KGM"}]
    if kind == "TransformationEvent":
        event |= {"inputEPCList": items[:1], "outputEPCList": items[1:] or ["urn:example:out:1"]}
        event["inputQuantityList"] = quantity
    elif kind == "AggregationEvent":
        event |= {"action": dice.choice(["ADD", "OBSERVE"]), "childEPCs": items,
                  "parentID": f"urn:epc:id:sscc:9506000.000000000{dice.randrange(3)}"}
    else:
        event |= {"action": dice.choice(["OBSERVE", "DELETE"]), "epcList": items}
        if dice.random() < 0.5:
            event["quantityList"] = quantity
    return event


def when(event):
    return datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00"))


def epcs(event, *lists):
    return [epc for name in lists for epc in event.get(name, [])]


def of_prefix(prefix):
    head = f"urn:epc:id:sgtin:{prefix}."
    return lambda e: any(i.startswith(head) for i in epcs(e, "epcList", "childEPCs"))


def some_parameter(dice):
    """Name, value, and what an event must be like."""
    step, place, item = dice.choice(STEPS), dice.choice(PLACES), dice.choice(ITEMS)
    at = START + datetime.timedelta(minutes=dice.randrange(60 * 72))
    text = at.astimezone(datetime.timezone(datetime.timedelta(hours=dice.randrange(-9, 9)))).isoformat()
    number, prefix = dice.randrange(1, 10), dice.choice(["9506000", "9506001"])
    return dice.choice([
        ("EQ_bizStep", step, lambda e: e["bizStep"] == step),
        ("EQ_bizStep", "receiving|packing", lambda e: e["bizStep"] in ("receiving", "packing")),
        ("EQ_readPoint", place, lambda e: e.get("readPoint", {}).get("id") == place),
        ("eventType", "ObjectEvent|AssociationEvent", lambda e: e["type"] == "ObjectEvent"),
        ("EQ_action", "ADD|DELETE", lambda e: e.get("action") in ("ADD", "DELETE")),
        ("GE_eventTime", text, lambda e: when(e) >= at),
        ("LT_eventTime", text, lambda e: when(e) < at),
        ("MATCH_epc", item, lambda e: item in epcs(e, "epcList", "childEPCs")),
        ("MATCH_anyEPC", item, lambda e: item in epcs(
            e, "epcList", "childEPCs", "inputEPCList", "outputEPCList")),
        ("MATCH_outputEPC", item, lambda e: item in epcs(e, "outputEPCList")),
        ("MATCH_epc", f"urn:epc:idpat:sgtin:{prefix}.*.*", of_prefix(prefix)),
        ("MATCH_parentID", "urn:epc:id:sscc:9506000.0000000001",
         lambda e: e.get("parentID") == "urn:epc:id:sscc:9506000.0000000001"),
        ("MATCH_anyEPCClass", CLASSES[1], lambda e: any(
            q["epcClass"] == CLASSES[1]
            for q in e.get("quantityList", []) + e.get("inputQuantityList", []))),
        ("GT_quantity_GRM", str(1000 * number), lambda e: any(
            q["quantity"] > number
            for q in e.get("quantityList", []) + e.get("inputQuantityList", []))),
        ("EQ_bizTransaction_po", "urn:epcglobal:cbv:bt:9506000134352:1", lambda e: any(
            t["bizTransaction"].endswith(":1") for t in e.get("bizTransactionList", []))),
        ("LE_ex:score", str(number), lambda e: e.get("ex:score", 99) <= number),
        ("EXISTS_ex:score", "true", lambda e: "ex:score" in e)])


EX = {"GS1-Extensions": "ex=https://example.com/ns/"}


@pytest.fixture(scope="module")
def story(make_story_site, seed):
    """A site with some hundred captured events of acme, and the same of another client."""
    line = harness.Line(make_story_site().start())
    line.site.admin.put("/v1/clients/bolt", {"name": "Bolt", "prefixes": ["9506001"]})
    dice = random.Random(seed)
    events = [some_event(dice, n) for n in range(300)]
    gateway = line.site.as_role("gateway", client="acme")
    context = [CONTEXT, {"ex": "https://example.com/ns/"}]
    for at in range(0, len(events), 60):
        capture(gateway, events[at:at + 60], context)
    other = line.site.as_role("gateway", client="bolt")
    capture(other, events[:50], context)
    return line, gateway, other, events


def test_what_is_found_is_what_was_captured_and_fits(story, seed):
    _, gateway, other, events = story
    dice = random.Random(seed + 1)
    hits = 0
    for _ in range(150):
        asked = {p[0]: p for p in (some_parameter(dice) for _ in range(dice.randint(1, 3)))}
        query = {name: p[1] for name, p in asked.items()}
        for caller, own in ((gateway, events), (other, events[:50])):
            wanted = {e["eventID"] for e in own if all(p[2](e) for p in asked.values())}
            answer = caller.get(EVENTS, params={"perPage": 1000, **query}, headers=EX)
            assert {*ids(listed(answer))} == wanted, query
            hits += len(wanted)
    assert hits > 200


def test_orders_are_kept_over_all_pages(story):
    _, gateway, _, events = story
    for params, key, backward in (
            ({"orderBy": "eventTime"}, when, True),
            ({"orderBy": "eventTime", "orderDirection": "ASC"}, when, False),
            ({"orderBy": "eventTime", "EQ_bizStep": "shipping"}, when, True)):
        got = [e for page in pages(gateway, perPage=17, **params) for e in page]
        times = [key(e) for e in got]
        assert times == sorted(times, reverse=backward)
        fits = [e for e in events if params.get("EQ_bizStep", e["bizStep"]) == e["bizStep"]]
        assert sorted(ids(got)) == sorted(ids(fits))
    newest = listed(gateway.get(EVENTS + "?orderBy=recordTime&eventCountLimit=1"))
    assert ids(newest) == [events[-1]["eventID"]]


def test_the_same_events_come_by_every_path_that_leads_to_them(story):
    _, gateway, _, events = story
    item = "urn:epc:id:sgtin:9506000.013430.S1"
    link = "https://id.gs1.org/01/09506000134307/21/S1"
    wanted = sorted(e["eventID"] for e in events if item in epcs(
        e, "epcList", "childEPCs", "inputEPCList", "outputEPCList"))
    for epc in (item, link):
        got = listed(gateway.get(f"{TOP}/epcs/{quote(epc, safe='')}/events?perPage=1000"))
        assert sorted(ids(got)) == wanted
        for event in got:
            assert link in epcs(event, "epcList", "childEPCs", "inputEPCList", "outputEPCList")
            one = listed(gateway.get(f"{EVENTS}/{quote(event['eventID'], safe='')}"))
            assert one == [event]
    seen = gateway.get(TOP + "/epcs?perPage=1000")["member"]
    assert link in seen and "urn:example:crate:7" in seen and len(seen) == len(set(seen))
    assert {*gateway.get(TOP + "/bizSteps")["member"]} == {e["bizStep"] for e in events}


# EPCIS-2.0-PAGES
def test_pages_stay_as_they_were_while_events_arrive(story, seed):
    line, gateway, _, _ = story
    writer = line.site.as_role("gateway", client="acme")
    before = len(found(gateway))
    dice = random.Random(seed + 2)
    done = threading.Event()

    def write():
        for n in range(1000, 1060):
            capture(writer, [some_event(dice, n)], [CONTEXT, {"ex": "https://example.com/ns/"}])
            if done.is_set():
                return

    got, thread = [], threading.Thread(target=write)
    for page in pages(gateway, perPage=7):
        got += ids(page)
        if not thread.ident:
            thread.start()
    done.set()
    thread.join()
    assert len(got) == before == len(set(got))


def test_a_page_goes_on_after_a_restart(story):
    line, gateway, _, _ = story
    everything = ids(found(gateway))
    first = gateway.call("GET", EVENTS + "?perPage=100")
    line.site.restart()
    gateway.url = line.site.url
    rest = gateway.call("GET", first.links["next"]["url"])
    assert ids(listed(first.json())) + ids(listed(rest.json())) == everything[:200]


# ---- the official schemas and examples

def query_document_rules():
    rules = json.loads(need(DATA / "ratified-copies/2.0/epcis-json-schema-2.0.0.json").read_text())
    return jsonschema.Draft7Validator(rules, format_checker=FORMATS)


def example_files():
    return sorted(EXAMPLES.rglob("*.jsonld")) if EXAMPLES.is_dir() else []


@pytest.mark.parametrize("path", example_files(), ids=lambda p: p.stem)
def test_official_examples_are_found_again_in_both_forms(line, path):
    gateway = line.site.as_role("gateway", client="acme")
    document = json.loads(need(path).read_text())
    if document.get("type") != "EPCISDocument" or "eventList" not in document.get("epcisBody", {}):
        pytest.skip("no document of events")
    answer = gateway.call("POST", TOP + "/capture", document)
    if answer.status_code == 400:
        pytest.skip("capture refuses it: " + answer.json()["detail"])
    deadline = time.monotonic() + harness.CALL_S
    while (job := gateway.get(answer.headers["Location"]))["running"]:
        assert time.monotonic() < deadline
    wanted = len(document["epcisBody"]["eventList"])
    if not job["success"]:
        pytest.skip("capture refuses it: " + str(job["errors"])[:200])
    answer = gateway.get(EVENTS + "?perPage=1000")
    assert len(listed(answer)) == wanted
    faults = [e.message[:200] for e in query_document_rules().iter_errors(answer)]
    assert not faults
    xml = gateway.call("GET", EVENTS + "?perPage=1000", headers={"Accept": "application/xml"})
    assert xml.status_code in (200, 406), xml.text[:300]
    if xml.status_code == 200:
        rules = lxml.etree.XMLSchema(lxml.etree.parse(need(XSD)))
        rules.assertValid(lxml.etree.fromstring(xml.content))


def test_times_count_to_the_millisecond_and_are_told_whole(line):
    caller = line.site.as_role("gateway", client="acme")
    times = {f"urn:x:{digits}": f"2026-01-02T03:04:05.{digits}Z"
             for digits in ("0009", "0001", "001")}
    capture(caller, [{
        "type": "ObjectEvent", "eventID": event, "eventTime": at, "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "epcList": [event]} for event, at in times.items()])
    assert {e["eventID"]: e["eventTime"] for e in found(caller)} == times
    at = "2026-01-02T03:04:05.0009Z"
    assert found(caller, LT_eventTime=at) == []
    assert ids(found(caller, GE_eventTime=at)) == [*times]
    assert ids(found(caller, orderBy="eventTime", orderDirection="ASC")) == [*times]


# ---- named queries

def test_a_named_query_lives_until_it_is_deleted(line):
    gateway = line.site.as_role("gateway", client="acme")
    line.commission(line.serials(3))
    line.commission(line.serials(2))
    made = gateway.call("POST", TOP + "/queries", {
        "name": "born", "query": {"EQ_bizStep": ["commissioning"]}})
    assert (made.status_code, made.content) == (201, b"")
    assert made.headers["Location"] == TOP + "/queries/born"
    line.site.restart()
    gateway.url = line.site.url
    answer = gateway.get(TOP + "/queries/born/events")
    assert answer["epcisBody"]["queryResults"]["queryName"] == "born"
    assert len(listed(answer)) == 2
    gateway.delete(TOP + "/queries/born", 204)
    gateway.refused("GET", TOP + "/queries/born/events", status=404)
    assert [r["kind"] for r in line.site.journal()][-2:] == ["query.put", "query.deleted"]
