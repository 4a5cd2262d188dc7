// Depthwise convolution in NHWC: one input channel per output channel, so vectors run along them
// and nothing is summed over channels. The weights are [kernelHeight, kernelWidth, channels].
//
// Several neighbouring pixels of a row are held in registers: a vector of weights is read once for
// all of them, and with stride 1 a pixel of the image once for all the windows it lies in. The
// padding is not there: windows that hang over the image take only the taps inside it.

#define DEPTHWISE_PIXELS 4

typedef struct {
  const float *image;       // the first tap's pixel of the first window; may lie outside the image
  ptrdiff_t rowStride;      // from one tap's row to the next
  ptrdiff_t tapStride;      // from one tap of a row to the next
  ptrdiff_t windowStride;   // from one window to the next
  tap_range rows, columns;  // taps inside the image
  size_t kernelWidth;
  const float *weights;
  size_t channels;
  float *output;
  ptrdiff_t outputStride;   // from one pixel to the next
  const ck_epilogue *epilogue;
} depthwise_windows;

// One tap of `count` windows, for a whole vector of channels.
INLINE void depthwise_tap(
    vf *sum, const float *a, const float *w, const size_t count, const ptrdiff_t window) {
  const vf factor = vload(w);
#pragma clang loop unroll(full)
  for (size_t p = 0; p < count; p++) sum[p] = vload(a + (ptrdiff_t)p * window) * factor + sum[p];
}

// `count` windows; with `width` and `stride` (in pixels) known to the compiler, unless they are 0.
INLINE void depthwise_run(
    const depthwise_windows *g, const size_t count, const size_t width, const size_t stride) {
  const ck_epilogue *e = g->epilogue;
  const vf low = vsplat(e->low), high = vsplat(e->high), alpha = vsplat(e->alpha);
  const size_t first = width ? 0 : g->columns.first, end = width ? width : g->columns.last;
  const size_t taps = width ? width : g->kernelWidth;
  const ptrdiff_t window = stride ? (ptrdiff_t)stride * g->tapStride : g->windowStride;
  for (size_t channel = 0; channel < g->channels; channel += VL) {
    const size_t n = g->channels - channel < VL ? g->channels - channel : VL;
    const bool whole = n == VL;
    vf sum[DEPTHWISE_PIXELS];
#pragma clang loop unroll(full)
    for (size_t p = 0; p < count; p++) sum[p] = vsplat(0);
    for (size_t i = g->rows.first; i < g->rows.last; i++) {
      const float *a = g->image + (ptrdiff_t)i * g->rowStride + channel;
      const float *w = g->weights + i * taps * g->channels + channel;
      if (__builtin_expect(whole, 1)) {
        if (width) {
#pragma clang loop unroll(full)
          for (size_t j = 0; j < (width ? width : 1); j++)
            depthwise_tap(
                sum, a + (ptrdiff_t)j * g->tapStride, w + j * g->channels, count, window);
        } else {
          for (size_t j = first; j < end; j++)
            depthwise_tap(
                sum, a + (ptrdiff_t)j * g->tapStride, w + j * g->channels, count, window);
        }
      } else {
        for (size_t j = first; j < end; j++) {
          const vf factor = vload_first(w + j * g->channels, n);
#pragma clang loop unroll(full)
          for (size_t p = 0; p < count; p++)
            sum[p] = vload_first(a + (ptrdiff_t)j * g->tapStride + (ptrdiff_t)p * window, n)
                * factor + sum[p];
        }
      }
    }
    vf bias = vsplat(0);
    if (e->biasColumn)
      bias = whole ? vload(e->biasColumn + channel) : vload_first(e->biasColumn + channel, n);
#pragma clang loop unroll(full)
    for (size_t p = 0; p < count; p++) {
      vf value = sum[p] * alpha;
      if (e->biasColumn) value += bias;
      if (e->clamps) value = vatmost(vatleast(value, low), high);
      float *c = g->output + (ptrdiff_t)p * g->outputStride + channel;
      if (whole) vstore(c, value);
      else vstore_first(c, value, n);
    }
  }
}

typedef void (*depthwise_function)(const depthwise_windows *);
#define DEPTHWISE(width, stride)                                                                 \
  static void depthwise_##width##_##stride(const depthwise_windows *g) {                         \
    depthwise_run(g, DEPTHWISE_PIXELS, width, stride);                                           \
  }
DEPTHWISE(3, 1) DEPTHWISE(3, 2) DEPTHWISE(5, 1) DEPTHWISE(5, 2) DEPTHWISE(0, 0)
static void depthwise_one(const depthwise_windows *g) { depthwise_run(g, 1, 0, 0); }

// The function for several windows that lie in the image's width.
INLINE depthwise_function depthwise_several(const ck_convolution_nhwc *g) {
  if (g->kernelWidth == 3 && g->strideWidth == 1 && g->dilationWidth == 1) return depthwise_3_1;
  if (g->kernelWidth == 3 && g->strideWidth == 2 && g->dilationWidth == 1) return depthwise_3_2;
  if (g->kernelWidth == 5 && g->strideWidth == 1 && g->dilationWidth == 1) return depthwise_5_1;
  if (g->kernelWidth == 5 && g->strideWidth == 2 && g->dilationWidth == 1) return depthwise_5_2;
  return depthwise_0_0;
}

static void NAME(depthwiseNHWC)(const ck_convolution_nhwc *g) {
  const depthwise_function several = depthwise_several(g);
  depthwise_windows t = {
      .rowStride = (ptrdiff_t)g->dilationHeight * g->rowStride,
      .tapStride = (ptrdiff_t)g->dilationWidth * g->pixelStride,
      .windowStride = (ptrdiff_t)g->strideWidth * g->pixelStride,
      .kernelWidth = g->kernelWidth, .weights = g->weights, .channels = g->outputChannels,
      .outputStride = g->outputPixelStride, .epilogue = &g->epilogue};
  // Windows from `inside` up to `insideEnd` need no look at the image's sides.
  const size_t reach = (g->kernelWidth - 1) * g->dilationWidth;
  const size_t room = g->width + g->padLeft;
  size_t inside = (g->padLeft + g->strideWidth - 1) / g->strideWidth;
  size_t insideEnd = room > reach ? (room - reach - 1) / g->strideWidth + 1 : 0;
  if (insideEnd > g->outputWidth) insideEnd = g->outputWidth;
  if (inside > insideEnd) inside = insideEnd;
  for (size_t y = g->outputRowFirst; y < g->outputRowFirst + g->outputRowCount; y++) {
    const ptrdiff_t top = (ptrdiff_t)(y * g->strideHeight) - (ptrdiff_t)g->padTop;
    t.rows = taps_inside(top, g->kernelHeight, g->dilationHeight, g->height);
    const float *row = g->input + top * g->rowStride;
    float *output = g->output + (ptrdiff_t)y * g->outputRowStride;
    for (size_t x = 0; x < g->outputWidth;) {
      const ptrdiff_t left = (ptrdiff_t)(x * g->strideWidth) - (ptrdiff_t)g->padLeft;
      t.image = row + left * g->pixelStride;
      t.output = output + (ptrdiff_t)x * g->outputPixelStride;
      if (x >= inside && x + DEPTHWISE_PIXELS <= insideEnd) {
        t.columns = (tap_range){0, g->kernelWidth};
        several(&t);
        x += DEPTHWISE_PIXELS;
      } else {
        t.columns = taps_inside(left, g->kernelWidth, g->dilationWidth, g->width);
        depthwise_one(&t);
        x++;
      }
    }
  }
}
