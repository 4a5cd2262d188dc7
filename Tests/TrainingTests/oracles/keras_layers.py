"""What Keras answers: outputs, losses and gradients of small networks, and weights after steps of every
optimizer. Writes Tests/TrainingTests/Fixtures/keras; needs keras 3 on tensorflow (pip install keras
tensorflow-cpu). Weights are written under our names and in our layouts: see `ours`."""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as L  # noqa: E402

OUT = Path(__file__).resolve().parent.parent / "Fixtures" / "keras"


def ours(model):
    """Names and layouts: recurrent weights are ONNX's, [1, gates, inputs] with LSTM's gates in the order
    input, output, forget, cell; heads of attention are side by side."""
    result = []
    for variable in model.weights:
        path, value = variable.path, variable
        parts = path.split("/")
        if parts[0].startswith("sequential"):
            parts = parts[1:]
        name = "gamma" if parts[-1] == "scale" else parts[-1]
        parts[-1] = name
        layer = next(item for item in model.layers if item.name == parts[0])
        kind = type(layer).__name__
        if kind == "Bidirectional":
            side = "forward" if "forward" in parts[1] else "backward"
            result.append((f"{parts[0]}/{side}/{name}", variable, recurrent(type(layer.forward_layer).__name__, name)))
        elif kind in ("LSTM", "GRU", "SimpleRNN"):
            result.append((f"{parts[0]}/{name}", variable, recurrent(kind, name)))
        elif kind in ("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention"):
            result.append(("/".join(parts), variable, attention(parts[1], name)))
        else:
            result.append(("/".join(parts), variable, lambda v: v))
    return result


def recurrent(kind, name):
    def lstm(v, axis):
        i, f, c, o = np.split(v, 4, axis)
        return np.concatenate([i, o, f, c], axis)

    def turn(v):
        if name == "bias":
            if kind == "GRU":
                return v.reshape(1, -1)
            return (lstm(v, 0) if kind == "LSTM" else v)[None]
        v = lstm(v, 1) if kind == "LSTM" else v
        return v.T[None]

    return turn


def attention(part, name):
    def turn(v):
        if name == "bias":
            return v.reshape(-1)
        return v.reshape(-1, v.shape[-1]) if part == "attention_output" else v.reshape(v.shape[0], -1)

    return turn


def functional(shape, build, dtype="float32"):
    x = keras.Input(shape, dtype=dtype, name="x")
    return keras.Model(x, build(x))


def sequence(shape, *items, dtype="float32"):
    return keras.Sequential([keras.Input(shape, dtype=dtype, name="x"), *items])


def block(x):
    y = L.LayerNormalization()(x)
    y = L.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)
    x = L.Add()([x, y])
    y = L.Dense(16, activation="gelu")(L.LayerNormalization()(x))
    x = L.Add()([x, L.Dense(8)(y)])
    return L.Dense(5, activation="softmax")(L.GlobalAveragePooling1D()(x))


def shared(x):
    dense = L.Dense(4, activation="tanh")
    return L.Dense(3, activation="softmax")(L.Concatenate()([dense(x), dense(L.Activation("relu")(x))]))


SPARSE, MSE, BINARY, CATEGORICAL = (
    "sparse_categorical_crossentropy", "mse", "binary_crossentropy", "categorical_crossentropy")
