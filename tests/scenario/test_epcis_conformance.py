"""What EPCIS 2.0 and 1.2 ask of a repository, shown over HTTP where no other scenario shows it.

`schemas/conformance.yaml` says of each number of the checklist which tests show it, or what was
decided; the first tests hold the table to the checklist, to the tests and to the rooms' own words.
"""
import datetime
import functools
import http.client
import json
import pathlib
import re
import uuid
from urllib.parse import quote

import lxml.etree
import pytest
import yaml

import harness
from epcis_calls import (
    AS_SENT, CONTEXT, EVENTS, EX, TOP, XML, capture, code, document, event, listed, names, one,
    send, xml_document, xml_event)
from epcis_documents import DATA, need

ROOT = pathlib.Path(__file__).resolve().parents[2]


# ---- the table

@functools.cache
def table():
    return yaml.safe_load((ROOT / "schemas/conformance.yaml").read_text())


def numbers(text):
    """Of the numbered lines, and of the sections that have a table or no numbered lines."""
    found = set()
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        if not (head := re.match(r"(\d+)\. ", section)):
            continue
        lines = re.findall(rf"^({head[1]}\.\d+) ", section, re.M)
        found.update(lines)
        if not lines or re.search(r"^\|", section, re.M):
            found.add(head[1])
    return found


def test_every_number_of_the_checklist_is_in_the_table(shared):
    wanted = numbers(need(shared / "standards/CHECKLIST.md").read_text())
    assert len(wanted) > 150
    assert {str(n) for n in table()} == wanted


@functools.cache
def claims(file):
    """The names of the tests in a file."""
    path = ROOT / "tests" / ("unit" if file.endswith(".c") else "scenario") / file
    names = r"^def (test_\w+)\(" if file.endswith(".py") else r"^static void (\w+)\(void \*\*"
    return set(re.findall(names, path.read_text(), re.M)) if path.exists() else set()


def test_every_test_that_the_table_names_is_there():
    named = {test for row in table().values() for test in row.get("tests", [])}
    assert len(named) > 80
    assert not [t for t in named if t.split("::")[1] not in claims(t.split("::")[0])]


def test_every_number_is_shown_or_decided():
    for number, row in table().items():
        assert set(row) <= {"asks", "tests", "policy", "says"}, number
        assert row.get("asks") or row.get("says"), number
        assert row.get("tests") or row.get("says"), number
        assert ("policy" in row) == ("says" in row), number


def plain(text):
    return " ".join(re.sub(r"[`*]", "", text).split())


def test_every_decision_stands_in_the_words_of_its_room():
    for number, row in table().items():
        if "policy" in row:
            assert plain(row["says"]) in plain((ROOT / row["policy"]).read_text()), number


# ---- what is asked about

def make_gateway(line):
    return line.site.as_role("gateway", client="acme")


@pytest.fixture
def gateway(line):
    return make_gateway(line)


FULL = {  # in which an identifier stands wherever one may
    "epcList": ["urn:epc:id:sgtin:9506000.013430.a%2Fb", "urn:epc:id:sgtin:9506000.013430.2"],
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:9506000.013430.L1", "quantity": 2}],
    "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:9506000.00001.0"},
    "bizLocation": {"id": "urn:epc:id:sgln:9506000.00002.5"},
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epc:id:gdti:9506000.00001.1"}],
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9506000.00003"}],
    "destinationList": [{"type": "possessing_party",
                         "destination": "urn:epc:id:pgln:9506000.00004"}],
    "sensorElementList": [{"sensorMetadata": {"deviceID": "urn:epc:id:giai:9506000.77"},
                           "sensorReport": [{"type": "Temperature", "value": 26.0, "uom": "CEL"}]}]}
LINKS = ["01/09506000134307/21/a%2Fb", "01/09506000134307/21/2", "01/09506000134307/10/L1",
         "414/9506000000015", "414/9506000000022/254/5", "253/95060000000151", "417/9506000000039",
         "417/9506000000046", "8004/950600077"]
HASH_ID = "ni:///sha-256;" + "a" * 64 + "?ver=CBV2.0"


