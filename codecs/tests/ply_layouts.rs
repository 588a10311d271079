//! PLY files of Gaussians as all the tools write them: in any layout, the same cloud.

mod common;

use common::{memory, small_cloud};
use zoetrope_codecs::source::MemorySource;
use zoetrope_codecs::splat::{self, SH_C0, compressed_ply, ply};
use zoetrope_codecs::{Cancel, Error, SplatCloud};

/// Type of a column and its bytes, by the name that PLY has for it.
const TYPES: [&str; 4] = ["float", "double", "uchar", "ushort"];

/// A table that is written as a PLY file.
struct Table {
    encoding: &'static str,
    comments: Vec<String>,
    /// Name, index in [`TYPES`], values.
    columns: Vec<(String, usize, Vec<f64>)>,
}

impl Table {
    /// What the original training code writes of `cloud`.
    fn of(cloud: &SplatCloud) -> Self {
        let mut columns = Vec::new();
        let mut put = |name: String, value: &dyn Fn(usize) -> f32| {
            let values = (0..cloud.len()).map(|k| f64::from(value(k))).collect();
            columns.push((name, 0, values));
        };
        for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
            put(name.to_owned(), &|k| cloud.positions[k][axis]);
        }
        for axis in 0..3 {
            put(format!("f_dc_{axis}"), &|k| cloud.sh_dc[k][axis]);
        }
        let rest = cloud.rest_coefficients();
        for number in 0..3 * rest {
            let (channel, coefficient) = (number / rest, number % rest);
            put(format!("f_rest_{number}"), &|k| {
                cloud.rest_of(k)[coefficient][channel]
            });
        }
        put("opacity".to_owned(), &|k| {
            let opacity = cloud.opacities[k];
            (opacity / (1.0 - opacity)).ln()
        });
        for axis in 0..3 {
            put(format!("scale_{axis}"), &|k| cloud.scales[k][axis].ln());
        }
        for part in 0..4 {
            put(format!("rot_{part}"), &|k| cloud.rotations[k][part]);
        }
        Self {
            encoding: "binary_little_endian",
            comments: Vec::new(),
            columns,
        }
    }

    fn without(mut self, name: &str) -> Self {
        self.columns.retain(|(column, ..)| column != name);
        self
    }

    fn with(mut self, name: &str, kind: usize, value: impl Fn(usize) -> f64, at: usize) -> Self {
        let rows = self.columns[0].2.len();
        let column = (name.to_owned(), kind, (0..rows).map(value).collect());
        self.columns.insert(at, column);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("ply\nformat {} 1.0\n", self.encoding);
        for comment in &self.comments {
            text.push_str(&format!("comment {comment}\n"));
        }
        text.push_str(&format!("element vertex {}\n", self.columns[0].2.len()));
        for (name, kind, _) in &self.columns {
            text.push_str(&format!("property {} {name}\n", TYPES[*kind]));
        }
        let mut bytes = (text + "end_header\n").into_bytes();
        for row in 0..self.columns[0].2.len() {
            for (_, kind, values) in &self.columns {
                let value = values[row];
                if self.encoding == "ascii" {
                    bytes.extend_from_slice(format!("{value} ").as_bytes());
                    continue;
                }
                let mut number = match kind {
                    0 => (value as f32).to_le_bytes().to_vec(),
                    1 => value.to_le_bytes().to_vec(),
                    2 => vec![value as u8],
                    _ => (value as u16).to_le_bytes().to_vec(),
                };
                if self.encoding == "binary_big_endian" {
                    number.reverse();
                }
                bytes.extend(number);
            }
            if self.encoding == "ascii" {
                bytes.push(b'\n');
            }
        }
        bytes
    }

    fn read(&self) -> SplatCloud {
        read(self.bytes()).expect("reads")
    }

    fn notes(&self) -> String {
        let facts = ply::facts(&MemorySource::new("a.ply", self.bytes()), &Cancel::new());
        facts.expect("has facts").notes.join(" ")
    }
}

fn read(bytes: Vec<u8>) -> Result<SplatCloud, Error> {
    splat::read(&memory("a.ply", bytes), &Cancel::new())
}

/// A cloud of a few blocks with some Gaussians in it that cannot be drawn.
fn table(sh_degree: u8) -> Table {
    let mut table = Table::of(&small_cloud(3000, sh_degree));
    for (name, _, values) in &mut table.columns {
        match name.as_str() {
            "y" => values[17] = f64::NAN,
            "scale_1" => values[2999] = f64::INFINITY,
            "rot_0" | "rot_1" | "rot_2" | "rot_3" => values[1500] = 0.0,
            _ => {}
        }
    }
    table
}

#[test]
fn every_layout_gives_the_same_cloud() {
    for sh_degree in 0..=3 {
        let usual = table(sh_degree);
        let wanted = usual.read();
        assert_eq!((wanted.len(), wanted.dropped), (3000, 3));
        assert_eq!(wanted.sh_degree, sh_degree);
        // Numbers that have no exact text are written with as many digits as they need.
        for encoding in ["ascii", "binary_big_endian"] {
            let mut other = table(sh_degree);
            other.encoding = encoding;
            assert!(other.read() == wanted, "{encoding}, degree {sh_degree}");
        }
        let mut other = table(sh_degree);
        other.columns.reverse();
        assert!(other.read() == wanted, "reversed, degree {sh_degree}");
        let mut other = table(sh_degree);
        let half = other.columns.len() / 2;
        other.columns.rotate_left(half);
        assert!(other.read() == wanted, "rotated, degree {sh_degree}");
        let mut other = table(sh_degree);
        other.columns.iter_mut().for_each(|(_, kind, _)| *kind = 1);
        assert!(other.read() == wanted, "doubles, degree {sh_degree}");
        // Floats at odd places.
        let other = table(sh_degree)
            .with("red", 2, |k| k as f64 % 256.0, 2)
            .with("time", 3, |k| k as f64, 0);
        assert!(other.read() == wanted, "extra, degree {sh_degree}");
    }
}

