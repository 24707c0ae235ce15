"""Good and bad documents for a rule engine, captured after a commissioning and a packing under the
rules `strict` and `record`; and the catalogues of refusals and of states that others publish, each
row with the call that meets it here."""
import csv
import re

import pytest

from harness import GTIN

FOLDER = "domain/samples/epcis-rules"
PACK, CASE, PALLET = "03055555555557", "33055555555558", "53055555555552"
LEVELS = [{"level": "pack", "id": "sgtin", "quantity": 1},
          {"level": "case", "id": "sgtin", "gtin": CASE, "quantity": 5},
          {"level": "pallet", "id": "sgtin", "gtin": PALLET, "quantity": 2}]
NUMBERS = {PACK: [*map(str, range(1, 11)), "55555"], CASE: ["1", "2"], PALLET: ["1", "2"]}


# What the documents get wrong for any reader: a letter between elements, no list of children, events
# in other namespaces.
MENDED = [("</destinationList>x", "</destinationList>"), (r"<!--No children means[^>]*-->", "<childEPCs/>"),
          (r"<TransactionEvent>.*(?=</EventList>)", "")]


def unit(gtin, serial):
    return f"(01){gtin}(21){serial}"


class Demo:
    """The client whose numbers the documents name."""

    def __init__(self, site, shared, **profile):
        self.also_mended = []
        self.site, self.folder = site, shared / FOLDER
        if not self.folder.is_dir():
            pytest.skip(f"{self.folder} is absent")
        site.admin.put("/v1/clients/demo", {"name": "Demo", "prefixes": ["305555"],
                                            "profile": profile})
        site.admin.put(f"/v1/products/{PACK}", {"client": "demo", "name": "Demo 1 mg",
                                                "levels": LEVELS})
        for gtin, serials in NUMBERS.items():
            site.admin.put(f"/v1/pools/list-{gtin}", {"gtin": gtin, "kind": "list"})
            site.admin.post(f"/v1/pools/list-{gtin}/import", "\n".join(serials) + "\n", 201,
                            headers={"Content-Type": "text/plain"})
        self.operator = site.as_role("operator")
        made = self.operator.http.post(site.url + "/v1/lots", json={
            "lot": "DL232", "gtin": PACK, "expiry": "2015-12-31"})
        assert made.status_code == 201, made.text
        for gtin, serials in NUMBERS.items():
            self.operator.post("/v1/serials", {"gtin": gtin, "quantity": len(serials),
                                               "lot": "DL232"}, 201)
        self.gateway = site.as_role("gateway", client="demo")

    def send(self, name, day=22, mend=True):
        """What is answered: "stored", or the code of the refusal. Several of the documents tell of
        the same second: `day` tells them apart. What no reader of EPCIS takes is mended."""
        text = (self.folder / f"{name}.xml").read_text()
        text = text.replace("2018-01-22T", f"2018-01-{day}T")
        for wrong, right in [*MENDED, *self.also_mended] if mend else ():
            text = re.sub(wrong, right, text, flags=re.S)
        response = self.gateway.call("POST", "/epcis/v1/capture", text,
                                     headers={"Content-Type": "application/xml"})
        return "stored" if response.status_code == 200 else response.json()["code"]

    def look(self, gtin, serial):
        got = self.operator.unit(unit(gtin, serial))
        return got["state"], got["parent"]

    def exceptions(self):
        """The codes of captured events that some unit did not allow. The documents begin packs of
        a lot that has expired, which is told and no more."""
        return sorted(x["code"] for x in self.operator.pages("/v1/exceptions", kind="captured")
                      if x["code"] != "lot.expired")


@pytest.fixture(params=("strict", "record"))
def demo(request, make_site, shared):
    """After the commissioning and the packing: five packs in each of two cases on a pallet."""
    site = make_site()
    site.configure(capture={"wait": "0 s"})
    demo = Demo(site.start(), shared, capture=request.param)
    demo.rule = request.param
    assert [demo.send(name) for name in ("commission", "nested_pack")] == ["stored", "stored"]
    assert demo.exceptions() == []
    assert demo.look(PACK, "1") == ("packed", unit(CASE, "1"))
    assert demo.look(PACK, "10") == ("packed", unit(CASE, "2"))
    assert demo.look(CASE, "2") == ("closed", unit(PALLET, "1"))
    return demo


def test_documents_that_no_reader_of_epcis_takes_are_refused_as_they_stand(demo):
    for name, code in (("commission", "xml.content"), ("decommission", "epcis.word"),
                       ("recursive_decommission", "epcis.word"), ("unpack_top", "epcis.missing"),
                       ("pack_uncommissioned", "xml.content"), ("observe_return", "gs1.urn_form")):
        if code == "epcis.word" and demo.rule == "record":
            code = "stored"  # decommissioning, misspelt: somebody is told
        assert demo.send(name, day=23, mend=False) == code, name
    assert ("epcis.word" in demo.exceptions()) == (demo.rule == "record")


# name: the code that it is refused by where the client is strict, those told where it is not
BAD = {"bad_parent": ("unit.has_parent", ["unit.has_parent"]),
       "bad_repack": ("unit.state", ["unit.has_parent", "unit.state"]),
       "repack_item": ("unit.has_parent", ["unit.has_parent"]),
       "pack_uncommissioned": ("unit.state", ["unit.has_parent", "unit.state"])}


