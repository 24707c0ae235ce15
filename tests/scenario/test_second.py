"""Acts that two people must sign: the first signature changes nothing, the second one does it."""
import csv
import io
import time

import pytest

from harness import assert_problem, sign
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
    noa.post(f"{marked}/release", {"signature": sign("review", "seen, too")}, 200)
    page = line.operator.call("GET", f"{marked}/balance", headers={"Accept": "text/html"}).text
    assert page.index("Mia Muster (mia), approval, 20") < page.index("Noa Null (noa), review, 20")
    text = line.operator.call("GET", f"{marked}/balance", headers={"Accept": "text/csv"}).text
    told = [row for row in csv.reader(io.StringIO(text)) if row[1] == "signature"]
    assert [(row[2], row[3].split(",")[0]) for row in told] == [
        ("release", "Mia Muster (mia)"), ("release", "Noa Null (noa)")]
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
