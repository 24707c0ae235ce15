"""Trade end to end over HTTP: goods are drafted, shipped, voided, received, shipped on, sent back and
corrected, and a partner is told of all of it in valid EPCIS.
"""
import datetime
import itertools
import json

import lxml.etree
import pytest

import harness
from epcis_documents import events, faults
from harness import GTIN
from test_delivery import deliveries, put_partner, site, told, until  # noqa: F401 (a fixture)
from test_units import EACH, packed, put_into, spelled

SITE, HUB, SHOP = "9506000000022", "9506000000015", "9506000000039"
TO_HUB = {"party": HUB, "location": HUB}


def end(gln):
    return {"party": gln, "location": gln}


@pytest.fixture
def goods(site, line):  # noqa: F811
    """A closed pallet of two cases of three packs, its lot closed, and parties that are known."""
    for gln in (SITE, HUB, SHOP):
        site.admin.put(f"/v1/parties/{gln}", {"name": "A party"})
        site.admin.put(f"/v1/locations/{gln}", {"name": "Its place"})
    serials, cases, pallet = packed(line)
    line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/close", {}, 200)
    return serials, cases, pallet


def ship(caller, units, to=HUB, expect=201, **more):
    return caller.post("/v1/shipments", {"units": units, "to": end(to), **more}, expect)


def trade(line, goods):
    """The whole story; the steps and dispositions that a partner must hear of, in order."""
    serials, cases, pallet = goods
    papers = [{"type": "desadv", "id": "D-1"}, {"type": "po", "id": "P-1"}]
    draft = ship(line.operator, [pallet], draft=True, documents=papers, **{"from": end(SITE)})
    assert draft["state"] == "draft" and line.operator.unit(pallet)["state"] == "closed"
    place = f"/v1/shipments/{draft['shipment']}"
    made = line.operator.post(place + "/confirm", {}, 200)
    assert (made["state"], made["documents"]) == ("shipped", draft["documents"])
    line.operator.post(place + "/void", {"reason": "wrong dock"}, 200)
    assert line.operator.unit(EACH + serials[0])["state"] == "packed"
    again = ship(line.operator, [pallet], documents=papers, **{"from": end(SITE)})
    hub = line.site.as_role("distributor", client=line.client, party=HUB)
    got = hub.post("/v1/receipts", {"units": [pallet]}, 200)
    assert (got["accepted"], got["to"]) == (1, end(HUB))
    hub.refused("POST", "/v1/shipments", {"units": [cases[1]], "to": end(HUB)}, status=422,
                code="shipment.to_itself")
    sent_on = ship(hub, [cases[1]], SHOP)
    assert sent_on["state"] == "forwarded"
    back = line.operator.post("/v1/returns", {
        "units": [EACH + serials[0], EACH + "NOBODY"], "from": {"party": HUB},
        "documents": [{"type": "rma", "id": "R-1"}], "reason": "too many"}, 200)
    assert [(r["verdict"], r["received"]) for r in back["results"]] == [
        ("accepted", True), ("unit.unknown", False)]
    line.operator.refused("POST", f"/v1/shipments/{again['shipment']}/void", {"reason": "late"},
                          status=409, code="shipment.came_back")
    return ["shipping", "void_shipping", "shipping", "receiving", "shipping", "receiving"]


def asked(line, **query):
    answer = line.site.as_role("client", client=line.client).get("/epcis/v2/events", params=query)
    return answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def correct(line, event, **more):
    mia = line.site.person("qa", "mia")
    return mia.post("/v1/corrections", {
        "event": event, "reason": "incorrect_data",
        "signature": harness.sign("approval", "the other truck"), **more}, 201)


