#include "events_support.h"

int64_t ganglion_accumulate_events(
    const uint16_t *x, const uint16_t *y, const uint8_t *polarities, int64_t count, const uint32_t *columns,
    uint32_t width, const uint32_t *rows, uint32_t height, uint32_t plane, uint32_t *counts, uint64_t *occupied) {
  int64_t outside = 0;
  for (int64_t i = 0; i < count; i++) {
    if (x[i] >= width || y[i] >= height) {
      outside++;
      continue;
    }
    const uint32_t input = (polarities[i] ? plane : 0) + rows[y[i]] + columns[x[i]];
    counts[input]++;
    occupied[input >> 6] |= (uint64_t)1 << (input & 63);
  }
  return outside;
}

CLONES int64_t ganglion_count_bits(const uint64_t *words, int64_t count) {
  int64_t bits = 0;
  for (int64_t i = 0; i < count; i++) bits += __builtin_popcountll(words[i]);
  return bits;
}

void ganglion_take_counts(
    uint32_t *counts, uint64_t *occupied, int64_t words, uint32_t limit, uint32_t *channels, float *values) {
  int64_t n = 0;
  for (int64_t i = 0; i < words; i++) {
    uint64_t bits = occupied[i];
    if (!bits) continue;
    occupied[i] = 0;
    for (; bits; bits &= bits - 1) {
      const uint32_t input = (uint32_t)(64 * i + __builtin_ctzll(bits));
      channels[n] = input;
      values[n++] = (float)(counts[input] < limit ? counts[input] : limit);
      counts[input] = 0;
    }
  }
}

int64_t ganglion_first_at_or_after(const int64_t *times, int64_t start, int64_t count, int64_t time) {
  for (int64_t i = start; i < count; i++) {
    if (times[i] >= time) return i;
  }
  return count;
}

CLONES int64_t ganglion_count_earlier(const int64_t *times, int64_t start, int64_t end, int64_t time) {
  int64_t earlier = 0;
  for (int64_t i = start; i < end; i++) earlier += times[i] < time;
  return earlier;
}
