"""What site_model.py's model knows of the line's work and of papers beside single reports: moving,
relabelling, calls whose units stand for themselves or that are all or nothing, labels that run
apart, explanations of a lot's differences."""

EMPTIED = ("decommission", "destroy")  # what a container holds comes out before
EXPLAINED = {"lost_on_line": ("lose", True), "never_used": ("invalidate", True),
             "sample_not_recorded": ("sample", False), "missing": ("lose", False),
             "destroyed_not_recorded": ("destroy", False)}
SHIFT_CASES = 3    # a gap that so many cases stand by
SHIFT_SEEN = 12    # packs in order, before a gap of silent numbers says anything
SHIFT_EACH = 200   # and so many more for each gap that the line had


class Refused(Exception):
    """Why a call is refused: a code, and each offender's where units offend."""

    def __init__(self, code, units=None):
        super().__init__(code, units)
        self.code, self.units = code, units or {}
        self.vague = False  # several acts in an order of the service's: the first that is refused


class Ambiguous(Refused):
    """How it is told depends on an order that nobody said: it is not to be asked."""

    def __init__(self):
        super().__init__("ambiguous")
        self.vague = True


class LineModel:
    # ---- moving

    def move(self, said, units, ms):
        """Out of the containers that they lie in, then into another one."""
        parent, places = units[0], {}
        for child in units[1:]:
            if child.parent is not None and child.parent is not parent:
                places.setdefault(child.parent.name, []).append(child)
        try:
            for name, children in places.items():
                self.unpack_units(self.units[name], children, ms)
        except Refused as refused:
            refused.vague = len(places) > 1
            raise
        self.pack(said, units, ms)

    # ---- a new number for the same content

    def relabel(self, said, units, ms):
        del said
        old, new = units
        code, _ = self.judge("relabel", old, ms)
        offenders = {} if code is None else {old.name: code}
        if old.gtin != new.gtin:
            offenders[new.name] = "relabel.level"
        self.refuse(offenders)
        place, held, like = old.parent, list(old.children.values()), self.as_closed(old)
        place_like = place and self.as_closed(place)
        self.begin_all("commission", old.lot, [new], ms)
        if place is not None:
            self.unpack_units(place, [old], ms)
        if held:
            self.unpack_units(old, held, ms)
            self.pack({}, [new, *held], ms)
            self.close_like(new, like, ms)
        self.changes("decommission", [old], None, ms)
        if place is not None:
            self.pack({}, [place, new], ms)
            self.close_like(place, place_like, ms)
        at = self.when(units, ms)
        for unit in units:
            self.touch(unit, at)

    @staticmethod
    def as_closed(unit):
        return (unit.state == "closed", "partial" in unit.flags)

    def close_like(self, container, like, ms):
        closed, partial = like
        if closed and container.state != "closed":
            self.close({"partial": partial}, [container], ms)

    # ---- calls

    def report_each(self, said, line, client, seen):
        """Done without the units that offend, which are {unit: code}. What was refused alike before
        (`seen`) may be counted with that: nothing is done."""
        left, kept = {}, dict(self.said)
        rest = dict(said)
        field = next(k for k in ("units", "children", "serials", "ssccs") if k in said)
        try:
            with self.attempt():
                while True:
                    try:
                        self._report(rest, line, client)
                        break
                    except Refused as refused:
                        names = dict(zip(self.names(rest), rest[field]))
                        offend = refused.units if "parent" in said else \
                            self.stands_for(names, refused.units, said["type"], client)
                        if not offend or not set(offend) <= set(names):
                            if left:  # it is told twice: of those left out, and as a whole
                                raise Ambiguous() from None
                            raise
                        left.update(offend)
                        rest = {**rest, field: [s for n, s in names.items() if n not in offend]}
                        if not rest[field]:
                            raise Refused(refused.code, left) from None
                if seen(Refused("", left)):
                    raise Refused("seen")
        except Refused:
            self.said = kept
            raise
        self.refused += bool(left)
        return left

    def stands_for(self, names, offenders, type_, client):
        """What lies in a container that offends offends, and what holds an offender, at any depth
        where it would end with it."""
        units = [self.units[name] for name in names if name in self.units]
        offend = {n: code for n, code in offenders.items() if n in names}
        for unit in units:
            for other in [unit.parent, *unit.children.values()]:
                if other is not None and other.name in offenders and other.name not in names:
                    offend.setdefault(unit.name, offenders[other.name])
        if type_ in EMPTIED and self.clients[client]["decommission_parent"] == "children":
            for unit in units:
                if any(inner.name in offend for inner in self.inside(unit)):
                    offend.setdefault(unit.name, "unit.not_empty")
        return offend

    def atomic(self, saids, line, clients):
        """For each None, or Refused: what could have been done is undone."""
        results, kept = [], dict(self.said)
        try:
            with self.attempt():
                for said, client in zip(saids, clients):
                    try:
                        self._report(said, line, client)
                        results.append(None)
                    except Refused as refused:
                        results.append(refused)
                if any(results):
                    raise Refused("call.undone")
        except Refused as undone:
            self.said = kept
            self.refused += sum(r is not None for r in results)
            results = [undone if r is None else r for r in results]
        return results

    # ---- labels that run apart

    def watch(self, line):
        """From now on the line packs in the order of issue, and nobody else its numbers."""
        self.orders[line] = Order()

    def see_order(self, line, parent, children):
        order = self.orders.get(line)
        if order is not None and all(c.is_pack for c in children):
            order.case(parent, children, self.issued[children[0].gtin])

    # ---- a lot's differences

    def explain(self, lot, units, as_):
        act, numbers = EXPLAINED[as_]
        with self.counted(), self.attempt():
            if lot.state == "released":
                raise Refused("lot.released")
            offenders = {}
            for unit in units:
                if (unit.asked if unit.first is None else unit.lot) is not lot:
                    offenders[unit.name] = "explain.lot"
                elif (unit.first is None) != numbers or unit.parent is not None:
                    offenders[unit.name] = "explain.sort"
            self.refuse(offenders)
            so = {"lose": lambda u: "lost" in u.flags, "invalidate": lambda u: u.state == "invalid",
                  "sample": lambda u: u.state == "sampled",
                  "destroy": lambda u: u.state == "destroyed"}[act]
            if not all(so(u) for u in units):
                self.changes(act, units, None, None)


