#include "allocation_counter.h"
#include <errno.h>
#include <stddef.h>

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

/* A program's own definitions of these take the place of the C library's, also for the libraries it loads. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Thread_local int64_t count, bytes;

void *malloc(size_t size) {
  count++;
  bytes += (int64_t)size;
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  count++;
  bytes += (int64_t)(items * size);
  return __libc_calloc(items, size);
}

void *realloc(void *memory, size_t size) {
  count++;
  bytes += (int64_t)size;
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count++;
  bytes += (int64_t)size;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  count++;
  bytes += (int64_t)size;
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

int allocation_counter_works(void) { return 1; }
int64_t allocation_count(void) { return count; }
int64_t allocated_bytes(void) { return bytes; }

#else

int allocation_counter_works(void) { return 0; }
int64_t allocation_count(void) { return 0; }
int64_t allocated_bytes(void) { return 0; }

#endif
