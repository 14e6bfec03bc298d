//! `firstrun.sh`: a script that Imager 1.x writes, and 2.x for older systems. It is for Raspberry Pi OS, so it is not run; its
//! secrets are taken out, and the command line of the kernel that calls it is mended.

/// What stands in lines with secrets.
const SECRET_WORDS: &[&str] = &[
    "userconf", "chpasswd", "set_wlan", "psk=", "password", "passwd", "PASS", "$5$", "$6$", "$y$",
];

/// The script without lines that can hold secrets; nothing if there are none.
pub fn without_secrets(script: &str) -> Option<String> {
    let is_secret = |line: &&str| SECRET_WORDS.iter().any(|word| line.contains(word));
    script.lines().any(|line| is_secret(&line)).then(|| {
        let lines = script.lines().filter(|line| !is_secret(line));
        lines.fold(String::new(), |out, line| out + line + "\n")
    })
}

/// The command line of the kernel without the words that run such a script; nothing if it has none. With them the box would
/// start nothing else.
pub fn cleaned_cmdline(line: &str) -> Option<String> {
    let is_ours = |word: &&str| {
        !word.starts_with("systemd.run") && *word != "systemd.unit=kernel-command-line.target"
    };
    let words = line.split_whitespace();
    let kept: Vec<&str> = words.clone().filter(is_ours).collect();
    (kept.len() < words.count()).then(|| kept.join(" ") + "\n")
}

#[cfg(test)]
mod tests {
    use super::{cleaned_cmdline, without_secrets};

    #[test]
    fn the_script_loses_its_secrets_and_the_kernel_its_order_to_run_it() {
        let script = "#!/bin/sh\nset +e\n   /usr/lib/userconf-pi/userconf 'ann' '$5$x$y'\n\tpsk=abc\nexit 0\n";
        let clean = without_secrets(script).expect("it has some");
        assert_eq!(clean, "#!/bin/sh\nset +e\nexit 0\n");
        assert_eq!(without_secrets(&clean), None);
        let line = "console=tty1 root=PARTUUID=1-2 rootwait systemd.run=/boot/firstrun.sh \
                    systemd.run_success_action=reboot systemd.unit=kernel-command-line.target\n";
        let clean = cleaned_cmdline(line).expect("it has some");
        assert_eq!(clean, "console=tty1 root=PARTUUID=1-2 rootwait\n");
        assert_eq!(cleaned_cmdline(&clean), None);
    }
}
