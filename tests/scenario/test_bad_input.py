"""What is wrong is refused with a code and a sentence that name field and rule, and nothing of it
is done: the journal stands where it stood, but for refusals, which are facts of their own.
"""
import gzip
import http.client
import json
import socket
import time

import pytest

import harness
from harness import GTIN, assert_problem

REFUSALS = {"refusal", "refusal.repeated"}
PACK = {"type": "pack", "parent": "KNOWN", "children": ["(01)09506000134352(21)A"]}


@pytest.fixture(scope="module")
def plant(make_story_site):
    """A site with a sample line; it must verify when all is over."""
    site = make_story_site().start()
    line = harness.Line(site)
    line.known, line.case = line.serials(5), line.ssccs(1)[0]
    for path, wish in (("/v1/serials", {"gtin": GTIN, "quantity": 2}),
                       ("/v1/sscc", {"client": "acme", "quantity": 2})):
        line.call.post(path, wish, 201, headers={"Idempotency-Key": "bound to " + path})
    yield line
    site.stop()
    site.verify()


@pytest.fixture(autouse=True)
def nothing_is_done(plant):
    """Around each test: what the journal says afterwards is what it said before, and refusals."""
    before = plant.site.journal()
    yield
    after = plant.site.journal()
    assert after[:len(before)] == before
    assert {r["kind"] for r in after[len(before):]} <= REFUSALS


ISSUES = [
    ({"gtin": "09506000134353", "quantity": 1}, 400, "gs1.check_digit", ["gtin"]),
    ({"gtin": "0950600013435", "quantity": 1}, 400, "gs1.check_digit", ["gtin"]),
    ({"gtin": "095060001343520", "quantity": 1}, 400, "field.range", ["gtin"]),
    ({"gtin": "0950600013435A", "quantity": 1}, 400, "gs1.", ["gtin"]),
    ({"gtin": "09506000149394", "quantity": 1}, 404, "product.unknown", ["gtin"]),
    ({"gtin": GTIN, "quantity": 1, "lot": "x" * 21}, 400, "", ["lot"]),
    ({"gtin": GTIN, "quantity": 0}, 400, "", ["quantity"]),
    ({"gtin": GTIN, "quantity": 1_000_001}, 400, "", ["quantity"]),
    ({"gtin": GTIN, "quantity": "5"}, 400, "json.type", ["quantity"]),
    ({"gtin": GTIN, "quantity": 1.5}, 400, "json.number", ["quantity"]),
    ({"gtin": GTIN, "qauntity": 5}, 400, "json.unknown_field", ["qauntity"]),
    ({"gtin": GTIN}, 400, "field.required", ["quantity"]),
    ({"quantity": 5}, 400, "field.required", ["gtin"]),
]


@pytest.mark.parametrize("path, code, words", [
    ("/v1/lots?stat=open", "query.unknown", ["stat"]),
    ("/v1/lots?state=open&state=closed", "query.twice", ["state"]),
    ("/v1/lots?lim%69t=1&limit=2", "query.twice", ["limit"]),
    ("/v1/lots?=1", "query.unknown", []),
    ("/v1/serials/requests?page=x&Line=line-1", "query.unknown", ["Line"]),
    ("/v1/pools/packs?limit=1", "query.unknown", ["limit"]),
    ("/epcis/v2/capture?foo=1", "query.unknown", ["foo"]),
    ("/epcis/v2/capture?perPage=1&perPage=2", "query.twice", ["perPage"]),
    ("/epcis/v2/capture/x?perPage=1", "query.unknown", ["perPage"]),
    ("/epcis/v1/master-data?version=2.0&version=1.2", "query.twice", ["version"]),
])
def test_a_parameter_that_is_not_known_is_never_lost(plant, path, code, words):
    problem = plant.operator.refused("GET", path, status=400, code=code)
    assert all(word in problem["detail"] for word in words), problem


@pytest.mark.parametrize("body, status, code, words", ISSUES, ids=lambda v: json.dumps(v)[:40])
def test_a_wrong_wish_for_numbers(plant, body, status, code, words):
    response = plant.call.call("POST", "/v1/serials", body)
    problem = assert_problem(response, status)
    assert problem["code"].startswith(code), problem
    for word in words:
        assert word in problem["detail"], problem


def report(**members):
    return {"type": "commission", "lot": "L1", "gtin": GTIN, "serials": ["KNOWN"], **members}


