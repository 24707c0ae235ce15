"""What becomes of packs after they were good: partners are told in the right order and words, the
history holds it, and what went wrong stands in the journal.
"""
import json

import pytest

import harness
from epcis_documents import check_digit
from test_delivery import FAST, events_of, put_partner, until


@pytest.fixture
def line(make_site):
    site = make_site()
    site.configure(exchange=FAST)
    return harness.Line(site.start())


def unit(line, serial):
    return f"(01){line.gtin}(21){serial}"


def act(line, kind, *units, **more):
    return line.call.report({"type": kind, "units": list(units), "reason": "why", **more})


def packed(line, n=3):
    packs, (case,) = line.serials(n), line.ssccs(1)
    line.commission(packs)
    line.call.report({"type": "pack", "parent": case, "commission": True, "partial": True,
                      "by": "me", "reason": "half", "children": [unit(line, s) for s in packs]})
    return packs, case


def steps(partner):
    events = [e for body in partner.bodies() for e in events_of(body)]
    return [(e["type"], e["action"], e["bizStep"], e["disposition"]) for e in events]


def test_what_comes_out_of_a_case_first_is_told_first(line, make_partner):
    partner = make_partner()
    put_partner(line, partner)
    packs, _ = packed(line)
    answer = act(line, "decommission", unit(line, packs[0]), unpack=True)
    assert answer["accepted"] == 1
    until(lambda: line.site.admin.get("/v1/partners/hub")["accepted"] == 4)
    assert steps(partner)[-2:] == [
        ("AggregationEvent", "DELETE", "unpacking", "in_progress"),
        ("ObjectEvent", "DELETE", "decommissioning", "inactive")]
    history = line.operator.get(f"/v1/units/{unit(line, packs[0])}/history")["items"]
    assert [h["type"] for h in history] == ["commission", "pack", "unpack", "decommission"]
    assert history[-1]["reason"] == "why"


def test_every_act_is_told_in_its_words_and_numbers_are_not(line, make_partner):
    partner = make_partner()
    put_partner(line, partner)
    packs = line.serials(9)
    line.commission(packs[:6])
    for kind, serial in [("sample", 0), ("destroy", 0), ("hold", 1), ("stolen", 2), ("found", 2),
                         ("lost", 3), ("lost", 6), ("invalidate", 7)]:
        assert act(line, kind, unit(line, packs[serial]))["accepted"] == 1, kind
    assert line.call.report({"type": "printed", "gtin": line.gtin,
                             "serials": [packs[8]]})["accepted"] == 1
    until(lambda: line.site.admin.get("/v1/partners/hub")["accepted"] == 7)
    assert [s[1:] for s in steps(partner)] == [
        ("ADD", "commissioning", "active"), ("DELETE", "decommissioning", "inactive"),
        ("DELETE", "destroying", "destroyed"), ("OBSERVE", "holding", "non_sellable_other"),
        ("OBSERVE", "inspecting", "stolen"), ("OBSERVE", "inspecting", "active"),
        ("OBSERVE", "inspecting", "unknown")]
    states = {s: line.operator.unit(unit(line, packs[s])) for s in range(9)}
    assert [states[s]["state"] for s in range(9)] == [
        "destroyed", "commissioned", "commissioned", "commissioned", "commissioned",
        "commissioned", "allocated", "invalid", "printed"]
    assert states[1]["flags"] == ["hold"] and states[3]["flags"] == ["lost"]
    line.site.stop()
    line.site.verify()


def test_what_is_refused_is_recorded_and_changes_nothing(line):
    packs, case = packed(line)
    answer = act(line, "sample", unit(line, packs[0]), unit(line, packs[1]))
    problem = answer["results"][0]["problem"]
    assert problem["code"] == "unit.has_parent" and len(problem["units"]) == 2
    assert line.operator.unit(case)["state"] == "closed"
    kept = line.operator.get("/v1/exceptions?state=open")["items"]
    assert [e["code"] for e in kept] == ["unit.has_parent"]
    line.site.stop()
    refused = [json.loads(x) if isinstance(x, str) else x for x in line.site.journal()]
    assert [f for f in refused if f["kind"] == "refusal"]


def test_by_the_clients_profile_the_content_shares_the_fate_of_its_case(line):
    line.site.admin.put("/v1/clients/acme", {
        "name": "Acme Pharma", "prefixes": [harness.PREFIX],
        "profile": {"decommission_parent": "children"}})
    packs, case = packed(line)
    assert act(line, "decommission", case)["accepted"] == 1
    assert line.operator.unit(case)["state"] == "dissolved"
    assert {line.operator.unit(unit(line, s))["state"] for s in packs} == {"inactive"}


def test_goods_come_out_of_a_held_case_to_end_and_not_to_be_sold(line):
    packs, case = packed(line)
    inside = [unit(line, s) for s in packs]
    assert act(line, "hold", case)["accepted"] == 1
    for wish in ({"type": "unpack", "parent": case},
                 {"type": "unpack", "children": inside[:1]},
                 {"type": "decommission", "units": [case], "reason": "why"},
                 {"type": "lost", "units": inside[:1], "reason": "why", "unpack": True}):
        answer = line.call.report(wish)
        assert answer["results"][0]["problem"]["code"] == "unit.on_hold", wish
    assert line.operator.unit(inside[0])["flags"] == ["hold"]
    assert act(line, "sample", inside[0], unpack=True)["accepted"] == 1
    assert act(line, "destroy", case, *inside[1:])["accepted"] == 1
    assert [line.operator.unit(u)["state"] for u in (case, *inside)] == [
        "destroyed", "sampled", "destroyed", "destroyed"]


