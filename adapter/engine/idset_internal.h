#ifndef IDSET_INTERNAL_H_
#define IDSET_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of record ids (all > 0): open addressing, linear probing.  Zeroed is
 * empty. */
struct idset {
	int64_t *slots; /* 0 = free */
	size_t size;	/* a power of two */
	size_t count;
};

/* False when it was there already. */
bool idset_add(struct idset *set, int64_t id);
/* What is not there stays so. */
void idset_del(struct idset *set, int64_t id);
bool idset_has(const struct idset *set, int64_t id);
void idset_free(struct idset *set);
#endif
