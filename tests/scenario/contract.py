"""schemas/openapi.yaml as a contract: what it says of each call, and whether an answer keeps it.

Also the routes as the source has them: the tables of `struct http_route`, read from what the
preprocessor makes of each file, so that macros count as what they stand for.
"""
import collections
import functools
import json
import pathlib
import re
import subprocess
from urllib.parse import urlsplit

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENAPI = ROOT / "schemas/openapi.yaml"
METHODS = ("get", "put", "post", "delete")
UNITS = {"KB": 2**10, "MB": 2**20, "GB": 2**30}

Route = collections.namedtuple("Route", "method path roles body_max query")


class Operation:
    """One method of one path, with everything it refers to put in its place."""

    def __init__(self, contract, method, path, said, shared):
        self.contract, self.method, self.path, self.said = contract, method.upper(), path, said
        self.name = f"{self.method} {path}"
        self.roles = tuple(said["x-roles"])
        size, unit = said.get("x-body-max", "0 KB").split(" ")
        self.body_max = int(size) * UNITS[unit]
        self.parameters = [contract.whole(p) for p in [*shared, *said.get("parameters", [])]]
        self.responses = {k: contract.whole(r) for k, r in said["responses"].items()}
        self.pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))

    def codes(self, status):
        """The codes that a problem of this status may have here."""
        here = self.responses.get(str(status), {}).get("x-codes", [])
        return {*here, *self.contract.problems["everywhere"].get(status, {})}

    def knows(self, code, status):
        """May a problem have this code here? `epcis.*` stands for all that begin so."""
        known = self.codes(status)
        return code in known or f"{code.split('.')[0]}.*" in known

    def fault(self, response):
        """What is wrong with an answer, or None."""
        status = response.status_code
        if response.request.method == "HEAD":
            return None
        kind = response.headers.get("Content-Type", "").split(";")[0]
        if status >= 400:
            return self._problem_fault(status, kind, response)
        if str(status) not in self.responses:
            return f"{status} is not documented"
        content = self.responses[str(status)].get("content", {})
        if not content or status == 204:
            return "there is a body" if response.content else None
        if kind not in content:
            return None if "*/*" in content else f"{kind} is not documented for {status}"
        if kind != "application/json":
            return None
        return self.contract.schema_fault(content[kind]["schema"], response.json())

    def wish_fault(self, request):
        """What is undocumented in a JSON body that was accepted, or None."""
        kind = request.headers.get("Content-Type", "").split(";")[0]
        content = self.said.get("requestBody", {}).get("content", {})
        if kind not in content:
            return f"a body of {kind} is not documented"
        if kind != "application/json" or "Content-Encoding" in request.headers:
            return None
        wish = without_nulls(json.loads(request.body))
        return self.contract.schema_fault(content[kind]["schema"], wish)

    def _problem_fault(self, status, kind, response):
        if kind == "application/problem+xml" and self.path.startswith("/epcis"):
            return None
        if kind == "text/xml" and self.path == "/epcis/v1/query":
            return None
        if kind != "application/problem+json":
            return f"{status} comes as {kind}"
        problem = response.json()
        said = self.contract.schema_fault({"$ref": "#/components/schemas/Problem"}, problem)
        if said is None and not self.knows(problem["code"], status):
            return f"code {problem['code']} is not documented for {status}"
        return said


def without_nulls(value):
    """In a body a member that is null is as good as absent."""
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


class Contract:
    def __init__(self, path=OPENAPI):
        self.document = yaml.safe_load(path.read_text())
        self.problems = self.document["x-problems"]
        self.resolver = jsonschema.RefResolver("", self.document)
        self.operations = [
            Operation(self, method, path, said, item.get("parameters", []))
            for path, item in self.document["paths"].items()
            for method, said in item.items() if method in METHODS]

    def whole(self, thing):
        """What a reference stands for; members beside it go before those it names."""
        if "$ref" not in thing:
            return thing
        named = self.whole(self.resolver.resolve(thing["$ref"])[1])
        return {**named, **{k: v for k, v in thing.items() if k != "$ref"}}

    def schema_fault(self, schema, value):
        checker = jsonschema.Draft202012Validator(
            schema, resolver=self.resolver, format_checker=jsonschema.FormatChecker())
        error = jsonschema.exceptions.best_match(checker.iter_errors(value))
        return error and f"{error.json_path}: {error.message}"[:600]

    def operation(self, method, path):
        """The one that a request is for: literal paths go before those with parameters."""
        found = [o for o in self.operations if o.method == method and o.pattern.fullmatch(path)]
        return min(found, key=lambda o: o.path.count("{"), default=None)


