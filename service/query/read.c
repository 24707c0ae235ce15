// read.c - one parameter after the other becomes a term: its row is found, its value is held
// against what the row takes, and spelled as events are.
#include "common/digest.h"
#include "service/epcis/value.h"
#include "service/query/rows.h"
#include <string.h>

#define TERMS_FIRST 8u

// A bit for each way to give a value that a row takes.
#define AS(how) (1u << (how))
#define UNTYPED (AS(QUERY_TEXT) | AS(QUERY_PLAIN))
static const unsigned takes[] = {
    [TAKES_LIST] = AS(QUERY_TEXT) | AS(QUERY_LIST),
    [TAKES_TIME] = UNTYPED | AS(QUERY_STRING) | AS(QUERY_TIME),
    [TAKES_NUMBER] = UNTYPED | AS(QUERY_NUMBER),
    [TAKES_NUMBERS] = UNTYPED | AS(QUERY_NUMBER) | AS(QUERY_NUMBERS),
    [TAKES_FLAG] = UNTYPED | AS(QUERY_BOOL) | AS(QUERY_NUMBER) | AS(QUERY_VOID),
    [TAKES_BOOL] = UNTYPED | AS(QUERY_BOOL),
    [TAKES_ANY] = UNTYPED | AS(QUERY_STRING) | AS(QUERY_LIST) | AS(QUERY_NUMBER) |
                  AS(QUERY_NUMBERS) | AS(QUERY_TIME) | AS(QUERY_BOOL),
    [TAKES_SIZE] = UNTYPED | AS(QUERY_STRING) | AS(QUERY_NUMBER) | AS(QUERY_TIME),
};

struct query_name {
    str text;
    struct query_name *next;
};

static status wrong(const char *reason, str name, const char *says)
{
    return fail(ST_BAD_INPUT, reason, 0, "%.*s: %s", (int)(name.n < 40 ? name.n : 40), name.p,
                says);
}

void query_begin(struct query_reader *r, struct arena *a)
{
    *r = (struct query_reader){.arena = a};
    r->prefixes[r->prefix_count++] = epcis_ns_cbvmda;
}

// ---- prefixes

status query_prefix(struct query_reader *r, str prefix, str uri)
{
    for (uint32_t i = 0; i < r->prefix_count; i++)
        if (str_eq(r->prefixes[i].prefix, prefix)) return r->prefixes[i].uri = uri, OK;
    if (r->prefix_count == QUERY_PREFIXES_MAX)
        return fail(ST_TOO_LARGE, "query.too_complex", 0, "more than %u prefixes are declared",
                    QUERY_PREFIXES_MAX);
    r->prefixes[r->prefix_count++] = (struct epcis_ns){prefix, uri};
    return OK;
}

// ---- names

static status field_read(struct query_reader *r, str name, str text, struct query_field *out)
{
    const char *sign = memrchr(text.p, '#', text.n);
    str prefix, rest = text;

    if (sign != NULL) { // of a namespace's URI
        *out = (struct query_field){
            .ns = {text.p, (size_t)(sign - text.p)}
        };
        out->name = str_from(text, out->ns.n + 1);
        return out->name.n > 0 ? OK : wrong("query.unknown", name, "a field has a name");
    }
    str_cut(&rest, ':', &prefix);
    for (uint32_t i = 0; i < r->prefix_count; i++) {
        if (!str_eq(r->prefixes[i].prefix, prefix)) continue;
        *out = (struct query_field){.ns = r->prefixes[i].uri, .name = rest};
        return OK;
    }
    return wrong("query.unknown", name, "the prefix of this field is not declared");
}

// A field of master data is one of EPCIS, or an extension's.
static status has_read(struct query_reader *r, str name, str text, struct query_field *out)
{
    if (memchr(text.p, ':', text.n) != NULL || memchr(text.p, '#', text.n) != NULL)
        return field_read(r, name, text, out);
    *out = (struct query_field){.name = text};
    return OK;
}

