#ifndef SCRIPT_H_
#define SCRIPT_H_
#include <stdbool.h>

/*
 * What a bare client does, device by device: a line of the file for each, words
 * separated by one blank.  A word is a transfer, flags and the number of the
 * request (its line in the file of requests, from 0), "nl12e":
 *
 *   n  with a new handle: nothing is known, no TLS session to resume
 *   l  log in anew: libcurl's own first POST, to be challenged, precedes it
 *   f  a full handshake, whatever could be resumed
 *   e  its connection ends with it
 *   x  no request: a handshake whose certificate is refused
 */
struct bench_transfer {
	bool fresh, login, full, last, refuse;
	unsigned request;
};
struct bench_steps {
	struct bench_transfer *transfer;
	unsigned count;
};
struct bench_script {
	struct bench_steps *device;
	unsigned count;
};

/* What cannot be read ends the program. */
void bench_script_read(
    struct bench_script *script, const char *path, unsigned requests);
/* The same for all devices: so many exchanges, spread over connections. */
void bench_script_make(struct bench_script *script, unsigned exchanges,
    unsigned connections, unsigned requests);
void bench_script_free(struct bench_script *script);
#endif
