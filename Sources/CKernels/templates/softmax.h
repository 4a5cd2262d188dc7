// Softmax and log-softmax over the middle axis of [outer, axis, inner], after subtracting the
// maximum. A row with a NaN, or with an infinite maximum, becomes NaN, as in NumPy.

INLINE void softmax_row(float *d, const float *s, size_t n, const bool logarithm) {
  // Several at a time, so that the latency of comparisons and of sums stays hidden.
  vf highest = vsplat(-__builtin_inff()), others[3] = {highest, highest, highest};
  size_t i = 0;
  for (; i + 4 * VL <= n; i += 4 * VL) {
    highest = vmaxnan(highest, vload(s + i));
    others[0] = vmaxnan(others[0], vload(s + i + VL));
    others[1] = vmaxnan(others[1], vload(s + i + 2 * VL));
    others[2] = vmaxnan(others[2], vload(s + i + 3 * VL));
  }
  for (; i + VL <= n; i += VL) highest = vmaxnan(highest, vload(s + i));
  highest = vmaxnan(vmaxnan(highest, others[0]), vmaxnan(others[1], others[2]));
  float top = vmax_across(highest);
  for (; i < n; i++) top = (s[i] > top || s[i] != s[i]) ? s[i] : top;
  const vf shift = vsplat(top);
  vf sums = vsplat(0), second = vsplat(0);
  for (i = 0; i + 2 * VL <= n; i += 2 * VL) {
    const vf x = vload(s + i) - shift, y = vload(s + i + VL) - shift;
    const vf e = vexp_falling(x), f = vexp_falling(y);
    sums += e;
    second += f;
    vstore(d + i, logarithm ? x : e);
    vstore(d + i + VL, logarithm ? y : f);
  }
  sums += second;
  for (; i + VL <= n; i += VL) {
    const vf x = vload(s + i) - shift, e = vexp_falling(x);
    sums += e;
    vstore(d + i, logarithm ? x : e);
  }
  if (i < n) {
    const vf x = vload_first(s + i, n - i) - shift, e = vexp_falling(x);
    vstore_first(d + i, logarithm ? x : e, n - i);
    float lanes[VL];
    vstore(lanes, e);
    for (size_t j = n - i; j < VL; j++) lanes[j] = 0;
    sums += vload(lanes);
  }
  const float sum = vsum(sums);
  if (logarithm) {
    const float logarithmOfSum = vlog(vsplat(sum))[0];
    for (i = 0; i < n; i++) d[i] -= logarithmOfSum;
  } else {
    const float factor = 1.0f / sum;
    for (i = 0; i < n; i++) d[i] *= factor;
  }
}

// Vectors run along `inner`; the axis is walked three times. `columns` is V · VL, or less for one vector.
INLINE void softmax_columns(
    float *d, const float *s, size_t axis, size_t inner, size_t columns, const int V,
    const bool isWhole, const bool logarithm) {
  vf top[2], sum[2], scale[2];
#define EACH_COLUMN _Pragma("clang loop unroll(full)") for (int v = 0; v < V; v++)
#define COLUMN_LOAD(p) (isWhole ? vload((p) + v * VL) : vload_first(p, columns))
  EACH_COLUMN {
    top[v] = vsplat(-__builtin_inff());
    sum[v] = vsplat(0);
  }
  for (size_t a = 0; a < axis; a++)
    EACH_COLUMN top[v] = vmaxnan(top[v], COLUMN_LOAD(s + a * inner));
  for (size_t a = 0; a < axis; a++)
    EACH_COLUMN {
      const vf x = COLUMN_LOAD(s + a * inner) - top[v], e = vexp_falling(x);
      sum[v] += e;
      if (isWhole) vstore(d + a * inner + v * VL, logarithm ? x : e);
      else vstore_first(d + a * inner, logarithm ? x : e, columns);
    }
  EACH_COLUMN scale[v] = logarithm ? vlog(sum[v]) : vsplat(1.0f) / sum[v];
  for (size_t a = 0; a < axis; a++)
    EACH_COLUMN {
      const vf x = COLUMN_LOAD(d + a * inner), y = logarithm ? x - scale[v] : x * scale[v];
      if (isWhole) vstore(d + a * inner + v * VL, y);
      else vstore_first(d + a * inner, y, columns);
    }
#undef EACH_COLUMN
#undef COLUMN_LOAD
}

INLINE void softmax_all(
    float *d, const float *s, size_t outer, size_t axis, size_t inner, const bool logarithm) {
  if (axis == 0 || inner == 0) return;
  for (size_t o = 0; o < outer; o++, d += axis * inner, s += axis * inner) {
    if (inner == 1) {
      softmax_row(d, s, axis, logarithm);
      continue;
    }
    size_t i = 0;
    for (; i + 2 * VL <= inner; i += 2 * VL)
      softmax_columns(d + i, s + i, axis, inner, 2 * VL, 2, true, logarithm);
    for (; i + VL <= inner; i += VL)
      softmax_columns(d + i, s + i, axis, inner, VL, 1, true, logarithm);
    if (i < inner) softmax_columns(d + i, s + i, axis, inner, inner - i, 1, false, logarithm);
  }
}
static void NAME(softmax)(float *d, const float *s, size_t outer, size_t axis, size_t inner) {
  softmax_all(d, s, outer, axis, inner, false);
}
static void NAME(logSoftmax)(float *d, const float *s, size_t outer, size_t axis, size_t inner) {
  softmax_all(d, s, outer, axis, inner, true);
}
