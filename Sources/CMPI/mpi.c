#define _GNU_SOURCE
#include "CMPI.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

// Open MPI's interface of binaries, the same from 4.0 to 5.0 (libmpi.so.40): handles are addresses of
// objects that it exports, and these constants are those of its mpi.h.
static void *const in_place = (void *)1;
static void *const no_status = NULL;
enum { success = 0, serialized = 2, version_length = 256 };
typedef void *handle;

static struct {
  int (*get_library_version)(char *, int *);
  int (*initialized)(int *);
  int (*init_thread)(int *, char ***, int, int *);
  int (*comm_rank)(handle, int *);
  int (*comm_size)(handle, int *);
  int (*iallreduce)(const void *, void *, int, handle, handle, handle, handle *);
  int (*test)(handle *, int *, void *);
  int (*bcast)(void *, int, handle, int, handle);
  int (*finalize)(void);
} mpi;

static void *objects[MARTLET_MPI_OBJECT_COUNT];
static char version[version_length * 4];
static char failure[512];
static int is_loaded;
static atomic_int awaited;

static int find(void *library, const char *name, void *target) {
  void *found = dlsym(library, name);
  if (!found) {
    snprintf(failure, sizeof failure,
             "libmpi.so.40 has no %s; expected Open MPI 4 (Debian package openmpi-bin)", name);
    return 0;
  }
  memcpy(target, &found, sizeof found);
  return 1;
}

const char *martlet_mpi_load(void) {
  if (is_loaded) return NULL;
  // Global, because Open MPI's own plug-ins look its symbols up.
  void *library = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(failure, sizeof failure,
             "Open MPI's library cannot be loaded; install the Debian package openmpi-bin (%s)",
             reason ? reason : "libmpi.so.40");
    return failure;
  }
  const char *const names[MARTLET_MPI_OBJECT_COUNT] = {"ompi_mpi_comm_world", "ompi_mpi_float",
                                                       "ompi_mpi_double", "ompi_mpi_byte",
                                                       "ompi_mpi_op_sum"};
  for (int index = 0; index < MARTLET_MPI_OBJECT_COUNT; index++)
    if (!find(library, names[index], &objects[index])) return failure;
  if (!find(library, "MPI_Get_library_version", &mpi.get_library_version) ||
      !find(library, "MPI_Initialized", &mpi.initialized) ||
      !find(library, "MPI_Init_thread", &mpi.init_thread) ||
      !find(library, "MPI_Comm_rank", &mpi.comm_rank) ||
      !find(library, "MPI_Comm_size", &mpi.comm_size) ||
      !find(library, "MPI_Iallreduce", &mpi.iallreduce) || !find(library, "MPI_Test", &mpi.test) ||
      !find(library, "MPI_Bcast", &mpi.bcast) || !find(library, "MPI_Finalize", &mpi.finalize))
    return failure;
  int length = 0;
  if (mpi.get_library_version(version, &length) != success || !strstr(version, "Open MPI v")) {
    snprintf(failure, sizeof failure, "libmpi.so.40 must be Open MPI's, it calls itself '%.100s'",
             version);
    return failure;
  }
  // "Open MPI v4.1.4, package: Debian OpenMPI, …": what comes after the number is nobody's business.
  char *end = strchr(version, ',');
  if (end) *end = 0;
  is_loaded = 1;
  return NULL;
}

const char *martlet_mpi_version(void) { return is_loaded ? version : ""; }

const char *martlet_mpi_start(void) {
  const char *reason = martlet_mpi_load();
  if (reason) return reason;
  int began = 0, provided = 0;
  if (mpi.initialized(&began) == success && began) return NULL;
  if (mpi.init_thread(NULL, NULL, serialized, &provided) != success)
    return "MPI cannot begin; run the command with mpirun or srun --mpi=pmix";
  if (provided < serialized)
    return "this Open MPI was built without threads (MPI_THREAD_SERIALIZED), which are needed";
  return NULL;
}

int martlet_mpi_rank(void) {
  int rank = 0;
  mpi.comm_rank(objects[MARTLET_MPI_WORLD], &rank);
  return rank;
}

int martlet_mpi_size(void) {
  int size = 1;
  mpi.comm_size(objects[MARTLET_MPI_WORLD], &size);
  return size;
}

void martlet_mpi_await(int is_awaited) {
  atomic_store_explicit(&awaited, is_awaited, memory_order_relaxed);
}

// Elements of one call: MPI counts in int, and half of that leaves room for what it rounds up.
enum { piece_max = 1 << 30 };

static void sum(char *values, size_t count, size_t width, handle type) {
  while (count > 0) {
    size_t piece = count < piece_max ? count : piece_max;
    handle request;
    mpi.iallreduce(in_place, values, (int)piece, type, objects[MARTLET_MPI_SUM],
                   objects[MARTLET_MPI_WORLD], &request);
    // A sleep of 20 µs is one of 70 unless the system is told not to wait for others that are due.
    static _Thread_local int is_exact;
    if (!is_exact) is_exact = prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL) == 0;
    for (int done = 0;;) {
      mpi.test(&request, &done, no_status);
      if (done) break;
      if (atomic_load_explicit(&awaited, memory_order_relaxed)) {
        sched_yield();
      } else {
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
      }
    }
    values += piece * width;
    count -= piece;
  }
}

void martlet_mpi_sum_floats(float *values, size_t count) {
  sum((char *)values, count, sizeof *values, objects[MARTLET_MPI_FLOAT]);
}

void martlet_mpi_sum_doubles(double *values, size_t count) {
  sum((char *)values, count, sizeof *values, objects[MARTLET_MPI_DOUBLE]);
}

void martlet_mpi_broadcast(void *bytes, size_t count, int root) {
  for (char *place = bytes; count > 0;) {
    size_t piece = count < piece_max ? count : piece_max;
    mpi.bcast(place, (int)piece, objects[MARTLET_MPI_BYTE], root, objects[MARTLET_MPI_WORLD]);
    place += piece;
    count -= piece;
  }
}

void martlet_mpi_finish(void) { mpi.finalize(); }

const void *martlet_mpi_object(int object) { return objects[object]; }
intptr_t martlet_mpi_in_place(void) { return (intptr_t)in_place; }
intptr_t martlet_mpi_no_status(void) { return (intptr_t)no_status; }
int martlet_mpi_serialized(void) { return serialized; }
