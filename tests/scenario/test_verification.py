"""A wholesaler's verification router asks over HTTP, as GS1 Lightweight Messaging has it."""
import concurrent.futures
import uuid
from urllib.parse import quote

import pytest

from epcis_calls import capture, event
from harness import GTIN, packtrail
from test_units import packed

RESPONDER, WHOLESALER, OTHER = "9506000000015", "9506000000022", "9506000000039"
FALSE = "verificationFailureReason"


class Router:
    """What a wholesaler sends, each part percent-encoded, and the parts of the answer it reads."""

    def __init__(self, caller, gln=WHOLESALER):
        self.caller, self.gln = caller, gln

    def path(self, serial, lot="L1", exp="301231", gtin=GTIN, **more):
        asks = {"exp": exp, "linkType": "verificationService", "context": "dscsaSaleableReturn",
                "reqGLN": self.gln, "corrUUID": str(uuid.uuid4()), "ctrlPossessAtt": "true",
                "email": "returns@wholesale.example", "telephone": "+1 555 0100", **more}
        query = "&".join(f"{k}={quote(v, safe='')}" for k, v in asks.items() if v is not None)
        parts = [quote(part, safe="") for part in (gtin, lot, serial)]
        return "/verify/gtin/{}/lot/{}/ser/{}?{}".format(*parts, query), asks

    def ask(self, serial, **more):
        path, asks = self.path(serial, **more)
        headers = {"GS1US-Version": "1.3.0", "Content-Type": "application/json"}
        answer = self.caller.get(path, headers=headers)
        assert set(answer) == {"verificationTimestamp", "responderGLN", "data", "corrUUID"}
        assert answer["responderGLN"] == RESPONDER
        assert answer["corrUUID"] == (asks["corrUUID"] or "")
        return answer["data"]


@pytest.fixture
def answering(site, line):
    """The site knows its GLN; its line has commissioned two packs of lot L1."""
    site.stop()
    site.configure(**{"verify": {"responder_gln": RESPONDER, "rate": 1, "burst": 100}})
    site.start()
    return line


@pytest.fixture
def router(site, answering):
    return Router(site.as_role("distributor", client=answering.client, party=WHOLESALER))


def test_a_wholesaler_is_told_which_packs_are_good(answering, router):
    good, other, unused = answering.serials(3)
    answering.commission([good, other])
    assert router.ask(good) == {"verified": True}
    assert router.ask(good, exp="301200", corrUUID=None, email=None) == {"verified": True}
    for reason, asks in {
            "No_match_GTIN_Serial_Lot": {"lot": "L2"},
            "No_match_GTIN_Serial_Expiry": {"exp": "301130"},
            "No_match_GTIN_Serial_Lot_Expiry": {"lot": "A/B%?", "exp": "301130"}}.items():
        assert router.ask(good, **asks) == {"verified": False, FALSE: reason}
    for serial, asks in ((unused, {}), ("NEVER/GIVEN", {}), (good, {"gtin": "09506000999999"})):
        assert router.ask(serial, **asks) == {"verified": False, FALSE: "No_match_GTIN_Serial"}
    answering.call.report({"type": "scrap", "gtin": GTIN, "serials": [unused], "reason": "label"})
    assert router.ask(unused) == {"verified": False, FALSE: "No_match_GTIN_Serial"}


def test_a_pack_on_a_shipped_pallet_is_good(site, answering, router):
    for kind in ("parties", "locations"):
        site.admin.put(f"/v1/{kind}/{WHOLESALER}", {"name": "Wholesale"})
    serials, _, pallet = packed(answering)
    answering.operator.post(f"/v1/lots/{GTIN}/L1/close", {}, 200)
    answering.operator.post("/v1/shipments", {
        "units": [pallet], "to": {"party": WHOLESALER, "location": WHOLESALER}}, 201)
    assert router.ask(serials[0]) == {"verified": True}


