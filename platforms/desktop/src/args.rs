//! Parsers of option values. Each error says what was expected.

use std::ops::RangeInclusive;

use zoetrope_codecs::neural::{Activation, ImportOptions, Output, TimeEmbedding};
use zoetrope_codecs::{CameraHint, UpAxis, limits};
use zoetrope_player::share_link::{LinkCamera, LinkQuality, StartView};

/// Largest side of a picture that is drawn, supersampling included: the smallest texture limit worth
/// supporting.
pub const MAX_SIDE: u32 = 8192;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Red, green and blue, 0 to 1, display space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour(pub [f32; 3]);

/// "1280x720".
pub fn size(text: &str) -> Result<Size, String> {
    let parsed = text.split_once(['x', 'X']).and_then(|(width, height)| {
        Some(Size {
            width: width.trim().parse().ok()?,
            height: height.trim().parse().ok()?,
        })
    });
    match parsed {
        Some(size)
            if (1..=MAX_SIDE).contains(&size.width) && (1..=MAX_SIDE).contains(&size.height) =>
        {
            Ok(size)
        }
        _ => Err(format!(
            "expected WIDTHxHEIGHT, each from 1 to {MAX_SIDE}, like 1280x720"
        )),
    }
}

/// "1a2b3c", with or without `#`.
pub fn colour(text: &str) -> Result<Colour, String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let code = (digits.len() == 6)
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
        .ok_or("expected six hexadecimal digits, like 1a2b3c")?;
    let [_, red, green, blue] = code.to_be_bytes();
    Ok(Colour([red, green, blue].map(|c| f32::from(c) / 255.0)))
}

/// "PX,PY,PZ,TX,TY,TZ,FOV".
pub fn camera(text: &str) -> Result<CameraHint, String> {
    let numbers: Vec<f32> = text
        .split(',')
        .map(|part| part.trim().parse::<f32>().ok().filter(|n| n.is_finite()))
        .collect::<Option<_>>()
        .unwrap_or_default();
    let [px, py, pz, tx, ty, tz, fov] = numbers[..] else {
        return Err("expected seven numbers: position, target and field of view".to_owned());
    };
    let camera = CameraHint {
        position: [px, py, pz],
        target: [tx, ty, tz],
        fov_y_degrees: fov,
    };
    if !CameraHint::FOVS_Y_DEGREES.contains(&fov) {
        return Err("the field of view must be from 1 to 170 degrees".to_owned());
    }
    if !camera.makes_sense() {
        return Err("the camera must not be at the point it looks at".to_owned());
    }
    Ok(camera)
}

/// "PX,PY,PZ,TX,TY,TZ,FOV", as a link has it.
pub fn link_camera(text: &str) -> Result<LinkCamera, String> {
    // For its sentences about what is wrong.
    camera(text)?;
    text.replace(' ', "")
        .parse()
        .map_err(|()| "the camera is too far away".to_owned())
}

/// "auto", "high", "low" or a number of layers.
pub fn link_quality(text: &str) -> Result<LinkQuality, String> {
    text.parse()
        .map_err(|()| "expected auto, high, low or a number of layers".to_owned())
}

/// Seconds of a clip.
pub fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|time| StartView::TIMES_S.contains(time))
        .ok_or_else(|| "expected a number of seconds from 0 to 1000000".to_owned())
}

/// "3.0,5.5": two times in seconds, the earlier first.
pub fn times(text: &str) -> Result<(f64, f64), String> {
    let (a, b) = text
        .split_once(',')
        .ok_or("expected two times, like 3,5.5")?;
    let (a, b) = (seconds(a.trim())?, seconds(b.trim())?);
    Ok((a.min(b), a.max(b)))
}

/// "3..9", "3..=9" or "4": first and last frame, both included.
pub fn frames(text: &str) -> Result<RangeInclusive<usize>, String> {
    let (first, last) = text
        .split_once("..")
        .map_or((text, text), |(a, b)| (a, b.trim_start_matches('=')));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err("expected FIRST..LAST, like 0..9".to_owned()),
    }
}

/// Frames a second.
pub fn frame_rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| limits::FRAME_RATES.contains(rate))
        .ok_or_else(|| "expected a number of frames a second from 0.1 to 1000".to_owned())
}

