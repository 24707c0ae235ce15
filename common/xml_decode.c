// xml_decode.c - which encoding a document has (XML 1.0, appendix F), and the way to UTF-8.
#include "common/xml_decode.h"
#include <errno.h>
#include <iconv.h>
#include <string.h>

#define HEAD_MAX  ((size_t)1024) // an XML declaration is shorter, or none of ours
#define SPLIT_MAX ((size_t)16)
#define PIECE_MAX (64 * KB) // converted at once

void xml_decoder_init(struct xml_decoder *d)
{
    *d = (struct xml_decoder){.iconv = NULL};
    buf_init(&d->held, 64 * MB); // the first piece may be the whole document
    buf_init(&d->out, GB);
    buf_init(&d->split, SPLIT_MAX);
}

void xml_decoder_fini(struct xml_decoder *d)
{
    if (d->iconv != NULL) iconv_close(d->iconv);
    d->iconv = NULL;
    buf_fini(&d->held);
    buf_fini(&d->out);
    buf_fini(&d->split);
}

bool xml_decoder_converts(const struct xml_decoder *d) { return d->iconv != NULL; }

// ---- which

static status refuse(str name)
{
    if (!str_is_utf8(name, NULL)) name.n = 0;
    name = str_shown(name, 32);
    return fail(ST_BAD_INPUT, "xml.encoding", 0, "the encoding \"%.*s\" is not known here",
                STR(name));
}

static const struct {
    const char *name, *iconv; // NULL: UTF-8 already
} encodings[] = {
    {"UTF-8",        NULL         },
    {"US-ASCII",     "US-ASCII"   },
    {"ASCII",        "US-ASCII"   },
    {"ISO-8859-1",   "ISO-8859-1" },
    {"ISO8859-1",    "ISO-8859-1" },
    {"LATIN1",       "ISO-8859-1" },
    {"ISO-8859-15",  "ISO-8859-15"},
    {"WINDOWS-1252", "CP1252"     },
    {"CP1252",       "CP1252"     },
};

static status open_as(struct xml_decoder *d, const char *name)
{
    iconv_t cd = iconv_open("UTF-8", name);

    if (cd == (iconv_t)-1) return refuse(str_of(name));
    d->iconv = cd;
    return OK;
}

// The value of encoding="…" in a declaration; empty where there is none.
static str declared(str head)
{
    const char *end = memmem(head.p, head.n, "?>", 2);
    str s = {head.p, end != NULL ? (size_t)(end - head.p) : 0}, value = {"", 0};
    const char *at = s.n > 0 ? memmem(s.p, s.n, "encoding", 8) : NULL;

    if (!str_starts(head, S("<?xml")) || at == NULL) return value;
    s = str_trim(str_from(s, (size_t)(at - s.p) + 8));
    if (!str_starts(s, S("="))) return value;
    s = str_trim(str_from(s, 1));
    if (s.n == 0 || (s.p[0] != '"' && s.p[0] != '\'')) return value;
    char quote = s.p[0];
    s = str_from(s, 1);
    return str_cut(&s, quote, &value) ? value : (str){"", 0};
}

static str beginning(str s) { return s.n > HEAD_MAX ? (str){s.p, HEAD_MAX} : s; }

static status choose(struct xml_decoder *d, str bytes)
{
    str head = beginning(bytes);

    if (str_starts(head, S("\xff\xfe\0\0")) || str_starts(head, S("\0\0\xfe\xff")))
        return refuse(S("UTF-32"));
    if (str_starts(head, S("\xff\xfe")) || str_starts(head, S("\xfe\xff")))
        return open_as(d, "UTF-16");
    if (str_starts(head, S("<\0"))) return open_as(d, "UTF-16LE");
    if (str_starts(head, S("\0<"))) return open_as(d, "UTF-16BE");
    if (str_starts(head, S("\xef\xbb\xbf"))) return OK;
    str name = declared(head);
    if (name.n == 0) return OK;
    for (size_t i = 0; i < LEN(encodings); i++)
        if (str_eq_fold(name, str_of(encodings[i].name)))
            return encodings[i].iconv == NULL ? OK : open_as(d, encodings[i].iconv);
    return refuse(name);
}

