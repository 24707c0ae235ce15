"""Bad days: what fails is told to who asks, what can be read is read, and all goes on by itself.

Days with tests of their own: a full map and a full disk (test_disk_full), clocks that jump
(test_auditor), partners that hang (test_delivery), slow, half and oversized requests
(test_bad_input), no memory and any other call that fails (test_faults), no power (test_power), an end
while requests are under way (test_cli); how long a start takes after SIGKILL is measured
(tests/bench/run.sh --only start).
"""
import errno
import os
import resource
import signal
import socket
import time

import pytest

import faults
import harness
from epcis_documents import pack

WAIT_S = 30
CROWD = 10_000
SPARE = 12  # descriptors of a service that has hardly any


def until(wanted):
    deadline = time.monotonic() + WAIT_S
    while not wanted():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def descriptors(site):
    return len(os.listdir(f"/proc/{site.process.pid}/fd"))


def connect(site):
    host, port = site.listen.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=harness.CALL_S)


@pytest.mark.skipif(harness.SANITIZED, reason="the failing calls are preloaded first")
@pytest.mark.parametrize("kind, error", [
    ("write", errno.EROFS), ("write", errno.EIO), ("sync", errno.EIO), ("write", errno.EDQUOT)])
def test_a_disk_that_takes_nothing_is_still_read(make_site, tmp_path, kind, error):
    """As a file system that was remounted read-only: then nothing can be written any more."""
    shared = faults.Faults(tmp_path)
    line = harness.Line(make_site(env=shared.env).start())
    serials = line.serials(2)
    line.commission(serials[:1])
    report = {"type": "commission", "id": "r", "lot": line.lot, "gtin": line.gtin,
              "serials": serials[1:]}
    shared.arm(faults.Fault(kind, 1, 1, error))
    full = error == errno.EDQUOT
    for _ in range(3):
        answer = line.call.call("POST", "/v1/reports", report)
        problem = harness.assert_problem(answer, 507 if full else 503)
        assert problem["code"] == ("store.full" if full else "store.write")
        assert full or "Retry-After" in answer.headers
        assert line.call.unit(pack(line.gtin, serials[0]))["state"] == "commissioned"
        assert line.call.unit(pack(line.gtin, serials[1]))["state"] == "allocated"
        line.site.caller().get("/healthz")
    shared.disarm()
    assert line.call.report(report)["accepted"] == 1
    line.site.stop()
    line.site.verify()


def test_without_descriptors_those_who_are_there_are_served(site, line):
    """Nobody new comes in, no file is opened; once some hang up, all is as before."""
    line.serials(1)  # this line's connection is there and stays
    few = descriptors(site) + SPARE
    pid = site.process.pid
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, few))
    crowd = [connect(site) for _ in range(3 * SPARE)]  # the kernel lets them wait
    until(lambda: descriptors(site) >= few - 2)
    started = time.monotonic()
    for _ in range(20):
        line.commission(line.serials(1))
    assert time.monotonic() - started < WAIT_S
    for one in crowd:
        one.close()
    harness.Line(site, lot="L2").serials(5)
    assert site.process.poll() is None
    site.stop()
    site.verify()


def test_a_partner_whose_name_is_not_found_holds_back_nobody(make_site, make_partner):
    site = make_site()
    site.configure(exchange={"retry_min": "10 ms", "retry_max": "100 ms"})
    line, live, found = harness.Line(site.start()), make_partner(), make_partner()
    wish = {"client": line.client, "format": "epcis-2.0-json", "approval": "none"}
    site.admin.put("/v1/partners/lost", {**wish, "url": "http://nowhere.invalid/capture"})
    site.admin.put("/v1/partners/live", {**wish, "url": live.url})
    for _ in range(5):
        line.commission(line.serials(2))
    live.wait_for(1)
    waiting = line.operator.get("/v1/partners/lost/deliveries")["items"]
    assert waiting and {d["state"] for d in waiting} <= {"waiting", "sending"}
    site.admin.put("/v1/partners/lost", {**wish, "url": found.url})
    found.wait_for(1)
    until(lambda: {d["state"] for d in line.operator.get("/v1/partners/lost/deliveries")["items"]}
          == {"accepted"})


@pytest.mark.skipif(harness.SANITIZED, reason="they need ten times the memory for each of them")
def test_ten_thousand_idle_connections_cost_nobody_anything(make_site):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CROWD + 1000:
        pytest.skip(f"only {hard} descriptors may be had here")
    site = make_site(env={"PACKTRAIL_HTTP_IDLE_TIME": "1 h"})
    site.configure(http={"connections_max": CROWD + 500})
    resource.setrlimit(resource.RLIMIT_NOFILE, (CROWD + 1000, hard))
    crowd = []
    try:
        line = harness.Line(site.start())
        before, few = site.rss_kb(), descriptors(site)
        crowd = [connect(site) for _ in range(CROWD)]
        until(lambda: descriptors(site) >= few + CROWD)
        each = (site.rss_kb() - before) / CROWD
        slowest = 0
        for _ in range(50):
            started = time.monotonic()
            line.commission(line.serials(10))
            slowest = max(slowest, time.monotonic() - started)
        assert slowest < 2 and each < 16, (slowest, each)
        assert site.caller().get("/readyz")
    finally:
        for one in crowd:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    until(lambda: descriptors(site) < few + 100)
    site.process.send_signal(signal.SIGTERM)
    assert site.wait() == 0


def test_idle_connections_end_in_their_time_and_the_next_comes_in(make_site):
    site = make_site()
    site.configure(http={"connections_max": 20, "idle_time": "1 s"})
    site.start()
    crowd = [connect(site) for _ in range(20)]
    with connect(site) as late:
        late.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert late.recv(100).startswith(b"HTTP/1.1 503 ")
    assert all(one.recv(1) == b"" for one in crowd)  # the service hangs up by itself
    site.caller().get("/healthz")
    for one in crowd:
        one.close()
