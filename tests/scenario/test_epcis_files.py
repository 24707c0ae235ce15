"""`packtrail validate`, `hash` and `convert` on the documents that GS1 and others have published, on
documents that break one rule each, and on streams."""
import collections
import functools
import json

import lxml.etree
import pytest

from epcis_documents import DATA, faults
from harness import packtrail

BROKEN = DATA / "derived/made-examples/set-A/invalid-json-2.0"
XML_SCHEMAS = {
    "{urn:epcglobal:epcis:xsd:1}EPCISDocument": "XSD-1.2/EPCglobal-epcis-1_2.xsd",
    "{urn:epcglobal:epcis:xsd:2}EPCISDocument": "XSD-2.0/EPCglobal-epcis-2_0.xsd",
    "{urn:epcglobal:epcis-masterdata:xsd:1}EPCISMasterDataDocument":
        "XSD-1.2/EPCglobal-epcis-masterdata-1_2.xsd",
    "{urn:epcglobal:epcis-masterdata:xsd:2}EPCISMasterDataDocument":
        "XSD-2.0/EPCglobal-epcis-masterdata-2_0.xsd",
    "{urn:epcglobal:epcis-query:xsd:1}EPCISQueryDocument": "XSD-1.2/EPCglobal-epcis-query-1_2.xsd",
    "{urn:epcglobal:epcis-query:xsd:2}EPCISQueryDocument": "XSD-2.0/EPCglobal-epcis-query-2_0.xsd",
}

# Schemas cannot tell these rules; documents that pass the schemas break them. By file, below the
# code that refuses it; in brackets what binds: a number of the checklist whose case among the
# broken documents has mustReject true (9.11) or "policy" (9.6; number 16 wants both refused), or
# one of GS1KEYS, which says "reject" (9.12) or what digits stand where (2, AI 8003).
RULES = {
    "epcis.sensor_time": ("9.11", """
        RalphTro-epcis-event-hash-generator/examples/CertificationInfoAndSensorReportWithCRS.jsonld
        RalphTro-epcis-event-hash-generator/examples/CertificationInfoAndSensorReportWithCRS.xml
        evrythng-epcis2.js/data/EPCISDocument-AggregationEvent.json
        gs1-EPCIS/examples-json-2.0/WithFullCombinationOfFields/object_event_all_possible_fields.jsonld
        gs1-EPCIS/examples-xml-2.0/WithEventHashID/event_with_identical_hash_id_1.xml
        gs1-EPCIS/examples-xml-2.0/WithEventHashID/event_with_identical_hash_id_3.xml
        gs1-EPCIS/examples-xml-2.0/WithEventHashID/event_with_identical_hash_id_4.xml
        gs1-EPCIS/examples-xml-2.0/WithEventHashID/event_with_identical_hash_id_5.xml
        gs1-EPCIS/examples-xml-2.0/WithFullCombinationOfFields/transaction_event_all_possible_fields.xml
        gs1-EPCIS/examples-xml-2.0/WithFullCombinationOfFields/transformation_event_all_possible_fields.xml
        openepcis-test-resources/2.0/EPCIS/JSON/Capture/Documents/CurieString_document.json
        openepcis-test-resources/2.0/EPCIS/JSON/Capture/Documents/Namespaces_at_different_level.json
        openepcis-test-resources/2.0/EPCIS/JSON/Capture/Documents/ObjectEvent_all_possible_fields.json
        openepcis-test-resources/2.0/EPCIS/JSON/Query/CurieString_document.json
        openepcis-test-resources/2.0/EPCIS/JSON/Query/ObjectEventWithAllPossibleFields.json
        openepcis-test-resources/2.0/EPCIS/XML/Capture/Documents/CurieString_document.xml
        openepcis-test-resources/2.0/EPCIS/XML/Capture/Documents/Namespaces_at_different_level.xml
        openepcis-test-resources/2.0/EPCIS/XML/Capture/Documents/ObjectEvent_all_possible_fields.xml
    """),
    "epcis.sensor_twice": ("9.11", """
        evrythng-epcis2.js/data/EPCISDocument-AssociationEvent.json
        gs1-EPCIS/examples-json-2.0/WithFullCombinationOfFields/association_event_all_possible_fields.jsonld
    """),
    "epcis.class": ("9.6", """
        RalphTro-epcis-event-hash-generator/examples/epclist_normalisation.jsonld
        evrythng-epcis2.js/data/hashing/epclist_normalisation.json
    """),
    "gs1.check_digit": ("GS1KEYS 9.12", """
        openepcis-event-sentry/events/valid-event.json
        openepcis-test-resources/2.0/EPCIS/JSON/Capture/Documents/Combination_of_different_event.json
        openepcis-test-resources/2.0/EPCIS/XML/Capture/Documents/Combination_of_different_event.xml
    """),
    "gs1.zero": ("GS1KEYS 2", """
        openepcis-test-resources/2.0/EPCIS/XML/Capture/Documents/SensorData_with_combined_events.xml
    """),
}
# What the schemas accept and the checklist leaves to us.
CHOICES = {
    "epcis.prefix": ("10.2", """
        evrythng-epcis2.js/data/hashing/epcisDocWithVariousEventTypes.json
        openepcis-event-sentry/events/TransformationBareEvent.json
    """),
    "epcis.type": ("9.16", "gs1-EPCIS/schema-test-events/Extended-Event.json"),
    "epcis.ids_missing": ("9.1", """
        louisaxel-FasTnT/resources/v2_0/Communication/Resources/Requests/Request_ObjectEvent_WithMasterdata.xml
    """),
    "epcis.unknown_element": ("11.5", """
        gs1-EPCIS/examples-xml-1.2/AssociationEvent.xml
        openepcis-document-converter/xml-1.2/AssociationEvent.xml
    """),
}
# What one format has a place for and another has not.
NOT_CONVERTIBLE = {"epcis.not_in_1_2", "epcis.not_in_xml"}
# A sensorReport with an exception alone is right in XML (9.11); the JSON Schema wants a type.
UNTYPED = "sensorReport", "'type' is a required property"


