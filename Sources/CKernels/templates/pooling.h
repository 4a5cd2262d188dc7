// Max and average pooling with any strides. Vectors run along whatever is contiguous: channels in
// NHWC; in NCHW the columns of an output row, for a horizontal stride of 1.

// The taps of one window along one axis that lie inside the image: [first, last).
typedef struct { size_t first, last; } tap_range;
INLINE tap_range taps_inside(ptrdiff_t start, size_t taps, size_t dilation, size_t size) {
  size_t first = 0, last = taps;
  while (first < last && start + (ptrdiff_t)(first * dilation) < 0) first++;
  while (last > first && start + (ptrdiff_t)((last - 1) * dilation) >= (ptrdiff_t)size) last--;
  return (tap_range){first, last};
}
// Taps inside the padded image; with ceil rounding a window may hang over the padding's end too.
INLINE size_t taps_padded(ptrdiff_t start, size_t taps, size_t dilation, ptrdiff_t end) {
  size_t count = taps;
  while (count > 0 && start + (ptrdiff_t)((count - 1) * dilation) >= end) count--;
  return count;
}

INLINE void pool(const ck_pool *g, const bool average) {
  for (size_t oy = 0; oy < g->outputHeight; oy++) {
    const ptrdiff_t y0 = (ptrdiff_t)(oy * g->strideHeight) - g->padTop;
    const tap_range ys = taps_inside(y0, g->kernelHeight, g->dilationHeight, g->height);
    const size_t yPadded = taps_padded(
        y0, g->kernelHeight, g->dilationHeight, (ptrdiff_t)g->height + g->padBottom);
    for (size_t ox = 0; ox < g->outputWidth; ox++) {
      const ptrdiff_t x0 = (ptrdiff_t)(ox * g->strideWidth) - g->padLeft;
      const tap_range xs = taps_inside(x0, g->kernelWidth, g->dilationWidth, g->width);
      const size_t xPadded = taps_padded(
          x0, g->kernelWidth, g->dilationWidth, (ptrdiff_t)g->width + g->padRight);
      const size_t taps = g->countsPadding ? yPadded * xPadded
                                           : (ys.last - ys.first) * (xs.last - xs.first);
      const float factor = average ? (taps ? 1.0f / (float)taps : 0) : 1;
      float *out = g->output + (ptrdiff_t)oy * g->outputRowStride
          + (ptrdiff_t)ox * g->outputPixelStride;
      const float *window = g->input + y0 * g->inputRowStride + x0 * g->inputPixelStride;
      const ptrdiff_t down = (ptrdiff_t)g->dilationHeight * g->inputRowStride;
      const ptrdiff_t right = (ptrdiff_t)g->dilationWidth * g->inputPixelStride;
      if (g->inputChannelStride == 1 && g->outputChannelStride == 1) {
        for (size_t c = 0; c < g->channels; c += VL) {
          const size_t n = g->channels - c < VL ? g->channels - c : VL;
          vf value = vsplat(average ? 0 : -__builtin_inff());
          for (size_t i = ys.first; i < ys.last; i++)
            for (size_t j = xs.first; j < xs.last; j++) {
              const float *p = window + (ptrdiff_t)i * down + (ptrdiff_t)j * right + c;
              const vf x = n == VL ? vload(p) : vload_first(p, n);
              value = average ? value + x : vmaxnan(value, x);
            }
          if (average) value *= vsplat(factor);
          if (n == VL) vstore(out + c, value);
          else vstore_first(out + c, value, n);
        }
        continue;
      }
      for (size_t c = 0; c < g->channels; c++) {
        const float *plane = window + (ptrdiff_t)c * g->inputChannelStride;
        float value = average ? 0 : -__builtin_inff();
        for (size_t i = ys.first; i < ys.last; i++)
          for (size_t j = xs.first; j < xs.last; j++) {
            const float x = plane[(ptrdiff_t)i * down + (ptrdiff_t)j * right];
            value = average ? value + x : (value > x || value != value) ? value : x;
          }
        out[(ptrdiff_t)c * g->outputChannelStride] = value * factor;
      }
    }
  }
}

INLINE float pool_join(float value, float x, const bool average) {
  return average ? value + x : (value > x || value != value) ? value : x;
}

