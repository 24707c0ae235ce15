"""The query interface of EPCIS 1.2 over SOAP answers as the standard says, and refuses by name."""
import json
import time
import xml.etree.ElementTree as ET

import pytest

import soap
from soap import NS, SOAP, Fault, envelope, params

FAST = {"retry_min": "20 ms", "retry_max": "100 ms", "answer_time": "2 s", "events_max": 10}
EVERY_SECOND = "<schedule><second>[0-59]</second></schedule>"
WAIT_S = 60


@pytest.fixture
def site(make_site):
    site = make_site()
    site.configure(exchange=FAST, subscriptions={"private": True})
    return site.start()


@pytest.fixture
def client(line):
    return soap.Client(line.site.as_role("gateway", client="acme"))


def commission(line, count=2):
    serials = line.serials(count)
    assert line.commission(serials)["refused"] == 0
    return serials


def serials_of(event):
    return [e.text.rsplit(".", 1)[1] for e in event.find("epcList")]


def until(wanted, what="it did not come to be"):
    deadline = time.monotonic() + WAIT_S
    while not wanted():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


# ---- what it answers

def test_versions_and_names_of_queries(client, line):
    assert client.ask("GetStandardVersion").text == "1.2"
    assert (client.ask("GetVendorVersion").text or "") == ""
    names = ["SimpleEventQuery", "SimpleMasterDataQuery"]
    assert client.strings("GetQueryNames") == names
    client.caller.post("/epcis/v2/queries", {"name": "mine", "query": {"EQ_action": ["ADD"]}}, 201)
    assert client.strings("GetQueryNames") == [*names, "mine"]
    other = soap.Client(line.site.as_role("operator"), **{"Packtrail-Client": "acme"})
    assert other.strings("GetQueryNames") == [*names, "mine"]


ODD_NAMES = ["a<&>\"'b", "a  b", " a", "a ", "\u00a0a", "a\u0085b", "a\u2028b", "a\u0080b",
             "\ufffea", "\U0001f600", "\ud7ff", "]]>", "&lt;", "<!--", "a%2Fb", "a/b?c#d", "é" * 40, ".", "..", "...", ".a"]


def test_what_a_query_may_be_called_can_be_called_in_soap(line, client):
    commission(line)
    kept = []
    for name in ODD_NAMES:
        put = client.caller.call("POST", "/epcis/v2/queries", json.dumps(
            {"name": name, "query": {}}), headers={"Content-Type": "application/json"})
        assert put.status_code == 201 or put.json()["code"] == "definition.name", put.text
        kept += [name] if put.ok else []
    assert len(kept) == len(ODD_NAMES) - 5  # blanks at ends, what is no character of XML, steps of paths
    assert sorted(client.strings("GetQueryNames")[2:]) == sorted(kept)
    for name in kept:
        asked = soap.escape(name).replace(">", "&gt;")
        result = client.ask("Poll", f"<queryName>{asked}</queryName><params/>")
        assert result.findtext("queryName") == name
        assert len(result.find("resultsBody/EventList")) == 1


def test_events_of_lines_come_as_epcis_1_2(line, client):
    serials = commission(line, 3)
    (event,) = client.events({"eventType": ["ObjectEvent"], "EQ_action": ["ADD"]})
    assert event.tag == "ObjectEvent"
    assert serials_of(event) == serials
    assert event.findtext("bizStep") == "urn:epcglobal:cbv:bizstep:commissioning"
    assert event.findtext("recordTime")
    assert client.events({"eventType": ["AggregationEvent"]}) == []


def test_a_named_query_is_polled_without_parameters(line, client):
    serials = commission(line)
    client.caller.post("/epcis/v2/queries", {"name": "mine", "query": {"EQ_action": ["ADD"]}}, 201)
    assert [serials_of(e) for e in client.events(query="mine")] == [serials]
    with pytest.raises(Fault) as refused:
        client.events({"EQ_action": ["ADD"]}, query="mine")
    assert refused.value.name == "QueryParameterException"


