/*
 * A certificate of ours, 64 in flight and durable, beside one of "openssl ca":
 * CPU time, of the whole child there.  For issuing keys on P-256 and of
 * RSA-3072, with 100 certificates in its index and with 20,000; in turns.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "askers.h"
#include "buf.h"
#include "ca.h"
#include "ca_bench.h"
#include "err.h"
#include "file.h"
#include "mem.h"

#define ROUNDS 7
#define RUNS 5 /* of the program, a round */
#define INDEX_MAX (16u << 20)

static struct bench_askers askers;

/* --- openssl ca --- */

static const char conf_text[] = "[ca]\n"
				"default_ca = c\n"
				"[c]\n"
				"dir = .\n"
				"new_certs_dir = .\n"
				"database = index.txt\n"
				"rand_serial = yes\n"
				"certificate = ca.pem\n"
				"private_key = ca.key.pem\n"
				"default_md = sha384\n"
				"default_days = 365\n"
				"policy = p\n"
				"copy_extensions = copy\n"
				"unique_subject = no\n"
				"x509_extensions = e\n"
				"[p]\n"
				"commonName = supplied\n"
				"[e]\n"
				"basicConstraints = critical,CA:FALSE\n"
				"keyUsage = critical,digitalSignature\n"
				"extendedKeyUsage = serverAuth\n"
				"subjectKeyIdentifier = hash\n"
				"authorityKeyIdentifier = issuer\n";

static void
put(const char *folder, const char *name, const void *bytes, size_t len)
{
	char *path = mem_printf("%s/%s", folder, name);
	struct err err;

	(void)unlink(path);
	bench_need(
	    file_write(path, bytes, len, 0600, true, &err) == 0, path, &err);
	free(path);
}

static void
put_pem(const char *folder, const char *name, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	bench_need(len > 0, name, NULL);
	put(folder, name, data, (size_t)len);
	BIO_free(bio);
}

static X509 *
self_signed(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_NAME_new();

	bench_need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		       (const unsigned char *)"Bench", -1, -1, 0) == 1 &&
		X509_set_version(x, X509_VERSION_3) == 1 &&
		ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
		X509_set_subject_name(x, name) == 1 &&
		X509_set_issuer_name(x, name) == 1 &&
		X509_gmtime_adj(X509_getm_notBefore(x), 0) != NULL &&
		X509_gmtime_adj(X509_getm_notAfter(x), 86400L * 3650) != NULL &&
		X509_set_pubkey(x, key) == 1 &&
		X509_sign(x, key, EVP_sha384()) > 0,
	    "its CA", NULL);
	X509_NAME_free(name);
	return x;
}

static void
put_index(const char *folder, size_t count)
{
	struct buf text;
	size_t i;

	buf_init(&text, INDEX_MAX);
	for (i = 0; i < count; i++)
		buf_printf(&text,
		    "V\t370101000000Z\t\t%032zX\tunknown\t/CN=d%zu."
		    "corp.example\n",
		    i + 0x1000, i);
	put(folder, "index.txt", text.data, text.len);
	buf_free(&text);
}

static void
make_theirs(const char *folder, EVP_PKEY *key, size_t count)
{
	X509 *x = self_signed(key);
	const unsigned char *p = askers.list[0].csr.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)askers.list[0].csr.len);
	BIO *bio = BIO_new(BIO_s_mem());

	bench_need(PEM_write_bio_X509(bio, x) == 1, "PEM", NULL);
	put_pem(folder, "ca.pem", bio);
	bio = BIO_new(BIO_s_mem());
	bench_need(PEM_write_bio_PKCS8PrivateKey(
		       bio, key, NULL, NULL, 0, NULL, NULL) == 1,
	    "PEM", NULL);
	put_pem(folder, "ca.key.pem", bio);
	bio = BIO_new(BIO_s_mem());
	bench_need(PEM_write_bio_X509_REQ(bio, req) == 1, "PEM", NULL);
	put_pem(folder, "request.pem", bio);
	put(folder, "ca.cnf", conf_text, sizeof(conf_text) - 1);
	put_index(folder, count);
	X509_REQ_free(req);
	X509_free(x);
}

static double
children_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void
run_theirs(const char *folder)
{
	int status;
	pid_t pid = fork();

	bench_need(pid >= 0, "fork", NULL);
	if (pid == 0) {
		if (chdir(folder) != 0 ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		(void)execlp("openssl", "openssl", "ca", "-batch", "-notext",
		    "-config", "ca.cnf", "-in", "request.pem", "-out",
		    "certificate.pem", (char *)NULL);
		_exit(1);
	}
	bench_need(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		WEXITSTATUS(status) == 0,
	    "openssl ca", NULL);
}

static double
theirs(const char *folder)
{
	double start = children_us();
	int i;

	for (i = 0; i < RUNS; i++)
		run_theirs(folder);
	return (children_us() - start) / RUNS;
}

/* --- ours --- */

static double
ours(struct ca *ca)
{
	static struct ca_issuance list[CA_ISSUE_MANY];
	static char keys[CA_ISSUE_MANY][BENCH_KEY];
	double start = bench_cpu_us();
	size_t i;

	bench_ask(&askers, list, keys, CA_ISSUE_MANY);
	ca_issue_many(ca, list, CA_ISSUE_MANY);
	for (i = 0; i < CA_ISSUE_MANY; i++) {
		bench_need(list[i].err.kind == ERR_NONE, "issue", &list[i].err);
		ca_cert_clear(&list[i].cert);
	}
	return (bench_cpu_us() - start) / CA_ISSUE_MANY;
}

static void
compare(const char *name, EVP_PKEY *key, size_t count)
{
	char folder[] = "/tmp/amtkeeper-openssl-XXXXXX";
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];
	struct bench_ca own;
	char *command;
	size_t i;

	bench_need(mkdtemp(folder) != NULL, folder, NULL);
	make_theirs(folder, key, count);
	bench_ca_make(&own, BENCH_DISK);
	bench_ca_use(&own, key);
	for (i = 0; i < ROUNDS; i++) {
		a[i] = theirs(folder);
		b[i] = ours(own.ca);
		ratio[i] = a[i] / b[i];
	}
	printf("%s, %zu on record: openssl ca %.0f us, ours %.0f us: %.1f "
	       "times less\n",
	    name, count, bench_median(a, ROUNDS), bench_median(b, ROUNDS),
	    bench_median(ratio, ROUNDS));
	bench_ca_close(&own);
	command = mem_printf("rm -rf %s", folder);
	bench_need(system(command) == 0, command, NULL);
	free(command);
}

int
main(void)
{
	EVP_PKEY *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *rsa = EVP_RSA_gen(3072);

	bench_need(p256 != NULL && rsa != NULL, "keys", NULL);
	bench_askers_make(&askers, CA_ISSUE_MANY);
	compare("P-256", p256, 100);
	compare("P-256", p256, 20000);
	compare("RSA-3072", rsa, 100);
	compare("RSA-3072", rsa, 20000);
	bench_askers_free(&askers);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(rsa);
	return 0;
}
