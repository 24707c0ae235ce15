"""Work on a line beyond the plain run: units each for themselves, calls that are all or nothing,
rework, labels that run apart, and who did what where, over HTTP against the real program."""
import json
import time
import uuid
from urllib.parse import quote

import pytest

import harness

NDJSON = "application/x-ndjson"
WAIT_S = 30


def sgtin(line, serial):
    return f"(01){line.gtin}(21){serial}"


def commission(line, serials, **more):
    return {"type": "commission", "lot": line.lot, "gtin": line.gtin, "serials": serials, **more}


def pack(line, parent, serials, **more):
    return {"type": "pack", "parent": parent,
            "children": [sgtin(line, s) for s in serials], **more}


def post(line, body, headers=None, **params):
    headers = {"Content-Type": "application/json", **(headers or {})}
    return line.call.post("/v1/reports", body, 200, params=params, headers=headers)


def history(line, unit):
    return list(line.operator.pages("/v1/units/" + quote(unit, safe="") + "/history"))


def until(wanted):
    """Waits for what the service says of itself; there is no event to wait for over HTTP."""
    deadline = time.monotonic() + WAIT_S
    while not wanted():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)


def test_goods_are_not_moved_to_where_they_are_nor_long_before_the_site_was(line):
    serials, (case,) = line.serials(3), line.ssccs(1)
    old = commission(line, serials, time="1970-01-02T00:00:00Z")
    assert post(line, old)["results"][0]["problem"]["code"] == "time.floor"
    line.commission(serials)
    line.call.report(pack(line, case, serials[:2], commission=True))
    move = {"type": "move", "children": [sgtin(line, s) for s in serials], "parent": case,
            "reason": "tidied"}
    problem = post(line, move)["results"][0]["problem"]
    assert problem["code"] == "unit.same_parent"
    assert [u["unit"] for u in problem["units"]] == [sgtin(line, s) for s in serials[:2]]
    assert line.call.unit(sgtin(line, serials[2]))["parent"] is None


def profile(site, line, pack_levels):
    site.admin.put(f"/v1/clients/{line.client}", {"name": "Acme Pharma", "prefixes": ["9506000"],
                                                  "profile": {"pack_levels": pack_levels}})


# REQ STATES-LEVEL-PAIR
def test_the_levels_that_a_product_names_are_kept(site, line):
    """Of a case with an SGTIN on a pallet with an SSCC: packs go into cases alone."""
    case = "19506000134359"
    site.admin.put(f"/v1/products/{line.gtin}", {"client": line.client, "name": "Exampline 5 mg",
                                                 "levels": [
        {"level": "pack", "id": "sgtin", "quantity": 1},
        {"level": "case", "id": "sgtin", "gtin": case, "quantity": 2},
        {"level": "pallet", "id": "sscc", "quantity": 2}]})
    site.admin.put("/v1/pools/of-cases", {"gtin": case, "kind": "random"})
    line.operator.post("/v1/lots", {"lot": "L2", "gtin": line.gtin, "expiry": "2030-12-31"}, 201)
    serials, (one, two, three) = line.serials(5), line.ssccs(3)
    box, = line.call.post("/v1/serials", {"gtin": case, "quantity": 1, "lot": "L2"}, 201)["serials"]
    line.call.report(commission(line, serials, lot="L2"))
    code = lambda said: post(line, said)["results"][0]["problem"]["code"]
    assert code(pack(line, three, serials[4:], commission=True)) == "pack.level"
    profile(site, line, "any")
    line.call.report(pack(line, three, serials[4:], commission=True))
    profile(site, line, "product")
    assert code(pack(line, one, serials[:2], commission=True)) == "pack.level"
    line.call.report(pack(line, f"(01){case}(21){box}", serials[:2], commission=True))
    line.call.report({"type": "pack", "parent": one, "commission": True,
                      "children": [f"(01){case}(21){box}"]})
    line.call.report({"type": "close", "parent": one, "partial": True, "by": "mia", "reason": "end"})
    assert code({"type": "pack", "parent": two, "commission": True, "children": [one]}) == "pack.level"
    profile(site, line, "named")  # nothing is named above a pallet
    line.call.report({"type": "pack", "parent": two, "commission": True, "children": [one]})
    site.stop()
    site.verify()


