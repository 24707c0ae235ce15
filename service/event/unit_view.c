// Runs on the loop that asked, in one of its snapshots.
//
// A container's state and flags reach its content here and nowhere else (DESIGN, "No act grows
// with what it stands for"): a pack in a case on a shipped pallet is told as shipped.
#include "service/event/unit_view.h"
#include "service/client/client.h"
#include "service/event/inside.h"
#include "service/event/unit_past.h"
#include "service/pool/foreign.h"
#include "service/tree/handed_db.h"
#include <stdio.h>
#include <string.h>

static const struct flag {
    unsigned bit;
    const char *word;
} flags[] = {
    {UNIT_HOLD,          "hold"         },
    {UNIT_RECALLED,      "recalled"     },
    {VIEW_EXPIRED,       "expired"      },
    {UNIT_LOST,          "lost"         },
    {UNIT_STOLEN,        "stolen"       },
    {UNIT_RECEIVED_BACK, "received_back"},
    {UNIT_PARTIAL,       "partial"      },
    {UNIT_SEEN,          "seen"         },
};

void unit_reader_init(struct unit_reader *r, const struct site *site, struct txn *t,
                      struct arena *a)
{
    r->t = t;
    r->names = names_here(site);
    r->arena = a;
    r->caller = NULL;
    r->now = env_wall(site->env);
    r->is_past = false;
    r->form = GS1_BRACKETED;
    r->st = OK;
    unit_rows_read(&r->rows, t);
    r->first = (struct fact){0};
    r->lot = (struct lot){0};
}

static status unknown(void)
{
    return fail(ST_NOT_FOUND, "unit.unknown", 0, "there is no such unit here");
}

static bool failed(struct unit_reader *r, status st)
{
    if (st.cls != ST_OK && r->st.cls == ST_OK) r->st = st;
    return st.cls != ST_OK;
}

// ---- what the rows say

static struct unit row_of(struct unit_reader *r, unit_id u)
{
    struct unit x = {.state = UNIT_NONE};

    if (r->is_past) {
        (void)failed(r, past_unit(r->t, u, r->now, &x));
        return x;
    }
    x = unit_get(&r->rows, u);
    if (x.state == UNIT_RETURNED_TO_OWNER && number_lies_in_pool(r->t, u))
        x.state = UNIT_UNALLOCATED;
    return x;
}

status unit_children(struct unit_reader *r, unit_id container, struct arena *a, struct runs *out)
{
    if (r->is_past) return past_children(r->t, container, r->now, a, out);
    return inside_directly(r->t, container, a, out);
}

// The header of a unit's first event: its lot, and whose it is. NULL: it had none yet.
static const struct fact *first_of(struct unit_reader *r, const struct unit *u)
{
    if (u->first == 0) return NULL;
    if (r->first.seq == u->first) return &r->first;
    r->first.seq = 0;
    if (failed(r, journal_get_header(r->t, u->first, &r->first))) return NULL;
    return &r->first;
}

static const struct lot *lot_by_number(struct unit_reader *r, uint32_t number)
{
    if (number == 0) return NULL;
    if (r->lot.number == number) return &r->lot;
    r->lot.number = 0;
    return lot_get(r->t, number, r->arena, &r->lot) ? &r->lot : NULL;
}

static unsigned lot_flags(struct unit_reader *r, const struct unit_view *v)
{
    const struct lot *l = v->is_sscc ? NULL : lot_by_number(r, v->lot);

    if (l == NULL) return 0; // an SSCC's lot says whose it is, nothing of its content
    if (r->is_past)
        return lot_is_over(l->expiry, r->now) ? VIEW_EXPIRED : 0u; // its own past is not kept
    return lot_unit_flags(l->state, l->held) | (lot_is_over(l->expiry, r->now) ? VIEW_EXPIRED : 0u);
}

uint64_t unit_shown_seq(struct unit_reader *r, uint64_t seq)
{
    struct fact f;

    if (seq == 0 || r->caller == NULL || caller_is_site(r->caller)) return seq;
    if (r->first.seq == seq) return r->first.client_no;
    return failed(r, journal_get_header(r->t, seq, &f)) ? 0 : f.client_no;
}

// What only captured events named has a GTIN where its identity has one; its lot is not kept.
static status view_foreign(struct unit_reader *r, struct unit_view *v)
{
    struct gs1_id id;

    TRY(names_id(r->names, r->t, v->unit, r->arena, &id));
    v->lot = 0;
    v->is_sscc = !gs1_id_has_gtin(&id);
    v->is_container = id.scheme == GS1_SSCC;
    if (!v->is_sscc) memcpy(v->gtin, id.key, sizeof v->gtin);
    return OK;
}

