"""What a refusal leaves behind: in the journal, in the log and in the answer."""
import json
import socket
import time

import harness

HEADERS = {"Packtrail-Reason": "lost"}


def address(site):
    host, port = site.url.split("//")[1].rsplit(":", 1)
    return host, int(port)


def raw(site, head):
    """The whole answer to a request as it is, for what no client would send."""
    with socket.create_connection(address(site), timeout=20) as s:
        s.sendall(head)
        answer = b""
        while part := s.recv(65536):
            answer += part
    return answer.decode()


def refused_of(site, user):
    """The person's refused calls on record, with their codes."""
    return [(r["fact"]["code"], json.loads(r["fact"].get("units") or "[{}]")[0])
            for r in site.journal() if r["kind"] == "refusal" and r.get("user") == user]


def test_a_token_that_is_sent_where_it_does_not_belong_is_repeated_nowhere(site, line):
    """Not in a path, a query, a body or a header: neither in journal, log nor answer."""
    ann = site.person("admin", "ann", "Ann")
    made = site.admin.post("/v1/tokens", {"role": "operator"}, 201)
    live, session = made["token"], None
    logged_in = harness.Caller(site.url).call("POST", "/v1/login",
                                              {"user": "ann", "password": harness.PASSWORD})
    session = logged_in.cookies["packtrail"]
    assert session.startswith("ps_")
    answers = []
    for secret in (live, session, live.replace("_", "%5F"), live.upper()):
        units = [f"(01){harness.GTIN}(21){secret[:20]}", secret]
        answers += [c.call(method, path, body, headers={"Packtrail-Reason": "lost", **more}).text
                    for c in (ann, line.call, site.caller(secret), site.admin)
                    for method, path, body, more in (
                        ("DELETE", "/v1/tokens/" + secret, None, {}),
                        ("POST", f"/v1/tokens/{secret}/revoke", {"reason": "lost"}, {}),
                        ("GET", "/v1/lines/" + secret, None, {}),
                        ("PUT", "/v1/lines/" + secret, {"name": "x", "reason": "x"}, {}),
                        ("GET", "/v1/units/" + secret, None, {}),
                        ("GET", f"/v1/lots/{harness.GTIN}/{secret}", None, {}),
                        ("GET", f"/v1/lots?{secret}=1", None, {}),
                        ("GET", f"/v1/lots?limit={secret}", None, {}),
                        ("GET", f"/v1/lots?page={secret}", None, {}),
                        ("GET", f"/epcis/v2/events?EQ_bizStep={secret}&{secret}=1", None, {}),
                        ("GET", f"/epcis/v2/queries/{secret}", None, {}),
                        ("POST", "/v1/reports", [{"type": secret}], {}),
                        ("POST", "/v1/reports", [{secret: 1}], {}),
                        ("POST", "/v1/reports", [{"type": "scrap", "gtin": harness.GTIN,
                                                  "serials": [secret], "reason": "x"}], {}),
                        ("POST", "/v1/reports", [{"type": "pack", "parent": secret,
                                                  "children": units}], {}),
                        ("POST", "/v1/shipments", {"units": units, "to": {"party": secret}}, {}),
                        ("POST", "/v1/serials", {"gtin": harness.GTIN, "quantity": 1,
                                                 "lot": secret}, {}),
                        ("POST", "/v1/tokens", {"user": secret, "reason": "x"}, {}),
                        ("POST", "/v1/tokens", {"role": secret, "reason": "x"}, {}),
                        ("POST", "/v1/login", {"user": secret, "password": secret}, {}),
                        ("GET", "/v1/lots", None, {"Packtrail-Client": secret}),
                        ("GET", "/v1/lots", None, {"Accept": secret}),
                        ("POST", "/v1/lots", "{}", {"Content-Type": secret}))]
    # The text names the token, and does not end it.
    known = ann.refused("DELETE", "/v1/tokens/" + live, status=400, code="token.text",
                        headers=HEADERS)
    assert made["id"] in known["detail"]
    assert site.caller(live).call("GET", "/v1/lots").status_code == 200
    ann.refused("DELETE", "/v1/tokens/pt_none", status=400, code="token.text", headers=HEADERS)
    ann.delete("/v1/tokens/" + made["id"], headers=HEADERS)
    site.stop()
    told = {"journal": harness.packtrail("journal", site.folder).stdout, "log": site.log(),
            "answers": "\n".join(answers)}
    for secret in (live, session):
        for where, text in told.items():
            found = text.lower().find(secret[3:28])
            assert found < 0, (where, text[max(0, found - 300):found + 80])
    assert all("pt_***" in text and "ps_***" in text for text in told.values())


def test_a_serial_that_looks_like_the_beginning_of_a_token_is_told_as_it_is(site, line):
    """Nor are two of them taken for one."""
    for serial in ("PS_2026112700000001", "PS_2026112700000002"):
        got = line.call.report({"type": "scrap", "gtin": harness.GTIN, "serials": [serial],
                                "reason": "x"})
        assert serial in json.dumps(got["results"][0]["problem"])
    site.stop()
    told = [json.dumps(r["fact"]) for r in site.journal() if r["kind"] == "refusal"]
    assert len(told) == 2 and "0001" in told[0] and "0002" in told[1]
    assert not [r for r in site.journal() if r["kind"] == "refusal.repeated"]


