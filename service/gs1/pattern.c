// Patterns: the fixed components of one are read as of any URN; what they fix is a stretch of the
// key, or of the text of EPCs without a key.
#include "service/gs1/pattern.h"
#include "service/gs1/gs1_int.h"
#include <string.h>

#define ID_HEAD      10 // "urn:epc:id"
#define PATTERN_HEAD 13 // "urn:epc:idpat"

// Where the stars begin in "urn:epc:idpat:gid:1.*.*".
static uint8_t text_fixed(str text, size_t stars)
{
    size_t tail = 2 * stars - 1; // the dot before them is fixed

    assert(text.n >= tail && text.n - tail <= UINT8_MAX);
    return (uint8_t)(text.n - tail);
}

static void stretch(const struct gs1_urn *u, struct gs1_pattern *p)
{
    const struct gs1_kind *k = u->kind;

    if (gs1_is_text(p->id.scheme)) {
        p->from = PATTERN_HEAD;
        p->to = text_fixed(p->id.ext, k->parts - u->fixed);
    } else if (u->fixed == 1) { // the prefix alone
        p->from = k->lead;
        p->to = (uint8_t)(k->lead + p->id.prefix_n);
        p->is_open = true;
    } else {
        p->to = p->id.key_n; // less than a key without the pieces of an ITIP
        p->is_open = u->fixed == 0 || (k->parts == GS1_URN_PARTS && u->fixed < k->parts - 1u);
    }
}

status gs1_pattern_read(str in, struct arena *a, struct gs1_pattern *out)
{
    struct gs1_pattern p = {.is_exact = true};
    struct gs1_urn u;

    if (in.n > GS1_TEXT_MAX || !gs1_is_urn(in) || !str_starts(str_from(in, 8), S("idpat:"))) {
        TRY(gs1_read(in, a, &p.id));
        *out = p;
        return OK;
    }
    TRY(gs1_urn_cut(in, &u));
    p.is_exact = u.fixed == u.kind->parts;
    if (p.is_exact) u.is_pattern = false; // it says what an identity says
    TRY(gs1_urn_parts_read(&u, a, &p.id));
    if (!p.is_exact) stretch(&u, &p);
    *out = p;
    return OK;
}

// A class of trade items is the class of all schemes that have a GTIN for their key.
static bool is_of_scheme(const struct gs1_pattern *p, const struct gs1_id *id)
{
    enum gs1_scheme wanted = p->id.scheme;

    return id->scheme == wanted ||
           (id->scheme == GS1_GTIN && (wanted == GS1_SGTIN || wanted == GS1_UPUI));
}

static bool text_matches(const struct gs1_pattern *p, const struct gs1_id *id)
{
    str body = str_from(id->ext, id->is_class ? PATTERN_HEAD : ID_HEAD);

    return str_starts(body, (str){p->id.ext.p + p->from, (size_t)(p->to - p->from)});
}

bool gs1_pattern_matches(const struct gs1_pattern *p, const struct gs1_id *id)
{
    if (p->is_exact) return gs1_id_eq(&p->id, id);
    if (!is_of_scheme(p, id)) return false;
    if (gs1_is_text(id->scheme)) return text_matches(p, id);
    if (p->is_open ? id->key_n <= p->to : id->key_n != p->to) return false;
    return memcmp(id->key + p->from, p->id.key + p->from, (size_t)(p->to - p->from)) == 0;
}

unsigned gs1_pattern_starts(const struct gs1_pattern *p)
{
    if (!p->is_exact && gs1_is_text(p->id.scheme))
        return gs1_kinds[p->id.scheme].ext == EXT_CLASS ? 2 : 1;
    return p->from > 0 ? GS1_PATTERN_STARTS_MAX : 1; // the digit before the prefix may be any
}

void gs1_pattern_start(const struct gs1_pattern *p, unsigned i, struct buf *out)
{
    assert(i < gs1_pattern_starts(p));
    if (p->is_exact) {
        status st = gs1_write(&p->id, GS1_DL, NULL, out);
        assert(st.cls == ST_OK); // only a URN may be unknown
        return;
    }
    if (gs1_is_text(p->id.scheme)) { // instances, then classes
        buf_add(out, i == 0 ? S("urn:epc:id") : S("urn:epc:idpat"));
        buf_add(out, (str){p->id.ext.p + p->from, (size_t)(p->to - p->from)});
        return;
    }
    const struct gs1_kind *k = &gs1_kinds[p->id.scheme];
    buf_add(out, S("https://id.gs1.org/"));
    buf_add(out, str_of(k->ai));
    buf_addc(out, '/');
    buf_add(out, str_of(k->filler));
    if (p->from > 0) buf_addc(out, (char)('0' + i));
    gs1_escape((str){p->id.key + p->from, (size_t)(p->to - p->from)}, ESCAPE_PATH, out);
}
