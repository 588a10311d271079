//! Finds out whether something is on the machine by looking for the thing itself. The package
//! manager is not asked: it may not know about what was built by hand, and it is slow.

use std::path::PathBuf;

use crate::machine::Machine;

/// Where the dynamic loader finds libraries, without its own configuration.
const LIBRARY_FOLDERS: [&str; 8] = [
    "lib",
    "lib64",
    "usr/lib",
    "usr/lib64",
    "usr/local/lib",
    "usr/local/lib64",
    "lib/*-linux-gnu*",
    "usr/lib/*-linux-gnu*",
];
/// Where Vulkan's loader finds the manifests of drivers.
const DRIVER_FOLDERS: [&str; 3] = [
    "usr/share/vulkan/icd.d",
    "usr/local/share/vulkan/icd.d",
    "etc/vulkan/icd.d",
];
/// Where bindgen (through clang-sys) finds libclang when `LIBCLANG_PATH` is not set.
const LIBCLANG_FOLDERS: [&str; 10] = [
    "usr/local/llvm*/lib*",
    "usr/local/lib*/*/*",
    "usr/local/lib*/*",
    "usr/local/lib*",
    "usr/lib*/*/*",
    "usr/lib*/*",
    "usr/lib*",
    "opt/homebrew/opt/llvm*/lib",
    "usr/local/opt/llvm*/lib",
    "Library/Developer/CommandLineTools/usr/lib",
];
/// Names of libclang; `libclang-cpp` is another library.
const LIBCLANG_NAMES: [&str; 5] = [
    "libclang.so",
    "libclang.so.*",
    "libclang-*.so",
    "libclang-*.so.*",
    "libclang.dylib",
];

/// How one thing is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A program that can be started.
    Program(&'static str),
    /// Modules that pkg-config knows, all of them.
    PkgConfig(&'static [&'static str]),
    /// Shared libraries that are loaded by name at run time, all of them.
    Libraries(&'static [&'static str]),
    /// A driver of Vulkan whose manifest has such a name.
    VulkanDriver(&'static str),
    /// libclang as bindgen finds it, and the headers that come with clang.
    Libclang,
}

impl Probe {
    /// Whether it is there.
    pub fn passes(self, machine: &Machine) -> bool {
        match self {
            Self::Program(name) => machine.program(name).is_some(),
            Self::PkgConfig(modules) => {
                let mut arguments = vec!["--exists"];
                arguments.extend(modules);
                machine.succeeds("pkg-config", &arguments)
            }
            Self::Libraries(names) => names.iter().all(|name| has_library(machine, name)),
            Self::VulkanDriver(name) => !vulkan_drivers(machine, name).is_empty(),
            Self::Libclang => has_libclang(machine),
        }
    }
}

/// Manifests of Vulkan drivers with such a name (a `*` stands for any characters).
pub fn vulkan_drivers(machine: &Machine, name: &str) -> Vec<PathBuf> {
    DRIVER_FOLDERS
        .iter()
        .flat_map(|folder| machine.files(&format!("{folder}/{name}")))
        .collect()
}

fn has_library(machine: &Machine, name: &str) -> bool {
    let listed = machine
        .variable("LD_LIBRARY_PATH")
        .map(|path| std::env::split_paths(path).collect::<Vec<_>>())
        .unwrap_or_default();
    listed.iter().any(|folder| folder.join(name).is_file())
        || LIBRARY_FOLDERS
            .iter()
            .any(|folder| !machine.files(&format!("{folder}/{name}")).is_empty())
}

fn has_libclang(machine: &Machine) -> bool {
    // Someone who points bindgen to a libclang of their own knows what they do.
    if let Some(path) = machine.variable("LIBCLANG_PATH") {
        let path = PathBuf::from(path);
        return path.is_file()
            || LIBCLANG_NAMES
                .iter()
                .any(|name| !crate::pattern::files(&path, name).is_empty());
    }
    let library = LIBCLANG_FOLDERS.iter().any(|folder| {
        LIBCLANG_NAMES.iter().any(|name| {
            machine
                .files(&format!("{folder}/{name}"))
                .iter()
                .any(|file| !file.to_string_lossy().contains("-cpp."))
        })
    });
    // The library alone cannot read any system header: clang's own stddef.h belongs to it. On a
    // Mac it lies within Xcode and always comes along.
    let headers = !machine.is_linux()
        || [
            "usr/lib*/clang/*",
            "usr/lib*/llvm*/lib*/clang/*",
            "usr/local/llvm*/lib*/clang/*",
        ]
        .iter()
        .any(|folder| {
            !machine
                .files(&format!("{folder}/include/stddef.h"))
                .is_empty()
        });
    library && headers
}

#[cfg(all(test, unix))]
mod tests {
    use super::Probe;
    use crate::testing::FakeMachine;

    #[test]
    fn a_library_counts_wherever_the_loader_looks() {
        let probe = Probe::Libraries(&["libvulkan.so.1", "libX11.so.6"]);
        let fake = FakeMachine::new();
        fake.file("usr/lib/x86_64-linux-gnu/libvulkan.so.1");
        assert!(!probe.passes(&fake.machine), "one of two is not enough");
        fake.file("usr/lib64/libX11.so.6");
        assert!(probe.passes(&fake.machine));
    }

    #[test]
    fn pkg_config_is_asked_for_all_modules() {
        let probe = Probe::PkgConfig(&["libavcodec", "libavutil"]);
        let fake = FakeMachine::new();
        assert!(!probe.passes(&fake.machine), "no pkg-config, no modules");
        fake.script(
            "pkg-config",
            r#"[ "$*" = "--exists libavcodec libavutil" ]"#,
        );
        assert!(probe.passes(&fake.machine));
    }

    #[test]
    fn libclang_needs_its_headers_and_is_not_libclang_cpp() {
        let fake = FakeMachine::new();
        fake.file("usr/lib/x86_64-linux-gnu/libclang-cpp.so.14");
        fake.file("usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h");
        assert!(!Probe::Libclang.passes(&fake.machine));
        fake.file("usr/lib/llvm-14/lib/libclang.so.1");
        assert!(Probe::Libclang.passes(&fake.machine));

        fake.remove("usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h");
        assert!(!Probe::Libclang.passes(&fake.machine));
    }

    #[test]
    fn libclang_path_has_the_last_word() {
        let mut fake = FakeMachine::new();
        fake.file("usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h");
        fake.file("usr/lib/llvm-14/lib/libclang.so.1");
        let own = fake.machine.root.join("own");
        fake.set("LIBCLANG_PATH", &own);
        assert!(!Probe::Libclang.passes(&fake.machine));
        fake.file("own/libclang-17.so");
        assert!(Probe::Libclang.passes(&fake.machine));
    }

    #[test]
    fn a_vulkan_driver_is_known_by_its_manifest() {
        let fake = FakeMachine::new();
        let software = Probe::VulkanDriver("lvp_icd*.json");
        fake.file("usr/share/vulkan/icd.d/intel_icd.x86_64.json");
        assert!(Probe::VulkanDriver("*.json").passes(&fake.machine));
        assert!(!software.passes(&fake.machine));
        fake.file("etc/vulkan/icd.d/lvp_icd.x86_64.json");
        assert!(software.passes(&fake.machine));
    }
}
