// A C face of libsimdjson: documents as flat lists of nodes, and tensors' elements as bytes. All
// functions are safe on any input; none keeps state but in its parser.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that must be readable behind a text.
enum { MARTLET_JSON_PADDING = 64 };

typedef enum {
  MARTLET_JSON_OK = 0,
  // Not JSON (RFC 8259): syntax, a control character in a string, bytes after the end.
  MARTLET_JSON_MALFORMED,
  MARTLET_JSON_NOT_UTF8,
  MARTLET_JSON_TOO_DEEP,
  MARTLET_JSON_TOO_MANY_NODES,
  MARTLET_JSON_TOO_LARGE,
  // An element of a tensor is of another type than the tensor, or does not fit it.
  MARTLET_JSON_WRONG_TYPE,
  MARTLET_JSON_OUT_OF_RANGE,
} martlet_json_status;

typedef enum {
  MARTLET_JSON_NULL,
  MARTLET_JSON_FALSE,
  MARTLET_JSON_TRUE,
  // text: the number as written.
  MARTLET_JSON_NUMBER,
  // text: the characters without escapes.
  MARTLET_JSON_STRING,
  // count: elements; they follow.
  MARTLET_JSON_ARRAY,
  // count: members; each is a string node and its value's nodes.
  MARTLET_JSON_OBJECT,
  // text: an array that was not looked into.
  MARTLET_JSON_RAW_ARRAY,
} martlet_json_kind;

typedef struct {
  const char *text;
  size_t count;
  martlet_json_kind kind;
} martlet_json_node;

typedef struct martlet_json_parser martlet_json_parser;

martlet_json_parser *martlet_json_parser_new(void);
void martlet_json_parser_free(martlet_json_parser *parser);
// Gives memory back that only a large text needed.
void martlet_json_parser_shrink(martlet_json_parser *parser);

// Reads a text. Arrays that are members named `raw_key` are left for martlet_json_read_elements. The
// nodes are valid until the parser's next use, and point into the text or the parser.
martlet_json_status martlet_json_parse(
    martlet_json_parser *parser, const char *text, size_t count, size_t depth_max,
    size_t nodes_max, const char *raw_key, const martlet_json_node **nodes, size_t *node_count);

// Where the last call stopped, as an offset in its text; -1 when that is not known.
ptrdiff_t martlet_json_error_offset(const martlet_json_parser *parser);

typedef enum {
  MARTLET_JSON_BOOL,
  MARTLET_JSON_UINT8,
  MARTLET_JSON_UINT16,
  MARTLET_JSON_UINT32,
  MARTLET_JSON_UINT64,
  MARTLET_JSON_INT8,
  MARTLET_JSON_INT16,
  MARTLET_JSON_INT32,
  MARTLET_JSON_INT64,
  MARTLET_JSON_FP32,
  MARTLET_JSON_FP64,
  // Each element: a 32-bit little-endian length, then its UTF-8 bytes.
  MARTLET_JSON_BYTES,
} martlet_json_element_type;

typedef struct {
  // Grows up to the limit; see martlet_json_elements_free.
  uint8_t *bytes;
  size_t byte_count;
  size_t capacity;
  size_t byte_count_max;
  // Elements so far: after an error, the index of the element at fault.
  size_t element_count;
} martlet_json_elements;

// Reads an array, of arrays or not, into little-endian elements in their order.
martlet_json_status martlet_json_read_elements(
    martlet_json_parser *parser, const char *text, size_t count, size_t depth_max,
    martlet_json_element_type type, martlet_json_elements *elements);

void martlet_json_elements_free(martlet_json_elements elements);

// The most bytes that an element and a comma take; 0 for BYTES.
size_t martlet_json_element_text_max(martlet_json_element_type type);

// Writes elements with commas between them; `output` has room for all. Floats are the shortest
// text that reads as the same value; what is not finite is "NaN", "Infinity" or "-Infinity".
// Returns the bytes written. Not for BYTES.
size_t martlet_json_write_elements(
    martlet_json_element_type type, const void *bytes, size_t element_count, char *output);

#ifdef __cplusplus
}
#endif
