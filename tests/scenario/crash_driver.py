"""Clients that never give up and a driver that kills the service under them.

Each client is a thread with a connection of its own. It works like a packing line: numbers,
commissioning, cases, pallets, some of it as arrays and NDJSON; every request has an
Idempotency-Key. A request that the death of the service leaves unanswered is sent again, with the
same key and body, to the next life of the service, until it is answered.

The driver decides when the service dies. Before it kills, it holds the process (SIGSTOP) until
nearly all clients wait for an answer, lets it go on, and either sends SIGKILL a few random
milliseconds later or leaves it to a build with FAULTS=1, which raises SIGKILL after the n-th
commit, before the answer. In flight at a kill is a request that was sent whole before it, on a
connection that still stood afterwards, and that got no answer from that life.
"""
import collections
import http.client
import itertools
import json
import os
import math
import random
import select
import signal
import socket
import sys
import threading
import time

import epcis_documents
import harness

CLIENTS = 32
IN_FLIGHT = 20          # at least, at a kill that counts
FAULTS_BIN = os.path.abspath(os.environ.get("PACKTRAIL_FAULTS_BIN", "build/faults/packtrail"))
CASE, PALLET = 5, 3     # packs a case, cases a pallet
SWITCH_S = 0.0005       # so that the driver is not late where 32 clients wait for the interpreter
PATIENCE_S = 120        # after it something hangs

Kill = collections.namedtuple("Kill", "life from_inside")
Sent = collections.namedtuple("Sent", "key role path type body status kind answer")
Fact = collections.namedtuple("Fact", "seq type parts")  # an accepted report; parts: its events


class Wrong(Exception):
    """The service did what it must not do."""


