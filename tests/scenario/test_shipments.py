"""Shipments over HTTP: what may leave, what is told of it, and that a repeat ships once."""
import threading

import pytest

from harness import GTIN, packtrail
from test_units import EACH, packed, spelled

HUB, SITE = "9506000000015", "9506000000022"
TO = {"party": HUB, "location": HUB}


@pytest.fixture
def goods(site, line):
    """A closed pallet of two cases of three packs, its lot closed, and parties that are known."""
    for gln in (HUB, SITE):
        site.admin.put(f"/v1/parties/{gln}", {"name": "A party"})
        site.admin.put(f"/v1/locations/{gln}", {"name": "Its place"})
    serials, cases, pallet = packed(line)
    close_lot(line)
    return serials, cases, pallet


def close_lot(line):
    line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/close", {}, 200)


def test_what_lies_in_a_shipped_pallet_is_shipped(line, goods):
    serials, cases, pallet = goods
    made = line.operator.post("/v1/shipments", {
        "units": [pallet], "to": TO, "from": {"party": SITE, "location": SITE},
        "documents": [{"type": "desadv", "id": "D-1", "gln": SITE}, {"type": "po", "id": "P-1"}],
    }, 201)
    assert made["units"] == 1 and made["to"] == TO
    assert made["documents"][1] == {"type": "po", "id": "P-1", "gln": HUB}
    assert line.operator.get(f"/v1/shipments/{made['shipment']}") == made
    tops = list(line.operator.pages(f"/v1/shipments/{made['shipment']}/units"))
    assert [(u["unit"], u["state"]) for u in tops] == [(spelled(pallet), "shipped")]
    for unit in [EACH + serials[0], cases[1]]:
        told = line.operator.unit(unit)
        assert told["state"] == "shipped" and told["flags_from"] == spelled(pallet)
    last = line.operator.get(f"/v1/units/{EACH}{serials[0]}/history")["items"][-1]
    assert last["type"] == "ship" and last["shipment"] == made["shipment"]
    lot = line.operator.get(f"/v1/lots/{GTIN}/L1")
    assert sum(level["shipped"] for level in lot["levels"]) == 1


def test_a_refusal_names_all_and_ships_nothing(site, line, goods):
    serials, cases, pallet = goods
    wrong = [cases[0], EACH + serials[0], EACH + line.serials(1)[0], EACH + "NEVERISSUED", pallet]
    problem = line.operator.refused("POST", "/v1/shipments", {"units": wrong, "to": TO}, status=409,
                                    code="unit.has_parent")
    assert [(u["unit"], u["code"]) for u in problem["units"]] == [
        (spelled(cases[0]), "unit.has_parent"), (wrong[1], "unit.has_parent"),
        (wrong[2], "unit.state"), (wrong[3], "unit.unknown")]
    assert line.operator.unit(pallet)["state"] == "closed"
    refusals = site.as_role("auditor").get("/v1/journal", params={"kind": "refusal"})["items"]
    assert any(r["fact"].get("code") == "unit.has_parent" for r in refusals)


def test_what_has_expired_is_made_no_more_and_leaves_only_if_that_is_said(site, line, goods):
    line.operator.post("/v1/lots", {"lot": "OLD", "gtin": GTIN, "expiry": "2021-02", "produced":
                                    "2019-03-01", "packaging": "blister"}, 201)
    lot = line.operator.get(f"/v1/lots/{GTIN}/OLD")
    assert (lot["produced"], lot["packaging"]) == ("2019-03-01", "blister")
    packs = line.serials(1)
    made = {"type": "commission", "lot": "OLD", "gtin": GTIN, "serials": packs}
    told = line.call.post("/v1/reports", made)["results"][0]["problem"]
    assert told["code"] == "lot.expired" and "2021-02" in told["detail"]
    line.call.report({**made, "time": "2021-02-28T23:59:59Z"})
    case = line.ssccs(1)[0]
    line.call.report({"type": "pack", "parent": case, "commission": True,
                      "children": [EACH + packs[0]]}, {"type": "close", "parent": case})
    line.operator.post(f"/v1/lots/{GTIN}/OLD/close", {}, 200)
    ship = {"units": [case], "to": TO}
    line.operator.refused("POST", "/v1/shipments", ship, status=409, code="lot.expired")
    found = site.as_role("qa").get("/v1/exceptions?state=open")["items"]
    assert [x["code"] for x in found].count("lot.expired") == 2
    line.operator.post("/v1/shipments", {**ship, "flags": ["expired"]}, 201)


