#include "service/event/capture_says.h"

// REQ EPCIS-STRICT-SAYS: a refusal names field, rule, unit and lot
static const struct rule {
    const char *field; // NULL: the one that names the unit
    const char *says;  // NULL: what its state is
} rules[EXCEPTION_END] = {
    [EXCEPTION_STATE] = {NULL,             NULL                                   },
    [EXCEPTION_HAS_PARENT] = {NULL,             "it lies in a container"               },
    [EXCEPTION_NO_PARENT] = {NULL,             "it lies in no container"              },
    [EXCEPTION_OTHER_PARENT] = {NULL,             "it lies in another container"         },
    [EXCEPTION_ON_HOLD] = {NULL,             "it is on hold"                        },
    [EXCEPTION_TIME_BEFORE] = {"eventTime",      "it is before the unit's last event"   },
    [EXCEPTION_LOT_UNKNOWN] = {"ilmd.lotNumber", "no such lot was opened here"          },
    [EXCEPTION_LOT_CLOSED] = {"ilmd.lotNumber", "the lot is closed"                    },
    [EXCEPTION_TOO_MANY] = {NULL,             "it would hold too many"               },
    [EXCEPTION_NOT_EMPTY] = {NULL,             "something lies in it"                 },
    [EXCEPTION_STOLEN] = {NULL,             "it is stolen"                         },
    [EXCEPTION_LOST] = {NULL,             "it is lost"                           },
    [EXCEPTION_RECALLED] = {NULL,             "it is recalled"                       },
    [EXCEPTION_RECEIVED_BACK] = {NULL,             "it was received back"                 },
    [EXCEPTION_CYCLE] = {NULL,             "it would lie in itself"               },
    [EXCEPTION_DEPTH] = {NULL,             "too many would lie in one another"    },
    [EXCEPTION_LEVEL] = {NULL,             "its level does not go in there"       },
    [EXCEPTION_LOT] = {NULL,             "its lot is not that of the content"   },
    [EXCEPTION_LOT_OPEN] = {NULL,             "its lot is not closed"                },
    [EXCEPTION_LOT_UNRELEASED] = {NULL,             "its lot is not released"              },
    [EXCEPTION_LOT_UNBALANCED] = {NULL,             "its lot no longer comes out"          },
    [EXCEPTION_LOT_EXPIRED] = {NULL,             "its lot has expired"                  },
    [EXCEPTION_LOT_RELEASED] = {NULL,             "partial, and its lot is released"     },
    [EXCEPTION_NOT_ACKNOWLEDGED] = {NULL,             "a partner has not accepted its events"},
    [EXCEPTION_HOLD_SIGNATURE] = {NULL,             "a hold ends by a signature alone"     },
    [EXCEPTION_CAME_BACK] = {NULL,             "something of it came back: it left"   },
    [EXCEPTION_FORWARDED] = {NULL,             "it was shipped on: it left"           },
    [EXCEPTION_UNIT_FORWARDED] = {NULL,             "the party has shipped it on already"  },
    [EXCEPTION_UNIT_RECEIVED] = {NULL,             "the party has received it already"    },
};

static void unit_add(struct judge *j, unit_id u, struct buf *b)
{
    struct gs1_id id;

    if (names_id(j->names, j->d->t, u, j->d->arena, &id).cls != ST_OK) return;
    buf_add(b, S(": "));
    (void)gs1_write(&id, GS1_BRACKETED, NULL, b);
}

static void lot_add(struct judge *j, uint32_t number, struct buf *b)
{
    struct lot lot;

    if (number == 0 || !lot_view(j->d->t, number, &lot)) return;
    buf_addf(b, ", lot %.*s", STR(lot.lot));
}

status capture_says(struct judge *j, const struct capture_fault *f)
{
    const struct rule *rule = &rules[f->code];
    const char *code = capture_exception_code(f->code);
    struct unit x = unit_one(j->d->t, f->unit);
    uint32_t lot = x.first == 0 ? 0 : judge_header(j, x.first)->lot;
    struct unit stands = standing_of(&j->standing, &x, lot);
    struct buf b;

    buf_init(&b, 1 * KB);
    buf_addf(&b, "%s: ", rule->field == NULL ? f->field : rule->field);
    buf_addf(&b, "%s%s", rule->says == NULL ? "it is " : rule->says,
             rule->says == NULL ? unit_shown(&stands) : "");
    unit_add(j, f->unit, &b);
    lot_add(j, f->lot != 0 ? f->lot : lot, &b);
    status st = fail(ST_UNPROCESSABLE, code, 0, "%.*s", STR(buf_str(&b)));
    buf_fini(&b);
    return st;
}
