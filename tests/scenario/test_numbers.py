"""Numbers over HTTP against the real program: given once, whatever happens in between."""
import threading

import pytest
import requests

import harness

GTIN = "09506000134352"
POOL = {"gtin": GTIN, "kind": "random", "length": 12, "alphabet": "0123456789"}


@pytest.fixture
def admin(site):
    site.admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": ["9506000"]}, expect=201)
    site.admin.put(f"/v1/products/{GTIN}", {"client": "acme", "name": "Pills"}, expect=201)
    site.admin.put("/v1/lines/l1", {"name": "Line 1"}, expect=201)
    site.admin.put("/v1/pools/p", POOL, expect=201)
    return site.admin


@pytest.fixture
def asks(site, admin):
    return site.as_role("line", line="l1")


def test_a_kill_in_the_middle_gives_no_number_twice_and_loses_no_answer(site, asks):
    answers, stop = [], threading.Event()
    token = asks.http.headers["Authorization"].split()[1]

    def ask():
        while not stop.is_set():
            caller = site.caller(token)
            try:
                answers.append(caller.post("/v1/serials", {"gtin": GTIN, "quantity": 50}, 201))
            except requests.ConnectionError:
                stop.wait(0.01)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = len(answers)
        while len(answers) < before + 20:
            stop.wait(0.01)
        site.restart()
    stop.set()
    for thread in threads:
        thread.join()
    again = site.caller(token)
    for answer in answers:
        shown = again.get(f"/v1/serials/requests/{answer['request']}")
        assert shown["serials"] == answer["serials"]
        assert (shown["line"], shown["state"]) == ("l1", "open")
    serials = [s for request in again.pages("/v1/serials/requests")
               for s in again.get(f"/v1/serials/requests/{request['request']}")["serials"]]
    assert len(serials) == len(set(serials)) >= 50 * len(answers)


def test_a_repeat_after_a_kill_gets_the_same_numbers_of_a_list(site, admin, asks):
    admin.put("/v1/pools/codes", {"gtin": GTIN, "kind": "list", "rank": 0}, expect=201)
    rows = "serial,key\n" + "".join(f"C{i},{i:04}\n" for i in range(3000))
    text = {"Content-Type": "text/csv"}
    assert admin.post("/v1/pools/codes/import", rows, 201, headers=text) == {"imported": 3000}
    problem = admin.refused("POST", "/v1/pools/codes/import", "serial\nD\nC7\n", headers=text,
                            status=409, code="serial.duplicate")
    assert problem["lines"] == [3] and problem["units"][0]["unit"] == f"(01){GTIN}(21)C7"
    wish = {"gtin": GTIN, "quantity": 2, "pool": "codes"}
    first = asks.post("/v1/serials", wish, 201, headers={"Idempotency-Key": "k"})
    assert first["serials"] == ["C0", "C1"]
    assert first["attributes"] == [{"key": "0000"}, {"key": "0001"}]
    site.restart()
    assert asks.post("/v1/serials", wish, 201, headers={"Idempotency-Key": "k"}) == first
    assert asks.get("/v1/pools/codes")["left"] == 2998


def test_an_import_cut_off_by_a_kill_is_in_nobodys_way(site, admin):
    for name in ("codes", "others"):
        admin.put(f"/v1/pools/{name}", {"gtin": GTIN, "kind": "list"}, expect=201)
    token = admin.http.headers["Authorization"].split()[1]
    rows = "".join(f"C{i}\n" for i in range(200000))
    text = {"Content-Type": "text/plain"}

    def cut_off():
        with pytest.raises(requests.ConnectionError):
            site.caller(token).call("POST", "/v1/pools/codes/import", rows, headers=text)

    thread = threading.Thread(target=cut_off)
    thread.start()
    while not admin.get("/v1/journal", params={"kind": "import.part"})["items"]:
        pass
    site.kill()
    thread.join()
    site.start()
    again = site.caller(token)
    assert again.get("/v1/journal", params={"kind": "import.dropped"})["items"]
    assert again.post("/v1/pools/codes/return", {"reason": "not ours"}) == {"returned": 0}
    assert again.post("/v1/pools/others/import", rows, 201, headers=text) == {"imported": 200000}


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(asks, key):
    asks.refused("POST", "/v1/serials", {"gtin": GTIN, "quantity": 1}, status=400,
                 code="idempotency.key", headers={"Idempotency-Key": key})


