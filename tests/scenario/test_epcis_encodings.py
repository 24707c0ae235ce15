"""XML is taken in every encoding that its declaration may name, at every door alike, and kept and
told as UTF-8."""
from urllib.parse import quote

import pytest

import harness
import soap
from epcis_calls import EVENTS, TOP, XML, code, names, one, send, xml_document, xml_event

DOORS = {"capture": (TOP + "/capture", 202), "event": (EVENTS, 201),
         "capture of 1.2": ("/epcis/v1/capture", 200)}
ENCODINGS = {"ISO-8859-1": "iso-8859-1", "UTF-16": "utf-16", "UTF-16 big": "utf-16-be",
             "UTF-16 little": "utf-16-le", "windows-1252": "cp1252", "UTF-8": "utf-8",
             "UTF-8 with a mark": "utf-8-sig"}
WORD = "Zürich"
NOTE = f'<x:note xmlns:x="https://a.example/ns/">{WORD}</x:note>'


@pytest.fixture(scope="module")
def gateway(make_story_site):
    line = harness.Line(make_story_site().start())
    return line.site.as_role("gateway", client="acme")


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
