"""Rules of markets, from the product to the commissioned pack, against the real program."""
import base64
import json
from xml.etree import ElementTree

import pytest

import harness

GTIN, CASE = harness.GTIN, "19506000134359"
TEXT, CSV, JSON = ({"Content-Type": kind} for kind in ("text/plain", "text/csv",
                                                       "application/json"))
PACK = {"level": "pack", "id": "sgtin", "quantity": 1}
CASES = [PACK, {"level": "case", "id": "sscc", "quantity": 10}]
PALLETS = [*CASES, {"level": "pallet", "id": "sscc", "quantity": 20}]
EVENT = "/epcis/v2/events"


@pytest.fixture
def admin(site):
    site.admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": [harness.PREFIX]}, expect=201)
    site.admin.put("/v1/lines/line-1", {"name": "Line 1"}, expect=201)
    return site.admin


@pytest.fixture
def operator(site, admin):
    return site.as_role("operator")


def product(admin, market=None, levels=None, expect=(200, 201)):
    fields = {"market": market} if market else {}
    if levels:
        fields["levels"] = levels
    return admin.put(f"/v1/products/{GTIN}", {"client": "acme", "name": "Pills", **fields},
                     expect=expect)


def serial(n):
    return f'x!"%{n:04}&Zz_9'


def code(n):
    return base64.b64encode(f"what proves number {n:04} real".encode().ljust(32, b".")).decode()


def numbers(n, first=0):
    return [{"serial": serial(i), "key": f"E{i % 1000:03}", "code": code(i)}
            for i in range(first, first + n)]


def rows(items):
    quoted = ['"' + i["serial"].replace('"', '""') + f'",{i["key"]},{i["code"]}' for i in items]
    return "serial,key,code\n" + "\n".join(quoted) + "\n"


def refused(answer):
    return [r["problem"] for r in answer["results"] if "problem" in r]


def unit(text):
    return f"(01){GTIN}(21){text}"


# ---- the table

def test_everybody_with_a_token_reads_the_rules(site, admin):
    admin.refused("GET", "/v1/markets/xx", status=404, code="market.unknown")
    words = [m["market"] for m in admin.get("/v1/markets")["items"]]
    assert len(words) == len(set(words)) == 18
    caller = site.as_role("line", line="line-1")
    russia = caller.get("/v1/markets/ru")
    assert russia["code"] == ["01", "21", "91", "92"] and russia["pools"] == ["list"]
    assert [(a["name"], a["ai"], a["max"]) for a in russia["attributes"]] == [
        ("key", "91", 4), ("code", "92", 44)]
    assert caller.get("/v1/markets/DE") == caller.get("/v1/markets/eu")
    assert caller.get("/v1/markets/eu")["retention"]
    for word in words:
        assert caller.get(f"/v1/markets/{word}")["market"] == word


def test_a_market_that_is_not_in_the_table_is_refused_and_those_in_it_are_named(admin):
    problem = admin.refused("PUT", f"/v1/products/{GTIN}",
                            {"client": "acme", "name": "x", "market": "Atlantis"},
                            status=400, code="market.unknown")
    assert all(word in problem["detail"] for word in ("EU", "RU", "UZ", "NONE"))
    assert product(admin, "ru")["market"] == "RU"
    assert product(admin, "none")["market"] == "NONE"
    assert "market" not in product(admin)


# ---- codes from an authority, from the import to the pack

