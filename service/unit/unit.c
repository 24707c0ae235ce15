// The state machine as a table (STATES). A new act or state is a new row.
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
};

static const char *const act_names[ACT_COUNT] = {
    [ACT_COMMISSION] = "commission", [ACT_SCRAP] = "scrap",    [ACT_RETURN] = "return",
    [ACT_PACK_INTO] = "pack into",   [ACT_BE_PACKED] = "pack", [ACT_UNPACK_FROM] = "unpack from",
    [ACT_BE_UNPACKED] = "unpack",    [ACT_CLOSE] = "close",    [ACT_SHIP] = "ship",
};

enum parent_rule { ANY_PARENT, NO_PARENT, HAS_PARENT };
enum sorts { PACKS = 1 << SORT_PACK, CONTAINERS = 1 << SORT_CONTAINER, BOTH = 3 };

static const struct rule {
    uint8_t sorts;
    enum unit_state from;
    enum unit_act act;
    enum parent_rule parent;
    enum unit_state to;
} rules[] = {
    {PACKS,      UNIT_NONE,         ACT_COMMISSION,  NO_PARENT,  UNIT_COMMISSIONED     },
    {PACKS,      UNIT_ALLOCATED,    ACT_COMMISSION,  NO_PARENT,  UNIT_COMMISSIONED     },
    {PACKS,      UNIT_PRINTED,      ACT_COMMISSION,  NO_PARENT,  UNIT_COMMISSIONED     },
    {CONTAINERS, UNIT_NONE,         ACT_COMMISSION,  NO_PARENT,  UNIT_OPEN             },
    {CONTAINERS, UNIT_ALLOCATED,    ACT_COMMISSION,  NO_PARENT,  UNIT_OPEN             },
    {CONTAINERS, UNIT_PRINTED,      ACT_COMMISSION,  NO_PARENT,  UNIT_OPEN             },
    {BOTH,       UNIT_NONE,         ACT_SCRAP,       NO_PARENT,  UNIT_SCRAPPED         },
    {BOTH,       UNIT_ALLOCATED,    ACT_SCRAP,       NO_PARENT,  UNIT_SCRAPPED         },
    {BOTH,       UNIT_PRINTED,      ACT_SCRAP,       NO_PARENT,  UNIT_SCRAPPED         },
    {BOTH,       UNIT_NONE,         ACT_RETURN,      NO_PARENT,  UNIT_RETURNED_TO_OWNER},
    {BOTH,       UNIT_ALLOCATED,    ACT_RETURN,      NO_PARENT,  UNIT_RETURNED_TO_OWNER},
    {PACKS,      UNIT_COMMISSIONED, ACT_BE_PACKED,   NO_PARENT,  UNIT_COMMISSIONED     },
    {CONTAINERS, UNIT_CLOSED,       ACT_BE_PACKED,   NO_PARENT,  UNIT_CLOSED           },
    {PACKS,      UNIT_COMMISSIONED, ACT_BE_UNPACKED, HAS_PARENT, UNIT_COMMISSIONED     },
    {CONTAINERS, UNIT_CLOSED,       ACT_BE_UNPACKED, HAS_PARENT, UNIT_CLOSED           },
    {CONTAINERS, UNIT_OPEN,         ACT_PACK_INTO,   NO_PARENT,  UNIT_OPEN             },
    {CONTAINERS, UNIT_OPEN,         ACT_UNPACK_FROM, NO_PARENT,  UNIT_OPEN             },
    {CONTAINERS, UNIT_CLOSED,       ACT_UNPACK_FROM, NO_PARENT,  UNIT_OPEN             },
    {CONTAINERS, UNIT_OPEN,         ACT_CLOSE,       NO_PARENT,  UNIT_CLOSED           },
    {PACKS,      UNIT_COMMISSIONED, ACT_SHIP,        NO_PARENT,  UNIT_SHIPPED          },
    {CONTAINERS, UNIT_CLOSED,       ACT_SHIP,        NO_PARENT,  UNIT_SHIPPED          },
}; // what is not listed is refused

const char *unit_state_name(enum unit_state s)
{
    assert(s < UNIT_STATES);
    return state_names[s];
}

const char *unit_act_name(enum unit_act a)
{
    assert(a < ACT_COUNT);
    return act_names[a];
}

const char *unit_shown(const struct unit *u)
{
    if (u->state == UNIT_COMMISSIONED && u->parent.v != 0) return "packed";
    return unit_state_name(u->state);
}

static status parent_refuses(const struct rule *r, const struct unit *u, enum unit_act act)
{
    if (r->parent == NO_PARENT && u->parent.v != 0)
        return fail(ST_CONFLICT, "unit.has_parent", 0, "it lies in a container: %s it is refused",
                    unit_act_name(act));
    if (r->parent == HAS_PARENT && u->parent.v == 0)
        return fail(ST_CONFLICT, "unit.no_parent", 0, "it lies in no container");
    return OK;
}

status unit_step(enum unit_sort sort, const struct unit *u, enum unit_act act,
                 enum unit_state *next)
{
    for (size_t i = 0; i < LEN(rules); i++) {
        const struct rule *r = &rules[i];
        if (r->from != u->state || r->act != act || !(r->sorts & 1u << sort)) continue;
        TRY(parent_refuses(r, u, act));
        if (u->flags & UNIT_HOLD) return fail(ST_CONFLICT, "unit.on_hold", 0, "it is on hold");
        *next = r->to;
        return OK;
    }
    return fail(ST_CONFLICT, "unit.state", 0, "it is %s: to %s it is refused", unit_shown(u),
                unit_act_name(act));
}
