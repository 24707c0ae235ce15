"""The report of an installation: what is installed, how it is set and whether that is fit."""
import hashlib
import json
import os
import pathlib

import pytest

import harness
from certificates import Authority
from harness import packtrail

CHECKS = ["program", "hardening", "libraries", "machine", "settings", "listen", "verify", "folder",
          "writing", "key file", "head file", "seed", "address", "partners", "certificates",
          "page size", "clock", "disk", "backup", "files", "format", "file system", "in force",
          "time source", "TLS keys", "export key", "rights", "journal head"]
SANITIZED = any(word in str(harness.BIN) for word in ("asan", "tsan"))


def report(*args):
    """Exit code, and the checks by name."""
    done = packtrail("check", "--iq", *args, "--json")
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["packtrail"] == "installation report 1" and told["machine"] == os.uname().nodename
    checks = {c["check"]: c for c in told["checks"]}
    assert len(checks) == len(told["checks"])
    verdicts = {c["verdict"] for c in told["checks"]}
    assert told["verdict"] == next(v for v in ("wrong", "warn", "ok") if v in verdicts)
    return done.returncode, checks


def found(check):
    return {one["name"]: one["value"] for one in check["found"]}


@pytest.fixture
def fresh(make_site):
    site = make_site()
    site.configure(listen="127.0.0.1:0")
    return site


def test_a_site_as_init_made_it_is_described_line_by_line(fresh):
    code, checks = report(fresh.folder)
    assert code == 0 and list(checks) == CHECKS
    program = found(checks["program"])
    binary = pathlib.Path(harness.BIN)
    assert program["sha256"] == hashlib.sha256(binary.read_bytes()).hexdigest()
    assert program["file"] == str(binary.resolve()) and "-std=c17" in program["flags"]
    assert {"curl", "libxml2", "lmdb", "openssl", "zlib"} <= set(found(checks["libraries"]))
    assert found(checks["files"])["site.key"].startswith("0600, uid ")
    assert checks["file system"]["verdict"] in ("ok", "warn")  # warned of where it lies in memory
    head, = fresh.journal()[-1:]
    assert found(checks["journal head"])["seq"] == str(head["seq"])
    assert found(checks["in force"])["listen"] == "127.0.0.1:0 (changed)"
    assert found(checks["in force"])["http.idle_time"] == "75 s"
    assert not [p for p in (fresh.folder / "data").iterdir() if p.name.startswith("sync")]


def test_the_text_says_the_same_as_the_json(fresh):
    _, checks = report(fresh.folder)
    done = packtrail("check", "--iq", "-c", fresh.config)
    lines = [line for line in done.stdout.splitlines()[1:-1] if not line.startswith("       ")]
    assert [line[7:19].strip() for line in lines] == CHECKS
    assert [line[:5].strip() for line in lines] == [c["verdict"] for c in checks.values()]
    assert done.stdout.splitlines()[-1].startswith("in all: ")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's build is not hardened")
def test_the_program_is_hardened(fresh):
    _, checks = report(fresh.folder)
    assert checks["hardening"]["verdict"] == "ok"
    assert set(found(checks["hardening"]).values()) == {"yes"}
    assert len(found(checks["hardening"])) == 8


def test_those_with_rights_are_named(site):
    ada = site.person("admin", "ada", "Ada Admin")
    site.person("qa", "mia")
    site.person("qa", "gone", "Gone")
    site.admin.put("/v1/users/gone", {"name": "Gone", "role": "qa", "active": False, "reason": "x"})
    site.person("operator", "oli", "Oli")
    init, = [t["id"] for t in site.admin.get("/v1/tokens")["items"] if t["role"] == "admin"
             and "user" not in t]
    code, checks = report("-c", site.config)  # beside the service that runs
    assert code == 0 and "a service runs on it" in checks["folder"]["says"]
    assert found(checks["rights"]) == {
        "ada": "admin, Ada Admin", "mia": "qa, Mia Muster", init: "admin, of no person"}
    assert checks["rights"]["verdict"] == "warn"
    ada.delete(f"/v1/tokens/{init}", headers={"Packtrail-Reason": "people only"})
    _, checks = report("-c", site.config)
    assert checks["rights"]["verdict"] == "ok" and init not in found(checks["rights"])


def test_what_is_wrong_is_said_and_ends_it_with_1(fresh):
    head = fresh.folder / "head.json"
    told = json.loads(head.read_text())
    head.write_text(json.dumps({**told, "seq": told["seq"] + 5}))
    code, checks = report(fresh.folder)
    assert (code, checks["journal head"]["verdict"]) == (1, "wrong")
    head.write_text(json.dumps({**told, "link": "00" * 32}))
    code, checks = report(fresh.folder)
    assert code == 1 and "record 2 is another" in checks["journal head"]["says"]
    head.unlink()
    code, checks = report(fresh.folder)
    assert (code, checks["journal head"]["verdict"]) == (0, "warn")
    (fresh.folder / "site.key").chmod(0o644)
    code, checks = report(fresh.folder)
    assert (code, checks["key file"]["verdict"]) == (1, "wrong")
    (fresh.folder / "site.key").chmod(0o600)
    fresh.folder.chmod(0o755)
    (fresh.folder / "data").chmod(0o755)
    code, checks = report(fresh.folder)
    assert (code, checks["files"]["verdict"]) == (0, "warn")
    fresh.folder.chmod(0o700)
    (fresh.folder / "data").chmod(0o700)
    assert report(fresh.folder)[1]["files"]["verdict"] == "ok"
    for name, wide, mode in (("packtrail.yaml", 0o666, 0o600), ("head.json", 0o622, 0o600),
                             ("messages", 0o777, 0o700)):
        (fresh.folder / name).touch()
        (fresh.folder / name).chmod(wide)  # in a folder that is closed to others
        says = report(fresh.folder)[1]["files"]
        assert (says["verdict"], "let others write" in says["says"]) == ("warn", True), name
        (fresh.folder / name).chmod(mode)
    (fresh.folder / "data/data.mdb").chmod(0o644)
    says = report(fresh.folder)[1]["files"]
    assert says["verdict"] == "warn" and "let others read secrets" in says["says"]
    (fresh.folder / "data/data.mdb").chmod(0o600)
    (fresh.folder / "messages").rmdir()
    code, checks = report(fresh.folder)
    assert code == 1 and "messages" in checks["files"]["says"]


def test_certificates_are_looked_at_before_they_end(fresh, tmp_path):
    authority = Authority(tmp_path)
    good, old = authority.sign("good"), authority.sign("old", expired=True)

    def with_tls(certificate, key):
        fresh.configure(tls={"certificate": str(certificate), "key": str(key)})
        return report(fresh.folder)
    code, checks = with_tls(*good.pair)
    assert (code, checks["certificates"]["verdict"]) == (0, "warn")  # it lasts 20 days
    assert found(checks["certificates"])["tls"].startswith("CN=good, ")
    code, checks = with_tls(*old.pair)
    assert (code, checks["certificates"]["verdict"]) == (1, "wrong")
    good.key.chmod(0o644)
    code, checks = with_tls(*good.pair)
    assert code == 1 and "others may read its key" in checks["TLS keys"]["says"]


def test_a_report_of_nothing_and_wrong_usage_are_told(tmp_path):
    assert packtrail("check", "--iq", tmp_path / "none").returncode == 1
    for args in (["--iq"], ["--iq", "--alive", "-c", "x"], ["-c", "x", "--json"], ["x"]):
        assert packtrail("check", *args).returncode == 2
