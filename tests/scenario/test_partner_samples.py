"""Documents that systems of partners really send, as far as samples of them are at hand, held
against clients of both minds: one whose rules are on refuses what EPCIS and CBV do not allow, one
with `"capture": "off"` takes what can only mean one thing.
"""
import pytest

from epcis_calls import listed

ON, OFF = "record", "off"
TAKEN = ""
# By file: what clients with their rules on and off say to it. What is in no row both take.
VERDICTS = {
    "dscsa/dscsa-violations.xml": ("epcis.uri", "epcis.zone_missing"),
    "dscsa/shipping.xml": ("epcis.uri", TAKEN),
    "dscsa/valid-epcis-complex.xml": ("epcis.unknown_element", "epcis.uri"),
    "epcis-rules/bad_repack.xml": ("xml.content", "xml.content"),
    "epcis-rules/comm_agg_decom_epcis.xml": ("epcis.order", TAKEN),
    "epcis-rules/commission.xml": ("xml.content", "xml.content"),
    "epcis-rules/observe_return.xml": ("gs1.urn_form", "gs1.urn_form"),
    "epcis-rules/pack_uncommissioned.xml": ("xml.content", "xml.content"),
    "epcis-rules/top_in_new_top.xml": ("xml.content", "xml.content"),
    "epcis-rules/unpack_top.xml": ("epcis.missing", TAKEN),
    "epcis-tracelink/tx_hk_comm_agg_epcis2.xml": ("epcis.order", TAKEN),
    "sap-ich/epcis11_commission_aggregate.xml": ("epcis.uri", TAKEN),
    "tatmeen/epcis11_sap_tatmeen_instance.xml": ("epcis.quantity", TAKEN),
}


@pytest.fixture(scope="module")
def samples(shared):
    folder = shared / "domain/samples"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    found = {str(path.relative_to(folder)): path.read_bytes()
             for path in sorted(folder.rglob("*.xml"))}
    return {name: body for name, body in found.items() if b"EPCISDocument" in body}


@pytest.fixture(scope="module")
def site(make_story_site):
    site = make_story_site()
    site.start()
    for rule in (ON, OFF):
        site.admin.put(f"/v1/clients/{rule}", {
            "name": rule, "prefixes": [], "profile": {"capture": rule}})
    yield site
    site.stop()
    site.verify()


def post(site, rule, body):
    """The code of its refusal, or nothing."""
    answer = site.as_role("gateway", client=rule).call(
        "POST", "/epcis/v1/capture", body, headers={"Content-Type": "text/xml"})
    return TAKEN if answer.status_code == 200 else answer.json()["code"]


def test_a_partners_document_is_taken_as_strictly_as_its_client_wants(site, samples):
    said = {name: (post(site, ON, body), post(site, OFF, body)) for name, body in samples.items()}
    assert said == {name: VERDICTS.get(name, (TAKEN, TAKEN)) for name in samples}
    assert set(VERDICTS) <= set(samples)
    taken = sum(off == TAKEN for _, off in said.values())
    assert taken > sum(on == TAKEN for on, _ in said.values())


@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
def test_what_was_taken_can_be_asked_for(site, samples, accept):
    for rule in (ON, OFF):
        gateway = site.as_role("gateway", client=rule)
        answer = gateway.call("GET", "/epcis/v2/events?perPage=1000", headers={"Accept": accept})
        assert answer.status_code == 200, answer.text


# ---- the same deviations in a document of our own

EVENT = """<ObjectEvent><eventTime>2026-01-02T03:04:05Z</eventTime>
<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><epcList>{epc}</epcList><action>OBSERVE</action>
<bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep><bizTransactionList>
<bizTransaction type="urn:epcglobal:cbv:btt:{btt}">{paper}</bizTransaction></bizTransactionList>
<extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:9506000.013435.L</epcClass>
<quantity>{quantity}</quantity></quantityElement></quantityList></extension></ObjectEvent>"""
GOOD = {"epc": "<epc>urn:epc:id:sgtin:9506000.013435.1</epc>", "step": "packing", "btt": "po",
        "paper": "urn:epcglobal:cbv:bt:9506000000008:7", "quantity": 5}
DEVIATIONS = {
    "epc": ("<epc>(01)09506000134352(21)1'</epc>", "epcis.uri"),
    "btt": ("sap_shp", "epcis.word"),
    "paper": ("0080001234", "epcis.uri"),
    "quantity": (0, "epcis.quantity"),
}


def own(**other):
    return ('<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate='
            '"2026-01-02T03:04:05Z"><EPCISBody><EventList>' + EVENT.format(**{**GOOD, **other})
            + "</EventList></EPCISBody></e:EPCISDocument>").encode()


@pytest.mark.parametrize("field", DEVIATIONS)
def test_a_deviation_is_refused_where_rules_are_on_and_told_where_they_are_off(site, field):
    value, code = DEVIATIONS[field]
    assert post(site, ON, own(**{field: value})) == code
    assert post(site, OFF, own(**{field: value})) == TAKEN


def test_what_was_taken_leniently_is_found_and_told_in_json(site):
    gateway = site.as_role("gateway", client=OFF)
    assert post(site, OFF, own(epc="<epc>(01)09506000134352(21)77;</epc>", btt="sap_shp",
                               quantity=0)) == TAKEN
    for spelling in ("urn:epc:id:sgtin:9506000.013435.77;",
                     "https://id.gs1.org/01/09506000134352/21/77%3B"):
        found, = listed(gateway.call("GET", "/epcis/v2/events",
                                     params={"MATCH_epc": spelling}).json())
        assert found["epcList"] == ["https://id.gs1.org/01/09506000134352/21/77;"]
        assert found["quantityList"][0]["quantity"] == 0
        assert found["bizTransactionList"][0]["type"].endswith("sap_shp")
