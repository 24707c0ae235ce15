// vocabulary.c - from a document's front to facts, and from these to rows.
#include "service/vocabulary/vocabulary.h"
#include "service/gs1/id.h"
#include "service/vocabulary/tree.h"
#include "service/vocabulary/vocabulary_db.h"
#include <string.h>

#define FACT_BYTES 128u * KB // of one fact, but for an element that is larger
#define FACT_ROWS  1500u
#define PACKED_MAX (1 * MB) // of one element

// ---- keys

// Whose names are words of the CBV.
static const struct {
    str type;
    enum epcis_vocabulary words;
} worded[] = {
    {{"urn:epcglobal:epcis:vtype:BusinessStep", 38},            EPCIS_VOC_STEP },
    {{"urn:epcglobal:epcis:vtype:Disposition", 37},             EPCIS_VOC_DISP },
    {{"urn:epcglobal:epcis:vtype:BusinessTransactionType", 49}, EPCIS_VOC_TRADE},
    {{"urn:epcglobal:epcis:vtype:SourceDestType", 40},          EPCIS_VOC_END  },
    {{"urn:epcglobal:epcis:vtype:ErrorReason", 37},             EPCIS_VOC_ERROR},
};

status vocabulary_key(str type, str id, struct arena *scratch, struct buf *out)
{
    struct gs1_id gs1;
    str word;

    for (size_t i = 0; i < LEN(worded); i++) {
        bool asked = type.n == 0 || str_eq(type, worded[i].type);
        if (!asked || epcis_word_read(worded[i].words, id, EPCIS_SPELT_IN_XML, &word).cls != ST_OK)
            continue;
        if (!str_eq(word, id)) return buf_add(out, word), OK;
    }
    arena_reset(scratch);
    status st = gs1_read(id, scratch, &gs1);
    if (st.cls == ST_TOO_LARGE) return st;
    if (st.cls != ST_OK || gs1_write(&gs1, GS1_DL, NULL, out).cls != ST_OK) buf_add(out, id);
    return out->failed ? no_memory() : OK;
}

// ---- packing

struct packing {
    struct arena *arena, scratch;
    struct buf b, key, trees;
};

static status limit(str id, const char *what, size_t most)
{
    return fail(ST_BAD_INPUT, "vocabulary.limit", 0, "%.*s: %s, at most %zu",
                (int)(id.n < 40 ? id.n : 40), id.p, what, most);
}

static status element_check(const struct epcis_vocabulary_element *e)
{
    if (e->type.n == 0 || e->id.n == 0)
        return fail(ST_BAD_INPUT, "vocabulary.name", 0, "a vocabulary and its elements have names");
    if (e->type.n > VOCABULARY_TYPE_MAX)
        return limit(e->type, "bytes of a vocabulary's name", VOCABULARY_TYPE_MAX);
    if (e->id.n > VOCABULARY_ID_MAX)
        return limit(e->id, "bytes of an element's name", VOCABULARY_ID_MAX);
    if (e->attr_count > VOCABULARY_ATTRS_MAX)
        return limit(e->id, "attributes", VOCABULARY_ATTRS_MAX);
    if (e->children.n > VOCABULARY_CHILDREN_MAX)
        return limit(e->id, "children", VOCABULARY_CHILDREN_MAX);
    for (uint32_t i = 0; i < e->attr_count; i++)
        if (e->attrs[i].id.n == 0 || e->attrs[i].id.n > VOCABULARY_NAME_MAX)
            return limit(e->id, "bytes of an attribute's name", VOCABULARY_NAME_MAX);
    for (uint32_t i = 0; i < e->children.n; i++)
        if (e->children.at[i].n == 0 || e->children.at[i].n > VOCABULARY_ID_MAX)
            return limit(e->id, "bytes of a child's name", VOCABULARY_ID_MAX);
    return OK;
}

static status attr_pack(struct packing *p, str id, const struct epcis_vocabulary_attr *a)
{
    str value = str_trim(a->text);

    buf_reset(&p->trees);
    TRY(vocabulary_tree_pack(a->content, &p->trees));
    if (p->trees.failed || value.n + p->trees.n > VOCABULARY_VALUE_MAX)
        return limit(id, "bytes of an attribute", VOCABULARY_VALUE_MAX);
    bytes_str(&p->b, str_trim(a->id));
    bytes_str(&p->b, value);
    bytes_str(&p->b, buf_str(&p->trees));
    return OK;
}

