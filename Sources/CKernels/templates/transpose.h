// Transposition in blocks that stay in the first cache: 16 × 16 elements.

#define TRANSPOSE_KERNEL(type)                                                                   \
  INLINE void transpose_##type(                                                                  \
      type *restrict d, ptrdiff_t dRow, const type *restrict s, ptrdiff_t sRow, size_t rows,     \
      size_t columns) {                                                                          \
    for (size_t r0 = 0; r0 < rows; r0 += 16)                                                     \
      for (size_t c0 = 0; c0 < columns; c0 += 16) {                                              \
        const size_t r1 = r0 + 16 < rows ? r0 + 16 : rows;                                       \
        const size_t c1 = c0 + 16 < columns ? c0 + 16 : columns;                                 \
        if (r1 - r0 == 16)                                                                       \
          for (size_t c = c0; c < c1; c++)                                                       \
            for (size_t r = 0; r < 16; r++)                                                      \
              d[(ptrdiff_t)c * dRow + (ptrdiff_t)(r0 + r)] =                                     \
                  s[(ptrdiff_t)(r0 + r) * sRow + (ptrdiff_t)c];                                  \
        else                                                                                     \
          for (size_t c = c0; c < c1; c++)                                                       \
            for (size_t r = r0; r < r1; r++)                                                     \
              d[(ptrdiff_t)c * dRow + (ptrdiff_t)r] = s[(ptrdiff_t)r * sRow + (ptrdiff_t)c];     \
      }                                                                                          \
  }
TRANSPOSE_KERNEL(uint8_t)
TRANSPOSE_KERNEL(uint16_t)
TRANSPOSE_KERNEL(uint32_t)
TRANSPOSE_KERNEL(uint64_t)

// Few rows, such as an image's colours, of bytes: all of them a column at a time.
#define TRANSPOSE_FEW(count)                                                                     \
  INLINE void transpose_few##count(                                                              \
      uint8_t *restrict d, ptrdiff_t dRow, const uint8_t *restrict s, ptrdiff_t sRow,            \
      size_t columns) {                                                                          \
    for (size_t c = 0; c < columns; c++, d += dRow, s++)                                         \
      for (ptrdiff_t r = 0; r < count; r++) d[r] = s[r * sRow];                                  \
  }
TRANSPOSE_FEW(3)
TRANSPOSE_FEW(4)

static void NAME(transpose)(
    void *d, ptrdiff_t dRow, const void *s, ptrdiff_t sRow, size_t rows, size_t columns,
    size_t elementBytes) {
  if (elementBytes == 1 && rows == 3) return transpose_few3(d, dRow, s, sRow, columns);
  if (elementBytes == 1 && rows == 4) return transpose_few4(d, dRow, s, sRow, columns);
  switch (elementBytes) {
    case 1: transpose_uint8_t(d, dRow, s, sRow, rows, columns); break;
    case 2: transpose_uint16_t(d, dRow, s, sRow, rows, columns); break;
    case 4: transpose_uint32_t(d, dRow, s, sRow, rows, columns); break;
    case 8: transpose_uint64_t(d, dRow, s, sRow, rows, columns); break;
    default: __builtin_trap();
  }
}