class Fleet:
    """The clients and the service that dies under them."""

    def __init__(self, site, tokens, seed):
        self.site, self.tokens, self.seed = site, tokens, seed
        self.random = random.Random(seed)
        self.kills = []
        self.broken = collections.Counter()  # life -> requests that were in flight at its end
        self.wrong = []
        self._changed = threading.Condition()
        self._life = 0          # counts starts; clients wait for a new one
        self._alive = False
        self._may_die = False   # a connection may break now
        self._killed_at = collections.defaultdict(lambda: math.inf)  # life -> when we killed it
        self._waiting = {}      # client -> when its request had been sent
        self._answered = 0
        self._enough = False
        self.clients = [Client(self, i) for i in range(CLIENTS)]

    # --- the driver ---

    def run(self, kills, most):
        """Kills until `kills` met enough requests in flight, but `most` times at most."""
        sys.setswitchinterval(SWITCH_S)
        for client in self.clients:
            client.start()
        try:
            for number in range(most):
                self._one_life(from_inside=number % 2 == 0 and os.access(FAULTS_BIN, os.X_OK))
                if self.wrong or len(self.good_kills()) >= kills:
                    break
        except (Wrong, AssertionError) as e:
            self.fail(str(e))
        self._end()

    def _end(self):
        """A last life in which everybody gets the answers that are still due."""
        self._enough = True
        if self.wrong:
            self.site.kill()
        else:
            self._start(harness.BIN, {})
        for client in self.clients:
            client.join(PATIENCE_S)
        if hanging := [c.name for c in self.clients if c.is_alive()]:
            self.fail(f"no answer in {PATIENCE_S} s: {hanging}")
        if self.wrong:
            raise Wrong("\n".join(self.wrong[:5]))

    def good_kills(self):
        """The last life's count is still growing: it is not among them."""
        return [k for k in self.kills
                if k.life < self._life and self.broken[k.life] >= IN_FLIGHT]

    def _one_life(self, from_inside):
        commits = self.random.randint(1, 40)
        env = {"PACKTRAIL_KILL_AFTER_COMMITS": str(commits)} if from_inside else {}
        self._start(FAULTS_BIN if from_inside else harness.BIN, env, may_die=from_inside)
        self.kills.append(Kill(self._life, from_inside))
        if from_inside:
            self._until_it_dies()
        else:
            self._wait_answers(self.random.randint(0, 3 * CLIENTS))
            self._hold()
            time.sleep(self.random.choice((0.001, 0.002, 0.006)) * self.random.random())
            self._kill()

    def _start(self, program, env, may_die=False):
        """A new life. One that may die by itself is stopped until all clients are there."""
        self.site.program, self.site.env = program, env
        self.site.start()
        if may_die:
            self.site.process.send_signal(signal.SIGSTOP)
        with self._changed:
            self._life += 1
            self._alive, self._may_die = True, may_die
            self._changed.notify_all()

    def _hold(self):
        """Stops it until nearly all clients wait, then lets it go on. False: it is dead."""
        process = self.site.process
        process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while self._in_flight() < CLIENTS - 1:
                self._changed.wait(0.02)
                if process.poll() is not None:
                    return False
                if self.wrong or time.monotonic() > deadline:
                    raise Wrong(f"clients hang; {self._in_flight()} wait. {self.wrong[:3]}")
        process.send_signal(signal.SIGCONT)
        return True

    def _in_flight(self):
        """Clients of a former life may not have noticed its end yet; they do not count."""
        return sum(client.life == self._life for client in self._waiting)

    def _wait_answers(self, count):
        process = self.site.process
        with self._changed:
            goal = self._answered + count
            while self._answered < goal and process.poll() is None and not self.wrong:
                self._changed.wait(0.02)

    def _until_it_dies(self):
        while self._hold() and self.site.process.poll() is None:
            self._wait_answers(CLIENTS // 4)
        if self.site.wait() != -signal.SIGKILL:
            raise Wrong(f"it ended by itself\n{self.site.log()}")
        with self._changed:
            self._alive = False

    def _kill(self):
        if self.site.process.poll() is not None:
            raise Wrong(f"it ended by itself\n{self.site.log()}")
        self._may_die, self._killed_at[self._life] = True, time.monotonic()
        self.site.kill()
        with self._changed:
            self._alive = False

    # --- what clients tell and ask ---

    def is_enough(self):
        return self._enough or bool(self.wrong)

    def wait_for_life(self, after):
        """The number of a life newer than `after`, once the service lives it."""
        with self._changed:
            lives = self._changed.wait_for(
                lambda: (self._alive and self._life > after) or self.wrong, PATIENCE_S)
        if not lives or self.wrong:
            raise Wrong("the service did not come back")
        return self._life

    def sent(self, client, at):
        with self._changed:
            self._waiting[client] = at
            self._changed.notify_all()

    def answered(self, client):
        with self._changed:
            self._waiting.pop(client, None)
            self._answered += 1
            self._changed.notify_all()

    def broke(self, client, life, error):
        with self._changed:
            sent_at = self._waiting.pop(client, None)
            if life == self._life and self._alive and not self._may_die:
                self.wrong.append(f"a connection broke though nobody killed it: {error!r}")
            if sent_at is not None and sent_at < self._killed_at[life]:
                self.broken[life] += 1
            self._changed.notify_all()

    def fail(self, sentence):
        with self._changed:
            self.wrong.append(sentence)
            self._changed.notify_all()

    # --- what came of it ---

    def sent_requests(self):
        return [s for client in self.clients for s in client.requests]

    def facts(self):
        return [f for client in self.clients for f in client.facts]


class Client(threading.Thread):
    """One packing line."""

    def __init__(self, fleet, number):
        super().__init__(name=f"client-{number}", daemon=True)
        self.fleet = fleet
        self.random = random.Random(fleet.seed * CLIENTS + number)
        self.gtin, self.lot = GTINS[number % len(GTINS)], LOTS[number % len(GTINS)]
        self.connection = None
        self.life = 0
        self.keys = itertools.count()
        self.requests = []  # Sent, in order, each answered
        self.issued = {}    # request id -> its numbers, as first answered
        self.facts = []
        self.cases = {}     # SSCC -> serials in it
        self.pallets = {}   # SSCC -> SSCCs on it
        self.shipped = set()

    def run(self):
        try:
            while not self.fleet.is_enough():
                self.make_pallet()
        except Exception as e:  # pylint: disable=broad-except  # told to the driver, not lost
            self.fleet.fail(f"{self.name}: {e!r}")
        finally:
            if self.connection is not None:
                self.connection.close()

    # --- work ---

    def make_pallet(self):
        cases = [self.make_case() for _ in range(PALLET)]
        pallet = self.number_containers(1)[0]
        if self.random.random() < 0.5:
            self.empty_and_fill(cases[0])
        self.report({"type": "pack", "parent": pallet, "children": cases, "commission": True})
        self.pallets[pallet] = cases
        if self.random.random() < 0.3:
            self.ship(pallet)

    def ship(self, pallet):
        answer = self.post("/v1/shipments", {
            "units": [pallet], "to": {"party": GLN, "location": GLN},
            "documents": [{"type": "desadv", "id": f"D{pallet}", "gln": GLN}]}, role="operator")
        self.facts.append(Fact(answer["seq"], "ship", 1))
        self.shipped.add(pallet)

    def make_case(self):
        serials = self.number_packs(CASE + self.random.randint(1, 4))
        good, bad, left = serials[:CASE], serials[CASE:CASE + 1], serials[CASE + 1:]
        case = self.number_containers(1)[0]
        reports = [
            self.commission(good[:2]),
            self.commission(good[2:]),
            {"type": "scrap", "gtin": self.gtin, "serials": bad, "reason": "smeared"},
            {"type": "pack", "parent": case, "children": [self.pack(s) for s in good],
             "commission": True},
        ]
        way = self.random.choice((self.one_by_one, self.array, self.lines))
        way(reports)
        if left:
            body = {"gtin": self.gtin, "serials": left, "reason": "never printed"}
            answer = self.post("/v1/serials/returns", body)
            self.expect(answer["returned"] == len(left), "returned numbers", answer)
        self.cases[case] = good
        return case

    def empty_and_fill(self, case):
        children = [self.pack(s) for s in self.cases[case]]
        self.report({"type": "unpack", "parent": case})
        self.report({"type": "pack", "parent": case, "children": children})

    def commission(self, serials):
        return {"type": "commission", "lot": self.lot, "gtin": self.gtin, "serials": serials}

    def pack(self, serial):
        return f"(01){self.gtin}(21){serial}"

    def number_packs(self, quantity):
        wish = {"gtin": self.gtin, "quantity": quantity, "lot": self.lot}
        answer = self.post("/v1/serials", wish)
        return self.numbers(answer, "serials", quantity)

    def number_containers(self, quantity):
        answer = self.post("/v1/sscc", {"quantity": quantity, "client": "acme"})
        return self.numbers(answer, "ssccs", quantity)

    def numbers(self, answer, key, quantity):
        self.expect(answer["quantity"] == len(answer[key]) == quantity, "numbers asked", answer)
        self.expect(answer["request"] not in self.issued, "one request, two answers", answer)
        self.issued[answer["request"]] = answer[key]
        if self.random.random() < 0.3:
            self.post(f"/v1/serials/requests/{answer['request']}/confirm", {})
        return answer[key]

    # --- reporting ---

    def report(self, one):
        self.one_by_one([one])

    def one_by_one(self, reports):
        for one in reports:
            self.took([one], self.post("/v1/reports", one))

    def array(self, reports):
        self.took(reports, self.post("/v1/reports", reports))

    def lines(self, reports):
        body = b"".join(json.dumps(r).encode() + b"\n" for r in reports)
        self.took(reports, self.post("/v1/reports", body, "application/x-ndjson"))

    def took(self, reports, answer):
        self.expect(answer["accepted"] == len(reports) and answer["refused"] == 0,
                    "reports taken", answer)
        self.expect([r["index"] for r in answer["results"]] == list(range(len(reports))),
                    "one result for each", answer)
        for one, result in zip(reports, answer["results"]):
            parts = {"scrap": 0, "pack": 2 if one.get("commission") else 1}.get(one["type"], 1)
            self.facts.append(Fact(result["seq"], one["type"], parts))

    # --- requests ---

    def post(self, path, body, kind="application/json", role="line"):
        """Asks until answered; the answer, parsed."""
        key = f"{self.name}-{next(self.keys)}"
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        one = self.exchange(key, role, path, kind, body)
        self.expect(200 <= one.status < 300, "an answer that accepts", one)
        self.requests.append(one)
        return json.loads(one.answer)

    def exchange(self, key, role, path, kind, body):
        headers = {"Authorization": f"Bearer {self.fleet.tokens[role]}", "Content-Type": kind,
                   "Idempotency-Key": key}
        while True:
            if self.connection is None:
                self.connect()
            try:
                self.connection.request("POST", path, body, headers)
                sent_at = time.monotonic()
                if self.stands():
                    self.fleet.sent(self, sent_at)
                response = self.connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException) as e:
                self.connection.close()
                self.connection = None
                self.fleet.broke(self, self.life, e)
                continue
            self.fleet.answered(self)
            return Sent(key, role, path, kind, body, response.status,
                        response.headers.get("Content-Type"), answer)

    def stands(self):
        """Has the other side not hung up yet?"""
        if not select.select([self.connection.sock], [], [], 0)[0]:
            return True
        return self.connection.sock.recv(1, socket.MSG_PEEK) != b""

    def connect(self):
        self.life = self.fleet.wait_for_life(self.life)
        host, port = self.fleet.site.listen.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)
        if self.requests:
            self.repeat(self.random.choice(self.requests))

    def repeat(self, before):
        """What a former life answered, this one answers, byte for byte."""
        again = self.exchange(before.key, before.role, before.path, before.type, before.body)
        self.expect(again == before, "the same answer", (before, again))

    def expect(self, holds, what, got):
        if not holds:
            raise Wrong(f"{self.name}: not {what}: {str(got)[:2000]}")


