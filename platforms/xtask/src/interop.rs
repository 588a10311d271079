//! Whether files that Zoetrope writes are read by programs of others, and hold there what they held
//! here.

use std::path::{Path, PathBuf};

use crate::cargo::Cargo;
use crate::install;
use crate::machine::Machine;
use crate::packages::Purpose;
use crate::{Result, environment};

/// The readers, from npm's registry.
const PACKAGES: [&str; 2] = [
    "@playcanvas/splat-transform@2.7.1",
    "@gltf-transform/core@4.2.1",
];
/// Where splat-transform's program lies among what npm installs.
const SPLAT_TRANSFORM: &str = "node_modules/@playcanvas/splat-transform/bin/cli.mjs";
/// What reads GLB files with glTF Transform.
const READ_GLB: &str = include_str!("../readers/read-glb.mjs");
/// Its name.
const READ_GLB_NAME: &str = "read-glb.mjs";
/// Models that are written in every format: many Gaussians without SH, a few with it.
const MODELS: [&str; 2] = [
    "codecs/tests/data/wave_0001.sog",
    "codecs/tests/data/train-3points.ply",
];
/// Ends of names, and what else is asked for, of every format that is written.
const FORMATS: [(&str, &[&str]); 7] = [
    ("ply", &[]),
    ("compressed.ply", &[]),
    ("splat", &[]),
    ("spz", &["--spz-version", "3"]),
    ("spz", &["--spz-version", "4"]),
    ("sog", &[]),
    ("glb", &[]),
];

/// Writes every format, and lets other programs read it.
///
/// # Errors
/// When another program cannot read a file or finds something else in it. Without these programs, and
/// without a registry to get them from, nothing is checked and that is told.
pub fn interop(machine: &Machine) -> Result {
    install::ensure(machine, &[Purpose::Run, Purpose::Interop])?;
    let readers = match Readers::install(machine)? {
        Ok(readers) => readers,
        Err(reason) => {
            eprintln!("xtask: NOT CHECKED whether others read what Zoetrope writes: {reason}");
            return Ok(());
        }
    };
    let cargo = Cargo::new(machine)?;
    cargo.run(&["build", "--workspace", "--bin", "zoetrope"])?;
    let zoetrope = cargo.built("debug", "zoetrope");
    let out = readers.folder.join("written");
    std::fs::create_dir_all(&out).map_err(|error| cannot("make", &out, &error))?;
    for model in MODELS {
        let model = machine.checkout.join(model);
        let wanted = readers.read(machine, &model)?;
        for (end, extra) in FORMATS {
            let path = out.join(format!("out.{end}"));
            let mut command = std::process::Command::new(&zoetrope);
            cargo.surround(&mut command);
            command
                .args(["convert", "--frame", "0", "-o"])
                .args([&path, &model])
                .args(extra);
            run(command, "zoetrope convert")?;
            let found = readers.read(machine, &path)?;
            compare(&wanted, &found).map_err(|difference| {
                format!(
                    "another program finds something else in {} written as .{end} {}: {difference}",
                    model.display(),
                    extra.join(" ")
                )
            })?;
            eprintln!(
                "xtask: {} Gaussians, {} columns alike as .{end} {}",
                found.count(),
                found.columns.len(),
                extra.join(" ")
            );
        }
    }
    Ok(())
}

/// Programs of others.
struct Readers {
    folder: PathBuf,
}

