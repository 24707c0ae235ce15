#include "service/cli/advance.h"
#include "service/cli/signing.h"
#include "service/cli/stopped.h"
#include "service/journal/restored.h"
#include "service/ops/head_file.h"
#include "service/pool/epoch.h"
#include "service/pool/site_key.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PLAN_MEMORY (2 * GB)
#define LOSSES_MAX  64u

struct loss {      // of a machine
    uint64_t seq;  // of the head that the next one was restored to
    wall of, back; // its recordTime, and the restore's
    bool told;     // by a head file of between the two
};

struct advancing {
    const struct advance_wish *wish;
    struct stopped s;
    struct site_keys keys;
    struct advance *numbers;
    struct txn *t;             // while files are read
    struct recover_ask *marks; // of head files
    uint32_t mark_count, mark_max;
    uint64_t open;   // that somebody must accept
    uint64_t backup; // seq of the head that the site was restored to
    uint64_t since;  // the same of the oldest restore after which nobody has advanced the pools
    uint64_t first;  // and of the oldest of all
    uint64_t losses; // of machines since then
    struct loss lost[LOSSES_MAX];
    bool frozen;
    bool evident;    // something tells of numbers given since the backup, or that none were
    status why;      // not: a head file is older
    uint64_t spaces; // that have given numbers, of the site
    uint64_t said;   // of those, of a head file
    bool newer;      // which is of after the backup
    uint64_t recovered;
    uint64_t lay; // in their pools again; the lost machine may have given them
    struct second_pair pair;
    struct arena arena;
};

static bool is_accepted(const struct advancing *a) { return a->wish->accept != NULL; }

// Trouble that somebody may accept is told, and then it is passed over.
static status open_end(struct advancing *a, status st)
{
    if (st.cls == ST_OK || strncmp(st.reason, "evidence.", 9) != 0 || !is_accepted(a)) return st;
    a->open++;
    printf("accepted: %s: %s\n", st.reason, st.text);
    return OK;
}

// ---- what files say

static void head_is_old(struct advancing *a, status why)
{
    a->why = why;
    printf("warning: %s: %s\n", why.reason, why.text);
}

// Sequence numbers alone do not tell whose head it is: each machine went on where its backup ended.
static void head_is_of(struct advancing *a, const struct journal_head *said)
{
    for (uint32_t i = 0; i < a->losses && i < LOSSES_MAX; i++) {
        struct loss *l = &a->lost[i];
        if (said->seq > l->seq && said->at.ms >= l->of.ms && said->at.ms < l->back.ms)
            l->told = true;
    }
}

static uint64_t losses_untold(const struct advancing *a)
{
    uint64_t n = a->losses;

    for (uint32_t i = 0; i < a->losses && i < LOSSES_MAX; i++) n -= a->lost[i].told ? 1 : 0;
    return n;
}

// Of several machines what one gave says nothing of another, nor do numbers say whose they are.
static bool is_of_one(const struct advancing *a) { return a->losses <= 1; }

// Is it a lost machine's, of after the backup that the next one came from? One that this journal
// holds says nothing of that; beside better evidence it does no harm.
static status head_judge(struct advancing *a, const struct journal_head *said)
{
    status st = head_hold(a->t, said);

    if (st.cls == ST_OK) {
        head_is_old(a, fail(ST_CONFLICT, "evidence.old", 0,
                            "a head file is of record %" PRIu64 ", and the backup of %" PRIu64
                            ": it tells of nothing since",
                            said->seq, a->backup));
        return OK;
    }
    if (strcmp(st.reason, "journal.truncated") != 0 && strcmp(st.reason, "journal.rewritten") != 0)
        return st;
    a->newer = said->seq > a->since;
    if (a->newer) head_is_of(a, said);
    a->evident = a->evident || (is_of_one(a) ? a->newer : losses_untold(a) == 0);
    if (a->newer) return OK;
    if (said->seq > a->first) {
        head_is_old(a, fail(ST_CONFLICT, "evidence.old", 0,
                            "a head file (record %" PRIu64 ") is of a machine that was lost before "
                            "the pools were advanced",
                            said->seq));
        return OK;
    }
    return open_end(a, fail(ST_CONFLICT, "evidence.contradicts", 0,
                            "a head file has another record %" PRIu64 " than the backup: is it "
                            "this site's?",
                            said->seq));
}

