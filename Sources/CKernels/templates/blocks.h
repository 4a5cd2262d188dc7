// Products of block-quantised weights and activations in 8 bits, or in 16.
//
// As many rows as a vector has 32-bit lanes are interleaved (`ck_block_pack`), so that one stream of
// memory has all that is needed, in the order it is needed: per 32 columns their scales, then their
// codes. Codes are unsigned; what they are more than their values goes into the sums' start. Sums of
// 32 columns (16 where scales are of 16) are exact whole numbers; each is scaled and added to its
// row's sum in f32, in the order of the columns. So an answer depends neither on how many vectors
// are multiplied together nor on who computes which rows.

typedef int8_t vsb __attribute__((ext_vector_type(VL)));
typedef vsb vsb_memory __attribute__((aligned(1), may_alias));
typedef ck_block_activation activation;

// How scales come, as `ck_block_pack` writes them.
enum { FLAT, FLAT_MINIMUM, GROUPS_32_MINIMUM, GROUPS_16, GROUPS_16_MINIMUM };
// A form of weights: its codes' bits in memory, whether a table gives their values, its scales.
#define BLOCK_FORMS(X)                                                                           \
  X(Q4_0, 4, false, FLAT) X(Q4_1, 4, false, FLAT_MINIMUM) X(Q5_0, 5, false, FLAT)                \
  X(Q5_1, 5, false, FLAT_MINIMUM) X(Q8_0, 8, false, FLAT) X(IQ4_NL, 4, true, FLAT)               \
  X(Q2_K, 2, false, GROUPS_16_MINIMUM) X(Q3_K, 3, false, GROUPS_16)                              \
  X(Q4_K, 4, false, GROUPS_32_MINIMUM) X(Q5_K, 5, false, GROUPS_32_MINIMUM)                      \
  X(Q6_K, 6, false, GROUPS_16)

#define BLOCK_TILE (MR >= 12 ? 8 : 4)  // vectors that are multiplied together at most

INLINE vi words(const uint8_t *p) { return *(const vi_memory *)p; }
// Moves bit `from` of every byte to bit `to`; the caller masks what comes along.
INLINE vi move_bits(vi v, const int from, const int to) {
  return from >= to ? (vi)((vu)v >> (from - to)) : v << (to - from);
}
INLINE vi each_byte(const uint32_t byte) { return (vi)(int32_t)(byte * 0x01010101u); }

// IQ4_NL's values, plus 128.
INLINE vi lookup(vi codes) {
  static const uint8_t values[16] __attribute__((aligned(16))) = {
      1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
#if defined(CK_HAS_AVX512)
  const __m512i table = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)values));
  return (vi)_mm512_shuffle_epi8(table, (__m512i)codes);
#elif defined(CK_HAS_AVX2)
  const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)values));
  return (vi)_mm256_shuffle_epi8(table, (__m256i)codes);
#else
  uint8_t bytes[4 * VL];
  *(vi_memory *)bytes = codes;
  for (int i = 0; i < 4 * VL; i++) bytes[i] = values[bytes[i] & 15];
  return words(bytes);
#endif
}

// The codes of columns 4j...4j + 3 out of 32: four bytes a row. Codes of fewer bits than 8 have
// their lowest four (or two) bits in one plane and the others in one behind it.
INLINE vi block_codes(const uint8_t *p, const int bits, const bool isTable, const int j) {
  const int plane = 4 * VL;
  if (bits == 8) return words(p + j * plane);
  if (bits >= 4) {
    vi v = move_bits(words(p + j % 4 * plane), j / 4 * 4, 0) & each_byte(15);
    if (bits == 5) v |= move_bits(words(p + 4 * plane), j, 4) & each_byte(16);
    if (bits == 6) v |= move_bits(words(p + (4 + j / 4) * plane), j % 4 * 2, 4) & each_byte(48);
    return isTable ? lookup(v) : v;
  }
  vi v = move_bits(words(p + j / 4 * plane), j % 4 * 2, 0) & each_byte(3);
  if (bits == 3) v |= move_bits(words(p + 2 * plane), j, 2) & each_byte(4);
  return v;
}

