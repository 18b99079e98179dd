#ifndef OFFICE_INTERNAL_H_
#define OFFICE_INTERNAL_H_
#include <stdbool.h>

#include "desk.h"

/* What desks ask their office; any thread. */

/* The controller to use, given; looked up when there is none. Blocks. */
int office_controller(struct office *office, char **ret, struct err *err);
/* A controller says where we are. Is there a better one than it? Then a new
 * list is made at once. */
bool office_moves(struct office *office, const struct directory *directory);
/* Our login was refused: no job asks anybody for a while, or until there are
 * other credentials. */
void office_refused(struct office *office, const struct err *failure);
/* No controller answered: likewise, for a moment, jobs that name none. */
void office_lost(struct office *office, const struct err *failure);

/* Of one exchange, in milliseconds (desk_open.c). */
unsigned desk_deadline(const struct conf *conf);
#endif