REPORTS = [
    (report(gtin="09506000134353"), "gs1.check_digit", ["gtin"]),
    (report(serials=["123456789012345678901"]), "gs1.length", ["serial"]),
    (report(serials=["not of CSET 82: \u00e9"]), "gs1.character", ["serial"]),
    (report(serials=[""]), "field.range", ["serials"]),
    (report(serials=[]), "field.range", ["serials"]),
    (report(serials=["NEVERISSUED"]), "unit.unknown", ["NEVERISSUED"]),
    (report(gtin="09506000149394"), "product.unknown", ["gtin"]),
    (report(lot="L2"), "lot.unknown", ["lot"]),
    (report(serails=["KNOWN"]), "json.unknown_field", ["serails"]),
    (report(type="comission"), "", ["type"]),
    (report(time="yesterday"), "time.form", ["time"]),
    (report(time="2026-01-01T00:00:00"), "time.zone", ["time"]),
    (report(time="2999-01-01T00:00:00Z"), "time.ahead", ["time"]),
    (report(id="x" * 65), "", ["id"]),
    ({**PACK, "children": ["(01)09506000134353(21)A"]}, "gs1.check_digit", ["(01)0950600013435"]),
    ({**PACK, "children": ["(01)09506000134352(21)A"]}, "unit.unknown", ["(21)A"]),
    ({**PACK, "parent": "195060000000000013"}, "gs1.check_digit", ["195060000000000013"]),
    ({**PACK, "parent": "195060000000000012"}, "unit.unknown", ["195060000000000012"]),
    ({**PACK, "parent": "nothing"}, "gs1.unreadable", ["nothing"]),
]


@pytest.mark.parametrize("body, code, words", REPORTS, ids=lambda v: json.dumps(v)[:60])
@pytest.mark.parametrize("way", ["object", "array", "lines"])
def test_a_wrong_report(plant, way, body, code, words):
    """However it comes, it is refused by itself, with what is wrong."""
    if body.get("serials") == ["KNOWN"]:
        body = {**body, "serials": plant.known[:1]}
    if body.get("parent") == "KNOWN":
        body = {**body, "parent": plant.case}
    sent = {"object": body, "array": [body], "lines": json.dumps(body) + "\n"}[way]
    kind = {"headers": {"Content-Type": "application/x-ndjson"}} if way == "lines" else {}
    answer = plant.call.post("/v1/reports", sent, 200, **kind)
    assert (answer["accepted"], answer["refused"]) == (0, 1)
    problem = answer["results"][0]["problem"]
    assert problem["code"].startswith(code) and problem["title"] and problem["status"] >= 400
    said = problem["detail"] + json.dumps(problem.get("units", []))
    for word in words:
        assert word in said, problem


def test_every_offender_is_named(plant):
    """One good number among wrong ones: refused whole, each wrong one told."""
    wrong = ["NOSUCH1", "NOSUCH2"]
    answer = plant.call.report(report(serials=[wrong[0], plant.known[0], wrong[1]]))
    units = answer["results"][0]["problem"]["units"]
    assert [u["unit"].split("(21)")[-1] for u in units] == wrong
    assert plant.call.unit(f"(01){GTIN}(21){plant.known[0]}")["state"] == "allocated"


BODIES = [
    (b'{"gtin":"\xff\xfe","quantity":1}', 400, "json.utf8"),
    (b'{"gtin":"\xed\xa0\x80","quantity":1}', 400, "json.utf8"),
    (b'{"gtin":"\\ud800","quantity":1}', 400, "json.utf8"),
    (b'{"quantity":1,"quantity":2}', 400, "json.twice"),
    (b"[" * 60_000, 400, "json."),
    (b'{"quantity":' + b"[" * 60_000, 400, "json."),
    (b'{"quantity":1', 400, "json.syntax"),
    (b'{"quantity":1} {"quantity":1}', 400, ""),
    (b"", 400, "json."),
    (b"gtin=1", 400, "json.syntax"),
]


@pytest.mark.parametrize("body, status, code", BODIES, ids=lambda v: repr(v)[:30])
def test_a_body_that_is_not_json_as_it_should_be(plant, body, status, code):
    for path in ("/v1/serials", "/v1/sscc"):
        problem = plant.call.refused("POST", path, body, status=status,
                                     headers={"Content-Type": "application/json"})
        assert problem["code"].startswith(code) and isinstance(problem.get("at", 0), int)


def test_a_malformed_array_of_reports_does_nothing(plant):
    body = json.dumps([report(serials=plant.known[:1])])[:-1]
    problem = plant.call.refused("POST", "/v1/reports", body, status=400,
                                 headers={"Content-Type": "application/json"})
    assert problem["code"] == "json.syntax"


def test_deep_json_inside_a_report(plant):
    body = report(serials=plant.known[:1])
    deep = json.dumps(body)[:-1] + ',"extra":' + '{"a":' * 5000 + "1" + "}" * 5000 + "}"
    answer = plant.call.post("/v1/reports", deep + "\n", 200,
                             headers={"Content-Type": "application/x-ndjson"})
    assert answer["results"][0]["problem"]["code"] == "json.depth"