@pytest.mark.parametrize("market", ["RU", "UZ", "KZ"])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_codes_of_an_authority_go_with_their_number_all_the_way(site, admin, operator, market,
                                                                form):
    product(admin, market, CASES)
    admin.put("/v1/pools/codes", {"gtin": GTIN, "kind": "list"}, expect=201)
    all_of_them = numbers(5)
    gateway = site.as_role("gateway", client="acme")
    body, kind = (rows(all_of_them), CSV) if form == "csv" else (json.dumps(all_of_them), JSON)
    assert gateway.post("/v1/pools/codes/import", body, 201, headers=kind) == {"imported": 5}
    operator.post("/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2030-12-31",
                               "produced": "2027-12-31"}, 201)
    line = site.as_role("line", line="line-1")
    wish = {"gtin": GTIN, "quantity": 5, "lot": "L1"}
    key = {"Idempotency-Key": "k"}
    issued = line.post("/v1/serials", wish, 201, headers=key)
    carried = [{"key": n["key"], "code": n["code"]} for n in all_of_them]
    assert issued["serials"] == [n["serial"] for n in all_of_them]
    assert issued["attributes"] == carried
    as_csv = line.post("/v1/serials", wish, 201, headers={**key, "Accept": "text/csv"})
    assert as_csv == rows(all_of_them)
    as_lines = line.post("/v1/serials", wish, 201, headers={**key, "Accept": "application/x-ndjson"})
    assert [json.loads(one) for one in as_lines.splitlines()] == all_of_them
    path = f"/v1/serials/requests/{issued['request']}"
    assert line.get(path)["attributes"] == carried
    answer = line.report({"type": "commission", "lot": "L1", "gtin": GTIN,
                          "serials": issued["serials"]})
    assert answer["accepted"] == 1
    told = line.unit(unit(serial(3)))
    assert told["state"] == "commissioned" and told["attributes"] == carried[3]
    site.stop()
    site.verify()


@pytest.mark.parametrize("change,code_of,says", [
    ({"serial": "123456789012"}, "market.length", "RU has 13 characters, not 12"),
    ({"key": ""}, "market.attributes", "key: RU wants it, AI (91)"),
    ({"key": "E0033"}, "market.attributes", "key: RU has 4 characters here, not 5"),
    ({"code": "short"}, "market.attributes", "code: RU has 44 characters here, not 5"),
    ({"code": "-" * 44}, "market.attributes", "code: RU takes characters of base64 alone"),
])
def test_an_import_without_what_the_market_asks_for_brings_nothing(site, admin, change, code_of,
                                                                   says):
    product(admin, "RU")
    admin.put("/v1/pools/codes", {"gtin": GTIN, "kind": "list"}, expect=201)
    items = numbers(2300)  # more than one part
    items[2100].update(change)
    items[2200].update({"key": "?"})
    problem = admin.refused("POST", "/v1/pools/codes/import", rows(items), headers=CSV,
                            status=422, code=code_of)
    assert problem["detail"].startswith("2 numbers, the first in line 2102: ")
    assert says in problem["detail"]
    assert problem["lines"] == [2102, 2202]
    assert [u["code"] for u in problem["units"]] == [code_of, "market.attributes"]
    bare = "\n".join(n["serial"] for n in numbers(3))
    problem = admin.refused("POST", "/v1/pools/codes/import", bare, headers=TEXT, status=422,
                            code="market.attributes")
    assert problem["lines"] == [1, 2, 3]
    assert admin.get("/v1/pools/codes")["left"] == 0
    kept = [r for r in admin.pages("/v1/journal", kind="refusal")]
    assert len(kept) == 2
    assert admin.post("/v1/pools/codes/import", rows(numbers(2300)), 201, headers=CSV)


def test_numbers_that_came_before_the_market_are_not_commissioned_without_their_codes(
        site, admin, operator):
    product(admin)
    admin.put("/v1/pools/codes", {"gtin": GTIN, "kind": "list"}, expect=201)
    admin.post("/v1/pools/codes/import", json.dumps(
        [*numbers(2), {"serial": "1234567890abc"}, {"serial": "short"}]), 201, headers=JSON)
    operator.post("/v1/lots", {"lot": "OLD", "gtin": GTIN, "expiry": "2030-12"}, 201)
    product(admin, "RU", CASES)
    operator.post("/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2030-12-31"}, 201)
    line = site.as_role("line", line="line-1")
    four = line.post("/v1/serials", {"gtin": GTIN, "quantity": 4}, 201)["serials"]
    wish = {"type": "commission", "gtin": GTIN, "lot": "L1"}
    (problem,) = refused(line.report({**wish, "serials": four}))
    assert problem["code"] == "market.attributes" and problem["status"] == 422
    assert problem["units"] == [{"unit": unit("1234567890abc"), "code": "market.attributes"},
                                {"unit": unit("short"), "code": "market.length"}]
    assert line.report({**wish, "serials": four[:2]})["accepted"] == 1
    # The lot's version of the product counts: this one was opened before there was a market.
    assert line.report({**wish, "lot": "OLD", "serials": four[2:3]})["accepted"] == 1
    assert line.report({"type": "scrap", "gtin": GTIN, "lot": "L1", "serials": four[3:],
                        "reason": "no code"})["accepted"] == 1


