// twice.c - a table of eventIDs, open addressed by their digests. Owner: the loop of the request.
#include "service/capture/twice.h"
#include "service/epcis/hash.h"
#include <string.h>

#define SLOTS_FIRST 1024u

struct slot {
    struct digest16 id; // of the eventID, and whether it declares an error; zeros: free
    struct digest16 content;
    bool again;              // it came again in other bytes
    struct epcis_says *says; // of the first that came; NULL: it was not read again yet
};
struct twice {
    struct arena *arena;
    struct slot *slots;
    uint32_t mask, n;
    bool wants_again;
};

struct twice *twice_new(struct arena *a)
{
    struct twice *s = NEW(a, struct twice);

    if (s != NULL) *s = (struct twice){.arena = a};
    return s;
}

static bool is_free(const struct slot *x)
{
    static const struct digest16 none;

    return memcmp(&x->id, &none, sizeof none) == 0;
}

static struct slot *find(const struct twice *s, const struct digest16 *id)
{
    uint32_t at;

    memcpy(&at, id->b, sizeof at);
    for (at &= s->mask;; at = (at + 1) & s->mask) {
        struct slot *x = &s->slots[at];
        if (is_free(x) || memcmp(&x->id, id, sizeof *id) == 0) return x;
    }
}

static bool grow(struct twice *s)
{
    struct twice old = *s;
    uint32_t size = old.slots == NULL ? SLOTS_FIRST : 2 * (old.mask + 1);

    if (old.slots != NULL && old.n < size / 4) return true;
    s->slots = NEW_ARRAY(s->arena, struct slot, size);
    if (s->slots == NULL) return false;
    s->mask = size - 1;
    for (uint32_t i = 0; old.slots != NULL && i <= old.mask; i++)
        if (!is_free(&old.slots[i])) *find(s, &old.slots[i].id) = old.slots[i];
    return true;
}

static struct digest16 id_of(const struct epcis_event *e, str id)
{
    char error = e->error != NULL;

    return digest16_of(id, (str){&error, 1});
}

status twice_add(struct twice *s, const struct document_event *e, str event_id)
{
    struct digest16 id = id_of(e->event, event_id), content = digest16_of(e->bytes, (str){0});

    if (!grow(s)) return no_memory();
    struct slot *x = find(s, &id);
    if (is_free(x)) {
        *x = (struct slot){.id = id, .content = content};
        s->n++;
    } else if (memcmp(&x->content, &content, sizeof content) != 0) {
        x->again = s->wants_again = true;
    }
    return OK;
}

bool twice_wants_again(const struct twice *s) { return s->wants_again; }

status twice_settle(struct twice *s, const struct document_event *e, str event_id, bool *other)
{
    struct digest16 id = id_of(e->event, event_id);
    struct slot *x = find(s, &id);
    struct epcis_says says;

    *other = false;
    if (!x->again) return OK;
    TRY(epcis_says(e->event, e->arena, &says));
    if (x->says != NULL) return *other = !epcis_says_equal(x->says, &says), OK;
    x->says = NEW(s->arena, struct epcis_says);
    if (x->says == NULL) return no_memory();
    *x->says = says;
    return OK;
}
