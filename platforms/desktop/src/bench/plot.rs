//! Curves of size and quality as a picture, SVG.

use std::fmt::Write as _;

/// Size of one diagram in pixels, axes included.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 300.0;
/// Room for the axes: left, top, right, bottom.
const MARGIN: [f64; 4] = [52.0, 40.0, 14.0, 44.0];
/// Height of a line of the legend.
const LINE: f64 = 16.0;

/// One codec.
pub struct Curve {
    pub name: &'static str,
    /// As SVG writes it. Curves of a diagram should differ in brightness too.
    pub colour: &'static str,
    /// Size in the unit of the diagram, and PSNR in dB.
    pub points: Vec<[f64; 2]>,
}

impl Curve {
    /// Size at which it is as good as `psnr`, on a straight line between the nearest points in the logarithm of size.
    /// Points must rise; what is worse than the first counts as the first, and `None` is beyond the last.
    pub fn size_at(&self, psnr: f64) -> Option<f64> {
        let [size, worst] = self.points.first()?;
        if psnr <= *worst {
            return Some(*size);
        }
        self.points.windows(2).find_map(|pair| {
            let [[size_a, a], [size_b, b]] = [pair[0], pair[1]];
            let part = (psnr - a) / (b - a);
            let log = size_a.ln() + part * (size_b.ln() - size_a.ln());
            (a..=b).contains(&psnr).then(|| log.exp())
        })
    }
}

/// All codecs on one clip.
pub struct Diagram {
    pub title: String,
    /// What sizes are counted in.
    pub unit: &'static str,
    pub curves: Vec<Curve>,
}

/// Size (logarithmic) against PSNR, diagrams side by side. The first has the legend.
pub fn svg(diagrams: &[Diagram]) -> String {
    let width = WIDTH * diagrams.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n\
         <rect width=\"{width}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    for (index, diagram) in diagrams.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<g transform=\"translate({} 0)\">",
            WIDTH * index as f64
        );
        draw(&mut svg, diagram, index == 0);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// From values to pixels.
struct Axes {
    size: [f64; 2],
    psnr: [f64; 2],
}

impl Axes {
    fn of(curves: &[Curve]) -> Self {
        let ends = |axis: usize| {
            let values = || {
                let points = curves.iter().flat_map(|curve| &curve.points);
                points.map(move |point| point[axis])
            };
            let low = values().fold(f64::INFINITY, f64::min);
            let high = values().fold(f64::NEG_INFINITY, f64::max);
            [low, high]
        };
        let [low, high] = ends(0);
        let [worst, best] = ends(1);
        Self {
            size: [0.85 * low, 1.2 * high],
            psnr: [(worst - 1.0).floor(), (best + 1.0).ceil()],
        }
    }

    fn x(&self, size: f64) -> f64 {
        let [low, high] = self.size.map(f64::ln);
        let part = (size.ln() - low) / (high - low);
        MARGIN[0] + part * (WIDTH - MARGIN[0] - MARGIN[2])
    }

    fn y(&self, psnr: f64) -> f64 {
        let part = (psnr - self.psnr[0]) / (self.psnr[1] - self.psnr[0]);
        HEIGHT - MARGIN[3] - part * (HEIGHT - MARGIN[1] - MARGIN[3])
    }
}

fn draw(svg: &mut String, diagram: &Diagram, legend: bool) {
    let axes = Axes::of(&diagram.curves);
    let (left, right) = (MARGIN[0], WIDTH - MARGIN[2]);
    let (top, bottom) = (MARGIN[1], HEIGHT - MARGIN[3]);
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"22\" font-size=\"14\" font-weight=\"bold\">{}</text>",
        diagram.title
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
    for size in ticks(axes.size) {
        let x = axes.x(size);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{size}</text>",
            bottom + 16.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
         <text x=\"8\" y=\"{:.1}\">dB</text>",
        bottom + 34.0,
        diagram.unit,
        top - 2.0
    );
    for (index, curve) in diagram.curves.iter().enumerate() {
        line(svg, curve, &axes);
        if legend {
            let below = (diagram.curves.len() - 1 - index) as f64;
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{}\">{}</text>",
                right - 6.0,
                bottom - 10.0 - LINE * below,
                curve.colour,
                curve.name
            );
        }
    }
}

fn line(svg: &mut String, curve: &Curve, axes: &Axes) {
    let points = curve.points.iter();
    let places: Vec<(f64, f64)> = points
        .map(|[size, psnr]| (axes.x(*size), axes.y(*psnr)))
        .collect();
    let colour = curve.colour;
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
    let mut decade = 0.001;
    while decade < high {
        ticks.extend(
            [1.0, 2.0, 5.0]
                .map(|step| step * decade)
                .iter()
                .filter(|t| (low..=high).contains(*t)),
        );
        decade *= 10.0;
    }
    // What is left of products of tenths.
    ticks
        .iter()
        .map(|tick| (tick * 1e5).round() / 1e5)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks([0.7, 11.0]), [1.0, 2.0, 5.0, 10.0]);
        assert_eq!(ticks([30.0, 70.0]), [50.0]);
        assert_eq!(ticks([0.01, 0.06]), [0.01, 0.02, 0.05]);
    }

    #[test]
    fn sizes_between_points_are_on_a_line() {
        let curve = Curve {
            name: "ours",
            colour: "#123456",
            points: vec![[10.0, 30.0], [40.0, 34.0], [80.0, 35.0]],
        };
        assert_eq!(curve.size_at(29.0), Some(10.0));
        let middle = curve.size_at(32.0).expect("is between two");
        assert!((middle - 20.0).abs() < 1e-9, "{middle}");
        assert_eq!(curve.size_at(35.1), None);
    }

    #[test]
    fn every_point_is_drawn_and_every_curve_named_once() {
        let curve = |name, points: &[[f64; 2]]| Curve {
            name,
            colour: "#123456",
            points: points.to_vec(),
        };
        let diagram = || Diagram {
            title: "test".to_owned(),
            unit: "kB a frame",
            curves: vec![
                curve("theirs", &[[90.0, 50.0], [100.0, 52.0]]),
                curve("ours", &[[30.0, 45.0], [40.0, 50.0], [50.0, 53.0]]),
            ],
        };
        let svg = svg(&[diagram(), diagram()]);
        assert_eq!(svg.matches("<circle").count(), 10);
        assert_eq!(svg.matches(">ours<").count(), 1);
        assert!(!svg.contains("NaN"), "{svg}");
    }
}
