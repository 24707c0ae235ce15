"""What others wrote, against the service that runs: a client (npm's epcis2.js), and a proxy that
holds every call to GS1's OpenAPI as published (npm's prism).

They are no part of the project: PACKTRAIL_FOREIGN names a folder where npm has them or may install
them, and without it there is nothing to run.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import pytest
import requests

import harness
from epcis_calls import CONTEXT, EVENTS, TOP, capture, document, event, listed
from epcis_documents import DATA, need

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = {"epcis2.js": "2.7.3", "@stoplight/prism-cli": "5.14.2"}
INSTALL_S = 300
READY_S = 60


@pytest.fixture(scope="module")
def packages():
    """The folder that has the packages."""
    if not (named := os.environ.get("PACKTRAIL_FOREIGN")):
        pytest.skip("PACKTRAIL_FOREIGN names no folder for npm")
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no node, or no npm")
    folder = pathlib.Path(named).absolute()
    if not all((folder / "node_modules" / name).is_dir() for name in PACKAGES):
        install(folder)
    return folder / "node_modules"


def install(folder):
    """epcis2.js wants the package `fs`, which is empty and not to be had everywhere."""
    (folder / "nothing").mkdir(parents=True, exist_ok=True)
    (folder / "nothing/package.json").write_text('{"name": "fs", "version": "0.0.1"}')
    (folder / "package.json").write_text(json.dumps({
        "private": True, "dependencies": PACKAGES, "overrides": {"fs": "file:./nothing"}}))
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"],
                          cwd=folder, timeout=INSTALL_S, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("npm cannot install: " + done.stderr[-300:])


@pytest.fixture
def gateway(make_site):
    site = make_site()
    site.configure(subscriptions={"private": True})
    return harness.Line(site.start()).site.as_role("gateway", client="acme")


def token_of(caller):
    return caller.http.headers["Authorization"].removeprefix("Bearer ")


def test_a_client_of_others_captures_and_reads_again(gateway, packages):
    done = subprocess.run(
        ["node", HERE / "epcis_foreign.js", gateway.url + TOP, token_of(gateway)], timeout=60,
        env={**os.environ, "NODE_PATH": str(packages)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["job"]["success"] and len(said["sent"]) == len(said["found"]) == 5
    assert [e["eventID"] for e in said["found"]] == said["hashes"]
    as_sent = listed(gateway.get(EVENTS, headers={"GS1-EPC-Format": "Never_Translates"}))
    for sent, found in zip(said["sent"], as_sent):
        assert {k: found[k] for k in sent} == sent


# ---- the published OpenAPI

def mended():
    """GS1's OpenAPI without what no tool can read and no server can keep."""
    said = json.loads(need(DATA / "gs1-EPCIS/REST/openapi.json").read_text())
    schemas = said["components"]["schemas"]
    for schema in schemas.values():
        if "\\g<" in schema.get("pattern", ""):  # no ECMAScript
            del schema["pattern"]
    schemas["AbstractQuerySubscription"]["required"] = ["dest"]  # `secret` is defined nowhere
    schemas["GS1-Extensions"] = {"type": "string", "example": "ex=https://example.com/ns/"}
    schemas["Link"].pop("format")  # <…>; rel="next" is no URI
    for way in schemas["CaptureJob"]["allOf"][1]["oneOf"]:  # neither is required: both always fit
        way["required"] = list(way["properties"])
    one = said["paths"]["/queries/{queryName}"]["get"]["responses"]["200"]
    schema = one["content"]["application/json"]["schema"]
    one["content"]["application/json"]["schema"] = schema["items"]  # its example is no array
    made = said["paths"]["/queries/{queryName}/subscriptions"]["post"]["responses"]["201"]
    made["headers"]["Location"]["schema"].pop("format")  # elsewhere it may be relative
    return said


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def proxy(gateway, packages, tmp_path):
    """A caller whose calls and answers are held to the OpenAPI on their way."""
    (tmp_path / "openapi.json").write_text(json.dumps(mended()))
    port = free_port()
    with open(tmp_path / "log", "wb") as log:
        running = subprocess.Popen(
            ["node", packages / ".bin/prism", "proxy", tmp_path / "openapi.json",
             gateway.url + TOP, "--errors", "--port", str(port)], stdout=log, stderr=log)
    deadline = time.monotonic() + READY_S
    while b"Prism is listening" not in (tmp_path / "log").read_bytes():
        assert running.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
        time.sleep(0.05)
    yield Held(f"http://127.0.0.1:{port}", gateway)
    running.terminate()
    running.wait()


