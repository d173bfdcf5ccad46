/* The convolutional LSTM cell and the attention over its maps, in single and in double precision. */
#ifndef KERNELS_CELL_H
#define KERNELS_CELL_H
#include <stdint.h>

/// Channel attention, then spatial attention, over a map `[height, width, channels]`.
///
/// Parameters, those of a part that is off left out: inner `[channels, hidden]`, its bias, outer `[hidden, channels]`,
/// its bias, spatial `[kernel, kernel, 2]` over (mean, maximum), its bias. Kept between two steps: `channels` and then
/// `height * width` membranes.
typedef struct {
  int32_t height, width, channels;
  /// Units between the pooled channels and the channel map.
  int32_t hidden;
  /// Extent of the spatial convolution, odd.
  int32_t kernel;
  int32_t has_channel, has_spatial;
  /// Rectified hidden units and sigmoid maps instead of spikes.
  int32_t soft;
  int32_t surrogate;
  /// Spikes are replaced by the surrogate's integral.
  int32_t smooth;
  double surrogate_width;
  /// Threshold of the maps' units, and decay of their membranes by a step; 0: they remember nothing.
  double threshold, decay;
} ganglion_attention;

#define GANGLION_DECLARE_CELL(REAL, SUFFIX)                                                                            \
  /* Squashes gates[places, 4, channels] in place: sigmoid for input, forget, output; tanh for the candidate. */       \
  void ganglion_lstm_gates_##SUFFIX(int64_t places, int64_t channels, REAL *gates);                                    \
  /* cell = forget * earlier_cell + input * candidate; hidden = output * tanh(cell). cell may be earlier_cell. */      \
  void ganglion_lstm_state_##SUFFIX(                                                                                   \
      int64_t places, int64_t channels, const REAL *gates, const REAL *forget, int64_t forget_stride,                  \
      const REAL *earlier_cell, REAL *cell, REAL *hidden);                                                             \
  /* spikes = 1 where hidden >= threshold. */                                                                          \
  void ganglion_lstm_fire_##SUFFIX(                                                                                    \
      int64_t count, const REAL *hidden, int surrogate, int smooth, double width, double threshold, REAL *spikes);     \
  /* Adds to hidden_gradient. */                                                                                       \
  void ganglion_lstm_fire_back_##SUFFIX(                                                                               \
      int64_t count, const REAL *hidden, int surrogate, double width, double threshold, const REAL *delta,             \
      REAL *hidden_gradient);                                                                                          \
  /* cell_gradient comes as dL/dcell from later steps and leaves as dL/d(earlier cell); writes the gradients of the    \
     gates before squashing, but for the forget gate that of its value after attention, [places, channels]. */         \
  void ganglion_lstm_state_back_##SUFFIX(                                                                              \
      int64_t places, int64_t channels, const REAL *gates, const REAL *forget, int64_t forget_stride,                  \
      const REAL *earlier_cell, const REAL *cell, const REAL *hidden_gradient, REAL *cell_gradient,                    \
      REAL *gate_gradient, REAL *forget_gradient);                                                                     \
  /* The forget gate's gradient before squashing, from that of its value. */                                           \
  void ganglion_lstm_forget_back_##SUFFIX(                                                                             \
      int64_t places, int64_t channels, const REAL *gates, const REAL *forget_gradient, REAL *gate_gradient);          \
  /* Scalars one step leaves for the way back; the channel map and the spatial map come first. */                      \
  int64_t ganglion_attention_tape_##SUFFIX(const ganglion_attention *a);                                               \
  /* out[places, channels] = spatial map * channel map * map; rows of map are stride apart. */                         \
  void ganglion_attention_forward_##SUFFIX(                                                                            \
      const ganglion_attention *a, const REAL *parameters, const REAL *map, int64_t stride, REAL *kept, REAL *tape,    \
      REAL *out);                                                                                                      \
  /* The same product again from a step's tape. */                                                                     \
  void ganglion_attention_apply_##SUFFIX(                                                                              \
      const ganglion_attention *a, const REAL *map, int64_t stride, const REAL *tape, REAL *out);                      \
  /* delta comes as dL/dout and leaves as dL/dmap; carry is dL/d(kept) of this step and leaves as that of the one      \
     before; gradient is added to; scratch holds 3 * channels or 2 * places scalars, whichever is more. */             \
  void ganglion_attention_backward_##SUFFIX(                                                                           \
      const ganglion_attention *a, const REAL *parameters, const REAL *map, int64_t stride, const REAL *tape,          \
      REAL *carry, REAL *delta, REAL *gradient, REAL *scratch);

GANGLION_DECLARE_CELL(float, f32)
GANGLION_DECLARE_CELL(double, f64)

#endif