def test_an_sscc_holds_units_of_one_level_of_a_product(site, line):
    site.admin.put(f"/v1/products/{line.gtin}", {"client": line.client, "name": "Exampline 5 mg",
                                                 "levels": [
        {"level": "pack", "id": "sgtin", "quantity": 1},
        {"level": "case", "id": "sscc", "quantity": 2}]})
    line.operator.post("/v1/lots", {"lot": "L2", "gtin": line.gtin, "expiry": "2030-12-31"}, 201)
    serials, ssccs = line.serials(9), line.ssccs(5)
    one, two, pallet, mixed, late = ssccs
    line.call.report(commission(line, serials, lot="L2"))
    packs = [f"(01){line.gtin}(21){s}" for s in serials]
    into = lambda parent, *units, **more: {"type": "pack", "parent": parent,
                                           "children": list(units), **more}
    line.call.report(into(one, *packs[:2], commission=True), into(two, *packs[2:4], commission=True))
    for rule in ("named", "product"):
        profile(site, line, rule)
        problem = post(line, into(mixed, packs[4], one, commission=True))["results"][0]["problem"]
        assert problem["code"] == "pack.level"
        # `product`: nothing is named that a case lies in
        assert len(problem["units"]) == 1 and problem["units"][0]["unit"] == f"(00){one}"
    profile(site, line, "named")
    line.call.report(into(pallet, one, commission=True))
    problem = post(line, into(pallet, two, packs[4]))["results"][0]["problem"]
    assert problem["units"] == [{"unit": packs[4], "code": "pack.level"}]
    line.call.report(into(pallet, two))
    profile(site, line, "any")
    line.call.report(into(late, packs[5], packs[6], commission=True))
    site.stop()
    site.verify()


def test_a_page_of_holds_is_one_that_was_told(line):
    for page in ("AAAA", "02" + 16 * "0", "00"):
        line.operator.refused("GET", f"/v1/holds?page={page}", status=400, code="page.form")


def test_a_person_says_why_numbers_are_asked_for_and_what_is_reported(site, line):
    site.admin.put("/v1/users/olga", {"name": "Olga Operator", "role": "operator"})
    olga = site.as_role("operator", user="olga")
    wish = {"gtin": line.gtin, "quantity": 2, "lot": line.lot}
    olga.refused("POST", "/v1/serials", wish, status=400, code="reason.required")
    asked = olga.post("/v1/serials", {**wish, "reason": "the line's own are used up"}, 201)
    confirm = f"/v1/serials/requests/{asked['request']}/confirm"
    olga.refused("POST", confirm, {}, status=400, code="reason.required")
    olga.post(confirm, {"reason": "the line was off"}, 200)
    # A record that begins changes none.
    olga.post("/v1/lots", {"lot": "NEW", "gtin": line.gtin, "expiry": "2030-12-31"}, 201)
    why = {"headers": {"Packtrail-Reason": "by hand, the camera is broken"}}
    serials = olga.post("/v1/serials", wish, 201, **why)["serials"]
    said = commission(line, serials)
    problem = olga.post("/v1/reports", said)["results"][0]["problem"]
    assert (problem["status"], problem["code"]) == (400, "reason.required")
    assert olga.post("/v1/reports", said, **why)["accepted"] == 1
    path = f"/v1/lots/{line.gtin}/{line.lot}/counters"
    counted = {"level": olga.get(f"/v1/lots/{line.gtin}/{line.lot}")["levels"][0]["level"],
               "printer": 2}
    olga.refused("POST", path, counted, status=400, code="reason.required")
    olga.post(path, counted, 200, **why)
    told = [f for f in site.as_role("auditor").pages("/v1/journal", user="olga")
            if f["kind"] in ("numbers.issued", "numbers.confirmed", "units.commissioned",
                             "lot.counted")]
    assert len(told) == 5 and all("reason" in str(f) for f in told)
    site.stop()
    site.verify()


def test_each_unit_stands_for_itself_where_the_call_says_so(line):
    serials = line.serials(5)
    line.commission(serials[:2])
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = commission(line, serials + ["NEVERISSUED"], id="r-1")
    answer = post(line, body, key, each="true")
    (result,) = answer["results"]
    assert (answer["accepted"], answer["refused"]) == (1, 0)
    assert result["seq"] and result["problem"]["status"] in (409, 422)
    assert sorted(u["code"] for u in result["problem"]["units"]) == [
        "unit.state", "unit.state", "unit.unknown"]
    assert line.call.unit(sgtin(line, serials[4]))["state"] == "commissioned"
    assert post(line, body, key, each="true") == answer
    (again,) = post(line, body, each="true")["results"]  # by its id
    assert again["repeat"] and again["seq"] == result["seq"]
    assert again["problem"]["units"] == result["problem"]["units"]