@pytest.fixture(scope="module")
def told(make_story_site):
    """A gateway of a site that was told some events, for tests that only ask."""
    caller = make_gateway(harness.Line(make_story_site().start()))
    capture(caller, event("full", **FULL), event("stale", eventID=HASH_ID),
            event("ship", bizStep="shipping", epcList=["urn:epc:id:sgtin:0614141.112345.1"],
                  eventTime="2026-03-01T12:00:00+02:00", **{
                      "ex:n": 5, "ex:s": "a,b", "ex:t": "2026-01-01T00:00:00Z",
                      "ex:in": {"ex:deep": "x"}}),
            event("pattern", epcList=None, quantityList=[
                {"epcClass": "urn:epc:idpat:sgtin:0614141.112345.*", "quantity": 3}]),
            event("add", action="ADD", ilmd={"cbvmda:lotNumber": "L7", "ex:grade": "A"}),
            context=[CONTEXT, {"ex": EX}])
    return caller


def places(event):
    """Every identifier of an event like FULL, in the order of LINKS."""
    return [*event["epcList"], event["quantityList"][0]["epcClass"], event["readPoint"]["id"],
            event["bizLocation"]["id"], event["bizTransactionList"][0]["bizTransaction"],
            event["sourceList"][0]["source"], event["destinationList"][0]["destination"],
            event["sensorElementList"][0]["sensorMetadata"]["deviceID"]]


# ---- paths, methods, values in paths

LISTS = ["eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions"]
PATHS = {"": "GET", "/capture": "GET POST", "/capture/x": "GET", "/events": "GET POST",
         "/events/x": "GET", "/queries": "GET POST", "/queries/x": "GET DELETE",
         "/queries/x/events": "GET", "/queries/x/subscriptions": "GET POST",
         "/queries/x/subscriptions/y": "GET DELETE", "/nextPageToken/x": "DELETE",
         **{f"/{name}{rest}": "GET" for name in LISTS for rest in ("", "/x", "/x/events")}}


def test_every_path_of_the_standard_takes_its_methods_and_no_others(told):
    for path, methods in PATHS.items():
        wanted = {"OPTIONS", *methods.split()}
        answer = told.call("OPTIONS", TOP + path)
        assert (answer.status_code, answer.content) == (204, b""), path
        assert set(re.findall(r"\w+", answer.headers["Allow"])) == wanted, path
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - wanted:
            refused = told.call(method, TOP + path)
            assert refused.status_code == 405, (method, path)
            assert set(re.findall(r"\w+", refused.headers["Allow"])) == wanted, path


@pytest.mark.parametrize("path", [
    "/epcs/urn%3Aepc%3Aid%3Asgtin%3A9506000.013430.a%252Fb",
    "/epcs/https%3A%2F%2Fid.gs1.org%2F01%2F09506000134307%2F21%2Fa%252Fb",
    "/epcs/https%3a%2f%2fbrand.example%2f01%2f09506000134307%2f21%2fa%252Fb",
    "/bizLocations/https%3A%2F%2Fid.gs1.org%2F414%2F9506000000022%2F254%2F5",
    "/readPoints/urn%3Aepc%3Aid%3Asgln%3A9506000.00001.0", "/dispositions/in_transit",
    "/dispositions/urn%3Aepcglobal%3Acbv%3Adisp%3Ain_transit"])
def test_values_in_paths_are_cut_first_and_unescaped_then(told, path):
    assert told.get(TOP + path)["member"] == ["events"]
    assert [e["eventID"] for e in listed(told.get(f"{TOP}{path}/events"))] == ["urn:x:full"]
    told.refused("GET", TOP + path.replace("%", "/%", 1) + "/x/events", status=404)


def test_an_id_with_a_question_mark_is_one_value(told):
    found, = listed(told.get(f"{EVENTS}/{quote(HASH_ID, safe='')}"))
    assert found["eventID"] == HASH_ID
    for path in ("/events//x", "/epcs/%2E%2E", "/epcs/..%2F..", "//events"):
        told.refused("GET", TOP + path, status=404)


@pytest.mark.parametrize("step", [
    "shipping", "https%3A%2F%2Fref.gs1.org%2Fcbv%2FBizStep-shipping",
    "urn%3Aepcglobal%3Acbv%3Abizstep%3Ashipping"])
def test_a_word_is_one_resource_in_each_of_its_spellings(told, step):
    assert told.get(f"{TOP}/bizSteps/{step}")["member"] == ["events"]
    assert [e["eventID"] for e in listed(told.get(f"{TOP}/bizSteps/{step}/events"))] == [
        "urn:x:ship"]
    assert names(told, "EQ_bizStep=" + step) == {"ship"}


