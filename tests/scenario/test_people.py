"""People: made by administrators, with tokens that do what the person may now and passwords that
nobody else knows; and that none of these passwords is found anywhere."""
import base64
import gzip
import json
import subprocess
import time

import pytest

import harness
from harness import FIRST_PASSWORD, PASSWORD, assert_problem

USERS = "/v1/users"
MIA = {"name": "Mia Muster", "role": "qa"}


@pytest.fixture
def admin(site):
    call = site.admin
    call.put("/v1/clients/acme", {"name": "Acme Pharma", "prefixes": ["9506000"]})
    call.put("/v1/clients/beta", {"name": "Beta", "prefixes": ["9521141"]})
    call.put("/v1/lines/line-1", {"name": "Line 1"})
    return call


def change(caller, old, new, expect=204, name="mia", **more):
    return caller.post(f"{USERS}/{name}/password", {"old": old, "new": new}, expect, **more)


def wrong(caller, code="password.wrong", name="mia"):
    return caller.refused("POST", f"{USERS}/{name}/password",
                          {"old": "a mere guess", "new": "another mere guess"},
                          status=403, code=code)


def kinds(site):
    return [r["kind"] for r in site.journal()]


def test_a_person_is_put_shown_and_listed(admin):
    made = admin.put(f"{USERS}/mia", {**MIA, "password": FIRST_PASSWORD, "reason": "new"}, 201)
    assert made == {"user": "mia", "version": 1, **MIA, "password": "***", "active": True,
                    "must_change": True}
    assert admin.put(f"{USERS}/mia", {**MIA, "password": FIRST_PASSWORD}, 200) == made
    assert admin.put(f"{USERS}/mia", MIA, 200) == made
    assert admin.put(f"{USERS}/mia", {**MIA, "password": "***"}, 200) == made
    assert admin.get(f"{USERS}/mia") == made
    assert admin.put(f"{USERS}/Oli", {"name": "Oli", "role": "operator"}, 201)["user"] == "oli"
    assert [u["user"] for u in admin.pages(USERS, limit=1)] == ["mia", "oli"]
    admin.refused("GET", f"{USERS}/nobody", status=404, code="user.unknown")


@pytest.mark.parametrize("body, status, code", [
    ({"name": "Mia"}, 400, "field.required"),
    ({"role": "qa"}, 400, "field.required"),
    ({**MIA, "role": "king"}, 400, "role.unknown"),
    ({**MIA, "role": "line"}, 400, "user.role"),
    ({**MIA, "role": "gateway", "client": "acme"}, 400, "user.role"),
    ({**MIA, "role": "qa admin"}, 400, "role.unknown"),
    ({**MIA, "role": ["qa", "admin"]}, 400, "json.type"),
    ({**MIA, "roles": ["qa", "admin"]}, 400, "json.unknown_field"),
    ({**MIA, "role": "admin", "client": "acme"}, 400, "field.range"),
    ({**MIA, "role": "client"}, 400, "field.required"),
    ({**MIA, "client": "gamma"}, 422, "client.unknown"),
    ({**MIA, "client": "acme", "clients": ["beta"]}, 400, "field.range"),
    ({**MIA, "clients": []}, 400, "field.range"),
    ({**MIA, "clients": ["acme", "acme"]}, 400, "field.range"),
    ({**MIA, "active": "yes"}, 400, None),
    ({**MIA, "password": "short"}, 400, "password.length"),
    ({**MIA, "password": "x" * 129}, 400, "password.length"),
    ({**MIA, "password": "x" * 20}, 400, "password.simple"),
    ({"name": "Mia Margareta Muster", "role": "qa", "password": "mia margareta muster"}, 400,
     "password.simple"),
])
def test_a_person_that_makes_no_sense_is_refused(admin, body, status, code):
    admin.refused("PUT", f"{USERS}/mia", body, status=status, code=code)
    assert admin.get(USERS)["items"] == []


def test_only_administrators_see_people_and_change_them(site, admin):
    mia = site.person("qa", "mia")
    for role, scope in {"operator": {}, "qa": {}, "auditor": {}, "client": {"client": "acme"}}.items():
        caller = site.as_role(role, **scope)
        caller.refused("GET", USERS, status=403, code="access.role")
        caller.refused("PUT", f"{USERS}/mia", MIA, status=403, code="access.role")
    mia.refused("PUT", f"{USERS}/mia", {**MIA, "role": "admin"}, status=403, code="access.role")


def test_an_administrator_who_is_a_person_gives_a_reason(site, admin):
    ada = site.person("admin", "ada", "Ada Admin")
    ada.refused("PUT", f"{USERS}/mia", MIA, status=400, code="reason.required")
    ada.put(f"{USERS}/mia", {**MIA, "reason": "new in the team"}, 201)
    fact = admin.get("/v1/journal?kind=user.put")["items"][-1]
    assert fact["fact"]["reason"] == "new in the team" and fact["fact"]["value"]["role"] == "qa"


