#include "service/event/captured_rule.h"

#include <string.h>

#define ANY (-1)

// The first row that fits.
// clang-format off
static const struct meaning {
    enum epcis_type type;
    enum epcis_action action;
    int step;        // enum epcis_step, or ANY
    int disposition; // enum epcis_disposition, or ANY
    struct captured_acts acts;
} meanings[] = {
    {EPCIS_OBJECT, EPCIS_ADD, ANY, ANY, {.in = ACT_COMMISSION}},
    {EPCIS_OBJECT, EPCIS_DELETE, EPCIS_STEP_DESTROYING, ANY, {.in = ACT_DESTROY}},
    {EPCIS_OBJECT, EPCIS_DELETE, ANY, ANY, {.in = ACT_DECOMMISSION}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_SHIPPING, ANY, {.in = ACT_SHIP_TOLD}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_VOID_SHIPPING, ANY, {.in = ACT_VOID_SHIP}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_SAMPLING, ANY, {.in = ACT_SAMPLE}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_HOLDING, EPCIS_DISP_RECALLED, {.in = ACT_RECALL}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_HOLDING, ANY, {.in = ACT_HOLD}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_RECEIVING, EPCIS_DISP_RETURNED,
     {.in = ACT_RECEIVE_BACK}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_RECEIVING, ANY, {.in = ACT_RECEIVE}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, ANY, EPCIS_DISP_STOLEN, {.in = ACT_STEAL}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_INSPECTING, EPCIS_DISP_ACTIVE, {.in = ACT_END_HOLD}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_INSPECTING, EPCIS_DISP_AVAILABLE,
     {.in = ACT_END_HOLD}},
    {EPCIS_OBJECT, EPCIS_OBSERVE, EPCIS_STEP_INSPECTING, EPCIS_DISP_CONFORMANT,
     {.in = ACT_END_HOLD}},
    {EPCIS_AGGREGATION, EPCIS_ADD, ANY, ANY,
     {.parent = ACT_PACK_INTO_TOLD, .in = ACT_BE_PACKED_TOLD}},
    {EPCIS_AGGREGATION, EPCIS_DELETE, ANY, ANY,
     {.parent = ACT_UNPACK_FROM_TOLD, .in = ACT_BE_UNPACKED}},
    {EPCIS_TRANSFORMATION, EPCIS_NO_ACTION, ANY, ANY,
     {.in = ACT_DECOMMISSION, .out = ACT_COMMISSION}},
};
// clang-format on

static bool is_word(str text, enum epcis_vocabulary voc, int word)
{
    return word == ANY || str_eq(text, epcis_word(voc, (unsigned)word));
}

struct captured_acts captured_acts_of(const struct epcis_event *e)
{
    struct captured_acts nothing = {0};

    for (size_t i = 0; e->error == NULL && i < LEN(meanings); i++) {
        const struct meaning *m = &meanings[i];
        if (m->type == e->type && m->action == e->action &&
            is_word(e->step, EPCIS_VOC_STEP, m->step) &&
            is_word(e->disposition, EPCIS_VOC_DISP, m->disposition))
            return m->acts;
    }
    return nothing;
}

enum unit_state captured_begun(unsigned sorts, enum unit_state now, bool holds)
{
    if (now != UNIT_NONE) return now;
    if (!(sorts & SORT_CONTAINER)) return UNIT_COMMISSIONED;
    return holds ? UNIT_CLOSED : UNIT_OPEN;
}

// The action counts; a step that says the opposite was meant otherwise, or the action was.
unsigned captured_warning(const struct epcis_event *e)
{
    enum epcis_action not_of_step =
        is_word(e->step, EPCIS_VOC_STEP, EPCIS_STEP_UNPACKING) ? EPCIS_ADD
        : is_word(e->step, EPCIS_VOC_STEP, EPCIS_STEP_PACKING) ? EPCIS_DELETE
                                                               : EPCIS_NO_ACTION;

    if (e->step_misspelt) return EXCEPTION_WORD;
    if (e->type != EPCIS_AGGREGATION || not_of_step == EPCIS_NO_ACTION) return 0;
    return e->action == not_of_step ? EXCEPTION_STEP : 0;
}

// What the state machine says, in the words that facts keep.
static unsigned exception_of(const char *reason)
{
    for (unsigned e = 1; e < EXCEPTION_END; e++) {
        const char *code = capture_exception_code((enum capture_exception)e);
        if (code != NULL && strcmp(code, reason) == 0) return e;
    }
    assert(reason == NULL); // they can tell every refusal of the state machine
    return EXCEPTION_STATE;
}

unsigned captured_step(unsigned sorts, const struct unit *own, const struct unit *stands,
                       enum unit_act act, struct unit_change *out)
{
    status st = unit_step_inside(sorts, own, stands, act, out);

    return st.cls == ST_OK ? 0 : exception_of(st.reason);
}

unsigned captured_effect(const struct unit *x, enum unit_act act, const struct unit_change *change,
                         bool leaves)
{
    struct unit after = *x;

    if (act == ACT_COMMISSION) return effect_change(EFFECT_BEGINS, change);
    if (act == ACT_BE_PACKED_TOLD) return EFFECT_PACKED;
    if (leaves) return effect_change(EFFECT_LEAVES, change);
    if (act == ACT_BE_UNPACKED) return EFFECT_UNPACKED;
    unit_apply(&after, change);
    bool same = after.state == x->state && after.flags == x->flags;
    return same ? EFFECT_NAMED : effect_change(EFFECT_CHANGED, change);
}
