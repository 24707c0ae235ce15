"""Tokens: made, shown once, used, refused and ended; what each role may."""
import base64
import datetime
import json
import re
import time

import pytest

import harness
from harness import assert_problem

TOKENS = "/v1/tokens"


@pytest.fixture
def admin(site):
    """An administrator of a site with two clients and a line."""
    call = site.admin
    call.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": ["9506000"]})
    call.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9521141"]})
    call.put("/v1/lines/line-1", {"name": "Line 1"})
    return call


def test_a_token_is_shown_once(site, admin):
    made = admin.post(TOKENS, {"role": "line", "line": "line-1"}, 201)
    assert set(made) == {"id", "token"}
    assert re.fullmatch(r"line-[a-z2-7]{10}", made["id"])
    assert re.fullmatch(r"pt_[0-9a-f]{64}", made["token"])
    answer = admin.call("GET", TOKENS)
    assert made["token"] not in answer.text
    listed = [t for t in answer.json()["items"] if t["id"] == made["id"]]
    assert listed[0]["role"] == "line" and listed[0]["line"] == "line-1"
    assert made["token"] not in admin.call("GET", "/v1/journal").text
    assert site.caller(made["token"]).call("GET", "/v1/lines").status_code == 200


def test_a_repeat_gets_the_same_token_but_not_its_text(admin):
    headers = {"Idempotency-Key": "one"}
    first = admin.post(TOKENS, {"role": "operator"}, 201, headers=headers)
    again = admin.post(TOKENS, {"role": "operator"}, 201, headers=headers)
    assert again == {"id": first["id"]}
    admin.refused("POST", TOKENS, {"role": "qa"}, status=422, code="idempotency.mismatch",
                  headers=headers)
    assert len(admin.get(TOKENS)["items"]) == 2


@pytest.mark.parametrize("body, status, code", [
    ({}, 400, "field.required"),
    ({"role": "king"}, 400, "role.unknown"),
    ({"role": "operator", "lin": "x"}, 400, "json.unknown_field"),
    ({"role": "line"}, 400, "field.required"),
    ({"role": "line", "line": "line-9"}, 422, "line.unknown"),
    ({"role": "client"}, 400, "field.required"),
    ({"role": "gateway"}, 400, "field.required"),
    ({"role": "distributor", "party": "9521141000014"}, 400, "field.required"),
    ({"role": "distributor", "client": "acme", "party": "9521141000015"}, 400, None),
    ({"role": "client", "client": "gamma"}, 422, "client.unknown"),
    ({"role": "admin", "client": "acme"}, 400, "field.range"),
    ({"role": "client", "client": "acme", "clients": ["beta"]}, 400, "field.range"),
    ({"role": "operator", "clients": []}, 400, "field.range"),
    ({"role": "operator", "clients": ["acme", "acme"]}, 400, "field.range"),
    ({"role": "operator", "expires": "tomorrow"}, 400, "time.form"),
    ({"role": "operator", "expires": "2020-01-01T00:00:00Z"}, 400, "time.range"),
])
def test_a_token_that_makes_no_sense_is_refused(admin, body, status, code):
    admin.refused("POST", TOKENS, body, status=status, code=code)
    assert len(admin.get(TOKENS)["items"]) == 1


def test_only_an_administrator_makes_lists_and_ends_tokens(site, admin):
    roles = {"line": {"line": "line-1"}, "gateway": {"client": "acme"},
             "client": {"client": "acme"}, "distributor": {"clients": ["acme", "beta"]},
             "operator": {}, "qa": {}, "auditor": {}}
    for role, scope in roles.items():
        made = admin.post(TOKENS, {"role": role, **scope}, 201)
        caller = site.caller(made["token"])
        caller.refused("POST", TOKENS, {"role": "operator"}, status=403, code="access.role")
        caller.refused("GET", TOKENS, status=403, code="access.role")
        caller.refused("DELETE", f"{TOKENS}/{made['id']}", status=403, code="access.role")


