"""Acts that two people must sign: the first signature changes nothing, the second one does it."""
import csv
import io
import time
from urllib.parse import quote

import pytest

from harness import PASSWORD, assert_problem, packtrail, sign
from test_balance import line, lot, qa, settled  # noqa: F401 (fixtures)

assert line and lot and qa


@pytest.fixture
def noa(site):
    return site.person("qa", "noa", "Noa Null")


def mark(site, acts, **more):
    site.configure(signatures={"second": acts, **more})
    site.restart()


@pytest.fixture
def marked(site, line, lot):  # noqa: F811
    """A closed lot with a reason for everything, on a site that marks all three acts."""
    settled(line, lot)
    mark(site, "release reopen recall")
    return lot


def kinds(site, lot):  # noqa: F811
    return [r["kind"] for r in site.admin.pages("/v1/journal", lot=lot.rsplit("/", 1)[1])]


# ACT-SECOND
def test_an_act_that_is_marked_waits_for_another_person(site, marked, qa, noa):  # noqa: F811
    wish = {"signature": sign("approval", "all is well")}
    first = qa.post(f"{marked}/release", wish, 202)
    assert first["state"] == "closed" and first["signatures"] == []
    (waits,) = first["pending"]
    assert waits["act"] == "release" and waits["signature"]["name"] == "Mia Muster"
    again = qa.post(f"{marked}/release", wish, 202)  # by the same person it stays one
    assert again["pending"] == first["pending"] and again["state"] == "closed"
    (item,) = noa.get("/v1/acts")["items"]
    assert item["lot"] == "L2" and item["expired"] is False and item["expires"] == waits["expires"]
    done = noa.post(f"{marked}/release", {"signature": sign("review", "seen, too")}, 200)
    assert done["state"] == "released" and "pending" not in done
    (signed,) = done["signatures"]
    assert signed["signature"]["name"] == "Noa Null" and signed["first"] == waits["signature"]
    assert noa.get("/v1/acts")["items"] == []
    assert noa.post(f"{marked}/release", wish, 200)["state"] == "released"  # done is done
    site.stop()
    site.verify()


def test_both_signatures_are_in_whatever_people_read(site, marked, line, qa, noa):  # noqa: F811
    qa.post(f"{marked}/release", {"signature": sign("approval", "all is well")}, 202)
    page = line.operator.call("GET", f"{marked}/balance", headers={"Accept": "text/html"}).text
    assert "Mia Muster (mia, qa), approval, 20" in page and "waits for a second signature" in page
    assert line.operator.get(f"{marked}/balance")["signatures"] == []  # nothing is done yet
    noa.post(f"{marked}/release", {"signature": sign("review", "seen, too")}, 200)
    page = line.operator.call("GET", f"{marked}/balance", headers={"Accept": "text/html"}).text
    first = page.index("Mia Muster (mia, qa), approval, 20")
    assert first < page.index("Noa Null (noa, qa), review, 20")
    text = line.operator.call("GET", f"{marked}/balance", headers={"Accept": "text/csv"}).text
    told = [row for row in csv.reader(io.StringIO(text)) if row[1] == "signature"]
    assert [(row[2], row[3].split("), ")[0]) for row in told] == [
        ("release", "Mia Muster (mia, qa"), ("release", "Noa Null (noa, qa")]
    shown = line.operator.get(f"{marked}/balance")["signatures"]
    assert [(s["act"], s["first"]["user"], s["signature"]["user"]) for s in shown] == [
        ("release", "mia", "noa")]
    facts = {r["kind"]: r["fact"] for r in site.admin.pages("/v1/journal")}
    assert facts["act.proposed"]["signature"] == facts["lot.released"]["first_signature"]
    assert facts["lot.released"]["signature"]["reason"] == "seen, too"
    assert kinds(site, marked)[-2:] == ["act.proposed", "lot.released"]


def count_anew(marked, line):
    """Another balance, in which nothing is left over."""
    line.call.post(f"{marked}/counters", {"level": "pack", "reject_bin": 3}, 200)
    balance = line.operator.get(f"{marked}/balance")
    for d in balance["differences"]:
        if d["unexplained"]:
            line.operator.post(f"{marked}/explain", {
                "as": "reject_bin_miscount", "level": d["level"], "count": d["unexplained"],
                "reason": "x"})


