#include "events_support.h"

/* BLAKE2b as in RFC 7693, without key, with a digest of 16 bytes. */

static const uint64_t INITIAL[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static const uint8_t ORDER[12][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};

static inline uint64_t rotate(uint64_t v, int n) { return (v >> n) | (v << (64 - n)); }

#define MIX(a, b, c, d, x, y)       \
  do {                              \
    a = a + b + (x);                \
    d = rotate(d ^ a, 32);          \
    c = c + d;                      \
    b = rotate(b ^ c, 24);          \
    a = a + b + (y);                \
    d = rotate(d ^ a, 16);          \
    c = c + d;                      \
    b = rotate(b ^ c, 63);          \
  } while (0)

static void compress(ganglion_digest_state *state, const uint8_t *block, int is_last) {
  uint64_t m[16], v[16];
  for (int i = 0; i < 16; i++) m[i] = load_le64(block + 8 * i);
  for (int i = 0; i < 8; i++) {
    v[i] = state->hash[i];
    v[i + 8] = INITIAL[i];
  }
  v[12] ^= state->length;
  if (is_last) v[14] = ~v[14];
#pragma clang loop unroll(full)
  for (int r = 0; r < 12; r++) {
    const uint8_t *s = ORDER[r];
    MIX(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    MIX(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    MIX(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    MIX(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    MIX(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    MIX(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    MIX(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    MIX(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (int i = 0; i < 8; i++) state->hash[i] ^= v[i] ^ v[i + 8];
}

void ganglion_digest_begin(ganglion_digest_state *state) {
  memset(state, 0, sizeof *state);
  memcpy(state->hash, INITIAL, sizeof INITIAL);
  state->hash[0] ^= 0x01010000 ^ 16;
}

void ganglion_digest_add(ganglion_digest_state *state, const void *bytes, int64_t size) {
  const uint8_t *p = bytes;
  while (size > 0) {
    /* The last block is marked as such: a full one waits until more comes. */
    if (state->filled == 128) {
      state->length += 128;
      compress(state, state->block, 0);
      state->filled = 0;
    }
    while (state->filled == 0 && size > 128) {
      state->length += 128;
      compress(state, p, 0);
      p += 128;
      size -= 128;
    }
    const int64_t take = size < 128 - state->filled ? size : 128 - state->filled;
    memcpy(state->block + state->filled, p, (size_t)take);
    state->filled += (int32_t)take;
    p += take;
    size -= take;
  }
}

void ganglion_digest_end(const ganglion_digest_state *state, uint8_t digest[16]) {
  ganglion_digest_state last = *state;
  last.length += (uint64_t)last.filled;
  memset(last.block + last.filled, 0, (size_t)(128 - last.filled));
  compress(&last, last.block, 1);
  memcpy(digest, last.hash, 16);
}
