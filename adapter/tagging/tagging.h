#ifndef TAGGING_H_
#define TAGGING_H_
#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;

/*
 * Tags as people and consoles give them to devices, over whatever interface:
 * each change has its event, {"tag": its name}.  All join the store's
 * transaction.
 */
struct tagging {
	struct store *store;
	const char *actor;
	int64_t now;
};
enum tagging_how { TAGGING_APPLY, TAGGING_EXCLUDE, TAGGING_CLEAR };

/* A tag, with its name as it was made; given. */
struct tagging_tag {
	int64_t id;
	char *name;
};
void tagging_tag_clear(struct tagging_tag *t);
/* By name or number; ERR_NOTFOUND. */
int tagging_find(const struct tagging *by, const char *word,
    struct tagging_tag *ret, struct err *err);
/* The one of this name, which is made when it is not there; ERR_INVALID. */
int tagging_make(const struct tagging *by, const char *name,
    struct tagging_tag *ret, struct err *err);
/* It, and from every device. */
int tagging_remove(
    const struct tagging *by, const struct tagging_tag *tag, struct err *err);
/* *ret_changed: the device was not so already. */
int tagging_change(const struct tagging *by, enum tagging_how how,
    const struct tagging_tag *tag, int64_t device, bool *ret_changed,
    struct err *err);
#endif
