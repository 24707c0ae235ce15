"""After a power cut at any moment all that was answered is there, and no number comes twice."""
import os
import shutil

import pytest

import harness
import power_driver

CUTS = int(os.environ.get("PACKTRAIL_CUTS", "20"))
pytestmark = pytest.mark.skipif(harness.SANITIZED, reason="the recorder is preloaded first")


@pytest.fixture(scope="module", autouse=True)
def shim():
    if not power_driver.SHIM.exists():
        pytest.fail(f"{power_driver.SHIM} is missing: make shims")


def test_what_was_answered_is_there_after_any_power_cut(tmp_path, seed, capsys):
    story = power_driver.Story(tmp_path, seed)
    tried = answered = 0
    for place, image in story.cuts(CUTS):
        try:
            power_driver.hold(story, place, image)
        except AssertionError as e:
            raise AssertionError(f"PACKTRAIL_SEED={seed}, cut at {place}, {image}") from e
        shutil.rmtree(image)
        tried += 1
        answered += sum(at <= place for line in story.lines for at, _ in line.answers())
    assert tried == CUTS and answered > 0
    with capsys.disabled():
        print(f"\n{tried} power cuts, {answered} answers looked for behind them")


def test_a_sync_that_is_forgotten_is_found(tmp_path, seed):
    """The proof above can fail: a disk that says yes and does not write is noticed."""
    story = power_driver.Story(tmp_path, seed, deaf=2)
    for place, image in story.cuts(40):
        try:
            power_driver.hold(story, place, image)
        except AssertionError:
            return
        shutil.rmtree(image)
    pytest.fail("nobody noticed")
