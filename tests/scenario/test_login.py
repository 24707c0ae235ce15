"""Sessions of people: a cookie does what the person may now, for pages of this origin alone, and
ends as it is told to."""
import collections
import threading
import time

import pytest
import requests

import harness
from certificates import Authority
from harness import GTIN, PASSWORD, assert_problem, sign
from test_auditor import records, wrong  # noqa: F401
from test_tls import listeners

MIA = {"user": "mia", "password": PASSWORD}
HOLD = {"gtin": GTIN, "lot": "L1", "reason": "to be looked at"}


@pytest.fixture
def mia(site, line):
    return site.person("qa", "mia")


def log_in(site, wish=MIA, **more):
    """A browser with its session; calls that change something say its token."""
    browser = site.caller()
    said = browser.post("/v1/login", wish, 200, **more)
    browser.said = said
    browser.http.headers["Packtrail-CSRF"] = said["csrf"]
    return browser


def cookie_of(browser):
    (cookie,) = browser.http.cookies
    return cookie


def gone(browser, code="session.ended"):
    browser.refused("GET", "/v1/session", status=401, code=code)


def test_a_session_does_what_its_person_may(site, line, mia):
    browser = log_in(site)
    assert browser.said.items() >= {"user": "mia", "name": "Mia Muster", "role": "qa",
                                    "must_change": False, "idle": 900}.items()
    assert "clients" not in browser.said
    again = browser.get("/v1/session")
    assert {**again, "expires": ""} == {**browser.said, "expires": ""}
    hold = browser.post("/v1/holds", HOLD, 201)
    browser.post(f"/v1/holds/{hold['id']}/release", {"signature": sign("review", "it is good")})
    browser.refused("PUT", "/v1/lines/x", {"name": "X", "reason": "x"}, status=403,
                    code="access.role")
    browser.refused("POST", "/v1/holds", {**HOLD, "reason": None}, status=400)
    browser.refused("POST", f"/v1/lots/{GTIN}/L1/release",
                    {"signature": sign(password="not hers at all")}, status=403,
                    code="signature.password")
    mine = [r for r in records(site.admin, "?user=mia") if r["actor"] == "login:mia"]
    assert [r["kind"] for r in mine][:2] == ["session.opened", "lot.held"]
    assert mine[0]["fact"]["session"] == browser.said["session"]
    assert mine[0]["fact"]["from"].startswith("127.0.0.1:")


def test_logging_out_ends_the_session_and_no_other(site, mia):
    one, other = log_in(site), log_in(site)
    stolen = site.caller()
    stolen.http.cookies.update(one.http.cookies)
    assert cookie_of(one).value != cookie_of(other).value
    one.post("/v1/logout", expect=204)
    assert not list(one.http.cookies), "it is taken back"
    gone(stolen)
    assert other.get("/v1/session")["user"] == "mia"
    ended = records(site.admin, "?kind=session.ended")
    assert [r["fact"] for r in ended] == [{"user": "mia", "session": one.said["session"]}]
    mia.refused("POST", "/v1/logout", status=404, code="session.none")
    mia.refused("GET", "/v1/session", status=404, code="session.none")


def test_two_people_are_two_sessions(site, mia):
    site.person("operator", "olga", "Olga Operator")
    hers, olgas = log_in(site), log_in(site, {"user": "Olga", "password": PASSWORD})
    assert hers.get("/v1/session")["role"] == "qa"
    assert olgas.get("/v1/session")["role"] == "operator"
    olgas.http.headers["Packtrail-CSRF"] = hers.said["csrf"]
    olgas.refused("POST", "/v1/logout", status=403, code="session.csrf")


@pytest.mark.parametrize("wish", [
    {"user": "mia", "password": "a mere guess"}, {"user": "nobody", "password": PASSWORD},
    {"user": "new", "password": PASSWORD}, {"user": "left", "password": PASSWORD}])
def test_who_cannot_log_in_is_not_told_why(site, mia, wish):
    site.admin.put("/v1/users/new", {"name": "New", "role": "qa"})
    site.admin.put("/v1/users/left", {"name": "Left", "role": "qa", "password": PASSWORD,
                                      "active": False})
    answer = site.caller().call("POST", "/v1/login", wish)
    problem = assert_problem(answer, 401, "login.refused")
    assert problem["detail"] == "name or password is wrong" and "Set-Cookie" not in answer.headers
    until = time.monotonic() + 20
    while not (found := [r for r in records(site.admin)
                         if r["kind"] in ("password.refused", "refusal")]):
        if wish["user"] == "nobody":
            return  # of strangers' inventions the journal holds nothing
        assert time.monotonic() < until
    said = str(found[0]["fact"])
    assert wish["user"] in said and PASSWORD not in said


