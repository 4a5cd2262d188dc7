// Products of bytes that go back to bytes, or on to floats, while a tile of sums is still in the
// first cache. The sums are those of templates/dot.h: exact.
typedef uint8_t vb __attribute__((ext_vector_type(VL)));
typedef vb vb_memory __attribute__((aligned(1), may_alias));

// What lies between sums and bytes: half to even, then the zero point, then saturation. Bounds are
// whole numbers, so clamping first gives the same; adding 1.5 · 2^23 then rounds.
INLINE vi quantized_round(vf x, float low, float high, int32_t zero) {
  x = vatmost(vatleast(x, vsplat(low)), vsplat(high)) + vsplat(12582912.0f);
  return (vi)x - (vi)(0x4b400000 - zero);
}
INLINE void bytes_store(uint8_t *d, vi v, size_t n) {
  const vb bytes = __builtin_convertvector((vu)v, vb);
  if (n >= VL) *(vb_memory *)d = bytes;
  else if (n > 0) {
    uint8_t lanes[VL];
    *(vb_memory *)lanes = bytes;
    for (size_t i = 0; i < n; i++) d[i] = lanes[i];
  }
}
INLINE vi bytes_load(const uint8_t *s, bool isSigned) {
  typedef int8_t vsb __attribute__((ext_vector_type(VL)));
  const vb bytes = *(const vb_memory *)s;
  return isSigned ? __builtin_convertvector((vsb)bytes, vi) : __builtin_convertvector(bytes, vi);
}
INLINE vi bytes_load_first(const uint8_t *s, size_t n, bool isSigned) {
  uint8_t lanes[VL] = {0};
  for (size_t i = 0; i < n; i++) lanes[i] = s[i];
  return bytes_load(lanes, isSigned);
}

// Finishes the rows of a tile of sums, from a column on.
INLINE void quantized_finish(
    const ck_quantized_product *g, const int32_t *sums, size_t rows, size_t row, size_t column) {
  const size_t end = g->n - column < IGEMM_STRIP ? g->n - column : IGEMM_STRIP;
  const float low = (float)(g->low - g->zero), high = (float)(g->high - g->zero);
  for (size_t j = 0; j < end; j += VL) {
    const size_t at = column + j, n = end - j < VL ? end - j : VL;
    const vi offset = *(const vi_memory *)(g->offsets + at);
    const vf factor = vload(g->factors + at);
    const vf bias = g->bias ? vload(g->bias + at) : vsplat(0);
    for (size_t i = 0; i < rows; i++) {
      const vi sum = *(const vi_memory *)(sums + j / NR * MR * NR + i * NR + j % NR) + offset;
      const vf x = __builtin_convertvector(sum, vf) * factor;
      const size_t to = (row + i) * (size_t)g->outputRow + at;
      if (g->floats) dot_store(g->floats + to, x + bias, n);
      else bytes_store(g->bytes + to, quantized_round(x, low, high, g->zero), n);
    }
  }
}
static void NAME(quantizedProduct)(const ck_quantized_product *g) {
  const size_t groups = (g->k + 3) / 4;
  const tile_cut cut = cut_rows(g->m, MR);
  int32_t sums[MR * IGEMM_STRIP] __attribute__((aligned(64)));
  for (size_t column = 0; column < g->n; column += IGEMM_STRIP) {
    const size_t n = g->n - column < IGEMM_STRIP ? g->n - column : IGEMM_STRIP;
    const int8_t *panel = g->packedB + column / NR * ck_igemm_panel_bytes(g->k, NR);
    for (size_t i = 0, row = 0; i < cut.count; i++) {
      const size_t rows = cut.rows + (i < cut.larger);
      igemm_sums(rows, sums, g->a + (ptrdiff_t)row * g->aRow, g->aRow, panel, n, groups);
      quantized_finish(g, sums, rows, row, column);
      row += rows;
    }
  }
}

