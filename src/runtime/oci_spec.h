#ifndef LT_RUNTIME_OCI_SPEC_H
#define LT_RUNTIME_OCI_SPEC_H
#include "read/facts.h"
struct json_t;
void lt_oci_spec_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *spec, struct lt_str path,
                      struct lt_facts *facts);
#endif