static status take_head(void *self, str journal, const struct journal_head *said)
{
    struct advancing *a = self;
    char id[32];

    a->said = 0;
    a->newer = false;
    hex_put(id, a->s.site.meta.journal_id, sizeof a->s.site.meta.journal_id);
    if (!str_eq(journal, (str){id, sizeof id}))
        return fail(ST_CONFLICT, "head.other", 0,
                    "a head file (record %" PRIu64 ") is of another site: leave it out", said->seq);
    return head_judge(a, said);
}

static bool has_given(struct txn *t, const struct space_row *s)
{
    struct pool_marks m;

    pool_marks_get(t, s->pool, &m);
    for (uint32_t i = 0; i < m.n; i++)
        if (m.spaces[i] == s->space) return s->high > 0;
    return false;
}

static bool count_space(void *self, const struct space_row *s)
{
    struct advancing *a = self;

    if (has_given(a->t, s)) a->spaces++;
    return true;
}

// A newer head knows all spaces that the backup knows numbers of.
static status head_end(struct advancing *a, const char *path)
{
    if (!a->frozen || !a->newer || a->said >= a->spaces) return OK;
    return open_end(a, fail(ST_CONFLICT, "evidence.spaces", 0,
                            "%s has marks of %" PRIu64 " of %" PRIu64 " pools that gave numbers",
                            path, a->said, a->spaces));
}

static status take_mark(void *self, const struct advance_mark *m)
{
    struct advancing *a = self;
    struct recover_ask ask;
    struct space_row row;

    if (space_row_get(a->t, m->space, &row) && has_given(a->t, &row)) a->said++;
    TRY(open_end(a, advance_mark(&a->s.site, a->t, m, &ask)));
    if (ask.to == 0) return OK;
    for (uint32_t i = 0; i < a->mark_count; i++) { // of two head files the newer one
        struct recover_ask *had = &a->marks[i];
        if (had->space != ask.space || had->pool != ask.pool) continue;
        if (had->to < ask.to) had->to = ask.to;
        return OK;
    }
    if (a->mark_count == a->mark_max) return fail(ST_TOO_LARGE, "evidence.many", 0, "of marks");
    a->marks[a->mark_count++] = ask;
    return OK;
}

static status take_serials(void *self, const char gtin[14], const str *serials, uint32_t n)
{
    struct advancing *a = self;
    return advance_serials(a->numbers, a->t, gtin, serials, n);
}

static status take_id(void *self, const struct gs1_id *id)
{
    struct advancing *a = self;
    return advance_id(a->numbers, a->t, id);
}

static status no_head(void *self, str journal, const struct journal_head *said)
{
    (void)self, (void)journal, (void)said;
    return OK;
}
static status no_mark(void *self, const struct advance_mark *m)
{
    (void)self, (void)m;
    return OK;
}
static status no_serials(void *self, const char gtin[14], const str *serials, uint32_t n)
{
    (void)self, (void)gtin, (void)serials, (void)n;
    return OK;
}
static status no_id(void *self, const struct gs1_id *id)
{
    (void)self, (void)id;
    return OK;
}

static const struct evidence_ops marks_only = {take_head, take_mark, no_serials, no_id};
static const struct evidence_ops numbers_only = {no_head, no_mark, take_serials, take_id};

static status files_read(struct advancing *a, const struct evidence_ops *ops)
{
    status st = OK;

    a->t = txn_read(a->s.site.db);
    for (uint32_t i = 0; i < a->wish->n && st.cls == ST_OK; i++) {
        struct evidence_file *f = &a->wish->files[i];
        st = evidence_read(f, ops, a);
        if (st.cls == ST_OK && f->head && ops == &marks_only) st = head_end(a, f->path);
    }
    return st;
}

