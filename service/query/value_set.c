// value_set.c - a table of texts and one of identities over the same values, both open addressed.
#include "service/query/value_set.h"

#define FEW         8u  // values that are as well looked at one by one
#define NUMBER_WORK 50u // comparing numbers with their units, in comparisons of a pattern

struct query_set {
    uint32_t mask;
    uint32_t *texts, *ids; // value + 1; 0: free
    uint32_t *patterns;    // values that stand for many identities
    uint32_t pattern_n;
};

static uint32_t hash_more(uint32_t h, str s)
{
    for (size_t i = 0; i < s.n; i++) h = (h ^ (uint8_t)s.p[i]) * 16777619u;
    return h;
}

static uint32_t hash_text(str s) { return hash_more(2166136261u, s); }

// Equal for what gs1_id_eq calls equal.
static uint32_t hash_id(const struct gs1_id *id)
{
    return hash_more(hash_more(2166136261u ^ (uint32_t)id->scheme, gs1_id_key(id)), id->ext);
}

static void put(uint32_t *table, uint32_t mask, uint32_t hash, uint32_t value)
{
    uint32_t at = hash & mask;

    while (table[at] != 0) at = (at + 1) & mask;
    table[at] = value + 1;
}

status query_set_make(struct query_term *t, struct arena *a)
{
    uint32_t mask = 15;

    t->set = NULL;
    if (t->n <= FEW) return OK;
    while (mask < 2 * t->n) mask = 2 * mask + 1;
    struct query_set *s = NEW(a, struct query_set);
    uint32_t *tables = NEW_ARRAY(a, uint32_t, 2 * ((size_t)mask + 1) + t->n);
    if (s == NULL || tables == NULL) return no_memory();
    *s = (struct query_set){mask, tables, tables + mask + 1, tables + 2 * ((size_t)mask + 1), 0};
    for (uint32_t i = 0; i < t->n; i++) {
        const struct query_value *v = &t->values[i];
        if (v->is_text) put(s->texts, mask, hash_text(v->text), i);
        if (v->pattern == NULL) continue;
        if (v->pattern->is_exact)
            put(s->ids, mask, hash_id(&v->pattern->id), i);
        else
            s->patterns[s->pattern_n++] = i;
    }
    t->set = s;
    return OK;
}

bool query_set_has_text(const struct query_term *t, str text)
{
    const struct query_set *s = t->set;

    for (uint32_t at = hash_text(text) & s->mask; s->texts[at] != 0; at = (at + 1) & s->mask)
        if (str_eq(t->values[s->texts[at] - 1].text, text)) return true;
    return false;
}

bool query_set_has_id(const struct query_term *t, const struct gs1_id *id)
{
    const struct query_set *s = t->set;

    for (uint32_t at = hash_id(id) & s->mask; s->ids[at] != 0; at = (at + 1) & s->mask)
        if (gs1_id_eq(&t->values[s->ids[at] - 1].pattern->id, id)) return true;
    for (uint32_t i = 0; i < s->pattern_n; i++)
        if (gs1_pattern_matches(t->values[s->patterns[i]].pattern, id)) return true;
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
