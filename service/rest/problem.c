// A status as a problem of EPCIS 2.0: RFC 7807 with the types of the standard. `code`, `at` and
// `units` are members of our own; in XML the code stands last and in a namespace of its own, as the
// schema allows.
#include "common/xml.h"
#include "service/rest/rest_int.h"

#define XML_NS  "urn:epcglobal:epcis:xsd:2"
#define CODE_NS "urn:packtrail:problem"
#define E(name) "epcisException:" name

// REQ EPCIS-2.0-PROBLEM: the first row that fits; an empty beginning fits every reason.
static const struct {
    enum status_class cls; // ST_OK: all others
    const char *begins;    // the reason
    const char *type;
} types[] = {
    {ST_BAD_INPUT,         "query.",            E("QueryParameterException")       },
    {ST_BAD_INPUT,         "page.",             E("QueryParameterException")       },
    {ST_BAD_INPUT,         "definition.",       E("QueryValidationException")      },
    {ST_BAD_INPUT,         "subscription.",     E("SubscriptionControlsException") },
    {ST_BAD_INPUT,         "schedule.",         E("SubscriptionControlsException") },
    {ST_BAD_INPUT,         "",                  E("ValidationException")           },
    {ST_UNAUTHENTICATED,   "",                  E("SecurityException")             },
    {ST_NOT_ALLOWED,       "",                  E("SecurityException")             },
    {ST_NOT_FOUND,         "",                  E("NoSuchNameException")           },
    {ST_METHOD,            "",                  E("NoSuchNameException")           },
    {ST_NOT_ACCEPTABLE,    "",                  E("NotAcceptableException")        },
    {ST_CONFLICT,          "event.id_taken",    E("ResourceAlreadyExistsException")},
    {ST_CONFLICT,          "query.exists",      E("ResourceAlreadyExistsException")},
    {ST_CONFLICT,          "subscription.",     E("ResourceAlreadyExistsException")},
    {ST_CONFLICT,          "",                  E("ValidationException")           },
    {ST_TOO_LARGE,         "query.too_complex", E("QueryTooComplexException")      },
    {ST_TOO_LARGE,         "query.",            E("QueryTooLargeException")        },
    {ST_TOO_LARGE,         "",                  E("CaptureLimitExceededException") },
    {ST_URI_TOO_LONG,      "",                  E("URITooLongException")           },
    {ST_MEDIA_TYPE,        "",                  E("UnsupportedMediaTypeException") },
    {ST_UNPROCESSABLE,     "",                  E("ValidationException")           },
    {ST_TIMEOUT,           "",                  E("ValidationException")           },
    {ST_TOO_MANY,          "",                  E("SecurityException")             },
    {ST_HEADERS_TOO_LARGE, "",                  E("ValidationException")           },
    {ST_OK,                "",                  E("ImplementationException")       },
};

const char *rest_problem_type(status st)
{
    size_t i = 0;

    while (types[i].cls != ST_OK &&
           (types[i].cls != st.cls || !str_starts(str_of(st.reason), str_of(types[i].begins))))
        i++;
    return types[i].type;
}

void rest_problem_members(struct json_w *w, status st)
{
    json_w_kstr(w, "type", str_of(rest_problem_type(st)));
    json_w_kstr(w, "title", str_of(status_says(st.cls)));
    json_w_kint(w, "status", status_http(st.cls));
    if (st.text[0] != 0) json_w_kstr(w, "detail", str_of(st.text));
    if (st.reason != NULL) json_w_kstr(w, "code", str_of(st.reason));
}

str rest_printable(str s, char out[sizeof((status *)0)->text])
{
    size_t n = 0, bad;

    for (; n < s.n && n < sizeof((status *)0)->text; n++)
        out[n] = (unsigned char)s.p[n] < ' ' ? '?' : s.p[n];
    while (!xml_is_text((str){out, n}, &bad)) out[bad] = '?';
    return (str){out, n};
}

static void write_xml(struct buf *b, status st)
{
    char text[sizeof st.text];
    struct xml_w w = xml_writer(b);

    xml_declare(&w);
    xml_open(&w, S("epcis:EPCISException"));
    xml_attr(&w, S("xmlns:epcis"), S(XML_NS));
    xml_leaf(&w, S("type"), str_of(rest_problem_type(st)));
    xml_leaf(&w, S("title"), str_of(status_says(st.cls)));
    xml_open(&w, S("status"));
    struct buf digits;
    buf_init(&digits, 16);
    buf_addu(&digits, (uint64_t)status_http(st.cls));
    xml_text(&w, buf_str(&digits));
    buf_fini(&digits);
    xml_close(&w);
    if (st.text[0] != 0) xml_leaf(&w, S("detail"), rest_printable(str_of(st.text), text));
    if (st.reason != NULL) {
        xml_open(&w, S("code"));
        xml_attr(&w, S("xmlns"), S(CODE_NS));
        xml_text(&w, str_of(st.reason));
        xml_close(&w);
    }
    xml_close(&w);
    assert(xml_done(&w).cls == ST_OK);
}

void rest_problem_write(struct buf *b, bool xml, status st, str extra)
{
    if (xml) {
        write_xml(b, st);
        return;
    }
    struct json_w w = json_writer(b);
    json_w_object(&w);
    rest_problem_members(&w, st);
    if (st.cls == ST_BAD_INPUT || st.at > 0) json_w_kint(&w, "at", st.at);
    if (extra.n > 0) buf_addc(b, ',');
    buf_add(b, extra);
    json_w_end(&w);
}

static struct rest_capture_limits limits_of(const struct site_limits *l, str reason)
{
    if (str_eq(reason, S("capture.event_max")))
        return (struct rest_capture_limits){1, l->capture_event_max};
    return rest_capture_limits(l, str_eq(reason, S("capture.strict_max")));
}

// The limits of a capture, so that the caller can do better. A body over its ceiling is refused by
// the server itself, which knows nothing of them.
static void say_limits(struct http_req *r, status st)
{
    struct rest_capture_limits l = limits_of(&api_site(r)->limits, str_of(st.reason));
    struct buf b;

    if (str_starts(str_of(st.reason), S("query."))) return;
    buf_init(&b, 32);
    buf_addu(&b, l.events);
    http_reply_header(r, "GS1-EPCIS-Capture-Limit", buf_str(&b));
    buf_reset(&b);
    buf_addu(&b, l.bytes);
    http_reply_header(r, "GS1-EPCIS-Capture-File-Size-Limit", buf_str(&b));
    buf_fini(&b);
}

const char *rest_problem(struct http_req *r, status st, str extra, struct buf *body)
{
    static const char *const types_in_order[] = {
        "application/problem+json", "application/json", "application/ld+json",
        "application/problem+xml",  "application/xml",  "text/xml"};
    bool xml = http_negotiate(r, types_in_order, LEN(types_in_order)) >= 3; // -1: JSON all the same

    if (st.cls == ST_TOO_LARGE) say_limits(r, st);
    rest_problem_write(body, xml, st, extra);
    return xml ? "application/problem+xml" : "application/problem+json";
}
