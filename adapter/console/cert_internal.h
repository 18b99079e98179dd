#ifndef CERT_INTERNAL_H_
#define CERT_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "http.h"
#include "http_key.h"
#include "str.h"

#define CONSOLE_NAME 256

struct ca;
struct conf;
struct console_cert;
struct daemon;
struct err;
struct vault;

/*
 * What the console proves itself with: a certificate of our own CA (90 days,
 * renewed when 30 are left, its key sealed in the store, one for each name:
 * nodes share the store), or the file pair that conf names, read again when it
 * changes. Connections go on meanwhile.
 */
struct console_credentials {
	struct buf chain, clients;
	struct secret *key;
	bool with_clients;
	int64_t not_after;
};
void console_credentials_clear(struct console_credentials *c);
struct http_tls console_credentials_tls(const struct console_credentials *c);

/* What they come from; borrowed, and looked at on workers. */
struct console_source {
	const struct conf *conf;
	struct vault *vault;
	struct ca *ca;
	/* Names to be certified; address "": none. */
	char dns[CONSOLE_NAME], address[STR_ADDRESS];
};
/* Fill in the names. ERR_INVALID when there is none. */
int console_source_names(struct console_source *s, struct err *err);
/* Read them; our own are made, or renewed, when due. Blocking. */
int console_credentials_get(const struct console_source *s, int64_t now,
    struct console_credentials *ret, struct err *err);

/* cert_watch.c: see to it that h has the newest ones; both are borrowed. */
struct console_cert *console_cert_watch(
    struct daemon *d, const struct console_source *s, struct http *h);
/* As periodic_stop(). */
bool console_cert_stop(
    struct console_cert *w, void (*quiet)(void *), void *cookie);
void console_cert_free(struct console_cert *w); /* NULL is allowed */
#endif