@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_a_partner_hears_of_all_trade_in_valid_epcis(line, goods, partner, shared, form):
    put_partner(line, partner, format=form)
    steps = trade(line, goods)
    event, = asked(line, EQ_bizStep="receiving", EQ_disposition="returned")
    correct(line, event["eventID"], replacement="urn:uuid:7f6c2f5e-5d0c-4f0a-8f43-0d3b9b0f6a09")
    until(lambda: deliveries(line, state="waiting") == deliveries(line, state="sending") == [])
    assert deliveries(line, state="rejected") == []
    for body in partner.bodies():
        assert not faults(body)
    if form != "epcis-2.0-json":
        assert b"<errorDeclaration>" in partner.bodies()[-1]
        return
    heard = [e for e in told(partner) if e["bizStep"] in ("shipping", "void_shipping", "receiving")]
    assert [e["bizStep"] for e in heard] == [*steps, "receiving"]
    shipped, voided, _, received, forwarded, returned, corrected = heard
    assert voided["bizTransactionList"] == shipped["bizTransactionList"]
    assert (voided["epcList"], voided["disposition"]) == (shipped["epcList"], "in_progress")
    assert received["disposition"] == "in_progress" and HUB in received["readPoint"]["id"]
    assert HUB in str(forwarded["sourceList"]) and SHOP in str(forwarded["destinationList"])
    assert returned["disposition"] == "returned" and len(returned["epcList"]) == 1
    declared = corrected.pop("errorDeclaration")
    assert declared["reason"] == "incorrect_data"
    assert declared["correctiveEventIDs"] == ["urn:uuid:7f6c2f5e-5d0c-4f0a-8f43-0d3b9b0f6a09"]
    assert corrected.pop("recordTime", 0) >= returned.pop("recordTime", 0)
    assert corrected == returned  # the same event again


HC = "{http://epcis.gs1us.org/hc/ns}"
NOTICE = "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G)."


def statement_of(body):
    """Sender, receiver and notice of a document's transaction statement; None: it has none."""
    if body.lstrip()[:1] == b"{":
        document = json.loads(body)
        stated = document.get("epcisHeader", {}).get("gs1ushc:dscsaTransactionStatement")
        ends = [document.get(key, "").rsplit("/", 1)[-1] for key in ("sender", "receiver")]
        if stated is None:
            return None
        assert stated["gs1ushc:affirmTransactionStatement"] is True
        return *ends, stated["gs1ushc:legalNotice"]
    document = lxml.etree.fromstring(body)
    stated = document.find(f"EPCISHeader/{HC}dscsaTransactionStatement")
    if stated is None:
        return None
    assert stated.findtext(HC + "affirmTransactionStatement") == "true"
    ends = [i.text for i in document.iterfind("EPCISHeader//{*}Identifier")]
    return *ends, stated.findtext(HC + "legalNotice")


@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_a_shipment_affirms_the_transaction_statement(line, goods, partner, shared, form):
    """Its event goes in a document of its own, and no other has one."""
    _, _, pallet = goods
    flags = ["dscsa_statement", "dock 4"]
    refusal = line.operator.refused("POST", "/v1/shipments", {
        "units": [pallet], "to": end(HUB), "flags": flags}, status=400, code="field.required")
    assert "from.party" in refusal["detail"]
    plain = ship(line.operator, [pallet], flags=["dock 4"])
    line.operator.post(f"/v1/shipments/{plain['shipment']}/void", {"reason": "wrong dock"}, 200)
    draft = ship(line.operator, [pallet], flags=flags, draft=True, **{"from": end(SITE)})
    made = line.operator.post(f"/v1/shipments/{draft['shipment']}/confirm", {}, 200)
    assert made["flags"] == flags
    _, event = asked(line, EQ_bizStep="shipping", orderBy="recordTime", orderDirection="ASC")
    correct(line, event["eventID"])
    put_partner(line, partner, format=form)
    until(lambda: deliveries(line, state="waiting") == deliveries(line, state="sending") == [])
    bodies = partner.bodies()
    for body in bodies:
        assert not faults(body)
    stated = [body for body in bodies if statement_of(body)]
    assert [statement_of(body) for body in stated] == [(SITE, HUB, NOTICE)]
    told_there, = events(stated[0])
    assert (told_there.id, told_there.step) == (event["eventID"], "shipping")
    steps = [e.step for body in bodies for e in events(body)]
    assert steps.count("shipping") == 3 and steps[-1] == "shipping"  # a plain one, and corrected


def said_in(body):
    """What each event of the document says of it: drop shipment, direct purchase."""
    if body.lstrip()[:1] == b"{":
        return [(event.get("gs1ushc:dropShipment"), event.get("gs1ushc:directPurchase"))
                for event in json.loads(body)["epcisBody"]["eventList"]]
    return [said_by(event) for event in lxml.etree.fromstring(body).iterfind(".//ObjectEvent")]


