"""Exceptions over HTTP: what raises them, who sees them, how they are worked off, and what trading
partners say of them."""
import copy
import datetime
import json

import jsonschema
import pytest

import epcis_calls
import harness
from harness import GTIN
from main_job import until

CASES = ("hda_1_1A_overage_keep_product", "hda_1_4A_incorrect_serial")
REPORT = {
    "message_uuid": "0a5d8c36-8a3c-4a80-9a0a-5f2f5b9d0001", "timestamp": 1790000000,
    "exception_case_uuid": "0a5d8c36-8a3c-4a80-9a0a-5f2f5b9d0002", "po_number": "PO-5",
    "sender_information": {"gln": "9506000000015", "email": "dock@wholesale.example",
                           "phone": None, "vp": None},
    "exceptions": {"missing_product_data": [{
        "exception_item_uuid": "0a5d8c36-8a3c-4a80-9a0a-5f2f5b9d0003", "product_gtin": GTIN,
        "product_serial": "?", "observation_source": "Scan",
        "resolution_request": "Send new data"}]},
    "case_resolved": False, "x_of_ours": {"kept": True}}
EMAIL = {"email": "qa@acme.example"}


def listed(caller, **params):
    return list(caller.pages("/v1/exceptions", **params))


def act(caller, item, word, body, expect=200):
    return caller.post(f"/v1/exceptions/{item['id']}/{word}", body, expect)


def refuse_one(line, serial="NEVERISSUED"):
    """A report that is refused by a rule of the trade."""
    answer = line.call.report({"type": "scrap", "gtin": GTIN, "serials": [serial],
                                 "reason": "torn"})
    assert answer["refused"] == 1
    return answer["results"][0]["problem"]


def report_of(serial, number="0"):
    r = copy.deepcopy(REPORT)
    for name in ("message_uuid", "exception_case_uuid"):
        r[name] = r[name][:-1] + chr(ord(r[name][-1]) + 4) if number != "0" else r[name]
    r["exceptions"]["missing_product_data"][0]["product_serial"] = serial
    return r


def schema(shared, word):
    path = shared / f"domain/samples/exceptions/pdg_{word}_schema.json"
    return json.loads(path.read_text())


# ---- what raises one

def test_what_is_refused_is_an_exception_and_a_mistaken_setting_is_not(site, line):
    problem = refuse_one(line)
    site.admin.refused("PUT", "/v1/pools/x", {"gtin": GTIN, "kind": "random"}, status=409,
                       code="pool.overlaps")
    one, = listed(line.operator, kind="refused")
    assert (one["state"], one["code"], one["count"]) == ("open", problem["code"], 1)
    whole = line.operator.get(f"/v1/exceptions/{one['id']}")
    assert whole["tried"] == "units.scrapped" and whole["detail"] == problem["detail"]
    assert [u["code"] for u in whole["units"]] == [u["code"] for u in problem["units"]]
    assert whole["history"] == [] and "by" in whole


def test_a_pool_that_runs_low_is_told_once_and_settles_when_it_is_filled(site, line):
    site.admin.put("/v1/pools/few", {"gtin": GTIN, "kind": "list", "threshold": 3, "rank": 9})
    site.admin.post("/v1/pools/few/import", "A1\nA2\nA3\nA4\nA5\n", 201,
                    headers={"Content-Type": "text/plain"})
    for _ in range(4):
        line.operator.post("/v1/serials", {"gtin": GTIN, "quantity": 1, "pool": "few"}, 201)
    one, = listed(line.operator, kind="pool_low")
    assert (one["pool"], one["count"], one["state"]) == ("few", 1, "open")
    site.admin.post("/v1/pools/few/import", "B1\nB2\nB3\nB4\n", 201,
                    headers={"Content-Type": "text/plain"})
    one, = listed(line.operator, kind="pool_low")
    assert (one["state"], one["resolution"]) == ("resolved", "by_itself")
    line.operator.post("/v1/serials", {"gtin": GTIN, "quantity": 4, "pool": "few"}, 201)
    assert [i["state"] for i in listed(line.operator, kind="pool_low")] == ["open", "resolved"]


