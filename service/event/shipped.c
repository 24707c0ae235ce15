#include "service/event/shipped.h"
#include "service/catalog/product.h"
#include "service/epcis/value.h"
#include "service/gs1/id.h"

// Everything that a URN does not take as it stands (RFC 8141, and TDS for the delimiters) is
// percent-encoded: the number of a document is anything a partner's system thinks of.
static void urn_add(struct buf *b, str s)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char raw[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-._!'()*+,:;=@$";

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80 && memchr(raw, c, sizeof raw - 1) != NULL) {
            buf_addc(b, s.p[i]);
            continue;
        }
        char hex[3] = {'%', digits[c >> 4], digits[c & 15]};
        buf_add(b, (str){hex, sizeof hex});
    }
}

status shipped_document_check(const struct shipped_document *d, struct arena *a)
{
    struct gs1_id id;

    if (d->gln != 0) return OK;
    if (epcis_is_plain_uri(d->id) && gs1_read(d->id, a, &id).cls == ST_OK) return OK;
    return fail(ST_BAD_INPUT, "document.id", 0,
                "id: with a colon and no gln it is a URI, and this is none: say who gave it (gln)");
}

// A document's number belongs to whoever gave it (CBV 2.0 section 8.5.2); without a GLN it is a
// whole URI.
status shipped_document_uri(const struct shipped_document *d, struct arena *a, str *out)
{
    struct buf b;

    *out = d->id;
    if (d->gln == 0 && shipped_document_check(d, a).cls == ST_OK) return OK;
    buf_init(&b, 4 * KB);
    if (d->gln == 0)
        buf_add(&b, S("urn:packtrail:document:"));
    else
        buf_addf(&b, "urn:epcglobal:cbv:bt:%013llu:", (unsigned long long)d->gln);
    urn_add(&b, d->id);
    *out = b.failed ? (str){0} : arena_str(a, buf_str(&b));
    buf_fini(&b);
    if (out->p != NULL) return OK;
    return fail(ST_TOO_LARGE, "event.memory", 0, "an event needs too much memory");
}

bool shipped_affirms(const struct shipped *s)
{
    for (uint32_t i = 0; i < s->flag_count; i++)
        if (str_eq(s->flags[i], S(SHIPPED_STATEMENT))) return true;
    return false;
}

void shipped_put(struct buf *b, const struct shipped *s)
{
    bytes_var(b, s->number);
    bytes_var(b, s->from_party);
    bytes_var(b, s->from_location);
    bytes_var(b, s->to_party);
    bytes_var(b, s->to_location);
    bytes_var(b, s->document_count);
    for (uint32_t i = 0; i < s->document_count; i++) {
        bytes_u(b, s->documents[i].type, 1);
        bytes_var(b, s->documents[i].gln);
        bytes_str(b, s->documents[i].id);
    }
    bytes_var(b, s->flag_count);
    for (uint32_t i = 0; i < s->flag_count; i++) bytes_str(b, s->flags[i]);
    bytes_var(b, s->tally_count);
    for (uint32_t i = 0; i < s->tally_count; i++) {
        bytes_var(b, s->tallies[i].lot);
        bytes_u(b, s->tallies[i].level, 1);
        bytes_var(b, s->tallies[i].count);
    }
    bytes_var(b, s->found_count);
    for (uint32_t i = 0; i < s->found_count; i++) bytes_str(b, s->found[i]);
}

enum { MORE_SAYS_DROP = 1, MORE_DROP = 2, MORE_DIRECT = 4, MORE_INDIRECT = 8 }; // on disk

const char *shipped_qualifier(const struct shipped_more *m)
{
    return m->indirect_count > 0 ? SHIPPED_PARTIALLY_DIRECT : SHIPPED_ENTIRELY_DIRECT;
}

void shipped_more_put(struct buf *b, const struct shipped *s)
{
    const struct shipped_more *m = &s->more;
    unsigned flags = (m->says_drop ? MORE_SAYS_DROP : 0u) | (m->drop ? MORE_DROP : 0u) |
                     (m->direct ? MORE_DIRECT : 0u) | (m->indirect_count > 0 ? MORE_INDIRECT : 0u);

    if (flags == 0) return;
    bytes_u(b, flags, 1);
    bytes_str(b, m->statement);
    if (m->indirect_count > 0) bytes_var(b, m->indirect_count);
    for (uint32_t i = 0; i < m->indirect_count; i++) bytes_str(b, m->indirect[i]);
}

static status corrupt(void) { return fail(ST_STORE, "record.corrupt", 0, "a shipment breaks off"); }

static uint32_t count_get(struct bytes_r *in, uint32_t max)
{
    uint64_t n = bytes_get_var(in);

    if (n > max) in->bad = true;
    return in->bad ? 0 : (uint32_t)n;
}

static struct shipped_more more_get(struct bytes_r *in, struct arena *a)
{
    unsigned flags = (unsigned)bytes_get_u(in, 1);
    struct shipped_more m = {.says_drop = flags & MORE_SAYS_DROP,
                             .drop = flags & MORE_DROP,
                             .direct = flags & MORE_DIRECT,
                             .statement = bytes_get_str(in)};

