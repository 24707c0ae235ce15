// hash.c - the text that is hashed (CBV 2.0 section 8.9), in the order that the published hashes
// prove: see `members` and the two lists of sensor fields. Where the prose of the standard says
// otherwise (epcList before parentID, ids before types, sources before destinations, no
// certificationInfo), the hashes win.
//
// Members are written one behind the other without separators. What is in no order is written in
// the order of its texts: each is appended, and then all of them are put in order where they stand.
#include "service/epcis/hash.h"
#include "common/digest.h"
#include "service/epcis/hash_int.h"
#include "service/epcis/value.h"
#include <stdlib.h>
#include <string.h>

#define PREHASH_MAX (1 * GB) // an event of 100,000 identifiers has 10 MB

struct leaf {
    const char *name;
    char what; // as in EPCIS_SENSOR_FIELDS; 'i' an identifier
};

// ---- texts in order

struct hash_pieces hash_pieces(struct hasher *h, uint32_t max)
{
    struct hash_pieces p = {.start = h->out->n};

    if (max > 0 && (p.at = NEW_ARRAY(h->arena, struct hash_piece, max)) == NULL) h->failed = true;
    return p;
}

void hash_piece_end(struct hasher *h, struct hash_pieces *p, size_t from)
{
    if (!h->failed && h->out->n > from)
        p->at[p->n++] = (struct hash_piece){from - p->start, h->out->n - from};
}

static int by_text(const void *a, const void *b, void *base)
{
    const struct hash_piece *x = a, *y = b;
    const char *text = base;

    return str_cmp((str){text + x->at, x->n}, (str){text + y->at, y->n});
}

void hash_pieces_end(struct hasher *h, struct hash_pieces *p)
{
    struct buf *out = h->out;
    size_t total = out->n - p->start;
    bool in_order = true;

    if (h->failed || out->failed) return;
    char *text = out->p + p->start;
    for (uint32_t i = 1; i < p->n && in_order; i++)
        in_order = by_text(&p->at[i - 1], &p->at[i], text) <= 0;
    if (in_order) return;
    qsort_r(p->at, p->n, sizeof *p->at, by_text, text);
    char *copy = buf_room(out, total);
    if (copy == NULL) return;
    text = out->p + p->start;
    for (uint32_t i = 0; i < p->n; i++) {
        memcpy(copy, text + p->at[i].at, p->at[i].n);
        copy += p->at[i].n;
    }
    memcpy(text, text + total, total);
    out->n -= total;
}

// ---- single members

static void leaf(struct hasher *h, const char *name, char what, str text)
{
    text = str_trim(text);
    if (text.n == 0) return;
    buf_add(h->out, str_of(name));
    buf_addc(h->out, '=');
    hash_value(h, what, text);
    hash_mark(h, HASH_MARK_VALUE);
}

static void word(struct hasher *h, const char *name, enum epcis_vocabulary v, str text)
{
    if (text.n == 0) return;
    buf_add(h->out, str_of(name));
    buf_addc(h->out, '=');
    hash_word(h, v, text);
    hash_mark(h, HASH_MARK_VALUE);
}

// Appends `name`, or takes it back where nothing was written behind it.
static size_t open_list(struct hasher *h, const char *name)
{
    buf_add(h->out, str_of(name));
    return h->out->n;
}

static void close_list(struct hasher *h, const char *name, size_t behind)
{
    if (h->out->failed) return;
    if (h->out->n == behind)
        h->out->n -= strlen(name);
    else
        hash_mark(h, HASH_MARK_ALL);
}

