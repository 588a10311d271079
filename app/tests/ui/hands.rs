//! What a person does to the window: presses controls by their label, types, and looks at what has
//! come of it.

use std::sync::{Arc, Mutex};

use egui::{
    Event, FullOutput, Key, Modifiers, OutputCommand, Pos2, Rect, Role, Vec2, ViewportCommand,
    accessibility,
};
use egui_kittest::Node;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::lint::Scene;
use crate::stage::{Setup, Stage};

/// What the window asked of the system, in every frame.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub commands: Arc<Mutex<Vec<ViewportCommand>>>,
    pub copied: Arc<Mutex<Option<String>>>,
}

impl egui::Plugin for Asked {
    fn debug_name(&self) -> &'static str {
        "what the window asks for"
    }

    fn output_hook(&mut self, _: &egui::Context, output: &mut FullOutput) {
        let mut commands = self.commands.lock().expect("unpoisoned");
        for viewport in output.viewport_output.values() {
            commands.extend(viewport.commands.iter().cloned());
        }
        for command in &output.platform_output.commands {
            if let OutputCommand::CopyText(text) = command {
                *self.copied.lock().expect("unpoisoned") = Some(text.clone());
            }
        }
    }
}

impl Stage {
    /// A phone with the clip on its first frame.
    pub fn phone() -> Self {
        let mut stage = Self::build(Setup {
            size: Vec2::new(390.0, 844.0),
            ..Setup::default()
        });
        stage.make_ready();
        stage
    }

    /// Every control with this label.
    fn controls(&self, label: &str) -> Vec<Node<'_>> {
        let nodes = self.harness.root().children_recursive();
        let is_control = |node: &Node<'_>| {
            let access = node.accesskit_node();
            let is_input = accessibility::is_input(access.role()) || access.role() == Role::Canvas;
            is_input && !access.is_hidden() && access.label().as_deref() == Some(label)
        };
        nodes.filter(is_control).collect()
    }

    fn control(&self, label: &str) -> Node<'_> {
        let controls = self.controls(label);
        let [control] = controls[..] else {
            panic!("there are {} controls {label:?}", controls.len());
        };
        control
    }

    /// How many controls have this label.
    pub fn count(&self, label: &str) -> usize {
        self.controls(label).len()
    }

    /// Where the control is.
    pub fn rect(&mut self, label: &str) -> Rect {
        self.used.insert(label.to_owned());
        self.control(label).rect()
    }

    /// Scrolls to a control that is not in sight.
    fn bring_into_sight(&mut self, label: &str) {
        let controls = Scene::of(&self.harness).controls;
        let mut controls = controls.iter().filter(|control| control.label == label);
        let is_seen = controls.any(|control| control.visible.contains(control.rect.center()));
        if !is_seen {
            self.control(label).scroll_to_me();
            self.harness.run_steps(2);
            // The scrolling takes a moment.
            self.pass(0.5);
        }
    }

    /// Presses a control and lets the window come to rest.
    pub fn click(&mut self, label: &str) {
        self.used.insert(label.to_owned());
        self.bring_into_sight(label);
        self.control(label).click();
        self.harness.run_ok();
    }

    /// Presses a control in a window that does not come to rest at once.
    pub fn click_without_rest(&mut self, label: &str) {
        self.used.insert(label.to_owned());
        self.bring_into_sight(label);
        self.control(label).click();
        self.harness.run_steps(2);
    }

    /// Presses the first of the controls whose label begins so.
    pub fn click_first(&mut self, start: &str) {
        let node = self
            .harness
            .root()
            .children_recursive()
            .find(|node| {
                let access = node.accesskit_node();
                let label = access.label().unwrap_or_default();
                accessibility::is_input(access.role()) && label.starts_with(start)
            })
            .unwrap_or_else(|| panic!("no control begins with {start:?}"));
        let label = node.accesskit_node().label().unwrap_or_default();
        node.click();
        self.used.insert(label);
        self.harness.run_ok();
    }

    /// Presses the last of the controls with this label: the one that lies on top.
    pub fn click_last(&mut self, label: &str) {
        self.used.insert(label.to_owned());
        let controls = self.controls(label);
        let last = controls.last();
        last.unwrap_or_else(|| panic!("there is no control {label:?}"))
            .click();
        self.harness.run_ok();
    }

    /// Gives a control a value, as assistive technology does.
    pub fn set_value(&mut self, label: &str, value: f64) {
        self.used.insert(label.to_owned());
        self.control(label).set_value_accesskit(value);
        self.harness.run();
    }

    /// One step up.
    pub fn increment(&mut self, label: &str) {
        self.used.insert(label.to_owned());
        self.control(label).increment_accesskit();
        self.harness.run();
    }

    /// One step down.
    pub fn decrement(&mut self, label: &str) {
        self.used.insert(label.to_owned());
        self.control(label).decrement_accesskit();
        self.harness.run();
    }

    /// Puts a text in place of what is in a field, and presses Enter.
    pub fn replace(&mut self, label: &str, text: &str) {
        self.used.insert(label.to_owned());
        self.control(label).focus();
        self.harness.run_ok();
        self.control(label).set_text_value_accesskit(text);
        self.harness.run_ok();
        self.key(Key::Enter);
        self.harness.run_ok();
    }

    /// Types a text where the keyboard is, and presses Enter.
    pub fn type_line(&mut self, text: &str) {
        self.harness.event(Event::Text(text.to_owned()));
        self.harness.run_ok();
        self.key(Key::Enter);
        self.harness.run_ok();
    }

    /// Types a command into the palette.
    pub fn command(&mut self, text: &str) {
        self.key_with(Modifiers::COMMAND, Key::K);
        self.harness.run_ok();
        self.type_line(text);
    }

    /// Drags with the left button, frame by frame.
    pub fn drag(&mut self, from: Pos2, to: Pos2) {
        self.harness.drag_at(from);
        self.harness.step();
        self.harness.hover_at(from + 0.5 * (to - from));
        self.harness.step();
        self.harness.hover_at(to);
        self.harness.step();
        self.harness.drop_at(to);
        self.harness.step();
        self.harness.remove_cursor();
        self.harness.run_ok();
    }

    /// Whether a text is to be read that is no control.
    pub fn has_heading(&self, text: &str) -> bool {
        let mut nodes = self.harness.query_all_by_label(text);
        nodes.any(|node| node.accesskit_node().role() == Role::Label)
    }

    /// Whether a part of a text is to be read.
    pub fn has_part(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).count() > 0
    }

    /// Whether the window asked for something of the system since this was called last.
    pub fn asked_for(&self, command: &ViewportCommand) -> bool {
        let mut commands = self.asked.commands.lock().expect("unpoisoned");
        std::mem::take(&mut *commands).contains(command)
    }

    /// The text that was copied since this was called last.
    pub fn copied(&self) -> Option<String> {
        self.asked.copied.lock().expect("unpoisoned").take()
    }

    /// Waits until the window has a title.
    pub fn until_titled(&mut self, title: &str) {
        let wanted = ViewportCommand::Title(title.to_owned());
        let asked = self.asked.commands.clone();
        self.until(title, |_| {
            asked.lock().expect("unpoisoned").contains(&wanted)
        });
    }
}
