// Layouts; see captured.h. What is read may be anything: it is checked against its own bytes before
// room is taken for it.
#include "service/event/captured.h"
#include "service/catalog/product.h"
#include <string.h>

static status corrupt(void)
{
    return fail(ST_STORE, "record.corrupt", 0, "what was captured breaks off");
}

static const char *const codes[EXCEPTION_END] = {
#define X(name, number, code) [EXCEPTION_##name] = code,
    CAPTURE_EXCEPTIONS(X)
#undef X
};

const char *capture_exception_code(enum capture_exception e)
{
    return (unsigned)e < EXCEPTION_END ? codes[e] : NULL;
}

unsigned effect_change(enum captured_effect e, const struct unit_change *c)
{
    return (unsigned)e | (unsigned)c->to << 16 | (unsigned)c->set << 8 | c->clear;
}

struct unit_change effect_change_of(uint64_t e)
{
    return (struct unit_change){(enum unit_state)(e >> 16 & 0xff), (uint8_t)(e >> 8), (uint8_t)e};
}

bool effect_packs(uint64_t e) { return e == EFFECT_PACKED || e == EFFECT_PACKED_LATE; }

// A count of things that take `least` bytes each and more than there are left makes no sense.
static uint32_t count_get(struct bytes_r *in, size_t least)
{
    uint64_t n = bytes_get_var(in);

    if (n > (uint64_t)(in->end - in->p) / least || n > UINT32_MAX) in->bad = true;
    return in->bad ? 0 : (uint32_t)n;
}

// ---- errors

#define ERROR_AT 128u // with the class: a place follows

status capture_error_add(struct capture_errors *all, struct arena *a, const struct capture_error *e)
{
    if (all->at == NULL) all->at = NEW_ARRAY(a, struct capture_error, CAPTURE_ERRORS_MAX);
    if (all->at == NULL) return no_memory();
    if (all->n == CAPTURE_ERRORS_MAX)
        all->more++;
    else
        all->at[all->n++] = *e;
    return OK;
}

static void errors_put(struct buf *b, const struct capture_errors *all)
{
    bytes_var(b, all->n);
    for (uint32_t i = 0; i < all->n; i++) {
        const struct capture_error *e = &all->at[i];
        bytes_var(b, e->event);
        bytes_u(b, e->st.cls | (e->st.at > 0 ? ERROR_AT : 0), 1);
        if (e->st.at > 0) bytes_var(b, e->st.at);
        bytes_str(b, str_of(e->st.reason));
        bytes_str(b, str_of(e->st.text));
        bytes_str(b, e->units);
    }
    bytes_var(b, all->more);
}

static bool errors_get(struct bytes_r *in, struct arena *a, struct capture_errors *out)
{
    struct capture_errors all = {.n = count_get(in, 5)};

    if (all.n > CAPTURE_ERRORS_MAX) return false;
    if (all.n > 0) all.at = NEW_ARRAY(a, struct capture_error, all.n);
    if (all.n > 0 && all.at == NULL) return false;
    for (uint32_t i = 0; i < all.n; i++) {
        all.at[i].event = (uint32_t)bytes_get_var(in);
        unsigned cls = (unsigned)bytes_get_u(in, 1);
        uint64_t at = cls & ERROR_AT ? bytes_get_var(in) : 0;
        cls &= ~ERROR_AT;
        char *reason = str_z(a, bytes_get_str(in));
        str text = bytes_get_str(in);
        all.at[i].units = bytes_get_str(in);
        if (reason == NULL || cls == ST_OK || cls >= STATUS_CLASS_COUNT || at > UINT32_MAX)
            return false;
        all.at[i].st = fail((enum status_class)cls, reason, (uint32_t)at, "%.*s", STR(text));
    }
    all.more = bytes_get_var(in);
    *out = all;
    return !in->bad;
}

// ---- documents

static void party_put(struct buf *b, const struct epcis_party *p)
{
    bytes_str(b, p->id);
    bytes_str(b, p->authority);
}

static struct epcis_party party_get(struct bytes_r *in)
{
    struct epcis_party p = {.id = bytes_get_str(in)};

    p.authority = bytes_get_str(in);
    return p;
}

void captured_document_put(struct buf *b, const struct captured_document *d)
{
    uint64_t before = 0;

    bytes_u(b, d->flags, 1);
    bytes_u(b, d->version, 1);
    bytes_u(b, d->kind, 1);
    bytes_var(b, d->events);
    bytes_var(b, d->bytes);
    bytes_str(b, d->context);
    bytes_str(b, d->schema_version);
    bytes_str(b, d->created);
    party_put(b, &d->sender);
    party_put(b, &d->receiver);
    bytes_str(b, d->instance);
    bytes_str(b, d->spool);
    bytes_var(b, d->place_count);
    for (uint32_t i = 0; i < d->place_count; i++) {
        bytes_var(b, d->places[i] - before);
        before = d->places[i];
    }
    errors_put(b, &d->errors);
}

