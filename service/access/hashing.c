// Threads: each of its own takes work out of the lines and posts it back to the loop of its
// request. Work lies in the request's arena, which nobody touches meanwhile; `lock` guards the
// lines alone.
#include "service/access/hashing.h"
#include "common/bytes.h"
#include "common/digest.h"
#include "common/metric.h"
#include "service/access/limit.h"
#include "service/access/password.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define HASHING_MAGIC 0x4a54e500u
#define THREADS_MAX   64u
#define NICE          10
#define LOGINS_TURN   4u // of so many places one is for a login, where one waits

enum { KNOWN, LOGINS, LINES };

struct work {
    struct mail mail;
    struct work *next;  // in its line
    struct work *older; // of the same request
    struct http_req *r;
    const struct site *site;
    str hash, password;
    bool makes;     // a hash, instead of comparing with one
    uint64_t whose; // see the function
    mono since;
    // The answer:
    bool done, fits;
    status st;
    char made[2 * PASSWORD_HASH_MAX];
    size_t made_n;
};

struct waiting {
    struct work *first, **end;
    uint32_t n;
};

struct hashing {
    unsigned magic;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct waiting lines[LINES];
    bool stopping;
    uint32_t taken;
    pthread_t threads[THREADS_MAX];
    uint32_t count;
};

static const struct {
    uint32_t all, whose;
} line_max[LINES] = {
    {HASHING_KNOWN_MAX,  HASHING_CALLER_MAX },
    {HASHING_LOGINS_MAX, HASHING_ADDRESS_MAX},
};

static status busy(void)
{
    return fail(ST_BUSY, "password.busy", 0, "too many passwords are looked at, ask again");
}

// ---- one piece of work

static status make(struct work *w)
{
    struct arena a;
    str made = {0};

    arena_init(&a, 16 * KB);
    status st = password_hash(w->site, w->password, &a, &made);
    assert(made.n <= sizeof w->made);
    if (made.n > 0) memcpy(w->made, made.p, made.n);
    w->made_n = made.n;
    arena_fini(&a);
    return st;
}

static void work_do(struct work *w)
{
    if (w->makes)
        w->st = make(w);
    else if (w->hash.n > 0)
        w->st = password_fits(w->site, w->hash, w->password, &w->fits);
    else
        w->st = password_cost(w->site, w->password);
}

// On the request's loop.
static void work_done(struct mail *m)
{
    struct work *w = CONTAINER_OF(m, struct work, mail);
    struct http_req *r = w->r;

    w->done = true;
    r->waited_us += (uint64_t)(env_mono(w->site->env).ms - w->since.ms) * 1000;
    r->route->run(r);
}

static void give_back(struct work *w) { loop_post(w->r->loop, &w->mail); }

// ---- lines

static struct work *line_take(struct waiting *l)
{
    struct work *w = l->first;

    if (w == NULL) return NULL;
    l->first = w->next;
    if (l->first == NULL) l->end = &l->first;
    l->n--;
    return w;
}

static bool has_place(const struct hashing *h, const struct work *w, int line)
{
    uint32_t same = 0;

    if (h->stopping || h->lines[line].n >= line_max[line].all) return false;
    if (w->older != NULL) return true; // what was hashed for it already is not thrown away
    for (const struct work *x = h->lines[line].first; x != NULL; x = x->next)
        same += x->whose == w->whose;
    return same < line_max[line].whose;
}

static bool put(struct hashing *h, struct work *w, int line)
{
    struct waiting *l = &h->lines[line];

    pthread_mutex_lock(&h->lock);
    bool taken = has_place(h, w, line);
    if (taken) {
        w->next = NULL;
        *l->end = w;
        l->end = &w->next;
        l->n++;
        pthread_cond_signal(&h->more);
    }
    pthread_mutex_unlock(&h->lock);
    return taken;
}

// Known callers first, but not always: one who asks without end shuts nobody out. NULL: it is over.
static struct work *take(struct hashing *h)
{
    struct work *w = NULL;

    pthread_mutex_lock(&h->lock);
    int first = ++h->taken % LOGINS_TURN == 0 ? LOGINS : KNOWN;
    while (!h->stopping && (w = line_take(&h->lines[first])) == NULL &&
           (w = line_take(&h->lines[first == KNOWN ? LOGINS : KNOWN])) == NULL)
        pthread_cond_wait(&h->more, &h->lock);
    pthread_mutex_unlock(&h->lock);
    return w;
}

// ---- threads

