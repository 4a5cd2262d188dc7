// Dot products of neighbours: four int8 or two bfloat16 per 32-bit lane. B is packed so that a
// lane's neighbours along K lie together; A is read in place, one lane at a time. Sums of int8
// products are exact on every ISA: nothing saturates, and what overflows 32 bits wraps.

// x86-64 without dot products of bytes multiplies words.
#if defined(__SSE2__) && !defined(CK_HAS_AVX512) && !defined(CK_HAS_AVX_VNNI)
#define DOT_WORDS true
#else
#define DOT_WORDS false
#endif
INLINE void dot_store(void *p, vf v, size_t n) {
  if (n >= VL) vstore(p, v);
  else if (n > 0) vstore_first(p, v, n);
}

#define DOT_TILE(name, in, group, sumvector, sumscalar, dot, element)                            \
  INLINE void name##_tile(                                                                       \
      const int M, sumscalar *c, ptrdiff_t cRow, const in *a, ptrdiff_t aRow, const void *packedB, \
      size_t n, size_t groups) {                                                                 \
    sumvector sum[MR][2];                                                                        \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) {                             \
      sum[i][0] = (sumvector)(element)0;                                                         \
      sum[i][1] = (sumvector)(element)0;                                                         \
    }                                                                                            \
    const int32_t *b = packedB;                                                                  \
    for (size_t x = 0; x < groups; x++, b += NR, a += group) {                                   \
      const vi b0 = *(const vi_memory *)b, b1 = *(const vi_memory *)(b + VL);                    \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) {                           \
        int32_t lane;                                                                            \
        memcpy(&lane, a + i * aRow, 4);                                                          \
        const vi y = (vi)lane;                                                                   \
        sum[i][0] = dot(sum[i][0], y, b0);                                                       \
        sum[i][1] = dot(sum[i][1], y, b1);                                                       \
      }                                                                                          \
    }                                                                                            \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) {                             \
      dot_store(c + i * cRow, (vf)sum[i][0], n);                                                 \
      dot_store(c + i * cRow + VL, (vf)sum[i][1], n > VL ? n - VL : 0);                          \
    }                                                                                            \
  }

#if defined(CK_HAS_AVX512)
INLINE vi dot_i8(vi sum, vi a, vi b) {
  return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}
INLINE vf dot_bf16(vf sum, vi a, vi b) {
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
#elif defined(CK_HAS_AVX_VNNI)
INLINE vi dot_i8(vi sum, vi a, vi b) {
  return (vi)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)b);
}
#elif defined(CK_HAS_NEON_DOT)
// Both sides of sdot are signed: a is moved down by 128, which the sum of b's bytes makes up for. Rows
// of a tile share that.
INLINE vi dot_i8(vi sum, vi a, vi b) {
  const int8x16_t weights = (int8x16_t)b;
  const vi moved = a ^ (vi)(int32_t)0x80808080;
  const vi lack = (vi)vdotq_s32(vdupq_n_s32(0), vdupq_n_s8(-128), weights);
  return (vi)vdotq_s32((int32x4_t)sum, (int8x16_t)moved, weights) - lack;
}
#elif defined(__SSE2__)
// Even and odd bytes as 16-bit numbers, whose products add up in pairs without loss.
typedef int16_t vs __attribute__((ext_vector_type(2 * VL)));
INLINE vi dot_pairs(vs a, vs b) {
#if defined(CK_HAS_AVX2)
  return (vi)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#else
  return (vi)__builtin_ia32_pmaddwd128((vs)a, (vs)b);
#endif
}
INLINE vi dot_i8(vi sum, vi a, vi b) {
  const vs even = (vs)(a & 0x00ff00ff), odd = (vs)((vu)(a & (vi)0xff00ff00) >> 8);
  const vs left = (vs)b << 8 >> 8, right = (vs)b >> 8;
  return sum + dot_pairs(even, left) + dot_pairs(odd, right);
}
#else
INLINE vi dot_i8(vi sum, vi a, vi b) {
  const vu u = (vu)a;
  sum += (vi)(u & 0xff) * (b << 24 >> 24);
  sum += (vi)(u >> 8 & 0xff) * (b << 16 >> 24);
  sum += (vi)(u >> 16 & 0xff) * (b << 8 >> 24);
  return sum + (vi)(u >> 24) * (b >> 24);
}
#endif
// CASE(what, rows) for every number of rows that a tile may have.
#if MR >= 14
#define DOT_CASES_TALL(CASE, what)                                                               \
  CASE(what, 7) CASE(what, 8) CASE(what, 9) CASE(what, 10) CASE(what, 11) CASE(what, 12)         \
  CASE(what, 13) CASE(what, 14)
#elif MR >= 12
#define DOT_CASES_TALL(CASE, what)                                                               \
  CASE(what, 7) CASE(what, 8) CASE(what, 9) CASE(what, 10) CASE(what, 11) CASE(what, 12)
#else
#define DOT_CASES_TALL(CASE, what)
#endif
#define DOT_CASES(CASE, what)                                                                    \
  CASE(what, 1) CASE(what, 2) CASE(what, 3) CASE(what, 4) CASE(what, 5) CASE(what, 6)            \
  DOT_CASES_TALL(CASE, what)

