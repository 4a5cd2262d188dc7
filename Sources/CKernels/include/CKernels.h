// The leaf kernels of Compute: one table of function pointers per instruction set.
//
// A kernel reads and writes only the memory its arguments name, allocates nothing, keeps no state
// and never blocks. Blocking, packing order, threading and the choice of a table live in Swift
// (Sources/Compute/Kernels). Sizes and strides count *elements*, unless a name says bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "CKernelsTypes.h"
#include "CKernelsProducts.h"
#include "CKernelsBlocks.h"
#include "CKernelsQuantized.h"

// ---------------------------------------------------------------------------------------------
// Pooling

/// Max or average pooling of one image, of any layout: element (c, y, x) of the input is at
/// `c * inputChannelStride + y * inputRowStride + x * inputPixelStride`.
typedef struct {
  const float *input;
  ptrdiff_t inputChannelStride, inputRowStride, inputPixelStride;
  float *output;
  ptrdiff_t outputChannelStride, outputRowStride, outputPixelStride;
  int64_t *indices;           // NCHW max pooling: flat index into the plane, or NULL
  size_t channels, height, width;
  size_t outputHeight, outputWidth;
  size_t kernelHeight, kernelWidth;
  size_t strideHeight, strideWidth;
  size_t dilationHeight, dilationWidth;
  ptrdiff_t padTop, padLeft, padBottom, padRight;
  bool countsPadding;         // average: divide by the window inside the padded image
} ck_pool;

// ---------------------------------------------------------------------------------------------
// Recurrent cells

/// One step of one case of an RNN, GRU or LSTM with tanh and sigmoid, after its matrix products.
/// Gates lie one after the other, `hidden` elements each, in ONNX's order.
typedef struct {
  size_t hidden;
  const float *fromInput;     // per gate: sums of the input, with what biases belong to them
  const float *fromState;     // per gate: sums of the state
  float *state;               // [hidden], read and replaced
  float *cell;                // LSTM: [hidden], read and replaced
  float *reset;               // GRU: gruReset writes reset gate times state
  float *output;              // gets the new state too, or NULL
  const float *peepholes;     // LSTM: input, output, forget; or NULL
  float clip;                 // bounds what goes into a gate's function; +infinity: no bound
  bool couplesForget;         // LSTM: forget = 1 - input
  bool resetsAfterwards;      // GRU: the reset gate comes after the matrix; else gruReset before it
} ck_recurrent_step;
typedef void (*ck_recurrent_fn)(const ck_recurrent_step *step);

// ---------------------------------------------------------------------------------------------
// Decoders

/// Positions of a page of keys and values.
#define CK_PAGE 16
/// Rows that one call of `attention` takes at most: whole groups of eight for heads that share keys
/// in groups of 1, 2, 3, 4, 6, 8 and 12.
#define CK_ATTENTION_ROWS 24
#define CK_HEAD_SIZE_MAX 512

/// softmax(cap(scale · Q Kᵀ)) V of some rows that share one head of keys and values, which lie in
/// pages: keys [headSize][CK_PAGE], values [CK_PAGE][headSize]. They are in half precision; or bytes
/// from -127 to 127, behind which the scales of CK_PAGE keys and of CK_PAGE values lie as floats.
typedef struct {
  const float *const *queries;  // rowCount rows of headSize
  float *const *output;         // rowCount rows of headSize
  size_t rowCount;            // at most CK_ATTENTION_ROWS
  size_t headSize;            // a multiple of 16, at most CK_HEAD_SIZE_MAX
  const void *memory;         // the head's keys in page 0
  const int32_t *pages;       // the page of positions 0..<16, 16..<32, ...
  ptrdiff_t pageStride;       // bytes from one page to the next
  bool isBytes;
  const int32_t *first, *last;  // each row sees positions first..<last
  float scale;
  float softCap;              // scores become cap · tanh(score / cap), 0: they do not
} ck_attention;

// ---------------------------------------------------------------------------------------------
// Trees

