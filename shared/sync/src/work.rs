//! A worker at one organisation: holds its lease and its head, applies records, commits.

use std::time::Duration;

use connections::{Access, Meter, Session, parked};
use kernel::{OrganisationRef, RunId, Timestamp};
use ports::Table;
use state::{Stored, keys, load, park, replace};
use xero::ApiRead;

use envelopes::Envelope;

use crate::SyncError;
use crate::head::SyncHead;
use mirror::CHUNK_ENTRIES_MAX;
use mirror::entities::Entity;
use mirror::record::Record;
use mirror::{Batch, BatchDone, CallCost, Counts, MirrorRow, add_counts, apply, apply_gone, mend};

/// Longer than one call to Xero and the writing of its page; renewed at each commit.
pub const LEASE_SPAN: Duration = Duration::from_secs(120);
/// Wishes that may come in between one write of the head and the next try.
const STORE_ATTEMPTS_MAX: u32 = 8;
/// With less of the lease left than this, nothing is written any more.
const LEASE_MARGIN: Duration = Duration::from_secs(20);

/// One worker at one organisation.
pub(crate) struct Worker<'a> {
    pub access: &'a Access,
    pub whose: OrganisationRef,
    pub head: SyncHead,
    version: u64,
    metered: Meter,
    last_read: Meter,
}