def test_what_came_back_in_a_case_leaves_it_before_the_case_ends(line):
    packs, case = packed(line)
    admin, party = line.site.admin, "9506000100012"
    admin.put(f"/v1/parties/{party}", {"name": "Hub"})
    admin.put(f"/v1/locations/{party}", {"name": "Hub"})
    line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/close", {})
    line.operator.post("/v1/shipments", {
        "units": [case], "to": {"party": party, "location": party},
        "documents": [{"type": "desadv", "id": "1", "gln": party}]})
    back = {"from": {"party": party}, "reason": "too many"}
    line.operator.post("/v1/returns", {"units": [case], **back})
    answer = act(line, "destroy", case)
    assert answer["results"][0]["problem"]["code"] == "unit.not_empty"
    got = line.operator.post("/v1/returns", {"units": [unit(line, s) for s in packs], **back})
    assert got["accepted"] == len(packs)
    assert act(line, "destroy", case, *(unit(line, s) for s in packs))["accepted"] == 1
    assert {line.operator.unit(unit(line, s))["state"] for s in packs} == {"destroyed"}
    line.site.stop()
    line.site.verify()


DEEP = 16


def in_one_another(line, containers, packs):
    """Each holds a pack, then the container before it; the problems that there were."""
    problems, inner = [], None
    for outer, pack in zip(containers, packs):
        answer = line.call.report({"type": "pack", "parent": outer, "commission": True,
                                   "partial": True, "by": "me", "reason": "deep",
                                   "children": [unit(line, pack), *([inner] if inner else [])]})
        problems += [r["problem"]["code"] for r in answer["results"] if "problem" in r]
        inner = outer
    return problems


def test_containers_lie_in_one_another_only_so_deep(line):
    packs, containers = line.serials(DEEP + 1), line.ssccs(DEEP + 1)
    assert line.commission(packs)["accepted"] == 1
    assert in_one_another(line, containers[:DEEP], packs) == []
    over = line.call.report({"type": "pack", "parent": containers[DEEP], "commission": True,
                             "children": [containers[DEEP - 1]]})
    assert over["results"][0]["problem"]["code"] == "pack.depth"
    line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/close", {})
    admin, party = line.site.admin, "9506000100012"
    admin.put(f"/v1/parties/{party}", {"name": "Hub"})
    admin.put(f"/v1/locations/{party}", {"name": "Hub"})
    line.operator.post("/v1/shipments", {
        "units": [containers[DEEP - 1]], "to": {"party": party, "location": party},
        "documents": [{"type": "desadv", "id": "1", "gln": party}]})
    deepest = unit(line, packs[0])
    assert line.operator.unit(deepest)["state"] == "shipped"
    assert line.operator.get(f"/v1/units/{harness.quote(deepest, safe='')}/history")["items"]
    line.site.stop()
    line.site.verify()


def sscc(n):
    item = f"{n:0{16 - len(harness.PREFIX)}d}"
    return "https://id.gs1.org/00/" + check_digit("0" + harness.PREFIX + item)


def captured(time, **event):
    return {"eventTime": f"2026-01-01T{time // 60:02d}:{time % 60:02d}:00Z",
            "eventTimeZoneOffset": "+00:00", **event}


def test_a_long_chain_of_captured_containers_harms_nobody(line):
    gateway = line.site.as_role("gateway", client="acme")
    chain = [captured(n, type="AggregationEvent", action="ADD", bizStep="packing",
                      parentID=sscc(n), childEPCs=[sscc(n - 1)]) for n in range(1, 80)]
    seen = captured(100, type="ObjectEvent", action="OBSERVE", bizStep="receiving",
                    epcList=[sscc(0)])
    for events in (chain, [seen]):
        gateway.post("/epcis/v2/capture", {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-01-01T00:00:00Z",
            "epcisBody": {"eventList": events}}, 202)
    assert line.commission(line.serials(2))["refused"] == 0  # nobody else is the worse for it
    gateway.get("/v1/units/" + sscc(0).replace("https://id.gs1.org/00/", "(00)"))
    line.site.stop()
    line.site.verify()


def test_putting_a_hold_is_answered_the_same_after_it_has_ended(line):
    pack, = line.serials(1)
    line.commission([pack])
    mia = line.site.person("qa", "mia")
    put = lambda: line.operator.call(
        "POST", "/v1/holds", {"units": [unit(line, pack)], "reason": "dented"},
        headers={"Idempotency-Key": "K1"})
    before = put()
    assert before.json()["state"] == "held"
    mia.post(f"/v1/holds/{before.json()['id']}/release",
             {"signature": harness.sign("review", "seen")})
    again = put()
    assert (again.status_code, again.content) == (201, before.content)


def test_a_hold_on_what_was_destroyed_ends_like_any_other(line):
    pack, = line.serials(1)
    line.commission([pack])
    mia = line.site.person("qa", "mia")
    hold = line.operator.post("/v1/holds", {"units": [unit(line, pack)], "reason": "dented"}, 201)
    assert act(line, "destroy", unit(line, pack))["accepted"] == 1
    mia.post(f"/v1/holds/{hold['id']}/release", {"signature": harness.sign("review", "seen")})
    told = line.operator.unit(unit(line, pack))
    assert (told["state"], told["flags"]) == ("destroyed", [])
