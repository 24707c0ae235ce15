// subscription.c - what a subscription may say, and its facts.
#include "service/exchange/subscription.h"
#include "common/bytes.h"
#include "common/http_client.h"
#include "service/exchange/delivery_db.h"
#include "service/exchange/subscription_int.h"
#include "service/pool/secret.h"
#include "service/query/query.h"
#include <string.h>

#define DEST_MAX  2000u
#define TOKEN_MAX 1000u
#define FACT_MAX  (1 * MB)
#define FIELD_MAX 400u // every second by itself takes 170

// ---- the form

status subscription_dest_check(str value)
{
    size_t scheme = http_client_scheme(value);
    str rest = str_from(value, scheme), host = rest;

    if (scheme == 0 || value.n > DEST_MAX)
        return fail(ST_BAD_INPUT, "subscription.dest", 0, "dest: http:// or https://, %u bytes",
                    DEST_MAX);
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] <= ' ' || value.p[i] > '~' || value.p[i] == '#')
            return fail(ST_BAD_INPUT, "subscription.dest", (uint32_t)i,
                        "dest: http:// or https://, without blanks and fragments");
    if (!str_cut(&rest, '/', &host)) host = rest;
    if (host.n > 0 && host.p[0] != ':' && memchr(host.p, '@', host.n) == NULL &&
        http_client_takes(value))
        return OK;
    return fail(ST_BAD_INPUT, "subscription.dest", 0, "dest: names a host, and no user");
}

static status dest_check(str value, struct arena *a, str *out)
{
    (void)a, (void)out;
    return subscription_dest_check(value);
}

static status time_check(str value, struct arena *a, str *out)
{
    struct moment m;

    (void)a, (void)out;
    return when_read(value, &m);
}

// `"5"`, and leniently 5; what it says is schedule.c's.
static status field_check(str value, struct arena *a, str *out)
{
    (void)a, (void)out;
    bool text = value.n > 2 && value.p[0] == '"' && memchr(value.p, '\\', value.n) == NULL;
    if (text || str_is_digits(value)) return OK;
    return fail(ST_BAD_INPUT, "schedule.form", 0, "schedule: texts such as \"5,[10-20]\"");
}

void subscription_fields(const struct subscription_schedule *s, str out[SCHEDULE_FIELDS])
{
    for (unsigned i = 0; i < SCHEDULE_FIELDS; i++) {
        out[i] = s->fields[i];
        if (str_starts(out[i], S("\""))) out[i] = (str){out[i].p + 1, out[i].n - 2};
    }
}

// clang-format off
#define C(i, word) {.name = word, .kind = FORM_RAW, .max = FIELD_MAX, .check = field_check, \
     .at = offsetof(struct subscription_schedule, fields) + (i) * sizeof(str)}
static const struct form_field schedule_fields[] = {
    C(SCHEDULE_SECOND, "second"), C(SCHEDULE_MINUTE, "minute"), C(SCHEDULE_HOUR, "hour"),
    C(SCHEDULE_DAY, "dayOfMonth"), C(SCHEDULE_MONTH, "month"), C(SCHEDULE_WEEKDAY, "dayOfWeek"),
    {0},
};
static const struct form schedule_form = {
    "schedule", sizeof(struct subscription_schedule), schedule_fields, 1};

#define W(member) .at = offsetof(struct subscription_wish, member)
static const struct form_field wish_fields[] = {
    {.name = "dest",              .kind = FORM_STR,  W(dest), .required = true, .max = DEST_MAX,
     .check = dest_check},
    {.name = "signatureToken",    .kind = FORM_STR,  W(token), .max = TOKEN_MAX, .secret = true},
    {.name = "stream",            .kind = FORM_BOOL, W(stream)},
    {.name = "reportIfEmpty",     .kind = FORM_BOOL, W(report_if_empty)},
    {.name = "schedule",          .kind = FORM_ONE,  W(schedule), .sub = &schedule_form},
    {.name = "initialRecordTime", .kind = FORM_STR,  W(initial), .max = 64, .check = time_check},
    {0},
};
// clang-format on
const struct form subscription_form = {"subscription", sizeof(struct subscription_wish),
                                       wish_fields, 1};

status subscription_check(const struct subscription_wish *w)
{
    str fields[SCHEDULE_FIELDS];
    struct schedule s;

    if (w->stream == (w->schedule != NULL))
        return fail(ST_BAD_INPUT, "subscription.controls", 0,
                    "either \"stream\": true or a schedule, and not both");
    if (w->schedule == NULL) return OK;
    subscription_fields(w->schedule, fields);
    return schedule_read(fields, &s);
}

