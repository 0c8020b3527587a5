//! The frozen bytes. Nothing here is ever edited; a new module is a new entry at the end, a new container a new change
//! at the end of its module's chain.

use super::ContainerKind;
use ContainerKind::{Map, Text};

/// A module's genesis as it is written down.
pub(super) struct Frozen {
    pub(super) module: &'static str,
    /// Each change builds on the one before; the first operation of the first names the module.
    pub(super) chain: &'static [FrozenChange],
}

/// One change of a chain.
pub(super) struct FrozenChange {
    /// Containers in the order of their operations, which are the last of the change.
    pub(super) containers: &'static [(&'static str, ContainerKind)],
    /// The canonical uncompressed chunk, in hexadecimal.
    pub(super) bytes: &'static str,
}

pub(super) const ALL: &[Frozen] = &[
    Frozen {
        module: "account",
        chain: &[FrozenChange {
            containers: &[
                ("description", Text),
                ("dismissed_duplicates", Map),
                ("emails", Map),
                ("external_ids", Map),
                ("phones", Map),
                ("tags", Map),
            ],
            bytes: "856f4a839c5c7d1f0180010010666f727361742d67656e657369732d3001010000000615493401420556045707\
                    700279066d6f64756c650b6465736372697074696f6e146469736d69737365645f6475706c6963617465730665\
                    6d61696c730c65787465726e616c5f6964730670686f6e65730474616773077e010405007f7606006163636f75\
                    6e740700",
        }],
    },
    Frozen {
        module: "opportunity",
        chain: &[
            FrozenChange {
                containers: &[
                    ("contacts", Map),
                    ("description", Text),
                    ("external_ids", Map),
                    ("lines", Map),
                    ("stage_history", Map),
                    ("tags", Map),
                ],
                bytes: "856f4a8319a14a1f0180010010666f727361742d67656e657369732d300101000000061543340142065605570b\
                    700279066d6f64756c6508636f6e74616374730b6465736372697074696f6e0c65787465726e616c5f69647305\
                    6c696e65730d73746167655f686973746f72790474616773077d01000404007fb60106006f70706f7274756e69\
                    74790700",
            },
            FrozenChange {
                containers: &[("checks", Map), ("dismissed_duplicates", Map)],
                bytes: "856f4a837b18e9e101660119a14a1f72594a961dff0099647c306d668aa69a1ef0c255cdcefef8\
                    fd04decf10666f727361742d67656e657369732d30020800000005151d34014202560270027e06\
                    636865636b73146469736d69737365645f6475706c69636174657302020002000200",
            },
        ],
    },
    Frozen {
        module: "product",
        chain: &[
            FrozenChange {
                containers: &[
                    ("cost", Map),
                    ("description", Text),
                    ("external_ids", Map),
                    ("prices", Map),
                    ("tags", Map),
                ],
                bytes: "856f4a83ab352d10016a0010666f727361742d67656e657369732d300101000000061532340142065604570770\
                    027a066d6f64756c6504636f73740b6465736372697074696f6e0c65787465726e616c5f696473067072696365\
                    730474616773067d01000403007f76050070726f647563740600",
            },
            FrozenChange {
                containers: &[("dismissed_duplicates", Map)],
                bytes: "856f4a83ef53ea68015f01ab352d10a48f285984cbe76caf7e6e61795f7029f5fafc6720b49ce3\
                    7a1b8d7b10666f727361742d67656e657369732d30020700000005151634014202560270027f14\
                    6469736d69737365645f6475706c696361746573017f007f007f00",
            },
        ],
    },
    Frozen {
        module: "settings",
        chain: &[FrozenChange {
            containers: &[
                ("custom_fields", Map),
                ("description", Text),
                ("rates", Map),
                ("external_ids", Map),
                ("lead_sources", Map),
                ("loss_reasons", Map),
                ("pipelines", Map),
                ("stages", Map),
                ("tags", Map),
                ("targets", Map),
                ("win_reasons", Map),
            ],
            bytes: "856f4a83eb38e7ef01b3010010666f727361742d67656e657369732d3001010000000615793401420656055708\
                    700274066d6f64756c650d637573746f6d5f6669656c64730b6465736372697074696f6e0572617465730c6578\
                    7465726e616c5f6964730c6c6561645f736f75726365730c6c6f73735f726561736f6e7309706970656c696e65\
                    7306737461676573047461677307746172676574730b77696e5f726561736f6e730c7d01000409007f86010b00\
                    73657474696e67730c00",
        }],
    },
    Frozen {
        module: "user",
        chain: &[FrozenChange {
            containers: &[("description", Text), ("external_ids", Map), ("tags", Map)],
            bytes: "856f4a83fc46011f015a0010666f727361742d67656e657369732d300101000000061526340142055604570470\
                    027c066d6f64756c650b6465736372697074696f6e0c65787465726e616c5f6964730474616773047e01040200\
                    7f460300757365720400",
        }],
    },
    Frozen {
        module: "contact",
        chain: &[FrozenChange {
            containers: &[
                ("description", Text),
                ("dismissed_duplicates", Map),
                ("emails", Map),
                ("external_ids", Map),
                ("phones", Map),
                ("tags", Map),
            ],
            bytes: "856f4a83db97ddc90180010010666f727361742d67656e657369732d3001010000000615493401420556045707\
                    700279066d6f64756c650b6465736372697074696f6e146469736d69737365645f6475706c6963617465730665\
                    6d61696c730c65787465726e616c5f6964730670686f6e65730474616773077e010405007f760600636f6e7461\
                    63740700",
        }],
    },
    Frozen {
        module: "lead",
        chain: &[FrozenChange {
            containers: &[
                ("conversions", Map),
                ("description", Text),
                ("dismissed_duplicates", Map),
                ("emails", Map),
                ("external_ids", Map),
                ("phones", Map),
                ("tags", Map),
            ],
            bytes: "856f4a8303ad1181018a010010666f727361742d67656e657369732d3001010000000615553401420656045704\
                    700278066d6f64756c650b636f6e76657273696f6e730b6465736372697074696f6e146469736d69737365645f\
                    6475706c69636174657306656d61696c730c65787465726e616c5f6964730670686f6e65730474616773087d01\
                    000405007f4607006c6561640800",
        }],
    },
    Frozen {
        module: "activity",
        chain: &[FrozenChange {
            containers: &[
                ("attendees", Map),
                ("description", Text),
                ("external_ids", Map),
                ("outcome", Text),
                ("parents", Map),
                ("tags", Map),
            ],
            bytes: "856f4a83560483bc017c0010666f727361742d67656e657369732d300101000000061540340142085605570870\
                    0279066d6f64756c6509617474656e646565730b6465736372697074696f6e0c65787465726e616c5f69647307\
                    6f7574636f6d6507706172656e74730474616773077b010004000402007f8601060061637469766974790700",
        }],
    },
    Frozen {
        module: "campaign",
        chain: &[
            FrozenChange {
                containers: &[
                    ("description", Text),
                    ("external_ids", Map),
                    ("objective", Text),
                    ("tags", Map),
                ],
                bytes: "856f4a837773c5e9016a0010666f727361742d67656e657369732d300101000000061530340142065605570870\
                    027b066d6f64756c650b6465736372697074696f6e0c65787465726e616c5f696473096f626a65637469766504\
                    74616773057b01040004007f8601040063616d706169676e0500",
            },
            FrozenChange {
                containers: &[("dismissed_duplicates", Map)],
                bytes: "856f4a837b41ef9b015f017773c5e9f1b5b4325036ab1cea14cadcd7fe96f2c7b248d8b9b1d12f\
                    650660b710666f727361742d67656e657369732d30020600000005151634014202560270027f14\
                    6469736d69737365645f6475706c696361746573017f007f007f00",
            },
        ],
    },
    Frozen {
        module: "filter",
        chain: &[FrozenChange {
            containers: &[("description", Text), ("external_ids", Map), ("tags", Map)],
            bytes: "856f4a83cbb646f2015c0010666f727361742d67656e657369732d300101000000061526340142\
                    055604570670027c066d6f64756c650b6465736372697074696f6e0c65787465726e616c5f6964\
                    730474616773047e010402007f66030066696c7465720400",
        }],
    },
];
