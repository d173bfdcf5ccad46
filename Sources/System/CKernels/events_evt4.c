#include "events_counter.h"

typedef uint64_t u64x8 __attribute__((ext_vector_type(8), aligned(8)));
typedef int32_t i32x8 __attribute__((ext_vector_type(8), aligned(4)));
typedef float f32x8v __attribute__((ext_vector_type(8)));
typedef uint32_t u32x8 __attribute__((ext_vector_type(8), aligned(4)));
typedef int64_t i64x8 __attribute__((ext_vector_type(8), aligned(8)));
typedef uint16_t u16x8 __attribute__((ext_vector_type(8), aligned(2)));
typedef uint8_t u8x8 __attribute__((ext_vector_type(8), aligned(1)));

/* EVT 2.1 and EVT 4.0: vectors of up to 32 events of one row, with a mask. */

static inline int64_t flush_mask(ganglion_vector_state *s, ganglion_event_columns output, int64_t n) {
  uint32_t mask = s->mask;
  while (mask && n < output.capacity) {
    output.times[n] = s->mask_time;
    output.x[n] = (uint16_t)(s->mask_x + (uint32_t)__builtin_ctz(mask));
    output.y[n] = (uint16_t)s->mask_y;
    output.polarities[n] = (uint8_t)s->mask_polarity;
    n++;
    mask &= mask - 1;
  }
  s->mask = mask;
  return n;
}

static int64_t evt21_high(const uint8_t *word) {
  const uint32_t head = load_le32(word + 4);
  return head >> 28 == 0x8 ? (int64_t)(head & 0x0fffffff) : -1;
}
static int64_t evt21_legacy_high(const uint8_t *word) {
  const uint32_t head = load_le32(word);
  return head >> 28 == 0x8 ? (int64_t)(head & 0x0fffffff) : -1;
}
/* A mask can look like a word of time, but hardly like one near the last. */
static int64_t evt4_high(const uint8_t *word) {
  const uint32_t head = load_le32(word);
  return head >> 28 == 0xE ? (int64_t)(head & 0x0fffffff) : -1;
}

CLONES ganglion_event_progress ganglion_decode_evt21(
    const uint8_t *bytes, int64_t size, int32_t is_last, int32_t is_legacy, ganglion_vector_state *state,
    ganglion_event_columns output, ganglion_event_report *report) {
  ganglion_vector_state s = *state;
  const int64_t words = size / 8;
  int64_t i = 0, n = flush_mask(&s, output, 0);
  int64_t base = (s.high.epoch + s.high.last) << 6;
  while (i < words && n < output.capacity && !s.mask) {
    /* Eight words at a time while each holds one event, as those of a quiet scene do. */
    while (s.high.seen && i + 8 <= words && n + 8 <= output.capacity) {
      u64x8 w;
      memcpy(&w, bytes + 8 * i, 64);
      if (is_legacy) w = (w << 32) | (w >> 32);
      const u32x8 heads = __builtin_convertvector(w >> 32, u32x8), masks = __builtin_convertvector(w, u32x8);
      /* A mask of one bit is a power of two. */
      if (__builtin_reduce_or((heads >> 29) | (masks & (masks - 1)))) break;
      if (__builtin_reduce_min(masks) == 0) break;
      /* Its position is the exponent of the number as a float; of 2^31 the sign falls away with the mask. */
      f32x8v floats = __builtin_convertvector((i32x8)masks, f32x8v);
      u32x8 bits;
      memcpy(&bits, &floats, 32);
      const u32x8 position = ((bits >> 23) & 0xff) - 127;
      *(i64x8 *)(output.times + n) = __builtin_convertvector((heads >> 22) & 63, i64x8) + base;
      *(u16x8 *)(output.x + n) = __builtin_convertvector(((heads >> 11) & 0x7ff) + position, u16x8);
      *(u16x8 *)(output.y + n) = __builtin_convertvector(heads & 0x7ff, u16x8);
      *(u8x8 *)(output.polarities + n) = __builtin_convertvector(heads >> 28, u8x8);
      i += 8;
      n += 8;
    }
    if (i >= words || n >= output.capacity) break;
    const uint32_t head = load_le32(bytes + 8 * i + (is_legacy ? 0 : 4));
    const uint32_t mask = load_le32(bytes + 8 * i + (is_legacy ? 4 : 0));
    const int64_t offset = 8 * i;
    i++;
    switch (head >> 28) {
      case 0x0:
      case 0x1: {
        if (!s.high.seen) {
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
          break;
        }
        const int64_t time = base + ((head >> 22) & 63);
        const uint32_t x = (head >> 11) & 0x7ff;
        const int64_t room = output.capacity - n;
        if (__builtin_expect(mask != 0, 1)) {
          /* The first one outside the loop: most words of a quiet scene hold no other. */
          output.times[n] = time;
          output.x[n] = (uint16_t)(x + (uint32_t)__builtin_ctz(mask));
          output.y[n] = head & 0x7ff;
          output.polarities[n] = (uint8_t)(head >> 28);
          n++;
          s.mask = mask & (mask - 1);
          if (s.mask) {
            s.mask_time = time;
            s.mask_x = x;
            s.mask_y = head & 0x7ff;
            s.mask_polarity = head >> 28;
            if (room > 1) n = flush_mask(&s, output, n);
          }
        }
        break;
      }
      case 0x8: {
        int is_back;
        const int step = take_high(
            &s.high, head & 0x0fffffff, bytes + offset, 8, words - i, is_last, COUNTER_28,
            is_legacy ? evt21_legacy_high : evt21_high, &is_back);
        if (step == STEP_WAIT) {
          i--;
          goto out;
        }
        base = (s.high.epoch + s.high.last) << 6;
        report->skipped[GANGLION_SKIPPED_TIME]++;
        if (step == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, offset)) goto out;
        if (is_back && violate(report, GANGLION_VIOLATION_NON_MONOTONIC_TIME_HIGH, offset)) goto out;
        break;
      }
      case 0xA:
        if (!s.high.seen) {
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
          break;
        }
        trigger(report, base + ((head >> 22) & 63), (head >> 8) & 31, head & 1);
        if (triggers_full(report)) goto out;
        break;
      case 0xE:
        report->skipped[GANGLION_SKIPPED_OTHER]++;
        break;
      case 0xF:
        report->skipped[GANGLION_SKIPPED_CONTINUED]++;
        break;
      default:
        if (violate(report, GANGLION_VIOLATION_UNKNOWN_WORD, offset)) goto out;
    }
  }
