"""Calls of the real program that fail, one after the other: tests/power/fault_shim.c fails them.

A scene is a piece of work and what must hold after it. It is done once to count the calls of each
kind, then once for each call that is to fail. The service may end for want of memory, or not start,
but it says why; the next start must find everything that was answered.
"""
import collections
import ctypes
import errno
import mmap
import os
import pathlib
import re
import signal
import time

import requests

import harness
import power_driver

SHIM = power_driver.BUILD / "fault_shim.so"
KINDS = ("none alloc open read write sync rename truncate map socket accept connect recv send "
         "store thread poll meta").split()
ERRORS = {  # what each says, in turn
    "alloc": [errno.ENOMEM], "open": [errno.EMFILE, errno.ENOSPC], "read": [errno.EIO],
    "write": [errno.ENOSPC, errno.EIO], "sync": [errno.EIO], "rename": [errno.EIO],
    "truncate": [errno.ENOSPC], "map": [errno.ENOMEM], "socket": [errno.EMFILE],
    "accept": [errno.EMFILE, errno.ENFILE], "connect": [errno.ECONNREFUSED],
    "recv": [errno.ECONNRESET], "send": [errno.ECONNRESET, errno.EPIPE], "store": [errno.EIO],
    "thread": [errno.EAGAIN], "poll": [errno.ENOMEM],
    "meta": [errno.EIO],
}
NEEDED = re.compile(r"event=(assert\.failed|store\.died)|: Assertion |terminate")  # it says what it can't do without
ATTEMPT_S = 3     # for a call whose answer may never come
PATIENCE_S = 60

CLOSES = harness.Answer.of(200, headers={"Connection": "close"})  # the next message connects anew

Fault = collections.namedtuple("Fault", "kind nth ever error")


class Control(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_uint32), ("error", ctypes.c_uint32), ("ever", ctypes.c_uint32),
                ("hits", ctypes.c_uint32), ("nth", ctypes.c_uint64),
                ("count", ctypes.c_uint64 * len(KINDS))]


class Faults:
    """What is to fail, shared with the program that runs."""

    def __init__(self, folder):
        path = pathlib.Path(folder) / "control"
        path.write_bytes(bytes(mmap.PAGESIZE))
        self.file = open(path, "r+b")  # pylint: disable=consider-using-with  # as long as this
        self.shared = Control.from_buffer(mmap.mmap(self.file.fileno(), mmap.PAGESIZE))
        self.counted = None
        self.env = {"LD_PRELOAD": str(SHIM), "FAULT_CONTROL": str(path)}

    def arm(self, fault):
        """Counts from now; None: nothing fails."""
        self.shared.nth, self.counted = 0, None
        ctypes.memset(ctypes.byref(self.shared), 0, ctypes.sizeof(Control))
        if fault is not None:
            self.shared.kind = KINDS.index(fault.kind)
            self.shared.error, self.shared.ever = fault.error, fault.ever
            self.shared.nth = fault.nth

    def disarm(self):
        """No more; `counted` is how many calls of each kind there were."""
        self.shared.nth = 0
        if self.counted is None:
            self.counted = list(self.shared.count)

    @property
    def hits(self):
        return self.shared.hits


def assert_said_why(code, said):
    """An end that is allowed: a refusal, or an abort that names what was needed."""
    assert code in (0, 1, -signal.SIGABRT), (code, said[-2000:])
    assert code != 1 or said.strip(), "it ended with 1 and said nothing"
    assert code != -signal.SIGABRT or NEEDED.search(said), said[-2000:]


class Init:
    """`packtrail init`: a site, or another init makes it."""

    def __init__(self, folder, faults):
        self.folder, self.faults, self.number = folder, faults, 0

    def run(self, fault):
        self.number += 1
        site = self.folder / f"init-{self.number}"
        self.faults.arm(fault)
        done = harness.packtrail("init", site, env=self.faults.env)
        self.faults.disarm()
        assert_said_why(done.returncode, done.stderr)
        again = harness.packtrail("init", site)
        if again.returncode == 1:
            assert "folder.taken" in again.stderr, again.stderr
            assert "admin token: " in done.stdout, "a site whose token nobody knows"
        assert done.returncode != 0 or again.returncode == 1
        assert harness.packtrail("verify", site).returncode == 0

    def end(self):
        pass


