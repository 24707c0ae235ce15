// The words and fields of the messages, and writing them: every field that a schema requires is
// there, and null where it is empty and may be so.
#include "service/inbox/pdg.h"
#include "service/exception/exception.h"
#include "service/inbox/pdg_int.h"
#include <stddef.h>
#include <string.h>

// ---- words

static const char *const group_words[PDG_GROUPS] = {
    "missing_product_data", "missing_product", "data_misalignment", "overages", "underages",
    "gln_errors",           "gtin_errors",     "response_items"};

const char *pdg_type_word(enum pdg_type t) { return t == PDG_REPORT ? "report" : "response"; }
const char *pdg_group_word(enum pdg_group g) { return group_words[g]; }

bool pdg_group_find(str word, enum pdg_group *out)
{
    for (unsigned i = 0; i < PDG_ANSWER; i++)
        if (str_eq(word, str_of(group_words[i]))) return *out = (enum pdg_group)i, true;
    return false;
}

// In the order of EXCEPTION_RESOLUTIONS.
static const char *const resolution_texts[] = {"Send new data",
                                               "Send product",
                                               "Return product",
                                               "Send back product",
                                               "Credit account",
                                               "Debit account",
                                               NULL};
static const char *const source_words[] = {"Scan", "Packing Slip", "ASN", "Other", NULL};
static const char *const answer_words[] = {"Accept", "Reject", NULL};
static const char *const follow_up_words[] = {"Email", "Phone", NULL};

const char *pdg_resolution_text(unsigned resolution)
{
    unsigned i = resolution - RESOLUTION_NEW_DATA;
    return resolution >= RESOLUTION_NEW_DATA && i < LEN(resolution_texts) ? resolution_texts[i]
                                                                          : NULL;
}

unsigned pdg_resolution_find(str text)
{
    for (unsigned i = 0; resolution_texts[i] != NULL; i++)
        if (str_eq(text, str_of(resolution_texts[i]))) return RESOLUTION_NEW_DATA + i;
    return 0;
}

// ---- fields

#define ITEM(member) .at = offsetof(struct pdg_item, member)
#define HEAD(member) .at = offsetof(struct pdg_message, member)
#define NEEDED       .required = true
#define NULLABLE     .nullable = true
#define RESOLUTION                                                                                 \
    {                                                                                              \
        .name = "resolution_request", ITEM(resolution), NEEDED, .words = resolution_texts          \
    }
#define ITEM_ID                                                                                    \
    {                                                                                              \
        .name = "exception_item_uuid", ITEM(id), NEEDED, .needs_text = true                        \
    }

// clang-format off
static const struct pdg_field missing_data[] = {
    ITEM_ID,
    {.name = "product_gtin", ITEM(gtin), NEEDED},
    {.name = "observation_source", ITEM(source), NEEDED, .words = source_words},
    RESOLUTION,
    {.name = "product_serial", ITEM(serial), NULLABLE},
    {0},
};
static const struct pdg_field missing_product[] = {
    ITEM_ID,
    {.name = "file_id", ITEM(file), NEEDED},
    {.name = "product_gtin", ITEM(gtin), NEEDED},
    {.name = "product_serial", ITEM(serial), NEEDED},
    RESOLUTION,
    {0},
};
static const struct pdg_field misalignment[] = {
    ITEM_ID,
    {.name = "received_product_gtin", ITEM(gtin), NEEDED},
    {.name = "received_product_lot", ITEM(lot), NEEDED},
    {.name = "received_product_expiry", ITEM(expiry), NEEDED},
    {.name = "received_product_serial", ITEM(serial), NEEDED, NULLABLE},
    {.name = "product_data_gtin", ITEM(data_gtin), NEEDED},
    {.name = "product_data_lot", ITEM(data_lot), NEEDED},
    {.name = "product_data_expiry", ITEM(data_expiry), NEEDED},
    {.name = "product_data_serial", ITEM(data_serial), NEEDED, NULLABLE},
    RESOLUTION,
    {0},
};
static const struct pdg_field counts[] = {
    ITEM_ID,
    {.name = "gtin", ITEM(gtin), NEEDED},
    {.name = "quantity_ordered", .kind = PDG_NUMBER, ITEM(ordered), NEEDED},
    {.name = "quantity_received", .kind = PDG_NUMBER, ITEM(received), NEEDED},
    RESOLUTION,
    {0},
};
#define MAYBE_RESOLUTION                                                                           \
    {.name = "resolution_request", ITEM(resolution), NULLABLE, .words = resolution_texts}
