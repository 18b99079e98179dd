/* Rights and the permission sets made of them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BIT ACCESS_BIT
#define RIGHTS_MAX 1024 /* bytes of all names */

static const char *const names[ACCESS_RIGHTS] = {
    [ACCESS_DEVICE_READ] = "device.read",
    [ACCESS_DEVICE_WRITE] = "device.write",
    [ACCESS_QUERY_RUN] = "query.run",
    [ACCESS_QUERY_WRITE] = "query.write",
    [ACCESS_TAG_WRITE] = "tag.write",
    [ACCESS_TASK_READ] = "task.read",
    [ACCESS_TASK_WRITE] = "task.write",
    [ACCESS_TASK_RUN] = "task.run",
    [ACCESS_RUN_READ] = "run.read",
    [ACCESS_RUN_CONTROL] = "run.control",
    [ACCESS_RUN_PURGE] = "run.purge",
    [ACCESS_SCHEDULE_READ] = "schedule.read",
    [ACCESS_SCHEDULE_WRITE] = "schedule.write",
    [ACCESS_EVENT_READ] = "event.read",
    [ACCESS_REPORT_WRITE] = "report.write",
    [ACCESS_MESSAGE_SEND] = "message.send",
    [ACCESS_CA_READ] = "ca.read",
    [ACCESS_CA_ADMIN] = "ca.admin",
    [ACCESS_USER_READ] = "user.read",
    [ACCESS_USER_ADMIN] = "user.admin",
    [ACCESS_METRICS_READ] = "metrics.read",
};

#define LOOK                                                                   \
	(BIT(ACCESS_DEVICE_READ) | BIT(ACCESS_QUERY_RUN) |                     \
	    BIT(ACCESS_TASK_READ) | BIT(ACCESS_RUN_READ) |                     \
	    BIT(ACCESS_SCHEDULE_READ) | BIT(ACCESS_EVENT_READ) |               \
	    BIT(ACCESS_CA_READ) | BIT(ACCESS_METRICS_READ))

static const struct access_set shipped[] = {
    {"administrator", "everything", ACCESS_ALL},
    {"operator",
	"look, tag, run what others defined and send its reports, stop and resume it",
	LOOK | BIT(ACCESS_TAG_WRITE) | BIT(ACCESS_QUERY_WRITE) |
	    BIT(ACCESS_TASK_RUN) | BIT(ACCESS_RUN_CONTROL) |
	    BIT(ACCESS_REPORT_WRITE) | BIT(ACCESS_MESSAGE_SEND)},
    {"auditor", "look at everything, users too; change nothing",
	LOOK | BIT(ACCESS_USER_READ)},
    {"monitor", "metrics, nothing else", BIT(ACCESS_METRICS_READ)},
};

const char *
access_right_name(enum access_right right)
{
	assert(right < ACCESS_RIGHTS);
	return names[right];
}

char *
access_rights_text(uint64_t rights)
{
	struct buf text;
	char *given;
	unsigned i;

	buf_init(&text, RIGHTS_MAX);
	for (i = 0; i < ACCESS_RIGHTS; i++)
		if ((rights & BIT(i)) != 0)
			buf_printf(
			    &text, "%s%s", text.len == 0 ? "" : ",", names[i]);
	given = mem_dup(buf_text(&text));
	buf_free(&text);
	return given;
}

const struct access_set *
access_set(size_t index)
{
	return index < COUNT(shipped) ? &shipped[index] : NULL;
}

static const struct access_set *
find_set(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(shipped); i++)
		if (str_ieq(shipped[i].name, name))
			return &shipped[i];
	return NULL;
}

int
access_set_rights(const char *sets, uint64_t *ret_rights, struct err *err)
{
	char *copy = mem_dup(sets), *rest = copy, *word;
	const struct access_set *set;
	uint64_t rights = 0;
	int rc = 0;

	while (rc == 0 && (word = strsep(&rest, ",")) != NULL) {
		word += strspn(word, " ");
		set = find_set(word);
		if (set != NULL)
			rights |= set->rights;
		else
			rc = err_set(err, ERR_INVALID,
			    "\"%.64s\" is no permission set; \"user sets\" "
			    "has them",
			    word);
	}
	free(copy);
	if (rc == 0)
		*ret_rights = rights;
	return rc;
}

bool
access_may(const struct access_identity *who, enum access_right right)
{
	return (who->rights & BIT(right)) != 0;
}
