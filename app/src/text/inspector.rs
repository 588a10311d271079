//! Texts of the inspector, statistics and screenshots.

texts! {
    /// The inspector, statistics and screenshots.
    InspectorText {
        title: "Inspector", "Inspektor";
        statistics: "Statistics", "Statistik";
        no_clip: "Open a clip to see its facts.", "Öffne einen Clip, um seine Daten zu sehen.";

        section_clip: "Clip", "Clip";
        kind: "Kind", "Art";
        kind_neural: "Neural video", "Neuronales Video";
        picture_size: "Picture", "Bild";
        bits_per_pixel: "Bits per pixel", "Bit je Pixel";
        parameters: "Parameters", "Parameter";
        macs: "Work for a frame", "Arbeit je Bild";
        macs_value: "{0} GMAC, {1} kMAC per pixel", "{0} GMAC, {1} kMAC je Pixel";
        decode_time: "Decoding a frame", "Dekodieren eines Bilds";
        kind_v3: "Gaussian video (V3)", "Gauß-Video (V3)";
        kind_file: "Splat file", "Splat-Datei";
        kind_sequence: "Sequence of splat files", "Folge von Splat-Dateien";
        codec: "Codec", "Codec";
        duration: "Duration", "Dauer";
        frames: "Frames", "Bilder";
        frames_value: "{0} at {1} a second", "{0}, {1} je Sekunde";
        frame_rate_assumed: "assumed", "angenommen";
        file_size: "Size", "Größe";
        gaussians: "Gaussians", "Gaußkörper";
        gaussians_range: "{0} to {1}, mean {2}", "{0} bis {1}, im Mittel {2}";
        here: "In this frame", "In diesem Bild";
        here_value: "{0}, {1} drawn", "{0}, {1} gezeichnet";
        broken: "{0} broken", "{0} kaputt";
        sh_degree: "SH degree", "SH-Grad";
        extent: "Extent", "Ausdehnung";
        centre: "Centre", "Mitte";
        up: "Up", "Oben";
        warnings: "Remarks", "Hinweise";

        section_source: "Source", "Quelle";
        choose_source: "Choose the source video…", "Quellvideo wählen…";
        no_source: "Choose the video that the clip was made of to see how near it comes.",
            "Wähle das Video, aus dem der Clip entstand, um zu sehen, wie nah er kommt.";
        source: "Source", "Quelle";
        psnr: "PSNR here", "PSNR hier";
        psnr_mean: "Mean PSNR", "Mittlere PSNR";
        psnr_mean_value: "{0}; frames seen: {1}", "{0}; gesehene Bilder: {1}";
        psnr_unknown: "not known yet", "noch nicht bekannt";
        equal: "equal", "gleich";
        comparison: "Comparison", "Vergleich";
        comparison_choice: "Comparison: {0}", "Vergleich: {0}";
        comparison_off: "Off", "Aus";
        comparison_wipe: "Wipe", "Trennlinie";
        comparison_side: "Side by side", "Nebeneinander";
        wipe_line: "Place of the line", "Ort der Trennlinie";
        side_clip: "Clip", "Clip";
        side_source: "Source", "Quelle";
        source_unusable: "The source cannot be compared: {0}",
            "Die Quelle lässt sich nicht vergleichen: {0}";
        nothing_to_compare: "Only flat clips have a source video; open a neural video first",
            "Nur flache Clips haben ein Quellvideo; öffne zuerst ein neuronales Video";

        section_time: "Time for a picture", "Zeit für ein Bild";
        rate: "{0} frames a second", "{0} Bilder je Sekunde";
        paused: "Paused", "Angehalten";
        no_pictures: "No picture yet", "Noch kein Bild";
        median: "median {0} ms, 95 % in {1} ms", "Median {0} ms, 95 % in {1} ms";
        graph_label: "Times of the last {0} pictures: median {1} ms, 95 % in {2} ms",
            "Zeiten der letzten {0} Bilder: Median {1} ms, 95 % in {2} ms";
        graph_budget: "time for each: {0} ms", "Zeit für jedes: {0} ms";
        stage_decode: "Decode", "Dekodieren";
        stage_upload: "Upload", "Hochladen";
        stage_project: "Project", "Projizieren";
        stage_sort: "Sort", "Sortieren";
        stage_draw: "Draw", "Zeichnen";

        section_quality: "Quality", "Qualität";
        colours: "Detail of colours", "Feinheit der Farben";
        colours_choice: "Detail of colours: {0}", "Feinheit der Farben: {0}";
        antialiasing: "Anti-aliasing", "Kantenglättung";
        antialiasing_choice: "Anti-aliasing: {0}", "Kantenglättung: {0}";
        auto: "Auto", "Auto";
        classic: "Classic", "Klassisch";
        mip: "Mip", "Mip";
        render_scale: "Render scale", "Zeichenauflösung";
        render_scale_choice: "Render scale: {0}", "Zeichenauflösung: {0}";
        render_scale_now: "now {0} %", "jetzt {0} %";
        background: "Background", "Hintergrund";
        background_choice: "Background: {0}", "Hintergrund: {0}";
        background_theme: "Theme", "Thema";
        background_black: "Black", "Schwarz";
        background_white: "White", "Weiß";
        background_colour: "Colour", "Farbe";
        background_picture: "Picture", "Bild";
        pick_colour: "Background colour", "Hintergrundfarbe";
        red: "Red", "Rot";
        green: "Green", "Grün";
        blue: "Blue", "Blau";
        choose_picture: "Choose picture…", "Bild wählen…";
        no_backdrop: "No picture chosen", "Kein Bild gewählt";
        backdrop_unreadable: "The background picture {0} cannot be used: {1}",
            "Das Hintergrundbild {0} ist nicht verwendbar: {1}";

        section_streaming: "Loading", "Laden";
        quality: "Layers loaded", "Geladene Schichten";
        quality_now: "now {0} of {1}", "jetzt {0} von {1}";
        layer_shown: "Layers shown", "Gezeigte Schichten";
        layer_shown_value: "{0} of {1}", "{0} von {1}";
        layer_shown_coarse: "First picture only", "Nur erstes Bild";
        layer: "Layer {0}", "Schicht {0}";
        layer_value: "{0}, {1} Mbit/s", "{0}, {1} Mbit/s";
        throughput: "Network", "Netz";
        throughput_value: "{0} Mbit/s", "{0} Mbit/s";
        throughput_unknown: "not measured yet", "noch nicht gemessen";
        buffered: "Buffered ahead", "Voraus geladen";
        buffered_value: "{0} s", "{0} s";
        transfers: "Transfers", "Übertragungen";
        transfers_value: "{0}, the last {1} in {2} ms", "{0}, die letzte {1} in {2} ms";

        section_device: "Device", "Gerät";
        adapter: "Graphics", "Grafik";
        driver: "Driver", "Treiber";
        way: "Drawn by", "Gezeichnet von";
        way_cpu: "Processor (software graphics)", "Prozessor (Software-Grafik)";
        way_gpu: "Graphics processor", "Grafikprozessor";
        decoder: "Decoded by", "Dekodiert von";
        decoder_hardware: "{0}, in hardware", "{0}, in Hardware";
        decoder_software: "{0}, in software", "{0}, in Software";

        section_memory: "Memory", "Speicher";
        memory_frames: "Decoded frames", "Dekodierte Bilder";
        memory_drawing: "Drawing", "Zeichnen";
        memory_of: "{0} of {1} MB", "{0} von {1} MB";
        memory_mb: "{0} MB", "{0} MB";

        screenshot: "Screenshot", "Bildschirmfoto";
        nothing_to_shoot: "There is no picture to save; open a clip first",
            "Es gibt noch kein Bild zum Speichern; öffne zuerst einen Clip";
        no_shot_folder: "There is no folder for screenshots; choose one in the settings",
            "Es gibt keinen Ordner für Bildschirmfotos; wähle einen in den Einstellungen";
        shot_saved: "Saved as {0}", "Gespeichert als {0}";
        show_shots: "Show the folder", "Ordner zeigen";
        folder_not_shown: "No program shows folders here; the screenshots are in {0}",
            "Hier zeigt kein Programm Ordner; die Bildschirmfotos sind in {0}";
        shot_failed: "The screenshot cannot be taken: {0}", "Das Bildschirmfoto ist nicht gelungen: {0}";
        shot_not_written: "The screenshot cannot be written into {0} ({1}); choose another folder in the settings",
            "Das Bildschirmfoto lässt sich nicht in {0} schreiben ({1}); wähle in den Einstellungen einen anderen Ordner";
        shot_too_large: "A screenshot of {0} × {1} pixels is too large ({2} a side at most); make the window smaller, or choose a smaller size in the settings",
            "Ein Bildschirmfoto mit {0} × {1} Punkten ist zu groß (höchstens {2} je Seite); mache das Fenster kleiner oder wähle in den Einstellungen eine kleinere Größe";
    }
}
