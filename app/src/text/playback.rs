//! Texts of playing and the time bar.

texts! {
    /// Playing and the time bar.
    PlaybackText {
        play: "Play", "Abspielen";
        play_again: "Play again", "Noch einmal abspielen";
        pause: "Pause", "Pause";
        step_back: "Step back", "Ein Bild zurück";
        step_forward: "Step forward", "Ein Bild vor";
        time: "Time", "Zeit";
        go_to_time: "Go to time", "Zu einer Zeit springen";
        go_to_time_hint: "Type a time (1:02.5), a frame (f30) or a part (50%)",
            "Eine Zeit (1:02.5), ein Bild (f30) oder einen Teil (50%) eingeben";
        not_a_time: "Not a time of this clip", "Keine Zeit dieses Clips";
        frame_of: "frame {0} of {1}", "Bild {0} von {1}";
        thumbnail: "Picture of this moment", "Bild dieses Augenblicks";
        frame: "frame {0}", "Bild {0}";
        buffering: "Buffering", "Lädt";
        reading: "Reading, {0} %", "Liest, {0} %";
        waiting: "Waiting for the network", "Wartet auf das Netz";
        quality_is: "Quality: {0}", "Qualität: {0}";
        quality_auto: "Auto", "Auto";
        speed: "Speed", "Tempo";
        speed_is: "Speed: {0}", "Tempo: {0}";
        speed_hint: "Speed", "Tempo";
        normal_speed: "Normal speed", "Normales Tempo";
        loop_off: "Loop: off", "Wiederholung: aus";
        loop_all: "Loop: all", "Wiederholung: alles";
        loop_bounce: "Loop: back and forth", "Wiederholung: hin und her";
        ab_mark_a: "A-B loop: mark A", "A-B-Schleife: A setzen";
        ab_mark_b: "A-B loop: mark B", "A-B-Schleife: B setzen";
        ab_clear: "A-B loop: clear", "A-B-Schleife: löschen";
        handle_a: "A: start of the loop", "A: Anfang der Schleife";
        handle_b: "B: end of the loop", "B: Ende der Schleife";
        bookmark: "Bookmark this moment", "Lesezeichen setzen";
        bookmark_remove: "Remove this bookmark", "Lesezeichen entfernen";
        bookmark_at: "Bookmark at {0}", "Lesezeichen bei {0}";
        full_screen: "Full screen", "Vollbild";
        leave_full_screen: "Leave full screen", "Vollbild verlassen";
        more_controls: "More controls", "Weitere Bedienelemente";
    }
}
