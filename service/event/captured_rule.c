#include "service/event/captured_rule.h"

#define ANY_STEP (-1)

// The first row that fits.
// clang-format off
static const struct meaning {
    enum epcis_type type;
    enum epcis_action action;
    int step; // enum epcis_step, or ANY_STEP
    struct captured_acts acts;
} meanings[] = {
    {EPCIS_OBJECT, EPCIS_ADD, ANY_STEP, {.in = CAPTURED_COMMISSION}},
    {EPCIS_OBJECT, EPCIS_DELETE, EPCIS_STEP_DESTROYING, {.in = CAPTURED_DESTROY}},
    {EPCIS_OBJECT, EPCIS_DELETE, ANY_STEP, {.in = CAPTURED_DECOMMISSION}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_SHIPPING, {.in = CAPTURED_SHIP}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_VOID_SHIPPING, {.in = CAPTURED_VOID_SHIP}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_SAMPLING, {.in = CAPTURED_SAMPLE}},
    {EPCIS_AGGREGATION, EPCIS_ADD, ANY_STEP,
     {.parent = CAPTURED_PACK_INTO, .in = CAPTURED_BE_PACKED}},
    {EPCIS_AGGREGATION, EPCIS_DELETE, ANY_STEP,
     {.parent = CAPTURED_UNPACK_FROM, .in = CAPTURED_BE_UNPACKED}},
    {EPCIS_TRANSFORMATION, EPCIS_NO_ACTION, ANY_STEP,
     {.in = CAPTURED_DECOMMISSION, .out = CAPTURED_COMMISSION}},
};
// clang-format on

struct captured_acts captured_acts_of(const struct epcis_event *e)
{
    struct captured_acts nothing = {0};

    for (size_t i = 0; e->error == NULL && i < LEN(meanings); i++) {
        const struct meaning *m = &meanings[i];
        if (m->type != e->type || m->action != e->action) continue;
        if (m->step == ANY_STEP) return m->acts;
        if (str_eq(e->step, epcis_word(EPCIS_VOC_STEP, (unsigned)m->step))) return m->acts;
    }
    return nothing;
}

enum parent_rule { ANY_PARENT, NO_PARENT, HAS_PARENT };
enum { P = CAPTURED_PACK, C = CAPTURED_CONTAINER, F = CAPTURED_FOREIGN };