def test_what_was_signed_first_is_what_is_signed_second(site, marked, line, qa, noa):  # noqa: F811
    wish = {"signature": sign("approval", "x")}
    qa.post(f"{marked}/release", wish, 202)
    line.call.post(f"{marked}/counters", {"level": "pack", "reject_bin": 3}, 200)
    noa.refused("POST", f"{marked}/release", wish, status=409)  # a difference, or no more the same
    count_anew(marked, line)
    noa.refused("POST", f"{marked}/release", wish, status=409, code="act.changed")
    noa.post(f"{marked}/withdraw", {"act": "release", "reason": "counted anew"}, 200)
    noa.post(f"{marked}/release", wish, 202)
    assert qa.post(f"{marked}/release", wish, 200)["state"] == "released"
    site.stop()
    site.verify()


def test_who_has_signed_first_signs_anew_what_has_changed(site, marked, line, qa, noa):  # noqa: F811
    wish = {"signature": sign("approval", "x")}
    qa.post(f"{marked}/release", wish, 202)
    qa.post(f"{marked}/release", wish, 202)  # nothing has changed: it is the same proposal
    assert kinds(site, marked).count("act.proposed") == 1
    count_anew(marked, line)
    noa.refused("POST", f"{marked}/release", wish, status=409, code="act.changed")
    pending, = qa.post(f"{marked}/release", {"signature": sign("review", "counted anew")},
                       202)["pending"]
    assert (pending["signature"]["meaning"], pending["signature"]["reason"]) == (
        "review", "counted anew")
    assert kinds(site, marked).count("act.proposed") == 2
    assert noa.post(f"{marked}/release", wish, 200)["state"] == "released"


def test_who_signed_first_and_asks_again_is_told_what_has_become_of_it(
        site, marked, line, qa, noa):  # noqa: F811
    key, other = {"Idempotency-Key": "mine"}, {"Idempotency-Key": "other"}
    wish = {"signature": sign("approval", "found glass")}
    first = qa.post(f"{marked}/recall", wish, 202, headers=key)
    assert qa.post(f"{marked}/recall", wish, 202, headers=key) == first  # it waits
    noa.post(f"{marked}/withdraw", {"act": "recall", "reason": "another lot"}, 200)
    told = qa.post(f"{marked}/recall", wish, 202, headers=key)
    assert told["state"] == "closed" and "pending" not in told  # nothing is done, nothing waits
    qa.post(f"{marked}/recall", wish, 202, headers=other)
    assert "pending" not in qa.post(f"{marked}/recall", wish, 202, headers=key)  # another waits
    done = noa.post(f"{marked}/recall", wish, 200)
    told = qa.post(f"{marked}/recall", wish, 200, headers=other)
    assert told["state"] == "recalled" and told["at"] == done["at"]
    assert told["signatures"] == done["signatures"] and "pending" not in told
    assert qa.post(f"{marked}/recall", wish, 202, headers=key)["state"] == "recalled"  # not by it
    site.stop()
    site.verify()


def test_a_proposal_is_withdrawn_or_expires(site, marked, line, qa, noa):  # noqa: F811
    wish = {"signature": sign("approval", "found glass")}
    noa.refused("POST", f"{marked}/withdraw", {"act": "recall", "reason": "x"}, status=409,
                code="act.none")
    qa.post(f"{marked}/recall", wish, 202)
    qa.refused("POST", f"{marked}/withdraw", {"act": "recall"}, status=400, code="reason.required")
    noa.refused("POST", f"{marked}/withdraw", {"act": "king", "reason": "x"}, status=400)
    line.operator.refused("POST", f"{marked}/withdraw", {"act": "recall"}, status=403,
                          code="access.role")
    noa.refused("POST", f"{marked}/release", {"signature": sign(password="a mere guess")},
                status=403, code="signature.password")
    assert "pending" not in noa.post(f"{marked}/withdraw",
                                     {"act": "recall", "reason": "another lot"}, 200)
    assert kinds(site, marked)[-1] == "act.withdrawn"
    assert noa.post(f"{marked}/recall", wish, 202)["state"] == "closed"  # the first again
    mark(site, "recall", second_time="1 s")
    assert qa.post(f"{marked}/recall", wish, 200)["state"] == "recalled"  # of 24 h: it still waits


def test_a_first_signature_that_waits_too_long_counts_no_more(site, marked, qa, noa):  # noqa: F811
    mark(site, "recall", second_time="1 s")
    wish = {"signature": sign("approval", "found glass")}
    qa.post(f"{marked}/recall", wish, 202)
    until = time.monotonic() + 20
    while not noa.get("/v1/acts")["items"][0]["expired"]:
        assert time.monotonic() < until
    assert noa.post(f"{marked}/recall", wish, 202)["state"] == "closed"
    (item,) = noa.get("/v1/acts")["items"]
    assert item["signature"]["user"] == "noa"


