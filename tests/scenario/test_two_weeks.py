"""Two weeks of a site from a seed: several clients and lines, lots, rework, jams, lost labels,
holds, shipments, returns, captured documents, and the service killed in between. A model that
shares no code with the service foretells every call and what every unit and lot is like.

TWO_WEEKS=full plays all of it; otherwise a short run is played. PACKTRAIL_SEED plays another site,
or one again.
"""
import os
import time

import harness
from line_model import EXPLAINED
from paper_plant import MARKED
from plant import Plant, link
from site_model import BUYER, EXPIRY, THIRD

FULL = os.environ.get("TWO_WEEKS") == "full"
SEED = int(os.environ.get("PACKTRAIL_SEED", 7))  # one that is always the same, for what is checked
SHORT_LOTS = 6 if harness.SANITIZED else 16
LOTS = 40 if FULL else SHORT_LOTS
PACKS = 1100 if FULL else 150
SPARE = PACKS // 10  # that go back to the pool
UNUSED = ("none", "allocated", "printed")
MISCHIEF = 0.12 if FULL else 0.25
MOMENTS = 11  # the last is the end
LINES = ("line-1", "line-2", "line-3")
CLIENTS = [
    ("acme", {}, [("pack", "sgtin", 1), ("case", "sscc", 10), ("pallet", "sscc", 6)]),
    ("bolt", {"decommission_packed": "unpack", "decommission_parent": "children"},
     [("pack", "sgtin", 1), ("case", "sgtin", 8), ("pallet", "sscc", 5)]),
    ("cora", {"ship_rule": "quarantine"},
     [("pack", "sgtin", 1), ("case", "sscc", 5), ("pallet", "sscc", 4)]),
]


def free(units, *states):
    """Those that nothing stands in the way of."""
    return [u for u in units if u.state in states and u.parent is None and not u.flags]


def pieces(units, size):
    return [units[i:i + size] for i in range(0, len(units), size)]


