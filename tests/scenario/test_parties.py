"""What parties do with the goods that were sent to them, at every door."""
import pytest
from harness import quote, sign
from test_doors import Doors, recalled_lot, shipped_case, voided
from test_rule_tables import BUYER, CASE, GLN, an_sscc, moment

SGLN = "https://id.gs1.org/414/"
PGLN = "https://id.gs1.org/417/"


class Parties(Doors):
    def __init__(self, site, **profile):
        super().__init__(site, **profile)
        self.hub, self.shop = (
            site.as_role("distributor", client="acme", party=p) for p in (BUYER, GLN))
        self.acme = self.gateway

    def told_by(self, who, units, step, ends=None, source=None, to=None, **more):
        """As Doors.capture; `ends` is how parties are spelled."""
        self.gateway = who
        ends = ends or PGLN
        if source:
            more["sourceList"] = [{"type": "owning_party", "source": ends + source}]
        if to:
            more["destinationList"] = [{"type": "owning_party", "destination": ends + to}]
        disposition = "in_transit" if step == "shipping" else "in_progress"
        return self.capture(units, bizStep=step, disposition=disposition, **more)

    def on(self, who, units, to):
        """Shipped on by a call."""
        return self.ask(who, "/v1/shipments", {"units": units, "to": {"party": to, "location": to}})

    def received(self, who, unit, **more):
        assert self.ask(who, "/v1/receipts", {"units": [unit], **more}) is None
        return self.answer["results"][0]["verdict"]

    def returned(self, unit, **more):
        assert self.ask(self.operator, "/v1/returns", {
            "units": [unit], "from": {"party": BUYER}, "reason": "x", **more}) is None
        return self.answer["results"][0]["verdict"] or "accepted"

    def case_of(self, time):
        """Made and packed then."""
        inside, (box,) = self.made(5, time=time), self.made(gtin=CASE, time=time)
        assert self.report("pack", parent=box, children=inside, time=time) is None
        return box, inside

    def sees(self, who, unit):
        return who.call("GET", "/v1/units/" + quote(unit, safe="")).status_code == 200

    def kept(self, code):
        """What an event that is not taken is answered, by the client's rule; else an exception."""
        return code if self.rules["capture"] == "strict" else "stored"


@pytest.mark.parametrize("who", ["hub", "acme"])
@pytest.mark.parametrize("rule", ["strict", "record"])
def test_a_party_ships_on_by_events_as_by_calls(site, rule, who):
    """Told by the party itself, or by its client as the source says."""
    goods = Parties(site, capture=rule)
    box, inside, first = shipped_case(goods)
    told = {"source": BUYER} if who == "acme" else {}
    who = getattr(goods, who)
    ship = {"step": "shipping", "to": GLN, **told}
    assert goods.told_by(who, [box, *inside], **ship) == "stored"
    assert goods.sees(goods.shop, inside[0]) and goods.operator.unit(box)["state"] == "shipped"
    assert goods.told_by(who, [box], **ship) == goods.kept("unit.forwarded")
    assert goods.on(goods.hub, [box], GLN) == "unit.forwarded"
    assert goods.on(goods.hub, inside[:1], GLN) == "unit.forwarded"
    assert voided(goods, first) == "shipment.forwarded"
    assert goods.received(goods.shop, box) == "accepted"
    assert goods.on(goods.shop, inside[:1], BUYER) is None
    site.stop()
    site.verify()


def test_what_is_on_hold_or_of_no_such_party_is_not_shipped_on(site):
    goods = Parties(site, capture="strict")
    box, inside, _ = shipped_case(goods)
    assert goods.told_by(goods.acme, [box], "shipping", source=GLN, to=BUYER) == "unit.state"
    assert goods.told_by(goods.shop, [box], "shipping", to=BUYER) == "unit.unknown"
    assert goods.told_by(goods.hub, [box], "shipping", source=BUYER, to=BUYER) == "stored"
    assert goods.ask(goods.operator, "/v1/returns", {
        "units": inside[:1], "from": {"party": BUYER}, "reason": "x"}) is None
    assert goods.told_by(goods.hub, inside[:1], "shipping", to=GLN) == "unit.unknown"
    recalled_lot(goods)
    assert goods.told_by(goods.hub, [box], "shipping", to=GLN) == "unit.recalled"
    assert not goods.sees(goods.shop, box)


@pytest.mark.parametrize("rule", ["strict", "record"])
def test_a_party_receives_once_at_whatever_door(site, rule):
    goods = Parties(site, capture=rule)
    box, inside, _ = shipped_case(goods)
    assert goods.told_by(goods.acme, inside[:1], "receiving", to=BUYER) == "stored"
    assert goods.received(goods.hub, inside[0]) == "unit.received"
    assert goods.told_by(goods.hub, inside[:1], "receiving") == goods.kept("unit.received")
    assert goods.told_by(goods.hub, inside[1:2], "receiving") == "stored"
    assert goods.received(goods.hub, inside[1]) == "unit.received"
    assert goods.received(goods.hub, inside[2]) == "accepted"
    assert goods.told_by(goods.hub, inside[2:3], "receiving") == goods.kept("unit.received")
    if rule == "record":
        assert goods.raised("captured") == ["unit.received"] * 2


