#include "events_counter.h"

/* Formats of records of one size: DAT, the events of an AEDAT 4 packet. And Event Stream. */

static int64_t dat_time(const uint8_t *record) { return load_le32(record); }

static inline int take_dat_time(
    ganglion_wrap_state *s, const uint8_t *bytes, int64_t i, int64_t records, int32_t is_last) {
  const uint8_t *const record = bytes + 8 * i;
  return take_record(s, load_le32(record), record, 8, records - i - 1, is_last, COUNTER_32, dat_time);
}

CLONES ganglion_event_progress ganglion_decode_dat(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_dat_layout f, ganglion_wrap_state *state,
    ganglion_event_columns output, ganglion_event_report *report) {
  const int64_t available = size / 8;
  const int64_t records = available < output.capacity ? available : output.capacity;
  ganglion_wrap_state s = *state;
  int64_t i = 0;
  if (f.is_trigger) {
    for (; i < available && !triggers_full(report); i++) {
      const uint32_t data = load_le32(bytes + 8 * i + 4);
      const int judged = take_dat_time(&s, bytes, i, available, is_last);
      if (judged == STEP_WAIT) break;
      if (judged == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, 8 * i)) {
        i++;
        break;
      }
      trigger(report, s.epoch + s.last, (data >> 8) & 31, data & 1);
    }
    *state = s;
    return (ganglion_event_progress){8 * i, 0};
  }
  while (i < records) {
    /* A block is converted in one sweep as if the counter did not run over; where a step is a long one, the block's
       times are done again one by one. */
    const int64_t end = i + 512 < records ? i + 512 : records;
    const int64_t epoch = s.epoch, near = COUNTER_32.near;
    for (int64_t k = i; k < end; k++) {
      const uint64_t record = load_le64(bytes + 8 * k);
      const uint32_t data = (uint32_t)(record >> 32);
      output.times[k] = epoch + (int64_t)(uint32_t)record;
      output.x[k] = (uint16_t)(data & f.x_mask);
      output.y[k] = (uint16_t)((data >> f.y_shift) & f.y_mask);
      output.polarities[k] = (uint8_t)(((data >> f.polarity_shift) & f.polarity_mask) != 0);
    }
    int64_t leaps = s.seen < 2 || (uint64_t)(output.times[i] - epoch - s.last + near) > (uint64_t)(2 * near);
    for (int64_t k = i + 1; k < end; k++) {
      leaps += (uint64_t)(output.times[k] - output.times[k - 1] + near) > (uint64_t)(2 * near);
    }
    if (__builtin_expect(!leaps, 1)) {
      s.last = output.times[end - 1] - epoch;
      i = end;
      continue;
    }
    for (; i < end; i++) {
      const int judged = take_dat_time(&s, bytes, i, available, is_last);
      if (judged == STEP_WAIT) goto out;
      if (judged == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, 8 * i)) {
        *state = s;
        return (ganglion_event_progress){8 * (i + 1), i};
      }
      output.times[i] = s.epoch + s.last;
    }
  }
out:
  *state = s;
  return (ganglion_event_progress){8 * i, i};
}

typedef uint64_t u64x2 __attribute__((ext_vector_type(2), aligned(1)));
typedef uint64_t u64x4 __attribute__((ext_vector_type(4), aligned(8)));
typedef uint16_t u16x8 __attribute__((ext_vector_type(8), aligned(2)));
typedef uint8_t u8x8 __attribute__((ext_vector_type(8), aligned(1)));

