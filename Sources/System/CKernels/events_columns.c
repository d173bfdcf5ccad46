#include "events_support.h"

static inline uint64_t load_bits(const uint8_t *p, int size, int is_swapped) {
  uint64_t v = 0;
  memcpy(&v, p, (size_t)size);
  if (is_swapped) v = __builtin_bswap64(v) >> (64 - 8 * size);
  return v;
}

static inline double half_to_double(uint16_t h) {
  const int exponent = (h >> 10) & 31, fraction = h & 1023;
  double v = exponent == 0    ? __builtin_ldexp(fraction, -24)
             : exponent == 31 ? (fraction ? __builtin_nan("") : __builtin_inf())
                              : __builtin_ldexp(1024 + fraction, exponent - 25);
  return h & 0x8000 ? -v : v;
}

/* To the nearest whole number, halves to the even one, as floating point is rounded. */
static inline int64_t divide_rounding(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor, rest = value % divisor;
  if (rest < 0) {
    rest += divisor;
    quotient--;
  }
  return quotient + (rest > divisor - rest || (rest == divisor - rest && (quotient & 1)));
}

/* Whole numbers of the machine's own byte order as they are; zero for any other type. */
static int copy_column(
    const uint8_t *bytes, int64_t stride, int64_t count, ganglion_column_type type, int64_t *out) {
#define COPY(Value)                              \
  for (int64_t i = 0; i < count; i++) {          \
    Value value;                                 \
    memcpy(&value, bytes + i * stride, sizeof value); \
    out[i] = (int64_t)value;                     \
  }                                              \
  return 1;
  if (type.is_swapped && type.size > 1) return 0;
  if (type.kind == GANGLION_COLUMN_SIGNED) {
    switch (type.size) {
      case 1: COPY(int8_t)
      case 2: COPY(int16_t)
      case 4: COPY(int32_t)
      case 8: COPY(int64_t)
    }
  } else if (type.kind == GANGLION_COLUMN_UNSIGNED) {
    switch (type.size) {
      case 1: COPY(uint8_t)
      case 2: COPY(uint16_t)
      case 4: COPY(uint32_t)
      case 8: COPY(uint64_t)
    }
  }
#undef COPY
  return 0;
}

/* A floating-point value of 2, 4 or 8 bytes. */
static inline double load_real(uint64_t bits, int size) {
  if (size == 8) {
    double v;
    memcpy(&v, &bits, 8);
    return v;
  }
  if (size == 4) {
    float f;
    const uint32_t low = (uint32_t)bits;
    memcpy(&f, &low, 4);
    return f;
  }
  return half_to_double((uint16_t)bits);
}

/* A whole number with its sign, if its type has one. */
static inline int64_t load_whole(uint64_t bits, ganglion_column_type type) {
  if (type.kind != GANGLION_COLUMN_SIGNED) return (int64_t)bits;
  const int shift = 64 - 8 * type.size;
  return (int64_t)(bits << shift) >> shift;
}

int64_t ganglion_convert_column(
    const uint8_t *bytes, int64_t stride, int64_t count, ganglion_column_type type, int64_t multiplier,
    int64_t divisor, int64_t *out) {
  if (multiplier == 1 && divisor == 1 && copy_column(bytes, stride, count, type, out)) return 0;
  int64_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    const uint64_t bits = load_bits(bytes + i * stride, type.size, type.is_swapped);
    if (type.kind == GANGLION_COLUMN_FLOAT) {
      const double v = load_real(bits, type.size) * (double)multiplier / (double)divisor;
      if (!(v > -9e18 && v < 9e18)) {
        bad++;
        out[i] = INT64_MIN;
        continue;
      }
      out[i] = (int64_t)__builtin_nearbyint(v);
      continue;
    }
    int64_t scaled;
    if (__builtin_mul_overflow(load_whole(bits, type), multiplier, &scaled)) {
      bad++;
      out[i] = INT64_MIN;
      continue;
    }
    out[i] = divisor == 1 ? scaled : divide_rounding(scaled, divisor);
  }
  return bad;
}

