#include "vault.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "fault.h"
#include "file.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

/*
 * A sealed blob:
 *
 *   1 byte   format, 1
 *   1 byte   length of the key id
 *   n bytes  key id
 *   12 bytes nonce
 *   m bytes  ciphertext
 *   16 bytes tag
 *
 * Additional data is everything before the nonce, then the purpose.  Nonces are
 * random: NIST SP 800-38D section 8.3 allows 2^32 of them under one key, a
 * million devices with a new password each day for eleven years.
 */
#define VAULT_FORMAT 1
#define KEY_LEN 32
#define NONCE_LEN 12
#define TAG_LEN 16
#define HEAD_LEN 2

#define VAULT_KEYS_MAX 16
#define VAULT_KEY_ID_MAX 32
#define VAULT_FILE_MAX 4096
#define VAULT_PURPOSE_MAX 256
#define VAULT_SECRET_MAX 65536

struct vault_key {
	char id[VAULT_KEY_ID_MAX + 1];
	struct secret *bytes;
};

struct vault {
	struct vault_key keys[VAULT_KEYS_MAX]; /* the first one seals */
	size_t count;
	EVP_CIPHER *cipher;
};

/* The reason behind an OpenSSL failure, and its queue emptied. */
static int
crypto_fail(struct err *err, const char *what)
{
	unsigned long code;

	code = ERR_peek_last_error();
	ERR_clear_error();
	return err_native(
	    err, ERR_STORAGE, ERR_OPENSSL, (long)code, "vault: %s", what);
}

/* --- the key file --- */

int
vault_create(const char *path, struct err *err)
{
	uint8_t id[4], key[KEY_LEN];
	char hex[2 * KEY_LEN + 1], id_hex[2 * sizeof(id) + 1];
	char line[sizeof(hex) + sizeof(id_hex) + 2];
	int len, r;

	if (RAND_bytes(id, sizeof(id)) != 1 ||
	    RAND_priv_bytes(key, sizeof(key)) != 1) {
		secret_wipe(key, sizeof(key));
		return crypto_fail(err, "no random numbers");
	}
	str_hex(id, sizeof(id), id_hex);
	str_hex(key, sizeof(key), hex);
	len = snprintf(line, sizeof(line), "%s:%s\n", id_hex, hex);
	assert(len > 0 && (size_t)len < sizeof(line));
	fault_point("vault.create.before");
	r = file_write(path, line, (size_t)len, S_IRUSR | S_IWUSR, true, err);
	fault_point("vault.create.after");
	secret_wipe(key, sizeof(key));
	secret_wipe(hex, sizeof(hex));
	secret_wipe(line, sizeof(line));
	return r;
}

static bool
is_key_id(const char *text, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return len > 0 && len <= VAULT_KEY_ID_MAX &&
	    strspn(text, allowed) >= len;
}

static const struct vault_key *
key_find(const struct vault *v, const char *id, size_t len)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (strlen(v->keys[i].id) == len &&
		    memcmp(v->keys[i].id, id, len) == 0)
			return &v->keys[i];
	return NULL;
}

/* "KEYID:64 hex digits", NUL in place of the newline. */
static int
key_parse(struct vault *v, const char *line)
{
	struct vault_key *key;
	uint8_t bytes[KEY_LEN];
	const char *colon;
	size_t id_len;

	colon = strchr(line, ':');
	if (colon == NULL || v->count == VAULT_KEYS_MAX)
		return -1;
	id_len = (size_t)(colon - line);
	if (!is_key_id(line, id_len) || key_find(v, line, id_len) != NULL ||
	    strlen(colon + 1) != 2 * sizeof(bytes))
		return -1;
	if (str_unhex(colon + 1, bytes, sizeof(bytes)) == -1) {
		secret_wipe(bytes, sizeof(bytes));
		return -1;
	}
	key = &v->keys[v->count++];
	memcpy(key->id, line, id_len);
	key->bytes = secret_new(bytes, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	return 0;
}

/* Every line must be a key: half a key file is no key file. */
static int
keys_parse(struct vault *v, char *text, size_t len, struct err *err)
{
	char *line, *end;
	size_t n;

	if (memchr(text, '\0', len) != NULL)
		return err_set(err, ERR_STORAGE, "not a vault key file");
	n = 0;
	for (line = text; *line != '\0'; line = end) {
		n++;
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			*end++ = '\0';
		/* Never the line itself in the text: it is the key. */
		if (key_parse(v, line) == -1)
			return err_set(err, ERR_STORAGE,
			    "line %zu is not a key (KEYID:64 hex digits)", n);
	}
	if (v->count == 0)
		return err_set(err, ERR_STORAGE, "the key file is empty");
	return 0;
}

/* Only its owner may read it, and the owner is we or root. */
static int
access_check(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_errno(err, errno, "cannot examine the key file");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_STORAGE, "not a file");
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_set(err, ERR_DENIED,
		    "others may read the key file (mode %04o): chmod 0600",
		    (unsigned)st.st_mode & 07777);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, ERR_DENIED,
		    "the key file belongs to user %u, not to us or root",
		    (unsigned)st.st_uid);
	return 0;
}

