#pragma once
// What Swift's Glibc module leaves out: epoll, eventfd, prctl, malloc_trim and accept4.
//
// No system header is included here. A struct such as timespec would then be this module's as well
// as Glibc's, and which of the two Swift takes it from depends on the order in which it happens to
// read a module's files.
#include <stdint.h>

// One ready descriptor: what it was registered with, and its epoll event bits.
typedef struct martlet_ready {
  uint64_t token;
  uint32_t events;
} martlet_ready;

// Operations of martlet_epoll_control.
enum { MARTLET_EPOLL_ADD = 1, MARTLET_EPOLL_DELETE = 2, MARTLET_EPOLL_MODIFY = 3 };

// A new epoll descriptor; -1 with errno.
int martlet_epoll_create(void);
// Registers, changes or forgets a descriptor; -1 with errno.
int martlet_epoll_control(int poller, int operation, int descriptor, uint32_t events,
                          uint64_t token);
// Waits for at most `count` (256 or fewer) ready descriptors; how many there are, or -1 with errno.
int martlet_epoll_wait(int poller, martlet_ready *ready, int count, int milliseconds);

// A non-blocking eventfd; -1 with errno.
int martlet_eventfd(void);
// The next connection of a listener, non-blocking and closed on exec; -1 with errno.
int martlet_accept(int listener);
// Names the calling thread, for tools.
void martlet_name_thread(const char *name);
// The calling thread, and those that it starts, get the cores that nobody else wants.
void martlet_lower_priority(void);
// A thread's own heap, for the time that the thread lives.
typedef struct martlet_heap martlet_heap;
// Registers the calling thread's heap, so that martlet_trim_heap reaches it.
martlet_heap *martlet_enter_heap(void);
void martlet_leave_heap(martlet_heap *heap);
// From now on heaps keep what is freed, until martlet_trim_heap.
void martlet_keep_heaps(void);
// For a process of one purpose that makes and frees the same large blocks over and over: from here on they
// stay, and threads that begin later share one heap.
void martlet_keep_large_blocks(void);
// Gives free pages of all heaps back to the system.
void martlet_trim_heap(void);
// Bytes of the heap that are in use.
uint64_t martlet_used_heap(void);
// Bytes that the allocator has from the system: in use, or free and kept.
uint64_t martlet_held_heap(void);
// Bytes of the process that are in memory.
uint64_t martlet_resident_memory(void);
// Unmaps the pages of the program and its libraries that nothing has written: those that are used
// again come back from the page cache, those that only the start needed do not.
void martlet_release_code(void);
// Starts this same program with arguments and an environment, each ending with NULL: nothing is
// read, descriptors from 3 on are closed, no signal is blocked, and it is a group of its own. Its
// number, or -errno.
int martlet_spawn_self(char *const arguments[], char *const environment[]);
