"""How bodies may come: XML in any encoding, members of JSON in any order, torn in their first
bytes, with an event more than once."""
import json
import socket
import time
from urllib.parse import quote

import pytest

import harness
import soap
from epcis_calls import (
    CONTEXT, EVENTS, TOP, XML, code, document, event, listed, names, one, send, xml_document,
    xml_event)
from test_capture import finished

DOORS = {"capture": (TOP + "/capture", 202), "event": (EVENTS, 201),
         "capture of 1.2": ("/epcis/v1/capture", 200)}
ENCODINGS = {"ISO-8859-1": "iso-8859-1", "UTF-16": "utf-16", "UTF-16 big": "utf-16-be",
             "UTF-16 little": "utf-16-le", "windows-1252": "cp1252", "UTF-8": "utf-8",
             "UTF-8 with a mark": "utf-8-sig"}
EX = "https://a.example/ns/"
WORD = "Zürich"
NOTE = f'<x:note xmlns:x="https://a.example/ns/">{WORD}</x:note>'


@pytest.fixture(scope="module")
def story(make_story_site):
    return harness.Line(make_story_site().start())


@pytest.fixture(scope="module")
def gateway(story):
    return story.site.as_role("gateway", client="acme")


def written(text, encoding):
    declared = encoding.split()[0]
    return f'<?xml version="1.0" encoding="{declared}"?>\n{text}'.encode(ENCODINGS[encoding])


def text_for(door, name):
    made = xml_event(name, NOTE)
    if door == "event":
        return made
    if door == "capture":
        return xml_document(made)
    named = f"<eventID>urn:x:{name}</eventID>"
    return xml_document(made.replace(named, f"<baseExtension>{named}</baseExtension>"),
                        version="1.2")


# ---- XML

@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("door", DOORS)
def test_every_encoding_is_taken_at_every_door(gateway, door, encoding):
    path, status = DOORS[door]
    name = quote(f"{door}-{encoding}".replace(" ", "-"))
    answer = send(gateway, written(text_for(door, name), encoding), path, "application/xml")
    assert answer.status_code == status, answer.text
    assert one(gateway, name)["x:note"] == WORD
    told = gateway.call("GET", f"{EVENTS}/{quote('urn:x:' + name, safe='')}", headers=XML)
    assert WORD in told.content.decode("utf-8")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_call_of_soap_has_any_encoding(gateway, encoding):
    name = encoding.replace(" ", "-")
    note = f'<x:note xmlns:x="https://a.example/ns/">{WORD} {name}</x:note>'
    send(gateway, xml_document(xml_event(f"soap-{name}", note)), kind="application/xml")
    call = soap.envelope("<q:Poll><queryName>SimpleEventQuery</queryName>" + soap.params(
        [("EQ_https://a.example/ns/#note", [f"{WORD} {name}"])]) + "</q:Poll>").decode()
    (found,) = soap.Client(gateway).send(written(call, encoding)).find("resultsBody/EventList")
    assert found.findtext("baseExtension/eventID") == f"urn:x:soap-{name}"


@pytest.mark.parametrize("door", DOORS)
def test_bytes_that_are_none_of_the_encoding_are_refused_at_every_door(gateway, door):
    text = text_for(door, "torn")
    for body in (written(text, "UTF-8").replace(b"UTF-8", b"EBCDIC-X"),
                 written(text, "UTF-16")[:-1], written(text, "UTF-8").replace(b"UTF-8", b"ASCII")):
        answer = send(gateway, body, DOORS[door][0], "application/xml")
        assert code(answer) == "xml.encoding", answer.text
    assert "torn" not in names(gateway, "")


# ---- JSON

def in_order(order, sort_events, *events):
    """A document whose members stand in this order."""
    made = document(*events, context=[CONTEXT, {"ex": EX}])
    made["epcisHeader"] = {"epcisMasterData": {"vocabularyList": [
        {"type": "urn:epcglobal:epcis:vtype:ReadPoint", "vocabularyElementList": [
            {"id": "urn:x:gate", "attributes": [{"id": "urn:x:name", "attribute": "Gate"}]}]}]}}
    assert set(order) == set(made)
    return json.dumps({k: made[k] for k in order}, sort_keys=sort_events)


