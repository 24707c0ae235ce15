"""Results of a query come over a WebSocket for as long as it is open."""
import json
import re

import pytest

import harness
from epcis_documents import faults
from test_subscriptions import (EVERY_SECOND, commission, commission_one, pack, query_put,
                                serials_of, until)
from websocket import CLOSE, PING, PONG, TEXT, WebSocket

EVENTS = "/epcis/v2/queries/all/events"
STREAM = EVENTS + "?stream=true"


@pytest.fixture
def gateway(line):
    gateway = line.site.as_role("gateway", client="acme")
    query_put(gateway, "all")
    return gateway


@pytest.fixture
def connect(gateway):
    sockets = []

    def make(path=STREAM, caller=gateway, **more):
        sockets.append(WebSocket(caller, path, **more))
        return sockets[-1]

    yield make
    for one in sockets:
        one.close()


def events_of(message):
    return json.loads(message.data)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def events(socket, count):
    found = []
    while len(found) < count:
        message = socket.message()
        assert message is not None and message.opcode == TEXT, message
        found += events_of(message)
    return found


# RFC-6455-4.2.2
def test_events_come_as_they_are_recorded(line, connect):
    commission(line, 1)
    socket = connect()
    assert (socket.status, socket.accepts()) == (101, True)
    assert socket.headers["Upgrade"] == "websocket"
    assert re.match(r"20\d\d-", socket.headers["GS1-Query-Min-Record-Time"])
    for _ in range(5):
        serials = commission_one(line)
        message = socket.message()
        assert faults(message.data) == []
        results = json.loads(message.data)["epcisBody"]["queryResults"]
        assert results["queryName"] == "all" and results["subscriptionID"]
        assert serials_of(events_of(message)) == serials


def test_all_who_listen_get_all_and_each_what_fits_its_query(line, gateway, connect):
    query_put(gateway, "packing", EQ_bizStep=["packing"])
    both = [connect(), connect()]
    packing = connect("/epcis/v2/queries/packing/events?stream=true")
    for _ in range(10):
        pack(line, commission_one(line))
    first, second = (events(s, 30) for s in both)
    ids = [e["eventID"] for e in first]
    assert len(set(ids)) == 30 and ids == [e["eventID"] for e in second]
    assert {e["type"] for e in events(packing, 10)} == {"AggregationEvent"}


def test_what_was_recorded_since_a_time_comes_first(line, connect):
    serials = commission(line, 150)
    socket = connect(STREAM + "&initialRecordTime=2001-01-01T00:00:00%2B01:00")
    assert socket.headers["GS1-Query-Min-Record-Time"].startswith("2000-12-31T23:00:00")
    assert serials_of(events(socket, 150)) == serials
    serials = commission(line, 1)
    assert serials_of(events(socket, 1)) == serials


def test_identifiers_come_in_the_spelling_that_was_asked_for(line, connect):
    socket = connect(GS1_EPC_Format="Always_EPC_URN")
    commission(line, 1)
    assert all(e.startswith("urn:epc:id:sgtin:") for e in events(socket, 1)[0]["epcList"])


def test_a_schedule_is_kept_and_empty_runs_are_told_to_those_who_ask(line, connect):
    fields = "&".join(f"{k}={v}" for k, v in EVERY_SECOND.items())
    quiet, eager = connect(f"{EVENTS}?{fields}"), connect(f"{EVENTS}?{fields}&reportIfEmpty=true")
    assert events_of(eager.message()) == [] and events_of(eager.message()) == []
    serials = commission(line, 3)
    assert serials_of(events(quiet, 3)) == serials
    assert serials_of(events(eager, 3)) == serials


def test_pings_are_answered_and_what_the_client_says_is_passed_over(line, connect):
    socket = connect()
    socket.send(PING, b"are you there")
    assert socket.frame() == (PONG, b"are you there")
    socket.send(TEXT, b"hel", fin=False)
    socket.send(PING, b"x")
    socket.send(0, b"lo")
    assert socket.frame() == (PONG, b"x")
    commission(line, 1)
    assert len(events(socket, 1)) == 1


def test_a_close_is_answered_and_ends_it(line, connect):
    socket = connect()
    socket.send(CLOSE, b"\x03\xe8bye")
    answer = socket.frame()
    assert answer.opcode == CLOSE and answer.data[:2] == b"\x03\xe8"
    assert socket.frame() is None
    for other in (connect(), connect()):  # and these break off without a word
        other.close()
    serials = commission(line, 2)
    last = connect(STREAM + "&initialRecordTime=2001-01-01T00:00:00Z")
    assert serials_of(events(last, 2)) == serials


