// The grammar of application identifiers, over the table made from schemas/gs1/ai.txt.
#include "service/gs1/gs1_int.h"

size_t gs1_ai_digits(str in)
{
    if (in.n < 2 || gs1_span((str){in.p, 2}, SET_DIGIT) < 2) return 0;
    return gs1_ai_heads[(in.p[0] - '0') * 10 + (in.p[1] - '0')].digits;
}

const struct gs1_ai *gs1_ai_find(str ai)
{
    unsigned number = 0;

    if (ai.n < 2 || ai.n > 4 || ai.n != gs1_ai_digits(ai)) return NULL;
    for (size_t i = 0; i < ai.n; i++) {
        if (!gs1_in_set(ai.p[i], SET_DIGIT)) return NULL;
        number = number * 10 + (unsigned)(ai.p[i] - '0');
    }
    const struct gs1_ai_head *head = &gs1_ai_heads[(ai.p[0] - '0') * 10 + (ai.p[1] - '0')];
    for (const struct gs1_ai *r = gs1_ai_rows + head->first;
         r < gs1_ai_rows + head->first + head->n; r++)
        if (number >= r->first && number <= r->last) return r;
    return NULL;
}

static struct gs1_fault part_fault(const struct gs1_part *part, str v)
{
    struct gs1_fault f = part->type == 'N'   ? gs1_set_fault(v, SET_DIGIT)
                         : part->type == 'X' ? gs1_set_fault(v, SET_82)
                         : part->type == 'Y' ? gs1_set_fault(v, SET_39)
                                             : gs1_base64_fault(v);

    for (size_t i = 0; f.reason == NULL && i < LEN(part->lints) && part->lints[i] != LINT_none; i++)
        f = gs1_lint(part->lints[i], v);
    return f;
}

struct gs1_fault gs1_ai_fault(const struct gs1_ai *rule, str value)
{
    size_t at = 0;

    for (size_t i = 0; i < rule->part_count; i++) {
        const struct gs1_part *part = &rule->parts[i];
        size_t left = value.n - at, take = left < part->max ? left : part->max;
        if (left == 0 && part->optional) break;
        if (take < part->min) return (struct gs1_fault){"gs1.length", "is too short", value.n};
        struct gs1_fault f = part_fault(part, (str){value.p + at, take});
        if (f.reason != NULL) {
            f.at += at;
            return f;
        }
        at += take;
    }
    if (at < value.n) return (struct gs1_fault){"gs1.length", "is too long", at};
    return GS1_NO_FAULT;
}

struct gs1_fault gs1_ai_last_fault(const struct gs1_ai *rule, str value)
{
    const struct gs1_part *last = &rule->parts[rule->part_count - 1];

    if (value.n < last->min) return (struct gs1_fault){"gs1.length", "is too short", value.n};
    if (value.n > last->max) return (struct gs1_fault){"gs1.length", "is too long", last->max};
    return part_fault(last, value);
}

status gs1_ai_check(const struct gs1_element *e)
{
    struct gs1_fault f = gs1_ai_fault(e->rule, e->value);

    if (f.reason == NULL) return OK;
    return fail(ST_BAD_INPUT, f.reason, e->at + (uint32_t)f.at, "the value of (%.*s) %s",
                STR(e->ai), f.says);
}

bool gs1_ai_matches(str pattern, str ai)
{
    if (pattern.n != ai.n) return false;
    for (size_t i = 0; i < ai.n; i++)
        if (pattern.p[i] != ai.p[i] && pattern.p[i] != 'n') return false;
    return true;
}

bool gs1_ai_listed(str list, str ai)
{
    str one;

    while (str_cut(&list, ',', &one))
        if (gs1_ai_matches(one, ai)) return true;
    return gs1_ai_matches(list, ai);
}
