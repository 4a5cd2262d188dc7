#pragma once
// The few calls of Open MPI that training ranks need, found when they are needed: neither building nor
// starting the program takes libmpi (decision 172). Every call but the first comes from one thread at a
// time, after martlet_mpi_start; a failure inside MPI ends all ranks, as MPI does unless told otherwise.
#include <stddef.h>
#include <stdint.h>

// Loads libmpi.so.40 and looks its functions up; NULL, or a sentence that says what is missing.
const char *martlet_mpi_load(void);
// What the library calls itself, once it is loaded; empty before.
const char *martlet_mpi_version(void);
// Begins MPI so that threads may call it one at a time; NULL, or a sentence.
const char *martlet_mpi_start(void);
// This process's number among all of them, and how many there are.
int martlet_mpi_rank(void);
int martlet_mpi_size(void);

// Adds up every rank's numbers, in place. Looks for progress without pause once it is awaited, and before
// that now and then, so that it does not take the core of who still computes.
void martlet_mpi_sum_floats(float *values, size_t count);
void martlet_mpi_sum_doubles(double *values, size_t count);
// Says whether somebody waits for the sum that is under way, or for the next one.
void martlet_mpi_await(int is_awaited);
// Gives everybody the bytes of rank `root`.
void martlet_mpi_broadcast(void *bytes, size_t count, int root);
// Ends MPI; every rank must.
void martlet_mpi_finish(void);

// Handles are addresses of these objects; the test compares them with what mpi.h says.
enum {
  MARTLET_MPI_WORLD,
  MARTLET_MPI_FLOAT,
  MARTLET_MPI_DOUBLE,
  MARTLET_MPI_BYTE,
  MARTLET_MPI_SUM,
  MARTLET_MPI_OBJECT_COUNT
};
// The address of one of them, once the library is loaded.
const void *martlet_mpi_object(int object);
// What stands for "in place", for no status, and for threads that call one at a time.
intptr_t martlet_mpi_in_place(void);
intptr_t martlet_mpi_no_status(void);
int martlet_mpi_serialized(void);
