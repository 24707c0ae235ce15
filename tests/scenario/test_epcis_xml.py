"""EPCIS documents in XML that others made, judged as the official schemas judge them, and told on.

They lie in $PACKTRAIL_SHARED, else in ../shared; where they are absent nothing is tested, and said.
"""
import functools
import json
import re

import lxml.etree
import pytest

from epcis_documents import faults
from harness import packtrail

# Where we differ from the schema's verdict: the file's end, our code, and the line of the
# checklist (beside the documents) that has us differ.
REFUSED = {
    "CertificationInfoAndSensorReportWithCRS.xml": ("epcis.sensor_time", "9.11"),
    "event_with_identical_hash_id_1.xml": ("epcis.sensor_time", "9.11"),
    "event_with_identical_hash_id_3.xml": ("epcis.sensor_time", "9.11"),
    "event_with_identical_hash_id_4.xml": ("epcis.sensor_time", "9.11"),
    "event_with_identical_hash_id_5.xml": ("epcis.sensor_time", "9.11"),
    "transaction_event_all_possible_fields.xml": ("epcis.sensor_time", "9.11"),
    "transformation_event_all_possible_fields.xml": ("epcis.sensor_time", "9.11"),
    "2.0/EPCIS/XML/Capture/Documents/CurieString_document.xml": ("epcis.sensor_time", "9.11"),
    "Namespaces_at_different_level.xml": ("epcis.sensor_time", "9.11"),
    "2.0/EPCIS/XML/Capture/Documents/ObjectEvent_all_possible_fields.xml":
        ("epcis.sensor_time", "9.11"),
    "Combination_of_different_event.xml": ("gs1.check_digit", "13"),
    "2.0/EPCIS/XML/Capture/Documents/SensorData_with_combined_events.xml": ("gs1.zero", "13"),
    "Request_ObjectEvent_WithMasterdata.xml": ("epcis.ids_missing", "9"),
    # the schema of 1.2 takes anything in the innermost extension, sensorMetaData too
    "examples-xml-1.2/AssociationEvent.xml": ("epcis.unknown_element", "11.5"),
    "document-converter/xml-1.2/AssociationEvent.xml": ("epcis.unknown_element", "11.5"),
    # messages of other interfaces
    "Example-CaptureJobRunning.xml": ("epcis.document", "4.5"),
    "Example-CaptureJobWithErrors.xml": ("epcis.document", "4.5"),
    "QueryTooLargeRequest.xml": ("epcis.no_results", "14"),
}
MESSAGES = ("/queries/", "/Queries/")  # of the query interface: requests, answers, faults


@pytest.fixture(scope="module")
def verdicts(shared):
    data = shared / "standards/data"
    rows = json.loads((data / "manifest/validity.json").read_text())["files"]
    return {data / row["file"]: row["valid"] for row in rows
            if row["format"] == "xml" and not any(m in row["file"] for m in MESSAGES)}


@functools.cache
def judged(paths):
    """What `validate` says of each file: its first line's code, or None."""
    said = packtrail("validate", *paths, timeout=120).stdout.splitlines()
    found = {}
    for path in paths:
        lines = [line[len(str(path)) + 2:] for line in said if line.startswith(f"{path}: ")]
        assert lines, f"nothing is said of {path}"
        found.setdefault(path, None if lines[0] == "ok" else lines[0].split()[0])
    return found


def test_what_the_schemas_call_valid_is_read(verdicts):
    paths = tuple(path for path, valid in verdicts.items() if valid)
    assert len(paths) > 50
    listed = set()
    for path, code in judged(paths).items():
        ours = [end for end in REFUSED if str(path).endswith(end)]
        listed.update(ours)
        assert code == (REFUSED[ours[0]][0] if ours else None), path
    assert listed == set(REFUSED), "an exception that is none any more"