def test_what_is_not_marked_needs_one_signature(site, line, lot, qa):  # noqa: F811
    settled(line, lot)
    mark(site, "reopen")
    wish = {"signature": sign("approval", "x")}
    assert qa.post(f"{lot}/release", wish, 200)["state"] == "released"
    assert qa.post(f"{lot}/reopen", wish, 202)["state"] == "released"
    mark(site, "")  # nothing is marked any more: one is enough
    assert qa.post(f"{lot}/reopen", wish, 200)["state"] == "reopened"
    assert site.admin.get("/v1/acts")["items"] == []


# ---- amendments, ends of holds, people

def test_what_two_amend_is_amended_by_what_both_have_said(site, marked, line, qa, noa):  # noqa: F811
    mark(site, "amend")
    wish = {"order": "PO-2", "reason": "typing error", "signature": sign("review", "seen")}
    line.operator.refused("POST", f"{marked}/amend", {"order": "PO-2"}, status=400,
                          code="signature.required")
    first = qa.post(f"{marked}/amend", wish, 202)
    assert "order" not in first or first["order"] != "PO-2"
    (waits,) = first["pending"]
    assert waits["act"] == "amend" and waits["what"]["amended"]["order"]["new"] == "PO-2"
    (item,) = noa.get("/v1/acts")["items"]
    assert (item["lot"], item["what"]) == ("L2", waits["what"])
    noa.refused("POST", f"{marked}/amend", {**wish, "order": "PO-3"}, status=409,
                code="act.changed")
    done = noa.post(f"{marked}/amend", wish, 200)
    assert done["order"] == "PO-2" and "pending" not in done
    (signed,) = done["signatures"]
    assert (signed["act"], signed["first"]["user"], signed["signature"]["user"]) == (
        "amend", "mia", "noa")
    page = line.operator.call("GET", f"{marked}/balance", headers={"Accept": "text/html"}).text
    assert page.index("Mia Muster (mia, qa), review") < page.index("Noa Null (noa, qa), review")
    fact = {r["kind"]: r["fact"] for r in site.admin.pages("/v1/journal")}["lot.amended"]
    assert fact["first_signature"]["name"] == "Mia Muster" and fact["signature"]["user"] == "noa"
    site.stop()
    site.verify()


@pytest.mark.parametrize("what", ["lot", "units"])
def test_a_hold_is_ended_by_two(site, line, lot, qa, noa, what):  # noqa: F811
    settled(line, lot)
    gtin, name = lot.split("/")[-2:]
    units = line.operator.get("/v1/units", params={"lot": name, "gtin": gtin})["items"]
    unit = next(u["unit"] for u in units if u["state"] in ("commissioned", "packed"))
    wish = {"reason": "seal", **({"gtin": gtin, "lot": name} if what == "lot" else {"units": [unit]})}
    hold = line.operator.post("/v1/holds", wish, 201)
    mark(site, "end_hold")
    path = f"/v1/holds/{hold['id']}/release"
    said = {"signature": sign("approval", "seal is whole")}
    first = qa.post(path, said, 202)
    assert first["state"] == "held" and first["pending"]["signature"]["user"] == "mia"
    key = {"Idempotency-Key": "mine"}
    assert qa.post(path, said, 202, headers=key)["pending"] == first["pending"]
    assert qa.post(path, said, 202, headers=key)["pending"] == first["pending"]
    (item,) = noa.get("/v1/acts")["items"]
    assert (item["act"], item["hold"], item["client"]) == ("end_hold", hold["id"], "acme")
    noa.post(f"/v1/acts/{item['id']}/withdraw", {"reason": "look again"}, 204)
    gone, key = key, {"Idempotency-Key": "anew"}
    qa.post(path, said, 202, headers=key)
    done = noa.post(path, said, 200)
    assert done["state"] == "released" and "pending" not in done
    assert qa.post(path, said, 200, headers=key) == done
    assert qa.post(path, said, 202, headers=gone) == done  # not by it
    assert (done["first"]["name"], done["signature"]["name"]) == ("Mia Muster", "Noa Null")
    assert "hold" not in line.operator.get("/v1/units/" + quote(unit, safe=""))["flags"]
    assert noa.post(path, said, 200) == done  # done is done
    assert noa.get("/v1/acts")["items"] == []
    facts = {r["kind"]: r["fact"] for r in site.admin.pages("/v1/journal")}
    assert facts["hold.released"]["first_signature"] == facts["act.proposed"]["signature"]
    assert facts["hold.released"]["held_by"] == facts["act.proposed"]["held_by"]
    site.stop()
    site.verify()


@pytest.fixture
def admins(site):
    """Two administrators who are people."""
    return [site.person("admin", name, printed) for name, printed in
            (("ada", "Ada Amt"), ("bob", "Bob Bau"))]


