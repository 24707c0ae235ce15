"""Lots over HTTP against the real program."""
import harness


# STATES-LOT-CLOSE
def test_a_lot_is_opened_shown_and_closed(line):
    gtin = line.gtin
    again = {"lot": line.lot, "gtin": gtin, "expiry": "2030-12-31"}
    assert line.operator.post("/v1/lots", again, 200)["state"] == "open"
    line.operator.refused("POST", "/v1/lots", {**again, "expiry": "2031-01"},
                          status=409, code="lot.differs")
    serials = line.call.post("/v1/serials", {"gtin": gtin, "quantity": 10, "lot": line.lot},
                             201)["serials"]
    line.commission(serials[:7])
    level = line.operator.get(f"/v1/lots/{gtin}/{line.lot}")["levels"][0]
    assert (level["issued"], level["commissioned"], level["packed"]) == (10, 7, 0)
    closed = line.operator.post(f"/v1/lots/{gtin}/{line.lot}/close", {}, 200)
    assert closed == {"open_containers": 0, "unconfirmed": 1, "loose": 0, "unknown_fate": 3,
                      "partners": []}
    assert line.operator.post(f"/v1/lots/{gtin}/{line.lot}/close", {}, 200) == closed
    problem = line.commission(serials[7:])["results"][0]["problem"]
    assert problem["code"] == "lot.closed"
    assert line.operator.get(f"/v1/lots/{gtin}/{line.lot}")["state"] == "closed"


def test_opening_is_answered_the_same_whatever_became_of_the_lot(line):
    body = {"lot": "L7", "gtin": line.gtin, "expiry": "2030-12", "order": "O1", "line": "line-1",
            "extra": {"colour": "blue"}}
    again = lambda key: line.operator.call("POST", "/v1/lots", body,
                                           headers={"Idempotency-Key": key})
    opened, told = again("K1"), again("K2")
    assert (opened.status_code, told.status_code) == (201, 200)
    assert opened.content == told.content
    assert opened.json()["extra"] == {"colour": "blue"}
    line.call.post("/v1/serials", {"gtin": line.gtin, "quantity": 5, "lot": "L7"}, 201)
    path = f"/v1/lots/{line.gtin}/L7"
    line.operator.post(f"{path}/amend", {"order": "O2", "extra": {"colour": "red"}}, 200)
    line.operator.post(f"{path}/close", {}, 200)
    now = line.operator.get(path)
    assert (now["state"], now["order"], now["levels"][0]["issued"]) == ("closed", "O2", 5)
    for key, before in (("K1", opened), ("K2", told), ("K3", told)):
        answer = again(key)
        assert answer.status_code == before.status_code
        assert answer.content == before.content
    assert line.operator.get(path) == now


def test_a_lot_is_shown_as_it_was(line):
    path = f"/v1/lots/{line.gtin}/{line.lot}"
    line.operator.post(f"{path}/close", {}, 200)
    now = line.operator.get(path)
    then = line.operator.get(path, params={"at": "2999-01-01T00:00:00Z"})
    assert then.pop("at") == "2999-01-01T00:00:00Z"
    assert then == {k: v for k, v in now.items() if k not in ("levels", "pending")}
    line.operator.refused("GET", path, params={"at": "2001-01-01T00:00:00Z"}, status=404,
                          code="lot.unknown")
    line.operator.refused("GET", path, params={"at": "yesterday"}, status=400)


def test_who_may_do_what_with_lots(line):
    body = {"lot": "L2", "gtin": line.gtin, "expiry": "2030-12"}
    for role in ("line", "admin", "auditor", "qa"):
        scope = {"line": "line-1"} if role == "line" else {}
        caller = line.site.as_role(role, **scope)
        caller.refused("POST", "/v1/lots", body, status=403)
        assert caller.get(f"/v1/lots/{line.gtin}/{line.lot}")["lot"] == line.lot
    line.site.caller().refused("GET", "/v1/lots", status=401)


def test_lots_are_found_by_what_is_known_of_them(line):
    for number in range(2, 9):
        line.operator.post("/v1/lots", {"lot": f"L{number}", "gtin": line.gtin, "line": "line-1",
                                        "expiry": "2030-12"}, 201)
    line.operator.post(f"/v1/lots/{line.gtin}/L5/close", {}, 200)
    names = lambda **f: [lot["lot"] for lot in line.operator.pages("/v1/lots", limit=3, **f)]
    assert names() == [f"L{n}" for n in range(1, 9)]
    assert names(line="line-1") == [f"L{n}" for n in range(2, 9)]
    assert names(state="closed") == ["L5"]
    assert names(gtin=line.gtin, client="acme", state="open") == ["L1", "L2", "L3", "L4", "L6",
                                                                  "L7", "L8"]
    assert names(client="nobody") == []


def test_clients_do_not_see_each_others_lots(line):
    admin, gtin = line.site.admin, "09506001343524"
    admin.put("/v1/clients/other", {"name": "Other", "prefixes": ["9506001"]})
    admin.put(f"/v1/products/{gtin}", {"client": "other", "name": "Else"})
    line.operator.post("/v1/lots", {"lot": "X1", "gtin": gtin, "expiry": "2030-12"}, 201)
    theirs = line.site.as_role("client", client="acme")
    assert [lot["lot"] for lot in theirs.pages("/v1/lots")] == [line.lot]
    theirs.refused("GET", f"/v1/lots/{gtin}/X1", status=404, code="lot.unknown")
    harness.assert_problem(theirs.call("GET", f"/v1/lots/{gtin}/nope"), 404, "lot.unknown")
