//! Frames of a clip by their number, for those who need no player.

use std::sync::Arc;

use crate::{
    Cancel, ClipInfo, Decoder, Demuxer, Engine, Error, FrameContent, GroupInfo, Result, SplatFrame,
};

/// Reads any frame of a clip. Rising order is the cheapest: a frame behind the last one read costs
/// its group from the start.
pub struct FrameReader {
    demuxer: Box<dyn Demuxer>,
    decoder: Box<dyn Decoder>,
    /// Group being decoded, and the frame that the decoder gives next.
    position: Option<(usize, usize)>,
}

impl FrameReader {
    /// Reads through `demuxer` and a `decoder` that decodes what it delivers.
    pub fn new(demuxer: Box<dyn Demuxer>, decoder: Box<dyn Decoder>) -> Self {
        Self {
            demuxer,
            decoder,
            position: None,
        }
    }

    /// Facts of the clip.
    pub fn info(&self) -> &ClipInfo {
        self.demuxer.info()
    }

    /// The groups in time order.
    pub fn groups(&self) -> &[GroupInfo] {
        self.demuxer.groups()
    }

    /// The demuxer, for what is no frame: sound, thumbnails.
    pub fn demuxer(&mut self) -> &mut dyn Demuxer {
        &mut *self.demuxer
    }

    /// Who decodes.
    pub fn engine(&self) -> Engine {
        self.decoder.engine()
    }

    /// The frame with the number `index`, counted from 0. After an error every frame of another
    /// group can still be read.
    ///
    /// # Errors
    /// [`Error::NoSuchFrame`] beyond the end; [`Error::Malformed`] when its group ends too early;
    /// else what the demuxer and the decoder return.
    pub fn frame(&mut self, index: usize, cancel: &Cancel) -> Result<FrameContent> {
        let groups = self.demuxer.groups();
        let group = groups.partition_point(|group| group.frames.end <= index);
        if groups.get(group).is_none() {
            return Err(Error::NoSuchFrame {
                frame: index,
                count: self.info().frame_count,
            });
        }
        // Only a frame that was decoded whole leaves a position to go on from.
        let next = match self.position.take() {
            Some((at, next)) if at == group && next <= index => next,
            _ => {
                let packets = self.demuxer.read_group(group, cancel)?;
                let first = packets.frames.start;
                self.decoder.push(packets)?;
                first
            }
        };
        for _ in next..=index {
            cancel.check()?;
            let Some(frame) = self.decoder.next_frame()? else {
                break;
            };
            if frame.index == index {
                self.position = Some((group, index + 1));
                return Ok(frame.content);
            }
        }
        Err(Error::malformed(
            &self.info().title,
            format!("its group {group} ends before frame {index}; copy the clip again"),
        ))
    }
}

