#!/usr/bin/python3
"""The speed proof: Packtrail and PostgreSQL 15 doing the same work in turns on this machine, then
disk, memory and the time of a whole site. Standard library only; run.sh builds what it needs.

Prints one table a subject. Ends with 1 if anything is below its floor, else 0.
"""
import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench_site import (PAGE_MAX, Busiest, Peak, Site, Table, gtin14, resident_mb, verdict,
                        written)
import plant

HERE = os.path.dirname(os.path.abspath(__file__))
LANES = 64
UNITS_DISK = 400_000
UNITS_DEMO = 100_000
DEMO_S = 300

# op: arguments of load, floor and goal as multiples of PostgreSQL's rate
OPS = {
    "issue1": (("issue", "1"), 2, 4),
    "issue100": (("issue", "100"), 12, 20),
    "issue1000": (("issue", "1000"), 60, 100),
    "commission": (("commission", "100"), 15, 25),
    "aggregate": (("aggregate", "50"), 10, 18),
    "lookup": (("lookup",), 3, 6),
}
DISK = {50: (40, 30), 10: (60, 48)}  # packs in a case: floor and goal, bytes a unit
# documents: arguments of load, identifiers of one event, floor and goal as multiples of the rate at
# which PostgreSQL commissions
DOCUMENTS = {
    "observe 100": (("observe", "100"), 100, 10, 15),
    "add 100": (("add", "100"), 100, 10, 15),
}
EVENTS = ("-e", "10", "observe", "1000")  # documents of 100 events
EVENTS_CPU = (8_000, 12_000)  # events a second of processor time
NEW_UNITS = ("foreign", "10")
NEW_FLOOR = (5_000, 10_000)  # a second, whatever is known
PALLET = 2_500  # packs on a pallet: 50 cases of 50
HUB = "9506000000015"
EXPAND = (3, 6)  # multiples of PostgreSQL's rate
SHIP_MS = (100, 20)
MEMORY_EVENTS = (1_000, 10_000, 100_000)  # of the answers whose memory is compared
MEMORY_GROWS_MB = 16
MEMORY_MB = 150
DEMO_MAX_S = 20
IDEMPOTENCY_TAG = "I"


# --- speed ---

class Run:
    """One timed run of either system: the columns that load and rival.sh print alike."""

    def __init__(self, columns):
        self.requests = int(columns[0])
        self.rate, self.items = float(columns[1]), float(columns[2])
        self.p50, self.p99, self.p999, self.errors = map(int, columns[3:7])
        self.cpu_us = float(columns[7]) if len(columns) > 7 else 0
        self.scan_us = float(columns[8]) if len(columns) > 8 else 0


def output_of(command, env=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **(env or {})}, check=False)
    return done.stdout.split()


class Ours:
    def __init__(self, site, options, folder):
        self.options, self.folder = options, folder
        lanes = site.set_up(LANES, case_of=50)
        with open(self._file("lanes"), "w") as f:
            f.writelines(f"{gtin} {lot}\n" for gtin, lot in lanes)
        self.token = site.caller("operator").token
        self.reach(site)
        subprocess.run([*self.command, *self.to, "fill", str(options.fill)], check=True)

    def _file(self, name):
        return os.path.join(self.folder, name)

    def reach(self, site):
        """The service, which may have been started again."""
        self.command = [self.options.load, "-c", str(self.options.clients), "-s",
                        str(self.options.secs), "-p", str(site.process.pid), "-f",
                        self._file("known")]
        self.to = [str(site.port), self.token, self._file("lanes")]

    def run(self, op):
        return self.load(OPS[op][0])

    def load(self, arguments):
        at = 2 if arguments[0].startswith("-") else 0
        columns = output_of([*self.command, *arguments[:at], *self.to, *arguments[at:]])
        if len(columns) < 10:
            sys.exit(f"{arguments} could not be measured")
        return Run(columns[2:])