/// "+x" … "-z".
pub fn up_axis(text: &str) -> Result<UpAxis, String> {
    UpAxis::parse(text).ok_or_else(|| "expected one of +x -x +y -y +z -z".to_owned())
}

/// Strides of the blocks of a network, height and width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strides(pub Vec<[usize; 2]>);

/// "5,4,4,2,2"
pub fn strides(text: &str) -> Result<Strides, String> {
    let strides = ImportOptions::parse_strides(text).map(Strides);
    strides.ok_or_else(|| "give a number for each block, such as 5,4,4,2,2".to_owned())
}

/// "gelu"
pub fn activation(text: &str) -> Result<Activation, String> {
    Activation::named(text).ok_or_else(|| {
        "known are gelu, relu, leaky, leaky01, relu6, swish, softplus, hardswish and none"
            .to_owned()
    })
}

/// "tanh"
pub fn output(text: &str) -> Result<Output, String> {
    Output::named(text).ok_or_else(|| "give tanh, sigmoid or a number".to_owned())
}

/// "pe_1.25_80"
pub fn time_embedding(text: &str) -> Result<TimeEmbedding, String> {
    TimeEmbedding::parse(text).ok_or_else(|| "give base and levels, such as pe_1.25_80".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(
            size("1280x720"),
            Ok(Size {
                width: 1280,
                height: 720
            })
        );
        for bad in ["", "1280", "0x5", "8193x8", "axb", "-1x5"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn colours() {
        assert_eq!(colour("ff0000"), Ok(Colour([1.0, 0.0, 0.0])));
        assert_eq!(colour("#0000ff"), Ok(Colour([0.0, 0.0, 1.0])));
        for bad in ["", "fff", "gg0000", "ff00000", "+f0000f"] {
            assert!(colour(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cameras() {
        assert!(camera("0,-1,-3,0,0,0,50").is_ok());
        for bad in [
            "",
            "1,2,3",
            "0,0,0,0,0,0,50",
            "0,0,1,0,0,0,0",
            "nan,0,1,0,0,0,50",
        ] {
            assert!(camera(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_link_restores() {
        assert_eq!(seconds("12.48"), Ok(12.48));
        assert_eq!(times("5.5, 3"), Ok((3.0, 5.5)));
        let camera = link_camera("0, -1,-3,0,0,0,50").expect("a camera");
        assert_eq!(camera.to_string(), "0,-1,-3,0,0,0,50");
        assert_eq!(link_quality("2"), Ok(LinkQuality::Layers(2)));
        for bad in ["", "-1", "nan", "inf", "1000001", "x"] {
            assert!(
                seconds(bad).is_err() && times(&format!("1,{bad}")).is_err(),
                "{bad}"
            );
        }
        assert!(times("3").is_err() && link_quality("best").is_err());
        assert!(link_camera("0,0,0,0,0,0,50").is_err());
        let far = link_camera("1e8,0,1,0,0,0,50").expect_err("too far");
        assert!(far.contains("too far away"), "{far}");
    }

    #[test]
    fn what_a_neural_video_leaves_open() {
        assert_eq!(
            strides("5,4,9x16"),
            Ok(Strides(vec![[5, 5], [4, 4], [9, 16]]))
        );
        assert_eq!(activation("Swish"), Ok(Activation::Silu));
        assert_eq!(output("sigmoid"), Ok(Output::Sigmoid));
        assert_eq!(output("0.5"), Ok(Output::Offset(0.5)));
        let time = time_embedding("pe_1.25_80").expect("an embedding");
        assert_eq!((time.base, time.levels), (1.25, 80));
        assert!(strides("5,0").is_err() && strides("").is_err());
        assert!(activation("sine").is_err() && output("nan").is_err());
        assert!(time_embedding("pe_80").is_err());
    }

    #[test]
    fn frame_ranges() {
        assert_eq!(frames("3..9"), Ok(3..=9));
        assert_eq!(frames("3..=9"), Ok(3..=9));
        assert_eq!(frames("4"), Ok(4..=4));
        for bad in ["", "9..3", "a..b", "..", "-1..2"] {
            assert!(frames(bad).is_err(), "{bad}");
        }
    }
}