def test_a_huge_body_is_refused_before_it_is_sent(plant):
    """The announced length is enough; nothing of it is read."""
    with raw(plant) as peer:
        peer.sendall(head(plant, "/v1/serials", f"Content-Length: {10 ** 12}\r\n"))
        assert answer_of(peer)[0] == 413


def test_a_huge_body_without_a_length_is_cut_off(plant):
    with raw(plant) as peer:
        peer.sendall(head(plant, "/v1/serials", "Transfer-Encoding: chunked\r\n"))
        chunk = b"%x\r\n" % 65536 + b" " * 65536 + b"\r\n"
        try:
            for _ in range(4096):
                peer.sendall(chunk)
        except OSError:
            pass
        else:
            pytest.fail("256 MB were taken")


def test_a_body_that_unpacks_to_much_more_is_cut_off(plant):
    bomb = gzip.compress(b" " * (64 << 20), 9)
    plant.call.refused("POST", "/v1/serials", bomb, status=413,
                       headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


def test_half_a_request_does_nothing(plant):
    whole = json.dumps({"gtin": GTIN, "quantity": 3}).encode()
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        with raw(plant) as peer:
            peer.sendall(head(plant, "/v1/serials", f"Content-Length: {len(whole)}\r\n"))
            peer.sendall(whole[:cut])
            peer.shutdown(socket.SHUT_WR)
            assert peer.recv(65536) == b"" or cut < len(whole)
    with raw(plant) as peer:
        peer.sendall(b"POST /v1/serials HTTP/1.1\r\nHost: x\r\nAuthoriz")
    assert plant.call.get("/healthz", 200) is not None


def test_half_an_upload_of_reports_does_its_whole_lines_at_most(plant):
    """A line that broke off is not taken, whole ones before it may be; here they are refused."""
    line = json.dumps(report(serials=["NOSUCH"])).encode() + b"\n"
    with raw(plant) as peer:
        peer.sendall(head(plant, "/v1/reports", f"Content-Length: {10 * len(line)}\r\n",
                          "application/x-ndjson"))
        peer.sendall(3 * line + line[:20])
    assert plant.call.get("/healthz", 200) is not None


def test_slow_clients_hold_up_nobody(plant):
    """Two hundred connections that send nearly nothing; others are served meanwhile."""
    slow = [raw(plant) for _ in range(200)]
    try:
        for peer in slow:
            peer.sendall(b"POST /v1/serials HTTP/1.1\r\nHost: x\r\n")
        for peer in slow[:100]:
            peer.sendall(head(plant, "/v1/serials", "Content-Length: 100\r\n").split(b"\r\n", 2)[2])
            peer.sendall(b"{")
        start = time.monotonic()
        plant.call.refused("POST", "/v1/serials", {"gtin": GTIN, "quantity": 0}, status=400)
        assert time.monotonic() - start < 2
    finally:
        for peer in slow:
            peer.close()


def test_wrong_tokens(plant):
    body = {"gtin": GTIN, "quantity": 1}
    for caller in (plant.site.caller(), plant.site.caller("pt_" + "0" * 43),
                   plant.site.caller(plant.site.admin_token[:-1]), plant.site.caller("")):
        response = caller.call("POST", "/v1/serials", body)
        assert_problem(response, 401)
        assert "WWW-Authenticate" in response.headers
    plant.operator.refused("PUT", "/v1/clients/other", {"name": "O"}, status=403)
    plant.call.refused("POST", "/v1/tokens", {"role": "admin"}, status=403)


def test_a_replayed_key_with_another_body(plant):
    for path, other in (("/v1/serials", {"gtin": GTIN, "quantity": 3}),
                        ("/v1/sscc", {"client": "acme", "quantity": 3})):
        plant.call.refused("POST", path, other, status=422, code="idempotency.mismatch",
                           headers={"Idempotency-Key": "bound to " + path})
    plant.call.refused("POST", "/v1/sscc", {"client": "acme", "quantity": 2}, status=422,
                       code="idempotency.mismatch",
                       headers={"Idempotency-Key": "bound to /v1/serials"})


# --- bare sockets ---

def raw(plant):
    host, port = plant.site.listen.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


def head(plant, path, more, kind="application/json"):
    token = plant.call.http.headers["Authorization"]
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
            f"Content-Type: {kind}\r\n{more}\r\n").encode()


def answer_of(peer):
    response = http.client.HTTPResponse(peer)
    response.begin()
    return response.status, response.read()
