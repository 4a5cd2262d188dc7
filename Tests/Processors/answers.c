// Prints what every kernel of the best table answers to inputs that are the same everywhere. Run as
// several processors, the answers are compared: Swift's tests hold the tables of x86-64 against
// references, and this holds the others against those.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "CKernels.h"

static uint32_t state;
static uint32_t draw(void) { return state = state * 1664525 + 1013904223, state >> 8; }
static float real(void) { return (float)(draw() % 2001) / 250 - 4; }
#define COUNT(a) (sizeof(a) / sizeof *(a))

// Exact kinds print as whole numbers, others with digits enough to be compared.
static void floats(const char *what, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%s[%zu] ~ %.9g\n", what, i, (double)x[i]);
}
static void bytes(const char *what, const void *x, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%s[%zu] = %d\n", what, i, ((const uint8_t *)x)[i]);
}
static void words(const char *what, const int32_t *x, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%s[%zu] = %d\n", what, i, x[i]);
}

static float a[8192], b[8192], c[8192], d[8192], packedFloats[65536];
static uint8_t bytesA[8192], bytesB[8192], bytesC[8192];
static int8_t packedBytes[65536];
static int32_t wordsA[8192], wordsB[8192];
static void fill(void) {
  for (size_t i = 0; i < COUNT(a); i++) {
    a[i] = real(); b[i] = real(); c[i] = d[i] = 0;
    bytesA[i] = (uint8_t)draw(); bytesB[i] = (uint8_t)draw(); bytesC[i] = 0;
    wordsA[i] = (int32_t)(draw() % 20001) - 10000; wordsB[i] = 0;
  }
}

static void elementwise(const ck_table *t, size_t n) {
  static const size_t size[CK_TYPE_COUNT] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8};
  static double left[64], right[64], out[64];
  for (int type = 0; type < CK_TYPE_COUNT; type++)
    for (int form = 0; form < 3; form++) {
      for (size_t i = 0; i < n; i++) {
        const int x = (int)(draw() % 90) - 30, y = (int)(draw() % 9) + 1;
        switch (type) {
          case CK_F32: ((float *)left)[i] = (float)x / 8; ((float *)right)[i] = (float)y / 4; break;
          case CK_F64: left[i] = x / 8.0; right[i] = y / 4.0; break;
          default: {
            const int64_t l = x, r = y;
            memcpy((char *)left + i * size[type], &l, size[type]);
            memcpy((char *)right + i * size[type], &r, size[type]);
          }
        }
      }
      char what[80];
      for (int op = 0; op < CK_BINARY_COUNT; op++) {
        if (!t->binary[op][type]) continue;
        memset(out, 0, sizeof out);
        t->binary[op][type](out, left, right, n, (ck_operand)form);
        snprintf(what, sizeof what, "binary %d type %d form %d of %zu", op, type, form, n);
        if (type == CK_F32) floats(what, (float *)out, n);
        else if (type == CK_F64) {
          for (size_t i = 0; i < n; i++) printf("%s[%zu] ~ %.9g\n", what, i, out[i]);
        } else bytes(what, out, n * size[type]);
      }
      for (int op = 0; op < CK_COMPARE_COUNT; op++) {
        if (!t->compare[op][type]) continue;
        t->compare[op][type](out, left, right, n, (ck_operand)form);
        snprintf(what, sizeof what, "compare %d type %d form %d of %zu", op, type, form, n);
        bytes(what, out, n);
      }
    }
  // Reductions of [2, n / 6, 3].
  const size_t axis = n / 6;
  for (int type = 0; axis && type < CK_TYPE_COUNT; type++)
    for (int op = 0; op < CK_REDUCE_COUNT; op++) {
      if (!t->reduce[op][type]) continue;
      for (size_t i = 0; i < n; i++) {
        const int x = (int)(draw() % 5) - 1;
        const int64_t l = x;
        if (type == CK_F32) ((float *)left)[i] = (float)x / 2;
        else if (type == CK_F64) left[i] = x / 2.0;
        else memcpy((char *)left + i * size[type], &l, size[type]);
      }
      t->reduce[op][type](out, left, 2, axis, 3);
      char what[80];
      snprintf(what, sizeof what, "reduce %d type %d of %zu", op, type, n);
      if (type == CK_F32) floats(what, (float *)out, 6);
      else if (type == CK_F64) for (int i = 0; i < 6; i++) printf("%s[%d] ~ %.9g\n", what, i, out[i]);
      else bytes(what, out, 6 * size[type]);
    }
}

