// disjoint.c - whether two spaces could ever give the same text.
//
// The rule looks at forms only, so it also holds for keys, starts and epochs to come. It may call
// two spaces overlapping that happen not to meet (very small ones in shares); never the other way.
#include "service/pool/space.h"
#include <string.h>

static bool may_stand(const struct text_form *f, unsigned at, char c)
{
    return at < f->prefix_n ? f->prefix[at] == c : f->digit_of[(uint8_t)c] != 0xff;
}

// Is there a character that both may have at this position?
static bool meet_at(const struct text_form *a, const struct text_form *b, unsigned at)
{
    if (at < a->prefix_n) return may_stand(b, at, a->prefix[at]);
    for (unsigned i = 0; i < a->base; i++)
        if (may_stand(b, at, a->alphabet[i])) return true;
    return false;
}

static bool same_form(const struct text_form *a, const struct text_form *b)
{
    return a->length == b->length &&
           str_eq((str){a->prefix, a->prefix_n}, (str){b->prefix, b->prefix_n}) &&
           str_eq((str){a->alphabet, a->base}, (str){b->alphabet, b->base});
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool space_disjoint(const struct number_space *a, const struct number_space *b)
{
    uint32_t apart = a->share_index > b->share_index ? a->share_index - b->share_index
                                                     : b->share_index - a->share_index;

    assert(a->size > 0 && b->size > 0 && (a->kind == SPACE_SSCC) == (b->kind == SPACE_SSCC));
    if (a->form.length != b->form.length) return true;
    for (unsigned at = 0; at < a->form.length; at++)
        if (!meet_at(&a->form, &b->form, at)) return true;
    // In one form the text is the value, and the shares are residue classes: two of them meet
    // somewhere just when the greatest common divisor of the moduli divides their difference.
    return same_form(&a->form, &b->form) && apart % gcd(a->share_of, b->share_of) != 0;
}
