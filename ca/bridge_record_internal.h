#ifndef BRIDGE_RECORD_INTERNAL_H_
#define BRIDGE_RECORD_INTERNAL_H_
#include "bridge_issue.h"
#include "bridge_kind.h"
#include "buf.h"
#include "csr_internal.h"

struct ca_store;

/* Is this what was asked for, by a CA we trust, and fit for a device? c has
 * passed ca_csr_case_check(). ERR_REFUSED naming what is wrong. */
int ca_bridge_check(const struct ca_bridge *b, const struct ca_csr_case *c,
    struct ca_span leaf, struct err *err);
/* --- records (bridge_store.c); the store is locked --- */

struct ca_bridge_record {
	char *device, *template_name, *subject, *names, *state, *request_id,
	    *text;
	uint8_t spki_sha256[32];
	struct buf csr;
	struct buf progress; /* of the request, as its protocol gave it */
	int64_t tries, made_at, asked_at, retry_at, urgent_at;
};
void ca_bridge_record_clear(struct ca_bridge_record *r);
/* 1 = found, 0, -1. bridge NULL: the one asked last. */
int ca_bridge_store_get(struct ca_store *s, const char *bridge, const char *key,
    struct ca_bridge_record *ret, struct err *err);
/* Insert or replace. */
int ca_bridge_store_put(struct ca_store *s, const char *bridge, const char *key,
    const struct ca_bridge_record *r, struct err *err);
/* ERR_CONFLICT when some certificate has this serial. */
int ca_bridge_store_serial_free(
    struct ca_store *s, const char *serial, struct err *err);
/* The certificate of a request. ERR_CONFLICT when key or serial have one. */
int ca_bridge_store_add_cert(struct ca_store *s, const char *bridge,
    const struct ca_cert *cert, struct err *err);
int ca_bridge_store_revoke(struct ca_store *s, const char *serial,
    const struct ca_bridge_end *end, bool told, struct err *err);
#endif
