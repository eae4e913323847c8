package reward

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Attributes of the Referrals table.
const (
	attrProgram    = "program"
	attrFriend     = "friend"
	attrAdvocate   = "advocate"
	attrCode       = "code"
	attrState      = "state"
	attrReason     = "reason"
	attrClaimedAt  = "claimedAt"
	attrOrder      = "order"
	attrLeast      = "least"
	attrQualified  = "qualifiedAt"
	attrHeldUntil  = "heldUntil"
	attrSettledAt  = "settledAt"
	attrSettledFor = "settledFor"
	attrEndedAt    = "endedAt"
	attrNth        = "nth"
	attrRewards    = "rewards"
	attrCharged    = "charged"
	attrSettled    = "settled"
	attrSpent      = "spent#" // and the unit
	attrStep       = "step"
	attrFlags      = "flags"
)

// referralItem is a referral as it is first written.
func referralItem(r referral.Referral) dynamo.Item {
	i := key.Referral(r.Friend, r.Program).Item()
	i[dynamo.AttrVersion] = dynamo.NumberValue(1)
	i[attrProgram], i[attrFriend], i[attrAdvocate] = dynamo.TextValue(r.Program), dynamo.TextValue(string(r.Friend)), dynamo.TextValue(string(r.Advocate))
	i[attrCode], i[attrState] = dynamo.TextValue(r.Code), dynamo.TextValue(string(r.State))
	i[attrClaimedAt], i[attrExpiresAt] = dynamo.TimeValue(r.ClaimedAt), dynamo.TimeValue(r.ExpiresAt)
	if len(r.Flags) > 0 {
		i[attrFlags] = flagsValue(r.Flags)
	}
	return i
}

func flagsValue(flags []referral.Flag) types.AttributeValue {
	texts := make([]string, len(flags))
	for i, flag := range flags {
		texts[i] = string(flag)
	}
	return dynamo.TextValue(strings.Join(texts, ","))
}

func referralOf(i dynamo.Item) (referral.Referral, error) {
	r := referral.Referral{
		Program: dynamo.TextOf(i, attrProgram), Friend: profile.ID(dynamo.TextOf(i, attrFriend)), Advocate: profile.ID(dynamo.TextOf(i, attrAdvocate)),
		Code: dynamo.TextOf(i, attrCode), Version: dynamo.NumberOf(i, dynamo.AttrVersion),
		State: referral.State(dynamo.TextOf(i, attrState)), Reason: referral.Reason(dynamo.TextOf(i, attrReason)),
		OrderID: dynamo.TextOf(i, attrOrder), Least: dynamo.NumberOf(i, attrLeast), Nth: int(dynamo.NumberOf(i, attrNth)),
		SettledFor: profile.ID(dynamo.TextOf(i, attrSettledFor)),
	}
	r.Step = r.Nth // the version before paid the step of that number
	if _, known := i[attrStep]; known {
		r.Step = int(dynamo.NumberOf(i, attrStep))
	}
	if text := dynamo.TextOf(i, attrFlags); text != "" {
		for flag := range strings.SplitSeq(text, ",") {
			r.Flags = append(r.Flags, referral.Flag(flag))
		}
	}
	var errs []error
	for attribute, t := range map[string]*time.Time{
		attrClaimedAt: &r.ClaimedAt, attrExpiresAt: &r.ExpiresAt, attrQualified: &r.QualifiedAt, attrHeldUntil: &r.HeldUntil,
		attrSettledAt: &r.SettledAt, attrEndedAt: &r.EndedAt,
	} {
		var err error
		*t, err = dynamo.TimeOf(i, attribute)
		errs = append(errs, err)
	}
	for attribute, v := range map[string]any{attrRewards: &r.Rewards, attrCharged: &r.Charged} {
		if text := dynamo.TextOf(i, attribute); text != "" {
			errs = append(errs, json.Unmarshal([]byte(text), v))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return r, fmt.Errorf("reading the referral of %s in %s: %w", r.Friend, r.Program, err)
	}
	return r, nil
}