def test_collections_have_all_members_once_and_what_was_not_seen_is_not_there(told):
    for name in LISTS:
        answer = told.get(f"{TOP}/{name}?perPage=1000")
        assert set(answer) == {"@context", "type", "member"} and answer["type"] == "Collection"
        assert answer["member"] and len(set(answer["member"])) == len(answer["member"])
        assert told.call("GET", f"{TOP}/{name}", headers=XML).status_code == 406
        for rest in ("", "/events"):
            problem = told.refused("GET", f"{TOP}/{name}/urn%3Ax%3Anever{rest}", status=404)
            assert problem["type"] == "epcisException:NoSuchNameException"
    assert told.get(TOP + "/eventTypes/AssociationEvent")["member"] == ["events"]
    assert listed(told.get(TOP + "/eventTypes/AssociationEvent/events")) == []


# ---- forms of answers and bodies

@pytest.mark.parametrize("accept, kind", [
    (None, "application/json"), ("*/*", "application/json"),
    ("application/ld+json", "application/ld+json"), ("application/xml", "application/xml"),
    ("text/xml", "text/xml"), ("application/json;q=0.1, application/xml;q=0.9", "application/xml"),
    ("application/xml;q=0, */*", "application/json"),
    ("application/json; charset=utf-8", "application/json")])
def test_accept_is_understood(told, accept, kind):
    answer = told.call("GET", EVENTS, headers={"Accept": accept})
    assert answer.status_code == 200 and answer.headers["Content-Type"] == kind
    assert answer.text.startswith("{" if "json" in kind else "<?xml")


@pytest.mark.parametrize("kind, body, wanted", [
    ("application/json", document(event("a")), 202),
    ("application/ld+json; charset=utf-8", document(event("a")), 202),
    ("application/xml", xml_document(xml_event("a")), 202),
    ("text/xml; charset=UTF-8", xml_document(xml_event("a")), 202),
    ("application/json", json.dumps(document(event("a"))).encode("utf-8-sig"), 202),
    ("text/xml", ('<?xml version="1.0" encoding="UTF-16"?>' + xml_document(xml_event("a"))
                  ).encode("utf-16"), 202),
    ("application/json", xml_document(xml_event("a")), "body.mislabelled"),
    ("application/xml", document(event("a")), "body.mislabelled"),
    ("application/pdf", document(event("a")), "body.type"),
    ("application/xml", '<!DOCTYPE a [<!ENTITY b "c">]>' + xml_document(xml_event("a")),
     "xml.dtd")], ids=range(10))
def test_bodies_are_what_their_labels_say(gateway, kind, body, wanted):
    assert code(send(gateway, body, kind=kind)) == wanted
    assert names(gateway, "") == ({"a"} if wanted == 202 else set())


# ---- versions, spellings

def test_identifiers_are_spelled_as_the_caller_wishes_wherever_they_stand(told):
    links = ["https://id.gs1.org/" + link for link in LINKS]
    urns = places({**event("full"), **FULL})
    for wish, wanted in ((None, links), ("Always_GS1_Digital_Link", links),
                         ("No_Preference", links), ("Always_EPC_URN", urns),
                         ("Never_Translates", urns)):
        answer = one(told, "full", **({"GS1-EPC-Format": wish} if wish else {}))
        assert places(answer) == wanted, wish
        xml = told.call("GET", EVENTS + "?EQ_eventID=urn:x:full",
                        headers={**XML, **({"GS1-EPC-Format": wish} if wish else {})})
        for identifier in wanted:
            assert identifier in xml.text, wish
    capture(told, event("link", epcList=["https://brand.example/01/09506000134307/21/9"],
                        readPoint={"id": "https://id.gs1.org/414/5412345000013"}))
    asked = {wish: one(told, "link", **{"GS1-EPC-Format": wish})
             for wish in ("Always_EPC_URN", "Never_Translates", "Always_GS1_Digital_Link")}
    assert asked["Always_EPC_URN"]["epcList"] == ["urn:epc:id:sgtin:9506000.013430.9"]
    for wish in ("Never_Translates", "Always_GS1_Digital_Link"):  # another domain is as good
        assert asked[wish]["epcList"] == ["https://brand.example/01/09506000134307/21/9"]
    for answer in asked.values():  # whose prefix nobody knows
        assert answer["readPoint"]["id"] == "https://id.gs1.org/414/5412345000013"


@pytest.mark.parametrize("wish, head", [
    ("Always_URN", "urn:epcglobal:cbv:bizstep:"), ("Always_Web_URI", "https://ref.gs1.org/cbv/BizStep-"),
    ("No_Preference", "https://ref.gs1.org/cbv/BizStep-")])
