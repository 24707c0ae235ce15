"""Closed lots as archives that prove themselves with standard tools, and tell all that was done."""
import gzip
import hashlib
import json
import shutil
import subprocess

import pytest

import harness
from contract import ROOT
from harness import packtrail, sign
from test_balance import line, lot, qa, settled  # noqa: F401 (fixtures)

assert line and lot and qa
PROVE = ROOT / "scripts/verify_archive.sh"


def proven(folder, key):
    done = subprocess.run([PROVE, folder, key], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stdout.strip() or done.stderr.strip()


@pytest.fixture
def released(site, line, lot, qa):  # noqa: F811
    """A released lot beside the open one of the sample line."""
    settled(line, lot)
    qa.post(f"{lot}/release", {"signature": sign("approval", "all is well")}, 200)
    site.admin.put("/v1/clients/beta", {"name": "Beta Secret"})
    return site


@pytest.fixture
def key_of(tmp_path):
    """As an auditor has fetched it."""
    def fetch(site):
        path = tmp_path / "auditor.pub"
        path.write_text(site.admin.call("GET", "/v1/journal/key").text)
        return path
    return fetch


@pytest.fixture
def key(released, key_of):
    return key_of(released)


def archive(site, to, *args):
    done = packtrail("archive", site.folder, to, *args)
    return done.returncode, done.stdout + done.stderr


def test_a_released_lot_is_archived_and_proven_by_standard_tools(released, line, key, tmp_path):  # noqa: F811
    to = tmp_path / "archive"
    code, said = archive(released, to)  # beside the service that runs
    assert code == 0 and said.startswith(f"{line.gtin} L2: records ") and said.count("\n") == 1
    assert proven(to, key) == "proven: 1 lots"
    assert (to / "export.pub").read_text() == key.read_text()
    head, item, statement, signature = map(json.loads, (to / "index.ndjson").open())
    assert head["packtrail"] == statement["packtrail"] == "lot archive 1"
    assert statement["lots"] == 1 and set(signature) == {"signature"}
    assert (item["lot"], item["gtin"], item["client"], item["state"]) == (
        "L2", line.gtin, "acme", "released")
    for file in item["files"]:
        assert hashlib.sha256((to / file["file"]).read_bytes()).hexdigest() == file["sha256"]
    lines = [json.loads(x) for x in gzip.open(to / f"{line.gtin}-L2.ndjson.gz", "rt")]
    shown = [x["says"] for x in lines[1:-2] if "says" in x]
    wanted = released.admin.pages("/v1/journal", lot="L2", gtin=line.gtin)
    assert [f["seq"] for f in shown] == [f["seq"] for f in wanted] and len(shown) > 10
    assert shown[0]["kind"] == "lot.opened" and shown[-1]["kind"] == "lot.released"
    assert shown[-1]["fact"]["signature"]["name"] == "Mia Muster"
    assert any("says" not in x for x in lines[1:-2]), "what is not the lot's is a bare digest"
    assert lines[-2]["lot"] == "L2" and lines[-2]["records"] == len(lines) - 3
    page = (to / f"{line.gtin}-L2.html").read_text()
    assert "Mia Muster (mia, qa), approval, 20" in page and "Balanced" in page
    released.stop()
    released.verify()  # nothing was deleted, or changed


def test_a_lot_is_archived_from_its_closing_on_whatever_came_after(site, line, lot, qa, key_of, tmp_path):  # noqa: F811
    states = []
    for number, act in enumerate((None, "release", "recall")):
        if act is None:
            settled(line, lot)
        else:
            qa.post(f"{lot}/{act}", {"signature": sign("approval", "as it should be")}, 200)
        to = tmp_path / str(number)
        assert archive(site, to)[0] == 0
        assert proven(to, key_of(site)) == "proven: 1 lots"
        states.append(json.loads((to / "index.ndjson").read_text().split("\n")[1])["state"])
    assert states == ["closed", "released", "recalled"]


def test_an_archive_has_what_was_asked_for_before_and_signed_of_units_alone(
        site, line, qa, key_of, tmp_path):  # noqa: F811
    operator = site.as_role("operator")
    serials = line.call.post("/v1/serials", {"gtin": line.gtin, "quantity": 3, "lot": "L9"},
                             201)["serials"]
    operator.post("/v1/lots", {"lot": "L9", "gtin": line.gtin, "expiry": "2030-12",
                               "extra": {"record": "see SOP 12"}}, 201)  # a word of the format
    line.call.report({"type": "commission", "lot": "L9", "gtin": line.gtin,
                      "serials": serials[:2]})
    hold = qa.post("/v1/holds", {"units": [f"(01){line.gtin}(21){serials[0]}"],
                                 "reason": "to be looked at"}, 201)
    qa.post(f"/v1/holds/{hold['id']}/release", {"signature": sign("review", "it is good")}, 200)
    line.call.post("/v1/serials/returns", {"gtin": line.gtin, "serials": serials[2:],
                                           "reason": "end of lot"}, 200)
    operator.post(f"/v1/lots/{line.gtin}/L9/close", {}, 200)
    to, key = tmp_path / "archive", key_of(site)
    assert archive(site, to)[0] == 0
    shown = [json.loads(x).get("says") for x in gzip.open(to / f"{line.gtin}-L9.ndjson.gz", "rt")]
    shown = [says for says in shown if says]
    wanted = site.admin.pages("/v1/journal", lot="L9", gtin=line.gtin)
    assert [f["seq"] for f in shown] == [f["seq"] for f in wanted]
    kinds = [f["kind"] for f in shown]
    assert kinds[:2] == ["numbers.issued", "lot.opened"]
    assert {"hold.released", "numbers.returned", "lot.closed"} <= set(kinds)
    (ended,) = [f for f in shown if f["kind"] == "hold.released"]
    assert ended["fact"]["signature"]["name"] == "Mia Muster"
    page = (to / f"{line.gtin}-L9.html").read_text()
    assert "Mia Muster (mia, qa), review, 20" in page and "to be looked at" in page
    assert proven(to, key) == "proven: 1 lots"


def lived(line, qa, gtin, lot):  # noqa: F811
    """A closed lot of which much stands in no list; two of its units, the second on hold."""
    operator, name = line.operator, {"lot": lot, "gtin": gtin}
    serials = line.call.post("/v1/serials", {**name, "quantity": 4}, 201)["serials"]
    operator.post("/v1/lots", {**name, "expiry": "2030-12"}, 201)
    begin = {"type": "commission", **name, "serials": serials[:3]}
    assert line.call.report(begin)["refused"] == 0
    assert line.call.report({**begin, "serials": serials[:1]})["refused"] == 1
    one = operator.get("/v1/exceptions", params={"lot": lot, "gtin": gtin})["items"][0]
    operator.post(f"/v1/exceptions/{one['id']}/notes", {"text": "looked at"}, 200)
    line.call.post("/v1/serials/returns", {"gtin": gtin, "serials": serials[3:],
                                           "reason": "end of lot"}, 200)
    hold = qa.post("/v1/holds", {"units": [f"(01){gtin}(21){serials[0]}"], "reason": "dented"}, 201)
    qa.post(f"/v1/holds/{hold['id']}/release", {"signature": sign("review", f"{lot} is good")}, 200)
    operator.post(f"/v1/lots/{gtin}/{lot}/close", {}, 200)
    return [f"(01){gtin}(21){s}" for s in serials[1:3]]


def test_each_of_many_lots_has_its_own_records_and_no_others(site, line, qa, key_of, tmp_path):  # noqa: F811
    """Found in one walk for all: lots of one name and of one product, and what is of two lots."""
    other = "09506000134369"
    site.admin.put(f"/v1/products/{other}", {"client": line.client, "name": "Otherine"})
    site.admin.put("/v1/pools/others", {"gtin": other, "kind": "random"})
    lots = [(gtin, name) for name in ("B1", "B2") for gtin in (line.gtin, other)]
    units = [lived(line, qa, *lot)[0] for lot in lots]
    both = qa.post("/v1/holds", {"units": units[:2], "reason": "of two lots"}, 201)
    qa.post(f"/v1/holds/{both['id']}/release", {"signature": sign("review", "both")}, 200)
    lived(line, qa, line.gtin, "B3")
    qa.post(f"/v1/lots/{line.gtin}/B3/reopen", {"signature": sign("review", "not done")}, 200)
    to, key = tmp_path / "archive", key_of(site)
    assert archive(site, to)[0] == 0
    assert proven(to, key) == "proven: 4 lots"
    index = [json.loads(x) for x in (to / "index.ndjson").open()][1:-2]
    assert sorted((i["gtin"], i["lot"]) for i in index) == sorted(lots)
    for gtin, name in lots:
        lines = [json.loads(x) for x in gzip.open(to / f"{gtin}-{name}.ndjson.gz", "rt")]
        shown = [x["says"] for x in lines[1:-2] if "says" in x]
        wanted = site.admin.pages("/v1/journal", lot=name, gtin=gtin)
        assert [f["seq"] for f in shown] == [f["seq"] for f in wanted]
        kinds = [f["kind"] for f in shown]
        for kind in ("numbers.issued", "numbers.returned", "refusal", "exception.noted"):
            assert kinds.count(kind) == 1, (name, kinds)
        ended = [f["fact"]["signature"]["reason"] for f in shown if f["kind"] == "hold.released"]
        assert ended == [f"{name} is good"] + (["both"] if name == "B1" else [])


def test_whatever_is_changed_in_an_archive_is_found(released, line, key, tmp_path):  # noqa: F811
    to, name = tmp_path / "archive", f"{line.gtin}-L2"
    assert archive(released, to)[0] == 0

    def changed(file, change):
        other = tmp_path / "other"
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(to, other)
        (other / file).write_bytes(change((other / file).read_bytes()))
        return proven(other, key)
    assert "changed" in changed("index.ndjson", lambda b: b.replace(b"released", b"recalled", 1))
    assert "no signature" in changed("index.ndjson", lambda b: b[:-2] + b',"note":"ok"}\n')
    assert "signed by another key" in changed("index.ndjson", lambda b: b.replace(
        b'"lots":1', b'"lots":0'))
    assert "FAILED" in changed(f"{name}.html", lambda b: b.replace(b"Balanced", b"balanced"))
    assert "FAILED" in changed(f"{name}.ndjson.gz", lambda b: b[:-1] + b"x")
    other = tmp_path / "less"
    shutil.copytree(to, other)
    (other / f"{name}.html").unlink()
    assert proven(other, key).startswith("not proven: ")
    for place in ("L3.html", f"{name}.ndjson.gz.bak", "more/paper.html"):
        foreign = tmp_path / "more"
        shutil.rmtree(foreign, ignore_errors=True)
        shutil.copytree(to, foreign)
        (foreign / place).parent.mkdir(exist_ok=True)
        (foreign / place).write_text("Mia Muster (mia, qa), approval")
        said = proven(foreign, key)
        assert said.startswith("not proven: not of the archive: ") and place in said
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "k"],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", tmp_path / "k", "-pubout", "-out", tmp_path / "k.pub"],
                   check=True, capture_output=True)
    assert "another key" in proven(to, tmp_path / "k.pub")
    assert proven(to, key) == "proven: 1 lots"


