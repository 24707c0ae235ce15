// cut.c - cutting documents, whatever their syntax.
#include "service/epcis/read.h"
#include "service/epcis/read_int.h"
#include <stdlib.h>

#define CUT_MAGIC 0xc0770e15u

struct epcis_cut {
    unsigned magic;
    struct epcis_cut_conf asked, conf; // the caller's; the syntax's, which tells us
    const struct epcis_cut_syntax *syntax;
    void *self;
    bool front_told;
    struct epcis_front front;
    status st; // the first trouble: it stays
};

static const struct epcis_cut_syntax *const syntaxes[] = {
    [EPCIS_SYNTAX_JSON] = &epcis_cut_json,
    [EPCIS_SYNTAX_XML] = &epcis_cut_xml,
};

// A syntax that learns more of the front behind the events tells it again.
static status take_front(void *self, const struct epcis_front *f)
{
    struct epcis_cut *c = self;
    bool again = c->front_told;

    c->front = *f;
    c->front_told = true;
    return again ? OK : c->asked.ops->front(c->asked.self, &c->front);
}

static status take_event(void *self, uint32_t index, str bytes, uint64_t at)
{
    struct epcis_cut *c = self;

    return c->asked.ops->event(c->asked.self, index, bytes, at);
}

static status take_text(void *self, str piece)
{
    struct epcis_cut *c = self;

    return c->asked.text == NULL ? OK : c->asked.text(c->asked.self, piece);
}

static const struct epcis_cut_ops ops = {take_front, take_event};

struct epcis_cut *epcis_cut_new(const struct epcis_cut_conf *conf)
{
    struct epcis_cut *c = calloc(1, sizeof *c);

    assert(c != NULL && conf->syntax < LEN(syntaxes));
    c->magic = CUT_MAGIC;
    c->asked = c->conf = *conf;
    c->conf.ops = &ops;
    c->conf.text = take_text;
    c->conf.self = c;
    c->syntax = syntaxes[conf->syntax];
    c->st = OK;
    if (c->syntax != NULL)
        c->self = c->syntax->begin(&c->conf);
    else
        c->st = fail(ST_UNSUPPORTED, "epcis.syntax", 0, "documents in this syntax are not read");
    return c;
}

void epcis_cut_free(struct epcis_cut **cp)
{
    struct epcis_cut *c = *cp;

    *cp = NULL;
    if (c == NULL) return;
    OBJ_CHECK(c, CUT_MAGIC);
    if (c->syntax != NULL) c->syntax->free(c->self);
    c->magic = 0;
    free(c);
}

status epcis_cut_piece(struct epcis_cut *c, str bytes)
{
    OBJ_CHECK(c, CUT_MAGIC);
    if (c->st.cls == ST_OK) c->st = c->syntax->piece(c->self, bytes);
    return c->st;
}

status epcis_cut_end(struct epcis_cut *c)
{
    OBJ_CHECK(c, CUT_MAGIC);
    if (c->st.cls == ST_OK) c->st = c->syntax->end(c->self);
    return c->st;
}

bool epcis_cut_is_late(const struct epcis_cut *c)
{
    OBJ_CHECK(c, CUT_MAGIC);
    return c->syntax != NULL && c->syntax->is_late != NULL && c->syntax->is_late(c->self);
}

const struct epcis_front *epcis_cut_front(const struct epcis_cut *c)
{
    OBJ_CHECK(c, CUT_MAGIC);
    return c->front_told ? &c->front : NULL;
}