static void rows(const ck_table *t, size_t n) {
  fill();
  t->clamp(c, a, n, -1, 2.5f); floats("clamp", c, n);
  t->leakyRelu(c, a, n, 0.1f); floats("leakyRelu", c, n);
  memcpy(c, b, n * 4);
  t->axpby(c, a, n, 0.75f, -0.5f); floats("axpby", c, n);
  t->softmax(c, a, 2, n, 3); floats("softmax", c, 6 * n);
  t->logSoftmax(c, a, 2, n, 3); floats("logSoftmax", c, 6 * n);
  c[0] = t->sumOfExponentials(a, n, 4, 0.7f); floats("sumOfExponentials", c, 1);
  wordsB[0] = (int32_t)t->indicesAtLeast(wordsB + 1, 32, a, n, 2);
  words("indicesAtLeast", wordsB, 1 + (wordsB[0] < 32 ? (size_t)wordsB[0] : 32));
  if (n) {
    float mean[3], inverse[3];
    t->layerNorm(c, a, 3, n, b, b + n, 1e-3f, mean, inverse);
    floats("layerNorm", c, 3 * n); floats("mean", mean, 3); floats("inverse", inverse, 3);
    int64_t places[6];
    for (int kind = 0; kind < 4; kind++) {
      t->argExtreme(places, a, 2, n, 3, kind & 1, kind & 2);
      for (int i = 0; i < 6; i++) printf("argExtreme %d[%d] = %d\n", kind, i, (int)places[i]);
      t->argExtreme(places, a, 2, 3 * n, 1, kind & 1, kind & 2);
      for (int i = 0; i < 2; i++) printf("argExtreme line %d[%d] = %d\n", kind, i, (int)places[i]);
    }
  }
  uint16_t halves[256];
  t->bfloatFromFloat(halves, a, n); bytes("bfloat", halves, 2 * n);
  t->floatFromBFloat(c, halves, n); floats("floatFromBFloat", c, n);
  t->halfFromFloat(halves, a, n); bytes("half", halves, 2 * n);
  t->floatFromHalf(c, halves, n); floats("floatFromHalf", c, n);
  float low, high;
  t->rangeWithZero(a, n, &low, &high); floats("low", &low, 1); floats("high", &high, 1);
  for (int sign = 0; sign < 2; sign++) {
    t->quantize(bytesC, a, n, 0.03f, sign ? 3 : 130, sign); bytes("quantize", bytesC, n);
    t->dequantize(c, bytesA, n, 0.03f, sign ? 3 : 130, sign); floats("dequantize", c, n);
    t->dequantizeEach(c, bytesA, n, b, sign ? bytesB : NULL, sign); floats("dequantizeEach", c, n);
    for (size_t i = 0; i < n; i++) c[i] = 0.01f + (float)i / 4096;
    t->requantize(bytesC, wordsA, c, n, sign ? -4 : 100, sign); bytes("requantize", bytesC, n);
    t->sumRowsOfBytes(wordsB, bytesA, 5, n, sign); words("sumRowsOfBytes", wordsB, n);
    const ck_add_bytes sum = {
        .output = bytesC, .left = bytesA, .right = bytesB, .count = n, .leftZero = 3, .rightZero = -2,
        .zero = 5, .low = sign ? -128 : 0, .high = sign ? 127 : 255, .leftScale = 0.5f,
        .rightScale = 0.21f, .scale = 0.9f, .isSigned = sign};
    t->addBytes(&sum); bytes("addBytes", bytesC, n);
  }
  for (size_t size = 1; size <= 8; size *= 2) {
    t->transpose(bytesC, (ptrdiff_t)n + 1, bytesA, 9, n, 7, size);
    for (size_t row = 0; row < 7; row++) bytes("transpose", bytesC + row * (n + 1) * size, n * size);
  }
}

