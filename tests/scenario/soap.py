"""Callers of the query interface of EPCIS 1.2, as its scenarios need them. What they are answered
is held against GS1's own schema, where it is beside the project."""
import functools
import xml.etree.ElementTree as ET

import lxml.etree

import harness

QUERY = "/epcis/v1/query"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NS = "urn:epcglobal:epcis-query:xsd:1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"


SCHEMA = harness.SHARED / "standards/data/gs1-EPCIS/XSD-1.2/EPCglobal-epcis-query-1_2.xsd"


@functools.cache
def rules():
    return lxml.etree.XMLSchema(lxml.etree.parse(SCHEMA)) if SCHEMA.exists() else None


def keep(text):
    """Asserts that what a Body, a Fault or a message has is an element of the schema."""
    if rules() is None:
        return
    root = lxml.etree.fromstring(text)
    if root.tag == f"{{{SOAP}}}Envelope":
        (root,) = root.find(f"{{{SOAP}}}Body")
        if root.tag == f"{{{SOAP}}}Fault":
            (root,) = root.find("detail")
    whole = lxml.etree.fromstring(lxml.etree.tostring(root))
    if not rules().validate(whole):
        raise AssertionError(f"{rules().error_log.last_error}\n{text[:2000]}")


class Fault(Exception):
    """A SOAP fault: its exception by name, what it says, and the code of HTTP."""

    def __init__(self, response):
        keep(response.content)
        root = ET.fromstring(response.content)
        fault = root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
        assert fault is not None, response.text
        (self.element,) = fault.find("detail")
        self.name = self.element.tag.removeprefix(f"{{{NS}}}")
        self.reason = self.element.findtext("reason")
        self.faultcode = fault.findtext("faultcode")
        self.status = response.status_code
        super().__init__(f"{self.status} {self.name}: {self.reason}")


def value(v):
    """A parameter's value: a list, a text as it stands, or (type, text) with its xsi:type."""
    if isinstance(v, list):
        inner = "".join(f"<string>{escape(s)}</string>" for s in v)
        return f'<value xsi:type="q:ArrayOfString">{inner}</value>'
    if isinstance(v, tuple):
        return f'<value xsi:type="{v[0]}">{escape(v[1])}</value>'
    return f"<value>{escape(v)}</value>"


def escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def params(given):
    return "<params>" + "".join(f"<param><name>{escape(k)}</name>{value(v)}</param>"
                                for k, v in given) + "</params>"


def envelope(body):
    return (f'<s:Envelope xmlns:s="{SOAP}" xmlns:q="{NS}" xmlns:xsi="{XSI}" xmlns:xsd="{XSD}">'
            f"<s:Body>{body}</s:Body></s:Envelope>").encode()


class Client:
    def __init__(self, caller, **headers):
        self.caller = caller
        self.headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', **headers}

    def send(self, data):
        """The one element in the Body of the answer; a fault is raised."""
        response = self.caller.call("POST", QUERY, data, headers=self.headers)
        if response.status_code != 200:
            raise Fault(response)
        assert response.headers["Content-Type"] == "text/xml"
        keep(response.content)
        (result,) = ET.fromstring(response.content).find(f"{{{SOAP}}}Body")
        assert result.tag.startswith(f"{{{NS}}}")
        return result

    def ask(self, operation, inner=""):
        return self.send(envelope(f"<q:{operation}>{inner}</q:{operation}>"))

    def poll(self, query="SimpleEventQuery", given=()):
        pairs = given.items() if isinstance(given, dict) else given
        result = self.ask("Poll", f"<queryName>{query}</queryName>" + params(pairs))
        assert result.tag == f"{{{NS}}}QueryResults"
        assert result.findtext("queryName") == query
        assert result.find("subscriptionID") is None
        return result.find("resultsBody")

    def events(self, given=(), query="SimpleEventQuery"):
        return list(self.poll(query, given).find("EventList"))

    def vocabularies(self, given):
        """{vocabulary: {element: (attributes, children)}}"""
        out = {}
        for v in self.poll("SimpleMasterDataQuery", given).find("VocabularyList"):
            assert v.get("type") not in out
            out[v.get("type")] = {
                e.get("id"): ({a.get("id"): a.text for a in e.findall("attribute")},
                              [c.text for c in e.findall("children/id")])
                for e in v.find("VocabularyElementList")}
        return out

    def strings(self, operation, inner=""):
        return [s.text for s in self.ask(operation, inner)]
