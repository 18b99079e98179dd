#ifndef FLEET_REMOTE_INTERNAL_H_
#define FLEET_REMOTE_INTERNAL_H_
#include "fleet_internal.h"

/*
 * The chosen devices through a service elsewhere (cli_remote.h): a run of its
 * own, followed to its end, and then the rows that the engine here would have
 * reported; exit codes as fleet_run(). Those of f but c, mode, play and the
 * columns are filled.
 */
int fleet_discover_remote(struct fleet *f);
int fleet_diagnose_remote(struct fleet *f);
int fleet_plan_remote(struct fleet *f);
int fleet_work_remote(struct fleet *f);
/* "diagnose --offline": what is known there, without a run. */
int fleet_known_remote(struct fleet *f);

/* --- the run (fleet_remote.c) --- */

struct cli_remote_list;
struct fleet_far {
	struct fleet *f;
	int64_t run;
};
/* A list of the run's devices: path is begun, and freed here. */
struct api_client_path;
typedef int fleet_far_row_fn(
    void *cookie, struct json_object *row, struct err *err);
int fleet_far_read(struct fleet_far *far, struct api_client_path *path,
    fleet_far_row_fn *row, void *cookie);
/* What a row's "reasons" say, counted. */
void fleet_far_count(struct fleet *f, struct json_object *row);
/* Makes the run of what the command line chose, follows it, has write() read
 * its rows into f->table, and says what it came to. */
typedef int fleet_far_write_fn(struct fleet_far *far);
int fleet_far_run(struct fleet *f, size_t first_arg, fleet_far_write_fn *write);
#endif
