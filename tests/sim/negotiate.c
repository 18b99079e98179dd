#include <gssapi/gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words_internal.h"

/*
 * negotiate HOST:PORT: a client's half of Negotiate for the tests.  Writes the
 * token for HTTP/HOST:PORT in base64 as a line, reads the answer's token as a
 * line (may be empty), and says "complete" when the server proved itself.
 */
#define MAX_LINE 65536

static gss_OID_desc spnego = {6, NULL};

static int
step(gss_ctx_id_t *context, gss_name_t name, gss_buffer_t in)
{
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	struct text line = {.data = NULL};
	OM_uint32 minor, major;

	major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, context, name,
	    &spnego, GSS_C_MUTUAL_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS, in, NULL,
	    &token, NULL, NULL);
	/* Later ones only tell the server that we are not content. */
	if (token.length > 0 && in == GSS_C_NO_BUFFER) {
		text_base64(&line, token.value, token.length);
		puts(line.data);
		(void)fflush(stdout);
	}
	text_free(&line);
	(void)gss_release_buffer(&minor, &token);
	if (GSS_ERROR(major))
		return -1;
	return major == GSS_S_COMPLETE ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static char oid[] = "\x2b\x06\x01\x05\x05\x02";
	static char line[MAX_LINE];
	static uint8_t bytes[MAX_LINE];
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_name_t name = GSS_C_NO_NAME;
	gss_buffer_desc text, answer = {0, bytes};
	struct text service = {.data = NULL};
	OM_uint32 minor;
	int rc;

	if (argc != 2)
		return 2;
	spnego.elements = oid;
	text_addf(&service, "HTTP@%s", argv[1]);
	text.value = service.data;
	text.length = service.len;
	if (GSS_ERROR(gss_import_name(
		&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name)))
		return 1;
	rc = step(&context, name, GSS_C_NO_BUFFER);
	if (rc > 0 && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		rc = unbase64(line, bytes, sizeof(bytes), &answer.length) < 0
		    ? -1
		    : step(&context, name, &answer);
	}
	puts(rc == 0 ? "complete" : "incomplete");
	(void)gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
	(void)gss_release_name(&minor, &name);
	text_free(&service);
	return rc == 0 ? 0 : 1;
}
