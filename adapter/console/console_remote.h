#ifndef CONSOLE_REMOTE_H_
#define CONSOLE_REMOTE_H_

struct console;
struct console_remote;
struct daemon;
struct engine_report;
struct err;

/*
 * /remote/<command> on the console: ePO's Web API.  woken is called when a
 * command left work for serve in the store.  Everything is borrowed.
 */
int console_remote_new(struct daemon *d, struct console *console,
    void (*woken)(void *cookie), void *cookie, struct console_remote **ret,
    struct err *err);
/* Of every end that the engine reports. */
void console_remote_report(
    struct console_remote *r, const struct engine_report *report);
/* Before console_stop(): nobody waits for a device any more. */
void console_remote_stop(struct console_remote *r);
/* After console_free(). All three allow NULL, which _new() gives where there is
 * no console. */
void console_remote_free(struct console_remote *r);
#endif
