"""What scenarios stand on: a site that really runs, callers that speak its API, a partner that
really listens. Scenarios get them from the fixtures of conftest.py.

The program under test is PACKTRAIL_BIN, build/packtrail unless told otherwise. Everything listens
on 127.0.0.1 at a port the system picked. Nothing sleeps: what can be waited for is waited for.
"""
import collections
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
import requests
import yaml

import contract

BIN = os.path.abspath(os.environ.get("PACKTRAIL_BIN", "build/packtrail"))
# Slow, and needs memory of its own.
SANITIZED = any(kind in BIN for kind in ("/asan/", "/tsan/", "memcheck"))
SHARED = pathlib.Path(os.environ.get("PACKTRAIL_SHARED", "../shared"))
START_S = 30  # the sanitizers' builds start slowly
STOP_S = 30
CALL_S = 60
LISTENING = re.compile(r"^listening on (https?://\S+)$")
VERIFIED = re.compile(r"verified (\d+) records, (\d+) units")
MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)")  # of /proc/PID/smaps
PAGES = re.compile(r"(Rss|Anonymous): +(\d+) kB")
OUR_MISTAKES = re.compile(
    r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|^==\d+== |"
    r"event=assert\.failed|sandbox\.violated"
)

# The sample site. 9506000 is the company prefix that GS1 keeps for examples.
PREFIX = "9506000"
GTIN = "09506000134352"


FIRST_PASSWORD = "set by an administrator"  # see Site.person
PASSWORD = "words that only they know"


def sign(meaning="approval", reason=None, password=PASSWORD):
    """The member `signature` of a body, of who was made by Site.person."""
    said = {"password": password, "meaning": meaning}
    return said if reason is None else {**said, "reason": reason}


# What the tests are told by the environment is none of the program's settings.
OURS = {f"PACKTRAIL_{name}" for name in (
    "BIN CUTS FAULTS FAULTS_BIN FAULTS_KINDS FAULTS_PART FOREIGN KILLS SEED SHARED SHIMS").split()}


def environment(more=None):
    return {**{k: v for k, v in os.environ.items() if k not in OURS}, **(more or {})}


def packtrail(*args, given=None, timeout=CALL_S, env=None):
    """Runs the program to its end; the result has returncode, stdout and stderr as text."""
    return subprocess.run([BIN, *map(str, args)], input=given, capture_output=True, text=True,
                          timeout=timeout, env=environment(env), check=False)


def init_folder(folder):
    """Makes a site's folder; the admin token it was given."""
    done = packtrail("init", folder)
    assert done.returncode == 0, done.stderr
    last = done.stdout.rstrip("\n").rsplit("\n", 1)[-1]
    assert last.startswith("admin token: "), f"the last line of init is {last!r}"
    return last.removeprefix("admin token: ")


class Site:
    """A folder made by `packtrail init`, and the service on it."""

    def __init__(self, folder, env=None):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "packtrail.yaml"
        self.env = dict(env or {})
        self.program = BIN
        self.admin_token = init_folder(self.folder)
        self.process = None
        self.url = None
        self.listen = "127.0.0.1:0"  # after the first start with the port it was given
        self.out = []  # lines of standard output since the last start
        self.errors = self.folder.parent / (self.folder.name + ".log")

    def configure(self, **settings):
        """Sets settings of packtrail.yaml; they are read at the next start."""
        present = yaml.safe_load(self.config.read_text()) or {}
        self.config.write_text(yaml.safe_dump({**present, **settings}))

    def start(self, *args):
        """Serves, and returns once the service says where it listens."""
        assert self.process is None, "it is running already"
        if os.geteuid() != 0:  # its memory is root's alone to look at, unless cores are allowed
            self.env.setdefault("PACKTRAIL_CORE_FILES", "true")
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                [self.program, "serve", "-c", str(self.config), "--listen", self.listen, *args],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                env=environment(self.env))
        lines = queue.Queue()
        threading.Thread(target=_pass_on, args=(self.process.stdout, lines), daemon=True).start()
        self.out = []
        deadline = time.monotonic() + START_S
        while True:
            try:
                line = lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                self.kill()
                raise AssertionError(f"not listening after {START_S} s\n{self.log()}") from None
            if line is None:
                code, self.process = self.process.wait(), None
                raise AssertionError(f"the service ended with {code}\n{self.log()}")
            self.out.append(line)
            if match := LISTENING.match(line):
                self.url = match.group(1)
                self.listen = self.url.split("//")[1]
                return self

    def stop(self):
        """Asks it to end, as an operator would; it must end well."""
        assert self._end(signal.SIGTERM) == 0, f"it did not end well\n{self.log()}"

    def kill(self):
        """Ends it as a power cut would end the process."""
        self._end(signal.SIGKILL)

    def restart(self, *args):
        """Kills it and starts it again at the same port: callers may go on."""
        self.kill()
        return self.start(*args)

    def wait(self, timeout=STOP_S):
        """The exit status of a service that ends by itself."""
        code, self.process = self.process.wait(timeout), None
        return code

    def _end(self, number):
        if self.process is None:
            return 0
        self.process.send_signal(number)
        return self.wait()

    def verify(self):
        """Its journal replayed, after it has ended: (records, units); they must be its rows."""
        done = packtrail("verify", self.folder, timeout=10 * CALL_S)
        assert done.returncode == 0, done.stdout + done.stderr
        return tuple(map(int, VERIFIED.fullmatch(done.stdout.splitlines()[-1]).groups()))

    def journal(self):
        """Every record of the journal, in order."""
        done = packtrail("journal", self.folder, timeout=10 * CALL_S)
        assert done.returncode == 0, done.stderr
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
        return records

    def log(self):
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def caller(self, token=None):
        """Somebody who calls the API with a token; without one, a stranger."""
        return Caller(self.url, token)

    @property
    def admin(self):
        return self.caller(self.admin_token)

    def token(self, role, **scope):
        """A new token's text; scope is client, clients, line, party, user or expires."""
        return self.admin.post("/v1/tokens", {"role": role, **scope}, 201)["token"]

    def as_role(self, role, **scope):
        return self.caller(self.token(role, **scope))

    def person(self, role, name, printed="Mia Muster", **scope):
        """A caller who is a person, with a password of their own: PASSWORD."""
        self.admin.put(f"/v1/users/{name}", {"name": printed, "role": role, **scope,
                                             "password": FIRST_PASSWORD})
        caller = self.caller(self.admin.post("/v1/tokens", {"user": name}, 201)["token"])
        caller.post(f"/v1/users/{name}/password",
                    {"old": FIRST_PASSWORD, "new": PASSWORD}, 204)
        return caller

    def rss_kb(self):
        """Its resident memory that is not mapped files."""
        return resident_kb(self.process.pid)

    def status_kb(self, *names):
        """The sum of these lines of /proc/PID/status."""
        status = _proc(self.process.pid, "status")
        return sum(int(re.search(rf"^{n}:\s+(\d+) kB", status, re.M).group(1)) for n in names)


