"""A site whose disk is recorded while lines work on it, and what must be on it after a power cut.

Lines (crash_driver's clients), a client's system that captures documents, a partner and a backup
work at once. With each answer goes the place in the record at which it was there: a cut after that
place must leave what the answer says. How a disk looks after a cut says power.py.
"""
import collections
import json
import os
import pathlib
import random
import subprocess
import threading
import time

import crash_driver
import harness
import power

BUILD = pathlib.Path(os.environ.get("PACKTRAIL_SHIMS", "build/power")).absolute()
SHIM = BUILD / "disk_shim.so"
LINES = 4
ROUNDS = 3      # pallets a line
DOCUMENTS = 6
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

Job = collections.namedtuple("Job", "place path")  # a captured document


class Stays:
    """A fleet of clients over a service that nobody kills."""

    def __init__(self, site, tokens, seed, record):
        self.site, self.tokens, self.seed, self.record = site, tokens, seed, record
        self.places = collections.defaultdict(list)  # client -> of each answer
        self.wrong = []

    def wait_for_life(self, after):
        return after + 1

    def is_enough(self):
        return False

    def sent(self, client, at):
        pass

    def answered(self, client):
        self.places[client].append(self.place())

    def broke(self, client, life, error):
        raise crash_driver.Wrong(f"a connection broke: {error!r}")

    def fail(self, sentence):
        self.wrong.append(sentence)

    def place(self):
        return self.record.stat().st_size


class Worker(crash_driver.Client):
    def run(self):
        try:
            for _ in range(ROUNDS):
                self.make_pallet()
        except Exception as e:  # pylint: disable=broad-except  # told to the driver, not lost
            self.fleet.fail(f"{self.name}: {e!r}")

    def answers(self):
        """What was answered, each with its place in the record."""
        return list(zip(self.fleet.places[self], self.requests))


