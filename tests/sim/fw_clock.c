#include <time.h>

#include "fw_internal.h"

/* Device clock = real clock + offset + what it drifted since this process
 * first looked. */

int64_t
fw_real_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
drift(const struct sim_device *d, int64_t real)
{
	if (d->vol == NULL)
		return 0;
	return (int64_t)((double)(real - d->vol->drift_from_ms) *
	    d->state.clock_drift_ppm / 1e6);
}

int64_t
sim_now_ms(const struct sim_device *d)
{
	int64_t real = fw_real_ms();

	return real + d->state.clock_offset_ms + drift(d, real);
}

void
fw_clock_set(struct sim_device *d, int64_t device_ms)
{
	int64_t real = fw_real_ms();

	d->vol->drift_from_ms = real;
	d->state.clock_offset_ms = device_ms - real;
}