class Held:
    def __init__(self, url, caller):
        self.url, self.http = url, requests.Session()
        self.http.trust_env = False
        self.http.headers.update(caller.http.headers)
        self.seen = set()

    def __call__(self, method, path, body=None, status=200, **headers):
        answer = self.http.request(method, self.url + path, json=body, headers=headers,
                                   timeout=harness.CALL_S)
        assert "stoplight" not in answer.text, f"{method} {path}: {answer.text[:1500]}"
        assert answer.status_code == status, f"{method} {path}: {answer.text[:500]}"
        self.seen.add((method, re.sub(r"%\w\w", "", path.split("?")[0])))
        return answer


LISTS = {"eventTypes": "ObjectEvent", "epcs": "urn%3Ax%3Athing%3Aa",
         "bizSteps": "https%3A%2F%2Fref.gs1.org%2Fcbv%2FBizStep-receiving",
         "dispositions": "urn%3Aepcglobal%3Acbv%3Adisp%3Aactive",
         "readPoints": "urn%3Ax%3Agate", "bizLocations": "urn%3Ax%3Ahall"}


def test_the_published_interface_is_kept(gateway, proxy):
    capture(gateway, *(event(name, disposition="active", readPoint={"id": "urn:x:gate"},
                             bizLocation={"id": "urn:x:hall"}) for name in ("a", "b", "c")))
    assert set(proxy("GET", "/").json()["member"]) >= {"events", *LISTS}
    sent = document(event("d"), event("bad", epcList=["urn:epc:id:sgtin:1"]))
    job = proxy("POST", "/capture", sent, 202, **{"GS1-Capture-Error-Behaviour": "proceed"})
    at = job.headers["Location"].removeprefix(TOP)
    assert proxy("GET", at).json()["errors"] and len(proxy("GET", "/capture").json()) == 2
    proxy("POST", "/events", {"@context": CONTEXT, **event("e")}, 201)
    for query in ("", "?perPage=2", "?EQ_bizStep=https://ref.gs1.org/cbv/BizStep-receiving",
                  "?orderBy=eventTime&orderDirection=ASC&eventCountLimit=2"):
        proxy("GET", "/events" + query)
    proxy("GET", "/events/urn%3Ax%3Aa")
    for name, value in LISTS.items():
        for path in (f"/{name}", f"/{name}/{value}", f"/{name}/{value}/events"):
            proxy("GET", path)
            proxy("OPTIONS", path, status=204)
    keep_queries(proxy)
    for path in ("/", "/capture", at, "/events", "/events/urn%3Ax%3Aa", "/queries", "/queries/q",
                 "/queries/q/events", "/queries/q/subscriptions", "/queries/q/subscriptions/x"):
        proxy("OPTIONS", path, status=204)
    keep_refusals(proxy)
    assert len(proxy.seen) > 60


def keep_queries(proxy):
    proxy("POST", "/queries", {"name": "q", "query": {"EQ_bizStep": ["receiving"]}}, 201)
    for path in ("/queries", "/queries/q", "/queries/q/events"):
        proxy("GET", path)
    subscriptions = "/queries/q/subscriptions"
    for how in ({"stream": True}, {"schedule": {"hour": "1", "minute": "0", "second": "0"}}):
        made = proxy("POST", subscriptions, {"dest": "http://127.0.0.1:9/in", **how}, 201).json()
        proxy("GET", f"{subscriptions}/{made['subscriptionID']}")
    assert len(proxy("GET", subscriptions).json()) == 2
    proxy("DELETE", f"{subscriptions}/{made['subscriptionID']}", status=204)
    proxy("DELETE", "/queries/q", status=204)


def keep_refusals(proxy):
    proxy("GET", "/events/urn%3Ax%3Anothing", status=404)
    for path in ("/capture/none", "/queries/none", "/queries/none/events", "/epcs/urn%3Ax%3Anone",
                 "/queries/none/subscriptions"):
        proxy("GET", path, status=404)
    for path in ("/", "/events", "/capture", "/epcs", "/queries"):
        proxy("GET", path, status=406, Accept="text/html")
    del proxy.http.headers["Authorization"]
    for path in ("/", "/events", "/capture", "/epcs", "/queries"):
        proxy("GET", path, status=401)
