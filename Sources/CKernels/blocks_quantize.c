// From numbers to blocks: Q8_0 and Q4_K. The search for Q4_K's scales has a form for each
// instruction set (templates/weights.h); what is here is its reference, and what they share.
#include <math.h>
#include <string.h>

#include "include/CKernels.h"

#pragma clang fp contract(off)

// To nearest, ties to even, without hardware; what is too large becomes the largest number.
static uint16_t halfOf(float f) {
  if (!(f < 65504.0f)) return 0x7bff;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if (bits < 0x38800000) {  // subnormal in half: adding 0.5 aligns and rounds
    f += 0.5f;
    memcpy(&bits, &f, 4);
    return (uint16_t)(bits - 0x3f000000);
  }
  bits += 0xc8000fff + (bits >> 13 & 1);
  return (uint16_t)(bits >> 13);
}
// Of a half that is neither negative nor infinite.
static float floatOf(uint16_t h) {
  const uint32_t bits = (uint32_t)h << 13;
  float f;
  memcpy(&f, &bits, 4);
  return f * 0x1p112f;
}

bool ck_block_quantizable(ck_block_format format) {
  return format == CK_Q8_0 || format == CK_Q4_K;
}

// The format's authors round halves away from zero.
static int8_t awayFromZero(float x) {
  const int whole = (int)x;
  const float rest = x - (float)whole;
  return (int8_t)(whole + (rest >= 0.5f) - (rest <= -0.5f));
}

void ck_block_write_q8_0(uint8_t *bytes, const float *x, float largest) {
  const float scale = largest / 127, inverse = scale > 0 ? 1 / scale : 0;
  const uint16_t half = halfOf(scale);
  bytes[0] = (uint8_t)half;
  bytes[1] = (uint8_t)(half >> 8);
  // A scale below the smallest normal number has an inverse that is none.
  const float factor = inverse < INFINITY ? inverse : 0;
  for (size_t i = 0; i < 32; i++) {
    const float code = x[i] * factor;
    bytes[2 + i] = (uint8_t)awayFromZero(code > 127 ? 127 : code < -127 ? -127 : code);
  }
}

void ck_block_write_q4_K(uint8_t *bytes, const float *x, const float *scale, const float *minimum) {
  float largestScale = 0, largestMinimum = 0;
  for (size_t i = 0; i < 8; i++) {
    if (scale[i] > largestScale) largestScale = scale[i];
    if (-minimum[i] > largestMinimum) largestMinimum = -minimum[i];
  }
  const uint16_t d = halfOf(largestScale / 63), m = halfOf(largestMinimum / 63);
  const float unit = floatOf(d), minimumUnit = floatOf(m);
  uint8_t scales[8], minima[8];
  for (size_t i = 0; i < 8; i++) {
    const float s = unit > 0 ? scale[i] / unit + 0.5f : 0;
    const float n = minimumUnit > 0 ? -minimum[i] / minimumUnit + 0.5f : 0;
    scales[i] = s > 0 ? (uint8_t)(s < 63 ? s : 63) : 0;
    minima[i] = n > 0 ? (uint8_t)(n < 63 ? n : 63) : 0;
  }
  memcpy(bytes, &d, 2);
  memcpy(bytes + 2, &m, 2);
  for (size_t i = 0; i < 4; i++) {
    bytes[4 + i] = (uint8_t)(scales[i] | scales[4 + i] >> 4 << 6);
    bytes[8 + i] = (uint8_t)(minima[i] | minima[4 + i] >> 4 << 6);
    bytes[12 + i] = (uint8_t)((scales[4 + i] & 15) | (minima[4 + i] & 15) << 4);
  }
  uint8_t code[256];
  for (size_t group = 0; group < 8; group++) {
    const float step = unit * (float)scales[group], low = minimumUnit * (float)minima[group];
    const float quotient = 1 / step, inverse = step > 0 && quotient < INFINITY ? quotient : 0;
    for (size_t i = 32 * group; i < 32 * group + 32; i++) {
      const float place = (x[i] + low) * inverse + 0.5f;
      code[i] = place > 0 ? (uint8_t)(place < 15 ? place : 15) : 0;
    }
  }
  for (size_t i = 0; i < 128; i++) {
    const size_t first = i / 32 * 64 + i % 32;
    bytes[16 + i] = (uint8_t)(code[first] | code[first + 32] << 4);
  }
}

// The best scale and minimum of 32 numbers: of some ranges of codes, the straight line with the
// smallest sum of squared errors, large numbers weighing more.
static void search(const float *x, float *bestScale, float *bestMinimum) {
  float low = 0, high = x[0], squares = 0;
  for (size_t i = 0; i < 32; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    squares = squares + x[i] * x[i];
  }
  const float average = sqrtf(squares / 32), range = high - low;
  float bestGain = 0;
  *bestScale = 0;
  *bestMinimum = low;
  for (int step = 0; step < CK_Q4_K_STEPS; step++) {
    const float factor = range > 0 ? CK_Q4_K_CODES(step) / range : 0;
    float sum = 0, sumX = 0, sumCode = 0, sumSquares = 0, sumProducts = 0;
    for (size_t i = 0; i < 32; i++) {
      float code = (x[i] - low) * factor;
      code = code > 0 ? code : 0;
      code = code < 15 ? code : 15;
      code = (code + 0x1.8p23f) - 0x1.8p23f;
      const float weight = average + fabsf(x[i]), weighted = weight * code;
      sum = sum + weight;
      sumX = sumX + weight * x[i];
      sumCode = sumCode + weighted;
      sumSquares = sumSquares + weighted * code;
      sumProducts = sumProducts + weighted * x[i];
    }
    // Two unknowns; one where the codes do not tell them apart, or the minimum would be above zero.
    const float determinant = sum * sumSquares - sumCode * sumCode;
    const float scale = (sum * sumProducts - sumX * sumCode) / determinant;
    const float minimum = (sumSquares * sumX - sumCode * sumProducts) / determinant;
    const bool both = determinant > 1e-5f * (sum * sumSquares) && minimum < 0;
    const float s = both ? scale : sumProducts / sumSquares, m = both ? minimum : 0;
    const float gain = s * sumProducts + m * sumX;
    if (gain > bestGain && s > 0) {
      bestGain = gain;
      *bestScale = s;
      *bestMinimum = m;
    }
  }
}

bool ck_block_quantize(
    uint8_t *bytes, const float *x, size_t blockCount, ck_block_format format) {
  const size_t elements = format == CK_Q4_K ? 256 : 32;
  for (size_t i = 0; i < blockCount * elements; i++)
    if (!(fabsf(x[i]) < INFINITY)) return false;
  for (size_t n = 0; n < blockCount; n++, x += elements) {
    if (format == CK_Q8_0) {
      float largest = 0;
      for (size_t i = 0; i < 32; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
      ck_block_write_q8_0(bytes + 34 * n, x, largest);
    } else {
      float scale[8], minimum[8];
      for (size_t group = 0; group < 8; group++)
        search(x + 32 * group, scale + group, minimum + group);
      ck_block_write_q4_K(bytes + 144 * n, x, scale, minimum);
    }
  }
  return true;
}
