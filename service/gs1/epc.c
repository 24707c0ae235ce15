// EPCs that are not made of a GS1 key (EPC TDS 6.3): their URN is all there is, and no Digital Link
// tells them. What their components are made of is a table here; check digits of containers and
// ships are their owners' and not checked.
#include "service/gs1/gs1_int.h"
#include <string.h>

static bool is_number(str s, uint64_t max) // without leading zeros
{
    uint64_t n;

    return str_u64(s, max, &n) && (s.n == 1 || s.p[0] != '0');
}

static bool is_manager(str s) { return is_number(s, (1u << 28) - 1); }
static bool is_object_class(str s) { return is_number(s, (1u << 24) - 1); }
static bool is_serial(str s) { return is_number(s, (1ull << 36) - 1); }

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

static bool is_cage(str s) // who supplies: CAGE code or DoDAAC
{
    for (size_t i = 0; i < s.n; i++)
        if (!gs1_in_set(s.p[i], SET_DIGIT) && (!is_upper(s.p[i]) || strchr("IO", s.p[i]) != NULL))
            return false;
    return s.n == 5 || s.n == 6;
}

static bool is_part_text(str s, size_t min, size_t max)
{
    return s.n >= min && s.n <= max && gs1_span(s, SET_39) == s.n &&
           (s.n == 0 || memchr(s.p, '#', s.n) == NULL);
}

static bool is_part_number(str s) { return is_part_text(s, 0, 32); }

static bool is_part_serial(str s) // "#" before a serial that is unique without the part number
{
    bool marked = str_starts(s, S("#"));

    return is_part_text(str_from(s, marked ? 1 : 0), 1, marked ? 29 : 30);
}

static bool is_container(str s) // ISO 6346
{
    if (s.n != 11 || !str_is_digits(str_from(s, 4))) return false;
    return is_upper(s.p[0]) && is_upper(s.p[1]) && is_upper(s.p[2]) &&
           memchr("JUZ", s.p[3], 3) != NULL;
}

static bool is_ship(str s) { return s.n == 7 && str_is_digits(s); }

static const struct component {
    bool (*is)(str s);
    const char *says;
} manager = {is_manager, "a manager number is below 2^28 and has no leading zeros"},
  object_class = {is_object_class, "an object class is below 2^24 and has no leading zeros"},
  serial = {is_serial, "a serial number is below 2^36 and has no leading zeros"},
  cage = {is_cage, "a CAGE code or DoDAAC has 5 or 6 capitals and digits"},
  part_number = {is_part_number, "a part number has at most 32 capitals, digits, - and /"},
  part_serial = {is_part_serial, "a part's serial has 1 to 30 capitals, digits, - and /"},
  container = {is_container, "a container's code is made as CSQU3054383"},
  ship = {is_ship, "a ship's number has seven digits"};

// clang-format off
static const struct component *const components[][3] = {
    [GS1_GID - GS1_GID]   = {&manager, &object_class, &serial},
    [GS1_USDOD - GS1_GID] = {&cage, &serial},
    [GS1_ADI - GS1_GID]   = {&cage, &part_number, &part_serial},
    [GS1_BIC - GS1_GID]   = {&container},
    [GS1_IMOVN - GS1_GID] = {&ship},
};
// clang-format on

status gs1_epc_parts_read(const struct gs1_urn *u, struct arena *a, struct gs1_id *out)
{
    enum gs1_scheme scheme = (enum gs1_scheme)(u->kind - gs1_kinds);
    struct buf text;
    str value;

    buf_init(&text, 3 * GS1_TEXT_MAX); // all escaped
    buf_add(&text, u->is_pattern ? S("urn:epc:idpat") : S("urn:epc:id"));
    buf_add(&text, str_from(u->kind->urn, 10));
    status st = OK;
    for (size_t i = 0; i < u->kind->parts && st.cls == ST_OK; i++) {
        if (i > 0) buf_addc(&text, '.');
        if (i >= u->fixed) {
            buf_addc(&text, '*');
            continue;
        }
        st = gs1_part_unescape(u, u->part[i], a, &value);
        const struct component *c = components[scheme - GS1_GID][i];
        if (st.cls == ST_OK && !c->is(value))
            st = fail(ST_BAD_INPUT, "gs1.urn_form", (uint32_t)(u->part[i].p - u->in.p), "%s",
                      c->says);
        if (st.cls == ST_OK) gs1_escape(value, ESCAPE_URN, &text);
    }
    if (st.cls == ST_OK) {
        *out = (struct gs1_id){.scheme = scheme, .ext = u->in};
        if (!str_eq(u->in, buf_str(&text))) out->ext = arena_str(a, buf_str(&text));
        if (out->ext.p == NULL)
            st = fail(ST_TOO_LARGE, "gs1.too_large", 0, "no room for the identifier");
    }
    buf_fini(&text);
    return st;
}
