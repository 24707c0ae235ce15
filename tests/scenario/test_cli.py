"""The commands: what they make, refuse and say, and with which exit status."""
import contextlib
import json
import os
import resource
import signal
import socket
import ssl
import stat
import subprocess
import time

import pytest
import requests

import harness
from harness import packtrail


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def serve_refused(config, *args):
    """A start that must fail: what it says on standard error."""
    done = packtrail("serve", "-c", config, "--listen", "127.0.0.1:0", *args, timeout=20)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    return done.stderr


# ---- the table of commands

def test_help_lists_every_command_and_each_tells_how_it_is_used():
    done = packtrail("--help")
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert {"init", "serve", "check", "verify", "journal", "convert", "demo"} <= set(names)
    for name in names:
        told = packtrail(name, "--help")
        assert told.returncode == 0
        assert told.stdout.startswith(f"usage: packtrail {name} ")


def test_the_version_is_told():
    assert packtrail("--version").stdout.startswith("packtrail ")


@pytest.mark.parametrize("args", [
    (), ("nonsense",), ("init",), ("init", "a", "b"), ("serve",), ("serve", "-c"),
    ("serve", "--loud", "x"), ("check",), ("check", "--alive"), ("verify",),
    ("verify", "d", "--advance"), ("verify", "d", "--accept", "r"), ("backup", "d"),
    ("backup", "d", "e", "--with-key"), ("restore", "d", "e"), ("restore", "d", "e", "--key"),
    ("journal",), ("journal", "a", "b")])
