"""Operators of ONNX Runtime's own domain that exporters, its optimiser and its quantiser write."""

import platform
from pathlib import Path

import numpy as np

from cases import Const

# Whether ONNX Runtime sums products of bytes exactly on this processor.
SUMS_ARE_EXACT = platform.machine() != "x86_64" or "_vnni" in Path("/proc/cpuinfo").read_text()

# Where ONNX Runtime multiplies with a rounded ratio of scales instead of dividing.
QUANTUM = {"quanta": 1}
# ONNX Runtime quantises what meets 8-bit weights; here it keeps its digits.
ACTIVATIONS = {"relative": 2e-2, "largest": 2e-2}


def write(suite, seed):
    random = np.random.default_rng(seed)

    def f32(*shape, scale=1.0):
        return (random.standard_normal(shape) * scale).astype(np.float32)

    def positive(*shape):
        return (random.random(shape) * 0.05 + 0.005).astype(np.float32)

    def ints(dtype, *shape, low=None, high=None):
        info = np.iinfo(dtype)
        return random.integers(
            info.min if low is None else low, (info.max if high is None else high) + 1, shape,
        ).astype(dtype)

    linear(suite, f32)
    normalisations(suite, f32, ints)
    attention(suite, f32, ints, positive)
    rotary(suite, f32, ints)
    quantised(suite, ints, positive)
    products(suite, f32, ints, positive)
    others(suite, f32, ints)


def linear(suite, f32):
    suite.op("fused_matmul", "FusedMatMul", [f32(2, 3, 4), f32(2, 4, 5)], alpha=0.5)
    suite.op("fused_matmul_trans", "FusedMatMul", [f32(2, 4, 3), Const(f32(5, 4))],
             transA=1, transB=1, alpha=2.0)
    suite.op("fused_matmul_vector", "FusedMatMul", [f32(4), f32(4, 5)])
    suite.op("fused_matmul_batch", "FusedMatMul", [f32(3, 2, 4), f32(5, 2, 4)],
             transBatchA=1, transBatchB=1, transB=1)
    suite.op("transpose_matmul", "TransposeMatMul", [f32(3, 4), f32(5, 4)], transB=1)
    for activation, attributes in [
            ("Relu", {}), ("Tanh", {}), ("Sigmoid", {}), ("LeakyRelu", {"activation_alpha": 0.2})]:
        suite.op(f"fused_gemm_{activation.lower()}", "FusedGemm",
                 [f32(3, 4), Const(f32(5, 4)), Const(f32(5))], activation=activation,
                 transB=1, alpha=0.5, beta=2.0, **attributes)
    conv = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    image = [f32(2, 3, 7, 6), Const(f32(4, 3, 3, 3)), Const(f32(4))]
    for activation, parameters in [
            ("Relu", []), ("Sigmoid", []), ("Tanh", []), ("LeakyRelu", [0.1]),
            ("Clip", [-0.5, 0.5]), ("HardSigmoid", [0.25, 0.4])]:
        extra = {"activation_params": parameters} if parameters else {}
        suite.op(f"fused_conv_{activation.lower()}", "FusedConv", image, activation=activation,
                 **conv, **extra)
    suite.op("fused_conv_residual", "FusedConv", image + [f32(2, 4, 7, 6)], activation="Relu",
             **conv)
    suite.op("fused_conv_strides", "FusedConv", image, activation="Relu", kernel_shape=[3, 3],
             strides=[2, 2], dilations=[1, 2], auto_pad="VALID")
    suite.op("bias_gelu", "BiasGelu", [f32(2, 3, 8), Const(f32(8))])
    suite.op("gelu", "Gelu", [f32(2, 3, 8, scale=3)])
    suite.op("fast_gelu", "FastGelu", [f32(2, 3, 8, scale=3)])
    suite.op("fast_gelu_bias", "FastGelu", [f32(2, 3, 8), Const(f32(8))])
    suite.op("quick_gelu", "QuickGelu", [f32(2, 3, 8)])
    suite.op("quick_gelu_alpha", "QuickGelu", [f32(2, 3, 8)], alpha=1.0)