#[test]
fn colours_as_they_are_shown_are_read_of_gaussians_only() {
    let grey = |table: Table| {
        let table = (0..3).fold(table, |table, number| {
            table.without(&format!("f_dc_{number}"))
        });
        ["red", "green", "blue"]
            .into_iter()
            .fold(table, |table, name| table.with(name, 2, |_| 51.0, 3))
    };
    let table = grey(table(0));
    let cloud = table.read();
    assert!((0.5 + SH_C0 * cloud.sh_dc[1][0] - 0.2).abs() < 1e-6);
    assert!(
        table.notes().contains("as they are shown"),
        "{}",
        table.notes()
    );
    let points = read(table.without("opacity").bytes());
    let message = points.expect_err("is no file of Gaussians").to_string();
    assert!(
        message.contains("something else than Gaussians"),
        "{message}"
    );
    let none = read(self::table(0).without("f_dc_1").bytes());
    let message = none.expect_err("lacks a colour").to_string();
    assert!(message.contains("f_dc_1"), "{message}");
}

#[test]
fn degree_4_is_read_as_far_as_3() {
    let three = table(3);
    let wanted = three.read();
    let mut four = table(3);
    // 15 coefficients of each channel become 24.
    let first = 6;
    for channel in (0..3).rev() {
        for coefficient in (15..24).rev() {
            let at = first + 15 * (channel + 1);
            let name = format!("more_{channel}_{coefficient}");
            four = four.with(&name, 0, |_| 0.5, at);
        }
    }
    for number in 0..72 {
        four.columns[first + number].0 = format!("f_rest_{number}");
    }
    assert!(four.read() == wanted);
    assert!(four.notes().contains("degree 4"));
    let forty = four.without("f_rest_71").bytes();
    assert!(read(forty).is_err());
}

#[test]
fn comments_say_how_it_was_trained() {
    let cases = [
        ("SplatRenderMode: default", false, ""),
        ("SplatRenderMode: mip", true, "antialiasing"),
        ("splatrendermode=MIP", true, "antialiasing"),
        ("SplatRenderMode: 2dgs", false, "2D Gaussians"),
        ("antialiased 0", false, ""),
        ("antialiased 1", true, "antialiasing"),
        ("antialiased: true", true, "antialiasing"),
        ("made with love", false, ""),
    ];
    for (comment, antialiased, note) in cases {
        let mut table = table(0);
        table.comments.push("Generated by a tool".to_owned());
        table.comments.push(comment.to_owned());
        assert_eq!(table.read().antialiased, antialiased, "{comment}");
        let notes = table.notes();
        assert_eq!(notes.is_empty(), note.is_empty(), "{comment}: {notes}");
        assert!(notes.contains(note), "{comment}: {notes}");
    }
}

#[test]
fn what_is_odd_is_noted() {
    let mut big = table(0);
    big.encoding = "binary_big_endian";
    assert!(big.notes().contains("big-endian"));
    let mut text = table(0);
    text.encoding = "ascii";
    assert!(text.notes().contains("text"));
    let mut doubles = table(0);
    doubles
        .columns
        .iter_mut()
        .for_each(|(_, kind, _)| *kind = 1);
    assert!(doubles.notes().contains("64 bits"));
    let flat = table(0).without("scale_2");
    assert!(flat.notes().contains("flat discs"));
    assert!(flat.read().scales.iter().all(|[_, _, third]| *third == 0.0));
    let mut longer = table(0).bytes();
    longer.extend([0; 7]);
    let facts = ply::facts(&MemorySource::new("a.ply", longer), &Cancel::new());
    let notes = facts.expect("has facts").notes;
    assert!(notes[0].starts_with("7 bytes behind"), "{notes:?}");
}

#[test]
fn a_compressed_file_in_another_layout_is_the_same() {
    let cloud = small_cloud(700, 2);
    let mut usual = Vec::new();
    compressed_ply::write(&cloud, &mut usual).expect("memory takes everything");
    let wanted = read(usual.clone()).expect("reads");
    let end = b"end_header\n";
    let body = usual
        .windows(end.len())
        .position(|text| text == end)
        .expect("ends")
        + end.len();
    let header = String::from_utf8(usual[..body].to_vec()).expect("is text");
    // SH as wider numbers, in another order.
    let vertices = usual.len() - 700 * 24;
    let mut other = usual[..vertices].to_vec();
    for row in usual[vertices..].chunks(24) {
        other.extend(
            row.iter()
                .rev()
                .flat_map(|code| u16::from(*code).to_le_bytes()),
        );
    }
    let mut changed = header.replace("property uchar", "property ushort");
    for number in 0..24 {
        changed = changed.replace(
            &format!(" f_rest_{number}\n"),
            &format!(" reversed_{}\n", 23 - number),
        );
    }
    let changed = changed.replace("reversed_", "f_rest_");
    other.splice(..body, changed.into_bytes());
    assert!(read(other).expect("reads") == wanted);
}