# --- the site ---

def gtin_of(item):
    return epcis_documents.check_digit(f"0{harness.PREFIX}{item:05d}")


GTINS = [gtin_of(20001), gtin_of(20002), gtin_of(20003)]
LOTS = ["KR-1", "KR-2", "KR-3"]
POOLS = [{"kind": "random"}, {"kind": "sequential", "length": 12}, {"kind": "list"}]
LIST_SIZE = 100_000
GLN = epcis_documents.check_digit(f"{harness.PREFIX}00042")


def furnish(site, partner_url, list_size=LIST_SIZE):
    """A client with a product for each kind of pool, lots, and a partner; a token per role."""
    admin = site.admin
    admin.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": [harness.PREFIX],
                                   "profile": {"ship_rule": "quarantine"}})
    admin.put(f"/v1/parties/{GLN}", {"name": "A wholesaler"})
    admin.put(f"/v1/locations/{GLN}", {"name": "Its store"})
    admin.put("/v1/lines/line-1", {"name": "Line 1"})
    operator = site.as_role("operator")
    for gtin, lot, pool in zip(GTINS, LOTS, POOLS):
        levels = [{"level": "pack", "id": "sgtin", "quantity": 1},
                  {"level": "case", "id": "sscc", "quantity": CASE},
                  {"level": "pallet", "id": "sscc", "quantity": PALLET}]
        admin.put(f"/v1/products/{gtin}", {"client": "acme", "name": lot, "levels": levels})
        admin.put(f"/v1/pools/{pool['kind']}-packs", {"gtin": gtin, **pool})
        operator.post("/v1/lots", {"lot": lot, "gtin": gtin, "expiry": "2031-06-30"}, 201)
    admin.put("/v1/pools/containers", {"client": "acme", "prefix": harness.PREFIX,
                                       "extension": "1", "kind": "sscc"})
    numbers = "".join(f"L{i:07d}\n" for i in range(list_size))
    admin.post("/v1/pools/list-packs/import", numbers, 201, headers={"Content-Type": "text/plain"})
    admin.put("/v1/partners/hub", {"client": "acme", "url": partner_url,
                                   "format": "epcis-2.0-json", "approval": "none"})
    return {"line": site.token("line", line="line-1"), "operator": site.token("operator")}


class Receiver:
    """The partner's side: which events came, in the order in which they first came."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.first = {}  # event id -> Event
        self.repeats = 0
        self._changed = threading.Condition()

    def take(self, message):
        """One message in twenty fails, before it is read or after."""
        if self.random.random() < 0.05:
            return self.random.choice((harness.FAIL, harness.CLOSE))
        with self._changed:
            for event in epcis_documents.events(message.body):
                self.repeats += event.id in self.first
                self.first.setdefault(event.id, event)
            self._changed.notify_all()
        return harness.ACCEPT if self.random.random() > 0.05 else harness.CLOSE

    def wait_for(self, ids, timeout=PATIENCE_S):
        with self._changed:
            self._changed.wait_for(lambda: ids <= self.first.keys(), timeout)
        return dict(self.first)
