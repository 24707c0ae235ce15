// Two walks, one after the other: the requests for numbers with the lot, each number of them that
// never began; and the facts that name the lot, each unit that began with them. So every unit is
// looked at once. A page ends at its limit or at a ceiling of what is looked at.
//
// token: which walk 1 | seq of the request or fact 8 | place in it 8
#include "service/event/unaccounted.h"
#include "service/event/level.h"
#include "service/event/report.h"
#include "service/gs1/id.h"
#include "service/pool/issue.h"
#include "service/unit/unit_db.h"
#include <string.h>

#define LOOKED_MAX 250000u // units; what has been looked at for one page, found or not
#define SEQS       256u

enum stage { OF_REQUESTS, OF_FACTS, STAGES };

struct place {
    enum stage stage;
    uint64_t seq, at;
};

struct listing {
    struct unaccounted_page *p;
    struct json_w *w;
    struct place place; // to go on with
    struct unit_rows rows;
    struct level_reader levels;
    uint32_t found, looked;
};

static bool is_full(const struct listing *l)
{
    return l->found == l->p->limit || l->looked >= LOOKED_MAX;
}

static void put(struct listing *l, unit_id u, const struct unit *x, enum difference d)
{
    struct txn *t = l->p->t;
    uint8_t level = level_of_unit(&l->levels, u, l->p->of->lot.number);
    struct gs1_id id;
    struct buf b;

    l->found++;
    if (names_id(l->p->names, t, u, l->p->arena, &id).cls != ST_OK) return;
    buf_init(&b, 2 * KB);
    json_w_object(l->w);
    if (gs1_write(&id, GS1_BRACKETED, NULL, &b).cls == ST_OK)
        json_w_kstr(l->w, "unit", buf_str(&b));
    json_w_kstr(l->w, "level", balance_level_word(l->p->of, level));
    json_w_kstr(l->w, "line", str_of(difference_word(d)));
    json_w_kstr(l->w, "state", x->state == UNIT_NONE ? S("allocated") : str_of(unit_shown(x)));
    json_w_end(l->w);
    buf_fini(&b);
}

// ---- numbers

static bool asks_for(const struct listing *l, const struct request_row *q)
{
    const struct balance *b = l->p->of;
    struct gtin_row g;

    return q->client.v == b->lot.client.v && str_eq(q->lot, b->lot.lot) &&
           gtin_get(l->p->t, q->gtin, &g) && g.product == b->lot.product;
}

static void look_number(struct listing *l, unit_id u)
{
    struct unit x = unit_get(&l->rows, u);

    if (x.first != 0 || x.state > UNIT_PRINTED || x.flags & (UNIT_LOST | UNIT_STOLEN)) return;
    put(l, u, &x, DIFFERENCE_UNKNOWN_FATE);
}

// The numbers of the request from `at` on, but for those that went back and to somebody else.
static status look_request(struct listing *l, const struct request_row *q)
{
    struct request_part left = {q->seq, (uint32_t)l->place.at, UINT32_MAX};
    struct issue_row i;
    struct runs runs;
    struct arena a;
    unit_id u;

    arena_init(&a, 64 * MB);
    status st = request_runs(l->p->t, &left, &a, &runs);
    if (st.cls != ST_OK) runs.n = 0;
    for (struct run_walk w = runs_walk(&runs); !is_full(l) && run_next(&w, &u);) {
        l->place.at++;
        l->looked++;
        if (q->returned == 0 || (issue_of(l->p->t, u, &i) && i.seq == q->seq)) look_number(l, u);
    }
    arena_fini(&a);
    return st;
}

static status list_requests(struct listing *l)
{
    struct request_walk walk;
    struct request_row q;
    status st = OK;
    bool within = false;

    request_walk_open(&walk, l->p->t, l->place.seq);
    while (!within && st.cls == ST_OK && request_walk_next(&walk, &q)) {
        if (q.seq != l->place.seq) l->place = (struct place){OF_REQUESTS, q.seq, 0};
        within = is_full(l);
        l->looked++;
        if (within || !asks_for(l, &q)) continue;
        st = look_request(l, &q);
        within = l->place.at < q.quantity;
    }
    walk_close(&walk.walk);
    if (!within) l->place = (struct place){OF_FACTS, 1, 0};
    return st;
}