static void strs(struct hasher *h, const char *name, char what, const struct epcis_strs *list)
{
    struct hash_pieces p = hash_pieces(h, list->n);

    for (uint32_t i = 0; i < list->n; i++) {
        size_t from = h->out->n;
        leaf(h, name, what, list->at[i]);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
}

static void ids(struct hasher *h, const char *list, const struct epcis_ids *ids)
{
    struct hash_pieces p = hash_pieces(h, ids->n);
    struct buf told;

    if (ids->n == 0) return;
    buf_init(&told, 4 * KB);
    size_t behind = open_list(h, list);
    p.start = behind;
    for (uint32_t i = 0; i < ids->n; i++) {
        size_t from = h->out->n;
        buf_reset(&told);
        if (ids->put != NULL && ids->put(ids->self, i, EPCIS_DL, &told).cls != ST_OK)
            h->failed = true;
        leaf(h, "epc", 'i', ids->put != NULL ? (str){told.p, told.n} : ids->at[i]);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
    close_list(h, list, behind);
    buf_fini(&told);
}

static void quantities(struct hasher *h, const char *list, const struct epcis_quantities *q)
{
    struct hash_pieces p = hash_pieces(h, q->n);

    if (q->n == 0) return;
    p.start = open_list(h, list);
    for (uint32_t i = 0; i < q->n; i++) {
        size_t from = h->out->n;
        buf_add(h->out, S("quantityElement"));
        leaf(h, "epcClass", 'i', q->at[i].epc_class);
        leaf(h, "quantity", 'q', q->at[i].quantity);
        leaf(h, "uom", 's', q->at[i].uom);
        hash_mark(h, HASH_MARK_ALL);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
    hash_mark(h, HASH_MARK_ALL);
}

// The type stands before what it is the type of.
static void pairs(struct hasher *h, const char *list, const char *name, enum epcis_vocabulary v,
                  const struct epcis_pairs *list_of)
{
    struct hash_pieces p = hash_pieces(h, list_of->n);

    if (list_of->n == 0) return;
    p.start = open_list(h, list);
    for (uint32_t i = 0; i < list_of->n; i++) {
        size_t from = h->out->n;
        word(h, "type", v, list_of->at[i].type);
        leaf(h, name, 'i', list_of->at[i].id);
        hash_mark(h, HASH_MARK_ALL);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
    hash_mark(h, HASH_MARK_ALL);
}

static void place(struct hasher *h, const char *name, const struct epcis_place *place)
{
    size_t behind = open_list(h, name);

    leaf(h, "id", 'i', place->id);
    hash_nodes_where(h, place->ext, true);
    close_list(h, name, behind);
}

// ---- sensors

static const struct leaf sensor_fields[] = {
#define X(id, word, where, what) [EPCIS_SENSOR_##id] = {word, what},
    EPCIS_SENSOR_FIELDS(X)
#undef X
};

#define F(name) EPCIS_SENSOR_##name
static const uint8_t metadata_order[] = {F(TIME),
                                         F(START_TIME),
                                         F(END_TIME),
                                         F(DEVICE_ID),
                                         F(DEVICE_METADATA),
                                         F(RAW_DATA),
                                         F(DATA_PROCESSING_METHOD),
                                         F(BIZ_RULES)};
static const uint8_t report_order[] = {F(TYPE),
                                       F(EXCEPTION),
                                       F(DEVICE_ID),
                                       F(DEVICE_METADATA),
                                       F(RAW_DATA),
                                       F(DATA_PROCESSING_METHOD),
                                       F(TIME),
                                       F(MICROORGANISM),
                                       F(CHEMICAL_SUBSTANCE),
                                       F(VALUE),
                                       F(COMPONENT),
                                       F(STRING_VALUE),
                                       F(BOOLEAN_VALUE),
                                       F(HEX_BINARY_VALUE),
                                       F(URI_VALUE),
                                       F(MIN_VALUE),
                                       F(MAX_VALUE),
                                       F(MEAN_VALUE),
                                       F(S_DEV),
                                       F(PERC_RANK),
                                       F(PERC_VALUE),
                                       F(UOM),
                                       F(COORDINATE_REFERENCE_SYSTEM),
                                       F(BIZ_RULES)};

static void sensor_field(struct hasher *h, enum epcis_sensor_field f, str text)
{
    const struct leaf *field = &sensor_fields[f];

    if (f == EPCIS_SENSOR_TYPE)
        word(h, field->name, EPCIS_VOC_MEASUREMENT, text);
    else if (f == EPCIS_SENSOR_EXCEPTION)
        word(h, field->name, EPCIS_VOC_ALERT, text);
    else if (f == EPCIS_SENSOR_COMPONENT)
        word(h, field->name, EPCIS_VOC_COMPONENT, text);
    else
        leaf(h, field->name, field->what == 'u' ? 'i' : field->what, text);
}

static void sensor_part(struct hasher *h, const char *name, const struct epcis_sensor_part *part,
                        const uint8_t *order, size_t n)
{
    size_t behind = open_list(h, name);

    for (size_t i = 0; i < n; i++) sensor_field(h, order[i], part->at[order[i]]);
    hash_nodes(h, part->ext);
    close_list(h, name, behind);
}

static void sensor(struct hasher *h, const struct epcis_sensor *s)
{
    size_t behind = open_list(h, "sensorElement");

    if (s->metadata != NULL)
        sensor_part(h, "sensorMetadata", s->metadata, metadata_order, LEN(metadata_order));
    struct hash_pieces p = hash_pieces(h, s->report_count);
    for (uint32_t i = 0; i < s->report_count; i++) {
        size_t from = h->out->n;
        sensor_part(h, "sensorReport", &s->reports[i], report_order, LEN(report_order));
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
    hash_nodes_where(h, s->ext, true);
    close_list(h, "sensorElement", behind);
}

// ---- the event

typedef const struct epcis_event event;

static void put_type(struct hasher *h, event *e)
{
    buf_add(h->out, S("eventType="));
    buf_add(h->out, str_of(epcis_shape(e->type)->name));
    hash_mark(h, HASH_MARK_VALUE);
}

static void put_time(struct hasher *h, event *e)
{
    buf_add(h->out, S("eventTime="));
    hash_time(h, &e->time);
    hash_mark(h, HASH_MARK_VALUE);
}

static void put_zone(struct hasher *h, event *e)
{
    int minutes = e->time.at.offset_min, away = minutes < 0 ? -minutes : minutes;

    leaf(h, "eventTimeZoneOffset", 's', e->zone);
    if (e->zone.n > 0) return;
    buf_addf(h->out, "eventTimeZoneOffset=%c%02d:%02d", minutes < 0 ? '-' : '+', away / 60,
             away % 60);
    hash_mark(h, HASH_MARK_VALUE);
}

static void put_certification(struct hasher *h, event *e)
{
    strs(h, "certificationInfo", 'i', &e->certification);
}

static void put_parent(struct hasher *h, event *e) { leaf(h, "parentID", 'i', e->parent); }

static void put_what(struct hasher *h, event *e)
{
    const struct epcis_shape *shape = epcis_shape(e->type);

    ids(h, shape->ids, &e->epcs);
    quantities(h, shape->quantities, &e->quantities);
    if (shape->out_ids == NULL) return;
    ids(h, shape->out_ids, &e->out_epcs);
    quantities(h, shape->out_quantities, &e->out_quantities);
}

static void put_action(struct hasher *h, event *e)
{
    leaf(h, "action", 's', str_of(epcis_action_name(e->action)));
}

static void put_transformation(struct hasher *h, event *e)
{
    leaf(h, "transformationID", 'i', e->transformation);
}

static void put_step(struct hasher *h, event *e) { word(h, "bizStep", EPCIS_VOC_STEP, e->step); }

static void put_disposition(struct hasher *h, event *e)
{
    word(h, "disposition", EPCIS_VOC_DISP, e->disposition);
}

static void put_persistent(struct hasher *h, event *e)
{
    size_t behind = open_list(h, "persistentDisposition");

    strs(h, "set", 'd', &e->set);
    strs(h, "unset", 'd', &e->unset);
    close_list(h, "persistentDisposition", behind);
}

static void put_read_point(struct hasher *h, event *e) { place(h, "readPoint", &e->read_point); }

static void put_biz_location(struct hasher *h, event *e)
{
    place(h, "bizLocation", &e->biz_location);
}

static void put_sensors(struct hasher *h, event *e)
{
    struct hash_pieces p = hash_pieces(h, e->sensors.n);

    if (e->sensors.n == 0) return;
    size_t behind = p.start = open_list(h, "sensorElementList");
    for (uint32_t i = 0; i < e->sensors.n; i++) {
        size_t from = h->out->n;
        sensor(h, &e->sensors.at[i]);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
    close_list(h, "sensorElementList", behind);
}

static void put_bts(struct hasher *h, event *e)
{
    pairs(h, "bizTransactionList", "bizTransaction", EPCIS_VOC_TRADE, &e->bts);
}

static void put_sources(struct hasher *h, event *e)
{
    pairs(h, "sourceList", "source", EPCIS_VOC_END, &e->sources);
}

static void put_destinations(struct hasher *h, event *e)
{
    pairs(h, "destinationList", "destination", EPCIS_VOC_END, &e->destinations);
}

static void put_ilmd(struct hasher *h, event *e)
{
    size_t behind = open_list(h, "ilmd");

    hash_nodes(h, e->ilmd);
    close_list(h, "ilmd", behind);
}

// ---- fields without a namespace within places and sensors: the published hashes have them not
// where they stand, but in the rest, behind the names of what they stand in

static void put_loose(struct hasher *h, const char *name, const struct epcis_node *chain)
{
    size_t behind = open_list(h, name);

    hash_nodes_where(h, chain, false);
    close_list(h, name, behind);
}

static void put_loose_read_point(struct hasher *h, event *e)
{
    put_loose(h, "readPoint", e->read_point.ext);
}

static void put_loose_location(struct hasher *h, event *e)
{
    put_loose(h, "bizLocation", e->biz_location.ext);
}

static void put_loose_sensors(struct hasher *h, event *e)
{
    struct hash_pieces p = hash_pieces(h, e->sensors.n);
    size_t behind = p.start = open_list(h, "sensorElementList");

    for (uint32_t i = 0; i < e->sensors.n; i++) {
        size_t from = h->out->n;
        put_loose(h, "sensorElement", e->sensors.at[i].ext);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
    close_list(h, "sensorElementList", behind);
}

// REQ CBV-HASH-ORDER: what stands in this order
static void (*const members[])(struct hasher *h, event *e) = {
    put_type,       put_time,       put_zone,           put_certification, put_parent,
    put_what,       put_action,     put_transformation, put_step,          put_disposition,
    put_persistent, put_read_point, put_biz_location,   put_sensors,
};
// What stands behind them in the order of its texts, together with the extensions.
static void (*const rest[])(struct hasher *h, event *e) = {
    put_bts,           put_destinations,     put_ilmd,
    put_sources,       put_loose_read_point, put_loose_location,
    put_loose_sensors,
};

static void put_all(struct hasher *h, event *e)
{
    for (size_t i = 0; i < LEN(members); i++) members[i](h, e);
    struct hash_pieces p = hash_pieces(h, (uint32_t)LEN(rest) + hash_node_count(e->ext));
    for (size_t i = 0; i < LEN(rest); i++) {
        size_t from = h->out->n;
        rest[i](h, e);
        hash_piece_end(h, &p, from);
    }
    for (const struct epcis_node *n = e->ext; n != NULL; n = n->next) {
        size_t from = h->out->n;
        hash_node(h, n);
        hash_piece_end(h, &p, from);
    }
    hash_pieces_end(h, &p);
}

static status ended(const struct hasher *h)
{
    str whole;

    return h->failed ? no_memory() : buf_done(h->out, &whole);
}

status epcis_prehash(const struct epcis_event *e, struct arena *a, struct buf *out)
{
    struct hasher h = {.out = out, .arena = a};

    put_all(&h, e);
    return ended(&h);
}

// ---- the same content

static void put_error(struct hasher *h, event *e)
{
    const struct epcis_error *x = e->error;

    if (x == NULL) return;
    buf_add(h->out, S("errorDeclaration="));
    hash_time(h, &x->declared);
    hash_mark(h, HASH_MARK_VALUE);
    word(h, "reason", EPCIS_VOC_ERROR, x->reason);
    strs(h, "correctiveEventID", 'i', &x->corrective);
    hash_nodes(h, x->ext);
}

static status put_content(event *e, struct arena *a, enum hash_numbers numbers, struct buf *out)
{
    struct hasher h = {.out = out, .arena = a, .numbers = numbers};

    put_all(&h, e);
    put_error(&h, e);
    return ended(&h);
}

// Where both tell numbers from texts these may be written in two ways; else as they stand.
static const enum hash_numbers ways[] = {HASH_SHORTEST, HASH_AS_WRITTEN};

static status same_by(event *const both[2], struct arena *a, enum hash_numbers numbers, bool *out)
{
    struct buf one, other;

    buf_init(&one, PREHASH_MAX);
    buf_init(&other, PREHASH_MAX);
    status st = put_content(both[0], a, numbers, &one);
    if (st.cls == ST_OK) st = put_content(both[1], a, numbers, &other);
    if (st.cls == ST_OK) *out = str_eq(buf_str(&one), buf_str(&other));
    buf_fini(&one);
    buf_fini(&other);
    return st;
}

status epcis_says_same(const struct epcis_event *x, const struct epcis_event *y, struct arena *a,
                       bool *out)
{
    event *const both[2] = {x, y};
    bool same = false;

    for (size_t i = 0; i < LEN(ways) && !same; i++) TRY(same_by(both, a, ways[i], &same));
    *out = same;
    return OK;
}

status epcis_says(const struct epcis_event *e, struct arena *a, struct epcis_says *out)
{
    struct buf text;
    status st = OK;

    buf_init(&text, PREHASH_MAX);
    for (size_t i = 0; i < LEN(ways) && st.cls == ST_OK; i++) {
        buf_reset(&text);
        st = put_content(e, a, ways[i], &text);
        if (st.cls == ST_OK) out->by[i] = sha256_of(buf_str(&text));
    }
    buf_fini(&text);
    return st;
}

bool epcis_says_equal(const struct epcis_says *x, const struct epcis_says *y)
{
    for (size_t i = 0; i < LEN(ways); i++)
        if (memcmp(&x->by[i], &y->by[i], sizeof x->by[i]) == 0) return true;
    return false;
}

status epcis_hash(const struct epcis_event *e, struct arena *a, char out[EPCIS_HASH_LEN + 1])
{
    struct buf text;

    buf_init(&text, PREHASH_MAX);
    status st = epcis_prehash(e, a, &text);
    if (st.cls == ST_OK) {
        struct sha256 digest = sha256_of(buf_str(&text));
        memcpy(out, "ni:///sha-256;", 14);
        hex_put(out + 14, digest.b, sizeof digest.b);
        memcpy(out + 78, "?ver=CBV2.0", 12);
    }
    buf_fini(&text);
    return st;
}
