"""Which events of others are taken, which are refused and by which rule, and how they come back,
whatever form they were sent in. Sent to the service that runs, one document each."""
import json
import zlib

import lxml.etree
import pytest

import harness
import soap
from epcis_calls import (
    AS_SENT, CONTEXT, EVENTS, EX, TOP, XML, capture, code, document, event, listed, names, one,
    send, xml_document, xml_event)

CLASS = "urn:epc:class:lgtin:9506000.013430.L1"
PLACE = {"id": "urn:epc:id:sgln:9506000.00001.0"}
REPORT = {"type": "Temperature", "value": 4.5, "uom": "CEL"}


@pytest.fixture(scope="module")
def gateway(make_story_site):
    line = harness.Line(make_story_site().start())
    return line.site.as_role("gateway", client="acme")


@pytest.fixture
def name(request):
    """Of the event of this test."""
    return f"{zlib.crc32(request.node.name.encode()):x}"


def quantity(**more):
    return {"epcList": None, "quantityList": [{"epcClass": CLASS, **more}]}


def sensors(metadata=None, **report):
    return {"sensorElementList": [{**({"sensorMetadata": metadata} if metadata else {}),
                                   "sensorReport": [{**REPORT, **report}]}]}


def of_type(kind, **more):
    return {"type": kind, "epcList": None, **more}


# ---- rules of events

TAKEN = {
    "empty epcList": {"epcList": [], "quantityList": [{"epcClass": CLASS, "quantity": 2}]},
    "all children": of_type("AggregationEvent", action="DELETE", parentID="urn:x:case"),
    "all parts": of_type("AssociationEvent", action="DELETE", parentID="urn:x:tool"),
    "papers alone": of_type("TransactionEvent", bizTransactionList=[{"bizTransaction": "urn:x:1"}]),
    "half a making": of_type("TransformationEvent", action=None, inputEPCList=["urn:x:1"],
                             transformationID="urn:x:made", ilmd={"cbvmda:lotNumber": "L"}),
    "born": {"action": "ADD", "ilmd": {"cbvmda:lotNumber": "L"}},
    "zone behind zero": {"eventTimeZoneOffset": "-00:00"},
    "zone of its own": {"eventTime": "2026-01-02T03:04:05+02:00", "eventTimeZoneOffset": "-05:00"},
    "fraction": quantity(quantity=1.5, uom="KGM"), "some": quantity(),
    "class by link": {"epcList": None, "quantityList": [
        {"epcClass": "https://id.gs1.org/01/09506000134307/10/L1", "quantity": 1}]},
    "class of ones own": {"epcList": None, "quantityList": [{"epcClass": "urn:x:sort"}]},
    "both states": {"persistentDisposition": {"set": ["damaged"], "unset": ["available"]}},
    "certified": {"certificationInfo": "https://a.example/1"},
    "sensors alone": {"epcList": None, "readPoint": PLACE, **sensors({"deviceID": "urn:x:probe"})},
    "alarm": sensors(exception="ALARM_CONDITION"),
    "own step": {"bizStep": "https://a.example/step"},
    "web step": {"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"},
    "curie": {"bizStep": "cbv:BizStep-shipping"},
    "error": {"errorDeclaration": {"declarationTime": "2026-01-03T00:00:00Z",
                                   "reason": "incorrect_data", "correctiveEventIDs": ["urn:x:2"],
                                   "ex:why": "x"}},
    "place with more": {"readPoint": {**PLACE, "ex:dock": "7"}},
    "nothing known of it": {"action": "DELETE", "bizStep": "destroying"},
    "stale hash": {"eventID": "ni:///sha-256;" + "0" * 64 + "?ver=CBV2.0"},
    "not compliant": {"bizStep": None},
    "remark": {"rdfs:comment": "x"}, "alias": {"type": None, "isA": "ObjectEvent"},
}


@pytest.mark.parametrize("change", TAKEN.values(), ids=TAKEN)
def test_what_the_rules_allow_is_taken_and_comes_back(gateway, name, change):
    sent = event(name, **change)
    capture(gateway, sent, context=[CONTEXT, {"ex": EX}])
    found, = listed(gateway.get(EVENTS, params={"EQ_eventID": sent["eventID"]}, headers=AS_SENT))
    assert found.pop("recordTime")
    if "isA" in sent:
        sent["type"] = sent.pop("isA")
    if ":BizStep-" in sent.get("bizStep", "") or "cbv/BizStep-" in sent.get("bizStep", ""):
        sent["bizStep"] = "shipping"
    for empty in [k for k, v in sent.items() if v == []]:
        del sent[empty]
    assert found == sent


