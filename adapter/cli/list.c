#include "cli.h"

struct table *
cli_table(const struct cli *c, const struct table_column *columns, size_t count)
{
	return cli_table_on(c, columns, count, stdout);
}

struct table *
cli_table_on(const struct cli *c, const struct table_column *columns,
    size_t count, FILE *out)
{
	struct table *t = table_new(c->format, columns, count, out);

	if (c->colour)
		table_set_colour(t);
	if (c->utf8)
		table_set_utf8(t);
	table_set_width(t, c->width);
	return t;
}

int
cli_row(struct table *t, struct err *err)
{
	table_row(t);
	if (ferror(stdout) != 0)
		return err_set(err, ERR_CANCELLED, "cannot write the output");
	return 0;
}

int
cli_scanned(int rc, const struct err *err)
{
	return rc == 0 || ferror(stdout) != 0 ? CODE_OK : cli_fail(err);
}

int
cli_listed(const struct cli *c, struct table *t, int rc, const struct err *err)
{
	if (rc == 0 && table_rows(t) == 0 && c->format == TABLE_TEXT)
		cli_note(c, "nothing to show");
	table_end(t);
	return cli_scanned(rc, err);
}
