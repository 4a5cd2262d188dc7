// Circular and hyperbolic functions and their inverses on vectors, within 4 ulp of the rounded result;
// sin and cos of arguments beyond ±2π within 1.2e-7 instead, because little is left of a large number
// near their zeros. Polynomials after Cephes (Moshier).

// sin and cos on [-π/4, π/4].
INLINE vf vsin_small(vf r) {
  const vf z = r * r;
  vf p = vsplat(-1.9515295891e-4f);
  p = p * z + vsplat(8.3321608736e-3f);
  p = p * z + vsplat(-1.6666654611e-1f);
  return p * z * r + r;
}
INLINE vf vcos_small(vf r) {
  const vf z = r * r;
  vf p = vsplat(2.443315711809948e-5f);
  p = p * z + vsplat(-1.388731625493765e-3f);
  p = p * z + vsplat(4.166664568298827e-2f);
  return p * z * z + (vsplat(1.0f) - vsplat(0.5f) * z);
}

// Beyond this many radians the parts of π/2 below are no longer multiplied exactly.
#define QUADRANT_LIMIT 6400.0f

// r in [-π/4, π/4] and a number of quarter turns with x = r + quarters · π/2.
INLINE vf vquadrant(vf x, vi *quarters) {
  const vf shifter = vsplat(12582912.0f);
  const vf shifted = x * vsplat(0.63661977236758134f) + shifter;
  const vf n = shifted - shifter;
  *quarters = vbits(shifted) - vbits(shifter);
  vf r = x - n * vsplat(1.5703125f);
  r = r - n * vsplat(4.837512969970703125e-4f);
  return r - n * vsplat(7.549789948768648e-8f);
}

INLINE vf vsin_quarters(vf r, vi quarters) {
  const vf value = (quarters & 1) != 0 ? vcos_small(r) : vsin_small(r);
  return vfloat(vbits(value) ^ ((quarters & 2) << 30));
}
INLINE vf vsin(vf x) {
  vi quarters;
  const vf r = vquadrant(x, &quarters);
  return vsin_quarters(r, quarters);
}
INLINE vf vcos(vf x) {
  vi quarters;
  const vf r = vquadrant(x, &quarters);
  return vsin_quarters(r, quarters + 1);
}
INLINE vf vtan(vf x) {
  vi quarters;
  const vf r = vquadrant(x, &quarters);
  const vf s = vsin_small(r), c = vcos_small(r);
  return (quarters & 1) != 0 ? -c / s : s / c;
}

INLINE vf vatan(vf x) {
  const vf a = vabs(x);
  const vi far = a > vsplat(2.414213562373095f), near = a <= vsplat(0.4142135623730950f);
  const vf start = far ? vsplat(1.5707963267948966f)
      : near ? vsplat(0.0f) : vsplat(0.7853981633974483f);
  const vf top = far ? vsplat(-1.0f) : near ? a : a - vsplat(1.0f);
  const vf bottom = far ? a : near ? vsplat(1.0f) : a + vsplat(1.0f);
  const vf r = top / bottom, z = r * r;
  vf p = vsplat(8.05374449538e-2f);
  p = p * z + vsplat(-1.38776856032e-1f);
  p = p * z + vsplat(1.99777106478e-1f);
  p = p * z + vsplat(-3.33329491539e-1f);
  const vf result = vwithsign(start + (p * z * r + r), x);
  return x != x ? x : result;
}

// asin(r) of r in [0, 1/2], whose square is z.
INLINE vf vasin_small(vf r, vf z) {
  vf p = vsplat(4.2163199048e-2f);
  p = p * z + vsplat(2.4181311049e-2f);
  p = p * z + vsplat(4.5470025998e-2f);
  p = p * z + vsplat(7.4953002686e-2f);
  p = p * z + vsplat(1.6666752422e-1f);
  return p * z * r + r;
}
INLINE vf vasin(vf x) {
  const vf a = vabs(x);
  const vi large = a > vsplat(0.5f);
  const vf z = large ? vsplat(0.5f) * (vsplat(1.0f) - a) : a * a;
  // The root of what is beyond 1 is NaN.
  const vf p = vasin_small(large ? vsqrt(z) : a, z);
  const vf result = vwithsign(large ? vsplat(1.5707963267948966f) - (p + p) : p, x);
  return p != p ? p : result;
}
INLINE vf vacos(vf x) {
  const vf a = vabs(x);
  const vi large = a > vsplat(0.5f);
  const vf z = large ? vsplat(0.5f) * (vsplat(1.0f) - a) : a * a;
  const vf p = vasin_small(large ? vsqrt(z) : a, z);
  const vf near = x < vsplat(0.0f) ? vsplat(3.14159265358979324f) - (p + p) : p + p;
  return large ? near : vsplat(1.5707963267948966f) - vwithsign(p, x);
}