def event(text, lot="L1"):
    return {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "ObjectEvent", "eventTime": "2026-01-02T03:04:05Z",
            "eventTimeZoneOffset": "+00:00", "action": "ADD", "bizStep": "commissioning",
            "epcList": [f"https://id.gs1.org/01/{GTIN}/21/{t}" for t in text],
            "ilmd": {"cbvmda:lotNumber": lot}}


@pytest.mark.parametrize("capture", ["strict", "record"])
def test_a_strict_client_hears_of_what_a_captured_commissioning_lacks(site, admin, operator,
                                                                      capture):
    admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": [harness.PREFIX],
                                   "profile": {"capture": capture}}, expect=200)
    product(admin)
    admin.put("/v1/pools/codes", {"gtin": GTIN, "kind": "list"}, expect=201)
    good = [{**n, "serial": f"A{i:012}"} for i, n in enumerate(numbers(2))]
    admin.post("/v1/pools/codes/import",
               json.dumps([*good, {"serial": "1234567890abc"}]), 201, headers=JSON)
    product(admin, "UZ", CASES)
    operator.post("/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2030-12-31"}, 201)
    line = site.as_role("line", line="line-1")
    three = line.post("/v1/serials", {"gtin": GTIN, "quantity": 3}, 201)["serials"]
    gateway = site.as_role("gateway", client="acme")
    if capture == "strict":
        response = gateway.call("POST", EVENT, event(three))
        problem = harness.assert_problem(response, 422, "market.attributes")
        assert problem["units"] == [{"unit": unit("1234567890abc"), "code": "market.attributes"}]
        assert line.unit(unit(three[0]))["state"] == "allocated"
        gateway.post(EVENT, event(three[:2]), 201)
    else:
        gateway.post(EVENT, event(three), 201)
    assert line.unit(unit(three[0]))["state"] == "commissioned"
    state = line.unit(unit(three[2]))["state"]
    assert state == ("allocated" if capture == "strict" else "commissioned")


# ---- pools

@pytest.mark.parametrize("market,pool,code_of,says", [
    ("EU", {"kind": "sequential"}, "market.random", "kind"),
    ("FR", {"kind": "random", "length": 3, "alphabet": "0123456789"}, "market.guess", "length"),
    ("EU", {"kind": "random", "alphabet": "abc-"}, "market.alphabet", "alphabet"),
    ("EU", {"kind": "random", "serial_prefix": "A/"}, "market.alphabet", "serial_prefix"),
    ("SA", {"kind": "sequential"}, "market.random", "kind"),
    ("AE", {"kind": "sequential"}, "market.random", "kind"),
    ("BR", {"kind": "random", "length": 12}, "market.length", "length"),
    ("RU", {"kind": "random", "length": 13}, "market.issuer", "kind"),
    ("CN", {"kind": "random"}, "market.issuer", "kind"),
])
def test_a_pool_that_breaks_a_rule_of_the_market_is_refused_by_field(admin, market, pool, code_of,
                                                                     says):
    product(admin, market)
    problem = admin.refused("PUT", "/v1/pools/p", {"gtin": GTIN, **pool}, status=422, code=code_of)
    assert problem["detail"].startswith(says + ": ")
    admin.refused("GET", "/v1/pools/p", status=404)


