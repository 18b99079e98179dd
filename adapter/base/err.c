#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
    [ERR_NONE] = "none",
    [ERR_INVALID] = "invalid",
    [ERR_NOTFOUND] = "not-found",
    [ERR_CONFLICT] = "conflict",
    [ERR_DENIED] = "denied",
    [ERR_REFUSED] = "refused",
    [ERR_UNREACHABLE] = "unreachable",
    [ERR_UNKNOWN] = "unknown",
    [ERR_PROTOCOL] = "protocol",
    [ERR_UNTRUSTED] = "untrusted",
    [ERR_LIMIT] = "limit",
    [ERR_STORAGE] = "storage",
    [ERR_CANCELLED] = "cancelled",
    [ERR_BUG] = "bug",
};

static void
fill(struct err *err, enum err_kind kind, enum err_domain domain, long native)
{
	err->kind = kind;
	err->domain = domain;
	err->native = native;
	err->text[0] = '\0';
}

int
err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (err != NULL) {
		fill(err, kind, ERR_OURS, 0);
		va_start(ap, fmt);
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return -1;
}

int
err_native(struct err *err, enum err_kind kind, enum err_domain domain,
    long native, const char *fmt, ...)
{
	va_list ap;

	if (err != NULL) {
		fill(err, kind, domain, native);
		va_start(ap, fmt);
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return -1;
}

static enum err_kind
errno_kind(int error)
{
	switch (error) {
	case ENOENT:
		return ERR_NOTFOUND;
	case EEXIST:
		return ERR_CONFLICT;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	case EISDIR: /* no file of this name can be read, ever */
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
		return ERR_INVALID;
	default:
		return ERR_STORAGE;
	}
}

int
err_errno(struct err *err, int error, const char *fmt, ...)
{
	va_list ap;
	char why[128];
	size_t len;

	if (err == NULL)
		return -1;
	fill(err, errno_kind(error), ERR_ERRNO, error);
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s",
	    strerror_r(error, why, sizeof(why)));
	return -1;
}

int
err_context(struct err *err, const char *fmt, ...)
{
	char front[sizeof(err->text)];
	char whole[2 * sizeof(err->text) + 3];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(front, sizeof(front), fmt, ap);
	va_end(ap);
	(void)snprintf(whole, sizeof(whole), "%s: %s", front, err->text);
	memcpy(err->text, whole, sizeof(err->text) - 1);
	err->text[sizeof(err->text) - 1] = '\0';
	return -1;
}

void
err_clear(struct err *err)
{
	if (err != NULL)
		fill(err, ERR_NONE, ERR_OURS, 0);
}

bool
err_is_transient(const struct err *err)
{
	return err->kind == ERR_UNREACHABLE || err->kind == ERR_UNKNOWN ||
	    err->kind == ERR_PROTOCOL || err->kind == ERR_LIMIT ||
	    err->kind == ERR_CANCELLED;
}

const char *
err_kind_name(enum err_kind kind)
{
	return kind_names[kind];
}

enum err_kind
err_kind_parse(const char *name)
{
	int i;

	for (i = ERR_NONE; i <= ERR_BUG; i++)
		if (name != NULL && strcmp(name, kind_names[i]) == 0)
			return (enum err_kind)i;
	return ERR_BUG;
}