def test_words_of_xml_are_spelled_as_the_caller_wishes(told, wish, head):
    xml = told.call("GET", EVENTS + "?EQ_eventID=urn:x:ship",
                    headers={**XML, "GS1-CBV-XML-Format": wish})
    assert f"<bizStep>{head}shipping</bizStep>" in xml.text
    assert one(told, "ship", **{"GS1-CBV-XML-Format": wish})["bizStep"] == "shipping"
    told.refused("GET", EVENTS, headers={"GS1-EPC-Format": "Never"}, status=400)


def test_words_of_xml_stay_as_they_came_for_who_wants_no_translation(gateway):
    urn, web = "urn:epcglobal:cbv:", "https://ref.gs1.org/cbv/"
    more = (f"<disposition>{web}Disp-in_transit</disposition><bizTransactionList><bizTransaction "
            f'type="{{}}">urn:x:po</bizTransaction></bizTransactionList>')
    came = {"urn": (f"{urn}bizstep:shipping", f"{web}BTT-po"),
            "web": (f"{web}BizStep-shipping", f"{urn}btt:po")}
    one_by_one = xml_event("one", more.format(f"{urn}btt:po"), step=f"{urn}bizstep:shipping")
    documents = [xml_event(name, more.format(kind), step) for name, (step, kind) in came.items()]
    assert send(gateway, xml_document(*documents), kind="application/xml").status_code == 202
    capture(gateway, event("bare", bizStep="shipping"))
    wish = {**XML, "GS1-CBV-XML-Format": "Never_Translates"}
    answer = gateway.call("POST", EVENTS, one_by_one,
                          headers={"Content-Type": "application/xml", **wish})
    assert answer.status_code == 201 and f"{urn}bizstep:shipping<" in answer.text
    asked = EVENTS + "?EQ_bizStep=shipping&EQ_eventID=urn:x:"  # what is asked has no spelling
    for name, (step, kind) in {**came, "one": (f"{urn}bizstep:shipping", f"{urn}btt:po")}.items():
        told_xml = gateway.call("GET", asked + name, headers=wish).text
        assert f"<bizStep>{step}</bizStep>" in told_xml and f'type="{kind}"' in told_xml
        assert f"<disposition>{web}Disp-in_transit</disposition>" in told_xml
        assert one(gateway, name, **{"GS1-CBV-XML-Format": "Never_Translates"})["bizStep"] == "shipping"
    assert f"<bizStep>{web}BizStep-shipping<" in gateway.call("GET", asked + "bare", headers=wish).text


@pytest.mark.parametrize("headers, wanted", [
    ({"GS1-EPCIS-Version": "2"}, 202), ({"GS1-EPCIS-Version": "2.0.0"}, 202),
    ({"GS1-EPCIS-Version": "3.0"}, 406), ({"GS1-CBV-Version": "9"}, 406),
    ({"GS1-EPCIS-Min": "1.2", "GS1-EPCIS-Max": "2.0"}, 202), ({"GS1-EPCIS-Min": "2.1"}, 406)])
def test_versions_hold_for_what_is_captured(gateway, headers, wanted):
    answer = send(gateway, document(event("a")), **headers)
    assert answer.status_code == wanted
    assert names(gateway, "") == ({"a"} if wanted == 202 else set())


def test_headers_that_come_twice_are_joined_and_have_no_case(told):
    host, port = told.url.split("//")[1].split(":")
    line = http.client.HTTPConnection(host, int(port), timeout=harness.CALL_S)
    line.putrequest("GET", EVENTS + "?EQ_ex:n=5&EXISTS_two:n=false")
    for name, value in (("authorization", told.http.headers["Authorization"]),
                        ("gs1-extensions", f"ex={EX}"), ("GS1-EXTENSIONS", "two=urn:x:two:"),
                        ("gs1-epc-FORMAT", "Always_EPC_URN")):
        line.putheader(name, value)
    line.endheaders()
    answer = line.getresponse()
    found, = listed(json.load(answer))
    assert found["epcList"] == ["urn:epc:id:sgtin:0614141.112345.1"]
    line.close()


def test_a_preflight_carries_the_discovery_headers(told):
    answer = told.call("OPTIONS", EVENTS, headers={
        "Origin": "https://a.example", "Access-Control-Request-Method": "GET"})
    assert answer.status_code == 204 and "GS1-EPCIS-Version" in answer.headers
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


# ---- capture

def test_query_documents_are_captured_too(gateway):
    results = {"queryName": "q", "resultsBody": {"eventList": [event("a")]}}
    sent = document(type="EPCISQueryDocument", epcisBody={"queryResults": results})
    assert send(gateway, sent).status_code == 202
    xml = gateway.call("GET", EVENTS, headers=XML).text
    assert send(gateway, xml.replace("urn:x:a", "urn:x:b"), kind="application/xml"
                ).status_code == 202
    assert names(gateway, "") == {"a", "b"}