out:
  *state = s;
  return (ganglion_event_progress){8 * i, n};
}

CLONES ganglion_event_progress ganglion_decode_evt4(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_vector_state *state, ganglion_event_columns output,
    ganglion_event_report *report) {
  ganglion_vector_state s = *state;
  const int64_t words = size / 4;
  int64_t i = 0, n = flush_mask(&s, output, 0);
  int64_t base = (s.high.epoch + s.high.last) << 6;
  while (i < words && n < output.capacity && !s.mask) {
    while (s.high.seen && i + 8 <= words && n + 8 <= output.capacity) {
      u32x8 w = *(const u32x8 *)(bytes + 4 * i);
      u32x8 type = (w >> 29) ^ 5;
      if (__builtin_reduce_or(type)) break;
      *(i64x8 *)(output.times + n) = __builtin_convertvector((w >> 22) & 63, i64x8) + base;
      *(u16x8 *)(output.x + n) = __builtin_convertvector((w >> 11) & 0x7ff, u16x8);
      *(u16x8 *)(output.y + n) = __builtin_convertvector(w & 0x7ff, u16x8);
      *(u8x8 *)(output.polarities + n) = __builtin_convertvector((w >> 28) & 1, u8x8);
      i += 8;
      n += 8;
    }
    if (i >= words || n >= output.capacity) break;
    const uint32_t w = load_le32(bytes + 4 * i);
    const int64_t offset = 4 * i;
    switch (w >> 28) {
      case 0xA:
      case 0xB:
        if (!s.high.seen) {
          i++;
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
          continue;
        }
        output.times[n] = base + ((w >> 22) & 63);
        output.x[n] = (w >> 11) & 0x7ff;
        output.y[n] = w & 0x7ff;
        output.polarities[n] = (w >> 28) & 1;
        n++;
        break;
      case 0xC:
      case 0xD:
        /* The mask is the next word. */
        if (i + 1 >= words) goto out;
        i++;
        if (!s.high.seen) {
          i++;
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
          continue;
        }
        s.mask = load_le32(bytes + 4 * i);
        s.mask_time = base + ((w >> 22) & 63);
        s.mask_x = (w >> 11) & 0x7ff;
        s.mask_y = w & 0x7ff;
        s.mask_polarity = (w >> 28) & 1;
        n = flush_mask(&s, output, n);
        break;
      case 0xE: {
        int is_back;
        const int step = take_high(
            &s.high, w & 0x0fffffff, bytes + offset, 4, words - i - 1, is_last, COUNTER_28, evt4_high, &is_back);
        if (step == STEP_WAIT) goto out;
        base = (s.high.epoch + s.high.last) << 6;
        report->skipped[GANGLION_SKIPPED_TIME]++;
        if ((step == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, offset)) ||
            (is_back && violate(report, GANGLION_VIOLATION_NON_MONOTONIC_TIME_HIGH, offset))) {
          i++;
          goto out;
        }
        break;
      }
      case 0x9:
        if (!s.high.seen) {
          i++;
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
          continue;
        }
        trigger(report, base + ((w >> 22) & 63), (w >> 8) & 31, w & 1);
        if (triggers_full(report)) {
          i++;
          goto out;
        }
        break;
      case 0x6:
        report->skipped[GANGLION_SKIPPED_OTHER]++;
        break;
      case 0x7:
        report->skipped[GANGLION_SKIPPED_CONTINUED]++;
        break;
      case 0xF:
        report->skipped[GANGLION_SKIPPED_PADDING]++;
        break;
      default:
        if (violate(report, GANGLION_VIOLATION_UNKNOWN_WORD, offset)) {
          i++;
          goto out;
        }
    }
    i++;
  }
out:
  *state = s;
  return (ganglion_event_progress){4 * i, n};
}
