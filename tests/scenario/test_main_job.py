"""The main job from the first number to the shipment, over HTTP, with two clients and a partner
of each kind. The story is told once; each test is one claim about it.
"""
import collections
import datetime
import itertools
from urllib.parse import quote

import pytest

import epcis_documents
import harness
from epcis_documents import check_digit, event_id


def gtin_of(prefix, item, indicator="0"):
    return check_digit(indicator + prefix + str(item).zfill(12 - len(prefix)))


def gln_of(prefix, place):
    return check_digit(prefix + str(place).zfill(12 - len(prefix)))


SITE = gln_of("9521987", 1)
# Serials that every spelling has to escape in its own way.
ODD = ["a/b%1", 'x"y', "c&d", "<e>", "f;g=h", "i?j", "k+l", "(m)n", "o'p!",
       "q*r,s.t", "u_v-w", "x:y"]

Expected = collections.namedtuple("Expected", "id type action step epcs parent papers")


class Company:
    """One client: what is configured for it, what is done for it, what its partner must hear."""

    def __init__(self, site, partner, *, name, prefix, form):
        self.site, self.partner = site, partner
        self.name, self.prefix, self.form = name, prefix, form
        self.gln = gln_of(prefix, 1)
        self.gtin = gtin_of(prefix, 101)
        self.done = []     # (seq, report), each accepted
        self.expected = []  # Expected, in the order of the journal
        self.commissioned = set()
        self.inside = {}  # container -> what lies in it
        self.serial_of = {}  # unit -> serial
        self.answers = {}  # what was answered, by a word for the call

    def configure(self, levels, pool):
        admin = self.site.admin
        put = [
            (f"clients/{self.name}", {"name": self.name.title(), "prefixes": [self.prefix]}),
            (f"parties/{self.gln}", {"name": f"{self.name.title()} AG"}),
            (f"locations/{self.gln}", {"name": f"{self.name.title()} store"}),
            (f"products/{self.gtin}", {"client": self.name, "name": "Exampline", "market": "CH",
                                       "levels": levels}),
            (f"pools/{self.name}-packs", {"gtin": self.gtin, **pool}),
            (f"pools/{self.name}-sscc", {"client": self.name, "prefix": self.prefix,
                                         "extension": "3", "kind": "sscc"}),
            (f"lines/{self.name}-line", {"name": "A line", "location": SITE}),
            (f"partners/{self.name}-hub", {"client": self.name, "url": self.partner.url,
                                           "format": self.form, "approval": "none"}),
        ]
        for path, body in put:
            self.answers["put " + path.split("/")[0]] = admin.put(f"/v1/{path}", body, 201)
        self.line = self.site.as_role("line", line=f"{self.name}-line")
        self.operator = self.site.as_role("operator")
        self.reader = self.site.as_role("client", client=self.name)

    def open_lot(self, lot, expiry):
        self.lot = lot
        self.answers["lot"] = self.operator.post(
            "/v1/lots", {"lot": lot, "gtin": self.gtin, "expiry": expiry}, 201)

    @property
    def lot_path(self):
        return f"/v1/lots/{self.gtin}/{quote(self.lot, safe='')}"

    def serials(self, quantity, gtin=None):
        answer = self.line.post("/v1/serials", {"gtin": gtin or self.gtin, "quantity": quantity,
                                                "lot": self.lot}, 201)
        self.answers["serials"] = answer
        self.answers["confirm"] = self.line.post(
            f"/v1/serials/requests/{answer['request']}/confirm", {}, (200, 204))
        return answer["serials"]

    def ssccs(self, quantity):
        wish = {"quantity": quantity, "lot": self.lot, "gtin": self.gtin}
        answer = self.line.post("/v1/sscc", wish, 201)
        self.answers["sscc"] = answer
        self.line.post(f"/v1/serials/requests/{answer['request']}/confirm", {}, (200, 204))
        return [f"(00){digits}" for digits in answer["ssccs"]]

    def unit(self, serial, gtin=None):
        unit = epcis_documents.pack(gtin or self.gtin, serial)
        self.serial_of[unit] = serial
        return unit

    def report(self, **report):
        """Reports one thing; what its partner must be told of it is noted."""
        answer = self.line.report(report)
        assert answer["accepted"] == 1, answer
        self.answers["report"] = answer
        seq = answer["results"][0]["seq"]
        self.done.append((seq, report))
        self.expect(seq, report)

    def expect(self, seq, r):
        told = []
        if r["type"] == "commission":
            epcs = [self.unit(s, r["gtin"]) for s in r["serials"]]
            told = [("ObjectEvent", "ADD", "commissioning", epcs, None)]
        elif r["type"] == "pack":
            if r.get("commission"):
                told = [("ObjectEvent", "ADD", "commissioning", [r["parent"]], None)]
            told.append(("AggregationEvent", "ADD", "packing", r["children"], r["parent"]))
            self.inside[r["parent"]] = [*self.inside.get(r["parent"], ()), *r["children"]]
        elif r["type"] == "unpack":
            gone = r.get("children") or self.inside[r["parent"]]
            self.inside[r["parent"]] = [u for u in self.inside[r["parent"]] if u not in gone]
            told = [("AggregationEvent", "DELETE", "unpacking", gone, r["parent"])]
        for part, (kind, action, step, epcs, parent) in enumerate(told):
            self.note(seq, part, kind, action, step, epcs, parent)
            if step == "commissioning":
                self.commissioned.update(epcs)

    def note(self, seq, part, kind, action, step, epcs, parent, papers=()):
        self.expected.append(Expected(event_id(self.journal_id, seq, part), kind, action, step,
                                      tuple(epcs), parent, papers))

    @property
    def journal_id(self):
        return self.site.admin.get("/version")["journal_id"]

    def ship(self, tops, papers):
        body = {"units": tops, "from": {"party": self.gln, "location": self.gln},
                "to": {"party": self.gln, "location": self.gln},
                "documents": [{"type": kind, "id": paper, "gln": self.gln}
                              for kind, paper in papers]}
        self.answers["shipment"] = self.operator.post("/v1/shipments", body, 201)
        told = tuple((kind, f"urn:epcglobal:cbv:bt:{self.gln}:{paper}") for kind, paper in papers)
        self.note(self.answers["shipment"]["seq"], 0, "ObjectEvent", "OBSERVE", "shipping", tops,
                  None, told)

    def events(self):
        return [e for body in self.partner.bodies() for e in epcis_documents.events(body)]

    def hear(self):
        """Waits until its partner has been told as much as there is."""
        count = 0
        while len(self.events()) < len(self.expected):
            count += 1
            self.partner.wait_for(count)