SOFT = dict(activation="softmax")
CASES = {
    "dense": (lambda: sequence((6,), L.Dense(8, activation="relu"), L.Dense(4, **SOFT)), SPARSE),
    "regression": (lambda: sequence((6,), L.Dense(8, activation="tanh"), L.Dense(1)), MSE),
    "mae": (lambda: sequence((6,), L.Dense(8, activation="silu"), L.Dense(2)), "mae"),
    "huber": (lambda: sequence((6,), L.Dense(8, activation="elu"), L.Dense(2)), "huber"),
    "binary": (lambda: sequence((6,), L.Dense(8, activation="gelu"), L.Dense(1, activation="sigmoid")), BINARY),
    "categorical": (lambda: sequence((6,), L.Dense(8, activation="selu"), L.Dense(3, **SOFT)), CATEGORICAL),
    "activations": (lambda: sequence(
        (6,), L.Dense(5, activation="softplus"), L.Dense(5, activation="softsign"),
        L.Dense(5, activation="relu6"), L.Dense(5, activation="hard_sigmoid"), L.Dense(5, activation="mish"),
        L.LeakyReLU(), L.ReLU(), L.Dense(5, activation="exponential"), L.Dense(3, **SOFT)), SPARSE),
    "regularized": (lambda: sequence(
        (6,), L.Dense(8, activation="tanh", kernel_regularizer="l2", bias_regularizer="l1"),
        L.Dense(3, kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02), **SOFT)), SPARSE),
    "conv": (lambda: sequence(
        (12, 11, 2), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(2), L.Conv2D(3, (2, 3), padding="same"),
        L.AveragePooling2D(2, padding="same"), L.Flatten(), L.Dense(3, **SOFT)), SPARSE),
    "conv_forms": (lambda: sequence(
        (13, 12, 4), L.Conv2D(6, 3, strides=2, padding="same", groups=2), L.DepthwiseConv2D(3, depth_multiplier=2),
        L.Conv2D(3, 2, dilation_rate=2, activation="tanh"), L.GlobalMaxPooling2D(), L.Dense(3, **SOFT)), SPARSE),
    "conv1d": (lambda: sequence(
        (14, 3), L.Conv1D(5, 3, padding="causal", activation="relu"), L.MaxPooling1D(2),
        L.Conv1D(4, 3, padding="same"), L.GlobalAveragePooling1D(), L.Dense(3, **SOFT)), SPARSE),
    "batch_norm": (lambda: sequence(
        (8, 8, 2), L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.ReLU(), L.Flatten(), L.Dense(6),
        L.BatchNormalization(), L.Dense(3, **SOFT)), SPARSE),
    "norms": (lambda: sequence(
        (5, 6), L.LayerNormalization(), L.Dense(8, activation="relu"), L.RMSNormalization(), L.Flatten(),
        L.Dense(3, **SOFT)), SPARSE),
    "transposed": (lambda: sequence(
        (4, 5, 2), L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
        L.Conv2DTranspose(3, (2, 3), strides=(3, 1)), L.Conv2DTranspose(2, 3, dilation_rate=2, padding="same"),
        L.Flatten(), L.Dense(3, **SOFT)), SPARSE),
    "transposed_forms": (lambda: sequence(
        (3, 4, 2), L.Conv2DTranspose(3, 2, strides=3, padding="same", use_bias=False),
        L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=1),
        L.Conv2DTranspose(2, 3, strides=2, output_padding=1), L.GlobalAveragePooling2D(),
        L.Dense(3, **SOFT)), SPARSE),
    "upsampling": (lambda: sequence(
        (4, 5, 2), L.Conv2D(3, 2), L.UpSampling2D((2, 3)), L.Conv2D(2, 3),
        L.UpSampling2D(3, interpolation="bilinear"), L.Conv2D(2, 3, activation="tanh"), L.Flatten(),
        L.Dense(3, **SOFT)), SPARSE),
    "group_norm": (lambda: sequence(
        (6, 5, 3), L.Conv2D(8, 3), L.GroupNormalization(4), L.ReLU(), L.GroupNormalization(-1, scale=False),
        L.Flatten(), L.Dense(6), L.GroupNormalization(2, epsilon=0.01), L.Dense(3, **SOFT)), SPARSE),
    "prelu": (lambda: sequence(
        (6, 6, 2), L.Conv2D(4, 3), L.PReLU(shared_axes=[1, 2]), L.Conv2D(3, 2),
        L.PReLU(alpha_regularizer="l2"), L.Flatten(), L.Dense(3, **SOFT)), SPARSE),
    "simple_rnn": (lambda: sequence((6, 3), L.SimpleRNN(5), L.Dense(3, **SOFT)), SPARSE),
    "gru": (lambda: sequence((6, 3), L.GRU(5, return_sequences=True), L.GRU(4), L.Dense(3, **SOFT)), SPARSE),
    "gru_before": (lambda: sequence((6, 3), L.GRU(5, reset_after=False), L.Dense(3, **SOFT)), SPARSE),
    "lstm": (lambda: sequence((6, 3), L.LSTM(5, return_sequences=True), L.LSTM(4), L.Dense(3, **SOFT)), SPARSE),
    "bidirectional": (lambda: sequence(
        (6, 3), L.Bidirectional(L.LSTM(4, return_sequences=True)), L.Bidirectional(L.GRU(3), merge_mode="sum"),
        L.Dense(3, **SOFT)), SPARSE),
    "tokens": (lambda: sequence(
        (7,), L.Embedding(11, 6), L.LSTM(5, return_sequences=True), L.Dense(11, **SOFT), dtype="int32"), SPARSE),
    "block": (lambda: functional((5, 8), block), SPARSE),
    "grouped_attention": (lambda: functional((5, 8), lambda x: L.Dense(3, **SOFT)(
        L.Flatten()(L.GroupQueryAttention(4, 4, 2)(x, x)))), SPARSE),
    "shared": (lambda: functional((6,), shared), SPARSE),
    "merging": (lambda: functional((6,), lambda x: L.Dense(3, **SOFT)(L.Maximum()([
        L.Multiply()([L.Dense(4)(x), L.Dense(4)(x)]), L.Average()([L.Dense(4)(x), L.Dense(4)(x)]),
        L.Subtract()([L.Dense(4)(x), L.Dense(4)(x)])]))), SPARSE),
    "reshaping": (lambda: sequence(
        (4, 6), L.Permute((2, 1)), L.Reshape((3, -1)), L.Rescaling(0.5, 1.0), L.Flatten(), L.Dense(3, **SOFT)), SPARSE),
}
WEIGHTED = {
    "sparse": (SPARSE, lambda: L.Dense(3, **SOFT), {0: 2.0, 2: 0.25}),
    "categorical": (CATEGORICAL, lambda: L.Dense(3, **SOFT), {0: 0.5, 1: 3.0}),
    "binary": (BINARY, lambda: L.Dense(1, activation="sigmoid"), {0: 1.0, 1: 4.0}),
}
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "nesterov": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: keras.optimizers.Adam(0.05),
    "adamw": lambda: keras.optimizers.AdamW(0.05, weight_decay=0.1),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.05),
    "rmsprop_centered": lambda: keras.optimizers.RMSprop(0.05, momentum=0.5, centered=True),
    "adagrad": lambda: keras.optimizers.Adagrad(0.1),
    "clipnorm": lambda: keras.optimizers.SGD(0.1, clipnorm=0.05),
    "global_clipnorm": lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.05),
    "clipvalue": lambda: keras.optimizers.SGD(0.1, clipvalue=0.01),
    "cosine": lambda: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(
        0.01, 6, alpha=0.1, warmup_target=0.2, warmup_steps=3)),
    "exponential": lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.2, 3, 0.5, staircase=True)),
    "piecewise": lambda: keras.optimizers.SGD(keras.optimizers.schedules.PiecewiseConstantDecay([2, 5], [0.2, 0.1, 0.05])),
    "polynomial": lambda: keras.optimizers.SGD(keras.optimizers.schedules.PolynomialDecay(0.2, 6, 0.01, power=2.0)),
    "inverse_time": lambda: keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.2, 3, 0.5)),
}


