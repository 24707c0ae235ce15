"""Callers of /epcis/v2: small events and documents, sent as JSON or XML, and asked for again."""
import json
from urllib.parse import quote

TOP = "/epcis/v2"
EVENTS = TOP + "/events"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EX = "https://example.com/ns/"
XML = {"Accept": "application/xml"}
AS_SENT = {"GS1-EPC-Format": "Never_Translates"}


def event(name, **more):
    made = {"type": "ObjectEvent", "eventID": f"urn:x:{name}", "eventTime": "2026-01-02T03:04:05Z",
            "eventTimeZoneOffset": "+01:00", "action": "OBSERVE", "bizStep": "receiving",
            "epcList": [f"urn:x:thing:{name}"], **more}
    return {k: v for k, v in made.items() if v is not None}


def document(*events, context=CONTEXT, **more):
    return {"@context": context, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-01-02T03:04:05Z", "epcisBody": {"eventList": list(events)}, **more}


def xml_document(*events, version="2.0"):
    return (f'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:{version[0]}" schemaVersion='
            f'"{version}" creationDate="2026-01-02T03:04:05Z"><EPCISBody><EventList>'
            + "".join(events) + "</EventList></EPCISBody></e:EPCISDocument>")


def xml_event(name, more="", step="urn:epcglobal:cbv:bizstep:receiving"):
    return ("<ObjectEvent><eventTime>2026-01-02T03:04:05Z</eventTime><eventTimeZoneOffset>+00:00"
            f"</eventTimeZoneOffset><eventID>urn:x:{name}</eventID><epcList><epc>urn:x:thing:{name}"
            f"</epc></epcList><action>OBSERVE</action><bizStep>{step}</bizStep>{more}</ObjectEvent>")


def send(caller, body, path=TOP + "/capture", kind="application/json", **more):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return caller.call("POST", path, body, headers={"Content-Type": kind, **more})


def capture(caller, *events, **more):
    answer = send(caller, document(*events, **more))
    assert answer.status_code == 202, answer.text
    assert caller.get(answer.headers["Location"])["success"]


def listed(answer):
    return answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def one(caller, name, **headers):
    found, = listed(caller.get(f"{EVENTS}/{quote('urn:x:' + name, safe='')}", headers=headers))
    return found


def names(caller, query, **headers):
    """Of the events that fit."""
    found = listed(caller.get(f"{EVENTS}?perPage=1000&{query}", headers=headers))
    return {e["eventID"].removeprefix("urn:x:") for e in found}


def code(answer):
    return answer.json()["code"] if answer.status_code >= 400 else answer.status_code
