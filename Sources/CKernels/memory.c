// Scratch per thread, and memory for weights.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "include/CKernels.h"

typedef struct {
  void *memory[CK_SCRATCH_SLOTS];
  size_t byteCount[CK_SCRATCH_SLOTS];
} scratch;

static pthread_key_t scratchKey;
static pthread_once_t scratchOnce = PTHREAD_ONCE_INIT;
static _Thread_local scratch *scratchHere;

static void scratchFree(void *pointer) {
  scratch *s = pointer;
  for (size_t i = 0; i < CK_SCRATCH_SLOTS; i++) ck_free(s->memory[i], s->byteCount[i]);
  free(s);
  scratchHere = NULL;
}
static void scratchMakeKey(void) { pthread_key_create(&scratchKey, scratchFree); }

void *ck_scratch(size_t slot, size_t byteCount) {
  if (slot >= CK_SCRATCH_SLOTS) return NULL;
  scratch *s = scratchHere;
  if (!s) {
    pthread_once(&scratchOnce, scratchMakeKey);
    s = calloc(1, sizeof *s);
    if (!s) return NULL;
    pthread_setspecific(scratchKey, s);
    scratchHere = s;
  }
  if (s->byteCount[slot] < byteCount || !s->memory[slot]) {
    ck_free(s->memory[slot], s->byteCount[slot]);
    s->memory[slot] = NULL;
    // Rounded up, so that slowly growing requests do not allocate each time.
    size_t rounded = 65536;
    while (rounded < byteCount) rounded += rounded / 2;
    s->memory[slot] = ck_allocate(rounded);
    s->byteCount[slot] = s->memory[slot] ? rounded : 0;
  }
  return s->memory[slot];
}

#define HUGE_PAGE ((size_t)2 << 20)

// A whole number of pages; 0 if there are not so many.
static size_t pages(size_t byteCount) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return byteCount > SIZE_MAX / 2 ? 0 : (byteCount + page - 1) / page * page;
}

// Memory of its own goes back to the system when it is freed, whatever lies around it: what malloc
// keeps of a model that was unloaded may be all of it.
static void *map(size_t byteCount) {
  const size_t length = pages(byteCount);
  if (length == 0) return NULL;
  char *begin = mmap(
      NULL, length + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED) return NULL;
  // Only a mapping that begins at a huge page's border can begin with one.
  char *memory = (char *)(((uintptr_t)begin + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
  if (memory > begin) munmap(begin, (size_t)(memory - begin));
  munmap(memory + length, (size_t)(begin + HUGE_PAGE - memory));
  madvise(memory, length, MADV_HUGEPAGE);
  return memory;
}

void *ck_allocate(size_t byteCount) {
  if (byteCount >= HUGE_PAGE) return map(byteCount);
  void *memory = NULL;
  return posix_memalign(&memory, 64, byteCount ? byteCount : 1) == 0 ? memory : NULL;
}

void *ck_allocate_zeros(size_t byteCount) {
  void *memory = ck_allocate(byteCount);
  // The system's pages are zeros.
  if (memory && byteCount < HUGE_PAGE) memset(memory, 0, byteCount);
  return memory;
}

void ck_free(void *memory, size_t byteCount) {
  if (memory && byteCount >= HUGE_PAGE) {
    munmap(memory, pages(byteCount));
  } else {
    free(memory);
  }
}
