//! Texts of the inspector, statistics and screenshots.

texts! {
    /// The inspector, statistics and screenshots.
    InspectorText {
        title: "Inspector", "Inspektor";
        statistics: "Statistics", "Statistik";
        screenshot: "Screenshot", "Bildschirmfoto";
    }
}
