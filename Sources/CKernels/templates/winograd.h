// Winograd's minimal filtering of 3×3 windows with stride 1, in NHWC: F(m×m, 3×3) gives m×m outputs
// of a channel with (m + 2)² multiplications instead of 9 m² (Lavin and Gray, 2015). The products in
// between are the matrix product's.
//
// F(4×4) interpolates at 0, ±√½, ±√2 and infinity instead of the usual 0, ±1, ±2: answers are as near
// to the exact ones as those of a direct convolution, 4 to 8 times nearer than with the usual points.
#define WINOGRAD_LOW 0.70710678118654752f
#define WINOGRAD_HIGH 1.41421356237309505f

// One direction of what happens to an input tile, with a point a row.
INLINE void winograd_input_4(const vf *d, vf *t) {
  t[0] = d[0] - d[2];
  t[1] = d[1] + d[2];
  t[2] = d[2] - d[1];
  t[3] = d[1] - d[3];
}
INLINE void winograd_input_6(const vf *d, vf *t) {
  const vf a = d[4] - 2 * d[2], b = WINOGRAD_LOW * (d[3] - 2 * d[1]);
  const vf c = d[4] - 0.5f * d[2], e = WINOGRAD_HIGH * (d[3] - 0.5f * d[1]);
  t[0] = d[0] - 2.5f * d[2] + d[4];
  t[1] = a + b;
  t[2] = a - b;
  t[3] = c + e;
  t[4] = c - e;
  t[5] = d[1] - 2.5f * d[3] + d[5];
}
// The same of the products, with an output a row.
INLINE void winograd_output_4(const vf *m, vf *y) {
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] - m[3];
}
INLINE void winograd_output_6(const vf *m, vf *y) {
  const vf a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  y[0] = m[0] + a + c;
  y[1] = WINOGRAD_LOW * b + WINOGRAD_HIGH * d;
  y[2] = 0.5f * a + 2 * c;
  y[3] = 0.5f * WINOGRAD_LOW * b + 2 * WINOGRAD_HIGH * d + m[5];
}
// The same of a filter of three taps.
INLINE void winograd_filter_4(const vf *g, vf *u) {
  const vf even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
  u[0] = g[0];
  u[1] = even + odd;
  u[2] = even - odd;
  u[3] = g[2];
}
INLINE void winograd_filter_6(const vf *g, vf *u) {
  const vf low = (-2.0f / 3) * g[0] - (1.0f / 3) * g[2], lowOdd = WINOGRAD_LOW * (2.0f / 3) * g[1];
  const vf high = (1.0f / 6) * g[0] + (1.0f / 3) * g[2], highOdd = WINOGRAD_HIGH / 6 * g[1];
  u[0] = g[0];
  u[1] = low - lowOdd;
  u[2] = low + lowOdd;
  u[3] = high + highOdd;
  u[4] = high - highOdd;
  u[5] = g[2];
}

// The first `n` lanes of a vector.
INLINE vf winograd_load(const float *p, const size_t n) {
  return n == VL ? vload(p) : vload_first(p, n);
}

// 0 where every one of these lanes is finite, else NaN.
INLINE vf winograd_check(vf v, const size_t n) {
  if (n == VL) return v * 0;
  float lanes[VL];
  vstore(lanes, v);
  return vload_first(lanes, n) * 0;
}

