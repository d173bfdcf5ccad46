#include "events_support.h"

static inline int is_blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Compares without regard to case; `word` is in lower case. */
static int is_word(const uint8_t *p, const uint8_t *end, const char *word) {
  for (; p < end && *word; p++, word++) {
    if ((*p | 0x20) != (uint8_t)*word) return 0;
  }
  return p == end && !*word;
}

/* Reads a decimal number, with an exponent perhaps, as its value times 10^places, rounded to the nearest whole number and
   halves to the even one; zero when it is none or does not fit. */
static int read_number(const uint8_t *p, const uint8_t *end, int places, int64_t *value, int *is_whole) {
  int is_negative = 0, digits = 0, has_point = 0, is_beyond = 0;
  int64_t scale = places;
  uint64_t v = 0;
  if (p < end && (*p == '-' || *p == '+')) is_negative = *p++ == '-';
  for (; p < end; p++) {
    if (*p == '.' && !has_point) {
      has_point = 1;
      continue;
    }
    const uint32_t digit = (uint32_t)*p - '0';
    if (digit > 9) break;
    digits++;
    /* 19 digits and more: as numpy.savetxt writes them, they end far behind the smallest step. */
    if (v <= (UINT64_MAX - 9) / 10) {
      v = v * 10 + digit;
      scale -= has_point;
    } else {
      is_beyond |= digit != 0;
      scale += !has_point;
    }
  }
  if (!digits) return 0;
  if (p < end && (*p == 'e' || *p == 'E')) {
    int64_t exponent = 0;
    const int is_small = ++p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return 0;
    for (; p < end; p++) {
      const uint32_t digit = (uint32_t)*p - '0';
      if (digit > 9) return 0;
      if (exponent < 100000) exponent = exponent * 10 + digit;
    }
    scale += is_small ? -exponent : exponent;
  }
  if (p < end) return 0;
  *is_whole = !is_beyond;
  for (; scale > 0 && v; scale--) {
    if (v > (uint64_t)900000000000000000) return 0;
    v *= 10;
  }
  if (scale < -19) {
    *is_whole &= !v;
    v = 0;
  } else if (scale < 0) {
    uint64_t unit = 1;
    for (; scale < 0; scale++) unit *= 10;
    const uint64_t rest = v % unit;
    v /= unit;
    *is_whole &= !rest;
    v += rest > unit - rest || (rest == unit - rest && (is_beyond || (v & 1)));
  }
  if (v > (uint64_t)9000000000000000000) return 0;
  *value = is_negative ? -(int64_t)v : (int64_t)v;
  return 1;
}

/* Any number of a polarity; -1 that was kept without a sign is -1 again. */
static int read_polarity(const uint8_t *p, const uint8_t *end, int64_t *value) {
  int is_whole;
  if (read_number(p, end, 0, value, &is_whole)) {
    if (*value == 255 || *value == 65535 || *value == 4294967295) *value = -1;
    return is_whole;
  }
  *value = is_word(p, end, "true") || is_word(p, end, "on");
  return *value || is_word(p, end, "false") || is_word(p, end, "off");
}

/* What a line of the plainest kind holds: four numbers of digits alone, the time with a point perhaps, a minus before
   the polarity perhaps, one separator between two, and the end of the line. */
typedef struct {
  int64_t time;
  uint64_t x, y;
  int64_t polarity;
} plain_line;

/* The byte behind the number, NULL where it has none or more than 19 digits. */
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
  return p == start || p - start > 19 ? NULL : p;
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
      if (places > 0) {
        /* Room for the places behind the point. */
        if (v >= (uint64_t)100000000000) return NULL;
        uint32_t first_dropped = 0, dropped = 0;
        if (p < end && *p == '.') {
          int is_first = 1;
          for (p++; p < end && (uint32_t)*p - '0' <= 9; p++) {
            const uint32_t digit = (uint32_t)*p - '0';
            if (places > 0) {
              v = v * 10 + digit;
              places--;
            } else if (is_first) {
              first_dropped = digit;
              is_first = 0;
            } else {
              dropped |= digit;
            }
          }
        }
        for (; places > 0; places--) v *= 10;
        v += first_dropped > 5 || (first_dropped == 5 && (dropped || (v & 1)));
      } else {
        if (v > (uint64_t)9000000000000000000) return NULL;
        if (places < 0) {
          const uint64_t rest = v % 1000;
          v /= 1000;
          v += rest > 500 || (rest == 500 && (v & 1));
        }
      }
      out->time = (int64_t)v;
    } else if (column == dialect->polarity_column) {
      const int is_negative = p < end && *p == '-';
      if (!(p = read_digits(p + is_negative, end, &v)) || v > 1) return NULL;
      out->polarity = is_negative ? -(int64_t)v : (int64_t)v;
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

/* Whether a polarity is one of two: 1, and whichever of 0 and -1 came first. */
static inline int is_known_polarity(int64_t polarity, ganglion_csv_dialect *dialect) {
  if ((polarity == 1) | (polarity == dialect->darker)) return 1;
  if (dialect->darker != 1 || (polarity != 0 && polarity != -1)) return 0;
  dialect->darker = (int32_t)polarity;
  return 1;
}

ganglion_event_progress ganglion_decode_csv(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_csv_dialect *dialect,
    ganglion_event_columns output, ganglion_event_report *report) {
  const uint8_t *p = bytes, *const end = bytes + size;
  int64_t n = 0;
  const int may_be_plain = has_four_columns(dialect);
  while (p < end && n < output.capacity) {
    plain_line plain;
    const uint8_t *const behind = may_be_plain ? read_plain(p, end, dialect, &plain) : NULL;
    if (behind && is_known_polarity(plain.polarity, dialect)) {
      output.times[n] = plain.time;
      output.x[n] = (uint16_t)plain.x;
      output.y[n] = (uint16_t)plain.y;
      output.polarities[n] = plain.polarity > 0;
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
    int64_t time = 0, x = -1, y = -1, polarity = 0;
    int found = 0, is_good = 1, is_whole = 1;
    p = line;
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
      if (field_end - field > 1 && *field == '"' && field_end[-1] == '"') {
        field++;
        field_end--;
      }
      if (column == dialect->time_column) {
        is_good = read_number(field, field_end, dialect->time_places, &time, &is_whole);
        found++;
      } else if (column == dialect->x_column) {
        is_good = read_number(field, field_end, 0, &x, &is_whole) && is_whole;
        found++;
      } else if (column == dialect->y_column) {
        is_good = read_number(field, field_end, 0, &y, &is_whole) && is_whole;
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
    if (!is_known_polarity(polarity, dialect)) {
      if (violate(report, GANGLION_VIOLATION_UNKNOWN_POLARITY, line - bytes)) break;
    }
    output.times[n] = time;
    output.x[n] = (uint16_t)x;
    output.y[n] = (uint16_t)y;
    output.polarities[n] = polarity > 0;
    n++;
  }
  return (ganglion_event_progress){p - bytes, n};
}
