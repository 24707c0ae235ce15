// The balance of a lot shown: JSON, CSV, and a page to print and sign. All three are made from the
// same table of terms.
#include "common/csv.h"
#include "service/access/actor_db.h"
#include "service/client/client.h"
#include "service/lot/balance.h"
#include "service/lot/lot_int.h"
#include <string.h>

#define EXPLANATIONS_MAX 1000u // shown; the journal has all
#define CSV_COLUMNS      7u

#define AT(part, name)                                                                             \
    {                                                                                              \
#part, #name, offsetof(struct balance_level, part.name)                                    \
    }
static const struct term {
    const char *part, *name;
    size_t at;
} terms[] = {
    AT(numbers, issued),       AT(numbers, others),
    AT(numbers, returned),     AT(numbers, invalid),
    AT(numbers, elsewhere),    AT(numbers, commissioned),
    AT(numbers, scrapped),     AT(numbers, label_sampled),
    AT(numbers, lost_on_line), AT(numbers, stolen),
    AT(numbers, unknown_fate), AT(numbers, printed),
    AT(numbers, unread),       AT(goods, commissioned),
    AT(goods, in_containers),  AT(goods, loose),
    AT(goods, open),           AT(goods, shipped),
    AT(goods, sampled),        AT(goods, inactive),
    AT(goods, dissolved),      AT(goods, destroyed),
    AT(goods, lost),           AT(goods, stolen),
};

static uint64_t value_of(const struct balance_level *l, const struct term *i)
{
    return *(const uint64_t *)(const void *)((const char *)l + i->at);
}

static bool is_numbers(const struct term *i) { return i->part[0] == 'n'; }

// Who said the fact and when: the person where it was one, else the token.
static str author_of(struct txn *t, uint64_t seq, struct arena *a, struct fact *f)
{
    struct actor actor;

    *f = (struct fact){0};
    if (journal_get_header(t, seq, f).cls != ST_OK || !actor_get(t, f->actor, a, &actor))
        return (str){"", 0};
    return actor.user.n > 0 ? actor.user : actor.id;
}

static str time_text(struct moment m, struct arena *a)
{
    struct buf b;

    buf_init(&b, 64);
    when_write(&b, m);
    str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

// ---- JSON

static void part_write(struct json_w *w, const struct balance_level *l, bool numbers)
{
    json_w_key(w, numbers ? S("numbers") : S("goods"));
    json_w_object(w);
    for (size_t i = 0; i < LEN(terms); i++)
        if (is_numbers(&terms[i]) == numbers)
            json_w_kint(w, terms[i].name, (int64_t)value_of(l, &terms[i]));
    json_w_end(w);
}

static void physical_write(struct json_w *w, const struct balance_level *l)
{
    json_w_key(w, S("counters"));
    json_w_object(w);
    for (unsigned i = 0; i < PHYSICAL_END; i++) {
        if (!l->physical[i].said) continue;
        json_w_key(w, str_of(physical_word((enum physical)i)));
        json_w_object(w);
        json_w_kint(w, "value", (int64_t)l->physical[i].value);
        json_w_kint(w, "expected", (int64_t)l->physical[i].expected);
        json_w_end(w);
    }
    json_w_end(w);
}

static void differences_write(struct json_w *w, const struct balance *b)
{
    json_w_key(w, S("differences"));
    json_w_array(w);
    for (uint32_t i = 0; i < b->n; i++)
        for (enum difference d = 0; d < DIFFERENCE_END; d++) {
            const struct balance_level *l = &b->level[i];
            if (l->difference[d] == 0) continue;
            json_w_object(w);
            json_w_kstr(w, "level", balance_level_word(b, l->level));
            json_w_kstr(w, "line", str_of(difference_word(d)));
            json_w_kint(w, "difference", l->difference[d]);
            json_w_kint(w, "explained", (int64_t)l->explained[d]);
            json_w_kint(w, "unexplained", (int64_t)balance_unexplained(l, d));
            json_w_kint(w, "outdated", (int64_t)l->outdated[d]);
            json_w_end(w);
        }
    json_w_end(w);
}

static str gtin_of(const struct balance *b, uint8_t level)
{
    if (level >= b->product.level_count || b->product.levels[level].is_sscc) return (str){0};
    return (str){b->product.levels[level].gtin, 14};
}

void balance_lines_write(const struct balance *b, struct json_w *w)
{
    json_w_kbool(w, "balanced", balance_open_lines(b) == 0);
    json_w_key(w, S("levels"));
    json_w_array(w);
    for (uint32_t i = 0; i < b->n; i++) {
        const struct balance_level *l = &b->level[i];
        json_w_object(w);
        json_w_kstr(w, "level", balance_level_word(b, l->level));
        if (gtin_of(b, l->level).n > 0) json_w_kstr(w, "gtin", gtin_of(b, l->level));
        if (l->has_numbers) part_write(w, l, true);
        part_write(w, l, false);
        physical_write(w, l);
        json_w_end(w);
    }
    json_w_end(w);
    differences_write(w, b);
}

// ---- papers

struct told { // one explanation
    struct lot_explained x;
    bool outdated; // by count, of terms that are others now, or taken back since
    str by, time;
};

// What was said by count, of each difference, oldest first: as much of the end of it holds as the
// balance counts as explained.
struct by_count {
    uint64_t rest[PRODUCT_LEVELS_MAX][DIFFERENCE_END]; // of what is still to come
};

static uint64_t holding(const struct balance *b, uint8_t level, enum difference d)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (b->level[i].level == level) return b->level[i].explained[d];
    return 0;
}