def pack_acme(acme):
    """Random packs into cases with a GTIN of their own, those onto pallets; one case reworked."""
    acme.open_lot("L-1/A", "2030-12")
    packs = [acme.unit(s) for s in acme.serials(23)]
    cases = [acme.unit(s, acme.case_gtin) for s in acme.serials(5, acme.case_gtin)]
    pallets = acme.ssccs(2)
    serial = acme.serial_of
    now = datetime.datetime.now(datetime.timezone.utc)
    acme.report(type="commission", lot=acme.lot, gtin=acme.gtin, id="C-1", by="M. Keller",
                station="camera 2", serials=[serial[u] for u in packs[:20]],
                time=(now - datetime.timedelta(seconds=5)).isoformat(timespec="milliseconds"))
    acme.report(type="commission", lot=acme.lot, gtin=acme.gtin, serials=[serial[packs[20]]])
    acme.report(type="scrap", gtin=acme.gtin, serials=[serial[u] for u in packs[21:]],
                reason="the label is smeared")
    for i, case in enumerate(cases[:4]):
        acme.report(type="pack", parent=case, children=packs[5 * i:5 * i + 5], commission=True)
    acme.report(type="unpack", parent=cases[0], children=packs[:1])
    acme.report(type="pack", parent=cases[0], children=packs[:1])
    acme.report(type="unpack", parent=cases[1])
    acme.report(type="pack", parent=cases[1], children=packs[5:10])
    acme.report(type="pack", parent=cases[4], children=packs[20:21], commission=True)
    acme.report(type="close", parent=cases[4], partial=True, by="M. Keller", reason="end of lot")
    acme.report(type="pack", parent=pallets[0], children=cases[:4], commission=True)
    acme.report(type="pack", parent=pallets[1], children=cases[4:], commission=True)
    acme.report(type="close", parent=pallets[1], partial=True, by="M. Keller", reason="end of lot")
    acme.packs, acme.cases, acme.pallets = packs, cases, pallets


