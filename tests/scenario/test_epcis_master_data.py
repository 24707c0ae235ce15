"""Master data of documents are kept, asked for by name, and reached by questions for events."""
import functools

import lxml.etree
import pytest

import soap
from epcis_documents import DATA
from soap import Fault

VTYPE = "urn:epcglobal:epcis:vtype:"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PLACE = "urn:epc:id:sgln:9506000.{:05}.0"
NOW = "2024-05-01T10:00:00Z"


@pytest.fixture
def site(make_site):
    site = make_site()
    site.configure(subscriptions={"private": True},
                   exchange={"retry_min": "20 ms", "retry_max": "100 ms"})
    site.start()
    site.admin.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": ["9506000"]})
    site.admin.put("/v1/clients/other", {"name": "Other", "prefixes": ["9521141"]})
    return site


@pytest.fixture
def gateway(site):
    return site.as_role("gateway", client="acme")


@pytest.fixture
def client(gateway):
    return soap.Client(gateway)


def element(id, attributes=(), children=()):
    return {"id": id, **({"attributes": [{"id": k, "attribute": v} for k, v in attributes]}
                         if attributes else {}),
            **({"children": list(children)} if children else {})}


def vocabulary(name, *elements):
    return {"type": VTYPE + name, "vocabularyElementList": list(elements)}


def document(*vocabularies, events=()):
    return {"@context": [CONTEXT, {"ex": "https://example.com/ex/"}], "type": "EPCISDocument",
            "schemaVersion": "2.0", "creationDate": NOW,
            "epcisHeader": {"epcisMasterData": {"vocabularyList": list(vocabularies)}},
            "epcisBody": {"eventList": list(events)}}


def at(place, n, **more):
    return {"type": "ObjectEvent", "action": "OBSERVE", "eventTime": NOW, "recordTime": NOW,
            "eventTimeZoneOffset": "+00:00", "epcList": [f"urn:epc:id:sgtin:9506000.013435.{n}"],
            "bizLocation": {"id": place}, **more}


def capture(gateway, body, **headers):
    job = gateway.call("POST", "/epcis/v2/capture", body, headers=headers)
    assert job.status_code == 202, job.text
    return job


def xml(*vocabularies, version="1.2"):
    inner = "".join(f'<Vocabulary type="{VTYPE}{name}"><VocabularyElementList>{elements}'
                    f"</VocabularyElementList></Vocabulary>" for name, elements in vocabularies)
    return (f'<m:EPCISMasterDataDocument xmlns:m="urn:epcglobal:epcis-masterdata:xsd:1" '
            f'schemaVersion="{version}" creationDate="{NOW}"><EPCISBody><VocabularyList>{inner}'
            f"</VocabularyList></EPCISBody></m:EPCISMasterDataDocument>").encode()


def capture_xml(gateway, body):
    done = gateway.call("POST", "/epcis/v1/capture", body, headers={"Content-Type": "text/xml"})
    assert done.status_code == 200, done.text


def asked(client, **given):
    flags = {"includeAttributes": "true", "includeChildren": "true"}
    return client.vocabularies({**flags, **given})


def found(client, **given):
    return sorted(e.find("epcList/epc").text.rsplit(".", 1)[1] for e in client.events(given))


def test_headers_of_json_and_documents_of_xml_are_asked_for_alike(gateway, client):
    capture(gateway, document(vocabulary("Location", element(
        PLACE.format(1), [("urn:epcglobal:cbv:mda:city", "Basel")], [PLACE.format(2)]))))
    capture_xml(gateway, xml(("ReadPoint", '<VocabularyElement id="urn:x:1"><attribute id="a">1'
                                           "</attribute></VocabularyElement>")))
    assert asked(client) == {
        VTYPE + "Location": {PLACE.format(1): ({"urn:epcglobal:cbv:mda:city": "Basel"},
                                               [PLACE.format(2)])},
        VTYPE + "ReadPoint": {"urn:x:1": ({"a": "1"}, [])}}
    assert asked(client, vocabularyName=[VTYPE + "ReadPoint"]).keys() == {VTYPE + "ReadPoint"}
    assert asked(client, EQ_name=["https://id.gs1.org/414/9506000000015"]).keys() == \
        {VTYPE + "Location"}
    assert asked(client, includeAttributes="false", EQ_name=["urn:x:1"]) == \
        {VTYPE + "ReadPoint": {"urn:x:1": ({}, [])}}
    assert asked(client, attributeNames=["b"], EQ_name=["urn:x:1"]) == \
        {VTYPE + "ReadPoint": {"urn:x:1": ({}, [])}}