def test_a_code_that_says_another_lot_or_expiry_ships_nothing(line, goods):
    """REQ STATES-LOT-EXPIRY"""
    line.operator.post("/v1/lots", {"lot": "NEW", "gtin": GTIN, "expiry": "2031-02"}, 201)
    serials = line.serials(1)
    line.call.report({"type": "commission", "lot": "NEW", "gtin": GTIN, "serials": serials})
    line.operator.post(f"/v1/lots/{GTIN}/NEW/close", {}, 200)
    for code, says in (("unit.lot_differs", "(10)L2"), ("unit.expiry_differs", "(17)220101")):
        line.operator.refused("POST", "/v1/shipments", {
            "units": [f"(01){GTIN}{says}(21){serials[0]}"], "to": TO}, status=409, code=code)
    line.operator.post("/v1/shipments", {
        "units": [f"(01){GTIN}(17)310200(10)NEW(21){serials[0]}"], "to": TO}, 201)


def test_goods_of_an_open_lot_stay(site, line):
    site.admin.put(f"/v1/parties/{HUB}", {"name": "A party"})
    site.admin.put(f"/v1/locations/{HUB}", {"name": "Its place"})
    _, _, pallet = packed(line)
    ask = {"units": [pallet], "to": TO}
    line.operator.refused("POST", "/v1/shipments", ask, status=409, code="lot.open")
    close_lot(line)
    line.operator.post("/v1/shipments", ask, 201)


def test_goods_go_to_whom_the_site_knows(line, goods):
    ask = {"units": [goods[2]], "to": {"party": "9506000000039", "location": HUB}}
    line.operator.refused("POST", "/v1/shipments", ask, status=422, code="party.unknown")
    ask["to"] = {"party": HUB, "location": "9506000000016"}
    line.operator.refused("POST", "/v1/shipments", ask, status=400, code="gs1.check_digit")


def test_who_may_ship(site, line, goods):
    ask = {"units": [goods[2]], "to": TO}
    for role, scope in (("line", {"line": "line-1"}), ("auditor", {}), ("qa", {}),
                        ("client", {"client": line.client})):
        site.as_role(role, **scope).refused("POST", "/v1/shipments", ask, status=403)
    distributor = site.as_role("distributor", client=line.client, party=HUB)
    distributor.refused("POST", "/v1/shipments", ask, status=422, code="shipment.to_itself")
    other = {**ask, "to": {"party": SITE, "location": HUB}}
    distributor.refused("POST", "/v1/shipments", other, status=422, code="unit.unknown")
    made = line.operator.post("/v1/shipments", ask, 201)
    assert distributor.get(f"/v1/shipments/{made['shipment']}")["units"] == 1


def test_a_repeated_call_ships_once_also_after_a_crash(site, line, goods):
    how = {"headers": {"Idempotency-Key": "ship-1"}}
    ask = {"units": [goods[2]], "to": TO}
    made = line.operator.post("/v1/shipments", ask, 201, **how)
    site.restart()
    assert line.operator.post("/v1/shipments", ask, 201, **how) == made
    line.operator.refused("POST", "/v1/shipments", ask, status=409, code="unit.state")
    line.operator.refused("POST", "/v1/shipments", {**ask, "flags": ["x"]}, status=422,
                          code="idempotency.mismatch", **how)


def test_a_replay_agrees_with_what_was_shipped(site, line, goods):
    line.operator.post("/v1/shipments", {"units": [goods[2]], "to": TO}, 201)
    site.stop()
    done = packtrail("verify", site.folder)
    assert done.returncode == 0, done.stderr
    assert "verified " in done.stdout.splitlines()[-1]


def test_of_many_that_ship_the_same_pallet_one_does(line, goods):
    codes = []

    def ship():
        caller = line.site.caller(line.operator.http.headers["Authorization"].split()[1])
        answer = caller.call("POST", "/v1/shipments", {"units": [goods[2]], "to": TO})
        codes.append(answer.status_code)

    threads = [threading.Thread(target=ship) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(codes) == [201] + 7 * [409]