// Can the encoding be told from this beginning?
static bool enough(str bytes)
{
    str head = beginning(bytes);

    if (head.n == HEAD_MAX) return true;
    if (head.n < 5) return false;
    return !str_starts(head, S("<?xml")) || memmem(head.p, head.n, "?>", 2) != NULL;
}

// ---- the way

// Converts what it can; what is left of *in is the beginning of a character.
static status convert(struct xml_decoder *d, str *in)
{
    while (in->n > 0) {
        size_t before = d->out.n, room = in->n * 3 + 16;
        if (room > PIECE_MAX) room = PIECE_MAX;
        char *from = (char *)(uintptr_t)in->p, *to = buf_room(&d->out, room);
        if (to == NULL) return fail(ST_TOO_LARGE, "xml.ceiling", 0, "more text than is allowed");
        size_t left = room, n = iconv(d->iconv, &from, &in->n, &to, &left);
        int error = errno;
        in->p = from;
        d->out.n = before + room - left;
        if (n != (size_t)-1) continue;
        if (error == EINVAL) return OK;
        if (error != E2BIG)
            return fail(ST_BAD_INPUT, "xml.encoding", 0, "bytes that are none of the encoding");
    }
    return OK;
}

// The character that the last piece ended in, byte by byte.
static status finish_split(struct xml_decoder *d, str *in)
{
    while (d->split.n > 0 && in->n > 0) {
        buf_addc(&d->split, in->p[0]);
        *in = str_from(*in, 1);
        str s = buf_str(&d->split);
        TRY(convert(d, &s));
        if (s.n == 0) buf_reset(&d->split);
    }
    return OK;
}

static status pass(struct xml_decoder *d, str in, str *out)
{
    *out = in;
    if (d->iconv == NULL) return OK;
    buf_reset(&d->out);
    status st = finish_split(d, &in);
    if (st.cls == ST_OK) st = convert(d, &in);
    if (st.cls == ST_OK && in.n > 0) buf_add(&d->split, in);
    *out = buf_str(&d->out);
    return st;
}

static status begin(struct xml_decoder *d, str *out)
{
    TRY(choose(d, buf_str(&d->held)));
    d->known = true;
    return pass(d, buf_str(&d->held), out);
}

status xml_decoder_piece(struct xml_decoder *d, str in, str *out)
{
    *out = (str){"", 0};
    if (d->known) return pass(d, in, out);
    if (d->held.n == 0 && enough(in)) {
        TRY(choose(d, in));
        d->known = true;
        return pass(d, in, out);
    }
    buf_add(&d->held, in);
    return enough(buf_str(&d->held)) ? begin(d, out) : OK;
}

status xml_decoder_end(struct xml_decoder *d, str *out)
{
    *out = (str){"", 0};
    if (!d->known && d->held.n > 0) TRY(begin(d, out));
    if (d->split.n > 0)
        return fail(ST_BAD_INPUT, "xml.encoding", 0, "the text ends inside a character");
    return OK;
}

// Where it converts, the text lies in the decoder and goes with it.
static status whole_keep(const struct xml_decoder *d, struct arena *a, str *text)
{
    if (!xml_decoder_converts(d)) return OK;
    *text = arena_str(a, *text);
    if (text->p != NULL) return OK;
    return fail(ST_TOO_LARGE, "xml.ceiling", 0, "more text than is allowed");
}

status xml_decode_whole(str in, struct arena *a, str *out)
{
    struct xml_decoder d;
    str text, tail;

    xml_decoder_init(&d);
    status st = choose(&d, in);
    d.known = true;
    if (st.cls == ST_OK) st = pass(&d, in, &text);
    if (st.cls == ST_OK) st = whole_keep(&d, a, &text);
    if (st.cls == ST_OK) st = xml_decoder_end(&d, &tail);
    if (st.cls == ST_OK) *out = text;
    xml_decoder_fini(&d);
    return st;
}
