"""What the parts of the bench share: tables with verdicts, a site with its callers, memory."""
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time

PREFIX = "9506000"  # the company prefix that GS1 keeps for examples
START_S = 30
PAGE_MAX = 10_000


def verdict(value, floor, goal):
    """One word for a figure of which more is better; of which less is: its and their negatives."""
    if value < floor:
        return "BELOW FLOOR"
    return "goal" if value >= goal else "floor"


class Table:
    """Rows of text under a heading, columns as wide as they need to be."""

    below = 0  # verdicts of all tables that are below their floor

    def __init__(self, title, *heads):
        self.title, self.rows = title, [heads]

    def add(self, *cells):
        self.rows.append([str(c) for c in cells])
        Table.below += cells[-1] in ("BELOW FLOOR", "ERRORS")

    def show(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(len(self.rows[0]))]
        print(f"\n{self.title}")
        for row in self.rows:
            cells = [c.ljust(w) if i in (0, len(row) - 1) else c.rjust(w)
                     for i, (c, w) in enumerate(zip(row, widths))]
            print("  " + "  ".join(cells).rstrip())
        sys.stdout.flush()


class Site:
    """A new folder and the service on it, for as long as the `with` lasts."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.process = None

    def __enter__(self):
        made = subprocess.run([self.binary, "init", self.folder], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        self.token = re.search(r"^admin token: (\S+)$", made, re.M).group(1)
        self.serve()
        return self

    def serve(self):
        """Starts the service, until it listens."""
        config = os.path.join(self.folder, "packtrail.yaml")
        with open(self.folder + ".log", "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "-c", config, "--listen", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, "PACKTRAIL_LIMITS_PAGE_MAX": str(PAGE_MAX),
                     "PACKTRAIL_CORE_FILES": "true",  # else its memory is root's to look at
                     "PACKTRAIL_RATE_REQUESTS": "1000000",
                     "PACKTRAIL_RATE_BURST": "1000000"})
        self.port = self._port()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.admin = Caller(self.port, self.token)

    def _port(self):
        watchdog = threading.Timer(START_S, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            if match := re.match(r"listening on http://[^/]*:(\d+)$", line.rstrip()):
                watchdog.cancel()
                return int(match.group(1))
        with open(self.folder + ".log", errors="replace") as log:
            sys.exit("the service does not listen:\n" + log.read()[-2000:])

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def stored_gb(self):
        """What the data folder takes on the disk."""
        files = (os.stat(os.path.join(at, name)) for at, _, names in os.walk(self.folder)
                 for name in names)
        return sum(f.st_blocks for f in files) * 512 / 1e9

    def caller(self, role):
        scope = {"client": "acme"}
        if role == "line":
            self.admin.call("PUT", "/v1/lines/line-1", {"name": "Line 1"})
            scope["line"] = "line-1"
        token = self.admin.call("POST", "/v1/tokens", {"role": role, **scope})["token"]
        return Caller(self.port, token)

    def set_up(self, lots, case_of, pallet_of=None):
        """A client with `lots` products of one open lot each; their (gtin, lot)."""
        above = [{"level": "pallet", "id": "sscc", "quantity": pallet_of}] if pallet_of else []
        self.admin.call("PUT", "/v1/clients/acme", {"name": "Acme", "prefixes": [PREFIX]})
        self.admin.call("PUT", "/v1/pools/cases", {"client": "acme", "prefix": PREFIX,
                                                   "extension": "0", "kind": "sscc"})
        operator, made = self.caller("operator"), []
        for i in range(lots):
            gtin, lot = gtin14(i), f"L{i:04}"
            self.admin.call("PUT", f"/v1/products/{gtin}", {
                "client": "acme", "name": f"Product {i}",
                "levels": [{"level": "pack", "id": "sgtin", "gtin": gtin, "quantity": 1},
                           {"level": "case", "id": "sscc", "quantity": case_of}, *above]})
            self.admin.call("PUT", f"/v1/pools/packs-{i}", {"gtin": gtin, "kind": "random"})
            operator.call("POST", "/v1/lots", {"lot": lot, "gtin": gtin, "expiry": "2030-12-31"})
            made.append((gtin, lot))
        return made


class Caller:
    """One keep-alive connection with a token; every call must succeed."""

    def __init__(self, port, token):
        self.token = token
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method, path, body=None, **headers):
        """The answer, its body still to be read. An idle connection may have been closed."""
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        try:
            self.http.request(method, path, body, headers)
            return self.http.getresponse()
        except (ConnectionError, http.client.RemoteDisconnected):
            self.http.close()
            self.http.request(method, path, body, headers)
            return self.http.getresponse()

    def call(self, method, path, body=None, kind="application/json"):
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
        key = {"Idempotency-Key": secrets.token_hex(16)} if method == "POST" else {}
        answer = self.ask(method, path, text.encode(), **{"Content-Type": kind, **key})
        data = answer.read()
        if answer.status // 100 != 2:
            sys.exit(f"{method} {path}: {answer.status} {data[:500]!r}")
        return json.loads(data)

    def stream(self, path, mark, most):
        """Bytes of an answer, page after page, that is not kept; how often the mark is in it."""
        got = found = 0
        while path is not None and found < most:
            answer, tail = self.ask("GET", path), b""
            if answer.status != 200:
                sys.exit(f"GET {path}: {answer.status} {answer.read()[:500]!r}")
            while piece := answer.read(1 << 18):
                got += len(piece)
                found += (tail + piece).count(mark)
                tail = piece[-len(mark) + 1:]
            link = re.search(r"<([^>]+)>; *rel=\"?next", answer.getheader("Link") or "")
            path = link and re.sub(r"^https?://[^/]+", "", link.group(1))
            path = path and re.sub(r"^\?", "/epcis/v2/events?", path)
        return got, found

    def report(self, objects):
        """An NDJSON call where every object must be accepted."""
        text = "".join(json.dumps(o, separators=(",", ":")) + "\n" for o in objects)
        answer = self.call("POST", "/v1/reports", text, "application/x-ndjson")
        if answer["refused"] != 0:
            sys.exit(f"refused: {answer}")


def gtin14(i):
    """The i-th product's GTIN with its check digit (GS1 General Specifications, 7.9)."""
    body = f"0{PREFIX}{i:05}"
    total = sum(int(d) * (3 if k % 2 == 0 else 1) for k, d in enumerate(body))
    return body + str(-total % 10)


