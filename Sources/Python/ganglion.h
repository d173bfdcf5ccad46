/* Ganglion for other languages: recordings of events, encoders, models.
 *
 * Version 1. Every call that can fail returns 0 when all went well, otherwise a kind of failure that `ganglion_kind` names:
 * usage, badInput, missing, unavailable, sentAway, output, readerGone, configuration, interrupted, terminated, other. It then
 * leaves one line in `text` that says what is wrong, where, and what to do; calls that give a text leave it there as well.
 * Texts are UTF-8 and the caller's, to be given back by `ganglion_free`; `text` may be NULL.
 *
 * Handles may be used from any thread: of several calls one goes through at a time. A handle that was closed must not be used
 * again. Pointers to columns are borrowed for the call, and have room for as many values as the call says.
 *
 * Reading options are lines of name=value, named as in recipes: inputFormat, sensor, aedat2Layout, csvColumns, timeUnit, group,
 * stream, sample, filters (with spaces between them). NULL leaves everything to the recording.
 *
 * Times are microseconds, x counts from the left and y from the top, a polarity is 1 where it became brighter and 0 where it
 * became darker.
 */
#ifndef GANGLION_H
#define GANGLION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void ganglion_reader;
typedef void ganglion_writer;
typedef void ganglion_encoder;
typedef void ganglion_model;
typedef void ganglion_stream;

/* The version of this interface. */
int32_t ganglion_abi(void);
/* Name of a kind of failure; NULL for 0. */
char *ganglion_kind(int32_t status);
void ganglion_free(char *text);

/* Opens a recording of events, of any format; a path of - is standard input. */
int32_t ganglion_reader_open(const char *path, const char *options, ganglion_reader **reader, char **text);
/* JSON: format, encoding, width, height, metadata, guesses, streams. */
int32_t ganglion_reader_describe(ganglion_reader *reader, char **text);
/* The next events, up to `room` of them; `count` is 0 only at the end. */
int32_t ganglion_reader_read(ganglion_reader *reader, ptrdiff_t room, int64_t *times, uint16_t *x, uint16_t *y,
                             uint8_t *polarities, ptrdiff_t *count, char **text);
void ganglion_reader_close(ganglion_reader *reader);
/* JSON of what is in a recording, as `ganglion info --json` prints it. */
int32_t ganglion_info(const char *path, const char *options, char **text);

/* Begins a recording; format is a name as `ganglion convert --format` takes it. */
int32_t ganglion_writer_open(const char *path, const char *format, ptrdiff_t width, ptrdiff_t height,
                             ganglion_writer **writer, char **text);
int32_t ganglion_writer_write(ganglion_writer *writer, ptrdiff_t count, const int64_t *times, const uint16_t *x,
                              const uint16_t *y, const uint8_t *polarities, char **text);
/* Ends the recording. Only then it is whole. */
int32_t ganglion_writer_finish(ganglion_writer *writer, char **text);
void ganglion_writer_close(ganglion_writer *writer);

/* Begins an encoder; the configuration is JSON as under "encoder" in a model's manifest. */
int32_t ganglion_encoder_open(const char *configuration, ganglion_encoder **encoder, char **text);
/* Samples at the configuration's rate, mono, about -1 to 1. */
int32_t ganglion_encoder_push_sound(ganglion_encoder *encoder, const float *samples, ptrdiff_t count, char **text);
int32_t ganglion_encoder_push_events(ganglion_encoder *encoder, ptrdiff_t count, const int64_t *times, const uint16_t *x,
                                     const uint16_t *y, const uint8_t *polarities, char **text);
int32_t ganglion_encoder_finish(ganglion_encoder *encoder, char **text);
/* How many inputs wait to be taken, the steps since the beginning, and the inputs of a step. */
int32_t ganglion_encoder_waiting(ganglion_encoder *encoder, ptrdiff_t *waiting, int64_t *steps, ptrdiff_t *width,
                                 char **text);
/* Hands over inputs that are not zero: their step, place and value. */
int32_t ganglion_encoder_take(ganglion_encoder *encoder, ptrdiff_t room, int64_t *steps, uint32_t *channels,
                              float *values, ptrdiff_t *count, char **text);
void ganglion_encoder_close(ganglion_encoder *encoder);

/* Opens a model; sensitivity is low, normal, high or NULL. */
int32_t ganglion_model_open(const char *path, const char *sensitivity, ganglion_model **model, char **text);
/* JSON of the model's manifest. */
int32_t ganglion_model_describe(ganglion_model *model, char **text);
void ganglion_model_close(ganglion_model *model);

/* Begins a stream of a model's. task: one that it has learnt, infer, or NULL; source: what results call the stream; scores:
 * whether they are told after every active step. */
int32_t ganglion_stream_open(ganglion_model *model, const char *task, const char *source, int32_t scores,
                             ganglion_stream **stream, char **text);
/* Samples at any rate, mono, about -1 to 1. */
int32_t ganglion_stream_push_sound(ganglion_stream *stream, const float *samples, ptrdiff_t count, ptrdiff_t rate,
                                   char **text);
/* Events of a camera of width x height, 0 for the model's own; the first is time zero. */
int32_t ganglion_stream_push_events(ganglion_stream *stream, ptrdiff_t count, const int64_t *times, const uint16_t *x,
                                    const uint16_t *y, const uint8_t *polarities, ptrdiff_t width, ptrdiff_t height,
                                    char **text);
/* Reads a recording through the stream, as `ganglion run` does: sound or events, as the model takes. Reading options are those of
 * events and fit, turn, mirror, raw, channel, gain. */
int32_t ganglion_stream_open_recording(ganglion_stream *stream, const char *path, const char *options, char **text);
/* Goes on with it, by about a second of sound; `more` is 0 once it is over and the stream finished. Results that came before a
 * failure can still be taken. */
int32_t ganglion_stream_read(ganglion_stream *stream, int32_t *more, char **text);
int32_t ganglion_stream_finish(ganglion_stream *stream, char **text);
/* The results so far, a line of JSON each, as `ganglion run` prints them. */
int32_t ganglion_stream_take(ganglion_stream *stream, char **text);
void ganglion_stream_close(ganglion_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
