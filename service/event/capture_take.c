// From an event to what the committer is asked: identifiers become units, or names that the
// committer gives; all that the event is found by is spelled here, so that `write` never reads
// foreign bytes. Runs on a loop, in its snapshot.
//
// What is found here stays right, as in find.c, but for one thing: a number that nobody had when
// the loop looked may be given out before the committer comes to it. That is what claims are for
// (service/pool/foreign.h).
#include "common/digest.h"
#include "common/env.h"
#include "common/hash.h"
#include "service/epcis/hash.h"
#include "service/event/capture.h"
#include "service/event/line_id.h"
#include "service/event/owner.h"
#include "service/event/render.h"
#include "service/event/report_int.h"
#include "service/tree/handed_db.h"
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 64u
#define SAME_MAX  8u // events of one eventID that are looked at

// ---- names that are still to be given

struct slot {
    uint32_t hash;
    uint32_t at; // of the name + 1; 0: free
};
struct capture_names {
    struct foreign_name *at;
    uint32_t n, room;
    uint32_t younger; // foreign_younger when the first was looked for
    struct slot *slots;
    uint32_t mask;
};

void capture_taker_init(struct capture_taker *k)
{
    k->names = NEW(k->arena, struct capture_names);
    k->units = 0;
}

static bool names_grow(struct capture_names *n, struct arena *a)
{
    uint32_t room = n->room == 0 ? SLOTS_MIN / 2 : 2 * n->room, mask = 2 * room - 1;
    struct foreign_name *at = NEW_ARRAY(a, struct foreign_name, room);
    struct slot *slots = NEW_ARRAY(a, struct slot, (size_t)mask + 1);

    if (at == NULL || slots == NULL) return false;
    if (n->n > 0) memcpy(at, n->at, n->n * sizeof *at);
    for (uint32_t i = 0; n->slots != NULL && i <= n->mask; i++) {
        uint32_t s = n->slots[i].hash & mask;
        if (n->slots[i].at == 0) continue;
        while (slots[s].at != 0) s = (s + 1) & mask;
        slots[s] = n->slots[i];
    }
    *n = (struct capture_names){at, n->n, room, n->younger, slots, mask};
    return true;
}

// The number of this name, which is made where it is new; UINT32_MAX: no room.
static uint32_t name_at(struct capture_names *n, struct arena *a, str text)
{
    uint32_t h = (uint32_t)table_hash(text);

    if (n->n == n->room && !names_grow(n, a)) return UINT32_MAX;
    uint32_t s = h & n->mask;
    for (; n->slots[s].at != 0; s = (s + 1) & n->mask)
        if (n->slots[s].hash == h && str_eq(n->at[n->slots[s].at - 1].text, text))
            return n->slots[s].at - 1;
    str kept = arena_str(a, text);
    if (kept.p == NULL) return UINT32_MAX;
    n->at[n->n++] = (struct foreign_name){.text = kept};
    n->slots[s] = (struct slot){h, n->n};
    return n->n - 1;
}

unit_id capture_unit_id(const struct capture_unit *u)
{
    return u->names == NULL ? u->unit : u->names->at[u->unit.v].unit;
}

struct capture_wanted capture_wanted(const struct capture_taker *k)
{
    return (struct capture_wanted){k->names->at, k->names->n, k->names->younger};
}

// ---- identifiers to units

struct taking { // one event
    struct capture_taker *k;
    const struct epcis_event *e;
    struct owner_reader owners;
    struct gs1_id *ids; // parent, first list, outputs
    struct capture_unit *units;
    uint32_t n;
    str *serials; // of neighbours
    struct indexer index;
};

static status read_ids(struct taking *x, const struct epcis_ids *list)
{
    assert(list->n == 0 || list->at != NULL); // it was read
    for (uint32_t i = 0; i < list->n; i++) {
        TRY(gs1_read(list->at[i], x->k->arena, &x->ids[x->n]));
        indexer_epc(&x->index, &x->ids[x->n++]);
    }
    return OK;
}