def test_numbers_that_must_be_used_soon_are_told(site, line):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=9)
    pool = {"gtin": GTIN, "kind": "list", "rank": 9, "use_before": soon.strftime("%Y-%m-%d")}
    site.admin.put("/v1/pools/old", pool)
    site.admin.post("/v1/pools/old/import", "C1\nC2\n", 201,
                    headers={"Content-Type": "text/plain"})
    for _ in range(2):
        line.operator.post("/v1/serials", {"gtin": GTIN, "quantity": 1, "pool": "old"}, 201)
    one, = listed(line.operator, kind="pool_expiring")
    assert (one["code"], one["pool"], one["state"]) == ("pool.use_before", "old", "open")
    site.admin.put("/v1/pools/old", {**pool, "use_before": "2999-01-01"})
    one, = listed(line.operator, kind="pool_expiring")
    assert (one["state"], one["resolution"]) == ("resolved", "by_itself")


def test_an_event_that_a_partner_refuses_is_one_until_it_is_taken(line, partner):
    partner.always = harness.REFUSE
    line.site.admin.put("/v1/partners/hub", {
        "client": line.client, "url": partner.url, "format": "epcis-2.0-json",
        "approval": "none"})
    line.commission(line.serials(2))
    one, = until(lambda: listed(line.operator, kind="rejected"))
    assert (one["partner"], one["lot"], one["state"]) == ("hub", "L1", "open")
    rejected, = line.operator.get("/v1/partners/hub/deliveries",
                                  params={"state": "rejected"})["items"]
    assert rejected["event"] == one["event"]
    partner.always = harness.ACCEPT
    line.operator.post(f"/v1/partners/hub/deliveries/{rejected['id']}/retry", {})
    one, = until(lambda: listed(line.operator, kind="rejected", state="resolved"))
    assert one["resolution"] == "by_itself"


def test_a_captured_event_that_its_units_do_not_allow_is_one_that_names_them(site, line):
    serial, = line.serials(1)
    line.call.report({"type": "scrap", "gtin": GTIN, "serials": [serial], "reason": "torn"})
    gateway = site.as_role("gateway", client=line.client)
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    sent = epcis_calls.event("late", action="ADD", bizStep="commissioning", eventTime=now,
                             epcList=[f"https://id.gs1.org/01/{GTIN}/21/{serial}"])
    sent["@context"] = epcis_calls.CONTEXT
    assert epcis_calls.send(gateway, sent, epcis_calls.EVENTS).status_code == 201
    one, = listed(gateway, kind="captured")
    unit = f"(01){GTIN}(21){serial}"
    assert (one["unit"], one["code"]) == (unit, "unit.state")
    whole = gateway.get(f"/v1/exceptions/{one['id']}")
    assert whole["eventID"] == "urn:x:late"
    assert whole["units"] == [{"unit": unit, "code": "unit.state"}]
    assert [i["id"] for i in listed(gateway, unit=unit)] == [one["id"]]


# ---- working them off

def test_an_exception_is_assigned_noted_resolved_and_reopened(site, line):
    site.admin.put("/v1/users/mia", {"name": "Mia Muster", "role": "qa"})
    refuse_one(line)
    one, = listed(line.operator)
    line.operator.refused("POST", f"/v1/exceptions/{one['id']}/assign", {"owner": "nobody"},
                          status=422, code="exception.owner")
    assert act(line.operator, one, "assign", {"owner": "mia"})["state"] == "assigned"
    act(line.operator, one, "notes", {"text": "asked the line"})
    line.operator.refused("POST", f"/v1/exceptions/{one['id']}/resolve",
                          {"resolution": "corrected"}, status=400, code="reason.required")
    line.operator.refused("POST", f"/v1/exceptions/{one['id']}/reopen", {"reason": "x"},
                          status=409, code="exception.not_resolved")
    done = act(line.operator, one, "resolve", {"resolution": "explained", "reason": "a test"})
    assert (done["state"], done["resolution"]) == ("resolved", "explained")
    assert line.operator.get(f"/v1/exceptions/{one['id']}")["owner"] == "mia"
    line.operator.refused("POST", f"/v1/exceptions/{one['id']}/assign", {"owner": "mia"},
                          status=409, code="exception.resolved")
    again = {"headers": {"Idempotency-Key": "once"}}
    path = f"/v1/exceptions/{one['id']}/reopen"
    opened = line.operator.post(path, {"reason": "not so"}, 200, **again)
    assert opened["state"] == "assigned"
    assert line.operator.post(path, {"reason": "not so"}, 200, **again) == opened
    site.restart()
    whole = site.as_role("qa").get(f"/v1/exceptions/{one['id']}")
    assert [h["what"] for h in whole["history"]] == ["reopened", "resolved", "noted", "assigned"]
    site.stop()
    site.verify()


