"""A hundred megabytes of reports in one call: little memory, right counts, and after a power cut
the same call goes on where it stopped.
"""
import http.client
import json
import threading

import pytest

import harness
from harness import GTIN

LINES = 3_000 if harness.SANITIZED else 43_000
UNITS = 100              # packs a line
GROWTH_KB = 8 * 1024
MEBI = 1 << 20
FIRST = 10 ** 18


def report(line):
    """One line of the upload."""
    first = FIRST + line * UNITS
    serials = '","'.join(f"{n:020d}" for n in range(first, first + UNITS))
    return (f'{{"type":"commission","lot":"L1","gtin":"{GTIN}","serials":["{serials}"]}}\n'
            ).encode()


def body(lines):
    """The lines in pieces of about 64 KB."""
    for start in range(0, lines, 27):
        yield b"".join(report(n) for n in range(start, min(start + 27, lines)))


class Upload:
    """One call on a connection of its own, so that it can be watched and cut."""

    def __init__(self, site, token, lines, key):
        self.size = len(report(0)) * lines
        self.sent = 0
        self.lines, self.key, self.token = lines, key, token
        host, port = site.listen.rsplit(":", 1)
        self.http = http.client.HTTPConnection(host, int(port), timeout=harness.CALL_S)

    def run(self, watch=lambda sent: None):
        self.http.putrequest("POST", "/v1/reports")
        for name, value in (("Authorization", f"Bearer {self.token}"),
                            ("Content-Type", "application/x-ndjson"),
                            ("Content-Length", str(self.size)), ("Idempotency-Key", self.key)):
            self.http.putheader(name, value)
        self.http.endheaders()
        for piece in body(self.lines):
            self.http.send(piece)
            self.sent += len(piece)
            watch(self.sent)
        response = self.http.getresponse()
        answer = response.read()
        assert response.status == 200, answer[:2000]
        return answer


@pytest.fixture(scope="module")
def plant(make_story_site):
    """A site whose sequential numbers are given out, freshly started and warmed up."""
    site = make_story_site().start()
    admin = site.admin
    admin.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": [harness.PREFIX]})
    admin.put(f"/v1/products/{GTIN}", {"client": "acme", "name": "Exampline 5 mg"})
    admin.put("/v1/pools/packs", {"gtin": GTIN, "kind": "sequential", "start": FIRST,
                                  "length": 20})
    admin.put("/v1/lines/line-1", {"name": "Line 1"})
    site.operator = site.as_role("operator")
    site.operator.post("/v1/lots", {"lot": "L1", "gtin": GTIN, "expiry": "2031-01-01"})
    site.line_token = site.token("line", line="line-1")
    line = site.caller(site.line_token)
    left = (LINES + 1) * UNITS
    while left > 0:
        quantity = min(left, 1_000_000)
        text = line.post("/v1/serials", {"gtin": GTIN, "quantity": quantity}, 201,
                         headers={"Accept": "text/plain"})
        assert text.count("\n") == quantity
        left -= quantity
    site.restart()
    one = site.caller(site.line_token).post(
        "/v1/reports", report(LINES), 200, headers={"Content-Type": "application/x-ndjson"})
    assert one["accepted"] == 1
    return site


def commissioned(site):
    return site.operator.get(f"/v1/lots/{GTIN}/L1")["levels"][0]["commissioned"]


def test_a_long_upload_survives_a_kill_takes_little_memory_and_counts_right(plant):
    site = plant
    first = Upload(site, site.line_token, LINES, "night shift")

    def cut(sent):
        if sent > first.size // 2:
            site.kill()

    with pytest.raises((OSError, http.client.HTTPException)):
        first.run(cut)
    site.start()
    before = commissioned(site)
    assert UNITS < before < LINES * UNITS, "it was cut somewhere in the middle"

    quiet = site.rss_kb()
    peak = [quiet]
    over = threading.Event()

    def watch_memory():
        while not over.wait(0.02):
            peak.append(site.rss_kb())

    watcher = threading.Thread(target=watch_memory)
    watcher.start()
    answer = Upload(site, site.line_token, LINES, "night shift").run()
    over.set()
    watcher.join()
    told = json.loads(answer)
    assert (told["accepted"], told["refused"]) == (LINES, 0)
    assert commissioned(site) == (LINES + 1) * UNITS
    assert LINES < 40_000 or first.size > 100 * 10 ** 6
    if not harness.SANITIZED:
        assert max(peak) - quiet < GROWTH_KB, (quiet, max(peak))

    again = Upload(site, site.line_token, LINES, "night shift").run()
    assert again == answer
    assert commissioned(site) == (LINES + 1) * UNITS


def test_every_line_was_taken_once(plant):
    plant.stop()
    kinds = [r["kind"] for r in plant.journal()]
    assert kinds.count("units.commissioned") == LINES + 1
    assert plant.verify() == (len(kinds), (LINES + 1) * UNITS)
