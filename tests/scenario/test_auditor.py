"""What auditors rely on: finding records, old and new values, exports that standard tools prove,
the published head, and the watch over the clock."""
import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import time
from urllib.parse import quote

import pytest

import harness
from contract import ROOT
from harness import GTIN, packtrail

HUB, SITE = "9506000000015", "9506000000022"
JOURNAL = "/v1/journal"
PROVE = ROOT / "scripts/verify_export.sh"


def records(caller, query=""):
    text = caller.call("GET", JOURNAL + query, headers={"Accept": "application/x-ndjson"}).text
    return [json.loads(line) for line in text.splitlines()]


def kinds(caller, query):
    return [r["kind"] for r in records(caller, query)]


# ---- finding

def test_a_person_is_found_whatever_token_they_called_with(site):
    mia = site.person("qa", "mia")
    again = site.caller(site.admin.post("/v1/tokens", {"user": "mia"}, 201)["token"])
    paul = site.person("operator", "paul", "Paul Pack")
    for caller in (mia, again, paul):
        caller.post("/v1/clock/accept", {"reason": "x", "signature": harness.sign()}, 409)
    refused = records(site.admin, "?user=mia&kind=refusal")
    assert len({r["actor"] for r in refused}) == 2
    assert {r["user"] for r in refused} == {"mia"}
    one = records(site.admin, f"?user=mia&actor={refused[0]['actor']}&kind=refusal")
    assert one == [refused[0]]
    assert records(site.admin, f"?user=paul&actor={refused[0]['actor']}") == []
    site.admin.refused("GET", f"{JOURNAL}?user=nobody", status=400, code="journal.filter")


def test_people_of_other_clients_are_as_nobody(site, line):
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9507000"]})
    zoe, ann = (site.person("qa", name, client=c) for name, c in (("zoe", "beta"), ("ann", "acme")))
    ann.post("/v1/holds", {"gtin": GTIN, "lot": "L1", "reason": "x"}, 201)
    theirs = site.as_role("auditor", client="acme")
    token = records(site.admin, "?user=zoe")[0]["actor"]
    for query in ("user=zoe", "user=nobody", f"actor={token}", "actor=nobody"):
        assert theirs.get(f"{JOURNAL}?{query}") == {"items": [], "next": None}
    assert kinds(theirs, "?user=ann") == ["lot.held"]
    line.call.report({"type": "close", "parent": line.ssccs(1)[0]})  # refused
    operator = site.as_role("operator", client="acme")
    path = f"/v1/exceptions/{operator.get('/v1/exceptions')['items'][0]['id']}/assign"
    for owner in ("zoe", token, "nobody"):
        operator.refused("POST", path, {"owner": owner}, status=422, code="exception.owner")
    assert operator.post(path, {"owner": "ann"}, 200)["owner"] == "ann"


def test_lots_are_found_by_their_name_and_by_any_gtin_of_the_product(site, line):
    operator = site.as_role("operator")
    for lot in ("A1", "A2"):
        operator.post("/v1/lots", {"lot": lot, "gtin": GTIN, "expiry": "2030-12"}, (200, 201))
    assert kinds(site.admin, f"?lot=A1&gtin={GTIN}") == ["lot.opened"]
    by_gtin = records(site.admin, f"?gtin={GTIN[1:]}")
    assert {"A1", "A2"} <= {r["lot"] for r in by_gtin}
    assert by_gtin == sorted(by_gtin, key=lambda r: r["seq"])
    assert records(site.admin, f"?gtin={GTIN}&kind=lot.closed") == []
    site.admin.refused("GET", f"{JOURNAL}?gtin=123", status=400, code="journal.filter")


