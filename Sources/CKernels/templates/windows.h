// Convolutions of one to three dimensions in ONNX's order, whatever their strides, dilations and
// groups: taps of windows as the rows of a matrix, the way back, and filters of their own.

// A part of a row of output positions: how many they are, which they are among those of the call,
// and where the first one's window begins; that may be in the padding.
typedef struct { size_t to, count; ptrdiff_t z, y, x; } window_run;

INLINE size_t window_runs(window_run *runs, const ck_windows *w, size_t first, size_t n) {
  size_t x = first % w->outputSize[2], y = first / w->outputSize[2] % w->outputSize[1];
  size_t z = first / w->outputSize[2] / w->outputSize[1], count = 0;
  for (size_t done = 0; done < n; x = 0) {
    const size_t left = w->outputSize[2] - x, run = n - done < left ? n - done : left;
    runs[count++] = (window_run){
        done, run, (ptrdiff_t)(z * w->stride[0]) - w->pad[0],
        (ptrdiff_t)(y * w->stride[1]) - w->pad[1], (ptrdiff_t)(x * w->stride[2]) - w->pad[2]};
    done += run;
    if (++y == w->outputSize[1]) y = 0, z++;
  }
  return count;
}

// A tap of the windows: its channel, and its place in the kernel.
typedef struct { size_t channel, z, y, x; } window_tap;
INLINE window_tap window_tap_at(const ck_windows *w, size_t row) {
  const size_t x = row % w->kernel[2], rest = row / w->kernel[2];
  return (window_tap){rest / w->kernel[1] / w->kernel[0], rest / w->kernel[1] % w->kernel[0],
                      rest % w->kernel[1], x};
}
INLINE void window_tap_next(const ck_windows *w, window_tap *t) {
  if (++t->x < w->kernel[2]) return;
  t->x = 0;
  if (++t->y < w->kernel[1]) return;
  t->y = 0;
  if (++t->z < w->kernel[0]) return;
  t->z = 0;
  t->channel++;
}
// The line of the volume that a tap of a run lies in; -1 in the padding.
INLINE ptrdiff_t window_line(const ck_windows *w, const window_tap *t, const window_run *run) {
  const size_t z = (size_t)(run->z + (ptrdiff_t)(t->z * w->dilation[0]));
  const size_t y = (size_t)(run->y + (ptrdiff_t)(t->y * w->dilation[1]));
  return z < w->size[0] && y < w->size[1] ? (ptrdiff_t)(z * w->size[1] + y) : -1;
}
// The positions of a run, [first, last), whose tap lies inside the line; `x` is the first one's.
INLINE tap_range window_inside(ptrdiff_t x, size_t stride, size_t count, size_t width) {
  const size_t first = x >= 0 ? 0 : ((size_t)-x + stride - 1) / stride;
  const size_t last = x >= (ptrdiff_t)width ? 0 : ((size_t)((ptrdiff_t)width - 1 - x)) / stride + 1;
  const size_t end = last < count ? last : count;
  return (tap_range){first < end ? first : end, end};
}

static void NAME(windowPanels)(const ck_window_panels *g) {
  const ck_windows *w = &g->windows;
  const size_t volume = w->size[0] * w->size[1] * w->size[2], stride = w->stride[2];
  float *panel = g->panels;
  for (size_t done = 0; done < g->positionCount; done += NR, panel += g->rowCount * NR) {
    const size_t n = g->positionCount - done < NR ? g->positionCount - done : NR;
    const size_t width = n <= VL ? VL : NR;
    window_run runs[NR];
    const size_t count = window_runs(runs, w, g->positionFirst + done, n);
    window_tap tap = window_tap_at(w, g->rowFirst);
    float *out = panel;
    for (size_t row = 0; row < g->rowCount; row++, out += width, window_tap_next(w, &tap)) {
      for (size_t i = 0; i < count; i++) {
        const window_run *run = runs + i;
        float *to = out + run->to;
        const ptrdiff_t line = window_line(w, &tap, run);
        const ptrdiff_t x = run->x + (ptrdiff_t)(tap.x * w->dilation[2]);
        const tap_range inside =
            line < 0 ? (tap_range){0, 0} : window_inside(x, stride, run->count, w->size[2]);
        for (size_t r = 0; r < inside.first; r++) to[r] = 0;
        if (inside.first < inside.last) {
          const float *from = g->input + tap.channel * volume + (size_t)line * w->size[2] + x;
          if (stride == 1) {
            copy_run(to + inside.first, from + inside.first, inside.last - inside.first);
          } else {
            for (size_t r = inside.first; r < inside.last; r++) to[r] = from[r * stride];
          }
        }
        for (size_t r = inside.last; r < run->count; r++) to[r] = 0;
      }
      for (size_t r = n; r < width; r++) out[r] = 0;
    }
  }
}

