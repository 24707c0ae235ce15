// space.c - definitions of number spaces, and the way from ordinals to texts and back.
//
// Ordinals and values are taken in slices, so that the permutation works on many at a time. No
// state but the space itself: any thread.
#include "service/pool/space.h"
#include <openssl/crypto.h>
#include <string.h>

enum {
    SLICE = 1024, // the last of them to arrive keep few lanes of the permutation busy
    SSCC_LENGTH = 18,
    COMPANY_PREFIX_MIN = 4, // GS1 General Specifications, section 1.4: 4 to 12 digits
    COMPANY_PREFIX_MAX = 12
};

// The literal beginning of an SSCC: extension digit, company prefix, serial_prefix.
static status sscc_prefix(const struct space_conf *conf, char out[SSCC_LENGTH], str *prefix)
{
    str company = conf->company_prefix, serial = conf->serial_prefix;

    if (conf->extension.n != 1 || !str_is_digits(conf->extension))
        return fail(ST_BAD_INPUT, "pool.extension", 0, "extension is one digit, 0 to 9");
    if (company.n < COMPANY_PREFIX_MIN || company.n > COMPANY_PREFIX_MAX || !str_is_digits(company))
        return fail(ST_BAD_INPUT, "pool.prefix", 0, "prefix is a company prefix of %d to %d digits",
                    COMPANY_PREFIX_MIN, COMPANY_PREFIX_MAX);
    if (serial.n > 0 && (!str_is_digits(serial) || serial.n + company.n > SSCC_LENGTH - 3))
        return fail(ST_BAD_INPUT, "pool.serial_prefix", 0,
                    "serial_prefix of an SSCC is digits and leaves at least one to be counted");
    out[0] = conf->extension.p[0];
    memcpy(out + 1, company.p, company.n);
    if (serial.n > 0) memcpy(out + 1 + company.n, serial.p, serial.n);
    *prefix = (str){out, 1 + company.n + serial.n};
    return OK;
}

static status sscc_form(const struct space_conf *conf, struct text_form *out)
{
    char room[SSCC_LENGTH];
    struct text_conf text = {.length = SSCC_LENGTH - 1, .alphabet = S(SPACE_ALPHABET_SEQUENTIAL)};

    if (conf->length != 0 && conf->length != SSCC_LENGTH)
        return fail(ST_BAD_INPUT, "pool.length", 0, "an SSCC has %d digits", SSCC_LENGTH);
    if (conf->alphabet.n > 0 || conf->exclude.n > 0)
        return fail(ST_BAD_INPUT, "pool.alphabet", 0, "an SSCC is made of digits, all of them");
    TRY(sscc_prefix(conf, room, &text.prefix));
    return text_form_init(&text, out);
}

static status serial_form(const struct space_conf *conf, struct text_form *out)
{
    str usual =
        conf->kind == SPACE_RANDOM ? S(SPACE_ALPHABET_RANDOM) : S(SPACE_ALPHABET_SEQUENTIAL);
    struct text_conf text = {
        .length = conf->length == 0 ? SPACE_LENGTH_DEFAULT : conf->length,
        .prefix = conf->serial_prefix,
        .alphabet = conf->alphabet.n == 0 ? usual : conf->alphabet,
        .exclude = conf->exclude,
    };

    if (conf->company_prefix.n > 0 || conf->extension.n > 0)
        return fail(ST_BAD_INPUT, "pool.prefix", 0, "prefix and extension belong to SSCC pools");
    return text_form_init(&text, out);
}

// How many values the share has: those whose remainder by `of` is index - 1.
static status share_init(const struct space_conf *conf, struct number_space *s)
{
    uint64_t of = conf->share.of, index = conf->share.index;

    if (of == 0 && index == 0) of = index = 1;
    if (of < 1 || of > SPACE_SHARES_MAX || index < 1 || index > of)
        return fail(ST_BAD_INPUT, "pool.share", 0,
                    "share is index 1 to of, and of at most %u, not %llu of %llu", SPACE_SHARES_MAX,
                    (unsigned long long)index, (unsigned long long)of);
    if (index > s->form.size)
        return fail(ST_BAD_INPUT, "pool.capacity", 0,
                    "the numbers of this form are so few that share %llu of %llu has none",
                    (unsigned long long)index, (unsigned long long)of);
    s->share_of = (uint32_t)of;
    s->share_index = (uint32_t)index;
    s->size = (s->form.size - index) / of + 1;
    return OK;
}

static status start_init(const struct space_conf *conf, struct number_space *s)
{
    if (conf->start != 0 && conf->kind == SPACE_RANDOM)
        return fail(ST_BAD_INPUT, "pool.start", 0, "start has no meaning for a random pool");
    if (conf->start >= s->size)
        return fail(ST_BAD_INPUT, "pool.start", 0,
                    "start %llu lies beyond the last number of this form",
                    (unsigned long long)conf->start);
    u128 left = s->size - conf->start;
    s->start = conf->start;
    s->capacity = left < SPACE_CAPACITY_MAX ? (uint64_t)left : SPACE_CAPACITY_MAX;
    return OK;
}

status space_init(const struct space_conf *conf, struct number_space *out)
{
    struct number_space s = {.kind = conf->kind};

    assert(conf->kind <= SPACE_SSCC);
    if (conf->algorithm != SPACE_ALGORITHM)
        return fail(ST_BAD_INPUT, "pool.algorithm", 0, "algorithm is %u, not %u", SPACE_ALGORITHM,
                    conf->algorithm);
    if (conf->kind == SPACE_SSCC)
        TRY(sscc_form(conf, &s.form));
    else
        TRY(serial_form(conf, &s.form));
    TRY(share_init(conf, &s));
    TRY(start_init(conf, &s));
    *out = s;
    return OK;
}

