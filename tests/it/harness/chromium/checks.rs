//! What every page owes to everybody: axe-core finds nothing, nothing hangs over the side, fingers find what they look for.
//! `axe.min.js` beside this file is axe-core 4.14.1 as npm has it, © Deque Systems, Mozilla Public License 2.0
//! (`axe.LICENSE.txt`). It is a tool of the tests and no part of the product.

use super::window::Window;
use serde_json::Value;

const AXE: &str = include_str!("axe.min.js");

/// The smallest target of a finger, in CSS pixels (WCAG 2.2 §2.5.5).
const TARGET_PX: u32 = 44;

/// How many findings of a kind are told; the rest are like them.
const FINDINGS_MAX: u64 = 12;

/// Lets everything come to rest that moves and ends.
const REST: &str = "Promise.all(document.getAnimations()
    .filter(move => move.effect.getComputedTiming().iterations !== Infinity)
    .map(move => move.finished.catch(() => 0))).then(() => true)";

/// Links and buttons that are smaller than a finger. Links in running text may be as high as their line; what is off the
/// screen until it has the focus, and what repeats a link beside it for eyes alone, is not looked at.
const SMALL_TARGETS: &str = r"(least => {
    const found = [];
    const wanted = 'a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button], [role=link], [role=tab], [role=menuitem]';
    const inText = element => {
        if (element.localName !== 'a' || !['inline', 'inline-block'].includes(getComputedStyle(element).display)) return false;
        let block = element.parentElement;
        while (block && getComputedStyle(block).display.startsWith('inline')) block = block.parentElement;
        if (!block) return false;
        const rest = block.cloneNode(true);
        rest.querySelectorAll('a, button, script, style').forEach(part => part.remove());
        return /[\p{L}\p{N}]/u.test(rest.textContent) || !!element.closest('p, li, dd, td, .content, time, figcaption')
            && block.textContent.trim() !== element.textContent.trim();
    };
    for (const element of document.querySelectorAll(wanted)) {
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })) continue;
        if (element.closest('[aria-hidden=true]') || inText(element)) continue;
        const parts = [element, ...(element.labels || [])].filter(part =>
            part === element || ['checkbox', 'radio', 'file'].includes(element.type));
        const boxes = parts.map(part => part.getBoundingClientRect());
        const own = boxes[0];
        if (own.right <= 0 || own.bottom + scrollY <= 0 || own.width <= 1 && boxes.length === 1) continue;
        if (boxes.some(box => box.width >= least - 0.5 && box.height >= least - 0.5)) continue;
        found.push(`small target: ${Math.round(own.width)}×${Math.round(own.height)} ${element.outerHTML.slice(0, 160)}`);
    }
    return found;
})";

/// What is wider than the screen.
const OVERHANGING: &str = r"(width => {
    if (document.documentElement.scrollWidth <= width && document.body.scrollWidth <= width) return [];
    const found = [`too wide: the page is ${document.documentElement.scrollWidth} px wide`];
    const isLeft = document.documentElement.dir === 'rtl';
    for (const element of document.body.querySelectorAll('*')) {
        const box = element.getBoundingClientRect();
        if ((isLeft ? box.left < -0.5 : box.right > width + 0.5) && box.width > 0) found.push(`too wide: until ${Math.round(isLeft ? box.left : box.right)}: ${element.outerHTML.slice(0, 160)}`);
    }
    return found;
})";

/// Which rules of axe-core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// WCAG 2.2 A and AA, and best practice.
    All,
    /// Those about colours alone: what another theme can change.
    Colours,
}

impl Window {
    /// What axe-core finds: the rule, what it wants, and where.
    #[track_caller]
    pub(crate) fn axe(&mut self, rules: Rules) -> Vec<String> {
        if self.script("typeof axe") != "object" {
            self.script(&format!("{AXE}; 0"));
        }
        self.script(REST);
        let only = match rules {
            Rules::All => {
                "{ type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }"
            }
            Rules::Colours => "{ type: 'rule', values: ['color-contrast', 'link-in-text-block'] }",
        };
        let found = self.script(&format!(
            "axe.run(document, {{ runOnly: {only}, resultTypes: ['violations'], preload: false }}).then(result =>
                result.violations.flatMap(rule => rule.nodes.slice(0, {FINDINGS_MAX}).map(node =>
                    `${{rule.id}}: ${{rule.help}}: ${{node.target.join(' ')}}: ${{node.html.slice(0, 200)}}: ${{(node.any[0] || node.all[0] || node.none[0] || {{}}).message}}`)))"
        ));
        lines(&found)
    }

    /// Fails the story if axe-core finds anything.
    #[track_caller]
    pub(crate) fn has_no_axe_violations(&mut self) -> &mut Window {
        let found = self.axe(Rules::All);
        let at = self.address();
        assert!(
            found.is_empty(),
            "{at}: axe-core found\n{}",
            found.join("\n")
        );
        self
    }

    /// Links and buttons that are too small for a finger.
    #[track_caller]
    pub(crate) fn small_targets(&mut self) -> Vec<String> {
        lines(&self.script(&format!("{SMALL_TARGETS}({TARGET_PX})")))
    }

    /// What makes the page wider than its screen.
    #[track_caller]
    pub(crate) fn overhanging(&mut self) -> Vec<String> {
        let width = self.screen.width;
        lines(&self.script(&format!("{OVERHANGING}({width})")))
    }
}

fn lines(found: &Value) -> Vec<String> {
    let lines = found.as_array().map_or(&[][..], Vec::as_slice);
    let line = |line: &Value| line.as_str().unwrap_or_default().to_owned();
    lines.iter().map(line).collect()
}
