//! How this server stands, for commands beside it.

use crate::app::App;
use crate::appliance::facts::Standing;
use crate::cli::Failure;
use crate::commands::datadir;
use crate::domain::{lan, setup};

/// Says it.
pub fn of(app: &App) -> Result<Standing, Failure> {
    let listens = datadir::running(&app.config.datadir).map(|running| running.url);
    let port = listens.as_deref().and_then(|url| {
        let (_, port) = url.trim_end_matches('/').rsplit_once(':')?;
        port.parse().ok()
    });
    let is_secure = app.config.tls.is_some();
    let mut problems = lan::problems(app);
    problems.extend(app.clock_problem());
    Ok(Standing {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: app.known_base().map(|base| base.url().to_owned()),
        site: app.site_name(),
        is_claimed: !setup::is_open(app)?,
        is_secure,
        port: port.unwrap_or(if is_secure { 443 } else { 80 }),
        renamed: lan::renamed(app)
            .map(|renamed| renamed.name)
            .or_else(|| app.known_base().is_none().then(|| lan::new_host(app))),
        problems,
    })
}
