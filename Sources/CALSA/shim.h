#include <alsa/asoundlib.h>

// The library writes to standard error by a variadic callback, which Swift cannot provide; errors are in the codes.
static void ganglion_alsa_ignore(const char *file, int line, const char *function, int error, const char *format, ...) {
  (void)file;
  (void)line;
  (void)function;
  (void)error;
  (void)format;
}

static inline void ganglion_alsa_be_quiet(void) { snd_lib_error_set_handler(ganglion_alsa_ignore); }
