"""A site whose machine is lost comes back from a backup and gives no number twice."""
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
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

    def give_back(self, gtin, numbers):
        """To their pool; whoever asks next gets them."""
        what = {"ssccs": numbers} if gtin == "sscc" else {"gtin": gtin, "serials": numbers}
        assert self.line().post("/v1/serials/returns", {**what, "to": "pool"}, 200) == {
            "returned": len(numbers), "kept": []}
        self.numbers.subtract((gtin, number) for number in numbers)

    def work(self):
        """Some numbers, most of them put on packs; sometimes a case of them."""
        gtin, numbers = self.issue()
        if self.random.random() < 0.4:
            cut = self.random.randint(1, len(numbers))
            numbers, back = numbers[:cut], numbers[cut:]
            if back:
                self.give_back(gtin, back)
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


# Where nothing followed the backup that was picked, nothing tells of it.
ACCEPTED = ("--accept", "all that there is was brought", "--by", "mia")


def evidence_of(world, how, head):
    """Files that prove what was given, by somebody else each time."""
    (world.folder / "head.json").write_text(head)
    if how == "head":
        return [world.folder / "head.json", *ACCEPTED]
    if how == "line":
        return [world.line_file(), *ACCEPTED]
    return [world.folder / "head.json", world.line_file(), *world.partner_files(), *ACCEPTED]


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


# ---- the copy

