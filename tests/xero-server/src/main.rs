//! Starts the simulated Xero on a loopback port.

use std::fs::File;
use std::sync::Arc;

use anyhow::{Context, bail};
use simulator::xero::record::Recorder;
use simulator::xero::{AppSettings, Consent, DemoSettings, Role, UserSettings, Xero, XeroSettings};
use xero_server::{ServerSettings, WallClock, serve};

const USAGE: &str = "xero-server [--port N] [--invoices N] [--country uk|au] [--seed N] [--client-id ID] \
[--client-secret TEXT] [--redirect-uri URL] [--webhook-url URL] [--webhook-key KEY] [--no-intent] [--record FILE]";

#[derive(Default)]
struct Arguments {
    port: u16,
    invoices: usize,
    seed: u64,
    australia: bool,
    intent: bool,
    app: AppSettings,
    webhook_url: Option<String>,
    record: Option<String>,
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut read = Arguments { port: 8085, invoices: 200, seed: 1, intent: true, ..Arguments::default() };
    // Where `cargo run` listens unless told otherwise.
    read.app.redirect_uris = vec!["http://localhost:8787/oauth/callback".to_owned()];
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        if name == "--no-intent" {
            read.intent = false;
            continue;
        }
        let value = words.next().with_context(|| format!("{name} needs a value\n{USAGE}"))?;
        match name.as_str() {
            "--port" => read.port = value.parse()?,
            "--invoices" => read.invoices = value.parse()?,
            "--seed" => read.seed = value.parse()?,
            "--country" => read.australia = value == "au",
            "--client-id" => read.app.client_id = value,
            "--client-secret" => read.app.client_secret = value,
            "--redirect-uri" => read.app.redirect_uris = vec![value],
            "--webhook-url" => read.webhook_url = Some(value),
            "--webhook-key" => read.app.webhook_key = value,
            "--record" => read.record = Some(value),
            other => bail!("unknown argument {other}\n{USAGE}"),
        }
    }
    Ok(read)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    let arguments = arguments()?;
    let settings = XeroSettings { seed: arguments.seed, ..XeroSettings::default() };
    let xero = Xero::new(settings, Arc::new(WallClock));
    let app = xero.register_app(arguments.app);
    let user = xero.register_user(UserSettings::default());
    let sized = if arguments.australia { DemoSettings::sized_au } else { DemoSettings::sized };
    let tenant = xero.register_organisation(&sized(arguments.seed, arguments.invoices));
    xero.set_role(user, tenant, Role::Adviser);
    xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
    if let Some(path) = &arguments.record {
        let file = File::create(path).with_context(|| format!("cannot write {path}"))?;
        xero.record(Recorder::new(Box::new(file)));
    }
    let server = ServerSettings {
        webhook_target: arguments.webhook_url,
        webhook_app: Some(app),
        intent_to_receive: arguments.intent,
    };
    let handle = serve(arguments.port, xero, server).await?;
    tracing::info!("Listening on {}, organisation {tenant}", handle.url());
    handle.wait().await;
    Ok(())
}
