//! Splat formats that are no PLY and no SOG.

use zoetrope_codecs::Cancel;
use zoetrope_codecs::splat::dot_splat as dot_splat_format;
use zoetrope_codecs::splat::spz::{self, SpzVersion};
use zoetrope_codecs::splat::{gltf, ksplat};

use super::{check, source};

/// Bytes of a .ksplat header, of which the first say something, and of that of a section.
const KSPLAT_HEADERS: [(usize, usize); 2] = [(44, 4096), (44, 1024)];

/// .ksplat of one section, without the zeros that fill up its headers: they would be most of it.
pub fn ksplat(data: &[u8]) {
    let mut bytes = Vec::new();
    let mut rest = data;
    for (used, length) in KSPLAT_HEADERS {
        let (head, behind) = rest.split_at(used.min(rest.len()));
        bytes.extend(head);
        bytes.resize(bytes.len() - head.len() + length, 0);
        rest = behind;
    }
    bytes.extend(rest);
    let cancel = Cancel::new();
    let facts = ksplat::facts(&source(&bytes), &cancel);
    if let Ok(cloud) = ksplat::read(&source(&bytes), &cancel) {
        check(&cloud);
        assert_eq!(
            facts.expect("says less than the whole").count,
            cloud.len() as u64
        );
    }
}

/// glTF as a text or GLB. What was read can be written and is read again as it was.
pub fn gltf(data: &[u8]) {
    let cancel = Cancel::new();
    let facts = gltf::facts(&source(data), &cancel);
    let Ok(cloud) = gltf::read(&source(data), &cancel) else {
        return;
    };
    check(&cloud);
    let facts = facts.expect("says less than the whole");
    assert_eq!(facts.count, cloud.len() as u64);
    assert_eq!((facts.sh_degree, facts.axes), (cloud.sh_degree, cloud.axes));
    let mut bytes = Vec::new();
    if gltf::write(&cloud, &mut bytes).is_ok() {
        let again = gltf::read(&source(&bytes), &cancel).expect("was just written");
        assert_eq!(again.positions, cloud.positions);
        // If all were zero, they would be taken for logarithms.
        if cloud.scales.as_flattened().iter().any(|scale| *scale > 0.0) {
            assert_eq!(again.scales, cloud.scales);
        }
        assert_eq!(again.sh_rest, cloud.sh_rest);
    }
}

/// SPZ, not packed with gzip, or of version 4. What was read can be written and is read again.
pub fn spz(data: &[u8]) {
    let cancel = Cancel::new();
    let facts = spz::facts(&source(data), &cancel);
    let Ok(cloud) = spz::read(&source(data), &cancel) else {
        return;
    };
    check(&cloud);
    let facts = facts.expect("says less than the whole");
    assert_eq!(facts.count, cloud.len() as u64);
    assert_eq!((facts.sh_degree, facts.axes), (cloud.sh_degree, cloud.axes));
    for version in [SpzVersion::V3, SpzVersion::V4] {
        let mut bytes = Vec::new();
        spz::write(&cloud, &mut bytes, version).expect("fits, since it was read");
        let again = spz::read(&source(&bytes), &cancel).expect("was just written");
        assert_eq!(again.len(), cloud.len());
    }
}

/// `.splat`. What is read must survive being written and read again.
pub fn dot_splat(data: &[u8]) {
    if let Ok(cloud) = dot_splat_format::read(&source(data), &Cancel::new()) {
        check(&cloud);
        let mut again = Vec::new();
        dot_splat_format::write(&cloud, &mut again).expect("memory takes everything");
        assert_eq!(again.len(), data.len());
        let again = dot_splat_format::read(&source(&again), &Cancel::new()).expect("was written");
        check(&again);
    }
}