// `sort` is met where the unit has one of its bits; F alone: foreign ones of any sort.
static const struct rule {
    uint8_t sort;
    enum captured_act act;
    enum unit_state from;
    enum parent_rule parent;
    enum unit_state to;
} rules[] = {
    {P,     CAPTURED_COMMISSION,   UNIT_NONE,         NO_PARENT,  UNIT_COMMISSIONED},
    {P,     CAPTURED_COMMISSION,   UNIT_ALLOCATED,    NO_PARENT,  UNIT_COMMISSIONED},
    {P,     CAPTURED_COMMISSION,   UNIT_PRINTED,      NO_PARENT,  UNIT_COMMISSIONED},
    {C,     CAPTURED_COMMISSION,   UNIT_NONE,         NO_PARENT,  UNIT_OPEN        },
    {C,     CAPTURED_COMMISSION,   UNIT_ALLOCATED,    NO_PARENT,  UNIT_OPEN        },
    {C,     CAPTURED_COMMISSION,   UNIT_PRINTED,      NO_PARENT,  UNIT_OPEN        },
    {P,     CAPTURED_BE_PACKED,    UNIT_COMMISSIONED, NO_PARENT,  UNIT_COMMISSIONED},
    {C,     CAPTURED_BE_PACKED,    UNIT_OPEN,         NO_PARENT,  UNIT_OPEN        },
    {C,     CAPTURED_BE_PACKED,    UNIT_CLOSED,       NO_PARENT,  UNIT_CLOSED      },
    {F,     CAPTURED_BE_PACKED,    UNIT_NONE,         NO_PARENT,  UNIT_NONE        },
    {C,     CAPTURED_PACK_INTO,    UNIT_OPEN,         NO_PARENT,  UNIT_CLOSED      },
    {C,     CAPTURED_PACK_INTO,    UNIT_CLOSED,       NO_PARENT,  UNIT_CLOSED      },
    {F,     CAPTURED_PACK_INTO,    UNIT_NONE,         NO_PARENT,  UNIT_NONE        },
    {F,     CAPTURED_PACK_INTO,    UNIT_COMMISSIONED, NO_PARENT,  UNIT_COMMISSIONED},
    {P,     CAPTURED_BE_UNPACKED,  UNIT_COMMISSIONED, HAS_PARENT, UNIT_COMMISSIONED},
    {C,     CAPTURED_BE_UNPACKED,  UNIT_OPEN,         HAS_PARENT, UNIT_OPEN        },
    {C,     CAPTURED_BE_UNPACKED,  UNIT_CLOSED,       HAS_PARENT, UNIT_CLOSED      },
    {F,     CAPTURED_BE_UNPACKED,  UNIT_NONE,         HAS_PARENT, UNIT_NONE        },
    {C,     CAPTURED_UNPACK_FROM,  UNIT_OPEN,         NO_PARENT,  UNIT_OPEN        },
    {C,     CAPTURED_UNPACK_FROM,  UNIT_CLOSED,       NO_PARENT,  UNIT_OPEN        },
    {F,     CAPTURED_UNPACK_FROM,  UNIT_NONE,         NO_PARENT,  UNIT_NONE        },
    {F,     CAPTURED_UNPACK_FROM,  UNIT_COMMISSIONED, NO_PARENT,  UNIT_COMMISSIONED},
    {P,     CAPTURED_SHIP,         UNIT_COMMISSIONED, NO_PARENT,  UNIT_SHIPPED     },
    {C,     CAPTURED_SHIP,         UNIT_OPEN,         NO_PARENT,  UNIT_SHIPPED     },
    {C,     CAPTURED_SHIP,         UNIT_CLOSED,       NO_PARENT,  UNIT_SHIPPED     },
    {F,     CAPTURED_SHIP,         UNIT_NONE,         NO_PARENT,  UNIT_SHIPPED     },
    {P,     CAPTURED_VOID_SHIP,    UNIT_SHIPPED,      NO_PARENT,  UNIT_COMMISSIONED},
    {C,     CAPTURED_VOID_SHIP,    UNIT_SHIPPED,      NO_PARENT,  UNIT_CLOSED      },
    {P,     CAPTURED_SAMPLE,       UNIT_COMMISSIONED, NO_PARENT,  UNIT_SAMPLED     },
    {P,     CAPTURED_DECOMMISSION, UNIT_COMMISSIONED, NO_PARENT,  UNIT_INACTIVE    },
    {P,     CAPTURED_DECOMMISSION, UNIT_SAMPLED,      NO_PARENT,  UNIT_INACTIVE    },
    {P,     CAPTURED_DECOMMISSION, UNIT_SHIPPED,      NO_PARENT,  UNIT_INACTIVE    },
    {C,     CAPTURED_DECOMMISSION, UNIT_OPEN,         NO_PARENT,  UNIT_DISSOLVED   },
    {C,     CAPTURED_DECOMMISSION, UNIT_CLOSED,       NO_PARENT,  UNIT_DISSOLVED   },
    {C,     CAPTURED_DECOMMISSION, UNIT_SHIPPED,      NO_PARENT,  UNIT_DISSOLVED   },
    {F,     CAPTURED_DECOMMISSION, UNIT_NONE,         NO_PARENT,  UNIT_INACTIVE    },
    {P | C, CAPTURED_DESTROY,      UNIT_COMMISSIONED, NO_PARENT,  UNIT_DESTROYED   },
    {P | C, CAPTURED_DESTROY,      UNIT_SAMPLED,      NO_PARENT,  UNIT_DESTROYED   },
    {P | C, CAPTURED_DESTROY,      UNIT_INACTIVE,     NO_PARENT,  UNIT_DESTROYED   },
    {P | C, CAPTURED_DESTROY,      UNIT_SHIPPED,      NO_PARENT,  UNIT_DESTROYED   },
    {C,     CAPTURED_DESTROY,      UNIT_OPEN,         NO_PARENT,  UNIT_DESTROYED   },
    {C,     CAPTURED_DESTROY,      UNIT_CLOSED,       NO_PARENT,  UNIT_DESTROYED   },
    {C,     CAPTURED_DESTROY,      UNIT_DISSOLVED,    NO_PARENT,  UNIT_DESTROYED   },
    {F,     CAPTURED_DESTROY,      UNIT_NONE,         NO_PARENT,  UNIT_DESTROYED   },
}; // what is not listed is not taken

unsigned captured_step(unsigned sort, const struct unit *u, enum captured_act act,
                       enum unit_state *next)
{
    for (size_t i = 0; i < LEN(rules); i++) {
        const struct rule *r = &rules[i];
        if (r->act != act || r->from != u->state || !(r->sort & sort)) continue;
        if (r->parent == NO_PARENT && u->parent.v != 0) return EXCEPTION_HAS_PARENT;
        if (r->parent == HAS_PARENT && u->parent.v == 0) return EXCEPTION_NO_PARENT;
        if (u->flags & UNIT_HOLD) return EXCEPTION_ON_HOLD;
        *next = r->to;
        return 0;
    }
    return EXCEPTION_STATE;
}
