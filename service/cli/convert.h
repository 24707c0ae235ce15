// convert.h - `packtrail convert` of documents, beside that of identifiers.
#pragma once
#include "service/epcis/write.h"

// `path` to standard output, as a document of the format. What cannot be said in it is told on
// standard error. Returns the exit code: 0, or 1 where an event or the document was refused.
// `prefix_file` may be NULL.
int convert_document(enum epcis_format format, const char *prefix_file, const char *path);
