//! Texts used everywhere.

texts! {
    /// Used everywhere.
    CommonText {
        close: "Close", "Schließen";
        cancel: "Cancel", "Abbrechen";
        remove: "Remove", "Entfernen";
        rename: "Rename", "Umbenennen";
        reset: "Reset", "Zurücksetzen";
        copy: "Copy", "Kopieren";
        copied: "Copied", "Kopiert";
        search: "Search", "Suchen";
        nothing_found: "Nothing found", "Nichts gefunden";
        on: "on", "an";
        off: "off", "aus";
        more: "More", "Mehr";
    }
}
