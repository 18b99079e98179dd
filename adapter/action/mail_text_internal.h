#ifndef ACTION_MAIL_TEXT_INTERNAL_H_
#define ACTION_MAIL_TEXT_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct err;

/* No line of base64 begins like this. */
#define MAIL_BOUNDARY "=_part_of_a_server_task"
#define MAIL_TO_MAX 50

struct mail_text {
	const char *from;
	const char *const *to; /* NULL at the end */
	const char *subject, *text;
	const char *id; /* without < and > */
	int64_t at;
	const struct buf *file; /* or NULL */
	const char *file_name;
};
void mail_text_write(struct buf *out, const struct mail_text *m);
/* Parted by commas or blanks; given, to be freed also on failure; the place
 * behind the last stays NULL. ERR_INVALID, ERR_LIMIT. */
int mail_addresses(const char *list, char **ret, size_t room, struct err *err);
#endif
