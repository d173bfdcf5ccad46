#include "kernels_blas.h"

/* OpenBLAS asks this function, in place of its own, how many threads to begin with when it is loaded. Its own would answer
   with the number of processors, and the threads would spin for a while in every process, before main begins; whoever
   multiplies in parallel here has threads of his own. */
int openblas_num_threads_env(void) { return 1; }
