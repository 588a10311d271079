//! x264 and x265, by FFmpeg's program.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use zoetrope_render::Picture;

/// An ordinary codec.
pub struct Peer {
    /// Its name for people, and for files.
    pub name: &'static str,
    /// Of its curve.
    pub colour: &'static str,
    /// As FFmpeg calls it.
    encoder: &'static str,
    /// Constant rate factors, from the best pictures to the worst.
    pub factors: &'static [u8],
}

impl Peer {
    /// H.264.
    pub const X264: Self = Self {
        name: "x264",
        colour: "#9a3b26",
        encoder: "libx264",
        factors: &[16, 20, 24, 28, 32, 36, 40, 44],
    };
    /// H.265.
    pub const X265: Self = Self {
        name: "x265",
        colour: "#d99a2b",
        encoder: "libx265",
        factors: &[16, 20, 24, 28, 32, 36, 40, 44],
    };

    /// Encodes pictures of one size to an MP4 file, preset `medium`, 4:2:0, everything else as it comes.
    ///
    /// # Errors
    /// When FFmpeg's program is not there or refuses.
    pub fn encode(
        &self,
        pictures: &[Picture],
        frame_rate: f64,
        factor: u8,
        path: &Path,
    ) -> anyhow::Result<()> {
        let [width, height] = pictures
            .first()
            .map_or([0; 2], |picture| [picture.width, picture.height]);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-f", "rawvideo", "-pixel_format", "rgba"]);
        command.args(["-video_size", &format!("{width}x{height}")]);
        command.args(["-framerate", &frame_rate.to_string(), "-i", "-"]);
        command.args(["-vf", "scale=out_color_matrix=bt709,format=yuv420p"]);
        command.args(["-colorspace", "bt709", "-color_range", "tv"]);
        command.args(["-c:v", self.encoder, "-preset", "medium"]);
        command.args(["-crf", &factor.to_string()]);
        if self.encoder == "libx265" {
            command.args(["-x265-params", "log-level=error"]);
        }
        let mut child = command
            .arg(path)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("there is no program ffmpeg; install FFmpeg")?;
        let mut input = child.stdin.take().context("it takes no input")?;
        // A program that has given up says why on its error output.
        let written = pictures
            .iter()
            .try_for_each(|picture| input.write_all(&picture.rgba));
        drop(input);
        let output = child.wait_with_output()?;
        ensure!(
            output.status.success() && written.is_ok(),
            "{} did not encode: {}",
            self.name,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use zoetrope_app::pictures::open_pictures;
    use zoetrope_codecs::Cancel;

    use super::*;

    #[test]
    fn what_is_encoded_comes_back_in_its_colours() {
        let rgba: Vec<u8> = (0..64 * 48)
            .flat_map(|pixel| [(pixel % 64) as u8 * 4, 60, 200, 255])
            .collect();
        let picture = Picture {
            width: 64,
            height: 48,
            rgba,
        };
        let folder = tempfile::tempdir().expect("is made");
        for peer in [Peer::X264, Peer::X265] {
            let path = folder.path().join(peer.name).with_extension("mp4");
            let pictures = [picture.clone(), picture.clone()];
            peer.encode(&pictures, 25.0, 16, &path).expect("encodes");
            let cancel = Cancel::new();
            let mut video = open_pictures(&path, &cancel).expect("opens");
            assert_eq!(video.info().count, 2);
            let back = video.picture(1, &cancel).expect("decodes");
            let back = Picture {
                width: back.width,
                height: back.height,
                rgba: back.rgba.to_vec(),
            };
            let psnr = picture.psnr(&back).expect("has one size");
            assert!(psnr > 32.0, "{}: {psnr}", peer.name);
        }
    }
}
