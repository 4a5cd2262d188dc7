"""Writes Tests/Fixtures/models: the sample models Triton's clients are tried with, as ONNX.

Names, shapes and datatypes are those the client examples expect; the graphs are ours.
"""

import pathlib

import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).resolve().parents[1] / "models"
TYPES = {
    TensorProto.INT8: "TYPE_INT8", TensorProto.INT32: "TYPE_INT32",
    TensorProto.INT64: "TYPE_INT64", TensorProto.FLOAT16: "TYPE_FP16",
    TensorProto.BFLOAT16: "TYPE_BF16", TensorProto.FLOAT: "TYPE_FP32",
    TensorProto.STRING: "TYPE_STRING", TensorProto.UINT64: "TYPE_UINT64",
}


def write(name, nodes, inputs, outputs, width, max_batch=8, hidden=((), ()), batching=""):
    """`inputs` and `outputs` are (name, element type); every shape is [batch, width]. `hidden` are
    those that only `batching`, the configuration's sequence_batching, speaks of."""
    shape = ["batch", "width" if width == -1 else width]
    values = [
        [helper.make_tensor_value_info(tensor, element, shape) for tensor, element in part]
        for part in ((*inputs, *hidden[0]), (*outputs, *hidden[1]))]
    model = helper.make_model(
        helper.make_graph(nodes, name, values[0], values[1]),
        producer_name="martlet-fixtures", ir_version=8,
        opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model, full_check=True)
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    config = f'platform: "onnxruntime_onnx"\nmax_batch_size: {max_batch}\n{batching}'
    for field, part in (("input", inputs), ("output", outputs)):
        entries = ",\n".join(
            f'  {{\n    name: "{tensor}"\n    data_type: {TYPES[element]}\n'
            f'    dims: [ {width} ]\n  }}' for tensor, element in part)
        config += f"{field} [\n{entries}\n]\n"
    (folder / "config.pbtxt").write_text(config)


def sum_and_difference(name, element):
    """OUTPUT0 = INPUT0 + INPUT1, OUTPUT1 = INPUT0 - INPUT1, computed in int32."""
    nodes, operands = [], ["INPUT0", "INPUT1"]
    narrow = element != TensorProto.INT32
    if narrow:
        for i in range(2):
            nodes.append(helper.make_node(
                "Cast", [f"INPUT{i}"], [f"wide{i}"], f"widen{i}", to=TensorProto.INT32))
        operands = ["wide0", "wide1"]
    for i, operator in enumerate(["Add", "Sub"]):
        result = f"result{i}" if narrow else f"OUTPUT{i}"
        nodes.append(helper.make_node(operator, operands, [result], operator.lower()))
        if narrow:
            nodes.append(helper.make_node(
                "Cast", [result], [f"OUTPUT{i}"], f"narrow{i}", to=element))
    write(name, nodes, [("INPUT0", element), ("INPUT1", element)],
          [("OUTPUT0", element), ("OUTPUT1", element)], 16)


def identity(name, element):
    write(name, [helper.make_node("Identity", ["INPUT0"], ["OUTPUT0"], "identity")],
          [("INPUT0", element)], [("OUTPUT0", element)], -1)


def control(kind, element):
    value = (f"data_type: {TYPES[element]}" if kind == "CORRID"
             else "int32_false_true: [ 0, 1 ]")
    return (f'    {{ name: "{kind}" control [ {{ kind: CONTROL_SEQUENCE_{kind} {value} }} ] }}')


def sequence(name, nodes, controls, strategy, states=()):
    """A stateful model with one INT32 in and out. `controls` are (kind, element type), `states`
    (input, output) of INT32."""
    batching = "sequence_batching {\n  max_sequence_idle_microseconds: 10000000\n"
    batching += f"  {strategy}\n"
    if controls:
        entries = ",\n".join(control(*c) for c in controls)
        batching += f"  control_input [\n{entries}\n  ]\n"
    for state in states:
        batching += (
            f'  state [ {{ input_name: "{state[0]}" output_name: "{state[1]}"'
            " data_type: TYPE_INT32 dims: [ 1 ] } ]\n")
    batching += "}\n"
    integer = TensorProto.INT32
    write(name, nodes, [("INPUT", integer)], [("OUTPUT", integer)], 1, batching=batching,
          hidden=([*controls, *[(s[0], integer) for s in states]],
                  [(s[1], integer) for s in states]))


def sequences():
    """What Triton's sequence examples compute: a signal added to the input, the correlation id
    added to the last one, and a sum over the sequence."""
    flag = TensorProto.INT32
    node = helper.make_node
    sequence("simple_sequence", [
        node("Add", ["INPUT", "START"], ["sum"], "add"),
        node("Mul", ["sum", "READY"], ["OUTPUT"], "mask"),
    ], [("START", flag), ("READY", flag)], "direct { }")

    last = [
        node("Cast", ["CORRID"], ["id"], "id", to=TensorProto.INT32),
        node("Mul", ["id", "END"], ["last"], "last"),
        node("Add", ["sum", "last"], ["OUTPUT"], "output"),
    ]
    oldest = "oldest { max_candidate_sequences: 1024 max_queue_delay_microseconds: 10000 }"
    sequence("simple_dyna_sequence", [
        node("Add", ["INPUT", "START"], ["sum"], "add"), *last,
    ], [("START", flag), ("END", flag), ("CORRID", TensorProto.UINT64)], oldest)
    sequence("simple_string_dyna_sequence", [
        node("Add", ["INPUT", "SUM_IN"], ["sum"], "add"),
        node("Identity", ["sum"], ["SUM_OUT"], "keep"), *last,
    ], [("END", flag), ("CORRID", TensorProto.STRING)], oldest, [("SUM_IN", "SUM_OUT")])

    sequence("running_sum", [
        node("Add", ["INPUT", "SUM_IN"], ["OUTPUT"], "add"),
        node("Identity", ["OUTPUT"], ["SUM_OUT"], "keep"),
    ], [], "direct { }", [("SUM_IN", "SUM_OUT")])


if __name__ == "__main__":
    sequences()
    sum_and_difference("simple", TensorProto.INT32)
    sum_and_difference("simple_int8", TensorProto.INT8)
    sum_and_difference("simple_string", TensorProto.STRING)
    identity("simple_identity", TensorProto.STRING)
    identity("identity_fp16", TensorProto.FLOAT16)
    identity("identity_bf16", TensorProto.BFLOAT16)
    identity("identity_fp32", TensorProto.FLOAT)
    identity("identity_int64", TensorProto.INT64)
