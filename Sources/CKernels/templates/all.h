// Every kernel of one ISA, and its table `ck_table_<suffix>`.
#include "vector.h"
#include "gemm_tile.h"
#include "gemm.h"
#include "rows_product.h"
#include "convolution.h"
#include "math.h"
#include "elementwise.h"
#include "trigonometry.h"
#include "softmax.h"
#include "normalization.h"
#include "recurrent.h"
#include "reduce.h"
#include "pooling.h"
#include "gradients.h"
#include "logistic.h"
#include "sparse_convolution.h"
#include "depthwise.h"
#include "winograd.h"
#include "windows.h"
#include "product.h"
#include "convert.h"
#include "selection.h"
#include "transpose.h"
#include "limits.h"
#include "dot.h"
#include "quantized.h"
#include "bytes.h"
#include "blocks.h"
#include "weights.h"
#include "attention.h"

#define EACH_TYPE(name)                                                                          \
  { name##_f32, name##_f64, name##_i8, name##_i16, name##_i32, name##_i64, name##_u8, name##_u16, \
    name##_u32, name##_u64 }

extern const ck_table NAME(ck_table);
const ck_table NAME(ck_table) = {
    .name = CK_NAME,
    .vectorBytes = CK_VECTOR_BYTES,
    .panelRows = MR,
    .panelColumns = NR,
    .sgemm = NAME(sgemm),
    .sgemmPackA = NAME(sgemmPackA),
    .sgemmPackB = NAME(sgemmPackB),
    .rowsProduct = NAME(rowsProduct),
    .convolutionNHWC = NAME(convolutionNHWC),
    .im2col = NAME(im2col),
    .depthwiseNHWC = NAME(depthwiseNHWC),
    .winogradInput = NAME(winogradInput),
    .winogradOutput = NAME(winogradOutput),
    .winogradFilters = NAME(winogradFilters),
    .windowPanels = NAME(windowPanels),
    .windowSums = NAME(windowSums),
    .windowFilter = NAME(windowFilter),
    .product = {[CK_F64] = NAME(product_f64), [CK_I32] = NAME(product_i32),
                [CK_U32] = NAME(product_i32), [CK_I64] = NAME(product_i64),
                [CK_U64] = NAME(product_i64)},
    .igemm = NAME(igemm),
    .igemmPackB = NAME(igemmPackB),
    .requantize = NAME(requantize),
    .quantizedProduct = NAME(quantizedProduct),
    .depthwiseBytes = NAME(depthwiseBytes),
    .windowsOfBytes = NAME(windowsOfBytes),
    .addBytes = NAME(addBytes),
    .maxPoolBytes = NAME(maxPoolBytes),
    .sumRowsOfBytes = NAME(sumRowsOfBytes),
    .blockProduct = NAME(blockProduct),
    .blockQuantize = NAME(blockQuantize),
    .blockExpand = NAME(blockExpand),
    .quantizeWeights = NAME(quantizeWeights),
    .rangeWithZero = NAME(rangeWithZero),
    .quantize = NAME(quantize),
    .dequantize = NAME(dequantize),
    .dequantizeEach = NAME(dequantizeEach),
#if defined(CK_HAS_AVX512)
    .hasVNNI = true,
    .hasBF16 = true,
    .bgemm = NAME(bgemm),
    .bgemmPackB = NAME(bgemmPackB),
#endif
    .binary = {EACH_TYPE(binary_add), EACH_TYPE(binary_subtract), EACH_TYPE(binary_multiply),
               EACH_TYPE(binary_divide), EACH_TYPE(binary_min), EACH_TYPE(binary_max),
               {binary_power_f32, binary_power_f64}},
    .compare = {EACH_TYPE(compare_equal), EACH_TYPE(compare_less), EACH_TYPE(compare_lessOrEqual)},
    .unary = {unary_relu, unary_sigmoid, unary_tanh, unary_exp, unary_log, unary_sqrt,
              unary_reciprocal, unary_negate, unary_absolute, unary_erf, unary_floor, unary_ceil,
              unary_gelu, unary_geluTanh, unary_silu, unary_hardSwish, unary_sin, unary_cos,
              unary_tan, unary_atan, unary_asin, unary_acos, unary_sinh, unary_cosh, unary_asinh,
              unary_acosh, unary_atanh, unary_softplus, unary_expm1, unary_round},
    .truncate = {[CK_I8] = truncate_i8, [CK_I16] = truncate_i16, [CK_I32] = truncate_i32,
                 [CK_I64] = truncate_i64, [CK_U8] = truncate_u8, [CK_U16] = truncate_u16},
    .clamp = NAME(clamp),
    .leakyRelu = NAME(leakyRelu),
    .axpby = NAME(axpby),
    .softmax = NAME(softmax),
    .logSoftmax = NAME(logSoftmax),
    .layerNorm = NAME(layerNorm),
    .rnnStep = NAME(rnnStep),
    .lstmStep = NAME(lstmStep),
    .gruReset = NAME(gruReset),
    .gruStep = NAME(gruStep),
    .reduce = {EACH_TYPE(reduce_sum), EACH_TYPE(reduce_product), EACH_TYPE(reduce_max),
               EACH_TYPE(reduce_min), EACH_TYPE(reduce_sumSquares)},
    .argExtreme = NAME(argExtreme),
    .reluGradient = NAME(reluGradient),
    .sigmoidGradient = NAME(sigmoidGradient),
    .tanhGradient = NAME(tanhGradient),
    .maxPoolGradient = NAME(maxPoolGradient),
    .sparseConvolutionGradient = NAME(sparseConvolutionGradient),
    .adamStep = NAME(adamStep),
    .logisticLoss = NAME(logisticLoss),
    .lstmTraining = NAME(lstmTraining),
    .lstmGradient = NAME(lstmGradient),
    .geluGradient = NAME(geluGradient),
    .layerNormGradient = NAME(layerNormGradient),
    .softmaxGradient = NAME(softmaxGradient),
    .maxPool = NAME(maxPool),
    .averagePool = NAME(averagePool),
    .floatFromHalf = NAME(floatFromHalf),
    .halfFromFloat = NAME(halfFromFloat),
    .floatFromBFloat = NAME(floatFromBFloat),
    .bfloatFromFloat = NAME(bfloatFromFloat),
    .sumOfExponentials = NAME(sumOfExponentials),
    .indicesAtLeast = NAME(indicesAtLeast),
    .transpose = NAME(transpose),
    .attention = NAME(attention),
    .storePosition = NAME(storePosition),
    .rmsNorm = NAME(rmsNorm),
    .rotate = NAME(rotate),
    .gated = {NAME(gated_silu), NAME(gated_gelu), NAME(gated_geluTanh)},
    .peakFMA = NAME(peakFMA),
    .peakFlopsPerIteration = 2.0 * PEAK_CHAINS * VL,
    .readSum = NAME(readSum),
};
