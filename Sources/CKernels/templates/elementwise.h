// Elementwise kernels. Plain loops over one type, which the compiler turns into this ISA's vectors;
// f32 functions go through templates/math.h. A destination may be the same memory as a source.

#define BINARY_KERNEL(op, type, tag, expression)                                                 \
  static void binary_##op##_##tag(                                                               \
      void *destination, const void *left, const void *right, size_t count, ck_operand operand) { \
    type *d = destination;                                                                       \
    const type *l = left, *r = right;                                                            \
    if (operand == CK_VECTORS) {                                                                 \
      for (size_t i = 0; i < count; i++) { const type x = l[i], y = r[i]; d[i] = expression; }   \
    } else if (operand == CK_LEFT_SCALAR) {                                                      \
      if (count == 0) return;                                                                    \
      const type x = *l;                                                                         \
      for (size_t i = 0; i < count; i++) { const type y = r[i]; d[i] = expression; }             \
    } else {                                                                                     \
      if (count == 0) return;                                                                    \
      const type y = *r;                                                                         \
      for (size_t i = 0; i < count; i++) { const type x = l[i]; d[i] = expression; }             \
    }                                                                                            \
  }
#define COMPARE_KERNEL(op, type, tag, expression)                                                \
  static void compare_##op##_##tag(                                                              \
      void *destination, const void *left, const void *right, size_t count, ck_operand operand) { \
    uint8_t *d = destination;                                                                    \
    const type *l = left, *r = right;                                                            \
    const size_t ls = operand != CK_LEFT_SCALAR, rs = operand != CK_RIGHT_SCALAR;                \
    if (operand == CK_VECTORS) {                                                                 \
      for (size_t i = 0; i < count; i++) { const type x = l[i], y = r[i]; d[i] = expression; }   \
    } else {                                                                                     \
      for (size_t i = 0; i < count; i++) {                                                       \
        const type x = l[i * ls], y = r[i * rs];                                                 \
        d[i] = expression;                                                                       \
      }                                                                                          \
    }                                                                                            \
  }

// Integers wrap: the arithmetic is done in an unsigned type at least as wide as int, because
// signed overflow, and uint16_t promoted to int, are undefined.
#define FLOAT_KERNELS(type, tag)                                                                 \
  BINARY_KERNEL(add, type, tag, x + y)                                                           \
  BINARY_KERNEL(subtract, type, tag, x - y)                                                      \
  BINARY_KERNEL(multiply, type, tag, x *y)                                                       \
  BINARY_KERNEL(divide, type, tag, x / y)                                                        \
  BINARY_KERNEL(min, type, tag, (x < y || x != x) ? x : y)                                       \
  BINARY_KERNEL(max, type, tag, (x > y || x != x) ? x : y)                                       \
  COMPARISONS(type, tag)
#define COMPARISONS(type, tag)                                                                   \
  COMPARE_KERNEL(equal, type, tag, x == y)                                                       \
  COMPARE_KERNEL(less, type, tag, x < y)                                                         \
  COMPARE_KERNEL(lessOrEqual, type, tag, x <= y)
#define INTEGER_KERNELS(type, tag, wide, minusOne)                                               \
  BINARY_KERNEL(add, type, tag, (type)((wide)x + (wide)y))                                       \
  BINARY_KERNEL(subtract, type, tag, (type)((wide)x - (wide)y))                                  \
  BINARY_KERNEL(multiply, type, tag, (type)((wide)x * (wide)y))                                  \
  BINARY_KERNEL(divide, type, tag,                                                               \
      y == 0 ? 0 : minusOne && y == (type)-1 ? (type)(0 - (wide)x) : (type)(x / y))              \
  BINARY_KERNEL(min, type, tag, x < y ? x : y)                                                   \
  BINARY_KERNEL(max, type, tag, x > y ? x : y)                                                   \
  COMPARISONS(type, tag)

FLOAT_KERNELS(float, f32)
FLOAT_KERNELS(double, f64)
INTEGER_KERNELS(int8_t, i8, uint32_t, 1)
INTEGER_KERNELS(int16_t, i16, uint32_t, 1)
INTEGER_KERNELS(int32_t, i32, uint32_t, 1)
INTEGER_KERNELS(int64_t, i64, uint64_t, 1)
INTEGER_KERNELS(uint8_t, u8, uint32_t, 0)
INTEGER_KERNELS(uint16_t, u16, uint32_t, 0)
INTEGER_KERNELS(uint32_t, u32, uint32_t, 0)
INTEGER_KERNELS(uint64_t, u64, uint64_t, 0)

