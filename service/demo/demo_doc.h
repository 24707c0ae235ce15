// demo_doc.h - reads just enough of an EPCIS document to check it, in either dialect.
#pragma once
#include "common/arena.h"
#include "common/status.h"

#define DEMO_EPCS_MAX 20000u // of one event

struct demo_event {
    str id, action, step, parent;
    str *epcs; // epcList or childEPCs
    uint32_t count;
};

typedef void demo_each(void *self, const struct demo_event *e);
status demo_doc_json(str doc, struct arena *a, demo_each *each, void *self);
status demo_doc_xml(str doc, struct arena *a, demo_each *each, void *self);
