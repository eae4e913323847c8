// Package trust is who may say what. It knows no event and no person: only levels, facts, and the one table that says for each of them whether
// a word counts. Everybody who takes a word asks it, and docs/SECURITY.md shows it. The surprising thing: a word that is not trusted is
// seldom refused. It is kept apart, where it can start little and override nothing; see docs/adr/0019-who-speaks.md.
package trust

// Level is who speaks. The empty level is the shop's, as it is of everything that was stored before there were levels.
type Level string

// The levels. Public is a page, an app or a mini-program: whoever has the public key. Person is somebody who has proved to be the person of the
// event's userId, or who opened a link of ours. Shop is the shop's back end, its tills, and what its shop system says itself. A provider
// speaks of deliverability alone.
const (
	Public   Level = "public"
	Person   Level = "person"
	Shop     Level = "shop"
	Operator Level = "operator"
	Provider Level = "provider"
)

// Or is the level, and another where it is empty.
func (l Level) Or(otherwise Level) Level {
	if l == "" {
		return otherwise
	}
	return l
}

// Rank orders levels: of two words about the same thing the one of the greater rank holds.
func (l Level) Rank() int {
	switch l.Or(Shop) {
	case Shop, Operator:
		return 2
	case Person:
		return 1
	}
	return 0
}

// Answer is what becomes of a word.
type Answer string

// The answers. Apart keeps the word where it is seen and overrides nothing: behaviour and traits as unproven, what a device says of somebody
// else's userId beside its claim. Confirm keeps it without effect until the person has confirmed it.
const (
	Yes     Answer = "yes"
	Apart   Answer = "apart"
	Confirm Answer = "confirm"
	No      Answer = "no"
)

// Fact is a kind of thing that somebody can say or ask for.
type Fact int

// The facts.
const (
	Behaviour Fact = iota
	Trait
	Place
	Group
	Address
	Token
	Grant
	Withdrawal
	RefuseProfiling
	Complaint
	AgainstAddress
	Tag
	Order
	JoinDevice
	JoinToken
	JoinAddress
	Unite
	ClaimReferral
	Reward
	StartCampaign
	StartTransactional
	StartByOrder
	OurNews
	OurBooks
	Erase
)

// row says of one fact what becomes of it by who says it: a device of its own profile, a device of a userId that it only claims, the person,
// the shop, a provider.
type row struct {
	meaning                                 string
	device, claimed, person, shop, provider Answer
}

// rows is the table. Whoever may move money by an operator's word may change orders at any level: that is the source's right, not the speaker's.
var rows = [...]row{
	Behaviour:          {"what somebody does: events, days, cart, interests", Apart, Apart, Yes, Yes, Yes},
	Trait:              {"a trait", Apart, Apart, Yes, Yes, No},
	Place:              {"time zone and locale", Apart, Apart, Yes, Yes, No},
	Group:              {"to be in a group", Apart, Apart, Yes, Yes, No},
	Address:            {"an address that is written to", Confirm, Apart, Yes, Yes, No},
	Token:              {"a push token", Yes, Apart, Yes, Yes, No},
	Grant:              {"consent", Yes, Apart, Yes, Yes, No},
	Withdrawal:         {"withdrawal of a consent", Yes, Apart, Yes, Yes, Yes},
	RefuseProfiling:    {"refusal of profiling", Yes, Apart, Yes, Yes, No},
	Complaint:          {"a complaint", No, No, No, Yes, Yes},
	AgainstAddress:     {"that an address is dead or wants nothing more, whoever's it is", No, No, No, Yes, Yes},
	Tag:                {"a tag", No, No, No, Yes, No},
	Order:              {"an order, a payment, a refund", No, No, No, Yes, No},
	JoinDevice:         {"that a device is the person's", Apart, Apart, Yes, Yes, No},
	JoinToken:          {"that a push token is the person's and nobody else's", No, No, Yes, Yes, No},
	JoinAddress:        {"that whoever has an address or an id of another system is the person", No, No, No, Yes, No},
	Unite:              {"that two people with a userId are one", No, No, No, Yes, No},
	ClaimReferral:      {"to have come by somebody's code", No, No, Yes, Yes, No},
	Reward:             {"what earns points, tiers and grants", No, No, Yes, Yes, No},
	StartCampaign:      {"to start a campaign", Apart, Apart, Yes, Yes, Yes},
	StartTransactional: {"to start a transactional campaign", No, No, Yes, Yes, No},
	StartByOrder:       {"to start a campaign by an order", No, No, No, Yes, No},
	OurNews:            {"our own news: Segment Entered, Profiles Merged, ...", No, No, No, No, No},
	OurBooks:           {"what our books say: Points Earned, Tier Changed, Referral Settled, Notification Sent, ...", No, No, No, Yes, No},
	Erase:              {"to be erased, exported", No, No, No, Yes, No},
}

// May says what becomes of a fact by a level. own tells of a public word whether it is of the device's own profile; of others it does not matter.
func May(l Level, own bool, f Fact) Answer {
	r := &rows[f]
	switch l.Or(Shop) {
	case Shop, Operator:
		return r.shop
	case Person:
		return r.person
	case Provider:
		return r.provider
	}
	if own {
		return r.device
	}
	return r.claimed
}

// Row is one row of the table, for documentation and for tests that try all of it.
type Row struct {
	Fact                                              Fact
	Meaning                                           string
	Device, Claimed, Person, Shop, Operator, Provider Answer
}

// Matrix lists the table.
func Matrix() []Row {
	all := make([]Row, len(rows))
	for f, r := range rows {
		f := Fact(f)
		all[f] = Row{f, r.meaning, May(Public, true, f), May(Public, false, f), May(Person, false, f), May(Shop, false, f), May(Operator, false, f), May(Provider, false, f)}
	}
	return all
}
