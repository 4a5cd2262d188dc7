// Dot products of neighbours: four int8 (VNNI) or two bfloat16 per 32-bit lane. B is packed so that
// a lane's neighbours along K lie together; A is read in place, one lane at a time.

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
    const __mmask16 first = (__mmask16)(n >= VL ? 0xffff : (1u << n) - 1);                       \
    const __mmask16 second = (__mmask16)(n >= NR ? 0xffff : n <= VL ? 0 : (1u << (n - VL)) - 1); \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) {                             \
      _mm512_mask_storeu_epi32(c + i * cRow, first, (__m512i)sum[i][0]);                         \
      _mm512_mask_storeu_epi32(c + i * cRow + VL, second, (__m512i)sum[i][1]);                   \
    }                                                                                            \
  }

INLINE vi dot_i8(vi sum, vi a, vi b) {
  return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}
INLINE vf dot_bf16(vf sum, vi a, vi b) {
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
DOT_TILE(igemm, uint8_t, 4, vi, int32_t, dot_i8, int32_t)
DOT_TILE(bgemm, uint16_t, 2, vf, float, dot_bf16, float)

#define DOT_CASE(name, m) case m: name##_tile(m, to, cRow, from, aRow, panel, n, groups); break;
#define DOT_GEMM(name, in, bin, group, sumscalar)                                                \
  static void NAME(name)(                                                                        \
      sumscalar *c, ptrdiff_t cRow, const in *a, ptrdiff_t aRow, const bin *packedB, size_t m,   \
      size_t columns, size_t k) {                                                                \
    const size_t groups = (k + group - 1) / group;                                               \
    const tile_cut cut = cut_rows(m, MR);                                                        \
    for (size_t column = 0; column < columns; column += NR) {                                    \
      const size_t n = columns - column < NR ? columns - column : NR;                            \
      const bin *panel = packedB + column * groups * group;                                      \
      for (size_t i = 0, row = 0; i < cut.count; i++) {                                          \
        const size_t rows = cut.rows + (i < cut.larger);                                         \
        sumscalar *to = c + (ptrdiff_t)row * cRow + column;                                      \
        const in *from = a + (ptrdiff_t)row * aRow;                                              \
        switch (rows) {                                                                          \
          DOT_CASE(name, 1) DOT_CASE(name, 2) DOT_CASE(name, 3) DOT_CASE(name, 4)                \
          DOT_CASE(name, 5) DOT_CASE(name, 6) DOT_CASE(name, 7) DOT_CASE(name, 8)                \
          DOT_CASE(name, 9) DOT_CASE(name, 10) DOT_CASE(name, 11) DOT_CASE(name, 12)             \
          DOT_CASE(name, 13) DOT_CASE(name, 14)                                                  \
        }                                                                                        \
        row += rows;                                                                             \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void NAME(name##PackB)(bin *packed, const bin *b, ptrdiff_t bRow, size_t k, size_t n) { \
    const size_t groups = (k + group - 1) / group;                                               \
    for (size_t column = 0; column < n; column += NR)                                            \
      for (size_t x = 0; x < groups * group; x++)                                                \
        for (size_t j = 0; j < NR; j++)                                                          \
          packed[column * groups * group + (x / group) * NR * group + j * group + x % group] =   \
              x < k && column + j < n ? b[(ptrdiff_t)x * bRow + (ptrdiff_t)(column + j)] : 0;    \
  }
DOT_GEMM(igemm, uint8_t, int8_t, 4, int32_t)
DOT_GEMM(bgemm, uint16_t, uint16_t, 2, float)
