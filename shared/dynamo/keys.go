// Package dynamo is the only code that speaks DynamoDB. It has a small type per aggregate (Profiles, Timeline, Catalog ...), each
// over a client interface with just the calls it makes. It holds no rule of the domain: what is written and under which
// condition is asked for by the functions. The surprising thing: keys.go is the whole schema; no other file builds a key.
package dynamo

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// Every table has the string keys pk and sk. A name below is the item, the comment shows its key.
const (
	attrPK      = "pk"
	attrSK      = "sk"
	attrTTL     = "ttl" // seconds since 1970; the tables that expire are in Tables
	attrVersion = "v"   // optimistic lock
	attrBody    = "b"   // the packed body
)

// Key is the primary key of an item.
type Key struct{ PK, SK string }

// Profiles table.

// profileKey holds a person's profile, the pointer of an identifier that joined another, or a tombstone: p#<profileId> / p
func profileKey(id profile.ID) Key { return Key{"p#" + string(id), "p"} }

// orderKey holds one order, whoever reports it: o#<order_id> / o
func orderKey(orderID string) Key { return Key{"o#" + orderID, "o"} }

// Timeline table.

// packKey holds one day's events of one commit: <profileId> / <YYYYMMDD>#<version>[#<part>]
func packKey(id profile.ID, day profile.Day, version int64, part string) Key {
	sk := fmt.Sprintf("%s#%012d", day, version)
	if part != "" {
		sk += "#" + part
	}
	return Key{string(id), sk}
}

// packDay is the range of a day's packs.
func packDay(day profile.Day) string { return day.String() + "#" }

// Catalog table.

// definitionKey holds the current version of a definition: d#<kind> / <id>
func definitionKey(kind, id string) Key { return Key{"d#" + kind, id} }

// definitionVersionKey keeps every version of a definition: v#<kind>#<id> / <version>
func definitionVersionKey(kind, id string, version int) Key {
	return Key{"v#" + kind + "#" + id, fmt.Sprintf("%08d", version)}
}

// changeKey counts the changes of a kind of definition: s#<kind> / s
func changeKey(kind string) Key { return Key{"s#" + kind, "s"} }

// sourceKeyKey finds the source of a write key: k#<sha256 of the key, hex> / k
func sourceKeyKey(hash string) Key { return Key{"k#" + hash, "k"} }

// hookSecretKey holds what the shop system of a source signs with: h#<source> / h
func hookSecretKey(source string) Key { return Key{"h#" + source, "h"} }

// idempotencyKey remembers an answer for 24 h, in the table of the effect: i#<scope>#<key> / i
func idempotencyKey(scope, key string) Key { return Key{"i#" + scope + "#" + key, "i"} }

// Referrals table.

// codeKey holds a code: c#<CODE> / c
func codeKey(code string) Key { return Key{"c#" + code, "c"} }

// advocateCodeKey holds the pair's code: a#<profileId> / code#<program>
func advocateCodeKey(id profile.ID, program string) Key {
	return Key{"a#" + string(id), "code#" + program}
}

// referralKey holds the referral of a friend in a program: f#<friend's profileId> / <program>
func referralKey(friend profile.ID, program string) Key { return Key{"f#" + string(friend), program} }

// advocateReferralKey lists a referral under its advocate: a#<profileId> / r#<program>#<friend>
func advocateReferralKey(advocate profile.ID, program string, friend profile.ID) Key {
	return Key{"a#" + string(advocate), "r#" + program + "#" + string(friend)}
}

// budgetKey holds what a program has spent of each unit that has a budget: b#<program> / b
func budgetKey(program string) Key { return Key{"b#" + program, "b"} }

// standingKey counts an advocate's settled friends in a program: l#<program>#<shard> / <profileId>
func standingKey(program string, shard int, advocate profile.ID) Key {
	return Key{fmt.Sprintf("l#%s#%d", program, shard), string(advocate)}
}

// rankKey lists those standings that count anybody, best first: t#<program>#<shard> / <settled, downwards>#<at, nanoseconds>#<profileId>
func rankKey(program string, shard int, rank string) Key {
	return Key{fmt.Sprintf("t#%s#%d", program, shard), rank}
}

// rankedKey tells how far the standings of a program are listed by rank: t#<program> / ranked
func rankedKey(program string) Key { return Key{"t#" + program, "ranked"} }

// Ledger table.

// accountKey holds an account's balance: <account> / account
func accountKey(account string) Key { return Key{account, "account"} }

// entryKey holds one line of the book: <account> / e#<at, nanoseconds>#<id>; a house's lines are spread: <account>#<shard> / ...
func entryKey(account ledger.Account, at time.Time, id string) Key {
	sk := fmt.Sprintf("e#%020d#%s", at.UnixNano(), id)
	if account.IsHouse() {
		return Key{housePartition(account, houseShard(id)), sk}
	}
	return Key{string(account), sk}
}

func housePartition(account ledger.Account, shard int) string {
	return fmt.Sprintf("%s#%02d", account, shard)
}

// lotKey holds an accrual with its own life: <account> / l#<id>
func lotKey(account, id string) Key { return Key{account, "l#" + id} }

