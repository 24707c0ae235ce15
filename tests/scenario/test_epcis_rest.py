"""Whatever is asked below /epcis, the answer has the form of EPCIS 2.0."""
import re
import socket

import lxml.etree
import pytest

import contract
import harness
from epcis_documents import DATA, need

TOP = "/epcis/v2"
SUBSCRIPTIONS = TOP + "/queries/SimpleEventQuery/subscriptions"
VERSIONS = {"GS1-EPCIS-Version", "GS1-Extensions", "GS1-CBV-Version"}
DISCOVERY = VERSIONS | {
    "GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Min", "GS1-CBV-Max", "GS1-EPC-Format",
    "GS1-CBV-XML-Format", "GS1-Vendor-Version"}
XML = {"Accept": "application/xml"}


def gs1_headers(response):
    return {name for name in response.headers if name.startswith("GS1-")}


@pytest.fixture
def gateway(line):
    return line.site.as_role("gateway", client="acme")


def raw(site, text):
    """What comes back for bytes that no library would send."""
    host, port = site.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=harness.CALL_S) as s:
        s.sendall(text)
        s.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: s.recv(65536), b"")).decode()


# ---- discovery

@pytest.mark.parametrize("path, allow, headers", [
    (TOP, {"OPTIONS", "GET"}, DISCOVERY),
    (TOP + "/", {"OPTIONS", "GET"}, DISCOVERY),
    (SUBSCRIPTIONS, {"OPTIONS", "GET", "POST"}, DISCOVERY),
    (SUBSCRIPTIONS + "/x", {"OPTIONS", "GET", "DELETE"},
     {"GS1-EPCIS-Version", "GS1-Extensions", "GS1-EPCIS-Min", "GS1-EPCIS-Max",
      "GS1-Vendor-Version", "GS1-Query-Min-Record-Time"})])
def test_options_tell_methods_versions_and_forms_to_anybody(site, path, allow, headers):
    answer = site.caller().call("OPTIONS", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(re.findall(r"\w+", answer.headers["Allow"])) == allow
    assert gs1_headers(answer) == headers
    for name in headers & {"GS1-EPCIS-Version", "GS1-EPCIS-Min", "GS1-CBV-Max"}:
        assert re.fullmatch(r"\d+(\.\d+)*", answer.headers[name])


def test_every_path_below_epcis_answers_options(site):
    routes = {}
    for route in contract.source_routes():
        if route.path.startswith(TOP):
            routes.setdefault(re.sub(r"\{\w+\}", "x", route.path), set()).add(route.method)
    assert len(routes) > 20
    for path, methods in routes.items():
        answer = site.caller().call("OPTIONS", path)
        assert (answer.status_code, answer.content) == (204, b""), path
        assert set(re.findall(r"\w+", answer.headers["Allow"])) == methods | {"OPTIONS"}, path
        assert VERSIONS - {"GS1-CBV-Version"} <= gs1_headers(answer), path


def test_options_of_capture_tell_its_limits(site):
    answer = site.caller().call("OPTIONS", TOP + "/capture")
    assert gs1_headers(answer) == DISCOVERY | {
        "GS1-EPCIS-Capture-Limit", "GS1-EPCIS-Capture-File-Size-Limit",
        "GS1-Capture-Error-Behaviour"}
    assert answer.headers["GS1-Capture-Error-Behaviour"] == "all"


def test_the_top_lists_the_nine_names(gateway):
    for path in (TOP, TOP + "/"):
        top = gateway.get(path)
        assert top["type"] == "Collection" and top["@context"].startswith("https://ref.gs1.org/")
        assert sorted(top["member"]) == sorted([
            "queries", "capture", "events", "eventTypes", "epcs", "readPoints", "bizLocations",
            "dispositions", "bizSteps"])
    gateway.refused("GET", TOP, headers=XML | {"Accept": "text/html"}, status=406)
    assert gateway.call("GET", TOP, headers=XML).status_code == 406


def test_every_answer_says_which_versions_it_speaks(site, gateway):
    for answer in (gateway.call("GET", TOP), gateway.call("GET", TOP + "/nothing"),
                   gateway.call("HEAD", TOP), site.caller().call("GET", TOP)):
        assert gs1_headers(answer) == VERSIONS, answer.status_code
    assert gs1_headers(gateway.call("GET", "/v1/lines")) == set()


def test_head_is_a_get_without_a_body(gateway):
    got, head = gateway.call("GET", TOP), gateway.call("HEAD", TOP)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(got.content))