def test_one_client_sees_nothing_of_anothers_master_data(site, gateway, client):
    capture_xml(gateway, xml(("ReadPoint", '<VocabularyElement id="urn:x:1"/>')))
    assert asked(client) != {}
    assert asked(soap.Client(site.as_role("gateway", client="other"))) == {}


@pytest.mark.parametrize("given, exception", [
    ({"includeChildren": "true"}, "QueryParameterException"),
    ({"includeAttributes": "true"}, "QueryParameterException"),
    ({"includeAttributes": "perhaps", "includeChildren": "true"}, "QueryParameterException"),
    ({"EQ_name": "urn:x:1"}, "QueryParameterException"),
    ({"WD_names": ["urn:x:1"]}, "QueryParameterException"),
    ({"EQATTR_": ["1"]}, "QueryParameterException"),
    ({"maxElementCount": ("xsd:int", "0")}, "QueryParameterException"),
    ({"maxElementCount": ("xsd:int", "2")}, "QueryTooLargeException"),
], ids=str)
def test_what_is_no_question_for_master_data_is_refused_by_name(gateway, client, given, exception):
    capture_xml(gateway, xml(("ReadPoint", "".join(f'<VocabularyElement id="urn:x:{n}"/>'
                                                   for n in range(3)))))
    flags = {"includeAttributes": "true", "includeChildren": "true"}
    whole = given if any(k in given for k in flags) else {**flags, **given}
    with pytest.raises(Fault) as refused:
        client.vocabularies(whole)
    assert (refused.value.name, refused.value.status) == (exception, 500)


def test_questions_for_events_reach_for_master_data(gateway, client):
    site, hall, room, yard = (PLACE.format(n) for n in range(1, 5))
    capture(gateway, document(
        vocabulary("BusinessLocation",
                   element(site, children=[hall]), element(hall, children=[room]),
                   element(room, [("urn:x:kind", "cold")]), element(yard, [("urn:x:kind", "open")])),
        events=[at(site, 1), at(hall, 2), at(room, 3), at(yard, 4)]))
    assert found(client, WD_bizLocation=[site]) == ["1", "2", "3"]
    assert found(client, WD_bizLocation=[hall]) == ["2", "3"]
    assert found(client, WD_bizLocation=["https://id.gs1.org/414/9506000000039"]) == ["3"]
    assert found(client, EQ_bizLocation=[site]) == ["1"]
    assert found(client, HASATTR_bizLocation=["urn:x:kind"]) == ["3", "4"]
    assert found(client, **{"EQATTR_bizLocation_urn:x:kind": ["cold", "warm"]}) == ["3"]
    assert found(client, WD_readPoint=[site]) == []
    assert sorted(asked(client, WD_name=[hall])[VTYPE + "BusinessLocation"]) == [hall, room]


def test_children_that_are_their_own_parents_end(site, gateway, client):
    ring = [f"urn:x:{n}" for n in range(5)]
    elements = [element(one, children=[ring[(n + 1) % 5], one]) for n, one in enumerate(ring)]
    capture(gateway, document(vocabulary("BusinessLocation", *elements),
                              events=[at(one, n) for n, one in enumerate(ring)]))
    assert found(client, WD_bizLocation=[ring[3]]) == list("01234")
    assert len(asked(client, WD_name=[ring[2]])[VTYPE + "BusinessLocation"]) == 5
    site.stop()
    site.verify()


def test_later_values_replace_and_the_journal_has_both(site, gateway, client):
    for value in ("old", "new", "new"):
        capture_xml(gateway, xml(("ReadPoint", '<VocabularyElement id="urn:x:1"><attribute id="a">'
                                               f"{value}</attribute></VocabularyElement>")))
    assert asked(client) == {VTYPE + "ReadPoint": {"urn:x:1": ({"a": "new"}, [])}}
    site.stop()
    said = [r for r in site.journal() if r["kind"] == "vocabulary.captured"]
    assert len(said) == 2
    assert "old" in str(said[0]) and "new" in str(said[1])


def test_a_document_that_is_rolled_back_says_nothing(gateway, client):
    taken = at(PLACE.format(1), 1, eventID="urn:uuid:00000000-0000-4000-8000-000000000001")
    capture(gateway, document(events=[taken]))
    other = {**taken, "action": "ADD"}
    job = capture(gateway, document(vocabulary("ReadPoint", element("urn:x:1")), events=[other]))
    assert gateway.get(job.headers["Location"])["success"] is False
    assert asked(client) == {}


