// Walks a forest. A walk is one chain of dependent loads, so several rows walk a tree side by side;
// a single row walks several trees side by side. No branch depends on the data.

#define WALKS 8

INLINE int32_t forest_step(const ck_forest *f, int32_t node, const float *row) {
  const int32_t field = f->feature[node];
  const float x = row[field & (CK_TREE_NAN_LEFT - 1)];
  // Not (x <= t), so that a NaN goes right unless its node says left.
  const int32_t stays = (x != x) & ((field & CK_TREE_NAN_LEFT) != 0);
  const int32_t right = !(x <= f->threshold[node]) & !stays;
  return f->child[2 * node + right];
}

static void NAME(forestLeaves)(
    int32_t *leaves, const ck_forest *f, const float *rows, ptrdiff_t rowStride, size_t rowCount) {
  const size_t trees = f->treeCount;
  size_t r = 0;
  for (; r + WALKS <= rowCount; r += WALKS)
    for (size_t tree = 0; tree < trees; tree++) {
      int32_t node[WALKS];
      for (int w = 0; w < WALKS; w++) node[w] = f->root[tree];
      for (int32_t step = f->depth[tree]; step > 0; step--)
        for (int w = 0; w < WALKS; w++)
          node[w] = forest_step(f, node[w], rows + (ptrdiff_t)(r + w) * rowStride);
      for (int w = 0; w < WALKS; w++) leaves[(r + w) * trees + tree] = node[w];
    }
  for (; r < rowCount; r++) {
    const float *row = rows + (ptrdiff_t)r * rowStride;
    size_t tree = 0;
    for (; tree + WALKS <= trees; tree += WALKS) {
      int32_t node[WALKS], steps = 0;
      for (int w = 0; w < WALKS; w++) {
        node[w] = f->root[tree + w];
        steps = f->depth[tree + w] > steps ? f->depth[tree + w] : steps;
      }
      for (; steps > 0; steps--)
        for (int w = 0; w < WALKS; w++) node[w] = forest_step(f, node[w], row);
      for (int w = 0; w < WALKS; w++) leaves[r * trees + tree + w] = node[w];
    }
    for (; tree < trees; tree++) {
      int32_t node = f->root[tree];
      for (int32_t steps = f->depth[tree]; steps > 0; steps--) node = forest_step(f, node, row);
      leaves[r * trees + tree] = node;
    }
  }
}