REFUSED = {
    "no action": ({"action": None}, "epcis.action_missing"),
    "nothing": ({"epcList": []}, "epcis.ids_missing"),
    "no parent": (of_type("AggregationEvent", action="ADD", childEPCs=["urn:x:1"]),
                  "epcis.parent_missing"),
    "no children": (of_type("AggregationEvent", parentID="urn:x:1"), "epcis.ids_missing"),
    "no whole": (of_type("AssociationEvent", childEPCs=["urn:x:1"]), "epcis.parent_missing"),
    "no papers": (of_type("TransactionEvent", epcList=["urn:x:1"]), "epcis.bt_missing"),
    "one side": (of_type("TransformationEvent", action=None, inputEPCList=["urn:x:1"]),
                 "epcis.ids_missing"),
    "an act of making": (of_type("TransformationEvent", inputEPCList=["urn:x:1"],
                                 outputEPCList=["urn:x:2"]), "json.unknown_field"),
    "not born": ({"ilmd": {"cbvmda:lotNumber": "L"}}, "epcis.ilmd_extra"),
    "no zone": ({"eventTime": "2026-01-02T03:04:05"}, "time.zone"),
    "Z as zone": ({"eventTimeZoneOffset": "Z"}, "epcis.zone"),
    "zone too far": ({"eventTimeZoneOffset": "+14:30"}, "epcis.zone"),
    "fraction": (quantity(quantity=1.5), "epcis.quantity"),
    "negative": (quantity(quantity=-1, uom="KGM"), "epcis.quantity"),
    "unit alone": (quantity(uom="KGM"), "epcis.quantity"),
    "unit": (quantity(quantity=1, uom="kgm"), "epcis.uom"),
    "class as object": ({"epcList": ["urn:epc:idpat:sgtin:9506000.013430.*"]}, "epcis.class"),
    "object as class": ({"epcList": None, "quantityList": [
        {"epcClass": "urn:epc:id:sgtin:9506000.013430.1"}]}, "epcis.instance"),
    "tag": ({"epcList": ["urn:epc:tag:sgtin-96:1.9506000.013430.1"]}, "gs1.scheme_unsupported"),
    "raw": ({"epcList": ["urn:epc:raw:96.x1"]}, "gs1.scheme_unsupported"),
    "no state": ({"persistentDisposition": {}}, "epcis.missing"),
    "same state": ({"persistentDisposition": {"set": ["damaged", "damaged"]}}, "epcis.twice"),
    "no time of error": ({"errorDeclaration": {"reason": "incorrect_data"}},
                         "epcis.error_time_missing"),
    "corrected what was not": ({"errorDeclaration": {
        "declarationTime": "2026-01-03T00:00:00Z", "reason": "did_not_occur",
        "correctiveEventIDs": ["urn:x:1"]}}, "epcis.error_corrected"),
    "sensors nowhere": ({"epcList": None, **sensors()}, "epcis.read_point_missing"),
    "device twice": (sensors({"deviceID": "urn:x:a"}, deviceID="urn:x:b"), "epcis.sensor_twice"),
    "sensor of tomorrow": (sensors({"time": "2026-01-03T00:00:00Z"}), "epcis.sensor_time"),
    "no report": ({"sensorElementList": [{"sensorReport": []}]}, "epcis.sensor_report_missing"),
    "no measurement": (sensors(type=None), None),
    "URN in JSON": ({"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, "epcis.word_spelling"),
    "draft": ({"bizStep": "https://ns.gs1.org/cbv/BizStep-shipping"}, "epcis.word"),
    "no word": ({"disposition": "lost"}, "epcis.word"),
    "type of ones own": ({"type": "ex:Own"}, "epcis.type"),
    "type of 1.0": ({"type": "QuantityEvent"}, "epcis.type"),
    "no prefix": ({"colour": "red"}, "json.unknown_field"),
    "undeclared": ({"other:colour": "red"}, "epcis.prefix"),
    "check digit": ({"epcList": ["https://id.gs1.org/01/09506000134308/21/1"]},
                    "gs1.check_digit"),
}


@pytest.mark.parametrize("change, wanted", REFUSED.values(), ids=REFUSED)
def test_what_breaks_a_rule_is_refused_by_it_whole_and_left_out_alone(gateway, name, change, wanted):
    bad = event(name, **change)
    sent = document(event(name + "-good"), bad, context=[CONTEXT, {"ex": EX}])
    refused = send(gateway, sent)
    problem = harness.assert_problem(refused, 400, wanted)
    assert problem["type"] == "epcisException:ValidationException"
    assert names(gateway, f"EQ_eventID=urn:x:{name}|urn:x:{name}-good") == set()
    left = send(gateway, sent, **{"GS1-Capture-Error-Behaviour": "proceed"})
    job = gateway.get(left.headers["Location"])
    assert job["success"] is False and [e["code"] for e in job["errors"]] == [problem["code"]]
    assert names(gateway, f"EQ_eventID=urn:x:{name}|urn:x:{name}-good") == {name + "-good"}


# EPCIS-XML-CERTIFICATION
def test_several_certificates_have_no_xml(gateway, name):
    capture(gateway, event(name, certificationInfo=["https://a.example", "https://b.example"]))
    query = f"{EVENTS}?EQ_eventID=urn:x:{name}"
    assert len(listed(gateway.get(query))[0]["certificationInfo"]) == 2
    assert gateway.call("GET", query, headers=XML).status_code == 406


@pytest.mark.parametrize("more", [
    {"certificationInfo": ["https://a.example", "https://b.example"]}, {"ex:1abc": "x"},
    {"ex:a": [[1], [2]]}, {"ex:a": {"@id": "urn:x:a"}}, {"urn:epcglobal:epcis:xsd:2:a": "x"}],
    ids=["certificates", "name", "list in a list", "@id", "EPCIS' own"])
def test_what_has_no_xml_is_not_stored_to_be_answered_in_it(gateway, name, more):
    made = {"@context": [CONTEXT, {"ex": EX}], **event(name, **more)}
    refused = send(gateway, made, EVENTS, Accept="application/xml")
    assert refused.status_code == 406 and "event.form" in refused.text, refused.text
    assert names(gateway, f"EQ_eventID=urn:x:{name}") == set()
    assert send(gateway, made, EVENTS).status_code == 201


# ---- JSON-LD

@pytest.mark.parametrize("context", [
    CONTEXT, [CONTEXT], "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    "https://gs1.github.io/EPCIS/epcis-context.jsonld",
    "https://ns.gs1.org/epcis/epcis-context.jsonld", [{"ex": EX}, CONTEXT]],
    ids=range(6))
def test_contexts_are_known_in_all_their_spellings(gateway, name, context):
    """Of a context that is known all prefixes are: its own hold, others must be declared."""
    capture(gateway, event(name, action="ADD", ilmd={"cbvmda:lotNumber": name}), context=context)
    assert names(gateway, f"EQ_ILMD_urn:epcglobal:cbv:mda:%23lotNumber={name}") == {name}
    other = event(name + "-other", **{"other:colour": "red"})
    assert code(send(gateway, document(other, context=context))) == "epcis.prefix"
    own = [*(context if isinstance(context, list) else [context]), "https://a.example/context"]
    assert code(send(gateway, document(other, context=own))) == 202


def test_the_nearest_declaration_of_a_prefix_counts(gateway, name):
    inner = {"@context": {"p": "urn:inner:"}, "p:deep": "i"}
    capture(gateway, event(name, **{"@context": {"p": "urn:event:"}, "p:a": "e", "p:in": inner}),
            event(name + "2", **{"p:a": "d", "urn:full:name": "f"}), context=[CONTEXT, {"p": "urn:d:"}])
    for field, value, wanted in (("urn:event:%23a", "e", {name}), ("urn:d:%23a", "d", {name + "2"}),
                                 ("INNER_urn:inner:%23deep", "i", {name}),
                                 ("INNER_urn:event:%23deep", "i", set()),
                                 ("urn:full:%23name", "f", {name + "2"})):
        assert names(gateway, f"EQ_{field}={value}") == wanted, field
    assert names(gateway, "EQ_any:a=e", **{"GS1-Extensions": "any=urn:event:"}) == {name}


@pytest.mark.parametrize("text, wanted", [
    ('"type":"EPCISDocument","type":"EPCISDocument","epcisBody":{"eventList":[]}', "json.twice"),
    ('"type":"EPCISDocument","epcisBody":{"event":{}}', "epcis.event_list"),
    ('"type":"EPCISDocument","colour":"red","epcisBody":{"eventList":[]}', "json.unknown_field"),
    ('"type":"EPCISDocument","sender":"urn:x:s","receiver":"urn:x:r","instanceIdentifier":"1",'
     '"id":"urn:x:d","epcisBody":{"eventList":[]}', 202)], ids=["twice", "draft", "field", "head"])
def test_members_of_documents_are_known(gateway, text, wanted):
    head = f'{{"@context":"{CONTEXT}","schemaVersion":"2.0","creationDate":"2026-01-02T03:04:05Z",'
    assert code(send(gateway, head + text + "}")) == wanted
    without = head.replace(f'"@context":"{CONTEXT}",', "") + text + "}"
    assert code(send(gateway, without)) == ("epcis.context" if wanted == 202 else wanted)


def test_numbers_keep_their_text(gateway, name):
    text = json.dumps(document(event(name, **{"ex:n": 0}), context=[CONTEXT, {"ex": EX}]))
    assert send(gateway, text.replace('"ex:n": 0', '"ex:n": 12.50')).status_code == 202
    answer = gateway.call("GET", f"{EVENTS}?EQ_eventID=urn:x:{name}").text
    assert '"ex:n":12.50' in answer
    assert names(gateway, f"EQ_eventID=urn:x:{name}&EQ_ex:n=12.5", **{
        "GS1-Extensions": f"ex={EX}"}) == {name}


# ---- XML

def post_xml(gateway, body):
    return send(gateway, body, kind="application/xml")


OLD = ("<ObjectEvent><eventTime>2026-01-02T03:04:05Z</eventTime><eventTimeZoneOffset>+00:00"
       "</eventTimeZoneOffset>{id}<epcList><epc>urn:x:thing:{name}</epc></epcList>"
       "<action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>"
       "<extension><ilmd><m:lotNumber xmlns:m=\"urn:epcglobal:cbv:mda\">{name}</m:lotNumber></ilmd>"
       "</extension></ObjectEvent>")


@pytest.mark.parametrize("version", ["1.2", "1.1"])
def test_earlier_versions_are_captured_and_told_in_the_present_one(gateway, name, version):
    name += version.replace(".", "-")
    identity = "" if version != "1.2" else (
        f"<baseExtension><eventID>urn:x:{name}</eventID></baseExtension>")
    body = xml_document(OLD.format(id=identity, name=name), version=version)
    assert post_xml(gateway, body).status_code == 202
    found, = listed(gateway.get(f"{EVENTS}?MATCH_epc=urn:x:thing:{name}"))
    assert found["bizStep"] == "commissioning" and list(found["ilmd"].values()) == [name]
    for spelling in ("cbvmda:lotNumber", "urn:epcglobal:cbv:mda%23lotNumber"):
        assert len(listed(gateway.get(f"{EVENTS}?EQ_ILMD_{spelling}={name}"))) == 1


def test_what_others_add_in_xml_comes_back_with_attributes_and_content(gateway, name):
    mine = '<my:f xmlns:my="https://my.example/" a="1" my:b="2">t<my:g>u</my:g><my:g/></my:f>'
    assert post_xml(gateway, xml_document(xml_event(name, mine))).status_code == 202
    answer = gateway.call("GET", f"{EVENTS}?EQ_eventID=urn:x:{name}", headers=XML)
    found, = lxml.etree.fromstring(answer.content).iter("{https://my.example/}f")
    assert dict(found.attrib) == {"a": "1", "{https://my.example/}b": "2"}
    assert [(g.tag, g.text or "") for g in found] == [
        ("{https://my.example/}g", "u"), ("{https://my.example/}g", "")]
    assert found.text == "t"


def test_no_prefix_of_an_answer_is_what_another_uri_begins_with(gateway, name):
    """A reader of JSON-LD builds a URI of the prefix that it begins with."""
    mine = ('<urn:a xmlns:urn="http://near.example/">1</urn:a>', '<n:b xmlns:n="urn:far:">2</n:b>',
            '<my:c xmlns:my="http://my.example/">3</my:c>', '<n:d xmlns:n="my:">4</n:d>')
    sent = [xml_event(f"{name}-{i}", more) for i, more in enumerate(mine)]
    assert post_xml(gateway, xml_document(*sent)).status_code == 202
    things = "|".join(f"urn:x:thing:{name}-{i}" for i in range(4))
    answer = gateway.get(EVENTS, params={"MATCH_epc": things})
    told = listed(answer)
    assert len(told) == 4
    for told_one in told:
        contexts = answer["@context"], told_one.get("@context", [])
        declared = {p: uri for c in contexts for part in (c if isinstance(c, list) else [c])
                    if isinstance(part, dict) for p, uri in part.items()}
        begun = {text.split(":")[0] for text in [*declared.values(), told_one["eventID"]]
                 if ":" in text and "://" not in text}
        assert not begun & set(declared), declared
        told_one["eventID"] += "-again"
        del told_one["recordTime"]
    capture(gateway, *told, context=answer["@context"])
    for i, tag in enumerate(["{http://near.example/}a", "{urn:far:}b", "{http://my.example/}c",
                             "{my:}d"]):
        found = gateway.call("GET", f"{EVENTS}?EQ_eventID=urn:x:{name}-{i}-again", headers=XML)
        assert len(list(lxml.etree.fromstring(found.content).iter(tag))) == 1, found.text


STATES = {"unset": ["damaged"], "set": ["available"]}


@pytest.mark.parametrize("more, step, wanted", [
    ("", " urn:epcglobal:cbv:bizstep:receiving\n", {}), ("<disposition/>", None, {}),
    ("<disposition>\n urn:epcglobal:cbv:disp:damaged </disposition>", None,
     {"disposition": "damaged"}),
    ("", "https://ref.gs1.org/cbv/BizStep-shipping", {"bizStep": "shipping"}), ("", "shipping", "epcis.word_spelling"),
    ("<epcList/>", None, "epcis.twice"), ("<action>ADD</action>", None, "epcis.twice"),
    ("<readPoint><id>urn:x:1</id></readPoint><disposition>urn:x:d</disposition>", None,
     "epcis.order"), ("<colour/>", None, "epcis.unknown_element"),
    ("<persistentDisposition><unset>urn:epcglobal:cbv:disp:damaged</unset><set>"
     "urn:epcglobal:cbv:disp:available</set></persistentDisposition>", None,
     {"persistentDisposition": STATES}),
    ("<errorDeclaration/>", None, "epcis.order")], ids=range(11))
def test_elements_have_their_order_and_values_no_blanks(gateway, name, more, step, wanted):
    sent = xml_event(name, more, step or "urn:epcglobal:cbv:bizstep:receiving")
    taken = isinstance(wanted, dict)
    assert code(post_xml(gateway, xml_document(sent))) == (202 if taken else wanted)
    if taken:
        found = one(gateway, name)
        assert found.pop("recordTime")
        assert found == {**event(name, eventTimeZoneOffset="+00:00"), **wanted}


# EPCIS-XML-NAMESPACE
def test_other_namespaces_and_versions_are_refused(gateway, name):
    good = xml_document(xml_event(name))
    for wrong, wanted in ((("<EPCISBody>", '<EPCISBody xmlns="urn:epcglobal:epcis:xsd:2">'),
                           "epcis.namespace"),
                          (('"2.0"', '"3.0"'), "epcis.version"),
                          (("urn:epcglobal:epcis:xsd:2", "urn:epcglobal:epcis:xsd:3"),
                           "epcis.document")):
        assert code(post_xml(gateway, good.replace(*wrong))) == wanted


# ---- what is not offered, and what is told once and for all

def test_other_bindings_are_refused(gateway):
    client = soap.Client(gateway)
    later = soap.envelope("<q:GetQueryNames/>").replace(b"query:xsd:1", b"query:xsd:2")
    with pytest.raises(soap.Fault) as fault:
        client.send(later)
    assert fault.value.name == "ValidationException"
    bare = (b'<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1" schemaVersion="1.2" '
            b'creationDate="2026-01-02T03:04:05Z"><EPCISBody><q:GetQueryNames/></EPCISBody>'
            b'</q:EPCISQueryDocument>')
    with pytest.raises(soap.Fault) as fault:
        client.send(bare)
    assert fault.value.name == "ValidationException"


def test_master_data_of_a_lot_stays_as_it_was_at_its_beginning(gateway, name):
    item = "urn:epc:id:sgtin:9506000.013430." + name
    capture(gateway, event(name, action="ADD", epcList=[item], ilmd={"cbvmda:lotNumber": "old"}))
    header = {"epcisMasterData": {"vocabularyList": [{
        "type": "urn:epcglobal:epcis:vtype:EPCClass", "vocabularyElementList": [{
            "id": "urn:epc:idpat:sgtin:9506000.013430.*",
            "attributes": [{"id": "urn:epcglobal:cbv:mda:lotNumber", "attribute": "new"}]}]}]}}
    capture(gateway, event(name + "2"), epcisHeader=header)
    assert one(gateway, name)["ilmd"] == {"cbvmda:lotNumber": "old"}
    assert names(gateway, f"EQ_ILMD_cbvmda:lotNumber=old&MATCH_epc={item}") == {name}
    assert listed(gateway.get(TOP + "/events?EQ_ILMD_cbvmda:lotNumber=new")) == []
