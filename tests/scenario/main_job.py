"""The main job of a site, with every call of the interface made at least once, as documented."""
import re
import time
from urllib.parse import quote, urlsplit

import contract
import harness
import soap

GLN = "9506000134352"
PLACES = {  # for the {...} of paths
    "client": "acme", "gtin": harness.GTIN, "line": "line-1", "gln": GLN, "lot": "L1",
    "pool": "acme-packs", "partner": "hub", "unit": "(01)" + harness.GTIN + "(21)X",
    "request": "none", "shipment": "none", "id": "none", "delivery": "none", "message": "sent",
    "user": "mia", "certificate": "press", "exception": "none", "query": "SimpleEventQuery", "subscription": "none",
    "eventID": "urn:x:none",
    "captureID": "none",
    "market": "eu", "value": "none", "token": "00", "serial": "X"}
ROLES = {
    "line": {"line": "line-1"}, "distributor": {"client": "acme", "party": GLN},
    "gateway": {"client": "acme"}, "client": {"client": "acme"},
    "operator": {}, "qa": {}, "auditor": {}, "admin": {}}


def somewhere(path):
    return re.sub(r"\{(\w+)\}", lambda m: quote(PLACES[m[1]], safe=""), path)


class Story:
    """Makes calls; `done` are the operations that answered well, `bodies` what they were sent,
    `answers` what they said last and `last` the bare last response. That all is as documented is seen to by the callers themselves."""

    def __init__(self):
        self.said, self.done, self.bodies, self.answers = contract.contract(), set(), {}, {}

    def __call__(self, caller, method, path, body=None, expect=(200, 201, 204), **more):
        response = self.last = caller.call(method, path, body, **more)
        assert response.status_code in expect, f"{method} {path}: {response.text[:800]}"
        operation = self.said.operation(method, urlsplit(path).path)
        self.done.add(operation.name)
        if isinstance(body, (dict, list)):
            self.bodies[operation.name] = (caller, method, path, body)
        kind = response.headers.get("Content-Type", "").split(";")[0]
        answer = response.json() if kind == "application/json" else response.text
        self.answers[operation.name] = answer
        return answer


CASE_SIZE = 3


def configure(tell, admin, partner):
    for gln in (GLN, "9506000100012"):
        tell(admin, "PUT", f"/v1/locations/{gln}",
             {"name": "Hall", "timezone": "Europe/Zurich", "address": {"city": "Basel"}})
        tell(admin, "PUT", f"/v1/parties/{gln}", {"name": "Wholesale", "reason": "new customer"})
    tell(admin, "PUT", "/v1/lines/line-1", {"name": "Line 1", "location": GLN})
    tell(admin, "PUT", "/v1/clients/acme", {
        "name": "Acme Pharma", "prefixes": [harness.PREFIX], "extra": {"erp": "4711"},
        "profile": {"ship_rule": "closed", "ship_needs_ack": False}})
    tell(admin, "PUT", f"/v1/products/{harness.GTIN}", {
        "client": "acme", "name": "Exampline", "holder": GLN, "market": "CH", "levels": [
            {"level": "pack", "id": "sgtin", "quantity": 1},
            {"level": "case", "id": "sscc", "quantity": CASE_SIZE}]})
    tell(admin, "PUT", "/v1/pools/acme-packs", {
        "gtin": harness.GTIN, "kind": "random", "length": 18, "policy": "eu-fmd",
        "threshold": 10, "share": {"of": 2, "index": 1}})
    tell(admin, "PUT", "/v1/pools/acme-cases", {
        "client": "acme", "prefix": harness.PREFIX, "extension": "0", "kind": "sscc"})
    tell(admin, "PUT", "/v1/pools/acme-list", {"gtin": harness.GTIN, "kind": "list", "rank": 9})
    tell(admin, "PUT", "/v1/partners/hub", {
        "client": "acme", "url": partner.url, "format": "epcis-2.0-json", "approval": "none",
        "auth": {"basic": {"user": "packtrail", "password": "secret"}},
        "headers": [{"name": "X-Site", "value": "hall 1", "secret": True}],
        "filter": {"gtins": [harness.GTIN]}, "success": {"status": [200], "body": "^.*$"}})
    for noun in ("locations/" + GLN, "parties/" + GLN, "lines/line-1", "clients/acme",
                 "products/" + harness.GTIN, "pools/acme-packs", "partners/hub", "markets/ch"):
        tell(admin, "GET", "/v1/" + noun)
        tell(admin, "GET", "/v1/" + noun.split("/")[0] + "?limit=1" * (noun != "markets/ch"))


