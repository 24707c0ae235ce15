// Values of the lists that events are found by. Pure: any thread.
//
// The class of an object (LIST_ITEM_CLASS) is
//   trade items      "gtin:", then the GTIN with its first digit behind the others
//   pieces of items  "itip:", the same of their GTIN, piece and total
//   those with a serial of their own behind the key    scheme, ':', key
//   those that are nothing but a key    scheme, ':', its first 4 characters after the extension
//                    digit: no company prefix is shorter, and each client has its own lists
//   EPCs and URIs without a key    the text up to its last ':', '.', '/', '#', '?' or '='
// so that what a pattern fixes is how values begin, and all of a company prefix lie together.
#include "service/event/index.h"
#include "common/bytes.h"
#include "common/digest.h"
#include <stdlib.h>
#include <string.h>

#define URN_HEAD   11 // "urn:epc:id:"
#define IDPAT_HEAD 14 // "urn:epc:idpat:"
#define HOUR_MS    3600000

enum { PREFIX_MIN = 4, VALUE_FIRST = 16, PAIR_MAX = 16 * 1024 };

static const struct sort {
    const char *name;
    uint8_t lead; // digits before the company prefix
    bool has_ext; // the key alone is the class
} sorts[GS1_URI + 1] = {
    [GS1_SGTIN] = {"gtin:",  1, true },
      [GS1_UPUI] = {"gtin:",  1, true },
    [GS1_LGTIN] = {"gtin:",  1, true },
      [GS1_GTIN] = {"gtin:",  1, true },
    [GS1_SSCC] = {"sscc:",  1, false},
      [GS1_SGLN] = {"sgln:",  0, true },
    [GS1_PGLN] = {"pgln:",  0, false},
      [GS1_GRAI] = {"grai:",  0, true },
    [GS1_GIAI] = {"giai:",  0, false},
      [GS1_GDTI] = {"gdti:",  0, true },
    [GS1_SGCN] = {"sgcn:",  0, true },
      [GS1_CPI] = {"cpi:",   0, true },
    [GS1_ITIP] = {"itip:",  1, true },
      [GS1_GSRN] = {"gsrn:",  0, false},
    [GS1_GSRNP] = {"gsrnp:", 0, false},
      [GS1_GINC] = {"ginc:",  0, false},
    [GS1_GSIN] = {"gsin:",  0, false},
};

static status no_room(void)
{
    return fail(ST_TOO_LARGE, "index.memory", 0, "what an event is found by needs too much memory");
}

// ---- one value

static bool is_class(enum list_attribute of)
{
    return of == LIST_ITEM_CLASS || of == LIST_EPC_CLASS;
}

// Appends the value as its list has it.
static void value_put(enum list_attribute of, str text, struct buf *out)
{
    if (text.n <= INDEX_VALUE_MAX) {
        buf_add(out, text);
        return;
    }
    struct sha256 sum = sha256_of(text);
    if (is_class(of)) buf_add(out, (str){text.p, INDEX_BEGIN_MAX});
    buf_add(out, (str){(const char *)sum.b, 16});
}

// Appends the canonical text; nothing is left in the arena's view that outlives the call.
static void canonical_put(str text, struct arena *scratch, struct buf *out)
{
    struct gs1_id id;
    size_t before = out->n;

    if (gs1_read(text, scratch, &id).cls == ST_OK && gs1_write(&id, GS1_DL, NULL, out).cls == ST_OK)
        return;
    if (!out->failed) out->n = before;
    buf_add(out, text);
}

// The first digit of a GTIN behind its others, so that the company prefix stands first.
static void rotated_put(const char *key, size_t n, struct buf *out)
{
    assert(n >= 14);
    buf_add(out, (str){key + 1, 13});
    buf_addc(out, key[0]);
    buf_add(out, (str){key + 14, n - 14});
}

static void text_class_put(str text, struct buf *out)
{
    size_t n = text.n;

    while (n > 0 && memchr(":./#?=", text.p[n - 1], 6) == NULL) n--;
    buf_add(out, (str){text.p, n});
}