static void NAME(windowSums)(const ck_window_sums *g) {
  const ck_windows *w = &g->windows;
  const size_t volume = w->size[0] * w->size[1] * w->size[2], stride = w->stride[2];
  for (size_t done = 0; done < g->positionCount;) {
    window_run runs[NR];
    // As many positions as cannot be more than so many runs.
    const size_t most = w->outputSize[2] > 1 ? (NR - 1) * (w->outputSize[2] - 1) : NR;
    const size_t n = g->positionCount - done < most ? g->positionCount - done : most;
    const size_t count = window_runs(runs, w, g->positionFirst + done, n);
    window_tap tap = window_tap_at(w, g->rowFirst);
    for (size_t row = 0; row < g->rowCount; row++, window_tap_next(w, &tap)) {
      const float *sums = g->sums + (ptrdiff_t)row * g->sumsRow + done;
      for (size_t i = 0; i < count; i++) {
        const window_run *run = runs + i;
        const ptrdiff_t line = window_line(w, &tap, run);
        if (line < 0) continue;
        const ptrdiff_t x = run->x + (ptrdiff_t)(tap.x * w->dilation[2]);
        const tap_range inside = window_inside(x, stride, run->count, w->size[2]);
        float *to = g->output + tap.channel * volume + (size_t)line * w->size[2] + x;
        const float *from = sums + run->to;
        if (stride == 1) {
          size_t r = inside.first;
          for (; r + VL <= inside.last; r += VL) vstore(to + r, vload(to + r) + vload(from + r));
          for (; r < inside.last; r++) to[r] += from[r];
        } else if (stride == 2) {
          for (size_t r = inside.first; r < inside.last; r++) to[2 * r] += from[r];
        } else {
          for (size_t r = inside.first; r < inside.last; r++) to[r * stride] += from[r];
        }
      }
    }
    done += n;
  }
}

// `vectors` vectors of neighbouring positions of one row, from x on; the last one has `n` lanes.
// With `stride` known to the compiler, unless it is 0.
INLINE void window_filter_run(
    const ck_window_filter *g, const tap_range zs, const tap_range ys, const ptrdiff_t z,
    const ptrdiff_t y, size_t x, float *output, const int vectors, const size_t n,
    const size_t stride) {
  const ck_windows *w = &g->windows;
  const size_t step = stride ? stride : w->stride[2];
  const size_t volume = w->size[0] * w->size[1] * w->size[2];
  const ptrdiff_t left = (ptrdiff_t)(x * w->stride[2]) - w->pad[2];
  vf sum[4];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) sum[v] = vsplat(g->bias);
  for (size_t c = 0; c < g->channels; c++)
    for (size_t i = zs.first; i < zs.last; i++)
      for (size_t j = ys.first; j < ys.last; j++) {
        const size_t at = (size_t)(z + (ptrdiff_t)(i * w->dilation[0])) * w->size[1]
            + (size_t)(y + (ptrdiff_t)(j * w->dilation[1]));
        const float *from = g->input + c * volume + at * w->size[2] + left;
        const float *weights =
            g->weights + ((c * w->kernel[0] + i) * w->kernel[1] + j) * w->kernel[2];
        for (size_t k = 0; k < w->kernel[2]; k++, from += w->dilation[2]) {
          const vf weight = vsplat(weights[k]);
          if (stride == 1) {
            if (n < VL) sum[0] = vload_first(from, n) * weight + sum[0];
            else {
#pragma clang loop unroll(full)
              for (int v = 0; v < vectors; v++)
                sum[v] = vload(from + v * VL) * weight + sum[v];
            }
          } else {
            float lanes[VL] = {0};
            for (size_t l = 0; l < n; l++) lanes[l] = from[l * step];
            sum[0] = vload(lanes) * weight + sum[0];
          }
        }
      }
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    if (g->clamps) sum[v] = vatmost(vatleast(sum[v], vsplat(g->low)), vsplat(g->high));
    if (n < VL) vstore_first(output + x, sum[0], n);
    else vstore(output + x + v * VL, sum[v]);
  }
}

