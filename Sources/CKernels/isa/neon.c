// AArch64: NEON with FMA is part of the base instruction set.
// 12×8 tiles.
#if defined(__aarch64__)
#define CK_SUFFIX neon
#define CK_NAME "neon"
#define CK_VECTOR_BYTES 16
#define CK_MR 12
#include "../templates/all.h"
#endif
