#include "service/ops/journal_print.h"
#include "common/csv.h"
#include "service/access/actor_db.h"
#include "service/client/client.h"
#include "service/item/item.h"
#include "service/lot/lot_db.h"

#define FACT_TEXT_MAX (64 * MB)

struct words { // of one fact, as both forms show them
    uint64_t seq;
    str time, kind, actor, user, client, lot, happened, clock;
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
    struct actor actor;
    struct words w = {.of = kind_find(p->kinds, f->kind, f->kind_version)};

    w.seq = p->caller != NULL ? caller_seq(p->caller, f) : f->seq;
    w.time = time_word((struct moment){f->at, 0}, p->scratch);
    w.kind = w.of != NULL ? str_of(w.of->name) : S("unknown");
    w.actor = f->actor == 0 ? S("service") : actor_id(p->t, f->actor);
    if (f->actor != 0 && actor_get(p->t, f->actor, p->scratch, &actor)) w.user = actor.user;
    w.clock = f->flags & FACT_CLOCK_UNSURE ? S("unsure") : S("");
    if (f->client.v != 0) w.client = client_name(p->t, f->client, p->scratch);
    w.lot = lot_word(p, f->lot);
    if (f->flags & FACT_HAS_TIME) w.happened = time_word(f->event, p->scratch);
    return w;
}

// Old values beside the new ones, where something that is configured was put again.
static void write_changes(const struct journal_print *p, const struct words *s,
                          const struct fact *f, struct json_w *w)
{
    struct buf b;

    if (s->of == NULL || s->of->print != item_put_print) return;
    buf_init(&b, FACT_TEXT_MAX);
    struct json_w list = json_writer(&b);
    json_w_array(&list);
    bool changed = item_put_changes(p->t, f, s->of->arg, &list);
    json_w_end(&list);
    if (changed && !b.failed) {
        json_w_key(w, S("changes"));
        json_w_raw(w, buf_str(&b));
    }
    buf_fini(&b);
}

static void write_fact(const struct journal_print *p, const struct words *s, const struct fact *f,
                       struct json_w *w)
{
    // A bound caller has nothing to hold the site's own numbers against but how much others do.
    w->outward = p->caller != NULL && !caller_is_site(p->caller);
    json_w_object(w);
    if (s->of != NULL && s->of->print != NULL) s->of->print(f, w, s->of->arg);
    write_changes(p, s, f, w);
    json_w_end(w);
    w->outward = false;
}

void journal_print_json(const struct journal_print *p, const struct fact *f, struct json_w *w)
{
    struct words s = words_of(p, f);

    json_w_object(w);
    json_w_kint(w, "seq", (int64_t)s.seq);
    json_w_kstr(w, "time", s.time);
    json_w_kstr(w, "kind", s.kind);
    json_w_kstr(w, "actor", s.actor);
    if (s.user.n > 0) json_w_kstr(w, "user", s.user);
    if (s.client.n > 0) json_w_kstr(w, "client", s.client);
    if (s.lot.n > 0) json_w_kstr(w, "lot", s.lot);
    if (s.happened.n > 0) json_w_kstr(w, "happened", s.happened);
    if (s.clock.n > 0) json_w_kstr(w, "clock", s.clock);
    json_w_key(w, S("fact"));
    write_fact(p, &s, f, w);
    json_w_end(w);
}

void journal_print_csv(const struct journal_print *p, const struct fact *f, struct buf *b)
{
    struct words s = words_of(p, f);
    const str columns[] = {s.time, s.kind, s.actor, s.user, s.client, s.lot, s.happened, s.clock};
    struct buf fact;

    buf_addu(b, s.seq);
    buf_addc(b, ',');
    for (size_t i = 0; i < LEN(columns); i++) {
        csv_put_shown(b, columns[i]);
        buf_addc(b, ',');
    }
    buf_init(&fact, FACT_TEXT_MAX);
    struct json_w w = json_writer(&fact);
    write_fact(p, &s, f, &w);
    csv_put_shown(b, buf_str(&fact));
    buf_add(b, S("\r\n"));
    buf_fini(&fact);
}
