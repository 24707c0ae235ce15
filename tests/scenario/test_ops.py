"""What operators of the machine ask, and the audit trail."""
import csv
import io
import json
import re
import time

import pytest

from harness import assert_problem, packtrail


def test_anyone_may_ask_whether_it_is_alive_and_ready(site):
    stranger = site.caller()
    assert stranger.get("/healthz") == "alive\n"
    assert stranger.get("/readyz") == "ready\n"


def test_the_version_names_program_format_and_journal(site):
    told = site.admin.get("/version")
    assert set(told) == {"version", "format", "journal_id"}
    assert "packtrail " + told["version"] == packtrail("--version").stdout.strip()
    assert told["journal_id"] in (site.folder / "data/format").read_text()
    del told["journal_id"]  # with it, whoever has an event's id finds the site's own count
    site.admin.put("/v1/clients/acme", {"name": "Acme"})
    bound = site.as_role("operator", client="acme")
    assert bound.get("/version") == site.caller().get("/version") == told


def metrics(site):
    text = site.caller().call("GET", "/metrics").text
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert re.fullmatch(r'packtrail_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")?\})?', name), line
            found[name] = float(value)
    return found


def test_metrics_count_what_happens(site):
    before = metrics(site)
    site.admin.put("/v1/lines/line-1", {"name": "One"})
    site.admin.refused("PUT", "/v1/lines/line-1", {}, status=400)
    after = metrics(site)
    grew = {name: after[name] - before[name] for name in after if name in before}
    assert grew["packtrail_facts_total"] == grew["packtrail_journal_seq"] == 1
    assert grew["packtrail_commits_total"] == grew["packtrail_jobs_total"] == 1
    assert grew['packtrail_requests_total{class="2xx"}'] == 2  # the PUT, and the metrics before
    assert grew['packtrail_requests_total{class="4xx"}'] == 1
    assert grew["packtrail_request_seconds_count"] == 3
    own = {kind: grew[f'packtrail_request_own_seconds_count{{kind="{kind}"}}']
           for kind in ("read", "write")}
    assert own == {"read": 1, "write": 2}
    assert grew['packtrail_commit_seconds_count{part="wait"}'] == 1
    # What the commit waited for the disk is not the request's own.
    total = grew["packtrail_request_seconds_sum"]
    rest = sum(grew[f'packtrail_request_own_seconds_sum{{kind="{kind}"}}'] for kind in own)
    waited = grew['packtrail_commit_seconds_sum{part="wait"}']
    assert abs(total - rest - waited) < 1e-6
    longest = after['packtrail_request_own_microseconds_max{kind="write"}']
    assert 0 < longest <= 1e6 * after['packtrail_request_own_seconds_sum{kind="write"}'] + 1
    assert after["packtrail_queue_jobs"] == 0
    assert 0 < after["packtrail_store_used_bytes"] <= after["packtrail_store_file_bytes"]
    resident = site.status_kb("RssAnon", "RssShmem")
    assert abs(after["packtrail_memory_bytes"] / 1024 - resident) < 4096


# ---- the head file

def test_the_head_file_follows_the_numbers_that_are_issued(site):
    admin = site.admin
    admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": ["9506000"]})
    admin.put("/v1/pools/cases", {"client": "acme", "prefix": "9506000", "extension": "0",
                                  "kind": "sscc"})
    admin.put("/v1/lines/line-1", {"name": "One"})
    line = site.as_role("line", line="line-1")

    def head():
        return json.loads((site.folder / "head.json").read_text())

    line.post("/v1/sscc", {"quantity": 9999, "client": "acme"}, 201)
    assert head()["pools"] == {}, "a minute is not over, nor are 10,000 numbers given"
    given = line.post("/v1/sscc", {"quantity": 1, "client": "acme"}, 201)["ssccs"]
    wait_until(lambda: head()["pools"])
    assert list(head()["pools"]["cases"].values()) == [10000]
    before = head()["seq"]
    assert before == len(packtrail("journal", site.folder).stdout.splitlines())
    for _ in range(2):  # so many that had come back, too, which move no mark
        line.post("/v1/serials/returns", {"ssccs": given, "to": "pool", "reason": "again"})
        given = line.post("/v1/sscc", {"quantity": 5000, "client": "acme"}, 201)["ssccs"]
    wait_until(lambda: head()["seq"] > before)
    site.kill()
    assert head()["pools"]["cases"]


def wait_until(true, timeout=20):
    """What a file says can only be looked at again and again."""
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"not within {timeout} s"
        time.sleep(0.05)


