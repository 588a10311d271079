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

        link_too_long: "This link is too long; ask for a shorter one", "Dieser Link ist zu lang; bitte um einen kürzeren";
        link_action: "This link asks for something that this version cannot do", "Dieser Link verlangt etwas, das diese Version nicht kann";
        link_address: "This link names no clip that can be opened", "Dieser Link nennt keinen Clip, der sich öffnen lässt";
    }
}
