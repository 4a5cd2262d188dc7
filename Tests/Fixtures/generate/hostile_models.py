"""Writes Tests/Fixtures/hostile: small .onnx files that want to hurt the server.

Most are built byte by byte, because a well-behaved library refuses to write them. The list
with the reason for each goes to hostile/README.md. `refused` are to be refused when they are
loaded. Nothing here may crash a process, hang it, make it read a file or take more memory
than the file's size explains.
"""

import pathlib
import struct

import onnx
from onnx import TensorProto

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "Tests" / "Fixtures" / "hostile"
CASES = []


# --- protobuf by hand -------------------------------------------------------------------------

def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def field(number, payload):
    """A length-delimited field, or a varint when `payload` is an int."""
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    if isinstance(payload, str):
        payload = payload.encode()
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def nested(number, depth, innermost, prefix=b"", numbers=None):
    """`innermost` wrapped `depth` times in field `number` (or `numbers` in turn)."""
    body = innermost
    for level in range(depth):
        which = numbers[level % len(numbers)] if numbers else number
        body = prefix + field(which, body)
    return body


def value_info(name, dimensions, element=TensorProto.FLOAT):
    """`None` among the dimensions is one the file leaves open."""
    shape = b"".join(
        field(1, b"" if size is None else field(1, size)) for size in dimensions)
    return field(1, name) + field(2, field(1, field(1, element) + field(2, shape)))


def tensor(name, dimensions, element=TensorProto.FLOAT, raw=None, extra=b""):
    return (b"".join(field(1, size) for size in dimensions) + field(2, element)
            + field(8, name) + (field(9, raw) if raw is not None else b"") + extra)


def node(operator, inputs, outputs, name="node", attributes=b"", domain=None):
    return (b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs)
            + field(3, name) + field(4, operator) + attributes
            + (field(7, domain) if domain is not None else b""))


def ints_attribute(name, values):
    return field(5, field(1, name) + b"".join(field(8, v) for v in values) + field(20, 7))


def int_attribute(name, value):
    return field(5, field(1, name) + field(3, value) + field(20, 2))


def model(nodes, initializers=(), inputs=None, outputs=None, opset=17, ir=8, graph=None):
    if graph is None:
        inputs = inputs if inputs is not None else [value_info("x", [1, 4])]
        outputs = outputs if outputs is not None else [value_info("y", [1, 4])]
        graph = (b"".join(field(1, n) for n in nodes) + field(2, "g")
                 + b"".join(field(5, i) for i in initializers)
                 + b"".join(field(11, i) for i in inputs)
                 + b"".join(field(12, o) for o in outputs))
    return field(1, ir) + field(7, graph) + field(8, field(2, opset))


def case(name, content, reason):
    HERE.mkdir(parents=True, exist_ok=True)
    (HERE / f"{name}.onnx").write_bytes(content)
    CASES.append((name, len(content), reason))


# --- the file ----------------------------------------------------------------------------------

