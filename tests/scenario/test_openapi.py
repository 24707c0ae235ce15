"""schemas/openapi.yaml says what the service has, all of it and nothing else."""
import re
import time
from urllib.parse import quote, urlsplit

import jsonschema
import pytest
import yaml

import contract
import harness
from contract import ROOT

# Codes of what no request meets: starting, files, keys, commands, and reading one's own records.
NOT_OF_REQUESTS = re.compile(
    r"(demo|settings|site_key|listen|tls|file|folder|journal|record|loop|thread|epcis|secret|"
    r"format|init|seed|check|verify|port|xml|epoch|alive|machine)\.|pool\.algorithm$|import\.none$|delivery\.stale$|prefix\.unknown$")


@pytest.fixture(scope="module")
def said():
    return contract.contract()


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


# ---- the document by itself

def test_no_key_stands_twice_in_the_document():
    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [self.construct_object(key) for key, _ in node.value]
            twice = {k for k in keys if keys.count(k) > 1}
            assert not twice, f"{node.start_mark}: twice: {twice}"
            return super().construct_mapping(node, deep)

    yaml.load(contract.OPENAPI.read_text(), Strict)


def test_every_reference_leads_somewhere_and_every_component_is_used(said):
    used = set(references(said.document))
    for ref in used:
        said.resolver.resolve(ref)
    there = {f"#/components/{kind}/{name}"
             for kind, things in said.document["components"].items() for name in things}
    there = {ref for ref in there if "/securitySchemes/" not in ref}
    assert used <= there, "references to no component"
    assert there <= used, "components that nothing uses"


