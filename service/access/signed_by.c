#include "service/access/signed_by.h"

void signed_by_command(struct http_req *r, const struct signing *s)
{
    struct signature_rule rule = {.roles = second_roles(s->of.act), .kind = s->kind};
    struct second_ask *both = NEW(&r->arena, struct second_ask);

    if (both == NULL) {
        api_fail(r, no_memory());
        return;
    }
    if (!signature_check(r, &rule, s->said, &s->by->signature)) return;
    s->by->is_signed = true;
    *both = (struct second_ask){
        .of = s->of, .look = s->look, .what = s->what, .signature = s->by->signature};
    second_command(r, both, s->kind, s->render);
}

status signed_by_check(struct decide *d, const struct signing *s, struct signed_by *by)
{
    struct second_ask both = {
        .of = s->of, .look = s->look, .what = s->what, .signature = by->signature};

    return d->actor == 0 ? OK : second_check(d, &both, &by->first);
}

void signed_by_put(struct buf *b, const struct signed_by *by)
{
    if (!by->is_signed) return;
    signature_put(b, &by->signature);
    second_put(b, &by->first);
}

bool signed_by_read(const struct fact *f, struct bytes_r *r, struct signed_by *out)
{
    *out = (struct signed_by){.is_signed = !r->bad && r->p != r->end};
    if (!out->is_signed) return !r->bad;
    return signature_get(f, r, &out->signature) && second_read(f, r, &out->first);
}

void signed_by_write(struct json_w *w, const char *first, const struct signed_by *by)
{
    if (!by->is_signed) return;
    json_w_key(w, S("signature"));
    signature_write(w, &by->signature);
    second_write(w, first, &by->first);
}
