// The state machine as two tables (STATES): what flags mean for an act, and what an act does to a
// state. schemas/states.txt says the same as data.
#include "service/unit/unit.h"

static const char *const state_names[UNIT_STATES] = {
    [UNIT_NONE] = "allocated",
    [UNIT_ALLOCATED] = "allocated",
    [UNIT_PRINTED] = "printed",
    [UNIT_COMMISSIONED] = "commissioned",
    [UNIT_SCRAPPED] = "scrapped",
    [UNIT_LABEL_SAMPLED] = "label_sampled",
    [UNIT_SAMPLED] = "sampled",
    [UNIT_INACTIVE] = "inactive",
    [UNIT_DESTROYED] = "destroyed",
    [UNIT_SHIPPED] = "shipped",
    [UNIT_RETURNED_TO_OWNER] = "returned_to_owner",
    [UNIT_INVALID] = "invalid",
    [UNIT_DISSOLVED] = "dissolved",
    [UNIT_OPEN] = "open",
    [UNIT_CLOSED] = "closed",
    [UNIT_UNALLOCATED] = "unallocated",
};

static const char *const act_names[ACT_END] = {
#define X(name, number, word) [ACT_##name] = (word),
    UNIT_ACTS(X)
#undef X
};

enum parent_rule { ANY_PARENT, NO_PARENT, HAS_PARENT };
enum { P = SORT_PACK, C = SORT_CONTAINER, F = SORT_FOREIGN };
enum { GONE = UNIT_LOST | UNIT_STOLEN, BACK = UNIT_RECEIVED_BACK };
enum { LOST_SEEN = UNIT_LOST | UNIT_SEEN };
enum { BARS_MOVE = UNIT_HOLD | GONE, BARS_SHIP = BARS_MOVE | UNIT_RECALLED };

// clang-format off
static const struct unit_act_flags act_flags[ACT_END] = {
    //                     forbidden by   sets           clears        own flags
    [ACT_COMMISSION]     = {UNIT_STOLEN,   0,             LOST_SEEN,    true},
    [ACT_PRINT]          = {GONE,          0,             0,            true},
    [ACT_SCRAP]          = {UNIT_STOLEN,   0,             LOST_SEEN,    true},
    [ACT_LABEL_SAMPLE]   = {UNIT_STOLEN,   0,             LOST_SEEN,    true},
    [ACT_RETURN]         = {GONE,          0,             0,            true},
    [ACT_INVALIDATE]     = {0,             0,             UNIT_LOST,    true},
    [ACT_PACK_INTO]      = {BARS_MOVE,     0,             0,            false},
    [ACT_BE_PACKED]      = {BARS_MOVE,     0,             0,            false},
    [ACT_UNPACK_FROM]    = {BARS_SHIP,     0,             UNIT_PARTIAL, false},
    [ACT_BE_UNPACKED]    = {GONE,          0,             0,            false},
    [ACT_CLOSE]          = {BARS_MOVE,     0,             0,            false},
    [ACT_SAMPLE]         = {GONE,          0,             0,            false},
    [ACT_DECOMMISSION]   = {0,             0,             0,            false},
    [ACT_DESTROY]        = {GONE,          0,             0,            false},
    [ACT_HOLD]           = {UNIT_HOLD,     UNIT_HOLD,     0,            true},
    [ACT_END_HOLD]       = {0,             0,             UNIT_HOLD,    true},
    [ACT_RECALL]         = {UNIT_RECALLED, UNIT_RECALLED, 0,            true},
    [ACT_LOSE]           = {GONE,          UNIT_LOST,     0,            true},
    [ACT_STEAL]          = {UNIT_STOLEN,   UNIT_STOLEN,   UNIT_LOST,    true},
    [ACT_FIND]           = {0,             0,             GONE,         true},
    [ACT_SHIP]           = {BARS_SHIP,     0,             0,            false},
    [ACT_VOID_SHIP]      = {BACK | GONE,   0,             0,            false},
    [ACT_RECEIVE]        = {0,             0,             0,            false},
    [ACT_RECEIVE_BACK]   = {BACK,          BACK,          GONE,         true},
    [ACT_PACK_INTO_TOLD] = {BARS_MOVE,     0,             0,            false},
    [ACT_BE_PACKED_TOLD] = {BARS_MOVE,     0,             0,            false},
    [ACT_UNPACK_FROM_TOLD] = {BARS_SHIP,   0,             UNIT_PARTIAL, false},
    [ACT_SHIP_TOLD]      = {BARS_SHIP,     0,             0,            false},
    [ACT_RELABEL]        = {BARS_SHIP,     0,             0,            false},
    [ACT_UNSAMPLE]       = {0,             0,             0,            true},
};

