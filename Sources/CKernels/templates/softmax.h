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
    const vf e = vexp(x), f = vexp(y);
    sums += e;
    second += f;
    vstore(d + i, logarithm ? x : e);
    vstore(d + i + VL, logarithm ? y : f);
  }
  sums += second;
  for (; i + VL <= n; i += VL) {
    const vf x = vload(s + i) - shift, e = vexp(x);
    sums += e;
    vstore(d + i, logarithm ? x : e);
  }
  if (i < n) {
    const vf x = vload_first(s + i, n - i) - shift, e = vexp(x);
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

// Vectors run along `inner`; the axis is walked three times. `columns` is at most VL.
INLINE void softmax_columns(
    float *d, const float *s, size_t axis, size_t inner, size_t columns, const bool logarithm) {
  vf top = vsplat(-__builtin_inff());
  for (size_t a = 0; a < axis; a++) top = vmaxnan(top, vload_first(s + a * inner, columns));
  vf sum = vsplat(0);
  for (size_t a = 0; a < axis; a++) {
    const vf x = vload_first(s + a * inner, columns) - top, e = vexp(x);
    sum += e;
    vstore_first(d + a * inner, logarithm ? x : e, columns);
  }
  const vf scale = vsplat(1.0f) / sum, shift = vlog(sum);
  for (size_t a = 0; a < axis; a++) {
    const vf x = vload_first(d + a * inner, columns);
    vstore_first(d + a * inner, logarithm ? x - shift : x * scale, columns);
  }
}

INLINE void softmax_all(
    float *d, const float *s, size_t outer, size_t axis, size_t inner, const bool logarithm) {
  if (axis == 0 || inner == 0) return;
  for (size_t o = 0; o < outer; o++, d += axis * inner, s += axis * inner) {
    if (inner == 1) {
      softmax_row(d, s, axis, logarithm);
      continue;
    }
    for (size_t i = 0; i < inner; i += VL)
      softmax_columns(d + i, s + i, axis, inner, inner - i < VL ? inner - i : VL, logarithm);
  }
}
static void NAME(softmax)(float *d, const float *s, size_t outer, size_t axis, size_t inner) {
  softmax_all(d, s, outer, axis, inner, false);
}
static void NAME(logSoftmax)(float *d, const float *s, size_t outer, size_t axis, size_t inner) {
  softmax_all(d, s, outer, axis, inner, true);
}
