// fault.h - refusals as EPCIS 1.2 tells them over SOAP 1.1: a Fault whose detail is the exception.
//
// A handler refuses by http_problem like everywhere else; soap_manner (soap.h) makes a fault of it,
// with HTTP 500 but for what HTTP itself must say (401, 403, 405, 408, 413, 415, 429, 431, 503).
#pragma once
#include "common/http.h"
#include "common/xml.h"

// "QueryParameterException" and so on, of the query interface's namespace.
const char *soap_exception(status st);
// What an exception may name beside the reason; empty: nothing.
struct soap_about {
    str query, subscription;
};
// The exception alone, as an element of an open document in which `epcisq` is declared.
void soap_exception_write(struct xml_w *w, status st, const struct soap_about *about);
// For http_problem's `extra`: whom the exception is about. Lives in the arena.
str soap_about_extra(struct http_req *r, str query, str subscription);
