// decided part of `lot.opened`: number 4 | product 4 | version 4 | gtin 14 | expiry: year 2,
//     month 1, day 1 | what was sent, packed (lot_form)
#include "common/bytes.h"
#include "service/catalog/market.h"
#include "service/gs1/id.h"
#include "service/lot/lot_int.h"
#include <string.h>

static status lot_text_check(str value, struct arena *a, str *out)
{
    (void)a, (void)out;
    if (str_eq(value, S(".")) || str_eq(value, S("..")))
        return fail(ST_BAD_INPUT, "lot.text", 0, "lot: as a part of a path . and .. mean another");
    status st = gs1_serial_check(value, GS1_SERIAL_MAX); // AI 10 and AI 21 have the same rule
    if (st.cls == ST_OK) return OK;
    return fail(ST_BAD_INPUT, "lot.text", st.at, "lot: 1 to %u characters of GS1 set 82 (AI 10)",
                GS1_SERIAL_MAX);
}

static status gtin_check(str value, struct arena *a, str *out)
{
    char digits[14];

    TRY(gs1_gtin_read(value, digits));
    *out = arena_str(a, (str){digits, sizeof digits});
    return out->p != NULL ? OK : no_memory();
}

static status expiry_check(str value, struct arena *a, str *out)
{
    struct date d;

    (void)a, (void)out;
    return lot_expiry_read(value, &d);
}

static status produced_check(str value, struct arena *a, str *out)
{
    struct date d;
    status st = date_read(value, &d);

    (void)a, (void)out;
    if (st.cls == ST_OK && d.day != 0) return OK;
    return fail(ST_BAD_INPUT, "lot.produced", st.at, "produced: a day as YYYY-MM-DD");
}

status lot_produced_check(str produced, struct date expiry)
{
    struct date made;

    if (produced.n == 0) return OK;
    TRY(date_read(produced, &made));
    if (date_days(made) <= date_days(expiry)) return OK;
    return fail(ST_UNPROCESSABLE, "lot.produced", 0, "produced: it is after the expiry");
}

static status name_check(str value, struct arena *a, str *out)
{
    char folded[STR_NAME_MAX];

    if (str_name_fold(value, folded, &value)) {
        *out = arena_str(a, value);
        return out->p != NULL ? OK : no_memory();
    }
    return fail(ST_BAD_INPUT, "field.name", 0, "lines: names of lines");
}

// clang-format off
#define V(member) .at = offsetof(struct lot_value, member)
static const struct form_field fields[] = {
    {.name = "lot",       .kind = FORM_STR,  V(lot), .required = true, .max = 20,
     .check = lot_text_check},
    {.name = "gtin",      .kind = FORM_STR,  V(gtin), .required = true, .max = 14,
     .check = gtin_check},
    {.name = "expiry",    .kind = FORM_STR,  V(expiry), .required = true, .max = 40,
     .check = expiry_check},
    {.name = "client",    .kind = FORM_NAME, V(client)},
    {.name = "line",      .kind = FORM_NAME, V(line)},
    {.name = "lines",     .kind = FORM_STRS, V(lines), .max = 64, .count_max = LOT_LINES_MAX,
     .check = name_check},
    {.name = "order",     .kind = FORM_STR,  V(order), .max = 64},
    {.name = "quantity",  .kind = FORM_U64,  V(quantity), .min = 1, .max = 1000000000000},
    {.name = "produced",  .kind = FORM_STR,  V(produced), .max = 10, .check = produced_check},
    {.name = "packaging", .kind = FORM_STR,  V(packaging), .max = 64},
    {.name = "extra",     .kind = FORM_MAP,  V(extra), .max = 500, .count_max = 64},
    {0},
};
// clang-format on
const struct form lot_form = {"lot", sizeof(struct lot_value), fields, 1};

// With a time: the day is that of the zone it was printed for.
status lot_expiry_read(str printed, struct date *out)
{
    struct moment m;
    status st = date_read(printed, out);

    if (st.cls == ST_OK) return OK;
    if (printed.n > 10 && when_read(printed, &m).cls == ST_OK)
        return date_read((str){printed.p, 10}, out);
    return fail(ST_BAD_INPUT, "lot.expiry", st.at,
                "expiry: YYYY-MM-DD, YYYY-MM, or a date with time and zone");
}

status lot_opened_get(str decided, struct lot_opened *out)
{
    struct bytes_r r = bytes_reader(decided);
    struct lot_opened o = {.number = (uint32_t)bytes_get_u(&r, 4)};

    o.product = (uint32_t)bytes_get_u(&r, 4);
    o.product_version = (uint32_t)bytes_get_u(&r, 4);
    str gtin = bytes_get_raw(&r, sizeof o.gtin);
    o.expiry.year = (int16_t)bytes_get_u(&r, 2);
    o.expiry.month = (uint8_t)bytes_get_u(&r, 1);
    o.expiry.day = (uint8_t)bytes_get_u(&r, 1);
    o.packed = bytes_get_raw(&r, (size_t)(r.end - r.p));
    if (!bytes_end(&r)) return fail(ST_STORE, "record.corrupt", 0, "an opened lot breaks off");
    memcpy(o.gtin, gtin.p, gtin.n);
    *out = o;
    return OK;
}

