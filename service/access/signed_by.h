// signed_by.h - who signed an act, as its command says it and its fact keeps it: nobody, one
// person, or two, where the act is marked.
#pragma once
#include "service/access/second.h"

struct signed_by {
    bool is_signed; // else there is nothing more
    struct signature signature;
    struct second_first first; // of a fact: who signed before
};

// For handlers, on the loop, as the last step: checks what was said, puts it into `by`, a member of
// the command that `what` is, and goes on as second_command does.
struct signing {
    struct second_of of;
    second_look *look;
    const void *what; // in r->arena
    struct signed_by *by;
    const struct signature_said *said; // NULL: signature.required
    const struct kind *kind;
    api_render *render;
};
void signed_by_command(struct http_req *r, const struct signing *s);

// In decide: looks, and finds who signed before `by`. What the service does itself (commands on a
// stopped site, the first start) nobody signs. Codes as second_check.
status signed_by_check(struct decide *d, const struct signing *s, struct signed_by *by);

// At the end of a decided part: nothing, or the signature and what second_put adds. Views; false:
// broken.
void signed_by_put(struct buf *b, const struct signed_by *by);
bool signed_by_read(const struct fact *f, struct bytes_r *r, struct signed_by *out);
// Member `signature`, where it was signed, and `first`, where by two.
void signed_by_write(struct json_w *w, const char *first, const struct signed_by *by);
