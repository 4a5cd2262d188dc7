// A · Bᵀ where both lie in rows, without packing: dot products, a tile of them at a time. For few
// columns, which would leave most of a panel empty.

#define ROWS_M (MR >= 12 ? 4 : 2)
#define ROWS_N 5
INLINE void rows_tile(const int M, const int N, const ck_rows_product *p, size_t row, size_t column) {
  const float *a = p->a + (ptrdiff_t)row * p->aRow, *b = p->b + (ptrdiff_t)column * p->bRow;
  vf sum[ROWS_M][ROWS_N];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++)
    _Pragma("clang loop unroll(full)") for (int j = 0; j < N; j++) sum[i][j] = vsplat(0);
  size_t x = 0;
  for (; x + VL <= p->k; x += VL) {
    vf left[ROWS_M];
    _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++)
      left[i] = vload(a + i * p->aRow + x);
    _Pragma("clang loop unroll(full)") for (int j = 0; j < N; j++) {
      const vf right = vload(b + j * p->bRow + x);
      _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++) sum[i][j] += left[i] * right;
    }
  }
  if (x < p->k) {
    _Pragma("clang loop unroll(full)") for (int j = 0; j < N; j++) {
      const vf right = vload_first(b + j * p->bRow + x, p->k - x);
      _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++)
        sum[i][j] += vload_first(a + i * p->aRow + x, p->k - x) * right;
    }
  }
  _Pragma("clang loop unroll(full)") for (int i = 0; i < M; i++)
    _Pragma("clang loop unroll(full)") for (int j = 0; j < N; j++)
      p->c[(ptrdiff_t)(row + i) * p->cRow + (ptrdiff_t)column + j] =
          vsum(sum[i][j]) + (p->bias ? p->bias[column + j] : 0);
}

static void NAME(rowsProduct)(const ck_rows_product *p) {
  size_t row = 0;
  for (; row + ROWS_M <= p->m; row += ROWS_M) {
    size_t column = 0;
    for (; column + ROWS_N <= p->n; column += ROWS_N) rows_tile(ROWS_M, ROWS_N, p, row, column);
    for (; column < p->n; column++) rows_tile(ROWS_M, 1, p, row, column);
  }
  for (; row < p->m; row++) {
    size_t column = 0;
    for (; column + ROWS_N <= p->n; column += ROWS_N) rows_tile(1, ROWS_N, p, row, column);
    for (; column < p->n; column++) rows_tile(1, 1, p, row, column);
  }
}