def normalisations(suite, f32, ints):
    x, skip = f32(2, 5, 16), f32(2, 5, 16)
    gamma, beta, bias = Const(f32(16)), Const(f32(16)), Const(f32(16))
    suite.op("skip_layer_normalization", "SkipLayerNormalization", [x, skip, gamma, beta])
    suite.op("skip_layer_normalization_bias", "SkipLayerNormalization",
             [x, skip, gamma, beta, bias], ["y", "", "", "sum"], epsilon=1e-5)
    suite.op("skip_layer_normalization_no_beta", "SkipLayerNormalization",
             [x, f32(5, 16), gamma, None, bias])
    suite.op("skip_layer_normalization_one_skip", "SkipLayerNormalization",
             [x, f32(1, 5, 16), gamma, beta])
    suite.op("skip_simplified", "SkipSimplifiedLayerNormalization", [x, skip, gamma],
             ["y", "", "", "sum"], epsilon=1e-6)
    suite.op("skip_simplified_bias", "SkipSimplifiedLayerNormalization", [x, skip, gamma, bias])
    suite.op("simplified_layer_normalization", "SimplifiedLayerNormalization", [x, gamma],
             domain="", epsilon=1e-6)
    suite.op("simplified_axis", "SimplifiedLayerNormalization", [x, Const(f32(5, 16))],
             domain="", axis=1)
    words, places, segments = Const(f32(30, 16)), Const(f32(12, 16)), Const(f32(2, 16))
    ids = ints(np.int32, 2, 5, low=0, high=29)
    kinds = ints(np.int32, 2, 5, low=0, high=1)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    embed = [ids, kinds, words, places, segments, gamma, beta]
    suite.op("embed_layer_normalization", "EmbedLayerNormalization", embed + [mask],
             ["y", "index", "sum"])
    suite.op("embed_no_mask", "EmbedLayerNormalization", embed, ["y", "index"])
    suite.op("embed_no_segments", "EmbedLayerNormalization",
             [ids, None, words, places, None, gamma, beta, mask], ["y", "index"])
    suite.op("embed_positions", "EmbedLayerNormalization",
             embed + [mask, ints(np.int32, 2, 5, low=0, high=11)], ["y", "index"], epsilon=1e-5)

    def table(*shape):
        return Const(ints(np.uint8, *shape))

    scales = [Const(np.array(0.02 + index / 100, np.float32)) for index in range(5)]
    zeros = [Const(np.array(120 + index, np.uint8)) for index in range(5)]
    suite.op("qembed_layer_normalization", "QEmbedLayerNormalization",
             [ids, kinds, table(30, 16), table(12, 16), table(2, 16), table(16), table(16), mask]
             + scales + zeros, 2, epsilon=1e-5)


