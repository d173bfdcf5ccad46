#include "events_counter.h"

typedef uint32_t u32x8 __attribute__((ext_vector_type(8), aligned(4)));
typedef int64_t i64x8 __attribute__((ext_vector_type(8), aligned(8)));
typedef uint16_t u16x8 __attribute__((ext_vector_type(8), aligned(2)));
typedef uint8_t u8x8 __attribute__((ext_vector_type(8), aligned(1)));

enum { OFF = 0x0, ON = 0x1, TIME_HIGH = 0x8, TRIGGER = 0xA, IMU = 0xD, OTHERS = 0xE, CONTINUED = 0xF };

static int64_t evt2_high(const uint8_t *word) {
  const uint32_t w = load_le32(word);
  return w >> 28 == TIME_HIGH ? (int64_t)(w & 0x0fffffff) : -1;
}

CLONES ganglion_event_progress ganglion_decode_evt2(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_wrap_state *state, ganglion_event_columns output,
    ganglion_event_report *report) {
  int64_t i = 0, n = 0;
  const int64_t words = size / 4;
  int64_t base = (state->epoch + state->last) << 6;
  while (i < words && n < output.capacity) {
    /* Eight polarity events at a time while no other word is among them. */
    while (state->seen && i + 8 <= words && n + 8 <= output.capacity) {
      u32x8 w = *(const u32x8 *)(bytes + 4 * i);
      u32x8 type = w >> 29;
      if (__builtin_reduce_or(type)) break;
      *(i64x8 *)(output.times + n) = __builtin_convertvector((w >> 22) & 63, i64x8) + base;
      *(u16x8 *)(output.x + n) = __builtin_convertvector((w >> 11) & 0x7ff, u16x8);
      *(u16x8 *)(output.y + n) = __builtin_convertvector(w & 0x7ff, u16x8);
      *(u8x8 *)(output.polarities + n) = __builtin_convertvector(w >> 28, u8x8);
      i += 8;
      n += 8;
    }
    if (i >= words || n >= output.capacity) break;
    const uint32_t w = load_le32(bytes + 4 * i);
    switch (w >> 28) {
      case OFF:
      case ON:
        if (!state->seen) {
          i++;
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, 4 * (i - 1))) goto out;
          continue;
        }
        output.times[n] = base + ((w >> 22) & 63);
        output.x[n] = (w >> 11) & 0x7ff;
        output.y[n] = w & 0x7ff;
        output.polarities[n] = (uint8_t)(w >> 28);
        n++;
        break;
      case TIME_HIGH: {
        int is_back;
        const int step = take_high(
            state, w & 0x0fffffff, bytes + 4 * i, 4, words - i - 1, is_last, COUNTER_28, evt2_high, &is_back);
        if (step == STEP_WAIT) goto out;
        base = (state->epoch + state->last) << 6;
        report->skipped[GANGLION_SKIPPED_TIME]++;
        if ((step == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, 4 * i)) ||
            (is_back && violate(report, GANGLION_VIOLATION_NON_MONOTONIC_TIME_HIGH, 4 * i))) {
          i++;
          goto out;
        }
        break;
      }
      case TRIGGER:
        if (!state->seen) {
          i++;
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, 4 * (i - 1))) goto out;
          continue;
        }
        trigger(report, base + ((w >> 22) & 63), (w >> 8) & 31, w & 1);
        if (triggers_full(report)) {
          i++;
          goto out;
        }
        break;
      case IMU:
        report->skipped[GANGLION_SKIPPED_IMU]++;
        break;
      case OTHERS:
        report->skipped[GANGLION_SKIPPED_OTHER]++;
        break;
      case CONTINUED:
        report->skipped[GANGLION_SKIPPED_CONTINUED]++;
        break;
      default:
        if (violate(report, GANGLION_VIOLATION_UNKNOWN_WORD, 4 * i)) {
          i++;
          goto out;
        }
    }
    i++;
  }
out:
  return (ganglion_event_progress){4 * i, n};
}
