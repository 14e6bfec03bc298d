//! Numbers of bytes and seconds as people read them.

use std::time::Duration;

/// A number of bytes in KiB or MiB.
pub(super) fn bytes(number: u64) -> String {
    const KIB: f64 = 1024.0;
    let number = number as f64;
    if number < KIB * KIB {
        format!("{:.0} KiB", (number / KIB).ceil())
    } else {
        format!("{:.1} MiB", number / KIB / KIB)
    }
}

/// A duration in seconds.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_short() {
        for (number, text) in [
            (0, "0 KiB"),
            (1, "1 KiB"),
            (512 * 1024, "512 KiB"),
            (3 << 20, "3.0 MiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }
}