static void cells(const ck_table *t, size_t n) {
  for (int kind = 0; kind < 6; kind++) {
    fill();
    float peepholes[3 * 40], output[40], reset[40];
    for (size_t i = 0; i < 3 * n; i++) peepholes[i] = real() / 4;
    memset(reset, 0, sizeof reset);
    ck_recurrent_step s = {
        .hidden = n, .fromInput = a, .fromState = b, .state = a + 4096, .cell = b + 4096,
        .reset = reset, .output = output, .peepholes = kind & 1 ? peepholes : NULL,
        .clip = kind & 1 ? 1.5f : INFINITY, .couplesForget = kind & 2, .resetsAfterwards = kind & 1};
    for (size_t i = 0; i < 4 * n; i++) a[i] /= 4, b[i] /= 4;
    if (kind < 4) t->lstmStep(&s);
    else if (kind == 4) { t->gruReset(&s); floats("reset", reset, n); t->gruStep(&s); }
    else t->rnnStep(&s);
    floats("state", s.state, n); floats("cell", s.cell, n); floats("output", output, n);
  }
}

static void products(const ck_table *t, size_t m, size_t n, size_t k) {
  fill();
  const size_t width = (size_t)t->panelColumns, stride = (k + 3) / 4 * 4;
  const ck_rows_product product = {
      .a = a, .b = b, .bias = b + 4096, .c = c, .m = m, .n = n, .k = k, .aRow = (ptrdiff_t)k,
      .bRow = (ptrdiff_t)k, .cRow = (ptrdiff_t)n};
  t->rowsProduct(&product); floats("rowsProduct", c, m * n);
  // Weights of every size: what small ones allow is computed in another way.
  const int most[] = {127, 64, 32, 16}, limit = most[(m + n + k) % COUNT(most)];
  for (size_t i = 0; i < k * n; i++)
    bytesB[i] = (uint8_t)(int8_t)((int8_t)bytesB[i] * limit / 128);
  t->igemmPackB(packedBytes, (int8_t *)bytesB, (ptrdiff_t)n, 1, 0, k, n);
  t->igemm(wordsB, (ptrdiff_t)n, bytesA, (ptrdiff_t)stride, packedBytes, m, n, k);
  words("igemm", wordsB, m * n);
  static float factors[512];
  for (size_t i = 0; i < n + width; i++) factors[i] = 0.001f + (float)i / 65536;
  ck_quantized_product q = {
      .a = bytesA, .aRow = (ptrdiff_t)stride, .packedB = packedBytes, .m = m, .n = n, .k = k,
      .offsets = wordsA, .factors = factors, .bias = b, .bytes = bytesC, .outputRow = (ptrdiff_t)n,
      .zero = 7, .low = 2, .high = 250};
  t->quantizedProduct(&q); bytes("quantizedProduct", bytesC, m * n);
  q.bytes = NULL; q.floats = c;
  t->quantizedProduct(&q); floats("quantizedProduct", c, m * n);
}