@pytest.mark.parametrize("given, hits", [
    ({"MATCH_epc": ["urn:epc:idpat:sgtin:9506000.*.*"]}, 3),
    ({"MATCH_epc": ["urn:epc:idpat:sgtin:9521141.*.*"]}, 0),
    ({"EQ_bizStep": ["urn:epcglobal:cbv:bizstep:commissioning"]}, 3),
    ({"EQ_bizStep": []}, 3),
    ({"GE_eventTime": ("xsd:dateTime", "2000-01-01T00:00:00Z")}, 3),
    ({"GE_eventTime": "2000-01-01T00:00:00Z"}, 3),
    ({"LT_eventTime": ("xsd:dateTime", "2000-01-01T00:00:00+02:00")}, 0),
    ({"EXISTS_errorDeclaration": ("q:VoidHolder", "")}, 0),
    ({"EQ_ILMD_urn:epcglobal:cbv:mda#lotNumber": ["L1"]}, 3),
    ({"EQ_ILMD_urn:epcglobal:cbv:mda#lotNumber": ["L2"]}, 0),
    ({"orderBy": "eventTime", "eventCountLimit": ("xsd:int", "2")}, 2),
    ({"orderBy": ("xsd:string", "recordTime"), "orderDirection": "ASC"}, 3),
    ({"maxEventCount": ("xsd:int", "3")}, 3),
], ids=str)
def test_parameters_mean_what_they_say(line, client, given, hits):
    for _ in range(3):
        commission(line, 1)
    assert len(client.events(given)) == hits


# ---- what it refuses

# EPCIS-1.2-FAULTS
@pytest.mark.parametrize("given, exception", [
    ({"EQ_abcd": ["X"]}, "QueryParameterException"),
    ([("EQ_action", ["ADD"]), ("EQ_action", ["ADD"])], "QueryParameterException"),
    ({"EQ_action": ["CHANGE"]}, "QueryParameterException"),
    ({"EQ_action": ("xsd:int", "1")}, "QueryParameterException"),
    ({"EQ_action": "ADD"}, "QueryParameterException"),
    ({"GE_eventTime": ["2000-01-01T00:00:00Z"]}, "QueryParameterException"),
    ({"GE_eventTime": ("xsd:int", "1")}, "QueryParameterException"),
    ({"GE_eventTime": "2000-01-01T00:00:00"}, "QueryParameterException"),
    ({"EQ_action": ("xsd:hexBinary", "00")}, "QueryParameterException"),
    ({"eventCountLimit": ("xsd:int", "1")}, "QueryParameterException"),
    ({"orderBy": "eventTime", "orderDirection": "UP"}, "QueryParameterException"),
    ({"maxEventCount": ("xsd:int", "1")}, "QueryTooLargeException"),
    ({"EQ_eventID": [f"urn:x:{n}" for n in range(1001)]}, "QueryTooComplexException"),
], ids=str)
def test_what_is_no_question_is_refused_by_name(line, client, given, exception):
    commission(line, 1)
    commission(line, 1)
    with pytest.raises(Fault) as refused:
        client.events(given)
    fault = refused.value
    assert (fault.name, fault.status, fault.faultcode) == (exception, 500, "soapenv:Client")
    if exception == "QueryTooLargeException":
        assert fault.element.findtext("queryName") == "SimpleEventQuery"


POLL = "<q:Poll><queryName>SimpleEventQuery</queryName><params/></q:Poll>"


@pytest.mark.parametrize("body, exception, faultcode", [
    (b"", "ValidationException", "Client"),
    (b"<a/>", "ValidationException", "Client"),
    (b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "ValidationException", "Client"),
    (envelope("") , "ValidationException", "Client"),
    (envelope(POLL + POLL), "ValidationException", "Client"),
    (envelope("<q:Polls/>"), "ValidationException", "Client"),
    (envelope("<Poll/>"), "ValidationException", "Client"),
    (envelope("<q:Poll><params/></q:Poll>"), "ValidationException", "Client"),
    (envelope("<q:Poll><queryName>SimpleEventQuery</queryName></q:Poll>"), "ValidationException",
     "Client"),
    (envelope("<q:Poll><queryName>a</queryName><queryName>a</queryName><params/></q:Poll>"),
     "ValidationException", "Client"),
    (envelope("<q:Poll><queryName>None</queryName><params/></q:Poll>"), "NoSuchNameException",
     "Client"),
    (envelope(POLL).replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
     "ValidationException", "VersionMismatch"),
    (envelope(POLL).replace(b"<s:Body>", b'<s:Header><x s:mustUnderstand="1"/></s:Header><s:Body>'),
     "ValidationException", "MustUnderstand"),
    (envelope("<q:Poll><queryName>SimpleEventQuery</queryName><params><param><name>EQ_action</name>"
              "</param></params></q:Poll>"), "ValidationException", "Client"),
    (envelope("<q:GetQueryNames>" * 50 + "</q:GetQueryNames>" * 50), "ValidationException",
     "Client"),
], ids=lambda v: repr(v)[:40] if isinstance(v, bytes) else v)
def test_what_is_no_call_is_refused(client, body, exception, faultcode):
    with pytest.raises(Fault) as refused:
        client.send(body)
    fault = refused.value
    assert (fault.name, fault.status) == (exception, 500)
    assert fault.faultcode == f"soapenv:{faultcode}"


