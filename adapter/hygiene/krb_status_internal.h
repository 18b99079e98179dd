#ifndef KRB_STATUS_INTERNAL_H_
#define KRB_STATUS_INTERNAL_H_
#include <stddef.h>

#include "hygiene.h"

struct survey;
struct survey_controller;

/* Rows of "krb status", kept until all is known. */
struct hygiene_row {
	struct hygiene_krb_row is; /* without its texts */
	char *name, *enctypes, *text;
};

struct hygiene_rows {
	struct hygiene_row *list;
	size_t count, room;
};
/* Finding and text are given later, by hygiene_row_blame(). */
struct hygiene_row *hygiene_row_add(
    struct hygiene_rows *rows, const char *part, const char *name);
void hygiene_row_blame(struct hygiene_row *row, enum hygiene_level level,
    const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void hygiene_rows_free(struct hygiene_rows *rows);

/* The first controller that answered; NULL. */
const struct survey_controller *hygiene_krb_first(const struct survey *s);
/* Log in once, and look at all that is ours (krb_own.c). Rows go to own. */
int hygiene_krb_own(struct daemon *d, struct survey *s,
    struct hygiene_rows *own, struct err *err);
#endif
