// The micro-kernel: one tile of C, held in registers while it runs along K.
//
// A tile has up to MR rows and two vectors of columns. It serves three readers of A:
//   TILE_ROWS     row i is at a + i * aRow, contiguous along K. A plain matrix, or pixels of an
//                 NHWC image; K then comes in segments (image rows) of contiguous elements.
//   TILE_COLUMNS  column k is at a + k * aColumn, contiguous along the rows: a packed A, or a
//                 transposed one.
//   TILE_POOL     like TILE_ROWS, with the second half of the rows at a + aHalf: the pixels of two
//                 image rows, whose 2×2 maxima are all that is written.
enum { TILE_ROWS, TILE_COLUMNS, TILE_POOL };

typedef struct {
  const float *a;
  ptrdiff_t aRow, aColumn, aHalf;
  size_t outerSegments, innerSegments;       // 1 and 1 for a plain matrix
  ptrdiff_t outerStride, innerStride;        // from one segment's start to the next
  size_t k;                                  // elements per segment
  const float *b;
  ptrdiff_t bRow;
  const char *ahead;                         // what to ask for at the first step, or NULL: B itself
  ptrdiff_t aheadStep;                       // bytes
  float *c;
  ptrdiff_t cRow;
  size_t n;                                  // columns that exist, at most vectors * VL
  const ck_epilogue *epilogue;
  const float *biasColumn, *biasRow;         // at this tile's first column and row, or NULL
} tile_arguments;

typedef void (*tile_function)(const tile_arguments *);

// Tiles of one or two rows keep several sets of accumulators, so that the latency of an FMA stays
// hidden. No taller matrix is ever cut into such tiles (cut_rows), so how a matrix is cut does not
// change the order of any sum.
#define TILE_SETS(M) ((M) == 1 ? 4 : (M) == 2 ? 2 : 1)

