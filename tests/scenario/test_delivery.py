"""Partners are told of everything, in order, whatever happens to them or to us.

Each scenario puts packs through a line and reads what the partner's server received.
"""
import json
import time
import xml.etree.ElementTree as ET
from datetime import datetime

import pytest

import harness
from epcis_documents import faults

FAST = {"retry_min": "20 ms", "retry_max": "100 ms", "answer_time": "2 s"}
WAIT_S = 30
SBDH = "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}"


@pytest.fixture
def site(make_site):
    site = make_site()
    site.configure(exchange=FAST)
    return site.start()


def put_partner(line, partner, name="hub", **more):
    body = {"client": line.client, "url": partner.url, "format": "epcis-2.0-json",
            "approval": "none", **more}
    return line.site.admin.put(f"/v1/partners/{name}", body)


def commission(line, count, each=5):
    for _ in range(count):
        assert line.commission(line.serials(each))["refused"] == 0


def until(wanted):
    """Waits for what the service says of itself; there is no event to wait for over HTTP."""
    deadline = time.monotonic() + WAIT_S
    while not wanted():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)


def deliveries(line, name="hub", **params):
    return list(line.operator.pages(f"/v1/partners/{name}/deliveries", **params))


def accepted(line, name="hub"):
    return line.site.admin.get(f"/v1/partners/{name}")["accepted"]


def events_of(body):
    return json.loads(body)["epcisBody"]["eventList"]


def told(partner):
    return [event for body in partner.bodies() for event in events_of(body)]


def packs_of(events):
    return [epc for event in events for epc in event.get("epcList", [])]


def assert_each_once(events, count):
    ids = [event["eventID"] for event in events]
    assert len(ids) == count and len(set(ids)) == count


def test_a_partner_gets_every_event_once_and_in_order(line, partner):
    put_partner(line, partner)
    commission(line, 30)
    until(lambda: accepted(line) == 30)
    events = told(partner)
    assert_each_once(events, 30)
    assert len(set(packs_of(events))) == 150
    at = [datetime.fromisoformat(e["recordTime"].replace("Z", "+00:00")) for e in events]
    assert at == sorted(at)
    states = deliveries(line)
    assert [d["state"] for d in states] == ["accepted"] * 30
    assert deliveries(line, state="waiting") == []


def test_what_was_there_before_the_partner_is_told_too(line, partner, make_partner):
    commission(line, 3)
    put_partner(line, partner)
    until(lambda: accepted(line) == 3)
    late = make_partner()
    put_partner(line, late, "late", **{"from": "now"})
    commission(line, 1)
    until(lambda: accepted(line, "late") == 1)
    assert_each_once(told(late), 1)


@pytest.mark.parametrize("bad", [harness.FAIL, harness.CLOSE], ids=["500", "close"])
def test_trouble_that_passes_costs_nothing_but_time(line, partner, bad):
    partner.then(bad, bad, bad)
    put_partner(line, partner)
    commission(line, 5)
    until(lambda: accepted(line) == 5)
    taken = {e["eventID"] for body in partner.bodies()[3:] for e in events_of(body)}
    assert len(taken) == 5


def test_a_partner_that_hangs_is_given_up_and_asked_again(line, partner):
    partner.then(harness.HANG)
    put_partner(line, partner)
    commission(line, 1)
    until(lambda: accepted(line) == 1)
    assert len(partner.bodies()) == 2


def test_a_dead_partner_holds_back_nobody(line, partner, make_partner):
    dead = make_partner(harness.HANG)
    put_partner(line, dead, "dead")
    put_partner(line, partner, "live")
    commission(line, 20)
    until(lambda: accepted(line, "live") == 20)
    assert_each_once(told(partner), 20)
    assert accepted(line, "dead") == 0
    assert {d["state"] for d in deliveries(line, "dead")} <= {"waiting", "sending"}


