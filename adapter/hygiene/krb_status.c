/*
 * The domain's Kerberos for a person.  First everybody is asked what needs no
 * password; then we log in once, and only when that went well at each
 * controller: a key that is refused counts against the account.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "krb_status_internal.h"
#include "mem.h"
#include "our_clock.h"
#include "str.h"
#include "survey.h"

#define SECOND_MS 1000
#define TEXT_MAX 400
#define TYPES_MAX 128

/* --- rows, kept until all is known --- */

struct hygiene_row *
hygiene_row_add(struct hygiene_rows *rows, const char *part, const char *name)
{
	struct hygiene_row *row;

	if (rows->count == rows->room) {
		rows->room = (rows->room + 8) * 2;
		rows->list =
		    mem_grow(rows->list, rows->room, sizeof(*rows->list));
	}
	row = &rows->list[rows->count++];
	memset(row, 0, sizeof(*row));
	row->is.part = part;
	row->name = mem_dup(name);
	return row;
}

void
hygiene_row_blame(struct hygiene_row *row, enum hygiene_level level,
    const char *code, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	row->is.level = level;
	row->is.code = code;
	mem_replace(&row->text, text);
}

void
hygiene_rows_free(struct hygiene_rows *rows)
{
	struct hygiene_row *row;

	while (rows->count > 0) {
		row = &rows->list[--rows->count];
		free(row->name);
		free(row->enctypes);
		free(row->text);
	}
	free(rows->list);
	memset(rows, 0, sizeof(*rows));
}

/* --- each KDC, and the clocks --- */

static void
add_kdc(const struct daemon *d, const struct survey *s,
    const struct survey_controller *c, struct hygiene_rows *rows)
{
	struct hygiene_row *row = hygiene_row_add(rows, "kdc", c->name);
	char span[CLOCK_TEXT];

	if (c->err.kind != ERR_NONE) {
		hygiene_row_blame(row,
		    survey_answered(s) > 0 ? HYGIENE_WARNING : HYGIENE_BAD,
		    "kdc-unreachable",
		    "%s; is it up, is TCP port 88 open? one that is gone for "
		    "good must leave the DNS (SRV)",
		    c->err.text);
		return;
	}
	row->is.timed = true;
	row->is.offset_ms = c->offset_ms;
	row->is.error_ms = c->error_ms;
	row->enctypes = mem_dup(c->types);
	if (llabs(c->offset_ms) >= d->conf->clock_limit * SECOND_MS)
		hygiene_row_blame(row, HYGIENE_BAD, "kdc-clock",
		    "its clock and ours differ by %s: see the row of clocks",
		    clock_span(c->offset_ms / SECOND_MS, span));
	else if (strstr(c->types, "aes") == NULL)
		hygiene_row_blame(row, HYGIENE_WARNING, "kdc-weak",
		    "it offers our account no AES key; allow AES for it "
		    "(msDS-SupportedEncryptionTypes 24) and set its password "
		    "anew");
}

const struct survey_controller *
hygiene_krb_first(const struct survey *s)
{
	const struct survey_controller *c;
	size_t i;

	for (i = 0; (c = survey_controller(s, i)) != NULL; i++)
		if (c->err.kind == ERR_NONE)
			return c;
	return NULL;
}

static void
judge_clocks(
    const struct daemon *d, const struct survey *s, struct hygiene_row *row)
{
	struct err err = {.kind = ERR_NONE};
	int64_t spread_ms = survey_spread_ms(s);
	char span[CLOCK_TEXT];
	struct buf uses;

	buf_init(&uses, TYPES_MAX);
	our_clock_spoils(d, row->is.offset_ms, &uses);
	if (our_clock_judge(d->conf, row->is.offset_ms, &err) != 0) {
		our_clock_blame(d->conf, s, row->is.offset_ms, &err);
		hygiene_row_blame(row, HYGIENE_BAD, "clock-off", "%s%s%s",
		    err.text, uses.len > 0 ? "; too far for " : "",
		    buf_text(&uses));
	} else if (spread_ms >= d->conf->clock_limit * SECOND_MS) {
		hygiene_row_blame(row, HYGIENE_BAD, "clock-spread",
		    "the domain controllers' clocks are %s apart: correct "
		    "those that differ from ours",
		    clock_span(spread_ms / SECOND_MS, span));
	} else if (uses.len > 0) {
		hygiene_row_blame(row, HYGIENE_WARNING, "clock-off",
		    "too far for %s", buf_text(&uses));
	}
	buf_free(&uses);
}

static void
add_clocks(
    const struct daemon *d, const struct survey *s, struct hygiene_rows *rows)
{
	const struct survey_controller *c = hygiene_krb_first(s);
	struct hygiene_row *row;

	if (c == NULL)
		return;
	row = hygiene_row_add(rows, "clock", "ours");
	row->is.timed = true;
	row->is.offset_ms = c->offset_ms;
	row->is.error_ms = c->error_ms;
	judge_clocks(d, s, row);
}

/* --- all of it --- */

static int
tell(const struct hygiene_rows *rows, hygiene_krb_row_fn *fn, void *cookie,
    struct err *err)
{
	struct hygiene_krb_row row;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		row = rows->list[i].is;
		row.name = rows->list[i].name;
		row.enctypes = rows->list[i].enctypes;
		row.text = rows->list[i].text;
		if (fn(cookie, &row, err) != 0)
			return -1;
	}
	return 0;
}

int
hygiene_krb_status(
    struct daemon *d, hygiene_krb_row_fn *fn, void *cookie, struct err *err)
{
	const struct survey_controller *c;
	struct hygiene_rows rows = {.count = 0}, own = {.count = 0};
	struct survey *s;
	size_t i;
	int rc;

	if (!d->conf->directory)
		return err_set(err, ERR_NOTFOUND,
		    "Active Directory is not configured (directory:)");
	s = survey_make(d, err);
	if (s == NULL)
		return -1;
	for (i = 0; (c = survey_controller(s, i)) != NULL; i++)
		add_kdc(d, s, c, &rows);
	add_clocks(d, s, &rows);
	rc = hygiene_krb_own(d, s, &own, err);
	if (rc == 0)
		rc = tell(&rows, fn, cookie, err);
	if (rc == 0)
		rc = tell(&own, fn, cookie, err);
	hygiene_rows_free(&rows);
	hygiene_rows_free(&own);
	survey_free(s);
	return rc;
}
