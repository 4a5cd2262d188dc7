// Arguments of the kernels of quantised values, bytes with a scale and a zero point.
#pragma once

// Right operands of products of bytes come in panels of `panelColumns`. A panel begins with a byte for
// each span along K, which says how the processor at hand multiplies it.
#define CK_IGEMM_SPAN 64
static inline size_t ck_igemm_kinds_bytes(size_t k) {
  return ((k + CK_IGEMM_SPAN - 1) / CK_IGEMM_SPAN + 63) / 64 * 64;
}
/// Bytes from one panel to the next.
static inline size_t ck_igemm_panel_bytes(size_t k, size_t panelColumns) {
  return ck_igemm_kinds_bytes(k) + (k + 3) / 4 * 4 * panelColumns;
}

/// u8[m×k] · s8[k×n], plus an offset and times a factor per column, as bytes or as floats. Columns'
/// arrays reach to the end of the last panel. `a` and `packedB` are those of `igemm`.
typedef struct {
  const uint8_t *a;
  ptrdiff_t aRow;
  const int8_t *packedB;
  size_t m, n, k;
  const int32_t *offsets;
  const float *factors;       // finite
  const float *bias;          // floats only: added behind the factor; or NULL
  uint8_t *bytes;             // round half to even, plus zero, clamped to low...high; or NULL
  float *floats;
  ptrdiff_t outputRow;        // elements
  int32_t zero, low, high;
} ck_quantized_product;

/// A convolution of each channel on its own, of a padded NHWC image. Channels go in chunks of as
/// many as a vector has bytes, the last one ends with the last channel; fewer channels than that
/// are read, not written, to the chunk's end. A chunk's weights are [taps / 4][4][lanes of 128
/// bits][4][4 taps], where [4][lanes][4] stand for channel 16 · lane + 4 · first + last; so are
/// offsets and factors.
typedef struct {
  const uint8_t *input;
  ptrdiff_t inputStep, inputRowStep;  // bytes from one window to the next
  const ptrdiff_t *taps;      // bytes from a window's start to each tap
  size_t tapGroups;           // of four taps; missing ones have weights of zero
  const int8_t *weights;
  const int32_t *offsets;
  const float *factors;
  uint8_t *output;
  size_t channels, outputHeight, outputWidth;
  int32_t zero, low, high;
} ck_depthwise_bytes;

/// Windows of a padded NHWC image as rows of a matrix. A row is runs of bytes that lie together.
typedef struct {
  const uint8_t *source;
  const uint8_t *end;         // behind the last byte that may be read
  ptrdiff_t windowDown, windowRight;  // bytes from one window to the next
  size_t outputWidth;
  size_t runRows, runs, runBytes;     // per window
  ptrdiff_t runDown, runRight;
  size_t first, count;        // windows, row by row
} ck_windows_bytes;

/// (left - leftZero) · leftScale + (right - rightZero) · rightScale, quantised again. All bytes are
/// of one sign.
typedef struct {
  uint8_t *output;
  const uint8_t *left, *right;
  size_t count;
  int32_t leftZero, rightZero, zero, low, high;
  float leftScale, rightScale, scale;
  bool isSigned;
} ck_add_bytes;

/// Max pooling of one NHWC image of bytes.
typedef struct {
  const uint8_t *input;
  uint8_t *output;
  size_t channels, height, width, outputHeight, outputWidth;
  size_t kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth;
  ptrdiff_t padTop, padLeft;
  bool isSigned;
} ck_pool_bytes;
