#ifndef CONSOLE_API_INTERNAL_H_
#define CONSOLE_API_INTERNAL_H_
#include <stdbool.h>

struct api;
struct console;
struct daemon;
struct err;

/*
 * /api/v1/ on the console.  wake is called when a request left work for serve
 * in the store.  Everything is borrowed; *ret is NULL where there is no
 * console.
 */
int console_api_new(struct daemon *d, struct console *console,
    void (*wake)(void *cookie), void *cookie, struct api **ret,
    struct err *err);
#endif