def pack_borealis(borealis):
    """Imported packs into SSCC cases onto a pallet."""
    imported = borealis.site.admin.post(
        "/v1/pools/borealis-packs/import", "".join(s + "\n" for s in ODD), 201,
        headers={"Content-Type": "text/plain"})
    borealis.answers["import"] = imported
    borealis.open_lot("B.7&8", "2029-02-28")
    packs = [borealis.unit(s) for s in borealis.serials(12)]
    cases, pallets = borealis.ssccs(2), borealis.ssccs(1)
    borealis.report(type="commission", lot=borealis.lot, gtin=borealis.gtin,
                    serials=[borealis.serial_of[u] for u in packs])
    for i, case in enumerate(cases):
        borealis.report(type="pack", parent=case, children=packs[6 * i:6 * i + 6], commission=True)
    borealis.report(type="pack", parent=pallets[0], children=cases, commission=True)
    borealis.packs, borealis.cases, borealis.pallets = packs, cases, pallets


@pytest.fixture(scope="module")
def story(make_story_site):
    """The whole job; afterwards the site still serves."""
    site = make_story_site().start()
    site.admin.put(f"/v1/locations/{SITE}", {"name": "Hall 1", "timezone": "Europe/Zurich"}, 201)
    acme = Company(site, harness.Partner(), name="acme", prefix="9506000", form="epcis-2.0-json")
    borealis = Company(site, harness.Partner(), name="borealis", prefix="95213219",
                       form="epcis-1.2-xml")
    acme.case_gtin = gtin_of("9506000", 101, "1")
    acme.configure([{"level": "pack", "id": "sgtin", "quantity": 1},
                    {"level": "case", "id": "sgtin", "gtin": acme.case_gtin, "quantity": 5},
                    {"level": "pallet", "id": "sscc", "quantity": 4}], {"kind": "random"})
    site.admin.put("/v1/pools/acme-cases", {"gtin": acme.case_gtin, "kind": "sequential"}, 201)
    borealis.configure([{"level": "pack", "id": "sgtin", "quantity": 1},
                        {"level": "case", "id": "sscc", "quantity": 6},
                        {"level": "pallet", "id": "sscc", "quantity": 2}], {"kind": "list"})
    pack_acme(acme)
    pack_borealis(borealis)
    for company, papers in ((acme, [("po", "PO-17"), ("desadv", "D-1")]),
                            (borealis, [("inv", "R9")])):
        company.answers["open lot"] = company.operator.get(company.lot_path)
        company.answers["close"] = company.operator.post(company.lot_path + "/close", {}, 200)
        company.ship(company.pallets, papers)
        company.hear()
    yield acme, borealis
    acme.partner.close()
    borealis.partner.close()


def test_partners_are_told_everything_once_in_order_under_the_journals_ids(story):
    for company in story:
        told = [Expected(e.id, e.type, e.action, e.step, tuple(sorted(e.epcs)), e.parent, e.papers)
                for e in company.events()]
        assert told == [e._replace(epcs=tuple(sorted(e.epcs))) for e in company.expected]


def test_every_document_holds_to_the_official_schemas(story, shared):
    kinds = collections.Counter()
    for company in story:
        for body in company.partner.bodies():
            assert not epcis_documents.faults(body), body[:2000]
            kinds[company.form] += 1
            for event in epcis_documents.events(body):
                kinds[company.form, event.step] += 1
    assert kinds["epcis-2.0-json"] and kinds["epcis-1.2-xml"]
    for step in ("commissioning", "packing", "shipping"):
        assert kinds["epcis-2.0-json", step] and kinds["epcis-1.2-xml", step], step
    assert kinds["epcis-2.0-json", "unpacking"] == 2


def test_every_object_is_commissioned_before_it_is_packed_and_packed_before_it_is_shipped(story):
    for company in story:
        known, inside = set(), {}
        for e in company.events():
            if e.step == "commissioning":
                assert not known & set(e.epcs)
                known.update(e.epcs)
                continue
            assert set(e.epcs) <= known and (e.parent is None or e.parent in known)
            if e.step == "packing":
                assert not any(child in inside for child in e.epcs)
                inside.update(dict.fromkeys(e.epcs, e.parent))
            elif e.step == "unpacking":
                gone = e.epcs or [c for c, p in inside.items() if p == e.parent]
                for child in gone:
                    assert inside.pop(child) == e.parent
            else:
                assert e.step == "shipping" and not any(top in inside for top in e.epcs)
        assert known == company.commissioned
        assert {c for c in known if c not in inside} == set(company.pallets)


