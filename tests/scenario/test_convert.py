"""`packtrail convert` answers every line of standard input with one line."""
import json
import os
import random

import pytest

import harness
from harness import packtrail

GS = "\x1d"
PACK = {
    "bracketed": "(01)09506000134352(21)A/1",
    "dl": "https://id.gs1.org/01/09506000134352/21/A%2F1",
    "urn": "urn:epc:id:sgtin:9506000.013435.A%2F1",
    "raw": "010950600013435221A/1",
}
CASE = {
    "bracketed": "(00)195060000000000012",
    "dl": "https://id.gs1.org/00/195060000000000012",
    "urn": "urn:epc:id:sscc:9506000.1000000001",
    "raw": "00195060000000000012",
}
# One of each other scheme: URN, Digital Link, brackets, element string. A class has no serial.
OTHERS = [
    ("urn:epc:id:upui:9506000.013435.A%2F1", "01/09506000134352/235/A%2F1",
     "(01)09506000134352(235)A/1", "0109506000134352235A/1"),
    ("urn:epc:class:lgtin:9506000.013435.L", "01/09506000134352/10/L",
     "(01)09506000134352(10)L", "010950600013435210L"),
    ("urn:epc:idpat:sgtin:9506000.013435.*", "01/09506000134352", "(01)09506000134352",
     "0109506000134352"),
    ("urn:epc:id:sgln:9506000.00001.DOOR", "414/9506000000015/254/DOOR",
     "(414)9506000000015(254)DOOR", "4149506000000015254DOOR"),
    ("urn:epc:id:pgln:9506000.00001", "417/9506000000015", "(417)9506000000015",
     "4179506000000015"),
    ("urn:epc:id:grai:9506000.00001.T1", "8003/09506000000015T1", "(8003)09506000000015T1",
     "800309506000000015T1"),
    ("urn:epc:idpat:grai:9506000.00001.*", "8003/09506000000015", "(8003)09506000000015",
     GS + "800309506000000015"),
    ("urn:epc:id:giai:9506000.A%22B", "8004/9506000A%22B", '(8004)9506000A"B', '80049506000A"B'),
    ("urn:epc:id:gdti:9506000.00001.D1", "253/9506000000015D1", "(253)9506000000015D1",
     "2539506000000015D1"),
    ("urn:epc:idpat:gdti:9506000.00001.*", "253/9506000000015", "(253)9506000000015",
     "2539506000000015"),
    ("urn:epc:id:sgcn:9506000.00001.04711", "255/950600000001504711", "(255)950600000001504711",
     "255950600000001504711"),
    ("urn:epc:id:cpi:9506000.P%2F1%23.12", "8010/9506000P%2F1%23/8011/12",
     "(8010)9506000P/1#(8011)12", "80109506000P/1#" + GS + "801112"),
    ("urn:epc:id:itip:9506000.013435.01.02.S", "8006/095060001343520102/21/S",
     "(8006)095060001343520102(21)S", "8006095060001343520102" + GS + "21S"),
    ("urn:epc:id:gsrn:9506000.0000000001", "8018/950600000000000019", "(8018)950600000000000019",
     "8018950600000000000019"),
    ("urn:epc:id:gsrnp:9506000.0000000001", "8017/950600000000000019", "(8017)950600000000000019",
     "8017950600000000000019"),
    ("urn:epc:id:ginc:9506000.xyz47%2F11", "401/9506000xyz47%2F11", "(401)9506000xyz47/11",
     "4019506000xyz47/11"),
    ("urn:epc:id:gsin:9506000.000000001", "402/95060000000000015", "(402)95060000000000015",
     "40295060000000000015"),
]
TEXTS = ["urn:epc:id:gid:95100000.12345.400", "urn:epc:idpat:gid:95100000.12345.*",
         "urn:epc:id:usdod:2S194.12345678901", "urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52",
         "urn:epc:id:bic:CSQU3054383", "urn:epc:id:imovn:9176187"]


@pytest.fixture
def prefixes(tmp_path):
    path = tmp_path / "prefixes"
    path.write_text("# ours\n9506000\n\n 0614141 # a customer's\n")
    return path


@pytest.mark.parametrize("form", sorted(PACK))
def test_every_spelling_becomes_the_form_that_was_asked_for(prefixes, form):
    given = [*PACK.values(), f"]d2{PACK['raw']}{GS}17271200", *CASE.values(), CASE["raw"][2:]]
    done = packtrail("convert", "--to", form, "--prefixes", prefixes, given="\n".join(given))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [PACK[form]] * 5 + [CASE[form]] * 5


