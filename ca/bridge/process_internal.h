#ifndef CA_PROCESS_INTERNAL_H_
#define CA_PROCESS_INTERNAL_H_
#include <stdint.h>

struct buf;
struct err;

/* A program of somebody else's, run to its end within a time. */
struct ca_process {
	char *const *argv; /* argv[0] is its path, absolute; NULL at the end */
	char *const *env;  /* all it gets, NAME=VALUE; NULL at the end */
	int64_t timeout_ms;
};
/* Append what it writes to its standard output, as much as fits; its exit code
 * into *ret_code.  It reads nothing, its standard error is thrown away, no
 * descriptor of ours is passed on, and what it leaves in its process group is
 * killed.  ERR_UNREACHABLE when it was not started; ERR_UNKNOWN when it was
 * killed, by us at the end of the time or by another, or *out is over. */
int ca_process_run(const struct ca_process *p, struct buf *out, int *ret_code,
    struct err *err);
#endif