def test_more_events_than_announced_are_refused_with_both_limits(line, gateway):
    line.site.configure(limits={"capture_events_max": 2})
    line.site.restart()
    gateway.url = line.site.url
    assert gateway.call("OPTIONS", TOP + "/capture").headers["GS1-EPCIS-Capture-Limit"] == "2"
    refused = send(gateway, document(event("a"), event("b"), event("c")))
    problem = harness.assert_problem(refused, 413, "capture.events_max")
    assert problem["type"] == "epcisException:CaptureLimitExceededException"
    assert refused.headers["GS1-EPCIS-Capture-Limit"] == "2"
    assert "GS1-EPCIS-Capture-File-Size-Limit" in refused.headers
    assert names(gateway, "") == set()


def test_a_job_says_what_became_of_a_document_in_both_forms(gateway):
    bad = event("bad", action="TURN")
    assert send(gateway, document(event("a"), bad)).status_code == 400
    left = send(gateway, document(event("a"), bad),
                **{"GS1-Capture-Error-Behaviour": "proceed"}).headers["Location"]
    whole = send(gateway, document(event("b"))).headers["Location"]
    rules = lxml.etree.XMLSchema(lxml.etree.parse(
        need(DATA / "gs1-EPCIS/XSD-2.0/EPCglobal-epcis-2_0.xsd")))
    for location, success, behaviour in ((left, False, "proceed"), (whole, True, "rollback")):
        job = gateway.get(location)
        assert job["captureErrorBehaviour"] == behaviour
        assert (job["running"], job["success"]) == (False, success)
        assert job["createdAt"] <= job["finishedAt"] and location.endswith(job["captureID"])
        assert [e["status"] for e in job["errors"]] == ([] if success else [400])
        xml = lxml.etree.fromstring(gateway.call("GET", location, headers=XML).content)
        rules.assertValid(xml)
        assert xml.attrib == {"running": "false", "success": str(success).lower(),
                              "captureID": job["captureID"]}
        assert [e.findtext("type") for e in xml.findall("errors/error")] == [
            e["type"] for e in job["errors"]]
    jobs = [job["captureID"] for job in gateway.get(TOP + "/capture")]
    assert jobs == [whole.rsplit("/", 1)[1], left.rsplit("/", 1)[1]]


