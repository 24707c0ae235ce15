"""Events that others send: documents small and large, what is refused, crashes in between, and how
much memory it takes."""
import gzip
import json
import threading
import time
from urllib.parse import quote

import pytest

import harness
from epcis_documents import check_digit

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CAPTURE = "/epcis/v2/capture"
OURS = f"https://id.gs1.org/01/{harness.GTIN}/21/"
FOREIGN = "https://id.gs1.org/01/09521999000006/21/"
LARGE = 4000 if harness.SANITIZED else 20000
PACKED = 4000 if harness.SANITIZED else 40000


def event(number=0, epcs=(FOREIGN + "1",), **more):
    return {"type": "ObjectEvent", "eventID": f"urn:x:{number}",
            "eventTime": f"2026-01-02T03:04:05.{number % 1000:03d}Z",
            "eventTimeZoneOffset": "+01:00", "action": "OBSERVE", "bizStep": "receiving",
            "epcList": list(epcs), **more}


def document(*events, **more):
    return {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-01-02T03:04:05Z", "epcisBody": {"eventList": list(events)},
            **more}


def pieces(events):
    """A document that is never whole in memory."""
    head, tail = json.dumps(document()).split("[]")
    yield (head + "[").encode()
    for n, one in enumerate(events):
        yield (("," if n else "") + json.dumps(one)).encode()
    yield ("]" + tail).encode()


def pieces_context_last(events):
    """Likewise; nothing of what the events need stands before them."""
    front = document()
    del front["epcisBody"]
    yield b'{"epcisBody":{"eventList":['
    for n, one in enumerate(events):
        yield (("," if n else "") + json.dumps(one)).encode()
    yield ("]}," + json.dumps(dict(reversed(front.items())))[1:]).encode()


def post(caller, body, path=CAPTURE, **headers):
    headers = {"Content-Type": "application/json",
               **{k.replace("_", "-"): v for k, v in headers.items()}}
    body = json.dumps(body) if isinstance(body, dict) else body
    return caller.call("POST", path, body, headers=headers)


def finished(caller, location, seconds=120):
    deadline = time.monotonic() + seconds
    while (job := caller.get(location))["running"]:
        assert time.monotonic() < deadline, "it did not come to its end"
        time.sleep(0.05)
    return job


def captured(caller, *events, **headers):
    sent = post(caller, document(*events), **headers)
    assert sent.status_code == 202, sent.text
    job = finished(caller, sent.headers["Location"])
    assert job["success"], job
    return sent.headers["Location"]


@pytest.fixture
def gateway(line):
    return line.site.as_role("gateway", client="acme")


def stored(site):
    """How often each eventID was stored, from the journal of the stopped site."""
    ids = [fact["fact"]["eventID"] for fact in site.journal() if fact["kind"] == "event.captured"]
    return len(ids), len(set(ids))


# ---- what is sent is found