// e^x alone has no room where its half still has.
INLINE vf vsinh(vf x) {
  const vf a = vabs(x), z = x * x;
  vf p = vsplat(2.03721912945e-4f);
  p = p * z + vsplat(8.33028376239e-3f);
  p = p * z + vsplat(1.66667160211e-1f);
  p = p * z * x + x;
  const vf half = vexp_scaled(a, -1);
  const vf large = vwithsign(half - vsplat(0.25f) / half, x);
  // A NaN is not above the bound, and the polynomial has kept it.
  return a > vsplat(1.0f) ? large : p;
}
INLINE vf vcosh(vf x) {
  const vf half = vexp_scaled(vabs(x), -1);
  return half + vsplat(0.25f) / half;
}

INLINE vf vasinh(vf x) {
  const vf a = vabs(x), z = x * x;
  vf p = vsplat(2.0122003309e-2f);
  p = p * z + vsplat(-4.2699340972e-2f);
  p = p * z + vsplat(7.4847586088e-2f);
  p = p * z + vsplat(-1.6666288134e-1f);
  p = p * z * x + x;
  // The square of a large number may have no room; the 1 beside it has none then either.
  const vi huge = a > vsplat(1500.0f);
  const vf sum = a + (huge ? vsplat(0.0f) : vsqrt(z + vsplat(1.0f)));
  const vf log = vlog(sum) + (huge ? vsplat(0.693147180559945f) : vsplat(0.0f));
  return a < vsplat(0.5f) ? p : vwithsign(log, x);
}
INLINE vf vacosh(vf x) {
  const vf z = x - vsplat(1.0f);
  vf p = vsplat(1.7596881071e-3f);
  p = p * z + vsplat(-7.5272886713e-3f);
  p = p * z + vsplat(2.6454905019e-2f);
  p = p * z + vsplat(-1.1784741703e-1f);
  p = p * z + vsplat(1.4142135263f);
  p = p * vsqrt(z);
  const vi huge = x > vsplat(1500.0f);
  const vf sum = x + (huge ? vsplat(0.0f) : vsqrt(z * (x + vsplat(1.0f))));
  const vf log = vlog(sum) + (huge ? vsplat(0.693147180559945f) : vsplat(0.0f));
  return z < vsplat(0.5f) ? p : log;
}
// On [-1/2, 1/2].
INLINE vf vatanh_small(vf x) {
  const vf z = x * x;
  vf p = vsplat(1.81740078349e-1f);
  p = p * z + vsplat(8.24370301058e-2f);
  p = p * z + vsplat(1.46691431730e-1f);
  p = p * z + vsplat(1.99782164500e-1f);
  p = p * z + vsplat(3.33337300303e-1f);
  return p * z * x + x;
}
INLINE vf vatanh(vf x) {
  const vf p = vatanh_small(x);
  const vf log = vlog((vsplat(1.0f) + x) / (vsplat(1.0f) - x));
  return vabs(x) < vsplat(0.5f) ? p : vsplat(0.5f) * log;
}

// log(1 + e^x) = max(x, 0) + log(1 + t) with t = e^-|x|, and log(1 + t) = 2 atanh(t / (2 + t)).
INLINE vf vsoftplus(vf x) {
  const vf t = vexp(-vabs(x));
  return vatleast(x, vsplat(0.0f)) + vsplat(2.0f) * vatanh_small(t / (vsplat(2.0f) + t));
}

UNARY_KERNEL(softplus, vsoftplus(x))
UNARY_KERNEL(expm1, vexpm1(x))
UNARY_KERNEL(round, vround(x))
UNARY_KERNEL(atan, vatan(x))
UNARY_KERNEL(asin, vasin(x))
UNARY_KERNEL(acos, vacos(x))
UNARY_KERNEL(sinh, vsinh(x))
UNARY_KERNEL(cosh, vcosh(x))
UNARY_KERNEL(asinh, vasinh(x))
UNARY_KERNEL(acosh, vacosh(x))
UNARY_KERNEL(atanh, vatanh(x))

// Vectors with an argument that is too large for the reduction go to libm.
#define CIRCULAR_KERNEL(name)                                                                    \
  static void unary_##name(void *destination, const void *source, size_t count) {                \
    float *d = destination;                                                                      \
    const float *s = source;                                                                     \
    for (size_t i = 0; i < count; i += VL) {                                                     \
      const size_t n = count - i < VL ? count - i : VL;                                          \
      const vf x = vload_first(s + i, n);                                                        \
      if (!__builtin_reduce_or(!(vabs(x) <= vsplat(QUADRANT_LIMIT)))) {                                              \
        vstore_first(d + i, v##name(x), n);                                                      \
      } else {                                                                                   \
        for (size_t j = i; j < i + n; j++) d[j] = __builtin_##name##f(s[j]);                     \
      }                                                                                          \
    }                                                                                            \
  }
CIRCULAR_KERNEL(sin)
CIRCULAR_KERNEL(cos)
CIRCULAR_KERNEL(tan)