impl Readers {
    /// Installs them, unless they are there; the reason why that cannot be.
    fn install(machine: &Machine) -> Result<Result<Self>> {
        let folder = environment::cache(machine)?.join("readers");
        std::fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        let script = folder.join(READ_GLB_NAME);
        std::fs::write(&script, READ_GLB).map_err(|error| cannot("write", &script, &error))?;
        // Names the versions that are there.
        let stamp = folder.join("installed");
        let wanted = PACKAGES.join("\n");
        if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
            return Ok(Ok(Self { folder }));
        }
        let Some(mut npm) = machine.command("npm") else {
            return Ok(Err("there is no npm; install Node.js".to_owned()));
        };
        // Nothing of what they bring along is needed to run by itself.
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--prefix")
            .arg(&folder)
            .args(PACKAGES);
        if let Err(error) = run(npm, "npm install") {
            return Ok(Err(error));
        }
        std::fs::write(&stamp, wanted).map_err(|error| cannot("write", &stamp, &error))?;
        Ok(Ok(Self { folder }))
    }

    /// What another program reads in a splat file.
    fn read(&self, machine: &Machine, path: &Path) -> Result<Table> {
        let node = || {
            let there = machine.command("node");
            there.ok_or_else(|| "there is no node; install Node.js".to_owned())
        };
        if path.extension().is_some_and(|end| end == "glb") {
            let mut command = node()?;
            command.arg(self.folder.join(READ_GLB_NAME)).arg(path);
            return Table::parse(&run(command, READ_GLB_NAME)?);
        }
        let csv = self.folder.join("read.csv");
        let mut command = node()?;
        command
            .arg(self.folder.join(SPLAT_TRANSFORM))
            .args(["--quiet", "--overwrite", "--gpu", "cpu"])
            .args([path, &csv]);
        run(command, &format!("splat-transform {}", path.display()))?;
        let text = std::fs::read_to_string(&csv).map_err(|error| cannot("read", &csv, &error))?;
        Table::parse(&text)
    }
}

