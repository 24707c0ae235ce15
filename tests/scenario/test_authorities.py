"""Certificates of several authorities at one address, and those that have ended."""
import pytest

import harness
from certificates import Authority, openssl

LOTS = "/v1/lots"


def authority(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    return Authority(folder, name)


@pytest.fixture
def acme(tmp_path):
    return authority(tmp_path, "acme")


@pytest.fixture
def beta(tmp_path):
    return authority(tmp_path, "beta")


def secured(make_site, *authorities):
    """A site that takes certificates of all of them, and what calls it."""
    site, trusted = make_site(), authorities[0].folder / "clients.pem"
    trusted.write_text("".join(a.path.read_text() for a in authorities))
    server = authorities[0].sign("server")
    site.configure(tls={"certificate": str(server.path), "key": str(server.key),
                        "client_ca": str(trusted)})
    site.start()

    def call(certificate=None, token=None):
        made = harness.Caller(site.url, token)
        made.http.verify = str(authorities[0].path)
        if certificate is not None:
            made.http.cert = certificate.pair
        return made

    return site, call, call(token=site.admin_token)


def put(admin, name, **wish):
    return admin.call("PUT", "/v1/certificates/" + name, {"role": "auditor", **wish})


def test_an_authority_cannot_make_certificates_of_anothers_machines(make_site, acme, beta):
    site, call, admin = secured(make_site, acme, beta)
    ours, theirs = acme.sign("hub", "/CN=hub/O=Acme"), beta.sign("hub", "/CN=hub/O=Acme")
    subject = ours.subject()
    assert theirs.subject() == subject
    # By the subject alone nobody is let in where more than one could have made it.
    put(admin, "hub", subject=subject)
    for one in (ours, theirs):
        call(one).refused("GET", LOTS, status=401, code="certificate.authority")
    # With the authority it is that one's, and stays the same caller.
    answer = put(admin, "hub", subject=subject, authority=acme.subject())
    assert answer.status_code == 200 and answer.json()["authority"] == "CN=acme"
    assert answer.json()["subject"] == subject
    assert call(ours).call("GET", LOTS).status_code == 200
    call(theirs).refused("GET", LOTS, status=401, code="certificate.unknown")
    assert put(admin, "other", subject=subject, authority="CN=acme").status_code == 409
    assert put(admin, "other", subject=subject, authority="CN=beta").status_code == 201
    assert call(theirs).call("GET", LOTS).status_code == 200
    assert put(admin, "x", fingerprint=ours.fingerprint(), authority="CN=acme").status_code == 400
    (shown,) = [c for c in admin.get("/v1/certificates")["items"] if c["certificate"] == "hub"]
    assert shown["authority"] == "CN=acme"
    admin.delete("/v1/certificates/hub")
    call(ours).refused("GET", LOTS, status=401, code="certificate.revoked")
    assert call(theirs).call("GET", LOTS).status_code == 200
    site.restart()
    call(ours).refused("GET", LOTS, status=401, code="certificate.revoked")
    site.stop()
    site.verify()


def test_who_stands_between_does_not_say_another_authoritys_name(make_site, tmp_path, acme, beta):
    """Beta signs an authority that bears the name of acme's."""
    between = authority(tmp_path, "between")
    more, request = between.folder / "ca", between.folder / "request"
    more.write_text("basicConstraints=critical,CA:TRUE\n")
    openssl("req", "-new", "-key", between.key, "-subj", "/CN=acme", "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", beta.path, "-CAkey", beta.key,
            "-CAcreateserial", "-days", 20, "-extfile", more, "-out", between.path)
    site, call, admin = secured(make_site, acme, beta)
    forged = between.sign("hub", "/CN=hub/O=Acme")
    forged.path.write_text(forged.path.read_text() + between.path.read_text())
    put(admin, "hub", subject="O=Acme,CN=hub", authority="CN=acme")
    assert forged.subject() == "O=Acme,CN=hub"
    call(forged).refused("GET", LOTS, status=401, code="certificate.unknown")
    put(admin, "beta-hub", subject="O=Acme,CN=hub", authority="CN=beta")
    assert call(forged).call("GET", LOTS).status_code == 200


def test_where_one_authority_is_trusted_the_subject_says_who_it_is(make_site, acme):
    site, call, admin = secured(make_site, acme, acme)  # a file may hold it twice
    press = acme.sign("press", "/CN=press 1")
    put(admin, "press", subject="CN=press 1")
    assert call(press).call("GET", LOTS).status_code == 200
    site.stop()
    site.verify()


def test_what_has_ended_by_its_fingerprint_stays_ended(make_site, acme):
    site, call, admin = secured(make_site, acme)
    press = acme.sign("press", "/CN=press")
    put(admin, "old", fingerprint=press.fingerprint())
    put(admin, "wide", subject="CN=press", role="admin")
    admin.delete("/v1/certificates/old")
    call(press).refused("GET", LOTS, status=401, code="certificate.revoked")
    put(admin, "old", subject="CN=another")  # the name stands for another from now on
    call(press).refused("GET", "/v1/tokens", status=401, code="certificate.revoked")
    put(admin, "wider", subject="CN=press", authority="CN=acme", role="admin")
    call(press).refused("GET", "/v1/tokens", status=401, code="certificate.revoked")
    site.restart()
    call(press).refused("GET", "/v1/tokens", status=401, code="certificate.revoked")
    # To put it itself again is somebody's decision.
    put(admin, "again", fingerprint=press.fingerprint())
    assert call(press).call("GET", LOTS).status_code == 200
    site.stop()
    site.verify()
