/* Dense and sparse linear algebra and neuron dynamics, once in single and once in double precision.

   Every accumulation runs over its index in ascending order with one rounding a term, so the dense and the sparse form
   of the same product agree to the last bit, and one step after another agrees with a whole sequence. */
#ifndef KERNELS_REAL_H
#define KERNELS_REAL_H
#include <stdint.h>

enum { GANGLION_RESET_NONE = 0, GANGLION_RESET_HARD = 1, GANGLION_RESET_SOFT = 2, GANGLION_RESET_SOFT_LATE = 3 };
enum {
  GANGLION_SURROGATE_TRIANGLE = 0,
  GANGLION_SURROGATE_SIGMOID = 1,
  GANGLION_SURROGATE_ARCTAN = 2,
  GANGLION_SURROGATE_FAST_SIGMOID = 3
};

/// What all neurons of a layer share.
typedef struct {
  int32_t reset;
  /// No gradient flows through the reset.
  int32_t reset_detached;
  int32_t surrogate;
  /// The spike is replaced by the surrogate's integral: a differentiable network for gradient checks.
  int32_t smooth;
  /// Steps a neuron stays silent after a spike.
  int32_t refractory_steps;
  /// All decays and all scales of the layer are the same.
  int32_t uniform;
  /// The layer's last spikes are asked for in the next step.
  int32_t recurrent;
  /// Neurons without a spike in the whole sequence get no gradient at all.
  int32_t silent_neurons_learn_nothing;
  /// Spikes a neuron sends in one step at most; more than one with a soft reset and without refractory steps only.
  int32_t maximum_spikes;
  double threshold;
  /// Half-width of the triangle; for the others the steepness (alpha).
  double surrogate_width;
  /// Threshold rise by a spike, and its decay by a step; zero strength: fixed threshold.
  double adaptation_strength;
  double adaptation_decay;
  /// Where it is not zero, the adaptation is a current that is taken from the input, not a rise of the threshold, and
  /// grows by the membrane times this as well.
  double subthreshold_strength;
  /// Decay of the synaptic current by a step; zero: the input acts at once.
  double synaptic_decay;
} ganglion_neuron;

/// Scalars of state a neuron needs between two steps: membrane, last spike, adaptation, synaptic current, refractory.
enum { GANGLION_NEURON_STATE = 5 };

/// Neighbouring columns that are stored together, or not at all, where weights come in blocks.
enum { GANGLION_BLOCK = 8 };

