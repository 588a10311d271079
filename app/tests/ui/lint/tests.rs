//! The lint finds what it is there for, and nothing else.

use egui::{Align2, Color32, FontId, Rect, RichText, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};
use egui_kittest::Harness;

use super::{Defect, Kind, contrast, layout, without_text};

/// The kinds of what is found in a window of this size.
fn kinds_in(size: Vec2, ui: impl FnMut(&mut Ui)) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = found_in(size, ui)
        .iter()
        .map(|defect| defect.kind)
        .collect();
    kinds.dedup();
    kinds
}

fn found_in(size: Vec2, ui: impl FnMut(&mut Ui)) -> Vec<Defect> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_accessibility_check(false)
        .build_ui(ui);
    harness.run();
    layout(&harness, |text| text.ends_with(".ply"))
}

fn kinds(ui: impl FnMut(&mut Ui)) -> Vec<Kind> {
    kinds_in(vec2(600.0, 520.0), ui)
}

fn button(ui: &mut Ui, rect: Rect, label: &str) {
    let response = ui.interact(rect, ui.scope_id().with(label), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, label));
}

fn square(x: f32, y: f32, side: f32) -> Rect {
    Rect::from_min_size(pos2(x, y), Vec2::splat(side))
}

#[test]
fn a_tidy_window_passes() {
    let mut text =
        "a text that is far too long for the field in which it has been typed".to_owned();
    let found = found_in(vec2(600.0, 520.0), |ui| {
        ui.spacing_mut().interact_size.y = 24.0;
        ui.heading("Heading");
        ui.label("Some text that is long enough to need several lines. ".repeat(6));
        ui.horizontal(|ui| {
            _ = ui.button("One");
            _ = ui.button("Two");
        });
        ui.add(egui::TextEdit::singleline(&mut text).desired_width(80.0));
        egui::ScrollArea::vertical()
            .max_height(150.0)
            .show(ui, |ui| {
                for line in 0..40 {
                    _ = ui.button(format!("Line {line}"));
                }
            });
        ui.menu_button("Menu", |ui| {
            _ = ui.button("Entry");
        });
    });
    assert_eq!(found, []);
}

#[test]
fn text_that_is_cut_is_found() {
    let draw = |clip: Rect| {
        move |ui: &mut Ui| {
            let painter = ui.painter().with_clip_rect(clip);
            let font = FontId::proportional(14.0);
            painter.text(
                pos2(100.0, 100.0),
                Align2::LEFT_TOP,
                "Quite long",
                font,
                Color32::WHITE,
            );
        }
    };
    let narrow = Rect::from_min_size(pos2(100.0, 100.0), vec2(30.0, 20.0));
    assert_eq!(kinds(draw(narrow)), [Kind::CutText]);
    let low = Rect::from_min_size(pos2(100.0, 100.0), vec2(200.0, 8.0));
    assert_eq!(kinds(draw(low)), [Kind::CutText]);
    let roomy = Rect::from_min_size(pos2(100.0, 100.0), vec2(200.0, 20.0));
    assert_eq!(kinds(draw(roomy)), []);
    // At the edge of the window, and beyond it.
    for x in [570.0, 700.0] {
        let found = kinds(|ui| {
            let font = FontId::proportional(14.0);
            let painter = ui.ctx().layer_painter(egui::LayerId::background());
            painter.text(
                pos2(x, 9.0),
                Align2::LEFT_TOP,
                "Quite long",
                font,
                Color32::WHITE,
            );
        });
        assert_eq!(found, [Kind::CutText], "{x}");
    }
}

#[test]
fn an_ellipsis_is_for_names_only() {
    let named = |name: &'static str| {
        move |ui: &mut Ui| {
            ui.set_max_width(60.0);
            ui.add(egui::Label::new(name).truncate());
        }
    };
    assert_eq!(kinds(named("A very long command")), [Kind::ElidedText]);
    assert_eq!(kinds(named("a-very-long-name-of-a-file.ply")), []);
}