/// One node. A row goes on at `left` if row[feature] <= threshold, else at `left + 1`: children
/// are neighbours. A leaf is its own left child, with threshold +infinity and CK_TREE_NAN_LEFT.
typedef struct {
  float threshold;            // never NaN
  int32_t feature;            // index, or-ed with CK_TREE_NAN_LEFT where a NaN goes left
  int32_t left;
} ck_forest_node;

/// A forest as one flat array. The caller has validated every index.
typedef struct {
  const ck_forest_node *nodes;
  size_t featureCount;
  size_t treeCount;
  const int32_t *root;        // per tree
  const int32_t *depth;       // per tree: steps that reach a leaf from the root at most
} ck_forest;
#define CK_TREE_NAN_LEFT 0x40000000

/// leaves[tree * rowCount + row] = the node where the row ends. The same on every ISA.
void ck_forest_leaves(
    int32_t *leaves, const ck_forest *forest, const float *rows, ptrdiff_t rowStride,
    size_t rowCount);

// ---------------------------------------------------------------------------------------------
// The table

typedef void (*ck_binary_fn)(
    void *destination, const void *left, const void *right, size_t count, ck_operand operand);
typedef void (*ck_unary_fn)(void *destination, const void *source, size_t count);
/// Reduces the middle axis of [outer, axis, inner]. Sums are in the type itself (integers wrap).
typedef void (*ck_reduce_fn)(
    void *destination, const void *source, size_t outer, size_t axis, size_t inner);

/// Both gradients of one image's convolution in NHWC, where few numbers arrive. Windows begin inside `input`, which
/// has the zeros around it if there are any; kernelWidth · channels is a multiple of the vector's floats.
typedef struct {
  const float *arriving;            // [outputHeight, outputWidth, filters]
  size_t outputHeight, outputWidth, filters;
  size_t kernelHeight, kernelWidth, channels;
  const float *input;
  ptrdiff_t rowStride;              // from one row of `input` and of `dataGradient` to the next
  ptrdiff_t stepDown, stepRight;    // from one window to the one below, and to the next
  const float *weights;             // [filters, kernelHeight, kernelWidth, channels]
  float *weightGradient;            // as the weights, added to; or NULL
  float *dataGradient;              // as `input`, added to; or NULL
  size_t limit;                     // the most numbers that are not zero
  void *scratch;                    // ck_sparse_scratch bytes
} ck_sparse_gradient;
/// Bytes that a call works in.
static inline size_t ck_sparse_scratch(size_t pixels, size_t filters) {
  return 4 * (4 * pixels * filters + 2 * 16 + pixels + 1 + filters);
}

