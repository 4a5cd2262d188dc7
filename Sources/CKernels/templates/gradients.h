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

// One step of some examples of an LSTM while training: `gates` [rows, 4 · hidden] holds what reaches input, output,
// forget and cell, and after that their functions. `before` and `after` are cell states, `state` what leaves.
static void NAME(lstmTraining)(
    float *gates, const float *before, float *after, float *state, size_t rows, size_t hidden) {
  for (size_t row = 0; row < rows; row++) {
    EACH_VECTOR(hidden) {
      float *const at = gates + i;
      const vf input = gate_sigmoid(vload_some(at, n), TANH_MAX);
      const vf output = gate_sigmoid(vload_some(at + hidden, n), TANH_MAX);
      const vf forget = gate_sigmoid(vload_some(at + 2 * hidden, n), TANH_MAX);
      const vf cell = gate_tanh(vload_some(at + 3 * hidden, n), TANH_MAX);
      const vf new = forget * vload_some(before + i, n) + input * cell;
      vstore_some(at, input, n);
      vstore_some(at + hidden, output, n);
      vstore_some(at + 2 * hidden, forget, n);
      vstore_some(at + 3 * hidden, cell, n);
      vstore_some(after + i, new, n);
      vstore_some(state + i, output * gate_tanh(new, TANH_MAX), n);
    }
    gates += 4 * hidden;
    before += hidden;
    after += hidden;
    state += hidden;
  }
}

// The same back in time: `gates` as they are after their functions, `before` and `after` the cell states. `dc`
// becomes the old cell state's, and `sums` [4 · hidden] gets all gates' gradients added.
static void NAME(lstmGradient)(
    float *target, const float *gates, const float *before, const float *after, const float *dh,
    float *dc, float *sums, size_t rows, size_t hidden) {
  for (size_t row = 0; row < rows; row++) {
    EACH_VECTOR(hidden) {
      const vf input = vload_some(gates + i, n), output = vload_some(gates + hidden + i, n);
      const vf forget = vload_some(gates + 2 * hidden + i, n);
      const vf cell = vload_some(gates + 3 * hidden + i, n);
      const vf h = vload_some(dh + i, n), old = vload_some(before + i, n);
      const vf tanh = gate_tanh(vload_some(after + i, n), TANH_MAX);
      const vf c = h * output * (1 - tanh * tanh) + vload_some(dc + i, n);
      const vf found[4] = {
          c * cell * input * (1 - input), h * tanh * output * (1 - output),
          c * old * forget * (1 - forget), c * input * (1 - cell * cell)};
#pragma clang loop unroll(full)
      for (size_t gate = 0; gate < 4; gate++) {
        const size_t at = gate * hidden + i;
        vstore_some(target + at, found[gate], n);
        vstore_some(sums + at, vload_some(sums + at, n) + found[gate], n);
      }
      vstore_some(dc + i, c * forget, n);
    }
    target += 4 * hidden;
    gates += 4 * hidden;
    before += hidden;
    after += hidden;
    dh += hidden;
    dc += hidden;
  }
}

// What arrives times the derivative of Gelu, by erf or by its approximation with tanh.
static void NAME(geluGradient)(
    float *target, const float *arriving, const float *input, size_t count, bool tanhForm) {
  EACH_VECTOR(count) {
    const vf x = vload_some(input + i, n), g = vload_some(arriving + i, n);
    vf slope;
    if (tanhForm) {
      const vf scale = vsplat(0.7978845608028654f);
      const vf t = vtanh(scale * (x + vsplat(0.044715f) * x * x * x));
      slope = 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * (scale * (1 + 0.134145f * x * x));
    } else {
      const vf density = vsplat(0.3989422804014327f) * vexp(-0.5f * x * x);
      slope = 0.5f * (1 + verf(x * vsplat(0.7071067811865476f))) + x * density;
    }
    vstore_some(target + i, g * slope, n);
  }
}

// The gradient of normalised lines times `scale` plus a bias: dx = (dn - mean(dn) - n · mean(dn · n)) / σ with
// dn = dy · scale; what is not centred has no mean(dn). Adds to `scaleSums` dy · n and to `sums` dy.
static void NAME(layerNormGradient)(
    float *target, const float *arriving, const float *input, const float *scale, float *scaleSums,
    float *sums, size_t lines, size_t size, float epsilon, bool centered) {
  const vf share = vsplat(1.0f / (float)size);
  for (size_t line = 0; line < lines; line++) {
    vf first = vsplat(0), second = first;
    if (centered) EACH_VECTOR(size) first += vload_some(input + i, n);
    const vf mean = vsplat(vsum(first)) * share;
    first = vsplat(0);
    EACH_VECTOR(size) {
      const vf x = vload_some(input + i, n) - mean;
      if (n == VL) first += x * x;
      else for (size_t lane = 0; lane < n; lane++) second[lane] += x[lane] * x[lane];
    }
    const float variance = vsum(first + second) / (float)size;
    const vf factor = vsplat(1.0f / __builtin_sqrtf(variance + epsilon));
    first = second = vsplat(0);
    EACH_VECTOR(size) {
      const vf dy = vload_some(arriving + i, n), dn = dy * vload_some(scale + i, n);
      const vf normal = (vload_some(input + i, n) - mean) * factor;
      first += dn;
      second += dn * normal;
      vstore_some(scaleSums + i, vload_some(scaleSums + i, n) + dy * normal, n);
      vstore_some(sums + i, vload_some(sums + i, n) + dy, n);
    }
    const vf shift = centered ? vsplat(vsum(first)) * share : vsplat(0);
    const vf slope = vsplat(vsum(second)) * share;
    EACH_VECTOR(size) {
      const vf dn = vload_some(arriving + i, n) * vload_some(scale + i, n);
      const vf normal = (vload_some(input + i, n) - mean) * factor;
      vstore_some(target + i, factor * (dn - shift - normal * slope), n);
    }
    target += size;
    arriving += size;
    input += size;
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
