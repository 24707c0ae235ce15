#include "service/catalog/place.h"
#include "common/zone.h"
#include "service/gs1/id.h"
#include "service/item/item_api.h"
#include <stdio.h>

struct place_value { // of locations and parties
    str name, parent, timezone;
    struct form_list address, extra;
    str reason;
};

struct line_value {
    str name, location;
    struct form_list extra;
    str reason;
};

static status gln_check(str value, struct arena *a, str *out)
{
    char digits[13];

    TRY(gs1_gln_read(value, digits));
    *out = arena_str(a, (str){digits, sizeof digits});
    return out->p != NULL ? OK : no_memory();
}

// A fixed offset, or a name that the system's time zone database has now.
static status zone_check(str value, struct arena *a, str *out)
{
    int16_t minutes;

    (void)a, (void)out;
    if (zone_minutes(value, (wall){0}, &minutes)) return OK;
    return fail(ST_BAD_INPUT, "location.timezone", 0,
                "timezone: a name that the system knows, as Europe/Zurich, or an offset as +01:00");
}

// clang-format off
#define P(member) .at = offsetof(struct place_value, member)
static const struct form_field location_fields[] = {
    {.name = "name",     .kind = FORM_STR, P(name), .required = true, .max = 200},
    {.name = "parent",   .kind = FORM_STR, P(parent), .max = 13, .check = gln_check},
    {.name = "timezone", .kind = FORM_STR, P(timezone), .max = 64, .check = zone_check},
    {.name = "address",  .kind = FORM_MAP, P(address), .max = 200, .count_max = 16},
    {.name = "extra",    .kind = FORM_MAP, P(extra), .max = 500, .count_max = 64},
    {.name = "reason",   .kind = FORM_STR, P(reason), .max = 500},
    {0},
};
static const struct form location_form = {
    "location", sizeof(struct place_value), location_fields, 1};

static const struct form_field party_fields[] = {
    {.name = "name",    .kind = FORM_STR, P(name), .required = true, .max = 200},
    {.name = "address", .kind = FORM_MAP, P(address), .max = 200, .count_max = 16},
    {.name = "extra",   .kind = FORM_MAP, P(extra), .max = 500, .count_max = 64},
    {.name = "reason",  .kind = FORM_STR, P(reason), .max = 500},
    {0},
};
static const struct form party_form = {"party", sizeof(struct place_value), party_fields, 1};

#define L(member) .at = offsetof(struct line_value, member)
static const struct form_field line_fields[] = {
    {.name = "name",     .kind = FORM_STR, L(name), .required = true, .max = 200},
    {.name = "location", .kind = FORM_STR, L(location), .max = 13, .check = gln_check},
    {.name = "extra",    .kind = FORM_MAP, L(extra), .max = 500, .count_max = 64},
    {.name = "reason",   .kind = FORM_STR, L(reason), .max = 500},
    {0},
};
static const struct form line_form = {"line", sizeof(struct line_value), line_fields, 1};
// clang-format on

static status gln_name(str in, struct arena *a, str *out) { return gln_check(in, a, out); }

bool location_is_known(struct txn *t, str gln)
{
    struct item i;
    return item_get(t, &noun_location, gln, &i);
}

bool party_is_known(struct txn *t, str gln)
{
    struct item i;
    return item_get(t, &noun_party, gln, &i);
}

str place_name(struct txn *t, const struct item_noun *noun, str gln, struct arena *a)
{
    struct place_value v;
    struct item i;
    bool known = item_get(t, noun, gln, &i) && item_value(noun, &i, a, &v).cls == ST_OK;

    return known ? v.name : (str){"", 0};
}

#define PLACES_DEEP_MAX 32u // site, building, hall, line …