def by_file(table):
    return {name: code for code, (_, names) in table.items() for name in names.split()}


@functools.cache
def published():
    """The documents of events among all published files: file -> does the schema take it?"""
    path = DATA / "manifest/validity.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    events = ("EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument", "ObjectEvent",
              "AggregationEvent", "TransactionEvent", "TransformationEvent", None)
    return {row["file"]: row for row in json.loads(path.read_text())["files"]
            if row["valid"] is not None and row.get("root") in events}


@functools.cache
def verdicts():
    """file -> [code, …], empty for those that are accepted."""
    files = list(published())
    done = packtrail("validate", *(DATA / file for file in files), timeout=600)
    found = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        path, said = line.split(": ", 1)
        found[path].append(said)
    assert done.returncode == 1 and not done.stderr
    result = {}
    for file in files:
        said = found[str(DATA / file)]
        assert said, file
        result[file] = [] if said == ["ok"] else [line.split(" ")[0] for line in said]
    # messages of the query interface (polls, subscriptions, exceptions) hold no events
    return {file: codes for file, codes in result.items() if codes != ["epcis.no_results"]}


def test_published_documents_get_the_verdict_of_the_schemas_but_for_known_rules():
    rules, choices = by_file(RULES), by_file(CHOICES)
    wrong, seen = [], set()
    for file, codes in verdicts().items():
        wanted = published()[file]["valid"]
        if (not codes) == wanted:
            continue
        seen.add(file)
        if (rules.get(file) or choices.get(file)) not in codes:
            wrong.append((file, wanted, codes))
    assert not wrong
    assert seen == set(rules) | set(choices)  # none has outlived its reason


def test_what_is_left_to_us_differs_from_the_schemas_in_at_most_three_of_a_hundred():
    assert len(by_file(CHOICES)) <= 0.03 * len(verdicts())
    assert len(verdicts()) > 250


@pytest.fixture(scope="module")
def broken():
    if not BROKEN.is_dir():
        pytest.skip(f"{BROKEN} is absent")
    return {case["file"]: case for case in json.loads((BROKEN / "index.json").read_text())["cases"]}


