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
static void NAME(dequantize)(
    float *d, const uint8_t *s, size_t n, float scale, int32_t zero, bool isSigned) {
  for (size_t i = 0; i < n; i += VL) {
    const size_t count = n - i < VL ? n - i : VL;
    if (count == VL)
      vstore(d + i, bytes_dequantize(bytes_load(s + i, isSigned), zero, scale));
    else
      vstore_first(
          d + i, bytes_dequantize(bytes_load_first(s + i, count, isSigned), zero, scale), count);
  }
}
// A scale, and a zero point where there are any, for each element.
static void NAME(dequantizeEach)(
    float *d, const uint8_t *s, size_t n, const float *scales, const uint8_t *zeros,
    bool isSigned) {
  for (size_t i = 0; i < n; i += VL) {
    const size_t count = n - i < VL ? n - i : VL;
    vi x = count == VL ? bytes_load(s + i, isSigned) : bytes_load_first(s + i, count, isSigned);
    if (zeros)
      x -= count == VL ? bytes_load(zeros + i, isSigned)
                       : bytes_load_first(zeros + i, count, isSigned);
    const vf y = __builtin_convertvector(x, vf);
    if (count == VL)
      vstore(d + i, y * vload(scales + i));
    else
      vstore_first(d + i, y * vload_first(scales + i, count), count);
  }
}
static void NAME(addBytes)(const ck_add_bytes *g) {
#pragma clang fp contract(off)
  const float low = (float)(g->low - g->zero), high = (float)(g->high - g->zero);
  const float reciprocal = 1.0f / g->scale;
  for (size_t i = 0; i < g->count; i += VL) {
    const size_t n = g->count - i < VL ? g->count - i : VL;
    const vi a = n == VL ? bytes_load(g->left + i, g->isSigned)
                         : bytes_load_first(g->left + i, n, g->isSigned);
    const vi b = n == VL ? bytes_load(g->right + i, g->isSigned)
                         : bytes_load_first(g->right + i, n, g->isSigned);
    const vf left = bytes_dequantize(a, g->leftZero, g->leftScale);
    const vf right = bytes_dequantize(b, g->rightZero, g->rightScale);
    const vf sum = left + right;
    // A product with the reciprocal decides where it is not near a half; division takes longer.
    vf x = vatmost(vatleast(sum * vsplat(reciprocal), vsplat(low)), vsplat(high));
    const vf rounded = (x + vsplat(12582912.0f)) - vsplat(12582912.0f), off = x - rounded;
    if (__builtin_reduce_or((off > vsplat(0.499f)) | (off < vsplat(-0.499f))))
      x = sum / vsplat(g->scale);
    bytes_store(g->output + i, quantized_round(x, low, high, g->zero), n);
  }
}

// The maximum over a window's taps, of as many channels as the type has lanes.
typedef uint8_t v16 __attribute__((ext_vector_type(16)));
typedef v16 v16_memory __attribute__((aligned(1), may_alias));
#define MAX_OF_TAPS(type, memory, tag)                                                           \
  INLINE void maxOfTaps_##tag(                                                                   \
      uint8_t *out, const uint8_t *in, tap_range ys, tap_range xs, ptrdiff_t down,               \
      ptrdiff_t right, uint8_t flip) {                                                           \
    type best = (type)(uint8_t)0;                                                                \
    for (size_t i = ys.first; i < ys.last; i++)                                                  \
      for (size_t j = xs.first; j < xs.last; j++) {                                              \
        const type x = *(const memory *)(in + (ptrdiff_t)i * down + (ptrdiff_t)j * right) ^ flip; \
        best = x > best ? x : best;                                                              \
      }                                                                                          \
    *(memory *)out = best ^ flip;                                                                \
  }
MAX_OF_TAPS(vbytes, vbytes_memory, wide)
MAX_OF_TAPS(v16, v16_memory, narrow)
MAX_OF_TAPS(uint8_t, uint8_t, one)

static void NAME(maxPoolBytes)(const ck_pool_bytes *g) {
  // Signed bytes are ordered as unsigned ones whose top bit is turned.
  const uint8_t flip = g->isSigned ? 0x80 : 0;
  const ptrdiff_t right = (ptrdiff_t)(g->dilationWidth * g->channels);
  const ptrdiff_t down = (ptrdiff_t)(g->dilationHeight * g->width * g->channels);
  for (size_t oy = 0; oy < g->outputHeight; oy++) {
    const ptrdiff_t y0 = (ptrdiff_t)(oy * g->strideHeight) - g->padTop;
    const tap_range ys = taps_inside(y0, g->kernelHeight, g->dilationHeight, g->height);
    for (size_t ox = 0; ox < g->outputWidth; ox++) {
      const ptrdiff_t x0 = (ptrdiff_t)(ox * g->strideWidth) - g->padLeft;
      const tap_range xs = taps_inside(x0, g->kernelWidth, g->dilationWidth, g->width);
      const uint8_t *in = g->input + (y0 * (ptrdiff_t)g->width + x0) * (ptrdiff_t)g->channels;
      uint8_t *out = g->output + (oy * g->outputWidth + ox) * g->channels;
      size_t c = 0;
      for (; c + 4 * VL <= g->channels; c += 4 * VL)
        maxOfTaps_wide(out + c, in + c, ys, xs, down, right, flip);
      for (; c + 16 <= g->channels; c += 16)
        maxOfTaps_narrow(out + c, in + c, ys, xs, down, right, flip);
      for (; c < g->channels; c++) maxOfTaps_one(out + c, in + c, ys, xs, down, right, flip);
    }
  }
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
