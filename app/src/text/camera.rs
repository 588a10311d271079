//! Texts of the camera.

texts! {
    /// The camera.
    CameraText {
        title: "Camera", "Kamera";
        reset_view: "Reset view", "Ansicht zurücksetzen";
        first_view: "First view", "Erste Ansicht";
        frame_all: "Frame all", "Alles ins Bild";
        focus: "Focus middle", "Zur Mitte";
        mode: "Mode", "Steuerung";
        orbit: "Orbit", "Umkreisen";
        fly: "Fly", "Fliegen";
        orbit_hint: "Drag turns, right drag moves, wheel zooms, double-click focuses",
            "Ziehen dreht, Ziehen mit rechts verschiebt, Mausrad zoomt, Doppelklick fokussiert";
        fly_hint: "Drag looks around, W A S D Q E fly, Shift is faster, Alt slower",
            "Ziehen blickt umher, W A S D Q E fliegen, Umschalt ist schneller, Alt langsamer";
        orbit_touch_hint: "One finger turns, two move and zoom, a double tap focuses",
            "Ein Finger dreht, zwei verschieben und zoomen, Doppeltippen fokussiert";
        fly_touch_hint: "One finger looks around, two move, pinching flies ahead",
            "Ein Finger blickt umher, zwei verschieben, Aufziehen fliegt voran";
        field_of_view: "Field of view", "Sichtfeld";
        field_of_view_is: "Field of view: {0}°", "Sichtfeld: {0}°";
        as_number: "{0} as a number", "{0} als Zahl";
        up_axis: "Up axis", "Hochachse";
        up_axis_is: "Up: {0}", "Oben: {0}";
        flip: "Upside down", "Auf den Kopf";
        turntable: "Turntable", "Drehteller";
        turn_seconds: "Seconds for a turn", "Sekunden für eine Drehung";
        views: "Saved views", "Gemerkte Ansichten";
        save_view: "Save this view", "Ansicht merken";
        no_views: "None yet. A saved view is a place to come back to.",
            "Noch keine. Zu einer gemerkten Ansicht kommt man zurück.";
        view_name: "View {0}", "Ansicht {0}";
        go_to_view: "Go to view {0}", "Zur Ansicht {0}";
        rename_view: "Rename view {0}", "Ansicht {0} umbenennen";
        name_of_view: "Name of the view", "Name der Ansicht";
        remove_view: "Remove view {0}", "Ansicht {0} entfernen";
        view_saved: "View saved as {0}", "Ansicht gemerkt als {0}";
        views_full: "No more than {0} views can be saved", "Mehr als {0} Ansichten lassen sich nicht merken";
        no_view: "There is no view {0}", "Es gibt keine Ansicht {0}";
        path: "Camera path", "Kamerapfad";
        no_keys: "None yet. Set keys at several times, and the camera moves between them.",
            "Noch keiner. Schlüsselbilder zu mehreren Zeiten setzen, und die Kamera bewegt sich dazwischen.";
        set_key: "Set key here", "Hier setzen";
        key_at: "Key at {0}", "Schlüsselbild bei {0}";
        remove_key: "Remove key at {0}", "Schlüsselbild bei {0} entfernen";
        key_set: "Key set at {0}", "Schlüsselbild bei {0} gesetzt";
        key_removed: "Key at {0} removed", "Schlüsselbild bei {0} entfernt";
        keys_full: "A camera path has no more than {0} keys", "Ein Kamerapfad hat höchstens {0} Schlüsselbilder";
        follow_path: "Follow path", "Dem Pfad folgen";
        clear_path: "Remove path", "Pfad entfernen";
        path_cleared: "Camera path removed", "Kamerapfad entfernt";
        path_followed: "Following the camera path", "Die Kamera folgt dem Pfad";
        path_left: "The camera is free again", "Die Kamera ist wieder frei";
        no_path: "The camera path has no keys yet", "Der Kamerapfad hat noch keine Schlüsselbilder";
        bookmark_added: "Bookmark at {0}", "Lesezeichen bei {0}";
        bookmark_removed: "Bookmark at {0} removed", "Lesezeichen bei {0} entfernt";
        bookmarks_full: "No more than {0} bookmarks are kept", "Mehr als {0} Lesezeichen werden nicht behalten";
        bookmarks_cleared: "Bookmarks removed", "Lesezeichen entfernt";
        no_bookmark: "No bookmark there", "Dort ist kein Lesezeichen";
    }
}
