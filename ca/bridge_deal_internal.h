#ifndef BRIDGE_DEAL_INTERNAL_H_
#define BRIDGE_DEAL_INTERNAL_H_
#include <netinet/in.h>

#include "bridge_record_internal.h"
#include "ca_internal.h"
#include "record_internal.h"

/* States of a record, as in bridge_issue.h. */
#define DEAL_ASKED "asked"
#define DEAL_PENDING "pending"
#define DEAL_UNCONFIRMED "unconfirmed"
#define DEAL_REJECTED "rejected"
#define DEAL_ISSUED "issued"

/* One request under way. */
struct ca_deal {
	struct ca *ca;
	struct ca_bridge *b;
	const struct ca_request *request;
	int64_t old_end;
	struct ca_csr_case c;
	struct ca_bridge_record record;
	bool known; /* record is filled */
	struct ca_bridge_answer answer;
	bool again; /* the request may have been sent before */
	char address[INET_ADDRSTRLEN];
	struct buf leaf; /* what it gave, checked */
	bool unwanted;	 /* what it gave failed that; the text says why */
	bool orphan;	 /* what it gave is valid, and nobody's */
	struct ca_bridge_result *ret;
};

/* --- bridge_ask.c: what is known already, and the request --- */

/* 1 = the key has a certificate, now in *ret; 0 = none; -1. */
int ca_deal_find(
    struct ca *ca, const char *key, struct ca_cert *ret, struct err *err);
/* Is something to come of it without anybody's doing? */
bool ca_deal_waits(const struct ca_bridge_record *r);
void ca_deal_tell_wait(const struct ca_bridge_record *r, int64_t now,
    struct ca_bridge_result *ret);
/* Forget what an earlier exchange left: the next is a new one. */
void ca_deal_start_anew(struct ca_bridge_record *r);
/* Commit the record, and the certificate if there is one. */
int ca_deal_save(
    struct ca_deal *d, const struct ca_cert *cert, struct err *err);
/* 1 = answered from what is known, 0 = to be asked now, -1. */
int ca_deal_prepare(struct ca_deal *d, struct err *err);
/* Speak to the CA; what it says is in d->answer. */
void ca_deal_ask(struct ca_deal *d);
void ca_deal_confirm(struct ca_deal *d);
/* It is on record that we do not take it: should this word be lost, the CA
 * hears none, and must not keep the certificate valid either. */
void ca_deal_refuse(struct ca_deal *d);

/* --- bridge_answer.c --- */

/* What happens next. */
enum ca_deal_next {
	CA_DEAL_FAIL = -1,
	CA_DEAL_DONE,
	CA_DEAL_ASK,
	CA_DEAL_CONFIRM
};

/* A CA that is silent, busy or not to be spoken to like this is left alone for
 * a while, by all devices. */
void ca_deal_hold(struct ca_deal *d);
/* What was answered, on record. With the store's lock. */
enum ca_deal_next ca_deal_answer(struct ca_deal *d, struct err *err);
enum ca_deal_next ca_deal_confirmed(struct ca_deal *d, struct err *err);
/* What the CA has for certified, and we do not: it should not stay valid.  A
 * kindness, of which no record is kept: where it is lost, so be it. */
void ca_deal_give_back(struct ca_deal *d);
/* What a caller hears of an outcome that is none of success or of waiting. */
enum err_kind ca_deal_error(enum ca_bridge_outcome outcome);
#endif
