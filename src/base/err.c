// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum lt_status lt_fail(struct lt_err *err, enum lt_status status, const char *code, int sys, const char *format, ...)
{
    if (!err || err->set)
        return status;
    err->set = true;
    err->status = status;
    err->code = code;
    err->sys = sys;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    if (sys)
        snprintf(err->text + used, sizeof err->text - used, ": %s", strerrordesc_np(sys));
    return status;
}

void lt_err_clear(struct lt_err *err)
{
    err->set = false; /* the rest is left alone: this runs for every entry, and lt_fail() sets all of it */
    err->status = LT_OK;
    err->sys = 0;
    err->text[0] = 0;
}
