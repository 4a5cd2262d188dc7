#pragma once
// What Swift's Glibc module leaves out: epoll, eventfd, prctl, malloc_trim and the GNU accept4.
// _GNU_SOURCE stays undefined: it renames fields of fd_set, and two modules must not differ in
// what the same system struct looks like.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int martlet_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static inline int martlet_accept(int listener) {
  // By number: the declaration of accept4 hides behind _GNU_SOURCE, which another header
  // may already have missed by the time this one is read.
  return (int)syscall(SYS_accept4, listener, (void *)0, (void *)0, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline void martlet_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// Gives free heap pages back to the system.
static inline void martlet_trim_heap(void) { malloc_trim(0); }
