"""Makes the test files in this folder and in ../pickle: python3 make.py

Frames as QUEEN (Girish et al., NeurIPS 2024) stores them, and what must come out of them. Neither PyTorch nor
NumPy is needed: small classes with their names are pickled as they pickle themselves. The range coder is written
from its description (Witten, Neal and Cleary 1987, 32 bits, torchac's frequencies), apart from the decoder that
is tested with it.
"""

import io
import json
import pathlib
import pickle
import random
import struct
import sys
import types
from collections import OrderedDict

HERE = pathlib.Path(__file__).parent
random.seed(7)


def module(name):
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    return sys.modules[name]


def function(module_name, name):
    def stub(*_):
        raise RuntimeError("is only pickled")

    stub.__module__, stub.__name__, stub.__qualname__ = module_name, name, name
    setattr(module(module_name), name, stub)
    return stub


rebuild_tensor = function("torch._utils", "_rebuild_tensor_v2")
load_from_bytes = function("torch.storage", "_load_from_bytes")
reconstruct = function("numpy.core.multiarray", "_reconstruct")
scalar = function("numpy.core.multiarray", "scalar")
dtype = function("numpy", "dtype")
ndarray = function("numpy", "ndarray")
STORAGES = {
    kind: function("torch", name)
    for kind, name in [("f", "FloatStorage"), ("q", "LongStorage"), ("h", "ShortStorage"), ("b", "CharStorage")]
}


class Storage:
    """A typed storage: in an ordinary pickle the bytes of torch.save's older form."""

    def __init__(self, kind, values):
        self.kind, self.values = kind, values

    def __reduce__(self):
        out = io.BytesIO()
        pickle.dump(0x1950A86A20F9469CFC6C, out, protocol=2)
        pickle.dump(1001, out, protocol=2)
        sizes = {"short": 2, "int": 4, "long": 4}
        pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}, out, protocol=2)
        storage_type, count = STORAGES[self.kind], len(self.values)

        class Pickler(pickle.Pickler):
            def persistent_id(self, value):
                if isinstance(value, Storage):
                    return ("storage", storage_type, "94812345", "cpu", count, None)
                return None

        Pickler(out, protocol=2).dump(self)
        pickle.dump(["94812345"], out, protocol=2)
        out.write(struct.pack("<q", count))
        out.write(struct.pack(f"<{count}{self.kind}", *self.values))
        return (load_from_bytes, (out.getvalue(),))


class Tensor:
    def __init__(self, kind, shape, values, strides=None, offset=0):
        dense, step = [], 1
        for size in reversed(shape):
            dense.insert(0, step)
            step *= size
        self.parts = (Storage(kind, values), offset, tuple(shape), tuple(strides or dense))

    def __reduce__(self):
        return (rebuild_tensor, (*self.parts, False, OrderedDict()))


class Dtype:
    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return (dtype, (self.name, False, True), (3, "<", None, None, None, -1, -1, 0))


class Array:
    """NumPy's array, in protocols below 5."""

    def __init__(self, kind, shape, values):
        names = {"f": "f4", "q": "i8", "i": "i4"}
        self.state = (1, tuple(shape), Dtype(names[kind]), False, struct.pack(f"<{len(values)}{kind}", *values))

    def __reduce__(self):
        return (reconstruct, (ndarray, (0,), b"b"), self.state)


class Scalar:
    """NumPy's number."""

    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        return self.value == other.value

    def __reduce__(self):
        return (scalar, (Dtype("f4"), struct.pack("<f", self.value)))


class CompressedLatents:
    pass


