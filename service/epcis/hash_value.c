// hash_value.c - single values as they stand in the text that is hashed: times in UTC to the
// millisecond, numbers in their shortest form, words of CBV as web URIs, GS1 identifiers as Digital
// Links. Every value that looks like a number is one, whatever element it stands in: XML does not
// tell texts from numbers, and both formats must give one hash.
#include "service/epcis/hash_int.h"
#include "service/epcis/value.h"
#include "service/gs1/id.h"
#include <string.h>

#define DAY_MS   ((int64_t)86400000)
#define WALL_END (2932897 * DAY_MS) // 10000-01-01T00:00:00Z

// ---- times

// REQ CBV-HASH-TIME: the fourth decimal rounds the third up from 5 on
static int64_t rounded(int64_t ms, str text)
{
    const char *point = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;

    if (point == NULL || text.p + text.n - point < 5) return ms;
    return point[4] >= '5' && point[4] <= '9' && ms + 1 < WALL_END ? ms + 1 : ms;
}

static void time_put(struct hasher *h, int64_t ms)
{
    struct date d = date_of_days((int32_t)(ms / DAY_MS));
    int of_day = (int)(ms % DAY_MS);

    buf_addf(h->out, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", d.year, d.month, d.day, of_day / 3600000,
             of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
}

// The decimals behind the third, without zeros at their end.
static str below_ms(str text)
{
    const char *point = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;
    str all = point == NULL ? (str){0} : str_from(text, (size_t)(point - text.p) + 1);
    size_t n = 0;

    while (n < all.n && all.p[n] >= '0' && all.p[n] <= '9') n++;
    while (n > 3 && all.p[n - 1] == '0') n--;
    return n > 3 ? (str){all.p + 3, n - 3} : (str){0};
}

// `ms` is what was read of the text, cut off; the hash rounds it, content has all of it.
static void instant(struct hasher *h, int64_t ms, str text)
{
    bool whole = h->numbers != HASH_BY_LOOK;

    time_put(h, whole ? ms : rounded(ms, text));
    if (whole) buf_add(h->out, below_ms(text));
    buf_addc(h->out, 'Z');
}

void hash_time(struct hasher *h, const struct epcis_time *t) { instant(h, t->at.at.ms, t->text); }

static void time_text(struct hasher *h, str text)
{
    struct moment m;

    if (when_read(text, &m).cls == ST_OK)
        instant(h, m.at.ms, text);
    else
        buf_add(h->out, text);
}

// ---- words

// Heads that stand for others, whatever follows them.
static bool expand(struct hasher *h, str text)
{
    static const struct {
        str head, full;
    } heads[] = {
#define HEAD(head, full)                                                                           \
    {                                                                                              \
        {head, sizeof(head) - 1}, { full, sizeof(full) - 1 }                                       \
    }
        HEAD("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-"),
        HEAD("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
        HEAD("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
        HEAD("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
        HEAD("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
        HEAD("cbv:", "https://ref.gs1.org/cbv/"),
        HEAD("gs1:", "https://gs1.org/voc/"),
#undef HEAD
    };

    for (size_t i = 0; i < LEN(heads); i++)
        if (str_starts(text, heads[i].head)) {
            buf_add(h->out, heads[i].full);
            buf_add(h->out, str_from(text, heads[i].head.n));
            return true;
        }
    return false;
}

void hash_word(struct hasher *h, enum epcis_vocabulary v, str text)
{
    unsigned word = epcis_word_find(v, text);

    if (word != 0)
        buf_add(h->out, epcis_word_web(v, word));
    else
        hash_value(h, 's', text);
}

// ---- values

static bool number(struct hasher *h, str text)
{
    struct epcis_number n;

    return strchr("+-.0123456789", text.p[0]) != NULL && epcis_number_read(text, &n) &&
           epcis_number_write(&n, h->out);
}

static void canonical(struct hasher *h, str text, bool is_number)
{
    if (text.n == 0) return;
    if ((is_number || h->numbers == HASH_BY_LOOK) && number(h, text)) return;
    if (expand(h, text)) return;
    gs1_hash_form(text, h->arena, h->out);
    if (h->numbers != HASH_BY_LOOK) gs1_hash_rest(text, h->out);
}

static void identifier(struct hasher *h, str text)
{
    if (str_starts(text, S("(")))
        gs1_hash_form_any(text, h->arena, h->out);
    else
        canonical(h, text, false);
}

static void boolean(struct hasher *h, str text)
{
    if (str_eq(text, S("1")))
        text = S("true");
    else if (str_eq(text, S("0")))
        text = S("false");
    buf_add(h->out, text);
}

void hash_value(struct hasher *h, char what, str text)
{
    switch (what) {
    case 't': time_text(h, text); break;
    case 'b': boolean(h, text); break;
    case 'd': hash_word(h, EPCIS_VOC_DISP, text); break;
    case 'i': identifier(h, text); break;
    default: canonical(h, text, what == 'n' || what == 'q'); break;
    }
}

// ---- extensions

static bool is_remark(const struct epcis_node *n)
{
    return str_eq(n->name, S("comment")) &&
           (n->ns == NULL || str_eq(n->ns->uri, S("http://www.w3.org/2000/01/rdf-schema#")));
}

// What JSON-LD calls the value is XML's text.
static bool is_value(const struct epcis_node *n)
{
    return n->ns == NULL && n->kind <= NODE_BOOL && str_eq(n->name, S("@value"));
}

static const struct epcis_node *value_of(const struct epcis_node *n)
{
    const struct epcis_node *c = n->child;

    while (c != NULL && !is_value(c)) c = c->next;
    return n->kind == NODE_PARENT && n->text.n == 0 && c != NULL ? c : n;
}

// CBV's master data is one vocabulary in both spellings. The published hashes have each as it
// stands.
static str space_of(const struct hasher *h, const struct epcis_ns *ns)
{
    bool either = h->numbers != HASH_BY_LOOK && epcis_ns_is_cbvmda(ns->uri);

    return either ? epcis_ns_cbvmda.uri : ns->uri;
}

void hash_node(struct hasher *h, const struct epcis_node *n)
{
    const struct epcis_node *value = value_of(n);
    str text = str_trim(value->text);

    if (n->kind == NODE_NULL || n->kind == NODE_EMPTY_ARRAY) return;
    if (h->numbers == HASH_BY_LOOK && is_remark(n)) return;
    if (!epcis_is_unqualified(n)) {
        buf_addc(h->out, '{');
        buf_add(h->out, space_of(h, n->ns));
        buf_addc(h->out, '}');
        hash_mark(h, HASH_MARK_VALUE);
    }
    buf_add(h->out, n->name);
    hash_mark(h, HASH_MARK_VALUE);
    if (text.n > 0) {
        buf_addc(h->out, '=');
        canonical(h, text, value->kind == NODE_NUMBER && h->numbers == HASH_SHORTEST);
    }
    hash_mark(h, HASH_MARK_VALUE);
    if (n->kind == NODE_PARENT || n->kind == NODE_ARRAY) hash_nodes(h, n->child);
    hash_mark(h, HASH_MARK_ALL);
}

uint32_t hash_node_count(const struct epcis_node *n)
{
    uint32_t count = 0;

    for (; n != NULL; n = n->next) count++;
    return count;
}

static void in_order(struct hasher *h, const struct epcis_node *chain, const bool *qualified)
{
    struct hash_pieces p = hash_pieces(h, hash_node_count(chain));

    for (const struct epcis_node *n = chain; n != NULL; n = n->next) {
        if (is_value(n)) continue; // of its parent, which has it
        if (qualified != NULL && *qualified == epcis_is_unqualified(n)) continue;
        size_t from = h->out->n;
        hash_node(h, n);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
}

void hash_nodes(struct hasher *h, const struct epcis_node *chain) { in_order(h, chain, NULL); }

void hash_nodes_where(struct hasher *h, const struct epcis_node *chain, bool qualified)
{
    in_order(h, chain, &qualified);
}
