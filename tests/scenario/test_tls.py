"""Addresses and what they are for; TLS, new certificates while it runs, and callers that show one."""
import os
import pty
import re
import select
import signal
import socket
import ssl
import time

import pytest
import requests

import harness
from certificates import Authority, openssl
from harness import assert_problem

LINES = "/v1/serials/requests"  # what a line may look at
LISTENER = re.compile(r'event=listener\.opened name="(\w+)" purpose="\w+" address="([^"]+)"')


@pytest.fixture
def authority(tmp_path):
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def secure(make_site, authority):
    """A site that speaks TLS and takes certificates of the authority."""
    site = make_site()
    server = authority.sign("server")
    site.configure(tls={"certificate": str(server.path), "key": str(server.key),
                        "client_ca": str(authority.path)})
    site.start()
    trust(site, authority)
    return site


def trust(site, authority):
    """Callers of the site trust the authority."""
    plain = site.caller

    def caller(token=None, certificate=None, url=None):
        made = plain(token)
        made.url = url or site.url
        made.http.verify = str(authority.path)
        if certificate is not None:
            made.http.cert = certificate.pair
        return made

    site.caller = caller


def listeners(site):
    return {name: address for name, address in LISTENER.findall(site.log())}


def until(look):
    deadline = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


def shown(address, authority, **how):
    """The serial number of the certificate that a new connection is shown."""
    host, port = address.rsplit(":", 1)
    context = ssl.create_default_context(cafile=authority.path)
    for name, value in how.items():
        setattr(context, name, value)
    with socket.create_connection((host, int(port)), timeout=20) as there:
        with context.wrap_socket(there, server_hostname=host) as connection:
            return connection.getpeercert()["serialNumber"], connection.version()


# ---- what an address is for

PURPOSES = {"lines": ("line",), "partners": ("distributor", "gateway", "client"),
            "people": ("operator", "qa", "auditor", "admin")}


@pytest.fixture
def doors(make_site):
    site = make_site()
    site.configure(listeners=[{"name": p, "purpose": p, "address": "127.0.0.1:0"} for p in PURPOSES])
    site.start()
    harness.Line(site)
    return site


def test_each_address_is_for_its_callers_alone(doors):
    at = listeners(doors)
    assert set(at) == set(PURPOSES)
    scopes = {"line": {"line": "line-1"}, "gateway": {"client": "acme"},
              "client": {"client": "acme"}, "distributor": {"client": "acme"}}
    paths = {"lines": LINES, "partners": "/epcis/v2/events", "people": LINES}
    for roles in PURPOSES.values():
        for role in roles:
            caller = doors.as_role(role, **scopes.get(role, {}))
            for purpose, own in PURPOSES.items():
                caller.url = f"http://{at[purpose]}"
                status = caller.call("GET", paths[purpose]).status_code
                if role in own:
                    assert status in (200, 403), (role, purpose)  # a distributor asks for no events
                else:
                    caller.refused("GET", paths[purpose], status=403, code="access.door")
            caller.url = doors.url  # the plain one is for all
            assert caller.call("GET", "/epcis/v2").status_code != 404


@pytest.mark.parametrize("purpose, there, away", [
    ("lines", [LINES, "/healthz", "/readyz"],
     ["/v1/tokens", "/v1/journal", "/metrics", "/version", "/epcis/v2/capture",
      "/v1/certificates/x", "/v1/shipments/x"]),
    ("partners", ["/epcis/v2/events", "/v1/lots", "/healthz", "/readyz"],
     ["/v1/tokens", LINES, "/v1/journal", "/metrics", "/version", "/v1/users"]),
    ("people", [LINES, "/v1/tokens", "/metrics", "/version", "/healthz"], []),
])
def test_what_is_not_for_its_callers_is_not_there(doors, purpose, there, away):
    stranger = doors.caller()
    stranger.url = f"http://{listeners(doors)[purpose]}"
    for path in there:
        assert stranger.call("GET", path).status_code in (200, 401), path
    for path in away:
        for method in ("GET", "PUT", "OPTIONS"):
            answer = stranger.http.request(method, stranger.url + path, timeout=20)
            assert answer.status_code == 404, (method, path)
            assert "Allow" not in answer.headers
    assert_problem(stranger.call("GET", "/v1/nothing"), 404, "route.unknown")


