"""schemas/openapi.yaml says what the service has, all of it and nothing else."""
import re

import jsonschema
import pytest
import yaml

import contract
import harness
import main_job
import soap
from contract import ROOT
from main_job import ROLES, somewhere

# Codes of what no request meets: starting, files, keys, commands, and reading one's own records.
NOT_OF_REQUESTS = re.compile(
    r"(demo|settings|site_key|listen|tls|file|folder|journal|record|loop|thread|epcis|secret|"
    r"format|init|seed|check|verify|port|xml|epoch|alive|machine|backup|restore|shadow|evidence|head|archive|disk|signing|export_key)\.|pool\.algorithm$|import\.none$|delivery\.stale$|subscriber\.too_large$|prefix\.unknown$")


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
        if o.method == "POST" and o.path != "/v1/login":  # nobody asks yet, whose key could it be
            assert "Idempotency-Key" in [p["name"] for p in o.parameters], o.name
        assert set(o.said) <= {"tags", "operationId", "summary", "description", "security",
                               "x-roles", "x-body-max", "parameters", "requestBody", "responses"}


def test_the_roles_are_those_of_the_source(said):
    words = re.findall(r'X\(\w+, "(\w+)"\)', (ROOT / "service/api/caller.h").read_text())
    assert said.document["components"]["schemas"]["Role"]["enum"] == words
    for o in said.operations:
        assert set(o.roles) <= {*words, "*"}, o.name


def test_the_acts_that_wait_for_a_second_signature_are_those_of_the_source(said):
    text = (ROOT / "service/access/second.c").read_text()
    words = re.findall(r'\[SECOND_\w+\] *= \{"(\w+)",', text)
    documented = said.document["components"]["schemas"]["ActWord"]["enum"]
    assert [w for w in words if w not in ("add_key", "advance")] == documented  # by commands


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


def test_the_parameters_of_queries_are_those_of_the_routes(said):
    documented = {o.name: o for o in said.operations}
    for r in contract.source_routes():
        if r.path.startswith("/epcis") or f"{r.method} {r.path}" not in documented:
            continue  # the query language has its own table
        o = documented[f"{r.method} {r.path}"]
        names = sorted(p["name"] for p in o.parameters if p["in"] == "query")
        assert r.query is not None and sorted(r.query) == names, o.name


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
    spelled = {code: f'"{code[:-1]}' if code.endswith(".*") else f'"{code}"' for code in codes}
    assert {code for code in codes if spelled[code] not in source} == set()


def test_the_codes_of_calls_stand_at_calls_and_nowhere_else(said):
    table = {(code, status) for status, codes in said.problems["calls"].items() for code in codes}
    placed = {(code, int(status)) for o in said.operations for status, r in o.responses.items()
              for code in r.get("x-codes", [])}
    assert placed - table == set(), "at a call, but not in x-problems"
    assert table - placed == set(), "in x-problems, but at no call"


# ---- the document and a service

def test_a_stranger_learns_of_each_path_only_that_it_is_there(site, said):
    stranger = site.caller()
    for o in said.operations:
        response = stranger.call(o.method, somewhere(o.path))
        wanted = 401 if o.roles else 200 if o.method == "GET" else 400
        assert response.status_code == wanted, o.name
    assert stranger.call("GET", "/v1/nothing").status_code == 404


def test_a_method_that_is_not_documented_is_refused_and_the_others_are_named(site, said):
    stranger = site.caller()
    for path, item in said.document["paths"].items():
        there = {m.upper() for m in item if m in contract.METHODS}
        for method in {"GET", "PUT", "POST", "DELETE"} - there:
            response = stranger.call(method, somewhere(path))
            if path == soap.QUERY:
                assert soap.Fault(response).status == 405
            else:
                harness.assert_problem(response, 405, "route.method")
            allowed = set(re.findall(r"\w+", response.headers["Allow"]))
            assert allowed - {"HEAD", "OPTIONS"} == there, path


def test_each_role_may_call_what_is_documented_and_nothing_else(site, line, said):
    for role, scope in ROLES.items():
        caller = site.as_role(role, **scope)
        for o in said.operations:
            status = caller.call(o.method, somewhere(o.path)).status_code
            if o.roles == () or "*" in o.roles or role in o.roles:
                assert status not in (401, 403), f"{role}: {o.name}"
            else:
                assert status == 403, f"{role}: {o.name}"


def test_every_call_of_the_main_job_answers_as_documented(site, make_partner, said):
    tell = main_job.Story()
    main_job.run(tell, site, make_partner(harness.REFUSE))
    assert {o.name for o in said.operations} - tell.done == set(), "never called"


# ---- the reader of tables itself

def test_a_table_of_routes_is_read_in_every_way_it_is_written():
    text = """
    extern const struct http_route other_routes[];
    const struct http_route x_routes[] = {
        {HTTP_POST, "/a", "line operator", 16 * ((size_t)1024), a_post, ((void *)0), ((void *)0)},
        {.method = HTTP_GET, .path = "/a" "/" "{b}", .roles = "admin " "qa", .run = a_get,
         .app = &n},
        {HTTP_GET, "/c", "", 0, .run = c, .query = "limit page"},
        {0},
    };"""
    assert contract.routes_of(text) == [
        ("POST", "/a", ("line", "operator"), 16384, None),
        ("GET", "/a/{b}", ("admin", "qa"), 0, None),
        ("GET", "/c", (), 0, ("limit", "page")),
    ]
