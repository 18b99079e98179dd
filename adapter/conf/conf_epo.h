#ifndef CONF_EPO_H_
#define CONF_EPO_H_
#include <stdbool.h>
#include <stdint.h>

/* An entry of "epo": a console above us; see epo_client.h. */
struct conf_epo {
	char *name;
	char *url;
	char *ca;    /* PEM file: whom the server must chain to */
	char *query; /* saved there; NULL: all systems */
	char *where; /* a further condition; NULL */
	char *uuid;  /* column of the SMBIOS UUID; NULL */
	bool add, address, groups, take_tags;
	char *tags; /* "TAG=code code, TAG=code" */
	int64_t field;
	char *issues; /* reason codes by blanks; NULL */
	int64_t page;
	int64_t interval, full;
	int64_t timeout;
	int64_t retry_most;
};
#endif