/* From one descriptor, so that what was examined is what is read. */
static int
text_read(
    int fd, char text[VAULT_FILE_MAX + 1], size_t *ret_len, struct err *err)
{
	size_t len;
	ssize_t n;

	for (len = 0; len <= VAULT_FILE_MAX; len += (size_t)n) {
		n = read(fd, text + len, VAULT_FILE_MAX + 1 - len);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1) {
			err_errno(err, errno, "cannot read the key file");
			if (err != NULL)
				err->kind = ERR_STORAGE;
			return -1;
		} else if (n == 0)
			break;
	}
	if (len > VAULT_FILE_MAX)
		return err_set(err, ERR_STORAGE,
		    "not a vault key file: longer than %d bytes",
		    VAULT_FILE_MAX);
	text[len] = '\0';
	*ret_len = len;
	return 0;
}

static int
keys_read(struct vault *v, const char *path, struct err *err)
{
	char text[VAULT_FILE_MAX + 1];
	size_t len;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return err_set(
		    err, ERR_NOTFOUND, "the vault's key file does not exist");
	if (fd == -1 && errno == EACCES)
		return err_set(
		    err, ERR_DENIED, "may not read the vault's key file");
	if (fd == -1) {
		err_errno(err, errno, "cannot open the key file");
		if (err != NULL)
			err->kind = ERR_STORAGE;
		return -1;
	}
	len = 0;
	r = access_check(fd, err);
	if (r == 0)
		r = text_read(fd, text, &len, err);
	if (r == 0)
		r = keys_parse(v, text, len, err);
	secret_wipe(text, sizeof(text));
	close(fd);
	return r;
}

int
vault_open(const char *path, struct vault **ret_vault, struct err *err)
{
	struct vault *v;

	v = mem_alloc(sizeof(*v));
	if (keys_read(v, path, err) == -1) {
		vault_close(v);
		return err_context(err, "%s", path);
	}
	v->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (v->cipher == NULL) {
		vault_close(v);
		return crypto_fail(err, "AES-256-GCM is not available");
	}
	*ret_vault = v;
	return 0;
}

void
vault_close(struct vault *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->count; i++)
		secret_free(v->keys[i].bytes);
	EVP_CIPHER_free(v->cipher);
	free(v);
}

/* --- sealing --- */

/* One pass of the cipher; enc picks the direction, tag is set or checked. */
struct pass {
	const struct vault_key *key;
	const char *purpose;
	const uint8_t *nonce;
	const uint8_t *in;
	uint8_t *out;
	size_t len;
	uint8_t *tag;
	bool enc;
};

/* The blob's head: format and key id. Returns its length. */
static size_t
head_make(
    const struct vault_key *key, uint8_t head[HEAD_LEN + VAULT_KEY_ID_MAX])
{
	size_t len;

	len = strlen(key->id);
	head[0] = VAULT_FORMAT;
	head[1] = (uint8_t)len;
	memcpy(head + HEAD_LEN, key->id, len);
	return HEAD_LEN + len;
}

static int
pass_run(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct pass *p)
{
	uint8_t head[HEAD_LEN + VAULT_KEY_ID_MAX];
	size_t head_len, key_len;
	int n, rest;

	head_len = head_make(p->key, head);
	if (EVP_CipherInit_ex2(ctx, cipher,
		secret_bytes(p->key->bytes, &key_len), p->nonce, p->enc,
		NULL) != 1)
		return -1;
	if (!p->enc &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, p->tag) !=
		1)
		return -1;
	if (EVP_CipherUpdate(ctx, NULL, &n, head, (int)head_len) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)p->purpose,
		(int)strlen(p->purpose)) != 1)
		return -1;
	if (EVP_CipherUpdate(ctx, p->out, &n, p->in, (int)p->len) != 1 ||
	    EVP_CipherFinal_ex(ctx, p->out + n, &rest) != 1)
		return -1;
	if (p->enc &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, p->tag) !=
		1)
		return -1;
	return (size_t)n + (size_t)rest == p->len ? 0 : -1;
}

