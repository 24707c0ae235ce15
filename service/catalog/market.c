// Pure rules over the table; any thread.
#include "service/catalog/market.h"
#include "common/bytes.h"
#include <stdio.h>
#include <string.h>

// ---- which

static bool has_word(const char *words, str word)
{
    str rest = str_of(words), head;

    while (str_cut(&rest, ' ', &head))
        if (str_eq_fold(head, word)) return true;
    return rest.n > 0 && str_eq_fold(rest, word);
}

const struct market *market_find(str word)
{
    for (size_t i = 0; word.n > 0 && i < market_count; i++)
        if (str_eq_fold(str_of(markets[i].word), word) || has_word(markets[i].covers, word))
            return &markets[i];
    return NULL;
}

static status unknown(void)
{
    struct buf b;

    buf_init(&b, KB);
    for (size_t i = 0; i < market_count; i++) buf_addf(&b, i == 0 ? "%s" : " %s", markets[i].word);
    str known = buf_str(&b);
    status st = fail(ST_BAD_INPUT, "market.unknown", 0, "market: %.*s", STR(known));
    buf_fini(&b);
    return st;
}

status market_check(str in, struct arena *a, str *out)
{
    if (market_find(in) == NULL) return unknown();
    str word = arena_str(a, in);
    if (word.p == NULL) return no_memory();
    char *p = (char *)(uintptr_t)word.p;
    for (size_t i = 0; i < word.n; i++)
        if (p[i] >= 'a' && p[i] <= 'z') p[i] = (char)(p[i] - 32);
    *out = word;
    return OK;
}

const struct market *market_of_level(const struct product *p, uint8_t level)
{
    const struct market *m = market_find(p->market);

    return m == NULL || m->all_levels || level == 0 ? m : NULL;
}

status market_of_gtin(struct txn *t, const char gtin[14], struct arena *a,
                      const struct market **out)
{
    struct gtin_row row;
    struct product p;

    *out = NULL;
    if (!gtin_get(t, gtin, &row)) return txn_status(t);
    TRY(product_get(t, row.product, a, &p));
    *out = market_of_level(&p, row.level);
    return OK;
}

// ---- characters

static const char *const charset_says[] = {
    [MARKET_DIGITS] = "digits",
    [MARKET_ALNUM] = "letters and digits",
    [MARKET_BASE64] = "characters of base64",
    [MARKET_GS1] = "characters of GS1 set 82",
};
static const char *const charset_others[] = {
    [MARKET_DIGITS] = "",
    [MARKET_ALNUM] = "",
    [MARKET_BASE64] = "+/=",
    [MARKET_GS1] = "!\"%&'()*+,-./:;<=>?_",
};

static bool is_of(enum market_charset set, str s)
{
    const char *others = charset_others[set];

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (digit || (letter && set != MARKET_DIGITS)) continue;
        if (c == 0 || strchr(others, c) == NULL) return false;
    }
    return true;
}

struct range_text {
    char text[16];
};
static struct range_text range_of(const struct market_chars *c)
{
    struct range_text t;

    if (c->min == c->max)
        snprintf(t.text, sizeof t.text, "%u", c->max);
    else
        snprintf(t.text, sizeof t.text, "%u to %u", c->min, c->max);
    return t;
}

static status length_fault(const struct market *m, const char *what, size_t n)
{
    return fail(ST_UNPROCESSABLE, "market.length", 0, "%s: %s has %s characters, not %zu", what,
                m->word, range_of(&m->serial).text, n);
}

static status alphabet_fault(const struct market *m, const char *what)
{
    return fail(ST_UNPROCESSABLE, "market.alphabet", 0, "%s: %s takes %s alone", what, m->word,
                charset_says[m->serial.charset]);
}

// ---- pools

static status kind_check(const struct market *m, enum market_kind kind)
{
    if (m->pools & (unsigned)kind) return OK;
    if (m->pools == MARKET_LIST)
        return fail(ST_UNPROCESSABLE, "market.issuer", 0,
                    "kind: numbers for %s come from its authority, as a list", m->word);
    return fail(ST_UNPROCESSABLE, "market.random", 0, "kind: %s wants numbers in random order",
                m->word);
}

