package key

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
)

// TestTheSchemaStays holds every key to what is stored: an item under another key is lost.
func TestTheSchemaStays(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 0, 5e6, time.UTC)
	for want, got := range map[string]dynamo.Key{
		"p#P / p":                                   Profile("P"),
		"o#A-1 / o":                                 Order("A-1"),
		"P / 20260301#000000000007":                 Pack("P", profile.DayOf(at), 7, ""),
		"P / 20260301#000000000007#ra":              Pack("P", profile.DayOf(at), 7, "ra"),
		"P / 19691231#999999999999":                 Pack("P", -1, 999999999999, ""),
		"d#segment / buyers":                        Definition("segment", "buyers"),
		"v#segment#buyers / 00000003":               DefinitionVersion("segment", "buyers", 3),
		"s#segment / s":                             Change("segment"),
		"k#ff / k":                                  SourceKey("ff"),
		"i#scope#key / i":                           Answer("scope", "key"),
		"c#MESKJCLD / c":                            Code("MESKJCLD"),
		"a#P / code#spring":                         AdvocateCode("P", "spring"),
		"f#F / spring":                              Referral("F", "spring"),
		"a#P / r#spring#F":                          AdvocateReferral("P", "spring", "F"),
		"b#spring / b":                              Budget("spring"),
		"l#spring#6 / PROFILE":                      Standing("spring", StandingShard("PROFILE"), "PROFILE"),
		"person:P / account":                        Account("person:P"),
		"person:P / e#01772368200005000000#x":       Entry("person:P", at, "x"),
		"person:P / l#x":                            Lot("person:P", "x"),
		"x#referral.settle#spring/F / x":            Effect("referral.settle", "spring/F"),
		"P / contact":                               Contact("P"),
		"P / d#01772368200005000000#N":              Decision("P", at, "N"),
		"s#S#05 / P#d#01772368200005000000#N":       Skip("S", Decision("P", at, "N")),
		"s#S#03 / 019#thanks":                       StopCount("S", 19, "thanks"),
		"e#S / R":                                   Reentry("S", "R"),
		"x#stops / S":                               EndedStop("S"),
		"orchestration#taken#P / thanks":            Enrolment("orchestration", "P", "thanks"),
		"orchestration#asked#thanks / 001772368200": Asked("orchestration", "thanks", at),
		"orchestration#202603011230#2 / PROFILE":    Due("orchestration", at, DueShard("PROFILE"), "PROFILE"),
		"orchestration#floor / floor":               DueFloor("orchestration"),
		"t#202603 / 001772368200005#save#x":         Audit(AuditMonth(at), at, "save#x"),
		"o#Ann / 001772368200005#save#x":            Audit(AuditOperator("Ann"), at, "save#x"),
		"w#segment#vip / 001772368200005#save#x":    Audit(AuditThing("segment", "vip"), at, "save#x"),
		"r#R / run":                                 Run("R"),
		"runs / 001772368200005#R":                  RunList(at, "R"),
		"r#R / definitions":                         RunDefinitions("R"),
		"r#R / c#00003#00012":                       Columns("R", 3, 12),
		"r#R / s#00003":                             Result("R", 3),
		"lists / made:x":                            MadeList("made:x"),
		"l#made:x / m#00003#00012":                  ListPart("made:x", 3, 12),
		"p#P / l":                                   Listed("P"),
		"n#王#15 / 王小明#P":                            Term(search.Term{Kind: search.OfName, Text: "王小明"}, "P"),
		"n#wa#15 / wangxiaoming#P":                  Term(search.Term{Kind: search.OfName, Text: "wangxiaoming"}, "P"),
		"n#o#15 / o#P":                              Term(search.Term{Kind: search.OfName, Text: "o"}, "P"),
		"t#4321 / 43215678#P":                       Term(search.Term{Kind: search.OfPhone, Text: "43215678"}, "P"),
		"m#ff / 2#P":                                Term(search.Term{Kind: search.OfEmail, Text: "ff", Rank: 2}, "P"),
	} {
		if text := got.PK + " / " + got.SK; text != want {
			t.Errorf("key %q, want %q", text, want)
		}
	}
}

// TestAShardIsCountedInAllLanes: a stop's list is read shard by shard, and what comes of each of its decisions is counted at once.
func TestAShardIsCountedInAllLanes(t *testing.T) {
	for try := range 2 {
		all, parts := 0, map[int]int{}
		for n := range 16 * 400 {
			skip := Skip("S", Decision(profile.ID(fmt.Sprintf("P%d", n)), time.UnixMilli(int64(n)), fmt.Sprintf("N%d", n)))
			if skip.PK == SkipList("S", 5) {
				all++
				parts[ResultLane(skip.SK, try)%ResultParts]++
			}
		}
		// Binomial with a mean of a sixteenth: five standard deviations above it.
		mean := float64(all) / ResultParts
		most := mean + 5*math.Sqrt(mean)
		for part := range ResultParts {
			if n := float64(parts[part]); n > most || n == 0 {
				t.Errorf("at try %d part %d counts %.0f of %d", try, part, n, all)
			}
		}
	}
}

// TestAnotherTryTakesAnotherPart: all tries of one decision but a few go elsewhere than the first.
func TestAnotherTryTakesAnotherPart(t *testing.T) {
	const ids, tries = 400, 8
	same := 0
	for n := range ids {
		id := fmt.Sprintf("N%d", n)
		for try := 1; try < tries; try++ {
			if ResultLane(id, try)%ResultParts == ResultLane(id, 0)%ResultParts {
				same++
			}
		}
	}
	mean := float64(ids*(tries-1)) / ResultParts
	if most := mean + 5*math.Sqrt(mean); float64(same) > most {
		t.Errorf("%d of %d tries take the first one's part, want at most %.0f", same, ids*(tries-1), most)
	}
}
