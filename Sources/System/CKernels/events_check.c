#include "events_support.h"

CLONES ganglion_event_check ganglion_check_events(
    const int64_t *times, const uint16_t *x, const uint16_t *y, int64_t count, int64_t previous, uint32_t width,
    uint32_t height) {
  ganglion_event_check found = {-1, 0, -1, 0};
  if (count <= 0) return found;
  int64_t backwards = times[0] < previous;
  for (int64_t i = 1; i < count; i++) backwards += times[i] < times[i - 1];
  int64_t outside = 0;
  const uint16_t last_column = (uint16_t)(width > 65536 ? 65535 : width - 1);
  const uint16_t last_row = (uint16_t)(height > 65536 ? 65535 : height - 1);
  for (int64_t start = 0; start < count; start += 32768) {
    const int64_t end = start + 32768 < count ? start + 32768 : count;
    uint16_t here = 0;
    for (int64_t i = start; i < end; i++) here += (uint16_t)((x[i] > last_column) | (y[i] > last_row));
    outside += here;
  }
  if (backwards) {
    int64_t before = previous;
    for (int64_t i = 0; i < count; before = times[i++]) {
      if (times[i] < before) {
        found.first_backwards = i;
        break;
      }
    }
  }
  for (int64_t i = 0; outside && i < count; i++) {
    if (x[i] > last_column || y[i] > last_row) {
      found.first_outside = i;
      break;
    }
  }
  found.backwards = backwards;
  found.outside = outside;
  return found;
}

int64_t ganglion_remove_outside(
    int64_t *times, uint16_t *x, uint16_t *y, uint8_t *polarities, int64_t count, uint32_t width, uint32_t height) {
  int64_t kept = 0;
  for (int64_t i = 0; i < count; i++) {
    times[kept] = times[i];
    x[kept] = x[i];
    y[kept] = y[i];
    polarities[kept] = polarities[i];
    kept += x[i] < width && y[i] < height;
  }
  return kept;
}

CLONES int64_t ganglion_sum_bytes(const uint8_t *bytes, int64_t count) {
  int64_t sum = 0;
  for (int64_t i = 0; i < count; i++) sum += bytes[i];
  return sum;
}

int ganglion_report_has_findings(const ganglion_event_report *report) {
  int64_t found = report->trigger_count;
  for (int kind = 0; kind < GANGLION_VIOLATION_KINDS; kind++) found |= report->violations[kind];
  for (int kind = 0; kind < GANGLION_SKIPPED_KINDS; kind++) found |= report->skipped[kind];
  return found != 0;
}
