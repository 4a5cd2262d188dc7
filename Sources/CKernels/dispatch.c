// Which tables this processor can run. Asked once, by Swift, at start.
#include "include/CKernels.h"

#if defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>
// Linux's HWCAP_ASIMDDP; what does not say so has no dot products.
static int hasDotProducts(void) { return (getauxval(AT_HWCAP) >> 20 & 1) != 0; }
#else
static int hasDotProducts(void) { return 0; }
#endif
extern const ck_table ck_table_neon, ck_table_neondot;
size_t ck_available(const ck_table **tables, size_t capacity) {
  size_t count = 0;
  if (count < capacity) tables[count++] = &ck_table_neon;
  if (count < capacity && hasDotProducts()) tables[count++] = &ck_table_neondot;
  return count;
}
#else
extern const ck_table ck_table_baseline;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2, ck_table_avxvnni, ck_table_avx512;
#endif
size_t ck_available(const ck_table **tables, size_t capacity) {
  size_t count = 0;
#define OFFER(table) do { if (count < capacity) tables[count] = &(table); count++; } while (0)
  OFFER(ck_table_baseline);
#if defined(__x86_64__)
  // These builtins also ask XGETBV whether the kernel saves the wide registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
      && __builtin_cpu_supports("f16c")) {
    OFFER(ck_table_avx2);
    if (__builtin_cpu_supports("avxvnni")) OFFER(ck_table_avxvnni);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"))
      OFFER(ck_table_avx512);
  }
#endif
  return count;
}
#endif