// Scales and minima of a group's rows.
INLINE vf halves(const uint8_t *p) {
#if defined(CK_HAS_F16C) || defined(__aarch64__)
  return __builtin_convertvector((vh)*(const vh_memory *)p, vf);
#else
  float lanes[VL];
  for (int i = 0; i < VL; i++) {
    uint16_t half;
    memcpy(&half, p + 2 * i, 2);
    lanes[i] = half_to_float(half);
  }
  return vload(lanes);
#endif
}
INLINE vf small(const uint8_t *p) {
  return __builtin_convertvector(__builtin_convertvector((vsb)*(const vsb_memory *)p, vi), vf);
}
typedef struct {
  vf super, superMinimum;    // of 256 columns
  vf scale[2], minimum[2];   // of these 32 columns, or their halves
} block_scales;
// Reads the scales of block `b`, and returns where its codes begin.
INLINE const uint8_t *block_scales_read(
    block_scales *s, const uint8_t *p, const int kind, const size_t b) {
  if (kind == FLAT || kind == FLAT_MINIMUM) {
    s->scale[0] = halves(p);
    if (kind == FLAT) return p + 2 * VL;
    s->minimum[0] = halves(p + 2 * VL);
    return p + 4 * VL;
  }
  const bool hasMinimum = kind != GROUPS_16;
  if (b % 8 == 0) {
    s->super = halves(p);
    p += 2 * VL;
    if (hasMinimum) {
      s->superMinimum = -halves(p);
      p += 2 * VL;
    }
  }
  const int groups = kind == GROUPS_32_MINIMUM ? 1 : 2;
  for (int i = 0; i < groups; i++, p += VL) s->scale[i] = s->super * small(p);
  for (int i = 0; hasMinimum && i < groups; i++, p += VL)
    s->minimum[i] = s->superMinimum * small(p);
  return p;
}

// Without VNNI, products add up in 16 bits for as many steps as these hold, and are widened then.
#if DOT_WORDS && defined(CK_HAS_AVX2)
#define BLOCK_PAIRS true
INLINE vi pairs_u8_s8(vi a, vi b) { return (vi)_mm256_maddubs_epi16((__m256i)a, (__m256i)b); }
INLINE vi pairs_add(vi a, vi b) { return (vi)_mm256_add_epi16((__m256i)a, (__m256i)b); }
INLINE vi pairs_widen(vi a) {
  return (vi)_mm256_madd_epi16((__m256i)a, _mm256_set1_epi16(1));
}
// Signed bytes: the sign goes to the other factor, which is never -128.
INLINE vi pairs_s8_s8(vi a, vi b) {
  return pairs_u8_s8(
      (vi)_mm256_abs_epi8((__m256i)a), (vi)_mm256_sign_epi8((__m256i)b, (__m256i)a));
}
#else
#define BLOCK_PAIRS false
#define pairs_u8_s8(a, b) (a)
#define pairs_s8_s8(a, b) (a)
#define pairs_add(a, b) (a)
#define pairs_widen(a) (a)
#endif

// Whether codes meet activations in 16 bits as words.
#if DOT_WORDS
#define BLOCK_WIDE true
typedef uint16_t vsu __attribute__((ext_vector_type(2 * VL)));
// Of the codes of four columns, those of even ones and those of odd ones.
INLINE void wide_codes(
    vsu to[2], const uint8_t *p, const int bits, const bool isTable, const int j) {
  if (bits == 4 && !isTable) {
    const vsu v = (vsu)words(p + j % 4 * 4 * VL);
    to[0] = j < 4 ? v & 15 : v >> 4 & 15;
    to[1] = j < 4 ? v >> 8 & 15 : v >> 12;
    return;
  }
  const vsu v = (vsu)block_codes(p, bits, isTable, j);
  to[0] = v & 255;
  to[1] = v >> 8;
}
#else
#define BLOCK_WIDE false
#endif