# One document a rule, and the rule that it must be refused by; "" where it is accepted.
BROKEN_CODES = {
    "ilmd-with-observe": "epcis.ilmd_extra",
    "ilmd-with-delete": "epcis.ilmd_extra",
    "object-no-what": "epcis.ids_missing",
    "object-no-action": "epcis.action_missing",
    "action-lower-case": "epcis.action",
    "no-eventTime": "epcis.time_missing",
    "eventTime-without-zone": "time.zone",
    "eventTime-impossible-day": "time.range",
    "no-eventTimeZoneOffset": "epcis.zone_missing",
    "eventTimeZoneOffset-Z": "epcis.zone",
    "eventTimeZoneOffset-15h": "epcis.zone",
    "quantity-zero-no-uom": "epcis.quantity",
    "quantity-fraction-no-uom": "epcis.quantity",
    "uom-without-quantity": "epcis.quantity",
    "uom-lower-case": "epcis.uom",
    "epcClass-is-instance": "epcis.instance",
    "epc-bad-uri": "epcis.uri",
    "sgtin-wrong-digit-count": "gs1.urn_form",
    "sscc-wrong-digit-count": "gs1.urn_form",
    "sgtin-unescaped-slash": "gs1.character",
    "epc-tag-uri": "gs1.scheme_unsupported",
    "epc-idpat-in-epcList": "epcis.class",
    "dl-wrong-check-digit": "gs1.check_digit",
    "aggregation-add-no-parent": "epcis.parent_missing",
    "aggregation-delete-no-parent": "epcis.parent_missing",
    "aggregation-add-no-children": "epcis.ids_missing",
    "transaction-empty-list": "epcis.bt_missing",
    "transaction-no-list": "epcis.bt_missing",
    "transformation-inputs-only-no-id": "epcis.ids_missing",
    "transformation-with-action": "json.unknown_field",
    "association-no-parent": "epcis.parent_missing",
    "association-add-no-children": "epcis.ids_missing",
    "association-observe-no-children": "epcis.ids_missing",
    "persistent-disposition-empty": "epcis.missing",
    "bizStep-unknown-bare-word": "epcis.word",
    "bizStep-urn-in-json": "epcis.word_spelling",
    "disposition-unknown-bare-word": "epcis.word",
    "source-without-type": "epcis.type_missing",
    "extension-without-prefix": "json.unknown_field",
    "extension-undeclared-prefix": "epcis.prefix",
    "sensor-dup-deviceID": "epcis.sensor_twice",
    "sensor-dup-time": "epcis.sensor_twice",
    "sensor-time-after-eventTime": "epcis.sensor_time",
    "sensor-report-no-type": "epcis.sensor_type_missing",
    "sensor-no-report": "epcis.sensor_report_missing",
    "sensor-only-without-readPoint": "epcis.read_point_missing",
    "error-declaration-no-time": "epcis.error_time_missing",
    "error-did-not-occur-with-corrective": "epcis.error_corrected",
    "document-without-context": "epcis.context",
    "document-without-schemaVersion": "epcis.missing",
    "document-schemaVersion-1.2": "",
    "document-no-eventList": "epcis.missing",
    "document-no-creationDate": "epcis.missing",
}


def test_every_document_that_breaks_a_rule_is_refused_by_that_rule(broken):
    assert {name.removesuffix(".jsonld") for name in broken} == set(BROKEN_CODES)
    for name, case in broken.items():
        done = packtrail("validate", BROKEN / name)
        code = BROKEN_CODES[name.removesuffix(".jsonld")]
        if code == "":
            assert case["mustReject"] is None
            assert (done.returncode, done.stdout) == (0, f"{BROKEN / name}: ok\n")
        else:
            assert done.returncode == 1, name
            assert done.stdout.startswith(f"{BROKEN / name}: {code} "), done.stdout


# ---- hashes and round trips

def hashes(path):
    done = packtrail("hash", path)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


def schema_faults(path):
    body = path.read_bytes()
    if body.lstrip()[:1] == b"{":
        return [fault for fault in faults(body) if not all(part in fault for part in UNTYPED)]
    root = lxml.etree.fromstring(body)
    schema = DATA / "gs1-EPCIS" / XML_SCHEMAS[root.tag]
    rules = xml_rules(schema)
    rules.validate(root)
    return [str(fault) for fault in rules.error_log]


@functools.cache
def xml_rules(path):
    return lxml.etree.XMLSchema(lxml.etree.parse(path))


def ways():
    """Of every accepted document the formats that it is brought to, one after the other."""
    for file, codes in verdicts().items():
        row = published()[file]
        if codes or not row["valid"]:
            continue
        if row["format"] == "json":
            yield file, ("xml-2.0", "json-ld")
        elif row["namespace"].endswith(":1"):
            yield file, ("xml-2.0", "xml-1.2")
        else:
            yield file, ("json-ld", "xml-2.0")


def test_documents_keep_their_hash_ids_and_hold_to_the_schemas_from_format_to_format(tmp_path):
    counted = collections.Counter()
    for file, formats in ways():
        path = DATA / file
        wanted = hashes(path)
        for step, form in enumerate(formats):
            done = packtrail("convert", "--to", form, path)
            if done.returncode != 0:
                codes = {line.split(": ")[1].split(" ")[0] for line in done.stderr.splitlines()}
                assert codes <= NOT_CONVERTIBLE, (file, form, done.stderr)
                counted.update(codes)
                break
            path = tmp_path / f"{step}"
            path.write_text(done.stdout)
            assert hashes(path) == wanted, (file, form)
            assert not schema_faults(path), (file, form)
            assert packtrail("validate", path).stdout == f"{path}: ok\n", (file, form)
        else:
            counted["kept"] += 1
    assert counted["kept"] > 150
    assert sum(counted.values()) - counted["kept"] < 15, counted
