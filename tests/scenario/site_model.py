"""What a site must be like after a story, worked out apart from the service.

The model reads schemas/states.txt as data and shares no code with the program under test. It takes
the same bodies that are sent (reports, shipments, what captured events mean) and says of each
whether it is taken or refused, for which units and by which code; what it takes it applies. A
container's state and flags reach its content when they are looked at, as STATES has it.
"""
import contextlib
import json
import pathlib
import re

from line_model import EMPTIED, Ambiguous, LineModel, Refused
from paper_model import PaperModel

STATES = pathlib.Path(__file__).parents[2] / "schemas/states.txt"
HANDED_DOWN = frozenset(("hold", "recalled", "lost", "stolen", "received_back"))
BARRED_BY = (("hold", "unit.on_hold"), ("stolen", "unit.stolen"), ("lost", "unit.lost"),
             ("recalled", "unit.recalled"), ("received_back", "unit.received_back"))
AHEAD_MAX_MS = 30000
EXPIRY = "2031-06-30"  # of every lot until it is amended
BUYER, THIRD = "9506000100012", "9506000200019"
LIVES = ("commissioned", "open", "closed")

# Words of reports and the acts they are.
FIRSTS = {"commission": "commission", "scrap": "scrap", "label_sample": "label_sample"}
CHANGES = {"printed": "print", "sample": "sample", "decommission": "decommission",
           "destroy": "destroy", "invalidate": "invalidate", "lost": "lose", "found": "find",
           "stolen": "steal", "hold": "hold"}
COMES_OUT = ("sample", "decommission", "destroy", "lose", "steal")  # or is refused in a container
OPENS = ("unpack_from", "unpack_from_as_told")  # what comes out keeps its lot's flags
GOES = ("ship_as_told", "receive", "receive_back")  # with what lies in it, in what it lies in
STAYS = frozenset(("hold", "recalled"))  # of a container, what comes out of it would lose these


def words(text):
    text = text.strip()
    return frozenset() if text == "-" else frozenset(w.strip() for w in text.split(","))


class Machine:
    """The state machine of schemas/states.txt."""
    ACT = re.compile(r"act (\w+): forbidden by ([\w,-]+), sets ([\w,-]+), clears ([\w,-]+)(, own)?")
    STEP = re.compile(r"step ([\w,]+) (\w+): from ([\w,]+), (\w+), needs ([\w,-]+) -> (\S+)")

    def __init__(self, text):
        self.acts, self.steps = {}, []
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if match := self.ACT.fullmatch(line):
                name, forbidden, sets, clears, own = match.groups()
                self.acts[name] = (words(forbidden), words(sets), words(clears), bool(own))
            elif match := self.STEP.fullmatch(line):
                sorts, act, states, parent, needs, to = match.groups()
                self.steps.append((words(sorts), act, words(states), parent, words(needs), to))
            else:
                assert not line, f"schemas/states.txt: {line!r}"
        assert {step[1] for step in self.steps} == set(self.acts)

    def step(self, act, unit, stands, flags):
        """(code, None), or (None, (state, flags set, flags cleared))."""
        for sorts, name, states, parent, needs, to in self.steps:
            if name != act or stands not in states or not sorts & unit.sorts:
                continue
            if parent == "alone" and unit.parent is not None:
                return "unit.has_parent", None
            if parent == "inside" and unit.parent is None:
                return "unit.no_parent", None
            forbidden, sets, clears, own = self.acts[act]
            has = unit.flags if own else flags
            if needs and not needs & has:
                return "unit.state", None
            for flag, code in BARRED_BY:
                if flag in forbidden & has:
                    return code, None
            stays = to == "=" or to == stands
            return None, (unit.state if stays else to, sets, clears)
        return "unit.state", None


class Unit:
    __slots__ = ("name", "sorts", "gtin", "level", "client", "state", "flags", "parent", "children",
                 "lot", "asked", "at_first", "request", "again", "first", "last_ms", "newest_ms", "events")

    def __init__(self, name, sorts, client, gtin=None, level=None, asked=None):
        self.name, self.sorts, self.client = name, frozenset(sorts), client
        self.gtin, self.level = gtin, level  # None: an SSCC, whose level its content tells
        self.asked = self.at_first = asked  # the lot that the number was asked for
        self.request, self.again = None, False  # that it was given by; not by the first one
        self.state, self.flags, self.parent, self.children = "none", frozenset(), None, {}
        self.lot, self.first = None, None  # first: the act that it began with
        self.last_ms = self.newest_ms = None
        self.events = 0

    @property
    def is_sscc(self):
        return self.gtin is None

    @property
    def is_pack(self):
        return "pack" in self.sorts

    def copy(self):
        return (self.state, self.flags, self.parent, dict(self.children), self.lot, self.first,
                self.last_ms, self.newest_ms, self.events)

    def restore(self, copy):
        (self.state, self.flags, self.parent, self.children, self.lot, self.first, self.last_ms,
         self.newest_ms, self.events) = copy


class Product:
    """Levels from inside out: (word, GTIN or None for an SSCC, quantity)."""

    def __init__(self, client, levels):
        self.client, self.levels = client, levels
        self.gtins = {gtin: i for i, (_, gtin, _) in enumerate(levels) if gtin}
        self.ssccs = [i for i, (_, gtin, _) in enumerate(levels) if gtin is None]

    @property
    def gtin(self):
        return self.levels[0][1]

    def sscc_over(self, below):
        return next((i for i in self.ssccs if i > below), self.ssccs[-1])

    def nominal(self, above, below):
        return self.levels[above][2] if above - 1 == below else 0