CompressedLatents.__module__ = "utils.compress_utils"
CompressedLatents.__qualname__ = "CompressedLatents"
module("utils.compress_utils").CompressedLatents = CompressedLatents


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def range_encode(symbols, bounds):
    """An arithmetic coder with 32 bits; `bounds` are cumulative frequencies up to 65536."""
    bits, low, high, waiting = [], 0, 0xFFFFFFFF, 0

    def emit(bit):
        nonlocal waiting
        bits.append(bit)
        bits.extend([1 - bit] * waiting)
        waiting = 0

    for symbol in symbols:
        span = high - low + 1
        high = low + span * bounds[symbol + 1] // 65536 - 1
        low = low + span * bounds[symbol] // 65536
        while True:
            if high < 0x80000000:
                emit(0)
            elif low >= 0x80000000:
                emit(1)
                low, high = low - 0x80000000, high - 0x80000000
            elif low >= 0x40000000 and high < 0xC0000000:
                waiting += 1
                low, high = low - 0x40000000, high - 0x40000000
            else:
                break
            low, high = 2 * low, 2 * high + 1
    waiting += 1
    emit(0 if low < 0x40000000 else 1)
    bits += [0] * (-len(bits) % 8)
    return bytes(int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits), 8))


def compress(values, dim, tails=(), array=Tensor, key=int):
    """Integers as an object of QUEEN's class. `tails` are values that are too rare for a symbol."""
    common = [value for value in values if value not in tails]
    modal = max(sorted(set(common)), key=common.count)
    kept = [modal if value in tails else value for value in values]
    distinct = sorted(set(kept))
    counts = [kept.count(value) for value in distinct]
    cdf = [f32(sum(counts[:n]) / len(kept)) for n in range(len(distinct) + 1)]
    parts = 65536 - len(distinct)
    bounds = [round(f32(probability * parts)) + n for n, probability in enumerate(cdf)]
    assert bounds[-1] == 65536 and all(a < b for a, b in zip(bounds, bounds[1:]))
    mapping = {key(value): index for index, value in enumerate(distinct)}
    latents = CompressedLatents()
    latents.byte_stream = range_encode([distinct.index(value) for value in kept], bounds)
    latents.cdf = array("f", [len(cdf)], cdf)
    latents.mapping = mapping
    latents.tail_locs = {
        key(tail): array("q", [values.count(tail)], [at for at, value in enumerate(values) if value == tail])
        for tail in tails
    }
    latents.num_latents = len(values) // dim
    latents.latent_dim = dim
    return latents


WIDTHS = {"xyz": 3, "f_dc": 3, "f_rest": 9, "sc": 3, "rot": 4, "op": 1}


def write_ply(path, state):
    count = len(state["xyz"]) // 3
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
    names += [f"f_rest_{n}" for n in range(9)] + ["opacity", "scale_0", "scale_1", "scale_2"]
    names += [f"rot_{n}" for n in range(4)]
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n"
    header += "".join(f"property float {name}\n" for name in names)
    body = b""
    for k in range(count):
        row = {name: state[name][WIDTHS[name] * k : WIDTHS[name] * (k + 1)] for name in WIDTHS}
        # All of red, all of green, all of blue; the state has coefficient after coefficient.
        rest = [row["f_rest"][3 * coefficient + channel] for channel in range(3) for coefficient in range(3)]
        values = row["xyz"] + [0.0] * 3 + row["f_dc"] + rest + row["op"] + row["sc"] + row["rot"]
        body += struct.pack(f"<{len(values)}fi", *values, k)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((header + "property int vertex_id\nend_header\n").encode() + body)


def integers(count, spread):
    return [round(random.gauss(0, spread)) for _ in range(count)]


def linear(latents, dim, div, matrix, features, shift):
    count = len(latents) // dim
    return [
        shift[f] + sum(latents[k * dim + n] / div[n] * matrix[n * features + f] for n in range(dim))
        for k in range(count)
        for f in range(features)
    ]