static const struct pdg_field gln_error[] = {
    ITEM_ID,
    {.name = "invalid_gln", ITEM(invalid), NEEDED},
    {.name = "proposed_gln", ITEM(proposed), NULLABLE},
    MAYBE_RESOLUTION,
    {0},
};
static const struct pdg_field gtin_error[] = {
    ITEM_ID,
    {.name = "invalid_gtin", ITEM(invalid), NEEDED},
    {.name = "proposed_gtin", ITEM(proposed), NULLABLE},
    MAYBE_RESOLUTION,
    {0},
};
static const struct pdg_field alternative[] = {
    {.name = "alternative_resolution", ITEM(alternative), NEEDED, NULLABLE,
     .words = resolution_texts},
    {.name = "follow_up", ITEM(follow_up), NEEDED, NULLABLE, .words = follow_up_words},
    {.name = "follow_up_details", ITEM(follow_up_details), NULLABLE},
    {0},
};
static const struct pdg_object alternative_object = {"an alternative resolution", alternative};
static const struct pdg_field answer[] = {
    ITEM_ID,
    {.name = "resolution_response", ITEM(answer), NEEDED, .words = answer_words},
    {.name = "comments", ITEM(comments), NULLABLE},
    {.name = "alternative_resolution", .kind = PDG_OBJECT, NULLABLE, .sub = &alternative_object},
    {0},
};
const struct pdg_object pdg_items[PDG_GROUPS] = {
    [PDG_MISSING_DATA] = {"an item of missing_product_data", missing_data},
    [PDG_MISSING_PRODUCT] = {"an item of missing_product", missing_product},
    [PDG_MISALIGNMENT] = {"an item of data_misalignment", misalignment},
    [PDG_OVERAGE] = {"an item of overages", counts},
    [PDG_UNDERAGE] = {"an item of underages", counts},
    [PDG_GLN_ERROR] = {"an item of gln_errors", gln_error},
    [PDG_GTIN_ERROR] = {"an item of gtin_errors", gtin_error},
    [PDG_ANSWER] = {"an item of response_items", answer},
};

static const struct pdg_field contact[] = {
    {.name = "vp", HEAD(vp), NULLABLE},
    {.name = "gln", HEAD(gln), NULLABLE},
    {.name = "email", HEAD(email), NEEDED, .needs_text = true},
    {.name = "phone", HEAD(phone), NULLABLE},
    {0},
};
static const struct pdg_object contact_object = {"sender_information", contact};
#define HEAD_FIELDS                                                                                \
    {.name = "message_uuid", HEAD(id), NEEDED, .needs_text = true},                                \
    {.name = "exception_case_uuid", HEAD(case_id), NEEDED, .needs_text = true},                    \
    {.name = "timestamp", .kind = PDG_NUMBER, HEAD(timestamp), NEEDED},                            \
    {.name = "po_number", HEAD(po), NEEDED},                                                       \
    {.name = "sender_information", .kind = PDG_OBJECT, NEEDED, .sub = &contact_object}
static const struct pdg_field report[] = {
    HEAD_FIELDS,
    {.name = "case_resolved", .kind = PDG_BOOL, HEAD(resolved), NEEDED},
    {0},
};
static const struct pdg_field response[] = {
    HEAD_FIELDS,
    {.name = "additional_notes", HEAD(notes), NULLABLE},
    {0},
};
const struct pdg_object pdg_heads[2] = {
    [PDG_REPORT] = {"a report", report},
    [PDG_RESPONSE] = {"a response", response},
};
// clang-format on