def test_wrong_passwords_lock_for_logins_and_signatures_alike(site, mia):
    stranger = site.caller()
    for _ in range(5):
        stranger.refused("POST", "/v1/login", {**MIA, "password": "a mere guess"}, status=401)
    stranger.refused("POST", "/v1/login", MIA, status=403, code="user.locked")
    mia.refused("POST", f"/v1/lots/{GTIN}/L1/release", {"signature": sign()}, status=403,
                code="user.locked")
    site.admin.put("/v1/users/mia", {"name": "Mia Muster", "role": "qa"})
    log_in(site)


# PASSWORD-AGE
def test_who_logs_in_with_a_password_that_is_too_old_says_a_new_one(make_site):
    site = make_site()
    site.configure(passwords={"age_max": "1 ms", "history": 0})
    site.start()
    mia, stranger, new = site.person("qa", "mia"), site.caller(), "words of the next season"
    for wish, status, code in [
            (MIA, 403, "password.expired"), ({**MIA, "password": "a mere guess"}, 401, "login.refused"),
            ({**MIA, "password": "a mere guess", "new": new}, 401, "login.refused"),
            ({**MIA, "new": PASSWORD}, 422, "password.used"),
            ({**MIA, "new": "short"}, 400, "password.length")]:
        answer = stranger.call("POST", "/v1/login", wish)
        assert_problem(answer, status, code)
        assert "Set-Cookie" not in answer.headers
    browser = log_in(site, {**MIA, "new": new})
    assert browser.said["password_expires"] and browser.said["must_change"] is False
    assert browser.get("/v1/session")["user"] == "mia"
    stranger.refused("POST", "/v1/login", MIA, status=401)
    browser.refused("POST", "/v1/clock/accept", {"signature": sign(password=new), "reason": "x"},
                    status=403, code="password.expired")
    assert mia.get("/v1/lines") is not None, "a token is no password"
    facts = [(r["kind"], r["actor"]) for r in records(site.admin, "?user=mia")]
    at = facts.index(("session.opened", "login:mia"))
    assert facts[at:at + 2] == [("session.opened", "login:mia"), ("user.password", "login:mia")]
    refused = [r["fact"] for r in records(site.admin, "?kind=refusal")]
    assert [f["code"] for f in refused if "login" in str(f)][:1] == ["password.expired"]
    site.stop()
    journal = str(site.journal())
    assert new not in journal and PASSWORD not in journal
    site.verify()


def test_a_password_says_until_when_it_is_good_where_it_ages(make_site):
    site = make_site()
    site.configure(passwords={"age_max": "2160 h"})
    site.start()
    site.person("qa", "mia")
    shown = log_in(site).get("/v1/session")
    assert shown["password_expires"] > shown["expires"]


def test_only_pages_of_this_origin_change_anything(site, mia):
    browser = log_in(site)
    own = browser.http.headers.pop("Packtrail-CSRF")
    say = {"Packtrail-CSRF": own}
    host = site.url.split("//")[1]
    for headers in [{}, {"Packtrail-CSRF": ""}, {"Packtrail-CSRF": own[:-1] + "!"},
                    {**say, "Origin": "https://evil.example"}, {**say, "Origin": "null"},
                    {**say, "Origin": f"http://{host}.evil.example"},
                    {**say, "Sec-Fetch-Site": "cross-site"}, {**say, "Sec-Fetch-Site": "same-site"}]:
        browser.refused("POST", "/v1/holds", HOLD, status=403, code="session.csrf", headers=headers)
    browser.refused("GET", "/v1/holds", status=403, code="session.csrf",
                    headers={"Origin": "https://evil.example"})  # as for a WebSocket
    for headers in [say, {**say, "Origin": site.url}, {**say, "Origin": f"https://{host}"},
                    {**say, "Sec-Fetch-Site": "same-origin"}]:
        browser.post("/v1/holds", HOLD, (201, 409), headers=headers)  # held, and held already
    browser.get("/v1/holds", headers={"Sec-Fetch-Site": "cross-site"})  # a link was followed
    for headers in [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]:
        site.caller().refused("POST", "/v1/login", MIA, status=403, code="session.csrf",
                              headers=headers)


def test_a_session_of_who_was_inactive_is_over_for_good(site, mia):
    stale, other = log_in(site), site.person("qa", "noa")
    noa = log_in(site, {**MIA, "user": "noa"})
    for active in (False, True):
        site.admin.put("/v1/users/mia", {"name": "Mia Muster", "role": "qa", "active": active})
    gone(stale)
    fresh = log_in(site)
    site.admin.put("/v1/users/mia", {"name": "Mia Meier", "role": "qa"})
    for caller in (fresh, noa):
        caller.get("/v1/session")
    for caller in (mia, other):  # a token rests, and is a right of its own
        caller.get("/v1/holds")