class Lot:
    def __init__(self, product, lot):
        self.product, self.lot = product, lot
        self.state, self.held = "open", False
        self.expiry, self.order, self.quantity = EXPIRY, None, None
        self.asked = [0] * len(product.levels)
        self.unread = [0] * len(product.levels)
        self.pooled = [0] * len(product.levels)  # went back to their pool
        self.units = {}  # that have it, by name

    @property
    def key(self):
        return (self.product.gtin, self.lot)

    def takes_commission(self):
        return self.state in ("open", "reopened")

    def flags(self):
        return ({"recalled"} if self.state == "recalled" else set()) | (
            {"hold"} if self.held else set())


class Model(LineModel, PaperModel):
    def __init__(self, now_ms):
        self.machine = Machine(STATES.read_text())
        self.now_ms = now_ms  # a function: the service's clock, about
        self.clients = {}     # name -> profile
        self.products = {}    # any GTIN -> Product
        self.lots = {}        # (GTIN of the innermost level, lot) -> Lot
        self.units = {}       # bracketed -> Unit
        self.said = {}        # (line, id) -> what it said
        self.refused = 0      # facts
        self.handed = {}      # units that were shipped by name: something of them came back
        self.objected = {}    # client -> captured events that some unit did not allow
        self.trail = None     # copies of what is being changed
        self.issued = {}      # GTIN, None for SSCCs -> units in the order of issue
        self.lying = {}       # GTIN -> [units that lie in its pool again]
        self.late = set()     # containers of which something inside was told of alone
        self.samples = {}     # unit -> all that the newest event made samples together with it
        self.sampled_ms = {}  # unit -> when that was; None: by the service's clock
        self.taken_from = {}  # unit -> what it lay in before that
        self.requested = {}   # request -> its units, in its order
        self.orders = {}      # line that packs in this order -> Order
        self.line = None      # that reports
        self.set_papers()

    # ---- what there is

    def client(self, name, **profile):
        self.clients[name] = {"capture": "record", "decommission_packed": "refuse",
                              "decommission_parent": "parent", "ship_rule": "closed", **profile}

    def product(self, client, levels):
        product = Product(client, levels)
        for gtin in product.gtins:
            self.products[gtin] = product
        return product

    def open_lot(self, gtin, lot):
        made = Lot(self.products[gtin], lot)
        self.lots[made.key] = made
        return made

    def lot_of(self, gtin, lot):
        return self.lots.get((self.products[gtin].gtin, lot))

    def foretell(self, gtin, quantity):
        """Those that come out of the pool again, as it is asked for so many."""
        lying, again = self.lying.get(gtin, []), []
        order = {unit.name: at for at, unit in enumerate(self.issued.get(gtin, []))}
        for unit in sorted(lying, key=lambda u: order[u.name]):
            if len(again) == quantity:
                break
            lying.remove(unit)
            if unit.events:  # somebody has named it: it is struck off
                unit.state, unit.asked = "struck", unit.at_first
            else:
                again.append(unit.name)
        return again

    def issue(self, names, client, gtin, lot, request=None):
        """Numbers given out for a lot; gtin None: SSCCs. Are they those that must be?"""
        again = self.foretell(gtin, len(names))
        right = names[:len(again)] == again and not any(
            name in self.units for name in names[len(again):])
        for name in again:
            unit = self.units[name]
            unit.state, unit.asked, unit.again = "allocated", lot, True
        for name in names[len(again):]:
            level = None if gtin is None else self.products[gtin].gtins[gtin]
            sort = "pack" if level == 0 else "container"
            self.units[name] = Unit(name, (sort,), client, gtin, level, lot)
            self.issued.setdefault(gtin, []).append(self.units[name])
        self.requested[request] = [self.units[name] for name in names]
        for unit in self.requested[request]:
            unit.request = request
        if lot is not None:
            level = lot.product.ssccs[0] if gtin is None else self.products[gtin].gtins[gtin]
            lot.asked[level] += len(names)
        return right

    def foreign(self, name, client, gtin, container):
        if name not in self.units:
            sorts = ("container" if container else "pack", "foreign")
            self.units[name] = Unit(name, sorts, client, gtin)
        return self.units[name]

    # ---- how units stand

    def above(self, unit):
        while unit.parent is not None:
            unit = unit.parent
            yield unit

    def flags_of_lot(self, unit):
        return set() if unit.is_sscc or unit.lot is None else unit.lot.flags()

    def stands(self, unit, of_lot=True):
        """State and flags with what comes from containers and the lot."""
        state, flags = unit.state, set(unit.flags) | (self.flags_of_lot(unit) if of_lot else set())
        for container in self.above(unit):
            flags |= container.flags & HANDED_DOWN
            if container.state == "shipped":
                state = "shipped"
        return state, flags

    def shown(self, unit):
        """(state, flags) as GET tells them."""
        state, flags = self.stands(unit)
        if unit.state not in LIVES:
            return self.word(unit.state), unit.flags | self.flags_of_lot(unit)
        if state == "commissioned" and unit.parent is not None:
            return "packed", frozenset(flags)
        return self.word(state), frozenset(flags)

    @staticmethod
    def word(state):
        return {"none": "allocated", "struck": "returned_to_owner"}.get(state, state)

    def level_of(self, unit, lot=None):
        """The packaging level that it counts with: an SSCC's is told by its oldest content."""
        if unit.level is not None:
            return unit.level
        if "foreign" in unit.sorts:
            return 0  # what began elsewhere counts as of the innermost level
        if (lot or unit.lot) is None:
            return None  # an SSCC that began with an event that told no lot
        product = (lot or unit.lot).product
        if len(product.ssccs) < 2 or not unit.children:
            return product.ssccs[0]
        first = next(iter(unit.children.values()))
        below = first.level if first.level is not None else self.level_of(first, lot or unit.lot)
        return product.sscc_over(below)

    @staticmethod
    def lot_within(unit):
        """Its lot; of an SSCC that has none, that of what it holds first."""
        while unit.lot is None and unit.is_sscc and unit.children and "foreign" not in unit.sorts:
            unit = next(iter(unit.children.values()))
        return None if "foreign" in unit.sorts else unit.lot

    def counts(self):
        """Of every lot and level, from its units one by one."""
        kept = ("commissioned", "scrapped", "packed", "open", "shipped", "printed",
                "label_sampled", "sampled", "inactive", "destroyed", "invalid", "dissolved", "lost",
                "stolen", "lost_numbers", "stolen_numbers", "returned",
                "elsewhere", "others", "unread")
        all_lots = {}
        for lot in self.lots.values():
            rows = [dict.fromkeys(kept, 0) for _ in lot.product.levels]
            for row, asked, unread, pooled in zip(rows, lot.asked, lot.unread, lot.pooled):
                row["issued"], row["unread"], row["returned"] = asked, unread, pooled
            all_lots[lot.key] = rows
        for unit in self.units.values():
            lot = unit.asked if unit.first is None else unit.lot
            if "foreign" in unit.sorts:
                continue
            if unit.first is not None and unit.asked is not unit.lot:
                for of, word in ((unit.asked, "elsewhere"), (unit.lot, "others")):
                    if of is not None:
                        level = of.product.ssccs[0] if unit.is_sscc else unit.level
                        all_lots[of.key][level][word] += 1
            if lot is None:
                continue
            row = all_lots[lot.key][self.level_of(unit, lot)]
            row["commissioned"] += unit.first == "commission"
            row["packed"] += unit.parent is not None
            place = self.place(unit)
            if place in row and place != "commissioned":
                row[place] += 1
        return all_lots

    def balance(self):
        """Of every lot and level: (numbers or None, goods), each unit told where it is."""
        made = {}
        counts = self.counts()
        for lot in self.lots.values():
            goods = [dict.fromkeys(("loose", "open"), 0) for _ in lot.product.levels]
            numbers = [dict.fromkeys(("unknown_fate",), 0) for _ in lot.product.levels]
            made[lot.key] = [numbers, goods]
            for row, all_of in zip(goods, counts[lot.key]):
                row.update((k, all_of[k]) for k in (
                    "commissioned", "shipped", "sampled", "inactive", "dissolved", "destroyed",
                    "lost", "stolen"))
                row["in_containers"] = all_of["packed"]
        for unit in self.units.values():
            place = self.place(unit)
            if unit.lot is not None and place in ("commissioned", "open", "closed"):
                row = made[unit.lot.key][1][self.level_of(unit)]
                row["open"] += place == "open"
                row["loose"] += place != "open" and unit.parent is None
            elif unit.asked is not None and unit.first is None and place in (
                    "none", "allocated", "printed"):
                level = unit.asked.product.ssccs[0] if unit.is_sscc else unit.level
                made[unit.asked.key][0][level]["unknown_fate"] += 1
        return made

    def is_balanced(self, lot):
        numbers, goods = self.balance()[lot.key]
        return not (any(row["unknown_fate"] for row in numbers) or
                    any(row["open"] for row in goods) or any(row["loose"] for row in goods[:-1]))

    @staticmethod
    def place(unit):
        """The one line of a lot's balance that it is told in; in a container it is there."""
        number = unit.state in ("none", "allocated", "printed")
        if number or unit.state in ("commissioned", "open", "closed"):
            for flag in ("stolen", "lost"):
                if flag in unit.flags and unit.parent is None:
                    return flag + ("_numbers" if number else "")
        return "returned" if unit.state == "returned_to_owner" else unit.state

    # ---- changing

    @contextlib.contextmanager
    def attempt(self):
        """What is refused changes nothing, and counts as one fact."""
        outer, self.trail = self.trail, {}
        try:
            yield
            for unit, copy in self.trail.items() if outer is not None else ():
                outer.setdefault(unit, copy)
        except Refused:
            for unit, copy in self.trail.items():
                unit.restore(copy)
            raise
        finally:
            self.trail = outer

    def touch(self, unit, ms, out=False):
        self.trail.setdefault(unit, unit.copy())
        if not out:  # with what it lay in: that was told of, too
            self.late.update(self.above(unit))
        unit.last_ms = ms
        unit.newest_ms = ms if unit.newest_ms is None else max(unit.newest_ms, ms)
        unit.events += 1

    def change(self, unit, change, ms):
        self.touch(unit, ms)
        unit.state, sets, clears = change
        unit.flags = (unit.flags - clears) | sets

    def begin(self, unit, act, lot):
        unit.lot, unit.first = lot, act

    def put_in(self, unit, parent):
        unit.parent = parent
        parent.children[unit.name] = unit

    def take_out(self, unit):
        del unit.parent.children[unit.name]
        unit.parent = None

    def judge(self, act, unit, ms, ends=False):
        """(code, change) by the state machine and the clock. ends: what comes out of it ends."""
        state, flags = self.stands(unit, act not in OPENS)
        code, change = self.machine.step(act, unit, state, flags - STAYS if ends else flags)
        if code is None and ms is not None and unit.newest_ms is not None and ms < unit.newest_ms:
            return "time.before", None
        return code, change

    # ---- reports

    def report(self, said, line=None, client=None):
        """None: taken. "repeat": it was taken before. Else Refused is raised."""
        try:
            return self._report(said, line, client)
        except Refused:
            self.refused += 1
            raise

    def _report(self, said, line, client):
        content = json.dumps({k: v for k, v in said.items() if k != "id"}, sort_keys=True)
        if "id" in said and (line, said["id"]) in self.said:
            if self.said[line, said["id"]] == content:
                return "repeat"
            raise Refused("report.id_mismatch")
        units = self.find(said, client)
        ms, self.line = said.get("time_ms"), line
        if ms is not None and ms > self.now_ms() + AHEAD_MAX_MS:
            raise Refused("time.ahead")
        with self.attempt():
            kind = said["type"]
            if kind in FIRSTS:
                self.firsts(FIRSTS[kind], said, units, ms)
            elif kind in CHANGES:
                self.changes(CHANGES[kind], units, said.get("unpack"), ms)
            else:
                getattr(self, kind)(said, units, ms)
        if "id" in said:
            self.said[line, said["id"]] = content
        return None

    def names(self, said):
        if "serials" in said:
            return [f"(01){said['gtin']}(21){s}" for s in said["serials"]]
        if "ssccs" in said:
            return [f"(00){s}" for s in said["ssccs"]]
        if "from" in said:
            return [said["from"], said["to"]]
        return said.get("units") or said.get("children") or []

    def find(self, said, client):
        """The units named, parent first; those of one client."""
        if "request" in said:
            some = self.requested[said["request"]][said["first"]:][:said["count"]]
            if any(u.request != said["request"] or u.state == "unallocated" for u in some):
                raise Refused("request.returned")
            return some
        offenders, found, whose = {}, [], client
        parent = [said["parent"]] if "parent" in said else []
        for names in (parent, self.names(said)):
            for name in names:
                unit = self.units.get(name)
                if unit is not None and "foreign" in unit.sorts:
                    unit = None
                if unit is not None and whose is None:
                    whose = unit.client
                if unit is None or unit.client != whose:
                    offenders[name] = "unit.unknown"
                found.append(unit)
            if offenders:
                raise Refused("unit.unknown", offenders)
            here = found[len(parent):] if names is not parent else []
            twice = {u.name: "unit.twice" for u in here if here.count(u) > 1} \
                if len({u.name for u in here}) < len(here) else {}
            if twice:
                raise Refused("unit.twice", twice)
        if parent and found[0] in found[1:]:
            raise Refused("pack.cycle", {found[0].name: "pack.cycle"})
        return found

    def refuse(self, offenders):
        if offenders:
            raise Refused(next(iter(offenders.values())), offenders)

    def firsts(self, act, said, units, ms):
        lot = None
        if "lot" in said:
            lot = self.lot_of(said["gtin"], said["lot"])
            if lot is None:
                raise Refused("lot.unknown")
        else:
            asked = {u.asked for u in units}
            if len(asked) > 1:
                raise Refused("scrap.lots")
            lot = asked.pop()
        self.begin_all(act, lot, units, ms)

    def begin_all(self, act, lot, units, ms):
        if act == "commission" and lot is not None and not lot.takes_commission():
            raise Refused("lot.closed")
        if lot is not None and lot.state == "released":
            raise Refused("lot.released")
        offenders, changes = {}, []
        for unit in units:
            code, change = self.judge(act, unit, ms)
            if code is not None:
                offenders[unit.name] = code
            changes.append(change)
        self.refuse(offenders)
        at = self.when(units, ms)
        for unit, change in zip(units, changes):
            self.change(unit, change, at)
            self.begin(unit, act, lot)

    def when(self, units, ms):
        """Said, or now; never before what happened to them."""
        if ms is not None:
            return ms
        return max([self.now_ms()] + [u.last_ms for u in units if u.last_ms is not None])

    def changes(self, act, units, unpack, ms):
        profile = self.clients[units[0].client]
        if unpack is None:
            unpack = profile["decommission_packed"] == "unpack"
        unpack = unpack and act in COMES_OUT
        for_each = {}
        for unit in units if unpack else ():
            if unit.parent is not None and self.stands(unit)[0] != "shipped":
                for_each.setdefault(unit.parent.name, []).append(unit)
        if any(self.units[name] in units and self.units[name].parent for name in for_each):
            raise Ambiguous()  # which comes out first?
        ends = act in (*EMPTIED, "sample")
        lay = {unit: unit.parent for unit in units}
        first = [("unpack", self.units[name], inside, ends) for name, inside in for_each.items()]
        for unit in units if act in EMPTIED else ():
            comes = unpack and unit.parent is not None and self.stands(unit)[0] != "shipped"
            if (unit.parent is not None and not comes) or unit.state not in ("open", "closed"):
                continue
            held = [c for c in unit.children.values() if not (unpack and c in units)]
            if held:
                shares = profile["decommission_parent"] == "children"
                first.append(("unpack", unit, held, shares or all(c in units for c in held)))
                if shares:
                    first.append(("fate", None, held, ends))
        told = unpack if first else None
        try:
            for what, parent, inside, all_end in first:
                if what == "unpack":
                    self.unpack_units(parent, inside, ms, all_end)
                else:
                    self.changes(act, inside, told, ms)
        except Refused as refused:
            refused.vague = len(first) > 1
            raise
        offenders, changes = {}, []
        for unit in units:
            code, change = self.judge(act, unit, ms)
            if code is None and act in EMPTIED and unit.state == "shipped" and unit.children:
                code = "unit.not_empty"  # what came back in it
            if code is not None:
                offenders[unit.name] = code
            changes.append(change)
        if act == "print" and any(u.asked and not u.asked.takes_commission()
                                  for u in units if u.name not in offenders):
            raise Refused("lot.closed", offenders)
        self.refuse(offenders)
        if len({u.first is None and "foreign" not in u.sorts for u in units}) > 1:
            raise Refused("report.mixed")
        at = self.when(units, ms)
        for unit, change in zip(units, changes):
            self.change(unit, change, at)
        if act == "sample":
            self.samples.update((unit, units) for unit in units)
            self.sampled_ms.update((unit, ms) for unit in units)
            self.taken_from.update(lay)

    def unread(self, said, units, ms):
        del units, ms
        lot = self.lot_of(said["gtin"], said["lot"])
        if lot.state == "released":
            raise Refused("lot.released")
        lot.unread[lot.product.gtins[said["gtin"]]] += said["count"]

    # ---- containers

    def pack(self, said, units, ms):
        parent, children = units[0], units[1:]
        offenders, begins = {}, said.get("commission", False)
        if parent.is_pack:
            offenders[parent.name] = "pack.parent"
        else:
            act = "commission" if begins else "pack_into"
            code, began = self.judge(act, parent, ms)
            if code is not None:
                offenders[parent.name] = code
        fits = Fits(self, parent, begins)
        for child in children:
            code, _ = self.judge("pack", child, ms)
            if code is None and parent.name not in offenders:
                code = fits.child(child)
            if code is not None:
                offenders[child.name] = code
        self.refuse(offenders)
        lot = children[0].lot if begins else parent.lot
        now, nominal = len(parent.children) + len(children), fits.nominal(children, lot)
        if nominal and now > nominal:
            raise Refused("pack.too_many", {parent.name: "pack.too_many"})
        partial = said.get("partial") and now != nominal
        if (begins or partial) and not parent.is_sscc and lot and lot.state == "released":
            raise Refused("lot.released", {parent.name: "lot.released"})
        at = self.when(units, ms)
        self.touch(parent, at)
        if begins:
            self.begin(parent, "commission", lot)
            parent.flags -= self.machine.acts["commission"][2]
        parent.state = "open"
        if nominal and now == nominal:
            parent.state = "closed"
        elif said.get("partial"):
            parent.state = "closed"
            parent.flags |= {"partial"}
        for child in children:
            self.touch(child, at)
            self.put_in(child, parent)
        self.see_order(self.line, parent, children)

    def unpack(self, said, units, ms):
        children = units[1:] if "parent" in said else units
        parent = units[0] if "parent" in said else children[0].parent
        if parent is None:
            offenders = {c.name: self.judge("unpack", c, ms)[0] for c in children}
            self.refuse({k: v for k, v in offenders.items() if v})
        if "children" not in said:
            children = list(parent.children.values())
        self.unpack_units(parent, children, ms)

    def unpack_units(self, parent, children, ms, ends=False):
        offenders = {}
        code, change = self.judge("unpack_from", parent, ms, ends)
        if code is None and not children:
            code = "unpack.empty"
        if code is not None:
            offenders[parent.name] = code
        for child in children:
            code, _ = self.judge("unpack", child, ms)
            if code is None and child.parent is not parent:
                code = "unit.other_parent"
            if code is not None:
                offenders[child.name] = code
        self.refuse(offenders)
        at = self.when([parent, *children], ms)
        self.change(parent, change, at)
        for child in children:
            self.touch(child, at, out=True)
            self.take_out(child)

    def close(self, said, units, ms):
        parent, = units
        code, change = self.judge("close", parent, ms)
        if code is not None:
            raise Refused(code, {parent.name: code})
        if not parent.children:
            raise Refused("close.empty", {parent.name: "close.empty"})
        first = next(iter(parent.children.values()))
        within = self.lot_within(first)
        lot = parent.lot or within
        nominal = lot.product.nominal(
            self.level_of(parent, lot), self.level_of(first, within)) if lot else 0
        now = len(parent.children)
        if now < nominal and not said.get("partial"):
            raise Refused("close.partial", {parent.name: "close.partial"})
        partial = said.get("partial") and (not nominal or now < nominal)
        if partial and not parent.is_sscc and parent.lot and parent.lot.state == "released":
            raise Refused("lot.released", {parent.name: "lot.released"})
        self.change(parent, change, self.when(units, ms))
        if partial:
            parent.flags |= {"partial"}

    def unsample(self, unit):
        """The sample was never taken, as a correction of its event says: nor were those with it."""
        with self.attempt():
            for other in self.samples[unit]:
                code, change = self.machine.step("unsample", other, other.state, other.flags)
                if code is not None or "foreign" in other.sorts:
                    continue
                stopped = self.stopped(self.taken_from[other]) if self.taken_from[other] else None
                if stopped:
                    raise Refused(f"unit.{'on_hold' if 'hold' in stopped else 'recalled'}")
                self.change(other, change, self.when([other], None))

    def stopped(self, container):
        """What it, or what it lies in, is stopped for: what comes out of it stays so."""
        return self.stands(container, of_lot=False)[1] & STAYS

    # ---- captured events

    def captured(self, client, acts, units, ms, lot=None, empties=False, expiry=None):
        """An event that was stored: acts is (of the parent or None, of the others). Says which
        units objected, by code. By the rules `record` and `off`."""
        rule = self.clients[client]["capture"]
        if ms > self.now_ms() + AHEAD_MAX_MS:
            return self.kept_ahead(client, units)
        parent_act, act = acts
        if empties and rule != "off":
            units = units + list(units[0].children.values())
        if all(u.is_sscc or "foreign" in u.sorts for u in units):
            lot = None  # whose lot it is a trade item tells
        objections, done, parent_bad, ended = {}, [], False, set()
        names = {u.name for u in units}
        units, under = self.with_content(client, act, units)
        fits = Fits(self, units[0], False)
        for i, unit in enumerate(units):
            mine = parent_act if parent_act and i == 0 else act
            if unit in under:
                mine = None if under[unit] not in ended else act if (
                    self.clients[client]["decommission_parent"] == "children") else "come_out"
            if rule == "off" or (mine == "end_hold" and "hold" not in unit.flags):
                mine = None
            code, change = None, None
            moves = mine in ("pack_as_told", "unpack")
            if mine == "commission" and self.begins_behind(unit, ms):
                change = (self.begun_behind(unit), set(), set())
            elif unit.newest_ms is not None and ms < unit.newest_ms:
                code = "time.before" if mine else None
                parent_bad |= bool(parent_act) and i == 0
                mine = None
            elif mine and not (moves and parent_bad):
                code, change = self.told(mine, unit, units, lot, names, unit in under, fits, expiry)
                if code is None and mine in GOES and self.too_early(unit, ms):
                    code, change = "time.before", None
                if code is None and unit in under.values() and (bars := self.stays(client, unit)):
                    code, change = bars, None
                if code == "unit.has_parent" and mine == "ship_as_told" and \
                        unit.parent.name in names:
                    code, change = None, None
                elif parent_act and i == 0:
                    parent_bad = code is not None
            if code is None and change and mine == "pack_as_told" and \
                    not unit.is_sscc and unit.gtin == units[0].gtin and \
                    not {"foreign"} & (unit.sorts | units[0].sorts):
                code = "pack.same_level"  # that is told, and done
            if code is not None:
                objections[unit.name] = code
            if change and act in EMPTIED:
                ended.add(unit)
            done.append((unit, mine if change else None, change))
        self.apply_told(done, parent_act, lot, ms)
        if objections:
            self.objected[client] = self.objected.get(client, 0) + 1
        return objections

    def kept_ahead(self, client, units):
        """Of what is ahead of the clock there is a record, and nothing else."""
        for unit in units:
            unit.events += 1
            if unit.state == "none":
                unit.flags |= {"seen"}
        if self.clients[client]["capture"] == "off":
            return {}
        self.objected[client] = self.objected.get(client, 0) + 1
        return {None: "time.ahead"}

    def with_content(self, client, act, units):
        """What containers hold that the event ends, too: (all, {one that was not named: its
        container})."""
        rule, under, all_units = self.clients[client], {}, list(units)
        if rule["capture"] == "off" or act not in EMPTIED:
            return all_units, under
        deep = rule["decommission_parent"] == "children"
        for unit in all_units:  # it grows
            if unit.state not in ("open", "closed") or (unit in under and not deep):
                continue
            for child in unit.children.values():
                if child not in units:
                    under[child] = unit
                    all_units.append(child)
        return all_units, under

    def stays(self, client, unit):
        """Why what a container holds may not come out of it when it ends."""
        flags = self.stands(unit, False)[1] & STAYS
        if not flags or self.clients[client]["decommission_parent"] == "children":
            return None
        return "unit.on_hold" if "hold" in flags else "unit.recalled"

    @staticmethod
    def begins_behind(unit, ms):
        """What began elsewhere may be told to have begun after what it did since."""
        return ("foreign" in unit.sorts and unit.first is None and unit.newest_ms is not None and
                ms <= unit.newest_ms)

    @staticmethod
    def begun_behind(unit):
        if unit.state != "none":
            return unit.state
        if "container" not in unit.sorts:
            return "commissioned"
        return "closed" if unit.children else "open"

    def told(self, act, unit, units, lot, names, falls_out, fits, expiry=None):
        state, flags = self.stands(unit, act not in OPENS)
        parent = unit.parent
        if parent is not None and state != "shipped" and act in ("decommission", "destroy",
                                                                 "sample"):
            unpacks = self.clients[unit.client]["decommission_packed"] == "unpack"
            if falls_out or unpacks or (act in EMPTIED and parent.name in names):
                unit.parent = None  # out of its container first
        if act == "ship_as_told":  # with all that it holds
            flags = flags.union(*(u.flags & self.GONE | self.flags_of_lot(u)
                                  for u in self.inside(unit)))
        code, change = self.machine.step("unpack" if act == "come_out" else act, unit, state, flags)
        unit.parent = parent
        if code is not None:
            return code, None
        foreign = "foreign" in unit.sorts
        if act in EMPTIED and not foreign and unit.state == "shipped" and unit.children:
            return "unit.not_empty", None
        if act == "commission" and not foreign and not unit.is_sscc:
            if lot is None or unit.gtin not in lot.product.gtins:
                return "lot.unknown", None
            if not lot.takes_commission():
                return "lot.closed", None
            if expiry not in (None, lot.expiry):
                return "unit.expiry_differs", None
        if act == "pack_as_told" and unit in self.above(units[0]):
            return "pack.cycle", None
        if act == "pack_into_as_told" and not foreign and self.is_short(unit, units):
            return "lot.released", None
        if act == "end_hold":
            return "hold.signature", None
        if act == "pack_as_told" and not foreign and "foreign" not in units[0].sorts:
            if (code := fits.told(unit)) is not None:
                return code, None
        if act == "ship_as_told" and not foreign:
            lots = [] if unit.is_sscc else [unit.lot]
            lots += [u.lot for u in self.inside(unit) if not u.is_sscc and "foreign" not in u.sorts]
            rule = self.clients[unit.client]["ship_rule"]
            if code := next(filter(None, (self.ship_lot(lot, rule) for lot in lots)), None):
                return code, None
        if act == "unpack" and unit.parent is not units[0]:
            return "unit.other_parent", None
        if act == "void_shipment" and (code := self.stays_shipped(unit)):
            return code, None
        return None, change

    def is_short(self, case, units):
        """A case of a released lot that the event would close short of what it holds."""
        if case.is_sscc or case.state != "open" or not case.lot or case.lot.state != "released":
            return False
        level = self.level_of(case, case.lot)
        return len(case.children) + len(units) - 1 < case.lot.product.nominal(level, level - 1)

    def apply_told(self, done, parent_act, lot, ms):
        with self.attempt():
            moved = [u for u, act, change in done if change and act in ("pack_as_told", "unpack")]
            parent = done[0][0] if parent_act else None
            samples = [u for u, act, change in done if change and act == "sample"]
            self.samples.update((unit, samples) for unit in samples)
            self.sampled_ms.update((unit, ms) for unit in samples)
            self.taken_from.update((unit, unit.parent) for unit in samples)
            for unit, act, change in done:
                self.touch(unit, ms, out=change is not None and act == "unpack")
                if unit.state == "none":  # named by an event, never commissioned
                    unit.flags |= {"seen"}
                if change is None or (unit is parent and not moved):
                    continue
                if act == "receive_back":
                    self.note_return(unit)
                if act == "pack_as_told":
                    self.put_in(unit, parent)
                    unit.state = change[0]
                elif act == "unpack":
                    self.take_out(unit)
                elif act == "receive_back" and unit.parent is not None:
                    stopped = self.stopped(unit.parent)
                    self.take_out(unit)
                    unit.state = "shipped"
                    unit.flags = (unit.flags - change[2]) | change[1] | stopped
                elif unit is parent and unit.parent is not None:  # as it is, in its container
                    unit.flags -= change[2]
                else:
                    unit.state, sets, clears = change
                    unit.flags = (unit.flags - clears) | sets
                    if act == "void_shipment":
                        self.never_left(unit)
                    if act == "commission":
                        self.begin(unit, act, None if "foreign" in unit.sorts else lot)
                    if act in ("decommission", "destroy", "sample", "come_out") and unit.parent:
                        self.take_out(unit)
                    if unit.state != "none":
                        unit.flags -= {"seen"}

    # ---- numbers that go back

    def give_back(self, names):
        """{unit: code} of those that are kept; the others are their owner's again."""
        kept = {}
        for name in names:
            unit = self.units[name]
            code, change = self.machine.step("return", unit, unit.state, unit.flags)
            if code is None and unit.asked and unit.asked.state == "released":
                code = None if unit.is_sscc else "lot.released"
            if code is None:
                unit.state = change[0]
            else:
                kept[name] = code
        return kept

    def give_to_pool(self, names, open_requests):
        """The same; those that go lie in their pool, from which the next request gets them."""
        kept = []
        for name in names:
            unit = self.units[name]
            code, _ = self.machine.step("return", unit, unit.state, unit.flags)
            if code or unit.flags or unit.events or unit.request not in open_requests or not \
                    unit.asked.takes_commission():
                kept.append(name)
                continue
            self.lying.setdefault(unit.gtin, []).append(unit)
            unit.asked.pooled[unit.level] += 1
            unit.state, unit.asked = "unallocated", None
        return kept

    # ---- trade

    def inside(self, unit):
        for child in unit.children.values():
            yield child
            yield from self.inside(child)

    def too_early(self, unit, ms):
        """Before what happened to it, to what it lies in, or to what lies in it."""
        of = [unit, *self.above(unit), *self.inside(unit)]
        return ms is not None and any(u.newest_ms is not None and ms < u.newest_ms for u in of)

    def ship(self, names, ms, shipment=None):
        """A shipment of tops; raises Refused."""
        try:
            self._ship(names, ms, shipment)
        except Refused:
            self.refused += 1
            raise

    def _ship(self, names, ms, shipment):
        offenders, whose = {}, None
        units = [self.units.get(name) for name in names]
        for name, unit in zip(names, units):
            code = "unit.unknown" if unit is None or "foreign" in unit.sorts else None
            if code is None and units.count(unit) > 1:
                code = "unit.twice"
            if code is None:
                if whose is None and unit.first is not None:
                    whose = unit.client
                code = self.ship_top(unit, whose, ms)
            if code is not None:
                offenders.update(self.bad_content(unit) if code.startswith("unit.content") else {})
                offenders[name] = code
        if offenders:
            raise Refused(next(offenders[n] for n in names if n in offenders), offenders)
        at = self.when(units, ms)
        with self.attempt():
            for unit in units:
                self.touch(unit, at)
                unit.state = "shipped"
                self.handed[unit] = False
                self.hand_over(unit, BUYER, shipment)

    def void(self, units, ms):
        """A shipment that never was, known by its list of tops; what is not out under it any more
        stays as it is."""
        with self.counted():
            offenders, changes = {}, []
            for unit in units:
                hand = self.hands.get((unit, BUYER))
                if hand is not None and hand.shipment is None:
                    offenders[unit.name] = "shipment.forwarded"
                if hand is None or hand.shipment is not units:
                    continue
                code, change = self.machine.step("void_shipment", unit, *self.stands(unit))
                code = code or self.stays_shipped(unit)
                if code is None and self.too_early(unit, ms):
                    code = "time.before"
                if code is not None:
                    offenders[unit.name] = code
                changes.append((unit, change))
            self.refuse(offenders)
            at = self.when([unit for unit, _ in changes], ms)
            with self.attempt():
                for unit, change in changes:
                    self.change(unit, change, at)
                    self.handed.pop(unit, None)
                    del self.hands[unit, BUYER]

    def stays_shipped(self, unit):
        """Why nobody can say that it never left."""
        if self.handed.get(unit):
            return "shipment.came_back"
        return "shipment.forwarded" if self.went_on(unit) else None

    @contextlib.contextmanager
    def counted(self):
        try:
            yield
        except Refused:
            self.refused += 1
            raise

    def shipped_as(self, unit):
        """What was named as it was shipped: itself, or a container around it."""
        return next((u for u in [unit, *self.above(unit)] if u in self.handed), None)

    def note_return(self, unit):
        if (shipped := self.shipped_as(unit)) is not None:
            self.handed[shipped] = True

    def come_back(self, unit, ms):
        """True where it is received back from whom it was shipped to."""
        state, flags = self.stands(unit)
        if state != "shipped" or "received_back" in unit.flags:
            return False
        code, change = self.machine.step("receive_back", unit, state, flags)
        if code is not None or ("received_back" not in flags and
                                self.hand_of(unit, BUYER)[0] is None):
            return False
        if self.too_early(unit, ms):
            return False
        self.note_return(unit)
        with self.attempt():
            out = unit.parent is not None
            stopped = self.stopped(unit.parent) if out else set()
            self.touch(unit, self.when([unit, *self.above(unit)], ms))
            if out:
                self.take_out(unit)
            unit.state = "shipped" if out else change[0]
            unit.flags = (unit.flags - change[2]) | change[1] | stopped
        return True

    # ---- lots that people sign, and holds

    def hold(self, units):
        with self.counted(), self.attempt():
            self.changes("hold", units, None, None)

    def end_hold(self, units):
        """Those that still are on hold, and may come off."""
        with self.attempt():
            for unit in units:
                code, change = self.machine.step("end_hold", unit, unit.state, unit.flags)
                if code is None:
                    self.change(unit, change, self.when(units, None))

    GONE = frozenset(("hold", "recalled", "lost", "stolen"))
    BARS = (("stolen", "unit.stolen"), ("recalled", "unit.recalled"), ("hold", "unit.on_hold"),
            ("lost", "unit.lost"))

    def bad_content(self, unit, forwards=False):
        """What inside may not leave, by flags of its own, and containers that are not closed."""
        found = {}
        for inner in self.inside(unit):
            code = next((code for flag, code in self.BARS if flag in inner.flags), None)
            if code or inner.state == "open":
                found[inner.name] = code or "unit.open"
        return found if found or forwards else dict(self.emptied(unit))

    def emptied(self, unit):
        for inner in unit.children.values() if unit in self.late else ():
            if not inner.is_pack and "foreign" not in inner.sorts and not inner.children:
                yield inner.name, "unit.empty"
            yield from self.emptied(inner)

    def ship_top(self, unit, whose, ms):
        state, flags = self.stands(unit)
        code, _ = self.machine.step("ship", unit, state, flags - self.flags_of_lot(unit) |
                                    unit.flags)
        if code is not None:
            return code
        return self.leaves(unit, whose, ms, self.clients[unit.client]["ship_rule"])

    def leaves(self, unit, whose, ms, rule, forwards=False):
        """Why it does not, by what it holds and its lots."""
        if unit.client != whose:
            return "shipment.clients"
        if self.too_early(unit, ms):
            return "time.before"
        if not unit.is_sscc and (code := self.ship_lot(unit.lot, rule)):
            return code
        bad = set(self.bad_content(unit, forwards).values())
        for _, code in self.BARS:
            if code in bad:
                return "unit.content_" + code.split(".")[1]
        if "unit.open" in bad:
            return "unit.content_open"
        if bad:
            return "unit.content_empty"
        if not (unit.is_pack or unit.children or forwards):
            return "unit.empty"
        lots = dict.fromkeys(u.lot for u in self.inside(unit) if not u.is_sscc and u.lot)
        return next(filter(None, (self.ship_lot(lot, rule) for lot in lots)), None)

    @staticmethod
    def ship_lot(lot, rule):
        if lot is None:
            return None  # what began elsewhere
        if lot.held:
            return "lot.on_hold"
        if lot.state == "recalled":
            return "lot.recalled"
        if rule == "quarantine" or lot.state == "released":
            return None
        if lot.state == "closed":
            return None if rule == "closed" else "lot.unreleased"
        return "lot.open"


