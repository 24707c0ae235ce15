// Neighbours mostly came with one document, so each thread remembers the scope of the last.
#include "service/event/captured_render.h"
#include "service/event/line_id.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX (1 * GB)

struct remembered { // owner: the thread
    uint8_t journal[16];
    uint64_t document; // seq of its fact; 0: none
    struct epcis_scope scope;
    char *context;
};

static pthread_key_t here_key;
static pthread_once_t here_once = PTHREAD_ONCE_INIT;

static void here_end(void *p)
{
    struct remembered *m = p;

    free(m->context);
    free(m);
}

static void here_init(void)
{
    int rc = pthread_key_create(&here_key, here_end);
    assert(rc == 0);
}

static struct remembered *here(void)
{
    pthread_once(&here_once, here_init);
    struct remembered *m = pthread_getspecific(here_key);

    if (m != NULL) return m;
    m = calloc(1, sizeof *m);
    assert(m != NULL);
    int rc = pthread_setspecific(here_key, m);
    assert(rc == 0);
    return m;
}

void captured_leave(void)
{
    pthread_once(&here_once, here_init);
    struct remembered *m = pthread_getspecific(here_key);

    line_ids_leave();
    if (m == NULL) return;
    here_end(m);
    pthread_setspecific(here_key, NULL);
}

static void remember(struct remembered *m, const struct event_render *r, uint64_t seq,
                     const struct epcis_scope *scope)
{
    free(m->context);
    m->context = malloc(scope->context.n + 1);
    assert(m->context != NULL);
    if (scope->context.n > 0) memcpy(m->context, scope->context.p, scope->context.n);
    m->scope = *scope;
    m->scope.context = (str){m->context, scope->context.n};
    m->document = seq;
    memcpy(m->journal, r->site->meta.journal_id, sizeof m->journal);
}

static status scope_read(struct event_render *r, uint64_t seq, struct remembered *m)
{
    struct captured_document d;
    struct epcis_scope scope;
    struct arena a;
    struct fact f;

    m->document = 0;
    arena_init(&a, DOCUMENT_MAX);
    status st = journal_get(r->t, seq, &a, &f);
    if (st.cls == ST_OK && f.kind != FACT_DOCUMENT_CAPTURED)
        st = fail(ST_STORE, "record.corrupt", 0, "a captured event without its document");
    if (st.cls == ST_OK) st = captured_document_get(f.decided, &a, &d);
    if (st.cls == ST_OK) {
        scope = captured_scope(&d);
        remember(m, r, seq, &scope);
    }
    arena_fini(&a);
    return st;
}

// Of an event that came alone. What one of EPCIS 1 does not say itself was said beside it.
static enum epcis_version version_alone(struct event_render *r, const struct captured_event *e,
                                        str body)
{
    if (!(e->flags & CAPTURED_EARLIER)) return EPCIS_2_0;
    return epcis_bare_version(body, EPCIS_1_2, r->arena);
}

static status scope_of(struct event_render *r, const struct captured_event *e, str body,
                       struct epcis_scope *out)
{
    struct remembered *m = here();
    bool known = m->document == e->document &&
                 memcmp(m->journal, r->site->meta.journal_id, sizeof m->journal) == 0;

    if (e->document == 0) {
        *out = (struct epcis_scope){e->flags & CAPTURED_XML ? EPCIS_SYNTAX_XML : EPCIS_SYNTAX_JSON,
                                    version_alone(r, e, body),
                                    {0},
                                    true,
                                    false};
        return OK;
    }
    if (!known) TRY(scope_read(r, e->document, m));
    *out = m->scope;
    return OK;
}

// What lies in the fact or in what this thread remembers may go before the event does.
static status keep(struct event_render *r, str *text)
{
    *text = arena_str(r->arena, *text);
    return text->p != NULL
               ? OK
               : fail(ST_TOO_LARGE, "event.memory", 0, "an event needs too much memory");
}

status captured_tell(struct event_render *r, const struct fact *f, struct event_parts *out)
{
    struct event_part *p = &out->at[0];
    struct epcis_scope scope;
    struct captured_event e;
    struct report report;
    struct touched touched;
    struct bytes_r rest;

    TRY(report_get(f->decided, r->arena, &report, &touched, &rest));
    TRY(captured_event_get(&rest, f, touched.runs.units, r->arena, &e));
    TRY(scope_of(r, &e, f->body, &scope));
    TRY(keep(r, &scope.context));
    scope.words_as_given = r->words_as_given;
    *p = (struct event_part){.part = 0};
    TRY(epcis_event_read(f->body, &scope, r->arena, &p->event));
    p->event.id = e.id;
    TRY(keep(r, &p->event.id));
    p->event.recorded = (struct epcis_time){
        .at = {f->at, f->event.offset_min},
          .text = {0    }
    };
    out->n = 1;
    return OK;
}