static void *body(void *arg)
{
    struct hashing *h = arg;
    struct work *w;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); // of this thread alone, on Linux
    pthread_setname_np(pthread_self(), "passwords");
    while ((w = take(h)) != NULL) {
        work_do(w);
        give_back(w);
    }
    return NULL;
}

static uint32_t threads_wanted(const struct site *site)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t spare = cores > 1 ? (uint32_t)cores - 1 : 1, n = site->people.hashes_at_once;

    if (n > spare) n = spare;
    return n < THREADS_MAX ? n : THREADS_MAX;
}

static struct hashing *hashing_of(const struct site *site)
{
    struct hashing *h = site->hashing;

    if (h != NULL) OBJ_CHECK(h, HASHING_MAGIC);
    return h;
}

status hashing_start(struct site *site)
{
    struct hashing *h = calloc(1, sizeof *h);
    uint32_t wanted = threads_wanted(site);
    sigset_t all, before;
    int rc = 0;

    assert(h != NULL && wanted > 0 && site->hashing == NULL);
    h->magic = HASHING_MAGIC;
    for (int i = 0; i < LINES; i++) h->lines[i].end = &h->lines[i].first;
    assert(pthread_mutex_init(&h->lock, NULL) == 0 && pthread_cond_init(&h->more, NULL) == 0);
    site->hashing = h;
    sigfillset(&all);        // signals are the main thread's
    sigdelset(&all, SIGSYS); // but a forbidden call is its own (process.h)
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (; h->count < wanted && rc == 0; h->count += rc == 0)
        rc = pthread_create(&h->threads[h->count], NULL, body, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? OK : fail(ST_INTERNAL, "thread.create", 0, "for passwords: error %d", rc);
}

void hashing_stop(struct site *site)
{
    struct hashing *h = hashing_of(site);
    struct work *w;

    if (h == NULL) return;
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_broadcast(&h->more);
    pthread_mutex_unlock(&h->lock);
    for (uint32_t i = 0; i < h->count; i++) pthread_join(h->threads[i], NULL);
    h->count = 0;
    for (int i = 0; i < LINES; i++)
        while ((w = line_take(&h->lines[i])) != NULL) {
            w->st = busy();
            give_back(w);
        }
}

void hashing_free(struct site *site)
{
    struct hashing *h = hashing_of(site);

    site->hashing = NULL;
    if (h == NULL) return;
    assert(h->count == 0);
    h->magic = 0;
    pthread_cond_destroy(&h->more);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

// ---- asking

bool hashing_has_begun(const struct http_req *r) { return r->again != NULL; }

// What stands for who asks: the address of nobody, a person, else the actor.
static uint64_t whose(const struct http_req *r)
{
    if (r->caller == NULL) return limit_address_key(r->peer);
    const struct caller *c = caller_of(r);
    if (!c->person) return c->actor;
    struct sha256 d = sha256_of(c->user); // no name is like a number
    return get_be((const char *)d.b, 8);
}

// What is said is compared whole: between two runs the person's hash may have become another.
static status ask(struct http_req *r, const struct work *what, struct work **out)
{
    struct hashing *h = hashing_of(api_site(r));
    struct work *w = r->again;

    while (w != NULL && (w->makes != what->makes || !str_eq(w->hash, what->hash) ||
                         !str_eq(w->password, what->password)))
        w = w->older;
    if (w != NULL) return *out = w, w->done ? w->st : api_later();
    if ((w = NEW(&r->arena, struct work)) == NULL) return no_memory();
    *w = *what;
    w->hash = arena_str(&r->arena, what->hash);
    if (w->hash.p == NULL && what->hash.n > 0) return no_memory();
    w->mail.open = work_done;
    w->r = r;
    w->site = api_site(r);
    w->whose = whose(r);
    w->since = env_mono(w->site->env);
    *out = w;
    if (h == NULL) return work_do(w), w->st;
    w->older = r->again;
    r->again = w; // before a thread has it
    if (put(h, w, r->caller == NULL ? LOGINS : KNOWN)) return api_later();
    r->again = w->older;
    return busy();
}

status hashing_fits(struct http_req *r, str hash, str password, bool *fits)
{
    struct work *w;

    TRY(ask(r, &(struct work){.hash = hash, .password = password}, &w));
    *fits = w->fits;
    return OK;
}

status hashing_new(struct http_req *r, str password, str *hash)
{
    struct work *w;

    TRY(ask(r, &(struct work){.makes = true, .password = password}, &w));
    *hash = (str){w->made, w->made_n};
    return OK;
}
