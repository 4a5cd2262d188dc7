// Vectors of one instruction set. The including file defines CK_SUFFIX, CK_VECTOR_BYTES and
// CK_MR before it includes templates/all.h. Every function here is inlined: nothing in this folder
// may leave a symbol with a shared name behind, or the linker could pick another ISA's copy.
#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../include/CKernels.h"

#define CK_PASTE2(a, b) a##_##b
#define CK_PASTE(a, b) CK_PASTE2(a, b)
#define NAME(kernel) CK_PASTE(kernel, CK_SUFFIX)
#define INLINE static inline __attribute__((always_inline))

#define VL (CK_VECTOR_BYTES / 4)  // f32 lanes
#define MR CK_MR                  // rows of a tile of C
#define NR (2 * VL)               // columns of a tile of C

typedef float vf __attribute__((ext_vector_type(VL)));
typedef int32_t vi __attribute__((ext_vector_type(VL)));
typedef uint32_t vu __attribute__((ext_vector_type(VL)));
// The same vectors in memory: any alignment, may alias anything.
typedef vf vf_memory __attribute__((aligned(4), may_alias));
typedef vi vi_memory __attribute__((aligned(4), may_alias));

INLINE vf vload(const float *p) { return *(const vf_memory *)p; }
INLINE void vstore(float *p, vf v) { *(vf_memory *)p = v; }
INLINE vf vsplat(float x) { return (vf)x; }
INLINE vi vbits(vf v) { return (vi)v; }
INLINE vf vfloat(vi v) { return (vf)v; }
// NaN in `a` stays NaN: a comparison with NaN is false and keeps `a`.
INLINE vf vatleast(vf a, vf low) { return a < low ? low : a; }
INLINE vf vatmost(vf a, vf high) { return a > high ? high : a; }
// Any NaN wins.
INLINE vf vmaxnan(vf a, vf b) { return ((a > b) | (a != a)) ? a : b; }
INLINE vf vmaxnan4(vf a, vf b, vf c, vf d) {
  const vf left = a > b ? a : b, right = c > d ? c : d, top = left > right ? left : right;
  const vi unordered = (a != a) | (b != b) | (c != c) | (d != d);
  return unordered ? (vf)__builtin_nanf("") : top;
}
INLINE vf vminnan(vf a, vf b) { return ((a < b) | (a != a)) ? a : b; }

#if defined(CK_HAS_AVX2)
INLINE vi first_lanes(size_t n) {
  static const int32_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return *(const vi_memory *)(lanes + 8 - n);
}
#endif
INLINE vf vload_first(const float *p, size_t n) {
#if defined(CK_HAS_AVX512)
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(CK_HAS_AVX2)
  return (vf)_mm256_maskload_ps(p, (__m256i)first_lanes(n));
#else
  float lanes[VL] = {0};
  for (size_t i = 0; i < n; i++) lanes[i] = p[i];
  return vload(lanes);
#endif
}
INLINE void vstore_first(float *p, vf v, size_t n) {
#if defined(CK_HAS_AVX512)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif defined(CK_HAS_AVX2)
  _mm256_maskstore_ps(p, (__m256i)first_lanes(n), (__m256)v);
#else
  float lanes[VL];
  vstore(lanes, v);
  for (size_t i = 0; i < n; i++) p[i] = lanes[i];
#endif
}

// Halves onto each other, in registers.
INLINE float vsum(vf v) {
#if VL == 16
  const __typeof__(v.lo) eight = v.lo + v.hi;
  const __typeof__(eight.lo) four = eight.lo + eight.hi;
#elif VL == 8
  const __typeof__(v.lo) four = v.lo + v.hi;
#else
  const vf four = v;
#endif
  const __typeof__(four.lo) two = four.lo + four.hi;
  return two.x + two.y;
}
// Any NaN wins.
INLINE float vmax_across(vf v) {
#define LARGER(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
#if VL == 16
  const __typeof__(v.lo) eight = LARGER(v.lo, v.hi);
  const __typeof__(eight.lo) four = LARGER(eight.lo, eight.hi);
#elif VL == 8
  const __typeof__(v.lo) four = LARGER(v.lo, v.hi);
#else
  const vf four = v;
#endif
  const __typeof__(four.lo) two = LARGER(four.lo, four.hi);
  return two.x > two.y || two.x != two.x ? two.x : two.y;
#undef LARGER
}
// Copies a short run. The compiler would make a loop a call of memcpy, which costs more than it
// moves.
INLINE void copy_run(float *to, const float *from, size_t n) {
  for (; n >= VL; n -= VL, to += VL, from += VL) vstore(to, vload(from));
  if (n > 0) vstore_first(to, vload_first(from, n), n);
}
