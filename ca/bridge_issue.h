#ifndef BRIDGE_ISSUE_H_
#define BRIDGE_ISSUE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge.h"
#include "ca.h"

struct err;

/*
 * Certificates from an enterprise's own CA, through the same door as ours: the
 * CSR passes the same rules, the request is on record before it is sent, what
 * comes back is checked before a device gets it, and nothing is asked for twice
 * that the protocol lets us ask after.
 *
 * A request is a row in the CA's database, by bridge and idempotency key:
 *
 *   (none) -> asked -> issued            a certificate, checked and recorded
 *               ^ |--> pending           asked after at its retry_at
 *               | |--> unconfirmed       checked, and the CA is to be told
 *               | `--> rejected          its words are kept; asked anew later
 *               `----- asked             no answer: asked again
 *
 * "asked" is committed before the first byte leaves.  Whoever finds it after a
 * crash asks again with the same CSR, which an RFC 7030 server takes as the
 * same request, and over CMP under the same transaction id; a CMP server that
 * answers with transactionIdInUse is asked anew; to Microsoft's it is another
 * request, and what may come of the first is used by nobody.  What is true if
 * the process dies:
 *
 *   before that commit        nothing was sent, nothing is recorded
 *   after it                  the CA may hold a request, or have issued: the
 *                             row says so, and the CSR is in it
 *   after the answer          the same
 *   after the second commit   row and certificate agree
 *
 * Where a CA knows no request to ask after, an answer that is lost between the
 * first commit and the second may have made a certificate.  Nobody else can use
 * it, since the key never leaves its device, but nobody here would revoke it
 * either, and asking again makes another.  So:
 *
 *   Vault     its certificates are looked through for one with the key before
 *             it is asked again, and that is taken: one certificate, on record.
 *             Where that cannot be (too many, policy, a role that keeps none)
 *             there may be two, and the second's result says so in its text
 *   step-ca   it takes a token once.  Asked again under the same id it makes
 *             the one certificate if it had not heard the first, else it
 *             refuses: two then, and the error of that try names the id that
 *             the CA's log has the first under
 *
 * What such a CA issued and our checks refuse, it is told to revoke, unless its
 * serial is that of a certificate on record.
 *
 * A protocol that wants certificates confirmed (CMP) has two commits after the
 * answer: "unconfirmed", with the answer, before the confirmation leaves, and
 * "issued" after the CA's word on it.  Between them the confirmation is sent
 * again from the record, and no device gets the certificate.  A CA that denies
 * it then (it knew already, or has given up) is asked anew as after a
 * rejection, and to revoke what nobody uses.  A certificate that fails our
 * checks is recorded as rejected, then the CA is told.
 *
 * Pending requests go on after a restart: over CMP the messages of the CA that
 * an exchange goes on from are part of the row, and are verified again each
 * time.  When they do not verify any more (another secret is configured), the
 * request is over, and asked anew.
 *
 * All calls block: for milliseconds, or where it says so for the network, up to
 * the bridge's timeout (three times that where an answer is to be asked after
 * or confirmed at once).
 */

/* What came of a request. */
struct ca_bridge_result {
	enum ca_bridge_outcome outcome;
	struct ca_cert cert; /* issued: clear it */
	int64_t retry_at;    /* pending, limited */
	bool urgent;	     /* and the certificate in use ends before long */
	char text[256];	     /* and why, for people; issued: the CA's
			      * remarks, or "" */
};

/*
 * A certificate for request->key: the one there is, or one asked for now.
 * old_end is the end of the certificate it is to replace (0: none); waits grow
 * with each try and shrink as it comes near.  Network, unless it is too early
 * to ask again.  Returns 0 with outcome issued, pending or limited, else -1:
 *
 *   ERR_INVALID      the CSR or template breaks a rule: nothing was asked
 *   ERR_REFUSED      rejected by the CA, or misconfigured, or the certificate
 *                    that came is not what was asked for: see the text
 *   ERR_CONFLICT     the key was used for another key pair, or its certificate
 *                    was revoked
 *   ERR_UNREACHABLE, ERR_UNKNOWN
 */
int ca_bridge_issue(struct ca *ca, struct ca_bridge *b,
    const struct ca_request *request, int64_t old_end,
    struct ca_bridge_result *ret, struct err *err);
/* What is on record for the key, whichever CA was asked: issued, pending or
 * limited; else ERR_NOTFOUND. No network. */
int ca_bridge_look(struct ca *ca, const char *key, struct ca_bridge_result *ret,
    struct err *err);

/*
 * Revoke a certificate that came over this bridge (RFC 5280 reason).  Network
 * where the protocol can; where it cannot (*ret_told false) only our record
 * says so, and it stays valid until its end unless a person revokes it at the
 * CA. The same with b NULL: the bridge is not
 * configured any more.  Already revoked is success.  ERR_NOTFOUND when there is
 * none, or it came another way.  ERR_UNREACHABLE, also of a CA that has no time
 * now, and ERR_UNKNOWN: to be told again; it is valid on record until then.
 */
struct ca_bridge_end {
	int reason;
	int64_t now;
};
int ca_bridge_revoke(struct ca *ca, struct ca_bridge *b, const char *serial,
    const struct ca_bridge_end *end, bool *ret_told, struct err *err);

/* Did this certificate, byte for byte, come over a bridge? No network. */
bool ca_bridge_knows(struct ca *ca, const uint8_t *der, size_t len);

/* A request that is not decided: asked, pending, unconfirmed, rejected.
 * Borrowed. */
struct ca_bridge_row {
	const char *bridge, *key, *device, *names, *state, *request_id, *text;
	int64_t tries, made_at, asked_at, retry_at;
};
typedef int ca_bridge_row_fn(
    void *cookie, const struct ca_bridge_row *row, struct err *err);
/* Oldest first; as ca_list(). */
int ca_bridge_list(
    struct ca *ca, ca_bridge_row_fn *fn, void *cookie, struct err *err);
/* How many of them this bridge has. */
int ca_bridge_waiting(
    struct ca *ca, const char *bridge, int64_t *ret, struct err *err);
/* Ask at the next occasion, however long it was to wait. ERR_NOTFOUND when the
 * device has none. */
int ca_bridge_hasten(struct ca *ca, const char *device, struct err *err);
#endif
