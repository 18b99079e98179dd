#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "device.h"
#include "play_internal.h"
#include "profile.h"

/* A person who asks for it gets the clock set when it is off by more than the
 * protocol's own one-second grain. */
#define FORCED_SKEW_MS 1500

static int64_t
off_by_ms(const struct device *d)
{
	return llabs(d->clock_offset_ms);
}

int64_t
play_clock_due(const struct device *d, const struct policy *p)
{
	if (d->clock_read_at == 0 ||
	    off_by_ms(d) > p->profile->clock_skew * 1000)
		return p->now;
	return d->clock_read_at + p->profile->clock_interval;
}

void
play_clock_plan(const struct device *d, const struct policy *p, bool forced,
    struct plan *plan)
{
	int64_t limit = forced ? FORCED_SKEW_MS : p->profile->clock_skew * 1000;
	char from[CLOCK_TEXT + 8], span[CLOCK_TEXT];

	if (off_by_ms(d) <= limit)
		return;
	(void)snprintf(from, sizeof(from), "off by %s",
	    clock_span(d->clock_offset_ms / 1000, span));
	plan_add(
	    plan, "clock.set", "clock-skew", "device clock", from, "our clock");
}
