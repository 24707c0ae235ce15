"""The catalogues of refusals and of state changes that others publish, row by row: the call that
meets the row here and what is answered, or why there is no such call."""
import csv
import datetime

import harness
import pytest
from harness import GTIN

FOLDER = "domain/samples/rules-tables"
CASE = "19506000134359"
GLN, BUYER = "9506000134352", "9506000100012"


def table(shared, name):
    path = shared / FOLDER / name
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def moment(hours=0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Goods:
    """Packs and cases in the states that the rows ask for. Answers are codes, None: taken."""

    def __init__(self, site, **profile):
        self.site = site
        for gln in (GLN, BUYER):
            site.admin.put(f"/v1/locations/{gln}", {"name": "Hall"})
            site.admin.put(f"/v1/parties/{gln}", {"name": "Wholesale"})
        site.admin.put("/v1/lines/line-1", {"name": "Line 1"})
        site.admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": [harness.PREFIX],
                                            "profile": {"ship_rule": "quarantine", **profile}})
        site.admin.put(f"/v1/products/{GTIN}", {"client": "acme", "name": "Exampline", "levels": [
            {"level": "pack", "id": "sgtin", "quantity": 1},
            {"level": "case", "id": "sgtin", "gtin": CASE, "quantity": 5},
            {"level": "pallet", "id": "sscc", "quantity": 4}]})
        for name, gtin in (("packs", GTIN), ("cases", CASE)):
            site.admin.put(f"/v1/pools/{name}", {"gtin": gtin, "kind": "random"})
        site.admin.put("/v1/pools/ssccs", {"client": "acme", "kind": "sscc", "extension": "0",
                                           "prefix": harness.PREFIX})
        self.line, self.qa = site.as_role("line", line="line-1"), site.person("qa", "mia")
        self.operator = site.as_role("operator")
        self.ask(self.operator, "/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2031-01-01"})

    def ask(self, caller, path, body):
        response = caller.http.post(self.site.url + path, json=body, timeout=harness.CALL_S)
        self.answer = response.json()
        return None if response.status_code < 300 else self.answer["code"]

    def report(self, type_, **more):
        assert self.ask(self.line, "/v1/reports", {"type": type_, **more}) is None
        return self.answer["results"][0].get("problem", {}).get("code")

    def numbers(self, count=1, gtin=GTIN):
        assert self.ask(self.line, "/v1/serials", {"gtin": gtin, "lot": "L1",
                                                   "quantity": count}) is None
        return self.answer["serials"]

    def made(self, count=1, gtin=GTIN, **more):
        serials = self.numbers(count, gtin)
        assert self.report("commission", lot="L1", gtin=gtin, serials=serials, **more) is None
        return [f"(01){gtin}(21){serial}" for serial in serials]

    def case(self, packs=0):
        """An open case, with packs in it."""
        case, = self.made(gtin=CASE)
        inside = self.made(packs) if packs else []
        if inside:
            assert self.report("pack", parent=case, children=inside) is None
        return case, inside

    def pack(self, children, **more):
        return self.report("pack", parent=self.case()[0], children=children, **more)

    def ship(self, units, location=BUYER):
        return self.ask(self.operator, "/v1/shipments", {
            "units": units, "to": {"party": BUYER, "location": location}})

    def shipped(self):
        units = self.made()
        assert self.ship(units) is None
        return units, self.answer["shipment"]

    def receive(self, units):
        assert self.ask(self.operator, "/v1/receipts",
                        {"units": units, "to": {"party": BUYER}}) is None
        return None if self.answer["results"][0]["received"] else \
            self.answer["results"][0]["verdict"]

    def hold(self, units):
        return self.ask(self.operator, "/v1/holds", {"units": units, "reason": "a complaint"})

    def held(self):
        units = self.made()
        assert self.hold(units) is None
        return units, self.answer["id"]


@pytest.fixture
def goods(site):
    return Goods(site)


def an_sscc(goods):
    assert goods.ask(goods.line, "/v1/sscc", {"gtin": GTIN, "lot": "L1", "quantity": 1}) is None
    sscc = goods.answer["ssccs"][0]
    assert goods.report("commission", lot="L1", gtin=GTIN, ssccs=[sscc]) is None
    assert goods.report("pack", parent=sscc, children=[goods.case(5)[0]]) is None
    assert goods.report("close", parent=sscc, partial=True, by="Mia", reason="one") is None
    return sscc


def scrapped(goods):
    serials = goods.numbers()
    assert goods.report("scrap", gtin=GTIN, serials=serials, reason="torn") is None
    return [f"(01){GTIN}(21){serials[0]}"]


def too_many(goods):
    return goods.ask(goods.line, "/v1/reports", [{"type": "close", "parent": "0" * 18}] * 1001)


