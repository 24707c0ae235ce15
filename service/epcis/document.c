// document.c - the course of a document, the same for every format, and the small texts that all
// of them write alike.
#include "service/epcis/document.h"
#include "service/epcis/epcis_int.h"
#include <string.h>

// One identifier, or a text put together from parts that have their own smaller ceilings.
#define TEXT_MAX  (4 * KB)
#define CLOSE_MAX ((size_t)128) // what the end of any format needs, kept free for it

static const struct epcis_format_ops *const formats[EPCIS_FORMAT_COUNT] = {
    [EPCIS_JSON_2_0] = &epcis_json_ops,
    [EPCIS_XML_1_2] = &epcis_xml_1_2_ops,
};

static status full(const struct epcis_doc *d)
{
    return fail(ST_TOO_LARGE, "epcis.full", 0, "the document would have more than %zu bytes",
                d->out->max);
}

static bool has_room(const struct epcis_doc *d)
{
    return !d->out->failed && d->out->max - d->out->n >= CLOSE_MAX;
}

static status head_check(const struct epcis_head *h)
{
    bool party = h->sender.n > 0;

    if (party != (h->receiver.n > 0) || (party && h->instance.n == 0))
        return fail(ST_UNPROCESSABLE, "epcis.head", 0,
                    "sender, receiver and instance identifier go together");
    if (party && (h->sender.n != 13 || !str_is_digits(h->sender) || h->receiver.n != 13 ||
                  !str_is_digits(h->receiver)))
        return fail(ST_UNPROCESSABLE, "epcis.head", 0, "a GLN has 13 digits");
    if (!str_is_utf8(h->instance, NULL))
        return fail(ST_UNPROCESSABLE, "epcis.head", 0, "the instance identifier is not UTF-8");
    for (uint32_t i = 0; i < h->ns_count; i++) TRY(epcis_ns_check(&h->ns[i]));
    return OK;
}

void epcis_doc_init(struct epcis_doc *d, enum epcis_format f, const struct epcis_head *h,
                    struct buf *out)
{
    assert(f < EPCIS_FORMAT_COUNT && !out->failed);
    *d = (struct epcis_doc){
        .ops = formats[f], .out = out, .ns = h->ns, .ns_count = h->ns_count, .st = head_check(h)};
    buf_init(&d->text, TEXT_MAX);
    if (d->st.cls == ST_OK) d->st = d->ops->begin(d, h);
    if (d->st.cls == ST_OK && !has_room(d)) d->st = full(d);
}

static status event_write(struct epcis_doc *d, const struct epcis_event *e)
{
    TRY(epcis_event_check(e));
    TRY(d->ops->event(d, e));
    return has_room(d) ? OK : full(d);
}

struct epcis_mark epcis_doc_mark(const struct epcis_doc *d)
{
    return (struct epcis_mark){d->out->n, d->w};
}

void epcis_doc_back(struct epcis_doc *d, const struct epcis_mark *m)
{
    d->w = m->w;
    d->out->n = m->n;
    d->out->failed = false; // it was not at the mark: has_room said so
}

status epcis_doc_event(struct epcis_doc *d, const struct epcis_event *e)
{
    TRY(d->st);
    struct epcis_mark mark = epcis_doc_mark(d);
    status st = event_write(d, e);

    if (st.cls != ST_OK) epcis_doc_back(d, &mark);
    return st;
}

status epcis_doc_end(struct epcis_doc *d)
{
    TRY(d->st);
    return d->ops->end(d);
}

void epcis_doc_fini(struct epcis_doc *d) { buf_fini(&d->text); }

status epcis_id_text(struct epcis_doc *d, const struct epcis_event *e, uint32_t i, str *out)
{
    buf_reset(&d->text);
    TRY(e->epcs.put(e->epcs.self, i, d->ops->form, &d->text));
    return buf_done(&d->text, out);
}

str epcis_time_text(struct epcis_doc *d, struct moment m)
{
    buf_reset(&d->text);
    when_write(&d->text, m);
    return buf_str(&d->text);
}

str epcis_offset_text(struct epcis_doc *d, struct moment m)
{
    int minutes = m.offset_min < 0 ? -m.offset_min : m.offset_min;

    buf_reset(&d->text);
    buf_addf(&d->text, "%c%02d:%02d", m.offset_min < 0 ? '-' : '+', minutes / 60, minutes % 60);
    return buf_str(&d->text);
}

// REQ CBV-ILMD-EXPIRY: a printed expiry without a day means the last day of its month
str epcis_date_text(struct epcis_doc *d, struct date x)
{
    unsigned day = x.day != 0 ? x.day : date_month_days(x.year, x.month);

    buf_reset(&d->text);
    buf_addf(&d->text, "%04d-%02u-%02u", x.year, x.month, day);
    return buf_str(&d->text);
}

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

str epcis_bt_text(struct epcis_doc *d, const struct epcis_bt *bt)
{
    if (bt->gln.n == 0) return bt->id;
    buf_reset(&d->text);
    buf_add(&d->text, S("urn:epcglobal:cbv:bt:"));
    buf_add(&d->text, bt->gln);
    buf_addc(&d->text, ':');
    urn_add(&d->text, bt->id);
    return buf_str(&d->text);
}

str epcis_name_text(struct epcis_doc *d, const struct epcis_field *f)
{
    buf_reset(&d->text);
    buf_add(&d->text, f->ns != NULL ? f->ns->prefix : S("cbvmda"));
    buf_addc(&d->text, ':');
    buf_add(&d->text, f->name);
    return buf_str(&d->text);
}

str epcis_gln_text(struct epcis_doc *d, str gln)
{
    buf_reset(&d->text);
    buf_addf(&d->text, "https://id.gs1.org/417/%.*s", STR(gln));
    return buf_str(&d->text);
}
