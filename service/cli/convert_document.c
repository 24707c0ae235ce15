// EPCIS documents to another format, event by event: what is written leaves at once, so that memory
// does not grow with the document.
#include "service/cli/cli.h"
#include "service/cli/convert.h"
#include "service/cli/document.h"
#include "service/cli/prefix_file.h"
#include <stdio.h>
#include <string.h>

#define EVENT_MAX (256 * MB) // one event, written

struct conversion {
    struct epcis_out conf;
    struct epcis_doc doc;
    struct buf out;
    size_t head; // bytes of `out` before the first event: the writer may look back at them
    bool begun, refused;
    struct arena arena; // prefixes, and what the head says
    struct gs1_prefixes prefixes;
};

static void left_out(const char *what)
{
    fprintf(stderr, "packtrail convert: %s: left out\n", what);
}

static str keep(struct conversion *c, str text) { return arena_str(&c->arena, text); }

// The 13 digits of a party, in whatever spelling; empty where it is none.
static str gln_of(struct conversion *c, str party)
{
    struct gs1_id id;

    if (party.n == 13 && str_is_digits(party)) return keep(c, party);
    if (gs1_read(party, &c->arena, &id).cls != ST_OK) return (str){"", 0};
    if (id.scheme != GS1_PGLN && id.scheme != GS1_SGLN) return (str){"", 0};
    return keep(c, gs1_id_key(&id));
}

static void parties_take(struct conversion *c, const struct epcis_front *f)
{
    str sender = gln_of(c, f->sender.id), receiver = gln_of(c, f->receiver.id);

    if (f->sender.id.n == 0 && f->receiver.id.n == 0) return;
    if (sender.n == 0 || receiver.n == 0 || f->instance.n == 0) {
        left_out("sender and receiver, which are not both known by GLN and instance identifier");
        return;
    }
    c->conf.sender = sender;
    c->conf.receiver = receiver;
    c->conf.instance = keep(c, f->instance);
}

static bool is_hc(const struct epcis_node *n, const char *name)
{
    return n->ns != NULL && str_eq(n->ns->uri, S(EPCIS_HC_URI)) && str_eq(n->name, str_of(name));
}

// It is told on where it says what we say, word by word: the sender affirms nothing else.
static bool is_our_statement(const struct epcis_node *n)
{
    bool affirms = false, notice = false;

    for (const struct epcis_node *c = n->child; c != NULL; c = c->next) {
        affirms = affirms || (is_hc(c, "affirmTransactionStatement") && str_eq(c->text, S("true")));
        notice = notice || (is_hc(c, "legalNotice") && str_eq(c->text, S(EPCIS_NOTICE_TEXT)));
    }
    return is_hc(n, "dscsaTransactionStatement") && affirms && notice;
}

// Elements of others in the header.
static void others_take(struct conversion *c, const struct epcis_front *f)
{
    bool fits = c->conf.kind == EPCIS_DOC && c->conf.sender.n > 0;
    char what[96];

    for (const struct epcis_node *n = f->ext; n != NULL; n = n->next) {
        if (fits && !c->conf.statement && is_our_statement(n)) {
            c->conf.statement = true;
            continue;
        }
        str name = str_shown(n->name, 64);
        snprintf(what, sizeof what, "%.*s of the header", STR(name));
        left_out(what);
    }
}

// XML lets a document's date go without zone. It is of the document alone: taken for UTC.
static status created_read(str text, struct moment *out)
{
    char zoned[72];
    status st = when_read(text, out);

    if (st.cls == ST_OK || strcmp(st.reason, "time.zone") != 0 || text.n > 64) return st;
    int n = snprintf(zoned, sizeof zoned, "%.*sZ", STR(text));
    return when_read((str){zoned, (size_t)n}, out);
}

// Hands over what stands in `out` from `from` on, and forgets it.
static void leave(struct conversion *c, size_t from)
{
    if (c->out.n > from) fwrite(c->out.p + from, 1, c->out.n - from, stdout);
    c->out.n = from;
}

static void begin(struct conversion *c)
{
    if (c->begun) return;
    c->begun = true;
    epcis_doc_init(&c->doc, &c->conf, &c->out);
    c->head = c->out.n;
    fwrite(c->out.p, 1, c->head, stdout);
}

// What the front says lives no longer than the reading: it is written at once.
static status master_take(struct conversion *c, const struct epcis_front *f)
{
    bool own = c->conf.kind == EPCIS_MASTERDATA_DOC;
    bool fits = own || c->conf.format != EPCIS_XML_1_2 || c->conf.sender.n > 0;

    if ((c->conf.kind != EPCIS_DOC && !own) || !fits) {
        left_out(fits ? "master data of a query's results"
                      : "master data: the header of 1.2 needs sender and receiver");
        return OK;
    }
    c->conf.elements = f->elements;
    c->conf.element_count = f->element_count;
    begin(c);
    return c->doc.st;
}

static status take_front(void *self, const struct epcis_front *f)
{
    struct conversion *c = self;

    c->conf.kind = f->kind;
    if (f->kind == EPCIS_BARE_EVENT && c->conf.format != EPCIS_JSON_2_0) c->conf.kind = EPCIS_DOC;
    if (f->created.n > 0) TRY(created_read(f->created, &c->conf.created));
    c->conf.query_name = keep(c, f->query_name);
    c->conf.subscription_id = keep(c, f->subscription_id);
    parties_take(c, f);
    others_take(c, f);
    return f->element_count > 0 ? master_take(c, f) : OK;
}

static status take_event(void *self, const struct document_event *e)
{
    struct conversion *c = self;
    struct buf line;
    status st = e->read;

    if (st.cls == ST_OK && c->conf.created.at.ms == 0) c->conf.created = e->event->time.at;
    begin(c);
    TRY(c->doc.st);
    if (st.cls == ST_OK) st = epcis_doc_event(&c->doc, e->event);
    leave(c, c->head);
    if (st.cls == ST_OK) return OK;
    c->refused = true;
    buf_init(&line, 1 * KB);
    document_refusal(e, &st, &line);
    fprintf(stderr, "packtrail convert: %.*s\n", STR(buf_str(&line)));
    buf_fini(&line);
    return OK;
}

static const struct document_ops convert_ops = {.front = take_front, .event = take_event};

static status convert(struct conversion *c, const char *path)
{
    TRY(document_read(path, &convert_ops, c));
    begin(c);
    TRY(epcis_doc_end(&c->doc));
    leave(c, c->head);
    return cli_output_done();
}

int convert_document(enum epcis_format format, const char *prefix_file, const char *path)
{
    struct conversion c = {
        .conf = {.format = format,
                 .ids = format == EPCIS_XML_1_2 ? EPCIS_URN : EPCIS_AS_GIVEN,
                 .strict = format == EPCIS_XML_1_2,
                 .prefixes = &c.prefixes}
    };

    arena_init(&c.arena, 2 * PREFIX_ARENA);
    buf_init(&c.out, EVENT_MAX);
    status st = prefix_file_read(prefix_file, &c.arena, &c.prefixes);
    if (st.cls == ST_OK) st = convert(&c, path);
    if (c.begun) epcis_doc_fini(&c.doc);
    buf_fini(&c.out);
    arena_fini(&c.arena);
    return cli_end("convert", st) != 0 || c.refused ? 1 : 0;
}
