// Parts of the C library that Swift's module of it leaves out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>

// Of GNU, and declared only where its extensions are asked for.
void *memmem(const void *haystack, size_t length, const void *needle, size_t needle_length);
int pthread_setname_np(pthread_t thread, const char *name);
