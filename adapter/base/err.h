#ifndef ERR_H_
#define ERR_H_
#include <stdbool.h>

/*
 * What went wrong, in words a caller can decide on.  The kind decides policy
 * (retry, stop, ask a person); the text is for people.
 */
enum err_kind {
	ERR_NONE = 0,
	ERR_INVALID,	 /* bad input; retrying cannot help */
	ERR_NOTFOUND,	 /* the thing asked for is not there */
	ERR_CONFLICT,	 /* someone else changed it, or holds it */
	ERR_DENIED,	 /* credentials refused */
	ERR_REFUSED,	 /* understood, and will not do it */
	ERR_UNREACHABLE, /* nothing was sent: certainly no effect */
	ERR_UNKNOWN,	 /* sent; the outcome is not known */
	ERR_PROTOCOL,	 /* the peer answers, but nonsense */
	ERR_UNTRUSTED,	 /* the peer is not who it should be */
	ERR_LIMIT,	 /* a size, count, time or retry budget is spent */
	ERR_STORAGE,	 /* store or vault does not answer or is damaged */
	ERR_CANCELLED,	 /* we stopped it ourselves */
	ERR_BUG		 /* our own mistake */
};

/* Whose native code is kept beside the kind. */
enum err_domain {
	ERR_OURS = 0,
	ERR_ERRNO,
	ERR_CURL,
	ERR_OPENSSL,
	ERR_LDAP,
	ERR_KRB5,
	ERR_HTTP, /* HTTP status */
	ERR_SOAP, /* wsman.h: enum wsman_fault */
	ERR_PT,	  /* AMT's ReturnValue (PT_STATUS) */
	ERR_SQLITE
};

/* Owned by the caller; never allocated, never global. */
struct err {
	enum err_kind kind;
	enum err_domain domain;
	long native;
	char text[256];
};

/* Fill *err (may be NULL); returns -1, so: return err_set(err, ...). */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* As err_set(), keeping the native code of another library. */
int err_native(struct err *err, enum err_kind kind, enum err_domain domain,
    long native, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* As err_native() with errno's value and text appended: "fmt...: ENOENT text".
 */
int err_errno(struct err *err, int error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Put context in front of the text already in *err; returns -1. */
int err_context(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Back to ERR_NONE. */
void err_clear(struct err *err);
/* Will the same call, later, stand a chance?  So it will when the peer talked
 * nonsense: half an answer comes from one that was just restarting. */
bool err_is_transient(const struct err *err);
/* Stable lower-case word for logs, metrics and the API: "unreachable". */
const char *err_kind_name(enum err_kind kind);
/* The reverse; ERR_BUG for a word that is none. */
enum err_kind err_kind_parse(const char *name);
#endif