def test_a_lot_and_a_unit_are_found_from_the_first_number_on(site, line):
    """Also what stands in no list of theirs: numbers asked for before the lot was opened, confirmed
    and returned, refusals and their handling, the end of a hold."""
    qa, lot = site.person("qa", "mia"), {"lot": "B7", "gtin": line.gtin}
    asked = line.call.post("/v1/serials", {**lot, "quantity": 6}, 201)
    serials, request = asked["serials"], f"/v1/serials/requests/{asked['request']}"
    line.call.post("/v1/serials", {**lot, "lot": "OTHER", "quantity": 1}, 201)
    line.operator.post("/v1/lots", {**lot, "expiry": "2031-01"}, 201)
    line.call.report({"type": "commission", **lot, "serials": serials[:2]})
    line.call.post(f"{request}/confirm", {}, 200)
    line.call.post("/v1/serials/returns", {"gtin": line.gtin, "serials": serials[4:5],
                                           "reason": "too many"}, 200)
    line.call.report({"type": "commission", **lot, "serials": serials[:1]})  # twice: refused
    one, = line.operator.get("/v1/exceptions", params={"lot": "B7"})["items"]
    line.operator.post(f"/v1/exceptions/{one['id']}/notes", {"text": "looked at"}, 200)
    unit = f"(01){line.gtin}(21){serials[1]}"
    hold = line.operator.post("/v1/holds", {"units": [unit], "reason": "dented"}, 201)
    qa.post(f"/v1/holds/{hold['id']}/release", {"signature": harness.sign("review", "fine")}, 200)
    wanted = ["numbers.issued", "lot.opened", "units.commissioned", "numbers.confirmed",
              "numbers.returned", "refusal", "exception.noted", "units.changed", "units.changed",
              "hold.released"]
    assert kinds(site.admin, f"?lot=B7&gtin={line.gtin}") == wanted
    assert set(wanted) <= set(kinds(site.admin, f"?gtin={line.gtin}"))
    assert kinds(site.admin, "?lot=OTHER") == ["numbers.issued"]  # never opened
    assert kinds(site.admin, "?lot=B7&kind=numbers.issued") == ["numbers.issued"]
    by_page = [i["kind"] for i in site.admin.pages("/v1/journal", lot="B7", limit=2)]
    assert by_page == wanted
    of_unit = ["numbers.issued", "units.commissioned", "numbers.confirmed", "units.changed",
               "units.changed", "hold.released"]
    assert kinds(site.admin, f"?unit={quote(unit)}") == of_unit
    assert kinds(site.admin, f"?unit={quote(unit)}&lot=B7") == of_unit
    for serial, more in ((serials[4], ["numbers.returned"]), (serials[5], [])):
        found = kinds(site.admin, f"?unit={quote(f'(01){line.gtin}(21){serial}')}")
        assert found == ["numbers.issued", "numbers.confirmed", *more]
    other = site.as_role("qa", client="acme")
    assert kinds(other, "?lot=B7") == wanted
    line.call.report({"type": "commission", **lot, "serials": ["NOT-A-NUMBER"]})  # of nothing known
    assert kinds(site.admin, "?lot=B7") == [*wanted, "refusal"]


def refusals(caller, unit, query=""):
    found = records(caller, f"?unit={quote(unit)}{query}")
    return [(r["fact"]["code"], r.get("lot")) for r in found if r["kind"] == "refusal"]


