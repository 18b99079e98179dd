/* The block list: asked for by administrators, read from what they keep. */
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "ca_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"

#define HEX 64
#define PEM_MARK "-----BEGIN "
#define BLANKS " \t\r"

static int
check_hash(const char *sha256, char ret_lower[HEX + 1], struct err *err)
{
	uint8_t hash[HEX / 2];

	if (strlen(sha256) != HEX || str_unhex(sha256, hash, sizeof(hash)) != 0)
		return err_set(err, ERR_INVALID,
		    "the SHA-256 of a public key has %d hex digits", HEX);
	str_hex(hash, sizeof(hash), ret_lower);
	return 0;
}

static int
check_note(const char *note, struct err *err)
{
	size_t i;

	if (strlen(note) > CA_BLOCK_NOTE_MAX)
		return err_set(err, ERR_INVALID, "a note has at most %d bytes",
		    CA_BLOCK_NOTE_MAX);
	for (i = 0; note[i] != '\0'; i++)
		if ((unsigned char)note[i] < 0x20 || note[i] == 0x7f)
			return err_set(err, ERR_INVALID,
			    "a note holds no control characters");
	return 0;
}

static int
add_locked(struct ca *ca, const struct ca_blocked *b, char **ret_device,
    struct err *err)
{
	char *device = NULL;
	uint8_t hash[HEX / 2];
	int added;

	(void)str_unhex(b->sha256, hash, sizeof(hash)); /* it was checked */
	if (ca_store_begin(ca->store, err) != 0)
		return -1;
	added = ca_store_block(ca->store, b, err);
	if (added < 0 ||
	    ca_store_key_valid(ca->store, hash, b->at, &device, err) != 0) {
		ca_store_rollback(ca->store);
		return -1;
	}
	if (ca_store_commit(ca->store, err) != 0) {
		free(device);
		return -1;
	}
	if (ret_device != NULL)
		*ret_device = device;
	else
		free(device);
	return added;
}

int
ca_block_add(struct ca *ca, const struct ca_blocked *b, char **ret_device,
    struct err *err)
{
	char lower[HEX + 1];
	struct ca_blocked row = {lower, b->note, b->at};
	int rc;

	if (check_hash(b->sha256, lower, err) != 0 ||
	    check_note(b->note, err) != 0)
		return -1;
	ca_store_lock(ca->store);
	rc = add_locked(ca, &row, ret_device, err);
	ca_store_unlock(ca->store);
	return rc;
}

int
ca_block_remove(struct ca *ca, const char *sha256, struct err *err)
{
	char lower[HEX + 1];
	int rc;

	if (check_hash(sha256, lower, err) != 0)
		return -1;
	ca_store_lock(ca->store);
	rc = ca_store_unblock(ca->store, lower, err);
	ca_store_unlock(ca->store);
	return rc;
}

int
ca_block_list(struct ca *ca, ca_blocked_fn *fn, void *cookie, struct err *err)
{
	int rc;

	ca_store_lock(ca->store);
	rc = ca_store_blocked_list(ca->store, fn, cookie, err);
	ca_store_unlock(ca->store);
	return rc;
}

/* --- reading --- */

/* Borrowed from *cert or *req, which are to be freed, or in *own; NULL. */
struct holder {
	X509 *cert;
	X509_REQ *req;
	EVP_PKEY *own;
};

static EVP_PKEY *
key_in(const char *name, const unsigned char *data, long len, struct holder *h)
{
	if (str_eq(name, PEM_STRING_X509))
		h->cert = d2i_X509(NULL, &data, len);
	else if (str_eq(name, PEM_STRING_X509_REQ))
		h->req = d2i_X509_REQ(NULL, &data, len);
	else if (str_eq(name, PEM_STRING_PUBLIC))
		h->own = d2i_PUBKEY(NULL, &data, len);
	return h->cert != NULL ? X509_get0_pubkey(h->cert)
	    : h->req != NULL   ? X509_REQ_get0_pubkey(h->req)
			       : h->own;
}

/* The SubjectPublicKeyInfo of what a PEM block holds, in *ret_der (for
 * OPENSSL_free), written as the rules want it of a CSR, however it is written
 * there: a compressed point has another hash. Its length, or less than 1. */
