// Package key is the schema of all tables on one page: which item stands under which key. It makes no call and knows no attribute. The surprising thing: nobody else
// takes a key apart either, so that this page is all there is to change.
package key

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/dynamo"
)

// Profiles table.

// Profile holds a person's profile, the pointer of an identifier that joined another, or a tombstone: p#<profileId> / p
func Profile(id profile.ID) dynamo.Key { return dynamo.At("p#"+string(id), "p") }

// Order holds one order, whoever reports it: o#<order_id> / o
func Order(orderID string) dynamo.Key { return dynamo.At("o#"+orderID, "o") }

// Timeline table.

// Pack holds one day's events of one commit: <profileId> / <YYYYMMDD>#<version>[#<part>]
func Pack(id profile.ID, day profile.Day, version int64, part string) dynamo.Key {
	sk := fmt.Sprintf("%s#%012d", day, version)
	if part != "" {
		sk += "#" + part
	}
	return dynamo.At(string(id), sk)
}

// PackDay is the range of a day's packs.
func PackDay(day profile.Day) string { return day.String() + "#" }

// Catalog table.

// Definition holds the current version of a definition: d#<kind> / <id>
func Definition(kind, id string) dynamo.Key { return dynamo.At("d#"+kind, id) }

// DefinitionVersion keeps every version of a definition: v#<kind>#<id> / <version>
func DefinitionVersion(kind, id string, version int) dynamo.Key {
	return dynamo.At("v#"+kind+"#"+id, fmt.Sprintf("%08d", version))
}

// Change counts the changes of a kind of definition: s#<kind> / s
func Change(kind string) dynamo.Key { return dynamo.At("s#"+kind, "s") }

// SourceKey finds the source of a write key: k#<sha256 of the key, hex> / k
func SourceKey(hash string) dynamo.Key { return dynamo.At("k#"+hash, "k") }

// HookSecret holds what the shop system of a source signs with: h#<source> / h
func HookSecret(source string) dynamo.Key { return dynamo.At("h#"+source, "h") }

// EndedStop remembers a stop that is over: x#stops / <id>
func EndedStop(id string) dynamo.Key { return dynamo.At("x#stops", id) }

// Answer remembers an answer for 24 h, in the table of the effect: i#<scope>#<key> / i
func Answer(scope, key string) dynamo.Key { return dynamo.At("i#"+scope+"#"+key, "i") }

// Referrals table.

// Code holds a code: c#<CODE> / c
func Code(code string) dynamo.Key { return dynamo.At("c#"+code, "c") }

// AdvocateCode holds the pair's code: a#<profileId> / code#<program>
func AdvocateCode(id profile.ID, program string) dynamo.Key {
	return dynamo.At("a#"+string(id), "code#"+program)
}

// Referral holds the referral of a friend in a program: f#<friend's profileId> / <program>
func Referral(friend profile.ID, program string) dynamo.Key {
	return dynamo.At("f#"+string(friend), program)
}

// AdvocateReferral lists a referral under its advocate: a#<profileId> / r#<program>#<friend>
func AdvocateReferral(advocate profile.ID, program string, friend profile.ID) dynamo.Key {
	return dynamo.At("a#"+string(advocate), "r#"+program+"#"+string(friend))
}

// Budget holds what a program has spent of each unit that has a budget: b#<program> / b
func Budget(program string) dynamo.Key { return dynamo.At("b#"+program, "b") }

// Standing counts an advocate's settled friends in a program: l#<program>#<shard> / <profileId>
func Standing(program string, shard int, advocate profile.ID) dynamo.Key {
	return dynamo.At(fmt.Sprintf("l#%s#%d", program, shard), string(advocate))
}

// Rank lists those standings that count anybody, best first: t#<program>#<shard> / <settled, downwards>#<at, nanoseconds>#<profileId>
func Rank(program string, shard int, rank string) dynamo.Key {
	return dynamo.At(fmt.Sprintf("t#%s#%d", program, shard), rank)
}

// Ranked tells how far the standings of a program are listed by rank: t#<program> / ranked
func Ranked(program string) dynamo.Key { return dynamo.At("t#"+program, "ranked") }

// Ledger table.

// Account holds an account's balance: <account> / account
func Account(account string) dynamo.Key { return dynamo.At(account, "account") }

// Entry holds one line of the book: <account> / e#<at, nanoseconds>#<id>; a house's lines are spread: <account>#<shard> / ...
func Entry(account ledger.Account, at time.Time, id string) dynamo.Key {
	sk := fmt.Sprintf("e#%020d#%s", at.UnixNano(), id)
	if account.IsHouse() {
		return dynamo.At(HousePartition(account, houseShard(id)), sk)
	}
	return dynamo.At(string(account), sk)
}