INLINE void tile_finish(
    vf (*restrict sum)[2], const int M, const int V, const int mode, const tile_arguments *t) {
  const ck_epilogue *e = t->epilogue;
  const size_t width = (size_t)(V * VL);
  float *c = t->c;
  ptrdiff_t cRow = t->cRow;
  const float *biasColumn = t->biasColumn;
  const int outputRows = mode == TILE_POOL ? M / 4 : M;
  // A tile that hangs over the last column is finished in a buffer.
  float edge[MR * NR], edgeBias[NR];
  const bool hangsOver = t->n < width;
  if (__builtin_expect(hangsOver, 0)) {
    if (mode != TILE_POOL && e->beta != 0)
      for (int i = 0; i < outputRows; i++)
        for (size_t j = 0; j < t->n; j++) edge[i * NR + j] = c[i * cRow + j];
    if (biasColumn) {
      for (size_t j = 0; j < t->n; j++) edgeBias[j] = biasColumn[j];
      biasColumn = edgeBias;
    }
    c = edge;
    cRow = NR;
  }
  if (e->alpha != 1) {
    const vf alpha = vsplat(e->alpha);
#pragma clang loop unroll(full)
    for (int i = 0; i < M; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sum[i][v] *= alpha;
  }
  if (mode != TILE_POOL && e->beta != 0) {
    const vf beta = vsplat(e->beta);
#pragma clang loop unroll(full)
    for (int i = 0; i < M; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sum[i][v] = vload(c + i * cRow + v * VL) * beta + sum[i][v];
  }
  if (mode == TILE_POOL) {
    // Rows 2j, 2j+1 and their neighbours of the image row below make one pixel. The bias, which is
    // the same for all four, comes after: rounding is monotonic, so the maximum stays the same.
#pragma clang loop unroll(full)
    for (int j = 0; j < M / 4; j++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++)
        sum[j][v] = vmaxnan4(
            sum[2 * j][v], sum[2 * j + 1][v], sum[M / 2 + 2 * j][v], sum[M / 2 + 2 * j + 1][v]);
  }
  if (biasColumn) {
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) {
      const vf bias = vload(biasColumn + v * VL);
#pragma clang loop unroll(full)
      for (int i = 0; i < outputRows; i++) sum[i][v] += bias;
    }
  }
  if (mode != TILE_POOL && t->biasRow) {
#pragma clang loop unroll(full)
    for (int i = 0; i < M; i++) {
      const vf bias = vsplat(t->biasRow[i]);
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sum[i][v] += bias;
    }
  }
  if (e->clamps) {
    const vf low = vsplat(e->low), high = vsplat(e->high);
#pragma clang loop unroll(full)
    for (int i = 0; i < outputRows; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sum[i][v] = vatmost(vatleast(sum[i][v], low), high);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < outputRows; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) vstore(c + i * cRow + v * VL, sum[i][v]);
  if (__builtin_expect(hangsOver, 0))
    for (int i = 0; i < outputRows; i++)
      for (size_t j = 0; j < t->n; j++) t->c[i * t->cRow + j] = edge[i * NR + j];
}

// Few rows read B from far away: they ask for it ahead of time. Measured on Zen 3: 12 % faster with four
// rows, 8 % slower with one.
#define PREFETCH_B                                                                               \
  do {                                                                                           \
    if (mode == TILE_ROWS && M <= 8 && (MR >= 12 || M > 2)) {                                    \
      __builtin_prefetch(ahead);                                                                 \
      if (V * VL > 16) __builtin_prefetch(ahead + 64);                                           \
      ahead += aheadStep;                                                                        \
    }                                                                                            \
  } while (0)

INLINE void tile_run(const int M, const int V, const int mode, const tile_arguments *t) {
  const int sets = mode == TILE_ROWS ? TILE_SETS(M) : 1;
  vf sum[MR][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < M * sets; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) sum[i][v] = vsplat(0);
  const float *b = t->b;
  const ptrdiff_t bRow = t->bRow, aRow = t->aRow, aColumn = t->aColumn;
  const char *ahead = t->ahead ? t->ahead : (const char *)(b + 32 * bRow);
  const ptrdiff_t aheadStep = t->ahead ? t->aheadStep : bRow * (ptrdiff_t)sizeof *b;
  for (size_t outer = 0; outer < t->outerSegments; outer++)
    for (size_t inner = 0; inner < t->innerSegments; inner++) {
      const float *a = t->a + (ptrdiff_t)outer * t->outerStride + (ptrdiff_t)inner * t->innerStride;
      const float *below = mode == TILE_POOL ? a + t->aHalf : a;
      size_t k = t->k;
      if (sets > 1)
        for (; k >= (size_t)sets; k -= sets) {
#pragma clang loop unroll(full)
          for (int s = 0; s < sets; s++) {
            PREFETCH_B;
            const vf b0 = vload(b + s * bRow), b1 = V > 1 ? vload(b + s * bRow + VL) : b0;
#pragma clang loop unroll(full)
            for (int i = 0; i < M; i++) {
              const vf x = vsplat(a[i * aRow + s]);
              sum[s * M + i][0] = x * b0 + sum[s * M + i][0];
              if (V > 1) sum[s * M + i][1] = x * b1 + sum[s * M + i][1];
            }
          }
          a += sets;
          b += sets * bRow;
        }
      for (; k > 0; k--) {
        PREFETCH_B;
        const vf b0 = vload(b), b1 = V > 1 ? vload(b + VL) : b0;
#pragma clang loop unroll(full)
        for (int i = 0; i < M; i++) {
          const float *row = mode == TILE_COLUMNS                ? a + i
                             : mode == TILE_POOL && i >= M / 2 ? below + (i - M / 2) * aRow
                                                                : a + i * aRow;
          const vf x = vsplat(*row);
          sum[i][0] = x * b0 + sum[i][0];
          if (V > 1) sum[i][1] = x * b1 + sum[i][1];
        }
        a += mode == TILE_COLUMNS ? aColumn : 1;
        below++;
        b += bRow;
      }
    }
#pragma clang loop unroll(full)
  for (int s = 1; s < sets; s++)
#pragma clang loop unroll(full)
    for (int i = 0; i < M; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sum[i][v] += sum[s * M + i][v];
  tile_finish(sum, M, V, mode, t);
}

#define TILE(M)                                                                                  \
  static void tile_rows_1_##M(const tile_arguments *t) { tile_run(M, 1, TILE_ROWS, t); }         \
  static void tile_rows_2_##M(const tile_arguments *t) { tile_run(M, 2, TILE_ROWS, t); }         \
  static void tile_columns_1_##M(const tile_arguments *t) { tile_run(M, 1, TILE_COLUMNS, t); }   \
  static void tile_columns_2_##M(const tile_arguments *t) { tile_run(M, 2, TILE_COLUMNS, t); }
#define TILE_POOLED(M)                                                                           \
  static void tile_pool_1_##M(const tile_arguments *t) { tile_run(M, 1, TILE_POOL, t); }         \
  static void tile_pool_2_##M(const tile_arguments *t) { tile_run(M, 2, TILE_POOL, t); }

TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
TILE_POOLED(4)
#if MR >= 12
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
TILE_POOLED(8) TILE_POOLED(12)
#endif
#if MR >= 14
TILE(13) TILE(14)
#endif

#if MR >= 14
#define TILE_LIST(kind, v)                                                                       \
  { 0, kind##_##v##_1, kind##_##v##_2, kind##_##v##_3, kind##_##v##_4, kind##_##v##_5,           \
    kind##_##v##_6, kind##_##v##_7, kind##_##v##_8, kind##_##v##_9, kind##_##v##_10,             \
    kind##_##v##_11, kind##_##v##_12, kind##_##v##_13, kind##_##v##_14 }
#elif MR >= 12
#define TILE_LIST(kind, v)                                                                       \
  { 0, kind##_##v##_1, kind##_##v##_2, kind##_##v##_3, kind##_##v##_4, kind##_##v##_5,           \
    kind##_##v##_6, kind##_##v##_7, kind##_##v##_8, kind##_##v##_9, kind##_##v##_10,             \
    kind##_##v##_11, kind##_##v##_12 }
#else
#define TILE_LIST(kind, v)                                                                       \
  { 0, kind##_##v##_1, kind##_##v##_2, kind##_##v##_3, kind##_##v##_4, kind##_##v##_5,           \
    kind##_##v##_6 }
#endif
// [vectors - 1][rows]
static const tile_function tiles_rows[2][MR + 1] = {
    TILE_LIST(tile_rows, 1), TILE_LIST(tile_rows, 2)};
static const tile_function tiles_columns[2][MR + 1] = {
    TILE_LIST(tile_columns, 1), TILE_LIST(tile_columns, 2)};
// [vectors - 1][pixels of the pooled row]
#if MR >= 12
#define POOL_PIXELS 3
static const tile_function tiles_pool[2][POOL_PIXELS + 1] = {
    {0, tile_pool_1_4, tile_pool_1_8, tile_pool_1_12},
    {0, tile_pool_2_4, tile_pool_2_8, tile_pool_2_12}};
#else
#define POOL_PIXELS 1
static const tile_function tiles_pool[2][POOL_PIXELS + 1] = {
    {0, tile_pool_1_4}, {0, tile_pool_2_4}};
#endif

// Cuts `total` rows into the fewest tiles of at most `most` rows, as even as can be: 16 rows are
// 8 + 8 rather than 14 + 2. The first `total % count` tiles have one row more.
typedef struct { size_t count, rows, larger; } tile_cut;
INLINE tile_cut cut_rows(size_t total, size_t most) {
  const size_t count = (total + most - 1) / most;
  return (tile_cut){count, count ? total / count : 0, count ? total % count : 0};
}