/// Channels of an image of 7×9, windows of 3×3.
static void images(const ck_table *t, size_t channels, size_t stride, size_t dilation) {
  fill();
  const size_t h = 7, w = 9, reach = 2 * dilation + 1, pad = 1;
  const size_t oh = (h + 2 * pad - reach) / stride + 1, ow = (w + 2 * pad - reach) / stride + 1;
  // Depthwise weights lie as [3, 3, channels].
  const ck_convolution_nhwc deep = {
      .input = a, .pixelStride = (ptrdiff_t)channels, .rowStride = (ptrdiff_t)(w * channels),
      .channelCount = 1, .kernelHeight = 3, .kernelWidth = 3, .strideHeight = stride,
      .strideWidth = stride, .dilationHeight = dilation, .dilationWidth = dilation, .height = h,
      .width = w, .padTop = pad, .padLeft = pad, .outputRowCount = oh, .outputWidth = ow,
      .weights = b, .outputChannels = channels, .output = c,
      .outputPixelStride = (ptrdiff_t)channels, .outputRowStride = (ptrdiff_t)(ow * channels),
      .epilogue = {.alpha = 1, .biasColumn = b + 4096, .low = -9, .high = 9, .clamps = true}};
  t->depthwiseNHWC(&deep); floats("depthwise", c, oh * ow * channels);
  if (stride == 1 && dilation == 1 && channels <= 32)
    for (size_t size = 2; size <= 4; size += 2) {
      // Filters of one output each become rows; what is multiplied here is one output's.
      static float zeros[64], planes[65536], filters[36 * 64];
      const size_t count = (size + 2) * (size + 2);
      const ptrdiff_t row = (ptrdiff_t)(channels + 15) / 16 * 16;
      ck_winograd_tiles tiles = {.size = size, .across = (ow + size - 1) / size,
                                 .down = (oh + size - 1) / size, .tile = row};
      tiles.count = tiles.across * tiles.down;
      tiles.plane = row * (ptrdiff_t)tiles.count;
      if (count * tiles.count * (size_t)row > COUNT(planes)) continue;
      const ck_winograd_filters filter = {.size = size, .weights = b, .outputs = 1,
          .channels = channels, .planes = filters, .plane = row, .row = row};
      t->winogradFilters(&filter);
      const ck_winograd_input in = {.tiles = tiles, .input = a, .zeros = zeros,
          .channels = channels, .height = h, .width = w, .padTop = (ptrdiff_t)pad,
          .padLeft = (ptrdiff_t)pad, .planes = planes};
      t->winogradInput(&in);
      for (size_t p = 0; p < count; p++)
        for (size_t i = 0; i < tiles.count; i++)
          for (size_t k = 0; k < channels; k++)
            planes[p * (size_t)tiles.plane + i * (size_t)row + k] *= filters[p * (size_t)row + k];
      const ck_winograd_output out = {.tiles = tiles, .planes = planes, .output = c,
          .channels = channels, .height = oh, .width = ow, .bias = b + 4096, .low = -9, .high = 9,
          .clamps = true};
      t->winogradOutput(&out);
      floats("winograd", c, oh * ow * channels);
    }
  for (int average = 0; average < 2; average++)
    for (int nchw = 0; nchw < 2; nchw++) {
      const ptrdiff_t step = nchw ? 1 : (ptrdiff_t)channels;
      static int64_t places[8192];
      const ck_pool pool = {
          .input = a, .inputChannelStride = nchw ? (ptrdiff_t)(h * w) : 1,
          .inputRowStride = (ptrdiff_t)w * step, .inputPixelStride = step, .output = c,
          .outputChannelStride = nchw ? (ptrdiff_t)(oh * ow) : 1,
          .outputRowStride = (ptrdiff_t)ow * step, .outputPixelStride = step,
          .indices = nchw && !average ? places : NULL, .channels = channels, .height = h,
          .width = w, .outputHeight = oh, .outputWidth = ow, .kernelHeight = 3, .kernelWidth = 3,
          .strideHeight = stride, .strideWidth = stride, .dilationHeight = dilation,
          .dilationWidth = dilation, .padTop = 1, .padLeft = 1, .padBottom = 1, .padRight = 1,
          .countsPadding = nchw};
      (average ? t->averagePool : t->maxPool)(&pool);
      floats(average ? "averagePool" : "maxPool", c, oh * ow * channels);
      for (size_t i = 0; pool.indices && i < oh * ow * channels; i++)
        printf("maxPool[%zu] = %d\n", i, (int)places[i]);
    }
  for (int sign = 0; sign < 2; sign++) {
    const ck_pool_bytes pool = {
        .input = bytesA, .output = bytesC, .channels = channels, .height = h, .width = w,
        .outputHeight = oh, .outputWidth = ow, .kernelHeight = 3, .kernelWidth = 3,
        .strideHeight = stride, .strideWidth = stride, .dilationHeight = dilation,
        .dilationWidth = dilation, .padTop = 1, .padLeft = 1, .isSigned = sign};
    t->maxPoolBytes(&pool); bytes("maxPoolBytes", bytesC, oh * ow * channels);
  }
  // Panels of windows, which are as wide as the table's; printed column by column.
  const size_t width = (size_t)t->panelColumns, depth = channels * 9;
  const ck_im2col gather = {
      .input = a, .channels = channels, .height = h, .width = w, .kernelHeight = 3,
      .kernelWidth = 3, .strideHeight = stride, .strideWidth = stride, .dilationHeight = dilation,
      .dilationWidth = dilation, .padTop = 1, .padLeft = 1, .outputWidth = ow, .positionFirst = 2,
      .positionCount = oh * ow - 3, .panels = packedFloats};
  if (depth * (oh * ow + width) <= COUNT(packedFloats)) {
    t->im2col(&gather);
    for (size_t column = 0; column < gather.positionCount; column++) {
      // A last panel of at most a vector's columns is a vector wide.
      const size_t start = column / width * width, vector = (size_t)t->vectorBytes / 4;
      const size_t wide = gather.positionCount - start <= vector ? vector : width;
      for (size_t row = 0; row < depth; row++)
        printf("im2col[%zu] ~ %.9g\n", column * depth + row,
               (double)packedFloats[start * depth + row * wide + column % width]);
    }
  }
  // Bytes: a padded image, each channel's windows on their own.
  const size_t lanes = (size_t)t->vectorBytes / 16, chunk = (size_t)t->vectorBytes, groups = 3;
  const size_t chunks = (channels + chunk - 1) / chunk;
  ptrdiff_t taps[12];
  for (size_t i = 0; i < 12; i++)
    taps[i] = i < 9 ? (ptrdiff_t)((i / 3 * w + i % 3) * channels) : 0;
  static int32_t offsets[512];
  static float factors[512];
  memset(packedBytes, 0, sizeof packedBytes);
  for (size_t i = 0; i < chunks; i++) {
    const size_t rest = channels - i * chunk;
    const size_t first = rest >= chunk || channels < chunk ? i * chunk : channels - chunk;
    for (size_t at = 0; at < chunk && first + at < channels; at++) {
      const size_t lane = at / 16, outer = at % 16 / 4, inner = at % 4, channel = first + at;
      const size_t slot = (outer * lanes + lane) * 4 + inner;
      offsets[i * chunk + slot] = wordsA[channel];
      factors[i * chunk + slot] = 0.002f + (float)channel / 65536;
      for (size_t tap = 0; tap < 9; tap++)
        packedBytes[((i * groups + tap / 4) * chunk + slot) * 4 + tap % 4] =
            (int8_t)bytesB[tap * channels + channel];
    }
  }
  const ck_depthwise_bytes deepBytes = {
      .input = bytesA, .inputStep = (ptrdiff_t)channels, .inputRowStep = (ptrdiff_t)(w * channels),
      .taps = taps, .tapGroups = groups, .weights = packedBytes, .offsets = offsets,
      .factors = factors, .output = bytesC, .channels = channels, .outputHeight = h - 2,
      .outputWidth = w - 2, .zero = 9, .low = 0, .high = 255};
  t->depthwiseBytes(&deepBytes); bytes("depthwiseBytes", bytesC, (h - 2) * (w - 2) * channels);
  const ck_windows_bytes windows = {
      .source = bytesA, .end = bytesA + h * w * channels, .windowDown = (ptrdiff_t)(w * channels),
      .windowRight = (ptrdiff_t)channels, .outputWidth = w - 2, .runRows = 3, .runs = 1,
      .runBytes = 3 * channels, .runDown = (ptrdiff_t)(w * channels), .runRight = 0, .first = 3,
      .count = 11};
  if (9 * channels * 12 < COUNT(bytesC)) {
    t->windowsOfBytes(bytesC, 9 * channels, &windows);
    bytes("windowsOfBytes", bytesC, 11 * 9 * channels);
  }
}

