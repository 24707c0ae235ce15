#include "common/status.h"
#include "common/mask.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "level=error event=assert.failed what=\"%s\" at=%s:%d\n", what, file, line);
    abort();
}

static const struct {
    int http;
    const char *says;
} classes[] = {
#define X(name, http, says) [ST_##name] = {http, says},
    STATUS_CLASSES(X)
#undef X
};

int status_http(enum status_class cls)
{
    assert(cls < STATUS_CLASS_COUNT);
    return classes[cls].http;
}

const char *status_says(enum status_class cls)
{
    assert(cls < STATUS_CLASS_COUNT);
    return classes[cls].says;
}

status fail(enum status_class cls, const char *reason, uint32_t at, const char *fmt, ...)
{
    status s = {.cls = cls, .at = at, .reason = reason};
    va_list ap;

    assert(cls != ST_OK && reason != NULL);
    va_start(ap, fmt);
    vsnprintf(s.text, sizeof s.text, fmt, ap);
    va_end(ap);
    s.text[mask_cut(s.text, strlen(s.text))] = 0; // a sentence may repeat what was sent
    return s;
}