def test_wrong_usage_is_status_2_and_nothing_on_standard_output(args):
    done = packtrail(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "packtrail" in done.stderr


# ---- init

def test_init_makes_a_folder_that_is_its_owners_alone(tmp_path):
    folder = tmp_path / "site"
    token = harness.init_folder(folder)
    assert token.startswith("pt_") and len(token) == 67
    assert mode(folder) == mode(folder / "data") == mode(folder / "messages") == 0o700
    assert mode(folder / "site.key") == 0o600
    assert (folder / "packtrail.yaml").read_text().startswith("# Settings")
    number, journal, by = (folder / "data/format").read_text().splitlines()
    assert number == "1" and len(bytes.fromhex(journal)) == 16 and by.startswith("packtrail ")
    head = json.loads((folder / "head.json").read_text())
    assert head["seq"] == 2 and head["pools"] == {}
    facts = [json.loads(line) for line in packtrail("journal", folder).stdout.splitlines()]
    assert [f["kind"] for f in facts] == ["journal.opened", "token.created"]
    assert facts[0]["fact"]["journal_id"] == journal
    for path in folder.rglob("*"):  # what the token opens is told once and kept nowhere
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_init_refuses_a_folder_that_holds_a_site(tmp_path):
    harness.init_folder(tmp_path / "site")
    before = {p: p.read_bytes() for p in (tmp_path / "site").rglob("*") if p.is_file()}
    done = packtrail("init", tmp_path / "site")
    assert done.returncode == 1 and "folder.taken" in done.stderr
    assert {p: p.read_bytes() for p in before} == before


def test_a_folder_without_a_name_is_told_as_one():
    for done in (packtrail("init", ""), packtrail("verify", "")):
        assert done.returncode != 0 and "no folder was named" in done.stderr


def test_an_init_that_was_cut_short_is_finished_by_the_next_one(tmp_path):
    folder = tmp_path / "site"
    harness.init_folder(folder)
    key = (folder / "site.key").read_bytes()
    (folder / "data/format").unlink()  # what init writes last
    token = harness.init_folder(folder)
    assert (folder / "site.key").read_bytes() == key, "a key is never lost"
    assert packtrail("verify", folder).returncode == 0
    assert len(packtrail("journal", folder).stdout.splitlines()) == 2
    assert token.startswith("pt_")


@pytest.mark.parametrize("size", [0, 40, 66, 1000, 4000, 8192, 12288, 16384, 20480, 30000])
def test_an_init_that_dies_anywhere_can_be_given_again(tmp_path, size):
    """The kernel kills it where it first writes beyond `size` bytes of a file."""
    folder = tmp_path / "site"

    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    died = subprocess.run([harness.BIN, "init", folder], preexec_fn=limit, capture_output=True,
                          text=True, timeout=20, check=False)
    if died.returncode == 0:
        assert size > 8192
    else:
        assert not (folder / "data/format").exists()
        harness.init_folder(folder)
    done = packtrail("verify", folder)
    assert done.returncode == 0 and done.stdout == "verified 2 records, 0 units\n", done.stderr


def test_init_leaves_alone_what_may_be_somebodys_data(make_site):
    site = make_site().start()
    site.admin.put("/v1/lines/line-1", {"name": "One"})
    site.stop()
    (site.folder / "data/format").unlink()
    done = packtrail("init", site.folder)
    assert done.returncode == 1 and "folder.foreign" in done.stderr
    assert (site.folder / "data/data.mdb").stat().st_size > 0


def test_a_configuration_that_lies_there_before_init_is_kept(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "packtrail.yaml").write_text("loops: 1\n")
    harness.init_folder(folder)
    assert (folder / "packtrail.yaml").read_text() == "loops: 1\n"


# ---- serve: what stops a start

def test_a_wrong_key_file_stops_the_start(make_site):
    site = make_site()
    (site.folder / "site.key").write_text("1 " + "ab" * 32 + "\n")
    said = serve_refused(site.config)
    assert "site_key.wrong" in said and "site.key" in said and "abab" not in said


def test_a_missing_or_open_key_file_stops_the_start(make_site):
    site = make_site()
    os.chmod(site.folder / "site.key", 0o640)
    assert "site_key.mode" in serve_refused(site.config)
    (site.folder / "site.key").unlink()
    assert "site_key.missing" in serve_refused(site.config)


@pytest.mark.parametrize("text, where", [
    ("loops: many\n", "packtrail.yaml:1: "),
    ("\nhttp:\n  idle: 3 s\n", "packtrail.yaml:3: "),
    ("loops: 1\nloops: 2\n", "packtrail.yaml:2: "),
    ("limits: {issue_max: 0}\n", "packtrail.yaml:1: "),
    ("a: [\n", "packtrail.yaml:"),
])
def test_a_wrong_setting_stops_the_start_with_file_and_line(make_site, text, where):
    site = make_site()
    site.config.write_text(text)
    assert where in serve_refused(site.config)


def test_the_environment_goes_before_the_file(make_site):
    site = make_site()
    site.configure(loops=3)
    site.env["PACKTRAIL_LOOPS"] = "1"
    site.start()
    assert "loops=1" in site.log()
    site.stop()
    done = packtrail("serve", "-c", site.config, env={"PACKTRAIL_LOOPS": "1000"})
    assert done.returncode == 1 and "PACKTRAIL_LOOPS" in done.stderr


def test_a_misspelt_variable_is_told(make_site):
    site = make_site()
    site.env.update(PACKTRAIL_LOOPS="1", PACKTRAIL_LISTN="127.0.0.1:1")
    site.start()
    assert 'settings.variable_unknown name="PACKTRAIL_LISTN"' in site.log()
    assert site.log().count("settings.variable_unknown") == 1
    checked = packtrail("check", "-c", site.config, env={"PACKTRAIL_LISTN": "x"})
    assert checked.returncode == 0 and "PACKTRAIL_LISTN is no setting" in checked.stdout


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "10.1.2.3:80"])
def test_a_public_address_without_tls_is_refused(make_site, listen):
    site = make_site()
    done = packtrail("serve", "-c", site.config, "--listen", listen, timeout=20)
    assert done.returncode == 1 and "listen.public" in done.stderr


def test_a_public_address_is_taken_where_insecure_says_so(make_site):
    site = make_site()
    site.configure(insecure=True)
    site.listen = "0.0.0.0:0"
    site.start()
    port = site.url.rsplit(":", 1)[1]
    assert site.caller().call("GET", "/healthz").status_code == 200
    assert port.isdigit()


def test_a_taken_port_stops_the_start(make_site):
    site = make_site()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = "127.0.0.1:%d" % taken.getsockname()[1]
        done = packtrail("serve", "-c", site.config, "--listen", listen, timeout=20)
    assert done.returncode == 1 and listen in done.stderr