static void opened_put(const struct lot_opened *o, struct buf *out)
{
    bytes_u(out, o->number, 4);
    bytes_u(out, o->product, 4);
    bytes_u(out, o->product_version, 4);
    buf_add(out, (str){o->gtin, sizeof o->gtin});
    bytes_u(out, (uint16_t)o->expiry.year, 2);
    bytes_u(out, o->expiry.month, 1);
    bytes_u(out, o->expiry.day, 1);
    buf_add(out, o->packed);
}

// The lot is there: opened by the same words, or by others?
static status decide_again(struct decide *d, uint32_t number, str packed)
{
    struct lot_opened o;
    struct lot lot;
    struct fact f;

    if (!lot_get(d->t, number, d->arena, &lot)) return txn_status(d->t);
    TRY(journal_get(d->t, lot.opened_seq, d->arena, &f));
    TRY(lot_opened_get(f.decided, &o));
    if (!str_eq(o.packed, packed))
        return fail(ST_CONFLICT, "lot.differs", 0,
                    "the lot is there already, and what is said of it differs");
    d->repeat_seq = lot.opened_seq;
    return OK;
}

static status check_market(const struct lot_open_ask *ask, const struct product *p)
{
    const struct market *m = market_find(p->market);
    struct market_lot lot = {p, ask->expiry, ask->value.produced.n > 0};

    return m == NULL ? OK : market_lot_check(m, &lot);
}

static status opened_decide(struct decide *d)
{
    const struct lot_open_ask *ask = d->ask;
    struct lot_opened o = {.product = ask->product, .expiry = ask->expiry};
    struct product p;
    struct buf packed;

    d->fact->client = ask->client;
    TRY(product_get(d->t, ask->product, d->arena, &p));
    buf_init(&packed, 256 * KB);
    form_pack(&lot_form, &ask->value, &packed);
    status st = buf_done(&packed, &o.packed);
    uint32_t number = lot_number(d->t, ask->client, ask->product, ask->value.lot);
    if (st.cls == ST_OK && number != 0) {
        st = decide_again(d, number, o.packed);
    } else if (st.cls == ST_OK && (st = check_market(ask, &p)).cls == ST_OK) {
        o.number = (uint32_t)counter_get(d->t, COUNTER_LOT) + 1;
        o.product_version = p.version;
        memcpy(o.gtin, p.gtin, sizeof o.gtin);
        opened_put(&o, d->out);
        d->fact->lot = o.number;
    }
    buf_fini(&packed);
    return st;
}

static str joined(const struct form_list *names, struct arena *a)
{
    const str *name = names->items;
    struct buf b;

    buf_init(&b, 4 * KB);
    for (uint32_t i = 0; i < names->n; i++) {
        if (i > 0) buf_addc(&b, ',');
        buf_add(&b, name[i]);
    }
    str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

bool lot_decided(struct decide *d, uint32_t number, struct lot *out)
{
    if (!lot_get(d->t, number, d->arena, out)) return false;
    d->fact->client = out->client;
    d->fact->lot = out->number;
    return true;
}

status lot_of_opened(const struct fact *f, struct arena *a, struct lot *out)
{
    struct lot_opened o;
    struct lot_value v;

    TRY(lot_opened_get(f->decided, &o));
    TRY(form_unpack(&lot_form, o.packed, a, &v));
    struct lot lot = {
        .number = o.number,
        .client = f->client,
        .product = o.product,
        .product_version = o.product_version,
        .lot = v.lot,
        .expiry_printed = v.expiry,
        .expiry = o.expiry,
        .state = LOT_OPEN,
        .opened_seq = f->seq,
        .order = v.order,
        .line = v.line,
        .quantity = v.quantity,
        .lines = joined(&v.lines, a),
        .extra = {"", v.extra.n}
    };
    memcpy(lot.gtin, o.gtin, sizeof lot.gtin);
    *out = lot;
    return OK;
}

static void opened_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct arena a;
    struct lot lot;

    (void)arg;
    arena_init(&a, 1 * MB);
    if (lot_of_opened(f, &a, &lot).cls != ST_OK) {
        txn_spoil(t, "record.corrupt", "an opened lot");
    } else {
        lot_put(t, &lot);
        counter_put(t, COUNTER_LOT, lot.number);
        lot_note(t, f->client, lot.number, f->seq);
    }
    arena_fini(&a);
}

static void opened_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct lot_opened o;
    struct lot_value v;
    struct arena a;

    (void)arg;
    arena_init(&a, 1 * MB);
    if (lot_opened_get(f->decided, &o).cls == ST_OK &&
        form_unpack(&lot_form, o.packed, &a, &v).cls == ST_OK) {
        json_w_kinner(w, "number", o.number);
        json_w_kint(w, "product_version", o.product_version);
        form_write(&lot_form, &v, w);
    }
    arena_fini(&a);
}

const struct kind kind_lot_opened = {
    FACT_LOT_OPENED, 1, "lot.opened", opened_decide, opened_write, opened_print, NULL};
