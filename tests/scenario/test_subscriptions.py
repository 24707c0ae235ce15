"""Subscribers get what fits their query, signed, in order, whatever happens to them or to us."""
import base64
import hashlib
import hmac
import json
import random
import time

import pytest

import harness
from epcis_documents import faults
from plant import ms_of

FAST = {"retry_min": "20 ms", "retry_max": "100 ms", "answer_time": "2 s", "events_max": 10}
QUERY = "/epcis/v2/queries/SimpleEventQuery/subscriptions"
ACME = {"Packtrail-Client": "acme"}
WAIT_S = 60


@pytest.fixture
def site(make_site):
    site = make_site()
    site.configure(exchange=FAST, subscriptions={"private": True})
    return site.start()


@pytest.fixture
def gateway(line):
    return line.site.as_role("gateway", client="acme")


def subscribe(gateway, receiver, **more):
    wish = {"dest": receiver.url, "stream": True, **more}
    return gateway.post(QUERY, {k: v for k, v in wish.items() if v is not None}, 201)


def commission(line, count, each=2):
    return [one for _ in range(count) for one in commission_one(line, each)]


def commission_one(line, each=2):
    serials = line.serials(each)
    assert line.commission(serials)["refused"] == 0
    return serials


def events_of(body):
    return json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def serials_of(events):
    return [epc.rsplit("/", 1)[1] for event in events for epc in event.get("epcList", [])]


def taken(receiver):
    """Events in the order of their first coming, and how often each came."""
    times = {}
    for body in receiver.bodies():
        for event in events_of(body):
            times[event["eventID"]] = times.get(event["eventID"], 0) + 1
    return times


def until(wanted, what="it did not come to be"):
    deadline = time.monotonic() + WAIT_S
    while not wanted():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def told(receiver):
    return [event for body in receiver.bodies() for event in events_of(body)]


# ---- what is sent

def test_a_subscriber_gets_what_comes_after_it_and_each_event_once(line, gateway, partner):
    commission(line, 2)
    made = subscribe(gateway, partner)
    serials = commission(line, 25)
    until(lambda: len(taken(partner)) == 25)
    assert serials_of(told(partner)) == serials
    assert set(taken(partner).values()) == {1}
    for document in partner.documents():
        results = document["epcisBody"]["queryResults"]
        assert results["queryName"] == "SimpleEventQuery"
        assert results["subscriptionID"] == made["subscriptionID"]
    message = partner.received[0]
    assert message.headers["Content-Type"] == "application/json"
    assert message.headers["GS1-EPCIS-Version"] == "2.0.0"
    assert "GS1-Signature" not in message.headers


def test_results_keep_the_schema_of_query_documents(line, gateway, partner):
    subscribe(gateway, partner)
    commission(line, 3)
    until(lambda: len(taken(partner)) == 3)
    for body in partner.bodies():
        assert faults(body) == []


def test_an_earlier_initial_record_time_brings_what_was_recorded_since(line, gateway, make_partner):
    serials = commission(line, 6)
    first = make_partner()
    subscribe(gateway, first, initialRecordTime="1971-01-01T00:00:00Z")
    until(lambda: len(taken(first)) == 6)
    assert serials_of(told(first)) == serials
    times = [e["recordTime"] for e in told(first)]
    some = make_partner()
    subscribe(gateway, some, initialRecordTime=times[3])
    wanted = [e["eventID"] for e in told(first) if ms_of(e["recordTime"]) >= ms_of(times[3])]
    until(lambda: len(taken(some)) == len(wanted))
    assert list(taken(some)) == wanted
    later = make_partner()
    subscribe(gateway, later, initialRecordTime="2999-01-01T00:00:00Z")
    commission(line, 1)
    until(lambda: len(taken(first)) == 7)
    assert later.bodies() == []


@pytest.mark.parametrize("wish, head", [
    (None, "https://id.gs1.org/01/"), ("No_Preference", "https://id.gs1.org/01/"),
    ("Always_GS1_Digital_Link", "https://id.gs1.org/01/"), ("Always_EPC_URN", "urn:epc:id:sgtin:")])
def test_identifiers_come_in_the_spelling_that_was_asked_for(line, gateway, partner, wish, head):
    headers = {} if wish is None else {"GS1-EPC-Format": wish}
    made = gateway.post(QUERY, {"dest": partner.url, "stream": True}, 201, headers=headers)
    assert made["epcFormat"] == (wish or "No_Preference")
    commission(line, 1)
    until(lambda: len(taken(partner)) == 1)
    assert all(epc.startswith(head) for e in told(partner) for epc in e["epcList"])