def test_a_newer_folder_is_refused(make_site):
    site = make_site()
    form = site.folder / "data/format"
    form.write_text(form.read_text().replace("1\n", "2\n", 1))
    assert "folder.newer" in serve_refused(site.config)
    assert packtrail("verify", site.folder).returncode == 1


def test_a_folder_without_a_site_is_refused(tmp_path):
    (tmp_path / "packtrail.yaml").write_text("")
    assert "folder.none" in serve_refused(tmp_path / "packtrail.yaml")
    assert "settings.file" in serve_refused(tmp_path / "none.yaml")


# ---- one folder, one process

def test_a_folder_in_use_is_refused_to_others_and_free_again_after_a_kill(site):
    assert "folder.in_use" in serve_refused(site.config)
    done = packtrail("verify", site.folder)
    assert done.returncode == 1 and "folder.in_use" in done.stderr
    site.restart()
    assert site.admin.get("/healthz") == "alive\n"


# ---- the start, the end

def test_nobody_but_the_owner_of_a_folder_writes_to_it(make_site, tmp_path):
    """A file that root wrote could stop the owner's service from starting."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to give a folder to another user")
    site = make_site()
    made = packtrail("backup", site.folder, tmp_path / "backup")
    assert made.returncode == 0, made.stderr
    for place in (site.folder, tmp_path / "backup"):
        for path in (place, *place.rglob("*")):
            os.chown(path, 65534, 65534)
    before = {path: path.stat().st_mtime_ns for path in site.folder.rglob("*")}
    assert "folder.owner" in serve_refused(site.config)
    for command in (("token", "create", site.folder, "--role", "admin"),
                    ("key", "add", site.folder, "--reason", "yearly", "--by", "Olga"),
                    ("verify", site.folder, "--advance", site.folder / "head.json"),
                    ("backup", site.folder, tmp_path / "backup")):
        done = packtrail(*command)
        assert done.returncode == 1 and "folder.owner" in done.stderr, command
        assert "uid 65534" in done.stderr, done.stderr
    after = {path: path.stat().st_mtime_ns for path in site.folder.rglob("*")}
    assert {p: t for p, t in after.items() if p.name != "lock.mdb"} == {
        p: t for p, t in before.items() if p.name != "lock.mdb"}
    for look in ("verify", "journal", "check"):  # whoever looks may be another
        (site.folder / "data/lock.mdb").unlink(missing_ok=True)
        done = packtrail(*((look, "-c", site.config) if look == "check" else (look, site.folder)))
        assert done.returncode == 0, (look, done.stdout + done.stderr)
        made = (site.folder / "data/lock.mdb").stat()
        assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (65534, 65534, 0o600), look


def test_the_start_takes_less_than_a_second(make_site):
    site = make_site()
    began = time.monotonic()
    site.start()
    took = time.monotonic() - began
    assert took < 1 or "asan" in harness.BIN or "tsan" in harness.BIN, took


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_with_the_head_written(make_site, number):
    site = make_site().start()
    site.admin.put("/v1/lines/line-1", {"name": "One"})
    site.process.send_signal(number)
    assert site.wait() == 0
    seq = len(packtrail("journal", site.folder).stdout.splitlines())
    assert json.loads((site.folder / "head.json").read_text())["seq"] == seq
    assert packtrail("verify", site.folder).stdout == f"verified {seq} records, 0 units\n"


def half_sent(site, body):
    """A connection on which all but the last byte of a PUT was sent."""
    host, port = site.listen.rsplit(":", 1)
    there = socket.create_connection((host, int(port)), timeout=20)
    there.sendall((f"PUT /v1/lines/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   f"Authorization: Bearer {site.admin_token}\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body[:-1])
    return there


def test_a_request_that_has_begun_is_answered_before_the_end(make_site):
    site = make_site().start()
    body = b'{"name":"Slow"}'
    with half_sent(site, body) as there:
        # The next caller is answered, so the loops have turned and the head has been read.
        assert site.caller().call("GET", "/readyz").status_code == 200
        site.process.send_signal(signal.SIGTERM)
        with pytest.raises(requests.ConnectionError):
            while True:  # until nobody listens any more
                site.caller().call("GET", "/healthz")
        there.sendall(body[-1:])
        answer = there.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 201"), answer
    assert b"Connection: close" in answer
    assert site.wait() == 0
    assert '"slow"' in packtrail("journal", site.folder).stdout


def test_a_caller_that_stays_silent_does_not_keep_it_from_ending(make_site):
    site = make_site()
    site.configure(drain="100 ms")
    site.start()
    with half_sent(site, b'{"name":"Slow"}'):
        assert site.caller().call("GET", "/readyz").status_code == 200
        site.stop()


def test_what_was_answered_is_there_after_a_kill(make_site):
    site = make_site().start()
    for i in range(20):
        site.admin.put(f"/v1/lines/line-{i}", {"name": f"Line {i}"})
    site.kill()
    done = packtrail("verify", site.folder)
    assert done.returncode == 0, done.stderr
    assert packtrail("journal", site.folder).stdout.count('"line.put"') == 20


# ---- seed

SEED = {
    "/v1/clients/acme": {"name": "Acme Pharma", "prefixes": ["9506000"]},
    "/v1/lines/line-1": {"name": "Line 1"},
}


def test_a_seed_is_put_at_the_first_start_and_never_again(make_site):
    site = make_site()
    site.configure(seed=SEED)
    site.start()
    assert site.admin.get("/v1/clients/acme")["name"] == "Acme Pharma"
    site.admin.put("/v1/lines/line-1", {"name": "Renamed"})
    seq = site.admin.get("/v1/journal?limit=1000")["items"][-1]["seq"]
    site.restart()
    assert site.admin.get("/v1/lines/line-1")["name"] == "Renamed"
    assert site.admin.get("/v1/journal?limit=1000")["items"][-1]["seq"] == seq
    kinds = [i["kind"] for i in site.admin.get("/v1/journal?actor=service")["items"]]
    assert kinds == ["journal.opened", "token.created", "client.put", "line.put", "site.seeded"]


def test_a_seed_is_of_the_first_start_only(make_site):
    site = make_site().start()
    site.stop()
    site.configure(seed=SEED)
    site.start()
    site.admin.refused("GET", "/v1/clients/acme", status=404)


@pytest.mark.parametrize("path, body, code", [
    ("/v1/nothing/x", {}, "seed.path"),
    ("/v1/lines/line-2", {"nme": "x"}, "json.unknown_field"),
    ("/v1/lines/line-2", {}, "field.required"),
    ("/v1/lines/-", {"name": "x"}, "name.form"),
])
def test_a_seed_that_is_refused_stops_the_start_with_its_line(make_site, path, body, code):
    site = make_site()
    site.config.write_text(f"seed:\n  /v1/lines/line-1: {{name: One}}\n  {path}: {json.dumps(body)}\n")
    checked = packtrail("check", "-c", site.config)
    assert checked.returncode == 1 and "wrong  seed" in checked.stdout
    said = serve_refused(site.config)
    assert code in said and "line 3" in said
    kinds = [fact["kind"] for fact in site.journal()]
    assert kinds == ["journal.opened", "token.created"], "none of them was put"
    site.config.write_text("seed:\n  /v1/lines/line-1: {name: One}\n")
    assert packtrail("check", "-c", site.config).returncode == 0
    assert len(site.journal()) == 2, "a check puts nothing"
    site.start()
    assert site.admin.get("/v1/lines/line-1")["version"] == 1
    assert sorted(p.name for p in site.folder.iterdir() if "packtrail-" in p.name) == []


def test_seeds_that_stand_on_each_other_are_taken_together(make_site):
    site = make_site()
    gtin = "09506000134352"
    seeds = {
        **SEED,
        f"/v1/products/{gtin}": {"client": "acme", "name": "Pills"},
        "/v1/pools/pills": {"gtin": gtin, "kind": "random"},
        "/v1/pools/cases": {"prefix": "9506000", "extension": "0", "kind": "sscc"},
    }
    rows = [f"  {path}: {json.dumps(body)}\n" for path, body in seeds.items()]
    site.config.write_text("".join(["seed:\n", *rows]))  # taken in their order
    assert packtrail("check", "-c", site.config).returncode == 0
    site.start()
    given = site.as_role("operator").post("/v1/serials", {"gtin": gtin, "quantity": 5}, 201)
    assert len(set(given["serials"])) == 5
    site.stop()
    site.verify()


# ---- TLS

@pytest.fixture
def certificate(tmp_path):
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


def test_with_a_certificate_it_speaks_tls(make_site, certificate):
    site = make_site()
    site.configure(tls={"certificate": str(certificate[0]), "key": str(certificate[1])})
    site.start()
    assert site.url.startswith("https://127.0.0.1:")
    session = requests.Session()
    session.trust_env = False
    answer = session.get(site.url + "/v1/tokens", verify=str(certificate[0]), timeout=20,
                         headers={"Authorization": f"Bearer {site.admin_token}"})
    assert answer.status_code == 200 and len(answer.json()["items"]) == 1
    host, port = site.listen.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as there:
        with ssl.create_default_context(cafile=certificate[0]).wrap_socket(
                there, server_hostname=host) as secure:
            assert secure.version() in ("TLSv1.2", "TLSv1.3")
    done = packtrail("check", "-c", site.config, "--alive",
                     env={"PACKTRAIL_LISTEN": site.listen})
    assert done.returncode == 0, done.stderr


def test_paths_of_the_configuration_begin_at_its_folder(make_site, certificate):
    site = make_site()
    for path in certificate:
        path.rename(site.folder / path.name)
    site.configure(tls={"certificate": "cert.pem", "key": "key.pem"})
    assert site.start().url.startswith("https://")


def test_half_of_tls_is_refused(make_site, certificate):
    site = make_site()
    site.configure(tls={"certificate": str(certificate[0])})
    assert "tls.files" in serve_refused(site.config)
    site.configure(tls={"certificate": str(certificate[0]), "key": str(certificate[0])})
    serve_refused(site.config)


# ---- check

def test_check_says_what_is_right(make_site):
    site = make_site()
    site.configure(listen="127.0.0.1:0")
    done = packtrail("check", "-c", site.config)
    assert done.returncode == 0, done.stdout
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == ["ok"] * 13 + ["warn"] * 2


def test_check_goes_on_after_what_is_wrong(make_site):
    site = make_site()
    (site.folder / "site.key").write_text("1 " + "ab" * 32 + "\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site.configure(listen="127.0.0.1:%d" % taken.getsockname()[1])
        done = packtrail("check", "-c", site.config)
    assert done.returncode == 1
    wrong = [line for line in done.stdout.splitlines() if line.startswith("wrong")]
    assert ["key file" in wrong[0], "address" in wrong[1]] == [True, True] and len(wrong) == 2


def test_check_says_of_a_folder_whether_it_can_be_written_to(make_site):
    site = make_site()
    site.configure(listen="127.0.0.1:0")
    for path in (site.folder, *site.folder.rglob("*")):
        os.chmod(path, 0o555 if path.is_dir() else 0o444)
    os.chmod(site.folder / "site.key", 0o600)
    os.chmod(site.folder / "data/lock.mdb", 0o600)
    command = [harness.BIN, "check", "-c", str(site.config)]
    if os.geteuid() == 0:  # who may do everything is asked as one who may not
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for path in (site.folder, site.folder / "data", site.folder / "messages"):
        os.chmod(path, 0o755)
    line, = (line for line in done.stdout.splitlines() if line[7:].startswith("writing"))
    assert done.returncode == 1 and line.startswith("wrong") and "Permission denied" in line


def test_check_works_beside_a_service_that_runs(site):
    done = packtrail("check", "-c", site.config)
    assert done.returncode == 0, done.stdout
    assert "a service runs on it" in done.stdout


def test_check_alive_asks_the_service(site):
    env = {"PACKTRAIL_LISTEN": site.listen}
    assert packtrail("check", "-c", site.config, "--alive", env=env).returncode == 0
    site.stop()
    done = packtrail("check", "-c", site.config, "--alive", env=env)
    assert done.returncode == 1 and "alive.no" in done.stderr


def test_a_service_that_is_full_is_alive(make_site):
    site = make_site()
    site.configure(http={"connections_max": 2})
    site.start()
    host, port = site.listen.rsplit(":", 1)
    with contextlib.ExitStack() as peers:
        for _ in range(2):
            peers.enter_context(socket.create_connection((host, int(port))))
        full = peers.enter_context(socket.create_connection((host, int(port)), timeout=20))
        full.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 503 " in full.recv(65536)
        full.close()
        done = packtrail("check", "-c", site.config, "--alive", env={"PACKTRAIL_LISTEN": site.listen})
        assert done.returncode == 0, done.stderr


# ---- verify and journal

@pytest.fixture
def stopped(make_site):
    """A stopped site with some facts."""
    site = make_site().start()
    site.admin.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": ["9506000"]})
    for i in range(30):
        site.admin.put(f"/v1/lines/line-{i}", {"name": f"Line number {i}"})
    site.stop()
    return site


def test_verify_takes_a_data_folder_alone_and_leaves_nothing_behind(stopped, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("data.mdb", "format"):
        (copy / name).write_bytes((stopped.folder / "data" / name).read_bytes())
    done = packtrail("verify", copy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "verified 34 records, 0 units"
    assert sorted(p.name for p in copy.iterdir()) == ["data.mdb", "format", "lock.mdb"]


def test_verify_uses_the_folder_for_temporary_files_that_it_is_told(stopped, tmp_path):
    scratch = tmp_path / "scratch"
    done = packtrail("verify", stopped.folder, env={"TMPDIR": str(scratch)})
    assert done.returncode == 1 and "verify.scratch" in done.stderr
    scratch.mkdir()
    assert packtrail("verify", stopped.folder, env={"TMPDIR": str(scratch)}).returncode == 0
    assert not list(scratch.iterdir())


def tamper(site, old, new, which):
    """Changes a text in one of the places where it lies in the store."""
    assert len(old) == len(new)
    path = site.folder / "data/data.mdb"
    data = path.read_bytes()
    places = [i for i in range(len(data)) if data.startswith(old, i)]
    assert places, "it lies nowhere"
    at = places[which % len(places)]
    path.write_bytes(data[:at] + new + data[at + len(old):])
    return len(places)


def test_verify_finds_every_place_that_was_tampered_with(stopped):
    """A name lies in its fact and in rows; pages that are no longer in use don't count."""
    good = (stopped.folder / "data/data.mdb").read_bytes()
    said = set()
    for which in range(tamper(stopped, b"Line number 17", b"Line number 71", 0)):
        (stopped.folder / "data/data.mdb").write_bytes(good)
        tamper(stopped, b"Line number 17", b"Line number 71", which)
        done = packtrail("verify", stopped.folder)
        if done.returncode == 1:
            said.add(done.stderr.split(": ", 2)[1])
            assert "verified" not in done.stdout
        else:
            assert done.stdout.endswith("verified 34 records, 0 units\n")
    assert said == {"journal.broken", "journal.differs"}


