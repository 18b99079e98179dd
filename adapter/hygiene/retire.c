/* The object of a device that leaves the fleet, for people. */
#include <stdlib.h>

#include "conf.h"
#include "daemon.h"
#include "desk.h"
#include "device.h"
#include "directory.h"
#include "err.h"
#include "hygiene.h"
#include "wish.h"

struct retirement {
	struct wish_object wish;
	enum directory_end_of end;
	char *dn;
};

static int
retire(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct retirement *r = cookie;
	const struct directory_wish wish = {.account = r->wish.account,
	    .description = r->wish.mark,
	    .former_description =
		r->wish.former_mark[0] != '\0' ? r->wish.former_mark : NULL};

	(void)krb;
	return directory_retire(directory, &wish, r->end, &r->dn, err);
}

/* At a desk of its own, and not through the loop: that would commit what the
 * caller has begun in the store. */
int
hygiene_retire(struct daemon *d, const struct device *device,
    enum hygiene_retirement how, char **ret_dn, struct err *err)
{
	struct retirement r = {.end = how == HYGIENE_DELETE_OBJECT
		? DIRECTORY_DELETED
		: DIRECTORY_DISABLED};
	const struct desk_job job = {
	    .need = DESK_DIRECTORY, .fn = retire, .cookie = &r};
	struct office *office;
	struct desk *desk;
	int rc;

	if (!d->conf->directory)
		return err_set(err, ERR_INVALID,
		    "Active Directory is not configured (directory:)");
	wish_object(device, d->profile, &r.wish);
	office = office_new(d->conf);
	desk = desk_new(office);
	rc = desk_work(desk, &job, err);
	desk_free(desk);
	office_free(office);
	if (rc == 0)
		*ret_dn = r.dn;
	return rc;
}