// The places that the new one would lie in, from the nearest up, must be there and be others.
static status location_decide(struct decide *d, const struct item_put *put, const struct item *old)
{
    const struct place_value *v = put->value;
    struct place_value above;
    struct item i;
    str parent = v->parent;

    (void)old;
    for (unsigned deep = 1; parent.n > 0; deep++) {
        if (str_eq(parent, put->name))
            return fail(ST_CONFLICT, "location.cycle", 0,
                        "parent: the location would lie in itself");
        if (deep == PLACES_DEEP_MAX)
            return fail(ST_CONFLICT, "location.deep", 0, "parent: more than %u places deep",
                        PLACES_DEEP_MAX);
        if (!item_get(d->t, &noun_location, parent, &i))
            return fail(ST_UNPROCESSABLE, "location.unknown", 0, "parent: no location %.*s",
                        STR(parent));
        TRY(item_value(&noun_location, &i, d->arena, &above));
        parent = above.parent;
    }
    return OK;
}

int16_t place_offset(struct txn *t, uint64_t gln, wall at)
{
    struct place_value v = {0};
    char digits[24];
    struct arena a;
    struct item i;
    int16_t minutes = 0;

    if (gln == 0) return 0;
    int n = snprintf(digits, sizeof digits, "%013llu", (unsigned long long)gln);
    str place = {digits, (size_t)n};
    arena_init(&a, 1 * MB);
    for (unsigned deep = 0; place.n > 0 && v.timezone.n == 0 && deep <= PLACES_DEEP_MAX; deep++) {
        if (!item_get(t, &noun_location, place, &i) ||
            item_value(&noun_location, &i, &a, &v).cls != ST_OK)
            break;
        place = v.parent;
    }
    if (v.timezone.n > 0) (void)zone_minutes(v.timezone, at, &minutes);
    arena_fini(&a);
    return minutes;
}

static status line_decide(struct decide *d, const struct item_put *put, const struct item *old)
{
    const struct line_value *v = put->value;

    (void)old;
    if (v->location.n == 0 || location_is_known(d->t, v->location)) return OK;
    return fail(ST_UNPROCESSABLE, "location.unknown", 0, "location: no location %.*s",
                STR(v->location));
}

const struct item_noun noun_location = {.number = NOUN_LOCATION,
                                        .word = "gln",
                                        .unknown = "location.unknown",
                                        .form = &location_form,
                                        .reason_at = offsetof(struct place_value, reason),
                                        .kind = &kind_location_put,
                                        .name = gln_name,
                                        .decide = location_decide};
const struct item_noun noun_party = {.number = NOUN_PARTY,
                                     .word = "gln",
                                     .unknown = "party.unknown",
                                     .form = &party_form,
                                     .reason_at = offsetof(struct place_value, reason),
                                     .kind = &kind_party_put,
                                     .name = gln_name};
const struct item_noun noun_line = {.number = NOUN_LINE,
                                    .word = "line",
                                    .unknown = "line.unknown",
                                    .form = &line_form,
                                    .reason_at = offsetof(struct line_value, reason),
                                    .kind = &kind_line_put,
                                    .decide = line_decide};

const struct kind kind_location_put = {
    FACT_LOCATION_PUT, 1, "location.put", item_put_decide, item_put_write, item_put_print,
    &noun_location};
const struct kind kind_party_put = {
    FACT_PARTY_PUT, 1, "party.put", item_put_decide, item_put_write, item_put_print, &noun_party};
const struct kind kind_line_put = {
    FACT_LINE_PUT, 1, "line.put", item_put_decide, item_put_write, item_put_print, &noun_line};

const struct http_route place_routes[] = {
    ITEM_ROUTES("/v1/locations", "{gln}", noun_location),
    ITEM_ROUTES("/v1/parties", "{gln}", noun_party),
    ITEM_ROUTES("/v1/lines", "{line}", noun_line),
    {0},
};

bool line_get(struct txn *t, str name, struct line *out)
{
    struct line_value v;
    struct arena a;
    struct item i;

    if (!item_get(t, &noun_line, name, &i)) return false;
    arena_init(&a, 1 * MB);
    bool there = item_value(&noun_line, &i, &a, &v).cls == ST_OK;
    *out = (struct line){.number = i.number};
    if (there && v.location.n > 0) there = str_u64(v.location, UINT64_MAX, &out->gln);
    arena_fini(&a);
    return there;
}

str line_name(struct txn *t, uint32_t number, struct arena *a)
{
    return arena_str(a, item_name(t, &noun_line, number));
}
