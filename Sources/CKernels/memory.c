// Scratch per thread, and memory for weights.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

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

void *ck_allocate(size_t byteCount) {
  if (byteCount == 0) byteCount = 1;
  void *memory = NULL;
  if (byteCount >= HUGE_PAGE) {
    if (posix_memalign(&memory, HUGE_PAGE, byteCount) != 0) return NULL;
    madvise(memory, byteCount, MADV_HUGEPAGE);
  } else if (posix_memalign(&memory, 64, byteCount) != 0) {
    return NULL;
  }
  return memory;
}

void ck_free(void *memory, size_t byteCount) {
  (void)byteCount;
  free(memory);
}