def test_a_unit_is_found_in_every_refusal_that_named_it(site, line):
    """By whatever spelling and door, also of another client and of a name that is no unit's."""
    one, other = (f"(01){line.gtin}(21){s}" for s in line.serials(2))
    line.commission([one[22:], other[22:]])
    assert refusals(site.admin, one) == []
    line.call.report({"type": "commission", "lot": line.lot, "gtin": line.gtin,
                      "serials": [one[22:]]})
    line.call.report({"type": "scrap", "gtin": line.gtin, "serials": [one[22:], other[22:]],
                      "reason": "torn"})
    spelt = f"https://id.gs1.org/01/{line.gtin}/21/{one[22:]}"
    line.call.report({"type": "found", "units": [spelt], "reason": "not lost"})
    line.call.report({"type": "commission", "lot": line.lot, "gtin": line.gtin,
                      "serials": [one[22:], "NOBODY"]}, each="true")
    both = ("unit.unknown", line.lot)  # the first that was wrong, of the two that it names
    known = [("unit.state", line.lot), ("unit.state", None), ("unit.state", None), both]
    assert refusals(site.admin, one) == refusals(site.admin, spelt) == known
    assert refusals(site.admin, other) == [("unit.state", None)]
    assert refusals(site.admin, one, f"&lot={line.lot}") == [known[0], both]
    nobody = f"(01){line.gtin}(21)NOBODY"
    assert refusals(site.admin, nobody) == [both]
    assert kinds(site.admin, f"?unit={quote(nobody)}") == ["refusal"]
    site.admin.refused("GET", f"{JOURNAL}?unit={quote(nobody + 'Z')}", status=404,
                       code="unit.unknown")
    assert refusals(site.as_role("qa", client=line.client), nobody) == [both]
    site.admin.put("/v1/clients/beta", {"name": "Beta"})
    other_client = site.as_role("qa", client="beta")
    for unit in (one, nobody):
        other_client.refused("GET", f"{JOURNAL}?unit={quote(unit)}", status=404, code="unit.unknown")


def test_goods_that_were_not_shipped_tell_so_by_each_unit(site, line):
    """And what people did about it stands with the unit, as its chain does."""
    serial, other = line.serials(2)
    unit = f"(01){line.gtin}(21){serial}"
    line.commission([serial])
    for gln in (SITE, HUB):
        site.admin.put(f"/v1/parties/{gln}", {"name": "A party"})
        site.admin.put(f"/v1/locations/{gln}", {"name": "Its place"})
    line.operator.post(f"/v1/lots/{line.gtin}/{line.lot}/close", {}, 200)
    line.operator.refused("POST", "/v1/shipments", {
        "units": [unit, f"(01){line.gtin}(21){other}"],
        "from": {"party": SITE, "location": SITE}, "to": {"party": HUB, "location": HUB},
        "documents": [{"type": "desadv", "id": "D-1"}]},
        status=409, code="unit.state")
    one, = line.operator.get("/v1/exceptions")["items"]
    line.operator.post(f"/v1/exceptions/{one['id']}/notes", {"text": "looked at"}, 200)
    found = f"?unit={quote(f'(01){line.gtin}(21){other}')}"
    assert kinds(site.admin, found) == ["numbers.issued", "refusal", "exception.noted"]
    assert kinds(site.admin, f"?unit={quote(unit)}") == ["numbers.issued", "units.commissioned"]


def test_what_was_configured_again_shows_old_and_new_values(site):
    mia = site.person("admin", "ada", "Ada Admin")
    site.admin.put("/v1/lines/line-1", {"name": "One", "extra": {"room": "1"}})
    mia.refused("PUT", "/v1/lines/line-1", {"name": "Two"}, status=400, code="reason.required")
    mia.put("/v1/lines/line-1", {"name": "Two", "extra": {"room": "2"}, "reason": "moved"})
    first, last = records(site.admin, "?kind=line.put")
    assert "changes" not in first["fact"]
    assert (last["user"], last["fact"]["reason"]) == ("ada", "moved")
    assert last["fact"]["changes"] == [
        {"field": "name", "old": "One", "new": "Two"},
        {"field": "extra.room", "old": "1", "new": "2"}]


# ---- exports

def export(site, tmp_path, query="", caller=None):
    archive, key = tmp_path / "journal.ndjson.gz", tmp_path / "export.pub"
    caller = caller or site.as_role("auditor")
    key.write_text(caller.call("GET", f"{JOURNAL}/key").text)
    archive.write_bytes(caller.call("GET", f"{JOURNAL}/export{query}").content)
    return archive, key


def proven(archive, key):
    return subprocess.run(["sh", PROVE, archive, key], capture_output=True, text=True, check=False)


