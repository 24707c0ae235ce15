// value_set.c - two sorted arrays over the same values, one by their texts and one by their
// identities. Whoever chooses the values cannot make looking slow, as with a table of hashes.
#include "service/query/value_set.h"
#include <stdlib.h>
#include <string.h>

#define FEW         8u  // values that are as well looked at one by one
#define NUMBER_WORK 50u // comparing numbers with their units, in comparisons of a pattern

struct query_set {
    const struct query_value **texts, **ids, **patterns; // patterns stand for many identities
    uint32_t text_n, id_n, pattern_n;
};

// In some order: the short ones first.
static int text_order(str a, str b)
{
    if (a.n != b.n) return a.n < b.n ? -1 : 1;
    return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

// 0 for what gs1_id_eq calls equal.
static int id_order(const struct gs1_id *a, const struct gs1_id *b)
{
    if (a->scheme != b->scheme) return a->scheme < b->scheme ? -1 : 1;
    int keys = text_order(gs1_id_key(a), gs1_id_key(b));
    return keys != 0 ? keys : text_order(a->ext, b->ext);
}

static int by_text(const void *a, const void *b)
{
    const struct query_value *const *x = a, *const *y = b;

    return text_order((*x)->text, (*y)->text);
}

static int by_id(const void *a, const void *b)
{
    const struct query_value *const *x = a, *const *y = b;

    return id_order(&(*x)->pattern->id, &(*y)->pattern->id);
}

status query_set_make(struct query_term *t, struct arena *a)
{
    t->set = NULL;
    if (t->n <= FEW) return OK;
    struct query_set *s = NEW(a, struct query_set);
    const struct query_value **at = NEW_ARRAY(a, const struct query_value *, 3 * (size_t)t->n);
    if (s == NULL || at == NULL) return no_memory();
    *s = (struct query_set){.texts = at, .ids = at + t->n, .patterns = at + 2 * (size_t)t->n};
    for (uint32_t i = 0; i < t->n; i++) {
        const struct query_value *v = &t->values[i];
        if (v->is_text) s->texts[s->text_n++] = v;
        if (v->pattern == NULL) continue;
        if (v->pattern->is_exact)
            s->ids[s->id_n++] = v;
        else
            s->patterns[s->pattern_n++] = v;
    }
    qsort(s->texts, s->text_n, sizeof *s->texts, by_text);
    qsort(s->ids, s->id_n, sizeof *s->ids, by_id);
    t->set = s;
    return OK;
}

static int text_is(const void *text, const void *value)
{
    const struct query_value *const *v = value;

    return text_order(*(const str *)text, (*v)->text);
}

static int id_is(const void *id, const void *value)
{
    const struct query_value *const *v = value;

    return id_order(id, &(*v)->pattern->id);
}

bool query_set_has_text(const struct query_term *t, str text)
{
    const struct query_set *s = t->set;

    return bsearch(&text, s->texts, s->text_n, sizeof *s->texts, text_is) != NULL;
}

bool query_set_has_id(const struct query_term *t, const struct gs1_id *id)
{
    const struct query_set *s = t->set;

    if (bsearch(id, s->ids, s->id_n, sizeof *s->ids, id_is) != NULL) return true;
    for (uint32_t i = 0; i < s->pattern_n; i++)
        if (gs1_pattern_matches(s->patterns[i]->pattern, id)) return true;
    return false;
}

// ---- what it costs

uint64_t query_set_items(const struct epcis_event *e)
{
    uint64_t n = (uint64_t)e->epcs.n + e->out_epcs.n + e->quantities.n + e->out_quantities.n +
                 e->bts.n + e->sources.n + e->destinations.n;

    for (uint32_t i = 0; i < e->sensors.n; i++) n += 1 + e->sensors.at[i].report_count;
    return n;
}

static uint64_t term_work(const struct query_term *t)
{
    uint64_t work = 0;

    if (t->set != NULL) work = t->set->pattern_n;
    for (uint32_t i = 0; i < t->n; i++)
        if (t->values[i].is_number) work += NUMBER_WORK;
    return work;
}

uint64_t query_set_work(const struct query *q, const struct epcis_event *e)
{
    uint64_t each = 0, items = query_set_items(e);

    if (items == 0) return 0;
    for (uint32_t i = 0; i < q->n; i++) each += term_work(&q->terms[i]);
    return each * items;
}
