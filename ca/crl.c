/*
 * The revocation list (RFC 5280, 5).  Complete, by the issuing CA.  A new one
 * is made when something was revoked since the last or half its life is over,
 * so a reader who asks at least twice a week never sees it lapse.
 */
#include <string.h>

#include "ca_internal.h"
#include "clock.h"
#include "crl_internal.h"
#include "fault.h"
#include "record_internal.h"
#include "signer_internal.h"
#include "str.h"

#define CRL_LIFE (7 * CLOCK_DAY)
#define CRL_MAX (64u << 20) /* about two million entries */

static void
write_reason(struct buf *out, int reason)
{
	uint8_t code = (uint8_t)reason;
	struct buf value;
	size_t mark;

	/* "unspecified" is said by leaving it out (5.3.1). */
	if (reason == 0)
		return;
	buf_init(&value, 8);
	ca_der_tlv(&value, CA_TAG_ENUM, &code, 1);
	mark = ca_der_open(out, CA_TAG_SEQ);
	ca_tbs_ext(out, ca_oids.crl_reason, false, &value);
	ca_der_close(out, mark);
	buf_free(&value);
}

void
ca_crl_entry(struct buf *out, const char *serial, int64_t at, int reason)
{
	uint8_t bytes[CA_ROOT_SERIAL_MAX];
	size_t len = strlen(serial) / 2, mark;

	if (len > sizeof(bytes) || str_unhex(serial, bytes, len) != 0) {
		out->over = true;
		return;
	}
	mark = ca_der_open(out, CA_TAG_SEQ);
	ca_der_uint(out, bytes, len);
	ca_der_time(out, at);
	write_reason(out, reason);
	ca_der_close(out, mark);
}

static void
write_entry(void *cookie, const struct ca_revoked *r)
{
	ca_crl_entry(cookie, r->serial, r->at, r->reason);
}

static int
read_entries(
    struct ca *ca, int64_t ends_after, struct buf *out, struct err *err)
{
	if (ca_store_revoked(ca->store,
		(struct ca_revoked_of){ca->line, ends_after}, write_entry, out,
		err) != 0)
		return -1;
	return out->over
	    ? err_set(err, ERR_LIMIT, "too many revocations for a CRL")
	    : 0;
}

static void
write_extensions(
    const struct ca_issuer *issuer, int64_t number, struct buf *out)
{
	size_t mark = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));
	size_t list = ca_der_open(out, CA_TAG_SEQ);
	struct buf value;

	buf_init(&value, 64);
	ca_tbs_authority(&value, issuer->subject_key);
	ca_tbs_ext(out, ca_oids.authority_key, false, &value);
	buf_reset(&value);
	ca_der_number(&value, (uint64_t)number);
	ca_tbs_ext(out, ca_oids.crl_number, false, &value);
	buf_free(&value);
	ca_der_close(out, list);
	ca_der_close(out, mark);
}

/* The list may be left out, but not be empty (5.1.2.6). */
void
ca_crl_write(
    const struct ca_crl_by *by, const struct ca_crl_row *row, struct buf *out)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	ca_der_number(out, 1); /* v2 */
	ca_der_span(out, ca_signer_algorithm(by->signer));
	ca_der_span(out, by->issuer->subject);
	ca_der_time(out, row->this_update);
	ca_der_time(out, row->next_update);
	if (by->entries != NULL && by->entries->len > 0)
		ca_der_tlv(
		    out, CA_TAG_SEQ, by->entries->data, by->entries->len);
	write_extensions(by->issuer, row->number, out);
	ca_der_close(out, mark);
}

/* A revoked certificate stays until one list was made after its own end
 * (5, "An entry MUST NOT be removed ..."): until then the last list's
 * thisUpdate is not behind that end. */
static int
write_list(struct ca *ca, const struct ca_crl_row *row, int64_t ends_after,
    struct buf *out, struct err *err)
{
	struct buf entries;
	int rc;

