#ifndef PROGRESS_H_
#define PROGRESS_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * How far a fleet is, on stderr: one line drawn again and again on a terminal,
 * else a line for every tenth, so that a log stays readable.
 */
struct progress {
	FILE *out;
	bool terminal, quiet;
	size_t total, done, ok, changed, failed;
	size_t warm;		      /* done before a rate means anything */
	int64_t started_ms, drawn_ms; /* clock_mono_ms() */
	unsigned tenth;		      /* last one written */
};

void progress_start(
    struct progress *p, FILE *out, bool terminal, bool quiet, size_t total);
/* So many more than were done until now. */
void progress_expect(struct progress *p, size_t more);
/* Draw after a count went up. */
void progress_draw(struct progress *p, int64_t now_ms);
/* Take the line off the terminal before other text. */
void progress_clear(struct progress *p);
/* "1 234/10 000 ok 1 180 changed 40 failed 14 eta 3m 10s"; without the eta
 * while it would be a guess: in the first seconds, and until `warm` are done
 * (what is in flight together is done together), and at the end. */
#define PROGRESS_TEXT 160
char *progress_text(
    const struct progress *p, int64_t now_ms, char out[PROGRESS_TEXT]);
#endif
