#ifndef OP_INTERNAL_H_
#define OP_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amt.h"
#include "buf.h"
#include "wsman.h"

/*
 * An operation is a table of exchanges over a state: each builds its request
 * from the state and takes its answer into it.  The runner (op.c) sends them
 * one after the other and knows nothing of classes.
 */
#define OP_MAX_BODY ((size_t)64 * 1024)
#define OP_PAUSE_MS 1000 /* between two tries of OP_WAIT */

enum op_turn {
	OP_FAIL,  /* *err says why */
	OP_NEXT,  /* go on with the next exchange */
	OP_AGAIN, /* this exchange once more, built anew */
	OP_WAIT,  /* the same, after a pause */
	OP_END	  /* the operation is complete */
};

/* A request under construction. */
struct op_message {
	struct buf body;
	const char *selectors[3]; /* name, value, NULL; the state's or static */
	unsigned timeout_ms;	  /* 0: the session's */
	bool skip;		  /* not needed: pass over this exchange */
};

struct op_exchange {
	enum wsman_verb verb;
	const char *class_name;
	const char *method; /* INVOKE; its ReturnValue is checked by op.c */
	/* NULL: nothing to fill in. */
	int (*build)(void *state, struct op_message *m, struct err *err);
	/* NULL: OP_NEXT. */
	enum op_turn (*take)(
	    void *state, const struct wsman_reply *reply, struct err *err);
	/* What a failure means; NULL: OP_FAIL. Only asked about answers (faults
	 * and ReturnValues), not about lost ones. */
	enum op_turn (*refused)(void *state, const struct err *err);
};

struct op_kind {
	const struct op_exchange *exchanges;
	size_t count;
	/* Hand results over; only after success. May be NULL. */
	void (*finish)(void *state);
	/* Free what the state holds, not the state. May be NULL. */
	void (*clear)(void *state);
};

#define OP_KIND(table, finish_fn, clear_fn)                                    \
	{                                                                      \
		table, sizeof(table) / sizeof((table)[0]), finish_fn, clear_fn \
	}

/* state, from mem_alloc(), is taken also on failure. */
int op_start(struct amt *a, const struct op_kind *kind, void *state,
    amt_done_fn *done, void *cookie, struct err *err);

/* A refused() for classes that older firmware lacks: goes on. */
enum op_turn op_may_lack(void *state, const struct err *err);

/* --- reading an instance by table --- */
enum field_type { FIELD_TEXT, FIELD_BOOL, FIELD_INT };
struct field {
	const char *name;
	enum field_type type;
	size_t offset, size;
};
#define FIELD(type, structure, member, name)                                   \
	{                                                                      \
		name, type, offsetof(structure, member),                       \
		    sizeof(((structure *)0)->member)                           \
	}
/* Elements that are not there leave their member as it is; wrong or too long
 * ones are ERR_PROTOCOL. */
int field_read(const struct field *fields, size_t count,
    const struct xml_node *instance, void *into, struct err *err);
/* One text, "" when not there. */
int field_text(const struct xml_node *instance, const char *name, char *out,
    size_t size, struct err *err);
/* Item of an enumeration with this InstanceID; NULL. */
const struct xml_node *field_item(
    const struct wsman_reply *reply, const char *instance_id);
/* The single instance a Get delivered; ERR_PROTOCOL when it is another class.
 */
const struct xml_node *field_instance(
    const struct wsman_reply *reply, const char *class_name, struct err *err);
/* InstanceID in the named endpoint reference of an answer. */
int field_handle(const struct wsman_reply *reply, const char *name,
    char out[AMT_HANDLE], struct err *err);

/* --- read-modify-write --- */
enum patch_how {
	PATCH_SET,	/* in any case; an empty value removes it */
	PATCH_IF_THERE, /* only where firmware knows the element */
	PATCH_DROP	/* leave it out */
};
struct patch { /* a table is in ASCII order of the names, as firmware's is */
	const char *name;
	enum patch_how how;
	const char *value; /* borrowed */
};
const char *patch_bool(bool value); /* as a value; static */
/* Is the instance as the patches want it? Dropped elements do not count. */
bool patch_holds(
    const struct patch *patches, size_t count, const struct xml_node *instance);
/* The whole instance, patched, as body of a Put. */
void patch_write(const struct patch *patches, size_t count,
    const struct xml_node *instance, struct buf *out);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#endif
