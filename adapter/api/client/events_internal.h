#ifndef API_CLIENT_EVENTS_INTERNAL_H_
#define API_CLIENT_EVENTS_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>

#include "api_client.h"
#include "err.h"

/* Server-sent events (HTML, 9.2.6) of the API, without any I/O: bytes as they
 * come, in pieces of any size, into events. Ids and retry are passed over. */
struct api_client_events {
	const struct api_client_follow *to;
	struct buf line, data;
	char name[32];
	bool after_cr;	/* the line feed of it is none of its own */
	struct err err; /* why it ended */
	bool enough;
};
void api_client_events_init(
    struct api_client_events *e, const struct api_client_follow *to);
/* 0; 1: enough was said; -1 and e->err: what event() failed with, or
 * ERR_PROTOCOL for data that is no object, or longer than
 * API_CLIENT_EVENT_MAX. */
int api_client_events_take(
    struct api_client_events *e, const void *bytes, size_t len);
void api_client_events_clear(struct api_client_events *e);
#endif
