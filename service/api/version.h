// version.h - what this build calls itself.
#pragma once

#define PACKTRAIL_VERSION "0.1.0"
