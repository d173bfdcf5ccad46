#include "include/kernels_pursuit.h"
#include "dispatch.h"

enum { BLOCK = GANGLION_PURSUIT_BLOCK, LANES = BLOCK / 8 };

/* The score of a block that is too quiet to have been correlated: under every other score, so that it is never picked. */
static const float UNKNOWN = -1e30f;

/* Macros, since a function that returns a vector has another calling convention at each level. */
#define load8(at) (*(const f32x8 *)(at))
#define store8(at, value) (*(f32x8 *)(at) = (value))

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
  int64_t m = 1;
  if (w->kernels >= 8) {
    f32x8 most = load8(row);
    for (m = 8; m + 8 <= w->kernels; m += 8) most = load8(row + m) > most ? load8(row + m) : most;
    for (int i = 0; i < 8; i++) best = most[i] > best ? most[i] : best;
  }
  for (; m < w->kernels; m++) best = row[m] > best ? row[m] : best;
  w->column_maximum[column] = best;
}

/* Clears the starts from `limit` on and scores the block. */
static inline __attribute__((always_inline)) void finish_block(
    const ganglion_pursuit *w, int64_t kernel, int64_t block, int64_t limit) {
  float *c = w->correlation + kernel * w->stride + block * BLOCK;
  for (int64_t i = limit - block * BLOCK < 0 ? 0 : limit - block * BLOCK; i < BLOCK; i++) c[i] = 0;
  w->block_maximum[block * w->kernels + kernel] = score_block(c, w->is_signed);
}

/* Correlates the residual with one kernel at the starts of one block, from a tap on; sums go on from what is there. */
static inline __attribute__((always_inline)) void correlate_from(
    const ganglion_pursuit *w, int64_t kernel, int64_t block, int64_t first_tap, f32x8 sums[LANES]) {
#pragma clang fp contract(fast)
  const float *taps = w->taps + w->tap_offset[kernel];
  const float *r = w->residual + block * BLOCK;
  f32x8 odd[LANES] = {0};
  int64_t k = first_tap;
  const int64_t count = w->length[kernel];
  for (; k + 1 < count; k += 2) {
    for (int i = 0; i < LANES; i++) sums[i] += taps[k] * load8(r + k + 8 * i);
    for (int i = 0; i < LANES; i++) odd[i] += taps[k + 1] * load8(r + k + 1 + 8 * i);
  }
  if (k < count)
    for (int i = 0; i < LANES; i++) sums[i] += taps[k] * load8(r + k + 8 * i);
  float *c = w->correlation + kernel * w->stride + block * BLOCK;
  for (int i = 0; i < LANES; i++) store8(c + 8 * i, sums[i] + odd[i]);
}

/* The same for one kernel alone, and for two of adjacent numbers, the second no longer, which share what they load. */
static inline __attribute__((always_inline)) void correlate(
    const ganglion_pursuit *w, int64_t kernel, int64_t block, int64_t limit) {
  f32x8 sums[LANES] = {0};
  correlate_from(w, kernel, block, 0, sums);
  finish_block(w, kernel, block, limit);
  *w->multiplications += w->length[kernel] * BLOCK;
}

static inline __attribute__((always_inline)) void correlate_two(
    const ganglion_pursuit *w, int64_t kernel, int64_t block, int64_t limit) {
#pragma clang fp contract(fast)
  const float *long_taps = w->taps + w->tap_offset[kernel], *short_taps = w->taps + w->tap_offset[kernel + 1];
  const int64_t count = w->length[kernel + 1];
  const float *r = w->residual + block * BLOCK;
  f32x8 long_sums[LANES] = {0}, short_sums[LANES] = {0};
  for (int64_t k = 0; k < count; k++) {
    const float a = long_taps[k], b = short_taps[k];
    for (int i = 0; i < LANES; i++) {
      const f32x8 x = load8(r + k + 8 * i);
      long_sums[i] += a * x;
      short_sums[i] += b * x;
    }
  }
  float *c = w->correlation + (kernel + 1) * w->stride + block * BLOCK;
  for (int i = 0; i < LANES; i++) store8(c + 8 * i, short_sums[i]);
  correlate_from(w, kernel, block, count, long_sums);
  finish_block(w, kernel, block, limit);
  finish_block(w, kernel + 1, block, limit);
  *w->multiplications += (w->length[kernel] + count) * BLOCK;
}

/* Sums of the residual's squares before each block, from `first` on. */
static inline __attribute__((always_inline)) void sum_energy(const ganglion_pursuit *w, int64_t first, int64_t end) {
#pragma clang fp contract(fast)
  double sum = 0;
  for (int64_t block = first; block < end; block++) {
    w->energy[block] = sum;
    const float *r = w->residual + block * BLOCK;
    f32x8 squares = {0};
    for (int i = 0; i < LANES; i++) squares += load8(r + 8 * i) * load8(r + 8 * i);
    for (int i = 0; i < 8; i++) sum += squares[i];
  }
  w->energy[end] = sum;
  if (end > first) *w->multiplications += (end - first) * BLOCK;
}

