use super::*;
use glam::Vec3;
use zoetrope_render::Camera;

const FRAME_S: f64 = 0.1;

fn pose(x: f32) -> Pose {
    Pose::new(Camera {
        position: Vec3::new(x, 0.0, -3.0),
        target: Vec3::ZERO,
        up: Vec3::NEG_Y,
        fov_y: 50f32.to_radians(),
    })
    .expect("it makes sense")
}

fn decode(text: &str) -> (Notes, Vec<String>) {
    Notes::decode(text.as_bytes()).expect(text)
}

#[test]
fn notes_survive_the_document() {
    let mut notes = Notes::default();
    notes.edit("/a", |clip| {
        clip.up = Some(UpAxis::PlusZ);
        clip.mode = CameraMode::Fly;
        clip.answers.strides = "9x16,5,2".to_owned();
        clip.answers.frames = "132".to_owned();
        assert!(clip.add_view("From above", pose(1.0)));
        assert!(clip.path.set(1.5, pose(2.0), FRAME_S));
        assert_eq!(clip.toggle_bookmark(0.5, FRAME_S), Marked::Added);
    });
    notes.edit("/b", |clip| clip.toggle_bookmark(2.0, FRAME_S));
    let bytes = notes.encode();
    let (back, broken) = Notes::decode(&bytes).expect("what was written");
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(back, notes);
    assert_eq!(back.clips[0].0, "/b");
}

#[test]
fn what_says_nothing_is_not_kept() {
    let mut notes = Notes::default();
    notes.edit("/a", |clip| clip.mode = CameraMode::Fly);
    notes.edit("/a", |clip| clip.mode = CameraMode::Orbit);
    assert_eq!(notes, Notes::default());
    assert_eq!(notes.clip("/a"), &ClipNotes::EMPTY);
}

#[test]
fn the_clips_used_least_are_dropped() {
    let mut notes = Notes::default();
    for index in 0..=CLIPS_MAX {
        notes.edit(&format!("/{index}"), |clip| clip.mode = CameraMode::Fly);
        // It is used all the time.
        notes.edit("/0", |_| ());
    }
    assert_eq!(notes.clips.len(), CLIPS_MAX);
    assert_eq!(notes.clip("/0").mode, CameraMode::Fly);
    assert_eq!(notes.clip("/1").mode, CameraMode::Orbit);
    assert_eq!(notes.clip("/2").mode, CameraMode::Fly);
}

#[test]
fn the_document_stays_small_enough_to_be_read() {
    let mut notes = Notes::default();
    for index in 0..100 {
        notes.edit(&format!("/{index}"), |clip| {
            for time in 0..BOOKMARKS_MAX {
                clip.toggle_bookmark(time as f64 + 0.123_456_789, FRAME_S);
                clip.path.set(time as f64, pose(1.0), FRAME_S);
            }
        });
    }
    let bytes = notes.encode();
    assert!(bytes.len() < DOCUMENT_BYTES + 100);
    assert!(bytes.len() > DOCUMENT_BYTES / 2);
    let (back, _) = Notes::decode(&bytes).expect("what was written");
    assert_eq!(back.clip("/99"), notes.clip("/99"));
    assert_eq!(back.clip("/0"), &ClipNotes::EMPTY);
}

#[test]
fn limits_hold_for_each_clip() {
    let mut clip = ClipNotes::EMPTY;
    for index in 0..BOOKMARKS_MAX {
        assert_eq!(clip.toggle_bookmark(index as f64, FRAME_S), Marked::Added);
    }
    assert_eq!(clip.toggle_bookmark(1e4, FRAME_S), Marked::Full);
    assert_eq!(clip.toggle_bookmark(3.0, FRAME_S), Marked::Removed);
    assert_eq!(clip.toggle_bookmark(f64::NAN, FRAME_S), Marked::Full);
    for _ in 0..VIEWS_MAX {
        assert!(clip.add_view("a", pose(0.0)));
    }
    assert!(!clip.add_view("a", pose(0.0)));
}

