#ifndef CORP_H_
#define CORP_H_
#include "bridge_issue.h"
#include "bridge_kind.h"
#include "fixture.h"
#include "other_ca.h"

/*
 * An enterprise's own CA and a bridge to it: our CA, a CSR of fixture_subject,
 * and the file anchors.pem in the fixture's folder.  What speaks for the CA,
 * and how, is the test's.
 */
#define CORP_ROW_MAX 200
struct corp {
	struct fixture fixture;
	struct other_ca *other;
	struct ca_bridge *bridge; /* NULL until it is opened */
	struct buf csr;
	struct ca_bridge_result got; /* of the last time it was asked */
	struct err err;
};
void corp_start(struct corp *c);
void corp_stop(struct corp *c);
/* A file of the folder that only we may read. */
void corp_file(const struct corp *c, const char *name, const char *text);

/* A bridge "corp".  Files are names in the folder; without anchors they are
 * anchors.pem, without times they are long enough. */
int corp_try_open(
    struct corp *c, const struct ca_bridge_conf *conf, struct ca_bridge **ret);
/* In the place of the one that is there; fails unless it opens. */
void corp_open(struct corp *c, const struct ca_bridge_conf *conf);

/* Ask at once, under the key k1. */
int corp_ask(struct corp *c);
/* The same; fails unless this comes of it: an outcome; an error. */
void corp_expect(struct corp *c, enum ca_bridge_outcome outcome);
void corp_refused(struct corp *c, enum err_kind kind, const char *text);
/* The bridge's own test: what it says, and how it fails (ERR_NONE: not). */
void corp_test(
    struct corp *c, const char *said, enum err_kind kind, const char *text);
/* The one request on record as "STATE ID"; "none " without one. */
void corp_on_record(struct corp *c, char row[CORP_ROW_MAX]);
#endif
