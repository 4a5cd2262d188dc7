// AVX2 with FMA and F16C: Intel since Haswell (2013), AMD since Zen (2017). 6×16 tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CK_SUFFIX avx2
#define CK_NAME "avx2"
#define CK_VECTOR_BYTES 32
#define CK_MR 6
#define CK_HAS_F16C
#define CK_HAS_AVX2
#include "../templates/all.h"
#pragma clang attribute pop
#endif
