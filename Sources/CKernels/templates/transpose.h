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

// Four by four elements of 32 bits in registers: a third of the loads and stores, twice as fast.
typedef uint32_t vquad __attribute__((ext_vector_type(4)));
typedef vquad vquad_memory __attribute__((aligned(4), may_alias));
INLINE void transpose_quad(uint32_t *d, ptrdiff_t dRow, const uint32_t *s, ptrdiff_t sRow) {
  const vquad a = *(const vquad_memory *)s, b = *(const vquad_memory *)(s + sRow);
  const vquad c = *(const vquad_memory *)(s + 2 * sRow), e = *(const vquad_memory *)(s + 3 * sRow);
  const vquad ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const vquad ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const vquad ce0 = __builtin_shufflevector(c, e, 0, 4, 1, 5);
  const vquad ce1 = __builtin_shufflevector(c, e, 2, 6, 3, 7);
  *(vquad_memory *)d = __builtin_shufflevector(ab0, ce0, 0, 1, 4, 5);
  *(vquad_memory *)(d + dRow) = __builtin_shufflevector(ab0, ce0, 2, 3, 6, 7);
  *(vquad_memory *)(d + 2 * dRow) = __builtin_shufflevector(ab1, ce1, 0, 1, 4, 5);
  *(vquad_memory *)(d + 3 * dRow) = __builtin_shufflevector(ab1, ce1, 2, 3, 6, 7);
}
// Whole blocks of side × side elements, `tall` rows at a time, so that a line of the destination is written
// in one go; what is left over one by one.
#define TRANSPOSE_IN_BLOCKS(name, type, side, tall, block)                                       \
  INLINE void name(                                                                              \
      type *restrict d, ptrdiff_t dRow, const type *restrict s, ptrdiff_t sRow, size_t rows,     \
      size_t columns) {                                                                          \
    const size_t wholeRows = rows / side * side, wholeColumns = columns / side * side;           \
    for (size_t r0 = 0; r0 < wholeRows; r0 += tall) {                                            \
      const size_t r1 = r0 + tall < wholeRows ? r0 + tall : wholeRows;                           \
      for (size_t c = 0; c < wholeColumns; c += side)                                            \
        for (size_t r = r0; r < r1; r += side)                                                   \
          block(                                                                                 \
              d + (ptrdiff_t)c * dRow + (ptrdiff_t)r, dRow,                                      \
              s + (ptrdiff_t)r * sRow + (ptrdiff_t)c, sRow);                                     \
    }                                                                                            \
    transpose_##type(                                                                            \
        d + (ptrdiff_t)wholeColumns * dRow, dRow, s + wholeColumns, sRow, wholeRows,             \
        columns - wholeColumns);                                                                 \
    transpose_##type(                                                                            \
        d + wholeRows, dRow, s + (ptrdiff_t)wholeRows * sRow, sRow, rows - wholeRows, columns);  \
  }
TRANSPOSE_IN_BLOCKS(transpose_quads, uint32_t, 4, 16, transpose_quad)

// Eight by eight bytes in registers: pairs of rows are laced into each other three times.
typedef uint8_t veight __attribute__((ext_vector_type(8)));
typedef veight veight_memory __attribute__((aligned(1), may_alias));
typedef uint16_t vpairs __attribute__((ext_vector_type(8)));
typedef uint8_t vsixteen __attribute__((ext_vector_type(16)));
#define LACE_BYTES(a, b) \
  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15)
#define LACE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define LACE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
INLINE void transpose_bytes8(uint8_t *d, ptrdiff_t dRow, const uint8_t *s, ptrdiff_t sRow) {
  veight rows[8];
  for (ptrdiff_t r = 0; r < 8; r++) rows[r] = *(const veight_memory *)(s + r * sRow);
  const vpairs a = (vpairs)LACE_BYTES(rows[0], rows[1]), b = (vpairs)LACE_BYTES(rows[2], rows[3]);
  const vpairs c = (vpairs)LACE_BYTES(rows[4], rows[5]), e = (vpairs)LACE_BYTES(rows[6], rows[7]);
  const vquad upper[2] = {(vquad)LACE_LOW(a, b), (vquad)LACE_HIGH(a, b)};
  const vquad lower[2] = {(vquad)LACE_LOW(c, e), (vquad)LACE_HIGH(c, e)};
  for (ptrdiff_t half = 0; half < 2; half++) {
    const vquad u = upper[half], l = lower[half];
    const vsixteen first = (vsixteen)__builtin_shufflevector(u, l, 0, 4, 1, 5);
    const vsixteen second = (vsixteen)__builtin_shufflevector(u, l, 2, 6, 3, 7);
    uint8_t *to = d + 4 * half * dRow;
    *(veight_memory *)to = first.lo;
    *(veight_memory *)(to + dRow) = first.hi;
    *(veight_memory *)(to + 2 * dRow) = second.lo;
    *(veight_memory *)(to + 3 * dRow) = second.hi;
  }
}
TRANSPOSE_IN_BLOCKS(transpose_bytes, uint8_t, 8, 64, transpose_bytes8)

static void NAME(transpose)(
    void *d, ptrdiff_t dRow, const void *s, ptrdiff_t sRow, size_t rows, size_t columns,
    size_t elementBytes) {
  if (elementBytes == 1 && rows == 3) return transpose_few3(d, dRow, s, sRow, columns);
  if (elementBytes == 1 && rows == 4) return transpose_few4(d, dRow, s, sRow, columns);
  switch (elementBytes) {
    case 1: transpose_bytes(d, dRow, s, sRow, rows, columns); break;
    case 2: transpose_uint16_t(d, dRow, s, sRow, rows, columns); break;
    case 4: transpose_quads(d, dRow, s, sRow, rows, columns); break;
    case 8: transpose_uint64_t(d, dRow, s, sRow, rows, columns); break;
    default: __builtin_trap();
  }
}
