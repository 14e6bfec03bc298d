//! The list of options in words: for `--help` and for the README.

use super::options::{Effect, OPTIONS, Opt, Preset};
use std::fmt::Write as _;

/// The part of `--help` that lists the options that do something.
pub fn help() -> String {
    let mut out = String::new();
    for option in OPTIONS
        .iter()
        .filter(|option| option.effect == Effect::Used)
    {
        let kind = option.kind.words();
        let default = default(option);
        writeln!(out, "  --{} ({kind})", option.name).expect("a String takes all");
        writeln!(out, "      {} Default: {default}", option.sentence).expect("a String takes all");
    }
    out.replace('`', "")
}

/// The options as Markdown: one table of those that work, one of those that are only accepted.
pub fn markdown() -> String {
    let mut out =
        String::from("| option | value | default | what it is for |\n|---|---|---|---|\n");
    for option in OPTIONS
        .iter()
        .filter(|option| option.effect == Effect::Used)
    {
        let row = [
            option.kind.words(),
            default(option),
            option.sentence.to_owned(),
        ];
        writeln!(out, "| `{}` | {} |", option.name, row.join(" | ")).expect("a String takes all");
    }
    out.push_str("\nAccepted from a `pump.io.json`, with a warning and without effect:\n\n");
    out.push_str("| option | in pump.io | here |\n|---|---|---|\n");
    for option in OPTIONS {
        if let Effect::Without(reason) = option.effect {
            let row = [option.sentence, reason];
            writeln!(out, "| `{}` | {} |", option.name, row.join(" | "))
                .expect("a String takes all");
        }
    }
    out
}

/// What holds when an option is not set, in words.
pub(crate) fn default(option: &Opt) -> String {
    match option.default {
        Preset::Json(text) => format!("`{}`", text.trim_matches('"')),
        Preset::Unset(words) => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{help, markdown};

    #[test]
    fn the_readme_shows_the_table() {
        crate::readme::holds("options", &markdown());
    }

    #[test]
    fn help_names_what_works_and_leaves_out_what_does_not() {
        assert!(help().contains("  --urlPort (0 to 65535)\n"));
        assert!(!help().contains("--driver"));
        assert!(markdown().contains("| `port` | 0 to 65535 | `8080` | "));
        assert!(markdown().contains("| `driver` | "));
    }
}
