//! Splat formats that are no PLY and no SOG.

use zoetrope_codecs::Cancel;
use zoetrope_codecs::splat::spz::{self, SpzVersion};

use super::{check, source};

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