static void item_class_put(const struct gs1_id *id, struct buf *out)
{
    const struct sort *s = &sorts[id->scheme];
    str key = gs1_id_key(id);

    if (s->name == NULL) {
        size_t head = id->scheme == GS1_URI ? 0 : id->is_class ? IDPAT_HEAD : URN_HEAD;
        text_class_put(str_from(id->ext, head), out);
        return;
    }
    buf_add(out, str_of(s->name));
    if (s->has_ext && s->lead == 1) {
        rotated_put(key.p, key.n, out);
    } else if (s->has_ext) {
        buf_add(out, key);
    } else {
        str rest = str_from(key, s->lead);
        buf_add(out, (str){rest.p, rest.n < PREFIX_MIN ? rest.n : PREFIX_MIN});
    }
}

uint32_t index_hour(int64_t ms) { return ms < 0 ? 0 : (uint32_t)(ms / HOUR_MS); }

static status hour_put(str text, struct buf *out)
{
    struct moment m;

    if (when_read(text, &m).cls != ST_OK)
        return fail(ST_BAD_INPUT, "index.value", 0, "no time with a zone");
    bytes_u(out, index_hour(m.at.ms), 4);
    return OK;
}

static status type_put(str text, struct buf *out)
{
    enum epcis_type type;

    if (!epcis_type_find(text, &type))
        return fail(ST_BAD_INPUT, "index.value", 0, "no type of event");
    bytes_u(out, type, 1);
    return OK;
}

static void item_put(str text, struct arena *scratch, struct buf *out)
{
    struct gs1_id id;

    if (gs1_read(text, scratch, &id).cls == ST_OK)
        item_class_put(&id, out);
    else
        text_class_put(text, out);
}

// Appends the text of a value, before it is cut to its length.
static status spell(enum list_attribute of, str type, str text, struct arena *scratch,
                    struct buf *out)
{
    switch (of) {
    case LIST_HOUR: return hour_put(text, out);
    case LIST_TYPE: return type_put(text, out);
    case LIST_STEP:
    case LIST_DISPOSITION:
    case LIST_EVENT_ID: buf_add(out, text); return OK;
    case LIST_ITEM_CLASS: item_put(text, scratch, out); return OK;
    case LIST_BIZ_TRANSACTION:
    case LIST_SOURCE:
    case LIST_DESTINATION:
        buf_add(out, type);
        buf_addc(out, '\0');
        break;
    case LIST_ERROR:
    case LIST_EVENTS: return OK;
    case LIST_LOT:
    case LIST_EXCEPTION:
    case LIST_VERIFICATION:
    case LIST_UNIT: return fail(ST_INTERNAL, "index.value", 0, "no value of an event");
    case LIST_READ_POINT:
    case LIST_BIZ_LOCATION:
    case LIST_EPC_CLASS:
    case LIST_TRANSFORMATION: break;
    }
    canonical_put(text, scratch, out);
    return OK;
}

static status keep(const struct buf *b, struct arena *a, str *out)
{
    str kept = b->failed ? (str){0} : arena_str(a, buf_str(b));

    if (kept.p == NULL) return no_room();
    *out = kept;
    return OK;
}

status index_value(enum list_attribute of, str type, str text, struct arena *a, str *out)
{
    struct buf b, v;

    buf_init(&b, PAIR_MAX + text.n);
    buf_init(&v, KB);
    status st = spell(of, type, text, a, &b);
    if (st.cls == ST_OK && !b.failed) value_put(of, buf_str(&b), &v);
    if (st.cls == ST_OK) st = b.failed ? no_room() : keep(&v, a, out);
    buf_fini(&v);
    buf_fini(&b);
    return st;
}

// ---- all of an event

void indexer_begin(struct indexer *x, struct arena *a)
{
    *x = (struct indexer){.arena = a};
    buf_init(&x->text, 256 * KB);
}

static struct index_entry *entry_new(struct indexer *x)
{
    if (x->n == x->room) {
        uint32_t room = x->room == 0 ? VALUE_FIRST : 2 * x->room;
        struct index_entry *more = NEW_ARRAY(x->arena, struct index_entry, room);
        if (more == NULL) return NULL;
        if (x->n > 0) memcpy(more, x->at, x->n * sizeof *more);
        x->at = more;
        x->room = room;
    }
    return &x->at[x->n++];
}

