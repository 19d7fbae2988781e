// SPDX-License-Identifier: Apache-2.0
#include "command/command.h"
#include "timeline/pipeline.h"

const struct lt_command lt_command_timeline = {
    .name = "timeline",
    .arguments = "EVIDENCE...",
    .summary = "all that has a time, sorted: the main job, also without its name",
    .options = LT_OPTIONS_ROWS | LT_OPTIONS_FILES | LT_OPTIONS_INFRA,
    .run = lt_pipeline_run,
};
