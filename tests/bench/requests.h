#ifndef REQUESTS_H_
#define REQUESTS_H_
#include <stddef.h>

/*
 * What a bare client sends: envelopes, one a line of a file.  CONTEXT in one
 * stands for the enumeration context of the answer before it.
 */
#define BENCH_REQUESTS_MAX 65536
#define BENCH_REQUEST_MAX 8192

struct bench_requests {
	char **line;
	unsigned count;
};

/* Without a file: one AMT_GeneralSettings.Get. What cannot be read ends the
 * program. */
void bench_requests_read(struct bench_requests *requests, const char *path);
void bench_requests_free(struct bench_requests *requests);
/* The n-th request, after this answer (len bytes). */
void bench_request(const struct bench_requests *requests, unsigned n,
    const char *answer, size_t len, char out[BENCH_REQUEST_MAX]);
#endif