# ---- the audit trail

JOURNAL = "/v1/journal"


@pytest.fixture
def busy(site):
    """A site with 450 facts, more than a slice of a stream holds."""
    admin = site.admin
    admin.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": ["9506000"]})
    for i in range(446):
        admin.put(f"/v1/lines/line-{i % 40}", {"name": f"Line {i} " + "x" * 100})
    return site


def test_the_journal_is_for_those_who_audit(site):
    site.admin.put("/v1/clients/acme", {"name": "Acme"})
    site.admin.put("/v1/lines/line-1", {"name": "One"})
    for role in ("qa", "auditor", "admin"):
        assert len(site.as_role(role).get(JOURNAL)["items"]) > 3
    for role, scope in (("operator", {}), ("line", {"line": "line-1"}),
                        ("gateway", {"client": "acme"}), ("client", {"client": "acme"}),
                        ("distributor", {"client": "acme"})):
        site.as_role(role, **scope).refused("GET", JOURNAL, status=403)


def test_an_item_says_who_when_and_what(site):
    site.admin.put("/v1/clients/acme", {"name": "Acme"})
    me = site.admin.get("/v1/tokens")["items"][0]["id"]
    item = site.admin.get(JOURNAL)["items"][-1]
    assert set(item) - {"clock"} == {"seq", "time", "kind", "actor", "client", "fact"}
    assert (item["kind"], item["actor"], item["client"]) == ("client.put", me, "acme")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", item["time"])


def test_the_journal_in_pages_is_whole(busy):
    seqs = [i["seq"] for i in busy.admin.pages(JOURNAL, limit=200)]
    assert seqs == list(range(1, 451))
    assert [i["seq"] for i in busy.admin.get(JOURNAL)["items"]] == list(range(1, 101))
    assert busy.admin.get(JOURNAL, params={"from": 449})["items"][0]["seq"] == 449
    assert busy.admin.get(JOURNAL, params={"from": 5000}) == {"items": [], "next": None}


