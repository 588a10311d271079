//! Texts about what the file of a network does not say.

texts! {
    /// What the file of a network does not say.
    NetworkText {
        title: "What its file does not say", "Was die Datei nicht sagt";
        picture: "This network makes a film, and its file does not say how large the picture is. Which size is it?",
            "Dieses Netz macht einen Film, und seine Datei sagt nicht, wie groß das Bild ist. Welche Größe ist es?";
        picture_choice: "{0} × {1} pixels", "{0} × {1} Pixel";
        strides: "Or how many times larger each of its layers makes the picture, height x width:",
            "Oder wievielmal größer jede seiner Schichten das Bild macht, Höhe x Breite:";
        strides_label: "Strides of the layers", "Schrittweiten der Schichten";
        time: "This network makes each frame out of its time alone, and its file says neither how many frames there are nor how the time \
                goes in.",
            "Dieses Netz macht jedes Bild allein aus dessen Zeit, und seine Datei sagt weder, wie viele Bilder es sind, noch wie die Zeit \
                hineingeht.";
        frames: "How many frames it makes:", "Wie viele Bilder es macht:";
        frames_label: "Number of frames", "Anzahl der Bilder";
        embedding_label: "Embedding of the time", "Einbettung der Zeit";
        embedding_explained: "What it was trained with, base_levels; it takes {0} numbers, twice the levels:",
            "Womit es trainiert wurde, Basis_Stufen; es nimmt {0} Zahlen, zweimal die Stufen:";
        unclear: "This cannot be understood; write it as in the example", "Das ist nicht zu verstehen; schreiben Sie es wie im Beispiel";
        unfit: "This does not fit the network; try something else", "Das passt nicht zu diesem Netz; versuchen Sie etwas anderes";
        nothing_to_ask: "The file of this clip left nothing open", "Die Datei dieses Clips ließ nichts offen";
    }
}
