/* LDAP codes and Windows texts in kinds and words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "directory.h"
#include "directory_internal.h"
#include "err.h"

#define LOGON(data)                                                            \
	"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext "    \
	"error, data " data ", v2580"

static char dc[] = "dc1.ad.example.test";
static struct directory d;

static int
setup(void **state)
{
	(void)state;
	d.dc = dc;
	d.deadline_ms = 2000;
	d.dog = watchdog_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	watchdog_free(d.dog);
	return 0;
}

static void
kinds_and_words(void **state)
{
	static const struct {
		struct directory_answer answer;
		enum err_kind kind;
		const char *says;
	} cases[] = {
	    {{LDAP_INVALID_CREDENTIALS, LOGON("52e"), DIRECTORY_LOOK, true},
		ERR_DENIED, "wrong password"},
	    {{LDAP_INVALID_CREDENTIALS, LOGON("532"), DIRECTORY_LOOK, true},
		ERR_DENIED, "expired"},
	    {{LDAP_INVALID_CREDENTIALS, LOGON("533"), DIRECTORY_LOOK, true},
		ERR_DENIED, "disabled"},
	    {{LDAP_INVALID_CREDENTIALS, LOGON("775"), DIRECTORY_LOOK, true},
		ERR_DENIED, "locked"},
	    {{LDAP_INVALID_CREDENTIALS, NULL, DIRECTORY_LOOK, true}, ERR_DENIED,
		"refused"},
	    {{LDAP_CONSTRAINT_VIOLATION, "0000052D: policy", DIRECTORY_WRITE,
		 true},
		ERR_REFUSED, "password policy"},
	    {{LDAP_CONSTRAINT_VIOLATION, "000021C7: AtrErr: DSID-03200BBA",
		 DIRECTORY_WRITE, true},
		ERR_CONFLICT, "service name"},
	    {{LDAP_CONSTRAINT_VIOLATION,
		 "0000200F: adding it would cause a conflict", DIRECTORY_WRITE,
		 true},
		ERR_CONFLICT, "service name"},
	    {{LDAP_INSUFFICIENT_ACCESS, NULL, DIRECTORY_WRITE, true},
		ERR_DENIED, "delegate"},
	    {{LDAP_REFERRAL, NULL, DIRECTORY_WRITE, true}, ERR_REFUSED,
		"writable"},
	    {{LDAP_STRONG_AUTH_REQUIRED, NULL, DIRECTORY_LOOK, true},
		ERR_REFUSED, "encrypted login"},
	    {{LDAP_NO_SUCH_OBJECT, NULL, DIRECTORY_LOOK, true}, ERR_NOTFOUND,
		"no such object"},
	    {{LDAP_ALREADY_EXISTS, NULL, DIRECTORY_WRITE, true}, ERR_CONFLICT,
		"already exists"},
	    {{LDAP_LOCAL_ERROR,
		 "SASL(-1): generic failure: GSSAPI Error: Unspecified GSS "
		 "failure.  Minor code may provide more information (Clock "
		 "skew too great)",
		 DIRECTORY_LOOK, true},
		ERR_DENIED, "(Clock skew too great)"},
	    {{LDAP_OTHER, NULL, DIRECTORY_WRITE, true}, ERR_PROTOCOL, ""},
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    directory_fail(&d, &cases[i].answer, &err), -1);
		assert_int_equal(err.kind, cases[i].kind);
		assert_int_equal(err.domain, ERR_LDAP);
		assert_non_null(strstr(err.text, cases[i].says));
	}
	assert_true(directory_alive(&d));
}

/* A lost answer to a write is unknown, to anything else it is nothing. */
static void
silence(void **state)
{
	static const struct {
		struct directory_answer answer;
		enum err_kind kind;
	} cases[] = {
	    {{LDAP_TIMEOUT, NULL, DIRECTORY_LOOK, true}, ERR_UNREACHABLE},
	    {{LDAP_TIMEOUT, NULL, DIRECTORY_WRITE, true}, ERR_UNKNOWN},
	    {{LDAP_SERVER_DOWN, NULL, DIRECTORY_WRITE, true}, ERR_UNKNOWN},
	    {{LDAP_SERVER_DOWN, NULL, DIRECTORY_WRITE, false}, ERR_UNREACHABLE},
	    {{LDAP_SERVER_DOWN, NULL, DIRECTORY_LOOK, true}, ERR_UNREACHABLE},
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d.dead = false;
		assert_int_equal(
		    directory_fail(&d, &cases[i].answer, &err), -1);
		assert_int_equal(err.kind, cases[i].kind);
		assert_false(directory_alive(&d));
	}
	d.dead = false;
}

/* The server's text is a peer's text. */
static void
diagnostics_are_made_printable(void **state)
{
	struct directory_answer a = {
	    LDAP_OTHER, "bad\x1b[31m\ntext", DIRECTORY_LOOK, true};
	struct err err;

	(void)state;
	directory_fail(&d, &a, &err);
	assert_non_null(strstr(err.text, "bad\\x1B[31m\\x0Atext"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds_and_words),
	    cmocka_unit_test(silence),
	    cmocka_unit_test(diagnostics_are_made_printable),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
