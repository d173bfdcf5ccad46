#include "include/kernels_pursuit.h"
#include "dispatch.h"

CLONES void ganglion_gammatone_bank(
    int64_t channels, int64_t order, const double *poles, const double *gains, double *state, const float *samples,
    int64_t count, float *fine, float *envelope) {
#pragma clang fp contract(fast)
  for (int64_t m = 0; m < channels; m++) {
    const double real = poles[2 * m], imaginary = poles[2 * m + 1], gain = gains[m];
    double *z = state + 2 * order * m;
    for (int64_t i = 0; i < count; i++) {
      double x = samples[i], y = 0;
      for (int64_t k = 0; k < order; k++) {
        const double re = real * z[2 * k] - imaginary * z[2 * k + 1] + x;
        const double im = real * z[2 * k + 1] + imaginary * z[2 * k] + y;
        z[2 * k] = x = re;
        z[2 * k + 1] = y = im;
      }
      fine[m * count + i] = (float)(gain * x);
      envelope[m * count + i] = (float)(gain * __builtin_sqrt(x * x + y * y));
    }
  }
}