def test_times_of_recording_are_the_services_own_and_missing_ids_are_filled_once(gateway):
    capture(gateway, event("a", recordTime="2001-01-01T00:00:00Z"), event("b", eventID=None))
    first = listed(gateway.get(EVENTS))
    assert all(e["recordTime"] > "2026" for e in first)
    identity = first[1]["eventID"]
    assert re.fullmatch(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", identity)
    capture(gateway, event("b", eventID=None))
    assert [e["eventID"] for e in listed(gateway.get(EVENTS))] == ["urn:x:a", identity]


def test_one_event_is_posted_bare_and_answered_with_itself(gateway):
    bare = {"@context": CONTEXT, **event("one", eventID=HASH_ID)}
    made = send(gateway, bare, EVENTS)
    assert made.status_code == 201 and made.json()["eventID"] == HASH_ID
    assert made.headers["Location"] == f"{EVENTS}/{quote(HASH_ID, safe='')}"
    assert listed(gateway.get(made.headers["Location"]))
    problem = harness.assert_problem(send(gateway, bare, EVENTS), 409, "event.id_taken")
    assert problem["type"] == "epcisException:ResourceAlreadyExistsException"
    assert send(gateway, xml_event("two"), EVENTS, kind="application/xml").status_code == 201
    assert code(send(gateway, event("three"), EVENTS)) == "epcis.context"
    assert send(gateway, document(event("three")), EVENTS).status_code == 400
    declared = {**bare, "errorDeclaration": {"declarationTime": "2026-01-03T00:00:00Z"}}
    assert send(gateway, declared, EVENTS).status_code == 201
    assert len(listed(gateway.get(made.headers["Location"]))) == 2
    found = listed(gateway.get(EVENTS, params={"EQ_eventID": HASH_ID}))
    assert sorted("errorDeclaration" in e for e in found) == [False, True]
    for query, count in (("true", 1), ("1", 1), ("", 1), ("false", 3)):
        assert len(listed(gateway.get(f"{EVENTS}?EXISTS_errorDeclaration={query}"))) == count


def test_what_is_captured_comes_back_whole(gateway):
    sent = event("a", epcList=["urn:x:2", "urn:x:1", "urn:x:2"],
                 eventTime="2026-01-02T03:04:05.123456+01:00", **{
                     "ex:a": {"@value": "12.50", "@type": "xsd:decimal"}, "ex:nothing": None,
                     "ex:list": [1, "b", True, {"ex:deep": ["x", {"ex:er": 0.1}]}], "ex:yes": False})
    capture(gateway, sent, context=[CONTEXT, {"ex": EX}])
    found = one(gateway, "a", **AS_SENT)
    assert found.pop("recordTime") and found == sent


# ---- pages

def test_pages_lead_on_until_the_last_and_tokens_end(gateway):
    capture(gateway, *(event(str(n)) for n in range(35)))
    first = gateway.call("GET", EVENTS)
    assert len(listed(first.json())) == 30
    expires = datetime.datetime.fromisoformat(
        first.headers["GS1-Next-Page-Token-Expires"].replace("Z", "+00:00"))
    left = expires - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=50) < left <= datetime.timedelta(hours=1)
    last = gateway.call("GET", first.links["next"]["url"])
    assert len(listed(last.json())) == 5 and not last.links
    assert "GS1-Next-Page-Token-Expires" not in last.headers
    counted = gateway.call("GET", EVENTS + "?orderBy=eventTime&eventCountLimit=5&perPage=3")
    rest = gateway.call("GET", counted.links["next"]["url"])
    assert len(listed(counted.json())) == 3 and len(listed(rest.json())) == 2 and not rest.links
    problem = gateway.refused("GET", EVENTS + "?perPage=3&maxEventCount=34", status=413)
    assert problem["type"] == "epcisException:QueryTooLargeException"
    token = re.search(r"nextPageToken=([^&>]+)", first.headers["Link"])[1]
    gateway.delete(f"{TOP}/nextPageToken/{token}", 204)
    gateway.refused("GET", first.links["next"]["url"], status=400, code="page.token")
    for wrong in ("perPage=0", "perPage=-1", "perPage=x", "nextPageToken=x"):
        gateway.refused("GET", f"{EVENTS}?{wrong}", status=400)


LINK = "https://id.gs1.org/01/09521999000006/21/"
PAGED = ("capture", "queries", "queries/q0/subscriptions", "bizSteps", "epcs", "eventTypes",
         "events", "queries/q0/events")


def three_of_each(make_site):
    site = make_site()
    site.configure(subscriptions={"private": True})
    gateway = make_gateway(harness.Line(site.start()))
    for n, step in enumerate(("shipping", "packing", "receiving")):
        capture(gateway, event(step, bizStep=step))
        gateway.post(TOP + "/queries", {"name": f"q{n}", "query": {}}, 201)
        gateway.post(TOP + "/queries/q0/subscriptions",
                     {"dest": "http://127.0.0.1:9/", "schedule": {"month": "1", "second": "0"}}, 201)
    return site, gateway


@pytest.mark.parametrize("path", PAGED)
def test_every_list_has_pages(make_site, path):
    _, gateway = three_of_each(make_site)
    url, got = f"{TOP}/{path}?perPage=2", []
    while url:
        answer = gateway.call("GET", url)
        page = answer.json()
        items = page if isinstance(page, list) else page.get("member") or listed(page)
        assert 1 <= len(items) <= 2
        got += map(json.dumps, items)
        url = answer.links.get("next", {}).get("url")
    assert len(got) == len(set(got)) == (5 if path == "eventTypes" else 3)


# EPCIS-2.0-PAGES
@pytest.mark.parametrize("path", ["bizSteps", "dispositions", "readPoints", "bizLocations",
                                  "epcs"])
def test_pages_of_resources_stay_as_they_were_while_events_arrive(gateway, path):
    """Of what was there when the first page was told, all comes once; of what arrives, nothing
    comes twice."""
    def arrive(*numbers):
        capture(gateway, *(event(f"{path}-{n}", bizStep=f"urn:x:step:{n}",
                                 disposition=f"urn:x:disposition:{n}",
                                 readPoint={"id": f"urn:x:point:{n}"},
                                 bizLocation={"id": f"urn:x:place:{n}"},
                                 epcList=[f"{LINK}{n}"]) for n in numbers))

    arrive(*range(10, 40, 3))
    before = set(gateway.get(f"{TOP}/{path}?perPage=100")["member"])
    assert len(before) == 10
    url, got, more = f"{TOP}/{path}?perPage=3", [], iter((11, 38, 9, 21, 99, 10))
    while url:
        answer = gateway.call("GET", url)
        got += answer.json()["member"]
        arrive(next(more))
        url = answer.links.get("next", {}).get("url")
    assert len(got) == len(set(got)) and before <= set(got)


