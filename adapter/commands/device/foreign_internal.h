#ifndef FOREIGN_INTERNAL_H_
#define FOREIGN_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct cli;
struct csv_table;
struct err;
struct json_object;

/*
 * Lists of devices as other consoles have them, made into the CSV of "device
 * import": all that follows is the same.  No console gives its passwords away.
 */
#define FOREIGN_DEPTH_MAX 32 /* of JSON */
#define FOREIGN_DEVICES_MAX 100000
#define FOREIGN_PAGE 500 /* what Device Management Toolkit gives at most */
#define FOREIGN_ANSWER_MAX ((size_t)32 << 20)

/* What was passed over, for a person. */
struct foreign_notes {
	size_t devices;	   /* taken */
	size_t no_amt;	   /* without Intel AMT, or it is not activated */
	size_t no_name;	   /* without a name that could be one in DNS */
	size_t other_user; /* whose user is not admin */
	size_t bad_login;  /* the console could not log in to them */
	size_t cira; /* reached only through the console's own connection */
};

/* Heading, then a row per device of what the pages bring. */
void foreign_begin(struct buf *csv);
/* A page of Device Management Toolkit's GET /api/v1/devices: a list, or an
 * object with it as "data". *ret_count: how many were in it. ERR_PROTOCOL. */
int foreign_dmt(struct json_object *page, struct buf *csv,
    struct foreign_notes *notes, size_t *ret_count, struct err *err);
/* MeshCentral's "meshctrl ListDevices --json": a list of nodes. ERR_INVALID. */
int foreign_mesh(struct json_object *list, struct buf *csv,
    struct foreign_notes *notes, struct err *err);
/* And its "--csv", which says nothing about AMT; the heading is read. */
void foreign_mesh_csv(
    struct csv_table *t, struct buf *csv, struct foreign_notes *notes);
/* The whole of bytes as JSON (to be put); NULL with ERR_INVALID. */
struct json_object *foreign_json(
    const void *bytes, size_t len, struct err *err);

/* Of the format --from, from FILE, or the server at a URL with --ca, --user and
 * a password: appended to *csv. CODE_OK, or the code with the complaint
 * printed. */
int foreign_read(struct cli *c, const char *from, struct buf *csv);
#endif