class Rival:
    def __init__(self, options, folder, pallets=0):
        self.folder = os.path.join(folder, "rival")
        self.script = os.path.join(HERE, "rival.sh")
        self.env = {"SECS": str(options.secs), "CLIENTS": str(options.clients),
                    "FILL": str(options.fill), "ROUNDS": str(options.rounds),
                    "PALLETS": str(pallets)}

    def __enter__(self):
        subprocess.run([self.script, "start", self.folder], check=True,
                       env={**os.environ, **self.env})
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "stop", self.folder], check=False)

    def run(self, op, turn):
        columns = output_of([self.script, "run", self.folder, op, str(turn)], self.env)
        if len(columns) < 8:
            sys.exit(f"PostgreSQL: {op} could not be measured")
        return Run(columns[1:])

    def ship(self, turn):
        text = output_of([self.script, "run", self.folder, "ship", str(turn)], self.env)
        took, packs = text[0].split("|")
        return float(took), int(packs)


def speed(options, folder):
    ours, theirs = {op: [] for op in options.ops}, {op: [] for op in options.ops}
    with Site(options.bin, os.path.join(folder, "speed")) as site, Rival(options, folder) as rival:
        our = Ours(site, options, folder)
        for turn in range(1, options.rounds + 1):
            for op in options.ops:
                pair = [lambda: theirs[op].append(rival.run(op, turn)),
                        lambda: ours[op].append(our.run(op))]
                for go in pair if turn % 2 else reversed(pair):  # neither always comes second
                    go()
                print(f"round {turn} {op}: {ours[op][-1].rate:.0f}/s against "
                      f"{theirs[op][-1].rate:.0f}/s", file=sys.stderr)
        memory = resident_mb(site.process.pid)
    table = Table(f"Speed: {options.clients} clients, {options.rounds} rounds of {options.secs} s "
                  "in turns, medians", "op", "packtrail/s", "items/s", "PostgreSQL/s", "ratio",
                  "[min..max]", "floor", "goal", "CPU us", "p50 ms", "p99 ms", "PG p99", "verdict")
    for op in options.ops:
        table.add(*speed_row(op, ours[op], theirs[op]))
    table.show()
    print(f"  resident memory after {sum(r.requests for rs in ours.values() for r in rs)} "
          f"requests: {memory:.0f} MB")


def median_of(runs):
    return lambda name: statistics.median(getattr(r, name) for r in runs)


def speed_row(op, ours, theirs):
    _, floor, goal = OPS[op]
    ratios = [a.rate / b.rate for a, b in zip(ours, theirs)]
    ratio = statistics.median(ratios)
    our, their = median_of(ours), median_of(theirs)
    errors = sum(r.errors for r in ours)
    return (op, f"{our('rate'):.0f}", f"{our('items'):.0f}",
            f"{their('rate'):.0f}", f"{ratio:.1f}x",
            f"[{min(ratios):.1f}..{max(ratios):.1f}]", f"{floor}x", f"{goal}x",
            f"{our('cpu_us'):.0f}", f"{our('p50') / 1000:.1f}",
            f"{our('p99') / 1000:.1f}", f"{their('p99') / 1000:.1f}",
            "ERRORS" if errors else verdict(ratio, floor, goal))


# --- captured documents ---

class Foreign:
    """Identifiers of nobody here, each named once."""

    def __init__(self, site, ours):
        self.site, self.ours, self.known = site, ours, 0

    def preload(self, most):
        """As if `most` had been named before."""
        if most <= self.known:
            return
        self.site.stop()
        subprocess.run([self.ours.options.known_fill, os.path.join(self.site.folder, "data"),
                        str(self.known), str(most - self.known)], check=True)
        self.known = most
        self.site.serve()
        self.ours.reach(self.site)

    def run(self):
        pid = self.site.process.pid
        before = written(pid)
        with Busiest(pid) as busiest:
            run = self.ours.load(("-a", str(self.known), *NEW_UNITS))
        run.queued = busiest.queued
        run.kb_each = (written(pid) - before) / 1000 / run.requests / int(NEW_UNITS[1])
        self.known += (run.requests + self.ours.options.clients) * int(NEW_UNITS[1])
        return run