def test_a_token_goes_before_a_cookie(site, mia):
    browser = log_in(site)
    browser.http.headers["Authorization"] = f"Bearer {site.admin_token}"
    del browser.http.headers["Packtrail-CSRF"]
    browser.put("/v1/lines/line-2", {"name": "Two"})
    browser.http.headers["Authorization"] = "Bearer pt_" + "0" * 64
    gone(browser, "token.unknown")


@pytest.mark.parametrize("what, code", [
    ({"role": "qa", "password": "set anew by another"}, "session.ended"),
    ({"role": "qa", "active": False}, "session.ended")])
def test_what_an_administrator_puts_counts_at_once(site, mia, what, code):
    browser = log_in(site)
    site.admin.put("/v1/users/mia", {"name": "Mia Muster", "role": "operator"})
    assert browser.get("/v1/session")["role"] == "operator"
    site.admin.put("/v1/users/mia", {"name": "Mia Muster", **what})
    gone(browser, code)


def test_ones_own_new_password_ends_ones_sessions(site, mia):
    one, other = log_in(site), log_in(site)
    one.post("/v1/users/mia/password", {"old": PASSWORD, "new": "a new one of hers"}, 204)
    gone(one)
    gone(other)
    log_in(site, {"user": "mia", "password": "a new one of hers"})


def test_a_session_has_an_end_and_a_restart_is_one(site, mia):
    browser = log_in(site)
    site.stop()
    site.configure(sessions={"max": "1 s", "idle": "1 s"})
    site.start()
    gone(browser)
    browser, until = log_in(site), time.monotonic() + 20
    browser.http.headers["Cookie"] = f"packtrail={cookie_of(browser).value}"  # whatever its age
    while browser.call("GET", "/v1/session").status_code == 200:  # which is no idleness
        assert time.monotonic() < until
    gone(browser)
    site.stop()
    site.verify()


def test_of_more_sessions_than_there_is_room_for_the_oldest_ends(site, mia):
    site.person("operator", "olga", "Olga Operator")
    site.stop()
    site.configure(sessions={"count": 2})
    site.start()
    first, second = log_in(site), log_in(site)
    first.get("/v1/session")  # so the second is unused for longer
    third = log_in(site, {"user": "olga", "password": PASSWORD})
    gone(second)
    first.get("/v1/session")
    third.get("/v1/session")


def test_one_person_takes_the_room_of_nobody_else(site, mia):
    site.person("operator", "olga", "Olga Operator")
    olgas = log_in(site, {"user": "olga", "password": PASSWORD})
    first = log_in(site)
    for _ in range(10):
        log_in(site)
    gone(first)
    olgas.get("/v1/session")


def test_a_cookie_is_for_addresses_of_people_alone(site, mia):
    purposes = ("lines", "partners", "people")
    site.stop()
    site.configure(listeners=[{"name": p, "purpose": p, "address": "127.0.0.1:0"} for p in purposes])
    site.start()
    browser = log_in(site)
    for purpose, address in listeners(site).items():
        browser.url = f"http://{address}"
        if purpose == "people":
            assert browser.get("/v1/session")["user"] == "mia"
        else:
            gone(browser, "access.missing")
            browser.refused("POST", "/v1/login", MIA, status=404, code="route.unknown")


@pytest.mark.parametrize("role", ["client", "distributor"])
def test_who_has_another_door_is_told_so_before_there_is_a_session(site, line, role):
    site.person(role, "bob", client=line.client)
    bob = {"user": "bob", "password": PASSWORD}
    log_in(site, bob)  # an address for all
    site.stop()
    site.configure(listeners=[{"name": "x", "purpose": "people", "address": "127.0.0.1:0"}])
    site.start()
    (address,) = listeners(site).values()
    caller = harness.Caller(f"http://{address}")
    caller.refused("POST", "/v1/login", {**bob, "password": "a mere guess"}, status=401)
    answer = caller.call("POST", "/v1/login", bob)
    assert_problem(answer, 403, "access.door")
    assert not answer.cookies
    assert [r["fact"]["user"] for r in records(site.admin, "?kind=session.opened")] == ["bob"]


