#ifndef API_BATCH_INTERNAL_H_
#define API_BATCH_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "api_internal.h"
#include "buf.h"
#include "err.h"

struct store;

/* Where one stands: those at the same place get the same. */
struct place {
	int64_t run; /* 0: events */
	int64_t cursor;
	char seen[65]; /* SHA-256 of the run as last told */
};

/* What comes next for those who stand at one place; on a worker. */
struct batch {
	struct store *store;
	struct place from, to;
	struct api_call call; /* for rows */
	struct buf text;      /* what is sent; empty: nothing new */
	struct err err;
	bool last; /* the run is over */
};
/* All but store and from are set. */
void api_batch_read(struct batch *b);
#endif