# code: (what is asked, what is answered), or why it cannot be met
REFUSALS = {
    "AGGREGATIONUOMFAILURE": (lambda g: g.pack([an_sscc(g)]), "pack.level"),
    "ALREADYAGGREGATED": (lambda g: g.pack(g.case(2)[1]), "unit.has_parent"),
    "BADAGGREAGTEDATE": (lambda g: g.pack(g.made(time=moment(-1)), time=moment(-2)), "time.before"),
    "BADITEMSTATE": (lambda g: g.pack(scrapped(g)), "unit.state"),
    "EVENTTIMEAFTERNOW": (lambda g: g.pack(g.made(), time=moment(1)), "time.ahead"),
    "EVENTTIMEBEFORELASTEVENT": (
        lambda g: g.report("unpack", children=g.case(2)[1], time=moment(-3)), "time.before"),
    "NOTCOMMISSIONED": (lambda g: g.pack([f"(01){GTIN}(21){g.numbers()[0]}"]), "unit.state"),
    "NOTCOMMISSIONEDLOCATION":
        "a site is one plant: what any of its lines began any other may go on with",
    "NOTVALIDLOCATION": (lambda g: g.ship(g.made(), location="9506000200019"), "location.unknown"),
    "SNNOTFOUND": (lambda g: g.pack([f"(01){GTIN}(21)NOBODY"]), "unit.unknown"),
    "SOMDUPLICATESNS": (lambda g: g.pack(g.made() * 2), "unit.twice"),
    "NOTAGGREGATED": (lambda g: g.report("unpack", children=g.made()), "unit.no_parent"),
    "NOTAGGREGATEDTOPARENT": (
        lambda g: g.report("unpack", parent=g.case(1)[0], children=g.case(1)[1]),
        "unit.other_parent"),
    "THROUGHPUT_EXCEEDED": (too_many, "reports.too_many"),
    "VALIDATION": (lambda g: g.report("pack", parent="0" * 18), "field.required"),
}


def test_every_refusal_of_the_catalogue_is_met(goods, shared):
    rows = table(shared, "tracelink_aggregate_errors.csv")
    assert {row["code"] for row in rows} == set(REFUSALS)
    for code, row in REFUSALS.items():
        if not isinstance(row, str):
            ask, answer = row
            assert ask(goods) == answer, code


NO_PICKING = "goods that are picked stand in a draft, which changes no unit"
NO_TRANSIT = "what is under way is shipped; nobody tells when it is about to arrive"
AVAILABLE, SHIPPED, RECEIVED, BLOCKED, ASKED = (
    "AVAILABLE", "SHIPPED", "RECEIVED", "BLOCKED", "UNDER_INVESTIGATION")


def void(goods):
    _, shipment = goods.shipped()
    return goods.ask(goods.operator, f"/v1/shipments/{shipment}/void", {"reason": "not loaded"})


def received(goods):
    units, _ = goods.shipped()
    assert goods.receive(units) is None
    return units


def send_back(goods):
    units = received(goods)
    assert goods.ask(goods.operator, "/v1/returns", {
        "units": units, "from": {"party": BUYER}, "reason": "too many"}) is None
    return None if goods.answer["results"][0]["received"] else "refused"


def ship_on(goods):
    """By whom it was handed to."""
    units = received(goods)
    buyer = goods.site.as_role("distributor", client="acme", party=BUYER)
    return goods.ask(buyer, "/v1/shipments", {
        "units": units, "from": {"party": BUYER, "location": BUYER},
        "to": {"party": GLN, "location": GLN}})


def release(goods):
    _, hold = goods.held()
    return goods.ask(goods.qa, f"/v1/holds/{hold}/release",
                     {"reason": "sound", "signature": harness.sign("approval", "sound")})


# (from, to): what is asked, or why nobody can ask it. Both of the last two are a hold.
CHANGES = {
    (AVAILABLE, SHIPPED): lambda g: g.ship(g.made()),
    (AVAILABLE, RECEIVED): lambda g: g.receive(g.made()),
    (AVAILABLE, BLOCKED): lambda g: g.hold(g.made()),
    (AVAILABLE, ASKED): lambda g: g.hold(g.made()),
    (SHIPPED, AVAILABLE): void,
    (SHIPPED, RECEIVED): lambda g: g.receive(g.shipped()[0]),
    (SHIPPED, BLOCKED): lambda g: g.hold(g.shipped()[0]),
    (SHIPPED, ASKED): lambda g: g.hold(g.shipped()[0]),
    (RECEIVED, AVAILABLE): send_back,
    (RECEIVED, SHIPPED): ship_on,
    (RECEIVED, BLOCKED): lambda g: g.hold(received(g)),
    (RECEIVED, ASKED): lambda g: g.hold(received(g)),
    (BLOCKED, AVAILABLE): release,
    (BLOCKED, SHIPPED): lambda g: g.ship(g.held()[0]),
    (BLOCKED, RECEIVED): lambda g: g.receive(g.held()[0]),
    (BLOCKED, ASKED): lambda g: g.hold(g.held()[0]),
    (ASKED, AVAILABLE): release,
    (ASKED, SHIPPED): lambda g: g.ship(g.held()[0]),
    (ASKED, RECEIVED): lambda g: g.receive(g.held()[0]),
    (ASKED, BLOCKED): lambda g: g.hold(g.held()[0]),
}


def test_every_change_of_state_is_allowed_as_the_table_says(goods, shared):
    for row in table(shared, "tracelink_item_status_transitions.csv"):
        before = row.pop("from\\to")
        for after, verdict in row.items():
            if verdict == "-" or "PICKED" in (before, after) or \
                    "PENDING_RECEIPT" in (before, after):  # NO_PICKING, NO_TRANSIT
                continue
            code = CHANGES.pop((before, after))(goods)
            assert (code is None) == (verdict == "Yes"), (before, after, verdict, code)
    assert NO_PICKING and NO_TRANSIT and not CHANGES
    goods.site.stop()
    goods.site.verify()
