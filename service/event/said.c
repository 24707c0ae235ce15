// What each type of report may and must say is a table; so is what each field may hold.
#include "service/event/said.h"
#include "service/gs1/id.h"
#include <string.h>

#define ID_MAX       64u // characters
#define TEXT_MAX     200u
#define REASON_MAX   500u
#define SPELLING_MAX 500u // of a unit, characters
#define EXTRA_MAX    4000u
#define COUNT_MAX    1000000000u // of labels in one report
#define FIRST_ROOM   128u        // units that most reports stay under
#define FNC1         0x1d        // in scans

enum field {
    F_TYPE,
    F_TIME,
    F_ID,
    F_BY,
    F_STATION,
    F_EXTRA,
    F_LOT,
    F_GTIN,
    F_SERIALS,
    F_SSCCS,
    F_PARENT,
    F_CHILDREN,
    F_COMMISSION,
    F_PARTIAL,
    F_REASON,
    F_UNITS,
    F_UNPACK,
    F_REQUEST,
    F_FIRST,
    F_COUNT,
    F_FROM,
    F_TO,
    FIELDS
};
#define BIT(field) (1u << (field))

enum shape { TYPE, TIME, TEXT, EXTRA, GTIN, LIST, FLAG, NUMBER };

// clang-format off
#define AT(member) offsetof(struct said, member)
static const struct {
    const char *name;
    enum shape shape;
    size_t at;
    uint32_t max; // characters
} fields[FIELDS] = {
    [F_TYPE]       = {"type",       TYPE,  AT(type),       0           },
    [F_TIME]       = {"time",       TIME,  AT(time),       0           },
    [F_ID]         = {"id",         TEXT,  AT(id),         ID_MAX      },
    [F_BY]         = {"by",         TEXT,  AT(by),         TEXT_MAX    },
    [F_STATION]    = {"station",    TEXT,  AT(station),    TEXT_MAX    },
    [F_EXTRA]      = {"extra",      EXTRA, AT(extra),      0           },
    [F_LOT]        = {"lot",        TEXT,  AT(lot),        SPELLING_MAX},
    [F_GTIN]       = {"gtin",       GTIN,  AT(gtin),       0           },
    [F_SERIALS]    = {"serials",    LIST,  AT(serials),    0           },
    [F_SSCCS]      = {"ssccs",      LIST,  AT(ssccs),      0           },
    [F_PARENT]     = {"parent",     TEXT,  AT(parent),     SPELLING_MAX},
    [F_CHILDREN]   = {"children",   LIST,  AT(children),   0           },
    [F_COMMISSION] = {"commission", FLAG,  AT(commission), 0           },
    [F_PARTIAL]    = {"partial",    FLAG,  AT(partial),    0           },
    [F_REASON]     = {"reason",     TEXT,  AT(reason),     REASON_MAX  },
    [F_UNITS]      = {"units",      LIST,  AT(units),      0           },
    [F_UNPACK]     = {"unpack",     FLAG,  AT(unpack),     0           },
    [F_REQUEST]    = {"request",    TEXT,  AT(request),    ID_MAX      },
    [F_FIRST]      = {"first",      NUMBER, AT(first),     UINT32_MAX  },
    [F_COUNT]      = {"count",      NUMBER, AT(count),     COUNT_MAX   },
    [F_FROM]       = {"from",       TEXT,  AT(from),       SPELLING_MAX},
    [F_TO]         = {"to",         TEXT,  AT(to),         SPELLING_MAX},
};

#define EVERY (BIT(F_TYPE) | BIT(F_TIME) | BIT(F_ID) | BIT(F_BY) | BIT(F_STATION) | BIT(F_EXTRA))
#define NAMED (BIT(F_SERIALS) | BIT(F_SSCCS))
#define UNITS (BIT(F_UNITS) | BIT(F_REASON))
static const struct {
    const char *word;
    uint32_t must, may; // fields, besides those of every report
    uint32_t one_of;    // exactly one of these, where there are any
} types[REPORT_TYPE_END] = {
    [REPORT_COMMISSION] = {"commission", BIT(F_LOT) | BIT(F_GTIN), 0, NAMED},
    [REPORT_SCRAP]      = {"scrap", BIT(F_REASON), BIT(F_LOT) | BIT(F_GTIN), NAMED},
    [REPORT_PACK]       = {"pack", BIT(F_PARENT) | BIT(F_CHILDREN),
                           BIT(F_COMMISSION) | BIT(F_PARTIAL) | BIT(F_REASON), 0},
    [REPORT_UNPACK]     = {"unpack", 0, BIT(F_PARENT) | BIT(F_CHILDREN) | BIT(F_REASON), 0},
    [REPORT_CLOSE]      = {"close", BIT(F_PARENT), BIT(F_PARTIAL) | BIT(F_REASON), 0},
    [REPORT_PRINTED]    = {"printed", 0, BIT(F_GTIN) | BIT(F_FIRST) | BIT(F_COUNT),
                           NAMED | BIT(F_REQUEST)},
    [REPORT_LABEL_SAMPLE] = {"label_sample", BIT(F_REASON), BIT(F_LOT) | BIT(F_GTIN), NAMED},
    [REPORT_SAMPLE]     = {"sample", UNITS, BIT(F_UNPACK), 0},
    [REPORT_DECOMMISSION] = {"decommission", UNITS, BIT(F_UNPACK), 0},
    [REPORT_DESTROY]    = {"destroy", UNITS, BIT(F_UNPACK), 0},
    [REPORT_INVALIDATE] = {"invalidate", UNITS, 0, 0},
    [REPORT_LOST]       = {"lost", UNITS, BIT(F_UNPACK), 0},
    [REPORT_FOUND]      = {"found", UNITS, 0, 0},
    [REPORT_STOLEN]     = {"stolen", UNITS, BIT(F_UNPACK), 0},
    [REPORT_HOLD]       = {"hold", BIT(F_REASON), BIT(F_GTIN), BIT(F_UNITS) | BIT(F_LOT)},
    [REPORT_UNREAD]     = {"unread", BIT(F_LOT) | BIT(F_GTIN) | BIT(F_COUNT) | BIT(F_REASON), 0, 0},
    [REPORT_MOVE]       = {"move", BIT(F_PARENT) | BIT(F_CHILDREN) | BIT(F_REASON), 0, 0},
    [REPORT_RELABEL]    = {"relabel", BIT(F_FROM) | BIT(F_TO) | BIT(F_REASON), 0, 0},
};
// clang-format on

