// inbox_int.h - what the files of this room share.
#pragma once
#include "service/event/unit_view.h"
#include "service/exception/act.h"
#include "service/inbox/inbox.h"

#define INBOX_TEXT_MAX (16 * MB) // of an answer

// What an answer about exceptions is made with: one snapshot, one caller.
struct inbox {
    struct http_req *r;
    const struct site *site;
    const struct caller *caller;
    struct txn *t;
    struct arena *a;
    struct unit_reader units;
};

void inbox_open(struct inbox *x, struct http_req *r); // opens the loop's snapshot
status inbox_close(struct inbox *x, status st);       // the first trouble
void inbox_reply(struct http_req *r, int code, status st, struct buf *b); // takes the buf

// find.c: what of it may this caller see? The exception that the path names: exception.unknown.
bool inbox_sees(const struct inbox *x, const struct exception_row *row);
status inbox_find(struct inbox *x, str id, struct exception_row *out);
void inbox_id_put(const struct site *s, const struct exception_id *id, struct buf *out);

// view.c: members of an open object.
void inbox_brief(struct inbox *x, const struct exception_row *row, struct json_w *w);
status inbox_whole(struct inbox *x, const struct exception_row *row, struct json_w *w);
// What was done with it, by the fact that says so.
void inbox_happening(struct inbox *x, const struct fact *f, const struct exception_act *act,
                     struct json_w *w);
// Whose product: GTIN, and a serial where it is one pack; empty where nothing is known.
struct inbox_product {
    str gtin, serial, lot, expiry;
};
status inbox_product(struct inbox *x, const struct exception_row *row, struct inbox_product *out);

// message_api.c: the case under which a partner is told of an exception of ours; in the arena.
str inbox_case(struct inbox *x, const struct exception_row *row);

void inbox_list(struct http_req *r);    // list.c
void inbox_summary(struct http_req *r); // list.c
void inbox_message_take(struct http_req *r);
void inbox_message_show(struct http_req *r);