def test_commissioning_carries_lot_and_expiry_where_it_is_a_pack(story):
    expiry = {"acme": "2030-12-31", "borealis": "2029-02-28"}
    for company in story:
        for e in company.events():
            told = (company.lot, expiry[company.name])
            is_pack = e.step == "commissioning" and e.epcs[0].startswith("(01)")
            assert (e.lot, e.expiry) == (told if is_pack else (None, None)), e


def test_events_carry_when_it_happened_and_when_it_was_recorded(story):
    for company in story:
        for e in company.events():
            time, recorded = map(datetime.datetime.fromisoformat, (e.time, e.recorded))
            assert time <= recorded
        recorded = [datetime.datetime.fromisoformat(e.recorded) for e in company.events()]
        assert recorded == sorted(recorded)
    first = story[0].events()[0]
    assert first.time[:19] == story[0].done[0][1]["time"][:19]  # both in UTC


def test_a_unit_is_one_in_every_spelling(story):
    for company in story:
        for unit in (*company.packs[:12], company.cases[0], company.pallets[0]):
            answer = company.reader.unit(unit)
            assert answer["unit"] == unit
            for spelling in spellings(unit, company.prefix, company.serial_of.get(unit)):
                assert company.reader.unit(spelling) == answer, spelling


def spellings(unit, prefix, serial):
    if serial is None:
        digits = unit[4:]
        yield digits
        yield "00" + digits
        yield "https://id.gs1.org/00/" + digits
        yield f"urn:epc:id:sscc:{prefix}.{digits[0]}{digits[1 + len(prefix):17]}"
        return
    gtin = unit[4:18]
    yield f"01{gtin}21{serial}"
    yield f"]d201{gtin}21{serial}\x1d10LOT"
    yield f"https://example.com/01/{gtin}/21/{quote(serial, safe='')}"
    item = gtin[0] + gtin[1 + len(prefix):13]
    escaped = "".join(f"%{ord(c):02X}" if c in '"%&/<>?' else c for c in serial)
    yield f"urn:epc:id:sgtin:{prefix}.{item}.{escaped}"


def test_answers_take_the_form_that_was_asked_for(story):
    for company in story:
        for unit in (company.packs[0], company.pallets[0]):
            for form, start in (("urn", "urn:epc:id:"), ("dl", "https://id.gs1.org/0")):
                told = company.reader.unit(unit, form=form)["unit"]
                assert told.startswith(start) and epcis_documents.bracketed(told) == unit


def test_states_and_contents_are_as_packed(story):
    acme, borealis = story
    assert [acme.reader.unit(u)["state"] for u in acme.packs[21:]] == ["scrapped"] * 2
    for company in story:
        for pack in company.packs[:21]:
            unit = company.reader.unit(pack)
            assert unit["state"] == "shipped"
            assert (unit["lot"], unit["gtin"]) == (company.lot, company.gtin)
            assert unit["parent"] in company.cases and unit["flags_from"] == company.reader.unit(
                unit["parent"])["parent"]
        for case in company.cases:
            assert company.reader.unit(case)["parent"] in company.pallets
        for pallet in company.pallets:
            unit = company.reader.unit(pallet)
            assert (unit["state"], unit["parent"]) == ("shipped", None)
    assert acme.reader.unit(acme.cases[4])["flags"] == ["partial"]
    assert sorted(acme.reader.unit(acme.pallets[0])["contents"], key=lambda c: c["gtin"]) == [
        {"gtin": acme.gtin, "lot": acme.lot, "count": 20},
        {"gtin": acme.case_gtin, "lot": acme.lot, "count": 4}]
    assert borealis.reader.unit(borealis.pallets[0])["contents"] == [
        {"gtin": borealis.gtin, "lot": borealis.lot, "count": 12}]


def leaves(node):
    below = node.get("children", [])
    return [node["unit"]] if not below else [u for child in below for u in leaves(child)]


def test_trees_hold_what_was_packed(story):
    for company in story:
        found = []
        for pallet in company.pallets:
            tree = company.reader.get(f"/v1/units/{quote(pallet, safe='')}/tree")
            assert tree["unit"] == pallet
            assert {child["unit"] for child in tree["children"]} <= set(company.cases)
            found += leaves(tree)
        assert sorted(found) == sorted(company.packs[:21])


