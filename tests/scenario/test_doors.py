"""Each guard of the state machine at every door that a fact comes in by: what lines report, what is
shipped, and captured events of clients whose rule is strict, record or off."""
import json

import pytest
from harness import GTIN
from test_rule_tables import Goods, an_sscc, moment

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
RULES = ("strict", "record", "off")


def link(name):
    if name.startswith("(00)") or "(" not in name:
        return "https://id.gs1.org/00/" + name[-18:]
    return f"https://id.gs1.org/01/{name[4:18]}/21/{name.split('(21)')[1]}"


class Doors(Goods):
    """Goods that may be told of by captured events, too."""

    def __init__(self, site, **profile):
        super().__init__(site, **profile)
        self.gateway, self.told = site.as_role("gateway", client="acme"), 0

    def capture(self, units, action="OBSERVE", parent=None, time=None, lot=None, **more):
        """One event; "stored", or the code that its document is refused by."""
        self.told += 1
        epcs = [link(u) for u in units]
        event = {"type": "ObjectEvent", "eventID": f"urn:x:{self.told}", "action": action,
                 "eventTime": time or moment(self.told / 3600), "eventTimeZoneOffset": "+00:00", **more}
        event.update({"type": "AggregationEvent", "parentID": link(parent), "childEPCs": epcs}
                     if parent else {"epcList": epcs})
        if lot:
            event["ilmd"] = {"cbvmda:lotNumber": lot}
        body = json.dumps({"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
                           "creationDate": moment(), "epcisBody": {"eventList": [event]}})
        sent = self.gateway.call("POST", "/epcis/v2/capture", body,
                                 headers={"Content-Type": "application/json"})
        if sent.status_code != 202:
            return sent.json()["code"]
        job = self.gateway.get(sent.headers["Location"])
        return "stored" if job["success"] else job["errors"][0]["code"]

    def packed_as_told(self, units, parent=None):
        parent = parent or self.case()[0]
        return self.capture(units, "ADD", parent, bizStep="packing")

    def ended_as_told(self, units):
        return self.capture(units, "DELETE", bizStep="decommissioning")

    def begun_as_told(self, units, lot="L1"):
        return self.capture(units, "ADD", lot=lot, bizStep="commissioning")

    def look(self, units):
        return [(self.operator.unit(u)["state"], self.operator.unit(u)["parent"]) for u in units]

    def raised(self, kind):
        return sorted(x["code"] for x in self.operator.pages("/v1/exceptions", kind=kind))

    def refusals(self):
        rows = self.site.as_role("auditor").get("/v1/journal", params={"kind": "refusal"})
        return sorted(row["fact"]["code"] for row in rows["items"])


def never_begun(goods):
    return [f"(01){GTIN}(21){goods.numbers()[0]}"]


def ended(goods):
    units = goods.made()
    assert goods.report("decommission", units=units, reason="torn") is None
    return units


def of_two_lots(goods):
    goods.ask(goods.operator, "/v1/lots", {"lot": "L2", "gtin": GTIN, "expiry": "2031-01-01"})
    serials = goods.numbers()
    assert goods.report("commission", lot="L2", gtin=GTIN, serials=serials) is None
    return goods.made() + [f"(01){GTIN}(21){serials[0]}"]


def close_lot(goods):
    units = never_begun(goods)
    assert goods.ask(goods.operator, f"/v1/lots/{GTIN}/L1/close", {}) is None
    return units


def serials_of(units):
    return [u.split("(21)")[1] for u in units]


def put_into_what_it_holds(goods, units):
    """A pallet into the case that lies on it."""
    case, _ = goods.case(5)  # full, so closed
    assert goods.packed_as_told([case], parent=units[0]) == "stored"
    return goods.packed_as_told(units, parent=case)


AS_TOLD = "what others have put together, or let leave, is so: the events are taken as they came"