// The first row that fits in sort, act and state. An act that leaves the state as it is has `from`
// as its `to`.
static const struct rule {
    uint8_t sorts;
    enum unit_act act;
    enum unit_state from;
    enum parent_rule parent;
    uint8_t needs; // flags
    enum unit_state to;
} rules[] = {
    {P,     ACT_COMMISSION,     UNIT_NONE,         NO_PARENT,  0,         UNIT_COMMISSIONED},
    {P,     ACT_COMMISSION,     UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_COMMISSIONED},
    {P,     ACT_COMMISSION,     UNIT_PRINTED,      NO_PARENT,  0,         UNIT_COMMISSIONED},
    {C,     ACT_COMMISSION,     UNIT_NONE,         NO_PARENT,  0,         UNIT_OPEN},
    {C,     ACT_COMMISSION,     UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_OPEN},
    {C,     ACT_COMMISSION,     UNIT_PRINTED,      NO_PARENT,  0,         UNIT_OPEN},
    {P | C, ACT_PRINT,          UNIT_NONE,         NO_PARENT,  0,         UNIT_PRINTED},
    {P | C, ACT_PRINT,          UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_PRINTED},
    {P | C, ACT_SCRAP,          UNIT_NONE,         NO_PARENT,  0,         UNIT_SCRAPPED},
    {P | C, ACT_SCRAP,          UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_SCRAPPED},
    {P | C, ACT_SCRAP,          UNIT_PRINTED,      NO_PARENT,  0,         UNIT_SCRAPPED},
    {P | C, ACT_LABEL_SAMPLE,   UNIT_NONE,         NO_PARENT,  0,         UNIT_LABEL_SAMPLED},
    {P | C, ACT_LABEL_SAMPLE,   UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_LABEL_SAMPLED},
    {P | C, ACT_LABEL_SAMPLE,   UNIT_PRINTED,      NO_PARENT,  0,         UNIT_LABEL_SAMPLED},
    {P | C, ACT_INVALIDATE,     UNIT_NONE,         NO_PARENT,  0,         UNIT_INVALID},
    {P | C, ACT_INVALIDATE,     UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_INVALID},
    {P | C, ACT_INVALIDATE,     UNIT_PRINTED,      NO_PARENT,  0,         UNIT_INVALID},
    {P | C, ACT_RETURN,         UNIT_NONE,         NO_PARENT,  0,         UNIT_RETURNED_TO_OWNER},
    {P | C, ACT_RETURN,         UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_RETURNED_TO_OWNER},
    {C,     ACT_PACK_INTO,      UNIT_OPEN,         NO_PARENT,  0,         UNIT_OPEN},
    {P,     ACT_BE_PACKED,      UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_COMMISSIONED},
    {C,     ACT_BE_PACKED,      UNIT_CLOSED,       NO_PARENT,  0,         UNIT_CLOSED},
    {C,     ACT_UNPACK_FROM,    UNIT_OPEN,         NO_PARENT,  0,         UNIT_OPEN},
    {C,     ACT_UNPACK_FROM,    UNIT_CLOSED,       NO_PARENT,  0,         UNIT_OPEN},
    {F,     ACT_UNPACK_FROM,    UNIT_NONE,         NO_PARENT,  0,         UNIT_NONE},
    {F,     ACT_UNPACK_FROM,    UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_COMMISSIONED},
    {P,     ACT_BE_UNPACKED,    UNIT_COMMISSIONED, HAS_PARENT, 0,         UNIT_COMMISSIONED},
    {C,     ACT_BE_UNPACKED,    UNIT_OPEN,         HAS_PARENT, 0,         UNIT_OPEN},
    {C,     ACT_BE_UNPACKED,    UNIT_CLOSED,       HAS_PARENT, 0,         UNIT_CLOSED},
    {F,     ACT_BE_UNPACKED,    UNIT_NONE,         HAS_PARENT, 0,         UNIT_NONE},
    {C,     ACT_CLOSE,          UNIT_OPEN,         NO_PARENT,  0,         UNIT_CLOSED},
    {P,     ACT_SAMPLE,         UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_SAMPLED},
    {F,     ACT_SAMPLE,         UNIT_NONE,         NO_PARENT,  0,         UNIT_SAMPLED},
    {P,     ACT_UNSAMPLE,       UNIT_SAMPLED,      NO_PARENT,  0,         UNIT_COMMISSIONED},
    {P,     ACT_DECOMMISSION,   UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_INACTIVE},
    {P,     ACT_DECOMMISSION,   UNIT_SAMPLED,      NO_PARENT,  0,         UNIT_INACTIVE},
    {P,     ACT_DECOMMISSION,   UNIT_SHIPPED,      NO_PARENT,  BACK,      UNIT_INACTIVE},
    {C,     ACT_DECOMMISSION,   UNIT_OPEN,         NO_PARENT,  0,         UNIT_DISSOLVED},
    {C,     ACT_DECOMMISSION,   UNIT_CLOSED,       NO_PARENT,  0,         UNIT_DISSOLVED},
    {C,     ACT_DECOMMISSION,   UNIT_SHIPPED,      NO_PARENT,  BACK,      UNIT_DISSOLVED},
    {F,     ACT_DECOMMISSION,   UNIT_NONE,         NO_PARENT,  0,         UNIT_INACTIVE},
    {F,     ACT_DECOMMISSION,   UNIT_SHIPPED,      NO_PARENT,  0,         UNIT_INACTIVE},
    {P,     ACT_DESTROY,        UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_DESTROYED},
    {P,     ACT_DESTROY,        UNIT_SAMPLED,      NO_PARENT,  0,         UNIT_DESTROYED},
    {P,     ACT_DESTROY,        UNIT_INACTIVE,     NO_PARENT,  0,         UNIT_DESTROYED},
    {C,     ACT_DESTROY,        UNIT_OPEN,         NO_PARENT,  0,         UNIT_DESTROYED},
    {C,     ACT_DESTROY,        UNIT_CLOSED,       NO_PARENT,  0,         UNIT_DESTROYED},
    {C,     ACT_DESTROY,        UNIT_DISSOLVED,    NO_PARENT,  0,         UNIT_DESTROYED},
    {P | C, ACT_DESTROY,        UNIT_SHIPPED,      NO_PARENT,  BACK,      UNIT_DESTROYED},
    {F,     ACT_DESTROY,        UNIT_NONE,         NO_PARENT,  0,         UNIT_DESTROYED},
    {F,     ACT_DESTROY,        UNIT_SHIPPED,      NO_PARENT,  0,         UNIT_DESTROYED},
    {F,     ACT_DESTROY,        UNIT_INACTIVE,     NO_PARENT,  0,         UNIT_DESTROYED},
    {P,     ACT_HOLD,           UNIT_COMMISSIONED, ANY_PARENT, 0,         UNIT_COMMISSIONED},
    {P,     ACT_HOLD,           UNIT_SAMPLED,      ANY_PARENT, 0,         UNIT_SAMPLED},
    {C,     ACT_HOLD,           UNIT_OPEN,         ANY_PARENT, 0,         UNIT_OPEN},
    {C,     ACT_HOLD,           UNIT_CLOSED,       ANY_PARENT, 0,         UNIT_CLOSED},
    {P | C, ACT_HOLD,           UNIT_SHIPPED,      ANY_PARENT, BACK,      UNIT_SHIPPED},
    {F,     ACT_HOLD,           UNIT_NONE,         ANY_PARENT, 0,         UNIT_NONE},
    {F,     ACT_HOLD,           UNIT_SHIPPED,      ANY_PARENT, 0,         UNIT_SHIPPED},
    {P,     ACT_RECALL,         UNIT_COMMISSIONED, ANY_PARENT, 0,         UNIT_COMMISSIONED},
    {P,     ACT_RECALL,         UNIT_SAMPLED,      ANY_PARENT, 0,         UNIT_SAMPLED},
    {C,     ACT_RECALL,         UNIT_OPEN,         ANY_PARENT, 0,         UNIT_OPEN},
    {C,     ACT_RECALL,         UNIT_CLOSED,       ANY_PARENT, 0,         UNIT_CLOSED},
    {P | C, ACT_RECALL,         UNIT_SHIPPED,      ANY_PARENT, BACK,      UNIT_SHIPPED},
    {F,     ACT_RECALL,         UNIT_NONE,         ANY_PARENT, 0,         UNIT_NONE},
    {F,     ACT_RECALL,         UNIT_SHIPPED,      ANY_PARENT, 0,         UNIT_SHIPPED},
    {P,     ACT_END_HOLD,       UNIT_COMMISSIONED, ANY_PARENT, UNIT_HOLD, UNIT_COMMISSIONED},
    {P,     ACT_END_HOLD,       UNIT_SAMPLED,      ANY_PARENT, UNIT_HOLD, UNIT_SAMPLED},
    {P,     ACT_END_HOLD,       UNIT_SHIPPED,      ANY_PARENT, UNIT_HOLD, UNIT_SHIPPED},
    {P,     ACT_END_HOLD,       UNIT_INACTIVE,     ANY_PARENT, UNIT_HOLD, UNIT_INACTIVE},
    {C,     ACT_END_HOLD,       UNIT_OPEN,         ANY_PARENT, UNIT_HOLD, UNIT_OPEN},
    {C,     ACT_END_HOLD,       UNIT_CLOSED,       ANY_PARENT, UNIT_HOLD, UNIT_CLOSED},
    {C,     ACT_END_HOLD,       UNIT_SHIPPED,      ANY_PARENT, UNIT_HOLD, UNIT_SHIPPED},
    {C,     ACT_END_HOLD,       UNIT_DISSOLVED,    ANY_PARENT, UNIT_HOLD, UNIT_DISSOLVED},
    {P | C, ACT_END_HOLD,       UNIT_DESTROYED,    ANY_PARENT, UNIT_HOLD, UNIT_DESTROYED},
    {F,     ACT_END_HOLD,       UNIT_NONE,         ANY_PARENT, UNIT_HOLD, UNIT_NONE},
    {P | C, ACT_LOSE,           UNIT_NONE,         NO_PARENT,  0,         UNIT_NONE},
    {P | C, ACT_LOSE,           UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_ALLOCATED},
    {P | C, ACT_LOSE,           UNIT_PRINTED,      NO_PARENT,  0,         UNIT_PRINTED},
    {P,     ACT_LOSE,           UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_COMMISSIONED},
    {P,     ACT_LOSE,           UNIT_SAMPLED,      NO_PARENT,  0,         UNIT_SAMPLED},
    {P,     ACT_LOSE,           UNIT_INACTIVE,     NO_PARENT,  0,         UNIT_INACTIVE},
    {C,     ACT_LOSE,           UNIT_OPEN,         NO_PARENT,  0,         UNIT_OPEN},
    {C,     ACT_LOSE,           UNIT_CLOSED,       NO_PARENT,  0,         UNIT_CLOSED},
    {P | C, ACT_LOSE,           UNIT_SHIPPED,      ANY_PARENT, 0,         UNIT_SHIPPED},
    {P | C, ACT_STEAL,          UNIT_NONE,         NO_PARENT,  0,         UNIT_NONE},
    {P | C, ACT_STEAL,          UNIT_ALLOCATED,    NO_PARENT,  0,         UNIT_ALLOCATED},
    {P | C, ACT_STEAL,          UNIT_PRINTED,      NO_PARENT,  0,         UNIT_PRINTED},
    {P,     ACT_STEAL,          UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_COMMISSIONED},
    {P,     ACT_STEAL,          UNIT_SAMPLED,      NO_PARENT,  0,         UNIT_SAMPLED},
    {P,     ACT_STEAL,          UNIT_INACTIVE,     NO_PARENT,  0,         UNIT_INACTIVE},
    {C,     ACT_STEAL,          UNIT_OPEN,         NO_PARENT,  0,         UNIT_OPEN},
    {C,     ACT_STEAL,          UNIT_CLOSED,       NO_PARENT,  0,         UNIT_CLOSED},
    {P | C, ACT_STEAL,          UNIT_SHIPPED,      ANY_PARENT, 0,         UNIT_SHIPPED},
    {P | C, ACT_FIND,           UNIT_NONE,         NO_PARENT,  GONE,      UNIT_NONE},
    {P | C, ACT_FIND,           UNIT_ALLOCATED,    NO_PARENT,  GONE,      UNIT_ALLOCATED},
    {P | C, ACT_FIND,           UNIT_PRINTED,      NO_PARENT,  GONE,      UNIT_PRINTED},
    {P,     ACT_FIND,           UNIT_COMMISSIONED, NO_PARENT,  GONE,      UNIT_COMMISSIONED},
    {P,     ACT_FIND,           UNIT_SAMPLED,      NO_PARENT,  GONE,      UNIT_SAMPLED},
    {P,     ACT_FIND,           UNIT_INACTIVE,     NO_PARENT,  GONE,      UNIT_INACTIVE},
    {C,     ACT_FIND,           UNIT_OPEN,         NO_PARENT,  GONE,      UNIT_OPEN},
    {C,     ACT_FIND,           UNIT_CLOSED,       NO_PARENT,  GONE,      UNIT_CLOSED},
    {P | C, ACT_FIND,           UNIT_SHIPPED,      ANY_PARENT, GONE,      UNIT_SHIPPED},
    {P,     ACT_SHIP,           UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_SHIPPED},
    {C,     ACT_SHIP,           UNIT_CLOSED,       NO_PARENT,  0,         UNIT_SHIPPED},
    {P,     ACT_VOID_SHIP,      UNIT_SHIPPED,      NO_PARENT,  0,         UNIT_COMMISSIONED},
    {C,     ACT_VOID_SHIP,      UNIT_SHIPPED,      NO_PARENT,  0,         UNIT_CLOSED},
    {P | C, ACT_RECEIVE,        UNIT_SHIPPED,      ANY_PARENT, 0,         UNIT_SHIPPED},
    {F,     ACT_RECEIVE,        UNIT_NONE,         ANY_PARENT, 0,         UNIT_NONE},
    {F,     ACT_RECEIVE,        UNIT_COMMISSIONED, ANY_PARENT, 0,         UNIT_COMMISSIONED},
    {F,     ACT_RECEIVE,        UNIT_OPEN,         ANY_PARENT, 0,         UNIT_OPEN},
    {F,     ACT_RECEIVE,        UNIT_CLOSED,       ANY_PARENT, 0,         UNIT_CLOSED},
    {P | C, ACT_RECEIVE_BACK,   UNIT_SHIPPED,      ANY_PARENT, 0,         UNIT_SHIPPED},
    {C,     ACT_PACK_INTO_TOLD, UNIT_OPEN,         ANY_PARENT, 0,         UNIT_CLOSED},
    {C,     ACT_PACK_INTO_TOLD, UNIT_CLOSED,       ANY_PARENT, 0,         UNIT_CLOSED},
    {F,     ACT_PACK_INTO_TOLD, UNIT_NONE,         ANY_PARENT,  0,         UNIT_NONE},
    {F,     ACT_PACK_INTO_TOLD, UNIT_COMMISSIONED, ANY_PARENT, 0,         UNIT_COMMISSIONED},
    {P,     ACT_BE_PACKED_TOLD, UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_COMMISSIONED},
    {C,     ACT_BE_PACKED_TOLD, UNIT_OPEN,         NO_PARENT,  0,         UNIT_CLOSED},
    {C,     ACT_BE_PACKED_TOLD, UNIT_CLOSED,       NO_PARENT,  0,         UNIT_CLOSED},
    {F,     ACT_BE_PACKED_TOLD, UNIT_NONE,         NO_PARENT,  0,         UNIT_NONE},
    {P,     ACT_SHIP_TOLD,      UNIT_COMMISSIONED, NO_PARENT,  0,         UNIT_SHIPPED},
    {C,     ACT_SHIP_TOLD,      UNIT_OPEN,         NO_PARENT,  0,         UNIT_SHIPPED},
    {C,     ACT_SHIP_TOLD,      UNIT_CLOSED,       NO_PARENT,  0,         UNIT_SHIPPED},
    {F,     ACT_SHIP_TOLD,      UNIT_NONE,         NO_PARENT,  0,         UNIT_SHIPPED},
    {P,     ACT_RELABEL,        UNIT_COMMISSIONED, ANY_PARENT, 0,         UNIT_COMMISSIONED},
    {C,     ACT_RELABEL,        UNIT_OPEN,         ANY_PARENT, 0,         UNIT_OPEN},
    {C,     ACT_RELABEL,        UNIT_CLOSED,       ANY_PARENT, 0,         UNIT_CLOSED},
    {C,     ACT_UNPACK_FROM_TOLD, UNIT_OPEN,       ANY_PARENT, 0,         UNIT_OPEN},
    {C,     ACT_UNPACK_FROM_TOLD, UNIT_CLOSED,     ANY_PARENT, 0,         UNIT_OPEN},
    {F,     ACT_UNPACK_FROM_TOLD, UNIT_NONE,       ANY_PARENT, 0,         UNIT_NONE},
    {F,     ACT_UNPACK_FROM_TOLD, UNIT_COMMISSIONED, ANY_PARENT, 0,       UNIT_COMMISSIONED},
}; // what is not listed is refused
// clang-format on