typedef struct ck_table {
  const char *name;            // "baseline", "avx2", "avx512", "neon"
  int32_t vectorBytes;
  int32_t panelRows;           // MR: rows of a full tile of C
  int32_t panelColumns;        // NR: columns of a full panel of B
  bool hasVNNI, hasBF16;

  // Matrix product.
  void (*sgemm)(const ck_gemm_block *block);
  /// Writes rows × k of A as tiles, the order `sgemm` reads: m * k elements.
  void (*sgemmPackA)(
      float *packed, const float *a, ptrdiff_t aRow, ptrdiff_t aColumn, size_t m, size_t k);
  /// Writes k × n of B as panels of `panelColumns`, zero padded: `panel` elements apart.
  void (*sgemmPackB)(
      float *packed, ptrdiff_t panel, const float *b, ptrdiff_t bRow, ptrdiff_t bColumn, size_t k,
      size_t n);
  void (*rowsProduct)(const ck_rows_product *arguments);
  void (*convolutionNHWC)(const ck_convolution_nhwc *arguments);
  void (*im2col)(const ck_im2col *arguments);
  void (*depthwiseNHWC)(const ck_convolution_nhwc *arguments);
  void (*winogradInput)(const ck_winograd_input *arguments);
  void (*winogradOutput)(const ck_winograd_output *arguments);
  void (*winogradFilters)(const ck_winograd_filters *arguments);
  void (*windowPanels)(const ck_window_panels *arguments);
  void (*windowSums)(const ck_window_sums *arguments);
  void (*windowFilter)(const ck_window_filter *arguments);
  /// Doubles, and whole numbers of 32 and 64 bits; NULL for other types.
  ck_product_fn product[CK_TYPE_COUNT];
  /// u8[m×k] · s8[k×n] → s32, exact modulo 2^32. B is packed by `igemmPackB` into panels of
  /// `ck_igemm_panel_bytes`; it xors `flip` into every byte (0x80 makes signed bytes of unsigned
  /// ones). Rows of A are read up to the next multiple of 4 behind k, where B's zeros make it no
  /// matter what lies there.
  void (*igemm)(
      int32_t *c, ptrdiff_t cRow, const uint8_t *a, ptrdiff_t aRow, const int8_t *packedB,
      size_t m, size_t n, size_t k);
  void (*igemmPackB)(
      int8_t *packed, const int8_t *b, ptrdiff_t bRow, ptrdiff_t bColumn, int8_t flip, size_t k,
      size_t n);
  /// d[i] = saturate(round(s[i] * factors[i]) + zero), half to even, as u8 or s8.
  void (*requantize)(
      uint8_t *d, const int32_t *s, const float *factors, size_t n, int32_t zero, bool isSigned);
  void (*quantizedProduct)(const ck_quantized_product *arguments);
  void (*depthwiseBytes)(const ck_depthwise_bytes *arguments);
  /// Writes up to 15 bytes behind the last row.
  void (*windowsOfBytes)(uint8_t *rows, size_t rowStride, const ck_windows_bytes *arguments);
  void (*addBytes)(const ck_add_bytes *arguments);
  void (*maxPoolBytes)(const ck_pool_bytes *arguments);
  /// sums[column] = the sum of a matrix's column.
  void (*sumRowsOfBytes)(
      int32_t *sums, const uint8_t *source, size_t rows, size_t columns, bool isSigned);
  /// The smallest and the largest of numbers and zero; NaNs do not count.
  void (*rangeWithZero)(const float *source, size_t count, float *lowest, float *highest);
  /// d[i] = saturate(round(s[i] / scale) + zero), half to even, as u8 or s8; a NaN becomes 0.
  void (*quantize)(
      uint8_t *d, const float *s, size_t count, float scale, int32_t zero, bool isSigned);
  /// d[i] = (s[i] - zero) · scale of u8 or s8, rounded after the difference and the product.
  void (*dequantize)(
      float *d, const uint8_t *s, size_t count, float scale, int32_t zero, bool isSigned);
  /// The same with a scale for each element, and a zero point unless `zeros` is NULL.
  void (*dequantizeEach)(
      float *d, const uint8_t *s, size_t count, const float *scales, const uint8_t *zeros,
      bool isSigned);
  /// bf16[m×k] · bf16[k×n] → f32, B packed by `bgemmPackB`; k is padded to a multiple of 2. NULL
  /// where the ISA has no dot product of bfloat16.
  void (*bgemm)(
      float *c, ptrdiff_t cRow, const uint16_t *a, ptrdiff_t aRow, const uint16_t *packedB,
      size_t m, size_t n, size_t k);
  void (*bgemmPackB)(
      uint16_t *packed, const uint16_t *b, ptrdiff_t bRow, ptrdiff_t bColumn, uint16_t flip,
      size_t k, size_t n);

  // Block-quantised weights.
  void (*blockProduct)(const ck_block_product *arguments);
  /// x[count × blocks · 32] in 8 bits, or in 16 (`wide`), for weights of a format.
  void (*blockQuantize)(
      ck_block_activation *quantized, const float *x, ptrdiff_t xRow, size_t count, size_t blocks,
      ck_block_format format, bool wide);
  /// The weights of a packed group in f32: column c of row r goes to panel[c * panelRow + r].
  void (*blockExpand)(
      float *panel, ptrdiff_t panelRow, const uint8_t *packed, size_t blocks,
      ck_block_format format);
  /// What `ck_block_quantize` does.
  bool (*quantizeWeights)(
      uint8_t *bytes, const float *x, size_t blockCount, ck_block_format format);

  // Elementwise. A NULL entry means that the type has no such operation.
  ck_binary_fn binary[CK_BINARY_COUNT][CK_TYPE_COUNT];
  /// Comparisons write one byte, 0 or 1, per element.
  ck_binary_fn compare[CK_COMPARE_COUNT][CK_TYPE_COUNT];
  ck_unary_fn unary[CK_UNARY_COUNT];              // f32
  /// f32 to integers without their fractions; what does not fit becomes the type's end, a NaN 0. NULL
  /// for the other types.
  ck_unary_fn truncate[CK_TYPE_COUNT];
  /// min(max(x, low), high); a NaN stays a NaN.
  void (*clamp)(float *destination, const float *source, size_t count, float low, float high);
  /// x < 0 ? slope * x : x
  void (*leakyRelu)(float *destination, const float *source, size_t count, float slope);
  /// destination = destination * scale + source * factor: 4 bytes read, 4 written an element.
  void (*axpby)(float *destination, const float *source, size_t count, float factor, float scale);

  // Normalisation over the middle axis of [outer, axis, inner].
  void (*softmax)(
      float *destination, const float *source, size_t outer, size_t axis, size_t inner);
  void (*logSoftmax)(
      float *destination, const float *source, size_t outer, size_t axis, size_t inner);
  /// Rows to zero mean and unit variance, times `scale` plus `bias` (NULL: none), which have `size`
  /// elements; the statistics of each row go to `mean` and `inverse` unless those are NULL.
  void (*layerNorm)(
      float *destination, const float *source, size_t rows, size_t size, const float *scale,
      const float *bias, float epsilon, float *mean, float *inverse);

  // Recurrent cells.
  ck_recurrent_fn rnnStep, lstmStep, gruReset, gruStep;

  // Reductions.
  ck_reduce_fn reduce[CK_REDUCE_COUNT][CK_TYPE_COUNT];
  /// Index of the first (or last) extreme along the axis; a NaN wins, as in NumPy.
  void (*argExtreme)(
      int64_t *destination, const float *source, size_t outer, size_t axis, size_t inner,
      bool minimum, bool last);

  // Pooling.
  void (*maxPool)(const ck_pool *arguments);
  void (*averagePool)(const ck_pool *arguments);

  // Training: what arrives, times a derivative that the function's value says.
  void (*reluGradient)(float *target, const float *arriving, const float *value, size_t count);
  void (*sigmoidGradient)(float *target, const float *arriving, const float *value, size_t count);
  void (*tanhGradient)(float *target, const float *arriving, const float *value, size_t count);
  /// Of one line.
  void (*softmaxGradient)(float *target, const float *arriving, const float *value, size_t count);
  /// Of max pooling in NHWC, added to `gradient`; and of ReLU in front of it, and sums of each channel.
  void (*maxPoolGradient)(
      const ck_pool *arguments, const float *arriving, float *gradient, bool relu, float *sums);
  /// false, with nothing done, if more numbers arrive than the limit.
  bool (*sparseConvolutionGradient)(const ck_sparse_gradient *arguments);
  /// A step of some examples of an LSTM, and back in time; see templates/gradients.h.
  void (*lstmTraining)(
      float *gates, const float *before, float *after, float *state, size_t rows, size_t hidden);
  void (*lstmGradient)(
      float *target, const float *gates, const float *before, const float *after, const float *dh,
      float *dc, float *sums, size_t rows, size_t hidden);
  void (*geluGradient)(
      float *target, const float *arriving, const float *input, size_t count, bool tanhForm);
  void (*layerNormGradient)(
      float *target, const float *arriving, const float *input, const float *scale,
      float *scaleSums, float *sums, size_t lines, size_t size, float epsilon, bool centered);
  void (*adamStep)(
      float *parameter, const float *gradient, float *first, float *second, size_t count,
      float scale, float keep1, float keep2, float epsilon);
  /// Scores of two classes become derivatives; see templates/logistic.h.
  double (*logisticLoss)(
      double *scores, const int32_t *classes, size_t count, double *derivativeSum);

  // Conversion.
  void (*floatFromHalf)(float *destination, const uint16_t *source, size_t count);
  void (*halfFromFloat)(uint16_t *destination, const float *source, size_t count);
  void (*floatFromBFloat)(float *destination, const uint16_t *source, size_t count);
  void (*bfloatFromFloat)(uint16_t *destination, const float *source, size_t count);

  // Choosing among logits.
  /// The sum of exp((x - shift) * factor).
  float (*sumOfExponentials)(const float *x, size_t count, float shift, float factor);
  /// Writes the indices of the elements of at least `threshold`, in order and at most `capacity`;
  /// returns how many there are. A NaN is none of them.
  size_t (*indicesAtLeast)(
      int32_t *indices, size_t capacity, const float *x, size_t count, float threshold);

  /// destination[c][r] = source[r][c] for elements of 1, 2, 4 or 8 bytes.
  void (*transpose)(
      void *destination, ptrdiff_t destinationRow, const void *source, ptrdiff_t sourceRow,
      size_t rows, size_t columns, size_t elementBytes);

  // Decoders. Sizes of heads are multiples of 16.
  void (*attention)(const ck_attention *arguments);
  /// One position of one head into its page, which begins with the head's keys: keys[i][position],
  /// values[position][i], and the scales of both where they are bytes.
  void (*storePosition)(
      void *keys, size_t position, const float *key, const float *value, size_t headSize,
      bool isBytes);
  /// d = s / sqrt(mean(s²) + epsilon) · scale, for each row.
  void (*rmsNorm)(
      float *d, const float *s, size_t rows, size_t size, const float *scale, float epsilon);
  /// Rotates pairs (i, i + half) of each head, or (2i, 2i + 1), by angles of one position.
  void (*rotate)(
      float *x, size_t heads, ptrdiff_t headStride, const float *cosines, const float *sines,
      size_t half, bool interleaved);
  /// gate = activation(gate) · up: SiLU, GELU and GELU by tanh.
  void (*gated[3])(float *gate, const float *up, size_t count);

  // Limits of the machine, for benchmarks: both return something that depends on the work.
  /// `iterations` × peakFlopsPerIteration floating-point operations in registers.
  float (*peakFMA)(size_t iterations);
  double peakFlopsPerIteration;
  float (*readSum)(const float *source, size_t count);
} ck_table;

