// `packtrail serve -c FILE [--listen ADDR:PORT]`
#include "service/serve.h"
#include "service/cli/cli.h"
#include <string.h>

int cli_serve(int argc, char **argv)
{
    struct serve_options o = {0};

    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return cli_usage("serve");
        if (strcmp(argv[i], "-c") == 0)
            o.file = argv[i + 1];
        else if (strcmp(argv[i], "--listen") == 0)
            o.listen = argv[i + 1];
        else
            return cli_usage("serve");
    }
    return o.file == NULL ? cli_usage("serve") : cli_end("serve", serve_run(&o));
}
