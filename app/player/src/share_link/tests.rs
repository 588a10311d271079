use zoetrope_codecs::UpAxis;
use zoetrope_codecs::limits::{MAX_ADDRESS_BYTES, MAX_LINK_BYTES};

use super::*;
use crate::{Command, Quality};

/// Numbers that look random and are the same every time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Any finite f32 of a camera's size, most of them with all their bits in use.
    fn coordinate(&mut self) -> f32 {
        loop {
            let number = f32::from_bits(self.next() as u32);
            if number.abs() <= 1e7 {
                return number;
            }
        }
    }

    /// 0 to `max`, with all bits in use.
    fn up_to(&mut self, max: f64) -> f64 {
        max * (self.next() as f64 / u64::MAX as f64)
    }

    fn some<T>(&mut self, value: T) -> Option<T> {
        (self.below(3) > 0).then_some(value)
    }

    fn view(&mut self) -> StartView {
        let fov_y = (1.0 + self.up_to(169.0)).to_radians() as f32;
        let position = std::array::from_fn(|_| self.coordinate());
        let target = std::array::from_fn(|_| self.coordinate());
        let (a, b) = (self.up_to(1e6), self.up_to(100.0));
        let qualities = [
            LinkQuality::Auto,
            LinkQuality::High,
            LinkQuality::Low,
            LinkQuality::Layers(1 + self.below(255) as u8),
        ];
        let quality = qualities[self.below(4) as usize];
        let up = UpAxis::ALL[self.below(6) as usize].0;
        let time = self.up_to(1e6);
        StartView {
            time_s: self.some(time),
            camera: LinkCamera::new(position, target, fov_y).and_then(|camera| self.some(camera)),
            up: self.some(up),
            ab_s: self.some((a.min(b), a.max(b))),
            quality: self.some(quality),
        }
    }

    fn address(&mut self) -> String {
        let starts = [
            "https://example.org/",
            "http://[::1]:8080/",
            "file:///home/me/",
            "https://a.example/x?sign=",
        ];
        let mut address = starts[self.below(4) as usize].to_owned();
        let letters: Vec<char> = "abzAZ09-._~/%20ä日?&=+,;:@!$'()*[]".chars().collect();
        for _ in 0..self.below(40) {
            address.push(letters[self.below(letters.len() as u64) as usize]);
        }
        address
    }
}