def test_a_captured_event_is_found_as_it_was_sent(gateway):
    sent = event(1, ["urn:epc:id:sgtin:9521999.000000.7"], **{"bizTransactionList": [
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9506000134352:PO7"}]})
    captured(gateway, sent)
    found = gateway.get("/epcis/v2/events?EQ_bizStep=receiving",
                        headers={"GS1-EPC-Format": "Never_Translates"})
    one, = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert one.pop("recordTime")
    assert {k: one[k] for k in sent} == sent
    by_epc = gateway.get(f"/epcis/v2/events?MATCH_epc={quote(FOREIGN + '7', safe='')}")
    assert len(by_epc["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1


def test_an_event_of_many_is_found_by_each_of_them(gateway):
    many = [f"{FOREIGN}{i:012d}" for i in range(LARGE)]  # over a megabyte, as it came and as it lies
    captured(gateway, event(1, many), event(2, many[:1]))
    for epc, events in ((many[0], 2), (many[-1], 1)):
        found = gateway.get(f"/epcis/v2/events?MATCH_epc={quote(epc, safe='')}")
        found = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert [len(e["epcList"]) for e in found] == [LARGE, 1][:events]


def test_a_captured_commissioning_is_a_pack_of_its_lot(line, gateway):
    serial, = line.serials(1)
    captured(gateway, event(1, [OURS + serial], action="ADD", bizStep="commissioning",
                            ilmd={"cbvmda:lotNumber": "L1"}))
    unit = line.operator.unit(f"(01){harness.GTIN}(21){serial}")
    assert unit["state"] == "commissioned" and unit["lot"] == "L1"


def test_each_client_has_its_own(line, gateway):
    site = line.site
    site.admin.put("/v1/clients/bolt", {"name": "Bolt", "prefixes": ["9506001"]})
    bolt = site.as_role("gateway", client="bolt")
    location = captured(gateway, event(1))
    bolt.refused("GET", location, status=404, code="capture.unknown")
    assert bolt.get(CAPTURE) == []
    captured(bolt, event(1, bizStep="storing"))  # its eventIDs are its own, too
    events = bolt.get("/epcis/v2/events")["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert [e["bizStep"] for e in events] == ["storing"]
    operator = site.as_role("operator")
    operator.refused("POST", CAPTURE, document(), status=422, code="client.ambiguous")
    assert operator.call("POST", CAPTURE, document(),
                         headers={"Packtrail-Client": "bolt"}).status_code == 202


def test_gzip_is_unpacked_and_its_bombs_are_refused(line, gateway):
    packed = gzip.compress(json.dumps(document(event(1))).encode())
    assert post(gateway, packed, Content_Encoding="gzip").status_code == 202
    line.site.configure(limits={"capture_body_max": "1 MB"})
    line.site.restart()
    bomb = gzip.compress(json.dumps(document(event(2))).encode() + b" " * (8 << 20))
    refused = post(gateway, bomb, Content_Encoding="gzip")
    harness.assert_problem(refused, 413, "capture.body_max")
    assert refused.headers["GS1-EPCIS-Capture-File-Size-Limit"] == str(1 << 20)
    assert refused.headers["GS1-EPCIS-Capture-Limit"] == "100000"


# ---- what is refused

BAD = [
    ("", 400), ("{", 400), ("[]", 400), ("null", 400), ("<a/>", 400),
    ("{}", 400), ('{"type":"EPCISDocument"}', 400),
    (json.dumps(event(1)), 400),  # no document
    (json.dumps(document({})), 400),
    (json.dumps(document(event(1, action="TURN"))), 400),
    (json.dumps(document(event(1, eventTime="yesterday"))), 400),
    (json.dumps(document(event(1, ["urn:epc:id:sgtin:1"]))), 400),
    (json.dumps(document(event(1, ["urn:epc:tag:sgtin-96:1.1.1.1"]))), 400),
    (json.dumps(document(event(1, ["https://example.com/" + "x" * 1000]))), 400),
    (json.dumps(document(event(1, ilmd={}))), 400),
    (json.dumps(document(event(1), event(2), colour="red")), 400),
    (json.dumps(document(event(1), event(1, bizStep="x")))[:-5], 400),
]


@pytest.mark.parametrize("body,status", BAD)
def test_what_is_no_document_leaves_no_trace(gateway, body, status):
    assert post(gateway, body).status_code == status
    assert gateway.get(CAPTURE) == []
    assert not gateway.get("/epcis/v2/events")["epcisBody"]["queryResults"]["resultsBody"][
        "eventList"]


def test_types_and_behaviours_that_are_none_are_refused(gateway):
    body = document(event(1))
    harness.assert_problem(post(gateway, body, Content_Type="text/plain"), 415, "body.type")
    assert post(gateway, body, Content_Type="application/xml").status_code == 400
    harness.assert_problem(
        post(gateway, body, GS1_Capture_Error_Behaviour="ignore"), 400, "capture.behaviour")
    harness.assert_problem(
        post(gateway, "<a/>", "/epcis/v1/capture", Content_Type="application/json"), 415,
        "body.type")


def test_proceed_names_what_it_leaves_out(gateway):
    sent = post(gateway, document(event(1), event(2, action="TURN"), event(3)),
                GS1_Capture_Error_Behaviour="proceed")
    job = gateway.get(sent.headers["Location"])
    assert not job["success"] and not job["running"]
    error, = job["errors"]
    assert error["index"] == 1 and error["type"] == "epcisException:ValidationException"
    events = gateway.get("/epcis/v2/events")["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert [e["eventID"] for e in events] == ["urn:x:1", "urn:x:3"]


def test_a_job_says_how_far_it_is(gateway):
    captured(gateway, event(1))
    wrong = event(1, bizStep="shipping")  # its eventID is taken
    for behaviour, counts in (("proceed", (4, 2, 1, 1)), ("rollback", (4, 0, 0, 4))):
        place = post(gateway, document(event(1), event(2), wrong, event(4)),
                     GS1_Capture_Error_Behaviour=behaviour).headers["Location"]
        told = dict(zip(("events", "stored", "repeats", "refused"), counts))
        assert gateway.get(place)["progress"] == told
        xml = gateway.call("GET", place, headers={"Accept": "application/xml"}).text
        said = " ".join(f'{name}="{n}"' for name, n in told.items())
        assert f'<progress xmlns="urn:packtrail:problem" {said}/>' in xml
    place = post(gateway, pieces(event(n) for n in range(10, 5010))).headers["Location"]
    seen = [gateway.get(place)]
    while seen[-1]["running"]:
        seen.append(gateway.get(place))
    stored = [job["progress"]["stored"] for job in seen]
    assert stored == sorted(stored) and stored[-1] == 5000
    assert all(job["progress"] == {"events": 5000, "stored": n, "repeats": 0, "refused": 0}
               for job, n in zip(seen, stored))


def test_a_job_says_how_many_errors_it_leaves_out(gateway):
    few = [event(n, action="TURN") for n in range(1000)]
    for wrong, left_out in ((few, None), ([*few, *few[:207]], 207)):
        place = post(gateway, document(*wrong), GS1_Capture_Error_Behaviour="proceed"
                     ).headers["Location"]
        job = finished(gateway, place)
        assert len(job["errors"]) == 1000 and job.get("errorsLeftOut") == left_out
        xml = gateway.call("GET", place, headers={"Accept": "application/xml"}).text
        said = f'</errors><errorsLeftOut xmlns="urn:packtrail:problem">{left_out}</errorsLeftOut>'
        assert (said in xml) == (left_out is not None)


def test_a_strict_clients_documents_fit_into_one_transaction(line, gateway):
    line.site.admin.put("/v1/clients/acme", {
        "name": "Acme", "prefixes": [harness.PREFIX], "profile": {"capture": "strict"}})
    refused = post(gateway, document(*[event(n) for n in range(300)]))
    harness.assert_problem(refused, 413, "capture.strict_max")
    assert refused.headers["GS1-EPCIS-Capture-Limit"] == "200"


def limits(answer):
    return tuple(int(answer.headers[f"GS1-EPCIS-Capture-{name}Limit"])
                 for name in ("", "File-Size-"))


def test_the_limits_that_options_tell_are_those_that_hold(line, gateway):
    whole = limits(line.site.caller().call("OPTIONS", CAPTURE))
    assert whole == limits(gateway.call("OPTIONS", CAPTURE)) == (100000, 256 * 1024 * 1024)
    line.site.admin.put("/v1/clients/acme", {
        "name": "Acme", "prefixes": [harness.PREFIX], "profile": {"capture": "strict"}})
    events, size = limits(gateway.call("OPTIONS", CAPTURE))
    assert (events, size) == (200, 256 * 1024)
    operator = line.site.as_role("operator")
    named = operator.call("OPTIONS", CAPTURE, headers={"Packtrail-Client": "acme"})
    assert limits(named) == (events, size)
    for other in (line.site.caller(), line.site.caller("wrong"), operator):
        assert limits(other.call("OPTIONS", CAPTURE)) == whole
    many = [event(n) for n in range(events + 1)]
    big = json.dumps(document(event(9000)))
    for good, bad in ((document(*many[:-1]), document(*many)),
                      (big.ljust(size), big.ljust(size + 1))):
        assert post(gateway, good).status_code == 202
        refused = post(gateway, bad)
        harness.assert_problem(refused, 413, "capture.strict_max")
        assert limits(refused) == (events, size)


def test_one_event_over_its_limit_is_told_it(line, gateway):
    line.site.configure(capture={"event_max": "16 KB"})
    line.site.restart()
    gateway.url = line.site.url
    refused = post(gateway, {"@context": CONTEXT, **event(), "rdfs:comment": "x" * 20000},
                   "/epcis/v2/events")
    harness.assert_problem(refused, 413, "capture.event_max")
    assert limits(refused) == (1, 16 * 1024)


# REQ EPCIS-STRICT-SAYS
def test_a_strict_client_is_told_field_rule_unit_and_lot(line, gateway):
    line.site.admin.put("/v1/clients/acme", {
        "name": "Acme", "prefixes": [harness.PREFIX], "profile": {"capture": "strict"}})
    one, two, three = line.serials(3)
    unit = lambda serial: f"(01){line.gtin}(21){serial}"
    born = lambda *serials, lot="L1", **more: event(1, [OURS + s for s in serials], action="ADD",
                                                    bizStep="commissioning",
                                                    ilmd={"cbvmda:lotNumber": lot}, **more)
    line.call.report({"type": "commission", "lot": "L1", "gtin": line.gtin, "serials": [one]})

    def refused(code, said, what):
        problem = harness.assert_problem(
            post(gateway, {"@context": [CONTEXT, {"cbvmda": "urn:epcglobal:cbv:mda:"}], **what},
                 "/epcis/v2/events"), 422, code)
        assert problem["type"] == "epcisException:ValidationException"
        assert problem["detail"] == said[:103]
        return problem.get("units")

    later = {"eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))}
    assert refused("unit.state", f"epcList: it is commissioned: {unit(one)}, lot L1",
                   born(one, **later)) == [{"unit": unit(one), "code": "unit.state"}]
    refused("lot.unknown", f"ilmd.lotNumber: no such lot was opened here: {unit(two)}",
            born(two, lot="NONE"))
    line.operator.post(f"/v1/lots/{line.gtin}/L1/close", {}, 200)
    units = refused("lot.closed",
                    f"2 faults; the first: ilmd.lotNumber: the lot is closed: {unit(two)}, lot L1",
                    born(two, three))
    assert [u["unit"] for u in units] == [unit(two), unit(three)]
    packs = {"type": "AggregationEvent", "parentID": "urn:epc:id:sscc:9506000.0000000001",
             "childEPCs": [OURS + two], "bizStep": "packing", "eventID": "urn:x:2"}
    both = {**event(2), **packs, "action": "ADD"}
    del both["epcList"]
    refused("unit.state", f"childEPCs: it is allocated: {unit(two)}", both)
    twice = event(3, [FOREIGN + "1", FOREIGN + "1"])
    units = refused("unit.twice",
                    "parentID and lists of EPCs: a unit is named twice in one event", twice)
    assert units is None
    assert gateway.get("/epcis/v2/events?EQ_action=ADD&EQ_bizStep=packing")["epcisBody"][
        "queryResults"]["resultsBody"]["eventList"] == []
    # What is there already is the one thing that this type says.
    assert post(gateway, {"@context": CONTEXT, **event(9)}, "/epcis/v2/events").status_code == 201
    taken = post(gateway, {"@context": CONTEXT, **event(9)}, "/epcis/v2/events")
    assert harness.assert_problem(taken, 409, "event.id_taken")["type"] == (
        "epcisException:ResourceAlreadyExistsException")


def test_an_sscc_of_the_site_is_whose_goods_it_began_with(line, gateway):
    line.site.admin.put("/v1/pools/own", {"kind": "sscc", "prefix": "0614141", "extension": "1"})
    case, = line.operator.post("/v1/sscc", {"pool": "own", "quantity": 1}, 201)["ssccs"]
    pack, = line.serials(1)
    line.commission([pack])
    line.call.report({"type": "commission", "lot": line.lot, "gtin": line.gtin, "ssccs": [case]})
    packed = {**event(1, action="ADD", bizStep="packing"), "type": "AggregationEvent",
              "parentID": f"https://id.gs1.org/00/{case}", "childEPCs": [OURS + pack],
              "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))}
    del packed["epcList"]
    captured(gateway, packed)
    assert gateway.get(f"/v1/units/(00){case}")["contents"] == [
        {"gtin": line.gtin, "lot": line.lot, "count": 1}]


def test_a_number_of_a_list_that_no_request_got_is_nobodys_to_report(line):
    line.site.admin.put("/v1/pools/codes", {"gtin": line.gtin, "kind": "list", "rank": 0})
    line.site.admin.call("POST", "/v1/pools/codes/import", "serial\nC0\nC1\n",
                         headers={"Content-Type": "text/csv"})
    wish = {"gtin": line.gtin, "quantity": 1, "pool": "codes"}
    given, = line.operator.post("/v1/serials", wish, 201)["serials"]
    for serial, count in ((given, 1), ("C1", 0)):
        said = line.commission([serial])
        assert said["accepted"] == count, said


def test_what_events_told_of_does_not_go_back_to_the_owner_of_a_list(line, gateway):
    admin, text = line.site.admin, {"Content-Type": "text/plain"}
    admin.put("/v1/pools/codes", {"gtin": line.gtin, "kind": "list", "rank": 0})
    rows = "".join(f"C{n:03}\n" for n in range(500))  # told of: the first, the last, another row's
    assert admin.post("/v1/pools/codes/import", rows, 201, headers=text) == {"imported": 500}
    told = [0, 1, 7, 205, 499]
    captured(gateway, event(1, [OURS + f"C{n:03}" for n in told]))
    wish = {"gtin": line.gtin, "quantity": 1, "pool": "codes"}
    assert line.operator.post("/v1/serials", wish, 201)["serials"] == ["C002"]
    gone = 500 - 1 - len(told)
    assert admin.post("/v1/pools/codes/return", {"reason": "over"}) == {"returned": gone}
    fact, = admin.get("/v1/journal", params={"kind": "pool.returned"})["items"]
    assert fact["fact"]["returned"] == gone
    assert admin.get("/v1/pools/codes")["left"] == 0
    assert admin.post("/v1/pools/codes/return", {"reason": "again"}) == {"returned": 0}
    assert admin.post("/v1/pools/codes/import", "D0\n", 201, headers=text) == {"imported": 1}
    assert line.operator.post("/v1/serials", wish, 201)["serials"] == ["D0"]
    line.site.stop()
    line.site.verify()


def test_a_pool_that_is_younger_than_an_event_gives_none_of_its_numbers(line, gateway):
    """Serials that another system gave, before this one was there; and a pool's next epoch."""
    captured(gateway, event(1, [OURS + "0000", OURS + "0002"]))
    line.site.admin.put("/v1/pools/young", {"gtin": line.gtin, "kind": "sequential", "length": 4})
    wish = {"gtin": line.gtin, "quantity": 2, "pool": "young"}
    assert line.operator.post("/v1/serials", wish, 201)["serials"] == ["0001", "0003"]
    captured(gateway, event(2, [OURS + "0005"]))
    assert line.operator.post("/v1/serials", wish, 201)["serials"] == ["0004", "0006"]
    line.site.stop()
    line.site.verify()


# ---- large documents

def test_a_kill_in_the_middle_doubles_and_loses_nothing(line, gateway):
    site = line.site
    sent = post(gateway, pieces(event(n, [f"{FOREIGN}{n}"]) for n in range(LARGE)))
    assert sent.status_code == 202, sent.text
    for _ in range(3):
        site.kill()
        site.start("--listen", site.listen)
    job = finished(gateway, sent.headers["Location"])
    assert job["success"], job
    again = post(gateway, pieces(event(n, [f"{FOREIGN}{n}"]) for n in range(LARGE)))
    assert finished(gateway, again.headers["Location"])["success"]  # all of it are repeats
    site.stop()
    assert stored(site) == (LARGE, LARGE)
    site.verify()
    assert not list((site.folder / "spool").iterdir())


def test_an_orderly_end_in_the_middle_is_gone_on_with(line, gateway):
    site = line.site
    sent = post(gateway, pieces(event(n, [f"{FOREIGN}{n}"]) for n in range(LARGE)))
    for _ in range(3):
        site.stop()
        site.start("--listen", site.listen)
    assert finished(gateway, sent.headers["Location"])["success"]
    site.stop()
    assert stored(site) == (LARGE, LARGE)


def test_the_rule_of_1_2_waits_for_the_last_slice(line, gateway):
    one = ("<ObjectEvent><eventTime>2026-01-02T03:04:05Z</eventTime>"
           "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
           "<epcList><epc>urn:epc:id:sgtin:9521999.000000.{}</epc></epcList>"
           "<action>OBSERVE</action></ObjectEvent>")
    body = ('<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" '
            'creationDate="2026-01-02T03:04:05Z"><EPCISBody><EventList>'
            + "".join(one.format(n) for n in range(2000))
            + "</EventList></EPCISBody></epcis:EPCISDocument>")
    answer = post(gateway, body, "/epcis/v1/capture", Content_Type="application/xml")
    assert answer.status_code == 200, answer.text
    line.site.kill()
    assert stored(line.site)[0] == 2000


def test_a_caller_that_hangs_up_leaves_nothing(line, gateway):
    def broken():
        for n, piece in enumerate(pieces(event(n) for n in range(LARGE))):
            if n == LARGE // 2:
                raise ConnectionError("hung up")
            yield piece

    with pytest.raises(Exception):
        post(gateway, broken())
    assert gateway.get(CAPTURE) == []
    deadline = time.monotonic() + 30
    while list((line.site.folder / "spool").iterdir()):
        assert time.monotonic() < deadline, "its bytes are still there"
        time.sleep(0.05)


def test_numbers_are_given_out_beside_a_large_document(line, gateway):
    longest, done = 0.0, threading.Event()
    location = []

    def send():
        sent = post(gateway, pieces(event(n, [f"{FOREIGN}{n}"]) for n in range(LARGE)))
        location.append(sent.headers["Location"])
        finished(gateway, location[0])
        done.set()

    sender = threading.Thread(target=send)
    sender.start()
    while not done.is_set():
        began = time.monotonic()
        line.serials(10)
        longest = max(longest, time.monotonic() - began)
    sender.join()
    assert gateway.get(location[0])["success"]
    if not harness.SANITIZED:
        assert longest < 1.0


def test_packs_shipped_out_of_their_pallets_one_by_one_take_no_longer_than_their_beginning(
        gateway):
    serials = [f"{FOREIGN}{n}" for n in [*range(0, PACKED, 2), *range(1, PACKED, 2)]]
    pallets = [f"https://id.gs1.org/00/{check_digit(f'0952199900000000{n}')}" for n in (1, 2)]

    def taken(number, **more):
        began = time.monotonic()
        captured(gateway, {**event(number), **more})
        return time.monotonic() - began

    beginning = taken(1, epcList=serials, action="ADD", bizStep="commissioning")
    for n, pallet in enumerate(pallets):
        inside = serials[n * PACKED // 2:(n + 1) * PACKED // 2]
        packing = event(2 + n, action="ADD", bizStep="packing", type="AggregationEvent",
                        parentID=pallet, childEPCs=inside)
        del packing["epcList"]
        captured(gateway, packing)
    leaving = taken(4, epcList=serials[::-1], bizStep="shipping")
    assert leaving < beginning


# ---- memory

@pytest.mark.skipif(harness.SANITIZED, reason="sanitizers need memory of their own")
@pytest.mark.parametrize("arranged", [pieces, pieces_context_last])
def test_memory_does_not_grow_with_a_document(line, gateway, arranged):
    site = line.site
    captured(gateway, event(1))
    before = site.rss_kb()
    sent = post(gateway, arranged(event(n, [f"{FOREIGN}{n % 500}"]) for n in range(100000)))
    assert sent.status_code == 202, sent.text
    peak = site.rss_kb()
    while gateway.get(sent.headers["Location"])["running"]:
        peak = max(peak, site.rss_kb())
    assert gateway.get(sent.headers["Location"])["success"]
    assert peak - before < 64 * 1024, f"{before} KB, then {peak} KB"


@pytest.mark.skipif(harness.SANITIZED, reason="sanitizers need memory of their own")
def test_an_event_of_100_000_serials_is_taken(line, gateway):
    site = line.site
    captured(gateway, event(1))
    before = site.rss_kb()
    sent = post(gateway, pieces([event(2, [f"{FOREIGN}{n}" for n in range(100000)])]))
    assert sent.status_code == 202, sent.text
    peak = site.rss_kb()
    while gateway.get(sent.headers["Location"])["running"]:
        peak = max(peak, site.rss_kb())
    assert gateway.get(sent.headers["Location"])["success"]
    assert peak - before < 400 * 1024, f"{before} KB, then {peak} KB"
    assert gateway.unit(FOREIGN + "99999")["flags"] == ["seen"]


def test_what_events_alone_spoke_of_was_seen_in_the_past_as_well(line, gateway):
    serial, = line.serials(1)
    unit = f"(01){line.gtin}(21){serial}"
    captured(gateway, event(1, [OURS + serial], bizStep="inspecting", disposition="stolen"))
    now = line.operator.unit(unit)["flags"]
    assert set(now) == {"seen", "stolen"}
    assert line.operator.unit(unit, at="2026-01-03T00:00:00Z")["flags"] == now


# ---- packings that come before their units

def packing(number, sscc, serials):
    one = {**event(number, action="ADD", bizStep="packing"), "type": "AggregationEvent",
           "parentID": f"https://id.gs1.org/00/{sscc}",
           "childEPCs": [OURS + serial for serial in serials]}
    del one["epcList"]
    return one


def test_a_packing_waits_for_its_packs_over_a_restart(line, gateway):
    serials, (sscc,) = line.serials(3), line.ssccs(1)
    units = [f"(01){harness.GTIN}(21){serial}" for serial in serials]
    captured(gateway, packing(9, sscc, serials))
    epc = quote(OURS + serials[0], safe="")
    found = gateway.get(f"/epcis/v2/events?MATCH_epc={epc}")
    assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1
    waiting, = line.operator.unit(units[0])["waiting"]
    assert waiting["for"] == 4 and waiting["until"] > "2026"
    captured(gateway, event(2, [f"https://id.gs1.org/00/{sscc}"], action="ADD",
                            bizStep="commissioning"))
    line.site.restart()
    line.commission(serials[:2])
    assert line.operator.unit(units[0])["parent"] is None
    assert line.operator.unit(units[2])["waiting"][0]["for"] == 1
    line.commission(serials[2:])
    for unit in units:
        view = line.operator.unit(unit)
        assert view["parent"] == f"(00){sscc}" and "waiting" not in view
    happened = line.operator.get(f"/v1/units/{quote(units[2], safe='')}/history")["items"]
    assert [h["type"] for h in happened] == ["event", "commission", "applied"]
    found = gateway.get(f"/epcis/v2/events?MATCH_epc={epc}")  # told once
    types = [e["type"] for e in found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]
    assert sorted(types) == ["AggregationEvent", "ObjectEvent"]


def test_what_is_not_waited_for_any_longer_is_an_exception(line, gateway):
    line.site.configure(capture={"wait": "1 ms"})
    line.site.restart()
    serials, (sscc,) = line.serials(2), line.ssccs(1)
    captured(gateway, event(1, [f"https://id.gs1.org/00/{sscc}"], action="ADD",
                            bizStep="commissioning"))
    captured(gateway, packing(9, sscc, serials))
    line.site.restart()  # the time is over by then
    line.commission(serials)
    assert line.operator.unit(f"(00){sscc}").get("waiting") is None
    line.site.stop()
    applied, = [fact["fact"] for fact in line.site.journal() if fact["kind"] == "capture.applied"]
    assert {e["code"] for e in applied["exceptions"]} == {"unit.state"}


def test_a_distributor_sees_the_jobs_that_it_sent_itself(site):
    site.admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": [harness.PREFIX]})
    gateway = site.as_role("gateway", client="acme")
    mine, other = (site.as_role("distributor", client="acme") for _ in range(2))
    locations = [post(who, document(event(n))).headers["Location"]
                 for n, who in enumerate((gateway, mine, gateway, mine, other))]
    ids = [place.rsplit("/", 1)[1] for place in locations]
    listed = {who: [job["captureID"] for job in who.get(CAPTURE)] for who in (gateway, mine, other)}
    assert listed[gateway] == ids[::-1] and listed[other] == [ids[4]]
    assert listed[mine] == [ids[3], ids[1]]
    for place in locations:
        seen = place in (locations[1], locations[3])
        assert mine.call("GET", place).status_code == (200 if seen else 404)
    first = mine.call("GET", CAPTURE + "?perPage=1")
    assert [job["captureID"] for job in first.json()] == [ids[3]]
    second = mine.call("GET", first.headers["Link"].split(">")[0].lstrip("<"))
    assert [job["captureID"] for job in second.json()] == [ids[1]]
