#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conn_internal.h"

/*
 * --trace: what clients did, a line each, in order: the device's index, the
 * connection's number, a word, and of requests how they were authorised and
 * their body.  From it a bench makes the same exchanges again.
 */
int
trace_start(struct sim *s)
{
	s->trace = fopen(s->opt.trace, "we");
	if (s->trace != NULL && setvbuf(s->trace, NULL, _IOLBF, 0) == 0)
		return 0;
	sim_say("cannot write %s: %s", s->opt.trace, strerror(errno));
	return -1;
}

void
trace_stop(struct sim *s)
{
	if (s->trace != NULL)
		(void)fclose(s->trace);
	s->trace = NULL;
}

static void
begin(const struct conn *c, const char *word)
{
	fprintf(c->port->sim->trace, "%d %llu %s", c->port->dev->index,
	    (unsigned long long)c->id, word);
}

void
trace_word(const struct conn *c, const char *word)
{
	if (c->port->sim->trace == NULL)
		return;
	begin(c, word);
	fputc('\n', c->port->sim->trace);
}

/* A line break in a body is white space between elements. */
void
trace_request(const struct conn *c, const struct http_request *r)
{
	FILE *out = c->port->sim->trace;
	const char *scheme = r->authorization;
	size_t i;

	if (out == NULL)
		return;
	begin(c, "request");
	fprintf(out, " %.*s ", scheme == NULL ? 4 : (int)strcspn(scheme, " "),
	    scheme == NULL ? "none" : scheme);
	for (i = 0; i < r->body.len; i++)
		fputc(r->body.data[i] == '\n' ? ' ' : r->body.data[i], out);
	fputc('\n', out);
}