@pytest.mark.parametrize("each", ("true", "false"))
def test_a_full_case_comes_off_its_pallet_and_ends(site, line, each):
    site.admin.put(f"/v1/clients/{line.client}", {
        "name": "Acme", "prefixes": [harness.PREFIX],
        "profile": {"decommission_packed": "unpack", "decommission_parent": "children"}})
    serials, (case, pallet) = line.serials(2), line.ssccs(2)
    line.commission(serials)
    packed = pack(line, case, serials, commission=True, partial=True, by="Mia", reason="the last")
    on_pallet = {"type": "pack", "parent": pallet, "children": [case], "commission": True}
    assert line.call.report(packed, on_pallet)["accepted"] == 2
    answer = post(line, {"type": "destroy", "units": [case], "reason": "wet"}, each=each)
    assert answer["accepted"] == 1 and "problem" not in answer["results"][0], answer
    for unit in (case, *(sgtin(line, s) for s in serials)):
        assert line.call.unit(unit)["state"] == "destroyed"
    assert line.call.unit(pallet)["state"] == "open"


@pytest.mark.parametrize("unpack", ("refuse", "unpack"))
@pytest.mark.parametrize("deep", (False, True))
def test_no_unit_that_is_refused_ends_with_what_it_lies_in(site, line, unpack, deep):
    site.admin.put(f"/v1/clients/{line.client}", {
        "name": "Acme", "prefixes": [harness.PREFIX],
        "profile": {"decommission_packed": unpack, "decommission_parent": "children"}})
    serials, (case, pallet) = line.serials(3), (f"(00){sscc}" for sscc in line.ssccs(2))
    line.commission(serials)
    line.call.report(pack(line, case, serials[:2], commission=True))
    line.call.report({"type": "close", "parent": case, "partial": True, "reason": "the last",
                      "by": "Mia"})
    inner, other = sgtin(line, serials[0]), sgtin(line, serials[2])
    outer = case
    if deep:
        outer = pallet
        line.call.report({"type": "pack", "parent": pallet, "children": [case], "commission": True})
    answer, = post(line, {"type": "decommission", "units": [outer, inner, other],
                          "reason": "wet"}, each="true")["results"]
    refused = {u["unit"]: u["code"] for u in answer.get("problem", {}).get("units", [])}
    ended = {u for u in (outer, inner, other) if line.call.unit(u)["state"] in (
        "inactive", "dissolved")}
    assert ended == {outer, inner, other} - set(refused) and other in ended
    if deep or unpack == "refuse":
        assert refused == {inner: "unit.has_parent", outer: "unit.not_empty"}
    else:
        assert refused == {}


def test_a_number_that_begins_with_another_lot_is_in_the_list_of_that_lot_alone(line):
    line.operator.post("/v1/lots", {"lot": "L2", "gtin": line.gtin, "expiry": "2031-06-30"}, 201)
    asked = {"gtin": line.gtin, "quantity": 1, "lot": line.lot}
    lost, = line.call.post("/v1/serials", asked, 201)["serials"]
    lose = {"type": "lost", "units": [sgtin(line, lost)], "reason": "a jam"}
    found = {"type": "commission", "lot": "L2", "gtin": line.gtin, "serials": [lost]}
    assert line.call.report(lose, found)["accepted"] == 2
    for lot, units in ((line.lot, []), ("L2", [sgtin(line, lost)])):
        listed = line.operator.get("/v1/units", params={"lot": lot, "gtin": line.gtin})["items"]
        assert [item["unit"] for item in listed] == units


def test_an_atomic_call_is_done_whole_or_not_at_all(line):
    serials, (sscc,) = line.serials(6), line.ssccs(1)
    good = [commission(line, serials[:3]), pack(line, sscc, serials[:3], commission=True)]
    refused = post(line, good + [commission(line, serials[:1])], atomic="true")
    assert (refused["accepted"], refused["refused"]) == (0, 3)
    assert [r["problem"]["code"] for r in refused["results"]] == [
        "call.undone", "call.undone", "unit.state"]
    assert line.call.unit(sgtin(line, serials[0]))["state"] == "allocated"
    body = "".join(json.dumps(o) + "\n" for o in good)
    answer = post(line, body, {"Content-Type": NDJSON}, atomic="true")
    assert answer["accepted"] == 2, answer
    assert line.call.unit(sgtin(line, serials[0]))["state"] == "packed"
    answer = line.call.call("POST", "/v1/reports", [], params={"each": "true", "atomic": "true"})
    assert answer.status_code == 400


