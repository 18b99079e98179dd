#ifndef API_STREAMS_INTERNAL_H_
#define API_STREAMS_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "api.h"

struct access_identity;
struct http_request;
struct streams;

/*
 * Server-sent events: what the store has new is read by one worker at a time
 * for all who stand at the same place, so that a hundred who follow cost what
 * one does.  Who does not take what is sent falls behind alone.
 */
int api_streams_new(
    const struct api_conf *conf, struct streams **ret, struct err *err);
/* Owes the answer; ends when who would not be let in any more. run 0: events
 * behind `after`, -1: from now on; else the run's progress, messages behind
 * `after`. */
void api_streams_begin(struct streams *all, struct http_request *request,
    const struct access_identity *who, int64_t run, int64_t after);
/* All end; as periodic_stop(). */
bool api_streams_stop(
    struct streams *all, void (*done)(void *cookie), void *cookie);
void api_streams_free(struct streams *all); /* after that; NULL is allowed */
#endif