// effectKey makes an effect happen once: x#<business type>#<business id> / x
func effectKey(kind, id string) Key { return Key{"x#" + kind + "#" + id, "x"} }

// Deliveries table.

// contactKey holds a person's caps, credits, intents and suppressions: <profileId> / contact
func contactKey(id profile.ID) Key { return Key{string(id), "contact"} }

// addressKey holds what is known against an address, whoever's it is: a#<channel>#<hash of the address> / address
func addressKey(channel, hash string) Key { return Key{"a#" + channel + "#" + hash, "address"} }

// decisionKey holds one decision: <profileId> / d#<at, nanoseconds>#<notification>
func decisionKey(id profile.ID, at time.Time, notification string) Key {
	return Key{string(id), fmt.Sprintf("d#%020d#%s", at.UnixNano(), notification)}
}

// takenKey marks that a campaign has taken a person, who is not to be taken again before a time: <owner>#taken#<profileId> /
// <campaign>. It stands in the Due table.
func takenKey(owner string, id profile.ID, campaign string) Key {
	return Key{owner + "#taken#" + string(id), campaign}
}

// waitKey finds a long wait by its person: <owner>#waits#<profileId> / <minute, YYYYMMDDHHMM>#<id>. It stands in the Due table.
func waitKey(owner string, person profile.ID, minute time.Time, id string) Key {
	return Key{owner + "#waits#" + string(person), minute.UTC().Format(dueMinuteForm) + "#" + id}
}

// askedKey marks that the audience of a campaign was asked for: <owner>#asked#<campaign> / <time, seconds>. It stands in the Due table.
func askedKey(owner, campaign string, at time.Time) Key {
	return Key{owner + "#asked#" + campaign, fmt.Sprintf("%012d", at.Unix())}
}

// Due table. The owner is the function whose work it is.

// dueKey holds what is to be done in a minute: <owner>#<minute, YYYYMMDDHHMM>#<shard> / <id>
func dueKey(owner string, minute time.Time, shard int, id string) Key {
	return Key{duePartition(owner, minute, shard), id}
}

// dueFloorKey holds the minute from which on an owner's entries may still be there: <owner>#floor / floor
func dueFloorKey(owner string) Key { return Key{owner + "#floor", "floor"} }

const dueMinuteForm = "200601021504"

func duePartition(owner string, minute time.Time, shard int) string {
	return fmt.Sprintf("%s#%s#%d", owner, minute.UTC().Format(dueMinuteForm), shard)
}

// Runs table.

// runKey holds a run: r#<runId> / run
func runKey(run string) Key { return Key{"r#" + run, "run"} }

// runListKey lists runs, newest last: runs / <createdAt, milliseconds>#<runId>
func runListKey(createdAt time.Time, run string) Key {
	return Key{"runs", fmt.Sprintf("%015d#%s", createdAt.UnixMilli(), run)}
}

// runDefinitionsKey holds the segments as a run found them, the same for all of its shards: r#<runId> / definitions
func runDefinitionsKey(run string) Key { return Key{"r#" + run, "definitions"} }

// columnsKey holds a part of a shard's packed columns: r#<runId> / c#<shard>#<part>
func columnsKey(run string, shard, part int) Key {
	return Key{"r#" + run, fmt.Sprintf("%s%05d#%05d", columnsPrefix, shard, part)}
}

const columnsPrefix = "c#"

// resultKey holds what a shard's scoring came to: r#<runId> / s#<shard>
func resultKey(run string, shard int) Key {
	return Key{"r#" + run, fmt.Sprintf("%s%05d", resultPrefix, shard)}
}

const resultPrefix = "s#"

// DeadLetters table.

// letterKey lists a dead letter of a queue: l#<queue> / <first sent, milliseconds>#<message id>
func letterKey(queue string, sent time.Time, id string) Key {
	return Key{letterList(queue), fmt.Sprintf("%015d#%s", sent.UnixMilli(), id)}
}

func letterList(queue string) string { return "l#" + queue }

// splitLetterKey takes apart the second half of letterKey.
func splitLetterKey(sk string) (sent time.Time, id string, err error) {
	milliseconds, id, found := strings.Cut(sk, "#")
	n, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil || !found {
		return time.Time{}, "", fmt.Errorf("%q is no key of a dead letter", sk)
	}
	return time.UnixMilli(n).UTC(), id, nil
}

// letterPartKey holds a part of a dead letter's body: b#<queue>#<message id> / <part>
func letterPartKey(queue, id string, part int) Key {
	return Key{"b#" + queue + "#" + id, fmt.Sprintf("%05d", part)}
}

// Audit table.

// auditKey holds a line of the audit log in one of its lists: <list> / <at, milliseconds>#<id>
func auditKey(list string, at time.Time, id string) Key {
	return Key{list, fmt.Sprintf("%015d#%s", at.UnixMilli(), id)}
}

// The lists: t#<YYYYMM>, o#<operator's name>, w#<kind>#<id>
const (
	auditMonths    = "t#"
	auditMonthForm = "200601"
)

func auditMonth(at time.Time) string    { return auditMonths + at.UTC().Format(auditMonthForm) }
func auditOperator(name string) string  { return "o#" + name }
func auditThing(kind, id string) string { return "w#" + kind + "#" + id }
