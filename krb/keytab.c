/*
 * Keytabs as files.  Read by libkrb5; written here, as libkrb5 writes only into
 * a file that others may see half of.  The format is MIT's version 2: a head of
 * two bytes, then entries behind their length, all numbers in network order.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"
#include "secret.h"

#define ENTRY_MAX 4096 /* a principal and a key are far shorter */
#define VERSION 0x0502
#define NAME_TYPE 1 /* KRB5_NT_PRINCIPAL */
#define BYTE_BITS 8

/* --- writing --- */

static void
put(struct buf *out, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		buf_char(out, (char)(value >> (bytes * BYTE_BITS) & 0xff));
}

static void
put_counted(struct buf *out, const void *bytes, size_t len)
{
	put(out, len, 2);
	buf_add(out, bytes, len);
}

static void
put_name(struct buf *out, const struct krb_owner *owner)
{
	const char *host = strchr(owner->name, '/');
	size_t first =
	    host == NULL ? strlen(owner->name) : (size_t)(host - owner->name);

	put(out, host == NULL ? 1 : 2, 2);
	put_counted(out, owner->realm, strlen(owner->realm));
	put_counted(out, owner->name, first);
	if (host != NULL)
		put_counted(out, host + 1, strlen(host + 1));
	put(out, NAME_TYPE, 4);
}

static void
put_entry(struct buf *out, const struct krb_owner *owner, enum krb_type type,
    const struct secret *key)
{
	const uint8_t *bytes;
	struct buf entry;
	size_t len;

	bytes = secret_bytes(key, &len);
	buf_init(&entry, ENTRY_MAX);
	put_name(&entry, owner);
	put(&entry, (uint64_t)owner->now, 4);
	put(&entry, (uint64_t)owner->kvno & 0xff,
	    1); /* before there was more */
	put(&entry, (uint64_t)krb_enctype_of(type), 2);
	put_counted(&entry, bytes, len);
	put(&entry, (uint64_t)owner->kvno, 4);
	put(out, entry.len, 4);
	buf_add(out, entry.data, entry.len);
	if (entry.over)
		out->over = true;
	buf_free(&entry); /* wipes */
}

void
krb_keytab_add(
    struct buf *out, const struct krb_owner *owner, const struct krb_keys *keys)
{
	int type;

	if (out->len == 0)
		put(out, VERSION, 2);
	for (type = 0; type < KRB_TYPES; type++)
		if (keys->of[type] != NULL)
			put_entry(
			    out, owner, (enum krb_type)type, keys->of[type]);
}

/* --- reading --- */

static int
give_entry(krb5_context ctx, krb5_keytab_entry *e, krb_entry_fn *fn,
    void *cookie, struct err *err)
{
	struct krb_entry entry = {
	    .kvno = (int64_t)e->vno, .type = krb_enctype_name(e->key.enctype)};
	char *name = NULL;
	int result;

	if (krb5_unparse_name(ctx, e->principal, &name) != 0)
		return err_set(err, ERR_PROTOCOL, "a name in it is damaged");
	entry.principal = name;
	result = fn(cookie, &entry, err);
	krb5_free_unparsed_name(ctx, name);
	return result;
}

static int
scan(krb5_context ctx, krb5_keytab keytab, krb_entry_fn *fn, void *cookie,
    struct err *err)
{
	krb5_kt_cursor cursor;
	krb5_keytab_entry e;
	krb5_error_code code;
	int result = 0;

	code = krb5_kt_start_seq_get(ctx, keytab, &cursor);
	if (code == KRB5_KT_NOTFOUND || code == KRB5_KT_END)
		return 0;
	if (code != 0)
		return err_native(err, ERR_INVALID, ERR_KRB5, code,
		    "it is not a keytab; make it anew");
	while (result == 0 &&
	    (code = krb5_kt_next_entry(ctx, keytab, &e, &cursor)) == 0) {
		result = give_entry(ctx, &e, fn, cookie, err);
		krb5_free_keytab_entry_contents(ctx, &e);
	}
	if (result == 0 && code != KRB5_KT_END)
		result = err_native(err, ERR_INVALID, ERR_KRB5, code,
		    "it is damaged; make it anew");
	krb5_kt_end_seq_get(ctx, keytab, &cursor);
	return result;
}

int
krb_keytab_scan(
    const char *file, krb_entry_fn *fn, void *cookie, struct err *err)
{
	char *name = mem_printf("FILE:%s", file);
	krb5_keytab keytab = NULL;
	krb5_context ctx = NULL;
	krb5_error_code code;
	int result = krb_check_keytab(file, err);

	if (result == 0) {
		code = krb5_init_context(&ctx);
		if (code == 0)
			code = krb5_kt_resolve(ctx, name, &keytab);
		if (code != 0)
			result = err_native(err, ERR_INVALID, ERR_KRB5, code,
			    "Kerberos cannot be set up");
	}
	if (keytab != NULL) {
		result = scan(ctx, keytab, fn, cookie, err);
		if (result != 0)
			err_context(err, "keytab %s", file);
		krb5_kt_close(ctx, keytab);
	}
	if (ctx != NULL)
		krb5_free_context(ctx);
	free(name);
	return result;
}
