// Products of matrices of doubles and of whole numbers, of any strides: one tile for every type.
//
// K is cut so that a panel of B, in rows of two vectors, stays in the first cache while all rows of
// A pass by. Sums of whole numbers wrap. Each element is summed along K in one order.
#define PRODUCT_DEPTH 128

// C's rows from `c` on, plus A's times a panel of B.
#define PRODUCT_TILE(T, V, LANES, NAMED)                                                         \
  INLINE void product_tile_##NAMED(                                                              \
      const int rows, const T *a, ptrdiff_t aRow, ptrdiff_t aColumn, const T *b, ptrdiff_t bRow, \
      T *c, ptrdiff_t cRow, size_t k, size_t n, const bool begins) {                             \
    V sum[MR][2];                                                                                \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)                            \
      sum[i][0] = sum[i][1] = (V)(T)0;                                                           \
    for (size_t x = 0; x < k; x++) {                                                             \
      const V first = *(const V##_memory *)(b + (ptrdiff_t)x * bRow);                            \
      const V second = *(const V##_memory *)(b + (ptrdiff_t)x * bRow + LANES);                   \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {                        \
        const V left = (V)a[i * aRow + (ptrdiff_t)x * aColumn];                                  \
        sum[i][0] = left * first + sum[i][0];                                                    \
        sum[i][1] = left * second + sum[i][1];                                                   \
      }                                                                                          \
    }                                                                                            \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {                          \
      T *to = c + i * cRow;                                                                      \
      if (n == 2 * LANES) {                                                                      \
        V##_memory *parts = (V##_memory *)to;                                                    \
        parts[0] = begins ? sum[i][0] : parts[0] + sum[i][0];                                    \
        parts[1] = begins ? sum[i][1] : parts[1] + sum[i][1];                                    \
      } else {                                                                                   \
        T lanes[2 * LANES];                                                                      \
        ((V##_memory *)lanes)[0] = sum[i][0];                                                    \
        ((V##_memory *)lanes)[1] = sum[i][1];                                                    \
        for (size_t j = 0; j < n; j++) to[j] = begins ? lanes[j] : to[j] + lanes[j];             \
      }                                                                                          \
    }                                                                                            \
  }

#define PRODUCT_ROWS(NAMED, ROWS)                                                                \
  for (; MR >= ROWS && row + ROWS <= g->m; row += ROWS)                                          \
    product_tile_##NAMED(                                                                        \
        MR >= ROWS ? ROWS : 1, a + (ptrdiff_t)row * g->aRow, g->aRow, g->aColumn, from, fromRow, \
        c + (ptrdiff_t)row * g->cRow, g->cRow, k, n, depth == 0 && !g->accumulates);

#define PRODUCT(T, NAMED)                                                                        \
  typedef T product_##NAMED##_vector                                                             \
      __attribute__((ext_vector_type(CK_VECTOR_BYTES / sizeof(T))));                             \
  typedef product_##NAMED##_vector product_##NAMED##_vector_memory                               \
      __attribute__((aligned(4), may_alias));                                                    \
  PRODUCT_TILE(T, product_##NAMED##_vector, (ptrdiff_t)(CK_VECTOR_BYTES / sizeof(T)), NAMED)     \
  static void CK_PASTE(product_##NAMED, CK_SUFFIX)(const ck_product *g) {                        \
    enum { WIDTH = 2 * CK_VECTOR_BYTES / sizeof(T) };                                            \
    T panel[PRODUCT_DEPTH * WIDTH] __attribute__((aligned(64)));                                 \
    for (size_t depth = 0; depth == 0 || depth < g->k; depth += PRODUCT_DEPTH) {                 \
      const size_t k = g->k - depth < PRODUCT_DEPTH ? g->k - depth : PRODUCT_DEPTH;              \
      const T *a = (const T *)g->a + (ptrdiff_t)depth * g->aColumn;                              \
      for (size_t column = 0; column < g->n; column += WIDTH) {                                  \
        const size_t n = g->n - column < WIDTH ? g->n - column : WIDTH;                          \
        const T *b = (const T *)g->b + (ptrdiff_t)depth * g->bRow                                \
            + (ptrdiff_t)column * g->bColumn;                                                    \
        const T *from = panel;                                                                   \
        ptrdiff_t fromRow = WIDTH;                                                               \
        if (n == WIDTH && g->bColumn == 1 && g->m <= MR) {                                       \
          from = b;                                                                              \
          fromRow = g->bRow;                                                                     \
        } else if (n == WIDTH && g->bColumn == 1) {                                              \
          for (size_t x = 0; x < k; x++)                                                         \
            for (size_t j = 0; j < WIDTH; j++)                                                   \
              panel[x * WIDTH + j] = b[(ptrdiff_t)x * g->bRow + (ptrdiff_t)j];                   \
        } else {                                                                                 \
          for (size_t x = 0; x < k; x++)                                                         \
            for (size_t j = 0; j < WIDTH; j++)                                                   \
              panel[x * WIDTH + j] =                                                             \
                  j < n ? b[(ptrdiff_t)x * g->bRow + (ptrdiff_t)j * g->bColumn] : 0;             \
        }                                                                                        \
        T *c = (T *)g->c + column;                                                               \
        size_t row = 0;                                                                          \
        PRODUCT_ROWS(NAMED, 14)                                                                  \
        PRODUCT_ROWS(NAMED, 12)                                                                  \
        PRODUCT_ROWS(NAMED, 6)                                                                   \
        PRODUCT_ROWS(NAMED, 4)                                                                   \
        PRODUCT_ROWS(NAMED, 2)                                                                   \
        PRODUCT_ROWS(NAMED, 1)                                                                   \
      }                                                                                          \
    }                                                                                            \
  }

PRODUCT(double, f64)
PRODUCT(uint32_t, i32)
PRODUCT(uint64_t, i64)
