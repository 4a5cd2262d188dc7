// GGUF's block formats, taken apart. Independent of the instruction set.
#pragma once

/// The formats, in the order of `ck_block_layout`. Blocks of 32 elements have one group; those of
/// 256 have groups of 16 or 32 elements, whose own small scales multiply the block's.
typedef enum {
  CK_Q4_0, CK_Q4_1, CK_Q5_0, CK_Q5_1, CK_Q8_0, CK_IQ4_NL, CK_Q2_K, CK_Q3_K, CK_Q4_K, CK_Q5_K,
  CK_Q6_K, CK_BLOCK_COUNT
} ck_block_format;

/// What an element is: `scale * groupScale * (code - zero) + minimum * groupMinimum * minimumSign`,
/// each product rounded to f32. IQ4_NL has values of a table in place of `code - zero`.
typedef struct {
  uint16_t elements, bytes, groupElements;
  uint8_t codeBits, zero;
  int8_t minimumSign;         // 0: the format has no minimum
} ck_block_layout;

/// One block, taken apart.
typedef struct {
  uint16_t scale, minimum;    // IEEE binary16
  int8_t groupScale[16];      // signed, or up to 6 bits
  uint8_t groupMinimum[16];
  uint8_t code[256];
} ck_block;

ck_block_layout ck_block_layout_of(ck_block_format format);
/// Takes a block's bytes apart.
void ck_block_read(ck_block *block, const uint8_t *bytes, ck_block_format format);
/// The elements of `blockCount` blocks, exact to the format's definition.
void ck_block_dequantize(
    float *elements, const uint8_t *bytes, size_t blockCount, ck_block_format format);
