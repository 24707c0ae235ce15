// serve_imports.h - imports that a crash cut off are taken back at the start, before anybody can
// call: what nobody can see must not be in the way of other numbers, nor of a pool's return.
// A full store keeps them: it is served for reading.
#pragma once
#include "service/journal/site.h"

status serve_imports_drop(struct site *site);
