// Attention over pages of keys and values, and what else a decoder does between its products:
// root-mean-square normalisation, rotary positions, gated activations.
//
// A page holds CK_PAGE positions of one head: keys as [headSize][CK_PAGE], values as
// [CK_PAGE][headSize], so that both products walk vectors without a sum across lanes.

#define PAGE_VECTORS (CK_PAGE / VL)
#define ATTENTION_TILE (4 * CK_PAGE)

#if !defined(CK_HAS_F16C) && !defined(__aarch64__)
INLINE vf vhalf(const uint16_t *p) {
  float lanes[VL];
  for (int i = 0; i < VL; i++) lanes[i] = half_to_float(p[i]);
  return vload(lanes);
}
INLINE void vstore_half(uint16_t *p, vf v) {
  for (int i = 0; i < VL; i++) p[i] = float_to_half(v[i]);
}
#else
INLINE vf vhalf(const uint16_t *p) {
  return __builtin_convertvector((vh)*(const vh_memory *)p, vf);
}
INLINE void vstore_half(uint16_t *p, vf v) {
  *(vh_memory *)p = __builtin_convertvector(v, vh);
}
#endif

// Elements of keys or values from `at` on: halves, or bytes that are yet to be scaled.
INLINE vf page_elements(const void *page, size_t at, const bool bytes) {
  if (!bytes) return vhalf((const uint16_t *)page + at);
  return __builtin_convertvector(
      __builtin_convertvector((vsb)*(const vsb_memory *)((const int8_t *)page + at), vi), vf);
}
// The scales of a page's keys, behind which those of its values lie.
INLINE float *page_scales(const void *keys, size_t headSize) {
  return (float *)((char *)keys + 2 * headSize * CK_PAGE);
}

// What one call works on: queries as [headSize][rows] and sums as [rows][headSize], side by side.
typedef struct {
  float queries[CK_HEAD_SIZE_MAX * CK_ATTENTION_ROWS] __attribute__((aligned(64)));
  float sums[CK_ATTENTION_ROWS * CK_HEAD_SIZE_MAX] __attribute__((aligned(64)));
  float scores[CK_ATTENTION_ROWS * ATTENTION_TILE] __attribute__((aligned(64)));
  float highest[CK_ATTENTION_ROWS], total[CK_ATTENTION_ROWS], keep[CK_ATTENTION_ROWS];
} NAME(attention_work);

// Sums that are held in registers at a time: enough to hide how long a multiplication takes, and as
// many as there are registers for. Never more than 16.
#if VL == 16 || defined(__aarch64__)
#define ATTENTION_SUMS 16
#else
#define ATTENTION_SUMS 8
#endif
// How many pages, or vectors of a value, a number of rows leaves sums for: 1, 2 or 4.
#define ATTENTION_PART(sums) ((sums) >= 4 ? 4 : (sums) >= 2 ? 2 : 1)

// scores[row][at + 16 i..<at + 16 (i + 1)] = queries[row] · keys[i], for constant numbers of pages and
// rows.
INLINE void page_scores(
    NAME(attention_work) *work, size_t headSize, size_t row, const void *const *keys, size_t at,
    const int pages, const bool bytes, const int rows) {
  const float *q = work->queries + row;
  vf sums[16];
  const int each = PAGE_VECTORS * rows;
#pragma clang loop unroll(full)
  for (int i = 0; i < pages * each; i++) sums[i] = vsplat(0);
  for (size_t d = 0; d < headSize; d++, q += CK_ATTENTION_ROWS)
#pragma clang loop unroll(full)
    for (int p = 0; p < pages; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < PAGE_VECTORS; v++) {
        const vf k = page_elements(keys[p], d * CK_PAGE + (size_t)v * VL, bytes);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) sums[p * each + v * rows + r] += vsplat(q[r]) * k;
      }
#pragma clang loop unroll(full)
  for (int p = 0; p < pages; p++)
