"""A plant under load, and how soon a service that was killed is there again."""
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench_site import Caller, Peak, Site, Table, gtin14, resident_mb, verdict

LINES = 64
OWN_MAX_MS = 250  # of a request, without what the disk kept it waiting
GROWS_MB = 32
BACKUP_AT = 0.4   # of the time: a whole backup begins
START_MS = (1000, 300)  # floor and goal
START_KEYS = 300_000  # requests with keys of their own
OWN = "packtrail_request_own_seconds"


class Partner:
    """Takes what it is sent; `dead`: takes connections and never says a word."""

    def __init__(self, dead=False):
        self.documents, self.events = 0, 0
        if dead:
            self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
            self.port = self.socket.getsockname()[1]
            return
        partner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                partner.documents += 1
                partner.events += body.count(b'"eventTime"')
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def metrics(site):
    answer = site.admin.ask("GET", "/metrics")
    return {name: float(value) for name, value in
            re.findall(r"^([^#\s]\S*) (\S+)$", answer.read().decode(), re.M)}


class Histogram:
    """Of one kind of request between two looks at the metrics; times in ms."""

    def __init__(self, before, after, kind):
        rows = []
        for name, value in after.items():
            if match := re.match(OWN + rf'_bucket{{kind="{kind}",le="([^"]+)"}}', name):
                bound = float("inf") if match[1] == "+Inf" else float(match[1]) * 1000
                rows.append((bound, value - before.get(name, 0)))
        rows.sort()
        self.count = int(rows[-1][1])
        self.rows = [(rows[i][0], int(rows[i][1] - (rows[i - 1][1] if i else 0)))
                     for i in range(len(rows))]
        longest = f'packtrail_request_own_microseconds_max{{kind="{kind}"}}'
        self.max_ms = after[longest] / 1000
        if after[longest] == before.get(longest):  # of before: the bound is all that is known
            self.max_ms = max(bound for bound, n in self.rows if n)

    def at_most(self, share):
        """The bound that so many are not above."""
        seen = 0
        for bound, n in self.rows:
            seen += n
            if seen >= share * self.count:
                return min(bound, self.max_ms)
        return self.max_ms

    def show(self, kind):
        print(f"\n{kind}s: ms of a request's own, and how many")
        most = max(n for _, n in self.rows) or 1
        for bound, n in self.rows:
            if n:
                said = "more" if bound == float("inf") else f"<= {bound:g}"
                print(f"  {said:>9}  {n:>8}  {'#' * max(1, round(50 * n / most))}")


def major_faults(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[9])


def queued_s(pid):
    """How long threads that live now were ready to run and had no processor, all together."""
    total, tasks = 0, f"/proc/{pid}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/schedstat") as stat:
            total += int(stat.read().split()[1])
    return total / 1e9


class Watch(Peak):
    """Memory and the store's file, five times a second while the `with` lasts.

    Where it comes late itself the machine did something else: `late_ms`, at most.
    """

    def __init__(self, site):
        super().__init__(site.process.pid)
        self.file = os.path.join(site.folder, "data/data.mdb")
        self.memory, self.size, self.late_ms = [], [], 0
        self.faults, self.queued = major_faults(self.pid), queued_s(self.pid)

    def _watch(self):
        at = time.monotonic()
        while not self._over.wait(0.2):
            self.late_ms = max(self.late_ms, (time.monotonic() - at - 0.2) * 1000)
            at = time.monotonic()
            self.memory.append(resident_mb(self.pid))
            self.size.append(os.stat(self.file).st_size / 1e6)
        self.faults = major_faults(self.pid) - self.faults
        self.queued = queued_s(self.pid) - self.queued


def fill(options, site, folder, packs):
    """Lots of a product each, and so many packs commissioned before; where the lots are listed."""
    lanes = os.path.join(folder, "plant-lanes")
    with open(lanes, "w") as f:
        f.writelines(f"{gtin} {lot}\n" for gtin, lot in site.set_up(LINES, case_of=50))
    command = [options.load, "-c", str(LINES), str(site.port), site.caller("operator").token, lanes]
    while packs > 0:  # the numbers of a million at a time are kept in memory
        n = min(packs, 1_000_000)
        subprocess.run([*command, "fill", str(n)], check=True)
        packs -= n
    return command


