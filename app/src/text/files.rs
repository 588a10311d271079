//! Texts of opening, the start page and messages.

texts! {
    /// Opening, the start page and messages.
    FilesText {
        picture: "Picture", "Bild";
        open: "Open", "Öffnen";
        open_file: "Open file…", "Datei öffnen…";
        open_folder: "Open folder…", "Ordner öffnen…";
        open_link: "Open link…", "Link öffnen…";
        open_link_title: "Open a path or a link", "Einen Pfad oder Link öffnen";
        open_link_label: "Path or link", "Pfad oder Link";
        opening: "Opening {0}…", "{0} wird geöffnet…";
        filter_clips: "Splat files and clips", "Splat-Dateien und Clips";
        filter_pictures: "PNG pictures", "PNG-Bilder";
        filter_videos: "Videos", "Videos";
        filter_all_pictures: "Pictures of a folder", "Bilder eines Ordners";
        filter_all: "All files", "Alle Dateien";
        not_text: "{0} cannot be used here: its name is no text", "{0} ist hier nicht verwendbar: der Name ist kein Text";
        drop_to_open: "Drop to open", "Zum Öffnen loslassen";
        start_page: "Start page", "Startseite";
        drop_here: "Drop a file or a folder anywhere in this window", "Eine Datei oder einen Ordner irgendwo in dieses Fenster ziehen";
        tagline: "A player for moving splats", "Ein Player für bewegte Splats";
        demos: "Demo", "Demo";
        demo_clip: "Demo clip: {0}", "Demo-Clip: {0}";
        recent: "Recent", "Zuletzt geöffnet";
        recent_clip: "Recent clip: {0}", "Zuletzt geöffnet: {0}";
        recent_forget: "Forget {0}", "{0} vergessen";
        recent_clear: "Forget all", "Alle vergessen";
        recent_none: "Clips that you open appear here.", "Geöffnete Clips erscheinen hier.";
        there_is_no_recent: "There is no recent clip number {0}", "Es gibt keinen zuletzt geöffneten Clip Nummer {0}";
        dismiss: "Dismiss", "Ausblenden";
        copy_details: "Copy details", "Einzelheiten kopieren";
        details_copied: "The details are in the clipboard", "Die Einzelheiten sind in der Zwischenablage";
        and_more: "and {0} more; Esc dismisses all", "und {0} weitere; Esc blendet alle aus";
    }
}
