/* amt.setHost: what an agent or an inventory knows of a system's host. */
#include <stdlib.h>
#include <string.h>

#include "commands_internal.h"
#include "device.h"
#include "intake.h"
#include "mem.h"
#include "store.h"
#include "str.h"

/* "pc7.corp.example": "pc7" and "corp.example"; the second NULL in a short
 * name. Given. */
static void
part(const char *fqdn, char **ret_host, char **ret_domain)
{
	size_t len = strcspn(fqdn, ".");

	*ret_host = mem_dup_len(fqdn, len);
	*ret_domain = fqdn[len] == '.' ? mem_dup(fqdn + len + 1) : NULL;
}

/* As `device import --update` does it: serve looks at what changed. */
static int
take(struct call *c, const struct device *d, const struct intake *in,
    struct err *err)
{
	const struct intake_to to = {c->store, c->actor};
	struct buf changed;
	int r;

	buf_init(&changed, INTAKE_FIELDS_MAX);
	r = intake_update(&to, in, d, NULL, &changed, err);
	c->wake = r == 0 && changed.len > 0;
	if (c->wake)
		r = intake_wake(&to, d->id, err);
	if (r == 0)
		out_scalar_int(&c->out, c->wake);
	buf_free(&changed);
	return r;
}

int
remote_set_host(struct call *c, struct err *err)
{
	const char *fqdn = call_text(c, "hostName");
	struct systems systems = {.ids = NULL};
	struct device *d = NULL;
	char *host, *domain;
	int r;

	if (fqdn == NULL || !str_is_fqdn(fqdn))
		return err_set(err, ERR_INVALID,
		    "hostName: wanted a name such as pc7.corp.example or pc7");
	if (call_systems(c, &systems, err) == -1)
		return -1;
	part(fqdn, &host, &domain);
	r = systems.count == 1
	    ? store_device_get(c->store, systems.ids[0], &d, err)
	    : err_set(err, ERR_INVALID,
		  "names: a host name is one system's, not of %zu",
		  systems.count);
	if (r == 0)
		r = take(c, d,
		    &(const struct intake){.name = d->name,
			.os_host = host,
			.os_domain = domain,
			.address = call_text(c, "address")},
		    err);
	device_free(d);
	free(systems.ids);
	free(domain);
	free(host);
	return r;
}
