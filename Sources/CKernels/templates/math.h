// exp, log and sigmoid on vectors, within 2 to 3 ulp of the rounded result, by polynomials after Cephes (Moshier);
// tanh and erf as quotients.

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
INLINE vf vexp_parts(vf clamped, vi *exponent) {
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
// Outside of this e^x is +inf or 0 all the same, and n stays in vscale's range.
INLINE vf vexp_clamp(vf x) { return vatmost(vatleast(x, vsplat(-104.0f)), vsplat(90.0f)); }
// 2^shift · e^x, for shifts of -1 and 0.
INLINE vf vexp_scaled(vf x, int32_t shift) {
  vi exponent;
  const vf p = vexp_parts(vexp_clamp(x), &exponent) + vsplat(1.0f);
  return vscale(p, exponent + shift);
}
INLINE vf vexp(vf x) { return vexp_scaled(x, 0); }
// e^x of what is not above zero, as softmax has it: nothing overflows, and what would be denormal is
// zero. 31 instructions with AVX2, the general one has 38.
INLINE vf vexp_falling(vf x) {
  const vf lowest = vsplat(-87.3365479f);
  vi exponent;
  const vf p = vexp_parts(vatleast(x, lowest), &exponent) + vsplat(1.0f);
#if defined(CK_HAS_AVX512)
  const vf result = vscale(p, exponent);
#else
  const vf result = p * vfloat((exponent + 127) << 23);
#endif
  return x < lowest ? vsplat(0) : result;
}
// e^x - 1 = 2^n · p + (2^n - 1).
INLINE vf vexpm1(vf x) {
  vi exponent;
  const vf p = vexp_parts(vexp_clamp(x), &exponent), power = vscale(vsplat(1.0f), exponent);
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

// x P(x²) / Q(x²), with x² held at most `limit`: beyond it the quotient grows past 1, which is what it is cut to.
// Fits of our own with the least relative error (a weighted linear fit of f Q = P, weights after Lawson). A NaN stays.
INLINE vf vodd(vf x, vf p, vf q) { return vatmost(vatleast(x * p / q, vsplat(-1.0f)), vsplat(1.0f)); }

// tanh x = x p / q on [-TANH_MAX, TANH_MAX], by z = x²; the fit is within 2e-8.
#define TANH_MAX 9.01f
INLINE void tanh_parts(vf z, vf *above, vf *below) {
  vf p = vsplat(1.33363470557e-8f), q = vsplat(7.76907985953e-7f);
  p = p * z + vsplat(2.05959208802e-5f);
  q = q * z + vsplat(3.28432879e-4f);
  p = p * z + vsplat(3.49479041243e-3f);
  q = q * z + vsplat(2.58739496255e-2f);
  p = p * z + vsplat(1.33803547318e-1f);
  q = q * z + vsplat(4.67136702332e-1f);
  *above = p * z + vsplat(0.999999979476f);
  *below = q * z + vsplat(1.0f);
}
// Within 6 ulp.
INLINE vf vtanh(vf x) {
  vf p, q;
  tanh_parts(vatmost(x * x, vsplat(TANH_MAX * TANH_MAX)), &p, &q);
  return vodd(x, p, q);
}

// Within 6 ulp; the fit 2e-8.
INLINE vf verf(vf x) {
  const vf z = vatmost(x * x, vsplat(15.405625f));
  vf p = vsplat(2.04603555624e-6f), q = vsplat(3.80469429274e-5f);
  p = p * z + vsplat(2.84826129965e-4f);
  q = q * z + vsplat(1.16372333369e-3f);
  p = p * z + vsplat(3.77204261438e-3f);
  q = q * z + vsplat(1.4982189033e-2f);
  p = p * z + vsplat(5.27677201606e-2f);
  q = q * z + vsplat(1.14178074987e-1f);
  p = p * z + vsplat(1.9058279675e-1f);
  q = q * z + vsplat(5.02232339602e-1f);
  return vodd(x, p * z + vsplat(1.12837914598f), q * z + vsplat(1.0f));
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