void indexer_value(struct indexer *x, enum list_attribute of, str value)
{
    struct index_entry *e = x->full ? NULL : entry_new(x);
    str kept = e == NULL ? (str){0} : arena_str(x->arena, value);

    x->full |= kept.p == NULL;
    if (kept.p != NULL) *e = (struct index_entry){of, kept};
}

static void take(struct indexer *x, enum list_attribute of, str type, str text)
{
    char room[INDEX_VALUE_MAX + 1];
    struct buf v;

    buf_reset(&x->text);
    if (spell(of, type, text, x->arena, &x->text).cls != ST_OK || x->text.failed) {
        x->full = true;
        return;
    }
    str whole = buf_str(&x->text);
    if (whole.n <= sizeof room - 1) {
        indexer_value(x, of, whole);
        return;
    }
    buf_init(&v, KB);
    value_put(of, whole, &v);
    indexer_value(x, of, buf_str(&v));
    buf_fini(&v);
}

static void take_some(struct indexer *x, enum list_attribute of, str text)
{
    if (text.n > 0) take(x, of, (str){0}, text);
}

static void take_pairs(struct indexer *x, enum list_attribute of, const struct epcis_pairs *all)
{
    for (uint32_t i = 0; i < all->n; i++) take(x, of, all->at[i].type, all->at[i].id);
}

static void take_classes(struct indexer *x, const struct epcis_quantities *all)
{
    for (uint32_t i = 0; i < all->n; i++) take(x, LIST_EPC_CLASS, (str){0}, all->at[i].epc_class);
}

void indexer_event(struct indexer *x, const struct epcis_event *e)
{
    char hour[4], type = (char)e->type;

    put_be(hour, index_hour(e->time.at.at.ms), 4);
    indexer_value(x, LIST_HOUR, (str){hour, sizeof hour});
    indexer_value(x, LIST_TYPE, (str){&type, 1});
    take_some(x, LIST_STEP, e->step);
    take_some(x, LIST_DISPOSITION, e->disposition);
    take_some(x, LIST_READ_POINT, e->read_point.id);
    take_some(x, LIST_BIZ_LOCATION, e->biz_location.id);
    take_pairs(x, LIST_BIZ_TRANSACTION, &e->bts);
    take_pairs(x, LIST_SOURCE, &e->sources);
    take_pairs(x, LIST_DESTINATION, &e->destinations);
    take_classes(x, &e->quantities);
    take_classes(x, &e->out_quantities);
    take_some(x, LIST_TRANSFORMATION, e->transformation);
    take_some(x, LIST_EVENT_ID, e->id);
    if (e->error != NULL) indexer_value(x, LIST_ERROR, (str){0});
}

static void class_end(struct indexer *x)
{
    str whole = x->text.failed ? (str){0} : buf_str(&x->text);
    char room[INDEX_VALUE_MAX];
    struct buf v;

    if (x->text.failed) x->full = true;
    if (x->full || (x->last_class.p != NULL && str_eq(whole, x->last_class))) return;
    if (whole.n > sizeof room) {
        buf_init(&v, KB);
        value_put(LIST_ITEM_CLASS, whole, &v);
        indexer_value(x, LIST_ITEM_CLASS, buf_str(&v));
        buf_fini(&v);
    } else {
        indexer_value(x, LIST_ITEM_CLASS, whole);
        if (!x->full) x->last_class = x->at[x->n - 1].value;
    }
}

void indexer_epc(struct indexer *x, const struct gs1_id *id)
{
    buf_reset(&x->text);
    item_class_put(id, &x->text);
    class_end(x);
}

static void take_epc(struct indexer *x, str text, struct arena *scratch)
{
    arena_reset(scratch);
    buf_reset(&x->text);
    item_put(text, scratch, &x->text);
    class_end(x);
}

static void take_epcs(struct indexer *x, const struct epcis_ids *ids, struct arena *scratch)
{
    struct buf b;

    buf_init(&b, 64 * KB);
    for (uint32_t i = 0; i < ids->n && !x->full; i++) {
        buf_reset(&b);
        if (ids->at != NULL) {
            take_epc(x, ids->at[i], scratch);
        } else if (ids->put(ids->self, i, EPCIS_DL, &b).cls == ST_OK && !b.failed) {
            take_epc(x, buf_str(&b), scratch);
        } else {
            x->full = true;
        }
    }
    buf_fini(&b);
}