@pytest.mark.parametrize("frame", [
    b"\x81\x05hello", b"\xf1\x80abcd", b"\x83\x80abcd", b"\x89\xfe\x01\x00abcd" + b"x" * 256,
    b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffabcd" + b"x" * 99, b"GET / HTTP/1.1\r\n\r\n"],
    ids=["unmasked", "reserved", "opcode", "ping", "huge", "http"])
def test_frames_that_are_none_end_it(line, connect, frame):
    socket = connect()
    socket.raw(frame)
    while (got := socket.frame()) is not None:
        assert got.opcode == CLOSE
    assert len(events_after(line, connect)) == 1


def events_after(line, connect):
    socket = connect()
    commission(line, 1)
    return events(socket, 1)


def test_who_does_not_read_gets_everything_later_and_costs_no_memory(line, connect):
    for _ in range(4):
        commission(line, 10, each=500)
    before = line.site.rss_kb()
    sockets = [connect(STREAM + "&initialRecordTime=2001-01-01T00:00:00Z") for _ in range(20)]
    commission(line, 1)
    if not harness.SANITIZED:
        assert line.site.rss_kb() - before < 60000
    assert len(serials_of(events(sockets[0], 41))) == 20002


def test_it_ends_with_its_query_and_with_its_token(line, gateway, connect):
    made = line.site.admin.post("/v1/tokens", {"role": "gateway", "client": "acme"}, 201)
    other = connect(caller=line.site.caller(made["token"]))
    mine = connect()
    line.site.admin.delete("/v1/tokens/" + made["id"])
    ended = other.message()
    assert ended.opcode == CLOSE and ended.data[:2] == (1008).to_bytes(2, "big")
    gateway.delete("/epcis/v2/queries/all", 204)
    ended = mine.message()
    assert ended.opcode == CLOSE and ended.data[:2] == (1001).to_bytes(2, "big")


BOB = {"name": "Bob", "role": "client", "client": "acme"}


@pytest.mark.parametrize("now, both", [
    ({"client": "beta"}, True), ({"active": False}, True), ({"role": "distributor"}, True),
    ({"client": None, "clients": ["acme", "beta"]}, None), ({"password": "set by somebody"}, False)],
    ids=lambda x: str(x))
def test_it_ends_once_its_person_may_not_ask_any_more(line, connect, now, both):
    site = line.site
    site.admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9506001"]})
    bob = site.person("client", "bob", "Bob", client="acme")
    browser = site.caller()
    browser.post("/v1/login", {"user": "bob", "password": harness.PASSWORD}, 200)
    (cookie,) = browser.http.cookies
    by_token = connect(caller=bob)
    by_cookie = connect(caller=browser, headers={"Cookie": f"packtrail={cookie.value}"})
    commission(line, 1)
    assert len(events(by_token, 1)) == len(events(by_cookie, 1)) == 1
    site.admin.put("/v1/users/bob", {k: v for k, v in {**BOB, **now}.items() if v is not None})
    commission(line, 1)
    # Another password ends what began with the one before: the session. Who may ask for more still
    # listens to what they asked for.
    for socket, ends in ((by_token, both), (by_cookie, both is not None)):
        got = socket.message()
        assert got.opcode == (CLOSE if ends else TEXT)
        assert not ends or got.data[:2] == (1008).to_bytes(2, "big")


def test_the_service_ends_while_sockets_are_open(line, connect):
    socket = connect()
    commission(line, 1)
    line.site.stop()
    while socket.frame() is not None:
        pass


@pytest.mark.parametrize("path, headers, status, kind", [
    (EVENTS, {}, 400, "SubscriptionControls"),
    (EVENTS + "?stream=false", {}, 400, "SubscriptionControls"),
    (STREAM + "&minute=5", {}, 400, "SubscriptionControls"),
    (EVENTS + "?minute=61", {}, 400, "SubscriptionControls"),
    (STREAM + "&EQ_bizStep=packing", {}, 400, "SubscriptionControls"),
    (STREAM + "&initialRecordTime=soon", {}, 400, "Validation"),
    (STREAM.replace("all", "none"), {}, 404, "NoSuchName"),
    (STREAM, {"Authorization": None}, 401, "Security"),
    (STREAM, {"Sec-WebSocket-Version": "8"}, 400, "Validation"),
    (STREAM, {"Sec-WebSocket-Key": "short"}, 400, "Validation"),
    (STREAM, {"GS1-EPC-Format": "any"}, 400, "Validation")])
def test_what_cannot_be_listened_to_is_refused(connect, path, headers, status, kind):
    socket = connect(path, headers=headers)
    assert socket.status == status
    assert json.loads(socket.body)["type"] == f"epcisException:{kind}Exception"


def test_a_query_that_counts_its_results_cannot_be_listened_to(gateway, connect):
    query_put(gateway, "counted", maxEventCount=2)
    socket = connect(STREAM.replace("all", "counted"))
    assert socket.status == 413
    assert json.loads(socket.body)["code"] == "query.too_complex"


def test_without_an_upgrade_it_is_a_query(line, gateway):
    commission(line, 1)
    assert gateway.get(EVENTS)["type"] == "EPCISQueryDocument"
    until(lambda: gateway.call("GET", EVENTS, headers={"Upgrade": "websocket"}).ok)
