#include <string.h>

#include "dispatch.h"
#include "include/kernels_scenes.h"

/* The same events on every machine: a multiplication and an addition are rounded apart. */
#pragma STDC FP_CONTRACT OFF

enum { RUN = 64 };

/* Natural logarithm of a positive number to 2e-7 of a unit, in operations that vectors have. */
static inline float logarithm(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  /* The mantissa lies in sqrt(1/2) to sqrt(2). */
  const int32_t shifted = (int32_t)(bits - 0x3f3504f3u);
  const int32_t exponent = shifted >> 23;
  bits -= (uint32_t)exponent << 23;
  float m;
  memcpy(&m, &bits, 4);
  const float s = (m - 1.0f) / (m + 1.0f), q = s * s;
  const float series = 2.0f * s * (1.0f + q * (0.33333333f + q * (0.2f + q * (0.14285714f + q * 0.11111111f))));
  return (float)exponent * 0.69314718f + series;
}

CLONES void ganglion_sensor_begin(
    const ganglion_sensor *sensor, const float *intensity, const float *phase, float dark) {
  const int64_t pixels = (int64_t)sensor->width * sensor->height;
  for (int64_t i = 0; i < pixels; i++) {
    const float value = logarithm(intensity[i] + dark);
    sensor->earlier[i] = value;
    sensor->current[i] = value;
    const float width = phase[i] < 0 ? sensor->positive[i] : sensor->negative[i];
    sensor->memorised[i] = value + phase[i] * width;
  }
}

CLONES void ganglion_sensor_expose(
    const ganglion_sensor *sensor, const float *intensity, const ganglion_exposure *exposure, uint8_t *busy) {
  const int64_t pixels = (int64_t)sensor->width * sensor->height;
  const float dark = exposure->dark, leak = exposure->leak, bandwidth = exposure->bandwidth;
  const float whole = 1.0f / exposure->bright;
  const float *restrict earlier = sensor->earlier;
  float *restrict current = sensor->current;
  float *restrict memorised = sensor->memorised;
  const float *restrict positive = sensor->positive;
  const float *restrict negative = sensor->negative;
  for (int64_t start = 0; start < pixels; start += RUN) {
    const int64_t end = start + RUN < pixels ? start + RUN : pixels;
    int32_t any = 0;
    for (int64_t i = start; i < end; i++) {
      float share = (intensity[i] + dark) * whole;
      share = share < 0.1f ? 0.1f : share > 1.0f ? 1.0f : share;
      const float x = bandwidth * share;
      const float value = earlier[i] + (x / (1.0f + x)) * (logarithm(intensity[i] + dark) - earlier[i]);
      current[i] = value;
      const float kept = memorised[i] - leak * positive[i];
      memorised[i] = kept;
      any |= (value - kept >= positive[i]) | (kept - value >= negative[i]);
    }
    busy[start / RUN] = any != 0;
  }
}

int64_t ganglion_sensor_fire(
    const ganglion_sensor *sensor, const ganglion_exposure *exposure, const uint8_t *busy, int64_t *run,
    ganglion_event_columns out) {
  const int64_t pixels = (int64_t)sensor->width * sensor->height;
  const int64_t runs = (pixels + RUN - 1) / RUN;
  const double length = (double)(exposure->end - exposure->start);
  int64_t n = 0;
  for (; *run < runs; (*run)++) {
    if (!busy[*run]) continue;
    if (out.capacity - n < RUN * GANGLION_PIXEL_EVENTS) return n;
    const int64_t end = (*run + 1) * RUN < pixels ? (*run + 1) * RUN : pixels;
    for (int64_t i = *run * RUN; i < end; i++) {
      const float last = sensor->current[i], rise = sensor->positive[i], fall = sensor->negative[i];
      float memorised = sensor->memorised[i];
      if (last - memorised < rise && memorised - last < fall) continue;
      const float first = sensor->earlier[i], slope = last - first;
      int64_t released = sensor->released[i];
      /* What happens in the refractory time is not seen: the pixel begins anew at its end. */
      if (released >= exposure->end) continue;
      if (released > exposure->start) {
        memorised = first + slope * (float)((double)(released - exposure->start) / length);
      }
      for (int fired = 0; fired < GANGLION_PIXEL_EVENTS; fired++) {
        const int brighter = last - memorised >= rise;
        if (!brighter && memorised - last < fall) break;
        const float level = brighter ? memorised + rise : memorised - fall;
        double part = slope != 0.0f ? (double)((level - first) / slope) : 1.0;
        part = part < 0 ? 0 : part > 1 ? 1 : part;
        int64_t time = exposure->start + (int64_t)(part * length);
        if (time < released) time = released;
        if (time >= exposure->end) time = exposure->end - 1;
        out.times[n] = time;
        out.x[n] = (uint16_t)(i % sensor->width);
        out.y[n] = (uint16_t)(i / sensor->width);
        out.polarities[n++] = (uint8_t)brighter;
        memorised = level;
        if (exposure->refractory > 0) {
          released = time + exposure->refractory;
          if (released >= exposure->end) {
            memorised = last;
            break;
          }
          const float there = first + slope * (float)((double)(released - exposure->start) / length);
          /* Light that already went beyond the level is taken as the new level; a leak makes the two differ otherwise. */
          if (brighter ? there > level : there < level) memorised = there;
        }
      }
      sensor->memorised[i] = memorised;
      sensor->released[i] = released;
    }
  }
  return n;
}

void ganglion_sort_events(
    ganglion_event_columns events, int64_t count, int64_t start, int64_t end, uint32_t *places,
    ganglion_event_columns sorted) {
  const int64_t times = end - start + 1;
  memset(places, 0, (size_t)(times + 1) * sizeof *places);
  for (int64_t i = 0; i < count; i++) places[events.times[i] - start + 1]++;
  for (int64_t t = 0; t < times; t++) places[t + 1] += places[t];
  for (int64_t i = 0; i < count; i++) {
    const uint32_t at = places[events.times[i] - start]++;
    sorted.times[at] = events.times[i];
    sorted.x[at] = events.x[i];
    sorted.y[at] = events.y[i];
    sorted.polarities[at] = events.polarities[i];
  }
}
