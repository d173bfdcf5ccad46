/* Matching pursuit over a sliding window: correlation, greedy pick, local update through the Gram table. */
#ifndef KERNELS_PURSUIT_H
#define KERNELS_PURSUIT_H
#include <stdint.h>

/// Samples in one block of the tree of maxima; also the alignment of every window index.
#define GANGLION_PURSUIT_BLOCK 32

/// The best settled atom of one column of blocks.
typedef struct {
  int64_t kernel;     ///< its kernel, -1 for none
  float score;        ///< its score, less than any other for none
  uint8_t is_known;   ///< whether kernel and score are up to date
  uint8_t is_touched; ///< scratch, zero between calls
} ganglion_verdict;

/// The dictionary and the open window of one channel of sound. Sample index 0 of the window is block 0.
typedef struct {
  int64_t kernels;                ///< number of kernels M
  int64_t stride;                 ///< samples held for each kernel; a multiple of the block
  int64_t is_signed;              ///< nonzero when picks of negative coefficient are allowed
  const float *taps;              ///< unit-norm impulse responses, one after another
  const int64_t *tap_offset;      ///< [M] where each begins in taps
  const int64_t *length;          ///< [M] number of taps, not ascending
  const int64_t *reach;           ///< [M] samples over which an atom and its neighbours speak about the same sound
  int64_t spread;                 ///< kernels over which they do
  const float *gram;              ///< <kernel a, kernel b delayed by lag> for lag in -(length[b]-1)...length[a]-1
  const int64_t *gram_offset;     ///< [M * M] where the lags of (a, b) begin in gram
  const float *gram_peak;         ///< [M * M] largest magnitude of gram of (a, b)
  const float *gram_bound;        ///< largest magnitude within a block of lags, whatever the atom's place in its block
  const int64_t *gram_bound_offset; ///< [M] where the rows (kernel b, blocks) of a begin in gram_bound
  int64_t gram_bound_first;       ///< first block of a row: the most negative lag
  int64_t longest_reach;          ///< largest of reach
  float tolerance;                ///< corrections of correlations under it are left out; 0 leaves out none
  int64_t *known;                 ///< [M] starts of each kernel whose correlation is known; zero from there on
  float *residual;                ///< [stride] what is not yet explained
  float *correlation;             ///< [M * stride] residual against each kernel at each start
  float *block_maximum;           ///< [stride / block * M] best correlation of each block; kernels adjacent
  float *column_maximum;          ///< [stride / block] best over kernels
  float *key;                     ///< [stride / block] scratch
  double *energy;                 ///< [stride / block + 1] scratch
  ganglion_verdict *verdict;      ///< [stride / block] what is settled in each column
  int64_t *multiplications;       ///< counted up by every multiply-accumulate
} ganglion_pursuit;

/// A part of the window and the score an atom that starts in it has to reach; first and end count samples.
typedef struct {
  int64_t first;
  int64_t end;
  float threshold;
} ganglion_range;

/// One greedy choice: kernel, its first sample in the window, its coefficient.
typedef struct {
  int64_t kernel;
  int64_t sample;
  float coefficient;
} ganglion_pick;

/// Correlates the residual, of which `held` samples have arrived, with every kernel at the starts of all blocks that have
/// become complete, and refreshes `known` and the maxima; starts from `limit` on are left at zero. Blocks in which nothing
/// can reach the threshold are left uncorrelated until an atom is subtracted nearby: silence costs nothing.
void ganglion_pursuit_advance(const ganglion_pursuit *window, int64_t held, int64_t limit, float threshold);

/// Subtracts an atom from the residual and corrects every known correlation from sample `open` on, and the maxima.
void ganglion_pursuit_subtract(
    const ganglion_pursuit *window, int64_t open, int64_t kernel, int64_t sample, float coefficient);

/// Takes the best atom that starts in one of the ranges and whose score reaches that range's threshold: subtracts it
/// from the residual, corrects every known correlation from sample `open` on, and returns 1; returns 0 when there is
/// none. Ranges are widened to whole blocks; equal scores go to the earliest block, the lowest kernel, the earliest
/// sample.
int32_t ganglion_pursuit_pick(
    const ganglion_pursuit *window, int64_t open, const ganglion_range *ranges, int64_t range_count,
    ganglion_pick *pick);

/// The same among settled atoms: those that no better one rivals within `reach` in time and `spread` kernels, and whose
/// own kernel is known that far ahead of them. Both shrink to half from `span` samples to 0 before closing. `is_first` is
/// nonzero at the first call after the window moved on; until the next one, thresholds must not fall.
int32_t ganglion_pursuit_pick_settled(
    const ganglion_pursuit *window, int64_t open, int64_t held, const ganglion_range *ranges, int64_t range_count,
    int64_t span, int32_t is_first, ganglion_pick *pick);

/// gram[lag + count_b - 1] = sum over k of a[k + lag] * b[k], for lag in -(count_b - 1)...count_a - 1.
void ganglion_cross_correlate(const float *a, int64_t count_a, const float *b, int64_t count_b, float *gram);

/// A bank of gammatone filters: each a cascade of `order` complex poles (real, imaginary), of the given gain. `state`
/// holds 2 * order values a channel and carries on; `fine` and `envelope` get count values a channel.
void ganglion_gammatone_bank(
    int64_t channels, int64_t order, const double *poles, const double *gains, double *state, const float *samples,
    int64_t count, float *fine, float *envelope);

#endif