def test_a_token_of_a_person_has_the_person_s_role_and_clients(site, admin):
    admin.put(f"{USERS}/mia", {**MIA, "clients": ["acme"]})
    for wish in ({"user": "mia"}, {"user": "mia", "role": "qa"},
                 {"user": "mia", "role": "qa", "client": "acme"}):
        caller = site.caller(admin.post("/v1/tokens", wish, 201)["token"])
        assert caller.get("/v1/clients/acme") and caller.call("GET", "/v1/clients/beta").status_code == 404
    for wish, status, code in [
            ({"user": "nobody"}, 422, "user.unknown"),
            ({"user": "nobody", "role": "qa"}, 422, "user.unknown"),
            ({"user": "mia", "role": "admin"}, 422, "user.scope"),
            ({"user": "mia", "role": "king"}, 400, "role.unknown"),
            ({"user": "mia", "client": "beta"}, 422, "user.scope"),
            ({"user": "mia", "clients": ["acme", "beta"]}, 422, "user.scope")]:
        admin.refused("POST", "/v1/tokens", wish, status=status, code=code)
    admin.put(f"{USERS}/mia", {**MIA, "role": "operator", "client": "beta"})
    assert caller.get("/v1/clients/beta") and caller.call("GET", "/v1/clients/acme").status_code == 404
    listed = [t for t in admin.get("/v1/tokens")["items"] if t.get("user") == "mia"]
    assert {(t["role"], *t["clients"]) for t in listed} == {("operator", "beta")}


def test_who_is_not_active_any_more_cannot_call(site, admin):
    mia = site.person("qa", "mia")
    assert mia.get("/v1/lines")
    admin.put(f"{USERS}/mia", {**MIA, "active": False, "reason": "has left"}, 200)
    mia.refused("GET", "/v1/lines", status=401, code="user.inactive")
    admin.refused("POST", "/v1/tokens", {"user": "mia"}, status=409, code="user.inactive")
    admin.put(f"{USERS}/mia", {**MIA, "reason": "is back"}, 200)
    assert mia.get("/v1/lines")


def test_the_last_administrator_stays_one(site, admin):
    ada = site.person("admin", "ada", "Ada Admin")
    init = admin.get("/v1/tokens")["items"][0]["id"]
    ada.delete(f"/v1/tokens/{init}", headers={"Packtrail-Reason": "people only"})
    for change_of in ({"active": False}, {"role": "qa"}):
        ada.refused("PUT", f"{USERS}/ada", {"name": "Ada", "role": "admin", **change_of, "reason": "x"},
                    status=409, code="user.last_admin")
    own, = [t["id"] for t in ada.get("/v1/tokens")["items"] if t.get("user") == "ada"]
    ada.refused("DELETE", f"/v1/tokens/{own}", status=409, code="token.last_admin",
                headers={"Packtrail-Reason": "x"})
    ada.post("/v1/tokens", {"role": "admin", "reason": "goes"}, 201)
    ada.put(f"{USERS}/ada", {"name": "Ada", "role": "admin", "active": False, "reason": "goes"}, 200)
    ada.refused("GET", USERS, status=401, code="user.inactive")


# USER-DUTIES
def test_nobody_both_administers_and_signs(line, admin):
    """Neither at once nor one after the other: not by a role, a token, or a put of oneself."""
    ada, mia = line.site.person("admin", "ada", "Ada Admin"), line.site.person("qa", "mia")
    lot = f"/v1/lots/{line.gtin}/{line.lot}"
    signed = {"signature": {"password": PASSWORD, "meaning": "approval", "reason": "x"}}
    for act in ("release", "reopen", "recall"):
        ada.refused("POST", f"{lot}/{act}", signed, status=403, code="access.role")
    for user, role in (("ada", "qa"), ("ada", "operator"), ("mia", "admin")):
        ada.refused("PUT", f"{USERS}/{user}", {"name": "X", "role": role, "reason": "x"},
                    status=409, code="user.duties")
    admin.refused("POST", "/v1/tokens", {"user": "ada", "role": "qa"}, status=422,
                  code="user.scope")
    mia.refused("PUT", f"{USERS}/mia", {**MIA, "role": "admin"}, status=403, code="access.role")
    ada.put(f"{USERS}/mia", {**MIA, "role": "operator", "reason": "moves"}, 200)
    ada.refused("PUT", f"{USERS}/mia", {**MIA, "role": "admin", "reason": "x"}, status=409,
                code="user.duties")