def test_a_pack_whose_time_is_over_is_told_as_expired(answering, router):
    serials = answering.serials(1)
    answering.operator.post("/v1/lots", {"lot": "OLD", "gtin": GTIN, "expiry": "2021-02"}, 201)
    answering.call.report({"type": "commission", "lot": "OLD", "gtin": GTIN, "serials": serials,
                           "time": "2021-02-27T12:00:00Z"})
    told = {"verified": True, "additionalInfo": "Expired"}
    assert router.ask(serials[0], lot="OLD", exp="210228") == told
    assert router.ask(serials[0], lot="OLD", exp="210200") == told


def test_packs_that_others_commissioned_are_judged_by_what_their_events_told(site, answering,
                                                                            router):
    gateway = site.as_role("gateway", client=answering.client)
    gtin = "09506000999999"  # of the client's prefix, but no product of this site
    unit = "https://id.gs1.org/01/" + gtin + "/21/"
    born = {"action": "ADD", "bizStep": "commissioning", "disposition": "active"}
    ilmd = {"cbvmda:lotNumber": "F/1", "cbvmda:itemExpirationDate": "2031-05-31"}
    capture(gateway, event("one", **born, epcList=[unit + "F1", unit + "F2"], ilmd=ilmd),
            event("two", **born, epcList=[unit + "F3"]),
            event("three", epcList=[unit + "F4"]),
            event("four", action="DELETE", bizStep="destroying", disposition="destroyed",
                  eventTime="2026-01-03T03:04:05Z", epcList=[unit + "F2"]))
    ask = {"gtin": gtin, "lot": "F/1", "exp": "310531"}
    assert router.ask("F1", **ask) == {"verified": True}
    assert router.ask("F1", **{**ask, "lot": "F1"})[FALSE] == "No_match_GTIN_Serial_Lot"
    assert router.ask("F1", **{**ask, "exp": "310530"})[FALSE] == "No_match_GTIN_Serial_Expiry"
    assert router.ask("F2", **ask) == {"verified": False, FALSE: "Not_for_re-distribution"}
    assert router.ask("F3", **ask)[FALSE] == "No_reason_provided"  # nobody told its lot
    assert router.ask("F4", **ask)[FALSE] == "No_match_GTIN_Serial"  # seen, never commissioned


def test_every_answer_is_kept_once_also_after_a_crash(site, answering, router):
    good, unused = answering.serials(2)
    answering.commission([good])
    path, asks = router.path(good)
    first = router.caller.get(path)
    router.ask(unused)
    site.restart()
    assert router.caller.get(path) == first
    auditor = site.as_role("auditor")
    kept = auditor.get("/v1/verifications")["items"]
    assert [(k["unit"], k["verified"]) for k in kept] == [
        (f"(01){GTIN}(21){unused}", False), (f"(01){GTIN}(21){good}", True)]
    assert kept[1]["corrUUID"] == asks["corrUUID"] and kept[1]["reqGLN"] == WHOLESALER
    assert kept[1]["email"] == asks["email"] and kept[1]["ctrlPossessAtt"] is True
    assert kept[1]["client"] == answering.client and kept[1]["took_ms"] < 24 * 3600 * 1000
    assert auditor.get("/v1/verifications?verified=false")["items"] == kept[:1]
    assert auditor.get("/v1/verifications", params={"corrUUID": asks["corrUUID"],
                                                    "since": kept[1]["answered"]})["items"] == kept[1:]
    facts = auditor.get("/v1/journal", params={"kind": "verification.answered"})["items"]
    assert [f["fact"]["verified"] for f in facts] == [True, False]
    site.stop()
    assert packtrail("verify", site.folder).returncode == 0


def test_who_may_ask_and_for_whom(site, answering, router):
    serial, = answering.serials(1)
    answering.commission([serial])
    path, _ = router.path(serial)
    for role, scope in (("line", {"line": "line-1"}), ("admin", {})):
        site.as_role(role, **scope).refused("GET", path, status=403, code="access.role")
    site.caller().refused("GET", path, status=401, code="access.missing")
    path, _ = Router(router.caller, OTHER).path(serial)
    router.caller.refused("GET", path, status=403, code="verification.requester")
    assert Router(site.as_role("gateway", client=answering.client), OTHER).ask(serial)["verified"]
    reach = f"/checkConnectivity?gtin={GTIN}&reqGLN="
    assert router.caller.get(reach + WHOLESALER) == {"responderGLN": RESPONDER}
    router.caller.refused("GET", reach + OTHER, status=403, code="verification.requester")
    router.caller.refused("GET", f"/checkConnectivity?gtin=09506000999999&reqGLN={WHOLESALER}",
                          status=401, code="verification.gtin")


