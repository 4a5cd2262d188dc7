// AVX2 with dot products of bytes in the short encoding: Intel's clients since Alder Lake, AMD since
// Zen 5. 6×16 tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#define CK_SUFFIX avxvnni
#define CK_NAME "avx-vnni"
#define CK_VECTOR_BYTES 32
#define CK_MR 6
#define CK_HAS_F16C
#define CK_HAS_AVX2
#define CK_HAS_AVX_VNNI
#include "../templates/all.h"
#pragma clang attribute pop
#endif