def files():
    digits = (ROOT / "Models" / "digits" / "model.onnx").read_bytes()
    case("empty", b"", "no bytes at all: no graph")
    case("garbage", bytes((i * 167 + 13) % 251 for i in range(2048)), "not protobuf")
    case("truncated", digits[:len(digits) // 2], "the digits model, second half missing")
    case("truncated-by-one", digits[:-1], "the digits model, last byte missing")
    case("length-beyond-end", field(1, 8) + varint(7 << 3 | 2) + varint((1 << 62) + 5) + b"abc",
         "a length field of 2^62")
    case("varint-endless", field(1, 8) + b"\x38" + b"\xff" * 64, "a varint of 64 bytes")
    case("group-wire-types", field(1, 8) + varint(7 << 3 | 3) * 5000, "5,000 groups opened")
    case("no-graph", field(1, 8) + field(8, field(2, 17)), "a model without a graph")
    case("opset-future", model([node("Relu", ["x"], ["y"])], opset=99999), "opset 99999")
    case("ir-future", model([node("Relu", ["x"], ["y"])], ir=99999), "IR version 99999")
    case("name-not-utf8", model([node("Relu", ["x"], ["y"], name=b"\xff\xfe\x80")]),
         "a node name that is not UTF-8")
    case("deep-subgraphs", model(None, graph=nested(
        0, 3 * 3000, field(2, "innermost"), numbers=[6, 5, 1]) + value_output()),
        "If inside If, 3,000 levels (graph > node > attribute > graph)")
    sequence = nested(0, 2 * 20000, field(1, field(1, 1)), numbers=[1, 4])
    case("deep-types", model(
        [node("Identity", ["x"], ["y"])], inputs=[field(1, "x") + field(2, sequence)]),
        "an input of type sequence of sequence of …, 20,000 levels")


def value_output():
    return field(11, value_info("x", [1])) + field(12, value_info("y", [1]))


# --- the graph ---------------------------------------------------------------------------------

def graphs():
    case("cycle", model([node("Add", ["x", "b"], ["a"], "first"),
                         node("Relu", ["a"], ["b"], "second"),
                         node("Relu", ["b"], ["y"], "third")]), "a needs b needs a")
    case("cycle-self", model([node("Add", ["x", "y"], ["y"], "self")]),
         "a node that consumes its own output")
    case("undefined-input", model([node("Add", ["x", "nowhere"], ["y"])]),
         "a node consumes a value nobody makes")
    case("undefined-output", model([node("Relu", ["x"], ["z"])]),
         "the graph's output is made by no node")
    case("duplicate-value", model([node("Relu", ["x"], ["y"], "one"),
                                   node("Sigmoid", ["x"], ["y"], "two")]),
         "two nodes make the same value")
    case("duplicate-input", model([node("Add", ["x", "x"], ["y"])],
                                  inputs=[value_info("x", [1, 4]), value_info("x", [2, 9])]),
         "two inputs of the same name and different shapes")
    case("duplicate-initializer", model(
        [node("Add", ["x", "w"], ["y"])],
        [tensor("w", [4], raw=b"\0" * 16), tensor("w", [1], raw=b"\0" * 4)]),
        "two initializers of the same name and different shapes")
    case("operator-unknown", model([node("Frobnicate", ["x"], ["y"], "the-bad-node")]),
         "an operator ONNX does not have")
    case("operator-foreign-domain", model([node(
        "Relu", ["x"], ["y"], "the-bad-node", domain="com.example.custom")]),
        "an operator of an unknown domain")
    case("operator-no-inputs", model([node("Conv", [], ["y"], "bare")]),
         "Conv without inputs")
    case("attribute-wrong-type", model(
        [node("Conv", ["x", "w"], ["y"], "conv", attributes=field(
            5, field(1, "strides") + field(4, "two") + field(20, 3)))],
        [tensor("w", [1, 1, 1, 1], raw=b"\0" * 4)],
        inputs=[value_info("x", [1, 1, 4, 4])], outputs=[value_info("y", [1, 1, 4, 4])]),
        "Conv's strides is a string")
    wide = [node("Add", ["x", "x"], ["v0"], "n0")]
    wide += [node("Add", [f"v{i}", f"v{i}"], [f"v{i + 1}"], f"n{i + 1}") for i in range(4999)]
    wide += [node("Relu", ["v4999"], ["y"], "last")]
    case("fan-out", model(wide + [node("Nonsense", ["x"], ["z"], "the-bad-node")]),
         "5,000 nodes that each use the last one twice (2^5000 paths), then an unknown operator")


# --- shapes and data ---------------------------------------------------------------------------

def shapes():
    add = [node("Add", ["x", "w"], ["y"])]
    big = 1 << 40
    case("shape-overflow", model(add, [tensor("w", [big, big], raw=b"\0" * 16)]),
         "an initializer of 2^40 x 2^40")
    case("shape-overflow-to-zero", model(
        add, [tensor("w", [1 << 32, 1 << 32], raw=b"")]),
        "2^32 x 2^32 elements: the product wraps to 0 in 64 bits, and so does the data")
    case("shape-huge", model(add, [tensor("w", [1 << 45], raw=b"\0" * 16)]),
         "an initializer that claims 128 TiB")
    case("shape-negative", model(add, [tensor("w", [-4], raw=b"\0" * 16)]),
         "an initializer of -4 elements")
    case("shape-negative-pair", model(add, [tensor("w", [-2, -2], raw=b"\0" * 16)]),
         "-2 x -2: the product fits the data")
    case("rank-huge", model(add, [tensor("w", [1] * 10000, raw=b"\0" * 4)]),
         "an initializer of rank 10,000")
    case("input-overflow", model(
        [node("Add", ["x", "x"], ["y"])], inputs=[value_info("x", [big, big])],
        outputs=[value_info("y", [big, big])]), "an input of 2^40 x 2^40")
    case("raw-size-short", model(add, [tensor("w", [2, 2], raw=b"\0" * 7)]),
         "7 bytes of raw data for 2 x 2 floats")
    case("raw-size-long", model(add, [tensor("w", [2, 2], raw=b"\0" * 4096)]),
         "4,096 bytes of raw data for 2 x 2 floats")
    case("float-data-short", model(add, [tensor(
        "w", [4], extra=field(4, struct.pack("<2f", 1, 2)))]), "two floats for four elements")
    case("element-type-unknown", model(add, [tensor("w", [4], element=77, raw=b"\0" * 16)]),
         "element type 77")
    case("string-tensor-raw", model(add, [tensor(
        "w", [4], element=TensorProto.STRING, raw=b"\0" * 16)]),
        "a string tensor with raw data, which ONNX forbids")
    for name, location in [("external-data-traversal", "../../../../../../../etc/passwd"),
                           ("external-data-absolute", "/etc/passwd"),
                           ("external-data-url", "file:///etc/passwd"),
                           ("external-data-hidden", "weights/../../../../etc/passwd"),
                           ("external-data-missing", "weights.bin")]:
        entries = field(13, field(1, "location") + field(2, location))
        entries += field(13, field(1, "offset") + field(2, "0"))
        entries += field(13, field(1, "length") + field(2, "16"))
        case(name, model(add, [tensor("w", [4], extra=entries + field(14, 1))]),
             f"weights in the external file {location}")


# --- operators with poisonous attributes -------------------------------------------------------

def operators():
    image = [value_info("x", [1, 1, 8, 8])]
    out = [value_info("y", [None, None, None, None])]
    weight = [tensor("w", [1, 1, 3, 3], raw=b"\0" * 36)]

    def conv(name, attributes, reason, initializers=weight):
        case(name, model([node("Conv", ["x", "w"], ["y"], "conv", attributes)], initializers,
                         image, out), reason)

    conv("conv-stride-zero", ints_attribute("strides", [0, 0]), "Conv with stride 0")
    conv("conv-stride-negative", ints_attribute("strides", [-1, -1]), "Conv with stride -1")
    conv("conv-dilation-zero", ints_attribute("dilations", [0, 0]), "Conv with dilation 0")
    conv("conv-pads-huge", ints_attribute("pads", [(1 << 62)] * 4), "Conv padded by 2^62")
    conv("conv-pads-negative", ints_attribute("pads", [-9, -9, -9, -9]),
         "Conv with padding that leaves less than nothing")
    conv("conv-group-zero", int_attribute("group", 0), "Conv with 0 groups")
    conv("conv-group-uneven", int_attribute("group", 7), "Conv with 7 groups of 1 channel")
    conv("conv-kernel-mismatch", ints_attribute("kernel_shape", [5, 5]),
         "kernel_shape says 5 x 5, the weight is 3 x 3")
    conv("conv-kernel-larger-than-image", b"", "a 9 x 9 kernel on an 8 x 8 image",
         [tensor("w", [1, 1, 9, 9], raw=b"\0" * 324)])
    conv("conv-rank-mismatch", b"", "a weight of rank 2", [tensor("w", [3, 3], raw=b"\0" * 36)])

    def pool(name, attributes, reason):
        case(name, model([node("MaxPool", ["x"], ["y"], "pool", attributes)], (), image, out),
             reason)

    pool("pool-kernel-zero", ints_attribute("kernel_shape", [0, 0]), "MaxPool over 0 x 0")
    pool("pool-kernel-huge", ints_attribute("kernel_shape", [1 << 31, 1 << 31]),
         "MaxPool over 2^31 x 2^31")
    pool("pool-stride-zero", ints_attribute("kernel_shape", [2, 2])
         + ints_attribute("strides", [0, 0]), "MaxPool with stride 0")

    case("matmul-mismatch", model(
        [node("MatMul", ["x", "w"], ["y"])], [tensor("w", [5, 3], raw=b"\0" * 60)],
        outputs=[value_info("y", [1, 3])]), "1 x 4 times 5 x 3")
    case("gemm-mismatch", model(
        [node("Gemm", ["x", "w", "b"], ["y"])],
        [tensor("w", [4, 3], raw=b"\0" * 48), tensor("b", [7], raw=b"\0" * 28)],
        outputs=[value_info("y", [1, 3])]), "a bias of 7 for 3 outputs")
    case("softmax-axis", model([node(
        "Softmax", ["x"], ["y"], "softmax", int_attribute("axis", 1 << 60))]),
        "Softmax over axis 2^60")
    case("reshape-overflow", model(
        [node("Reshape", ["x", "s"], ["y"])],
        [tensor("s", [2], TensorProto.INT64, struct.pack("<2q", 1 << 40, 1 << 40))]),
        "Reshape of 4 elements to 2^40 x 2^40")
    case("reshape-two-unknown", model(
        [node("Reshape", ["x", "s"], ["y"])],
        [tensor("s", [2], TensorProto.INT64, struct.pack("<2q", -1, -1))]),
        "Reshape with two unknown sizes")
    case("transpose-permutation", model([node(
        "Transpose", ["x"], ["y"], "transpose", ints_attribute("perm", [0, 0]))]),
        "Transpose with axis 0 twice")


# --- trees and linear models -------------------------------------------------------------------

def trees():
    good = onnx.load(ROOT / "Models" / "wine" / "model.onnx")

    def tree(name, attribute, change, reason):
        broken = onnx.ModelProto()
        broken.CopyFrom(good)
        ensemble = next(n for n in broken.graph.node if n.op_type.startswith("TreeEnsemble"))
        change(next(a for a in ensemble.attribute if a.name == attribute))
        case(name, broken.SerializeToString(deterministic=True), reason)

    def set_ints(index, value):
        def change(attribute):
            attribute.ints[index] = value
        return change

    tree("tree-cycle", "nodes_truenodeids", set_ints(1, 0), "a node whose child is the root")
    tree("tree-child-missing", "nodes_truenodeids", set_ints(1, 1 << 40),
         "a node whose child does not exist")
    tree("tree-child-negative", "nodes_falsenodeids", set_ints(0, -3), "a child of id -3")
    tree("tree-feature-huge", "nodes_featureids", set_ints(0, 1 << 50),
         "a split on feature 2^50")
    tree("tree-feature-beyond", "nodes_featureids", set_ints(0, 13),
         "a split on feature 13 of features 0…12")
    tree("tree-class-beyond", "class_ids", set_ints(0, 1 << 33), "a leaf that votes for 2^33")
    tree("tree-leaf-missing", "class_nodeids", set_ints(0, 1 << 33),
         "a vote from a leaf that does not exist")
    tree("tree-lengths-differ", "nodes_values", lambda a: a.floats.pop(),
         "one threshold too few")

    linear = onnx.load(ROOT / "Models" / "diabetes" / "model.onnx")
    regressor = next(n for n in linear.graph.node if n.op_type == "LinearRegressor")
    next(a for a in regressor.attribute if a.name == "coefficients").floats.pop()
    case("linear-coefficients", linear.SerializeToString(deterministic=True),
         "9 coefficients for 10 features")


if __name__ == "__main__":
    files()
    graphs()
    shapes()
    operators()
    trees()
    lines = ["# Hostile models", "",
             "Written by `../generate/hostile_models.py`. Each must be refused when it is",
             "loaded, with a sentence; the process goes on.", "",
             "| file | bytes | what is wrong |", "|---|---|---|"]
    lines += [f"| {name}.onnx | {size:,} | {reason} |" for name, size, reason in sorted(CASES)]
    (HERE / "README.md").write_text("\n".join(lines) + "\n")
    print(f"{len(CASES)} hostile models, {sum(size for _, size, _ in CASES):,} bytes")