static int
spki_of(const char *name, const unsigned char *data, long len,
    unsigned char **ret_der)
{
	struct holder h = {NULL, NULL, NULL};
	EVP_PKEY *key = key_in(name, data, len, &h), *own = NULL;
	int got = -1;

	if (key != NULL && EVP_PKEY_is_a(key, "EC"))
		key = own = EVP_PKEY_dup(key);
	if (own != NULL &&
	    (EVP_PKEY_set_utf8_string_param(own,
		 OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		 OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1 ||
		EVP_PKEY_set_utf8_string_param(own, OSSL_PKEY_PARAM_EC_ENCODING,
		    OSSL_PKEY_EC_ENCODING_GROUP) != 1))
		key = NULL;
	if (key != NULL)
		got = i2d_PUBKEY(key, ret_der);
	EVP_PKEY_free(own);
	X509_free(h.cert);
	X509_REQ_free(h.req);
	EVP_PKEY_free(h.own);
	return got;
}

static const char *
hint(const char *name)
{
	return strstr(name, "PRIVATE KEY") != NULL
	    ? ": \"openssl pkey -in FILE -pubout\" gives the public one"
	    : "";
}

/* 1 = one was read, 0 = no more, -1. */
static int
read_block(BIO *bio, ca_blocked_fn *fn, void *cookie, struct err *err)
{
	char *name = NULL, *header = NULL, hex[HEX + 1];
	unsigned char *data = NULL, *der = NULL;
	struct ca_blocked b = {hex, "", 0};
	long len;
	int got, rc = 0;

	if (PEM_read_bio(bio, &name, &header, &data, &len) != 1)
		goto out;
	got = spki_of(name, data, len, &der);
	if (got <= 0) {
		rc = err_set(err, ERR_INVALID,
		    "\"%.40s\" is no certificate, request or public key%s",
		    name, hint(name));
		goto out;
	}
	str_sha256_hex(der, (size_t)got, hex);
	rc = fn(cookie, &b, err) == 0 ? 1 : -1;
out:
	ERR_clear_error();
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	OPENSSL_free(der);
	return rc;
}

static int
read_pem(
    const struct buf *text, ca_blocked_fn *fn, void *cookie, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	size_t count = 0;
	int got;

	if (bio == NULL)
		return ca_openssl_err(err, ERR_BUG, "read PEM");
	while ((got = read_block(bio, fn, cookie, err)) == 1)
		count++;
	BIO_free(bio);
	if (got == 0 && count == 0)
		return err_set(err, ERR_INVALID, "the PEM is damaged");
	return got;
}

/* "HASH [NOTE]"; line is changed. */
static int
read_line(char *line, ca_blocked_fn *fn, void *cookie, struct err *err)
{
	char lower[HEX + 1];
	struct ca_blocked b = {lower, "", 0};
	size_t len;
	char *end;

	line += strspn(line, BLANKS);
	for (end = line + strlen(line);
	     end > line && strchr(BLANKS, end[-1]) != NULL; end--)
		end[-1] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	len = strcspn(line, BLANKS);
	if (line[len] != '\0') {
		line[len] = '\0';
		b.note = line + len + 1 + strspn(line + len + 1, BLANKS);
	}
	if (check_hash(line, lower, err) != 0 || check_note(b.note, err) != 0)
		return -1;
	return fn(cookie, &b, err);
}

static int
read_lines(
    const struct buf *text, ca_blocked_fn *fn, void *cookie, struct err *err)
{
	char *copy = mem_dup(buf_text(text)), *line = copy, *end;
	size_t number = 1;
	int rc = 0;

	for (; rc == 0 && line != NULL; line = end, number++) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		rc = read_line(line, fn, cookie, err);
		if (rc != 0)
			err_context(err, "line %zu", number);
	}
	free(copy);
	return rc;
}

int
ca_block_read(
    const struct buf *text, ca_blocked_fn *fn, void *cookie, struct err *err)
{
	if (strlen(buf_text(text)) != text->len)
		return err_set(err, ERR_INVALID, "this is no text");
	if (strstr(buf_text(text), PEM_MARK) != NULL)
		return read_pem(text, fn, cookie, err);
	return read_lines(text, fn, cookie, err);
}
