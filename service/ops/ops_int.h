// ops_int.h - what the files of this room share.
#pragma once
#include "service/api/api.h"

void ops_request_metrics(void); // registers what request.c counts
