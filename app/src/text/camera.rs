//! Texts of the camera.

texts! {
    /// The camera.
    CameraText {
        title: "Camera", "Kamera";
        reset_view: "Reset view", "Ansicht zurücksetzen";
    }
}