def rewritten(archive, change):
    """The archive with its lines changed; a function of the list of lines."""
    lines = gzip.decompress(archive.read_bytes()).decode().splitlines(keepends=True)
    other = archive.with_name("other.gz")
    other.write_bytes(gzip.compress("".join(change(lines)).encode()))
    return other


@pytest.fixture
def acme(site):
    for i in range(3):
        site.admin.put("/v1/lines/line-1", {"name": f"Line {i}"})
    site.admin.put("/v1/clients/acme", {"name": "Acme"})
    site.admin.put("/v1/clients/beta", {"name": "Beta Secret"})
    return site


def test_an_export_is_proven_by_standard_tools_and_ends_at_the_published_head(acme, tmp_path):
    auditor = acme.as_role("auditor")
    acme.stop()  # writes the head file
    acme.start()
    head = json.loads((acme.folder / "head.json").read_text())
    archive, key = export(acme, tmp_path, f"?until={head['seq']}", auditor)
    done = proven(archive, key)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"head: {head['seq']} {head['link']}"
    says = [json.loads(line)["says"] for line in gzip.open(archive, "rt") if '"says"' in line]
    assert says == records(acme.admin, f"?until={head['seq']}")


def test_an_export_for_one_client_shows_bare_digests_and_is_proven(acme, tmp_path):
    archive, key = export(acme, tmp_path, "?client=acme&from=2")
    done = proven(archive, key)
    assert done.returncode == 0, done.stderr
    text = gzip.decompress(archive.read_bytes()).decode()
    assert "Beta" not in text and "Line" not in text
    assert [json.loads(line)["says"]["client"] for line in text.splitlines()
            if '"says"' in line] == ["acme"]


def signed_anew(site, lines, tmp_path):
    """The statement and its signature for changed lines, as the site's own key makes them."""
    text, said = tmp_path / "statement", tmp_path / "signature"
    of = hashlib.sha256("".join(lines[:-2]).encode()).hexdigest()
    statement = re.sub(r'"sha256":"[0-9a-f]{64}"', f'"sha256":"{of}"', lines[-2])
    text.write_text(statement.rstrip("\n"))
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", site.folder / "export.key", "-rawin",
                    "-in", text, "-out", said], check=True)
    return [*lines[:-2], statement,
            f'{{"signature":"{base64.b64encode(said.read_bytes()).decode()}"}}\n']


@pytest.mark.parametrize("last", ['{line},"note":"ok"}}\n', '{line}\0}}\n', '{line}}}', '{line}}} \n',
                                  '{{"note":"ok",{inner}}}\n', '\n'])
def test_a_signature_with_anything_beside_it_is_no_proof(acme, tmp_path, last):
    archive, key = export(acme, tmp_path, caller=acme.admin)

    def change(lines):
        line = lines[-1].rstrip("\n").removesuffix("}")
        return [*lines[:-1], last.format(line=line, inner=line.removeprefix("{"))]

    assert proven(archive, key).returncode == 0
    done = proven(rewritten(archive, change), key)
    assert (done.returncode, "no signature" in done.stderr) == (1, True), done.stderr


# HASH-WITHHELD
def test_a_record_whose_bytes_are_withheld_is_proven_by_its_digest(acme, tmp_path):
    """As those are that hold a password's hash of before hashes were sealed."""
    acme.person("qa", "mia")
    archive, key = export(acme, tmp_path, caller=acme.admin)

    def withhold(lines):
        of = [i for i, line in enumerate(lines) if '"kind":"user.p' in line]
        assert len(of) == 2
        for i in of:
            lines[i] = re.sub(r'"record":"[^"]*"', '"withheld":"password"', lines[i])
        return signed_anew(acme, lines, tmp_path)

    other = rewritten(archive, withhold)
    done = proven(other, key)
    assert done.returncode == 0, done.stderr
    assert done.stdout == proven(archive, key).stdout
    shortened = rewritten(other, lambda lines: signed_anew(
        acme, [x for x in lines if '"withheld"' not in x], tmp_path))
    assert "a record is missing" in proven(shortened, key).stderr


