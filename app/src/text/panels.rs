//! Texts of the command palette, help, keys, log and hints.

texts! {
    /// The command palette, help, keys, log and hints.
    PanelsText {
        palette: "Commands", "Befehle";
        palette_field: "Search commands and clips", "Befehle und Clips suchen";
        palette_used: "used lately", "zuletzt benutzt";
        palette_open: "Open {0}", "{0} öffnen";
        wrong_argument: "“{0}” takes {1}, not “{2}”", "„{0}“ erwartet {1}, nicht „{2}“";
        argument_factor: "a factor", "einen Faktor";
        argument_seconds: "seconds", "Sekunden";
        argument_frame: "a frame", "ein Bild";
        argument_number: "a number", "eine Zahl";
        argument_percent: "a number from 0 to 100", "eine Zahl von 0 bis 100";
        argument_one_of: "one of {0}", "eines von {0}";

        help: "Help", "Hilfe";
        help_field: "Search keys and commands", "Tasten und Befehle suchen";
        help_change_keys: "Change keys", "Tasten ändern";
        help_mouse: "Mouse", "Maus";
        help_touch: "Touch", "Finger";
        drag_left: "Drag", "Ziehen";
        drag_right: "Drag with the right button", "Mit der rechten Taste ziehen";
        wheel: "Wheel over the picture", "Rad über dem Bild";
        wheel_time: "Wheel over the time bar", "Rad über der Zeitleiste";
        double_click: "Double-click", "Doppelklick";
        one_finger: "One finger", "Ein Finger";
        two_fingers: "Two fingers", "Zwei Finger";
        tap: "Tap", "Tippen";
        double_tap: "Tap twice", "Zweimal tippen";
        double_tap_edge: "Tap twice at an edge", "Zweimal am Rand tippen";
        long_press: "Hold a finger down", "Finger gedrückt halten";
        turns: "Turn", "Drehen";
        moves: "Move", "Verschieben";
        zooms: "Zoom", "Zoomen";
        moves_and_zooms: "Move and zoom", "Verschieben und zoomen";
        steps: "Frame by frame", "Bild für Bild";
        focuses: "Focus on what is there", "Darauf ausrichten";
        toggles_controls: "Show or hide the controls", "Bedienelemente zeigen oder ausblenden";
        jumps: "Go 10 seconds on or back", "10 Sekunden vor oder zurück";
        double_speed: "Play at twice the speed", "Mit doppeltem Tempo abspielen";

        keys: "Keys", "Tasten";
        keys_field: "Search commands", "Befehle suchen";
        keys_preset: "Start from", "Ausgehen von";
        keys_add: "Add a key: {0}", "Taste hinzufügen: {0}";
        keys_remove: "Remove {0}: {1}", "{0} entfernen: {1}";
        keys_press: "Press a key; Esc cancels", "Taste drücken; Esc bricht ab";
        keys_wins: "{0} also does “{1}”; this one counts", "{0} steht auch bei „{1}“; hier gilt sie";
        keys_loses: "{0} does “{1}”, not this", "{0} gilt für „{1}“, nicht hier";
        keys_reset: "Back to {0}", "Zurück zu {0}";
        keys_were_reset: "Your changes are gone", "Deine Änderungen sind verworfen";
        undo: "Undo", "Rückgängig";

        log: "Log", "Protokoll";
        log_field: "Search the log", "Protokoll durchsuchen";
        log_level: "Show", "Zeigen";
        log_all: "Everything", "Alles";
        log_info: "Information and worse", "Information und Schlimmeres";
        log_warnings: "Warnings and errors", "Warnungen und Fehler";
        log_errors: "Errors", "Fehler";
        log_copy: "Copy all", "Alles kopieren";
        log_empty: "Nothing has been logged", "Es wurde nichts protokolliert";
        log_was_copied: "The log is in the clipboard", "Das Protokoll ist in der Zwischenablage";

        link_explained: "A file, a folder, a pattern like walk/*.ply, a web address or a zoetrope:// link",
            "Eine Datei, ein Ordner, ein Muster wie lauf/*.ply, eine Webadresse oder ein zoetrope://-Link";
        link_is_empty: "Type a path or a link", "Einen Pfad oder Link eingeben";
        link_is_elsewhere: "This link points to another computer", "Dieser Link zeigt auf einen anderen Rechner";
        link_is_broken: "This is not a link to a file", "Das ist kein Link zu einer Datei";

        hint_turn: "Drag to turn, drag with the right button to move, wheel to zoom",
            "Ziehen dreht, mit der rechten Taste ziehen verschiebt, das Rad zoomt";
        hint_turn_touch: "One finger turns, two move and zoom", "Ein Finger dreht, zwei verschieben und zoomen";
        hint_play: "{0} plays and pauses, {1} and {2} step", "{0} spielt ab und hält an, {1} und {2} gehen bildweise";
        hint_play_touch: "Drag along the time bar to go anywhere", "Auf der Zeitleiste ziehen führt überall hin";
        hint_palette: "{0} finds every command", "{0} findet jeden Befehl";
        hint_palette_touch: "The magnifier finds every command", "Die Lupe findet jeden Befehl";
        hint_done: "Got it", "Verstanden";
    }
}