def hire(tell, site):
    """People: one made, changed, shown; who has a token of hers changes her password."""
    admin = site.admin
    mia = {"name": "Mia Muster", "role": "qa", "clients": ["acme"], "extra": {"badge": "7"}}
    tell(admin, "PUT", "/v1/users/mia", {**mia, "password": harness.FIRST_PASSWORD})
    assert tell(admin, "PUT", "/v1/users/mia", {**mia, "reason": "as before"})["version"] == 1
    assert tell(admin, "GET", "/v1/users/mia")["password"] == "***"
    tell(admin, "GET", "/v1/users?limit=1")
    person = site.caller(tell(admin, "POST", "/v1/tokens", {"user": "mia"})["token"])
    tell(person, "POST", "/v1/users/mia/password",
         {"old": harness.FIRST_PASSWORD, "new": harness.PASSWORD})
    browser = site.caller()
    said = tell(browser, "POST", "/v1/login", {"user": "mia", "password": harness.PASSWORD})
    assert tell(browser, "GET", "/v1/session")["csrf"] == said["csrf"]
    tell(browser, "POST", "/v1/logout", headers={"Packtrail-CSRF": said["csrf"]})


def make_tokens(tell, site):
    wish = {"role": "line", "line": "line-1", "expires": "2090-01-01T00:00:00Z"}
    made = tell(site.admin, "POST", "/v1/tokens", wish, headers={"Idempotency-Key": "t"})
    again = tell(site.admin, "POST", "/v1/tokens", wish, headers={"Idempotency-Key": "t"})
    assert again == {"id": made["id"]}
    spare = tell(site.admin, "POST", "/v1/tokens", {"role": "qa"})
    tell(site.admin, "DELETE", "/v1/tokens/" + spare["id"])
    tell(site.admin, "GET", "/v1/tokens")
    return site.caller(made["token"]), site.as_role("operator")


def map_certificates(tell, admin):
    press = {"subject": "CN=press 1,O=Acme", "role": "line", "line": "line-1", "reason": "new"}
    tell(admin, "PUT", "/v1/certificates/press", press)
    tell(admin, "PUT", "/v1/certificates/press",
         {"fingerprint": ":".join(["5A"] * 32), "role": "gateway", "clients": ["acme"],
          "expires": "2090-01-01T00:00:00Z"})
    tell(admin, "GET", "/v1/certificates/press")
    tell(admin, "DELETE", "/v1/certificates/press")
    tell(admin, "GET", "/v1/certificates?limit=1")


def take_numbers(tell, admin, line):
    wish = {"gtin": harness.GTIN, "quantity": 5, "lot": "L1", "order": "PO-1", "level": "pack"}
    got = tell(line, "POST", "/v1/serials", wish)
    for kind in ("text/plain", "text/csv", "application/x-ndjson"):
        tell(line, "POST", "/v1/serials", wish, headers={"Accept": kind})
    request = "/v1/serials/requests/" + got["request"]
    assert tell(line, "GET", request + "?unused=true")["serials"] == got["serials"]
    assert tell(line, "POST", request + "/confirm", {})["state"] == "confirmed"
    tell(line, "GET", "/v1/serials/requests?lot=L1&state=open")
    tell(line, "POST", "/v1/serials/returns", {
        "gtin": harness.GTIN, "serials": [got["serials"][4], "NOBODY"], "reason": "end of lot"})
    sscc, = tell(line, "POST", "/v1/sscc", {
        "quantity": 1, "lot": "L1", "gtin": harness.GTIN, "extension": "0"})["ssccs"]
    tell(admin, "POST", "/v1/pools/acme-list/import", "serial,crypto\nA1,x\nA2,y\n",
         headers={"Content-Type": "text/csv"})
    listed = tell(line, "POST", "/v1/serials", {
        "gtin": harness.GTIN, "quantity": 1, "pool": "acme-list"})
    assert listed["attributes"] == [{"crypto": "x"}]
    tell(admin, "POST", "/v1/pools/acme-list/return", {"reason": "the client asked for them"})
    return got["serials"], sscc