@pytest.mark.parametrize("ends", [PGLN, SGLN, "urn:epc:id:pgln:", "urn:epc:id:sgln:"])
def test_an_event_hands_goods_over_to_a_party_however_it_is_named(site, ends):
    goods = Parties(site, capture="strict")
    box, inside = goods.case(5)
    to = BUYER
    if ends.startswith("urn"):
        to = f"{BUYER[:7]}.{BUYER[7:12]}" + (".0" if "sgln" in ends else "")
    assert goods.told_by(goods.acme, [box], "shipping", ends=ends, to=to) == "stored"
    assert goods.sees(goods.hub, inside[0])
    assert goods.received(goods.hub, box) == "accepted"
    assert goods.told_by(goods.hub, [box], "shipping", ends=SGLN, to=GLN) == "stored"
    assert goods.sees(goods.shop, inside[0])


def at(seconds):
    return moment(seconds / 3600)


@pytest.mark.parametrize("door", ["call", "event"])
def test_nothing_arrives_or_comes_back_before_its_container_left(site, door):
    goods = Parties(site, capture="strict")
    box, inside = goods.case_of(at(-60))
    assert goods.ask(goods.operator, "/v1/shipments", {
        "units": [box], "to": {"party": BUYER, "location": BUYER}, "time": at(-20)}) is None
    if door == "call":
        assert goods.received(goods.hub, inside[0], time=at(-30)) == "time.before"
        assert goods.returned(inside[1], time=at(-30)) == "time.before"
        assert goods.received(goods.hub, inside[0], time=at(-10)) == "accepted"
        assert goods.returned(inside[1], time=at(-10)) == "accepted"
    else:
        for unit, how in ((inside[0], "in_progress"), (inside[1], "returned")):
            words = {"bizStep": "receiving", "disposition": how}
            assert goods.capture([unit], time=at(-30), **words) == "time.before"
            assert goods.capture([unit], time=at(-10), **words) == "stored"


@pytest.mark.parametrize("door", ["call", "event"])
def test_nothing_leaves_before_what_happened_to_its_content(site, door):
    goods = Parties(site, capture="strict")
    box, inside = goods.case_of(at(-60))
    assert goods.report("hold", units=inside[:1], reason="looks odd", time=at(-30)) is None
    hold, = goods.operator.get("/v1/holds?state=held")["items"]
    assert goods.ask(goods.qa, f"/v1/holds/{hold['id']}/release",
                     {"signature": sign("approval", "it is fine")}) is None

    def shipped(time):
        if door == "event":
            return goods.told_by(goods.acme, [box], "shipping", to=BUYER, time=time)
        return goods.ask(goods.operator, "/v1/shipments", {
            "units": [box], "to": {"party": BUYER, "location": BUYER}, "time": time}) or "stored"

    assert shipped(at(-40)) == shipped(at(-10)) == "time.before"
    assert shipped(at(2)) == "stored"


def test_no_container_leaves_that_an_event_emptied(site):
    goods = Parties(site, decommission_packed="unpack")
    box, few = goods.case(5)
    assert goods.ended_as_told(few, "destroying") == "stored"
    assert goods.ship([box]) == "unit.empty"
    pallet = an_sscc(goods)
    inside = goods.units
    inner = goods.operator.unit(inside[0])["parent"]
    assert goods.ended_as_told(inside, "destroying") == "stored"
    assert goods.ship([pallet]) == "unit.content_empty"
    named = {u["unit"]: u["code"] for u in goods.answer["units"]}
    assert named == {f"(00){pallet}": "unit.content_empty", inner: "unit.empty"}
    site.stop()
    site.verify()


def test_a_party_is_told_what_happened_and_not_by_whom_and_why(site):
    goods = Parties(site)
    box, inside = goods.case(5)
    assert goods.ask(goods.operator, "/v1/holds", {"units": inside[:1], "reason": "secret"}) is None
    hold = goods.answer["id"]
    assert goods.ask(goods.qa, f"/v1/holds/{hold}/release",
                     {"signature": sign("approval", "secret")}) is None
    assert goods.ship([box]) is None
    path = "/v1/units/" + quote(inside[0], safe="") + "/history"
    whole, seen = (who.get(path)["items"] for who in (goods.operator, goods.hub))
    assert [x["type"] for x in seen] == [x["type"] for x in whole]
    assert "secret" in str(whole) and "Mia" in str(whole)
    for word in ("secret", "Mia", "line-1"):
        assert word not in str(seen)
    assert goods.ask(goods.hub, "/v1/receipts", {"units": inside[:1], "reason": "own"}) is None
    last = goods.hub.get(path)["items"][-1]
    assert (last["type"], last.get("reason")) == ("receive", "own")


def test_who_gets_goods_anew_by_events_receives_and_ships_on_what_is_in_them_anew(site):
    goods = Parties(site, capture="strict")
    box, inside = goods.case(5)
    assert goods.told_by(goods.acme, [box], "shipping", to=BUYER) == "stored"
    assert goods.received(goods.hub, inside[0]) == "accepted"
    goods.gateway = goods.acme
    assert goods.capture([box], bizStep="void_shipping") == "stored"
    assert goods.told_by(goods.acme, [box], "shipping", to=BUYER) == "stored"
    assert goods.received(goods.hub, inside[0]) == "accepted"
    assert goods.received(goods.hub, inside[0]) == "unit.received"
    site.stop()
    site.verify()


@pytest.mark.parametrize("who", ["shop", "acme"])
def test_what_was_shipped_on_to_the_wrong_party_comes_back_from_it(site, who):
    goods = Parties(site, capture="strict")
    box, _, _ = shipped_case(goods)
    assert goods.on(goods.hub, [box], GLN) is None
    assert goods.on(goods.hub, [box], GLN) == "unit.forwarded"
    assert goods.told_by(getattr(goods, who), [box], "shipping", source=GLN, to=BUYER) == "stored"
    assert goods.on(goods.hub, [box], GLN) is None
