#include "events_support.h"

CLONES ganglion_event_progress ganglion_decode_aedat2(
    const uint8_t *bytes, int64_t size, const ganglion_aedat2_layout *layout, ganglion_wrap_state *state,
    ganglion_event_columns output, ganglion_event_report *report) {
  const int64_t records = size / 8;
  const ganglion_aedat2_layout f = *layout;
  int64_t i = 0, n = 0, epoch = state->epoch, last = state->last;
  for (; i < records && n < output.capacity; i++) {
    const uint32_t address = load_be32(bytes + 8 * i);
    const int64_t time = load_be32(bytes + 8 * i + 4);
    if (time < last && last - time > ((int64_t)1 << 31)) epoch += (int64_t)1 << 32;
    last = time;
    if (address & f.special_mask) {
      if ((address & f.trigger_mask) == f.trigger_value) {
        trigger(report, epoch + time, 0, 1);
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
    output.times[n] = epoch + time;
    output.x[n] = (uint16_t)(f.x_last >= 0 ? (uint32_t)f.x_last - x : x);
    output.y[n] = (uint16_t)(f.y_last >= 0 ? (uint32_t)f.y_last - y : y);
    output.polarities[n] = (uint8_t)(((address >> f.polarity_shift) & 1) ^ f.polarity_inverted);
    n++;
  }
  state->epoch = epoch;
  state->last = last;
  return (ganglion_event_progress){8 * i, n};
}

CLONES ganglion_event_progress ganglion_decode_aedat3(
    const uint8_t *bytes, int64_t size, int64_t overflow, ganglion_event_columns output,
    ganglion_event_report *report) {
  const int64_t records = size / 8, epoch = overflow << 31;
  int64_t i = 0, n = 0, invalid = 0;
  for (; i < records && n < output.capacity; i++) {
    const uint32_t data = load_le32(bytes + 8 * i);
    output.times[n] = epoch + (load_le32(bytes + 8 * i + 4) & 0x7fffffff);
    output.x[n] = (uint16_t)(data >> 17);
    output.y[n] = (uint16_t)((data >> 2) & 0x7fff);
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