def test_rights_are_given_by_two_administrators(site, admins):
    ada, bob = admins
    mark(site, "put_user")
    wish = {"name": "Quinn Quist", "role": "qa", "reason": "new at the plant",
            "password": "set by an administrator"}
    signed = {**wish, "signature": sign("authorship")}
    ada.refused("PUT", "/v1/users/quinn", wish, status=400, code="signature.required")
    site.admin.refused("PUT", "/v1/users/quinn", signed, status=403, code="signature.person")
    first = ada.call("PUT", "/v1/users/quinn", signed)
    assert first.status_code == 202 and first.json()["user"] == "quinn", first.text
    said = first.json()["what"]
    assert {c["field"]: c["new"] for c in said["changes"]}["role"] == "qa" and said["password"]
    assert ada.call("GET", "/v1/users/quinn").status_code == 404
    (item,) = bob.get("/v1/acts")["items"]
    assert item["act"] == "put_user" and item["signature"]["name"] == "Ada Amt"
    assert site.as_role("operator").get("/v1/acts")["items"] == []
    for other in ({"role": "auditor"}, {"name": "Quinn Quist II"}, {"client": "acme"}):
        assert bob.call("PUT", "/v1/users/quinn", {**signed, **other}).status_code in (409, 422)
    no_password = {k: v for k, v in signed.items() if k != "password"}
    bob.refused("PUT", "/v1/users/quinn", no_password, status=409, code="act.changed")
    done = bob.put("/v1/users/quinn", {**signed, "password": "set by the other one"})
    assert (done["role"], done["first"]["user"], done["signature"]["user"]) == ("qa", "ada", "bob")
    assert ada.get("/v1/users/quinn") == done and bob.get("/v1/acts")["items"] == []
    fact = [r["fact"] for r in site.admin.pages("/v1/journal") if r["kind"] == "user.put"][-1]
    assert fact["first_signature"]["name"] == "Ada Amt"
    assert fact["signature"]["name"] == "Bob Bau"
    assert ada.call("PUT", "/v1/users/quinn", {k: v for k, v in wish.items() if k != "password"}
                    ).status_code == 200  # nothing changes
    site.stop()
    site.verify()


def test_what_an_administrator_signs_is_nothing_of_the_trade(site, admins, qa):  # noqa: F811
    ada, _ = admins
    mark(site, "release put_user")
    wish = {"name": "Rob", "role": "qa", "reason": "x", "signature": sign("authorship")}
    answer = qa.call("PUT", "/v1/users/rob", wish)
    assert_problem(answer, 403, "access.role")
    answer = ada.call("POST", "/v1/lots/09506000134352/L2/release",
                      {"signature": sign()})
    assert_problem(answer, 403, "access.role")


def test_an_act_falls_with_who_signed_it_first(site, marked, qa, noa):  # noqa: F811
    wish = {"signature": sign("approval", "x")}
    qa.post(f"{marked}/recall", wish, 202)
    qa.post(f"{marked}/release", wish, 202)
    noa.post(f"{marked}/reopen", wish, 202)
    mia = {"name": "Mia Muster", "role": "qa"}
    site.admin.put("/v1/users/mia", {**mia, "name": "Mia Meier"})  # still the same duties
    assert len(noa.get("/v1/acts")["items"]) == 3
    site.admin.put("/v1/users/mia", {**mia, "active": False})
    assert [i["act"] for i in noa.get("/v1/acts")["items"]] == ["reopen"]
    fallen = [r for r in site.admin.pages("/v1/journal", lot="L2") if r["kind"] == "act.fallen"]
    assert sorted(r["fact"]["act"] for r in fallen) == ["recall", "release"]
    assert {r["fact"]["signer"] for r in fallen} == {"mia"}
    assert noa.post(f"{marked}/recall", wish, 202)["state"] == "closed"  # the first again
    site.admin.put("/v1/users/mia", mia)
    assert qa.post(f"{marked}/recall", wish, 200)["state"] == "recalled"
    site.stop()
    site.verify()


def test_an_act_falls_with_who_is_for_other_clients_now(site, marked, line, qa, noa):  # noqa: F811
    wish = {"signature": sign("approval", "x")}
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9507000"]})
    mia = {"name": "Mia Muster", "role": "qa"}
    qa.post(f"{marked}/recall", wish, 202)
    for clients in ([line.client], ["beta", line.client]):  # among whom the act's is
        site.admin.put("/v1/users/mia", {**mia, "clients": clients})
        assert [i["act"] for i in noa.get("/v1/acts")["items"]] == ["recall"]
    site.admin.put("/v1/users/mia", {**mia, "client": "beta"})
    assert noa.get("/v1/acts")["items"] == []
    assert kinds(site, marked)[-1] == "act.fallen"
    assert noa.post(f"{marked}/recall", wish, 202)["state"] == "closed"  # the first again
    site.stop()
    site.verify()