// One position whose window hangs over the line's ends.
INLINE float window_filter_edge(
    const ck_window_filter *g, const tap_range zs, const tap_range ys, ptrdiff_t z, ptrdiff_t y,
    size_t x) {
  const ck_windows *w = &g->windows;
  const ptrdiff_t left = (ptrdiff_t)(x * w->stride[2]) - w->pad[2];
  const tap_range xs = taps_inside(left, w->kernel[2], w->dilation[2], w->size[2]);
  float sum = g->bias;
  for (size_t c = 0; c < g->channels; c++)
    for (size_t i = zs.first; i < zs.last; i++)
      for (size_t j = ys.first; j < ys.last; j++) {
        const size_t at =
            (c * w->size[0] + (size_t)(z + (ptrdiff_t)(i * w->dilation[0]))) * w->size[1]
            + (size_t)(y + (ptrdiff_t)(j * w->dilation[1]));
        const float *from = g->input + at * w->size[2] + left;
        const float *weights =
            g->weights + ((c * w->kernel[0] + i) * w->kernel[1] + j) * w->kernel[2];
        for (size_t k = xs.first; k < xs.last; k++) sum += from[k * w->dilation[2]] * weights[k];
      }
  if (!g->clamps) return sum;
  sum = sum < g->low ? g->low : sum;
  return sum > g->high ? g->high : sum;
}

static void NAME(windowFilter)(const ck_window_filter *g) {
  const ck_windows *w = &g->windows;
  const size_t stride = w->stride[2], width = w->outputSize[2];
  // Windows from `inside` up to `insideEnd` need no look at the line's ends.
  const size_t reach = (w->kernel[2] - 1) * w->dilation[2], room = w->size[2] + (size_t)w->pad[2];
  size_t inside = ((size_t)w->pad[2] + stride - 1) / stride;
  size_t insideEnd = room > reach ? (room - reach - 1) / stride + 1 : 0;
  if (insideEnd > width) insideEnd = width;
  if (inside > insideEnd) inside = insideEnd;
  for (size_t row = g->rowFirst; row < g->rowFirst + g->rowCount; row++) {
    const ptrdiff_t z = (ptrdiff_t)(row / w->outputSize[1] * w->stride[0]) - w->pad[0];
    const ptrdiff_t y = (ptrdiff_t)(row % w->outputSize[1] * w->stride[1]) - w->pad[1];
    const tap_range zs = taps_inside(z, w->kernel[0], w->dilation[0], w->size[0]);
    const tap_range ys = taps_inside(y, w->kernel[1], w->dilation[1], w->size[1]);
    float *output = g->output + row * width;
    size_t x = 0;
    for (; x < inside; x++) output[x] = window_filter_edge(g, zs, ys, z, y, x);
    if (stride == 1) {
      for (; x + 4 * VL <= insideEnd; x += 4 * VL)
        window_filter_run(g, zs, ys, z, y, x, output, 4, VL, 1);
      for (; x + VL <= insideEnd; x += VL)
        window_filter_run(g, zs, ys, z, y, x, output, 1, VL, 1);
      if (x < insideEnd) window_filter_run(g, zs, ys, z, y, x, output, 1, insideEnd - x, 1);
    } else {
      for (; x < insideEnd; x += VL) {
        const size_t n = insideEnd - x < VL ? insideEnd - x : VL;
        if (stride == 2) window_filter_run(g, zs, ys, z, y, x, output, 1, n, 2);
        else window_filter_run(g, zs, ys, z, y, x, output, 1, n, 0);
      }
    }
    for (x = insideEnd; x < width; x++) output[x] = window_filter_edge(g, zs, ys, z, y, x);
  }
}
