/* What memory allows at most, for benchmarks. */
#ifndef KERNELS_PROBE_H
#define KERNELS_PROBE_H
#include <stdint.h>

/* Reads rows of `width` values that begin at `rows[k]` and returns the sum of all, so that nothing is left out. */
float ganglion_read_rows(const float *weights, const uint32_t *rows, int64_t count, int64_t width);

#endif