def test_an_act_is_taken_back_by_its_name(site, marked, admins, line, qa, noa):  # noqa: F811
    mark(site, "recall put_user")
    ada, bob = admins
    qa.post(f"{marked}/recall", {"signature": sign("approval", "x")}, 202)
    ada.call("PUT", "/v1/users/quinn", {"name": "Quinn", "role": "qa", "reason": "x",
                                       "signature": sign("authorship")})
    acts = {i["act"]: i["id"] for i in bob.get("/v1/acts")["items"]}
    assert set(acts) == {"recall", "put_user"}
    why = {"reason": "not needed"}
    bob.refused("POST", f"/v1/acts/{acts['recall']}/withdraw", why, status=403, code="access.role")
    noa.refused("POST", f"/v1/acts/{acts['put_user']}/withdraw", why, status=403, code="access.role")
    line.operator.refused("POST", f"/v1/acts/{acts['recall']}/withdraw", why, status=403)
    noa.refused("POST", f"/v1/acts/{acts['recall']}/withdraw", {}, status=400,
                code="reason.required")
    bob.refused("POST", "/v1/acts/" + "a" * 26 + "/withdraw", why, status=404, code="act.unknown")
    bob.post(f"/v1/acts/{acts['put_user']}/withdraw", why, 204)
    noa.post(f"/v1/acts/{acts['recall']}/withdraw", why, 204)
    assert noa.get("/v1/acts")["items"] == []
    noa.refused("POST", f"/v1/acts/{acts['recall']}/withdraw", why, status=404, code="act.unknown")
    taken = [r["fact"] for r in site.admin.pages("/v1/journal") if r["kind"] == "act.withdrawn"]
    assert [(t["act"], t["reason"]) for t in taken] == [("put_user", "not needed"),
                                                        ("recall", "not needed")]
    assert taken[0]["user"] == "quinn"
    site.stop()
    site.verify()


def test_pages_of_what_waits_hold_each_once(site, marked, qa):  # noqa: F811
    for act in ("release", "recall", "reopen"):
        qa.post(f"{marked}/{act}", {"signature": sign("approval", "x")}, 202)
    assert [i["act"] for i in qa.pages("/v1/acts", limit=1)] == ["release", "reopen", "recall"]


# ---- tokens, corrections

def test_a_token_is_made_by_two_and_shown_to_the_second(site, admins):
    ada, bob = admins
    site.admin.put("/v1/lines/line-1", {"name": "One"})
    operator = site.as_role("operator")
    mark(site, "make_token")
    wish = {"role": "line", "line": "line-1", "reason": "it has moved"}
    signed = {**wish, "signature": sign("authorship")}
    ada.refused("POST", "/v1/tokens", wish, status=400, code="signature.required")
    site.admin.refused("POST", "/v1/tokens", signed, status=403, code="signature.person")
    key = {"Idempotency-Key": "one"}
    first = ada.post("/v1/tokens", signed, 202, headers=key)
    assert (first["act"], first["what"]) == ("make_token", wish) and "token" not in first
    assert ada.post("/v1/tokens", signed, 202, headers=key) == first
    assert ada.post("/v1/tokens", signed, 202) == first
    audit = {"role": "auditor", "reason": "an audit"}
    other = bob.post("/v1/tokens", {"role": "auditor", "signature": sign("authorship", "an audit")},
                     202)
    assert other["what"] == audit
    assert len(bob.get("/v1/acts")["items"]) == 2
    assert operator.get("/v1/acts")["items"] == []
    before = len(site.admin.get("/v1/tokens")["items"])
    done = bob.post("/v1/tokens", signed, 201, headers=key)
    assert (done["first"]["user"], done["signature"]["user"]) == ("ada", "bob")
    assert ada.post("/v1/tokens", signed, 202, headers=key) == {**first, "waits": False}
    assert site.caller(done["token"]).call("GET", "/v1/lines").status_code == 200
    again = bob.post("/v1/tokens", signed, 201, headers=key)
    assert again == {k: v for k, v in done.items() if k != "token"}
    assert len(site.admin.get("/v1/tokens")["items"]) == before + 1
    (item,) = bob.get("/v1/acts")["items"]
    assert item["what"] == audit
    ada.post(f"/v1/acts/{item['id']}/withdraw", {"reason": "not needed"}, 204)
    fact = [r["fact"] for r in site.admin.pages("/v1/journal") if r["kind"] == "token.created"][-1]
    assert (fact["first_signature"]["name"], fact["signature"]["name"]) == ("Ada Amt", "Bob Bau")
    assert fact["reason"] == "it has moved"
    bob.delete(f"/v1/tokens/{done['id']}", 204, headers={"Packtrail-Reason": "lost"})  # by one
    site.stop()
    site.verify()