@pytest.mark.parametrize("form", ["urn", "dl", "bracketed", "raw"])
def test_every_scheme_becomes_the_form_that_was_asked_for(prefixes, form):
    rows = [(urn, "https://id.gs1.org/" + link, bracketed, raw)
            for urn, link, bracketed, raw in OTHERS] + [(text,) * 4 for text in TEXTS]
    given = [spelling for row in rows for spelling in row]
    done = packtrail("convert", "--to", form, "--prefixes", prefixes, given="\n".join(given))
    assert (done.returncode, done.stderr) == (0, "")
    at = ["urn", "dl", "bracketed", "raw"].index(form)
    assert done.stdout.split("\n") == [row[at] for row in rows for _ in row] + [""]


def test_a_refused_line_is_answered_by_its_code_and_the_next_is_taken():
    done = packtrail("convert", "--to", "dl", given="(01)09506000134353(21)1\n\r\n\n" + PACK["raw"])
    assert done.returncode == 1
    first, second, third, last = done.stdout.split("\n")[:4]
    assert first.startswith("! gs1.check_digit ")
    assert second == third == "! gs1.empty an identifier is missing"
    assert last == PACK["dl"]


def test_a_urn_is_never_guessed():
    done = packtrail("convert", "--to", "urn", given=PACK["dl"] + "\n" + PACK["urn"] + "\n")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("! prefix.unknown ")
    assert done.stdout.splitlines()[1] == PACK["urn"]  # told by the URN itself


def test_a_line_of_any_length_is_one_answer():
    done = packtrail("convert", "--to", "dl", given="x" * 1_000_000 + "\n" + PACK["urn"] + "\n")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "! gs1.too_long an identifier has at most 4096 bytes", PACK["dl"]]


def test_many_lines_come_back_as_they_went(prefixes):
    rng = random.Random(7)
    serials = ["".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ!%&'()*+,-./:;<=>?_\"", k=20))
               for _ in range(20_000)]
    lines = [f"010950600013435221{s}" for s in serials]
    for form in ("urn", "bracketed", "dl", "raw"):
        done = packtrail("convert", "--to", form, "--prefixes", prefixes,
                         given="\n".join(lines) + "\n")
        assert done.returncode == 0
        lines = done.stdout.splitlines()
    assert lines == [f"010950600013435221{s}" for s in serials]


@pytest.mark.parametrize("args", [
    [], ["--to"], ["--to", "xml"], ["--prefixes", "x"], ["--to", "dl", "--more", "x"],
])
def test_wrong_usage_is_said_and_exits_with_2(args):
    done = packtrail("convert", *args, given="")
    assert done.returncode == 2 and "usage: packtrail convert" in done.stderr


@pytest.mark.parametrize("text,words", [("12\n", "prefix.form"), ("9506ooo\n", "prefix.form"),
                                        (None, "file.open")])
def test_a_prefix_file_that_cannot_be_used_stops_it(tmp_path, text, words):
    path = tmp_path / "prefixes"
    if text is not None:
        path.write_text(text)
    done = packtrail("convert", "--to", "urn", "--prefixes", path, given=PACK["dl"])
    assert done.returncode == 1 and words in done.stderr and done.stdout == ""


def test_published_triples_convert_into_each_other(tmp_path):
    path = harness.SHARED / "standards/data/derived/gs1keys/triples.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    scope = {"sgtin", "lgtin", "sscc", "sgln", "pgln", "sgtin-class"}
    wanted = [v for v in json.loads(path.read_text())["vectors"] if v["scheme"] in scope]
    assert wanted
    for v in wanted:
        key = v["ais"][0]["value"]
        lead = 0 if v["ais"][0]["ai"] in ("414", "417") else 1
        prefix = tmp_path / "prefix"
        prefix.write_text(key[lead:lead + v["gcpLength"]] + os.linesep)
        raw = v["element_string"].replace("^", GS)
        for form, want in (("urn", v["urn"]), ("dl", v["digital_link"]), ("raw", raw[1:])):
            done = packtrail("convert", "--to", form, "--prefixes", prefix,
                             given="\n".join([v["urn"], v["digital_link"], raw]) + "\n")
            assert done.stdout.splitlines() == [want] * 3, done.stdout
