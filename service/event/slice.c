#include "service/event/slice.h"
#include "service/event/report_int.h"
#include <string.h>

#define ARENA_MAX     (256 * MB) // of one job; report_body_max keeps it far below
#define OBJECTS_FIRST 8u

void slice_init(struct slice *s, uint32_t units_max)
{
    *s = (struct slice){.units_max = units_max};
    arena_init(&s->arena, ARENA_MAX);
}

void slice_fini(struct slice *s) { arena_fini(&s->arena); }

void slice_begin(struct slice *s)
{
    arena_reset(&s->arena);
    s->objects = NULL;
    s->n = s->room = 0;
    s->first = s->next;
}
static struct object *object_new(struct slice *s)
{
    if (s->n == s->room) {
        uint32_t room = s->room == 0 ? OBJECTS_FIRST : 2 * s->room;
        struct object *more = NEW_ARRAY(&s->arena, struct object, room);
        if (more == NULL) return NULL;
        if (s->n > 0) memcpy(more, s->objects, s->n * sizeof *more);
        s->objects = more;
        s->room = room;
    }
    return &s->objects[s->n++];
}

status slice_add(struct slice *s, str json, size_t at)
{
    struct object *o = object_new(s);
    struct json_r r = json_reader(json, &s->arena);

    if (o == NULL) return no_memory();
    o->index = s->next++;
    said_read(&r, s->units_max, &o->said);
    o->st = json_r_end(&r);
    if (o->said.reason.n == 0) o->said.reason = s->reason;
    if (o->st.cls == ST_OK) o->st = api_reason_check(s->caller, o->said.reason);
    if (o->st.cls != ST_OK) o->st.at += (uint32_t)at;
    return OK;
}

uint32_t slice_sound(const struct slice *s)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->n; i++) n += s->objects[i].st.cls == ST_OK;
    return n;
}

static status find_all(const struct slice *s, struct finder *f, struct job *j)
{
    uint32_t k = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        if (s->objects[i].st.cls != ST_OK) continue;
        struct ask *a = &j->asks[k++];
        TRY(report_find(f, &s->objects[i].said, &a->kind, &a->what));
    }
    api_key_older(f->t, env_wall(f->site->env), &j->key);
    return OK;
}

status slice_find(struct slice *s, struct http_req *r, struct job *j)
{
    struct finder f = {.site = api_site(r), .caller = caller_of(r), .arena = &s->arena};

    f.t = api_snapshot(r);
    finder_begin(&f);
    f.each = s->each;
    status st = find_all(s, &f, j);
    finder_end(&f);
    return api_snapshot_end(r, st);
}

void slice_tell(const struct slice *s, const struct caller *c, const struct job *j,
                struct results *out)
{
    uint32_t k = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        const struct object *o = &s->objects[i];
        const struct ask *a = o->st.cls == ST_OK ? &j->asks[k++] : NULL;
        if (a == NULL)
            results_refuse(out, o->index, o->st, S(""));
        else if (a->result.cls != ST_OK)
            results_refuse(out, o->index, a->result, a->units);
        else if (a->partly)
            results_accept_partly(out, &(struct results_part){o->index, caller_seq(c, &a->fact),
                                                              a->repeat, a->besides, a->units});
        else
            results_accept(out, o->index, caller_seq(c, &a->fact), a->repeat);
    }
}