def test_who_calls_by_a_certificate_is_put_by_two_where_tokens_are(site, admins):
    ada, bob = admins
    site.person("qa", "mia")
    site.admin.put("/v1/certificates/press", {"subject": "CN=press", "role": "operator"}, 201)
    mark(site, "put_user make_token")
    path, wish = "/v1/certificates/evil", {"subject": "CN=evil", "user": "mia", "reason": "new"}
    signed = {**wish, "signature": sign("authorship")}
    site.admin.refused("PUT", path, wish, status=400, code="signature.required")
    ada.refused("PUT", path, wish, status=400, code="signature.required")
    first = ada.put(path, signed, 202)
    assert (first["act"], first["what"]) == (
        "make_token", {"certificate": "evil", "role": "qa", **wish})
    assert ada.put(path, signed, 202) == first
    ada.refused("GET", path, status=404, code="certificate.none")
    other = bob.put(path, {**signed, "subject": "CN=other"}, 202)  # another act, which waits alone
    assert other["what"]["subject"] == "CN=other"
    done = bob.put(path, signed, 201)
    assert (done["first"]["user"], done["signature"]["user"]) == ("ada", "bob")
    assert done["user"] == "mia" and bob.get(path)["subject"] == "CN=evil"
    bob.refused("PUT", path, {**signed, "signature": sign("authorship", password="not his at all")},
                status=403, code="signature.password")
    fact = site.admin.get("/v1/journal?kind=certificate.put")["items"][-1]["fact"]
    assert (fact["first_signature"]["name"], fact["signature"]["name"]) == ("Ada Amt", "Bob Bau")
    bob.delete("/v1/certificates/press", 204, headers={"Packtrail-Reason": "lost"})  # by one
    site.stop()
    site.verify()


def test_a_token_may_be_signed_though_nobody_asks_for_it(site, admins):
    ada, _ = admins
    ada.refused("POST", "/v1/tokens", {"role": "auditor", "signature": sign("authorship")},
                status=400, code="reason.required")
    done = ada.post("/v1/tokens", {"role": "auditor", "signature": sign("authorship", "an audit")},
                    201)
    assert done["signature"]["name"] == "Ada Amt" and "first" not in done
    assert site.caller(done["token"]).get("/v1/acts")["items"] == []


