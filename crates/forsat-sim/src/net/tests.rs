//! The network alone: order, losses and what each end hears.

use super::*;

fn plain() -> LinkProfile {
    LinkProfile { latency_ms: 5..40, loss_percent: 0, ghost_percent: 0, bytes_per_ms: 100 }
}

fn network(profile: LinkProfile, seed: u64) -> Network {
    let mut network = Network::new(Random::new(seed, "net", 0), vec![profile], 1);
    network.relay_up(0);
    network
}

/// Everything that is delivered up to a time.
fn run(network: &mut Network, now_ms: &mut u64, until_ms: u64) -> Vec<Delivery> {
    let mut got = Vec::new();
    while let Some(at_ms) = network.next_at_ms(*now_ms).filter(|at| *at <= until_ms) {
        *now_ms = at_ms.max(*now_ms);
        got.extend(network.next(*now_ms));
    }
    *now_ms = until_ms;
    got
}

fn opened(network: &mut Network, now_ms: &mut u64) -> Wire {
    let wire = network.connect(*now_ms, 0, 0);
    let until_ms = *now_ms + 100;
    assert_eq!(run(network, now_ms, until_ms), [Delivery::Accepted(wire), Delivery::Connected(wire)]);
    wire
}

fn arrived_at_relay(deliveries: &[Delivery]) -> Vec<u8> {
    let first = |delivery: &Delivery| match delivery {
        Delivery::AtRelay(_, bytes) => bytes.first().copied(),
        _ => None,
    };
    deliveries.iter().filter_map(first).collect()
}

#[test]
fn order_holds_within_a_connection_whatever_is_lost_on_the_way() {
    for seed in 0..50 {
        let mut network = network(LinkProfile { loss_percent: 40, ..plain() }, seed);
        let mut now_ms = 0;
        let wire = opened(&mut network, &mut now_ms);
        for number in 0..20 {
            network.send_from_device(now_ms, wire, vec![number; 10]);
        }
        let until_ms = now_ms + 60_000;
        let got = arrived_at_relay(&run(&mut network, &mut now_ms, until_ms));
        assert_eq!(got, (0..20).collect::<Vec<u8>>());
    }
}

#[test]
fn a_cut_loses_a_tail_and_never_a_middle() {
    let mut lost = 0;
    for seed in 0..50 {
        let mut network = network(plain(), seed);
        let mut now_ms = 0;
        let wire = opened(&mut network, &mut now_ms);
        for number in 0..20 {
            network.send_from_device(now_ms + u64::from(number), wire, vec![number]);
        }
        network.cut(now_ms + 20, 0, Told::Both);
        let got = run(&mut network, &mut now_ms, 10_000);
        let numbers = arrived_at_relay(&got);
        assert_eq!(numbers, (0..u8::try_from(numbers.len()).unwrap()).collect::<Vec<u8>>());
        assert!(got.contains(&Delivery::DeviceLost(wire)) && got.contains(&Delivery::RelayLost(wire)));
        lost += 20 - numbers.len();
    }
    assert!(lost > 0, "no cut has lost anything");
}

#[test]
fn what_was_sent_before_closing_arrives_after_the_next_connection_was_opened() {
    let mut network = network(LinkProfile { latency_ms: 30..31, ..plain() }, 1);
    let mut now_ms = 0;
    let first = opened(&mut network, &mut now_ms);
    network.stall(0, true, now_ms + 500);
    network.send_from_device(now_ms, first, vec![1]);
    network.close_from_device(now_ms, first);
    let second = network.connect(now_ms, 0, 0);
    let got = run(&mut network, &mut now_ms, 5_000);
    let place = |wanted: &Delivery| got.iter().position(|delivery| delivery == wanted);
    assert!(place(&Delivery::Accepted(second)) < place(&Delivery::AtRelay(first, vec![1])));
    assert!(place(&Delivery::RelayLost(first)).is_some());
}

#[test]
fn a_connection_that_an_end_has_left_brings_it_nothing() {
    let mut network = network(plain(), 1);
    let mut now_ms = 0;
    let wire = opened(&mut network, &mut now_ms);
    network.send_from_relay(now_ms, wire, vec![1]);
    network.close_from_device(now_ms, wire);
    network.send_from_relay(now_ms, wire, vec![2]);
    let got = run(&mut network, &mut now_ms, 10_000);
    assert!(!got.iter().any(|delivery| matches!(delivery, Delivery::AtDevice(..))));
    assert_eq!(network.half_open(), 0);
}

#[test]
fn a_silent_cut_is_noticed_only_after_healing() {
    let mut network = network(plain(), 1);
    let mut now_ms = 0;
    let wire = opened(&mut network, &mut now_ms);
    network.cut(now_ms, 0, Told::Nobody);
    network.send_from_device(now_ms + 100, wire, vec![1]);
    assert_eq!(run(&mut network, &mut now_ms, 60_000), []);
    assert_eq!(network.half_open(), 1);
    network.heal(now_ms, true);
    let got = run(&mut network, &mut now_ms, 62_000);
    assert_eq!(got.len(), 2, "both ends hear of it");
    assert_eq!(network.half_open(), 0);
}

#[test]
fn a_full_socket_makes_the_relay_wait() {
    let mut network = network(LinkProfile { latency_ms: 30..31, ..plain() }, 1);
    let mut now_ms = 0;
    let wire = opened(&mut network, &mut now_ms);
    for _ in 0..4 {
        network.send_from_relay(now_ms, wire, vec![0; 40_000]);
    }
    let taken = |got: &[Delivery]| got.iter().filter(|found| matches!(found, Delivery::Taken(..))).count();
    let at_once = run(&mut network, &mut now_ms, 110);
    assert_eq!(taken(&at_once), 1);
    let later = run(&mut network, &mut now_ms, 10_000);
    assert_eq!(taken(&later), 3);
    assert_eq!(later.iter().filter(|found| matches!(found, Delivery::AtDevice(..))).count(), 4);
}

#[test]
fn a_partition_answers_nothing_and_ends() {
    let mut network = network(plain(), 1);
    network.block_device(0, 5_000);
    let wire = network.connect(0, 0, 0);
    let mut now_ms = 0;
    assert_eq!(run(&mut network, &mut now_ms, 60_000), []);
    network.close_from_device(now_ms, wire);
    opened(&mut network, &mut now_ms);
}