def test_a_password_is_changed_by_its_person_alone(site, admin):
    mia, oli = site.person("qa", "mia"), site.person("operator", "oli", "Oli")
    for caller in (admin, oli):
        caller.refused("POST", f"{USERS}/mia/password", {"old": PASSWORD, "new": "a new one of hers"},
                       status=403, code="user.other")
    change(mia, PASSWORD, "another one of hers")
    wrong(mia)
    assert admin.get(f"{USERS}/mia")["must_change"] is False
    admin.put(f"{USERS}/new", {"name": "New", "role": "qa"})
    new = site.caller(admin.post("/v1/tokens", {"user": "new"}, 201)["token"])
    new.refused("POST", f"{USERS}/new/password", {"old": "x", "new": "some good password"},
                status=409, code="user.no_password")


def test_a_password_follows_the_rules(site, admin):
    mia = site.person("qa", "mia")
    for new, status, code in [
            ("short", 400, "password.length"), ("x" * 129, 400, "password.length"),
            ("ä" * 11, 400, "password.length"), ("a" * 12, 400, "password.simple"),
            (PASSWORD, 422, "password.used"), (FIRST_PASSWORD, 422, "password.used")]:
        mia.refused("POST", f"{USERS}/mia/password", {"old": PASSWORD, "new": new},
                    status=status, code=code)
    had = [PASSWORD]
    for i in range(5):
        had.append(f"the password number {i}")
        change(mia, had[-2], had[-1])
    mia.refused("POST", f"{USERS}/mia/password", {"old": had[-1], "new": had[1]},
                status=422, code="password.used")
    change(mia, had[-1], PASSWORD)  # the sixth from the end
    admin.refused("PUT", f"{USERS}/mia", {**MIA, "password": had[-1]}, status=422,
                  code="password.used")


def test_too_many_wrong_passwords_lock_until_an_administrator_s_put(site, admin):
    mia = site.person("qa", "mia")
    answers = [wrong(mia)["detail"] for _ in range(5)]
    assert "locked" in answers[-1] and not any("locked" in a for a in answers[:-1])
    mia.refused("POST", f"{USERS}/mia/password", {"old": PASSWORD, "new": "a new one of hers"},
                status=403, code="user.locked")
    assert admin.get(f"{USERS}/mia")["locked_until"]
    site.restart()
    wrong(mia, "user.locked")
    assert mia.get("/v1/lines") is not None  # who is locked may still look
    shown = admin.put(f"{USERS}/mia", {**MIA, "reason": "she has called"}, 200)
    assert "locked_until" not in shown
    change(mia, PASSWORD, "a new one of hers")
    site.stop()
    assert kinds(site).count("password.refused") == 5 and kinds(site).count("user.locked") == 1
    site.verify()


def test_a_lock_ends_in_its_time(make_site):
    site = make_site()
    site.configure(passwords={"lock": "1 s", "wrong_max": 2})
    site.start()
    mia = site.person("qa", "mia")
    wrong(mia), wrong(mia)
    wish = {"old": PASSWORD, "new": "a new one of hers"}
    ended = time.monotonic() + harness.CALL_S
    while (answer := mia.call("POST", f"{USERS}/mia/password", wish)).status_code != 204:
        assert_problem(answer, 403, "user.locked")
        assert time.monotonic() < ended
        time.sleep(0.05)  # nothing announces it: it is the clock's own


def test_a_forgotten_password_is_replaced_and_must_be_changed(site, admin):
    mia = site.person("qa", "mia")
    shown = admin.put(f"{USERS}/mia", {**MIA, "password": "a way back in", "reason": "forgot"}, 200)
    assert shown["must_change"] is True
    wrong(mia)
    change(mia, "a way back in", "a new one of hers")
    assert admin.get(f"{USERS}/mia")["must_change"] is False
    admin.put(f"{USERS}/mia", {**MIA, "name": "Mia Muster-Meier", "reason": "married"}, 200)
    change(mia, "a new one of hers", "and one more of hers")  # another name is no other password


def test_a_repeat_under_a_key_is_the_same_whatever_the_passwords(site, admin):
    mia = site.person("qa", "mia")
    headers = {"Idempotency-Key": "one"}
    change(mia, PASSWORD, "a new one of hers", headers=headers)
    change(mia, "a new one of hers", "quite another one", headers=headers)  # answered again
    change(mia, "a new one of hers", "the third password")


