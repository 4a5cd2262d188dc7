// A C face of libre2: regular expressions that take linear time whatever the pattern and the text.
// Expressions are immutable: any number of threads may match at once.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct martlet_re2 martlet_re2;

// Compiles a pattern of UTF-8. `longest`: leftmost-longest instead of leftmost-first. At most
// `bytes` are used for what is compiled. On failure NULL, and a sentence in `error`.
martlet_re2 *martlet_re2_compile(
    const char *pattern, size_t count, bool longest, int64_t bytes, char *error,
    size_t errorCount);

void martlet_re2_free(martlet_re2 *expression);

// Whether the whole text matches.
bool martlet_re2_matches(const martlet_re2 *expression, const char *text, size_t count);

// The first match at or after `start`; begin and end are written only if there is one.
bool martlet_re2_find(
    const martlet_re2 *expression, const char *text, size_t count, size_t start, size_t *begin,
    size_t *end);

#ifdef __cplusplus
}
#endif