def capture(options, folder):
    with Site(options.bin, os.path.join(folder, "capture")) as site, \
            Rival(options, folder) as rival:
        our = Ours(site, options, folder)
        documents(options, our, rival)
        stored = 100 * events(options, our)
        while stored < MEMORY_EVENTS[-1]:
            stored += 100 * our.load(EVENTS).requests
        answers(site)


def foreign(options, folder):
    with Site(options.bin, os.path.join(folder, "foreign")) as site:
        new_units(options, Foreign(site, Ours(site, options, folder)))


def documents(options, our, rival):
    table = Table(f"Documents of one event: {options.clients} clients, {options.rounds} rounds of "
                  f"{options.secs} s in turns, medians", "100 EPCs", "documents/s",
                  "PostgreSQL commission/s", "ratio", "[min..max]", "floor", "goal", "CPU us",
                  "to a scan", "p50 ms", "p99 ms", "verdict")
    for name, (arguments, _, floor, goal) in DOCUMENTS.items():
        ours, theirs = [], []
        for turn in range(1, options.rounds + 1):
            pair = [lambda: theirs.append(rival.run("commission", turn)),
                    lambda: ours.append(our.load(arguments))]
            for go in pair if turn % 2 else reversed(pair):
                go()
        ratios = [a.rate / b.rate for a, b in zip(ours, theirs)]
        ratio, mid = statistics.median(ratios), median_of(ours)
        table.add(name, f"{mid('rate'):.0f}", f"{median_of(theirs)('rate'):.0f}", f"{ratio:.1f}x",
                  f"[{min(ratios):.1f}..{max(ratios):.1f}]", f"{floor}x", f"{goal}x",
                  f"{mid('cpu_us'):.0f}", f"{mid('cpu_us') / mid('scan_us'):.0f}x",
                  f"{mid('p50') / 1000:.1f}", f"{mid('p99') / 1000:.1f}",
                  "ERRORS" if any(r.errors for r in ours) else verdict(ratio, floor, goal))
    table.show()


def events(options, our):
    """How many documents were stored."""
    runs = [our.load(EVENTS) for _ in range(options.rounds)]
    mid = median_of(runs)
    each = mid("cpu_us") / 100
    table = Table("Documents of 100 events of 10 EPCs", "events/s", "CPU us an event", "to a scan",
                  "events/s of CPU", "floor", "goal", "p50 ms", "p99 ms", "verdict")
    table.add(f"{mid('rate') * 100:.0f}", f"{each:.1f}",
              f"{mid('cpu_us') / mid('scan_us'):.0f}x", f"{1e6 / each:.0f}", *EVENTS_CPU,
              f"{mid('p50') / 1000:.1f}", f"{mid('p99') / 1000:.1f}",
              "ERRORS" if any(r.errors for r in runs) else verdict(1e6 / each, *EVENTS_CPU))
    table.show()
    return sum(r.requests for r in runs)


def new_units(options, foreign):
    site = foreign.site
    table = Table("New foreign identifiers, 10 a document", "known before", "a second", "floor",
                  "goal", "CPU us each", "KB each", "p50 ms", "p99 ms", "queued", "file GB",
                  "memory MB", "verdict")
    for most in options.known:
        foreign.preload(most)
        known = foreign.known
        runs = [foreign.run() for _ in range(min(3, options.rounds))]
        mid = median_of(runs)
        table.add(f"{known:,}", f"{mid('items'):.0f}", *NEW_FLOOR, f"{mid('cpu_us') / 10:.1f}",
                  f"{mid('kb_each'):.1f}", f"{mid('p50') / 1000:.1f}", f"{mid('p99') / 1000:.1f}",
                  f"{mid('queued'):.0%}", f"{site.stored_gb():.1f}",
                  f"{resident_mb(site.process.pid):.0f}",
                  "ERRORS" if any(r.errors for r in runs) else verdict(mid("items"), *NEW_FLOOR))
        print(f"{known:,} known: {mid('items'):.0f} new a second", file=sys.stderr, flush=True)
    table.show()