def test_histories_tell_each_step_in_order(story):
    acme, _ = story
    reworked = acme.reader.get(f"/v1/units/{quote(acme.packs[0], safe='')}/history")["items"]
    steps = [item["type"] for item in reworked]
    assert steps == ["commission", "pack", "unpack", "pack", "pack", "ship"]
    assert [i["seq"] for i in reworked] == sorted(i["seq"] for i in reworked)
    assert reworked[0]["by"] == "M. Keller" and reworked[0]["station"] == "camera 2"


def test_lots_count_what_was_done(story):
    acme, borealis = story
    by_gtin = {level["gtin"]: level for level in acme.operator.get(acme.lot_path)["levels"]
               if level.get("gtin")}
    packs = by_gtin[acme.gtin]
    assert [packs[k] for k in ("issued", "commissioned", "scrapped", "packed")] == [23, 21, 2, 21]
    assert by_gtin[acme.case_gtin]["commissioned"] == 5
    assert borealis.operator.get(borealis.lot_path)["levels"][0]["commissioned"] == 12


def test_closing_a_lot_tells_what_is_open(story):
    for company in story:
        told = company.answers["close"]
        assert (told["open_containers"], told["unconfirmed"], told["loose"]) == (0, 0, 0)
        assert told["unknown_fate"] == 0
        assert company.operator.get(company.lot_path)["state"] == "closed"
        assert company.answers["open lot"]["state"] == "open"


def test_another_clients_token_meets_404(story):
    for company, other in itertools.permutations(story):
        for unit in (company.packs[0], company.cases[0], company.pallets[0]):
            path = "/v1/units/" + quote(unit, safe="")
            for tail in ("", "/tree", "/history"):
                problem = other.reader.refused("GET", path + tail, status=404)
                assert company.name not in problem["detail"]
        other.reader.refused("GET", company.lot_path, status=404)
        shipment = company.answers["shipment"]["shipment"]
        other.reader.refused("GET", f"/v1/shipments/{shipment}", status=404)
        listed = [lot["lot"] for lot in other.reader.pages("/v1/lots")]
        assert listed == [other.lot]


MUST = {
    "put clients": {"name", "prefixes"},
    "put products": {"client", "name", "market", "levels"},
    "put pools": {"client", "prefix", "extension", "kind"},
    "put lines": {"name", "location"},
    "put parties": {"name"},
    "put locations": {"name"},
    "put partners": {"client", "url", "format"},
    "lot": {"lot", "gtin", "expiry", "state"},
    "open lot": {"lot", "gtin", "expiry", "expiry_printed", "state", "levels"},
    "shipment": {"shipment", "seq"},
}
EXACTLY = {
    "serials": {"request", "pool", "gtin", "quantity", "serials"},
    "sscc": {"request", "pool", "gtin", "quantity", "ssccs"},  # gtin: of the lot that was named
    "report": {"accepted", "refused", "results"},
    "close": {"open_containers", "unconfirmed", "loose", "unknown_fate", "partners"},
}
LEVEL = {"level", "issued", "commissioned", "scrapped", "packed", "open", "shipped"}
UNIT = {"unit", "state", "flags", "flags_from", "lot", "gtin", "expiry", "parent", "contents",
        "first_seq", "last_seq"}


def test_answers_have_the_members_that_are_promised(story):
    for company in story:
        for call, members in MUST.items():
            assert members <= company.answers[call].keys(), (call, company.answers[call])
        for call, members in EXACTLY.items():
            assert members == company.answers[call].keys(), (call, company.answers[call])
        for level in company.answers["open lot"]["levels"]:
            assert LEVEL <= level.keys()
        for unit in (company.packs[0], company.cases[0], company.pallets[0]):
            assert company.reader.unit(unit).keys() == UNIT
    assert story[1].answers["import"] == {"imported": len(ODD)}


def test_what_was_delivered_can_be_looked_at(story):
    for company in story:
        items = list(company.operator.pages(f"/v1/partners/{company.name}-hub/deliveries"))
        assert items and {item["state"] for item in items} == {"accepted"}


def test_the_journal_verifies(story):
    acme, borealis = story
    site = acme.site
    site.stop()
    records, units = site.verify()
    assert records == len(site.journal())
    assert units == len(acme.commissioned | borealis.commissioned) + 2  # two labels were scrapped
    site.start()