def said_by(event):
    drop, direct = event.find(HC + "dropShipment"), event.find(HC + "directPurchase")
    drop = None if drop is None else {"true": True, "false": False}[drop.text]
    if direct is None:
        return drop, None
    words, others = (direct.find(HC + name) for name in (
        "directPurchaseStatement", "indirectPurchaseEPCs"))
    return drop, {"qualifier": direct.get("qualifier"),
                  **({} if words is None else {"gs1ushc:directPurchaseStatement": words.text}),
                  **({} if others is None else {"gs1ushc:indirectPurchaseEPCs": {
                      "epc": [epc.text for epc in others.findall("epc")]}})}


@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_a_shipment_says_who_bought_of_whom(line, goods, partner, shared, form):
    """Drop shipment and direct purchase: as they were said, by a draft too; a void says neither."""
    packs, _, pallet = goods
    some = [EACH + packs[0], EACH + packs[4]]
    words = "Bought of the maker: §582 & <all>"
    direct = {"qualifier": "ENTIRELY_DIRECT", "statement": words}
    seller = {"from": end(SITE)}
    for wrong, code in (({"dropShipment": "true"}, "json.type"), ({"dropShipment": 1}, "json.type"),
                        ({"directPurchase": {}}, "field.required"),
                        ({"directPurchase": {"qualifier": "DIRECT"}}, "field.word"),
                        ({"directPurchase": {"qualifier": "PARTIALLY_DIRECT"}}, "shipment.indirect"),
                        ({"directPurchase": {**direct, "indirect": some}}, "shipment.indirect"),
                        ({"directPurchase": direct}, "field.required")):
        line.operator.refused("POST", "/v1/shipments", {"units": [pallet], "to": end(HUB), **wrong},
                              status=400, code=code)
    put_partner(line, partner, format=form, filter={"bizSteps": ["shipping", "void_shipping"]})
    stories = [({"dropShipment": False}, (False, None)),
               ({"dropShipment": True, "directPurchase": direct}, (
                   True, {"qualifier": "ENTIRELY_DIRECT", "gs1ushc:directPurchaseStatement": words})),
               ({}, (None, None)),
               ({"directPurchase": {"qualifier": "ENTIRELY_DIRECT"}}, (
                   None, {"qualifier": "ENTIRELY_DIRECT"})),
               ({"directPurchase": {"qualifier": "PARTIALLY_DIRECT", "statement": words,
                                    "indirect": some}},
                (None, {"qualifier": "PARTIALLY_DIRECT", "gs1ushc:directPurchaseStatement": words,
                        "gs1ushc:indirectPurchaseEPCs": {"epc": [
                            f"urn:epc:id:sgtin:{harness.PREFIX}.013435.{packs[i]}" for i in (0, 4)]}}))]
    expected = []
    for number, (says, heard) in enumerate(stories):
        made = ship(line.operator, [pallet], draft=number % 2 == 1, **says, **seller)
        place = f"/v1/shipments/{made['shipment']}"
        if number % 2:
            line.operator.post(place + "/confirm", {}, 200)
        shown = line.operator.get(place)
        assert {k: shown[k] for k in ("dropShipment", "directPurchase") if k in shown} == says
        line.operator.post(place + "/void", {"reason": "wrong dock"}, 200)
        expected += [heard, (None, None)]
    until(lambda: not any(deliveries(line, state=s) for s in ("waiting", "sending")))
    assert not any(faults(body) for body in partner.bodies())
    assert [said for body in partner.bodies() for said in said_in(body)] == expected
    namespace = "http://epcis.gs1us.org/hc/ns"
    found = asked(line, **{f"EQ_{namespace}#dropShipment": "true"})
    assert [e["gs1ushc:dropShipment"] for e in found] == [True]
    correct(line, found[0]["eventID"])
    until(lambda: not any(deliveries(line, state=s) for s in ("waiting", "sending")))
    assert said_in(partner.bodies()[-1]) == [stories[1][1]]
    line.site.stop()
    line.site.verify()


DEEP = "09506000134369"
LEVELS = ["pack", "box", "bundle", "pallet"]


