/* Event camera streams: decoding into columns, checking, counting into pixels. */
#ifndef KERNELS_EVENTS_H
#define KERNELS_EVENTS_H
#include <stdint.h>

/// Where decoded events go: four columns of `capacity` entries. A decoder may write, past the events it reports and
/// within the capacity, values that mean nothing.
typedef struct {
  int64_t *times;
  uint16_t *x;
  uint16_t *y;
  uint8_t *polarities;
  int64_t capacity;
} ganglion_event_columns;

/// What can be wrong with a stream; the order is that of the Swift enumeration `EventViolation`.
enum {
  GANGLION_VIOLATION_NON_MONOTONIC_TIME = 0,
  GANGLION_VIOLATION_NON_MONOTONIC_TIME_HIGH,
  GANGLION_VIOLATION_MISSING_TIME_HIGH,
  GANGLION_VIOLATION_EVENT_BEFORE_TIME,
  GANGLION_VIOLATION_MISSING_ROW,
  GANGLION_VIOLATION_MISSING_VECTOR_BASE,
  GANGLION_VIOLATION_PARTIAL_VECTOR,
  GANGLION_VIOLATION_PARTIAL_CONTINUED,
  GANGLION_VIOLATION_ADDRESS_OUT_OF_RANGE,
  GANGLION_VIOLATION_UNKNOWN_WORD,
  GANGLION_VIOLATION_CORRUPT_PACKET,
  GANGLION_VIOLATION_MALFORMED_LINE,
  GANGLION_VIOLATION_UNKNOWN_POLARITY,
  GANGLION_VIOLATION_TRUNCATED_TAIL,
  GANGLION_VIOLATION_TIME_GLITCH,
  GANGLION_VIOLATION_KINDS
};

/// What a stream carries beside polarity events; the order is that of the Swift enumeration `SkippedContent`.
enum {
  GANGLION_SKIPPED_TIME = 0,
  GANGLION_SKIPPED_OTHER,
  GANGLION_SKIPPED_CONTINUED,
  GANGLION_SKIPPED_IMU,
  GANGLION_SKIPPED_FRAME,
  GANGLION_SKIPPED_SPECIAL,
  GANGLION_SKIPPED_INVALID,
  GANGLION_SKIPPED_PADDING,
  GANGLION_SKIPPED_STREAM,
  GANGLION_SKIPPED_STRAY,
  GANGLION_SKIPPED_MESSAGE,
  GANGLION_SKIPPED_KINDS
};

#define GANGLION_TRIGGER_CAPACITY 256

/// What one call to a decoder found beside events. Offsets count from the first byte given to the call.
typedef struct {
  int64_t violations[GANGLION_VIOLATION_KINDS];
  int64_t first_offset[GANGLION_VIOLATION_KINDS];
  int64_t skipped[GANGLION_SKIPPED_KINDS];
  /// Set by the caller: return at the first violation.
  int32_t stop_at_violation;
  int32_t trigger_count;
  int64_t trigger_times[GANGLION_TRIGGER_CAPACITY];
  uint8_t trigger_channels[GANGLION_TRIGGER_CAPACITY];
  uint8_t trigger_rising[GANGLION_TRIGGER_CAPACITY];
} ganglion_event_report;

/// Whether a call found anything beside events: violations, skipped content or triggers.
int ganglion_report_has_findings(const ganglion_event_report *report);

/// How far one call came: bytes used up and events written.
typedef struct {
  int64_t consumed;
  int64_t produced;
} ganglion_event_progress;

/// State of the unrolling of a time counter of a few bits; zero it to begin.
typedef struct {
  /// What the overflows so far add, in units of the counter.
  int64_t epoch;
  /// The last value.
  int64_t last;
  /// How many values were taken: none, one, or 2 for more.
  int64_t seen;
} ganglion_wrap_state;

/// EVT 2.0: little-endian 32-bit words, type in the top four bits.
///
/// This and the other decoders with `is_last` look ahead where a time fits nowhere: a single wrong value is counted as
/// GANGLION_VIOLATION_TIME_GLITCH and its event gets the time before it. They leave such a record when too little
/// follows it, unless `is_last` says that nothing more will.
ganglion_event_progress ganglion_decode_evt2(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_wrap_state *state, ganglion_event_columns output,
    ganglion_event_report *report);

