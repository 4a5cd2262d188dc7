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

static void NAME(argExtreme)(
    int64_t *d, const float *s, size_t outer, size_t axis, size_t inner, bool minimum, bool last) {
  for (size_t o = 0; o < outer; o++, s += axis * inner, d += inner)
    for (size_t j = 0; j < inner; j++) {
      float best = axis ? s[j] : 0;
      size_t at = 0;
      for (size_t i = 1; i < axis; i++) {
        const float x = s[i * inner + j];
        const bool bothNaN = x != x && best != best;
        const bool wins = best != best ? false : x != x ? true : minimum ? x < best : x > best;
        if (wins || (last && (bothNaN || x == best))) {
          best = x;
          at = i;
        }
      }
      d[j] = (int64_t)at;
    }
}
