// soap.h - POST /epcis/v1/query: the query interface of EPCIS 1.2 over SOAP 1.1.
#pragma once
#include "common/http.h"

#define SOAP_PATH "/epcis/v1/query"

extern const struct http_route soap_routes[];
extern const struct http_manner soap_manner; // of the path: refusals are faults