// "readPoint_urn:…:mda#street": a field's own name has no '_' unless it has a prefix, and then
// what follows the last one is the attribute.
static status attr_read(struct query_reader *r, str name, str text, struct query_field *out)
{
    const char *first = memchr(text.p, '_', text.n);
    size_t at = (size_t)(first - text.p);
    str field = {text.p, at};

    if (memchr(field.p, ':', field.n) != NULL) {
        at = (size_t)((const char *)memrchr(text.p, '_', text.n) - text.p);
        field.n = at;
    }
    TRY(has_read(r, name, field, out));
    out->attr = str_from(text, at + 1);
    return out->attr.n > 0 ? OK : wrong("query.unknown", name, "an attribute has a name");
}

static status type_read(const struct query_row *row, str name, str text, str *out)
{
    if (epcis_word_read(row->arg, text, EPCIS_SPELT_ANYHOW, out).cls == ST_OK) return OK;
    if (!epcis_is_uri(text)) return wrong("query.unknown", name, "there is no such type");
    *out = text;
    return OK;
}

static status tail_read(struct query_reader *r, str name, str tail, struct query_term *t)
{
    switch ((enum query_tail)t->row->tail) {
    case TAIL_NONE: return OK;
    case TAIL_TYPE: return type_read(t->row, name, tail, &t->type);
    case TAIL_UOM: return t->type = tail, OK;
    case TAIL_FIELD: return field_read(r, name, tail, &t->field);
    case TAIL_HAS: return has_read(r, name, tail, &t->field);
    case TAIL_ATTR: return attr_read(r, name, tail, &t->field);
    }
    return OK;
}

// ---- values

// The '+' of a zone or serial that a URL did not escape has become a blank.
static str unblank(struct query_reader *r, str s)
{
    const char *blank = memchr(s.p, ' ', s.n);

    if (blank == NULL) return s;
    str copy = arena_str(r->arena, s);
    for (size_t i = 0; copy.p != NULL && i < copy.n; i++)
        if (copy.p[i] == ' ') ((char *)(uintptr_t)copy.p)[i] = '+';
    return copy.p == NULL ? s : copy;
}

// Where the serial has only characters that no spelling escapes, it stands in every spelling.
static str needle_of(const struct gs1_id *id)
{
    str s = id->ext;

    if (id->key_n == 0) return (str){0};
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                     c == '-' || c == '.' || c == '_';
        if (!plain) return (str){0};
    }
    return s;
}

static status id_read(struct query_reader *r, str name, const struct query_row *row,
                      struct query_value *v)
{
    struct gs1_pattern *p = NEW(r->arena, struct gs1_pattern);

    if (p == NULL) return no_memory();
    status st = row->spelt == SPELT_PATTERN ? gs1_pattern_read(v->text, r->arena, p)
                                            : gs1_read(v->text, r->arena, &p->id);
    if (row->spelt != SPELT_PATTERN) p->is_exact = true;
    if (st.cls == ST_OK) {
        v->pattern = p;
        if (p->is_exact) v->needle = needle_of(&p->id);
        return OK;
    }
    if (row->spelt == SPELT_PATTERN && str_starts(v->text, S("urn:epc:idpat:")))
        return wrong("query.value", name, "this is no pattern of the EPC Tag Data Standard");
    return OK;
}

static status spelt_read(struct query_reader *r, str name, const struct query_row *row,
                         struct query_value *v)
{
    enum epcis_action action;
    enum epcis_type type;
    str word;

