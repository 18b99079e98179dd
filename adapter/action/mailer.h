#ifndef MAILER_H_
#define MAILER_H_
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct conf;
struct err;
struct secret;
struct store;

/* Mail by the configuration's server. The password is sealed in the store. */
int mailer_set_password(struct store *s, const struct secret *password,
    int64_t now, struct err *err);

/* Is it configured?  ERR_INVALID: what is not. */
int mailer_check(const struct conf *conf, struct err *err);

struct mailer_message {
	const char *to; /* addresses parted by commas */
	const char *subject, *text;
	const char *id;		/* the left part of its Message-ID */
	const struct buf *file; /* attached; or NULL */
	const char *file_name;
};
/* Blocking; errors as net_mail() (net/mail.h), and ERR_INVALID: it is not
 * configured, or to is no list of addresses. */
int mailer_send(const struct conf *conf, struct store *s,
    const struct mailer_message *m, struct err *err);
#endif
