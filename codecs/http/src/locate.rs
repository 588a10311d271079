//! From a link that a person has to what is to be opened.

use url::Url;
use zoetrope_codecs::container::Input;
use zoetrope_codecs::container::v3::{GROUP_INFO_NAME, SIDECAR_NAME, VIEWER_MIN_MAX_NAME};
use zoetrope_codecs::source::Folder as _;
use zoetrope_codecs::{Cancel, Error, Result};

use crate::{HttpFolder, HttpSource, Network};

/// Names of the file that describes a SOG model, and a streamed one.
const SOG_NAMES: [&str; 2] = ["meta.json", "lod-meta.json"];
/// Folders above a V3 clip's own into which its packer puts it.
const V3_SUB_FOLDERS: [&str; 11] = [
    "feature_video",
    "png_all_0",
    "png_all_15",
    "png_all_20",
    "png_all_22",
    "png_all_25",
    "feature_video/png_all_0",
    "feature_video/png_all_15",
    "feature_video/png_all_20",
    "feature_video/png_all_22",
    "feature_video/png_all_25",
];

/// What a link leads to.
enum Place {
    File(HttpSource),
    Folder(HttpFolder),
}

/// Opens what `link` leads to: a file, or the folder of a clip. A link to a part of a V3 clip (one of
/// its JSON files, a group's folder, a plane's video) or to a folder above it leads to the clip.
///
/// # Errors
/// One sentence that says what the link is or what the server does, and what would work.
pub fn open_link(network: &Network, link: &str, cancel: &Cancel) -> Result<Input> {
    Ok(match locate(network, &parse(link)?, cancel)? {
        Place::File(source) => Input::File(Box::new(source)),
        Place::Folder(folder) => Input::Folder(Box::new(folder)),
    })
}

/// The file of the clip that `link` leads to by which a server can be judged: the clip itself, or
/// what describes it in its folder.
///
/// # Errors
/// As [`open_link`].
pub(crate) fn main_file(network: &Network, link: &str, cancel: &Cancel) -> Result<Url> {
    let url = parse(link)?;
    let folder = match locate(network, &url, cancel)? {
        Place::File(_) => return Ok(url),
        Place::Folder(folder) => folder,
    };
    let describes = [GROUP_INFO_NAME, SOG_NAMES[0], SOG_NAMES[1]].map(str::to_owned);
    let there = folder.which_are_there(&describes, cancel)?;
    let first = there.iter().position(|there| *there).unwrap_or_default();
    folder.locate(&describes[first])
}

/// Finds the clip, and tells about the link that was given.
fn locate(network: &Network, url: &Url, cancel: &Cancel) -> Result<Place> {
    find(network, url, cancel).map_err(|error| match error {
        Error::Network { reason, .. } => Error::Network {
            name: crate::source::name_of(url),
            reason,
        },
        error => error,
    })
}

fn find(network: &Network, url: &Url, cancel: &Cancel) -> Result<Place> {
    if let Some(clip) = clip_around(url) {
        let folder = HttpFolder::new(network, &clip)?;
        let named = [GROUP_INFO_NAME, VIEWER_MIN_MAX_NAME, SOG_NAMES[0]].map(str::to_owned);
        if folder.which_are_there(&named, cancel)?.contains(&true) {
            return Ok(Place::Folder(folder));
        }
    }
    if url.path().ends_with('/') {
        return match find_clip(network, url, cancel)? {
            Some(folder) => Ok(Place::Folder(folder)),
            None => Err(no_clip(url)),
        };
    }
    let error = match HttpSource::open(network, url, cancel) {
        Ok(source) => return Ok(Place::File(source)),
        Err(error) => error,
    };
    // A folder without its slash is refused, missing or a page that lists it.
    let may_be_folder = match &error {
        Error::Io { .. } => true,
        Error::Network { reason, .. } => reason.contains("web page"),
        _ => false,
    };
    if may_be_folder && let Some(folder) = find_clip(network, url, cancel)? {
        return Ok(Place::Folder(folder));
    }
    Err(error)
}