void ganglion_column_values(
    const uint8_t *bytes, int64_t stride, int64_t count, ganglion_column_type type, double *out) {
  for (int64_t i = 0; i < count; i++) {
    const uint64_t bits = load_bits(bytes + i * stride, type.size, type.is_swapped);
    out[i] = type.kind == GANGLION_COLUMN_FLOAT      ? load_real(bits, type.size)
             : type.kind == GANGLION_COLUMN_UNSIGNED ? (double)bits
                                                     : (double)load_whole(bits, type);
  }
}

CLONES int64_t ganglion_assemble_columns(
    const int64_t *times, const int64_t *x, const int64_t *y, const int64_t *polarities, int64_t count,
    ganglion_polarity_meaning *meaning, ganglion_event_columns output, ganglion_column_findings *findings) {
  uint64_t places = 0, strange = 0, all = ~(uint64_t)0;
  int64_t timeless = 0;
  for (int64_t i = 0; i < count; i++) {
    places |= (uint64_t)x[i] | (uint64_t)y[i];
    timeless |= times[i] == INT64_MIN;
    strange |= (uint64_t)polarities[i];
    all &= (uint64_t)polarities[i];
  }
  if (places <= 65535 && !timeless && strange <= 1 && (meaning->darker != -1 || all == 1)) {
    if (count > 0 && all == 0) meaning->darker = 0;
    memcpy(output.times, times, (size_t)count * sizeof *times);
    uint16_t *restrict column = output.x, *restrict row = output.y;
    uint8_t *restrict polarity = output.polarities;
    for (int64_t i = 0; i < count; i++) column[i] = (uint16_t)x[i];
    for (int64_t i = 0; i < count; i++) row[i] = (uint16_t)y[i];
    for (int64_t i = 0; i < count; i++) polarity[i] = (uint8_t)polarities[i];
    return count;
  }
  int64_t n = 0;
  for (int64_t i = 0; i < count; i++) {
    if ((uint64_t)x[i] > 65535 || (uint64_t)y[i] > 65535 || times[i] == INT64_MIN) {
      if (findings->outside++ == 0) findings->first_outside = i;
      continue;
    }
    const int64_t polarity = polarities[i] == meaning->minus_one ? -1 : polarities[i];
    if ((polarity != 1) & (polarity != meaning->darker)) {
      if (meaning->darker == 1 && (polarity == 0 || polarity == -1)) {
        meaning->darker = polarity;
      } else if (findings->unknown_polarities++ == 0) {
        findings->first_unknown_polarity = i;
      }
    }
    output.times[n] = times[i];
    output.x[n] = (uint16_t)x[i];
    output.y[n] = (uint16_t)y[i];
    output.polarities[n] = polarity > 0;
    n++;
  }
  return n;
}

int64_t ganglion_decompress_lzf(const uint8_t *in, int64_t in_size, uint8_t *out, int64_t out_size) {
  const uint8_t *p = in, *const end = in + in_size;
  int64_t n = 0;
  while (p < end) {
    const uint32_t control = *p++;
    if (control < 32) {
      const int64_t length = control + 1;
      if (end - p < length || out_size - n < length) return -1;
      memcpy(out + n, p, (size_t)length);
      n += length;
      p += length;
      continue;
    }
    int64_t length = (control >> 5) + 2;
    if (control >> 5 == 7) {
      if (p >= end) return -1;
      length += *p++;
    }
    if (p >= end) return -1;
    const int64_t distance = ((int64_t)(control & 31) << 8 | *p++) + 1;
    if (distance > n || out_size - n < length) return -1;
    for (int64_t k = 0; k < length; k++, n++) out[n] = out[n - distance];
  }
  return n;
}
