#include <string.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "secret.h"

#define ITERATIONS_DEFAULT 4096		   /* RFC 3962 4: without parameters */
#define ITERATIONS_ZERO (INT64_C(1) << 32) /* RFC 3962 4: what 0 stands for */
#define ITERATIONS_SIZE 4
#define SALT_MAX 512 /* realm, "host", account and domain */

int
krb_password_check(struct krb *k, const char *principal,
    const struct secret *password, struct err *err)
{
	krb5_init_creds_context login = NULL;
	krb5_get_init_creds_opt *options = NULL;
	krb5_principal who = NULL;
	krb5_error_code code;

	krb_begin(k);
	if (krb_account(k, principal, &who, err) != 0)
		return -1;
	code = krb5_get_init_creds_opt_alloc(k->ctx, &options);
	if (code == 0) {
		krb5_get_init_creds_opt_set_forwardable(options, 0);
		/* krb5_get_init_creds_password() would try a refused password
		 * twice, and half the attempts until the account is locked. */
		code = krb5_init_creds_init(
		    k->ctx, who, NULL, NULL, 0, options, &login);
	}
	if (code == 0)
		code = krb5_init_creds_set_password(
		    k->ctx, login, secret_text(password));
	if (code == 0)
		code = krb5_init_creds_get(k->ctx, login);
	if (code != 0)
		krb_fail(k, code, err, "password of %s", principal);
	krb5_init_creds_free(k->ctx, login);
	krb5_get_init_creds_opt_free(k->ctx, options);
	krb5_free_principal(k->ctx, who);
	return code == 0 ? 0 : -1;
}

/* RFC 3962 4: the PBKDF2 rounds as four bytes, or nothing. */
static int
read_rounds(const krb5_data *parameters, int64_t *ret, struct err *err)
{
	uint8_t bytes[ITERATIONS_SIZE];

	if (parameters->length == 0) {
		*ret = ITERATIONS_DEFAULT;
		return 0;
	}
	if (parameters->length != ITERATIONS_SIZE)
		return err_set(err, ERR_PROTOCOL,
		    "the KDC sent string-to-key parameters of %u bytes",
		    parameters->length);
	memcpy(bytes, parameters->data, sizeof(bytes));
	*ret = (int64_t)bytes[0] << 24 | (int64_t)bytes[1] << 16 |
	    (int64_t)bytes[2] << 8 | (int64_t)bytes[3];
	if (*ret == 0)
		*ret = ITERATIONS_ZERO;
	return 0;
}

static krb5_error_code
ask_salt(struct krb *k, krb5_principal who, struct krb_etype_info *ret)
{
	/* The KDC answers with the first of these the account has a key for. */
	krb5_enctype types[] = {ENCTYPE_AES256_CTS_HMAC_SHA1_96,
	    ENCTYPE_AES128_CTS_HMAC_SHA1_96, ENCTYPE_ARCFOUR_HMAC};
	krb5_get_init_creds_opt *options = NULL;
	krb5_error_code code;

	code = krb5_get_init_creds_opt_alloc(k->ctx, &options);
	if (code != 0)
		return code;
	krb5_get_init_creds_opt_set_etype_list(
	    options, types, sizeof(types) / sizeof(types[0]));
	code = krb_etype_info(k, who, options, ret);
	krb5_get_init_creds_opt_free(k->ctx, options);
	return code;
}

int
krb_salt(struct krb *k, const char *principal, struct buf *ret_salt,
    int64_t *ret_iterations, struct err *err)
{
	krb5_principal who = NULL;
	struct krb_etype_info info;
	krb5_error_code code;
	int64_t rounds = 0;
	int result = -1;

	krb_begin(k);
	if (krb_account(k, principal, &who, err) != 0)
		return -1;
	memset(&info, 0, sizeof(info));
	code = ask_salt(k, who, &info);
	if (code != 0)
		krb_fail(k, code, err, "salt of %s", principal);
	else if (info.type == ENCTYPE_NULL || info.salt.length > SALT_MAX)
		err_set(err, ERR_PROTOCOL, "the KDC tells no salt for %s",
		    principal);
	else if (info.type == ENCTYPE_ARCFOUR_HMAC)
		result = 0; /* its key has neither salt nor rounds */
	else
		result = read_rounds(&info.parameters, &rounds, err);
	if (result == 0) {
		if (rounds > 0)
			buf_add(ret_salt, info.salt.data, info.salt.length);
		*ret_iterations = rounds;
	}
	krb_etype_info_clear(k, &info);
	krb5_free_principal(k->ctx, who);
	return result;
}