def resident_kb(pid):
    """A process's resident memory that is not mapped files, wherever they lie: /proc/PID/status
    counts pages of files on a tmpfs, such as the store's, as RssShmem."""
    total, own = 0, "Rss"
    for line in _proc(pid, "smaps").splitlines():
        if match := MAPPING.match(line):  # shared memory has a name, too, but no file
            own = "Anonymous" if os.path.exists(match.group(1)) else "Rss"
        elif (match := PAGES.match(line)) and match.group(1) == own:
            total += int(match.group(2))
    return total


def _proc(pid, name):
    path = pathlib.Path(f"/proc/{pid}/{name}")
    if not path.exists():
        pytest.skip("needs /proc")
    return path.read_text()


def _pass_on(stream, lines):
    for line in stream:
        lines.put(line.rstrip("\n"))
    stream.close()
    lines.put(None)


class Caller:
    """A session with the API. Each call asserts the status it is told to expect, and that all is
    as schemas/openapi.yaml says."""

    def __init__(self, url, token=None):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy between us and 127.0.0.1
        if token is not None:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, body=None, **more):
        """The bare response. A dict or list is sent as JSON, text and bytes as they stand."""
        how = "json" if isinstance(body, (dict, list)) else "data"
        if isinstance(body, str):
            body = body.encode()
        more.setdefault("timeout", CALL_S)
        response = self.http.request(method, self.url + path, **{how: body}, **more)
        return response if more.get("stream") else contract.hold(response)

    def get(self, path, expect=200, **more):
        return _answer(self.call("GET", path, **more), expect)

    def put(self, path, body, expect=(200, 201), **more):
        return _answer(self.call("PUT", path, body, **more), expect)

    def post(self, path, body=None, expect=(200, 201, 202, 204), **more):
        return _answer(self.call("POST", path, body, **more), expect)

    def delete(self, path, expect=(200, 204), **more):
        return _answer(self.call("DELETE", path, **more), expect)

    def refused(self, method, path, body=None, *, status, code=None, **more):
        """The problem with which a call is refused."""
        return assert_problem(self.call(method, path, body, **more), status, code)

    def report(self, *objects, **params):
        """Reports what happened on a line; the answer, after checking that it adds up."""
        answer = self.post("/v1/reports", list(objects), 200, params=params)
        refused = [r for r in answer["results"] if "problem" in r]
        assert answer["refused"] == len(refused)
        assert answer["accepted"] + answer["refused"] == len(objects)
        return answer

    def unit(self, spelling, **params):
        return self.get("/v1/units/" + quote(spelling, safe=""), params=params)

    def pages(self, path, **params):
        """Every item of a list, page after page."""
        seen = set()
        while True:
            answer = self.get(path, params=params)
            yield from answer["items"]
            if not answer.get("next"):
                return
            assert answer["next"] not in seen, "the pages go in a circle"
            seen.add(answer["next"])
            params["page"] = answer["next"]


