//! Texts about making neural video.

texts! {
    /// Making neural video.
    FittingText {
        title: "Make a neural video", "Neuronales Video machen";
        menu: "Make a neural video…", "Neuronales Video machen…";
        explained: "A small network learns the frames of a video. What comes of it can be scrubbed both ways without a jerk. \
                Short, calm videos suit best; it takes minutes to hours.",
            "Ein kleines Netz lernt die Bilder eines Videos. Was entsteht, lässt sich in beide Richtungen ruckfrei \
                durchfahren. Kurze, ruhige Videos eignen sich am besten; es dauert Minuten bis Stunden.";
        video: "Video", "Video";
        no_video: "none yet", "noch keines";
        choose_video: "Choose a video…", "Video wählen…";
        network: "Network", "Netz";
        network_choice: "Network: {0}", "Netz: {0}";
        quick: "Quick", "Schnell";
        quick_explained: "NIRVANA, soonest done", "NIRVANA, am schnellsten fertig";
        lite: "Light", "Leicht";
        lite_explained: "HNeRV, for any device", "HNeRV, für jedes Gerät";
        hnerv: "Large", "Groß";
        hnerv_explained: "HNeRV, for graphics cards", "HNeRV, für Grafikkarten";
        bits: "Bits per number", "Bit je Zahl";
        bits_choice: "Bits per number: {0}", "Bit je Zahl: {0}";
        bits_8: "the best pictures", "die besten Bilder";
        bits_6: "a quarter smaller", "ein Viertel kleiner";
        start: "Make it…", "Machen…";
        save_title: "Save the neural video", "Neuronales Video speichern";
        reading: "Reading the video…", "Liest das Video…";
        steps: "Steps", "Schritte";
        steps_value: "{0} of {1}", "{0} von {1}";
        left: "Time left", "Restzeit";
        left_unknown: "not known yet", "noch nicht bekannt";
        quality: "Mean PSNR", "Mittlere PSNR";
        curve_label: "PSNR over the steps, now {0}", "PSNR über die Schritte, jetzt {0}";
        picture_label: "A frame as it is now", "Ein Bild, wie es jetzt ist";
        progress_label: "Made: {0} %", "Fertig: {0} %";
        stop: "Stop", "Anhalten";
        stopped: "Stopped. It goes on from there when it is made again under the same name",
            "Angehalten. Es geht von dort weiter, wenn es unter demselben Namen wieder gemacht wird";
        made: "{0} is made: {1}, {2}", "{0} ist fertig: {1}, {2}";
        not_made: "The neural video was not made: {0}", "Das neuronale Video wurde nicht gemacht: {0}";
        play: "Play it", "Abspielen";
        another: "Make another", "Noch eines machen";
        cannot: "Neural video cannot be made on this device",
            "Auf diesem Gerät lässt sich kein neuronales Video machen";
    }
}
