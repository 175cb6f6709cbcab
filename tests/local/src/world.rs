//! The Xero of the tour: our own simulated one, or the one the environment names.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, anyhow, ensure};
use aws::SystemClock;
use kernel::{Date, TenantId};
use local::embedded::http::Server;
use local::stack::{APP, XeroPlace};
use ports::Clock;
use rust_decimal::Decimal;
use serde_json::json;
use simulator::xero::record::Recorder;
use simulator::xero::{AppId, AppSettings, Consent, DemoSettings, Role, UserSettings, Xero as Simulated, XeroSettings};
use xero_server::{ServerHandle, ServerSettings, serve};

use crate::options::Options;
use crate::relay;

/// Where the tour's books are.
pub struct Xero {
    place: Option<XeroPlace>,
    simulated: Option<Simulation>,
    recorder: Option<Arc<Mutex<Recorder>>>,
    relays: Vec<Server>,
    description: String,
}

struct Simulation {
    xero: Simulated,
    app: AppId,
    settings: AppSettings,
    server: Option<ServerHandle>,
    /// Where it is kept between runs.
    file: Option<PathBuf>,
    /// Whether it was taken up where an earlier run left it.
    restored: bool,
}

const SEED: u64 = 20_261_124;
/// Invoices of a new organisation, unless told otherwise.
const SIZE: usize = 200;
/// The demo organisation's account of sales.
const SALES: &str = "200";
/// The simulated Xero's file in the folder of kept data.
const FILE: &str = "xero.json";

impl Xero {
    /// Makes the simulated Xero, or notes the other one.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        if let Some(outside) = &options.outside {
            let place = XeroPlace {
                api: outside.api.clone(),
                identity: outside.identity.clone(),
                login: outside.login.clone(),
                client_id: outside.client_id.clone(),
                client_secret: outside.client_secret.clone(),
                webhook_keys: vec![outside.webhook_key.clone()],
            };
            let description = place.api.clone();
            let recorder = recorder(options)?.map(|recorder| Arc::new(Mutex::new(recorder)));
            return Ok(Self { place: Some(place), simulated: None, recorder, relays: Vec::new(), description });
        }
        let (simulation, description) = Simulation::new(options)?;
        if let Some(recorder) = recorder(options)? {
            simulation.xero.record(recorder);
        }
        Ok(Self { place: None, simulated: Some(simulation), recorder: None, relays: Vec::new(), description })
    }

    /// Starts it where it is ours, and says where it is. `url` is the address of our API.
    pub async fn place(&mut self, url: &str) -> anyhow::Result<XeroPlace> {
        if let Some(place) = &self.place {
            let mut place = place.clone();
            if let Some(recorder) = &self.recorder {
                for address in [&mut place.api, &mut place.identity] {
                    let relay = relay::start(address, recorder.clone()).await?;
                    *address = relay.url();
                    self.relays.push(relay);
                }
            }
            return Ok(place);
        }
        let simulation = self.simulated.as_mut().context("no Xero was made")?;
        let callback = format!("{url}/oauth/callback");
        let registered = AppSettings { redirect_uris: vec![callback], ..simulation.settings.clone() };
        simulation.xero.change_app(simulation.app, |app| *app = registered);
        let target = format!("{url}/webhooks/xero/{APP}");
        let webhook_app = Some(simulation.app);
        let settings = ServerSettings { webhook_target: Some(target), webhook_app, intent_to_receive: true };
        let server = serve(0, simulation.xero.clone(), settings).await?;
        let address = server.url();
        simulation.server = Some(server);
        Ok(XeroPlace {
            api: address.clone(),
            identity: address.clone(),
            login: address,
            client_id: simulation.settings.client_id.clone(),
            client_secret: simulation.settings.client_secret.clone(),
            webhook_keys: vec![simulation.settings.webhook_key.clone()],
        })
    }

    /// For the screen.
    pub fn describe(&self) -> &str {
        &self.description
    }

    /// Whether it is our own.
    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// Whether a consent of an earlier run still stands there.
    pub fn remembers(&self) -> bool {
        self.simulated.as_ref().is_none_or(|simulation| simulation.restored)
    }

    /// Keeps our own for the next run, when there is a folder to keep it in.
    pub fn save(&self) -> anyhow::Result<()> {
        let Some(simulation) = &self.simulated else { return Ok(()) };
        let Some(file) = &simulation.file else { return Ok(()) };
        let fault = || format!("cannot write {}; make room there, or choose another --data", file.display());
        simulation.xero.save(file).with_context(fault)
    }

    /// Whether its login page can be walked through without a person.
    pub fn follows_redirects(&self) -> bool {
        self.place.as_ref().is_none_or(|place| !place.login.contains("login.xero.com"))
    }

    /// Pays an invoice as a bookkeeper would in Xero's own screens.
    pub fn pay(&self, tenant: &str, invoice: &str, account_code: &str, amount: &str) -> anyhow::Result<()> {
        let simulation = self.simulated.as_ref().context("only the simulated Xero can be edited from here")?;
        let (tenant, amount): (TenantId, Decimal) = (tenant.parse()?, amount.parse()?);
        let paid = simulation.xero.pay_invoice(tenant, invoice.parse()?, account_code, amount);
        paid.map(|_| ()).map_err(|error| anyhow!("the simulated Xero refused the payment: {error:?}"))
    }

    /// Locks the books up to a day, or unlocks them, as a bookkeeper would.
    pub fn lock_until(&self, tenant: &str, day: Option<Date>) -> anyhow::Result<()> {
        let simulation = self.simulated.as_ref().context("only the simulated Xero can be locked from here")?;
        simulation.xero.set_lock_dates(tenant.parse()?, day, None);
        Ok(())
    }

    /// Raises an invoice as a bookkeeper would; its number.
    pub fn sell(&self, tenant: &str, contact: &str) -> anyhow::Result<String> {
        let simulation = self.simulated.as_ref().context("only the simulated Xero can be edited from here")?;
        let today = SystemClock.now().strftime("%Y-%m-%d").to_string();
        let fields = json!({
            "Type": "ACCREC", "Status": "AUTHORISED", "Contact": { "ContactID": contact }, "Date": today, "DueDate": today,
            "LineItems": [{ "Description": "Consulting", "Quantity": 1, "UnitAmount": 100, "AccountCode": SALES }],
        });
        let sold = simulation.xero.edit(tenant.parse()?, "Invoices", None, &fields);
        let sold = sold.map_err(|error| anyhow!("the simulated Xero refused the invoice: {error:?}"))?;
        Ok(sold["InvoiceNumber"].as_str().unwrap_or_default().to_owned())
    }
}

