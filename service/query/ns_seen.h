// ns_seen.h - the namespaces that the events of an answer name, so that its document can declare
// them once (EPCIS 2.0: an answer's @context has all prefixes that are used). What does not fit in
// here is declared by the event that uses it.
#pragma once
#include "service/epcis/event.h"

#define NS_SEEN_MAX 32u

struct ns_seen {
    struct epcis_ns at[NS_SEEN_MAX]; // no prefix and no URI twice
    uint32_t n;
    str schemes[NS_SEEN_MAX]; // that URIs begin with: none of them is a prefix of `at`
    uint32_t scheme_n;
    struct arena *arena; // texts are copied here
};
void ns_seen_event(struct ns_seen *s, const struct epcis_event *e);
