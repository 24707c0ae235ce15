"""Units over HTTP: one of them in any spelling, lists, trees, histories, walls between clients."""
import gzip
import json

import pytest

from harness import GTIN, PREFIX

EACH = f"(01){GTIN}(21)"


def packed(line, packs=6, per_case=3):
    """Commissions packs and packs them into closed cases on one closed pallet."""
    serials = line.serials(packs)
    line.commission(serials)
    *cases, pallet = line.ssccs(packs // per_case + 1)
    for i, case in enumerate(cases):
        put_into(line, case, [EACH + s for s in serials[i * per_case:(i + 1) * per_case]])
    put_into(line, pallet, cases)
    return serials, cases, pallet


def put_into(line, container, children):
    answer = line.call.report(
        {"type": "pack", "parent": container, "children": children, "commission": True},
        {"type": "close", "parent": container})
    assert answer["refused"] == 0, answer


def spelled(sscc):
    return f"(00){sscc}"


def test_a_unit_answers_to_every_spelling(line):
    serial, = line.serials(1)
    line.commission([serial])
    first = line.operator.unit(EACH + serial)
    assert first["state"] == "commissioned"
    assert (first["lot"], first["gtin"], first["expiry"]) == ("L1", GTIN, "2030-12-31")
    assert first["first_seq"] == first["last_seq"] > 0
    for spelling in (f"https://id.gs1.org/01/{GTIN}/21/{serial}",
                     f"https://example.com/some/path/01/{GTIN}/21/{serial}?17=301231",
                     f"urn:epc:id:sgtin:{PREFIX}.013435.{serial}",
                     f"01{GTIN}21{serial}\x1d10L1", f"]d201{GTIN}21{serial}\x1d17301231"):
        assert line.operator.unit(spelling) == first
    assert line.operator.unit(EACH + serial, form="dl")["unit"].startswith("https://id.gs1.org/01/")
    assert line.operator.unit(EACH + serial, form="urn")["unit"] == (
        f"urn:epc:id:sgtin:{PREFIX}.013435.{serial}")


def test_a_number_is_there_once_it_is_issued(line):
    serial, = line.serials(1)
    assert line.operator.unit(EACH + serial)["state"] == "allocated"
    line.operator.refused("GET", f"/v1/units/{EACH}NEVERISSUED", status=404, code="unit.unknown")
    line.operator.refused("GET", f"/v1/units/(01){GTIN}", status=400, code="unit.class")


def test_containers_tell_their_content_and_content_its_containers(line):
    serials, cases, pallet = packed(line)
    told = line.operator.unit(pallet)
    assert told["state"] == "closed" and told["parent"] is None
    assert told["contents"] == [{"gtin": GTIN, "lot": "L1", "count": 6}]
    pack = line.operator.unit(EACH + serials[0])
    assert pack["state"] == "packed" and pack["parent"] == spelled(cases[0])
    assert line.operator.unit(cases[0])["parent"] == spelled(pallet)


def test_lists_come_in_pages_and_by_state(line):
    serials, cases, _ = packed(line)
    loose = line.serials(2)
    line.commission(loose)
    every = [u["unit"] for u in line.operator.pages("/v1/units", lot="L1", gtin=GTIN, limit=3)]
    assert every == [EACH + s for s in serials + loose]
    free = line.operator.pages("/v1/units", lot="L1", gtin=GTIN, state="commissioned", limit=1)
    assert [u["unit"] for u in free] == [EACH + s for s in loose]
    inside = line.operator.pages("/v1/units", parent=cases[1], limit=2)
    assert [u["unit"] for u in inside] == [EACH + s for s in serials[3:]]
    line.operator.refused("GET", "/v1/units?state=packed", status=400, code="units.unbounded")
    line.operator.refused("GET", f"/v1/units?lot=L1&gtin={line.gtin}&state=paked", status=400,
                          code="units.state")


def test_a_tree_is_nested_and_streams(line):
    serials, cases, pallet = packed(line)
    tree = line.operator.get(f"/v1/units/{pallet}/tree")
    assert tree["unit"] == spelled(pallet)
    assert [c["unit"] for c in tree["children"]] == [spelled(c) for c in cases]
    packs = [p["unit"] for c in tree["children"] for p in c["children"]]
    assert packs == [EACH + s for s in serials]
    flat = line.operator.get(f"/v1/units/{pallet}/tree", params={"depth": 1})
    assert all("children" not in c for c in flat["children"])
    raw = line.operator.call("GET", f"/v1/units/{pallet}/tree",
                             headers={"Accept-Encoding": "identity"})
    assert raw.headers.get("Transfer-Encoding") == "chunked" and raw.json() == tree


@pytest.mark.parametrize("zipped", [False, True])
def test_a_tree_comes_as_lines_where_text_is_asked_for(line, zipped):
    serials, cases, pallet = packed(line, packs=300, per_case=100)
    how = {"Accept": "text/plain", "Accept-Encoding": "gzip" if zipped else "identity"}
    raw = line.operator.call("GET", f"/v1/units/{pallet}/tree", headers=how)
    assert raw.headers["Content-Type"] == "text/plain"
    assert raw.headers.get("Content-Encoding") == ("gzip" if zipped else None)
    want = [spelled(pallet)]
    for i, case in enumerate(cases):
        want += [" " + spelled(case), *("  " + EACH + s for s in serials[100 * i:100 * i + 100])]
    assert raw.text == "".join(w + "\n" for w in want)
    missing = line.operator.call("GET", f"/v1/units/{EACH}NEVER/tree", headers=how)
    assert missing.status_code == 404 and missing.json()["code"] == "unit.unknown"


def test_a_history_follows_the_containers(line):
    serials, cases, pallet = packed(line)
    items = line.operator.get(f"/v1/units/{EACH}{serials[0]}/history")["items"]
    assert [i["type"] for i in items] == ["commission", "pack", "close", "pack", "close"]
    assert items[1]["parent"] == spelled(cases[0])
    assert items[3]["through"] == spelled(cases[0]) and items[3]["parent"] == spelled(pallet)
    assert [i["seq"] for i in items] == sorted(i["seq"] for i in items)
    assert all(i["line"] == "line-1" for i in items)


def test_a_wall_stands_between_clients(site, line):
    serials, _, pallet = packed(line)
    site.admin.put("/v1/clients/bolt", {"name": "Bolt", "prefixes": ["9506001"]})
    stranger = site.as_role("client", client="bolt")
    for path in (f"/v1/units/{EACH}{serials[0]}", f"/v1/units/{pallet}",
                 f"/v1/units/{pallet}/tree", f"/v1/units/{EACH}{serials[0]}/history",
                 f"/v1/units?parent={pallet}"):
        stranger.refused("GET", path, status=404, code="unit.unknown")
    stranger.refused("GET", f"/v1/units?lot=L1&gtin={GTIN}", status=404, code="lot.unknown")
    own = site.as_role("client", client=line.client)
    assert own.unit(pallet)["contents"][0]["count"] == 6


@pytest.mark.parametrize("zipped", [False, True])
def test_a_tree_may_come_compressed(line, zipped):
    _, _, pallet = packed(line, packs=300, per_case=100)
    how = {"Accept-Encoding": "gzip" if zipped else "identity"}
    raw = line.operator.call("GET", f"/v1/units/{pallet}/tree", headers=how, stream=True)
    body = raw.raw.read()
    if raw.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    assert sum(len(c["children"]) for c in json.loads(body)["children"]) == 300
