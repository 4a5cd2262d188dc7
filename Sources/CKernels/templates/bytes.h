// What happens to quantised values between products: quantising, adding, pooling.

static void NAME(rangeWithZero)(const float *s, size_t n, float *lowest, float *highest) {
  vf low = vsplat(0), high = vsplat(0);
  size_t i = 0;
  for (; i + VL <= n; i += VL) {
    const vf x = vload(s + i);
    low = x < low ? x : low;
    high = x > high ? x : high;
  }
  float lows[VL], highs[VL];
  vstore(lows, low);
  vstore(highs, high);
  float a = 0, b = 0;
  for (int j = 0; j < VL; j++) {
    a = lows[j] < a ? lows[j] : a;
    b = highs[j] > b ? highs[j] : b;
  }
  for (; i < n; i++) {
    a = s[i] < a ? s[i] : a;
    b = s[i] > b ? s[i] : b;
  }
  *lowest = a;
  *highest = b;
}

static void NAME(quantize)(
    uint8_t *d, const float *s, size_t n, float scale, int32_t zero, bool isSigned) {
  const float low = (float)((isSigned ? -128 : 0) - zero), high = low + 255.0f;
  for (size_t i = 0; i < n; i += VL) {
    const size_t count = n - i < VL ? n - i : VL;
    vf x = (count == VL ? vload(s + i) : vload_first(s + i, count)) / vsplat(scale);
    // A NaN becomes zero.
    x = x == x ? x : vsplat((float)-zero);
    bytes_store(d + i, quantized_round(x, low, high, zero), count);
  }
}

// Each step rounds as an operator of the standard would: no fused multiplication and addition.
INLINE vf bytes_dequantize(vi x, int32_t zero, float scale) {
  return __builtin_convertvector(x - zero, vf) * vsplat(scale);
}
static void NAME(addBytes)(const ck_add_bytes *g) {
#pragma clang fp contract(off)
  const float low = (float)(g->low - g->zero), high = (float)(g->high - g->zero);
  for (size_t i = 0; i < g->count; i += VL) {
    const size_t n = g->count - i < VL ? g->count - i : VL;
    const vi a = n == VL ? bytes_load(g->left + i, g->isSigned)
                         : bytes_load_first(g->left + i, n, g->isSigned);
    const vi b = n == VL ? bytes_load(g->right + i, g->isSigned)
                         : bytes_load_first(g->right + i, n, g->isSigned);
    const vf left = bytes_dequantize(a, g->leftZero, g->leftScale);
    const vf right = bytes_dequantize(b, g->rightZero, g->rightScale);
    const vf sum = left + right;
    bytes_store(g->output + i, quantized_round(sum / vsplat(g->scale), low, high, g->zero), n);
  }
}

#define MAX_POOL_BYTES(type, tag)                                                                \
  INLINE void maxPoolBytes_##tag(const ck_pool_bytes *g) {                                       \
    for (size_t oy = 0; oy < g->outputHeight; oy++) {                                            \
      const ptrdiff_t y0 = (ptrdiff_t)(oy * g->strideHeight) - g->padTop;                        \
      const tap_range ys = taps_inside(y0, g->kernelHeight, g->dilationHeight, g->height);       \
      for (size_t ox = 0; ox < g->outputWidth; ox++) {                                           \
        const ptrdiff_t x0 = (ptrdiff_t)(ox * g->strideWidth) - g->padLeft;                      \
        const tap_range xs = taps_inside(x0, g->kernelWidth, g->dilationWidth, g->width);        \
        type *restrict out = (type *)g->output + (oy * g->outputWidth + ox) * g->channels;       \
        memset(out, sizeof(type) == 1 && (type)-1 < 0 ? 0x80 : 0, g->channels);                  \
        for (size_t i = ys.first; i < ys.last; i++)                                              \
          for (size_t j = xs.first; j < xs.last; j++) {                                          \
            const ptrdiff_t y = y0 + (ptrdiff_t)(i * g->dilationHeight);                         \
            const ptrdiff_t x = x0 + (ptrdiff_t)(j * g->dilationWidth);                          \
            const type *restrict in = (const type *)g->input                                     \
                + (y * (ptrdiff_t)g->width + x) * (ptrdiff_t)g->channels;                        \
            for (size_t c = 0; c < g->channels; c++) out[c] = in[c] > out[c] ? in[c] : out[c];   \
          }                                                                                      \
      }                                                                                          \
    }                                                                                            \
  }
MAX_POOL_BYTES(uint8_t, unsigned)
MAX_POOL_BYTES(int8_t, signed)
static void NAME(maxPoolBytes)(const ck_pool_bytes *g) {
  if (g->isSigned) maxPoolBytes_signed(g);
  else maxPoolBytes_unsigned(g);
}

static void NAME(sumRowsOfBytes)(
    int32_t *sums, const uint8_t *s, size_t rows, size_t columns, bool isSigned) {
  memset(sums, 0, columns * sizeof *sums);
  for (size_t row = 0; row < rows; row++, s += columns) {
    size_t i = 0;
    for (; i + VL <= columns; i += VL)
      *(vi_memory *)(sums + i) += bytes_load(s + i, isSigned);
    for (; i < columns; i++) sums[i] += isSigned ? (int32_t)(int8_t)s[i] : (int32_t)s[i];
  }
}

// Copies whole blocks where there is room: what lies behind a run is overwritten by the next one.
static void NAME(windowsOfBytes)(uint8_t *d, size_t dRow, const ck_windows_bytes *g) {
  const size_t block = 16, rounded = (g->runBytes + block - 1) / block * block;
  for (size_t i = 0; i < g->count; i++, d += dRow) {
    const size_t place = g->first + i;
    const uint8_t *window = g->source + (ptrdiff_t)(place / g->outputWidth) * g->windowDown
        + (ptrdiff_t)(place % g->outputWidth) * g->windowRight;
    uint8_t *to = d;
    for (size_t y = 0; y < g->runRows; y++)
      for (size_t x = 0; x < g->runs; x++, to += g->runBytes) {
        const uint8_t *from = window + (ptrdiff_t)y * g->runDown + (ptrdiff_t)x * g->runRight;
        if (rounded <= (size_t)(g->end - from))
          for (size_t j = 0; j < rounded; j += block) __builtin_memcpy(to + j, from + j, block);
        else memcpy(to, from, g->runBytes);
      }
  }
}