class Story:
    """A site with a line, a partner and a client's system."""

    def __init__(self, folder, faults):
        self.faults = faults
        self.site = harness.Site(folder / "site", faults.env)
        self.site.configure(exchange={"retry_min": "10 ms", "retry_max": "20 ms",
                                      "answer_time": "5 s"}, loops=1)
        faults.arm(None)
        self.partner = harness.Partner(CLOSES)
        self.line = harness.Line(self.site.start())
        self.gateway_token = self.site.token("gateway", client="acme")
        self.auditor_token = self.site.token("auditor")
        self.line.site.admin.put("/v1/parties/9506000200019", {"name": "A wholesaler"})
        self.line.site.admin.put("/v1/locations/9506000200019", {"name": "Its store"})
        self.line.site.admin.put("/v1/partners/hub", {
            "client": "acme", "url": self.partner.url, "format": "epcis-2.0-json",
            "approval": "none"})
        self.tokens = {"line": self.line.call.http.headers["Authorization"],
                       "operator": self.line.operator.http.headers["Authorization"],
                       "gateway": f"Bearer {self.gateway_token}",
                       "auditor": f"Bearer {self.auditor_token}"}

    def call(self, role, method, path, body=None, key=None, **more):
        """The response, or None where none came."""
        headers = {"Authorization": self.tokens[role], "Connection": "close",
                   **({"Idempotency-Key": key} if key else {})}
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.request(method, self.site.url + path, json=body, headers=headers,
                                       timeout=more.get("timeout", ATTEMPT_S))
            except requests.RequestException:
                return None

    def end(self):
        self.faults.disarm()
        self.site.kill()
        self.partner.close()
        self.site.verify()


class Start(Story):
    """Starting on a site that has something, and ending as asked."""

    def __init__(self, folder, faults):
        super().__init__(folder, faults)
        self.serial = self.line.serials(3)[0]
        self.line.commission([self.serial])
        self.site.stop()

    def run(self, fault):
        self.faults.arm(fault)
        size = len(self.site.log())
        try:
            self.site.start()
            self.call("line", "GET", f"/v1/units/(01){harness.GTIN}(21){self.serial}", timeout=1)
            self.site.process.send_signal(signal.SIGTERM)
            code = self.site.wait()
        except AssertionError as e:
            ended = re.match(r"the service ended with (-?\d+)", str(e))
            assert ended, e
            code = int(ended.group(1))
        self.faults.disarm()
        assert_said_why(code, self.site.log()[size:])
        self.site.start()
        unit = self.call("line", "GET", f"/v1/units/(01){harness.GTIN}(21){self.serial}")
        assert unit.json()["state"] == "commissioned"
        self.site.stop()


