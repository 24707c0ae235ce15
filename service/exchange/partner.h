// partner.h - who must be told: where, in which format, of what, and what counts as taken.
//
// glossary: a *partner* is a client's system (or somebody it names) that is told of the client's
// events. Its *success rule* says which answers mean that a message was taken: a status and, where
// given, a pattern in the body.
//
// Codes: partner.url, partner.auth, partner.header, partner.status, partner.pattern, partner.step,
// partner.secret, partner.client, partner.parties, prefix.unknown, client.unknown, those of
// gs1_gtin_read.
#pragma once
#include "common/http.h"
#include "service/epcis/write.h"
#include "service/item/item.h"

#define PARTNER_HEADERS_MAX  32u
#define PARTNER_STATUSES_MAX 32u
#define PARTNER_GTINS_MAX    1000u

enum partner_packing { PACKING_EACH, PACKING_CLOSED }; // each is told, or the closed container
enum partner_from { PARTNER_FROM_START, PARTNER_FROM_NOW };

// What the PUT says; passwords, the bearer and headers that are secret are sealed bytes.
struct partner_filter {
    struct form_list gtins; // of str, 14 digits each; none: all
    struct form_list steps; // of str, bare words of CBV; none: all
};
struct partner_basic {
    str user, password;
};
struct partner_auth {
    struct partner_basic *basic; // either this
    str bearer;                  // or this
};
struct partner_header {
    str name, value;
    bool secret;
};
struct partner_success {
    str status; // a JSON array of numbers, or empty: 200, 201, 202, 204
    str body;   // POSIX extended regular expression, or empty: any
};
struct partner {
    str client, url;
    uint8_t format; // enum epcis_format
    struct partner_filter *filter;
    struct partner_auth *auth;
    struct form_list headers; // of struct partner_header
    struct partner_success *success;
    bool gzip;
    uint8_t from;    // enum partner_from: where a new partner begins in its client's events
    uint8_t packing; // enum partner_packing
    uint8_t approval;
    struct form_list extra;
    str reason;
    bool attributes; // what imported numbers carry is told, too
    // GLNs that head every message, or both empty; what affirms a statement has its own.
    str sender, receiver;
    bool master_data; // messages say in their headers what their names mean
};

extern const struct item_noun noun_partner;
extern const struct kind kind_partner_put;

// Rules of `success.status` and `success.body` (success.c).
status success_status_check(str value, struct arena *a, str *out);
status success_pattern_check(str value, struct arena *a, str *out);

// Which answers a partner takes with; made from its item, owner: who sends.
struct success_rule;
struct success_rule *success_rule_new(const struct partner *p);
void success_rule_free(struct success_rule **r);
bool success_rule_holds(const struct success_rule *r, int code, str body);