def _answer(response, expect):
    wanted = expect if isinstance(expect, tuple) else (expect,)
    asked = f"{response.request.method} {response.request.url}"
    assert response.status_code in wanted, f"{asked}: {response.status_code} {response.text[:800]}"
    kind = response.headers.get("Content-Type", "").split(";")[0]
    return response.json() if kind == "application/json" else response.text


def assert_problem(response, status, code=None):
    """The response is a problem of RFC 9457 in the form the API promises; it as a dict."""
    assert response.status_code == status, f"{response.status_code} {response.text[:800]}"
    kind = response.headers.get("Content-Type", "").split(";")[0]
    assert kind == "application/problem+json", kind
    problem = response.json()
    for member in ("type", "title", "detail", "code"):
        assert isinstance(problem[member], str) and problem[member], (member, problem)
    assert problem["status"] == status, problem
    assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", problem["code"]), problem
    for offender in problem.get("units", []):
        assert set(offender) == {"unit", "code"}, offender
    if "/epcis/" in response.request.url:
        assert problem["type"].startswith("epcisException:"), problem
    if code is not None:
        assert problem["code"] == code, problem
    return problem


class Line:
    """The sample client, product, pools, line and lot, and a line's token on them."""

    def __init__(self, site, client="acme", gtin=GTIN, lot="L1"):
        self.site, self.client, self.gtin, self.lot = site, client, gtin, lot
        admin = site.admin
        admin.put(f"/v1/clients/{client}", {"name": "Acme Pharma", "prefixes": [PREFIX]})
        admin.put(f"/v1/products/{gtin}", {"client": client, "name": "Exampline 5 mg"})
        admin.put(f"/v1/pools/{client}-packs", {"gtin": gtin, "kind": "random"})
        admin.put(f"/v1/pools/{client}-cases",
                  {"client": client, "prefix": PREFIX, "extension": "0", "kind": "sscc"})
        admin.put("/v1/lines/line-1", {"name": "Line 1"})
        self.call = site.as_role("line", line="line-1")
        self.operator = site.as_role("operator")
        self.operator.post("/v1/lots", {"lot": lot, "gtin": gtin, "expiry": "2030-12-31"}, 201)

    def serials(self, quantity):
        answer = self.call.post("/v1/serials", {"gtin": self.gtin, "quantity": quantity}, 201)
        assert len(set(answer["serials"])) == quantity
        return answer["serials"]

    def ssccs(self, quantity):
        wish = {"quantity": quantity, "client": self.client}
        return self.call.post("/v1/sscc", wish, 201)["ssccs"]

    def commission(self, serials):
        return self.call.report(
            {"type": "commission", "lot": self.lot, "gtin": self.gtin, "serials": serials})


Received = collections.namedtuple("Received", "method path headers body at")


class Answer(collections.namedtuple("Answer", "status body headers wait close")):
    """What a partner does with a message."""

    @classmethod
    def of(cls, status=200, body=b"", headers=(), wait=False, close=False):
        return cls(status, body, dict(headers), wait, close)


ACCEPT = Answer.of(200)
REFUSE = Answer.of(400, b"the event is not understood")
FAIL = Answer.of(500, b"try again later")
HANG = Answer.of(wait=True)    # takes the message and says nothing
CLOSE = Answer.of(close=True)  # takes the message and hangs up


class Partner:
    """A partner's HTTP server: keeps what came and answers as told.

    `then(a, b, ...)` gives the answers to come, one a message; after them it is `always` again.
    An answer may be a function of the message that gives one.
    """

    def __init__(self, always=ACCEPT):
        self.always = always
        self.received = []
        self._next = collections.deque()
        self._changed = threading.Condition()
        self._let_go = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _partner_handler(self))
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d/capture" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def then(self, *answers):
        with self._changed:
            self._next.extend(answers)

    def wait_for(self, count, timeout=CALL_S):
        """The messages, once there are `count` of them."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.received) >= count, timeout)
            assert enough, f"{len(self.received)} messages came in {timeout} s, not {count}"
            return list(self.received)

    def bodies(self):
        with self._changed:
            return [message.body for message in self.received]

    def documents(self):
        return [json.loads(body) for body in self.bodies()]

    def let_go(self):
        """Those that hang are hung up on."""
        self._let_go.set()

    def close(self):
        self.let_go()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, message):
        with self._changed:
            self.received.append(message)
            answer = self._next.popleft() if self._next else self.always
            self._changed.notify_all()
        return answer(message) if callable(answer) else answer


def _partner_handler(partner):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def take(self):
            message = Received(self.command, self.path, dict(self.headers.items()),
                               self.body(), time.time())
            answer = partner._take(message)
            if answer.wait:
                partner._let_go.wait()
            if answer.wait or answer.close:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = take

        def body(self):
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(pieces)

        def log_message(self, *_):
            pass

    return Handler