    switch ((enum query_spelt)row->spelt) {
    case SPELT_TEXT: return OK;
    case SPELT_WORD:
        if (epcis_word_read(row->arg, v->text, EPCIS_SPELT_ANYHOW, &word).cls == ST_OK)
            return v->text = word, OK;
        return epcis_is_uri(v->text) ? OK : wrong("query.value", name, "there is no such word");
    case SPELT_ID:
    case SPELT_PATTERN: return id_read(r, name, row, v);
    case SPELT_ACTION:
        if (epcis_action_find(v->text, &action)) return OK;
        return wrong("query.value", name, "ADD, OBSERVE or DELETE");
    case SPELT_TYPE:
        if (epcis_type_find(v->text, &type) || epcis_is_uri(v->text)) return OK;
        return wrong("query.value", name, "there is no such type of event");
    }
    return OK;
}

static bool time_read(str s, struct query_value *v)
{
    return v->is_time = when_read(s, &v->at).cls == ST_OK;
}

static bool number_read(str s, struct query_value *v)
{
    struct epcis_number n;
    return v->is_number = epcis_number_read(s, &n);
}

// What a single value of an extension may be compared as follows from how it was given.
static status any_read(str name, const struct query_given *g, struct query_value *v)
{
    bool size = g->as == QUERY_NUMBER || g->as == QUERY_NUMBERS;

    v->is_text = !size && g->as != QUERY_TIME;
    if (size || (UNTYPED & AS(g->as)) != 0) number_read(v->text, v);
    if (((UNTYPED | AS(QUERY_STRING) | AS(QUERY_TIME)) & AS(g->as)) != 0) time_read(v->text, v);
    if (size && !v->is_number) return wrong("query.value", name, "this is no number");
    if (g->as == QUERY_TIME && !v->is_time) return wrong("query.value", name, "this is no time");
    return OK;
}

static status value_read(struct query_reader *r, str name, const struct query_row *row,
                         const struct query_given *g, struct query_value *v)
{
    bool urlish = g->as == QUERY_TEXT;

    switch ((enum query_takes)row->takes) {
    case TAKES_LIST:
        v->is_text = true;
        if (urlish && (row->spelt == SPELT_ID || row->spelt == SPELT_PATTERN))
            v->text = unblank(r, v->text);
        return spelt_read(r, name, row, v);
    case TAKES_TIME:
        if (urlish) v->text = unblank(r, v->text);
        return time_read(v->text, v) ? OK : wrong("query.value", name, "a time with its zone");
    case TAKES_NUMBER:
    case TAKES_NUMBERS:
        return number_read(v->text, v) ? OK : wrong("query.value", name, "this is no number");
    case TAKES_BOOL:
        v->is_text = true;
        return epcis_is_bool(v->text) ? OK : wrong("query.value", name, "true or false");
    case TAKES_ANY: return any_read(name, g, v);
    case TAKES_SIZE:
        if (urlish && time_read(unblank(r, v->text), v)) return OK;
        TRY(any_read(name, g, v));
        v->is_text = false;
        if (v->is_number || v->is_time) return OK;
        return wrong("query.value", name, "a number, or a time with its zone");
    case TAKES_FLAG: break;
    }
    return OK;
}

static bool splits(const struct query_row *row, const struct query_given *g)
{
    return g->as == QUERY_TEXT &&
           (row->takes == TAKES_LIST || row->takes == TAKES_NUMBERS || row->takes == TAKES_ANY);
}

static uint32_t count_of(const struct query_row *row, const struct query_given *g)
{
    uint32_t n = g->n;

    for (uint32_t i = 0; splits(row, g) && i < g->n; i++)
        for (size_t k = 0; k < g->at[i].n; k++) n += g->at[i].p[k] == '|';
    return n;
}

static status values_read(struct query_reader *r, str name, const struct query_given *g,
                          struct query_term *t)
{
    uint32_t room = count_of(t->row, g);
    struct query_value *values;