def test_no_password_is_found_in_journal_log_answers_or_files(site, admin):
    said = [FIRST_PASSWORD, PASSWORD, "a mere guess", "another mere guess", "a new one of hers",
            "the one for the repeat", "way too s"]
    mia = site.person("qa", "mia")
    answers = [wrong(mia) for _ in range(2)]
    change(mia, PASSWORD, "a new one of hers", headers={"Idempotency-Key": "k"})
    admin.put(f"{USERS}/mia", {**MIA, "password": "the one for the repeat"}, 200,
              headers={"Idempotency-Key": "p"})
    answers.append(admin.refused("PUT", f"{USERS}/mia", {**MIA, "password": "way too s"}, status=400))
    answers.append(mia.refused("POST", f"{USERS}/mia/password", '{"old": "way too s", "new": "x"',
                               status=400))
    answers.append(admin.call("GET", USERS).text)
    answers.append(admin.call("GET", "/v1/journal", headers={"Accept": "text/csv"}).text)
    exported = b"".join(
        base64.b64decode(json.loads(line).get("record", "")) for line in
        gzip.decompress(admin.call("GET", "/v1/journal/export").content).splitlines())
    assert b"Mia Muster" in exported
    site.stop()
    journal = site.journal()
    assert "argon2" not in str(journal) + str(answers)
    # Nor is a hash that passwords could be tried on, in the records themselves as they lie here.
    assert b"$argon2" not in exported
    for file in site.folder.rglob("*"):
        assert not file.is_file() or b"$argon2" not in file.read_bytes(), file
    hidden = [str(journal), site.log(), str(answers)]
    for word in said:
        assert not any(word in text for text in hidden), word
        found = subprocess.run(["grep", "-rlaF", word, str(site.folder)], capture_output=True)
        assert found.returncode == 1, (word, found.stdout)
    site.verify()


# ---- the commands, on a site that does not run

def user(site, *args, given=None):
    return harness.packtrail("user", *args[:1], site.folder, *args[1:], given=given)


def token(site, *args):
    return harness.packtrail("token", *args[:1], site.folder, *args[1:])


def test_people_and_tokens_are_made_on_a_stopped_site(make_site):
    site = make_site()
    done = user(site, "add", "mia", "--name", "Mia Muster", "--role", "qa", "--reason", "new")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    done = user(site, "password", "mia", "--reason", "her first", given=FIRST_PASSWORD + "\n")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert '"user":"mia"' in user(site, "list").stdout
    done = token(site, "create", "--user", "mia")
    assert done.returncode == 0, done.stderr
    made, text = done.stdout.strip().split(": ")
    lost = token(site, "create", "--role", "admin").stdout.strip().split(": ")[1]
    listed = token(site, "list").stdout.splitlines()
    assert len(listed) == 3 and text not in str(listed) and f'"id":"{made}"' in listed[1]
    site.start()
    change(site.caller(text), FIRST_PASSWORD, PASSWORD)
    assert site.caller(lost).get(f"{USERS}/mia")["name"] == "Mia Muster"
    assert '"user":"mia"' in user(site, "list").stdout  # looking is allowed beside a service
    site.stop()
    assert token(site, "revoke", made).returncode == 0
    site.start()
    site.caller(text).refused("GET", "/v1/lines", status=401, code="token.revoked")
    site.stop()
    puts = [r for r in site.journal() if r["kind"] == "user.put"]
    assert [(r["actor"], r["fact"]["reason"]) for r in puts] == [("service", "new"),
                                                                ("service", "her first")]
    site.verify()


@pytest.mark.parametrize("command, args, code", [
    ("user", ("add", "mia", "--name", "Mia", "--role", "king", "--reason", "x"), "role.unknown"),
    ("user", ("add", "m/a", "--name", "Mia", "--role", "qa", "--reason", "x"), "name.form"),
    ("user", ("password", "nobody", "--reason", "x"), "user.unknown"),
    ("token", ("create", "--role", "line"), "field.required"),
    ("token", ("create", "--user", "nobody"), "user.unknown"),
    ("token", ("create", "--role", "client", "--client", "acme"), "client.unknown"),
    ("token", ("revoke", "admin-aaaaaaaaaa"), "token.unknown"),
])
def test_a_command_is_refused_as_a_call_would_be(make_site, command, args, code):
    site = make_site()
    done = harness.packtrail(command, args[0], site.folder, *args[1:], given=FIRST_PASSWORD)
    assert done.returncode == 1 and f"packtrail {command}: {code}: " in done.stderr, done.stderr


@pytest.mark.parametrize("args", [
    (), ("add",), ("fire", "DIR"), ("add", "DIR", "mia", "--name", "Mia", "--role", "qa"),
    ("add", "DIR", "mia", "--reason"), ("list", "DIR", "--role", "qa"),
    ("password", "DIR", "mia"), ("add", "DIR", "mia", "--password", "x", "--reason", "x")])
def test_a_command_that_is_none_is_wrong_usage(args):
    done = harness.packtrail("user", *args)
    assert done.returncode == 2 and done.stderr.startswith("usage: packtrail user")


def test_a_running_site_is_not_changed_by_commands(site):
    done = token(site, "create", "--role", "admin")
    assert done.returncode == 1 and "folder.in_use" in done.stderr