def next_frame(state, parents, protocol, array, key, path):
    """Changes `state` and writes what changes it."""
    count, before = len(parents), state
    state = {
        name: [before[name][parent * width + n] for parent in parents for n in range(width)]
        for name, width in WIDTHS.items()
    }
    latents, states, classes = OrderedDict(), OrderedDict(), OrderedDict()
    arguments = OrderedDict()
    ungated = sorted(random.sample(range(count), count // 4))
    residuals = integers(3 * len(ungated), 40)
    for at, index in enumerate(ungated):
        for axis in range(3):
            state["xyz"][3 * index + axis] += residuals[3 * at + axis] / 10000
    latents["xyz"] = {
        "mapping": array("q", [count], parents),
        "ungated_indices": Tensor("b", [len(ungated)], ungated),
        "ungated_residuals_compressed": compress(residuals, 3, (), array, key),
    }
    for name, dim, residual, dft in [
        ("f_dc", 4, True, False),
        ("f_rest", 2, False, False),
        ("sc", 3, True, False),
        ("rot", 4, True, False),
        ("op", 2, True, True),
    ]:
        width = WIDTHS[name]
        values = integers(count * dim, 1.5)
        rare = max(values, key=abs)
        tails = (rare,) if values.count(rare) == 1 else ()
        div = [f32(random.uniform(1, 4)) for _ in range(dim)]
        matrix = [f32(random.gauss(0, 0.2)) for _ in range(dim * width)]
        shift = [f32(random.gauss(0, 0.1)) for _ in range(width)] if name == "f_dc" else [0.0] * width
        tensors = OrderedDict()
        if dft:
            scale = [f32(random.uniform(0.5, 2)) for _ in range(width)]
            tensors["layers.0.dft"] = Tensor("f", [dim, width], matrix)
            tensors["layers.0.scale"] = Tensor("f", [1, width], scale)
            matrix = [value * scale[at % width] for at, value in enumerate(matrix)]
        else:
            # As a view of another storage, its axes swapped and behind two numbers.
            swapped = [matrix[n * width + f] for f in range(width) for n in range(dim)]
            tensors["layers.0.scale"] = Tensor("f", [dim, width], [9.0, 9.0] + swapped, [1, dim], 2)
        if name == "f_dc":
            tensors["layers.0.shift"] = array("f", [1, width], shift)
        tensors["div"] = Tensor("f", [dim], div)
        tensors["decoded_att"] = Tensor("f", [1], [0.0])
        decoded = linear(values, dim, div, matrix, width, shift)
        state[name] = [a + b for a, b in zip(state[name], decoded)] if residual else decoded
        latents[name] = compress(values, dim, tails, array, key)
        states[name] = tensors
        classes[name] = "LatentDecoderRes" if residual else "LatentDecoder"
        arguments[name] = {"latent_dim": dim, "feature_dim": width, "use_shift": name == "f_dc"}
    latents["flow"] = Tensor("f", [count, 3], [0.0] * (3 * count))
    classes["xyz"] = "DecoderIdentity"
    frame = {
        "latents": latents,
        "decoder_state_dict": states,
        "decoder_args": arguments,
        "latent_decoders_dict": classes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(frame, protocol=protocol))
    return state


def main():
    count = 40
    state = {name: [f32(random.gauss(0, 1)) for _ in range(count * width)] for name, width in WIDTHS.items()}
    write_ply(HERE / "frames/0001/point_cloud.ply", state)
    states = [state]
    settings = [(4, Tensor, int), (2, Array, Scalar), (5, Tensor, float)]
    for number, (protocol, array, key) in enumerate(settings, 2):
        # A few are gone, a few are there twice.
        parents = sorted(random.choices(range(count), k=count + 3))
        path = HERE / f"frames/{number:04}/compressed/point_cloud.pkl"
        state = next_frame(state, parents, protocol, array, key, path)
        count = len(parents)
        states.append(state)
    rounded = [{name: [round(value, 6) for value in values] for name, values in state.items()} for state in states]
    (HERE / "expected.json").write_text(json.dumps(rounded, separators=(",", ":")))

    folder = HERE.parent / "pickle"
    folder.mkdir(exist_ok=True)
    shared = [1, 2]
    plain = {
        "ints": [0, 255, 256, 65535, 65536, -1, -(2**31), 2**31, -(2**63), 2**63 - 1, 2**70],
        "floats": (1.5, -0.0, 1e300),
        "texts": ["", "é", "x" * 300],
        "bytes": [b"", b"\x00\xff", b"y" * 300],
        "bools": (True, False, None),
        "nested": {"a": shared, "b": shared, 7: ((), [], {})},
        "ordered": OrderedDict([("one", 1), ("two", 2)]),
    }
    for protocol in range(2, 6):
        (folder / f"plain{protocol}.pkl").write_bytes(pickle.dumps(plain, protocol=protocol))


main()
