// Both gradients of a convolution where most of what arrives is zero: behind max pooling one pixel of a window
// gets everything, and behind ReLU half of the pixels get nothing. What is not zero is listed, and each such
// number costs one run over a window.

// target[s][v] += Σ values[i] · source[places[i] + s][v]: S lines of V vectors, held in registers meanwhile.
INLINE void sparse_lines(
    const int S, const int V, float *target, ptrdiff_t targetRow, const float *source,
    ptrdiff_t sourceRow, const float *values, const int32_t *places, size_t count) {
  vf sum[S][V];
#pragma clang loop unroll(full)
  for (int s = 0; s < S; s++)
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) sum[s][v] = vload(target + s * targetRow + v * VL);
  for (size_t i = 0; i < count; i++) {
    const vf x = vsplat(values[i]);
    const float *from = source + places[i];
#pragma clang loop unroll(full)
    for (int s = 0; s < S; s++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sum[s][v] += x * vload(from + s * sourceRow + v * VL);
  }
#pragma clang loop unroll(full)
  for (int s = 0; s < S; s++)
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) vstore(target + s * targetRow + v * VL, sum[s][v]);
}

// Sums that fit the registers beside one factor.
#define SPARSE_VECTORS 12
#define SPARSE_CASE(S, V)                                                                        \
  case V:                                                                                        \
    sparse_lines(S, V, target, targetRow, source, sourceRow, values, places, count);             \
    break;

// Any number of lines of any number of vectors.
static void NAME(sparse_window)(
    float *target, ptrdiff_t targetRow, const float *source, ptrdiff_t sourceRow, size_t rows,
    size_t vectors, const float *values, const int32_t *places, size_t count) {
#if VL == 16 || defined(__aarch64__)
  // Windows of three lines, the usual ones, in one go: 32 registers hold them.
  if (rows == 3 && vectors <= 6) {
    switch (vectors) {
      SPARSE_CASE(3, 1) SPARSE_CASE(3, 2) SPARSE_CASE(3, 3)
      SPARSE_CASE(3, 4) SPARSE_CASE(3, 5) SPARSE_CASE(3, 6)
    }
    return;
  }
#endif
  for (size_t row = 0; row < rows; row++, target += targetRow, source += sourceRow) {
    float *const first = target;
    const float *const from = source;
    for (size_t done = 0; done < vectors; done += SPARSE_VECTORS) {
      target = first + done * VL;
      source = from + done * VL;
      switch (vectors - done < SPARSE_VECTORS ? vectors - done : SPARSE_VECTORS) {
        SPARSE_CASE(1, 1) SPARSE_CASE(1, 2) SPARSE_CASE(1, 3) SPARSE_CASE(1, 4)
        SPARSE_CASE(1, 5) SPARSE_CASE(1, 6) SPARSE_CASE(1, 7) SPARSE_CASE(1, 8)
        SPARSE_CASE(1, 9) SPARSE_CASE(1, 10) SPARSE_CASE(1, 11) SPARSE_CASE(1, 12)
      }
    }
    target = first;
    source = from;
  }
}

// The elements of a line that are not zero, and where they are, in order. Writes up to `n` of each.
INLINE size_t nonzeros(float *values, int32_t *places, const float *x, size_t n) {
  size_t found = 0;
#if defined(CK_HAS_AVX512)
  const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  size_t i = 0;
  for (; i + VL <= n; i += VL) {
    const __m512 v = (__m512)vload(x + i);
    const __mmask16 mask = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    // Whole vectors are written: there is room for all n, and what is behind comes later.
    _mm512_storeu_ps(values + found, _mm512_maskz_compress_ps(mask, v));
    _mm512_storeu_si512(
        places + found,
        _mm512_maskz_compress_epi32(mask, _mm512_add_epi32(lanes, _mm512_set1_epi32((int)i))));
    found += (size_t)__builtin_popcount(mask);
  }
#else
  size_t i = 0;
#endif
  for (; i < n; i++) {
    values[found] = x[i];
    places[found] = (int32_t)i;
    found += x[i] != 0;
  }
  return found;
}

static bool NAME(sparseConvolutionGradient)(const ck_sparse_gradient *g) {
  const size_t pixels = g->outputHeight * g->outputWidth, filters = g->filters;
  const size_t vectors = g->kernelWidth * g->channels / VL;
  const ptrdiff_t line = (ptrdiff_t)(g->kernelWidth * g->channels);
  const ptrdiff_t depth = (ptrdiff_t)g->kernelHeight * line;
  // Lists by pixel, one behind the other, and then by filter, with room for all pixels each.
  float *const values = g->scratch, *const filterValues = values + pixels * filters + VL;
  int32_t *const places = (int32_t *)(filterValues + pixels * filters);
  int32_t *const filterPlaces = places + pixels * filters + VL;
  int32_t *const starts = filterPlaces + pixels * filters, *const counts = starts + pixels + 1;
  size_t found = 0;
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    starts[pixel] = (int32_t)found;
    found += nonzeros(values + found, places + found, g->arriving + pixel * filters, filters);
    if (found > g->limit) return false;
  }
  starts[pixels] = (int32_t)found;
  if (g->weightGradient) {
    for (size_t filter = 0; filter < filters; filter++) counts[filter] = 0;
    for (size_t y = 0, pixel = 0; y < g->outputHeight; y++)
      for (size_t x = 0; x < g->outputWidth; x++, pixel++) {
        const int32_t window =
            (int32_t)((ptrdiff_t)y * g->stepDown + (ptrdiff_t)x * g->stepRight);
        for (int32_t i = starts[pixel]; i < starts[pixel + 1]; i++) {
          const int32_t filter = places[i];
          const size_t at = (size_t)filter * pixels + (size_t)counts[filter]++;
          filterValues[at] = values[i];
          filterPlaces[at] = window;
        }
      }
    for (size_t filter = 0; filter < filters; filter++)
      NAME(sparse_window)(
          g->weightGradient + (ptrdiff_t)filter * depth, line, g->input, g->rowStride,
          g->kernelHeight, vectors, filterValues + filter * pixels, filterPlaces + filter * pixels,
          (size_t)counts[filter]);
  }
  if (g->dataGradient) {
    for (size_t i = 0; i < found; i++) places[i] *= (int32_t)depth;
    for (size_t y = 0, pixel = 0; y < g->outputHeight; y++)
      for (size_t x = 0; x < g->outputWidth; x++, pixel++) {
        const int32_t first = starts[pixel], count = starts[pixel + 1] - first;
        if (count == 0) continue;
        NAME(sparse_window)(
            g->dataGradient + (ptrdiff_t)y * g->stepDown + (ptrdiff_t)x * g->stepRight,
            g->rowStride, g->weights, line, g->kernelHeight, vectors, values + first,
            places + first, (size_t)count);
      }
  }
  return true;
}
