#include "events_counter.h"

enum {
  ROW = 0x0, COLUMN = 0x2, VECTOR_BASE = 0x3, VECTOR_12 = 0x4, VECTOR_8 = 0x5, TIME_LOW = 0x6, CONTINUED_4 = 0x7,
  TIME_HIGH = 0x8, TRIGGER = 0xA, OTHERS = 0xE, CONTINUED_12 = 0xF
};

enum { HAS_TIME = 1, HAS_ROW = 2, HAS_BASE = 4 };

/* Events that are taken apart at a time. */
enum { PIECE = 2048 };

/* Which of two synchronised cameras a row is of: 0 the one that gives the time, 1 the other. */
static inline uint32_t camera_of(uint32_t row) { return row >> 11 & 1; }

/* Takes out what the camera that is not read has sent; nearly always nothing. */
static inline int64_t keep_camera(
    uint32_t *found, int64_t *times, int64_t count, uint32_t camera, int64_t *left_out) {
  const uint32_t own = (camera - 1) << 27, bit = 1u << 27;
  uint32_t others = 0;
  for (int64_t k = 0; k < count; k++) others |= found[k] ^ own;
  if (!(others & bit)) return count;
  int64_t kept = 0;
  for (int64_t k = 0; k < count; k++) {
    if ((found[k] ^ own) & bit) continue;
    found[kept] = found[k];
    times[kept] = times[k];
    kept++;
  }
  *left_out += count - kept;
  return kept;
}

/* Rows, columns, low times and whole vectors, which make up most of a stream; ends at any other word, at a low time that
   starts again and where the columns are full. Rows and columns are taken without a branch between them: each word is stored, with
   its row above it, as if it were an event, and the next takes its place if it was none. Times stand still between two
   low times and are written run by run. A function of its own, so that all it needs stays in registers. */
CLONES static int64_t decode_plain(
    const uint8_t *bytes, int64_t first, int64_t words, int64_t base, ganglion_evt3_state *state,
    ganglion_event_columns output, int64_t *produced, int64_t *left_out) {
  uint32_t found[PIECE];
  int64_t n = *produced, i = first;
  uint32_t low = state->time_low, row = state->row << 16;
  for (int more = 1; more;) {
    int64_t count = 0;
    const int64_t room = output.capacity - n < PIECE ? output.capacity - n : PIECE;
    int64_t *const times = output.times + n;
    for (;;) {
      const int64_t start = count;
      const int64_t end = words - i < room - count ? words : i + (room - count);
      for (; i < end; i++) {
        const uint32_t w = load_le16(bytes + 2 * i);
        if (w & 0xd000) break;
        const uint32_t is_column = w >> 13;
        row = is_column ? row : w << 16;
        found[count] = row | w;
        count += is_column;
      }
      const int64_t now = base + low;
      for (int64_t k = start; k < count; k++) times[k] = now;
      if (i == end) {
        if (i < words && count < room) continue;
        more = i < words && n + count < output.capacity;
        break;
      }
      const uint32_t w = load_le16(bytes + 2 * i), value = w & 0xfff, type = w >> 12;
      if (type == TIME_LOW && value + 2048 >= low) {
        low = value;
        i++;
        continue;
      }
      if (type == VECTOR_BASE) {
        state->base = value & 0x7ff;
        state->vector_polarity = value >> 11;
        state->known |= HAS_BASE;
        i++;
        continue;
      }
      uint32_t mask = 0, length = 0, taken = 1;
      if (type == VECTOR_8) {
        mask = value & 0xff;
        length = 8;
      } else if (type == VECTOR_12 && i + 3 <= words && load_le16(bytes + 2 * i + 2) >> 12 == VECTOR_12 &&
                 load_le16(bytes + 2 * i + 4) >> 12 == VECTOR_8) {
        mask = value | (load_le16(bytes + 2 * i + 2) & 0xfffu) << 12 | (load_le16(bytes + 2 * i + 4) & 0xffu) << 24;
        length = 32;
        taken = 3;
      }
      if (length == 0 || !(state->known & HAS_BASE) || state->base + length > 0x800 || room - count < 32) {
        more = length > 0 && room - count < 32 && output.capacity - n > PIECE;
        break;
      }
      const uint32_t common = row | state->vector_polarity << 11;
      for (; mask; mask &= mask - 1, count++) {
        found[count] = common | (state->base + (uint32_t)__builtin_ctz(mask));
        times[count] = base + low;
      }
      state->base += length;
      i += taken;
    }
    count = keep_camera(found, times, count, state->camera, left_out);
    for (int64_t k = 0; k < count; k++) {
      output.x[n + k] = found[k] & 0x7ff;
      output.y[n + k] = (found[k] >> 16) & 0x7ff;
      output.polarities[n + k] = (found[k] >> 11) & 1;
    }
    n += count;
  }
  state->time_low = low;
  state->row = (row >> 16) & 0xfff;
  *produced = n;
  return i;
}