// libm's pow, because an accurate vector pow needs more than f32; the exponents that models use
// most are exact without it.
INLINE void power_f32(float *d, const float *l, const float *r, size_t n, ck_operand operand) {
  if (operand == CK_RIGHT_SCALAR && n > 0) {
    const float y = *r;
    if (y == 2.0f) { for (size_t i = 0; i < n; i++) d[i] = l[i] * l[i]; return; }
    if (y == 1.0f) { for (size_t i = 0; i < n; i++) d[i] = l[i]; return; }
  }
  for (size_t i = 0; i < n; i++)
    d[i] = __builtin_powf(
        l[operand == CK_LEFT_SCALAR ? 0 : i], r[operand == CK_RIGHT_SCALAR ? 0 : i]);
}
static void binary_power_f32(
    void *destination, const void *left, const void *right, size_t count, ck_operand operand) {
  power_f32(destination, left, right, count, operand);
}
static void binary_power_f64(
    void *destination, const void *left, const void *right, size_t count, ck_operand operand) {
  double *d = destination;
  const double *l = left, *r = right;
  for (size_t i = 0; i < count; i++)
    d[i] = __builtin_pow(
        l[operand == CK_LEFT_SCALAR ? 0 : i], r[operand == CK_RIGHT_SCALAR ? 0 : i]);
}

// Two vectors at a time, because these functions are long chains of dependent instructions.
#define UNARY_KERNEL(name, expression)                                                           \
  static void unary_##name(void *destination, const void *source, size_t count) {                \
    float *d = destination;                                                                      \
    const float *s = source;                                                                     \
    size_t i = 0;                                                                                \
    for (; i + 2 * VL <= count; i += 2 * VL) {                                                   \
      vf x = vload(s + i), x1 = vload(s + i + VL);                                               \
      const vf first = expression;                                                               \
      x = x1;                                                                                    \
      const vf second = expression;                                                              \
      vstore(d + i, first);                                                                      \
      vstore(d + i + VL, second);                                                                \
    }                                                                                            \
    for (; i < count; i += VL) {                                                                 \
      const size_t n = count - i < VL ? count - i : VL;                                          \
      const vf x = vload_first(s + i, n);                                                        \
      vstore_first(d + i, expression, n);                                                        \
    }                                                                                            \
  }
UNARY_KERNEL(relu, vatleast(x, vsplat(0)))
UNARY_KERNEL(sigmoid, vsigmoid(x))
UNARY_KERNEL(tanh, vtanh(x))
UNARY_KERNEL(exp, vexp(x))
UNARY_KERNEL(log, vlog(x))
UNARY_KERNEL(sqrt, vsqrt(x))
UNARY_KERNEL(reciprocal, vsplat(1.0f) / x)
UNARY_KERNEL(negate, -x)
UNARY_KERNEL(absolute, vabs(x))
UNARY_KERNEL(erf, verf(x))
UNARY_KERNEL(floor, vfloor(x))
UNARY_KERNEL(ceil, -vfloor(-x))
UNARY_KERNEL(gelu, vsplat(0.5f) * x * (vsplat(1.0f) + verf(x * vsplat(0.70710678118654752f))))
UNARY_KERNEL(geluTanh, vsplat(0.5f) * x * (vsplat(1.0f)
    + vtanh(vsplat(0.79788456080286536f) * (x + vsplat(0.044715f) * x * x * x))))
UNARY_KERNEL(silu, x * vsigmoid(x))
UNARY_KERNEL(hardSwish, x * vatmost(
    vatleast(x * vsplat(1.0f / 6.0f) + vsplat(0.5f), vsplat(0)), vsplat(1.0f)))

static void NAME(clamp)(float *d, const float *s, size_t count, float low, float high) {
  for (size_t i = 0; i < count; i++) {
    const float x = s[i], raised = x < low ? low : x;
    d[i] = raised > high ? high : raised;
  }
}
static void NAME(leakyRelu)(float *d, const float *s, size_t count, float slope) {
  for (size_t i = 0; i < count; i++) d[i] = s[i] < 0 ? slope * s[i] : s[i];
}
static void NAME(axpby)(float *d, const float *s, size_t count, float factor, float scale) {
  for (size_t i = 0; i < count; i++) d[i] = d[i] * scale + s[i] * factor;
}
