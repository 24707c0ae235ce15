#include "service/cli/iq_libraries.h"
#include <curl/curl.h>
#include <event2/event.h>
#include <http_parser.h>
#include <libxml/parser.h>
#include <lmdb.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <stdio.h>
#include <stdlib.h>
#include <wslay/wslay.h>
#include <yaml.h>
#include <zlib.h>

static void numbers(char out[32], unsigned long major, unsigned long minor, unsigned long patch)
{
    snprintf(out, 32, "%lu.%lu.%lu", major, minor, patch);
}

static void add(struct iq_library *out, uint32_t *n, const char *name, const char *built,
                const char *runs)
{
    struct iq_library *l = &out[(*n)++];

    l->name = name;
    snprintf(l->built, sizeof l->built, "%s", built);
    snprintf(l->runs, sizeof l->runs, "%s", runs);
}

uint32_t iq_libraries(struct iq_library out[IQ_LIBRARIES_MAX])
{
    unsigned long parser = http_parser_version();
    char built[32], runs[32];
    int major, minor, patch;
    uint32_t n = 0;

    add(out, &n, "argon2", "", "");
    add(out, &n, "curl", LIBCURL_VERSION, curl_version_info(CURLVERSION_NOW)->version);
    numbers(built, HTTP_PARSER_VERSION_MAJOR, HTTP_PARSER_VERSION_MINOR, HTTP_PARSER_VERSION_PATCH);
    numbers(runs, parser >> 16 & 255, parser >> 8 & 255, parser & 255);
    add(out, &n, "http_parser", built, runs);
    add(out, &n, "libevent", LIBEVENT_VERSION, event_get_version());
    // It says one number, and then which revision it was built from.
    unsigned long xml = strtoul(xmlParserVersion, NULL, 10);
    numbers(runs, xml / 10000, xml / 100 % 100, xml % 100);
    add(out, &n, "libxml2", LIBXML_DOTTED_VERSION, runs);
    add(out, &n, "libyaml", "", yaml_get_version_string());
    mdb_version(&major, &minor, &patch);
    numbers(built, MDB_VERSION_MAJOR, MDB_VERSION_MINOR, MDB_VERSION_PATCH);
    numbers(runs, (unsigned long)major, (unsigned long)minor, (unsigned long)patch);
    add(out, &n, "lmdb", built, runs);
    add(out, &n, "openssl", OPENSSL_VERSION_STR, OpenSSL_version(OPENSSL_VERSION_STRING));
    add(out, &n, "wslay", WSLAY_VERSION, "");
    add(out, &n, "zlib", ZLIB_VERSION, zlibVersion());
    return n;
}