class Order:
    """How far one camera has come in the order of issue, which is one of plain steps forward."""

    def __init__(self):
        self.next, self.seen, self.had = None, 0, 0
        self.gaps = []    # [numbers passed over, what came instead, cases since]
        self.raised = []  # [what came instead, the numbers, "open" or "resolved"]

    def case(self, parent, children, issued):
        del parent
        for at in sorted(issued.index(c) for c in children):
            if self.next is not None:
                self.pass_over(issued[self.next:at], issued[at])
            self.seen, self.next = self.seen + 1, at + 1
        for told in self.raised:
            if not any(self.is_silent(u) for u in told[1]):
                told[2] = "resolved"
        for gap in self.gaps:
            gap[2] += 1
        while self.gaps and self.gaps[0][2] >= SHIFT_CASES:
            missing, instead, _ = self.gaps.pop(0)
            if not any(self.is_silent(u) for u in missing):
                continue  # told in the meantime
            alone = not any(self.is_silent(u) for gap in self.gaps for u in gap[0])
            shift = alone and self.seen >= SHIFT_SEEN + self.had * SHIFT_EACH
            self.had += 1
            if shift:
                self.raised.append([instead, missing, "open"])
                break

    def pass_over(self, numbers, instead):
        """What was told ends a gap; what came back to its pool was on no label of this roll."""
        stretch = []
        for unit in [*numbers, None]:
            if unit is not None and (unit.again or unit.state == "unallocated"):
                continue
            if unit is not None and self.is_silent(unit):
                stretch.append(unit)
            elif stretch:
                self.gaps.append([stretch, instead, 0])
                stretch = []

    @staticmethod
    def is_silent(unit):
        return unit.first is None and unit.state in ("none", "printed") and not (
            unit.flags or unit.again)  # one given again is in another request's order
