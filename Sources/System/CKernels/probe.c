#include "include/kernels_probe.h"
#include "dispatch.h"

CLONES float ganglion_read_rows(const float *weights, const uint32_t *rows, int64_t count, int64_t width) {
  f32x8 sums[4] = {0, 0, 0, 0};
  float rest = 0;
  for (int64_t k = 0; k < count; k++) {
    const float *row = weights + rows[k];
    int64_t i = 0;
    for (; i + 32 <= width; i += 32)
      for (int v = 0; v < 4; v++) sums[v] += *(const f32x8 *)(row + i + 8 * v);
    for (; i < width; i++) rest += row[i];
  }
  const f32x8 all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (int i = 0; i < 8; i++) rest += all[i];
  return rest;
}