class Story:
    """What was recorded, and what was answered when."""

    def __init__(self, folder, seed, deaf=0):
        self.folder, self.seed = folder, seed
        self.disk = folder / "disk"
        self.record = folder / "record"
        self.env = {"LD_PRELOAD": str(SHIM), "POWER_LOG": str(self.record),
                    "POWER_UNDER": str(self.disk)}
        self.deaf = {"POWER_DEAF": str(deaf)} if deaf else {}
        self.jobs = []
        self.tell()

    def tell(self):
        self.disk.mkdir(parents=True)
        site = Recorded(self.disk / "site", self.env)
        self.admin_token, self.made = site.admin_token, self.place()
        site.env.update(self.deaf)
        partner = harness.Partner()
        try:
            self.work(site.start(), partner)
        finally:
            site.kill()
            partner.close()

    def work(self, site, partner):
        self.tokens = crash_driver.furnish(site, partner.url, list_size=1000)
        self.tokens["gateway"] = site.token("gateway", client="acme")
        self.furnished = self.place()
        self.fleet = Stays(site, self.tokens, self.seed, self.record)
        self.lines = [Worker(self.fleet, number) for number in range(LINES)]
        for line in self.lines:
            line.start()
        self.capture(site.caller(self.tokens["gateway"]))
        self.back_up()
        for line in self.lines:
            line.join(crash_driver.PATIENCE_S)
            assert not line.is_alive()
        self.back_up()
        assert not self.fleet.wrong, self.fleet.wrong
        site.stop()

    def capture(self, gateway):
        for number in range(DOCUMENTS):
            event = {"type": "ObjectEvent", "eventTime": "2026-01-02T03:04:05Z",
                     "eventTimeZoneOffset": "+00:00", "action": "OBSERVE", "bizStep": "receiving",
                     "epcList": [f"https://id.gs1.org/01/{harness.GTIN}/21/ELSE{number}"]}
            answer = gateway.call("POST", "/epcis/v2/capture", {
                "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
                "creationDate": "2026-01-02T03:04:05Z", "epcisBody": {"eventList": [event] * 1}})
            assert answer.status_code == 202, answer.text
            self.jobs.append(Job(self.place(), answer.headers["Location"]))

    def back_up(self):
        """Beside the service, on the same disk."""
        done = harness.packtrail("backup", self.disk / "site", self.disk / "backup",
                                 env={**self.env, **self.deaf})
        assert done.returncode == 0, done.stderr
        self.backed_up = self.place()

    def place(self):
        return self.record.stat().st_size

    def cuts(self, count):
        """Disks after `count` cuts anywhere, half of them soon after an answer: (place, folder)."""
        choose = random.Random(self.seed)
        record = self.record.read_bytes()
        soon = [place for line in self.lines for place in self.fleet.places[line]]
        places = [choose.randrange(len(record)) for _ in range(count // 2)]
        places += [choose.choice(soon) + choose.choice((0, 0, 1, 5000))
                   for _ in range(count - count // 2)]
        disk = power.Disk(record)
        for number, place in enumerate(sorted(places)):
            while (end := disk.end_of_next()) is not None and end <= place:
                disk.step()
            yield disk.place, self.image(disk, number, choose)

    def image(self, disk, number, choose):
        to = self.folder / f"cut-{number}"
        disk.after_cut(to, choose)
        return to


class Recorded(harness.Site):
    """Made under the recorder, too."""

    def __init__(self, folder, env):
        kept = os.environ.copy()
        os.environ.update(env)
        try:
            super().__init__(folder, env)
        finally:
            os.environ.clear()
            os.environ.update(kept)
        self.errors = folder.parent.parent / "site.log"


class Found(harness.Site):
    """A site that is there already."""

    def __init__(self, folder, admin_token):  # pylint: disable=super-init-not-called
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "packtrail.yaml"
        self.env, self.program, self.admin_token = {}, harness.BIN, admin_token
        self.process = self.url = None
        self.listen, self.out = "127.0.0.1:0", []
        self.errors = self.folder.parent / "found.log"


def hold(story, place, image):
    """All that was answered before the cut is there, and nothing comes twice afterwards."""
    site = Found(image / "site", story.admin_token)
    if place < story.made:
        assert_made_again(site)
        return
    site.verify()
    kept = {r["seq"]: r["kind"] for r in site.journal()}
    site.env["PACKTRAIL_HTTP_IDLE_TIME"] = "1 h"  # however long this machine lets us wait
    site.start()
    try:
        if place >= story.furnished:
            answers = [(line, sent) for line in story.lines
                       for at, sent in line.answers() if at <= place]
            assert_answered(story, site, answers, kept)
            assert_captured(story, site, place)
            assert_new(story, site, answers)
        assert site.process.poll() is None, site.log()
    finally:
        site.kill()
    site.verify()
    assert_backup(story, place, image)


def assert_made_again(site):
    """An init that was cut short is given again, or the site is there."""
    done = harness.packtrail("init", site.folder)
    assert done.returncode in (0, 1), done
    if done.returncode == 1:
        assert "folder.taken" in done.stderr, done.stderr
    site.start()
    site.stop()
    site.verify()


def assert_answered(story, site, answers, kept):
    """First what is read, then the same calls again."""
    caller = {role: site.caller(token) for role, token in story.tokens.items()}
    for _, sent in answers:
        said = json.loads(sent.answer)
        if "request" in said:
            again = caller["line"].get(f"/v1/serials/requests/{said['request']}")
            for word in {"serials", "ssccs"} & said.keys():
                assert again[word] == said[word], (sent, again)
        for result in said.get("results", []):
            assert result["seq"] in kept, (sent, max(kept))
        if "seq" in said:
            assert said["seq"] in kept, (sent, max(kept))
    for _, sent in answers:
        again = caller[sent.role].call(
            "POST", sent.path, sent.body,
            headers={"Content-Type": sent.type, "Idempotency-Key": sent.key})
        assert (again.status_code, again.content) == (sent.status, sent.answer), sent


def assert_captured(story, site, place):
    """A document that was taken is there, and is applied now if it was not."""
    gateway = site.caller(story.tokens["gateway"])
    for job in story.jobs:
        if job.place > place:
            continue
        deadline = time.monotonic() + harness.CALL_S
        while (said := gateway.get(job.path))["running"]:
            assert time.monotonic() < deadline, said
            time.sleep(0.01)
        assert said["success"], said
    operator = site.caller(story.tokens["operator"])
    for one in operator.get("/v1/partners/hub/deliveries?limit=20")["items"]:
        if one["state"] != "accepted":
            continue
        path = f"/v1/partners/hub/deliveries/{one['id']}/messages/sent"
        bytes_sent = operator.call("GET", path)
        if bytes_sent.status_code != 200:  # messages/ is not synced
            harness.assert_problem(bytes_sent, 404, "message.lost")


def assert_new(story, site, answers):
    """Numbers that are asked for now were not given before the cut."""
    given = collections.defaultdict(set)
    for line, sent in answers:
        said = json.loads(sent.answer)
        given["sscc"].update(said.get("ssccs", []))
        given[line.gtin].update(said.get("serials", []))
    caller = site.caller(story.tokens["line"])
    for gtin, lot in zip(crash_driver.GTINS, crash_driver.LOTS):
        wish = {"gtin": gtin, "quantity": 50, "lot": lot}
        assert not given[gtin] & set(caller.post("/v1/serials", wish, 201)["serials"])
    wish = {"client": "acme", "quantity": 50}
    assert not given["sscc"] & set(caller.post("/v1/sscc", wish, 201)["ssccs"])


def assert_backup(story, place, image):
    """It goes on where it stood and is what its journal says."""
    done = harness.packtrail("backup", image / "site", image / "backup")
    assert done.returncode == 0, done.stderr
    done = harness.packtrail("verify", image / "backup", timeout=harness.CALL_S)
    assert done.returncode == 0, done.stderr
