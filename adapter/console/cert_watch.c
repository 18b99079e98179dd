#include <stdlib.h>
#include <string.h>

#include "ca.h"
#include "cert_internal.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "err.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "periodic.h"
#include "str.h"

#define LOOK_FILES_MS 3000
#define LOOK_OWN_MS 3600000
#define LOOK_AGAIN_MS 300000 /* after a failure */

struct console_cert {
	struct daemon *d;
	struct http *http;
	struct periodic *periodic;
	int64_t not_after;
	/* The worker's: */
	char stamps[3][FILE_STAMP];
	struct console_source source;
	bool anew; /* it looked, and found: */
	struct console_credentials found;
	struct err last; /* what came of it then */
};

/* --- on a worker --- */

static bool
uses_files(const struct console_cert *w)
{
	return w->d->conf->console_certificate != NULL;
}

/* Did a file change? */
static bool
restamp(struct console_cert *w)
{
	const struct conf *conf = w->d->conf;
	const char *const paths[] = {conf->console_certificate,
	    conf->console_key, conf->console_client_ca};
	char now[FILE_STAMP];
	bool changed = false;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (paths[i] == NULL)
			continue;
		file_stamp(paths[i], now);
		changed = changed || !str_eq(now, w->stamps[i]);
		memcpy(w->stamps[i], now, sizeof(now));
	}
	return changed;
}

/* Files that are as they were will not do better than they did. */
static int
look(void *arg, bool *ret_more, struct err *err)
{
	struct console_cert *w = arg;

	(void)ret_more;
	w->anew = !uses_files(w) || restamp(w);
	if (w->anew)
		return console_credentials_get(
		    &w->source, clock_now(), &w->found, err);
	*err = w->last;
	return err->kind == ERR_NONE ? 0 : -1;
}

/* --- on the loop --- */

static void
begin(void *arg)
{
	struct console_cert *w = arg;

	w->source.ca = ca_hold(w->d->ca);
}

static void
use(struct console_cert *w, struct err *err)
{
	const struct http_tls tls = console_credentials_tls(&w->found);
	char until[CLOCK_TEXT];

	if (http_use_tls(w->http, &tls, err) != 0)
		return;
	if (w->found.not_after == w->not_after && !uses_files(w))
		return;
	w->not_after = w->found.not_after;
	log_line(LOG_NOTE, "console.certificate", "until=%s",
	    clock_text(w->not_after, until));
}

static void
looked(void *arg, struct err *err)
{
	struct console_cert *w = arg;

	ca_close(w->source.ca);
	if (w->anew && err->kind == ERR_NONE) {
		use(w, err);
		console_credentials_clear(&w->found);
	}
	w->last = *err;
}

struct console_cert *
console_cert_watch(
    struct daemon *d, const struct console_source *s, struct http *h)
{
	struct console_cert *w = mem_alloc(sizeof(*w));
	struct periodic_job job = {.log = "console.certificate",
	    .begin = begin,
	    .run = look,
	    .done = looked,
	    .arg = w,
	    .every_ms = LOOK_OWN_MS,
	    .again_ms = LOOK_AGAIN_MS};

	w->d = d;
	w->source = *s;
	w->http = h;
	(void)restamp(w);
	if (uses_files(w))
		job.every_ms = job.again_ms = LOOK_FILES_MS;
	w->periodic = periodic_new(d->loop, &job);
	periodic_start(w->periodic, job.every_ms);
	return w;
}

bool
console_cert_stop(struct console_cert *w, void (*quiet)(void *), void *cookie)
{
	return periodic_stop(w->periodic, quiet, cookie);
}

void
console_cert_free(struct console_cert *w)
{
	if (w == NULL)
		return;
	periodic_free(w->periodic);
	free(w);
}