/// Runs a command; what it prints.
fn run(mut command: std::process::Command, name: &str) -> Result<String> {
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{name}` failed: {}", said.trim()))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

/// Columns of numbers, named as those of INRIA PLY files: logarithms of scales, logits of opacities.
#[derive(Debug, Default, PartialEq)]
struct Table {
    columns: Vec<(String, Vec<f64>)>,
}

impl Table {
    fn parse(csv: &str) -> Result<Self> {
        let mut lines = csv.lines();
        let names = lines.next().unwrap_or_default().split(',');
        let mut columns: Vec<(String, Vec<f64>)> = names
            .map(|name| (name.trim().to_owned(), Vec::new()))
            .collect();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let numbers: Vec<f64> = line
                .split(',')
                .map(|number| number.trim().parse())
                .collect::<Result<_, _>>()
                .map_err(|_| format!("\"{line}\" is no row of numbers"))?;
            if numbers.len() != columns.len() {
                return Err(format!("\"{line}\" has not {} numbers", columns.len()));
            }
            for ((_, column), number) in columns.iter_mut().zip(numbers) {
                column.push(number);
            }
        }
        let mut table = Self { columns };
        table.normalise_quaternions();
        Ok(table)
    }

    /// PLY files may hold quaternions of any length, which mean the same.
    fn normalise_quaternions(&mut self) {
        let mut parts: Vec<&mut Vec<f64>> = self
            .columns
            .iter_mut()
            .filter(|(name, _)| name.starts_with("rot_"))
            .map(|(_, column)| column)
            .collect();
        let rows = parts.iter().map(|part| part.len()).min().unwrap_or(0);
        for row in 0..rows {
            let square: f64 = parts.iter().map(|part| part[row].powi(2)).sum();
            for part in &mut parts {
                part[row] /= square.sqrt();
            }
        }
    }

    fn count(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// A column in rising order: formats keep no order of their Gaussians.
    fn sorted(&self, name: &str, map: impl Fn(f64) -> f64) -> Option<Vec<f64>> {
        let (_, column) = self.columns.iter().find(|(other, _)| other == name)?;
        let mut column: Vec<f64> = column.iter().copied().map(map).collect();
        column.sort_by(f64::total_cmp);
        Some(column)
    }
}

/// What formats round off, more than any of them does: of positions as a share of the model's side, of
/// logarithms of scales, of opacities of 0 to 1, of SH coefficients, of parts of quaternions.
const TOLERANCES: [(&str, f64); 6] = [
    ("f_rest", 0.07),
    ("scale", 0.1),
    ("opacity", 0.01),
    ("f_dc", 0.05),
    ("rot", 0.02),
    ("", 1e-3),
];

/// Compares every column that both have.
fn compare(wanted: &Table, found: &Table) -> Result {
    if wanted.count() != found.count() {
        let (wanted, found) = (wanted.count(), found.count());
        return Err(format!("{found} Gaussians instead of {wanted}"));
    }
    for name in ["x", "y", "z"] {
        if !found.columns.iter().any(|(other, _)| other == name) {
            return Err(format!("there is no column {name}"));
        }
    }
    for (name, _) in &found.columns {
        // Normals say nothing, and neither does the sign of a quaternion.
        if name.starts_with('n') {
            continue;
        }
        let map = |value: f64| match name {
            name if name == "opacity" => 1.0 / (1.0 + (-value).exp()),
            name if name.starts_with("rot") => value.abs(),
            _ => value,
        };
        let pair = (wanted.sorted(name, map), found.sorted(name, map));
        let (Some(wanted), Some(found)) = pair else {
            continue;
        };
        let kind = TOLERANCES.iter().find(|(start, _)| name.starts_with(start));
        let mut tolerance = kind.map_or(0.0, |(_, tolerance)| *tolerance);
        if ["x", "y", "z"].contains(&name.as_str()) {
            let ends = wanted.first().zip(wanted.last());
            tolerance *= ends.map_or(0.0, |(low, high)| high - low);
        }
        for (wanted, found) in wanted.iter().zip(&found) {
            // Written so that what is no number is found.
            let is_close = (wanted - found).abs() <= tolerance;
            if !is_close {
                return Err(format!(
                    "in column {name}, {found} instead of {wanted}, which is more than {tolerance} \
                     away"
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(csv: &str) -> Table {
        Table::parse(csv).expect("a table")
    }

    #[test]
    fn tables_are_alike_whatever_the_order_of_their_rows() {
        let wanted = table("x,y,z,nx,opacity,rot_0\n0,0,0,1,-2,0.5\n10,5,1,1,3,-2\n");
        let found = table("x,y,z,rot_0,opacity\n10.001,5,1,-1,3\n0,0,0.0005,-1,-2.01\n");
        assert_eq!(compare(&wanted, &found), Ok(()));
        for (other, part) in [
            ("x,y,z\n0,0,0\n", "1 Gaussians instead of 2"),
            ("x,y\n0,0\n10,5\n", "no column z"),
            ("x,y,z\n0,0,0\n10.1,5,1\n", "column x, 10.1 instead of 10"),
            ("x,y,z\n0,0,0\n10,NaN,1\n", "column y"),
            ("x,y,z,opacity\n0,0,0,-2\n10,5,1,2\n", "column opacity"),
        ] {
            let error = compare(&wanted, &table(other)).expect_err("they differ");
            assert!(error.contains(part), "{error}");
        }
        assert!(Table::parse("x,y\n1\n").is_err() && Table::parse("x\na\n").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn readers_are_installed_once_and_their_absence_is_no_failure() {
        use crate::testing::FakeMachine;
        let fake = FakeMachine::new();
        let install = || Readers::install(&fake.machine).expect("a cache");
        let reason = install().err().expect("no npm");
        assert!(reason.contains("install Node.js"), "{reason}");
        fake.script("npm", "echo offline >&2; exit 1");
        let reason = install().err().expect("no registry");
        assert!(reason.contains("offline"), "{reason}");
        fake.script("npm", "echo \"$*\" >> \"$ROOT/log\"");
        assert!(install().is_ok() && install().is_ok());
        let log = fake.read("log");
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("--ignore-scripts") && log.contains("splat-transform@2.7.1"));
    }

    #[cfg(unix)]
    #[test]
    fn what_another_program_reads_becomes_a_table() {
        use crate::testing::FakeMachine;
        let fake = FakeMachine::new();
        let folder = fake.machine.root.join("readers");
        std::fs::create_dir_all(&folder).expect("a folder");
        let readers = Readers { folder };
        let read = |name: &str| readers.read(&fake.machine, Path::new(name));
        assert!(read("a.ply").is_err(), "there is no node");
        fake.script("node", "echo 'x,y,z'; echo '1,2,3'");
        assert_eq!(read("a.glb").expect("a table").count(), 1);
        fake.script(
            "node",
            "for out in \"$@\"; do :; done; echo 'x' > \"$out\"; echo 5 >> \"$out\"",
        );
        assert_eq!(read("a.ply"), Ok(table("x\n5\n")));
        fake.script("node", "echo 'bad magic' >&2; exit 1");
        let error = read("a.spz").expect_err("it fails");
        assert!(
            error.contains("a.spz") && error.contains("bad magic"),
            "{error}"
        );
    }
}