fn parsed(text: &str) -> ShareLink {
    ShareLink::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_is_written_reads_back_the_same_bit_by_bit() {
    let mut numbers = Numbers(1);
    for _ in 0..20_000 {
        let mut link = ShareLink::new(&numbers.address()).expect("an address");
        link.view = numbers.view().over(link.view);
        let text = link.app_link();
        let read = parsed(&text);
        assert_eq!(read, link, "{text}");
        assert_eq!(read.app_link(), text);
        if let (Some(camera), Some(same)) = (link.view.camera, read.view.camera) {
            let bits = |camera: LinkCamera| {
                let numbers = camera.position.into_iter().chain(camera.target);
                let numbers: Vec<u32> = numbers.map(f32::to_bits).collect();
                (numbers, camera.fov_y.to_bits())
            };
            assert_eq!(bits(camera), bits(same), "{text}");
        }
        if let Some(web) = link.web_link() {
            assert_eq!(parsed(&web), link, "{web}");
        }
    }
}

#[test]
fn links_are_short_and_can_be_read() {
    let camera = LinkCamera::new([0.0, -1.5, -3.0], [0.0; 3], 50_f32.to_radians());
    let mut link = ShareLink::new("https://example.org/clip.zoe").expect("an address");
    link.view = StartView {
        time_s: Some(12.48),
        camera,
        up: Some(UpAxis::PlusZ),
        ab_s: Some((3.0, 5.5)),
        quality: Some(LinkQuality::High),
    };
    let query = "t=12.48&cam=0,-1.5,-3,0,0,0,50&up=z&ab=3,5.5&v=high";
    let own = format!("zoetrope://open?src=https://example.org/clip.zoe&{query}");
    assert_eq!(link.app_link(), own);
    let web = format!("https://example.org/clip.zoe?{query}");
    assert_eq!(link.web_link(), Some(web));
    assert_eq!(link.host(), Some("example.org"));
    let file = ShareLink::new("file:///a%20b.zoe").expect("an address");
    assert_eq!(file.app_link(), "zoetrope://open?src=file:///a%2520b.zoe");
    assert_eq!((file.host(), file.web_link()), (None, None));
    assert!(file.view.is_empty());
}

#[test]
fn what_makes_no_sense_is_left_out() {
    let start = "zoetrope://open?src=https://example.org/c.zoe";
    for query in [
        "t=",
        "t=x",
        "t=nan",
        "t=inf",
        "t=-1",
        "t=1e7",
        "t",
        "=3",
        "unknown=3",
        "cam=1,2,3",
        "cam=0,0,0,0,0,0,50",
        "cam=0,0,1,0,0,0,0",
        "cam=0,0,1,0,0,0,171",
        "cam=0,0,1,0,0,0,50,1",
        "cam=nan,0,1,0,0,0,50",
        "cam=1e8,0,1,0,0,0,50",
        "ab=3",
        "ab=3,x",
        "ab=1,2,3",
        "ab=-1,2",
        "v=",
        "v=best",
        "v=0",
        "v=256",
        "v=+1",
        "up=w",
        "t=%ff",
        "t=%",
        "&&&",
        "T=3",
    ] {
        let link = parsed(&format!("{start}&{query}"));
        assert_eq!(link.view, StartView::default(), "{query}");
        assert_eq!(link.source(), "https://example.org/c.zoe", "{query}");
        // One bad value takes no other with it, before it or behind it.
        for text in [
            format!("{start}&v=low&{query}"),
            format!("{start}&{query}&v=low"),
        ] {
            assert_eq!(parsed(&text).view.quality, Some(LinkQuality::Low), "{text}");
        }
    }
    // The first value that makes sense counts.
    assert_eq!(
        parsed(&format!("{start}&t=x&t=2&t=3")).view.time_s,
        Some(2.0)
    );
    assert_eq!(
        parsed(&format!("{start}&ab=5,3")).view.ab_s,
        Some((3.0, 5.0))
    );
    assert_eq!(parsed(&format!("{start}&t=-0")).view.time_s, Some(0.0));
}

#[test]
fn keys_of_the_server_stay_in_the_address() {
    let link = parsed("https://example.org/c.zoe?X-Signature=a%2Fb&t=3&Expires=9#fragment");
    assert_eq!(
        link.source(),
        "https://example.org/c.zoe?X-Signature=a%2Fb&Expires=9"
    );
    assert_eq!(link.view.time_s, Some(3.0));
    // A key of ours with a value that is none of ours is the server's.
    let link = parsed("https://example.org/c.zoe?v=abc&t=");
    assert_eq!(link.source(), "https://example.org/c.zoe?v=abc&t=");
    // Inside a link of our own, what is outside counts.
    let link =
        parsed("zoetrope://open?src=https%3A%2F%2Fexample.org%2Fc.zoe%3Ft%3D1%26v%3Dlow&t=2");
    assert_eq!(link.source(), "https://example.org/c.zoe");
    assert_eq!(link.view.time_s, Some(2.0));
    assert_eq!(link.view.quality, Some(LinkQuality::Low));
}

#[test]
fn links_are_written_in_several_ways() {
    for text in [
        "zoetrope://open?src=https://example.org/c.zoe",
        " ZOETROPE://Open/?src=HTTPS%3a%2f%2fExample.ORG/c.zoe#x ",
        "zoetrope:open?src=https://example.org/c.zoe",
        "https://example.org/c.zoe",
    ] {
        assert_eq!(parsed(text).source(), "https://example.org/c.zoe", "{text}");
    }
    assert_eq!(
        parsed("https://example.org").source(),
        "https://example.org/"
    );
    assert_eq!(
        parsed("https://example.org?a=1").source(),
        "https://example.org/?a=1"
    );
    assert_eq!(
        parsed("https://[2001:DB8::1]:80/").host(),
        Some("[2001:db8::1]:80")
    );
}

#[test]
fn addresses_that_could_be_read_in_two_ways_are_refused() {
    for (text, error) in [
        ("", LinkError::Address),
        ("zoetrope://", LinkError::Action),
        (
            "zoetrope://delete?src=https://example.org",
            LinkError::Action,
        ),
        ("zoetrope://open", LinkError::Address),
        ("zoetrope://open?src=", LinkError::Address),
        ("zoetrope://open?src=zoetrope://open", LinkError::Address),
        (
            "zoetrope://open?src=javascript:alert(1)",
            LinkError::Address,
        ),
        ("zoetrope://open?src=%ff", LinkError::Address),
        ("ftp://example.org/c.zoe", LinkError::Address),
        ("https:///c.zoe", LinkError::Address),
        (
            "https://good.example@evil.example/c.zoe",
            LinkError::Address,
        ),
        ("https://good.example\\@evil.example/", LinkError::Address),
        ("https://good.example%2f.evil.example/", LinkError::Address),
        ("https://ｅxample.org/", LinkError::Address),
        ("https://exa mple.org/", LinkError::Address),
        ("https://exa\u{200b}mple.org/", LinkError::Address),
        ("https://example.org:x/", LinkError::Address),
        ("https://example.org:99999/", LinkError::Address),
        ("https://[::x]/", LinkError::Address),
        ("https://example.org/\u{202e}eoz.a", LinkError::Address),
        ("https://example.org/a b", LinkError::Address),
        ("file://", LinkError::Address),
        ("file://a@b/c", LinkError::Address),
    ] {
        assert_eq!(ShareLink::parse(text), Err(error), "{text}");
    }
}

#[test]
fn lengths_end_at_their_limits() {
    let start = "https://example.org/";
    let address = |bytes: u64| format!("{start}{}", "ä".repeat((bytes as usize - start.len()) / 2));
    let longest = ShareLink::new(&address(MAX_ADDRESS_BYTES)).expect("at the limit");
    assert_eq!(longest.source().len() as u64, MAX_ADDRESS_BYTES);
    assert_eq!(parsed(&longest.app_link()), longest);
    assert_eq!(
        ShareLink::new(&address(MAX_ADDRESS_BYTES + 2)),
        Err(LinkError::TooLong)
    );
    let link = |bytes: u64| {
        let start = "zoetrope://open?src=file:///c.zoe&x=";
        format!("{start}{}", "x".repeat(bytes as usize - start.len()))
    };
    assert!(ShareLink::parse(&link(MAX_LINK_BYTES)).is_ok());
    assert_eq!(
        ShareLink::parse(&link(MAX_LINK_BYTES + 1)),
        Err(LinkError::TooLong)
    );
}

#[test]
fn damage_is_never_more_than_an_error() {
    let mut numbers = Numbers(7);
    let mut link = ShareLink::new("https://example.org/a/clip.zoe?k=ä").expect("an address");
    link.view = StartView {
        time_s: Some(1.5),
        camera: LinkCamera::new([1.0, 2.0, 3.0], [0.5, 0.0, -1.0], 0.9),
        up: Some(UpAxis::MinusX),
        ab_s: Some((1.0, 2.0)),
        quality: Some(LinkQuality::Layers(2)),
    };
    let text = link.app_link();
    let whole = link.web_link().expect("on the web");
    for text in [text.as_str(), whole.as_str()] {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            // What is read of a link that was cut is a link again.
            if let Ok(cut) = ShareLink::parse(&text[..end]) {
                assert_eq!(parsed(&cut.app_link()), cut, "{end}");
            }
        }
        for _ in 0..20_000 {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=numbers.below(3) {
                let index = numbers.below(bytes.len() as u64) as usize;
                bytes[index] ^= 1 << numbers.below(8);
            }
            let damaged = String::from_utf8_lossy(&bytes);
            if let Ok(read) = ShareLink::parse(&damaged) {
                assert_eq!(parsed(&read.app_link()), read, "{damaged}");
            }
        }
    }
}

