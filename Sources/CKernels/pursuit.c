#include "include/kernels_pursuit.h"
#include "dispatch.h"

enum { BLOCK = GANGLION_PURSUIT_BLOCK, LANES = BLOCK / 8 };

static inline f32x8 load8(const float *at) { return *(const f32x8 *)at; }
static inline void store8(float *at, f32x8 value) { *(f32x8 *)at = value; }

static inline __attribute__((always_inline)) float score_block(const float *c, int64_t is_signed) {
  f32x8 best = is_signed ? __builtin_elementwise_abs(load8(c)) : load8(c);
  for (int i = 1; i < LANES; i++) {
    const f32x8 next = load8(c + 8 * i);
    const f32x8 score = is_signed ? __builtin_elementwise_abs(next) : next;
    best = score > best ? score : best;
  }
  float score = best[0];
  for (int i = 1; i < 8; i++) score = best[i] > score ? best[i] : score;
  return score;
}

static inline __attribute__((always_inline)) void refresh_column(const ganglion_pursuit *w, int64_t column) {
  const float *row = w->block_maximum + column * w->kernels;
  float best = row[0];
  for (int64_t m = 1; m < w->kernels; m++) best = row[m] > best ? row[m] : best;
  w->column_maximum[column] = best;
}

static inline __attribute__((always_inline)) void correlate(
    const ganglion_pursuit *w, int64_t kernel, int64_t first, int64_t end, int64_t limit) {
#pragma clang fp contract(fast)
  const float *taps = w->taps + w->tap_offset[kernel];
  const int64_t count = w->length[kernel];
  for (int64_t block = first; block < end; block++) {
    const float *r = w->residual + block * BLOCK;
    /* Two sets of sums, for even and odd taps, hide the latency of the multiply-add. */
    f32x8 even[LANES] = {0}, odd[LANES] = {0};
    int64_t k = 0;
    for (; k + 1 < count; k += 2) {
      for (int i = 0; i < LANES; i++) even[i] += taps[k] * load8(r + k + 8 * i);
      for (int i = 0; i < LANES; i++) odd[i] += taps[k + 1] * load8(r + k + 1 + 8 * i);
    }
    if (k < count)
      for (int i = 0; i < LANES; i++) even[i] += taps[k] * load8(r + k + 8 * i);
    float *c = w->correlation + kernel * w->stride + block * BLOCK;
    for (int i = 0; i < LANES; i++) store8(c + 8 * i, even[i] + odd[i]);
    for (int64_t i = limit - block * BLOCK < 0 ? 0 : limit - block * BLOCK; i < BLOCK; i++) c[i] = 0;
    const float score = score_block(c, w->is_signed);
    w->block_maximum[block * w->kernels + kernel] = score;
    if (score > w->column_maximum[block]) w->column_maximum[block] = score;
  }
}

CLONES void ganglion_pursuit_advance(const ganglion_pursuit *w, int64_t held, int64_t limit) {
  for (int64_t m = 0; m < w->kernels; m++) {
    const int64_t first = (w->known[m] + BLOCK - 1) / BLOCK;
    int64_t end = (held - w->length[m] + 1) / BLOCK;
    if (end > (limit + BLOCK - 1) / BLOCK) end = (limit + BLOCK - 1) / BLOCK;
    if (end <= first) continue;
    correlate(w, m, first, end, limit);
    w->known[m] = end * BLOCK < limit ? end * BLOCK : limit;
  }
}

CLONES int32_t ganglion_pursuit_pick(
    const ganglion_pursuit *w, int64_t base, int64_t open, const int64_t *ranges, int64_t range_count,
    float threshold, ganglion_pick *pick) {
#pragma clang fp contract(fast)
  int64_t column = -1;
  float best = 0;
  for (int64_t range = 0; range < range_count; range++)
    for (int64_t i = (ranges[2 * range] - base) / BLOCK; i < (ranges[2 * range + 1] - base + BLOCK - 1) / BLOCK; i++)
      if (w->column_maximum[i] > best) {
        best = w->column_maximum[i];
        column = i;
      }
  if (column < 0 || best < threshold) return 0;

  const float *row = w->block_maximum + column * w->kernels;
  int64_t a = 0;
  while (a < w->kernels - 1 && row[a] != best) a++;
  const float *c = w->correlation + a * w->stride + column * BLOCK;
  int64_t at = 0;
  while (at < BLOCK - 1 && (w->is_signed ? __builtin_fabsf(c[at]) : c[at]) != best) at++;
  const float coefficient = c[at];
  const int64_t sample = column * BLOCK + at;
  pick->kernel = a;
  pick->sample = sample;
  pick->coefficient = coefficient;

  const float *taps = w->taps + w->tap_offset[a];
  const int64_t length = w->length[a];
  for (int64_t k = 0; k < length; k++) w->residual[sample + k] -= coefficient * taps[k];

  int64_t touched_first = column, touched_end = column;
  for (int64_t b = 0; b < w->kernels; b++) {
    int64_t lo = sample - (w->length[b] - 1), hi = sample + length;
    if (lo < open) lo = open;
    if (hi > w->known[b]) hi = w->known[b];
    if (lo >= hi) continue;
    const float *gram = w->gram + w->gram_offset[a * w->kernels + b] + (w->length[b] - 1) - sample;
    float *into = w->correlation + b * w->stride;
    for (int64_t i = lo; i < hi; i++) into[i] -= coefficient * gram[i];
    const int64_t block_first = lo / BLOCK, block_end = (hi + BLOCK - 1) / BLOCK;
    for (int64_t block = block_first; block < block_end; block++)
      w->block_maximum[block * w->kernels + b] = score_block(into + block * BLOCK, w->is_signed);
    if (block_first < touched_first) touched_first = block_first;
    if (block_end > touched_end) touched_end = block_end;
  }
  for (int64_t i = touched_first; i < touched_end; i++) refresh_column(w, i);
  return 1;
}

CLONES void ganglion_cross_correlate(const float *a, int64_t count_a, const float *b, int64_t count_b, float *gram) {
#pragma clang fp contract(fast)
  for (int64_t lag = 1 - count_b; lag < count_a; lag++) {
    const int64_t first = lag < 0 ? -lag : 0;
    const int64_t end = count_a - lag < count_b ? count_a - lag : count_b;
    /* Eight running sums in double: the table is exact to the last bit of a float. */
    double sums[8] = {0};
    int64_t k = first;
    for (; k + 8 <= end; k += 8)
      for (int i = 0; i < 8; i++) sums[i] += (double)a[k + lag + i] * b[k + i];
    double sum = 0;
    for (; k < end; k++) sum += (double)a[k + lag] * b[k];
    for (int i = 0; i < 8; i++) sum += sums[i];
    gram[lag + count_b - 1] = (float)sum;
  }
}
