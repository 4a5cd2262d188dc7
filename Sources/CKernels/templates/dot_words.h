// Products of bytes on x86-64 without VNNI. Its instruction for bytes adds products up in pairs, in 16
// bits, which saturate from 2 · 255 · 65 on. Where the weights of a span along K are so small that
// this can't be, whatever A is, bytes are multiplied; one, two or four groups add up before they are
// widened to 32 bits. Other spans are packed as pairs of neighbours, and multiplied as words.

// Columns whose panels meet the same words of A, and the bytes of A that are widened at once.
#define IGEMM_STRIP (4 * NR)
enum { WORDS_SPAN = 8 * CK_IGEMM_SPAN };

typedef int8_t vbytes_half __attribute__((ext_vector_type(2 * VL)));
typedef vbytes_half vbytes_half_memory __attribute__((aligned(1), may_alias));
INLINE vs words_of(const int8_t *p) {
  return __builtin_convertvector(*(const vbytes_half_memory *)p, vs);
}

INLINE void sums_load(const int M, vi sum[MR][2], const int32_t *c, bool isFirst) {
#pragma clang loop unroll(full)
  for (int i = 0; i < M; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++)
      sum[i][v] = isFirst ? (vi)0 : *(const vi_memory *)(c + i * NR + v * VL);
}
INLINE void sums_store(const int M, int32_t *c, vi sum[MR][2]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < M; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++) *(vi_memory *)(c + i * NR + v * VL) = sum[i][v];
}

INLINE void words_tile(
    const int M, int32_t *c, const int16_t *a, const int8_t *b, size_t pairs, bool isFirst) {
  vi sum[MR][2];
  sums_load(M, sum, c, isFirst);
  for (size_t x = 0; x < pairs; x++, b += 2 * NR) {
    const vs b0 = words_of(b), b1 = words_of(b + 2 * VL);
#pragma clang loop unroll(full)
    for (int i = 0; i < M; i++) {
      int32_t two;
      memcpy(&two, a + i * WORDS_SPAN + 2 * x, 4);
      sum[i][0] += dot_pairs((vs)(vi)two, b0);
      sum[i][1] += dot_pairs((vs)(vi)two, b1);
    }
  }
  sums_store(M, c, sum);
}

#if defined(CK_HAS_AVX2)
// One step: as many groups as add up in 16 bits.
INLINE void bytes_step(
    const int M, const int steps, vi sum[MR][2], const uint8_t *a, ptrdiff_t aRow,
    const int8_t *b) {
#pragma clang loop unroll(full)
  for (int i = 0; i < M; i++) {
    // For what four groups need of B there are no registers: each row reads it again.
    const int8_t *right = b;
    if (steps > 2) __asm__ volatile("" : "+r"(right));
    __m256i pairs[2];
#pragma clang loop unroll(full)
    for (int s = 0; s < steps; s++) {
      int32_t lane;
      memcpy(&lane, a + i * aRow + 4 * s, 4);
#pragma clang loop unroll(full)
      for (int v = 0; v < 2; v++) {
        const __m256i two = _mm256_maddubs_epi16(
            _mm256_set1_epi32(lane), *(const __m256i_u *)(right + (s * NR + v * VL) * 4));
        pairs[v] = s == 0 ? two : _mm256_add_epi16(pairs[v], two);
      }
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < 2; v++)
      sum[i][v] += (vi)_mm256_madd_epi16(pairs[v], _mm256_set1_epi16(1));
  }
}
INLINE void bytes_rows(
    const int M, const int steps, int32_t *c, const uint8_t *a, ptrdiff_t aRow, const int8_t *b,
    size_t groups, bool isFirst) {
  vi sum[MR][2];
  sums_load(M, sum, c, isFirst);
  size_t x = 0;
  for (; x + steps <= groups; x += steps)
    bytes_step(M, steps, sum, a + 4 * x, aRow, b + x * 4 * NR);
  for (; steps > 1 && x < groups; x++) bytes_step(M, 1, sum, a + 4 * x, aRow, b + x * 4 * NR);
  sums_store(M, c, sum);
}
// The sums of three rows, and what they meet, fill the registers.
INLINE void bytes_tile(
    const int M, const int steps, int32_t *c, const uint8_t *a, ptrdiff_t aRow, const int8_t *b,
    size_t groups, bool isFirst) {
  bytes_rows(M > 3 ? 3 : M, steps, c, a, aRow, b, groups, isFirst);
  if (M > 3) bytes_rows(M - 3, steps, c + 3 * NR, a + 3 * aRow, aRow, b, groups, isFirst);
}
#endif

// Bytes of A as words, four at a time.
INLINE void words_widen(int16_t *to, const uint8_t *from, size_t groups) {
  size_t x = 0;
  for (; x + 4 <= groups; x += 4)
    for (size_t i = 0; i < 16; i++) to[4 * x + i] = from[4 * x + i];
  for (; x < groups; x++)
    for (size_t i = 0; i < 4; i++) to[4 * x + i] = from[4 * x + i];
}

#define WORDS_CASE(none, m) case m: words_tile(m, to, left, right, 2 * count, isFirst); break;
#define BYTES_CASE(steps, m)                                                                     \
  case m: bytes_tile(m, steps, to, bytes, aRow, right, count, isFirst); break;
