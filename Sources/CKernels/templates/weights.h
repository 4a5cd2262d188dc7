// Quantises weights when a model is loaded: what blocks_quantize.c does, a lane for each group of
// 32. Every operation is rounded on its own and in the same order, so all instruction sets and the
// reference write the same bytes.

#define GROUPS 16  // two blocks of Q4_K, and a whole number of vectors of every instruction set

INLINE bool any_lane(vi v) { return vsum(vfloat(v & vbits(vsplat(1)))) != 0; }

// x[32][GROUPS]: the first elements of all groups, the second ones...
static void NAME(weights_search)(const float *x, float *bestScale, float *bestMinimum) {
#pragma clang fp contract(off)
  for (size_t first = 0; first < GROUPS; first += VL) {
    const float *at = x + first;
    vf low = vsplat(0), high = vload(at), squares = vsplat(0);
    for (size_t i = 0; i < 32; i++) {
      const vf v = vload(at + GROUPS * i);
      low = v < low ? v : low;
      high = v > high ? v : high;
      squares = squares + v * v;
    }
    const vf average = vsqrt(squares / vsplat(32)), range = high - low;
    vf gainMax = vsplat(0), scaleMax = vsplat(0), minimumMax = low;
    for (int step = 0; step < CK_Q4_K_STEPS; step++) {
      const vf factor = range > vsplat(0) ? vsplat(CK_Q4_K_CODES(step)) / range : vsplat(0);
      vf sum = vsplat(0), sumX = sum, sumCode = sum, sumSquares = sum, sumProducts = sum;
      for (size_t i = 0; i < 32; i++) {
        const vf v = vload(at + GROUPS * i);
        vf code = (v - low) * factor;
        code = code > vsplat(0) ? code : vsplat(0);
        code = code < vsplat(15) ? code : vsplat(15);
        code = (code + vsplat(0x1.8p23f)) - vsplat(0x1.8p23f);
        const vf weight = average + vabs(v), weighted = weight * code;
        sum = sum + weight;
        sumX = sumX + weight * v;
        sumCode = sumCode + weighted;
        sumSquares = sumSquares + weighted * code;
        sumProducts = sumProducts + weighted * v;
      }
      const vf determinant = sum * sumSquares - sumCode * sumCode;
      const vf scale = (sum * sumProducts - sumX * sumCode) / determinant;
      const vf minimum = (sumSquares * sumX - sumCode * sumProducts) / determinant;
      const vi both =
          (determinant > vsplat(1e-5f) * (sum * sumSquares)) & (minimum < vsplat(0));
      const vf s = both ? scale : sumProducts / sumSquares, m = both ? minimum : vsplat(0);
      const vf gain = s * sumProducts + m * sumX;
      const vi better = (gain > gainMax) & (s > vsplat(0));
      gainMax = better ? gain : gainMax;
      scaleMax = better ? s : scaleMax;
      minimumMax = better ? m : minimumMax;
    }
    vstore(bestScale + first, scaleMax);
    vstore(bestMinimum + first, minimumMax);
  }
}

// The largest magnitude of 32 numbers, and what is no finite number among them.
INLINE vi weights_extremes(const float *x, float *largest) {
  vf most = vsplat(0);
  vi strange = vbits(most);
  for (size_t i = 0; i < 32; i += VL) {
    const vf v = vabs(vload(x + i));
    most = v > most ? v : most;
    strange |= ~(v < vsplat(__builtin_inff()));
  }
  *largest = vmax_across(most);
  return strange;
}

static bool NAME(quantizeWeights)(
    uint8_t *bytes, const float *x, size_t blockCount, ck_block_format format) {
  float largest;
  vi strange = vbits(vsplat(0));
  if (format == CK_Q8_0) {
    for (size_t n = 0; n < blockCount; n++, x += 32, bytes += 34) {
      const vi here = weights_extremes(x, &largest);
      strange |= here;
      // Codes of what is no number are nobody's: the answer says so.
      if (!any_lane(here)) ck_block_write_q8_0(bytes, x, largest);
    }
    return !any_lane(strange);
  }
  for (size_t i = 0; i < 8 * blockCount; i++) strange |= weights_extremes(x + 32 * i, &largest);
  if (any_lane(strange)) return false;
  float groups[32 * GROUPS], scale[GROUPS], minimum[GROUPS];
  for (size_t n = 0; n < blockCount; n += 2, x += 512, bytes += 288) {
    const size_t blocks = blockCount - n < 2 ? 1 : 2;
    if (blocks == 1) memset(groups, 0, sizeof groups);
    for (size_t group = 0; group < 8 * blocks; group++)
      for (size_t i = 0; i < 32; i++) groups[GROUPS * i + group] = x[32 * group + i];
    NAME(weights_search)(groups, scale, minimum);
    for (size_t i = 0; i < blocks; i++)
      ck_block_write_q4_K(bytes + 144 * i, x + 256 * i, scale + 8 * i, minimum + 8 * i);
  }
  return true;
}
