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
import shutil
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
ONCE = 20         # of so few calls each must come out well at the first time

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


OURS = f"https://id.gs1.org/01/{harness.GTIN}/21/"


def event(kind, action, step, **more):
    return {"type": kind, "eventTime": "2026-01-02T03:04:05Z", "eventTimeZoneOffset": "+00:00",
            "action": action, "bizStep": step, **more}


def observed(epc, **more):
    return event("ObjectEvent", "OBSERVE", "receiving", epcList=[epc], **more)


def document(*events):
    return {"@context": power_driver.CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-01-02T03:04:05Z", "epcisBody": {"eventList": list(events)}}


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
        if done.returncode == 0 or self.is_taken(site):
            assert "admin token: " in done.stdout, "a site whose token nobody knows"
            assert harness.packtrail("verify", site).returncode == 0
        shutil.rmtree(site, ignore_errors=True)

    @staticmethod
    def is_taken(site):
        again = harness.packtrail("init", site)
        assert again.returncode in (0, 1), again.stderr
        assert again.returncode == 0 or "folder.taken" in again.stderr, again.stderr
        return again.returncode == 1

    def end(self):
        pass


class Story:
    """A site with a line, a partner and a client's system."""

    settings = {}

    def __init__(self, folder, faults):
        self.faults = faults
        self.site = harness.Site(folder / "site", faults.env)
        self.site.configure(exchange={"retry_min": "10 ms", "retry_max": "20 ms",
                                      "answer_time": "5 s"}, loops=1, **self.settings)
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

    def place(self):
        """Where the log ends now."""
        return self.site.errors.stat().st_size

    def said_since(self, place):
        with open(self.site.errors, "rb") as log:
            log.seek(place)
            return log.read().decode(errors="replace")

    def end(self):
        self.faults.disarm()
        self.site.kill()
        self.partner.close()
        self.site.verify()


class Start(Story):
    """Starting on a site that has something, and ending as asked. A start that failed leaves a site
    that starts: looked at after each, or after each of LOOKS where there are thousands."""

    LOOKS = 1

    def __init__(self, folder, faults):
        super().__init__(folder, faults)
        self.serial = self.line.serials(3)[0]
        self.line.commission([self.serial])
        self.site.stop()
        self.unseen = 0

    def run(self, fault):
        size = self.place()
        self.faults.arm(fault)
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
        assert_said_why(code, self.said_since(size))
        self.unseen += 1
        if fault is None or self.unseen >= self.LOOKS:
            self.look()

    def look(self):
        self.unseen = 0
        self.site.start()
        unit = self.call("line", "GET", f"/v1/units/(01){harness.GTIN}(21){self.serial}")
        assert unit.json()["state"] == "commissioned"
        self.site.stop()

    def end(self):
        self.look()
        super().end()


class Work(Story):
    """The main job on a service that runs, each call asked until it is answered."""

    is_served = True

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
        yield "gateway", "POST", "/epcis/v2/capture", document(observed(f"{OURS}N{n}"))
        yield "gateway", "GET", "/epcis/v2/events?EQ_bizStep=shipping&perPage=3", None
        yield "line", "GET", f"/v1/units/(01){gtin}(21){serials[0]}", None
        yield "auditor", "GET", "/v1/journal/export?until=20", None

    def last_word(self):
        """Of what the partner is told."""
        return f'D{self.number}"'

    def run(self, fault):
        self.number += 1
        size = self.place()
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
                step = steps.send(response.json() if response.content[:1] in (b"{", b"[") else None)
            except StopIteration:
                step = None
        self.wait_delivered(self.last_word().encode(), before, fault, size)
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
                assert "event=store.died" in self.said_since(size)
                self.live_again(size)
                return
            assert response.status_code == 200, (fault, path, response.text)

    def live_again(self, size):
        """It may have ended for want of memory; what starts it again is not ours."""
        if self.site.process is None or self.site.process.poll() is None:
            return
        self.faults.disarm()
        assert_said_why(self.site.wait(), self.said_since(size))
        self.site.verify()
        self.site.start()

    def look_again(self, answered, size):
        """Everything that was answered is answered again, and still is after a kill."""
        deadline = time.monotonic() + PATIENCE_S
        for (role, method, path, body), key, before in answered:
            again = None  # the connection breaks where it ends by what failed at last
            while again is None and time.monotonic() < deadline:
                self.live_again(size)
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


class Capture(Work):
    """Documents: own packs begun and packed, a packing that waits, one in slices, a repeat."""

    SLICE = 10
    settings = {"capture": {"slice_events": SLICE}}

    def last_word(self):
        return f"urn:x:{self.number}:last"

    def steps(self):
        gtin, n, lot = harness.GTIN, self.number, f"L{self.number}-told"
        place = "/epcis/v2/capture"
        yield "operator", "POST", "/v1/lots", {"lot": lot, "gtin": gtin, "expiry": "2030-12-31"}
        said = yield "line", "POST", "/v1/serials", {"gtin": gtin, "quantity": 4}
        serials = said["serials"]
        said = yield "line", "POST", "/v1/sscc", {"quantity": 2, "client": "acme"}
        cases = [f"https://id.gs1.org/00/{s}" for s in said["ssccs"]]
        begin = document(
            event("ObjectEvent", "ADD", "commissioning", epcList=[OURS + s for s in serials[:2]],
                  ilmd={"cbvmda:lotNumber": lot}),
            event("ObjectEvent", "ADD", "commissioning", epcList=cases),
            event("AggregationEvent", "ADD", "packing", parentID=cases[0],
                  childEPCs=[OURS + s for s in serials[:2]]),
            event("AggregationEvent", "ADD", "packing", parentID=cases[1],
                  childEPCs=[OURS + s for s in serials[2:]]))
        yield "gateway", "POST", place, begin
        yield "line", "POST", "/v1/reports", [
            {"type": "commission", "lot": lot, "gtin": gtin, "serials": serials[2:]}]
        many = [observed(f"https://id.gs1.org/01/09521999000006/21/F{n}-{i}")
                for i in range(2 * self.SLICE + 2)]
        yield "gateway", "POST", place, document(*many, observed(
            "https://id.gs1.org/01/09521999000006/21/LAST", eventID=self.last_word()))
        yield "gateway", "POST", place, begin
        for s in serials:
            unit = yield "line", "GET", f"/v1/units/(01){gtin}(21){s}", None
            assert unit["state"] == "packed", unit
        jobs = yield "gateway", "GET", f"{place}?perPage=3", None
        while any(job["running"] for job in jobs):
            if self.faults.hits:
                self.faults.disarm()  # else nothing may be written any more
            jobs = yield "gateway", "GET", f"{place}?perPage=3", None
        assert all(job["success"] for job in jobs), jobs
        yield "gateway", "GET", f"/epcis/v2/events?EQ_eventID={self.last_word()}", None


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
        shutil.rmtree(to)


class Restore(Backup):
    """A backup that is restored: a whole site, or none; and then it is restored elsewhere."""

    def __init__(self, folder, faults):
        super().__init__(folder, faults)
        self.source = folder / "backup"
        done = harness.packtrail("backup", self.site.folder, self.source)
        assert done.returncode == 0, done.stderr

    def restore(self, to, env=None):
        return harness.packtrail("restore", self.source, to, "--key", self.site.folder / "site.key",
                                 env=env)

    def run(self, fault):
        self.number += 1
        to, other = (self.folder / f"{name}-{self.number}" for name in ("restored", "other"))
        self.faults.arm(fault)
        done = self.restore(to, self.faults.env)
        self.faults.disarm()
        assert_said_why(done.returncode, done.stderr)
        is_site = (to / "data" / "format").exists()
        assert is_site or done.returncode != 0
        if not is_site:
            assert harness.packtrail("serve", "-c", to / "packtrail.yaml").returncode == 1
            done = self.restore(other)
            assert done.returncode == 0, done.stderr
        done = harness.packtrail("verify", to if is_site else other)
        assert done.returncode == 0, done.stderr
        for made in (to, other):
            shutil.rmtree(made, ignore_errors=True)


SCENES = {"init": Init, "start": Start, "work": Work, "capture": Capture, "backup": Backup,
          "restore": Restore}


class Stage:
    """A scene that is made anew after so many runs, that it may not grow."""

    FRESH = 100

    def __init__(self, name, folder, faults):
        self.name, self.folder, self.faults = name, folder, faults
        self.scene, self.runs, self.number = None, 0, 0

    def run(self, fault):
        if self.runs % self.FRESH == 0:
            self.end()
            self.number += 1
            place = self.folder / f"{self.name}-{self.number}"
            place.mkdir()
            self.scene = SCENES[self.name](place, self.faults)
            self.faults.arm(None)
        self.runs += 1
        self.scene.run(fault)

    def run_anew(self, fault):
        """On a service that has just started, where there is one: what it does once, it does now."""
        if self.scene is not None and getattr(self.scene, "is_served", False):
            self.scene.site.restart()
        self.run(fault)

    def drop(self):
        """As it is, whatever it is."""
        self.faults.disarm()
        site = getattr(self.scene, "site", None)
        if site is not None:
            site.kill()
        self.scene, self.runs = None, 0

    def end(self):
        if self.scene is None:
            return
        scene, self.scene = self.scene, None
        scene.end()
        shutil.rmtree(self.folder / f"{self.name}-{self.number}")


def fail_one(stage, fault, anew):
    try:
        (stage.run_anew if anew else stage.run)(fault)
    except AssertionError as e:
        raise AssertionError(f"{fault}: {e}") from e


def walk(stage, kind, most, part, choose):
    """Fails every call of a kind, once and for good, or `most` of them that are chosen; of all of
    these the k-th of n for `part` (k, n): how many calls there are, how many were tried, how often
    one failed, and what went wrong once and not again on a stage that was made anew (a machine that
    stood still, say)."""
    faults, counts = stage.faults, []
    for run in (stage.run_anew, stage.run):
        faults.arm(None)
        run(None)
        counts.append(faults.counted[KINDS.index(kind)])
    calls = max(counts)
    ways = [(nth, ever) for nth in range(1, calls + 1) for ever in (0, 1)]
    if len(ways) > most:
        ways = sorted(choose.sample(ways, most))
    hits = tried = 0
    odd = []
    for number, (nth, ever) in list(enumerate(ways))[part[0] - 1::part[1]]:
        fault = Fault(kind, nth, ever, ERRORS[kind][number // 2 % len(ERRORS[kind])])
        try:
            fail_one(stage, fault, nth > counts[1])
        except AssertionError as e:
            if len(ways) <= ONCE:
                raise
            odd.append(str(e))
            stage.drop()
            fail_one(stage, fault, nth > counts[1])
        hits += faults.hits > 0
        tried += 1
    return calls, tried, hits, odd
