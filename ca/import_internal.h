#ifndef CA_IMPORT_INTERNAL_H_
#define CA_IMPORT_INTERNAL_H_
#include <stddef.h>

#include "ca_internal.h"
#include "line_internal.h"
#include "rollover.h"

/* A certificate of ours, made by others, on its way into the records; shared by
 * import.c and cross.c. */
#define CA_IMPORT_MAX 8 /* certificates in one file */

struct ca_importing {
	const struct ca_conf *conf;
	struct ca_store *store; /* locked */
	struct ca_import *io;
	struct ca_line_row row; /* the open request */
	struct ca_issuer given[CA_IMPORT_MAX];
	size_t given_count;
	struct ca line; /* what it becomes; without a store */
};
/* io->pem into given. */
int ca_import_read(struct ca_importing *im, struct err *err);
/* line.issuing is there: find those above it among what was given and what we
 * know, and check all of it. */
int ca_import_check(struct ca_importing *im, struct err *err);
/* Into io: what line is. */
void ca_import_tell(const struct ca_importing *im);
void ca_import_clear(struct ca_importing *im);
#endif
