#include "idset_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "mem.h"

#define FIRST_SIZE 64

static size_t
home(const struct idset *set, int64_t id)
{
	/* Fibonacci hashing: ids come in runs. */
	return (size_t)((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
	    (set->size - 1);
}

/* Where id is, or the free slot where it would go. */
static size_t
find(const struct idset *set, int64_t id)
{
	size_t at = home(set, id);

	while (set->slots[at] != 0 && set->slots[at] != id)
		at = (at + 1) & (set->size - 1);
	return at;
}

static void
grow(struct idset *set)
{
	struct idset bigger = {
	    .size = set->size > 0 ? set->size * 2 : FIRST_SIZE};
	size_t i;

	bigger.slots = mem_array(bigger.size, sizeof(*bigger.slots));
	for (i = 0; i < set->size; i++)
		if (set->slots[i] != 0)
			bigger.slots[find(&bigger, set->slots[i])] =
			    set->slots[i];
	bigger.count = set->count;
	free(set->slots);
	*set = bigger;
}

bool
idset_add(struct idset *set, int64_t id)
{
	size_t at;

	assert(id > 0);
	if (set->count * 2 >= set->size)
		grow(set);
	at = find(set, id);
	if (set->slots[at] == id)
		return false;
	set->slots[at] = id;
	set->count++;
	return true;
}

bool
idset_has(const struct idset *set, int64_t id)
{
	return set->size > 0 && set->slots[find(set, id)] == id;
}

/* Those behind it that probed past it are put in anew. */
void
idset_del(struct idset *set, int64_t id)
{
	int64_t moved;
	size_t at;

	if (!idset_has(set, id))
		return;
	at = find(set, id);
	set->slots[at] = 0;
	set->count--;
	for (at = (at + 1) & (set->size - 1); set->slots[at] != 0;
	     at = (at + 1) & (set->size - 1)) {
		moved = set->slots[at];
		set->slots[at] = 0;
		set->slots[find(set, moved)] = moved;
	}
}

void
idset_free(struct idset *set)
{
	free(set->slots);
	*set = (struct idset){NULL, 0, 0};
}