// The sums of up to MR rows and one panel.
#define DOT_ROWS(name, in, bin, sumscalar, header)                                               \
  INLINE void name##_rows(                                                                       \
      size_t rows, sumscalar *c, ptrdiff_t cRow, const in *a, ptrdiff_t aRow, const bin *panel,  \
      size_t n, size_t groups) {                                                                 \
    const bin *packedB = panel + header;                                                         \
    switch (rows) { DOT_CASES(DOT_CASE, name) }                                                  \
  }
#define DOT_CASE(name, m) case m: name##_tile(m, c, cRow, a, aRow, packedB, n, groups); break;

#if DOT_WORDS
#include "dot_words.h"
#else
// Columns whose sums are made together.
#define IGEMM_STRIP NR
DOT_TILE(igemm, uint8_t, 4, vi, int32_t, dot_i8, int32_t)
DOT_ROWS(igemm, uint8_t, int8_t, int32_t, ck_igemm_kinds_bytes(4 * groups))
INLINE void igemm_sums(
    size_t rows, int32_t *sums, const uint8_t *a, ptrdiff_t aRow, const int8_t *packedB, size_t n,
    size_t groups) {
  igemm_rows(rows, sums, NR, a, aRow, packedB, n, groups);
}
INLINE void igemm_settle(int8_t *kinds, int8_t *panel, size_t groups) {
  (void)kinds, (void)panel, (void)groups;
}
#endif
#if defined(CK_HAS_AVX512)
DOT_TILE(bgemm, uint16_t, 2, vf, float, dot_bf16, float)
DOT_ROWS(bgemm, uint16_t, uint16_t, float, 0)
#endif

#define DOT_GEMM(name, in, bin, group, sumscalar, strip, panelElements)                          \
  static void NAME(name)(                                                                        \
      sumscalar *c, ptrdiff_t cRow, const in *a, ptrdiff_t aRow, const bin *packedB, size_t m,   \
      size_t columns, size_t k) {                                                                \
    const size_t groups = (k + group - 1) / group;                                               \
    const tile_cut cut = cut_rows(m, MR);                                                        \
    for (size_t column = 0; column < columns; column += strip) {                                 \
      const size_t n = columns - column < strip ? columns - column : strip;                      \
      const bin *panel = packedB + column / NR * panelElements;                                  \
      for (size_t i = 0, row = 0; i < cut.count; i++) {                                          \
        const size_t rows = cut.rows + (i < cut.larger);                                         \
        name##_rows(                                                                             \
            rows, c + (ptrdiff_t)row * cRow + column, cRow, a + (ptrdiff_t)row * aRow, aRow,     \
            panel, n, groups);                                                                   \
        row += rows;                                                                             \
      }                                                                                          \
    }                                                                                            \
  }
// Columns from `column` on, as a panel: the neighbours of a group one behind the other.
#define DOT_PACK(packed, b, bRow, bColumn, flip, k, n, column, group)                            \
  for (size_t x = 0; x < (k + group - 1) / group * group; x++)                                   \
    for (size_t j = 0; j < NR; j++)                                                              \
      (packed)[x / group * NR * group + j * group + x % group] =                                 \
          x < k && column + j < n                                                                \
              ? b[(ptrdiff_t)x * bRow + (ptrdiff_t)(column + j) * bColumn] ^ flip : 0;

DOT_GEMM(igemm, uint8_t, int8_t, 4, int32_t, IGEMM_STRIP, ck_igemm_panel_bytes(k, NR))
static void NAME(igemmPackB)(
    int8_t *packed, const int8_t *b, ptrdiff_t bRow, ptrdiff_t bColumn, int8_t flip, size_t k,
    size_t n) {
  for (size_t column = 0; column < n; column += NR, packed += ck_igemm_panel_bytes(k, NR)) {
    int8_t *bytes = packed + ck_igemm_kinds_bytes(k);
    DOT_PACK(bytes, b, bRow, bColumn, flip, k, n, column, 4)
    igemm_settle(packed, bytes, (k + 3) / 4);
  }
}
#if defined(CK_HAS_AVX512)
DOT_GEMM(bgemm, uint16_t, uint16_t, 2, float, NR, (k + 1) / 2 * 2 * NR)
static void NAME(bgemmPackB)(
    uint16_t *packed, const uint16_t *b, ptrdiff_t bRow, ptrdiff_t bColumn, uint16_t flip,
    size_t k, size_t n) {
  for (size_t column = 0; column < n; column += NR, packed += (k + 1) / 2 * 2 * NR)
    DOT_PACK(packed, b, bRow, bColumn, flip, k, n, column, 2)
}
#endif

// Sums back to 8 bits: half to even, then the zero point, then saturation. Bounds are whole
// numbers, so clamping first gives the same; adding 1.5 · 2^23 then rounds.
static void NAME(requantize)(
    uint8_t *d, const int32_t *s, const float *factors, size_t n, int32_t zero, bool isSigned) {
  const float low = (float)((isSigned ? -128 : 0) - zero), high = low + 255.0f;
  for (size_t i = 0; i < n; i++) {
    float x = (float)s[i] * factors[i];
    x = x < low ? low : x;
    x = x > high ? high : x;
    x += 12582912.0f;
    int32_t bits;
    memcpy(&bits, &x, 4);
    d[i] = (uint8_t)(bits - 0x4b400000 + zero);
  }
}