// The unit by itself, without its containers.
static status view_own(struct unit_reader *r, unit_id u, struct unit_view *v)
{
    const struct space_row *s = names_space(r->names, r->t, unit_space(u));

    if (s == NULL) return unknown();
    *v = (struct unit_view){.unit = u, .client = s->client};
    v->is_container = space_is_container(s);
    v->is_sscc = s->sort == SPACE_OF_SSCC;
    memcpy(v->gtin, s->gtin, sizeof v->gtin);
    v->row = row_of(r, u);
    const struct fact *first = first_of(r, &v->row);
    TRY(r->st);
    if (first != NULL) {
        v->lot = first->lot;
        v->client = first->client;
        v->first_event = unit_shown_seq(r, first->seq);
    }
    if (s->sort == SPACE_OF_FOREIGN) TRY(view_foreign(r, v));
    v->last_event = unit_shown_seq(r, v->row.last);
    v->shipped = v->row.state == UNIT_SHIPPED;
    v->flags = v->row.flags | lot_flags(r, v);
    v->down = v->row.flags & UNIT_HANDED_DOWN;
    return r->st;
}

static bool lives(const struct unit *u)
{
    return u->state == UNIT_COMMISSIONED || u->state == UNIT_OPEN || u->state == UNIT_CLOSED;
}

static void inherit(struct unit_view *v, const struct unit_view *parent)
{
    bool own = (parent->row.flags & UNIT_HANDED_DOWN) != 0 || parent->row.state == UNIT_SHIPPED;

    if (!lives(&v->row) || (parent->down == 0 && !parent->shipped)) return;
    v->shipped = v->shipped || parent->shipped;
    v->flags |= parent->down;
    v->down |= parent->down;
    v->from = own ? parent->unit : parent->from;
}

// ---- finding and looking

// Who acts for a party sees what was handed to it, itself or with a container around it.
static bool sees(struct unit_reader *r, const struct unit_view *v)
{
    const struct caller *c = r->caller;
    struct handed h;
    uint64_t party;

    if (c == NULL) return true;
    if (!caller_sees(c, v->client)) return false;
    if (c->role != ROLE_DISTRIBUTOR || c->party.n == 0) return true;
    return str_u64(c->party, UINT64_MAX, &party) && handed_find(r->t, v->unit, party, &h);
}

// A number that no event has named is there when it was issued, and belongs to whom it was issued
// for: SSCCs of the site's own say so in the request alone.
static bool is_there(struct unit_reader *r, struct unit_view *v)
{
    struct issue_row i;
    struct request_row q;

    if (v->row.flags & UNIT_SEEN) return sees(r, v);
    if (v->row.state == UNIT_NONE && !issue_first_of(r->t, v->unit, &i)) return false;
    if (v->row.state == UNIT_NONE && v->client.v == 0 && request_get(r->t, i.seq, &q))
        v->client = q.client;
    return sees(r, v);
}

status unit_read(str spelling, struct arena *a, struct gs1_id *out)
{
    struct gs1_id id;

    TRY(gs1_read(spelling, a, &id));
    if (id.is_class)
        return fail(ST_BAD_INPUT, "unit.class", 0,
                    "this names many things alike: a unit has a serial number of its own");
    *out = id;
    return OK;
}

status unit_find(struct unit_reader *r, const struct gs1_id *id, unit_id *out)
{
    client_id owner;

    return names_find(r->names, r->t, id, out, &owner) ? OK : unknown();
}

// The client whose company prefix the key begins with.
static client_id prefix_owner(struct unit_reader *r, const struct gs1_id *id)
{
    str key = gs1_id_key(id);
    bool lead = gs1_id_has_gtin(id) || id->scheme == GS1_SSCC || id->scheme == GS1_ITIP;

    return client_of_prefix(r->t, lead && key.n > 0 ? str_from(key, 1) : key);
}

static bool foreign_look(struct unit_reader *r, const struct gs1_id *id, unit_id *out)
{
    uint32_t n = r->caller == NULL ? 0 : r->caller->client_count;
    struct buf b;

    *out = (unit_id){0};
    buf_init(&b, 4 * GS1_TEXT_MAX);
    if (foreign_text(id, &b).cls == ST_OK && !b.failed) {
        for (uint32_t i = 0; i < n && out->v == 0; i++)
            *out = foreign_find(r->t, r->caller->clients[i], buf_str(&b));
        if (n == 0) *out = foreign_find(r->t, prefix_owner(r, id), buf_str(&b));
    }
    buf_fini(&b);
    return out->v != 0;
}