def answers(site):
    """Memory while the answer to one question is sent, in pages of 10,000 events at most."""
    table = Table("Memory of an answer over HTTP", "events", "MB sent", "seconds", "memory MB",
                  "verdict")
    reader, before = site.caller("operator"), None
    for most in MEMORY_EVENTS:
        begun = time.monotonic()
        with Peak(site.process.pid) as peak:
            got, found = reader.stream(f"/epcis/v2/events?perPage={min(most, PAGE_MAX)}",
                                       b'"eventTime"', most)
        before = peak.mb if before is None else before
        grown = peak.mb - before
        table.add(found, f"{got / 1e6:.1f}", f"{time.monotonic() - begun:.1f}", f"{peak.mb:.0f}",
                  verdict(-grown, -MEMORY_GROWS_MB, -MEMORY_GROWS_MB)
                  if found == most else "ERRORS")
    table.show()


# --- disk and memory ---

class PackingLine:
    """A line that asks for numbers, commissions by the hundred and packs ten cases a call."""

    def __init__(self, site, gtin, lot, case_of):
        self.http, self.gtin, self.lot, self.case_of = site.caller("line"), gtin, lot, case_of
        self.cases = []  # of the last call

    def pack(self, packs):
        answer = self.http.call("POST", "/v1/serials", {"gtin": self.gtin, "quantity": packs,
                                                        "lot": self.lot})
        serials, cases = answer["serials"], packs // self.case_of
        for at in range(0, packs, 100):
            self.http.report([{"type": "commission", "lot": self.lot, "gtin": self.gtin,
                               "serials": serials[at:at + 100]}])
        ssccs = self.http.call("POST", "/v1/sscc", {"quantity": cases, "gtin": self.gtin,
                                                    "lot": self.lot})["ssccs"]
        facts = [{"type": "pack", "parent": sscc, "commission": True,
                  "children": [f"(01){self.gtin}(21){s}" for s in
                               serials[i * self.case_of:(i + 1) * self.case_of]]}
                 for i, sscc in enumerate(ssccs)]
        for at in range(0, cases, 10):
            self.http.report(facts[at:at + 10])
        self.cases = ssccs