/// The link, if it is one that can be asked for.
fn parse(link: &str) -> Result<Url> {
    let mut url = Url::parse(link.trim()).map_err(|error| {
        Error::unsupported(
            link,
            format!("it is no link ({error}); check it for typing errors"),
        )
    })?;
    if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
        return Err(Error::unsupported(
            link,
            "only links that begin with http:// or https:// lead to clips",
        ));
    }
    url.set_fragment(None);
    Ok(url)
}

/// The clip's own folder, where the link leads to a part of it.
fn clip_around(url: &Url) -> Option<Url> {
    let path = url.path().trim_end_matches('/');
    let (parent, name) = path.rsplit_once('/')?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_group = |name: &str| name.strip_prefix("group").is_some_and(number);
    let describes = [
        GROUP_INFO_NAME,
        VIEWER_MIN_MAX_NAME,
        SIDECAR_NAME,
        SOG_NAMES[0],
    ];
    let folder = if describes.contains(&name) || is_group(name) {
        parent
    } else if name.strip_suffix(".mp4").is_some_and(number) {
        let (clip, group) = parent.rsplit_once('/')?;
        is_group(group).then_some(clip)?
    } else {
        return None;
    };
    let mut clip = url.clone();
    clip.set_path(&format!("{folder}/"));
    Some(clip)
}

/// The folder at `url`, or below it, in which a clip is.
fn find_clip(network: &Network, url: &Url, cancel: &Cancel) -> Result<Option<HttpFolder>> {
    let folder = HttpFolder::new(network, url)?;
    let describes = [
        GROUP_INFO_NAME,
        VIEWER_MIN_MAX_NAME,
        SOG_NAMES[0],
        SOG_NAMES[1],
    ];
    let describes = describes.map(str::to_owned);
    if folder.which_are_there(&describes, cancel)?.contains(&true) {
        return Ok(Some(folder));
    }
    let below = V3_SUB_FOLDERS.map(|path| format!("{path}/{GROUP_INFO_NAME}"));
    let there = folder.which_are_there(&below, cancel)?;
    let mut found = V3_SUB_FOLDERS.iter().zip(there).filter(|(_, there)| *there);
    let Some((first, _)) = found.next() else {
        return Ok(None);
    };
    if let Some((second, _)) = found.next() {
        return Err(Error::unsupported(
            folder.name(),
            format!(
                "several V3 clips are below it (\"{first}\", \"{second}\" …); open one of them"
            ),
        ));
    }
    folder.sub_folder(first).map(Some)
}

fn no_clip(url: &Url) -> Error {
    Error::unsupported(
        crate::source::name_of(url),
        format!(
            "a folder of a web server can only be opened if a clip lies in it ({GROUP_INFO_NAME} or \
             {}), and none does; open the link to the clip's own file",
            SOG_NAMES[0]
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_clip_lead_to_its_folder() {
        for (link, clip) in [
            ("https://a.org/m/group_info.json", Some("https://a.org/m/")),
            ("https://a.org/m/group3/", Some("https://a.org/m/")),
            ("https://a.org/m/group3", Some("https://a.org/m/")),
            (
                "https://a.org/m/group3/12.mp4?x=1",
                Some("https://a.org/m/?x=1"),
            ),
            ("https://a.org/meta.json", Some("https://a.org/")),
            ("https://a.org/group3x/", None),
            ("https://a.org/m/3.mp4", None),
            ("https://a.org/a.zoe", None),
            ("https://a.org/", None),
        ] {
            let url = parse(link).expect("a link");
            let found = clip_around(&url).map(|url| url.to_string());
            assert_eq!(found.as_deref(), clip, "{link}");
        }
    }

    #[test]
    fn what_is_no_link_is_told() {
        for link in ["", "a.zoe", "ftp://a.org/a.zoe", "https://", "https://a b/"] {
            let error = parse(link).expect_err("is no link");
            assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        }
    }
}
