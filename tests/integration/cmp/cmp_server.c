/*
 * The imitated CMP CA as a program, for whole cycles: cmp_server FOLDER SECRET
 * writes anchors.pem into the folder, serves on 127.0.0.1 and says on which
 * port.  Then a line on standard input is a command, answered with a line:
 *
 *   issue | wait | refuse | wrong-names   what it does from now on
 *   asked                                 what it was asked since the last time
 */
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cmp_ca.h"
#include "file.h"
#include "http_peer.h"
#include "mem.h"
#include "other_ca.h"

static struct other_ca *other;
static struct cmp_ca *ca;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool wrong_names;
static long serial = 1000;

/* The DNS names of a CSR as OpenSSL's configuration has them. */
static void
read_names(X509_REQ *csr, struct buf *san)
{
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(csr);
	GENERAL_NAMES *names =
	    X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *name;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type == GEN_DNS)
			buf_printf(san, "%sDNS:%.*s", san->len > 0 ? "," : "",
			    ASN1_STRING_length(name->d.dNSName),
			    (const char *)ASN1_STRING_get0_data(
				name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

static void
issue(void *cookie, const uint8_t *der, size_t len, struct buf *out)
{
	const unsigned char *p = der;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)len);
	struct other_wish wish = {.serial = ++serial};
	struct buf san;
	char cn[128] = "";

	(void)cookie;
	if (csr == NULL)
		abort();
	buf_init(&san, 4096);
	read_names(csr, &san);
	(void)X509_NAME_get_text_by_NID(
	    X509_REQ_get_subject_name(csr), NID_commonName, cn, sizeof(cn));
	wish.cn = cn;
	wish.san = wrong_names ? "DNS:evil.example" : buf_text(&san);
	other_ca_issue(other, &wish, der, len, out);
	buf_free(&san);
	X509_REQ_free(csr);
}

static void
serve(struct http_link *link, void *cookie)
{
	struct http_request *request = mem_alloc(sizeof(*request));
	struct buf out;
	char head[128];

	(void)cookie;
	buf_init(&out, 65536);
	if (http_link_read(link, request)) {
		(void)pthread_mutex_lock(&mutex);
		(void)cmp_ca_answer(ca, request->body, request->body_len, &out);
		(void)pthread_mutex_unlock(&mutex);
		(void)snprintf(head, sizeof(head),
		    "HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\n"
		    "Content-Length: %zu\r\n\r\n",
		    out.len);
		(void)http_link_say(link, head);
		(void)http_link_write(link, out.data, out.len);
	}
	buf_free(&out);
	free(request);
}

static void
obey(const char *line)
{
	struct cmp_plan *plan = cmp_ca_plan(ca);

	(void)pthread_mutex_lock(&mutex);
	if (strcmp(line, "asked") == 0) {
		(void)printf("%s\n", cmp_ca_asked(ca));
		cmp_ca_forget(ca);
	} else {
		plan->wait = strcmp(line, "wait") == 0;
		plan->check_after = 3600;
		plan->refuse = strcmp(line, "refuse") == 0 ? 19 + 1 : 0;
		plan->text = "not on my list";
		wrong_names = strcmp(line, "wrong-names") == 0;
		(void)printf("%s\n", line);
	}
	(void)pthread_mutex_unlock(&mutex);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	const struct http_peer_conf http = {.serve = serve};
	struct cmp_ca_conf conf = {.reference = "amtkeeper", .issue = issue};
	struct http_peer *peer;
	char line[64], *anchors;

	if (argc != 3)
		return 2;
	other = other_ca_new("Plant CA");
	conf.secret = argv[2];
	conf.authority = other->cert;
	ca = cmp_ca_new(&conf);
	anchors = mem_printf("%s/anchors.pem", argv[1]);
	if (file_write(anchors, other->pem, strlen(other->pem), 0644, false,
		NULL) != 0)
		return 1;
	free(anchors);
	peer = http_peer_start(&http);
	(void)printf("%u\n", (unsigned)http_peer_port(peer));
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	http_peer_stop(peer);
	cmp_ca_free(ca);
	other_ca_free(other);
	return 0;
}
