/* Counts the allocations of the calling thread, for tests that allow none. */
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H
#include <stdint.h>

/// Whether allocations can be counted in this program: not where a sanitizer has taken the allocator over.
int allocation_counter_works(void);

/// Allocations of the calling thread so far.
int64_t allocation_count(void);

/// Bytes that the calling thread has asked for so far; what is given back is not taken off.
int64_t allocated_bytes(void);

#endif
