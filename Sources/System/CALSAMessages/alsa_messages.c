#include "alsa_messages.h"

#include <alsa/asoundlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Every source opens its device on a thread of its own.
static _Thread_local char said[512];

static void keep(const char *file, int line, const char *function, int error, const char *format, ...) {
  (void)file;
  (void)line;
  (void)function;
  char message[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  message[strcspn(message, "\n")] = 0;
  size_t used = strlen(said);
  // The first one is the cause; what follows from it often says the same again.
  if (message[0] == 0 || strstr(said, message) != NULL) return;
  snprintf(said + used, sizeof said - used, "%s%s", used > 0 ? "; " : "", message);
  if (error != 0) {
    used = strlen(said);
    snprintf(said + used, sizeof said - used, ": %s", snd_strerror(error));
  }
}

void ganglion_alsa_listen(void) {
  said[0] = 0;
  snd_lib_error_set_handler(keep);
}

const char *ganglion_alsa_messages(void) { return said; }