@pytest.mark.parametrize("name", BAD)
def test_what_breaks_a_rule_is_refused_or_told_and_changes_nothing(demo, name):
    strict, told = BAD[name]
    before = [demo.look(gtin, s) for gtin in NUMBERS for s in NUMBERS[gtin]]
    answer = demo.send(name, day=23)
    if demo.rule == "strict":
        assert answer == strict and demo.exceptions() == [strict]
    else:
        assert answer == "stored" and demo.exceptions() == told
    assert [demo.look(gtin, s) for gtin in NUMBERS for s in NUMBERS[gtin]] == before
    demo.site.stop()
    demo.site.verify()


def test_a_pack_that_was_never_commissioned_is_not_packed(make_site, shared):
    for rule in ("strict", "record"):
        site = make_site(rule)
        site.configure(capture={"wait": "0 s"})
        demo = Demo(site.start(), shared, capture=rule)
        answer = demo.send("pack_uncommissioned")
        if rule == "strict":  # the whole document
            assert answer == "unit.state" and demo.look(PACK, "1") == ("allocated", None)
        else:  # but that pack
            assert answer == "stored" and demo.exceptions() == ["unit.state"]
            assert demo.look(PACK, "1") == ("packed", unit(CASE, "1"))
        assert demo.look(PACK, "55555")[1] is None


def packs_in(demo, case):
    return [s for s in NUMBERS[PACK] if demo.look(PACK, s)[1] == unit(CASE, case)]


def test_what_lies_in_a_case_on_a_pallet_is_taken_out_and_put_in_again(demo):
    assert demo.send("unpack_item", day=23) == "stored"
    assert demo.look(PACK, "1") == ("commissioned", None)
    assert demo.look(CASE, "1") == ("closed", unit(PALLET, "1"))
    assert demo.send("repack_item", day=24) == "stored"  # now that it lies in none
    assert packs_in(demo, "2") == ["1", "6", "7", "8", "9", "10"]
    assert demo.exceptions() == []


def test_a_pack_goes_from_case_to_case_in_one_document(demo):
    assert demo.send("unpack_repack", day=23) == "stored"
    assert packs_in(demo, "1") == ["2", "3", "4", "5"] and "1" in packs_in(demo, "2")
    assert demo.exceptions() == ["event.step"]  # it is taken out by `packing`


def test_a_pallet_without_a_list_of_children_is_emptied(demo):
    assert demo.send("unpack_top", day=23) == "stored"
    assert demo.look(CASE, "1") == demo.look(CASE, "2") == ("closed", None)
    assert demo.look(PALLET, "1") == ("open", None) and demo.exceptions() == []
    assert len(packs_in(demo, "1")) == 5


def test_a_pallet_goes_onto_another_one(demo):
    """That is taken and told, whatever the rule, for the product puts no pallet onto a pallet. The
    packing says `unpacking`: the action counts, and its words are kept as they came."""
    assert demo.send("top_in_new_top", day=23) == "stored"
    assert demo.look(PALLET, "1") == ("closed", unit(PALLET, "2"))
    assert demo.exceptions() == ["event.step"]
    answer = demo.gateway.get("/epcis/v2/events?EQ_bizStep=unpacking&EQ_action=ADD")
    assert len(answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1


@pytest.mark.parametrize("rule", ("strict", "record"))
@pytest.mark.parametrize("packed", ("refuse", "unpack"))
@pytest.mark.parametrize("parent", ("parent", "children"))
def test_decommissioning_goes_by_the_clients_rule(make_site, shared, rule, packed, parent):
    demo = Demo(make_site().start(), shared, capture=rule, decommission_packed=packed,
                decommission_parent=parent)
    for name in ("commission", "nested_pack"):
        assert demo.send(name) == "stored"
    if rule == "strict":  # they misspell decommissioning
        assert demo.send("decommission") == demo.send("recursive_decommission") == "epcis.word"
        assert demo.look(CASE, "1") == ("closed", unit(PALLET, "1"))
        demo.also_mended = [("decomissioning", "decommissioning")]
    for name, gtin, serials in (("decommission", PACK, "12345"), ("recursive_decommission", CASE,
                                                                  "1")):
        state = {PACK: "inactive", CASE: "dissolved"}[gtin]
        day = {PACK: 23, CASE: 24}[gtin]
        answer = demo.send(name, day=day)
        if packed == "refuse":
            assert answer == ("unit.has_parent" if rule == "strict" else "stored")
            assert demo.look(gtin, "1")[1] is not None
        else:
            assert answer == "stored"
            assert set(demo.exceptions()) == ({"epcis.word"} if rule == "record" else set())
            assert [demo.look(gtin, s) for s in serials] == [(state, None)] * len(serials)
    demo.site.stop()
    demo.site.verify()


@pytest.mark.parametrize("parent, state", (("parent", "commissioned"), ("children", "inactive")))
def test_a_case_that_is_decommissioned_takes_its_packs_along_by_the_clients_rule(
        make_site, shared, parent, state):
    demo = Demo(make_site().start(), shared, capture="strict", decommission_packed="unpack",
                decommission_parent=parent)
    demo.also_mended = [("decomissioning", "decommissioning")]
    for day, name in enumerate(("commission", "nested_pack", "recursive_decommission"), 22):
        assert demo.send(name, day=day) == "stored"
    assert demo.look(CASE, "1") == ("dissolved", None)
    assert [demo.look(PACK, s) for s in "12345"] == [(state, None)] * 5
    assert demo.look(PACK, "6") == ("packed", unit(CASE, "2"))
    demo.site.stop()
    demo.site.verify()
