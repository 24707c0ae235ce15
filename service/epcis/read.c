// read.c - one event in any syntax, and which syntax a document has.
#include "service/epcis/read.h"
#include "common/bytes.h"
#include "common/json.h"
#include "common/xml.h"
#include "common/xml_r.h"
#include "service/epcis/read_int.h"
#include <string.h>

static status (*const readers[])(str bytes, const struct epcis_scope *scope, struct arena *a,
                                 struct epcis_event *out) = {
    [EPCIS_SYNTAX_JSON] = epcis_json_event_read,
    [EPCIS_SYNTAX_XML] = epcis_xml_event_read,
};

status epcis_event_read(str bytes, const struct epcis_scope *scope, struct arena *a,
                        struct epcis_event *out)
{
    assert(scope->syntax < LEN(readers));
    if (readers[scope->syntax] == NULL)
        return fail(ST_UNSUPPORTED, "epcis.syntax", 0, "events in this syntax are not read");
    TRY(readers[scope->syntax](bytes, scope, a, out));
    out->lenient = scope->lenient;
    if (!epcis_step_is_misspelt(out->step)) return OK;
    out->step = epcis_word(EPCIS_VOC_STEP, EPCIS_STEP_DECOMMISSIONING);
    out->step_misspelt = true;
    return OK;
}

// The unit that an escape stands for, of text behind its backslash; 0xfffd: none of these.
static uint32_t escaped(str s)
{
    uint8_t u[2];

    if (s.n < 5 || s.p[0] != 'u' || !hex_get((str){s.p + 1, 4}, u, sizeof u)) return 0xfffd;
    uint32_t unit = (uint32_t)u[0] << 8 | u[1];
    return unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit; // a half is the reader's to judge
}

status epcis_characters_check(enum epcis_syntax syntax, str s)
{
    for (size_t i = 0; syntax == EPCIS_SYNTAX_JSON && i < s.n; i++) {
        size_t from = i;
        bool good = true;
        if (s.p[i] == '\\')
            good = xml_is_character(escaped(str_from(s, ++i)));
        else if (s.p[i] == '\xef')
            good = s.n - i < 3 || xml_is_text((str){s.p + i, 3}, NULL);
        if (!good)
            return fail(ST_BAD_INPUT, "epcis.character", (uint32_t)from,
                        "a character that XML has no place for, so that it could not be told on");
    }
    return OK;
}

static status json_form(str bytes, struct arena *a)
{
    struct json_r r = json_reader(bytes, a);

    (void)json_raw(&r);
    return json_r_end(&r);
}

static status xml_form(str bytes, str context, struct arena *a)
{
    struct xml_r r;

    xml_r_init(&r, bytes, a);
    xml_r_scope(&r, context);
    if (xml_r_root(&r)) xml_r_skip(&r);
    return xml_r_end(&r);
}

status epcis_form_check(str bytes, const struct epcis_scope *scope, struct arena *a)
{
    static const char *const ceilings[] = {"json.depth", "xml.depth", "xml.attributes",
                                           "xml.namespaces"};
    status st = scope->syntax == EPCIS_SYNTAX_JSON ? json_form(bytes, a)
                                                   : xml_form(bytes, scope->context, a);

    if (st.cls != ST_BAD_INPUT) return OK;
    for (size_t i = 0; i < LEN(ceilings); i++)
        if (strcmp(st.reason, ceilings[i]) == 0) return OK;
    return st;
}

bool epcis_syntax_guess(str bytes, enum epcis_syntax *out)
{
    str s = str_trim(str_from(bytes, str_starts(bytes, S("\xef\xbb\xbf")) ? 3 : 0));
    bool utf16 = str_starts(bytes, S("\xff\xfe")) || str_starts(bytes, S("\xfe\xff")) ||
                 str_starts(bytes, S("<\0")) || str_starts(bytes, S("\0<"));

    if (s.n == 0) return false;
    *out = s.p[0] == '{' ? EPCIS_SYNTAX_JSON : EPCIS_SYNTAX_XML;
    return s.p[0] == '{' || s.p[0] == '<' || utf16;
}