def test_a_refused_event_is_parked_and_sent_again_on_request(line, partner):
    put_partner(line, partner)
    commission(line, 2)
    until(lambda: accepted(line) == 2)
    partner.always = harness.REFUSE
    commission(line, 3)
    until(lambda: len(deliveries(line, state="parked")) == 2)
    [rejected] = deliveries(line, state="rejected")
    assert rejected["status"] == 400 and rejected["code"] == "partner.refused"
    for behind in deliveries(line, state="parked"):
        said = line.operator.refused("POST", f"/v1/partners/hub/deliveries/{behind['id']}/retry",
                                     status=409, code="delivery.behind")
        assert rejected["id"] in said["detail"], said
    path = f"/v1/partners/hub/deliveries/{rejected['id']}"
    whole = line.operator.get(path)
    [event] = events_of(json.dumps(line.operator.get(path + "/messages/sent")))
    assert whole["events"] == [event["eventID"]]
    assert line.operator.get(path + "/messages/answer") == harness.REFUSE.body.decode()
    canonical = line.operator.get(path + "/messages/canonical")
    assert canonical["epcisBody"]["eventList"] == [event]

    partner.always = harness.ACCEPT
    line.site.admin.refused("POST", path + "/retry", status=403)
    line.operator.post(path + "/retry", {"reason": "their master data is mended"}, 200)
    until(lambda: accepted(line) == 5)
    assert deliveries(line, state="parked") == deliveries(line, state="rejected") == []
    line.operator.refused("POST", path + "/retry", status=409, code="delivery.not_parked")


def fill_case(line):
    """A case that its first packing begins and its close ends."""
    packs, [case] = line.serials(2), line.ssccs(1)
    line.commission(packs)
    answer = line.call.report(
        {"type": "pack", "parent": case, "commission": True,
         "children": [f"(01){line.gtin}(21){serial}" for serial in packs]},
        {"type": "close", "parent": case, "partial": True, "reason": "the end", "by": "me"})
    assert answer["refused"] == 0, answer
    return case


def quiet(line):
    return all(deliveries(line, state=s) == [] for s in ("waiting", "sending"))


@pytest.mark.parametrize("first, then", [("each", "closed"), ("closed", "each")])
def test_what_was_refused_is_told_as_it_was_though_packing_is_told_otherwise_now(
        line, partner, first, then):
    put_partner(line, partner, packing=first)
    partner.always = harness.Answer.of(400, b"no aggregations")
    line.commission(line.serials(1))
    cases = [fill_case(line)]
    until(lambda: deliveries(line, state="rejected") != [] and quiet(line))
    put_partner(line, partner, packing=then)
    refused = deliveries(line, state="rejected")
    assert len(refused) == 1
    partner.always = harness.ACCEPT
    seen = len(partner.bodies())
    for delivery in refused:
        path = f"/v1/partners/hub/deliveries/{delivery['id']}"
        line.operator.post(path + "/retry", {}, 200)
    cases.append(fill_case(line))
    until(lambda: quiet(line) and deliveries(line, state="parked") == [])
    taken = [event for body in partner.bodies()[seen:] for event in events_of(body)]
    assert [event["parentID"][-18:] for event in taken if "parentID" in event] == cases
    assert [len(event["childEPCs"]) for event in taken if "parentID" in event] == [2, 2]
    assert {d["state"] for d in deliveries(line)} <= {"accepted", "skipped"}
    shown = [id for d in deliveries(line) if d["state"] == "accepted" for id in line.operator.get(
        f"/v1/partners/hub/deliveries/{d['id']}")["events"]]
    assert shown == [event["eventID"] for event in taken]


def test_success_is_what_the_partner_says_in_the_body(line, partner):
    partner.always = harness.Answer.of(200, b"<ack>ERROR</ack>")
    put_partner(line, partner, success={"status": [200], "body": "<ack>OK</ack>"})
    commission(line, 1)
    until(lambda: len(deliveries(line, state="rejected")) == 1)
    assert accepted(line) == 0


def test_the_messages_of_a_killed_service_are_taken_up_again(line, partner):
    put_partner(line, partner)
    seen = 0
    for _ in range(4):
        commission(line, 10, each=2)
        line.site.restart()
        relogin(line)
        seen += 10
    until(lambda: accepted(line) == seen)
    events = told(partner)
    assert len({e["eventID"] for e in events}) == seen
    again = len(events) - seen  # only what a kill left without its outcome
    assert again <= 4 * 100
    first = list(dict.fromkeys(e["eventID"] for e in events))
    assert first == [e for d in deliveries(line) for e in line.operator.get(
        f"/v1/partners/hub/deliveries/{d['id']}")["events"]]


