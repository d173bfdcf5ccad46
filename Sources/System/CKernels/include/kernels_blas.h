#ifndef GANGLION_KERNELS_BLAS_H
#define GANGLION_KERNELS_BLAS_H

/// Threads that OpenBLAS begins with; found by it in place of its own function of this name.
int openblas_num_threads_env(void);

#endif
