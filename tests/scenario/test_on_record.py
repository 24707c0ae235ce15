"""The record of what people and machines do: each act leaves one, no call and no setting takes one
away, and a signature stays in the record that it signs."""
import re

import pytest

import harness
import main_job
from contract import ROOT, contract
from harness import GTIN, packtrail, sign
from test_auditor import JOURNAL, records
from test_scan_callers import head

# Which are no GET and change nothing: the questions of EPCIS 1.2, and forgetting where a list stood.
QUESTIONS = {"POST /epcis/v1/query", "DELETE /epcis/v2/nextPageToken/{token}"}


class Recorded(main_job.Story):
    """Notes which operations left a record of who called, and which left none."""

    def __init__(self, site):
        super().__init__()
        self.site, self.told, self.silent = site, set(), set()

    def __call__(self, caller, method, path, body=None, **more):
        seq = head(self.site)
        answer = super().__call__(caller, method, path, body, **more)
        if method != "GET":
            new = records(self.site.admin, f"?from={seq + 1}")
            by_somebody = any(r["actor"] != "service" for r in new)
            name = self.said.operation(method, path.split("?")[0]).name
            (self.told if by_somebody else self.silent).add(name)
        return answer


def test_whatever_is_done_by_a_call_leaves_a_record(site, make_partner):
    """Of every operation of the interface, once at least: who repeats a call leaves none."""
    tell = Recorded(site)
    main_job.run(tell, site, make_partner(harness.REFUSE))
    changing = {o.name for o in contract().operations if o.method not in ("GET", "HEAD", "OPTIONS")}
    assert changing - QUESTIONS == tell.told
    assert tell.silent - tell.told == QUESTIONS


def test_rights_are_on_record_when_they_are_given_changed_and_ended(site):
    admin, me = site.admin, site.admin.get("/v1/tokens")["items"][0]["id"]
    seq, mia = head(site), {"name": "Mia Muster", "role": "qa"}
    admin.put("/v1/users/mia", mia, 201)
    token = admin.post("/v1/tokens", {"user": "mia"}, 201)["id"]
    admin.put("/v1/certificates/desk", {"subject": "CN=desk", "user": "mia"}, 201)
    admin.put("/v1/users/mia", {**mia, "role": "operator", "reason": "moves"}, 200)
    admin.delete("/v1/certificates/desk", 204)
    admin.delete(f"/v1/tokens/{token}", 204)
    admin.put("/v1/users/mia", {**mia, "role": "operator", "active": False}, 200)
    new = records(admin, f"?from={seq + 1}")
    assert [r["kind"] for r in new] == [
        "user.put", "token.created", "certificate.put", "user.put", "certificate.ended",
        "token.revoked", "user.put"]
    assert {r["actor"] for r in new} == {me} and all(r["time"].endswith("Z") for r in new)
    moved, gone = (new[n]["fact"]["changes"] for n in (3, 6))
    assert {"field": "role", "old": "qa", "new": "operator"} in moved
    assert {"field": "active", "old": True, "new": False} in gone


@pytest.mark.parametrize("role", ["admin", "qa", "auditor"])
def test_no_call_changes_the_journal(site, role):
    """Not even of those who may read it."""
    paths = [o.path for o in contract().operations if o.path.startswith(JOURNAL)]
    assert {o.method for o in contract().operations if o.path in paths} == {"GET"}
    caller, first = site.as_role(role), records(site.admin)
    for path in {*paths, JOURNAL + "/1"}:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            status = caller.call(method, path, {"reason": "x"}).status_code
            assert status in (404, 405, 501), (method, path, status)
    assert records(site.admin)[:len(first)] == first


def test_an_auditor_changes_nothing_but_a_password_of_their_own(site):
    theirs = {o.name for o in contract().operations if o.method not in ("GET", "HEAD", "OPTIONS")
              and {"*", "auditor"} & set(o.roles)}
    assert theirs == QUESTIONS | {"POST /v1/users/{user}/password", "POST /v1/logout"}
    rita = site.person("auditor", "rita", "Rita Rau")
    rita.refused("PUT", "/v1/users/rita", {"name": "Rita", "role": "qa", "reason": "x"}, status=403)
    rita.refused("POST", "/v1/holds", {"gtin": GTIN, "lot": "L1", "reason": "x"}, status=403)


def test_no_setting_switches_the_journal_off():
    """Nor makes it shorter: none of them speaks of it at all."""
    text = (ROOT / "README.md").read_text()
    settings = re.findall(r"^\| `([a-z_.0-9]+)` \| (?:`.*?`)? \| .*? \| (.*) \|$", text, re.M)
    assert len(settings) > 60
    said = [name for name, says in settings
            if re.search(r"journal|audit|retention|records?\b", name + " " + says, re.I)]
    assert said == []


@pytest.mark.parametrize("how", ["put onto the other", "cut out"])
def test_a_signature_stays_in_the_record_that_it_signs(site, line, how):
    mia = site.person("qa", "mia")
    one, other = b"the seal of A1 was whole", b"the seal of A2 was whole"
    for lot, reason in (("A1", one), ("A2", other)):
        line.operator.post("/v1/lots", {"lot": lot, "gtin": GTIN, "expiry": "2030-12"}, 201)
        mia.post(f"/v1/lots/{GTIN}/{lot}/recall", {"signature": sign("approval", reason.decode())})
    site.stop()
    site.verify()
    path = site.folder / "data/data.mdb"
    data = path.read_bytes()
    assert one in data and other in data
    aside = b"\0" * len(one)
    data = data.replace(one, aside)
    if how == "put onto the other":
        data = data.replace(other, one).replace(aside, other)
    path.write_bytes(data)
    done = packtrail("verify", site.folder)
    assert done.returncode == 1 and "journal.broken" in done.stderr, done.stderr
