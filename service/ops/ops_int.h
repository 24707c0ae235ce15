// ops_int.h - what the files of this room share.
#pragma once
#include "service/api/api.h"

// Was a write refused for want of room lately, and none stored since?
bool ops_store_is_full(void);

void ops_metrics(struct http_req *r);
void ops_journal(struct http_req *r);
void ops_export(struct http_req *r);
void ops_export_key(struct http_req *r);
void ops_configuration(struct http_req *r);