static status files_end(struct advancing *a, status st)
{
    status end = txn_end(&a->t, false);
    return st.cls == ST_OK ? end : st;
}

// ---- facts

static status fact_put(struct advancing *a, const struct kind *k, const void *what)
{
    struct ask ask;

    arena_reset(&a->s.arena);
    return stopped_run(&a->s, k, what, &ask);
}

static status moves_put(struct advancing *a, const struct recover_ask *moves, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        TRY(open_end(a, fact_put(a, &kind_numbers_recovered, &moves[i])));
        a->recovered++;
    }
    return OK;
}

struct lying { // spaces with numbers that came back
    struct recover_ask *at;
    uint32_t n, max;
    uint64_t numbers;
};

static bool lying_add(void *self, const struct space_row *s)
{
    struct lying *x = self;

    if (s->back == 0) return true;
    x->numbers += s->back;
    if (x->n < x->max) x->at[x->n++] = (struct recover_ask){.pool = s->pool, .space = s->space};
    return true;
}

static status lying_find(struct advancing *a, struct lying *x)
{
    x->n = 0;
    x->numbers = 0;
    a->t = txn_read(a->s.site.db);
    if (restored_get(a->t).frozen) space_rows(a->t, lying_add, x);
    return files_end(a, OK);
}

// What lay in the pools of the backup is somebody's now. A fact takes much of it, but not any much.
static status lying_put(struct advancing *a)
{
    struct lying x = {.at = a->marks, .max = a->mark_max};

    TRY(lying_find(a, &x));
    a->lay = x.numbers;
    while (x.n > 0) {
        for (uint32_t i = 0; i < x.n; i++) TRY(fact_put(a, &kind_numbers_reissued, &x.at[i]));
        TRY(lying_find(a, &x));
    }
    return OK;
}

static status names_put(struct advancing *a, const struct advance_plan *p)
{
    static struct foreign_name names[FOREIGN_NAMES_MAX];

    for (uint32_t i = 0; i < p->name_count;) {
        struct foreign_ask ask = {.client = p->names[i].client, .names = names};
        for (; i < p->name_count && ask.n < FOREIGN_NAMES_MAX; i++) {
            if (p->names[i].client.v != ask.client.v) break;
            names[ask.n++] = p->names[i].name;
        }
        TRY(fact_put(a, &kind_units_named, &ask));
    }
    return OK;
}

static str name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_of(slash == NULL ? path : slash + 1);
}

static status end_put(struct advancing *a, bool tests_names)
{
    const struct advance_wish *w = a->wish;
    struct advanced_evidence *files = NEW_ARRAY(&a->arena, struct advanced_evidence, w->n + 1);
    struct advance_ask ask = {.files = files,
                              .n = w->n,
                              .tests_names = tests_names,
                              .evident = a->evident,
                              .pair = a->pair};

    if (files == NULL) return no_memory();
    for (uint32_t i = 0; i < w->n; i++)
        files[i] = (struct advanced_evidence){name_of(w->files[i].path), w->files[i].sum,
                                              w->files[i].numbers};
    if (is_accepted(a)) ask.reason = str_of(w->accept), ask.by = str_of(w->by);
    return fact_put(a, &kind_pools_advanced, &ask);
}

// ---- the order of it

static status strangers_end(struct advancing *a, const struct advance_counts *c)
{
    if (c->strangers == 0) return OK;
    return open_end(a, fail(ST_CONFLICT, "evidence.strangers", 0,
                            "%" PRIu64 " numbers are of no product or prefix here, as %.*s",
                            c->strangers, (int)(c->stranger.n < 60 ? c->stranger.n : 60),
                            c->stranger.p));
}