def relogin(line):
    for caller in (line.call, line.operator):
        caller.url = line.site.url


def test_an_end_that_is_asked_for_sends_nothing_twice(line, partner):
    put_partner(line, partner)
    for _ in range(3):
        commission(line, 10, each=2)
        line.site.stop()
        line.site.start()
        relogin(line)
    until(lambda: accepted(line) == 30)
    assert_each_once(told(partner), 30)


def test_a_partner_of_epcis_1_2_reads_urns(line, partner):
    put_partner(line, partner, format="epcis-1.2-xml")
    commission(line, 2)
    until(lambda: accepted(line) == 2)
    text = b"".join(partner.bodies()).decode()
    assert text.count("<epc>urn:epc:id:sgtin:9506000.") == 10
    assert 'schemaVersion="1.2"' in text


STORY = ["commissioning", "commissioning", "packing", "unpacking", "packing", "commissioning",
         "packing", "shipping"]


def tell_a_story(line):
    """A case is begun by its packing, loses a pack and gets it back, goes onto a pallet, and away."""
    admin, packs, (case, pallet) = line.site.admin, line.serials(4), line.ssccs(2)
    children = [f"(01){line.gtin}(21){serial}" for serial in packs]
    for gln in ("9506000134338", "4012345000009"):
        admin.put(f"/v1/parties/{gln}", {"name": gln})
        admin.put(f"/v1/locations/{gln}", {"name": gln})
    line.commission(packs)
    answer = line.call.report(
        {"type": "pack", "parent": case, "children": children, "commission": True},
        {"type": "unpack", "parent": case, "children": children[:1]},
        {"type": "pack", "parent": case, "children": children[:1]},
        {"type": "close", "parent": case, "partial": True, "reason": "the end", "by": "me"},
        {"type": "pack", "parent": pallet, "children": [case], "commission": True},
        {"type": "close", "parent": pallet, "partial": True, "reason": "the end", "by": "me"})
    assert answer["refused"] == 0, answer
    line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/close", {}, 200)
    line.operator.post("/v1/shipments", {
        "units": [pallet], "from": {"party": "9506000134338", "location": "9506000134338"},
        "to": {"party": "4012345000009", "location": "4012345000009"},
        "documents": [{"type": "po", "id": "PO 7/1", "gln": "4012345000009"}]}, 201)


PARTIES = {"sender": "9506000100012", "receiver": "9506000200019"}


@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_messages_are_headed_by_the_parties_where_the_partner_wants_it(line, partner, form):
    line.site.admin.refused("PUT", "/v1/partners/hub", {
        "client": "acme", "url": partner.url, "format": form, "sender": PARTIES["sender"]},
        status=400, code="partner.parties")
    put_partner(line, partner, format=form, **PARTIES)
    for _ in range(2):
        line.commission(line.serials(2))
        until(lambda: deliveries(line, state="waiting") == deliveries(line, state="sending") == [])
    instances = []
    for body in partner.bodies():
        if form == "epcis-1.2-xml":
            head = ET.fromstring(body).find("EPCISHeader/{*}StandardBusinessDocumentHeader")
            assert [node.text for node in head.iter(SBDH + "Identifier")] == [*PARTIES.values()]
            instances += [node.text for node in head.iter(SBDH + "InstanceIdentifier")]
        else:
            document = json.loads(body)
            assert document["sender"].endswith("/417/" + PARTIES["sender"])
            assert document["receiver"].endswith("/417/" + PARTIES["receiver"])
            instances.append(document["instanceIdentifier"])
        assert not faults(body)
    assert len(instances) >= 2 and len(set(instances)) == len(instances)


