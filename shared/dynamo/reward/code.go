package reward

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/idempotency"
)

// Codes stores the codes that advocates give to friends.
type Codes struct {
	DB    dynamo.API
	Table string // of referrals
}

// CodeOwner is whose code it is. ErrNotFound if nobody has it.
func (s Codes) CodeOwner(ctx context.Context, code string) (program string, advocate profile.ID, err error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Code(code))
	if err != nil {
		return "", "", fmt.Errorf("reading a code: %w", err)
	}
	if found == nil {
		return "", "", fmt.Errorf("reading a code: %w", dynamo.ErrNotFound)
	}
	return dynamo.TextOf(found, attrProgram), profile.ID(dynamo.TextOf(found, attrAdvocate)), nil
}

// CodeOf is the code that a person has in a program, the oldest where a merge left several. ErrNotFound if there is none.
func (s Codes) CodeOf(ctx context.Context, keys []profile.ID, program string) (string, error) {
	wanted := make([]dynamo.Key, len(keys))
	for i, id := range keys {
		wanted[i] = key.AdvocateCode(id, program)
	}
	items, err := dynamo.GetAll(ctx, s.DB, s.Table, wanted)
	if err != nil {
		return "", fmt.Errorf("reading codes: %w", err)
	}
	if len(items) == 0 {
		return "", fmt.Errorf("reading codes: %w", dynamo.ErrNotFound)
	}
	oldest := slices.MinFunc(items, func(a, b dynamo.Item) int {
		return cmp.Or(cmp.Compare(dynamo.TextOf(a, attrAt), dynamo.TextOf(b, attrAt)), cmp.Compare(dynamo.TextOf(a, attrCode), dynamo.TextOf(b, attrCode)))
	})
	return dynamo.TextOf(oldest, attrCode), nil
}

// ErrCodeTaken says that another pair has the code.
var ErrCodeTaken = errors.New("the code is another pair's")

// errOtherCode is the conflict of a pair that has another code by now.
var errOtherCode = fmt.Errorf("%w: the pair has another code", dynamo.ErrConflict)

// PutCode gives an advocate a code in a program, together with the answer that is remembered, if any. Giving the same code again
// changes nothing. ErrCodeTaken, ErrConflict (the pair has another code by now) or idempotency.ErrAnswered say why it was not given.
func (s Codes) PutCode(ctx context.Context, code, program string, advocate profile.ID, now time.Time, answer *idempotency.Answer) error {
	same := dynamo.Condition{
		Text:   "attribute_not_exists(#pk) OR (#advocate = :advocate AND #program = :program AND #code = :code)",
		Names:  map[string]string{"#pk": dynamo.AttrPK, "#advocate": attrAdvocate, "#program": attrProgram, "#code": attrCode},
		Values: dynamo.Item{":advocate": dynamo.TextValue(string(advocate)), ":program": dynamo.TextValue(program), ":code": dynamo.TextValue(code)},
	}
	given := func(k dynamo.Key) dynamo.Write {
		i := k.Item()
		i[attrProgram], i[attrAdvocate], i[attrCode] = dynamo.TextValue(program), dynamo.TextValue(string(advocate)), dynamo.TextValue(code)
		i[attrAt] = dynamo.TimeValue(now)
		return dynamo.Put(s.Table, i, same)
	}
	writes := []dynamo.Write{given(key.Code(code)).Or(ErrCodeTaken), given(key.AdvocateCode(advocate, program)).Or(errOtherCode)}
	if answer != nil {
		writes = append(writes, answers.Put(s.Table, *answer))
	}
	if err := dynamo.Do(ctx, s.DB, writes...); err != nil {
		return fmt.Errorf("giving a code of %s: %w", program, err)
	}
	return nil
}

// Code is a code that a person gives to friends.
type Code struct {
	Program string    `json:"programId"`
	Code    string    `json:"code"`
	At      time.Time `json:"at"`
}

// CodesOf are all codes of a person.
func (s Codes) CodesOf(ctx context.Context, keys []profile.ID) ([]Code, error) {
	codes := []Code{}
	for _, id := range keys {
		prefix := key.AdvocateCode(id, "")
		err := dynamo.Under(s.Table, prefix).All(ctx, s.DB, maxReferralPages, func(i dynamo.Item) error {
			at, err := dynamo.TimeOf(i, attrAt)
			codes = append(codes, Code{Program: dynamo.TextOf(i, attrProgram), Code: dynamo.TextOf(i, attrCode), At: at})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the codes of %s: %w", id, err)
		}
	}
	return codes, nil
}