const char *report_type_word(enum report_type t)
{
    assert(t > 0 && t < REPORT_TYPE_END);
    return types[t].word;
}

// ---- values

static uint32_t characters(str s)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool has_control(str s)
{
    size_t i = str_plain(s);

    while (i < s.n && s.p[i] == FNC1) i += 1 + str_plain(str_from(s, i + 1));
    return i < s.n;
}

static str read_text(struct json_r *r, enum field f)
{
    uint32_t max = fields[f].max;
    str s = json_string(r);

    if (s.n == 0 || (s.n > max && characters(s) > max))
        json_fail(r, "field.range", "\"%s\" must have 1 to %u characters", fields[f].name, max);
    else if (has_control(s))
        json_fail(r, "field.control", "\"%s\" has a control character", fields[f].name);
    else if (f == F_REASON && str_is_blank(s))
        json_fail(r, "field.blank", "\"%s\" has nothing but blanks", fields[f].name);
    return s;
}

static void read_type(struct json_r *r, struct said *out)
{
    str word = json_string(r);

    for (unsigned t = 1; t < REPORT_TYPE_END; t++)
        if (types[t].word != NULL && str_eq(word, str_of(types[t].word))) {
            out->type = (enum report_type)t;
            return;
        }
    json_fail(r, "report.type", "type: there is no such report");
}

static void read_time(struct json_r *r, struct said *out)
{
    status st = when_read(json_string(r), &out->time);

    if (st.cls != ST_OK) json_refuse(r, st);
    out->has_time = true;
}

static void read_gtin(struct json_r *r, struct said *out)
{
    status st = gs1_gtin_read(json_string(r), out->gtin);

    if (st.cls != ST_OK) json_refuse(r, st);
    out->has_gtin = true;
}

// {"name": "text"}, kept as it stands.
static str read_extra(struct json_r *r)
{
    str raw = json_raw(r), key;
    uint32_t n = 0;

    if (raw.n == 0) return raw;
    struct json_r in = json_reader(raw, r->arena);
    for (json_object(&in); json_key(&in, &key); n++)
        if (str_plain(key) < key.n || has_control(json_string(&in)))
            json_fail(&in, "field.control", "\"extra\" has a control character");
    status st = json_r_end(&in);
    if (st.cls != ST_OK)
        json_refuse(r, st);
    else if (raw.n > EXTRA_MAX || n > SAID_EXTRA_MAX)
        json_fail(r, "field.range", "extra: at most %u texts and %u bytes", SAID_EXTRA_MAX,
                  EXTRA_MAX);
    return raw;
}

static bool has_room(struct json_r *r, struct texts *t, uint32_t *room, uint32_t max)
{
    if (t->n == max) {
        json_fail(r, "field.range", "at most %u units in one report", max);
        return false;
    }
    if (t->n < *room) return true;
    uint32_t more = *room == 0 ? FIRST_ROOM : *room * 2;
    str *at = NEW_ARRAY(r->arena, str, more < max ? more : max);
    if (at == NULL) {
        json_refuse(r, fail(ST_TOO_LARGE, "json.ceiling", 0, "more text than is allowed"));
        return false;
    }
    if (t->n > 0) memcpy(at, t->at, t->n * sizeof *at);
    t->at = at;
    *room = more;
    return true;
}

