#ifndef SIMULATOR_H_
#define SIMULATOR_H_
#include <stddef.h>
#include <stdint.h>

/*
 * amtkeeper-sim as a child process with a folder of its own.  Anything that
 * goes wrong with it fails the test.
 */
struct simulator;

/* options: further ones, NULL at the end. */
struct simulator *simulator_start(
    const char *program, size_t devices, const char *const *options);
void simulator_stop(struct simulator *s);
const char *simulator_folder(const struct simulator *s);
int simulator_plain_port(const struct simulator *s);
int simulator_tls_port(const struct simulator *s);

/* Column by its name ("address", "leaf_sha256") of a device in the fleet's
 * list; borrowed until the next call. */
const char *simulator_fact(
    struct simulator *s, size_t device, const char *column);
/* A command over the control socket, words NULL at the end. Output borrowed
 * until the next call. */
const char *simulator_tell(struct simulator *s, const char *const *words);
#endif
