/* Convolution and pooling of channel-last maps `[height, width, channels]`, in single and in double precision.

   Weights are `[groups, kernel_height, kernel_width, in_channels / groups, out_channels / groups]`. The scattered form
   (active inputs in ascending order) and the direct form (all of them) add the terms of an output in the same order and
   agree to the last bit.

   Rows of the output may be computed apart: out_height is then their number, and padding_y less by where they begin. */
#ifndef KERNELS_CONV_H
#define KERNELS_CONV_H
#include <stdint.h>

typedef struct {
  int32_t in_height, in_width, in_channels;
  int32_t out_height, out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t padding_y, padding_x;
  int32_t groups;
} ganglion_conv;

enum { GANGLION_POOL_AVERAGE = 0, GANGLION_POOL_SUM = 1, GANGLION_POOL_MAX = 2 };

typedef struct {
  int32_t kind;
  int32_t in_height, in_width, channels;
  int32_t out_height, out_width;
  int32_t size_y, size_x, stride_y, stride_x;
} ganglion_pool;

#define GANGLION_DECLARE_CONV(REAL, SUFFIX)                                                                            \
  /* Adds the active inputs' contributions to the outputs. */                                                          \
  void ganglion_conv_scatter_##SUFFIX(                                                                                 \
      const ganglion_conv *g, const uint32_t *active, int64_t count, const REAL *in, const REAL *weights, REAL *out);  \
  /* The same for one group, no strides and few channels; `turned` has room for all weights. */                         \
  void ganglion_conv_scatter_turned_##SUFFIX(                                                                          \
      const ganglion_conv *g, const uint32_t *active, int64_t count, const REAL *in, const REAL *weights, REAL *out,   \
      REAL *turned);                                                                                                   \
  /* Where each place's entries begin in the list; one more for its end. */                                            \
  void ganglion_conv_begins_##SUFFIX(                                                                                  \
      const ganglion_conv *g, const uint32_t *active, int64_t count, uint32_t *begins);                                \
  /* The scattered sums output by output, for one group and channels in whole vectors of 32 bytes. */                  \
  void ganglion_conv_collect_##SUFFIX(                                                                                 \
      const ganglion_conv *g, const uint32_t *active, const uint32_t *begins, const REAL *in, const REAL *weights,     \
      REAL *out);                                                                                                      \
  /* Adds the active inputs' contributions to the weight gradient. */                                                  \
  void ganglion_conv_outer_##SUFFIX(                                                                                   \
      const ganglion_conv *g, const uint32_t *active, int64_t count, const REAL *in, const REAL *delta,                \
      REAL *gradient);                                                                                                 \
  /* Adds the active output gradients' contributions to the input gradient; transposed weights have the output        \
     channel before the input channel and the kernel turned by half a circle. */                                       \
  void ganglion_conv_scatter_back_##SUFFIX(                                                                            \
      const ganglion_conv *g, const uint32_t *active, int64_t count, const REAL *delta, const REAL *transposed,        \
      REAL *out);                                                                                                      \
  /* The map with its border of padding_y rows and padding_x columns of zeros on each side. */                          \
  void ganglion_conv_pad_##SUFFIX(const ganglion_conv *g, const REAL *in, REAL *padded);                               \
  /* Adds all inputs' contributions to the outputs; `padded` begins with the first row that the first output sees, and \
     `packed` has room for two vectors of 32 bytes for each input an output sees. */                                   \
  void ganglion_conv_direct_##SUFFIX(                                                                                  \
      const ganglion_conv *g, const REAL *padded, const REAL *weights, REAL *out, REAL *packed);                       \
  /* Scalars of working memory of the next function. */                                                                \
  int64_t ganglion_conv_gradient_room_##SUFFIX(const ganglion_conv *g);                                                \
  /* What ganglion_conv_outer does, quicker where a good part of the map is active; strides of one only. */            \
  void ganglion_conv_gradient_##SUFFIX(                                                                                \
      const ganglion_conv *g, const uint32_t *active, int64_t count, const REAL *in, const REAL *delta,                \
      REAL *gradient, REAL *room);                                                                                     \
  /* What each output sees, [out_height * out_width, kernel_height * kernel_width * in_channels], of a padded map; for one \
     group. */                                                                                                         \
  void ganglion_conv_columns_##SUFFIX(const ganglion_conv *g, const REAL *padded, REAL *columns);                      \
  /* Adds columns[count, kernel_height * kernel_width * in_channels / groups], what each of `count` outputs passes    \
     back, to the inputs it came from. */                                                                              \
  void ganglion_conv_spread_##SUFFIX(                                                                                  \
      const ganglion_conv *g, int64_t group, const REAL *columns, int64_t first, int64_t count, REAL *out);            \
  void ganglion_pool_##SUFFIX(const ganglion_pool *p, const REAL *in, REAL *out);                                      \
  /* Overwrites the input gradient. */                                                                                 \
  void ganglion_pool_back_##SUFFIX(                                                                                    \
      const ganglion_pool *p, const REAL *in, const REAL *out, const REAL *delta, REAL *gradient);

GANGLION_DECLARE_CONV(float, f32)
GANGLION_DECLARE_CONV(double, f64)

#endif
