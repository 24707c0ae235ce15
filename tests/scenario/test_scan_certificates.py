"""Every route of the contract, asked with client certificates that prove nothing, too little, or
another's right: the documented refusal and never data."""
import pytest

import harness
from certificates import Authority
from harness import PASSWORD, sign
from test_scan import GENEROUS, assert_says_nothing, needs_caller
from test_scan_callers import MACHINES, head, somewhere, told_since, waited
from test_tls import trust


@pytest.fixture(scope="module")
def secured(make_story_site, tmp_path_factory):
    """A site that takes certificates of an authority, and has something to tell."""
    folder = tmp_path_factory.mktemp("authority")
    authority = Authority(folder)
    server = authority.sign("server")
    site = make_story_site()
    site.configure(rate=GENEROUS, tls={"certificate": str(server.path), "key": str(server.key),
                                       "client_ca": str(authority.path)})
    site.start()
    trust(site, authority)
    line = harness.Line(site)
    line.commission(line.serials(3))
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9521141"]})
    return site, authority


def known_as(site, authority, name, **wish):
    made = authority.sign(name)
    site.admin.put("/v1/certificates/" + name, {"subject": made.subject(), **wish})
    return site.caller(certificate=made)


def test_a_certificate_that_stands_for_nobody_gets_401_everywhere(secured):
    site, authority = secured
    stranger = site.caller(certificate=authority.sign("stranger"))
    ended = known_as(site, authority, "ended", role="operator")
    assert ended.call("GET", "/v1/lots").status_code == 200
    site.admin.delete("/v1/certificates/ended")
    for caller, code in ((stranger, "certificate.unknown"), (ended, None)):
        for o in needs_caller():
            response = caller.call(o.method, somewhere(o))
            assert response.status_code == 401, o.name
            assert_says_nothing(response, code)


def test_a_certificate_whose_role_does_not_suffice_gets_403_everywhere(secured):
    site, authority = secured
    for role, scope in {"auditor": {}, **MACHINES}.items():
        caller = known_as(site, authority, "as-" + role, role=role, **scope)
        for o in needs_caller():
            if role in o.roles or "*" in o.roles:
                continue
            response = caller.call(o.method, somewhere(o))
            assert response.status_code == 403, (role, o.name)
            assert_says_nothing(response, "access.role")


def test_token_and_certificate_of_two_callers_get_401_everywhere(secured):
    site, authority = secured
    caller = known_as(site, authority, "own", role="gateway", client="acme")
    for other in (site.token("gateway", client="beta"), site.token("operator"),
                  "pt_" + "0" * 64):
        caller.http.headers["Authorization"] = "Bearer " + other
        for o in needs_caller():
            response = caller.call(o.method, somewhere(o))
            assert response.status_code == 401, o.name
            assert_says_nothing(response)


def test_a_certificate_of_another_client_is_told_nothing(secured):
    site, authority = secured
    own = known_as(site, authority, "acme-hub", role="gateway", client="acme")
    other = known_as(site, authority, "beta-hub", role="gateway", client="beta")
    units = site.as_role("operator").get("/v1/units", params={"lot": "L1", "gtin": harness.GTIN})
    serials = {u["unit"].split("(21)")[-1] for u in units["items"]}
    assert serials and own.call("GET", "/v1/lots/%s/L1" % harness.GTIN).status_code == 200
    for o in needs_caller():
        if "gateway" not in o.roles and "*" not in o.roles:
            continue
        response = other.call(o.method, somewhere(o))
        assert response.status_code not in (500, 503), o.name
        for word in (*serials, "Exampline"):
            assert word not in response.text, o.name
    other.refused("GET", "/v1/lots/%s/L1" % harness.GTIN, status=404)


def test_a_persons_certificate_signs_with_a_password_and_is_recorded(secured):
    site, authority = secured
    site.person("qa", "mia")
    caller = known_as(site, authority, "mias-card", user="mia")
    seq = head(site)
    caller.refused("GET", "/v1/users", status=403, code="access.role")
    caller.refused("POST", f"/v1/lots/{harness.GTIN}/L1/release",
                   {"signature": sign(password="not " + PASSWORD)}, status=403,
                   code="signature.password")
    waited(lambda: ("mia", "access.role", "GET /v1/users") in told_since(site, seq))
    kinds = [r["kind"] for r in site.admin.pages("/v1/journal") if r["seq"] > seq]
    assert "password.refused" in kinds
