// AArch64 with dot products of bytes (FEAT_DotProd): Armv8.4, and most processors since 2018.
#if defined(__aarch64__)
#include <arm_neon.h>
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define CK_SUFFIX neondot
#define CK_NAME "neon-dot"
#define CK_VECTOR_BYTES 16
#define CK_MR 12
#define CK_HAS_NEON_DOT
#include "../templates/all.h"
#pragma clang attribute pop
#endif
