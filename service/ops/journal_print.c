#include "service/ops/journal_print.h"
#include "service/access/actor_db.h"
#include "service/client/client.h"
#include "service/lot/lot_db.h"

#define FACT_TEXT_MAX (64 * MB)

struct words { // of one fact, as both forms show them
    uint64_t seq;
    str time, kind, actor, client, lot, happened;
    const struct kind *of;
};

static str time_word(struct moment m, struct arena *a)
{
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, m);
    str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s.p == NULL ? (str){"", 0} : s;
}

static str lot_word(const struct journal_print *p, uint32_t number)
{
    struct lot lot;
    return number != 0 && lot_get(p->t, number, p->scratch, &lot) ? lot.lot : (str){"", 0};
}

static struct words words_of(const struct journal_print *p, const struct fact *f)
{
    struct words w = {.of = kind_find(p->kinds, f->kind, f->kind_version)};

    w.seq = p->caller != NULL ? caller_seq(p->caller, f) : f->seq;
    w.time = time_word((struct moment){f->at, 0}, p->scratch);
    w.kind = w.of != NULL ? str_of(w.of->name) : S("unknown");
    w.actor = f->actor == 0 ? S("service") : actor_id(p->t, f->actor);
    if (f->client.v != 0) w.client = client_name(p->t, f->client, p->scratch);
    w.lot = lot_word(p, f->lot);
    if (f->flags & FACT_HAS_TIME) w.happened = time_word(f->event, p->scratch);
    return w;
}

static void write_fact(const struct kind *k, const struct fact *f, struct json_w *w)
{
    json_w_object(w);
    if (k != NULL && k->print != NULL) k->print(f, w, k->arg);
    json_w_end(w);
}

void journal_print_json(const struct journal_print *p, const struct fact *f, struct json_w *w)
{
    struct words s = words_of(p, f);

    json_w_object(w);
    json_w_kint(w, "seq", (int64_t)s.seq);
    json_w_kstr(w, "time", s.time);
    json_w_kstr(w, "kind", s.kind);
    json_w_kstr(w, "actor", s.actor);
    if (s.client.n > 0) json_w_kstr(w, "client", s.client);
    if (s.lot.n > 0) json_w_kstr(w, "lot", s.lot);
    if (s.happened.n > 0) json_w_kstr(w, "happened", s.happened);
    json_w_key(w, S("fact"));
    write_fact(s.of, f, w);
    json_w_end(w);
}

static void quoted(struct buf *b, str s, const char *end)
{
    buf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_addc(b, '"');
        buf_addc(b, s.p[i]);
    }
    buf_addc(b, '"');
    buf_add(b, str_of(end));
}

void journal_print_csv(const struct journal_print *p, const struct fact *f, struct buf *b)
{
    struct words s = words_of(p, f);
    const str columns[] = {s.time, s.kind, s.actor, s.client, s.lot, s.happened};
    struct buf fact;

    buf_addu(b, s.seq);
    buf_addc(b, ',');
    for (size_t i = 0; i < LEN(columns); i++) quoted(b, columns[i], ",");
    buf_init(&fact, FACT_TEXT_MAX);
    struct json_w w = json_writer(&fact);
    write_fact(s.of, f, &w);
    quoted(b, buf_str(&fact), "\r\n");
    buf_fini(&fact);
}
