#include "events_support.h"

ganglion_event_progress ganglion_decode_nmnist(
    const uint8_t *bytes, int64_t size, ganglion_wrap_state *state, ganglion_event_columns output,
    ganglion_event_report *report) {
  const int64_t records = size / 5;
  int64_t i = 0, n = 0, epoch = state->epoch, last = state->last;
  for (; i < records && n < output.capacity; i++) {
    const uint8_t *p = bytes + 5 * i;
    const uint32_t word = load_be32(p + 1);
    const int64_t time = word & 0x7fffff;
    if (p[1] == 240) {
      epoch += 1 << 13;
      report->skipped[GANGLION_SKIPPED_TIME]++;
      continue;
    }
    if (time < last && last - time > (1 << 22)) epoch += 1 << 23;
    last = time;
    output.times[n] = epoch + time;
    output.x[n] = p[0];
    output.y[n] = p[1];
    output.polarities[n] = (word >> 23) & 1;
    n++;
  }
  state->epoch = epoch;
  state->last = last;
  return (ganglion_event_progress){5 * i, n};
}
