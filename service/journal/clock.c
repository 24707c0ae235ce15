// The watch over the wall clock, and the row that says that it has stopped writing:
//   'M' 'c' -> seq of the fact that stopped it 8, steady time 8, shown time 8
//
// The steady time begins anew once a minute from a wall clock that is right, so that the small
// steps of a year do not add up to a jump.
#include "service/journal/clock.h"
#include "common/bytes.h"
#include "common/log.h"
#include "common/metric.h"

#define RENEW_MS 60000
#define ASK_MS   60000

static const char stop_key[2] = {ROW_META, 'c'};

static const struct metric synchronised = METRIC(METRIC_GAUGE, "packtrail_clock_synchronised",
                                                 "1: the machine keeps its clock synchronised.");
static const struct metric jumps =
    METRIC(METRIC_COUNTER, "packtrail_clock_jumps_total", "Jumps of the wall clock.");
static const struct metric stopped =
    METRIC(METRIC_GAUGE, "packtrail_clock_stopped", "1: writing waits, the clock jumped ahead.");

void clock_register(void)
{
    metric_register(&synchronised);
    metric_register(&jumps);
    metric_register(&stopped);
}

bool clock_is_synchronised(void) { return metric_get(&synchronised) != 0; }

// ---- the clocks

static wall steady_at(const struct clock_watch *w, mono m)
{
    return (wall){w->wall.ms + (m.ms - w->mono.ms)};
}

static void anchor(struct clock_watch *w, wall shown, mono m)
{
    w->begun = true;
    w->wall = shown;
    w->mono = w->renewed = m;
}

// Further from the newest record than a site is away, by a clock that nobody keeps.
static bool is_astray(const struct clock_watch *w, const struct clock_conf *conf, wall last,
                      wall shown)
{
    return w->unsynced && conf->away_max_ms > 0 && shown.ms - last.ms > (int64_t)conf->away_max_ms;
}

// Where the process begins nothing was counted: then it is right unless it is before the newest
// record, or is stopped, or astray.
static void begin(struct clock_watch *w, const struct clock_conf *conf,
                  const struct clock_ledger *ledger, wall shown, mono m)
{
    wall last = ledger->last;
    bool known =
        last.ms != 0 && (ledger->stopped || shown.ms < last.ms || is_astray(w, conf, last, shown));

    anchor(w, known ? last : shown, m);
}

static bool judge(const struct clock_conf *conf, bool is_stopped, const struct clock_jump *seen,
                  enum clock_effect *effect)
{
    int64_t by = seen->shown.ms - seen->steady.ms;

    *effect = CLOCK_GOES_ON;
    if (is_stopped) {
        *effect = CLOCK_IS_BACK;
        return by <= (int64_t)conf->stop_ahead_ms;
    }
    if (by > (int64_t)conf->stop_ahead_ms) *effect = CLOCK_STOPS;
    return by > (int64_t)conf->jump_max_ms || by < -(int64_t)conf->jump_max_ms;
}

static void ask_synchronised(struct clock_watch *w, const struct env *env, mono m)
{
    if (w->looked && m.ms - w->asked.ms < ASK_MS) return;
    bool before = w->unsynced, first = !w->looked;
    w->looked = true;
    w->asked = m;
    w->unsynced = !env_synchronised(env);
    metric_set(&synchronised, !w->unsynced);
    if (w->unsynced && (first || !before)) LOG_PLAIN(warn, "clock.unsynchronised");
    if (!w->unsynced && !first && before) LOG_PLAIN(info, "clock.synchronised");
}

bool clock_look(struct clock_watch *w, const struct clock_conf *conf, const struct env *env,
                const struct clock_ledger *ledger, struct clock_jump *out)
{
    struct clock_jump seen = {.shown = env_wall(env)};
    mono m = env_mono(env);

    ask_synchronised(w, env, m);
    if (!w->begun) begin(w, conf, ledger, seen.shown, m);
    if (w->stopped && !ledger->stopped) anchor(w, seen.shown, m); // accepted, or back
    w->stopped = ledger->stopped;
    metric_set(&stopped, w->stopped);
    seen.steady = steady_at(w, m);
    bool jumped = judge(conf, w->stopped, &seen, &seen.effect);
    bool waits = jumped ? seen.effect == CLOCK_STOPS : w->stopped;
    w->now = waits ? seen.steady : seen.shown;
    *out = seen;
    if (!jumped && !w->stopped && m.ms - w->renewed.ms >= RENEW_MS) anchor(w, seen.shown, m);
    return jumped;
}

bool clock_has_tidings(const struct clock_watch *w, const struct clock_conf *conf,
                       const struct env *env)
{
    struct clock_jump seen = {.shown = env_wall(env)};
    mono m = env_mono(env);

    if (!w->begun || m.ms - w->asked.ms >= ASK_MS) return true;
    seen.steady = steady_at(w, m);
    return judge(conf, w->stopped, &seen, &seen.effect);
}

void clock_taken(struct clock_watch *w, const struct clock_jump *jump)
{
    int64_t by = jump->shown.ms - jump->steady.ms;
    bool stops = jump->effect == CLOCK_STOPS;

    metric_add(&jumps, 1);
    LOG(warn, "clock.jumped", fi("by_ms", by), fb("stopped", stops));
    if (stops) {
        w->stopped = true;
        metric_set(&stopped, 1);
    } else {
        anchor(w, jump->shown, (mono){w->mono.ms + (jump->steady.ms - w->wall.ms)});
        w->stopped = false;
        metric_set(&stopped, 0);
    }
}

status clock_refusal(void)
{
    return fail(ST_BUSY, "clock.jumped", 0,
                "the clock jumped ahead: nothing is written until somebody accepts it");
}

// ---- the row

bool clock_stop_get(struct txn *t, struct clock_stop *out)
{
    str v;

    if (!txn_get(t, DB_ROWS, (str){stop_key, sizeof stop_key}, &v)) return false;
    struct bytes_r r = bytes_reader(v);
    struct clock_stop s = {.seq = bytes_get_u(&r, 8)};
    s.steady.ms = (int64_t)bytes_get_u(&r, 8);
    s.shown.ms = (int64_t)bytes_get_u(&r, 8);
    if (!bytes_end(&r)) {
        txn_spoil(t, "store.corrupt", "the row of the clock");
        return false;
    }
    *out = s;
    return true;
}

wall clock_reached(struct txn *t, const struct env *env)
{
    wall now = env_wall(env), last = journal_head_get(t).at;
    return now.ms < last.ms ? last : now;
}

wall clock_proven(struct txn *t, const struct env *env)
{
    struct clock_stop stop;
    return clock_stop_get(t, &stop) ? journal_head_get(t).at : clock_reached(t, env);
}

void clock_stop_put(struct txn *t, const struct clock_stop *s)
{
    char v[24];

    put_be(v, s->seq, 8);
    put_be(v + 8, (uint64_t)s->steady.ms, 8);
    put_be(v + 16, (uint64_t)s->shown.ms, 8);
    txn_put(t, DB_ROWS, (str){stop_key, sizeof stop_key}, (str){v, sizeof v});
}

void clock_stop_end(struct txn *t) { txn_del(t, DB_ROWS, (str){stop_key, sizeof stop_key}); }
