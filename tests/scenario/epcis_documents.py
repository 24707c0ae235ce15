"""Reads EPCIS documents as a stranger would: against the official schemas, and event by event.

The schemas are GS1's and no part of the project: they lie in $PACKTRAIL_SHARED, else in ../shared.
Nothing here is taken from the service, so that it can be judged by it.
"""
import collections
import datetime
import functools
import json
import re
import uuid
from urllib.parse import unquote

import jsonschema
import lxml.etree
import pytest

import harness

DATA = harness.SHARED / "standards/data"
JSON_SCHEMAS = [
    DATA / "ratified-copies/2.0/epcis-json-schema-2.0.0.json",
    DATA / "ratified-copies/2.0/epcis-json-schema-2.0.1.json",
]
XML_SCHEMA = DATA / "gs1-EPCIS/XSD-1.2/EPCglobal-epcis-1_2.xsd"

# RFC 3986, as far as characters go. jsonschema needs further libraries for checks of its own.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]"
                 r"|%[0-9A-Fa-f]{2})+")
FORMATS = jsonschema.FormatChecker([])
MDA = "{urn:epcglobal:cbv:mda}"


@FORMATS.checks("uri")
def _is_uri(value):
    return not isinstance(value, str) or URI.fullmatch(value) is not None


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value):
    return not isinstance(value, str) or datetime.datetime.fromisoformat(value).tzinfo is not None


def need(path):
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


@functools.cache
def json_rules(path):
    rules = json.loads(need(path).read_text())
    jsonschema.Draft7Validator.check_schema(rules)
    return jsonschema.Draft7Validator(rules, format_checker=FORMATS)


@functools.cache
def xml_rules():
    return lxml.etree.XMLSchema(lxml.etree.parse(need(XML_SCHEMA)))


def faults(body):
    """What the official schemas find wrong in a document; skips where they are absent."""
    if body.lstrip()[:1] == b"{":
        document = json.loads(body)
        return [f"{path.stem} {fault.json_path}: {fault.message}" for path in JSON_SCHEMAS
                for fault in json_rules(path).iter_errors(document)]
    rules = xml_rules()
    rules.validate(lxml.etree.fromstring(body))
    return [str(fault) for fault in rules.error_log]


# Words stand without the URIs around them; objects are spelled (01)…(21)… or (00)….
Event = collections.namedtuple(
    "Event", "id type action step epcs parent time recorded lot expiry papers")


def events(body):
    """The events of a document in either form, in order."""
    if body.lstrip()[:1] == b"{":
        return [_json_event(e) for e in json.loads(body)["epcisBody"]["eventList"]]
    tree = lxml.etree.fromstring(body)
    return [_xml_event(e) for e in tree.find(".//EventList")]


def _json_event(e):
    ilmd = e.get("ilmd", {})
    return Event(e["eventID"], e["type"], e["action"], e["bizStep"],
                 tuple(map(bracketed, e.get("epcList", e.get("childEPCs", ())))),
                 bracketed(e.get("parentID")), e["eventTime"], e.get("recordTime"),
                 ilmd.get("cbvmda:lotNumber"), ilmd.get("cbvmda:itemExpirationDate"),
                 tuple((p["type"], p["bizTransaction"]) for p in e.get("bizTransactionList", ())))


def _xml_event(e):
    step = e.findtext("bizStep").rsplit(":", 1)[-1]
    papers = tuple((p.get("type").rsplit(":", 1)[-1], p.text.strip())
                   for p in e.iterfind("bizTransactionList/bizTransaction"))
    epcs = [x.text for where in ("epcList/epc", "childEPCs/epc") for x in e.iterfind(where)]
    return Event(e.findtext("baseExtension/eventID"), e.tag, e.findtext("action"), step,
                 tuple(map(bracketed, epcs)), bracketed(e.findtext("parentID")),
                 e.findtext("eventTime"), e.findtext("recordTime"),
                 e.findtext(f".//{MDA}lotNumber"), e.findtext(f".//{MDA}itemExpirationDate"),
                 papers)


def check_digit(digits):
    """GS1 General Specifications 7.9: weights 3, 1 from the right."""
    total = sum(int(d) * (1 if i % 2 else 3) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def pack(gtin, serial):
    r"""How a pack is spelled with brackets; an opening one in a serial is \(."""
    return f"(01){gtin}(21)" + serial.replace("(", r"\(")


def bracketed(epc):
    """(01)…(21)… or (00)… of an EPC URN or a Digital Link URI."""
    if epc is None:
        return None
    if epc.startswith("urn:epc:id:sgtin:"):
        prefix, item, serial = epc.removeprefix("urn:epc:id:sgtin:").split(".", 2)
        return pack(check_digit(item[0] + prefix + item[1:]), unquote(serial))
    if epc.startswith("urn:epc:id:sscc:"):
        prefix, serial = epc.removeprefix("urn:epc:id:sscc:").split(".")
        return f"(00){check_digit(serial[0] + prefix + serial[1:])}"
    if match := re.fullmatch(r"https://id\.gs1\.org/01/(\d{14})/21/([^/]+)", epc):
        return pack(match[1], unquote(match[2]))
    match = re.fullmatch(r"https://id\.gs1\.org/00/(\d{18})", epc)
    assert match, f"{epc} is spelled in no known way"
    return f"(00){match[1]}"


def event_id(journal_id, seq, part=0):
    """The id under which an event of the journal is known outside, for ever."""
    return f"urn:uuid:{uuid.uuid5(uuid.UUID(journal_id), f'{seq}/{part}/0')}"
