#include <stdlib.h>
#include <sys/time.h>

#include "directory.h"
#include "directory_internal.h"
#include "err.h"

void
directory_begin(struct directory *d)
{
	watchdog_arm(d->dog, d->deadline_ms);
}

static int
last_code(struct directory *d)
{
	int code = LDAP_SERVER_DOWN;

	ldap_get_option(d->ld, LDAP_OPT_RESULT_CODE, &code);
	return code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code;
}

/* Waits for all messages of the answer. The LDAP code. */
static int
wait_result(struct directory *d, int msgid, LDAPMessage **ret)
{
	struct timeval limit = {.tv_sec = d->deadline_ms / 1000,
	    .tv_usec = (suseconds_t)(d->deadline_ms % 1000) * 1000};
	int type;

	type = ldap_result(d->ld, msgid, LDAP_MSG_ALL, &limit, ret);
	if (type > 0)
		return LDAP_SUCCESS;
	return type == 0 ? LDAP_TIMEOUT : last_code(d);
}

int
directory_end(struct directory *d, enum directory_op op, int sent, int msgid,
    LDAPMessage **ret_result, struct err *err)
{
	struct directory_answer a = {.code = sent, .op = op};
	LDAPMessage *result = NULL;
	char *diagnostic = NULL;
	int code;

	if (sent == LDAP_SUCCESS) {
		a.sent = true;
		a.code = wait_result(d, msgid, &result);
	}
	watchdog_disarm(d->dog);
	if (a.code == LDAP_SUCCESS) {
		code = ldap_parse_result(
		    d->ld, result, &a.code, NULL, &diagnostic, NULL, NULL, 0);
		if (code != LDAP_SUCCESS)
			a.code = code;
	}
	if (a.code == LDAP_SUCCESS && ret_result != NULL) {
		*ret_result = result;
		result = NULL;
	}
	if (a.code != LDAP_SUCCESS) {
		a.diagnostic = diagnostic;
		directory_fail(d, &a, err);
	}
	ldap_memfree(diagnostic);
	ldap_msgfree(result);
	return a.code == LDAP_SUCCESS ? 0 : -1;
}
