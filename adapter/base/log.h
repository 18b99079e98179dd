#ifndef LOG_H_
#define LOG_H_
#include <stdbool.h>

/*
 * Decisions, once, as key=value on stderr.  Library code returns errors and
 * does not log; the place that decides does.  Under systemd (JOURNAL_STREAM)
 * lines carry the <N> level prefix instead of a time.  Text that came from a
 * peer goes through str_printable() first.  Never a secret.
 */
enum log_level {
	LOG_ERROR = 3,
	LOG_WARN = 4,
	LOG_NOTE = 5,
	LOG_INFO = 6,
	LOG_TRACE = 7
};

/* Lines above this level are dropped; LOG_NOTE at start. */
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);
/* log_line(LOG_NOTE, "run.start", "devices=%zu play=%s", n, name). */
void log_line(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#endif