static status read_all(struct taking *x)
{
    const struct epcis_event *e = x->e;
    size_t most = (size_t)e->epcs.n + e->out_epcs.n + 1;

    x->ids = NEW_ARRAY(x->k->arena, struct gs1_id, most);
    x->units = NEW_ARRAY(x->k->arena, struct capture_unit, most);
    x->serials = NEW_ARRAY(x->k->arena, str, most);
    if (x->ids == NULL || x->units == NULL || x->serials == NULL) return no_memory();
    if (e->parent.n > 0) TRY(read_ids(x, &(struct epcis_ids){.n = 1, .at = &e->parent}));
    TRY(read_ids(x, &e->epcs));
    return read_ids(x, &e->out_epcs);
}

static bool is_serial_of(const struct gs1_id *id, const struct gs1_id *like)
{
    return id->scheme == GS1_SGTIN && !id->is_class && memcmp(id->key, like->key, 14) == 0;
}

static bool is_own(struct taking *x, unit_id u)
{
    const struct space_row *s = names_space(x->owners.names, x->k->t, unit_space(u));
    client_id owner = {0};

    if (s == NULL) return false;
    if (s->client.v != 0) return s->client.v == x->k->client.v;
    return owner_of(&x->owners, u, &owner) && owner.v == x->k->client.v;
}

// Neighbours of one GTIN are found together: that is one batch of AES.
static uint32_t find_own(struct taking *x, uint32_t i)
{
    unit_id found[256];
    client_id owner;
    uint32_t n = 0;

    found[0] = (unit_id){0};
    if (x->ids[i].scheme == GS1_SGTIN && !x->ids[i].is_class) {
        for (; i + n < x->n && n < LEN(found) && is_serial_of(&x->ids[i + n], &x->ids[i]); n++)
            x->serials[n] = x->ids[i + n].ext;
        names_find_serials(x->owners.names, x->k->t, x->ids[i].key, x->serials, n, found);
    } else {
        n = 1;
        if (x->ids[i].scheme == GS1_SSCC)
            (void)names_find(x->owners.names, x->k->t, &x->ids[i], &found[0], &owner);
    }
    for (uint32_t k = 0; k < n; k++) {
        struct capture_unit *u = &x->units[i + k];
        const struct space_row *s;
        if (found[k].v == 0 || !is_own(x, found[k])) continue;
        s = names_space(x->owners.names, x->k->t, unit_space(found[k]));
        *u = (struct capture_unit){.unit = found[k], .container = space_is_container(s)};
    }
    return n;
}

static status find_foreign(struct taking *x, uint32_t i, struct buf *text)
{
    struct capture_taker *k = x->k;
    struct capture_unit *u = &x->units[i];

    u->container = x->ids[i].scheme == GS1_SSCC;
    u->foreign = true;
    buf_reset(text);
    TRY(foreign_text(&x->ids[i], text));
    u->unit = foreign_find(k->t, k->client, buf_str(text));
    if (u->unit.v != 0) return OK;
    uint32_t before = k->names->n, at = name_at(k->names, k->arena, buf_str(text));
    if (at == UINT32_MAX) return no_memory();
    if (before == 0) k->names->younger = foreign_younger(k->t);
    if (k->names->n > before)
        foreign_claim(x->owners.names, k->t, k->client, &x->ids[i], &k->names->at[at]);
    u->unit.v = at;
    u->names = k->names;
    return OK;
}

// Of what was handed to others a party is told no more than of what is not there.
static status check_party(struct taking *x)
{
    struct handed h;

    for (uint32_t i = 0; i < x->n && x->k->party != 0; i++)
        if (!x->units[i].foreign && !handed_find(x->k->t, x->units[i].unit, x->k->party, &h))
            return fail(ST_UNPROCESSABLE, "unit.unknown", 0, "there is no such unit");
    return OK;
}

static status find_all(struct taking *x)
{
    struct buf text;
    status st = OK;

    buf_init(&text, GS1_TEXT_MAX * 4);
    for (uint32_t i = 0; i < x->n;) i += find_own(x, i);
    for (uint32_t i = 0; i < x->n && st.cls == ST_OK; i++)
        if (x->units[i].unit.v == 0) st = find_foreign(x, i, &text);
    buf_fini(&text);
    return st.cls == ST_OK ? check_party(x) : st;
}

// ---- named twice

struct place {
    uint64_t what; // a unit, or the number of a name
    uint32_t at;
    bool name;
};

static int by_what(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->name != y->name) return x->name ? 1 : -1;
    if (x->what != y->what) return x->what < y->what ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