// Swift sees C arrays as tuples; these index them. NULL if the type has no such operation.
static inline ck_binary_fn ck_binary(const ck_table *table, intptr_t operation, intptr_t type) {
  return table->binary[operation][type];
}
static inline ck_binary_fn ck_compare(const ck_table *table, intptr_t operation, intptr_t type) {
  return table->compare[operation][type];
}
static inline ck_product_fn ck_product_of(const ck_table *table, intptr_t type) {
  return table->product[type];
}
static inline ck_unary_fn ck_truncate(const ck_table *table, intptr_t type) {
  return table->truncate[type];
}
static inline ck_unary_fn ck_unary(const ck_table *table, intptr_t operation) {
  return table->unary[operation];
}
static inline ck_reduce_fn ck_reduce(const ck_table *table, intptr_t operation, intptr_t type) {
  return table->reduce[operation][type];
}

/// The tables this processor can run, best last. `baseline` (or `neon`) is always there.
size_t ck_available(const ck_table **tables, size_t capacity);

/// What one thread may use as scratch: 64-byte aligned, grown on demand, freed with the thread.
/// The contents last until the same thread asks for the same slot again. NULL if memory ran out.
void *ck_scratch(size_t slot, size_t byteCount);
#define CK_SCRATCH_SLOTS 4

/// 64-byte aligned memory; from 2 MiB on a mapping of its own, aligned to, and advised to be, huge
/// pages. NULL if there is none. `ck_free` needs the size that was asked for.
void *ck_allocate(size_t byteCount);
void *ck_allocate_zeros(size_t byteCount);
void ck_free(void *memory, size_t byteCount);

// ---------------------------------------------------------------------------------------------
// Waiting, for the thread pool

/// Sleeps while *word == expected; may wake early. `word` is what Swift holds as Atomic<UInt32>.
void ck_futex_wait(const void *word, uint32_t expected);
void ck_futex_wake(const void *word, int32_t count);
/// Cores this process may run on: its affinity mask, so a container's cpuset counts.
int32_t ck_core_count(void);
/// Tells the processor that this is a spin loop.
static inline void ck_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif
