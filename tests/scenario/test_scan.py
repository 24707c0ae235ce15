"""Every route, asked by those who may not: the documented refusal and never data. What is secret
comes out nowhere. A rate that is set is kept."""
import base64
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
from urllib.parse import quote

import pytest

import contract
import harness
import main_job
from main_job import GLN, ROLES

SAID = contract.contract()
OTHER = "beta"  # the client that the story is not of
GENEROUS = {"refused": 1000000, "refused_burst": 1000000, "requests": 1000000, "burst": 1000000,
            "refusals": 1000000}


@pytest.fixture(scope="module")
def told(make_story_site):
    """A site after its main job, whose partner took everything; what was asked of it; and where its
    things are: a path's parameters with the names of real ones."""
    site = make_story_site()
    site.configure(rate=GENEROUS)
    site.start()
    partner = harness.Partner(harness.REFUSE)
    story = main_job.Story()
    main_job.run(story, site, partner)
    site.admin.put("/v1/clients/" + OTHER, {"name": "Beta", "prefixes": ["9521141"]})
    yield site, story, places_of(site, story)
    partner.close()


def places_of(site, story):
    operator, gateway = site.as_role("operator"), site.as_role("gateway", client="acme")

    def first(path, member):
        return operator.get(path)["items"][0][member]

    gateway.post("/epcis/v2/queries", {"name": "kept", "query": {"EQ_bizStep": ["shipping"]}})
    base = "/epcis/v2/queries/SimpleEventQuery/subscriptions"
    made = gateway.post(base, {"dest": "https://hub.example.com/in", "signatureToken": "x",
                               "stream": True})
    events = gateway.get("/epcis/v2/events")["epcisBody"]["queryResults"]["resultsBody"]
    jobs = gateway.get("/epcis/v2/capture")
    units = operator.get("/v1/units", params={"lot": "L1", "gtin": harness.GTIN})["items"]
    return {
        **main_job.PLACES, "query": "SimpleEventQuery", "subscription": made["subscriptionID"],
        "request": first("/v1/serials/requests", "request"), "exception": first("/v1/exceptions", "id"),
        "delivery": first("/v1/partners/hub/deliveries", "id"),
        "eventID": events["eventList"][0]["eventID"], "captureID": jobs[0]["captureID"],
        "unit": units[0]["unit"], "serial": units[0]["unit"].split("(21)")[1],
        "shipment": story.answers["POST /v1/shipments"]["shipment"],
        "id": site.admin.get("/v1/tokens")["items"][-1]["id"]}


def path_of(operation, places):
    return re.sub(r"\{(\w+)\}", lambda m: quote(places[m[1]], safe=""), operation.path)


def asked(caller, operation, places, body=None):
    return caller.call(operation.method, path_of(operation, places), body)


def assert_says_nothing(response, code=None):
    """A problem and no word of what is there."""
    kind = response.headers["Content-Type"].split(";")[0]
    assert kind in ("application/problem+json", "text/xml"), kind
    if kind == "application/problem+json":
        problem = response.json()
        assert set(problem) <= {"type", "title", "status", "detail", "code", "at"}, problem
        assert code is None or problem["code"] == code, problem
    for word in ("Acme", "Exampline", "Mia Muster", "hall 1"):
        assert word not in response.text


def needs_caller():
    return [o for o in SAID.operations if o.roles]


def expired_token(site):
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    token = site.admin.post("/v1/tokens", {"role": "admin", "expires": ends.isoformat()})["token"]
    while datetime.datetime.now(datetime.timezone.utc) < ends:
        time.sleep(0.05)  # nothing announces it: it is the clock's own
    return token


def revoked_token(site):
    made = site.admin.post("/v1/tokens", {"role": "operator"})
    site.admin.delete("/v1/tokens/" + made["id"])
    return made["token"]


def token_of_who_left(site):
    site.admin.put("/v1/users/leo", {"name": "Leo Left", "role": "operator"})
    token = site.admin.post("/v1/tokens", {"user": "leo"})["token"]
    site.admin.put("/v1/users/leo", {"name": "Leo Left", "role": "operator", "active": False})
    return token


