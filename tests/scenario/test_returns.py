"""Numbers that go back to their pool over HTTP: the next ones given, and nobody else's meanwhile."""
import random
import threading
import time

import pytest
import requests

import harness

GTIN = harness.GTIN
RETURNS = "/v1/serials/returns"


@pytest.fixture
def lines(site, line):
    site.admin.put("/v1/lines/line-2", {"name": "Line 2"})
    return line.call, site.as_role("line", line="line-2")


def spelled(serial):
    return f"(01){GTIN}(21){serial}"


def happenings(caller, serial, **params):
    path = f"/v1/units/{requests.utils.quote(spelled(serial), safe='')}/history"
    return [(h["type"], h.get("line"), h.get("request"))
            for h in caller.get(path, params=params)["items"]]


def test_what_goes_back_is_the_next_that_is_given_and_tells_where_it_was(site, line, lines):
    one, two = lines
    pool = "/v1/pools/acme-packs"
    wish = {"gtin": GTIN, "quantity": 6, "lot": line.lot}
    first = one.post("/v1/serials", wish, 201, headers={"Idempotency-Key": "first"})
    unused = f"/v1/serials/requests/{first['request']}"
    before = one.get(pool)
    back = {"gtin": GTIN, "serials": first["serials"][1:3], "to": "pool", "reason": "order cut"}
    told = one.post(RETURNS, back, 200, headers={"Idempotency-Key": "back"})
    assert told == {"returned": 2, "kept": []}
    now = one.get(pool)
    assert (now["issued"], now["left"], now["returned"]) == (
        before["issued"] - 2, before["left"] + 2, 2)
    lying = first["serials"][1]
    assert one.unit(spelled(lying))["state"] == "unallocated"
    assert one.get(unused)["returned"] == 2
    assert len(one.get(unused, params={"unused": "true"})["serials"]) == 4
    refused = two.report({"type": "commission", "lot": line.lot, "gtin": GTIN, "serials": [lying]})
    assert refused["refused"] == 1
    site.restart()  # a kill
    one, two = (site.caller(c.http.headers["Authorization"].split()[1]) for c in lines)
    assert one.post("/v1/serials", wish, 201, headers={"Idempotency-Key": "first"}) == first
    assert one.post(RETURNS, back, 200, headers={"Idempotency-Key": "back"}) == told
    second = two.post("/v1/serials", {"gtin": GTIN, "quantity": 3, "lot": line.lot}, 201,
                      headers={"Idempotency-Key": "second"})
    assert second["serials"][:2] == first["serials"][1:3]
    assert second["serials"][2] not in first["serials"]
    assert one.get(pool)["returned"] == 0
    assert one.unit(spelled(lying))["state"] == "allocated"
    assert one.get(unused, params={"unused": "true"})["serials"] == [
        first["serials"][i] for i in (0, 3, 4, 5)]
    operator = site.as_role("operator")
    assert happenings(operator, lying) == [
        ("issue", "line-1", first["request"]), ("return_to_pool", None, None),
        ("issue", "line-2", second["request"])]
    assert happenings(operator, first["serials"][0]) == []
    old = one.report({"type": "printed", "request": first["request"], "first": 0, "count": 3})
    assert old["results"][0]["problem"]["code"] == "request.returned"
    assert two.report({"type": "printed", "request": second["request"], "first": 0, "count": 3},
                      {"type": "commission", "lot": line.lot, "gtin": GTIN,
                       "serials": second["serials"]})["refused"] == 0
    kept = one.post(RETURNS, {"request": first["request"], "to": "pool"}, 200)
    assert kept["returned"] == 4
    assert [(k["unit"], k["code"]) for k in kept["kept"]] == [
        (spelled(s), "request.returned") for s in first["serials"][1:3]]
    assert one.get(unused)["state"] == "returned"
    balance = operator.get(f"/v1/lots/{GTIN}/{line.lot}/balance")["levels"][0]["numbers"]
    assert (balance["issued"], balance["returned"], balance["commissioned"],
            balance["unknown_fate"]) == (9, 6, 3, 0)
    assert [h[0] for h in happenings(operator, lying)] == [
        "issue", "return_to_pool", "issue", "printed", "commission"]
    site.stop()
    site.verify()


def tick():
    """What happens in one millisecond is told as one."""
    now = time.time()
    while time.time() < now + 0.002:
        pass


def test_a_past_time_tells_whether_a_number_lay_in_its_pool(site, line, lines):
    one, two = lines
    serial = one.post("/v1/serials", {"gtin": GTIN, "quantity": 1}, 201)["serials"][0]
    tick()
    one.post(RETURNS, {"gtin": GTIN, "serials": [serial], "to": "pool"}, 200)
    tick()
    two.post("/v1/serials", {"gtin": GTIN, "quantity": 1}, 201)
    tick()
    two.report({"type": "scrap", "gtin": GTIN, "serials": [serial], "reason": "torn"})
    facts = {r["kind"]: r["time"] for r in site.as_role("auditor").get("/v1/journal")["items"]}
    states = [line.operator.unit(spelled(serial), at=facts[kind])["state"]
              for kind in ("numbers.issued", "numbers.returned", "numbers.reissued",
                           "units.scrapped")]
    assert states == ["allocated", "unallocated", "allocated", "scrapped"]