CLONES void ganglion_pursuit_advance(const ganglion_pursuit *w, int64_t held, int64_t limit, float threshold) {
  const int64_t held_end = (held + BLOCK - 1) / BLOCK, limit_end = (limit + BLOCK - 1) / BLOCK;
  int64_t oldest = held_end, newest = 0;
  for (int64_t m = 0; m < w->kernels; m++) {
    const int64_t first = (w->known[m] + BLOCK - 1) / BLOCK;
    if (first < oldest) oldest = first;
  }
  sum_energy(w, oldest, held_end);
  /* Kernels go in pairs: the second of a pair, a little shorter, waits for the first. */
  for (int64_t m = 0; m < w->kernels; m += 2) {
    const int is_pair = m + 1 < w->kernels;
    const int64_t first = (w->known[m] + BLOCK - 1) / BLOCK;
    int64_t end = (held - w->length[m] + 1) / BLOCK;
    if (end > limit_end) end = limit_end;
    if (end <= first) continue;
    for (int64_t block = first; block < end; block++) {
      /* No correlation exceeds the norm of what it is taken over; a quarter is left for rounding. */
      int64_t last = block + (w->length[m] + BLOCK - 1) / BLOCK + 1;
      if (last > held_end) last = held_end;
      const double bound = w->energy[last] - w->energy[block];
      if (bound < 0.5 * (double)threshold * threshold) {
        w->block_maximum[block * w->kernels + m] = UNKNOWN;
        if (is_pair) w->block_maximum[block * w->kernels + m + 1] = UNKNOWN;
      } else if (is_pair) {
        correlate_two(w, m, block, limit);
      } else {
        correlate(w, m, block, limit);
      }
    }
    w->known[m] = end * BLOCK < limit ? end * BLOCK : limit;
    if (is_pair) w->known[m + 1] = w->known[m];
    if (end > newest) newest = end;
  }
  for (int64_t i = oldest; i < newest; i++) refresh_column(w, i);
}

CLONES void ganglion_pursuit_subtract(
    const ganglion_pursuit *w, int64_t open, int64_t a, int64_t sample, float coefficient) {
#pragma clang fp contract(fast)
  const float *taps = w->taps + w->tap_offset[a];
  const int64_t length = w->length[a];
  for (int64_t k = 0; k < length; k++) w->residual[sample + k] -= coefficient * taps[k];
  *w->multiplications += length;

  const int64_t at = sample / BLOCK;
  const int64_t rows = (length + BLOCK - 1) / BLOCK + 2 - w->gram_bound_first;
  const float least = w->tolerance / __builtin_fabsf(coefficient);
  int64_t touched_first = at, touched_end = at;
  for (int64_t b = 0; b < w->kernels; b++) {
    if (w->gram_peak[a * w->kernels + b] < least) continue;
    int64_t lo = sample - (w->length[b] - 1), hi = sample + length;
    if (lo < open) lo = open;
    if (hi > w->known[b]) hi = w->known[b];
    if (lo >= hi) continue;
    const float *gram = w->gram + w->gram_offset[a * w->kernels + b] + (w->length[b] - 1) - sample;
    const float *most = w->gram_bound + w->gram_bound_offset[a] + b * rows - at - w->gram_bound_first;
    float *into = w->correlation + b * w->stride;
    const int64_t block_first = lo / BLOCK, block_end = (hi + BLOCK - 1) / BLOCK;
    for (int64_t block = block_first; block < block_end; block++) {
      /* A block that was too quiet to be correlated stays so where the atom adds next to nothing. */
      if (most[block] < least) continue;
      float *best = w->block_maximum + block * w->kernels + b;
      if (*best == UNKNOWN) {
        correlate(w, b, block, w->known[b]);
      } else {
        const int64_t from = lo > block * BLOCK ? lo : block * BLOCK;
        const int64_t to = hi < (block + 1) * BLOCK ? hi : (block + 1) * BLOCK;
        for (int64_t i = from; i < to; i++) into[i] -= coefficient * gram[i];
        *w->multiplications += to - from;
        *best = score_block(into + block * BLOCK, w->is_signed);
      }
      w->verdict[block].is_touched = 1;
      if (block < touched_first) touched_first = block;
      if (block >= touched_end) touched_end = block + 1;
    }
  }
  /* What is settled in a column depends on the columns within the longest reach of it. */
  const int64_t near = w->longest_reach / BLOCK + 1;
  int64_t cleared_end = 0;
  for (int64_t i = touched_first; i < touched_end; i++) {
    if (!w->verdict[i].is_touched) continue;
    w->verdict[i].is_touched = 0;
    refresh_column(w, i);
    int64_t x = i - near > cleared_end ? i - near : cleared_end;
    for (; x <= i + near && x < w->stride / BLOCK; x++) w->verdict[x].is_known = 0;
    cleared_end = x;
  }
}

