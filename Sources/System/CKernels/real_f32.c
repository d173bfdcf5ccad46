#include "include/kernels_real.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

#define REAL float
#define LANES 8
#define NAME(x) x##_f32
#define EXP expf
#define ATAN atanf
#include "real.inc"
#include "neurons.inc"
