"""The catalogues of refusals and of state changes that others publish, row by row: the call that
meets the row here and what is answered."""
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
        problem = self.answer["results"][0].get("problem", {})
        self.blamed = {u["unit"] for u in problem.get("units", [])}
        return problem.get("code")

    def shown(self):
        """What the units that were made last are, and what came to them last."""
        told = set()
        for unit in self.units:
            at = self.operator.get("/v1/units/" + unit)
            last = self.operator.get(f"/v1/units/{unit}/history")["items"][-1]["type"]
            told.add(" ".join([last, at["state"], *at["flags"]]))
        return told

    def numbers(self, count=1, gtin=GTIN):
        assert self.ask(self.line, "/v1/serials", {"gtin": gtin, "lot": "L1",
                                                   "quantity": count}) is None
        return self.answer["serials"]

    def made(self, count=1, gtin=GTIN, **more):
        serials = self.numbers(count, gtin)
        assert self.report("commission", lot="L1", gtin=gtin, serials=serials, **more) is None
        self.units = [f"(01){gtin}(21){serial}" for serial in serials]
        return self.units

    def case(self, packs=0):
        """An open case, with packs in it."""
        case, = self.made(gtin=CASE)
        inside = self.made(packs) if packs else []
        if inside:
            assert self.report("pack", parent=case, children=inside) is None
        return case, inside

    def pack(self, children, **more):
        return self.report("pack", parent=self.case()[0], children=children, **more)

    def ship(self, units, location=BUYER, **more):
        return self.ask(self.operator, "/v1/shipments", {
            "units": units, "to": {"party": BUYER, "location": location}, **more})

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


def too_early(goods, children, parent, hours):
    """Packed so long ago: the pack is to blame, not its case. Later it may be."""
    code = goods.report("pack", parent=parent, children=children, time=moment(hours))
    blamed = goods.blamed
    assert goods.report("pack", parent=parent, children=children) is None
    assert blamed == set(children)
    return code


def before_commissioning(goods):
    case = goods.made(gtin=CASE, time=moment(-5))[0]
    return too_early(goods, goods.made(time=moment(-1)), case, -2)


def before_the_last_event(goods):
    case = goods.made(gtin=CASE, time=moment(-5))[0]
    packs = goods.made(time=moment(-4))
    assert goods.report("sample", units=goods.made(time=moment(-4)), reason="QA",
                        time=moment(-1)) is None  # another pack's last event is no matter
    for type_, at in (("lost", -3), ("found", -1)):
        assert goods.report(type_, units=packs, reason="a jam", time=moment(at)) is None
    return too_early(goods, packs, case, -2)


def at_another_line(goods):
    """A site is one plant: what any of its lines began any other may go on with."""
    goods.site.admin.put("/v1/locations/9506000300016", {"name": "Hall 2"})
    goods.site.admin.put("/v1/lines/line-2", {"name": "Line 2", "location": "9506000300016"})
    case, packs = goods.case()[0], goods.made(2)
    first, goods.line = goods.line, goods.site.as_role("line", line="line-2")
    code, goods.line = goods.report("pack", parent=case, children=packs), first
    return code


# code: (what is asked, what is answered)
REFUSALS = {
    "AGGREGATIONUOMFAILURE": (lambda g: g.pack([an_sscc(g)]), "pack.level"),
    "ALREADYAGGREGATED": (lambda g: g.pack(g.case(2)[1]), "unit.has_parent"),
    "BADAGGREAGTEDATE": (before_commissioning, "time.before"),
    "BADITEMSTATE": (lambda g: g.pack(scrapped(g)), "unit.state"),
    "EVENTTIMEAFTERNOW": (lambda g: g.pack(g.made(), time=moment(1)), "time.ahead"),
    "EVENTTIMEBEFORELASTEVENT": (before_the_last_event, "time.before"),
    "NOTCOMMISSIONED": (lambda g: g.pack([f"(01){GTIN}(21){g.numbers()[0]}"]), "unit.state"),
    "NOTCOMMISSIONEDLOCATION": (at_another_line, None),
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
    assert goods.pack(goods.made(2)) is None  # what the rows spoil, each in one way
    assert goods.ship(goods.made()) is None
    assert goods.report("unpack", children=goods.case(2)[1]) is None
    for code, (ask, answer) in REFUSALS.items():
        assert ask(goods) == answer, code


# Of the table there are not here: goods that are picked stand in a draft, which changes no unit;
# what is under way is shipped, and nobody tells when it is about to arrive.
NOT_HERE = {"PICKED", "PENDING_RECEIPT"}
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


HELD, AWAY = "hold commissioned hold", "receive shipped"
# (from, to): what is asked, what is answered, and what the units are then. Both of the last two are
# a hold.
CHANGES = {
    (AVAILABLE, SHIPPED): (lambda g: g.ship(g.made()), None, "ship shipped"),
    (AVAILABLE, RECEIVED): (lambda g: g.receive(g.made()), "unit.not_shipped",
                            "commission commissioned"),
    (AVAILABLE, BLOCKED): (lambda g: g.hold(g.made()), None, HELD),
    (AVAILABLE, ASKED): (lambda g: g.hold(g.made()), None, HELD),
    (SHIPPED, AVAILABLE): (void, None, "void_ship commissioned"),
    (SHIPPED, RECEIVED): (lambda g: g.receive(g.shipped()[0]), None, AWAY),
    (SHIPPED, BLOCKED): (lambda g: g.hold(g.shipped()[0]), "unit.state", "ship shipped"),
    (SHIPPED, ASKED): (lambda g: g.hold(g.shipped()[0]), "unit.state", "ship shipped"),
    (RECEIVED, AVAILABLE): (send_back, None, "return_back shipped received_back"),
    (RECEIVED, SHIPPED): (ship_on, None, "forward shipped"),
    (RECEIVED, BLOCKED): (lambda g: g.hold(received(g)), "unit.state", AWAY),
    (RECEIVED, ASKED): (lambda g: g.hold(received(g)), "unit.state", AWAY),
    (BLOCKED, AVAILABLE): (release, None, "end_hold commissioned"),
    (BLOCKED, SHIPPED): (lambda g: g.ship(g.held()[0]), "unit.on_hold", HELD),
    (BLOCKED, RECEIVED): (lambda g: g.receive(g.held()[0]), "unit.not_shipped", HELD),
    (BLOCKED, ASKED): (lambda g: g.hold(g.held()[0]), "unit.on_hold", HELD),
    (ASKED, AVAILABLE): (release, None, "end_hold commissioned"),
    (ASKED, SHIPPED): (lambda g: g.ship(g.held()[0]), "unit.on_hold", HELD),
    (ASKED, RECEIVED): (lambda g: g.receive(g.held()[0]), "unit.not_shipped", HELD),
    (ASKED, BLOCKED): (lambda g: g.hold(g.held()[0]), "unit.on_hold", HELD),
}


def test_every_change_of_state_is_allowed_as_the_table_says(goods, shared):
    met = set()
    for row in table(shared, "tracelink_item_status_transitions.csv"):
        before = row.pop("from\\to")
        for after, verdict in row.items():
            if verdict == "-" or NOT_HERE & {before, after}:
                continue
            ask, answer, shown = CHANGES[before, after]
            assert (answer is None) == (verdict == "Yes"), (before, after)
            assert (ask(goods), goods.shown()) == (answer, {shown}), (before, after)
            met.add((before, after))
    assert met == set(CHANGES)
    goods.site.stop()
    goods.site.verify()
