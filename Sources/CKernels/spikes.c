#include "include/kernels_spikes.h"
#include "dispatch.h"

CLONES void ganglion_scatter_rows(
    const uint32_t *channels, const float *values, int64_t count, const float *weights, int64_t width,
    float *current) {
#pragma clang fp contract(fast)
  for (int64_t k = 0; k < count; k++) {
    const float *row = weights + (int64_t)channels[k] * width;
    const float value = values[k];
    for (int64_t i = 0; i < width; i++) current[i] += value * row[i];
  }
}
