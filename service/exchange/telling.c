// telling.c - a message's document: its header, its events, its end.
#include "service/exchange/telling.h"
#include "service/event/event_id.h"
#include "service/journal/restored.h"
#include "service/journal/site.h"
#include <stdio.h>
#include <string.h>

// ---- the beginning

static str gln_text(struct telling *x, uint64_t gln)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%013llu", (unsigned long long)gln);

    return arena_str(&x->f->arena, (str){text, (size_t)n});
}

// Made anew, it may hold other events: who keeps what it has got by this id must not miss them.
static void name_message(struct telling *x, struct epcis_out *conf)
{
    uint8_t chance[16];
    char hex[2 * sizeof chance];

    if (conf->sender.n == 0) return;
    env_random(x->f->site->env, chance, sizeof chance);
    hex_put(hex, chance, sizeof chance);
    conf->instance = arena_str(&x->f->arena, (str){hex, sizeof hex});
    assert(conf->instance.p != NULL);
}

// The same message has the same id when it is sent again.
static void affirm(struct telling *x, struct epcis_out *conf)
{
    struct event_name name = {x->first, x->f->number, EVENT_SHAPE_MESSAGE,
                              restored_term(x->t, x->first)};
    struct buf id;

    if (x->statement.seller == 0) return;
    buf_init(&id, 64);
    event_id_put(x->f->site->meta.journal_id, &name, &id);
    conf->instance = arena_str(&x->f->arena, buf_str(&id));
    buf_fini(&id);
    conf->sender = gln_text(x, x->statement.seller);
    conf->receiver = gln_text(x, x->statement.buyer);
    conf->statement = true;
    assert(conf->instance.p != NULL && conf->sender.p != NULL && conf->receiver.p != NULL);
}

bool telling_begin(struct telling *x)
{
    struct message *m = &x->f->message;
    struct epcis_out conf = {
        .prefixes = x->prefixes, .created = {env_wall(x->f->site->env), 0}
    };

    if (x->begun) return x->doc.st.cls == ST_OK;
    x->f->sort->dress(x->f, &conf);
    name_message(x, &conf);
    affirm(x, &conf);
    m->body.max = x->limits->bytes_max;
    epcis_doc_init(&x->doc, &conf, &m->body);
    x->begun = true;
    x->head = m->body.n;
    x->conf = conf;
    x->heading = (struct heading){.a = &x->f->arena,
                                  .scratch = x->scratch,
                                  .t = x->t,
                                  .client = x->f->client,
                                  .prefixes = conf.prefixes,
                                  .urns = conf.format == EPCIS_XML_1_2};
    return x->doc.st.cls == ST_OK;
}

// ---- events

static status parts_write(struct telling *x, const struct event_parts *parts)
{
    struct epcis_mark mark = epcis_doc_mark(&x->doc);

    for (uint32_t i = 0; i < parts->n; i++) {
        status st = epcis_doc_event(&x->doc, &parts->at[i].event);
        if (st.cls == ST_OK) continue;
        epcis_doc_back(&x->doc, &mark);
        return st;
    }
    return OK;
}

// An event with a statement is alone in its document.
static bool is_alone(const struct telling *x, const struct event_parts *parts)
{
    return x->statement.seller != 0 || parts->statement.seller != 0;
}

enum told telling_add(struct telling *x, uint64_t seq, const struct event_parts *parts)
{
    struct message *m = &x->f->message;
    bool is_first = m->count == 0;

    if (!is_first && is_alone(x, parts)) return TOLD_FULL;
    if (is_first) {
        x->first = seq;
        x->statement = parts->statement;
    }
    (void)telling_begin(x); // where it fails, so does every event
    if (!is_first && m->body.n >= x->limits->bytes_max) return TOLD_FULL;
    status st = parts_write(x, parts);
    bool full = st.cls != ST_OK && strcmp(st.reason, "epcis.full") == 0;
    if (full && !is_first) return TOLD_FULL;
    if (full) { // one that is too large for a message goes alone
        m->body.max = MESSAGE_MAX;
        st = parts_write(x, parts);
    }
    if (st.cls == ST_OK) return TOLD;
    m->trouble = st;
    return TOLD_WRONG;
}

// ---- the end

// Which names a message has is known when its events are written: the document's beginning is
// written again. It goes without master data where there is no room.
static void head_complete(struct telling *x)
{
    struct message *m = &x->f->message;
    struct epcis_doc d;
    struct buf whole;

    if (!heading_elements(&x->heading, &x->conf)) return;
    buf_init(&whole, MESSAGE_MAX);
    epcis_doc_init(&d, &x->conf, &whole);
    bool good = d.st.cls == ST_OK;
    buf_add(&whole, str_from(buf_str(&m->body), x->head));
    good = good && !whole.failed;
    if (good) {
        buf_reset(&m->body);
        m->body.max = MESSAGE_MAX;
        buf_add(&m->body, buf_str(&whole));
    }
    epcis_doc_fini(&d);
    buf_fini(&whole);
}

static void body_pack(struct telling *x, struct http_gzip **gzip)
{
    struct message *m = &x->f->message;
    struct buf packed;

    if (!x->f->partner.gzip || !http_gzip_pays("application/json", m->body.n)) return;
    http_gzip(gzip, buf_str(&m->body), &packed);
    buf_reset(&m->body);
    m->body.max = MESSAGE_MAX;
    buf_add(&m->body, buf_str(&packed));
    buf_fini(&packed);
    m->gzip = true;
}

void telling_end(struct telling *x, struct http_gzip **gzip)
{
    status st = epcis_doc_end(&x->doc);

    assert(st.cls == ST_OK); // epcis_doc_event keeps room for it
    head_complete(x);
    body_pack(x, gzip);
}

void telling_fini(struct telling *x)
{
    if (x->begun) epcis_doc_fini(&x->doc);
    x->begun = false;
}
