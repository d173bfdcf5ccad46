#ifndef CKERNELS_H
#define CKERNELS_H
#include "kernels_real.h"
#include "kernels_conv.h"
#include "kernels_cell.h"
#endif