// Convolution of each channel on its own. Four taps of as many channels as a vector has bytes are
// interleaved, so that the taps of a channel lie in one lane of a dot product. Interleaving stays
// within 128 bits, which is the order weights, offsets and factors are packed in; narrowing sums to
// bytes undoes it.
typedef uint8_t vbytes __attribute__((ext_vector_type(4 * VL)));
typedef vbytes vbytes_memory __attribute__((aligned(1), may_alias));
#if defined(CK_HAS_AVX512)
#define UNPACK(part, width, a, b) (vbytes)_mm512_unpack##part##_epi##width((__m512i)a, (__m512i)b)
INLINE vbytes narrow(const vi q[4]) {
  return (vbytes)_mm512_packus_epi16(
      _mm512_packs_epi32((__m512i)q[0], (__m512i)q[1]),
      _mm512_packs_epi32((__m512i)q[2], (__m512i)q[3]));
}
#elif defined(CK_HAS_AVX2)
#define UNPACK(part, width, a, b) (vbytes)_mm256_unpack##part##_epi##width((__m256i)a, (__m256i)b)
INLINE vbytes narrow(const vi q[4]) {
  return (vbytes)_mm256_packus_epi16(
      _mm256_packs_epi32((__m256i)q[0], (__m256i)q[1]),
      _mm256_packs_epi32((__m256i)q[2], (__m256i)q[3]));
}
#else
#define UNPACK(part, width, a, b) UNPACK_##part##width((vbytes)a, (vbytes)b)
#define UNPACK_lo8(a, b)                                                                         \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UNPACK_hi8(a, b)                                                                         \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define UNPACK_lo16(a, b)                                                                        \
  __builtin_shufflevector(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23)
#define UNPACK_hi16(a, b)                                                                        \
  __builtin_shufflevector(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31)
INLINE vbytes narrow(const vi q[4]) {
  vbytes bytes;
  for (int i = 0; i < 16; i++) bytes[i] = (uint8_t)q[i / 4][i % 4];
  return bytes;
}
#endif

static void NAME(depthwiseBytes)(const ck_depthwise_bytes *g) {
  const float low = (float)(g->low - g->zero), high = (float)(g->high - g->zero);
  const size_t width = 4 * VL;
  for (size_t y = 0; y < g->outputHeight; y++) {
    for (size_t chunk = 0; chunk * width < g->channels; chunk++) {
      // The last channels of several chunks are computed twice rather than apart.
      const size_t rest = g->channels - chunk * width;
      const size_t first = rest >= width || g->channels < width ? chunk * width
                                                               : g->channels - width;
      const size_t count = g->channels < width ? g->channels : width;
      const int8_t *weights = g->weights + chunk * g->tapGroups * 4 * width;
      const int32_t *offsets = g->offsets + chunk * width;
      const float *factors = g->factors + chunk * width;
      for (size_t x = 0; x < g->outputWidth; x++) {
        const uint8_t *window = g->input + y * (size_t)g->inputRowStep + x * (size_t)g->inputStep
            + first;
        vi sum[4];
        for (int i = 0; i < 4; i++) sum[i] = *(const vi_memory *)(offsets + i * VL);
        for (size_t t = 0; t < g->tapGroups; t++) {
          const ptrdiff_t *taps = g->taps + 4 * t;
          const vbytes a = *(const vbytes_memory *)(window + taps[0]);
          const vbytes b = *(const vbytes_memory *)(window + taps[1]);
          const vbytes c = *(const vbytes_memory *)(window + taps[2]);
          const vbytes d = *(const vbytes_memory *)(window + taps[3]);
          const vbytes ab = UNPACK(lo, 8, a, b), cd = UNPACK(lo, 8, c, d);
          const vbytes ef = UNPACK(hi, 8, a, b), gh = UNPACK(hi, 8, c, d);
          const vi_memory *w = (const vi_memory *)(weights + t * 4 * width);
          sum[0] = dot_i8(sum[0], (vi)(UNPACK(lo, 16, ab, cd)), w[0]);
          sum[1] = dot_i8(sum[1], (vi)(UNPACK(hi, 16, ab, cd)), w[1]);
          sum[2] = dot_i8(sum[2], (vi)(UNPACK(lo, 16, ef, gh)), w[2]);
          sum[3] = dot_i8(sum[3], (vi)(UNPACK(hi, 16, ef, gh)), w[3]);
        }
        for (int i = 0; i < 4; i++) {
          const vf value = __builtin_convertvector(sum[i], vf) * vload(factors + i * VL);
          sum[i] = quantized_round(value, low, high, g->zero) & 0xff;
        }
        const vbytes bytes = narrow(sum);
        uint8_t *to = g->output + (y * g->outputWidth + x) * g->channels + first;
        if (count == width) *(vbytes_memory *)to = bytes;
        else {
          uint8_t lanes[4 * VL];
          *(vbytes_memory *)lanes = bytes;
          memcpy(to, lanes, count);
        }
      }
    }
  }
}