// Rows that are longer are pooled window by window.
#define POOL_LINE 1024
INLINE void pool_wide_row(
    const ck_pool *g, const float *top, ptrdiff_t down, ptrdiff_t y0, tap_range ys, float *out,
    const bool average) {
  const size_t padded = taps_padded(
      y0, g->kernelHeight, g->dilationHeight, (ptrdiff_t)g->height + g->padBottom);
  for (size_t ox = 0; ox < g->outputWidth; ox++) {
    const ptrdiff_t x0 = (ptrdiff_t)(ox * g->strideWidth) - g->padLeft;
    const tap_range xs = taps_inside(x0, g->kernelWidth, g->dilationWidth, g->width);
    float value = average ? 0 : -__builtin_inff();
    for (size_t j = xs.first; j < xs.last; j++) {
      const float *p = top + x0 + (ptrdiff_t)(j * g->dilationWidth);
      for (size_t i = ys.first; i < ys.last; i++, p += down) value = pool_join(value, *p, average);
    }
    if (average) {
      const size_t taps = g->countsPadding
          ? padded * taps_padded(
              x0, g->kernelWidth, g->dilationWidth, (ptrdiff_t)g->width + g->padRight)
          : (ys.last - ys.first) * (xs.last - xs.first);
      value = taps ? value * (1.0f / (float)taps) : 0;
    }
    out[ox] = value;
  }
}

INLINE vf pool_join_vectors(vf value, vf x, const bool average) {
  return average ? value + x : vmaxnan(value, x);
}
// Rows from `top` on, joined into the line that they are padded to.
INLINE void pool_columns(
    const ck_pool *g, const float *top, ptrdiff_t down, size_t rows, float *line,
    const bool average) {
  for (size_t x = 0; x < g->width; x += VL) {
    const size_t n = g->width - x < VL ? g->width - x : VL;
    vf value = vsplat(average ? 0 : -__builtin_inff());
    for (size_t i = 0; i < rows; i++) {
      const float *p = top + (ptrdiff_t)i * down + x;
      value = pool_join_vectors(value, n == VL ? vload(p) : vload_first(p, n), average);
    }
    if (n == VL) vstore(line + x, value);
    else vstore_first(line + x, value, n);
  }
}
// A padded line, pooled along itself. `halves` is memory for its even and its odd places.
INLINE void pool_line(
    const ck_pool *g, const float *line, size_t length, float *halves, size_t half, float *out,
    const bool average) {
  const size_t stride = g->strideWidth, dilation = g->dilationWidth;
  if (stride > 2) {
    for (size_t ox = 0; ox < g->outputWidth; ox++) {
      const float *p = line + ox * stride;
      float value = *p;
      for (size_t j = 1; j < g->kernelWidth; j++)
        value = pool_join(value, p[j * dilation], average);
      out[ox] = value;
    }
    return;
  }
  if (stride == 2)
    for (size_t x = 0; 2 * x < length; x++) {
      halves[x] = line[2 * x];
      halves[half + x] = line[2 * x + 1];
    }
  for (size_t ox = 0; ox < g->outputWidth; ox += VL) {
    vf value = vsplat(average ? 0 : -__builtin_inff());
    for (size_t j = 0; j < g->kernelWidth; j++) {
      const size_t tap = j * dilation;
      const float *p = stride == 1 ? line + tap : halves + tap % 2 * half + tap / 2;
      value = pool_join_vectors(value, vload(p + ox), average);
    }
    if (ox + VL <= g->outputWidth) vstore(out + ox, value);
    else vstore_first(out + ox, value, g->outputWidth - ox);
  }
}

