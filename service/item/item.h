// item.h - the named things that people configure: clients, products, lines, locations, parties,
// partners, pools. One way to put, show and list them; each noun brings its form and its rules.
//
// An item's *number* is dense, from 1 per noun, never re-used, and what rows and facts hold.
#pragma once
#include "common/form.h"
#include "service/journal/kind.h"

struct site;     // service/journal/site.h
struct http_req; // common/http.h

enum item_noun_number { // on disk
    NOUN_CLIENT = 1,
    NOUN_PRODUCT = 2,
    NOUN_LOCATION = 3,
    NOUN_PARTY = 4,
    NOUN_LINE = 5,
    NOUN_PARTNER = 6,
    NOUN_POOL = 7,
    NOUN_USER = 8
};

struct item {
    uint32_t number;
    client_id client; // whose it is; 0: the site's
    uint32_t version; // 1 at first, one more with every change
    uint64_t seq;     // of the fact that put this version
    str name;         // view into the row, or the fact
    str packed;       // form_pack's bytes; likewise
    str papers;       // of a fact: what the put said beside the form
};

#define ITEM_VALUE_ROOM (16 * MB) // what 256 KB of body, its ceiling, can become when unpacked

struct item_put { // the ask of every noun's put
    str name;
    const void *value; // the form's struct
    client_id client;
    str reason;
    str papers; // what the fact is to keep beside the form; where there are any, its kind's version
                // is above 1
};

// What a put is prepared with.
struct item_from {
    const struct site *site;
    struct txn *t;
    struct arena *arena;
    struct http_req *r; // NULL: it comes from elsewhere, and what takes long is done on the spot
};

struct item_noun {
    uint8_t number;      // enum item_noun_number
    const char *word;    // the name's field in answers: "gtin", "line"
    const char *unknown; // the code where there is none of that name; NULL: item.unknown
    const struct form *form;
    const struct form *said; // of bodies, into the same struct, with members that no item keeps;
                             // NULL: form
    size_t reason_at;        // offsetof the form's `reason` (FORM_STR): kept in the fact alone
    const struct kind *kind; // of its put
    // Checks a name in a path and brings it to its one spelling (a GTIN to 14 digits); NULL: the
    // API's names, case folded.
    status (*name)(str in, struct arena *a, str *out);
    // On the loop, before the committer is asked: completes `value` (defaults) and says whose it
    // is. NULL: nothing to complete, the site's.
    status (*prepare)(struct txn *t, struct arena *a, str name, void *value, client_id *client);
    // The noun's own rules, in the committer; `old` is NULL for a new one. NULL: none.
    status (*decide)(struct decide *d, const struct item_put *put, const struct item *old);
    // The noun's own rows, after the item's were written. NULL: none.
    void (*write)(struct txn *t, const struct fact *f, const struct item *now, const void *value);
    // More members of the item's answer, read from the rows. NULL: none.
    status (*show)(struct txn *t, wall now, const struct item *i, const void *value,
                   struct json_w *w);
    // What a put said beside the form, as members of an open object. NULL: nothing.
    void (*papers)(const struct fact *f, str papers, struct json_w *w);
    // On the loop, before prepare: what is secret becomes sealed bytes (service/pool/secret.h), or
    // stays what is stored where the value says so. For a request it may say api_later. NULL: it
    // has no secrets.
    status (*seal)(const struct item_from *from, struct item_put *put);
    // On the loop, instead of the command: asks for the put in a way of its own, and answers. NULL:
    // api_command, and item_api_put_done on its answer.
    void (*submit)(struct http_req *r, struct item_put *put);
    // Renders the answer of a put, also to who repeats it. NULL: item_api_put_done.
    void (*done)(struct http_req *r, const struct ask *a);
    const char *secrets; // members that are secrets of a person (api_secrets); NULL: none
};

bool item_get(struct txn *t, const struct item_noun *n, str name, struct item *out);
str item_name(struct txn *t, const struct item_noun *n, uint32_t number); // empty: none such
bool item_by_number(struct txn *t, const struct item_noun *n, uint32_t number, struct item *out);
// Every version is kept.
bool item_version(struct txn *t, const struct item_noun *n, uint32_t number, uint32_t version,
                  struct item *out);
// Unpacks into the form's struct, in the arena. form.corrupt.
status item_value(const struct item_noun *n, const struct item *i, struct arena *a, void *out);
// The items of a noun in the order of their names, after `after` (empty: from the first).
struct walk item_walk(struct txn *t, const struct item_noun *n, str after, struct buf *key);
bool item_next(struct walk *w, struct item *out);

// What every way to a put does before the committer is asked: the noun's seal and prepare.
status item_prepare(const struct item_noun *n, const struct item_from *from, struct item_put *put);

// Would the put change nothing?
bool item_put_is_same(struct txn *t, const struct item_noun *n, const struct item_put *put);
// decide, write and print of every noun's put: kinds are made with .arg = the noun.
status item_put_decide(struct decide *d);
void item_put_write(struct txn *t, const struct fact *f, const void *noun);
void item_put_print(const struct fact *f, struct json_w *w, const void *noun);
// What a put's fact changed: items {"field","old","new"} of an open array; `field` is the member's
// name, `profile.capture` within another. A secret shows as "***" and is named when it changed.
// False: there was no version before, and nothing is written.
bool item_put_changes(struct txn *t, const struct fact *f, const struct item_noun *n,
                      struct json_w *w);
// Items {"field","old","new"} of an open array, as above.
void item_changes_write(const struct item_noun *n, const struct item *old, const struct item *now,
                        struct json_w *w);
// The item that a put's fact made; views into the fact.
status item_of_fact(const struct fact *f, struct item *out, str *reason);
