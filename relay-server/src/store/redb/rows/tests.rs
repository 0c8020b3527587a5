//! Rows and their damage.

use super::*;

fn sample() -> DocumentRow {
    DocumentRow {
        space: SpaceId::from_bytes([1; 16]),
        home_version: 1,
        changes: 3,
        bytes: 700,
        ops: 11,
        max_op: 12,
        heads: vec![ChangeHash::from_bytes([4; 32]), ChangeHash::from_bytes([5; 32])],
    }
}

#[test]
fn a_row_reads_back_under_its_own_key_only() {
    let bytes = sample().encode(b"key");
    assert_eq!(DocumentRow::decode(b"key", &bytes), Ok(sample()));
    assert_eq!(DocumentRow::decode(b"other", &bytes), Err(RowError::Checksum));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = sample().encode(b"key");
    for index in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1 << bit;
            assert_eq!(
                DocumentRow::decode(b"key", &flipped),
                Err(RowError::Checksum),
                "byte {index} bit {bit}"
            );
        }
    }
}

#[test]
fn a_short_row_and_a_later_format_are_told_apart() {
    assert_eq!(u64::decode(b"k", &[1, 2]), Err(RowError::Shape));
    let mut later = Writer(vec![9]);
    later = later.u64(5);
    assert_eq!(u64::decode(b"k", &later.seal(b"k")), Err(RowError::Format(9)));
}

#[test]
fn whoever_made_an_invite_it_reads_back_and_so_do_rows_of_before_there_were_programs() {
    let of = |by, approve| InviteRow {
        user_key: "name:sara".into(),
        space: SpaceId::from_bytes([1; 16]),
        role: Role::Rep,
        expires_at_ms: 5,
        used_by: None,
        approve,
        by,
    };
    let user = UserId::from_bytes([2; 16]);
    let unknown = Inviter::User { user, device: None };
    let known = Inviter::User { user, device: Some(DeviceId::from_bytes([4; 16])) };
    let program = Inviter::Program(crate::token::TokenHash::from_bytes([3; 32]));
    for row in [
        of(None, false),
        of(None, true),
        of(Some(unknown), true),
        of(Some(known), true),
        of(Some(program), false),
    ] {
        assert_eq!(InviteRow::decode(b"k", &row.encode(b"k")), Ok(row));
    }
    let old = || Writer::new().fixed(&[1; 16]).u8(2).u64(5).optional(None).text("name:sara");
    assert_eq!(InviteRow::decode(b"k", &old().seal(b"k")), Ok(of(None, false)));
    assert_eq!(InviteRow::decode(b"k", &old().u8(1).seal(b"k")), Ok(of(None, true)));
    let by_user = old().u8(0).fixed(user.as_bytes()).seal(b"k");
    assert_eq!(InviteRow::decode(b"k", &by_user), Ok(of(Some(unknown), false)));
    for flags in [4, 6, 8] {
        assert_eq!(InviteRow::decode(b"k", &old().u8(flags).seal(b"k")), Err(RowError::Shape));
    }
}
