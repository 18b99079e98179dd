/*
 * The clock that decides about tickets is the KDC's, and it tells it to anyone:
 * an AS-REQ without preauthentication is answered by a KRB-ERROR that holds the
 * time in microseconds.  No password, no further port, and better than 1 ms.
 */
#include "krb.h"
#include "krb_internal.h"

#define KDC_ACCOUNT "krbtgt"

/* One exchange about a principal; what the transport saw is what counts. */
static krb5_error_code
ask(struct krb *k, krb5_principal who)
{
	struct krb_etype_info info;
	krb5_error_code code;

	code = krb_etype_info(k, who, NULL, &info);
	krb_etype_info_clear(k, &info);
	return code;
}

/* An account that needs no preauthentication is answered by a ticket, which
 * holds no readable time; the KDC's own account is always refused. */
static int
sample(struct krb *k, krb5_principal fallback, struct err *err)
{
	krb5_error_code code;

	code = ask(k, k->self);
	if (!k->exchange.timed && code == 0)
		code = ask(k, fallback);
	if (k->exchange.timed)
		return 0;
	if (code != 0)
		return krb_fail(k, code, err, "time of KDC %s", k->kdc);
	return err_set(
	    err, ERR_PROTOCOL, "KDC %s does not tell its time", k->kdc);
}

int
krb_time(struct krb *k, int samples, int64_t *ret_offset_ms,
    int64_t *ret_error_ms, struct err *err)
{
	int64_t best_offset = 0, best_trip = INT64_MAX;
	krb5_principal fallback = NULL;
	int i, result = 0;

	krb_begin(k);
	if (krb_account(k, KDC_ACCOUNT, &fallback, err) != 0)
		return -1;
	for (i = 0; i < samples && result == 0; i++) {
		result = sample(k, fallback, err);
		if (result == 0 && k->exchange.trip_us < best_trip) {
			best_trip = k->exchange.trip_us;
			best_offset = k->exchange.offset_us;
		}
	}
	krb5_free_principal(k->ctx, fallback);
	if (result != 0)
		return -1;
	*ret_offset_ms = (best_offset + (best_offset < 0 ? -500 : 500)) / 1000;
	*ret_error_ms = (best_trip + 1999) / 2000;
	return 0;
}
