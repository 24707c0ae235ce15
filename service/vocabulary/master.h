// master.h - master data as questions for events reach for them.
#pragma once
#include "service/query/query.h"

extern const struct query_master_ops vocabulary_master; // for site->master