static bool places_get(struct bytes_r *in, struct arena *a, struct captured_document *d)
{
    uint64_t before = 0;

    d->place_count = count_get(in, 1);
    uint64_t *places = NEW_ARRAY(a, uint64_t, (size_t)d->place_count + 1);
    for (uint32_t i = 0; places != NULL && i < d->place_count; i++) {
        uint64_t more = bytes_get_var(in);
        if (more > UINT32_MAX) in->bad = true;
        places[i] = before += more;
    }
    d->places = places;
    return places != NULL && !in->bad;
}

status captured_document_get(str decided, struct arena *a, struct captured_document *out)
{
    struct bytes_r in = bytes_reader(decided);
    struct captured_document d = {.flags = (unsigned)bytes_get_u(&in, 1)};
    unsigned version = (unsigned)bytes_get_u(&in, 1), kind = (unsigned)bytes_get_u(&in, 1);

    if (version > EPCIS_2_0 || kind > EPCIS_BARE_EVENT) return corrupt();
    d.version = (enum epcis_version)version;
    d.kind = (enum epcis_doc_kind)kind;
    d.events = (uint32_t)bytes_get_var(&in);
    d.bytes = bytes_get_var(&in);
    d.context = bytes_get_str(&in);
    d.schema_version = bytes_get_str(&in);
    d.created = bytes_get_str(&in);
    d.sender = party_get(&in);
    d.receiver = party_get(&in);
    d.instance = bytes_get_str(&in);
    d.spool = bytes_get_str(&in);
    if (!places_get(&in, a, &d) || !errors_get(&in, a, &d.errors) || !bytes_end(&in))
        return corrupt();
    *out = d;
    return OK;
}

struct epcis_scope captured_scope(const struct captured_document *d)
{
    return (struct epcis_scope){d->flags & CAPTURED_XML ? EPCIS_SYNTAX_XML : EPCIS_SYNTAX_JSON,
                                d->version, d->context, true, false};
}

// ---- events

void captured_entries_put(struct buf *b, const struct index_entries *all)
{
    bytes_var(b, all->n);
    for (uint32_t i = 0; i < all->n; i++) {
        bytes_u(b, all->at[i].of, 1);
        bytes_str(b, all->at[i].value);
    }
}

bool captured_entries_get(struct bytes_r *in, struct arena *a, struct index_entries *out)
{
    struct index_entries all = {.n = count_get(in, 2)};

    all.at = NEW_ARRAY(a, struct index_entry, (size_t)all.n + 1);
    for (uint32_t i = 0; all.at != NULL && i < all.n; i++) {
        all.at[i].of = (enum list_attribute)bytes_get_u(in, 1);
        all.at[i].value = bytes_get_str(in);
        if (all.at[i].value.n > INDEX_VALUE_MAX) in->bad = true;
    }
    *out = all;
    return all.at != NULL && !in->bad;
}

static bool exceptions_get(struct bytes_r *in, struct arena *a, uint64_t units,
                           struct captured_event *e)
{
    e->exception_count = count_get(in, 2);
    struct captured_exception *x =
        NEW_ARRAY(a, struct captured_exception, (size_t)e->exception_count + 1);
    for (uint32_t i = 0; x != NULL && i < e->exception_count; i++) {
        x[i].code = (uint8_t)bytes_get_u(in, 1);
        uint64_t unit = bytes_get_var(in);
        x[i].unit = (uint32_t)unit;
        if (unit > units || capture_exception_code((enum capture_exception)x[i].code) == NULL)
            in->bad = true;
    }
    e->exceptions = x;
    return x != NULL && !in->bad;
}

// As index.h spells it: "owning_party", 0, its Digital Link.
uint64_t captured_party(const struct index_entries *all, enum list_attribute of, const char *key)
{
    char begin[] = "owning_party\0https://id.gs1.org/417/";
    size_t n = sizeof begin - 1;
    uint64_t gln = 0;

    memcpy(begin + n - 4, key, 3);
    for (uint32_t i = 0; i < all->n && gln == 0; i++) {
        str v = all->at[i].value;
        if (all->at[i].of == of && v.n == n + 13 && memcmp(v.p, begin, n) == 0)
            (void)str_u64(str_from(v, n), UINT64_MAX, &gln);
    }
    return gln;
}

enum { ROLE_PARENT = 1, ROLE_WAITS = 2, ROLE_AHEAD = 4, ROLE_PARTIES = 8 }; // on disk