#define GANGLION_DECLARE(REAL, SUFFIX)                                                                                 \
  /* out[rows, width] += in[rows, depth] * weights[depth, width], row strides in scalars. */                          \
  void ganglion_multiply_##SUFFIX(                                                                                     \
      const REAL *in, int64_t in_stride, const REAL *weights, int64_t rows, int64_t depth, int64_t width, REAL *out,   \
      int64_t out_stride);                                                                                             \
  /* out[width] += sum over k of in[active[k]] * weights[active[k], width]. */                                         \
  void ganglion_scatter_##SUFFIX(                                                                                      \
      const uint32_t *active, int64_t count, const REAL *in, const REAL *weights, int64_t width, REAL *out);           \
  /* The same with one value a list entry instead of a dense row. */                                                   \
  void ganglion_scatter_list_##SUFFIX(                                                                                 \
      const uint32_t *active, int64_t count, const float *values, const REAL *weights, int64_t width, REAL *out);      \
  /* The first form with those weights only that there are: of input i the entries starts[i] up to starts[i + 1], each  \
     with its column. */                                                                                               \
  void ganglion_scatter_sparse_##SUFFIX(                                                                               \
      const uint32_t *active, int64_t count, const REAL *in, const uint32_t *starts, const uint16_t *columns,          \
      const REAL *weights, REAL *out);                                                                                 \
  /* The same in blocks of GANGLION_BLOCK neighbours: `starts` counts blocks, `columns` says where each begins. */      \
  void ganglion_scatter_blocks_##SUFFIX(                                                                               \
      const uint32_t *active, int64_t count, const REAL *in, const uint32_t *starts, const uint16_t *columns,          \
      const REAL *weights, REAL *out);                                                                                 \
  /* gradient[active[k], width] += in[active[k]] * delta[width]. */                                                    \
  void ganglion_outer_##SUFFIX(                                                                                        \
      const uint32_t *active, int64_t count, const REAL *in, const REAL *delta, int64_t width, REAL *gradient);        \
  void ganglion_outer_list_##SUFFIX(                                                                                   \
      const uint32_t *active, int64_t count, const float *values, const REAL *delta, int64_t width, REAL *gradient);   \
  /* Lists the non-zero entries of a row; returns how many. */                                                         \
  int64_t ganglion_active_##SUFFIX(const REAL *row, int64_t width, uint32_t *active);                                  \
  /* The same for rows with fewer than `limit` of them; -1, and an unfinished list, for others. */                     \
  int64_t ganglion_active_below_##SUFFIX(const REAL *row, int64_t width, int64_t limit, uint32_t *active);             \
  /* A step back of neurons that keep nothing but the membrane: carry[width] is dL/d(membrane after the step's reset) on  \
     the way in and dL/d(that before the step) on the way out. */                                                      \
  void ganglion_neurons_step_back_##SUFFIX(                                                                            \
      const ganglion_neuron *neuron, int64_t width, const REAL *decay, const REAL *scale, const REAL *membrane,        \
      const REAL *spikes, const REAL *spike_gradient, REAL *current_gradient, REAL *carry);                            \
  /* One step of a layer of neurons; state is [GANGLION_NEURON_STATE, width]; membrane may be NULL or current;         \
     thresholds of each neuron, or NULL where the layer's is everybody's. */                                           \
  void ganglion_neurons_step_##SUFFIX(                                                                                 \
      const ganglion_neuron *neuron, int64_t width, const REAL *decay, const REAL *scale, const REAL *thresholds,      \
      const REAL *current, REAL *state, REAL *membrane, REAL *spikes);                                                                      \
  /* steps after each other; recurrent weights [width, width] (from, to) or NULL; drives (after the synapse) and       \
     adaptations [steps, width] are written where not NULL; scratch and active hold width entries. */                  \
  void ganglion_neurons_forward_##SUFFIX(                                                                              \
      const ganglion_neuron *neuron, int64_t steps, int64_t width, const REAL *decay, const REAL *scale,               \
      const REAL *thresholds, const REAL *current, const REAL *recurrent, REAL *state, REAL *membrane, REAL *spikes,   \
      REAL *drives, REAL *adaptations, REAL *scratch, uint32_t *active);                                                             \
  /* Gradients from dL/dspikes to dL/dcurrent; recurrent_transposed is [width, width] (to, from) or NULL;              \
     recurrent, decay, scale and threshold gradients are added to where not NULL; current_gradient may be              \
     spike_gradient;                                                                                                   \
     scratch holds 8 * width. Of a window of a longer sequence: begin is the state [GANGLION_NEURON_STATE, width] before\
     it, fired what is not zero for units that fire in the whole, and carried [5, width] comes as the gradient of what \
     follows it and leaves as that of what lies before; all NULL for a whole sequence. */                              \
  void ganglion_neurons_backward_##SUFFIX(                                                                             \
      const ganglion_neuron *neuron, int64_t steps, int64_t width, const REAL *decay, const REAL *scale,               \
      const REAL *thresholds, const REAL *membrane, const REAL *spikes, const REAL *drives, const REAL *adaptations,   \
      const REAL *spike_gradient, const REAL *recurrent_transposed, REAL *recurrent_gradient,                          \
      REAL *current_gradient, REAL *decay_gradient, REAL *scale_gradient, REAL *threshold_gradient,                    \
      const REAL *begin, const REAL *fired, REAL *carried, REAL *scratch, uint32_t *active);                                                                 \
  /* One AdamW step; corrections are 1 - beta^t. */                                                                    \
  void ganglion_adam_##SUFFIX(                                                                                         \
      int64_t count, REAL *parameters, const REAL *gradient, REAL *first, REAL *second, REAL rate, REAL beta1,         \
      REAL beta2, REAL epsilon, REAL decay, REAL correction1, REAL correction2);                                       \
  /* One step of gradient descent with momentum; decay pulls towards zero through the gradient. */                     \
  void ganglion_momentum_##SUFFIX(                                                                                     \
      int64_t count, REAL *parameters, const REAL *gradient, REAL *velocity, REAL rate, REAL momentum, REAL decay);    \
  /* sums[channels] += column sums of x[rows, channels] and of their squares. */                                       \
  void ganglion_moments_##SUFFIX(const REAL *x, int64_t rows, int64_t channels, REAL *sums, REAL *squares);            \
  /* y = x * scale + shift, by column. */                                                                              \
  void ganglion_affine_##SUFFIX(                                                                                       \
      const REAL *x, int64_t rows, int64_t channels, const REAL *scale, const REAL *shift, REAL *y);                   \
  /* Column sums of dy and of dy * (x - mean) * inverse_deviation. */                                                  \
  void ganglion_normal_sums_##SUFFIX(                                                                                  \
      const REAL *x, const REAL *dy, int64_t rows, int64_t channels, const REAL *mean, const REAL *inverse_deviation,  \
      REAL *sum, REAL *sum_normalised);                                                                                \
  /* dx = scale * (dy - mean_dy - normalised x * mean_dy_normalised), by column; dx may be dy. */                                    \
  void ganglion_normal_backward_##SUFFIX(                                                                              \
      const REAL *x, const REAL *dy, int64_t rows, int64_t channels, const REAL *mean, const REAL *inverse_deviation,  \
      const REAL *scale, const REAL *mean_dy, const REAL *mean_dy_normalised, REAL *dx);

GANGLION_DECLARE(float, f32)
GANGLION_DECLARE(double, f64)

#endif
