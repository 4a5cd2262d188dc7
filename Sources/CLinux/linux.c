#define _GNU_SOURCE
#include "CLinux.h"

#include <link.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(MARTLET_EPOLL_ADD == EPOLL_CTL_ADD && MARTLET_EPOLL_DELETE == EPOLL_CTL_DEL &&
                   MARTLET_EPOLL_MODIFY == EPOLL_CTL_MOD,
               "the operations are epoll's");

int martlet_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int martlet_epoll_control(int poller, int operation, int descriptor, uint32_t events,
                          uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(poller, operation, descriptor, &event);
}

int martlet_epoll_wait(int poller, martlet_ready *ready, int count, int milliseconds) {
  struct epoll_event events[256];
  int found = epoll_wait(poller, events, count < 256 ? count : 256, milliseconds);
  for (int i = 0; i < found; i++) {
    ready[i].token = events[i].data.u64;
    ready[i].events = events[i].events;
  }
  return found;
}

int martlet_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int martlet_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void martlet_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

uint64_t martlet_resident_memory(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL) return 0;
  if (fscanf(file, "%*u %lu", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int release_segments(struct dl_phdr_info *object, size_t size, void *unused) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    // Segments that may be written also hold what was relocated: that exists only in memory.
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
    uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    // Not possible for the kernel's own page of code, and then not needed.
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void martlet_release_code(void) { dl_iterate_phdr(release_segments, NULL); }

void martlet_lower_priority(void) {
  struct sched_param none = {0};
  // Batch: a thread that wakes never takes the core from one that serves. On Linux both calls act on
  // a thread, and threads inherit them.
  sched_setscheduler(0, SCHED_BATCH, &none);
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
}

int martlet_spawn_self(char *const arguments[], char *const environment[]) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t id = 0;
  int status = posix_spawn(&id, "/proc/self/exe", &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return status == 0 ? id : -status;
}
