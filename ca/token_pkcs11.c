/*
 * Keys in PKCS#11 tokens, by the OpenSSL engine of libp11.  Engines are the old
 * way, but the only one in Debian 12.  That engine cannot be loaded twice, nor
 * hold two modules, so the process has one, until its end; the PIN is given to
 * it for one login and taken back, lest another token gets it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <openssl/evp.h>
#include <openssl/ui.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "str.h"
#include "token_internal.h"

#define ENGINE_NAME "pkcs11"
#define TURN_MS 10000 /* to wait for others who log in */
#define TURN_LOOK_MS 10

/* Guards all below. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ENGINE *engine; /* NULL: not loaded yet */
static char *module;   /* of the keys that are open; NULL: p11-kit's */
static bool in_use;    /* a key was opened: module stays */

static int
load_engine(struct err *err)
{
	const char *folder = OPENSSL_info(OPENSSL_INFO_ENGINES_DIR);
	ENGINE *e = NULL;

	if (engine != NULL)
		return 0;
	if (OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, NULL) == 1)
		e = ENGINE_by_id("dynamic");
	if (e != NULL && ENGINE_ctrl_cmd_string(e, "ID", ENGINE_NAME, 0) == 1 &&
	    ENGINE_ctrl_cmd_string(e, "DIR_LOAD", "2", 0) == 1 &&
	    ENGINE_ctrl_cmd_string(e, "DIR_ADD", folder, 0) == 1 &&
	    /* On no list, so that nobody else finds it. */
	    ENGINE_ctrl_cmd_string(e, "LIST_ADD", "0", 0) == 1 &&
	    ENGINE_ctrl_cmd_string(e, "LOAD", NULL, 0) == 1 &&
	    ENGINE_init(e) == 1) {
		engine = e;
		return 0;
	}
	(void)ENGINE_free(e);
	return ca_openssl_err(err, ERR_NOTFOUND,
	    "OpenSSL has no engine pkcs11; install libengine-pkcs11-openssl");
}

static int
use_module(const char *wanted, struct err *err)
{
	if (in_use && !str_eq(module, wanted))
		return err_set(err, ERR_REFUSED,
		    "another PKCS#11 module is in use: leave module-path out, "
		    "p11-kit's own gives access to all modules it knows");
	if (!in_use && wanted != NULL &&
	    ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", wanted, 0) != 1)
		return ca_openssl_err(err, ERR_INVALID, "PKCS#11 module");
	mem_replace(&module, wanted);
	return 0;
}

static void
set_pin(const char *pin)
{
	union {
		const char *given;
		void *taken; /* copied */
	} text = {.given = pin};

	(void)ENGINE_ctrl_cmd(engine, "PIN", 0, text.taken, NULL, 0);
}

/*
 * Tokens kept in files are read half written while another process logs in (a
 * login writes its counters), and then seem to have no slots, no keys or
 * another PIN.  So ours go one after the other, over a lock on the engine's own
 * file, which all can read.  It is a courtesy: whoever cannot have it goes on.
 * To be closed; -1: without.
 */
static int
take_turn(void)
{
	char *path = mem_printf(
	    "%s/" ENGINE_NAME ".so", OPENSSL_info(OPENSSL_INFO_ENGINES_DIR));
	int64_t until = clock_mono_ms() + TURN_MS;
	const struct timespec look = {.tv_nsec = TURN_LOOK_MS * 1000000L};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 &&
	    clock_mono_ms() < until)
		(void)nanosleep(&look, NULL);
	free(path);
	return fd;
}

static EVP_PKEY *
load_key(const char *path, const struct secret *pin)
{
	union {
		const UI_METHOD *given;
		UI_METHOD *taken; /* not changed either */
	} nobody = {.given = UI_null()};
	int turn = take_turn();
	EVP_PKEY *key;

	set_pin(secret_text(pin));
	key = ENGINE_load_private_key(engine, path, nobody.taken, NULL);
	set_pin("");
	if (turn >= 0)
		(void)close(turn);
	return key;
}

/* The URI's path for the engine, its module for us; both given. */
static void
split(const char *uri, char **ret_path, char **ret_module)
{
	const char *query = strchr(uri, '?');
	const char *type = strstr(uri, "type=") != NULL ? "" : ";type=private";
	size_t len = query != NULL ? (size_t)(query - uri) : strlen(uri);

	*ret_path = mem_printf("%.*s%s", (int)len, uri, type);
	*ret_module = query != NULL ? mem_dup(strchr(query, '=') + 1) : NULL;
}

int
ca_token_pkcs11(
    const struct ca_key_place *place, struct ca_token *ret, struct err *err)
{
	char *path, *wanted;
	int rc;

	if (place->pin == NULL) /* the engine would try an empty one */
		return err_set(err, ERR_INVALID,
		    "a key in a PKCS#11 token needs the token's PIN "
		    "(--pin-file)");
	split(place->uri, &path, &wanted);
	pthread_mutex_lock(&lock);
	rc = load_engine(err);
	if (rc == 0)
		rc = use_module(wanted, err);
	if (rc == 0) {
		ret->use.key = load_key(path, place->pin);
		if (ret->use.key != NULL)
			in_use = true;
		else
			rc = ca_openssl_err(err, ERR_NOTFOUND,
			    "the token gives no private key for this URI; is "
			    "it there, and the PIN right?");
	}
	pthread_mutex_unlock(&lock);
	free(path);
	free(wanted);
	return rc;
}