// The first place of each stays; what the event says itself is kept as it is.
static status drop_twice(struct taking *x, struct capture_ask *ask)
{
    if (x->n < 2) return OK;
    struct place *p = NEW_ARRAY(x->k->arena, struct place, x->n);
    bool *gone = NEW_ARRAY(x->k->arena, bool, x->n);
    uint32_t n = 0, in = 0;

    if (p == NULL || gone == NULL) return no_memory();
    for (uint32_t i = 0; i < x->n; i++)
        p[i] = (struct place){x->units[i].unit.v, i, x->units[i].names != NULL};
    qsort(p, x->n, sizeof *p, by_what);
    for (uint32_t i = 1; i < x->n; i++)
        if (p[i].what == p[i - 1].what && p[i].name == p[i - 1].name)
            gone[p[i].at] = ask->twice = true;
    if (!ask->twice) return OK;
    for (uint32_t i = 0; i < x->n; i++) {
        if (gone[i]) continue;
        in += i >= ask->has_parent && i < ask->has_parent + ask->in;
        x->units[n++] = x->units[i];
    }
    x->n = n;
    ask->in = in;
    return OK;
}

// ---- what it says beside its units

static str ilmd_said(const struct epcis_event *e, str name)
{
    for (const struct epcis_node *n = e->ilmd; n != NULL; n = n->next)
        if (n->ns != NULL && epcis_ns_is_cbvmda(n->ns->uri) && str_eq(n->name, name))
            return str_trim(n->text);
    return (str){0};
}

// A date, or a time of that day.
static void take_expiry(const struct epcis_event *e, struct capture_ask *ask)
{
    enum { DATE_N = 10 };
    str text = ilmd_said(e, S("itemExpirationDate"));

    ask->says_expiry = text.n > 0;
    if (text.n > DATE_N && text.p[DATE_N] == 'T') text.n = DATE_N;
    if (date_read(text, &ask->expiry).cls != ST_OK) ask->expiry = (struct date){0};
}

// The lot of the first own trade item's product; what others are of is the committer's to see.
static uint32_t find_lot(struct taking *x, str lot)
{
    struct capture_taker *k = x->k;

    for (uint32_t i = 0; lot.n > 0 && i < x->n; i++) {
        if (x->units[i].foreign) continue;
        const struct space_row *s =
            names_space(x->owners.names, k->t, unit_space(x->units[i].unit));
        if (s != NULL && s->product != 0) return lot_number(k->t, k->client, s->product, lot);
    }
    return 0;
}

static status put_hash(struct taking *x, struct capture_ask *ask)
{
    char hash[EPCIS_HASH_LEN + 1];

    TRY(epcis_hash(x->e, x->k->arena, hash));
    ask->id = arena_str(x->k->arena, str_of(hash));
    return ask->id.p == NULL ? no_memory() : OK;
}

// RFC 9562 section 5.4
static status put_uuid(struct taking *x, struct capture_ask *ask)
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    uint8_t uuid[16];
    char text[46] = "urn:uuid:", *p = text + 9;
    size_t at = 0;

    env_random(x->k->site->env, uuid, sizeof uuid);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < LEN(groups); i++) {
        if (i > 0) *p++ = '-';
        hex_put(p, uuid + at, groups[i]);
        p += 2u * groups[i];
        at += groups[i];
    }
    ask->id = arena_str(x->k->arena, (str){text, (size_t)(p - text)});
    return ask->id.p == NULL ? no_memory() : OK;
}

// ---- the same event in other bytes

static bool is_same(struct taking *x, const struct fact *f, str id)
{
    struct event_render r = event_render_begin(x->k->site, x->k->t, x->k->arena);
    struct event_parts parts;
    bool same = false;

    if (event_render(&r, f, &parts).cls != ST_OK) return false;
    for (uint32_t i = 0; i < parts.n && !same; i++)
        same = str_eq(parts.at[i].event.id, id) &&
               epcis_says_same(&parts.at[i].event, x->e, x->k->arena, &same).cls == ST_OK && same;
    return same;
}