#pragma clang loop unroll(full)
    for (int v = 0; v < PAGE_VECTORS; v++) {
      const vf scale = bytes ? vload(page_scales(keys[p], headSize) + v * VL) : vsplat(1);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        const vf sum = sums[p * each + v * rows + r];
        vstore(
            work->scores + (row + (size_t)r) * ATTENTION_TILE + at + p * CK_PAGE + v * VL,
            bytes ? sum * scale : sum);
      }
    }
}
INLINE void tile_scores(
    NAME(attention_work) *work, size_t headSize, size_t row, const void *const *keys,
    size_t positions, const bool bytes, const int rows) {
  const int pages = ATTENTION_PART(ATTENTION_SUMS / PAGE_VECTORS / rows);
  size_t at = 0;
  for (; at + (size_t)pages * CK_PAGE < positions + CK_PAGE; at += (size_t)pages * CK_PAGE)
    page_scores(work, headSize, row, keys + at / CK_PAGE, at, pages, bytes, rows);
  for (; at < positions; at += CK_PAGE)
    page_scores(work, headSize, row, keys + at / CK_PAGE, at, 1, bytes, rows);
}

// sums[row][d..] = sums[row] · keep[row] + scores[row] · values, for a constant number of vectors from
// element d on, and of rows.
INLINE void value_sums(
    NAME(attention_work) *work, size_t headSize, size_t row, size_t d, const void *const *keys,
    size_t positions, const int vectors, const bool bytes, const int rows) {
  const float *weights = work->scores + row * ATTENTION_TILE, *keep = work->keep + row;
  float *out = work->sums + row * headSize + d;
  vf sums[16];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      sums[r * vectors + v] = vload(out + (size_t)r * headSize + v * VL) * vsplat(keep[r]);
  for (size_t first = 0; first < positions; first += CK_PAGE) {
    // Values lie behind the page's keys.
    const void *page = keys[first / CK_PAGE];
    const size_t end = positions - first < CK_PAGE ? positions : first + CK_PAGE;
    for (size_t i = first; i < end; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) {
        const vf x = page_elements(
            page, (CK_PAGE + i - first) * headSize + d + (size_t)v * VL, bytes);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
          sums[r * vectors + v] += vsplat(weights[r * ATTENTION_TILE + i]) * x;
      }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      vstore(out + (size_t)r * headSize + v * VL, sums[r * vectors + v]);
}
INLINE void tile_values(
    NAME(attention_work) *work, size_t headSize, size_t row, const void *const *keys,
    size_t positions, const bool bytes, const int rows) {
  const int vectors = ATTENTION_PART(ATTENTION_SUMS / rows);
  size_t d = 0;
  for (; d + (size_t)vectors * VL <= headSize; d += (size_t)vectors * VL)
    value_sums(work, headSize, row, d, keys, positions, vectors, bytes, rows);
  for (; d < headSize; d += VL)
    value_sums(work, headSize, row, d, keys, positions, 1, bytes, rows);
}

// The online softmax of one row of a tile: scores become weights, `keep` is what the sums so far are
// to be multiplied with.
INLINE void tile_softmax(
    const ck_attention *a, size_t row, ptrdiff_t begin, size_t positions, float *scores,
    float *highest, float *sum, float *keep) {
  const ptrdiff_t first = a->first[row] - begin, last = a->last[row] - begin;
  const vf cap = vsplat(a->softCap);
  const size_t padded = (positions + VL - 1) / VL * VL;
  vf top = vsplat(-__builtin_inff());
  for (size_t i = 0; i < padded; i += VL) {
    vf s = vload(scores + i);
    if (a->softCap > 0) s = cap * vtanh(s / cap);
    if ((ptrdiff_t)i < first || (ptrdiff_t)(i + VL) > last) {
      vi lane;
      for (int l = 0; l < VL; l++) lane[l] = l;
      const vi place = lane + (int32_t)i;
      s = ((place >= (vi)(int32_t)first) & (place < (vi)(int32_t)last)) ? s
                                                                       : vsplat(-__builtin_inff());
    }
    top = vmaxnan(top, s);
    vstore(scores + i, s);
  }
  const float tileTop = vmax_across(top);
  // A row of which this tile holds no position keeps what it has.
  if (tileTop == -__builtin_inff()) {
    for (size_t i = 0; i < padded; i += VL) vstore(scores + i, vsplat(0));
    *keep = 1;
    return;
  }
  const float newTop = tileTop > *highest || tileTop != tileTop ? tileTop : *highest;
  const float factor = vexp_falling(vsplat(*highest - newTop))[0];
  vf total = vsplat(0);
  for (size_t i = 0; i < padded; i += VL) {
    const vf e = vexp_falling(vload(scores + i) - vsplat(newTop));
    total += e;
    vstore(scores + i, e);
  }
  *sum = *sum * factor + vsum(total);
  *highest = newTop;
  *keep = factor;
}

#define EACH_GROUP(count, function, ...)                                                         \
  do {                                                                                           \
    size_t row = 0;                                                                              \
    if (VL == 16)                                                                                \
      for (; row + 8 <= (count); row += 8) function(&work, a->headSize, row, __VA_ARGS__, 8);    \
    for (; row + 4 <= (count); row += 4) function(&work, a->headSize, row, __VA_ARGS__, 4);      \
    if ((count) - row == 3) function(&work, a->headSize, row, __VA_ARGS__, 3);                   \
    else if ((count) - row == 2) function(&work, a->headSize, row, __VA_ARGS__, 2);              \
    else if ((count) - row == 1) function(&work, a->headSize, row, __VA_ARGS__, 1);              \
  } while (0)

INLINE void NAME(attend)(const ck_attention *a, const bool bytes) {
  NAME(attention_work) work;
  ptrdiff_t begin = PTRDIFF_MAX, end = 0;
  for (size_t r = 0; r < a->rowCount; r++) {
    work.highest[r] = -FLT_MAX;
    work.total[r] = 0;
    if (a->first[r] < begin) begin = a->first[r];
    if (a->last[r] > end) end = a->last[r];
    for (size_t d = 0; d < a->headSize; d++)
      work.queries[d * CK_ATTENTION_ROWS + r] = a->queries[r][d] * a->scale;
    for (size_t d = 0; d < a->headSize; d += VL)
      vstore(work.sums + r * a->headSize + d, vsplat(0));
  }
  for (begin = begin / CK_PAGE * CK_PAGE; begin < end; begin += ATTENTION_TILE) {
    const size_t positions = end - begin < ATTENTION_TILE ? (size_t)(end - begin) : ATTENTION_TILE;
    const void *keys[ATTENTION_TILE / CK_PAGE];
    for (size_t i = 0; i < positions; i += CK_PAGE)
      keys[i / CK_PAGE] = (const char *)a->memory
          + (ptrdiff_t)a->pages[(begin + (ptrdiff_t)i) / CK_PAGE] * a->pageStride;
    EACH_GROUP(a->rowCount, tile_scores, keys, positions, bytes);
    for (size_t r = 0; r < a->rowCount; r++) {
      float *row = work.scores + r * ATTENTION_TILE;
      tile_softmax(
          a, r, begin, positions, row, work.highest + r, work.total + r, work.keep + r);
      // The weight of a value of bytes has its scale in it.
      for (size_t i = 0; bytes && i < positions; i += VL)
        vstore(
            row + i,
            vload(row + i)
                * vload(page_scales(keys[i / CK_PAGE], a->headSize) + CK_PAGE + i % CK_PAGE));
    }
    EACH_GROUP(a->rowCount, tile_values, keys, positions, bytes);
  }
  for (size_t r = 0; r < a->rowCount; r++) {
    // A row that saw no position answers zeros.
    const vf factor = vsplat(work.total[r] == 0 ? 0.0f : 1.0f / work.total[r]);
    for (size_t d = 0; d < a->headSize; d += VL)
      vstore(a->output[r] + d, vload(work.sums + r * a->headSize + d) * factor);
  }
}
#undef EACH_GROUP

static void NAME(attention)(const ck_attention *a) {
  if (a->isBytes) NAME(attend)(a, true);
  else NAME(attend)(a, false);
}

// One key or value as bytes, the largest as 127; answers the scale. Not fused, so that every processor
// finds the same bytes.
INLINE float bytes_of(int8_t *to, ptrdiff_t stride, const float *x, size_t size) {
#pragma clang fp contract(off)
  const vf largest = vsplat(65504.0f);
  vf most = vsplat(0);
  for (size_t d = 0; d < size; d += VL)
    most = vatleast(most, vabs(vatmost(vatleast(vload(x + d), -largest), largest)));
  const float top = vmax_across(most);
  const float inverse = top < 1e-35f ? 0 : 127 / top;
  for (size_t d = 0; d < size; d += VL) {
    const vf value = vatmost(vatleast(vload(x + d), -largest), largest) * inverse;
    // Adding 1.5 · 2^23 rounds half to even and leaves the whole number in the lowest bits.
    const vi whole = vbits(value + 12582912.0f) - 0x4b400000;
    for (int l = 0; l < VL; l++) to[(ptrdiff_t)(d + (size_t)l) * stride] = (int8_t)whole[l];
  }
  return top / 127;
}

// Keys and values of one position of one head into its page. What half precision cannot hold becomes
// its largest number: an infinity would make other positions' sums NaN.
static void NAME(storePosition)(
    void *page, size_t position, const float *key, const float *value, size_t headSize,
    bool isBytes) {
  if (isBytes) {
    int8_t *keys = page, *values = keys + headSize * CK_PAGE;
    float *scales = page_scales(page, headSize);
    scales[position] = bytes_of(keys + position, CK_PAGE, key, headSize);
    scales[CK_PAGE + position] = bytes_of(values + position * headSize, 1, value, headSize);
    return;
  }
  uint16_t *keys = page, *values = keys + headSize * CK_PAGE;
  const vf largest = vsplat(65504.0f);
  for (size_t d = 0; d < headSize; d += VL) {
    uint16_t lanes[VL];
    vstore_half(lanes, vatmost(vatleast(vload(key + d), -largest), largest));
    for (int l = 0; l < VL; l++) keys[(d + (size_t)l) * CK_PAGE + position] = lanes[l];
    vstore_half(
        values + position * headSize + d,
        vatmost(vatleast(vload(value + d), -largest), largest));
  }
}

static void NAME(rmsNorm)(
    float *d, const float *s, size_t rows, size_t size, const float *scale, float epsilon) {
  for (size_t row = 0; row < rows; row++, d += size, s += size) {
    vf sum0 = vsplat(0), sum1 = vsplat(0);
    size_t i = 0;
    for (; i + 2 * VL <= size; i += 2 * VL) {
      const vf x = vload(s + i), y = vload(s + i + VL);
      sum0 += x * x;
      sum1 += y * y;
    }
    for (; i < size; i += VL) {
      const vf x = vload_first(s + i, size - i < VL ? size - i : VL);
      sum0 += x * x;
    }
    const vf f = vsplat(1.0f / __builtin_sqrtf(vsum(sum0 + sum1) / (float)size + epsilon));
    for (i = 0; i + VL <= size; i += VL) vstore(d + i, vload(s + i) * f * vload(scale + i));
    if (i < size)
      vstore_first(
          d + i, vload_first(s + i, size - i) * f * vload_first(scale + i, size - i), size - i);
  }
}

// Rotates `heads` vectors in place by one position's angles. Pairs are (i, i + half), or (2i, 2i + 1).
static void NAME(rotate)(
    float *x, size_t heads, ptrdiff_t headStride, const float *cosines, const float *sines,
    size_t half, bool interleaved) {
  for (size_t h = 0; h < heads; h++, x += headStride) {
    if (interleaved) {
      for (size_t i = 0; i < half; i++) {
        const float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = a * cosines[i] - b * sines[i];
        x[2 * i + 1] = a * sines[i] + b * cosines[i];
      }
      continue;
    }
    size_t i = 0;
    for (; i + VL <= half; i += VL) {
      const vf a = vload(x + i), b = vload(x + half + i);
      const vf c = vload(cosines + i), s = vload(sines + i);
      vstore(x + i, a * c - b * s);
      vstore(x + half + i, a * s + b * c);
    }
    for (; i < half; i++) {
      const float a = x[i], b = x[half + i];
      x[i] = a * cosines[i] - b * sines[i];
      x[half + i] = a * sines[i] + b * cosines[i];
    }
  }
}

// gate[i] = activation(gate[i]) · up[i]
#define GATED(kind, activation)                                                                  \
  static void NAME(gated_##kind)(float *gate, const float *up, size_t count) {                   \
    size_t i = 0;                                                                                \
    for (; i + VL <= count; i += VL) {                                                           \
      const vf x = vload(gate + i);                                                              \
      vstore(gate + i, activation * vload(up + i));                                              \
    }                                                                                            \
    if (i < count) {                                                                             \
      const vf x = vload_first(gate + i, count - i);                                             \
      vstore_first(gate + i, activation * vload_first(up + i, count - i), count - i);            \
    }                                                                                            \
  }
GATED(silu, (x * vsigmoid(x)))
GATED(gelu, (vsplat(0.5f) * x * (vsplat(1.0f) + verf(x * vsplat(0.70710678118654752f)))))
GATED(geluTanh,
      (vsplat(0.5f) * x * (vsplat(1.0f)
          + vtanh(vsplat(0.7978845608f) * (x + vsplat(0.044715f) * x * x * x)))))
#undef GATED