@pytest.mark.parametrize("code, token", [
    ("access.missing", lambda site: None),
    ("token.unknown", lambda site: "pt_" + "0" * 64),
    ("token.unknown", lambda site: site.admin_token[:-1]),
    ("token.unknown", lambda site: site.admin_token + "0"),
    ("token.expired", expired_token),
    ("token.revoked", revoked_token),
    ("user.inactive", token_of_who_left),
], ids=["none", "wrong", "cut", "longer", "expired", "revoked", "inactive"])
def test_who_is_not_known_gets_401_everywhere(told, code, token):
    site, story, places = told
    caller = site.caller(token(site))
    head = int(site.admin.get("/metrics").split("\npacktrail_journal_seq ")[1].split("\n")[0])
    for o in needs_caller():
        bodies = [None] + ([story.bodies[o.name][3]] if o.name in story.bodies else [])
        for body in bodies:
            response = asked(caller, o, places, body)
            assert response.status_code == 401, o.name
            assert response.headers["WWW-Authenticate"] == "Bearer", o.name
            assert_says_nothing(response, code)
    facts = [r for r in site.admin.pages("/v1/journal", limit=1000) if r["seq"] > head]
    if code != "user.inactive":
        assert facts == [], "being unknown is no fact"
    else:  # a person is known by what has ended, too
        assert {(r["user"], r["fact"]["code"]) for r in facts if r["kind"] == "refusal"} == {
            ("leo", code)}


def test_credentials_of_another_form_get_401_everywhere(told):
    site, _, places = told
    basic = base64.b64encode(f"admin-aaaaaaaaaa:{site.admin_token}".encode()).decode()
    for header in ("Bearer", f"bearer{site.admin_token}", f"Basic {basic}", f"Digest {basic}",
                   f"Token {site.admin_token}"):
        caller = site.caller()
        caller.http.headers["Authorization"] = header
        for o in needs_caller():
            response = asked(caller, o, places)
            assert response.status_code == 401, (header, o.name)
            assert_says_nothing(response)


def test_a_role_that_does_not_suffice_gets_403_everywhere(told):
    site, story, places = told
    for role, scope in ROLES.items():
        caller = site.as_role(role, **scope)
        for o in needs_caller():
            if role in o.roles or "*" in o.roles:
                continue
            body = story.bodies[o.name][3] if o.name in story.bodies else None
            response = asked(caller, o, places, body)
            assert response.status_code == 403, (role, o.name)
            assert_says_nothing(response, "access.role")


# ---- another client's

# What is there for all clients alike, or is a list in which a stranger's things are just absent.
BOUND = ("gateway", "client", "distributor", "operator", "qa", "auditor")
OF_THE_SITE = re.compile(r"/v1/(markets|locations|parties|lines)\b|/verify/|/checkConnectivity|"
                         r"/queries/SimpleEventQuery\b")


def leaks(site, places):
    """Words that only the first client's things have."""
    serials = {i["unit"].split("(21)")[-1].replace("(00)", "")
               for i in site.as_role("operator").pages("/v1/units", lot="L1", gtin=harness.GTIN)}
    return serials | {"Acme Pharma", "Exampline", "9506000.", "urn:uuid:", places["captureID"],
                      places["subscription"]}


@pytest.mark.parametrize("role", BOUND)
def test_what_is_another_clients_does_not_exist(told, role):
    site, story, places = told
    scope = {"client": OTHER, **({"party": GLN} if role == "distributor" else {})}
    caller = site.as_role(role, **scope)
    words = leaks(site, places)
    seen = 0
    for o in needs_caller():
        if role not in o.roles:
            continue
        path = path_of(o, places)
        body = story.bodies[o.name][3] if o.name in story.bodies else None
        response = caller.call(o.method, path, body)
        own = path + json.dumps(body)
        said = response.text.replace("\\/", "/")
        for word in words:
            assert word in own or quote(word, safe="") in own or word not in said, (o.name, word)
        seen += 1
        if response.status_code >= 400:
            assert response.status_code in (400, 401, 403, 404, 405, 406, 409, 415, 422), o.name
            continue
        if OF_THE_SITE.search(path):
            continue
        if o.name == "POST /v1/reports":  # whose 200 says of each thing what became of it
            assert response.json()["accepted"] == 0, response.text
        elif o.method == "GET" and "application/json" in response.headers["Content-Type"]:
            answer = response.json()
            items = answer.get("items", answer.get("member", [])) if isinstance(answer, dict) else answer
            assert items in ([], ["events"]) or "{" not in o.path, (o.name, response.text[:300])
    assert seen > 5