// ---- writing

static void write_fields(struct json_w *w, const struct pdg_object *o, const void *in);

// An alternative that names nothing is none.
static bool is_empty(const struct pdg_object *o, const void *in)
{
    for (const struct pdg_field *f = o->fields; f->name != NULL; f++) {
        str s;
        memcpy(&s, (const char *)in + f->at, sizeof s);
        if (s.n > 0) return false;
    }
    return true;
}

static void write_field(struct json_w *w, const struct pdg_field *f, const void *in)
{
    const char *at = (const char *)in + f->at;
    int64_t n;
    bool b;
    str s;

    json_w_key(w, str_of(f->name));
    if (f->kind == PDG_TEXT) {
        memcpy(&s, at, sizeof s);
        if (s.n == 0 && f->nullable)
            json_w_null(w);
        else
            json_w_str(w, s);
    } else if (f->kind == PDG_NUMBER) {
        memcpy(&n, at, sizeof n);
        json_w_int(w, n);
    } else if (f->kind == PDG_BOOL) {
        memcpy(&b, at, sizeof b);
        json_w_bool(w, b);
    } else if (f->nullable && is_empty(f->sub, in)) {
        json_w_null(w);
    } else {
        json_w_object(w);
        write_fields(w, f->sub, in);
        json_w_end(w);
    }
}

static void write_fields(struct json_w *w, const struct pdg_object *o, const void *in)
{
    for (const struct pdg_field *f = o->fields; f->name != NULL; f++) write_field(w, f, in);
}

static void write_group(const struct pdg_message *m, enum pdg_group g, struct json_w *w)
{
    bool any = false;

    for (uint32_t i = 0; i < m->n; i++) {
        if (m->items[i].group != g) continue;
        if (!any) {
            json_w_key(w, str_of(group_words[g]));
            json_w_array(w);
        }
        any = true;
        json_w_object(w);
        write_fields(w, &pdg_items[g], &m->items[i]);
        json_w_end(w);
    }
    if (any) json_w_end(w);
}

static bool has(const struct pdg_message *m, enum pdg_group first, enum pdg_group last)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (m->items[i].group >= first && m->items[i].group <= last) return true;
    return false;
}

static void write_groups(const struct pdg_message *m, struct json_w *w)
{
    json_w_key(w, S("exceptions"));
    json_w_object(w);
    for (unsigned g = PDG_MISSING_DATA; g <= PDG_UNDERAGE; g++)
        write_group(m, (enum pdg_group)g, w);
    if (has(m, PDG_GLN_ERROR, PDG_GTIN_ERROR)) {
        json_w_key(w, S("master_data_errors"));
        json_w_object(w);
        write_group(m, PDG_GLN_ERROR, w);
        write_group(m, PDG_GTIN_ERROR, w);
        json_w_end(w);
    }
    json_w_end(w);
    if (m->other_count == 0) return;
    json_w_key(w, S("other_errors"));
    json_w_array(w);
    for (uint32_t i = 0; i < m->other_count; i++) json_w_str(w, m->others[i]);
    json_w_end(w);
}

void pdg_write(const struct pdg_message *m, struct json_w *w)
{
    json_w_object(w);
    write_fields(w, &pdg_heads[m->type], m);
    if (m->type == PDG_REPORT) {
        write_groups(m, w);
    } else {
        json_w_key(w, S("response_items"));
        json_w_array(w);
        for (uint32_t i = 0; i < m->n; i++) {
            json_w_object(w);
            write_fields(w, &pdg_items[PDG_ANSWER], &m->items[i]);
            json_w_end(w);
        }
        json_w_end(w);
    }
    json_w_end(w);
}