def partners_put(site, **partners):
    for name, partner in partners.items():
        site.admin.call("PUT", f"/v1/partners/{name}", {
            "client": "acme", "url": f"http://127.0.0.1:{partner.port}/",
            "format": "epcis-2.0-json"})


def plant_set_up(options, site, folder):
    """A token for each line; two partners of whom one is dead. What they are owed is much."""
    fill(options, site, folder, options.plant_fill)
    hub, dead = Partner(), Partner(dead=True)
    lines = os.path.join(folder, "lines")
    with open(lines, "w") as f:
        for i in range(LINES):
            site.admin.call("PUT", f"/v1/lines/line-{i}", {"name": f"Line {i}"})
            token = site.admin.call("POST", "/v1/tokens", {"role": "line", "line": f"line-{i}",
                                                           "client": "acme"})["token"]
            f.write(f"{gtin14(i)} {token}\n")
    partners_put(site, hub=hub, dead=dead)
    return lines, hub


def backup_in_the_middle(options, site, to, told):
    time.sleep(options.plant_secs * BACKUP_AT)
    begun = time.monotonic()
    done = subprocess.run([options.bin, "backup", site.folder, to], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    told.append((done.returncode, time.monotonic() - begun, done.stdout.strip()))


def load(options, folder):
    with Site(options.bin, os.path.join(folder, "load")) as site:
        lines, hub = plant_set_up(options, site, folder)
        operator, told = site.caller("operator").token, []
        shadow = subprocess.Popen([options.bin, "backup", site.folder,
                                   os.path.join(folder, "shadow"), "--follow"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        middle = threading.Thread(target=backup_in_the_middle, args=(
            options, site, os.path.join(folder, "whole"), told))
        middle.start()
        before, logged = metrics(site), os.stat(site.folder + ".log").st_size
        try:
            with Watch(site) as watch:
                done = subprocess.run(
                    [options.plant, str(site.port), operator, lines, str(options.plant_secs),
                     str(options.pace), str(options.report)], stdout=subprocess.PIPE, text=True,
                    check=False)
        finally:
            shadow.terminate()
            shadow.wait(60)
            middle.join()
        after = metrics(site)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        clients_show(options, done.returncode, rows)
        own_show(before, after)
        rest_show(before, after, watch, hub, told, shadow.returncode)
        with open(site.folder + ".log", errors="replace") as log:
            log.seek(logged)
            slow = [line for line in log if "request.slow" in line]
        print("".join(slow[:20]), end="")
    for name in ("shadow", "whole"):
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def clients_show(options, code, rows):
    table = Table(f"{LINES} lines at {options.pace} packs a second for {options.plant_secs} s, in "
                  f"reports of {options.report}, beside questions, a dead partner and backups: "
                  "from when it was due to the last byte, syncs included", "what", "requests",
                  "p50 ms", "p99 ms", "p99.9 ms", "max ms", "errors", "verdict")
    for name, requests, *us, errors in rows:
        table.add(name, requests, *(f"{int(x) / 1000:.1f}" for x in us), errors,
                  "ERRORS" if int(errors) else "-")
    if code != 0 or not rows:
        table.add("the lines came to their end", *["-"] * 5, code, "ERRORS")
    table.show()


def own_show(before, after):
    table = Table("From the first byte in to the last byte queued, as the service counts it, less "
                  "the syncs of the request", "requests", "answered", "p50 ms", "p99 ms",
                  "p99.9 ms", "max ms", "limit", "verdict")
    kinds = {kind: Histogram(before, after, kind) for kind in ("read", "write")}
    for kind, h in kinds.items():
        table.add(kind, h.count, *(f"{h.at_most(x):g}" for x in (0.5, 0.99, 0.999)),
                  f"{h.max_ms:.1f}", OWN_MAX_MS, verdict(-h.max_ms, -OWN_MAX_MS, -OWN_MAX_MS))
    table.show()
    for kind, h in kinds.items():
        h.show(kind)


def rest_show(before, after, watch, hub, told, shadow_code):
    grew = {name: after[name] - before.get(name, 0) for name in after}
    wait, n = (grew[f'packtrail_commit_seconds_{x}{{part="wait"}}'] for x in ("sum", "count"))
    work = grew['packtrail_commit_seconds_sum{part="work"}']
    table = Table("Beside it", "what", "measured", "limit", "verdict")
    skip = len(watch.memory) // 5
    memory, size = watch.memory[skip:], watch.size[skip:]
    grown = memory[-1] - memory[0] if memory else 0
    table.add("memory", f"{memory[0]:.0f} MB, at the end {memory[-1]:.0f} MB", f"+{GROWS_MB} MB",
              verdict(-grown, -GROWS_MB, -GROWS_MB))
    used = after["packtrail_store_used_bytes"] / 1e6
    table.add("the store's file", f"{size[0]:.0f} MB, at the end {size[-1]:.0f} MB, of which "
              f"{used:.0f} MB are in use", "-", "-")
    table.add("commits", f"{n:.0f}, {wait / n * 1000:.2f} ms of disk and {work / n * 1000:.2f} ms "
              f"of work each", "-", "-")
    table.add("pages read from the disk", watch.faults, "-", "-")
    table.add("its threads waited for a processor", f"{watch.queued:.1f} s together", "-", "-")
    table.add("a thread that only sleeps came late", f"{watch.late_ms:.0f} ms at most", "-", "-")
    table.add("events that the partner got", f"{hub.events} in {hub.documents} documents", "-",
              "-" if hub.events else "ERRORS")
    for code, secs, said in told:
        table.add("a whole backup in the middle", f"{secs:.1f} s: {said.splitlines()[-1].split(',')[0]}", "-",
                  "ERRORS" if code else "-")
    table.add("the backup that follows", "followed", "-", "ERRORS" if shadow_code else "-")
    bad = sum(n for name, n in grew.items() if re.match(r'packtrail_requests_total.*"[45]xx"', name))
    table.add("requests refused", f"{bad:.0f}", 0, "ERRORS" if bad else "-")
    table.show()


# --- killed and started again ---

def start_fill(options, site, folder):
    """Many packs, and after them requests whose keys fill the tables that a start reads."""
    command = fill(options, site, folder, options.start_units)
    begun, until = metrics(site)["packtrail_jobs_total"], time.monotonic() + 120
    wanted = min(START_KEYS, options.start_units)
    while metrics(site)["packtrail_jobs_total"] - begun < wanted and time.monotonic() < until:
        subprocess.run([command[0], "-s", "5", *command[1:], "issue", "1"], check=True,
                       stdout=subprocess.DEVNULL)


def cold(folder):
    """The pages of the store leave the system's cache, as after the machine's own start."""
    with open(os.path.join(folder, "data/data.mdb"), "rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def come_back(site, operator, gtin, lot):
    """Killed and started: ms until it listens, is ready, and has issued a number."""
    begun = time.monotonic()
    site.serve()
    listens = time.monotonic()
    while (answer := site.admin.ask("GET", "/readyz")).status != 200:
        site.admin.http.close()
    answer.read()
    ready = time.monotonic()
    Caller(site.port, operator).call("POST", "/v1/serials",
                                     {"gtin": gtin, "quantity": 1, "lot": lot})
    return [(at - begun) * 1000 for at in (listens, ready, time.monotonic())]


def start(options, folder):
    with Site(options.bin, os.path.join(folder, "start")) as site:
        dead = Partner(dead=True)
        start_fill(options, site, folder)
        partners_put(site, dead=dead)
        operator = site.caller("operator").token
        seq = metrics(site)["packtrail_journal_seq"]
        used = metrics(site)["packtrail_store_used_bytes"] / 1e6
        table = Table(f"Killed and started again, with {options.start_units:,} packs, {seq:,.0f} "
                      f"facts, {used:,.0f} MB: ms", "the file's pages", "until it listens",
                      "is ready", "has issued a number", "floor", "goal", "verdict")
        for how in ("in memory", "in memory", "in memory", "on disk"):
            site.kill()
            if how == "on disk":
                cold(site.folder)
            took = come_back(site, operator, gtin14(0), "L0000")
            table.add(how, *(f"{ms:.0f}" for ms in took), *(START_MS if how == "in memory" else "--"),
                      verdict(-took[-1], *(-x for x in START_MS)) if how == "in memory" else "-")
        table.show()
