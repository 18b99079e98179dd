#ifndef HARNESS_H_
#define HARNESS_H_
#include <stdbool.h>

#include "engine.h"
#include "world.h"

struct conf;
struct device;
struct err;
struct loop;
struct store;
struct vault;

/*
 * One device in a store of its own, one fake world, and the engine in a process
 * that may be killed at any fault point.  The store is in memory when the
 * machine has such a place; waiting costs no time.
 */
#define HARNESS_PASSWORD "Old-Passw0rd!"  /* as stored at the beginning */
#define HARNESS_SID "S-1-5-21-1-2-3-1105" /* in the profile's acl, realm 3 */

/* What a process tells its parent. */
struct told {
	enum engine_outcome outcome;
	char error[256];
	char plan[512]; /* names of the steps planned, each before a blank */
	unsigned diagnoses; /* times a device was diagnosed */
};

/* The parts of a process. */
struct harness_process {
	struct loop *loop;
	struct vault *vault;
	struct store *store;
	struct engine *engine;
	const struct conf *conf;
};

extern struct harness {
	struct world *world; /* shared with the processes */
	struct told *told;   /* likewise */
	enum world_kind kind;
	bool short_keys;   /* the template wants RSA-2048 in place of "auto" */
	bool plan_only;	   /* processes plan and change nothing */
	bool replicated;   /* the time for it is over at once */
	bool recover_only; /* processes settle what is open and no more */
	/* What a process does in place of recovering and running a play: it
	 * returns when it is done. */
	void (*body)(const struct harness_process *p);
	unsigned long every; /* kill at every n-th point: 1 is all */
	/* For the text of a failure: what is going on. */
	const char *play, *what;
	unsigned long n, m; /* killed here, and here in the recovery */
	unsigned long passed, failed;
} harness;

/* The word after an option on the command line; NULL without. */
const char *harness_option(int argc, char **argv, const char *name);
/* Reads "--every N": a sample of the fault points, for the inner loop. */
void harness_start(int argc, char **argv);
/* Removes what was made; the exit code. */
int harness_end(void);
/* Store and world as they were at first; the world of harness.kind. */
void harness_reset(void);
/* A process that recovers and runs the play, killed at the crash_at-th fault
 * point (0: never). True when it came to that. */
bool harness_run(const char *play, unsigned long crash_at);
void harness_check(bool holds, const char *what);
/* So many points led to what a test is about; a sample may have none. */
void harness_enough(unsigned cases);

/* The store between two processes. */
struct harness_store {
	struct vault *vault;
	struct store *store;
	struct device *device; /* the record */
};
void harness_open(struct harness_store *s);
void harness_close(struct harness_store *s);
/* Is an intent of this step open? */
bool harness_is_open(const struct harness_store *s, const char *step);
/* A person looked at it and gave the password it has: `device set`. */
void harness_correct(const char *password);

/* --- verify.c --- */
/* Passwords, journal and audit chain are as they must be after any run. */
void verify_kept(const struct harness_store *s);
/* What does not hang on the AD object and its key was reached. */
void verify_without_key(const struct harness_store *s);
/* Store and world agree after a run that ended well, and what the play is for
 * was reached. */
void verify_run(const char *play);
#endif