def test_over_tls_the_cookie_is_of_this_host_alone(make_site, tmp_path):
    folder = tmp_path / "authority"
    folder.mkdir()
    authority = Authority(folder)
    server = authority.sign("server")
    site = make_site()
    site.configure(tls={"certificate": str(server.path), "key": str(server.key)})
    site.start()
    caller = site.caller
    site.caller = lambda token=None: _trusting(caller(token), authority)
    site.person("qa", "mia")
    answer = site.caller().call("POST", "/v1/login", MIA)
    set_cookie = answer.headers["Set-Cookie"]
    assert set_cookie.startswith("__Host-packtrail=")
    assert set_cookie.endswith("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure")
    plain = requests.utils.dict_from_cookiejar(answer.cookies)["__Host-packtrail"]
    other = site.caller()
    gone(other, "access.missing")
    other.get("/v1/session", headers={"Cookie": f"a=b; __Host-packtrail={plain}; c=d"})
    gone_ = other.call("GET", "/v1/session", headers={"Cookie": f"packtrail={plain}"})
    assert_problem(gone_, 401, "access.missing")


def _trusting(caller, authority):
    caller.http.verify = str(authority.path)
    return caller


def test_nothing_of_a_session_is_in_files_log_or_journal(site, mia):
    browser = log_in(site)
    secrets = [cookie_of(browser).value, browser.said["csrf"]]
    browser.post("/v1/holds", HOLD, 201)
    site.stop()
    for word in secrets:
        assert word not in site.log() + str(site.journal())
        for file in site.folder.rglob("*"):
            assert not file.is_file() or word.encode() not in file.read_bytes(), file


def test_logins_of_one_address_have_a_rate(site, mia):
    site.stop()
    site.configure(rate={"logins": 1, "logins_burst": 2})
    site.start()
    stranger = site.caller()
    codes = [stranger.call("POST", "/v1/login", {"user": "nobody", "password": "x"}).status_code
             for _ in range(20)]
    assert codes[:2] == [401, 401] and 429 in codes


class Flood:
    """Strangers that try passwords, each on a connection of its own, until it ends."""

    def __init__(self, site, strangers):
        self.site, self.codes, self.over = site, collections.Counter(), threading.Event()
        self.threads = [threading.Thread(target=self.guess, args=(n,)) for n in range(strangers)]

    def guess(self, n):
        caller = self.site.caller()
        while not self.over.is_set():
            body = {"user": f"nobody-{n}", "password": "what it may be"}
            code = caller.call("POST", "/v1/login", body).status_code
            self.codes[code] += 1
            if code == 503:
                self.over.wait(0.02)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_a_line_does_not_wait_for_passwords(site, line):
    """A hash is set to take long: on the loops each would hold up all that came with it."""
    site.stop()
    site.configure(rate={"logins": 100000, "logins_burst": 100000},
                   passwords={"hash_passes": 6})
    site.start()
    line.call.url = site.url
    calls = 0
    with Flood(site, 16) as flood:
        while flood.codes[401] < 8:
            line.serials(1)
            calls += 1
    assert set(flood.codes) == {401, 503}
    assert calls > flood.codes[401]


def test_who_is_known_signs_before_strangers_are_looked_at(site, mia):
    site.stop()
    site.configure(rate={"logins": 100000, "logins_burst": 100000})
    site.start()
    mia.url = site.url
    hold = mia.post("/v1/holds", HOLD, 201)
    with Flood(site, 16) as flood:
        while flood.codes[503] == 0:
            mia.get("/v1/holds")
        mia.post(f"/v1/holds/{hold['id']}/release",
                 {"signature": sign("review", "it is good")}, 200)
        mia.post("/v1/users/mia/password",
                 {"old": PASSWORD, "new": "words that only mia knows"}, 204)
    assert set(flood.codes) == {401, 503}


def test_people_log_in_to_accept_a_clock(wrong):  # noqa: F811
    wrong.person("operator", "olga", "Olga Operator")
    wrong.set_ahead(7200)
    wrong.admin.refused("PUT", "/v1/lines/x", {"name": "X"}, status=503, code="clock.jumped")
    browser = log_in(wrong, {"user": "olga", "password": PASSWORD})
    browser.post("/v1/clock/accept", {"reason": "the battery was empty", "signature": sign()}, 200)
    browser.post("/v1/logout", expect=204)
    wrong.stop()
    wrong.verify()


def test_no_lock_ends_by_a_clock_that_is_stopped(wrong):  # noqa: F811
    mia = wrong.person("qa", "mia")
    guess = {"old": "a mere guess", "new": "brand new words of hers"}
    right = {**guess, "old": PASSWORD}
    for _ in range(5):
        mia.refused("POST", "/v1/users/mia/password", guess, status=403)
    wrong.set_ahead(7200)
    wrong.admin.refused("PUT", "/v1/lines/x", {"name": "X"}, status=503, code="clock.jumped")
    for path, body in (("/v1/users/mia/password", right), ("/v1/login", MIA),
                       ("/v1/clock/accept", {"reason": "x", "signature": sign()})):
        mia.refused("POST", path, body, status=403, code="user.locked")
