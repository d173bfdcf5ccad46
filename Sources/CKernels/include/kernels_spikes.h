/* Spike lists against dense weights. */
#ifndef KERNELS_SPIKES_H
#define KERNELS_SPIKES_H
#include <stdint.h>

/// current[0..<width] += sum over k of values[k] * weights[channels[k] * width ..< (channels[k] + 1) * width]
void ganglion_scatter_rows(
    const uint32_t *channels, const float *values, int64_t count, const float *weights, int64_t width, float *current);

#endif
