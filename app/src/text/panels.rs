//! Texts of the command palette, help, keys, log and hints.

texts! {
    /// The command palette, help, keys, log and hints.
    PanelsText {
        palette: "Commands", "Befehle";
        help: "Help", "Hilfe";
        keys: "Keys", "Tasten";
        log: "Log", "Protokoll";
    }
}