@pytest.mark.parametrize("listener, word", [
    ({"name": "a", "address": "0.0.0.0:0"}, "it is public"),
    ({"name": "a"}, "address"),
    ({"address": "127.0.0.1:0"}, "name"),
    ({"name": "a", "address": "127.0.0.1:0", "purpose": "everything"}, "purpose"),
    ({"name": "a", "address": "127.0.0.1:0", "client_ca": "x.pem"}, "client_ca"),
    ({"name": "a", "address": "127.0.0.1:0", "certificate": "x.pem"}, "certificate and key"),
    ({"name": "a", "address": "127.0.0.1:0", "colour": "red"}, "colour"),
])
def test_a_listener_that_makes_no_sense_stops_the_start(make_site, listener, word):
    site = make_site()
    site.configure(listen="127.0.0.1:0", listeners=[listener])
    for command in ("serve", "check"):
        done = harness.packtrail(command, "-c", site.config)
        assert done.returncode == 1 and word in done.stdout + done.stderr, done.stderr


def test_check_tries_every_address(make_site):
    site = make_site()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        site.configure(listen="127.0.0.1:0", listeners=[{"name": "a", "address": where}])
        done = harness.packtrail("check", "-c", site.config)
        assert done.returncode == 1 and where in done.stdout


# ---- TLS

def test_browsers_of_people_are_told_to_come_with_tls_alone(make_site, authority):
    site = make_site()
    server = authority.sign("server")
    own = {"certificate": str(server.path), "key": str(server.key)}
    site.configure(listeners=[
        {"name": "people", "purpose": "people", "address": "127.0.0.1:0", **own},
        {"name": "lines", "purpose": "lines", "address": "127.0.0.1:0", **own}])
    site.start()
    told = {name: requests.get(f"https://{at}/healthz", verify=str(authority.path), timeout=20)
            .headers.get("Strict-Transport-Security") for name, at in listeners(site).items()}
    assert told == {"people": "max-age=31536000", "lines": None}