def work(tell, line, serials, sscc):
    packs = [f"(01){harness.GTIN}(21){s}" for s in serials]
    answer = tell(line, "POST", "/v1/reports", [
        {"type": "commission", "id": "r1", "lot": "L1", "gtin": harness.GTIN, "station": "camera",
         "serials": serials[:3], "time": "2026-01-02T03:04:05+01:00", "by": "M", "extra": {"a": "b"}},
        {"type": "scrap", "gtin": harness.GTIN, "serials": [serials[3]], "reason": "unreadable"},
        {"type": "pack", "parent": sscc, "children": packs[:2], "commission": True},
        {"type": "unpack", "parent": sscc, "children": packs[:1], "reason": "wrong way up"},
        {"type": "pack", "parent": sscc, "children": packs[:1]},
        {"type": "close", "parent": sscc, "partial": True, "by": "M", "reason": "sample taken"},
        {"type": "commission", "id": "r1", "lot": "L1", "gtin": harness.GTIN,
         "serials": serials[:2]}])
    assert (answer["accepted"], answer["refused"]) == (6, 1), answer
    assert answer["results"][6]["problem"]["code"] in contract.contract().problems["inside"][409]
    tell(line, "POST", "/v1/reports", '{"type": "close"}\n{"typo": 1}\n',
         headers={"Content-Type": "application/x-ndjson"})
    return packs


def close_and_ship(tell, operator, sscc):
    tell(operator, "GET", f"/v1/lots/{harness.GTIN}/L1")
    tell(operator, "GET", "/v1/lots?state=open&client=acme")
    tell(operator, "POST", f"/v1/lots/{harness.GTIN}/L1/close", {})
    draft = tell(operator, "POST", "/v1/shipments", {"units": [sscc], "draft": True, "to": {
        "party": "9506000100012", "location": "9506000100012"}})
    place = "/v1/shipments/" + draft["shipment"]
    assert tell(operator, "POST", place + "/confirm", {})["state"] == "shipped"
    tell(operator, "POST", place + "/void", {"reason": "wrong dock"})
    tell(operator, "GET", "/v1/shipments?state=void&client=acme&to=9506000100012")
    made = tell(operator, "POST", "/v1/shipments", {
        "units": [sscc], "from": {"party": GLN, "location": GLN},
        "to": {"party": "9506000100012", "location": "9506000100012"},
        "documents": [{"type": "desadv", "id": "D-1"}, {"type": "po", "id": "P-1", "gln": GLN}],
        "flags": ["export"], "dropShipment": False, "directPurchase": {
            "qualifier": "ENTIRELY_DIRECT", "statement": "bought of the maker"},
        "extra": {"truck": "7"}})
    place = "/v1/shipments/" + made["shipment"]
    assert tell(operator, "GET", place) == made
    tell(operator, "GET", place + "/units")


def verify(tell, operator, serials):
    """A wholesaler asks, and the site looks up later what was asked."""
    place = f"/verify/gtin/{harness.GTIN}/lot/L1/ser/"
    for serial, good in ((serials[0], True), (serials[3], False)):
        answer = tell(operator, "GET", f"{place}{serial}?exp=301200&context=dscsaSaleableReturn"
                      f"&linkType=verificationService&reqGLN={GLN}&ctrlPossessAtt=true")
        assert answer["data"]["verified"] is good and answer["responderGLN"] == GLN
    tell(operator, "GET", f"/checkConnectivity?gtin={harness.GTIN}&reqGLN={GLN}")
    found, = tell(operator, "GET", "/v1/verifications?verified=false")["items"]
    assert found["unit"] == f"(01){harness.GTIN}(21){serials[3]}"


