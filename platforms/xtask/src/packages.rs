//! What Zoetrope needs of a system, how it is recognised, and what the packages are called.

use crate::probe::Probe;

/// What a command is about to do; a requirement names those that need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Build the app and start it.
    Run,
    /// Build and run the tests.
    Test,
    /// Measure, beside other programs.
    Bench,
    /// Let programs of others read what was written.
    Interop,
}

/// Something that must be there.
#[derive(Debug)]
pub struct Requirement {
    /// What it is.
    pub name: &'static str,
    /// What it is for.
    pub reason: &'static str,
    /// Who needs it.
    pub purposes: &'static [Purpose],
    /// How it is recognised.
    pub probe: Probe,
    /// Whether other systems than Linux do without.
    pub linux_only: bool,
    /// Whether things still work, only slower, without it.
    pub optional: bool,
    /// Packages of Debian and its relatives.
    pub apt: &'static [&'static str],
    /// Packages of Fedora and its relatives.
    pub dnf: &'static [&'static str],
    /// Packages of Arch Linux.
    pub pacman: &'static [&'static str],
    /// Formulae of Homebrew.
    pub brew: &'static [&'static str],
}

const ALL: &[Purpose] = &[Purpose::Run, Purpose::Test, Purpose::Bench];
const WINDOW: &[Purpose] = &[Purpose::Run, Purpose::Test];
const TEST: &[Purpose] = &[Purpose::Test];