def test_tls_1_3_is_preferred_and_nothing_old_is_spoken(secure, authority):
    assert shown(secure.listen, authority)[1] == "TLSv1.3"
    assert shown(secure.listen, authority,
                 maximum_version=ssl.TLSVersion.TLSv1_2)[1] == "TLSv1.2"
    host, port = secure.listen.rsplit(":", 1)
    for refused in ({"maximum_version": ssl.TLSVersion.TLSv1_1}, {"ciphers": "AES256-SHA256"},
                    {"ciphers": "ECDHE-ECDSA-AES256-SHA384"}):
        context = ssl.create_default_context(cafile=authority.path)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = refused.get("maximum_version", ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(refused.get("ciphers", "ALL") + ":@SECLEVEL=0")
        with socket.create_connection((host, int(port)), timeout=20) as there:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(there, server_hostname=host)


@pytest.mark.parametrize("how", ["by signal", "by looking"])
def test_a_new_certificate_is_taken_up_and_no_connection_is_dropped(make_site, authority, how):
    site = make_site()
    first, second = authority.sign("first"), authority.sign("second")
    paths = site.folder / "cert.pem", site.folder / "key.pem"
    for path, text in zip(paths, (first.path, first.key)):
        path.write_bytes(text.read_bytes())
    check = "24 h" if how == "by signal" else "100 ms"
    site.configure(tls={"certificate": "cert.pem", "key": "key.pem", "check_time": check})
    site.start()
    trust(site, authority)
    old = shown(site.listen, authority)[0]
    host, port = site.listen.rsplit(":", 1)
    context = ssl.create_default_context(cafile=authority.path)
    with socket.create_connection((host, int(port)), timeout=20) as there:
        with context.wrap_socket(there, server_hostname=host) as kept:
            def still_answers():
                kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                return kept.recv(65536).startswith(b"HTTP/1.1 200")

            assert still_answers()
            # Half of it is there: it does not fit, is refused, and the old one stays.
            paths[0].write_bytes(second.path.read_bytes())
            if how == "by signal":
                site.process.send_signal(signal.SIGHUP)
            until(lambda: "event=tls.refused" in site.log())
            assert shown(site.listen, authority)[0] == old and still_answers()
            paths[1].write_bytes(second.key.read_bytes())
            if how == "by signal":
                site.process.send_signal(signal.SIGHUP)
            until(lambda: "event=tls.renewed" in site.log())
            assert shown(site.listen, authority)[0] != old
            assert kept.getpeercert()["serialNumber"] == old and still_answers()
    assert site.log().count("event=tls.refused") == 1
    site.stop()


def test_an_expired_or_broken_certificate_is_not_taken_up(secure, authority):
    old = shown(secure.listen, authority)[0]
    path = authority.folder / "server.pem"
    gone = authority.sign("gone", expired=True)
    for number, text in enumerate((gone.path.read_bytes(), b"nothing"), 1):
        if number == 1:
            (authority.folder / "server.key").write_bytes(gone.key.read_bytes())
        path.write_bytes(text)
        secure.process.send_signal(signal.SIGHUP)
        until(lambda n=number: secure.log().count("event=tls.refused") == n)
        assert shown(secure.listen, authority)[0] == old
    path.unlink()
    secure.process.send_signal(signal.SIGHUP)
    until(lambda: secure.log().count("event=tls.refused") == 3)
    assert shown(secure.listen, authority)[0] == old
    assert secure.admin.call("GET", "/v1/tokens").status_code == 200


@pytest.mark.parametrize("expired, verdict, word, event", [
    (True, "wrong", "has expired", "certificate.wrong"),
    (False, "warn", "less than 30 days", "certificate.ending"),  # it lasts 20
])
def test_a_certificate_that_ends_is_told_by_check_and_by_the_start(
        make_site, authority, expired, verdict, word, event):
    site = make_site()
    own = authority.sign("site", expired=expired)
    for settings, whose in (
            ({"tls": {"certificate": str(own.path), "key": str(own.key)}}, "tls"),
            ({"tls": {}, "listeners": [{"name": "hall", "address": "127.0.0.1:0", "certificate":
                                        str(own.path), "key": str(own.key)}]}, "listener hall"),
            ({"listeners": [], "exchange": {"certificates": [
                {"partner": "hub", "certificate": str(own.path), "key": str(own.key)}]}},
             "partner hub")):
        site.configure(**settings)
        done = harness.packtrail("check", "-c", site.config,
                                 env={"PACKTRAIL_LISTEN": "127.0.0.1:0"})
        line, = (x for x in done.stdout.splitlines() if x[7:].startswith("certificates"))
        assert line.startswith(verdict) and word in line and f"{whose}: CN=site" in done.stdout
        assert done.returncode == (1 if expired else 0), done.stdout
        before = len(site.log())
        site.start()
        site.stop()
        line, = (x for x in site.log()[before:].splitlines() if f"event={event}" in x)
        assert whose in line, line


def test_nothing_waits_for_a_pipe_in_a_certificates_place(secure, authority):
    old = shown(secure.listen, authority)[0]
    path = authority.folder / "server.pem"
    path.unlink()
    os.mkfifo(path)
    secure.process.send_signal(signal.SIGHUP)
    until(lambda: "event=tls.refused" in secure.log())
    assert shown(secure.listen, authority)[0] == old
    done = harness.packtrail("check", "-c", secure.config)
    assert done.returncode == 1 and "certificates  tls: " in done.stdout, done.stdout
    secure.stop()
    done = harness.packtrail("serve", "-c", secure.config, "--listen", "127.0.0.1:0")
    assert done.returncode == 1 and "is no file" in done.stderr, done.stderr


def test_nothing_waits_for_a_pipe_in_place_of_what_partners_need(make_site, authority, guarded):
    site = make_site()
    os.mkfifo(site.folder / "partners.pem")
    site.configure(exchange={"ca_file": "partners.pem", "retry_min": "100 ms"})
    site.start()
    assert "event=exchange.unusable" in site.log()
    tell(site, guarded)
    assert until(lambda: site.admin.get("/v1/partners/hub")["failing"])
    site.stop()


def test_a_key_that_asks_for_a_phrase_is_refused_and_nobody_asked(make_site, authority):
    site = make_site()
    made, locked = authority.sign("site"), site.folder / "locked.key"
    openssl("pkey", "-in", made.key, "-aes256", "-passout", "pass:x", "-out", locked)
    site.configure(tls={"certificate": str(made.path), "key": str(locked)})
    child, terminal = pty.fork()
    if child == 0:
        os.execv(harness.BIN, [harness.BIN, "check", "-c", str(site.config)])
    said = b""
    try:
        while select.select([terminal], [], [], harness.STOP_S)[0]:
            said += os.read(terminal, 65536)
        asks = True
    except OSError:  # it has ended by itself
        asks = False
    if asks:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1, said
    assert b"wrong  address    the key " in said and b"pass phrase" not in said


def test_what_partners_need_is_looked_at_and_lines_do_not_wait_for_it(make_site, authority):
    site = make_site()
    own, other = authority.sign("own"), authority.sign("other")
    shows = lambda certificate, key: {"certificates": [
        {"partner": "hub", "certificate": str(certificate), "key": str(key)}]}
    for exchange, word in (
            ({"ca_file": "nothing.pem"}, "exchange.ca_file cannot be used"),
            (shows("nothing.pem", own.key), "a partner's certificate cannot be used"),
            (shows(own.path, "nothing.key"), "the key of a partner's certificate"),
            (shows(own.path, other.key), "a key of another certificate")):
        site.configure(exchange=exchange)
        for how in ((), ("--iq",)):
            done = harness.packtrail("check", *how, "-c", site.config)
            assert (done.returncode, word in done.stdout) == (1, True), done.stdout
    site.start()
    assert "event=exchange.unusable code=tls.partner" in site.log()
    harness.Line(site).serials(1)
    site.stop()
    site.configure(exchange={"ca_file": str(authority.path), **shows(own.path, own.key)})
    assert harness.packtrail("check", "-c", site.config).returncode == 0


# ---- callers that show a certificate

CERTIFICATES = "/v1/certificates"


@pytest.fixture
def press(secure, authority):
    """A line's machine with a certificate, and a line and client for it."""
    secure.admin.put("/v1/lines/line-1", {"name": "Line 1"})
    secure.admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": [harness.PREFIX]})
    return authority.sign("press", subject="/O=Größe, Ltd/CN=press 1")


def put(site, name="press", expect=201, **fields):
    return site.admin.put(f"{CERTIFICATES}/{name}", fields, expect)


@pytest.mark.parametrize("by", ["fingerprint", "subject"])
def test_a_certificate_stands_for_a_caller_without_a_token(secure, press, by):
    what = getattr(press, by)()
    caller = secure.caller(certificate=press)
    caller.refused("GET", LINES, status=401, code="certificate.unknown")
    made = put(secure, **{by: what}, role="line", line="line-1")
    assert made["certificate"] == "press" and made["role"] == "line"
    assert made[by].lower() == (what.replace(":", "").lower() if by == "fingerprint"
                                else what.lower())
    assert caller.call("GET", LINES).status_code == 200
    caller.refused("GET", "/v1/tokens", status=403, code="access.role")
    assert put(secure, **{by: what}, role="line", line="line-1", expect=200) == made  # the same
    kinds = [f["kind"] for f in secure.admin.get("/v1/journal")["items"]]
    assert kinds.count("certificate.put") == 1


def test_its_facts_name_the_certificate(secure, press):
    put(secure, fingerprint=press.fingerprint(), role="admin", reason="no token there")
    caller = secure.caller(certificate=press)
    caller.put("/v1/lines/line-2", {"name": "Line 2"}, 201)
    secure.admin.delete(f"{CERTIFICATES}/press", 204)
    found, = secure.admin.get("/v1/journal?actor=certificate:press")["items"]
    assert found["kind"] == "line.put" and found["actor"] == "certificate:press"
    secure.stop()
    records = {r["kind"]: r for r in secure.journal()}
    assert records["line.put"]["actor"] == "certificate:press"
    assert records["certificate.put"]["fact"]["fingerprint"] == (
        press.fingerprint().replace(":", "").lower())
    assert records["certificate.put"]["fact"]["reason"] == "no token there"
    assert records["certificate.ended"]["fact"] == {"certificate": "press"}
    secure.verify()


def test_it_ends_at_once_on_every_connection(secure, press):
    put(secure, fingerprint=press.fingerprint(), role="line", line="line-1")
    callers = [secure.caller(certificate=press) for _ in range(6)]
    assert {c.call("GET", LINES).status_code for c in callers} == {200}
    secure.admin.delete(f"{CERTIFICATES}/press", 204)
    for caller in callers:
        caller.refused("GET", LINES, status=401, code="certificate.revoked")
    secure.admin.delete(f"{CERTIFICATES}/press", 204)
    assert secure.admin.get(f"{CERTIFICATES}/press")["revoked"]
    secure.admin.refused("DELETE", f"{CERTIFICATES}/other", status=404, code="certificate.none")
    secure.admin.refused("GET", f"{CERTIFICATES}/other", status=404, code="certificate.none")
    put(secure, fingerprint=press.fingerprint(), role="line", line="line-1", expect=200)
    assert callers[0].call("GET", LINES).status_code == 200  # an administrator wants it back


def test_a_machine_with_a_new_certificate_stays_who_it_was(secure, press, authority):
    put(secure, fingerprint=press.fingerprint(), role="operator")
    secure.caller(certificate=press).post("/v1/serials/returns", {}, 400)
    newer = authority.sign("newer")
    put(secure, fingerprint=newer.fingerprint(), role="operator", expect=200)
    secure.caller(certificate=press).refused("GET", LINES, status=401, code="certificate.unknown")
    assert secure.caller(certificate=newer).call("GET", LINES).status_code == 200
    items = secure.admin.get(CERTIFICATES)["items"]
    assert [i["certificate"] for i in items] == ["press"]
    assert len(secure.admin.get("/v1/tokens")["items"]) == 1, "it is no token"


def test_token_and_certificate_must_be_the_same_caller(secure, press):
    put(secure, fingerprint=press.fingerprint(), role="line", line="line-1")
    both = secure.caller(secure.token("line", line="line-1"), certificate=press)
    assert both.call("GET", LINES).status_code == 200
    for role, scope in (("operator", {}), ("admin", {}), ("client", {"client": "acme"})):
        other = secure.caller(secure.token(role, **scope), certificate=press)
        other.refused("GET", LINES, status=401, code="access.two")
    wrong = secure.caller("pt_" + "0" * 64, certificate=press)
    wrong.refused("GET", LINES, status=401, code="token.unknown")
    secure.admin.delete(f"{CERTIFICATES}/press", 204)
    both.refused("GET", LINES, status=401, code="certificate.revoked")


def test_a_certificate_may_be_a_persons(secure, press):
    mia = secure.person("qa", "mia")
    put(secure, fingerprint=press.fingerprint(), user="mia")
    caller = secure.caller(certificate=press)
    assert caller.call("GET", "/v1/journal").status_code == 200
    mia.http.cert = press.pair
    assert mia.call("GET", "/v1/journal").status_code == 200
    secure.admin.put("/v1/users/mia", {"name": "Mia Muster", "role": "qa", "active": False})
    caller.refused("GET", "/v1/journal", status=401, code="user.inactive")


@pytest.mark.parametrize("body, status, code", [
    ({"role": "operator"}, 400, "certificate.what"),
    ({"fingerprint": "00" * 32, "subject": "CN=x", "role": "operator"}, 400, "certificate.what"),
    ({"fingerprint": "00" * 31, "role": "operator"}, 400, "certificate.fingerprint"),
    ({"fingerprint": "0g" * 32, "role": "operator"}, 400, "certificate.fingerprint"),
    ({"subject": "CN=x"}, 400, "field.required"),
    ({"subject": "CN=x", "role": "king"}, 400, "role.unknown"),
    ({"subject": "CN=x", "role": "line", "line": "line-9"}, 422, "line.unknown"),
    ({"subject": "CN=x", "user": "nobody"}, 422, "user.unknown"),
    ({"subject": "CN=x" * 200, "role": "operator"}, 400, "field.range"),
])
def test_a_certificate_that_makes_no_sense_is_refused(site, body, status, code):
    site.admin.refused("PUT", f"{CERTIFICATES}/x", body, status=status, code=code)
    assert site.admin.get(CERTIFICATES)["items"] == []


def test_a_certificate_stands_for_one_caller(site):
    body = {"subject": "CN=x", "role": "operator"}
    site.admin.put(f"{CERTIFICATES}/a", body, 201)
    site.admin.refused("PUT", f"{CERTIFICATES}/b", body, status=409, code="certificate.taken")
    site.admin.delete(f"{CERTIFICATES}/a", 204)
    site.admin.put(f"{CERTIFICATES}/b", body, 201)
    site.admin.refused("PUT", f"{CERTIFICATES}/a", body, status=409, code="certificate.taken")
    names = [i["certificate"] for i in site.admin.pages(CERTIFICATES, limit=1)]
    assert names == ["a", "b"]
    site.stop()
    site.verify()


def test_what_tls_does_not_trust_does_not_get_in(secure, press, authority, tmp_path):
    folder = tmp_path / "strangers"
    folder.mkdir()
    forged = Authority(folder, "authority").sign("press", subject="/O=Größe, Ltd/CN=press 1")
    gone = authority.sign("gone", subject="/CN=gone", expired=True)
    put(secure, subject=press.subject(), role="line", line="line-1")
    put(secure, name="gone", fingerprint=gone.fingerprint(), role="line", line="line-1")
    assert secure.caller(certificate=press).call("GET", LINES).status_code == 200
    for bad in (forged, gone):
        with pytest.raises(requests.exceptions.ConnectionError):
            secure.caller(certificate=bad).call("GET", LINES)


def test_where_certificates_are_required_nobody_comes_without(make_site, authority):
    site = make_site()
    server, machine = authority.sign("server"), authority.sign("machine")
    site.configure(listeners=[{
        "name": "lines", "purpose": "lines", "address": "127.0.0.1:0", "client_required": True,
        "certificate": str(server.path), "key": str(server.key), "client_ca": str(authority.path)}])
    site.start()
    site.admin.put("/v1/lines/line-1", {"name": "Line 1"})
    site.admin.put(f"{CERTIFICATES}/m", {"fingerprint": machine.fingerprint(), "role": "line",
                                         "line": "line-1"}, 201)
    trust(site, authority)
    url = "https://" + listeners(site)["lines"]
    assert site.caller(certificate=machine, url=url).call("GET", LINES).status_code == 200
    with pytest.raises(requests.exceptions.ConnectionError):
        site.caller(url=url).call("GET", "/healthz")


# ---- partners

@pytest.fixture
def guarded(partner, authority):
    """A partner that speaks TLS and asks for a certificate of the authority."""
    server = authority.sign("partner")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server.pair)
    context.load_verify_locations(authority.path)
    context.verify_mode = ssl.CERT_REQUIRED
    partner._server.socket = context.wrap_socket(partner._server.socket, server_side=True)
    partner.url = partner.url.replace("http:", "https:")
    return partner


