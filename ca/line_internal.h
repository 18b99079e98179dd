#ifndef CA_LINE_INTERNAL_H_
#define CA_LINE_INTERNAL_H_
#include <stdint.h>

#include "ca.h"
#include "der.h"

struct buf;
struct ca_cross;
struct ca_issuer;
struct ca_signer;
struct ca_store;
struct err;

/*
 * A line is an issuing key with the certificates above it.  There is one that
 * issues; those before it verify what they issued and sign its revocation list
 * until their end; at most one waits for the certificate of its request.
 */
#define CA_LINES_MAX 16	 /* all there ever were and still count */
#define CA_BETWEEN_MAX 2 /* between the issuing CA and the root */
#define CA_REQUEST_MAX 4096
#define CA_CROSS_MAX 8 /* other roots of one line */
#define CA_KEY_SUFFIX 17

struct ca_line_row {
	int64_t id;
	enum ca_line_state state;
	char key_file[65]; /* behind ca_conf.key_file and a dot; "": itself */
};
/* Newest first. */
int ca_store_lines(struct ca_store *s, struct ca_line_row ret[CA_LINES_MAX],
    size_t *ret_count, struct err *err);
/* The newest in this state; 1, 0 = none, -1. */
int ca_store_line_in(struct ca_store *s, enum ca_line_state state,
    struct ca_line_row *ret, struct err *err);
/* Sets row->id. request may be NULL. In a transaction, as what follows. */
int ca_store_line_add(struct ca_store *s, struct ca_line_row *row,
    const struct buf *request, struct err *err);
int ca_store_line_request(
    struct ca_store *s, int64_t id, struct buf *out, struct err *err);
int ca_store_line_set(
    struct ca_store *s, int64_t id, enum ca_line_state state, struct err *err);
int ca_store_line_drop(struct ca_store *s, int64_t id, struct err *err);
/* Place 0 is the issuing certificate, then its issuers, the root last. */
int ca_store_line_put(struct ca_store *s, int64_t id, size_t place,
    const struct ca_issuer *cert, struct err *err);
/* 1, 0 = there is none in this place, -1. */
int ca_store_line_get(struct ca_store *s, int64_t id, size_t place,
    struct buf *out, struct err *err);

/* Other chains of a line, each with a number from 0 on; its place 0 is the
 * cross-certificate. */
int ca_store_cross_put(struct ca_store *s, int64_t line, size_t number,
    const struct ca_cross *cross, struct err *err);
/* 1, 0 = there is none in this place, -1. */
int ca_store_cross_get(struct ca_store *s, int64_t line, size_t number,
    size_t place, struct buf *out, struct err *err);

/* Valid certificates of devices by a line. */
struct ca_line_use {
	int64_t count;
	int64_t last_end;
};
int ca_store_line_use(struct ca_store *s, int64_t id, int64_t now,
    struct ca_line_use *ret, struct err *err);

/* Did a root revoke it, as far as is known here? 1 and how, 0, -1. The store is
 * locked. */
struct ca_status;
int ca_line_revoked(
    const struct ca *line, struct ca_status *ret, struct err *err);
/* ERR_REFUSED if so. */
int ca_line_check(const struct ca *line, struct err *err);

/* Another number after each change of lines and their certificates. */
int ca_store_lines_mark(struct ca_store *s, int64_t *ret, struct err *err);

/* What tells a key's file from others, by its public half. */
void ca_line_suffix(struct ca_span spki, char out[CA_KEY_SUFFIX]);
/* Path of the line's key; given. */
char *ca_line_key_file(
    const struct ca_conf *conf, const struct ca_line_row *row);
/* The certificates of a line, its other chains among them, from the store into
 * a zeroed *ca. */
int ca_line_load(struct ca *ca, int64_t id, struct err *err);
#endif
