"""Every EPCIS document that the service writes holds to the official schemas.

The schemas are GS1's and no part of the project: they lie in $PACKTRAIL_SHARED, else in ../shared.
"""
import datetime
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import lxml.etree
import pytest

DATA = pathlib.Path(os.environ.get("PACKTRAIL_SHARED", "../shared")) / "standards/data"
JSON_SCHEMAS = [
    DATA / "ratified-copies/2.0/epcis-json-schema-2.0.0.json",
    DATA / "ratified-copies/2.0/epcis-json-schema-2.0.1.json",
]
XML_SCHEMA = DATA / "gs1-EPCIS/XSD-1.2/EPCglobal-epcis-1_2.xsd"
WRITER = pathlib.Path(os.environ.get("PACKTRAIL_BIN", "build/packtrail")).parent
SAMPLES = {"commission", "commission_sscc", "pack", "unpack", "unpack_all", "ship", "decommission",
           "all", "none"}

# RFC 3986, as far as characters go. jsonschema needs further libraries for checks of its own.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]"
                 r"|%[0-9A-Fa-f]{2})+")
FORMATS = jsonschema.FormatChecker([])


@FORMATS.checks("uri")
def is_uri(value):
    return not isinstance(value, str) or URI.fullmatch(value) is not None


@FORMATS.checks("date-time", raises=ValueError)
def is_time(value):
    return not isinstance(value, str) or datetime.datetime.fromisoformat(value).tzinfo is not None


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("epcis")
    subprocess.run([WRITER / "unit/epcis_render_test", folder], check=True, timeout=60)
    return folder


def schema(path):
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def samples(folder, suffix):
    found = {path.stem: path for path in folder.glob(f"*.{suffix}")}
    assert set(found) == SAMPLES
    return found.values()


@pytest.mark.parametrize("path", JSON_SCHEMAS, ids=lambda path: path.stem)
def test_json_documents_hold_to_the_schema(documents, path):
    rules = json.loads(schema(path).read_text())
    jsonschema.Draft7Validator.check_schema(rules)
    validator = jsonschema.Draft7Validator(rules, format_checker=FORMATS)
    for document in samples(documents, "jsonld"):
        faults = [f"{e.json_path}: {e.message}"
                  for e in validator.iter_errors(json.loads(document.read_text()))]
        assert not faults, document.name


def test_json_schema_would_tell(documents):
    rules = json.loads(schema(JSON_SCHEMAS[1]).read_text())
    validator = jsonschema.Draft7Validator(rules, format_checker=FORMATS)
    for key, value in (("bizStep", "no_such_step"), ("eventTime", "yesterday"),
                       ("epcList", ["not a URI"]), ("sourceList", [{"source": "urn:x:y"}])):
        document = json.loads((documents / "ship.jsonld").read_text())
        document["epcisBody"]["eventList"][0][key] = value
        assert not validator.is_valid(document), key


def test_json_declares_every_prefix(documents):
    for document in samples(documents, "jsonld"):
        whole = json.loads(document.read_text())
        known = {name for part in whole["@context"] if isinstance(part, dict) for name in part}
        for event in whole["epcisBody"]["eventList"]:
            own = known | set(event.get("@context", {}))
            for key in [*event, *event.get("ilmd", {})]:
                assert ":" not in key or key.split(":")[0] in own, (document.name, key)


def test_xml_documents_hold_to_the_schema(documents):
    rules = lxml.etree.XMLSchema(lxml.etree.parse(schema(XML_SCHEMA)))
    for document in samples(documents, "xml"):
        rules.validate(lxml.etree.parse(document))
        assert not list(rules.error_log), document.name


def test_xml_schema_would_tell(documents):
    rules = lxml.etree.XMLSchema(lxml.etree.parse(schema(XML_SCHEMA)))
    document = lxml.etree.parse(documents / "ship.xml")
    action = document.find(".//action")
    action.getparent().insert(0, action)  # the order of elements is fixed
    assert not rules.validate(document)


def test_both_formats_tell_the_same(documents):
    """What is not spelled per format is read back equal from both."""
    for name in SAMPLES:
        json_events = json.loads((documents / f"{name}.jsonld").read_text())["epcisBody"]
        xml_events = lxml.etree.parse(documents / f"{name}.xml").find(".//EventList")
        assert len(json_events["eventList"]) == len(xml_events)
        for ours, theirs in zip(json_events["eventList"], xml_events):
            assert ours["type"] == theirs.tag
            assert ours["action"] == theirs.findtext("action")
            for key in ("eventTime", "recordTime", "eventTimeZoneOffset"):
                assert ours.get(key) == theirs.findtext(key)
            assert ours["eventID"] == theirs.findtext("baseExtension/eventID")
            assert "urn:epcglobal:cbv:bizstep:" + ours["bizStep"] == theirs.findtext("bizStep")
            assert len(ours.get("epcList", ours.get("childEPCs", []))) == len(theirs.findall(".//epc"))
            lot = theirs.findtext(".//{urn:epcglobal:cbv:mda}lotNumber")
            assert ours.get("ilmd", {}).get("cbvmda:lotNumber") == lot