impl<'a> Worker<'a> {
    /// Takes the organisation's lease and mends what an earlier worker left half written.
    pub async fn start(access: &'a Access, whose: &OrganisationRef) -> Result<Worker<'a>, SyncError> {
        for _ in 0..STORE_ATTEMPTS_MAX {
            let (table, now) = (&*access.ports.table, access.ports.clock.now());
            let found = load::<SyncHead>(table, &keys::sync_head(whose)).await?;
            let (mut head, version) = found.map_or((SyncHead::default(), 0), |stored| (stored.value, stored.version));
            head.lease.take(now, LEASE_SPAN).map_err(|held| SyncError::Busy { until: held.until })?;
            let mut worker = Worker {
                access,
                whose: whose.clone(),
                head,
                version,
                metered: Meter::default(),
                last_read: Meter::default(),
            };
            // Refused: a wish came in between, or another worker, whose lease the next look finds.
            if worker.try_store().await? {
                worker.mend().await?;
                return Ok(worker);
            }
        }
        Err(SyncError::Overtaken)
    }

    /// Finishes the batch that an earlier worker left half written, if any. What it meant for other kinds is not known
    /// any more, so both are read again.
    async fn mend(&mut self) -> Result<(), SyncError> {
        let from = self.head.feed_head;
        loop {
            match mend(self.table(), &self.whose, self.head.feed_head).await? {
                0 => break,
                moved => self.head.feed_head += moved,
            }
        }
        if self.head.feed_head > from {
            self.head.payments_due = true;
            self.head.transfers_due = true;
            self.commit().await?;
        }
        Ok(())
    }

    /// Writes the head as it is now and prolongs the lease.
    pub async fn commit(&mut self) -> Result<(), SyncError> {
        self.head.lease.renew(self.now(), LEASE_SPAN);
        self.store().await
    }

    /// Writes the head and gives the lease back.
    pub async fn finish(mut self) -> Result<(), SyncError> {
        self.head.lease.release();
        self.store().await
    }

    async fn store(&mut self) -> Result<(), SyncError> {
        for _ in 0..STORE_ATTEMPTS_MAX {
            if self.try_store().await? {
                return Ok(());
            }
            self.adopt_wishes().await?;
        }
        Err(SyncError::Overtaken)
    }

    /// Answers `false` when somebody else wrote the head since it was read.
    async fn try_store(&mut self) -> Result<bool, SyncError> {
        let (table, key) = (self.table(), keys::sync_head(&self.whose));
        let stored = match self.version {
            0 => state::create(table, key, &self.head, None).await?,
            version => replace(table, key, version, &self.head, None).await?,
        };
        self.version = stored.unwrap_or(self.version);
        Ok(stored.is_some())
    }

    /// Somebody wrote the head. Whoever asks for a run does so without the lease: their wish is taken over. A head of
    /// another holder means that this worker came too late.
    async fn adopt_wishes(&mut self) -> Result<(), SyncError> {
        let found = load::<SyncHead>(self.table(), &keys::sync_head(&self.whose)).await?;
        let found = found.filter(|found| found.value.lease.holder == self.head.lease.holder);
        let Some(found) = found else { return Err(SyncError::Overtaken) };
        self.version = found.version;
        self.head.again |= found.value.again;
        match (&mut self.head.active, found.value.active) {
            (None, wanted) => self.head.active = wanted,
            (Some(active), Some(stored)) if active.run == stored.run => active.urgent |= stored.urgent,
            (Some(_), _) => (),
        }
        Ok(())
    }

    /// Applies records in batches, each with a commit that also carries whatever the caller changed in the head.
    pub async fn apply(
        &mut self,
        run: &RunId,
        entity: &'static Entity,
        records: Vec<Record>,
    ) -> Result<BatchDone, SyncError> {
        let mut whole = BatchDone::default();
        let call = self.last_call(records.len());
        let mut rest = records.into_iter().peekable();
        while rest.peek().is_some() {
            let records: Vec<Record> = rest.by_ref().take(CHUNK_ENTRIES_MAX).collect();
            self.check_lease()?;
            let batch = Batch { call, ..self.batch(run, entity.name) };
            let done = apply(self.table(), &batch, records).await?;
            self.head.feed_head += done.positions;
            self.head.payments_due |= done.money_moved;
            self.head.transfers_due |= done.transfers_touched;
            if done.positions > 0 {
                self.commit().await?;
            }
            add(&mut whole, &done);
        }
        Ok(whole)
    }

    /// Marks records that a full list no longer names.
    pub async fn apply_gone(
        &mut self,
        run: &RunId,
        entity: &'static Entity,
        gone: Vec<(String, Stored<MirrorRow>)>,
    ) -> Result<BatchDone, SyncError> {
        let mut whole = BatchDone::default();
        let mut rest = gone.into_iter().peekable();
        while rest.peek().is_some() {
            let some: Vec<_> = rest.by_ref().take(CHUNK_ENTRIES_MAX).collect();
            self.check_lease()?;
            let done = apply_gone(self.table(), &self.batch(run, entity.name), some).await?;
            self.head.feed_head += done.positions;
            self.commit().await?;
            add(&mut whole, &done);
        }
        Ok(whole)
    }

    fn batch<'b>(&'b self, run: &'b RunId, entity: &'static str) -> Batch<'b> {
        Batch { whose: &self.whose, run, entity, at: self.now(), position: self.head.feed_head, call: None }
    }

    /// What the last call cost, as its records share it.
    fn last_call(&self, records: usize) -> Option<CallCost> {
        let Meter { calls, bytes, millis } = self.last_read;
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        (calls > 0).then_some(CallCost { records, calls, bytes, millis })
    }

    fn check_lease(&self) -> Result<(), SyncError> {
        let needed_until = self.now().saturating_add(LEASE_MARGIN).unwrap_or(Timestamp::MAX);
        if self.head.lease.held_by(self.head.lease.holder, needed_until) { Ok(()) } else { Err(SyncError::Overtaken) }
    }

    /// Reads from Xero and books what it cost.
    pub async fn read(&mut self, session: &mut Session<'_>, read: &ApiRead) -> Result<bytes::Bytes, SyncError> {
        let before = session.meter();
        let outcome = session.read(read).await;
        let after = session.meter();
        let spent = Meter {
            calls: after.calls - before.calls,
            bytes: after.bytes - before.bytes,
            millis: after.millis - before.millis,
        };
        self.last_read = spent;
        let now = self.now();
        self.head.usage.add(now, spent);
        if let Some(left) = session.day_left() {
            (self.head.day_left, self.head.day_left_at) = (Some(left), Some(now));
        }
        self.metered.calls += spent.calls;
        self.metered.bytes += spent.bytes;
        self.metered.millis += spent.millis;
        let response = outcome?;
        self.head.last_good_call = Some(now);
        Ok(response.body)
    }

    /// What reading cost since this was last asked.
    pub fn take_meter(&mut self) -> Meter {
        std::mem::take(&mut self.metered)
    }

    /// The table.
    pub fn table(&self) -> &'a dyn Table {
        &*self.access.ports.table
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.access.ports.clock.now()
    }
}

fn add(whole: &mut BatchDone, done: &BatchDone) {
    whole.positions += done.positions;
    add_counts(&mut whole.counts, &done.counts);
}

/// Books what calls cost.
pub(crate) fn spend(counts: &mut Counts, meter: Meter) {
    counts.calls += meter.calls;
    counts.bytes += meter.bytes;
    counts.millis += meter.millis;
}

/// Puts an envelope on its queue.
pub(crate) async fn send(access: &Access, envelope: &Envelope) -> Result<(), SyncError> {
    Ok(access.send(envelope).await?)
}

/// Parks an envelope until a time.
pub(crate) async fn park_envelope(
    access: &Access,
    envelope: &Envelope,
    until: Timestamp,
    reason: &str,
) -> Result<(), SyncError> {
    Ok(park(&*access.ports.table, &parked(envelope, until, reason)).await?)
}
