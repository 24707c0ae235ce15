"""A site whose machine is lost comes back from a backup and gives no number twice."""
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import pytest

import harness
from harness import packtrail

# Numbers of every kind of pool, each of a product of its own but for the cases.
RANDOM, SHORT, COUNTED, LISTED = (f"0950600013{n}" for n in ("4352", "4369", "4376", "4383"))
POOLS = {
    RANDOM: {"kind": "random"},
    SHORT: {"kind": "random", "length": 7, "alphabet": "0123456789"},  # any text is one of it
    COUNTED: {"kind": "sequential", "length": 8},
    LISTED: {"kind": "list"},
}
LOST_TIMES = 5
BACKED_UP = "backed up "


def backup(site, to, *more):
    done = packtrail("backup", site.folder, to, *more)
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith(BACKED_UP), last
    fed, rest = last.removeprefix(BACKED_UP).split(" records, head ")
    seq, link = rest.split("/")
    return int(fed), int(seq), link


def restore(site, source, key):
    done = packtrail("restore", source, site.folder, "--key", key)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def advance(site, *what):
    """What the evidence moves; the folder is proven before and after."""
    done = packtrail("verify", site.folder, "--advance", *what)
    assert done.returncode == 0, done.stdout + done.stderr
    assert harness.VERIFIED.fullmatch(done.stdout.splitlines()[-1])
    return done.stdout


def lose(site):
    """The machine is gone; what its journal and head file had said is only known to the test."""
    site.kill()
    journal, head = site.journal(), (site.folder / "head.json").read_text()
    shutil.rmtree(site.folder)
    return journal, head


class World:
    """A site, a line that keeps every answer it got, and the partner that is told."""

    def __init__(self, site, partner, seed, folder):
        self.site, self.partner, self.folder = site, partner, folder
        self.random = random.Random(seed)
        self.numbers = collections.Counter()  # (gtin or "sscc", number) -> times it was given
        self.answers, self.reports = [], []
        self.ready = collections.defaultdict(list)  # commissioned and loose
        admin = site.admin
        admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": [harness.PREFIX]})
        for gtin, pool in POOLS.items():
            admin.put(f"/v1/products/{gtin}", {"client": "acme", "name": gtin})
            admin.put(f"/v1/pools/p-{gtin}", {"gtin": gtin, **pool})
        admin.post(f"/v1/pools/p-{LISTED}/import", "".join(f"L{n:05d}\n" for n in range(20000)),
                   201, headers={"Content-Type": "text/plain"})
        admin.put("/v1/pools/cases", {"client": "acme", "kind": "sscc", "prefix": harness.PREFIX,
                                      "extension": "0"})
        admin.put("/v1/lines/line-1", {"name": "Line 1"})
        admin.put("/v1/partners/hub", {"client": "acme", "url": partner.url,
                                       "format": "epcis-2.0-json"})
        self.line_token = site.token("line", line="line-1")
        operator = site.as_role("operator")
        for gtin in POOLS:
            operator.post("/v1/lots", {"lot": "L1", "gtin": gtin, "expiry": "2030-12-31"}, 201)

    def line(self):
        return self.site.caller(self.line_token)

    def issue(self):
        gtin = self.random.choice([*POOLS, "sscc"])
        quantity = self.random.randint(1, 300)
        if gtin == "sscc":
            answer = self.line().post("/v1/sscc", {"quantity": quantity, "client": "acme"}, 201)
            numbers = answer["ssccs"]
        else:
            answer = self.line().post("/v1/serials", {"gtin": gtin, "quantity": quantity}, 201)
            numbers = answer["serials"]
        self.answers.append(answer)
        self.numbers.update((gtin, number) for number in numbers)
        return gtin, numbers

    def report(self, **what):
        what["id"] = f"r{len(self.reports)}"
        self.reports.append(what)
        assert self.line().report(what)["refused"] == 0, what

    def work(self):
        """Some numbers, most of them put on packs; sometimes a case of them."""
        gtin, numbers = self.issue()
        if gtin == "sscc":
            packs = self.ready[RANDOM]
            if len(packs) >= 5:
                self.report(type="pack", parent=numbers[0], commission=True,
                            children=[f"(01){RANDOM}(21){packs.pop()}" for _ in range(5)])
        elif self.random.random() < 0.8:
            used = numbers[:self.random.randint(1, len(numbers))]
            self.report(type="commission", gtin=gtin, lot="L1", serials=used)
            self.ready[gtin] += used

    def report_again(self):
        """The line sends all that it ever reported; what the site knows of it is no news."""
        for report in self.reports:
            answer = self.line().report(report)
            assert answer["refused"] == 0, answer

    def line_file(self):
        path = self.folder / "line.ndjson"
        path.write_text("".join(json.dumps(answer) + "\n" for answer in self.answers))
        return path

    def partner_files(self):
        for number, body in enumerate(self.partner.bodies()):
            path = self.folder / f"partner-{number}.json"
            path.write_bytes(body)
            yield path

    def assert_nothing_came_twice(self):
        twice = [number for number, times in self.numbers.items() if times > 1]
        assert not twice, twice[:10]


