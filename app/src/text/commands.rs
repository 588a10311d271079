//! Titles of commands. The English ones are in the command table itself.

use zoetrope_player::{CommandInfo, Group};

use super::{Language, Text};

/// What a command does, as a title.
pub fn title(language: Language, info: &CommandInfo) -> &'static str {
    let german = || {
        let mut titles = GERMAN.iter();
        titles.find(|(name, _)| *name == info.name)
    };
    match language {
        Language::English => info.description,
        Language::German => german().map_or(info.description, |(_, title)| title),
    }
}

/// What a group of commands is about.
pub fn group(text: &Text, group: Group) -> &'static str {
    let (english, german) = match group {
        Group::Playback => ("Playing", "Wiedergabe"),
        Group::Time => ("Time", "Zeit"),
        Group::Camera => ("Camera", "Kamera"),
        Group::Picture => ("Picture", "Bild"),
        Group::Window => ("Window", "Fenster"),
        Group::File => ("Clips", "Clips und Programm"),
    };
    match text.language {
        Language::English => english,
        Language::German => german,
    }
}

/// A command's name and its title.
const GERMAN: &[(&str, &str)] = &[
    ("play", "Abspielen; am Ende von vorn"),
    ("pause", "Anhalten"),
    ("toggle-play", "Abspielen oder anhalten"),
    ("speed", "Tempo setzen, 0,1 bis 4"),
    ("speed-up", "Schneller"),
    ("speed-down", "Langsamer"),
    ("speed-reset", "Normales Tempo"),
    ("loop", "Festlegen, was am Ende geschieht"),
    ("loop-cycle", "Nächste Art der Wiederholung"),
    ("ab-a", "Anfang der A-B-Schleife hier"),
    ("ab-b", "Ende der A-B-Schleife hier"),
    ("set-a", "Anfang der A-B-Schleife bei einem Bild"),
    ("set-b", "Ende der A-B-Schleife bei einem Bild"),
    ("ab-clear", "A-B-Schleife löschen"),
    ("ab-cycle", "A setzen, dann B, dann beide löschen"),
    ("quality", "Qualitätsschichten, die geladen werden"),
    ("seek", "Zu einer Zeit springen"),
    ("seek-by", "Vor oder zurück springen"),
    ("seek-frame", "Zu einem Bild springen, ab 0 gezählt"),
    ("scrub", "Zeitleiste an einer Zeit festhalten"),
    ("scrub-end", "Zeitleiste loslassen"),
    ("step", "Anhalten und N Bilder vor oder zurück"),
    ("go-percent", "Zu einem Teil des Clips springen"),
    ("go-start", "Zum ersten Bild"),
    ("go-end", "Zum letzten Bild"),
    ("bookmark-add", "Lesezeichen hier setzen oder entfernen"),
    ("bookmark-next", "Zum nächsten Lesezeichen"),
    ("bookmark-previous", "Zum vorigen Lesezeichen"),
    ("bookmark-clear", "Alle Lesezeichen dieses Clips entfernen"),
    ("reset-view", "Ansicht zurücksetzen"),
    ("frame-all", "Alles ins Bild holen"),
    ("focus", "Auf die Bildmitte ausrichten"),
    ("camera-orbit", "Kamera: umkreisen"),
    ("camera-fly", "Kamera: fliegen"),
    ("camera-toggle", "Zwischen Umkreisen und Fliegen wechseln"),
    ("flip-up", "Clip auf den Kopf stellen"),
    ("next-up", "Nächste Hochachse"),
    ("fov-wider", "Größeres Sichtfeld"),
    ("fov-narrower", "Kleineres Sichtfeld"),
    ("save-view", "Diese Ansicht merken"),
    ("view", "Zu einer gemerkten Ansicht fliegen, ab 1 gezählt"),
    ("next-view", "Zur nächsten gemerkten Ansicht fliegen"),
    ("previous-view", "Zur vorigen gemerkten Ansicht fliegen"),
    ("turntable", "Drehteller an oder aus"),
    ("path-key", "Schlüsselbild des Kamerapfads hier setzen"),
    ("path-remove-key", "Nächstgelegenes Schlüsselbild entfernen"),
    ("path-play", "Dem Kamerapfad folgen oder ihn verlassen"),
    ("path-clear", "Kamerapfad entfernen"),
    ("screenshot", "Bildschirmfoto speichern"),
    (
        "screenshot-transparent",
        "Bildschirmfoto ohne Hintergrund speichern",
    ),
    ("screenshot-large", "Großes Bildschirmfoto speichern"),
    ("show-screenshots", "Ordner der Bildschirmfotos zeigen"),
    ("sh-degree", "Feinheit blickabhängiger Farben, 0 bis 3"),
    ("antialiasing", "Kantenglättung"),
    ("render-scale", "Gezeichnete Punkte je gezeigtem Punkt"),
    ("choose-source", "Quellvideo eines flachen Clips wählen"),
    ("compare", "Flachen Clip neben seiner Quelle zeigen"),
    ("compare-cycle", "Nächste Art des Vergleichs mit der Quelle"),
    ("command-palette", "Befehle suchen"),
    ("help", "Tasten und Befehle"),
    ("settings", "Einstellungen"),
    ("edit-keys", "Tasten ändern"),
    ("toggle-more", "Weitere Bedienelemente"),
    ("toggle-inspector", "Inspektor"),
    ("toggle-camera-panel", "Kamera, Ansichten und Pfad"),
    ("share", "Link, Netzwerk und Kopien"),
    ("toggle-statistics", "Statistik über dem Bild"),
    ("toggle-log", "Protokoll"),
    ("toggle-fullscreen", "Vollbild"),
    ("toggle-on-top", "Fenster im Vordergrund halten"),
    ("toggle-theme", "Hell oder dunkel"),
    ("ui-scale-up", "Größere Bedienelemente"),
    ("ui-scale-down", "Kleinere Bedienelemente"),
    ("ui-scale-reset", "Bedienelemente in normaler Größe"),
    ("copy-error", "Einzelheiten der letzten Meldung kopieren"),
    (
        "dismiss-notices",
        "Oberstes schließen oder Vollbild verlassen",
    ),
    ("open", "Eine Datei öffnen"),
    (
        "make-neural-video",
        "Neuronales Video aus einem Video machen",
    ),
    (
        "ask-again",
        "Noch einmal fragen, was die Datei eines Netzes nicht sagt",
    ),
    ("open-folder", "Einen Ordner mit Bildern öffnen"),
    ("open-link", "Einen Pfad oder Link öffnen"),
    (
        "open-recent",
        "Einen zuletzt geöffneten Clip öffnen, ab 1 gezählt",
    ),
    (
        "copy-link",
        "Link zu diesem Moment und dieser Ansicht kopieren",
    ),
    ("start-page", "Clip schließen und Startseite zeigen"),
    ("quit", "Beenden"),
];