ONES = [  # a thing of the first client each, and the role that may look at such
    ("GET", "/v1/units/{unit}"), ("GET", "/v1/units/{unit}/tree"), ("GET", "/v1/units/{unit}/history"),
    ("GET", "/v1/lots/{gtin}/{lot}"), ("GET", "/v1/products/{gtin}"), ("GET", "/v1/pools/{pool}"),
    ("GET", "/v1/clients/{client}"), ("GET", "/v1/partners/{partner}"),
    ("GET", "/v1/shipments/{shipment}"), ("GET", "/v1/shipments/{shipment}/units"),
    ("GET", "/v1/serials/requests/{request}"), ("GET", "/v1/partners/{partner}/deliveries"),
    ("GET", "/v1/partners/{partner}/deliveries/{delivery}"),
    ("GET", "/v1/partners/{partner}/deliveries/{delivery}/messages/{message}"),
    ("GET", "/v1/exceptions/{exception}"), ("GET", "/epcis/v2/events/{eventID}"),
    ("GET", "/epcis/v2/capture/{captureID}"),
    ("GET", "/epcis/v2/queries/{query}/subscriptions/{subscription}"),
    ("DELETE", "/epcis/v2/queries/{query}/subscriptions/{subscription}"),
    ("POST", "/v1/lots/{gtin}/{lot}/close"),
    ("POST", "/v1/serials/requests/{request}/confirm"),
    ("POST", "/v1/partners/{partner}/deliveries/{delivery}/retry"),
]


@pytest.mark.parametrize("method, path", ONES, ids=lambda v: v)
def test_one_thing_of_another_client_is_404(told, method, path):
    site, story, places = told
    o = next(o for o in SAID.operations if o.name == f"{method} {path}")
    body = story.bodies[o.name][3] if o.name in story.bodies else None
    asked_by = [r for r in BOUND if r in o.roles or "*" in o.roles]
    assert asked_by, o.roles
    for role in asked_by:
        own = site.as_role(role, client="acme", **({"party": GLN} if role == "distributor" else {}))
        if method == "GET" and role != "distributor":  # who sees what it brought about itself
            assert asked(own, o, places).status_code == 200, "it is there for its own client"
        other = site.as_role(role, client=OTHER,
                             **({"party": GLN} if role == "distributor" else {}))
        response = asked(other, o, places, body)
        assert response.status_code == 404, (role, response.text)
        assert_says_nothing(response)


# ---- what is secret

SECRETS = {
    "basic": "Basic-Secret-7f2a9c", "bearer": "Bearer-Secret-51d0e4", "header": "Header-Secret-93b7aa",
    "hook": "Hook-Secret-c20b66", "first": "First password 88e1", "own": "Own password 4c7d",
    "wrong": "Wrong password 19ab", "misplaced": "Misplaced password 6e3f"}