def test_who_does_not_say_who_he_is_gets_401_and_is_told_how(site):
    answer = site.caller().call("GET", TOKENS)
    assert_problem(answer, 401, "access.missing")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header, code", [
    ("Bearer", "access.form"),
    ("Bearer pt_0", "token.unknown"),
    ("Bearer " + "x" * 8000, "token.unknown"),
    ("Digest abc", "access.form"),
    ("Basic ???", "access.form"),
    ("Basic " + base64.b64encode(b"no colon").decode(), "access.form"),
    ("Basic " + base64.b64encode(b"id:pt_0").decode(), "token.unknown"),
    ("Basic " + "A" * 4096, "access.form"),
])
def test_credentials_that_are_none_get_401(site, header, code):
    answer = site.caller().call("GET", TOKENS, headers={"Authorization": header})
    assert_problem(answer, 401, code)


def test_basic_takes_the_tokens_id_and_text(site, admin):
    made = admin.post(TOKENS, {"role": "admin"}, 201)
    other = admin.post(TOKENS, {"role": "admin"}, 201)
    stranger = site.caller()

    def ask(user, word):
        basic = base64.b64encode(f"{user}:{word}".encode()).decode()
        return stranger.call("GET", TOKENS, headers={"Authorization": f"Basic {basic}"})

    assert ask(made["id"], made["token"]).status_code == 200
    assert_problem(ask(other["id"], made["token"]), 401, "token.unknown")
    assert_problem(ask("", ""), 401, "token.unknown")


def test_a_token_ends_the_moment_it_is_revoked(site, admin):
    made = admin.post(TOKENS, {"role": "operator"}, 201)
    callers = [site.caller(made["token"]) for _ in range(8)]  # on every loop
    assert {c.call("GET", "/v1/lines").status_code for c in callers} == {200}
    admin.delete(f"{TOKENS}/{made['id']}", 204)
    for caller in callers:
        caller.refused("GET", "/v1/lines", status=401, code="token.revoked")
    facts = len(admin.get("/v1/journal")["items"])
    admin.delete(f"{TOKENS}/{made['id']}", 204)  # it is so already
    assert len(admin.get("/v1/journal")["items"]) == facts
    admin.refused("DELETE", f"{TOKENS}/operator-aaaaaaaaaa", status=404, code="token.unknown")
    assert [t for t in admin.get(TOKENS)["items"] if t["id"] == made["id"]][0]["revoked"]


def test_a_token_ends_in_its_time(site, admin):
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    made = admin.post(TOKENS, {"role": "operator", "expires": ends.isoformat()}, 201)
    caller = site.caller(made["token"])
    assert caller.call("GET", "/v1/lines").status_code == 200
    while datetime.datetime.now(datetime.timezone.utc) < ends:
        time.sleep(0.05)  # nothing announces it: it is the clock's own
    caller.refused("GET", "/v1/lines", status=401, code="token.expired")


def test_the_last_administrator_cannot_be_ended(site, admin):
    first = admin.get(TOKENS)["items"][0]["id"]
    admin.refused("DELETE", f"{TOKENS}/{first}", status=409, code="token.last_admin")
    second = admin.post(TOKENS, {"role": "admin"}, 201)
    admin.delete(f"{TOKENS}/{first}", 204)
    site.caller(second["token"]).get(TOKENS)


def test_tokens_are_listed_in_pages(admin):
    ids = [admin.post(TOKENS, {"role": "operator"}, 201)["id"] for _ in range(7)]
    listed = [t["id"] for t in admin.pages(TOKENS, limit=3)]
    assert listed[1:] == ids and len(listed) == 8


def test_tokens_outlive_a_kill(site, admin):
    made = admin.post(TOKENS, {"role": "operator"}, 201)
    gone = admin.post(TOKENS, {"role": "operator"}, 201)
    admin.delete(f"{TOKENS}/{gone['id']}", 204)
    site.restart()
    assert site.caller(made["token"]).call("GET", "/v1/lines").status_code == 200
    site.caller(gone["token"]).refused("GET", "/v1/lines", status=401, code="token.revoked")
    site.stop()
    assert harness.packtrail("verify", site.folder).returncode == 0


def test_a_person_must_give_a_reason_and_a_machine_need_not(site, admin):
    admin.put("/v1/users/mia", {"name": "Mia Muster", "role": "admin"})
    person = site.as_role("admin", user="mia")
    person.refused("PUT", "/v1/lines/line-2", {"name": "Two"}, status=400, code="reason.required")
    person.put("/v1/lines/line-2", {"name": "Two", "reason": "a new hall"}, 201)
    admin.put("/v1/lines/line-3", {"name": "Three"}, 201)


