#ifndef UPSTREAM_PUSH_H_
#define UPSTREAM_PUSH_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "upstream.h"

/*
 * What we have published at a console, and the journal of it: before a change
 * leaves it is UNSURE here, committed; once it was answered it is what it
 * became.  What is unsure is published again (tags and texts, which bear that),
 * or looked for first (issues, which do not).
 */
enum upstream_sure { UPSTREAM_OFF, UPSTREAM_ON, UPSTREAM_UNSURE };

struct upstream_tag {
	const char *name;
	enum upstream_sure state;
};
#define UPSTREAM_TAGS_MAX 32 /* of ours, per system */

/* One system and the device it is; borrowed for the call. */
struct upstream_published {
	int64_t link, remote;
	bool gone;
	int64_t device;	     /* 0: no longer one of ours */
	const char *name;    /* the device's; NULL without one */
	const char *reasons; /* by comma, or NULL */
	const char *error_code, *error_text;
	int64_t read_at;
	struct upstream_tag tags[UPSTREAM_TAGS_MAX];
	size_t tag_count;
	const char *text;	       /* the custom field's; NULL: never */
	enum upstream_sure text_state; /* OFF: text is what is there */
};
typedef int upstream_published_fn(
    void *cookie, const struct upstream_published *p, struct err *err);
/* Those that are devices, or of which something is published; fn may not
 * write. */
int upstream_published_scan(struct store *s, int64_t upstream,
    upstream_published_fn *fn, void *cookie, struct err *err);
int upstream_tag_set(struct store *s, int64_t link, const char *tag,
    enum upstream_sure state, struct err *err);
int upstream_text_set(struct store *s, int64_t link, const char *text,
    enum upstream_sure state, struct err *err);

enum upstream_issue_state {
	UPSTREAM_ISSUE_WANTED,	/* nothing was sent */
	UPSTREAM_ISSUE_OPENING, /* sent, not known whether it is there */
	UPSTREAM_ISSUE_OPEN,
	UPSTREAM_ISSUE_CLOSING /* to be closed; doing so twice is harmless */
};
/* One per system and reason; a closed one is no row. */
struct upstream_issue {
	int64_t id; /* 0 until stored */
	int64_t link;
	const char *reason; /* borrowed for the call */
	int64_t number;	    /* its id there; 0: not known */
	enum upstream_issue_state state;
	int64_t at; /* when the state was entered */
	/* Of its system and device: */
	int64_t remote, device; /* device 0: none */
	bool gone;
	const char *name; /* the device's, or the system's */
	const char *reasons;
	const char *error_code, *error_text;
};
typedef int upstream_issue_fn(
    void *cookie, const struct upstream_issue *issue, struct err *err);
/* In the order they were wanted; fn may not write. */
int upstream_issue_scan(struct store *s, int64_t upstream,
    upstream_issue_fn *fn, void *cookie, struct err *err);
/* Wanted from now on; nothing where there is one of link and reason. */
int upstream_issue_add(struct store *s, int64_t link, const char *reason,
    int64_t now, struct err *err);
int upstream_issue_set(struct store *s, int64_t id, int64_t number,
    enum upstream_issue_state state, int64_t now, struct err *err);
/* It is closed, or was never there. */
int upstream_issue_drop(struct store *s, int64_t id, struct err *err);
#endif