def test_what_is_listed_is_what_was_asked_for(site, line):
    for n in range(5):
        refuse_one(line, f"NOBODY{n}")
    first = listed(line.operator)[0]
    site.admin.put("/v1/users/mia", {"name": "Mia Muster", "role": "qa"})
    assert [len(list(line.operator.pages("/v1/exceptions", limit=2)))] == [5]
    times = [i["time"] for i in listed(line.operator)]
    assert times == sorted(times, reverse=True)
    act(line.operator, first, "assign", {"owner": "mia"})
    assert [i["id"] for i in listed(line.operator, owner="mia")] == [first["id"]]
    assert [i["id"] for i in listed(line.operator, state="assigned")] == [first["id"]]
    assert len(listed(line.operator, state="open", kind="refused")) == 4
    assert listed(line.operator, since="2999-01-01T00:00:00Z") == []
    line.operator.refused("GET", "/v1/exceptions?kind=odd", status=400, code="field.word")
    kinds = line.operator.get("/v1/exceptions/summary")["items"]
    assert sum(k["open"] + k["assigned"] for c in kinds for k in c["kinds"]) == 5
    text = site.caller().call("GET", "/metrics").text
    assert 'packtrail_exceptions_open{kind="refused"} 5' in text


def test_a_refused_unit_leads_to_its_exceptions(line):
    serial, other = line.serials(2)
    line.commission([serial, other])
    answer = line.call.report({"type": "scrap", "gtin": GTIN, "serials": [serial],
                                 "reason": "torn"})
    assert answer["refused"] == 1
    unit = f"(01){GTIN}(21)"
    one, = listed(line.operator, unit=unit + serial)
    assert one["kind"] == "refused" and listed(line.operator, unit=unit + other) == []
    refuse_one(line, "NOBODY")
    one, = listed(line.operator, unit=unit + "NOBODY")
    assert one["code"] == "unit.unknown"


def test_nobody_sees_the_exceptions_of_another_client(site, line):
    refuse_one(line)
    report = report_of(line.serials(1)[0])
    mine = site.as_role("distributor", client=line.client, party="9506000000015")
    taken = mine.post("/v1/exceptions/messages", report, 201)
    other = site.as_role("distributor", client=line.client, party="9506000000022")
    site.admin.put("/v1/clients/bolt", {"name": "Bolt", "prefixes": ["9506001"]})
    stranger = site.as_role("client", client="bolt")
    for caller in (other, stranger):
        assert listed(caller) == []
        caller.refused("GET", f"/v1/exceptions/{taken['id']}", status=404,
                       code="exception.unknown")
    assert [i["id"] for i in listed(mine)] == [taken["id"]]
    client = site.as_role("client", client=line.client)
    assert taken["id"] in [i["id"] for i in listed(client)]
    told = client.get(f"/v1/exceptions/{taken['id']}")
    assert "fact" not in told and "by" not in told
    mine.refused("POST", f"/v1/exceptions/{taken['id']}/resolve",
                 {"resolution": "corrected", "reason": "x"}, status=403)


# ---- trading partners

def test_a_report_is_one_exception_however_often_it_comes(site, line):
    serial = line.serials(1)[0]
    line.commission([serial])
    report = report_of(serial)
    taken = line.operator.post("/v1/exceptions/messages", report, 201)
    item, = taken["items"]
    assert item["known"] and item["unit"] == f"(01){GTIN}(21){serial}"
    assert line.operator.post("/v1/exceptions/messages", report, 201) == taken
    line.operator.refused("POST", "/v1/exceptions/messages", {**report, "po_number": "PO-6"},
                          status=409, code="pdg.message_taken")
    one, = listed(line.operator, kind="pdg")
    assert (one["lot"], one["gtin"], one["code"]) == ("L1", GTIN, "pdg.missing_product_data")
    assert [i["id"] for i in listed(line.operator, lot="L1", gtin=GTIN)] == [one["id"]]
    closing = {**report, "message_uuid": "another", "case_resolved": True}
    again = line.operator.post("/v1/exceptions/messages", closing, 201)
    assert again["id"] == taken["id"]
    whole = line.operator.get(f"/v1/exceptions/{taken['id']}")
    assert whole["state"] == "resolved" and len(whole["messages"]) == 2


