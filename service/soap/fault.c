#include "service/soap/fault.h"
#include "common/bytes.h"
#include "service/rest/rest.h"
#include "service/soap/call.h"
#include "service/soap/soap.h"

// REQ EPCIS-1.2-FAULTS: the first row that fits; an empty beginning fits every reason.
static const struct {
    enum status_class cls; // ST_OK: all others
    const char *begins;    // the reason
    const char *exception;
} exceptions[] = {
    {ST_NOT_FOUND,       "subscription.",             "NoSuchSubscriptionException"   },
    {ST_NOT_FOUND,       "query.",                    "NoSuchNameException"           },
    {ST_CONFLICT,        "subscription.",             "DuplicateSubscriptionException"},
    {ST_BAD_INPUT,       "query.",                    "QueryParameterException"       },
    {ST_BAD_INPUT,       "subscription.dest",         "InvalidURIException"           },
    {ST_BAD_INPUT,       "subscription.id",           "ValidationException"           },
    {ST_BAD_INPUT,       "subscription.no_subscribe", "SubscribeNotPermittedException"},
    {ST_BAD_INPUT,       "subscription.",             "SubscriptionControlsException" },
    {ST_BAD_INPUT,       "schedule.",                 "SubscriptionControlsException" },
    {ST_BAD_INPUT,       "",                          "ValidationException"           },
    {ST_TOO_LARGE,       "query.too_large",           "QueryTooLargeException"        },
    {ST_TOO_LARGE,       "query.",                    "QueryTooComplexException"      },
    {ST_TOO_LARGE,       "",                          "ValidationException"           },
    {ST_MEDIA_TYPE,      "",                          "ValidationException"           },
    {ST_METHOD,          "",                          "ValidationException"           },
    {ST_UNAUTHENTICATED, "",                          "SecurityException"             },
    {ST_NOT_ALLOWED,     "",                          "SecurityException"             },
    {ST_TOO_MANY,        "",                          "SecurityException"             },
    {ST_UNPROCESSABLE,   "",                          "ValidationException"           },
    {ST_OK,              "",                          "ImplementationException"       },
};

const char *soap_exception(status st)
{
    size_t i = 0;

    while (exceptions[i].cls != ST_OK &&
           (exceptions[i].cls != st.cls ||
            !str_starts(str_of(st.reason), str_of(exceptions[i].begins))))
        i++;
    return exceptions[i].exception;
}

static bool is_ours(status st) { return status_http(st.cls) >= 500; }

// The sentence, and the code that a program may look at.
static void reason_write(struct xml_w *w, status st)
{
    char text[sizeof st.text];
    struct buf b;

    buf_init(&b, KB);
    buf_add(&b, rest_printable(str_of(st.text[0] != 0 ? st.text : status_says(st.cls)), text));
    if (st.reason != NULL) buf_addf(&b, " (%s)", st.reason);
    xml_leaf(w, S("reason"), buf_str(&b));
    buf_fini(&b);
}

void soap_exception_write(struct xml_w *w, status st, const struct soap_about *about)
{
    str name = str_of(soap_exception(st));
    bool large = str_eq(name, S("QueryTooLargeException"));
    bool mistake = str_eq(name, S("ImplementationException"));
    bool grave = st.cls == ST_STORE || st.cls == ST_FULL || st.cls == ST_INTERNAL;
    struct buf b;

    buf_init(&b, KB);
    buf_add(&b, S("epcisq:"));
    buf_add(&b, name);
    xml_open(w, buf_str(&b));
    buf_fini(&b);
    reason_write(w, st);
    if (mistake) xml_leaf(w, S("severity"), grave ? S("SEVERE") : S("ERROR"));
    if ((large || mistake) && about->query.n > 0) xml_leaf(w, S("queryName"), about->query);
    if ((large || mistake) && about->subscription.n > 0)
        xml_leaf(w, S("subscriptionID"), about->subscription);
    xml_close(w);
}

static str code_of(status st)
{
    if (str_eq(str_of(st.reason), S("soap.version"))) return S("soapenv:VersionMismatch");
    if (str_eq(str_of(st.reason), S("soap.must_understand"))) return S("soapenv:MustUnderstand");
    return is_ours(st) ? S("soapenv:Server") : S("soapenv:Client");
}

// `extra` is that of soap_about_extra, or another handler's JSON, which has no place here.
#define ABOUT "about:"
static struct soap_about about_of(str extra)
{
    struct soap_about about = {{0}, {0}};

    if (!str_starts(extra, S(ABOUT))) return about;
    struct bytes_r in = bytes_reader(str_from(extra, sizeof ABOUT - 1));
    about.query = bytes_get_str(&in);
    about.subscription = bytes_get_str(&in);
    return about;
}

str soap_about_extra(struct http_req *r, str query, str subscription)
{
    struct buf b;

    buf_init(&b, 4 * KB);
    buf_add(&b, S(ABOUT));
    bytes_str(&b, query);
    bytes_str(&b, subscription);
    str out = b.failed ? S("") : arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

static const char *problem(struct http_req *r, status st, str extra, struct buf *body)
{
    struct soap_about about = about_of(extra);
    struct xml_w w = xml_writer(body);

    (void)r;
    xml_declare(&w);
    xml_open(&w, S("soapenv:Envelope"));
    xml_attr(&w, S("xmlns:soapenv"), S(SOAP_NS));
    xml_attr(&w, S("xmlns:epcisq"), S(SOAP_QUERY_NS));
    xml_open(&w, S("soapenv:Body"));
    xml_open(&w, S("soapenv:Fault"));
    xml_leaf(&w, S("faultcode"), code_of(st));
    xml_leaf(&w, S("faultstring"), str_of(status_says(st.cls)));
    xml_open(&w, S("detail"));
    soap_exception_write(&w, st, &about);
    while (w.depth > 0 && w.st.cls == ST_OK) xml_close(&w);
    return "text/xml";
}

// REQ EPCIS-1.2-FAULTS: a SOAP 1.1 fault has HTTP status 500
static int code(status st)
{
    static const enum status_class kept[] = {ST_UNAUTHENTICATED,   ST_NOT_ALLOWED, ST_METHOD,
                                             ST_TIMEOUT,           ST_MEDIA_TYPE,  ST_TOO_MANY,
                                             ST_HEADERS_TOO_LARGE, ST_BUSY};

    for (size_t i = 0; i < LEN(kept); i++)
        if (kept[i] == st.cls) return status_http(st.cls);
    bool body = st.cls == ST_TOO_LARGE && !str_starts(str_of(st.reason), S("query."));
    return body ? status_http(st.cls) : 500;
}

const struct http_manner soap_manner = {
    .prefix = SOAP_PATH, .problem = problem, .code = code, .silent_head = true};
