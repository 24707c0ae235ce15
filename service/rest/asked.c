// What the GS1 headers of a request ask for, as values.
#include "service/rest/rest_int.h"

static const char *const epcs_words[] = {[REST_EPCS_ANY] = "No_Preference",
                                         [REST_EPCS_DL] = "Always_GS1_Digital_Link",
                                         [REST_EPCS_URN] = "Always_EPC_URN",
                                         [REST_EPCS_AS_GIVEN] = "Never_Translates"};
static const char *const words_words[] = {[REST_WORDS_ANY] = "No_Preference",
                                          [REST_WORDS_WEB] = "Always_Web_URI",
                                          [REST_WORDS_URN] = "Always_URN",
                                          [REST_WORDS_AS_GIVEN] = "Never_Translates"};

const char *rest_epcs_word(unsigned epcs)
{
    assert(epcs < LEN(epcs_words));
    return epcs_words[epcs];
}

const char *rest_words_word(unsigned words)
{
    assert(words < LEN(words_words));
    return words_words[words];
}

static status one_of(const struct http_req *r, const char *header, const char *const *words,
                     uint8_t *out)
{
    str said = http_header(r, str_of(header));

    if (said.n == 0) return OK;
    for (uint8_t i = 0; i < 4; i++)
        if (str_eq_fold(said, str_of(words[i]))) return *out = i, OK;
    return fail(ST_BAD_INPUT, "header.word", 0, "%s: %s, %s, %s or %s", header, words[0], words[1],
                words[2], words[3]);
}

status rest_form(const struct http_req *r, struct rest_form *out)
{
    struct rest_form f = {REST_EPCS_ANY, REST_WORDS_ANY};

    TRY(one_of(r, "GS1-EPC-Format", epcs_words, &f.epcs));
    TRY(one_of(r, "GS1-CBV-XML-Format", words_words, &f.words));
    *out = f;
    return OK;
}

// REQ EPCIS-2.0-EPC-FORMAT: who says nothing gets Digital Links, however it was captured
enum epcis_form rest_form_ids(struct rest_form f)
{
    if (f.epcs == REST_EPCS_AS_GIVEN) return EPCIS_AS_GIVEN;
    return f.epcs == REST_EPCS_URN ? EPCIS_URN : EPCIS_DL;
}

enum epcis_words rest_form_words(struct rest_form f)
{
    return f.words == REST_WORDS_URN ? EPCIS_WORDS_URN : EPCIS_WORDS_WEB;
}

// ---- GS1-Extensions

static status extension_read(str entry, struct epcis_ns *out)
{
    str uri = entry, prefix = S("");

    bool whole = str_cut(&uri, '=', &prefix);
    prefix = str_trim(prefix);
    uri = str_trim(uri);
    if (!whole || !xml_is_ncname(prefix) || uri.n == 0)
        return fail(ST_BAD_INPUT, "header.extensions", 0,
                    "GS1-Extensions: prefix=namespace, comma, prefix=namespace");
    *out = (struct epcis_ns){prefix, uri};
    return OK;
}

status rest_extensions(struct http_req *r, const struct epcis_ns **out, uint32_t *n)
{
    struct epcis_ns *all;
    str name = S("GS1-Extensions"), entry;
    uint32_t room = 0, count = 0;

    for (size_t i = 0; i < r->header_count; i++) {
        if (!str_eq_fold(r->headers[i].name, name)) continue;
        room++;
        for (size_t k = 0; k < r->headers[i].value.n; k++) room += r->headers[i].value.p[k] == ',';
    }
    all = NEW_ARRAY(&r->arena, struct epcis_ns, room + 1);
    if (all == NULL) return no_memory();
    for (size_t i = 0; i < r->header_count; i++) {
        str rest = r->headers[i].value;
        if (!str_eq_fold(r->headers[i].name, name)) continue;
        for (bool more = true; more;) {
            more = str_cut(&rest, ',', &entry);
            if (!more) entry = rest;
            if (str_trim(entry).n > 0) TRY(extension_read(entry, &all[count++]));
        }
    }
    *out = all;
    *n = count;
    return OK;
}