class Story:
    """One lot on one line, told in steps; between any two of them something else may happen."""

    def __init__(self, plant, number):
        self.plant, self.rng, self.number = plant, plant.rng, number
        self.client, _, self.levels = CLIENTS[number % len(CLIENTS)]
        self.product = next(p for p in plant.model.products.values() if p.client == self.client)
        self.line = LINES[number % len(LINES)]
        self.lot = None
        self.packs, self.cases, self.pallets = [], [], []

    def say(self, type_, units=(), **more):
        if type_ in ("scrap", "label_sample", "sample", "decommission", "destroy", "invalidate",
                     "lost", "found", "stolen", "hold"):
            more.setdefault("reason", "as told on the line")
        return self.plant.say(self.line, type_, units, **more)

    def steps(self):
        yield from self.begin()
        yield from self.make()
        yield from self.fill()
        yield from self.rework()
        yield from self.end()

    def begin(self):
        plant, gtin = self.plant, self.product.gtin
        self.lot = plant.open_lot(gtin, f"LOT-{self.number:03d}")
        if self.number % 4 == 1:
            plant.amend(self.lot, "mia")
            plant.amend(self.lot)
        dead = self.number % 5 == 4  # this line's PC dies before it confirms anything
        self.packs = plant.serials(self.line, gtin, self.lot, PACKS + SPARE, confirm=False)
        request = self.packs[0].request
        yield
        plant.give_to_pool(self.line, self.rng.sample(self.packs, SPARE))  # the order is cut
        self.packs = [u for u in self.packs if u.asked is self.lot and u.request == request]
        if not dead:
            plant.confirm(self.line, request)
        yield
        cases = PACKS // self.levels[1][2] + 3
        case_gtin = self.product.levels[1][1]
        self.cases = (plant.ssccs(self.line, self.lot, cases, not dead) if case_gtin is None else
                      plant.serials(self.line, case_gtin, self.lot, cases, not dead))
        if len(self.levels) > 2:
            self.pallets = plant.ssccs(self.line, self.lot, cases // self.levels[2][2] + 2)
        yield

    def run_apart(self):
        """Cases are filled in the order of issue until some labels are lost in between."""
        plant, line = self.plant, f"camera-{self.number}"
        size, more = self.levels[1][2], {"commission": True}
        at = 6 * size
        fresh = [u for u in self.packs if u.state != "allocated"]  # these came in order
        lost = fresh[at:at + self.rng.randrange(1, 4)]
        packs = [u for u in fresh[:10 * size + len(lost)] if u not in lost]
        if self.lot.held or any(u.events for u in lost + packs + self.cases[:10]):
            return  # somebody was there before
        plant.watch(line, self.lot)
        plant.say(line, "commission", packs, lot=self.lot.lot, gtin=self.product.gtin)
        for case, some in zip(self.cases, pieces(packs[:9 * size], size)):
            plant.say(line, "pack", some, parent=case, **more)
        if self.rng.random() < 0.5:  # they are found in the bin, and the next case comes
            plant.say(line, "scrap", lost, reason="from the bin")
            plant.say(line, "pack", packs[9 * size:], parent=self.cases[9], **more)
        plant.flush()
        plant.compare_shifts()

    def make(self):
        """Printing and commissioning, with jams, label samples and a lost roll."""
        rng = self.rng
        if self.number % 9 in (0, 5):
            self.run_apart()
            yield
        self.print_by_place()
        roll = self.packs[-PACKS // 20:]
        if self.number % 3 == 0:
            self.say("lost", roll, at=self.plant.tick())
        for i, some in enumerate(pieces(self.packs, 20)):
            some = [u for u in some if u not in roll or rng.random() < 0.3]
            some = [u for u in some if u.state in UNUSED]
            if not some:
                continue
            if rng.random() < 0.5:
                self.say("printed", some)
            if rng.random() < 0.08:  # a jam
                self.say("scrap", some, lot=self.lot.lot, gtin=self.product.gtin)
                continue
            if rng.random() < 0.3:
                self.say("label_sample", some[:1])
                some = some[1:]
            if not some:
                continue
            self.say("commission", some, lot=self.lot.lot, gtin=self.product.gtin,
                     id=f"{self.lot.lot}/c{i}")
            if rng.random() < 0.15:  # the same again, by its id
                self.repeat()
            if i % 3 == 2:
                yield
        if self.number % 3 == 0:
            self.say("found", roll[:3])
        self.plant.say(self.line, "unread", lot=self.lot.lot, gtin=self.product.gtin,
                       count=rng.randrange(1, 9), reason="a dirty lens",
                       id=f"{self.lot.lot}/u")
        self.plant.flush(crash=self.number % 4 == 1 and self.can_crash())
        yield

    def print_by_place(self):
        """Some of the request's numbers, some of which went back to their pool since."""
        request = self.packs[0].request
        asked = self.plant.model.requested[request]
        for _ in range(4):
            first = self.rng.randrange(len(asked) - 6)
            place = {"request": request, "first": first, "count": self.rng.randrange(1, 6)}
            self.say("printed", asked[first:first + place["count"]], **place)

    def can_crash(self):
        """Only what has an id and was taken may be said again after a crash."""
        return all(foretold is None and "id" in said for said, foretold in self.plant.queue)

    def repeat(self):
        said, foretold = (self.plant.queue or [(None, "nothing")])[-1]
        if foretold is None:
            self.plant.queue.append((said, "repeat"))

    def fill(self):
        """Cases and pallets."""
        size = self.levels[1][2]
        packs = free(self.packs, "commissioned")
        self.rng.shuffle(packs)
        begun = self.product.levels[1][1] is not None
        if begun:
            self.say("commission", self.cases[:-2], lot=self.lot.lot, gtin=self.cases[0].gtin)
        cases = iter(self.cases)
        for i, some in enumerate(pieces(packs, size)):
            case = next(cases, None)
            if case is None:
                break
            if case.state != ("open" if begun else "none"):
                continue
            if len(some) > 2 and self.rng.random() < 0.2:  # in two goes
                self.say("pack", some[:2], parent=case, id=f"{self.lot.lot}/p{i}a",
                         **({} if begun else {"commission": True}))
                self.say("pack", some[2:], parent=case, id=f"{self.lot.lot}/p{i}b")
            else:
                self.say("pack", some, parent=case, id=f"{self.lot.lot}/p{i}",
                         **({} if begun else {"commission": True}))
            if i % 6 == 5:
                if self.number % 4 == 2 and self.can_crash():
                    self.plant.flush(crash=True)
                yield
        for case in self.cases:
            if case.state == "open" and self.rng.random() < 0.9:
                self.say("close", parent=case, partial=True, by="Mia", reason="the lot's last")
        yield
        yield from self.stack()

    def stack(self):
        if not self.pallets:
            return
        closed = free(self.cases, "closed")
        closed += [c for c in self.cases if c.state == "closed" and c.flags == {"partial"}
                   and c.parent is None and c not in closed]
        for pallet, some in zip(self.pallets, pieces(closed, self.levels[2][2])):
            self.say("pack", some, parent=pallet, commission=True)
        for pallet in self.pallets:
            if pallet.state == "open":
                self.say("close", parent=pallet, partial=True, by="Mia", reason="the last")
        yield

    def rework(self):
        """Packs come out for samples, a case is emptied and packed again."""
        rng = self.rng
        self.fill_what_an_event_began()
        yield
        tops = free(self.cases, "closed")
        if tops:
            case = rng.choice(tops)
            packs = list(case.children.values())
            self.say("unpack", packs[:2], parent=case)
            self.say("sample", packs[:1])
            if packs[1:]:
                self.say("pack", packs[1:2], parent=case)
            self.say("unpack", parent=case)
            if back := free(packs, "commissioned"):
                self.say("pack", back, parent=case)
            self.say("close", parent=case, partial=True, by="Mia", reason="one was sampled")
        yield
        packed = [u for u in self.packs if u.parent is not None]
        for unit in rng.sample(packed, min(4, len(packed))):
            self.say(rng.choice(("sample", "decommission", "destroy", "lost", "stolen")), [unit],
                     **({"unpack": rng.random() < 0.5} if rng.random() < 0.5 else {}))
        if self.cases and rng.random() < 0.5:
            self.say("decommission", [rng.choice(self.cases)])
        yield from self.change_places()
        held = [u for u in self.packs if u.state == "commissioned"]
        if held:
            self.say("hold", rng.sample(held, min(3, len(held))))
        yield

    def fill_what_an_event_began(self):
        """An event tells no lot of an SSCC: what lies in it says how many it takes."""
        case = next((c for c in self.cases if c.state == "none" and not c.events), None)
        loose = free(self.packs, "commissioned")[:self.levels[1][2]]
        if case is None or not case.is_sscc or len(loose) < 3:
            return
        self.plant.capture(self.client, ((None, "commission"), {
            "action": "ADD", "bizStep": "commissioning"}, None, [case], None, self.plant.tick()))
        self.say("pack", loose[:2], parent=case)
        self.say("close", parent=case)
        self.say("pack", loose[2:], parent=case)
        if case.state == "open":
            self.say("close", parent=case, partial=True, by="Mia", reason="there are no more")

    def change_places(self):
        """Packs move, labels are put over labels."""
        rng = self.rng
        full = [c for c in self.cases if c.children and c.parent is None]
        if len(full) > 1:
            one, other = rng.sample(full, 2)
            some = list(one.children.values())[:2]
            self.say("move", some, parent=other, reason="to fill it")
            if other.children:
                self.say("move", list(other.children.values())[-1:], parent=one, reason="and back",
                         id=f"{self.lot.lot}/m")
            self.say("close", parent=other, partial=True, by="Mia", reason="as it was")
            self.say("close", parent=one, partial=True, by="Mia", reason="as it was")
        yield
        spare = [u for u in self.packs if u.state in UNUSED and not u.flags]
        packed = [u for u in self.packs if u.parent in full]
        if spare and packed:
            self.say("relabel", [rng.choice(packed), spare[0]], reason="smeared",
                     id=f"{self.lot.lot}/r")
            self.repeat()
        spare = [u for u in self.cases if u.state == "none" and not u.flags]
        if spare and full and self.product.levels[1][1] is None:
            self.say("relabel", [rng.choice(full), spare[0]], reason="torn")
        self.plant.say_each(self.line, "sample", rng.sample(self.packs, 4), reason="for QA")
        loose = free(self.packs, "commissioned")
        if loose:
            self.plant.say_atomic(self.line, [
                ("sample", loose[:1], None, {"reason": "for QA"}),
                ("destroy", rng.sample(self.packs, 1), None, {"reason": "after it"})])
        yield

    def end(self):
        plant, rng = self.plant, self.rng
        unused = [u for u in self.packs if u.state in UNUSED]
        if unused:
            plant.give_back(self.line, unused[:20])
            plant.give_to_pool(self.line, unused[20:30] or unused[:1])
            self.packs = [u for u in self.packs if u.asked is self.lot]
        if self.number % 7 != 6:  # one in seven stays open
            plant.close_lot(self.lot)
        yield
        self.say("commission", unused[:1] or self.packs[:1], lot=self.lot.lot,
                 gtin=self.product.gtin)
        tops = free(self.pallets + self.cases, "closed")
        tops += [c for c in self.pallets + self.cases if c not in tops and c.parent is None
                 and c.state == "closed" and c.flags <= {"partial"}]
        for some in pieces(tops, 4):
            if rng.random() < 0.3:
                plant.draft(some)
                plant.end_draft()
            elif not plant.ship(some):
                for one in some:  # those of them that may leave
                    plant.ship([one])
            yield
        plant.ship([self.rng.choice(self.cases)])
        yield from self.after()

    def after(self):
        """What the buyer sends back, what never left, what is recalled."""
        plant, rng = self.plant, self.rng
        mine = [s for s in plant.shipments if s[1][0].lot is self.lot]
        if mine and rng.random() < 0.6:
            plant.void(*mine.pop(rng.randrange(len(mine))))
        for _, some in rng.sample(mine, len(mine)):
            if rng.random() < 0.8:
                plant.arrive(some)
                self.go_on(some)
                yield
        gone = [u for u in self.packs if plant.model.stands(u)[0] == "shipped"]
        for some in pieces(rng.sample(gone, min(6, len(gone))), 2):
            if not any(u in plant.model.above(v) for u in some for v in some):
                plant.give_back_goods(some)
        yield
        back = [u for u in self.packs if "received_back" in u.flags]
        if back:
            self.say(rng.choice(("decommission", "destroy", "hold")), back[:1])
        if rng.random() < 0.5:
            self.explain()
        for act, chance in (("release", 0.5), ("reopen", 0.3), ("recall", 0.3)):
            if rng.random() < chance:
                for who in rng.choice((("mia",), ("mia", "noa"), ("noa", "noa", "mia"))):
                    plant.sign(act, self.lot, who)
            some = free(self.pallets + self.cases, "closed")
            if some:
                plant.ship(some[:1])
        yield


    def go_on(self, tops):
        """The buyer ships on, whole or what lies in it, and is sometimes sent it back."""
        plant, rng = self.plant, self.rng
        some, named = [rng.choice(tops)], []
        if some[0].children and rng.random() < 0.7:
            named = list(some[0].children.values())[:2]
            plant.arrive(named)  # the buyer names what lies in it, too
            if rng.random() < 0.5:
                some = named
        plant.forward(some)
        if rng.random() < 0.7:
            plant.arrive(some, THIRD)
        if rng.random() < 0.4:
            plant.forward(some, THIRD, BUYER)
            plant.arrive(some)
            plant.arrive(named or some)

    def explain(self):
        """Every difference of the lot that can be said by name."""
        silent = {}
        for unit in self.packs + self.cases + self.pallets:
            if unit.asked is self.lot and unit.first is None and \
                    unit.state in UNUSED and not unit.flags:
                silent.setdefault(unit.gtin, []).append(unit)
        for some in silent.values():
            self.plant.explain(self.lot, some, self.rng.choice(("lost_on_line", "never_used")))
        loose = free([u for u in self.packs if u.lot is self.lot], "commissioned")
        if loose:
            self.plant.explain(self.lot, loose, self.rng.choice(
                ("missing", "sample_not_recorded", "destroyed_not_recorded")))


class Mischief:
    """Anything at all with anything at all: the model says what comes of it."""
    ACTS = ("printed", "scrap", "label_sample", "commission", "sample", "decommission", "destroy",
            "invalidate", "lost", "found", "stolen", "hold", "pack", "unpack", "close", "ship",
            "late", "ahead", "held", "let_go", "back", "move", "relabel", "each", "atomic", "draft",
            "confirm", "explain", "pool", "correct", "forward", "receive", "amend", "sign", "log_in",
            "visit", "log_out")

    def __init__(self, plant):
        self.plant, self.rng, self.corrected = plant, plant.rng, 0

    def happen(self):
        units = [u for u in self.plant.model.units.values() if "foreign" not in u.sorts]
        one = self.rng.choice(units)
        others = [u for u in self.rng.choices(units, k=40)
                  if u.client == one.client and u is not one and u.gtin == one.gtin][:2]
        act, line = self.rng.choice(self.ACTS), self.rng.choice(LINES)
        some = [one] + [u for i, u in enumerate(others) if u not in others[:i]]
        getattr(self, act, lambda *a: self.other(act, *a))(line, some)

    def other(self, act, line, some):
        more = {} if act == "printed" else {"reason": "mischief"}
        if act in ("sample", "decommission", "destroy", "lost", "stolen"):
            if self.rng.random() < 0.4:
                more["unpack"] = self.rng.random() < 0.5
        if act in ("scrap", "label_sample") and not all(u.gtin for u in some):
            some = some[:1]
        self.plant.say(line, act, some, **more)

    def commission(self, line, some):
        lot = some[0].lot or some[0].asked
        if lot is None:
            return  # it lies in its pool
        self.plant.say(line, "commission", some, lot=lot.lot, gtin=lot.product.gtin
                       if some[0].gtin is None else some[0].gtin)

    def container(self, client):
        found = [u for u in self.plant.model.units.values()
                 if not u.is_pack and u.client == client and "foreign" not in u.sorts]
        return self.rng.choice(found)

    def pack(self, line, some):
        parent = self.container(some[0].client)
        some = [u for u in some if u is not parent]
        if some:
            more = {"commission": True} if self.rng.random() < 0.2 else {}
            self.plant.say(line, "pack", some, parent=parent, **more)

    def unpack(self, line, some):
        if self.rng.random() < 0.3:
            self.plant.say(line, "unpack", some)
        else:
            parent = some[0].parent or self.container(some[0].client)
            some = [u for u in some if u is not parent]
            self.plant.say(line, "unpack", some if self.rng.random() < 0.7 else (), parent=parent)

    def close(self, line, some):
        more = {"partial": True, "by": "Mia", "reason": "no more"}
        self.plant.say(line, "close", parent=self.container(some[0].client),
                       **(more if self.rng.random() < 0.5 else {}))

    def ship(self, line, some):
        del line
        self.plant.ship(some)

    def held(self, line, some):
        del line
        lot = some[0].lot
        if self.rng.random() < 0.2 and lot is not None and not lot.held:
            self.plant.hold_lot(lot)
        else:
            self.plant.hold_units(some)

    def move(self, line, some):
        parent = self.container(some[0].client)
        some = [u for u in some if u is not parent and u.parent is not parent]
        if some:
            self.plant.say(line, "move", some, parent=parent, reason="mischief")

    def relabel(self, line, some):
        begun = [u for u in self.plant.model.units.values() if u.gtin == some[0].gtin and
                 u.client == some[0].client and u.lot is not None and "foreign" not in u.sorts]
        if begun and self.rng.random() < 0.7:
            some = [self.rng.choice(begun), some[0]]
        if len(some) > 1 and some[0] is not some[1]:
            self.plant.say(line, "relabel", some[:2], reason="mischief")

    def each(self, line, some):
        act = self.rng.choice(("sample", "decommission", "destroy", "hold", "lost", "pack", "unpack"))
        if act in ("pack", "unpack"):
            parent = some[0].parent or self.container(some[0].client)
            some = [u for u in some if u is not parent]
            if some:
                self.plant.say_each(line, act, some, parent=parent)
        else:
            self.plant.say_each(line, act, some, reason="mischief")

    def atomic(self, line, some):
        acts = self.rng.choices(("hold", "sample", "lost", "found", "destroy"), k=2)
        self.plant.say_atomic(line, [(act, [unit], None, {"reason": "mischief"})
                                     for act, unit in zip(acts, some)])

    def draft(self, line, some):
        del line
        self.plant.draft(some)

    def confirm(self, line, some):
        del line, some
        self.plant.end_draft()

    def explain(self, line, some):
        del line
        lot = some[0].lot or some[0].asked
        if lot is None:
            return
        self.plant.explain(lot, some, self.rng.choice(sorted(EXPLAINED)))

    def pool(self, line, some):
        """Mostly confirmed, or another line's."""
        some = [u for u in some if u.gtin]
        if some:
            self.plant.give_to_pool(line, some)

    def correct(self, line, some):
        """A sample that was never taken, whatever told it."""
        del line, some
        plant = self.plant
        plant.flush()
        found = [u for u in plant.model.units.values()
                 if u.state == "sampled" and "foreign" not in u.sorts]
        if not found:
            return
        unit = self.rng.choice(found)
        told = plant.as_(unit.client).get("/epcis/v2/events", params={
            "MATCH_epc": link(unit), "orderBy": "recordTime"})
        # Another event may say the same and have done nothing: too late, ahead of the clock.
        at = plant.model.sampled_ms[unit]
        event = next(e for e in told["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
                     if e["bizStep"] in ("sampling", "decommissioning") and
                     (plant.ms_of(e["eventTime"]) <= plant.model.now_ms() if at is None
                      else plant.ms_of(e["eventTime"]) == at))
        wish = {"event": event["eventID"], "reason": "did_not_occur",
                "signature": harness.sign("approval", "the wrong box")}
        if plant.attempt("qa", "/v1/corrections", wish, lambda: plant.model.unsample(unit)):
            self.corrected += 1

    def party(self):
        return self.rng.choice(((BUYER, THIRD), (THIRD, BUYER)))

    def forward(self, line, some):
        """Any goods, or those that the party has, or what lies in these."""
        del line
        party, to = self.party()
        handed = [u for u, of in self.plant.model.hands
                  if of == party and u.client == some[0].client]
        handed += [c for u in handed for c in u.children.values()]
        if handed and self.rng.random() < 0.8:
            some = self.rng.sample(handed, min(2, len(handed)))
        self.plant.forward(some, party, to)

    def receive(self, line, some):
        del line
        handed = [u for u, _ in self.plant.model.hands]
        self.plant.arrive([self.rng.choice(handed)] if handed else some[:1], self.party()[0])

    def lot(self):
        return self.rng.choice(list(self.plant.model.lots.values()))

    def amend(self, line, some):
        del line, some
        self.plant.amend(self.lot())

    def sign(self, line, some):
        """A first signature mostly, or the other one of any that waits."""
        del line, some
        waits = [(act, lot) for act, key in self.plant.model.proposed
                 for lot in self.plant.model.lots.values() if lot.key == key and act != "amend"]
        if waits and self.rng.random() < 0.5:
            self.plant.sign(*self.rng.choice(waits))
        else:
            self.plant.sign(self.rng.choice(("release", "reopen")), self.lot())

    def log_in(self, line, some):
        del line, some
        if self.rng.random() < 0.2:
            self.plant.put_person()
        self.plant.log_in(self.rng.random() < 0.5)

    def visit(self, line, some):
        del line, some
        self.plant.visit()

    def log_out(self, line, some):
        del line, some
        self.plant.log_out()

    def let_go(self, line, some):
        del line, some
        self.plant.end_hold()

    def back(self, line, some):
        del line
        self.plant.give_back_goods(some[:1])

    def late(self, line, some):
        """A time before what happened to it already."""
        known = [u for u in some if u.newest_ms is not None]
        if known:
            self.plant.say(line, "hold", known[:1], at=known[0].newest_ms - 5000, reason="late")

    def ahead(self, line, some):
        self.plant.say(line, "hold", some[:1], reason="ahead",
                       at=self.plant.model.now_ms() + 600000 + self.rng.randrange(10**6))


class Capturing:
    """What the systems of one client send of its packs, and of others' that it has seen."""
    OBSERVED = (
        ("ship_as_told", {"bizStep": "shipping", "disposition": "in_transit"}),
        ("void_shipment", {"bizStep": "void_shipping"}),
        ("receive", {"bizStep": "receiving", "disposition": "in_progress"}),
        ("receive_back", {"bizStep": "receiving", "disposition": "returned"}),
        ("hold", {"bizStep": "holding", "disposition": "non_sellable_other"}),
        ("recall", {"bizStep": "holding", "disposition": "recalled"}),
        ("sample", {"bizStep": "sampling"}),
        ("steal", {"bizStep": "inspecting", "disposition": "stolen"}),
        ("end_hold", {"bizStep": "inspecting", "disposition": "active"}),
        (None, {"bizStep": "inspecting"}))
    ENDED = (("decommission", {"bizStep": "decommissioning", "disposition": "inactive"}),
             ("destroy", {"bizStep": "destroying", "disposition": "destroyed"}))

    def __init__(self, plant, client="cora"):
        self.plant, self.rng, self.client, self.made = plant, plant.rng, client, 0

    def some(self, *sorts):
        plant = self.plant
        units = [u for u in plant.model.units.values()
                 if u.client == self.client and (not sorts or sorts[0] in u.sorts)]
        found = self.rng.sample(units, min(len(units), self.rng.randrange(1, 4)))
        if self.rng.random() < 0.2 or not found:
            self.made += 1
            name = f"(01)09521999000006(21){self.client[0].upper()}{self.made}"
            found.append(plant.model.foreign(name, self.client, "09521999000006", False))
        return found

    def elsewhere(self):
        """What was named and never began: somebody tells now that it had."""
        units = [u for u in self.plant.model.units.values() if u.client == self.client and
                 "foreign" in u.sorts and u.first is None and u.newest_ms is not None]
        return self.rng.sample(units, min(len(units), 2))

    def event(self):
        kind, rng = self.rng.randrange(7), self.rng
        ms = self.plant.tick()
        if kind == 0:
            parents = [u for u in self.some("container") if not u.is_pack]
            if parents:
                return self.aggregation(parents[0], ms)
        if kind == 1:
            act, members = rng.choice(self.ENDED)
            return (None, act), {"action": "DELETE", **members}, None, self.some(), None, ms
        if kind == 2:
            units = self.some()
            lot = next((u.asked for u in units if u.asked), None)
            members = {"action": "ADD", "bizStep": "commissioning"}
            if lot and rng.random() < 0.5:
                members["ilmd"] = {"cbvmda:itemExpirationDate":
                                   rng.choice((EXPIRY, EXPIRY, "2031-07-01"))}
            return (None, "commission"), members, None, units, lot, ms
        if kind == 3 and (units := self.elsewhere()):
            return ((None, "commission"), {"action": "ADD", "bizStep": "commissioning"}, None,
                    units, None, ms - 3 * 86400000)
        act, members = rng.choice(self.OBSERVED)
        if rng.random() < 0.1:
            ms -= 3 * 86400000  # told late
        elif rng.random() < 0.1:
            ms = self.plant.model.now_ms() + 3 * 86400000  # ahead of the clock
        return (None, act), {"action": "OBSERVE", **members}, None, self.some(), None, ms

    def aggregation(self, parent, ms):
        children = [u for u in self.some("pack") if u is not parent]
        if self.rng.random() < 0.5:
            return (("pack_into_as_told", "pack_as_told"),
                    {"action": "ADD", "bizStep": "packing"}, parent, children, None, ms)
        if parent.children and self.rng.random() < 0.7:
            children = list(parent.children.values())[:2]
        return (("unpack_from_as_told", "unpack"), {"action": "DELETE", "bizStep": "unpacking"}, parent,
                children, None, ms)

    def happen(self):
        self.plant.flush()
        for _ in range(self.rng.randrange(1, 6)):  # the model goes on from each to the next
            self.plant.capture(self.client, self.event())


def test_a_site_is_after_two_weeks_as_a_model_foretold(make_site, capsys):
    seed = SEED
    site = make_site()
    plant = Plant(site, seed)
    marked = [act for act in MARKED if plant.rng.random() < 0.5]
    site.configure(capture={"wait": "0 s"},  # what comes too early is an exception at once
                   signatures={"second": " ".join(marked)})
    site.start()
    began = time.monotonic()
    clients = [*CLIENTS[:2], (CLIENTS[2][0], {
        **CLIENTS[2][1], "decommission_packed": plant.rng.choice(("refuse", "unpack")),
        "decommission_parent": plant.rng.choice(("parent", "children"))}, CLIENTS[2][2])]
    plant.configure(clients, LINES, marked)
    mischief = Mischief(plant)
    capturing = [Capturing(plant, client) for client in ("cora", "bolt")]
    waiting = [Story(plant, n) for n in range(LOTS)]
    running, done = [], 0
    moments = iter(range(1, MOMENTS + 1))
    next_moment = LOTS / MOMENTS
    while waiting or running:
        while waiting and len(running) < 4:
            running.append(waiting.pop(0).steps())
        steps = plant.rng.choice(running)
        if next(steps, "end") == "end":
            running.remove(steps)
            done += 1
        while done and plant.rng.random() < MISCHIEF * 3:
            mischief.happen()
        if done and plant.rng.random() < MISCHIEF:
            plant.rng.choice(capturing).happen()
        if plant.rng.random() < 0.01:
            plant.restart()
        if done >= next_moment - 1e-9 and done < LOTS:
            next_moment += LOTS / MOMENTS
            plant.compare(f"moment {next(moments)}, {done} lots done")
    plant.compare("the end", every_number=True)
    plant.compare_refusals()
    site.stop()
    records, units = site.verify()
    with capsys.disabled():
        print(f"\n{plant.facts} facts compared at {plant.moments} moments: {LOTS} lots, "
              f"{len(plant.model.units)} units, {plant.calls} calls, {plant.model.refused} refused, "
              f"{sum(plant.model.objected.values())} captured events objected to; "
              f"{plant.pooled} numbers went back to their pools, {mischief.corrected} samples were "
              f"taken back, {plant.forwarded} shipments went on, {plant.waited} signatures waited "
              f"(marked: {' '.join(marked)}), {plant.model.opened} logins; seed {seed}; "
              f"{time.monotonic() - began:.0f} s; verified {records} records, {units} units")
    assert plant.pooled > LOTS * SPARE / 2
    assert plant.forwarded > LOTS / 8 and (plant.waited or not marked)
    assert mischief.corrected > 20 or not FULL
    assert plant.facts > (1000000 if FULL else 2000 * LOTS)


def test_a_pallet_counts_as_an_empty_one_once_all_came_back_out_of_it(make_site, seed):
    plant = Plant(make_site().start(), seed)
    plant.configure(CLIENTS, LINES)
    gtin = next(iter(plant.model.products))
    lot = plant.open_lot(gtin, "L1")
    packs = plant.serials("line-1", gtin, lot, 20)
    case, _ = plant.ssccs("line-1", lot, 2)
    pallet, = plant.ssccs("line-1", lot, 1)
    plant.say("line-1", "commission", packs, lot="L1", gtin=gtin)
    plant.say("line-1", "pack", packs[:10], parent=case, commission=True)
    plant.say("line-1", "pack", [case], parent=pallet, commission=True, partial=True, by="Mia",
              reason="the last")
    plant.close_lot(lot)
    assert plant.ship([pallet])
    for unit in (case, pallet):
        plant.give_back_goods([unit])
        plant.compare(f"{unit.name} is back")
    assert not plant.say("line-1", "decommission", [case], reason="damaged")  # it holds packs
    plant.give_back_goods(packs[:10])
    for unit in (pallet, case):
        assert plant.say("line-1", "decommission", [unit], reason="damaged")
        plant.compare(f"{unit.name} is dissolved")


def test_what_a_party_got_again_it_receives_and_ships_on_again_with_all_that_lies_in_it(
        make_site, seed):
    plant = Plant(make_site().start(), seed)
    plant.configure(CLIENTS, LINES)
    gtin = next(iter(plant.model.products))
    lot = plant.open_lot(gtin, "L1")
    packs, (case,) = plant.serials("line-1", gtin, lot, 10), plant.ssccs("line-1", lot, 1)
    plant.say("line-1", "commission", packs, lot="L1", gtin=gtin)
    plant.say("line-1", "pack", packs, parent=case, commission=True)
    plant.close_lot(lot)
    shipment = plant.ship([case])
    plant.arrive(packs[:2])
    plant.arrive(packs[:2])  # once
    plant.void(*shipment)
    plant.ship([case])
    plant.arrive(packs[:3])  # anew
    plant.forward([case])
    plant.forward([case], THIRD, BUYER)
    plant.arrive(packs[:2])
    plant.forward(packs[:1])
    plant.arrive(packs[:1], THIRD)
    plant.forward(packs[:1], THIRD, BUYER)
    plant.arrive(packs[:2])
    plant.forward(packs[:1])
    assert plant.forwarded == 5
    plant.compare("the end")
    plant.site.stop()
    plant.site.verify()
