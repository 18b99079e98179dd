#ifndef DEVICE_H_
#define DEVICE_H_
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "http_peer.h"

/*
 * What of a device the session tests need: it challenges, checks answers with
 * its own Digest code, and does to its answers what it is told.
 */
enum device_act {
	DEVICE_ANSWERS,
	DEVICE_LOSES_ANSWER, /* executes, closes without a byte */
	DEVICE_LOSES_PROBE,  /* closes instead of challenging */
	DEVICE_FAULTS,	     /* SOAP fault with 400, closes */
	DEVICE_SENDS_HTML,   /* 400 and a page */
	DEVICE_SENDS_403,
	DEVICE_SENDS_500,
	DEVICE_SENDS_HALF,    /* 200, and closes in the body */
	DEVICE_SENDS_JUNK,    /* 200 without an envelope */
	DEVICE_WANTS_NOTHING, /* 200 to a probe */
};

struct device {
	pthread_mutex_t lock; /* for what follows */
	/* Told before it starts, or between calls.  A link that ends without
	 * an answer tells nobody when: what is touched then is atomic. */
	_Atomic enum device_act act;
	const char *user, *password;
	const char *realm; /* as challenged */
	const char *qop;   /* as challenged */
	const char *other; /* another challenge before ours; NULL: none */
	const char *token; /* accept this Negotiate token; NULL: none */
	unsigned pulls;	   /* of an enumeration, two items each */
	bool expire;	   /* refuse the nonce of the next request */
	bool refuse_all;   /* challenge whatever comes */
	bool close_each;   /* close after every answer */
	/* seen */
	unsigned probes, accepted, refused;
	atomic_uint applied;
	char last_nc[16], last_qop[16];
	bool probe_had_body;
	/* its own */
	struct http_peer *peer;
	unsigned nonce_number, last_count;
};

void device_init(struct device *device);
void device_start(struct device *device, const struct identity *identity);
void device_stop(struct device *device);
#endif
