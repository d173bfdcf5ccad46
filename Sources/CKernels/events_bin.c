#include "events_support.h"

int64_t ganglion_accumulate_events(
    const uint16_t *x, const uint16_t *y, const uint8_t *polarities, int64_t count, const uint32_t *columns,
    uint32_t width, const uint32_t *rows, uint32_t height, uint32_t plane, uint8_t *counts, uint32_t *beyond,
    int64_t *beyond_count) {
  int64_t outside = 0;
  for (int64_t i = 0; i < count; i++) {
    if (x[i] >= width || y[i] >= height) {
      outside++;
      continue;
    }
    const uint32_t input = (polarities[i] ? plane : 0) + rows[y[i]] + columns[x[i]];
    /* 255 stays 255: what goes beyond is counted apart, which only a very busy input needs. */
    if (__builtin_expect(counts[input] == 255, 0)) {
      beyond[input]++;
      (*beyond_count)++;
      continue;
    }
    counts[input]++;
  }
  return outside;
}

CLONES int64_t ganglion_count_active(const uint8_t *counts, int64_t size) {
  int64_t active = 0;
  for (int64_t start = 0; start < size; start += 128) {
    uint8_t here = 0;
    if (start + 128 <= size) {
      for (int64_t i = start; i < start + 128; i++) here += counts[i] != 0;
    } else {
      for (int64_t i = start; i < size; i++) here += counts[i] != 0;
    }
    active += here;
  }
  return active;
}

void ganglion_take_counts(
    uint8_t *counts, uint32_t *beyond, int64_t beyond_count, int64_t size, uint32_t limit, uint32_t *channels,
    float *values) {
  int64_t n = 0;
  for (int64_t i = 0; i + 8 <= size; i += 8) {
    uint64_t word = load_le64(counts + i);
    if (!word) continue;
    memset(counts + i, 0, 8);
    if (__builtin_expect(beyond_count > 0, 0)) {
      for (int64_t input = i; input < i + 8; input++) {
        uint32_t value = (uint32_t)(word >> (8 * (input - i))) & 0xff;
        if (!value) continue;
        value += beyond[input];
        beyond[input] = 0;
        channels[n] = (uint32_t)input;
        values[n++] = (float)(value < limit ? value : limit);
      }
      continue;
    }
    /* All eight are written and only those that count are kept: nothing to guess for the processor. */
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++) {
      const uint32_t value = (uint32_t)(word >> (8 * k)) & 0xff;
      channels[n] = (uint32_t)i + (uint32_t)k;
      values[n] = (float)(int32_t)(value < limit ? value : limit);
      n += value != 0;
    }
  }
}

CLONES int64_t ganglion_first_at_or_after(const int64_t *times, int64_t start, int64_t count, int64_t time) {
  int64_t i = start;
  for (; i + 64 <= count; i += 64) {
    int64_t found = 0;
    for (int64_t k = i; k < i + 64; k++) found += times[k] >= time;
    if (found) break;
  }
  for (; i < count; i++) {
    if (times[i] >= time) return i;
  }
  return count;
}

CLONES int64_t ganglion_count_earlier(const int64_t *times, int64_t start, int64_t end, int64_t time) {
  int64_t earlier = 0;
  for (int64_t i = start; i < end; i++) earlier += times[i] < time;
  return earlier;
}