#define WINOGRAD(M, A)                                                                           \
  INLINE void winograd_input_lanes_##M(                                                          \
      const float *const (*pixel)[A], float *to, ptrdiff_t plane, size_t c, const size_t n) {    \
    vf t[A][A];                                                                                  \
    UNROLLED for (int j = 0; j < A; j++) {                                                       \
      vf d[A], r[A];                                                                             \
      UNROLLED for (int i = 0; i < A; i++) d[i] = winograd_load(pixel[i][j] + c, n);             \
      winograd_input_##A(d, r);                                                                  \
      UNROLLED for (int i = 0; i < A; i++) t[i][j] = r[i];                                       \
    }                                                                                            \
    UNROLLED for (int i = 0; i < A; i++) {                                                       \
      vf r[A];                                                                                   \
      winograd_input_##A(t[i], r);                                                               \
      UNROLLED for (int j = 0; j < A; j++) vstore(to + (i * A + j) * plane + c, r[j]);           \
    }                                                                                            \
  }                                                                                              \
  static void winograd_input_tiles_##M(const ck_winograd_input *g) {                             \
    const ck_winograd_tiles *w = &g->tiles;                                                      \
    const size_t perImage = w->across * w->down, channels = g->channels;                         \
    for (size_t k = 0; k < w->count; k++) {                                                      \
      const size_t tile = (w->first + k) % perImage;                                             \
      const float *image =                                                                       \
          g->input + (w->first + k) / perImage * g->height * g->width * channels;                \
      const ptrdiff_t top = (ptrdiff_t)(tile / w->across * M) - g->padTop;                       \
      const ptrdiff_t left = (ptrdiff_t)(tile % w->across * M) - g->padLeft;                     \
      const float *pixel[A][A];                                                                  \
      for (int i = 0; i < A; i++)                                                                \
        for (int j = 0; j < A; j++) {                                                            \
          const size_t y = (size_t)(top + i), x = (size_t)(left + j);                            \
          pixel[i][j] = y < g->height && x < g->width                                            \
              ? image + (y * g->width + x) * channels : g->zeros;                                \
        }                                                                                        \
      float *to = g->planes + (ptrdiff_t)k * w->tile;                                            \
      size_t c = 0;                                                                              \
      for (; c + VL <= channels; c += VL) winograd_input_lanes_##M(pixel, to, w->plane, c, VL);  \
      if (c < channels) winograd_input_lanes_##M(pixel, to, w->plane, c, channels - c);          \
    }                                                                                            \
  }                                                                                              \
  INLINE vf winograd_output_lanes_##M(                                                           \
      const ck_winograd_output *g, const float *from, float *to, size_t rows, size_t columns,    \
      size_t c, const size_t n) {                                                                \
    const ptrdiff_t plane = g->tiles.plane;                                                      \
    vf check = vsplat(0);                                                                        \
    vf t[M][A];                                                                                  \
    UNROLLED for (int j = 0; j < A; j++) {                                                       \
      vf d[A], r[M];                                                                             \
      UNROLLED for (int i = 0; i < A; i++) d[i] = vload(from + (i * A + j) * plane + c);         \
      winograd_output_##A(d, r);                                                                 \
      UNROLLED for (int i = 0; i < M; i++) t[i][j] = r[i];                                       \
    }                                                                                            \
    const vf bias = g->bias ? winograd_load(g->bias + c, n) : vsplat(0);                         \
    UNROLLED for (int i = 0; i < M; i++) {                                                       \
      if ((size_t)i >= rows) break;                                                              \
      vf r[M];                                                                                   \
      winograd_output_##A(t[i], r);                                                              \
      float *row = to + (size_t)i * g->width * g->channels + c;                                  \
      UNROLLED for (int j = 0; j < M; j++) {                                                     \
        if ((size_t)j >= columns) break;                                                         \
        vf v = r[j] + bias;                                                                      \
        check += winograd_check(v, n);                                                           \
        if (g->clamps) v = vatmost(vatleast(v, vsplat(g->low)), vsplat(g->high));                \
        if (n == VL) vstore(row + (size_t)j * g->channels, v);                                   \
        else vstore_first(row + (size_t)j * g->channels, v, n);                                  \
      }                                                                                          \
    }                                                                                            \
    return check;                                                                                \
  }                                                                                              \
  static void winograd_output_tiles_##M(const ck_winograd_output *g) {                           \
    const ck_winograd_tiles *w = &g->tiles;                                                      \
    const size_t perImage = w->across * w->down, channels = g->channels;                         \
    for (size_t k = 0; k < w->count; k++) {                                                      \
      const size_t tile = (w->first + k) % perImage, image = (w->first + k) / perImage;          \
      const size_t y = tile / w->across * M, x = tile % w->across * M;                           \
      const size_t rows = g->height - y < M ? g->height - y : M;                                 \
      const size_t columns = g->width - x < M ? g->width - x : M;                                \
      const float *from = g->planes + (ptrdiff_t)k * w->tile;                                    \
      float *to = g->output + ((image * g->height + y) * g->width + x) * channels;               \
      vf check = vsplat(0);                                                                      \
      size_t c = 0;                                                                              \
      for (; c + VL <= channels; c += VL)                                                        \
        check += winograd_output_lanes_##M(g, from, to, rows, columns, c, VL);                   \
      if (c < channels)                                                                          \
        check += winograd_output_lanes_##M(g, from, to, rows, columns, c, channels - c);         \
      g->broken[k] = __builtin_reduce_or(check != 0) != 0;                                       \
    }                                                                                            \
  }                                                                                              \
  static void winograd_filter_rows_##M(const ck_winograd_filters *g) {                           \
    for (size_t k = 0; k < g->outputs; k++)                                                      \
      for (size_t c = 0; c < g->channels; c += VL) {                                             \
        const size_t n = g->channels - c < VL ? g->channels - c : VL;                            \
        const float *from = g->weights + (k * g->channels + c) * 9;                              \
        float lanes[9][VL] = {{0}};                                                              \
        for (size_t l = 0; l < n; l++)                                                           \
          for (int tap = 0; tap < 9; tap++) lanes[tap][l] = from[l * 9 + tap];                   \
        vf t[A][3];                                                                              \
        UNROLLED for (int j = 0; j < 3; j++) {                                                   \
          const vf column[3] = {vload(lanes[j]), vload(lanes[3 + j]), vload(lanes[6 + j])};      \
          vf r[A];                                                                               \
          winograd_filter_##A(column, r);                                                        \
          UNROLLED for (int i = 0; i < A; i++) t[i][j] = r[i];                                   \
        }                                                                                        \
        float *to = g->planes + (ptrdiff_t)k * g->row + c;                                       \
        UNROLLED for (int i = 0; i < A; i++) {                                                   \
          vf r[A];                                                                               \
          winograd_filter_##A(t[i], r);                                                          \
          UNROLLED for (int j = 0; j < A; j++) vstore(to + (i * A + j) * g->plane, r[j]);        \
        }                                                                                        \
      }                                                                                          \
  }
#define UNROLLED _Pragma("clang loop unroll(full)")
WINOGRAD(2, 4)
WINOGRAD(4, 6)
#undef UNROLLED

static void NAME(winogradInput)(const ck_winograd_input *g) {
  if (g->tiles.size == 2) winograd_input_tiles_2(g);
  else winograd_input_tiles_4(g);
}
static void NAME(winogradOutput)(const ck_winograd_output *g) {
  if (g->tiles.size == 2) winograd_output_tiles_2(g);
  else winograd_output_tiles_4(g);
}
static void NAME(winogradFilters)(const ck_winograd_filters *g) {
  if (g->size == 2) winograd_filter_rows_2(g);
  else winograd_filter_rows_4(g);
}
