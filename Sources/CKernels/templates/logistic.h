// The loss of two classes in double precision: what fits models to data needs more digits than f32 has.
#define DL (VL / 2)  // f64 lanes
typedef double vd __attribute__((ext_vector_type(DL)));
typedef int64_t vdi __attribute__((ext_vector_type(DL)));
typedef int32_t vdh __attribute__((ext_vector_type(DL)));
typedef vd vd_memory __attribute__((aligned(8), may_alias));
typedef vdh vdh_memory __attribute__((aligned(4), may_alias));

// 2^n for n in [-1022, 1023].
INLINE vd vpower_of_two(vdi n) { return (vd)((n + 1023) << 52); }

// e^x within 2 ulp: 2^n · e^r, |r| <= ln 2 / 2, by the Taylor polynomial of degree 13, whose rest is below
// 5e-18. NaN stays.
INLINE vd vexp_f64(vd x) {
  // Outside these the result is 0 or +inf all the same.
  const vd low = x < -746.0 ? (vd)-746.0 : x, clamped = low > 710.0 ? (vd)710.0 : low;
  // Adding 1.5·2^52 rounds to the nearest integer and leaves it in the low bits.
  const vd shifter = (vd)6755399441055744.0;
  const vd shifted = clamped * (vd)1.4426950408889634074 + shifter;
  const vd n = shifted - shifter;
  // ln 2 in two parts: the first has zeros at its end, so n times it is exact without an FMA.
  vd r = clamped - n * (vd)6.93145751953125e-1;
  r = r - n * (vd)1.42860682030941723212e-6;
  vd p = (vd)(1.0 / 6227020800.0);
  p = p * r + (vd)(1.0 / 479001600.0);
  p = p * r + (vd)(1.0 / 39916800.0);
  p = p * r + (vd)(1.0 / 3628800.0);
  p = p * r + (vd)(1.0 / 362880.0);
  p = p * r + (vd)(1.0 / 40320.0);
  p = p * r + (vd)(1.0 / 5040.0);
  p = p * r + (vd)(1.0 / 720.0);
  p = p * r + (vd)(1.0 / 120.0);
  p = p * r + (vd)(1.0 / 24.0);
  p = p * r + (vd)(1.0 / 6.0);
  p = p * r + (vd)0.5;
  p = p * (r * r) + r + (vd)1.0;
  // Two factors, so that neither leaves the range of normal exponents and small results round once.
  const vdi whole = (vdi)shifted - (vdi)shifter;
  const vdi half = ((whole + 4096) >> 1) - 2048;
  return p * vpower_of_two(half) * vpower_of_two(whole - half);
}

// Scores z become derivatives 1 / (1 + e^-z) - y of the loss, y being 1 where the class is 1 and else 0.
// Returns the sum of log(1 + e^z) - y z; `derivativeSum` gets that of the derivatives.
static double NAME(logisticLoss)(
    double *scores, const int32_t *classes, size_t count, double *derivativeSum) {
  vd losses = 0, derivatives = 0;
  double loss = 0;
  for (size_t begin = 0; begin < count; begin += 512) {
    const size_t end = count - begin < 512 ? count : begin + 512;
    // The logarithm of a product of factors up to 2: one for 512 examples instead of one for each.
    vd product = 1.0;
    for (size_t i = begin; i < end; i += DL) {
      const size_t n = end - i < DL ? end - i : DL;
      vd z;
      vdh c;
      if (n == DL) {
        z = *(const vd_memory *)(scores + i);
        c = *(const vdh_memory *)(classes + i);
      } else {
        // Who is surely of the other class adds nothing.
        z = -__builtin_inf();
        c = 0;
        for (size_t lane = 0; lane < n; lane++) z[lane] = scores[i + lane], c[lane] = classes[i + lane];
      }
      const vdi isPositive = __builtin_convertvector(c, vdi) == 1;
      const vd magnitude = z < 0.0 ? -z : z;
      const vd tail = vexp_f64(-magnitude), whole = tail + 1.0;
      // log(1 + e^z) - y z, without overflow.
      product *= whole;
      losses += (z > 0.0 ? z : (vd)0.0) - (isPositive ? z : (vd)0.0);
      const vd derivative = (z < 0.0 ? tail : (vd)1.0) / whole - (isPositive ? (vd)1.0 : (vd)0.0);
      derivatives += derivative;
      if (n == DL) *(vd_memory *)(scores + i) = derivative;
      else for (size_t lane = 0; lane < n; lane++) scores[i + lane] = derivative[lane];
    }
    double all = 1;
    for (size_t lane = 0; lane < DL; lane++) all *= product[lane];
    loss += __builtin_log(all);
  }
  double sum = 0;
  for (size_t lane = 0; lane < DL; lane++) loss += losses[lane], sum += derivatives[lane];
  *derivativeSum = sum;
  return loss;
}