status unit_look(struct unit_reader *r, str spelling, struct unit_view *out)
{
    status st = unknown();
    struct gs1_id id;
    unit_id u;

    TRY(unit_read(spelling, r->arena, &id));
    if (unit_find(r, &id, &u).cls == ST_OK) st = unit_view_get(r, u, out);
    if (st.cls != ST_NOT_FOUND || !foreign_look(r, &id, &u)) return st;
    return unit_view_get(r, u, out);
}

status unit_view_inside(struct unit_reader *r, unit_id u, const struct unit_view *parent,
                        struct unit_view *out)
{
    TRY(view_own(r, u, out));
    inherit(out, parent);
    return OK;
}

status unit_view_get(struct unit_reader *r, unit_id u, struct unit_view *out)
{
    struct unit_view above, v;
    unit_id path[UNIT_DEPTH_MAX]; // from the unit up
    uint32_t n = 0;

    TRY(view_own(r, u, &v));
    if (!is_there(r, &v)) return unknown();
    for (unit_id at = v.row.parent; at.v != 0; at = row_of(r, at).parent) {
        if (n == UNIT_DEPTH_MAX) break; // captured events may tell of more
        path[n++] = at;
    }
    for (uint32_t i = n; i-- > 0;) {
        struct unit_view one;
        TRY(view_own(r, path[i], &one));
        if (i + 1 < n) inherit(&one, &above);
        above = one;
    }
    if (n > 0) inherit(&v, &above);
    *out = v;
    return r->st;
}

// ---- writing

const char *unit_view_state(const struct unit_view *v)
{
    return v->shipped ? unit_state_name(UNIT_SHIPPED) : unit_shown(&v->row);
}

const struct lot *unit_view_lot(struct unit_reader *r, const struct unit_view *v)
{
    return lot_by_number(r, v->lot);
}

str unit_spelled(struct unit_reader *r, unit_id u)
{
    struct gs1_id id;
    struct buf b;

    if (failed(r, names_id(r->names, r->t, u, r->arena, &id))) return (str){0};
    const struct gs1_prefixes *p = r->form == GS1_URN ? client_prefixes_here(r->t) : NULL;
    buf_init(&b, 4 * KB);
    status st = gs1_write(&id, r->form, p, &b);
    if (st.cls != ST_OK && r->form == GS1_URN) st = gs1_write(&id, GS1_DL, NULL, &b);
    str text = failed(r, st) ? (str){0} : arena_str(r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

static void write_unit(struct unit_reader *r, const char *key, unit_id u, struct json_w *w)
{
    json_w_key(w, str_of(key));
    if (u.v == 0)
        json_w_null(w);
    else
        json_w_str(w, unit_spelled(r, u));
}

static void write_flags(unsigned set, struct json_w *w)
{
    json_w_key(w, S("flags"));
    json_w_array(w);
    for (size_t i = 0; i < LEN(flags); i++)
        if (set & flags[i].bit) json_w_str(w, str_of(flags[i].word));
    json_w_end(w);
}

static void write_text(struct json_w *w, const char *key, str text)
{
    json_w_key(w, str_of(key));
    if (text.n == 0)
        json_w_null(w);
    else
        json_w_str(w, text);
}

static str expiry_text(const struct lot *l, char room[16])
{
    struct date d = date_of_days(date_days(l->expiry)); // the month's last day where none was said
    int n = snprintf(room, 16, "%04d-%02u-%02u", d.year, d.month, d.day);

    return (str){room, l->expiry.year == 0 || n != 10 ? 0 : 10};
}

void unit_view_write(struct unit_reader *r, const struct unit_view *v, struct json_w *w)
{
    const struct lot *l = unit_view_lot(r, v);
    char room[16];

    write_unit(r, "unit", v->unit, w);
    json_w_kstr(w, "state", str_of(unit_view_state(v)));
    write_flags(v->flags, w);
    write_unit(r, "flags_from", v->from, w);
    write_text(w, "lot", l == NULL ? (str){0} : l->lot);
    write_text(w, "gtin", v->is_sscc ? (str){0} : (str){v->gtin, sizeof v->gtin});
    write_text(w, "expiry", l == NULL || v->is_sscc ? (str){0} : expiry_text(l, room));
    write_unit(r, "parent", v->row.parent, w);
}

static void write_seq(struct json_w *w, const char *key, uint64_t seq)
{
    json_w_key(w, str_of(key));
    if (seq == 0)
        json_w_null(w);
    else
        json_w_int(w, (int64_t)seq);
}

void unit_view_write_seqs(const struct unit_view *v, struct json_w *w)
{
    write_seq(w, "first_seq", v->first_event);
    write_seq(w, "last_seq", v->last_event);
}