impl Simulation {
    /// Takes up what an earlier run left, or makes a new Xero of one organisation; also says which, for the screen.
    fn new(options: &Options) -> anyhow::Result<(Self, String)> {
        let file = options.keep.as_ref().map(|folder| folder.join(FILE));
        if let Some(kept) = file.as_ref().filter(|kept| kept.exists()) {
            let (xero, size) = restored(kept, options.organisation_size)?;
            let settings = AppSettings::default();
            let app = xero.app_by_client_id(&settings.client_id);
            let app = app.unwrap_or_else(|| xero.register_app(settings.clone()));
            let description = format!("simulated, opened with {size} invoices, as the last run left it");
            return Ok((Self { xero, app, settings, server: None, file, restored: true }, description));
        }
        let xero = Simulated::new(XeroSettings { seed: SEED, ..XeroSettings::default() }, Arc::new(SystemClock));
        let user = xero.register_user(UserSettings::default());
        let demo = DemoSettings::sized(SEED, options.organisation_size.unwrap_or(SIZE));
        let description = format!("simulated, {} with {} invoices", demo.name, demo.invoices);
        let tenant = xero.register_organisation(&demo);
        xero.set_role(user, tenant, Role::Adviser);
        xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
        // Kept data may know ids of a Xero that is no more: this one's own are others.
        xero.stir(u64::try_from(SystemClock.now().as_nanosecond()).unwrap_or_default());
        let settings = AppSettings::default();
        let app = xero.register_app(settings.clone());
        Ok((Self { xero, app, settings, server: None, file, restored: false }, description))
    }
}

/// The Xero of a file and the size its organisation was opened with, which must be the wanted one where one is wanted.
fn restored(file: &Path, wanted: Option<usize>) -> anyhow::Result<(Simulated, usize)> {
    let fault = || format!("{} cannot be read; move it away or choose another --data", file.display());
    let xero = Simulated::restore(file, Arc::new(SystemClock)).with_context(fault)?;
    let tenant = xero.tenants().first().copied();
    let size = tenant.and_then(|tenant| xero.invoices_at_opening(tenant)).with_context(fault)?;
    ensure!(
        wanted.is_none_or(|wanted| wanted == size),
        "{} keeps an organisation of {size} invoices; leave --organisation-size out or choose another --data",
        file.display()
    );
    Ok((xero, size))
}

fn recorder(options: &Options) -> anyhow::Result<Option<Recorder>> {
    let Some(file) = &options.record else { return Ok(None) };
    let fault = || format!("cannot write {}; choose another file with --record", file.display());
    Ok(Some(Recorder::new(Box::new(BufWriter::new(File::create(file).with_context(fault)?)))))
}