// The sums of up to MR rows and the panels of a strip: tile by tile, a row of NR behind the other.
static void igemm_sums(
    size_t rows, int32_t *sums, const uint8_t *a, ptrdiff_t aRow, const int8_t *packedB, size_t n,
    size_t groups) {
  const size_t panelBytes = ck_igemm_panel_bytes(4 * groups, NR);
  const size_t most = WORDS_SPAN / 4, span = CK_IGEMM_SPAN / 4;
  int16_t words[MR * WORDS_SPAN] __attribute__((aligned(64)));
  if (groups == 0) memset(sums, 0, sizeof *sums * MR * IGEMM_STRIP);
  for (size_t first = 0; first < groups; first += most) {
    const size_t end = groups - first < most ? groups : first + most;
    bool isWidened = false;
    for (size_t panel = 0; panel * NR < n; panel++) {
      const int8_t *kinds = packedB + panel * panelBytes;
      const int8_t *b = kinds + ck_igemm_kinds_bytes(4 * groups);
      int32_t *to = sums + panel * MR * NR;
      for (size_t x = first, next; x < end; x = next) {
        const int kind = kinds[x / span];
        for (next = x + span; next < end && kinds[next / span] == kind;) next += span;
        if (next > end) next = end;
        const size_t count = next - x;
        const bool isFirst = x == 0;
        if (kind == 0 && !isWidened) {
          for (size_t i = 0; i < rows; i++)
            words_widen(
                words + i * WORDS_SPAN, a + (ptrdiff_t)i * aRow + 4 * first, end - first);
          isWidened = true;
        }
        const int16_t *left = words + 4 * (x - first);
        const int8_t *right = b + x * 4 * NR;
        if (kind == 0) {
          switch (rows) { DOT_CASES(WORDS_CASE, ) }
          continue;
        }
#if defined(CK_HAS_AVX2)
        const uint8_t *bytes = a + 4 * x;
        if (kind == 1) switch (rows) { DOT_CASES(BYTES_CASE, 1) }
        else if (kind == 2) switch (rows) { DOT_CASES(BYTES_CASE, 2) }
        else switch (rows) { DOT_CASES(BYTES_CASE, 4) }
#endif
      }
    }
  }
}
INLINE void igemm_rows(
    size_t rows, int32_t *c, ptrdiff_t cRow, const uint8_t *a, ptrdiff_t aRow,
    const int8_t *packedB, size_t n, size_t groups) {
  int32_t sums[MR * IGEMM_STRIP] __attribute__((aligned(64)));
  igemm_sums(rows, sums, a, aRow, packedB, n, groups);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < n; j += VL)
      dot_store(
          c + (ptrdiff_t)i * cRow + j,
          (vf) * (const vi_memory *)(sums + j / NR * MR * NR + i * NR + j % NR), n - j);
}

#if defined(CK_HAS_AVX2)
// The most groups whose products stay within 16 bits when they add up, whatever A is: 4, 2, 1, or
// none. Positive weights must not exceed 128 together, nor negative ones -128.
INLINE int span_steps(const int8_t *panel, size_t groups) {
  const __m256i one = _mm256_set1_epi8(1), zero = _mm256_setzero_si256();
  __m256i most[3] = {zero, zero, zero};
  for (size_t lane = 0; lane < 2; lane++)
    for (size_t x = 0; x < groups; x += 4) {
      __m256i above[4], below[4];
      for (size_t s = 0; s < 4; s++) {
        const __m256i w = x + s < groups
            ? *(const __m256i_u *)(panel + (x + s) * 4 * NR + lane * 4 * VL) : zero;
        above[s] = _mm256_maddubs_epi16(one, _mm256_max_epi8(w, zero));
        below[s] = _mm256_sub_epi16(zero, _mm256_maddubs_epi16(one, _mm256_min_epi8(w, zero)));
      }
      for (int level = 0, count = 4; level < 3; level++, count /= 2)
        for (int s = 0; s < count; s++) {
          most[level] = _mm256_max_epi16(most[level], _mm256_max_epi16(above[s], below[s]));
          if (s % 2 == 1) {
            above[s / 2] = _mm256_add_epi16(above[s - 1], above[s]);
            below[s / 2] = _mm256_add_epi16(below[s - 1], below[s]);
          }
        }
    }
  int steps = 0;
  for (int level = 0; level < 3; level++) {
    const __m256i over = _mm256_cmpgt_epi16(most[level], _mm256_set1_epi16(128));
    if (_mm256_movemask_epi8(over) != 0) break;
    steps = 1 << level;
  }
  return steps;
}
#endif
// Finds how each span of a panel is multiplied, and packs it for that.
static void igemm_settle(int8_t *kinds, int8_t *panel, size_t groups) {
  const size_t span = CK_IGEMM_SPAN / 4;
  for (size_t first = 0; first < groups; first += span, panel += span * 4 * NR) {
    const size_t count = groups - first < span ? groups - first : span;
    int kind = 0;
#if defined(CK_HAS_AVX2)
    kind = span_steps(panel, count);
#endif
    kinds[first / span] = (int8_t)kind;
    for (size_t x = 0; kind == 0 && x < count; x++) {
      int8_t from[4 * NR], *to = panel + x * 4 * NR;
      memcpy(from, to, sizeof from);
      for (size_t i = 0; i < 4 * NR; i++) to[i % 4 / 2 * 2 * NR + i / 4 * 2 + i % 2] = from[i];
    }
  }
}
