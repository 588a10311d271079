//! The page for people who open the link in a browser.

/// What the page says.
pub struct Page<'a> {
    /// Title of the clip.
    pub title: &'a str,
    /// The link that the application opens.
    pub app_link: &'a str,
    /// The address of the clip.
    pub clip_url: &'a str,
    /// Whether there is a picture.
    pub has_poster: bool,
}

impl Page<'_> {
    /// As HTML. It runs nothing and asks nobody else for anything.
    pub fn html(&self) -> String {
        let (title, app_link, clip_url) = (
            escaped(self.title),
            escaped(self.app_link),
            escaped(self.clip_url),
        );
        let poster = if self.has_poster {
            "<img src=\"poster.png\" alt=\"\">"
        } else {
            ""
        };
        format!(
            r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>{title} – Zoetrope</title>
<style>
body {{ margin: 0 auto; padding: 2rem 1.25rem; max-width: 36rem; font: 1rem/1.5 system-ui, sans-serif; }}
img {{ display: block; width: 100%; border-radius: 14px; }}
a.open {{ display: inline-block; padding: .7rem 1.4rem; border-radius: 8px; background: #ffb658; color: #1c1408; font-weight: 600; text-decoration: none; }}
code {{ overflow-wrap: anywhere; }}
</style>
{poster}
<h1>{title}</h1>
<p>A volumetric clip, shared on this network.</p>
<p><a class="open" href="{app_link}">Open in Zoetrope</a></p>
<p>If nothing happens, start Zoetrope, press Ctrl+U and paste this address:</p>
<p><code>{clip_url}</code></p>
</html>
"#
        )
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_title_is_taken_for_html() {
        let title = "<script>alert('&')</script>\"";
        let html = Page {
            title,
            app_link: "zoetrope://open?src=\"><b>&t=1",
            clip_url: "http://x/<b>",
            has_poster: true,
        }
        .html();
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;&quot;"));
        assert!(html.contains("poster.png"));
    }
}
