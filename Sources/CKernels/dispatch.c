// Which tables this processor can run. Asked once, by Swift, at start.
#include "include/CKernels.h"

#if defined(__aarch64__)
extern const ck_table ck_table_neon;
size_t ck_available(const ck_table **tables, size_t capacity) {
  if (capacity > 0) tables[0] = &ck_table_neon;
  return 1;
}
#else
extern const ck_table ck_table_baseline;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2, ck_table_avx512;
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
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"))
      OFFER(ck_table_avx512);
  }
#endif
  return count;
}
#endif