def written(pid):
    """Bytes that a process has written, to files and to whoever called."""
    with open(f"/proc/{pid}/io") as io:
        return int(re.search(r"^wchar: (\d+)$", io.read(), re.M).group(1))


def resident_mb(pid):
    """Memory that is the process's own: mapped files are the page cache's."""
    with open(f"/proc/{pid}/status") as status:
        found = re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", status.read(), re.M)
    return sum(map(int, found)) / 1024


class Busiest:
    """Of a process's thread that worked most while the `with` lasted: which part of the time it was
    ready and had no processor. What others do on the machine shows there."""

    def __init__(self, pid):
        self.tasks, self.queued = f"/proc/{pid}/task", 0

    def _looked(self):
        found = {}
        for task in os.listdir(self.tasks):
            with open(f"{self.tasks}/{task}/schedstat") as stat:
                found[task] = [int(n) / 1e9 for n in stat.read().split()[:2]]
        return found, time.monotonic()

    def __enter__(self):
        self._before, self._begun = self._looked()
        return self

    def __exit__(self, *_):
        after, ended = self._looked()
        _, queued = max((ran - before[0], waited - before[1]) for task, (ran, waited) in
                        after.items() if (before := self._before.get(task)))
        self.queued = queued / (ended - self._begun)


class Peak:
    """The largest resident memory of a process while the `with` lasts."""

    def __init__(self, pid):
        self.pid, self.mb, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while True:
            try:
                self.mb = max(self.mb, resident_mb(self.pid))
            except (FileNotFoundError, ProcessLookupError):
                return
            if self._over.wait(0.02):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
