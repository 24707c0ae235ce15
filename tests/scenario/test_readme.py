"""README.md tells the truth: what it shows is run, and answers as it says."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest

import contract
import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PARTNER = "https://partner.example.com/epcis"
ADDRESS = "127.0.0.1:8080"
DONE, FAILED = "block.done", "block.failed"


def blocks():
    """The fenced blocks: (section, language, text)."""
    section, found = "", []
    for part in re.finditer(r"^## ([^\n]*)$|^```(\w+)\n(.*?)^```$", README, re.M | re.S):
        if part[1]:
            section = part[1]
        else:
            found.append((section, part[2], part[3]))
    return found


def alike(sample, real):
    """The same members with values of the same kind; of lists the first items, if both have any."""
    if isinstance(sample, dict) and isinstance(real, dict):
        return sample.keys() == real.keys() and all(alike(sample[k], real[k]) for k in sample)
    if isinstance(sample, list) and isinstance(real, list):
        return not sample or not real or alike(sample[0], real[0])
    return type(sample) is type(real)


class Shell:
    """A bash that runs one block after the other, as a reader would."""

    def __init__(self, folder, **env):
        self.errors = folder / "shell.log"
        with open(self.errors, "w") as errors:
            self.bash = subprocess.Popen(
                ["bash"], cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, env={"PATH": f"{folder}:/usr/bin:/bin", **env},
                start_new_session=True)
        self.run(f"set -eu -o pipefail; trap 'echo; echo {FAILED}' EXIT")

    def run(self, text):
        """What the block printed, line by line."""
        self.bash.stdin.write(f"{text}\nprintf '\\n%s\\n' {DONE}\n")
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == DONE:
                return [line for line in lines[:-1] if line]
            if lines[-1] == FAILED:
                break
        raise AssertionError(f"{text}\n{lines}\n{self.errors.read_text()}")

    def close(self):
        os.killpg(self.bash.pid, signal.SIGKILL)  # the service, too
        self.bash.wait()


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "packtrail").symlink_to(harness.BIN)
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % free.getsockname()[1]
    one = Shell(tmp_path, PACKTRAIL_LISTEN=address)
    one.address = address
    yield one
    one.close()


def test_what_it_shows_is_what_happens(shell, partner):
    answer, ran = [], ""
    for section, language, text in blocks():
        text = text.replace(PARTNER, partner.url).replace(ADDRESS, shell.address)
        if language == "sh":
            if "verify" in text:
                hear_of_the_shipment(partner)
            answer, ran = shell.run(text), section
            if "serve" in text:
                shell.run(f"curl -fs --retry 50 --retry-delay 1 --retry-connrefused "
                          f"http://{shell.address}/readyz")
        elif language == "json" and ran == section:
            assert alike(json.loads(text), json.loads(answer[-1])), (text, answer[-1])
    assert re.fullmatch(r"verified \d+ records, \d+ units", answer[-1])


def test_the_demo_says_what_it_shows():
    sample, = [text for _, language, text in blocks() if language == "text"]
    done = harness.packtrail("demo", "--speed", "max")
    assert done.returncode == 0, done.stderr

    def gist(text):  # numbers and the order of the two lines differ from run to run
        text = re.sub(r"packtrail-demo-\w+", "packtrail-demo", text)
        return sorted(re.sub(r" *\d[\d.]*", " 0", line) for line in text.splitlines())

    assert gist(done.stdout) == gist(sample)


def hear_of_the_shipment(partner):
    for count in range(1, 100):
        partner.wait_for(count)
        steps = [event["bizStep"] for document in partner.documents()
                 for event in document["epcisBody"]["eventList"]]
        if "shipping" in steps:
            assert set(steps) == {"commissioning", "packing", "shipping"}
            return


def test_the_problem_that_it_shows_is_one():
    problem, = [json.loads(text) for section, language, text in blocks()
                if section == "Errors" and language == "json"]
    said = contract.contract()
    assert said.schema_fault({"$ref": "#/components/schemas/Problem"}, problem) is None
    assert problem["code"] in said.problems["calls"][problem["status"]]


def test_the_tables_of_commands_and_settings_are_those_of_the_program():
    done = subprocess.run([sys.executable, ROOT / "scripts/readme_tables.py"], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_paths_and_codes_that_it_names_exist():
    said = contract.contract()
    patterns = [o.pattern for o in said.operations]
    for path in re.findall(r"`(?:GET|POST|PUT|DELETE) (/[^ `?]+)`", README):
        assert any(p.fullmatch(path) for p in patterns), path
    for path in re.findall(r"`((?:service|common|schemas|scripts|tests)/[\w./-]*)`", README):
        assert (ROOT / path).exists(), path
    codes = {code for place in said.problems.values() for s in place.values() for code in s}
    for code in re.findall(r"`\d{3} (\w+\.\w+)`", README):
        assert code in codes, code
