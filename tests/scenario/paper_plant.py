"""What plant.py's site does beside its lines: parties that receive and ship on, lots that are amended
and signed by one or two, people who log in."""
import json

import harness
from harness import PASSWORD
from site_model import BUYER, THIRD

SIGNERS = ("mia", "noa")
VISITOR = "zoe"  # who signs nothing, so that a lock stands in nobody's way
NAMES = {"mia": "Mia Muster", "noa": "Noa Null", VISITOR: "Zoe Zander"}
MARKED = ("release", "reopen", "recall", "amend", "end_hold")


class PaperPlant:
    def configure_papers(self, marked):
        self.model.set_papers(marked)
        self.sessions = {}
        for name in NAMES:
            person = self.site.person("qa", name, NAMES[name])
            self.tokens[name] = person.http.headers["Authorization"].removeprefix("Bearer ")
        self.tokens["qa"] = self.tokens["mia"]
        for party in (BUYER, THIRD):
            self.site.admin.put(f"/v1/locations/{party}", {"name": "Ramp"})
            self.site.admin.put(f"/v1/parties/{party}", {"name": "Wholesale"})
            self.tokens[party] = self.site.token("distributor", clients=sorted(self.model.clients),
                                                 party=party)

    # ---- parties

    def arrive(self, units, party=BUYER):
        """The party has them; each stands for itself."""
        self.flush()
        ms = self.time_for(units)
        body = {"units": [u.name for u in units], "to": {"party": party, "location": party},
                **({"time": self.iso(ms)} if ms else {})}
        answer = self.done("operator", "/v1/receipts", body)
        self.calls += 1
        self.same("received " + json.dumps(body), [self.model.arrive(u, ms, party) for u in units],
                  [r["received"] for r in answer["results"]])

    def forward(self, units, party=BUYER, to=THIRD):
        ms = self.time_for(units)
        body = {"units": [u.name for u in units], "from": {"party": party, "location": party},
                "to": {"party": to, "location": to}, **({"time": self.iso(ms)} if ms else {})}
        made = self.attempt(party, "/v1/shipments", body,
                            lambda: self.model.forward(units, party, to, ms), what="forward")
        self.forwarded += made is not None

    # ---- what people sign

    def signature(self):
        return {"reason": "as agreed", "signature": harness.sign("approval", "as agreed")}

    def sign(self, act, lot, who=None):
        who = who or self.rng.choice(SIGNERS)
        self.act_on(act, lot, who, self.signature(), lambda: self.model.sign(act, lot, who))

    def act_on(self, act, lot, who, body, foretell):
        answer = self.attempt(who, f"/v1/lots/{lot.product.gtin}/{lot.lot}/{act}", body, foretell)
        if answer is not None:
            self.same(f"{act} of {lot.lot} waits", (act, lot.key) in self.model.proposed,
                      any(p["act"] == act for p in answer.get("pending", [])))
            self.waited += (act, lot.key) in self.model.proposed

    def amend(self, lot, who=None):
        rng, who = self.rng, who or self.rng.choice(SIGNERS)
        said = rng.choice(({"expiry": rng.choice(("2031-07-01", "2032-01-31"))},
                           {"order": f"PO-{rng.randrange(3)}"},
                           {"quantity": rng.randrange(1, 4) * 1000}))
        self.act_on("amend", lot, who, {**said, **self.signature()},
                    lambda: self.model.amend(lot, who, **said))

    def sign_by_both(self, path, body):
        """An act that is always seen to its end: the first signature changes nothing."""
        first, second = self.rng.sample(SIGNERS, 2)
        if "end_hold" in self.model.marked:
            before = self.as_("auditor").get("/v1/holds", params={"limit": 1000})["items"]
            self.done(first, path, body, 202)
            held = self.as_("auditor").get("/v1/holds", params={"limit": 1000})["items"]
            self.same("holds after one signature", [h["id"] for h in before],
                      [h["id"] for h in held])
            self.waited += 1
        self.done(second, path, body)

    # ---- people

    def log_in(self, right, who=VISITOR):
        caller = self.site.caller()
        answer = caller.http.post(self.site.url + "/v1/login", timeout=harness.CALL_S, json={
            "user": who, "password": PASSWORD if right else "a mere guess"})
        said = answer.json()
        self.same(f"{who} logs in", self.model.log_in(who, right),
                  None if answer.status_code == 200 else said["code"])
        if answer.status_code == 200:
            caller.http.headers["Packtrail-CSRF"] = said["csrf"]
            self.sessions[who] = caller

    def visit(self, who=VISITOR):
        """By the newest session, or what was one."""
        if who in self.sessions:
            answer = self.sessions[who].http.get(self.site.url + "/v1/session",
                                                 timeout=harness.CALL_S)
            self.same(f"{who} has a session", self.model.people[who].session,
                      answer.status_code == 200)

    def log_out(self, who=VISITOR):
        if who in self.sessions:
            answer = self.sessions[who].http.post(self.site.url + "/v1/logout",
                                                  timeout=harness.CALL_S)
            self.same(f"{who} logs out", self.model.log_out(who), answer.status_code < 300)

    def put_person(self, who=VISITOR):
        """An administrator does, which ends a lock."""
        self.site.admin.put(f"/v1/users/{who}", {"name": NAMES[who], "role": "qa",
                                                 "reason": "she has called"})
        self.model.put_person(who)

    def compare_papers(self, get):
        for lot in self.model.lots.values():
            got = get(f"/v1/lots/{lot.product.gtin}/{lot.lot}")
            self.same(f"what is said of {lot.lot}", (lot.expiry, lot.order, lot.quantity),
                      (got["expiry"], got.get("order"), got.get("quantity")))
        waits = [(x["act"], x["lot"]) for x in get("/v1/acts?limit=1000")["items"]]
        self.same("what waits for another person", sorted(
            (act, key[1]) for act, key in self.model.proposed), sorted(waits))

    def compare_sessions(self):
        for kind, wanted in (("session.opened", self.model.opened),
                             ("session.ended", self.model.ended)):
            told = list(self.site.admin.pages("/v1/journal", kind=kind, limit=1000))
            self.same(f"facts {kind}", wanted, len(told))
