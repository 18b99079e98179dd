/* Being interrupted. */
#include "caught_internal.h"

volatile sig_atomic_t cli_caught;

static void
on_signal(int number)
{
	(void)number;
	cli_caught = 1;
}

void
cli_catch(struct caught_old *ret_old)
{
	struct sigaction ours = {.sa_handler = on_signal};

	cli_caught = 0;
	(void)sigemptyset(&ours.sa_mask);
	(void)sigaction(SIGTERM, &ours, &ret_old->term);
	(void)sigaction(SIGINT, &ours, &ret_old->interrupt);
}

void
cli_release(const struct caught_old *old)
{
	(void)sigaction(SIGTERM, &old->term, NULL);
	(void)sigaction(SIGINT, &old->interrupt, NULL);
}
