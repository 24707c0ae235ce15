// What of a shipment was not bought of the manufacturer, though the rest was (GS1 US' guideline for
// DSCSA, PARTIALLY_DIRECT): named in the call in any spelling, kept and told as EPC URIs. That it
// leaves with the shipment is the committer's to say (ship.c).
#include "service/client/client.h"
#include "service/trade/trade_int.h"

static status write_uri(const struct gs1_id *id, const struct gs1_prefixes *p, struct buf *b)
{
    if (gs1_write(id, GS1_URN, p, b).cls == ST_OK) return OK;
    buf_reset(b);
    return gs1_write(id, GS1_DL, NULL, b);
}

static status uri_of(struct unit_reader *u, str text, str *out)
{
    struct gs1_id id;
    struct buf b;

    TRY(unit_read(text, u->arena, &id));
    buf_init(&b, GS1_TEXT_MAX);
    status st = write_uri(&id, client_prefixes_here(u->t), &b);
    *out = arena_str(u->arena, buf_str(&b));
    buf_fini(&b);
    return st.cls == ST_OK && out->p == NULL ? no_memory() : st;
}

status indirect_take(struct unit_reader *u, str list, struct shipped_more *out)
{
    struct named_list said = {INDIRECT, list, SHIPPED_INDIRECT_MAX};
    struct form_list texts = {0};

    TRY(named_texts(u->arena, &said, &texts));
    const str *text = texts.items;
    str *uris = NEW_ARRAY(u->arena, str, texts.n);
    if (uris == NULL) return no_memory();
    for (uint32_t i = 0; i < texts.n; i++) {
        status st = uri_of(u, text[i], &uris[i]);
        if (st.cls == ST_BAD_INPUT)
            return fail(st.cls, st.reason, st.at, INDIRECT "[%u]: %s", i, st.text);
        TRY(st);
    }
    out->indirect = uris;
    out->indirect_count = texts.n;
    return OK;
}

status indirect_find(struct unit_reader *u, struct shipment_ask *ask)
{
    struct shipped_more *m = &ask->says.more;
    struct goods_unit *units = NULL;
    struct form_list texts = {m->indirect, m->indirect_count};

    if (texts.n == 0) return OK;
    TRY(named_units(u, INDIRECT, &texts, &units));
    ask->indirect = units;
    return OK;
}

void indirect_write(const struct shipped_more *m, struct json_w *w)
{
    struct arena a;

    arena_init(&a, 1 * MB);
    json_w_key(w, S("indirect"));
    json_w_array(w);
    for (uint32_t i = 0; i < m->indirect_count; i++) {
        struct gs1_id id;
        struct buf b;
        buf_init(&b, GS1_TEXT_MAX);
        if (gs1_read(m->indirect[i], &a, &id).cls == ST_OK &&
            gs1_write(&id, GS1_BRACKETED, NULL, &b).cls == ST_OK)
            json_w_str(w, buf_str(&b));
        buf_fini(&b);
        arena_reset(&a);
    }
    json_w_end(w);
    arena_fini(&a);
}