def vocabularies(body):
    """{vocabulary: {element: {attribute: text}}}"""
    if body.lstrip()[:1] == b"{":
        lists = json.loads(body).get("epcisHeader", {}).get("epcisMasterData", {})
        return {v["type"].rsplit(":", 1)[1]: {
            e["id"]: {a["id"]: a["attribute"] for a in e["attributes"]}
            for e in v["vocabularyElementList"]} for v in lists.get("vocabularyList", [])}
    lists = ET.fromstring(body).iterfind("EPCISHeader/extension/EPCISMasterData/VocabularyList/*")
    return {v.get("type").rsplit(":", 1)[1]: {
        e.get("id"): {a.get("id"): a.text for a in e.iter("attribute")}
        for e in v.iter("VocabularyElement")} for v in lists}


@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_headers_say_what_names_mean_where_the_partner_wants_it(line, partner, form):
    put = {"client": "acme", "url": partner.url, "format": "epcis-1.2-xml", "master_data": True}
    line.site.admin.refused("PUT", "/v1/partners/hub", put, status=400, code="partner.parties")
    put_partner(line, partner, format=form, master_data=True, **PARTIES)
    line.commission(line.serials(2))
    partner.wait_for(1)
    product = line.site.admin.get("/v1/products/" + line.gtin)["name"]
    name = "urn:epcglobal:cbv:mda#regulatedProductName"
    for body in partner.bodies():
        assert not faults(body)
        said = vocabularies(body)
        assert {product} == {attrs[name] for attrs in said["EPCClass"].values()}
        assert all(id.startswith("https://id.gs1.org/01/" if "json" in form else
                                 "urn:epc:idpat:sgtin:") for id in said["EPCClass"])
    gateway = line.site.as_role("gateway", client="acme")
    id, = [id for id in said["EPCClass"] if line.gtin[8:13] in id]
    answer = gateway.call("POST", "/epcis/v2/capture", {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-01-02T03:04:05Z",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [
            {"type": "urn:epcglobal:epcis:vtype:EPCClass", "vocabularyElementList": [
                {"id": id, "attributes": [{"id": name, "attribute": "Examplin & more"}]}]}]}},
        "epcisBody": {"eventList": []}})
    assert answer.status_code == 202, answer.text
    seen = len(partner.bodies())
    line.commission(line.serials(2))
    partner.wait_for(seen + 1)
    assert vocabularies(partner.bodies()[-1])["EPCClass"][id] == {name: "Examplin & more"}


@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_all_that_happens_goes_out_as_valid_epcis(line, partner, shared, form):
    put_partner(line, partner, format=form)
    tell_a_story(line)
    until(lambda: deliveries(line, state="waiting") == deliveries(line, state="sending") == [])
    assert deliveries(line, state="rejected") == []
    for body in partner.bodies():
        assert not faults(body)
    if form == "epcis-2.0-json":
        assert [event["bizStep"] for event in told(partner)] == STORY
        assert_each_once(told(partner), len(STORY))
        assert "bizTransactionList" in told(partner)[-1]


def test_secrets_reach_the_partner_and_no_one_else(line, partner):
    put_partner(line, partner, auth={"bearer": "hub-secret"},
                headers=[{"name": "X-Key", "value": "key-secret", "secret": True}])
    commission(line, 1)
    [message] = partner.wait_for(1)
    assert message.headers["Authorization"] == "Bearer hub-secret"
    assert message.headers["X-Key"] == "key-secret"
    shown = json.dumps(line.site.admin.get("/v1/partners/hub"))
    assert "secret\"" not in shown.replace('"secret"', "") and "hub-secret" not in shown
    line.site.stop()
    for path in (line.site.folder / "data").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert b"hub-secret" not in data and b"key-secret" not in data
    line.site.start()


def test_closing_a_lot_tells_who_has_not_been_told(line, make_partner):
    dead = make_partner(harness.HANG)
    put_partner(line, dead, "dead")
    commission(line, 3)
    answer = line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/close", {}, 200)
    assert answer["partners"] == [{"partner": "dead", "waiting": 3}]


def test_nothing_to_tell_costs_nothing(line, partner):
    put_partner(line, partner)
    commission(line, 1)
    until(lambda: accepted(line) == 1)
    before = cpu_seconds(line.site.process.pid)
    time.sleep(1)
    assert cpu_seconds(line.site.process.pid) - before < 0.05


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
