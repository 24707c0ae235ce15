"""What becomes of packs after they were good: partners are told in the right order and words, the
history holds it, and what went wrong stands in the journal.
"""
import json

import pytest

import harness
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