def test_a_million_numbers_take_little_memory(site, asks):
    before = site.rss_kb()
    wish = {"gtin": GTIN, "quantity": 1000000}
    text = asks.post("/v1/serials", wish, 201, headers={"Accept": "text/plain"})
    assert len(set(text.split())) == 1000000
    assert harness.SANITIZED or site.rss_kb() - before < 20000


def test_the_site_key_is_nowhere_but_in_its_file(site, admin, asks):
    asks.post("/v1/serials", {"gtin": GTIN, "quantity": 100}, 201)
    hidden = (site.folder / "site.key").read_text().split()[1]
    shown = asks.get("/v1/pools/p")
    site.stop()
    data = (site.folder / "data" / "data.mdb").read_bytes()
    assert bytes.fromhex(hidden) not in data and hidden.encode() not in data
    assert hidden not in str(shown) and hidden not in site.log()


def test_another_sites_key_stops_the_start(site, make_site, asks):
    asks.post("/v1/serials", {"gtin": GTIN, "quantity": 1}, 201)
    site.stop()
    other = make_site("other")
    (site.folder / "site.key").write_text((other.folder / "site.key").read_text())
    with pytest.raises(AssertionError):
        site.start()
    assert "site_key.wrong" in site.log()


def test_a_caller_of_several_clients_names_one_for_its_ssccs(site, line):
    site.admin.put("/v1/clients/other", {"name": "Other", "prefixes": ["9521141"]})
    site.admin.put("/v1/pools/other-cases",
                   {"client": "other", "prefix": "9521141", "extension": "0", "kind": "sscc"})
    both = site.as_role("line", line="line-1", clients=[line.client, "other"])
    wish = {"quantity": 1}
    both.refused("POST", "/v1/sscc", wish, status=422, code="client.ambiguous")
    for client, pool in ((line.client, f"{line.client}-cases"), ("other", "other-cases")):
        for name in (client, client.upper()):
            answer = both.post("/v1/sscc", wish, 201, headers={"Packtrail-Client": name})
            assert answer["pool"] == pool
    both.refused("POST", "/v1/sscc", wish, headers={"Packtrail-Client": "nobody"},
                 status=404, code="client.unknown")


COUNTED = "09506000180014"


@pytest.mark.parametrize("list_first", [True, False])
def test_a_counted_pool_goes_on_behind_a_list_that_has_its_next_numbers(site, admin, list_first):
    """However many these are; those that the list left out are given, and nothing is lost."""
    admin.put(f"/v1/products/{COUNTED}", {"client": "acme", "name": "Counted"})
    puts = [("list", {"gtin": COUNTED, "kind": "list", "rank": 2}),
            ("count", {"gtin": COUNTED, "kind": "sequential", "length": 8, "rank": 1})]
    for name, pool in puts if list_first else puts[::-1]:
        admin.put(f"/v1/pools/{name}", pool)
        if name == "list":
            rows = "\n".join(f"{i:08d}" for i in range(30_000) if i != 20_000)
            admin.post("/v1/pools/list/import", rows, 201, headers={"Content-Type": "text/plain"})
    call, wish = site.as_role("operator"), {"gtin": COUNTED, "pool": "count"}
    key = {"Idempotency-Key": "behind"}
    first = call.post("/v1/serials", {**wish, "quantity": 2}, 201, headers=key)
    assert first["serials"] == ["00020000", "00030000"]
    assert call.post("/v1/serials", {**wish, "quantity": 2}, 201, headers=key) == first
    assert call.post("/v1/serials", {**wish, "quantity": 3}, 201)["serials"][0] == "00030001"
    assert len(call.get("/v1/serials/requests")["items"]) == 2
    pool = call.get("/v1/pools/count")
    assert (pool["issued"], pool["left"]) == (5, 10 ** 8 - 30_004)
    listed = call.post("/v1/serials", {**wish, "pool": "list", "quantity": 1}, 201)
    assert listed["serials"] == ["00000000"], "the list's are the list's"
    moved = admin.get("/v1/journal", params={"kind": "numbers.recovered"})["items"]
    assert len(moved) >= 2
    site.stop()
    site.verify()