const char *unit_state_name(enum unit_state s)
{
    assert(s < UNIT_STATES);
    return state_names[s];
}

const char *unit_act_name(enum unit_act a)
{
    assert(a > 0 && a < ACT_END);
    return act_names[a];
}

struct unit_act_flags unit_act_flags(enum unit_act a)
{
    assert(a > 0 && a < ACT_END);
    return act_flags[a];
}

const char *unit_shown(const struct unit *u)
{
    if (u->state == UNIT_COMMISSIONED && u->parent.v != 0) return "packed";
    return unit_state_name(u->state);
}

static status parent_refuses(const struct rule *r, const struct unit *u)
{
    if (r->parent == NO_PARENT && u->parent.v != 0)
        return fail(ST_CONFLICT, "unit.has_parent", 0,
                    "it lies in a container: to %s it is refused", unit_act_name(r->act));
    if (r->parent == HAS_PARENT && u->parent.v == 0)
        return fail(ST_CONFLICT, "unit.no_parent", 0, "it lies in no container");
    return OK;
}

static status flags_refuse(const struct rule *r, const struct unit *u)
{
    static const struct {
        uint8_t flag;
        const char *code, *says;
    } words[] = {
        {UNIT_HOLD,          "unit.on_hold",       "it is on hold"       },
        {UNIT_STOLEN,        "unit.stolen",        "it was stolen"       },
        {UNIT_LOST,          "unit.lost",          "it is lost"          },
        {UNIT_RECALLED,      "unit.recalled",      "it is recalled"      },
        {UNIT_RECEIVED_BACK, "unit.received_back", "it was received back"},
    };
    unsigned forbidden = u->flags & act_flags[r->act].forbid;

    if (r->needs != 0 && !(u->flags & r->needs))
        return fail(ST_CONFLICT, "unit.state", 0, "it is %s: to %s it is refused", unit_shown(u),
                    unit_act_name(r->act));
    for (size_t i = 0; i < LEN(words); i++)
        if (forbidden & words[i].flag)
            return fail(ST_CONFLICT, words[i].code, 0, "%s: to %s it is refused", words[i].says,
                        unit_act_name(r->act));
    return OK;
}

