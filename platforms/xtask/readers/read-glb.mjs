// Prints the centres of a GLB file of Gaussians as CSV, in the axes of PLY files (y down, z forward).
// Whatever glTF can say about accessors and nodes is left to the library.
import { NodeIO } from '@gltf-transform/core';

const document = await new NodeIO().read(process.argv[2]);
const lines = ['x,y,z'];
for (const node of document.getRoot().listNodes()) {
  const matrix = node.getWorldMatrix();
  for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
    const positions = primitive.getAttribute('POSITION');
    for (let row = 0; row < positions.getCount(); row += 1) {
      const at = positions.getElement(row, []);
      const [x, y, z] = [0, 1, 2].map((axis) =>
        [0, 1, 2].reduce((sum, k) => sum + matrix[4 * k + axis] * at[k], matrix[12 + axis]));
      lines.push([x, -y, -z].join(','));
    }
  }
}
console.log(lines.join('\n'));