static bool is_outdated(const struct balance *b, struct by_count *c, const struct lot_explained *x)
{
    uint64_t *rest = &c->rest[x->level][x->as->of];
    bool holds = *rest <= holding(b, x->level, x->as->of);

    if (x->units.units > 0) return false; // the units are so
    *rest -= x->count;
    return !holds;
}

struct telling { // of explanations
    struct paper_walk walk;
    const struct balance *b;
    struct arena *a;
    struct by_count count;
    uint32_t n;
};

static void count_all(struct telling *x, struct txn *t)
{
    struct lot_explained e;
    struct fact f;
    unsigned kind;
    uint64_t seq;

    paper_walk_open(&x->walk, t, x->b->lot.number);
    while (paper_walk_next(&x->walk, &seq, &kind))
        if (kind == FACT_LOT_EXPLAINED && journal_get(t, seq, x->a, &f).cls == ST_OK &&
            lot_explained_get(f.decided, x->a, &e).cls == ST_OK && e.units.units == 0)
            x->count.rest[e.level][e.as->of] += e.count;
    walk_close(&x->walk.walk);
}

static void telling_begin(struct telling *x, struct txn *t, const struct balance *b,
                          struct arena *a)
{
    *x = (struct telling){.b = b, .a = a};
    count_all(x, t);
    paper_walk_open(&x->walk, t, b->lot.number);
}

// The next explanation; false: there are no more, or no more are told.
static bool explanation_next(struct telling *x, struct told *out)
{
    struct paper_walk *walk = &x->walk;
    struct txn *t = walk->walk.t;
    struct arena *a = x->a;
    struct fact f, header;
    unsigned kind;
    uint64_t seq;

    if (x->n++ == EXPLANATIONS_MAX) return false;
    while (paper_walk_next(walk, &seq, &kind)) {
        if (kind != FACT_LOT_EXPLAINED) continue;
        if (journal_get(t, seq, a, &f).cls != ST_OK) return false;
        if (lot_explained_get(f.decided, a, &out->x).cls != ST_OK) return false;
        out->outdated = is_outdated(x->b, &x->count, &out->x);
        out->by = author_of(t, seq, a, &header);
        out->time = time_text((struct moment){.at = f.at}, a);
        return true;
    }
    return false;
}

static void explanations_write(struct txn *t, const struct balance *b, struct arena *a,
                               struct json_w *w)
{
    struct telling x;
    struct told e;

    json_w_key(w, S("explanations"));
    json_w_array(w);
    telling_begin(&x, t, b, a);
    while (explanation_next(&x, &e)) {
        json_w_object(w);
        json_w_kstr(w, "as", str_of(e.x.as->word));
        json_w_kstr(w, "level", balance_level_word(b, e.x.level));
        json_w_kint(w, "count", (int64_t)e.x.count);
        json_w_kbool(w, "named", e.x.units.units > 0);
        json_w_kbool(w, "outdated", e.outdated);
        json_w_kstr(w, "reason", e.x.reason);
        json_w_kstr(w, "by", e.by);
        json_w_kstr(w, "time", e.time);
        json_w_end(w);
    }
    walk_close(&x.walk.walk);
    json_w_end(w);
}

status balance_json(struct txn *t, const struct balance *b, struct arena *a, struct json_w *w)
{
    json_w_object(w);
    json_w_kstr(w, "lot", b->lot.lot);
    json_w_kstr(w, "gtin", (str){b->lot.gtin, sizeof b->lot.gtin});
    json_w_kstr(w, "client", client_name(t, b->lot.client, a));
    json_w_kstr(w, "state", str_of(lot_state_word(b->lot.state)));
    balance_lines_write(b, w);
    explanations_write(t, b, a, w);
    lot_signatures_write(t, &(struct signed_wish){b->lot.number, UINT64_MAX, b->beside}, a, w);
    json_w_end(w);
    return txn_status(t);
}

// ---- lines, for CSV and the page