// The time of one or two vectors is that of reading weights. Processors without VNNI look less far ahead than an
// inner loop of theirs is long: measured on Zen 3, 14 GB/s of 23 without and 19 with (Q4_1). Others
// do not see coming planes of five with little before them: on Zen 4, 24 GB/s of 32 without; there every
// other form is faster if it does not ask.
INLINE void block_prefetch(const uint8_t *w, const int bits, const int kind, const int C) {
  if (BLOCK_WIDE ? C > 2 : !(bits == 5 && kind <= FLAT_MINIMUM && C <= 2)) return;
  const int bytes = (bits * 4 + (kind == FLAT ? 2 : 4)) * VL;
  for (int i = 0; i < (bytes + 63) / 64; i++) __builtin_prefetch(w + 2048 + 64 * i);
}

// 32 columns' whole numbers, scaled, added to what came before.
INLINE vf block_add(
    vf sum, const vi part[2], const block_scales *s, const activation *x, const int kind) {
  const bool halved = kind >= GROUPS_16, hasMinimum = kind != FLAT && kind != GROUPS_16;
  vf f = __builtin_convertvector(part[0], vf) * s->scale[0];
  if (halved) f = __builtin_convertvector(part[1], vf) * s->scale[1] + f;
  sum = f * x->scale + sum;
  if (hasMinimum) sum = s->minimum[0] * x->sum[0] + sum;
  if (hasMinimum && halved) sum = s->minimum[1] * x->sum[1] + sum;
  return sum;
}

INLINE void block_tile(
    const int C, const int bits, const bool isTable, const int kind, float *y, ptrdiff_t yRow,
    size_t rows, const uint8_t *w, size_t blocks, const activation *x) {
  const bool halved = kind >= GROUPS_16, hasMinimum = kind != FLAT && kind != GROUPS_16;
  const bool isSigned = BLOCK_PAIRS && (bits == 8 || isTable);
  // 2 · 127 · (2^bits - 1) a step.
  const int steps = bits == 8 || isTable ? 1 : bits == 6 ? 2 : bits == 5 || halved ? 4 : 8;
  vf sum[8];
  block_scales s = {0};
#pragma clang loop unroll(full)
  for (int c = 0; c < C; c++) sum[c] = vsplat(0);
  for (size_t b = 0; b < blocks; b++, x += C) {
    w = block_scales_read(&s, w, kind, b);
    block_prefetch(w, bits, kind, C);
    vi part[8][2], pairs[8];
#pragma clang loop unroll(full)
    for (int c = 0; c < C; c++)
      for (int i = 0; i < 2; i++)
        part[c][i] = hasMinimum || isSigned ? (vi)0 : (vi)x[c].start[i];
#pragma clang loop unroll(full)
    for (int j = 0; j < 8; j++) {
      vi codes = block_codes(w, bits, isTable, j);
      if (isSigned) codes ^= each_byte(0x80);
      const int half = halved ? j / 4 : 0;
#pragma clang loop unroll(full)
      for (int c = 0; c < C; c++) {
        int32_t lane;
        memcpy(&lane, x[c].codes + 4 * j, 4);
        if (BLOCK_PAIRS) {
          const vi two = isSigned ? pairs_s8_s8(codes, (vi)lane) : pairs_u8_s8(codes, (vi)lane);
          pairs[c] = j % steps == 0 ? two : pairs_add(pairs[c], two);
          if (j % steps == steps - 1) part[c][half] += pairs_widen(pairs[c]);
        } else {
          part[c][half] = dot_i8(part[c][half], codes, (vi)lane);
        }
      }
    }
#pragma clang loop unroll(full)
    for (int c = 0; c < C; c++) sum[c] = block_add(sum[c], part[c], &s, x + c, kind);
    w += bits * 4 * VL;
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < C; c++) dot_store(y + c * yRow, sum[c], rows);
}

