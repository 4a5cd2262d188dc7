// Packing, and the two loops around the micro-kernel.

static void NAME(sgemm)(const ck_gemm_block *g) {
  const tile_cut cut = cut_rows(g->m, MR);
  tile_arguments t = {
      .aRow = g->aRow, .aColumn = g->aColumn, .outerSegments = 1, .innerSegments = 1, .k = g->k,
      .bRow = g->bRow, .cRow = g->cRow, .epilogue = &g->epilogue};
  const bool columns = g->aIsPacked || g->aColumn != 1;
  for (size_t column = 0, panel = 0; column < g->n; column += NR, panel++) {
    const size_t n = g->n - column < NR ? g->n - column : NR;
    const int vectors = n <= VL ? 1 : 2;
    t.n = n;
    if (g->bIsPacked) {
      t.b = g->b + (ptrdiff_t)panel * g->bPanel;
      t.bRow = vectors * VL;
      t.b += (ptrdiff_t)g->bFirstRow * t.bRow;
    } else {
      t.b = g->b + column;
    }
    t.biasColumn = g->epilogue.biasColumn ? g->epilogue.biasColumn + column : NULL;
    for (size_t i = 0, row = 0; i < cut.count; i++) {
      const size_t rows = cut.rows + (i < cut.larger);
      t.c = g->c + (ptrdiff_t)row * g->cRow + column;
      // Several tiles read a panel: only the first one waits for memory, unless each asks for its share
      // of the next panel.
      if (g->bIsPacked && cut.count > 1) {
        const size_t line = (size_t)t.bRow * sizeof *t.b;
        t.ahead = (const char *)(t.b + g->bPanel) + g->k * line * i / cut.count;
        t.aheadStep = (ptrdiff_t)(line / cut.count);
      }
      // C is touched once per tile, at its end: by then these lines have arrived.
      for (size_t r = 0; r < rows && g->k >= 192; r++) {
        __builtin_prefetch(t.c + (ptrdiff_t)r * g->cRow, 1);
        if (vectors > 1) __builtin_prefetch(t.c + (ptrdiff_t)r * g->cRow + n - 1, 1);
      }
      t.biasRow = g->epilogue.biasRow ? g->epilogue.biasRow + row : NULL;
      if (columns) {
        t.a = g->aIsPacked ? g->a + row * g->aPackedColumns + g->aFirstColumn * rows
                            : g->a + (ptrdiff_t)row * g->aRow;
        t.aColumn = g->aIsPacked ? (ptrdiff_t)rows : g->aColumn;
        tiles_columns[vectors - 1][rows](&t);
      } else {
        t.a = g->a + (ptrdiff_t)row * g->aRow;
        tiles_rows[vectors - 1][rows](&t);
      }
      row += rows;
    }
  }
}

// Rows that are contiguous along K are turned through 4×4 blocks: shuffles, once compiled.
INLINE void pack_rows(
    float *restrict out, const float *restrict a, ptrdiff_t aRow, const size_t rows, size_t k) {
  size_t x = 0;
  for (; x + 4 <= k; x += 4) {
    size_t i = 0;
    for (; i + 4 <= rows; i += 4) {
      float block[16];
      for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++) block[c * 4 + r] = a[(ptrdiff_t)(i + r) * aRow + x + c];
      for (int c = 0; c < 4; c++)
        for (int r = 0; r < 4; r++) out[(x + c) * rows + i + r] = block[c * 4 + r];
    }
    for (; i < rows; i++)
      for (int c = 0; c < 4; c++) out[(x + c) * rows + i] = a[(ptrdiff_t)i * aRow + x + c];
  }
  for (; x < k; x++)
    for (size_t i = 0; i < rows; i++) out[x * rows + i] = a[(ptrdiff_t)i * aRow + x];
}

static void NAME(sgemmPackA)(
    float *restrict packed, const float *restrict a, ptrdiff_t aRow, ptrdiff_t aColumn, size_t m,
    size_t k) {
  const tile_cut cut = cut_rows(m, MR);
  for (size_t i = 0; i < cut.count; i++) {
    const size_t rows = cut.rows + (i < cut.larger);
    if (aColumn == 1 && rows == MR) {
      pack_rows(packed, a, aRow, MR, k);
    } else if (aColumn == 1) {
      pack_rows(packed, a, aRow, rows, k);
    } else if (aRow == 1) {
      for (size_t x = 0; x < k; x++) copy_run(packed + x * rows, a + (ptrdiff_t)x * aColumn, rows);
    } else {
      for (size_t x = 0; x < k; x++)
        for (size_t r = 0; r < rows; r++)
          packed[x * rows + r] = a[(ptrdiff_t)r * aRow + (ptrdiff_t)x * aColumn];
    }
    packed += rows * k;
    a += (ptrdiff_t)rows * aRow;
  }
}

static void NAME(sgemmPackB)(
    float *restrict packed, ptrdiff_t panel, const float *restrict b, ptrdiff_t bRow,
    ptrdiff_t bColumn, size_t k, size_t n) {
  for (size_t column = 0; column < n; column += NR, packed += panel) {
    const size_t width = n - column < NR ? n - column : NR;
    const size_t padded = width <= VL ? VL : NR;
    const float *from = b + (ptrdiff_t)column * bColumn;
    if (bColumn == 1 && width == NR) {
      for (size_t x = 0; x < k; x++) {
        vstore(packed + x * NR, vload(from + (ptrdiff_t)x * bRow));
        vstore(packed + x * NR + VL, vload(from + (ptrdiff_t)x * bRow + VL));
      }
    } else if (bRow == 1 && width == NR) {
      pack_rows(packed, from, bColumn, NR, k);
    } else {
      for (size_t x = 0; x < k; x++) {
        for (size_t j = 0; j < width; j++)
          packed[x * padded + j] = from[(ptrdiff_t)x * bRow + (ptrdiff_t)j * bColumn];
        for (size_t j = width; j < padded; j++) packed[x * padded + j] = 0;
      }
    }
  }
}
