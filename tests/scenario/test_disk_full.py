"""A store without room refuses what would write, keeps answering what reads, and loses nothing."""
import itertools
import json
import os
import subprocess

import pytest

import harness

ROOM_MB = 64     # the smallest map there is
MORE = "256 MB"
PADDING = {"note": "x" * 3000}
BATCH = 50       # reports a call


class Filler:
    """Commissions packs, with as much said about each as goes, until there is no room."""

    def __init__(self, line, serials):
        self.line, self.serials = line, iter(serials)
        self.answered = {}  # key -> (body, answer)
        self.last = None    # key and body of the call that was refused

    def fill(self):
        for number in itertools.count():
            body = [{"type": "commission", "lot": self.line.lot, "gtin": self.line.gtin,
                     "serials": [next(self.serials)], "extra": PADDING} for _ in range(BATCH)]
            response = self.send(f"fill-{number}", body)
            if response.status_code != 200:
                self.last = (f"fill-{number}", body)
                return response
            assert response.json()["accepted"] == BATCH
            self.answered[f"fill-{number}"] = (body, response.content)

    def send(self, key, body):
        return self.line.call.call("POST", "/v1/reports", body, headers={"Idempotency-Key": key})


def assert_full(site, line, filler):
    """Everything that would write says 507; everything that was there is still read."""
    line.call.refused("POST", "/v1/serials", {"gtin": line.gtin, "quantity": 5}, status=507,
                      code="store.full")
    site.admin.refused("PUT", "/v1/lines/line-9", {"name": "x"}, status=507, code="store.full")
    assert site.caller().call("GET", "/readyz").status_code == 503
    assert site.caller().call("GET", "/healthz").status_code == 200
    for body, _ in itertools.islice(filler.answered.values(), 0, None, 20):
        unit = line.call.unit(f"(01){line.gtin}(21){body[0]['serials'][0]}")
        assert unit["state"] == "commissioned"
    refused = filler.last[1][0]["serials"][0]
    assert line.call.unit(f"(01){line.gtin}(21){refused}")["state"] == "allocated"


def assert_goes_on(line, filler):
    """What was refused is taken now, what was answered is answered again."""
    response = filler.send(*filler.last)
    assert response.status_code == 200 and response.json()["accepted"] == BATCH
    for key, (body, answer) in itertools.islice(filler.answered.items(), 0, None, 20):
        assert filler.send(key, body).content == answer
    lot = line.operator.get(f"/v1/lots/{line.gtin}/{line.lot}")
    assert lot["levels"][0]["commissioned"] == BATCH * (len(filler.answered) + 1)


def test_a_full_map_refuses_writes_keeps_reads_and_loses_nothing(make_site):
    site = make_site()
    site.configure(store={"map_max": f"{ROOM_MB} MB"})
    line = harness.Line(site.start())
    filler = Filler(line, line.serials(40_000))
    harness.assert_problem(filler.fill(), 507, "store.full")
    assert len(filler.answered) > 20
    assert_full(site, line, filler)
    site.kill()
    site.start()
    assert_full(site, line, filler)
    site.stop()
    site.verify()
    site.configure(store={"map_max": MORE})
    site.start()
    assert_goes_on(line, filler)
    site.stop()
    assert json.dumps(site.journal()).count('"units.commissioned"') == \
        BATCH * (len(filler.answered) + 1)
    site.verify()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, which only root can mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_MB}m", "tmpfs", folder],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small file system can't be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_refuses_writes_keeps_reads_and_loses_nothing(small_disk):
    site = harness.Site(small_disk / "site")
    try:
        line = harness.Line(site.start())
        filler = Filler(line, line.serials(40_000))
        harness.assert_problem(filler.fill(), 507, "store.full")
        assert_full(site, line, filler)
        site.restart()
        assert_full(site, line, filler)
        subprocess.run(["mount", "-o", "remount,size=1g", small_disk], check=True)
        assert_goes_on(line, filler)  # without a restart: there is room again
        site.stop()
        site.verify()
    finally:
        site.kill()
        assert os.path.ismount(small_disk)