def test_an_archive_does_not_lie_in_the_sites_own_data(released):
    for to in ("data/a", "messages/a", "spool/a", "data/../messages/a", "data"):
        code, said = archive(released, released.folder / to)
        assert code == 1 and "archive.inside" in said, (to, said)
    assert archive(released, released.folder / "archive")[0] == 0


def test_an_archive_that_broke_off_is_told_as_one(released, tmp_path):
    (tmp_path / "archive").mkdir()
    code, said = archive(released, tmp_path / "archive")
    assert code == 1 and "archive.half" in said
    (tmp_path / "archive").rmdir()
    assert archive(released, tmp_path / "archive")[0] == 0
    code, said = archive(released, tmp_path / "archive")
    assert code == 1 and "archive.taken" in said


def test_a_folder_of_something_else_is_not_told_as_half_an_archive(released, tmp_path):
    other = tmp_path / "archive"
    assert archive(released, other)[0] == 0
    (other / "index.ndjson").rename(other / "index.ndjson.new")
    code, said = archive(released, other)
    assert code == 1 and "archive.half" in said
    for name in ("thesis.txt", "12-x.html", "thesis.html", "09506000100012-x.txt"):
        (other / name).touch()
        code, said = archive(released, other)
        assert code == 1 and "archive.taken" in said and "remove" not in said, name
        (other / name).unlink()
    (tmp_path / "file").touch()
    assert "archive.taken" in archive(released, tmp_path / "file")[1]