func HousePartition(account ledger.Account, shard int) string {
	return fmt.Sprintf("%s#%02d", account, shard)
}

// Lot holds an accrual with its own life: <account> / l#<id>
func Lot(account, id string) dynamo.Key { return dynamo.At(account, "l#"+id) }

// Effect makes an effect happen once: x#<business type>#<business id> / x
func Effect(kind, id string) dynamo.Key { return dynamo.At("x#"+kind+"#"+id, "x") }

// Deliveries table.

// Contact holds a person's caps, credits, intents and suppressions: <profileId> / contact
func Contact(id profile.ID) dynamo.Key { return dynamo.At(string(id), "contact") }

// Address holds what is known against an address, whoever's it is: a#<channel>#<hash of the address> / address
func Address(channel, hash string) dynamo.Key {
	return dynamo.At("a#"+channel+"#"+hash, "address")
}

// Decision holds one decision: <profileId> / d#<at, nanoseconds>#<notification>
func Decision(id profile.ID, at time.Time, notification string) dynamo.Key {
	return dynamo.At(string(id), fmt.Sprintf("d#%020d#%s", at.UnixNano(), notification))
}

// Skip lists a decision under the stop by which it was skipped: s#<stop>#<shard> / <profileId>#<second half of the decision's key>. It follows from the stop and the decision's key, so that whoever
// deletes the one finds the other.
func Skip(stop string, decision dynamo.Key) dynamo.Key {
	sk := decision.PK + "#" + decision.SK
	return dynamo.At(SkipList(stop, shardOf(sk, SkipShards)), sk)
}

func SkipList(stop string, shard int) string { return fmt.Sprintf("s#%s#%02d", stop, shard) }

// SkipOf is under which id the decision of a Skip stands.
func SkipOf(sk string) profile.ID {
	id, _, _ := strings.Cut(sk, "#")
	return profile.ID(id)
}

// Enrolment marks that a campaign has enrolled a person, whom it is not to enrol again before a time: <owner>#taken#<profileId> /
// <campaign>. It stands in the Due table.
func Enrolment(owner string, id profile.ID, campaign string) dynamo.Key {
	return dynamo.At(owner+"#taken#"+string(id), campaign)
}

// Wait finds a long wait by its person: <owner>#waits#<profileId> / <minute, YYYYMMDDHHMM>#<id>. It stands in the Due table.
func Wait(owner string, person profile.ID, minute time.Time, id string) dynamo.Key {
	return dynamo.At(owner+"#waits#"+string(person), minute.UTC().Format(DueMinuteForm)+"#"+id)
}

// Asked marks that the audience of a campaign was asked for: <owner>#asked#<campaign> / <time, seconds>. It stands in the Due table.
func Asked(owner, campaign string, at time.Time) dynamo.Key {
	return dynamo.At(owner+"#asked#"+campaign, fmt.Sprintf("%012d", at.Unix()))
}

// Due table. The owner is the function whose work it is.

// Due holds what is to be done in a minute: <owner>#<minute, YYYYMMDDHHMM>#<shard> / <id>
func Due(owner string, minute time.Time, shard int, id string) dynamo.Key {
	return dynamo.At(DuePartition(owner, minute, shard), id)
}

// DueFloor holds the minute from which on an owner's entries may still be there: <owner>#floor / floor
func DueFloor(owner string) dynamo.Key { return dynamo.At(owner+"#floor", "floor") }

const DueMinuteForm = "200601021504"

func DuePartition(owner string, minute time.Time, shard int) string {
	return fmt.Sprintf("%s#%s#%d", owner, minute.UTC().Format(DueMinuteForm), shard)
}

// Runs table.

// Run holds a run: r#<runId> / run
func Run(run string) dynamo.Key { return dynamo.At("r#"+run, "run") }

// RunList lists runs, newest last: runs / <createdAt, milliseconds>#<runId>
func RunList(createdAt time.Time, run string) dynamo.Key {
	return dynamo.At("runs", fmt.Sprintf("%015d#%s", createdAt.UnixMilli(), run))
}

// RunDefinitions holds the segments as a run found them, the same for all of its shards: r#<runId> / definitions
func RunDefinitions(run string) dynamo.Key { return dynamo.At("r#"+run, "definitions") }

// Columns holds a part of a shard's packed columns: r#<runId> / c#<shard>#<part>
func Columns(run string, shard, part int) dynamo.Key {
	return dynamo.At("r#"+run, fmt.Sprintf("%s%05d#%05d", ColumnsPrefix, shard, part))
}

const ColumnsPrefix = "c#"