def level_by_content(holds, unit):
    """What an SSCC counts as: one above the first that it holds; an empty one is innermost."""
    if unit == "pack":
        return 0
    return level_by_content(holds, holds[unit]) + 1 if holds[unit] else 1


def test_containers_that_come_back_one_out_of_another_are_counted_right(site, line, goods):
    """Three levels of SSCCs, each of which counts as what it holds: whatever of them is named, in
    whichever order."""
    site.admin.put(f"/v1/products/{DEEP}", {"client": line.client, "name": "Deep", "levels": [
        {"level": "pack", "id": "sgtin", "quantity": 1},
        *({"level": name, "id": "sscc", "quantity": 1} for name in LEVELS[1:])]})
    site.admin.put("/v1/pools/deep", {"gtin": DEEP, "kind": "random"})
    named = [order for n in range(1, 5) for order in itertools.permutations(LEVELS, n)]
    for number, order in enumerate(named):
        lot = f"DEEP-{number}"
        line.operator.post("/v1/lots", {"lot": lot, "gtin": DEEP, "expiry": "2030-12-31"}, 201)
        serial, = line.call.post("/v1/serials", {"gtin": DEEP, "quantity": 1, "lot": lot},
                                 201)["serials"]
        units = dict(zip(LEVELS, [f"(01){DEEP}(21){serial}", *line.ssccs(3)]))
        line.call.report(
            {"type": "commission", "lot": lot, "gtin": DEEP, "serials": [serial]},
            *({"type": "pack", "parent": units[above], "children": [units[below]],
               "commission": True} for below, above in zip(LEVELS, LEVELS[1:])))
        line.operator.post(f"/v1/lots/{DEEP}/{lot}/close", {}, 200)
        ship(line.operator, [units["pallet"]])
        back = line.operator.post("/v1/returns", {"units": [units[name] for name in order],
                                                  "from": {"party": HUB}}, 200)
        assert [r["verdict"] for r in back["results"]] == ["accepted"] * len(order), order
        holds = {above: below if below not in order else None
                 for below, above in zip(LEVELS, LEVELS[1:])}
        expected = {name: [0, 0, 0] for name in LEVELS}
        for name in LEVELS:
            counts = expected[LEVELS[level_by_content(holds, name)]]
            inside = name in holds.values()
            counts[0] += 1
            counts[1] += inside
            counts[2] += not inside
        levels = line.operator.get(f"/v1/lots/{DEEP}/{lot}")["levels"]
        assert {x["level"]: [x["commissioned"], x["packed"], x["shipped"]]
                for x in levels} == expected, order
    site.stop()
    site.verify()


def test_goods_that_were_shipped_on_come_back_to_whom_they_came_from_first(line, goods):
    _, cases, pallet = goods
    ship(line.operator, [pallet], **{"from": end(SITE)})
    hub = line.site.as_role("distributor", client=line.client, party=HUB)
    ship(hub, [cases[0]], SHOP)
    back = line.operator.post("/v1/returns", {"units": [cases[0]]}, 200)
    assert (back["accepted"], back["from"], back["to"]) == (1, end(SHOP), end(SITE))


def test_a_correction_changes_no_state_and_stands_in_the_history(line, goods):
    serials, _, pallet = goods
    ship(line.operator, [pallet])
    event = asked(line, EQ_bizStep="shipping")[0]["eventID"]
    mia = line.site.person("qa", "mia")
    wish = {"event": event, "reason": "incorrect_data", "signature": harness.sign("approval")}
    line.operator.refused("POST", "/v1/corrections", wish, status=403)
    mia.refused("POST", "/v1/corrections", {**wish, "event": "urn:uuid:nobody"}, status=404,
                code="event.unknown")
    mia.refused("POST", "/v1/corrections", {**wish, "reason": "whim"}, status=400,
                code="correction.reason")
    mia.refused("POST", "/v1/corrections", {k: wish[k] for k in ("event", "reason")}, status=400,
                code="signature.required")
    mia.refused("POST", "/v1/corrections", {**wish, "reason": "did_not_occur", "replacement": event},
                status=400, code="correction.replacement")
    done = mia.post("/v1/corrections", wish, 201)
    assert done["event"] == event and done["signature"]["user"] == "mia"
    mia.refused("POST", "/v1/corrections", wish, status=409, code="event.corrected")
    assert line.operator.unit(pallet)["state"] == "shipped"
    history = line.operator.get(f"/v1/units/{EACH}{serials[0]}/history")["items"]
    assert [e["type"] for e in history[-2:]] == ["ship", "correct"]
    both = asked(line, EQ_eventID=event)
    assert sorted("errorDeclaration" in e for e in both) == [False, True]
    line.site.stop()
    line.site.verify()