class Fits:
    """What may go into a container together (guard 1)."""

    def __init__(self, model, parent, begins):
        self.model, self.parent = model, parent
        self.one_lot, self.lot = False, None
        first = next(iter(parent.children.values()), None)
        self.first = first
        self.levels = {}  # of each product, in an SSCC: the level that lies there
        if parent.is_sscc and (product := self.product(first)) is not None:
            self.levels[product] = model.level_of(first)
        if not parent.is_sscc:
            self.one_lot, self.lot = True, None if begins else parent.lot
        elif first is not None and first.is_pack:
            self.one_lot, self.lot = True, first.lot

    @staticmethod
    def product(unit):
        """Whose levels bind it: what began elsewhere, or with no lot, is of none."""
        return None if unit is None or "foreign" in unit.sorts or not unit.lot else unit.lot.product

    def child(self, unit):
        binding = self.product(unit) if self.parent.is_sscc else None
        level = self.model.level_of(unit)
        if binding and (binding.levels + [(None, None, 0)])[level + 1][1] is not None:
            return "pack.level"  # the level right above bears SGTINs: it goes into one of these
        if not self.parent.is_sscc:
            product = self.model.products[self.parent.gtin]
            below = None if unit.is_sscc else product.gtins.get(unit.gtin)
            if below is None or below != self.parent.level - 1:
                return "pack.level"
        self.one_lot |= unit.is_pack
        if self.one_lot:
            self.lot = self.lot or unit.lot
            if unit.lot is not self.lot:
                return "pack.lot"
        if binding and self.levels.setdefault(binding, level) != level:
            return "pack.level"
        return None

    def told(self, unit):
        """As captured events are held to it: those of others say nothing of levels and lots."""
        parent = self.parent
        binding = self.product(unit) if parent.is_sscc else None
        level = self.model.level_of(unit)
        if binding and (binding.levels + [(None, None, 0)])[level + 1][1] is not None:
            return "pack.level"
        if not parent.is_sscc and (unit.is_sscc or unit.level not in (parent.level - 1,
                                                                     parent.level)):
            return "pack.level"
        if unit.is_pack or (self.one_lot and self.lot is not None):
            if self.lot is not None and unit.lot is not self.lot:
                return "pack.lot"
            self.one_lot, self.lot = True, unit.lot
        if binding and self.levels.setdefault(binding, level) != level:
            return "pack.level"
        return None

    def nominal(self, children, lot):
        """How many fill the container, 0: nobody said. One that has no lot goes by its content's."""
        model = self.model
        within = [model.lot_within(c) for c in children]
        lot = lot or within[0]
        if lot is None:
            return 0
        product = lot.product
        levels = {model.level_of(c, w) for c, w in zip(children, within)}
        below = model.level_of(children[0], within[0])
        if self.first is not None:
            levels.add(model.level_of(self.first, model.lot_within(self.first)))
        if len(levels) > 1 or {w and w.product for w in within} != {product}:
            return 0
        if not self.parent.is_sscc:
            level = self.parent.level
        elif self.first is not None:
            level = model.level_of(self.parent, lot)
        else:
            level = product.sscc_over(below) if len(product.ssccs) > 1 else product.ssccs[0]
        return product.nominal(level, below) if below is not None else 0
