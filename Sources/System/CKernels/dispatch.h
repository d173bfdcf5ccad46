/* How every kernel of this target is compiled: for each x86-64 level, chosen at load time, without intrinsics. */
#ifndef DISPATCH_H
#define DISPATCH_H

/* The thread sanitizer crashes before main() in a program that contains an ifunc. */
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

typedef float f32x8 __attribute__((ext_vector_type(8), aligned(4)));

#endif