@pytest.mark.parametrize("door", ["report", "event", "explained"])
def test_a_sample_that_was_never_taken_is_a_pack_again(line, door):
    """REQ STATES-SAMPLE-FINAL"""
    serials = line.serials(3)
    packs = [EACH + s for s in serials]
    line.commission(serials)
    event = sample(line, packs[:2], door)
    line.operator.report({"type": "destroy", "units": packs[1:2], "reason": "analysed"})
    assert line.operator.unit(packs[0])["state"] == "sampled"
    correct(line, event, reason="did_not_occur")
    assert [line.operator.unit(p)["state"] for p in packs] == [
        "commissioned", "destroyed", "commissioned"]
    goods = line.operator.get(f"/v1/lots/{line.gtin}/{line.lot}/balance")["levels"][0]["goods"]
    assert (goods["sampled"], goods["destroyed"], goods["loose"]) == (0, 1, 2)
    history = line.operator.get(f"/v1/units/{packs[0]}/history")["items"]
    assert [e["type"] for e in history[-2:]] == ["unsample", "correct"]
    assert history[-2]["reason"] == "the other truck"
    line.call.report({"type": "sample", "units": packs[:1], "reason": "this time"})
    line.site.stop()
    line.site.verify()


def sample(line, packs, door):
    """Packs become samples; the id of the event that tells it."""
    if door == "event":
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        links = [f"https://id.gs1.org/01/{GTIN}/21/{p.removeprefix(EACH)}" for p in packs]
        event = {**observed(links[0]), "eventID": "urn:x:sampled", "bizStep": "sampling",
                 "eventTime": now, "epcList": links}
        del event["disposition"]
        line.site.as_role("gateway", client=line.client).post("/epcis/v2/events", event, 201)
        return event["eventID"]
    if door == "report":
        line.call.report({"type": "sample", "units": packs, "reason": "for QA"})
    else:
        line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/explain", {
            "as": "sample_not_recorded", "reason": "found in the book", "units": packs}, 200)
    event, = asked(line, EQ_action="DELETE")
    return event["eventID"]


def test_what_came_back_is_held_and_destroyed_by_the_table(line, goods):
    serials, cases, pallet = goods
    ship(line.operator, [pallet])
    pack = EACH + serials[0]
    problem = line.call.report({"type": "destroy", "units": [pack], "reason": "waste"})
    assert problem["refused"] == 1
    line.operator.post("/v1/returns", {"units": [pack], "from": {"party": HUB}}, 200)
    assert line.operator.unit(pack)["parent"] is None
    assert line.operator.unit(spelled(cases[0]))["contents"][0]["count"] == 2
    line.operator.refused("POST", "/v1/shipments", {"units": [pack], "to": end(HUB)}, status=409,
                          code="unit.state")  # it does not leave once more
    for what in ("hold", "destroy"):
        answer = line.call.report({"type": what, "units": [pack], "reason": "inspection"})
        assert answer["refused"] == 0, answer
    assert line.operator.unit(pack)["state"] == "destroyed"
    line.site.stop()
    line.site.verify()