@pytest.mark.parametrize("count", [3000, 12000])
def test_many_elements_are_taken_and_told(site, gateway, client, count):
    elements = "".join(f'<VocabularyElement id="urn:x:{n}"><attribute id="number">{n}</attribute>'
                       f"</VocabularyElement>" for n in range(count))
    capture_xml(gateway, xml(("EPCClass", elements)))
    assert asked(client, EQ_name=[f"urn:x:{count - 1}"]) == \
        {VTYPE + "EPCClass": {f"urn:x:{count - 1}": ({"number": str(count - 1)}, [])}}
    assert len(asked(client, EQATTR_number=["7", "8"])[VTYPE + "EPCClass"]) == 2
    if count > 10000:
        with pytest.raises(Fault) as refused:
            asked(client)
        assert refused.value.name == "QueryTooLargeException"
    else:
        assert len(asked(client)[VTYPE + "EPCClass"]) == count
    site.stop()
    site.verify()


def test_values_with_elements_and_of_any_length_come_back(gateway, client):
    long = "v" * 20000
    capture_xml(gateway, xml(("ReadPoint", '<VocabularyElement id="urn:x:1"><attribute id="long">'
                                           f'{long}</attribute><attribute id="deep"><n:a '
                                           'xmlns:n="urn:n" b="1">t<c>&lt;</c></n:a></attribute>'
                                           "</VocabularyElement>")))
    assert asked(client)[VTYPE + "ReadPoint"]["urn:x:1"][0]["long"] == long
    body = client.poll("SimpleMasterDataQuery",
                       {"includeAttributes": "1", "includeChildren": "0"})
    deep = body.find(".//attribute[@id='deep']/{urn:n}a")
    assert (deep.get("b"), deep.text, deep.findtext("c")) == ("1", "t", "<")


# ---- as a document

PATH = "/epcis/v1/master-data"
FORMS = {  # parameters, Accept -> schema
    "json": ("", "application/json", None),
    "2.0": ("", "application/xml", "XSD-2.0/EPCglobal-epcis-masterdata-2_0.xsd"),
    "1.2": ("version=1.2", "text/xml", "XSD-1.2/EPCglobal-epcis-masterdata-1_2.xsd"),
}


def fetched(caller, form="2.0", asked="", status=200):
    params, accept, schema = FORMS[form]
    done = caller.call("GET", f"{PATH}?{params}&{asked}", headers={"Accept": accept})
    assert done.status_code == status, done.text
    if status == 200:
        assert done.headers["Content-Type"] == accept
    if status == 200 and schema and DATA.is_dir():
        schema_of(schema).assertValid(lxml.etree.fromstring(done.content))
    return done


@functools.cache
def schema_of(name):
    return lxml.etree.XMLSchema(lxml.etree.parse(DATA / "gs1-EPCIS" / name))


def told(caller, asked):
    root = lxml.etree.fromstring(fetched(caller, "2.0", asked).content)
    return sorted(e.get("id").rsplit(":", 1)[1] for e in root.iter("VocabularyElement"))


@pytest.mark.parametrize("form", FORMS)
def test_a_document_of_master_data_says_the_same_where_it_is_captured(site, gateway, client, form):
    capture(gateway, document(
        vocabulary("Location", element(PLACE.format(1), [("urn:epcglobal:cbv:mda:city", "Basel"),
                                                         ("urn:x:list", ["a", "b"]),
                                                         ("urn:x:deep", {"ex:a": {"ex:b": "<"}})],
                                       [PLACE.format(2)]), element("urn:x:bare")),
        vocabulary("ReadPoint", element("urn:x:1", [("a", "v" * 20000)]))))
    here = fetched(gateway, form)
    other = site.as_role("gateway", client="other")
    job = other.call("POST", "/epcis/v2/capture", here.content,
                     headers={"Content-Type": here.headers["Content-Type"]})
    assert job.status_code == 202 and other.get(job.headers["Location"])["success"] is True
    same = asked(client)
    assert asked(soap.Client(other)) == same
    assert same[VTYPE + "Location"].keys() == {PLACE.format(1), "urn:x:bare"}
    assert fetched(other, form).content.count(b"Basel") == 1
    if form == "json":  # lists are nothing that XML has
        assert b'"attribute":["a","b"]' in fetched(other, form).content


