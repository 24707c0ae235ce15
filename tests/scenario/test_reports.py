"""What lines report, over HTTP against the real program."""
import json
import socket
import threading
import time

import harness

NDJSON = "application/x-ndjson"


def sgtin(line, serial):
    return f"(01){line.gtin}(21){serial}"


def commission(line, serials):
    return {"type": "commission", "lot": line.lot, "gtin": line.gtin, "serials": serials}


def pack(line, parent, serials, **more):
    return {"type": "pack", "parent": parent, "commission": True,
            "children": [sgtin(line, s) for s in serials], **more}


def ndjson(objects):
    return "".join(json.dumps(o) + "\n" for o in objects)


def send(line, body, key=None):
    headers = {"Content-Type": NDJSON, **({"Idempotency-Key": key} if key else {})}
    return line.call.call("POST", "/v1/reports", body, headers=headers)


def only_problem(answer):
    assert (answer["accepted"], answer["refused"]) == (0, 1), answer
    return answer["results"][0]["problem"]


def test_packs_are_commissioned_packed_and_unpacked(line):
    serials, cases = line.serials(30), line.ssccs(2)
    answer = line.call.report(commission(line, serials), pack(line, cases[0], serials[:10]),
                              {"type": "close", "parent": cases[0]},
                              pack(line, cases[1], [cases[0]]) | {"children": [cases[0]]})
    assert answer["accepted"] == 4, answer
    unit = line.call.unit(sgtin(line, serials[3]))
    assert unit["state"] == "packed" and unit["lot"] == line.lot
    assert unit["parent"].endswith(cases[0])
    assert line.call.unit(cases[0])["contents"] == [
        {"gtin": line.gtin, "lot": line.lot, "count": 10}]
    refused = only_problem(line.call.report({"type": "unpack", "parent": cases[0]}))
    assert refused["code"] == "unit.has_parent"
    for parent in reversed(cases):
        assert line.call.report({"type": "unpack", "parent": parent})["accepted"] == 1
    assert line.call.unit(sgtin(line, serials[3]))["state"] == "commissioned"
    assert line.call.unit(cases[0])["state"] == "open"


def test_a_refusal_names_every_offender(line):
    serials = line.serials(20)
    line.commission(serials[:5])
    problem = only_problem(line.commission(serials))
    assert problem["code"] == "unit.state" and problem["status"] == 409
    assert problem["units"] == [{"unit": sgtin(line, s), "code": "unit.state"}
                                for s in serials[:5]]
    assert line.commission(serials[5:])["accepted"] == 1


def test_an_id_is_unique_per_line_for_ever(line):
    serials = line.serials(2)
    report = {**commission(line, serials[:1]), "id": "r-1"}
    first = line.call.report(report)["results"][0]
    line.site.restart()
    line.call.url = line.site.url
    again = line.call.report(report)["results"][0]
    assert again == {**first, "repeat": True}
    other = line.call.report({**report, "serials": serials[1:]})
    assert only_problem(other)["code"] == "report.id_mismatch"


def test_reports_at_once_give_each_pack_one_parent(line):
    serials, cases = line.serials(40), line.ssccs(8)
    line.commission(serials)
    answers = []

    def work(case):
        caller = line.site.as_role("line", line="line-1")
        answers.append(caller.report(pack(line, case, serials)))

    threads = [threading.Thread(target=work, args=(case,)) for case in cases]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum(a["accepted"] for a in answers) == 1
    assert all(len(only_problem(a)["units"]) == 40 for a in answers if a["refused"])


def test_a_stream_goes_on_where_a_kill_broke_it_off(line):
    serials = line.serials(20000)
    body = ndjson(commission(line, [s]) for s in serials)
    seen = []

    def first_try():
        try:
            seen.append(send(line, body, "night-shift").status_code)
        except OSError as trouble:
            seen.append(trouble)

    before = commits(line.site)
    thread = threading.Thread(target=first_try)
    thread.start()
    while commits(line.site) < before + 3 and thread.is_alive():
        pass
    line.site.kill()
    thread.join()
    assert seen[0] != 200, "the stream was over before the kill"
    line.site.start()
    line.call.url = line.site.url
    answer = send(line, body, "night-shift").json()
    assert answer["accepted"] == 20000 and answer["refused"] == 0
    assert [r["index"] for r in answer["results"]] == list(range(20000))
    assert not any("repeat" in r for r in answer["results"])
    assert send(line, body, "night-shift").json() == answer
    other = send(line, ndjson(commission(line, [s]) for s in serials[:10]), "night-shift")
    harness.assert_problem(other, 422, "idempotency.mismatch")
    lot = line.operator
    lot.url = line.site.url
    level = lot.get(f"/v1/lots/{line.gtin}/{line.lot}")["levels"][0]
    assert level["commissioned"] == 20000


def commits(site):
    """So far, by the service's own count."""
    text = site.admin.get("/metrics")
    return next(float(row.split()[-1]) for row in text.splitlines()
                if row.startswith("packtrail_commits_total"))


def test_memory_does_not_grow_with_a_stream(line):
    """100 MB of reports in one call take less than 8 MB of memory."""
    children = [sgtin(line, f"{i:020}") for i in range(50)]
    row = ndjson([{"type": "unpack", "children": children, "station": "x" * 190}]).encode()
    rows = 100 * 1024 * 1024 // len(row)
    send(line, row * 200)  # what is kept for later requests is there now
    before, peak, over = line.site.rss_kb(), [0], threading.Event()

    def watch():
        while not over.wait(0.02):
            peak[0] = max(peak[0], line.site.rss_kb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer = line.call.call("POST", "/v1/reports", (row * 100 for _ in range(rows // 100)),
                            headers={"Content-Type": NDJSON}, timeout=300).json()
    over.set()
    watcher.join()
    assert answer["refused"] == rows // 100 * 100
    assert harness.SANITIZED or peak[0] - before < 8 * 1024, f"{before} KB grew to {peak[0]} KB"


def test_a_line_that_breaks_off_leaves_whole_slices(line):
    serials = line.serials(200)
    body = ndjson(commission(line, [s]) for s in serials).encode()
    host, port = line.site.listen.split(":")
    with socket.create_connection((host, int(port))) as s:
        token = line.call.http.headers["Authorization"]
        s.sendall(f"POST /v1/reports HTTP/1.1\r\nHost: site\r\nAuthorization: {token}\r\n"
                  f"Content-Type: {NDJSON}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        s.sendall(body[:len(body) * 3 // 4])
    deadline = time.monotonic() + 20
    level = {"commissioned": 0}
    while level["commissioned"] < 128 and time.monotonic() < deadline:
        level = line.operator.get(f"/v1/lots/{line.gtin}/{line.lot}")["levels"][0]
    assert level["commissioned"] == 128  # two slices of 64; the third never was whole
