// `packtrail hash FILE…`: the hash id of every event, one a line, in document order.
#include "service/epcis/hash.h"
#include "service/cli/cli.h"
#include "service/cli/document.h"
#include <stdio.h>

struct hashing {
    bool refused;
};

// An event that has no hash keeps its line.
static status event_hash(void *self, const struct document_event *e)
{
    struct hashing *h = self;
    char id[EPCIS_HASH_LEN + 1];
    status st = e->read;

    if (st.cls == ST_OK) st = epcis_hash(e->event, e->arena, id);
    if (st.cls == ST_OK) {
        puts(id);
        return OK;
    }
    h->refused = true;
    printf("! %s %s\n", st.reason, st.text);
    return OK;
}

static const struct document_ops hash_ops = {.lenient = true, .event = event_hash};

int cli_hash(int argc, char **argv)
{
    struct hashing h = {false};
    int failed = 0;

    if (argc < 2) return cli_usage("hash");
    for (int i = 1; i < argc; i++) failed |= cli_end("hash", document_read(argv[i], &hash_ops, &h));
    failed |= cli_end("hash", cli_output_done());
    return failed != 0 || h.refused ? 1 : 0;
}
