/* What the event decoders share. */
#ifndef EVENTS_SUPPORT_H
#define EVENTS_SUPPORT_H
#include <string.h>

#include "dispatch.h"
#include "include/kernels_events.h"

/* Counts a violation; true when the caller asked to stop there. */
static inline int violate(ganglion_event_report *report, int kind, int64_t offset) {
  if (report->violations[kind]++ == 0) report->first_offset[kind] = offset;
  return report->stop_at_violation;
}

static inline void trigger(ganglion_event_report *report, int64_t time, uint32_t channel, uint32_t rising) {
  if (report->trigger_count >= GANGLION_TRIGGER_CAPACITY) return;
  const int32_t n = report->trigger_count++;
  report->trigger_times[n] = time;
  report->trigger_channels[n] = (uint8_t)channel;
  report->trigger_rising[n] = (uint8_t)rising;
}

/* Triggers go out through a table of fixed size: a decoder returns when it is full and is called again. */
static inline int triggers_full(const ganglion_event_report *report) {
  return report->trigger_count >= GANGLION_TRIGGER_CAPACITY;
}

static inline uint32_t load_le32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
static inline uint32_t load_be32(const uint8_t *p) { return __builtin_bswap32(load_le32(p)); }
static inline uint64_t load_le64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}
static inline uint16_t load_le16(const uint8_t *p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}

#endif