def test_only_who_asked_and_has_not_confirmed_gives_back_to_the_pool(site, line, lines):
    one, two = lines
    mine = one.post("/v1/serials", {"gtin": GTIN, "quantity": 4}, 201)
    other = {"request": mine["request"], "to": "pool"}
    two.refused("POST", RETURNS, other, status=409, code="request.not_own")
    line.operator.refused("POST", RETURNS, other, status=409, code="request.not_own")
    some = {"gtin": GTIN, "serials": mine["serials"][:2], "to": "pool"}
    assert [k["code"] for k in two.post(RETURNS, some, 200)["kept"]] == ["request.not_own"] * 2
    one.report({"type": "printed", "gtin": GTIN, "serials": mine["serials"][:1]})
    one.report({"type": "lost", "units": [spelled(mine["serials"][1])], "reason": "power cut"})
    assert [k["code"] for k in one.post(RETURNS, some, 200)["kept"]] == ["unit.state", "unit.lost"]
    one.report({"type": "found", "units": [spelled(mine["serials"][1])], "reason": "on a roll"})
    assert [k["code"] for k in one.post(RETURNS, some, 200)["kept"]] == [
        "unit.state", "unit.named"]
    one.post(f"/v1/serials/requests/{mine['request']}/confirm")
    one.refused("POST", RETURNS, other, status=409, code="request.confirmed")
    assert one.get("/v1/pools/acme-packs")["returned"] == 0
    assert one.post(RETURNS, {"request": mine["request"]}, 200)["returned"] == 3  # to the owner


def test_ssccs_go_back_to_their_clients_pool(site, line, lines):
    one, two = lines
    given = line.ssccs(5)
    assert one.post(RETURNS, {"ssccs": given[1:3], "to": "pool"}, 200)["returned"] == 2
    assert two.post("/v1/sscc", {"quantity": 3, "client": "acme"}, 201)["ssccs"][:2] == given[1:3]


class Worker(threading.Thread):
    """A line that asks for numbers and gives some back, each call until it is answered."""

    def __init__(self, site, world, number):
        super().__init__()
        self.site, self.world = site, world
        self.line = f"line-{number}"
        site.admin.put(f"/v1/lines/{self.line}", {"name": self.line})
        self.token = site.token("line", line=self.line)
        self.dice = random.Random(f"{world.seed} {number}")
        self.calls, self.trouble = 0, None

    def call(self, path, body, expect):
        self.calls += 1
        key = {"Idempotency-Key": f"{self.line}-{self.calls}"}
        while True:
            try:
                return self.site.caller(self.token).post(path, body, expect, headers=key)
            except requests.ConnectionError:
                self.world.pause.wait(0.01)

    def work(self):
        serials = self.call("/v1/serials", {"gtin": GTIN, "quantity": self.dice.randint(1, 30)},
                            201)["serials"]
        self.world.given(self.line, serials)
        back = [s for s in serials if self.dice.random() < 0.6]
        if not back:
            return
        self.world.taken(back)  # from here on somebody else may have them
        told = self.call(RETURNS, {"gtin": GTIN, "serials": back, "to": "pool"}, 200)
        assert told == {"returned": len(back), "kept": []}, told

    def run(self):
        try:
            while not self.world.over.is_set():
                self.work()
        except BaseException as trouble:
            self.trouble = trouble
            raise


class World:
    """Who has which number, as the answers say."""

    def __init__(self, seed):
        self.seed = seed
        self.lock, self.over, self.pause = threading.Lock(), threading.Event(), threading.Event()
        self.holders, self.ever, self.times = {}, set(), 0

    def given(self, line, serials):
        with self.lock:
            for serial in serials:
                had = self.holders.get(serial)
                assert had is None, f"{serial} was given to {line} while {had} had it"
                self.holders[serial] = line
            self.ever.update(serials)
            self.times += len(serials)

    def taken(self, serials):
        with self.lock:
            for serial in serials:
                del self.holders[serial]


def test_no_number_is_two_lines_through_kills(site, line, seed):
    world = World(seed)
    workers = [Worker(site, world, n) for n in range(11, 15)]
    for worker in workers:
        worker.start()
    for _ in range(5):
        before = world.times
        while world.times < before + 400 and not any(w.trouble for w in workers):
            world.pause.wait(0.01)
        site.restart()
    world.over.set()
    for worker in workers:
        worker.join()
    assert not any(w.trouble for w in workers)
    assert world.times > 1.3 * len(world.ever), "many were given again"
    reader = site.as_role("operator")
    pool = reader.get("/v1/pools/acme-packs")
    assert pool["issued"] == len(world.holders)
    assert pool["returned"] + pool["issued"] == len(world.ever)
    unused = [s for r in reader.pages("/v1/serials/requests")
              for s in reader.get(f"/v1/serials/requests/{r['request']}",
                                  params={"unused": "true"})["serials"]]
    assert sorted(unused) == sorted(world.holders)
    site.stop()
    site.verify()
