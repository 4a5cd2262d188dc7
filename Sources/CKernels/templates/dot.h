// Dot products of neighbours: four int8 or two bfloat16 per 32-bit lane. B is packed so that a
// lane's neighbours along K lie together; A is read in place, one lane at a time. Sums of int8
// products are exact on every ISA: nothing saturates, and what overflows 32 bits wraps.

// Rows of a tile: without VNNI, B's two halves and A's take registers of their own.
#if MR >= 12 || defined(CK_HAS_AVX_VNNI)
#define DOT_MR MR
#else
#define DOT_MR 4
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
// Even and odd bytes as 16-bit numbers, whose products add up in pairs without loss. (The
// instruction for bytes would saturate: 2 · 255 · 127 is more than 16 bits hold.)
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
DOT_TILE(igemm, uint8_t, 4, vi, int32_t, dot_i8, int32_t)
#if defined(CK_HAS_AVX512)
DOT_TILE(bgemm, uint16_t, 2, vf, float, dot_bf16, float)
#endif

#if MR >= 14
#define DOT_CASES_TALL(name)                                                                     \
  DOT_CASE(name, 5) DOT_CASE(name, 6) DOT_CASE(name, 7) DOT_CASE(name, 8) DOT_CASE(name, 9)      \
  DOT_CASE(name, 10) DOT_CASE(name, 11) DOT_CASE(name, 12) DOT_CASE(name, 13) DOT_CASE(name, 14)
#elif MR >= 12
#define DOT_CASES_TALL(name)                                                                     \
  DOT_CASE(name, 5) DOT_CASE(name, 6) DOT_CASE(name, 7) DOT_CASE(name, 8) DOT_CASE(name, 9)      \
  DOT_CASE(name, 10) DOT_CASE(name, 11) DOT_CASE(name, 12)
#elif defined(CK_HAS_AVX_VNNI)
#define DOT_CASES_TALL(name) DOT_CASE(name, 5) DOT_CASE(name, 6)
#else
#define DOT_CASES_TALL(name)
#endif
#define DOT_CASE(name, m) case m: name##_tile(m, to, cRow, from, aRow, panel, n, groups); break;
#define DOT_GEMM(name, in, bin, group, sumscalar)                                                \
  static void NAME(name)(                                                                        \
      sumscalar *c, ptrdiff_t cRow, const in *a, ptrdiff_t aRow, const bin *packedB, size_t m,   \
      size_t columns, size_t k) {                                                                \
    const size_t groups = (k + group - 1) / group;                                               \
    const tile_cut cut = cut_rows(m, DOT_MR);                                                        \
    for (size_t column = 0; column < columns; column += NR) {                                    \
      const size_t n = columns - column < NR ? columns - column : NR;                            \
      const bin *panel = packedB + column * groups * group;                                      \
      for (size_t i = 0, row = 0; i < cut.count; i++) {                                          \
        const size_t rows = cut.rows + (i < cut.larger);                                         \
        sumscalar *to = c + (ptrdiff_t)row * cRow + column;                                      \
        const in *from = a + (ptrdiff_t)row * aRow;                                              \
        switch (rows) {                                                                          \
          DOT_CASE(name, 1) DOT_CASE(name, 2) DOT_CASE(name, 3) DOT_CASE(name, 4)                \
          DOT_CASES_TALL(name)                                                                   \
        }                                                                                        \
        row += rows;                                                                             \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void NAME(name##PackB)(                                                                 \
      bin *packed, const bin *b, ptrdiff_t bRow, ptrdiff_t bColumn, bin flip, size_t k,          \
      size_t n) {                                                                                \
    const size_t groups = (k + group - 1) / group;                                               \
    for (size_t column = 0; column < n; column += NR)                                            \
      for (size_t x = 0; x < groups * group; x++)                                                \
        for (size_t j = 0; j < NR; j++)                                                          \
          packed[column * groups * group + (x / group) * NR * group + j * group + x % group] =   \
              x < k && column + j < n                                                            \
                  ? b[(ptrdiff_t)x * bRow + (ptrdiff_t)(column + j) * bColumn] ^ flip : 0;       \
  }
DOT_GEMM(igemm, uint8_t, int8_t, 4, int32_t)
#if defined(CK_HAS_AVX512)
DOT_GEMM(bgemm, uint16_t, uint16_t, 2, float)
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
