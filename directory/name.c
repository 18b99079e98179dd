#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define ACCOUNT_MAX 64 /* with the dollar */
#define TIME_DIGITS 14 /* YYYYMMDDHHMMSS */

/* In the order of their text: "623" sorts after "16995". */
static const char *const ports[] = {
    "16992", "16993", "16994", "16995", "623", "664"};

void
directory_spns(struct buf *out, const char *fqdn)
{
	char *host = str_lower(mem_dup(fqdn));
	size_t i;

	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		buf_printf(
		    out, "%sHTTP/%s:%s", i > 0 ? " " : "", host, ports[i]);
	free(host);
}

/* Not allowed in a sAMAccountName (MS-SAMR 3.1.1.6), nor wanted in a shell. */
static bool
account_char(char c)
{
	return c > ' ' && c < 127 && strchr("\"/\\[]:;|=,+*?<>@", c) == NULL;
}

static int
expand(const char *pattern, const char *host, struct buf *out, struct err *err)
{
	const char *p;

	for (p = pattern; *p != '\0'; p++) {
		if (*p == '%' && p[1] == 'h') {
			buf_str(out, host);
			p++;
		} else if (*p == '%' || !account_char(*p)) {
			return err_set(err, ERR_INVALID,
			    "account pattern '%s': only %%h and letters a "
			    "sAMAccountName may have",
			    pattern);
		} else {
			buf_char(out, *p);
		}
	}
	return 0;
}

static int
check_account(const char *pattern, const struct buf *name, struct err *err)
{
	const char *text = buf_text(name);

	if (name->over)
		return err_set(err, ERR_LIMIT,
		    "account pattern '%s' makes a name of more than %d "
		    "characters",
		    pattern, ACCOUNT_MAX);
	if (name->len < 2 || text[name->len - 1] != '$')
		return err_set(err, ERR_INVALID,
		    "account pattern '%s' must end in '$': it names a computer",
		    pattern);
	return 0;
}

int
directory_account_name(
    const char *pattern, const char *fqdn, struct buf *out, struct err *err)
{
	char *host = NULL, *domain = NULL;
	struct buf name;
	int result;

	if (!str_is_fqdn(fqdn))
		return err_set(err, ERR_INVALID, "not a host name");
	str_split_fqdn(fqdn, &host, &domain);
	buf_init(&name, ACCOUNT_MAX);
	result = expand(pattern, str_lower(host), &name, err);
	if (result == 0)
		result = check_account(pattern, &name, err);
	if (result == 0)
		buf_str(out, buf_text(&name));
	buf_free(&name);
	free(host);
	free(domain);
	return result;
}

void
directory_escape_filter(struct buf *out, const char *text)
{
	const char *p;

	for (p = text; *p != '\0'; p++) {
		if (strchr("*()\\", *p) != NULL)
			buf_printf(out, "\\%02x", (unsigned)(unsigned char)*p);
		else
			buf_char(out, *p);
	}
}

void
directory_escape_rdn(struct buf *out, const char *text)
{
	size_t i, len = strlen(text);

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool edge = (i == 0 && (c == '#' || c == ' ')) ||
		    (i == len - 1 && c == ' ');

		if (c < ' ' || c == 127)
			buf_printf(out, "\\%02X", (unsigned)c);
		else if (edge || strchr(",+\"\\<>;=", c) != NULL)
			buf_printf(out, "\\%c", c);
		else
			buf_char(out, (char)c);
	}
}

/* The next count digits as a number. */
static int
take_digits(const char **text, int count)
{
	int value = 0;

	for (; count > 0; count--)
		value = value * 10 + (*(*text)++ - '0');
	return value;
}

int
directory_parse_time(const char *text, int64_t *ret)
{
	struct tm tm;

	if (strspn(text, "0123456789") != TIME_DIGITS)
		return -1;
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = take_digits(&text, 4) - 1900;
	tm.tm_mon = take_digits(&text, 2) - 1;
	tm.tm_mday = take_digits(&text, 2);
	tm.tm_hour = take_digits(&text, 2);
	tm.tm_min = take_digits(&text, 2);
	tm.tm_sec = take_digits(&text, 2);
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!str_eq(text, "Z"))
		return -1;
	*ret = timegm(&tm);
	return 0;
}
