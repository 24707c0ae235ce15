// GET /v1/markets and /v1/markets/{market}: the table, for whoever has a token.
#include "service/api/api.h"
#include "service/catalog/market.h"

static const char *const duties[] = {
    [MARKET_AGGREGATION_NONE] = "none",
    [MARKET_AGGREGATION_DE_FACTO] = "de_facto",
    [MARKET_AGGREGATION_REQUIRED] = "required",
};
static const char *const charsets[] = {
    [MARKET_DIGITS] = "digits",
    [MARKET_ALNUM] = "alnum",
    [MARKET_BASE64] = "base64",
    [MARKET_GS1] = "gs1",
};

static void write_words(struct json_w *w, const char *key, const char *words)
{
    str rest = str_of(words), head;

    json_w_key(w, str_of(key));
    json_w_array(w);
    while (str_cut(&rest, ' ', &head)) json_w_str(w, head);
    if (rest.n > 0) json_w_str(w, rest);
    json_w_end(w);
}

static void write_text(struct json_w *w, const char *key, const char *text)
{
    if (text[0] != 0) json_w_kstr(w, key, str_of(text));
}

static void write_chars(struct json_w *w, const struct market_chars *c)
{
    json_w_kint(w, "min", c->min);
    json_w_kint(w, "max", c->max);
    json_w_kstr(w, "charset", str_of(charsets[c->charset]));
}

static void write_pools(struct json_w *w, unsigned pools)
{
    json_w_key(w, S("pools"));
    json_w_array(w);
    if (pools & MARKET_RANDOM) json_w_str(w, S("random"));
    if (pools & MARKET_SEQUENTIAL) json_w_str(w, S("sequential"));
    if (pools & MARKET_LIST) json_w_str(w, S("list"));
    json_w_end(w);
}

static void write_numbers(struct json_w *w, const struct market *m)
{
    json_w_kstr(w, "issuer", str_of(m->issuer));
    write_pools(w, m->pools);
    json_w_key(w, S("serial"));
    json_w_object(w);
    write_chars(w, &m->serial);
    json_w_end(w);
    if (m->guess != 0) json_w_kint(w, "guess", m->guess);
    json_w_kstr(w, "levels", m->all_levels ? S("all") : S("pack"));
    json_w_key(w, S("attributes"));
    json_w_array(w);
    for (uint32_t i = 0; i < m->attribute_count; i++) {
        json_w_object(w);
        json_w_kstr(w, "name", str_of(m->attributes[i].name));
        json_w_kstr(w, "ai", str_of(m->attributes[i].ai));
        write_chars(w, &m->attributes[i].chars);
        json_w_end(w);
    }
    json_w_end(w);
}

void market_write(struct json_w *w, const struct market *m)
{
    json_w_object(w);
    json_w_kstr(w, "market", str_of(m->word));
    json_w_kstr(w, "name", str_of(m->name));
    write_words(w, "covers", m->covers);
    write_numbers(w, m);
    write_words(w, "code", m->code);
    write_text(w, "printed", m->printed);
    json_w_key(w, S("aggregation"));
    json_w_object(w);
    json_w_kstr(w, "duty", str_of(duties[m->duty]));
    json_w_kint(w, "levels", m->containers);
    json_w_kbool(w, "sscc", m->sscc);
    json_w_kstr(w, "emptied", m->ends_emptied ? S("decommission") : S("keep"));
    json_w_end(w);
    json_w_kstr(w, "expiry", m->expiry_day ? S("day") : S("month"));
    json_w_kbool(w, "produced", m->produced);
    write_text(w, "unique", m->unique);
    write_text(w, "retention", m->retention);
    write_text(w, "report", m->report);
    write_text(w, "source", m->source);
    write_words(w, "unsure", m->unsure);
    json_w_end(w);
}

static void markets_list(struct http_req *r)
{
    struct buf b;

    buf_init(&b, 256 * KB);
    struct json_w w = json_writer(&b);
    json_w_object(&w);
    json_w_key(&w, S("items"));
    json_w_array(&w);
    for (size_t i = 0; i < market_count; i++) market_write(&w, &markets[i]);
    json_w_end(&w);
    json_w_key(&w, S("next"));
    json_w_null(&w);
    json_w_end(&w);
    api_reply(r, 200, &b);
}

static void market_show(struct http_req *r)
{
    const struct market *m = market_find(r->param[0]);
    struct buf b;

    if (m == NULL) {
        http_problem(r, fail(ST_NOT_FOUND, "market.unknown", 0, "there is no such market"), S(""));
        return;
    }
    buf_init(&b, 16 * KB);
    struct json_w w = json_writer(&b);
    market_write(&w, m);
    api_reply(r, 200, &b);
}

// clang-format off
const struct http_route market_routes[] = {
    {.method = HTTP_GET, .path = "/v1/markets", .roles = "*", .run = markets_list, .query = ""},
    {.method = HTTP_GET, .path = "/v1/markets/{market}", .roles = "*", .run = market_show,
     .query = ""},
    {0},
};
// clang-format on