/// N-MNIST, N-Caltech101 and SLAYER: five bytes, x, y, then big-endian one bit of polarity and 23 of microseconds.
/// A row of 240 says that the counter of a camera with 13 bits ran over.
ganglion_event_progress ganglion_decode_nmnist(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_wrap_state *state, ganglion_event_columns output,
    ganglion_event_report *report);

/// How an AEDAT 2 address is cut into fields.
typedef struct {
  uint32_t x_shift, x_mask, y_shift, y_mask, polarity_shift;
  /// Mirror x at this last column; negative to leave it.
  int32_t x_last;
  /// Mirror y at this last row; negative to leave it.
  int32_t y_last;
  /// XOR with the polarity bit.
  uint32_t polarity_inverted;
  /// Addresses for which (address & special_mask) is not zero are no polarity events.
  uint32_t special_mask;
  /// Of those, the ones with (address & trigger_mask) == trigger_value are external triggers.
  uint32_t trigger_mask, trigger_value;
  /// Addresses with any of these bits are of no pixel.
  uint32_t outside_mask;
} ganglion_aedat2_layout;

/// AEDAT 2.0: big-endian 32-bit address and 32-bit microseconds.
ganglion_event_progress ganglion_decode_aedat2(
    const uint8_t *bytes, int64_t size, int32_t is_last, const ganglion_aedat2_layout *layout, ganglion_wrap_state *state,
    ganglion_event_columns output, ganglion_event_report *report);

/// The polarity events of an AEDAT 3.1 packet: little-endian 32-bit data and 32-bit microseconds; `overflow` counts
/// the times that 31 bits of time ran over. Events not marked valid are skipped and counted. Rows are mirrored at
/// `last_row` unless it is negative.
ganglion_event_progress ganglion_decode_aedat3(
    const uint8_t *bytes, int64_t size, int64_t overflow, int32_t last_row, ganglion_event_columns output,
    ganglion_event_report *report);

/// The special events of an AEDAT 3.1 packet: edges of the external input become triggers, the rest is counted.
ganglion_event_progress ganglion_decode_aedat3_special(
    const uint8_t *bytes, int64_t size, int64_t event_size, int64_t timestamp_offset, int64_t overflow,
    ganglion_event_report *report);

/// State of a Prophesee EVT 3.0 decoder; zero it to begin.
typedef struct {
  /// High time bits.
  ganglion_wrap_state high;
  uint32_t time_low;
  uint32_t row;
  uint32_t base;
  uint32_t known;
  /// What is left of a vector for which the columns had no room.
  uint32_t vector_mask, vector_x, vector_polarity;
  /// How many words of 12, 12, 8 came.
  int32_t vector_phase;
  int32_t continued_phase;
  /// Whose events are read, 1 or 2 for the camera that gives the time or the other; 0 for that of the first row.
  uint32_t camera;
} ganglion_evt3_state;

/// EVT 3.0: little-endian 16-bit words that change a state; 24 bits of time.
ganglion_event_progress ganglion_decode_evt3(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_evt3_state *state, ganglion_event_columns output,
    ganglion_event_report *report);

/// State of a decoder of EVT 2.1 or 4.0; zero it to begin.
typedef struct {
  /// High time bits.
  ganglion_wrap_state high;
  int64_t mask_time;
  uint32_t mask, mask_x, mask_y, mask_polarity;
} ganglion_vector_state;

/// EVT 2.1: 64-bit words; the mask is the low half, in the legacy layout the high one.
ganglion_event_progress ganglion_decode_evt21(
    const uint8_t *bytes, int64_t size, int32_t is_last, int32_t is_legacy, ganglion_vector_state *state,
    ganglion_event_columns output, ganglion_event_report *report);

/// EVT 4.0: 32-bit words; a vector is followed by its mask.
ganglion_event_progress ganglion_decode_evt4(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_vector_state *state, ganglion_event_columns output,
    ganglion_event_report *report);

/// How the second word of a DAT record is cut.
typedef struct {
  uint32_t x_mask, y_shift, y_mask, polarity_shift, polarity_mask;
  int32_t is_trigger;
} ganglion_dat_layout;

/// DAT: little-endian 32-bit microseconds and a packed address.
ganglion_event_progress ganglion_decode_dat(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_dat_layout layout, ganglion_wrap_state *state,
    ganglion_event_columns output, ganglion_event_report *report);

