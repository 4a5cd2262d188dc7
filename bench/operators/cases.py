"""Operators at sizes that exported models have: what bench/operators/run.py compares."""

import numpy as np


def cases():
    """Per name: the operator, its inputs, which of them are constants, outputs and attributes."""
    rng = np.random.default_rng(0)
    found = {}

    def f(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    def i(high, *shape):
        return rng.integers(0, high, shape).astype(np.int64)

    def case(name, op, inputs, consts=(), outs=1, **attrs):
        found[name] = (op, inputs, set(consts), outs, attrs)

    img = f(1, 64, 56, 56)
    seq = f(8, 128, 256)
    case('conv3d', 'Conv', [f(1, 8, 16, 32, 32), f(16, 8, 3, 3, 3), f(16)], (1, 2), pads=[1] * 6)
    case('conv1d dw', 'Conv', [f(4, 256, 200), f(256, 1, 5), f(256)], (1, 2), pads=[2, 2],
        group=256)
    case('conv1d dil', 'Conv', [f(1, 64, 1000), f(64, 64, 3), f(64)], (1, 2), pads=[4, 4],
        dilations=[4])
    case('conv grouped', 'Conv', [f(1, 64, 28, 28), f(128, 8, 3, 3), f(128)], (1, 2), pads=[1] * 4,
        group=8)
    case('conv dyn w', 'Conv', [f(1, 32, 28, 28), f(32, 32, 3, 3)], (), pads=[1] * 4)
    case('convT1d', 'ConvTranspose', [f(1, 64, 200), f(64, 32, 4)], (1,), strides=[2])
    case('convT2d', 'ConvTranspose', [f(1, 64, 28, 28), f(64, 32, 2, 2)], (1,), strides=[2, 2])
    case('maxpool', 'MaxPool', [img], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    case('maxpool1d', 'MaxPool', [f(4, 64, 1000)], kernel_shape=[2], strides=[2])
    case('avgpool', 'AveragePool', [img], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    case('gap', 'GlobalAveragePool', [img])
    case('gmp', 'GlobalMaxPool', [img])
    case('lrn', 'LRN', [img], size=5)
    case('bn', 'BatchNormalization', [img, f(64), f(64), f(64), abs(f(64)) + 1], (1, 2, 3, 4))
    case('instnorm', 'InstanceNormalization', [img, f(64), f(64)], (1, 2))
    case('groupnorm', 'GroupNormalization', [img, f(64), f(64)], (1, 2), num_groups=8)
    case('layernorm', 'LayerNormalization', [seq, f(256), f(256)], (1, 2))
    case('lpnorm', 'LpNormalization', [seq], axis=-1, p=2)
    case('softmax', 'Softmax', [seq])
    case('softmax ax1', 'Softmax', [seq], axis=1)
    case('logsoftmax', 'LogSoftmax', [seq])
    case('hardmax', 'Hardmax', [seq])
    names = (
        'Relu LeakyRelu Elu Selu Celu Sigmoid Tanh Exp Log Sqrt Abs Neg Erf Softplus '
        'Softsign Mish HardSigmoid HardSwish Gelu Floor Ceil Round Sign Sin Cos Tan Atan '
        'Sinh Reciprocal ThresholdedRelu Not IsNaN'
    )
    for op in names.split():
        x = abs(seq) + 0.1 if op in ('Log', 'Sqrt') else seq
        if op == 'Not':
            x = seq > 0
        case('u ' + op, op, [x])
    case('clip', 'Clip', [seq, np.float32(-1), np.float32(1)], (1, 2))
    case('prelu', 'PRelu', [img, f(64, 1, 1)], (1,))
    for op in 'Add Sub Mul Div Pow Max Min Mod'.split():
        a, b = (abs(seq) + 0.1, abs(f(256)) + 0.1)
        if op == 'Mod':
            a, b = (i(100, 8, 128, 256) + 1, i(50, 256) + 1)
        case('b ' + op, op, [a, b])
    case('add mid', 'Add', [img, f(1, 64, 1, 1)], (1,))
    case('add i64', 'Add', [i(9, 8, 128, 256), i(9, 256)])
    case('mul i32', 'Mul', [i(9, 8, 128, 256).astype(np.int32), i(9, 256).astype(np.int32)])
    case('add same3', 'Sum', [seq, seq, seq])
    case('mean3', 'Mean', [seq, seq, seq])
    for op in 'Equal Greater LessOrEqual'.split():
        case('c ' + op, op, [seq, f(256)])
    case('and', 'And', [seq > 0, seq < 0.5])
    case('where', 'Where', [seq > 0, seq, f(256)])
    case('cast f>i', 'Cast', [seq], to=7)
    case('cast i>f', 'Cast', [i(9, 8, 128, 256)], to=1)
    case('cast f>h', 'Cast', [seq], to=10)
    case('cast f>d', 'Cast', [seq], to=11)
    case('cast f>u8', 'Cast', [abs(seq)], to=2)
    case('cast b>f', 'Cast', [seq > 0], to=1)
    names = (
        'ReduceSum ReduceMean ReduceMax ReduceL2 ReduceL1 ReduceLogSumExp ReduceProd'
    )
    for op in names.split():
        case('r ' + op, op, [seq, np.array([-1], np.int64)], (1,))
        case('r1 ' + op, op, [seq, np.array([1], np.int64)], (1,))
    case('r mean 0,2', 'ReduceMean', [seq, np.array([0, 2], np.int64)], (1,))
    case('r sum i64', 'ReduceSum', [i(9, 8, 128, 256), np.array([-1], np.int64)], (1,))
    case('argmax', 'ArgMax', [seq], axis=-1)
    case('argmax1', 'ArgMax', [seq], axis=1)
    case('topk', 'TopK', [seq, np.array([10], np.int64)], (1,), 2)
    case('cumsum', 'CumSum', [seq, np.int64(2)], (1,))
    case('cumsum1', 'CumSum', [seq, np.int64(1)], (1,))
    case('transpose', 'Transpose', [f(8, 128, 8, 32)], perm=[0, 2, 1, 3])
    case('transpose2', 'Transpose', [seq], perm=[0, 2, 1])
    case('transpose i8', 'Transpose', [seq.astype(np.int8)], perm=[0, 2, 1])
    case('concat', 'Concat', [seq, seq], axis=-1)
    case('split', 'Split', [seq], outs=2, num_outputs=2, axis=-1)
    case('slice', 'Slice', [seq, np.array([10], np.int64), np.array([200], np.int64), np.array([2],
        np.int64), np.array([1], np.int64)], (1, 2, 3, 4))
    case('slice step', 'Slice', [seq, np.array([0], np.int64), np.array([256], np.int64),
        np.array([2], np.int64), np.array([2], np.int64)], (1, 2, 3, 4))
    case('gather', 'Gather', [f(30000, 256), i(30000, 8, 128)], (0,))
    case('gather1', 'Gather', [seq, i(128, 64)], axis=1)
    case('gatherel', 'GatherElements', [seq, i(256, 8, 128, 256)], axis=2)
    case('gathernd', 'GatherND', [f(100, 100, 64), i(100, 500, 2)])
    case('scatternd', 'ScatterND', [f(1000, 64), i(1000, 200, 1), f(200, 64)])
    case('scatterel', 'ScatterElements', [seq, i(256, 8, 128, 16), f(8, 128, 16)], axis=2)
    case('pad', 'Pad', [img, np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)], (1,))
    case('pad refl', 'Pad', [img, np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)], (1,),
        mode='reflect')
    case('tile', 'Tile', [seq, np.array([1, 2, 2], np.int64)], (1,))
    case('expand', 'Expand', [f(8, 1, 256), np.array([8, 128, 256], np.int64)], (1,))
    case('onehot', 'OneHot', [i(100, 8, 128), np.int64(100), np.array([0, 1], np.float32)], (1, 2))
    case('resize nn', 'Resize', [f(1, 64, 28, 28), np.array([], np.float32), np.array([1, 1, 2, 2],
        np.float32)], (1, 2), mode='nearest', coordinate_transformation_mode='asymmetric',
        nearest_mode='floor')
    case('resize lin', 'Resize', [f(1, 64, 28, 28), np.array([], np.float32), np.array([1, 1, 2,
        2], np.float32)], (1, 2), mode='linear')
    case('resize cub', 'Resize', [f(1, 16, 28, 28), np.array([], np.float32), np.array([1, 1, 2,
        2], np.float32)], (1, 2), mode='cubic')
    case('d2s', 'DepthToSpace', [f(1, 64, 56, 56)], blocksize=2)
    case('s2d', 'SpaceToDepth', [img], blocksize=2)
    case('matmul', 'MatMul', [f(8, 128, 256), f(256, 256)], (1,))
    case('matmul dyn', 'MatMul', [f(8, 8, 128, 32), f(8, 8, 32, 128)])
    case('matmul f64', 'MatMul', [f(128, 256).astype(np.float64), f(256, 128).astype(np.float64)])
    case('gemm', 'Gemm', [f(64, 256), f(256, 128), f(128)], (1, 2))
    case('gemm1', 'Gemm', [f(1, 1024), f(1000, 1024), f(1000)], (1, 2), transB=1)
    case('matmul f16', 'MatMul', [f(64, 256).astype(np.float16), f(256, 128).astype(np.float16)],
        (1,))
    case('einsum', 'Einsum', [f(8, 128, 8, 32), f(8, 128, 8, 32)], equation='bqhd,bkhd->bhqk')
    case('einsum2', 'Einsum', [seq, f(256, 64)], (1,), equation='bij,jk->bik')
    case('matmulint', 'MatMulInteger', [rng.integers(0, 255, (128, 256)).astype(np.uint8),
        rng.integers(-127, 127, (256, 256)).astype(np.int8)], (1,))
    case('dql', 'DynamicQuantizeLinear', [seq], outs=3)
    case('ql', 'QuantizeLinear', [seq, np.float32(0.05), np.uint8(128)], (1, 2))
    case('dq', 'DequantizeLinear', [rng.integers(0, 255, (8, 128, 256)).astype(np.uint8),
        np.float32(0.05), np.uint8(128)], (1, 2))
    case('dq ch', 'DequantizeLinear', [rng.integers(-127, 127, (256, 256)).astype(np.int8),
        abs(f(256))], (1,), axis=0)
    case('qconv', 'QLinearConv', [rng.integers(0, 255, (1, 32, 28, 28)).astype(np.uint8),
        np.float32(0.05), np.uint8(128), rng.integers(-127, 127, (32, 32, 3, 3)).astype(np.int8),
        abs(f(32)), np.zeros(32, np.int8), np.float32(0.05), np.uint8(128)], (1, 2, 3, 4, 5, 6, 7),
        pads=[1] * 4)
    case('rnn', 'RNN', [f(32, 4, 64), f(1, 128, 64), f(1, 128, 128)], (1, 2), outs=2,
        hidden_size=128)
    case('lstm bi', 'LSTM', [f(32, 4, 64), f(2, 512, 64), f(2, 512, 128)], (1, 2), outs=1,
        hidden_size=128, direction='bidirectional')
    case('gru dyn', 'GRU', [f(32, 4, 64), f(1, 384, 64), f(1, 384, 128)], (), outs=1,
        hidden_size=128)
    case('nms', 'NonMaxSuppression', [rng.random((1, 2000, 4)).astype(np.float32), rng.random((1,
        1, 2000)).astype(np.float32), np.int64(100), np.float32(0.5), np.float32(0.1)], (2, 3, 4))
    case('nonzero', 'NonZero', [seq > 1.5])
    case('roialign', 'RoiAlign', [f(1, 64, 50, 50), (rng.random((50, 4)) * 25 + np.array([0, 0, 25,
        25])).astype(np.float32), np.zeros(50, np.int64)], output_height=7, output_width=7,
        spatial_scale=1.0)
    case('gridsample', 'GridSample', [f(1, 32, 64, 64), (rng.random((1, 64, 64, 2)) * 2 -
        1).astype(np.float32)])
    case('trilu', 'Trilu', [f(8, 128, 128)])
    case('range', 'Range', [np.int64(0), np.int64(100000), np.int64(1)], ())
    case('unique', 'Unique', [i(1000, 20000)])
    case('compress', 'Compress', [f(1000, 64), rng.random(1000) > 0.5], axis=0)
    case('stft', 'STFT', [f(1, 16000, 1), np.int64(160), np.hanning(400).astype(np.float32),
        np.int64(400)], (1, 2, 3))
    case('dft', 'DFT', [f(4, 1024, 1)], axis=1)
    case('attn mask add', 'Add', [f(8, 12, 128, 128), f(8, 1, 1, 128)])
    return found
