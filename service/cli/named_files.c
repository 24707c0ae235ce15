#include "service/cli/named_files.h"

struct naming {
    named_file *each;
    void *self;
};

static void name(const struct naming *n, const char *what, str path)
{
    if (path.n > 0) n->each(n->self, what, path);
}

void named_files(const struct site_settings *s, named_file *each, void *self)
{
    const struct site_listener *l = s->listeners.items;
    const struct site_shown *p = s->shown.items;
    struct naming n = {each, self};

    name(&n, "tls.certificate", s->certificate);
    name(&n, "tls.key", s->key);
    name(&n, "tls.client_ca", s->client_ca);
    for (uint32_t i = 0; i < s->listeners.n; i++) {
        name(&n, "a listener's certificate", l[i].certificate);
        name(&n, "a listener's key", l[i].key);
        name(&n, "a listener's client_ca", l[i].client_ca);
    }
    name(&n, "exchange.ca_file", s->ca_file);
    for (uint32_t i = 0; i < s->shown.n; i++) {
        name(&n, "a partner's certificate", p[i].certificate);
        name(&n, "a partner's key", p[i].key);
    }
}