def test_a_header_that_need_not_be_understood_is_passed_over(client):
    body = envelope(POLL).replace(b"<s:Body>", b'<s:Header><x s:mustUnderstand="0"/></s:Header>'
                                               b"<s:Body>")
    assert client.send(body).tag == f"{{{NS}}}QueryResults"


def test_what_http_itself_refuses_is_a_fault_with_its_own_status(line, client):
    stranger = soap.Client(line.site.caller())
    with pytest.raises(Fault) as refused:
        stranger.ask("GetQueryNames")
    assert (refused.value.name, refused.value.status) == ("SecurityException", 401)
    with pytest.raises(Fault) as refused:
        client.send(b" " * (256 * 1024 + 1))
    assert (refused.value.name, refused.value.status) == ("ValidationException", 413)
    with pytest.raises(Fault) as refused:
        soap.Client(line.call).ask("GetQueryNames")
    assert (refused.value.name, refused.value.status) == ("SecurityException", 403)
    client.headers["Content-Type"] = "application/json"
    with pytest.raises(Fault) as refused:
        client.send(b"{}")
    assert (refused.value.name, refused.value.status) == ("ValidationException", 415)
    assert line.site.caller().call("GET", soap.QUERY).status_code == 405


def test_who_is_of_the_whole_site_says_whose_events(line):
    with pytest.raises(Fault) as refused:
        soap.Client(line.site.as_role("operator")).events()
    assert "client.ambiguous" in refused.value.reason


# ---- subscriptions

def subscribe(client, dest, id="sub 1", given=(), controls=None, query="SimpleEventQuery"):
    if controls is None:
        controls = EVERY_SECOND + "<reportIfEmpty>false</reportIfEmpty>"
    result = client.ask("Subscribe", f"<queryName>{query}</queryName>{params(given)}"
                        f"<dest>{dest}</dest><controls>{controls}</controls>"
                        f"<subscriptionID>{id}</subscriptionID>")
    assert result.tag == f"{{{NS}}}SubscribeResult"


def told(partner):
    events = []
    for body in partner.bodies():
        soap.keep(body)
        root = ET.fromstring(body)
        assert root.tag == f"{{{NS}}}EPCISQueryDocument"
        assert root.get("schemaVersion") == "1.2"
        (results,) = root.find("EPCISBody")
        assert results.tag == f"{{{NS}}}QueryResults"
        assert results.findtext("queryName") == "SimpleEventQuery"
        assert results.findtext("subscriptionID") == "sub 1"
        events += results.find("resultsBody/EventList")
    return events


def ids(client, query="SimpleEventQuery"):
    return client.strings("GetSubscriptionIDs", f"<queryName>{query}</queryName>")


def test_a_subscriber_is_told_in_epcis_1_2_what_fits(line, client, partner):
    commission(line, 1)
    subscribe(client, partner.url, given=[("EQ_action", ["ADD"])])
    serials = [commission(line, 2) for _ in range(3)]
    until(lambda: len(told(partner)) == 3)
    assert [serials_of(e) for e in told(partner)] == serials
    assert partner.received[0].headers["Content-Type"] == "application/xml"
    assert ids(client) == ["sub 1"]
    assert client.ask("Unsubscribe", "<subscriptionID>sub 1</subscriptionID>").tag == \
        f"{{{NS}}}UnsubscribeResult"
    assert ids(client) == []
    line.site.stop()
    line.site.verify()


def test_a_subscription_outlives_a_restart_and_is_the_same_for_both_interfaces(line, client,
                                                                              partner):
    subscribe(client, partner.url, given=[("EQ_action", ["DELETE"])])
    line.site.restart()
    assert ids(client) == ["sub 1"]
    (one,) = client.caller.get("/epcis/v2/queries/SimpleEventQuery/subscriptions")
    assert one["dest"] == partner.url
    client.ask("Unsubscribe", f"<subscriptionID>{one['subscriptionID']}</subscriptionID>")
    assert ids(client) == []