# guard: (units in a state, the call of the site's own door, its answer, the captured event, its
# code), or AS_TOLD where captured events are not measured by it.
GUARDS = {
    "1 the child is commissioned": (
        never_begun, lambda g, u: g.pack(u), "unit.state", lambda g, u: g.packed_as_told(u),
        "unit.state"),
    "1 the child is not on hold": (
        lambda g: g.held()[0], lambda g, u: g.pack(u), "unit.on_hold",
        lambda g, u: g.packed_as_told(u), "unit.on_hold"),
    "1 the child lies in no other": (
        lambda g: g.case(2)[1], lambda g, u: g.pack(u), "unit.has_parent",
        lambda g, u: g.packed_as_told(u), "unit.has_parent"),
    "1 nothing lies in itself": (
        lambda g: ["(00)" + an_sscc(g)], lambda g, u: g.report("pack", parent=u[0], children=u),
        "pack.cycle", put_into_what_it_holds, "pack.cycle"),
    "1 the levels belong together": (
        lambda g: ["(00)" + an_sscc(g)], lambda g, u: g.pack(u), "pack.level", None, AS_TOLD),
    "1 what leaves is not on hold": (
        lambda g: g.held()[0], lambda g, u: g.ship(u), "unit.on_hold",
        lambda g, u: g.capture(u, bizStep="shipping"), "unit.on_hold"),
    "2 not before the last event": (
        lambda g: g.made(), lambda g, u: g.report("hold", units=u, reason="x", time=moment(-5)),
        "time.before", lambda g, u: g.capture(u, bizStep="holding", time=moment(-5)),
        "time.before"),
    "2 not ahead of now": (
        lambda g: g.made(), lambda g, u: g.report("hold", units=u, reason="x", time=moment(5)),
        "time.ahead", lambda g, u: g.capture(u, bizStep="inspecting", time=moment(5)),
        "time.ahead"),
    "3 none is named twice": (
        lambda g: g.made(), lambda g, u: g.report("hold", units=u * 2, reason="x"), "unit.twice",
        lambda g, u: g.capture(u * 2, bizStep="inspecting"), "unit.twice"),
    "3 a case has one lot": (
        of_two_lots, lambda g, u: g.pack(u), "pack.lot", None, AS_TOLD),
    "3 the lot is known": (
        never_begun, lambda g, u: g.report("commission", lot="L9", gtin=GTIN,
                                           serials=serials_of(u)), "lot.unknown",
        lambda g, u: g.begun_as_told(u, "L9"), "lot.unknown"),
    "4 what is packed is not decommissioned": (
        lambda g: g.case(2)[1], lambda g, u: g.report("decommission", units=u, reason="x"),
        "unit.has_parent", lambda g, u: g.ended_as_told(u), "unit.has_parent"),
    "5 no number begins again": (
        ended, lambda g, u: g.report("commission", lot="L1", gtin=GTIN, serials=serials_of(u)),
        "unit.state", lambda g, u: g.begun_as_told(u), "unit.state"),
    "6 a closed lot takes nothing more": (
        close_lot, lambda g, u: g.report("commission", lot="L1", gtin=GTIN, serials=serials_of(u)),
        "lot.closed", lambda g, u: g.begun_as_told(u), "lot.closed"),
    "6 nothing leaves of an open lot": (
        lambda g: g.made(), lambda g, u: g.ship(u), "lot.open", None, AS_TOLD),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_guard_holds_at_every_door(make_site, rule):
    for number, (guard, row) in enumerate(GUARDS.items()):
        units_of, call, code, event, told = row
        if event is None and rule != "strict":
            continue  # no captured event: the rule does not matter
        site = make_site(f"{rule}-{number}")
        site.configure(capture={"wait": "0 s"})
        goods = Doors(site.start(), capture=rule, ship_rule="closed")
        units = units_of(goods)
        before = goods.look(units)
        assert call(goods, units) == code, guard
        assert goods.refusals() == [code] and goods.raised("refused") == [code], guard
        if event is not None:
            asked = event(goods, units)
            assert asked == (told if rule == "strict" else "stored"), guard
            assert goods.raised("captured") == ([] if rule == "off" else [told]), guard
        assert told is not AS_TOLD or event is None
        assert goods.look(units) == before, guard
        site.stop()
        site.verify()


def test_lost_numbers_are_found_or_never_come_again(site):
    """Guard 8; guard 7, in which order partners are told, is test_delivery.py's."""
    goods = Goods(site)
    lost = goods.numbers(20)
    units = [f"(01){GTIN}(21){serial}" for serial in lost]
    assert goods.report("lost", units=units, reason="the roll was gone") is None
    assert not set(goods.numbers(200)) & set(lost)
    assert goods.report("printed", gtin=GTIN, serials=lost[:1]) == "unit.lost"
    assert goods.report("commission", lot="L1", gtin=GTIN, serials=lost[:1]) is None
    assert goods.operator.unit(units[0])["flags"] == []
    assert goods.operator.unit(units[1])["flags"] == ["lost"]