# EPCIS-2.0-SIGNATURE
def test_messages_are_signed_with_the_subscribers_secret(line, gateway, partner, make_partner):
    secret = "13df38d8275b13f05704629e5f1cf3d45d6132d5"
    made = subscribe(gateway, partner, signatureToken=secret)
    other, bare = make_partner(), make_partner()
    subscribe(gateway, other, signatureToken="another one's secret, of another length")
    subscribe(gateway, bare)
    commission(line, 3)
    until(lambda: all(len(taken(p)) == 3 for p in (partner, other, bare)))
    for to, key in ((partner, secret), (other, "another one's secret, of another length")):
        for message in to.received:
            mac = hmac.new(key.encode(), message.body, hashlib.sha256).digest()
            assert message.headers["GS1-Signature"] == base64.b64encode(mac).decode()
    assert not any("GS1-Signature" in message.headers for message in bare.received)
    shown = gateway.call("GET", f"{QUERY}/{made['subscriptionID']}").text
    listed = gateway.call("GET", QUERY).text
    journal = line.site.admin.call("GET", "/v1/journal").text
    assert all(secret not in text for text in (json.dumps(made), shown, listed, journal))
    assert "signatureToken" not in json.dumps(made) + shown + listed


# ---- receivers in trouble

def assert_all_came(receiver, serials, repeats_max):
    """All of them, first comings in order, and no more repeats than failures can explain."""
    times = taken(receiver)
    seen, first = set(), []
    for event in told(receiver):
        if event["eventID"] not in seen:
            seen.add(event["eventID"])
            first.append(event)
    assert serials_of(first) == serials
    assert sum(times.values()) - len(times) <= repeats_max


