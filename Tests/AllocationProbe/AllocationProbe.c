// Takes the place of the C library's allocation functions in the test program, counts per thread,
// and passes on to glibc's own. Only tests link this.
#include "AllocationProbe.h"

#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

// Initial-exec: a thread variable that needed an allocation itself would call us again.
static __thread uint64_t allocations __attribute__((tls_model("initial-exec")));

uint64_t allocation_probe_count(void) { return allocations; }

// Sanitisers have their own allocator in this place.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
int allocation_probe_is_active(void) { return 0; }
#else
int allocation_probe_is_active(void) { return 1; }

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  allocations++;
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  allocations++;
  if (alignment % sizeof(void *) || (alignment & (alignment - 1))) return EINVAL;
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
#endif