def test_empty_results_are_reported_where_they_are_wanted(client, partner):
    subscribe(client, partner.url,
              controls=EVERY_SECOND + "<reportIfEmpty>true</reportIfEmpty>")
    until(lambda: len(partner.bodies()) >= 2)
    assert told(partner) == []


OK_CONTROLS = EVERY_SECOND + "<reportIfEmpty>false</reportIfEmpty>"


@pytest.mark.parametrize("more, exception", [
    ({"controls": "<reportIfEmpty>false</reportIfEmpty>"}, "SubscriptionControlsException"),
    ({"controls": OK_CONTROLS + "<trigger>urn:x:y</trigger>"}, "SubscriptionControlsException"),
    ({"controls": "<trigger>urn:x:y</trigger><reportIfEmpty>0</reportIfEmpty>"},
     "SubscriptionControlsException"),
    ({"controls": EVERY_SECOND}, "SubscriptionControlsException"),
    ({"controls": OK_CONTROLS.replace("[0-59]", "61")}, "SubscriptionControlsException"),
    ({"controls": OK_CONTROLS.replace("[0-59]", "-1")}, "SubscriptionControlsException"),
    ({"controls": OK_CONTROLS.replace("[0-59]", "a")}, "SubscriptionControlsException"),
    ({"controls": OK_CONTROLS.replace("[0-59]", "&quot;")}, "SubscriptionControlsException"),
    ({"controls": OK_CONTROLS + "<initialRecordTime>now</initialRecordTime>"},
     "SubscriptionControlsException"),
    ({"dest": "ftp://127.0.0.1/"}, "InvalidURIException"),
    ({"dest": "nowhere"}, "InvalidURIException"),
    ({"query": "None"}, "NoSuchNameException"),
    ({"query": "SimpleMasterDataQuery"}, "SubscribeNotPermittedException"),
    ({"given": [("EQ_abcd", ["X"])]}, "QueryParameterException"),
    ({"given": [("maxEventCount", ("xsd:int", "1"))]}, "QueryTooComplexException"),
    ({"id": ""}, "ValidationException"),
    ({"id": "x" * 201}, "ValidationException"),
], ids=str)
def test_what_is_no_subscription_is_refused_by_name(client, more, exception):
    wish = {"dest": "http://127.0.0.1:9/", **more}
    with pytest.raises(Fault) as refused:
        subscribe(client, wish.pop("dest"), **wish)
    assert (refused.value.name, refused.value.status) == (exception, 500)
    assert ids(client) == []


def test_an_id_is_given_once_and_ends_once(line, client, partner):
    subscribe(client, partner.url)
    with pytest.raises(Fault) as refused:
        subscribe(client, partner.url)
    assert refused.value.name == "DuplicateSubscriptionException"
    client.ask("Unsubscribe", "<subscriptionID>sub 1</subscriptionID>")
    with pytest.raises(Fault) as refused:
        client.ask("Unsubscribe", "<subscriptionID>sub 1</subscriptionID>")
    assert refused.value.name == "NoSuchSubscriptionException"
    subscribe(client, partner.url)
    with pytest.raises(Fault) as refused:
        ids(client, "None")
    assert refused.value.name == "NoSuchNameException"
    assert ids(client, "SimpleMasterDataQuery") == []


def test_who_only_reads_may_not_subscribe(line, client, partner):
    subscribe(client, partner.url)
    reader = soap.Client(line.site.as_role("auditor"), **{"Packtrail-Client": "acme"})
    with pytest.raises(Fault) as refused:
        subscribe(reader, partner.url, id="other")
    assert refused.value.name == "SecurityException"
    with pytest.raises(Fault) as refused:
        reader.ask("Unsubscribe", "<subscriptionID>sub 1</subscriptionID>")
    assert refused.value.name == "SecurityException"
    assert ids(reader) == ["sub 1"]


def test_one_clients_subscriptions_are_no_others(line, client, partner):
    subscribe(client, partner.url)
    line.site.admin.put("/v1/clients/other", {"name": "Other"})
    other = soap.Client(line.site.as_role("gateway", client="other"))
    assert ids(other) == []
    with pytest.raises(Fault) as refused:
        other.ask("Unsubscribe", "<subscriptionID>sub 1</subscriptionID>")
    assert refused.value.name == "NoSuchSubscriptionException"
    subscribe(other, partner.url)
    assert ids(client) == ids(other) == ["sub 1"]
