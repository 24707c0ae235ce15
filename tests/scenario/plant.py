"""A site whose every call is foretold by the model of site_model.py, and compared with it."""
import collections
import datetime
import http.client
import json
import random
import threading
import time
import urllib.parse

import requests

import harness
from paper_plant import PaperPlant
from site_model import BUYER, EXPIRY, Model, Refused

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
FOREIGN = "09521999000006"
GLN = "9506000134352"
BATCH = 100
CORRECTION = 94  # the kind of fact: a refused one is no exception
NOT_OF_GOODS = ("user.locked",)  # what is refused at the door is counted by nobody here
TOLD_MAX = 20  # mismatches that are printed


def check_digit(digits):
    total = sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def iso(ms):
    at = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def gtin(client, item):
    return check_digit(f"0950600{client}{item:05d}")


def ms_of(time_):
    return round(datetime.datetime.fromisoformat(time_.replace("Z", "+00:00")).timestamp() * 1000)


class Plant(PaperPlant):
    iso, ms_of = staticmethod(iso), staticmethod(ms_of)

    def __init__(self, site, seed):
        self.site, self.seed = site, seed
        self.rng = random.Random(seed)
        self.model = Model(lambda: int(time.time() * 1000))
        self.sim_ms = self.model.now_ms() - 15 * 86400000
        self.queue, self.queued_for = [], None
        self.facts = self.moments = self.calls = 0
        self.seen_refusals = set()
        self.wrong = []
        self.events = 0
        self.moment = "the beginning"
        self.tokens, self.gateways = {}, {}
        self.requests, self.askers = {}, {}  # those that are open -> lot; all -> line
        self.pooled = self.forwarded = self.waited = 0
        self.shipments, self.holds, self.drafts = [], [], []
        self.callers = {}
        self.refused_each = []  # the units of calls in which each stands for itself
        self.watched = set()    # lots whose line packs in the order of issue

    # ---- the site

    def configure(self, clients, lines, marked=()):
        admin = self.site.admin
        admin.put(f"/v1/locations/{GLN}", {"name": "Hall", "timezone": "Europe/Zurich"})
        admin.put(f"/v1/parties/{GLN}", {"name": "Maker"})
        for line in lines:
            admin.put(f"/v1/lines/{line}", {"name": line})
            self.tokens[line] = self.site.token("line", line=line)
        for number, (client, profile, levels) in enumerate(clients):
            admin.put(f"/v1/clients/{client}", {"name": client, "prefixes": [f"950600{number}"],
                                                "profile": profile})
            self.model.client(client, **profile)
            made = [(word, None if kind == "sscc" else gtin(number, i), quantity)
                    for i, (word, kind, quantity) in enumerate(levels)]
            admin.put(f"/v1/products/{made[0][1]}", {
                "client": client, "name": client + " 5 mg", "levels": [
                    {"level": word, "id": "sscc" if g is None else "sgtin", "quantity": quantity,
                     **({"gtin": g} if g and i else {})}
                    for i, (word, g, quantity) in enumerate(made)]})
            self.model.product(client, made)
            for g in (g for _, g, _ in made if g):
                admin.put(f"/v1/pools/{client}-{g[-6:]}", {"gtin": g, "kind": "random"})
            admin.put(f"/v1/pools/{client}-ssccs", {
                "client": client, "kind": "sscc", "prefix": f"950600{number}", "extension": "0"})
            self.gateways[client] = self.site.token("gateway", client=client)
        self.tokens["operator"] = self.site.token("operator")
        self.tokens["auditor"] = self.site.token("auditor")
        self.configure_papers(marked)

    def as_(self, who):
        token = self.tokens.get(who) or self.gateways[who]
        if token not in self.callers:
            self.callers[token] = self.site.caller(token)
        return self.callers[token]

    def restart(self):
        """As after a power cut."""
        self.flush()
        self.kill()

    def kill(self):
        self.site.restart()
        self.model.restarted()
        for caller in self.callers.values():
            caller.http.close()

    @property
    def operator(self):
        return self.as_("operator")

    def tick(self, seconds=1):
        self.sim_ms += int(seconds * 1000) + self.rng.randrange(1, 1000)
        return self.sim_ms

    def time_for(self, units):
        """A moment of the story; none where something happened to them at the real clock's time."""
        units = [u for u in units if u is not None]
        late = any(u.newest_ms is not None and u.newest_ms > self.sim_ms for u in units)
        return None if late else self.tick()

    def post(self, who, path, body):
        """A call that may be refused; what is answered is compared with the model, not the contract."""
        return self.as_(who).http.post(self.site.url + path, json=body, timeout=harness.CALL_S)

    def done(self, who, path, body, expect=200):
        """One that must be taken."""
        response = self.post(who, path, body)
        assert response.status_code == expect, f"{path}: {response.text[:800]}"
        return response.json()

    # ---- lots and numbers

    def open_lot(self, gtin_, lot, **more):
        self.flush()
        self.done("operator", "/v1/lots",
                  {"lot": lot, "gtin": gtin_, "expiry": EXPIRY, **more}, 201)
        return self.model.open_lot(gtin_, lot)

    def serials(self, line, gtin_, lot, quantity, confirm=True):
        self.flush()
        answer = self.as_(line).post("/v1/serials", {
            "gtin": gtin_, "lot": lot.lot, "quantity": quantity},
            headers={"Idempotency-Key": f"{lot.lot}-{gtin_}-{self.rng.random()}"})
        return self.take(line, answer, lot, gtin_, confirm,
                         [f"(01){gtin_}(21){s}" for s in answer["serials"]])

    def ssccs(self, line, lot, quantity, confirm=True):
        self.flush()
        answer = self.as_(line).post("/v1/sscc", {"gtin": lot.product.gtin, "lot": lot.lot,
                                                  "quantity": quantity})
        return self.take(line, answer, lot, None, confirm, [f"(00){s}" for s in answer["ssccs"]])

    def take(self, line, answer, lot, gtin_, confirm, names):
        right = self.model.issue(names, lot.product.client, gtin_, lot, answer["request"])
        self.same(f"numbers that came back are given first, for {lot.lot}", True, right)
        self.requests[answer["request"]] = lot
        self.askers[answer["request"]] = line
        if confirm:
            self.confirm(line, answer["request"])
        return [self.model.units[name] for name in names]

    def confirm(self, line, request):
        self.as_(line).post(f"/v1/serials/requests/{request}/confirm", {})
        del self.requests[request]

    def give_to_pool(self, line, units):
        """Numbers of one GTIN that were never used, as the line says."""
        self.flush()
        answer = self.as_(line).post("/v1/serials/returns", {
            "gtin": units[0].gtin, "serials": [serial(u) for u in units], "to": "pool"}, 200)
        mine = {r for r in self.requests if self.askers[r] == line}
        kept = self.model.give_to_pool([u.name for u in units], mine)
        self.same("numbers kept from the pool", sorted(kept),
                  sorted(k["unit"] for k in answer["kept"]))
        self.pooled += answer["returned"]
        for request in {u.request for u in units if u.request in mine}:
            shown = self.as_(line).get(f"/v1/serials/requests/{request}")
            if shown["state"] == "returned":  # all of it
                del self.requests[request]

    def give_back(self, line, units):
        """Numbers that were never printed go back to their owner."""
        self.flush()
        answer = self.as_(line).post("/v1/serials/returns", {
            "gtin": units[0].gtin, "serials": [serial(u) for u in units], "reason": "end of lot"},
            200)
        kept = self.model.give_back([u.name for u in units])
        # What became of a kept one the model knows; of its code it knows only that there is one.
        self.same("numbers kept", sorted(kept), sorted(k["unit"] for k in answer["kept"]))
        self.same("numbers returned", len(units) - len(kept), answer["returned"])

    def close_lot(self, lot):
        self.flush()
        answer = self.done("operator", f"/v1/lots/{lot.product.gtin}/{lot.lot}/close", {})
        lot.state = "closed"
        rows = self.model.counts()[lot.key]
        self.same(f"open containers of {lot.lot}", sum(r["open"] for r in rows),
                  answer["open_containers"])
        self.same(f"unconfirmed requests of {lot.lot}",
                  sum(x is lot for x in self.requests.values()), answer["unconfirmed"])

    # ---- reports

    def say(self, line, type_, units=(), parent=None, at="story", **more):
        """One report. Whether it was taken, as the model foretells; the service is asked later."""
        said, client = self.phrase(type_, units, parent, at, more)
        if self.queued_for != line or len(self.queue) >= BATCH:
            self.flush()
        self.queued_for = line
        before = self.model.refused
        try:
            foretold = self.model.report(said, line, client)
        except Refused as refused:
            foretold = refused
            key = (line, refused.code, tuple(sorted(refused.units.items())))
            if key in self.seen_refusals or refused.vague:  # it may be counted with another
                self.model.refused = before
                return False
            self.seen_refusals.add(key)
        self.queue.append((said, foretold))
        return not isinstance(foretold, Refused)

    def phrase(self, type_, units, parent, at, more):
        """A report as the model takes it, and whose units it names."""
        said = {"type": type_, **more}
        if parent is not None:
            said["parent"] = parent.name
        said.update({} if "request" in more else self.naming(type_, units))
        ms = self.time_for([*units, parent]) if at == "story" else at
        if ms is not None:
            said["time_ms"] = ms
        return said, (parent or units[0]).client if "lot" not in more else None

    def ask(self, line, saids, **params):
        """A call of its own; what each of its reports is answered."""
        response = self.as_(line).http.post(
            self.site.url + "/v1/reports", json=[wire(s) for s in saids], params=params,
            timeout=harness.CALL_S)
        assert response.status_code == 200, response.text[:800]
        self.calls += 1
        return response.json()["results"]

    def say_each(self, line, type_, units, parent=None, **more):
        """One report whose units stand for themselves."""
        self.flush()
        said, client = self.phrase(type_, units, parent, "story", more)

        def keys(refused):
            codes = {refused.code, *refused.units.values()}
            return {(line, code, tuple(sorted(refused.units.items()))) for code in codes}

        try:
            left = self.model.report_each(said, line, client,
                                          lambda r: bool(r.units and keys(r) & self.seen_refusals))
        except Refused as refused:
            if keys(refused) & self.seen_refusals or refused.code in ("seen", "ambiguous"):
                return
            self.model.refused += 1
            self.seen_refusals |= keys(refused)
            left = refused.units
        else:
            self.seen_refusals |= keys(Refused("", left)) if left else set()
        result, = self.ask(line, [said], each="true")
        self.refused_each.append(set(left))
        self.same("each for itself " + json.dumps(wire(said)), left, {
            u["unit"]: u["code"] for u in result.get("problem", {}).get("units", [])})

    def say_atomic(self, line, reports):
        """Several that are done all or none: (type, units, parent, more)."""
        self.flush()
        phrased = [self.phrase(type_, units, parent, "story", more)
                   for type_, units, parent, more in reports]
        saids, clients = zip(*phrased)
        before = self.model.refused
        foretold = self.model.atomic(saids, line, clients)
        keys = [(line, r.code, tuple(sorted(r.units.items()))) for r in foretold
                if r is not None and r.code != "call.undone"]
        if any(r is not None and r.vague for r in foretold) or len(set(keys)) < len(keys) or \
                self.seen_refusals & set(keys):
            self.model.refused = before  # all of it was undone
            return
        self.seen_refusals |= set(keys)
        for said, wanted, result in zip(saids, foretold, self.ask(line, saids, atomic="true")):
            self.facts += 1
            self.compare_answer({**said, "atomic": True}, wanted, result.get("problem"))

    def naming(self, type_, units):
        if not units:
            return {}
        if type_ == "relabel":
            return {"from": units[0].name, "to": units[1].name}
        if type_ in ("pack", "unpack", "move"):
            return {"children": [u.name for u in units]}
        if type_ not in ("commission", "scrap", "label_sample", "printed"):
            return {"units": [u.name for u in units]}
        if units[0].is_sscc:
            return {"ssccs": [u.name[4:] for u in units]}
        return {"gtin": units[0].gtin, "serials": [serial(u) for u in units]}

    def flush(self, crash=False):
        """Sends what was said, one NDJSON call for a line; with `crash` the service is killed while
        it takes them, and the line, started again, says all of it again."""
        queue, self.queue = self.queue, []
        if not queue:
            return
        body = "".join(json.dumps(wire(said)) + "\n" for said, _ in queue).encode()
        if crash:
            self.crash_in(body)
        answer = self.send(body)
        self.calls += 1
        refused = {r["index"]: r["problem"] for r in answer["results"] if "problem" in r}
        wanted = {i: x for i, (_, x) in enumerate(queue) if isinstance(x, Refused)}
        for i, (said, foretold) in enumerate(queue):
            self.facts += 1
            self.compare_answer(said, wanted.get(i), refused.get(i))

    def compare_answer(self, said, foretold, problem):
        shown = None
        if foretold is not None:
            shown = (foretold.code, foretold.units)
        got = None
        if problem is not None:
            got = (problem["code"], {u["unit"]: u["code"] for u in problem.get("units", [])})
        if shown != got:
            self.differ("report " + json.dumps(wire(said)), shown, got)

    def send(self, body):
        response = self.as_(self.queued_for).http.post(
            self.site.url + "/v1/reports", data=body, timeout=harness.CALL_S,
            headers={"Content-Type": "application/x-ndjson"})
        assert response.status_code == 200, response.text[:800]
        return response.json()

    def crash_in(self, body):
        def try_it():
            try:
                self.send(body)
            except (requests.RequestException, AssertionError):
                pass

        sender = threading.Thread(target=try_it)
        sender.start()
        sender.join(self.rng.random() * 0.02)
        self.kill()
        sender.join()

    # ---- shipments

    def explain(self, lot, units, as_):
        self.attempt("operator", f"/v1/lots/{lot.product.gtin}/{lot.lot}/explain", {
            "units": [u.name for u in units], "as": as_, "reason": "looked for"},
            lambda: self.model.explain(lot, units, as_))

    def draft(self, tops):
        """A shipment that is not yet one: nothing of it is judged."""
        self.flush()
        draft = self.done("operator", "/v1/shipments", {
            "units": [u.name for u in tops], "from": {"party": GLN, "location": GLN},
            "to": {"party": BUYER, "location": BUYER}, "draft": True}, 201)
        self.calls += 1
        self.drafts.append((draft["shipment"], tops))

    def end_draft(self):
        """Any draft is confirmed, or given up."""
        if not self.drafts:
            return
        shipment, tops = self.drafts.pop(self.rng.randrange(len(self.drafts)))
        if self.rng.random() < 0.2:
            self.done("operator", f"/v1/shipments/{shipment}/void", {"reason": "not wanted"})
        elif self.attempt("operator", f"/v1/shipments/{shipment}/confirm", {},
                          lambda: self.model.ship([u.name for u in tops], None, tops), alike="ship"):
            self.shipments.append((shipment, tops))

    def ship(self, tops, at="story"):
        self.flush()
        ms = self.time_for(tops) if at == "story" else at
        names = [u.name for u in tops]
        body = {"units": names, "from": {"party": GLN, "location": GLN},
                "to": {"party": BUYER, "location": BUYER},
                "documents": [{"type": "desadv", "id": f"D-{self.calls}"}]}
        if ms is not None:
            body["time"] = iso(ms)
        before = self.model.refused
        try:
            foretold = self.model.ship(names, ms, tops)
        except Refused as refused:
            foretold = refused
            key = ("ship", refused.code, tuple(sorted(refused.units.items())))
            if key in self.seen_refusals:
                self.model.refused = before
                return None
            self.seen_refusals.add(key)
        response = self.post("operator", "/v1/shipments", body)
        self.calls += 1
        self.facts += 1
        problem = response.json() if response.status_code >= 400 else None
        self.compare_answer({"type": "ship", **body}, foretold, problem)
        if problem is not None or foretold is not None:
            return None
        self.shipments.append((response.json()["shipment"], tops))
        return self.shipments[-1]

    def attempt(self, who, path, body, foretell, what=None, alike=None):
        """A call that the model foretells with `foretell()`; what was answered, None if refused.
        `alike`: what else is refused alike, and may be counted with it."""
        self.flush()
        before, foretold = self.model.refused, None
        try:
            foretell()
        except Refused as refused:
            foretold = refused
            key = (alike or who, refused.code, tuple(sorted(refused.units.items())))
            if key in self.seen_refusals or refused.vague:
                self.model.refused = before
                return None
            self.seen_refusals.add(key)
        response = self.post(who, path, body)
        self.calls += 1
        self.facts += 1
        problem = response.json() if response.status_code >= 400 else None
        self.compare_answer({"type": what or path, **body}, foretold, problem)
        return response.json() if problem is None and foretold is None else None

    def void(self, shipment, tops):
        ms = self.time_for(tops)
        body = {"reason": "the truck did not come", **({"time": iso(ms)} if ms else {})}
        self.attempt("operator", f"/v1/shipments/{shipment}/void", body,
                     lambda: self.model.void(tops, ms))

    def give_back_goods(self, units):
        """Goods that the buyer sends back; each stands for itself."""
        self.flush()
        ms = self.time_for(units)
        body = {"units": [u.name for u in units], "from": {"party": BUYER, "location": BUYER},
                "reason": "not sold", **({"time": iso(ms)} if ms else {})}
        answer = self.done("operator", "/v1/returns", body)
        self.calls += 1
        wanted = [self.model.come_back(u, ms) for u in units]
        self.same("received back " + json.dumps(body), wanted,
                  [r["received"] for r in answer["results"]])

    def hold_lot(self, lot):
        self.flush()
        made = self.done("operator", "/v1/holds", {
            "gtin": lot.product.gtin, "lot": lot.lot, "reason": "a complaint"}, 201)
        lot.held = True
        self.holds.append((made, lot, None))

    def hold_units(self, units):
        made = self.attempt("operator", "/v1/holds", {
            "units": [u.name for u in units], "reason": "a complaint"},
            lambda: self.model.hold(units))
        if made:
            self.holds.append((made, None, units))

    def end_hold(self):
        """Any that stands."""
        self.flush()
        if not self.holds:
            return
        made, lot, units = self.holds.pop(self.rng.randrange(len(self.holds)))
        self.sign_by_both(f"/v1/holds/{made['id']}/release", self.signature())
        if lot is not None:
            lot.held = False
        else:
            self.model.end_hold(units)

    # ---- captured documents

    def capture(self, client, *events):
        """Events as (what they mean, members of the event, the units)."""
        self.flush()
        made = []
        for acts, members, parent, units, lot, ms in events:
            self.events += 1
            event = {"type": "AggregationEvent" if parent else "ObjectEvent",
                     "eventID": f"urn:x:{self.seed}:{self.events}", "eventTime": iso(ms),
                     "eventTimeZoneOffset": "+01:00", **members}
            epcs = [link(u) for u in units]
            if parent:
                event["parentID"] = link(parent)
                if epcs:
                    event["childEPCs"] = epcs
            else:
                event["epcList"] = epcs
            if lot is not None:
                event["ilmd"] = {"cbvmda:lotNumber": lot.lot, **event.get("ilmd", {})}
            made.append(event)
            self.model.captured(client, acts, [*([parent] if parent else []), *units], ms, lot,
                                empties=bool(parent) and not units,
                                expiry=event.get("ilmd", {}).get("cbvmda:itemExpirationDate"))
        caller = self.as_(client)
        sent = caller.call("POST", "/epcis/v2/capture", {
            "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": iso(self.sim_ms), "epcisBody": {"eventList": made}})
        self.calls += 1
        assert sent.status_code == 202, sent.text
        job = caller.get(sent.headers["Location"])
        while job["running"]:
            time.sleep(0.01)
            job = caller.get(sent.headers["Location"])
        if not job["success"]:
            self.differ("captured " + json.dumps(made), "stored", job)

    # ---- comparing

    def same(self, what, model, service):
        self.facts += 1
        if model != service:
            self.differ(what, model, service)

    def differ(self, what, model, service):
        if len(self.wrong) < TOLD_MAX:
            self.wrong.append(f"seed {self.seed}, {self.moment}: {what}\n"
                              f"  the model says   {model}\n  the service says {service}")

    def fail_if_wrong(self):
        assert not self.wrong, "\n" + "\n".join(self.wrong)

    def compare(self, moment, every_number=False):
        """Every unit and every lot."""
        self.flush()
        self.moment = moment
        self.moments += 1
        get = Getter(self.site.url, self.tokens["auditor"])
        of_lots = {}
        for unit in self.model.units.values():
            if unit.lot is not None and not unit.is_sscc:
                of_lots.setdefault((unit.lot.key[1], unit.gtin), []).append(unit)
        for lot in self.model.lots.values():
            for g in lot.product.gtins:
                self.compare_list(get, lot, g, of_lots.get((lot.lot, g), []))
        alone = [u for u in self.model.units.values()
                 if (u.lot is None or u.is_sscc) and (u.events or "foreign" not in u.sorts)]
        untouched = [u for u in alone if not u.events]
        if not every_number and len(untouched) > 100:
            skip = set(self.rng.sample(range(len(untouched)), len(untouched) - 100))
            skip = {untouched[i].name for i in skip}
            alone = [u for u in alone if u.name not in skip]
        for unit in alone:
            self.compare_unit(unit, self.get_unit(get, unit))
        self.compare_lots(get)
        self.compare_balances(get)
        self.compare_papers(get)
        get.close()
        self.fail_if_wrong()

    def get_unit(self, get, unit):
        if "foreign" in unit.sorts:
            get = Getter(self.site.url, self.gateways[unit.client])
        return get("/v1/units/" + urllib.parse.quote(unit.name, safe=""))

    def compare_list(self, get, lot, g, units):
        path = "/v1/units?" + urllib.parse.urlencode({"lot": lot.lot, "gtin": g, "limit": 1000})
        got, page = {}, ""
        while page is not None:
            answer = get(path + page)
            got.update((item["unit"], item) for item in answer["items"])
            page = "&page=" + answer["next"] if answer.get("next") else None
        self.same(f"units of {lot.lot} with {g}", len(units), len(got))
        for unit in units:
            self.compare_unit(unit, got.get(unit.name))

    def compare_unit(self, unit, got):
        if got is None or "state" not in got:
            self.differ(unit.name, self.model.shown(unit), got)
            return
        state, flags = self.model.shown(unit)
        parent = unit.parent.name if unit.parent else None
        lot = unit.lot.lot if unit.lot else None
        self.facts += 4
        if (state, parent, lot) != (got["state"], got["parent"], got["lot"]) or \
                flags != set(got["flags"]):
            self.differ(unit.name, (state, sorted(flags), parent, lot),
                        (got["state"], sorted(got["flags"]), got["parent"], got["lot"]))

    def compare_lots(self, get):
        counts = self.model.counts()
        for lot in self.model.lots.values():
            got = get(f"/v1/lots/{lot.product.gtin}/{lot.lot}")
            self.same(f"state of {lot.lot}", lot.state, got["state"])
            for (word, _, _), row in zip(lot.product.levels, counts[lot.key]):
                level = next((x for x in got["levels"] if x["level"] == word), {})
                for name, value in level.items():
                    if name in row:
                        self.same(f"{name} of {lot.lot}, {word}", row[name], value)

    def compare_balances(self, get):
        balances = self.model.balance()
        for lot in self.model.lots.values():
            got = get(f"/v1/lots/{lot.product.gtin}/{lot.lot}/balance")
            numbers, goods = balances[lot.key]
            self.same(f"{lot.lot} balanced", self.model.is_balanced(lot), got["balanced"])
            for i, (word, _, _) in enumerate(lot.product.levels):
                level = next(x for x in got["levels"] if x["level"] == word)
                for name, value in goods[i].items():
                    self.same(f"{name} of {lot.lot}, {word}, in its balance", value,
                              level["goods"][name])
                if "numbers" in level:
                    self.same(f"unknown fate of {lot.lot}, {word}", numbers[i]["unknown_fate"],
                              level["numbers"]["unknown_fate"])

    def first_passes(self, rows):
        """Where each unit stands for itself those that cannot come out of their container are told
        before the others, which then are told with them."""
        def offenders(row):
            units = json.loads(row["fact"].get("units") or "[]")
            return tuple(sorted((u["unit"], u["code"]) for u in units))

        told = collections.Counter(map(offenders, rows))
        foretold = {(who, units) for who, _, units in self.seen_refusals}
        told.subtract(collections.Counter(units for _, units in foretold))
        found = 0
        for one, other in zip(rows, rows[1:]):
            first, both = ({name for name, _ in offenders(row)} for row in (one, other))
            if first and first < both and both in self.refused_each and \
                    one["seq"] + 1 == other["seq"] and told[offenders(one)] > 0:
                told[offenders(one)] -= 1
                found += 1
        return found

    def compare_refusals(self):
        """Everything refused is in the journal and in the inbox."""
        caller = self.as_("auditor")
        text = caller.get("/v1/journal", params={"kind": "refusal"},
                          headers={"Accept": "application/x-ndjson"})
        rows = [json.loads(row) for row in text.splitlines()]
        rows = [row for row in rows if row["fact"]["code"] not in NOT_OF_GOODS and
                row["fact"]["tried"] != CORRECTION]
        passes = self.first_passes(rows)
        self.same("refusals in the journal", self.model.refused, len(rows) - passes)
        for kind, wanted in (("refused", self.model.refused + passes),
                             ("captured", sum(self.model.objected.values()))):
            raised = list(self.operator.pages("/v1/exceptions", kind=kind, limit=1000))
            self.same(f"exceptions of the kind {kind}", wanted, sum(x["count"] for x in raised))
        self.compare_shifts()
        self.compare_sessions()
        self.fail_if_wrong()

    def watch(self, line, lot):
        """A line that packs a lot in the order of issue, as far as it does."""
        self.flush()
        self.site.admin.put(f"/v1/lines/{line}", {"name": line})
        self.tokens[line] = self.site.token("line", line=line)
        self.model.watch(line)
        self.watched.add(lot.lot)

    def compare_shifts(self):
        """Of packs: the model does not follow in which order cases go on pallets."""
        raised = list(self.operator.pages("/v1/exceptions", kind="label_shift", limit=1000))
        self.same("labels that ran apart", sorted(
            (instead.name, state) for order in self.model.orders.values()
            for instead, _, state in order.raised),
            sorted((x["unit"], x["state"]) for x in raised
                   if x["lot"] in self.watched and self.model.units[x["unit"]].is_pack))


class Getter:
    """Bare GETs of one connection: what is read in bulk is not held against the contract."""

    def __init__(self, url, token):
        self.http = http.client.HTTPConnection(url.split("//")[1], timeout=harness.CALL_S)
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, path):
        self.http.request("GET", path, headers=self.headers)
        return json.loads(self.http.getresponse().read())

    def close(self):
        self.http.close()


def serial(unit):
    return unit.name.split("(21)")[1]


def link(unit):
    if unit.name.startswith("(00)"):
        return "https://id.gs1.org/00/" + unit.name[4:]
    return f"https://id.gs1.org/01/{unit.name[4:18]}/21/{serial(unit)}"


def wire(said):
    """As it is sent: the model's time in milliseconds is a time with a zone there."""
    sent = {k: v for k, v in said.items() if k != "time_ms"}
    if "time_ms" in said:
        sent["time"] = iso(said["time_ms"])
    return sent