def work_with_secrets(site, partner):
    """All that takes a secret, taken well and refused; (callers, tokens)."""
    admin = site.admin
    admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": [harness.PREFIX]})
    auths = {"one": {"basic": {"user": "u", "password": SECRETS["basic"]}},
             "two": {"bearer": SECRETS["bearer"]}}
    for name, auth in auths.items():
        wish = {"client": "acme", "url": partner.url, "format": "epcis-2.0-json", "auth": auth,
                "headers": [{"name": "X-Key", "value": SECRETS["header"], "secret": True}]}
        admin.put(f"/v1/partners/{name}", wish)
        admin.refused("PUT", f"/v1/partners/{name}", {**wish, "typo": 1}, status=400)
    gateway = site.caller(site.token("gateway", client="acme"))
    gateway.post("/epcis/v2/queries/SimpleEventQuery/subscriptions",
                 {"dest": "https://hub.example.com/in", "signatureToken": SECRETS["hook"],
                  "stream": True})
    mia = {"name": "Mia Muster", "role": "qa"}
    admin.put("/v1/users/mia", {**mia, "password": SECRETS["first"]})
    admin.refused("PUT", "/v1/users/mia", {**mia, "passwort": SECRETS["misplaced"]}, status=400)
    admin.refused("PUT", "/v1/users/mia", '{"password": "%s' % SECRETS["misplaced"], status=400)
    token = admin.post("/v1/tokens", {"user": "mia"}, 201)["token"]
    person = site.caller(token)
    path = "/v1/users/mia/password"
    person.post(path, {"old": SECRETS["first"], "new": SECRETS["own"]}, 204,
                headers={"Idempotency-Key": "k"})
    person.refused("POST", path, {"old": SECRETS["wrong"], "new": "x" * 20}, status=403)
    person.refused("GET", "/v1/tokens?token=" + token[-20:], status=403)
    for bad in ("Bearer " + SECRETS["misplaced"], "Basic " + base64.b64encode(
            f"x:{SECRETS['misplaced']}".encode()).decode(), SECRETS["misplaced"]):
        stranger = site.caller()
        stranger.http.headers["Authorization"] = bad
        stranger.refused("GET", "/v1/tokens", status=401)
    line = harness.Line(site)
    line.commission(line.serials(3))
    for _ in range(2):
        partner.wait_for(1)
    return person, [site.admin_token, token, gateway.http.headers["Authorization"].split()[1]]


def everything_shown(site, person):
    """All that the service says and writes for people to read, and its store."""
    shown = {"log": site.log()}
    for o in SAID.operations:
        if o.method != "GET":
            continue
        path = main_job.somewhere(o.path)
        for caller in (site.admin, person, site.as_role("operator")):
            shown[f"{o.name} {len(shown)}"] = caller.call("GET", path).text
    for kind in ("application/json", "application/x-ndjson", "text/csv"):
        shown["journal " + kind] = site.admin.call(
            "GET", "/v1/journal?limit=1000", headers={"Accept": kind}).text
    for name in ("one", "two"):
        shown["partner " + name] = site.admin.call("GET", f"/v1/partners/{name}").text
        for delivery in site.admin.get(f"/v1/partners/{name}/deliveries")["items"]:
            for message in ("canonical", "sent", "answer"):
                shown[f"{name} {message}"] = site.admin.call(
                    "GET", f"/v1/partners/{name}/deliveries/{delivery['id']}/messages/{message}").text
    return shown


def spellings(secret):
    raw = secret if isinstance(secret, bytes) else secret.encode()
    return [raw, base64.b64encode(raw).rstrip(b"=")[:-1], raw.hex().encode(), raw.hex().upper().encode(),
            quote(raw, safe="").encode()]


def test_nothing_secret_is_in_answers_logs_journal_or_store(make_site, partner):
    site = make_site()
    site.configure(log={"level": "debug"})
    site.start()
    person, tokens = work_with_secrets(site, partner)
    keys = [line.split()[1] for line in (site.folder / "site.key").read_text().splitlines()]
    secrets = [*SECRETS.values(), *tokens, *keys, *(bytes.fromhex(k) for k in keys)]
    shown = {k: v.encode() for k, v in everything_shown(site, person).items()}
    site.stop()
    shown["log"] = site.log().encode()
    shown["packtrail journal"] = json.dumps(site.journal()).encode()
    shown["token list"] = harness.packtrail("token", "list", site.folder).stdout.encode()
    for file in [*(site.folder / "data").iterdir(), *(site.folder / "messages").rglob("*"),
                 site.folder / "head.json", site.config]:
        if file.is_file():
            shown[str(file)] = file.read_bytes()
    assert len(shown) > 50 and any(b"partner.put" in text for text in shown.values())
    for secret in secrets:
        for spelled in spellings(secret):
            for name, text in shown.items():
                assert spelled not in text, f"{secret!r} is in {name}"