impl FrameReader {
    /// The Gaussians of the frame with the number `index`.
    ///
    /// # Errors
    /// As [`Self::frame`]; [`Error::Unsupported`] for a clip of flat pictures.
    pub fn splats(&mut self, index: usize, cancel: &Cancel) -> Result<Arc<SplatFrame>> {
        let frame = self.frame(index, cancel)?;
        frame.splats().cloned().ok_or_else(|| {
            Error::unsupported(
                &self.info().title,
                "its frames are flat pictures, and this is for Gaussians",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{ClipKind, Frame, GroupPackets, GroupPayload, SplatCloud, UpAxis};

    /// Frames of a group.
    const LENGTH: usize = 4;
    /// The group that cannot be read.
    const DAMAGED: usize = 1;
    /// The group that holds a frame less than it says.
    const SHORT: usize = 2;

    /// Four groups; notes which are read.
    struct Groups {
        info: ClipInfo,
        groups: Vec<GroupInfo>,
        read: Arc<Mutex<Vec<usize>>>,
    }

    impl Demuxer for Groups {
        fn info(&self) -> &ClipInfo {
            &self.info
        }

        fn groups(&self) -> &[GroupInfo] {
            &self.groups
        }

        fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
            cancel.check()?;
            self.read.lock().expect("a list").push(group);
            if group == DAMAGED {
                return Err(Error::malformed("group1/3.mp4", "it is cut short"));
            }
            Ok(GroupPackets {
                group,
                frames: self.groups[group].frames.clone(),
                payload: GroupPayload::SplatFile {
                    name: String::new(),
                    cloud: Box::default(),
                    coarse: false,
                },
            })
        }
    }

    /// Gives each frame as many Gaussians as its number.
    #[derive(Default)]
    struct Counting(std::ops::Range<usize>);

    impl Decoder for Counting {
        fn push(&mut self, packets: GroupPackets) -> Result<()> {
            let GroupPackets { group, frames, .. } = packets;
            self.0 = frames.start..frames.end - usize::from(group == SHORT);
            Ok(())
        }

        fn next_frame(&mut self) -> Result<Option<Frame>> {
            Ok(self.0.next().map(|index| {
                let mut cloud = SplatCloud::with_capacity(index, 0);
                for _ in 0..index {
                    cloud.push([0.0; 3], [1.0; 4], [1.0; 3], 1.0, [0.0; 3], &[]);
                }
                Frame {
                    index,
                    content: SplatFrame::Cloud(cloud).into(),
                }
            }))
        }

        fn engine(&self) -> Engine {
            Engine {
                name: "counting".to_owned(),
                hardware: false,
            }
        }
    }

    /// A reader, and the list of the groups that it reads.
    fn reader() -> (FrameReader, Arc<Mutex<Vec<usize>>>) {
        let read = Arc::default();
        let groups = Groups {
            info: ClipInfo {
                kind: ClipKind::V3,
                title: "dance".to_owned(),
                codec: String::new(),
                frame_rate: 30.0,
                frame_rate_known: true,
                frame_count: 4 * LENGTH,
                sh_degree: 0,
                gaussians: None,
                bounds: None,
                picture: None,
                up: UpAxis::default(),
                camera: None,
                size_bytes: None,
                credit: None,
                licence: None,
                layers: Vec::new(),
                warnings: Vec::new(),
                omissions: Vec::new(),
            },
            groups: (0..4)
                .map(|group| GroupInfo {
                    frames: group * LENGTH..(group + 1) * LENGTH,
                })
                .collect(),
            read: Arc::clone(&read),
        };
        let decoder = Box::<Counting>::default();
        (FrameReader::new(Box::new(groups), decoder), read)
    }

    #[test]
    fn any_frame_is_found_and_a_group_is_read_again_only_to_go_back() {
        let (mut reader, read) = reader();
        let cancel = Cancel::new();
        for (index, groups) in [
            (1, &[0][..]),
            (3, &[0]),
            (3, &[0, 0]),
            (0, &[0, 0, 0]),
            (15, &[0, 0, 0, 3]),
            (12, &[0, 0, 0, 3, 3]),
            (14, &[0, 0, 0, 3, 3]),
        ] {
            let frame = reader.splats(index, &cancel).expect("a frame");
            assert_eq!(frame.count(), index);
            assert_eq!(*read.lock().expect("a list"), groups, "frame {index}");
        }
    }

    #[test]
    fn what_is_not_there_is_a_sentence_and_spares_the_rest() {
        let (mut reader, _) = reader();
        let cancel = Cancel::new();
        let mut message = |index| match reader.splats(index, &cancel) {
            Ok(frame) => frame.count().to_string(),
            Err(error) => error.to_string(),
        };
        for beyond in [16, usize::MAX] {
            assert_eq!(
                message(beyond),
                format!("there is no frame {beyond}; the clip has 16, counted from 0")
            );
        }
        assert_eq!(message(5), "group1/3.mp4 is damaged: it is cut short");
        assert_eq!(message(10), "10");
        assert_eq!(
            message(11),
            "dance is damaged: its group 2 ends before frame 11; copy the clip again"
        );
        assert_eq!(message(8), "8");
        assert_eq!(message(13), "13");
    }

    #[test]
    fn a_cancelled_read_leaves_the_reader_sound() {
        let (mut reader, _) = reader();
        let (go, stop) = (Cancel::new(), Cancel::new());
        stop.cancel();
        assert!(matches!(reader.splats(2, &stop), Err(Error::Cancelled)));
        assert_eq!(reader.splats(1, &go).expect("a frame").count(), 1);
        assert!(matches!(reader.splats(3, &stop), Err(Error::Cancelled)));
        assert_eq!(reader.splats(3, &go).expect("a frame").count(), 3);
    }
}