/// Channels of a volume of 3×5×6 with windows of 2×3×2; products of other types.
static void volumes(const ck_table *t, size_t channels, size_t stride) {
  fill();
  const ck_windows windows = {
      .size = {3, 5, 6}, .outputSize = {2 / stride + 1, 4 / stride + 1, 6 / stride + 1},
      .kernel = {2, 3, 2}, .stride = {stride, stride, stride}, .dilation = {1, 1, 1}, .pad = {0, 1, 1}};
  const size_t outputs = windows.outputSize[0] * windows.outputSize[1] * windows.outputSize[2];
  const size_t width = (size_t)t->panelColumns, depth = channels * 12;
  const ck_window_panels gather = {
      .windows = windows, .input = a, .rowFirst = 1, .rowCount = depth - 2, .positionFirst = 1,
      .positionCount = outputs - 2, .panels = packedFloats};
  t->windowPanels(&gather);
  for (size_t column = 0; column < gather.positionCount; column++) {
    const size_t start = column / width * width, vector = (size_t)t->vectorBytes / 4;
    const size_t wide = gather.positionCount - start <= vector ? vector : width;
    for (size_t row = 0; row < gather.rowCount; row++)
      printf("windowPanels[%zu] ~ %.9g\n", column * depth + row,
             (double)packedFloats[start * gather.rowCount + row * wide + column % width]);
  }
  const ck_window_sums sums = {
      .windows = windows, .output = c, .rowFirst = 1, .rowCount = depth - 2, .positionFirst = 1,
      .positionCount = outputs - 2, .sums = b, .sumsRow = (ptrdiff_t)outputs};
  t->windowSums(&sums); floats("windowSums", c, channels * 90);
  const ck_window_filter filter = {
      .windows = windows, .input = a, .weights = b, .output = d, .channels = channels,
      .rowCount = windows.outputSize[0] * windows.outputSize[1], .bias = 0.5f, .low = -30,
      .high = 40, .clamps = true};
  t->windowFilter(&filter); floats("windowFilter", d, outputs);
  static double left[400], right[400], out[400];
  for (int type = 0; type < CK_TYPE_COUNT; type++) {
    if (!t->product[type]) continue;
    const size_t m = channels, n = 13, k = 7;
    for (size_t i = 0; i < 400; i++) {
      const int64_t x = wordsA[i], y = wordsA[i + 400];
      if (type == CK_F64) left[i] = (double)x / 100, right[i] = (double)y / 100;
      else memcpy(left + i, &x, 8), memcpy(right + i, &y, 8);
    }
    const ck_product call = {
        .a = left, .b = right, .c = out, .m = m, .n = n, .k = k, .aRow = (ptrdiff_t)k, .aColumn = 1,
        .bRow = (ptrdiff_t)n, .bColumn = 1, .cRow = (ptrdiff_t)n};
    memset(out, 0, sizeof out);
    t->product[type](&call);
    if (type == CK_F64) for (size_t i = 0; i < m * n; i++) printf("product[%zu] ~ %.9g\n", i, out[i]);
    else bytes("product", out, m * n * 4);
  }
}