static int by_value(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;

    if (x->of != y->of) return x->of < y->of ? -1 : 1;
    return str_cmp(x->value, y->value);
}

status indexer_end(struct indexer *x, struct index_entries *out)
{
    uint32_t n = 0;

    buf_fini(&x->text);
    if (x->full) return no_room();
    if (x->n > 1) qsort(x->at, x->n, sizeof *x->at, by_value);
    for (uint32_t i = 0; i < x->n; i++)
        if (n == 0 || by_value(&x->at[n - 1], &x->at[i]) != 0) x->at[n++] = x->at[i];
    *out = (struct index_entries){x->at, n};
    return OK;
}

status index_of(const struct epcis_event *e, struct arena *a, struct index_entries *out)
{
    struct arena scratch;
    struct indexer x;

    arena_init(&scratch, 1 * MB);
    indexer_begin(&x, a);
    indexer_event(&x, e);
    if (e->parent.n > 0) take_epc(&x, e->parent, &scratch);
    take_epcs(&x, &e->epcs, &scratch);
    take_epcs(&x, &e->out_epcs, &scratch);
    arena_fini(&scratch);
    return indexer_end(&x, out);
}

// ---- patterns

// What is fixed of the class of objects; *whole: it is the class.
static void item_begin_put(const struct gs1_pattern *p, bool *whole, struct buf *out)
{
    const struct sort *s = &sorts[p->id.scheme];
    str fixed = {p->id.key + p->from, (size_t)(p->to - p->from)};

    *whole = false;
    if (s->name == NULL) {
        buf_add(out, str_from((str){p->id.ext.p, p->to}, IDPAT_HEAD));
        return;
    }
    buf_add(out, str_of(s->name));
    if (!s->has_ext) {
        *whole = fixed.n >= PREFIX_MIN;
        buf_add(out, *whole ? (str){fixed.p, PREFIX_MIN} : fixed);
    } else if (p->from == 0 && s->lead == 1 && fixed.n > 0) {
        rotated_put(fixed.p, fixed.n, out);
        *whole = !p->is_open;
    } else {
        buf_add(out, fixed);
        *whole = fixed.n > 0 && p->from == 0 && !p->is_open;
    }
}

static status begins_add(struct index_begins *b, enum list_attribute of, str text, struct arena *a)
{
    struct buf v;

    buf_init(&v, KB);
    if (b->whole)
        value_put(of, text, &v);
    else
        buf_add(&v, text.n > INDEX_BEGIN_MAX ? (str){text.p, INDEX_BEGIN_MAX} : text);
    status st = keep(&v, a, &b->at[b->n]);
    buf_fini(&v);
    if (st.cls == ST_OK) b->n++;
    return st;
}

static status item_begins(const struct gs1_pattern *p, struct arena *a, struct index_begins *out)
{
    struct buf b;

    buf_init(&b, 16 * KB);
    if (p->is_exact) {
        out->whole = true;
        item_class_put(&p->id, &b);
    } else {
        item_begin_put(p, &out->whole, &b);
    }
    status st = b.failed ? no_room() : begins_add(out, LIST_ITEM_CLASS, buf_str(&b), a);
    buf_fini(&b);
    return st;
}

static status class_begins(const struct gs1_pattern *p, struct arena *a, struct index_begins *out)
{
    status st = OK;
    struct buf b;

    buf_init(&b, 16 * KB);
    out->whole = p->is_exact;
    for (unsigned i = 0; i < gs1_pattern_starts(p) && st.cls == ST_OK; i++) {
        buf_reset(&b);
        gs1_pattern_start(p, i, &b);
        st = b.failed ? no_room() : begins_add(out, LIST_EPC_CLASS, buf_str(&b), a);
    }
    buf_fini(&b);
    return st;
}

status index_pattern(enum list_attribute of, const struct gs1_pattern *p, struct arena *a,
                     struct index_begins *out)
{
    struct index_begins b = {.n = 0};

    assert(is_class(of));
    TRY(of == LIST_ITEM_CLASS ? item_begins(p, a, &b) : class_begins(p, a, &b));
    *out = b;
    return OK;
}
