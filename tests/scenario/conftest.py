"""Fixtures of the scenarios: see harness.py for what they give."""
import contextlib
import os
import random

import pytest

import harness

SEED = int(os.environ.get("PACKTRAIL_SEED") or random.SystemRandom().randrange(1 << 32))


@contextlib.contextmanager
def sites_in(folder):
    if not os.access(harness.BIN, os.X_OK):
        pytest.fail(f"{harness.BIN} is missing: make")
    sites = []

    def make(name="site", env=None):
        sites.append(harness.Site(folder / name, env))
        return sites[-1]

    yield make
    for one in sites:
        one.kill()
        mistakes = [line for line in one.log().splitlines() if harness.OUR_MISTAKES.search(line)]
        assert not mistakes, one.log()


@pytest.fixture
def make_site(tmp_path):
    """Makes sites that are not yet served: make_site("other", env={...})."""
    with sites_in(tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def make_story_site(tmp_path_factory):
    """The same for a story that is told once and looked at by all tests of a module."""
    with sites_in(tmp_path_factory.mktemp("story")) as make:
        yield make


@pytest.fixture(scope="session")
def seed():
    """Of everything that a scenario picks at random. It is told at the end of the run."""
    return SEED


def pytest_terminal_summary(terminalreporter):
    terminalreporter.line(f"PACKTRAIL_SEED={SEED} makes the same random choices again")


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
