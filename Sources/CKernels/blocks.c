// GGUF's block formats: what their bytes mean.
#include <string.h>

#include "include/CKernels.h"

static const ck_block_layout layouts[CK_BLOCK_COUNT] = {
    [CK_Q4_0] = {32, 18, 32, 4, 8, 0},      [CK_Q4_1] = {32, 20, 32, 4, 0, 1},
    [CK_Q5_0] = {32, 22, 32, 5, 16, 0},     [CK_Q5_1] = {32, 24, 32, 5, 0, 1},
    [CK_Q8_0] = {32, 34, 32, 8, 128, 0},    [CK_IQ4_NL] = {32, 18, 32, 4, 0, 0},
    [CK_Q2_K] = {256, 84, 16, 2, 0, -1},    [CK_Q3_K] = {256, 110, 16, 3, 4, 0},
    [CK_Q4_K] = {256, 144, 32, 4, 0, -1},   [CK_Q5_K] = {256, 176, 32, 5, 0, -1},
    [CK_Q6_K] = {256, 210, 16, 6, 32, 0},
};
static const int8_t nonlinear[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                     1,    13,   25,  38,  53,  69,  89,  113};

ck_block_layout ck_block_layout_of(ck_block_format format) { return layouts[format]; }

bool ck_block_takes_alike(ck_block_format a, ck_block_format b) {
  const ck_block_layout x = layouts[a], y = layouts[b];
  return a == b || (a != CK_IQ4_NL && b != CK_IQ4_NL && x.groupElements == y.groupElements
      && (x.minimumSign == 0) == (y.minimumSign == 0)
      && (x.minimumSign != 0 || x.zero == y.zero));
}

static uint16_t word(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }

// Nibbles: low ones are the first half of `count` elements, high ones the second.
static void nibbles(uint8_t *code, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count / 2; i++) {
    code[i] = bytes[i] & 15;
    code[count / 2 + i] = bytes[i] >> 4;
  }
}
// Bit i of 32 is the fifth of element i.
static void fifthBits(uint8_t *code, const uint8_t *bytes) {
  uint32_t bits;
  memcpy(&bits, bytes, 4);
  for (uint32_t i = 0; i < 32; i++) code[i] |= (uint8_t)((bits >> i & 1) << 4);
}
// Bit b of byte i belongs to element 32 b + i.
static void bitsOfByteColumns(uint8_t *code, const uint8_t *bytes, int place) {
  for (int bit = 0; bit < 8; bit++, code += 32)
    for (size_t i = 0; i < 32; i++) code[i] |= (uint8_t)((bytes[i] >> bit & 1) << place);
}
// Each 32 bytes hold 128 elements, two bits each, which are added to the codes.
static void bitPairs(uint8_t *code, const uint8_t *bytes, int place) {
  for (size_t half = 0; half < 2; half++, bytes += 32)
    for (int bit = 0; bit < 8; bit += 2, code += 32)
      for (size_t i = 0; i < 32; i++) code[i] |= (uint8_t)((bytes[i] >> bit & 3) << place);
}
// Eight scales and eight minima of six bits in twelve bytes.
static void sixBitPairs(ck_block *b, const uint8_t *s) {
  for (size_t i = 0; i < 4; i++) {
    b->groupScale[i] = s[i] & 63;
    b->groupMinimum[i] = s[4 + i] & 63;
    b->groupScale[4 + i] = (int8_t)((s[8 + i] & 15) | (s[i] >> 2 & 48));
    b->groupMinimum[4 + i] = (uint8_t)(s[8 + i] >> 4 | (s[4 + i] >> 2 & 48));
  }
}

static void read32(ck_block *b, const uint8_t *p, ck_block_format format) {
  const ck_block_layout layout = layouts[format];
  b->scale = word(p);
  p += 2;
  b->groupScale[0] = 1;
  if (layout.minimumSign) {
    b->minimum = word(p);
    b->groupMinimum[0] = 1;
    p += 2;
  }
  if (layout.codeBits == 8) {
    for (size_t i = 0; i < 32; i++) b->code[i] = p[i] ^ 0x80;
    return;
  }
  const uint8_t *high = p;
  if (layout.codeBits == 5) p += 4;
  nibbles(b->code, p, 32);
  if (layout.codeBits == 5) fifthBits(b->code, high);
}

void ck_block_read(ck_block *b, const uint8_t *p, ck_block_format format) {
  switch (format) {
    default: read32(b, p, format); break;
    case CK_Q2_K:
      for (size_t i = 0; i < 16; i++) {
        b->groupScale[i] = p[i] & 15;
        b->groupMinimum[i] = p[i] >> 4;
      }
      memset(b->code, 0, sizeof b->code);
      bitPairs(b->code, p + 16, 0);
      b->scale = word(p + 80);
      b->minimum = word(p + 82);
      break;
    case CK_Q3_K:
      memset(b->code, 0, sizeof b->code);
      bitPairs(b->code, p + 32, 0);
      bitsOfByteColumns(b->code, p, 2);
      for (size_t i = 0; i < 16; i++) {
        const int low = i < 8 ? p[96 + i] & 15 : p[88 + i] >> 4;
        const int high = p[104 + i % 4] >> i / 4 * 2 & 3;
        b->groupScale[i] = (int8_t)((low | high << 4) - 32);
      }
      b->scale = word(p + 108);
      break;
    case CK_Q4_K:
    case CK_Q5_K:
      b->scale = word(p);
      b->minimum = word(p + 2);
      sixBitPairs(b, p + 4);
      p += 16;
      if (format == CK_Q5_K) p += 32;
      for (size_t i = 0; i < 4; i++) nibbles(b->code + 64 * i, p + 32 * i, 64);
      if (format == CK_Q5_K) bitsOfByteColumns(b->code, p - 32, 4);
      break;
    case CK_Q6_K:
      for (size_t i = 0; i < 2; i++) nibbles(b->code + 128 * i, p + 64 * i, 128);
      bitPairs(b->code, p + 128, 4);
      memcpy(b->groupScale, p + 192, 16);
      b->scale = word(p + 208);
      break;
  }
}