def test_units_move_and_get_new_numbers(line):
    serials, ssccs = line.serials(6), line.ssccs(3)
    assert line.call.report(commission(line, serials[:5]),
                            pack(line, ssccs[0], serials[:3], commission=True),
                            pack(line, ssccs[1], serials[3:5], commission=True))["accepted"] == 3
    move = pack(line, ssccs[1], serials[:2]) | {"type": "move", "reason": "rework", "id": "m-1"}
    (moved,) = line.call.report(move)["results"]
    assert line.call.unit(sgtin(line, serials[0]))["parent"].endswith(ssccs[1])
    assert line.call.report(move)["results"][0] == {"index": 0, "seq": moved["seq"],
                                                    "repeat": True}
    relabel = {"type": "relabel", "from": sgtin(line, serials[0]), "to": sgtin(line, serials[5]),
               "reason": "smeared", "by": "ann", "station": "bench 2", "id": "l-1"}
    (first,) = line.call.report(relabel)["results"]
    assert line.call.report(relabel)["results"][0]["seq"] == first["seq"]
    assert line.call.unit(sgtin(line, serials[0]))["state"] == "inactive"
    new = line.call.unit(sgtin(line, serials[5]))
    assert new["state"] == "packed" and new["parent"].endswith(ssccs[1])
    for serial in (serials[0], serials[5]):
        last = history(line, sgtin(line, serial))[-1]
        assert (last["type"], last["from"], last["to"]) == (
            "relabel", sgtin(line, serials[0]), sgtin(line, serials[5]))
        assert (last["by"], last["station"], last["reason"]) == ("ann", "bench 2", "smeared")
        assert last["line"]
    case = {"type": "relabel", "from": ssccs[1], "to": ssccs[2], "reason": "torn"}
    assert line.call.report(case)["accepted"] == 1
    assert line.call.unit(ssccs[1])["state"] == "dissolved"
    assert line.call.unit(sgtin(line, serials[5]))["parent"].endswith(ssccs[2])


def test_numbers_of_a_request_are_told_as_printed(line):
    asked = line.call.post("/v1/serials", {"gtin": line.gtin, "quantity": 5}, 201)
    part = {"type": "printed", "request": asked["request"], "first": 1, "count": 2}
    assert line.call.report(part)["accepted"] == 1
    states = [line.call.unit(sgtin(line, s))["state"] for s in asked["serials"]]
    assert states == ["allocated", "printed", "printed", "allocated", "allocated"]
    wide = line.call.report(part | {"first": 4})["results"][0]["problem"]
    assert wide["code"] == "request.range"


def test_labels_that_run_apart_are_an_exception_until_their_fate_is_told(site, line):
    serials, ssccs = line.serials(50), line.ssccs(8)
    lost = serials[20]
    assert line.commission(serials[:20] + serials[21:])["accepted"] == 1
    packs = serials[:20] + serials[21:]
    for i in range(7):
        assert line.call.report(pack(line, ssccs[i], packs[5 * i:5 * i + 5],
                                     commission=True))["accepted"] == 1

    def shifts():
        found = site.admin.get("/v1/exceptions", params={"kind": "label_shift", "state": "open"})
        return found["items"]

    (shift,) = shifts()
    assert shift["code"] == "label.shift"
    scrap = {"type": "scrap", "gtin": line.gtin, "serials": [lost], "reason": "roll change"}
    assert line.call.report(scrap, pack(line, ssccs[7], packs[35:40],
                                        commission=True))["accepted"] == 2
    assert shifts() == []


@pytest.fixture
def fast_site(make_site):
    site = make_site()
    site.configure(exchange={"retry_min": "20 ms", "retry_max": "100 ms", "answer_time": "2 s"})
    return site.start()