#[test]
fn bookmarks_are_sorted_and_gone_through() {
    let mut clip = ClipNotes::EMPTY;
    for time in [2.0, 0.5, 1.0] {
        clip.toggle_bookmark(time, FRAME_S);
    }
    let times: Vec<f64> = clip.bookmarks().iter().map(|mark| mark.time).collect();
    assert_eq!(times, [0.5, 1.0, 2.0]);
    assert_eq!(clip.bookmark_after(0.5, FRAME_S), Some(1.0));
    assert_eq!(clip.bookmark_after(0.47, FRAME_S), Some(1.0));
    assert_eq!(clip.bookmark_after(2.0, FRAME_S), None);
    assert_eq!(clip.bookmark_before(2.0, FRAME_S), Some(1.0));
    assert_eq!(clip.bookmark_before(0.5, FRAME_S), None);
    assert_eq!(clip.toggle_bookmark(1.03, FRAME_S), Marked::Removed);
    clip.clear_bookmarks();
    assert!(clip.bookmarks().is_empty());
}

#[test]
fn views_are_renamed_and_removed() {
    let mut clip = ClipNotes::EMPTY;
    clip.add_view(" a\n", pose(0.0));
    clip.add_view("b", pose(1.0));
    clip.rename_view(0, "  ");
    clip.rename_view(7, "c");
    clip.rename_view(1, " d ");
    let names = |clip: &ClipNotes| {
        let views = clip.views().iter();
        views.map(|view| view.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&clip), ["a", "d"]);
    clip.remove_view(9);
    clip.remove_view(0);
    assert_eq!(names(&clip), ["d"]);
}

#[test]
fn broken_parts_are_dropped_and_told_in_one_line() {
    let view = r#"{"name":"a","pose":{"position":[0,0,1],"target":[0,0,0],"up":[0,1,0],"fov":50}}"#;
    let text = format!(
        r#"{{"clips": [7, {{"clip":"/a","up":"sideways","mode":3,"views":[{view},{{"name":"b"}}],
        "path":{{}},"bookmarks":[{{"time":1}},{{"time":"x"}},{{"time":-4}}]}}, {{"clip":""}}, {{"clip":"/a","up":"+x"}}]}}"#
    );
    let (notes, broken) = decode(&text);
    let clip = notes.clip("/a");
    assert_eq!(clip.views().len(), 1);
    assert_eq!(clip.bookmarks().len(), 1);
    assert_eq!(clip.up, None);
    assert_eq!(notes.clips.len(), 1);
    assert_eq!(broken, ["7 (+ 6)"]);
}

#[test]
fn a_document_of_something_else_is_refused() {
    for text in ["", "[]", "{}", r#"{"clips": 3}"#, "\u{0}"] {
        assert!(Notes::decode(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(decode(r#"{"clips": []}"#), (Notes::default(), Vec::new()));
}

#[test]
fn clips_are_known_by_their_absolute_path_or_name() {
    let here = std::env::current_dir().expect("a folder").join("a.ply");
    let key = Notes::key_of(&"a.ply".into());
    assert_eq!(key, here.to_string_lossy());
    let memory = ClipTarget::Memory {
        name: "monkey".to_owned(),
        bytes: Vec::new().into(),
    };
    assert_eq!(Notes::key_of(&memory), "monkey");
}

#[test]
fn a_clip_on_the_web_is_known_by_its_address_without_what_changes() {
    let key = |link: &str| Notes::key_of(&ClipTarget::from(link));
    assert_eq!(
        key("https://example.org/a.zoe"),
        "https://example.org/a.zoe"
    );
    assert_eq!(
        key("https://example.org/a.zoe?Expires=7&Signature=x#y"),
        "https://example.org/a.zoe"
    );
    let mut notes = Notes::default();
    notes.edit(&key("https://example.org/a.zoe?k=1"), |notes| {
        notes.toggle_bookmark(1.5, 0.1);
    });
    let (read, _) = Notes::decode(&notes.encode()).expect("notes");
    let bookmarks = read.clip(&key("https://example.org/a.zoe?k=2")).bookmarks();
    assert_eq!(bookmarks.len(), 1);
}