def flip(lines, number):
    line = lines[number]
    at = line.index('"record":"') + 30
    other = "A" if line[at] != "A" else "B"
    return [*lines[:number], line[:at] + other + line[at + 1:], *lines[number + 1:]]


@pytest.mark.parametrize("change", [
    lambda lines: flip(lines, 2),                                       # a record
    lambda lines: [*lines[:3], *lines[4:]],                             # one less
    lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],         # another order
    lambda lines: [*lines[:-3], *lines[-2:]],                           # the last one less
    lambda lines: [*lines[:-2], lines[-2].replace("from\":1", "from\":2"), lines[-1]],
    lambda lines: [lines[0].replace("from", "form"), *lines[1:]],
])
def test_whatever_is_changed_in_an_export_is_found(acme, tmp_path, change):
    archive, key = export(acme, tmp_path)
    assert proven(archive, key).returncode == 0
    assert proven(rewritten(archive, change), key).returncode == 1


def test_an_export_signed_by_another_key_or_cut_short_proves_nothing(acme, tmp_path):
    archive, key = export(acme, tmp_path)
    other = tmp_path / "other.pub"
    subprocess.run(f"openssl genpkey -algorithm ed25519 | openssl pkey -pubout >{other}",
                   shell=True, check=True)
    assert proven(archive, other).returncode == 1
    archive.write_bytes(archive.read_bytes()[:-40])
    assert proven(archive, key).returncode == 1


def test_the_key_is_its_owners_alone_and_stays(acme):
    path = acme.folder / "export.key"
    assert path.stat().st_mode & 0o777 == 0o600
    public = acme.admin.call("GET", f"{JOURNAL}/key").text
    told = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"], capture_output=True,
                          text=True, check=True).stdout
    assert public == told
    acme.restart()
    assert acme.admin.call("GET", f"{JOURNAL}/key").text == public


# ---- the published head

def test_a_journal_that_was_cut_short_or_rewritten_departs_from_its_head(acme, tmp_path):
    acme.stop()
    assert "event=journal.head" in acme.log()
    head = acme.folder / "head.json"
    said = json.loads(head.read_text())
    assert f'seq={said["seq"]} link="{said["link"]}"' in acme.log()
    for change, code in (({"seq": said["seq"] + 1}, "journal.truncated"),
                         ({"link": "0" * 64}, "journal.rewritten"),
                         ({"seq": 2}, "journal.rewritten")):
        head.write_text(json.dumps({**said, **change}))
        done = packtrail("verify", acme.folder)
        assert done.returncode == 1 and code in done.stderr
    head.write_text(json.dumps(said))
    acme.verify()


def test_metrics_tell_the_head_of_the_journal(acme, tmp_path):
    text = acme.caller().call("GET", "/metrics").text
    archive, key = export(acme, tmp_path, caller=acme.admin)
    link = proven(archive, key).stdout.split()[-1]
    assert f'packtrail_journal_head{{link="{link[:16]}"}} 1' in text


