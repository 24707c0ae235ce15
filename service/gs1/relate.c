// What belongs together in element strings: the relations of schemas/gs1/ai.txt.
#include "service/gs1/element.h"
#include "service/gs1/gs1_int.h"

static status repeated(const struct gs1_elements *e, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (str_eq(e->e[j].ai, e->e[i].ai) && !str_eq(e->e[j].value, e->e[i].value))
            return fail(ST_BAD_INPUT, "gs1.repeated", e->e[i].at, "(%.*s) says two things",
                        STR(e->e[i].ai));
    return OK;
}

// An identifier does not exclude itself, even where its list has a pattern that it matches.
static status excluded(const struct gs1_elements *e, size_t i)
{
    const struct gs1_element *one = &e->e[i];
    str list = str_of(one->rule->excludes);

    for (size_t j = 0; list.n > 0 && j < e->n; j++) {
        const struct gs1_element *other = &e->e[j];
        if (str_eq(other->ai, one->ai) || !gs1_ai_listed(list, other->ai)) continue;
        return fail(ST_BAD_INPUT, "gs1.excluded", one->at > other->at ? one->at : other->at,
                    "(%.*s) and (%.*s) cannot stand together", STR(one->ai), STR(other->ai));
    }
    return OK;
}

static bool has(const struct gs1_elements *e, str pattern)
{
    for (size_t i = 0; i < e->n; i++)
        if (gs1_ai_matches(pattern, e->e[i].ai)) return true;
    return false;
}

static bool has_all(const struct gs1_elements *e, str member) // "01+21"
{
    str one;

    while (str_cut(&member, '+', &one))
        if (!has(e, one)) return false;
    return has(e, member);
}

static bool has_one(const struct gs1_elements *e, str group) // "01+21,8006"
{
    str member;

    while (str_cut(&group, ',', &member))
        if (has_all(e, member)) return true;
    return has_all(e, group);
}

static status required(const struct gs1_elements *e, size_t i)
{
    str rest = str_of(e->e[i].rule->requires), group;
    bool more = rest.n > 0;

    while (more) {
        if (!(more = str_cut(&rest, ';', &group))) group = rest;
        if (has_one(e, group)) continue;
        return fail(ST_BAD_INPUT, "gs1.required", e->e[i].at, "(%.*s) needs one of %.*s beside it",
                    STR(e->e[i].ai), group.n > 60 ? 60 : (int)group.n, group.p);
    }
    return OK;
}

// A signature (8030) is over one thing: keys whose serial part may be missing must have it.
static status is_signed(const struct gs1_elements *e, size_t i)
{
    static const struct {
        str ai;
        size_t bare; // length without serial
    } keys[] = {
        {{"253", 3},  13},
        {{"255", 3},  13},
        {{"8003", 4}, 14}
    };

    for (size_t k = 0; k < LEN(keys); k++)
        if (str_eq(e->e[i].ai, keys[k].ai) && e->e[i].value.n <= keys[k].bare &&
            gs1_elements_find(e, S("8030")) != NULL)
            return fail(ST_BAD_INPUT, "gs1.required", e->e[i].at,
                        "(%.*s) needs its serial part to be signed", STR(e->e[i].ai));
    return OK;
}

status gs1_elements_check(const struct gs1_elements *e, unsigned relations)
{
    for (size_t i = 0; i < e->n; i++) {
        if (relations & GS1_REPEATED) TRY(repeated(e, i));
        if (relations & GS1_SIGNED) TRY(is_signed(e, i));
        if (e->e[i].rule == NULL) continue;
        if (relations & GS1_EXCLUDED) TRY(excluded(e, i));
        if (relations & GS1_REQUIRED) TRY(required(e, i));
    }
    return OK;
}
