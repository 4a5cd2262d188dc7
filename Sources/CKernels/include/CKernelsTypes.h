// The names of types and operations that index the kernel table.
#pragma once

/// Element types, in the order of the table's columns.
enum {
  CK_F32, CK_F64, CK_I8, CK_I16, CK_I32, CK_I64, CK_U8, CK_U16, CK_U32, CK_U64, CK_TYPE_COUNT
};

/// Which operand of a binary kernel is one value for all elements.
typedef enum { CK_VECTORS = 0, CK_LEFT_SCALAR = 1, CK_RIGHT_SCALAR = 2 } ck_operand;

/// Integers wrap; an integer division by zero gives 0, and the smallest value divided by -1 itself.
/// `min` and `max` of floats give NaN if either is NaN. `pow` exists for floats only.
enum {
  CK_ADD, CK_SUBTRACT, CK_MULTIPLY, CK_DIVIDE, CK_MIN, CK_MAX, CK_POWER, CK_BINARY_COUNT
};
enum { CK_EQUAL, CK_LESS, CK_LESS_OR_EQUAL, CK_COMPARE_COUNT };
enum {
  CK_RELU, CK_SIGMOID, CK_TANH, CK_EXP, CK_LOG, CK_SQRT, CK_RECIPROCAL, CK_NEGATE, CK_ABSOLUTE,
  CK_ERF, CK_FLOOR, CK_CEIL, CK_GELU, CK_GELU_TANH, CK_SILU, CK_HARD_SWISH, CK_SIN, CK_COS,
  CK_TAN, CK_ATAN, CK_ASIN, CK_ACOS, CK_SINH, CK_COSH, CK_ASINH, CK_ACOSH, CK_ATANH, CK_SOFTPLUS, CK_EXPM1,
  CK_ROUND, CK_UNARY_COUNT
};
enum { CK_SUM, CK_PRODUCT, CK_REDUCE_MAX, CK_REDUCE_MIN, CK_SUM_SQUARES, CK_REDUCE_COUNT };
