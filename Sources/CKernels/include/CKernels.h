#ifndef CKERNELS_H
#define CKERNELS_H
#include "kernels_spikes.h"
#include "kernels_events.h"
#endif
