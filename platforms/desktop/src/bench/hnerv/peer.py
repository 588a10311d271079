"""Decodes a frame of a network with ONNX Runtime and with PyTorch, and says how long that takes.

    peer.py MODEL [--frames N] [--threads N] [--pictures FILE]

MODEL is what `Network::write_raw` (codecs/src/neural/raw.rs) writes. One line of JSON comes out for each
program that is installed: its name and version, the threads that it had, the median over N warm frames of
seconds on the clock and of seconds of processor time (`getrusage`), and the least of both. --pictures writes
what each makes as raw f32, three planes, to FILE.onnxruntime and FILE.torch. Needs numpy, and onnx with onnxruntime, or torch.
"""

import argparse
import json
import resource
import statistics
import struct
import time

import numpy as np


def read(path):
    """The description of a network, its embedding, and the weights and biases of its layers."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<I", file.read(4))
        head = json.loads(file.read(length))
        numbers = np.frombuffer(file.read(), "<f4")
    at = 0

    def take(*shape):
        nonlocal at
        count = int(np.prod(shape))
        part = numbers[at : at + count].reshape(shape)
        at += count
        return np.array(part, np.float32)

    embedding = take(1, *head["embedding"])
    layers = []
    for layer in head["layers"]:
        tall, wide = layer["shuffle"]
        channels = layer["outputs"] * tall * wide
        weights = take(channels, layer["inputs"], layer["kernel"], layer["kernel"])
        layers.append((layer, weights, take(channels)))
    if at != len(numbers):
        raise SystemExit(f"{path} has {len(numbers)} numbers, of which {at} are used")
    return head, embedding, layers


def onnx_model(head, embedding, layers):
    """The network as ONNX, as `torch.onnx.export` would write it."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, count = [], [], 0

    def constant(value):
        name = f"constant{len(constants)}"
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(operator, *inputs, **attributes):
        nonlocal count
        count += 1
        nodes.append(helper.make_node(operator, list(inputs), [f"value{count}"], **attributes))
        return f"value{count}"

    def scalar(value):
        return constant(np.float32(value))

    at, size = "embedding", list(embedding.shape[2:])
    for layer, weights, bias in layers:
        kernel = layer["kernel"]
        at = node("Conv", at, constant(weights), constant(bias),
                  kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4)
        tall, wide = layer["shuffle"]
        if tall == wide and tall > 1:
            at = node("DepthToSpace", at, blocksize=tall, mode="CRD")
        elif tall * wide > 1:
            shape = [1, layer["outputs"], tall, wide, *size]
            at = node("Reshape", at, constant(np.array(shape, np.int64)))
            at = node("Transpose", at, perm=[0, 1, 4, 2, 5, 3])
            shape = [1, layer["outputs"], size[0] * tall, size[1] * wide]
            at = node("Reshape", at, constant(np.array(shape, np.int64)))
        size = [size[0] * tall, size[1] * wide]
        if layer["activation"] == "gelu":
            erf = node("Erf", node("Div", at, scalar(2**0.5)))
            half = node("Mul", at, node("Add", erf, scalar(1)))
            at = node("Mul", half, scalar(0.5))
        elif layer["activation"] == "relu":
            at = node("Relu", at)
        elif layer["activation"] == "swish":
            at = node("Mul", at, node("Sigmoid", at))
        elif layer["activation"] != "none":
            raise SystemExit(f"no peer for the activation {layer['activation']}")
    if head["output"] == "tanh":
        at = node("Add", node("Mul", node("Tanh", at), scalar(0.5)), scalar(0.5))
    elif head["output"] == "sigmoid":
        at = node("Sigmoid", at)
    else:
        at = node("Add", at, scalar(head["output"]))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "network",
        [value("embedding", TensorProto.FLOAT, list(embedding.shape))],
        [value(at, TensorProto.FLOAT, [1, 3, *size])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def with_onnxruntime(head, embedding, layers, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait would be counted as work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = onnx_model(head, embedding, layers).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return onnxruntime.__version__, lambda: session.run(None, {"embedding": embedding})[0]


def with_torch(head, embedding, layers, threads):
    import torch
    from torch.nn import functional

    torch.set_num_threads(threads)
    activations = {"none": lambda x: x, "gelu": functional.gelu, "relu": functional.relu,
                   "swish": functional.silu}
    outputs = {"tanh": lambda x: torch.tanh(x) * 0.5 + 0.5, "sigmoid": torch.sigmoid}
    output = outputs.get(head["output"]) or (lambda x: x + head["output"])
    parts = [(layer, torch.from_numpy(weights), torch.from_numpy(bias))
             for layer, weights, bias in layers]
    start = torch.from_numpy(embedding)

    def decode():
        with torch.inference_mode():
            x = start
            for layer, weights, bias in parts:
                x = functional.conv2d(x, weights, bias, padding=layer["kernel"] // 2)
                tall, wide = layer["shuffle"]
                if tall == wide:
                    x = functional.pixel_shuffle(x, tall)
                else:
                    _, _, height, width = x.shape
                    x = x.view(1, -1, tall, wide, height, width).permute(0, 1, 4, 2, 5, 3)
                    x = x.reshape(1, -1, height * tall, width * wide)
                x = activations[layer["activation"]](x)
            return output(x).numpy()

    return torch.__version__, decode


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(decode, frames):
    """The picture, and what the frames behind the first took: seconds on the clock and of processor time."""
    picture, clock, processor = decode(), [], []
    for _ in range(frames):
        start, used = time.perf_counter(), processor_seconds()
        decode()
        clock.append(time.perf_counter() - start)
        processor.append(processor_seconds() - used)
    return picture, clock, processor


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pictures")
    arguments = parser.parse_args()
    head, embedding, layers = read(arguments.model)
    for name, build in [("onnxruntime", with_onnxruntime), ("torch", with_torch)]:
        try:
            version, decode = build(head, embedding, layers, arguments.threads)
        except ImportError:
            continue
        picture, clock, processor = measure(decode, arguments.frames)
        if arguments.pictures:
            picture.astype("<f4").tofile(f"{arguments.pictures}.{name}")
        print(json.dumps({
            "program": name,
            "version": version,
            "threads": arguments.threads,
            "seconds": statistics.median(clock),
            "least_seconds": min(clock),
            "processor_seconds": statistics.median(processor),
            "least_processor_seconds": min(processor),
        }))


if __name__ == "__main__":
    main()
