// ops_int.h - what the files of this room share.
#pragma once
#include "service/api/api.h"

void ops_metrics(struct http_req *r);
void ops_journal(struct http_req *r);