static void say(const struct advancing *a, const struct advance_counts *c)
{
    printf("evidence: %" PRIu64 " numbers, %" PRIu64 " known, %" PRIu64 " beyond a mark, %" PRIu64
           " far beyond and taken out alone, %" PRIu64 " of no pool and kept as names\n",
           c->numbers, c->known, c->ahead, c->far, c->named);
    if (!a->evident)
        printf("NO EVIDENCE WAS GIVEN of what came after the backup: numbers that the lost machine "
               "gave may be given again\n");
    if (is_accepted(a)) printf("accepted by %s: %s\n", a->wish->by, a->wish->accept);
    if (a->lay > 0)
        printf("%" PRIu64 " numbers had come back to their pools: none of them is given again\n",
               a->lay);
    printf("%" PRIu64 " marks moved; the pools give numbers again\n", a->recovered);
}

// Before anything follows from numbers: what is refused leaves the names out, too.
static status evident_end(struct advancing *a)
{
    if (a->evident) return OK;
    if (!is_of_one(a))
        return open_end(a, fail(ST_CONFLICT, "evidence.none", 0,
                                "no head file tells of %" PRIu64 " of the %" PRIu64
                                " machines that were lost: bring it, or accept it",
                                losses_untold(a), a->losses));
    if (a->why.cls != ST_OK) return open_end(a, a->why);
    return open_end(a, fail(ST_CONFLICT, "evidence.none", 0,
                            "no file tells of numbers given since the backup: bring more, or "
                            "accept it"));
}

static status numbers_run(struct advancing *a, struct advance_plan *p)
{
    status st = files_read(a, &numbers_only);

    if (st.cls == ST_OK) st = advance_settle(a->numbers, a->t, &a->arena, p);
    TRY(files_end(a, st));
    TRY(strangers_end(a, &p->counts));
    if (p->counts.ahead > 0 && is_of_one(a)) a->evident = true;
    if (p->counts.named > 0)
        printf("warning: %" PRIu64
               " numbers are of no pool: are they written as they were given?\n",
               p->counts.named);
    if (p->counts.unsought > 0)
        printf("warning: %" PRIu64 " of these were not looked for among numbers of a newer key: no "
               "more were looked up, give them again in a smaller file\n",
               p->counts.unsought);
    TRY(evident_end(a));
    TRY(moves_put(a, p->moves, p->move_count));
    TRY(moves_put(a, p->opens, p->open_count));
    return names_put(a, p);
}

static str said(const char *z) { return z == NULL ? (str){"", 0} : str_of(z); }

// Before anything is moved. The facts that follow reset the arena that a signature's texts lie in.
static status signatures_take(struct advancing *a)
{
    const struct advance_wish *w = a->wish;
    struct signing_wish wish = {said(w->sign), said(w->second), said(w->meaning), said(w->accept)};

    TRY(signing_run(&a->s, SECOND_ADVANCE, &wish, &a->pair));
    if (a->pair.n == 0 && second_is_marked(&a->s.site, SECOND_ADVANCE))
        return fail(ST_CONFLICT, "act.second", 0,
                    "two people must sign it: --sign NAME --second NAME --meaning WORD");
    for (uint32_t i = 0; i < a->pair.n; i++) {
        struct signature *s = &a->pair.by[i];
        s->user = arena_str(&a->arena, s->user);
        s->printed_name = arena_str(&a->arena, s->printed_name);
        if (s->user.p == NULL || s->printed_name.p == NULL) return no_memory();
    }
    return OK;
}

// Lines that were added to site.key come into use, as at a start, before marks of them do.
static status epochs_take(struct advancing *a)
{
    for (;;) {
        a->t = txn_read(a->s.site.db);
        bool waits = epoch_waits(a->t, &a->keys);
        TRY(files_end(a, OK));
        if (!waits) return OK;
        TRY(fact_put(a, &kind_epoch_added, NULL));
    }
}

static void loss_add(struct advancing *a, const struct fact *restored)
{
    struct loss l = {.seq = restored->seq - 1, .back = restored->at};
    struct fact f;

    if (journal_get_header(a->t, l.seq, &f).cls == ST_OK) l.of = f.at;
    if (a->losses == 0) a->since = restored->seq;
    if (a->losses < LOSSES_MAX) a->lost[a->losses] = l;
    a->losses++;
}