@pytest.mark.parametrize("door", ["return", "event"])
def test_what_comes_back_out_of_what_is_held_stays_held_until_somebody_signs(line, goods, door):
    """REQ STATES-HOLD-STAYS"""
    serials, _, pallet = goods
    ship(line.operator, [pallet])
    back = {"from": {"party": HUB}}
    line.operator.post("/v1/returns", {**back, "units": [pallet]}, 200)
    mia = line.site.person("qa", "mia")
    held = mia.post("/v1/holds", {"units": [pallet], "reason": "suspect"}, 201)
    pack, other = (EACH + s for s in serials[:2])
    if door == "return":
        line.operator.post("/v1/returns", {**back, "units": [pack], "reason": "opened"}, 200)
    else:
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        line.site.as_role("gateway", client=line.client).post("/epcis/v2/events", {
            **observed(f"https://id.gs1.org/01/{GTIN}/21/{serials[0]}"), "disposition": "returned",
            "eventTime": now}, 201)
    unit = line.operator.unit(pack)
    assert unit["parent"] is None and set(unit["flags"]) == {"hold", "received_back"}
    release(mia, held)
    assert "hold" in line.operator.unit(pack)["flags"]
    assert "hold" not in line.operator.unit(other)["flags"]
    own, = (h for h in mia.pages("/v1/holds") if h["state"] == "held")
    assert mia.get(f"/v1/holds/{own['id']}")["units"] == [pack]
    release(mia, own)
    assert line.operator.unit(pack)["flags"] == ["received_back"]
    line.site.stop()
    line.site.verify()


def release(mia, hold):
    mia.post(f"/v1/holds/{hold['id']}/release",
             {"reason": "sound", "signature": harness.sign("approval", "sound")}, 200)


def test_a_sample_out_of_what_is_held_is_no_pack_again_before_the_hold_ends(line):
    """REQ STATES-HOLD-STAYS"""
    client = line.site.admin.get(f"/v1/clients/{line.client}")
    line.site.admin.put(f"/v1/clients/{line.client}", {
        "name": client["name"], "prefixes": client["prefixes"],
        "profile": {"decommission_packed": "unpack"}})
    serials, (case,) = line.serials(3), line.ssccs(1)
    line.commission(serials)
    put_into(line, case, [EACH + s for s in serials])
    mia = line.site.person("qa", "mia")
    held = mia.post("/v1/holds", {"units": [case], "reason": "suspect"}, 201)
    pack = EACH + serials[0]
    taken = line.call.report({"type": "sample", "units": [pack], "reason": "QA"})
    assert taken["refused"] == 0, taken
    event, = asked(line, EQ_action="DELETE", EQ_bizStep="decommissioning")
    wish = {"event": event["eventID"], "reason": "did_not_occur",
            "signature": harness.sign("approval")}
    mia.refused("POST", "/v1/corrections", wish, status=409, code="unit.on_hold")
    assert line.operator.unit(pack)["state"] == "sampled"
    release(mia, held)
    mia.post("/v1/corrections", wish, 201)
    assert line.operator.unit(pack)["state"] == "commissioned"
    line.site.stop()
    line.site.verify()


def test_a_party_is_told_of_its_own_goods_alone(line, goods):
    serials, cases, pallet = goods
    made = ship(line.operator, [pallet])
    hub, shop = (line.site.as_role("distributor", client=line.client, party=p) for p in (HUB, SHOP))
    pack = f"/v1/units/{EACH}{serials[0]}"
    for path in (pack, pack + "/history", pack + "/tree", f"/v1/shipments/{made['shipment']}",
                 f"/v1/shipments/{made['shipment']}/units"):
        hub.get(path)
        shop.refused("GET", path, status=404)
    assert list(shop.pages("/v1/shipments")) == []
    assert list(shop.pages("/v1/units", lot="L1", gtin=GTIN)) == []
    shop.refused("POST", "/v1/shipments", {"units": [cases[0]], "to": end(HUB)}, status=422,
                 code="unit.unknown")
    ship(hub, [cases[0]], SHOP)
    shop.get(pack)
    shop.refused("GET", f"/v1/units/{EACH}{serials[5]}", status=404)


def observed(epc):
    return {"@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
            "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "receiving",
            "disposition": "in_progress", "eventTime": "2026-01-02T03:04:05Z",
            "eventTimeZoneOffset": "+00:00", "epcList": [epc]}


def test_a_party_tells_events_of_its_own_goods_alone(line, goods):
    serials, _, pallet = goods
    ship(line.operator, [pallet])
    hub, shop = (line.site.as_role("distributor", client=line.client, party=p) for p in (HUB, SHOP))
    event = observed(f"https://id.gs1.org/01/{GTIN}/21/{serials[0]}")
    assert shop.call("POST", "/epcis/v2/events", event).status_code == 422
    assert hub.call("POST", "/epcis/v2/events", event).status_code == 201
