#ifndef CONTROL_INTERNAL_H_
#define CONTROL_INTERNAL_H_
#include "transport_internal.h"

/* The control socket: lines in, one line of JSON out for each. */
int control_start(struct sim *s, const char *path);
void control_stop(struct sim *s);
/* command.c: executes one line; the answer is whole JSON without newline. */
void command_run(struct sim *s, char *line, struct text *out);
/* The client: sends the words as a line, prints the answer. Exit status. */
int control_client(const char *path, int argc, char **argv);
#endif