struct out {
    struct txn *t;
    const struct balance *b;
    struct arena *a;
    struct buf *to;
    bool html;
};

static void put_html(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            buf_addf(b, "&#%d;", c);
        else
            buf_addc(b, c);
    }
}

static void put_text(const struct out *o, str s)
{
    if (o->html)
        put_html(o->to, s);
    else
        csv_put_shown(o->to, s);
}

static void put_row(const struct out *o, const str *cells, size_t n)
{
    if (o->html) buf_add(o->to, S("<tr>"));
    for (size_t i = 0; i < n; i++) {
        if (o->html)
            buf_add(o->to, S("<td>"));
        else if (i > 0)
            buf_addc(o->to, ',');
        if (cells[i].n > 0) put_text(o, cells[i]);
    }
    for (; !o->html && n < CSV_COLUMNS; n++) buf_addc(o->to, ',');
    buf_add(o->to, o->html ? S("</tr>\n") : S("\r\n"));
}

static str number_text(int64_t n, struct arena *a)
{
    struct buf b;

    buf_init(&b, 32);
    buf_addf(&b, "%lld", (long long)n);
    str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void head(const struct out *o, const char *title, const char *columns)
{
    str rest = str_of(columns), cell;

    if (!o->html) return;
    buf_addf(o->to, "<h2>%s</h2>\n<table><tr>", title);
    while (str_cut(&rest, ',', &cell)) buf_addf(o->to, "<th>%.*s</th>", STR(cell));
    buf_addf(o->to, "<th>%.*s</th></tr>\n", STR(rest));
}

static void foot(const struct out *o)
{
    if (o->html) buf_add(o->to, S("</table>\n"));
}

static void put_levels(const struct out *o)
{
    head(o, "Levels", "Level,Part,Item,Count");
    for (uint32_t i = 0; i < o->b->n; i++) {
        const struct balance_level *l = &o->b->level[i];
        str level = balance_level_word(o->b, l->level);
        for (size_t k = 0; k < LEN(terms); k++) {
            if (is_numbers(&terms[k]) && !l->has_numbers) continue;
            str cells[] = {level, str_of(terms[k].part), str_of(terms[k].name),
                           number_text((int64_t)value_of(l, &terms[k]), o->a)};
            put_row(o, cells, LEN(cells));
        }
    }
    foot(o);
}

static void put_counters(const struct out *o)
{
    struct fact f;

    head(o, "Counters", "Level,Part,Counter,Counted,Expected,By,Time");
    for (uint32_t i = 0; i < o->b->n; i++)
        for (unsigned k = 0; k < PHYSICAL_END; k++) {
            const struct balance_level *l = &o->b->level[i];
            if (!l->physical[k].said) continue;
            str by = author_of(o->t, l->physical[k].seq, o->a, &f);
            str cells[] = {balance_level_word(o->b, l->level),
                           S("counter"),
                           str_of(physical_word((enum physical)k)),
                           number_text((int64_t)l->physical[k].value, o->a),
                           number_text((int64_t)l->physical[k].expected, o->a),
                           by,
                           time_text((struct moment){.at = f.at}, o->a)};
            put_row(o, cells, LEN(cells));
        }
    foot(o);
}

static void put_differences(const struct out *o)
{
    head(o, "Differences", "Level,Part,Line,Difference,Explained,Unexplained,Note");
    for (uint32_t i = 0; i < o->b->n; i++)
        for (enum difference d = 0; d < DIFFERENCE_END; d++) {
            const struct balance_level *l = &o->b->level[i];
            if (l->difference[d] == 0) continue;
            str cells[] = {balance_level_word(o->b, l->level),
                           S("difference"),
                           str_of(difference_word(d)),
                           number_text(l->difference[d], o->a),
                           number_text((int64_t)l->explained[d], o->a),
                           number_text((int64_t)balance_unexplained(l, d), o->a),
                           l->outdated[d] > 0 ? S("explanation out of date") : S("")};
            put_row(o, cells, LEN(cells));
        }
    foot(o);
}

static void put_explanations(const struct out *o)
{
    struct telling x;
    struct told e;

    head(o, "Explanations", "Level,Part,As,Count,Reason,By,Time");
    telling_begin(&x, o->t, o->b, o->a);
    while (explanation_next(&x, &e)) {
        str cells[] = {balance_level_word(o->b, e.x.level),
                       e.outdated ? S("explanation out of date") : S("explanation"),
                       str_of(e.x.as->word),
                       number_text((int64_t)e.x.count, o->a),
                       e.x.reason,
                       e.by,
                       e.time};
        put_row(o, cells, LEN(cells));
    }
    walk_close(&x.walk.walk);
    foot(o);
}

static void put_holds(const struct out *o)
{
    const struct lot_beside *x = o->b->beside;

    if (x == NULL) return;
    head(o, "Holds", "Level,Part,State,On,Reason,By,Time");
    for (uint32_t i = 0; i < x->hold_n; i++) {
        const struct lot_hold *h = &x->holds[i];
        str units = h->units == 0 ? S("the lot") : number_text((int64_t)h->units, o->a);
        str cells[] = {S(""),
                       S("hold"),
                       h->ended ? S("released") : S("held"),
                       units,
                       h->reason,
                       h->by,
                       time_text(h->time, o->a)};
        put_row(o, cells, LEN(cells));
    }
    foot(o);
}

// REQ 21CFR11.50: printed name, date and time with zone, and meaning.
static void put_signature(const struct out *o, const struct lot_act *act, const struct signature *s)
{
    struct buf line;

    buf_init(&line, 8 * KB);
    signature_line(&line, s);
    str cells[] = {S(""), S("signature"), str_of(act->word), buf_str(&line), act->upon};
    put_row(o, cells, LEN(cells));
    buf_fini(&line);
}

static void put_more(const struct out *o)
{
    str cells[] = {S(""), S("more"), S("holds and signatures"), S("the journal has them all")};

    if (o->html)
        buf_add(o->to,
                S("<p>There are more holds and signatures: the journal has them all.</p>\n"));
    else
        put_row(o, cells, LEN(cells));
}

static void put_signatures(const struct out *o)
{
    struct signed_wish wish = {o->b->lot.number, UINT64_MAX, o->b->beside};
    struct signed_walk walk;
    struct lot_act act;

    head(o, "Signatures", "Level,Part,Act,Signed,On");
    signed_walk_open(&walk, o->t, &wish, o->a);
    while (signed_walk_next(&walk, &act)) {
        if (act.first.proposal != 0) put_signature(o, &act, &act.first.signature);
        put_signature(o, &act, &act.signature);
    }
    walk_close(&walk.papers.walk);
    foot(o);
    if (wish.beside != NULL && wish.beside->more) put_more(o);
}

static void put_all(const struct out *o)
{
    put_levels(o);
    put_counters(o);
    put_differences(o);
    put_explanations(o);
    put_holds(o);
    put_signatures(o);
}

status balance_csv(struct txn *t, const struct balance *b, struct arena *a, struct buf *out)
{
    struct out o = {t, b, a, out, false};

    buf_add(out, S("level,part,item,value,detail,more,time\r\n"));
    put_all(&o);
    return out->failed ? no_memory() : txn_status(t);
}

static void put_title(const struct out *o, wall now)
{
    const struct lot *lot = &o->b->lot;
    str gtin = {lot->gtin, sizeof lot->gtin};
    str client = client_name(o->t, lot->client, o->a);
    str made = time_text((struct moment){.at = now}, o->a);
    const struct {
        const char *name;
        str value;
    } rows[] = {
        {"Product", o->b->product.name                },
        {"GTIN",    gtin                              },
        {"Client",  client                            },
        {"Expiry",  lot->expiry_printed               },
        {"Order",   lot->order                        },
        {"State",   str_of(lot_state_word(lot->state))},
        {"Made",    made                              },
    };

    buf_add(o->to,
            S("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Balance "
              "of lot "));
    put_text(o, lot->lot);
    buf_add(o->to, S("</title><style>body{font:11pt sans-serif;margin:2em}table{border-collapse:"
                     "collapse;width:100%}td,th{border:1px solid #888;padding:2px 6px;text-align:"
                     "left}tr{page-break-inside:avoid}.sign{margin-top:3em}</style></head><body>\n"
                     "<h1>Balance of lot "));
    put_text(o, lot->lot);
    buf_add(o->to, S("</h1>\n<table>"));
    for (size_t i = 0; i < LEN(rows); i++) {
        buf_addf(o->to, "<tr><th>%s</th><td>", rows[i].name);
        put_text(o, rows[i].value);
        buf_add(o->to, S("</td></tr>\n"));
    }
    buf_add(o->to, S("</table>\n<p>"));
    if (balance_open_lines(o->b) == 0)
        buf_add(o->to, S("Balanced: every difference has a reason."));
    else
        buf_addf(o->to, "<strong>Not balanced: %llu differences without a reason.</strong>",
                 (unsigned long long)balance_open_lines(o->b));
    buf_add(o->to, S("</p>\n"));
}

status balance_html(struct txn *t, const struct balance *b, struct arena *a, wall now,
                    struct buf *out)
{
    struct out o = {t, b, a, out, true};

    put_title(&o, now);
    put_all(&o);
    if (b->lot.state != LOT_RELEASED)
        buf_add(out, S("<p class=\"sign\">Name ____________________ Date ____________________ "
                       "Signature ____________________</p>\n"));
    buf_add(out, S("</body></html>\n"));
    return out->failed ? no_memory() : txn_status(t);
}
