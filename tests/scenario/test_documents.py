"""`packtrail hash`, `validate` and `convert` as commands: files and streams, what is said where, exit
codes, and memory that does not grow with the document."""
import json
import subprocess

import lxml.etree
import pytest

import harness
from harness import packtrail

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EVENT = {
    "type": "ObjectEvent", "eventTime": "2026-05-01T13:00:00.000+02:00",
    "eventTimeZoneOffset": "+02:00", "action": "OBSERVE", "bizStep": "shipping",
    "epcList": ["urn:epc:id:sgtin:9506000.013435.1"],
    "readPoint": {"id": "urn:epc:id:sgln:9506000.10001.0"},
    "example:note": "fragile",
}
XML_2 = "{urn:epcglobal:epcis:xsd:2}EPCISDocument"
XML_1 = "{urn:epcglobal:epcis:xsd:1}EPCISDocument"


def event(**changes):
    return {k: v for k, v in {**EVENT, **changes}.items() if v is not None}


def document(*events, **more):
    return json.dumps({
        "@context": [CONTEXT, {"example": "http://example.com/ns/"}], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-05-01T14:00:00Z", **more,
        "epcisBody": {"eventList": list(events)}})


@pytest.fixture
def save(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path
    return write


def converted(form, text, *options):
    done = packtrail("convert", "--to", form, *options, given=text)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- hash

def test_hash_prints_an_id_a_line_in_the_order_of_files_and_events(save):
    one, two = event(), event(action="ADD")
    first, second = save("a.json", document(one, two)), save("b.json", document(two))
    lines = packtrail("hash", first, second, "-", given=document(one)).stdout.split("\n")
    assert len(lines) == 5 and lines[4] == ""
    assert lines[0] == lines[3] != lines[1] == lines[2]
    assert all(line.startswith("ni:///sha-256;") and line.endswith("?ver=CBV2.0")
               for line in lines[:4])


def test_an_event_that_cannot_be_read_keeps_its_line(save):
    path = save("a.json", document(event(), event(eventTime="yesterday"), event()))
    done = packtrail("hash", path)
    assert done.returncode == 1
    good, bad, again = done.stdout.splitlines()
    assert good == again and bad.startswith("! time.form ")


def test_equal_events_have_one_hash_however_they_are_spelled():
    other = event(eventTime="2026-05-01T11:00:00Z",
                  epcList=["https://example.com/01/09506000134352/21/1?11=260501"],
                  readPoint={"id": "https://id.gs1.org/414/9506000100012"},
                  bizStep="https://ref.gs1.org/cbv/BizStep-shipping", eventID="urn:uuid:1")
    text = document(event(), other)
    one, two = packtrail("hash", "-", given=text).stdout.split()
    assert one == two
    assert packtrail("hash", "-", given=converted("xml-2.0", text)).stdout.split() == [one, one]


# ---- validate

def test_validate_says_ok_or_what_is_wrong_and_where(save):
    good = save("good.json", document(event()))
    text = document(event(), event(action=None), event(bizStep="flying"), event())
    bad = save("bad.json", text)
    broken = save("broken.json", text[:-1])
    done = packtrail("validate", good, bad, broken, "nowhere.json")
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == f"{good}: ok"
    second = text.index('{"type": "ObjectEvent"', text.index('{"type": "ObjectEvent"') + 1)
    assert lines[1].startswith(f"{bad}: epcis.action_missing eventList[1] byte {second}: ")
    assert lines[2].startswith(
        f"{bad}: epcis.word eventList[2] byte {text.index('flying')}: ")
    assert lines[-2].startswith(f"{broken}: json.syntax byte {len(text) - 1}: ")
    assert lines[-1].startswith("nowhere.json: file.open ")
    assert packtrail("validate", good).returncode == 0


def test_validate_takes_every_kind_of_document_from_standard_input():
    text = document(event())
    for given in (text, converted("xml-2.0", text), "\ufeff" + text,
                  converted("xml-1.2", text), json.dumps({"@context": CONTEXT, **event(
                      **{"example:note": None})})):
        done = packtrail("validate", "-", given=given)
        assert (done.returncode, done.stdout) == (0, "-: ok\n"), given


@pytest.mark.parametrize("given", ["", "  ", "epcis", "\x00"])
def test_what_is_no_document_is_told(given):
    done = packtrail("validate", "-", given=given)
    assert done.returncode == 1
    assert done.stdout.startswith("-: epcis.syntax byte 0: ")


# ---- convert

def test_convert_writes_each_format(save):
    path = save("a.json", document(event()))
    for form, tag in (("xml-2.0", XML_2), ("xml-1.2", XML_1)):
        done = packtrail("convert", "--to", form, path)
        assert (done.returncode, done.stderr) == (0, "")
        assert lxml.etree.fromstring(done.stdout.encode()).tag == tag
    back = json.loads(converted("json-ld", done.stdout))
    assert back["type"] == "EPCISDocument" and back["creationDate"] == "2026-05-01T14:00:00Z"
    assert {k: v for k, v in back["epcisBody"]["eventList"][0].items() if k != "@context"} == event()


def test_identifiers_stay_as_they_are_but_for_1_2_which_needs_the_prefix(save):
    link = "https://id.gs1.org/01/09506000134352/21/1"
    text = document(event(epcList=[link]))
    assert link in converted("xml-2.0", text)
    done = packtrail("convert", "--to", "xml-1.2", given=text)
    assert done.returncode == 1
    assert done.stderr.startswith("packtrail convert: prefix.unknown eventList[0] byte ")
    prefixes = save("prefixes", "9506000 # ours\n")
    told = converted("xml-1.2", text, "--prefixes", prefixes)
    assert "<epc>urn:epc:id:sgtin:9506000.013435.1</epc>" in told and link not in told


def test_a_refused_event_is_told_and_the_others_are_written():
    given = document(event(), event(disposition="conformant"), event(action=None), event())
    done = packtrail("convert", "--to", "xml-1.2", given=given)
    assert done.returncode == 1
    codes = [line.split(": ")[1].split(" byte")[0] for line in done.stderr.splitlines()]
    assert codes == ["epcis.not_in_1_2 eventList[1]", "epcis.action_missing eventList[2]"]
    root = lxml.etree.fromstring(done.stdout.encode())
    assert len(root.findall(".//ObjectEvent")) == 2


NOTICE = "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G)."


def stated(notice):
    """A document of 1.2 whose header affirms something."""
    party = "<s:{0}><s:Identifier Authority=\"GLN\">{1}</s:Identifier></s:{0}>"
    return (
        '<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" '
        'xmlns:h="http://epcis.gs1us.org/hc/ns" creationDate="2026-05-01T14:00:00Z"><EPCISHeader>'
        '<s:StandardBusinessDocumentHeader xmlns:s="http://www.unece.org/cefact/namespaces/'
        'StandardBusinessDocumentHeader"><s:HeaderVersion>1.0</s:HeaderVersion>'
        + party.format("Sender", "9506000000015") + party.format("Receiver", "9506000134352") +
        "<s:DocumentIdentification><s:Standard>EPCglobal</s:Standard><s:TypeVersion>1.0"
        "</s:TypeVersion><s:InstanceIdentifier>I-1</s:InstanceIdentifier><s:Type>Events</s:Type>"
        "<s:CreationDateAndTime>2026-05-01T14:00:00Z</s:CreationDateAndTime>"
        "</s:DocumentIdentification></s:StandardBusinessDocumentHeader>"
        "<h:dscsaTransactionStatement><h:affirmTransactionStatement>true"
        f"</h:affirmTransactionStatement><h:legalNotice>{notice}</h:legalNotice>"
        "</h:dscsaTransactionStatement></EPCISHeader><EPCISBody><EventList/></EPCISBody>"
        "</e:EPCISDocument>")


@pytest.mark.parametrize("form", ["xml-1.2", "xml-2.0", "json-ld"])
def test_a_transaction_statement_goes_along_or_is_said_to_be_left_out(form):
    assert NOTICE in converted(form, stated(NOTICE))
    done = packtrail("convert", "--to", form, given=stated("Something else."))
    assert done.returncode == 0 and "dscsaTransactionStatement" not in done.stdout
    assert done.stderr == (
        "packtrail convert: dscsaTransactionStatement of the header: left out\n")


def test_a_document_without_events_is_converted():
    root = lxml.etree.fromstring(converted("xml-2.0", document()).encode())
    assert root.tag == XML_2 and root.find("EPCISBody/EventList") is not None


def test_a_bare_event_is_one_in_json_and_a_document_in_xml():
    bare = {"@context": CONTEXT, **event(**{"example:note": None})}
    told = json.loads(converted("json-ld", json.dumps(bare)))
    assert told["type"] == "ObjectEvent" and told["@context"]
    root = lxml.etree.fromstring(converted("xml-2.0", json.dumps(bare)).encode())
    assert root.tag == XML_2 and root.get("creationDate") == "2026-05-01T13:00:00+02:00"


def test_sender_and_receiver_go_along():
    head = {"sender": "urn:epc:id:pgln:9506000.00001", "instanceIdentifier": "m-1",
            "receiver": "https://id.gs1.org/417/9506000200019"}
    xml = converted("xml-1.2", document(event(), **head))
    root = lxml.etree.fromstring(xml.encode())
    ids = [node.text for node in root.iter("{*}Identifier")]
    assert ids == ["9506000000015", "9506000200019"] or ids == [
        "https://id.gs1.org/417/9506000000015", "https://id.gs1.org/417/9506000200019"]
    assert [node.text for node in root.iter("{*}InstanceIdentifier")] == ["m-1"]
    back = json.loads(converted("json-ld", xml))
    assert back["instanceIdentifier"] == "m-1"
    done = packtrail("convert", "--to", "xml-2.0", given=document(event(), sender="us"))
    assert done.returncode == 0 and "left out" in done.stderr


MASTER = {"epcisMasterData": {"vocabularyList": [
    {"type": "urn:epcglobal:epcis:vtype:EPCClass", "vocabularyElementList": [
        {"id": "urn:epc:idpat:sgtin:9506000.013435.*", "attributes": [
            {"id": "urn:epcglobal:cbv:mda#regulatedProductName", "attribute": "Examplin <1> & 2"},
            {"id": "https://example.com/ns#maker", "attribute": {
                "example:name": "Acme",
                "example:site": [{"example:town": "A"}, {"example:town": "B"}]}}]}]},
    {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [
        {"id": "urn:epc:id:sgln:9506000.00001.0", "children": ["urn:epc:id:sgln:9506000.00001.1"]},
        {"id": "urn:epc:id:sgln:9506000.00002.0", "attributes": [
            {"id": "urn:epcglobal:cbv:mda#name", "attribute": "Hall 2"}]}]}]}}
PARTIES = {"sender": "urn:epc:id:pgln:9506000.00001", "instanceIdentifier": "m-1",
           "receiver": "https://id.gs1.org/417/9506000200019"}


def without_contexts(tree):
    if isinstance(tree, list):
        return [without_contexts(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    return {key: without_contexts(value) for key, value in tree.items() if key != "@context"}


def with_master(**more):
    return document(event(), epcisHeader=MASTER, **more)


@pytest.mark.parametrize("form", ["json-ld", "xml-2.0", "xml-1.2"])
def test_master_data_of_the_header_go_along(form):
    there = converted(form, with_master(**PARTIES))
    back = json.loads(converted("json-ld", there))
    assert without_contexts(back["epcisHeader"]) == MASTER
    if form != "json-ld":
        root = lxml.etree.fromstring(there.encode())
        assert [node.get("type") for node in root.iter("Vocabulary")] == [
            "urn:epcglobal:epcis:vtype:EPCClass", "urn:epcglobal:epcis:vtype:BusinessLocation"]
        assert [node.tag for node in root.iter("{http://example.com/ns/}town")] != []


def test_a_header_of_1_2_without_parties_has_no_place_for_master_data():
    done = packtrail("convert", "--to", "xml-1.2", given=with_master())
    assert done.returncode == 0 and "needs sender and receiver: left out" in done.stderr
    assert "Vocabulary" not in done.stdout


DEEP = ("<attribute id='urn:x:deep'><n:a xmlns:n='urn:n' b='1'>t<c>&lt;</c></n:a></attribute>")


def master_document(header="", version=1, more=DEEP):
    return (f"<m:EPCISMasterDataDocument xmlns:m='urn:epcglobal:epcis-masterdata:xsd:{version}' "
            f"schemaVersion='{ {1: '1.2', 2: '2.0'}[version] }' "
            f"creationDate='2026-05-01T14:00:00Z'>{header}<EPCISBody><VocabularyList>"
            "<Vocabulary type='urn:epcglobal:epcis:vtype:ReadPoint'><VocabularyElementList>"
            "<VocabularyElement id='urn:epc:id:sgln:9506000.00001.0'><attribute id='urn:x:a'>1"
            f"</attribute>{more}<children><id>urn:epc:id:sgln:9506000.00001.1</id></children>"
            "</VocabularyElement><VocabularyElement id='urn:x:2'/></VocabularyElementList>"
            "</Vocabulary><Vocabulary type='urn:x:own'><VocabularyElementList><VocabularyElement "
            "id='urn:x:2'/></VocabularyElementList></Vocabulary></VocabularyList></EPCISBody>"
            "</m:EPCISMasterDataDocument>")


SBDH = "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}"


def lists_of(xml):
    """What stands in the list of vocabularies, whatever its prefixes."""
    root = lxml.etree.fromstring(xml.encode())
    return [(e.tag, sorted(e.items()), (e.text or "").strip())
            for e in root.find("EPCISBody/VocabularyList").iter()]


@pytest.mark.parametrize("form, version", [("xml-1.2", 1), ("xml-2.0", 2)])
def test_a_document_of_master_data_stays_one_in_xml(form, version):
    for given in (1, 2):
        xml = converted(form, master_document(version=given))
        root = lxml.etree.fromstring(xml.encode())
        assert root.tag == f"{{urn:epcglobal:epcis-masterdata:xsd:{version}}}EPCISMasterDataDocument"
        assert root.get("creationDate") == "2026-05-01T14:00:00Z"
        assert root.find("EPCISHeader") is None
        assert lists_of(xml) == lists_of(master_document(version=given))


def test_json_has_the_master_data_in_a_document_without_events():
    back = json.loads(converted("json-ld", master_document()))
    assert (back["type"], back["epcisBody"]) == ("EPCISDocument", {"eventList": []})
    point, own = back["epcisHeader"]["epcisMasterData"]["vocabularyList"]
    assert own == {"type": "urn:x:own", "vocabularyElementList": [{"id": "urn:x:2"}]}
    first, second = point["vocabularyElementList"]
    assert second == {"id": "urn:x:2"}
    assert without_contexts(first)["attributes"] == [
        {"id": "urn:x:a", "attribute": "1"},
        {"id": "urn:x:deep", "attribute": {"n:a": {"b": "1", "c": "<", "@value": "t"}}}]
    assert first["children"] == ["urn:epc:id:sgln:9506000.00001.1"]


def test_sender_and_receiver_of_master_data_go_along():
    there = json.loads(converted("json-ld", with_master(**PARTIES)))
    head = converted("xml-1.2", json.dumps(there))
    header = head[head.index("<EPCISHeader>"):head.index("<extension>")] + "</EPCISHeader>"
    xml = converted("xml-2.0", master_document(header))
    root = lxml.etree.fromstring(xml.encode())
    assert root.findtext(f".//{SBDH}Type") == "MasterData"
    assert root.findtext(f".//{SBDH}InstanceIdentifier") == "m-1"
    assert [e.text for e in root.iter(f"{SBDH}Identifier")] == ["9506000000015", "9506000200019"]
    assert root.find("EPCISHeader/extension") is None
    assert lists_of(xml) == lists_of(master_document())


def test_a_query_document_stays_one():
    text = json.dumps({
        "@context": [CONTEXT, {"example": "http://example.com/ns/"}],
        "type": "EPCISQueryDocument", "schemaVersion": "2.0",
        "creationDate": "2026-05-01T14:00:00Z", "epcisBody": {"queryResults": {
            "queryName": "SimpleEventQuery", "resultsBody": {"eventList": [event()]}}}})
    xml = converted("xml-2.0", text)
    root = lxml.etree.fromstring(xml.encode())
    assert root.tag == "{urn:epcglobal:epcis-query:xsd:2}EPCISQueryDocument"
    back = json.loads(converted("json-ld", xml))
    assert back["epcisBody"]["queryResults"]["queryName"] == "SimpleEventQuery"


@pytest.mark.parametrize("args", [
    ("hash",), ("validate",), ("convert",), ("convert", "--to"), ("convert", "--to", "xml"),
    ("convert", "--to", "urn", "file"), ("convert", "--to", "json-ld", "a", "b"),
    ("convert", "--to", "json-ld", "--to", "json-ld"), ("convert", "--for", "x"),
    ("convert", "--to", "xml-1.2", "--prefixes")])
def test_wrong_usage_is_status_2(args):
    done = packtrail(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: packtrail {args[0]} ")


def test_what_cannot_be_read_or_written_is_told(tmp_path, save):
    path = save("a.json", document(event()))
    for args in (("hash", tmp_path / "no"), ("convert", "--to", "json-ld", tmp_path / "no"),
                 ("convert", "--to", "xml-1.2", "--prefixes", tmp_path / "no", path)):
        done = packtrail(*args)
        assert done.returncode == 1 and "file.open" in done.stderr
    for args in (("hash", path), ("validate", path), ("convert", "--to", "json-ld", path)):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([harness.BIN, *map(str, args)], stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 1 and "file.write" in done.stderr


# ---- streams

EVENTS = 100_000


def held(process):
    """The most memory that the process has ever had resident, in KB."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def stream(process):
    """A document of 40 MB, event by event; the memory that it took when nearly all was taken."""
    to, whole = process.stdin, document("EVENTS")
    head, tail = whole.split('"EVENTS"')
    one = json.dumps(event())
    to.write(head.encode())
    for n in range(EVENTS):
        to.write((", " if n else "").encode() + one.replace("013435.1", f"013435.{n}").encode())
    memory = held(process)
    to.write(tail.encode())
    to.close()
    return memory


@pytest.mark.skipif(harness.SANITIZED, reason="the sanitizers' memory is another")
@pytest.mark.parametrize("args,lines", [
    (("hash", "-"), EVENTS), (("validate", "-"), 1), (("convert", "--to", "xml-2.0"), None)])
def test_memory_does_not_grow_with_the_document(tmp_path, args, lines):
    out = tmp_path / "out"
    with open(out, "wb") as to:
        process = subprocess.Popen([harness.BIN, *args], stdin=subprocess.PIPE, stdout=to)
        memory = stream(process)
        assert process.wait() == 0
    assert memory < 24 * 1024
    text = out.read_bytes()
    if lines is not None:
        assert text.count(b"\n") == lines
    else:
        assert text.count(b"<ObjectEvent") == EVENTS
        assert text.endswith(b"</epcis:EPCISDocument>")