# EPCIS-2.0-VERSIONS
@pytest.mark.parametrize("headers, status", [
    ({"GS1-EPCIS-Min": "1.2", "GS1-EPCIS-Max": "2"}, 200), ({"GS1-EPCIS-Min": "2.1"}, 406),
    ({"GS1-EPCIS-Max": "1.2"}, 406), ({"GS1-CBV-Min": "3"}, 406), ({"gs1-cbv-max": "2.0.0"}, 200),
    ({"GS1-EPCIS-Version": "2.0"}, 200), ({"GS1-EPCIS-Version": "7"}, 406),
    ({"GS1-EPCIS-Version": "new"}, 400), ({"GS1-EPC-Format": "Always_EPC_URN"}, 200),
    ({"GS1-EPC-Format": "Upside_Down"}, 400), ({"GS1-CBV-XML-Format": "Always_URN"}, 200)])
def test_versions_and_forms_are_served_or_refused(gateway, headers, status):
    answer = gateway.call("GET", TOP, headers=headers)
    assert answer.status_code == status
    kind = {400: "ValidationException", 406: "NotAcceptableException"}.get(status)
    assert kind is None or answer.json()["type"] == "epcisException:" + kind


# ---- problems

REFUSED = [  # who, method, path, headers, status, type
    ("stranger", "GET", TOP, {}, 401, "Security"),
    ("line", "GET", SUBSCRIPTIONS, {}, 403, "Security"),
    ("gateway", "GET", TOP + "/no/such/path", {}, 404, "NoSuchName"),
    ("gateway", "GET", "/epcis/v3/events", {}, 404, "NoSuchName"),
    ("gateway", "GET", "/epcis", {}, 404, "NoSuchName"),
    ("gateway", "GET", SUBSCRIPTIONS + "/x", {}, 404, "NoSuchName"),
    ("gateway", "GET", TOP + "/queries/no%2Fne/subscriptions", {}, 404, "NoSuchName"),
    ("gateway", "DELETE", TOP, {}, 405, "NoSuchName"),
    ("gateway", "PUT", SUBSCRIPTIONS, {}, 405, "NoSuchName"),
    ("gateway", "GET", SUBSCRIPTIONS + "?perPage=0", {}, 400, "QueryParameter"),
    ("gateway", "GET", SUBSCRIPTIONS + "?nextPageToken=x", {}, 400, "QueryParameter"),
    ("gateway", "POST", SUBSCRIPTIONS, {"Content-Type": "text/csv"}, 415, "UnsupportedMediaType"),
    ("gateway", "POST", SUBSCRIPTIONS, {"Content-Type": "application/xml"}, 400, "Validation"),
    ("gateway", "POST", SUBSCRIPTIONS, {"Content-Encoding": "br"}, 415, "UnsupportedMediaType"),
]


# EPCIS-2.0-PROBLEM
@pytest.mark.parametrize("who, method, path, headers, status, kind", REFUSED)
@pytest.mark.parametrize("xml", [False, True], ids=["json", "xml"])
def test_refusals_have_the_types_of_the_standard(
        line, gateway, who, method, path, headers, status, kind, xml):
    caller = {"stranger": line.site.caller(), "line": line.call, "gateway": gateway}[who]
    body = b'{"dest":"https://a.example","stream":true}' if method == "POST" else None
    accept = {"Accept": "application/problem+xml, application/json;q=0.5"} if xml else {}
    answer = caller.call(method, path, body, headers={**headers, **accept})
    assert answer.status_code == status, answer.text
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert ("Allow" in answer.headers) == (status == 405)
    if xml:
        assert answer.headers["Content-Type"] == "application/problem+xml"
        root = lxml.etree.fromstring(answer.content)
        assert root.tag == "{urn:epcglobal:epcis:xsd:2}EPCISException"
        assert root.findtext("type") == f"epcisException:{kind}Exception"
        assert root.findtext("status") == str(status)
    else:
        problem = harness.assert_problem(answer, status)
        assert problem["type"] == f"epcisException:{kind}Exception"


