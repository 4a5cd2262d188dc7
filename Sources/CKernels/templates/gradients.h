// Gradients and steps of optimizers: what training does to every element, along contiguous floats.

// A vector, or the first n floats of one.
#define EACH_VECTOR(count)                                    \
  for (size_t i = 0, n; i < (count) && (n = (count) - i < VL ? (count) - i : VL); i += VL)
INLINE vf vload_some(const float *p, size_t n) { return n == VL ? vload(p) : vload_first(p, n); }
INLINE void vstore_some(float *p, vf v, size_t n) {
  if (n == VL) vstore(p, v);
  else vstore_first(p, v, n);
}

static void NAME(reluGradient)(float *target, const float *arriving, const float *value, size_t count) {
  EACH_VECTOR(count) {
    const vf y = vload_some(value + i, n), g = vload_some(arriving + i, n);
    vstore_some(target + i, y > 0 ? g : vsplat(0), n);
  }
}
static void NAME(sigmoidGradient)(float *target, const float *arriving, const float *value, size_t count) {
  EACH_VECTOR(count) {
    const vf y = vload_some(value + i, n), g = vload_some(arriving + i, n);
    vstore_some(target + i, g * (y * (1 - y)), n);
  }
}
static void NAME(tanhGradient)(float *target, const float *arriving, const float *value, size_t count) {
  EACH_VECTOR(count) {
    const vf y = vload_some(value + i, n), g = vload_some(arriving + i, n);
    vstore_some(target + i, g * (1 - y * y), n);
  }
}

// Adds to each window's first largest element what arrives for it, with `relu` only where that is above 0,
// and to `sums`, unless it is NULL, all that was given of each channel. NHWC; `input` and `output` are the
// forward pass's, and `arriving` lies as `output`, `gradient` as `input`.
static void NAME(maxPoolGradient)(
    const ck_pool *g, const float *arriving, float *gradient, bool relu, float *sums) {
  for (size_t oy = 0; oy < g->outputHeight; oy++) {
    const ptrdiff_t y0 = (ptrdiff_t)(oy * g->strideHeight) - g->padTop;
    const tap_range ys = taps_inside(y0, g->kernelHeight, g->dilationHeight, g->height);
    for (size_t ox = 0; ox < g->outputWidth; ox++) {
      const ptrdiff_t x0 = (ptrdiff_t)(ox * g->strideWidth) - g->padLeft;
      const tap_range xs = taps_inside(x0, g->kernelWidth, g->dilationWidth, g->width);
      const ptrdiff_t place =
          (ptrdiff_t)oy * g->outputRowStride + (ptrdiff_t)ox * g->outputPixelStride;
      for (size_t c = 0; c < g->channels; c += VL) {
        const size_t n = g->channels - c < VL ? g->channels - c : VL;
        const vf best = vload_some(g->output + place + c, n);
        vf dy = vload_some(arriving + place + c, n);
        if (relu) dy = best > 0 ? dy : vsplat(0);
        if (sums) vstore_some(sums + c, vload_some(sums + c, n) + dy, n);
        vi open = (vi)(best == best);
        for (size_t i = ys.first; i < ys.last; i++)
          for (size_t j = xs.first; j < xs.last; j++) {
            const ptrdiff_t at = (y0 + (ptrdiff_t)(i * g->dilationHeight)) * g->inputRowStride
                + (x0 + (ptrdiff_t)(j * g->dilationWidth)) * g->inputPixelStride + (ptrdiff_t)c;
            const vf x = vload_some(g->input + at, n);
            const vi hit = (vi)(x == best) & open;
            const vf old = vload_some(gradient + at, n);
            vstore_some(gradient + at, old + (vf)((vi)dy & hit), n);
            open &= ~hit;
          }
      }
    }
  }
}

// One step of Adam: `scale` is the rate with both corrections of the means' bias.
static void NAME(adamStep)(
    float *parameter, const float *gradient, float *first, float *second, size_t count, float scale,
    float keep1, float keep2, float epsilon) {
  EACH_VECTOR(count) {
    const vf g = vload_some(gradient + i, n);
    vf m = vload_some(first + i, n), v = vload_some(second + i, n);
    m += (g - m) * vsplat(keep1);
    v += (g * g - v) * vsplat(keep2);
    vstore_some(first + i, m, n);
    vstore_some(second + i, v, n);
    const vf step = m * vsplat(scale) / (__builtin_elementwise_sqrt(v) + vsplat(epsilon));
    vstore_some(parameter + i, vload_some(parameter + i, n) - step, n);
  }
}

// One step of one example of an LSTM, back in time: `gates` holds input, output, forget and cell after their
// functions, `t` the tanh of the new cell state, `old` the cell state before. `dc` becomes the old one's.
static void NAME(lstmGradient)(
    float *target, const float *gates, const float *t, const float *old, const float *dh, float *dc,
    size_t hidden) {
  EACH_VECTOR(hidden) {
    const vf input = vload_some(gates + i, n), output = vload_some(gates + hidden + i, n);
    const vf forget = vload_some(gates + 2 * hidden + i, n);
    const vf cell = vload_some(gates + 3 * hidden + i, n);
    const vf h = vload_some(dh + i, n), tanh = vload_some(t + i, n);
    const vf c = h * output * (1 - tanh * tanh) + vload_some(dc + i, n);
    vstore_some(target + i, c * cell * input * (1 - input), n);
    vstore_some(target + hidden + i, h * tanh * output * (1 - output), n);
    vstore_some(target + 2 * hidden + i, c * vload_some(old + i, n) * forget * (1 - forget), n);
    vstore_some(target + 3 * hidden + i, c * input * (1 - cell * cell), n);
    vstore_some(dc + i, c * forget, n);
  }
}

// One line of a softmax's gradient: y · (dy - Σ dy·y).
static void NAME(softmaxGradient)(float *target, const float *arriving, const float *value, size_t count) {
  vf sums = vsplat(0);
  EACH_VECTOR(count) {
    if (n == VL) sums += vload(arriving + i) * vload(value + i);
    else sums += vload_first(arriving + i, n) * vload_first(value + i, n);
  }
  const vf sum = vsplat(vsum(sums));
  EACH_VECTOR(count) {
    const vf y = vload_some(value + i, n), g = vload_some(arriving + i, n);
    vstore_some(target + i, y * (g - sum), n);
  }
}
