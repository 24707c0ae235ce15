// api.h - from a request to a job and from its answer to a reply; pages; snapshots. What the
// x_api.c files of all rooms share. Everything here runs on the request's loop.
#pragma once
#include "common/http.h"
#include "common/json.h"
#include "service/api/caller.h"
#include "service/journal/site.h"

struct site *api_site(const struct http_req *r);

// A snapshot for reading, of this loop. It must be given back before the handler returns. All that
// look at what came together have one: it is as new as the first of them, who came after the bytes.
struct txn *api_snapshot(struct http_req *r);
void api_turned(void *app, struct loop *loop);                      // for http_server_conf
struct txn *api_reader(const struct site *s, const struct loop *l); // what snapshots are taken with
// The first trouble in it, else `st`, what was made of the reading: what could not be read is not
// unknown.
status api_snapshot_end(struct http_req *r, status st);

// Body, type and caller's key are looked at, the command goes to the committer, and on its answer
// `render` writes the reply. A refusal becomes a problem without `render` being asked; so does a
// full queue (503) and a key used for another request (422). `what` lies in r->arena.
typedef void api_render(struct http_req *r, const struct ask *a);
void api_command(struct http_req *r, const struct kind *k, const void *what, api_render *render);
void api_render_nothing(struct http_req *r, const struct ask *a); // 204
// What renders the answer of this request, should it be a repeat: from here on api_fail and
// api_refuse ask for the request's key first. What the loop finds in the world of now must not
// keep a repeat from its answer.
void api_answers(struct http_req *r, api_render *render);
// The loop will not ask for the command: `st` is the answer, or that of the call that this repeats.
void api_fail(struct http_req *r, status st);
// Of what is made away from the loop: it is not there yet, and no answer is to be given. The route
// is run again from its beginning when it is, so what comes before is done twice and only looks.
status api_later(void);
bool api_is_later(const status *st);
// The answer of the call that this repeats; where it repeats none `otherwise` goes on.
typedef void api_otherwise(struct http_req *r, void *arg);
void api_unless_repeat(struct http_req *r, api_otherwise *otherwise, void *arg);
// Of a job that was answered on the caller's loop: is what a repeat is to be told again of clients
// that are still the caller's? idempotency.client (404). Jobs of api_submit are looked at by
// themselves: there api_fail and api_refuse go on as though the key were bound to nothing.
status api_repeat_check(const struct http_req *r, const struct job *j);
// Before api_command: members of the body whose texts are secrets of a person ("old new"), and so
// no part of what is compared under a key; `password` in a `signature` never is.
void api_secrets(struct http_req *r, const char *names);
// Refuses, and has the refusal recorded as a fact: for decisions of trade that the loop can make
// (an unknown unit). `units` are offenders without brackets, in r->arena, or empty.
void api_refuse(struct http_req *r, const struct kind *tried, client_id client, status st,
                str units);

// The general form: a job of several asks; `done` renders all. api_command is this with one ask.
struct job *api_job(struct http_req *r, uint32_t n); // NULL: answered already (413)
typedef void api_done(struct http_req *r, struct job *j);
void api_submit(struct http_req *r, struct job *j, api_done *done);
// The digests for an Idempotency-Key: of the whole request (method, path, query, headers that say
// what is asked for, body), or of a slice of a streamed body.
// False when there is no key. idempotency.key when it is no key (empty, over 255 bytes, control
// characters): answered already, *bad is set.
bool api_key(struct http_req *r, struct job_key *out, bool *bad);
// What the days before today, whose rows no longer change, hold of the key; today's is for the
// committer to find. api_submit looks by itself.
void api_key_older(struct txn *t, wall now, struct job_key *key);

// The reply of a whole JSON object or list built in a buf.
void api_reply(struct http_req *r, int code, struct buf *json); // takes the buf
void api_problem(struct http_req *r, const struct ask *a);      // of a refused ask

// Reads the body as one JSON object into a form's struct or refuses (400, 415): false, answered.
struct form;
bool api_body(struct http_req *r, const struct form *f, void *out);

// A name in the query, folded as names in bodies and paths are.
bool api_query_name(struct http_req *r, str name, str *value);

// A yes or no in the query, which stays as it is where it is not asked for. query.value: neither
// "true" nor "false"; a wish that was misspelt is not taken for no.
status api_flag(struct http_req *r, str name, bool *out);

// `limit` and `page` of a list. `next` is where to go on, a number or a key's bytes, sealed for
// this route (sealed.h): it tells nothing of how much others do, and what is none is 400 page.form.
struct api_page {
    uint32_t limit;
    str after; // the last key of the page before, or empty
};
bool api_page(struct http_req *r, struct api_page *out);                // false: answered (400)
void api_page_next(struct http_req *r, struct json_w *w, str last_key); // "next": token or null
void api_page_seal(struct http_req *r, str last_key, struct buf *out);  // the token alone
// Of lists that go on at a number. *from stays as it is on the first page; 0: there is no next.
bool api_page_from(struct http_req *r, const struct api_page *p, uint64_t *from); // false: answered
void api_page_on(struct http_req *r, struct json_w *w, uint64_t next);

// Where a person changes something a reason is demanded (reason.required); machines may leave it.
status api_reason_check(const struct caller *c, str reason);
// *reason is what the body says, else what the header Packtrail-Reason does, in r->arena; then as
// above. reason.form: the header is too long or no text.
status api_reason_take(struct http_req *r, str *reason);