status market_pool_check(const struct market *m, const struct market_pool *p)
{
    TRY(kind_check(m, p->kind));
    if (p->kind == MARKET_LIST) return OK; // each number is looked at when it is imported
    if (p->length < m->serial.min || p->length > m->serial.max)
        return length_fault(m, "length", p->length);
    if (!is_of(m->serial.charset, p->alphabet)) return alphabet_fault(m, "alphabet");
    if (!is_of(m->serial.charset, p->prefix)) return alphabet_fault(m, "serial_prefix");
    // REQ EU-FMD-4: numbers for a market that says so come from a pool that keeps to it
    if (m->guess != 0 && !p->keeps_guess)
        return fail(ST_UNPROCESSABLE, "market.guess", 0, "policy: %s needs eu-fmd", m->word);
    if (m->guess != 0 && p->capacity < m->guess)
        return fail(ST_UNPROCESSABLE, "market.guess", 0,
                    "length: fewer than %u numbers are possible, a guess would succeed too often",
                    m->guess);
    return OK;
}

// ---- numbers

static status attribute_check(const struct market *m, const struct market_attribute *a,
                              str attributes)
{
    struct bytes_pairs pairs = bytes_pairs(attributes);
    const struct market_chars *c = &a->chars;
    str name, value = {0};

    while (bytes_pair(&pairs, &name, &value) && !str_eq(name, str_of(a->name))) value.n = 0;
    if (value.n == 0)
        return fail(ST_UNPROCESSABLE, "market.attributes", 0, "%s: %s wants it, AI (%s)", a->name,
                    m->word, a->ai);
    if (value.n < c->min || value.n > c->max)
        return fail(ST_UNPROCESSABLE, "market.attributes", 0,
                    "%s: %s has %s characters here, not %zu", a->name, m->word, range_of(c).text,
                    value.n);
    if (is_of(c->charset, value)) return OK;
    return fail(ST_UNPROCESSABLE, "market.attributes", 0, "%s: %s takes %s alone", a->name, m->word,
                charset_says[c->charset]);
}

status market_number_check(const struct market *m, str serial, str attributes)
{
    if (serial.n < m->serial.min || serial.n > m->serial.max)
        return length_fault(m, "serial", serial.n);
    if (!is_of(m->serial.charset, serial)) return alphabet_fault(m, "serial");
    for (uint32_t i = 0; i < m->attribute_count; i++)
        TRY(attribute_check(m, &m->attributes[i], attributes));
    return OK;
}

// ---- lots

static status aggregation_check(const struct market *m, const struct product *p)
{
    uint32_t numbered = 0;
    bool sscc = false;

    for (uint32_t i = 1; i < p->level_count; i++) {
        if (p->levels[i].label_only) continue;
        numbered++;
        sscc = p->levels[i].is_sscc;
    }
    if (numbered < m->containers)
        return fail(ST_UNPROCESSABLE, "market.aggregation", 0,
                    "%s wants packs in containers with numbers: the product needs %u such levels",
                    m->word, m->containers);
    if (m->sscc && !sscc)
        return fail(ST_UNPROCESSABLE, "market.aggregation", 0,
                    "%s wants SSCCs: the product's outermost level is none", m->word);
    return OK;
}

status market_expiry_check(const struct market *m, struct date expiry)
{
    if (!m->expiry_day || expiry.day != 0) return OK;
    return fail(ST_UNPROCESSABLE, "market.expiry", 0, "expiry: %s wants the day", m->word);
}

status market_lot_check(const struct market *m, const struct market_lot *lot)
{
    TRY(market_expiry_check(m, lot->expiry));
    if (m->produced && !lot->has_produced)
        return fail(ST_UNPROCESSABLE, "market.produced", 0,
                    "produced: %s wants the day of production on the pack", m->word);
    return aggregation_check(m, lot->product);
}
