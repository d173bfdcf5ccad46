// Parts of the C library that Swift's module of it leaves out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <malloc.h>