static int
pass_do(const struct vault *v, const struct pass *p)
{
	EVP_CIPHER_CTX *ctx;
	int r;

	ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL)
		return -1;
	r = pass_run(ctx, v->cipher, p);
	EVP_CIPHER_CTX_free(ctx); /* wipes the key schedule */
	return r;
}

int
vault_seal(struct vault *v, const char *purpose, const struct secret *s,
    struct buf *out, struct err *err)
{
	uint8_t head[HEAD_LEN + VAULT_KEY_ID_MAX], nonce[NONCE_LEN];
	uint8_t tag[TAG_LEN], *sealed;
	size_t head_len, len;
	struct pass p = {.key = &v->keys[0],
	    .purpose = purpose,
	    .nonce = nonce,
	    .tag = tag,
	    .enc = true};

	if (strlen(purpose) > VAULT_PURPOSE_MAX)
		return err_set(
		    err, ERR_LIMIT, "vault: the purpose is too long");
	p.in = secret_bytes(s, &len);
	if (len > VAULT_SECRET_MAX)
		return err_set(err, ERR_LIMIT,
		    "vault: a secret has at most %d bytes", VAULT_SECRET_MAX);
	p.len = len;
	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return crypto_fail(err, "no random numbers");
	sealed = mem_alloc(len + 1);
	p.out = sealed;
	if (pass_do(v, &p) == -1) {
		secret_wipe(sealed, len);
		free(sealed);
		return crypto_fail(err, "cannot encrypt");
	}
	head_len = head_make(p.key, head);
	buf_add(out, head, head_len);
	buf_add(out, nonce, sizeof(nonce));
	buf_add(out, sealed, len);
	buf_add(out, tag, sizeof(tag));
	free(sealed);
	if (out->over)
		return err_set(err, ERR_LIMIT, "vault: no room for the blob");
	return 0;
}

/* Which key, and where the parts are; nothing is believed yet. */
static int
blob_split(const struct vault *v, const uint8_t *blob, size_t len,
    struct pass *p, struct err *err)
{
	size_t head_len, id_len;

	if (len < HEAD_LEN || blob[0] != VAULT_FORMAT)
		return err_set(err, ERR_STORAGE, "vault: not a sealed secret");
	id_len = blob[1];
	head_len = HEAD_LEN + id_len;
	if (len < head_len + NONCE_LEN + TAG_LEN ||
	    len > head_len + NONCE_LEN + TAG_LEN + VAULT_SECRET_MAX ||
	    !is_key_id((const char *)blob + HEAD_LEN, id_len))
		return err_set(err, ERR_STORAGE, "vault: not a sealed secret");
	p->key = key_find(v, (const char *)blob + HEAD_LEN, id_len);
	if (p->key == NULL)
		return err_set(err, ERR_STORAGE,
		    "vault: sealed with key %.*s, which the key file lacks",
		    (int)id_len, (const char *)blob + HEAD_LEN);
	p->nonce = blob + head_len;
	p->in = p->nonce + NONCE_LEN;
	p->len = len - head_len - NONCE_LEN - TAG_LEN;
	memcpy(p->tag, p->in + p->len, TAG_LEN);
	return 0;
}

int
vault_unseal(struct vault *v, const char *purpose, const uint8_t *blob,
    size_t len, struct secret **ret_secret, struct err *err)
{
	uint8_t tag[TAG_LEN];
	struct pass p = {.purpose = purpose, .tag = tag};
	int r;

	if (strlen(purpose) > VAULT_PURPOSE_MAX)
		return err_set(
		    err, ERR_LIMIT, "vault: the purpose is too long");
	if (blob_split(v, blob, len, &p, err) == -1)
		return -1;
	p.out = mem_alloc(p.len + 1);
	r = pass_do(v, &p);
	/* Before the tag is checked these are not yet a secret, but wiping is
	 * owed all the same. */
	if (r == 0)
		*ret_secret = secret_new(p.out, p.len);
	else
		crypto_fail(err,
		    "damaged, sealed for another use, or with "
		    "another key of the same name");
	secret_wipe(p.out, p.len);
	free(p.out);
	return r;
}
