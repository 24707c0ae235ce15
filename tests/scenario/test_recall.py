"""A recalled lot is told as one event of its classes: to partners as their filters say, and to whom
goods of the lot were sent whatever they say."""
import json

import lxml.etree
import pytest

import harness
from epcis_documents import faults
from test_delivery import deliveries, put_partner, site, told, until  # noqa: F401 (a fixture)
from test_trade import HUB, SHOP, SITE, asked, correct, end, goods, ship  # noqa: F401 (a fixture)
from test_units import EACH, packed

CASE = "19506000134359"
CLASS = f"https://id.gs1.org/01/{harness.GTIN}/10/L1"


def recall(line, lot=None, noa=None):
    noa = noa or line.site.person("qa", "noa")
    return noa.post(f"/v1/lots/{line.gtin}/{lot or line.lot}/recall",
                    {"signature": harness.sign("approval", "found glass")}, 200)


def settled(line, *names):
    for name in names:
        until(lambda: not any(deliveries(line, name, state=s) for s in ("waiting", "sending")))
        assert deliveries(line, name, state="rejected") == []


def recalls(partner):
    return [e for e in told(partner) if e.get("disposition") == "recalled"]


@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_a_recall_is_told_of_the_lots_classes(site, line, partner, shared, form):  # noqa: F811
    """At the place of the lot's line; every GTIN that may stand beside the lot on a label."""
    site.admin.put(f"/v1/products/{line.gtin}", {
        "client": line.client, "name": "Exampline", "levels": [
            {"level": "pack", "id": "sgtin", "quantity": 1},
            {"level": "case", "id": "sgtin", "gtin": CASE, "quantity": 5},
            {"level": "pallet", "id": "sscc", "quantity": 2}]})
    site.admin.put(f"/v1/locations/{SITE}", {"name": "Its place"})
    site.admin.put("/v1/lines/line-2", {"name": "Line 2", "location": SITE})
    line.operator.post("/v1/lots", {"lot": "L/2", "gtin": line.gtin, "expiry": "2030-12-31",
                                    "line": "line-2"}, 201)
    put_partner(line, partner, format=form)
    recall(line, "L%2F2")
    settled(line, "hub")
    body, = partner.bodies()
    assert not faults(body)
    if form == "epcis-2.0-json":
        event, = json.loads(body)["epcisBody"]["eventList"]
        assert (event["type"], event["action"]) == ("ObjectEvent", "OBSERVE")
        assert (event["bizStep"], event["disposition"]) == ("holding", "recalled")
        assert event["quantityList"] == [
            {"epcClass": f"https://id.gs1.org/01/{gtin}/10/L%2F2"} for gtin in (line.gtin, CASE)]
        assert event["readPoint"] == {"id": f"https://id.gs1.org/414/{SITE}"}
        assert not {"epcList", "bizLocation"} & set(event)
        return
    event = lxml.etree.fromstring(body).find(".//ObjectEvent")
    assert [e.text for e in event.iterfind(".//quantityElement/epcClass")] == [
        f"urn:epc:class:lgtin:{harness.PREFIX}.{gtin[0]}{gtin[1 + len(harness.PREFIX):13]}.L%2F2"
        for gtin in (line.gtin, CASE)]
    assert event.findtext("disposition") == "urn:epcglobal:cbv:disp:recalled"


def test_filters_count_but_not_for_whom_its_goods_went_to(
        line, goods, make_partner, site):  # noqa: F811
    """The hub has goods of the lot inside a pallet whose own lot is another; the shop has none."""
    site.admin.put("/v1/products/09506000134369", {"client": line.client, "name": "Other"})
    site.admin.put("/v1/clients/other", {"name": "Other", "prefixes": ["9521321"]})
    steps, gtins = {"bizSteps": ["shipping"]}, {"gtins": ["09506000134369"]}
    wishes = {
        "all": {}, "held": {"filter": {"bizSteps": ["holding"]}}, "ships": {"filter": steps},
        "else": {"filter": gtins},
        "hub": {"filter": steps, "sender": SITE, "receiver": HUB},
        "hub-else": {"filter": gtins, "sender": SITE, "receiver": HUB},
        "shop": {"filter": steps, "sender": SITE, "receiver": SHOP},
        "foreign": {"client": "other", "sender": SITE, "receiver": HUB}}
    partners = {name: make_partner() for name in wishes}
    for name, wish in wishes.items():
        put_partner(line, partners[name], name, **wish)
    line.operator.post("/v1/lots", {"lot": "L2", "gtin": line.gtin, "expiry": "2030-12-31"}, 201)
    line.lot = "L2"
    _, _, other = packed(line)
    line.operator.post(f"/v1/lots/{line.gtin}/L2/close", {}, 200)
    outer, = line.ssccs(1)
    answer = line.call.report({"type": "pack", "parent": outer, "children": [other, goods[2]],
                               "commission": True}, {"type": "close", "parent": outer})
    assert answer["refused"] == 0, answer
    ship(line.operator, [outer], **{"from": end(SITE)})
    line.lot = "L1"
    assert recall(line)["state"] == "recalled"
    settled(line, *wishes)
    assert {name for name, p in partners.items() if recalls(p)} == {"all", "held", "hub", "hub-else"}
    for name in ("all", "held", "hub", "hub-else"):
        event, = recalls(partners[name])
        assert event["quantityList"] == [{"epcClass": CLASS}]
    correct(line, recalls(partners["all"])[0]["eventID"])
    settled(line, *wishes)
    declared = {name: [e.get("errorDeclaration") for e in recalls(p)] for name, p in partners.items()}
    assert {name for name, heard in declared.items() if heard} == {"all", "held", "hub", "hub-else"}
    assert all(not heard or (heard[0] is None and heard[1]) for heard in declared.values())
    kinds = {name: {d["kind"]: d["state"] for d in deliveries(line, name)} for name in wishes}
    assert (kinds["hub"]["lot.recalled"], kinds["shop"]["lot.recalled"]) == ("accepted", "skipped")


def test_a_recall_is_found_and_replayed_and_may_be_corrected(site, line):  # noqa: F811
    serial, = line.serials(1)
    line.commission([serial])
    noa = site.person("qa", "noa")
    recall(line, noa=noa)
    assert "recalled" in line.operator.unit(EACH + serial)["flags"]
    again = recall(line, noa=noa)  # is the first one's answer
    assert [s["act"] for s in again["signatures"]] == ["recall"]
    urn = f"urn:epc:class:lgtin:{harness.PREFIX}.{line.gtin[0]}" \
          f"{line.gtin[1 + len(harness.PREFIX):13]}.L1"
    event, = asked(line, EQ_disposition="recalled")
    for query in ({"MATCH_epcClass": CLASS}, {"MATCH_anyEPCClass": urn}, {"EQ_bizStep": "holding"}):
        assert asked(line, **query) == [event]
    assert asked(line, MATCH_epcClass=CLASS + "9") == []
    fact, = site.as_role("auditor").get("/v1/journal", params={"kind": "lot.recalled"})["items"]
    assert fact["fact"]["signature"]["reason"] == "found glass"
    assert fact["lot"] == line.lot
    correct(line, event["eventID"])
    first, declared = asked(line, EQ_disposition="recalled", orderBy="recordTime",
                            orderDirection="ASC")
    assert "errorDeclaration" not in first and declared["eventID"] == first["eventID"]
    assert line.operator.get(f"/v1/lots/{line.gtin}/{line.lot}")["state"] == "recalled"
    site.stop()
    site.verify()