static bool rule_fits(const struct rule *r, unsigned sorts, enum unit_state from, enum unit_act act)
{
    return r->from == from && r->act == act && (r->sorts & sorts);
}

// The first that fits; the last one again is the rule where a report names a hundred packs.
static const struct rule *rule_of(unsigned sorts, enum unit_state from, enum unit_act act)
{
    static _Thread_local const struct rule *last;
    static _Thread_local unsigned last_sorts;

    if (last != NULL && last_sorts == sorts && rule_fits(last, sorts, from, act)) return last;
    for (size_t i = 0; i < LEN(rules); i++) {
        if (!rule_fits(&rules[i], sorts, from, act)) continue;
        last_sorts = sorts;
        return last = &rules[i];
    }
    return NULL;
}

status unit_step(unsigned sorts, const struct unit *u, enum unit_act act, struct unit_change *out)
{
    assert(act > 0 && act < ACT_END);
    const struct rule *r = rule_of(sorts, u->state, act);
    if (r == NULL)
        return fail(ST_CONFLICT, "unit.state", 0, "it is %s: to %s it is refused", unit_shown(u),
                    unit_act_name(act));
    TRY(parent_refuses(r, u));
    TRY(flags_refuse(r, u));
    *out = (struct unit_change){r->to, act_flags[act].set, act_flags[act].clear};
    return OK;
}

status unit_step_inside(unsigned sorts, const struct unit *own, const struct unit *stands,
                        enum unit_act act, struct unit_change *out)
{
    struct unit u = *stands;
    struct unit_change c;

    if (act_flags[act].own) u.flags = own->flags;
    TRY(unit_step(sorts, &u, act, &c));
    if (c.to == u.state) c.to = own->state;
    *out = c;
    return OK;
}
