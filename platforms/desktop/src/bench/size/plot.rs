//! The curves as a picture, SVG.

use std::fmt::Write as _;

use super::{Curves, Point};

/// Size of one clip's diagram in pixels, axes included.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 300.0;
/// Room for the axes: left, top, right, bottom.
const MARGIN: [f64; 4] = [52.0, 40.0, 14.0, 44.0];
/// Colours of V3 and of ours, which differ in brightness too.
const V3_COLOUR: &str = "#9a3b26";
const ZOE_COLOUR: &str = "#1f6fd0";

/// Bytes a frame (logarithmic) against PSNR, a diagram for each clip.
pub fn svg(all: &[Curves]) -> String {
    let width = WIDTH * all.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n\
         <rect width=\"{width}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    for (index, curves) in all.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<g transform=\"translate({} 0)\">",
            WIDTH * index as f64
        );
        diagram(&mut svg, curves, index == 0);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// From values to pixels.
struct Axes {
    kilobytes: [f64; 2],
    psnr: [f64; 2],
}

impl Axes {
    fn of(curves: &Curves) -> Self {
        let points = || curves.v3.iter().chain(&curves.zoe);
        let ends = |value: fn(&Point) -> f64| {
            let low = points().map(value).fold(f64::INFINITY, f64::min);
            let high = points().map(value).fold(f64::NEG_INFINITY, f64::max);
            [low, high]
        };
        let [low, high] = ends(|point| point.bytes_per_frame / 1e3);
        let [worst, best] = ends(|point| point.psnr);
        Self {
            kilobytes: [0.85 * low, 1.2 * high],
            psnr: [(worst - 1.0).floor(), (best + 1.0).ceil()],
        }
    }

    fn x(&self, kilobytes: f64) -> f64 {
        let [low, high] = self.kilobytes.map(f64::ln);
        let part = (kilobytes.ln() - low) / (high - low);
        MARGIN[0] + part * (WIDTH - MARGIN[0] - MARGIN[2])
    }

    fn y(&self, psnr: f64) -> f64 {
        let part = (psnr - self.psnr[0]) / (self.psnr[1] - self.psnr[0]);
        HEIGHT - MARGIN[3] - part * (HEIGHT - MARGIN[1] - MARGIN[3])
    }
}

fn diagram(svg: &mut String, curves: &Curves, legend: bool) {
    let axes = Axes::of(curves);
    let (left, right) = (MARGIN[0], WIDTH - MARGIN[2]);
    let (top, bottom) = (MARGIN[1], HEIGHT - MARGIN[3]);
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"22\" font-size=\"14\" font-weight=\"bold\">{}</text>",
        curves.name
    );
    for psnr in (axes.psnr[0] as i32..=axes.psnr[1] as i32).filter(|psnr| psnr % 5 == 0) {
        let y = axes.y(psnr.into());
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{psnr}</text>",
            left - 6.0,
            y + 4.0
        );
    }
    for kilobytes in ticks(axes.kilobytes) {
        let x = axes.x(kilobytes);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{kilobytes}</text>",
            bottom + 16.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">kB a frame</text>\
         <text x=\"8\" y=\"{:.1}\">dB</text>",
        bottom + 34.0,
        top - 2.0
    );
    for (points, colour, name) in [
        (&curves.v3, V3_COLOUR, "V3, qp 25 20 15"),
        (&curves.zoe, ZOE_COLOUR, "Zoetrope"),
    ] {
        line(svg, points, &axes, colour);
        if legend {
            let y = if colour == V3_COLOUR {
                bottom - 26.0
            } else {
                bottom - 10.0
            };
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"end\" fill=\"{colour}\">{name}</text>",
                right - 6.0
            );
        }
    }
}

fn line(svg: &mut String, points: &[Point], axes: &Axes, colour: &str) {
    let places: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (axes.x(point.bytes_per_frame / 1e3), axes.y(point.psnr)))
        .collect();
    let path: Vec<String> = places
        .iter()
        .map(|(x, y)| format!("{x:.1} {y:.1}"))
        .collect();
    let _ = writeln!(
        svg,
        "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
        path.join("L")
    );
    for (x, y) in places {
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
        );
    }
}

/// Round numbers inside the range: 1, 2, 5, 10 …
fn ticks([low, high]: [f64; 2]) -> Vec<f64> {
    let mut ticks: Vec<f64> = Vec::new();
    let mut decade = 0.1;
    while decade < high {
        ticks.extend(
            [1.0, 2.0, 5.0]
                .map(|step| step * decade)
                .iter()
                .filter(|t| (low..=high).contains(*t)),
        );
        decade *= 10.0;
    }
    // What is left of sums of tenths.
    ticks
        .iter()
        .map(|tick| (tick * 1000.0).round() / 1000.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks([0.7, 11.0]), [1.0, 2.0, 5.0, 10.0]);
        assert_eq!(ticks([30.0, 70.0]), [50.0]);
    }

    #[test]
    fn every_point_is_drawn() {
        let point = |bytes_per_frame, psnr| Point {
            quality: 0,
            bytes_per_frame,
            psnr,
        };
        let curves = Curves {
            name: "test",
            v3: vec![point(9e4, 50.0), point(1e5, 52.0)],
            zoe: vec![point(3e4, 45.0), point(4e4, 50.0), point(5e4, 53.0)],
        };
        let svg = svg(&[curves]);
        assert_eq!(svg.matches("<circle").count(), 5);
        assert!(!svg.contains("NaN"), "{svg}");
    }
}
