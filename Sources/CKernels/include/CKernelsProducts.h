// Arguments of matrix products and of the convolutions that become them.
#pragma once

/// What happens to a finished element of C, in this order:
/// `alpha * product + beta * c`, plus `biasColumn[column]`, plus `biasRow[row]`, then a clamp to
/// [low, high] when `clamps` is set (ReLU is [0, +inf]). A NaN stays a NaN through the clamp.
typedef struct {
  float alpha;
  float beta;                // 0 means that C is not read: it may be uninitialised
  const float *biasColumn;   // one value per column of C, or NULL
  const float *biasRow;      // one value per row of C, or NULL
  float low, high;
  bool clamps;
} ck_epilogue;

/// C[m×n] = epilogue(A[m×k] · B[k×n]) for one block. The caller has cut K to fit the caches.
typedef struct {
  size_t m, n, k;
  const float *a;
  ptrdiff_t aRow;            // elements from one row of A to the next (1 for a transposed A)
  ptrdiff_t aColumn;         // elements from one column of A to the next
  bool aIsPacked;            // A was written by sgemmPackA with the same m
  size_t aPackedColumns;     // the k it was packed with, of which this block takes k columns
  size_t aFirstColumn;       // from this one on
  const float *b;
  ptrdiff_t bRow;            // unpacked B: elements from one row to the next
  ptrdiff_t bPanel;          // packed B: elements from one panel to the next
  bool bIsPacked;            // B was written by sgemmPackB
  size_t bFirstRow;          // packed B: this block takes k rows from this one on
  float *c;
  ptrdiff_t cRow;
  ck_epilogue epilogue;
} ck_gemm_block;

/// C[m×n] = A[m×k] · B[n×k]ᵀ + bias, all three in rows.
typedef struct {
  const float *a, *b, *bias;  // bias: n values, or NULL
  float *c;
  size_t m, n, k;
  ptrdiff_t aRow, bRow, cRow; // elements from one row to the next
} ck_rows_product;

/// C[m×n] = A[m×k] · B[k×n] of one type of numbers, any strides but C's columns side by side. Whole
/// numbers wrap, so signed and unsigned ones are the same.
typedef struct {
  const void *a, *b;
  void *c;
  size_t m, n, k;
  ptrdiff_t aRow, aColumn, bRow, bColumn, cRow;
  bool accumulates;           // C += A · B
} ck_product;
typedef void (*ck_product_fn)(const ck_product *arguments);

/// A convolution in NHWC order without im2col: one image, already padded, unless it is depthwise.
/// The weights are a packed B of (kernelHeight · kernelWidth · channelCount) × outputChannels.
typedef struct {
  const float *input;         // [height, width, pixelStride], the group's first channel
  ptrdiff_t pixelStride;      // elements from one pixel to the next (all channels of the image)
  ptrdiff_t rowStride;        // elements from one image row to the next
  size_t channelCount;        // channels per group
  size_t kernelHeight, kernelWidth;
  size_t strideHeight, strideWidth;
  size_t dilationHeight, dilationWidth;
  size_t height, width;       // of the image; these and the padding are read by depthwiseNHWC only
  size_t padTop, padLeft;
  size_t outputRowFirst, outputRowCount;   // in pooled rows when poolsTwoByTwo is set
  size_t outputWidth;         // of the convolution, before any pooling
  const float *weights;
  ptrdiff_t weightsPanel;
  size_t outputChannels;      // per group
  float *output;              // [rows, columns, outputPixelStride], the group's first channel
  ptrdiff_t outputPixelStride, outputRowStride;
  bool poolsTwoByTwo;         // 2×2 max pooling with stride 2, an odd last row or column dropped
  ck_epilogue epilogue;       // beta and biasRow are ignored
} ck_convolution_nhwc;

/// Copies the pixels that one block of output positions reads, as packed panels of a matrix with
/// (channels · kernelHeight · kernelWidth) rows and `positionCount` columns.
typedef struct {
  const float *input;         // [channels, height, width]
  size_t channels, height, width;
  size_t kernelHeight, kernelWidth;
  size_t strideHeight, strideWidth;
  size_t dilationHeight, dilationWidth;
  ptrdiff_t padTop, padLeft;
  size_t outputWidth;
  size_t positionFirst, positionCount;   // positions count row-major over the output plane
  float *panels;
} ck_im2col;

// Winograd's F(size × size, 3 × 3) of NHWC images. Planes are matrices, one for each of the (size + 2)²
// products of a tile.

/// Tiles of `size` × `size` outputs, 2 or 4: along the rows of an image, and one image after the other.
typedef struct {
  size_t size;
  size_t across, down;        // tiles of an image
  size_t first, count;        // the tiles of this call
  ptrdiff_t plane, tile;      // elements from one plane and one tile to the next
} ck_winograd_tiles;

/// Transforms inputs. A tile's channels are written to the end of their last vector.
typedef struct {
  ck_winograd_tiles tiles;
  const float *input;         // [batch, height, width, channels]
  const float *zeros;         // as many as channels: the padding
  size_t channels, height, width;
  ptrdiff_t padTop, padLeft;
  float *planes;              // [(size + 2)²][count][channels]
} ck_winograd_input;

/// Transforms products into outputs, which get the bias and are clamped. A tile's channels are read
/// to the end of their last vector.
typedef struct {
  ck_winograd_tiles tiles;
  const float *planes;        // [(size + 2)²][count][channels]
  float *output;              // [batch, height, width, channels]
  size_t channels, height, width;
  const float *bias;          // one value per channel, or NULL
  float low, high;
  bool clamps;
  uint8_t *broken;            // per tile: whether an output is not finite before it is clamped
} ck_winograd_output;

/// Transforms filters of 3 × 3. A filter's channels are written to the end of their last vector.
typedef struct {
  size_t size;
  const float *weights;       // [outputs, channels, 3, 3]
  size_t outputs, channels;
  float *planes;              // [(size + 2)²][outputs][channels]
  ptrdiff_t plane, row;       // elements from one plane and one output to the next
} ck_winograd_filters;

// Windows of one to three dimensions, in ONNX's order: [channels, depth, height, width], with sizes
// of 1 in front for those there are not.

/// How windows lie over a volume.
typedef struct {
  size_t size[3], outputSize[3], kernel[3], stride[3], dilation[3];
  ptrdiff_t pad[3];           // in front
} ck_windows;

/// Taps of windows as panels of a matrix, as `sgemmPackB` would write them: a row per tap (channels,
/// then the kernel's axes), a column per output position.
typedef struct {
  ck_windows windows;
  const float *input;
  size_t rowFirst, rowCount;
  size_t positionFirst, positionCount;
  float *panels;
} ck_window_panels;

/// The way back: adds each row of a matrix to where its tap lies. `outputSize` counts the columns,
/// `size` is what is added to.
typedef struct {
  ck_windows windows;
  float *output;
  size_t rowFirst, rowCount;
  size_t positionFirst, positionCount;
  const float *sums;          // of the first row and position
  ptrdiff_t sumsRow;
} ck_window_sums;

/// One filter over all channels of a volume, without a matrix; some rows of the output.
typedef struct {
  ck_windows windows;
  const float *input;         // [channels, size]
  const float *weights;       // [channels, kernel]
  float *output;              // [outputSize]
  size_t channels;
  size_t rowFirst, rowCount;  // rows count through all planes
  float bias, low, high;
  bool clamps;
} ck_window_filter;
