// match.c - one event against all terms: what EPCIS says a parameter means, on the event as a
// value. Words and identifiers are compared in one spelling, times as instants, numbers exactly.
#include "service/epcis/uom.h"
#include "service/query/rows.h"
#include "service/query/value_set.h"
#include <string.h>

// Of one event, so that no turn lasts: about a quarter of a second.
#define EVENT_WORK_MAX (50 * 1000 * 1000u)

bool query_op_holds(enum query_op op, int order)
{
    switch (op) {
    case QUERY_EQ: return order == 0;
    case QUERY_GT: return order > 0;
    case QUERY_GE: return order >= 0;
    case QUERY_LT: return order < 0;
    case QUERY_LE: return order <= 0;
    case QUERY_EXISTS: return true;
    }
    return false;
}

// ---- values

bool value_text(const struct query_term *t, str text)
{
    if (t->set != NULL) return query_set_has_text(t, text);
    for (uint32_t i = 0; i < t->n; i++)
        if (t->values[i].is_text && str_eq(t->values[i].text, text)) return true;
    return false;
}

bool value_number(const struct query_term *t, str number, str uom)
{
    int order;

    for (uint32_t i = 0; i < t->n; i++) {
        const struct query_value *v = &t->values[i];
        if (v->is_number && epcis_uom_compare(number, uom, v->text, t->type, &order) &&
            query_op_holds(t->row->op, order))
            return true;
    }
    return false;
}

bool value_time(const struct query_term *t, struct moment at)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct query_value *v = &t->values[i];
        int order = (at.at.ms > v->at.at.ms) - (at.at.ms < v->at.at.ms);
        if (v->is_time && query_op_holds(t->row->op, order)) return true;
    }
    return false;
}

// Could any of the values be this text? Cheap, and wrong in one direction only.
static bool may_be(const struct query_term *t, str text)
{
    if (memchr(text.p, '%', text.n) != NULL) return true;
    for (uint32_t i = 0; i < t->n; i++) {
        str needle = t->values[i].needle;
        if (needle.n == 0 || memmem(text.p, text.n, needle.p, needle.n) != NULL) return true;
    }
    return false;
}

// REQ EPCIS-2.0-MATCH: identities are compared, not texts
bool value_id(struct query_look *l, const struct query_term *t, str text)
{
    struct gs1_id id;

    if (text.n == 0) return false;
    if (value_text(t, text)) return true;
    if (t->set == NULL && !may_be(t, text)) return false;
    arena_reset(l->scratch);
    status st = gs1_read(text, l->scratch, &id);
    if (st.cls == ST_TOO_LARGE) l->st = st;
    if (st.cls != ST_OK) return false;
    if (t->set != NULL) return query_set_has_id(t, &id);
    for (uint32_t i = 0; i < t->n; i++)
        if (t->values[i].pattern != NULL && gs1_pattern_matches(t->values[i].pattern, &id))
            return true;
    return false;
}

// ---- what, when, why

bool match_type(struct query_look *l, const struct query_term *t)
{
    return value_text(t, str_of(epcis_shape(l->e->type)->name));
}

bool match_action(struct query_look *l, const struct query_term *t)
{
    const char *name = epcis_action_name(l->e->action);
    return name != NULL && value_text(t, str_of(name));
}

bool match_time(struct query_look *l, const struct query_term *t)
{
    const struct epcis_event *e = l->e;

    switch (t->row->of) {
    case OF_EVENT_TIME: return value_time(t, e->time.at);
    case OF_RECORD_TIME: return value_time(t, e->recorded.at);
    default: return e->error != NULL && value_time(t, e->error->declared.at);
    }
}

bool match_error(struct query_look *l, const struct query_term *t)
{
    (void)t;
    return l->e->error != NULL;
}

static struct epcis_strs subject_of(const struct epcis_event *e, unsigned of)
{
    const str *one[OF_SUBJECTS] = {
        [OF_STEP] = &e->step,
        [OF_DISPOSITION] = &e->disposition,
        [OF_EVENT_ID] = &e->id,
        [OF_TRANSFORMATION] = &e->transformation,
        [OF_REASON] = e->error == NULL ? NULL : &e->error->reason,
        [OF_READ_POINT] = &e->read_point.id,
        [OF_BIZ_LOCATION] = &e->biz_location.id,
    };

    if (of == OF_SET) return e->set;
    if (of == OF_UNSET) return e->unset;
    if (of == OF_CORRECTIVE)
        return e->error == NULL ? (struct epcis_strs){0} : e->error->corrective;
    return (struct epcis_strs){one[of], one[of] != NULL && one[of]->n > 0};
}