def test_the_market_completes_what_a_pool_leaves_out(admin):
    product(admin, "EU")
    pool = {"gtin": GTIN, "kind": "random"}
    made = admin.put("/v1/pools/p", pool, expect=201)
    assert made["policy"] == "eu-fmd" and made["left"] == made["capacity"] // 10000
    assert admin.put("/v1/pools/p", pool, expect=200)["version"] == 1
    admin.put("/v1/pools/p", {**pool, "use_before": "2020-01-01"}, expect=200)
    product(admin, "BR")
    assert admin.put("/v1/pools/q", {**pool, "serial_prefix": "B"}, expect=201)["length"] == 13


def test_rules_of_packs_do_not_bind_cases_unless_the_market_says_all(admin):
    levels = [PACK, {"level": "case", "id": "sgtin", "gtin": CASE, "quantity": 10}]
    product(admin, "EU", levels)
    admin.put("/v1/pools/c", {"gtin": CASE, "kind": "sequential"}, expect=201)
    problem = admin.refused("PUT", f"/v1/products/{GTIN}",
                            {"client": "acme", "name": "Pills", "market": "CN", "levels": levels},
                            status=409, code="market.pools")
    assert "pool c: " in problem["detail"]


def test_a_product_gets_a_market_only_where_its_pools_fit_or_have_ended(admin):
    product(admin)
    pool = {"gtin": GTIN, "kind": "sequential", "length": 8}
    admin.put("/v1/pools/old", pool, expect=201)
    wish = {"client": "acme", "name": "Pills", "market": "EU"}
    problem = admin.refused("PUT", f"/v1/products/{GTIN}", wish, status=409, code="market.pools")
    assert problem["detail"].startswith("pool old: kind: ")
    assert "market" not in admin.get(f"/v1/products/{GTIN}")
    admin.put("/v1/pools/old", {**pool, "use_before": "2020-01-01"}, expect=200)
    product(admin, "EU", expect=200)
    admin.put("/v1/pools/old", {**pool, "use_before": "2020-01-02"}, expect=200)
    admin.refused("PUT", "/v1/pools/old", {**pool, "use_before": "2999-01-01"}, status=422,
                  code="market.random")


# ---- lots

@pytest.mark.parametrize("market,levels,lot,code_of", [
    ("EG", CASES, {"expiry": "2030-12", "produced": "2026-01-02"}, "market.expiry"),
    ("EG", CASES, {"expiry": "2030-12-31"}, "market.produced"),
    ("EG", None, {"expiry": "2030-12-31", "produced": "2026-01-02"}, "market.aggregation"),
    ("EG", CASES, {"expiry": "2030-12-31", "produced": "2026-01-02"}, None),
    ("IN", None, {"expiry": "2030-12"}, "market.produced"),
    ("IN", None, {"expiry": "2030-12", "produced": "2026-01-02"}, None),
    ("KZ", None, {"expiry": "2030-12-31"}, "market.produced"),
    ("RU", None, {"expiry": "2030-12-31"}, "market.aggregation"),
    ("UZ", None, {"expiry": "2030-12-31"}, "market.aggregation"),
    ("AE", CASES, {"expiry": "2030-12"}, "market.aggregation"),
    ("AE", PALLETS, {"expiry": "2030-12"}, None),
    ("TR", None, {"expiry": "2030-12"}, "market.expiry"),
    ("EU", None, {"expiry": "2030-12"}, None),
    ("US", None, {"expiry": "2030-12"}, None),
    ("NONE", None, {"expiry": "2030-12"}, None),
])
def test_a_lot_opens_with_what_the_market_wants_on_the_pack(admin, operator, market, levels, lot,
                                                            code_of):
    product(admin, market, levels)
    wish = {"lot": "L1", "gtin": GTIN, **lot}
    if code_of:
        operator.refused("POST", "/v1/lots", wish, status=422, code=code_of)
    else:
        operator.post("/v1/lots", wish, 201)
        product(admin, "RU", levels)
        operator.post("/v1/lots", wish, 200)  # it is open: what was right then stays right


