// exp, log, tanh, sigmoid and erf on vectors, within 2 to 3 ulp of the rounded result (erf 3e-7
// absolute). Polynomials after Cephes (Moshier) and, for erf, a published minimax fit.

// 2^n · p for n in [-252, 254]: two factors, so that neither leaves the range of normal exponents
// and results below 2^-126 round once.
INLINE vf vscale(vf p, vi n) {
#if defined(CK_HAS_AVX512)
  return (vf)_mm512_scalef_ps((__m512)p, _mm512_cvtepi32_ps((__m512i)n));
#else
  const vi half = n >> 1;
  const vf first = vfloat((half + 127) << 23), second = vfloat((n - half + 127) << 23);
  return p * first * second;
#endif
}

// p and n with e^x = 2^n · (1 + p), p in [-0.3, 0.42].
INLINE vf vexp_parts(vf x, vi *exponent) {
  // Outside these the result is +inf or 0 all the same, and n stays in vscale's range.
  const vf clamped = vatmost(vatleast(x, vsplat(-104.0f)), vsplat(90.0f));
  // Adding 1.5·2^23 rounds to the nearest integer and leaves it in the low bits.
  const vf shifter = vsplat(12582912.0f);
  const vf shifted = clamped * vsplat(1.44269504088896341f) + shifter;
  const vf n = shifted - shifter;
  *exponent = vbits(shifted) - vbits(shifter);
  // ln 2 in two parts: the first has zeros at its end, so n times it is exact without an FMA.
  vf r = clamped - n * vsplat(0.693359375f);
  r = r - n * vsplat(-2.12194440e-4f);
  vf p = vsplat(1.9875691500e-4f);
  p = p * r + vsplat(1.3981999507e-3f);
  p = p * r + vsplat(8.3334519073e-3f);
  p = p * r + vsplat(4.1665795894e-2f);
  p = p * r + vsplat(1.6666665459e-1f);
  p = p * r + vsplat(5.0000001201e-1f);
  return p * (r * r) + r;
}
// 2^shift · e^x, for shifts of -1 and 0.
INLINE vf vexp_scaled(vf x, int32_t shift) {
  vi exponent;
  const vf p = vexp_parts(x, &exponent) + vsplat(1.0f);
  return vscale(p, exponent + shift);
}
INLINE vf vexp(vf x) { return vexp_scaled(x, 0); }
// e^x - 1 = 2^n · p + (2^n - 1).
INLINE vf vexpm1(vf x) {
  vi exponent;
  const vf p = vexp_parts(x, &exponent), power = vscale(vsplat(1.0f), exponent);
  // Where 2^n has no room, the 1 is lost anyway.
  return x > vsplat(80.0f) ? vexp(x) : power * p + (power - vsplat(1.0f));
}

INLINE vf vlog(vf x) {
  const vi tiny = x < vsplat(FLT_MIN);
  const vf scaled = tiny ? x * vsplat(8388608.0f) : x;
  vi bits = vbits(scaled);
  // m in [sqrt(1/2), sqrt(2)), e with x = m · 2^e.
  const vi offset = bits - 0x3f3504f3;
  vi e = offset >> 23;
  const vf m = vfloat((offset & 0x007fffff) + 0x3f3504f3) - vsplat(1.0f);
  e = tiny ? e - 23 : e;
  const vf z = m * m;
  vf p = vsplat(7.0376836292e-2f);
  p = p * m + vsplat(-1.1514610310e-1f);
  p = p * m + vsplat(1.1676998740e-1f);
  p = p * m + vsplat(-1.2420140846e-1f);
  p = p * m + vsplat(1.4249322787e-1f);
  p = p * m + vsplat(-1.6668057665e-1f);
  p = p * m + vsplat(2.0000714765e-1f);
  p = p * m + vsplat(-2.4999993993e-1f);
  p = p * m + vsplat(3.3333331174e-1f);
  p = p * m * z;
  const vf ef = __builtin_convertvector(e, vf);
  p = ef * vsplat(-2.12194440e-4f) + p;
  p = z * vsplat(-0.5f) + p;
  vf result = m + p;
  result = ef * vsplat(0.693359375f) + result;
  result = x == vsplat(__builtin_inff()) ? x : result;
  result = x == vsplat(0.0f) ? vsplat(-__builtin_inff()) : result;
  result = x < vsplat(0.0f) ? vsplat(__builtin_nanf("")) : result;
  return x != x ? x : result;
}

