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
