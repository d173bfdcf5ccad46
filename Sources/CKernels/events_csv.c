#include "events_support.h"

static inline int is_blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Compares without regard to case; `word` is in lower case. */
static int is_word(const uint8_t *p, const uint8_t *end, const char *word) {
  for (; p < end && *word; p++, word++) {
    if ((*p | 0x20) != (uint8_t)*word) return 0;
  }
  return p == end && !*word;
}

/* Reads a decimal number as its value times 10^places, exactly; zero when it is none or does not fit. */
static int read_scaled(const uint8_t *p, const uint8_t *end, int places, int64_t *value) {
  int negative = 0, digits = 0, fraction = -1;
  uint64_t v = 0;
  if (p < end && (*p == '-' || *p == '+')) negative = *p++ == '-';
  for (; p < end; p++) {
    if (*p == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (*p == 'e' || *p == 'E') break;
    const uint32_t digit = (uint32_t)*p - '0';
    if (digit > 9) return 0;
    digits++;
    if (fraction >= places) continue;
    if (v > (uint64_t)900000000000000000) return 0;
    v = v * 10 + digit;
    if (fraction >= 0) fraction++;
  }
  if (!digits) return 0;
  int missing = places - (fraction > 0 ? fraction : 0);
  if (p < end) {
    /* An exponent as numpy.savetxt writes it: 1.000000000000000000e+03 keeps 18 digits behind the point. */
    return 0;
  }
  for (; missing > 0; missing--) {
    if (v > (uint64_t)900000000000000000) return 0;
    v *= 10;
  }
  *value = negative ? -(int64_t)v : (int64_t)v;
  return 1;
}

/* Decimal numbers with an exponent go through the digits and the power of ten. */
static int read_number(const uint8_t *p, const uint8_t *end, int places, int64_t *value) {
  const uint8_t *e = p;
  while (e < end && *e != 'e' && *e != 'E') e++;
  if (e == end) return read_scaled(p, end, places, value);
  int64_t exponent;
  if (!read_scaled(e + 1, end, 0, &exponent) || exponent < -30 || exponent > 30) return 0;
  if (places + exponent < 0) return 0;
  return read_scaled(p, e, places + (int)exponent, value);
}

static int read_polarity(const uint8_t *p, const uint8_t *end, uint8_t *value) {
  int64_t number;
  if (read_number(p, end, 0, &number)) {
    *value = number > 0;
    return 1;
  }
  if (is_word(p, end, "true") || is_word(p, end, "on")) {
    *value = 1;
    return 1;
  }
  if (is_word(p, end, "false") || is_word(p, end, "off")) {
    *value = 0;
    return 1;
  }
  return 0;
}

/* What a line of the plainest kind holds: four numbers of digits alone, the time with a point perhaps, a minus before
   the polarity perhaps, one separator between two, and the end of the line. */
typedef struct {
  int64_t time;
  uint64_t x, y;
  uint8_t polarity;
} plain_line;

/* The byte behind the number, NULL where it has none or more than 17 digits. */
static inline const uint8_t *read_digits(const uint8_t *p, const uint8_t *end, uint64_t *value) {
  const uint8_t *const start = p;
  uint64_t v = 0;
  while (p < end) {
    const uint32_t digit = (uint32_t)*p - '0';
    if (digit > 9) break;
    v = v * 10 + digit;
    p++;
  }
  *value = v;
  return p == start || p - start > 17 ? NULL : p;
}

/* Reads a plain line; gives where the next one begins, or NULL for any other line, which is then read with care. */
static inline const uint8_t *read_plain(
    const uint8_t *p, const uint8_t *end, const ganglion_csv_dialect *dialect, plain_line *out) {
  for (int32_t column = 0; column < 4; column++) {
    if (column) {
      if (p == end || *p != dialect->separator) return NULL;
      p++;
    }
    uint64_t v;
    if (column == dialect->time_column) {
      if (!(p = read_digits(p, end, &v))) return NULL;
      int places = dialect->time_places;
      /* Room for the places behind the point. */
      if (v >= (uint64_t)100000000000) return NULL;
      if (p < end && *p == '.') {
        const uint8_t *const point = p++;
        for (; p < end && (uint32_t)*p - '0' <= 9; p++) {
          if (places > 0) {
            v = v * 10 + (*p - '0');
            places--;
          }
        }
        if (p - point > 17) return NULL;
      }
      for (; places > 0; places--) v *= 10;
      out->time = (int64_t)v;
    } else if (column == dialect->polarity_column) {
      const int is_negative = p < end && *p == '-';
      if (!(p = read_digits(p + is_negative, end, &v))) return NULL;
      out->polarity = v > 0 && !is_negative;
    } else {
      if (!(p = read_digits(p, end, &v)) || v > 65535) return NULL;
      if (column == dialect->x_column) out->x = v;
      if (column == dialect->y_column) out->y = v;
    }
  }
  if (p < end && *p == '\r') p++;
  return p < end && *p == '\n' ? p + 1 : NULL;
}

/* Whether the columns are four in some order. */
static int has_four_columns(const ganglion_csv_dialect *d) {
  uint32_t seen = 0;
  const int32_t columns[] = {d->time_column, d->x_column, d->y_column, d->polarity_column};
  for (int k = 0; k < 4; k++) {
    if (columns[k] < 0 || columns[k] > 3) return 0;
    seen |= 1u << columns[k];
  }
  return seen == 15;
}

ganglion_event_progress ganglion_decode_csv(
    const uint8_t *bytes, int64_t size, int32_t is_last, const ganglion_csv_dialect *dialect,
    ganglion_event_columns output, ganglion_event_report *report) {
  const uint8_t *p = bytes, *const end = bytes + size;
  int64_t n = 0;
  const int may_be_plain = has_four_columns(dialect);
  while (p < end && n < output.capacity) {
    plain_line plain;
    const uint8_t *const behind = may_be_plain ? read_plain(p, end, dialect, &plain) : NULL;
    if (behind) {
      const int64_t d = dialect->time_divisor;
      output.times[n] = d > 1 ? plain.time / d : plain.time;
      output.x[n] = (uint16_t)plain.x;
      output.y[n] = (uint16_t)plain.y;
      output.polarities[n] = plain.polarity;
      n++;
      p = behind;
      continue;
    }
    const uint8_t *line_end = memchr(p, '\n', (size_t)(end - p));
    if (!line_end) {
      if (!is_last) break;
      line_end = end;
    }
    const uint8_t *const line = p;
    const uint8_t *next = line_end < end ? line_end + 1 : end;
    while (p < line_end && is_blank(*p)) p++;
    if (p == line_end || *p == '#' || *p == '%') {
      report->skipped[GANGLION_SKIPPED_OTHER] += p != line_end;
      p = next;
      continue;
    }
    int64_t time = 0, x = -1, y = -1;
    uint8_t polarity = 0;
    int found = 0, is_good = 1;
    for (int32_t column = 0; p <= line_end && is_good; column++) {
      const uint8_t *field = p;
      if (dialect->separator == ' ') {
        while (field < line_end && is_blank(*field)) field++;
        p = field;
        while (p < line_end && !is_blank(*p)) p++;
        if (field == line_end) break;
      } else {
        while (p < line_end && *p != dialect->separator) p++;
      }
      const uint8_t *field_end = p;
      while (field < field_end && is_blank(*field)) field++;
      while (field_end > field && is_blank(field_end[-1])) field_end--;
      if (column == dialect->time_column) {
        is_good = read_number(field, field_end, dialect->time_places, &time);
        found++;
      } else if (column == dialect->x_column) {
        is_good = read_number(field, field_end, 0, &x);
        found++;
      } else if (column == dialect->y_column) {
        is_good = read_number(field, field_end, 0, &y);
        found++;
      } else if (column == dialect->polarity_column) {
        is_good = read_polarity(field, field_end, &polarity);
        found++;
      }
      if (p == line_end) break;
      p++;
    }
    p = next;
    if (!is_good || found < 4 || x < 0 || x > 65535 || y < 0 || y > 65535) {
      if (violate(report, GANGLION_VIOLATION_MALFORMED_LINE, line - bytes)) break;
      continue;
    }
    if (dialect->time_divisor > 1) {
      const int64_t d = dialect->time_divisor;
      time = (time >= 0 ? time : time - (d - 1)) / d;
    }
    output.times[n] = time;
    output.x[n] = (uint16_t)x;
    output.y[n] = (uint16_t)y;
    output.polarities[n] = polarity;
    n++;
  }
  return (ganglion_event_progress){p - bytes, n};
}
