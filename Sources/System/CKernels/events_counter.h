/* Counters of time that run over: how one value follows another. */
#ifndef EVENTS_COUNTER_H
#define EVENTS_COUNTER_H
#include "events_support.h"

/* Values that are looked at beyond one that fits nowhere, before it is believed. */
enum { COUNTER_LOOKAHEAD = 4 };

typedef struct {
  /* Values before the counter starts again. */
  int64_t range;
  /* Steps up to this, either way, are what streams do; less than half the range. */
  int64_t near;
} counter_kind;

enum { STEP_PLAIN, STEP_GLITCH, STEP_WAIT };

/* Whether a value follows the last one by a short step, also over the end of the counter. */
static inline int is_near(const ganglion_wrap_state *s, int64_t value, counter_kind counter) {
  const int64_t step = value - s->last;
  const int64_t ahead = step < 0 ? step + counter.range : step;
  if (ahead <= counter.near) return 1;
  /* Back over the end there is only a way where the counter ran over before. */
  return counter.range - ahead <= counter.near && (step < 0 || s->epoch >= counter.range);
}

/* Takes a value as the next one; true when time steps back. */
static inline int take_value(ganglion_wrap_state *s, int64_t value, counter_kind counter) {
  const int64_t step = value - s->last;
  const int64_t ahead = step < 0 ? step + counter.range : step;
  int is_back = 0;
  if (!s->seen) {
    s->seen = 1;
  } else if (step < 0) {
    /* It ran over when that is the shorter way. A long way down after a single value says nothing: that one may have
       been wrong. */
    const int runs_over =
        ahead <= counter.near || (counter.range - ahead > counter.near && -step > counter.range / 2 && s->seen > 1);
    if (runs_over) s->epoch += counter.range;
    is_back = !runs_over;
    s->seen = 2;
  } else {
    if (counter.range - ahead <= counter.near && s->epoch >= counter.range) {
      s->epoch -= counter.range;
      is_back = 1;
    }
    s->seen = 2;
  }
  s->last = value;
  return is_back;
}

/* Reads the counter of a record, or -1 where it has none. */
typedef int64_t (*counter_reader)(const uint8_t *record);

/* What to make of a value that is not near the last one: wrong, if one of the next few is near again. Without it a
   single wrong time would look like the counter running over, and shift all that follows. `record` holds the value,
   `records` follow it; true at STEP_WAIT only if more may come. */
static inline int judge_value(
    const ganglion_wrap_state *s, const uint8_t *record, int64_t size, int64_t records, int32_t is_last,
    counter_kind counter, counter_reader read) {
  int64_t seen = 0;
  for (int64_t i = 1; i <= records && seen < COUNTER_LOOKAHEAD; i++) {
    const int64_t value = read(record + i * size);
    if (value < 0) continue;
    if (is_near(s, value, counter)) return STEP_GLITCH;
    seen++;
  }
  return seen < COUNTER_LOOKAHEAD && !is_last ? STEP_WAIT : STEP_PLAIN;
}

/* Takes the value of a record: STEP_GLITCH where it was left out, STEP_WAIT where more must come to tell. */
static inline int take_record(
    ganglion_wrap_state *s, int64_t value, const uint8_t *record, int64_t size, int64_t records, int32_t is_last,
    counter_kind counter, counter_reader read) {
  if (s->seen && !is_near(s, value, counter)) {
    const int judged = judge_value(s, record, size, records, is_last, counter, read);
    if (judged != STEP_PLAIN) return judged;
  }
  take_value(s, value, counter);
  return STEP_PLAIN;
}

/* Steps up to this can be taken without a look: none before the first two values. */
static inline int64_t usual_step(const ganglion_wrap_state *s, counter_kind counter) {
  return s->seen < 2 ? 0 : counter.near;
}

static const counter_kind COUNTER_32 = {(int64_t)1 << 32, 1 << 23};

/* The same for streams of words in which some hold the high bits of time: looks `HIGH_WORDS` words ahead at most, for
   the next two values, which cameras send every few microseconds. */
enum { HIGH_WORDS = 4096, HIGH_LOOKAHEAD = 2 };

static inline int judge_high(
    const ganglion_wrap_state *s, const uint8_t *word, int64_t size, int64_t words, int32_t is_last,
    counter_kind counter, counter_reader read) {
  int64_t seen = 0;
  const int64_t most = words < HIGH_WORDS ? words : HIGH_WORDS;
  for (int64_t i = 1; i <= most && seen < HIGH_LOOKAHEAD; i++) {
    const int64_t value = read(word + i * size);
    if (value < 0) continue;
    if (is_near(s, value, counter)) return STEP_GLITCH;
    seen++;
  }
  return seen < HIGH_LOOKAHEAD && words < HIGH_WORDS && !is_last ? STEP_WAIT : STEP_PLAIN;
}

/* 28 bits of 64 us, as EVT 2.0, 2.1 and 4.0 have them. */
static const counter_kind COUNTER_28 = {1 << 28, 1 << 17};

/* Takes a word of high time; STEP_WAIT when more bytes are needed to tell, STEP_GLITCH when it was left out. */
static inline int take_high(
    ganglion_wrap_state *s, int64_t high, const uint8_t *word, int64_t size, int64_t words, int32_t is_last,
    counter_kind counter, counter_reader read, int *is_back) {
  *is_back = 0;
  if (s->seen && !is_near(s, high, counter)) {
    const int step = judge_high(s, word, size, words, is_last, counter, read);
    if (step != STEP_PLAIN) return step;
  }
  *is_back = take_value(s, high, counter);
  return STEP_PLAIN;
}

#endif