/// Every block format: scales that are ordinary numbers, codes that are not.
static void blockFormats(const ck_table *t, size_t rows, size_t count) {
  static const uint8_t places[CK_BLOCK_COUNT][2] = {
      {0, 0}, {0, 2}, {0, 0}, {0, 2}, {0, 0}, {0, 0}, {80, 82}, {108, 108}, {0, 2}, {0, 2}, {208, 208}};
  enum { COLUMNS = 256 };
  static uint8_t given[49 * 34 * COLUMNS / 32], packed[64 * 36 * COLUMNS / 32];
  static ck_block_activation quantized[2 * 9 * COLUMNS / 32];
  const size_t lanes = (size_t)t->vectorBytes / 4, groups = (rows + lanes - 1) / lanes;
  for (int format = 0; format < CK_BLOCK_COUNT; format++) {
    fill();
    const ck_block_layout layout = ck_block_layout_of((ck_block_format)format);
    const size_t blocks = COLUMNS / layout.elements, rowBytes = blocks * layout.bytes;
    const size_t group = lanes * blocks * ck_block_packed_bytes((ck_block_format)format);
    for (size_t i = 0; i < rows * rowBytes; i++) given[i] = (uint8_t)draw();
    for (size_t i = 0; i < rows * blocks; i++)
      for (int j = 0; j < 2; j++) {
        // Halves from 1/4 to 1.
        const uint16_t half = (uint16_t)(0x3400 + draw() % 0x800);
        memcpy(given + i * layout.bytes + places[format][j], &half, 2);
      }
    for (size_t i = 0; i < groups; i++)
      ck_block_pack(
          packed + i * group, lanes, given + i * lanes * rowBytes, rowBytes,
          rows - i * lanes < lanes ? rows - i * lanes : lanes, blocks, (ck_block_format)format);
    for (int wide = 0; wide < 2; wide++) {
      t->blockQuantize(quantized, a, COLUMNS, count, COLUMNS / 32, (ck_block_format)format, wide);
      const ck_block_product product = {
          .format = (ck_block_format)format, .weights = packed, .groupBytes = group, .rows = rows,
          .blocks = COLUMNS / 32, .count = count, .x = quantized, .y = c, .yRow = (ptrdiff_t)rows,
          .wide = wide};
      t->blockProduct(&product);
      char what[80];
      snprintf(what, sizeof what, "blockProduct %d in %d bits", format, wide ? 16 : 8);
      // Sums of 256 products of up to 16,000, which cancel: compared by that size.
      for (size_t i = 0; i < rows * count; i++) c[i] = 1e5f + c[i];
      floats(what, c, rows * count);
    }
    t->blockExpand(packedFloats, (ptrdiff_t)lanes, packed, COLUMNS / 32, (ck_block_format)format);
    for (size_t row = 0; row < rows && row < 4; row++)
      for (size_t column = 0; column < COLUMNS; column++)
        floats("blockExpand", packedFloats + column * lanes + row, 1);
  }
}
/// Weights in Q8_0 and Q4_K: the reference's bytes, whoever writes them.
static void weights(const ck_table *t, size_t blocks) {
  for (int format = CK_Q8_0; format <= CK_Q4_K; format += CK_Q4_K - CK_Q8_0) {
    const size_t each = format == CK_Q8_0 ? 34 : 144;
    memset(bytesB, 0, sizeof bytesB);
    memset(bytesC, 1, sizeof bytesC);
    t->quantizeWeights(bytesC, a, blocks, (ck_block_format)format);
    ck_block_quantize(bytesB, a, blocks, (ck_block_format)format);
    if (memcmp(bytesB, bytesC, blocks * each))
      printf("quantizeWeights %d of %zu differs\n", format, blocks);
    bytes("quantizeWeights", bytesC, blocks * each);
  }
}

int main(void) {
  const ck_table *tables[8];
  const ck_table *t = tables[ck_available(tables, 8) - 1];
  fprintf(stderr, "%s\n", t->name);
  state = 1;
  for (size_t n = 0; n < 42; n += 1 + n / 8) { elementwise(t, n); rows(t, n); cells(t, n); }
  for (size_t m = 1; m < 20; m += 3)
    for (size_t n = 1; n < 80; n += 1 + n / 2) products(t, m, n, m * n % 53 + 1);
  for (size_t channels = 1; channels < 90; channels += 1 + channels / 3)
    for (size_t stride = 1; stride < 3; stride++) images(t, channels, stride, 3 - stride);
  for (size_t channels = 1; channels < 20; channels += 3)
    for (size_t stride = 1; stride < 3; stride++) volumes(t, channels, stride);
  for (size_t count = 1; count < 9; count += 3) blockFormats(t, 7 * count, count);
  for (size_t blocks = 0; blocks < 4; blocks++) { fill(); weights(t, blocks); }
  return 0;
}