def test_lots_are_chosen_by_name_and_by_day(released, line, qa, tmp_path):  # noqa: F811
    wish = ["--gtin", line.gtin, "--lot"]
    assert archive(released, tmp_path / "one", *wish, "L2")[0] == 0
    for at, (args, words) in enumerate([
            ([*wish, "L1"], "archive.none: of these lots none is closed"),
            ([*wish, "L77"], "archive.none: there is no such lot"),
            (["--before", "2020-01-01"], "archive.none: there is no such lot"),
            (["--before", "never"], "date."), (["--gtin", "1", "--lot", "L2"], "gs1.length")]):
        code, said = archive(released, tmp_path / f"none-{at}", *args)
        assert code == 1 and words in said, said
        assert not (tmp_path / f"none-{at}").exists()
    assert archive(released, tmp_path / "all", "--before", "2199-12-31")[0] == 0
    assert archive(released, tmp_path / "one")[1].startswith("packtrail archive: archive.taken: ")
    for args in ([], ["--lot", "L2"], ["--gtin", "1"], [*wish, "L2", "--before", "2030-01-01"], ["x"]):
        assert packtrail("archive", released.folder, tmp_path / "no", *args).returncode == (
            2 if args else 0)
    assert packtrail("archive", released.folder).returncode == 2
    released.stop()
    assert archive(released, tmp_path / "stopped")[0] == 0


def test_a_lot_with_a_strange_name_has_a_file_all_the_same(site, line, qa, tmp_path):  # noqa: F811
    strange = 'A/"B%&\'..'
    path = f"/v1/lots/{line.gtin}/" + "".join(f"%{ord(c):02X}" for c in strange)
    line.operator.post("/v1/lots", {"lot": strange, "gtin": line.gtin, "expiry": "2030-12"}, 201)
    line.operator.post(f"{path}/close", {}, 200)
    qa.post(f"{path}/release", {"signature": sign()}, 200)
    key = tmp_path / "auditor.pub"
    key.write_text(site.admin.call("GET", "/v1/journal/key").text)
    assert archive(site, tmp_path / "archive")[0] == 0
    assert sorted(p.name for p in (tmp_path / "archive").iterdir())[0] == (
        f"{line.gtin}-A%2F%22B%25%26%27%2E%2E.html")
    assert proven(tmp_path / "archive", key) == "proven: 1 lots"