void space_set_key(struct number_space *s, const uint8_t key[PERMUTATION_KEY_SIZE])
{
    assert(s->kind == SPACE_RANDOM && s->size > 0);
    permutation_init(&s->order, key, s->size);
    s->keyed = true;
}

void space_fini(struct number_space *s) { OPENSSL_cleanse(s, sizeof *s); }

unsigned space_length(const struct number_space *s)
{
    return s->form.length + (s->kind == SPACE_SSCC ? 1u : 0u);
}

// GS1 General Specifications, section 7.9: weights 3, 1, 3 … from the right.
static char check_digit(const char *digits, unsigned n)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += (unsigned)(digits[i] - '0') * ((n - i) % 2 == 1 ? 3u : 1u);
    return (char)('0' + (10 - sum % 10) % 10);
}

// Those to write: ordinals from `ordinals`, or `first` and those after it where that is NULL;
// places from `at`, or `stride` apart where that is NULL.
struct writing {
    const uint64_t *ordinals;
    uint64_t first;
    char *p;
    size_t stride;
    const size_t *at;
};

static void write_slice(const struct number_space *s, u128 *values, uint32_t from, uint32_t count,
                        const struct writing *w)
{
    if (s->kind == SPACE_RANDOM) permutation_forward(&s->order, values, count);
    for (uint32_t i = 0; i < count; i++) {
        char *text = w->p + (w->at != NULL ? w->at[from + i] : (from + i) * w->stride);

        text_write(&s->form, values[i] * s->share_of + (s->share_index - 1), text);
        if (s->kind == SPACE_SSCC) text[s->form.length] = check_digit(text, s->form.length);
    }
}

static status write_all(const struct number_space *s, const struct writing *w, uint32_t count)
{
    u128 values[SLICE];

    assert(s->size > 0 && (s->keyed || s->kind != SPACE_RANDOM));
    assert(w->at != NULL || w->stride >= space_length(s));
    for (uint32_t done = 0; done < count;) {
        uint32_t n = count - done < SLICE ? count - done : SLICE;

        for (uint32_t i = 0; i < n; i++) {
            uint64_t ordinal = w->ordinals == NULL ? w->first + done + i : w->ordinals[done + i];
            if (ordinal >= s->capacity)
                return fail(ST_INTERNAL, "pool.ordinal", 0, "this pool has %llu numbers, no %llu",
                            (unsigned long long)s->capacity, (unsigned long long)ordinal);
            values[i] = (u128)s->start + ordinal;
        }
        write_slice(s, values, done, n, w);
        done += n;
    }
    return OK;
}

status space_text(const struct number_space *s, uint64_t first, uint32_t count,
                  struct space_sink out)
{
    struct writing w = {.first = first, .p = out.p, .stride = out.stride};

    assert(first <= SPACE_CAPACITY_MAX);
    return write_all(s, &w, count);
}

status space_text_list(const struct number_space *s, const uint64_t *ordinals, uint32_t count,
                       struct space_sink out)
{
    struct writing w = {.ordinals = ordinals, .p = out.p, .stride = out.stride};

    assert(ordinals != NULL || count == 0);
    return write_all(s, &w, count);
}

status space_text_at(const struct number_space *s, const uint64_t *ordinals, uint32_t count,
                     char *p, const size_t *at)
{
    struct writing w = {.ordinals = ordinals, .p = p, .at = at};

    assert(ordinals != NULL && at != NULL);
    return write_all(s, &w, count);
}

// The value before start and permutation are undone; false for texts of another form or share.
static bool value_of(const struct number_space *s, str text, u128 *value)
{
    str body = text;
    u128 whole;

    if (s->kind == SPACE_SSCC) {
        if (text.n != SSCC_LENGTH) return false;
        body.n--;
    }
    if (!text_read(&s->form, body, &whole)) return false;
    if (s->kind == SPACE_SSCC && check_digit(body.p, s->form.length) != text.p[body.n])
        return false;
    if (s->share_of > 1) {
        if (whole % s->share_of != s->share_index - 1) return false;
        whole /= s->share_of;
    }
    assert(whole < s->size);
    *value = whole;
    return true;
}

static void read_slice(const struct number_space *s, const str *texts, uint32_t count,
                       uint64_t *ordinals)
{
    u128 values[SLICE];
    uint16_t at[SLICE];
    uint32_t n = 0;

    for (uint32_t i = 0; i < count; i++) {
        ordinals[i] = SPACE_NO_ORDINAL;
        if (!value_of(s, texts[i], &values[n])) continue;
        at[n++] = (uint16_t)i;
    }
    if (s->kind == SPACE_RANDOM) permutation_inverse(&s->order, values, n);
    for (uint32_t i = 0; i < n; i++)
        if (values[i] >= s->start && values[i] - s->start < s->capacity)
            ordinals[at[i]] = (uint64_t)(values[i] - s->start);
}

void space_ordinal_list(const struct number_space *s, const str *texts, uint32_t count,
                        uint64_t *ordinals)
{
    assert(s->size > 0 && (s->keyed || s->kind != SPACE_RANDOM));
    for (uint32_t done = 0; done < count; done += SLICE)
        read_slice(s, texts + done, count - done < SLICE ? count - done : SLICE, ordinals + done);
}

bool space_ordinal(const struct number_space *s, str text, uint64_t *ordinal)
{
    uint64_t found;

    space_ordinal_list(s, &text, 1, &found);
    if (found == SPACE_NO_ORDINAL) return false;
    *ordinal = found;
    return true;
}