// ---- units

static void look_unit(struct listing *l, unit_id u, uint64_t seq)
{
    struct unit x = unit_get(&l->rows, u);
    bool stock = x.state == UNIT_COMMISSIONED || x.state == UNIT_CLOSED;

    if (x.first != seq || x.flags & (UNIT_LOST | UNIT_STOLEN)) return;
    if (x.state == UNIT_OPEN) put(l, u, &x, DIFFERENCE_OPEN);
    if (!stock || x.parent.v != 0) return;
    uint8_t level = level_of_unit(&l->levels, u, l->p->of->lot.number);
    if (shape_has_above(&l->p->of->shape, level) && level < l->p->of->shape.levels)
        put(l, u, &x, DIFFERENCE_LOOSE);
}

static bool begins_units(const struct fact *f)
{
    return f->kind == FACT_UNITS_COMMISSIONED || f->kind == FACT_UNITS_PACKED ||
           f->kind == FACT_EVENT_CAPTURED || f->kind == FACT_CAPTURE_APPLIED;
}

static status look_fact(struct listing *l, uint64_t seq)
{
    struct touched touched;
    struct report report;
    struct bytes_r rest;
    uint64_t at = 0;
    struct arena a;
    struct fact f;
    unit_id u;

    arena_init(&a, 256 * MB);
    status st = journal_get_header(l->p->t, seq, &f);
    bool begins = st.cls == ST_OK && begins_units(&f);
    if (begins) st = journal_get(l->p->t, seq, &a, &f);
    if (begins && st.cls == ST_OK) st = report_get(f.decided, &a, &report, &touched, &rest);
    if (begins && st.cls == ST_OK) {
        struct run_walk w = runs_walk(&touched.runs);
        while (!is_full(l) && run_next(&w, &u)) {
            if (at++ < l->place.at) continue;
            l->place.at = at;
            l->looked++;
            look_unit(l, u, seq);
        }
        begins = l->place.at < touched.runs.units;
    }
    if (st.cls == ST_OK && !begins) l->place = (struct place){OF_FACTS, seq + 1, 0};
    arena_fini(&a);
    return st;
}

static status list_facts(struct listing *l)
{
    char value[4];
    uint64_t seqs[SEQS];

    put_be(value, l->p->of->lot.number, 4);
    while (!is_full(l)) {
        size_t n = list_of(l->p->t, l->p->of->lot.client, LIST_LOT, (str){value, sizeof value},
                           l->place.seq, seqs, SEQS);
        for (size_t i = 0; i < n && !is_full(l); i++) {
            if (seqs[i] != l->place.seq) l->place = (struct place){OF_FACTS, seqs[i], 0};
            l->looked++;
            TRY(look_fact(l, seqs[i]));
        }
        if (n < SEQS && !is_full(l)) {
            l->place = (struct place){STAGES, 0, 0};
            return OK;
        }
    }
    return OK;
}

// ---- the page

status unaccounted_write(struct unaccounted_page *p, struct json_w *w)
{
    struct listing l = {
        .p = p, .w = w, .place = {OF_REQUESTS, 1, 0}
    };

    if (p->after.n > 0) {
        if (p->after.n != UNACCOUNTED_TOKEN || (unsigned char)p->after.p[0] >= STAGES)
            return fail(ST_BAD_INPUT, "page.form", 0, "page: as `next` said it");
        l.place = (struct place){(enum stage)p->after.p[0], get_be(p->after.p + 1, 8),
                                 get_be(p->after.p + 9, 8)};
    }
    l.levels = (struct level_reader){.t = p->t, .names = p->names, .arena = p->arena};
    unit_rows_read(&l.rows, p->t);
    if (l.place.stage == OF_REQUESTS) TRY(list_requests(&l));
    if (l.place.stage == OF_FACTS && !is_full(&l)) TRY(list_facts(&l));
    p->more = l.place.stage != STAGES;
    p->next[0] = (char)l.place.stage;
    put_be(p->next + 1, l.place.seq, 8);
    put_be(p->next + 9, l.place.at, 8);
    return txn_status(p->t);
}
