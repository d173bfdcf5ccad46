#include "events_counter.h"

/* 23 bits; recordings last seconds, so steps of more than a quarter of them are looked at twice. */
static const counter_kind COUNTER_23 = {1 << 23, 1 << 21};

/* A row of 240 is no event. */
static int64_t nmnist_time(const uint8_t *record) {
  return record[1] == 240 ? -1 : (int64_t)(load_be32(record + 1) & 0x7fffff);
}

ganglion_event_progress ganglion_decode_nmnist(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_wrap_state *state, ganglion_event_columns output,
    ganglion_event_report *report) {
  const int64_t records = size / 5;
  int64_t i = 0, n = 0, epoch = state->epoch, last = state->last;
  int64_t usual = usual_step(state, COUNTER_23);
  for (; i < records && n < output.capacity; i++) {
    const uint8_t *p = bytes + 5 * i;
    const uint32_t word = load_be32(p + 1);
    const int64_t time = word & 0x7fffff;
    if (p[1] == 240) {
      epoch += 1 << 13;
      report->skipped[GANGLION_SKIPPED_TIME]++;
      continue;
    }
    if (__builtin_expect((uint64_t)(time - last) > (uint64_t)usual, 0)) {
      state->epoch = epoch;
      state->last = last;
      const int judged = take_record(state, time, p, 5, records - i - 1, is_last, COUNTER_23, nmnist_time);
      if (judged == STEP_WAIT) break;
      epoch = state->epoch;
      last = state->last;
      usual = usual_step(state, COUNTER_23);
      if (judged == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, 5 * i)) {
        i++;
        break;
      }
    } else {
      last = time;
    }
    output.times[n] = epoch + last;
    output.x[n] = p[0];
    output.y[n] = p[1];
    output.polarities[n] = (word >> 23) & 1;
    n++;
  }
  state->epoch = epoch;
  state->last = last;
  return (ganglion_event_progress){5 * i, n};
}