def test_verify_refuses_a_key_file_of_another_site(stopped):
    (stopped.folder / "site.key").write_text("1 " + "ab" * 32 + "\n")
    done = packtrail("verify", stopped.folder)
    assert done.returncode == 1 and "site_key.wrong" in done.stderr
    (stopped.folder / "site.key").unlink()
    assert packtrail("verify", stopped.folder).returncode == 0, "it needs none"


def test_no_command_ends_well_whose_output_is_lost(stopped, tmp_path):
    for args in (("verify", stopped.folder), ("journal", stopped.folder), ("--version",),
                 ("--help",), ("init", "--help"), ("init", tmp_path / "new"),
                 ("token", "list", stopped.folder)):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([harness.BIN, *map(str, args)], stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 1 and ".write: " in done.stderr, args


def test_the_journal_is_printed_beside_a_service_that_runs(site):
    site.admin.put("/v1/lines/line-1", {"name": "One"})
    done = packtrail("journal", site.folder)
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [f["seq"] for f in facts] == list(range(1, len(facts) + 1))
    assert facts[-1]["kind"] == "line.put" and facts[-1]["actor"].startswith("admin-")
    assert facts[-1]["fact"]["value"]["name"] == "One"


@pytest.mark.parametrize("command", ["verify", "journal"])
def test_a_folder_without_a_journal_is_refused(tmp_path, command):
    done = packtrail(command, tmp_path)
    assert done.returncode == 1 and "folder.none" in done.stderr