// A site that came back may be lost again before anybody has said what the first machine gave: then
// evidence of both is wanted.
static void losses_read(struct advancing *a, uint64_t newest)
{
    struct fact f;

    a->since = a->first = restored_get(a->t).first;
    for (uint64_t seq = a->first; seq <= newest; seq++) {
        if (journal_get_header(a->t, seq, &f).cls != ST_OK) continue;
        if (f.kind == FACT_POOLS_ADVANCED) a->losses = 0;
        if (f.kind == FACT_SITE_RESTORED) loss_add(a, &f);
    }
    a->since--; // to the backup's head
    a->first--;
    if (a->frozen && a->losses > 1)
        printf("warning: %" PRIu64 " machines were lost: bring what each has left\n", a->losses);
}

// An earlier call, that came to no end, may have moved marks: they are evidence still, where there
// is no question of whom.
static void past_read(struct advancing *a)
{
    uint64_t restored = restored_newest(a->t), head = journal_head_get(a->t).seq;
    struct fact f;

    a->backup = restored == 0 ? 0 : restored - 1;
    a->frozen = restored_get(a->t).frozen;
    a->evident = !a->frozen;
    if (restored > 0) losses_read(a, restored);
    for (uint64_t seq = restored + 1; a->frozen && is_of_one(a) && seq <= head; seq++)
        if (journal_get_header(a->t, seq, &f).cls == ST_OK && f.kind == FACT_NUMBERS_RECOVERED)
            a->evident = true;
    space_rows(a->t, count_space, a);
}

static status past_look(struct advancing *a)
{
    a->t = txn_read(a->s.site.db);
    past_read(a);
    TRY(files_end(a, OK));
    if (a->backup > 0) return OK;
    return open_end(a, fail(ST_CONFLICT, "evidence.whole", 0,
                            "the site was not restored from a backup: its own journal knows all "
                            "that it gave"));
}

static status advance(struct advancing *a)
{
    struct advance_plan plan;

    TRY(stopped_clock(&a->s));
    TRY(past_look(a));
    TRY(signatures_take(a));
    TRY(epochs_take(a));

    a->mark_max = 1u << 17; // a space each
    a->marks = NEW_ARRAY(&a->arena, struct recover_ask, a->mark_max);
    if (a->marks == NULL) return no_memory();
    TRY(files_end(a, files_read(a, &marks_only)));
    TRY(moves_put(a, a->marks, a->mark_count));
    TRY(lying_put(a));
    TRY(numbers_run(a, &plan));
    TRY(end_put(a, plan.tests_names));
    say(a, &plan.counts);
    return OK;
}

static status keys_open(struct advancing *a)
{
    char path[FOLDER_PATH_MAX];

    TRY(folder_path(&a->s.folder, "site.key", path));
    TRY(site_keys_load(path, &a->keys));
    a->s.site.keys = &a->keys;
    struct txn *t = txn_read(a->s.site.db);
    status st = journal_meta_get(t, &a->arena, &a->s.site.meta);
    if (st.cls == ST_OK) st = epoch_check(t, &a->s.site.meta, &a->keys);
    if (st.cls == ST_OK && epoch_waits(t, &a->keys) && second_is_marked(&a->s.site, SECOND_ADD_KEY))
        st = epoch_refusal();
    status end = txn_end(&t, false);
    return st.cls == ST_OK ? end : st;
}

status advance_run(const char *dir, const struct advance_wish *w)
{
    static struct advancing a;

    a.wish = w;
    arena_init(&a.arena, PLAN_MEMORY);
    site_keys_init(&a.keys);
    status st = stopped_open(dir, true, &a.s);
    if (st.cls == ST_OK) st = keys_open(&a);
    if (st.cls == ST_OK) {
        a.numbers = advance_new(&a.s.site);
        st = advance(&a);
        advance_free(&a.numbers);
    }
    names_leave();
    stopped_close(&a.s);
    site_keys_fini(&a.keys);
    arena_fini(&a.arena);
    return st;
}