ORDERS = {
    "sorted": sorted(["@context", "type", "schemaVersion", "creationDate", "epcisHeader",
                      "epcisBody"]),
    "body first": ["epcisBody", "epcisHeader", "creationDate", "schemaVersion", "type",
                   "@context"],
    "context last": ["type", "schemaVersion", "creationDate", "epcisHeader", "epcisBody",
                     "@context"],
}
SIZES = {"many": (250, ""), "large": (700, "x" * 600)}  # over a slice; over 256 KB, too


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("order", ORDERS)
def test_members_of_a_document_of_any_size_stand_in_any_order(gateway, order, size, behaviour):
    count, filling = SIZES[size]
    mark = f"{order}-{size}-{behaviour}".replace(" ", "-")
    made = [event(f"{mark}-{n}", **{"ex:note": mark, "ex:filling": filling})
            for n in range(count)]
    sent = send(gateway, in_order(ORDERS[order], order == "sorted", *made),
                **{"GS1-Capture-Error-Behaviour": behaviour})
    assert sent.status_code == 202, sent.text
    job = finished(gateway, sent.headers["Location"])
    assert job["success"] and job["progress"]["stored"] == count, job
    found = names(gateway, f"EQ_ex:note={mark}", **{"GS1-Extensions": f"ex={EX}"})
    assert found == {f"{mark}-{n}" for n in range(count)}


