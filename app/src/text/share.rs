//! Texts of links and sharing.

texts! {
    /// Links and sharing.
    ShareText {
        link_copied: "Copied: a link to {0} from this view", "Kopiert: ein Link zu {0} in dieser Ansicht";
        link_copied_here: "Copied: a link to {0} from this view. It works on this computer only, as the clip is here",
            "Kopiert: ein Link zu {0} in dieser Ansicht. Er gilt nur auf diesem Rechner, denn dort liegt der Clip";
        no_link: "A built-in clip has no link; Share serves it to others",
            "Ein eingebauter Clip hat keinen Link; „Teilen“ stellt ihn anderen bereit";
        nothing_to_link: "There is no clip to link to", "Es gibt keinen Clip, auf den ein Link zeigen könnte";

        ask_title: "Open this link?", "Diesen Link öffnen?";
        ask_host: "It leads to", "Er führt zu";
        ask_here: "a file on this computer", "einer Datei auf diesem Rechner";
        ask_address: "The whole address", "Die ganze Adresse";
        always_host: "Always open links to this host", "Links zu diesem Server immer öffnen";
        always_here: "Always open links to files on this computer", "Links zu Dateien auf diesem Rechner immer öffnen";

        title: "Share", "Teilen";
        reach_here: "The clip is on this computer, and so its link works here only. Share it on your network, or save a copy for a web server.",
            "Der Clip liegt auf diesem Rechner, darum gilt sein Link nur hier. Stelle ihn im Netzwerk bereit oder speichere eine Kopie für einen Webserver.";
        reach_built_in: "The clip is built in and has no link of its own. Share it on your network, or save a copy for a web server.",
            "Der Clip ist eingebaut und hat keinen eigenen Link. Stelle ihn im Netzwerk bereit oder speichere eine Kopie für einen Webserver.";
        reach_network: "Works for everybody on your network, for as long as you share the clip.",
            "Gilt für alle in deinem Netzwerk, solange du den Clip bereitstellst.";
        reach_web: "Works for everybody who can reach the address.", "Gilt für alle, die die Adresse erreichen.";
        section_link: "Link to", "Link zu";
        part_moment: "This moment", "diesem Moment";
        part_view: "This view", "dieser Ansicht";
        part_ab: "The A–B loop", "der A–B-Schleife";
        part_quality: "The quality", "der Qualität";
        copy_link: "Copy link", "Link kopieren";
        copied: "The link is in the clipboard", "Der Link ist in der Zwischenablage";
        qr_code: "QR code of the address", "QR-Code der Adresse";
        section_network: "On your network", "Im Netzwerk";
        serve: "Share on this network", "Im Netzwerk bereitstellen";
        serve_explained: "Whoever has the address can play the clip, and nothing else of this computer can be reached.",
            "Wer die Adresse hat, kann den Clip abspielen; sonst ist nichts von diesem Rechner erreichbar.";
        starting: "Starting…", "Wird bereitgestellt…";
        copy_address: "Copy address", "Adresse kopieren";
        address_copied: "The address is in the clipboard", "Die Adresse ist in der Zwischenablage";
        nobody_yet: "Nobody has connected yet", "Noch hat sich niemand verbunden";
        one_device: "1 device has connected", "1 Gerät hat sich verbunden";
        devices: "{0} devices have connected", "{0} Geräte haben sich verbunden";
        stopped: "{0} is no longer shared on your network", "{0} wird nicht mehr im Netzwerk bereitgestellt";
        not_served: "The clip cannot be shared: {0}", "Der Clip lässt sich nicht bereitstellen: {0}";
        on_the_web: "The clip is on the web already; its link is all that others need.",
            "Der Clip ist schon im Web; andere brauchen nur seinen Link.";
        frames_not_served: "A folder of frames cannot be played over the network; make a clip of it first with “zoetrope pack”.",
            "Ein Ordner mit Bildern ist über das Netzwerk nicht abspielbar; mache zuerst mit „zoetrope pack“ einen Clip daraus.";
        section_save: "Save", "Speichern";
        save_copy: "Save a copy…", "Kopie speichern…";
        save_cut: "Save A–B as a clip…", "A–B als Clip speichern…";
        cut_needs_ab: "Mark A and B, and what lies between them can be saved as a clip of its own.",
            "Setze A und B, und was dazwischen liegt, lässt sich als eigener Clip speichern.";
        no_cut: "A part of a .zoe clip can be saved as a clip of its own; this is another kind of clip.",
            "Von einem .zoe-Clip lässt sich ein Teil als eigener Clip speichern; dies ist eine andere Art von Clip.";
        save_frame: "Save this frame as a splat file…", "Dieses Bild als Splat-Datei speichern…";
        export: "Export a video…", "Als Video exportieren…";
        section_video: "Video", "Video";
        video_of_all: "An MP4 of the whole clip, with its sound, that plays everywhere.",
            "Ein MP4 des ganzen Clips mit seinem Ton, das überall läuft.";
        video_of_ab: "An MP4 of what lies between A and B, with its sound, that plays everywhere.",
            "Ein MP4 dessen, was zwischen A und B liegt, mit dem Ton, das überall läuft.";
        film_camera: "Camera", "Kamera";
        film_camera_choice: "Camera: {0}", "Kamera: {0}";
        film_still: "This view", "Diese Ansicht";
        film_orbit: "Once around", "Einmal herum";
        film_path: "Camera path", "Kamerapfad";
        film_size: "Size", "Größe";
        film_size_choice: "Size: {0}", "Größe: {0}";
        saving: "Saving… {0} %", "Wird gespeichert… {0} %";
        stop_saving: "Stop saving", "Speichern abbrechen";
        saved: "Saved as {0}", "Gespeichert als {0}";
        not_saved: "Nothing was saved: {0}", "Es wurde nichts gespeichert: {0}";

        link_too_long: "This link is too long; ask for a shorter one", "Dieser Link ist zu lang; bitte um einen kürzeren";
        link_action: "This link asks for something that this version cannot do", "Dieser Link verlangt etwas, das diese Version nicht kann";
        link_address: "This link names no clip that can be opened", "Dieser Link nennt keinen Clip, der sich öffnen lässt";
    }
}