def settle(tell, site, operator, line):
    """A lot of its own: held, counted, explained, released, opened again, recalled."""
    qa = site.caller(site.admin.post("/v1/tokens", {"user": "mia"}, 201)["token"])
    signed = {"signature": harness.sign("review", "looked at")}
    lot = f"/v1/lots/{harness.GTIN}/L9"
    tell(operator, "POST", "/v1/lots", {"lot": "L9", "gtin": harness.GTIN, "expiry": "2030-12"})
    tell(operator, "POST", lot + "/amend", {"order": "PO-9", "expiry": "2031-01",
                                            "reason": "a typing error"})
    serials = tell(line, "POST", "/v1/serials", {
        "gtin": harness.GTIN, "quantity": 3, "lot": "L9"})["serials"]
    tell(line, "POST", "/v1/reports", [
        {"type": "commission", "lot": "L9", "gtin": harness.GTIN, "serials": serials[:1]},
        {"type": "unread", "lot": "L9", "gtin": harness.GTIN, "count": 1, "reason": "smeared"}])
    unit = lambda n: f"(01){harness.GTIN}(21){serials[n]}"
    hold = tell(operator, "POST", "/v1/holds", {"units": [unit(0)], "reason": "dented"})
    tell(operator, "GET", "/v1/holds?state=held")
    tell(operator, "GET", "/v1/holds/" + hold["id"])
    assert tell(qa, "POST", f"/v1/holds/{hold['id']}/release", signed)["state"] == "released"
    tell(line, "POST", lot + "/counters", {"level": "pack", "camera_good": 1})
    tell(operator, "POST", lot + "/close", {})
    for kind in ("application/json", "text/csv", "text/html"):
        tell(operator, "GET", lot + "/balance", headers={"Accept": kind})
    assert len(tell(operator, "GET", lot + "/balance?differences=true")["items"]) == 3
    explain = lambda **what: tell(operator, "POST", lot + "/explain", {"reason": "roll", **what})
    explain(**{"as": "lost_on_line"}, units=[unit(1)])
    explain(**{"as": "lost_on_line"}, count=1, level="pack")
    assert explain(**{"as": "kept_loose"}, count=1, level="pack")["balance"]["balanced"]
    for act in ("release", "reopen"):
        tell(qa, "POST", f"{lot}/{act}", signed)
    noa = site.person("qa", "noa", "Noa Null")
    tell(qa, "POST", f"{lot}/recall", signed, expect=(202,))
    assert len(tell(operator, "GET", "/v1/acts")["items"]) == 1
    tell(qa, "POST", f"{lot}/withdraw", {"act": "recall", "reason": "not this lot"})
    tell(qa, "POST", f"{lot}/recall", signed, expect=(202,))
    (act,) = tell(operator, "GET", "/v1/acts")["items"]
    tell(qa, "POST", f"/v1/acts/{act['id']}/withdraw", {"reason": "nor yet"}, expect=(204,))
    tell(qa, "POST", f"{lot}/recall", signed, expect=(202,))
    assert tell(noa, "POST", f"{lot}/recall", signed)["state"] == "recalled"