def test_what_the_schemas_call_invalid_is_refused(verdicts):
    paths = tuple(path for path, valid in verdicts.items() if valid is False)
    assert len(paths) > 20
    for path, code in judged(paths).items():
        assert code is not None, path


def test_events_alone_are_read(verdicts):
    paths = tuple(p for p, valid in verdicts.items() if valid is None)
    codes = judged(paths)
    assert [p.name for p in paths if codes[p] is not None] == ["ObjectEvent_Full.xml"]
    assert codes[next(p for p in paths if p.name == "ObjectEvent_Full.xml")] == "epcis.order"


# ---- told on

SCHEMAS = {
    "urn:epcglobal:epcis:xsd:1": "XSD-1.2/EPCglobal-epcis-1_2.xsd",
    "urn:epcglobal:epcis:xsd:2": "XSD-2.0/EPCglobal-epcis-2_0.xsd",
    "urn:epcglobal:epcis-query:xsd:1": "XSD-1.2/EPCglobal-epcis-query-1_2.xsd",
    "urn:epcglobal:epcis-query:xsd:2": "XSD-2.0/EPCglobal-epcis-query-2_0.xsd",
}


@functools.cache
def schema(path):
    return lxml.etree.XMLSchema(lxml.etree.parse(path))


def wrong(text, shared):
    """What the schema of its version finds in a document."""
    if text.lstrip()[:1] == "{":
        return faults(text.encode())
    root = lxml.etree.fromstring(text.encode())
    rules = schema(shared / "standards/data/gs1-EPCIS" / SCHEMAS[lxml.etree.QName(root).namespace])
    rules.validate(root)
    return [str(fault) for fault in rules.error_log]


def convert(form, path, folder, prefixes=()):
    """The path of the document in that form, or what was said instead."""
    done = packtrail("convert", "--to", form, *prefixes, path)
    if done.returncode != 0:
        return None, done.stderr
    out = folder / f"{path.stem}.{form}"
    out.write_text(done.stdout)
    return out, done.stderr


def hashes(path):
    done = packtrail("hash", path)
    assert done.returncode == 0, (path, done.stderr)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def examples(shared):
    folder = shared / "standards/data/derived/made-examples"
    found = [p for ends in ("xml-2.0/*.xml", "xml-1.2/*.xml", "json-2.0/*.jsonld")
             for p in folder.glob(f"*/{ends}") if "masterdata-document" not in p.name]
    assert len(found) > 50
    return found


def test_every_form_of_a_document_tells_the_same(examples, shared, tmp_path):
    """Its hashes are those of the original, whatever way it went, and the schemas have no fault."""
    for path in examples:
        own = hashes(path)
        for form in ("xml-2.0", "json-ld"):
            there, said = convert(form, path, tmp_path)
            assert there is not None, (path, said)
            assert wrong(there.read_text(), shared) == [], (path, form)
            assert hashes(there) == own, (path, form)
            back, said = convert("xml-2.0", there, tmp_path)
            assert back is not None, (path, said)
            assert hashes(back) == own, (path, form)


def test_xml_told_again_is_the_same_text(examples, tmp_path):
    for path in examples:
        once, _ = convert("xml-2.0", path, tmp_path)
        twice, _ = convert("xml-2.0", once, tmp_path)
        assert once.read_text() == twice.read_text(), path


NOT_IN_1_2 = re.compile(r"association-|object-(certification|persistent-disposition|sensor"
                        r"|special-serials)")  # special-serials has the word "conformant"


def test_epcis_1_2_has_all_but_what_came_later(examples, shared, tmp_path):
    prefixes = tmp_path / "prefixes"
    prefixes.write_text("9521141\n")
    for path in examples:
        there, said = convert("xml-1.2", path, tmp_path, ("--prefixes", prefixes))
        if NOT_IN_1_2.match(path.name):
            assert there is None and "epcis.not_in_1_2" in said, path
            continue
        assert there is not None, (path, said)
        assert wrong(there.read_text(), shared) == [], path
        assert hashes(there) == hashes(path), path