@pytest.mark.parametrize("change, code, names", [
    ({"case_resolved": "no"}, "json.type", "case_resolved"),
    ({"po_number": None}, "json.type", "po_number"),
    ({"sender_information": {"gln": "1"}}, "field.required", "email"),
    ({"exceptions": {"overages": [{"exception_item_uuid": "a"}]}}, "field.required", "gtin"),
    ({"response_items": []}, "pdg.none", ""),
    ({"exceptions": {"missing_product_data": [{
        **REPORT["exceptions"]["missing_product_data"][0], "observation_source": "Nose"}]}},
     "field.word", "observation_source"),
])
def test_a_report_that_breaks_a_rule_is_told_which(line, change, code, names):
    problem = line.operator.refused("POST", "/v1/exceptions/messages", {**REPORT, **change},
                                    status=400, code=code)
    assert names in problem["detail"]


def test_a_partner_is_answered_with_what_became_of_it(site, line, shared):
    for word in ("accept", "reject"):
        report = report_of(line.serials(1)[0], "0" if word == "accept" else "1")
        taken = line.operator.post("/v1/exceptions/messages", report, 201)
        path = f"/v1/exceptions/{taken['id']}/message"
        line.operator.refused("GET", path, params={**EMAIL, "type": "response"}, status=409,
                              code="exception.not_resolved")
        how = "send_new_data" if word == "accept" else "return_product"
        act(line.operator, taken, "resolve", {"resolution": how, "reason": "so we agreed"})
        told = line.operator.get(path, params={**EMAIL, "type": "response"})
        jsonschema.validate(told, schema(shared, "response"))
        assert told == line.operator.get(path, params={**EMAIL, "type": "response"})
        assert told["exception_case_uuid"] == report["exception_case_uuid"]
        item, = told["response_items"]
        if word == "accept":
            assert item["resolution_response"] == "Accept"
        else:
            assert item["resolution_response"] == "Reject"
            other = item["alternative_resolution"]["alternative_resolution"]
            assert other == "Return product"
        jsonschema.validate(line.operator.get(path, params=EMAIL), schema(shared, "report"))


def test_an_exception_of_ours_is_reported_and_its_answer_comes_home(site, line, shared):
    refuse_one(line)
    one, = listed(line.operator)
    path = f"/v1/exceptions/{one['id']}/message"
    line.operator.refused("GET", path, status=400, code="field.required")
    report = line.operator.get(path, params={**EMAIL, "po": "PO-9"})
    jsonschema.validate(report, schema(shared, "report"))
    act(line.operator, one, "sent", {"type": "report", "to": "dock@wholesale.example"})
    answer = {"message_uuid": "m1", "exception_case_uuid": report["exception_case_uuid"],
              "timestamp": 1790000001, "po_number": "PO-9", "response_items": [],
              "sender_information": {"email": "dock@wholesale.example"}}
    taken = line.operator.post("/v1/exceptions/messages", answer, 201,
                               headers={"Packtrail-Client": line.client})
    whole = line.operator.get(f"/v1/exceptions/{taken['id']}")
    assert whole["messages"][0]["message"] == "m1"
    if "client" in one:
        assert taken["id"] == one["id"] and whole["history"][0]["what"] == "received"


def test_every_group_of_a_report_keeps_the_schema(site, line, shared):
    serial = line.serials(1)[0]
    line.commission([serial])
    line.call.report({"type": "commission", "lot": "L1", "gtin": GTIN, "serials": [serial],
                        "time": "2027-01-01T00:00:00Z"})
    line.call.report({"type": "commission", "lot": "L1", "gtin": GTIN, "serials": [serial]})
    one = listed(line.operator, lot="L1")[0]
    for group in ("missing_product_data", "data_misalignment", "overages", "underages",
                  "missing_product"):
        params = {**EMAIL, "group": group, "ordered": 10, "received": 11, "file": "F-1",
                  "resolution": "credit_account"}
        report = line.operator.get(f"/v1/exceptions/{one['id']}/message", params=params)
        if group != "missing_product":  # no serial is known of a refusal
            jsonschema.validate(report, schema(shared, "report"))
        item, = report["exceptions"][group]
        assert item["resolution_request"] == "Credit account"


@pytest.mark.parametrize("name", CASES)
def test_the_published_examples_are_taken(site, line, shared, name):
    folder = shared / "domain/samples/exceptions"
    ids = set()
    for part in ("report", "response"):
        message = (folder / f"{name}_{part}.json").read_text()
        taken = line.operator.post("/v1/exceptions/messages", message, 201, headers={
            "Packtrail-Client": line.client, "Content-Type": "application/json"})
        assert all(not i.get("known") for i in taken["items"])
        ids.add(taken["id"])
    assert len(ids) == 1
    told = line.operator.get(f"/v1/exceptions/{ids.pop()}/message", params=EMAIL)
    jsonschema.validate(told, schema(shared, "report"))
    site.stop()
    site.verify()