// The same with activations in 16 bits, two of `x` for each of C vectors. Where bytes are multiplied, the
// second of the two has the lower bytes; where words are, they lie in both as `wide_write` puts them.
INLINE void block_wide_tile(
    const int C, const int bits, const bool isTable, const int kind, float *y, ptrdiff_t yRow,
    size_t rows, const uint8_t *w, size_t blocks, const activation *x) {
  const bool halved = kind >= GROUPS_16, hasMinimum = kind != FLAT && kind != GROUPS_16;
  vf sum[4];
  block_scales s = {0};
#pragma clang loop unroll(full)
  for (int c = 0; c < C; c++) sum[c] = vsplat(0);
  for (size_t b = 0; b < blocks; b++, x += 2 * C) {
    block_prefetch(w, bits, kind, C);
    w = block_scales_read(&s, w, kind, b);
    vi part[4][2], upper[4][2];
#pragma clang loop unroll(full)
    for (int c = 0; c < C; c++)
      for (int i = 0; i < 2; i++) {
        part[c][i] = hasMinimum ? (vi)0 : (vi)x[2 * c].start[i];
        upper[c][i] = (vi)0;
      }
#pragma clang loop unroll(full)
    for (int j = 0; j < 8; j++) {
      const int half = halved ? j / 4 : 0;
#if BLOCK_WIDE
      vsu codes[2];
      wide_codes(codes, w, bits, isTable, j);
#pragma clang loop unroll(full)
      for (int odd = 0; odd < 2; odd++)
#pragma clang loop unroll(full)
        for (int c = 0; c < C; c++) {
          int32_t two;
          memcpy(&two, x[2 * c + j / 4].codes + j % 4 * 8 + odd * 4, 4);
          part[c][half] += dot_pairs((vs)codes[odd], (vs)(vi)two);
        }
#else
      const vi codes = block_codes(w, bits, isTable, j);
#pragma clang loop unroll(full)
      for (int c = 0; c < C; c++) {
        int32_t high, low;
        memcpy(&high, x[2 * c].codes + 4 * j, 4);
        memcpy(&low, x[2 * c + 1].codes + 4 * j, 4);
        upper[c][half] = dot_i8(upper[c][half], codes, (vi)high);
        part[c][half] = dot_i8(part[c][half], codes, (vi)low);
      }
#endif
    }
#pragma clang loop unroll(full)
    for (int c = 0; c < C; c++) {
      for (int i = 0; !BLOCK_WIDE && i < 2; i++) part[c][i] += upper[c][i] << 8;
      sum[c] = block_add(sum[c], part[c], &s, x + 2 * c, kind);
    }
    w += bits * 4 * VL;
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < C; c++) dot_store(y + c * yRow, sum[c], rows);
}

typedef void (*block_function)(
    float *y, ptrdiff_t yRow, size_t rows, const uint8_t *w, size_t blocks, const activation *x);
#define BLOCK_FUNCTION(tile, C, name, bits, isTable, kind)                                       \
  static void tile##_##name##_##C(                                                               \
      float *y, ptrdiff_t yRow, size_t rows, const uint8_t *w, size_t blocks,                    \
      const activation *x) {                                                                     \
    tile(C, bits, isTable, kind, y, yRow, rows, w, blocks, x);                                   \
  }
