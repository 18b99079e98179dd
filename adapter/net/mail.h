#ifndef NET_MAIL_H_
#define NET_MAIL_H_
#include <stddef.h>

struct err;
struct secret;

/*
 * One message by SMTP, blocking, for workers: a connection of its own, TLS from
 * the first byte (smtps) or by STARTTLS before anything else (smtp), which is
 * never left out.  No proxy.
 */
struct net_mail {
	const char *url;       /* "smtps://mail.example:465" */
	const char *from;      /* plain addresses */
	const char *const *to; /* NULL at the end */
	const char *user;      /* or NULL */
	const struct secret *password;
	const char *ca_pem;  /* the anchors its certificate must chain to; the
			      * name is the URL's */
	const void *message; /* RFC 5322, lines end in CRLF */
	size_t len;
	unsigned timeout_ms; /* in all */
};
/*
 * 0: the server has taken it for all of them.  ERR_UNREACHABLE: certainly not a
 * byte of the message left.  ERR_UNTRUSTED: likewise, the certificate.
 * ERR_DENIED: likewise, the login.  ERR_REFUSED: the server said no to it, and
 * delivers it to nobody.  ERR_UNKNOWN: it may have been taken.
 */
int net_mail(const struct net_mail *m, struct err *err);
#endif