def evidence_of(world, how, head):
    """Files that prove what was given, by somebody else each time."""
    (world.folder / "head.json").write_text(head)
    if how == "head":
        return [world.folder / "head.json"]
    if how == "line":
        return [world.line_file()]
    return [world.folder / "head.json", world.line_file(), *world.partner_files()]


@pytest.mark.parametrize("how", ["head", "line", "all"])
def test_no_number_comes_twice_whichever_backup_the_site_comes_back_from(
        make_site, make_partner, tmp_path, seed, how):
    partner = make_partner()
    site = make_site().start()
    world = World(site, partner, f"{seed} {how}", tmp_path)
    pick = world.random
    key = tmp_path / "key"
    taken = []  # (folder, records, link)
    backup(site, tmp_path / "first", "--with-key", key)
    for life in range(LOST_TIMES):
        taken = []
        for step in range(pick.randint(6, 14)):
            world.work()
            if step == 2 or pick.random() < 0.3:
                folder = tmp_path / f"backup-{life}"
                _, seq, link = backup(site, folder)
                copy = tmp_path / f"backup-{life}-{step}"
                shutil.copytree(folder, copy)
                taken.append((copy, seq, link))
        if how == "head":
            site.stop()  # the last head file is whole
        journal, head = lose(site)
        source, seq, link = pick.choice(taken)
        told = restore(site, source, key)
        assert told.startswith(f"restored {seq} records, ") and told.endswith(f"head {seq}/{link}")
        site.start()
        for gtin in POOLS:
            world.line().refused("POST", "/v1/serials", {"gtin": gtin, "quantity": 1}, status=409,
                                 code="pool.frozen")
        world.line().refused("POST", "/v1/sscc", {"quantity": 1, "client": "acme"}, status=409,
                             code="pool.frozen")
        site.stop()
        advance(site, *evidence_of(world, how, head))
        now = site.journal()
        assert now[:seq] == journal[:seq], "what the backup held is there as it was"
        assert now[seq]["kind"] == "site.restored"
        lost = [r for r in journal[seq:]]
        assert [r["seq"] for r in lost] == list(range(seq + 1, len(journal) + 1))
        site.start()
        world.issue()
        world.report_again()
        for _ in range(5):
            world.work()
        world.assert_nothing_came_twice()
    known = {r["fact"]["id"] for r in site.journal() if r["kind"].startswith("units.")
             and "id" in r["fact"]}
    assert known == {report["id"] for report in world.reports}
    site.stop()
    site.verify()


def events_of(partner):
    for document in partner.documents():
        yield from document["epcisBody"]["eventList"]


def test_no_event_gets_the_id_of_one_that_the_partner_knew_before(
        make_site, make_partner, tmp_path, seed):
    partner = make_partner()
    site = make_site().start()
    world = World(site, partner, seed, tmp_path)
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")

    def commission():
        serials = world.line().post("/v1/serials", {"gtin": RANDOM, "quantity": 3}, 201)["serials"]
        world.numbers.update((RANDOM, serial) for serial in serials)
        world.report(type="commission", gtin=RANDOM, lot="L1", serials=serials)

    def wait_for(events):
        deadline = time.monotonic() + harness.CALL_S
        while len(list(events_of(partner))) < events:
            assert time.monotonic() < deadline, "the partner is not told"
            partner.wait_for(len(partner.received) + 1)

    for _ in range(4):
        commission()
    wait_for(4)
    before = list(events_of(partner))
    lose(site)
    for round_ in range(2):  # twice from one backup: both times the same places of the journal
        restore(site, tmp_path / "backup", tmp_path / "key")
        advance(site, *world.partner_files())
        site.start()
        for _ in range(4):
            commission()
        wait_for(len(before) + 4)
        before = list(events_of(partner))
        ids = {}
        for event in before:
            assert ids.setdefault(event["eventID"], event) == event
        assert len(ids) == 8 + 4 * round_
        found = site.as_role("client", client="acme").get(
            "/epcis/v2/events", params={"MATCH_anyEPC": before[-1]["epcList"][0]})
        assert [e["eventID"] for e in found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
                ] == [before[-1]["eventID"]]
        asked = site.as_role("client", client="acme").get(
            f"/epcis/v2/events/{before[-1]['eventID']}")
        assert "eventID" in json.dumps(asked)
        if round_ == 0:
            lose(site)
    world.assert_nothing_came_twice()
    site.stop()
    site.verify()
