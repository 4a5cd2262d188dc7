// Reductions of the middle axis of [outer, axis, inner].

// inner == 1: 32 running values, combined at the end, so that the loop is vectors and a float sum
// errs as log n would have it. inner > 1: the destination row is the running value.
#define REDUCE_LANES 32
#define REDUCE_KERNEL(op, type, tag, initial, combine, fold)                                     \
  static void reduce_##op##_##tag(                                                               \
      void *destination, const void *source, size_t outer, size_t axis, size_t inner) {          \
    type *d = destination;                                                                       \
    const type *s = source;                                                                      \
    for (size_t o = 0; o < outer; o++, s += axis * inner, d += inner) {                          \
      if (inner == 1) {                                                                          \
        type lane[REDUCE_LANES];                                                                 \
        for (size_t j = 0; j < REDUCE_LANES; j++) lane[j] = initial;                             \
        size_t i = 0;                                                                            \
        for (; i + REDUCE_LANES <= axis; i += REDUCE_LANES)                                      \
          for (size_t j = 0; j < REDUCE_LANES; j++) {                                            \
            const type x = lane[j], y = s[i + j];                                                \
            lane[j] = combine;                                                                   \
          }                                                                                      \
        for (size_t j = 0; i < axis; i++, j++) {                                                 \
          const type x = lane[j], y = s[i];                                                      \
          lane[j] = combine;                                                                     \
        }                                                                                        \
        for (size_t width = REDUCE_LANES / 2; width > 0; width /= 2)                             \
          for (size_t j = 0; j < width; j++) {                                                   \
            const type x = lane[j], y = lane[j + width];                                         \
            lane[j] = fold;                                                                      \
          }                                                                                      \
        d[0] = lane[0];                                                                          \
      } else {                                                                                   \
        for (size_t j = 0; j < inner; j++) d[j] = initial;                                       \
        for (size_t i = 0; i < axis; i++)                                                        \
          for (size_t j = 0; j < inner; j++) {                                                   \
            const type x = d[j], y = s[i * inner + j];                                           \
            d[j] = combine;                                                                      \
          }                                                                                      \
      }                                                                                          \
    }                                                                                            \
  }
#define REDUCE_FLOATS(type, tag)                                                                 \
  REDUCE_KERNEL(sum, type, tag, 0, x + y, x + y)                                                 \
  REDUCE_KERNEL(product, type, tag, 1, x * y, x * y)                                             \
  REDUCE_KERNEL(max, type, tag, (type)-__builtin_inff(), (x > y || x != x) ? x : y,              \
      (x > y || x != x) ? x : y)                                                                 \
  REDUCE_KERNEL(min, type, tag, (type)__builtin_inff(), (x < y || x != x) ? x : y,               \
      (x < y || x != x) ? x : y)                                                                 \
  REDUCE_KERNEL(sumSquares, type, tag, 0, y * y + x, x + y)
#define REDUCE_INTEGERS(type, tag, wide, lowest, highest)                                        \
  REDUCE_KERNEL(sum, type, tag, 0, (type)((wide)x + (wide)y), (type)((wide)x + (wide)y))         \
  REDUCE_KERNEL(product, type, tag, 1, (type)((wide)x * (wide)y), (type)((wide)x * (wide)y))     \
  REDUCE_KERNEL(max, type, tag, lowest, x > y ? x : y, x > y ? x : y)                            \
  REDUCE_KERNEL(min, type, tag, highest, x < y ? x : y, x < y ? x : y)                           \
  REDUCE_KERNEL(sumSquares, type, tag, 0, (type)((wide)x + (wide)y * (wide)y),                   \
      (type)((wide)x + (wide)y))

REDUCE_FLOATS(float, f32)
REDUCE_FLOATS(double, f64)
REDUCE_INTEGERS(int8_t, i8, uint32_t, INT8_MIN, INT8_MAX)
REDUCE_INTEGERS(int16_t, i16, uint32_t, INT16_MIN, INT16_MAX)
REDUCE_INTEGERS(int32_t, i32, uint32_t, INT32_MIN, INT32_MAX)
REDUCE_INTEGERS(int64_t, i64, uint64_t, INT64_MIN, INT64_MAX)
REDUCE_INTEGERS(uint8_t, u8, uint32_t, 0, UINT8_MAX)
REDUCE_INTEGERS(uint16_t, u16, uint32_t, 0, UINT16_MAX)
REDUCE_INTEGERS(uint32_t, u32, uint32_t, 0, UINT32_MAX)
REDUCE_INTEGERS(uint64_t, u64, uint64_t, 0, UINT64_MAX)

// The better of two places of an extreme. A NaN wins; of equals the first, or the last.
#define EXTREME_WINS(x, best, minimum) \
  (((minimum) ? (x) < (best) : (x) > (best)) | (((x) != (x)) & ((best) == (best))))