status subscription_seal(const struct site *s, struct arena *a, struct subscription_wish *w)
{
    uint8_t nonce[SECRET_NONCE_SIZE];
    struct buf b;

    if (w->token.n == 0) return OK;
    buf_init(&b, SECRET_MAX + KB);
    env_random(s->env, nonce, sizeof nonce);
    status st = secret_seal(s->keys, nonce, w->token, &b);
    if (st.cls == ST_OK) w->token = arena_str(a, buf_str(&b));
    buf_fini(&b);
    if (st.cls != ST_OK) return st;
    return w->token.p != NULL ? OK : no_memory();
}

// ---- subscription.made

status subscription_of_fact(const struct fact *f, struct arena *a, struct subscription *out)
{
    struct bytes_r r = bytes_reader(f->decided);
    struct subscription x = {
        .number = (uint32_t)bytes_get_var(&r), .client = f->client, .made = f->at};

    x.query.made = bytes_get_var(&r);
    x.query.name = bytes_get_str(&r);
    x.query.params = bytes_get_str(&r);
    x.position = bytes_get_var(&r);
    x.initial.ms = (int64_t)bytes_get_u(&r, 8);
    x.media = (uint8_t)bytes_get_u(&r, 1);
    x.form.epcs = (uint8_t)bytes_get_u(&r, 1);
    x.form.words = (uint8_t)bytes_get_u(&r, 1);
    x.id = bytes_get_str(&r);
    str form = bytes_get_raw(&r, (size_t)(r.end - r.p));
    bool known = x.media <= SUBSCRIPTION_XML_1_2 && x.id.n <= SUBSCRIPTION_ID_MAX &&
                 x.form.epcs <= REST_EPCS_AS_GIVEN && x.form.words <= REST_WORDS_AS_GIVEN;
    if (!bytes_end(&r) || !known)
        return fail(ST_STORE, "record.corrupt", 0, "a subscription breaks off");
    TRY(form_unpack(&subscription_form, form, a, &x.wish));
    *out = x;
    return OK;
}

status subscription_position(struct txn *t, wall at, uint64_t *out)
{
    uint64_t low = 0, high = journal_head_get(t).seq;
    struct fact f;

    while (low < high) {
        uint64_t mid = low + (high - low + 1) / 2;
        TRY(journal_get_header(t, mid, &f));
        if (f.at.ms < at.ms)
            low = mid;
        else
            high = mid - 1;
    }
    *out = low;
    return OK;
}

static status made_decide(struct decide *d)
{
    const struct subscription_new *n = d->ask;
    struct asked_query q;
    uint64_t position = d->seq;

    d->fact->client = n->client;
    if (!asking_find(d->t, n->client, n->query, &q))
        return fail(ST_NOT_FOUND, "query.no_such", 0, "there is no such query here");
    if (n->id.n > 0 && subscription_named(d->t, n->client, n->id) != 0)
        return fail(ST_CONFLICT, "subscription.exists", 0, "there is a subscription of this id");
    if (subscriptions_of(d->t, n->client, SUBSCRIPTIONS_MAX) == SUBSCRIPTIONS_MAX)
        return fail(ST_UNPROCESSABLE, "subscription.too_many", 0, "at most %u subscriptions",
                    SUBSCRIPTIONS_MAX);
    if (n->has_initial) TRY(subscription_position(d->t, n->initial, &position));
    bytes_var(d->out, counter_get(d->t, COUNTER_SUBSCRIPTION) + 1);
    bytes_var(d->out, q.made);
    bytes_str(d->out, q.name);
    bytes_str(d->out, n->params);
    bytes_var(d->out, position);
    bytes_u(d->out, (uint64_t)(n->has_initial ? n->initial.ms : d->now.ms), 8);
    bytes_u(d->out, n->media, 1);
    bytes_u(d->out, n->form.epcs, 1);
    bytes_u(d->out, n->form.words, 1);
    bytes_str(d->out, n->id);
    form_pack(&subscription_form, &n->wish, d->out);
    return OK;
}

static void made_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct subscription x;
    struct arena a;

    (void)arg;
    arena_init(&a, FACT_MAX);
    if (subscription_of_fact(f, &a, &x).cls == ST_OK) {
        struct subscription_row row = {x.client, x.query.made, f->seq, {0}};
        struct partner_row told = {.client = x.client, .position = x.position};
        counter_put(t, COUNTER_SUBSCRIPTION, x.number);
        subscription_row_put(t, x.number, &row);
        if (x.id.n > 0) subscription_name_put(t, x.client, x.id, x.number);
        partner_row_put(t, SUBSCRIBER | x.number, &told);
    } else {
        txn_spoil(t, "record.corrupt", "the fact of a subscription");
    }
    arena_fini(&a);
}