/// AEDAT 1.0: big-endian 16-bit address and 32-bit microseconds.
ganglion_event_progress ganglion_decode_aedat1(
    const uint8_t *bytes, int64_t size, int32_t is_last, const ganglion_aedat2_layout *layout, ganglion_wrap_state *state,
    ganglion_event_columns output, ganglion_event_report *report);

/// The 16-byte event structures of an AEDAT 4 packet; returns how many fitted.
int64_t ganglion_decode_aedat4_events(const uint8_t *bytes, int64_t count, ganglion_event_columns output);

/// Event Stream 2 of type DVS: a byte of time and polarity, 16 bits each of column and row, origin at the bottom left.
ganglion_event_progress ganglion_decode_es_dvs(
    const uint8_t *bytes, int64_t size, int32_t last_row, int64_t *time, ganglion_event_columns output,
    ganglion_event_report *report);

/// Event Stream 2 of type ATIS; threshold crossings are skipped and counted.
ganglion_event_progress ganglion_decode_es_atis(
    const uint8_t *bytes, int64_t size, int32_t last_row, int64_t *time, ganglion_event_columns output,
    ganglion_event_report *report);

/// How lines of text are read; `darker` is what they have shown so far.
typedef struct {
  int32_t time_column, x_column, y_column, polarity_column;
  /// Powers of ten from the time's unit to a microsecond: 6 for seconds, -3 for nanoseconds.
  int32_t time_places;
  /// The polarity of darker: 0 or -1, whichever came first, and 1 as long as none has.
  int32_t darker;
  /// Byte between fields; a blank stands for any run of white space.
  uint8_t separator;
} ganglion_csv_dialect;

/// Lines of text; those that begin with # or % are skipped and counted. Times are rounded to the nearest microsecond,
/// halves to the even one.
ganglion_event_progress ganglion_decode_csv(
    const uint8_t *bytes, int64_t size, int32_t is_last, ganglion_csv_dialect *dialect,
    ganglion_event_columns output, ganglion_event_report *report);

/// What a look at decoded columns found.
typedef struct {
  /// Index of the first event that is earlier than the one before it, or -1, and how many there are.
  int64_t first_backwards, backwards;
  /// Index of the first event outside the sensor, or -1, and how many there are.
  int64_t first_outside, outside;
} ganglion_event_check;

/// Looks for events that go back in time and events outside a sensor of width x height.
ganglion_event_check ganglion_check_events(
    const int64_t *times, const uint16_t *x, const uint16_t *y, int64_t count, int64_t previous, uint32_t width,
    uint32_t height);

/// Takes the events outside a sensor out of the columns; returns how many are left.
int64_t ganglion_remove_outside(
    int64_t *times, uint16_t *x, uint16_t *y, uint8_t *polarities, int64_t count, uint32_t width, uint32_t height);

/// Which input the events of a pixel count for: (polarity ? plane : 0) + rows[y] + columns[x]; none where
/// rows[y] + columns[x] is not below plane.
typedef struct {
  const uint32_t *columns, *rows;
  uint32_t width, height;
  /// Inputs of one row and of one polarity.
  uint32_t stride, plane;
  /// rows[y] == (y >> shift) * stride and columns[x] == x >> shift; negative when they are not.
  int32_t shift;
} ganglion_input_map;

/// Counts events into inputs. A count ends at 255; what goes beyond is added to `beyond` and to its total. Returns how
/// many events lay outside width x height and were left out; adds to `cut` those whose pixel has no input.
int64_t ganglion_accumulate_events(
    const uint16_t *x, const uint16_t *y, const uint8_t *polarities, int64_t count, const ganglion_input_map *map,
    uint8_t *counts, uint32_t *beyond, int64_t *beyond_count, int64_t *cut);

/// Of events: their number, and the sums of their columns and rows and of the squares of these.
typedef struct {
  int64_t count, x, y, xx, yy;
} ganglion_event_moments_sums;

/// Adds events within width x height to sums.
void ganglion_event_moments(
    const uint16_t *x, const uint16_t *y, int64_t count, uint32_t width, uint32_t height,
    ganglion_event_moments_sums *sums);

/// Number of counts that are not zero.
int64_t ganglion_count_active(const uint8_t *counts, int64_t size);

/// Writes the inputs that were counted, ascending, with min(count, limit), and clears all counts; `size` is a multiple
/// of eight. Both lists have room for one more than there are.
void ganglion_take_counts(
    uint8_t *counts, uint32_t *beyond, int64_t beyond_count, int64_t size, uint32_t limit, uint32_t *channels,
    float *values);

