//! What it costs to come back: with nothing changed, and with changes on both sides. Bytes are payloads of WebSocket
//! messages after the relay's `hello`; round trips are counted by the time that a long line adds.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use forsat_client::{Engine, FieldInput};

use crate::measure::{Sample, Table, time};
use crate::proxy::{Passed, Proxy};
use crate::team::Team;
use crate::{Plan, fixture};

/// Records that each side edits.
const EDITED: usize = 20;
/// How long a message takes one way when round trips are counted.
const LINE: Duration = Duration::from_millis(100);

/// What one reconnection cost.
struct Cost {
    frames_up: usize,
    bytes_up: usize,
    frames_down: usize,
    bytes_down: usize,
    /// From `hello` to the last message of the relay.
    exchange: Duration,
    wall: Duration,
}

/// Measures both kinds.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&plan.work)?;
    let scene = Scene::set(plan, dir.path())?;
    let deals = fixture::deals(&scene.office)?;
    let spaces = scene.field.status()?.spaces.len();
    let times = plan.times(9, 3);

    let unchanged: Vec<Cost> = (0..times).map(|_| scene.reconnect()).collect::<anyhow::Result<_>>()?;
    let limit = 256 + 100 * spaces;
    add(
        table,
        &format!("reconnect, nothing changed, {spaces} spaces"),
        &unchanged,
        limit,
        &format!("256 B + 100 B × {spaces} spaces"),
    );
    table.add("… round trips after hello", scene.round_trips()?, "1.0".into(), String::new());

    let mut turns = deals.chunks_exact(2 * EDITED);
    let mut both = Vec::new();
    let mut changed = 0;
    for turn in 0..times {
        let (ours, theirs) = turns.next().context("the set has enough deals")?.split_at(EDITED);
        changed = scene.edit_apart(ours, theirs, turn)?;
        both.push(scene.reconnect()?);
    }
    let limit = 2 * changed + 1024;
    let name = format!("reconnect, {EDITED} records changed on each side");
    add(table, &name, &both, limit, &format!("2 × {changed} B of chunks + 1 KiB"));
    let (ours, theirs) = turns.next().context("the set has enough deals")?.split_at(EDITED);
    scene.edit_apart(ours, theirs, times)?;
    table.add("… round trips after hello", scene.round_trips()?, "1.0".into(), String::new());
    Ok(())
}

/// Two devices, level with each other; one of them behind the proxy.
struct Scene {
    team: Team,
    proxy: Proxy,
    office: Engine,
    field: Engine,
}

impl Scene {
    fn set(plan: &Plan, dir: &Path) -> anyhow::Result<Self> {
        let team = Team::start(dir)?;
        let proxy = Proxy::start(team.relay.url())?;
        drop(fixture::imported(plan, &dir.join("office"))?);
        let office = team.join(&dir.join("office"), "Sara", team.relay.url())?;
        team.sync(&office)?;
        let field = team.join(&dir.join("field"), "Reza", proxy.url())?;
        team.sync(&field)?;
        team.sync(&office)?;
        team.sync(&field)?;
        Ok(Self { team, proxy, office, field })
    }

    /// Edits some deals on one device, which syncs, and others on the other, which doesn't. Answers the bytes of all
    /// chunks that this made.
    fn edit_apart(&self, ours: &[String], theirs: &[String], turn: usize) -> anyhow::Result<usize> {
        let mut bytes = 0;
        for (engine, deals) in [(&self.office, theirs), (&self.field, ours)] {
            for deal in deals {
                let value = FieldInput::new("next_step", format!("call back about offer {turn}"));
                engine.edit("opportunity", deal, &[value])?;
            }
            bytes +=
                engine.store().read()?.outbox_spaces()?.iter().map(|(_, stats)| stats.bytes).sum::<u64>();
        }
        self.team.sync(&self.office)?;
        Ok(usize::try_from(bytes)?)
    }

    fn reconnect(&self) -> anyhow::Result<Cost> {
        self.proxy.take();
        let (wall, _) = time(|| self.team.sync(&self.field))?;
        let passed = self.proxy.take();
        // What stands before it is the farewell of the connection before.
        let hello = passed.iter().position(|passed| !passed.from_device).context("the relay says hello")?;
        let (hello, after_hello) = passed[hello..].split_first().context("the relay says hello")?;
        let way = |up: bool| after_hello.iter().filter(move |passed| passed.from_device == up);
        let bytes = |up: bool| way(up).map(|passed| passed.bytes.len()).sum();
        Ok(Cost {
            frames_up: way(true).count(),
            bytes_up: bytes(true),
            frames_down: way(false).count(),
            bytes_down: bytes(false),
            exchange: exchange(hello, after_hello)?,
            wall,
        })
    }

    /// How many round trips a reconnection takes, by the time that it takes over a long line.
    fn round_trips(&self) -> anyhow::Result<String> {
        self.proxy.set_delay(LINE);
        let cost = self.reconnect();
        self.proxy.set_delay(Duration::ZERO);
        Ok(format!("{:.1}", cost?.exchange.as_secs_f64() / (2.0 * LINE.as_secs_f64())))
    }
}

/// From `hello` at the device to the relay's last message there.
fn exchange(hello: &Passed, after: &[Passed]) -> anyhow::Result<Duration> {
    let last = after.iter().rev().find(|passed| !passed.from_device).context("the relay answers")?;
    Ok(last.at - hello.at)
}

fn add(table: &mut Table, what: &str, costs: &[Cost], limit: usize, limit_is: &str) {
    let sample = |pick: fn(&Cost) -> usize| Sample::new(costs.iter().map(|cost| pick(cost) as f64).collect());
    let (up, down) = (sample(|cost| cost.bytes_up), sample(|cost| cost.bytes_down));
    let all = sample(|cost| cost.bytes_up + cost.bytes_down);
    let frames = |sample: Sample| sample.median();
    let ours = format!(
        "{:.0} B up in {} frames, {:.0} B down in {}",
        up.median(),
        frames(sample(|cost| cost.frames_up)),
        down.median(),
        frames(sample(|cost| cost.frames_down)),
    );
    table.add(what, ours, format!("{limit} B ({limit_is})"), format!("{:.2} ×", all.median() / limit as f64));
    let wall: Vec<Duration> = costs.iter().map(|cost| cost.wall).collect();
    let exchange: Vec<Duration> = costs.iter().map(|cost| cost.exchange).collect();
    let exchange = format!("{} after hello", Sample::of_times(&exchange).text("ms"));
    table.add(
        "… wall time, from opening to level",
        Sample::of_times(&wall).text("ms"),
        exchange,
        String::new(),
    );
}