def test_another_clients_caller_learns_nothing(site, answering, router):
    serial, = answering.serials(1)
    answering.commission([serial])
    site.admin.put("/v1/clients/bolt", {"name": "Bolt", "prefixes": ["9521321"]})
    bolt = Router(site.as_role("distributor", client="bolt", party=OTHER), OTHER)
    assert bolt.ask(serial) == bolt.ask("NEVER") == bolt.ask("X", gtin="09521141000007")
    bolt.caller.refused("GET", f"/checkConnectivity?gtin={GTIN}&reqGLN={OTHER}", status=401,
                        code="verification.gtin")
    router.ask(serial)
    # An event of bolt that names the number makes a unit of bolt's own, and answers for nobody.
    gateway = site.as_role("gateway", client="bolt")
    capture(gateway, event("x", action="ADD", bizStep="commissioning", disposition="active",
                           epcList=[f"https://id.gs1.org/01/{GTIN}/21/FAKE"],
                           ilmd={"cbvmda:lotNumber": "L1",
                                 "cbvmda:itemExpirationDate": "2030-12-31"}))
    assert bolt.ask("FAKE")[FALSE] == router.ask("FAKE")[FALSE] == "No_match_GTIN_Serial"
    assert site.as_role("client", client="bolt").get("/v1/verifications")["items"] == []
    own = site.as_role("client", client=answering.client).get("/v1/verifications")["items"]
    assert [k["verified"] for k in own] == [False, True]  # the router's two, and none of bolt's
    assert {k["reqGLN"] for k in own} == {WHOLESALER} and not any("by" in k for k in own)


def test_malformed_questions_are_refused(router):
    for asks in ({"gtin": "09506000134353"}, {"exp": None}, {"exp": "20301231"}, {"exp": "301332"},
                 {"reqGLN": "9506000000016"}, {"corrUUID": "7"}, {"linkType": "pip"},
                 {"ctrlPossessAtt": "maybe"}, {"context": "a b"}, {"lot": "x" * 21},
                 {"serial": "a b"}):
        path, _ = router.path(**{"serial": "A", **asks})
        router.caller.refused("GET", path, status=400, code="verification.question")
    path, _ = router.path("A", colour="red")
    router.caller.refused("GET", path, status=400, code="query.unknown")
    assert router.caller.call("POST", path.split("?")[0]).status_code == 405


def test_who_asks_too_often_is_told_to_wait_and_others_are_not(site, router):
    paths = [router.path("A")[0] for _ in range(150)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda p: router.caller.call("GET", p), paths))
    limited = [a for a in answers if a.status_code == 429]
    assert {a.status_code for a in answers} == {200, 429} and limited
    assert {a.headers["Retry-After"] for a in limited} == {"1"}
    assert {a.json()["code"] for a in limited} == {"rate.limited"}
    assert not Router(site.as_role("qa")).ask("A")["verified"]


def test_a_site_without_a_gln_says_so_at_its_check_and_to_callers(site, line):
    path, _ = Router(line.operator).path("A")
    problem = line.operator.refused("GET", path, status=503, code="verification.responder")
    assert problem["title"] == "this site is not set up to answer that"
    strange = path.replace(path.split("/")[3], "09521141000007")
    line.operator.refused("GET", strange, status=404, code="verification.gtin")
    site.stop()
    done = packtrail("check", "-c", site.config)
    said = lambda done: [x for x in done.stdout.splitlines() if "verify" in x.split()[1]]
    assert [x.split()[0] for x in said(done)] == ["warn"] and done.returncode == 0
    assert "verify.responder_gln" in said(done)[0]
    site.configure(verify={"responder_gln": RESPONDER})
    done = packtrail("check", "-c", site.config)
    assert RESPONDER in said(done)[0] and said(done)[0].startswith("ok")
    site.configure(verify={"responder_gln": "9506000000016"})
    assert "no GLN" in packtrail("check", "-c", site.config).stdout