def test_a_client_sees_its_own_only(site, admin):
    caller = site.as_role("gateway", client="acme")
    assert caller.get("/v1/clients/acme")["name"] == "Acme Pharma"
    caller.refused("GET", "/v1/clients/beta", status=404)


def busy_neighbours(site):
    """A site of two clients, of which the second does much between what the first does."""
    line = harness.Line(site)
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9521141"]})
    site.admin.put("/v1/products/09521141000007", {"client": "beta", "name": "Other"})
    site.admin.put("/v1/pools/beta-packs", {"gtin": "09521141000007", "kind": "random"})
    site.admin.put("/v1/partners/hub", {"client": "acme", "url": "http://127.0.0.1:9/",
                                        "format": "epcis-2.0-json"})
    ours = site.as_role("operator", client="acme")
    for i in range(3):
        for k in range(5 + i):
            line.operator.post("/v1/lots", {"lot": f"B{i}{k}", "gtin": "09521141000007",
                                            "expiry": "2030-12"}, 201)
            line.operator.post("/v1/serials", {"gtin": "09521141000007", "quantity": 1}, 201)
        ours.post("/v1/lots", {"lot": f"A{i}", "gtin": line.gtin, "expiry": "2030-12"}, 201)
        asked = ours.post("/v1/serials", {"gtin": line.gtin, "quantity": 2, "lot": f"A{i}"}, 201)
        ours.post(f"/v1/serials/requests/{asked['request']}/confirm", {})
        ours.report({"type": "commission", "lot": f"A{i}", "gtin": line.gtin,
                     "serials": asked["serials"]})
        ours.post("/v1/holds", {"gtin": line.gtin, "lot": f"A{i}", "reason": "x"}, 201)
    return ours


LISTS = ["/v1/lots", "/v1/serials/requests", "/v1/holds", "/v1/exceptions", "/v1/clients", "/v1/pools",
         "/v1/products", "/v1/partners", "/v1/partners/hub/deliveries", "/v1/acts", "/v1/shipments",
         "/v1/verifications", "/v1/units?gtin=09506000134352&lot=A0",
         "/v1/lots/09506000134352/A0/balance?differences=true"]


def test_where_a_page_ends_is_told_to_nobody_and_no_page_is_made_up(site):
    ours = busy_neighbours(site)
    tokens = {}
    for path in LISTS:
        with_limit = path + ("&" if "?" in path else "?") + "limit=1"
        for junk in ("00", "ff", "deadbeef", "00000001", "0000000000000001", "zz", 48 * "0"):
            ours.refused("GET", f"{with_limit}&page={junk}", status=400, code="page.form")
        tokens[path] = ours.get(with_limit)["next"]
    sealed = [t for t in tokens.values() if t is not None]
    assert len(sealed) >= 5 and len(set(sealed)) == len(sealed)
    for token in sealed:
        assert len(token) > 32 and bytes.fromhex(token)
    for path, token in tokens.items():  # what one list has said is no page of another
        other = next(t for p, t in tokens.items() if t is not None and p != path)
        ours.refused("GET", path + ("&" if "?" in path else "?") + f"page={other}",
                     status=400, code="page.form")


