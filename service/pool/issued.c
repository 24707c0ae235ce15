// decided part of `numbers.issued`:
//   flags 1 (1 list, 2 opens its space, 4 SSCCs, 8 the space made tests lists, 16 the pool is
//   low from here on, 32 its numbers must be used soon, 64 it has a reason) | pool 4 | space 3 |
//   epoch 4 | first 5 | consumed 5 | count 4 | gtin 14 (zeros: none) | strs line, lot, order,
//   reason where it has one |
//   skips: gap from the end of the one before (at first: from `first`) varint, length varint,
//   why 1, to the end
// decided part of `numbers.reissued`, which begins as all facts about units do
// (service/event/report.h):
//   mask 1 (0) | runs given again | their previous positions (alike) | runs struck off | as of
//   `numbers.issued`, of the numbers drawn besides (flag 128: nobody remembers the request)
#include "common/arena.h"
#include "common/bytes.h"
#include "service/pool/pool_int.h"
#include <string.h>

status issued_get(str decided, struct issued *out)
{
    struct bytes_r r = bytes_reader(decided);
    unsigned flags = (unsigned)bytes_get_u(&r, 1);
    struct issued i = {.is_list = flags & 1, .opens = flags & 2};

    i.recovered = flags & ISSUED_RECOVERED;
    i.is_sscc = flags & 4;
    i.tests_lists = flags & 8;
    i.alerts = flags & (POOL_ALERT_LOW | POOL_ALERT_EXPIRING);
    i.pool = (uint32_t)bytes_get_u(&r, 4);
    i.space = (uint32_t)bytes_get_u(&r, 3);
    i.epoch = (uint32_t)bytes_get_u(&r, 4);
    i.first = bytes_get_u(&r, 5);
    i.consumed = bytes_get_u(&r, 5);
    i.count = i.fresh = (uint32_t)bytes_get_u(&r, 4);
    str gtin = bytes_get_raw(&r, sizeof i.gtin);
    i.line = bytes_get_str(&r);
    i.lot = bytes_get_str(&r);
    i.order = bytes_get_str(&r);
    if (flags & ISSUED_REASON) i.reason = bytes_get_str(&r);
    if (r.bad) return fail(ST_STORE, "record.corrupt", 0, "an issue of numbers breaks off");
    memcpy(i.gtin, gtin.p, sizeof i.gtin);
    i.skips = r;
    *out = i;
    return OK;
}

static str rest_of(const struct bytes_r *in)
{
    return (str){(const char *)in->p, (size_t)(in->end - in->p)};
}

status issued_of(const struct fact *f, struct issued *out)
{
    struct bytes_r in = bytes_reader(f->decided), again, struck;
    struct issued i;

    if (f->kind != FACT_NUMBERS_REISSUED) return issued_get(f->decided, out);
    if (bytes_get_u(&in, 1) != 0) in.bad = true;
    again = in;
    uint64_t units = runs_pass(&in);
    alike_pass(&in, units);
    struck = in;
    (void)runs_pass(&in);
    if (in.bad || units > POOL_NUMBERS_MAX)
        return fail(ST_STORE, "record.corrupt", 0, "numbers given again break off");
    TRY(issued_get(rest_of(&in), &i));
    i.again = again;
    i.struck = struck;
    i.count += (uint32_t)units;
    *out = i;
    return OK;
}

bool skip_next(struct bytes_r *in, uint64_t *at, struct skip *out)
{
    if (in->bad || in->p == in->end) return false;
    uint64_t first = *at + bytes_get_var(in), n = bytes_get_var(in);
    enum skip_why why = (enum skip_why)bytes_get_u(in, 1);
    if (n == 0 || n > ISSUE_SKIPS_MAX) in->bad = true;
    if (in->bad) return false;
    *out = (struct skip){first, (uint32_t)n, why};
    *at = first + n;
    return true;
}

static uint32_t count_skips(struct bytes_r in)
{
    struct skip s;
    uint64_t at = 0;
    uint32_t n = 0;

    while (skip_next(&in, &at, &s)) n++;
    return n;
}

static void add_run(struct runs *r, uint32_t space, uint64_t from, uint64_t to)
{
    if (from >= to) return;
    r->at[r->n++] = (struct run){unit_id_of(space, from), (uint32_t)(to - from)};
    r->units += to - from;
}

status issued_runs(const struct issued *i, struct arena *a, struct runs *out)
{
    struct bytes_r in = i->skips, again = i->again;
    struct runs came = again.p == NULL ? (struct runs){0} : runs_get(&again, a);
    struct runs r = {.at = NEW_ARRAY(a, struct run, came.n + count_skips(i->skips) + 1)};
    uint64_t at = i->first, from = i->first;
    struct skip s;

    if (r.at == NULL || again.bad) return no_memory();
    for (uint32_t n = 0; n < came.n; n++) r.at[r.n++] = came.at[n];
    r.units = came.units;
    for (; skip_next(&in, &at, &s); from = at) add_run(&r, i->space, from, s.first);
    add_run(&r, i->space, from, i->first + i->consumed);
    if (in.bad || r.units != i->count)
        return fail(ST_STORE, "record.corrupt", 0, "an issue of numbers miscounts");
    *out = r;
    return OK;
}

static struct runs part_of(const struct runs *all, uint32_t first, uint32_t count)
{
    struct runs out = {.at = all->at};
    uint64_t pass = first;

    for (uint32_t i = 0; i < all->n && count > 0; i++) {
        struct run r = all->at[i];
        if (pass >= r.count) {
            pass -= r.count;
            continue;
        }
        r.first.v += pass;
        r.count -= (uint32_t)pass;
        pass = 0;
        if (r.count > count) r.count = count;
        count -= r.count;
        out.units += r.count;
        out.at[out.n++] = r;
    }
    return out;
}

status request_runs(struct txn *t, const struct request_part *p, struct arena *a, struct runs *out)
{
    struct fact f;
    struct issued i;
    struct runs all;

    status st = journal_get(t, p->request, a, &f);
    if (st.cls != ST_OK && strcmp(st.reason, "journal.no_record") != 0) return st;
    if (st.cls != ST_OK || (f.kind != FACT_NUMBERS_ISSUED && f.kind != FACT_NUMBERS_REISSUED &&
                            f.kind != FACT_NUMBERS_RECOVERED))
        return fail(ST_NOT_FOUND, "request.unknown", 0, "there is no such request for numbers");
    TRY(issued_of(&f, &i));
    TRY(issued_runs(&i, a, &all));
    *out = part_of(&all, p->first, p->count);
    return OK;
}
