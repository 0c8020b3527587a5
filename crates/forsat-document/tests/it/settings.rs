//! The settings as documents: administrators apart, a rep who doesn't know yet, merged in every order.

use forsat_document::Document;
use forsat_domain::command::{
    CheckDraft, Context, Draft, FieldDraft, Labels, Refusal, StageDraft, check_add, field_add,
    opportunity_check, stage_archive, stage_edit, stage_move, stage_move_forced,
};
use forsat_domain::composite::{Composite, StageMove};
use forsat_domain::issue::IssueCode;
use forsat_domain::opportunity::Standing;
use forsat_domain::world::{Records, World};
use forsat_domain::{Edit, RecordState, Schema, Settings};
use uuid::Uuid;

use crate::scene::*;
use crate::support::{NOW_MS, author, converge, record_id, schema};

/// Runs a command of an administrator on settings as they are stored, and gives what it writes.
fn administer(
    settings: &RecordState,
    command: impl FnOnce(&Context<'_>, &RecordState) -> Result<Vec<Edit>, Refusal>,
) -> Vec<Edit> {
    let world = Records::new([settings.clone()]);
    let schema = schema();
    let mut new_uuid = || Uuid::from_u128(1);
    let context = Context {
        now_ms: NOW_MS,
        today: day(6, 15),
        user: author(9).user,
        new_uuid: &mut new_uuid,
        world: &world,
        schema: &schema,
    };
    command(&context, settings).unwrap()
}

/// What three administrators make of one settings record, in every order of merging.
fn met(base: &[Edit], commands: impl FnOnce(&RecordState) -> [Vec<Edit>; 3]) -> RecordState {
    let (document, chunks) =
        Document::create(record_id(1), "settings", &author(9), NOW_MS, base, &schema()).unwrap();
    let edits = commands(&document.read(&schema()));
    converge(&chunks, [&edits[0], &edits[1], &edits[2]])
}

fn english(label: &str) -> Labels {
    Labels { en: Some(label.to_owned()), fa: None }
}

fn by_hand(millions: i64) -> Draft {
    Draft { assignments: vec![set("amount", rials(millions).to_json())], ..Draft::default() }
}

#[test]
fn a_stage_archived_on_one_device_is_moved_into_on_another_and_read_where_it_is_replaced() {
    let settings = met(&[], |state| {
        let relabel = StageDraft { labels: english("Offer"), ..StageDraft::default() };
        [
            administer(state, |ctx, _| stage_archive(ctx, "proposal", Some("negotiation"))),
            administer(state, |ctx, _| stage_edit(ctx, "proposal", &relabel)),
            vec![Edit::set("organisation", "آریا")],
        ]
    });
    let read = Settings::read(Some(&settings));
    let proposal = read.stages.get("proposal").unwrap();
    assert!(proposal.archived && proposal.label.en == "Offer", "both administrators' changes hold");
    either_way(|s, r| {
        let mut scene = Scene::new(&[], day(6, 1), by_hand(500));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 2), |ctx, state| stage_move(ctx, state, "needs"));
        // Reza's settings are old: for him the stage is there.
        reza.run(day(6, 2), |ctx, state| stage_move(ctx, state, "proposal"));
        let third = bystander(&scene, day(6, 2));
        scene.world.insert(settings.clone());
        let merged = scene.merge([&sara, &reza, &third], day(6, 3));
        assert_eq!(merged.deal.stage.standing, Standing::Open);
        assert!(merged.codes().contains(&IssueCode::StageConflict), "{:?}", merged.codes());
        let rows: Vec<(&str, u64)> =
            merged.report.stages.iter().map(|row| (row.stage_id.as_str(), row.open.count)).collect();
        assert!(rows.iter().all(|(stage, _)| *stage != "proposal"), "{rows:?}");
        assert_eq!(rows.iter().map(|(_, count)| count).sum::<u64>(), 1);
    });
}

#[test]
fn stages_that_replace_each_other_after_a_merge_stand_for_the_lowest() {
    let settings = met(&[], |state| {
        [
            administer(state, |ctx, _| stage_archive(ctx, "proposal", Some("negotiation"))),
            administer(state, |ctx, _| stage_archive(ctx, "negotiation", Some("proposal"))),
            Vec::new(),
        ]
    });
    let stages = Settings::read(Some(&settings)).stages;
    assert_eq!(stages.effective("negotiation").unwrap().id, "proposal");
    assert_eq!(stages.effective("proposal").unwrap().id, "proposal");
}

#[test]
fn two_administrators_who_add_the_same_field_meet_in_one_row() {
    let draft = |label: &str| FieldDraft {
        module: "account".to_owned(),
        name: "region".to_owned(),
        labels: english(label),
        type_text: "text".to_owned(),
    };
    let settings = met(&[], |state| {
        [
            administer(state, |ctx, state| field_add(ctx, state, &draft("Region"))),
            administer(state, |ctx, state| field_add(ctx, state, &draft("Area"))),
            Vec::new(),
        ]
    });
    let fields = Settings::read(Some(&settings)).custom_fields;
    assert_eq!(fields.len(), 1);
    let schema = Schema::builtin().with_custom_fields(&fields);
    assert!(schema.field("account", "x_region").is_some());
}

// R41 of docs/requirements.md.
#[test]
fn a_forced_move_meets_a_tick_that_came_too_late() {
    let item = CheckDraft { labels: english("Call made"), required: true };
    let settings = met(&[], |state| {
        [administer(state, |ctx, _| check_add(ctx, "identification", &item)), Vec::new(), Vec::new()]
    });
    either_way(|s, r| {
        let mut scene = Scene::new(&[], day(6, 1), by_hand(500));
        scene.world.insert(settings.clone());
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        let refused = sara.ask(day(6, 2), |ctx, state| stage_move(ctx, state, "needs")).unwrap_err();
        assert_eq!(refused.code(), "checks_open");
        sara.run(day(6, 2), |ctx, state| stage_move_forced(ctx, state, "needs", true));
        reza.run(day(6, 2), |ctx, state| opportunity_check(ctx, state, "call made", true));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(6, 2))], day(6, 3));
        assert_eq!(merged.deal.stage.stage_id, "needs");
        assert!(merged.issues.is_empty(), "{:?}", merged.codes());
        let moves =
            merged.state.grown("stage_history").filter_map(|(_, value)| StageMove::from_scalar(value));
        let forced: Vec<String> = moves.flat_map(|moved| moved.forced).collect();
        assert_eq!(forced, ["call_made"]);
        assert!(merged.state.entry("checks", "identification:call_made").is_some());
        assert_eq!(scene.world.settings().stages.get("identification").unwrap().checklist.len(), 1);
    });
}