def test_the_process_keeps_its_memory_to_itself():
    """No core file, no debugger of the same user, no more rights than it began with."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="packtrail-sealed-"))
    try:
        folder.chmod(0o755)
        program = shutil.copy(harness.BIN, folder / "packtrail")
        who = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
        with subprocess.Popen([program, "convert", "--to", "urn"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, **who) as one:
            one.stdin.write(b"(00)095060000000000015\n")
            one.stdin.flush()
            process = pathlib.Path(f"/proc/{one.pid}")
            deadline = time.monotonic() + 20
            while "NoNewPrivs:\t1" not in (process / "status").read_text():
                assert time.monotonic() < deadline and one.poll() is None
                time.sleep(0.01)
            assert (process / "environ").stat().st_uid == 0, "the user's own: it can be looked into"
            assert re.search(r"^Max core file size +0 ", (process / "limits").read_text(), re.M)
            one.stdin.close()
    finally:
        shutil.rmtree(folder)


def test_core_files_can_be_had_by_a_setting(make_site):
    site = make_site()
    site.configure(core_files=True)
    site.start()
    limits = pathlib.Path(f"/proc/{site.process.pid}/limits").read_text()
    soft, hard = re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.M).groups()
    assert soft == hard


# ---- rates

def away(site):
    return {why: int(n) for why, n in re.findall(
        r'^packtrail_turned_away_total\{why="([\w.]+)"\} (\d+)', site.caller().get("/metrics"), re.M)}


def test_who_is_not_known_may_not_ask_often(make_site):
    site = make_site()
    site.configure(rate={"refused": 1, "refused_burst": 5})
    site.start()
    stranger = site.caller("pt_" + "0" * 64)
    statuses = [stranger.call("GET", "/v1/tokens").status_code for _ in range(40)]
    assert statuses[:5] == [401] * 5
    assert statuses.count(429) >= 20
    harness.assert_problem(stranger.call("GET", "/v1/tokens"), 429, "rate.refused")
    assert stranger.call("GET", "/v1/tokens").headers["Retry-After"] == "1"
    assert site.admin.call("GET", "/v1/tokens").status_code == 200  # from the same address
    assert stranger.call("GET", "/healthz").status_code == 200
    counted = away(site)
    assert counted["unknown"] == statuses.count(401) and counted["rate.refused"] >= 20
    kinds = {f["kind"] for f in site.admin.get("/v1/journal")["items"]}
    assert not {k for k in kinds if "refus" in k}


def test_a_caller_that_asks_too_often_is_told_to_wait_and_others_are_not(make_site):
    site = make_site()
    site.configure(rate={"requests": 1, "burst": 20})
    site.start()
    one, other = site.as_role("operator"), site.as_role("operator")
    statuses = [one.call("GET", "/v1/lines").status_code for _ in range(60)]
    assert statuses[:20] == [200] * 20 and statuses.count(429) >= 30
    problem = one.refused("GET", "/v1/lines", status=429, code="rate.requests")
    assert problem["title"]
    assert other.call("GET", "/v1/lines").status_code == 200
    assert away(site)["rate.requests"] >= 30


def test_lines_do_not_feel_the_rate(line):
    for _ in range(300):
        assert line.call.call("GET", "/v1/lines").status_code == 200


# ---- the sandbox

@pytest.mark.skipif(harness.SANITIZED, reason="a sanitizer makes calls of its own when all ends")
def test_in_its_sandbox_the_service_does_its_work_and_every_thread_is_confined(make_site, partner):
    site = make_site()
    site.configure(sandbox="strict", exchange={"retry_min": "100 ms"})
    site.start()
    tasks = list(pathlib.Path(f"/proc/{site.process.pid}/task").iterdir())
    assert len(tasks) > 4
    for task in tasks:
        assert "\nSeccomp:\t2\n" in (task / "status").read_text()
    line = harness.Line(site)
    for name, url in (("one", partner.url.replace("127.0.0.1", "localhost")),
                      ("two", "http://nothing.invalid/")):  # names are looked up
        site.admin.put(f"/v1/partners/{name}", {"client": "acme", "url": url,
                                                "format": "epcis-2.0-json"})
    line.commission(line.serials(3))
    partner.wait_for(1)
    main_job.until(lambda: site.admin.get("/v1/partners/two")["failing"])
    site.stop()
    assert "sandbox" not in site.log()
    outcome = [r["fact"] for r in site.journal() if r["kind"] == "delivery.outcome"]
    assert "the host's name is not known" in str(outcome)