def test_a_caller_that_hangs_up_while_it_is_read_again_leaves_all_or_nothing(line):
    gateway = line.site.as_role("gateway", client="acme")
    host, port = gateway.url.split("//")[1].split(":")
    for n in range(3):
        made = [event(f"gone-{n}-{i}", **{"ex:note": f"gone-{n}", "ex:filling": "x" * 2000})
                for i in range(1000)]
        body = in_order(ORDERS["context last"], False, *made).encode()
        head = (f"POST {TOP}/capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Authorization: {gateway.http.headers['Authorization']}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        with socket.create_connection((host, int(port)), timeout=harness.CALL_S) as s:
            s.sendall(head + body)
    deadline = time.monotonic() + 60
    while list((line.site.folder / "spool").iterdir()):
        assert time.monotonic() < deadline, "its bytes are still there"
        time.sleep(0.05)
    jobs = [finished(gateway, f"{TOP}/capture/{job['captureID']}")
            for job in gateway.get(TOP + "/capture")]
    assert all(job["success"] and job["progress"]["stored"] == 1000 for job in jobs)
    found = [names(gateway, f"EQ_ex:note=gone-{n}", **{"GS1-Extensions": f"ex={EX}"})
             for n in range(3)]
    assert sorted(map(len, found)) == [0] * (3 - len(jobs)) + [1000] * len(jobs)


# ---- in pieces

def torn(text):
    """Byte by byte at first, as a slow sender's network may have it."""
    yield from (text[i:i + 1] for i in range(8))
    yield text[8:]


STARTS = {"mark": ("utf-8-sig", ""), "blanks": ("utf-8", " \n" * 40), "UTF-16": ("utf-16", ""),
          "UTF-16 big": ("utf-16-be", "")}


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("form, start", [
    (form, start) for form in ("json", "xml", "1.2") for start in STARTS
    if form != "json" or "UTF-16" not in start])
def test_a_body_may_be_torn_in_its_first_bytes(gateway, form, start, labelled):
    name = f"torn-{form}-{start}-{labelled}".replace(" ", "-")
    encoding, blanks = STARTS[start]
    path, status = DOORS["capture of 1.2" if form == "1.2" else "capture"]
    text = json.dumps(document(event(name))) if form == "json" else \
        text_for("capture of 1.2" if form == "1.2" else "capture", name)
    kind = {"Content-Type": "application/json" if form == "json" else "text/xml"}
    answer = gateway.call("POST", path, torn((blanks + text).encode(encoding)),
                          headers=kind if labelled else {})
    assert answer.status_code == status, answer.text
    assert one(gateway, name)["eventID"] == f"urn:x:{name}"


def test_a_torn_body_that_is_not_what_it_says_is_refused(gateway):
    for kind, text in (("application/json", "<a/>"), ("text/xml", json.dumps(document()))):
        answer = gateway.call("POST", TOP + "/capture", torn(text.encode("utf-8-sig")),
                              headers={"Content-Type": kind})
        assert code(answer) == "body.mislabelled"


# ---- the same event again

URNS = ["urn:epc:id:sgtin:9506000.013435.T1", "urn:epc:id:sgtin:9506000.013435.T2"]
LINKS = [f"https://id.gs1.org/01/09506000134352/21/T{n}" for n in (1, 2)]
TWINS = {
    "in the same bytes": lambda one: one,
    "a blank apart": lambda one: one.replace(": ", ":  ", 1),
    "in other spellings": lambda one: one.replace(URNS[0], LINKS[0]).replace(URNS[1], LINKS[1]),
    "of its time": lambda one: one.replace("03:04:05Z", "04:04:05.000+01:00"),
}


def as_document(events, padding):
    text = json.dumps(document(context=[CONTEXT, {"ex": EX}]))
    others = [json.dumps(event(f"padding-{n}", **{"ex:filling": "x" * 1000}))
              for n in range(padding)]
    return text.replace("[]", "[" + ", ".join([*events, *others]) + "]")


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
@pytest.mark.parametrize("padding", [0, 400], ids=["small", "large"])
@pytest.mark.parametrize("twin", TWINS)
def test_an_event_that_comes_again_in_its_document_is_a_repeat(gateway, twin, padding, behaviour):
    name = f"{twin}-{padding}-{behaviour}".replace(" ", "-")
    first = json.dumps(event(name, epcList=URNS))
    body = as_document([first, TWINS[twin](first)], padding)
    sent = send(gateway, body, **{"GS1-Capture-Error-Behaviour": behaviour})
    assert sent.status_code == 202, sent.text
    job = finished(gateway, sent.headers["Location"])
    assert job["success"], job
    assert job["progress"]["stored"] + job["progress"]["repeats"] == 2 + padding
    assert job["progress"]["repeats"] >= 1
    assert one(gateway, name)["eventID"] == f"urn:x:{name}"
    again = send(gateway, json.dumps({"@context": CONTEXT, **json.loads(TWINS[twin](first))}),
                 EVENTS)
    assert code(again) == "event.id_taken" and again.status_code == 409


@pytest.mark.parametrize("padding", [0, 400], ids=["small", "large"])
def test_another_event_of_its_id_is_an_error_of_the_document(gateway, padding):
    for behaviour, stored in (("rollback", False), ("proceed", True)):
        name = f"another-{padding}-{behaviour}"
        events = [json.dumps(event(name, epcList=URNS[:n])) for n in (1, 2)]
        sent = send(gateway, as_document(events, padding),
                    **{"GS1-Capture-Error-Behaviour": behaviour})
        job = finished(gateway, sent.headers["Location"])
        (error,) = job["errors"]
        assert not job["success"] and (error["code"], error["index"]) == ("event.id_taken", 1)
        assert (name in names(gateway, f"EQ_eventID=urn:x:{name}")) == stored


# ---- all or nothing, whatever the size

LONG = "urn:x:" + "a" * 900
REFUSED = {
    "an object": dict(epcList=[LONG]),
    "a parent": dict(type="AggregationEvent", action="ADD", epcList=None, parentID=LONG,
                     childEPCs=["urn:x:child"]),
    "an output": dict(type="TransformationEvent", action=None, epcList=None,
                      inputEPCList=["urn:x:in"], outputEPCList=[LONG]),
}


def with_others(events, wrong, padding):
    """The wrong one stands last, behind so many good ones."""
    good = [json.dumps(event(f"good-{n}", **{"ex:filling": "x" * 1000})) for n in range(padding)]
    return as_document([*events, *good, json.dumps(wrong)], 0)


@pytest.mark.parametrize("padding", [0, 400], ids=["small", "large"])
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_taken_is_refused_with_its_document_or_told(gateway, what, padding):
    mark = f"refused-{what}-{padding}".replace(" ", "-")
    wrong = {k: v for k, v in event(mark + "-wrong", **REFUSED[what]).items() if v is not None}
    events = [json.dumps(event(mark))]
    refused = send(gateway, with_others(events, wrong, padding))
    harness.assert_problem(refused, 400, "foreign.too_long")
    assert refused.json()["index"] == 1 + padding
    assert mark not in names(gateway, f"EQ_eventID=urn:x:{mark}")
    sent = send(gateway, with_others(events, wrong, padding),
                **{"GS1-Capture-Error-Behaviour": "proceed"})
    job = finished(gateway, sent.headers["Location"])
    (error,) = job["errors"]
    assert not job["success"] and job["progress"]["refused"] == 1
    assert (error["code"], error["index"]) == ("foreign.too_long", 1 + padding)
    assert error["at"] == refused.json()["at"] > 0
    assert mark in names(gateway, f"EQ_eventID=urn:x:{mark}")


@pytest.mark.parametrize("padding", [0, 400], ids=["small", "large"])
def test_an_error_of_a_job_says_where_it_is(gateway, padding):
    wrong = event(f"where-{padding}", action="TURN")
    body = with_others([json.dumps(event(f"where-{padding}-good"))], wrong, padding)
    refused = send(gateway, body)
    harness.assert_problem(refused, 400, "epcis.action")
    at = refused.json()["at"]
    assert body[at:].startswith('"TURN"')
    sent = send(gateway, body, **{"GS1-Capture-Error-Behaviour": "proceed"})
    (error,) = finished(gateway, sent.headers["Location"])["errors"]
    assert error == refused.json()
    told = gateway.call("GET", sent.headers["Location"], headers=XML).text
    assert f'<at xmlns="urn:packtrail:problem">{at}</at>' in told
    twice = [json.dumps(event(f"where-twice-{padding}", epcList=URNS[:n])) for n in (1, 2)]
    sent = send(gateway, as_document(twice, padding))
    (error,) = finished(gateway, sent.headers["Location"])["errors"]
    assert "at" not in error  # it is no fault of one place


@pytest.mark.parametrize("padding", [0, 400], ids=["small", "large"])
def test_a_distributor_tells_nothing_of_the_site_in_any_document(story, gateway, padding):
    site = story.site
    site.admin.put("/v1/parties/9506000200019", {"name": "W"})
    distributor = site.as_role("distributor", client="acme", party="9506000200019")
    mark = f"distributor-{padding}"
    wrong = event(mark + "-wrong", action="ADD", bizStep="commissioning")
    body = with_others([json.dumps(event(mark, epcList=["urn:x:theirs"]))], wrong, padding)
    harness.assert_problem(send(distributor, body), 403, "access.role")
    assert mark not in names(gateway, f"EQ_eventID=urn:x:{mark}")
    sent = send(distributor, body, **{"GS1-Capture-Error-Behaviour": "proceed"})
    job = finished(distributor, sent.headers["Location"])
    assert [(e["code"], e["index"]) for e in job["errors"]] == [("access.role", 1 + padding)]


def test_a_large_document_of_1_2_with_what_cannot_be_taken_is_refused_whole(gateway):
    def of_1_2(name, epc):
        named = f"<eventID>urn:x:{name}</eventID>"
        made = xml_event(name, f'<x:note xmlns:x="https://a.example/ns/">{"x" * 600}</x:note>')
        assert made.count("<epc>") == 1
        made = made.replace(named, f"<baseExtension>{named}</baseExtension>")
        return made if epc is None else made[:made.index("<epc>") + 5] + epc + made[
            made.index("</epc>"):]

    made = [of_1_2(f"twelve-{n}", None) for n in range(500)]
    body = xml_document("".join([*made, of_1_2("twelve-wrong", LONG)]), version="1.2")
    answer = send(gateway, body, "/epcis/v1/capture", "application/xml")
    harness.assert_problem(answer, 400, "foreign.too_long")
    assert "twelve-0" not in names(gateway, "EQ_eventID=urn:x:twelve-0")


@pytest.mark.parametrize("padding", [0, 400], ids=["small", "large"])
def test_other_content_of_a_made_id_is_an_error_of_every_document(gateway, padding):
    mark = f"made-{padding}"

    def sent(*notes):
        events = [event(None, epcList=[f"urn:x:{mark}"], **{"rdfs:comment": note})
                  for note in notes]
        events = [json.dumps({k: v for k, v in e.items() if k != "eventID"}) for e in events]
        answer = send(gateway, as_document(events, padding))
        assert answer.status_code == 202, answer.text
        return finished(gateway, answer.headers["Location"])

    def found():
        query = gateway.get(f"{EVENTS}?MATCH_epc=urn:x:{mark}")
        return [e["rdfs:comment"]
                for e in query["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]

    job = sent("Ann", "Ben")
    assert [(e["code"], e["index"]) for e in job["errors"]] == [("event.id_taken", 1)]
    assert not found()
    assert sent("Ann", "Ann")["success"] and found() == ["Ann"]
    assert sent("Ann")["progress"]["repeats"] == 1 + padding
    job = sent("Ben")
    assert [(e["code"], e["index"]) for e in job["errors"]] == [("event.id_taken", 0)]
    assert job["progress"]["stored"] == 0 and found() == ["Ann"]


# ---- what a line reported, told again

WAYS = {"alone": (0, EVENTS), "small": (0, TOP + "/capture"), "large": (400, TOP + "/capture")}


def reported(story, gateway):
    """The event that it is told by."""
    story.commission(story.serials(2))
    told = listed(gateway.get(f"{EVENTS}?EQ_bizStep=commissioning&perPage=1000"))[-1]
    assert told["eventID"].startswith("urn:uuid:")
    return told


def told_again(gateway, made, way):
    padding, path = WAYS[way]
    made = {"@context": [CONTEXT, {"cbvmda": "urn:epcglobal:cbv:mda:"}], **made}
    body = json.dumps(made) if path == EVENTS else as_document([json.dumps(made)], padding)
    answer = send(gateway, body, path)
    if answer.status_code != 202:
        return code(answer)
    job = finished(gateway, answer.headers["Location"])
    assert job["success"] or job["progress"]["stored"] == 0
    return [e["code"] for e in job["errors"]]


def by_id(gateway, told):
    return listed(gateway.get(f"{EVENTS}/{quote(told['eventID'], safe='')}"))


@pytest.mark.parametrize("way", WAYS)
def test_what_a_line_reported_keeps_its_event_id(story, gateway, way):
    told = reported(story, gateway)
    alone = way == "alone"
    again = told_again(gateway, told, way)
    assert again == ("event.id_taken" if alone else [])
    assert by_id(gateway, told) == [told]
    other = {k: v for k, v in told.items() if k != "ilmd"} | {"bizStep": "inspecting",
                                                              "action": "OBSERVE"}
    later = other | {"eventTime": "2026-01-02T03:04:05Z"}  # the unit is the same
    for made in (other, later):
        again = told_again(gateway, made, way)
        assert again == ("event.id_taken" if alone else ["event.id_taken"])
        assert by_id(gateway, told) == [told]


@pytest.mark.parametrize("way", WAYS)
def test_an_error_declaration_of_what_a_line_reported_stands_beside_it(story, gateway, way):
    told = reported(story, gateway)
    wrong = told | {"errorDeclaration": {"declarationTime": "2026-01-02T03:04:05Z",
                                         "reason": "incorrect_data"}}
    assert told_again(gateway, wrong, way) == (201 if way == "alone" else [])
    assert ["errorDeclaration" in e for e in by_id(gateway, told)] == [False, True]


def test_an_event_that_took_a_lines_event_id_does_not_hide_it(story, gateway):
    """Neither its time nor its object says that it is meant."""
    told = reported(story, gateway)
    other = event("other", eventTime="2025-01-02T03:04:05Z", eventID=told["eventID"])
    told_again(gateway, other, "alone")
    found = by_id(gateway, told)
    assert found[0] == told and [e["bizStep"] for e in found[1:]] == ["receiving"]


# ---- what is no JSON and no XML

def json_broken(good, how):
    """The event in the middle is one of what the text breaks in."""
    text = json.dumps(document(*good[:1], "HERE", *good[1:]))
    return text.replace('"HERE"', how), "application/json"


def xml_broken(good, how):
    made = [xml_event(e["eventID"].removeprefix("urn:x:"), f"<x:note xmlns:x='{EX}'>"
                      f"{e.get('ex:filling', '')}</x:note>") for e in good]
    return xml_document(*made[:1], how, *made[1:]), "application/xml"


BROKEN = {
    "brackets": (json_broken, '{"a":1]', "json.syntax"),
    "a wrong action before": (json_broken, '{"action":"TURN","a":1]', "json.syntax"),
    "an escape": (json_broken, '{"type":"NoEvent","a":"\\q"}', "json.syntax"),
    "a number": (json_broken, '{"type":"NoEvent","a":01}', "json.number"),
    "an end tag": (xml_broken, xml_event("broken").replace("</action>", "</acton>"),
                   "xml.syntax"),
    "a wrong action in front": (
        xml_broken, xml_event("broken", "<a>&</a>").replace("OBSERVE", "TURN"), "xml.syntax"),
    "a prefix": (xml_broken, xml_event("broken", "<p:a/>"), "xml.prefix"),
}


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
@pytest.mark.parametrize("padding", [1, 400], ids=["small", "large"])
@pytest.mark.parametrize("what", BROKEN)
def test_a_text_that_breaks_off_is_no_document(gateway, what, padding, behaviour):
    broken, how, wanted = BROKEN[what]
    mark = f"text-{what}-{padding}-{behaviour}".replace(" ", "-")
    good = [event(f"{mark}-{n}", **{"ex:filling": "x" * 1000}) for n in range(1 + padding)]
    body, kind = broken(good, how)
    refused = send(gateway, body, kind=kind, **{"GS1-Capture-Error-Behaviour": behaviour})
    assert refused.status_code == 400, refused.text
    if behaviour == "proceed":
        harness.assert_problem(refused, 400, wanted)
    assert not names(gateway, f"EQ_eventID=urn:x:{mark}-0|urn:x:{mark}-{padding}")
