#ifndef CKERNELS_H
#define CKERNELS_H
#include "kernels_events.h"
#include "kernels_probe.h"
#include "kernels_pursuit.h"
#include "kernels_real.h"
#include "kernels_conv.h"
#include "kernels_cell.h"
#include "kernels_blas.h"
#include "kernels_scenes.h"
#endif