#[test]
fn a_moment_is_short_and_lies_in_its_frame() {
    assert_eq!(moment(0, 30.0), 0.0);
    assert_eq!(moment(1, 30.0), 0.04);
    assert_eq!(moment(45, 30.0), 1.5);
    for rate in [
        0.1, 7.3, 23.976, 24.0, 25.0, 29.97, 30.0, 59.94, 60.0, 120.0, 1000.0,
    ] {
        for frame in (0..2000).chain([99_999, 999_999]) {
            let time = moment(frame, rate);
            let view = StartView {
                time_s: Some(time),
                ..StartView::default()
            };
            assert_eq!(
                view.commands(rate),
                [Command::SeekFrame(frame), Command::Pause],
                "{frame} at {rate}: {time}"
            );
        }
    }
}

#[test]
fn a_loop_plays_and_a_moment_stands() {
    let commands = |text: &str| {
        parsed(&format!("https://example.org/?{text}"))
            .view
            .commands(30.0)
    };
    assert_eq!(commands(""), []);
    assert_eq!(commands("t=1"), [Command::SeekFrame(30), Command::Pause]);
    let ab = [Command::SetA(15), Command::SetB(60)];
    assert_eq!(commands("ab=.5,2")[..2], ab);
    assert_eq!(commands("ab=.5,2")[2..], [Command::SeekFrame(15)]);
    assert_eq!(commands("ab=.5,2&t=1")[2..], [Command::SeekFrame(30)]);
}

#[test]
fn the_quality_is_a_number_of_layers() {
    for (text, quality, said) in [
        ("auto", Quality::Auto, None),
        ("high", Quality::Layers(255), Some(LinkQuality::High)),
        ("low", Quality::Layers(1), Some(LinkQuality::Low)),
        ("2", Quality::Layers(2), Some(LinkQuality::Layers(2))),
        ("3", Quality::Layers(3), Some(LinkQuality::High)),
    ] {
        let view = parsed(&format!("https://example.org/?v={text}")).view;
        assert_eq!(view.commands(30.0), [Command::Quality(quality)], "{text}");
        assert_eq!(LinkQuality::of(quality, 3), said, "{text}");
        assert_eq!(LinkQuality::of(quality, 1), None, "{text}");
    }
}
