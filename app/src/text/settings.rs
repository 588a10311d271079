//! Texts of the settings.

texts! {
    /// Settings.
    SettingsText {
        title: "Settings", "Einstellungen";
        search: "Search settings", "Einstellungen suchen";
        keys: "Keys…", "Tasten…";
        reset_one: "Reset: {0}", "Zurücksetzen: {0}";
        reset_all: "Reset all settings", "Alle Einstellungen zurücksetzen";
        were_reset: "All settings are as they were at first", "Alle Einstellungen sind wie am Anfang";
        value: "{0}: value", "{0}: Wert";
        choose_file: "Choose a file: {0}", "Datei wählen: {0}";
        choose_folder: "Choose a folder: {0}", "Ordner wählen: {0}";
        not_a_colour: "Six digits like #ff8000", "Sechs Stellen wie #ff8000";
        hints_again: "Show all hints again", "Alle Hinweise wieder zeigen";
        section_look: "Look", "Aussehen";
        section_playback: "Playing", "Wiedergabe";
        section_camera: "Camera", "Kamera";
        section_picture: "Picture", "Bild";
        section_files: "Files", "Dateien";

        theme: "Theme", "Farben";
        theme_system: "As the system", "Wie das System";
        theme_dark: "Dark", "Dunkel";
        theme_light: "Light", "Hell";
        language: "Language", "Sprache";
        language_system: "As the system", "Wie das System";
        ui_scale: "Size of controls", "Größe der Bedienelemente";
        reduce_motion: "Reduce motion", "Weniger Bewegung";
        hide_controls: "Hide controls while playing", "Bedienelemente beim Abspielen ausblenden";
        hints: "Show hints", "Hinweise zeigen";

        start_with: "At start", "Beim Start";
        start_demo: "Play the demo", "Demo abspielen";
        start_page: "Show the start page", "Startseite zeigen";
        start_last: "Open the last clip", "Letzten Clip öffnen";
        loop_mode: "At the end of a clip", "Am Ende eines Clips";
        loop_off: "Stop", "Anhalten";
        loop_all: "Start again", "Von vorn beginnen";
        loop_bounce: "Play back and forth", "Hin und her spielen";
        memory: "Memory for decoded frames", "Speicher für dekodierte Bilder";

        orbit_speed: "Speed of orbiting", "Tempo beim Umkreisen";
        fly_speed: "Speed of flying", "Tempo beim Fliegen";
        invert_vertical: "Invert up and down", "Oben und unten vertauschen";
        turntable: "Turn of the turntable", "Umdrehung des Drehtellers";

        sh_degree: "Detail of colours that change with the view", "Feinheit blickabhängiger Farben";
        sh_0: "None", "Keine";
        sh_1: "Low", "Wenig";
        sh_2: "Medium", "Mittel";
        sh_3: "All", "Alle";
        antialiasing: "Anti-aliasing", "Kantenglättung";
        antialiasing_auto: "As the clip was made", "Wie der Clip gemacht wurde";
        antialiasing_classic: "Classic", "Klassisch";
        antialiasing_mip: "Mip-Splatting", "Mip-Splatting";
        render_scale: "Render scale", "Zeichenauflösung";
        render_scale_auto: "Automatic", "Automatisch";
        background: "Background", "Hintergrund";
        background_theme: "As the theme", "Wie die Farben";
        background_black: "Black", "Schwarz";
        background_white: "White", "Weiß";
        background_colour: "A colour", "Eine Farbe";
        background_picture: "A picture", "Ein Bild";
        background_colour_value: "Background colour", "Hintergrundfarbe";
        background_picture_file: "Background picture", "Hintergrundbild";

        screenshot_folder: "Folder for screenshots", "Ordner für Bildschirmfotos";
        screenshot_folder_usual: "Pictures folder", "Bilderordner";
        screenshot_scale: "Size of large screenshots", "Größe großer Bildschirmfotos";

        broken_document: "{0} could not be read ({1}); it was set aside as {2}, and the defaults are used",
            "{0} war nicht lesbar ({1}); die Datei heißt jetzt {2}, und es gelten die Vorgaben";
        unreadable_document: "{0} could not be read ({1}), so the defaults are used",
            "{0} war nicht lesbar ({1}), daher gelten die Vorgaben";
        skipped_values: "{0}: {1} cannot be used and is ignored", "{0}: {1} ist nicht verwendbar und wird übergangen";
        not_saved: "{0} cannot be saved ({1}); what you changed lasts until Zoetrope is closed",
            "{0} lässt sich nicht speichern ({1}); Änderungen gelten bis zum Schließen von Zoetrope";
    }
}
