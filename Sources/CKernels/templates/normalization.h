// Layer normalisation of rows: zero mean and unit variance, then scale and bias. The variance takes
// a second walk over the row, which is in the first cache by then: a sum of squares loses digits.

static void NAME(layerNorm)(
    float *d, const float *s, size_t rows, size_t size, const float *scale, const float *bias,
    float epsilon, float *mean, float *inverse) {
  for (size_t row = 0; row < rows; row++, d += size, s += size) {
    vf sum0 = vsplat(0), sum1 = vsplat(0);
    size_t i = 0;
    for (; i + 2 * VL <= size; i += 2 * VL) {
      sum0 += vload(s + i);
      sum1 += vload(s + i + VL);
    }
    for (; i < size; i += VL) sum0 += vload_first(s + i, size - i < VL ? size - i : VL);
    const float average = vsum(sum0 + sum1) / (float)size;
    const vf centre = vsplat(average);
    sum0 = sum1 = vsplat(0);
    for (i = 0; i + 2 * VL <= size; i += 2 * VL) {
      const vf x = vload(s + i) - centre, y = vload(s + i + VL) - centre;
      sum0 += x * x;
      sum1 += y * y;
    }
    float squares = 0;
    for (; i < size; i++) squares += (s[i] - average) * (s[i] - average);
    squares += vsum(sum0 + sum1);
    const float factor = 1.0f / __builtin_sqrtf(squares / (float)size + epsilon);
    const vf f = vsplat(factor);
    for (i = 0; i + VL <= size; i += VL) {
      const vf x = (vload(s + i) - centre) * f * vload(scale + i);
      vstore(d + i, bias ? x + vload(bias + i) : x);
    }
    for (; i < size; i++) {
      const float x = (s[i] - average) * factor * scale[i];
      d[i] = bias ? x + bias[i] : x;
    }
    if (mean) mean[row] = average;
    if (inverse) inverse[row] = factor;
  }
}
