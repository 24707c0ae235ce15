"""The balance of a lot: what became of every number and unit, why, and who signed for it."""
import csv
import io
import re

import pytest

from harness import sign
from test_shipments import HUB, TO
from test_units import EACH, spelled


@pytest.fixture
def qa(site):
    return site.person("qa", "mia")


@pytest.fixture
def line(line):
    """The sample line on a lot of a product that has levels."""
    levels = [{"level": "pack", "id": "sgtin", "quantity": 1},
              {"level": "case", "id": "sscc", "quantity": 3},
              {"level": "pallet", "id": "sscc", "quantity": 2}]
    line.site.admin.put(f"/v1/products/{line.gtin}", {"client": line.client, "name": "Exampline",
                                                      "levels": levels})
    line.lot = "L2"
    line.operator.post("/v1/lots", {"lot": "L2", "gtin": line.gtin, "expiry": "2030-12-31"}, 201)
    return line


@pytest.fixture
def lot(line):
    return f"/v1/lots/{line.gtin}/{line.lot}"


def differences(balance):
    return {(d["level"], d["line"]): d["unexplained"] for d in balance["differences"]
            if d["unexplained"]}


def level(balance, name):
    return next(item for item in balance["levels"] if item["level"] == name)


def report(line, **what):
    assert line.call.report(what)["refused"] == 0, line.call.report(what)


def made(line):
    """Two cases of three packs on a pallet, and beside them what a lot may have: six commissioned
    numbers, and of twelve more two loose packs, one sample, one destroyed, one scrapped, one label
    sampled, one void, one printed and lost, and four of which nothing is known."""
    serials, (first, second, pallet) = line.serials(6), map(spelled, line.ssccs(3))
    line.commission(serials)
    for parent, children in ((first, serials[:3]), (second, serials[3:])):
        report(line, type="pack", parent=parent, children=[EACH + s for s in children],
               commission=True)
    report(line, type="pack", parent=pallet, children=[first, second], commission=True)
    more = line.call.post("/v1/serials", {"gtin": line.gtin, "quantity": 12, "lot": line.lot},
                          201)["serials"]
    line.commission(more[:4])
    unit = lambda n: EACH + more[n]
    report(line, type="sample", units=[unit(2)], reason="retained")
    report(line, type="destroy", units=[unit(3)], reason="crushed")
    report(line, type="scrap", gtin=line.gtin, serials=[more[4]], reason="smeared")
    report(line, type="label_sample", gtin=line.gtin, serials=[more[5]], reason="record")
    report(line, type="invalidate", units=[unit(6)], reason="void")
    report(line, type="printed", gtin=line.gtin, serials=[more[7]])
    report(line, type="unread", gtin=line.gtin, lot=line.lot, count=2, reason="camera")
    return pallet, more


def test_every_number_of_a_lot_is_accounted_for(line, lot, qa):
    pallet, more = made(line)
    for count in ({"printer": 17, "camera_good": 10}, {"camera_bad": 3, "reject_bin": 4}):
        line.call.post(f"{lot}/counters", {"level": "pack", **count}, 200)
    closed = line.operator.post(f"{lot}/close", {}, 200)
    assert closed["loose"] >= 2
    balance = line.operator.get(f"{lot}/balance")
    numbers, goods = level(balance, "pack")["numbers"], level(balance, "pack")["goods"]
    assert (numbers["issued"], numbers["others"], numbers["commissioned"]) == (12, 6, 10)
    assert (numbers["scrapped"], numbers["label_sampled"], numbers["invalid"]) == (1, 1, 1)
    assert numbers["unknown_fate"] == 5 and numbers["printed"] == 1 and numbers["unread"] == 2
    assert goods["in_containers"] == 6 and goods["loose"] == 2
    assert (goods["sampled"], goods["destroyed"]) == (1, 1)
    assert not balance["balanced"]
    open_ = differences(balance)
    assert open_[("pack", "unknown_fate")] == 5 and open_[("pack", "loose")] == 2
    assert open_[("pack", "printer")] == 4 and open_[("pack", "reject_bin")] == 1
    assert ("pack", "camera_good") not in open_ and ("pack", "camera_bad") not in open_

    listed = list(line.operator.pages(f"{lot}/balance", differences="true", limit=2))
    by_line = lambda name: {i["unit"] for i in listed if i["line"] == name}
    assert by_line("unknown_fate") == {EACH + s for s in more[7:]}
    assert by_line("loose") == {EACH + s for s in more[:2]}

    problem = qa.refused("POST", f"{lot}/release", {"signature": sign()}, status=409,
                         code="lot.unbalanced")
    assert "pack unknown_fate 5" in problem["detail"]
    raised = [e for e in line.operator.get("/v1/exceptions")["items"]
              if e["kind"] == "count_difference"]
    assert len(raised) == 1


