#ifndef CONSOLE_API_H_
#define CONSOLE_API_H_
#include <stdbool.h>

#include "plan.h"

struct api;
struct console;
struct daemon;
struct err;

/*
 * /api/v1/ on the console.  wake is called when a request left work for serve
 * in the store.  Everything is borrowed; api stays NULL where there is no
 * console.
 */
struct console_api {
	struct daemon *d;
	void (*wake)(void *cookie);
	void *cookie;
	struct api *api;
	struct policy policy;
};
/* The first three members are set; outlives api. */
int console_api_new(
    struct console_api *c, struct console *console, struct err *err);
#endif