    if (room > QUERY_VALUES_MAX - r->values)
        return fail(ST_TOO_LARGE, "query.too_complex", 0, "a query has at most %u values",
                    QUERY_VALUES_MAX);
    r->values += room;
    if ((values = NEW_ARRAY(r->arena, struct query_value, room)) == NULL) return no_memory();
    for (uint32_t i = 0; i < g->n; i++) {
        str rest = g->at[i], one;
        for (bool more = true; more;) {
            more = splits(t->row, g) && str_cut(&rest, '|', &one);
            struct query_value *v = &values[t->n];
            *v = (struct query_value){.text = str_trim(more ? one : rest)};
            if (v->text.n == 0) continue;
            TRY(value_read(r, name, t->row, g, v));
            t->n++;
        }
    }
    t->values = values;
    return OK;
}

// True: the flag is set.
static status flag_read(str name, const struct query_given *g, bool *out)
{
    str s = g->n > 0 ? str_trim(g->at[0]) : (str){0};

    *out = g->as == QUERY_VOID || s.n == 0 || str_eq(s, S("true")) || str_eq(s, S("1"));
    if (*out || str_eq(s, S("false")) || str_eq(s, S("0"))) return OK;
    if (g->as == QUERY_NUMBER && str_is_digits(s)) return *out = true, OK;
    return wrong("query.value", name, "true or false");
}

// ---- how many, and in which order

static status count_read(str name, const struct query_given *g, uint64_t *out)
{
    if (((UNTYPED | AS(QUERY_NUMBER)) & AS(g->as)) == 0)
        return wrong("query.type", name, "a whole number is wanted");
    if (!str_u64(str_trim(g->at[0]), UINT32_MAX, out) || *out == 0)
        return wrong("query.value", name, "a whole number from 1 on");
    return OK;
}

static status order_read(struct query_reader *r, str name, str text)
{
    if (str_eq(text, S("eventTime"))) return r->q.order = QUERY_BY_EVENT_TIME, OK;
    if (str_eq(text, S("recordTime"))) return r->q.order = QUERY_BY_RECORD_TIME, OK;
    r->q.order = QUERY_BY_FIELD;
    if (memchr(text.p, ':', text.n) == NULL)
        return wrong("query.value", name, "eventTime, recordTime or an extension's field");
    return field_read(r, name, text, &r->q.by);
}

static status direction_read(struct query_reader *r, str name, str text)
{
    r->q.ascending = str_eq(text, S("ASC"));
    if (r->q.ascending || str_eq(text, S("DESC"))) return OK;
    return wrong("query.value", name, "ASC or DESC");
}

static bool is_control(str name)
{
    return str_eq(name, S("orderBy")) || str_eq(name, S("orderDirection")) ||
           str_eq(name, S("eventCountLimit")) || str_eq(name, S("maxEventCount"));
}

static status control_give(struct query_reader *r, str name, const struct query_given *g)
{
    if (g->n == 0 || str_trim(g->at[0]).n == 0) return OK;
    if (str_eq(name, S("eventCountLimit"))) return count_read(name, g, &r->q.limit);
    if (str_eq(name, S("maxEventCount"))) return count_read(name, g, &r->q.most);
    if (((UNTYPED | AS(QUERY_STRING)) & AS(g->as)) == 0 || g->n != 1)
        return wrong("query.type", name, "a text is wanted");
    if (str_eq(name, S("orderBy"))) return order_read(r, name, str_trim(g->at[0]));
    return direction_read(r, name, str_trim(g->at[0]));
}

// ---- terms

static status name_note(struct query_reader *r, str name)
{
    for (const struct query_name *n = r->names; n != NULL; n = n->next)
        if (str_eq(n->text, name)) return wrong("query.twice", name, "it is given twice");
    struct query_name *n = NEW(r->arena, struct query_name);
    if (n == NULL) return no_memory();
    *n = (struct query_name){name, r->names};
    r->names = n;
    return OK;
}