#define BLOCK_FUNCTION_1(...) BLOCK_FUNCTION(block_tile, 1, __VA_ARGS__)
#define BLOCK_FUNCTION_2(...) BLOCK_FUNCTION(block_tile, 2, __VA_ARGS__)
#define BLOCK_FUNCTION_4(...) BLOCK_FUNCTION(block_tile, 4, __VA_ARGS__)
BLOCK_FORMS(BLOCK_FUNCTION_1) BLOCK_FORMS(BLOCK_FUNCTION_2) BLOCK_FORMS(BLOCK_FUNCTION_4)
#define BLOCK_WIDE_FUNCTION_1(...) BLOCK_FUNCTION(block_wide_tile, 1, __VA_ARGS__)
#define BLOCK_WIDE_FUNCTION_2(...) BLOCK_FUNCTION(block_wide_tile, 2, __VA_ARGS__)
#define BLOCK_WIDE_FUNCTION_4(...) BLOCK_FUNCTION(block_wide_tile, 4, __VA_ARGS__)
BLOCK_FORMS(BLOCK_WIDE_FUNCTION_1) BLOCK_FORMS(BLOCK_WIDE_FUNCTION_2)
BLOCK_FORMS(BLOCK_WIDE_FUNCTION_4)
#if MR >= 12
#define BLOCK_FUNCTION_8(...) BLOCK_FUNCTION(block_tile, 8, __VA_ARGS__)
BLOCK_FORMS(BLOCK_FUNCTION_8)
#define BLOCK_ROW(name, bits, isTable, kind)                                                     \
  [CK_##name] = {                                                                                \
      block_tile_##name##_1, block_tile_##name##_2, block_tile_##name##_4, block_tile_##name##_8},
#else
#define BLOCK_ROW(name, bits, isTable, kind)                                                     \
  [CK_##name] = {block_tile_##name##_1, block_tile_##name##_2, block_tile_##name##_4},
#endif
#define BLOCK_WIDE_ROW(name, bits, isTable, kind)                                                \
  [CK_##name] = {                                                                                \
      block_wide_tile_##name##_1, block_wide_tile_##name##_2, block_wide_tile_##name##_4},
static const block_function block_functions[CK_BLOCK_COUNT][4] = {BLOCK_FORMS(BLOCK_ROW)};
static const block_function block_wide_functions[CK_BLOCK_COUNT][3] = {BLOCK_FORMS(BLOCK_WIDE_ROW)};

// Vectors are cut into tiles of 8 (or 4), and what is left into tiles of 4, 2 and 1.
INLINE int block_tile_log2(size_t count, size_t most) {
  return count >= 8 && most >= 8 ? 3 : count >= 4 ? 2 : count >= 2 ? 1 : 0;
}
#define WIDE_TILE 4
static void NAME(blockProduct)(const ck_block_product *g) {
  const size_t most = g->wide ? WIDE_TILE : BLOCK_TILE, each = g->blocks * (g->wide ? 2 : 1);
  // Vectors that stay in the second cache while all rows pass by.
  size_t span = (384 << 10) / (each * sizeof(activation) + 1) / most * most;
  if (span == 0) span = most;
  for (size_t first = 0; first < g->count; first += span) {
    const size_t end = g->count - first < span ? g->count : first + span;
    const uint8_t *w = g->weights;
    for (size_t row = 0; row < g->rows; row += VL, w += g->groupBytes)
      for (size_t i = first; i < end;) {
        const int log2 = block_tile_log2(end - i, most);
        const block_function function =
            g->wide ? block_wide_functions[g->format][log2] : block_functions[g->format][log2];
        function(
            g->y + (ptrdiff_t)i * g->yRow + row, g->yRow, g->rows - row, w, g->blocks,
            g->x + i * each);
        i += (size_t)1 << log2;
      }
  }
}

// Sixteen bits of 32 activations, as the products take them.
INLINE void wide_write(activation to[2], const int32_t whole[32]) {
  if (BLOCK_WIDE) {
    // Of four columns those of even bytes, then those of odd ones.
    int16_t words[32];
    for (int i = 0; i < 32; i += 4) {
      words[i] = (int16_t)whole[i];
      words[i + 1] = (int16_t)whole[i + 2];
      words[i + 2] = (int16_t)whole[i + 1];
      words[i + 3] = (int16_t)whole[i + 3];
    }
    memcpy(to[0].codes, words, 32);
    memcpy(to[1].codes, words + 16, 32);
    return;
  }
  for (int i = 0; i < 32; i++) {
    const int32_t high = (whole[i] + 128) >> 8;
    to[0].codes[i] = (int8_t)high;
    to[1].codes[i] = (int8_t)(whole[i] - high * 256);
  }
}

// One block of activations: the largest becomes 127, or 127 · 256 + 127 of `wide` ones, which take two
// of `to`. A NaN or an infinity makes the scale one. Not fused, so that every processor finds the same
// codes.
INLINE void block_quantize(
    activation *to, const float *x, const bool wide, const ck_block_layout layout) {
#pragma clang fp contract(off)
  vf largest = vsplat(0), values[32 / VL];
  for (int i = 0; i < 32 / VL; i++) {
    values[i] = vload(x + i * VL);
    largest = vmaxnan(largest, vfloat(vbits(values[i]) & 0x7fffffff));
  }
  const float most = vmax_across(largest), end = wide ? 32639 : 127;
  // Too small to be worth a code: the inverse would be infinite.
  const float inverse = most < 1e-33f ? 0 : end / most;
  to->scale = most / end;
  int32_t sums[2] = {0, 0}, wholes[32];
  for (int i = 0; i < 32 / VL; i++) {
    // Adding 1.5 · 2^23 rounds half to even and leaves the whole number in the lowest bits.
    const vi whole = vbits(values[i] * inverse + 12582912.0f) - 0x4b400000;
    if (wide) *(vi_memory *)(wholes + i * VL) = whole;
    else *(vsb_memory *)(to->codes + i * VL) = __builtin_convertvector(whole, vsb);
    sums[i * VL / 16] += __builtin_reduce_add(whole);
  }
  if (wide) wide_write(to, wholes);
  if (layout.groupElements == 32) {
    sums[0] += sums[1];
    sums[1] = 0;
  }
  for (int i = 0; i < 2; i++) {
    if (layout.minimumSign) to->sum[i] = to->scale * (float)sums[i];
    else to->start[i] = -(int32_t)layout.zero * sums[i];
  }
}
static void NAME(blockQuantize)(
    activation *to, const float *x, ptrdiff_t xRow, size_t count, size_t blocks,
    ck_block_format format, bool wide) {
  ck_block_layout layout = ck_block_layout_of(format);
  if (format == CK_IQ4_NL) layout.zero = 128;
  const size_t each = wide ? 2 : 1, most = wide ? WIDE_TILE : BLOCK_TILE;
  for (size_t i = 0; i < count;) {
    const size_t tile = (size_t)1 << block_tile_log2(count - i, most);
    for (size_t c = 0; c < tile; c++)
      for (size_t b = 0; b < blocks; b++) {
        activation *at = to + each * (i * blocks + b * tile + c);
        const float *from = x + (ptrdiff_t)(i + c) * xRow + 32 * b;
        if (wide) block_quantize(at, from, true, layout);
        else block_quantize(at, from, false, layout);
      }
    i += tile;
  }
}

// A group's weights in f32, a row of them per column: products and sums rounded one by one, as the
// format defines.
INLINE void block_expand(
    const int bits, const bool isTable, const int kind, const int zero, float *to,
    ptrdiff_t toRow, const uint8_t *w, size_t blocks) {
#pragma clang fp contract(off)
  const bool halved = kind >= GROUPS_16, hasMinimum = kind != FLAT && kind != GROUPS_16;
  block_scales s = {0};
  for (size_t b = 0; b < blocks; b++) {
    w = block_scales_read(&s, w, kind, b);
#pragma clang loop unroll(full)
    for (int j = 0; j < 8; j++) {
      const vu codes = (vu)block_codes(w, bits, isTable, j);
      const int half = halved ? j / 4 : 0;
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++, to += toRow) {
        const vi value = (vi)(codes >> (8 * i) & 0xff) - zero;
        vf f = __builtin_convertvector(value, vf) * s.scale[half];
        if (hasMinimum) f = f + s.minimum[half];
        vstore(to, f);
      }
    }
    w += bits * 4 * VL;
  }
}
static void NAME(blockExpand)(
    float *to, ptrdiff_t toRow, const uint8_t *w, size_t blocks, ck_block_format format) {
  switch (format) {
#define BLOCK_EXPAND(name, bits, isTable, kind)                                                  \
  case CK_##name: {                                                                              \
    const int zero = isTable || bits == 8 ? 128                                                  \
        : kind == FLAT                    ? 1 << (bits - 1)                                      \
        : kind == GROUPS_16               ? 1 << (bits - 1)                                      \
                                          : 0;                                                   \
    block_expand(bits, isTable, kind, zero, to, toRow, w, blocks);                               \
    break;                                                                                       \
  }
    BLOCK_FORMS(BLOCK_EXPAND)
    default: break;
  }
}