#[test]
fn text_wider_than_its_button_is_found() {
    let found = kinds(|ui| {
        let rect = square(100.0, 100.0, 40.0);
        button(ui, rect, "Narrow");
        let font = FontId::proportional(14.0);
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            "Far too wide",
            font,
            Color32::WHITE,
        );
    });
    assert_eq!(found, [Kind::TextBesideControl]);
}

#[test]
fn a_hint_over_a_button_is_no_text_of_it() {
    let found = kinds(|ui| {
        let rect = square(100.0, 100.0, 40.0);
        button(ui, rect, "Narrow");
        let hint = Rect::from_center_size(rect.center(), vec2(120.0, 24.0));
        ui.painter().rect_filled(hint, 4.0, Color32::BLACK);
        let font = FontId::proportional(14.0);
        ui.painter().text(
            hint.center(),
            Align2::CENTER_CENTER,
            "Far too wide",
            font,
            Color32::WHITE,
        );
    });
    assert_eq!(found, []);
}

#[test]
fn text_over_text_is_found_unless_something_is_between() {
    let draw = |hide: bool| {
        move |ui: &mut Ui| {
            for number in 0..2 {
                if hide {
                    ui.painter()
                        .rect_filled(square(50.0, 50.0, 120.0), 0.0, Color32::DARK_GRAY);
                }
                let font = FontId::proportional(14.0);
                let text = format!("Number {number}");
                let at = pos2(100.0, 100.0 + 4.0 * number as f32);
                ui.painter()
                    .text(at, Align2::CENTER_CENTER, text, font, Color32::WHITE);
            }
        }
    };
    assert_eq!(kinds(draw(false)), [Kind::TextOverText]);
    assert_eq!(kinds(draw(true)), []);
}

#[test]
fn controls_over_each_other_are_found() {
    let found = kinds(|ui| {
        button(ui, square(100.0, 100.0, 40.0), "One");
        button(ui, square(130.0, 100.0, 40.0), "Two");
    });
    assert_eq!(found, [Kind::Overlap]);
    let found = kinds(|ui| {
        button(ui, square(100.0, 100.0, 40.0), "One");
        button(ui, square(140.0, 100.0, 40.0), "Two");
    });
    assert_eq!(found, []);
    // On layers of their own that stay, too, but not under what is modal.
    let on_layers = |is_modal: bool| {
        move |ui: &mut Ui| {
            button(ui, square(280.0, 240.0, 40.0), "Below");
            let id = egui::Id::unique("upper");
            if is_modal {
                egui::Modal::new(id).show(ui.ctx(), |ui| {
                    _ = ui.add(egui::Button::new("Above").min_size(vec2(80.0, 40.0)));
                });
            } else {
                let area = egui::Area::new(id).order(egui::Order::Middle);
                area.fixed_pos(pos2(290.0, 240.0)).show(ui.ctx(), |ui| {
                    _ = ui.add(egui::Button::new("Above").min_size(vec2(80.0, 40.0)));
                });
            }
        }
    };
    assert_eq!(kinds(on_layers(false)), [Kind::Overlap, Kind::HalfHidden]);
    assert_eq!(kinds(on_layers(true)), []);
}

#[test]
fn a_surface_may_hide_controls_wholly_but_not_by_half() {
    let under = |x: f32| {
        move |ui: &mut Ui| {
            button(ui, square(x, 240.0, 40.0), "Below");
            let area = egui::Area::new(egui::Id::unique("sheet"));
            area.fixed_pos(pos2(200.0, 200.0)).show(ui.ctx(), |ui| {
                ui.allocate_space(vec2(200.0, 200.0));
            });
        }
    };
    assert_eq!(kinds(under(240.0)), []);
    assert_eq!(kinds(under(180.0)), [Kind::HalfHidden]);
    assert_eq!(kinds(under(100.0)), []);
}