class Work(Story):
    """The main job on a service that runs, each call asked until it is answered."""

    def __init__(self, folder, faults):
        super().__init__(folder, faults)
        self.number = 0

    def steps(self):
        """Each (role, method, path, body); what was answered comes back by send."""
        gtin, n = harness.GTIN, self.number
        lot = f"L{n}-work"
        yield "operator", "POST", "/v1/lots", {"lot": lot, "gtin": gtin, "expiry": "2030-12-31"}
        said = yield "line", "POST", "/v1/serials", {"gtin": gtin, "quantity": 4}
        serials = said["serials"]
        said = yield "line", "POST", "/v1/sscc", {"quantity": 1, "client": "acme"}
        case, = said["ssccs"]
        yield "line", "POST", "/v1/reports", [
            {"type": "commission", "lot": lot, "gtin": gtin, "serials": serials[:3]},
            {"type": "pack", "parent": case, "commission": True,
             "children": [f"(01){gtin}(21){s}" for s in serials[:2]]},
            {"type": "close", "parent": case, "partial": True, "by": "mia", "reason": "end"}]
        yield "operator", "POST", f"/v1/lots/{gtin}/{lot}/close", {}
        yield "operator", "POST", "/v1/shipments", {
            "units": [case], "to": {"party": "9506000200019", "location": "9506000200019"},
            "documents": [{"type": "desadv", "id": f"D{n}", "gln": "9506000200019"}]}
        yield "gateway", "POST", "/epcis/v2/capture", {
            "@context": power_driver.CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-01-02T03:04:05Z", "epcisBody": {"eventList": [
                {"type": "ObjectEvent", "eventTime": "2026-01-02T03:04:05Z",
                 "eventTimeZoneOffset": "+00:00", "action": "OBSERVE", "bizStep": "receiving",
                 "epcList": [f"https://id.gs1.org/01/{gtin}/21/N{n}"]}]}}
        yield "gateway", "GET", "/epcis/v2/events?EQ_bizStep=shipping&perPage=3", None
        yield "line", "GET", f"/v1/units/(01){gtin}(21){serials[0]}", None
        yield "auditor", "GET", "/v1/journal/export", None

    def run(self, fault):
        self.number += 1
        size = len(self.site.log())
        before = len(self.partner.received)
        self.faults.arm(fault)
        answered = []
        steps = self.steps()
        step = next(steps)
        while step is not None:
            key = f"{self.number}-{len(answered)}"
            response = self.until_answered(step, key, fault, size)
            if step[1] == "POST":
                answered.append((step, key, response))
            try:
                step = steps.send(response.json() if b"{" == response.content[:1] else None)
            except StopIteration:
                step = None
        self.wait_delivered(f'D{self.number}"'.encode(), before, fault, size)
        self.faults.disarm()
        self.look_again(answered, size)

    def until_answered(self, step, key, fault, size):
        """A fault that stays is mended once it was met: the service then goes on by itself."""
        role, method, path, body = step
        deadline = time.monotonic() + PATIENCE_S
        while True:
            response = self.call(role, method, path, body, key if method == "POST" else None)
            if response is not None and response.status_code < 300:
                return response
            status = response.status_code if response is not None else None
            said = response.text if response is not None else ""
            assert status in (None, 500, 503, 507, 429), (step, said)
            assert time.monotonic() < deadline, (fault, step, status, said)
            self.live_again(size)
            if fault is not None and fault.ever and self.faults.hits:
                self.reads(fault, size)
                self.faults.disarm()

    def reads(self, fault, size):
        """Where only writing fails, reading goes on, or the store has died."""
        if fault.kind not in ("write", "sync", "truncate", "rename", "meta"):
            return
        for path in ("/v1/pools", "/healthz"):
            response = self.call("auditor", "GET", path)
            if response is None:
                assert self.site.process.wait(ATTEMPT_S) == -signal.SIGABRT
                assert "event=store.died" in self.site.log()[size:]
                self.live_again(size)
                return
            assert response.status_code == 200, (fault, path, response.text)

    def live_again(self, size):
        """It may have ended for want of memory; what starts it again is not ours."""
        if self.site.process is None or self.site.process.poll() is None:
            return
        self.faults.disarm()
        assert_said_why(self.site.wait(), self.site.log()[size:])
        self.site.verify()
        self.site.start()

    def look_again(self, answered, size):
        """Everything that was answered is answered again, and still is after a kill."""
        self.live_again(size)
        for (role, method, path, body), key, before in answered:
            again = self.call(role, method, path, body, key)
            if again is None:  # the connection broke while writing still failed
                again = self.call(role, method, path, body, key)
            assert again is not None and again.status_code == before.status_code, (path, again)
            assert again.content == before.content, (path, before.text, again.text)

    def wait_delivered(self, word, before, fault, size):
        deadline = time.monotonic() + PATIENCE_S
        while not any(word in body for body in self.partner.bodies()[before:]):
            assert time.monotonic() < deadline, f"{word} was never delivered"
            self.live_again(size)
            if fault is not None and fault.ever and self.faults.hits:
                self.faults.disarm()
            time.sleep(0.005)


class Backup(Story):
    """A backup beside a stopped site; another one goes on where it stood."""

    def __init__(self, folder, faults):
        super().__init__(folder, faults)
        self.line.commission(self.line.serials(50))
        self.partner.wait_for(1)
        self.site.stop()
        self.folder, self.number = folder, 0

    def run(self, fault):
        self.number += 1
        to = self.folder / f"backup-{self.number}"
        self.faults.arm(fault)
        done = harness.packtrail("backup", self.site.folder, to, env=self.faults.env)
        self.faults.disarm()
        assert_said_why(done.returncode, done.stderr)
        done = harness.packtrail("backup", self.site.folder, to)
        assert done.returncode == 0, done.stderr
        done = harness.packtrail("verify", to)
        assert done.returncode == 0, done.stderr


SCENES = {"init": Init, "start": Start, "work": Work, "backup": Backup}


def walk(scene, faults, kind, most, choose):
    """Fails every call of a kind, once and for good, or `most` of them that are chosen: how many
    calls there are, how many were tried, and how often one failed."""
    faults.arm(None)
    scene.run(None)
    calls = faults.counted[KINDS.index(kind)]
    ways = [(nth, ever) for nth in range(1, calls + 1) for ever in (0, 1)]
    if len(ways) > most:
        ways = sorted(choose.sample(ways, most))
    hits = 0
    for number, (nth, ever) in enumerate(ways):
        fault = Fault(kind, nth, ever, ERRORS[kind][number // 2 % len(ERRORS[kind])])
        try:
            scene.run(fault)
        except AssertionError as e:
            raise AssertionError(f"{fault}: {e}") from e
        hits += faults.hits > 0
    return calls, len(ways), hits