def test_documents_of_master_data_are_asked_for_by_the_same_parameters(gateway):
    capture_xml(gateway, xml(
        ("ReadPoint", '<VocabularyElement id="urn:x:1"><attribute id="a">1</attribute><children>'
                      '<id>urn:x:2</id></children></VocabularyElement><VocabularyElement '
                      'id="urn:x:2"><attribute id="b">2</attribute></VocabularyElement>'),
        ("EPCClass", '<VocabularyElement id="urn:x:3"/>')))
    assert told(gateway, "") == ["1", "2", "3"]
    assert told(gateway, f"vocabularyName={VTYPE}EPCClass") == ["3"]
    assert told(gateway, f"vocabularyName={VTYPE}EPCClass|{VTYPE}ReadPoint") == ["1", "2", "3"]
    assert told(gateway, "EQ_name=urn%3Ax%3A1|urn:x:3") == ["1", "3"]
    assert told(gateway, "WD_name=urn:x:1") == ["1", "2"]
    assert told(gateway, "HASATTR=b") == ["2"]
    assert told(gateway, "EQATTR_a=1|7&EQATTR_b=") == ["1"]
    whole = fetched(gateway, "1.2").text
    assert "<children>" in whole and 'id="b"' in whole
    assert "<children>" not in fetched(gateway, "1.2", "includeChildren=false").text
    assert "<attribute" not in fetched(gateway, "1.2", "includeAttributes=false").text
    assert 'id="b"' not in fetched(gateway, "1.2", "attributeNames=a").text


@pytest.mark.parametrize("asked, status, code", [
    ("version=1.1", 400, "query.value"), ("EQ_nam=x", 400, "query.unknown"),
    ("EQ_name=a&EQ_name=b", 400, "query.twice"), ("includeChildren=perhaps", 400, "query.value"),
    ("maxElementCount=2", 413, "query.too_large"),
    ("EQ_name=" + "%7C".join(["x"] * 1001), 413, "query.too_complex"),
])
def test_what_is_no_question_for_a_document_is_refused(gateway, asked, status, code):
    capture_xml(gateway, xml(("ReadPoint", "".join(f'<VocabularyElement id="urn:x:{n}"/>'
                                                   for n in range(3)))))
    assert fetched(gateway, "json", asked, status).json()["code"] == code


def test_1_2_is_not_had_as_json(gateway):
    done = gateway.call("GET", PATH + "?version=1.2", headers={"Accept": "application/json"})
    assert (done.status_code, done.json()["code"]) == (406, "accept.none")


# ---- what EPCIS 1.2 cannot say

ASSOCIATION = {"type": "AssociationEvent", "action": "ADD", "eventTime": NOW,
               "eventTimeZoneOffset": "+00:00", "parentID": "urn:epc:id:grai:9506000.00001.1",
               "childEPCs": ["urn:epc:id:giai:9506000.1"],
               "eventID": "urn:uuid:00000000-0000-4000-8000-000000000009"}


def test_a_poll_that_1_2_cannot_answer_is_refused_and_says_why(gateway, client):
    capture(gateway, document(events=[at(PLACE.format(1), 1), ASSOCIATION]))
    with pytest.raises(Fault) as refused:
        client.events()
    fault = refused.value
    assert (fault.name, fault.faultcode) == ("ImplementationException", "soapenv:Server")
    assert ASSOCIATION["eventID"] in fault.reason
    assert fault.element.findtext("severity") == "ERROR"
    assert fault.element.findtext("queryName") == "SimpleEventQuery"
    assert len(client.events({"eventType": ["ObjectEvent"]})) == 1


# EPCIS-1.2-CALLBACK
def test_a_subscriber_is_told_of_what_cannot_be_told_and_gets_what_follows(gateway, client,
                                                                          partner):
    client.ask("Subscribe", "<queryName>SimpleEventQuery</queryName><params/>"
               f"<dest>{partner.url}</dest><controls><schedule><second>[0-59]</second></schedule>"
               "<reportIfEmpty>false</reportIfEmpty></controls><subscriptionID>s</subscriptionID>")
    capture(gateway, document(events=[at(PLACE.format(1), 1), ASSOCIATION, at(PLACE.format(1), 2)]))
    partner.wait_for(3)
    names = [soap.ET.fromstring(b).find("EPCISBody")[0].tag.split("}")[1]
             for b in partner.bodies()]
    assert names == ["QueryResults", "ImplementationException", "QueryResults"]
    for body in partner.bodies():
        soap.keep(body)
    excuse = soap.ET.fromstring(partner.bodies()[1]).find("EPCISBody")[0]
    assert excuse.findtext("subscriptionID") == "s"