/* Takes the atom with the best score of one block of one kernel. */
static inline __attribute__((always_inline)) void take(
    const ganglion_pursuit *w, int64_t open, int64_t column, int64_t kernel, float best, ganglion_pick *pick) {
  const float *c = w->correlation + kernel * w->stride + column * BLOCK;
  int64_t at = 0;
  while (at < BLOCK - 1 && (w->is_signed ? __builtin_fabsf(c[at]) : c[at]) != best) at++;
  pick->kernel = kernel;
  pick->sample = column * BLOCK + at;
  pick->coefficient = c[at];
  ganglion_pursuit_subtract(w, open, kernel, pick->sample, pick->coefficient);
}

CLONES int32_t ganglion_pursuit_pick(
    const ganglion_pursuit *w, int64_t open, const ganglion_range *ranges, int64_t range_count, ganglion_pick *pick) {
  int64_t column = -1;
  float best = 0;
  for (const ganglion_range *range = ranges; range < ranges + range_count; range++)
    for (int64_t i = range->first / BLOCK; i < (range->end + BLOCK - 1) / BLOCK; i++)
      if (w->column_maximum[i] > best && w->column_maximum[i] >= range->threshold) {
        best = w->column_maximum[i];
        column = i;
      }
  if (column < 0) return 0;
  const float *row = w->block_maximum + column * w->kernels;
  int64_t kernel = 0;
  while (kernel < w->kernels - 1 && row[kernel] != best) kernel++;
  take(w, open, column, kernel, best, pick);
  return 1;
}

/* Finds the best settled atom of one column that reaches a score. */
static inline __attribute__((always_inline)) void judge_column(
    const ganglion_pursuit *w, int64_t open_column, int64_t end_column, int64_t span, float least, int64_t column) {
  const int64_t kernels = w->kernels;
  /* From half the reach when the block is about to close to the whole of it when it is young. */
  const int64_t age = (column - open_column) * BLOCK;
  const float share = age >= span ? 1 : 0.5f + 0.5f * (float)age / (float)span;
  const int64_t near = (int64_t)((float)w->spread * share + 0.5f);
  const float *row = w->block_maximum + column * kernels;
  float best = UNKNOWN;
  int64_t kernel = -1;
  for (int64_t m = 0; m < kernels; m++) {
    const float score = row[m];
    if (score <= best || score < least) continue;
    if ((column + 1) * BLOCK + w->reach[m] > w->known[m]) continue;
    const int64_t reach = (int64_t)((float)w->reach[m] * share / BLOCK + 0.5f);
    const int64_t from = column - reach < open_column ? open_column : column - reach;
    const int64_t to = column + reach >= end_column ? end_column - 1 : column + reach;
    const int64_t low = m - near < 0 ? 0 : m - near;
    const int64_t high = m + near >= kernels ? kernels - 1 : m + near;
    int rivalled = 0;
    for (int64_t x = from; x <= to && !rivalled; x++) {
      if (w->column_maximum[x] <= score) continue;
      for (int64_t y = low; y <= high; y++) rivalled |= w->block_maximum[x * kernels + y] > score;
    }
    if (rivalled) continue;
    best = score;
    kernel = m;
  }
  w->verdict[column].is_known = 1;
  w->verdict[column].score = best;
  w->verdict[column].kernel = kernel;
}

CLONES int32_t ganglion_pursuit_pick_settled(
    const ganglion_pursuit *w, int64_t open, int64_t held, const ganglion_range *ranges, int64_t range_count,
    int64_t span, int32_t is_first, ganglion_pick *pick) {
  const int64_t open_column = open / BLOCK, end_column = (held + BLOCK - 1) / BLOCK;
  float least = range_count > 0 ? ranges[0].threshold : 0;
  for (int64_t r = 1; r < range_count; r++) least = ranges[r].threshold < least ? ranges[r].threshold : least;
  if (is_first)
    for (int64_t i = open_column; i < end_column; i++) w->verdict[i].is_known = 0;
  int64_t column = -1;
  float best = 0;
  for (const ganglion_range *range = ranges; range < ranges + range_count; range++) {
    const int64_t first = range->first / BLOCK, end = (range->end + BLOCK - 1) / BLOCK;
    /* The most promising column first: once its atom is known, most others need not be looked at. */
    for (int64_t i = first; i < end; i++) 
      w->key[i] = w->verdict[i].is_known ? w->verdict[i].score : w->column_maximum[i];
    for (;;) {
      int64_t i = first;
      float most = UNKNOWN;
      for (int64_t x = first; x < end; x++) most = w->key[x] > most ? w->key[x] : most;
      if (most <= best || most < range->threshold) break;
      while (w->key[i] != most) i++;
      if (w->verdict[i].is_known) {
        best = most;
        column = i;
        break;
      }
      judge_column(w, open_column, end_column, span, least, i);
      w->key[i] = w->verdict[i].score;
    }
  }
  if (column < 0) return 0;
  take(w, open, column, w->verdict[column].kernel, best, pick);
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
