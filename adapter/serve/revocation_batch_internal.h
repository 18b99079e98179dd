#ifndef REVOCATION_BATCH_INTERNAL_H_
#define REVOCATION_BATCH_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "ca.h"
#include "err.h"

struct http_request;
struct revocation;

/* What goes to a worker and comes back: revocation.c makes it and gives the
 * answers. */

/* A request that needs the records. */
struct revocation_ask {
	struct revocation_ask *next;
	struct http_request *request; /* unchanged until it is answered */
	char crl[CA_NAME];	      /* whose CRL; "": OCSP */
	bool get;
	struct ca_ocsp ocsp;
	struct buf der;
	struct err err;
};

/* What comes of a list, in its place in the batch. */
struct revocation_renewal {
	bool wanted, root;
	struct ca *ca;
	const char *name;
	struct ca_crl_info info; /* the one we have; becomes the current one */
	struct buf der;		 /* when it is another */
	struct err err;
};

/* What a worker gets. */
struct revocation_batch {
	struct revocation *r;
	struct ca *ca;
	struct revocation_ask *first;
	bool upkeep; /* also look at what must not lapse */
	bool listens;
	struct revocation_renewal *renewals; /* as many as there are lists */
	size_t count;
	struct err responder_err;
};

/* A work_job's run, on such a batch: fills in what is asked and renewed. */
void revocation_work(void *batch);
#endif