static status element_pack(struct packing *p, const struct epcis_vocabulary_element *e)
{
    size_t begin = p->b.n;

    TRY(element_check(e));
    buf_reset(&p->key);
    TRY(vocabulary_key(e->type, e->id, &p->scratch, &p->key));
    bytes_str(&p->b, e->type);
    bytes_str(&p->b, e->id);
    bytes_str(&p->b, buf_str(&p->key));
    bytes_var(&p->b, e->attr_count);
    for (uint32_t i = 0; i < e->attr_count; i++) TRY(attr_pack(p, e->id, &e->attrs[i]));
    bytes_var(&p->b, e->children.n);
    for (uint32_t i = 0; i < e->children.n; i++) bytes_str(&p->b, e->children.at[i]);
    if (p->b.failed || p->b.n - begin > PACKED_MAX) return limit(e->id, "bytes", PACKED_MAX);
    return OK;
}

// Elements from *from on, as many as one fact takes.
static status fact_pack(struct packing *p, const struct epcis_front *f, uint32_t *from, str *out)
{
    uint32_t n = 0, rows = 0;
    struct buf whole;

    buf_reset(&p->b);
    while (*from + n < f->element_count && p->b.n < FACT_BYTES && rows < FACT_ROWS) {
        const struct epcis_vocabulary_element *e = &f->elements[*from + n++];
        TRY(element_pack(p, e));
        rows += 2 + e->attr_count + e->children.n;
    }
    buf_init(&whole, p->b.n + 8);
    bytes_var(&whole, n);
    buf_add(&whole, buf_str(&p->b));
    *out = arena_str(p->arena, buf_str(&whole));
    buf_fini(&whole);
    *from += n;
    return out->p == NULL ? no_memory() : OK;
}

static status asks_pack(struct packing *p, const struct epcis_front *f, client_id client,
                        struct vocabulary_asks *out)
{
    uint32_t room = 0;

    for (uint32_t from = 0; from < f->element_count;) {
        if (out->n == room) {
            struct vocabulary_ask *more;
            room = room == 0 ? 4 : 2 * room;
            if ((more = NEW_ARRAY(p->arena, struct vocabulary_ask, room)) == NULL)
                return no_memory();
            if (out->n > 0) memcpy(more, out->at, out->n * sizeof *more);
            out->at = more;
        }
        out->at[out->n].client = client;
        TRY(fact_pack(p, f, &from, &out->at[out->n].packed));
        out->n++;
    }
    return OK;
}

status vocabulary_asks(const struct epcis_front *f, client_id client, struct arena *a,
                       struct vocabulary_asks *out)
{
    struct packing p = {.arena = a};
    struct vocabulary_asks all = {NULL, 0};

    arena_init(&p.scratch, 1 * MB);
    buf_init(&p.b, FACT_BYTES + 2 * PACKED_MAX);
    buf_init(&p.key, 16 * KB);
    buf_init(&p.trees, 2 * VOCABULARY_VALUE_MAX);
    status st = asks_pack(&p, f, client, &all);
    buf_fini(&p.b);
    buf_fini(&p.key);
    buf_fini(&p.trees);
    arena_fini(&p.scratch);
    if (st.cls == ST_OK) *out = all;
    return st;
}

// ---- reading it again

struct vocabulary_r vocabulary_reader(str packed)
{
    struct vocabulary_r r = {.in = bytes_reader(packed)};

    r.begin = r.in.p;
    r.elements = (uint32_t)bytes_get_var(&r.in);
    return r;
}

bool vocabulary_next(struct vocabulary_r *r, struct vocabulary_element *out)
{
    struct vocabulary_attr a;
    str child;

    while (vocabulary_next_attr(r, &a)) continue;
    while (vocabulary_next_child(r, &child)) continue;
    if (r->elements == 0 || r->in.bad) return false;
    r->elements--;
    out->type = bytes_get_str(&r->in);
    out->id = bytes_get_str(&r->in);
    out->key = bytes_get_str(&r->in);
    r->attrs = (uint32_t)bytes_get_var(&r->in);
    if (r->attrs == 0) r->children = (uint32_t)bytes_get_var(&r->in);
    return !r->in.bad;
}

bool vocabulary_next_attr(struct vocabulary_r *r, struct vocabulary_attr *out)
{
    if (r->attrs == 0 || r->in.bad) return false;
    out->name = bytes_get_str(&r->in);
    out->at = (uint32_t)(r->in.p - r->begin);
    out->value = bytes_get_str(&r->in);
    out->tree = bytes_get_str(&r->in);
    if (--r->attrs == 0) r->children = (uint32_t)bytes_get_var(&r->in);
    return !r->in.bad;
}

