#ifndef DEVICE_REMOTE_INTERNAL_H_
#define DEVICE_REMOTE_INTERNAL_H_

struct cli;
struct secret;

/* Devices of a service elsewhere (cli_remote.h); codes as there. */

/* All of "device add" that was checked; the password goes in the body. */
int device_remote_add(struct cli *c, const struct secret *password);
/* Is there one? Nobody is asked for its password before. Its name is given. */
int device_remote_find(struct cli *c, char **ret_name);
/* All of "device set"; password: NULL when it stays. */
int device_remote_set(struct cli *c, const struct secret *password);
#endif