def test_an_amended_expiry_is_what_the_market_wants_of_one(admin, operator):
    product(admin, "TR", None)
    operator.post("/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2030-12-31"}, 201)
    path = f"/v1/lots/{GTIN}/L1/amend"
    operator.refused("POST", path, {"expiry": "2031-01", "reason": "x"}, status=422,
                     code="market.expiry")
    operator.post(path, {"expiry": "2031-01-31", "reason": "x"}, 200)


# ---- emptied containers

class Floor:
    """A lot of a market, with packs, cases and a pallet at hand."""

    def __init__(self, site, admin, operator, market):
        product(admin, market, PALLETS)
        admin.put("/v1/pools/p", {"gtin": GTIN, "kind": "random"})
        admin.put("/v1/pools/s", {"client": "acme", "kind": "sscc", "prefix": harness.PREFIX,
                                  "extension": "0"})
        operator.post("/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2030-12-31",
                                   "produced": "2026-01-02"}, 201)
        self.operator, self.line = operator, site.as_role("line", line="line-1")
        serials = self.line.post("/v1/serials", {"gtin": GTIN, "quantity": 13, "lot": "L1"},
                                 201)["serials"]
        self.packs = [f"(01){GTIN}(21){s}" for s in serials]
        self.cases = self.line.post("/v1/sscc", {"quantity": 4, "lot": "L1", "gtin": GTIN},
                                    201)["ssccs"]
        self.say("commission", lot="L1", gtin=GTIN, serials=serials[:11])

    def say(self, kind, **fields):
        if kind in ("sample", "move", "decommission", "relabel", "pack"):
            fields["reason"] = "rework"
        answer = self.line.post("/v1/reports", {"type": kind, **fields}, 200)
        assert answer["accepted"] == 1, answer
        return answer["results"][0]["seq"]

    def pack(self, parent, children, **more):
        self.say("pack", parent=parent, children=children, commission=True, by="Mia", **more)

    def state(self, unit):
        return self.operator.get(f"/v1/units/{unit}")["state"]

    def acts(self, unit):
        return [e["type"] for e in self.operator.get(f"/v1/units/{unit}/history")["items"]]


def told_events(partner, count):
    events, messages = [], 0
    while len(events) < count:
        messages += 1
        partner.wait_for(messages)
        events = [e for d in partner.documents() for e in d["epcisBody"]["eventList"]]
    return events


# REQ EG-EPTTS-EMPTIED
def test_in_egypt_the_number_of_an_emptied_container_ends_and_partners_hear_it(
        site, admin, operator, partner):
    admin.put("/v1/partners/hub", {"client": "acme", "url": partner.url, "packing": "each",
                                   "format": "epcis-2.0-json"}, expect=201)
    floor = Floor(site, admin, operator, "EG")
    case, pallet = floor.cases[:2]
    floor.pack(case, floor.packs[:3], partial=True)
    floor.pack(pallet, [case])
    floor.say("unpack", parent=pallet)
    assert (floor.state(pallet), floor.state(case)) == ("dissolved", "closed")
    floor.say("unpack", children=floor.packs[:2])  # in part: it goes on
    assert floor.state(case) == "open"
    told = floor.say("unpack", children=floor.packs[2:3], id="L-1")
    assert floor.state(case) == "dissolved"
    again = floor.line.post("/v1/reports", {"type": "unpack", "id": "L-1",
                                            "children": floor.packs[2:3]}, 200)
    assert again["results"] == [{"index": 0, "seq": told, "repeat": True}]
    refusal = floor.line.post("/v1/reports", {"type": "pack", "parent": case,
                                              "children": floor.packs[:1]}, 200)
    assert [p["units"] for p in refused(refusal)] == [[{"unit": f"(00){case}",
                                                        "code": "unit.state"}]]
    lot = floor.operator.get(f"/v1/lots/{GTIN}/L1/balance")
    assert sum(x["goods"]["dissolved"] for x in lot["levels"]) == 2
    shown = [(e["action"], e["bizStep"]) for e in told_events(partner, 10)][5:]
    assert shown == [("DELETE", "unpacking"), ("DELETE", "decommissioning"),
                     ("DELETE", "unpacking"), ("DELETE", "unpacking"),
                     ("DELETE", "decommissioning")]


