#ifndef CA_DEED_INTERNAL_H_
#define CA_DEED_INTERNAL_H_
#include "buf.h"
#include "ca.h"
#include "err.h"
#include "record_internal.h"

/*
 * Certificates on their way into the records, several at a time: the only place
 * where the issuing key signs one.  What must hold, whatever happens in
 * between:
 *
 * 1. No signature exists whose serial and to-be-signed bytes are not on record.
 * 2. An intent is signed at most once, by the process that recorded it.
 * 3. A key of the caller's has at most one certificate.
 * 4. An intent that got no certificate is revoked, not tried again.
 * 5. What was signed is what was recorded, byte for byte.
 * 6. One that fails takes none of the others with it.
 *
 *   begin -> add ... -> commit -> sign ... -> settle -> answers
 *   [ lose, intent, also, ... ]               [ certificate, ... ]
 *          one commit                              one commit
 *
 * If the process dies
 *   before the first commit is on disk: nothing is on record, nothing was
 *       signed; who asks again is a new customer.
 *   after it, with none, some or all of them signed: all are intents without
 *       certificate.  No signature has left the process.  The next ca_open()
 *       that finds nobody alive between intent and certificate, or who asks
 *       again under the same key, declares them lost: revoked, never signed.
 *   in the middle of the second commit: as before it, or as after it, for all
 *       of them together.
 *   after it: who asks again under the same key is given the certificate.
 */
enum ca_deed_state {
	CA_DEED_NEW,
	CA_DEED_INTENDED,
	CA_DEED_SIGNED,
	CA_DEED_DONE,
	CA_DEED_FAILED
};

struct ca_deed {
	struct ca_intent
	    intent;	/* but for the line, the bytes and their hash */
	struct buf tbs; /* the bytes */
	struct buf der; /* empty; the certificate when it is done */
	/* Called in the intents' transaction, after this one was added: what is
	 * to be written with it. -1 takes this intent back. May be NULL. */
	int (*also)(void *cookie, struct err *err);
	void *cookie;
	enum ca_deed_state state;
	struct err err; /* why it failed */
};

struct ca_deeds {
	struct ca *ca;
	struct ca_deed *list[CA_ISSUE_MANY];
	size_t count;
	bool spoiled;	   /* one could not be recorded */
	struct err broken; /* why none of them can be */
};

/* ERR_REFUSED when now is before the last issuance, or before the issuing CA: a
 * clock that stepped back would make certificates that are not valid yet
 * elsewhere, or end before they begin, and revocations that seem to precede
 * their certificate. */
int ca_deed_clock(struct ca *ca, int64_t now, struct err *err);

/* In these err is not NULL. The store is locked, without a transaction, which
 * this begins. */
int ca_deeds_begin(struct ca_deeds *d, struct ca *ca, struct err *err);
/* In the transaction: record the intent. Borrowed until ca_deeds_settle(). -1:
 * this one cannot be recorded, and d is spoiled: nothing more can be added. */
int ca_deeds_add(struct ca_deeds *d, struct ca_deed *one, struct err *err);
/* 1: the intents are durable. 0: one spoiled it, and nothing is recorded: begin
 * again without that one. -1: nothing is, and will not be. */
int ca_deeds_commit(struct ca_deeds *d, struct err *err);
/* The signatures. Nothing of the store is touched, so it need not be locked. */
void ca_deeds_sign(struct ca_deeds *d);
/* The store is locked. Records the certificates; each deed is done or failed
 * then, and the intents of those that failed are revoked. */
void ca_deeds_settle(struct ca_deeds *d);
/* All of it for one, with the store locked throughout. */
int ca_deed_do(struct ca *ca, struct ca_deed *one, struct err *err);
#endif
