#include <math.h>
#include <string.h>

#include "dispatch.h"
#include "include/kernels_scenes.h"

#pragma STDC FP_CONTRACT OFF

enum { TEXTURE = 64 };

static inline float smaller(float a, float b) { return a < b ? a : b; }
static inline float larger(float a, float b) { return a > b ? a : b; }

CLONES void ganglion_draw_limb(
    float *image, int32_t width, int32_t height, const ganglion_limb *limb,
    const float *restrict texture) {
  const float dx = limb->x1 - limb->x0, dy = limb->y1 - limb->y0;
  const float squared = dx * dx + dy * dy + 1e-6f, length = sqrtf(squared), inverse = 1.0f / squared;
  const float reach = larger(limb->radius0, limb->radius1) + 1.5f;
  const float left = smaller(limb->x0, limb->x1) - reach, right = larger(limb->x0, limb->x1) + reach;
  const float top = smaller(limb->y0, limb->y1) - reach, bottom = larger(limb->y0, limb->y1) + reach;
  if (right < 0 || bottom < 0 || left > (float)(width - 1) || top > (float)(height - 1)) return;
  const int32_t first_y = (int32_t)larger(0, floorf(top)), last_y = (int32_t)smaller((float)(height - 1), ceilf(bottom));
  const float growth = limb->radius1 - limb->radius0;
  const float radius0 = limb->radius0, split = limb->split, near = limb->intensity, far = limb->end_intensity;
  const float shade = limb->shade / length, strength = limb->texture, origin = limb->origin;
  const float x0 = limb->x0;
  const float along = length / limb->texel, across = 1.0f / (limb->texel * length);
  for (int32_t y = first_y; y <= last_y; y++) {
    float *restrict row = image + (int64_t)y * width;
    const float py = (float)y - limb->y0;
    /* Only the part of the segment that comes near the row is seen in it. */
    float from = 0, to = 1;
    if (dy > 1e-3f || dy < -1e-3f) {
      const float one = (py - reach) / dy, other = (py + reach) / dy;
      from = smaller(1.0f, larger(0.0f, smaller(one, other)));
      to = smaller(1.0f, larger(0.0f, larger(one, other)));
    }
    const float begin = limb->x0 + smaller(from * dx, to * dx) - reach;
    const float end = limb->x0 + larger(from * dx, to * dx) + reach;
    const int32_t first_x = (int32_t)larger(0, floorf(begin));
    const int32_t last_x = (int32_t)smaller((float)(width - 1), ceilf(end));
    for (int32_t x = first_x; x <= last_x; x++) {
      const float px = (float)x - x0;
      const float place = (px * dx + py * dy) * inverse;
      const float part = smaller(1.0f, larger(0.0f, place));
      const float ex = px - part * dx, ey = py - part * dy;
      const float distance = sqrtf(ex * ex + ey * ey);
      const float radius = radius0 + growth * part;
      /* Without a branch: pixels beside the limb are blended with nothing, and whole vectors go through. */
      const float cover = larger(0.0f, smaller(1.0f, (radius - distance) * 0.8333333f + 0.5f));
      const float side = px * dy - py * dx;
      const float rim = distance / (radius + 0.5f);
      float value = part < split ? near : far;
      value *= 1.0f + shade * side / (radius + 1.0f) - 0.25f * rim * rim;
      /* Bilinear in a tile that repeats. */
      const float u = place * along + origin + 4096.0f, v = side * across + origin * 1.7f + 4096.0f;
      const int32_t column = (int32_t)u, line = (int32_t)v;
      const float fu = u - (float)column, fv = v - (float)line;
      const float *upper = texture + (line & (TEXTURE - 1)) * TEXTURE;
      const float *lower = texture + ((line + 1) & (TEXTURE - 1)) * TEXTURE;
      const int32_t c0 = column & (TEXTURE - 1), c1 = (column + 1) & (TEXTURE - 1);
      const float grain =
          (upper[c0] * (1 - fu) + upper[c1] * fu) * (1 - fv) + (lower[c0] * (1 - fu) + lower[c1] * fu) * fv;
      value *= larger(0.1f, 1.0f + strength * grain);
      row[x] = row[x] * (1 - cover) + larger(0.004f, value) * cover;
    }
  }
}

CLONES void ganglion_draw_background(
    float *image, int32_t width, int32_t height, const float *background, int32_t background_width,
    int32_t background_height, float left, float top) {
  const float limit_x = (float)(background_width - 1), limit_y = (float)(background_height - 1);
  for (int32_t y = 0; y < height; y++) {
    const float py = smaller(limit_y, larger(0, (float)y + top));
    const int32_t y0 = (int32_t)py, y1 = y0 + 1 < background_height ? y0 + 1 : y0;
    const float fy = py - (float)y0;
    const float *upper = background + (int64_t)y0 * background_width;
    const float *lower = background + (int64_t)y1 * background_width;
    for (int32_t x = 0; x < width; x++) {
      const float px = smaller(limit_x, larger(0, (float)x + left));
      const int32_t x0 = (int32_t)px, x1 = x0 + 1 < background_width ? x0 + 1 : x0;
      const float fx = px - (float)x0;
      image[(int64_t)y * width + x] =
          (upper[x0] * (1 - fx) + upper[x1] * fx) * (1 - fy) + (lower[x0] * (1 - fx) + lower[x1] * fx) * fy;
    }
  }
}