def test_whatever_a_receiver_does_every_event_comes_and_in_order(line, gateway, partner, seed):
    """It fails, hangs up, says too large, asks for a pause, and the service dies in between.

    Every kind comes once before anything is taken, so that no luck can leave one out."""
    pick, bad, accepted = random.Random(seed), [], set()
    kinds = [harness.FAIL, harness.CLOSE, harness.Answer.of(413), harness.Answer.of(429),
             harness.Answer.of(404, b"who is this?"), harness.Answer.of(408),
             harness.Answer.of(302)]
    first = pick.sample(kinds, len(kinds))

    def answer(message):
        if first or (len(bad) < 25 and pick.random() < 0.6):
            bad.append(first.pop() if first else pick.choice(kinds))
            return bad[-1]
        accepted.update(event["eventID"] for event in events_of(message.body))
        return harness.ACCEPT

    partner.always = answer
    subscribe(gateway, partner)
    serials, kills = [], 3
    for _ in range(kills):
        serials += commission(line, pick.randrange(5, 25))
        line.site.restart()
    serials += commission(line, 10)
    until(lambda: len(accepted) == len(serials) // 2)
    assert_all_came(partner, serials, (len(bad) + kills) * FAST["events_max"])
    assert len(bad) >= len(kinds)
    line.site.stop()
    line.site.verify()


def test_a_receiver_that_hangs_is_given_up_and_asked_again(line, gateway, partner):
    partner.then(harness.HANG)
    subscribe(gateway, partner)
    serials = commission(line, 1)
    partner.wait_for(2)
    assert serials_of(told(partner)) == serials * 2


def test_413_makes_batches_smaller_for_good(line, gateway, partner):
    def at_most_three(message):
        return harness.ACCEPT if len(events_of(message.body)) <= 3 else harness.Answer.of(413)

    partner.always = at_most_three
    serials = commission(line, 30)
    subscribe(gateway, partner, initialRecordTime="1971-01-01T00:00:00Z")
    until(lambda: [len(events_of(b)) for b in partner.bodies() if len(events_of(b)) <= 3] and
          sum(len(events_of(b)) for b in partner.bodies() if len(events_of(b)) <= 3) == 30)
    sizes = [len(events_of(b)) for b in partner.bodies()]
    too_large = [i for i, n in enumerate(sizes) if n > 3]
    assert too_large and max(too_large) < 3, sizes
    good = [e for b in partner.bodies() if len(events_of(b)) <= 3 for e in events_of(b)]
    assert serials_of(good) == serials


# EPCIS-2.0-NOTIFIED
def test_only_200_is_noted_as_the_last_notification(line, gateway, partner):
    def shown():
        return gateway.get(f"{QUERY}/{made['subscriptionID']}")

    partner.then(harness.Answer.of(202))
    made = subscribe(gateway, partner)
    assert "lastNotifiedAt" not in made
    commission(line, 1)
    least = made["minRecordTime"]
    until(lambda: shown()["minRecordTime"] > least)
    assert "lastNotifiedAt" not in shown()
    commission(line, 1)
    until(lambda: "lastNotifiedAt" in shown())


def test_a_dead_subscriber_holds_back_nobody(line, gateway, partner, make_partner):
    dead = make_partner(harness.CLOSE)
    subscribe(gateway, dead)
    subscribe(gateway, partner)
    serials = commission(line, 5)
    until(lambda: len(taken(partner)) == 5)
    assert serials_of(told(partner)) == serials


# ---- schedules

EVERY_SECOND = {"second": "[0-59]"}


def test_a_scheduled_query_runs_when_it_is_due(line, gateway, partner):
    subscribe(gateway, partner, stream=None, schedule=EVERY_SECOND)
    serials = commission(line, 12)
    until(lambda: len(taken(partner)) == 12)
    assert serials_of(told(partner)) == serials
    assert set(taken(partner).values()) == {1}
    assert all(told(partner)), "no empty report was asked for"


def test_a_schedule_that_is_not_due_sends_nothing(line, gateway, partner, make_partner):
    far = {"second": 0, "minute": 0, "hour": 0, "dayOfMonth": "29", "month": "2", "dayOfWeek": "2"}
    subscribe(gateway, partner, stream=None, schedule=far)
    quick = make_partner()
    subscribe(gateway, quick, stream=None, schedule=EVERY_SECOND)
    commission(line, 1)
    until(lambda: len(taken(quick)) == 1)
    assert partner.bodies() == []


def test_empty_runs_are_reported_to_those_who_want_it(line, gateway, partner):
    subscribe(gateway, partner, stream=None, schedule=EVERY_SECOND, reportIfEmpty=True)
    partner.wait_for(2)
    assert events_of(partner.bodies()[0]) == []
    assert faults(partner.bodies()[0]) == []
    serials = commission(line, 1)
    until(lambda: len(taken(partner)) == 1)
    assert serials_of(told(partner)) == serials


# ---- the interface

def test_subscriptions_are_listed_shown_and_deleted(line, gateway, partner):
    answer = gateway.call("POST", QUERY, {"dest": partner.url, "schedule": {"hour": "1",
                                                                            "minute": 5}})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{QUERY}/{made['subscriptionID']}"
    assert made["schedule"] == {"hour": "1", "minute": "5"} and "stream" not in made
    others = [subscribe(gateway, partner)["subscriptionID"] for _ in range(4)]
    assert gateway.get(answer.headers["Location"]) == made
    listed, url = [], QUERY + "?perPage=2"
    while url:
        page = gateway.call("GET", url)
        listed += [s["subscriptionID"] for s in page.json()]
        url = page.links.get("next", {}).get("url")
        assert (url is None) == ("GS1-Next-Page-Token-Expires" not in page.headers)
    assert listed == [made["subscriptionID"], *others]
    gateway.delete(answer.headers["Location"], 204)
    gateway.refused("GET", answer.headers["Location"], status=404, code="subscription.unknown")
    gateway.refused("DELETE", answer.headers["Location"], status=404, code="subscription.unknown")
    assert len(gateway.get(QUERY)) == 4


def test_an_ended_subscription_is_told_nothing_more(line, gateway, partner, make_partner):
    made = subscribe(gateway, partner)
    commission(line, 3)
    until(lambda: len(taken(partner)) == 3)
    gateway.delete(f"{QUERY}/{made['subscriptionID']}", 204)
    other = make_partner()
    subscribe(gateway, other)
    commission(line, 2)
    until(lambda: len(taken(other)) == 2)
    line.site.restart()
    commission(line, 1)
    until(lambda: len(taken(other)) == 3)
    assert len(taken(partner)) == 3


def test_a_repeated_post_makes_one_subscription(gateway, partner):
    wish = {"dest": partner.url, "stream": True, "signatureToken": "abc"}
    headers = {"Idempotency-Key": "one"}
    first = gateway.post(QUERY, wish, 201, headers=headers)
    assert gateway.post(QUERY, wish, 201, headers=headers) == first
    assert len(gateway.get(QUERY)) == 1


@pytest.mark.parametrize("wish, kind", [
    ({}, "SubscriptionControls"), ({"stream": False}, "SubscriptionControls"),
    ({"stream": True, "schedule": {"hour": "1"}}, "SubscriptionControls"),
    ({"schedule": {"hour": "24"}}, "SubscriptionControls"),
    ({"schedule": {"minute": "[5-1]"}}, "SubscriptionControls"),
    ({"schedule": {"dayOfMonth": "31", "month": "2"}}, "SubscriptionControls"),
    ({"schedule": {"second": "*"}}, "SubscriptionControls"),
    ({"schedule": {"second": -1}}, "SubscriptionControls"),
    ({"stream": True, "dest": "ftp://example.com"}, "SubscriptionControls"),
    ({"stream": True, "dest": "https://a:b@example.com"}, "SubscriptionControls"),
    ({"stream": True, "dest": None}, "Validation"),
    ({"stream": "yes"}, "Validation"), ({"stream": True, "streams": 1}, "Validation"),
    ({"stream": True, "initialRecordTime": "yesterday"}, "Validation")])
def test_what_is_no_subscription_is_refused(gateway, partner, wish, kind):
    body = {"dest": partner.url, **wish}
    problem = gateway.refused("POST", QUERY, body, status=400)
    assert problem["type"] == f"epcisException:{kind}Exception"
    assert gateway.get(QUERY) == []


@pytest.mark.parametrize("dest", [
    "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://127.0.0.1:abc/", "http://[::1",
    "http://[::1]x/", "http://[v1.x]/", "http://a:80:90/", "http:///x", "https://", "http://a b/",
    "http://127.0.0.1\\@example.com/"])
def test_a_destination_that_nothing_can_be_sent_to_is_refused(gateway, dest):
    gateway.refused("POST", QUERY, {"dest": dest, "stream": True}, status=400,
                    code="subscription.dest")


def test_the_scheme_of_a_destination_is_read_in_any_case(line, gateway, partner):
    made = subscribe(gateway, partner, dest=partner.url.replace("http", "HTTP"))
    assert made["dest"].startswith("HTTP://")
    commission(line, 1)
    until(lambda: len(taken(partner)) == 1)


def test_subscriptions_of_a_client_do_not_exist_for_others(line, gateway, partner):
    made = subscribe(gateway, partner)
    admin = line.site.admin
    admin.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9521141"]})
    beta = line.site.as_role("gateway", client="beta")
    assert beta.get(QUERY) == []
    for method in ("GET", "DELETE"):
        beta.refused(method, f"{QUERY}/{made['subscriptionID']}", status=404)
    admin.refused("GET", QUERY, status=422, code="client.ambiguous")
    assert admin.get(QUERY, headers=ACME) == gateway.get(QUERY)
    reader = line.site.as_role("auditor")
    reader.refused("POST", QUERY, {"dest": partner.url, "stream": True}, status=403, headers=ACME)
    gateway.refused("GET", QUERY.replace("Simple", "Other"), status=404, code="query.no_such")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "192.168.1.1",
                                  "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_private_addresses_are_no_destination_unless_they_are_allowed(make_site, host):
    site = make_site().start()
    site.admin.put("/v1/clients/acme", {"name": "Acme Pharma"})
    gateway = site.as_role("gateway", client="acme")
    wish = {"dest": f"http://{host}:9/x", "stream": True}
    gateway.refused("POST", QUERY, wish, status=400, code="subscription.dest")


def test_a_name_that_leads_to_a_private_address_is_never_called(make_site, partner):
    """What was allowed once and is no longer, as with a name whose address changes."""
    site = make_site()
    site.configure(exchange=FAST, subscriptions={"private": True})
    site.start()
    line = harness.Line(site)
    gateway = site.as_role("gateway", client="acme")
    subscribe(gateway, partner)
    site.stop()
    site.configure(subscriptions={"private": False})
    site.start()
    commission(line, 1)
    until(lambda: [r for r in site.admin.get("/v1/journal", params={"kind": "delivery.outcome"})
                   ["items"] if "not public" in json.dumps(r)])
    assert partner.bodies() == []


# ---- named queries

def query_put(gateway, name, **query):
    answer = gateway.call("POST", "/epcis/v2/queries", {"name": name, "query": query})
    assert answer.status_code == 201, answer.text
    return f"/epcis/v2/queries/{name}/subscriptions"


def pack(line, serials):
    sscc, = line.ssccs(1)
    units = [f"(01){line.gtin}(21){s}" for s in serials]
    line.call.report({"type": "pack", "parent": sscc, "children": units, "commission": True})


def test_a_subscriber_gets_what_fits_its_query_and_nothing_else(line, gateway, make_partner):
    wishes = {"packing": {"EQ_bizStep": ["packing"]}, "adding": {"eventType": ["ObjectEvent"]},
              "neither": {"EQ_disposition": ["recalled"]}, "all": {}}
    told_to = {}
    for name, query in wishes.items():
        told_to[name] = make_partner()
        gateway.post(query_put(gateway, name, **query),
                     {"dest": told_to[name].url, "stream": True}, 201)
    for _ in range(5):
        pack(line, commission_one(line))
    until(lambda: len(taken(told_to["all"])) == 15)  # packs, the case, what is in it
    until(lambda: len(taken(told_to["packing"])) == 5 and len(taken(told_to["adding"])) == 10)
    assert {e["type"] for e in told(told_to["packing"])} == {"AggregationEvent"}
    assert {e["type"] for e in told(told_to["adding"])} == {"ObjectEvent"}
    assert told_to["neither"].bodies() == []
    names = {d["epcisBody"]["queryResults"]["queryName"] for d in told_to["packing"].documents()}
    assert names == {"packing"}
    line.site.stop()
    line.site.verify()


@pytest.mark.parametrize("counts", [
    {"maxEventCount": 2}, {"eventCountLimit": 2, "orderBy": "eventTime"}])
def test_a_query_that_counts_its_results_cannot_be_followed(gateway, partner, counts):
    subscriptions = query_put(gateway, "counted", **counts)
    problem = gateway.refused("POST", subscriptions, {"dest": partner.url, "stream": True},
                              status=413, code="query.too_complex")
    assert problem["type"] == "epcisException:QueryTooComplexException"
    assert gateway.get(subscriptions) == []
    ordered = query_put(gateway, "ordered", orderBy="eventTime")
    gateway.post(ordered, {"dest": partner.url, "stream": True}, 201)


def test_a_deleted_query_ends_its_subscriptions_and_its_name_revives_none(
        line, gateway, partner, make_partner):
    base = query_put(gateway, "all")
    made = gateway.post(base, {"dest": partner.url, "stream": True}, 201)
    gateway.post(base, {"dest": partner.url + "/scheduled", "schedule": EVERY_SECOND}, 201)
    other = make_partner()
    subscribe(gateway, other)
    commission(line, 1)
    until(lambda: len(partner.bodies()) == 2 and len(taken(other)) == 1)
    gateway.delete("/epcis/v2/queries/all", 204)
    gateway.refused("GET", base, status=404, code="query.no_such")
    query_put(gateway, "all")
    assert gateway.get(base) == []
    gateway.refused("GET", f"{base}/{made['subscriptionID']}", status=404,
                    code="subscription.unknown")
    commission(line, 2)
    until(lambda: len(taken(other)) == 3)
    journal = "/v1/journal?kind=subscription.ended"
    until(lambda: len(line.site.admin.get(journal)["items"]) == 2)
    line.site.restart()
    commission(line, 1)
    until(lambda: len(taken(other)) == 4)
    assert len(partner.bodies()) == 2
    line.site.stop()
    line.site.verify()


# ---- captured events

CAPTURED = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                 {"ex": "https://example.com/ext/"}],
    "type": "ObjectEvent", "eventTime": "2026-01-02T03:04:05.678Z", "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE", "bizStep": "receiving", "ex:dock": "7",
    "epcList": ["urn:epc:id:sgtin:9506000.013435.X1", "https://example.com/private/1"]}


@pytest.mark.parametrize("form, epc", [
    ("Never_Translates", CAPTURED["epcList"][0]), ("Always_EPC_URN", CAPTURED["epcList"][0]),
    ("Always_GS1_Digital_Link", "https://id.gs1.org/01/09506000134352/21/X1")])
def test_captured_events_are_told_with_all_that_was_captured(line, gateway, partner, form, epc):
    base = query_put(gateway, "receiving", EQ_bizStep=["receiving"])
    gateway.post(base, {"dest": partner.url, "stream": True}, 201,
                 headers={"GS1-EPC-Format": form})
    commission(line, 1)
    answer = gateway.call("POST", "/epcis/v2/events", CAPTURED)
    assert answer.status_code == 201, answer.text
    until(lambda: told(partner))
    event, = told(partner)
    assert event["epcList"] == [epc, CAPTURED["epcList"][1]]
    assert event["ex:dock"] == "7" and event["eventTime"] == CAPTURED["eventTime"]
    assert event["eventID"] and event["recordTime"]
    assert faults(partner.bodies()[0]) == []
