#ifndef SURVEY_H_
#define SURVEY_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ports.h"

struct daemon;

/*
 * What each controller of the domain says to somebody without a password: its
 * clock, and the encryption types it would let us log in with.  All are asked
 * at once, so a survey takes as long as the slowest answer, which has a
 * deadline.
 */
#define SURVEY_TYPES 64
struct survey_controller {
	char *name;
	struct err err;	   /* why it did not answer; ERR_NONE */
	int64_t offset_ms; /* its clock minus ours */
	int64_t error_ms;
	char types[SURVEY_TYPES]; /* words by comma */
};
struct survey;

/* The configured controller and those that the DNS names, or the configured one
 * alone when the DNS does not answer. done() is called once, from the loop; its
 * error says that it is not known whom to ask. */
struct survey *survey_begin(struct daemon *d, port_done_fn *done, void *cookie);
/* The same, blocking: NULL and *err. */
struct survey *survey_make(struct daemon *d, struct err *err);
void survey_free(struct survey *s); /* in done(), or after; NULL is allowed */
/* Best first; NULL after the last. */
const struct survey_controller *survey_controller(
    const struct survey *s, size_t i);
/* How far apart the clocks are of those that answered. */
int64_t survey_spread_ms(const struct survey *s);
/* Of those that answered: how many have a clock within limit_ms of offset_ms?
 */
size_t survey_near(const struct survey *s, int64_t offset_ms, int64_t limit_ms);
size_t survey_answered(const struct survey *s);
#endif