def head_of(person, line, *more):
    """A request of the person, as it goes over the wire."""
    lines = [line, "Host: x", "Authorization: " + person.http.headers["Authorization"], *more]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


# REQ REFUSAL-KEPT
def test_what_no_route_was_asked_for_is_on_record_where_the_head_can_be_read(site):
    mia = site.person("qa", "mia")
    bad = "x" * 20000
    kept = {("http.escape", "GET /v1/%00"): head_of(mia, "GET /v1/%00 HTTP/1.1"),
            ("http.escape", "POST /v1/holds"): head_of(mia, "POST /v1/holds?x=%zz HTTP/1.1"),
            ("http.twice", "DELETE /v1/tokens/x"): head_of(
                mia, "DELETE /v1/tokens/x HTTP/1.1", "Content-Type: a", "Content-Type: a"),
            ("http.host", "PUT /v1/lines/x"): head_of(
                mia, "PUT /v1/lines/x HTTP/1.1", "Host: y"),
            ("http.version", "GET /v1/lots"): head_of(mia, "GET /v1/lots HTTP/1.2"),
            ("http.transfer", "POST /v1/holds"): head_of(
                mia, "POST /v1/holds HTTP/1.1", "Transfer-Encoding: gzip"),
            ("route.method", "PATCH /v1/lots"): head_of(mia, "PATCH /v1/lots HTTP/1.1")}
    lost = {"http.line_long": head_of(mia, f"GET /v1/{bad} HTTP/1.1"),
            "http.headers": head_of(mia, "GET /v1/lots HTTP/1.1", "X: " + bad),
            "http.syntax": head_of(mia, "POST /v1/holds HTTP/1.1", "Content-Length: 2",
                                   "Transfer-Encoding: chunked"),
            "http.colon": head_of(mia, "GET /v1/lots HTTP/1.1", "X : y"),
            "http.fields": head_of(mia, "GET /v1/lots HTTP/1.1", *["X: y"] * 200)}
    for (code, _), head in kept.items():
        assert f'"code":"{code}"' in raw(site, head)
    for code, head in lost.items():
        assert f'"code":"{code}"' in raw(site, head)
    # Of nobody who is known, or of a machine, there is none.
    assert "http.escape" in raw(site, b"GET /v1/%00 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert "http.escape" in raw(site, head_of(site.admin, "GET /v1/%00 HTTP/1.1"))
    # One connection's next request is not taken for the one before it.
    first = head_of(mia, "GET /v1/session HTTP/1.1").replace(b"Connection: close\r\n", b"")
    assert "http.line_long" in raw(site, first + b"GET /v1/" + bad.encode())
    site.stop()
    assert {(code, call["call"]) for code, call in refused_of(site, "mia")} == \
        set(kept) | {("session.none", "GET /v1/session")}
    refused = [line for line in site.log().splitlines() if "event=request.refused" in line]
    assert len([line for line in refused if "status=414" in line or "status=431" in line]) == 4


def test_nobody_fills_the_journal_by_being_refused(site, line):
    """So many of a caller in a minute; what is over is one record that says how many.

    What names nothing that is there leaves its room to what is forbidden."""
    site.stop()
    site.configure(rate={"refusals": 7})
    site.start()
    line.call.url = site.url
    carl = site.person("client", "carl", "Carl", client="acme")
    ben = site.person("qa", "ben", "Ben")
    for i in range(50):
        carl.refused("GET", f"/v1/lots/{harness.GTIN}/Q{i}", status=404)
        carl.refused("DELETE", f"/epcis/v2/queries/q{i}", status=404, headers=HEADERS)
        carl.refused("GET", "/v1/nothing", status=404)
    for i in range(30):  # what somebody must work off stays whole
        line.call.report({"type": "scrap", "gtin": harness.GTIN, "serials": [f"NONE{i}"],
                          "reason": "x"})
    for i in range(20):
        carl.refused("PUT", f"/v1/users/eve{i}", {"name": "Eve", "role": "admin"}, status=403)
    ben.refused("GET", "/v1/nothing", status=404)  # another's are not theirs
    site.stop()
    carls = refused_of(site, "carl")
    kept = [r for r in carls if r[0] != "refusal.more"]
    repeated = sum(r["fact"]["times"] for r in site.journal() if r["kind"] == "refusal.repeated")
    assert len(kept) == 14 and ("route.unknown", {"call": "GET /v1/nothing"}) in kept
    assert [of["call"] for code, of in kept if code == "access.role"] == \
        [f"PUT /v1/users/eve{i}" for i in range(7)]
    more = [of for code, of in carls if code == "refusal.more"]
    assert len(more) == 1 and len(kept) + more[0]["calls"] + repeated == 170
    assert len(refused_of(site, "ben")) == 1
    assert len([r for r in site.journal() if r["kind"] == "refusal"
                and "NONE" in r["fact"].get("units", "")]) == 30
    site.verify()