def trade(tell, site, operator, sscc, packs):
    """The wholesaler receives and sends one back; what was told wrongly is declared so."""
    party = "9506000100012"
    distributor = site.as_role("distributor", client="acme", party=party)
    got = tell(distributor, "POST", "/v1/receipts", {"units": [sscc], "condition": "sound"})
    assert got["results"][0]["verdict"] == "accepted"
    back = tell(operator, "POST", "/v1/returns", {
        "units": [packs[0], "(01)" + harness.GTIN + "(21)NOBODY"], "reason": "too many",
        "from": {"party": party}, "documents": [{"type": "rma", "id": "R-1"}]})
    assert (back["accepted"], back["refused"]) == (1, 1)
    mia = site.caller(tell(site.admin, "POST", "/v1/tokens", {"user": "mia"})["token"])
    events = tell(mia, "GET", "/epcis/v2/events?EQ_bizStep=receiving")
    event = events["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]
    tell(mia, "POST", "/v1/corrections", {
        "event": event["eventID"], "reason": "incorrect_data", "unit": sscc,
        "replacement": ["urn:uuid:7f6c2f5e-5d0c-4f0a-8f43-0d3b9b0f6a09"],
        "signature": harness.sign("approval", "another dock")})


def look(tell, caller, packs, sscc):
    for form in ("bracketed", "dl", "urn"):
        for unit in (packs[0], packs[3], packs[4], sscc):
            for more in ("", "/tree", "/history"):
                tell(caller, "GET", f"/v1/units/{quote(unit, safe='')}{more}?form={form}")
    tell(caller, "GET", f"/v1/units/{sscc}/tree?depth=1")
    tell(caller, "GET", f"/v1/units?lot=L1&gtin={harness.GTIN}&state=shipped")
    tell(caller, "GET", f"/v1/units?parent={sscc}")


def hear(tell, operator, partner):
    """The partner refuses the first message, is sent it again, and takes all."""
    partner.wait_for(1)
    base = "/v1/partners/hub/deliveries"
    refused = until(lambda: tell(operator, "GET", base + "?state=rejected")["items"])[0]
    tell(operator, "GET", f"{base}/{refused['id']}")
    for message in ("canonical", "sent", "answer"):
        tell(operator, "GET", f"{base}/{refused['id']}/messages/{message}")
    partner.always = harness.ACCEPT
    tell(operator, "POST", f"{base}/{refused['id']}/retry", {"reason": "mended"})
    until(lambda: not [i for i in tell(operator, "GET", base)["items"]
                       if i["state"] not in ("accepted", "skipped")])


def look_after(tell, operator, distributor):
    """What was refused is worked off, and a wholesaler's report taken and answered."""
    listed = tell(operator, "GET", "/v1/exceptions?state=open&kind=refused")["items"]
    one = f"/v1/exceptions/{listed[0]['id']}"
    tell(operator, "GET", one)
    tell(operator, "POST", one + "/assign", {"owner": "mia", "reason": "theirs"})
    tell(operator, "POST", one + "/notes", {"text": "the camera was turned"})
    tell(operator, "POST", one + "/resolve", {"resolution": "corrected", "reason": "turned back"})
    tell(operator, "POST", one + "/reopen", {"reason": "it turned again"})
    report = {
        "message_uuid": "7f6c2f5e-5d0c-4f0a-8f43-0d3b9b0f6a01", "timestamp": 1790000000,
        "exception_case_uuid": "7f6c2f5e-5d0c-4f0a-8f43-0d3b9b0f6a02", "po_number": "PO-77",
        "sender_information": {"email": "dock@wholesale.example"}, "case_resolved": False,
        "exceptions": {"missing_product_data": [{
            "exception_item_uuid": "7f6c2f5e-5d0c-4f0a-8f43-0d3b9b0f6a03",
            "product_gtin": harness.GTIN, "product_serial": "NOBODY", "observation_source": "Scan",
            "resolution_request": "Send new data"}]}}
    taken = tell(distributor, "POST", "/v1/exceptions/messages", report)
    one = f"/v1/exceptions/{taken['id']}"
    tell(operator, "POST", one + "/resolve", {"resolution": "send_new_data", "reason": "sent"})
    tell(operator, "GET", one + "/message?type=response&email=qa@acme.example")
    tell(operator, "POST", one + "/sent", {"type": "response", "to": "dock@wholesale.example"})
    tell(operator, "GET", one)
    tell(operator, "GET", "/v1/exceptions/summary")


def follow(tell, gateway):
    """Results of a query are sent where its subscriber says."""
    for path in ("/epcis/v2", "/epcis/v2/"):
        tell(gateway, "GET", path)
    base = "/epcis/v2/queries/SimpleEventQuery/subscriptions"
    made = tell(gateway, "POST", base, {
        "dest": "https://hub.example.com/in", "signatureToken": "x", "reportIfEmpty": True,
        "schedule": {"hour": "1", "minute": 5}, "initialRecordTime": "2026-01-01T00:00:00Z"})
    assert tell(gateway, "GET", base) == [made]
    place = f"{base}/{made['subscriptionID']}"
    assert tell(gateway, "GET", place) == made
    tell(gateway, "DELETE", place)


CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def capture(tell, gateway):
    """A client's own systems send what they saw."""
    event = {"type": "ObjectEvent", "eventTime": "2026-01-02T03:04:05Z",
             "eventTimeZoneOffset": "+00:00", "action": "OBSERVE", "bizStep": "receiving",
             "epcList": [f"https://id.gs1.org/01/{harness.GTIN}/21/FROM-ELSEWHERE"]}
    path = "/epcis/v2/capture"
    tell(gateway, "POST", path, {
        "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-01-02T03:04:05Z", "epcisBody": {"eventList": [event]}},
         expect=(202,))
    job = tell(gateway, "GET", tell.last.headers["Location"])
    assert job["success"] and not job["running"]
    assert tell(gateway, "GET", path) == [job]
    kept = tell(gateway, "POST", "/epcis/v2/events",
                {"@context": CONTEXT, **event, "bizStep": "storing"})
    assert kept["eventID"].startswith("ni:///sha-256;")
    document = f"""<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2"
 creationDate="2026-01-02T03:04:05Z"><EPCISBody><EventList><ObjectEvent>
<eventTime>2026-01-02T03:04:05Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:{harness.PREFIX}.013435.OTHER</epc></epcList>
<action>OBSERVE</action></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"""
    tell(gateway, "POST", "/epcis/v1/capture", document,
         headers={"Content-Type": "application/xml"})


def ask(tell, client):
    """What was told to partners is found by everyone who may see it."""
    poll = soap.envelope("<q:Poll><queryName>SimpleEventQuery</queryName>" +
                         soap.params([("EQ_action", ["OBSERVE"])]) + "</q:Poll>")
    tell(client, "POST", soap.QUERY, poll, headers={"Content-Type": "text/xml"})
    tell(client, "GET", "/epcis/v1/master-data")
    base = "/epcis/v2/"
    shipped = tell(client, "GET", base + "events?EQ_bizStep=shipping&perPage=1")
    event, = shipped["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    tell(client, "GET", base + "events/" + quote(event["eventID"], safe=""))
    tell(client, "GET", base + "events", headers={"Accept": "application/xml"})
    for name in ("eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions"):
        value = quote(tell(client, "GET", base + name)["member"][0], safe="")
        assert tell(client, "GET", f"{base}{name}/{value}")["member"] == ["events"]
        tell(client, "GET", f"{base}{name}/{value}/events?perPage=2")
    tell(client, "POST", base + "queries", {"name": "left", "query": {"EQ_bizStep": ["shipping"]}})
    assert [q["name"] for q in tell(client, "GET", base + "queries")] == ["left"]
    tell(client, "GET", base + "queries/left")
    assert "left" in str(tell(client, "GET", base + "queries/left/events"))
    page = client.call("GET", base + "events?perPage=1")
    token = page.links["next"]["url"].split("nextPageToken=")[1]
    tell(client, "DELETE", base + "nextPageToken/" + token)
    assert client.call("GET", page.links["next"]["url"]).status_code == 400
    tell(client, "DELETE", base + "queries/left")


def until(look_again, seconds=30):
    """What it gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look_again()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return found


def run(tell, site, partner):
    """The partner refuses until its first message is sent again."""
    configure(tell, site.admin, partner)
    hire(tell, site)
    line, operator = make_tokens(tell, site)
    map_certificates(tell, site.admin)
    tell(operator, "POST", "/v1/lots", {
        "lot": "L1", "gtin": harness.GTIN, "expiry": "2030-12", "client": "acme", "line": "line-1",
        "lines": ["line-1"], "order": "PO-1", "quantity": 5, "produced": "2026-01-01",
        "packaging": "blister", "extra": {"a": "b"}})
    serials, sscc = take_numbers(tell, site.admin, line)
    packs = work(tell, line, serials, sscc)
    close_and_ship(tell, operator, sscc)
    verify(tell, operator, serials)
    look(tell, site.as_role("client", client="acme"), packs, sscc)
    trade(tell, site, operator, sscc, packs)
    hear(tell, operator, partner)
    site.configure(signatures={"second": "recall"})
    site.restart()
    settle(tell, site, operator, line)
    look_after(tell, operator, site.as_role("distributor", client="acme", party=GLN))
    follow(tell, site.as_role("gateway", client="acme"))
    capture(tell, site.as_role("gateway", client="acme"))
    ask(tell, site.as_role("client", client="acme"))
    for kind in ("application/json", "application/x-ndjson", "text/csv"):
        tell(site.admin, "GET", "/v1/journal?kind=units.packed", headers={"Accept": kind})
    tell(site.admin, "GET", "/v1/journal")
    tell(site.admin, "GET", "/v1/journal/export?client=acme")
    tell(site.admin, "GET", "/v1/journal/key")
    tell(site.admin, "GET", "/v1/configuration")
    tell(site.admin, "GET", "/v1/clock")
    tell(site.person("operator", "olga"), "POST", "/v1/clock/accept",
         {"reason": "nothing to accept", "signature": harness.sign()}, expect=(409,))
    for path in ("/healthz", "/readyz", "/metrics", "/version"):
        tell(site.caller(), "GET", path)
