#ifndef CKERNELS_H
#define CKERNELS_H
#include "kernels_real.h"
#endif
