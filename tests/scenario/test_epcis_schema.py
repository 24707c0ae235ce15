"""Every EPCIS document that the service writes holds to the official schemas."""
import json
import os
import pathlib
import subprocess

import lxml.etree
import pytest

from epcis_documents import DATA, JSON_SCHEMAS, faults, json_rules, need

WRITER = pathlib.Path(os.environ.get("PACKTRAIL_BIN", "build/packtrail")).parent
SAMPLES = {"commission", "commission_sscc", "pack", "unpack", "unpack_all", "ship", "decommission",
           "all", "none"}


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("epcis")
    subprocess.run([WRITER / "unit/epcis_render_test", folder], check=True, timeout=60)
    return folder


def samples(folder, suffix):
    found = {path.stem: path for path in folder.glob(f"*.{suffix}")}
    assert set(found) == SAMPLES
    return found.values()


def test_json_documents_hold_to_the_schemas(documents):
    for document in samples(documents, "jsonld"):
        assert not faults(document.read_bytes()), document.name


def test_json_schema_would_tell(documents):
    validator = json_rules(JSON_SCHEMAS[1])
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
    for document in samples(documents, "xml"):
        assert not faults(document.read_bytes()), document.name


def test_xml_schema_would_tell(documents):
    document = lxml.etree.parse(documents / "ship.xml")
    action = document.find(".//action")
    action.getparent().insert(0, action)  # the order of elements is fixed
    assert faults(lxml.etree.tostring(document))


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


def test_a_transaction_statement_holds_to_the_schemas(tmp_path):
    subprocess.run([WRITER / "unit/epcis_statement_test", tmp_path], check=True, timeout=60)
    assert not faults((tmp_path / "statement.jsonld").read_bytes())
    assert not faults((tmp_path / "statement.xml").read_bytes())
    rules = lxml.etree.XMLSchema(lxml.etree.parse(
        need(DATA / "gs1-EPCIS/XSD-2.0/EPCglobal-epcis-2_0.xsd")))
    rules.assertValid(lxml.etree.parse(tmp_path / "statement.xml2"))
