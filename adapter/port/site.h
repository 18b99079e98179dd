#ifndef SITE_H_
#define SITE_H_
#include <stdbool.h>
#include <stdint.h>

/*
 * Is there a better controller than the one that answered?  Each says, by the
 * address we come from, which site is ours and whether it is the nearest (MS-
 * ADTS 6.3.1.9); where it is not, those of our site are looked up and one of
 * them is gone over to.  When none of them answers we stay where we are, and
 * look again after a while.  No I/O but the log, which says why; not locked.
 */
struct site;

/* How long one of another site is put up with; Windows has the same. */
#define SITE_AGAIN_MS 900000

/* configured: what the administrator says our site is, NULL: nothing. */
struct site *site_new(const char *configured);
void site_free(struct site *s);
/* Our site; borrowed, NULL: not known. */
const char *site_ours(const struct site *s);

/* The list of controllers is new, or another one of it is tried: it is not made
 * anew before SITE_AGAIN_MS have passed, but where our site is learnt. now is
 * clock_mono_ms(). */
void site_looked(struct site *s, int64_t now);

/* What a controller says when we have logged in there; NULL: not said. */
struct site_sight {
	const char *controller;
	const char *theirs; /* site it is of */
	const char *ours;   /* site that our address is of */
	bool near;	    /* it is in that, or the nearest to it */
};
/* Is a controller to be looked up anew, that of our site first? */
bool site_moves(struct site *s, const struct site_sight *sight, int64_t now);
#endif
