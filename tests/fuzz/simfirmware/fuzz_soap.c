#include <stdlib.h>
#include <string.h>

#include "firmware.h"

/* A request of any bytes to the simulated firmware: it answers with one of two
 * statuses and stays in one piece. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
start(struct sim_device *d)
{
	struct sim_setup setup;

	memset(&setup, 0, sizeof(setup));
	setup.major = 12;
	setup.uuid = "55e3ae13-bfd2-61bb-17a0-88aedd7037ea";
	setup.fqdn = "pc00001.ad.example.test";
	setup.password = "P@ssw0rd-Fuzz";
	setup.ip = "127.100.0.1";
	setup.cert_name = setup.fqdn;
	setup.not_after = 2000000000;
	if (sim_key_pool("memory", 2048, 4) != 0 ||
	    sim_firmware_new(d, &setup) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sim_device d;
	struct sim_login who = {true, 0};
	struct sim_answer a;
	static unsigned runs;

	/* a fresh device now and then, or its store is full for good */
	if (runs++ % 256 == 0) {
		sim_firmware_free(&d);
		memset(&d, 0, sizeof(d));
		start(&d);
	}
	sim_soap(&d, &who, (const char *)data, size, &a);
	if (a.status != 200 && a.status != 400)
		abort();
	if (a.status == 200 && a.len == 0)
		abort();
	free(a.body);
	return 0;
}