bool match_texts(struct query_look *l, const struct query_term *t)
{
    struct epcis_strs s = subject_of(l->e, t->row->of);

    for (uint32_t i = 0; i < s.n; i++)
        if (value_text(t, s.at[i])) return true;
    return false;
}

bool match_ids(struct query_look *l, const struct query_term *t)
{
    struct epcis_strs s = subject_of(l->e, t->row->of);

    for (uint32_t i = 0; i < s.n; i++)
        if (value_id(l, t, s.at[i])) return true;
    return false;
}

bool match_pairs(struct query_look *l, const struct query_term *t)
{
    const struct epcis_event *e = l->e;
    const struct epcis_pairs *p = t->row->of == OF_BT       ? &e->bts
                                  : t->row->of == OF_SOURCE ? &e->sources
                                                            : &e->destinations;

    for (uint32_t i = 0; i < p->n; i++)
        if (str_eq(p->at[i].type, t->type) && value_id(l, t, p->at[i].id)) return true;
    return false;
}

// ---- EPCs and classes of them

static bool any_of(struct query_look *l, const struct query_term *t, const struct epcis_ids *ids)
{
    struct buf b;
    bool hit = false;

    if (ids->at != NULL) {
        for (uint32_t i = 0; i < ids->n && !hit; i++) hit = value_id(l, t, ids->at[i]);
        return hit;
    }
    buf_init(&b, 64 * KB);
    for (uint32_t i = 0; i < ids->n && !hit && l->st.cls == ST_OK; i++) {
        buf_reset(&b);
        l->st = ids->put(ids->self, i, EPCIS_DL, &b);
        if (l->st.cls == ST_OK && b.failed) l->st = no_memory();
        if (l->st.cls == ST_OK) hit = value_id(l, t, buf_str(&b));
    }
    buf_fini(&b);
    return hit;
}

// Which of a term's parts an event's first lists are.
static unsigned inputs_of(const struct epcis_event *e)
{
    return e->type == EPCIS_TRANSFORMATION ? OF_INPUTS : OF_EPCS;
}

bool match_epcs(struct query_look *l, const struct query_term *t)
{
    unsigned of = t->row->of;

    if ((of & OF_PARENT) != 0 && value_id(l, t, l->e->parent)) return true;
    if ((of & inputs_of(l->e)) != 0 && any_of(l, t, &l->e->epcs)) return true;
    return (of & OF_OUTPUTS) != 0 && any_of(l, t, &l->e->out_epcs);
}

static bool any_class(struct query_look *l, const struct query_term *t,
                      const struct epcis_quantities *q)
{
    for (uint32_t i = 0; i < q->n; i++)
        if (value_id(l, t, q->at[i].epc_class)) return true;
    return false;
}

bool match_classes(struct query_look *l, const struct query_term *t)
{
    unsigned of = t->row->of;

    if ((of & inputs_of(l->e)) != 0 && any_class(l, t, &l->e->quantities)) return true;
    return (of & OF_OUTPUTS) != 0 && any_class(l, t, &l->e->out_quantities);
}

static bool any_quantity(const struct query_term *t, const struct epcis_quantities *q)
{
    for (uint32_t i = 0; i < q->n; i++) {
        str uom = t->row->tail == TAIL_UOM ? q->at[i].uom : (str){0};
        if (t->row->tail == TAIL_UOM && uom.n == 0) continue;
        if (q->at[i].quantity.n > 0 && value_number(t, q->at[i].quantity, uom)) return true;
    }
    return false;
}

bool match_quantity(struct query_look *l, const struct query_term *t)
{
    return any_quantity(t, &l->e->quantities) || any_quantity(t, &l->e->out_quantities);
}

// ---- all of them

status query_matches(const struct query *q, const struct epcis_event *e,
                     const struct query_master *m, struct arena *scratch, bool *out)
{
    struct query_look l = {.e = e, .master = m, .scratch = scratch};

    if (query_set_work(q, e) > EVENT_WORK_MAX)
        return fail(ST_TOO_LARGE, "query.too_complex", 0,
                    "too many patterns or numbers for an event of %llu objects",
                    (unsigned long long)query_set_items(e));
    *out = true;
    for (uint32_t i = 0; i < q->n && *out; i++) {
        *out = q->terms[i].row->match(&l, &q->terms[i]);
        TRY(l.st);
    }
    return OK;
}