CLONES int64_t ganglion_decode_aedat4_events(const uint8_t *bytes, int64_t count, ganglion_event_columns output) {
  const int64_t n = count < output.capacity ? count : output.capacity;
  int64_t i = 0;
  /* Eight events at a time, their fields sorted into columns by shuffles. */
  for (; i + 8 <= n; i += 8) {
    u64x2 event[8];
    for (int k = 0; k < 8; k++) event[k] = *(const u64x2 *)(bytes + 16 * (i + k));
    u16x8 places[2], polarities[2];
    for (int k = 0; k < 2; k++) {
      const u64x2 *e = event + 4 * k;
      *(u64x4 *)(output.times + i + 4 * k) = __builtin_shufflevector(
          __builtin_shufflevector(e[0], e[1], 0, 2), __builtin_shufflevector(e[2], e[3], 0, 2), 0, 1, 2, 3);
      const u16x8 first = (u16x8)__builtin_shufflevector(e[0], e[1], 1, 3);
      const u16x8 second = (u16x8)__builtin_shufflevector(e[2], e[3], 1, 3);
      places[k] = __builtin_shufflevector(first, second, 0, 4, 8, 12, 1, 5, 9, 13);
      polarities[k] = __builtin_shufflevector(first, second, 2, 6, 10, 14, -1, -1, -1, -1);
    }
    *(u16x8 *)(output.x + i) = __builtin_shufflevector(places[0], places[1], 0, 1, 2, 3, 8, 9, 10, 11);
    *(u16x8 *)(output.y + i) = __builtin_shufflevector(places[0], places[1], 4, 5, 6, 7, 12, 13, 14, 15);
    const u16x8 on = __builtin_shufflevector(polarities[0], polarities[1], 0, 1, 2, 3, 8, 9, 10, 11) & 0xff;
    *(u8x8 *)(output.polarities + i) = __builtin_convertvector((u16x8)(on != 0) & 1, u8x8);
  }
  for (; i < n; i++) {
    const uint64_t rest = load_le64(bytes + 16 * i + 8);
    output.times[i] = (int64_t)load_le64(bytes + 16 * i);
    output.x[i] = (uint16_t)rest;
    output.y[i] = (uint16_t)(rest >> 16);
    output.polarities[i] = ((rest >> 32) & 0xff) != 0;
  }
  return n;
}

ganglion_event_progress ganglion_decode_es_dvs(
    const uint8_t *bytes, int64_t size, int32_t last_row, int64_t *time, ganglion_event_columns output,
    ganglion_event_report *report) {
  int64_t i = 0, n = 0, t = *time, resets = 0;
  while (i < size && n < output.capacity) {
    const uint32_t head = bytes[i];
    if (__builtin_expect(head >= 0xfe, 0)) {
      /* 255 lets 127 microseconds pass; 254 is filling. */
      t += head == 0xff ? 127 : 0;
      resets += head == 0xfe;
      i++;
      continue;
    }
    if (i + 5 > size) break;
    const uint32_t address = load_le32(bytes + i + 1);
    t += head >> 1;
    output.times[n] = t;
    output.x[n] = (uint16_t)address;
    output.y[n] = (uint16_t)((uint32_t)last_row - (address >> 16));
    output.polarities[n] = head & 1;
    n++;
    i += 5;
  }
  report->skipped[GANGLION_SKIPPED_PADDING] += resets;
  *time = t;
  return (ganglion_event_progress){i, n};
}

ganglion_event_progress ganglion_decode_es_atis(
    const uint8_t *bytes, int64_t size, int32_t last_row, int64_t *time, ganglion_event_columns output,
    ganglion_event_report *report) {
  int64_t i = 0, n = 0, t = *time;
  while (i < size && n < output.capacity) {
    const uint32_t head = bytes[i];
    if (head >= 0xfc) {
      if (head == 0xfc) report->skipped[GANGLION_SKIPPED_PADDING]++;
      t += (head & 3) * 63;
      i++;
      continue;
    }
    if (i + 5 > size) break;
    const uint32_t address = load_le32(bytes + i + 1);
    t += head >> 2;
    i += 5;
    if (head & 1) {
      /* The crossing of a threshold measures brightness; it is no change. */
      report->skipped[GANGLION_SKIPPED_SPECIAL]++;
      continue;
    }
    output.times[n] = t;
    output.x[n] = (uint16_t)address;
    output.y[n] = (uint16_t)((uint32_t)last_row - (address >> 16));
    output.polarities[n] = (head >> 1) & 1;
    n++;
  }
  *time = t;
  return (ganglion_event_progress){i, n};
}
