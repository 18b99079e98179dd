#ifndef CLI_REMOTE_JOB_H_
#define CLI_REMOTE_JOB_H_
#include <stddef.h>

struct api_client_path;
struct cli;
struct json_object;
struct table_column;

/* What takes its time at a service elsewhere (cli_remote.h): a job there, which
 * runs this very command. */
struct cli_remote_job {
	const struct api_client_path *path; /* of what begins it */
	struct json_object *body;	    /* taken; NULL: none */
	/* Of its rows; NULL: it has none. */
	const struct table_column *columns;
	size_t count;
};
/* Begun, waited for, and then the rows, text and words that it wrote, and its
 * exit code.  SIGINT and SIGTERM end it there, too: CODE_INTERRUPTED. */
int cli_remote_job(struct cli *c, const struct cli_remote_job *job);
/* That of POST what/NAME/test, or what/below/NAME/test, NAME being the first
 * argument. */
int cli_remote_test(struct cli *c, const char *what, const char *below,
    const struct table_column *columns, size_t count);
#endif