/// Sum of bytes.
int64_t ganglion_sum_bytes(const uint8_t *bytes, int64_t count);

/// Index of the first of times[start..<count] that is not less than time; count if there is none.
int64_t ganglion_first_at_or_after(const int64_t *times, int64_t start, int64_t count, int64_t time);

/// How many of times[start..<end] are less than time.
int64_t ganglion_count_earlier(const int64_t *times, int64_t start, int64_t end, int64_t time);

/// How one value of a column is stored.
enum { GANGLION_COLUMN_SIGNED = 0, GANGLION_COLUMN_UNSIGNED = 1, GANGLION_COLUMN_FLOAT = 2 };
typedef struct {
  int32_t kind;
  /// Bytes: 1, 2, 4 or 8.
  int32_t size;
  /// Big-endian.
  int32_t is_swapped;
} ganglion_column_type;

/// out[i] = the value at bytes + i * stride, times multiplier, over divisor, rounded to the nearest whole number and
/// halves to the even one. What does not fit becomes INT64_MIN; returns how many.
int64_t ganglion_convert_column(
    const uint8_t *bytes, int64_t stride, int64_t count, ganglion_column_type type, int64_t multiplier,
    int64_t divisor, int64_t *out);

/// out[i] = the value at bytes + i * stride, as it is.
void ganglion_column_values(
    const uint8_t *bytes, int64_t stride, int64_t count, ganglion_column_type type, double *out);

/// What the numbers of a column of polarities stand for: 1 is brighter.
typedef struct {
  /// What -1 looks like in the type of the column: 255 in a byte without sign.
  int64_t minus_one;
  /// The polarity of darker: 0 or -1, whichever came first, and 1 as long as none has.
  int64_t darker;
} ganglion_polarity_meaning;

/// What else columns held: numbers, and the position of the first since the findings were zeroed.
typedef struct {
  /// Events left out: their address does not fit 16 bits, or their time is INT64_MIN.
  int64_t outside, first_outside;
  /// Events whose polarity is neither 1 nor that of darker; above 0 they count as brighter.
  int64_t unknown_polarities, first_unknown_polarity;
} ganglion_column_findings;

/// Makes events of four columns; returns how many were written. Adds to the findings.
int64_t ganglion_assemble_columns(
    const int64_t *times, const int64_t *x, const int64_t *y, const int64_t *polarities, int64_t count,
    ganglion_polarity_meaning *meaning, ganglion_event_columns output, ganglion_column_findings *findings);

/// The events of an EventArray message of ROS 1: 13 bytes each, x, y, seconds, nanoseconds, polarity.
void ganglion_decode_ros1_events(const uint8_t *bytes, int64_t count, ganglion_event_columns output);

/// The same of ROS 2. Alignment puts 14 bytes between the first and the second event and 16 between later ones; the
/// fields of the first stand closer together, so it is decoded by itself (`is_first`, count 1). `bytes` has 13 bytes
/// for the first, 16 * count - 1 for others.
void ganglion_decode_cdr_events(
    const uint8_t *bytes, int64_t count, int32_t is_first, int32_t is_big_endian, ganglion_event_columns output);

/// The 64-bit words of an event packet encoded as `mono`: polarity, 15 bits of row, 16 of column, 32 of nanoseconds
/// after `base`, which is in nanoseconds too.
void ganglion_decode_mono_events(
    const uint8_t *bytes, int64_t count, uint64_t base, int32_t is_big_endian, ganglion_event_columns output);

/// The 64-bit words of an event packet encoded as `trigger`; returns how many were taken: all, or until the table of
/// triggers is full.
int64_t ganglion_decode_trigger_words(
    const uint8_t *bytes, int64_t count, uint64_t base, int32_t is_big_endian, ganglion_event_report *report);

/// The structures of an event packet encoded as `libcaer`: little-endian address and 31 bits of microseconds after
/// `base`, in nanoseconds; `state` is zeroed for each packet.
void ganglion_decode_libcaer_events(
    const uint8_t *bytes, int64_t count, uint64_t base, ganglion_wrap_state *state, ganglion_event_columns output);

/// LZF, the compression of h5py and tonic; returns the size, or -1 when it is damaged or larger than out_size.
int64_t ganglion_decompress_lzf(const uint8_t *in, int64_t in_size, uint8_t *out, int64_t out_size);

#endif
