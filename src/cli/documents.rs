//! The manual page, and what shells complete, from the tables of commands and options: tests compare the files in
//! `assets/command`, and write them anew with `PUMPHOUSE_TEST_UPDATE_README`.

use super::deed_words;
use super::help::COMMANDS;
use crate::config::options::{Effect, Kind, OPTIONS, Opt};
use crate::config::render;
use crate::readme;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Options of every command, besides those of the configuration.
const GENERAL: &[(&str, &str)] = &[
    ("config", "File of options, a JSON object"),
    ("help", "Explain the program, or a command"),
    ("version", "Tell the version"),
];

/// First words of commands, each with its second words.
fn words() -> BTreeMap<&'static str, Vec<&'static str>> {
    let is_literal = |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let mut out: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (usage, ..) in COMMANDS {
        let mut words = usage.split(' ').take_while(is_literal);
        let first = words.next().expect("a command has a name");
        let seconds = out.entry(first).or_default();
        seconds.extend(words.next());
        if first == "registration" {
            seconds.extend(["open", "invite", "closed"]);
        }
    }
    out
}

fn used() -> impl Iterator<Item = &'static Opt> {
    OPTIONS
        .iter()
        .filter(|option| option.effect == Effect::Used)
}

/// Whether an option takes no value. Those of the configuration may have one.
fn is_flag(name: &str) -> bool {
    matches!(name, "help" | "version") || deed_words::FLAGS.contains(&name)
}

/// Names of all long options, with what they are for.
fn options() -> Vec<(&'static str, String, bool)> {
    let general = GENERAL.iter().map(|(name, what)| {
        let takes_file = *name == "config";
        (*name, (*what).to_owned(), takes_file)
    });
    let own = deed_words::OPTIONS
        .iter()
        .chain(deed_words::FLAGS)
        .map(|name| {
            (
                *name,
                "Of single commands, see their help".to_owned(),
                false,
            )
        });
    let configured = used().map(|option| {
        let sentence = option.sentence.replace('`', "");
        let short = sentence.split(['.', ':', ';']).next().unwrap_or_default();
        (
            option.name,
            short.to_owned(),
            matches!(option.kind, Kind::Path),
        )
    });
    general.chain(own).chain(configured).collect()
}

/// A text as roff has it: nothing that begins a line is a request, and hyphens are those that are typed.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

fn manual_page() -> String {
    let mut out = format!(
        ".TH PUMPHOUSE 1 \"\" \"pumphouse {}\" \"Pumphouse\"\n.SH NAME\npumphouse \\- social server that a family can own\n\
         .SH SYNOPSIS\n.B pumphouse\n.RI [ COMMAND ]\n.RI [ OPTIONS ]\n.SH DESCRIPTION\n\
         Keeps the notes and photos of a family, shows them to those they are for, and speaks with other servers of its kind.\n\
         The manual of its API is at\n.I /main/api\nof the running server.\n.SH COMMANDS\n",
        env!("CARGO_PKG_VERSION")
    );
    for (usage, line, more) in COMMANDS {
        let lines = [*line, *more].map(roff);
        write!(out, ".TP\n.B {}\n{}\n{}\n", roff(usage), lines[0], lines[1])
            .expect("a String takes all");
    }
    out.push_str(
        ".SH OPTIONS\nLater ones win: the file of options, the environment (PUMPHOUSE_HOSTNAME, \\&...), the command line.\n\
         .TP\n.BR \\-c \", \" \\-\\-config \" \\fIFILE\\fR\"\nFile of options, a JSON object.\n\
         .TP\n.BR \\-h \", \" \\-\\-help\nThe help; after a command, more about it.\n.TP\n.BR \\-V \", \" \\-\\-version\nThe version.\n",
    );
    for option in used() {
        let sentence = roff(&option.sentence.replace('`', ""));
        let default = roff(&render::default(option).replace('`', ""));
        let kind = roff(&option.kind.words());
        write!(
            out,
            ".TP\n.B \\-\\-{}\n({kind})\n{sentence}\nDefault: {default}.\n",
            option.name
        )
        .expect("a String takes all");
    }
    out.push_str(
        ".SH EXIT STATUS\n0 if all is well, 1 if not; 2 if another process uses the data directory, 64 if the command line makes\n\
         no sense, 78 if the configuration makes none.\n.SH FILES\n.TP\n.I /etc/pumphouse.json\nOptions.\n\
         .TP\n.I /var/lib/pumphouse\nWhat the system service keeps.\n",
    );
    out
}

