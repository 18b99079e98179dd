#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* Options of one device, from SIM_FIRMWARE at its start. */

/* A misspelt option would test nothing. */
static void
misspelt(const char *word)
{
	fprintf(stderr, "SIM_FIRMWARE: no such option or value: %s\n", word);
	exit(EXIT_FAILURE);
}

static void
option_set(struct sim_options *o, const char *name, int value)
{
	if (strcmp(name, "chaos") == 0)
		o->chaos = value != 0;
	else if (strcmp(name, "client_mode") == 0)
		o->client_mode = value != 0;
	else if (strcmp(name, "no_lms") == 0)
		o->no_lms = value != 0;
	else if (strcmp(name, "lan") == 0)
		o->lan = value;
	else if (strcmp(name, "split") == 0)
		o->split = value;
	else if (strcmp(name, "max_keys") == 0)
		o->max_keys = value;
	else if (strcmp(name, "max_certs") == 0)
		o->max_certs = value;
	else if (strcmp(name, "max_roots") == 0)
		o->max_roots = value;
	else if (strcmp(name, "hold_roots") == 0)
		o->hold_roots = value != 0;
	else if (strcmp(name, "writes") == 0)
		o->writes = value;
	else if (strcmp(name, "busy_keys") == 0)
		o->busy_keys = value;
	else
		misspelt(name);
}

void
fw_options_init(struct sim_options *o)
{
	const char *env = getenv("SIM_FIRMWARE");
	char *copy, *word, *rest = NULL, *equals;
	uint64_t value;

	memset(o, 0, sizeof(*o));
	o->max_keys = SIM_MAX_KEYS;
	o->max_certs = SIM_MAX_CERTS;
	o->max_roots = SIM_MAX_CERTS;
	o->writes = 100000;
	if (env == NULL)
		return;
	copy = fw_strndup(env, strlen(env));
	for (word = strtok_r(copy, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		value = 1;
		equals = strchr(word, '=');
		if (equals != NULL) {
			*equals = '\0';
			if (fw_number(equals + 1, 1000000, &value) != 0)
				misspelt(equals + 1);
		}
		option_set(o, word, (int)value);
	}
	free(copy);
}

struct sim_options *
sim_firmware_options(struct sim_device *d)
{
	return &d->vol->options;
}

const char *
sim_trusted_cn(const struct sim_device *d, size_t i)
{
	return i < d->vol->trusted_cn_count ? d->vol->trusted_cn[i] : NULL;
}