static status term_add(struct query_reader *r, const struct query_term *t)
{
    if (r->q.n == r->room) {
        uint32_t room = r->room == 0 ? TERMS_FIRST : 2 * r->room;
        struct query_term *more = NEW_ARRAY(r->arena, struct query_term, room);
        if (more == NULL) return no_memory();
        if (r->q.n > 0) memcpy(more, r->terms, r->q.n * sizeof *more);
        r->terms = more;
        r->room = room;
    }
    r->terms[r->q.n++] = *t;
    return OK;
}

static void hash_text(struct buf *b, str s)
{
    buf_addu(b, s.n);
    buf_addc(b, ':');
    buf_add(b, s);
}

static void hash_mix(struct query_reader *r, const struct buf *b)
{
    struct digest16 d = digest16_of(buf_str(b), (str){0});
    for (unsigned i = 0; i < sizeof d.b; i++) r->q.hash.b[i] ^= d.b[i];
}

static status term_hash(struct query_reader *r, const struct query_term *t)
{
    struct buf b;

    buf_init(&b, 4 * MB);
    hash_text(&b, str_of(t->row->name));
    hash_text(&b, t->type);
    hash_text(&b, t->field.ns);
    hash_text(&b, t->field.name);
    hash_text(&b, t->field.attr);
    for (uint32_t i = 0; i < t->n; i++) hash_text(&b, t->values[i].text);
    if (!b.failed) hash_mix(r, &b);
    status st = b.failed ? no_memory() : OK;
    buf_fini(&b);
    return st;
}

status query_give(struct query_reader *r, str name, const struct query_given *g)
{
    struct query_term t = {0};
    bool set = false;
    str tail;

    TRY(name_note(r, name));
    if (is_control(name)) return control_give(r, name, g);
    if ((t.row = query_row_find(name, &tail)) == NULL)
        return wrong("query.unknown", name, "there is no such parameter");
    TRY(tail_read(r, name, tail, &t));
    if (t.row->takes == TAKES_FLAG) {
        if ((takes[TAKES_FLAG] & AS(g->as)) == 0)
            return wrong("query.type", name, "true or false is wanted");
        TRY(flag_read(name, g, &set));
        if (!set) return OK;
    } else {
        if (g->as == QUERY_VOID || (g->n == 0 && g->as != QUERY_OTHER)) return OK;
        if ((g->as == QUERY_STRING || g->as == QUERY_PLAIN) && str_trim(g->at[0]).n == 0) return OK;
        if ((takes[t.row->takes] & AS(g->as)) == 0)
            return wrong("query.type", name, "its value is of another type");
        TRY(values_read(r, name, g, &t));
        if (t.n == 0) return OK;
    }
    TRY(term_hash(r, &t));
    return term_add(r, &t);
}

status query_end(struct query_reader *r, struct query *out)
{
    struct buf b;

    if (r->q.limit > 0 && r->q.order == QUERY_IN_ANY_ORDER)
        return fail(ST_BAD_INPUT, "query.order", 0, "eventCountLimit goes with orderBy only");
    if (r->q.limit > 0 && r->q.most > 0)
        return fail(ST_BAD_INPUT, "query.order", 0,
                    "eventCountLimit and maxEventCount do not go together");
    if (r->q.order == QUERY_IN_ANY_ORDER) r->q.ascending = true;
    buf_init(&b, 64 * KB);
    buf_addf(&b, "%d %d %llu %llu", r->q.order, r->q.ascending, (unsigned long long)r->q.limit,
             (unsigned long long)r->q.most);
    hash_text(&b, r->q.by.ns);
    hash_text(&b, r->q.by.name);
    if (!b.failed) hash_mix(r, &b);
    status st = b.failed ? no_memory() : OK;
    buf_fini(&b);
    r->q.terms = r->terms;
    *out = r->q;
    return st;
}

status query_check_followed(const struct query *q)
{
    if (q->limit == 0 && q->most == 0) return OK;
    return fail(ST_TOO_LARGE, "query.too_complex", 0,
                "a subscription takes no eventCountLimit and no maxEventCount");
}
