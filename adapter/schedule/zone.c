/* Time zones of the system, each read once for all schedules that use it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "schedule_internal.h"
#include "str.h"

#define ZONES "/usr/share/zoneinfo/"
#define NAMES ZONES "zone.tab" /* code, place, name, remark */
#define NAMES_MAX 1000
#define OWN "/etc/localtime"
#define ZONE_FILE_MAX (128 * 1024)
#define ZONE_NAME_MAX 64
#define FAR (INT64_C(27) * 3600) /* no offset is more */

struct zone {
	struct tzif tz;
	char *path; /* "": made of a rule */
	char stamp[FILE_STAMP];
	size_t users;
	struct zone *next;
};

/* Those in use. What is in a zone never changes; users and next do. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zones;

static int
zone_load(struct zone *z, struct err *err)
{
	struct buf file;
	int rc;

	buf_init(&file, ZONE_FILE_MAX);
	rc = file_read(z->path, ZONE_FILE_MAX, &file, err);
	if (rc == 0 && tzif_parse(file.data, file.len, &z->tz) != 0)
		rc = err_set(err, ERR_STORAGE,
		    "%s is not a time zone of tzdata", z->path);
	buf_free(&file);
	return rc;
}

/* As it is on disk now: an update of tzdata is for schedules read after it. */
static int
zone_of_file(const char *path, struct zone **ret, struct err *err)
{
	char stamp[FILE_STAMP];
	struct zone *z;

	file_stamp(path, stamp);
	(void)pthread_mutex_lock(&lock);
	for (z = zones; z != NULL; z = z->next)
		if (str_eq(z->path, path) && str_eq(z->stamp, stamp))
			break;
	if (z != NULL)
		z->users++;
	(void)pthread_mutex_unlock(&lock);
	if (z == NULL) {
		z = mem_alloc(sizeof(*z));
		z->path = mem_dup(path);
		z->users = 1;
		memcpy(z->stamp, stamp, sizeof(stamp));
		if (zone_load(z, err) != 0) {
			free(z->path);
			free(z);
			return -1;
		}
		(void)pthread_mutex_lock(&lock);
		z->next = zones;
		zones = z;
		(void)pthread_mutex_unlock(&lock);
	}
	*ret = z;
	return 0;
}

void
zone_drop(struct zone *z)
{
	struct zone **at;

	if (z == NULL)
		return;
	(void)pthread_mutex_lock(&lock);
	if (--z->users == 0) {
		for (at = &zones; *at != z; at = &(*at)->next)
			;
		*at = z->next;
	} else {
		z = NULL;
	}
	(void)pthread_mutex_unlock(&lock);
	if (z != NULL) {
		free(z->tz.changes);
		free(z->path);
		free(z);
	}
}

/* A name, not a path that leads elsewhere. */
static bool
is_zone_name(const char *name)
{
	size_t len = strnlen(name, ZONE_NAME_MAX);

	return len > 0 && len < ZONE_NAME_MAX && name[0] != '/' &&
	    strstr(name, "..") == NULL &&
	    strspn(name,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789/_+-") == len;
}

static int
zone_of_name(const char *name, struct zone **ret, struct err *err)
{
	char *path;
	int rc;

	if (!is_zone_name(name))
		return err_set(err, ERR_NOTFOUND, "no time zone of tzdata");
	path = mem_printf("%s%s", ZONES, name);
	rc = zone_of_file(path, ret, err);
	free(path);
	return rc;
}

/* TZ="CET-1CEST,M3.5.0,M10.5.0/3" */
static int
zone_of_rule(const char *rule, struct zone **ret)
{
	struct zone *z = mem_alloc(sizeof(*z));

	if (posix_zone_parse(rule, &z->tz.rule) != 0) {
		free(z);
		return -1;
	}
	z->path = mem_dup("");
	z->users = 1;
	(void)pthread_mutex_lock(&lock);
	z->next = zones;
	zones = z;
	(void)pthread_mutex_unlock(&lock);
	*ret = z;
	return 0;
}

/* A machine without one is in UTC. */
static int
zone_of_own(struct zone **ret, struct err *err)
{
	struct err own = {.kind = ERR_NONE};

	if (zone_of_file(OWN, ret, &own) == 0)
		return 0;
	if (own.kind == ERR_NOTFOUND)
		return zone_of_name("UTC", ret, err);
	return err_set(err, own.kind, "%s", own.text);
}

int
zone_take(const char *name, struct zone **ret_zone, struct err *err)
{
	const char *own = getenv("TZ");

	if (name != NULL)
		return zone_of_name(name, ret_zone, err);
	if (str_empty(own))
		return zone_of_own(ret_zone, err);
	own += own[0] == ':' ? 1 : 0;
	if (own[0] == '/')
		return zone_of_file(own, ret_zone, err);
	if (zone_of_name(own, ret_zone, err) == 0 ||
	    zone_of_rule(own, ret_zone) == 0)
		return 0;
	return err_context(err, "the environment's TZ");
}

int64_t
zone_offset(const struct zone *z, int64_t t, int64_t *ret_until)
{
	const struct change *c = z->tz.changes;
	size_t low = 0, high = z->tz.count, middle;

	while (low < high) { /* how many are at or before t */
		middle = (low + high) / 2;
		if (c[middle].at <= t)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < z->tz.count) {
		*ret_until = c[low].at;
		return low == 0 ? z->tz.first : c[low - 1].offset;
	}
	if (z->tz.rule.given)
		return posix_zone_offset(&z->tz.rule, t, ret_until);
	*ret_until = INT64_MAX;
	return low == 0 ? z->tz.first : c[low - 1].offset;
}

/* Walk over the stretches of one offset around it, the earliest first. */
int64_t
zone_instant(const struct zone *z, int64_t local)
{
	int64_t at = local - FAR, until, offset;

	for (;;) {
		offset = zone_offset(z, at, &until);
		if (local - offset < at)
			return at; /* it fell into the gap before */
		if (local - offset < until)
			return local - offset;
		at = until;
	}
}

/* The third field of each line; cut where it ends. */
static size_t
names_of(char *text, const char **names)
{
	char *line, *field;
	size_t n = 0;

	while (n < NAMES_MAX && (line = strsep(&text, "\n")) != NULL) {
		if (*line == '#')
			continue;
		(void)strsep(&line, "\t");
		(void)strsep(&line, "\t");
		field = strsep(&line, "\t");
		if (!str_empty(field))
			names[n++] = field;
	}
	return n;
}

char *
zone_near(const char *name)
{
	const char **names = mem_array(NAMES_MAX, sizeof(*names));
	char *text = NULL, *near = NULL;
	struct buf file;

	buf_init(&file, ZONE_FILE_MAX);
	if (file_read(NAMES, ZONE_FILE_MAX, &file, NULL) == 0) {
		text = mem_dup(buf_text(&file));
		near = str_near(name, names, names_of(text, names));
	}
	buf_free(&file);
	free(text);
	free(names);
	return near;
}