// What a line reported is in no list of eventIDs. It has no error declaration: with one it is
// another event.
static status find_line(struct taking *x, str id, struct capture_ask *ask)
{
    struct capture_taker *k = x->k;
    struct line_ids c = {k->site, k->t, k->client};
    struct line_id what = {.id = id, .ms = x->e->time.at.at.ms};
    struct fact f;

    for (uint32_t i = 0; i < x->n && what.unit.v == 0; i++)
        if (!x->units[i].foreign) what.unit = x->units[i].unit;
    if (x->e->error != NULL) return OK;
    TRY(line_id_find(&c, &what, &ask->line));
    if (ask->line == 0) return OK;
    TRY(journal_get(k->t, ask->line, k->arena, &f));
    if (is_same(x, &f, id)) ask->same_as = ask->line;
    return OK;
}

// A fact of the same eventID that says the same; which is rare, so that time does not matter.
static status find_same(struct taking *x, str id, struct capture_ask *ask)
{
    uint64_t seqs[SAME_MAX];
    struct fact f;
    str value;

    TRY(index_value(LIST_EVENT_ID, (str){0}, id, x->k->arena, &value));
    size_t n = list_of(x->k->t, x->k->client, LIST_EVENT_ID, value, 0, seqs, SAME_MAX);
    for (size_t i = 0; i < n; i++) {
        TRY(journal_get(x->k->t, seqs[i], x->k->arena, &f));
        if (is_same(x, &f, id)) ask->same_as = seqs[i];
    }
    return ask->same_as == 0 ? find_line(x, id, ask) : txn_status(x->k->t);
}

// Has the fact the eventID, and says something else under it?
static status is_other(struct taking *x, const struct fact *f, str id, bool *out)
{
    struct report report;
    struct touched touched;
    struct bytes_r rest;
    struct captured_event e;

    if (f->kind != FACT_EVENT_CAPTURED) return OK;
    TRY(report_get(f->decided, x->k->arena, &report, &touched, &rest));
    TRY(captured_event_get(&rest, f, touched.runs.units, x->k->arena, &e));
    *out = str_eq(e.id, id) && ((e.flags & CAPTURED_ERROR) != 0) == (x->e->error != NULL);
    return OK;
}

static status take_id(struct taking *x, struct capture_ask *ask)
{
    str value;

    if (x->e->id.n > 0) {
        ask->id = arena_str(x->k->arena, x->e->id);
        return ask->id.p == NULL ? no_memory() : find_same(x, ask->id, ask);
    }
    ask->flags |= CAPTURED_ID_MADE;
    ask->fresh_id = !x->k->ids_by_hash;
    TRY(x->k->ids_by_hash ? put_hash(x, ask) : put_uuid(x, ask));
    if (x->k->ids_by_hash) TRY(find_same(x, ask->id, ask));
    TRY(index_value(LIST_EVENT_ID, (str){0}, ask->id, x->k->arena, &value));
    indexer_value(&x->index, LIST_EVENT_ID, value);
    return OK;
}

// An owning party, told as such or, as is usual in the US, by the number of its place.
static uint64_t party_of(const struct index_entries *all, enum list_attribute of)
{
    uint64_t party = captured_party(all, of, "417");

    return party != 0 ? party : captured_party(all, of, "414");
}

// Who tells in the name of a party tells what that one does.
static void take_parties(const struct taking *x, const struct index_entries *all,
                         struct capture_ask *ask)
{
    bool ships = ask->acts.in == ACT_SHIP_TOLD, receives = ask->acts.in == ACT_RECEIVE;

    if (!ships && !receives) return;
    ask->from = party_of(all, LIST_SOURCE);
    ask->to = party_of(all, LIST_DESTINATION);
    if (x->k->party == 0) return;
    *(ships ? &ask->from : &ask->to) = x->k->party;
}

static status take_entries(struct taking *x, struct capture_ask *ask)
{
    struct index_entries all;
    struct buf b;

    TRY(indexer_end(&x->index, &all));
    take_parties(x, &all, ask);
    buf_init(&b, 64 * MB);
    captured_entries_put(&b, &all);
    ask->entries = b.failed ? (str){0} : arena_str(x->k->arena, buf_str(&b));
    buf_fini(&b);
    return ask->entries.p == NULL ? no_memory() : OK;
}

// ---- the whole

struct digest16 capture_scope_digest(const struct epcis_scope *s)
{
    char head[2] = {(char)s->syntax, (char)s->version};
    return digest16_of((str){head, sizeof head}, s->context);
}

