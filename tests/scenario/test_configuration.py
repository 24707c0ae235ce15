"""The whole configuration as one text: what is in it, what is not, and that nothing but its changes
changes it."""
import difflib
import hashlib
import json

import pytest

import harness
from harness import FIRST_PASSWORD, GTIN, PASSWORD, PREFIX

PATH = "/v1/configuration"
SECRETS = ("what the hub gave us", "a key of the hub's")
HUB = {"client": "acme", "url": "https://hub.example.com/in", "format": "epcis-2.0-json",
       "auth": {"bearer": SECRETS[0]},
       "headers": [{"name": "X-Key", "value": SECRETS[1], "secret": True}]}


def text_of(site):
    return site.admin.call("GET", PATH).text


def changed(before, after):
    """The lines of `after` that `before` has not, and how many went."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return ([line[2:] for line in lines if line.startswith("+ ")],
            sum(line.startswith("- ") for line in lines))


@pytest.fixture
def configured(site, line):
    call = site.admin
    call.put("/v1/locations/9506000100012", {"name": "Hall 1", "timezone": "Europe/Zurich"})
    call.put("/v1/parties/9506000200019", {"name": "Wholesale"})
    call.put("/v1/partners/hub", HUB)
    call.put("/v1/certificates/press", {"subject": "CN=press", "role": "line", "line": "line-1"})
    site.mia = site.person("qa", "mia")
    return site


# CONFIGURATION-EXPORT
def test_nothing_but_its_changes_changes_a_byte(configured, line):
    configured.restart()  # from here on with the port that it was given
    first = text_of(configured)
    line.operator.post("/v1/lots", {"lot": "L9", "gtin": GTIN, "expiry": "2031-01"}, 201)
    configured.admin.post("/v1/tokens", {"role": "auditor"}, 201)
    configured.mia.post("/v1/users/mia/password", {"old": PASSWORD, "new": "words of hers alone"},
                        204)
    configured.admin.put("/v1/parties/9506000200019", {"name": "Wholesale"})  # as it is
    assert text_of(configured) == first
    configured.restart()
    assert text_of(configured) == first
    configured.admin.put("/v1/parties/9506000200019", {"name": "Wholesale Ltd", "reason": "renamed"})
    second = text_of(configured)
    newest = configured.admin.get("/v1/journal?kind=party.put")["items"][-1]["seq"]
    more, gone = changed(first, second)
    assert gone == 2 and more[0] == f'"seq":{newest},'
    assert more[1].startswith('"9506000200019":{"version":2,') and "Wholesale Ltd" in more[1]
    assert json.loads(second)["parties"]["9506000200019"]["seq"] == newest
    configured.admin.delete("/v1/certificates/press")
    third = text_of(configured)
    more, gone = changed(second, third)
    assert gone == 2 and '"revoked":"' in more[1]
    ended = configured.admin.get("/v1/journal?kind=certificate.ended")["items"][-1]["seq"]
    assert json.loads(third)["seq"] == ended


# CONFIGURATION-EXPORT
def test_all_that_is_configured_is_in_it(configured):
    text = text_of(configured)
    all_of, call = json.loads(text), configured.admin
    assert all_of["version"] == call.get("/version")["version"]
    assert all_of["journal_id"] == call.get("/version")["journal_id"]
    for noun in ("clients", "products", "locations", "parties", "lines", "pools", "partners",
                 "users"):
        listed = {item[next(iter(item))]: item for item in call.pages(f"/v1/{noun}", limit=1)}
        assert listed and list(all_of[noun]) == sorted(listed), noun
        for name, item in listed.items():
            put = {k: v for k, v in all_of[noun][name].items() if k != "seq"}
            assert put.items() <= item.items(), name
    assert all_of["certificates"]["press"].items() >= {"subject": "CN=press", "line": "line-1"}.items()
    assert set(all_of["markets"]) == {m["market"] for m in call.get("/v1/markets")["items"]}
    assert len(set(all_of["markets"].values())) == len(all_of["markets"])
    assert all_of["clients"]["acme"]["prefixes"] == [PREFIX]
    for secret in (*SECRETS, FIRST_PASSWORD, PASSWORD, "argon2"):
        assert secret not in text
    assert all_of["partners"]["hub"]["auth"] == {"bearer": "***"}


def test_the_settings_are_those_in_force(make_site):
    site = make_site()
    site.configure(passwords={"age_max": "2160 h"}, signatures={"second": "release"},
                   listeners=[{"name": "hall", "address": "127.0.0.1:0", "purpose": "lines"}])
    site.start()
    settings = json.loads(text_of(site))["settings"]
    assert settings.items() >= {"passwords.age_max": "2160 h", "signatures.second": "release",
                                "passwords.history": "5", "listen": "127.0.0.1:0"}.items()
    assert [(row["name"], row["purpose"]) for row in settings["listeners"]] == [("hall", "lines")]


def test_the_command_prints_the_same(configured):
    served = text_of(configured)
    alike = {"PACKTRAIL_LISTEN": json.loads(served)["settings"]["listen"]}
    run = ("configuration", "-c", configured.config)
    assert harness.packtrail(*run, env=alike).stdout == served
    configured.stop()
    done = harness.packtrail(*run, env=alike)
    assert (done.returncode, done.stdout, done.stderr) == (0, served, "")
    assert harness.packtrail("configuration", configured.folder).returncode == 2
    assert "settings.file" in harness.packtrail("configuration", "-c", "nowhere.yaml").stderr


def test_another_export_key_is_told_by_configuration_report_and_log(site):
    def told():
        known = hashlib.sha256(site.admin.get("/v1/journal/key").encode()).hexdigest()
        assert json.loads(text_of(site))["export_key"] == known
        report = json.loads(harness.packtrail("check", "--iq", site.folder, "--json").stdout)
        key, = (c for c in report["checks"] if c["check"] == "export key")
        assert [one["value"] for one in key["found"]] == [known]
        return known

    first = told()
    assert f"event=export_key.read sha256=\"{first}\"" in site.log()
    site.stop()
    (site.folder / "export.key").unlink()
    report = json.loads(harness.packtrail("check", "--iq", site.folder, "--json").stdout)
    assert [c["verdict"] for c in report["checks"] if c["check"] == "export key"] == ["warn"]
    done = harness.packtrail("configuration", "-c", site.config)
    assert "export_key" not in json.loads(done.stdout)
    assert not (site.folder / "export.key").exists()
    site.start()
    second = told()
    assert second != first and f"event=export_key.made sha256=\"{second}\"" in site.log()


def test_the_command_leaves_out_the_digest_of_a_key_that_others_may_read(configured):
    alike = {"PACKTRAIL_LISTEN": json.loads(text_of(configured))["settings"]["listen"]}
    served = text_of(configured).splitlines()
    (configured.folder / "export.key").chmod(0o640)
    done = harness.packtrail("configuration", "-c", configured.config, env=alike)
    assert done.returncode == 0 and "export_key.mode" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout.splitlines() == [x for x in served if not x.startswith('"export_key":')]


def test_it_is_for_administrators_alone(configured):
    for caller in (configured.mia, configured.as_role("auditor"), configured.as_role("operator"),
                   configured.as_role("client", client="acme")):
        caller.refused("GET", PATH, status=403, code="access.role")
