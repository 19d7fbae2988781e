// SPDX-License-Identifier: Apache-2.0
/* The part of YAML 1.2 (yaml.org) that configuration files are written in, line by line: block mappings and sequences,
 * plain and quoted values on one line, flow sequences of plain values on one line, block scalars (of which only the
 * indicator, such as "|", is given). It is no YAML parser: anchors, aliases, tags, flow mappings, values over several
 * lines, keys of more than one word after "?" are not understood. The reader says so, and goes on with the next line.
 */
#ifndef LT_PARSE_YAMLLINES_H
#define LT_PARSE_YAMLLINES_H

#include "base/str.h"

enum { LT_YAML_DEPTH = 32 };

struct lt_yaml_frame {
    size_t column;
    size_t path; /* bytes of the path before this frame */
    bool sequence;
    unsigned index; /* of the item at hand, of a sequence */
};

/* Initialise with {.rest = text}; release with lt_yaml_free(). */
struct lt_yaml {
    struct lt_str rest;
    struct lt_buf path;
    struct lt_yaml_frame frames[LT_YAML_DEPTH];
    unsigned depth, line, document; /* line and document at hand; documents count from 0 */
    size_t skip;                    /* lines further right than this are the text of a block scalar; if skipping */
    bool skipping;
    struct lt_str flow; /* the rest of a flow sequence */
    unsigned unread;    /* places that are not understood */
    unsigned first;     /* line of the first of them */
};

/* A value. Views are borrowed until the next call. */
struct lt_yaml_item {
    struct lt_str path;    /* "spec.containers[].image" */
    struct lt_str value;   /* without quotes; escapes in it are kept */
    unsigned index, inner; /* of the items of the outermost and the innermost sequence; 0 without one */
    unsigned line;
};

/* The next value. False: there are no more. */
bool lt_yaml_next(struct lt_yaml *yaml, struct lt_yaml_item *out);
void lt_yaml_free(struct lt_yaml *yaml);

#endif