/// Everything, in the order in which it is reported.
pub const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        name: "a C compiler",
        reason: "links every Rust program",
        purposes: ALL,
        probe: Probe::Program("cc"),
        linux_only: false,
        optional: false,
        apt: &["gcc", "libc6-dev"],
        dnf: &["gcc"],
        pacman: &["gcc"],
        brew: &["gcc"],
    },
    Requirement {
        name: "pkg-config",
        reason: "finds FFmpeg and ALSA when building",
        purposes: ALL,
        probe: Probe::Program("pkg-config"),
        linux_only: false,
        optional: false,
        apt: &["pkg-config"],
        dnf: &["pkgconf-pkg-config"],
        pacman: &["pkgconf"],
        brew: &["pkgconf"],
    },
    Requirement {
        name: "FFmpeg's development files",
        reason: "decode and encode video",
        purposes: ALL,
        probe: Probe::PkgConfig(&["libavutil", "libavcodec", "libavformat"]),
        linux_only: false,
        optional: false,
        apt: &["libavcodec-dev", "libavformat-dev", "libavutil-dev"],
        dnf: &["ffmpeg-free-devel"],
        pacman: &["ffmpeg"],
        brew: &["ffmpeg"],
    },
    Requirement {
        name: "libclang",
        reason: "reads FFmpeg's C headers when building",
        purposes: ALL,
        probe: Probe::Libclang,
        linux_only: false,
        optional: false,
        apt: &["libclang-dev"],
        dnf: &["clang-devel"],
        pacman: &["clang"],
        brew: &["llvm"],
    },
    Requirement {
        name: "mold",
        reason: "links several times faster",
        purposes: ALL,
        probe: Probe::Program("mold"),
        linux_only: true,
        optional: true,
        apt: &["mold"],
        dnf: &["mold"],
        pacman: &["mold"],
        brew: &[],
    },
    Requirement {
        name: "ALSA's development files",
        reason: "play sound",
        purposes: ALL,
        probe: Probe::PkgConfig(&["alsa"]),
        linux_only: true,
        // Nothing links it yet.
        optional: true,
        apt: &["libasound2-dev"],
        dnf: &["alsa-lib-devel"],
        pacman: &["alsa-lib"],
        brew: &[],
    },
    Requirement {
        name: "the Vulkan loader",
        reason: "reaches the GPU",
        purposes: ALL,
        probe: Probe::Libraries(&["libvulkan.so.1"]),
        linux_only: true,
        optional: false,
        apt: &["libvulkan1"],
        dnf: &["vulkan-loader"],
        pacman: &["vulkan-icd-loader"],
        brew: &[],
    },
    Requirement {
        name: "a Vulkan driver",
        reason: "draws",
        purposes: &[Purpose::Run, Purpose::Bench],
        probe: Probe::VulkanDriver("*.json"),
        linux_only: true,
        optional: false,
        apt: &["mesa-vulkan-drivers"],
        dnf: &["mesa-vulkan-drivers"],
        pacman: &["vulkan-swrast"],
        brew: &[],
    },
    Requirement {
        name: "Mesa's software Vulkan driver",
        reason: "draws in tests, the same on every machine",
        purposes: TEST,
        probe: Probe::VulkanDriver(SOFTWARE_DRIVER),
        linux_only: true,
        optional: false,
        apt: &["mesa-vulkan-drivers"],
        dnf: &["mesa-vulkan-drivers"],
        pacman: &["vulkan-swrast"],
        brew: &[],
    },
    Requirement {
        name: "X11's client libraries",
        reason: "open a window on X11",
        purposes: WINDOW,
        probe: Probe::Libraries(&[
            "libX11.so.6",
            "libX11-xcb.so.1",
            "libXcursor.so.1",
            "libXi.so.6",
            "libxkbcommon-x11.so.0",
        ]),
        linux_only: true,
        optional: false,
        apt: &[
            "libx11-6",
            "libx11-xcb1",
            "libxcursor1",
            "libxi6",
            "libxkbcommon-x11-0",
        ],
        dnf: &[
            "libX11",
            "libX11-xcb",
            "libXcursor",
            "libXi",
            "libxkbcommon-x11",
        ],
        pacman: &["libx11", "libxcursor", "libxi", "libxkbcommon-x11"],
        brew: &[],
    },
    Requirement {
        name: "Wayland's client libraries",
        reason: "open a window on Wayland",
        purposes: WINDOW,
        probe: Probe::Libraries(&[
            "libwayland-client.so.0",
            "libwayland-cursor.so.0",
            "libwayland-egl.so.1",
            "libxkbcommon.so.0",
        ]),
        linux_only: true,
        optional: false,
        apt: &[
            "libwayland-client0",
            "libwayland-cursor0",
            "libwayland-egl1",
            "libxkbcommon0",
        ],
        dnf: &[
            "libwayland-client",
            "libwayland-cursor",
            "libwayland-egl",
            "libxkbcommon",
        ],
        pacman: &["wayland", "libxkbcommon"],
        brew: &[],
    },
    Requirement {
        name: "Xvfb",
        reason: "gives the window tests a display of their own",
        purposes: TEST,
        probe: Probe::Program("Xvfb"),
        linux_only: true,
        optional: false,
        apt: &["xvfb"],
        dnf: &["xorg-x11-server-Xvfb"],
        pacman: &["xorg-server-xvfb"],
        brew: &[],
    },
    Requirement {
        name: "openbox",
        reason: "manages the window in the window tests",
        purposes: TEST,
        probe: Probe::Program("openbox"),
        linux_only: true,
        optional: false,
        apt: &["openbox"],
        dnf: &["openbox"],
        pacman: &["openbox"],
        brew: &[],
    },
    Requirement {
        name: "xdotool",
        reason: "types and clicks in the window tests",
        purposes: TEST,
        probe: Probe::Program("xdotool"),
        linux_only: true,
        optional: false,
        apt: &["xdotool"],
        dnf: &["xdotool"],
        pacman: &["xdotool"],
        brew: &[],
    },
    Requirement {
        name: "the ffmpeg program",
        reason: "makes test videos, and is what decoding is measured against",
        purposes: &[Purpose::Test, Purpose::Bench],
        probe: Probe::Program("ffmpeg"),
        linux_only: false,
        optional: false,
        apt: &["ffmpeg"],
        dnf: &["ffmpeg-free"],
        pacman: &["ffmpeg"],
        brew: &["ffmpeg"],
    },
    Requirement {
        name: "Node.js with npm",
        reason: "runs the programs of others that read splat files",
        purposes: &[Purpose::Interop],
        probe: Probe::Program("npm"),
        linux_only: false,
        optional: true,
        apt: &["nodejs", "npm"],
        dnf: &["nodejs", "npm"],
        pacman: &["nodejs", "npm"],
        brew: &["node"],
    },
];

/// Name of the manifest of Mesa's software driver (lavapipe).
pub const SOFTWARE_DRIVER: &str = "lvp_icd*.json";

#[cfg(test)]
mod tests {
    use super::REQUIREMENTS;

    #[test]
    fn every_requirement_can_be_installed_where_it_applies() {
        for requirement in REQUIREMENTS {
            let name = requirement.name;
            assert!(!requirement.purposes.is_empty(), "{name} serves nobody");
            assert!(!requirement.apt.is_empty(), "{name} has no apt package");
            assert!(!requirement.dnf.is_empty(), "{name} has no dnf package");
            assert!(!requirement.pacman.is_empty(), "{name} has no pacman one");
            assert_eq!(
                requirement.brew.is_empty(),
                requirement.linux_only,
                "{name}: Homebrew serves what a Mac needs, and only that"
            );
        }
    }
}
