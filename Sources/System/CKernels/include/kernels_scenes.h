/* A simulated event sensor, and the shapes that simulated scenes are drawn of. */
#ifndef KERNELS_SCENES_H
#define KERNELS_SCENES_H
#include <stdint.h>

#include "kernels_events.h"

/// What the pixels of a simulated sensor remember; every array has one entry a pixel, row after row.
typedef struct {
  int32_t width, height;
  /// Natural logarithm of the intensity behind the photoreceptor's low pass, at the last frame and at this one.
  float *earlier, *current;
  /// The same at the pixel's last event.
  float *memorised;
  /// Change that makes a pixel fire, brighter and darker.
  const float *positive, *negative;
  /// Stream time until which a pixel that fired stays silent, microseconds.
  int64_t *released;
} ganglion_sensor;

/// How the pixels follow the light between two frames.
typedef struct {
  int64_t start, end;
  /// Added to the intensity before the logarithm: the dark current.
  float dark;
  /// Length of the interval times the angular cut-off frequency of a pixel at `bright`.
  float bandwidth;
  /// Intensity at which the cut-off frequency is the whole one; below it falls in proportion, to a tenth at the least.
  float bright;
  /// Positive thresholds by which the memorised value leaks away.
  float leak;
  int64_t refractory;
} ganglion_exposure;

/// Sets all pixels to a first frame: nothing fires. `phase` holds, per pixel, how far between its thresholds it begins.
void ganglion_sensor_begin(
    const ganglion_sensor *sensor, const float *intensity, const float *phase, float dark);
/// Moves the low pass to the next frame; `current` is written, `memorised` leaks. `busy` has a byte a run of 64 pixels: whether
/// one of them may fire.
void ganglion_sensor_expose(
    const ganglion_sensor *sensor, const float *intensity, const ganglion_exposure *exposure, uint8_t *busy);
/// Writes the events of the busy runs from `*run` on, pixel after pixel, and returns how many; stops where one more run
/// might not find room, with its number in `*run`.
int64_t ganglion_sensor_fire(
    const ganglion_sensor *sensor, const ganglion_exposure *exposure, const uint8_t *busy, int64_t *run,
    ganglion_event_columns out);
/// Sorts events of `[start, end]` by time, stable. `places` has `end - start + 2` entries, `sorted` holds room for them all.
void ganglion_sort_events(
    ganglion_event_columns events, int64_t count, int64_t start, int64_t end, uint32_t *places,
    ganglion_event_columns sorted);

/// Most events of one pixel between two frames.
enum { GANGLION_PIXEL_EVENTS = 64 };

/// A limb, seen: a segment with a radius at each end, pixels; shaded across, and textured.
typedef struct {
  float x0, y0, radius0, x1, y1, radius1;
  /// Intensity up to `split` of the length, and beyond.
  float intensity, end_intensity, split;
  /// Relative change of intensity from one side to the other.
  float shade;
  /// Strength of the texture, its size in pixels a texel, and where in it the limb begins.
  float texture, texel, origin;
} ganglion_limb;

/// Draws a limb over an image of linear intensities; `texture` is 64 x 64, zero mean.
void ganglion_draw_limb(
    float *image, int32_t width, int32_t height, const ganglion_limb *limb, const float *texture);
/// Copies a background of its own size, moved by parts of a pixel; what lies beyond its edges repeats them.
void ganglion_draw_background(
    float *image, int32_t width, int32_t height, const float *background, int32_t background_width,
    int32_t background_height, float left, float top);

#endif
