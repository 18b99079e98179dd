#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"

#define PASSWORD_MAX 256 /* MS-SAMR's own limit */
#define QUOTED_MAX 516	 /* the same in quotes and UTF-16 */

int
directory_quote_password(
    struct buf *out, const struct secret *password, struct err *err)
{
	const uint8_t *bytes;
	size_t i, len;

	bytes = secret_bytes(password, &len);
	if (len == 0 || len > PASSWORD_MAX)
		return err_set(err, ERR_INVALID,
		    "a password has 1 to %d characters", PASSWORD_MAX);
	for (i = 0; i < len; i++)
		if (bytes[i] == 0 || bytes[i] > 127)
			return err_set(err, ERR_INVALID,
			    "a password for a device is plain ASCII");
	/* MS-ADTS 3.1.1.3.1.5.1: in quotes, UTF-16LE. */
	buf_add(out, "\"", 2);
	for (i = 0; i < len; i++) {
		buf_add(out, &bytes[i], 1);
		buf_char(out, '\0');
	}
	buf_add(out, "\"", 2);
	return 0;
}

static int
modify(
    struct directory *d, const char *dn, struct berval *value, struct err *err)
{
	char attribute[] = "unicodePwd";
	struct berval *values[] = {value, NULL};
	LDAPMod reset = {.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES,
	    .mod_type = attribute,
	    .mod_vals.modv_bvals = values};
	LDAPMod *mods[] = {&reset, NULL};
	int code, msgid = -1;

	directory_begin(d);
	code = ldap_modify_ext(d->ld, dn, mods, NULL, NULL, &msgid);
	return directory_end(d, DIRECTORY_WRITE, code, msgid, NULL, err);
}

int
directory_password_set(struct directory *d, const char *dn,
    const struct secret *password, struct err *err)
{
	struct berval value;
	struct buf quoted;
	int result;

	buf_init(&quoted, QUOTED_MAX);
	result = directory_quote_password(&quoted, password, err);
	if (result == 0) {
		value.bv_val = (char *)quoted.data;
		value.bv_len = quoted.len;
		result = modify(d, dn, &value, err);
	}
	buf_free(&quoted);
	if (result != 0)
		err_context(err, "password of %s", dn);
	return result;
}
