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
/// Whether activations quantised for one format serve the other.
bool ck_block_takes_alike(ck_block_format a, ck_block_format b);
/// Takes a block's bytes apart.
void ck_block_read(ck_block *block, const uint8_t *bytes, ck_block_format format);
/// The elements of `blockCount` blocks, exact to the format's definition.
void ck_block_dequantize(
    float *elements, const uint8_t *bytes, size_t blockCount, ck_block_format format);

/// Whether numbers can be turned into blocks of the format: Q8_0 and Q4_K.
bool ck_block_quantizable(ck_block_format format);
/// Blocks of such a format. False, with some bytes unwritten, if a number is not finite.
bool ck_block_quantize(uint8_t *bytes, const float *x, size_t blockCount, ck_block_format format);
/// A block of 32 numbers, the largest of which has that magnitude. Codes are rounded as by the
/// format's authors: halves away from zero.
void ck_block_write_q8_0(uint8_t *bytes, const float *x, float largest);
/// A block of 256 numbers whose groups of 32 want those scales and minima (at most zero): both are
/// rounded to what a block can say, and codes are chosen for that.
void ck_block_write_q4_K(uint8_t *bytes, const float *x, const float *scale, const float *minimum);
/// How many ranges of codes are tried for a group of Q4_K, and what its numbers' range becomes in each.
#define CK_Q4_K_STEPS 21
#define CK_Q4_K_CODES(step) (14.0f + 0.1f * (float)(step))

// Packed for the kernels: `lanes` rows of a matrix interleaved, lanes being the 32-bit lanes of the
// table's vectors (templates/blocks.h).

/// Bytes of a row that are packed per block of the format.
size_t ck_block_packed_bytes(ck_block_format format);
/// Packs up to `lanes` rows of `blockCount` blocks; missing ones become zeros. `packed` takes
/// lanes * blockCount * ck_block_packed_bytes.
void ck_block_pack(
    uint8_t *packed, size_t lanes, const uint8_t *bytes, size_t rowBytes, size_t rows,
    size_t blockCount, ck_block_format format);

/// 32 activations in 8 bits; those in 16 take two, in an order of the kernels' own.
typedef struct {
  int8_t codes[32];           // never -128 where 8 bits are all
  float scale;
  union {
    int32_t start[2];         // formats without a minimum: what sums begin with, per 32 or 16
    float sum[2];             // others: the sum of the activations, per 32 or 16
  };
} ck_block_activation;

/// y[count × rows] = x · Wᵀ. `x` was written by `blockQuantize` with the same count and format.
typedef struct {
  ck_block_format format;
  const uint8_t *weights;     // packed groups of rows
  size_t groupBytes;          // from one group to the next
  size_t rows, blocks, count; // blocks of 32 columns
  const ck_block_activation *x;
  float *y;
  ptrdiff_t yRow;             // elements from one vector's answer to the next
  bool wide;                  // activations in 16 bits: two of `x` for each block
} ck_block_product;
