#ifndef CLOCK_GUARD_H_
#define CLOCK_GUARD_H_
#include <stdbool.h>
#include <stdint.h>

struct clock_guard;
struct daemon;
struct err;

/*
 * Our own clock, watched by who sets others by it: it is looked at before work,
 * and anew after an hour, or when the machine slept or somebody set it.  On the
 * loop's thread.
 */

/* ERR_NONE: it is good. ERR_REFUSED: it is not, and who is wrong; else why that
 * could not be found out. */
typedef void clock_guard_fn(void *cookie, const struct err *err);

/* Borrows d. Without Active Directory there is nothing to look at: it is good
 * always. */
struct clock_guard *clock_guard_new(
    struct daemon *d, clock_guard_fn *judged, void *cookie);
/* It was found good just now, by other means (our_clock_check()). */
void clock_guard_trust(struct clock_guard *g);
/* Is it still known to be good? Asks nobody. */
bool clock_guard_good(const struct clock_guard *g);
/* Look: judged() is called once, from the loop. Not while one is under way. */
void clock_guard_look(struct clock_guard *g);
bool clock_guard_looking(const struct clock_guard *g);
/* The KDC's minus ours, as last seen. */
int64_t clock_guard_offset_ms(const struct clock_guard *g);
/* When no look is under way; NULL is allowed. */
void clock_guard_free(struct clock_guard *g);
#endif
