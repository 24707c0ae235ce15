// expand.c - places with all that lies within them, by the children that master data tell. Each
// place is taken once, so that children which are their own parents end it too.
#include "common/hash.h"
#include "service/query/rows.h"
#include "service/query/value_set.h"
#include <string.h>

#define WITHIN_MAX 10000u // places of one question

struct spread {
    struct query_value *at;
    uint32_t n;
    struct arena *arena;
    uint32_t table[4 * 8192]; // of places by their canonical text: index + 1
    status st;
};

static uint32_t slot_of(const struct spread *s, str text)
{
    uint32_t h = (uint32_t)table_hash(text);

    for (;; h++) {
        uint32_t at = s->table[h % LEN(s->table)];
        if (at == 0 || str_eq(s->at[at - 1].text, text)) return h % (uint32_t)LEN(s->table);
    }
}

// In one spelling, as master data are asked for.
static status canonical(struct spread *s, str text, struct query_value *out)
{
    struct gs1_pattern *p = NEW(s->arena, struct gs1_pattern);
    struct buf b;

    *out = (struct query_value){.text = arena_str(s->arena, text), .is_text = true};
    if (p == NULL || out->text.p == NULL) return no_memory();
    if (gs1_read(out->text, s->arena, &p->id).cls != ST_OK) return OK;
    p->is_exact = true;
    out->pattern = p;
    buf_init(&b, 16 * KB);
    status st = gs1_write(&p->id, GS1_DL, NULL, &b);
    if (st.cls == ST_OK && !b.failed) out->text = arena_str(s->arena, buf_str(&b));
    buf_fini(&b);
    return out->text.p == NULL ? no_memory() : OK;
}

static void place_add(void *arg, str text)
{
    struct spread *s = arg;
    struct query_value v;

    if (s->st.cls != ST_OK || (s->st = canonical(s, text, &v)).cls != ST_OK) return;
    uint32_t slot = slot_of(s, v.text);
    if (s->table[slot] != 0) return;
    if (s->n == WITHIN_MAX) {
        s->st = fail(ST_TOO_LARGE, "query.too_complex", 0, "more than %u places lie within",
                     WITHIN_MAX);
        return;
    }
    s->at[s->n++] = v;
    s->table[slot] = s->n;
}

static status term_expand(struct query_term *t, const struct query_master *m, struct arena *a)
{
    struct spread *s = NEW(a, struct spread);

    if (s == NULL) return no_memory();
    s->arena = a;
    s->at = NEW_ARRAY(a, struct query_value, WITHIN_MAX);
    if (s->at == NULL) return no_memory();
    for (uint32_t i = 0; i < t->n; i++) place_add(s, t->values[i].text);
    for (uint32_t i = 0; m->ops != NULL && i < s->n && s->st.cls == ST_OK; i++)
        m->ops->children(m->t, m->client, s->at[i].text, place_add, s);
    t->values = s->at;
    t->n = s->n;
    return s->st;
}

static bool is_within(const struct query_term *t)
{
    return str_starts(str_of(t->row->name), S("WD_"));
}

bool query_is_within(const struct query *q)
{
    for (uint32_t i = 0; i < q->n; i++)
        if (is_within(&q->terms[i])) return true;
    return false;
}

status query_expand(const struct query *q, const struct query_master *m, struct arena *a,
                    struct query *out)
{
    struct query_term *terms = NEW_ARRAY(a, struct query_term, q->n + 1);

    if (terms == NULL) return no_memory();
    if (q->n > 0) memcpy(terms, q->terms, q->n * sizeof *terms);
    *out = *q;
    for (uint32_t i = 0; i < q->n; i++)
        if (is_within(&terms[i])) TRY(term_expand(&terms[i], m, a));
    for (uint32_t i = 0; i < q->n; i++) TRY(query_set_make(&terms[i], a));
    out->terms = terms;
    return OK;
}
