#ifndef CLI_REMOTE_BODY_H_
#define CLI_REMOTE_BODY_H_
#include <stdbool.h>
#include <stdint.h>

#include "cli_remote.h"

struct cli;
struct json_object;

/* What is sent and answered (cli_remote.h): members of a body, as they were
 * given, and rows of a page. */

/* Each row of an answer that is a page. ERR_PROTOCOL: it is none. */
int cli_remote_each(struct json_object *page, cli_remote_row_fn *row,
    void *cookie, struct err *err);

/* Without a member; given (cli_remote_put()). */
struct json_object *cli_remote_body(void);
/* Left out when text is NULL. */
void cli_remote_put_text(
    struct json_object *body, const char *name, const char *text);
/* Left out when it is not so. */
void cli_remote_put_true(struct json_object *body, const char *name, bool is);

void cli_remote_put_bool(struct json_object *body, const char *name, bool is);

void cli_remote_put_number(
    struct json_object *body, const char *name, int64_t number);

/* An option, and the member that says the same: a text, or true of a flag. */
struct cli_remote_option {
	const char *option; /* NULL at the end */
	const char *member;
};
/* Those that were given. */
void cli_remote_put_options(const struct cli *c, struct json_object *body,
    const struct cli_remote_option *options);
#endif
