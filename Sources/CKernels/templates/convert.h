// float16 and bfloat16. Rounding is to nearest, ties to even; a NaN stays a (quiet) NaN.

#if !defined(CK_HAS_F16C) && !defined(__aarch64__)
// Without hardware: shift the fields into place and let one multiplication by 2^112 set the bias,
// which also makes subnormals come out right.
INLINE float half_to_float(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = (uint32_t)(h & 0x7fff) << 13;
  float f;
  if (magnitude >= 0x7c00u << 13) {
    // Infinity, or a NaN made quiet as the hardware does.
    const uint32_t bits = sign | 0x7f800000 | (magnitude & 0x007fffff)
        | (magnitude > (0x7c00u << 13) ? 0x00400000 : 0);
    memcpy(&f, &bits, 4);
    return f;
  }
  memcpy(&f, &magnitude, 4);
  f *= 0x1p112f;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  bits |= sign;
  memcpy(&f, &bits, 4);
  return f;
}
INLINE uint16_t float_to_half(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  const uint16_t sign = (uint16_t)((bits >> 16) & 0x8000);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7e00 | (uint16_t)((bits >> 13) & 0x1ff);
  if (bits >= 0x47800000) return sign | 0x7c00;  // 65536 and more
  if (bits < 0x38800000) {                       // subnormal in half: adding 0.5 aligns and rounds
    float x;
    memcpy(&x, &bits, 4);
    x += 0.5f;
    memcpy(&bits, &x, 4);
    return sign | (uint16_t)(bits - 0x3f000000);
  }
  bits += 0xc8000fff + ((bits >> 13) & 1);       // rebias the exponent, round to even
  return sign | (uint16_t)(bits >> 13);
}
static void NAME(floatFromHalf)(float *d, const uint16_t *s, size_t count) {
  for (size_t i = 0; i < count; i++) d[i] = half_to_float(s[i]);
}
static void NAME(halfFromFloat)(uint16_t *d, const float *s, size_t count) {
  for (size_t i = 0; i < count; i++) d[i] = float_to_half(s[i]);
}
#else
typedef _Float16 vh __attribute__((ext_vector_type(VL)));
typedef vh vh_memory __attribute__((aligned(2), may_alias));
static void NAME(floatFromHalf)(float *d, const uint16_t *s, size_t count) {
  size_t i = 0;
  for (; i + VL <= count; i += VL)
    vstore(d + i, __builtin_convertvector((vh)*(const vh_memory *)(s + i), vf));
  if (i < count) {
    uint16_t lanes[VL] = {0};
    for (size_t j = 0; j < count - i; j++) lanes[j] = s[i + j];
    vstore_first(d + i, __builtin_convertvector((vh)*(const vh_memory *)lanes, vf), count - i);
  }
}
static void NAME(halfFromFloat)(uint16_t *d, const float *s, size_t count) {
  size_t i = 0;
  for (; i + VL <= count; i += VL)
    *(vh_memory *)(d + i) = __builtin_convertvector(vload(s + i), vh);
  if (i < count) {
    uint16_t lanes[VL];
    *(vh_memory *)lanes = __builtin_convertvector(vload_first(s + i, count - i), vh);
    for (size_t j = 0; j < count - i; j++) d[i + j] = lanes[j];
  }
}
#endif

static void NAME(floatFromBFloat)(float *d, const uint16_t *s, size_t count) {
  uint32_t *bits = (uint32_t *)(void *)d;
  for (size_t i = 0; i < count; i++) bits[i] = (uint32_t)s[i] << 16;
}
static void NAME(bfloatFromFloat)(uint16_t *d, const float *s, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, s + i, 4);
    const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    const uint32_t quiet = (bits >> 16) | 0x40;
    d[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
  }
}

// Integers without fractions; `low` and `high` are the first numbers that do not fit, or the ends.
#define TRUNCATE(type, tag, wide, low, high, least, most)                                        \
  static void truncate_##tag(void *destination, const void *source, size_t count) {              \
    type *d = destination;                                                                       \
    const float *s = source;                                                                     \
    for (size_t i = 0; i < count; i++) {                                                         \
      const float x = s[i], inside = x > low && x < high ? x : 0;                                \
      d[i] = x >= high ? (type)most : x <= low ? (type)least : (type)(wide)inside;               \
    }                                                                                            \
  }
TRUNCATE(int8_t, i8, int32_t, -128.0f, 128.0f, INT8_MIN, INT8_MAX)
TRUNCATE(int16_t, i16, int32_t, -32768.0f, 32768.0f, INT16_MIN, INT16_MAX)
TRUNCATE(int32_t, i32, int32_t, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX)
TRUNCATE(int64_t, i64, int64_t, -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX)
TRUNCATE(uint8_t, u8, int32_t, 0.0f, 256.0f, 0, UINT8_MAX)
TRUNCATE(uint16_t, u16, int32_t, 0.0f, 65536.0f, 0, UINT16_MAX)