def test_every_schema_is_one(said):
    for name, schema in said.document["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as e:
            pytest.fail(f"{name}: {e.message}")


def test_every_example_keeps_its_schema(said):
    for operation in said.operations:
        for media in operation.said.get("requestBody", {}).get("content", {}).values():
            examples = [e["value"] for e in media.get("examples", {}).values()]
            for example in [*examples, *([media["example"]] if "example" in media else [])]:
                assert said.schema_fault(media["schema"], example) is None, operation.name


def test_every_operation_is_whole(said):
    ids = [o.said["operationId"] for o in said.operations]
    assert len(ids) == len(set(ids)), "an operationId stands twice"
    for o in said.operations:
        assert o.said["summary"] and o.said["tags"], o.name
        names = re.findall(r"\{(\w+)\}", o.path)
        assert names == [p["name"] for p in o.parameters if p["in"] == "path"], o.name
        assert ("requestBody" in o.said) == (o.body_max > 0), o.name
        assert any(code.startswith("2") for code in o.responses), o.name
        if o.roles:
            assert "default" in o.responses, f"{o.name}: what its refusals look like"
        if o.method == "POST":
            assert "Idempotency-Key" in [p["name"] for p in o.parameters], o.name
        assert set(o.said) <= {"tags", "operationId", "summary", "description", "security",
                               "x-roles", "x-body-max", "parameters", "requestBody", "responses"}


def test_the_roles_are_those_of_the_source(said):
    words = re.findall(r'X\(\w+, "(\w+)"\)', (ROOT / "service/api/caller.h").read_text())
    assert said.document["components"]["schemas"]["Role"]["enum"] == words
    for o in said.operations:
        assert set(o.roles) <= {*words, "*"}, o.name


# ---- the document and the source

def test_every_route_is_documented_and_every_path_is_a_route(said):
    routes = {f"{r.method} {r.path}" for r in contract.source_routes()}
    documented = {o.name for o in said.operations}
    assert routes - documented == set(), "routes that are not documented"
    assert documented - routes == set(), "documented, but there is no such route"


def test_roles_and_body_ceilings_are_those_of_the_routes(said):
    documented = {o.name: o for o in said.operations}
    for r in contract.source_routes():
        o = documented.get(f"{r.method} {r.path}")
        if o is None:
            continue
        assert sorted(o.roles) == sorted(r.roles), o.name
        assert o.body_max == r.body_max, o.name


def test_every_code_that_a_request_may_meet_is_documented(said):
    documented = {(code, status) for place in said.problems.values()
                  for status, codes in place.items() for code in codes}
    met = {(code, status) for code, status in contract.source_problems()
           if not NOT_OF_REQUESTS.match(code)}
    assert met - documented == set(), "codes that are not in x-problems"


def test_every_documented_code_is_in_the_source(said):
    source = "\n".join(p.read_text() for folder in ("common", "service")
                       for p in (ROOT / folder).rglob("*.[ch]"))
    codes = {code for place in said.problems.values() for s in place.values() for code in s}
    assert {code for code in codes if f'"{code}"' not in source} == set()


def test_the_codes_of_calls_stand_at_calls_and_nowhere_else(said):
    table = {(code, status) for status, codes in said.problems["calls"].items() for code in codes}
    placed = {(code, int(status)) for o in said.operations for status, r in o.responses.items()
              for code in r.get("x-codes", [])}
    assert placed - table == set(), "at a call, but not in x-problems"
    assert table - placed == set(), "in x-problems, but at no call"


# ---- the document and a service

GLN = "9506000134352"
PLACES = {  # for the {...} of paths
    "client": "acme", "gtin": harness.GTIN, "line": "line-1", "gln": GLN, "lot": "L1",
    "pool": "acme-packs", "partner": "hub", "unit": "(01)" + harness.GTIN + "(21)X",
    "request": "none", "shipment": "none", "id": "none", "delivery": "none", "message": "sent"}
ROLES = {
    "line": {"line": "line-1"}, "distributor": {"client": "acme", "party": GLN},
    "gateway": {"client": "acme"}, "client": {"client": "acme"},
    "operator": {}, "qa": {}, "auditor": {}, "admin": {}}


def somewhere(path):
    return re.sub(r"\{(\w+)\}", lambda m: quote(PLACES[m[1]], safe=""), path)


def test_a_stranger_learns_of_each_path_only_that_it_is_there(site, said):
    stranger = site.caller()
    for o in said.operations:
        response = stranger.call(o.method, somewhere(o.path))
        assert response.status_code == (401 if o.roles else 200), o.name
    assert stranger.call("GET", "/v1/nothing").status_code == 404


def test_a_method_that_is_not_documented_is_refused_and_the_others_are_named(site, said):
    stranger = site.caller()
    for path, item in said.document["paths"].items():
        there = {m.upper() for m in item if m in contract.METHODS}
        for method in {"GET", "PUT", "POST", "DELETE"} - there:
            response = stranger.call(method, somewhere(path))
            harness.assert_problem(response, 405, "route.method")
            allowed = set(re.findall(r"\w+", response.headers["Allow"]))
            assert allowed - {"HEAD", "OPTIONS"} == there, path


def test_each_role_may_call_what_is_documented_and_nothing_else(site, line, said):
    site.admin.put(f"/v1/parties/{GLN}", {"name": "Distributor"})
    for role, scope in ROLES.items():
        caller = site.as_role(role, **scope)
        for o in said.operations:
            status = caller.call(o.method, somewhere(o.path)).status_code
            if o.roles == () or "*" in o.roles or role in o.roles:
                assert status not in (401, 403), f"{role}: {o.name}"
            else:
                assert status == 403, f"{role}: {o.name}"


# ---- every call once

class Story:
    """Makes calls and remembers which operations have answered well; that all is as documented is
    seen to by the callers themselves."""

    def __init__(self, said):
        self.said, self.done = said, set()

    def __call__(self, caller, method, path, body=None, expect=(200, 201, 204), **more):
        response = caller.call(method, path, body, **more)
        assert response.status_code in expect, f"{method} {path}: {response.text[:800]}"
        operation = self.said.operation(method, urlsplit(path).path)
        self.done.add(operation.name)
        kind = response.headers.get("Content-Type", "").split(";")[0]
        return response.json() if kind == "application/json" else response.text


CASE_SIZE = 3


def configure(tell, admin, partner):
    for gln in (GLN, "9506000100012"):
        tell(admin, "PUT", f"/v1/locations/{gln}",
             {"name": "Hall", "timezone": "Europe/Zurich", "address": {"city": "Basel"}})
        tell(admin, "PUT", f"/v1/parties/{gln}", {"name": "Wholesale", "reason": "new customer"})
    tell(admin, "PUT", "/v1/lines/line-1", {"name": "Line 1", "location": GLN})
    tell(admin, "PUT", "/v1/clients/acme", {
        "name": "Acme Pharma", "prefixes": [harness.PREFIX], "extra": {"erp": "4711"},
        "profile": {"ship_rule": "closed", "ship_needs_ack": False}})
    tell(admin, "PUT", f"/v1/products/{harness.GTIN}", {
        "client": "acme", "name": "Exampline", "holder": "Acme", "market": "CH", "levels": [
            {"level": "pack", "id": "sgtin", "quantity": 1},
            {"level": "case", "id": "sscc", "quantity": CASE_SIZE}]})
    tell(admin, "PUT", "/v1/pools/acme-packs", {
        "gtin": harness.GTIN, "kind": "random", "length": 18, "policy": "eu-fmd",
        "threshold": 10, "share": {"of": 2, "index": 1}})
    tell(admin, "PUT", "/v1/pools/acme-cases", {
        "client": "acme", "prefix": harness.PREFIX, "extension": "0", "kind": "sscc"})
    tell(admin, "PUT", "/v1/pools/acme-list", {"gtin": harness.GTIN, "kind": "list", "rank": 9})
    tell(admin, "PUT", "/v1/partners/hub", {
        "client": "acme", "url": partner.url, "format": "epcis-2.0-json", "approval": "none",
        "auth": {"basic": {"user": "packtrail", "password": "secret"}},
        "headers": [{"name": "X-Site", "value": "hall 1", "secret": True}],
        "filter": {"gtins": [harness.GTIN]}, "success": {"status": [200], "body": "^.*$"}})
    for noun in ("locations/" + GLN, "parties/" + GLN, "lines/line-1", "clients/acme",
                 "products/" + harness.GTIN, "pools/acme-packs", "partners/hub"):
        tell(admin, "GET", "/v1/" + noun)
        tell(admin, "GET", "/v1/" + noun.split("/")[0] + "?limit=1")


def make_tokens(tell, site):
    wish = {"role": "line", "line": "line-1", "expires": "2090-01-01T00:00:00Z"}
    made = tell(site.admin, "POST", "/v1/tokens", wish, headers={"Idempotency-Key": "t"})
    again = tell(site.admin, "POST", "/v1/tokens", wish, headers={"Idempotency-Key": "t"})
    assert again == {"id": made["id"]}
    spare = tell(site.admin, "POST", "/v1/tokens", {"role": "qa"})
    tell(site.admin, "DELETE", "/v1/tokens/" + spare["id"])
    tell(site.admin, "GET", "/v1/tokens")
    return site.caller(made["token"]), site.as_role("operator")


def take_numbers(tell, admin, line):
    wish = {"gtin": harness.GTIN, "quantity": 5, "lot": "L1", "order": "PO-1", "level": "pack"}
    got = tell(line, "POST", "/v1/serials", wish)
    for kind in ("text/plain", "text/csv", "application/x-ndjson"):
        tell(line, "POST", "/v1/serials", wish, headers={"Accept": kind})
    request = "/v1/serials/requests/" + got["request"]
    assert tell(line, "GET", request + "?unused=true")["serials"] == got["serials"]
    assert tell(line, "POST", request + "/confirm", {})["state"] == "confirmed"
    tell(line, "GET", "/v1/serials/requests?lot=L1&state=open")
    tell(line, "POST", "/v1/serials/returns", {
        "gtin": harness.GTIN, "serials": [got["serials"][4], "NOBODY"], "reason": "end of lot"})
    sscc, = tell(line, "POST", "/v1/sscc", {
        "quantity": 1, "lot": "L1", "gtin": harness.GTIN, "extension": "0"})["ssccs"]
    tell(admin, "POST", "/v1/pools/acme-list/import", "serial,crypto\nA1,x\nA2,y\n",
         headers={"Content-Type": "text/csv"})
    listed = tell(line, "POST", "/v1/serials", {
        "gtin": harness.GTIN, "quantity": 1, "pool": "acme-list"})
    assert listed["attributes"] == [{"crypto": "x"}]
    tell(admin, "POST", "/v1/pools/acme-list/return", {"reason": "the client asked for them"})
    return got["serials"], sscc


def work(tell, line, serials, sscc):
    packs = [f"(01){harness.GTIN}(21){s}" for s in serials]
    answer = tell(line, "POST", "/v1/reports", [
        {"type": "commission", "id": "r1", "lot": "L1", "gtin": harness.GTIN, "station": "camera",
         "serials": serials[:3], "time": "2026-01-02T03:04:05+01:00", "by": "M", "extra": {"a": "b"}},
        {"type": "scrap", "gtin": harness.GTIN, "serials": [serials[3]], "reason": "unreadable"},
        {"type": "pack", "parent": sscc, "children": packs[:2], "commission": True},
        {"type": "unpack", "parent": sscc, "children": packs[:1], "reason": "wrong way up"},
        {"type": "pack", "parent": sscc, "children": packs[:1]},
        {"type": "close", "parent": sscc, "partial": True, "by": "M", "reason": "sample taken"},
        {"type": "commission", "id": "r1", "lot": "L1", "gtin": harness.GTIN,
         "serials": serials[:2]}])
    assert (answer["accepted"], answer["refused"]) == (6, 1), answer
    assert answer["results"][6]["problem"]["code"] in contract.contract().problems["inside"][409]
    tell(line, "POST", "/v1/reports", '{"type": "close"}\n{"typo": 1}\n',
         headers={"Content-Type": "application/x-ndjson"})
    return packs


def close_and_ship(tell, operator, sscc):
    tell(operator, "GET", f"/v1/lots/{harness.GTIN}/L1")
    tell(operator, "GET", "/v1/lots?state=open&client=acme")
    tell(operator, "POST", f"/v1/lots/{harness.GTIN}/L1/close", {})
    made = tell(operator, "POST", "/v1/shipments", {
        "units": [sscc], "from": {"party": GLN, "location": GLN},
        "to": {"party": "9506000100012", "location": "9506000100012"},
        "documents": [{"type": "desadv", "id": "D-1"}, {"type": "po", "id": "P-1", "gln": GLN}],
        "flags": ["export"], "extra": {"truck": "7"}})
    place = "/v1/shipments/" + made["shipment"]
    assert tell(operator, "GET", place) == made
    tell(operator, "GET", place + "/units")


def look(tell, caller, packs, sscc):
    for form in ("bracketed", "dl", "urn"):
        for unit in (packs[0], packs[3], packs[4], sscc):
            for more in ("", "/tree", "/history"):
                tell(caller, "GET", f"/v1/units/{quote(unit, safe='')}{more}?form={form}")
    tell(caller, "GET", f"/v1/units/{sscc}/tree?depth=1")
    tell(caller, "GET", f"/v1/units?lot=L1&gtin={harness.GTIN}&state=shipped")
    tell(caller, "GET", f"/v1/units?parent={sscc}")


def hear(tell, operator, partner):
    """The partner refuses the first message, is sent it again, and takes all."""
    partner.wait_for(1)
    base = "/v1/partners/hub/deliveries"
    refused = until(lambda: tell(operator, "GET", base + "?state=rejected")["items"])[0]
    tell(operator, "GET", f"{base}/{refused['id']}")
    for message in ("canonical", "sent", "answer"):
        tell(operator, "GET", f"{base}/{refused['id']}/messages/{message}")
    partner.always = harness.ACCEPT
    tell(operator, "POST", f"{base}/{refused['id']}/retry", {"reason": "mended"})
    until(lambda: not [i for i in tell(operator, "GET", base)["items"]
                       if i["state"] not in ("accepted", "skipped")])


def until(look_again, seconds=30):
    """What it gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look_again()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return found


def test_every_call_of_the_main_job_answers_as_documented(site, make_partner, said):
    tell, partner = Story(said), make_partner(harness.REFUSE)
    configure(tell, site.admin, partner)
    line, operator = make_tokens(tell, site)
    tell(operator, "POST", "/v1/lots", {
        "lot": "L1", "gtin": harness.GTIN, "expiry": "2030-12", "client": "acme", "line": "line-1",
        "lines": ["line-1"], "order": "PO-1", "quantity": 5, "produced": "2026-01-01",
        "packaging": "blister", "extra": {"a": "b"}})
    serials, sscc = take_numbers(tell, site.admin, line)
    packs = work(tell, line, serials, sscc)
    close_and_ship(tell, operator, sscc)
    look(tell, site.as_role("client", client="acme"), packs, sscc)
    hear(tell, operator, partner)
    for kind in ("application/json", "application/x-ndjson", "text/csv"):
        tell(site.admin, "GET", "/v1/journal?kind=units.packed", headers={"Accept": kind})
    tell(site.admin, "GET", "/v1/journal")
    for path in ("/healthz", "/readyz", "/metrics", "/version"):
        tell(site.caller(), "GET", path)
    assert {o.name for o in said.operations} - tell.done == set(), "never called"


# ---- the reader of tables itself

def test_a_table_of_routes_is_read_in_every_way_it_is_written():
    text = """
    extern const struct http_route other_routes[];
    const struct http_route x_routes[] = {
        {HTTP_POST, "/a", "line operator", 16 * ((size_t)1024), a_post, ((void *)0), ((void *)0)},
        {.method = HTTP_GET, .path = "/a" "/" "{b}", .roles = "admin " "qa", .run = a_get,
         .app = &n},
        {HTTP_GET, "/c", "", 0, .run = c},
        {0},
    };"""
    assert contract.routes_of(text) == [
        ("POST", "/a", ("line", "operator"), 16384),
        ("GET", "/a/{b}", ("admin", "qa"), 0),
        ("GET", "/c", (), 0),
    ]
