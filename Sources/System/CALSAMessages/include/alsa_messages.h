#pragma once

// What the ALSA library has to say about its own failures. It tells by a variadic callback, which Swift cannot provide,
// and writes to standard error where nobody listens.

// Listens from now on, for all threads, and forgets what was said on the calling one.
void ganglion_alsa_listen(void);

// What was said on the calling thread since, in one line, at most some hundred bytes; empty where nothing was.
const char *ganglion_alsa_messages(void);