	buf_init(&entries, CRL_MAX);
	rc = read_entries(ca, ends_after, &entries, err);
	if (rc == 0)
		ca_crl_write(
		    &(struct ca_crl_by){ca->signer, &ca->issuing, &entries},
		    row, out);
	buf_free(&entries);
	return rc;
}

static int
make(struct ca *ca, int64_t now, struct ca_crl_row *io, struct buf *out,
    struct err *err)
{
	struct ca_crl_row row = {
	    .line = ca->line,
	    .number = io->number + 1,
	    .made_at = now,
	    /* Readers' clocks may be a little behind. */
	    .this_update = now - CA_CLOCK_BACK,
	    .next_update = now + CRL_LIFE,
	};
	struct buf tbs, der;
	int rc = -1;

	buf_init(&tbs, CRL_MAX);
	buf_init(&der, CRL_MAX);
	if (ca_store_revocations(ca->store, &row.covers, err) == 0 &&
	    write_list(ca, &row, io->this_update, &tbs, err) == 0 &&
	    ca_signer_sign(ca->signer, ca_der_bytes(&tbs), &der, err) == 0 &&
	    ca_store_put_crl(ca->store, &row, &der, err) == 0) {
		if (out != NULL)
			buf_add(out, der.data, der.len);
		*io = row;
		rc = 0;
	}
	buf_free(&tbs);
	buf_free(&der);
	return rc;
}

/* Number and content are read, and the new list written, in one transaction:
 * two processes never make two lists of one number. */
int
ca_crl_renew(struct ca *ca, int64_t now, struct ca_crl_row *ret,
    struct buf *out, struct err *err)
{
	struct ca_crl_row row;

	if (ca_store_begin(ca->store, err) != 0)
		return -1;
	if (ca_store_get_crl(ca->store, ca->line, &row, NULL, err) != 0 ||
	    make(ca, now, &row, out, err) != 0) {
		ca_store_rollback(ca->store);
		return -1;
	}
	fault_point("ca.crl.before-commit");
	if (ca_store_commit(ca->store, err) != 0)
		return -1;
	fault_point("ca.crl.after-commit");
	*ret = row;
	return 0;
}

static int
check_clock(const struct ca_crl_row *last, int64_t now, struct err *err)
{
	char made[CLOCK_TEXT], text[CLOCK_TEXT];

	if (last->number == 0 || now >= last->made_at - CA_CLOCK_BACK)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "the clock says %s, but the last CRL is of %s",
	    clock_text(now, text), clock_text(last->made_at, made));
}

static int
crl_locked(struct ca *ca, int64_t now, struct ca_crl_info *io, struct buf *out,
    struct err *err)
{
	struct ca_crl_row row;
	int64_t count;
	int rc = 0;

	if (ca_store_get_crl(ca->store, ca->line, &row, NULL, err) != 0 ||
	    ca_store_revocations(ca->store, &count, err) != 0 ||
	    check_clock(&row, now, err) != 0)
		return -1;
	if (row.number == 0 || count != row.covers ||
	    now >= row.made_at + CRL_LIFE / 2)
		rc = ca_crl_renew(ca, now, &row, out, err);
	else if (row.number != io->number)
		rc = ca_store_get_crl(ca->store, ca->line, &row, out, err);
	if (rc != 0)
		return -1;
	if (out->over)
		return err_set(
		    err, ERR_LIMIT, "the CRL is too large to hand out");
	*io = (struct ca_crl_info){
	    .number = row.number,
	    .this_update = row.this_update,
	    .next_update = row.next_update,
	};
	return 0;
}

int
ca_crl_since(struct ca *ca, int64_t now, struct ca_crl_info *io,
    struct buf *out, struct err *err)
{
	int rc;

	ca_store_lock(ca->store);
	rc = crl_locked(ca, now, io, out, err);
	ca_store_unlock(ca->store);
	return rc;
}

int
ca_crl(struct ca *ca, int64_t now, struct buf *out, struct err *err)
{
	struct ca_crl_info info = {.number = 0};

	return ca_crl_since(ca, now, &info, out, err);
}