// IEEE binary16, without hardware: a multiplication by 2^112 sets the exponent's bias.
static float half(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = (uint32_t)(h & 0x7fff) << 13;
  uint32_t bits = magnitude | 0x7f800000;
  float f;
  if (magnitude < 0x7c00u << 13) {
    memcpy(&f, &magnitude, 4);
    f *= 0x1p112f;
    memcpy(&bits, &f, 4);
  }
  bits |= sign;
  memcpy(&f, &bits, 4);
  return f;
}

// Products and sums are rounded each: what a fused one gives is not the format's definition.
#pragma clang fp contract(off)
void ck_block_dequantize(
    float *to, const uint8_t *bytes, size_t blockCount, ck_block_format format) {
  const ck_block_layout layout = layouts[format];
  for (size_t n = 0; n < blockCount; n++, bytes += layout.bytes, to += layout.elements) {
    ck_block b;
    ck_block_read(&b, bytes, format);
    const float scale = half(b.scale), minimum = half(b.minimum) * (float)layout.minimumSign;
    for (size_t i = 0; i < layout.elements; i++) {
      const size_t group = i / layout.groupElements;
      const int value = format == CK_IQ4_NL ? nonlinear[b.code[i]] : b.code[i] - layout.zero;
      const float product = scale * (float)b.groupScale[group] * (float)value;
      to[i] = layout.minimumSign ? product + minimum * (float)b.groupMinimum[group] : product;
    }
  }
}

// Packing works on words of four codes: what a lane of the kernels' vectors holds.
size_t ck_block_packed_bytes(ck_block_format format) {
  const ck_block_layout layout = layouts[format];
  const size_t codes = layout.elements * layout.codeBits / 8u, minima = layout.minimumSign ? 2 : 1;
  if (layout.elements == 32) return codes + 2 * minima;
  return codes + (2 + layout.elements / layout.groupElements) * minima;
}

static uint32_t four(const uint8_t *code) {
  uint32_t word;
  memcpy(&word, code, 4);
  return word;
}

// The codes of 32 columns of one row, as planes of words `lanes` apart.
static void packCodes(uint32_t *to, size_t lanes, const uint8_t *code, int bits) {
  uint32_t high = 0;
  if (bits == 8) {
    for (size_t j = 0; j < 8; j++) to[j * lanes] = four(code + 4 * j);
  } else if (bits >= 4) {
    for (size_t j = 0; j < 4; j++) {
      const uint32_t a = four(code + 4 * j), b = four(code + 16 + 4 * j);
      to[j * lanes] = (a & 0x0f0f0f0f) | (b & 0x0f0f0f0f) << 4;
    }
    to += 4 * lanes;
    if (bits == 5) {
      for (size_t j = 0; j < 8; j++) high |= (four(code + 4 * j) >> 4 & 0x01010101) << j;
      *to = high;
    } else if (bits == 6) {
      for (size_t half = 0; half < 2; half++, high = 0) {
        for (size_t j = 0; j < 4; j++)
          high |= (four(code + 16 * half + 4 * j) >> 4 & 0x03030303) << 2 * j;
        to[half * lanes] = high;
      }
    }
  } else {
    for (size_t half = 0; half < 2; half++) {
      uint32_t low = 0;
      for (size_t j = 0; j < 4; j++)
        low |= (four(code + 16 * half + 4 * j) & 0x03030303) << 2 * j;
      to[half * lanes] = low;
    }
    if (bits == 3) {
      for (size_t j = 0; j < 8; j++) high |= (four(code + 4 * j) >> 2 & 0x01010101) << j;
      to[2 * lanes] = high;
    }
  }
}

static void packRow(uint8_t *to, size_t lanes, size_t row, const ck_block *b, ck_block_layout l) {
  const size_t groups = l.elements == 32 ? 0 : 32 / l.groupElements;
  memcpy(to + 2 * row, &b->scale, 2);
  to += 2 * lanes;
  if (l.minimumSign) {
    memcpy(to + 2 * row, &b->minimum, 2);
    to += 2 * lanes;
  }
  for (size_t part = 0; part < l.elements / 32u; part++) {
    for (size_t i = 0; i < groups; i++, to += lanes)
      to[row] = (uint8_t)b->groupScale[part * groups + i];
    for (size_t i = 0; l.minimumSign && i < groups; i++, to += lanes)
      to[row] = b->groupMinimum[part * groups + i];
    packCodes((uint32_t *)(void *)to + row, lanes, b->code + 32 * part, l.codeBits);
    to += 4 * lanes * l.codeBits;
  }
}

void ck_block_pack(
    uint8_t *packed, size_t lanes, const uint8_t *bytes, size_t rowBytes, size_t rows,
    size_t blockCount, ck_block_format format) {
  const ck_block_layout layout = layouts[format];
  const size_t step = lanes * ck_block_packed_bytes(format);
  ck_block block;
  // Rows that are not there: scales of zero.
  if (rows < lanes) memset(packed, 0, step * blockCount);
  for (size_t n = 0; n < blockCount; n++, packed += step, bytes += layout.bytes)
    for (size_t row = 0; row < rows; row++) {
      ck_block_read(&block, bytes + row * rowBytes, format);
      packRow(packed, lanes, row, &block, layout);
    }
}
