// What every x86-64 has (SSE2), or the plain vectors of any other machine.
#if !defined(__aarch64__)
#define CK_SUFFIX baseline
#define CK_NAME "baseline"
#define CK_VECTOR_BYTES 16
#define CK_MR 6
#include "../templates/all.h"
#endif
