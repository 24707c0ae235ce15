"""Whatever stands in a request instead of what is asked for, it is refused in documented words."""
import json
from urllib.parse import quote

import contract
import harness
import main_job
from main_job import ROLES, somewhere

NONSENSE = [None, True, -1, 0, 10**30, 1.5, "", "\x01", "\x7f", "é", "\ud800", "%00", "x" * 5000,
            "http://", "***", [], [[]], [None], {}, {"": {}}]


def leaves(value, at=()):
    """The place of everything in a body, from the whole to each text."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*at, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*at, place))


def with_instead(body, at, other):
    if not at:
        return other
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[at[0]] = with_instead(copy[at[0]], at[1:], other)
    return copy


def without(body, at):
    """All but what stands at this place; None where that is the whole."""
    if not at:
        return None
    copy = dict(body) if isinstance(body, dict) else list(body)
    if len(at) == 1:
        del copy[at[0]]
    else:
        copy[at[0]] = without(copy[at[0]], at[1:])
    return copy


def with_more(body, at):
    """One member more in the object at this place; None where there is no object."""
    for step in at:
        body = body[step]
    return {**body, "nonsense": 1} if isinstance(body, dict) else None


def test_nonsense_in_a_body_is_refused_in_documented_words(site, make_partner):
    tell = main_job.Story()
    main_job.run(tell, site, make_partner(harness.REFUSE))
    for name, (caller, method, path, body) in tell.bodies.items():
        for at in leaves(body):
            for other in [*NONSENSE, with_more(body, at)]:
                text = json.dumps(with_instead(body, at, other))
                response = caller.call(method, path, text,
                                       headers={"Content-Type": "application/json"})
                assert response.status_code < 500, f"{name} {text[:800]}: {response.text[:800]}"


def test_a_body_that_lacks_something_is_answered_in_documented_words(site, make_partner):
    tell = main_job.Story()
    main_job.run(tell, site, make_partner(harness.REFUSE))
    ssccs = {"kind": "sscc", "prefix": harness.PREFIX, "extension": "7", "client": "acme"}
    bodies = [*tell.bodies.values(), (site.admin, "PUT", "/v1/pools/lacking", ssccs)]
    for caller, method, path, body in bodies:
        for at in leaves(body):
            less = without(body, at)
            if less is None:
                continue
            response = caller.call(method, path, less)
            assert response.status_code < 500, f"{method} {path} {less}: {response.text[:800]}"


def test_a_member_more_is_never_taken(site, make_partner):
    tell = main_job.Story()
    main_job.run(tell, site, make_partner(harness.REFUSE))
    for name, (caller, method, path, body) in tell.bodies.items():
        for at in leaves(body):
            more = with_more(body, at)
            if more is None or {"extra", "address"} & set(at):
                continue
            if name == "POST /v1/exceptions/messages":  # another house's: what it adds is kept
                continue
            wrong = with_instead(body, at, more)
            response = caller.call(method, path, wrong)
            if name == "POST /v1/reports":
                codes = {r["problem"]["code"] for r in response.json()["results"] if "problem" in r}
                assert "json.unknown_field" in codes, wrong
            elif name == "POST /epcis/v2/queries" and at:
                harness.assert_problem(response, 400, "query.unknown")  # a parameter more
            else:
                harness.assert_problem(response, 400, "json.unknown_field")


WORDS = ["", "0", "-1", "99999999999999999999", "x" * 3000, "%", "%zz", "%00", "%0a", "é", "a b", "*",
         "..", "(01)", "(01)09506000134352(21)", "]d2", "urn:epc:id:sgtin:9506000.0134352.X", "null"]


def test_nonsense_in_an_address_is_refused_in_documented_words(site, line):
    said = contract.contract()
    for o in said.operations:
        role = next((r for r in ROLES if r in o.roles or "*" in o.roles), "admin")
        caller = site.as_role(role, **ROLES[role])
        places = [p["name"] for p in o.parameters if p["in"] == "path"]
        asked = [p["name"] for p in o.parameters if p["in"] == "query"]
        for word in WORDS:
            for place in places:
                path = somewhere(o.path.replace("{%s}" % place, quote(word, safe="%") or "%20"))
                assert caller.call(o.method, path).status_code < 500, f"{o.method} {path}"
            for name in asked:
                path = f"{somewhere(o.path)}?{name}={word}"
                assert caller.call(o.method, path).status_code < 500, f"{o.method} {path}"
