//! Tags in the words of posts lead to what else has them. The words are kept as they came; links are made when they are shown.
//! No I/O.

use crate::domain::words;
use std::fmt::Write as _;

/// Elements whose words are no text: what is in them stays as it is.
const LEFT_ALONE: [&str; 3] = ["a", "code", "pre"];

/// Clean HTML with links in the place of tags; `root` is what addresses of this site begin with.
pub fn link(html: &str, root: &str) -> String {
    if !html.contains('#') {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len() + 128);
    let mut left_alone = 0_usize;
    let mut rest = html;
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        match left_alone {
            0 => push_text(&mut out, text, root),
            _ => out.push_str(text),
        }
        let (markup, after) = after.split_at(after.find('>').map_or(after.len(), |end| end + 1));
        let name = markup.trim_start_matches('<').trim_start_matches('/');
        let name = name
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .next();
        if name.is_some_and(|name| LEFT_ALONE.contains(&name)) {
            left_alone = match markup.starts_with("</") {
                true => left_alone.saturating_sub(1),
                false => left_alone + 1,
            };
        }
        out.push_str(markup);
        rest = after;
    }
    out
}

/// The address of a tag's page.
pub fn address(tag: &str, root: &str) -> String {
    let mut out = format!("{root}/main/tag/");
    for byte in tag.bytes() {
        match byte.is_ascii_alphanumeric() || byte == b'_' {
            true => out.push(char::from(byte)),
            false => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn push_text(out: &mut String, text: &str, root: &str) {
    let mut rest = text;
    let mut before = ' ';
    while let Some(place) = rest.find('#') {
        let (start, from) = rest.split_at(place);
        before = start.chars().next_back().unwrap_or(before);
        let from = from.get(1..).unwrap_or_default();
        let end = from.find(|letter| !words::is_of_word(letter));
        let (tag, after) = from.split_at(end.unwrap_or(from.len()));
        out.push_str(start);
        // `&#39;` is a character, `a#b` a part of an address, `#1` a number.
        let is_tag = before != '&'
            && before != '#'
            && !words::is_of_word(before)
            && tag.chars().any(|letter| letter.is_alphabetic());
        if is_tag {
            let address = address(tag, root);
            let _ = write!(
                out,
                "<a class=\"tag\" rel=\"tag\" href=\"{address}\">#{tag}</a>"
            );
        } else {
            out.push('#');
            out.push_str(tag);
        }
        before = tag.chars().next_back().unwrap_or('#');
        rest = after;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn tags_become_links_and_nothing_else_does() {
        assert_eq!(
            link("<p>#Sommer am See (#Übér_1).</p>", "/p"),
            "<p><a class=\"tag\" rel=\"tag\" href=\"/p/main/tag/Sommer\">#Sommer</a> am See \
             (<a class=\"tag\" rel=\"tag\" href=\"/p/main/tag/%C3%9Cb%C3%A9r_1\">#Übér_1</a>).</p>"
        );
        for same in [
            "<p>No. #1, a#b, ##x, it&#39;s, # x, #</p>",
            "<a href=\"http://h.test/#top\">#there</a>",
            "<pre>#include</pre><code>#x</code>",
            "<img src=\"/x#y\" alt=\"#z\">",
            "no tags",
        ] {
            assert_eq!(link(same, ""), same);
        }
        assert!(link("<a>#x</a> #y", "").ends_with(">#y</a>"));
    }
}