INLINE vf vabs(vf x) { return vfloat(vbits(x) & 0x7fffffff); }
INLINE vf vwithsign(vf magnitude, vf sign) {
  return vfloat((vbits(magnitude) & 0x7fffffff) | (vbits(sign) & (vi)(int32_t)0x80000000));
}

// exp of a negative number alone cannot overflow: small results stay accurate down to zero.
INLINE vf vsigmoid(vf x) {
  const vf e = vexp(-vabs(x));
  return (x < vsplat(0.0f) ? e : vsplat(1.0f)) / (vsplat(1.0f) + e);
}

INLINE vf vtanh(vf x) {
  const vf z = x * x, size = vabs(x);
  vf p = vsplat(-5.70498872745e-3f);
  p = p * z + vsplat(2.06390887954e-2f);
  p = p * z + vsplat(-5.37397155531e-2f);
  p = p * z + vsplat(1.33314422036e-1f);
  p = p * z + vsplat(-3.33332819422e-1f);
  p = p * z * x + x;
  const vf large = vsplat(1.0f) - vsplat(2.0f) / (vexp(size + size) + vsplat(1.0f));
  // A NaN is not below the bound: exp has kept it in `large`.
  return size < vsplat(0.625f) ? p : vwithsign(large, x);
}

INLINE vf verf(vf a) {
  const vf t = vabs(a), s = a * a;
  vf r = t * vsplat(-1.72853470e-5f) + vsplat(3.83197126e-4f);
  const vf u = t * vsplat(-3.88396438e-3f) + vsplat(2.42546219e-2f);
  r = r * s + u;
  r = r * t + vsplat(-1.06777877e-1f);
  r = r * t + vsplat(-6.34846687e-1f);
  r = r * t + vsplat(-1.28717512e-1f);
  r = r * t - t;
  // Beyond 4 the result is 1; the polynomial is not meant for large arguments.
  r = t > vsplat(4.0f) ? vsplat(-100.0f) : r;
  const vf large = vwithsign(vsplat(1.0f) - vexp(r), a);
  vf q = vsplat(-5.96761703e-4f);
  q = q * s + vsplat(4.99119423e-3f);
  q = q * s + vsplat(-2.67681349e-2f);
  q = q * s + vsplat(1.12819925e-1f);
  q = q * s + vsplat(-3.76125336e-1f);
  q = q * s + vsplat(1.28379166e-1f);
  q = q * a + a;
  const vf result = t > vsplat(0.927734375f) ? large : q;
  return a != a ? a : result;
}

// Half to even: what is added has no room for fractions, and neither have numbers as large.
INLINE vf vround(vf x) {
  const vf size = vabs(x), magic = vsplat(8388608.0f);
  return size < magic ? vwithsign((size + magic) - magic, x) : x;
}

INLINE vf vsqrt(vf x) { return __builtin_elementwise_sqrt(x); }
// Values of 2^23 and more are integers already, and so are NaN and infinities left alone.
INLINE vf vfloor(vf x) {
  const vf truncated = __builtin_convertvector(
      __builtin_convertvector(vabs(x) < vsplat(8388608.0f) ? x : vsplat(0), vi), vf);
  const vf down = truncated > x ? truncated - vsplat(1.0f) : truncated;
  return vabs(x) < vsplat(8388608.0f) ? vwithsign(down, x) : x;
}