// Result holds what a shard's scoring came to: r#<runId> / s#<shard>
func Result(run string, shard int) dynamo.Key {
	return dynamo.At("r#"+run, fmt.Sprintf("%s%05d", ResultPrefix, shard))
}

const ResultPrefix = "s#"

// MadeList holds a list of members that a scan makes: lists / <listId>. Ids begin with when they were asked for.
func MadeList(id string) dynamo.Key { return dynamo.At("lists", id) }

// ListPart holds the members that a part of a shard's reading has for a list: l#<listId> / m#<shard>#<part>
func ListPart(id string, shard, part int) dynamo.Key {
	return dynamo.At("l#"+id, fmt.Sprintf("m#%05d#%05d", shard, part))
}

// DeadLetters table.

// Letter lists a dead letter of a queue: l#<queue> / <first sent, milliseconds>#<message id>
func Letter(queue string, sent time.Time, id string) dynamo.Key {
	return dynamo.At(LetterList(queue), fmt.Sprintf("%015d#%s", sent.UnixMilli(), id))
}

func LetterList(queue string) string { return "l#" + queue }

// SplitLetter takes apart the second half of Letter.
func SplitLetter(sk string) (sent time.Time, id string, err error) {
	milliseconds, id, found := strings.Cut(sk, "#")
	n, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil || !found {
		return time.Time{}, "", fmt.Errorf("%q is no key of a dead letter", sk)
	}
	return time.UnixMilli(n).UTC(), id, nil
}

// LetterPart holds a part of a dead letter's body: b#<queue>#<message id> / <part>
func LetterPart(queue, id string, part int) dynamo.Key {
	return dynamo.At("b#"+queue+"#"+id, fmt.Sprintf("%05d", part))
}

// LetterWhy holds why the job of a message failed for the last time: w#<queue>#<message id> / why
func LetterWhy(queue, id string) dynamo.Key {
	return dynamo.At("w#"+queue+"#"+id, "why")
}

// Audit table.

// Audit holds a line of the audit log in one of its lists: <list> / <at, milliseconds>#<id>
func Audit(list string, at time.Time, id string) dynamo.Key {
	return dynamo.At(list, fmt.Sprintf("%015d#%s", at.UnixMilli(), id))
}

// The lists: t#<YYYYMM>, o#<operator's name>, w#<kind>#<id>
const (
	AuditMonths    = "t#"
	AuditMonthForm = "200601"
)

func AuditMonth(at time.Time) string    { return AuditMonths + at.UTC().Format(AuditMonthForm) }
func AuditOperator(name string) string  { return "o#" + name }
func AuditThing(kind, id string) string { return "w#" + kind + "#" + id }

// Refusals table.

// Refusals holds what an instance of ingest has refused of a source within an hour: s#<source> / <hour, YYYYMMDDHH>#<instance>
func Refusals(source string, hour time.Time, instance string) dynamo.Key {
	return dynamo.At(RefusalList(source), hour.UTC().Format("2006010215")+"#"+instance)
}

func RefusalList(source string) string { return "s#" + source }

// Live table.

// Live holds what an instance has counted within an hour: l#<day, YYYYMMDD> / <hour, HH>#<instance>, both in UTC
func Live(hour time.Time, instance string) dynamo.Key {
	return dynamo.At("l#"+hour.UTC().Format("20060102"), hour.UTC().Format("15")+"#"+instance)
}

// Results table.

// Results counts what a campaign has decided: c#<campaign>#<part> / <lane>#<time of the audience, if it had one>#<variant>. Lane and part spread the counting.
func Results(campaign string, lane int, sending, variant string) dynamo.Key {
	return dynamo.At(ResultList(campaign, lane%ResultParts), fmt.Sprintf("%03d#%s#%s", lane, sending, variant))
}

// Listing tells how far an audience of a campaign is listed: c#<campaign>#audience / <run id of the listing>
func Listing(campaign, run string) dynamo.Key { return dynamo.At("c#"+campaign+"#audience", run) }

// StopCount counts whom a stop has skipped of a campaign, and who was entered again: s#<stop>#<part> / <lane>#<campaign>
func StopCount(stop string, lane int, campaign string) dynamo.Key {
	return dynamo.At(StopCounts(stop, lane%ResultParts), fmt.Sprintf("%03d#%s", lane, campaign))
}

func StopCounts(stop string, part int) string { return fmt.Sprintf("s#%s#%02d", stop, part) }

// SplitStopCount takes apart the second half of StopCount. ok is false where it is none.
func SplitStopCount(sk string) (campaign string, ok bool) {
	_, campaign, ok = strings.Cut(sk, "#")
	return campaign, ok
}