def test_a_stream_is_whole_and_the_same_in_every_form(busy):
    admin = busy.admin
    lines = admin.call("GET", JOURNAL, headers={"Accept": "application/x-ndjson"})
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    items = [json.loads(line) for line in lines.text.splitlines()]
    assert [i["seq"] for i in items] == list(range(1, 451))
    table = admin.call("GET", JOURNAL, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [int(row["seq"]) for row in rows] == [i["seq"] for i in items]
    assert [json.loads(row["fact"]) for row in rows] == [i["fact"] for i in items]
    printed = packtrail("journal", busy.folder).stdout
    assert printed == lines.text
    few = admin.call("GET", JOURNAL + "?limit=5", headers={"Accept": "application/x-ndjson"})
    assert len(few.text.splitlines()) == 5
    admin.refused("GET", JOURNAL, status=406, headers={"Accept": "image/png"})


def test_filters_choose_by_kind_and_actor(busy):
    admin = busy.admin
    other = busy.as_role("admin")
    other.put("/v1/lines/line-1", {"name": "Mine"})
    mine = [t["id"] for t in admin.get("/v1/tokens")["items"]][-1]
    assert [i["fact"]["line"] for i in admin.get(f"{JOURNAL}?actor={mine}")["items"]] == ["line-1"]
    kinds = {i["kind"] for i in admin.pages(JOURNAL, kind="line.put", limit=1000)}
    assert kinds == {"line.put"}
    both = admin.get(f"{JOURNAL}?actor={mine}&kind=client.put")
    assert both == {"items": [], "next": None}
    pages = list(admin.pages(JOURNAL, kind="token.created", limit=1))
    assert [i["fact"]["role"] for i in pages] == ["admin", "admin"]


def test_filters_choose_by_unit_and_lot(site, line):
    packs, cases = line.serials(20), line.ssccs(2)
    line.commission(packs)
    for case, some in zip(cases, (packs[:10], packs[10:])):
        line.call.report({"type": "pack", "parent": case, "commission": True,
                          "children": [f"(01){line.gtin}(21){s}" for s in some]})
    line.operator.post("/v1/lots", {"lot": "L2", "gtin": line.gtin, "expiry": "2030-12-31"}, 201)

    def facts(**query):
        return [(i["kind"], i.get("lot")) for i in site.admin.pages(JOURNAL, limit=1, **query)]

    issued, packed = ("numbers.issued", None), ("units.packed", "L1")
    commissioned = ("units.commissioned", "L1")
    assert facts(unit=f"(01){line.gtin}(21){packs[0]}") == [issued, commissioned, packed]
    assert facts(unit=cases[1]) == [issued, packed]
    assert facts(lot="L1") == [("lot.opened", "L1"), commissioned, packed, packed]
    assert facts(lot="L1", kind="lot.opened") == [("lot.opened", "L1")]
    assert facts(lot="L2") == [("lot.opened", "L2")]
    assert facts(lot="L2", unit=cases[0]) == facts(lot="L3") == []
    assert facts(lot="L1", unit=cases[0]) == [packed]
    table = site.admin.call("GET", f"{JOURNAL}?lot=L2", headers={"Accept": "text/csv"}).text
    assert [row["lot"] for row in csv.DictReader(io.StringIO(table))] == ["L2"]
    site.as_role("auditor", client=line.client).get(f"{JOURNAL}?unit={cases[0]}")
    site.admin.put("/v1/clients/beta", {"name": "Beta"})
    site.as_role("auditor", client="beta").refused("GET", f"{JOURNAL}?unit={cases[0]}", status=404)


@pytest.mark.parametrize("query", ["kind=nothing", "actor=nobody-1", "from=x", "from=-1",
                                   "unit=123", "page=zz", "limit=0"])
def test_a_filter_that_makes_no_sense_is_refused(site, query):
    answer = site.admin.call("GET", f"{JOURNAL}?{query}")
    assert answer.status_code in (400, 404)
    assert_problem(answer, answer.status_code)


def test_who_is_bound_to_a_client_reads_its_facts_by_its_own_count(site):
    admin = site.admin
    for name in ("acme", "beta"):
        admin.put(f"/v1/clients/{name}", {"name": name})
        admin.put(f"/v1/lines/line-{name}", {"name": name})
    auditor = site.as_role("auditor", client="beta")
    for i in range(3):
        admin.put("/v1/clients/acme", {"name": f"acme {i}"})
        admin.put("/v1/clients/beta", {"name": f"beta {i}"})
    items = list(auditor.pages(JOURNAL, limit=2))
    assert [i["seq"] for i in items] == [1, 2, 3, 4]
    assert {i["client"] for i in items} == {"beta"}
    assert auditor.get(JOURNAL, params={"from": 4})["items"] == items[3:]
    assert len(admin.get(JOURNAL)["items"]) > 10
    next_of_site = admin.get(JOURNAL, params={"limit": 1})["next"]
    assert re.fullmatch("[0-9a-f]{48}", next_of_site), "a token that tells no count"


def test_a_full_store_is_said_kept_readable_and_whole(make_site):
    site = make_site()
    site.configure(store={"map_max": "64 MB"})
    site.start()
    admin, stored = site.admin, 0
    extra = {f"x{i}": "y" * 500 for i in range(64)}
    while True:
        answer = admin.call("PUT", f"/v1/lines/line-{stored}", {"name": "L", "extra": extra})
        if answer.status_code != 201:
            break
        stored += 1
        assert stored < 2000
    assert_problem(answer, 507, "store.full")
    assert stored > 50
    admin.refused("GET", "/readyz", status=503, code="store.full")
    assert admin.get("/healthz") == "alive\n"
    assert admin.get(f"/v1/lines/line-{stored - 1}")["name"] == "L"
    admin.refused("PUT", "/v1/lines/other", {"name": "L", "extra": extra}, status=507)
    site.stop()
    assert packtrail("verify", site.folder).returncode == 0
    site.configure(store={"map_max": "128 MB"})
    site.start()
    assert admin.get("/readyz") == "ready\n"
    assert len(list(admin.pages("/v1/lines"))) == stored


def test_a_reader_that_hangs_up_is_no_trouble(busy):
    for _ in range(5):
        with busy.admin.http.get(busy.url + JOURNAL, stream=True, timeout=20,
                                 headers={"Accept": "application/x-ndjson"}) as answer:
            next(answer.iter_lines())
    assert busy.caller().get("/healthz") == "alive\n"
    busy.stop()


def test_refused_requests_are_logged_without_what_is_secret(site):
    token = site.token("operator")
    site.caller(token).refused("GET", "/v1/tokens?secret=hush-hush", status=403)
    site.caller("pt_wrong").refused("GET", "/v1/tokens", status=401)
    site.stop()  # a line may be written after its answer
    log = site.log()
    assert log.count("event=request.refused") == 2
    assert 'path="/v1/tokens"' in log and "status=403" in log
    for secret in (token, "hush-hush", "pt_wrong"):
        assert secret not in log
