#ifndef CAUGHT_INTERNAL_H_
#define CAUGHT_INTERNAL_H_
#include <signal.h>

/* SIGINT and SIGTERM, while a command waits for another machine. */
struct caught_old {
	struct sigaction term, interrupt;
};
/* Set when one came since cli_catch(). */
extern volatile sig_atomic_t cli_caught;
void cli_catch(struct caught_old *ret_old);
void cli_release(const struct caught_old *old);
#endif