def test_in_egypt_what_comes_out_for_another_act_empties_alike(site, admin, operator):
    floor = Floor(site, admin, operator, "EG")
    for case, pack in zip(floor.cases, floor.packs):
        floor.pack(case, [pack])
    sampled, moved, target, ended = floor.cases
    floor.say("sample", units=floor.packs[:1], unpack=True)
    floor.say("move", children=floor.packs[1:2], parent=target)
    floor.say("decommission", units=[f"(00){ended}", floor.packs[3]], unpack=True)
    assert [floor.state(c) for c in (sampled, moved, ended)] == ["dissolved"] * 3
    assert floor.acts(ended).count("decommission") == 1
    floor.say("relabel", **{"from": floor.packs[1], "to": floor.packs[11]})
    floor.say("unpack", children=floor.packs[2:3])
    assert floor.state(target) == "open"  # the pack with the new label lies in it
    floor.say("relabel", **{"from": floor.packs[11], "to": floor.packs[12]})
    assert floor.state(target) == "open"  # empty for no longer than the label took
    floor.say("unpack", parent=target)
    assert floor.state(target) == "dissolved"


def test_elsewhere_an_emptied_container_may_be_filled_again(site, admin, operator):
    floor = Floor(site, admin, operator, "AE")
    case = floor.cases[0]
    floor.pack(case, floor.packs[:3])
    floor.say("unpack", parent=case)
    assert floor.state(case) == "open"
    floor.say("pack", parent=case, children=floor.packs[:3])


# ---- partners

@pytest.mark.parametrize("form", ["epcis-2.0-json", "epcis-1.2-xml"])
def test_partners_who_want_them_are_told_the_codes_and_others_are_not(site, admin, operator,
                                                                      make_partner, form):
    hubs = {"plain": make_partner(), "whole": make_partner()}
    product(admin, "RU", CASES)
    for name, hub in hubs.items():
        admin.put(f"/v1/partners/{name}", {"client": "acme", "url": hub.url, "format": form,
                                           "attributes": name == "whole"}, expect=201)
    admin.put("/v1/pools/codes", {"gtin": GTIN, "kind": "list"}, expect=201)
    admin.post("/v1/pools/codes/import", json.dumps(numbers(3)), 201, headers=JSON)
    operator.post("/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2030-12-31"}, 201)
    line = site.as_role("line", line="line-1")
    wish = {"gtin": GTIN, "quantity": 3}
    serials = line.post("/v1/serials", wish, 201)["serials"]
    line.report({"type": "commission", "lot": "L1", "gtin": GTIN, "serials": serials})
    for hub in hubs.values():
        hub.wait_for(1)
    body = {name: hub.bodies()[0].decode() for name, hub in hubs.items()}
    assert harness.packtrail("validate", "-", given=body["whole"]).returncode == 0
    assert code(0) not in body["plain"] and "packtrail" not in body["plain"]
    if form == "epcis-2.0-json":
        event = json.loads(body["whole"])["epcisBody"]["eventList"][0]
        told = event.pop("packtrail:numbers")["packtrail:number"]
        assert event.pop("@context") == {"packtrail": "urn:packtrail:epcis"}
        assert event == json.loads(body["plain"])["epcisBody"]["eventList"][0]
        assert told == [{"packtrail:serial": n["serial"], "packtrail:attribute": [
            {"packtrail:name": "key", "packtrail:value": n["key"]},
            {"packtrail:name": "code", "packtrail:value": n["code"]}]} for n in numbers(3)]
    else:
        ns = {"p": "urn:packtrail:epcis"}
        tree = ElementTree.fromstring(body["whole"])
        assert [n.text for n in tree.findall(".//ObjectEvent/p:numbers/p:number/p:serial", ns)] == (
            serials)
        values = [n.text for n in tree.findall(".//p:attribute/p:value", ns)]
        assert values == [v for n in numbers(3) for v in (n["key"], n["code"])]
