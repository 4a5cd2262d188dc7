// What choosing a token needs of its logits, besides their maximum: the weight of all of them, and
// which ones are large. Both read each element once.

static float NAME(sumOfExponentials)(const float *x, size_t n, float shift, float factor) {
  const vf top = vsplat(shift), scale = vsplat(factor);
  vf first = vsplat(0), second = vsplat(0);
  size_t i = 0;
  for (; i + 2 * VL <= n; i += 2 * VL) {
    first += vexp((vload(x + i) - top) * scale);
    second += vexp((vload(x + i + VL) - top) * scale);
  }
  float sum = 0;
  for (; i < n; i += VL) {
    const size_t rest = n - i < VL ? n - i : VL;
    float lanes[VL];
    vstore(lanes, vexp((vload_first(x + i, rest) - top) * scale));
    for (size_t j = 0; j < rest; j++) sum += lanes[j];
  }
  return sum + vsum(first + second);
}

static size_t NAME(indicesAtLeast)(
    int32_t *indices, size_t capacity, const float *x, size_t n, float threshold) {
  size_t found = 0, i = 0;
  // Nearly all blocks have nothing: eight vectors are compared by their maximum.
  for (; i < n; i += 8 * VL) {
    const size_t end = n - i < 8 * VL ? n : i + 8 * VL;
    if (end - i == 8 * VL) {
      vf top = vsplat(-__builtin_inff());
      for (size_t v = 0; v < 8; v++) {
        const vf next = vload(x + i + v * VL);
        top = next > top ? next : top;
      }
      if (vmax_across(top) < threshold) continue;
    }
    for (size_t j = i; j < end; j++) {
      if (!(x[j] >= threshold)) continue;
      if (found < capacity) indices[found] = (int32_t)j;
      found++;
    }
  }
  return found;
}