// Trial is a template that was sent to an address of the shop's own: t#<template> / <time>#<id>
func Trial(template string, at time.Time, id string) dynamo.Key {
	return dynamo.At(Trials(template), fmt.Sprintf("%015d#%s", at.UnixMilli(), id))
}

// Trials lists those of a template, the oldest first.
func Trials(template string) string { return "t#" + template }

// Rate counts what the provider of a channel was handed within a second: r#<channel> / <second>
func Rate(channel string, second time.Time) dynamo.Key {
	return dynamo.At("r#"+channel, fmt.Sprintf("%012d", second.Unix()))
}

// Turn tells for when the last of those is who waits for their turn at a channel: r#<channel> / turn
func Turn(channel string) dynamo.Key { return dynamo.At("r#"+channel, "turn") }

// SendBudget counts what was taken of a budget within a period: b#<budget> / <period>#<its first day>
func SendBudget(id, period string, begin time.Time) dynamo.Key {
	return dynamo.At("b#"+id, period+"#"+begin.Format("20060102"))
}

// Reentry tells that all whom a stop has skipped were gone through once: e#<stop> / <id of the request>
func Reentry(stop, id string) dynamo.Key { return dynamo.At("e#"+stop, id) }

func ResultList(campaign string, part int) string { return fmt.Sprintf("c#%s#%02d", campaign, part) }

// SplitResults takes apart the second half of Results. ok is false where it is none.
func SplitResults(sk string) (sending, variant string, ok bool) {
	_, rest, lane := strings.Cut(sk, "#")
	sending, variant, ok = strings.Cut(rest, "#")
	return sending, variant, ok && lane
}

// Search table. Names and numbers stand in its sort keys as they are compared, since what begins with something is asked for.

// Listed holds what a key of a person is listed under: p#<profileId> / l
func Listed(id profile.ID) dynamo.Key { return dynamo.At("p#"+string(id), "l") }

// Term lists somebody: <partition of the term> / <rank><term>#<profileId>. Of an address, whose hash is the partition, the term is left out.
func Term(t search.Term, id profile.ID) dynamo.Key {
	pk := TermPartition(t.Kind, t.Text, SearchShard(id))
	if t.Kind == search.OfEmail {
		return dynamo.At(pk, fmt.Sprintf("%d#%s", t.Rank, id))
	}
	return dynamo.At(pk, t.Text+"#"+string(id))
}

// TermPartition is where terms of a beginning stand: n#<a character, or two letters>#<shard>, t#<the last four digits, backwards>, m#<hash of an address>.
func TermPartition(kind search.Kind, beginning string, shard int) string {
	switch kind {
	case search.OfName:
		_, n := utf8.DecodeRuneInString(beginning)
		if n == 1 {
			n = min(len(beginning), search.MinLetters)
		}
		return fmt.Sprintf("n#%s#%d", beginning[:n], shard)
	case search.OfPhone:
		return "t#" + beginning[:search.MinDigits]
	}
	return "m#" + beginning
}

// WhoseTerm takes the second half of Term apart.
func WhoseTerm(sk string) profile.ID { return profile.ID(sk[strings.LastIndexByte(sk, '#')+1:]) }

// Sessions table.

// Ended marks a session of the console's pages that was ended before its time: e#<session> / e
func Ended(session string) dynamo.Key { return dynamo.At("e#"+session, "e") }

// Tries counts who has tried in vain to sign in from a network: t#<network> / t
func Tries(network string) dynamo.Key { return dynamo.At("t#"+network, "t") }

// Items that would all be in one place are spread over partitions by what tells them apart.
const (
	HouseShards    = 16 // of a house's entries: each partition takes about 500 of them a second
	StandingShards = 8  // of a program's leaderboard
	DueShards      = 4  // of a minute
	ResultParts    = 16 // of a campaign's counts: each partition takes some 500 decisions a second
	ResultLanes    = 256
	SearchShards   = 16 // of the names that begin alike
	SkipShards     = 16 // of those whom a stop has skipped: each partition takes some 500 decisions a second
)

func houseShard(id string) int              { return shardOf(id, HouseShards) }
func StandingShard(advocate profile.ID) int { return shardOf(string(advocate), StandingShards) }
func SearchShard(id profile.ID) int         { return shardOf(string(id), SearchShards) }
func DueShard(id string) int                { return shardOf(id, DueShards) }

// ResultLane is a lane for the nth try to count a decision: two that meet at one take others. Its hash mixes all of the id into every bit: that of shardOf does not, so that the decisions of one shard of a
// list would be counted in one part.
func ResultLane(id string, try int) int {
	sum := sha256.Sum256(fmt.Append(nil, id, "#", try))
	return int(binary.BigEndian.Uint32(sum[:]) % ResultLanes)
}

func shardOf(id string, shards uint32) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % shards)
}