def test_a_backup_grows_by_what_is_new_and_says_so(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    line.serials(10)
    fed, seq, _ = backup(site, tmp_path / "backup")
    assert fed == seq == len(site.journal())
    assert backup(site, tmp_path / "backup")[:2] == (0, seq)
    line.serials(10)
    line.serials(10)
    assert backup(site, tmp_path / "backup")[:2] == (2, seq + 2)
    site.stop()
    assert not (tmp_path / "backup/site.key").exists()
    done = packtrail("verify", tmp_path / "backup")
    assert done.stdout.startswith(f"verified {seq + 2} records, ")
    assert packtrail("journal", tmp_path / "backup").stdout == packtrail(
        "journal", site.folder).stdout
    head = json.loads((tmp_path / "backup/head.json").read_text())
    assert (head["seq"], list(head["pools"]["acme-packs"].values())) == (seq + 2, [30])


def test_a_backup_of_something_else_is_refused_and_left_as_it_is(make_site, tmp_path):
    site, other = make_site().start(), make_site("other").start()
    harness.Line(site).serials(5)
    backup(site, tmp_path / "backup")
    backup(site, tmp_path / "early")
    harness.Line(site, lot="L2").serials(5)
    site.kill()
    before = packtrail("journal", tmp_path / "backup").stdout
    shutil.copytree(site.folder, tmp_path / "again")
    for source, to, code in (
            (other.folder, tmp_path / "backup", "backup.other"),
            (site.folder, other.folder, "backup.site"),
            (site.folder, site.folder, "backup.same"),
            (site.folder, tmp_path / "again", "backup.site"),
            (site.folder, tmp_path / "backup/data", "backup.other"),
            (tmp_path / "none", tmp_path / "backup", "folder.none")):
        done = packtrail("backup", source, to)
        assert (done.returncode, code in done.stderr) == (1, True), done.stderr
    shutil.rmtree(tmp_path / "again")
    # A site that came back goes its own way: what was backed up before does not lead there.
    key = site.folder / "site.key"
    assert packtrail("restore", tmp_path / "early", tmp_path / "again", "--key", key).returncode == 0
    backup(site, tmp_path / "backup")
    done = packtrail("backup", tmp_path / "again", tmp_path / "backup")
    assert done.returncode == 1 and "backup.other" in done.stderr
    assert packtrail("journal", tmp_path / "backup").stdout.startswith(before)
    assert packtrail("verify", tmp_path / "backup").returncode == 0


def test_the_key_goes_where_it_is_told_and_never_into_the_backup(make_site, tmp_path):
    site = make_site().start()
    done = packtrail("backup", site.folder, tmp_path / "backup", "--with-key",
                     tmp_path / "backup/key")
    assert done.returncode == 1 and "backup.key" in done.stderr
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    key = (site.folder / "site.key").read_text()
    assert (tmp_path / "key").read_text() == key
    assert os.stat(tmp_path / "key").st_mode & 0o777 == 0o600
    secret = bytes.fromhex(key.split()[1])
    for path in (tmp_path / "backup").rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes() and key.encode() not in path.read_bytes()


def test_a_backup_that_dies_anywhere_goes_on_where_it_stood(make_site, make_partner, tmp_path, seed):
    pick = random.Random(seed)
    partner = make_partner()
    site = make_site().start()
    line = harness.Line(site)
    site.admin.put("/v1/partners/hub", {"client": "acme", "url": partner.url,
                                        "format": "epcis-2.0-json"})
    for _ in range(6):
        for _ in range(50):
            line.commission(line.serials(2))
        process = subprocess.Popen([harness.BIN, "backup", site.folder, tmp_path / "backup"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(pick.random() * 0.05)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    # The power went while messages were copied: the tail is zeros, and a file is short.
    backup(site, tmp_path / "backup")
    copies = sorted((tmp_path / "backup/messages").glob("*.log"))
    size = copies[0].stat().st_size
    os.truncate(copies[0], size // 2)
    os.truncate(copies[0], size - 1)
    line.commission(line.serials(2))
    site.stop()
    backup(site, tmp_path / "backup")
    for copy in copies:
        assert copy.read_bytes() == (site.folder / "messages" / copy.name).read_bytes()
    assert subprocess.run(["sha256sum", "--check", "--quiet", "messages.sums"],
                          cwd=tmp_path / "backup", check=False).returncode == 0
    assert packtrail("verify", tmp_path / "backup").returncode == 0
    assert packtrail("journal", tmp_path / "backup").stdout == packtrail(
        "journal", site.folder).stdout


def test_a_backup_does_not_lie_in_what_it_copies(site, tmp_path):
    harness.Line(site)
    data, messages = site.folder / "data", site.folder / "messages"
    (tmp_path / "link").symlink_to(data)
    (tmp_path / "deep").symlink_to(tmp_path / "link")
    before = sorted(p.name for p in data.iterdir())
    for to in (data / "backup", messages / "backup", site.folder / "spool/x", messages,
               site.folder / "data/../data/backup", tmp_path / "link/backup",
               tmp_path / "deep" / "backup", str(data / "backup") + "/"):
        done = packtrail("backup", site.folder, to)
        assert done.returncode == 1 and "backup.inside" in done.stderr, (to, done.stderr)
    assert sorted(p.name for p in data.iterdir()) == before
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "out")
    backup(site, tmp_path / "elsewhere/backup")
    done = packtrail("backup", site.folder, tmp_path / "out/backup", "--with-key",
                     tmp_path / "elsewhere/backup/key")
    assert done.returncode == 1 and "backup.key" in done.stderr
    site.stop()
    site.verify()


@pytest.fixture
def following():
    """Starts a backup that follows; it ends with the test at the latest."""
    processes = []

    def start(site, to, *more):
        processes.append(subprocess.Popen(
            [harness.BIN, "backup", site.folder, to, "--follow", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def test_a_standby_follows_until_it_is_told_to_end(make_site, following, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    line.serials(3)
    process = following(site, tmp_path / "standby")
    assert process.stdout.readline().startswith("following from record ")
    for _ in range(5):
        line.serials(3)
    count = len(site.journal())
    deadline = time.monotonic() + harness.CALL_S
    while json.loads((tmp_path / "standby/head.json").read_text())["seq"] < count:
        assert time.monotonic() < deadline, "it does not follow"
    site.kill()
    process.send_signal(signal.SIGTERM)
    assert process.wait(harness.STOP_S) == 0
    assert process.stdout.read().splitlines()[-1].startswith(BACKED_UP)
    assert packtrail("verify", tmp_path / "standby").stdout.startswith(f"verified {count} records")


def test_a_standby_has_a_key_that_came_while_it_followed(make_site, following, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    process = following(site, tmp_path / "standby", "--with-key", tmp_path / "key")
    assert process.stdout.readline().startswith("following from record ")
    site.stop()
    added = packtrail("key", "add", site.folder, "--reason", "yearly", "--by", "Olga Opal")
    assert added.returncode == 0, added.stderr
    key = (site.folder / "site.key").read_text()
    assert len(key.splitlines()) == 2
    site.start()
    line.serials(3)
    count = len(site.journal())
    deadline = time.monotonic() + harness.CALL_S
    while (json.loads((tmp_path / "standby/head.json").read_text())["seq"] < count
           or (tmp_path / "key").read_text() != key):
        assert time.monotonic() < deadline, "it does not follow"
    site.kill()
    process.send_signal(signal.SIGTERM)
    assert process.wait(harness.STOP_S) == 0
    shutil.rmtree(site.folder)
    restore(site, tmp_path / "standby", tmp_path / "key")


def test_a_key_that_waits_may_be_taken_back_while_a_standby_follows(make_site, following, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    copied, keys = tmp_path / "key", site.folder / "site.key"
    mine = keys.read_text()
    process = following(site, tmp_path / "standby", "--with-key", copied)
    assert process.stdout.readline().startswith("following from record ")

    def round_done():
        line.serials(1)
        count, deadline = len(site.journal()), time.monotonic() + harness.CALL_S
        while json.loads((tmp_path / "standby/head.json").read_text())["seq"] < count:
            assert time.monotonic() < deadline and process.poll() is None, "it does not follow"

    for text in (mine + f"2 {'5a' * 32}\n", mine + f"2 {'6b' * 32}\n", mine):
        keys.write_text(text)
        for _ in range(2):  # the key of a round is copied before the facts of the next one
            round_done()
        assert copied.read_text() == mine
    process.send_signal(signal.SIGTERM)
    assert process.wait(harness.STOP_S) == 0, process.stderr.read()
    copied.write_text(mine + f"2 {'5a' * 32}\n")  # a copy with more than the site has is no loss
    backup(site, tmp_path / "standby", "--with-key", copied)
    assert copied.read_text().startswith(mine)


def test_a_standby_whose_key_cannot_be_copied_says_so(make_site, following, tmp_path):
    site = make_site().start()
    process = following(site, tmp_path / "standby", "--with-key", tmp_path / "key")
    assert process.stdout.readline().startswith("following from record ")
    (tmp_path / "key").chmod(0o644)
    assert process.wait(harness.STOP_S) == 1
    assert "site_key.mode" in process.stderr.read()


def test_nobody_serves_a_backup_even_with_the_key_in_it(make_site, tmp_path):
    """It would give the numbers again that were given since."""
    site = make_site().start()
    harness.Line(site)
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    shutil.copy(tmp_path / "key", tmp_path / "backup/site.key")
    for command in (("serve", "-c", tmp_path / "backup/packtrail.yaml"),
                    ("token", "create", tmp_path / "backup", "--role", "admin"),
                    ("verify", tmp_path / "backup", "--advance", "--accept", "r", "--by", "w")):
        done = packtrail(*command)
        assert done.returncode == 1 and "folder.backup" in done.stderr, done.stderr


def test_check_tells_how_old_the_backup_is(make_site, tmp_path):
    def said(site):
        done = packtrail("check", "-c", site.config)
        return next(s for s in done.stdout.splitlines() if s.split()[1] == "backup").split(None, 2)

    site = make_site().start()
    assert said(site)[0] == "warn"
    site.configure(backup={"folder": str(tmp_path / "backup")})
    assert said(site)[0] == "warn" and "holds no backup" in said(site)[2]
    backup(site, tmp_path / "backup")
    assert said(site) == ["ok", "backup", f"the backup in {tmp_path}/backup is 0 min old"]
    old = time.time() - 25 * 3600
    os.utime(tmp_path / "backup/head.json", (old, old))
    assert said(site)[0] == "warn" and "1500 min old" in said(site)[2]


def test_check_wants_a_backup_of_this_very_site_that_can_be_opened(make_site, tmp_path):
    site, other = make_site(), make_site("other")
    backup(other, tmp_path / "others")
    backup(site, tmp_path / "backup")
    shutil.copytree(tmp_path / "backup", tmp_path / "broken")
    shutil.copytree(tmp_path / "backup", tmp_path / "short")
    (tmp_path / "broken/data/data.mdb").write_bytes(b"x" * 100)
    os.truncate(tmp_path / "short/data/data.mdb", 20000)
    shutil.copytree(site.folder, tmp_path / "behind")

    def said(folder, config=site.config):
        done = packtrail("check", "-c", config,
                         env={"PACKTRAIL_LISTEN": "127.0.0.1:0",
                              "PACKTRAIL_BACKUP_FOLDER": str(folder)})
        line, = (line for line in done.stdout.splitlines() if line[7:].startswith("backup "))
        assert (done.returncode == 1) == line.startswith("wrong"), done.stdout
        return line

    assert said(tmp_path / "backup").startswith("ok")
    assert "another site's backup" in said(tmp_path / "others")
    assert said(tmp_path / "broken").startswith("wrong")
    assert "is broken" in said(tmp_path / "short")
    assert "the site itself" in said(site.folder)
    assert "a site and no backup" in said(other.folder)
    site.start()
    harness.Line(site)
    site.stop()
    backup(site, tmp_path / "backup")
    assert said(tmp_path / "backup").startswith("ok")
    shutil.rmtree(site.folder)
    (tmp_path / "behind").rename(site.folder)
    assert "this site has not" in said(tmp_path / "backup")


# ---- coming back

def test_restore_wants_an_empty_place_the_right_key_and_a_whole_backup(make_site, tmp_path):
    site, other = make_site().start(), make_site("other")
    line = harness.Line(site)
    line.serials(3)
    backup(site, tmp_path / "backup")
    key = site.folder / "site.key"

    def refused(code, source, to, with_key):
        done = packtrail("restore", source, to, "--key", with_key)
        assert (done.returncode, code in done.stderr) == (1, True), done.stderr
        assert not (tmp_path / "new").exists()

    refused("folder.taken", tmp_path / "backup", other.folder, key)
    refused("folder.taken", tmp_path / "backup", tmp_path / "backup", key)
    refused("site_key.wrong", tmp_path / "backup", tmp_path / "new", other.folder / "site.key")
    refused("site_key.missing", tmp_path / "backup", tmp_path / "new", tmp_path / "none")
    refused("folder.in_use", site.folder, tmp_path / "new", key)
    shutil.copytree(tmp_path / "backup", tmp_path / "broken")
    store = bytearray((tmp_path / "broken/data/data.mdb").read_bytes())
    at = store.rindex(b"Exampline")
    while at >= 0:  # in every page that has it, also those that are free
        store[at] ^= 1
        at = store.rfind(b"Exampline", 0, at)
    (tmp_path / "broken/data/data.mdb").write_bytes(store)
    refused("journal.broken", tmp_path / "broken", tmp_path / "new", key)
    (tmp_path / "empty").mkdir()  # as where something will be mounted
    done = packtrail("restore", tmp_path / "backup", tmp_path / "empty", "--key", key)
    assert done.returncode == 0, done.stderr
    assert packtrail("verify", tmp_path / "empty").returncode == 0
    for name in ("site.key", "packtrail.yaml"):
        assert (tmp_path / "empty" / name).read_text() == (site.folder / name).read_text()
    told = packtrail("check", "-c", tmp_path / "empty/packtrail.yaml").stdout
    assert "warn   folder" in told and "gives no numbers" in told


@pytest.fixture
def lost(make_site, tmp_path):
    """Makes a site, its backup, and then what the backup does not know of."""
    site = make_site().start()
    line = harness.Line(site)
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")

    def back():
        restore(site, tmp_path / "backup", tmp_path / "key")
        (tmp_path / "head.json").write_text(back.head)
        site.start()

    def lose_it():
        site.stop()
        back.journal, back.head = lose(site)
        back()

    line.lose = lose_it
    return line


def test_a_restore_that_broke_off_is_told_as_one(make_site, tmp_path):
    site = make_site()
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    shutil.rmtree(site.folder)
    restore(site, tmp_path / "backup", tmp_path / "key")
    again = ("restore", tmp_path / "backup", site.folder, "--key", tmp_path / "key")
    assert "folder.taken" in packtrail(*again).stderr
    (site.folder / "data/format").unlink()  # it is written last, and these before it
    for name in ("packtrail.yaml", "site.key"):
        refused = packtrail(*again).stderr  # as of a site that lost nothing else
        assert "folder.taken" in refused and "emove" not in refused
        (site.folder / name).unlink()
    assert "folder.half" in packtrail(*again).stderr
    (site.folder / "export.key").touch()  # no restore writes it
    assert "folder.taken" in packtrail(*again).stderr
    shutil.rmtree(site.folder)
    site.folder.mkdir()
    (site.folder / "something").touch()
    assert "folder.taken" in packtrail(*again).stderr


def test_what_is_restored_is_its_owners_alone(make_site, tmp_path):
    site = make_site()
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    shutil.rmtree(site.folder)
    before = os.umask(0)
    try:
        restore(site, tmp_path / "backup", tmp_path / "key")
    finally:
        os.umask(before)
    for path in (site.folder, *site.folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_restore_says_that_what_was_revoked_since_opens_again(make_site, tmp_path):
    site = make_site().start()
    made = site.admin.post("/v1/tokens", {"role": "operator"}, 201)
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    site.admin.delete(f"/v1/tokens/{made['id']}", 204)
    lose(site)
    done = packtrail("restore", tmp_path / "backup", site.folder, "--key", tmp_path / "key")
    assert done.returncode == 0, done.stderr
    assert "revoke again what was revoked since" in done.stdout
    assert "export.key is not in a backup" in done.stdout
    assert not (site.folder / "export.key").exists()
    there = [json.loads(line) for line in packtrail("token", "list", site.folder).stdout.splitlines()]
    (again,) = [t for t in there if t["id"] == made["id"]]
    assert "revoked" not in again
    assert packtrail("token", "revoke", site.folder, made["id"]).returncode == 0
    site.start()
    site.caller(made["token"]).refused("GET", "/v1/lots", status=401, code="token.revoked")


def test_restore_names_the_files_of_tls_that_no_backup_has(make_site, tmp_path):
    site = make_site()
    (tmp_path / "trusted.pem").write_text("is there")
    site.configure(tls={"certificate": "site.pem", "key": "site.key.pem"},
                   exchange={"ca_file": str(tmp_path / "trusted.pem")})
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    done = packtrail("restore", tmp_path / "backup", tmp_path / "new", "--key", tmp_path / "key")
    assert done.returncode == 0, done.stderr
    missing = [line.rsplit(" ", 4)[0] for line in done.stdout.splitlines() if "put back /" in line]
    new = tmp_path / "new"
    assert missing == [
        f"{what} is not in a backup, and not there: put back {new / name}"
        for what, name in (("tls.certificate", "site.pem"), ("tls.key", "site.key.pem"))]


def test_what_came_after_the_backup_is_put_again_before_the_pools_are_advanced(lost, tmp_path):
    """A pool that the backup does not know: its numbers come from a space that must be found."""
    site, admin = lost.site, lost.site.admin
    pool = {"kind": "random", "gtin": SHORT, "length": 6, "alphabet": "0123456789"}
    product = {"client": "acme", "name": "Short"}
    admin.put(f"/v1/products/{SHORT}", product)
    admin.put("/v1/pools/short", pool)
    admin.put("/v1/pools/counted", {"kind": "sequential", "gtin": SHORT, "length": 8})
    wish = {"gtin": SHORT, "quantity": 40000, "pool": "short"}
    given = lost.call.post("/v1/serials", wish, 201)["serials"]
    counted = lost.call.post("/v1/serials", {**wish, "pool": "counted"}, 201)["serials"]
    lost.lose()
    done = packtrail("verify", site.folder, "--advance", tmp_path / "head.json")
    assert "folder.in_use" in done.stderr
    site.stop()
    done = packtrail("verify", site.folder, "--advance", tmp_path / "head.json")
    assert done.returncode == 1 and "evidence.pool" in done.stderr and "counted" in done.stderr
    site.start()
    admin = site.admin
    admin.put(f"/v1/products/{SHORT}", product)
    admin.put("/v1/pools/counted", {"kind": "sequential", "gtin": SHORT, "length": 8})
    admin.put("/v1/pools/short", {**pool, "length": 7})
    site.stop()
    done = packtrail("verify", site.folder, "--advance", tmp_path / "head.json")
    assert done.returncode == 1 and "evidence.form" in done.stderr
    site.start()
    site.admin.put("/v1/pools/short", pool)
    site.stop()
    advance(site, tmp_path / "head.json")
    site.start()
    call = site.as_role("operator")
    again = call.post("/v1/serials", wish, 201)["serials"]
    assert len({*given, *again}) == 80000
    again = call.post("/v1/serials", {**wish, "pool": "counted"}, 201)["serials"]
    assert len({*counted, *again}) == 80000
    assert call.unit(f"(01){SHORT}(21){given[0]}")["state"] == "allocated"
    site.stop()
    site.verify()


def test_numbers_of_an_import_that_is_lost_are_known_by_their_texts(lost, tmp_path):
    site = lost.site
    site.admin.put(f"/v1/products/{LISTED}", {"client": "acme", "name": "Listed"})
    site.admin.put("/v1/pools/list", {"kind": "list", "gtin": LISTED})
    text = {"Content-Type": "text/plain"}
    rows = [f"N{n}" for n in range(100)]
    site.admin.post("/v1/pools/list/import", "\n".join(rows), 201, headers=text)
    given = lost.call.post("/v1/serials", {"gtin": LISTED, "quantity": 10}, 201)["serials"]
    lost.lose()
    site.admin.put(f"/v1/products/{LISTED}", {"client": "acme", "name": "Listed"})
    site.admin.put("/v1/pools/list", {"kind": "list", "gtin": LISTED})
    site.admin.refused("POST", "/v1/pools/list/import", "N5\n", headers=text, status=409,
                       code="pool.frozen")
    site.admin.refused("POST", "/v1/pools/list/return", {"reason": "end"}, status=409,
                       code="pool.frozen")
    site.stop()
    (tmp_path / "serials.csv").write_text("serial\n" + "\n".join(given) + "\n")
    done = packtrail("verify", site.folder, "--advance", tmp_path / "head.json")
    assert done.returncode == 1 and "evidence.list" in done.stderr
    told = advance(site, tmp_path / "head.json", "--gtin", LISTED, tmp_path / "serials.csv",
                   "--accept", "the line's list is whole", "--by", "mia")
    assert "accepted: evidence.list" in told and "10 of no pool" in told
    site.start()
    problem = site.admin.refused("POST", "/v1/pools/list/import", "\n".join(rows), headers=text,
                                 status=409, code="serial.duplicate")
    assert {u["unit"].split("(21)")[1] for u in problem["units"]} == set(given)
    # A pool that could come to these texts passes over them.
    site.admin.put("/v1/pools/rest", {"kind": "sequential", "gtin": LISTED, "serial_prefix": "N",
                                      "length": 2})
    wish = {"gtin": LISTED, "quantity": 1, "pool": "rest"}
    site.as_role("operator").refused("POST", "/v1/serials", wish, status=409,
                                     code="pool.exhausted")
    site.stop()
    told = [r["fact"] for r in site.journal() if r["kind"] == "pools.advanced"][0]
    assert (told["reason"], told["by"]) == ("the line's list is whole", "mia")
    assert [e["file"] for e in told["evidence"]] == ["head.json", "serials.csv"]
    site.verify()


def test_numbers_of_a_key_that_came_after_the_backup_are_never_given_again(lost, tmp_path):
    site = lost.site
    site.admin.put(f"/v1/products/{SHORT}", {"client": "acme", "name": "Short"})
    site.admin.put("/v1/pools/short", {"kind": "random", "gtin": SHORT, "length": 4,
                                       "alphabet": "0123456789"})
    wish = {"gtin": SHORT, "quantity": 1000}
    given = lost.call.post("/v1/serials", wish, 201)["serials"]
    packtrail("backup", site.folder, tmp_path / "backup")
    given += lost.call.post("/v1/serials", wish, 201)["serials"]
    site.stop()
    with open(site.folder / "site.key", "a", encoding="ascii") as keys:
        keys.write(f"2 {'5a' * 32}\n")
    shutil.copy(site.folder / "site.key", tmp_path / "key")
    site.start()
    given += lost.call.post("/v1/serials", wish, 201)["serials"]
    lost.lose()
    site.stop()
    advance(site, tmp_path / "head.json")
    site.start()
    call = site.as_role("operator")
    for _ in range(3):
        given += call.post("/v1/serials", wish, 201)["serials"]
    assert len(set(given)) == len(given) == 6000
    for serial in given[:3000:150]:
        assert call.unit(f"(01){SHORT}(21){serial}")["state"] == "allocated"
    site.stop()
    site.verify()


def test_a_key_that_two_signed_after_the_backup_is_signed_again(lost, tmp_path):
    """The site serves without it; no command takes it into use unsigned."""
    site = lost.site
    for name in ("mia", "noa"):
        site.person("qa", name)
    site.configure(signatures={"second": "add_key"})
    packtrail("backup", site.folder, tmp_path / "backup")
    add = ("key", "add", site.folder, "--reason", "yearly", "--by", "it")
    signed = {"given": f"{harness.PASSWORD}\n" * 2}
    both = (*add, "--sign", "mia", "--second", "noa", "--meaning", "approval")
    given = lost.serials(300)
    site.stop()
    assert packtrail(*both, **signed).returncode == 0
    shutil.copy(site.folder / "site.key", tmp_path / "key")
    site.start()
    given += lost.serials(300)
    assert "event=epoch.waits" not in site.log()
    lost.lose()
    assert "event=epoch.waits epoch=2" in site.log() and "packtrail key add" in site.log()
    lost.call.refused("POST", "/v1/serials", {"gtin": lost.gtin, "quantity": 1}, status=409,
                      code="pool.frozen")
    site.stop()
    told = packtrail("check", "-c", site.config)
    assert told.returncode == 0 and "warn   key file" in told.stdout
    assert "packtrail key add" in told.stdout
    before = site.journal()
    done = packtrail("verify", site.folder, "--advance", tmp_path / "head.json")
    assert done.returncode == 1 and "epoch.waits" in done.stderr and "key add" in done.stderr
    assert "act.second" in packtrail(*add).stderr
    assert site.journal() == before
    assert packtrail(*both, **signed).returncode == 0
    assert len((site.folder / "site.key").read_text().splitlines()) == 2
    advance(site, tmp_path / "head.json")
    site.start()
    given += lost.serials(300)
    assert len(set(given)) == len(given) == 900
    site.stop()
    assert [r["fact"]["epoch"] for r in site.journal() if r["kind"] == "epoch.added"] == [2]
    site.verify()


@pytest.mark.parametrize("backed_up", ["before the key", "after it"])
def test_a_list_of_numbers_of_a_newer_key_is_evidence(make_site, tmp_path, backed_up):
    site = make_site().start()
    line = harness.Line(site)
    given = set(line.serials(50))
    if backed_up == "before the key":
        backup(site, tmp_path / "backup")
    site.stop()
    assert packtrail("key", "add", site.folder, "--reason", "x", "--by", "Olga").returncode == 0
    (tmp_path / "key").write_text((site.folder / "site.key").read_text())
    (tmp_path / "key").chmod(0o600)
    if backed_up == "after it":
        backup(site, tmp_path / "backup")
    site.start()
    later = line.serials(70)
    given.update(later)
    site.stop()
    shutil.rmtree(site.folder)
    restore(site, tmp_path / "backup", tmp_path / "key")
    (tmp_path / "list").write_text("\n".join(later[10:]))
    said = advance(site, "--gtin", line.gtin, tmp_path / "list")
    assert "60 numbers, 0 known, 60 beyond a mark" in said and "1 marks moved" in said, said
    site.start()
    assert not given & set(line.serials(500))
    assert line.call.unit(f"(01){line.gtin}(21){later[3]}")["state"] == "allocated"
    site.stop()
    site.verify()


def test_numbers_that_came_back_are_numbers_like_others(lost, tmp_path):
    """They are listed, put on packs, packed and returned, also SSCCs that are the site's own."""
    site = lost.site
    site.admin.put("/v1/pools/own", {"kind": "sscc", "prefix": "0614141", "extension": "1"})
    packtrail("backup", site.folder, tmp_path / "backup")
    serials = lost.serials(8)
    wish = {"quantity": 2, "pool": "own", "gtin": lost.gtin, "lot": lost.lot}
    own = lost.call.post("/v1/sscc", wish, 201)["ssccs"]
    lost.lose()
    site.stop()
    (tmp_path / "line").write_text("\n".join(
        [*(f"https://id.gs1.org/01/{lost.gtin}/21/{s}" for s in serials), f"(00){own[1]}"]))
    assert "9 beyond a mark" in advance(site, tmp_path / "line")
    site.start()
    call = site.as_role("operator")
    units = [f"(01){lost.gtin}(21){s}" for s in serials]
    assert [call.unit(u)["state"] for u in units] == ["allocated"] * 8
    requests = call.get("/v1/serials/requests", params={"state": "confirmed"})["items"]
    assert sorted(r["quantity"] for r in requests) == [2, 8]
    shown = [call.get(f"/v1/serials/requests/{r['request']}") for r in requests]
    assert sorted(s for r in shown for s in r.get("serials") or r["ssccs"]) == sorted(serials + own)
    call.post("/v1/serials/returns", {"gtin": lost.gtin, "serials": serials[6:], "reason": "end"})
    said = site.as_role("line", line="line-1").report(
        {"type": "commission", "lot": lost.lot, "gtin": lost.gtin, "serials": serials[:5]},
        {"type": "scrap", "gtin": lost.gtin, "serials": serials[5:6], "reason": "torn"},
        {"type": "pack", "parent": own[0], "commission": True, "children": units[:5]})
    assert said["refused"] == 0, said
    assert [call.unit(u)["state"] for u in units] == (
        ["packed"] * 5 + ["scrapped"] + ["returned_to_owner"] * 2)
    balance = call.get(f"/v1/lots/{lost.gtin}/{lost.lot}")
    assert balance["lot"] == lost.lot
    site.stop()
    site.verify()


def test_numbers_that_lay_in_their_pool_are_never_given_again(lost, tmp_path):
    """The lost machine gave them to a line, which reports them."""
    site = lost.site
    lying, open_ = lost.serials(6), lost.serials(4)
    to_pool = {"gtin": lost.gtin, "to": "pool"}
    lost.call.post("/v1/serials/returns", {**to_pool, "serials": lying}, 200)
    packtrail("backup", site.folder, tmp_path / "backup")
    again = lost.serials(3)
    assert again == lying[:3]
    lost.call.post("/v1/serials/returns", {**to_pool, "serials": open_}, 200)
    lost.lose()
    site.stop()
    assert "6 numbers had come back" in advance(site, tmp_path / "head.json")
    site.start()
    line = site.as_role("line", line="line-1")
    kept = line.post("/v1/serials/returns", {**to_pool, "serials": open_}, 200)
    assert kept["returned"] == 0 and {k["code"] for k in kept["kept"]} == {"request.restored"}
    assert not {*lying, *open_} & {*line.post("/v1/serials", {"gtin": lost.gtin, "quantity": 50},
                                              201)["serials"]}
    said = line.report({"type": "commission", "lot": lost.lot, "gtin": lost.gtin, "serials": again})
    assert said["refused"] == 0, said
    site.stop()
    site.verify()


def test_a_partner_of_epcis_1_2_is_evidence_too(lost, make_partner, tmp_path):
    site, partner = lost.site, make_partner()
    site.admin.put("/v1/partners/hub", {"client": "acme", "url": partner.url,
                                        "format": "epcis-1.2-xml"})
    serials = lost.serials(20)
    lost.commission(serials[:12])
    partner.wait_for(1)
    lost.lose()
    site.stop()
    (tmp_path / "told.xml").write_bytes(partner.bodies()[0])
    assert "12 beyond a mark" in advance(site, tmp_path / "told.xml")
    site.start()
    again = site.as_role("operator").post("/v1/serials", {"gtin": lost.gtin, "quantity": 50}, 201)
    assert not {*serials[:12]} & {*again["serials"]}


def test_what_is_far_beyond_a_mark_is_taken_out_alone(lost, tmp_path):
    """A misread case number does not use up the pool, and is not given when its turn comes."""
    site = lost.site
    site.admin.put("/v1/pools/far", {"client": "acme", "kind": "sscc", "prefix": harness.PREFIX,
                                     "extension": "1"})
    packtrail("backup", site.folder, tmp_path / "backup")
    lost.lose()
    site.stop()
    body = f"1{harness.PREFIX}00{1234567:07d}"  # a million numbers on
    digit = (10 - sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(body)) % 10) % 10
    (tmp_path / "list").write_text(f"{body}{digit}\n# a remark\n\n")
    told = advance(site, tmp_path / "list", *ACCEPTED)  # alone it tells of nothing
    assert "1 far beyond" in told and "0 marks moved" in told
    assert "1 known" in advance(site, tmp_path / "list"), "a second time it is no news"
    site.start()
    call = site.as_role("operator")
    pool = {"client": "acme", "pool": "far"}
    first = call.post("/v1/sscc", {**pool, "quantity": 3}, 201)["ssccs"]
    assert [s[10:17] for s in first] == ["0000000", "0000001", "0000002"]
    near = [*call.post("/v1/sscc", {**pool, "quantity": 999_999}, 201)["ssccs"],
            *call.post("/v1/sscc", {**pool, "quantity": 300_000}, 201)["ssccs"]]
    assert f"{body}{digit}" not in near and len(set(near)) == 1_299_999
    site.stop()
    site.verify()


def test_evidence_that_proves_nothing_is_refused(lost, make_site, tmp_path):
    site, other = lost.site, make_site("other")
    lost.lose()
    site.stop()
    bad = tmp_path / "bad"

    def refused(code, text, *more):
        bad.write_text(text)
        done = packtrail("verify", site.folder, "--advance", *more, bad)
        assert (done.returncode, code in done.stderr) == (1, True), done.stdout + done.stderr

    refused("head.other", (other.folder / "head.json").read_text())
    refused("evidence.line", "what is this\n")
    refused("evidence.line", f"(01){harness.GTIN}\n")
    refused("evidence.gtin", "{\"serial\": \"123\"}\n")
    refused("evidence.strangers", "(01)04012345123456(21)123\n")
    refused("evidence.line", "\u00e9\u00e9\n", "--gtin", harness.GTIN)
    refused("evidence.head", '{"pools": {}, "seq": 5}')
    refused("evidence.event", '{"@context": "https://ref.gs1.org/standards/epcis/2.0.0/'
            'epcis-context.jsonld", "type": "EPCISDocument", "schemaVersion": "2.0", '
            '"creationDate": "2026-01-01T00:00:00Z", "epcisBody": {"eventList": [{}]}}')
    done = packtrail("verify", site.folder, "--advance")
    assert done.returncode == 2
    done = packtrail("verify", site.folder, "--advance", "--accept", "why")
    assert done.returncode == 2, "who accepts is not said"
    site.start()
    lost.call.url = site.url
    lost.call.refused("POST", "/v1/serials", {"gtin": lost.gtin, "quantity": 1}, status=409,
                      code="pool.frozen")
    site.stop()
    told = advance(site, "--accept", "no line is left", "--by", "mia")
    assert "NO EVIDENCE WAS GIVEN" in told and "accepted by mia: no line is left" in told
    site.start()
    lost.serials(1)


def test_what_tells_of_nothing_since_the_backup_is_no_evidence(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    known = line.serials(3)
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    given = line.serials(5)
    site.stop()
    lose(site)
    restore(site, tmp_path / "backup", tmp_path / "key")
    own = json.loads((tmp_path / "backup/head.json").read_text())
    path, gtin = tmp_path / "file", ("--gtin", line.gtin)
    empty = ('{"@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", '
             '"type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": '
             '"2026-01-01T00:00:00Z", "epcisBody": {"eventList": []}}')
    newer = {**own, "seq": own["seq"] + 100, "link": "12" * 32}
    for code, text in (
            ("evidence.old", json.dumps(own)),  # the backup's head
            ("evidence.contradicts", json.dumps({**own, "link": "00" * 32})),
            ("evidence.contradicts", json.dumps({**own, "seq": 1})),
            ("evidence.spaces", json.dumps({**newer, "spaces": []})),
            ("evidence.head", json.dumps({k: own[k] for k in own if k != "link"})),
            ("evidence.empty", ""), ("evidence.empty", "\n# none\n"), ("evidence.empty", empty),
            ("evidence.empty", json.dumps({"gtin": line.gtin, "serials": []})),
            ("evidence.none", "\n".join(known)),
            ("evidence.none", "\n".join(serial.lower() for serial in given))):
        path.write_text(text)
        done = packtrail("verify", site.folder, "--advance", *gtin, path)
        assert (done.returncode, code in done.stderr) == (1, True), (code, done.stdout, done.stderr)
    site.start()
    line.call.url = site.url
    line.call.refused("POST", "/v1/serials", {"gtin": line.gtin, "quantity": 1}, status=409,
                      code="pool.frozen")
    site.stop()
    path.write_text(json.dumps(own))
    (tmp_path / "line").write_text("\n".join(given))
    told = advance(site, path, *gtin, tmp_path / "line")  # an old head harms nothing
    assert "warning: evidence.old" in told and "1 marks moved" in told
    site.start()
    assert not {*line.serials(20)} & {*known, *given}


def test_a_site_that_is_lost_twice_takes_evidence_of_both_machines(lost, tmp_path):
    """The first machine's numbers are nowhere in the second one's journal, which is longer."""
    site = lost.site
    given = set(lost.serials(70))
    lost.lose()
    first_head = tmp_path / "first.json"
    (tmp_path / "head.json").rename(first_head)
    for number in range(30):
        site.admin.put(f"/v1/lines/more-{number}", {"name": "Line"})
    backup(site, tmp_path / "second")
    site.stop()
    shutil.rmtree(site.folder)
    restore(site, tmp_path / "second", tmp_path / "key")
    for _ in range(2):  # marks that a refused call moved are no evidence the next time
        done = packtrail("verify", site.folder, "--advance", first_head)
        assert done.returncode == 1 and "evidence.none" in done.stderr, done.stdout + done.stderr
        assert "of 1 of the 2 machines" in done.stderr and "2 machines were lost" in done.stdout
    said = advance(site, first_head, "--accept", "it was frozen until the end", "--by", "Olga")
    assert "accepted: evidence.none" in said
    site.start()
    lost.call = site.as_role("operator")
    more = lost.serials(500)
    assert not given & set(more)
    given.update(more)
    # Lost a third time, after the pools were advanced: the first machine says nothing of that.
    backup(site, tmp_path / "third", "--with-key", tmp_path / "key")
    given.update(lost.serials(40))
    site.stop()
    (tmp_path / "third.json").write_text((site.folder / "head.json").read_text())
    shutil.rmtree(site.folder)
    restore(site, tmp_path / "third", tmp_path / "key")
    done = packtrail("verify", site.folder, "--advance", first_head)
    assert done.returncode == 1 and "evidence.old" in done.stderr, done.stdout + done.stderr
    assert "machines were lost" not in advance(site, first_head, tmp_path / "third.json")
    site.start()
    lost.call = site.as_role("operator")
    assert not given & set(lost.serials(500))
    site.stop()
    site.verify()


@pytest.mark.parametrize("more", [0, 300], ids=["shorter", "longer"])
def test_the_head_of_one_lost_machine_says_nothing_of_another(lost, tmp_path, more):
    """The second machine's backup is of before its pools were advanced; then it gave numbers."""
    site = lost.site
    for number in range(more):  # the first one's journal may be the longer one, too
        site.admin.put(f"/v1/lines/much-{number}", {"name": "Line"})
    given = set(lost.serials(70))
    lost.lose()
    (tmp_path / "head.json").rename(tmp_path / "first.json")
    for number in range(30):
        site.admin.put(f"/v1/lines/more-{number}", {"name": "Line"})
    backup(site, tmp_path / "second")
    site.stop()
    advance(site, tmp_path / "first.json")
    site.start()
    lost.call = site.as_role("operator")
    later = lost.serials(200)
    given.update(later)
    site.stop()
    (tmp_path / "second.json").write_text((site.folder / "head.json").read_text())
    (tmp_path / "list").write_text("\n".join(later[:50]))
    shutil.rmtree(site.folder)
    restore(site, tmp_path / "second", tmp_path / "key")
    for files in (["first.json"], ["second.json"], ["first.json", "--gtin", lost.gtin, "list"]):
        what = [name if name in ("--gtin", lost.gtin) else tmp_path / name for name in files]
        done = packtrail("verify", site.folder, "--advance", *what)
        assert done.returncode == 1 and "evidence.none" in done.stderr, (files, done.stdout)
    assert "NO EVIDENCE" not in advance(site, tmp_path / "first.json", tmp_path / "second.json")
    site.start()
    lost.call = site.as_role("operator")
    assert not given & set(lost.serials(500))
    site.stop()
    site.verify()


def test_a_newer_head_that_moves_no_mark_is_evidence(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    line.serials(3)
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    site.admin.put("/v1/lines/line-9", {"name": "Line 9"})
    site.stop()
    _, head = lose(site)
    restore(site, tmp_path / "backup", tmp_path / "key")
    (tmp_path / "head.json").write_text(head)
    assert "0 marks moved" in advance(site, tmp_path / "head.json")
    done = packtrail("verify", site.folder, "--advance", tmp_path / "head.json")
    assert done.returncode == 0, "it may be given again"


def test_a_site_that_was_not_restored_moves_no_pools_by_itself(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    line.serials(3)
    site.stop()
    head = json.loads((site.folder / "head.json").read_text())
    head["spaces"][0]["high"] = 10**6
    (tmp_path / "head.json").write_text(json.dumps(head))
    done = packtrail("verify", site.folder, "--advance", tmp_path / "head.json")
    assert (done.returncode, "evidence.whole" in done.stderr) == (1, True), done.stderr
    site.start()
    assert site.admin.get("/v1/pools/acme-packs")["issued"] == 3


# ---- what it costs the service

class LongReader:
    """A process that looks at one snapshot of the store for as long as it is open."""

    CODE = """
import ctypes, sys
lmdb = ctypes.CDLL("liblmdb.so.0")
env, txn = ctypes.c_void_p(), ctypes.c_void_p()
assert lmdb.mdb_env_create(ctypes.byref(env)) == 0
assert lmdb.mdb_env_set_mapsize(env, ctypes.c_size_t(1 << 38)) == 0
assert lmdb.mdb_env_open(env, sys.argv[1].encode(), 0x20000, 0o600) == 0  # MDB_RDONLY
assert lmdb.mdb_txn_begin(env, None, 0x20000, ctypes.byref(txn)) == 0
print("reads", flush=True)
sys.stdin.read()
"""

    def __init__(self, site):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-c", self.CODE, site.folder / "data"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "reads\n"

    def close(self):
        self.process.communicate("", timeout=harness.STOP_S)


REPORTS = 600


def test_the_store_does_not_grow_for_a_backup_as_it_does_for_a_long_reader(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)

    def grown(meanwhile=lambda: None):
        """How many bytes longer the store gets by REPORTS commits."""
        before = (site.folder / "data/data.mdb").stat().st_size
        for number in range(REPORTS):
            line.commission(serials[number:number + 1])
            if number % 100 == 0:
                meanwhile()
        del serials[:REPORTS]
        return (site.folder / "data/data.mdb").stat().st_size - before

    backups = []

    def begin_backup():
        if backups and backups[-1].poll() is None:
            return
        to = tmp_path / f"backup-{len(backups)}"
        backups.append(subprocess.Popen([harness.BIN, "backup", site.folder, to],
                                        stdout=subprocess.PIPE, text=True))

    serials = line.serials(4 * REPORTS)
    grown()
    alone = grown()
    while_backed_up = grown(begin_backup)
    said = [process.communicate(timeout=harness.CALL_S)[0] for process in backups]
    assert len(said) > (1 if harness.SANITIZED else 3) and all(process.returncode == 0 for process in backups)
    reader = LongReader(site)
    while_read = grown()
    reader.close()
    print(f"grown by {REPORTS} commits: alone {alone}, with {len(said)} backups one after the "
          f"other {while_backed_up}, under one long snapshot {while_read}")
    assert while_backed_up <= alone + (2 << 20)  # the file grows by a megabyte at a time
    assert while_read > 5 * max(while_backed_up, 1 << 20)
    site.stop()
    assert packtrail("verify", tmp_path / f"backup-{len(said) - 1}").returncode == 0


# ---- the drill

DRILL = pathlib.Path(__file__).resolve().parents[2] / "scripts/drill.sh"


def drill(*args):
    return subprocess.run([DRILL, *args], env={**os.environ, "PACKTRAIL": harness.BIN},
                          capture_output=True, text=True, timeout=harness.CALL_S, check=False)


def test_the_drill_restores_beside_the_running_site_and_reports(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    line.commission(line.serials(5))
    for _ in range(2):
        line.serials(5)
        count = len(site.journal())
        done = drill(site.folder, tmp_path / "backup", site.folder / "site.key")
        assert done.returncode == 0, done.stdout + done.stderr
        head = done.stdout.splitlines()[-1].removeprefix("the drill passed: head ")
        assert head.startswith(f"{count}/")
        assert f"restored {count} records, 5 units, head {head}" in done.stdout
        assert f"verified {count + 1} records, 5 units" in done.stdout
    line.serials(1)  # the site itself was not touched
    # In a quiet minute the head file knows nothing newer; and nobody is there to sign.
    for second in ("", "advance"):
        site.stop()
        site.configure(signatures={"second": second})
        site.start()
        done = drill(site.folder, tmp_path / "backup", site.folder / "site.key")
        assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "key").write_text("1 " + "ab" * 32 + "\n")
    (tmp_path / "key").chmod(0o600)
    done = drill(site.folder, tmp_path / "backup", tmp_path / "key")
    assert done.returncode == 1 and "site_key.wrong" in done.stderr
    assert "would not have brought the site back" in done.stdout


def test_a_document_that_was_being_taken_in_is_told_to_have_failed(make_site, tmp_path):
    """Its bytes lie in spool/, which no backup has; sent again it is taken whole."""
    site = make_site().start()
    line = harness.Line(site)
    gateway = site.as_role("gateway", client="acme")
    events = [{"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "storing",
               "eventTime": "2026-01-01T00:00:00Z", "eventTimeZoneOffset": "+00:00",
               "epcList": [f"https://id.gs1.org/01/{line.gtin}/21/X{i:06d}"]} for i in range(60000)]
    document = {"@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                "type": "EPCISDocument", "schemaVersion": "2.0",
                "creationDate": "2026-01-01T00:00:00Z", "epcisBody": {"eventList": events}}
    answer = gateway.call("POST", "/epcis/v2/capture", document)
    assert answer.status_code == 202
    job = answer.headers["Location"]
    backup(site, tmp_path / "backup", "--with-key", tmp_path / "key")
    assert gateway.get(job)["running"], "the backup came too late to show anything"
    lose(site)
    restore(site, tmp_path / "backup", tmp_path / "key")
    advance(site, "--accept", "nothing was given", "--by", "mia")
    site.start()
    gateway.url = site.url

    def ended():
        deadline = time.monotonic() + 10 * harness.CALL_S
        while (state := gateway.get(job))["running"]:
            assert time.monotonic() < deadline, "it runs for ever"
        return state

    assert not ended()["success"]
    again = gateway.call("POST", "/epcis/v2/capture", document)
    job = again.headers["Location"]
    assert ended()["success"]
    site.stop()
    site.verify()


# ---- data/ put back beside the site's own head.json

def put_back(site, data):
    """The folder as a snapshot had it, but for head.json."""
    shutil.rmtree(site.folder / "data")
    shutil.copytree(data, site.folder / "data")


def token_of(line):
    return line.call.http.headers["Authorization"].removeprefix("Bearer ")


def changes_refused(site, code):
    """Every command that writes to a site, and the check of it."""
    for command in changing(site):
        done = packtrail(*command)
        assert done.returncode == 1 and code in done.stderr, (command, done.stderr)
    done = packtrail("check", "-c", site.config)
    assert done.returncode == 1 and "wrong  head file" in done.stdout


def changing(site):
    return [("serve", "-c", site.config, "--listen", "127.0.0.1:0"),
            ("token", "create", site.folder, "--role", "admin"),
            ("user", "add", site.folder, "mia", "--name", "Mia", "--role", "qa", "--reason", "new"),
            ("key", "add", site.folder, "--reason", "seen", "--by", "Mia"),
            ("verify", site.folder, "--advance", site.folder / "head.json")]


def test_a_store_that_was_put_back_beside_a_newer_head_is_not_written_to(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    site.stop()
    shutil.copytree(site.folder / "data", tmp_path / "old")
    site.start()
    token = token_of(line)
    line.call = site.caller(token)
    given = line.serials(20)
    site.stop()
    head = (site.folder / "head.json").read_bytes()
    shutil.copytree(site.folder / "data", tmp_path / "new")
    journal = site.journal()
    put_back(site, tmp_path / "old")
    changes_refused(site, "journal.truncated")
    assert (site.folder / "head.json").read_bytes() == head
    assert len(site.journal()) < len(journal), "nothing was written"
    # The way on from there: restored from what there is, moved past what head.json knows.
    done = packtrail("restore", site.folder, tmp_path / "anew", "--key", site.folder / "site.key")
    assert done.returncode == 0, done.stderr
    assert f"head.json there knows {len(journal)} records" in done.stdout
    done = packtrail("verify", tmp_path / "anew", "--advance", site.folder / "head.json")
    assert done.returncode == 0, done.stderr
    put_back(site, tmp_path / "new")  # or the newer one is there after all
    for folder in (site.folder, tmp_path / "anew"):
        site.folder, site.config = folder, folder / "packtrail.yaml"
        site.start()
        again = site.caller(token).post("/v1/serials", {"gtin": line.gtin, "quantity": 20}, 201)
        assert not set(again["serials"]) & set(given)
        site.stop()
        site.verify()


def test_a_store_that_went_another_way_is_not_written_to_either(make_site, tmp_path):
    site = make_site().start()
    line = harness.Line(site)
    site.stop()
    shutil.copytree(site.folder / "data", tmp_path / "old")
    site.start()
    token = token_of(line)
    site.caller(token).post("/v1/serials", {"gtin": line.gtin, "quantity": 20}, 201)
    site.stop()
    head = (site.folder / "head.json").read_bytes()
    (site.folder / "head.json").unlink()  # without it nothing tells
    put_back(site, tmp_path / "old")
    site.start()
    for _ in range(3):
        site.caller(token).post("/v1/serials", {"gtin": line.gtin, "quantity": 7}, 201)
    site.stop()
    (site.folder / "head.json").write_bytes(head)
    changes_refused(site, "journal.rewritten")


@pytest.mark.parametrize("text", [b"", b"{", b'{"seq": 3}'])
def test_a_head_file_that_cannot_be_read_stops_the_start(make_site, text):
    """It is put there whole, by rename: something else has been at it."""
    site = make_site()
    (site.folder / "head.json").write_bytes(text)
    done = packtrail("serve", "-c", site.config, "--listen", "127.0.0.1:0")
    assert done.returncode == 1 and "head_file.read" in done.stderr
    assert (site.folder / "head.json").read_bytes() == text


def test_a_kill_never_makes_the_head_file_the_newer_one(make_site):
    site = make_site().start()
    line = harness.Line(site)
    token = token_of(line)
    path = site.folder / "head.json"
    for _ in range(4):
        before = path.read_bytes()
        call, deadline = site.caller(token), time.monotonic() + harness.CALL_S
        while path.read_bytes() == before:  # written after 10,000 numbers, looked at once a second
            call.post("/v1/serials", {"gtin": line.gtin, "quantity": 1000}, 201)
            assert time.monotonic() < deadline
        site.kill()
        site.start()