static void take_header(struct taking *x, const struct capture_source *s, struct capture_ask *ask)
{
    const struct epcis_event *e = s->event;

    *ask = (struct capture_ask){.client = x->k->client,
                                .rule = x->k->rule,
                                .time = e->time.at,
                                .index = s->index,
                                .has_parent = e->parent.n > 0,
                                .in = e->epcs.n,
                                .body = s->bytes,
                                .acts = captured_acts_of(e)};
    ask->warns = (uint8_t)captured_warning(e);
    if (s->scope->syntax == EPCIS_SYNTAX_XML) ask->flags |= CAPTURED_XML;
    if (e->error != NULL) ask->flags |= CAPTURED_ERROR;
    if (s->alone) ask->flags |= CAPTURED_ALONE;
    if (s->alone && s->scope->version != EPCIS_2_0) ask->flags |= CAPTURED_EARLIER;
    ask->empties = ask->acts.parent == ACT_UNPACK_FROM_TOLD && ask->has_parent && e->epcs.n == 0 &&
                   e->quantities.n == 0;
    ask->content = digest16_of((str){(const char *)x->k->scope.b, 16}, s->bytes);
}

// One set of guards at every door: what is not a distributor's to do it does by no event either.
static status check_trades(const struct taking *x, const struct captured_acts *acts)
{
    bool trades = acts->in == 0 || acts->in == ACT_SHIP_TOLD || acts->in == ACT_RECEIVE;

    if (!x->k->trades_only || (trades && acts->parent == 0 && acts->out == 0)) return OK;
    return fail(ST_NOT_ALLOWED, "access.role", 0,
                "a distributor ships and receives: to %s is not its own to tell",
                unit_act_name(acts->parent != 0 ? acts->parent : acts->in));
}

// All but its bytes: what is refused is refused here.
static status take(struct taking *x, const struct capture_source *s, struct capture_ask *ask)
{
    if (s->event->step_misspelt && x->k->rule == CAPTURE_STRICT)
        return fail(ST_BAD_INPUT, "epcis.word", 0, "bizStep: it is spelt decommissioning");
    take_header(x, s, ask);
    TRY(check_trades(x, &ask->acts));
    TRY(read_all(x));
    TRY(find_all(x));
    TRY(drop_twice(x, ask));
    ask->units = x->units;
    ask->n = x->n;
    ask->lot = find_lot(x, ilmd_said(x->e, S("lotNumber")));
    take_expiry(x->e, ask);
    indexer_event(&x->index, x->e);
    TRY(take_id(x, ask));
    return txn_status(x->k->t);
}

static status take_begun(struct taking *x, const struct capture_source *s, struct capture_ask *ask)
{
    struct index_entries none;

    if (x->k->names == NULL) return no_memory();
    indexer_begin(&x->index, x->k->arena);
    status st = take(x, s, ask);
    if (st.cls != ST_OK) {
        (void)indexer_end(&x->index, &none).cls;
        return st;
    }
    x->k->units += x->n;
    return take_entries(x, ask);
}

static struct taking taking_of(struct capture_taker *k, const struct epcis_event *e)
{
    return (struct taking){
        .k = k, .e = e, .owners = {.names = names_here(k->site), .t = k->t}
    };
}

status capture_take(struct capture_taker *k, const struct capture_source *s,
                    struct capture_ask *out)
{
    struct taking x = taking_of(k, s->event);

    TRY(take_begun(&x, s, out));
    return capture_pack(s->bytes, k->arena, &out->packed_body);
}

status capture_look(struct capture_taker *k, const struct capture_source *s,
                    struct capture_seen *out)
{
    struct taking x = taking_of(k, s->event);
    struct capture_ask ask;
    uint64_t seqs[SAME_MAX];
    struct fact f;
    str value;

    TRY(take_begun(&x, s, &ask));
    *out = (struct capture_seen){.id = ask.fresh_id ? (str){0} : ask.id};
    if (ask.fresh_id || ask.same_as != 0) return OK;
    out->taken = ask.line != 0;
    TRY(index_value(LIST_EVENT_ID, (str){0}, ask.id, k->arena, &value));
    size_t n = list_of(k->t, k->client, LIST_EVENT_ID, value, 0, seqs, SAME_MAX);
    for (size_t i = 0; i < n && !out->taken; i++) {
        TRY(journal_get(k->t, seqs[i], k->arena, &f));
        TRY(is_other(&x, &f, ask.id, &out->taken));
    }
    return txn_status(k->t);
}