static void params_print(str params, struct arena *a, struct json_w *w)
{
    struct bytes_r in = bytes_reader(params);
    struct query_given v;
    str name;

    json_w_key(w, S("params"));
    json_w_object(w);
    while (in.p < in.end && query_given_get(&in, a, &name, &v)) {
        json_w_key(w, name);
        json_w_array(w);
        for (uint32_t i = 0; i < v.n; i++) json_w_str(w, v.at[i]);
        json_w_end(w);
    }
    json_w_end(w);
}

static void made_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct subscription x;
    struct arena a;

    (void)arg;
    arena_init(&a, FACT_MAX);
    if (subscription_of_fact(f, &a, &x).cls == ST_OK) {
        json_w_kinner(w, "subscription", x.number);
        if (x.id.n > 0) json_w_kstr(w, "id", x.id);
        json_w_kstr(w, "query", x.query.name);
        if (x.query.params.n > 0) params_print(x.query.params, &a, w);
        json_w_kstr(w, "epcFormat", str_of(rest_epcs_word(x.form.epcs)));
        form_write(&subscription_form, &x.wish, w);
    }
    arena_fini(&a);
}

const struct kind kind_subscription_made = {
    FACT_SUBSCRIPTION_MADE, 1, "subscription.made", made_decide, made_write, made_print, NULL};

// ---- subscription.ended

static status ended_decide(struct decide *d)
{
    const struct subscription_over *o = d->ask;
    struct subscription_row row;
    struct subscription x;
    struct fact made;

    if (!subscription_row_get(d->t, o->number, &row))
        return fail(ST_NOT_FOUND, "subscription.unknown", 0, "there is no such subscription here");
    TRY(journal_get(d->t, row.seq, d->arena, &made));
    TRY(subscription_of_fact(&made, d->arena, &x));
    d->fact->client = row.client;
    bytes_var(d->out, o->number);
    bytes_u(d->out, o->why, 1);
    bytes_str(d->out, x.id);
    if (o->reason.n > 0) bytes_str(d->out, o->reason);
    return OK;
}

static bool ended_get(const struct fact *f, struct subscription_over *out, str *id)
{
    struct bytes_r r = bytes_reader(f->decided);

    out->number = (uint32_t)bytes_get_var(&r);
    out->why = (enum subscription_end)bytes_get_u(&r, 1);
    *id = bytes_get_str(&r);
    out->reason = r.bad || r.p == r.end ? (str){"", 0} : bytes_get_str(&r);
    return bytes_end(&r);
}

static void ended_write(struct txn *t, const struct fact *f, const void *arg)
{
    struct subscription_over o;
    str id;

    (void)arg;
    if (!ended_get(f, &o, &id)) {
        txn_spoil(t, "record.corrupt", "the end of a subscription");
        return;
    }
    subscription_row_del(t, o.number);
    if (id.n > 0) subscription_name_del(t, f->client, id);
    partner_row_del(t, SUBSCRIBER | o.number);
}

static void ended_print(const struct fact *f, struct json_w *w, const void *arg)
{
    struct subscription_over o;
    str id;

    (void)arg;
    if (!ended_get(f, &o, &id)) return;
    json_w_kinner(w, "subscription", o.number);
    json_w_kstr(w, "why", o.why == SUBSCRIPTION_ORPHANED ? S("query") : S("deleted"));
    if (o.reason.n > 0) json_w_kstr(w, "reason", o.reason);
}

const struct kind kind_subscription_ended = {
    FACT_SUBSCRIPTION_ENDED, 1, "subscription.ended", ended_decide, ended_write, ended_print, NULL};

// ---- is it there?

bool subscription_lives(struct txn *t, uint32_t number, bool *orphan)
{
    struct subscription_row row;
    struct subscription x;
    struct asked_query q = {0};
    struct arena a;
    struct fact f;

    *orphan = false;
    if (!subscription_row_get(t, number, &row)) return false;
    if (row.query == 0) return true; // the query that every client always has
    arena_init(&a, 256 * KB);
    *orphan = journal_get(t, row.seq, &a, &f).cls == ST_OK &&
              subscription_of_fact(&f, &a, &x).cls == ST_OK &&
              (!asking_find(t, row.client, x.query.name, &q) || q.made != row.query);
    arena_fini(&a);
    return !*orphan;
}
