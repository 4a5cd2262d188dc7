// Walks a forest. A walk is one chain of dependent loads, so several rows walk a tree side by side;
// a single row walks several trees side by side. No branch depends on the data. The loops must stay
// scalar: gathers are slower than loads on most processors. So there is one version, for every table.
#include "include/CKernels.h"

#define WALKS 8
#define INLINE static inline __attribute__((always_inline))

// NaN-free rows: one comparison a step. A leaf's threshold is +infinity and its child itself.
INLINE int32_t forest_step(const ck_forest_node *nodes, int32_t at, const float *row) {
  const ck_forest_node *node = nodes + at;
  return node->left + (row[node->feature & (CK_TREE_NAN_LEFT - 1)] > node->threshold);
}
// A NaN goes right unless its node says left; leaves do.
INLINE int32_t forest_step_nan(const ck_forest_node *nodes, int32_t at, const float *row) {
  const ck_forest_node *node = nodes + at;
  const float x = row[node->feature & (CK_TREE_NAN_LEFT - 1)];
  const int32_t missing = (x != x) & ((node->feature & CK_TREE_NAN_LEFT) == 0);
  return node->left + ((x > node->threshold) | missing);
}

#define SCALAR_LOOP _Pragma("clang loop vectorize(disable) unroll(disable)")
#define EACH_WALK _Pragma("clang loop vectorize(disable) unroll(full)")

// Eight walks for `steps` steps, from node[] to node[].
#define FOREST_WALK(step, rowOf)                                                                 \
  SCALAR_LOOP for (int32_t left = steps; left > 0; left--) {                                     \
    EACH_WALK for (int w = 0; w < WALKS; w++) node[w] = step(nodes, node[w], rowOf);             \
  }

// All rows walk one tree before the next tree is touched: a tree stays in the first cache.
INLINE void forest_rows(
    int32_t *leaves, const ck_forest *f, const float *rows, ptrdiff_t rowStride, size_t rowCount,
    const bool mayHaveNaN) {
  const ck_forest_node *nodes = f->nodes;
  for (size_t tree = 0; tree < f->treeCount; tree++, leaves += rowCount) {
    const int32_t steps = f->depth[tree];
    for (size_t r = 0; r + WALKS <= rowCount; r += WALKS) {
      const float *row[WALKS];
      int32_t node[WALKS];
      for (int w = 0; w < WALKS; w++) {
        row[w] = rows + (ptrdiff_t)(r + w) * rowStride;
        node[w] = f->root[tree];
      }
      if (mayHaveNaN) { FOREST_WALK(forest_step_nan, row[w]) }
      else { FOREST_WALK(forest_step, row[w]) }
      for (int w = 0; w < WALKS; w++) leaves[r + w] = node[w];
    }
  }
}

// One row, several trees at a time. `leaves` of one row are `rowCount` apart.
INLINE void forest_row(
    int32_t *leaves, size_t rowCount, const ck_forest *f, const float *row, const bool mayHaveNaN) {
  const ck_forest_node *nodes = f->nodes;
  size_t tree = 0;
  for (; tree + WALKS <= f->treeCount; tree += WALKS) {
    int32_t node[WALKS], steps = 0;
    for (int w = 0; w < WALKS; w++) {
      node[w] = f->root[tree + w];
      steps = f->depth[tree + w] > steps ? f->depth[tree + w] : steps;
    }
    if (mayHaveNaN) { FOREST_WALK(forest_step_nan, row) }
    else { FOREST_WALK(forest_step, row) }
    for (int w = 0; w < WALKS; w++) leaves[(tree + w) * rowCount] = node[w];
  }
  for (; tree < f->treeCount; tree++) {
    int32_t node = f->root[tree];
    for (int32_t steps = f->depth[tree]; steps > 0; steps--)
      node = forest_step_nan(nodes, node, row);
    leaves[tree * rowCount] = node;
  }
}

void ck_forest_leaves(
    int32_t *leaves, const ck_forest *f, const float *rows, ptrdiff_t rowStride, size_t rowCount) {
  int32_t missing = 0;
  for (size_t r = 0; r < rowCount; r++)
    for (size_t i = 0; i < f->featureCount; i++) {
      const float x = rows[(ptrdiff_t)r * rowStride + (ptrdiff_t)i];
      missing |= x != x;
    }
  if (missing) forest_rows(leaves, f, rows, rowStride, rowCount, true);
  else forest_rows(leaves, f, rows, rowStride, rowCount, false);
  for (size_t r = rowCount / WALKS * WALKS; r < rowCount; r++) {
    const float *row = rows + (ptrdiff_t)r * rowStride;
    if (missing) forest_row(leaves + r, rowCount, f, row, true);
    else forest_row(leaves + r, rowCount, f, row, false);
  }
}
