/// Samples of the operators that ONNX Runtime added, as `OperatorSamples` has the standard's.
enum ContributedSamples {
  static let rows: [String: String] = [
    "Attention": "f2x3x4 f4x12 f12 i2x3 f2x2x2x1x2 num_heads=2 unidirectional=1",
    "BiasGelu": "f2x3 f3", "CDist": "f2x3 f4x3 metric=euclidean",
    "DynamicQuantizeLSTM":
      "f3x2x2 b1x2x8 b1x2x8 f1x16 i2=3,3 f1x2x2 f1x2x2 f1x6 f1 u1 f1 u1 hidden_size=2",
    "DynamicQuantizeMatMul": "f2x3 u3x2 f2 u2 f2",
    "EmbedLayerNormalization": "i2x3 i2x3 f4x2 f4x2 f2x2 f2 f2 i2x3",
    "ExpandDims": "f2 i=0", "FusedConv": "f1x2x5x5 f2x2x3x3 f2 activation=Relu",
    "FusedGemm": "f2x3 f3x4 f4 activation=LeakyRelu activation_alpha=0.5",
    "FusedMatMul": "f2x3x4 f2x3x4 transA=1 transBatchB=0 alpha=0.5",
    "MatMulIntegerToFloat": "u2x3 u3x2 f f u u f2",
    "MatMulNBits": "f2x16 u2x1x8 f2 u2 K=16 N=2 bits=4 block_size=16",
    "MultiHeadAttention": "f2x3x4 f2x3x4 f2x3x4 f12 i2x3 f1x2x3x3 num_heads=2",
    "NhwcMaxPool": "u1x4x4x2 kernel_shape=2,2",
    "QAttention": "u2x3x4 u4x12 f12 f f i2=1,3 u u num_heads=2",
    "QEmbedLayerNormalization":
      "i2x3 i2x3 u4x2 u4x2 u2x2 u2 u2 i2x3 f f f f f u u u u u",
    "QGemm": "u2x3 f u u3x2 f u i2 f u",
    "QLinearAdd": "u2x3 f u u3 f u f u", "QLinearAveragePool": "u1x2x4x4 f u f u kernel_shape=2,2",
    "QLinearConcat": "f u u2x3 f u u2x3 f u axis=0",
    "QLinearGlobalAveragePool": "u1x2x3x3 f u f u channels_last=1",
    "QLinearLeakyRelu": "u4 f u f u alpha=0.5", "QLinearMul": "u2x3 f u u3 f u f u",
    "QLinearReduceMean": "u2x3 f u f u axes=1,", "QLinearSigmoid": "u4 f u f u",
    "QLinearSoftmax": "u2x3 f u f u axis=-1 opset=13", "QLinearWhere": "b3 u3 f u u3 f u f u",
    "QuickGelu": "f4 alpha=1.5",
    "RotaryEmbedding": "f2x3x4 l2x3 f4x2 f4x2 interleaved=1 num_heads=0",
    "SimplifiedLayerNormalization": "f2x3 f3 axis=-1",
    "Tokenizer": "s2x3 mark=1 mincharnum=1 pad_value=# tokenexp=[a-z]+",
    "SkipLayerNormalization": "f2x3x4 f2x3x4 f4 f4 f4",
    "SkipSimplifiedLayerNormalization": "f2x3x4 f2x3x4 f4 f4",
    "TransposeMatMul": "f2x3 f4x3 transB=1",
  ]
}