fn bash() -> String {
    let commands = words();
    let firsts: Vec<&str> = commands.keys().copied().collect();
    let mut cases = String::new();
    for (first, seconds) in &commands {
        if !seconds.is_empty() {
            writeln!(cases, "        {first}) words=\"{}\" ;;", seconds.join(" "))
                .expect("a String takes all");
        }
    }
    let names: Vec<String> = options()
        .iter()
        .map(|(name, ..)| format!("--{name}"))
        .collect();
    let files: Vec<String> = options()
        .iter()
        .filter(|(.., is_file)| *is_file)
        .map(|(name, ..)| format!("--{name}"))
        .collect();
    format!(
        "# Completion of pumphouse(1) for bash.\n_pumphouse() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=\n    \
         case $before in\n        -c|{}) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n{cases}    esac\n    \
         if [[ $word == -* ]]; then\n        words=\"{}\"\n    elif [[ $COMP_CWORD == 1 ]]; then\n        words=\"{}\"\n    fi\n    \
         mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n    \
         [[ ${{#COMPREPLY[@]}} -gt 0 || $word == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n}}\ncomplete -F _pumphouse pumphouse\n",
        files.join("|"),
        names.join(" "),
        firsts.join(" "),
    )
}

fn zsh() -> String {
    let quoted = |text: &str| text.replace('\'', "'\\''").replace(['[', ']', ':'], " ");
    let mut out =
        String::from("#compdef pumphouse\n# Completion of pumphouse(1) for zsh.\n_arguments \\\n");
    for (name, what, is_file) in options() {
        let value = match (name, is_file) {
            (name, _) if is_flag(name) => "",
            (_, true) => ":file:_files",
            _ => ":value:",
        };
        writeln!(out, "    '--{name}[{}]{value}' \\", quoted(&what)).expect("a String takes all");
    }
    let commands = words();
    let firsts: Vec<&str> = commands.keys().copied().collect();
    write!(
        out,
        "    '1:command:({})' \\\n    '2:what:->second' \\\n    '*:file:_files'\n",
        firsts.join(" ")
    )
    .expect("a String takes all");
    out.push_str("[[ $state == second ]] && case $words[2] in\n");
    for (first, seconds) in &commands {
        if !seconds.is_empty() {
            writeln!(out, "    {first}) compadd {} ;;", seconds.join(" "))
                .expect("a String takes all");
        }
    }
    out.push_str("    *) _files ;;\nesac\n");
    out
}

fn fish() -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    let mut out = String::from("# Completion of pumphouse(1) for fish.\n");
    for (first, seconds) in words() {
        writeln!(
            out,
            "complete -c pumphouse -n __fish_use_subcommand -a {first}"
        )
        .expect("a String takes all");
        if !seconds.is_empty() {
            let seconds = seconds.join(" ");
            writeln!(
                out,
                "complete -c pumphouse -n '__fish_seen_subcommand_from {first}' -a '{seconds}'"
            )
            .expect("a String takes all");
        }
    }
    for (name, what, is_file) in options() {
        let value = match (name, is_file) {
            (name, _) if is_flag(name) => "",
            (_, true) => " -r -F",
            _ => " -x",
        };
        writeln!(
            out,
            "complete -c pumphouse -l {name}{value} -d '{}'",
            quoted(&what)
        )
        .expect("a String takes all");
    }
    out
}

#[test]
fn the_files_of_the_command_are_of_today() {
    for (name, fresh) in [
        ("pumphouse.1", manual_page()),
        ("pumphouse.bash", bash()),
        ("_pumphouse", zsh()),
        ("pumphouse.fish", fish()),
    ] {
        holds(name, &fresh);
    }
}

/// Fails unless the file holds this. With `PUMPHOUSE_TEST_UPDATE_README` set, writes it there instead.
fn holds(name: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets/command")
        .join(name);
    if fs::read_to_string(&path).is_ok_and(|shown| shown == fresh) {
        return;
    }
    assert!(
        readme::is_to_be_written(),
        "{name} is old; run the tests with PUMPHOUSE_TEST_UPDATE_README=1"
    );
    fs::write(&path, fresh).expect("the file can be written");
}
