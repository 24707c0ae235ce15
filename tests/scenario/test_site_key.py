"""Another site key: an operator's act, recorded, after which no number comes twice."""
import pytest

import harness
from harness import packtrail


def add(site, *args, reason="every second year", by="Olga Opal"):
    done = packtrail("key", "add", site.folder, *args, "--reason", reason, "--by", by)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def keyed(line):
    """A stopped site with numbers of its first key, which are kept in line.given."""
    line.given = line.serials(500)
    line.commission(line.given[:10])
    line.site.stop()
    return line


def test_numbers_go_on_under_another_key_and_none_comes_twice(keyed):
    site, file = keyed.site, keyed.site.folder / "site.key"
    before = file.read_text()
    code, said = add(site)
    assert code == 0 and said.startswith("epoch 2 is in use: copy ")
    assert file.read_text().startswith(before) and len(file.read_text().splitlines()) == 2
    assert file.stat().st_mode & 0o777 == 0o600
    fact = site.journal()[-1]
    assert (fact["kind"], fact["actor"]) == ("epoch.added", "service")
    assert fact["fact"] == {"epoch": 2, "reason": "every second year", "by": "Olga Opal"}
    assert file.read_text().split()[3] not in str(site.journal())
    site.start()
    more = keyed.serials(500)
    assert len(set(keyed.given + more)) == 1000
    keyed.commission(keyed.given[10:20] + more[:10])  # both are known
    site.stop()
    site.verify()


def test_no_key_is_added_to_a_running_site_or_without_a_reason(line):
    code, said = add(line.site)
    assert code == 1 and "folder.in_use" in said
    line.site.stop()
    for args in (["--reason", "x"], ["--by", "x"], []):
        assert packtrail("key", "add", line.site.folder, *args).returncode in (1, 2)
    assert packtrail("key", "drop", line.site.folder, "--reason", "x").returncode == 2
    assert len((line.site.folder / "site.key").read_text().splitlines()) == 1


def test_a_key_that_is_in_use_cannot_be_left_out_or_changed(keyed):
    site, file = keyed.site, keyed.site.folder / "site.key"
    first = file.read_text()
    assert add(site)[0] == 0
    both = file.read_text()
    for text, code in ((first, "site_key.epoch"), (both[:-9] + "deadbeef\n", "site_key.wrong")):
        file.write_text(text)
        assert add(site)[1].startswith(f"packtrail key: {code}: ")
        assert file.read_text() == text
        done = packtrail("serve", "-c", site.config)
        assert done.returncode == 1 and code in done.stderr
    file.write_text(both)
    assert add(site, reason="again")[0] == 0
    site.start()
    assert len(set(keyed.given + keyed.serials(500))) == 1000
    site.stop()
    site.verify()


def test_a_line_that_waits_for_a_start_is_not_passed_over(keyed):
    """As where the command was killed between the file and the fact."""
    site, file = keyed.site, keyed.site.folder / "site.key"
    file.write_text(file.read_text() + "2 " + "ab" * 32 + "\n")
    code, said = add(site)
    assert code == 1 and "epoch.waits" in said
    site.start()
    assert site.journal()[-1]["fact"] == {"epoch": 2}


def test_what_a_seed_seals_is_sealed_under_the_key_in_use(make_site, make_partner):
    """A line that waits for two people is not used by the first start either."""
    partner, site = make_partner(), make_site()
    site.configure(signatures={"second": "add_key"}, seed={
        "/v1/clients/acme": {"name": "Acme Pharma", "prefixes": [harness.PREFIX]},
        "/v1/partners/hub": {"client": "acme", "url": partner.url, "format": "epcis-2.0-json",
                             "approval": "none", "auth": {"bearer": "what the hub gave us"}}})
    with (site.folder / "site.key").open("a") as file:
        file.write("2 " + "5a" * 32 + "\n")
    site.start()
    assert "event=epoch.waits epoch=2" in site.log()
    line = harness.Line(site)
    line.commission(line.serials(2))
    message, = partner.wait_for(1)
    assert message.headers["Authorization"] == "Bearer what the hub gave us"
