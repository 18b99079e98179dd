#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

#define LINE_MAX_BYTES 2048

static enum log_level most = LOG_NOTE;

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warning",
    [LOG_NOTE] = "notice",
    [LOG_INFO] = "info",
    [LOG_TRACE] = "trace",
};

void
log_set_level(enum log_level level)
{
	most = level;
}

bool
log_wants(enum log_level level)
{
	return level <= most;
}

void
log_line(enum log_level level, const char *event, const char *fmt, ...)
{
	char rest[LINE_MAX_BYTES], at[CLOCK_TEXT];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	/* One write per line, so that lines of two processes do not mix. */
	if (getenv("JOURNAL_STREAM") != NULL)
		(void)fprintf(
		    stderr, "<%d>event=%s %s\n", (int)level, event, rest);
	else
		(void)fprintf(stderr, "%s level=%s event=%s %s\n",
		    clock_text(clock_now(), at), level_names[level], event,
		    rest);
}
