"""Every act that can be marked, at every door that leads to it: what one person signs, however
often and by whichever token, changes nothing; what another signs then does it."""
from contract import contract
from harness import GTIN, packtrail, sign
from test_auditor import wrong  # noqa: F401 (fixture)
from test_balance import line, lot, qa, settled  # noqa: F401 (fixtures)

assert line and lot and qa and wrong
BY_COMMANDS = ("add_key", "advance")  # which test_second.py has
WORDS = contract().document["components"]["schemas"]["ActWord"]["enum"]
LOT = "/v1/lots/" + GTIN


SIGNED_BY = {"put_user": "admin", "make_token": "admin", "accept_clock": "operator"}  # else qa


class Door:
    """One way to an act: the call, what it says beside the signature, and what shows whether it
    was done."""

    def __init__(self, act, method, path, look, **says):
        self.act, self.method, self.path, self.look, self.says = act, method, path, look, says


def lots_doors(site, operator):
    """Of lots that are as the acts want them."""
    for name in ("L3", "L4", "L5"):
        operator.post("/v1/lots", {"lot": name, "gtin": GTIN, "expiry": "2030-12"}, 201)
    operator.post(f"{LOT}/L5/close", {}, 200)
    shows = lambda name, field="state": lambda: operator.get(f"{LOT}/{name}").get(field)
    return [Door("release", "POST", f"{LOT}/L2/release", shows("L2")),
            Door("reopen", "POST", f"{LOT}/L5/reopen", shows("L5")),
            Door("recall", "POST", f"{LOT}/L3/recall", shows("L3")),
            Door("amend", "POST", f"{LOT}/L4/amend", shows("L4", "order"), order="PO-2",
                 reason="typing error")]


def holds_doors(line, operator):
    serials, line.lot = line.serials(1), "L4"
    line.commission(serials)
    unit = f"(01){GTIN}(21){serials[0]}"
    for what in ({"gtin": GTIN, "lot": "L3"}, {"units": [unit]}):
        path = f"/v1/holds/{operator.post('/v1/holds', {**what, 'reason': 'x'}, 201)['id']}"
        yield Door("end_hold", "POST", path + "/release",
                   lambda path=path: operator.get(path)["state"])


def rights_doors(site):
    """Who is made, who gets another role, another password, a token, a certificate."""
    admin = site.admin
    site.person("operator", "rob", "Rob Roy")
    site.person("qa", "zoe", "Zoe Zug")
    users = lambda: [(u["user"], u["role"], u["version"]) for u in admin.pages("/v1/users")]
    for name, body in (("quinn", {"name": "Quinn Quist", "role": "qa"}),
                       ("rob", {"name": "Rob Roy", "role": "qa"}),
                       ("zoe", {"name": "Zoe Zug", "role": "qa",
                                "password": "what an administrator knows"})):
        yield Door("put_user", "PUT", f"/v1/users/{name}", users, reason="x", **body)
    tokens = lambda: [t["id"] for t in admin.get("/v1/tokens")["items"]]
    for of in ({"role": "operator"}, {"user": "zoe"}):
        yield Door("make_token", "POST", "/v1/tokens", tokens, reason="x", **of)
    yield Door("make_token", "PUT", "/v1/certificates/press",
               lambda: admin.call("GET", "/v1/certificates/press").status_code,
               subject="CN=press", user="zoe", reason="x")


def corrections_door(site):
    client = site.as_role("client", client="acme")
    found = lambda **query: client.get("/epcis/v2/events", params=query)[
        "epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    event = found(EQ_bizStep="commissioning")[0]["eventID"]
    return Door("correct", "POST", "/v1/corrections", lambda: len(found(EQ_eventID=event)),
                event=event, reason="incorrect_data")


def passes_two(site, door, people):
    """People: (a first one, the same by another token, a second one) of each role."""
    first, again, second = people[SIGNED_BY.get(door.act, "qa")]
    before, signed = door.look(), {**door.says, "signature": sign("approval", "x")}
    machine = site.caller(people["machines"][first])
    for caller, body, statuses in (
            (first, door.says, (400,)), (machine, signed, (403,)),
            (people["line"], signed, (403,)), (first, signed, (202,)), (first, signed, (202,)),
            (again, signed, (202,)),
            (second, {**signed, "signature": sign("approval", "x", "a mere guess")}, (403,)),
            (second, door.says, (400,))):
        answer = caller.call(door.method, door.path, body)
        assert answer.status_code in statuses, (door.act, door.path, answer.text)
        assert door.look() == before, (door.act, door.path)
    answer = second.call(door.method, door.path, signed)
    assert answer.status_code in (200, 201), (door.act, door.path, answer.text)
    assert door.look() != before, (door.act, door.path)


# ACT-SECOND
def test_no_act_that_is_marked_is_done_by_one_at_any_door(wrong, line, lot, qa):  # noqa: F811
    site, operator = wrong, line.operator
    settled(line, lot)
    people = {"line": line.call, "machines": {}}
    for role, names in {"qa": ("mia", "noa"), "admin": ("ada", "bob"),
                        "operator": ("olga", "otto")}.items():
        one, two = (qa if name == "mia" else site.person(role, name, name) for name in names)
        other = site.caller(site.admin.post("/v1/tokens", {"user": names[0]}, 201)["token"])
        people[role] = (one, other, two)
        people["machines"][one] = site.token(role)
    doors = [*lots_doors(site, operator), *holds_doors(line, operator),
             *rights_doors(site), corrections_door(site),
             Door("accept_clock", "POST", "/v1/clock/accept",
                  lambda: site.admin.get("/v1/clock")["stopped"], reason="x")]
    assert {d.act for d in doors} == set(WORDS)
    site.configure(signatures={"second": " ".join((*WORDS, *BY_COMMANDS))},
                   passwords={"wrong_max": 100})
    site.restart()
    for door in doors:
        if door.act == "accept_clock":  # nothing else is proposed while it is stopped
            site.set_ahead(7200)
            site.admin.refused("PUT", "/v1/lines/line-1", {"name": "x"}, status=503)
        passes_two(site, door, people)
    site.stop()
    site.verify()


# ACT-SECOND
def test_commands_of_a_stopped_site_put_people_unsigned_and_the_record_says_so(site):
    """Where nobody who could sign is left: what is said of them in the README."""
    site.configure(signatures={"second": "put_user make_token"})
    site.stop()
    done = packtrail("user", "add", site.folder, "kim", "--name", "Kim Kar", "--role", "admin",
                     "--reason", "nobody is left")
    assert done.returncode == 0, done.stderr
    done = packtrail("token", "create", site.folder, "--user", "kim")
    assert done.returncode == 0, done.stderr
    put, made = site.journal()[-2:]
    assert (put["kind"], made["kind"]) == ("user.put", "token.created")
    for record in (put, made):
        assert record["actor"] == "service"
        assert not {"signature", "first_signature"} & set(record["fact"])
    assert put["fact"]["reason"] == "nobody is left"
