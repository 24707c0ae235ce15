// base.h - the few words every file may use. Knows nothing of the trade.
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define KB     ((size_t)1024)
#define MB     ((size_t)1024 * 1024)
#define GB     ((size_t)1024 * 1024 * 1024)

#ifdef __clang__ // clang honours it on the type, so no prototype needs to repeat it
#define MUST_USE __attribute__((warn_unused_result))
#else
#define MUST_USE
#endif
#define LIKE_PRINTF(f, a) __attribute__((format(printf, f, a)))

// An assert is about our own mistakes and stays on in production.
// Anything a stranger can cause is a status, never an assert.
_Noreturn void assert_failed(const char *what, const char *file, int line);
#define assert(c) ((c) ? (void)0 : assert_failed(#c, __FILE__, __LINE__))

// Objects that travel through a void * begin with `unsigned magic`.
#define OBJ_CHECK(p, m) assert((p) != NULL && (p)->magic == (m))

// The struct of type `type` whose member `member` is at `p`.
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))
