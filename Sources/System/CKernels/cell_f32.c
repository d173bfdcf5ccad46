#include "include/kernels_real.h"
#include "include/kernels_cell.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

/* exp to within 2 units in the last place over the range of a float, without a call, so that loops of it vectorise:
   x = n ln 2 + r, and a polynomial in r scaled by 2^n. */
static inline __attribute__((always_inline)) float cell_exp(float x) {
#pragma clang fp contract(on)
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  const float whole = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
  float rest = x - whole * 0.693359375f;
  rest = rest + whole * 2.12194440e-4f;
  float sum = 1.0f / 5040;
  sum = sum * rest + 1.0f / 720;
  sum = sum * rest + 1.0f / 120;
  sum = sum * rest + 1.0f / 24;
  sum = sum * rest + 1.0f / 6;
  sum = sum * rest + 0.5f;
  sum = sum * rest + 1.0f;
  sum = sum * rest + 1.0f;
  const int32_t bits = ((int32_t)whole + 127) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  return sum * scale;
}

#define REAL float
#define LANES 8
#define NAME(x) x##_f32
#define EXP expf
#define ATAN atanf
#define CELL_EXP cell_exp
#include "cell.inc"