def test_a_token_of_any_list_is_its_callers_and_can_be_given_back(make_site):
    site, gateway = three_of_each(make_site)
    other = site.as_role("gateway", client="acme")
    for path in PAGED:
        url = f"{TOP}/{path}?perPage=2&nextPageToken="
        link = gateway.call("GET", f"{TOP}/{path}?perPage=2").headers["Link"]
        token = re.search(r"nextPageToken=([^>&]+)", link)[1]
        assert gateway.call("GET", url + token).ok, path
        for caller, call in ((other, "GET"), (other, "DELETE"), (gateway, "DELETE"),
                             (gateway, "GET")):
            place = f"{TOP}/nextPageToken/{token}" if call == "DELETE" else url + token
            if (caller, call) == (gateway, "DELETE"):
                caller.delete(place, 204)
            else:
                caller.refused(call, place, status=400, code="page.token")
        gateway.refused("GET", url + token.upper(), status=400, code="page.token")
    link = gateway.call("GET", f"{TOP}/queries/q0/subscriptions?perPage=2").headers["Link"]
    token = re.search(r"nextPageToken=([^>&]+)", link)[1]  # of another query's list
    gateway.refused("GET", f"{TOP}/queries/q1/subscriptions?nextPageToken={token}", status=400,
                    code="page.token")


def test_pages_are_no_part_of_a_named_query(told):
    for query in ({"perPage": 5}, {"nextPageToken": "x"}):
        told.refused("POST", TOP + "/queries", {"name": uuid.uuid4().hex, "query": query},
                     status=400, code="query.unknown")


# ---- questions

@pytest.mark.parametrize("query, wanted", [
    ("EQ_action=ADD", {"add"}), ("EQ_action=&EQ_bizStep=shipping", {"ship"}),
    ("EQ_bizStep=shipping%7Cpacking", {"ship"}), ("eventType=https://x.example/E", set()),
    ("EQ_disposition=https://ref.gs1.org/cbv/Disp-in_transit", {"full"}),
    ("MATCH_epc=urn:epc:idpat:sgtin:0614141.*.*", {"ship"}),
    ("MATCH_epc=https://id.gs1.org/01/10614141123459/21/1", {"ship"}),
    ("MATCH_epcClass=urn:epc:idpat:sgtin:0614141.*.*", {"pattern"}),
    ("MATCH_epcClass=urn:epc:idpat:sgtin:0614141.112345.*", {"pattern"}),
    ("EQ_readPoint=https://id.gs1.org/414/9506000000015", {"full"}),
    ("GE_eventTime=2026-03-01T10:00:00Z&LT_eventTime=2026-03-01T12:00:01%2B02:00", {"ship"}),
    ("GE_eventTime=2026-03-01T12:00:00+02:00", {"ship"}),
    ("EQ_value_KEL=299.15", {"full"}), ("GT_value_FAH=78", {"full"}),
    ("EQ_type=Temperature&EQ_deviceID=urn:epc:id:giai:9506000.77", {"full"}),
    ("EXISTS_sensorElementList=", {"full"}), ("EQ_quantity=3", {"pattern"}),
    ("EQ_source_owning_party=https://id.gs1.org/417/9506000000039", {"full"}),
    ("EQ_ex:n=5", {"ship"}), ("GT_ex:n=4.9", {"ship"}), ("EQ_ex:s=a,b", {"ship"}),
    ("GT_ex:s=4", set()), ("GE_ex:t=2025-12-31T23:00:00-01:00", {"ship"}),
    ("EXISTS_ex:n=true", {"ship"}), ("EQ_INNER_ex:deep=x", {"ship"}),
    ("EQ_https://example.com/ns/%23n=5", {"ship"}), ("EQ_ILMD_ex:grade=A", {"add"}),
    ("EQ_ILMD_cbvmda:lotNumber=L7", {"add"}),
    ("EQ_ILMD_urn:epcglobal:cbv:mda%23lotNumber=L7", {"add"})])
def test_parameters_find_what_was_captured(told, query, wanted):
    assert names(told, query, **{"GS1-Extensions": f"ex={EX}"}) == wanted