INLINE bool extreme_wins(float x, float best, bool minimum, bool last) {
  return EXTREME_WINS(x, best, minimum) ||
         (last && (x == best || (x != x && best != best)));
}

// Vectors that stand side by side, each lane with a best value and where it was: down a column, or
// along a line whose lanes are compared at the end.
#define EXTREME_VECTORS 4
typedef struct {
  vf best[EXTREME_VECTORS];
  vi at[EXTREME_VECTORS];
} extremes;
INLINE void extremes_take(
    extremes *e, const float *s, size_t vectors, int32_t at, bool minimum, bool last) {
  for (size_t v = 0; v < vectors; v++) {
    const vf x = vload(s + v * VL), best = e->best[v];
    vi wins = EXTREME_WINS(x, best, minimum);
    if (last) wins |= (x == best) | ((x != x) & (best != best));
    e->best[v] = wins ? x : best;
    e->at[v] = wins ? (vi)at : e->at[v];
  }
}
INLINE void extremes_begin(extremes *e, const float *s, size_t vectors) {
  for (size_t v = 0; v < vectors; v++) {
    e->best[v] = vload(s + v * VL);
    e->at[v] = (vi)0;
  }
}

INLINE int64_t line_extreme(const float *s, size_t axis, bool minimum, bool last) {
  const size_t wide = EXTREME_VECTORS * VL;
  float best = axis ? s[0] : 0;
  size_t at = 0, i = 1;
  if (axis >= 2 * wide && axis <= INT32_MAX) {
    extremes e;
    extremes_begin(&e, s, EXTREME_VECTORS);
    for (i = wide; i + wide <= axis; i += wide)
      extremes_take(&e, s + i, EXTREME_VECTORS, (int32_t)i, minimum, last);
    float values[EXTREME_VECTORS * VL];
    int32_t places[EXTREME_VECTORS * VL];
    memcpy(values, e.best, sizeof values);
    memcpy(places, e.at, sizeof places);
    best = values[0];
    at = (size_t)places[0];
    for (size_t j = 1; j < wide; j++) {
      const float x = values[j];
      const size_t place = (size_t)places[j] + j;
      const bool isEqual = x == best || (x != x && best != best);
      if (isEqual ? (last ? place > at : place < at) : extreme_wins(x, best, minimum, false)) {
        best = x;
        at = place;
      }
    }
  }
  for (; i < axis; i++)
    if (extreme_wins(s[i], best, minimum, last)) {
      best = s[i];
      at = i;
    }
  return (int64_t)at;
}

INLINE void column_extremes(
    int64_t *d, const float *s, size_t axis, size_t inner, size_t vectors, bool minimum,
    bool last) {
  extremes e;
  extremes_begin(&e, s, vectors);
  for (size_t i = 1; i < axis; i++)
    extremes_take(&e, s + i * inner, vectors, (int32_t)i, minimum, last);
  int32_t places[EXTREME_VECTORS * VL];
  memcpy(places, e.at, vectors * sizeof(vi));
  for (size_t j = 0; j < vectors * VL; j++) d[j] = places[j];
}

INLINE void all_extremes(
    int64_t *d, const float *s, size_t outer, size_t axis, size_t inner, bool minimum, bool last) {
  for (size_t o = 0; o < outer; o++, s += axis * inner, d += inner) {
    if (inner == 1) {
      d[0] = line_extreme(s, axis, minimum, last);
      continue;
    }
    size_t j = 0;
    if (axis > 0 && axis <= INT32_MAX) {
      for (; j + EXTREME_VECTORS * VL <= inner; j += EXTREME_VECTORS * VL)
        column_extremes(d + j, s + j, axis, inner, EXTREME_VECTORS, minimum, last);
      for (; j + VL <= inner; j += VL) column_extremes(d + j, s + j, axis, inner, 1, minimum, last);
    }
    for (; j < inner; j++) {
      float best = axis ? s[j] : 0;
      size_t at = 0;
      for (size_t i = 1; i < axis; i++)
        if (extreme_wins(s[i * inner + j], best, minimum, last)) {
          best = s[i * inner + j];
          at = i;
        }
      d[j] = (int64_t)at;
    }
  }
}

static void NAME(argExtreme)(
    int64_t *d, const float *s, size_t outer, size_t axis, size_t inner, bool minimum, bool last) {
  // The choices are made once: each loop has its own.
  if (minimum && last) return all_extremes(d, s, outer, axis, inner, true, true);
  if (minimum) return all_extremes(d, s, outer, axis, inner, true, false);
  if (last) return all_extremes(d, s, outer, axis, inner, false, true);
  all_extremes(d, s, outer, axis, inner, false, false);
}