// Windows in NCHW: down the columns first, whole rows at a time, and then along the row that is left,
// between what is no tap: zeros, or minus infinity.
INLINE void pool_planes(const ck_pool *g, const bool average) {
  enum { HALF = POOL_LINE / 2 + 2 * VL };
  float line[POOL_LINE + 4 * VL], halves[2 * HALF], counts[POOL_LINE];
  const size_t reach = (g->kernelWidth - 1) * g->dilationWidth + 1;
  const size_t wanted = (g->outputWidth - 1) * g->strideWidth + reach;
  const size_t given = (size_t)g->padLeft + g->width;
  const size_t length = wanted > given ? wanted : given;
  const bool fits = length <= POOL_LINE && g->padLeft >= 0 && g->outputWidth > 0;
  if (fits)
    for (size_t x = 0; x < POOL_LINE + 4 * VL && x < length + 4 * VL; x++)
      line[x] = average ? 0 : -__builtin_inff();
  for (size_t ox = 0; average && fits && ox < g->outputWidth; ox++) {
    const ptrdiff_t x0 = (ptrdiff_t)(ox * g->strideWidth) - g->padLeft;
    const tap_range xs = taps_inside(x0, g->kernelWidth, g->dilationWidth, g->width);
    counts[ox] = (float)(g->countsPadding
        ? taps_padded(x0, g->kernelWidth, g->dilationWidth, (ptrdiff_t)g->width + g->padRight)
        : xs.last - xs.first);
  }
  for (size_t c = 0; c < g->channels; c++) {
    const float *plane = g->input + (ptrdiff_t)c * g->inputChannelStride;
    for (size_t oy = 0; oy < g->outputHeight; oy++) {
      float *out = g->output + (ptrdiff_t)c * g->outputChannelStride
          + (ptrdiff_t)oy * g->outputRowStride;
      const ptrdiff_t y0 = (ptrdiff_t)(oy * g->strideHeight) - g->padTop;
      const tap_range ys = taps_inside(y0, g->kernelHeight, g->dilationHeight, g->height);
      const float *top = plane + (y0 + (ptrdiff_t)(ys.first * g->dilationHeight)) * g->inputRowStride;
      const ptrdiff_t down = (ptrdiff_t)g->dilationHeight * g->inputRowStride;
      if (!fits) {
        pool_wide_row(g, top, down, y0, ys, out, average);
        continue;
      }
      pool_columns(g, top, down, ys.last - ys.first, line + g->padLeft, average);
      pool_line(g, line, length, halves, HALF, out, average);
      if (!average) continue;
      const float rows = (float)(g->countsPadding
          ? taps_padded(
              y0, g->kernelHeight, g->dilationHeight, (ptrdiff_t)g->height + g->padBottom)
          : ys.last - ys.first);
      for (size_t ox = 0; ox < g->outputWidth; ox++) {
        const float taps = rows * counts[ox];
        out[ox] = taps > 0 ? out[ox] * (1.0f / taps) : 0;
      }
    }
  }
}

// The index of a maximum is rarely asked for: one obvious loop. The first maximum wins.
INLINE void pool_indices(const ck_pool *g) {
  int64_t *index = g->indices;
  for (size_t c = 0; c < g->channels; c++)
    for (size_t oy = 0; oy < g->outputHeight; oy++)
      for (size_t ox = 0; ox < g->outputWidth; ox++) {
        const ptrdiff_t y0 = (ptrdiff_t)(oy * g->strideHeight) - g->padTop;
        const ptrdiff_t x0 = (ptrdiff_t)(ox * g->strideWidth) - g->padLeft;
        float best = -__builtin_inff();
        ptrdiff_t at = -1;
        for (size_t i = 0; i < g->kernelHeight; i++)
          for (size_t j = 0; j < g->kernelWidth; j++) {
            const ptrdiff_t y = y0 + (ptrdiff_t)(i * g->dilationHeight);
            const ptrdiff_t x = x0 + (ptrdiff_t)(j * g->dilationWidth);
            if (y < 0 || x < 0 || y >= (ptrdiff_t)g->height || x >= (ptrdiff_t)g->width) continue;
            const float value = g->input[
                (ptrdiff_t)c * g->inputChannelStride + y * g->inputRowStride
                + x * g->inputPixelStride];
            if (at < 0 || value > best || (value != value && best == best)) {
              best = value;
              at = y * (ptrdiff_t)g->width + x;
            }
          }
        g->output[
            (ptrdiff_t)c * g->outputChannelStride + (ptrdiff_t)oy * g->outputRowStride
            + (ptrdiff_t)ox * g->outputPixelStride] = best;
        *index++ = at < 0 ? 0 : (int64_t)at;
      }
}

static void NAME(maxPool)(const ck_pool *g) {
  if (g->indices) pool_indices(g);
  else if (g->inputPixelStride == 1 && g->outputPixelStride == 1 && g->channels > 0
           && g->inputChannelStride != 1) pool_planes(g, false);
  else pool(g, false);
}
static void NAME(averagePool)(const ck_pool *g) {
  if (g->inputPixelStride == 1 && g->outputPixelStride == 1 && g->channels > 0
      && g->inputChannelStride != 1) pool_planes(g, true);
  else pool(g, true);
}
