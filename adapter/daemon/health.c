/* What the CA's health is judged by: templates, and what devices show. */
#include "ca_health.h"

#include <stdlib.h>

#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "port.h"
#include "profile.h"
#include "store.h"
#include "str.h"

static int
look_shown(void *cookie, const struct ca_cert *cert, enum ca_shown *ret,
    struct err *err)
{
	const struct daemon_ca_health *j = cookie;
	struct device *device = NULL;
	char sha[65];
	struct err why;

	/* Our own server's: no device shows it. */
	if (str_eq(cert->device, DAEMON_CONSOLE)) {
		*ret = CA_SHOWN_THIS;
		return 0;
	}
	if (store_device_find(j->store, cert->device, &device, &why) != 0) {
		*ret = CA_SHOWN_NO_DEVICE;
		if (why.kind == ERR_NOTFOUND)
			return 0;
		if (err != NULL)
			*err = why;
		return -1;
	}
	str_sha256_hex(cert->der, cert->der_len, sha);
	*ret =
	    str_eq(device->leaf_sha256, sha) ? CA_SHOWN_THIS : CA_SHOWN_OTHER;
	device_free(device);
	return 0;
}

int
daemon_ca_health(const struct daemon_ca_health *j, ca_finding_fn *fn,
    void *cookie, struct err *err)
{
	const struct profile *p = j->profile;
	struct ca_template *templates =
	    mem_array(p->template_count, sizeof(*templates));
	struct daemon_ca_health own = *j;
	const struct ca_health h = {.now = clock_now(),
	    .templates = templates,
	    .template_count = p->template_count,
	    .published = j->conf->revocation_url != NULL,
	    .shown = look_shown,
	    .shown_cookie = &own,
	    .found = fn,
	    .found_cookie = cookie};
	size_t i;
	int rc;

	for (i = 0; i < p->template_count; i++)
		templates[i] = port_template(&p->templates[i]);
	rc = ca_health(j->ca, &h, err);
	free(templates);
	return rc;
}
