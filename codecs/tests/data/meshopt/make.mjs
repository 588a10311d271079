// Makes the models here with meshoptimizer 1.3.0, encoder and decoder: `npm install meshoptimizer@1.3.0`, then
// `node make.mjs`. plain.glb has what the decoder makes of the streams of the others.

import { writeFileSync } from 'node:fs';
import { MeshoptDecoder } from 'meshoptimizer/decoder';
import { MeshoptEncoder } from 'meshoptimizer/encoder';

// One whole block of 256 elements, a whole group of the next, and a part of another.
const COUNT = 256 + 16 + 5;
const EXTENSION = 'KHR_gaussian_splatting';
const [BYTE, UNSIGNED_BYTE, SHORT, UNSIGNED_SHORT, FLOAT] = [5120, 5121, 5122, 5123, 5126];

// xorshift32: the same numbers on every run.
let state = 2463534242;
const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
};

const rows = (width, value) => {
    const array = new Float32Array(COUNT * width);
    return array.map((_, index) => value(Math.floor(index / width), index % width));
};
const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const smooth = (row, part) => Math.sin(row / 40 + part);
// Unit vectors of `width` numbers in four, the last of which is free where there are three.
const units = (width, last) => {
    const all = rows(4, (row, part) => smooth(3 * row, 2 * part) + 0.1 * random());
    for (let row = 0; row < COUNT; row++) {
        const vector = all.subarray(4 * row, 4 * row + width);
        const length = Math.hypot(...vector);
        vector.forEach((part, index) => (vector[index] = part / length));
        if (width < 4) all[4 * row + 3] = last;
    }
    return all;
};
const colours = rows(4, (row, part) => (part === 3 ? 1 : 0.5 + 0.4 * smooth(row, part)));
const literal = new Float32Array(COUNT * 3).map(() => 2 * random() - 1);
const padded = (Type, width, value) => {
    const array = new Type(COUNT * (4 / Type.BYTES_PER_ELEMENT) * Math.ceil((width * Type.BYTES_PER_ELEMENT) / 4));
    const stride = array.length / COUNT;
    for (let row = 0; row < COUNT; row++) {
        for (let part = 0; part < width; part++) array[stride * row + part] = value(row, part);
    }
    return bytesOf(array);
};

await MeshoptEncoder.ready;
await MeshoptDecoder.ready;
const { encodeFilterExp, encodeFilterOct, encodeFilterQuat, encodeFilterColor } = MeshoptEncoder;

// Name, component type, whether normalised, numbers, bytes of an element, filter, what is encoded.
const attributes = [
    ['POSITION', FLOAT, false, 3, 12, 'EXPONENTIAL',
        encodeFilterExp(rows(3, (row, part) => 5 * smooth(row, part) + random()), COUNT, 12, 15, 'SharedVector')],
    ['ROTATION', SHORT, true, 4, 8, 'QUATERNION', encodeFilterQuat(units(4), COUNT, 8, 12)],
    ['SCALE', FLOAT, false, 3, 12, undefined, bytesOf(rows(3, (row, part) => 0.1 + 0.05 * smooth(row, part)))],
    ['OPACITY', UNSIGNED_BYTE, true, 1, 4, undefined, padded(Uint8Array, 1, (row) => 255 - row % 200)],
    ['SH_DEGREE_0_COEF_0', FLOAT, false, 3, 12, 'EXPONENTIAL',
        encodeFilterExp(rows(3, smooth), COUNT, 12, 12, 'Separate')],
    ['SH_DEGREE_1_COEF_0', SHORT, true, 3, 8, 'OCTAHEDRAL', encodeFilterOct(units(3, 0), COUNT, 8, 12)],
    ['SH_DEGREE_1_COEF_1', BYTE, true, 3, 4, 'OCTAHEDRAL', encodeFilterOct(units(3, 1), COUNT, 4, 8)],
    ['SH_DEGREE_1_COEF_2', UNSIGNED_BYTE, true, 3, 4, 'COLOR', encodeFilterColor(colours, COUNT, 4, 7)],
    ['SH_DEGREE_2_COEF_0', UNSIGNED_SHORT, true, 3, 8, 'COLOR', encodeFilterColor(colours, COUNT, 8, 12)],
    // Bytes that cannot be packed, that are all the same, that differ by shorts and by words.
    ['SH_DEGREE_2_COEF_1', FLOAT, false, 3, 12, undefined, bytesOf(literal)],
    ['SH_DEGREE_2_COEF_2', FLOAT, false, 3, 12, undefined, bytesOf(rows(3, () => 0.25))],
    ['SH_DEGREE_2_COEF_3', SHORT, true, 3, 8, undefined,
        padded(Int16Array, 3, (row, part) => 20000 * smooth(4 * row, part))],
    ['SH_DEGREE_2_COEF_4', FLOAT, false, 3, 12, undefined, bytesOf(rows(3, (row, part) => 1 + row / 512 + part))],
];