/* Twelve bits: writers pass longer silences in steps of up to half of them, so every step that is the shorter way goes. */
static const counter_kind COUNTER_12 = {1 << 12, 2047};

static int64_t evt3_high(const uint8_t *word) {
  const uint32_t w = load_le16(word);
  return w >> 12 == TIME_HIGH ? (int64_t)(w & 0xfff) : -1;
}

/* Time up to the low bits. */
static inline int64_t high_time(const ganglion_evt3_state *s) { return (s->high.epoch + s->high.last) << 12; }

/* Writes what is left of a vector; zero when the columns are full before it is through. */
static inline int64_t flush_vector(ganglion_evt3_state *s, ganglion_event_columns output, int64_t n) {
  const int64_t time = high_time(s) + s->time_low;
  uint32_t mask = s->vector_mask;
  while (mask && n < output.capacity) {
    output.times[n] = time;
    output.x[n] = (uint16_t)(s->vector_x + (uint32_t)__builtin_ctz(mask));
    output.y[n] = (uint16_t)(s->row & 0x7ff);
    output.polarities[n] = (uint8_t)s->vector_polarity;
    n++;
    mask &= mask - 1;
  }
  s->vector_mask = mask;
  return n;
}

CLONES ganglion_event_progress ganglion_decode_evt3(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_evt3_state *state, ganglion_event_columns output,
    ganglion_event_report *report) {
  ganglion_evt3_state s = *state;
  const int64_t words = size / 2;
  int64_t i = 0, n = 0;
  if (s.vector_mask) n = flush_vector(&s, output, n);
  while (i < words && n < output.capacity && !s.vector_mask) {
    if ((s.known & (HAS_TIME | HAS_ROW)) == (HAS_TIME | HAS_ROW) && s.vector_phase == 0) {
      i = decode_plain(
          bytes, i, words, high_time(&s), &s, output, &n, &report->skipped[GANGLION_SKIPPED_STREAM]);
      if (i >= words || n >= output.capacity) break;
    }
    const uint32_t w = load_le16(bytes + 2 * i);
    const uint32_t type = w >> 12, value = w & 0xfff;
    const int64_t offset = 2 * i;
    i++;
    if (s.vector_phase && !(type == VECTOR_12 && s.vector_phase == 1) && !(type == VECTOR_8 && s.vector_phase == 2)) {
      s.vector_phase = 0;
      if (violate(report, GANGLION_VIOLATION_PARTIAL_VECTOR, offset)) goto out;
    }
    if (s.continued_phase && type != CONTINUED_12 && type != CONTINUED_4) {
      s.continued_phase = 0;
      if (violate(report, GANGLION_VIOLATION_PARTIAL_CONTINUED, offset)) goto out;
    }
    switch (type) {
      case ROW:
        s.row = value;
        if (!s.camera) s.camera = 1 + camera_of(value);
        s.known |= HAS_ROW;
        break;
      case COLUMN:
        if (!(s.known & HAS_TIME)) {
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
        } else if (!(s.known & HAS_ROW)) {
          if (violate(report, GANGLION_VIOLATION_MISSING_ROW, offset)) goto out;
        } else if (camera_of(s.row) + 1 != s.camera) {
          report->skipped[GANGLION_SKIPPED_STREAM]++;
        } else {
          output.times[n] = high_time(&s) + s.time_low;
          output.x[n] = (uint16_t)(value & 0x7ff);
          output.y[n] = (uint16_t)(s.row & 0x7ff);
          output.polarities[n] = (uint8_t)(value >> 11);
          n++;
        }
        break;
      case VECTOR_BASE:
        s.base = value & 0x7ff;
        s.vector_polarity = value >> 11;
        s.known |= HAS_BASE;
        break;
      case VECTOR_12:
      case VECTOR_8: {
        const uint32_t length = type == VECTOR_12 ? 12 : 8;
        if (type == VECTOR_12) {
          s.vector_phase = s.vector_phase == 1 ? 2 : 1;
        } else {
          s.vector_phase = 0;
        }
        if (!(s.known & HAS_TIME)) {
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
        } else if (!(s.known & HAS_ROW)) {
          if (violate(report, GANGLION_VIOLATION_MISSING_ROW, offset)) goto out;
        } else if (!(s.known & HAS_BASE)) {
          if (violate(report, GANGLION_VIOLATION_MISSING_VECTOR_BASE, offset)) goto out;
        } else if (camera_of(s.row) + 1 != s.camera) {
          report->skipped[GANGLION_SKIPPED_STREAM] += __builtin_popcount(value & ((1u << length) - 1));
        } else {
          s.vector_x = s.base;
          s.vector_mask = value & ((1u << length) - 1);
          n = flush_vector(&s, output, n);
        }
        s.base += length;
        break;
      }
      case TIME_LOW:
        if (s.known & HAS_TIME) {
          const int is_back = value + 2048 < s.time_low;
          s.time_low = value;
          if (is_back && violate(report, GANGLION_VIOLATION_MISSING_TIME_HIGH, offset)) goto out;
        }
        break;
      case TIME_HIGH: {
        const int64_t before = s.high.last;
        int is_back;
        const int step = take_high(
            &s.high, value, bytes + offset, 2, words - i, is_last, COUNTER_12, evt3_high, &is_back);
        if (step == STEP_WAIT) {
          i--;
          goto out;
        }
        report->skipped[GANGLION_SKIPPED_TIME]++;
        if (s.high.last != before) s.time_low = 0;
        s.known |= HAS_TIME;
        if (step == STEP_GLITCH && violate(report, GANGLION_VIOLATION_TIME_GLITCH, offset)) goto out;
        if (is_back && violate(report, GANGLION_VIOLATION_NON_MONOTONIC_TIME_HIGH, offset)) goto out;
        break;
      }
      case TRIGGER:
        if (!(s.known & HAS_TIME)) {
          if (violate(report, GANGLION_VIOLATION_EVENT_BEFORE_TIME, offset)) goto out;
          break;
        }
        trigger(report, high_time(&s) + s.time_low, (value >> 8) & 15, value & 1);
        if (triggers_full(report)) goto out;
        break;
      case OTHERS:
        /* The counters of the event rate controller are continued by 12, 12 and 4 bits. */
        s.continued_phase = value == 0x14 || value == 0x16;
        report->skipped[GANGLION_SKIPPED_OTHER]++;
        break;
      case CONTINUED_12:
        report->skipped[GANGLION_SKIPPED_CONTINUED]++;
        break;
      case CONTINUED_4:
        s.continued_phase = 0;
        report->skipped[GANGLION_SKIPPED_CONTINUED]++;
        break;
      default:
        if (violate(report, GANGLION_VIOLATION_UNKNOWN_WORD, offset)) goto out;
    }
  }
out:
  *state = s;
  return (ganglion_event_progress){2 * i, n};
}