#[test]
fn a_handle_may_lie_on_its_slider() {
    let found = kinds(|ui| {
        for (rect, label) in [
            (
                Rect::from_min_size(pos2(50.0, 100.0), vec2(300.0, 30.0)),
                "Time",
            ),
            (square(120.0, 103.0, 24.0), "Start"),
        ] {
            let response = ui.interact(rect, ui.scope_id().with(label), Sense::drag());
            response.widget_info(|| WidgetInfo::slider(true, 1.0, label));
        }
    });
    assert_eq!(found, []);
}

#[test]
fn small_targets_are_found_and_phones_need_larger_ones() {
    let of = |side: f32| move |ui: &mut Ui| button(ui, square(100.0, 100.0, side), "Target");
    assert_eq!(kinds(of(23.0)), [Kind::SmallTarget]);
    assert_eq!(kinds(of(24.0)), []);
    let (phone, on_its_side) = (vec2(390.0, 844.0), vec2(844.0, 390.0));
    for size in [phone, on_its_side] {
        assert_eq!(kinds_in(size, of(35.0)), [Kind::SmallTarget]);
        assert_eq!(kinds_in(size, of(36.0)), []);
    }
}

#[test]
fn controls_outside_of_the_window_are_found() {
    let at = |x: f32, y: f32| move |ui: &mut Ui| button(ui, square(x, y, 30.0), "Somewhere");
    assert_eq!(kinds(at(580.0, 100.0)), [Kind::Outside]);
    assert_eq!(kinds(at(100.0, 500.0)), [Kind::Outside]);
    assert_eq!(kinds(at(700.0, 100.0)), [Kind::Outside]);
    assert_eq!(kinds(at(100.0, 485.0)), []);
}

#[test]
fn rows_that_are_not_quite_in_line_are_found() {
    let off_by = |off: f32| {
        move |ui: &mut Ui| {
            button(ui, square(100.0, 100.0, 30.0), "One");
            button(ui, square(140.0, 100.0 + off, 30.0), "Two");
        }
    };
    for (off, expected) in [
        (0.0, &[][..]),
        (0.5, &[]),
        (1.0, &[Kind::Misaligned]),
        (1.9, &[Kind::Misaligned]),
        (3.0, &[]),
    ] {
        assert_eq!(kinds(off_by(off)), expected, "{off}");
    }
}

#[test]
fn text_that_cannot_be_read_is_found() {
    let (sender, state) = std::sync::mpsc::channel();
    struct Texts;
    impl eframe::App for Texts {
        fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
            let back = Color32::from_gray(20);
            ui.painter().rect_filled(ui.ctx().content_rect(), 0.0, back);
            let quiet = Color32::from_gray(110);
            ui.label(RichText::new("Readable").color(Color32::from_gray(200)));
            ui.label(RichText::new("Faint").color(quiet));
            ui.label(RichText::new("Large").color(quiet).size(20.0));
            let veiled = RichText::new("Veiled").color(Color32::from_white_alpha(60));
            ui.label(veiled);
            ui.add_enabled(false, egui::Button::new("Disabled"));
            // Over a picture it is what is there that counts.
            let half = square(0.0, 200.0, 100.0);
            ui.painter().rect_filled(half, 0.0, Color32::WHITE);
            let text = RichText::new("Partly on white").color(Color32::WHITE);
            ui.put(
                half.translate(vec2(50.0, 0.0)),
                egui::Label::new(text).extend(),
            );
        }
    }
    let mut harness = Harness::builder()
        .with_size(vec2(600.0, 520.0))
        .with_pixels_per_point(2.0)
        .wgpu()
        .build_eframe(|cc| {
            sender
                .send(cc.wgpu_render_state.clone().expect("a graphics device"))
                .expect("the test listens");
            Texts
        });
    harness.run();
    let behind = without_text(&harness, &state.recv().expect("a graphics device"));
    assert_eq!((behind.width(), behind.height()), (1200, 1040));
    let found = contrast(&harness, &behind);
    let names: Vec<_> = found
        .iter()
        .map(|defect| defect.what.split('"').nth(1).unwrap_or_default())
        .collect();
    assert_eq!(names, ["Faint", "Partly on white", "Veiled"], "{found:?}");
}