def test_problems_in_xml_keep_the_official_schema(gateway):
    rules = lxml.etree.XMLSchema(lxml.etree.parse(
        need(DATA / "gs1-EPCIS/XSD-2.0/EPCglobal-epcis-2_0.xsd")))
    for path in (TOP + "/nothing", TOP):
        answer = gateway.call("GET", path, headers=XML)
        rules.assertValid(lxml.etree.fromstring(answer.content))


@pytest.mark.parametrize("path", [
    "/events?{}=1", "/events?EQ_{}:x=1", "/events?EQ_bizStep={}", "/bizSteps/{}", "/bizSteps?{}=1",
    "/queries/{}", "/{}"])
@pytest.mark.parametrize("odd", ["%EF%BF%BF", "%EF%BF%BE", "%01", "a" * 96 + "%F0%9F%8E%89"])
def test_what_xml_has_no_place_for_is_answered_in_xml(gateway, path, odd):
    answer = gateway.call("GET", TOP + path.format(odd), headers=XML)
    if answer.status_code != 200:
        assert lxml.etree.fromstring(answer.content).findtext("status") == str(answer.status_code)
    assert gateway.call("GET", TOP).status_code == 200


def test_a_body_over_its_ceiling_is_told_both_limits(gateway):
    answer = gateway.call("POST", SUBSCRIPTIONS, b"x" * 20000)
    assert answer.status_code == 413
    assert answer.json()["type"] == "epcisException:CaptureLimitExceededException"
    assert int(answer.headers["GS1-EPCIS-Capture-Limit"]) > 0
    assert int(answer.headers["GS1-EPCIS-Capture-File-Size-Limit"]) > 0


# EPCIS-2.0-PROBLEM
@pytest.mark.parametrize("head, status, kind", [
    (b"GET /epcis/v2/events?x=" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414,
     "URITooLong"),
    (b"GET /epcis/v2 HTTP/1.1\r\nHost : x\r\n\r\n", 400, "Validation"),
    (b"GET /epcis/v2 HTTP/1.1\r\n\r\n", 400, "Validation"),
    (b"GET /epcis/v2/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Validation"),
    (b"POST /epcis/v2/capture HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n", 400, "Validation"),
    (b"PROPFIND /epcis/v2 HTTP/1.1\r\nHost: x\r\n\r\n", 405, "NoSuchName"),
    (b"BREW /epcis/v2 HTTP/1.1\r\nHost: x\r\n\r\n", 501, "Implementation")],
    ids=["long", "blank", "host", "escape", "framing", "method", "verb"])
def test_heads_that_cannot_be_read_are_refused_in_the_same_form(site, head, status, kind):
    answer = raw(site, head)
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert f'"type":"epcisException:{kind}Exception"' in answer
    assert "GS1-EPCIS-Version: 2.0.0" in answer
    elsewhere = raw(site, head.replace(b"/epcis/v2", b"/v1/epcis"))
    assert "epcisException" not in elsewhere


def test_basic_is_as_good_as_bearer(line):
    made = line.site.admin.post("/v1/tokens", {"role": "gateway", "client": "acme"}, 201)
    caller = line.site.caller()
    answer = caller.call("GET", TOP, auth=(made["id"], made["token"]))
    assert answer.status_code == 200
    caller.refused("GET", TOP, auth=(made["id"], made["token"][:-1]), status=401)