@functools.cache
def contract():
    return Contract()


CHECKED_MAX = 64 * 2**10  # octets; what is longer is more of the same


def hold(response):
    """Asserts that a call went as openapi.yaml says: the answer, and the body if it was taken."""
    request = response.request
    operation = contract().operation(request.method, urlsplit(request.url).path)
    if operation is None or len(response.content) > CHECKED_MAX:
        return response
    fault = operation.fault(response)
    assert fault is None, f"{operation.name}: {fault}\n{response.text[:800]}"
    taken = response.ok and not re.search(r'"refused":[1-9]', response.text)
    if taken and isinstance(request.body, bytes) and len(request.body) < CHECKED_MAX:
        fault = operation.wish_fault(request)
        assert fault is None, f"{operation.name} accepts what is not documented: {fault}"
    return response


# ---- the routes of the source

def routes_of(text):
    """The rows of every table of routes in preprocessed C."""
    rows = []
    for table in re.finditer(r"struct http_route \w+\[\] = \{(.*?)\n?\};", text, re.S):
        for row in re.findall(r"\{((?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*)\}", table[1]):
            if row.strip() != "0":
                rows.append(_route(row))
    return rows


def _route(row):
    fields = {}
    names = ["method", "path", "roles", "body_max", "run", "stream", "app", "query"]
    for place, part in enumerate(re.findall(r"(?:[^,\"]|\"(?:[^\"\\]|\\.)*\")+", row)):
        if match := re.fullmatch(r"\s*\.(\w+)\s*=(.*)", part, re.S):
            fields[match[1]] = match[2]
        elif part.strip():
            fields[names[place]] = part
    query = tuple(_text(fields["query"]).split()) if "query" in fields else None
    return Route(fields["method"].strip().removeprefix("HTTP_"), _text(fields["path"]),
                 tuple(_text(fields["roles"]).split()), _number(fields.get("body_max", "0")), query)


def _text(c):
    return "".join(re.findall(r'"([^"]*)"', c))


def _number(c):
    plain = re.sub(r"\(\s*size_t\s*\)|(?<=\d)[uUlL]+", "", c)
    assert re.fullmatch(r"[\d\s()*+]+", plain), f"the ceiling of a body is no number: {c}"
    return eval(plain)  # digits, brackets, * and + only


def service_sources():
    """The demo is a caller and has a partner's routes: it is no part of the service."""
    return [p for p in sorted((ROOT / "service").rglob("*.c")) if p.parent.name != "demo"]


def source_routes():
    rows = []
    for path in service_sources():
        if re.search(r"struct http_route \w+\[\] =", path.read_text()):
            done = subprocess.run(
                ["gcc", "-E", "-P", "-std=c17", "-D_GNU_SOURCE", "-I", str(ROOT),
                 "-isystem", "/usr/include/libxml2", str(path)],
                capture_output=True, text=True, check=True)
            rows += routes_of(done.stdout)
    return rows


def source_problems():
    """Every code that the source fails with, and the status, but for those of our own mistakes
    and of a broken store."""
    text = (ROOT / "common/status.h").read_text()
    statuses = {name: int(code) for name, code in re.findall(r"X\((\w+), (\d+),", text)}
    return {(code, statuses[cls])
            for path in [*(ROOT / "common").glob("*.c"), *service_sources()]
            for cls, code in re.findall(r'\bfail\(\s*ST_(\w+),\s*"([a-z0-9_.]+)"',
                                        path.read_text())
            if cls not in ("INTERNAL", "STORE")}

