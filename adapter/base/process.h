#ifndef PROCESS_H_
#define PROCESS_H_
#include <stdbool.h>
#include <stdint.h>

struct buf;
struct err;

/* A program, run to its end within a time; for workers, which it blocks. */
struct process {
	char *const *argv; /* argv[0] is its path, absolute; NULL at the end */
	char *const *env;  /* all it gets, NAME=VALUE; NULL at the end */
	int64_t timeout_ms;
	struct buf *errors; /* its standard error, as much as fits; NULL: it is
			     * thrown away */
	const int *stop;    /* a descriptor: killed when it is readable; NULL */
	/* It runs programs itself, each in a group of its own: it gets a
	 * session, and what is left of that is killed, too. */
	bool session;
};
/* Append what it writes to its standard output, as much as fits; its exit code
 * into *ret_code.  It reads nothing, no descriptor of ours is passed on, and
 * what it leaves in its process group is killed.  ERR_UNREACHABLE when it was
 * not started; ERR_CANCELLED when it was stopped; ERR_UNKNOWN when it was
 * killed, by us at the end of the time or by another, or *out is over. */
int process_run(
    const struct process *p, struct buf *out, int *ret_code, struct err *err);
#endif
