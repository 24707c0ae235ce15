"""Every route of the contract, asked by people and with what is no credential: the documented
refusal and never data; of people each refusal is in the journal."""
import datetime
import json
import re
import time

import pytest

import harness
import main_job
from contract import contract
from test_scan import GENEROUS, assert_says_nothing, needs_caller

PEOPLE = ("operator", "qa", "auditor", "admin")
MACHINES = {"line": {"line": "line-1"}, "gateway": {"client": "acme"}}


def somewhere(operation):
    return main_job.somewhere(operation.path)


def head(site):
    return int(re.search(r"\npacktrail_journal_seq (\d+)", site.admin.get("/metrics"))[1])


def told_since(site, seq):
    """Refusals of the journal since then, by who, code and call."""
    found = [r for r in site.admin.pages("/v1/journal", kind="refusal", limit=1000)
             if r["seq"] > seq]
    return {(r["user"] if r.get("user") else r["actor"], r["fact"]["code"],
             json.loads(r["fact"].get("units", "[{}]"))[0].get("call")) for r in found}


@pytest.fixture(scope="module")
def people(make_story_site):
    """A site with something in it, and a person of each role."""
    site = make_story_site()
    site.configure(rate=GENEROUS)
    site.start()
    line = harness.Line(site)
    line.commission(line.serials(3))
    yield site, {role: site.person(role, "p-" + role, "Mia Muster") for role in PEOPLE}


def waited(look):
    until = time.monotonic() + 30
    while not look():
        assert time.monotonic() < until, "it was not recorded"


# REQ REFUSAL-KEPT
@pytest.mark.parametrize("role", PEOPLE)
def test_what_a_role_may_not_do_is_refused_and_recorded_on_every_route(people, role):
    site, callers = people
    seq, wanted = head(site), set()
    for o in needs_caller():
        if role in o.roles or "*" in o.roles:
            continue
        response = callers[role].call(o.method, somewhere(o))
        assert response.status_code == 403, o.name
        assert_says_nothing(response, "access.role")
        wanted.add(("p-" + role, "access.role", f"{o.method} {somewhere(o)}"))
    assert len(wanted) > 5
    waited(lambda: wanted <= told_since(site, seq))


# REQ REFUSAL-KEPT
@pytest.mark.parametrize("role", PEOPLE)
def test_whatever_people_are_refused_is_recorded(people, role):
    """All of 4xx of every route that the role may call, asked for what is not there."""
    site, callers = people
    seq, refused = head(site), []
    for o in needs_caller():
        if role not in o.roles and "*" not in o.roles:
            continue
        path = re.sub(r"\{(\w+)\}", lambda m: {"gtin": "09521141000007"}.get(m[1], "none-such"),
                      o.path)
        for body in ([None] if o.method == "GET" else [None, {"reason": "x"}]):
            response = callers[role].call(o.method, path, body)
            if 400 <= response.status_code < 500:
                kind = response.headers["Content-Type"].split(";")[0]
                code = response.json()["code"] if kind.endswith("json") else None
                refused.append((o.method + " " + path, code))
    assert len(refused) > 5
    calls = lambda: {(call, code) for who, code, call in told_since(site, seq)
                     if who == "p-" + role}
    commands = lambda: {code for call, code in calls() if call is None}
    waited(lambda: all((call, code) in calls() or code in commands() or
                       code is None and call in {c for c, _ in calls()}
                       for call, code in refused))


def test_the_same_refusal_again_is_counted_and_no_fact_each(people):
    site, callers = people
    seq = head(site)
    for _ in range(20):
        callers["auditor"].refused("GET", "/v1/lots/09521141000007/SAME", status=404)
    waited(lambda: told_since(site, seq))
    told = [r for r in site.admin.pages("/v1/journal", kind="refusal")
            if r["seq"] > seq and "SAME" in r["fact"].get("units", "")]
    assert len(told) == 1 and told[0]["fact"]["tried"] == 0


def test_machines_refused_calls_are_no_facts(people):
    site, _ = people
    callers = [site.as_role(role, **scope) for role, scope in MACHINES.items()]
    seq = head(site)
    for caller in callers:
        caller.refused("GET", "/v1/users", status=403, code="access.role")
        caller.refused("GET", "/v1/lots/09521141000007/NONE", status=404)
    assert told_since(site, seq) == set()


def test_a_persons_token_that_ended_is_recorded_once(people):
    site, _ = people
    leo = {"name": "Leo Left", "role": "operator"}
    site.admin.put("/v1/users/leo", leo)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    revoked, expired, inactive = (
        site.admin.post("/v1/tokens", {"user": "leo", **more})
        for more in ({}, {"expires": soon.isoformat()}, {}))
    site.admin.delete("/v1/tokens/" + revoked["id"])
    while datetime.datetime.now(datetime.timezone.utc) < soon:
        time.sleep(0.05)  # nothing announces it: it is the clock's own
    seq = head(site)
    ended = {"token.revoked": revoked, "token.expired": expired}
    for code, token in ended.items():
        for path in ("/v1/lots", "/v1/lines", "/v1/users"):
            site.caller(token["token"]).refused("GET", path, status=401, code=code)
    site.admin.put("/v1/users/leo", {**leo, "active": False})
    for path in ("/v1/lots", "/v1/lines"):
        site.caller(inactive["token"]).refused("GET", path, status=401, code="user.inactive")
    wanted = {("leo", code, None) for code in (*ended, "user.inactive")}
    waited(lambda: wanted == told_since(site, seq))


# ---- what is no credential

def test_neither_cookies_nor_parameters_are_credentials(people):
    """A token that comes as a cookie, a parameter or under another name opens nothing."""
    site, _ = people
    token = site.admin_token
    for how in ({"Cookie": f"session={token}; token={token}; access_token={token}"},
                {"X-Api-Key": token}, {"Proxy-Authorization": f"Bearer {token}"},
                {"X-Forwarded-User": "p-admin", "X-Remote-User": "p-admin"}):
        caller = site.caller()
        caller.http.headers.update(how)
        for o in needs_caller():
            response = caller.call(o.method, somewhere(o))
            assert response.status_code == 401, (how, o.name)
            assert "Set-Cookie" not in response.headers
            assert_says_nothing(response, "access.missing")
    for o in needs_caller():
        response = site.caller().call(o.method, somewhere(o) + "?access_token=" + token)
        assert response.status_code == 401, o.name
    assert token not in site.log()


def test_no_answer_sets_a_cookie(people):
    site, callers = people
    for o in contract().operations:
        if o.method == "GET":
            for caller in (site.caller(), callers["admin"], callers["qa"]):
                assert "Set-Cookie" not in caller.call("GET", somewhere(o)).headers, o.name
