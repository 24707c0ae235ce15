#include "service/ops/stream.h"
#include "common/loop.h"

static void turn_mail(struct mail *m);

static void end(struct stream *s, enum stream_step step)
{
    struct http_req *r = s->r;

    if (step == STREAM_ENDS) {
        http_reply_end(r);
        s->free(s);
    } else {
        http_reply_break(r); // `gone` frees it
    }
}

static void turn(struct stream *s)
{
    enum stream_step step = s->piece(s);

    if (s->out.n > 0) http_reply_write(s->r, buf_str(&s->out));
    if (step != STREAM_GOES_ON) {
        end(s, step);
        return;
    }
    if (s->out.n > 0) { // goes on when the caller has taken it
        buf_reset(&s->out);
        return;
    }
    s->mailed = true;
    s->mail.open = turn_mail;
    loop_post(s->r->loop, &s->mail);
}

static void turn_mail(struct mail *m)
{
    struct stream *s = CONTAINER_OF(m, struct stream, mail);

    s->mailed = false;
    if (s->r == NULL)
        s->free(s);
    else
        turn(s);
}

static void drained(struct http_req *r)
{
    struct stream *s = r->work;
    if (!s->mailed) turn(s);
}

static void gone(struct http_req *r)
{
    struct stream *s = r->work;

    s->r = NULL;
    if (!s->mailed) s->free(s);
}

void stream_start(struct stream *s, const char *type)
{
    s->r->work = s;
    http_reply_start(s->r, 200, type, drained, gone);
    turn(s);
}
