#ifndef QUERY_SUMMARY_INTERNAL_H_
#define QUERY_SUMMARY_INTERNAL_H_

/*
 * The summary of a query in ePO's export: "query:summary?orion.query.type=
 * table.table&orion.sum.query=false".  That form is known from exports; how one
 * with orion.sum.query=true says its grouping is not.  Our reading, by the form
 * of the table's URI: orion.sum.group.by has columns parted by colons,
 * orion.sum.order is asc or desc by the counts, az or za by the groups, and
 * orion.sum.aggregation is count.
 */
struct query_summary {
	/* Clauses in place of the table's; NULL: its rows are wanted. */
	char *select, *group, *order;
	const char *chart; /* "pie", ...; NULL: as it comes */
	char *note;	   /* what was not understood; NULL: nothing */
};
/* uri: or NULL. */
void query_summary_read(const char *uri, struct query_summary *ret);
void query_summary_clear(struct query_summary *s);
#endif
