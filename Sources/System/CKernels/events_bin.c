#include "events_support.h"

enum { BLOCK = 256 };

/* Flat inputs of one block, of pixels that fall together by a power of two; true when an event lies outside. */
CLONES static int flat_inputs(
    const uint16_t *x, const uint16_t *y, const uint8_t *polarities, int64_t count, const ganglion_input_map *map,
    uint32_t *inputs) {
  uint32_t outside = 0;
  const uint32_t width = map->width, height = map->height, stride = map->stride, plane = map->plane;
  const int shift = map->shift;
  for (int64_t i = 0; i < count; i++) {
    outside |= (uint32_t)(x[i] >= width) | (uint32_t)(y[i] >= height);
    inputs[i] = (polarities[i] ? plane : 0) + ((uint32_t)y[i] >> shift) * stride + ((uint32_t)x[i] >> shift);
  }
  return outside != 0;
}

static inline void count_one(uint8_t *counts, uint32_t *beyond, int64_t *beyond_count, uint32_t input) {
  /* 255 stays 255: what goes beyond is counted apart, which only a very busy input needs. */
  const uint8_t before = counts[input];
  if (__builtin_expect(before == 255, 0)) {
    beyond[input]++;
    (*beyond_count)++;
  } else {
    counts[input] = before + 1;
  }
}

/* By the tables, without a division; returns how many lay outside. */
static int64_t count_by_tables(
    const uint16_t *x, const uint16_t *y, const uint8_t *polarities, int64_t count, const ganglion_input_map *map,
    uint8_t *counts, uint32_t *beyond, int64_t *beyond_count, int64_t *cut) {
  const uint32_t *columns = map->columns, *rows = map->rows;
  const uint32_t width = map->width, height = map->height, plane = map->plane;
  int64_t outside = 0, cut_off = 0;
  for (int64_t i = 0; i < count; i++) {
    if (__builtin_expect(x[i] >= width || y[i] >= height, 0)) {
      outside++;
      continue;
    }
    const uint32_t input = rows[y[i]] + columns[x[i]];
    if (input >= plane) {
      cut_off++;
      continue;
    }
    count_one(counts, beyond, beyond_count, (polarities[i] ? plane : 0) + input);
  }
  *cut += cut_off;
  return outside;
}

int64_t ganglion_accumulate_events(
    const uint16_t *x, const uint16_t *y, const uint8_t *polarities, int64_t count, const ganglion_input_map *map,
    uint8_t *counts, uint32_t *beyond, int64_t *beyond_count, int64_t *cut) {
  if (map->shift < 0) {
    return count_by_tables(x, y, polarities, count, map, counts, beyond, beyond_count, cut);
  }
  uint32_t inputs[BLOCK];
  int64_t outside = 0;
  for (int64_t start = 0; start < count; start += BLOCK) {
    const int64_t size = count - start < BLOCK ? count - start : BLOCK;
    if (!flat_inputs(x + start, y + start, polarities + start, size, map, inputs)) {
      for (int64_t i = 0; i < size; i++) count_one(counts, beyond, beyond_count, inputs[i]);
      continue;
    }
    /* Events outside are rare: those of the block go one by one. */
    outside += count_by_tables(
        x + start, y + start, polarities + start, size, map, counts, beyond, beyond_count, cut);
  }
  return outside;
}

void ganglion_event_moments(
    const uint16_t *x, const uint16_t *y, int64_t count, uint32_t width, uint32_t height,
    ganglion_event_moments_sums *sums) {
  int64_t n = 0, sx = 0, sy = 0, sxx = 0, syy = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t inside = x[i] < width && y[i] < height, column = inside ? x[i] : 0, row = inside ? y[i] : 0;
    n += inside;
    sx += column;
    sy += row;
    sxx += column * column;
    syy += row * row;
  }
  sums->count += n;
  sums->x += sx;
  sums->y += sy;
  sums->xx += sxx;
  sums->yy += syy;
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
