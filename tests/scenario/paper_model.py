"""What site_model.py's model knows of people and parties: goods that a party ships on, amended
lots, acts that two people sign, people who log in."""
from line_model import Refused

LOCKED_AFTER = 5  # wrong passwords of one person, within a time that no story takes


class Hand:
    """Goods that a party got: by what, and what it did with them, by the unit that it named."""

    def __init__(self, shipment=None):
        self.shipment = shipment  # None: of another party, which shipped them on
        self.done = {}


class Person:
    def __init__(self):
        self.wrong, self.locked, self.session = 0, False, False


class PaperModel:
    def set_papers(self, marked=()):
        self.marked = frozenset(marked)
        self.hands = {}     # (unit that was named, party) -> Hand
        self.proposed = {}  # (act, lot) -> (who has signed, what it stood for)
        self.people = {}
        self.opened = self.ended = 0  # sessions

    # ---- who has goods

    def hand_over(self, unit, party, shipment=None):
        self.hands[unit, party] = Hand(shipment)

    def hand_of(self, unit, party):
        """(what the party got that the unit lies in, the hand), or two Nones."""
        for got in [unit, *self.above(unit)]:
            if (got, party) in self.hands:
                return got, self.hands[got, party]
        return None, None

    def has_done(self, unit, party):
        got, hand = self.hand_of(unit, party)
        done = set(hand.done.get(unit, ()))
        for around in self.above(unit) if got is not unit else ():
            done |= hand.done.get(around, set()) - {"part"}
            if around is got:
                break
        return done

    def note_done(self, unit, party, what):
        got, hand = self.hand_of(unit, party)
        hand.done.setdefault(unit, set()).add(what)
        for around in self.above(unit) if got is not unit and what == "forwarded" else ():
            hand.done.setdefault(around, set()).add("part")
            if around is got:
                break

    def went_on(self, unit):
        """Did anybody ship it, or something in it, on?"""
        return any(hand.done.get(unit, set()) & {"forwarded", "part"}
                   for hand in self.hands.values())

    def never_left(self, unit):
        self.hands = {key: hand for key, hand in self.hands.items() if key[0] is not unit}
        self.handed.pop(unit, None)

    def forward(self, units, party, to, ms):
        """A party ships on what it got."""
        with self.counted():
            offenders, whose = {}, None
            for unit in units:
                if self.hand_of(unit, party)[0] is None:
                    code = "unit.unknown"
                elif units.count(unit) > 1:
                    code = "unit.twice"
                else:
                    whose = whose or unit.client
                    code = self.forward_top(unit, party, units, whose, ms)
                if code is not None:
                    offenders.update(self.bad_content(unit, True) if "content" in code else {})
                    offenders[unit.name] = code
            if offenders:
                raise Refused(next(offenders[u.name] for u in units if u.name in offenders),
                              offenders)
            at = self.when([u for unit in units for u in (unit, *self.above(unit))], ms)
            with self.attempt():
                for unit in units:
                    self.touch(unit, at)
                    self.note_done(unit, party, "forwarded")
                    self.hand_over(unit, to)

    def forward_top(self, unit, party, units, whose, ms):
        state, flags = self.stands(unit)
        if state != "shipped" or "received_back" in flags:
            return "unit.not_shipped"
        if self.has_done(unit, party) & {"forwarded", "part"}:
            return "unit.forwarded"
        if any(around in units for around in self.above(unit)):
            return "unit.twice"  # the same goods would leave twice
        alone, parent = "commissioned" if unit.is_pack else "closed", unit.parent
        unit.parent = None
        code, _ = self.machine.step("ship", unit, alone,
                                    flags - self.flags_of_lot(unit) | unit.flags)
        unit.parent = parent
        return code or self.leaves(unit, whose, ms, "quarantine", True)

    def arrive(self, unit, ms, party):
        """True where whom it was shipped to has received it, once until it gets it again."""
        state, flags = self.stands(unit)
        code, change = self.machine.step("receive", unit, state, flags)
        if state != "shipped" or code is not None or "received_back" in unit.flags:
            return False
        if self.hand_of(unit, party)[0] is None or "received" in self.has_done(unit, party):
            return False
        if self.too_early(unit, ms):
            return False
        with self.attempt():
            self.change(unit, change, self.when([unit, *self.above(unit)], ms))
            self.note_done(unit, party, "received")
        return True

    # ---- what people sign

    def signed(self, act, lot, who, state):
        """Is it done? Else it waits for another person."""
        if act not in self.marked:
            return True
        first = self.proposed.get((act, lot.key))
        if first is None or first[0] == who:
            self.proposed[act, lot.key] = (who, state)
            return False
        if first[1] != state:
            raise Refused("act.changed")
        del self.proposed[act, lot.key]
        return True

    def sign(self, act, lot, who):
        to = {"release": "released", "reopen": "reopened", "recall": "recalled"}[act]
        with self.counted():
            if lot.state == to and act != "reopen":
                return
            if lot.state == "recalled":
                raise Refused("lot.recalled")
            wanted = {"release": ("closed",), "reopen": ("closed", "released")}
            if lot.state not in wanted.get(act, ("open", "closed", "released", "reopened")):
                raise Refused("lot.open")
            if act == "release" and lot.held:
                raise Refused("lot.on_hold")
            if act == "release" and not self.is_balanced(lot):
                raise Refused("lot.unbalanced")
            of = (lot.state, self.counts()[lot.key] if act == "release" else None)
            if self.signed(act, lot, who, of):
                lot.state = to

    @staticmethod
    def bears_expiry(unit, lot):
        if unit.state == "printed":
            return unit.asked is lot and not unit.flags & {"lost", "stolen"}
        return unit.lot is lot and (unit.first == "commission" or unit.state == "label_sampled")

    def amend(self, lot, who, **said):
        with self.counted():
            if lot.state == "recalled":
                raise Refused("lot.recalled")
            if "expiry" in said and any(self.bears_expiry(u, lot) for u in self.units.values()):
                raise Refused("lot.begun")
            of = (lot.state, {name: (getattr(lot, name), said[name]) for name in said})
            if self.signed("amend", lot, who, of):
                for name, value in said.items():
                    setattr(lot, name, value)

    # ---- people

    def log_in(self, who, right):
        """The code of the answer; None: there is a session, which is the person's newest."""
        person = self.people.setdefault(who, Person())
        if person.locked:
            return "user.locked"
        if right:
            person.session = True
            self.opened += 1
            return None
        person.wrong += 1
        person.locked = person.wrong == LOCKED_AFTER
        return "login.refused"

    def put_person(self, who):
        person = self.people.setdefault(who, Person())
        if person.locked:
            person.locked, person.wrong = False, 0

    def log_out(self, who):
        """False: there is no session of hers."""
        was, self.people[who].session = self.people[who].session, False
        self.ended += was
        return was

    def restarted(self):
        for person in self.people.values():
            person.session = False