def test_a_partner_may_hear_of_a_container_once_it_is_closed(fast_site, make_partner):
    line, each, whole = harness.Line(fast_site), make_partner(), make_partner()
    for name, partner, packing in (("each", each, "each"), ("whole", whole, "closed")):
        fast_site.admin.put(f"/v1/partners/{name}", {
            "client": line.client, "url": partner.url, "format": "epcis-2.0-json",
            "approval": "none", "packing": packing})
    serials, (sscc,) = line.serials(4), line.ssccs(1)
    close = {"type": "close", "parent": sscc, "partial": True, "by": "ann", "reason": "end"}
    assert line.call.report(commission(line, serials),
                            pack(line, sscc, serials[:2], commission=True),
                            pack(line, sscc, serials[2:]), close,
                            commission(line, line.serials(1)))["accepted"] == 5

    def packings(partner):
        events = [e for b in partner.bodies() for e in json.loads(b)["epcisBody"]["eventList"]]
        return [e for e in events if e["type"] == "AggregationEvent"]

    until(lambda: len(packings(each)) == 2 and len(packings(whole)) == 1)
    (told,) = packings(whole)
    assert len(told["childEPCs"]) == 4
    assert told["eventID"] not in [e["eventID"] for e in packings(each)]
    assert [len(e["childEPCs"]) for e in packings(each)] == [2, 2]


def test_reports_of_every_new_type_honour_their_ids(line):
    serials, (sscc,) = line.serials(4), line.ssccs(1)
    line.commission(serials[:2])
    reports = [
        pack(line, sscc, serials[:1], commission=True),
        {"type": "label_sample", "gtin": line.gtin, "serials": serials[2:3], "reason": "record"},
        {"type": "hold", "units": [sgtin(line, serials[1])], "reason": "look"},
        {"type": "sample", "units": [sgtin(line, serials[0])], "reason": "test", "unpack": True},
        {"type": "lost", "units": [sgtin(line, serials[3])], "reason": "gone"},
        {"type": "found", "units": [sgtin(line, serials[3])], "reason": "there"},
    ]
    for i, report in enumerate(reports):
        named = report | {"id": f"n-{i}", "by": "bo", "station": "st 1"}
        (first,) = line.call.report(named)["results"]
        assert "problem" not in first, first
        assert line.call.report(named)["results"] == [first | {"repeat": True}]
        other = line.call.report(named | {"station": "st 2"})["results"][0]["problem"]
        assert other["code"] == "report.id_mismatch"
    assert all(e.get("by") == "bo" and e["station"] == "st 1"
               for e in history(line, sgtin(line, serials[0]))[1:])


def test_the_history_names_work_order_person_and_station(site, line):
    lot = {"lot": "L-W", "gtin": line.gtin, "expiry": "2030-12", "order": "WO-77"}
    line.operator.post("/v1/lots", lot, 201)
    serials = line.serials(1)
    assert line.call.report(commission(line, serials) | {
        "lot": "L-W", "by": "ann", "station": "camera 1"})["accepted"] == 1
    (event,) = history(line, sgtin(line, serials[0]))
    assert (event["order"], event["by"], event["station"], event["line"]) == (
        "WO-77", "ann", "camera 1", "line-1")
    assert line.operator.get(f"/v1/lots/{line.gtin}/L-W")["order"] == "WO-77"


def test_a_unit_and_its_tree_are_told_as_they_were(line):
    serials, (sscc,) = line.serials(3), line.ssccs(1)
    at = "2026-03-01T10:0{}:00Z".format
    path = "/v1/units/" + quote(sscc, safe="")
    told = line.call.report(commission(line, serials, time=at(0)),
                            pack(line, sscc, serials, commission=True, time=at(2)),
                            {"type": "unpack", "parent": sscc, "time": at(4)})
    assert told["accepted"] == 3, told
    pack_at = [line.operator.unit(sgtin(line, serials[0]), at=at(m))["state"] for m in (1, 3, 5)]
    assert pack_at == ["commissioned", "packed", "commissioned"]
    assert line.operator.unit(sscc, at=at(3))["contents"] == [
        {"gtin": line.gtin, "lot": line.lot, "count": 3}]
    assert line.operator.unit(sscc)["contents"] == []
    tree = line.operator.get(path + "/tree", params={"at": at(3)})
    assert [c["unit"] for c in tree["children"]] == [sgtin(line, s) for s in serials]
    until = line.operator.get(path + "/history", params={"until": at(3)})["items"]
    assert [e["type"] for e in until] == ["pack"]
