package dynamo

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
)

// referralItem is a referral as it is first written.
func referralItem(r referral.Referral) item {
	i := referralKey(r.Friend, r.Program).item()
	i[attrVersion] = numberValue(1)
	i[attrProgram], i[attrFriend], i[attrAdvocate] = textValue(r.Program), textValue(string(r.Friend)), textValue(string(r.Advocate))
	i[attrCode], i[attrState] = textValue(r.Code), textValue(string(r.State))
	i[attrClaimedAt], i[attrExpiresAt] = timeValue(r.ClaimedAt), timeValue(r.ExpiresAt)
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
	return textValue(strings.Join(texts, ","))
}

// move sets what moves change and nothing else, so that attributes of a newer version of the program stay.
func (s Referrals) move(r referral.Referral) (write, error) {
	rewards, err := json.Marshal(r.Rewards)
	if err != nil {
		return write{}, fmt.Errorf("packing rewards: %w", err)
	}
	charged, err := json.Marshal(r.Charged)
	if err != nil {
		return write{}, fmt.Errorf("packing rewards: %w", err)
	}
	names, values := map[string]string{"#v": attrVersion}, item{":v": numberValue(r.Version), ":one": numberValue(1)}
	sets := []string{"#v = #v + :one"}
	set := func(attribute string, v types.AttributeValue) {
		names["#"+attribute], values[":"+attribute] = attribute, v
		sets = append(sets, "#"+attribute+" = :"+attribute)
	}
	set(attrState, textValue(string(r.State)))
	set(attrReason, textValue(string(r.Reason)))
	for attribute, t := range map[string]time.Time{
		attrQualified: r.QualifiedAt, attrHeldUntil: r.HeldUntil, attrSettledAt: r.SettledAt, attrEndedAt: r.EndedAt,
	} {
		if t.IsZero() {
			set(attribute, textValue(""))
		} else {
			set(attribute, timeValue(t))
		}
	}
	set(attrOrder, textValue(r.OrderID))
	set(attrLeast, numberValue(r.Least))
	set(attrNth, numberValue(int64(r.Nth)))
	if r.Paid() {
		set(attrStep, numberValue(int64(r.Step)))
	}
	if len(r.Flags) > 0 {
		set(attrFlags, flagsValue(r.Flags))
	}
	set(attrSettledFor, textValue(string(r.SettledFor)))
	set(attrRewards, textValue(string(rewards)))
	set(attrCharged, textValue(string(charged)))
	return update(s.Table, referralKey(r.Friend, r.Program), "SET "+strings.Join(sets, ", "), condition{text: "#v = :v", names: names, values: values}), nil
}

func referralOf(i item) (referral.Referral, error) {
	r := referral.Referral{
		Program: textOf(i, attrProgram), Friend: profile.ID(textOf(i, attrFriend)), Advocate: profile.ID(textOf(i, attrAdvocate)),
		Code: textOf(i, attrCode), Version: numberOf(i, attrVersion),
		State: referral.State(textOf(i, attrState)), Reason: referral.Reason(textOf(i, attrReason)),
		OrderID: textOf(i, attrOrder), Least: numberOf(i, attrLeast), Nth: int(numberOf(i, attrNth)),
		SettledFor: profile.ID(textOf(i, attrSettledFor)),
	}
	r.Step = r.Nth // the version before paid the step of that number
	if _, known := i[attrStep]; known {
		r.Step = int(numberOf(i, attrStep))
	}
	if text := textOf(i, attrFlags); text != "" {
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
		*t, err = timeOf(i, attribute)
		errs = append(errs, err)
	}
	for attribute, v := range map[string]any{attrRewards: &r.Rewards, attrCharged: &r.Charged} {
		if text := textOf(i, attribute); text != "" {
			errs = append(errs, json.Unmarshal([]byte(text), v))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return r, fmt.Errorf("reading the referral of %s in %s: %w", r.Friend, r.Program, err)
	}
	return r, nil
}
