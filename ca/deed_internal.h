#ifndef CA_DEED_INTERNAL_H_
#define CA_DEED_INTERNAL_H_
#include "buf.h"
#include "record_internal.h"

struct ca;
struct err;

/*
 * One certificate on its way into the records: the only place where the issuing
 * key signs one.  What must hold, whatever happens in between:
 *
 * 1. No signature exists whose serial and to-be-signed bytes are not on record.
 * 2. An intent is signed at most once, by the process that recorded it.
 * 3. A key of the caller's has at most one certificate.
 * 4. An intent that got no certificate is revoked, not tried again.
 * 5. What was signed is what was recorded, byte for byte.
 *
 *   [ lose, intent, also ] -> sign -> compare -> [ certificate ] -> answer
 *         one commit                              one commit
 */
struct ca_deed {
	struct ca *ca;
	struct ca_intent intent; /* but for the bytes and their hash */
	struct buf tbs;		 /* the bytes */
	struct buf der;		 /* empty; the certificate when it is done */
	/* Called in the intent's transaction, after it was added: a last look,
	 * for another process may have been quicker, and what is to be written
	 * with it. -1 takes all of it back. May be NULL. */
	int (*also)(void *cookie, struct err *err);
	void *cookie;
};

/* ERR_REFUSED when now is before the last issuance: a clock that stepped back
 * would make certificates that are not valid yet elsewhere, and revocations
 * that seem to precede their certificate. */
int ca_deed_clock(struct ca *ca, int64_t now, struct err *err);
/* The store is locked, without a transaction. After a failure the intent, if it
 * was recorded, is revoked. */
int ca_deed_do(struct ca_deed *d, struct err *err);
#endif