def attention(suite, f32, ints, positive):
    batch, length, width, heads = 2, 5, 16, 4
    x, w, b = f32(batch, length, width), Const(f32(width, 48)), Const(f32(48))
    lengths = np.array([3, 5], np.int32)
    ends = np.array([4, 5, 1, 0], np.int32)
    flat = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    square = ints(np.int32, batch, length, length, low=0, high=1)
    square[:, :, 0] = 1

    def op(name, *inputs, outputs=1, **attributes):
        suite.op(f"attention_{name}", "Attention", list(inputs), outputs, num_heads=heads,
                 **attributes)

    op("plain", x, w, b)
    op("no_bias", x, w)
    op("lengths", x, w, b, lengths)
    op("ends", x, w, b, ends)
    op("mask", x, w, b, flat)
    op("square_mask", x, w, b, square)
    op("causal", x, w, b, unidirectional=1)
    op("causal_mask", x, w, b, flat, unidirectional=1)
    op("scale", x, w, b, scale=0.3, mask_filter_value=-50.0)
    op("sizes", x, Const(f32(width, 16 + 16 + 24)), Const(f32(56)), qkv_hidden_sizes=[16, 16, 24])
    op("bias_term", x, w, b, None, None, f32(batch, heads, length, length))
    op("bias_term_shared", x, w, b, flat, None, f32(1, heads, length, length))
    past = f32(2, batch, heads, 3, width // heads)
    op("past", x, w, b, None, past, outputs=2, unidirectional=1)
    op("past_mask", x, w, b, np.concatenate([np.ones((2, 3), np.int32), flat], 1), past,
       outputs=2)

    def multi(name, *inputs, outputs=1, **attributes):
        suite.op(f"multi_head_attention_{name}", "MultiHeadAttention", list(inputs), outputs,
                 num_heads=heads, **attributes)

    q, k, v = f32(batch, length, width), f32(batch, 7, width), f32(batch, 7, width)
    bias = Const(f32(48))
    keys = np.array([[1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1, 0]], np.int32)
    multi("plain", q, k, v)
    multi("bias", q, k, v, bias)
    multi("mask", q, k, v, bias, keys)
    multi("lengths", q, k, v, None, np.array([4, 7], np.int32))
    multi("term", q, k, v, None, None, f32(1, heads, length, 7))
    multi("wide_values", q, k, f32(batch, 7, 24), Const(f32(16 + 16 + 24)))
    multi("causal", q, f32(batch, length, width), f32(batch, length, width), unidirectional=1)
    multi("scale", q, k, v, scale=0.7)
    multi("cross", q, f32(batch, heads, 6, 4), f32(batch, heads, 6, 4))
    multi("past", q, f32(batch, length, width), f32(batch, length, width), bias, None, None,
          f32(batch, heads, 3, 4), f32(batch, heads, 3, 4), outputs=3, unidirectional=1)
    multi("present", q, k, v, outputs=3)

    x8, w8 = ints(np.uint8, batch, length, width), weights(ints, width, 48)
    scale, zero = np.array(0.02, np.float32), np.array(118, np.uint8)
    scales = [Const(scale), Const(np.array(0.01, np.float32))]
    suite.op("qattention", "QAttention", [x8, w8, b] + scales, num_heads=heads)
    suite.op("qattention_mask", "QAttention",
             [x8, w8, b] + scales + [lengths, Const(zero), Const(np.array(3, np.int8))],
             num_heads=heads)
    suite.op("qattention_columns", "QAttention",
             [x8, Const(ints(np.uint8, width, 48)), b, Const(scale), Const(positive(48)), flat,
              Const(zero), Const(ints(np.uint8, 48))], num_heads=heads, unidirectional=1)


def rotary(suite, f32, ints):
    cosine, sine = Const(f32(20, 4)), Const(f32(20, 4))
    positions = ints(np.int64, 2, 5, low=0, high=19)
    start = np.array([3], np.int64)
    for name, place in [("positions", positions), ("start", start)]:
        suite.op(f"rotary_{name}", "RotaryEmbedding", [f32(2, 5, 24), place, cosine, sine])
        suite.op(f"rotary_interleaved_{name}", "RotaryEmbedding",
                 [f32(2, 5, 24), place, cosine, sine], interleaved=1)
        suite.op(f"rotary_heads_{name}", "RotaryEmbedding",
                 [f32(2, 3, 5, 8), place, cosine, sine])
    suite.op("rotary_partial", "RotaryEmbedding", [f32(2, 5, 36), positions, cosine, sine],
             num_heads=3, rotary_embedding_dim=8)


def quantised(suite, ints, positive):
    def scale(value):
        return Const(np.array(value, np.float32))

    for dtype, zeros in [(np.uint8, (120, 130, 110)), (np.int8, (-3, 5, 0))]:
        tag = np.dtype(dtype).name
        zero = [Const(np.array(value, dtype)) for value in zeros]
        a, b = ints(dtype, 2, 3, 8), ints(dtype, 2, 3, 8)
        for op in ["QLinearAdd", "QLinearMul"]:
            rest = [scale(0.03), zero[0]], [scale(0.02), zero[1]], [scale(0.04), zero[2]]
            suite.op(f"{op.lower()}_{tag}", op, [a, *rest[0], b, *rest[1], *rest[2]],
                     tolerance=QUANTUM)
            suite.op(f"{op.lower()}_broadcast_{tag}", op,
                     [a, *rest[0], Const(ints(dtype, 8)), *rest[1], *rest[2]], tolerance=QUANTUM)
        ends = [scale(0.05), zero[0], scale(1 / 256), Const(np.array(zeros[2] % 100, dtype))]
        suite.op(f"qlinearsigmoid_{tag}", "QLinearSigmoid", [a, *ends], tolerance=QUANTUM)
        suite.op(f"qlinearleakyrelu_{tag}", "QLinearLeakyRelu",
                 [a, scale(0.05), zero[0], scale(0.04), zero[1]], tolerance=QUANTUM, alpha=0.1)
        suite.op(f"qlinearsoftmax_{tag}", "QLinearSoftmax",
                 [a, scale(0.1), zero[0], scale(1 / 256), Const(np.array(0, dtype))],
                 tolerance=QUANTUM, axis=-1, opset=13)
        image = ints(dtype, 2, 4, 6, 6)
        pool = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 0, 0]}
        ends = [scale(0.05), zero[0], scale(0.04), zero[1]]
        suite.op(f"qlinearaveragepool_{tag}", "QLinearAveragePool", [image, *ends],
                 tolerance=QUANTUM, **pool)
        suite.op(f"qlinearaveragepool_last_{tag}", "QLinearAveragePool", [image, *ends],
                 tolerance=QUANTUM, channels_last=1, count_include_pad=1, **pool)
        for last in [0, 1]:
            suite.op(f"qlinearglobalaveragepool_{last}_{tag}", "QLinearGlobalAveragePool",
                     [image, *ends], tolerance=QUANTUM, channels_last=last)
        suite.op(f"qlinearconcat_{tag}", "QLinearConcat",
                 [scale(0.04), zero[0], a, scale(0.03), zero[1], b, scale(0.04), zero[2]],
                 tolerance=QUANTUM, axis=1)
        suite.op(f"qlinearwhere_{tag}", "QLinearWhere",
                 [np.arange(8) % 3 == 0, a, scale(0.03), zero[0], b, scale(0.02), zero[1],
                  scale(0.04), zero[2]], tolerance=QUANTUM)
        suite.op(f"nhwcmaxpool_{tag}", "NhwcMaxPool", [image], **pool)
        suite.op(f"dequantize_{tag}", "DequantizeLinear", [a, scale(0.03), zero[0]])
        suite.op(f"dequantize_axis_{tag}", "DequantizeLinear",
                 [a, Const(positive(3)), Const(ints(dtype, 3))], axis=1)
        suite.op(f"quantize_{tag}", "QuantizeLinear",
                 [(ints(np.int8, 4, 9) / 16).astype(np.float32), scale(0.125), zero[0]])
        filters, outputs = weights(ints, 5, 4, 3, 3), Const(np.array(zeros[1], dtype))
        suite.op(f"qlinearconv_last_{tag}", "QLinearConv",
                 [ints(dtype, 1, 6, 7, 4), scale(0.05), zero[0], filters, Const(positive(5)),
                  Const(np.zeros(5, np.int8)), scale(1.5), outputs,
                  Const(ints(np.int32, 5, low=-900, high=900))],
                 tolerance=QUANTUM, channels_last=1, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    suite.op("dequantize_int32", "DequantizeLinear",
             [ints(np.int32, 4, 3, low=-999, high=999), scale(0.03)])
    for dtype in [np.uint16, np.int16]:
        suite.op(f"dequantize_{np.dtype(dtype).name}", "DequantizeLinear",
                 [ints(dtype, 5, 4), scale(0.003), Const(np.array(7, dtype))])
        suite.op(f"quantize_{np.dtype(dtype).name}", "QuantizeLinear",
                 [(ints(np.int8, 4, 9) / 16).astype(np.float32), scale(0.0078125),
                  Const(np.array(7, dtype))])


def weights(ints, *shape):
    """Signed weights. Without VNNI, ONNX Runtime's sums of two products of bytes saturate on x86-64, where ours are
    exact (decision 81); there, weights are small enough that no pair of products leaves 16 bits."""
    limits = {} if SUMS_ARE_EXACT else {"low": -64, "high": 63}
    return Const(ints(np.int8, *shape, **limits))


def products(suite, f32, ints, positive):
    a, b = ints(np.uint8, 3, 6, 8), weights(ints, 8, 5)
    one = Const(np.array([0.02], np.float32))
    suite.op("matmul_integer_to_float", "MatMulIntegerToFloat", [a, b, one, one])
    suite.op("matmul_integer_to_float_columns", "MatMulIntegerToFloat",
             [a, b, one, Const(positive(5)), Const(np.array(117, np.uint8)),
              Const(ints(np.int8, 5)), Const(f32(5))])
    suite.op("matmul_integer_to_float_unsigned", "MatMulIntegerToFloat",
             [a, Const(ints(np.uint8, 8, 5)), one, one, Const(np.array([3], np.uint8)),
              Const(np.array([130], np.uint8))])
    suite.op("dynamic_quantize_matmul", "DynamicQuantizeMatMul",
             [f32(3, 6, 8), b, one], tolerance={"relative": 1e-3, "largest": 1e-3})
    suite.op("dynamic_quantize_matmul_columns", "DynamicQuantizeMatMul",
             [f32(6, 8), b, Const(positive(5)), Const(ints(np.int8, 5)), Const(f32(5))],
             tolerance={"relative": 1e-3, "largest": 1e-3})
    left = [ints(np.uint8, 4, 8), one, Const(np.array([120], np.uint8))]
    right = [weights(ints, 8, 5), one, Const(np.array([2], np.int8))]
    bias = Const(ints(np.int32, 5, low=-9000, high=9000))
    out = [Const(np.array([0.7], np.float32)), Const(np.array([111], np.uint8))]
    suite.op("qgemm", "QGemm", left + right + [bias] + out, tolerance=QUANTUM)
    suite.op("qgemm_float", "QGemm", left + right + [bias])
    suite.op("qgemm_no_bias", "QGemm", left + right + [None] + out, tolerance=QUANTUM)
    suite.op("qgemm_columns", "QGemm",
             [ints(np.uint8, 8, 4), *left[1:], weights(ints, 5, 8), Const(positive(5)),
              Const(np.zeros(5, np.int8)), bias] + out, tolerance=QUANTUM, transA=1, transB=1,
             alpha=0.5)
    for direction, count in [("forward", 1), ("reverse", 1), ("bidirectional", 2)]:
        for channels in [False, True]:
            shape = (count, 4 * 6) if channels else (count,)
            suite.op(
                f"dynamic_quantize_lstm_{direction}_{'gates' if channels else 'one'}",
                "DynamicQuantizeLSTM",
                [f32(7, 2, 5), Const(ints(np.int8, count, 5, 24, low=-60, high=60)),
                 Const(ints(np.int8, count, 6, 24, low=-60, high=60)), Const(f32(count, 48)),
                 None, f32(count, 2, 6), f32(count, 2, 6), None,
                 Const(np.full(shape, 0.008, np.float32)), Const(np.zeros(shape, np.int8)),
                 Const(np.full(shape, 0.006, np.float32)), Const(np.zeros(shape, np.int8))],
                3, tolerance=ACTIVATIONS, direction=direction, hidden_size=6)
    for bits in [4, 8]:
        for zeros in ["none", "packed", "plain"]:
            inner, outer, block = 40, 6, 16
            blocks = -(-inner // block)
            inputs = [f32(3, inner), Const(ints(np.uint8, outer, blocks, block * bits // 8)),
                      Const(positive(outer * blocks))]
            if zeros == "packed":
                inputs.append(Const(ints(np.uint8, outer * -(-blocks * bits // 8))))
            if zeros == "plain":
                inputs.append(Const(f32(outer, blocks)))
                if bits == 8:
                    continue
            suite.op(f"matmul_{bits}_bits_{zeros}", "MatMulNBits", inputs, K=inner, N=outer,
                     bits=bits, block_size=block)
    suite.op("matmul_4_bits_bias", "MatMulNBits",
             [f32(2, 2, 32), Const(ints(np.uint8, 5, 1, 16)), Const(positive(5)), None, None,
              Const(f32(5))], K=32, N=5, bits=4, block_size=32)


def others(suite, f32, ints):
    suite.op("cdist_euclidean", "CDist", [f32(4, 3), Const(f32(6, 3))], metric="euclidean")
    texts = np.array([["Hello World", "I love  computer science !"], ["ünïcödé, ½ a b", ""]], object)
    for name, attributes in [
            ("blank", {"separators": [" "]}), ("several", {"separators": [",", " ", "l+"]}),
            ("characters", {"separators": [""]}), ("any", {"tokenexp": "."}),
            ("words", {"tokenexp": "[a-z]+"}), ("longest", {"tokenexp": "lo|lov|love|l"}),
            ("unicode", {"tokenexp": "\\p{L}+"}), ("nothing", {"tokenexp": "[0-9]{9}"}),
            ("optional", {"tokenexp": "[a-z]*"}), ("all", {"separators": ["(?s:.)"]})]:
        for mark in (0, 1):
            least = 1 if name in ("characters", "any") else 1 + mark
            suite.op(f"tokenizer_{name}_{mark}", "Tokenizer", [texts], mark=mark, pad_value="#",
                     mincharnum=least, **attributes)
    suite.op("tokenizer_row", "Tokenizer", [texts[0]], mark=0, pad_value="", mincharnum=2,
             separators=[" "])
    suite.op("cdist_squares", "CDist", [f32(4, 3), f32(6, 3)], metric="sqeuclidean")
    suite.op("trilu", "Trilu", [f32(4, 5)], upper=0)
    suite.op("range", "Range", [Const(np.array(2, np.int64)), Const(np.array(9, np.int64)),
                                Const(np.array(3, np.int64))])
    suite.op("expand_dims", "ExpandDims", [f32(2, 3), Const(np.array(-1, np.int32))])
    suite.op("gather_nd", "GatherND", [f32(4, 3, 2), np.array([[1, 2], [3, 0]], np.int64)])
    suite.op("pad", "Pad", [f32(2, 3), Const(np.array([1, 0, 0, 2], np.int64)),
                            Const(np.array(0.5, np.float32))], mode="constant")
    suite.op("grid_sample", "GridSample", [f32(1, 2, 4, 4), f32(1, 3, 3, 2, scale=0.5)],
             mode="bilinear")
