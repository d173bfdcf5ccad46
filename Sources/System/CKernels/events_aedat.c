#include "events_counter.h"

static int64_t aedat1_time(const uint8_t *record) { return load_be32(record + 2); }
static int64_t aedat2_time(const uint8_t *record) { return load_be32(record + 4); }

/* Records of an address of 16 or 32 bits and 32 bits of microseconds, most significant byte first. */
static inline ganglion_event_progress decode_addresses(
    const uint8_t *bytes, int64_t size, int64_t record_size, int32_t is_last, const ganglion_aedat2_layout *layout,
    ganglion_wrap_state *state, ganglion_event_columns output, ganglion_event_report *report) {
  const int64_t records = size / record_size;
  const ganglion_aedat2_layout f = *layout;
  const uint32_t unusual = f.special_mask | f.outside_mask;
  int64_t i = 0, n = 0, epoch = state->epoch, last = state->last;
  int64_t usual = usual_step(state, COUNTER_32);
  for (; i < records && n < output.capacity; i++) {
    const uint8_t *const record = bytes + record_size * i;
    const uint32_t address = record_size == 6 ? (uint32_t)record[0] << 8 | record[1] : load_be32(record);
    const int64_t time = load_be32(record + record_size - 4);
    if (__builtin_expect((uint64_t)(time - last) > (uint64_t)usual, 0)) {
      state->last = last;
      const int judged = take_record(
          state, time, record, record_size, records - i - 1, is_last, COUNTER_32,
          record_size == 6 ? aedat1_time : aedat2_time);
      if (judged == STEP_WAIT) break;
      epoch = state->epoch;
      last = state->last;
      usual = usual_step(state, COUNTER_32);
      if (judged == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, record_size * i)) {
        i++;
        break;
      }
    } else {
      last = time;
    }
    if (address & unusual) {
      if (address & f.outside_mask) {
        if (violate(report, GANGLION_VIOLATION_ADDRESS_OUT_OF_RANGE, record_size * i)) {
          i++;
          break;
        }
      } else if ((address & f.trigger_mask) == f.trigger_value) {
        trigger(report, epoch + last, 0, 1);
        if (triggers_full(report)) {
          i++;
          break;
        }
      } else {
        report->skipped[GANGLION_SKIPPED_SPECIAL]++;
      }
      continue;
    }
    const uint32_t x = (address >> f.x_shift) & f.x_mask, y = (address >> f.y_shift) & f.y_mask;
    output.times[n] = epoch + last;
    output.x[n] = (uint16_t)(f.x_last >= 0 ? (uint32_t)f.x_last - x : x);
    output.y[n] = (uint16_t)(f.y_last >= 0 ? (uint32_t)f.y_last - y : y);
    output.polarities[n] = (uint8_t)(((address >> f.polarity_shift) & 1) ^ f.polarity_inverted);
    n++;
  }
  state->last = last;
  return (ganglion_event_progress){record_size * i, n};
}

CLONES ganglion_event_progress ganglion_decode_aedat1(
    const uint8_t *bytes, int64_t size, int32_t is_last, const ganglion_aedat2_layout *layout,
    ganglion_wrap_state *state, ganglion_event_columns output, ganglion_event_report *report) {
  return decode_addresses(bytes, size, 6, is_last, layout, state, output, report);
}

CLONES ganglion_event_progress ganglion_decode_aedat2(
    const uint8_t *bytes, int64_t size, int32_t is_last, const ganglion_aedat2_layout *layout,
    ganglion_wrap_state *state, ganglion_event_columns output, ganglion_event_report *report) {
  return decode_addresses(bytes, size, 8, is_last, layout, state, output, report);
}

CLONES ganglion_event_progress ganglion_decode_aedat3(
    const uint8_t *bytes, int64_t size, int64_t overflow, int32_t last_row, ganglion_event_columns output,
    ganglion_event_report *report) {
  const int64_t records = size / 8, epoch = overflow << 31;
  /* From the bottom, a row is last_row - row: its complement plus one more than the last. */
  const uint32_t turned = last_row >= 0 ? 0xffffffffu : 0, shift = last_row >= 0 ? (uint32_t)last_row + 1 : 0;
  int64_t i = 0, n = 0, invalid = 0;
  for (; i < records && n < output.capacity; i++) {
    const uint32_t data = load_le32(bytes + 8 * i);
    output.times[n] = epoch + (load_le32(bytes + 8 * i + 4) & 0x7fffffff);
    output.x[n] = (uint16_t)(data >> 17);
    output.y[n] = (uint16_t)((((data >> 2) & 0x7fff) ^ turned) + shift);
    output.polarities[n] = (data >> 1) & 1;
    n += data & 1;
    invalid += !(data & 1);
  }
  report->skipped[GANGLION_SKIPPED_INVALID] += invalid;
  return (ganglion_event_progress){8 * i, n};
}

ganglion_event_progress ganglion_decode_aedat3_special(
    const uint8_t *bytes, int64_t size, int64_t event_size, int64_t timestamp_offset, int64_t overflow,
    ganglion_event_report *report) {
  int64_t i = 0;
  for (; (i + 1) * event_size <= size && !triggers_full(report); i++) {
    const uint32_t data = load_le32(bytes + i * event_size);
    const int64_t time = (overflow << 31) + (load_le32(bytes + i * event_size + timestamp_offset) & 0x7fffffff);
    const uint32_t type = (data >> 1) & 0x7f;
    if ((data & 1) && (type == 2 || type == 3)) {
      trigger(report, time, 0, type == 2);
    } else {
      report->skipped[GANGLION_SKIPPED_SPECIAL]++;
    }
  }
  return (ganglion_event_progress){i * event_size, 0};
}