def test_an_event_is_declared_wrong_by_two(site, line, lot, qa, noa):  # noqa: F811
    settled(line, lot)
    mark(site, "correct")
    client = site.as_role("client", client=line.client)
    answer = client.get("/epcis/v2/events", params={"EQ_bizStep": "commissioning"})
    event = answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["eventID"]
    wish = {"event": event, "reason": "incorrect_data", "replacement": ["urn:x:right"],
            "signature": sign("review", "seen")}
    first = qa.post("/v1/corrections", wish, 202)
    assert (first["act"], first["what"]) == ("correct", {
        "event": event, "declares": "incorrect_data", "replacement": ["urn:x:right"]})
    assert qa.post("/v1/corrections", wish, 202) == first
    (item,) = noa.get("/v1/acts")["items"]
    assert (item["what"], item["client"], item["lot"]) == (first["what"], "acme", "L2")
    told = lambda: client.get("/epcis/v2/events", params={"EQ_eventID": event})[
        "epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert len(told()) == 1
    for other in ({"replacement": "urn:x:wrong"}, {"reason": "did_not_occur", "replacement": []}):
        answer = noa.call("POST", "/v1/corrections", {**wish, **other})
        assert answer.status_code in (400, 409), answer.text
    noa.refused("POST", "/v1/corrections", {**wish, "replacement": "urn:x:wrong"}, status=409,
                code="act.changed")
    done = noa.post("/v1/corrections", wish, 201)
    assert (done["first"]["user"], done["signature"]["user"]) == ("mia", "noa")
    assert ["errorDeclaration" in e for e in told()].count(True) == 1
    assert noa.get("/v1/acts")["items"] == []
    qa.refused("POST", "/v1/corrections", wish, status=409, code="event.corrected")
    fact = {r["kind"]: r["fact"] for r in site.admin.pages("/v1/journal")}["correction.made"]
    assert fact["first_signature"]["name"] == "Mia Muster" and fact["signature"]["user"] == "noa"
    site.stop()
    site.verify()


def test_the_second_signature_takes_a_sample_back(site, line, qa, noa):  # noqa: F811
    serials = line.serials(1)
    pack = f"(01){line.gtin}(21){serials[0]}"
    line.commission(serials)
    line.call.report({"type": "sample", "units": [pack], "reason": "for QA"})
    mark(site, "correct")
    answer = site.as_role("client", client=line.client).get(
        "/epcis/v2/events", params={"EQ_action": "DELETE"})
    event, = answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    wish = {"event": event["eventID"], "reason": "did_not_occur", "signature": sign("review", "seen")}
    qa.post("/v1/corrections", wish, 202)
    assert site.admin.unit(pack)["state"] == "sampled"
    noa.post("/v1/corrections", wish, 201)
    assert site.admin.unit(pack)["state"] == "commissioned"
    site.stop()
    site.verify()


def test_the_history_of_a_unit_shows_who_ended_its_hold(site, line, qa, noa):  # noqa: F811
    serials = line.serials(1)
    line.commission(serials)
    pack = f"(01){line.gtin}(21){serials[0]}"
    happened = lambda: line.operator.get(f"/v1/units/{quote(pack)}/history")["items"][-1]
    for two in (False, True):
        if two:
            mark(site, "end_hold")
        hold = qa.post("/v1/holds", {"units": [pack], "reason": "dented"}, 201)
        assert "signature" not in happened()
        path = f"/v1/holds/{hold['id']}/release"
        if two:
            noa.post(path, {"signature": sign("review", "seen")}, 202)
        ended = qa.post(path, {"signature": sign("approval", "all is well")}, 200)
        last = happened()
        assert last["type"] == "end_hold" and last["signature"] == ended["signature"]
        assert last["signature"]["meaning"] == "approval" and last["signature"]["time"]
        assert last.get("first") == ended.get("first") and two == ("first" in last)


# ---- by commands

WRONG = "not what anybody said"


@pytest.fixture
def signers(site, qa, noa):  # noqa: F811
    """A stopped site that marks what commands do."""
    site.person("admin", "ada", "Ada Amt")
    site.admin.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": ["9506000"]})
    site.person("qa", "cleo", "Cleo Client", client="acme")  # signs nothing of the site's
    site.configure(signatures={"second": "add_key advance"})
    site.restart()  # and it is recorded
    site.stop()
    return site


def command(site, *args, given=(PASSWORD, PASSWORD)):
    done = packtrail(*args, given="".join(word + "\n" for word in given))
    return done.returncode, done.stdout + done.stderr


COMMANDS = {
    "epoch.added": lambda site: ("key", "add", site.folder, "--reason", "yearly", "--by", "it"),
    "pools.advanced": lambda site: ("verify", site.folder, "--advance", "--accept", "none is left",
                                    "--by", "it")}


# ACT-SECOND
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_command_is_signed_by_two(signers, kind):
    site, args = signers, COMMANDS[kind](signers)
    keys, seq = (site.folder / "site.key").read_text(), len(site.journal())
    sign_as = lambda first, second, meaning="approval": (
        "--sign", first, "--second", second, "--meaning", meaning)
    for more, code in (((), "act.second"), (("--sign", "mia"), "signing.two"),
                       (sign_as("mia", "mia"), "act.second"),
                       (sign_as("mia", "zoe"), "signature.person"),
                       (sign_as("mia", "ada"), "signature.role"),
                       (sign_as("cleo", "noa"), "access.client"),
                       (sign_as("mia", "noa", "fun"), "signature.meaning")):
        rc, said = command(site, *args, *more)
        assert rc == 1 and code in said, (more, said)
    rc, said = command(site, *args, *sign_as("mia", "noa"), given=(PASSWORD,))
    assert rc == 1 and "password.length" in said
    assert (site.folder / "site.key").read_text() == keys and len(site.journal()) == seq
    rc, said = command(site, *args, *sign_as("mia", "noa"), given=(PASSWORD, WRONG))
    assert rc == 1 and "signature.password" in said and WRONG not in said
    last = site.journal()[-1]
    assert (last["kind"], last["fact"]["user"]) == ("password.refused", "noa")
    rc, said = command(site, *args, *sign_as("mia", "noa"))
    assert rc == 0, said
    fact = site.journal()[-1]
    assert fact["kind"] == kind
    assert [fact["fact"][s]["name"] for s in ("first_signature", "signature")] == [
        "Mia Muster", "Noa Null"]
    assert {fact["fact"][s]["meaning"] for s in ("first_signature", "signature")} == {"approval"}
    site.start()
    found = {u: [r["kind"] for r in site.admin.pages("/v1/journal", user=u)]
             for u in ("mia", "noa", "ada")}
    assert kind in found["mia"] and {kind, "password.refused"} <= set(found["noa"])
    assert not {kind, "password.refused"} & set(found["ada"])
    site.stop()
    site.verify()


def test_wrong_passwords_of_a_command_lock(signers):
    args = (*COMMANDS["epoch.added"](signers), "--sign", "mia", "--second", "noa", "--meaning",
            "approval")
    for _ in range(5):
        assert "signature.password" in command(signers, *args, given=(WRONG, PASSWORD))[1]
    assert "user.locked" in command(signers, *args)[1]
    assert signers.journal()[-1]["kind"] == "user.locked"


# ACT-SECOND
def test_a_key_that_nobody_signed_is_not_used_until_two_sign_it(signers):
    file = signers.folder / "site.key"
    one, text = file.read_text(), file.read_text() + "2 " + "5a" * 32 + "\n"
    file.write_text(text)
    signers.start()
    assert "event=epoch.waits epoch=2" in signers.log()
    signers.person("qa", "zoe")  # whose password is sealed
    signers.stop()
    assert "epoch.added" not in [r["kind"] for r in signers.journal()]
    file.write_text(one)
    signers.start()  # nothing needs the line
    signers.caller().post("/v1/login", {"user": "zoe", "password": PASSWORD}, 200)
    signers.stop()
    file.write_text(text)
    rc, said = command(signers, *COMMANDS["epoch.added"](signers), "--sign", "mia", "--second",
                       "noa", "--meaning", "approval")
    assert rc == 0 and file.read_text() == text, said
    assert signers.journal()[-1]["fact"]["epoch"] == 2
    signers.start()


def test_lines_that_wait_are_signed_for_one_by_one_and_told_so(signers):
    file = signers.folder / "site.key"
    text = file.read_text() + f"2 {'5a' * 32}\n3 {'6b' * 32}\n"
    file.write_text(text)
    args = (*COMMANDS["epoch.added"](signers), "--sign", "mia", "--second", "noa", "--meaning",
            "approval")
    for epoch, waits in ((2, True), (3, False)):
        rc, said = command(signers, *args)
        assert rc == 0 and file.read_text() == text, said
        assert signers.journal()[-1]["fact"]["epoch"] == epoch
        assert f"epoch {epoch} is in use: copy " in said and ("1 more line waits" in said) == waits
    signers.start()


def test_a_word_that_is_no_act_stops_the_start(make_site):
    site = make_site()
    site.configure(signatures={"second": "release everything"})
    with pytest.raises(AssertionError):
        site.start()
    assert "settings.word" in site.log() or "signatures.second" in site.log()


def test_clients_people_see_what_waits_of_their_own(site, marked, qa):  # noqa: F811
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9521141"]})
    qa.post(f"{marked}/recall", {"signature": sign("approval", "x")}, 202)
    assert site.as_role("auditor", client="beta").get("/v1/acts")["items"] == []
    assert len(site.as_role("auditor", client="acme").get("/v1/acts")["items"]) == 1
    answer = site.as_role("client", client="acme").call("GET", "/v1/acts")
    assert_problem(answer, 403, "access.role")


# ---- what unmarks

# ACT-SECOND
def test_who_unmarks_an_act_is_seen_in_the_journal(site):
    """By the environment of a start or of a command as by the file: before it is made use of."""
    said = lambda: [r["fact"]["changes"] for r in site.journal() if r["kind"] == "settings.changed"]
    marked = {"field": "signatures.second", "old": "", "new": "add_key recall"}
    unmarked = {"field": "signatures.second", "old": "add_key recall", "new": ""}
    site.stop()
    assert said() == [], "nothing is other than by default"
    site.configure(signatures={"second": "add_key recall", "second_time": "1 h"})
    site.start()
    assert said() == [[marked, {"field": "signatures.second_time", "old": "24 h", "new": "1 h"}]]
    site.restart()
    site.stop()
    assert len(said()) == 1, "once"
    nobody = {"PACKTRAIL_SIGNATURES_SECOND": ""}
    add = ("key", "add", site.folder, "--reason", "x", "--by", "it")
    assert "act.second" in packtrail(*add).stderr and len(said()) == 1
    assert packtrail(*add, env=nobody).returncode == 0
    assert said()[1:] == [[unmarked]]
    assert [r["kind"] for r in site.journal()[-2:]] == ["settings.changed", "epoch.added"]
    env, site.env = site.env, {**site.env, **nobody}
    site.start()
    assert said()[2:] == []
    site.stop()
    site.env = env
    site.start()
    assert said()[2:] == [[marked]]
    assert "event=settings.changed" in site.log()
    site.stop()
    site.verify()