void captured_event_put(struct buf *b, uint64_t seq, const struct captured_event *e,
                        const struct captured_bytes *as)
{
    bytes_u(b, e->flags, 1);
    bytes_var(b, e->document == 0 ? 0 : seq - e->document);
    bytes_var(b, e->index);
    bytes_u(b,
            (e->has_parent ? ROLE_PARENT : 0u) | (e->wait_ms > 0 ? ROLE_WAITS : 0u) |
                (e->ahead ? ROLE_AHEAD : 0u) | (e->from != 0 || e->to != 0 ? ROLE_PARTIES : 0u),
            1);
    bytes_var(b, e->in);
    bytes_str(b, e->id);
    buf_add(b, (str){(const char *)e->content.b, sizeof e->content.b});
    buf_add(b, as->effects);
    counts_put(b, &e->counts);
    buf_add(b, as->entries);
    bytes_var(b, e->exception_count);
    for (uint32_t i = 0; i < e->exception_count; i++) {
        bytes_u(b, e->exceptions[i].code, 1);
        bytes_var(b, e->exceptions[i].unit);
    }
    if (e->wait_ms > 0) bytes_var(b, e->wait_ms);
    if (e->from == 0 && e->to == 0) return;
    bytes_var(b, e->from);
    bytes_var(b, e->to);
}

// Passes over what alike_put wrote; every effect must be one.
static struct bytes_r effects_get(struct bytes_r *in, uint64_t units)
{
    struct bytes_r at = *in;
    struct alike_r skip = {.in = in};

    for (uint64_t i = 0; i < units && !in->bad;) {
        if (alike_get(&skip) >= EFFECT_END) in->bad = true;
        i += 1 + skip.left;
        skip.left = 0;
    }
    return at;
}

bool captured_of(struct bytes_r *rest, const struct fact *f, uint64_t *event)
{
    uint64_t distance = f->kind == FACT_CAPTURE_APPLIED ? bytes_get_var(rest) : 0;

    *event = f->seq - distance;
    return !rest->bad && distance < f->seq;
}

bool captured_is_ahead(const struct fact *f, struct arena *a)
{
    struct report report;
    struct touched touched;
    struct bytes_r in;

    if (f->kind != FACT_EVENT_CAPTURED ||
        report_get(f->decided, a, &report, &touched, &in).cls != ST_OK)
        return false;
    (void)bytes_get_u(&in, 1); // flags, its document, its index there
    (void)bytes_get_var(&in);
    (void)bytes_get_var(&in);
    return bytes_get_u(&in, 1) & ROLE_AHEAD;
}

status captured_event_get(struct bytes_r *rest, const struct fact *f, uint64_t units,
                          struct arena *a, struct captured_event *out)
{
    struct captured_event e = {.flags = (unsigned)bytes_get_u(rest, 1)};
    uint64_t distance = bytes_get_var(rest), in;

    if (distance >= f->seq) return corrupt();
    if (distance != 0) e.document = f->seq - distance;
    e.index = (uint32_t)bytes_get_var(rest);
    unsigned roles = (unsigned)bytes_get_u(rest, 1);
    e.has_parent = roles & ROLE_PARENT;
    e.ahead = roles & ROLE_AHEAD;
    in = bytes_get_var(rest);
    if (in + e.has_parent > units) return corrupt();
    e.in = (uint32_t)in;
    e.id = bytes_get_str(rest);
    str content = bytes_get_raw(rest, sizeof e.content.b);
    if (content.n == sizeof e.content.b) memcpy(e.content.b, content.p, sizeof e.content.b);
    e.effects = effects_get(rest, units);
    if (!counts_get(rest, a, &e.counts) || !captured_entries_get(rest, a, &e.found_by) ||
        !exceptions_get(rest, a, units, &e))
        return corrupt();
    if (roles & ROLE_WAITS) e.wait_ms = bytes_get_var(rest);
    if (roles & ROLE_PARTIES) e.from = bytes_get_var(rest);
    if (roles & ROLE_PARTIES) e.to = bytes_get_var(rest);
    if (f->kind_version < 3) e.to = captured_party(&e.found_by, LIST_DESTINATION, "417");
    if (!bytes_end(rest)) return corrupt();
    *out = e;
    return OK;
}

// ---- slices

void capture_slice_put(struct buf *b, uint64_t seq, const struct capture_slice *s)
{
    bytes_var(b, seq - s->document);
    bytes_u(b, s->flags, 1);
    bytes_var(b, s->next);
    bytes_var(b, s->at);
    bytes_var(b, s->stored);
    bytes_var(b, s->repeats);
    bytes_var(b, s->errors_before == 0 ? 0 : seq - s->errors_before);
    errors_put(b, &s->errors);
}

status capture_slice_get(const struct fact *f, struct arena *a, struct capture_slice *out)
{
    struct bytes_r in = bytes_reader(f->decided);
    struct capture_slice s = {.flags = 0};
    uint64_t distance = bytes_get_var(&in), before;

    if (distance == 0 || distance >= f->seq) return corrupt();
    s.document = f->seq - distance;
    s.flags = (unsigned)bytes_get_u(&in, 1);
    s.next = (uint32_t)bytes_get_var(&in);
    s.at = bytes_get_var(&in);
    s.stored = (uint32_t)bytes_get_var(&in);
    s.repeats = (uint32_t)bytes_get_var(&in);
    before = bytes_get_var(&in);
    if (before >= f->seq) return corrupt();
    s.errors_before = before == 0 ? 0 : f->seq - before;
    if (!errors_get(&in, a, &s.errors) || !bytes_end(&in)) return corrupt();
    *out = s;
    return OK;
}