const concatenated = (arrays) => {
    const sizes = arrays.map((array) => Math.ceil(array.length / 4) * 4);
    const all = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    let at = 0;
    const offsets = arrays.map((array, index) => {
        all.set(array, at);
        at += sizes[index];
        return at - sizes[index];
    });
    return { all, offsets };
};

const glb = (json, binary) => {
    const text = new TextEncoder().encode(JSON.stringify(json));
    const words = Math.ceil(text.length / 4) * 4;
    const bytes = new Uint8Array(28 + words + binary.length).fill(32);
    const view = new DataView(bytes.buffer);
    [0x46546c67, 2, bytes.length, words, 0x4e4f534a].forEach((word, index) => view.setUint32(4 * index, word, true));
    bytes.set(text, 20);
    [binary.length, 0x004e4942].forEach((word, index) => view.setUint32(20 + words + 4 * index, word, true));
    bytes.set(binary, 28 + words);
    return bytes;
};

const write = (path, packing, version) => {
    const streams = attributes.map(([, , , , stride, , bytes]) =>
        packing === undefined ? bytes : MeshoptEncoder.encodeVertexBufferLevel(bytes, COUNT, stride, 3, version));
    const decoded = attributes.map(([, , , , stride, filter], index) => {
        const packed = MeshoptEncoder.encodeVertexBufferLevel(attributes[index][6], COUNT, stride, 3, 1);
        const plain = new Uint8Array(COUNT * stride);
        MeshoptDecoder.decodeGltfBuffer(plain, COUNT, stride, packed, 'ATTRIBUTES', filter ?? 'NONE');
        return plain;
    });
    const { all, offsets } = concatenated(packing === undefined ? decoded : streams);
    const spaces = concatenated(decoded);
    const name = (short) => (short === 'POSITION' ? short : `${EXTENSION}:${short}`);
    const json = {
        asset: { version: '2.0' },
        extensionsUsed: [EXTENSION, ...(packing ? [packing] : [])],
        extensionsRequired: packing ? [packing] : [],
        scene: 0,
        scenes: [{ nodes: [0] }],
        nodes: [{ mesh: 0 }],
        meshes: [{
            primitives: [{
                mode: 0,
                attributes: Object.fromEntries(attributes.map(([short], index) => [name(short), index])),
                extensions: { [EXTENSION]: { kernel: 'ellipse', colorSpace: 'srgb_rec709_display' } },
            }],
        }],
        accessors: attributes.map(([, componentType, normalized, width], bufferView) => ({
            bufferView, componentType, normalized, count: COUNT, type: { 1: 'SCALAR', 3: 'VEC3', 4: 'VEC4' }[width],
        })),
        bufferViews: attributes.map(([, , , , byteStride, filter], index) => ({
            buffer: packing ? 1 : 0,
            byteOffset: spaces.offsets[index],
            byteLength: COUNT * byteStride,
            byteStride,
            ...(packing && {
                extensions: {
                    [packing]: {
                        buffer: 0, byteOffset: offsets[index], byteLength: streams[index].length, byteStride,
                        count: COUNT, mode: 'ATTRIBUTES', ...(filter && { filter }),
                    },
                },
            }),
        })),
        buffers: [{ byteLength: all.length }, ...(packing ? [{ byteLength: spaces.all.length }] : [])],
    };
    writeFileSync(path, glb(json, all));
};

write('plain.glb');
write('version_1.glb', 'KHR_meshopt_compression', 1);
write('version_0.glb', 'EXT_meshopt_compression', 0);
