"""A store without room refuses what would write, keeps answering what reads, and loses nothing."""
import itertools
import random
import os
import subprocess

import pytest

import harness
from epcis_documents import check_digit, pack

ROOM_MB = 64     # the smallest map there is
MORE = "256 MB"
IMPORTS = (40_000, 4_000, 400)  # numbers an import, the next size when one does not fit
BATCH = 1_000    # packs a report
GTIN = check_digit(f"0{harness.PREFIX}30001")


class Filler:
    """Imports numbers and commissions packs until there is no room for either."""

    def __init__(self, site):
        self.site = site
        self.line = harness.Line(site)
        admin = site.admin
        admin.put(f"/v1/products/{GTIN}", {"client": "acme", "name": "Of a list"})
        admin.put("/v1/pools/list", {"gtin": GTIN, "kind": "list"})
        serials = self.line.serials(1_000_000)
        random.Random(1).shuffle(serials)  # what follows one another hardly takes any room
        self.serials = iter(serials)
        self.imported = 0
        self.answered = {}  # key -> (body, answer)
        self.refused = {}   # what would not go -> key, body

    def fill(self):
        """Ends when neither goes any more."""
        for size in IMPORTS:
            while (response := self.import_more(size)).status_code == 201:
                self.imported += size
        harness.assert_problem(response, 507, "store.full")
        for number in itertools.count():
            body = {"type": "commission", "lot": self.line.lot, "gtin": self.line.gtin,
                    "serials": list(itertools.islice(self.serials, BATCH))}
            response = self.report(f"fill-{number}", body)
            if response.status_code != 200:
                break
            assert response.json()["accepted"] == 1
            self.answered[f"fill-{number}"] = (body, response.content)
        self.refused = {f"fill-{number}": body}
        harness.assert_problem(response, 507, "store.full")

    def import_more(self, size):
        text = "".join(f"N{n:019d}\n" for n in range(self.imported, self.imported + size))
        return self.site.admin.call("POST", "/v1/pools/list/import", text,
                                    headers={"Content-Type": "text/plain"})

    def report(self, key, body):
        return self.line.call.call("POST", "/v1/reports", body, headers={"Idempotency-Key": key})

    def state(self, serial):
        return self.line.call.unit(pack(self.line.gtin, serial))["state"]

    def assert_full(self):
        """What was refused is refused again; everything that was there is still read."""
        harness.assert_problem(self.import_more(IMPORTS[0]), 507, "store.full")
        for key, body in self.refused.items():
            harness.assert_problem(self.report(key, body), 507, "store.full")
            assert self.state(body["serials"][0]) == "allocated"
        assert self.site.caller().call("GET", "/healthz").status_code == 200
        for key, (body, answer) in itertools.islice(self.answered.items(), 0, None, 10):
            assert self.state(body["serials"][0]) == "commissioned"
            assert self.report(key, body).content == answer
        assert self.site.admin.get("/v1/pools/list")["left"] == self.imported

    def assert_goes_on(self):
        """What was refused is taken now, what was answered is answered again."""
        for key, body in self.refused.items():
            response = self.report(key, body)
            assert response.status_code == 200 and response.json()["accepted"] == 1
            self.answered[key] = (body, response.content)
        self.refused = {}
        response = self.import_more(IMPORTS[0])
        assert response.status_code == 201, response.text
        self.imported += IMPORTS[0]
        assert self.site.admin.get("/v1/pools/list")["left"] == self.imported
        for key, (body, answer) in itertools.islice(self.answered.items(), 0, None, 10):
            assert self.report(key, body).content == answer
        lot = self.line.operator.get(f"/v1/lots/{self.line.gtin}/{self.line.lot}")
        assert lot["levels"][0]["commissioned"] == BATCH * len(self.answered)

    def assert_journal(self):
        kinds = [record["kind"] for record in self.site.journal()]
        assert kinds.count("units.commissioned") == len(self.answered)
        self.site.verify()


def test_a_full_map_refuses_writes_keeps_reads_and_loses_nothing(make_site):
    site = make_site()
    site.configure(store={"map_max": f"{ROOM_MB} MB"})
    filler = Filler(site.start())
    filler.fill()
    assert filler.imported > 0 and filler.answered
    filler.assert_full()
    site.restart()
    filler.assert_full()
    site.stop()
    filler.assert_journal()
    site.configure(store={"map_max": MORE})
    site.start()
    filler.assert_goes_on()
    site.stop()
    filler.assert_journal()


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
        filler = Filler(site.start())
        filler.fill()
        filler.assert_full()
        site.restart()
        filler.assert_full()
        subprocess.run(["mount", "-o", "remount,size=1g", small_disk], check=True)
        filler.assert_goes_on()  # without a restart: there is room again
        site.stop()
        filler.assert_journal()
    finally:
        site.kill()
        assert os.path.ismount(small_disk)


def test_verify_says_where_its_copy_has_no_room(make_site, small_disk):
    """Of the store the copy is what facts yield: more than the disk holds, less than the site's."""
    site = make_site().start()
    filler = Filler(site)
    while filler.imported < 200_000:
        assert filler.import_more(IMPORTS[0]).status_code == 201
        filler.imported += IMPORTS[0]
    site.stop()
    for free in (64 * 1024, 5 * 2**20):
        rest = os.statvfs(small_disk)
        (small_disk / "filling").write_bytes(bytes(rest.f_bavail * rest.f_frsize - free))
        done = harness.packtrail("verify", site.folder, env={"TMPDIR": str(small_disk)})
        assert done.returncode == 1, done.stdout
        assert "verify.room" in done.stderr and "set TMPDIR" in done.stderr, done.stderr
        assert sorted(p.name for p in small_disk.iterdir()) == ["filling"]
        (small_disk / "filling").unlink()
    site.verify()