# ---- the clock

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
int adjtimex(struct timex *t)
{
    int kept = getenv("CLOCK_KEPT") != NULL;
    t->status = kept ? 0 : STA_UNSYNC;
    return kept ? TIME_OK : TIME_ERROR;
}
int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    long ahead = 0;
    if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(id, t);
    FILE *f = id == CLOCK_REALTIME ? fopen(getenv("CLOCK_AHEAD"), "r") : NULL;
    if (f != NULL) { if (fscanf(f, "%ld", &ahead) == 1) t->tv_sec += ahead; fclose(f); }
    return rc;
}
"""


@pytest.fixture
def wrong(site, tmp_path):
    """The site with a wall clock that the test sets ahead, by seconds, and that is kept right but
    where its environment does not say so."""
    if harness.SANITIZED:
        pytest.skip("a sanitizer wants to be loaded first")
    source, shim, ahead = (tmp_path / n for n in ("shim.c", "shim.so", "ahead"))
    source.write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    ahead.write_text("0")
    site.stop()
    site.env = {**site.env, "LD_PRELOAD": str(shim), "CLOCK_AHEAD": str(ahead),
                "CLOCK_KEPT": "yes"}
    site.start()
    site.set_ahead = lambda s: (ahead.with_suffix(".new").write_text(str(s)),
                                ahead.with_suffix(".new").rename(ahead))
    return site


def test_a_clock_far_ahead_stops_writing_until_a_person_signs(wrong, partner):
    admin = wrong.admin
    wrong.configure(exchange={"retry_min": "100 ms", "retry_max": "200 ms"})
    wrong.restart()
    partner.always = harness.Answer.of(503, b"later")
    line = harness.Line(wrong)
    admin.put("/v1/partners/hub", {"client": "acme", "url": partner.url,
                                   "format": "epcis-2.0-json"})
    olga = wrong.person("operator", "olga", "Olga Operator")
    machine = wrong.as_role("operator")
    admin.put("/v1/lines/line-1", {"name": "One"})
    line.commission(line.serials(3))
    while not admin.get("/v1/partners/hub")["failing"]:
        time.sleep(0.02)
    wrong.set_ahead(7200)
    admin.refused("PUT", "/v1/lines/line-1", {"name": "Two"}, status=503, code="clock.jumped")
    wrong.restart()
    admin.refused("PUT", "/v1/lines/line-1", {"name": "Two"}, status=503, code="clock.jumped")
    assert admin.get("/v1/clock")["stopped"] is True
    assert admin.get("/v1/lines/line-1")["name"] == "One", "reading goes on"
    olga.refused("POST", "/v1/clock/accept", {"reason": "x"}, status=400,
                 code="signature.required")
    machine.refused("POST", "/v1/clock/accept", {}, status=400, code="signature.required")
    machine.refused("POST", "/v1/clock/accept", {"reason": "x", "signature": harness.sign()},
                           status=403, code="signature.person")
    hindered = lambda: int(re.search(r"\npacktrail_deliveries_hindered_total (\d+)",
                                     admin.get("/metrics"))[1])
    partner.always = harness.ACCEPT  # which cannot be recorded now, though it is tried
    until = time.monotonic() + 20
    while hindered() < 5:
        assert time.monotonic() < until
    assert wrong.log().count("event=delivery.unwritten") == 1, "it is said once"
    answer = olga.post("/v1/clock/accept", {"reason": "the battery was empty",
                                            "signature": harness.sign("approval")}, 200)
    assert answer["signature"]["name"] == "Olga Operator"
    while "event=delivery.resumed" not in wrong.log():
        assert time.monotonic() < until
    admin.put("/v1/lines/line-1", {"name": "Two"})
    assert kinds(admin, "?kind=clock.jumped") == ["clock.jumped"]
    raised = wrong.as_role("qa").get("/v1/exceptions?kind=clock&state=resolved")["items"]
    assert [x["code"] for x in raised] == ["clock.stopped"]
    wrong.set_ahead(0)
    admin.put("/v1/lines/line-1", {"name": "Three"})
    last = records(admin)[-1]
    assert last["clock"] == "unsure", "its time is the newest record's, not the clock's"
    wrong.stop()
    wrong.verify()


def test_no_command_goes_on_where_the_clock_has_stopped_writing(wrong):
    """Nor does it end that: what may be done meanwhile is recorded at the time counted."""
    admin, key = wrong.admin, wrong.folder / "site.key"
    admin.put("/v1/lines/line-1", {"name": "One"})
    mia, token = wrong.person("qa", "mia"), wrong.as_role("line", line="line-1")
    admin.put("/v1/users/bob", {"name": "Bob", "role": "qa"})
    lost = admin.get("/v1/tokens")["items"][-1]["id"]
    wrong.set_ahead(365 * 86400)
    admin.refused("PUT", "/v1/lines/line-1", {"name": "Two"}, status=503, code="clock.jumped")
    wrong.stop()
    stop, keys = wrong.journal()[-1], key.read_text()
    run = lambda *args, **more: packtrail(*args[:2], wrong.folder, *args[2:], env=wrong.env, **more)
    for args in (("token", "create", "--role", "admin"),
                 ("key", "add", "--reason", "x", "--by", "Olga")):
        done = run(*args)
        assert done.returncode == 1 and "clock.jumped" in done.stderr, done
    assert key.read_text() == keys and wrong.journal()[-1] == stop
    done = run("user", "add", "olga", "--name", "Olga Opal", "--role", "operator", "--reason", "x")
    assert done.returncode == 0, done.stderr
    assert run("token", "revoke", lost).returncode == 0
    wrong.start()
    admin, mia.url, token.url = wrong.admin, wrong.url, wrong.url
    token.get("/v1/lines/line-1", 401)
    admin.put("/v1/users/bob", {"name": "Bob", "role": "qa", "active": False})
    admin.refused("PUT", "/v1/lines/line-1", {"name": "Two"}, status=503, code="clock.jumped")
    meanwhile = wrong.journal()[stop["seq"]:]
    assert [r["kind"] for r in meanwhile] == ["user.put", "token.revoked", "user.put"]
    assert all(stop["time"] <= r["time"] < stop["fact"]["shown"] for r in meanwhile)
    assert {r["clock"] for r in meanwhile} == {"unsure"}
    assert admin.get("/v1/clock")["stopped"] is True
    mia.post("/v1/clock/accept", {"reason": "x", "signature": harness.sign()}, 200)
    admin.put("/v1/lines/line-1", {"name": "Two"})
    wrong.stop()
    assert run("token", "create", "--role", "qa").returncode == 0
    wrong.verify()


def test_records_of_commands_are_marked_as_those_of_the_service(wrong, tmp_path):
    backup, safe, new = (tmp_path / n for n in ("backup", "safe.key", "new"))
    wrong.admin.put("/v1/lines/line-1", {"name": "One"})
    wrong.stop()
    assert "clock" not in wrong.journal()[-1]
    kept, nobody = dict(wrong.env), dict(wrong.env)
    nobody.pop("CLOCK_KEPT")
    assert packtrail("backup", wrong.folder, backup, "--with-key", safe, env=kept).returncode == 0
    for env, marks in ((kept, {None}), (nobody, {"unsure"})):
        for args in (("restore", backup, new, "--key", safe),
                     ("verify", new, "--advance", wrong.folder / "head.json", "--accept", "x",
                      "--by", "Olga"),
                     ("token", "create", new, "--role", "qa"),
                     ("user", "add", new, "olga", "--name", "O", "--role", "qa", "--reason", "x"),
                     ("key", "add", new, "--reason", "x", "--by", "Olga")):
            done = packtrail(*args, env=env)
            assert done.returncode == 0 and done.stderr == "", done
        made = [json.loads(x) for x in packtrail("journal", new).stdout.splitlines()]
        made = [x for x in made if x["seq"] >= [r["kind"] for r in made].index("site.restored") + 1]
        assert [x["kind"] for x in made] == ["site.restored", "pools.advanced", "token.created",
                                             "user.put", "epoch.added"]
        assert {x.get("clock") for x in made} == marks
        shutil.rmtree(new)
        fresh = tmp_path / f"fresh-{len(marks & {None})}"
        assert packtrail("init", fresh, env=env).returncode == 0
        made = [json.loads(x) for x in packtrail("journal", fresh).stdout.splitlines()]
        assert {x.get("clock") for x in made} == marks


@pytest.mark.parametrize("first", ["serve", "token"])
def test_a_start_far_from_the_newest_record_waits_where_nobody_keeps_the_clock(wrong, first):
    """Whatever sees it first; a right clock goes on, and no record has a time of the wrong one."""
    wrong.admin.put("/v1/lines/line-1", {"name": "One"})
    wrong.stop()
    before = wrong.journal()
    wrong.env.pop("CLOCK_KEPT")
    wrong.set_ahead(3 * 365 * 86400)
    if first == "token":
        done = packtrail("token", "create", wrong.folder, "--role", "qa", env=wrong.env)
        assert done.returncode == 1 and "clock.jumped" in done.stderr
    wrong.start()
    assert "event=clock.stopped" in wrong.log()
    wrong.admin.refused("PUT", "/v1/lines/line-1", {"name": "Two"}, status=503, code="clock.jumped")
    wrong.stop()
    (stop,) = wrong.journal()[len(before):]
    assert stop["kind"] == "clock.jumped" and stop["fact"]["effect"] == "stops"
    assert stop["time"][:4] == before[-1]["time"][:4]
    wrong.set_ahead(0)
    wrong.start()
    wrong.admin.put("/v1/lines/line-1", {"name": "Two"})
    wrong.stop()
    last = wrong.journal()[-2:]
    assert [r["kind"] for r in last] == ["clock.jumped", "line.put"]
    assert last[0]["fact"]["effect"] == "is_back"
    assert last[1]["time"][:4] == before[-1]["time"][:4]
    wrong.verify()


def test_where_a_record_was_made_years_ahead_devices_say_when_it_was(wrong):
    wrong.admin.put("/v1/lines/line-1", {"name": "One"})
    right = records(wrong.admin)[-1]["time"]
    wrong.stop()
    wrong.set_ahead(3 * 365 * 86400)
    wrong.start()  # the kernel says that it is right
    wrong.admin.put("/v1/lines/line-1", {"name": "Two"})
    wrong.set_ahead(0)
    wrong.restart()
    line, (serial, other) = (x := harness.Line(wrong)), x.serials(2)
    said = {"gtin": GTIN, "lot": line.lot, "type": "commission"}
    line.call.post("/v1/reports", [{**said, "serials": [serial], "time": right}])
    line.call.post("/v1/reports", [{**said, "serials": [other]}])
    told = [r for r in wrong.journal() if r["kind"] == "units.commissioned"]
    assert all(r["time"] > right and r["clock"] == "unsure" for r in told)
    assert told[0]["happened"][:4] == right[:4] < told[1]["happened"][:4], "devices say the time"
    wrong.stop()
    wrong.verify()


def test_a_clock_that_two_must_accept_is_accepted_by_two(wrong):
    olga = wrong.person("operator", "olga", "Olga Operator")
    mia = wrong.person("qa", "mia")
    wrong.configure(signatures={"second": "accept_clock", "second_time": "1 h"})
    wrong.restart()
    wrong.set_ahead(7200)
    wrong.admin.refused("PUT", "/v1/lines/line-1", {"name": "One"}, status=503, code="clock.jumped")
    wish = {"reason": "the battery was empty", "signature": harness.sign("approval")}
    wrong.admin.refused("POST", "/v1/clock/accept", {"reason": "x"}, status=403, code="access.role")
    first = olga.post("/v1/clock/accept", wish, 202)
    assert first["act"] == "accept_clock" and first["what"]["reason"] == wish["reason"]
    (item,) = mia.get("/v1/acts")["items"]
    assert item["expired"] is False and item["what"] == first["what"]
    olga.post(f"/v1/acts/{item['id']}/withdraw", {"reason": "too early"}, 204)
    olga.post("/v1/clock/accept", wish, 202)
    assert wrong.admin.get("/v1/clock")["stopped"] is True
    answer = mia.post("/v1/clock/accept", wish, 200)
    assert (answer["first"]["user"], answer["signature"]["user"]) == ("olga", "mia")
    assert mia.get("/v1/acts")["items"] == []
    wrong.admin.put("/v1/lines/line-1", {"name": "One"})
    wrong.stop()
    wrong.verify()
