#ifndef FAKE_FLEET_H_
#define FAKE_FLEET_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"
#include "ports.h"
#include "profile.h"

struct engine;
struct loop;
struct store;
struct vault;

/*
 * A store with devices, an engine over it, and a fake of the device port that
 * answers when it is told to: how many are looked at, at the same time and in
 * all, is what tests of queue and runs want to know.  No device is there behind
 * it; a look reads nothing, and the clock can be set.
 */
#define FAKE_FLEET_MAX 64

struct fake_visit;

struct fake_fleet {
	char folder[64], db[96], key[96];
	struct loop *loop;
	struct vault *vault;
	struct store *store;
	struct engine *engine;
	struct conf conf;
	struct profile profile;
	struct ports ports;

	bool holds; /* looks wait for fake_fleet_answer() */
	struct err says[FAKE_FLEET_MAX];  /* by device: how a look ends */
	int64_t clock_ms[FAKE_FLEET_MAX]; /* its offset */
	size_t looks[FAKE_FLEET_MAX], sets[FAKE_FLEET_MAX];
	size_t open, most_open; /* looks that wait, at the same time */
	struct fake_visit *first;
};

void fake_fleet_make(struct fake_fleet *f);
void fake_fleet_free(struct fake_fleet *f);
/* Engine and loop anew, as after a restart; the store's handle too. */
void fake_fleet_stop(struct fake_fleet *f);
void fake_fleet_start(struct fake_fleet *f);
/* Committed, with a password; site may be NULL. */
int64_t fake_fleet_add(
    struct fake_fleet *f, const char *name, const char *site);
/* Let the look at this device (0: the oldest) end; false when none waits. */
bool fake_fleet_answer(struct fake_fleet *f, int64_t device);
/* Let the loop turn for so many milliseconds. */
void fake_fleet_turn(struct fake_fleet *f, uint64_t ms);
#endif
