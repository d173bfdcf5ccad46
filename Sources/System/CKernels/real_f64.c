#include "include/kernels_real.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

#define REAL double
#define LANES 4
#define NAME(x) x##_f64
#define EXP exp
#define ATAN atan
#include "real.inc"
#include "neurons.inc"
