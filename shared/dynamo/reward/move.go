package reward

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

// Moves writes the steps of referrals, each with all that goes with it: the count of the advocate, the budget, the book, and what is due next. Nothing is written unless the two are
// the persons that were looked at.
type Moves struct {
	DB       dynamo.API
	Table    string // of referrals
	Profiles people.Profiles
	Ledger   Ledger
	Due      due.Due // where the ends of windows and holds are filed
}

func (m Moves) standings() Standings { return Standings{DB: m.DB, Table: m.Table} }

func (m Moves) budgets() Budgets { return Budgets{DB: m.DB, Table: m.Table} }

// DueID names a referral in a Due entry: the program and the friend.
func DueID(r referral.Referral) string { return r.Program + "#" + string(r.Friend) }

// DueReferral is the referral that a Due entry names; ok is false when it names none.
func DueReferral(id string) (program string, friend profile.ID, ok bool) {
	program, text, ok := strings.Cut(id, "#")
	return program, profile.ID(text), ok
}

// Await files a look at a referral for a time.
func (m Moves) Await(ctx context.Context, r referral.Referral, at time.Time) error {
	return m.Due.Put(ctx, due.OwnerSettlement, at, DueID(r), nil)
}

// Advance writes a referral whose move concerns nobody else's items, if it is still at its Version. ErrConflict says that it is
// not; any other error leaves open whether the write happened.
func (m Moves) Advance(ctx context.Context, r referral.Referral) error {
	moved, err := m.move(r)
	if err != nil {
		return err
	}
	if err := dynamo.Do(ctx, m.DB, moved); err != nil {
		return fmt.Errorf("moving the referral of %s in %s to %s: %w", r.Friend, r.Program, r.State, err)
	}
	return nil
}

// referralAt holds while somebody's referral has a version; 0 is none.
func (m Moves) referralAt(friend profile.ID, program string, version int64) dynamo.Write {
	return dynamo.Check(m.Table, key.Referral(friend, program), dynamo.OfVersion(version))
}

// move sets what moves change and nothing else, so that attributes of a newer version of the program stay.
func (m Moves) move(r referral.Referral) (dynamo.Write, error) {
	rewards, err := json.Marshal(r.Rewards)
	if err != nil {
		return dynamo.Write{}, fmt.Errorf("packing rewards: %w", err)
	}
	charged, err := json.Marshal(r.Charged)
	if err != nil {
		return dynamo.Write{}, fmt.Errorf("packing rewards: %w", err)
	}
	names, values := map[string]string{"#v": dynamo.AttrVersion}, dynamo.Item{":v": dynamo.NumberValue(r.Version), ":one": dynamo.NumberValue(1)}
	sets := []string{"#v = #v + :one"}
	set := func(attribute string, v types.AttributeValue) {
		names["#"+attribute], values[":"+attribute] = attribute, v
		sets = append(sets, "#"+attribute+" = :"+attribute)
	}
	set(attrState, dynamo.TextValue(string(r.State)))
	set(attrReason, dynamo.TextValue(string(r.Reason)))
	for attribute, t := range map[string]time.Time{
		attrQualified: r.QualifiedAt, attrHeldUntil: r.HeldUntil, attrSettledAt: r.SettledAt, attrEndedAt: r.EndedAt,
	} {
		if t.IsZero() {
			set(attribute, dynamo.TextValue(""))
		} else {
			set(attribute, dynamo.TimeValue(t))
		}
	}
	set(attrOrder, dynamo.TextValue(r.OrderID))
	set(attrLeast, dynamo.NumberValue(r.Least))
	set(attrNth, dynamo.NumberValue(int64(r.Nth)))
	if r.Paid() {
		set(attrStep, dynamo.NumberValue(int64(r.Step)))
	}
	if len(r.Flags) > 0 {
		set(attrFlags, flagsValue(r.Flags))
	}
	set(attrSettledFor, dynamo.TextValue(string(r.SettledFor)))
	set(attrRewards, dynamo.TextValue(string(rewards)))
	set(attrCharged, dynamo.TextValue(string(charged)))
	return dynamo.Update(m.Table, key.Referral(r.Friend, r.Program), "SET "+strings.Join(sets, ", "), dynamo.Condition{Text: "#v = :v", Names: names, Values: values}), nil
}