def numbers_in(value, at=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_in(inner, at)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield at, value


def test_a_bound_auditor_is_shown_none_of_the_sites_own_numbers(site):
    busy_neighbours(site)
    everything = {i["kind"]: i["fact"] for i in site.as_role("auditor").pages("/v1/journal")}
    mine = list(site.as_role("auditor", client="acme").pages("/v1/journal"))
    assert [i["seq"] for i in mine] == list(range(1, len(mine) + 1))
    kinds = {i["kind"] for i in mine}
    assert {"lot.opened", "numbers.issued", "numbers.confirmed", "units.commissioned"} <= kinds
    ours = {"number", "request", "pool", "space", "partner", "position", "event", "shipment"}
    for item in mine:
        assert not ours & {name for name, _ in numbers_in(item["fact"])}, item
    assert {"request"} == {name for name, _ in numbers_in(everything["numbers.confirmed"])}


def test_a_person_says_why_a_right_is_given_or_ended(site, line):
    ada = site.person("admin", "ada", "Ada Admin")
    acme = site.person("client", "olga", "Olga", client="acme")
    admin, headers = site.admin, {"Packtrail-Reason": "the press was sold"}
    token = admin.post(TOKENS, {"role": "operator"}, 201)["id"]
    admin.put("/v1/certificates/press", {"subject": "CN=x", "role": "line", "line": "line-1"})
    acme.post("/epcis/v2/queries", {"name": "q1", "query": {"EQ_bizStep": ["shipping"]}}, 201)
    made = acme.post("/epcis/v2/queries/q1/subscriptions",
                     {"dest": "https://hub.example.com/in", "schedule": {"second": "0"}}, 201)
    subscription = made["subscriptionID"]
    ended = [(ada, f"{TOKENS}/{token}", "token.revoked"),
             (ada, "/v1/certificates/press", "certificate.ended"),
             (acme, f"/epcis/v2/queries/q1/subscriptions/{subscription}", "subscription.ended"),
             (acme, "/epcis/v2/queries/q1", "query.deleted")]
    for person, path, kind in ended:
        for blank in ({}, {"Packtrail-Reason": "\u00a0\u200b".encode()}):
            person.refused("DELETE", path, status=400, code="reason.required", headers=blank)
        person.delete(path, 204, headers=headers)
        (fact,) = admin.get(f"/v1/journal?kind={kind}")["items"]
        assert fact["fact"]["reason"] == headers["Packtrail-Reason"]
    for body in ({}, {"reason": None}):
        ada.refused("POST", TOKENS, {"role": "operator", **body}, status=400, code="reason.required")
    for blank in (" ", "\u00a0\u200b", "\u3164"):
        ada.refused("POST", TOKENS, {"role": "operator", "reason": blank}, status=400,
                    code="field.blank")
        ada.refused("PUT", "/v1/users/new", {"name": blank, "role": "qa", "reason": "x"}, status=400,
                    code="field.blank")
    ada.post(TOKENS, {"role": "operator", "reason": "a new hand"}, 201)
    made = admin.get("/v1/journal?kind=token.created&user=ada")["items"]
    assert [f["fact"]["reason"] for f in made] == ["a new hand"]


# REQ REFUSAL-KEPT
def test_whatever_refuses_a_person_is_on_record(site, line):
    mia = site.person("qa", "mia")
    hold = {"gtin": harness.GTIN, "lot": "L1", "reason": "x"}
    key = {"Idempotency-Key": "k"}
    mia.post("/v1/holds", hold, 201, headers=key)
    release = f"/v1/lots/{harness.GTIN}/L1/release"
    calls = [
        ("GET", "/v1/nothing", None, {}, 404, "route.unknown"),
        ("DELETE", "/v1/lots", None, {}, 405, "route.method"),
        ("GET", "/v1/lots?limit=x", None, {}, 400, "page.form"),
        ("POST", "/v1/holds", {"gtin": harness.GTIN}, {}, 400, "field.required"),
        ("POST", release, {}, {}, 400, "signature.required"),
        ("POST", release, {"signature": harness.sign("because")}, {}, 400, "signature.meaning"),
        ("POST", "/v1/holds", {**hold, "reason": "y"}, key, 422, "idempotency.mismatch"),
        ("POST", "/v1/holds", "<a/>", {"Content-Type": "application/xml"}, 415, "body.type"),
        ("POST", "/v1/holds", b" " * 9000000, {"Content-Type": "application/json"}, 413,
         "body.too_large")]
    for method, path, body, headers, status, code in calls:
        mia.refused(method, path, body, status=status, code=code, headers=headers)
    # Of a machine there is none, nor of a stranger.
    line.call.refused("GET", "/v1/nothing", status=404)
    site.caller().refused("GET", "/v1/nothing", status=404)
    wanted = {(code, f"{method} {path.split('?')[0]}") for method, path, _, _, _, code in calls}
    until = time.monotonic() + 20
    while True:
        kept = [r for r in site.admin.get("/v1/journal?kind=refusal")["items"]]
        found = {(r["fact"]["code"], json.loads(r["fact"]["units"])[0]["call"]) for r in kept}
        if found >= wanted:
            break
        assert time.monotonic() < until, wanted - found
    assert found == wanted and {r["user"] for r in kept} == {"mia"}
