// Counts what the calling thread allocates, to prove that a path allocates nothing.
#pragma once

#include <stdint.h>

/// Calls of malloc, calloc, realloc and aligned allocation this thread has made so far.
uint64_t allocation_probe_count(void);

/// 0 where a sanitiser's allocator leaves nothing to count.
int allocation_probe_is_active(void);
