"""A call that is made again under its Idempotency-Key gets the same answer, whatever the world has
come to since; but who signed first is told what has become of the act."""
import json
from urllib.parse import urlsplit

import harness
import main_job

# A token's text is in no row: its repeat tells the id alone (test_people, test_access).
SHOWN_ONCE = {"POST /v1/tokens"}
# Each begins another session, or ends the one that it is called by (test_login).
SESSIONS = {"POST /v1/login", "POST /v1/logout"}


class Kept(main_job.Story):
    """Calls that change something, each under a key of its own, and what was answered."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def __call__(self, caller, method, path, body=None, expect=(200, 201, 204), **more):
        headers = dict(more.pop("headers", {}))
        own = method != "GET" and "Idempotency-Key" not in headers and \
            f"{method} {path}" not in SESSIONS
        if own:
            headers["Idempotency-Key"] = f"repeat {len(self.kept)}"
        answer = super().__call__(caller, method, path, body, expect, headers=headers, **more)
        if own and self.last.ok:
            name = self.said.operation(method, urlsplit(path).path).name
            self.kept.append((name, caller, method, path, body, headers, _said(self.last)))
        return answer


# How a thing that was put stands is told as of now; keys are made for POSTs, and a PUT that comes
# again changes nothing anyhow.
STANDING = {"capacity", "issued", "left", "rate", "lasts_until", "low", "accepted", "parked",
            "failing", "must_change"}


def _said(response):
    return response.status_code, response.headers.get("Location"), response.content


def _tells_what_became(said, again):
    """A first signature that waits no more: of an act that was done the lot says who signed it."""
    if said[0] != 202 or b'"pending"' not in said[2] or again[0] not in (200, 202):
        return False
    (waited,), lot = json.loads(said[2])["pending"], json.loads(again[2])
    firsts = [s["first"] for s in lot["signatures"] if s["act"] == waited["act"] and "first" in s]
    return (waited["signature"] in firsts) == (again[0] == 200) and "pending" not in lot


def _is_same(name, said, again):
    if _tells_what_became(said, again):
        return True
    if not name.startswith("PUT"):
        return said == again or name in SHOWN_ONCE and again[0] == said[0]
    one, two = ({k: v for k, v in json.loads(x[2]).items() if k not in STANDING}
                for x in (said, again))
    return again[0] in (200, 201) and one == two


def test_every_call_of_the_main_job_is_answered_the_same_when_it_is_made_again(site, make_partner):
    tell = Kept()
    main_job.run(tell, site, make_partner(harness.REFUSE))
    changing = {o.name for o in tell.said.operations if o.method != "GET"}
    assert changing - {one[0] for one in tell.kept} - SESSIONS == {"POST /v1/clock/accept"}
    other = {}
    for name, caller, method, path, body, headers, said in tell.kept:
        again = _said(caller.call(method, path, body, headers=headers))
        if not _is_same(name, said, again):
            other[f"{method} {path} {str(body)[:80]}"] = (said, again)
    assert not other, "\n".join(f"{k}:\n   {a}\n   {b}" for k, (a, b) in other.items())
    site.stop()
    site.verify()


class Once:
    """Makes calls under keys; `again` makes them all once more and wants the same answers."""

    def __init__(self):
        self.kept = []

    def __call__(self, caller, path, body, expect, method="POST"):
        headers = {"Idempotency-Key": f"once {len(self.kept)}"}
        response = caller.call(method, path, body, headers=headers)
        assert response.status_code == expect, response.text
        self.kept.append((caller, method, path, body, headers, _said(response)))
        return response

    def again(self):
        for caller, method, path, body, headers, said in self.kept:
            assert _said(caller.call(method, path, body, headers=headers)) == said, path


def test_what_would_be_refused_by_now_is_answered_as_it_was(site, line):
    once, qa, mia = Once(), site.person("qa", "noa"), site.person("qa", "mia")
    lot = f"/v1/lots/{line.gtin}/{line.lot}"
    site.admin.put("/v1/lines/line-2", {"name": "Line 2"})
    once(line.call, f"{lot}/counters", {"level": "each", "printer": 1}, 200)
    once(line.operator, f"{lot}/amend", {"order": "o-1"}, 200)
    said = {"type": "scrap", "gtin": line.gtin, "lot": line.lot, "serials": line.serials(1),
            "id": "r", "reason": "misprint"}
    seq = line.call.report(said)["results"][0]["seq"]
    once(line.operator, "/v1/lots", {"lot": line.lot, "gtin": line.gtin, "expiry": "2030-12-31"},
         200)  # there already
    line.operator.post(f"{lot}/amend", {"lines": ["line-2"]}, 200)
    assert line.call.report(said)["results"] == [{"index": 0, "seq": seq, "repeat": True}]
    new = line.call.report({**said, "id": "s"})["results"][0]
    assert new["problem"]["code"] == "lot.line"
    line.operator.post(f"{lot}/close", {}, 200)
    once(line.operator, f"{lot}/close", {}, 200)  # closed already
    once(qa, f"{lot}/release", {"signature": harness.sign()}, 200)
    once.again()  # the lot is not for the line, and an amendment of it would be signed
    qa.post(f"{lot}/reopen", {"signature": harness.sign("review", "one was found")}, 200)
    once.again()
    assert line.operator.get(lot)["state"] == "reopened"  # nobody closed it by asking again

    gateway = site.as_role("gateway", client=line.client)
    gateway.post("/epcis/v2/queries", {"name": "left", "query": {"EQ_bizStep": ["shipping"]}}, 201)
    base = "/epcis/v2/queries/left/subscriptions"
    made = once(gateway, base, {"dest": "https://hub.example.com/in", "stream": True}, 201).json()
    once(gateway, f"{base}/{made['subscriptionID']}", None, 204, "DELETE")
    once(gateway, "/epcis/v2/queries/left", None, 204, "DELETE")

    line.call.report({"type": "close", "parent": line.ssccs(1)[0]})  # refused, which raises one
    one = line.operator.get("/v1/exceptions")["items"][0]["id"]
    once(line.operator, f"/v1/exceptions/{one}/assign", {"owner": "mia"}, 200)
    once(mia, "/v1/users/mia/password", {"old": harness.PASSWORD, "new": "another of hers"}, 204)
    once.again()  # neither is the old password wrong now
    site.admin.put("/v1/users/mia", {"name": "Mia", "role": "qa", "active": False})
    once.kept = [k for k in once.kept if k[0] is not mia]
    once.again()
    site.stop()
    site.verify()


def test_a_key_is_of_the_client_that_its_first_call_named(site, line):
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9507000"]})
    site.admin.put("/v1/pools/beta-cases",
                   {"client": "beta", "prefix": "9507000", "extension": "0", "kind": "sscc"})
    both = site.as_role("operator", clients=[line.client, "beta"])
    for call in (line.operator, both):
        head = {"Idempotency-Key": "k", "Packtrail-Client": line.client}
        first = call.post("/v1/sscc", {"quantity": 1}, 201, headers=head)
        call.refused("POST", "/v1/sscc", {"quantity": 1}, status=422, code="idempotency.mismatch",
                     headers={**head, "Packtrail-Client": "beta"})
        assert call.post("/v1/sscc", {"quantity": 1}, 201, headers=head) == first


def test_a_key_that_was_used_for_something_else_is_told_so_even_where_the_call_is_refused(line):
    headers = {"Idempotency-Key": "k"}
    lot = f"/v1/lots/{line.gtin}"
    line.operator.post(f"{lot}/{line.lot}/amend", {"order": "o-1"}, 200, headers=headers)
    line.operator.refused("POST", f"{lot}/NONE/amend", {"order": "o-1"}, status=422,
                          code="idempotency.mismatch", headers=headers)
    line.operator.refused("POST", f"{lot}/NONE/amend", {"order": "o-1"}, status=404,
                          code="lot.unknown", headers={"Idempotency-Key": "l"})


def test_a_repeat_does_not_pass_the_wall_between_clients(site, line):
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9507000"]})
    quin = site.person("qa", "quin", client=line.client)
    omar = site.person("operator", "omar", client=line.client)
    lot = f"/v1/lots/{line.gtin}/{line.lot}"
    why = {"Packtrail-Reason": "the line is down"}
    calls = [
        (omar, "/v1/reports", {"type": "commission", "lot": line.lot, "gtin": line.gtin,
                               "serials": line.serials(1)}, 404, "idempotency.client"),
        (omar, "/v1/serials", {"gtin": line.gtin, "quantity": 1}, 404, "product.unknown"),
        (omar, "/v1/sscc", {"quantity": 1}, 409, "pool.none"),
        (quin, "/v1/holds", {"gtin": line.gtin, "lot": line.lot, "reason": "x"}, 422,
         "product.unknown"),
        (quin, f"{lot}/recall", {"signature": harness.sign("approval", "bad")}, 404, "lot.unknown")]

    def tell(i):
        caller, path, body = calls[i][:3]
        return caller.call("POST", path, body, headers={"Idempotency-Key": f"k{i}", **why})

    def put(**scope):
        for name, role in (("quin", "qa"), ("omar", "operator")):
            site.admin.put(f"/v1/users/{name}", {"name": "X", "role": role, **scope})

    said = [tell(i) for i in range(len(calls))]
    assert all(s.ok for s in said), [s.text for s in said]
    put(client="beta")
    before = site.admin.get("/v1/pools/acme-packs")["issued"]
    for i, call in enumerate(calls):
        harness.assert_problem(tell(i), *call[3:])
    assert site.admin.get("/v1/pools/acme-packs")["issued"] == before
    put(clients=["beta", line.client])
    for i, was in enumerate(said):     # theirs again: what was bound is bound
        if "sscc" not in calls[i][1]:  # which client is meant is to be said now
            assert _said(tell(i)) == _said(was)
    site.stop()
    site.verify()
