// signature.h - an electronic signature: asked of a person, bound into the fact that it signs.
//
// 21 CFR 11.50: what is signed shows the printed name, the date and time of signing and the
// meaning. 11.70: the signature lies within the decided part of the fact, under the journal's
// chain, so that it cannot be cut out or put elsewhere. 11.200: two components, the person's token
// and the password, said anew for each signature.
//
//     {.name = "signature", .kind = FORM_ONE, .at = …, .sub = &signature_form}, // in the route's
//     form … if (!signature_check(r, &(struct signature_rule){.roles = "qa", .kind =
//     &kind_lot_released,
//                                                      .client = lot.client}, wish.signature,
//                                                      &sig))
//         return; // answered
//     …
//     signature_put(d->out, &x->signature);                // in the kind's decide
//     if (!signature_get(f, &r, &sig)) …                   // of the fact
//     json_w_key(w, S("signature")), signature_write(w, &sig); // in its print, and in answers
#pragma once
#include "common/env.h"
#include "common/form.h"
#include "service/journal/fact.h"

struct http_req;
struct kind;

struct signature_said { // of a body
    str password, meaning, reason;
};
extern const struct form signature_form;

struct signature {
    uint32_t actor; // the token that it was said with
    str user, printed_name, meaning;
    str role;           // in which it was given; empty: of before signatures said it
    str reason;         // may be empty
    struct moment time; // with the zone of the place
};

struct signature_rule {
    const char *roles;       // of people who may sign this: "qa"; admin alone or not at all
    const struct kind *kind; // that is tried, for refusals
    client_id client;        // whose it is, for refusals; {0}: the site's
    bool reason;             // must be said
};
// For handlers, on the loop, as the last check before the command: it costs a hash, for which the
// route is run again (service/access/hashing.h). False: answered, or will be. `said` is NULL where
// the body has no signature. Texts of `out` are of the body and of r->arena. Codes:
// signature.required, signature.meaning, reason.required (400); signature.person, signature.role,
// signature.no_password, signature.first_password, signature.password, password.expired,
// user.locked (403); password.busy (503). All of 403 become facts; a wrong password counts.
bool signature_check(struct http_req *r, const struct signature_rule *rule,
                     const struct signature_said *said, struct signature *out);

// The same where there is no request: on a site that does not run a person is known by name and
// password, and is for rule->client (access.client: who is for some clients signs nothing of the
// site's). Texts of `out` are of `who` and of the arena. Of a signature.password the caller makes
// the facts that count it, for who->number.
struct site;
struct signature_named {
    str user;
    struct signature_said said;
    uint32_t number; // out
};
status signature_by_name(const struct site *s, struct arena *a, const struct signature_rule *rule,
                         struct signature_named *who, struct signature *out);

// actor 4 | user str | printed name str | role str | meaning str | reason str | time 8, zone
// minutes 2; facts of before signatures said the role have none (signature.c knows which).
void signature_put(struct buf *b, const struct signature *s);
// Of a fact, from its decided part; views. False: it is not one.
bool signature_get(const struct fact *f, struct bytes_r *r, struct signature *out);
// {"user","name","role"?,"meaning","reason"?,"time"} as a value, for answers and for prints of
// facts.
void signature_write(struct json_w *w, const struct signature *s);
// "Mia Muster (mia, qa), approval, 2026-11-23T20:17:05.123+01:00: the reason", for pages and CSV.
void signature_line(struct buf *b, const struct signature *s);
