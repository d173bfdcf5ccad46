#include "include/kernels_real.h"
#include "include/kernels_conv.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

#define REAL double
#define LANES 4
#define NAME(x) x##_f64
#define EXP exp
#define ATAN atan
#include "conv.inc"
#include "conv_direct.inc"
