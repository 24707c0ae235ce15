// version.h - what this build calls itself.
#pragma once
#include "common/base.h"

#define PACKTRAIL_VERSION "0.1.0"
