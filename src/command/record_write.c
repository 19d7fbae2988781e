// SPDX-License-Identifier: Apache-2.0
#include "command/record.h"
#include "run/job.h"
#include "run/terminal.h"

enum lt_status lt_records_write(struct lt_job *job, const struct lt_list *records, const struct lt_column *columns,
                                size_t count, struct lt_err *err)
{
    struct lt_buf *out = lt_output_buffer(&job->output);
    struct lt_style style = lt_terminal_style(job->options);
    switch (job->options->table) {
    case LT_TABLE_TEXT:
        lt_records_table(out, records, columns, count, &style, 0);
        break;
    case LT_TABLE_JSON:
        lt_records_json(out, records);
        break;
    case LT_TABLE_JSONL:
        lt_records_json_lines(out, records);
        break;
    case LT_TABLE_CSV:
        lt_records_csv(out, records, columns, count, job->options->raw_csv);
        break;
    }
    job->rows += records->count;
    return lt_output_flush(&job->output, err);
}
