"""Each check of the source finds what it is for, says where, and is silent about what is right."""
import pathlib
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def house(tmp_path):
    """A small tree; house({path: text}) adds files, house.findings(check) runs a check on it."""
    return House(tmp_path)


class House:
    def __init__(self, root):
        self.root = root
        self({
            "scripts/layers.txt": "common: base\ncommon: str buf\nservice: gs1\nservice: pool\n",
            "scripts/owners.txt": "",
            "schemas/requirements.txt": "",
            "common/base.h": "#pragma once\n",
            "common/str.h": '#pragma once\n#include "common/base.h"\n',
        })

    def __call__(self, files):
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

    def findings(self, check):
        done = subprocess.run(["/usr/bin/python3", SCRIPTS / f"check_{check}.py", self.root],
                              capture_output=True, text=True, check=False)
        assert done.stderr == ""
        assert done.returncode == (1 if done.stdout else 0)
        return done.stdout.splitlines()


@pytest.mark.parametrize("check", ["layers", "bans", "sizes", "req"])
def test_a_tidy_house_has_no_findings(house, check):
    house({"service/gs1/gtin.c": '#include "common/str.h"\nint f(void);\n'})
    assert house.findings(check) == []


@pytest.mark.parametrize("path,text,where,words", [
    ("common/str.c", '#include "common/str.h"\n#include "service/gs1/a.h"\n', 2, "not lower"),
    ("common/base.c", '#include "common/base.h"\n#include "common/str.h"\n', 2, "not lower"),
    ("common/buf.h", '#pragma once\n#include "common/str.h"\n', 2, "not lower"),
    ("service/gs1/b.c", '#include "service/pool/a.h"\n', 1, "not lower"),
    ("service/pool/b.c", '#include "service/gs1/a_int.h"\n', 1, "private to room 'gs1'"),
    ("service/pool/b.c", '\n#include "a.h"\n', 2, "from the root"),
    ("service/pool/b.c", '#include "service/gs1/none.h"\n', 1, "does not exist"),
    ("service/pool/a.c", '#include "common/str.h"\n', 1, "first"),
    ("service/attic/a.c", "", 1, "not in scripts/layers.txt"),
])
def test_an_include_that_points_up_is_found(house, path, text, where, words):
    house({f"service/{room}/{name}.h": "#pragma once\n"
           for room in ("gs1", "pool") for name in ("a", "a_int")})
    house({path: text})
    found = [f for f in house.findings("layers") if f.startswith(path)]
    assert len(found) == 1 and found[0].startswith(f"{path}:{where}: ") and words in found[0]


@pytest.mark.parametrize("text,words", [
    ("strcpy(a, b);", "strcpy is banned"),
    ("x = sprintf (a, b);", "sprintf is banned"),
    ("void *p = malloc(3);", "malloc outside its owners"),
    ("t = time(NULL);", "time outside its owners"),
    ("#define QUIT(x) \\\n    if (x) return 1", "QUIT hides a return"),
    ("#include <assert.h>", "stays on"),
    ("// TO" + "DO later", "unfinished"),
])
def test_a_banned_call_is_found(house, text, words):
    house({"common/buf.c": "int before;\n" + text + "\n"})
    found = house.findings("bans")
    assert len(found) == 1 and found[0].startswith("common/buf.c:2: ") and words in found[0]


@pytest.mark.parametrize("text", [
    "// strcpy(a, b) would be wrong\n", 'puts("strcpy(a)");\n', "/* free(x)\n free(y) */\n",
    "x->free(y); x.time(z); my_strcpy(a);\n", "#define TRY(e) if (e) return 1\n", "int malloc;\n",
])
def test_what_only_looks_like_a_call_is_left_alone(house, text):
    house({"common/buf.c": text})
    assert house.findings("bans") == []


def test_an_owner_may_and_a_row_without_its_call_is_found(house):
    house({"common/buf.c": "f(malloc(3));\n",
           "scripts/owners.txt": "common/buf.c malloc free its bytes\n"})
    assert house.findings("bans") == [
        "scripts/owners.txt:1: common/buf.c does not call free any more"]


def test_an_owner_listed_twice_is_found(house):
    house({"common/buf.c": "free(p);\n",
           "scripts/owners.txt": "common/buf.c free its bytes\ncommon/buf.c free again\n"})
    assert house.findings("bans") == [
        "scripts/owners.txt:2: common/buf.c has free on line 1, too"]


def test_a_header_without_its_pragma_is_found(house):
    house({"common/buf.h": "int x;\n"})
    assert house.findings("bans") == ["common/buf.h:1: a header has #pragma once once"]


def test_what_grew_too_large_is_found(house):
    house({"common/buf.c": "int f(void)\n{\n" + "    g();\n" * 59 + "}\n",
           "service/gs1/a.c": "\n" * 701,
           "service/pool/a.c": "// " + "x" * 98 + "\nint ok(void)\n{\n" + "\n" * 58 + "}\n"})
    assert house.findings("sizes") == [
        "common/buf.c:2: f has 61 lines, at most 60",
        "service/gs1/a.c:701: the file has 701 lines, at most 700",
        "service/pool/a.c:1: 101 columns, at most 100",
    ]


def test_a_requirement_needs_a_line_and_a_test(house):
    house({"schemas/requirements.txt": "GS1-1.1 both are there\nGS1-1.2 only a line\nGS1-1.3 no\n",
           "service/gs1/a.c": "// REQ GS1-1.1: so\n// REQ GS1-1.2: so\n// REQ GS1-9: unheard\n",
           "tests/unit/a_test.c": "// GS1-1.1 holds\n"})
    assert house.findings("req") == [
        "schemas/requirements.txt:2: no test names GS1-1.2",
        "schemas/requirements.txt:3: no line of the source says REQ GS1-1.3",
        "schemas/requirements.txt:3: no test names GS1-1.3",
        "service/gs1/a.c:3: GS1-9 is not listed in schemas/requirements.txt",
    ]


def test_every_script_for_a_shell_can_be_read():
    for script in SCRIPTS.glob("*.sh"):
        subprocess.run([shutil.which("bash"), "-n", script], check=True)