def explain(line, lot, expect=200, **what):
    return line.operator.post(f"{lot}/explain", {"reason": "looked for", **what}, expect)


def settled(line, lot):
    """The same lot with a reason for everything."""
    pallet, more = made(line)
    line.call.post(f"{lot}/counters", {"level": "pack", "printer": 17}, 200)
    line.operator.post(f"{lot}/close", {}, 200)
    explain(line, lot, units=[EACH + s for s in more[7:10]], **{"as": "lost_on_line"})
    explain(line, lot, level="pack", count=2, **{"as": "lost_on_line"})
    explain(line, lot, units=[EACH + more[0]], **{"as": "sample_not_recorded"})
    explain(line, lot, level="pack", count=1, **{"as": "kept_loose"})
    balance = line.operator.get(f"{lot}/balance")
    rest = differences(balance)
    assert set(rest) <= {("pack", "printer")}
    if rest:
        explain(line, lot, level="pack", count=rest[("pack", "printer")],
                **{"as": "printer_miscount"})
    return pallet, more


def test_a_lot_with_reasons_for_all_is_released_by_a_signature(site, line, lot, qa):
    site.admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": ["9506000"],
                                        "profile": {"ship_rule": "released"}})
    for path in ("parties", "locations"):
        site.admin.put(f"/v1/{path}/{HUB}", {"name": "Hub"})
    pallet, more = settled(line, lot)
    assert line.operator.get(f"{lot}/balance")["balanced"]
    assert not [e for e in line.operator.get("/v1/exceptions", params={"state": "open"})["items"]
                if e["kind"] == "count_difference"]
    ship = {"units": [pallet], "to": TO}
    line.operator.refused("POST", "/v1/shipments", ship, status=409, code="lot.unreleased")
    qa.refused("POST", f"{lot}/release", {}, status=400, code="signature.required")
    released = qa.post(f"{lot}/release", {"signature": sign("approval", "all is well")}, 200)
    assert released["state"] == "released"
    (signed,) = released["signatures"]
    assert signed["act"] == "release" and signed["signature"]["name"] == "Mia Muster"
    then = qa.get(lot, params={"at": "2999-01-01T00:00:00Z"})
    balance = qa.get(f"{lot}/balance")
    assert (then["state"], then["signatures"]) == ("released", [signed])
    assert then["balance"] == {k: balance[k] for k in ("balanced", "levels", "differences")}
    assert qa.post(f"{lot}/release", {"signature": sign()}, 200) == released
    line.operator.post("/v1/shipments", ship, 201)
    line.operator.refused("POST", f"{lot}/explain", {"as": "lost_on_line", "count": 1,
                          "level": "pack", "reason": "x"}, status=409, code="lot.released")

    page = line.operator.call("GET", f"{lot}/balance", headers={"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Mia Muster (mia, qa), approval, 20" in page.text and "all is well" in page.text
    assert "http" not in page.text and "<script" not in page.text
    table = line.operator.call("GET", f"{lot}/balance", headers={"Accept": "text/csv"}).text
    rows = list(csv.reader(io.StringIO(table)))
    assert {len(row) for row in rows} == {7}
    assert ["pack", "numbers", "lost_on_line", "3", "", "", ""] in rows
    site.stop()
    site.verify()


def tables(text):
    """The rows of a page, by the headline above them."""
    found = {}
    for title, table in re.findall(r"<h2>(.*?)</h2>\n<table>(.*?)</table>", text, re.S):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
        found[title] = [row.split("<td>")[1:] for row in rows[1:]]
    return found


def end(qa, hold, reason):
    qa.post(f"/v1/holds/{hold['id']}/release", {"signature": sign("review", reason)}, 200)


def test_a_page_lists_all_that_was_signed_about_its_lot(site, line, lot, qa):
    """Also who ended its holds and those of its units, and who declared an event wrong."""
    paul = site.person("operator", "paul", "Paul Pack")
    put = lambda **what: paul.post("/v1/holds", what, 201)
    whole = put(gtin=line.gtin, lot=line.lot, reason="a <question>")
    serials = line.serials(3)
    line.commission(serials)
    put(units=[EACH + serials[2]], reason="still looked at")
    some = put(units=[EACH + s for s in serials[:2]], reason="dented")
    line.operator.post("/v1/lots", {"lot": "L3", "gtin": line.gtin, "expiry": "2030-12"}, 201)
    foreign, = line.serials(1)
    line.call.report({"type": "commission", "lot": "L3", "gtin": line.gtin, "serials": [foreign]})
    end(qa, put(units=[EACH + foreign], reason="of another lot"), "another lot's")
    end(qa, whole, "answered")
    line.operator.post(f"{lot}/close", {}, 200)
    qa.post(f"{lot}/reopen", {"signature": sign("approval", "one more")}, 200)
    end(qa, some, "they are good")
    event = site.as_role("client", client=line.client).get(
        "/epcis/v2/events", params={"EQ_bizStep": "commissioning", "perPage": 1})
    event = event["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["eventID"]
    qa.post("/v1/corrections", {"event": event, "reason": "incorrect_data",
                                "signature": sign("approval", "the other line")}, 201)

    page = line.operator.call("GET", f"{lot}/balance", headers={"Accept": "text/html"}).text
    shown = tables(page)
    assert [row[1:6] for row in shown["Holds"]] == [
        ["hold", "released", "the lot", "a &#60;question&#62;", "paul"],
        ["hold", "held", "1", "still looked at", "paul"],
        ["hold", "released", "2", "dented", "paul"]]
    assert all(row[6].startswith("20") for row in shown["Holds"])
    signed = [(row[2], row[4], row[3].split(": ")[-1]) for row in shown["Signatures"]]
    assert signed == [("end_hold", "", "answered"), ("reopen", "", "one more"),
                      ("end_hold", "hold of 2 units", "they are good"),
                      ("correct", event, "the other line")]
    for row in shown["Signatures"]:
        assert re.match(r"Mia Muster \(mia, qa\), (review|approval), 20\d\d-.*: ", row[3]), row
    table = line.operator.call("GET", f"{lot}/balance", headers={"Accept": "text/csv"}).text
    rows = list(csv.reader(io.StringIO(table)))
    assert {len(row) for row in rows} == {7}
    assert [row[2] for row in rows if row[1] == "signature"] == [act for act, _, _ in signed]
    assert [row[3] for row in rows if row[1] == "hold"] == ["the lot", "1", "2"]
    assert [(s["act"], s.get("upon", "")) for s in line.operator.get(f"{lot}/balance")["signatures"]
            ] == [(act, on) for act, on, _ in signed]
    client = site.as_role("client", client=line.client)  # whose holds are not told to
    theirs = tables(client.call("GET", f"{lot}/balance", headers={"Accept": "text/html"}).text)
    assert "Holds" not in theirs and [row[2] for row in theirs["Signatures"]] == ["reopen"]


def test_a_number_lost_on_line_is_found_by_commissioning_it(line, lot, qa):
    _, more = settled(line, lot)
    lost = EACH + more[8]
    assert line.operator.unit(lost)["flags"] == ["lost"]
    line.operator.post(f"{lot}/release", {"signature": sign()}, 403)
    assert line.commission([more[8]])["results"][0]["problem"]["code"] == "lot.closed"
    assert qa.post(f"{lot}/reopen", {"signature": sign("review", "one was found")},
                   200)["state"] == "reopened"
    assert line.commission([more[8]])["refused"] == 0
    assert line.operator.unit(lost)["state"] == "commissioned"
    qa.refused("POST", f"{lot}/release", {"signature": sign()}, status=409, code="lot.open")
    line.operator.post(f"{lot}/close", {}, 200)
    # what was explained by count is to be explained anew, and the pack that was found is loose
    assert differences(line.operator.get(f"{lot}/balance"))[("pack", "loose")] == 2


def test_what_explains_nothing_is_refused(line, lot):
    _, more = made(line)
    line.operator.post(f"{lot}/close", {}, 200)
    wrong = lambda status, code, **what: line.operator.refused(
        "POST", f"{lot}/explain", {"reason": "why", **what}, status=status, code=code)
    wrong(400, "explain.as", **{"as": "magic"}, count=1, level="pack")
    wrong(400, "explain.what", **{"as": "lost_on_line"})
    wrong(400, "explain.what", **{"as": "missing"}, count=1, level="pack")
    wrong(400, "explain.what", **{"as": "kept_loose"}, units=[EACH + more[0]])
    wrong(409, "explain.too_many", **{"as": "lost_on_line"}, count=6, level="pack")
    wrong(422, "level.unknown", **{"as": "lost_on_line"}, count=1, level="barrel")
    wrong(409, "explain.sort", **{"as": "lost_on_line"}, units=[EACH + more[0]])
    other = line.call.post("/v1/serials", {"gtin": line.gtin, "quantity": 1}, 201)["serials"]
    problem = wrong(409, "explain.lot", **{"as": "lost_on_line"}, units=[EACH + other[0]])
    assert problem["units"] == [{"unit": EACH + other[0], "code": "explain.lot"}]


@pytest.mark.parametrize("as_", ["missing", "destroyed_not_recorded", "sample_not_recorded"])
def test_what_lies_in_a_container_is_explained_by_no_name(line, as_):
    serials, (case,) = line.serials(2), line.ssccs(1)
    line.commission(serials)
    line.call.report({"type": "pack", "parent": case, "commission": True, "partial": True,
                      "by": "Mia", "reason": "the last",
                      "children": [EACH + serial for serial in serials]})
    wish = {"as": as_, "units": [EACH + serials[0]], "reason": "looked for"}
    lot = f"/v1/lots/{line.gtin}/{line.lot}"
    line.operator.refused("POST", f"{lot}/explain", wish, status=409, code="explain.sort")
    assert line.call.unit(EACH + serials[0])["state"] == "packed"
    line.call.report({"type": "unpack", "parent": case, "children": [EACH + serials[0]]})
    line.operator.post(f"{lot}/explain", wish, 200)


def test_an_amended_expiry_is_held_to_what_opening_asks(line):
    lot = {"lot": "A1", "gtin": line.gtin, "expiry": "2030-12-31", "produced": "2026-11-01"}
    line.operator.post("/v1/lots", lot, 201)
    path = f"/v1/lots/{line.gtin}/A1/amend"
    line.operator.refused("POST", path, {"expiry": "2026-10-31", "reason": "x"}, status=422,
                          code="lot.produced")
    line.operator.post(path, {"expiry": "2026-11", "reason": "a month means its last day"}, 200)


@pytest.mark.parametrize("report", ["printed", "label_sample"])
def test_the_expiry_of_a_lot_stays_once_it_is_on_a_label(line, report):
    line.operator.post("/v1/lots", {"lot": "A1", "gtin": line.gtin, "expiry": "2030-12-31"}, 201)
    serial, = line.call.post("/v1/serials", {"gtin": line.gtin, "quantity": 1, "lot": "A1"},
                             201)["serials"]
    path = f"/v1/lots/{line.gtin}/A1/amend"
    line.operator.post(path, {"expiry": "2031-01-31", "reason": "typed wrongly"}, 200)
    more = {} if report == "printed" else {"lot": "A1", "reason": "for the batch record"}
    line.call.report({"type": report, "gtin": line.gtin, "serials": [serial], **more})
    line.operator.refused("POST", path, {"expiry": "2030-12-31", "reason": "x"}, status=409,
                          code="lot.begun")


def test_a_lot_is_amended_and_recalled(site, line, lot, qa):
    body = {"order": "o-8", "quantity": 70, "expiry": "2031-05", "reason": "typed wrongly"}
    shown = line.operator.post(f"{lot}/amend", body, 200)
    assert (shown["order"], shown["quantity"], shown["expiry_printed"]) == ("o-8", 70, "2031-05")
    fact = site.as_role("auditor").get("/v1/journal", params={"kind": "lot.amended"})["items"][-1]
    assert fact["fact"]["amended"]["expiry"] == {"old": "2030-12-31", "new": "2031-05"}
    _, more = made(line)
    line.operator.refused("POST", f"{lot}/amend", {"expiry": "2031-06", "reason": "x"},
                          status=409, code="lot.begun")
    line.operator.post(f"{lot}/amend", {"extra": {"zone": "7"}, "reason": "x"}, 200)
    assert line.operator.get(lot)["extra"] == {"zone": "7"}
    assert qa.post(f"{lot}/recall", {"signature": sign("approval", "found glass")},
                   200)["state"] == "recalled"
    assert "recalled" in line.operator.unit(EACH + more[0])["flags"]
    line.operator.refused("POST", f"{lot}/close", {}, status=409, code="lot.recalled")


def test_what_was_destroyed_while_on_hold_stays_so(site, line, lot, qa):
    _, more = made(line)
    units = [EACH + s for s in more[:2]]
    hold = line.operator.post("/v1/holds", {"units": units, "reason": "odd"}, 201)
    report(line, type="destroy", units=units[:1], reason="crushed")
    qa.post(f"/v1/holds/{hold['id']}/release", {"signature": sign("review", "fine")}, 200)
    gone, good = map(line.operator.unit, units)
    assert gone["state"] == "destroyed" and (good["state"], good["flags"]) == ("commissioned", [])
    line.operator.refused("POST", "/v1/holds", {"units": [EACH + "NOBODY"], "reason": "odd"},
                          status=422, code="unit.unknown")
    line.operator.refused("POST", "/v1/holds", {"reason": "odd"}, status=400, code="hold.what")
    qa.refused("POST", "/v1/holds/none/release", {"signature": sign()}, status=404,
               code="hold.unknown")
    site.stop()
    site.verify()


def test_holds_of_units_and_of_lots_stand_apart(line, lot, qa):
    _, more = made(line)
    unit = EACH + more[0]
    flags = lambda: line.operator.unit(unit)["flags"]
    one = line.operator.post("/v1/holds", {"units": [unit, EACH + more[1]], "reason": "odd"}, 201)
    assert one["units"] == [unit, EACH + more[1]] and one["state"] == "held"
    whole = line.operator.post("/v1/holds", {"gtin": line.gtin, "lot": line.lot, "reason": "?"},
                               201)
    assert whole["lot"] == line.lot and flags() == ["hold"]
    line.operator.refused("POST", "/v1/holds", {"gtin": line.gtin, "lot": line.lot,
                          "reason": "?"}, status=409, code="lot.on_hold")
    line.operator.refused("POST", "/v1/holds", {"units": [unit], "reason": "?"}, status=409)
    assert [h["id"] for h in line.operator.pages("/v1/holds", state="held", limit=1)] == [
        one["id"], whole["id"]]
    qa.refused("POST", f"/v1/holds/{one['id']}/release", {}, status=400,
               code="signature.required")
    ended = qa.post(f"/v1/holds/{one['id']}/release", {"signature": sign("review", "fine")}, 200)
    assert ended["state"] == "released" and ended["signature"]["reason"] == "fine"
    assert qa.post(f"/v1/holds/{one['id']}/release", {"signature": sign("review", "again")},
                   200) == ended
    assert flags() == ["hold"]  # its lot's
    qa.post(f"/v1/holds/{whole['id']}/release", {"signature": sign("review", "fine")}, 200)
    assert flags() == []
    report(line, type="hold", gtin=line.gtin, lot=line.lot, reason="again")
    assert flags() == ["hold"]
    assert [h["state"] for h in line.operator.pages("/v1/holds")] == ["held", "released",
                                                                      "released"]
