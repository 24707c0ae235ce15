"""The list of parts names the program as it is and every package whose library it needs."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/sbom.sh"
BIN = pathlib.Path(os.environ.get("PACKTRAIL_BIN", ROOT / "build/packtrail")).absolute()


def run(*args, **env):
    return subprocess.run([SCRIPT, *args], capture_output=True, text=True, check=False,
                          env={**os.environ, **env})


@pytest.fixture(scope="module")
def parts():
    done = run(BIN)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def dpkg(package, field):
    return subprocess.run(["dpkg-query", "-W", "-f", "${%s}" % field, package],
                          capture_output=True, text=True, check=True).stdout


def test_the_program_is_named_with_its_version_and_hash(parts):
    assert (parts["bomFormat"], parts["specVersion"], parts["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", parts["metadata"]["timestamp"])
    program = parts["metadata"]["component"]
    told = subprocess.run([BIN, "--version"], capture_output=True, text=True, check=True).stdout
    assert f"{program['name']} {program['version']}" == told.strip()
    assert program["hashes"] == [{"alg": "SHA-256",
                                  "content": hashlib.sha256(BIN.read_bytes()).hexdigest()}]
    assert program["supplier"]["name"] and program["licenses"]


def test_every_library_that_the_program_needs_is_named_with_version_and_licence(parts):
    named = {c["name"]: c for c in parts["components"]}
    assert len(named) == len(parts["components"]) > 10
    assert {"libc6", "liblmdb0", "libcurl4", "libssl3", "libxml2", "zlib1g"} <= set(named)
    for name, part in named.items():
        assert part["type"] == "library" and part["version"] == dpkg(name, "Version")
        assert part["purl"] == part["bom-ref"] and part["purl"].startswith(f"pkg:deb/debian/{name}@")
        assert part["supplier"]["name"] == "Debian" and "@" in part["publisher"]
        assert part["licenses"] and all(one["license"]["name"] for one in part["licenses"]), name
    mapped = subprocess.run(["ldd", BIN], capture_output=True, text=True, check=True).stdout
    libraries = set(re.findall(r"^\t(\S+) => /", mapped, re.M))
    files = {name: dpkg(name, "db-fsys:Files") for name in named}
    assert [lib for lib in libraries if not any(f"/{lib}\n" in f for f in files.values())] == []


def test_what_needs_what_leads_from_the_program_to_every_part(parts):
    needs = {d["ref"]: d["dependsOn"] for d in parts["dependencies"]}
    known = {c["bom-ref"] for c in parts["components"]}
    top = parts["metadata"]["component"]["bom-ref"]
    assert set(needs) == known | {top}
    found, rest = set(), [top]
    while rest:
        one = rest.pop()
        if one not in found:
            found.add(one)
            rest += needs[one]
    assert found == known | {top}
    assert len(needs[top]) < len(known), "what the libraries themselves need is not the program's"


def test_another_program_has_another_hash_and_words_are_quoted(parts, tmp_path):
    copy = tmp_path / "program"
    shutil.copy(BIN, copy)
    with open(copy, "ab") as out:
        out.write(b"x")
    other = json.loads(run(copy, SBOM_SUPPLIER='A "B" \\ C', SBOM_LICENCE="L-1").stdout)
    program = other["metadata"]["component"]
    assert program["hashes"] != parts["metadata"]["component"]["hashes"]
    assert program["supplier"] == {"name": 'A "B" \\ C'}
    assert program["licenses"] == [{"license": {"name": "L-1"}}]
    assert other["components"] == parts["components"]


def test_a_program_that_is_none_is_said():
    done = run("/nowhere")
    assert done.returncode == 1 and done.stdout == "" and "/nowhere" in done.stderr
