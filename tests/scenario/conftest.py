"""Fixtures of the scenarios: see harness.py for what they give."""
import os

import pytest

import harness


@pytest.fixture
def make_site(tmp_path):
    """Makes sites that are not yet served: make_site("other", env={...})."""
    if not os.access(harness.BIN, os.X_OK):
        pytest.fail(f"{harness.BIN} is missing: make")
    sites = []

    def make(name="site", env=None):
        sites.append(harness.Site(tmp_path / name, env))
        return sites[-1]

    yield make
    for one in sites:
        one.kill()
        mistakes = [line for line in one.log().splitlines() if harness.OUR_MISTAKES.search(line)]
        assert not mistakes, one.log()


@pytest.fixture
def site(make_site):
    """A new site that serves."""
    return make_site().start()


@pytest.fixture
def line(site):
    """The sample client, product, pools, line and open lot on a site that serves."""
    return harness.Line(site)


@pytest.fixture
def make_partner():
    partners = []

    def make(always=harness.ACCEPT):
        partners.append(harness.Partner(always))
        return partners[-1]

    yield make
    for one in partners:
        one.close()


@pytest.fixture
def partner(make_partner):
    """A partner's HTTP server that accepts everything until told otherwise."""
    return make_partner()


@pytest.fixture(scope="session")
def shared():
    """The folder of reference data beside the project."""
    if not harness.SHARED.is_dir():
        pytest.skip(f"{harness.SHARED} is absent")
    return harness.SHARED
