// Each thread has a heap of its own in glibc's allocator (an arena). malloc_trim gives back what is
// free in the middle of all of them, and what is free at the end of the first one only: of the others
// the end stays, up to twice the largest block that was ever freed. An end goes back when a large
// piece of the same heap is freed while it is larger than M_TRIM_THRESHOLD, so that is what is done
// here, to a block that each thread has left in its heap for the purpose.
#define _GNU_SOURCE
#include "CLinux.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

struct martlet_heap {
  void *block;
  martlet_heap *next;
  martlet_heap **link;
};

enum {
  SMALL = 1 << 10,
  // Freeing 64 KiB or more makes the allocator look at the end.
  LARGE = 96 << 10,
  // By itself the allocator moves these up to 32 and 64 MiB, with the first large block that is freed.
  // Blocks that grow beyond the first are moved by the system, without a copy and a hole; smaller ones
  // are not fetched from it each time, which costs more than to fill them.
  MMAP_THRESHOLD = 8 << 20,
  TRIM_THRESHOLD = 64 << 20,
  TRIM_THRESHOLD_NOW = 128 << 10,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static martlet_heap *heaps;

void martlet_keep_heaps(void) {
  mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
  mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD);
}

void martlet_keep_large_blocks(void) {
  // The allocator takes no more than 32 MiB. A heap of each thread would be unmapped when it is empty.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_ARENA_MAX, 1);
}

martlet_heap *martlet_enter_heap(void) {
  martlet_heap *heap = malloc(sizeof *heap);
  if (heap == NULL) return NULL;
  heap->block = malloc(SMALL);
  pthread_mutex_lock(&lock);
  heap->next = heaps;
  heap->link = &heaps;
  if (heaps != NULL) heaps->link = &heap->next;
  heaps = heap;
  pthread_mutex_unlock(&lock);
  return heap;
}

void martlet_leave_heap(martlet_heap *heap) {
  if (heap == NULL) return;
  pthread_mutex_lock(&lock);
  *heap->link = heap->next;
  if (heap->next != NULL) heap->next->link = heap->link;
  pthread_mutex_unlock(&lock);
  free(heap->block);
  free(heap);
}

// A block stays in its heap, whichever thread changes its size.
static void resize(martlet_heap *heap, size_t size) {
  void *block = realloc(heap->block, size);
  if (block != NULL) heap->block = block;
}

void martlet_trim_heap(void) {
  malloc_trim(0);
  pthread_mutex_lock(&lock);
  mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD_NOW);
  for (martlet_heap *heap = heaps; heap != NULL; heap = heap->next) {
    resize(heap, LARGE);
    resize(heap, SMALL);
  }
  martlet_keep_heaps();
  pthread_mutex_unlock(&lock);
}

uint64_t martlet_used_heap(void) {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

uint64_t martlet_held_heap(void) {
  const struct mallinfo2 heap = mallinfo2();
  return heap.arena + heap.hblkhd;
}
