#include "events_support.h"

/* The events of ROS messages: structures that the serialisations of ROS 1 and ROS 2 leave behind each other, and the
   64-bit words of event packets. */

static inline uint32_t swap_if32(uint32_t v, int swaps) { return swaps ? __builtin_bswap32(v) : v; }
static inline uint16_t swap_if16(uint16_t v, int swaps) { return swaps ? __builtin_bswap16(v) : v; }
static inline uint64_t swap_if64(uint64_t v, int swaps) { return swaps ? __builtin_bswap64(v) : v; }

/* Inlined into each call, so that the places of the fields are constants of the loop. */
static inline __attribute__((always_inline)) void stamped_events(
    const uint8_t *bytes, int64_t count, int64_t stride, int64_t seconds, int64_t polarity, int is_signed, int swaps,
    ganglion_event_columns output) {
  for (int64_t i = 0; i < count; i++) {
    const uint8_t *event = bytes + i * stride;
    const uint32_t whole = swap_if32(load_le32(event + seconds), swaps);
    const uint32_t nanoseconds = swap_if32(load_le32(event + seconds + 4), swaps);
    const int64_t start = is_signed ? (int64_t)(int32_t)whole : (int64_t)whole;
    output.times[i] = start * 1000000 + nanoseconds / 1000;
    output.x[i] = swap_if16(load_le16(event), swaps);
    output.y[i] = swap_if16(load_le16(event + 2), swaps);
    output.polarities[i] = event[polarity] != 0;
  }
}

CLONES void ganglion_decode_ros1_events(const uint8_t *bytes, int64_t count, ganglion_event_columns output) {
  stamped_events(bytes, count, 13, 4, 12, 0, 0, output);
}

CLONES void ganglion_decode_cdr_events(
    const uint8_t *bytes, int64_t count, int32_t is_first, int32_t is_big_endian, ganglion_event_columns output) {
  if (is_first) {
    stamped_events(bytes, count, 16, 4, 12, 1, is_big_endian, output);
  } else if (is_big_endian) {
    stamped_events(bytes, count, 16, 6, 14, 1, 1, output);
  } else {
    stamped_events(bytes, count, 16, 6, 14, 1, 0, output);
  }
}

CLONES void ganglion_decode_mono_events(
    const uint8_t *bytes, int64_t count, uint64_t base, int32_t is_big_endian, ganglion_event_columns output) {
  for (int64_t i = 0; i < count; i++) {
    const uint64_t word = swap_if64(load_le64(bytes + 8 * i), is_big_endian);
    output.times[i] = (int64_t)((base + (uint32_t)word) / 1000);
    output.x[i] = (uint16_t)(word >> 32);
    output.y[i] = (uint16_t)((word >> 48) & 0x7fff);
    output.polarities[i] = (uint8_t)(word >> 63);
  }
}

int64_t ganglion_decode_trigger_words(
    const uint8_t *bytes, int64_t count, uint64_t base, int32_t is_big_endian, ganglion_event_report *report) {
  int64_t i = 0;
  for (; i < count && !triggers_full(report); i++) {
    const uint64_t word = swap_if64(load_le64(bytes + 8 * i), is_big_endian);
    trigger(report, (int64_t)((base + (uint32_t)word) / 1000), (uint32_t)(word >> 48) & 0xff, (uint32_t)(word >> 63));
  }
  return i;
}

CLONES void ganglion_decode_libcaer_events(
    const uint8_t *bytes, int64_t count, uint64_t base, ganglion_wrap_state *state, ganglion_event_columns output) {
  const int64_t start = (int64_t)(base / 1000);
  int64_t epoch = state->epoch, last = state->last;
  for (int64_t i = 0; i < count; i++) {
    const uint32_t data = load_le32(bytes + 8 * i);
    const int64_t low = load_le32(bytes + 8 * i + 4) & 0x7fffffff;
    if (low + ((int64_t)1 << 30) < last) epoch += (int64_t)1 << 31;
    last = low;
    output.times[i] = start + epoch + low;
    output.x[i] = (uint16_t)(data >> 17);
    output.y[i] = (uint16_t)((data >> 2) & 0x7fff);
    output.polarities[i] = (data >> 1) & 1;
  }
  state->epoch = epoch;
  state->last = last;
}
