// AVX-512 with VNNI and BF16: AMD since Zen 4, Intel servers since Cooper Lake. 14×32 tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(                                                                    \
    __attribute__((target(                                                                       \
        "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16"))),             \
    apply_to = function)
#define CK_SUFFIX avx512
#define CK_NAME "avx512"
#define CK_VECTOR_BYTES 64
#define CK_MR 14
#define CK_HAS_F16C
#define CK_HAS_AVX512
#include "../templates/all.h"
#pragma clang attribute pop
#endif