    if (!(flags & MORE_INDIRECT)) return m;
    uint32_t n = count_get(in, SHIPPED_INDIRECT_MAX);
    str *uris = NEW_ARRAY(a, str, n + 1);
    if (uris == NULL) in->bad = true;
    for (uint32_t i = 0; !in->bad && i < n; i++) uris[i] = bytes_get_str(in);
    m.indirect = uris;
    m.indirect_count = in->bad ? 0 : n;
    return m;
}

// A tally takes three bytes or more.
static bool tallies_get(struct bytes_r *in, struct arena *a, struct shipped *s)
{
    s->tally_count = count_get(in, (uint32_t)(in->end - in->p) / 3);
    struct shipped_tally *t = NEW_ARRAY(a, struct shipped_tally, s->tally_count + 1);
    for (uint32_t i = 0; t != NULL && i < s->tally_count; i++) {
        t[i].lot = (uint32_t)bytes_get_var(in);
        t[i].level = (uint8_t)bytes_get_u(in, 1);
        t[i].count = bytes_get_var(in);
        if (t[i].level >= PRODUCT_LEVELS_MAX) in->bad = true;
    }
    s->tallies = t;
    return t != NULL;
}

status shipped_begin_get(struct bytes_r *in, struct arena *a, struct shipped *out)
{
    struct shipped s = {.number = (uint32_t)bytes_get_var(in)};

    s.from_party = bytes_get_var(in);
    s.from_location = bytes_get_var(in);
    s.to_party = bytes_get_var(in);
    s.to_location = bytes_get_var(in);
    s.document_count = count_get(in, SHIPPED_DOCUMENTS_MAX);
    struct shipped_document *documents =
        NEW_ARRAY(a, struct shipped_document, s.document_count + 1);
    for (uint32_t i = 0; documents != NULL && i < s.document_count; i++) {
        documents[i].type = (enum epcis_trade)bytes_get_u(in, 1);
        documents[i].gln = bytes_get_var(in);
        documents[i].id = bytes_get_str(in);
    }
    s.flag_count = count_get(in, SHIPPED_FLAGS_MAX);
    str *flags = NEW_ARRAY(a, str, s.flag_count + 1);
    for (uint32_t i = 0; flags != NULL && i < s.flag_count; i++) flags[i] = bytes_get_str(in);
    bool room = tallies_get(in, a, &s) && documents != NULL && flags != NULL;
    s.found_count = count_get(in, SHIPPED_DOCUMENTS_MAX);
    str *found = NEW_ARRAY(a, str, s.found_count + 1);
    for (uint32_t i = 0; found != NULL && i < s.found_count; i++) found[i] = bytes_get_str(in);
    s.found = found;
    room &= found != NULL;
    if (!room || in->bad) return corrupt();
    s.documents = documents;
    s.flags = flags;
    *out = s;
    return OK;
}

status shipped_get(struct bytes_r *in, struct arena *a, struct shipped *out)
{
    TRY(shipped_begin_get(in, a, out));
    if (!in->bad && in->p < in->end) out->more = more_get(in, a);
    return bytes_end(in) ? OK : corrupt();
}

// ---- told

static struct epcis_node *word(struct arena *a, str name, str text)
{
    struct epcis_node *n = NEW(a, struct epcis_node);

    if (n != NULL) *n = (struct epcis_node){.ns = &epcis_ns_hc, .name = name, .text = text};
    return n;
}

// NULL: there is no room.
static struct epcis_node *indirect_epcs(const struct shipped_more *m, struct arena *a)
{
    struct epcis_node *n = word(a, S("indirectPurchaseEPCs"), S("")), **next;

    if (n == NULL) return NULL;
    n->kind = NODE_PARENT;
    next = &n->child;
    for (uint32_t i = 0; i < m->indirect_count; i++, next = &(*next)->next) {
        *next = word(a, S("epc"), m->indirect[i]);
        if (*next == NULL) return NULL;
        (*next)->ns = NULL;
        (*next)->in_array = true;
    }
    return n;
}

static struct epcis_node *direct_purchase(const struct shipped_more *m, struct arena *a)
{
    struct epcis_node *n = word(a, S("directPurchase"), S(""));
    struct epcis_node *last = word(a, S("qualifier"), str_of(shipped_qualifier(m)));

    if (n == NULL || last == NULL) return NULL;
    n->kind = NODE_PARENT;
    n->child = last;
    last->ns = NULL;
    last->is_attribute = true;
    if (m->statement.n > 0) last = last->next = word(a, S("directPurchaseStatement"), m->statement);
    if (last == NULL || m->indirect_count == 0) return last == NULL ? NULL : n;
    last->next = indirect_epcs(m, a);
    return last->next == NULL ? NULL : n;
}

status shipped_extensions(const struct shipped *s, struct arena *a, struct epcis_node **out)
{
    struct epcis_node *drop = NULL, *direct = NULL;
    const struct shipped_more *m = &s->more;

    if (m->says_drop) drop = word(a, S("dropShipment"), m->drop ? S("true") : S("false"));
    if (m->direct) direct = direct_purchase(m, a);
    if ((m->says_drop && drop == NULL) || (m->direct && direct == NULL))
        return fail(ST_TOO_LARGE, "event.memory", 0, "an event needs too much memory");
    if (drop != NULL) drop->kind = NODE_BOOL;
    if (drop != NULL) drop->next = direct;
    *out = drop != NULL ? drop : direct;
    return OK;
}