def tell(site, partner):
    line = harness.Line(site)
    site.admin.put("/v1/partners/hub", {"client": "acme", "url": partner.url,
                                        "format": "epcis-2.0-json"})
    line.commission(line.serials(2))


def test_a_partner_that_asks_for_a_certificate_is_shown_its_own(make_site, authority, guarded):
    site = make_site()
    own = authority.sign("site")
    site.configure(exchange={"ca_file": str(authority.path), "certificates": [
        {"partner": "hub", "certificate": str(own.path), "key": str(own.key)}]})
    site.start()
    tell(site, guarded)
    assert len(guarded.wait_for(1)) == 1


def test_another_authority_of_partners_is_taken_up_while_it_runs(
        make_site, make_partner, authority, tmp_path):
    (tmp_path / "second").mkdir()
    second = Authority(tmp_path / "second", "second")
    site = make_site()
    trusted = site.folder / "partners.pem"
    trusted.write_bytes(authority.path.read_bytes())
    site.configure(exchange={"ca_file": "partners.pem", "retry_min": "50 ms", "retry_max": "50 ms"})
    site.start()
    line = harness.Line(site)
    told = {}
    for name, whose in (("old", authority), ("new", second)):
        # Each message comes on a connection of its own.
        partner = told[name] = make_partner(
            always=harness.Answer.of(200, headers={"Connection": "close"}))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*whose.sign("partner").pair)
        partner._server.socket = context.wrap_socket(partner._server.socket, server_side=True)
        site.admin.put(f"/v1/partners/{name}", {
            "client": "acme", "url": partner.url.replace("http:", "https:"),
            "format": "epcis-2.0-json"})
    failing = lambda name: site.admin.get(f"/v1/partners/{name}")["failing"]
    line.commission(line.serials(1))
    told["old"].wait_for(1)
    until(lambda: failing("new"))
    assert not told["new"].received
    trusted.write_bytes(second.path.read_bytes())
    told["new"].wait_for(1)
    before = len(told["old"].received)
    line.commission(line.serials(1))
    until(lambda: failing("old"))
    told["new"].wait_for(2)
    assert len(told["old"].received) == before


@pytest.mark.parametrize("exchange, word", [
    ({}, "the certificate is not trusted"),
    ({"ca_file": "authority.pem"}, ""),  # what the partner refuses is told in its own words
    ({"ca_file": "authority.pem", "certificates": [
        {"partner": "other", "certificate": "site.pem", "key": "site.key"}]}, ""),
    ({"ca_file": "authority.pem", "certificates": [
        {"partner": "hub", "certificate": "nothing.pem", "key": "nothing.key"}]},
     "our own certificate"),
], ids=["nobody trusted", "nothing shown", "shown to another", "no such file"])
def test_without_trust_or_certificate_nothing_is_sent(make_site, authority, guarded, exchange, word):
    site = make_site()
    (site.folder / "authority.pem").write_bytes(authority.path.read_bytes())
    site.configure(exchange={**exchange, "retry_min": "100 ms"})
    site.start()
    tell(site, guarded)
    failing = until(lambda: site.admin.get("/v1/partners/hub")["failing"])
    assert failing and guarded.received == []
    site.stop()
    outcome = [r["fact"] for r in site.journal() if r["kind"] == "delivery.outcome"]
    assert word in str(outcome), outcome
