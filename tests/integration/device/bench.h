#ifndef BENCH_H_
#define BENCH_H_
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "ca.h"
#include "conf.h"
#include "device.h"
#include "err.h"
#include "loop.h"
#include "ports.h"
#include "profile.h"
#include "secret.h"
#include "simulator.h"

#define BENCH_DEVICES 10

/* A device port with all it stands on, and one visit driven call by call. */
struct bench {
	struct simulator *sim;
	struct loop *loop;
	struct net *net;
	struct vault *vault;
	struct ca *ca;
	struct ports ports;
	struct conf conf;
	struct profile profile;
	struct profile_acl acl[2];

	struct device *device;
	struct secret *password;
	struct visit *visit;
	struct err err; /* of the last call */
	bool called;
};

void bench_open(
    struct bench *b, const char *program, const char *const *options);
void bench_close(struct bench *b);
/* A record of the i-th simulated device; a visit to it. */
void bench_device(struct bench *b, size_t i);
void bench_visit(struct bench *b);

/* A port_done_fn with the bench as cookie, and the loop until it came: the kind
 * of error. */
void bench_done(void *cookie, const struct err *err);
enum err_kind bench_wait(struct bench *b);
/* The same, and the call must have worked. */
void bench_must(struct bench *b);

/* fault RULE; "" clears all. */
void bench_fault(struct bench *b, const char *rule);
/* Issue for the CSR of the device's next key, base64 into next_cert. */
void bench_issue(struct bench *b, const struct buf *csr, const char *fqdn);

/* BENCH_CALL(b, look, b->device): run one port call to its end. */
#define BENCH_CALL(b, name, ...)                                               \
	((b)->ports.device.name((b)->ports.device.self, (b)->visit,            \
	     __VA_ARGS__, bench_done, (b)),                                    \
	    bench_wait(b))
#endif
