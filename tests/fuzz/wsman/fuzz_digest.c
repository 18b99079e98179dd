#include <assert.h>
#include <stdlib.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "wsman.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What is answered goes into a header: printable, and only ever one line. */
static void
answer(struct wsman_digest *d)
{
	static struct secret *password;
	struct wsman_digest_request request = {
	    .user = "admin", .method = "POST", .uri = "/wsman"};
	struct buf out;
	struct err err = {0};
	size_t i;

	if (password == NULL)
		password = secret_new("P@ssw0rd", 8);
	request.password = password;
	buf_init(&out, 8192);
	if (wsman_digest_answer(d, &request, &out, &err) != 0)
		abort();
	assert(!out.over);
	for (i = 0; i < out.len; i++)
		assert(out.data[i] >= 0x20 && out.data[i] < 0x7f);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_alloc(len + 1);
	struct wsman_digest *d = NULL;
	struct err err = {0};
	size_t i;

	for (i = 0; i < len; i++)
		text[i] = (char)bytes[i];
	if (wsman_digest_parse(text, &d, &err) == 0)
		answer(d);
	else
		assert(d == NULL && err.kind != ERR_NONE);
	wsman_digest_free(d);
	free(text);
	return 0;
}