def fill_disk(options, folder, case_of):
    """Packs UNITS_DISK packs on four lines in turns; lines of disk.c and the peak of memory."""
    with Site(options.bin, os.path.join(folder, f"disk{case_of}")) as site:
        lines = [PackingLine(site, gtin, lot, case_of) for gtin, lot in site.set_up(4, case_of)]
        with Peak(site.process.pid) as peak:
            for _ in range(options.units // 20_000):
                for line in lines:
                    line.pack(5_000)
        site.stop()
        data = os.path.join(site.folder, "data")
        found = subprocess.run([options.disk, data, IDEMPOTENCY_TAG], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        return [line.split("\t") for line in found.splitlines()], peak.mb


def disk(options, folder):
    table = Table(f"Disk after {options.units} packs: bytes a unit, journal included",
                  "cases of", "bytes", "floor", "goal", "idempotency, apart", "verdict")
    details = []
    for case_of, (floor, goal) in DISK.items():
        lines, peak = fill_disk(options, folder, case_of)
        figure = {line[0]: int(line[1]) for line in lines if line[0] in ("used", "apart")}
        each = (figure["used"] - figure["apart"]) / options.units
        table.add(case_of, f"{each:.1f}", floor, goal, f"{figure['apart'] / options.units:.2f}",
                  verdict(-each, -floor, -goal))
        parts = [f"{line[1]} {int(line[2]) / options.units:.1f}" for line in lines
                 if line[0] == "pages"]
        tags = [f"{line[1]} {int(line[3]) / options.units:.1f}" for line in lines
                if line[0] == "tag" and int(line[3]) > options.units / 10]
        details.append(f"  cases of {case_of}: {', '.join(parts)}; rows by tag: {', '.join(tags)}; "
                       f"memory at most {peak:.0f} MB")
    table.show()
    print("\n".join(details))


# --- a lot ---

LOT_CLOSE_MS, LOT_CLOSE_GOAL_MS, LOT_LIST_S, LOT_LIST_GROWS_MB = 50, 5, 2, 16
LOT_LOST_EVERY = 1000  # of so many numbers one is never reported


class Filler:
    """Commissions and packs for the lot, some 20,000 packs at a time, as NDJSON."""

    def __init__(self, site, gtin, lot, case_of):
        self.http, self.gtin, self.lot, self.case_of = site.caller("line"), gtin, lot, case_of

    def fill(self, n):
        wish = {"gtin": self.gtin, "lot": self.lot}
        serials = self.http.call("POST", "/v1/serials", {**wish, "quantity": n})["serials"]
        kept = [s for i, s in enumerate(serials) if i % LOT_LOST_EVERY]
        self.http.report([{"type": "commission", **wish, "serials": kept[at:at + 500]}
                          for at in range(0, len(kept), 500)])
        cases = len(kept) // self.case_of  # what fills none stays loose
        ssccs = self.http.call("POST", "/v1/sscc", {**wish, "quantity": cases})["ssccs"]
        self.http.report([{"type": "pack", "parent": sscc, "commission": True,
                           "children": [f"(01){self.gtin}(21){s}" for s in
                                        kept[i * self.case_of:(i + 1) * self.case_of]]}
                          for i, sscc in enumerate(ssccs)])
        return n - len(kept)


def timed(call):
    begun = time.monotonic()
    found = call()
    return found, (time.monotonic() - begun) * 1000


def differences(reader, path):
    found, page = 0, ""
    while page is not None:
        answer = reader.call("GET", f"{path}/balance?differences=true&limit={PAGE_MAX}{page}")
        found += len(answer["items"])
        page = answer["next"] and "&page=" + answer["next"]
    return found


def lot(options, folder):
    with Site(options.bin, os.path.join(folder, "lot")) as site:
        (gtin, name), = site.set_up(1, case_of=50)
        filler, lost, path = Filler(site, gtin, name, 50), 0, f"/v1/lots/{gtin}/{name}"
        for _ in range(options.lot // 20_000):
            lost += filler.fill(20_000)
        caller = site.caller("operator")
        closed, close_ms = timed(lambda: caller.call("POST", path + "/close", {}))
        balances = [timed(lambda: caller.call("GET", path + "/balance")) for _ in range(9)]
        balance_ms = statistics.median(ms for _, ms in balances)
        before = resident_mb(site.process.pid)
        with Peak(site.process.pid) as peak:
            found, list_ms = timed(lambda: differences(caller, path))
    numbers = balances[0][0]["levels"][0]["numbers"]
    right = closed["unknown_fate"] == numbers["unknown_fate"] == lost and found == lost + closed[
        "loose"]
    table = Table(f"A lot of {options.lot} packs, of which {lost} are of unknown fate",
                  "what", "measured", "floor", "goal", "verdict")
    for what, ms in (("close", close_ms), ("balance", balance_ms)):
        table.add(what, f"{ms:.1f} ms", f"{LOT_CLOSE_MS} ms", f"{LOT_CLOSE_GOAL_MS} ms",
                  verdict(-ms, -LOT_CLOSE_MS, -LOT_CLOSE_GOAL_MS) if right else "ERRORS")
    table.add(f"{found} differences to the serial", f"{list_ms / 1000:.2f} s", f"{LOT_LIST_S} s",
              f"{LOT_LIST_S} s", verdict(-list_ms, -1000 * LOT_LIST_S, -1000 * LOT_LIST_S))
    grown = peak.mb - before
    table.add("memory it takes", f"{grown:.1f} MB", f"{LOT_LIST_GROWS_MB} MB",
              f"{LOT_LIST_GROWS_MB} MB", verdict(-grown, -LOT_LIST_GROWS_MB, -LOT_LIST_GROWS_MB))
    table.show()


# --- a whole site ---

def demo(options, folder):
    kept, begun = os.path.join(folder, "demo"), time.monotonic()
    with open(os.path.join(folder, "demo.log"), "w+") as log:
        process = subprocess.Popen(
            [options.bin, "demo", "--packs", str(options.packs), "--speed", "max", "--keep", kept,
             "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with Peak(process.pid) as peak:
            try:
                process.wait(DEMO_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        took = time.monotonic() - begun
        log.seek(0)
        said = log.read()
    if process.returncode != 0:
        sys.exit(f"the demo ended with {process.returncode}:\n{said[-2000:]}")
    table = Table(f"A whole site: {options.packs} packs issued, commissioned, packed, shipped and "
                  "delivered", "what", "measured", "limit", "verdict")
    table.add("time", f"{took:.1f} s", f"{DEMO_MAX_S} s", verdict(-took, -DEMO_MAX_S, -DEMO_MAX_S))
    table.add("memory", f"{peak.mb:.0f} MB", f"{MEMORY_MB} MB",
              verdict(-peak.mb, -MEMORY_MB, -MEMORY_MB))
    table.show()


# --- trade ---

class PalletLine(PackingLine):
    """A line that packs cases of 50 onto pallets of 50."""

    def pallets(self, count):
        ssccs = []
        for _ in range(count):
            self.pack(PALLET)
            ssccs += self.load()
        return ssccs

    def load(self):
        sscc = self.http.call("POST", "/v1/sscc", {"quantity": 1, "gtin": self.gtin,
                                                   "lot": self.lot})["ssccs"]
        self.http.report([{"type": "pack", "parent": sscc[0], "commission": True,
                           "children": self.cases[-PALLET // 50:]}])
        return sscc


def trade(options, folder):
    count = options.pallets
    with Site(options.bin, os.path.join(folder, "trade")) as site:
        lines = [PalletLine(site, gtin, lot, 50) for gtin, lot in site.set_up(10, 50, 50)]
        ssccs = [s for line in lines for s in line.pallets(count // len(lines))]
        operator = site.caller("operator")
        for line in lines:
            operator.call("POST", f"/v1/lots/{line.gtin}/{line.lot}/close", {})
        for where in ("parties", "locations"):
            site.admin.call("PUT", f"/v1/{where}/{HUB}", {"name": "Hub"})
        with Rival(options, folder, count) as rival:
            expand(options, folder, site, operator, ssccs, rival)
            ship(options, operator, ssccs, rival)


def expand(options, folder, site, operator, ssccs, rival):
    names = os.path.join(folder, "pallets")
    with open(names, "w") as f:
        f.writelines(s + "\n" for s in ssccs)
    lanes = os.path.join(folder, "no-lanes")
    with open(lanes, "w") as f:
        f.write(f"{gtin14(0)} L0000\n")
    command = [options.load, "-c", str(options.clients), "-s", str(options.secs),
               "-p", str(site.process.pid), "-f", names, str(site.port), operator.token, lanes]
    lines, trees, theirs = [], [], []
    for turn in range(1, options.rounds + 1):
        turns = [lambda: theirs.append(rival.run("expand", turn)),
                 lambda: lines.append(Run(output_of([*command, "expand"])[2:])),
                 lambda: trees.append(Run(output_of([*command, "tree"])[2:]))]
        for go in turns if turn % 2 else reversed(turns):
            go()
    table = Table("What a pallet of 2,500 packs holds: identifiers alone, a line each, against "
                  "serials alone, a row each; and as JSON with state, GTIN and lot", "answer",
                  "packtrail/s", "PostgreSQL/s", "ratio", "[min..max]", "floor", "goal", "CPU us",
                  "p50 ms", "p99 ms", "verdict")
    for name, ours, (floor, goal) in (("lines", lines, EXPAND), ("JSON", trees, (0, 0))):
        ratios = [a.rate / b.rate for a, b in zip(ours, theirs)]
        mid, ratio = median_of(ours), statistics.median(ratios)
        table.add(name, f"{mid('rate'):.0f}", f"{median_of(theirs)('rate'):.0f}", f"{ratio:.1f}x",
                  f"[{min(ratios):.1f}..{max(ratios):.1f}]", f"{floor}x" if floor else "-",
                  f"{goal}x" if goal else "-", f"{mid('cpu_us'):.0f}", f"{mid('p50') / 1000:.1f}",
                  f"{mid('p99') / 1000:.1f}", "ERRORS" if any(r.errors for r in ours) else
                  verdict(ratio, floor, goal) if floor else "-")
    table.show()


def ship(options, operator, ssccs, rival):
    """Shipped, voided and shipped again: the time until the durable answer."""
    ours, theirs, packs = [], [], 0
    body = {"units": ssccs, "to": {"party": HUB, "location": HUB}}
    for turn in range(options.rounds):
        begun = time.monotonic()
        made = operator.call("POST", "/v1/shipments", body)
        ours.append((time.monotonic() - begun) * 1000)
        operator.call("POST", f"/v1/shipments/{made['shipment']}/void", {"reason": "again"})
        if turn < 2:  # what the rival needs is no matter of a few per cent
            took, packs = rival.ship(turn)
            theirs.append(took)
    took, other = statistics.median(ours), statistics.median(theirs)
    table = Table(f"One shipment of {len(ssccs)} pallets, {packs:,} packs: ms to the durable "
                  "answer", "packtrail", "[min..max]", "PostgreSQL", "ratio", "floor", "goal",
                  "verdict")
    table.add(f"{took:.1f}", f"[{min(ours):.1f}..{max(ours):.1f}]", f"{other:.0f}",
              f"{other / took:.0f}x", *SHIP_MS, verdict(-took, *(-x for x in SHIP_MS)))
    table.show()


PARTS = {"speed": speed, "trade": trade, "lot": lot, "capture": capture, "foreign": foreign,
         "disk": disk, "demo": demo, "load": plant.load, "start": plant.start}


def options_read():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--bin", default="build/packtrail")
    p.add_argument("--load", default="build/bench/load")
    p.add_argument("--disk", default="build/bench/disk")
    p.add_argument("--plant", default="build/bench/plant")
    p.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    p.add_argument("--ops", default=",".join(OPS), help="operations, with commas between")
    p.add_argument("--secs", type=int, default=3)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--clients", type=int, default=64)
    p.add_argument("--fill", type=int, default=1_000_000, help="packs known before the rounds")
    p.add_argument("--known-fill", default="build/bench/known")
    p.add_argument("--known", default="0,1000000,10000000",
                   help="how many foreign identifiers are known at each measurement, 0 first")
    p.add_argument("--units", type=int, default=UNITS_DISK, help="packs for the disk's table")
    p.add_argument("--pallets", type=int, default=500, help="of 2,500 packs, for trade's tables")
    p.add_argument("--lot", type=int, default=1_000_000, help="packs of the lot")
    p.add_argument("--packs", type=int, default=UNITS_DEMO, help="packs for the demo")
    p.add_argument("--plant-secs", type=int, default=20, help="of a plant's lines under load")
    p.add_argument("--plant-fill", type=int, default=1_000_000, help="packs known before")
    p.add_argument("--pace", type=int, default=1000, help="packs a second of all its lines")
    p.add_argument("--report", type=int, default=10, help="packs in a report, a divisor of 50")
    p.add_argument("--start-units", type=int, default=10_000_000,
                   help="packs of the site that is killed and started again")
    p.add_argument("--folder", default="/var/tmp", help="where sites are made; on a real disk")
    options = p.parse_args()
    for name in ("bin", "load", "disk", "plant", "known_fill"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    options.known = [int(n) for n in options.known.split(",")]
    options.only, options.ops = options.only.split(","), options.ops.split(",")
    if unknown := [x for x in options.only if x not in PARTS] + [
            x for x in options.ops if x not in OPS]:
        p.error(f"unknown: {', '.join(unknown)}")
    return options


def main():
    options = options_read()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the folders and servers go too
    folder = tempfile.mkdtemp(prefix="packtrail-bench.", dir=options.folder)
    os.chmod(folder, 0o755)  # PostgreSQL's user works below it
    try:
        for part in options.only:
            PARTS[part](options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if Table.below else 0)


if __name__ == "__main__":
    main()