def data(model, loss, count=8):
    rng = np.random.RandomState(7)
    shape = model.input_shape[1:]
    if "int" in model.inputs[0].dtype:
        x = rng.randint(0, 11, (count, *shape)).astype("int64")
        return x, rng.randint(0, 11, (count, *shape)).astype("int64")
    x = rng.randn(count, *shape).astype("float32")
    output = model.output_shape[1:]
    if loss == SPARSE:
        return x, rng.randint(0, output[-1], (count, *output[:-1])).astype("int64")
    if loss == BINARY:
        return x, rng.randint(0, 2, (count, *output)).astype("float32")
    if loss == CATEGORICAL:
        return x, np.eye(output[-1], dtype="float32")[rng.randint(0, output[-1], count)]
    return x, rng.randn(count, *output).astype("float32")


def shake(model):
    """Biases and scales that are not the same in every place."""
    rng = np.random.RandomState(11)
    for variable in model.weights:
        value = variable.numpy()
        variable.assign(np.abs(value) + 0.1 if "variance" in variable.path else value + 0.1 * rng.randn(*value.shape))


def write(name, model, arrays):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(model.to_json())
    np.savez(OUT / f"{name}.npz", **arrays)


def main():
    for name, (make, loss) in CASES.items():
        keras.utils.set_random_seed(3)
        keras.backend.clear_session()
        model = make()
        model.compile(loss=loss, optimizer="sgd")
        shake(model)
        x, y = data(model, loss)
        arrays = {"x": x, "y": y, "output": model(x, training=False).numpy()}
        weights = ours(model)
        for path, variable, turn in weights:
            arrays["w:" + path] = turn(variable.numpy())
        with tf.GradientTape() as tape:
            out = model(x, training=True)
            value = model.compute_loss(x, tf.constant(y), out)
        arrays["loss"] = np.float32(value.numpy())
        gradients = dict(zip(
            (v.path for v in model.trainable_weights),
            tape.gradient(value, [v.value for v in model.trainable_weights])))
        for path, variable, turn in weights:
            if variable.path in gradients:
                g = tf.convert_to_tensor(gradients[variable.path]).numpy()
                arrays["g:" + path] = turn(g)
        write(name, model, arrays)
    for name, make in OPTIMIZERS.items():
        keras.utils.set_random_seed(3)
        keras.backend.clear_session()
        model = sequence((6,), L.Dense(5, activation="tanh"), L.Dense(3, **SOFT))
        model.compile(loss=SPARSE, optimizer=make())
        x, y = data(model, SPARSE, 32)
        arrays = {"x": x, "y": y}
        for path, variable, turn in ours(model):
            arrays["w:" + path] = turn(variable.numpy())
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        for path, variable, turn in ours(model):
            arrays["after:" + path] = turn(variable.numpy())
        OUT.mkdir(parents=True, exist_ok=True)
        write("optimizer_" + name, model, arrays)
    for name, (loss, last, weights) in WEIGHTED.items():
        keras.utils.set_random_seed(3)
        keras.backend.clear_session()
        model = sequence((6,), L.Dense(5, activation="tanh"), last())
        model.compile(loss=loss, optimizer=keras.optimizers.SGD(0.5))
        x, y = data(model, loss, 32)
        arrays = {"x": x, "y": y}
        for path, variable, turn in ours(model):
            arrays["w:" + path] = turn(variable.numpy())
        history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0, class_weight=weights)
        arrays["loss"] = np.float32(history.history["loss"][-1])
        for path, variable, turn in ours(model):
            arrays["after:" + path] = turn(variable.numpy())
        write("weighted_" + name, model, arrays)
    print(f"{len(CASES) + len(OPTIMIZERS)} cases, {sum(f.stat().st_size for f in OUT.iterdir())} bytes")


if __name__ == "__main__":
    sys.exit(main())
