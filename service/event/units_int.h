// units_int.h - what the files that answer questions about units share.
#pragma once
#include "service/event/units_api.h"

void unit_tree_show(struct http_req *r);
void unit_history_show(struct http_req *r);