bool vocabulary_next_child(struct vocabulary_r *r, str *out)
{
    if (r->attrs > 0 || r->children == 0 || r->in.bad) return false;
    r->children--;
    *out = bytes_get_str(&r->in);
    return !r->in.bad;
}

bool vocabulary_end(const struct vocabulary_r *r)
{
    return r->elements == 0 && r->attrs == 0 && r->children == 0 && bytes_end(&r->in);
}

// ---- the fact

// Is all of the element known to be so already? Reads on in either case.
static bool element_known(struct txn *t, client_id c, struct vocabulary_r *r,
                          const struct vocabulary_element *e)
{
    struct element_id id = element_id_of(e->key, e->type);
    struct vocabulary_attr a;
    struct element_row row;
    struct attr_row old;
    str child, was;

    bool known = element_get(t, c, &id, &row) && str_eq(row.id, e->id);
    while (vocabulary_next_attr(r, &a)) {
        struct digest16 content = attr_content(a.value, a.tree);
        known = known && attr_get(t, c, &id, a.name, &old) && str_eq(old.name, a.name) &&
                memcmp(&content, &old.content, sizeof content) == 0;
    }
    known = known && (r->children == 0 || r->children == row.children);
    for (uint32_t i = 0; vocabulary_next_child(r, &child); i++)
        known = known && child_get(t, c, &id, i, &was) && str_eq(was, child);
    return known;
}

// A partner that sends the same header with every document says something once.
static status captured_decide(struct decide *d)
{
    const struct vocabulary_ask *ask = d->ask;
    struct vocabulary_r r = vocabulary_reader(ask->packed);
    struct vocabulary_element e;
    bool known = true;

    d->fact->client = ask->client;
    while (known && vocabulary_next(&r, &e)) known = element_known(d->t, ask->client, &r, &e);
    d->nothing = known;
    buf_add(d->out, ask->packed);
    return OK;
}

static void element_write(struct txn *t, const struct fact *f, struct vocabulary_r *r,
                          const struct vocabulary_element *e)
{
    struct element_id id = element_id_of(e->key, e->type);
    struct element_row row, old = {.children = 0};
    struct vocabulary_attr a;
    uint32_t n = 0;
    str child;

    uint32_t before = element_get(t, f->client, &id, &old) ? old.children : 0;
    while (vocabulary_next_attr(r, &a)) {
        struct attr_row attr = {a.name, a.value, a.tree, attr_content(a.value, a.tree),
                                f->seq, a.at};
        attr_put(t, f->client, &id, &attr);
    }
    while (vocabulary_next_child(r, &child)) child_put(t, f->client, &id, n++, child);
    for (uint32_t i = n; n > 0 && i < before; i++) child_del(t, f->client, &id, i);
    row = (struct element_row){e->type, e->id, f->seq, n > 0 ? n : before};
    element_put(t, f->client, &id, &row);
}

static void captured_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct vocabulary_r r = vocabulary_reader(f->decided);
    struct vocabulary_element e;

    (void)arg;
    while (vocabulary_next(&r, &e)) element_write(t, f, &r, &e);
    if (!vocabulary_end(&r)) txn_spoil(t, "record.corrupt", "master data break off");
}

static void captured_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct vocabulary_r r = vocabulary_reader(f->decided);
    struct vocabulary_element e;
    struct vocabulary_attr a;
    str child;

    (void)arg;
    json_w_key(w, S("elements"));
    json_w_array(w);
    while (vocabulary_next(&r, &e)) {
        json_w_object(w);
        json_w_kstr(w, "type", e.type);
        json_w_kstr(w, "id", e.id);
        json_w_key(w, S("attributes"));
        json_w_array(w);
        while (vocabulary_next_attr(&r, &a)) {
            json_w_object(w);
            json_w_kstr(w, "id", a.name);
            json_w_kstr(w, "attribute", a.value);
            if (a.tree.n > 0) json_w_kbool(w, "elements", true);
            json_w_end(w);
        }
        json_w_end(w);
        json_w_key(w, S("children"));
        json_w_array(w);
        while (vocabulary_next_child(&r, &child)) json_w_str(w, child);
        json_w_end(w);
        json_w_end(w);
    }
    json_w_end(w);
}

const struct kind kind_vocabulary_captured = {
    FACT_VOCABULARY_CAPTURED, 1,   "vocabulary.captured", captured_decide, captured_write,
    captured_print,           NULL};
