//! Takes waiting webhook events to their target, as Xero does: signed, at least once, repeated when refused.
//!
//! Source: Xero's webhook pages. A new address, and one that is enabled again, must pass the intent-to-receive check. An
//! answer is good when it comes within 5 seconds with 2xx, an empty body and no cookie. A failed delivery is repeated at
//! once, then every 15 minutes for 24 hours; then the subscription is disabled and the app's people are e-mailed. Events
//! are kept for 31 days and come in their order once the subscription is enabled again.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use ports::Clock;
use simulator::xero::{AppId, Delivery, Xero};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::WallClock;

const LOOK_EVERY: Duration = Duration::from_millis(200);
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The first check waits for a target that is still starting, as its people would press the button again.
const FIRST_CHECKS_MAX: u32 = 60;
const FIRST_CHECK_EVERY: Duration = Duration::from_secs(1);

/// How long Xero waits, repeats and keeps.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// An answer that takes longer is none.
    pub answer_within: Duration,
    /// From the second repetition on.
    pub again_after: Duration,
    /// Failures for so long disable the subscription.
    pub give_up_after: Duration,
    /// Undelivered events are kept for so long.
    pub keep_for: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self {
            answer_within: Duration::from_secs(5),
            again_after: Duration::from_secs(15 * 60),
            give_up_after: day,
            keep_for: 31 * day,
        }
    }
}

/// How a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The intent-to-receive check is not over.
    Unchecked,
    /// Events are delivered.
    Enabled,
    /// The check failed, or deliveries failed for a day.
    Disabled,
}

/// What the developer portal shows and offers of a subscription.
#[derive(Clone)]
pub(crate) struct Subscription {
    standing: watch::Receiver<Standing>,
    wishes: mpsc::Sender<oneshot::Sender<bool>>,
}

impl Subscription {
    pub(crate) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Asks for the check; whether the subscription is enabled after it.
    pub(crate) async fn enable(&self) -> bool {
        let (wish, answer) = oneshot::channel();
        self.wishes.send(wish).await.is_ok() && answer.await.unwrap_or(false)
    }
}

/// Delivers for one app until it is dropped.
pub(crate) struct Postman {
    xero: Xero,
    app: AppId,
    target: Uri,
    pace: Pace,
    standing: watch::Sender<Standing>,
    wishes: mpsc::Receiver<oneshot::Sender<bool>>,
}

enum Check {
    Passed,
    Failed,
    /// Nobody answered.
    Unreached,
}

/// What a target answered.
struct Answer {
    status: u16,
    body: Bytes,
    sets_cookie: bool,
}

impl Answer {
    fn is_good(&self) -> bool {
        (200..300).contains(&self.status) && self.body.is_empty() && !self.sets_cookie
    }
}

impl Postman {
    pub(crate) fn new(xero: Xero, app: AppId, target: Uri, pace: Pace) -> (Self, Subscription) {
        let (standing, seen) = watch::channel(Standing::Unchecked);
        let (wish, wishes) = mpsc::channel(1);
        let subscription = Subscription { standing: seen, wishes: wish };
        (Self { xero, app, target, pace, standing, wishes }, subscription)
    }

    /// Checks the target first, unless told not to, and delivers.
    pub(crate) async fn run(mut self, intent_first: bool) {
        if intent_first {
            self.first_check().await;
        } else {
            self.standing.send_replace(Standing::Enabled);
        }
        loop {
            if self.is_enabled() {
                self.deliver_waiting().await;
            }
            self.rest(LOOK_EVERY).await;
        }
    }

    fn is_enabled(&self) -> bool {
        *self.standing.borrow() == Standing::Enabled
    }

    async fn first_check(&mut self) {
        for _ in 0..FIRST_CHECKS_MAX {
            match self.check().await {
                Check::Unreached => tokio::time::sleep(FIRST_CHECK_EVERY).await,
                Check::Passed | Check::Failed => return,
            }
        }
        tracing::error!("The webhook target never answered its first check; nothing is delivered");
        self.standing.send_replace(Standing::Disabled);
    }

    /// The intent-to-receive check: every right signature must be accepted, every wrong one answered 401.
    async fn check(&mut self) -> Check {
        let mut fits = true;
        for delivery in self.xero.intent_to_receive(self.app) {
            let Some(answer) = self.post(&delivery).await else { return Check::Unreached };
            let fit = if delivery.genuine { answer.is_good() } else { answer.status == 401 };
            if !fit {
                tracing::warn!(
                    status = answer.status,
                    genuine = delivery.genuine,
                    "The webhook target failed a check of its signature handling; nothing is delivered"
                );
            }
            fits = fits && fit;
        }
        self.standing.send_replace(if fits { Standing::Enabled } else { Standing::Disabled });
        if fits { Check::Passed } else { Check::Failed }
    }

    async fn deliver_waiting(&mut self) {
        while let Some((delivery, packed)) = self.xero.next_delivery(self.app, WallClock.now()) {
            let age = Duration::try_from(WallClock.now().duration_since(packed)).unwrap_or_default();
            if age <= self.pace.keep_for && !self.deliver(&delivery).await {
                tracing::error!(
                    "The webhook target refused for 24 hours; deliveries are disabled and the app's people e-mailed"
                );
                self.standing.send_replace(Standing::Disabled);
                return;
            }
            // After it came: whoever stops in between repeats it, and loses none.
            self.xero.delivered(self.app);
        }
    }

    async fn deliver(&mut self, delivery: &Delivery) -> bool {
        let began = Instant::now();
        if self.accepts(delivery).await || self.accepts(delivery).await {
            return true;
        }
        while began.elapsed() < self.pace.give_up_after {
            self.rest(self.pace.again_after).await;
            if self.accepts(delivery).await {
                return true;
            }
        }
        false
    }

    async fn accepts(&self, delivery: &Delivery) -> bool {
        self.post(delivery).await.is_some_and(|answer| answer.is_good())
    }

    /// Waits, and answers who asks for the subscription to be enabled meanwhile.
    async fn rest(&mut self, span: Duration) {
        let end = Instant::now() + span;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return,
                Some(wish) = self.wishes.recv() => {
                    let enabled = self.is_enabled() || matches!(self.check().await, Check::Passed);
                    // Whoever asked may have gone.
                    let _ = wish.send(enabled);
                }
            }
        }
    }

    /// One POST; nothing when no answer came in time.
    async fn post(&self, delivery: &Delivery) -> Option<Answer> {
        let start = WallClock.now();
        let answer = tokio::time::timeout(self.pace.answer_within, exchange(&self.target, delivery)).await;
        let answer = answer.ok().and_then(Result::ok);
        let seen = answer.as_ref().map_or((0, &[][..]), |answer| (answer.status, &answer.body[..]));
        self.xero.record_delivery(&self.target.to_string(), delivery, seen, start);
        answer
    }
}

async fn exchange(uri: &Uri, delivery: &Delivery) -> anyhow::Result<Answer> {
    let host = uri.host().unwrap_or("127.0.0.1");
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header("host", format!("{host}:{port}"))
        .header("content-type", "application/json")
        .header("x-xero-signature", &delivery.signature)
        .body(Full::new(delivery.body.clone()))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let sets_cookie = answer.headers().contains_key("set-cookie");
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    driver.abort();
    let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
    Ok(Answer { status, body, sets_cookie })
}