@pytest.mark.parametrize("query, status", [
    ("EQ_action=ADD&EQ_action=ADD", 400), ("nosuch=1", 400), ("EQ_action=TURN", 400),
    ("eventType=Nope", 400), ("GE_eventTime=2026-03-01", 400), ("EQ_quantity=x", 400),
    ("EQ_unknown:n=5", 400), ("eventCountLimit=1", 400), ("orderBy=foo", 400),
    ("eventCountLimit=1&orderBy=eventTime&maxEventCount=2", 400), ("EQ_booleanValue=2", 400),
    ("orderBy=eventTime&orderDirection=UP", 400), ("MATCH_epc=urn:epc:idpat:sgtin:*.112345.1", 400),
    ("maxEventCount=1", 413)])
def test_what_is_no_question_is_refused(told, query, status):
    problem = told.refused("GET", f"{EVENTS}?{query}", status=status)
    assert problem["type"] == "epcisException:" + {
        400: "QueryParameterException", 413: "QueryTooLargeException"}[status]


def test_a_url_of_8000_octets_is_read_and_results_have_the_members_of_the_standard(told):
    long = "|".join(f"urn:x:thing:{n:04}" for n in range(450))
    assert len(long) > 7500
    assert names(told, "MATCH_epc=" + long) == set()
    answer = told.get(EVENTS, headers={"GS1-Extensions": f"ex={EX}"})
    assert answer["@context"][0] == CONTEXT and EX in answer["@context"][1].values()
    assert answer["type"] == "EPCISQueryDocument" and answer["schemaVersion"] and answer["creationDate"]
    results = answer["epcisBody"]["queryResults"]
    assert results["queryName"] == "SimpleEventQuery" and "subscriptionID" not in results
    xml = lxml.etree.fromstring(told.call("GET", EVENTS, headers=XML).content)
    assert xml.tag == "{urn:epcglobal:epcis-query:xsd:2}EPCISQueryDocument"


def test_named_queries_have_names_of_their_own(gateway):
    query = {"@context": [CONTEXT, {"my": EX}], "EQ_my:n": 5, "EQ_bizStep": ["receiving"]}
    capture(gateway, event("a", **{"ex:n": 5}), event("b"), context=[CONTEXT, {"ex": EX}])
    made = gateway.call("POST", TOP + "/queries", {"name": "mine", "query": query})
    assert (made.status_code, made.content) == (201, b"")
    assert gateway.get(TOP + "/queries/mine") == {"name": "mine", "query": query}
    assert gateway.get(TOP + "/queries") == [{"name": "mine", "query": query}]
    answer = gateway.get(TOP + "/queries/mine/events")
    assert answer["epcisBody"]["queryResults"]["queryName"] == "mine"
    assert [e["eventID"] for e in listed(answer)] == ["urn:x:a"]
    for name in ("mine", "SimpleEventQuery"):
        problem = gateway.refused("POST", TOP + "/queries", {"name": name, "query": {}}, status=409)
        assert problem["type"] == "epcisException:ResourceAlreadyExistsException"
    gateway.refused("POST", TOP + "/queries", {"name": "y"}, status=400)


# ---- from one repository to another

def unnamed(text):
    """Without eventIDs and times of recording, in either form."""
    return re.sub(r'"(eventID|recordTime)":"[^"]*",|<(eventID|recordTime)>.*?</\2>', "", text)


def test_what_was_told_can_be_told_again_elsewhere(make_site):
    here, there = (make_gateway(harness.Line(make_site(name).start())) for name in ("a", "b"))
    capture(here, event("1", eventID=None, **FULL),
            event("2", eventID=None, action="ADD", ilmd={"ex:grade": {"ex:of": ["A", "B"]}}),
            event("3", eventID=None, certificationInfo="https://a.example/1", **{"ex:n": 12.50}),
            context=[CONTEXT, {"ex": EX}])
    ids = {e["eventID"] for e in listed(here.get(EVENTS))}
    assert len(ids) == 3 and all(i.startswith("ni:///sha-256;") for i in ids)
    for kind in ("application/json", "application/xml"):
        for wish in ("Never_Translates", "Always_EPC_URN", "Always_GS1_Digital_Link"):
            for words in ("Always_URN", "Always_Web_URI"):
                answer = here.call("GET", EVENTS, headers={
                    "Accept": kind, "GS1-EPC-Format": wish, "GS1-CBV-XML-Format": words})
                sent = send(there, unnamed(answer.text), kind=kind)
                assert sent.status_code == 202, sent.text
                assert {e["eventID"] for e in listed(there.get(EVENTS))} == ids, (kind, wish)
                assert len(listed(there.get(EVENTS))) == 3