static void read_list(struct json_r *r, const char *name, struct texts *out)
{
    uint32_t room = 0;

    for (json_array(r); json_item(r);) {
        if (!has_room(r, out, &room, SAID_UNITS_MAX)) return;
        str s = json_string(r);
        if (s.n > SPELLING_MAX || s.n == 0)
            json_fail(r, "field.range", "a unit of \"%s\" has 1 to %u characters", name,
                      SPELLING_MAX);
        out->at[out->n++] = s;
    }
    if (out->n == 0) json_fail(r, "field.range", "\"%s\" has no unit", name);
}

static void read_value(struct json_r *r, enum field f, struct said *out)
{
    char *at = (char *)out + fields[f].at;

    switch (fields[f].shape) {
    case TYPE: read_type(r, out); break;
    case TIME: read_time(r, out); break;
    case GTIN: read_gtin(r, out); break;
    case TEXT: *(str *)(void *)at = read_text(r, f); break;
    case EXTRA: *(str *)(void *)at = read_extra(r); break;
    case LIST: read_list(r, fields[f].name, (struct texts *)(void *)at); break;
    case NUMBER:
        *(uint64_t *)(void *)at = (uint64_t)json_int(r, f == F_COUNT, fields[f].max);
        break;
    case FLAG: *(bool *)(void *)at = json_bool(r); break;
    }
}

// ---- the object

static enum field field_of(str key)
{
    enum field f = 0;

    while (f < FIELDS && !str_eq(key, str_of(fields[f].name))) f++;
    return f;
}

static void refuse(struct json_r *r, size_t at, const char *reason, const char *what)
{
    r->mark = at;
    json_fail(r, reason, "%s", what);
}

static void require(struct json_r *r, size_t object, enum field f)
{
    r->mark = object;
    json_fail(r, "field.required", "%s: it must be there", fields[f].name);
}

// What belongs together, once all was read; `at` says where each field begins.
static void check(struct json_r *r, const struct said *s, uint32_t given, const size_t *at)
{
    size_t object = at[FIELDS];
    uint32_t must = types[s->type].must, one_of = types[s->type].one_of;
    uint32_t known = EVERY | must | types[s->type].may | one_of;

    for (enum field f = 0; f < FIELDS; f++) {
        r->mark = at[f];
        if (given & ~known & BIT(f)) json_unknown(r, str_of(fields[f].name));
        if (must & ~given & BIT(f)) require(r, object, f);
    }
    bool has_request = given & BIT(F_REQUEST), numbers = one_of & BIT(F_SERIALS);
    uint32_t named = given & one_of;
    if (one_of && !named)
        refuse(r, object, "report.units", numbers ? "serials or ssccs" : "units, or gtin and lot");
    if (named & (named - 1) && !numbers)
        refuse(r, at[F_UNITS], "report.units", "units, or gtin and lot, not both");
    if (named & (named - 1) && numbers)
        refuse(r, at[given & BIT(F_SSCCS) ? F_SSCCS : F_REQUEST], "report.units",
               "serials or ssccs, not both, nor with a request");
    if (one_of & BIT(F_REQUEST) && !has_request && given & (BIT(F_FIRST) | BIT(F_COUNT)))
        require(r, object, F_REQUEST);
    if ((given & BIT(F_SERIALS) || given & BIT(F_LOT)) && !s->has_gtin) require(r, object, F_GTIN);
    if (s->type == REPORT_UNPACK && !(given & (BIT(F_PARENT) | BIT(F_CHILDREN))))
        refuse(r, object, "report.units", "parent or children");
    if (s->partial && s->by.n == 0) require(r, object, F_BY); // who and why: STATES, rulings
    if (s->partial && s->reason.n == 0) require(r, object, F_REASON);
}

// What has neither id nor time repeats nothing.
static void check_units(struct json_r *r, uint32_t max, const size_t *at, struct said *out)
{
    static const enum field lists[] = {F_SERIALS, F_SSCCS, F_CHILDREN, F_UNITS};

    for (size_t i = 0; i < LEN(lists); i++) {
        const struct texts *t = (const void *)((const char *)out + fields[lists[i]].at);
        if (t->n <= max) continue;
        out->over = true;
        r->mark = at[lists[i]];
        if (out->id.n == 0 && !out->has_time)
            json_fail(r, "field.range", "at most %u units in one report", max);
    }
}

void said_read(struct json_r *r, uint32_t units_max, struct said *out)
{
    size_t at[FIELDS + 1] = {0};
    uint32_t given = 0;
    str key;

    *out = (struct said){0};
    (void)json_object(r);
    at[FIELDS] = r->mark;
    while (json_key(r, &key)) {
        enum field f = field_of(key);
        if (f == FIELDS)
            json_unknown(r, key);
        else if (given & BIT(f))
            json_twice(r, key);
        else if (!json_null(r)) {
            given |= BIT(f);
            out->has_unpack |= f == F_UNPACK;
            out->has_count |= f == F_COUNT;
            at[f] = r->mark;
            read_value(r, f, out);
        }
    }
    if (r->st.cls != ST_OK) return;
    if (out->type == 0)
        require(r, at[FIELDS], F_TYPE);
    else
        check(r, out, given, at);
    check_units(r, units_max, at, out);
}
